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
    r'"([^"\\]*(?:\\.[^"\\]*)*)"\s*:\s*(?:([\[{])|(?:"[^"\\]*(?:\\.[^"\\]*)*"|[^\s,:\[\]{}"]+))'  # a member
    r"|([\[{])"
    r"|((?:[\]}][\s,]*)+)"
    r'|"[^"\\]*(?:\\.[^"\\]*)*"|[^\s,:\[\]{}"]+',  # a text or another value, as an element
    re.DOTALL,
)
_MEMBER, _MEMBER_OPENED, _OPENED, _CLOSED = 1, 2, 3, 4
_CLOSING: Final = re.compile(r"[\]}]")
_LINE_BREAK: Final = re.compile(r"\r\n?|\n")


def in_json(text: str) -> dict[str, Position]:
    """Where the values of a text stand that is known to be JSON."""
    found: dict[str, Position] = {}
    breaks = [*(match.end() for match in _LINE_BREAK.finditer(text)), len(text) + 1]
    line, start, end = 1, 0, breaks[0]
    around: list[tuple[str, int]] = []  # where we are inside of, and how many of its elements have come
    inside, number = "", 0
    for match in _TOKEN.finditer(text):
        kind = match.lastindex
        if kind == _CLOSED:
            for _ in _CLOSING.findall(match[_CLOSED]):
                inside, number = around.pop()
            continue
        if kind in (_MEMBER, _MEMBER_OPENED):
            name = match[_MEMBER]
            if "\\" in name:
                name = json.loads(f'"{name}"')
            location = f"{inside}/{name}"
        else:
            location = f"{inside}[{number}]" if around else ROOT
            number += 1
        at = match.start()
        while at >= end:
            line, start, end = line + 1, end, breaks[line]
        found[location] = (line, at - start + 1)
        if kind in (_MEMBER_OPENED, _OPENED):
            around.append((inside, number))
            inside, number = location if len(around) > 1 else "", 0
    return found


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
