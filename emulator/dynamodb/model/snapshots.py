"""Snapshots: a table's definition and its items at one moment, from which a table can be made again.

Items never change, so a snapshot holds the same ones that the table holds.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/backuprestore_HowItWorks.html, which also says
what a restored table does not take over: streams, TTL, tags, deletion protection, point-in-time recovery.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from emulator.dynamodb.model.tables import Billing, Item, Table

_KEPT_SETTINGS = ("SSEDescription", "TableClassSummary", "OnDemandThroughput", "WarmThroughput")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """``definition`` is a table without items; ``source`` is the ARN of the one that the snapshot is of."""

    definition: Table
    items: tuple[Item, ...]
    source: str

    @staticmethod
    def kept(members: dict[str, Any]) -> dict[str, Any]:
        """What is kept of it beside its items, which are kept by themselves."""
        return {**members, "items": ()}

    def refill(self, items: tuple[Item, ...]) -> None:
        """Hold the items again, after it was read."""
        object.__setattr__(self, "items", items)

    @property
    def size(self) -> int:
        """Bytes of all items."""
        return sum(item.size for item in self.items)


def take(table: Table, items: Iterable[Item] | None = None) -> Snapshot:
    """The table as it is, or with other items than it has now. The table's lock is held."""
    kept = tuple(table.items.values() if items is None else items)
    return Snapshot(blank(table), kept, table.arn)


def blank(table: Table) -> Table:
    """A table of its own with the same definition, and nothing in it."""
    return Table(
        name=table.name,
        arn=table.arn,
        table_id=table.table_id,
        account=table.account,
        region=table.region,
        created=table.created,
        key=table.key,
        indexes=dict(table.indexes),
        vector_indexes=dict(table.vector_indexes),
        attribute_types=dict(table.attribute_types),
        billing=Billing(table.billing.mode, {**table.billing.throughput}, table.billing.on_demand_since),
        settings={name: table.settings[name] for name in _KEPT_SETTINGS if name in table.settings},
    )
