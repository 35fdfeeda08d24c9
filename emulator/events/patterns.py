"""Event patterns: which events a rule, an archive, a pipe or an event source mapping wants.

A pattern is compiled once. It is seen as AWS sees it: alternatives (from ``$or``), each of them a set of fields by
their dotted paths, so that ``{"detail": {"state": ["on"]}}`` wants the same as ``{"detail.state": ["on"]}``. An event
is seen alike. Fields in objects of one array have to match in the same object.

Source: JsonRuleCompiler, Event and ArrayMembership of aws/event-ruler;
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias

from asl_interpreter import jackson
from asl_interpreter.jsontext import JSON, InvalidJSON, dumps, loads
from emulator.events import wildcards
from emulator.events.match_types import (
    END,
    RESERVED_IN_OR,
    InvalidPattern,
    Test,
    compile_expression,
    compile_value,
    exists,
    wildcards_of,
    within,
)

__all__ = ["InvalidPattern", "Pattern", "compile_pattern"]

MOST_ALTERNATIVES: Final = 1_000
"""Combinations of ``$or`` that AWS allows. How it words the refusal is not known; the words are ours."""
DEEPEST: Final = 200
"""Levels of a pattern that are read; the words of the refusal are ours."""

Membership: TypeAlias = "frozenset[tuple[int, int]]"
"""In which objects a value stands: the number of each array around it, and the place in that array."""
Fields: TypeAlias = "Mapping[str, Sequence[tuple[JSON, Membership]]]"
"""Dotted path -> the values there."""


class Field(NamedTuple):
    """What a pattern wants of one field: any of the tests, or that there is none."""

    tests: tuple[Test, ...]
    absent: bool
    source: str

    def found(self, values: Sequence[tuple[JSON, Membership]]) -> set[Membership]:
        """Where the values stand that are as wanted."""
        return {place for value, place in values if any(test(value) for test in self.tests)}


class Pattern:
    """An event pattern, compiled."""

    def __init__(self, alternatives: Sequence[Mapping[str, Field]]) -> None:
        self._alternatives = alternatives
        self._steps = frozenset(step for fields in alternatives for path in fields for step in path.split("."))

    def matches(self, event: JSON) -> bool:
        """Whether the pattern wants an event."""
        fields = self._flatten(event)
        return any(_wanted(alternative, fields) for alternative in self._alternatives)

    def _flatten(self, event: JSON) -> Fields:
        """The fields of an event, as far as the pattern names steps of their paths."""
        fields: dict[str, list[tuple[JSON, Membership]]] = defaultdict(list)
        arrays = 0
        pending: list[tuple[str, JSON, Membership]] = [("", event, frozenset())]
        while pending:
            path, value, place = pending.pop()
            if isinstance(value, dict):
                for name, member in value.items():
                    if name in self._steps or "." in name:
                        pending.append((f"{path}.{name}" if path else name, member, place))
            elif isinstance(value, list):
                for index, item in enumerate(value):
                    inside = place | {(arrays, index)} if isinstance(item, dict | list) else place
                    pending.append((path, item, inside))
                arrays += 1
            else:
                fields[path].append((value, place))
        return fields


@lru_cache(maxsize=1024)
def compile_pattern(text: str) -> Pattern:
    """Read a pattern; one that was read is kept.

    Raises:
        InvalidPattern: it is none. The message is AWS's, without the place in the text that AWS adds.
    """
    try:
        pattern = loads(text)
    except InvalidJSON as error:
        explained = jackson.explain(text)
        raise InvalidPattern(str(error) if explained is None else explained.message) from None
    if not isinstance(pattern, dict):
        raise InvalidPattern("Filter is not an object")
    return compile_object(pattern)


def compile_object(pattern: Mapping[str, JSON]) -> Pattern:
    """Compile a pattern that was read.

    Raises:
        InvalidPattern: it is none.
    """
    alternatives = _compile_object([{}], pattern, "", within_or=False, depth=1)
    _check_complexity(alternatives)
    return Pattern(alternatives)


_Alternatives: TypeAlias = "list[dict[str, Field]]"


def _compile_object(
    alternatives: _Alternatives, pattern: Mapping[str, JSON], path: str, *, within_or: bool, depth: int
) -> _Alternatives:
    """The alternatives, each with what an object of the pattern wants added to it."""
    if not pattern:
        raise InvalidPattern("Empty objects are not allowed", END)
    if depth > DEEPEST:
        raise InvalidPattern(f"Rule is too complex - more than {DEEPEST} levels are nested")
    for name, wanted in pattern.items():
        with within(name):
            if name == "$or":
                alternatives = _compile_or(alternatives, wanted, path, depth)
                continue
            if within_or and name in RESERVED_IN_OR:
                raise InvalidPattern(f"{name} is Ruler reserved fieldName which cannot be used inside $or.")
            inside = f"{path}.{name}" if path else name
            match wanted:
                case dict():
                    alternatives = _compile_object(alternatives, wanted, inside, within_or=within_or, depth=depth + 1)
                case list():
                    field = _compile_field(wanted)
                    alternatives = [{**fields, inside: field} for fields in alternatives]
                case _:
                    raise InvalidPattern(f'"{name}" must be an object or an array')
    return alternatives


def _compile_or(alternatives: _Alternatives, wanted: JSON, path: str, depth: int) -> _Alternatives:
    if not isinstance(wanted, list):
        raise InvalidPattern("It must be an Array followed with $or.")
    branched: _Alternatives = []
    for index, each in enumerate(wanted):
        with within(index):
            if not isinstance(each, dict):
                raise InvalidPattern("Only JSON object is allowed in array of $or relationship.")
            branched += _compile_object(alternatives, each, path, within_or=True, depth=depth + 1)
        if len(branched) > MOST_ALTERNATIVES:
            raise InvalidPattern(f"Rule is too complex - more than {MOST_ALTERNATIVES} combinations of $or")
    if len(wanted) < 2:
        raise InvalidPattern("There must have at least 2 Objects in $or relationship.", END)
    return branched


def _compile_field(wanted: Sequence[JSON]) -> Field:
    tests: list[Test] = []
    absent = False
    for index, each in enumerate(wanted):
        with within(index):
            if not isinstance(each, dict):
                tests.append(compile_value(each))
            elif next(iter(each), "") != "exists":
                tests.append(compile_expression(each))
            elif exists(each):
                tests.append(lambda _value: True)
            else:
                absent = True
    if not wanted:
        raise InvalidPattern("Empty arrays are not allowed", END)
    return Field(tuple(tests), absent, dumps(wanted))


def _check_complexity(alternatives: _Alternatives) -> None:
    """Refuse a pattern whose wildcards are too many for one field.

    Alternatives that want the same of the fields before it, in the order of their paths, are judged together.
    """
    machines: dict[tuple[str, ...], dict[tuple[str, str], None]] = defaultdict(dict)
    for fields in alternatives:
        before: list[str] = []
        for path, field in sorted(fields.items()):
            if "wildcard" in field.source:
                for each in loads(field.source):
                    for text in wildcards_of(each):
                        machines[(*before, path)][dumps(each), text] = None
            before += [path, field.source]
    if any(wildcards.too_complex(found) for found in machines.values()):
        raise InvalidPattern(
            "Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences after "
            "a wildcard character",
            has_place=False,
        )


def _wanted(alternative: Mapping[str, Field], fields: Fields) -> bool:
    """Whether an event has all the fields of an alternative, those of one array in one object of it."""
    places: list[set[Membership]] = []
    for path, field in alternative.items():
        values = fields.get(path, ())
        if not values and field.absent:
            continue
        found = field.found(values)
        if not found:
            return False
        if frozenset() not in found:
            places.append(found)
    return len(places) < 2 or _consistent(places)


def _consistent(places: Sequence[set[Membership]]) -> bool:
    """Whether a place of each field can be chosen such that no two stand in different objects of one array."""
    joined: set[Membership] = {frozenset()}
    for number, found in enumerate(places):
        later = {array for each in places[number + 1 :] for place in each for array, _ in place}
        joined = {frozenset(pair for pair in place if pair[0] in later) for place in _join(joined, found)}
        if not joined:
            return False
    return True


def _join(left: Iterable[Membership], right: Iterable[Membership]) -> set[Membership]:
    """All pairs of places that agree in the arrays which both stand in, each pair as one place."""
    joined: set[Membership] = set()
    right_by_arrays = _by_arrays(right)
    for arrays, some in _by_arrays(left).items():
        for other_arrays, others in right_by_arrays.items():
            common = arrays & other_arrays
            agreeing: dict[Membership, list[Membership]] = defaultdict(list)
            for place in others:
                agreeing[_within(place, common)].append(place)
            joined.update(place | other for place in some for other in agreeing.get(_within(place, common), ()))
    return joined


def _by_arrays(places: Iterable[Membership]) -> dict[frozenset[int], list[Membership]]:
    grouped: dict[frozenset[int], list[Membership]] = defaultdict(list)
    for place in places:
        grouped[frozenset(array for array, _ in place)].append(place)
    return grouped


def _within(place: Membership, arrays: frozenset[int]) -> Membership:
    return frozenset(pair for pair in place if pair[0] in arrays)
