"""Intrinsic functions as AWS evaluates them."""

from __future__ import annotations

import base64
import copy
import json
import random
import re
import uuid
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asl_interpreter import jsontext
from asl_interpreter.language import java
from asl_interpreter.language.intrinsics import IntrinsicFailure, InvalidIntrinsic, compile_intrinsic, is_intrinsic


@dataclass
class Documents:
    input: Any
    context: Any = field(
        default_factory=lambda: {"Execution": {"Input": {"suffix": "blue"}}, "StateMachine": {"Id": 7}}
    )
    variables: dict[str, Any] = field(default_factory=lambda: {"v": {"list": [1, 2]}})
    random: random.Random = field(default_factory=lambda: random.Random(1))


def call(text: str, document: Any = None, seed: int = 1) -> Any:
    return compile_intrinsic(text)(Documents({} if document is None else document, random=random.Random(seed)))


def function(name: str, *arguments: Any) -> Any:
    """The result of a function for arguments that are read from the input."""
    paths = ", ".join(f"$.a{number}" for number in range(len(arguments)))
    return call(f"States.{name}({paths})", {f"a{number}": value for number, value in enumerate(arguments)})


RESULTS = [
    ("Format", ["no placeholders"], "no placeholders"),
    ("Format", ["{}", ""], ""),
    ("Format", ["Hello {}", "Ada"], "Hello Ada"),
    ("Format", ["  {}  ", "x"], "  x  "),
    ("Format", ["{} {} {}", "x", 2, True], "x 2 true"),
    ("Format", ["{}|{}|{}|{}", None, False, 3.5, 9007199254740991], "null|false|3.5|9007199254740991"),
    ("Format", ["{}", {"Arg1": 1, "Arg2": [], "c": {"d": None}}], "{Arg1=1, Arg2=[], c={d=null}}"),
    ("Format", ["{}", ["a", 1.0, [True]]], "[a, 1.0, [true]]"),
    ("Format", ["{}{}", 1e21, 0.0001], "1.0E211.0E-4"),
    ("Format", [r"C:\{}", "dir"], r"C:\dir"),
    ("StringToJson", ['{"a":1}'], {"a": 1}),
    ("StringToJson", [' {"a":1} '], {"a": 1}),
    ("StringToJson", ['"hello"'], "hello"),
    ("StringToJson", [""], None),
    ("StringToJson", [" "], None),
    ("StringToJson", ["-0"], 0),
    ("JsonToString", [None], "null"),
    ("JsonToString", ["HelloWorld"], '"HelloWorld"'),
    ("JsonToString", [{"Arg1": 1, "Arg2": [], "é": 1.5}], '{"Arg1":1,"Arg2":[],"é":1.5}'),
    ("Array", [], []),
    ("Array", ["a", 1, None, [2]], ["a", 1, None, [2]]),
    ("ArrayPartition", [[1, 2, 3, 4, 5], 2], [[1, 2], [3, 4], [5]]),
    ("ArrayPartition", [[1, 2], 2_000_000_000], [[1, 2]]),
    ("ArrayPartition", [[1, 2, 3, 4], 2.6], [[1, 2], [3, 4]]),
    ("ArrayPartition", [[], 1], []),
    ("ArrayContains", [[1, 2, 3], 2], True),
    ("ArrayContains", [[1, 2, 3], 5], False),
    ("ArrayContains", [[], 1], False),
    ("ArrayContains", [[1, None], None], True),
    ("ArrayContains", [["null"], None], False),
    ("ArrayContains", [[{"a": 1}, {"b": [2]}], {"b": [2]}], True),
    ("ArrayContains", [[{"a": 1}], {"a": 1, "extra": None}], False),
    ("ArrayContains", [[[1, 2], [3, 4]], [1, 2]], True),
    ("ArrayContains", [[0, 1, -1], False], False),
    # The texts of the values are compared.
    ("ArrayContains", [["9007199254740991"], 9007199254740991], True),
    ("ArrayContains", [["true", "false"], True], True),
    ("ArrayContains", [[{"a": 1, "b": 2}], {"b": 2, "a": 1}], False),
    ("ArrayRange", [1, 9, 2], [1, 3, 5, 7, 9]),
    ("ArrayRange", [1, 9, 3], [1, 4, 7]),
    ("ArrayRange", [3, 1, -1], [3, 2, 1]),
    ("ArrayRange", [1, 3, -1], []),
    ("ArrayRange", [1, 1, 1], [1]),
    ("ArrayRange", [1, 1000, 1], list(range(1, 1001))),
    # The documentation says rounded; the fractions are cut off.
    ("ArrayRange", [1.6, 1.4, 1], [1]),
    ("ArrayRange", [5.4, -0.6, -2.4], [5, 3, 1]),
    ("ArrayGetItem", [["a", "b", "c"], 0], "a"),
    ("ArrayGetItem", [[10, 20, 30], 1.2], 20),
    ("ArrayGetItem", [[None], 0], None),
    ("ArrayGetItem", [[], 999], None),
    ("ArrayLength", [[]], 0),
    ("ArrayLength", [[1, [2, 3], None]], 3),
    ("ArrayUnique", [[1, 2, 3, 3, 3, 3, 3, 3, 4]], [1, 2, 3, 4]),
    ("ArrayUnique", [["a", "b", "a", "c", "b"]], ["a", "b", "c"]),
    ("ArrayUnique", [[1, "1", 1, "01"]], [1, "1", "01"]),
    ("ArrayUnique", [[{"a": 1, "b": 2}, {"b": 2, "a": 1}]], [{"a": 1, "b": 2}]),
    # In the order of a HashSet.
    ("ArrayUnique", [[None, None, 1, None]], [None, 1]),
    ("ArrayUnique", [[True, False, True, False]], [False, True]),
    ("ArrayUnique", [[[1, 2], [1, 2], [2, 1]]], [[2, 1], [1, 2]]),
    ("Base64Encode", ["Data to encode"], "RGF0YSB0byBlbmNvZGU="),
    ("Base64Encode", ["✓"], "4pyT"),
    ("Base64Encode", [""], ""),
    ("Base64Decode", ["RGF0YSB0byBlbmNvZGU="], "Data to encode"),
    ("Base64Decode", ["4pyT"], "✓"),
    ("Base64Decode", [" YWJjZA== "], "abcd"),
    ("Base64Decode", ["YWJjZ"], "abc"),
    ("Base64Decode", ["YWI"], "ab"),
    ("Base64Decode", ["YQ==YQ"], "a"),
    ("Hash", ["hello", "MD5"], "5d41402abc4b2a76b9719d911017c592"),
    ("Hash", ["input data", "SHA-1"], "aaff4a450a104cd177d28d18d74485e8cae074b7"),
    ("Hash", ["✓", "SHA-256"], "1dabba21cdad44541f6b15796f8d22978fc7ea10c46aeceeeeb66c23b3ac7604"),
    ("Hash", ["", "SHA-256"], "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    (
        "Hash",
        ["input data", "SHA-384"],
        "d28a7d5cf25a74f11a50a18452b75e04bb3d70c9dd0510d6123aa008c756511b87525bdc835ebb27e1fb9e9374a15562",
    ),
    (
        "Hash",
        ["hello", "SHA-512"],
        (
            "9b71d224bd62f3785d96d46ad3ea3d73319bfbc2890caadae2dff72519673ca7"
            "2323c3d99ba5c11d7c7acc6e14b8c5da0c4663475c2e5c3adef46f73bcdec043"
        ),
    ),
    ("Hash", [123, "MD5"], "202cb962ac59075b964b07152d234b70"),
    (
        "JsonMerge",
        [{"a": {"a1": 1, "a2": 2}, "b": 2}, {"a": {"a3": 1}, "c": 3}, False],
        {"a": {"a3": 1}, "b": 2, "c": 3},
    ),
    ("JsonMerge", [{"a": 1}, {"a": None}, "false"], {"a": None}),
    ("MathAdd", [111, -1], 110),
    ("MathAdd", [2147483646, 1], 2147483647),
    ("MathAdd", [-2147483648, 0], -2147483648),
    # Each argument is rounded, half up.
    ("MathAdd", [1.49, 1.5], 3),
    ("MathAdd", [1.5, 1.51], 4),
    ("MathAdd", [-1.5, 0], -1),
    ("MathAdd", [-2.5, 0], -2),
    ("MathAdd", [-0.5, 0], 0),
    ("MathAdd", [-1.51, 0], -2),
    ("MathAdd", [0.49999999999999994, 0], 0),
    # With a seed the first number of Java's Random.
    ("MathRandom", [1, 100, 42], 63),
    ("MathRandom", [1, 1000, 1], 106),
    ("MathRandom", [1, 1000, 2], 806),
    ("MathRandom", [1, 10, -10], 1),
    ("MathRandom", [1, 10, 0], 7),
    ("MathRandom", [1, 5, 42], 3),
    ("MathRandom", [2147483640, 2147483647, 1], 2147483644),
    ("MathRandom", [3, 4], 3),
    ("StringSplit", ["1,2,3", ","], ["1", "2", "3"]),
    ("StringSplit", ["This.is+a,test=string", ".+,="], ["This", "is", "a", "test", "string"]),
    ("StringSplit", [", , ,", ","], [" ", " "]),
    ("StringSplit", [",,,,", ","], []),
    ("StringSplit", ["", ","], []),
    ("StringSplit", ["a^b]c-d\\e", "^]-\\"], ["a", "b", "c", "d", "e"]),
    ("StringSplit", ["abc", ""], ["abc"]),
]


@pytest.mark.parametrize(("name", "arguments", "result"), RESULTS)
def test_a_function_gives_what_aws_gives(name, arguments, result):
    before = copy.deepcopy(arguments)
    found = function(name, *arguments)
    assert found == result
    assert type(found) is type(result)
    assert arguments == before


REFUSED = [
    ("Format", [123, "x"]),
    ("Format", []),
    ("StringToJson", [123]),
    ("StringToJson", [None]),
    ("StringToJson", ["1", "2"]),
    ("JsonToString", []),
    ("ArrayPartition", [[1], 0.6]),
    ("ArrayPartition", [[1], -1]),
    ("ArrayPartition", ["abc", 1]),
    ("ArrayContains", ["not-array", "x"]),
    ("ArrayContains", [[1]]),
    ("ArrayRange", [1, 1001, 1]),
    ("ArrayRange", [0, 2_000_000_000, 1]),
    ("ArrayRange", [1, 9, 0.49]),
    ("ArrayRange", [1, 9]),
    ("ArrayRange", ["1", 9, 1]),
    ("ArrayGetItem", [[10, 20, 30], 3]),
    ("ArrayGetItem", [[10, 20, 30], -1]),
    ("ArrayGetItem", [[10], "0"]),
    ("ArrayGetItem", [[10], True]),
    ("ArrayLength", ["abc"]),
    ("ArrayLength", [{"a": 1}]),
    ("ArrayUnique", [{"a": 1}]),
    ("Base64Encode", [1]),
    ("Base64Encode", ["a" * 10_001]),
    ("Base64Decode", ["A" * 10_001]),
    ("Base64Decode", [None]),
    ("Hash", []),
    ("Hash", ["a" * 10_001, "MD5"]),
    ("Hash", ["a", "sha-256"]),
    ("Hash", ["a", "MD-5"]),
    ("Hash", ["a", 5]),
    ("JsonMerge", [{}, {}]),
    ("JsonMerge", [{}, {}, True]),
    ("JsonMerge", [[], {}, False]),
    ("JsonMerge", [{}, None, False]),
    ("MathAdd", [1]),
    ("MathAdd", ["1", 1]),
    ("MathAdd", [True, 1]),
    ("MathAdd", [None, 1]),
    ("MathAdd", [2147483647, 1]),
    ("MathAdd", [3_000_000_000, -3_000_000_000]),
    ("MathRandom", [1, 1]),
    ("MathRandom", [10, 5]),
    ("MathRandom", [1.4, 1.6]),
    ("MathRandom", [1, 10, "seed"]),
    ("MathRandom", [1, 10, None]),
    ("MathRandom", [1, 10, 5, 99]),
    ("StringSplit", [123, ","]),
    ("StringSplit", ["a,b", [","]]),
]


@pytest.mark.parametrize(("name", "arguments"), REFUSED)
def test_wrong_arguments_fail_the_call(name, arguments):
    text = f"States.{name}({', '.join(f'$.a{number}' for number in range(len(arguments)))})"
    with pytest.raises(IntrinsicFailure) as caught:
        function(name, *arguments)
    assert str(caught.value) == (
        f"There was an error while evaluating the intrinsic function: {text}. Invalid arguments in States.{name}"
    )


HIDDEN = "[Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, column: "
NOT_JSON = "Cannot convert String to Json in States.StringToJson, caused by: "
NO_CLOSING = "Invalid template in States.Format: matching '}' not found for '{'."
NO_OPENING = "Invalid template in States.Format: matching '{' not found for '}'."
WRONG_COUNT = "Invalid arguments in States.Format: number of arguments do not match the occurrences of {}."
VALUES = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
NO_NAME = "was expecting double-quote to start field name"
END = "Unexpected end-of-input: expected close marker for Object (start marker at "
DOCUMENT = {"a": "x", "list": [1, 2, 3]}

FAILURES = [
    ("States.Format('Hello {', $.a)", NO_CLOSING),
    ("States.Format('Hello {{}}', $.a)", NO_CLOSING),
    ("States.Format('}')", NO_OPENING),
    ("States.Format('{} {}', $.a)", WRONG_COUNT),
    ("States.Format('{}', $.a, $.a)", WRONG_COUNT),
    ("States.ArrayLength(States.JsonToString($.list))", "Invalid arguments in States.ArrayLength"),
    ("States.Array(States.ArrayLength($.a))", "Invalid arguments in States.ArrayLength"),
    (
        "States.StringToJson('{bad json}')",
        f"{NOT_JSON}Unexpected character ('b' (code 98)): {NO_NAME}\n at {HIDDEN}2]",
    ),
    (
        "States.StringToJson('undefined')",
        f"{NOT_JSON}Unrecognized token 'undefined': was expecting {VALUES}\n at {HIDDEN}10]",
    ),
    ("""States.StringToJson('{"a":1')""", f"{NOT_JSON}{END}{HIDDEN}1])\n at {HIDDEN}7]"),
]


@pytest.mark.parametrize(("text", "words"), FAILURES)
def test_a_failure_quotes_the_whole_call_and_says_what_is_wrong(text, words):
    with pytest.raises(IntrinsicFailure) as caught:
        call(text, DOCUMENT)
    assert str(caught.value) == f"There was an error while evaluating the intrinsic function: {text}. {words}"


MISSING = [
    ("States.Format('{}', $.nope)", "$.nope"),
    ("States.Array(States.Format('{}',  $$.Nope.Deep))", "$.Nope.Deep"),
    ("States.Array($.list[3])", "$.list[3]"),
    ("States.MathAdd($.list[0].x, 'a')", "$.list[0].x"),
]


@pytest.mark.parametrize(("text", "path"), MISSING)
def test_a_missing_argument_is_named_as_a_path_into_the_input(text, path):
    with pytest.raises(IntrinsicFailure) as caught:
        call(text, DOCUMENT)
    problem = f"The JsonPath argument for the field '{path}' could not be found in the input"
    document = '{"a":"x","list":[1,2,3]}'
    assert str(caught.value) == f"The function '{text}' had the following error: {problem} '{document}'"


def test_a_path_in_a_call_cannot_be_applied_to_null():
    with pytest.raises(IntrinsicFailure) as caught:
        compile_intrinsic("States.Array($.a)")(Documents(None))
    assert str(caught.value) == "Unable to apply Path transformation to null or empty input."


ARGUMENTS = [
    ("States.Array('it\\'s', 'a\\\\b', '\\{\\}', 'raw\nline', '')", ["it's", "a\\b", "{}", "raw\nline", ""]),
    ("States.Array(1, -2, 1.5, -1.5e2, 2E-1)", [1, -2, 1.5, -150.0, 0.2]),
    ("States.Array(true, false, null)", [True, False, None]),
    ("States.Array( $.a ,$['b c'].d,\t$.list[0] )", [1, 2, 3]),
    ("States.Array($.list[*], $.none[*], $..d)", [[3, 4], [], [2]]),
    ("States.Array($.list[?(@.x == 'a]')])", [[]]),
    ("States.Array($.['b c'])", [{"d": 2}]),
    ("States.Array($.été)", [5]),
    ("States.Array($$.Execution.Input.suffix, $v.list[1], $v)", ["blue", 2, {"list": [1, 2]}]),
    ("States.Array($$.StateMachine['Id'])", [7]),
    ("States.Array(States.MathAdd($.a, 1), States.Array())", [2, []]),
    ("States.Format('{}:{}', $.a, $$.Execution.Input.suffix)", "1:blue"),
    ("States.Format('\\{{}\\}', $.a)", "{1}"),
    ("States.Format('\\{\\}')", "{}"),
    ("States.Format('\\\\{}', $.a)", "\\1"),
    ("States.Format('it\\'s {}', $.a)", "it's 1"),
]


@pytest.mark.parametrize(("text", "result"), ARGUMENTS)
def test_an_argument_is_a_literal_a_path_or_a_call(text, result):
    assert call(text, {"a": 1, "b c": {"d": 2}, "list": [3, 4], "été": 5}) == result


INVALID = [
    ("States.NoSuch($.a)", "Unknown intrinsic function States.NoSuch: States.NoSuch($.a)"),
    ("States.UUID", "Expected '(' at character 11: States.UUID"),
    ("States.UUID)", "Expected '(' at character 11: States.UUID)"),
    ("States.UUID(", "Expected an argument at character 12: States.UUID("),
    ("States.UUID($", "Expected ',' at character 13: States.UUID($"),
    ("States.UUID(,)", "Expected an argument at character 12: States.UUID(,)"),
    ("States.UUID() trailing", "Expected the end at character 13: States.UUID() trailing"),
    ("States.Array(1, )", "Expected an argument at character 16: States.Array(1, )"),
    ("States.Array(1 2)", "Expected ',' at character 15: States.Array(1 2)"),
    ("States.Array([1])", "Expected an argument at character 13: States.Array([1])"),
    ("States.Array(1.)", "Expected an argument at character 13: States.Array(1.)"),
    ("States.Array(.5)", "Expected an argument at character 13: States.Array(.5)"),
    ("States.Array(+1)", "Expected an argument at character 13: States.Array(+1)"),
    ("States.Array(True)", "Expected an argument at character 13: States.Array(True)"),
    ("States.Array(trueish)", "Expected an argument at character 13: States.Array(trueish)"),
    ('States.Array("a")', 'Expected an argument at character 13: States.Array("a")'),
    ("States.Array('a)", "Expected the closing quote of a string at character 13: States.Array('a)"),
    ("States.Array('a\\nb')", "Unknown escape \\n in States.Array('a\\nb')"),
    ("States.Array($.a-b)", "Expected ',' at character 16: States.Array($.a-b)"),
    ("States.Array($.)", "Expected ',' at character 14: States.Array($.)"),
    ("States.Array(1e999)", "Number out of range in States.Array(1e999)"),
]


@pytest.mark.parametrize(("text", "reason"), INVALID)
def test_wrong_syntax_is_refused_before_it_is_evaluated(text, reason):
    with pytest.raises(InvalidIntrinsic) as caught:
        compile_intrinsic(text)
    assert reason is None or str(caught.value) == reason


def nested(depth: int) -> str:
    return "States.Array(" * depth + ")" * depth


def test_calls_are_nested_ten_deep_at_most():
    assert call(nested(10)) == [[[[[[[[[[]]]]]]]]]]
    with pytest.raises(InvalidIntrinsic, match="More than 10 nested calls"):
        compile_intrinsic(nested(11))


HOSTILE = [
    nested(10_000),
    "States.Array(" + "$.a" + "[" * 50_000 + ")",
    "States.Array('" + "\\'" * 50_000,
    "States.Array(" + "9" * 50_000 + ")",
    "States.Array($" + "a" * 50_000 + "-)",
    "States.Format('" + "{" * 50_000 + "')",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_call_hangs_or_exhausts_the_stack(text):
    with pytest.raises((InvalidIntrinsic, IntrinsicFailure)):
        call(text)


@pytest.mark.parametrize("text", ["States.ArrayUnique($.a)", "States.Format('{}', $.a)", "States.Hash($.a, 'MD5')"])
def test_a_document_that_is_nested_too_deep_fails_the_call(text):
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(IntrinsicFailure, match="Invalid arguments in States"):
        call(text, {"a": deep})
    while deep:  # so that it is not torn down all at once
        deep = deep.pop()


def test_only_a_text_that_starts_with_states_can_be_a_call():
    assert is_intrinsic("States.UUID()")
    assert is_intrinsic("States.NoSuch(")
    assert not is_intrinsic("$.States.UUID()")


def test_a_uuid_is_random_of_version_four_and_ignores_its_arguments():
    first, second = call("States.UUID()"), call("States.UUID( 'x', 1 )", seed=2)
    assert first != second
    assert first == call("States.UUID()")
    assert re.fullmatch("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", first)
    assert uuid.UUID(first).version == 4


@given(st.integers(-(2**31), 2**31 - 2), st.integers(1, 2**31 - 1), st.integers(-(2**63), 2**63 - 1) | st.none())
def test_a_random_number_is_within_its_bounds(start, span, seed):
    end = min(start + span, 2**31 - 1)
    arguments = (start, end) if seed is None else (start, end, seed)
    drawn = function("MathRandom", *arguments)
    assert start <= drawn < end
    assert drawn == function("MathRandom", *arguments)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(), children, max_size=4),
    max_leaves=20,
)


@given(json_values)
def test_what_is_written_as_json_is_read_back(value):
    assert call("States.StringToJson(States.JsonToString($.a))", {"a": value}) == value


@given(st.text(max_size=10_000))
def test_what_is_encoded_is_decoded(text):
    assert function("Base64Encode", text) == base64.b64encode(text.encode()).decode()
    assert call("States.Base64Decode(States.Base64Encode($.a))", {"a": text}) == text


@given(st.lists(json_values, max_size=20))
def test_unique_keeps_one_of_each(values):
    unique = function("ArrayUnique", values)
    texts = [json.dumps(value, sort_keys=True) for value in unique]
    assert len(set(texts)) == len(texts)
    assert set(texts) == {json.dumps(value, sort_keys=True) for value in values}


@given(st.lists(st.integers(), max_size=50), st.integers(1, 60))
def test_partitions_joined_are_the_array(items, size):
    parts = function("ArrayPartition", items, size)
    assert [item for part in parts for item in part] == items
    assert all(len(part) == size for part in parts[:-1])


@given(st.text())
def test_a_literal_may_hold_any_text(text):
    escaped = re.sub(r"(['{}\\])", r"\\\1", text)
    assert call(f"States.Array('{escaped}')") == [text]
    assert call(f"States.Format('{escaped}{{}}', '')") == text


@given(st.text(alphabet="States.ArayFomt()'{}\\$,[]*1e-. "))
def test_any_text_is_a_call_or_is_refused(text):
    for candidate in (text, f"States.Array({text})", f"States.Format('{text}', {text})"):
        try:
            result = call(candidate, {"a": 1})
        except (InvalidIntrinsic, IntrinsicFailure) as error:
            assert str(error)
        else:
            assert jsontext.dumps(result)


JAVA_HASHES = [
    (None, 0),
    (True, 1231),
    (False, 1237),
    ("hello", 99162322),
    ("polygenelubricants", 0x80000000),
    ("😀", 1772899),
    (-1, 0xFFFFFFFF),
    (2**31, 0x80000000),
    (-(2**31) - 1, 0x80000000),
    (-(2**65) - 1, 2**32 - 1923),
    (1.5, 1073217536),
    (-0.0, 0x80000000),
    ([], 1),
    ([1, 2], 994),
    ({}, 0),
    ({"a": 1}, 96),
]


@pytest.mark.parametrize(("value", "code"), JAVA_HASHES)
def test_a_hash_code_is_that_of_java(value, code):
    assert java.hash_code(value) == code


HASH_SETS = [
    (["banana", "apple", "cherry", "apple"], ["banana", "apple", "cherry"]),
    (["zero", "one", "two", "three", "four"], ["zero", "four", "one", "two", "three"]),
    (
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"],
        ["nine", "six", "one", "seven", "two", "three", "eight", "zero", "four", "twelve", "eleven", "ten", "five"],
    ),
    ([1, 1.0, "1", True], [1.0, 1, "1", True]),
]


@pytest.mark.parametrize(("values", "ordered"), HASH_SETS)
def test_a_hash_set_has_the_order_of_java(values, ordered):
    found = java.hash_set(values)
    assert found == ordered
    assert [type(value) for value in found] == [type(value) for value in ordered]
