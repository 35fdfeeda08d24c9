"""Paging: lists of things, some at a time."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Sequence
from typing import Final

from emulator.apigateway.control.held import Thing, bad
from emulator.apigateway.v2.held import Asked

_MOST: Final = 500


def page(asked: Asked, things: Iterable[Thing]) -> Thing:
    """The things that ``maxResults`` and ``nextToken`` ask for, and the token of the next ones. Raises Fault."""
    found: Sequence[Thing] = list(things)
    try:
        limit = int(asked.params.get("maxResults") or _MOST)
    except ValueError:
        limit = 0
    if not 1 <= limit <= _MOST:
        raise bad(f"Invalid value for maxResults, must be between 1 and {_MOST}")
    begin = _read(asked.params["nextToken"]) if asked.params.get("nextToken") else 0
    answer: Thing = {"items": list(found[begin : begin + limit])}
    if begin + limit < len(found):
        answer["nextToken"] = base64.b64encode(str(begin + limit).encode()).decode()
    return answer


def _read(token: str) -> int:
    try:
        return int(base64.b64decode(token, validate=True))
    except (binascii.Error, ValueError):
        raise bad("Invalid nextToken specified") from None
