"""DynamoDB's expressions: one grammar, checked before any item is touched, compiled once.

``compile_expressions`` is what operations call. Texts are parsed once, compiled once per text and the names it uses,
and kept in bounded caches; the values of each request are checked against them.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from asl_interpreter.jsontext import JSON
from emulator.dynamodb.expressions.conditions import Test, Values, check_condition, check_counts, compile_condition
from emulator.dynamodb.expressions.keys import conjuncts
from emulator.dynamodb.expressions.parser import parse_condition, parse_projection, parse_update
from emulator.dynamodb.expressions.paths import Branch, branch
from emulator.dynamodb.expressions.references import NAMES, VALUES, check_all_used, read_names, read_values
from emulator.dynamodb.expressions.syntax import (
    ConditionNode,
    Node,
    Path,
    ValueRef,
    resolve_action,
    resolve_condition,
    resolve_path,
    walk,
)
from emulator.dynamodb.expressions.updates import Update, check_update, compile_update
from emulator.dynamodb.rejections import as_check, invalid
from emulator.faults import Fault

UPDATE = "UpdateExpression"
CONDITION = "ConditionExpression"
KEY_CONDITION = "KeyConditionExpression"
FILTER = "FilterExpression"
SEARCH = "SearchConditionExpression"
PROJECTION = "ProjectionExpression"
_KINDS = (UPDATE, CONDITION, KEY_CONDITION, FILTER, SEARCH, PROJECTION)
_EVERY_KIND = frozenset(_KINDS)
_Names: TypeAlias = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition for any item. ``paths`` are the places it looks at."""

    node: ConditionNode
    test: Test
    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Projection:
    """The places that a read returns."""

    tree: Branch[None]
    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Expressions:
    """What a request's expressions come to; None where the request has no such expression."""

    values: Values
    update: Update | None = None
    condition: Condition | None = None
    key_condition: Condition | None = None
    filter: Condition | None = None
    projection: Projection | None = None
    search: Condition | None = None


@dataclass(frozen=True, slots=True)
class _References:
    """The placeholders that an expression mentions, in the order of its text."""

    names: tuple[str, ...]
    values: tuple[str, ...]


_NO_EXPRESSIONS = Expressions({})


def compile_expressions(params: Mapping[str, JSON]) -> Expressions:
    """Read the expressions of a request with its names and values.

    Raises:
        Fault: whatever is wrong with them that no item is needed to see, the first in AWS's order.
    """
    if _EVERY_KIND.isdisjoint(params):
        return _NO_EXPRESSIONS
    kinds = [kind for kind in _KINDS if params.get(kind) is not None]
    names = read_names(params)
    values = read_values(params)
    mentioned = []
    update = projection = None
    conditions: dict[str, Condition] = {}
    for kind in kinds:
        text = params[kind]
        try:
            references = _references(kind, text)
            mentioned.append(references)
            used = _defined(kind, references, names, values)
            if kind == UPDATE:
                update = _compiled_update(text, used)
                check_update(update, values)
            elif kind == PROJECTION:
                projection = _compiled_projection(text, used)
            else:
                condition = conditions[kind] = _compiled_condition(kind, text, used)
                check_condition(kind, condition.node, values)
        except Fault as fault:
            if kind == KEY_CONDITION:
                _check_by_clause(text, names, values)
            raise as_check(fault) if kind == CONDITION else fault from None
    if names:
        check_all_used(NAMES, names, (name for each in mentioned for name in each.names))
    if values:
        check_all_used(VALUES, values, (name for each in mentioned for name in each.values))
    return Expressions(
        values,
        update,
        conditions.get(CONDITION),
        conditions.get(KEY_CONDITION),
        conditions.get(FILTER),
        projection,
        conditions.get(SEARCH),
    )


def _check_by_clause(text: str, names: Mapping[str, str], values: Values) -> None:
    """Raise Fault for the first clause of a key condition, in the order of its text, that has anything wrong."""
    for clause in conjuncts(parse_condition(KEY_CONDITION, text)):
        used = _defined(KEY_CONDITION, _mentioned((clause,)), names, values)
        check_condition(KEY_CONDITION, resolve_condition(clause, dict(used)), values)


@lru_cache(maxsize=4096)
def _references(kind: str, text: str) -> _References:
    if kind == UPDATE:
        return _mentioned(parse_update(kind, text))
    if kind == PROJECTION:
        return _mentioned(parse_projection(kind, text))
    return _mentioned((parse_condition(kind, text),))


def _mentioned(roots: Iterable[Node]) -> _References:
    names: dict[str, None] = {}
    values: dict[str, None] = {}
    for root in roots:
        for node in walk(root):
            if isinstance(node, ValueRef):
                values[node.name] = None
            elif isinstance(node, Path):
                names.update((step, None) for step in node.steps if isinstance(step, str) and step[0] == "#")
    return _References(tuple(names), tuple(values))


def _defined(kind: str, references: _References, names: Mapping[str, str], values: Values) -> _Names:
    """The names that the expression uses, where all its names and values are defined."""
    for name in references.names:
        if name not in names:
            raise invalid(
                f"Invalid {kind}: An expression attribute name used in the document path is not defined; "
                f"attribute name: {name}"
            )
    for name in references.values:
        if name not in values:
            raise invalid(
                f"Invalid {kind}: An expression attribute value used in expression is not defined; attribute "
                f"value: {name}"
            )
    return tuple((name, names[name]) for name in references.names)


@lru_cache(maxsize=2048)
def _compiled_condition(kind: str, text: str, names: _Names) -> Condition:
    node = resolve_condition(parse_condition(kind, text), dict(names))
    check_counts(kind, node)
    return Condition(node, compile_condition(node), tuple(part for part in walk(node) if isinstance(part, Path)))


@lru_cache(maxsize=1024)
def _compiled_projection(text: str, names: _Names) -> Projection:
    paths = tuple(resolve_path(path, dict(names)) for path in parse_projection(PROJECTION, text))
    return Projection(branch(PROJECTION, ((path, None) for path in paths)), paths)


@lru_cache(maxsize=1024)
def _compiled_update(text: str, names: _Names) -> Update:
    return compile_update([resolve_action(action, dict(names)) for action in parse_update(UPDATE, text)])
