"""Long work in slices: a computation that lets the loop go on in between.

The work runs on a thread of its own, but never at the same time as the loop: the loop's thread waits for each slice to
end, and the work waits for the next. So nothing is shared between threads that run side by side. In which turn the
result comes depends on how many slices the work takes, and not on how fast the machine is.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final, Generic, TypeVar

T = TypeVar("T")

MOST: Final = 64
"""How many threads there are at most. Work beyond that is done in one go, and its result waits for as many turns."""
TURN_SECONDS: Final = 0.02
"""Real seconds after which the loop looks for posts from other threads even if more slices are to be done."""
_running: set[int] = set()


class _Abandoned(BaseException):
    """Nobody wants the result any more."""


class Slices(Generic[T]):
    """One piece of work. It calls ``pause`` where it can be interrupted."""

    def __init__(self, work: Callable[[], T], name: str) -> None:
        self._work = work
        self._name = name
        self._go = threading.Semaphore(0)
        self._came = threading.Semaphore(0)
        self._began = self._over = self._abandoned = False
        self._alone = False
        """Whether the work is done in one go, on the loop's thread."""
        self._owed = 0
        """Turns that work which was done in one go still has to wait."""
        self._outcome: Callable[[], T] | None = None

    def go_on(self) -> bool:
        """Do one slice, on behalf of the loop; whether the work is over."""
        if not self._began:
            self._began = True
            if len(_running) >= MOST:
                self._alone = True
                self._run()
            else:
                _running.add(id(self))
                threading.Thread(target=self._run_apart, name="dynastep-slices", daemon=True).start()
        if self._alone:
            self._owed -= 1
            return self._owed < 0
        self._go.release()
        self._came.acquire()
        return self._over

    def pause(self) -> None:
        """End a slice, from within the work."""
        if self._alone:
            self._owed += 1
            return
        self._came.release()
        self._go.acquire()
        if self._abandoned:
            raise _Abandoned

    def result(self) -> T:
        """What the work returned once it is over; what it raised is raised here."""
        if self._outcome is None:
            message = f"{self._name} is not over"
            raise AssertionError(message)
        return self._outcome()

    def abandon(self) -> None:
        """Let the thread of work that is not over end."""
        if self._began and not self._alone and not self._over:
            self._abandoned = True
            self._go.release()
            self._came.acquire()

    def _run_apart(self) -> None:
        self._go.acquire()
        self._run()
        _running.discard(id(self))
        self._over = True
        self._came.release()

    def _run(self) -> None:
        try:
            value = self._work()
        except BaseException as error:  # noqa: BLE001 - raised in the fiber that waits for the work
            failure = error

            def outcome() -> T:
                raise failure

            self._outcome = outcome
        else:
            self._outcome = lambda: value
