"""The outbox: what leaves the loop, or what is changed under a lock, on its way to the outside.

Status changes, log events and records of changes go to services that may call back, take long or fail. So whoever sends
them goes on at once; they are delivered on another thread, one after the other, in the order in which they were sent.
Under virtual time a look waits for them, as for any errand.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from .errands import Closed

if TYPE_CHECKING:
    from .scheduler import Loop

log = logging.getLogger("dynastep.loop")

FLUSH_SECONDS: Final = 1.0
"""Real seconds that ``flush`` waits at most."""


class Outbox:
    """The outbox of one loop. Safe from any thread, under any lock."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._sent: deque[tuple[Callable[[], None], str]] = deque()
        self._at_work = False

    def __bool__(self) -> bool:
        """Whether anything is on its way."""
        return bool(self._sent) or self._at_work

    def send(self, deliver: Callable[[], None], name: str) -> None:
        """Have something delivered, soon; ``name`` says what to the log, should it fail."""
        self._sent.append((deliver, name))
        if self._loop.here():
            self._begin()
        else:
            self._loop.try_post(self._begin)

    def flush(self) -> None:
        """Wait until all that was sent before is delivered, but not for long, and not from within a delivery."""
        if self and not self._loop.here() and self._loop.errand_of_this_thread() is None:
            delivered = threading.Event()
            self.send(delivered.set, "the end of a look")
            delivered.wait(FLUSH_SECONDS)

    def _begin(self) -> None:
        if self._sent and not self._at_work:
            self._at_work = True
            self._loop.fork(self._work(), "the outbox", detached=True)

    async def _work(self) -> None:
        try:
            while self._sent:
                await self._loop.call(self._deliver, "the outbox", blocking=True)
        finally:
            self._at_work = False

    def _deliver(self) -> None:
        for _ in range(len(self._sent)):
            deliver, name = self._sent.popleft()
            try:
                deliver()
            except Closed:
                return  # what is left goes with the loop
            except Exception:
                log.exception("%s could not be delivered", name)
