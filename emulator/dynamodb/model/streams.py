"""The stream of a table: its changes of the last 24 hours, as old and new items, which never change.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from datetime import datetime, timezone
from hashlib import md5
from typing import TYPE_CHECKING, Any

from emulator.dynamodb.model.tables import Item, Table

if TYPE_CHECKING:
    from emulator.dynamodb.model.store import Clock, Region

KEPT = 86_400.0
FIRST = 100_000_000_000_000_000_001
"""Sequence numbers have at least 21 digits."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one item. ``expired`` says that TTL made it."""

    sequence: int
    at: float
    old: Item | None
    new: Item | None
    expired: bool

    @property
    def size(self) -> int:
        """Bytes of both images."""
        return (self.old.size if self.old else 0) + (self.new.size if self.new else 0)


@dataclass(slots=True, eq=False)
class Stream:
    """The stream of a table, open until it is disabled or the table goes."""

    table: Table
    arn: str
    label: str
    view: str
    created: float
    clock: Clock
    changes: list[Change] = field(default_factory=list)
    next_sequence: int = FIRST
    closed: float | None = None

    @staticmethod
    def kept(members: dict[str, Any]) -> dict[str, Any]:
        """What is kept of it beside its changes, which are kept by themselves."""
        return {**members, "changes": []}

    @property
    def shard(self) -> str:
        """The name of the stream's one shard."""
        digest = md5(self.arn.encode(), usedforsecurity=False).hexdigest()
        return f"shardId-{int(self.created * 1000):020d}-{digest[:8]}"

    def record(self, old: Item | None, new: Item | None, expired: bool) -> None:  # noqa: FBT001 - a Watcher
        """Note a change, unless it changes nothing."""
        if old is not None and new is not None and old.attributes == new.attributes:
            return
        now = self.clock.now()
        self.trim(now)
        self.changes.append(Change(self.next_sequence, now, old, new, expired))
        self.next_sequence += 1

    def trim(self, now: float) -> None:
        """Forget what is older than 24 hours."""
        changes = self.changes
        if changes and changes[0].at + KEPT <= now:
            del changes[: bisect_left(changes, now - KEPT, key=lambda change: change.at)]

    def oldest(self) -> int:
        """The first sequence number that can still be read."""
        return self.changes[0].sequence if self.changes else self.next_sequence


def enable(region: Region, table: Table, view: str) -> None:
    """Open a stream on the table."""
    now = region.clock.now()
    label = datetime.fromtimestamp(now, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
    while (arn := f"{table.arn}/stream/{label}") in region.streams:
        now += 0.001
        label = datetime.fromtimestamp(now, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
    stream = region.streams[arn] = Stream(table, arn, label, view, now, region.clock)
    table.watch(stream.record)
    table.settings["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": view}
    table.settings["LatestStreamLabel"] = label
    table.settings["LatestStreamArn"] = arn


def close(region: Region, table: Table) -> None:
    """Close the table's stream, if it has one; what is in it stays readable."""
    if table.settings.pop("StreamSpecification", None) is None:
        return
    stream: Stream = region.streams[table.settings["LatestStreamArn"]]
    stream.closed = region.clock.now()
    table.unwatch(stream.record)
