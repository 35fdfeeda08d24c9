"""How a path is followed: its steps, their predicates, order, variables and groups.

A step is evaluated for every item that the step before it gave, and what it gives is one flat sequence. Where a path
binds variables (``@``, ``#``, ``%``), a stream of tuples carries them along with each item.
Source: https://docs.jsonata.org/processing and the reference implementation.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cmp_to_key
from typing import TypeAlias

from .errors import EvaluationError
from .runtime import Evaluator, Run, Scope, boolean
from .values import (
    UNDEFINED,
    Array,
    Constructed,
    KeptSequence,
    Record,
    Sequence,
    TupleStream,
    Value,
    Wrapped,
    is_number,
    items,
    normal,
)

Selector: TypeAlias = Callable[[Value, Scope], Value]
"""A predicate: a value and the scope to those of its items that it selects."""

Terms: TypeAlias = list[tuple[Evaluator, bool]]
"""What to order by, most significant first, and whether from the greatest down."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a path."""

    evaluate: Evaluator
    name: str | None
    """The member that the step selects, where it is a name."""
    terms: Terms | None
    """Not None for an order-by step, which has nothing to evaluate."""
    stages: list[Selector | str]
    """Its predicates, and the names of variables that number what the predicates before left."""
    is_constructed: bool
    """Whether it is ``[...]`` that is not flattened."""
    binds: bool
    """Whether it is from here on a stream of tuples."""
    focus: str | None
    index: str | None
    ancestor: str | None
    """The variables that it binds to its item, to the item's number and to the item it started from."""
    is_plain: bool
    """Whether there is nothing to it but what it evaluates."""


def follow(
    steps: list[Step], pairs: list[tuple[Evaluator, Evaluator]] | None, *, absolute: bool, keep: bool, keep_tuples: bool
) -> Evaluator:
    """The evaluator of a path. ``absolute``: it begins with a variable; ``keep``: it says ``[]``; ``pairs``: groups."""

    def evaluate(context: Value, scope: Scope) -> Value:
        source: Value = context if isinstance(context, list) and not absolute else Sequence([context])
        tuples: TupleStream | None = None
        result: Value = source
        last = len(steps) - 1
        for place, step in enumerate(steps):
            if tuples is not None or step.binds:
                tuples = _stream(step, source, tuples, scope)
                continue
            if step.is_constructed and place == 0:
                result = step.evaluate(source, scope)
                if not isinstance(result, list):  # a predicate selected one of its items
                    result = Sequence(() if result is UNDEFINED else (result,))
            else:
                result = _step(step, source, scope, place == last)
            if not result:
                break
            source = result
        if tuples is not None:
            result = tuples if keep_tuples else Sequence(item["@"] for item in tuples)
        if keep:
            result = (
                KeptSequence([result] if isinstance(result, Constructed) else result)
                if isinstance(result, (Constructed, Sequence))
                else result
            )
        if pairs is not None:
            return grouped(pairs, result if tuples is None else tuples, scope)
        return normal(result)

    return evaluate


def _step(step: Step, source: list[Value], scope: Scope, is_last: bool) -> Value:  # noqa: FBT001 - internal
    if step.terms is not None:
        return _staged(step, _ordered(step.terms, source, scope), scope)
    run, evaluate, stages = scope.run, step.evaluate, step.stages
    run.spend(len(source))
    values = []
    for item in source:
        value = evaluate(item, scope)
        for stage in stages:
            value = stage(value, scope)  # type: ignore[operator]  # a step that numbers its items makes tuples
        if value is not UNDEFINED:
            values.append(value)
    if is_last and len(values) == 1 and isinstance(values[0], list) and not isinstance(values[0], Sequence):
        return values[0]
    flat = Sequence()
    for value in values:
        if isinstance(value, list) and not isinstance(value, Constructed):
            flat += value
            run.hold(len(flat), len(value))
        else:
            flat.append(value)
    return flat


def _stream(step: Step, source: list[Value], tuples: TupleStream | None, scope: Scope) -> TupleStream:
    """A step that carries variables along, for each tuple so far; the first such step makes them from the items."""
    run = scope.run
    if step.terms is not None:
        if tuples is None:
            ordered = enumerate(_ordered(step.terms, source, scope))
            tuples = TupleStream({"@": item, step.index: place} for place, item in ordered)
        else:
            tuples = TupleStream(_ordered(step.terms, tuples, scope))
        return TupleStream(_staged(step, tuples, scope))
    if tuples is None:
        tuples = TupleStream({"@": item} for item in source)
    run.spend(len(tuples))
    result = TupleStream()
    for origin in tuples:
        values = items(step.evaluate(origin["@"], Scope(origin, scope, run)))
        if isinstance(values, TupleStream):
            result += [{**origin, **value} for value in values]
        else:
            result += [_tuple(step, origin, place, value) for place, value in enumerate(values)]
        run.hold(len(result), 16 * len(values))
    return TupleStream(_staged(step, result, scope))


def _tuple(step: Step, origin: dict[str, Value], place: int, value: Value) -> dict[str, Value]:
    bound = {**origin, (step.focus or "@"): value}
    if step.index is not None:
        bound[step.index] = place
    if step.ancestor is not None:
        bound[step.ancestor] = origin["@"]
    return bound


def _staged(step: Step, result: Value, scope: Scope) -> Value:
    for stage in step.stages:
        if isinstance(stage, str):
            result = TupleStream({**item, stage: place} for place, item in enumerate(result))
        else:
            result = stage(result, scope)
    return result


def selector(predicate: int | Evaluator) -> Selector:
    """A predicate by its number (from the end where negative), or by what it evaluates to for each item.

    A number is the place of the item to select, a list of numbers places; any other value selects by its boolean value.
    """
    if isinstance(predicate, int):
        return lambda value, _frame: _at(predicate, items(value))

    def select(value: Value, scope: Scope) -> Value:
        source, run = items(value), scope.run
        run.spend(len(source))
        if not isinstance(source, TupleStream):
            return Sequence(
                item
                for place, item in enumerate(source)
                for _ in range(_times(run, predicate(item, scope), place, len(source)))
            )
        return TupleStream(
            item
            for place, item in enumerate(source)
            for _ in range(_times(run, predicate(item["@"], Scope(item, scope, run)), place, len(source)))
        )

    return select


def _at(place: int, source: list[Value]) -> Value:
    if not -len(source) <= place < len(source):
        return type(source)() if isinstance(source, TupleStream) else Sequence()
    item = source[place]
    if isinstance(source, TupleStream):
        return TupleStream([item])
    return item if isinstance(item, list) else Sequence([item])


def _times(run: Run, result: Value, place: int, count: int) -> int:
    """How often a predicate's result selects the item at a place: a list of numbers may name it more than once."""
    if result is True or result is False:
        return int(result)
    if isinstance(result, list):
        run.spend(len(result))
        if all(map(is_number, result)):
            return sum(math.floor(number) in (place, place - count) for number in result)
    elif is_number(result):
        return int(math.floor(result) in (place, place - count))
    return int(boolean(run, result))


def grouped(pairs: list[tuple[Evaluator, Evaluator]], value: Value, scope: Scope) -> Record:
    """An object with a member for every key that the pairs give for an item, made from the items that gave it.

    Raises:
        EvaluationError: T1003 for a key that is no string, D1009 for one that two pairs give.
    """
    run = scope.run
    is_stream = isinstance(value, TupleStream)
    source = value if isinstance(value, list) else [value]
    run.spend(len(source))
    groups: dict[str, tuple[int, list[Value]]] = {}
    nothing: list[Value] = [] if is_stream else [UNDEFINED]
    for item in source or nothing:
        context, scope = (item["@"], Scope(item, scope, run)) if is_stream else (item, scope)
        for number, (key_of, _) in enumerate(pairs):
            key = key_of(context, scope)
            if key is UNDEFINED:
                continue
            if not isinstance(key, str):
                raise EvaluationError("T1003", value=key)
            by, members = groups.setdefault(key, (number, []))
            if by != number:
                raise EvaluationError("D1009", value=key)
            members.append(item)
    record = Record()
    for key, (number, members) in groups.items():
        context, scope = _joined_tuples(members, scope) if is_stream else (_joined(members), scope)
        member = pairs[number][1](context, scope)
        if member is not UNDEFINED:
            record[key] = member
    return record


def _joined(values: list[Value]) -> Value:
    """Values appended to each other: a single one is itself, arrays give their items."""
    if len(values) == 1:
        return values[0]
    return Array(item for value in values for item in (value if isinstance(value, list) else [value]))


def _joined_tuples(tuples: list[dict[str, Value]], scope: Scope) -> tuple[Value, Scope]:
    """The items of several tuples as one context, and a scope with the values of each of their variables joined."""
    names = dict.fromkeys(name for bound in tuples for name in bound)
    joined = {name: _joined([bound[name] for bound in tuples if name in bound]) for name in names}
    return joined.pop("@"), Scope(joined, scope, scope.run)


def _ordered(terms: Terms, source: list[Value], scope: Scope) -> Value:
    """The items in order. A term is evaluated once for each item, and only where the terms before it are equal.

    Raises:
        EvaluationError: T2008 for values that are neither strings nor numbers, T2007 for one of each.
    """
    if len(source) <= 1:
        return source
    run = scope.run
    is_stream = isinstance(source, TupleStream)
    run.spend(len(source) * len(terms))
    known: list[dict[int, Value]] = [{} for _ in source]

    def value(place: int, term: int) -> Value:
        if term not in known[place]:
            item = source[place]
            evaluate = terms[term][0]
            known[place][term] = evaluate(item["@"], Scope(item, scope, run)) if is_stream else evaluate(item, scope)
        return known[place][term]

    def compare(one: int, other: int) -> int:
        for term, (_, descending) in enumerate(terms):
            order = _compared(value(one, term), value(other, term), descending=descending)
            if order:
                return order
        return 0

    return Array([source[place] for place in sorted(range(len(source)), key=cmp_to_key(compare))])


def _compared(one: Value, other: Value, *, descending: bool) -> int:
    """-1, 0 or 1. Nothing comes last in either direction."""
    if one is UNDEFINED or other is UNDEFINED:
        return (one is UNDEFINED) - (other is UNDEFINED)
    are_strings = [isinstance(value, str) for value in (one, other)]
    for value, is_string in zip((one, other), are_strings, strict=True):
        if not is_string and (isinstance(value, bool) or not isinstance(value, (int, float))):
            raise EvaluationError("T2008", value=value)
    if are_strings[0] != are_strings[1]:
        raise EvaluationError("T2007", value=one, value2=other)
    order = int(one > other) - int(one < other)
    return -order if descending else order


def wildcard(context: Value, scope: Scope) -> Value:
    """``*``: the values of an object, or the items of an array; of arrays among them, the items."""
    if type(context) is Wrapped:
        context = context[0]
    members = context.values() if isinstance(context, dict) else context if isinstance(context, list) else ()
    scope.run.spend(len(members))
    found: list[Value] = Sequence()
    for member in members:
        if isinstance(member, list):
            _flat(scope.run, member, found)
        else:
            found.append(member)
    return found


def _flat(run: Run, array: list[Value], flat: list[Value]) -> list[Value]:
    run.spend(1)
    for item in array:
        if isinstance(item, list):
            _flat(run, item, flat)
        else:
            flat.append(item)
    run.hold(len(flat), len(array))
    return flat


def descend(run: Run, value: Value, found: list[Value]) -> None:
    """``**``: add a value and everything below it, arrays as their items."""
    run.spend(1)
    if isinstance(value, list):
        for item in value:
            descend(run, item, found)
        return
    found.append(value)
    run.hold(len(found), 0)
    if isinstance(value, dict):
        for member in value.values():
            descend(run, member, found)
