"""The picture as a Mermaid state diagram, for README files and pull requests that draw Mermaid themselves."""

from __future__ import annotations

from collections.abc import Iterator

from emulator.graph.outline import Box, Scope, states


def mermaid(scope: Scope) -> str:
    """The text of a ``stateDiagram-v2`` with composite states for Map and Parallel."""
    names = {box.key: f"s{number}" for number, box in enumerate(states(scope))}
    return "\n".join(["stateDiagram-v2", *_lines(scope, names, "    ")]) + "\n"


def _lines(scope: Scope, names: dict[str, str], indent: str) -> Iterator[str]:
    for box in scope.boxes.values():
        if box.type not in ("Start", "End"):
            names.setdefault(box.key, f"s{len(names)}")
            yield from _state(box, names, indent)
    for arrow in scope.transitions:
        source, target = (names.get(key, "[*]") for key in (arrow.source, arrow.target))
        label = f" : {_text(arrow.label)}" if arrow.label else ""
        yield f"{indent}{source} --> {target}{label}"


def _state(box: Box, names: dict[str, str], indent: str) -> Iterator[str]:
    yield f'{indent}state "{_text(box.name)}" as {names[box.key]}'
    if box.scopes:
        yield f"{indent}state {names[box.key]} {{"
        for number, scope in enumerate(box.scopes):
            if number:
                yield f"{indent}    --"
            yield from _lines(scope, names, f"{indent}    ")
        yield f"{indent}}}"


def _text(text: str) -> str:
    """A text that Mermaid takes as a text: its own marks are written as entities."""
    marks = {'"': "#quot;", ";": "#59;", "#": "#35;", "<": "#lt;", ">": "#gt;", ":": "#58;", "{": "#123;", "}": "#125;"}
    return "".join(marks.get(character, character) for character in " ".join(text.split()))
