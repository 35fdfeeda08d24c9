"""Choice rules: every operator against every type of value."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties.scripted import frame

from asl_interpreter.errors import RUNTIME, StateError
from asl_interpreter.language.choice import OPERATORS, PATH_OPERATORS, both, compile_comparison, either, matches, negate
from asl_interpreter.language.paths import compile_path


def holds(operator: str, value: Any, operand: Any) -> bool:
    """Whether a rule on ``$.value`` holds; for an operator with a path the operand is at ``$.operand``."""
    other = compile_path("$.operand") if operator in PATH_OPERATORS else operand
    read = compile_comparison(compile_path("$.value"), operator, other)
    return bool(read(frame({"value": value, "operand": operand})))


VALUES = [None, True, False, 0, 1, -1.5, "", "text", "1", "2026-01-01T00:00:00Z", [], {}]
OPERANDS = {"String": "text", "Numeric": 1, "Boolean": True, "Timestamp": "2026-01-01T00:00:00Z"}
TYPE_OF = {
    "String": lambda value: isinstance(value, str),
    "Numeric": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "Boolean": lambda value: isinstance(value, bool),
    "Timestamp": lambda value: value == "2026-01-01T00:00:00Z",
    "Null": lambda value: value is None,
    "Present": lambda _value: True,
}
COMPARISONS = sorted(
    name for name in OPERATORS.keys() | PATH_OPERATORS.keys() if not name.startswith("Is") and name != "StringMatches"
)


def family(operator: str) -> str:
    return next(prefix for prefix in OPERANDS if operator.startswith(prefix))


@pytest.mark.parametrize("operator", COMPARISONS)
@pytest.mark.parametrize("value", VALUES)
def test_a_comparison_of_another_type_is_false(operator: str, value: Any) -> None:
    kind = family(operator)
    if not TYPE_OF[kind](value):
        assert holds(operator, value, OPERANDS[kind]) is False
        if operator in PATH_OPERATORS:
            assert holds(operator, OPERANDS[kind], value) is False


@pytest.mark.parametrize("type_", sorted(TYPE_OF))
@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("wanted", [True, False])
def test_a_type_operator_asks_for_exactly_one_type(type_: str, value: Any, wanted: bool) -> None:
    assert holds(f"Is{type_}", value, wanted) is (TYPE_OF[type_](value) is wanted)


def test_there_are_39_operators() -> None:
    assert len(OPERATORS.keys() | PATH_OPERATORS.keys()) == 39


# value, operand, then: equals, less, greater
ORDERS = [
    ("String", "a", "a", "="),
    ("String", "a", "b", "<"),
    ("String", "B", "a", "<"),  # by code unit, not by alphabet
    ("String", "", "a", "<"),
    ("String", "ab", "a", ">"),
    ("String", "10", "9", "<"),
    ("String", "\U0001f600", "\uff5e", "<"),  # in Java by UTF-16 code units: D83D before FF5E
    ("String", "é", "e\u0301", ">"),  # nothing is normalised
    ("Numeric", 1, 1.0, "="),
    ("Numeric", -1, 0, "<"),
    ("Numeric", 1e3, 999, ">"),
    ("Numeric", 12345678901234567891, 12345678901234567890, ">"),
    ("Boolean", True, True, "="),
    ("Boolean", False, True, "!"),
    ("Timestamp", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "="),
    ("Timestamp", "2026-01-01T01:00:00+01:00", "2026-01-01T00:00:00Z", "="),
    ("Timestamp", "2026-01-01T00:00:00.000000001Z", "2026-01-01T00:00:00Z", ">"),
    ("Timestamp", "2026-01-01T00:00:00.1Z", "2026-01-01T00:00:00.10Z", "="),
    ("Timestamp", "2025-12-31T23:59:59.999999999Z", "2026-01-01T00:00:00Z", "<"),
]
HOLD = {
    "Equals": "=",
    "LessThan": "<",
    "GreaterThan": ">",
    "LessThanEquals": "<=",
    "GreaterThanEquals": ">=",
}


@pytest.mark.parametrize(("kind", "value", "operand", "order"), ORDERS)
def test_order(kind: str, value: Any, operand: Any, order: str) -> None:
    for name, signs in HOLD.items():
        for operator in (f"{kind}{name}", f"{kind}{name}Path"):
            if operator in OPERATORS or operator in PATH_OPERATORS:
                assert holds(operator, value, operand) is (order in signs), operator


@given(st.text(), st.text())
def test_strings_are_ordered_by_utf_16_code_units(one: str, other: str) -> None:
    units = [text.encode("utf-16-be", "surrogatepass") for text in (one, other)]
    assert holds("StringLessThan", one, other) is (units[0] < units[1])
    assert holds("StringLessThanEquals", one, other) is not holds("StringGreaterThan", one, other)


PATTERNS = [
    ("", "", True),
    ("", "*", True),
    ("a", "", False),
    ("log.txt", "log.txt", True),
    ("log.txt", "log-txt", False),
    ("log-7.txt", "log-*.txt", True),
    ("log-.txt", "log-*.txt", True),
    ("log-7.txt.gz", "log-*.txt", False),
    ("xlog-7.txt", "log-*.txt", False),
    ("a", "a*a", False),  # the ends do not overlap
    ("aa", "a*a", True),
    ("axbxc", "a*b*c", True),
    ("acb", "a*b*c", False),
    ("ab", "**a**b**", True),
    ("line\nbreak", "line*break", True),
    ("a.c", "a.c", True),
    ("abc", "a.c", False),  # nothing but the star is special
    ("a?c", "a?c", True),
    ("*", r"\*", True),
    ("x", r"\*", False),
    (r"\x", r"\\*", True),
    ("\\", r"\\", True),
    ("a*b", r"*\**", True),
    ("ab", r"*\**", False),
]


@pytest.mark.parametrize(("text", "pattern", "expected"), PATTERNS)
def test_string_matches(text: str, pattern: str, expected: bool) -> None:
    assert matches(text, pattern) is expected
    assert holds("StringMatches", text, pattern) is expected


@given(st.lists(st.text(alphabet="ab*\\"), max_size=5), st.lists(st.text(alphabet="ab*\\"), max_size=5))
def test_an_escaped_text_around_stars_matches_whatever_the_stars_stand_for(
    parts: list[str], filling: list[str]
) -> None:
    pattern = "*".join(part.replace("\\", r"\\").replace("*", r"\*") for part in parts)
    text = "".join(part + fill for part, fill in zip(parts, [*filling, *[""] * len(parts)], strict=False))
    if parts:
        text = text if len(filling) < len(parts) else text[: len(text) - len(filling[len(parts) - 1])]
    assert matches(text, pattern)


def test_string_matches_takes_no_time_on_a_hostile_pattern() -> None:
    text, pattern = "a" * 100_000, "*a" * 500 + "b"
    began = time.perf_counter()
    assert not matches(text, pattern)
    assert matches(text, "*a" * 500 + "*")
    assert time.perf_counter() - began < 1  # a backtracking matcher would not end


NOT_TIMESTAMPS = [None, True, 0, "", "2026", "2026-01-01", "2026-01-01T00:00:00", "2026-02-30T00:00:00Z", [], {}]


@pytest.mark.parametrize("value", NOT_TIMESTAMPS)
def test_is_timestamp_wants_a_day_a_time_and_an_offset(value: Any) -> None:
    assert holds("IsTimestamp", value, True) is False


def test_only_is_present_may_ask_for_what_is_not_there() -> None:
    path = compile_path("$.value")
    assert compile_comparison(path, "IsPresent", False)(frame({})) is True
    assert compile_comparison(path, "IsPresent", True)(frame({})) is False
    for operator in OPERATORS.keys() - {"IsPresent"}:
        with pytest.raises(StateError) as failed:
            compile_comparison(path, operator, OPERANDS.get(operator[:-6], True))(frame({}))
        assert (failed.value.error, failed.value.cause) == (
            RUNTIME,
            "Invalid path '$.value': The choice state's condition path references an invalid value.",
        )


@given(st.lists(st.booleans(), min_size=1))
def test_and_or_not_are_those_of_logic(values: list[bool]) -> None:
    conditions = [lambda _frame, value=value: value for value in values]
    assert both(conditions)(frame({})) is all(values)
    assert either(conditions)(frame({})) is any(values)
    assert [negate(condition)(frame({})) for condition in conditions] == [not value for value in values]
