"""The run of an execution on the picture of its definition."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from emulator.bench.visits import Event, read_visits
from emulator.graph.outline import Scope, Transition, TransitionKey
from emulator.graph.svg import Marks

_MOST_TELLING: Final = ("FAILED", "RUNNING", "CAUGHT", "SUCCEEDED", "ABORTED")
"""Of the visits of a state the first of these gives the colour."""


def marks_of(history: Sequence[Event], scope: Scope) -> Marks:
    """The colours of the picture: how each state ended, how often it was entered, and which transitions were taken.

    Where several rules of a Choice state lead to the same state, a history does not tell which was true: all are taken.
    """
    visits = read_visits(history)
    states: dict[str, str] = {}
    counts: Counter[str] = Counter()
    steps: set[tuple[str, str, bool]] = set()
    for visit in visits.every:
        counts[visit.state] += 1
        states[visit.state] = min(states.get(visit.state, visit.status), visit.status, key=_MOST_TELLING.index)
    for event in history:
        if event["type"].endswith("StateEntered"):
            entered, left = visits.owner[event["id"]], visits.owner.get(event.get("previousEventId", 0))
            if entered is not None and left is not None and left.inside is entered.inside and left.item == entered.item:
                steps.add((left.state, entered.state, left.status == "CAUGHT"))
    transitions = {
        arrow.key: "taken" for arrow in _arrows([scope]) if arrow.key is not None and _step(arrow, arrow.key) in steps
    }
    notes = {name: f"{count} times" for name, count in counts.items() if count > 1}
    return Marks(states, transitions, notes)


def _step(arrow: Transition, key: TransitionKey) -> tuple[str, str, bool]:
    return key.state, arrow.target.rpartition("/")[2], key.kind == "catch"


def _arrows(scopes: Iterable[Scope]) -> Iterator[Transition]:
    for scope in scopes:
        yield from scope.transitions
        for box in scope.boxes.values():
            yield from _arrows(box.scopes)
