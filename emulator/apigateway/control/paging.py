"""Paging: lists of things, some at a time."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Final

from emulator.apigateway.control.held import Asked, Thing, bad

_USUAL: Final = 25
_MOST: Final = 500


def page(asked: Asked, things: Sequence[Thing]) -> Thing:
    """The items that a request asks for by ``position`` and ``limit``, and the position of the next ones.

    Raises:
        Fault: no list had that position.
    """
    limit = min(asked.params.get("limit") or _USUAL, _MOST)
    begin = _read(asked.params["position"]) if asked.params.get("position") else 0
    answer: Thing = {"items": list(things[begin : begin + limit])}
    if begin + limit < len(things):
        answer["position"] = base64.b64encode(str(begin + limit).encode()).decode()
    return answer


def _read(position: str) -> int:
    try:
        return int(base64.b64decode(position, validate=True))
    except (binascii.Error, ValueError):
        raise bad("Invalid position parameter specified") from None
