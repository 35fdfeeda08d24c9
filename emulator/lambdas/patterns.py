"""Filter criteria of event source mappings: which records a function gets.

Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any, Final

from asl_interpreter.jsontext import JSON, InvalidJSON, loads

_ABSENT: Final = object()
_OPERATORS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def problem(criteria: JSON) -> str:
    """What is wrong with filter criteria, in Lambda's words; empty if nothing is."""
    for each in (criteria or {}).get("Filters") or []:
        try:
            pattern = loads(each.get("Pattern", "{}"))
            if not isinstance(pattern, dict):
                return "Invalid filter pattern definition."
            _check(pattern)
        except (InvalidJSON, ValueError, TypeError, KeyError, AttributeError):
            return "Invalid filter pattern definition."
    return ""


def _check(pattern: Mapping[str, JSON]) -> None:
    """See that every field has a pattern or a list of rules, by trying them."""
    for name, wanted in pattern.items():
        if name == "$or":
            for each in wanted:
                _check(each)
        elif isinstance(wanted, dict):
            _check(wanted)
        elif not isinstance(wanted, list) or not wanted:
            raise ValueError(name)
        else:
            for rule in wanted:
                for value in ("", 0):
                    _rule_matches(rule, value)


def matches(pattern: Mapping[str, JSON], value: object) -> bool:
    """Whether every field that a pattern has is in the value as the pattern wants it."""
    return all(
        any(matches(each, value) for each in wanted)
        if name == "$or"
        else _field_matches(wanted, value.get(name, _ABSENT) if isinstance(value, dict) else _ABSENT)
        for name, wanted in pattern.items()
    )


def _field_matches(wanted: JSON, value: object) -> bool:
    if isinstance(wanted, dict):
        values = value if isinstance(value, list) else [value]
        return any(matches(wanted, each) for each in values)
    values = value if isinstance(value, list) and value else [value]
    return any(_rule_matches(rule, each) for rule in wanted for each in values)


def _rule_matches(rule: JSON, value: object) -> bool:
    if not isinstance(rule, dict):
        return _same(rule, value)
    ((kind, argument),) = rule.items()
    match kind:
        case "exists":
            return (value is not _ABSENT) is argument
        case "prefix" | "suffix" | "equals-ignore-case":
            return isinstance(value, str) and _TEXT[kind](value, argument)
        case "anything-but":
            refused = argument if isinstance(argument, list) else [argument]
            return value is not _ABSENT and not any(_rule_matches(each, value) for each in refused)
        case "numeric":
            pairs = zip(argument[::2], argument[1::2], strict=True)
            return _is_number(value) and all(_OPERATORS[sign](value, number) for sign, number in pairs)
        case _:
            raise ValueError(f"Dynastep has not built the filter rule {kind!r} yet")


_TEXT: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "prefix": str.startswith,
    "suffix": str.endswith,
    "equals-ignore-case": lambda value, wanted: value.casefold() == wanted.casefold(),
}


def _same(wanted: JSON, value: object) -> bool:
    return value is not _ABSENT and isinstance(wanted, bool) is isinstance(value, bool) and wanted == value


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
