"""Filter policies of SNS: which messages of a topic a subscription wants. They are event patterns, of an older day.

Source: https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html, and refusals as observed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Final

from asl_interpreter import jackson
from asl_interpreter.jsontext import JSON, InvalidJSON, dumps, loads
from emulator.events.match_types import END, InvalidPattern, Step
from emulator.events.patterns import Pattern, compile_object

ATTRIBUTES: Final = "MessageAttributes"
BODY: Final = "MessageBody"
MOST_KEYS: Final = 5
MOST_COMBINATIONS: Final = 150
LARGEST: Final = 1_000_000_000

_MATCH_TYPES: Final = frozenset({"anything-but", "cidr", "equals-ignore-case", "exists", "numeric", "prefix", "suffix"})
_INSIDE_ANYTHING_BUT: Final = frozenset({"prefix"})
"""What SNS knows of the match types that EventBridge has."""


class InvalidFilterPolicy(ValueError):
    """A policy is none; the message is what SNS says of it."""


@dataclass(frozen=True, slots=True)
class FilterPolicy:
    """A policy, compiled, with what it is held against."""

    pattern: Pattern | None
    """None of a policy that wants everything."""
    scope: str

    def wants(self, attributes: Mapping[str, Mapping[str, str]], body: str) -> bool:
        """Whether a message is wanted, by its attributes (``Type`` and ``Value``) or its body."""
        if self.pattern is None:
            return True
        if self.scope == ATTRIBUTES:
            return self.pattern.matches({name: _seen(value) for name, value in attributes.items()})
        try:
            content = loads(body)
        except InvalidJSON:
            return False
        return isinstance(content, dict) and self.pattern.matches(content)


def compile_policy(text: str, scope: str) -> FilterPolicy:
    """Read a policy; an empty text or object wants everything.

    Raises:
        InvalidFilterPolicy: it is none.
    """
    try:
        policy = loads(text or "{}")
    except InvalidJSON:
        raise InvalidFilterPolicy(f"FilterPolicy: failed to parse JSON. {_unreadable(text)}") from None
    if not isinstance(policy, dict):
        raise InvalidFilterPolicy("FilterPolicy: failed to parse JSON. Filter is not an object")
    if not policy:
        return FilterPolicy(None, scope)
    try:
        for expression, place in _expressions(policy, ()):
            _check_match_type(expression, place)
        pattern = compile_object(policy)
    except InvalidPattern as error:
        raise InvalidFilterPolicy(f"FilterPolicy: {_with_place(error, policy)}") from None
    if scope == ATTRIBUTES and any(_is_nested(name, wanted) for name, wanted in policy.items()):
        raise InvalidFilterPolicy(f"Filter policy scope {ATTRIBUTES} does not support nested filter policy")
    if len(policy) > MOST_KEYS:
        raise InvalidFilterPolicy(f"FilterPolicy: Filter policy can not have more than {MOST_KEYS} keys")
    if prod(_combinations(policy, 1)) > MOST_COMBINATIONS:
        raise InvalidFilterPolicy("FilterPolicy: Filter policy is too complex")
    return FilterPolicy(pattern, scope)


def _seen(attribute: Mapping[str, str]) -> JSON:
    """An attribute of a message as a policy sees it: a number, a text, or the values of an array.

    Source: https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html
    """
    kind, text = attribute["Type"], attribute["Value"]
    try:
        if kind.startswith("Number"):
            return float(text) if any(letter in text for letter in ".eE") else int(text)
        if kind == "String.Array":
            return loads(text)
    except (ValueError, InvalidJSON):
        pass
    return text


def _is_nested(name: str, wanted: JSON) -> bool:
    """Whether a field is one of an object. Alternatives of ``$or`` are as deep as the fields beside them."""
    if name == "$or" and isinstance(wanted, list):
        return any(_is_nested(*field) for each in wanted if isinstance(each, dict) for field in each.items())
    return isinstance(wanted, dict)


def _combinations(policy: Mapping[str, JSON], depth: int) -> Iterator[int]:
    """For each array of values the number of them, times its depth; alternatives of ``$or`` add up."""
    for name, wanted in policy.items():
        if isinstance(wanted, dict):
            yield from _combinations(wanted, depth + 1)
        elif name == "$or":
            yield sum(prod(_combinations(each, depth)) for each in wanted)
        else:
            yield len(wanted) * depth


# Refusals


def _expressions(policy: Mapping[str, JSON], place: tuple[Step, ...]) -> Iterator[tuple[JSON, tuple[Step, ...]]]:
    """The match expressions of a policy, each with its place."""
    for name, wanted in policy.items():
        if isinstance(wanted, dict):
            yield from _expressions(wanted, (*place, name))
        elif isinstance(wanted, list):
            for index, each in enumerate(wanted):
                inside = (*place, name, index)
                if name == "$or" and isinstance(each, dict):
                    yield from _expressions(each, inside)
                elif isinstance(each, dict):
                    yield each, inside


def _check_match_type(expression: Mapping[str, JSON], place: tuple[Step, ...]) -> None:
    """Refuse what EventBridge knows and SNS does not, and in SNS's words what both refuse."""
    name, argument = next(iter(expression.items()), ("exists", None))
    if name not in _MATCH_TYPES:
        raise InvalidPattern(f"Unrecognized match type {name}", *place, name)
    if name == "anything-but" and isinstance(argument, dict) and argument:
        inside, operand = next(iter(argument.items()))
        if inside not in _INSIDE_ANYTHING_BUT:
            raise InvalidPattern(f"Unsupported anything-but pattern: {inside}", *place, name, inside)
        if not isinstance(operand, str):
            raise InvalidPattern(f"{inside} match pattern must be a string", *place, name, inside)
    if name == "numeric" and isinstance(argument, list):
        for index, operand in enumerate(argument):
            if isinstance(operand, int | float) and abs(operand) > LARGEST:
                raise InvalidPattern("Value must be between -1.0E9 and 1.0E9, inclusive", *place, name, index)


def _unreadable(text: str) -> str:
    explained = jackson.explain(text)
    if explained is None:
        return ""
    source = "[Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled)"
    # since 2.16 the place of a character is its own, and not the one after it
    column = explained.column - explained.message.startswith("Unexpected character")
    return f"{explained.message}\n at {source}; line: {explained.line}, column: {column}]"


def _with_place(error: InvalidPattern, policy: JSON) -> str:
    """What is wrong and where, in the policy as SNS writes it."""
    if error.place is None:
        return str(error)
    column = 1 + _length_until(policy, error.place, is_read=error.is_read)
    return f'{error}\n at [Source: (String)"{dumps(policy)}"; line: 1, column: {column}]'


def _length_until(value: JSON, place: Sequence[Step], *, is_read: bool) -> int:
    """How much of the text of a value has been read where the value at a place begins, or is a scalar, ends."""
    if not place:
        opens = isinstance(value, dict | list) or (isinstance(value, str) and not is_read)
        return 1 if opens else len(dumps(value))
    step, *rest = place
    if step is END or (isinstance(value, list) and isinstance(step, int) and step >= len(value)):
        return len(dumps(value))
    before = 1
    entries = value.items() if isinstance(value, dict) else enumerate(value)
    for key, entry in entries:
        name = len(dumps(key)) + 1 if isinstance(value, dict) else 0
        if key == step:
            return before + name + _length_until(entry, rest, is_read=is_read)
        before += name + len(dumps(entry)) + 1
    raise KeyError(step)
