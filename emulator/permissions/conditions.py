"""Conditions: what a statement asks of a request's context keys.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html,
reference_policies_condition-logic-multiple-context-keys-or-values.html, reference_policies_variables.html
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from decimal import Decimal, InvalidOperation
from typing import Final, Literal, TypeAlias

from asl_interpreter.jsontext import JSON
from emulator.permissions.wildcards import glob

Context: TypeAlias = Mapping[str, Sequence[str]]
"""Context key in lower case -> its values, as text. A key that the request lacks is not in it."""


class Later(Mapping[str, Sequence[str]]):
    """Context keys that are found out when a condition first asks for one: most policies have none."""

    def __init__(self, make: Callable[[], Context]) -> None:
        self._make = make
        self._made: Context | None = None

    @property
    def was_asked(self) -> bool:
        """Whether a condition has asked for a key."""
        return self._made is not None

    def _keys(self) -> Context:
        if self._made is None:
            self._made = self._make()
        return self._made

    def __getitem__(self, key: str) -> Sequence[str]:
        return self._keys()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys())

    def __len__(self) -> int:
        return len(self._keys())


class InvalidCondition(ValueError):
    """A Condition that IAM would refuse."""


_VARIABLE: Final = re.compile(r"\$\{\s*([^},\s]+)\s*(?:,\s*'([^'}]*)'\s*)?\}")
_LITERAL: Final = {"*": "\0*", "?": "\0?", "$": "$"}


def expand(pattern: str, context: Context) -> str | None:
    """A pattern with its variables replaced; None if the request has no value, or several, for one of them.

    ``${aws:username}`` is a context key, ``${aws:PrincipalTag/team, 'none'}`` one with a default; ``${*}``, ``${?}``
    and ``${$}`` are the characters themselves. The wildcards in a value are characters, and stand behind a NUL.
    """
    missing = False

    def value(match: re.Match[str]) -> str:
        nonlocal missing
        name, default = match[1], match[2]
        if name in _LITERAL:
            return _LITERAL[name]
        values = context.get(name.lower(), ())
        if len(values) != 1 and default is None:
            missing = True
            return ""
        return re.sub(r"([*?])", "\0\\1", values[0] if len(values) == 1 else default)

    expanded = _VARIABLE.sub(value, pattern)
    return None if missing else expanded


Test: TypeAlias = Callable[[str, str], bool]
"""Whether a value of the policy matches a value of the request."""


def _glob(wanted: str, value: str) -> bool:
    return bool(glob(wanted)(value))


def _number(test: Callable[[Decimal, Decimal], bool]) -> Test:
    def compare(wanted: str, value: str) -> bool:
        try:
            return test(Decimal(value), Decimal(wanted))
        except InvalidOperation:
            return False

    return compare


def instant(text: str) -> float | None:
    """A time by ISO 8601 or in seconds since 1970; None if the text is neither."""
    if re.fullmatch(r"-?\d+(\.\d+)?", text) and not re.fullmatch(r"\d{4}", text):
        return float(text)
    for form in ("%Y-%m-%dT%H:%M:%S.%f%z", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M%z", "%Y-%m-%d", "%Y-%m", "%Y"):
        try:
            moment = datetime.strptime(text, form)  # noqa: DTZ007 - a date without a time is one of UTC
        except ValueError:
            continue
        return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()
    return None


def _date(test: Callable[[float, float], bool]) -> Test:
    def compare(wanted: str, value: str) -> bool:
        here, there = instant(value), instant(wanted)
        return here is not None and there is not None and test(here, there)

    return compare


def _bool(wanted: str, value: str) -> bool:
    return wanted.lower() == value.lower()


def _binary(wanted: str, value: str) -> bool:
    try:
        return base64.b64decode(wanted, validate=True) == base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return False


def _address(wanted: str, value: str) -> bool:
    try:
        return ipaddress.ip_address(value) in ipaddress.ip_network(wanted, strict=False)
    except ValueError:
        return False


_ARN_PARTS: Final = 6


def _arn(wanted: str, value: str) -> bool:
    """Each of the six parts by itself; the last may have colons in it."""
    if wanted == "*":
        return True
    patterns, parts = wanted.split(":", _ARN_PARTS - 1), value.split(":", _ARN_PARTS - 1)
    if len(patterns) != len(parts) or len(parts) != _ARN_PARTS:
        return False
    return all(_glob(pattern, part) for pattern, part in zip(patterns, parts, strict=True))


def _caseless(wanted: str, value: str) -> bool:
    return wanted.replace("\0", "").lower() == value.lower()


def _equal(wanted: str, value: str) -> bool:
    return wanted.replace("\0", "") == value


_TESTS: Final[Mapping[str, tuple[Test, bool]]] = {
    # operator: its test, and whether it wants no value to match
    "StringEquals": (_equal, False),
    "StringNotEquals": (_equal, True),
    "StringEqualsIgnoreCase": (_caseless, False),
    "StringNotEqualsIgnoreCase": (_caseless, True),
    "StringLike": (_glob, False),
    "StringNotLike": (_glob, True),
    "NumericEquals": (_number(lambda value, wanted: value == wanted), False),
    "NumericNotEquals": (_number(lambda value, wanted: value == wanted), True),
    "NumericLessThan": (_number(lambda value, wanted: value < wanted), False),
    "NumericLessThanEquals": (_number(lambda value, wanted: value <= wanted), False),
    "NumericGreaterThan": (_number(lambda value, wanted: value > wanted), False),
    "NumericGreaterThanEquals": (_number(lambda value, wanted: value >= wanted), False),
    "DateEquals": (_date(lambda value, wanted: value == wanted), False),
    "DateNotEquals": (_date(lambda value, wanted: value == wanted), True),
    "DateLessThan": (_date(lambda value, wanted: value < wanted), False),
    "DateLessThanEquals": (_date(lambda value, wanted: value <= wanted), False),
    "DateGreaterThan": (_date(lambda value, wanted: value > wanted), False),
    "DateGreaterThanEquals": (_date(lambda value, wanted: value >= wanted), False),
    "Bool": (_bool, False),
    "BinaryEquals": (_binary, False),
    "IpAddress": (_address, False),
    "NotIpAddress": (_address, True),
    "ArnEquals": (_arn, False),
    "ArnLike": (_arn, False),
    "ArnNotEquals": (_arn, True),
    "ArnNotLike": (_arn, True),
}
_OPERATORS: Final = {name.lower(): name for name in (*_TESTS, "Null")}
_WITH_VARIABLES: Final = ("String", "Arn")
"""How operators begin whose values may have variables in them."""

_Sets: TypeAlias = Literal["", "ForAllValues", "ForAnyValue"]


@dataclass(frozen=True, slots=True)
class Condition:
    """One operator on one context key."""

    operator: str
    key: str
    values: tuple[str, ...]
    of_set: _Sets = ""
    if_exists: bool = False

    def holds(self, context: Context, *, variables: bool) -> bool:
        """Whether a request meets it."""
        found = context.get(self.key.lower())
        if self.operator == "Null":
            return any((wanted.lower() == "true") is (found is None) for wanted in self.values)
        test, negated = _TESTS[self.operator]
        if not found:
            return self._without_value(negated=negated)
        wanted = self.values
        if variables and self.operator.startswith(_WITH_VARIABLES):
            wanted = tuple(value for each in wanted if (value := expand(each, context)) is not None)
        each = (any(test(value, given) for value in wanted) is not negated for given in found)
        if self.of_set == "ForAllValues" or (negated and not self.of_set):
            return all(each)
        return any(each)

    def _without_value(self, *, negated: bool) -> bool:
        """Whether it holds where the request has no value of the key."""
        if self.if_exists or self.of_set == "ForAllValues":
            return True
        return negated and self.of_set != "ForAnyValue"


def read_conditions(given: JSON) -> tuple[Condition, ...]:
    """The conditions of a statement, all of which must hold.

    Raises:
        InvalidCondition: an operator is unknown, or the object has another form.
    """
    if not isinstance(given, dict):
        raise InvalidCondition("Condition is an object of operators.")
    found = []
    for name, keys in given.items():
        of_set, operator, if_exists = _operator(name)
        if not isinstance(keys, dict):
            raise InvalidCondition(f"the operator {name} has an object of context keys.")
        for key, value in keys.items():
            values = value if isinstance(value, list) else [value]
            if not all(isinstance(each, str | int | float | bool) for each in values):
                raise InvalidCondition(f"the values of {key} are texts, numbers or Booleans.")
            texts = tuple(str(each).lower() if isinstance(each, bool) else str(each) for each in values)
            found.append(Condition(operator, key, texts, of_set, if_exists))
    return tuple(found)


def _operator(name: str) -> tuple[_Sets, str, bool]:
    before, colon, rest = name.rpartition(":")
    sets: dict[str, _Sets] = {"": "", "forallvalues": "ForAllValues", "foranyvalue": "ForAnyValue"}
    exists = rest.lower().endswith("ifexists")
    operator = _OPERATORS.get(rest[: -len("IfExists")].lower() if exists else rest.lower())
    if operator is None or before.lower() not in sets or (colon and not before) or (operator == "Null" and exists):
        raise InvalidCondition(f"there is no condition operator {name}.")
    return sets[before.lower()], operator, exists
