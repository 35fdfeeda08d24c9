"""Tables: items in sorted order, by the table's key and by each index's.

Reads and writes of one table happen under its lock. Each keeps its cost: one item O(log items), a page O(its items).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from sortedcontainers import SortedDict  # type: ignore[import-untyped]

from asl_interpreter.jsontext import JSON
from asl_interpreter.loop.locks import lock
from emulator.dynamodb.model.expiry import Expiry
from emulator.dynamodb.model.key_ranges import KeyRange
from emulator.dynamodb.model.schema import Index, KeySchema, Position
from emulator.dynamodb.model.values import Attributes, SortKey, item_size, sort_key

if TYPE_CHECKING:
    from emulator.dynamodb.changes.kinesis_destinations import Destination
    from emulator.dynamodb.changes.recovery import Journal
    from emulator.dynamodb.control.policies import Policy
    from emulator.dynamodb.control.replicas import Group
    from emulator.dynamodb.model.lifecycles import Phase
    from emulator.dynamodb.model.vector_indexes import VectorIndex
    from emulator.dynamodb.throttling import Bucket


@dataclass(frozen=True, slots=True)
class Item:
    """An item as stored, never changed, with its size in bytes."""

    attributes: Attributes
    size: int


class _Top:
    """Sorts after everything."""

    def __lt__(self, other: object) -> bool:
        return False

    def __gt__(self, other: object) -> bool:
        return True


TOP = _Top()
Watcher: TypeAlias = Callable[["Item | None", "Item | None", bool], None]
"""Is told of each change as (old item, new item, whether TTL made it), under the table's lock."""


class Entries:
    """Items sorted by position: a table, or one of its indexes. ``size`` is the sum of what it keeps of each."""

    def __init__(self, schema: KeySchema, index: Index | None = None) -> None:
        self.schema = schema
        self._index = index if index is not None and index.projected is not None else None
        self.size = 0
        self._items: SortedDict = SortedDict()

    def __len__(self) -> int:
        return len(self._items)

    def __reduce__(self) -> tuple[Any, ...]:
        """Kept without the items, which are kept by themselves: see ``Table.fill``."""
        return Entries, (self.schema, self._index)

    def fill(self, pairs: Iterable[tuple[Position, Item]]) -> None:
        """Have these items, in any order, and no others."""
        self._items = SortedDict(pairs)
        self.size = sum(map(self.measure, self._items.values()))

    def get(self, position: Position) -> Item | None:
        """The item at the position."""
        item: Item | None = self._items.get(position)
        return item

    def put(self, position: Position, item: Item) -> None:
        """Set the item at the position."""
        old = self._items.get(position)
        self._items[position] = item
        self.size += self.measure(item) - (self.measure(old) if old else 0)

    def remove(self, position: Position) -> None:
        """Take away the item at the position, which must be there."""
        self.size -= self.measure(self._items.pop(position))

    def measure(self, item: Item) -> int:
        """Bytes of what is kept here of an item."""
        return item.size if self._index is None else item_size(self._index.project(item.attributes))

    def between(self, low: Position, high: Position, *, after: Position | None, forward: bool) -> Iterator[Item]:
        """The items from ``low`` up to but not including ``high``; past ``after``, in the direction of reading."""
        from_low = True
        if after is not None and forward and after >= low:
            low, from_low = after, False
        elif after is not None and not forward and after < high:
            high = after
        items = self._items
        for position in items.irange(low, high, (from_low, False), reverse=not forward):
            yield items[position]

    def values(self) -> Iterable[Item]:
        """All items, in order."""
        values: Iterable[Item] = self._items.values()
        return values

    def pairs(self) -> Iterable[tuple[Position, Item]]:
        """All items with their positions, in order."""
        pairs: Iterable[tuple[Position, Item]] = self._items.items()
        return pairs


def query_bounds(wanted: KeyRange, token: int) -> tuple[Position, Position]:
    """The positions that a key range reads: from the first up to but not including the second."""
    prefix: Position = (token, *map(sort_key, wanted.equals))
    everything = (prefix, (*prefix, TOP))
    if wanted.test is None:
        return everything
    operands = [sort_key(operand) for operand in wanted.test.operands]
    low: Position = (*prefix, operands[0])
    match wanted.test.operator:
        case "<":
            return prefix, low
        case "<=":
            return prefix, (*low, TOP)
        case ">":
            return (*low, TOP), everything[1]
        case ">=":
            return low, everything[1]
        case "BETWEEN":
            return low, (*prefix, operands[1], TOP)
        case _:
            return low, (*prefix, _after_prefix(operands[0]))


def _after_prefix(prefix: SortKey) -> SortKey:
    """The least key that sorts after everything that begins with the prefix."""
    last, step = (0x10FFFF, chr) if isinstance(prefix, str) else (0xFF, lambda code: bytes([code]))
    codes: list[int] = list(prefix) if isinstance(prefix, bytes) else list(map(ord, prefix))
    while codes and codes[-1] == last:
        codes.pop()
    if not codes:
        return TOP
    return prefix[: len(codes) - 1] + step(codes[-1] + 1)


@dataclass(slots=True)
class Billing:
    """What the capacity of a table costs, and what is left of it."""

    mode: str
    """PROVISIONED or PAY_PER_REQUEST."""
    throughput: dict[str, JSON]
    """In wire form, as DescribeTable shows it."""
    on_demand_since: float | None = None
    buckets: dict[tuple[str | None, str], Bucket] = field(default_factory=dict)
    """What is left of the capacity of the table (None) and its indexes, for reads and for writes."""


@dataclass(slots=True)
class Replication:
    """What a table is as a replica."""

    group: Group | None = None
    """The global table that it is one of."""
    is_strong: bool = False
    """Whether that has Multi-Region strong consistency."""
    scaling: dict[str, JSON] = field(default_factory=dict)
    """Auto scaling settings, in wire form."""


@dataclass(slots=True)
class Attached:
    """What is attached to a table, and no part of its definition."""

    tags: list[dict[str, str]] = field(default_factory=list)
    journal: Journal | None = None
    """The changes that point-in-time recovery undoes, while it is on."""
    destinations: dict[str, Destination] = field(default_factory=dict)
    """Kinesis streams by ARN, those that were switched off too."""
    policies: dict[str, Policy] = field(default_factory=dict)
    """Resource policies of the table and of its stream, by ARN."""
    insights: dict[str | None, dict[str, JSON]] = field(default_factory=dict)
    """Contributor Insights of the table (None) and of its indexes, by name."""


@dataclass(slots=True, eq=False)
class Table:
    """One table: its definition, its items in order, and a record for each further feature.

    ``settings`` are in wire form, as DescribeTable shows them. Whoever changes anything holds ``lock``.
    """

    name: str
    arn: str
    table_id: str
    account: str
    region: str
    created: float
    key: KeySchema
    indexes: dict[str, Index]
    attribute_types: dict[str, str]
    billing: Billing
    settings: dict[str, JSON] = field(default_factory=dict)
    vector_indexes: dict[str, VectorIndex] = field(default_factory=dict)
    replication: Replication = field(default_factory=Replication)
    attached: Attached = field(default_factory=Attached)
    watchers: tuple[Watcher, ...] = ()
    expiry: Expiry | None = None
    ttl_changed: float | None = None
    phases: dict[str | None, Phase] = field(default_factory=dict)
    """What the table (None) and its indexes are in that are not ACTIVE."""
    backfilled: set[str] = field(default_factory=set)
    """Indexes that were filled at once, and that nobody has yet seen being filled."""
    ongoing: dict[Position, float] = field(default_factory=dict)
    """Items that a transaction goes on with, and until when."""
    lock: Any = field(init=False)
    items: Entries = field(init=False)
    index_items: dict[str, Entries] = field(init=False)

    def __post_init__(self) -> None:
        self.lock = lock("the items of a table", 80, self.arn)
        self.items = Entries(self.key)
        self.define_indexes(self.indexes.values())

    def kept(self, members: dict[str, Any]) -> dict[str, Any]:
        """What is kept of it beside its items: the watchers that are of this service, for others come by themselves."""
        own = [each for each in self.watchers if _owner(each).partition(".dynamodb.")[1]]
        return {**members, "watchers": tuple(own)}

    def fill(self, items: Iterable[Item]) -> None:
        """Have these items, and tell nobody."""
        pairs = [(self.position(item.attributes), item) for item in items]
        self.items.fill(pairs)
        for entries in self.index_items.values():
            placed = [(_index_position(entries.schema, position, item), item) for position, item in pairs]
            entries.fill((position, item) for position, item in placed if position is not None)
        if self.expiry is not None:
            self.set_expiry(self.expiry.attribute)

    def define_indexes(self, indexes: Iterable[Index]) -> None:
        """Have these indexes and no others; there are no items yet."""
        self.indexes = {index.name: index for index in indexes}
        self.index_items = {name: Entries(index.key, index) for name, index in self.indexes.items()}

    @property
    def has_local_index(self) -> bool:
        """Whether items belong to item collections, which AWS measures."""
        return any(not index.is_global for index in self.indexes.values())

    def position(self, key: Attributes) -> Position:
        """Where an item with this key stands; the key must fit the schema."""
        return self.key.position(key)

    def put(self, position: Position, item: Item) -> None:
        """Set the item at its position, in every index too."""
        self._change(position, self.items.get(position), item)

    def delete(self, position: Position, *, expired: bool = False) -> None:
        """Take away the item at the position, if there is one, from every index too."""
        old = self.items.get(position)
        if old is not None:
            self._change(position, old, None, expired=expired)

    def _change(self, position: Position, old: Item | None, new: Item | None, *, expired: bool = False) -> None:
        if new is None:
            self.items.remove(position)
        else:
            self.items.put(position, new)
        self._reindex(position, old, new)
        if self.expiry is not None:
            if old is not None:
                self.expiry.discard(position, old.attributes)
            if new is not None:
                self.expiry.add(position, new.attributes)
        for watcher in self.watchers:
            watcher(old, new, expired)

    def watch(self, watcher: Watcher) -> None:
        """Tell somebody of every change from now on."""
        with self.lock:
            self.watchers = (*self.watchers, watcher)

    def unwatch(self, watcher: Watcher) -> None:
        """Tell somebody of no more changes."""
        with self.lock:
            self.watchers = tuple(each for each in self.watchers if each != watcher)

    def _reindex(self, position: Position, old: Item | None, new: Item | None) -> None:
        for entries in self.index_items.values():
            before = _index_position(entries.schema, position, old)
            after = _index_position(entries.schema, position, new)
            if before is not None and before != after:
                entries.remove(before)
            if after is not None and new is not None:
                entries.put(after, new)

    def set_expiry(self, attribute: str | None) -> None:
        """Let items expire at the time in the attribute, or none at all."""
        self.expiry = None
        if attribute is not None:
            self.expiry = Expiry(attribute)
            for item in self.items.values():
                self.expiry.add(self.position(item.attributes), item.attributes)

    def expire(self, now: float) -> None:
        """Delete the items whose time has come. Costs nothing where none has."""
        if self.expiry is not None:
            with self.lock:
                for position in self.expiry.due(now):
                    self.delete(position, expired=True)

    def add_index(self, index: Index) -> None:
        """Add an index and fill it from the items that have its keys."""
        entries = Entries(index.key, index)
        for item in self.items.values():
            position = _index_position(index.key, self.position(item.attributes), item)
            if position is not None:
                entries.put(position, item)
        self.indexes[index.name] = index
        self.index_items[index.name] = entries

    def remove_index(self, name: str) -> None:
        """Drop an index with its entries."""
        del self.indexes[name], self.index_items[name]


def _owner(watcher: Watcher) -> str:
    """The module of what watches."""
    return type(getattr(watcher, "__self__", watcher)).__module__


def _index_position(schema: KeySchema, position: Position, item: Item | None) -> Position | None:
    if item is None or not schema.has_all(item.attributes):
        return None
    return (*schema.position(item.attributes), *position)
