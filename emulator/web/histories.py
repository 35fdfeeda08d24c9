"""Histories that pages look at, kept while they are looked at: each look reads new events alone, and not too many.

A page of an execution with 25,000 events would otherwise read all of them for every part that it draws. A look reads
AT_ONCE of them at most, so that none takes long: the page says how far it is, and asks again.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, Final

from asl_interpreter.loop.locks import lock
from emulator.bench.visits import Reader, Visit, Visits
from emulator.faults import Fault
from emulator.web.asking import Asker

KEPT: Final = 4
"""How many histories are kept, those looked at last."""
PAGE: Final = 1000
"""Events of one GetExecutionHistory, the most that AWS allows."""
AT_ONCE: Final = 3 * PAGE
"""Events that one look reads at most."""
LATELY: Final = 100
"""Events that are looked for at the end of a history that was read to its end before."""


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
    outside: list[Visit] = field(default_factory=list)
    """The visits outside of Maps."""
    place: str | None = None
    """The token of the page of GetExecutionHistory that was read last; None for the first page."""
    more: bool = True
    """Whether the history had more events when it was read last."""

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
        inner, is_outside = visit, True
        while inner.inside is not None:
            if inner.item is not None:
                self.iterations.setdefault(inner.inside.event, {}).setdefault(inner.item, []).append(visit)
                is_outside = False
            inner = inner.inside
        if is_outside:
            self.outside.append(visit)


class Histories:
    """The histories that were looked at last."""

    def __init__(self) -> None:
        self._lock = lock("the histories of the console", 97)
        self._kept: OrderedDict[str, Kept] = OrderedDict()

    def look(self, asker: Asker, arn: str, started: float, *, whole: bool = False) -> Kept:
        """The history of an execution, read on by one look, or up to now if the ``whole`` of it is wanted.

        ``started`` tells two executions of one name apart.
        """
        kept = self._of(arn, started)
        lately = [] if kept.more else _page(asker, arn, None, LATELY, reverseOrder=True)[0][::-1]
        if not kept.more and not _goes_on(kept, lately):
            kept = self._of(arn, started, anew=True)
        with self._lock:
            known = len(kept.events)
            if lately and lately[0]["id"] <= known + 1:
                kept.take(lately)
                kept.more = False
                return kept
        while True:
            events, following = _forward(asker, arn, kept)
            with self._lock:
                kept.take(events)
                kept.place, kept.more = following or kept.place, following is not None
            if not kept.more or (not whole and len(kept.events) >= known + AT_ONCE):
                return kept

    def _of(self, arn: str, started: float, *, anew: bool = False) -> Kept:
        with self._lock:
            kept = self._kept.get(arn)
            if kept is None or kept.started != started or anew:
                kept = self._kept[arn] = Kept(started)
            self._kept.move_to_end(arn)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
            return kept


def _goes_on(kept: Kept, lately: list[dict[str, Any]]) -> bool:
    """Whether the last events of a history follow those that are known: a snapshot may have been restored meanwhile."""
    last = kept.events[-1]
    if lately[-1]["id"] < last["id"]:
        return False
    skipped: int = last["id"] - lately[0]["id"]
    return skipped < 0 or last == lately[skipped]


def _forward(asker: Asker, arn: str, kept: Kept) -> tuple[list[dict[str, Any]], str | None]:
    """The page at which reading stands, and the token of the next; the first page if the token is too old."""
    try:
        return _page(asker, arn, kept.place, PAGE)
    except Fault as fault:
        if fault.code != "InvalidToken":
            raise
    return _page(asker, arn, None, PAGE)


def _page(asker: Asker, arn: str, token: str | None, size: int, **how: bool) -> tuple[list[dict[str, Any]], str | None]:
    answer = asker.step_functions("GetExecutionHistory", executionArn=arn, maxResults=size, nextToken=token, **how)
    return answer["events"], answer.get("nextToken")
