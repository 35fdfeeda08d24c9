"""The clock: one object tells the time to everything (Wait, Retry, timeouts, TTL, every timestamp).

It is passive. In mode ``wall`` it follows the machine's clock; in ``virtual`` and ``manual`` it stands still until it
is moved: by the loop, which jumps to the next timer when nothing else can happen (``virtual``), or by ``advance``
alone (``manual``). This is the only module that reads the wall clock.
"""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import Final, Literal, TypeAlias, get_args

Mode: TypeAlias = Literal["wall", "virtual", "manual"]
MODES: Final[tuple[str, ...]] = get_args(Mode)

EPOCH: Final = datetime(2026, 1, 1, tzinfo=timezone.utc).timestamp()
"""Where virtual time starts, so that two runs print the same timestamps."""

LATEST: Final = datetime(9999, 12, 31, tzinfo=timezone.utc).timestamp()
"""Where time ends: clients cannot read a later timestamp."""

MOST_MARKS: Final = 10_000
"""How many moves of a clock are remembered, for those who ask when it really was."""

monotonic = time.monotonic
"""Real seconds, for bounding how long a real thing may take; never for anything a machine can see."""

_real_time: Callable[[], float] | None = None


def real_time() -> float:
    """Real seconds since 1970, for processes whose own clock is real; never for anything a machine can see."""
    return time.time() if _real_time is None else _real_time()


def tell_real_time_by(tell: Callable[[], float] | None = None) -> None:
    """Have ``tell`` say the real time, while ``time.time`` of this process is made to say another one."""
    global _real_time  # noqa: PLW0603 - as time.time, it is of the process
    _real_time = tell


class Clock:
    """Time in seconds since 1970, never going backwards, also when the mode changes.

    Real time is that of the machine when the clock is made, and counts on from there by itself: when somebody sets the
    time of the machine, or it sleeps, a running Wait becomes neither longer nor shorter.
    """

    __slots__ = ("_epoch", "_marks", "_mode", "_now", "_offset", "follower")

    def __init__(self, mode: Mode = "wall", start: float | None = None) -> None:
        self._mode: Mode = mode
        self.follower: Callable[[float], None] | None = None
        """Hears of each new time of a clock that stands still in between; of a test whose Python follows it."""
        self._epoch = real_time() - time.monotonic()
        self._now = start if start is not None else EPOCH
        self._offset = 0.0 if start is None else start - self._real()
        self._marks: list[tuple[float, float, bool]] = []
        """From which instant on it was which real time, and whether both went on together."""
        self._mark()

    def _mark(self) -> None:
        marks = self._marks
        marks.append((self.now(), self._real(), self._mode == "wall"))
        if len(marks) >= 2 * MOST_MARKS:
            del marks[:MOST_MARKS]

    def really(self, instant: float) -> float | None:
        """The real time, in seconds since 1970, at which this clock came to an instant; None if that is forgotten.

        For people who ask how long something really took; never for anything a machine can see.
        """
        marks = self._marks[:]  # the loop may add to them meanwhile
        place = bisect_right(marks, instant, key=lambda mark: mark[0]) - 1
        if place < 0:
            return None
        began, real, together = marks[place]
        if not together:  # it stood still: of several moves to one instant the first
            while place and marks[place - 1][0] == began:
                place -= 1
                real = marks[place][1]
            return real
        return real + instant - began

    def _real(self) -> float:
        return time.monotonic() + self._epoch

    @property
    def mode(self) -> Mode:
        """How time passes."""
        return self._mode

    @mode.setter
    def mode(self, mode: Mode) -> None:
        now = self.now()
        self._mode = mode
        self._now = now
        self._offset = max(0.0, now - self._real())
        self._mark()

    def now(self) -> float:
        """Seconds since 1970; of real time whole milliseconds, as AWS tells it."""
        if self._mode != "wall":
            return self._now
        return int((time.monotonic() + self._epoch + self._offset) * 1000) / 1000  # asked for each event: no calls

    @contextmanager
    def rehearsing(self) -> Iterator[None]:
        """Tell times of before meanwhile, as ``rehearse`` sets them; afterwards it goes on as if nothing had been."""
        mode, now, offset = self._mode, self.now(), self._offset
        self._mode = "manual"
        try:
            yield
        finally:
            self._mode, self._now, self._offset = mode, now, offset

    def rehearse(self, instant: float) -> None:
        """Set the time of a rehearsal, also back."""
        self._now = instant

    def restore(self, instant: float) -> None:
        """Go on from an instant, which may be past: everything that is alive is made anew."""
        self._now = instant
        self._offset = instant - self._real()
        self._marks.clear()  # an instant may come twice now
        self._mark()
        if self.follower is not None:
            self.follower(instant)

    def move_to(self, instant: float) -> None:
        """Set the time to ``instant``; an instant in the past changes nothing."""
        ahead = instant - self.now()
        if ahead > 0:
            self._now = instant
            self._offset += ahead
            self._mark()
            if self.follower is not None:
                self.follower(instant)
