"""Point-in-time recovery: a table's changes of the last days, and its settings.

While it is on, a journal notes of every change what was there before and after, and forgets what is older than the
recovery period. The table as it was at an instant is the table as it is, with later changes undone.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/PointInTimeRecovery_Howitworks.html
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from math import ceil, floor
from typing import Any

from asl_interpreter.jsontext import JSON
from emulator.dynamodb.model.schema import Position
from emulator.dynamodb.model.store import Clock, DynamoDBWorld
from emulator.dynamodb.model.tables import Item, Table
from emulator.dynamodb.rejections import invalid
from emulator.wire.protocol import Call

DAY = 86_400.0
LONGEST = 35
LAG = 300.0
"""The latest restorable time is this long ago, as AWS's documentation says."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one item."""

    at: float
    position: Position
    old: Item | None
    new: Item | None


class Journal:
    """The changes of a table since ``started``, but no older than ``days``. The table's lock guards it."""

    def __init__(self, table: Table, clock: Clock, days: int) -> None:
        self.days = days
        self.started = clock.now()
        self._table = table
        self._clock = clock
        self._changes: deque[Change] = deque()
        self.noted = 0
        """How many changes were ever noted."""
        table.watch(self.record)

    def __getstate__(self) -> dict[str, Any]:
        """Kept without the changes, which are kept by themselves."""
        return {**vars(self), "_changes": deque()}

    @property
    def changes(self) -> list[Change]:
        """The changes that are noted."""
        return list(self._changes)

    @property
    def latest(self) -> Change:
        """The change that was noted last; there is one."""
        return self._changes[-1]

    def fill(self, changes: Iterable[Change]) -> None:
        """Have these changes noted. Those without a position have the one of their item."""
        self._changes = deque(
            each if each.position else replace(each, position=self._position(each.new or each.old)) for each in changes
        )
        self.noted += len(self._changes)

    def _position(self, item: Item | None) -> Position:
        return () if item is None else self._table.position(item.attributes)

    def close(self) -> None:
        """Note no more."""
        self._table.unwatch(self.record)

    @property
    def key_names(self) -> tuple[str, ...]:
        """The key attributes of the table."""
        return self._table.key.names

    def record(self, old: Item | None, new: Item | None, expired: bool) -> None:  # noqa: ARG002, FBT001 - a Watcher
        """Note a change."""
        item = new or old
        if item is not None:
            now = self._clock.now()
            self._trim(now)
            self.noted += 1
            self._changes.append(Change(now, self._table.position(item.attributes), old, new))

    def _trim(self, now: float) -> None:
        oldest = now - self.days * DAY
        while self._changes and self._changes[0].at < oldest:
            self._changes.popleft()

    def bounds(self) -> tuple[float, float]:
        """The earliest and the latest instant to which the table can be restored, in whole seconds."""
        now = self._clock.now()
        earliest = float(ceil(max(self.started, now - self.days * DAY)))
        return earliest, max(earliest, float(floor(now - LAG)))

    def items_at(self, instant: float) -> Iterator[Item]:
        """The items as they were at an instant within the bounds."""
        undone: dict[Position, Item | None] = {}
        for change in reversed(self._changes):
            if change.at <= instant:
                break
            undone[change.position] = change.old
        for position, item in self._table.items.pairs():
            if position not in undone:
                yield item
        yield from (item for item in undone.values() if item is not None)

    def between(self, start: float, end: float) -> list[Change]:
        """The net change of each item from ``start`` up to but not including ``end``."""
        net: dict[Position, Change] = {}
        for change in self._changes:
            if start <= change.at < end:
                first = net.get(change.position, change)
                net[change.position] = Change(change.at, change.position, first.old, change.new)
        return [change for change in net.values() if change.old is not change.new]


# --- operations ------------------------------------------------------------------------------------------------------


def describe_continuous_backups(world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
    """DescribeContinuousBackups."""
    table = world.dynamodb.region(call.account, call.region).backed_up(call.params["TableName"])
    return {"ContinuousBackupsDescription": _description(table)}


def update_continuous_backups(world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
    """UpdateContinuousBackups: switch the journal on or off, or change how far back it goes."""
    wanted = call.params["PointInTimeRecoverySpecification"]
    enabled, days = wanted["PointInTimeRecoveryEnabled"], wanted.get("RecoveryPeriodInDays")
    if not enabled and days is not None:
        raise invalid("Invalid Request: Cannot specify RecoveryPeriodInDays when disabling point-in-time recovery.")
    table = world.dynamodb.region(call.account, call.region).backed_up(call.params["TableName"])
    with table.lock:
        if not enabled and table.attached.journal is not None:
            table.attached.journal.close()
            table.attached.journal = None
        elif enabled and table.attached.journal is None:
            table.attached.journal = Journal(table, world.clock, days or LONGEST)
        elif enabled and table.attached.journal is not None and days is not None:
            table.attached.journal.days = days
    return {"ContinuousBackupsDescription": _description(table)}


def _description(table: Table) -> dict[str, JSON]:
    journal = table.attached.journal
    recovery: dict[str, JSON] = {"PointInTimeRecoveryStatus": "DISABLED"}
    if journal is not None:
        earliest, latest = journal.bounds()
        recovery = {
            "PointInTimeRecoveryStatus": "ENABLED",
            "RecoveryPeriodInDays": journal.days,
            "EarliestRestorableDateTime": earliest,
            "LatestRestorableDateTime": latest,
        }
    return {"ContinuousBackupsStatus": "ENABLED", "PointInTimeRecoveryDescription": recovery}
