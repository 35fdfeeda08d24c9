"""Fibers: coroutines that the loop drives, and what they wait for together."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Coroutine, Generator
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from .signals import Signal

if TYPE_CHECKING:
    from .scheduler import Loop

T = TypeVar("T")

log = logging.getLogger("dynastep.loop")


class Cancelled(BaseException):
    """Thrown into a fiber that is cancelled. It may record and clean up, but never waits again."""


class Turns:
    """How far fibers that belong together have come: how often one was woken, and has run since.

    What comes to them from outside has a place in the order of these.
    """

    __slots__ = ("runs", "wakes")

    def __init__(self) -> None:
        self.wakes = self.runs = 0


class Fiber(Signal[T]):
    """A coroutine that the loop drives; it happens when the coroutine returns or raises."""

    __slots__ = ("_coroutine", "_loop", "_parent", "_waits_for", "_woken", "children", "turns")

    def __init__(
        self, loop: Loop, coroutine: Coroutine[Signal[Any] | None, None, T], name: str, parent: Fiber[Any] | None
    ) -> None:
        super().__init__(name)
        self._loop = loop
        self._coroutine = coroutine
        self._parent = parent
        self.children: dict[Fiber[Any], None] = {}
        self._waits_for: Signal[Any] | None = None
        self._woken = True
        self.turns: Turns = Turns() if parent is None else parent.turns
        """Of the fibers that it was forked with."""
        loop.fibers[self] = None
        if parent is not None:
            parent.children[self] = None
        loop.ready.append(self)

    def _wake(self) -> None:
        self._waits_for = None
        self._woken = True
        self.turns.wakes += 1
        self._loop.ready.append(self)

    def step(self) -> None:
        """Run the coroutine to its next wait. The only place where one is driven."""
        if self.done:
            return
        if self._woken:
            self._woken = False
            self.turns.runs += 1
        loop = self._loop
        loop.running = self
        try:
            signal = self._coroutine.send(None)
        except StopIteration as stop:
            self._end()
            self.set(stop.value)
        except BaseException as error:
            self._end()
            if not self.awaited:
                log.exception("the fiber %s failed and nobody waits for it", self.name)
            self.fail(error)
        else:
            if signal is None:
                loop.ready.append(self)
            else:
                self._waits_for = signal
                signal.subscribe(self._wake)
        finally:
            loop.running = None

    def _end(self) -> None:
        del self._loop.fibers[self]
        if self._parent is not None:
            del self._parent.children[self]

    def cancel(self) -> None:
        """Unwind the fiber now, its children before it, in the order they were forked."""
        if self.done:
            return
        for child in list(self.children):
            child.cancel()
        if self._waits_for is not None:
            self._waits_for.unsubscribe(self._wake)
            self._waits_for = None
        try:
            self._coroutine.throw(Cancelled())
        except (StopIteration, Cancelled):
            self._end()
            self.fail(Cancelled())
        except Exception as error:
            log.exception("the fiber %s failed when it was cancelled", self.name)
            self._end()
            self.fail(error)
        else:
            message = f"the cancelled fiber {self.name!r} waits again"
            raise RuntimeError(message)

    @property
    def is_leaf(self) -> bool:
        """Whether nothing runs inside it."""
        return not self.children

    def __str__(self) -> str:
        return f"{self.name} waits for {self._waits_for.name if self._waits_for is not None else 'its turn'}"


class Children(Generic[T]):
    """The children of one fiber, handed back one by one as they end, in the order they end."""

    __slots__ = ("_ended", "_loop", "_news", "_running")

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._ended: deque[Fiber[T]] = deque()
        self._news: Signal[None] = Signal()
        self._running: dict[Fiber[T], None] = {}

    def __len__(self) -> int:
        return len(self._running) + len(self._ended)

    def fork(self, coroutine: Coroutine[Signal[Any] | None, None, T], name: str) -> Fiber[T]:
        """Start one more."""
        fiber = self._loop.fork(coroutine, name)
        self._running[fiber] = None
        fiber.subscribe(lambda: self._end(fiber))
        return fiber

    def _end(self, fiber: Fiber[T]) -> None:
        if fiber in self._running:
            del self._running[fiber]
            self._ended.append(fiber)
            self._news.set(None)

    async def next(self) -> Fiber[T]:
        """The next child that has ended; there must be one that has not been handed back."""
        if not self._ended:
            self._news = Signal(f"{len(self._running)} children")
            await self._news
        return self._ended.popleft()

    def cancel(self) -> None:
        """Cancel all that run, in the order they were forked; they are not handed back."""
        running, self._running = self._running, {}
        for fiber in running:
            fiber.cancel()


async def turn() -> None:
    """Let every other fiber that is ready have its turn."""
    await _Turn()


class _Turn:
    def __await__(self) -> Generator[None, None, None]:
        yield None


async def first_of(*signals: Signal[Any]) -> Signal[Any]:
    """Wait until one of the signals has happened; the first in this order that has. The others are let go."""
    either: Signal[None] = Signal(" or ".join(signal.name for signal in signals))

    def wake() -> None:
        either.set(None)

    for signal in signals:
        signal.subscribe(wake)
    try:
        await either
    finally:
        for signal in signals:
            signal.unsubscribe(wake)
    return next(signal for signal in signals if signal.done)
