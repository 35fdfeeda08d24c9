"""The clock of a test: it is moved, set, and read; Python's own clock may follow it."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from asl_interpreter.loop.clock import tell_real_time_by
from emulator.bench.options import seconds_of

if TYPE_CHECKING:
    from emulator.control import Control


class TestClock:
    """The clock of one test."""

    __test__ = False  # not a test class

    def __init__(self, control: Control) -> None:
        self._control = control
        self._traveller: Any = None
        """time-machine's, while Python's clock follows this one."""

    def now(self) -> float:
        """The time in seconds since 1970."""
        return self._control.world.clock.now()

    def advance(self, seconds: float = 0, *, minutes: float = 0, hours: float = 0, days: float = 0) -> None:
        """Move time on. Everything that becomes due on the way happens, in order.

        Raises:
            ValueError: time would go backwards, or beyond the year 9999.
        """
        self._control.set_clock(None, seconds + 60 * minutes + 3600 * hours + 86_400 * days)

    def set(self, instant: datetime | float | str) -> None:
        """Move time on to an instant: a datetime (UTC if it has no zone), ISO 8601 text, or seconds since 1970.

        Raises:
            ValueError: the instant is in the past, or beyond the year 9999.
        """
        wanted, now = seconds_of(instant), self.now()
        if wanted < now:
            time = datetime.fromtimestamp(now, timezone.utc).isoformat()
            raise ValueError(f"the clock does not go back: it is {time}, and {instant!r} is past")
        self.advance(wanted - now)

    def sleep_until(self, instant: datetime | float | str) -> None:
        """Move time on to an instant, as ``set`` does, but do nothing if the instant is in the past."""
        self.advance(max(0.0, seconds_of(instant) - self.now()))

    @property
    def mode(self) -> str:
        """``virtual``: time jumps when a client looks; ``manual``: ``advance`` moves time; ``wall``: real time."""
        return self._control.world.clock.mode

    @mode.setter
    def mode(self, mode: str) -> None:
        if mode == "wall" and self.freeze_python:
            raise ValueError(
                "Python's clock follows this one, which must not be real: freeze_python = False comes first"
            )
        self._control.set_clock(mode, None)

    @property
    def freeze_python(self) -> bool:
        """Whether ``time.time()`` and ``datetime.now()`` of this process tell this clock's time; False at first.

        ``time.monotonic()`` and timeouts of threads stay real. The setting ends with the test.
        """
        return self._traveller is not None

    @freeze_python.setter
    def freeze_python(self, frozen: bool) -> None:
        """Have Python's clock follow this one, or no longer.

        Raises:
            RuntimeError: the package time-machine is not installed.
            ValueError: this clock is real.
        """
        if frozen == self.freeze_python:
            return
        clock = self._control.world.clock
        if not frozen:
            clock.follower = None
            self._traveller.stop()
            self._traveller = None
            tell_real_time_by()
            return
        if clock.mode == "wall":
            raise ValueError("Python's clock cannot follow a clock that is real: clock.mode = 'virtual' comes first")
        try:
            import time_machine
        except ModuleNotFoundError:
            raise RuntimeError("clock.freeze_python needs time-machine: pip install 'dynastep[time]'") from None
        self._traveller = time_machine.travel(clock.now(), tick=False)
        clock.follower = self._traveller.start().move_to
        tell_real_time_by(time_machine.escape_hatch.time.time)
