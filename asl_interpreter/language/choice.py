"""Choice rules: comparisons of a variable with a value or with another variable, and And, Or, Not.

A comparison of a value of another type is false. A path to nothing fails the state; only IsPresent asks whether it is
there. Source: Amazon States Language specification, "Choice state";
https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from ..errors import RUNTIME, StateError
from ..jsontext import JSON
from ..timestamps import Instant, parse_timestamp
from .paths import Evaluate, Frame, Path, PathNotFound

Kind: TypeAlias = Literal["string", "number", "boolean", "timestamp", "pattern", "type"]


@dataclass(frozen=True, slots=True)
class Operator:
    """One comparison operator: what its operand must be, and when the variable satisfies it."""

    operand: Kind
    holds: Callable[[Any, Any], bool]
    """Compares the variable with the operand, both converted to ``operand``; a type is held against the bare value."""


def is_string(value: JSON) -> bool:
    """Whether it is a string."""
    return isinstance(value, str)


def is_number(value: JSON) -> bool:
    """Whether it is a number; true is not 1."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_boolean(value: JSON) -> bool:
    """Whether it is true or false."""
    return isinstance(value, bool)


def is_timestamp(value: JSON) -> bool:
    """Whether it is a string that is a timestamp."""
    return isinstance(value, str) and _instant(value) is not None


def _instant(text: str) -> Instant | None:
    try:
        return parse_timestamp(text)
    except ValueError:
        return None


def _utf16(text: str) -> bytes | str:
    """Strings in Java's order, by UTF-16 code units; it differs from ours only beyond U+FFFF."""
    return text.encode("utf-16-be", "surrogatepass")


_CONVERT: Final[dict[Kind, Callable[[JSON], Any]]] = {
    "string": lambda value: _utf16(value) if isinstance(value, str) else None,
    "number": lambda value: value if is_number(value) else None,
    "boolean": lambda value: value if isinstance(value, bool) else None,
    "timestamp": lambda value: _instant(value) if isinstance(value, str) else None,
    "pattern": lambda value: value if isinstance(value, str) else None,
}

_ORDER: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "GreaterThan": operator.gt,
    "LessThanEquals": operator.le,
    "GreaterThanEquals": operator.ge,
}
_TYPES: Final[dict[str, Callable[[JSON], bool]]] = {
    "IsNull": lambda value: value is None,
    "IsNumeric": is_number,
    "IsString": is_string,
    "IsBoolean": is_boolean,
    "IsTimestamp": is_timestamp,
}


def matches(text: str, pattern: str) -> bool:
    r"""StringMatches: ``*`` is any characters, ``\*`` a star, ``\\`` a backslash. Linear in the text."""
    first, *rest = _literals(pattern)
    if not rest:
        return text == first
    *middle, last = rest
    if not text.startswith(first) or not text.endswith(last) or len(text) < len(first) + len(last):
        return False
    start, end = len(first), len(text) - len(last)
    for literal in middle:
        found = text.find(literal, start, end)
        if found < 0:
            return False
        start = found + len(literal)
    return True


def _literals(pattern: str) -> list[str]:
    """What stands between the stars of a pattern, its escapes undone."""
    literals = [""]
    characters = iter(pattern)
    for character in characters:
        if character == "*":
            literals.append("")
        elif character == "\\":
            following = next(characters, "")
            literals[-1] += following if following in ("*", "\\") else character + following
        else:
            literals[-1] += character
    return literals


def _comparisons(prefix: str, kind: Kind, names: Sequence[str]) -> dict[str, Operator]:
    return {prefix + name: Operator(kind, _ORDER[name]) for name in names}


def _being(is_type: Callable[[JSON], bool]) -> Callable[[JSON, bool], bool]:
    return lambda value, wanted: is_type(value) is wanted


_WITH_PATH: Final[dict[str, Operator]] = {
    **_comparisons("String", "string", list(_ORDER)),
    **_comparisons("Numeric", "number", list(_ORDER)),
    **_comparisons("Boolean", "boolean", ["Equals"]),
    **_comparisons("Timestamp", "timestamp", list(_ORDER)),
}
OPERATORS: Final[dict[str, Operator]] = {
    **_WITH_PATH,
    "StringMatches": Operator("pattern", matches),
    "IsPresent": Operator("type", lambda present, wanted: present is wanted),
    **{name: Operator("type", _being(is_type)) for name, is_type in _TYPES.items()},
}
"""Every operator that compares with a constant."""
PATH_OPERATORS: Final[dict[str, Operator]] = {f"{name}Path": operator for name, operator in _WITH_PATH.items()}
"""Every operator that compares with what a path refers to."""


def compile_comparison(variable: Path, name: str, operand: JSON | Path) -> Evaluate:
    """Compile one comparison; ``operand`` is a Path for the operators of PATH_OPERATORS."""
    if name == "IsPresent":
        return lambda frame: _is_present(variable, frame) is operand
    if isinstance(operand, Path):
        compare = PATH_OPERATORS[name]
        convert = _CONVERT[compare.operand]

        def holds_for_path(frame: Frame) -> bool:
            left, right = convert(_value(variable, frame)), convert(_value(operand, frame))
            return left is not None and right is not None and compare.holds(left, right)

        return holds_for_path
    compare = OPERATORS[name]
    if compare.operand == "type":
        return lambda frame: compare.holds(_value(variable, frame), operand)
    convert = _CONVERT[compare.operand]
    constant = convert(operand)

    def holds(frame: Frame) -> bool:
        left = convert(_value(variable, frame))
        return left is not None and compare.holds(left, constant)

    return holds


def both(conditions: Sequence[Evaluate]) -> Evaluate:
    """And: every condition holds."""
    return lambda frame: all(condition(frame) for condition in conditions)


def either(conditions: Sequence[Evaluate]) -> Evaluate:
    """Or: one of the conditions holds."""
    return lambda frame: any(condition(frame) for condition in conditions)


def negate(condition: Evaluate) -> Evaluate:
    """Not."""
    return lambda frame: not condition(frame)


def _value(path: Path, frame: Frame) -> JSON:
    try:
        return path(frame)
    except PathNotFound:
        message = f"Invalid path '{path.text}': The choice state's condition path references an invalid value."
        raise StateError(RUNTIME, message) from None


def _is_present(path: Path, frame: Frame) -> bool:
    try:
        path(frame)
    except PathNotFound:
        return False
    return True
