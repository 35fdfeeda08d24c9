"""JSONata as Step Functions evaluates it.

The first tables were observed on AWS (us-east-1, August 2026) or stand in its documentation; the others follow the
reference implementation, whose wording AWS's errors have.
"""

from __future__ import annotations

import copy
import math
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asl_interpreter import jsontext
from asl_interpreter.jsonata import (
    UNDEFINED,
    EvaluationError,
    Expression,
    InternalError,
    InvalidExpression,
    Limits,
    Unhurried,
    compile_expression,
    is_expression,
    type_name,
)

NOW = 1_700_000_000.25
INPUT = {
    "n": 5,
    "s": "abc",
    "amount": 1.0,
    "xs": [None, 1, None],
    "people": [{"name": "a", "age": 30}, {"name": "b", "age": 20}, {"name": "c"}],
    "nothing": None,
}


def evaluate(text: str, *, seed: int = 1, **bindings: Any) -> Any:
    """The value of an expression with ``$states.input`` and other variables bound."""
    return compile_expression(text)({"states": {"input": INPUT}, **bindings}, pace=Unhurried(Random(seed)), now=NOW)


def failure(text: str, **bindings: Any) -> str:
    """What AWS writes after "threw an error during evaluation"."""
    with pytest.raises(EvaluationError) as caught:
        evaluate(text, **bindings)
    return caught.value.ending


def does_not_match(place: int, function: str) -> str:
    """What a function answers to a wrong argument."""
    return f'. T0410: Argument {place} of function "{function}" does not match function signature'


# ------------------------------------------------------------------------------------------------- seen on AWS

ON_AWS = [
    ("1/0", "Infinity"),
    ("-1/0", "-Infinity"),
    ("0/0", "NaN"),
    ("[1/0]", ["Infinity"]),
    ("{'k': 1/0}", {"k": "Infinity"}),
    ("$parseInteger('abc', '0')", "NaN"),
    ("$string(1e20)", "100000000000000000000"),
    ("$string(999999999999999868928)", "999999999999999900000"),
    ("$string(9223372036854775808)", "9223372036854776000"),
    ("$string(1e21)", "1e+21"),
    ("$string(1/3)", "0.333333333333333"),
    ("$count(null)", 1),
    ("$states.input.amount", 1),
    ('$parse("9223372036854775807")', 2**63 - 1),
    ('$parse("9223372036854775808")', 2.0**63),
    ('$parse("{\\"a\\":1}").a', 1),
    ("$partition([1,2,3,4], 2)", [[1, 2], [3, 4]]),
    ("$partition([1,2,3,4,5], 2)", [[1, 2], [3, 4], [5]]),
    ("$range(0, 6, 2)", [0, 2, 4, 6]),
    ("$range(-1.7, 2, 1)", [-1, 0, 1, 2]),
    ("$range(3, 3, 1)", 3),
    ("$count($range(1, 200000, 1))", 200_000),
    ("$hash('input', 'SHA-1')", "140f86aae51ab9e1cda9b4254fe98a74eb54c1a1"),
    ("$random(42)", 0.7275636800328681),
    ("$random(0)", 0.730967787376657),
    ("$random(7)", 0.7306990420600421),
    ("$sum($map([1..200000], function($v){ $v * 2 }))", 40_000_200_000),
]

NOTHING_ON_AWS = [
    "$partition([], 2)",
    "$partition([1, 2], 0)",
    "$range(0, 10, 0)",
    "$range(1, 5, -1)",
    "$parse(nothing)",
    "$partition(nothing, 2)",
]

PASSIVE = (
    ". D3086: The sub-picture must not contain a passive character that is preceded by an active character and "
    "that is followed by another active character"
)
FAILURES_ON_AWS = [
    ("$eval('1+1')", ". T1006: Attempted to invoke a non-function"),
    ("$randomSeeded(5)", ". T1006: Attempted to invoke a non-function"),
    ("$abs('a')", does_not_match(1, "abs")),
    ("$sum(['a'])", '. T0412: Argument 1 of function "sum" must be an array of "numbers"'),
    ("$partition(null, 2)", '. T0412: Argument 1 of function "partition" must be an array of undefined'),
    ("$partition([1], -1)", ". D3137: Second argument must be zero or greater"),
    ("$parse('{')", ". D3137: Invalid JSON"),
    ("$parse('')", ". D3137: Invalid JSON"),
    ('$parse(\'{"a":1,"a":2}\')', ". D3137: Invalid JSON"),
    ("$parse('1e400')", ". D3137: Invalid JSON"),
    ("$formatNumber(1, 'x')", PASSIVE),
]

STACK_OVERFLOW = (
    ": Stack overflow error: Check for non-terminating recursive function. Consider rewriting as tail-recursive"
)
TIMEOUT = ": Expression evaluation timeout: Check for infinite loop"
MEMORY = ": Expression evaluation memory limit exceeded: Check for excessive memory usage"
COUNT_DOWN = "($f := function($x){{ $x <= 0 ? 0 : 1 + $f($x - 1) }}; $f({}))"
DOUBLE = "($f := function($s, $n){{ $n = 0 ? $s : $f($s & $s, $n - 1) }}; $length($f('x', {})))"

WITHIN_LIMITS = [
    ("1" + "+1" * 99, 100),
    ("(" * 99 + "1" + ")" * 99, 1),
    ("1" + " ~> $number" * 99, 1),
    (COUNT_DOWN.format(31), 31),
    ("[1..873782] ~> $count()", 873_782),
    ("$count($range(1, 360145, 1))", 360_145),
    (DOUBLE.format(22), 2**22),
]

BEYOND_LIMITS = [
    ("1" + "+1" * 100, STACK_OVERFLOW),
    ("(" * 100 + "1" + ")" * 100, STACK_OVERFLOW),
    ("[" * 100 + "1" + "]" * 100, STACK_OVERFLOW),
    ("1" + " ~> $number" * 100, STACK_OVERFLOW),
    (COUNT_DOWN.format(32), STACK_OVERFLOW),
    ("($f := function(){ 1 + $f() }; $f())", STACK_OVERFLOW),
    ("($f := function($x){ $f($x + 1) }; $f(1))", TIMEOUT),
    ("[1..873783] ~> $count()", MEMORY),
    ("$sum([1..900000])", MEMORY),
    ("$count($range(1, 360146, 1))", MEMORY),
    (DOUBLE.format(23), MEMORY),
    (f"$contains('{'a' * 40}b', /(a+)+$/)", TIMEOUT),
    (f"$match('{'a' * 60}é', /(a|aa)+$/)", TIMEOUT),
    (f"$replace('{'ab' * 60}c', /^(?:(?:[ab]+)+)+$/, '')", TIMEOUT),
    (f"(function($a)<a+a+a+a+a+s:x>{{ 1 }})({', '.join(['[]'] * 200)})", TIMEOUT),
]

PATTERNS = [
    # texts that are ASCII, and others, are matched by two patterns
    ("$match('aé1 ', /\\s/).index", 3),
    ("$match('a\u00a0b', /\\s/).index", 1),
    ("$match('é😀x', /x/).index", 2),
    ("$match('aAéÉ', /é/i).match", ["é", "É"]),
    ("$match('ab', /aé?b/).match", "ab"),
    ("$match('aéb', /[^a-z]/).match", "é"),
    ("$match('xé', /[à-ü]/).match", "é"),
    ("$match('x_é', /\\w/).match", ["x", "_"]),
    ("$match('a٣', /\\d/)", UNDEFINED),
    ("$match('a{e} a{2}', /a{e}/).match", "a{e}"),
    ("$match('aa', /a{2}/).match", "aa"),
    ("$match('x\ny', /^y$/m).match", "y"),
    ("$match('x\ny', /^y$/)", UNDEFINED),
    ("$match('x\u2028y', /x.y/)", UNDEFINED),
    ("$match('a-b', /(?<first>a)-(b)/).groups", ["a", "b"]),
    ("$match('abab', /(?<n>ab)\\k<n>/).match", "abab"),
    ("$match('price: 5', /(?<=: )\\d/).match", "5"),
    ("$match('b', /(a)?b/).groups", [None]),
    ("$match('\u0041', /\\u0041|\\x41/).match", "A"),
    ("$match('a/b', /[\\/]/).match", "/"),
    ("$split('aé,b', /,/)", ["aé", "b"]),
    ("$replace('éa1éb2', /([a-z])([0-9])/, '$2$1')", "é1aé2b"),
]


@pytest.mark.parametrize(("text", "value"), PATTERNS)
def test_regular_expressions_are_javascript_s(text: str, value: Any) -> None:
    assert evaluate(text) == value


@pytest.mark.parametrize(
    "pattern", ["(*LIMIT_MATCH=9)a", "(?R)", "(?#x)a", "(?P<n>a)", "(?C)a", "(?|a)", "a{99999}", "(", "[b-a]"]
)
def test_a_pattern_that_javascript_and_java_do_not_have_is_no_expression(pattern: str) -> None:
    with pytest.raises(InvalidExpression):
        compile_expression(f"$match('a', /{pattern}/)")


def test_a_long_text_has_many_matches() -> None:
    for letter in "aé":
        assert evaluate("$count($split($csv, /,/))", csv=f"{letter}," * 60_000) == 60_001


UNPARSEABLE = [
    ("a[1,2)", "S0202", 'Expected "]", got ","'),
    ("[1,", "S0203", 'Expected "]" before end of expression'),
    ('"unterminated', "S0101", "String literal must be terminated by a matching quote"),
    ("1 +", "S0207", "Unexpected end of expression"),
    ("", "S0207", "Unexpected end of expression"),
    ('{"a":}', "S0211", 'The symbol "}" cannot be used as a unary operator'),
    ("$x :=", "S0207", "Unexpected end of expression"),
    ('$match("a", /abc', "S0302", "No terminating / in regular expression"),
    # operators of later versions than 2.0.6
    ("$a ?: 1", "S0211", 'The symbol ":" cannot be used as a unary operator'),
    ("$a ?? 1", "S0211", 'The symbol "?" cannot be used as a unary operator'),
]


@pytest.mark.parametrize(("text", "value"), ON_AWS)
def test_values_are_those_seen_on_aws(text: str, value: Any) -> None:
    """Whole numbers are integers, and the numbers that JSON does not have are strings."""
    result = evaluate(text)
    assert result == value
    assert type(result) is type(value)


@pytest.mark.parametrize("text", NOTHING_ON_AWS)
def test_a_function_of_step_functions_may_give_nothing(text: str) -> None:
    """Which AWS reports as an expression that returned nothing."""
    assert evaluate(text) is UNDEFINED


@pytest.mark.parametrize(("text", "ending"), FAILURES_ON_AWS)
def test_errors_read_as_on_aws(text: str, ending: str) -> None:
    """A sentence that starts with the code."""
    assert failure(text) == ending


@pytest.mark.parametrize(("text", "value"), WITHIN_LIMITS)
def test_the_last_that_aws_evaluates_evaluates(text: str, value: Any) -> None:
    """One less than what fails below."""
    assert evaluate(text) == value


@pytest.mark.parametrize(("text", "ending"), BEYOND_LIMITS)
def test_exceeding_a_limit_has_no_code(text: str, ending: str) -> None:
    """AWS ends the sentence with a colon then."""
    assert failure(text) == ending


@pytest.mark.parametrize(("text", "code", "message"), UNPARSEABLE)
def test_what_does_not_parse_says_why(text: str, code: str, message: str) -> None:
    """CreateStateMachine shows the message without its code."""
    with pytest.raises(InvalidExpression) as caught:
        compile_expression(text)
    assert (caught.value.code, caught.value.message) == (code, message)
    assert 0 <= caught.value.position <= len(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{%%}", True),
        ("{% $x %}", True),
        ("{%$x%}", True),
        ("{% $a %} and {% $b %}", True),
        (" {% $x %}", False),
        ("{% $x %} ", False),
        ("{% $x }", False),
        ("{%}", False),
        ("$x", False),
        ("", False),
    ],
)
def test_an_expression_has_its_delimiters_at_both_ends(text: str, expected: bool) -> None:
    """White space outside of them makes it a plain string."""
    assert is_expression(text) is expected


# ------------------------------------------------------------------------------------- what an expression reads

READ_FROM_CONTEXT = [
    ("phone", ["phone"]),
    ("phone[0].number", ["phone"]),
    ("-phone", ["phone"]),
    ("phone ? 1 : 2", ["phone"]),
    ("$states.input.a ? phone : 2", ["phone"]),
    ("phone & 'x'", ["phone"]),
    ("phone in $states.input.list", ["phone"]),
    ("$sum(phone)", ["phone"]),
    ("phone(1)", ["phone"]),
    ("phone ~> $string()", ["phone"]),
    ("[1..phone]", ["phone"]),
    ("(phone).other", ["phone"]),
    ("[phone].other", ["phone"]),
    ("[phone, 1]", ["phone"]),
    ("{phone: 1}", ["phone"]),
    ("($x := phone; $x)", ["phone"]),
    ("$map($states.input.a, function($y){ phone })", ["phone"]),
    ("$count(phone[inner])", ["phone"]),
    ("phone.**.deeper", ["phone"]),
    ("aaa + bbb", ["aaa", "bbb"]),
    ("aaa + aaa", ["aaa"]),
    ("$", ["$"]),
    ("$.phone", ["$"]),
    ("$[0]", ["$"]),
    ("$string($)", ["$"]),
    ("function($x){ $ }", ["$"]),
    ("$$", ["$$"]),
    ("$$.phone", ["$$"]),
    ("$states.input.phone", []),
    ("$states.input[phone = 1]", []),
    ("$states.input^(phone)", []),
    ("$states.input{'k': phone}", []),
    ("$states.input.(phone)", []),
    ("$states.input.$phone", []),
    ("$states.input ~> |phone|{'a': phone}|", []),
    ("{'k': 1}.phone", []),
    ("[$states.input.a[$ > 1]]", []),
    ("function($x){ $x.phone }", []),
    ("'phone'", []),
    ("$now()", []),
]

FREE_VARIABLES = [
    ("$states.input.a", {"states"}),
    ("$x + $y.z", {"x", "y"}),
    ("($x := 1; $x)", set()),
    ("($x := $y; $x)", {"y"}),
    ("($x := $x; 1)", {"x"}),
    ("(($x := 1); $x)", {"x"}),
    ("($f := function($n){ $n = 0 ? $m : $f($n - 1) }; $f(1))", {"m"}),
    ("function($a, $b){ $a + $b + $c }", {"c"}),
    ("$sum($xs)", {"xs"}),
    ("$map($xs, $uppercase)", {"xs"}),
    ("$xs@$x.{'a': $x, 'b': $y}", {"xs", "y"}),
    ("$xs#$i[$i > $k]", {"xs", "k"}),
    ("$xs^($w)", {"xs", "w"}),
    ("$missing(1)", {"missing"}),
    ("1", set()),
]

STATES_FIELDS = [
    ("$states.input.a & $states.result.b", {"input", "result"}),
    ("$states.errorOutput", {"errorOutput"}),
    ("$map($states.input, function($v){ $states.context.State })", {"input", "context"}),
    ("$states", set()),
    ("($states := {'x': 1}; $states.x)", set()),
]


@pytest.mark.parametrize(("text", "names"), READ_FROM_CONTEXT)
def test_a_name_that_would_be_read_from_a_context_is_known(text: str, names: list[str]) -> None:
    """AWS refuses a definition for each of them, once and in the order of the text."""
    assert list(compile_expression(text).context_references) == names


@pytest.mark.parametrize(("text", "names"), FREE_VARIABLES)
def test_the_free_variables_are_known(text: str, names: set[str]) -> None:
    """Those that the expression binds itself and the functions of the language are none."""
    assert compile_expression(text).references == names


@pytest.mark.parametrize(("text", "fields"), STATES_FIELDS)
def test_the_fields_read_of_states_are_known(text: str, fields: set[str]) -> None:
    """Not every field exists everywhere."""
    assert compile_expression(text).states_fields == fields


# ---------------------------------------------------------------------------------- the language, here and there

VALUES = [
    ("$states.input.xs", [None, 1, None]),
    ("$states.input.xs[0]", None),
    ("$states.input.nothing", None),
    ("$map($states.input.xs, function($x){ $x })", [None, 1, None]),
    ("$states.input.people.name", ["a", "b", "c"]),
    ("$states.input.people.age", [30, 20]),
    ("$states.input.people[age < 25].name", "b"),
    ("$states.input.people[age < 25].name[]", ["b"]),
    ("[$states.input.people[age < 25].name]", ["b"]),
    ("$states.input.people[-1].name", "c"),
    ("$states.input.people[[0..1]].name", ["a", "b"]),
    ("$states.input.people^(>age).name", ["a", "b", "c"]),
    ("$states.input.people{name: age}", {"a": 30, "b": 20}),
    ("$states.input.people#$i.{'i': $i, 'n': name}", [{"i": i, "n": n} for i, n in enumerate("abc")]),
    ("$states.input.people ~> |$|{'age': 1}, ['name']|", [{"age": 1}] * 3),
    ("[{'a': 1}][0].a", 1),
    ("{'a': nothing, 'b': 1}", {"b": 1}),
    ("{'k' & $states.input.n: 1}", {"k5": 1}),
    ("[nothing, 1, [2], (3; 4)]", [1, [2], 4]),
    ("1 = true", False),
    ("null = nothing", False),
    ("[1, [2]] = [1, [2]]", True),
    ("1 in [true, 1]", True),
    ("[] ? 'yes' : 'no'", "no"),
    ("[0, 1] ? 'yes' : 'no'", "yes"),
    ("$states.input.n = 5 and $states.input.s != 'x'", True),
    ("$states.input.s ~> $uppercase ~> $length", 3),
    ("($inc := function($x){ $x + 1 } ~> $string; $inc(1))", "2"),
    ("($add := function($a, $b){ $a + $b }; $add(?, 2)(1))", 3),
    ("λ($x)<n:n>{ $x }(1)", 1),
    ("$reduce([1..4], function($a, $b){ $a * $b })", 24),
    ("$sift({'a': 1, 'b': 2}, function($v){ $v > 1 })", {"b": 2}),
    ("$merge([{'a': 1}, {'b': 2}])", {"a": 1, "b": 2}),
    ("$sort({'a': 1})", [{"a": 1}]),
    ("$match('ab12', /([a-z]+)(\\d+)/).groups", ["ab", "12"]),
    ("$replace('John Smith', /(\\w+)\\s(\\w+)/, '$2, $1')", "Smith, John"),
    ("$split('a, b,c', /,\\s*/)", ["a", "b", "c"]),
    ("$contains('x-y', /[\\s-y]/)", True),
    ("$contains('a\\rb', /a.b/)", False),
    ("['a', 'b'].($f := function(){ $uppercase() }; $f())", ["A", "B"]),
    ("($f := function($n){ ($n = 0 ? 1 : $f($n - 1)){'k': $} }; $f(1))", {"k": {"k": 1}}),
    ("$substring('hello', -3, 2)", "ll"),
    ("$substring('hello', 1/0)", ""),
    ("$pad('x', -3, '#')", "##x"),
    ("$round(2.5) + $round(3.5)", 6),
    ("$round(0.001, 500)", 0.001),
    ("$formatNumber(-1234.5, '#,##0.00;(#,##0.00)')", "(1,234.50)"),
    ("$formatNumber(1e300, '0.0') ~> $length", 303),
    ("$formatBase(255, 16)", "ff"),
    ("$formatInteger(1999, 'I')", "MCMXCIX"),
    ("$parseInteger('twelve', 'w')", 12),
    ("$number('0x1F') + $number('1e2')", 131),
    ("$now()", "2023-11-14T22:13:20.250Z"),
    ("$millis()", 1_700_000_000_250),
    ("$now('[D1o] [MNn] [Y] [H#1]:[m01] [z]', '+0530')", "15th November 2023 3:43 GMT+05:30"),
    ("$fromMillis(0, '[FNn,3] [M01].[D01]')", "Thursday 01.01"),
    ("$toMillis('2023-11-14T22:13:20.25+01:00')", 1_699_996_400_250),
    ("$toMillis('(14.11.2023)', '([D01].[M01].[Y0001])')", 1_699_920_000_000),
    ("$toMillis('08:30', '[H01]:[m01]')", 1_699_950_600_000),
    ("$base64decode($base64encode('é'))", "é"),
    ("$encodeUrlComponent('a b/ü')", "a%20b%2F%C3%BC"),
    ("$clone({'a': [1]})", {"a": [1]}),
    ("$type(nothing) = nothing", False),
    ("$type(function(){1})", "function"),
    ("$keys([{'a': 1}, {'b': 2, 'a': 3}])", ["a", "b"]),
    ("$distinct([1, true, 1, '1', null, null])", [1, True, "1", None]),
    ("$zip([1, 2], ['a', 'b'])", [[1, "a"], [2, "b"]]),
    ("$string({'a': [1, 'é\\n', null, 0.1]})", '{"a":[1,"é\\n",null,0.1]}'),
    ("/* a comment */ 1", 1),
]

FAILURES = [
    ("1 + 'a'", '. T2002: The right side of the "+" operator must evaluate to a number'),
    ("1 < 'a'", '. T2009: The values 1 and "a" either side of operator "<" must be of the same data type'),
    ("-'a'", '. D1002: Cannot negate a non-numeric value: "a"'),
    ("1e300 * 1e300 + 1", ". D1001: Number out of range: null"),
    ("[1..1/0]", ". T2004: The right side of the range operator (..) must evaluate to an integer"),
    ("{1: 2}", ". T1003: Key in object structure must evaluate to a string; got: 1"),
    ("{'a': 1, 'a': 2}", '. D1009: Multiple key definitions evaluate to same key: "a"'),
    ("$map([1], 1)", does_not_match(2, "map")),
    ("$uuid(1)", does_not_match(1, "uuid")),
    ("$map(['a'], $substring(?, 'x'))", does_not_match(2, "map")),
    ("$hash('a', 'sha-1')", ". D3137: Hash algorithm 'sha-1' must be one of SHA-1, SHA-384, SHA-256, SHA-512, MD5"),
    ("$error('boom')", ". D3137: boom"),
    ("$assert(1 = 2, 'no')", ". D3141: no"),
    ("$number('x')", '. D3030: Unable to cast value to a number: "x"'),
    (
        "$single([1, 2])",
        ". D3138: The $single() function expected exactly 1 matching result.  Instead it matched more.",
    ),
    ("1 ~> 2", ". T2006: The right side of the function application operator ~> must be a function"),
    (
        "$formatNumber(1, '0', {'zero-digit': 1})",
        ": The option zero-digit of the formatNumber function is no symbol: 1",
    ),
    ("$fromMillis(1e18)", ": The time 1000000000000000000 is outside of the years 1 to 9999"),
    ("$fromMillis(0, '[Y,*-999999]')", ": The picture '[Y,*-999999]' is too wide"),
    ("$fromMillis(0, '[Y,x]')", ": The picture '[Y,x]' cannot be read"),
    ("$fromMillis(0, '[q]')", '. D3132: Unknown component specifier "q" in date/time picture string'),
]


@pytest.mark.parametrize(("text", "value"), VALUES)
def test_the_language_evaluates_as_its_reference_does(text: str, value: Any) -> None:
    """What the official suite does not hold, or what was wrong once."""
    result = evaluate(text)
    assert result == value
    assert jsontext.loads(jsontext.dumps(result)) == result


@pytest.mark.parametrize(("text", "ending"), FAILURES)
def test_errors_name_the_function_and_show_the_value(text: str, ending: str) -> None:
    """The reference implementation's wording where it has one."""
    assert failure(text) == ending


@pytest.mark.parametrize("text", ["$base64decode('!!!')", "$fromMillis(1e18)", "$fromMillis(0, '[Y,x]')"])
def test_what_is_no_error_of_the_language_is_an_internal_one(text: str) -> None:
    with pytest.raises(InternalError):
        evaluate(text)


CHAINS = [
    "1" + "+1" * 599,
    "'a'" + "&'a'" * 599,
    "true" + " and true" * 599,
    "1" + "~>$string" * 599,
    "1" + "-(2)" * 2_000,
]


@pytest.mark.parametrize("text", CHAINS, ids=range(len(CHAINS)))
def test_a_chain_that_is_too_long_is_an_error_only_when_it_is_evaluated(text: str) -> None:
    assert failure(text) == STACK_OVERFLOW
    assert evaluate(f"false ? {text} : 1") == 1


@pytest.mark.parametrize("text", ["$states.input" + ".a" * 600, "$states.input" + "[0]" * 600])
def test_steps_and_predicates_are_not_nested(text: str) -> None:
    assert compile_expression(text).context_references == ()


def test_names_in_a_long_chain_are_found_in_the_order_of_the_text() -> None:
    names = [f"n{number}" for number in range(600)]
    assert compile_expression(" + ".join([*names, *names])).context_references == tuple(names)
    assert compile_expression("($x := 1)" + " + $x" * 600).references == {"x"}


@pytest.mark.parametrize("text", ["$sum", "function($x){ $x }", "[1, $sum]", "{'f': $sum}", "/x/", "$substring(?, 1)"])
def test_a_result_that_holds_a_function_is_a_function(text: str) -> None:
    """AWS reports an unsupported type of result."""
    assert type_name(evaluate(text)) == "function"


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ([], "array"),
        (1, "number"),
        (1.5, "number"),
        ("", "string"),
        (True, "boolean"),
        ({}, "object"),
        (None, "null"),
        (UNDEFINED, "undefined"),
    ],
)
def test_types_have_the_names_that_aws_uses(value: Any, name: str) -> None:
    """Python's bool is an int, JSON's is not."""
    assert type_name(value) == name


def test_integers_too_large_for_a_double_are_out_of_range() -> None:
    """JSON text may hold them, no calculation can."""
    assert failure("$x + 1.5", x=10**400) == ". D1001: Number out of range: null"
    assert evaluate("$x + 1", x=2**62) == 2**62


def test_the_context_is_what_the_caller_gives() -> None:
    """Step Functions gives none, the official suite does."""
    expression = compile_expression("$sum(price)")
    assert expression({}, pace=Unhurried(Random()), now=NOW, context=[{"price": 1}, {"price": 2}]) == 3
    assert expression({}, pace=Unhurried(Random()), now=NOW) is UNDEFINED


# ----------------------------------------------------------------------------------------------- determinism

RANDOM = "[$random(), $uuid(), $shuffle([1..9])]"


def test_random_values_come_from_the_given_source_alone() -> None:
    """So a run can be repeated."""
    assert evaluate(RANDOM, seed=3) == evaluate(RANDOM, seed=3)
    assert evaluate(RANDOM, seed=3) != evaluate(RANDOM, seed=4)


def test_a_uuid_is_of_version_4() -> None:
    """As the documentation says."""
    assert evaluate("$contains($uuid(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)")


def test_an_expression_is_compiled_once() -> None:
    """The white space around it does not count."""
    assert compile_expression("1 + 2") is compile_expression("1 + 2")
    assert compile_expression("  1 + 2 ").text == "1 + 2"


def test_one_expression_serves_many_threads_at_once() -> None:
    """Nothing of an evaluation is kept in the compiled expression."""
    text = "($f := function($n){ $n = 0 ? [$x] : $append($f($n - 1), $x) }; {'xs': $f(20), 'r': $random()})"
    expression = compile_expression(text)

    def run(number: int) -> list[Any]:
        random = Random(number)
        return [expression({"x": number}, pace=Unhurried(random), now=NOW) for _ in range(50)]

    expected = [run(number) for number in range(4)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as threads:
            assert list(threads.map(run, range(4))) == expected
    finally:
        sys.setswitchinterval(interval)


def test_the_library_does_not_change_the_process() -> None:
    """It raises the recursion limit when it is imported; here it may not."""
    program = (
        "import sys; before = sys.getrecursionlimit()\n"
        "from asl_interpreter.jsonata import compile_expression; compile_expression('1')\n"
        "assert sys.getrecursionlimit() == before"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize("limits", [Limits(steps=10), Limits(items=3), Limits(depth=3), Limits(characters=3)])
def test_the_limits_are_the_callers(limits: Limits) -> None:
    """Each one alone stops the expression."""
    expression = compile_expression("$string($map([1..5], function($x){ ((($x))) }))")
    with pytest.raises(EvaluationError) as caught:
        expression({}, pace=Unhurried(Random()), now=NOW, limits=limits)
    assert caught.value.code is None


@pytest.mark.parametrize(
    ("expression", "some", "too_many"),
    [
        ("($f := function($n) { $n = 0 ? 'done' : $f($n - 1) }; $f({}))", 900, 1000),
        ("($f := function($n) { $n = 0 ? 'done' : $g($n - 1) }; $g := function($n) { $f($n) }; $f({}))", 450, 500),
        ("($f := function($n) { $n < 2 ? $n : $f($n - 1) + $f($n - 2) }; $f({}))", 12, 16),
        ("$map([1..{}], function($n) { $n })", 1900, 3000),
        ("$count([1..{}].($ * 2))", 4500, 10_500),
    ],
    ids=["a loop", "two functions", "branching", "$map", "a path"],
)
def test_ten_steps_are_a_call_that_an_expression_makes_of_its_own_functions(expression, some, too_many) -> None:
    """Who calls for ever is stopped after 100,000 calls, about a second; what goes through data may do more."""

    def evaluate(count: int) -> object:
        counted = compile_expression(expression.replace("{}", str(count)))
        return counted({}, pace=Unhurried(Random()), now=NOW, limits=Limits(steps=10_000))

    evaluate(some)
    with pytest.raises(EvaluationError, match="Expression evaluation timeout"):
        evaluate(too_many)


# ------------------------------------------------------------------------------------------------------ laws

SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text() | st.floats(-1e9, 1e9)
DOCUMENTS = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=20
)
PROGRAMS = [
    "$x",
    "[$x]",
    "$x.*",
    "$x.**",
    "$sort($x)",
    "$append($x, $x)",
    "$distinct($x)",
    "$string($x)",
    "$x ~> |$|{'added': 1}|",
    "$merge([$x, {'b': 1}])",
    "$reverse($x)",
    "$spread($x)",
    "$each($x, function($v, $k){ {$k: $v} })",
    "$map($x, function($v, $i, $all){ [$i, $v, $count($all)] })",
    "$x[$ != null]^($string($)){$string($): $}",
    "$clone($x)",
    "$keys($x)",
    "$lookup($x, 'a')",
    "$x = $x",
    "$x & '!'",
    "$reduce($x, function($a, $b){ [$a, $b] })",
]


def is_plain(value: Any) -> bool:
    """Whether a value is made of the types that JSON text is read into, and of finite numbers."""
    if type(value) is list:
        return all(map(is_plain, value))
    if type(value) is dict:
        return all(type(key) is str and is_plain(member) for key, member in value.items())
    if type(value) is float:
        return math.isfinite(value)
    return value is None or type(value) in (bool, int, str)


@given(document=DOCUMENTS, text=st.sampled_from(PROGRAMS))
def test_a_result_is_plain_and_the_input_is_never_changed(document: Any, text: str) -> None:
    """Nor does an expression fail with anything but its own error."""
    before = copy.deepcopy(document)
    try:
        result = evaluate(text, x=document)
    except EvaluationError as error:
        assert error.message
    else:
        assert result is UNDEFINED or is_plain(result)
    assert document == before


@given(DOCUMENTS)
def test_json_text_is_read_back_by_parse(document: Any) -> None:
    """Fractions but for the digits that $string leaves out."""
    assert evaluate("$parse($string([$x])) = $clone([$x])", x=document) is True


@given(st.text(alphabet="$abx.[]{}()+-*/%&|<>=!?:;,~^@#'\"0123456789 \\\n"))
def test_any_text_is_an_expression_or_says_why_not(text: str) -> None:
    """There is no third way."""
    try:
        expression = compile_expression(text)
    except InvalidExpression as error:
        reason = error.message
        assert reason
    else:
        assert isinstance(expression, Expression)


@given(st.lists(st.integers(-1000, 1000)), st.integers(1, 10))
def test_the_pieces_of_a_partition_make_up_the_array(numbers: list[int], size: int) -> None:
    """All but the last have the size."""
    pieces = evaluate("$partition($x, $n)", x=numbers, n=size)
    if not numbers:
        assert pieces is UNDEFINED
        return
    assert [number for piece in pieces for number in piece] == numbers
    assert all(len(piece) == size for piece in pieces[:-1])
    assert 1 <= len(pieces[-1]) <= size


@given(st.integers(-100, 100), st.integers(-100, 100), st.integers(-10, 10).filter(bool))
def test_a_range_has_the_items_of_pythons_with_the_end_included(first: int, last: int, step: int) -> None:
    """A single one is no array, none is nothing."""
    numbers = list(range(first, last + (1 if step > 0 else -1), step))
    expected = numbers if len(numbers) > 1 else numbers[0] if numbers else UNDEFINED
    assert evaluate("$range($a, $b, $c)", a=first, b=last, c=step) == expected


@given(st.floats(allow_nan=False, allow_infinity=False, width=32))
def test_numbers_survive_their_text(number: float) -> None:
    """Floats of 32 bits have fewer digits than the 15 that are kept."""
    assert evaluate("$number($string($x))", x=number) == pytest.approx(number, rel=1e-14)
