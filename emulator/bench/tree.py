"""A run as a tree of states in plain text, a line for each visit, as the events of its history come in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from emulator.bench.explain import clock, shortened
from emulator.bench.visits import Event, Reader, Visit, seconds

CONTAINERS: Final = frozenset({"Map", "Parallel"})
"""States that have others inside: their line comes when they are entered, and another one if they fail."""
_OVER: Final = frozenset({"SUCCEEDED", "CAUGHT", "FAILED", "ABORTED"})


class Tree:
    """Turns events into lines: ``   1.5 s    [0] Ship  Task  0.5 s``: when, where, what, and how long it took.

    A Map or a Parallel state has its line when it is entered, any other state when it is left, so that the lines can be
    shown while the execution runs.
    """

    def __init__(self) -> None:
        self._reader = Reader()
        self._open: list[Visit] = []
        self._seen = 0
        self._started: float | None = None

    def see(self, events: Sequence[Event]) -> Iterator[str]:
        """The lines that these events add; each event is given once, in the order of the ids."""
        every = self._reader.visits.every
        for event in events:
            if self._started is None:
                self._started = seconds(event["timestamp"])
            self._reader.read(event)
            for visit in every[self._seen :]:
                self._open.append(visit)
                if visit.type in CONTAINERS:
                    yield self._line(visit, entered=True)
            self._seen = len(every)
            if not event["type"].endswith("StateEntered"):
                yield from self._close()

    def _close(self) -> Iterator[str]:
        left = [visit for visit in self._open if visit.left_at is not None or visit.status in _OVER]
        for visit in left:
            self._open.remove(visit)
            if visit.type not in CONTAINERS or visit.status != "SUCCEEDED":
                yield self._line(visit)

    def running(self) -> list[Visit]:
        """The visits that are not over, the outer ones first."""
        return list(self._open)

    def _line(self, visit: Visit, *, entered: bool = False) -> str:
        depth, around = 0, visit.inside
        while around is not None:
            depth, around = depth + 1, around.inside
        item = "" if visit.item is None else f"[{visit.item}] "
        parts = [f"{'  ' * depth}{item}{visit.state}", visit.type]
        if not entered:
            parts += _outcome(visit)
        start = visit.entered_at if self._started is None else self._started
        return f"{clock(visit.entered_at - start):>12}  {'  '.join(parts)}"


def _outcome(visit: Visit) -> Iterator[str]:
    if visit.duration:
        yield clock(visit.duration)
    if len(visit.attempts) > 1:
        yield f"{len(visit.attempts)} attempts"
    error = visit.error or (None if visit.failed_inside is None else visit.failed_inside.error)
    if visit.status == "CAUGHT":
        yield f"caught {error}"
    elif visit.status == "FAILED":
        cause = f": {shortened(visit.cause, 120)}" if visit.cause and visit.failed_inside is None else ""
        yield "failed" if error is None else f"failed with {error}{cause}"
    elif visit.status == "ABORTED":
        yield "aborted"
