"""Which items of a table expire, and when: what the table's TTL attribute says, in order of time.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/howitworks-ttl.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sortedcontainers import SortedList  # type: ignore[import-untyped]

from emulator.dynamodb.model.schema import Position
from emulator.dynamodb.model.values import Attributes, number

FIVE_YEARS = 5 * 365 * 86_400
"""An item whose time is longer past than this stays, so that a mistaken unit deletes nothing."""


class Expiry:
    """The items with a time in one attribute: a number, epoch seconds."""

    def __init__(self, attribute: str) -> None:
        self.attribute = attribute
        self._due: SortedList = SortedList()

    def __reduce__(self) -> tuple[Any, ...]:
        """Kept without the items: see ``Table.fill``."""
        return Expiry, (self.attribute,)

    def add(self, position: Position, attributes: Attributes) -> None:
        """Note an item that is put."""
        at = self._time(attributes)
        if at is not None:
            self._due.add((at, position))

    def discard(self, position: Position, attributes: Attributes) -> None:
        """Forget an item that goes or changes."""
        at = self._time(attributes)
        if at is not None:
            self._due.discard((at, position))

    def _time(self, attributes: Attributes) -> float | None:
        value = attributes.get(self.attribute)
        return float(number(value[1])) if value is not None and value[0] == "N" else None

    def due(self, now: float) -> Iterator[Position]:
        """The items whose time has come, earliest first; the caller deletes each."""
        due = self._due
        while due and due[0][0] <= now:
            at, position = due[0]
            if at > now - FIVE_YEARS:
                yield position
            due.discard((at, position))
