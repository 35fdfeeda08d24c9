"""What the page of a state machine shows: its picture, its definition by lines, its problems, how often it was used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from asl_interpreter.coverage import Coverage
from asl_interpreter.errors import InvalidDefinition
from asl_interpreter.jsontext import InvalidJSON, loads
from asl_interpreter.reading.parsing import read
from emulator.graph.outline import Scope, Transition, TransitionKey, outline, states
from emulator.graph.svg import Marks, draw
from emulator.validate.positions import Position, in_json, nearest
from emulator.web.asking import Asker

LONG_LINE: Final = 400
"""Characters of a line from which a definition is laid out anew for people."""


@dataclass(slots=True)
class Line:
    """One line of a definition, which state begins there, and what is to be said of it."""

    number: int
    text: str
    state: str = ""
    problems: list[dict[str, Any]] = field(default_factory=list)


def laid_out(text: str) -> str:
    """A definition as people read one: JSON in one line gets lines, and everything else stays as it is."""
    import json

    if "\n" in text.strip() and all(len(line) < LONG_LINE for line in text.splitlines()):
        return text
    try:
        return json.dumps(loads(text), indent=2, ensure_ascii=False)
    except InvalidJSON:
        return text


def parsed(text: str) -> Any:
    """The value of a definition; empty if the text is none."""
    try:
        return read(text)
    except InvalidDefinition:
        return {}


def lines(
    text: str, scope: Scope, problems: list[dict[str, Any]], places: Mapping[str, Position] | None = None
) -> list[Line]:
    """The lines of a definition, each with the state that begins there and its problems.

    ``places`` says where things stand; a text in JSON needs none.
    """
    shown = [Line(number, line) for number, line in enumerate(text.splitlines() or [""], start=1)]
    if places is None:
        places = _places(text)
    for box in states(scope):
        line = places.get(box.key, (0, 0))[0]
        if 0 < line <= len(shown):
            shown[line - 1].state = box.name
    for problem in problems:
        line = nearest(places, problem.get("location"))[0]
        shown[min(line, len(shown)) - 1].problems.append(problem)
    return shown


def _places(text: str) -> dict[str, Position]:
    try:
        loads(text)
    except InvalidJSON:
        return {}
    return in_json(text)


def problems(asker: Asker, text: str, kind: str) -> list[dict[str, Any]]:
    """What ValidateStateMachineDefinition says of a definition, warnings too."""
    if not text:
        return []
    answer = asker.step_functions("ValidateStateMachineDefinition", definition=text, type=kind, severity="WARNING")
    found: list[dict[str, Any]] = answer["diagnostics"]
    return found


def openable(scope: Scope) -> list[str]:
    """The states whose inside a picture can show or leave out."""
    return [box.name for box in states(scope) if box.type in ("Map", "Parallel")]


def picture(definition: Any, marks: Marks | None = None, *, closed: frozenset[str] = frozenset(), title: str) -> str:
    """The SVG of a definition, coloured by the style sheet of the page."""
    return draw(outline(definition, closed=closed), marks, title=title)


def used(scope: Scope, coverage: Coverage | None) -> Marks:
    """How often executions entered each state and took each transition, as colours and short notes."""
    if coverage is None:
        return Marks()
    entered = {box.name: coverage.entered.get(box.name, 0) for box in states(scope)}
    if not any(entered.values()):
        return Marks()
    by_next = coverage.by_next()
    taken = Counter(
        {
            transition.key: (
                by_next.get(transition.key.state, 0)
                if transition.key.kind == "next"
                else coverage.points[transition.key.state, transition.key.kind, transition.key.number]
            )
            for transition in _transitions(scope)
            if transition.key is not None
        }
    )
    return Marks(
        {name: "used" if count else "missed" for name, count in entered.items()},
        {key: "taken" if count else "missed" for key, count in taken.items()},
        {name: f"{count} x" for name, count in entered.items() if count},
    )


def _transitions(scope: Scope) -> list[Transition]:
    inner = [found for box in scope.boxes.values() for each in box.scopes for found in _transitions(each)]
    return [*scope.transitions, *inner]


def between(scope: Scope) -> dict[tuple[str, str], list[TransitionKey]]:
    """Names of two states of one scope -> the transitions from the first to the second."""
    found: dict[tuple[str, str], list[TransitionKey]] = {}
    for box in (scope, *(inner for each in states(scope) for inner in each.scopes)):
        for transition in box.transitions:
            if transition.key is not None:
                target = "" if transition.target not in box.boxes else box.boxes[transition.target].name
                found.setdefault((transition.key.state, target), []).append(transition.key)
    return found
