"""Condition operators, by AWS's page of them: operator, what the policy has, what the request has, whether it holds.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html and
reference_policies_condition-logic-multiple-context-keys-or-values.html, reference_policies_variables.html
"""

import pytest

from emulator.permissions.conditions import InvalidCondition, expand, read_conditions
from emulator.permissions.wildcards import glob

ARN = "arn:aws:sns:us-east-1:111122223333:orders"

ONE_VALUE = [
    # operator, value of the policy, value of the request, whether it holds
    ("StringEquals", "blue", "blue", True),
    ("StringEquals", "blue", "Blue", False),
    ("StringEquals", "bl*", "blue", False),
    ("StringEquals", "", "", True),
    ("StringNotEquals", "blue", "red", True),
    ("StringNotEquals", "blue", "blue", False),
    ("StringNotEquals", "blue", "BLUE", True),
    ("StringEqualsIgnoreCase", "blue", "BLUE", True),
    ("StringEqualsIgnoreCase", "blue", "green", False),
    ("StringNotEqualsIgnoreCase", "blue", "BLUE", False),
    ("StringNotEqualsIgnoreCase", "blue", "green", True),
    ("StringLike", "home/*", "home/anna/x", True),
    ("StringLike", "home/*", "Home/anna", False),
    ("StringLike", "home/?", "home/a", True),
    ("StringLike", "home/?", "home/", False),
    ("StringLike", "home/?", "home/ab", False),
    ("StringLike", "*.csv", "a.csv", True),
    ("StringLike", "*.csv", "a.csv.gz", False),
    ("StringLike", "a*b*c", "aXbYc", True),
    ("StringLike", "a*b*c", "acb", False),
    ("StringLike", "a*a", "a", False),
    ("StringLike", "*", "", True),
    ("StringLike", "a.c", "abc", False),
    ("StringNotLike", "home/*", "work/x", True),
    ("StringNotLike", "home/*", "home/x", False),
    ("NumericEquals", "10", "10", True),
    ("NumericEquals", "10", "10.0", True),
    ("NumericEquals", "10", "11", False),
    ("NumericEquals", "10", "ten", False),
    ("NumericNotEquals", "10", "11", True),
    ("NumericNotEquals", "10", "10", False),
    ("NumericLessThan", "10", "9", True),
    ("NumericLessThan", "10", "10", False),
    ("NumericLessThan", "10", "-100", True),
    ("NumericLessThanEquals", "10", "10", True),
    ("NumericLessThanEquals", "10", "10.5", False),
    ("NumericGreaterThan", "10", "11", True),
    ("NumericGreaterThan", "10", "10", False),
    ("NumericGreaterThan", "9", "10", True),
    ("NumericGreaterThanEquals", "10", "10", True),
    ("NumericGreaterThanEquals", "10", "9", False),
    ("DateEquals", "2026-11-29T12:00:00Z", "2026-11-29T12:00:00Z", True),
    ("DateEquals", "2026-11-29T12:00:00Z", "2026-11-29T13:00:00+01:00", True),
    ("DateEquals", "2026-11-29T12:00:00Z", "2026-11-29T12:00:01Z", False),
    ("DateEquals", "2026-11-29T12:00:00Z", "1795953600", True),
    ("DateEquals", "2026-11-29", "2026-11-29T00:00:00Z", True),
    ("DateNotEquals", "2026-11-29T12:00:00Z", "2026-11-29T12:00:01Z", True),
    ("DateNotEquals", "2026-11-29T12:00:00Z", "2026-11-29T12:00:00Z", False),
    ("DateLessThan", "2026-12-01T00:00:00Z", "2026-11-29T12:00:00Z", True),
    ("DateLessThan", "2026-11-01T00:00:00Z", "2026-11-29T12:00:00Z", False),
    ("DateLessThanEquals", "2026-11-29T12:00:00Z", "2026-11-29T12:00:00Z", True),
    ("DateGreaterThan", "2026-11-01T00:00:00Z", "2026-11-29T12:00:00Z", True),
    ("DateGreaterThan", "2026-11-29T12:00:00Z", "2026-11-29T12:00:00Z", False),
    ("DateGreaterThanEquals", "2026-11-29T12:00:00Z", "2026-11-29T12:00:00Z", True),
    ("DateGreaterThan", "2026-11-01T00:00:00Z", "soon", False),
    ("Bool", "true", "true", True),
    ("Bool", "true", "false", False),
    ("Bool", "false", "false", True),
    ("Bool", "True", "true", True),
    ("BinaryEquals", "QmluYXJ5", "QmluYXJ5", True),
    ("BinaryEquals", "QmluYXJ5", "QmluYXJ6", False),
    ("BinaryEquals", "QmluYXJ5", "no base64!", False),
    ("IpAddress", "203.0.113.0/24", "203.0.113.7", True),
    ("IpAddress", "203.0.113.0/24", "203.0.114.7", False),
    ("IpAddress", "203.0.113.7", "203.0.113.7", True),
    ("IpAddress", "2001:db8:1234:5678::/64", "2001:db8:1234:5678::1", True),
    ("IpAddress", "2001:db8:1234:5678::/64", "2001:db8:1234:5679::1", False),
    ("IpAddress", "203.0.113.0/24", "2001:db8::1", False),
    ("IpAddress", "203.0.113.0/24", "nowhere", False),
    ("NotIpAddress", "203.0.113.0/24", "198.51.100.1", True),
    ("NotIpAddress", "203.0.113.0/24", "203.0.113.7", False),
    ("ArnEquals", ARN, ARN, True),
    ("ArnEquals", "arn:aws:sns:*:111122223333:orders", ARN, True),
    ("ArnEquals", "arn:aws:sns:*:111122223333:order?", ARN, True),
    ("ArnLike", "arn:aws:sns:us-east-1:*:*", ARN, True),
    ("ArnLike", "arn:aws:sns:us-*:*", ARN, False),
    ("ArnLike", "arn:aws:sns:*", ARN, False),
    (
        "ArnLike",
        "arn:aws:states:us-east-1:111122223333:execution:m:*",
        "arn:aws:states:us-east-1:111122223333:execution:m:x",
        True,
    ),
    ("ArnLike", "arn:aws:sns:us-east-1:111122223333:Orders", ARN, False),
    ("ArnLike", "*", ARN, True),
    ("ArnLike", ARN, "no arn", False),
    ("ArnNotEquals", ARN, ARN, False),
    ("ArnNotEquals", ARN, ARN + "2", True),
    ("ArnNotLike", "arn:aws:sns:*:*:orders", ARN, False),
    ("ArnNotLike", "arn:aws:sns:*:*:others", ARN, True),
]

POSITIVE = [
    "StringEquals",
    "StringLike",
    "NumericEquals",
    "DateLessThan",
    "Bool",
    "BinaryEquals",
    "IpAddress",
    "ArnLike",
]
NEGATED = ["StringNotEquals", "StringNotLike", "NumericNotEquals", "DateNotEquals", "NotIpAddress", "ArnNotLike"]

WITHOUT_VALUE = [
    *((operator, False) for operator in POSITIVE),
    *((operator, True) for operator in NEGATED),
    *((f"{operator}IfExists", True) for operator in (*POSITIVE, *NEGATED)),
    *((f"ForAllValues:{operator}", True) for operator in (*POSITIVE, *NEGATED)),
    *((f"ForAnyValue:{operator}", False) for operator in (*POSITIVE, *NEGATED)),
]

SETS = [
    # operator, values of the policy, values of the request, whether it holds
    ("StringEquals", ["a", "b"], ["b"], True),
    ("StringEquals", ["a", "b"], ["c"], False),
    ("StringNotEquals", ["a", "b"], ["c"], True),
    ("StringNotEquals", ["a", "b"], ["b"], False),
    ("StringLike", ["x*", "y*"], ["yes"], True),
    ("ForAllValues:StringEquals", ["ID", "Message", "Tags"], ["ID"], True),
    ("ForAllValues:StringEquals", ["ID", "Message", "Tags"], ["ID", "Message"], True),
    ("ForAllValues:StringEquals", ["ID", "Message", "Tags"], ["ID", "UserName"], False),
    ("ForAllValues:StringLike", ["user-*"], ["user-1", "user-2"], True),
    ("ForAllValues:StringLike", ["user-*"], ["user-1", "admin"], False),
    ("ForAllValues:StringNotEquals", ["a", "b"], ["c", "d"], True),
    ("ForAllValues:StringNotEquals", ["a", "b"], ["a", "d"], False),
    ("ForAnyValue:StringEquals", ["webserver", "dbserver"], ["webserver", "other"], True),
    ("ForAnyValue:StringEquals", ["webserver", "dbserver"], ["other"], False),
    ("ForAnyValue:StringNotEquals", ["a"], ["a", "b"], True),
    ("ForAnyValue:StringNotEquals", ["a"], ["a"], False),
    ("ForAnyValue:StringLike", ["x*"], ["a", "xa"], True),
    ("ForAnyValue:StringEqualsIfExists", ["a"], ["b"], False),
    ("ForAllValues:NumericLessThan", ["10"], ["1", "2"], True),
    ("ForAllValues:NumericLessThan", ["10"], ["1", "20"], False),
    ("ForAnyValue:IpAddress", ["10.0.0.0/8"], ["192.0.2.1", "10.1.2.3"], True),
    ("IpAddress", ["10.0.0.0/8", "192.0.2.0/24"], ["192.0.2.1"], True),
    ("NotIpAddress", ["10.0.0.0/8", "192.0.2.0/24"], ["192.0.2.1"], False),
    ("foranyvalue:stringequals", ["a"], ["a"], True),
    ("stringlikeifexists", ["a*"], ["b"], False),
]


def holds(operator, values, found, *, key="aws:Key", variables=True, **others):
    (condition,) = read_conditions({operator: {key: values}})
    context = {name.lower(): value for name, value in others.items()}
    return condition.holds(context if found is None else {**context, "aws:key": found}, variables=variables)


@pytest.mark.parametrize(("operator", "wanted", "value", "expected"), ONE_VALUE)
def test_one_value_against_another(operator, wanted, value, expected):
    assert holds(operator, wanted, [value]) is expected


@pytest.mark.parametrize(("operator", "wanted", "value", "expected"), ONE_VALUE)
def test_if_exists_is_the_same_where_there_is_a_value(operator, wanted, value, expected):
    assert holds(f"{operator}IfExists", wanted, [value]) is expected


@pytest.mark.parametrize(("operator", "expected"), WITHOUT_VALUE)
def test_a_key_that_the_request_lacks(operator, expected):
    assert holds(operator, "10", None) is expected


@pytest.mark.parametrize(("operator", "wanted", "found", "expected"), SETS)
def test_several_values(operator, wanted, found, expected):
    assert holds(operator, wanted, found) is expected


@pytest.mark.parametrize(
    ("wanted", "found", "expected"),
    [("true", None, True), ("true", ["x"], False), ("false", None, False), ("false", ["x"], True), (True, None, True)],
)
def test_null_asks_whether_there_is_a_key(wanted, found, expected):
    assert holds("Null", wanted, found) is expected


def test_several_operators_and_keys_must_all_hold():
    given = {"StringEquals": {"a": "1", "b": "2"}, "NumericLessThan": {"c": 5}}
    context = {"a": ["1"], "b": ["2"], "c": ["4"]}
    assert all(each.holds(context, variables=True) for each in read_conditions(given))
    for name in context:
        changed = {**context, name: ["9"]}
        assert not all(each.holds(changed, variables=True) for each in read_conditions(given))


def test_names_of_context_keys_have_no_case():
    (condition,) = read_conditions({"StringEquals": {"AWS:SourceAccount": "1"}})
    assert condition.holds({"aws:sourceaccount": ["1"]}, variables=True)


VARIABLES = [
    # pattern, context, what becomes of it
    ("home/${aws:username}/x", {"aws:username": ["anna"]}, "home/anna/x"),
    ("home/${AWS:UserName}", {"aws:username": ["anna"]}, "home/anna"),
    ("home/${aws:username}", {}, None),
    ("home/${aws:username}", {"aws:username": ["a", "b"]}, None),
    ("home/${aws:username, 'guest'}", {}, "home/guest"),
    ("home/${aws:username, 'guest'}", {"aws:username": ["anna"]}, "home/anna"),
    ("${aws:PrincipalTag/team}", {"aws:principaltag/team": ["red"]}, "red"),
    ("a${*}b", {}, "a\0*b"),
    ("a${?}b", {}, "a\0?b"),
    ("a${$}b", {}, "a$b"),
    ("${aws:username}", {"aws:username": ["a*"]}, "a\0*"),
]


@pytest.mark.parametrize(("pattern", "context", "expected"), VARIABLES)
def test_a_variable_stands_for_a_value_of_the_request(pattern, context, expected):
    assert expand(pattern, context) == expected


def test_wildcards_in_a_value_are_characters():
    assert holds("StringLike", "home/${aws:username}/*", ["home/a*/x"], **{"aws:username": ["a*"]})
    assert not holds("StringLike", "home/${aws:username}/*", ["home/ab/x"], **{"aws:username": ["a*"]})
    assert holds("StringEquals", "${*}", ["*"])
    assert holds("StringEquals", "${aws:username}", ["a*"], **{"aws:username": ["a*"]})


def test_variables_are_text_in_the_older_version():
    assert holds("StringEquals", "${aws:username}", ["${aws:username}"], variables=False)
    assert not holds("StringEquals", "${aws:username}", ["anna"], variables=False, **{"aws:username": ["anna"]})


def test_numbers_have_no_variables():
    assert not holds("NumericEquals", "${aws:n}", ["1"], **{"aws:n": ["1"]})


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"StringIs": {"a": "b"}}, "there is no condition operator StringIs."),
        ({"ForSomeValues:StringEquals": {"a": "b"}}, "there is no condition operator ForSomeValues:StringEquals."),
        ({"NullIfExists": {"a": "true"}}, "there is no condition operator NullIfExists."),
        ({":StringEquals": {"a": "b"}}, "there is no condition operator :StringEquals."),
        ({"StringEquals": "a"}, "the operator StringEquals has an object of context keys."),
        ({"StringEquals": {"a": {}}}, "the values of a are texts, numbers or Booleans."),
        ([], "Condition is an object of operators."),
    ],
)
def test_a_malformed_condition_is_refused(given, message):
    with pytest.raises(InvalidCondition) as refused:
        read_conditions(given)
    assert str(refused.value) == message


def test_a_pattern_of_many_wildcards_takes_no_time():
    assert not glob("*a" * 200 + "b")("a" * 4000)
    assert glob("*a" * 200 + "*")("a" * 4000)
