r"""Wildcards of event patterns: ``*`` stands for any characters, ``\*`` and ``\\`` for themselves.

AWS counts how many beginnings of wildcards one value can match at the same time, and refuses a pattern where that is
more than ten. Source: WildcardParser and MachineComplexityEvaluator of aws/event-ruler,
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Hashable, Iterator
from typing import Final, TypeAlias

ANY: Final = 256
"""The token of a wildcard; every other token is a byte."""
MOST_AT_ONCE: Final = 10
_MOST_SETS: Final = 5_000
"""Sets of states that are looked at: what has more of them is not known to be too complex."""

_ESCAPED: Final = b"*\\"

_State: TypeAlias = Hashable


class InvalidWildcard(ValueError):
    """A text is no wildcard pattern; the message is AWS's."""


def tokens(text: str) -> list[int]:
    """The bytes of a pattern in UTF-8, with ``ANY`` for each wildcard.

    Raises:
        InvalidWildcard: two wildcards stand side by side, or a backslash escapes nothing.
    """
    quoted = f'"{text}"'.encode()  # places are counted as AWS does, from the quote on
    found, at = [], 0
    while at < len(quoted):
        byte, following = quoted[at], quoted[at + 1 : at + 2]
        if byte == ord("*"):
            if following == b"*":
                raise InvalidWildcard(f"Consecutive wildcard characters at pos {at}")
            byte = ANY
        elif byte == ord("\\"):
            if not following or following not in _ESCAPED:
                raise InvalidWildcard(f"Invalid escape character at pos {at}")
            at += 1
            byte = following[0]
        found.append(byte)
        at += 1
    return found


def expression(text: str) -> re.Pattern[str]:
    """The regular expression of a pattern that ``tokens`` has read. It never has to go back more than one wildcard."""
    literals = [bytes(part) for part in _parts(tokens(text)[1:-1])]
    if len(literals) == 1:
        return re.compile(re.escape(literals[0].decode()), re.DOTALL)
    first, *middle, last = (re.escape(literal.decode()) for literal in literals)
    # A lookahead whose group is matched again is atomic, also in Python 3.10: the earliest place is always right.
    found = "".join(f"(?=(?P<p{n}>.*?{part}))(?P=p{n})" for n, part in enumerate(middle))
    return re.compile(f"{first}{found}.*{last}", re.DOTALL)


def _parts(found: list[int]) -> Iterator[list[int]]:
    part: list[int] = []
    for token in found:
        if token == ANY:
            yield part
            part = []
        else:
            part.append(token)
    yield part


def too_complex(wildcards: Collection[tuple[str, str]]) -> bool:
    """Whether one value can match more beginnings of wildcards than AWS allows.

    ``wildcards`` are the wildcards of one field, each beside what names its match expression: a list of wildcards
    inside of ``anything-but`` counts as one.
    """
    literal: dict[_State, dict[int, set[_State]]] = defaultdict(lambda: defaultdict(set))
    any_byte: dict[_State, set[_State]] = defaultdict(set)
    through: dict[_State, set[str]] = defaultdict(set)
    for number, (name, text) in enumerate(wildcards):
        _add(number, name, tokens(text), literal, any_byte, through)
    pending, seen = [frozenset[_State]([()])], set[frozenset[_State]]()
    while pending and len(seen) < _MOST_SETS:
        active = pending.pop()
        for byte in {ANY, *(byte for state in active for byte in literal[state])}:
            following = {each for state in active for each in any_byte[state]}
            following |= {each for state in active for each in literal[state].get(byte, ())}
            beside = {each for state in following for each in any_byte[state]} - following
            if sum(len(through[state]) for state in (*following, *beside)) > MOST_AT_ONCE:
                return True
            reached = frozenset(following)
            if reached and reached not in seen:
                seen.add(reached)
                pending.append(reached)
    return False


def _add(
    number: int,
    name: str,
    found: list[int],
    literal: dict[_State, dict[int, set[_State]]],
    any_byte: dict[_State, set[_State]],
    through: dict[_State, set[str]],
) -> None:
    """Add a wildcard to the machine of a field: beginnings without a wildcard are shared, and so is the end."""
    before: _State = ()
    current: _State = ()
    for at, token in enumerate(found):
        state: _State = tuple(found[: at + 1]) if ANY not in found[:at] else (number, at)
        if at == len(found) - 1:
            state = name
        if token == ANY:
            any_byte[current].add(state)
            any_byte[state].add(state)
        else:
            literal[current][token].add(state)
            if at and found[at - 1] == ANY:  # a wildcard also stands for nothing
                literal[before][token].add(state)
        through[state].add(name)
        before, current = current, state
