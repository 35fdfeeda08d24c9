"""The gate of a world: requests pass it, and a reset closes it, so that no request meets half of two worlds.

While a reset empties the world, new requests wait before the gate. Those inside that wait for the loop are refused by
it (``Closed``) and come back to the gate: they are answered anew, by the world as it is then. The others end by
themselves. Whoever waited when the gate opens is let in, even if the next reset closes the gate at once: resets that
follow each other keep nobody out.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, ParamSpec, TypeVar

from asl_interpreter.loop.errands import Closed
from asl_interpreter.loop.locks import assert_free, lock
from emulator.faults import Fault

T = TypeVar("T")
P = ParamSpec("P")

ATTEMPTS: Final = 10
"""How often a request is answered anew before it is refused: resets may follow each other, or the server ends."""
GRACE_SECONDS: Final = 0.05
"""Real seconds that a reset leaves the requests inside to end by themselves, before it refuses what they wait for."""
DRAIN_SECONDS: Final = 2.0
"""Real seconds that a reset waits for the requests inside, once it has refused what they wait for."""


class Gate:
    """The gate of one world."""

    def __init__(self) -> None:
        self._lock = lock("the gate of a world", 5)
        self._news = threading.Condition(self._lock)
        self._inside = 0
        self._closed = False
        self._openings = 0  # how often the gate was opened again
        self._waiting = 0  # those before the gate, who are inside from the next opening on

    def pass_through(self, answer: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """Answer a request inside, by calling ``answer``.

        Raises:
            Fault: ServiceUnavailable, the loop has ended whenever it was asked.
        """
        assert_free("a gate is waited for")
        for _ in range(ATTEMPTS):
            with self._lock:
                if self._closed:
                    self._wait_for_opening()
                else:
                    self._inside += 1
            try:
                return answer(*arguments, **named)
            except Closed:
                continue
            finally:
                with self._lock:
                    self._inside -= 1
                    if self._closed:
                        self._news.notify_all()
        raise Fault("ServiceUnavailable", "The emulator is ending, or is being reset all the time.", status=503)

    @contextmanager
    def closed(self) -> Iterator[None]:
        """Let nobody in meanwhile; one at a time closes the gate."""
        with self._news:
            self._news.wait_for(lambda: not self._closed)
            self._closed = True
        try:
            yield
        finally:
            with self._news:
                self._closed = False
                self._openings += 1
                self._inside += self._waiting
                self._waiting = 0
                self._news.notify_all()

    def drain(self, seconds: float = DRAIN_SECONDS) -> None:
        """Wait until nobody is inside, but not for long: a client may wait there for a message of a queue."""
        with self._news:
            self._news.wait_for(lambda: not self._inside, seconds)

    def _wait_for_opening(self) -> None:
        """Wait for the next opening, which counts those who wait as inside."""
        self._waiting += 1
        mine = self._openings
        self._news.wait_for(lambda: self._openings != mine)
