"""Templates of pipes: what is made of an event before it goes to the enrichment or to the target.

``<$.body.id>`` is what a path finds in the event, where JSON inside of a text is seen as JSON; it is written as JSON
where it stands alone, and as its bare text inside a string.

Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-input-transformation.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from asl_interpreter.jsontext import JSON, InvalidJSON, dumps, loads

_PIECE: Final = re.compile(r'"(?:[^"\\]|\\.)*"|<[^<>\s]+>')
_VARIABLE: Final = re.compile(r"<([^<>\s]+)>")
_STEP: Final = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|\['([^']*)'\]")


class InvalidTemplate(ValueError):
    """What a template makes is no JSON."""


def fill(template: str, event: JSON, known: Mapping[str, JSON]) -> JSON:
    """What a template makes of an event; ``known`` are the values of names such as ``aws.pipes.pipe-name``.

    Raises:
        InvalidTemplate: no JSON comes of it.
    """

    def value(name: str) -> JSON:
        return _found(event, name) if name.startswith("$") else known.get(name)

    def inside(match: re.Match[str]) -> str:
        found = value(match[1])
        text = "" if found is None else found if isinstance(found, str) else dumps(found)
        return dumps(text)[1:-1]

    def piece(match: re.Match[str]) -> str:
        if match[0].startswith('"'):
            return _VARIABLE.sub(inside, match[0])
        found = value(match[0][1:-1])
        return '""' if found is None else dumps(found)

    try:
        return loads(_PIECE.sub(piece, template))
    except InvalidJSON as error:
        raise InvalidTemplate(str(error)) from None


def _found(event: JSON, path: str) -> JSON:
    """What a path finds; nothing is null."""
    for name, index, quoted in _STEP.findall(path[1:]):
        if isinstance(event, str):
            try:
                event = loads(event)
            except InvalidJSON:
                return None
        if index:
            event = event[int(index)] if isinstance(event, list) and int(index) < len(event) else None
        else:
            event = event.get(name or quoted) if isinstance(event, dict) else None
    return event
