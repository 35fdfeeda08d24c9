"""Event patterns: what they choose, and what is refused, in AWS's words."""

from __future__ import annotations

import itertools
import json

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from emulator.events.filters import filter_problem, wanted
from emulator.events.patterns import MOST_ALTERNATIVES, InvalidPattern, compile_pattern


def matches(pattern, event):
    return compile_pattern(json.dumps(pattern)).matches(event)


def refused(pattern):
    with pytest.raises(InvalidPattern) as error:
        compile_pattern(pattern if isinstance(pattern, str) else json.dumps(pattern))
    return str(error.value)


VALUES = [
    # what is wanted of a value; what is as wanted; what is not
    (["a", "b"], ["a", "b"], ["c", "", None, 1, True]),
    ([""], [""], ["a", None]),
    ([1], [1, 1.0], ["1", True, 2]),
    ([1.5], [1.5, 1.50000001], [1.500001, "1.5"]),
    ([123456789012], [123456789012], [123456789013, "123456789012"]),
    ([True], [True], [1, "true", False]),
    ([None], [None], [0, "", False, "null"]),
    (["10.0.0.1"], ["10.0.0.1", "010.0.0.1"], ["10.0.0.10"]),
    (["2001:db8::1"], ["2001:db8::1", "2001:0DB8:0:0:0:0:0:1"], ["2001:db8::2"]),
    (["1.2.3"], ["1.2.3"], ["1.2.3.0"]),
    ([{"exactly": "a"}], ["a"], ["b"]),
    ([{"prefix": "ab"}], ["ab", "abc"], ["a", "AB", 1, None]),
    ([{"prefix": ""}], ["", "a"], [1, None]),
    ([{"prefix": {"equals-ignore-case": "aB"}}], ["Abc"], ["b"]),
    ([{"suffix": "bc"}], ["bc", "abc"], ["BC", 1]),
    ([{"suffix": {"equals-ignore-case": ".PNG"}}], ["a.png"], ["a.jpg"]),
    ([{"equals-ignore-case": "İsTANbul"}], ["İstanbul"], ["istanbu"]),
    ([{"wildcard": "a*c"}], ["ac", "abc", "a\nc"], ["ab", "xac", "aca"]),
    ([{"wildcard": "*a*b"}], ["ab", "xaybzb"], ["ba", "abx"]),
    ([{"wildcard": r"a\*b\\"}], ["a*b\\"], ["axb\\"]),
    ([{"wildcard": ""}], [""], ["a"]),
    ([{"wildcard": "ü*"}], ["ü", "üx"], ["u"]),
    ([{"numeric": ["=", 3]}], [3, 3.0], [3.1, "3"]),
    ([{"numeric": [">", 0, "<=", 5]}], [0.000001, 5], [0, 5.1, None, True]),
    ([{"numeric": ["<", -1]}], [-2, -5_000_000_000], [-1, -5_000_000_001]),
    ([{"numeric": [">=", 2]}], [2, 5_000_000_000], [1, 5_000_000_001]),
    ([{"cidr": "10.0.0.5/24"}], ["10.0.0.5", "10.0.0.255"], ["10.0.0.4", "10.0.1.0", "x", 1, "::1"]),
    ([{"cidr": "2001:db8::/32"}], ["2001:db8:1::"], ["2001:db9::", "10.0.0.1"]),
    ([{"cidr": "0.0.0.0/0"}], ["255.255.255.255"], ["256.0.0.0"]),
    ([{"anything-but": "a"}], ["b", 1, None, True], ["a"]),
    ([{"anything-but": ["a", "b"]}], ["c", 1], ["a", "b"]),
    ([{"anything-but": [1, 2]}], [3, "1", None], [1, 2.0]),
    ([{"anything-but": {"prefix": "a"}}], ["ba", 1], ["ab"]),
    ([{"anything-but": {"suffix": ["a", "b"]}}], ["c"], ["xa", "b"]),
    ([{"anything-but": {"equals-ignore-case": ["a"]}}], ["b", None], ["A"]),
    ([{"anything-but": {"wildcard": ["a*", "*b"]}}], ["x"], ["ax", "xb"]),
    ([{"exists": True}], [None, "", 0], []),
    (["a", {"exists": False}], ["a"], ["b"]),
]


@pytest.mark.parametrize(("wanted", "those", "others"), VALUES, ids=lambda value: json.dumps(value)[:40])
def test_a_match_type_chooses_values(wanted, those, others):
    for value in those:
        assert matches({"f": wanted}, {"f": value}), value
        assert matches({"f": wanted}, {"f": [*others[:1], value]}), f"one of a list is enough: {value}"
    for value in others:
        assert not matches({"f": wanted}, {"f": value}), value


REFUSED = [
    ("[]", "Filter is not an object"),
    ("7", "Filter is not an object"),
    ("{}", "Empty objects are not allowed"),
    ({"a": {}}, "Empty objects are not allowed"),
    ({"a": []}, "Empty arrays are not allowed"),
    ({"a": None}, '"a" must be an object or an array'),
    ({"a": {"b": "c"}}, '"b" must be an object or an array'),
    ({"a": [["b"]]}, "Match value must be String, number, true, false, or null"),
    ({"a": [{}]}, "Match expression name not found"),
    ({"a": [{"regex": "b"}]}, "Unrecognized match type regex"),
    ({"a": [{"prefix": "b", "suffix": "c"}]}, "Only one key allowed in match expression"),
    ({"a": [{"exactly": 1}]}, "exact match pattern must be a string"),
    ({"a": [{"prefix": {}}]}, "Prefix expression name not found"),
    ({"a": [{"prefix": {"suffix": "b"}}]}, "Unsupported prefix pattern: suffix"),
    ({"a": [{"suffix": {"equals-ignore-case": 1}}]}, "equals-ignore-case match pattern must be a string"),
    ({"a": [{"equals-ignore-case": ["b"]}]}, "equals-ignore-case match pattern must be a string"),
    ({"a": [{"wildcard": 1}]}, "wildcard match pattern must be a string"),
    ({"a": [{"wildcard": "b**"}]}, "Consecutive wildcard characters at pos 2"),
    ({"a": [{"wildcard": r"b\c"}]}, "Invalid escape character at pos 2"),
    ({"a": [{"exists": "yes"}]}, "exists match pattern must be either true or false."),
    ({"a": [{"exists": True, "prefix": "b"}]}, "Only one key allowed in match expression"),
    ({"a": [{"cidr": 1}]}, "prefix match pattern must be a string"),
    ({"a": [{"cidr": "10.0.0.0"}]}, "Malformed CIDR, one '/' required"),
    ({"a": [{"cidr": "10.0.0.0/x"}]}, "Malformed CIDR, mask bits must be an integer"),
    ({"a": [{"cidr": "10.0.0.0/-1"}]}, "Malformed CIDR, mask bits must not be negative"),
    ({"a": [{"cidr": "10.0.0.0/32"}]}, "IPv4 mask bits must be < 32"),
    ({"a": [{"cidr": "::/128"}]}, "IPv6 mask bits must be < 128"),
    ({"a": [{"cidr": "b/8"}]}, "Nonstandard IP address: b"),
    ({"a": [{"numeric": 1}]}, "Value of numeric must be an array."),
    ({"a": [{"numeric": []}]}, "Invalid member in numeric match: ]"),
    ({"a": [{"numeric": [1, "<="]}]}, "Invalid member in numeric match: 1"),
    ({"a": [{"numeric": ["!", 1]}]}, "Unrecognized numeric range operator: !"),
    ({"a": [{"numeric": ["=", "000"]}]}, "Value of equals must be numeric"),
    ({"a": [{"numeric": [">="]}]}, "Value of >= must be numeric"),
    ({"a": [{"numeric": ["<", 100, ">", 10]}]}, "Too many elements in numeric expression"),
    ({"a": [{"numeric": [">", 20, "<", "30"]}]}, "Value of < must be numeric"),
    ({"a": [{"numeric": [">", 20, 30]}]}, "Bad value in numeric range: 30"),
    ({"a": [{"numeric": [">", 20, "<", 30, "<", 50]}]}, "Too many terms in numeric range expression"),
    ({"a": [{"numeric": [">", 5, "<", 5]}]}, "Bottom must be less than top"),
    ({"a": [{"numeric": ["=", 6e9]}]}, "Value must be between -5.0E9 and 5.0E9, inclusive"),
    ({"a": [{"anything-but": True}]}, "Value of anything-but must be an array or single string/number value."),
    ({"a": [{"anything-but": {}}]}, "Anything-But expression name not found"),
    ({"a": [{"anything-but": {"cidr": "10.0.0.0/8"}}]}, "Unsupported anything-but pattern: cidr"),
    ({"a": [{"anything-but": [None]}]}, "Inside anything but list, start|null|boolean is not supported."),
    (
        {"a": [{"anything-but": ["b", 1]}]},
        "Inside anything but list, either all values are number or string, mixed type is not supported",
    ),
    ({"$or": {}}, "It must be an Array followed with $or."),
    ({"$or": [{"a": ["b"]}]}, "There must have at least 2 Objects in $or relationship."),
    ({"$or": [{"a": ["b"]}, "c"]}, "Only JSON object is allowed in array of $or relationship."),
    (
        {"$or": [{"prefix": ["b"]}, {"a": ["c"]}]},
        "prefix is Ruler reserved fieldName which cannot be used inside $or.",
    ),
    ("{", "Unexpected end-of-input: expected close marker for Object (start marker at"),
]


@pytest.mark.parametrize(("pattern", "words"), REFUSED, ids=[words[:40] for _, words in REFUSED])
def test_a_pattern_is_refused_in_the_words_of_aws(pattern, words):
    said = refused(pattern)
    assert said == words if not words.endswith("marker at") else said.startswith(words)


OF_OBJECTS = {"list": [{"a": 1, "b": 1}, {"a": 2, "b": 2, "inner": [{"c": 3}, {"c": 4, "d": 4}]}]}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ({"list": {"a": [1], "b": [1]}}, True),
        ({"list": {"a": [1], "b": [2]}}, False),
        ({"list": {"a": [2], "inner": {"c": [3]}}}, True),
        ({"list": {"a": [1], "inner": {"c": [3]}}}, False),
        ({"list": {"inner": {"c": [3], "d": [4]}}}, False),
        ({"list": {"inner": {"c": [4], "d": [4]}, "b": [2]}}, True),
        ({"list": {"a": [1], "d": [{"exists": False}]}}, True),
        ({"list": {"a": [{"exists": False}]}}, False),
        ({"list.a": [1], "list.b": [2]}, False),
        ({"list": {"$or": [{"a": [1]}, {"a": [9]}], "b": [1]}}, True),
    ],
)
def test_fields_of_one_array_match_in_one_object(pattern, expected):
    assert matches(pattern, OF_OBJECTS) is expected


def test_or_is_a_choice_at_any_depth_and_beside_other_fields():
    pattern = {"s": ["x"], "d": {"$or": [{"a": [1], "b": [2]}, {"$or": [{"c": [3]}, {"c": [4]}]}]}}
    assert matches(pattern, {"s": "x", "d": {"a": 1, "b": 2}})
    assert matches(pattern, {"s": "x", "d": {"c": 4}})
    assert not matches(pattern, {"s": "x", "d": {"a": 1}})
    assert not matches(pattern, {"s": "y", "d": {"c": 3}})


def test_what_would_take_for_ever_is_refused():
    either = [{"a": ["b"]}, {"c": ["d"]}]
    doubled = {"$or": either}
    for number in range(12):
        doubled = {"$or": either, f"f{number}": {"$or": either, "deeper": doubled}}
    assert refused(doubled) == f"Rule is too complex - more than {MOST_ALTERNATIVES} combinations of $or"
    nested = '{"a":' * 900 + '["b"]' + "}" * 900
    assert refused(nested) == "Rule is too complex - more than 200 levels are nested"


def test_deep_and_wide_events_are_seen_through():
    deep = "x"
    for _ in range(900):
        deep = [{"a": deep}]
    assert matches({"a": {"a": [{"exists": False}]}, "c": [1]}, {"b": deep, "c": 1})
    wide = {"list": [{"a": number, "b": number} for number in range(20_000)]}
    assert matches({"list": {"a": [{"numeric": [">=", 0]}], "b": [{"numeric": [">=", 0]}]}}, wide)


@pytest.mark.parametrize(
    ("texts", "fits"),
    [
        (["*:*:*:*:*:event-bus/*"], False),
        (["*.bif", "*.tiff", "*.tif", "*.svs"], True),
        (["/Users/*/dir/dir/dir/dir/dir/doc.txt"], True),
        (["arn:aws:events:us-east-1:*:event-bus/*"], True),
        (["*" + "a" * 20], False),
        ([f"{letter}*" for letter in "abcdefghij"], True),
        ([f"{letter}*" for letter in "abcdefghijk"], False),
        ([f"*/datasync/*.{suffix}" for suffix in ("bif", "tif")], True),
        ([f"*/datasync/*.{suffix}" for suffix in ("bif", "tiff", "tif", "svs")], False),
        (["*" + "".join(map(str, range(100, 400)))], True),
    ],
)
def test_wildcards_are_refused_where_one_value_matches_too_many_beginnings(texts, fits):
    pattern = {"f": [{"wildcard": text} for text in texts]}
    if fits:
        compile_pattern(json.dumps(pattern))
    else:
        assert refused(pattern) == (
            "Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences after "
            "a wildcard character"
        )


@given(st.text("ab*", max_size=8).filter(lambda text: "**" not in text), st.text("ab", max_size=8))
def test_a_wildcard_is_any_characters(wildcard, value):
    def plain(pattern, text):
        if not pattern:
            return not text
        if pattern[0] == "*":
            return any(plain(pattern[1:], text[at:]) for at in range(len(text) + 1))
        return text[:1] == pattern[0] and plain(pattern[1:], text[1:])

    try:
        said = matches({"f": [{"wildcard": wildcard}]}, {"f": value})
    except InvalidPattern:
        return
    assert said is plain(wildcard, value)


@given(
    st.lists(st.fixed_dictionaries({}, optional={"a": st.integers(0, 2), "b": st.integers(0, 2), "c": st.just(0)})),
    st.dictionaries(st.sampled_from("abc"), st.lists(st.integers(0, 2), min_size=1), min_size=1),
)
def test_the_fields_of_an_array_are_those_of_some_object(objects, fields):
    expected = any(all(each.get(name, 9) in wanted for name, wanted in fields.items()) for each in objects)
    assert matches({"list": fields}, {"list": objects}) is expected


@given(st.data())
def test_alternatives_are_as_many_patterns(data):
    names = st.sampled_from("ab")
    fields = st.dictionaries(names, st.lists(st.integers(0, 1), min_size=1, max_size=1), min_size=1)
    choices = data.draw(st.lists(st.lists(fields, min_size=2, max_size=3), min_size=1, max_size=2))
    event = data.draw(st.dictionaries(names, st.integers(0, 1)))
    nested = {f"x{number}": {"$or": choice} for number, choice in enumerate(choices)}
    seen = {f"x{number}": event for number in range(len(choices))}
    expected = any(all(matches(each, event) for each in combination) for combination in itertools.product(*choices))
    assert matches(nested, seen) is expected


def test_filters_let_pass_what_any_of_them_wants():
    criteria = {"Filters": [{"Pattern": '{"body": {"a": [1]}}'}, {"Pattern": '{"body": ["x"]}'}]}
    assert filter_problem(criteria) == ""
    assert [wanted(criteria, {"body": body}) for body in ({"a": 1}, "x", "y")] == [True, True, False]
    assert wanted(None, {"body": "y"})
    assert filter_problem({"Filters": [{"Pattern": "{"}]}) == "Invalid filter pattern definition."


EVENT = json.loads(
    """{"id": "1", "source": "a", "detail-type": "b", "account": "123456789012", "region": "us-east-2",
    "time": "2022-07-13T13:48:01Z", "resources": [], "detail": {"n": 1}}"""
)


def test_test_event_pattern_answers_and_refuses(dynastep):
    events = dynastep.client("events")

    def ask(pattern, event=None):
        return events.test_event_pattern(EventPattern=json.dumps(pattern), Event=event or json.dumps(EVENT))["Result"]

    assert ask({"detail": {"n": [{"numeric": [">", 0]}]}}) is True
    assert ask({"detail": {"n": [2]}}) is False
    for code, words, arguments in (
        (
            "InvalidEventPatternException",
            "Event pattern is not valid. Reason: Empty arrays are not allowed",
            [{"a": []}],
        ),
        ("ValidationException", "Parameter Event is not valid.", [{"a": [1]}, "plain text"]),
        ("ValidationException", "Parameter Event is not valid.", [{"a": [1]}, "[]"]),
    ):
        with pytest.raises(ClientError) as refusal:
            ask(*arguments)
        assert (refusal.value.response["Error"]["Code"], refusal.value.response["Error"]["Message"]) == (code, words)


def test_a_rule_and_an_archive_take_patterns_only(dynastep):
    events = dynastep.client("events")
    words = "Event pattern is not valid. Reason: Unrecognized match type regex"
    bus = events.describe_event_bus()["Arn"]
    pattern = '{"a": [{"regex": "b"}]}'
    for refuse in (
        lambda: events.put_rule(Name="r", EventPattern=pattern),
        lambda: events.create_archive(ArchiveName="a", EventSourceArn=bus, EventPattern=pattern),
    ):
        with pytest.raises(ClientError) as refusal:
            refuse()
        assert refusal.value.response["Error"]["Message"] == words
    assert events.list_rules()["Rules"] == []
    assert events.list_archives()["Archives"] == []
