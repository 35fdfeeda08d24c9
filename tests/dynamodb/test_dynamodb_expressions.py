"""Expressions: every static refusal word for word, and what conditions and updates do. Facts observed on AWS."""

from __future__ import annotations

from typing import Any

import pytest
from dynamodb_service import Service

ENVELOPE = "1 validation error detected: "
C = "Invalid ConditionExpression: "
U = "Invalid UpdateExpression: "
P = "Invalid ProjectionExpression: "
KEY = {"p": {"S": "x"}}
VALUES = {
    ":s": {"S": "s"},
    ":n": {"N": "1"},
    ":two": {"N": "2"},
    ":b": {"B": "AA=="},
    ":t": {"BOOL": True},
    ":z": {"NULL": True},
    ":l": {"L": []},
    ":m": {"M": {}},
    ":ss": {"SS": ["a"]},
    ":bad": {"S": "Z"},
}


def used(*texts: str) -> dict[str, Any]:
    """The values that the texts mention, as a parameter."""
    words = " ".join(texts).replace(",", " ").replace("(", " ").replace(")", " ").split()
    values = {name: value for name, value in VALUES.items() if name in words}
    return {"ExpressionAttributeValues": values} if values else {}


DISTINCT = "The first operand must be distinct from the remaining operands for this operator or function; operator: "
OPERAND = "Incorrect operand type for operator or function; operator or function: "
COUNT = "Incorrect number of operands for operator or function; operator or function: "
MISUSED = "The function is not allowed to be used this way in an expression; function: "
REDUNDANT = "The expression has redundant parentheses;"
RESERVED = "Attribute name is a reserved keyword; reserved keyword: "

BAD_CONDITIONS = [
    ("", "The expression can not be empty;"),
    ("a" * 4097, "Expression size has exceeded the maximum allowed size; expression size: 4097"),
    ("a > 4", 'Syntax error; token: "4", near: "> 4"'),
    ("a != :s", 'Syntax error; token: "!", near: "a !="'),
    ("a", 'Syntax error; token: "<EOF>", near: "a"'),
    ("a = ", 'Syntax error; token: "<EOF>", near: "="'),
    ("_a = :s", 'Syntax error; token: "_", near: "_a"'),
    ("a IN ()", 'Syntax error; token: ")", near: "()"'),
    ("a = :s b", 'Syntax error; token: "b", near: ":s b"'),
    ("((a = :s))", REDUNDANT),
    ("a = ((b))", REDUNDANT),
    ("a=a AND ((a=a AND a=a)) AND a=a", REDUNDANT),
    ("foo(a)", "Invalid function name; function: foo"),
    ("size(a)", MISUSED + "size"),
    ("attribute_exists(a) > :s", MISUSED + "attribute_exists"),
    ("contains(attribute_exists(a), :s)", MISUSED + "attribute_exists"),
    ("if_not_exists(a, :s)", MISUSED + "if_not_exists"),
    ("list_append(a, :l) = :l", MISUSED + "list_append"),
    ("status = :s", RESERVED + "status"),
    ("a.abORt = :s", RESERVED + "abORt"),
    ("#a = :s", "An expression attribute name used in the document path is not defined; attribute name: #a"),
    ("a = :nope", "An expression attribute value used in expression is not defined; attribute value: :nope"),
    ("attribute_exists(a, b)", COUNT + "attribute_exists, number of operands: 2"),
    ("begins_with(a)", COUNT + "begins_with, number of operands: 1"),
    ("a = a", DISTINCT + "=, first operand: [a]"),
    ("a.b[1].c <> a.b[1].c", DISTINCT + "<>, first operand: [a, b, [1], c]"),
    ("contains(a, a)", DISTINCT + "contains, first operand: [a]"),
    ("a < :t", OPERAND + "<, operand type: BOOL"),
    ("a >= :l", OPERAND + ">=, operand type: L"),
    ("a BETWEEN :z AND :s", OPERAND + "BETWEEN, operand type: NULL"),
    ("begins_with(a, :n)", OPERAND + "begins_with, operand type: N"),
    ("begins_with(:n, a)", OPERAND + "begins_with, operand type: N"),
    ("size(:n) = a", OPERAND + "size, operand type: N"),
    ("size(size(a)) = :n", OPERAND + "size, operand type: N"),
    ("attribute_type(a, :n)", OPERAND + "attribute_type, operand type: N"),
    (
        "attribute_type(a, :bad)",
        "Invalid attribute type name found; type: Z, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}",
    ),
    (
        "attribute_exists(:s)",
        "Operator or function requires a document path; operator or function: attribute_exists",
    ),
    (
        "a BETWEEN :two AND :n",
        (
            "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; "
            "lower bound operand: AttributeValue: {N:2}, upper bound operand: AttributeValue: {N:1}"
        ),
    ),
    (
        "a BETWEEN :s AND :n",
        (
            "The BETWEEN operator requires same data type for lower and upper bounds; "
            "lower bound operand: AttributeValue: {S:s}, upper bound operand: AttributeValue: {N:1}"
        ),
    ),
    (" OR ".join(["a=b"] * 151), "The expression contains too many operators; operator count: 301"),
    (f"a IN ({', '.join(['b'] * 100)})", COUNT + "IN, number of operands: 101"),
    ("(" * 3000, REDUNDANT),
    ("NOT " * 1000 + "a=b", "The expression contains too many operators; operator count: 1001"),
]


@pytest.mark.parametrize(("text", "message"), BAD_CONDITIONS)
def test_condition_is_refused_before_the_table_is_looked_up(ddb: Service, text: str, message: str) -> None:
    refusal = ddb.refusal("DeleteItem", TableName="missing", Key=KEY, ConditionExpression=text, **used(text))
    shown = message.removesuffix(" expression size: 4097")  # the newer layer does not say it
    assert refusal == ("ValidationException", ENVELOPE + C + shown)
    refusal = ddb.refusal("Scan", TableName="missing", FilterExpression=text, **used(text))
    assert refusal == ("ValidationException", "Invalid FilterExpression: " + message)


GOOD_CONDITIONS = [
    "((a<>b) AND a<>b)",
    "(c = :s AND (a = :s))",
    "(a) = b",
    "NOT NOT a = b",
    ":n > :n",
    "size(:s) = a",
    "attribute_type(:s, :s) OR a = b",
    " OR ".join(["a=b"] * 150),
    f"a IN ({', '.join(['b'] * 99)})",
    "A_9 = b.C_1[10].d",
]


@pytest.mark.parametrize("text", GOOD_CONDITIONS)
def test_condition_is_accepted(ddb: Service, text: str) -> None:
    ddb.table("tab")
    values = used(text)
    if "attribute_type" in text:
        values["ExpressionAttributeValues"][":s"] = {"S": "S"}
    code, _ = ddb.refusal("DeleteItem", TableName="missing", Key=KEY, ConditionExpression=text, **values)
    assert code == "ResourceNotFoundException"


SET_OPERAND = "Incorrect operand type for operator or function; operator: "
APART = "; must remove or rewrite one of these paths; path one: "
BAD_UPDATES = [
    ("", "The expression can not be empty;"),
    ("SET", 'Syntax error; token: "<EOF>", near: "SET"'),
    ("ADD a b", 'Syntax error; token: "b", near: "a b"'),
    ("SET a = :s :s", 'Syntax error; token: ":s", near: ":s :s"'),
    ("VALUE 1", 'Syntax error; token: "VALUE", near: "VALUE 1"'),
    ("SET a = foo(b)", "Invalid function name; function: foo"),
    ("SET a = size(b)", MISUSED + "size"),
    ("SET a = :s SET b = :s", 'The "SET" section can only be used once in an update expression;'),
    ("SET name = :s", RESERVED + "name"),
    ("SET a = :nope", "An expression attribute value used in expression is not defined; attribute value: :nope"),
    ("SET a = :s, a = :n", f"Two document paths overlap with each other{APART}[a], path two: [a]"),
    ("SET a.b = :s REMOVE a", f"Two document paths overlap with each other{APART}[a, b], path two: [a]"),
    ("SET a.b = :s REMOVE a[1]", f"Two document paths conflict with each other{APART}[a, b], path two: [a, [1]]"),
    ("ADD a :s", SET_OPERAND + "ADD, operand type: STRING, typeSet: ALLOWED_FOR_ADD_OPERAND"),
    ("ADD a :l", SET_OPERAND + "ADD, operand type: LIST, typeSet: ALLOWED_FOR_ADD_OPERAND"),
    ("DELETE a :n", SET_OPERAND + "DELETE, operand type: NUMBER, typeSet: ALLOWED_FOR_DELETE_OPERAND"),
    ("SET a = list_append(a, :m)", OPERAND + "list_append, operand type: M"),
    ("SET a = b + :s", OPERAND + "+, operand type: S"),
    (
        "SET a = if_not_exists(:s, :s)",
        "Operator or function requires a document path; operator or function: if_not_exists",
    ),
    ("SET a = list_append(b)", COUNT + "list_append, number of operands: 1"),
]


@pytest.mark.parametrize(("text", "message"), BAD_UPDATES)
def test_update_is_refused_before_the_table_is_looked_up(ddb: Service, text: str, message: str) -> None:
    refusal = ddb.refusal("UpdateItem", TableName="missing", Key=KEY, UpdateExpression=text, **used(text))
    assert refusal == ("ValidationException", U + message)


BAD_PROJECTIONS = [
    ("", "The expression can not be empty;"),
    ("a,", 'Syntax error; token: "<EOF>", near: ","'),
    ("a, count", RESERVED + "count"),
    ("a, b, a", f"Two document paths overlap with each other{APART}[a], path two: [a]"),
    ("a.b[0], a.b", f"Two document paths overlap with each other{APART}[a, b, [0]], path two: [a, b]"),
    ("a.b, a[1]", f"Two document paths conflict with each other{APART}[a, b], path two: [a, [1]]"),
    ("#x", "An expression attribute name used in the document path is not defined; attribute name: #x"),
]


@pytest.mark.parametrize(("text", "message"), BAD_PROJECTIONS)
def test_projection_is_refused_before_the_table_is_looked_up(ddb: Service, text: str, message: str) -> None:
    refusal = ddb.refusal("GetItem", TableName="missing", Key=KEY, ProjectionExpression=text)
    assert refusal == ("ValidationException", P + message)


NAMES, GIVEN = "ExpressionAttributeNames", "ExpressionAttributeValues"
BAD_REFERENCES: list[tuple[str, dict[str, Any], str]] = [
    ("GetItem", {NAMES: {"#a": "a"}}, f"{NAMES} can only be specified when using expressions"),
    (
        "DeleteItem",
        {GIVEN: {":a": {"S": "a"}}},
        f"{ENVELOPE}{GIVEN} can only be specified when using expressions",
    ),
    (
        "UpdateItem",
        {GIVEN: {":a": {"S": "a"}}},
        f"{ENVELOPE}{GIVEN} can only be specified when using expressions",
    ),
    ("DeleteItem", {"ConditionExpression": "a=b", NAMES: {}}, f"{ENVELOPE}{NAMES} must not be empty"),
    ("DeleteItem", {"ConditionExpression": "a=b", GIVEN: {}}, f"{ENVELOPE}{GIVEN} must not be empty"),
    (
        "DeleteItem",
        {"ConditionExpression": "a=b", NAMES: {"a": "b"}},
        f'{ENVELOPE}{NAMES} contains invalid key: Syntax error; key: "a"',
    ),
    (
        "DeleteItem",
        {"ConditionExpression": "a=b", GIVEN: {"a": {"S": "b"}}},
        f'{ENVELOPE}{GIVEN} contains invalid key: Syntax error; key: "a"',
    ),
    (
        "DeleteItem",
        {"ConditionExpression": "a=b", NAMES: {"#a": "b", "#b": "c"}},
        f"Value provided in {NAMES} unused in expressions: keys: {{#a, #b}}",
    ),
    (
        "DeleteItem",
        {"ConditionExpression": "a=b", GIVEN: {":a": {"S": "b"}}},
        f"Value provided in {GIVEN} unused in expressions: keys: {{:a}}",
    ),
    (
        "DeleteItem",
        {"ConditionExpression": "a=b", "Expected": {}},
        (
            "Can not use both expression and non-expression parameters in the same request: "
            "Non-expression parameters: {Expected} Expression parameters: {ConditionExpression}"
        ),
    ),
    (
        "DeleteItem",
        {"ConditionExpression": "a=b", NAMES: {"#" + "a" * 255: "b"}},
        f"{ENVELOPE}{NAMES} contains invalid key: The expression attribute map contains a key that is too long",
    ),
    (
        "DeleteItem",
        {"ConditionExpression": "a=b", GIVEN: {":" + "a" * 255: {"S": "b"}}},
        f"{ENVELOPE}{GIVEN} contains invalid key: The expression attribute map contains a key that is too long",
    ),
    (
        "DeleteItem",
        {"ConditionExpression": "a=:a", GIVEN: {":a": {"S": "b" * 2**21}}},
        f"{GIVEN} exceeds max size",
    ),
    (
        "DeleteItem",
        {"ConditionExpression": "#a=:a", NAMES: {"#a": "a" * 1000}, GIVEN: {":a": {"S": "b" * (2**21 - 1000)}}},
        f"Combined size of {NAMES} and {GIVEN} exceeds max size",
    ),
]


@pytest.mark.parametrize(("operation", "params", "message"), BAD_REFERENCES)
def test_names_and_values_are_refused(ddb: Service, operation: str, params: dict[str, Any], message: str) -> None:
    assert ddb.refusal(operation, TableName="missing", Key=KEY, **params) == ("ValidationException", message)


@pytest.mark.parametrize("name", ["#4g", "#_", "#a"])
def test_placeholders_may_start_with_anything(ddb: Service, name: str) -> None:
    ddb.table("tab")
    value = name.replace("#", ":")
    ddb.call(
        "UpdateItem",
        TableName="tab",
        Key=KEY,
        UpdateExpression=f"SET {name} = {value}",
        ExpressionAttributeNames={name: "status"},
        ExpressionAttributeValues={value: {"S": "v"}},
    )
    assert ddb.call("GetItem", TableName="tab", Key=KEY)["Item"]["status"] == {"S": "v"}


ITEM = {
    **KEY,
    "s": {"S": "abc"},
    "n": {"N": "5"},
    "b": {"B": "/wA="},
    "t": {"BOOL": True},
    "z": {"NULL": True},
    "ss": {"SS": ["a", "b"]},
    "ns": {"NS": ["1", "2"]},
    "l": {"L": [{"S": "abc"}, {"N": "5"}, {"BOOL": True}, {"M": {"k": {"N": "7"}}}]},
    "m": {"M": {"k": {"S": "v"}, "deep": {"L": [{"N": "9"}]}}},
}
TRUTHS: list[tuple[str, dict[str, Any], bool]] = [
    ("n = :v", {":v": {"N": "5.0"}}, True),
    ("n = :v", {":v": {"S": "5"}}, False),
    ("n <> :v", {":v": {"S": "5"}}, True),
    ("ss = :v", {":v": {"SS": ["b", "a"]}}, True),
    ("m = :v", {":v": {"M": {"deep": {"L": [{"N": "9.0"}]}, "k": {"S": "v"}}}}, True),
    ("q1 = q2", {}, False),
    ("q1 <> q2", {}, True),
    ("q1 <> s", {}, True),
    ("s < :v", {":v": {"S": "abd"}}, True),
    ("s < :v", {":v": {"N": "9"}}, False),
    ("n > :v", {":v": {"N": "10"}}, False),
    ("n <= :v", {":v": {"N": "5"}}, True),
    ("b > :v", {":v": {"B": "fw=="}}, True),
    ("gone < :v", {":v": {"N": "9"}}, False),
    ("NOT gone < :v", {":v": {"N": "9"}}, True),
    ("n BETWEEN :v AND :w", {":v": {"N": "5"}, ":w": {"N": "6"}}, True),
    (":v BETWEEN n AND :w", {":v": {"N": "6"}, ":w": {"N": "6"}}, True),
    ("n BETWEEN l[0] AND s", {}, False),
    ("n IN (:v, :w)", {":v": {"S": "5"}, ":w": {"N": "5"}}, True),
    ("gone IN (:v)", {":v": {"S": "5"}}, False),
    ("begins_with(s, :v)", {":v": {"S": "ab"}}, True),
    ("begins_with(:v, s)", {":v": {"S": "abcd"}}, True),
    ("begins_with(b, :v)", {":v": {"B": "/w=="}}, True),
    ("begins_with(n, :v)", {":v": {"S": "5"}}, False),
    ("contains(s, :v)", {":v": {"S": "bc"}}, True),
    ("contains(b, :v)", {":v": {"B": "AA=="}}, True),
    ("contains(ss, :v)", {":v": {"S": "b"}}, True),
    ("contains(ns, :v)", {":v": {"N": "2.0"}}, True),
    ("contains(ns, :v)", {":v": {"S": "2"}}, False),
    ("contains(ss, :v)", {":v": {"SS": ["a", "b"]}}, False),
    ("contains(l, :v)", {":v": {"BOOL": True}}, True),
    ("contains(l, :v)", {":v": {"M": {"k": {"N": "7"}}}}, True),
    ("contains(m, :v)", {":v": {"S": "k"}}, False),
    ("attribute_type(ss, :v)", {":v": {"S": "SS"}}, True),
    ("attribute_type(:v, :v)", {":v": {"S": "S"}}, True),
    ("attribute_type(gone, :v)", {":v": {"S": "S"}}, False),
    ("attribute_exists(m.deep[0])", {}, True),
    ("attribute_exists(m.deep[1])", {}, False),
    ("attribute_exists(none1.such.thing)", {}, False),
    ("attribute_not_exists(l[3].k) OR l[3].k = :v", {":v": {"N": "7"}}, True),
    ("attribute_exists(z)", {}, True),
    ("size(s) = :v", {":v": {"N": "3"}}, True),
    ("size(b) = :v", {":v": {"N": "2"}}, True),
    ("size(l) = :v", {":v": {"N": "4"}}, True),
    ("size(m) = :v", {":v": {"N": "2"}}, True),
    ("size(n) = :v", {":v": {"N": "1"}}, False),
    ("size(gone) < :v", {":v": {"N": "1"}}, False),
    ("p = :v AND s = :w", {":v": {"S": "x"}, ":w": {"S": "abc"}}, True),
    ("p = :v AND s = :w OR n = :n", {":v": {"S": "y"}, ":w": {"S": "abc"}, ":n": {"N": "5"}}, True),
    ("NOT s = :w AND n = :n", {":w": {"S": "zzz"}, ":n": {"N": "5"}}, True),
]


@pytest.mark.parametrize(("text", "values", "holds"), TRUTHS)
def test_condition_holds_as_on_aws(ddb: Service, text: str, values: dict[str, Any], holds: bool) -> None:
    ddb.table("tab")
    ddb.call("PutItem", TableName="tab", Item=ITEM)
    given = {"ExpressionAttributeValues": values} if values else {}
    found = ddb.call("Scan", TableName="tab", FilterExpression=text, **given)
    assert found["Count"] == holds
    if holds:
        ddb.call("PutItem", TableName="tab", Item=ITEM, ConditionExpression=text, **given)
    else:
        refusal = ddb.refusal("PutItem", TableName="tab", Item=ITEM, ConditionExpression=text, **given)
        assert refusal == ("ConditionalCheckFailedException", "The conditional request failed")


OLD = {
    "n": {"N": "5"},
    "s": {"S": "abc"},
    "l": {"L": [{"S": "a"}, {"S": "b"}, {"S": "c"}]},
    "m": {"M": {"x": {"N": "1"}}},
    "ss": {"SS": ["a", "b"]},
}
UPDATES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("SET a = n, n = :v", {":v": {"N": "1"}}, {"a": {"N": "5"}, "n": {"N": "1"}}),
    ("SET n = n + :v", {":v": {"N": "1.5"}}, {"n": {"N": "6.5"}}),
    ("SET n = (n - :v)", {":v": {"N": "7"}}, {"n": {"N": "-2"}}),
    ("SET q = if_not_exists(q, :v)", {":v": {"S": "d"}}, {"q": {"S": "d"}}),
    ("SET s = if_not_exists(s, :v)", {":v": {"S": "d"}}, {}),
    ("SET c = if_not_exists(c, :z) + :v", {":z": {"N": "0"}, ":v": {"N": "1"}}, {"c": {"N": "1"}}),
    (
        "SET k = list_append(if_not_exists(k, :e), :v)",
        {":e": {"L": []}, ":v": {"L": [{"N": "1"}]}},
        {"k": {"L": [{"N": "1"}]}},
    ),
    ("SET m.y = :v", {":v": {"S": "z"}}, {"m": {"M": {"x": {"N": "1"}, "y": {"S": "z"}}}}),
    ("SET l[1] = :v", {":v": {"S": "z"}}, {"l": {"L": [{"S": "a"}, {"S": "z"}, {"S": "c"}]}}),
    (
        "SET l[9] = :v, l[5] = :w",
        {":v": {"S": "y"}, ":w": {"S": "z"}},
        {"l": {"L": [{"S": "a"}, {"S": "b"}, {"S": "c"}, {"S": "z"}, {"S": "y"}]}},
    ),
    ("REMOVE l[0], l[2]", {}, {"l": {"L": [{"S": "b"}]}}),
    ("REMOVE l[7], nothing", {}, {}),
    (
        "SET l[2] = :v REMOVE l[0]",
        {":v": {"S": "z"}},
        {"l": {"L": [{"S": "b"}, {"S": "z"}]}},
    ),
    ("REMOVE m.x", {}, {"m": {"M": {}}}),
    ("ADD n :v", {":v": {"N": "2"}}, {"n": {"N": "7"}}),
    ("ADD q :v, m.z :v", {":v": {"N": "2"}}, {"q": {"N": "2"}, "m": {"M": {"x": {"N": "1"}, "z": {"N": "2"}}}}),
    ("ADD ss :v", {":v": {"SS": ["b", "c"]}}, {"ss": {"SS": ["a", "b", "c"]}}),
    ("DELETE ss :v", {":v": {"SS": ["a", "q"]}}, {"ss": {"SS": ["b"]}}),
    ("DELETE ss :v", {":v": {"SS": ["a", "b"]}}, {"ss": None}),
    ("DELETE nothing :v", {":v": {"SS": ["a", "b"]}}, {}),
]


@pytest.mark.parametrize(("text", "values", "changes"), UPDATES)
def test_update_does_as_on_aws(ddb: Service, text: str, values: dict[str, Any], changes: dict[str, Any]) -> None:
    ddb.table("tab")
    ddb.call("PutItem", TableName="tab", Item={**KEY, **OLD})
    given = {"ExpressionAttributeValues": values} if values else {}
    answer = ddb.call("UpdateItem", TableName="tab", Key=KEY, UpdateExpression=text, ReturnValues="ALL_NEW", **given)
    expected = {name: value for name, value in {**KEY, **OLD, **changes}.items() if value is not None}
    assert answer["Attributes"] == expected == ddb.call("GetItem", TableName="tab", Key=KEY)["Item"]


MISSING = "The provided expression refers to an attribute that does not exist in the item"
WRONG_TYPE = "An operand in the update expression has an incorrect data type"
WRONG_PATH = "The document path provided in the update expression is invalid for update"
FAILING_UPDATES: list[tuple[str, dict[str, Any], str]] = [
    ("SET n = :v, a = gone", {":v": {"N": "1"}}, MISSING),
    ("SET a = gone + :v", {":v": {"N": "1"}}, MISSING),
    ("SET a = s + :v", {":v": {"N": "1"}}, WRONG_TYPE),
    ("SET a = list_append(s, :v)", {":v": {"L": []}}, WRONG_TYPE),
    ("ADD s :v", {":v": {"N": "1"}}, WRONG_TYPE),
    ("ADD ss :v", {":v": {"NS": ["1"]}}, WRONG_TYPE),
    ("DELETE s :v", {":v": {"SS": ["1"]}}, WRONG_TYPE),
    ("SET q.r = :v", {":v": {"N": "1"}}, WRONG_PATH),
    ("SET s.r = :v", {":v": {"N": "1"}}, WRONG_PATH),
    ("SET m[0] = :v", {":v": {"N": "1"}}, WRONG_PATH),
    ("SET l.x = :v", {":v": {"N": "1"}}, WRONG_PATH),
    ("REMOVE q.r", {}, WRONG_PATH),
    (
        "SET p = :v",
        {":v": {"S": "1"}},
        "One or more parameter values were invalid: Cannot update attribute p. This attribute is part of the key",
    ),
    (
        "SET p.x = :v",
        {":v": {"S": "1"}},
        "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: p",
    ),
]


@pytest.mark.parametrize(("text", "values", "message"), FAILING_UPDATES)
def test_failed_update_leaves_no_trace(ddb: Service, text: str, values: dict[str, Any], message: str) -> None:
    ddb.table("tab")
    ddb.call("PutItem", TableName="tab", Item={**KEY, **OLD})
    given = {"ExpressionAttributeValues": values} if values else {}
    refusal = ddb.refusal("UpdateItem", TableName="tab", Key=KEY, UpdateExpression=text, **given)
    assert refusal == ("ValidationException", message)
    assert ddb.call("GetItem", TableName="tab", Key=KEY)["Item"] == {**KEY, **OLD}


PROJECTIONS = [
    ("s, gone", {"s": {"S": "abc"}}),
    ("l[2], l[0]", {"l": {"L": [{"S": "a"}, {"S": "c"}]}}),
    ("m.x, m.nothing", {"m": {"M": {"x": {"N": "1"}}}}),
    ("l[9]", {}),
    ("s.x, n[0]", {}),
    ("gone", {}),
]


@pytest.mark.parametrize(("text", "item"), PROJECTIONS)
def test_projection_shows_as_on_aws(ddb: Service, text: str, item: dict[str, Any]) -> None:
    ddb.table("tab")
    ddb.call("PutItem", TableName="tab", Item={**KEY, **OLD})
    assert ddb.call("GetItem", TableName="tab", Key=KEY, ProjectionExpression=text) == {"Item": item}


@pytest.mark.parametrize(
    ("operation", "parameter", "text"),
    [
        ("GetItem", "ProjectionExpression", "{path}"),
        ("DeleteItem", "ConditionExpression", "attribute_exists({path})"),
        ("Scan", "FilterExpression", "attribute_exists({path})"),
        ("UpdateItem", "UpdateExpression", "REMOVE {path}"),
    ],
)
def test_paths_have_32_levels_and_indexes_32_bits(ddb: Service, operation: str, parameter: str, text: str) -> None:
    key = {} if operation == "Scan" else {"Key": KEY}
    for path, words in (
        ("a" + ".b" * 32, "The document path has too many nesting levels; nesting levels: 33"),
        ("a" + "[0]" * 32, "The document path has too many nesting levels; nesting levels: 33"),
        ("a[99999999999999]", "List index is not within the allowable range; index: [99999999999999]"),
        ("a[2147483648]", "List index is not within the allowable range; index: [2147483648]"),
    ):
        refusal = ddb.refusal(operation, TableName="missing", **key, **{parameter: text.format(path=path)})[1]
        assert refusal.removeprefix(ENVELOPE) == f"Invalid {parameter}: {words}"
    for path in ("a" + ".b" * 31, "a[2147483647]"):
        refusal = ddb.refusal(operation, TableName="missing", **key, **{parameter: text.format(path=path)})
        assert refusal[0] == "ResourceNotFoundException"


def test_removing_inside_an_attribute_is_done_where_there_is_no_item(ddb: Service) -> None:
    ddb.table("tab")
    for text in ("REMOVE x.y", "REMOVE x[0]"):
        assert ddb.call("UpdateItem", TableName="tab", Key=KEY, UpdateExpression=text, ReturnValues="ALL_NEW") == {}
    assert ddb.call("Scan", TableName="tab")["Count"] == 0
    ddb.call("PutItem", TableName="tab", Item=KEY)
    for text in ("REMOVE x.y", "REMOVE x[0]"):
        refusal = ddb.refusal("UpdateItem", TableName="tab", Key=KEY, UpdateExpression=text)
        assert refusal[1] == "The document path provided in the update expression is invalid for update"


def test_if_not_exists_takes_another_but_no_list_append(ddb: Service) -> None:
    ddb.table("tab")
    values = {"ExpressionAttributeValues": {":l": {"L": []}}}
    update = {"TableName": "tab", "Key": KEY, **values}
    ddb.call("UpdateItem", **update, UpdateExpression="SET a = if_not_exists(a, if_not_exists(b, :l))")
    refusal = ddb.refusal("UpdateItem", **update, UpdateExpression="SET a = if_not_exists(b, list_append(:l, :l))")
    assert refusal[1] == U + MISUSED + "list_append"
