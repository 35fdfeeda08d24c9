"""The clock of a test: it is moved, set, and read; Python's own clock may follow it."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

from emulator.bench.options import seconds_of

if TYPE_CHECKING:
    from emulator.control import Control


class TestClock:
    """The clock of one test."""

    __test__ = False  # not a test class

    def __init__(self, control: Control) -> None:
        self._control = control

    def now(self) -> float:
        """Seconds since 1970."""
        return self._control.world.clock.now()

    def advance(self, seconds: float = 0, *, minutes: float = 0, hours: float = 0, days: float = 0) -> None:
        """Move on; everything that becomes due on the way happens, in its order.

        Raises:
            ValueError: time would run backwards, or beyond the year 9999.
        """
        self._control.set_clock(None, seconds + 60 * minutes + 3600 * hours + 86_400 * days)

    def set(self, instant: datetime | float | str) -> None:
        """Move on to an instant: a datetime, which is in UTC if it names no zone; ISO 8601 text; seconds since 1970.

        Raises:
            ValueError: it is past, or beyond the year 9999.
        """
        wanted, now = seconds_of(instant), self.now()
        if wanted < now:
            time = datetime.fromtimestamp(now, timezone.utc).isoformat()
            raise ValueError(f"the clock does not go back: it is {time}, and {instant!r} is past")
        self.advance(wanted - now)

    def sleep_until(self, instant: datetime | float | str) -> None:
        """Move on to an instant, as ``set`` does; if it is past, nothing happens."""
        self.advance(max(0.0, seconds_of(instant) - self.now()))

    @property
    def mode(self) -> str:
        """``virtual``: time jumps when somebody looks; ``manual``: only ``advance`` moves it; ``wall``: real time."""
        return self._control.world.clock.mode

    @mode.setter
    def mode(self, mode: str) -> None:
        self._control.set_clock(mode, None)
