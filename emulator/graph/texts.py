"""Texts in the picture: how long they may be, and how wide they are."""

from __future__ import annotations

from functools import cache
from typing import Final

LABEL_HEIGHT: Final = 16
"""Pixels that the text of an arrow takes."""
LABEL_SIZE: Final = 11
LONGEST_LABEL: Final = 36
LONGEST_NAME: Final = 44
"""Characters of a label or a name that are shown."""


def text_width(text: str, size: float = 13) -> float:
    """Roughly how many pixels a text takes in a sans serif font of a size."""
    return size * sum(map(_ems, text))


@cache
def _ems(character: str) -> float:
    if character in "il.,:;'|!fjrt()[]$ ":
        return 0.36
    if character in "mwMW@%":
        return 0.92
    if ord(character) > 0x2E80:  # the scripts of East Asia, and pictures
        return 1.05
    return 0.72 if character.isupper() else 0.6


def shortened(text: str, most: int) -> str:
    """A text of at most so many characters, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def label_width(label: str) -> float:
    """Pixels that the text of an arrow takes, with some room beside it."""
    return text_width(label, LABEL_SIZE) + 8
