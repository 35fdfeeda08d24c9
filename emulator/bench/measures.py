"""What the coverage of a definition measures: everything in it that a test can make happen, and a test can miss.

A definition is measured by its states, its transitions, each Choice rule both ways, each Retrier (used, and used up),
each Catcher, each Map without items, with one and with many, and each time limit of a Task.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from asl_interpreter.coverage import Coverage, PointKind, conditional
from asl_interpreter.jsontext import JSON, dumps
from asl_interpreter.language.jsonata_fields import conditionals
from emulator.graph.outline import Scope, TransitionKey, condition, outline

Kind: TypeAlias = Literal["state", "next"] | PointKind

ENDS: Final = ("Succeed", "Fail")
ITEMS: Final = ("without items", "with one item", "with many items")
LIMITS: Final = ("timed out", "missed a heartbeat")


@dataclass(frozen=True, slots=True)
class Measure:
    """One thing that a test can make happen."""

    state: str
    kind: Kind
    number: int
    location: str
    """Where in the definition it stands: ``/States/Charge/Catch[1]``."""
    missed: str
    """What to say if it never happened: ``catcher 2 (States.Timeout) never taken``."""

    @property
    def transition(self) -> TransitionKey | None:
        """The arrow in the picture that it is, if it is one."""
        if self.kind in ("next", "choice", "default", "catch"):
            return TransitionKey(self.state, self.kind, self.number)
        return None


def counted(definition: JSON, coverage: Coverage) -> tuple[tuple[Measure, int], ...]:
    """Everything that is measured of a definition that AWS would accept, and how often that happened."""
    entered, by_next, points = coverage.entered, coverage.by_next(), coverage.points

    def count(measure: Measure) -> int:
        if measure.kind == "state":
            return entered.get(measure.state, 0)
        if measure.kind == "next":
            return by_next.get(measure.state, 0)
        return points[measure.state, measure.kind, measure.number]

    return tuple((measure, count(measure)) for measure in measures(definition))


def measures(definition: JSON, path: str = "", language: str = "JSONPath") -> Iterator[Measure]:
    """Everything that is measured of a definition that AWS would accept, in the order in which it is written.

    The Comment of a state may end in ``no cover: never ran without items``, in the words of a report, so that this is
    not measured; in ``no cover`` so that nothing of the state is. Several are separated by semicolons.
    """
    language = definition.get("QueryLanguage", language)
    for name, state in definition["States"].items():
        location = f"{path}/States/{name}"
        left_out = _NO_COVER.search(str(state.get("Comment", "")))
        in_jsonata = state.get("QueryLanguage", language) == "JSONata"
        computed = _conditionals(name, state, location) if in_jsonata else ()
        for measure in (*_of_state(name, state, location), *computed):
            if left_out is None or (left_out[1] and measure.missed not in left_out[1].split("; ")):
                yield measure
        for inner, processor in _inside(state):
            yield from measures(processor, f"{location}/{inner}", language)


_NO_COVER: Final = re.compile(r"\bno cover(?:: (.+))?$")


def _of_state(name: str, state: Mapping[str, Any], location: str) -> Iterator[Measure]:
    yield Measure(name, "state", 0, location, "never entered")
    yield from _choice(name, state, location)
    if state["Type"] != "Choice" and state["Type"] not in ENDS:
        field = "Next" if "Next" in state else "End"
        yield Measure(name, "next", 0, f"{location}/{field}", f"never left by {field}")
    yield from _limits(name, state, location)
    if state["Type"] == "Map":
        for number, how in enumerate(ITEMS):
            yield Measure(name, "items", number, location, f"never ran {how}")
    yield from _failures(name, state, location)


def _choice(name: str, state: Mapping[str, Any], location: str) -> Iterator[Measure]:
    for number, rule in enumerate(state.get("Choices", ())):
        place, text = f"{location}/Choices[{number}]", f"rule {number + 1} ({condition(rule)})"
        yield Measure(name, "choice", number, place, f"{text} never true")
        yield Measure(name, "refused", number, place, f"{text} never false")
    if "Default" in state:
        yield Measure(name, "default", 0, f"{location}/Default", "Default never taken")


def _limits(name: str, state: Mapping[str, Any], location: str) -> Iterator[Measure]:
    if state["Type"] == "Task":
        for number, field in enumerate(("TimeoutSeconds", "HeartbeatSeconds")):
            for given in (field, f"{field}Path"):
                if given in state:
                    yield Measure(name, "timeout", number, f"{location}/{given}", f"never {LIMITS[number]}")


def _failures(name: str, state: Mapping[str, Any], location: str) -> Iterator[Measure]:
    for number, retrier in enumerate(state.get("Retry", ())):
        place, text = f"{location}/Retry[{number}]", f"retrier {number + 1} ({', '.join(retrier['ErrorEquals'])})"
        if retrier.get("MaxAttempts") != 0:
            yield Measure(name, "retry", number, place, f"{text} never used")
        yield Measure(name, "exhausted", number, place, f"{text} never used up")
    for number, catcher in enumerate(state.get("Catch", ())):
        text = f"catcher {number + 1} ({', '.join(catcher['ErrorEquals'])})"
        yield Measure(name, "catch", number, f"{location}/Catch[{number}]", f"{text} never taken")


_STATES_INSIDE: Final = ("Branches", "ItemProcessor", "Iterator")
_SHOWN: Final = 40
"""Characters of a condition that are shown."""


def _conditionals(name: str, state: Mapping[str, Any], location: str) -> Iterator[Measure]:
    """The conditionals ``a ? b : c`` in the expressions of a state; one text is one, in however many fields."""
    own = {field: value for field, value in state.items() if field not in _STATES_INSIDE and field != "Comment"}
    seen = set()
    for where, text, place in conditionals(own):
        number = conditional(text, place)
        if number not in seen:
            seen.add(number)
            before = " ".join(text[:place].split())
            shown = before if len(before) <= _SHOWN else f"…{before[1 - _SHOWN :]}"
            said = f"{where.removeprefix('/')}: the condition '{shown}'"
            yield Measure(name, "held", number, f"{location}{where}", f"{said} never held")
            yield Measure(name, "failed", number, f"{location}{where}", f"{said} always held")


def _inside(state: Mapping[str, Any]) -> Iterator[tuple[str, JSON]]:
    if state["Type"] == "Parallel":
        for number, branch in enumerate(state["Branches"]):
            yield f"Branches[{number}]", branch
    elif state["Type"] == "Map":
        field = "ItemProcessor" if "ItemProcessor" in state else "Iterator"
        yield field, state[field]


def skeleton(definition: JSON) -> str:
    """What two texts of one definition have in common: states and transitions, whatever ARNs were put in.

    For example, a file with ``${ChargeFunction}`` and the definition that a test has made of the file are alike.
    """
    return dumps(_bones(outline(definition)))


def _bones(scope: Scope) -> JSON:
    boxes = [[box.key, box.type, [_bones(inner) for inner in box.scopes]] for box in scope.boxes.values()]
    arrows = [[arrow.source, arrow.target, list(arrow.key or ())] for arrow in scope.transitions]
    return [sorted(boxes, key=dumps), sorted(arrows, key=dumps)]
