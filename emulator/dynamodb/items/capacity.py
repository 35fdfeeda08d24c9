"""Consumed capacity: what AWS would charge for a read or write, and how it says so.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html; the rules for
indexes and failed writes as observed on AWS.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from asl_interpreter.jsontext import JSON
from emulator.dynamodb.model.schema import Index
from emulator.dynamodb.model.tables import Item, Table
from emulator.dynamodb.model.values import item_size
from emulator.dynamodb.model.vector_indexes import billed_size

_READ_UNIT = 4096
_WRITE_UNIT = 1024


def read_units(size: int, *, consistent: bool) -> float:
    """Units to read this many bytes at once; half of them where eventual consistency will do. At least one step."""
    steps = max(1, -(-size // _READ_UNIT))
    return float(steps) if consistent else steps / 2


def write_units(size: int) -> float:
    """Units to write an item of this many bytes, or to write over or delete one."""
    return float(max(1, -(-size // _WRITE_UNIT)))


@dataclass(slots=True)
class Consumption:
    """What one request consumes of one table: units of the table, and of each index charged."""

    table: Table
    units: float = 0.0
    index_units: dict[str, float] = field(default_factory=dict)
    vector_bytes: dict[str, float] = field(default_factory=dict)
    """What writes cost the vector indexes, which have bytes in place of units."""

    @property
    def total(self) -> float:
        """Units in all."""
        return self.units + sum(self.index_units.values())

    def add(self, other: Consumption) -> None:
        """Charge what another request consumed of the table."""
        self.units += other.units
        for mine, theirs in ((self.index_units, other.index_units), (self.vector_bytes, other.vector_bytes)):
            for name, units in theirs.items():
                mine[name] = mine.get(name, 0.0) + units

    def add_write(self, old: Item | None, new: Item | None, *, factor: float = 1.0) -> None:
        """Charge a write that found ``old`` and left ``new``, on the table and on every index it touches."""
        size = max(self._written_size(old), self._written_size(new))
        self.units += factor * write_units(size)
        for index in self.table.indexes.values():
            units = _index_write_units(index, old, new)
            if units:
                self.index_units[index.name] = self.index_units.get(index.name, 0.0) + units
        for vector in self.table.vector_indexes.values():
            written = vector.written(old.attributes if old else None, new.attributes if new else None)
            if written:
                self.vector_bytes[vector.name] = self.vector_bytes.get(vector.name, 0.0) + written

    def _written_size(self, item: Item | None) -> int:
        if item is None:
            return 0
        vectors = self.table.vector_indexes.values()
        return billed_size(vectors, item.attributes, item.size) if vectors else item.size

    def shown(self, mode: str, *, transaction: str | None = None) -> dict[str, JSON]:
        """The wire form, for ReturnConsumedCapacity TOTAL or INDEXES; ``transaction`` is "Read" or "Write" in one."""
        shown = {"TableName": self.table.name, **_units(self.total, transaction)}
        if mode != "INDEXES":
            return shown
        shown["Table"] = _units(self.units, transaction)
        for kind, is_global in (("LocalSecondaryIndexes", False), ("GlobalSecondaryIndexes", True)):
            charged = {
                name: _units(units, transaction)
                for name, units in self.index_units.items()
                if self.table.indexes[name].is_global is is_global
            }
            if charged:
                shown[kind] = charged
        if self.vector_bytes:
            shown["VectorIndexes"] = {
                name: {"VectorWriteRequestBytes": written} for name, written in self.vector_bytes.items()
            }
        return shown


def _units(units: float, transaction: str | None) -> dict[str, JSON]:
    shown: dict[str, JSON] = {"CapacityUnits": units}
    if transaction:
        shown[f"{transaction}CapacityUnits"] = units
    return shown


def _index_write_units(index: Index, old: Item | None, new: Item | None) -> float:
    before = index.project(old.attributes) if old and index.key.has_all(old.attributes) else None
    after = index.project(new.attributes) if new and index.key.has_all(new.attributes) else None
    if before == after:
        return 0.0
    if before is None or after is None:
        return write_units(item_size(after or before or {}))
    if any(before[name] != after[name] for name in index.key.names):
        return write_units(item_size(before)) + write_units(item_size(after))
    return write_units(max(item_size(before), item_size(after)))


def wanted(params: Mapping[str, JSON]) -> str | None:
    """The mode that the request asks for: TOTAL, INDEXES, or None."""
    mode: str | None = params.get("ReturnConsumedCapacity")
    return None if mode in (None, "NONE") else mode


def shown_each(consumed: Iterable[Consumption], mode: str, *, transaction: str | None = None) -> list[dict[str, JSON]]:
    """The wire form for the answers that list it table by table."""
    return [consumption.shown(mode, transaction=transaction) for consumption in consumed]
