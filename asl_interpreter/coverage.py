"""What executions have done of what a definition says: counted while they run, at the cost of two additions a state.

One record serves the coverage of a test suite, the colours of a picture, and reports of what a failure met. State names
are unique in a machine, so a name says which state is meant, wherever the state stands.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Literal, TypeAlias
from zlib import crc32

PointKind: TypeAlias = Literal[
    "choice", "default", "refused", "catch", "retry", "exhausted", "items", "timeout", "held", "failed"
]
Point: TypeAlias = tuple[str, PointKind, int]
"""The name of a state, what happened there, and a number.

==========  ==========================================================================================
choice      the Choice rule with this number held, and its transition was taken
refused     the Choice rule with this number did not hold
default     no rule held, and Default was taken
catch       the Catcher with this number was taken
retry       the Retrier with this number asked for another attempt
exhausted   the Retrier with this number named the error, and its attempts were used up
items       the Map had no items (0), one (1), or more (2)
timeout     the Task took longer than its TimeoutSeconds (0) or HeartbeatSeconds (1)
held        the condition of the JSONata conditional with this number (``conditional``) held
failed      it did not hold
==========  ==========================================================================================
"""


def conditional(text: str, place: int) -> int:
    """The number of a conditional in an expression: by the text, since it is the same in whatever field it stands."""
    return crc32(f"{place} {text}".encode("utf-8", "surrogatepass"))


class Coverage:
    """Counts of states entered and left, and of points passed, over any number of executions of one definition."""

    __slots__ = ("entered", "left", "points")

    def __init__(
        self,
        entered: Mapping[str, int] | None = None,
        left: Mapping[str, int] | None = None,
        points: Mapping[Point, int] | None = None,
    ) -> None:
        self.entered: dict[str, int] = dict(entered or {})
        """State -> how often executions entered it."""
        self.left: dict[str, int] = dict(left or {})
        """State -> how often executions left it, by whatever transition."""
        self.points: Counter[Point] = Counter(points or {})

    def add(self, other: Coverage) -> None:
        """Count what another record has counted, too."""
        for mine, its in ((self.entered, other.entered), (self.left, other.left)):
            for name, count in its.items():
                mine[name] = mine.get(name, 0) + count
        self.points.update(other.points)

    def chose(self, state: str, text: str) -> Callable[[int, bool], None]:
        """What counts which way the conditionals of an expression of a state go."""

        def count(place: int, held: bool) -> None:  # noqa: FBT001 - it is what is told
            self.points[state, "held" if held else "failed", conditional(text, place)] += 1

        return count

    def clear(self) -> None:
        """Count from nothing again."""
        self.entered.clear()
        self.left.clear()
        self.points.clear()

    def by_next(self) -> dict[str, int]:
        """State -> how often it was left by its Next, or at its End."""
        found = dict(self.left)
        for (name, kind, _), count in self.points.items():
            if kind in ("choice", "default", "catch"):
                found[name] = found.get(name, 0) - count
        return found
