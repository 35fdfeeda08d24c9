"""Where each value of a document stands in its text: location -> line and column, both from 1.

Locations are those of AWS's problems with a definition: ``/States/Wait/Choices[0]/Next``, the document itself ``/``.
The member of an object stands where its name begins.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any, Final, TypeAlias

Position: TypeAlias = "tuple[int, int]"
ROOT: Final = "/"

_TOKEN: Final = re.compile(
    r'[\s,]*(?P<token>[{}\[\]]|(?P<string>"(?:[^"\\]|\\.)*")\s*(?P<colon>:)?|[^\s,:\]}]+)', re.DOTALL
)
_LINE_BREAK: Final = re.compile(r"\r\n?|\n")


def in_json(text: str) -> dict[str, Position]:
    """Where the values of a text stand that is known to be JSON."""
    starts = [0, *(match.end() for match in _LINE_BREAK.finditer(text))]
    found: dict[str, Position] = {}
    for location, at in _scan(text):
        line = bisect_right(starts, at)
        found[location or ROOT] = (line, at - starts[line - 1] + 1)
    return found


def _scan(text: str) -> Iterator[tuple[str, int]]:
    """Each location, and the offset at which it stands."""
    around: list[tuple[str, Iterator[int]]] = []  # where we are inside of, and the numbers of its elements
    member: str | None = None
    for match in _TOKEN.finditer(text):
        token, at = match["token"], match.start("token")
        if token in ("}", "]"):
            around.pop()
        elif match["colon"]:
            member = f"{around[-1][0]}/{json.loads(match['string'])}"
            yield member, at
        else:
            if member is not None:
                location = member
            else:
                location = f"{around[-1][0]}[{next(around[-1][1])}]" if around else ""
                yield location, at
            member = None
            if token in ("{", "["):
                around.append((location, count()))


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
