"""Histories that pages look at, kept while they are looked at: each look reads the new events alone.

A page of an execution with 30,000 events would otherwise read all of them for every part that it draws.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, Final

from asl_interpreter.loop.locks import lock
from emulator.bench.visits import Reader, Visit, Visits
from emulator.web.asking import Asker

KEPT: Final = 4
"""How many histories are kept, those looked at last."""
PAGE: Final = 1000
"""Events of one GetExecutionHistory, the most that AWS allows."""


@dataclass
class Kept:
    """The history of one execution, as far as it was read."""

    started: float
    events: list[dict[str, Any]] = field(default_factory=list)
    reader: Reader = field(default_factory=Reader)
    by_event: dict[int, Visit] = field(default_factory=dict)
    """Id of the event of an entry -> the visit."""
    iterations: dict[int, dict[int, list[Visit]]] = field(default_factory=dict)
    """Id of the entry into a Map -> item -> the visits inside, those in states inside of it too."""

    drawn: tuple[object, tuple[str, list[Any]]] | None = None
    """What was drawn last of it, and of what: the picture and the strips, which take long of a long history."""

    @property
    def visits(self) -> Visits:
        """What the events show."""
        return self.reader.visits

    def take(self, events: list[dict[str, Any]]) -> None:
        """Read events that are new; those that somebody else has read meanwhile are passed over."""
        for event in events:
            if event["id"] != len(self.events) + 1:
                continue
            self.events.append(event)
            self.reader.read(event)
            if event["type"].endswith("StateEntered"):
                visit = self.visits.every[-1]
                self.by_event[visit.event] = visit
                self._inside(visit)

    def _inside(self, visit: Visit) -> None:
        inner = visit
        while inner.inside is not None:
            if inner.item is not None:
                self.iterations.setdefault(inner.inside.event, {}).setdefault(inner.item, []).append(visit)
            inner = inner.inside


class Histories:
    """The histories that were looked at last."""

    def __init__(self) -> None:
        self._lock = lock("the histories of the console", 97)
        self._kept: OrderedDict[str, Kept] = OrderedDict()

    def look(self, asker: Asker, arn: str, started: float) -> Kept:
        """The history of an execution up to now; ``started`` tells two executions of one name apart."""
        with self._lock:
            kept = self._kept.get(arn)
            if kept is None or kept.started != started:
                kept = self._kept[arn] = Kept(started)
            self._kept.move_to_end(arn)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
            known = len(kept.events)
        fresh = _since(asker, arn, known)
        with self._lock:
            kept.take(fresh)
        return kept


def _since(asker: Asker, arn: str, known: int) -> list[dict[str, Any]]:
    """The events after the first ``known``, in order: from the start if none is known, else from the end."""
    found: list[dict[str, Any]] = []
    token = None
    while True:
        answer = asker.step_functions(
            "GetExecutionHistory", executionArn=arn, maxResults=PAGE, nextToken=token, reverseOrder=known > 0
        )
        found += answer["events"]
        token = answer.get("nextToken")
        if token is None or (known and answer["events"][-1]["id"] <= known):
            break
    if known:
        found.reverse()
    return [event for event in found if event["id"] > known]
