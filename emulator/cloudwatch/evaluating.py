"""Evaluating: which state an alarm is in, by the datapoints of its periods.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html ("Configuring how
CloudWatch alarms treat missing data", whose tables the tests hold)
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from typing import Final, Literal, NamedTuple, TypeAlias

State: TypeAlias = Literal["OK", "ALARM", "INSUFFICIENT_DATA"]
Point: TypeAlias = "tuple[float, float | None]"
"""When a period begins, and its statistic; None if it has no data."""

MORE_PERIODS: Final = 2
"""Periods before those that are evaluated, which stand in for later ones that have no data."""

_COMPARED: Final[Mapping[str, tuple[Callable[[float, float], bool], str]]] = {
    "GreaterThanThreshold": (operator.gt, "greater than"),
    "GreaterThanOrEqualToThreshold": (operator.ge, "greater than or equal to"),
    "LessThanThreshold": (operator.lt, "less than"),
    "LessThanOrEqualToThreshold": (operator.le, "less than or equal to"),
}
COMPARISONS: Final = frozenset(_COMPARED)


class Rule(NamedTuple):
    """What an alarm is raised by."""

    comparison: str
    threshold: float
    periods: int
    needed: int
    """Datapoints to alarm."""
    missing: str
    """``missing``, ``ignore``, ``breaching`` or ``notBreaching``."""


class Verdict(NamedTuple):
    """The state that an alarm is to be in, and why."""

    state: State
    reason: str
    points: tuple[Point, ...]
    """Those that were looked at, the latest first."""


def evaluate(rule: Rule, points: Sequence[Point], now: State) -> Verdict:
    """The state by the points of as many periods as there are, from the earliest to the latest.

    >>> evaluate(Rule("GreaterThanThreshold", 1.0, 1, 1, "missing"), [(0.0, 5.0)], "OK").state
    'ALARM'
    """
    compare, _ = _COMPARED[rule.comparison]
    real = [(at, value) for at, value in points if value is not None][-rule.periods :]
    lacking = rule.periods - len(real)
    breaching = sum(1 for _, value in real if compare(value, rule.threshold))
    looked_at = tuple(reversed(real))
    if not real:
        return _of_nothing(rule, now)
    if rule.missing == "breaching":
        raised = breaching + lacking >= rule.needed
    elif rule.missing in ("missing", "ignore") and lacking and breaching == len(real) < rule.needed:
        if rule.missing == "ignore":
            return Verdict(now, "", looked_at)
        raised = True
    else:
        raised = breaching >= rule.needed
    return Verdict("ALARM" if raised else "OK", _reason(rule, looked_at, raised=raised), looked_at)


def _of_nothing(rule: Rule, now: State) -> Verdict:
    count = rule.periods
    if rule.missing == "ignore":
        return Verdict(now, "", ())
    if rule.missing in ("breaching", "notBreaching"):
        treated = "Breaching" if rule.missing == "breaching" else "NonBreaching"
        reason = (
            f"Threshold Crossed: no datapoints were received for {_counted(count, 'period')} and "
            f"{_counted(count, 'missing datapoint')} {'was' if count == 1 else 'were'} treated as [{treated}]."
        )
        return Verdict("ALARM" if rule.missing == "breaching" else "OK", reason, ())
    reason = f"Insufficient Data: {_counted(count, 'datapoint')} {'was' if count == 1 else 'were'} unknown."
    return Verdict("INSUFFICIENT_DATA", reason, ())


def _reason(rule: Rule, points: Sequence[Point], *, raised: bool) -> str:
    compare, words = _COMPARED[rule.comparison]
    counted = [each for each in points if each[1] is not None and compare(each[1], rule.threshold) == raised]
    shown = ", ".join(f"{value} ({_date(at)})" for at, value in (counted or points))
    was = ("was" if len(counted) == 1 else "were") + ("" if raised else " not")
    needed = rule.needed if raised else rule.periods - rule.needed + 1
    change = "OK -> ALARM" if raised else "ALARM -> OK"
    return (
        f"Threshold Crossed: {len(counted)} out of the last {_counted(rule.periods, 'datapoint')} [{shown}] {was} "
        f"{words} the threshold ({float(rule.threshold)}) (minimum {_counted(needed, 'datapoint')} for {change} "
        "transition)."
    )


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _date(at: float) -> str:
    return datetime.fromtimestamp(at, timezone.utc).strftime("%d/%m/%y %H:%M:%S")


# Composite alarms: a rule over the states of others.

_TOKEN: Final = re.compile(
    r"\s*(?:(\(|\))|(AND|OR|NOT|TRUE|FALSE)\b"
    r"|(ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*(\"[^\"]*\"|[^)]*?)\s*\))"
)


class InvalidRule(ValueError):
    """The text is no rule of a composite alarm."""


def holds(rule: str, state_of: Callable[[str], str | None]) -> bool:
    """Whether the rule of a composite alarm holds; ``state_of`` gives the state of an alarm by its name or ARN.

    >>> holds('ALARM("a") AND NOT OK(b)', {"a": "ALARM", "b": "ALARM"}.get)
    True

    Raises:
        InvalidRule: it is none.
    """
    tokens: list[re.Match[str]] = []
    at = 0
    text = rule.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise InvalidRule(text[at:])
        tokens.append(match)
        at = match.end()
    return _Reader(tokens, state_of).whole()


class _Reader:
    def __init__(self, tokens: list[re.Match[str]], state_of: Callable[[str], str | None]) -> None:
        self._tokens = tokens
        self._state_of = state_of
        self._at = 0

    def whole(self) -> bool:
        found = self._any()
        if self._at != len(self._tokens):
            raise InvalidRule("more follows")
        return found

    def _next_is(self, word: str) -> bool:
        if self._at < len(self._tokens) and word in (self._tokens[self._at][1], self._tokens[self._at][2]):
            self._at += 1
            return True
        return False

    def _any(self) -> bool:
        found = self._all()
        while self._next_is("OR"):
            found = self._all() or found
        return found

    def _all(self) -> bool:
        found = self._one()
        while self._next_is("AND"):
            found = self._one() and found
        return found

    def _one(self) -> bool:
        if self._next_is("NOT"):
            return not self._one()
        if self._next_is("("):
            found = self._any()
            if not self._next_is(")"):
                raise InvalidRule(") is missing")
            return found
        for word, value in (("TRUE", True), ("FALSE", False)):
            if self._next_is(word):
                return value
        token = self._tokens[self._at] if self._at < len(self._tokens) else None
        if token is None or token[3] is None:
            raise InvalidRule("an alarm is missing")
        self._at += 1
        return self._state_of(token[4].strip('"').strip()) == token[3]
