"""SELECT: what a statement reads of a table or index, in which order, and what it shows of it.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.select.html; wording as observed
on AWS.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import merge

from asl_interpreter.jsontext import JSON
from emulator.dynamodb.expressions import Expressions
from emulator.dynamodb.expressions.conditions import Values
from emulator.dynamodb.expressions.paths import reader
from emulator.dynamodb.expressions.syntax import Path, walk
from emulator.dynamodb.items.queries import Page, Reading, Source, Stretch, Walk, in_turn, page_of
from emulator.dynamodb.items.reads import check_scalar_keys
from emulator.dynamodb.model import lifecycles
from emulator.dynamodb.model.schema import Index, KeySchema, Position
from emulator.dynamodb.model.tables import TOP, Entries, Item, Table
from emulator.dynamodb.model.values import Attributes, sort_key
from emulator.dynamodb.partiql.checks import compiled
from emulator.dynamodb.partiql.parser import column_name
from emulator.dynamodb.partiql.plan import EVERYTHING, Branch, Where, apart
from emulator.dynamodb.partiql.statements import Order, Select
from emulator.dynamodb.rejections import invalid, invalid_values

_NOTHING = Expressions({})
_SEVERAL_KEYS = (
    "PartiQL statements cannot be executed on tables with multi-attribute HASH keys or multi-attribute RANGE keys."
)


@dataclass(frozen=True, slots=True)
class Plan:
    """How a SELECT is read: from where, in which stretches and in which direction."""

    source: Source
    reading: Reading
    stretches: tuple[Stretch, ...]
    forward: bool
    merged: bool
    """Whether the stretches are read side by side, since the order is one of the sort key over all of them."""
    paths: tuple[Path, ...] | None
    has_key: bool
    """Whether one item is read by its whole key, which is no list and has no pages."""
    is_item: bool
    """Whether WHERE says that key and nothing else."""

    @property
    def position(self) -> Position:
        """Where the one item stands."""
        return self.stretches[0][0]

    def page(self, after: Position | None) -> Page:
        """The page after a position, or the first.

        Raises:
            Fault: the position lies in nothing that is read.
        """
        if after is not None and not any(low <= after < high for low, high in self.stretches):
            raise invalid("Invalid NextToken")
        entries = self.source.entries
        with self.source.table.lock:
            walked = (
                _side_by_side(entries, self.stretches, after, self.source.key.range[0], forward=self.forward)
                if self.merged
                else in_turn(entries, self.stretches, after, forward=self.forward)
            )
            return page_of(self.source, self.reading, walked)

    def shown(self, attributes: Attributes) -> Attributes:
        """What the statement selects of an item."""
        if self.paths is None:
            return attributes
        shown: Attributes = {}
        for path in self.paths:
            value = reader(path.steps)(attributes)
            if value is not None:
                shown[column_name(path)] = value
        return shown


def plan(table: Table, statement: Select, values: Values, params: Mapping[str, JSON]) -> Plan:
    """How to read a SELECT, whose operands have been checked.

    Raises:
        Fault: there is no such index, or WHERE, the columns or ORDER BY cannot be read so.
    """
    index = _index(table, statement, consistent=bool(params.get("ConsistentRead")))
    if statement.no_column is not None:
        raise statement.no_column
    key = table.key if index is None else index.key
    where = Where(statement.where, key, values)
    where.check_types()
    branches = where.branches()
    condition = compiled(statement.where)
    paths = statement.paths or ()
    check_scalar_keys(table, (*paths, *(condition.paths if condition else ())))
    fetches = index is not None and _reaches_back(index, paths, branches)
    ordered = _Ordered(statement.order_by, key)
    ordered.check(statement, branches)
    source = Source(table, index, table.items if index is None else table.index_items[index.name], fetches)
    consistent = bool(params.get("ConsistentRead"))
    reading = Reading(_NOTHING, condition, values, None, None, None, params.get("Limit"), consistent)
    stretches = apart([where.stretch(branch) for branch in branches]) if branches else [EVERYTHING]
    has_key = index is None and len(branches) == 1 and _is_whole_key(branches[0], key)
    is_item = has_key and not branches[0].rest and len({test.operands for test in branches[0].sort}) <= 1
    return Plan(
        source,
        reading,
        tuple(ordered.sorted(stretches)),
        ordered.forward,
        ordered.by_sort_key and len({low[:2] for low, _ in stretches}) > 1,
        statement.paths,
        has_key,
        is_item,
    )


def _is_whole_key(branch: Branch, key: KeySchema) -> bool:
    tests = [test.operator == "=" for test in branch.sort]
    return not key.range or (bool(tests) and all(tests) and not branch.negated)


# --- indexes ---------------------------------------------------------------------------------------------------------


def _index(table: Table, statement: Select, *, consistent: bool) -> Index | None:
    name = statement.source.index
    if name is None:
        return None
    if name in table.vector_indexes:
        raise invalid("Scan operation not supported on this index type")
    index = table.indexes.get(name)
    if index is None:
        raise invalid("The table does not have the specified index")
    if len(index.key.hash) > 1 or len(index.key.range) > 1:
        raise invalid(_SEVERAL_KEYS)
    if consistent and index.is_global:
        raise invalid("Strongly consistent read is not supported on Global Secondary Indexes")
    lifecycles.check_readable(table, name)
    return index


def _reaches_back(index: Index, paths: Sequence[Path], branches: Sequence[Branch]) -> bool:
    """Whether the table is read for what the index does not keep.

    Raises:
        Fault: the index does not keep what a keyed read filters by, or what a global index shall show.
    """
    kept = index.projected
    if kept is None:
        return False
    filtered = [str(part.steps[0]) for branch in branches[:1] for node in branch.rest for part in _paths(node)]
    missing = [name for name in dict.fromkeys(filtered) if name not in kept]
    if missing:
        raise invalid_values(
            f"Secondary index {index.name} does not project one or more filter attributes: [{', '.join(missing)}]"
        )
    asked = dict.fromkeys(str(path.steps[0]) for path in paths)
    missing = [name for name in asked if name not in kept]
    if missing and index.is_global:
        raise invalid_values(f"Global secondary index {index.name} does not project [{', '.join(missing)}]")
    return bool(missing)


def _paths(node: object) -> list[Path]:
    return [part for part in walk(node) if isinstance(part, Path)]  # type: ignore[arg-type]


# --- order -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Ordered:
    """ORDER BY beside the keys that it may name."""

    order_by: tuple[Order, ...]
    key: KeySchema

    def check(self, statement: Select, branches: Sequence[Branch]) -> None:
        """Raise Fault where ORDER BY is not of keys, or WHERE does not give the partitions."""
        if not self.order_by:
            return
        if statement.where is None:
            raise invalid("Must have WHERE clause in the statement when using ORDER BY clause.")
        if not branches:
            raise invalid(
                "Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause."
            )
        for order in self.order_by:
            if order.attribute not in self.key.names:
                raise invalid(
                    f"Variable reference {order.attribute} in ORDER BY clause must be part of the primary key"
                )

    @property
    def by_sort_key(self) -> bool:
        """Whether the sort key orders before the partition key does."""
        return bool(self.order_by) and self.order_by[0].attribute in self.key.range

    @property
    def forward(self) -> bool:
        """Whether the sort key ascends."""
        return not any(order.descending for order in self.order_by if order.attribute in self.key.range)

    def sorted(self, stretches: Sequence[Stretch]) -> list[Stretch]:
        """The stretches in the order in which they are read."""
        if not self.order_by:
            return list(stretches)
        within = sorted(stretches, key=lambda stretch: stretch[0], reverse=not self.forward)
        if not any(order.attribute in self.key.hash for order in self.order_by):
            return within
        descending = any(order.descending for order in self.order_by if order.attribute in self.key.hash)
        return sorted(within, key=lambda stretch: stretch[0][1], reverse=descending)


def _side_by_side(
    entries: Entries, stretches: Sequence[Stretch], after: Position | None, sort_name: str, *, forward: bool
) -> Walk:
    """The items of all stretches in the order of the sort key; of equal ones, in the order of the stretches."""
    for number in range(len(stretches)):
        yield number, None
    at = -1 if after is None else next(n for n, (low, high) in enumerate(stretches) if low <= after < high)
    runs = []
    for number, (low, high) in enumerate(stretches):
        start = after if number == at else None
        if after is not None and number != at:
            past = (*low[:2], after[2])
            beyond = past if (number > at) == forward else (*past, TOP)
            low, high = (max(low, beyond), high) if forward else (low, min(high, beyond))  # noqa: PLW2901
        runs.append(_numbered(number, entries, (low, max(low, high)), start, forward=forward))
    yield from merge(*runs, key=lambda pair: sort_key(pair[1].attributes[sort_name]), reverse=not forward)


def _numbered(
    number: int, entries: Entries, stretch: Stretch, after: Position | None, *, forward: bool
) -> Iterator[tuple[int, Item]]:
    for item in entries.between(*stretch, after=after, forward=forward):
        yield number, item
