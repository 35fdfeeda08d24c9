"""Timers: signals that happen at an instant, the earliest first, equal instants first in first out.

There are two queues of them: what somebody waits for, and the background, such as the timer of a schedule that goes on
for ever. How the loop treats the two is written there.
"""

from __future__ import annotations

import heapq
import math
from typing import TypeAlias

from .signals import Signal

_Entry: TypeAlias = tuple[float, int, Signal[None]]
"""When it is due, its number, and what happens then."""


class Timers:
    """The timers of one loop."""

    def __init__(self) -> None:
        self._waited_for: list[_Entry] = []
        self._background: list[_Entry] = []
        self._count = self._swept = 0

    def __len__(self) -> int:
        return len(self._waited_for) + len(self._background)

    def add(self, instant: float, name: str, *, background: bool) -> Signal[None]:
        """One more."""
        signal: Signal[None] = Signal(name)
        self._count += 1
        heapq.heappush(self._background if background else self._waited_for, (instant, self._count, signal))
        if self._count - self._swept > len(self) // 2 + 1000:
            self._sweep()
        return signal

    def _sweep(self) -> None:
        """Drop the timers that nobody waits for any more; the newest has had no time to be waited for."""
        self._swept = newest = self._count
        for entries in (self._waited_for, self._background):
            entries[:] = [entry for entry in entries if entry[2].awaited or entry[1] == newest]
            heapq.heapify(entries)

    def take(self, others: Timers) -> None:
        """Have the timers of others, too, which were set after all of these."""
        for mine, theirs in ((self._waited_for, others._waited_for), (self._background, others._background)):
            for instant, _, signal in sorted(theirs):
                self._count += 1
                heapq.heappush(mine, (instant, self._count, signal))

    def earliest(self) -> float:
        """When the earliest of all is due; infinity if there is none."""
        return min(_earliest(self._waited_for), _earliest(self._background))

    def earliest_waited_for(self) -> float:
        """When the earliest is due that is not in the background; infinity if there is none."""
        return _earliest(self._waited_for)

    def first(self) -> tuple[float, str] | None:
        """When the earliest of all is due, and its name; None if there is none."""
        if self.earliest() == math.inf:
            return None
        instant, _, signal = min(entries[0] for entries in (self._waited_for, self._background) if entries)
        return instant, signal.name

    def happen(self, instant: float) -> None:
        """Let happen what is due at an instant."""
        for entries in (self._waited_for, self._background):
            while entries and entries[0][0] <= instant:
                heapq.heappop(entries)[2].set(None)


def _earliest(entries: list[_Entry]) -> float:
    while entries and not entries[0][2].awaited:
        heapq.heappop(entries)
    return entries[0][0] if entries else math.inf
