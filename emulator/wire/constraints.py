"""Constraints: the rules that a model sets for a value, each with AWS's words for it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Rule:
    """One constraint of a shape: when it is broken, and AWS's words for it."""

    broken: Callable[[Any], bool]
    words: str


def length_rules(shortest: int | None, longest: int | None) -> list[Rule]:
    """Bounds on the length of a text, in UTF-16 units as Java counts, or on the members of a list or map.

    A character is one unit or two, so what most values are within is told without counting units.
    """
    rules = []
    if longest is not None:
        limit, surely_within = longest, longest // 2
        rules.append(
            Rule(
                lambda value: len(value) > surely_within and _length(value) > limit,
                f"Member must have length less than or equal to {limit}",
            )
        )
    if shortest:
        least = shortest
        rules.append(
            Rule(
                lambda value: len(value) < least and _length(value) < least,
                f"Member must have length greater than or equal to {least}",
            )
        )
    return rules


def _length(value: str | bytes | list[Any] | dict[str, Any]) -> int:
    if isinstance(value, str) and not value.isascii():
        return len(value) + sum(character > "\uffff" for character in value)
    return len(value)


def value_rules(least: float | None, most: float | None) -> list[Rule]:
    """Bounds on a number."""
    rules = []
    if most is not None:
        upper = most
        rules.append(Rule(lambda value: value > upper, f"Member must have value less than or equal to {upper}"))
    if least is not None:
        lower = least
        rules.append(Rule(lambda value: value < lower, f"Member must have value greater than or equal to {lower}"))
    return rules


_JAVA_CLASSES = (
    (r"\p{ASCII}", r"[\x00-\x7f]"),
    (r"\p{Print}", r"[\x20-\x7e]"),
    (r"\p{L}", r"\w"),
    (r"\p{M}", r"\u0300-\u036f"),
    (r"\p{N}", r"\d"),
    (r"\p{Z}", r" \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"),
    (r"\uD800\uDC00-\uDBFF\uDFFF", r"\U00010000-\U0010ffff"),
)
"""What the models' patterns use of Java's syntax -> the same for Python."""


def pattern_rule(pattern: str) -> Rule:
    """The whole text matches a regular expression in Java's syntax."""
    translated = pattern
    for java, python in _JAVA_CLASSES:
        translated = translated.replace(java, python)
    matches = re.compile(translated).fullmatch
    return Rule(lambda value: matches(value) is None, f"Member must satisfy regular expression pattern: {pattern}")
