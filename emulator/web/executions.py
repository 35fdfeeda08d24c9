"""What the page of an execution shows: a coloured picture, a timeline, a strip for each Map, its events, one visit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import unified_diff
from typing import Any, Final

from asl_interpreter.jsontext import JSON, InvalidJSON, dumps, loads
from emulator.bench.explain import Told, clock, explain, shortened
from emulator.bench.visits import Visit, details_of, seconds
from emulator.graph.outline import Scope, TransitionKey
from emulator.graph.svg import Marks
from emulator.web.histories import Kept
from emulator.web.machines import between

MOST_BARS: Final = 200
"""Bars that a timeline has at most."""
CELLS: Final = 100
"""Items in one row of the strip of a Map."""
WORST_FIRST: Final = ("FAILED", "ABORTED", "RUNNING", "CAUGHT", "SUCCEEDED")


def worst(statuses: Iterable[str]) -> str:
    """The status that stands for several: a failure before all others, a success if there is nothing else."""
    found = set(statuses)
    return next((status for status in WORST_FIRST if status in found), "RUNNING")


def marks(kept: Kept, scope: Scope) -> Marks:
    """States coloured by the statuses of their visits, the transitions that were taken, and how often each was."""
    statuses: dict[str, set[str]] = {}
    counts: Counter[str] = Counter()
    taken: dict[TransitionKey, str] = {}
    ways = between(scope)
    last: dict[tuple[int, int | None, int], Visit] = {}
    for visit in kept.visits.every:
        statuses.setdefault(visit.state, set()).add(visit.status)
        counts[visit.state] += 1
        line = (0 if visit.inside is None else visit.inside.event, visit.item, 0)
        before = last.get(line)
        if before is not None:
            _take(taken, ways, before, visit.state)
        last[line] = visit
    for visit in last.values():
        if visit.status == "SUCCEEDED":
            _take(taken, ways, visit, "End")
    return Marks(
        {name: worst(found) for name, found in statuses.items()},
        taken,
        {name: f"{count} x" for name, count in counts.items() if count > 1},
    )


def _take(
    taken: dict[TransitionKey, str], ways: dict[tuple[str, str], list[TransitionKey]], visit: Visit, target: str
) -> None:
    found = ways.get((visit.state, target), [])
    caught = visit.status == "CAUGHT"
    key = next((key for key in found if (key.kind == "catch") == caught), None)
    if key is not None:
        taken[key] = "taken"


@dataclass(frozen=True, slots=True)
class Bar:
    """One visit in a timeline; places and widths in thousandths of its width."""

    visit: Visit
    left: float
    width: float
    attempts: tuple[tuple[float, float, str], ...]
    duration: str
    really: str
    """How long it took in real time; empty where nobody knows any more."""


def timeline(
    kept: Kept, now: float, first: int = 0, really: Callable[[float], float | None] = lambda _: None
) -> tuple[list[Bar], int]:
    """Bars of the visits outside of Maps from the ``first`` on, as many as are shown; and how many visits there are.

    ``really`` says when an instant of the machine really was.
    """
    every = kept.outside
    if not every:
        return [], 0
    start, end = seconds(kept.events[0]["timestamp"]), now
    whole = max(end - start, 0.001)

    def place(instant: float) -> float:
        return round(1000 * max(0.0, min(instant, end) - start) / whole, 2)

    bars = []
    for visit in every[first : first + MOST_BARS]:
        until = now if visit.left_at is None else visit.left_at
        tries = tuple(
            (
                place(attempt.started_at),
                max(place(attempt.ended_at or until) - place(attempt.started_at), 3.0),
                "FAILED" if attempt.error else "SUCCEEDED" if attempt.succeeded else "RUNNING",
            )
            for attempt in visit.attempts[:50]
        )
        left = min(place(visit.entered_at), 997.0)
        took = clock(max(0.0, until - visit.entered_at))
        real = _between(really(visit.entered_at), really(until))
        bars.append(Bar(visit, left, max(place(until) - left, 3.0), tries, took, real))
    return bars, len(every)


def _between(began: float | None, ended: float | None) -> str:
    """A real duration in words; empty if one end of it is not known."""
    if began is None or ended is None:
        return ""
    took = max(0.0, ended - began)
    return f"{took * 1000:.0f} ms" if took < 1 else clock(took)


@dataclass(frozen=True, slots=True)
class Strip:
    """The items of one Map: cells in rows of ``CELLS``, neighbours of one status drawn as one."""

    visit: Visit
    items: int
    rows: int
    runs: tuple[tuple[int, int, int, str], ...]
    """Row, column, length and status."""
    counts: dict[str, int]


def strips(kept: Kept) -> Iterator[Strip]:
    """A strip for each Map that has items, as the history shows them."""
    for event, known in list(kept.iterations.items())[:20]:
        visit, items = kept.by_event[event], dict(known)  # others may read on meanwhile
        highest = max(items)
        found = [worst(each.status for each in items[n]) if n in items else "PENDING" for n in range(highest + 1)]
        runs: list[tuple[int, int, int, str]] = []
        for number, status in enumerate(found):
            row, column = divmod(number, CELLS)
            if runs and runs[-1][0] == row and runs[-1][3] == status:
                runs[-1] = (row, runs[-1][1], runs[-1][2] + 1, status)
            else:
                runs.append((row, column, 1, status))
        yield Strip(visit, len(items), highest // CELLS + 1, tuple(runs), dict(Counter(found)))


def pretty_text(text: Any) -> str:
    """A text that may be JSON, in lines; any other text as it is."""
    try:
        return pretty(loads(text) if isinstance(text, str) else text)
    except InvalidJSON:
        return pretty(text)


def pretty(value: JSON) -> str:
    """A value as JSON in lines."""
    import json

    return value if isinstance(value, str) and "\n" in value else json.dumps(value, indent=2, ensure_ascii=False)


def difference(visit: Visit) -> list[tuple[str, str]]:
    """The lines of the output against those of the input: how each is marked, and its text."""
    if visit.status not in ("SUCCEEDED", "CAUGHT"):
        return []
    lines = unified_diff(pretty(visit.input).splitlines(), pretty(visit.output).splitlines(), n=2, lineterm="")
    return [({"+": "added", "-": "removed"}.get(line[:1], ""), line) for line in list(lines)[2:400]]


@dataclass(frozen=True, slots=True)
class Row:
    """One event in the list of events."""

    id: int
    previous: int
    after: str
    type: str
    visit: Visit | None
    text: str


def rows(kept: Kept, wanted: str, first: int, size: int) -> tuple[list[Row], int | None]:
    """The events from an id on that have a text in their type, state or details, and the id of the next page."""
    found: list[Row] = []
    if not kept.events:
        return found, None
    start, sought = seconds(kept.events[0]["timestamp"]), wanted.casefold()
    for event in kept.events[max(first - 1, 0) :]:
        visit = kept.visits.owner.get(event["id"])
        details = details_of(event)
        if sought and not any(sought in text.casefold() for text in _texts(event["type"], details, visit)):
            continue
        if len(found) == size:
            return found, event["id"]
        text = shortened(dumps(details), 160) if details else ""
        after = clock(max(0.0, seconds(event["timestamp"]) - start))
        found.append(Row(event["id"], event.get("previousEventId", 0), after, event["type"], visit, text))
    return found, len(kept.events) + 1 if kept.more else None


def _texts(kind: str, details: Mapping[str, Any], visit: Visit | None) -> Iterator[str]:
    """What is searched of an event: its type, its details, JSON in them as it is written, and the path of its state."""
    yield kind
    for value in details.values():
        if isinstance(value, str):
            yield value
        elif value != {"truncated": False}:
            yield dumps(value)
    if visit is not None:
        yield visit.path


def told(described: dict[str, Any], kept: Kept, now: float) -> str:
    """The explanation of an execution that has not succeeded, in words; empty for every other."""
    if described["status"] not in ("FAILED", "TIMED_OUT", "ABORTED"):
        return ""
    elapsed = described.get("stopDate", now) - described["startDate"]
    name, status = described["name"], described["status"]
    return explain(
        Told(name, status, described.get("error"), described.get("cause"), elapsed, kept.events),
        tail=0,
        visits=kept.visits,
    )
