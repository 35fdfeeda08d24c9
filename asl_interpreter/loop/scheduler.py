"""The loop: the only code that drives coroutines, and the only code that waits.

The same definition, input and answers must give the same history, event for event. So one thread runs the loop,
fibers run one at a time, first come first served, and everything that can be waited for is a ``Signal``: a timer, a
call, a token, a child. Other threads only post. A turn of the loop is, in this order:

1. fibers that are ready;
2. posts from other threads;
3. calls to the outside. Under a wall clock they run side by side and answer as they come. Under virtual time, which
   stands still while the world owes an answer, they run one after the other, in the order they were made;
4. timers that are due, equal deadlines first in first out;
5. if nothing can move and somebody looks to see what comes next, virtual time jumps to the next timer.

Virtual time moves only while somebody looks (``look``, ``wait``) or advances the clock: a hundred executions that are
started one by one still run side by side, however fast or slow the starter is.
"""

from __future__ import annotations

import heapq
import logging
import math
import threading
from collections import deque
from collections.abc import Callable, Coroutine, Generator, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Final, Generic, Literal, TypeVar

from .calls import Call, Question, current, workers
from .clock import Clock, monotonic
from .signals import Signal

T = TypeVar("T")

STEPS_PER_TURN: Final = 100
"""How many steps of fibers run before posts from other threads are looked at again."""
STALL_SECONDS: Final = 5.0
"""Real seconds after which a call that holds virtual time is named in the log."""
LOOK_SECONDS: Final = 1.0
"""Real seconds after which a look is answered anyway: it may face an endless machine, or come from inside a call."""
TRACED_SECONDS: Final = 60.0
"""Real seconds that a call whose questions are known as its own may hold back a look: the look is then another's."""

log = logging.getLogger("dynastep.loop")


class Cancelled(BaseException):
    """Thrown into a fiber that is cancelled. It may record and clean up, but never waits again."""


class Deadlock(RuntimeError):
    """Nothing can move: no fiber is ready, no call is under way, no timer is set. The text names who waits for what."""


class Fiber(Signal[T]):
    """A coroutine that the loop drives; it happens when the coroutine returns or raises."""

    __slots__ = ("_coroutine", "_loop", "_parent", "_waits_for", "children")

    def __init__(
        self, loop: Loop, coroutine: Coroutine[Signal[Any] | None, None, T], name: str, parent: Fiber[Any] | None
    ) -> None:
        super().__init__(name)
        self._loop = loop
        self._coroutine = coroutine
        self._parent = parent
        self.children: dict[Fiber[Any], None] = {}
        self._waits_for: Signal[Any] | None = None
        loop.fibers[self] = None
        if parent is not None:
            parent.children[self] = None
        loop.ready.append(self)

    def _wake(self) -> None:
        self._waits_for = None
        self._loop.ready.append(self)

    def step(self) -> None:
        """Run the coroutine to its next wait. The only place where one is driven."""
        if self.done:
            return
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


class Loop:
    """Fibers, timers, calls and posts over one clock. Its thread starts with the first post."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.ready: deque[Fiber[Any]] = deque()
        self.fibers: dict[Fiber[Any], None] = {}
        self.running: Fiber[Any] | None = None
        self._timers: list[tuple[float, int, Signal[None]]] = []
        self._timer_count = 0
        self._swept = 0
        self._calls: dict[Call[Any], None] = {}
        self._held: dict[Signal[Any], None] = {}
        self._posts: deque[Callable[[], None]] = deque()
        self._looks: list[Question[Any]] = []
        self._news = threading.Condition(threading.Lock())
        self._thread: threading.Thread | None = None
        self._closed = False
        self._defect: BaseException | None = None
        self._questions: dict[Question[Any], None] = {}

    # What a fiber may do.

    def fork(self, coroutine: Coroutine[Signal[Any] | None, None, T], name: str, *, detached: bool = False) -> Fiber[T]:
        """Start a coroutine as a fiber: a child of the fiber that runs now, cancelled with it, unless detached."""
        return Fiber(self, coroutine, name, None if detached else self.running)

    def timer(self, instant: float, name: str) -> Signal[None]:
        """Happens at the instant, or as soon as fibers and calls allow if that is past."""
        signal: Signal[None] = Signal(name)
        self._timer_count += 1
        heapq.heappush(self._timers, (instant, self._timer_count, signal))
        if self._timer_count - self._swept > len(self._timers) // 2 + 1000:
            self._sweep()
        return signal

    def _sweep(self) -> None:
        """Drop the timers that nobody waits for any more; the newest has had no time to be waited for."""
        newest = self._timer_count
        self._timers = [entry for entry in self._timers if entry[2].awaited or entry[1] == newest]
        heapq.heapify(self._timers)
        self._swept = newest

    def sleep(self, seconds: float, name: str) -> Signal[None]:
        """Happens so many seconds from now."""
        return self.timer(self.clock.now() + seconds, name)

    def call(self, function: Callable[[], T], name: str, *, blocking: bool) -> Call[T]:
        """Have a function of the outside run; ``blocking`` if it may take real time or ask this loop something."""
        call = Call(function, name, blocking=blocking)
        self._calls[call] = None
        return call

    def hold(self, signal: Signal[Any]) -> None:
        """Keep virtual time from jumping until what somebody outside lets happen has happened, or is released."""
        self._held[signal] = None
        signal.subscribe(lambda: self.release(signal))

    def release(self, signal: Signal[Any]) -> None:
        """Nobody waits for the signal any more."""
        self._held.pop(signal, None)

    # What other threads may do.

    def post(self, action: Callable[[], None], posted: Callable[[], None] = lambda: None) -> None:
        """Have something done on the loop, soon. ``posted`` is called as one with the posting."""
        with self._news:
            if self._closed:
                message = "the loop is closed" if self._defect is None else "the loop has failed"
                raise RuntimeError(message) from self._defect
            posted()
            self._posts.append(action)
            if self._thread is None:
                self._thread = threading.Thread(target=self._main, name="dynastep-loop", daemon=True)
                self._thread.start()
            self._news.notify()

    def ask(self, question: Callable[[], T]) -> T:
        """Have something done on the loop, now; what it raises is raised here."""
        if self.here():
            return question()
        asked = Question(question, self.call_of_this_thread())
        return self._answer_to(asked, asked.answer)

    def settle(self) -> None:
        """Wait until nothing can move without time passing. A wall clock, and a call of this loop, wait for nobody."""
        if self.clock.mode != "wall" and not self.here() and self.call_of_this_thread() is None:
            self._watch(Question(lambda: None, None, target=self.clock.now(), expires=monotonic() + LOOK_SECONDS))

    def look(self, question: Callable[[], T], done: Callable[[], bool] = lambda: False) -> T:
        """Ask once ``done()`` is true or nothing can move; virtual time moves on for it, a wall clock for nobody."""
        if self.clock.mode == "wall" or self.here() or self.call_of_this_thread() is not None:
            return self.ask(question)
        return self._watch(Question(question, None, done=done, expires=monotonic() + LOOK_SECONDS))

    def wait(self, signal: Signal[T], *, strict: bool = False) -> T:
        """Wait until the signal has happened.

        Raises:
            Deadlock: it cannot happen, and ``strict`` says that nobody outside will help.
        """
        when_idle: Literal["deadlock", "wait"] = "deadlock" if strict else "wait"
        return self._watch(
            Question(signal.result, self.call_of_this_thread(), done=lambda: signal.done, when_idle=when_idle)
        )

    def advance(self, seconds: float) -> None:
        """Move the clock by so many seconds, letting happen in its order all that becomes due on the way."""
        target = self.clock.now() + seconds
        self._watch(Question(lambda: self.clock.move_to(target), self.call_of_this_thread(), target=target))

    def close(self) -> None:
        """Cancel every fiber and end the loop's thread."""
        if self._thread is not None:
            self.ask(self._close)
            self._thread.join(timeout=LOOK_SECONDS)
        self._close()

    def _close(self) -> None:
        self._closed = True
        for fiber in list(self.fibers):
            fiber.cancel()

    def here(self) -> bool:
        """Whether this is the loop's own thread."""
        return threading.current_thread() is self._thread

    def _watch(self, look: Question[T]) -> T:
        if self.here():
            message = "the loop cannot wait for itself"
            raise RuntimeError(message)
        return self._answer_to(look, lambda: self._looks.append(look))

    def _answer_to(self, question: Question[T], action: Callable[[], None]) -> T:
        self._questions[question] = None
        try:
            self.post(action, question.asked)
            return question.result()
        finally:
            del self._questions[question]

    def call_of_this_thread(self) -> Call[Any] | None:
        """The call of this loop that this thread makes, while it is under way."""
        call: Call[Any] | None = current.call if getattr(current, "loop", None) is self else None
        return call if call is not None and call.outcome is None else None

    @contextmanager
    def on_behalf_of(self, call: Call[Any]) -> Iterator[None]:
        """What this thread asks meanwhile, it asks from within a call: the outside has gone on elsewhere with it."""
        outer = getattr(current, "call", None), getattr(current, "loop", None)
        current.call, current.loop = call, self
        try:
            yield
        finally:
            current.call, current.loop = outer

    # The turn.

    def _main(self) -> None:
        try:
            while self._settle():
                if not self._fire_timers():
                    self._answer_idle()
                    self._await(self._has_news, self._real_seconds_to_next_timer())
        except BaseException as defect:
            log.exception("the loop has failed")
            with self._news:
                self._defect = defect
                self._closed = True
            for question in list(self._questions):
                question.refuse(defect)

    def _has_news(self) -> bool:
        return bool(self._posts) or any(call.outcome for call in self._calls)

    def _settle(self) -> bool:
        """Steps 1 to 3 of a turn, until none of them finds anything to do; false once the loop is closed."""
        while not self._closed:
            for _ in range(STEPS_PER_TURN):
                if not self.ready:
                    break
                self.ready.popleft().step()
            while self._posts:
                self._posts.popleft()()
            self._answer_looks()
            if not self.ready and not self._make_calls() and not self._posts:
                break
        return not self._closed

    def _answer_looks(self) -> None:
        due = [look for look in self._looks if look.done() or look.expires < monotonic()] if self._looks else ()
        for look in due:
            self._looks.remove(look)
            look.answer()

    def _answer_idle(self) -> None:
        """Nothing can move by itself: answer those who waited for that."""
        pending = self.clock.mode == "wall" and (self._calls or self._next_deadline() is not None)
        looks, self._looks = self._looks, []
        for look in looks:
            if look.when_idle == "answer":
                look.answer()
            elif look.when_idle == "deadlock" and not pending:
                look.refuse(Deadlock(self._who_waits()))
            else:
                self._looks.append(look)

    def _make_calls(self) -> bool:
        """Start calls and hand on what they answer; whether anything came of it."""
        for call in self._calls:
            if call.began is None:
                call.began = monotonic()
                if call.blocking:
                    workers.submit(partial(self._work, call))
                else:
                    call.run()
            if call.outcome is not None:
                del self._calls[call]
                call.outcome()
                return True
            if self.clock.mode != "wall" and not call.asking:
                self._owed(call, call.began)
                return True
        return False

    def _work(self, call: Call[Any]) -> None:
        current.call, current.loop = call, self
        call.run()
        current.call = current.loop = None
        with self._news:
            self._news.notify()

    def _owed(self, call: Call[Any], began: float) -> None:
        """The world owes an answer: wait for it, or for news that may lead to it."""
        patience = min(LOOK_SECONDS, STALL_SECONDS) if self._looks else STALL_SECONDS
        waits_since = monotonic()
        self._await(lambda: call.outcome or call.asking or self._posts, patience)
        if call.traced and waits_since < began + TRACED_SECONDS:
            waited = monotonic() - waits_since
            for look in self._looks:
                look.expires += waited
        if call.outcome is None and not call.asking and not call.named and monotonic() > began + STALL_SECONDS:
            call.named = True
            log.warning("%s has held virtual time for %g seconds", call.name, STALL_SECONDS)

    def _await(self, news: Callable[[], object], seconds: float | None) -> bool:
        with self._news:
            return bool(self._news.wait_for(news, seconds))

    def _fire_timers(self) -> bool:
        """Let happen what is due at the earliest deadline the clock may reach; whether there was any."""
        deadline = self._next_deadline()
        if deadline is None or deadline > self._horizon():
            return False
        self.clock.move_to(deadline)
        while self._timers and self._timers[0][0] <= deadline:
            heapq.heappop(self._timers)[2].set(None)
        return True

    def _horizon(self) -> float:
        """How far the clock may go now."""
        horizon = self.clock.now()
        if self.clock.mode != "wall":
            for look in self._looks:
                if look.target is not None:
                    horizon = max(horizon, look.target)
                elif self.clock.mode == "virtual" and (look.when_idle == "deadlock" or not self._held):
                    return math.inf
        return horizon

    def _next_deadline(self) -> float | None:
        """When the earliest timer that somebody waits for is due."""
        while self._timers and not self._timers[0][2].awaited:
            heapq.heappop(self._timers)
        return self._timers[0][0] if self._timers else None

    def _real_seconds_to_next_timer(self) -> float | None:
        deadline = self._next_deadline()
        if deadline is None or self.clock.mode != "wall":
            return None
        return min(max(0.0, deadline - self.clock.now()), threading.TIMEOUT_MAX)

    def _who_waits(self) -> str:
        waiting = "; ".join(str(fiber) for fiber in self.fibers if fiber.is_leaf)
        manual = " The clock is manual: advance it." if self.clock.mode == "manual" and self._timers else ""
        return f"Nothing can move: {waiting}.{manual}"
