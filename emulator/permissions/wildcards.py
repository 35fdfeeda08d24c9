"""Wildcards: ``*`` is any text, ``?`` one character."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

_PIECE: Final = re.compile(r"\0.|[^\0]", re.DOTALL)


@lru_cache(maxsize=4096)
def glob(pattern: str) -> Callable[[str], Any]:
    """What tells whether a text matches a pattern, whatever stands in it, colons and slashes too.

    A character after NUL stands for itself: so the wildcards in the value of a policy variable are written. The time
    that a match takes grows with the product of both lengths at most, however many wildcards there are.
    """
    if "?" not in pattern and "\0" not in pattern:
        if "*" not in pattern:
            return pattern.__eq__
        if pattern.index("*") == len(pattern) - 1:
            return lambda text: text.startswith(pattern[:-1])
    first, *others = _between_stars(pattern)
    if not others:
        return first.fullmatch
    last = re.compile(f"(?:{others[-1].pattern})\\Z", re.DOTALL)
    return lambda text: _matches(first, others[:-1], last, text)


def _between_stars(pattern: str) -> list[re.Pattern[str]]:
    """What stands between the asterisks, compiled."""
    parts = [""]
    for piece in _PIECE.findall(pattern):
        if piece == "*":
            parts.append("")
        else:
            parts[-1] += "." if piece == "?" else re.escape(piece.removeprefix("\0"))
    return [re.compile(part, re.DOTALL) for part in parts]


def _matches(first: re.Pattern[str], middle: list[re.Pattern[str]], last: re.Pattern[str], text: str) -> bool:
    """Whether the parts stand in the text in this order: the first at its beginning, the last at its end.

    Each part between has a fixed length, so its first place is as good as any.
    """
    found = first.match(text)
    for part in middle:
        if found is None:
            return False
        found = part.search(text, found.end())
    return found is not None and last.search(text, found.end()) is not None
