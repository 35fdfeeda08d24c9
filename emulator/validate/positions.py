"""Where each value of a document stands in its text: location -> line and column, both from 1.

Locations are those of AWS's problems with a definition: ``/States/Wait/Choices[0]/Next``, the document itself ``/``.
The member of an object stands where its name begins.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, Final, TypeAlias

Position: TypeAlias = "tuple[int, int]"
ROOT: Final = "/"

_TOKEN: Final = re.compile(
    r'"((?:[^"\\]|\\.)*)"\s*:'  # the name of a member
    r"|([\[{])"
    r"|([\]}])"
    r'|"(?:[^"\\]|\\.)*"|[^\s,:\[\]{}"]+',  # a text, or another value
    re.DOTALL,
)
_MEMBER, _OPENED, _CLOSED = 1, 2, 3
_LINE_BREAK: Final = re.compile(r"\r\n?|\n")


def in_json(text: str) -> dict[str, Position]:
    """Where the values of a text stand that is known to be JSON."""
    ends = [match.end() for match in _LINE_BREAK.finditer(text)]
    found: dict[str, Position] = {}
    line, start, following = 1, 0, iter([*ends, len(text) + 1])
    end = next(following)
    for location, at in _scan(text):
        while at >= end:
            line, start, end = line + 1, end, next(following)
        found[location] = (line, at - start + 1)
    return found


def _scan(text: str) -> Iterator[tuple[str, int]]:
    """Each location, and the offset at which it stands, in the order of the text."""
    around: list[tuple[str, int]] = []  # where we are inside of, and how many of its elements have come
    inside, number, member = "", -1, ""
    for match in _TOKEN.finditer(text):
        kind = match.lastindex
        if kind == _MEMBER:
            name = match[1]
            if "\\" in name:
                name = json.loads(f'"{name}"')
            member = f"{inside}/{name}"
            yield member, match.start()
            continue
        if kind == _CLOSED:
            inside, number = around.pop()
            continue
        location = member
        if not member:
            location = f"{inside}[{number}]" if around else ROOT
            number += 1
            yield location, match.start()
        member = ""
        if kind == _OPENED:
            around.append((inside, number))
            inside, number = location if len(around) > 1 else "", 0


class InJSON(Mapping[str, Position]):
    """As ``in_json``; the text is gone through once somebody asks."""

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def _found(self) -> dict[str, Position]:
        return in_json(self._text)

    def __getitem__(self, location: str) -> Position:
        return self._found[location]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)


def in_yaml(document: Any) -> dict[str, Position]:
    """Where the values of a YAML document stand; PyYAML's node for it."""
    return dict(_marks(document, "", document.start_mark))


def _marks(node: Any, location: str, mark: Any) -> Iterator[tuple[str, Position]]:
    yield location or ROOT, (mark.line + 1, mark.column + 1)
    if node.id == "mapping":
        for key, value in node.value:
            yield from _marks(value, f"{location}/{key.value}", key.start_mark)
    elif node.id == "sequence":
        for index, item in enumerate(node.value):
            yield from _marks(item, f"{location}[{index}]", item.start_mark)


def nearest(positions: Mapping[str, Position], location: str | None) -> Position:
    """Where a location stands, or the innermost thing around it that stands anywhere."""
    while location and location not in positions:
        location = location[: max(location.rfind("/"), location.rfind("["))]
    return positions.get(location or ROOT, (1, 1))
