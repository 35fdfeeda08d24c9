"""Texts in the picture: how long they may be, and how wide they are."""

from __future__ import annotations

from typing import Final

LABEL_HEIGHT: Final = 16
"""Pixels that the text of an arrow takes."""
LABEL_SIZE: Final = 11
LONGEST_LABEL: Final = 36
LONGEST_NAME: Final = 44
"""Characters of a label or a name that are shown."""


def text_width(text: str, size: float = 13) -> float:
    """Roughly how many pixels a text takes in a sans serif font of a size."""
    ems = {"narrow": 0.36, "wide": 0.92, "capital": 0.72, "full": 1.05, "usual": 0.6}
    return size * sum(ems[_breadth(character)] for character in text)


def _breadth(character: str) -> str:
    if character in "il.,:;'|!fjrt()[]$ ":
        return "narrow"
    if character in "mwMW@%":
        return "wide"
    if ord(character) > 0x2E80:  # the scripts of East Asia, and pictures
        return "full"
    return "capital" if character.isupper() else "usual"


def shortened(text: str, most: int) -> str:
    """A text of at most so many characters, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def label_width(label: str) -> float:
    """Pixels that the text of an arrow takes, with some room beside it."""
    return text_width(label, LABEL_SIZE) + 8
