"""The loop: the only code that drives coroutines (``fibers``), and the only code that waits.

The same definition, input and answers must give the same history, event for event. So one thread runs the loop,
fibers run one at a time, first come first served, and everything that can be waited for is a ``Signal``: a timer, an
errand, a token, a child. Other threads have four verbs. They ``post`` what is to be done, ``ask`` what they want to
know, ``wait`` for a signal; a fiber has the loop ``hold`` virtual time for what somebody outside will do. A turn of the
loop is, in this order:

1. fibers that are ready;
2. posts from other threads;
3. errands. Under a wall clock they run side by side and answer as they come. Under virtual time, which stands still
   while the world owes an answer, they answer in the order they were made, and run one after the other, except for
   those that run apart, in processes of their own;
4. timers that are due, equal deadlines first in first out;
5. if nothing can move and somebody looks to see what comes next, virtual time jumps to the next timer.

Virtual time moves only while somebody looks (``ask`` with ``after``, ``wait``) or advances the clock: a hundred
executions that are started one by one still run side by side, however fast or slow the starter is. A timer in the
background, such as that of a schedule that goes on for ever, happens when time passes it, and draws no look on.

Nothing that fails on the loop ends it: what a callback raises is logged, and the loop goes on with the next one.
"""

from __future__ import annotations

import logging
import math
import threading
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from itertools import takewhile
from typing import Any, Final, Literal, TypeVar

from .clock import Clock, monotonic
from .errands import Closed, Errand, Question, current, workers
from .fibers import Fiber
from .locks import assert_free, become_loop, lock
from .outbox import Outbox
from .signals import Signal
from .slices import TURN_SECONDS
from .timers import Timers

T = TypeVar("T")

STEPS_PER_TURN: Final = 100
"""How many steps of fibers run before posts from other threads are looked at again."""
STALL_SECONDS: Final = 5.0
"""Real seconds that an errand may hold back a look, which may come from inside of it; then the log names the errand."""
LOOK_SECONDS: Final = 1.0
"""Real seconds, beside those of errands, after which a look is answered anyway: it may face an endless machine."""
TRACED_SECONDS: Final = 60.0
"""As STALL_SECONDS for an errand whose questions are known as its own: a look is another's."""
PATIENCE: Final = 0.05
"""Real seconds that an errand that runs apart is waited for before others that do are begun beside it."""
SIDE_BY_SIDE: Final = 64
"""Errands that run apart at once, under virtual time."""
MOST_FAILURES: Final = 100
"""Turns that may fail one after the other before the loop is given up as broken."""
RANK: Final = 90

log = logging.getLogger("dynastep.loop")


class Deadlock(RuntimeError):
    """Nothing can go on: no step is ready, no call under way, no timer set. The message says who waits for what."""


def _guarded(action: Callable[[], object]) -> None:
    """Do something on the loop that nobody waits for; what it raises is logged."""
    try:
        action()
    except Exception:
        log.exception("something that was posted to the loop failed")


class Loop:
    """Fibers, timers, errands and posts over one clock. Its thread starts with the first post."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.ready: deque[Fiber[Any]] = deque()
        self.fibers: dict[Fiber[Any], None] = {}
        self.running: Fiber[Any] | None = None
        self.timers = Timers()
        self._errands: dict[Errand[Any], None] = {}
        self._held: dict[Signal[Any], None] = {}
        self._posts: deque[Callable[[], None]] = deque()
        self._looks: list[Question[Any]] = []
        self._awaited: dict[Question[Any], None] = {}
        """What is answered by a signal, while no thread waits: for it, too, virtual time moves."""
        self._news = threading.Condition(lock("the news of the loop", RANK))
        self._thread: threading.Thread | None = None
        self._closed = False
        self.defect: BaseException | None = None
        """What has ended it before it was closed; it should not happen."""
        self.outbox = Outbox(self)
        self.at_rest: Callable[[], None] | None = None
        """Called on the loop's thread when all that is ready has been done."""
        self._found: deque[Question[Any]] = deque()
        """Questions that have an answer, for when the loop has rested."""
        self._found_until = 0.0
        """The real (monotonic) time when they have waited long enough."""
        self._questions: dict[Question[Any], None] = {}

    # What a fiber may do.

    def fork(self, coroutine: Coroutine[Signal[Any] | None, None, T], name: str, *, detached: bool = False) -> Fiber[T]:
        """Start a coroutine as a fiber: a child of the fiber that runs now, cancelled with it, unless detached."""
        return Fiber(self, coroutine, name, None if detached else self.running)

    def timer(self, instant: float, name: str, *, background: bool = False) -> Signal[None]:
        """Happens at the instant, or as soon as fibers and calls allow if that is past.

        In the background it happens when time passes it, and no look moves time for its sake.
        """
        return self.timers.add(instant, name, background=background)

    def sleep(self, seconds: float, name: str) -> Signal[None]:
        """Happens so many seconds from now."""
        return self.timer(self.clock.now() + seconds, name)

    def call(self, function: Callable[[], T], name: str, *, blocking: bool, apart: bool = False) -> Errand[T]:
        """Have a function of the outside called.

        ``blocking`` if it may take real time or ask this loop something; ``apart`` if what it does is done by another
        process, beside others, even where time is not real.
        """
        errand = Errand(function, name, blocking=blocking, apart=apart)
        self._errands[errand] = None
        return errand

    def hold(self, signal: Signal[Any]) -> None:
        """Keep virtual time from jumping until what somebody outside lets happen has happened, or is released."""
        self._held[signal] = None
        signal.subscribe(lambda: self.release(signal))

    def release(self, signal: Signal[Any]) -> None:
        """Nobody waits for the signal any more."""
        self._held.pop(signal, None)

    # What other threads may do.

    def post(self, action: Callable[[], None], posted: Callable[[], None] = lambda: None) -> None:
        """Have something done on the loop, soon. ``posted`` is called as one with the posting.

        Raises:
            Closed: the loop has ended.
        """
        with self._news:
            if self._closed:
                message = "the loop is closed" if self.defect is None else "the loop has failed"
                raise Closed(message) from self.defect
            posted()
            self._posts.append(action)
            if self._thread is None:
                self._thread = threading.Thread(target=self._main, name="dynastep-loop", daemon=True)
                self._thread.start()
            self._news.notify()

    def try_post(self, action: Callable[[], None]) -> None:
        """Have something done on the loop, soon, unless it has ended."""
        with suppress(Closed):
            self.post(action)

    def ask(self, question: Callable[[], T], after: Callable[[], bool] | None = None) -> T:
        """Have something done on the loop, and what it answers; what it raises is raised here.

        Without ``after`` it is done now. Where time is not real, what follows from it at this instant has then happened
        too, but for what runs apart: what two executions that are started one after the other do at the same instant
        they do in that order.

        With ``after`` it is a look: it is done once ``after()`` is true or nothing can move. Virtual time moves on for
        it, a wall clock for nobody.

        Raises:
            Closed: the loop has ended.
        """
        if self.here():
            return question()
        errand = self.errand_of_this_thread()
        if self.clock.mode == "wall" or errand is not None:
            return self._ask_now(question)
        limit = monotonic() + LOOK_SECONDS
        if after is not None:
            return self._watch(Question(question, None, done=after, expires=limit))
        answer = self._ask_now(question)
        self._watch(Question(lambda: None, None, target=self.clock.now(), expires=limit, settling=True))
        return answer

    def _ask_now(self, question: Callable[[], T]) -> T:
        asked = Question(question, self.errand_of_this_thread())
        return self._answer_to(asked, partial(self._answer, asked))

    def _answer(self, asked: Question[Any]) -> None:
        """Answer a question: where something is to be done at rest, after that, for it may keep what the answer tells.

        For example, a client that has started an execution hears of it when the execution has been kept. On a busy loop
        the answer waits for TURN_SECONDS at most.
        """
        asked.find()
        if self.at_rest is None:
            asked.hand_back()
            return
        if not self._found:
            self._found_until = monotonic() + TURN_SECONDS
        self._found.append(asked)

    def _hand_back(self) -> None:
        while self._found:
            self._found.popleft().hand_back()

    def wait(self, signal: Signal[T], *, strict: bool = False, otherwise: Callable[[], T] | None = None) -> T:
        """Wait until the signal has happened; what it brings.

        ``otherwise`` says what instead if, where time is not real, it cannot happen by itself.

        Raises:
            Deadlock: it cannot happen, and ``strict`` says that nobody outside will help.
            Closed: the loop has ended.
        """
        if otherwise is not None and self.clock.mode != "wall":
            return self.ask(lambda: signal.result() if signal.done else otherwise(), lambda: signal.done)
        when_idle: Literal["deadlock", "wait"] = "deadlock" if strict else "wait"
        return self._watch(
            Question(signal.result, self.errand_of_this_thread(), done=lambda: signal.done, when_idle=when_idle)
        )

    def when(self, signal: Signal[T], then: Callable[[Callable[[], T]], None]) -> None:
        """Have ``then`` called once the signal has happened: ``wait`` without a thread that waits.

        ``then`` gets a function that returns what the signal brings, or raises what ``wait`` would. It is called on the
        loop's thread, or by whoever closes the loop, and must be short.

        Raises:
            Closed: the loop has ended.
        """

        def tell(answered: Question[T]) -> None:
            self._questions.pop(answered, None)
            self._awaited.pop(answered, None)
            then(answered.result)

        question = Question(signal.result, self.errand_of_this_thread(), then=tell)

        def begin() -> None:
            self._awaited[question] = None
            signal.subscribe(question.answer)

        self._questions[question] = None
        try:
            self.post(begin, question.asked)
        except Closed:
            self._questions.pop(question, None)
            raise

    def advance(self, seconds: float) -> None:
        """Move the clock by so many seconds, letting happen in its order all that becomes due on the way."""
        target = self.clock.now() + seconds
        self._watch(Question(lambda: self.clock.move_to(target), self.errand_of_this_thread(), target=target))

    def next_timer(self) -> tuple[float, str] | None:
        """When the next timer is due, in seconds since 1970, and its name; None if there is no timer."""
        return self.timers.first()

    def close(self) -> None:
        """Cancel every fiber and end the loop's thread. Whoever waits for an answer is refused: Closed."""
        with suppress(Closed):
            if self._thread is not None:
                self._ask_now(self._close)
                self._thread.join(timeout=LOOK_SECONDS)
        self._close()
        self._refuse(Closed("the loop is closed"))

    def _close(self) -> None:
        with self._news:
            self._closed = True
        for fiber in list(self.fibers):
            _guarded(fiber.cancel)

    def _refuse(self, error: BaseException) -> None:
        """Tell all who wait for an answer that there will be none."""
        for question in list(self._questions):
            question.refuse(error)

    def here(self) -> bool:
        """Whether this is the loop's own thread."""
        return threading.current_thread() is self._thread

    def _watch(self, look: Question[T]) -> T:
        if self.here():
            message = "the loop cannot wait for itself"
            raise RuntimeError(message)
        return self._answer_to(look, lambda: self._looks.append(look))

    def _answer_to(self, question: Question[T], action: Callable[[], None]) -> T:
        assert_free("the loop is waited for")
        self._questions[question] = None
        try:
            self.post(action, question.asked)
            return question.result()
        finally:
            del self._questions[question]

    def errand_of_this_thread(self) -> Errand[Any] | None:
        """The errand of this loop that this thread is on, while it is under way."""
        errand: Errand[Any] | None = current.errand if getattr(current, "loop", None) is self else None
        return errand if errand is not None and errand.outcome is None else None

    @contextmanager
    def on_behalf_of(self, errand: Errand[Any]) -> Iterator[None]:
        """What this thread asks meanwhile, it asks from within an errand: the outside has gone on elsewhere with it."""
        outer = getattr(current, "errand", None), getattr(current, "loop", None)
        current.errand, current.loop = errand, self
        try:
            yield
        finally:
            current.errand, current.loop = outer

    # The turn.

    def _main(self) -> None:
        become_loop()
        failures = 0
        while not self._closed:
            try:
                self._take_turn()
            except BaseException as defect:
                log.exception("a turn of the loop has failed")
                failures += 1
                if failures == MOST_FAILURES or not isinstance(defect, Exception):
                    self._break_down(defect)
            else:
                failures = 0
        self._refuse(self.defect or Closed("the loop is closed"))

    def _take_turn(self) -> None:
        settled = self._settle()
        if self.at_rest is not None:
            _guarded(self.at_rest)
        self._hand_back()
        if settled and not self._fire_timers():
            self._answer_idle()
            self._await(self._has_news, self._real_seconds_to_next_timer())

    def _break_down(self, defect: BaseException) -> None:
        with self._news:
            self.defect = defect
            self._closed = True

    def _has_news(self) -> bool:
        return bool(self._posts) or any(errand.outcome for errand in self._errands)

    def _settle(self) -> bool:
        """Steps 1 to 3 of a turn, until none of them finds anything to do; false once the loop is closed."""
        while not self._closed:
            until = monotonic() + TURN_SECONDS
            for _ in range(STEPS_PER_TURN):
                if not self.ready or monotonic() > until:
                    break
                self.ready.popleft().step()
            while self._posts:
                _guarded(self._posts.popleft())
            self._answer_looks()
            if self._found and monotonic() > self._found_until:
                self._hand_back()
            if not self.ready and not self._run_errands() and not self._posts:
                break
        return not self._closed

    def _answer_looks(self) -> None:
        for look in list(self._looks):
            try:
                due = look.done() or look.expires < monotonic()
            except Exception as error:  # noqa: BLE001 - raised where the answer is waited for
                self._looks.remove(look)
                look.refuse(error)
                continue
            if due:
                self._looks.remove(look)
                look.answer()

    def _answer_idle(self) -> None:
        """Nothing can move by itself: answer those who waited for that."""
        pending = self.clock.mode == "wall" and (self._errands or self._next_deadline() is not None)
        looks, self._looks = self._looks, []
        for look in looks:
            if look.when_idle == "answer":
                look.answer()
            elif look.when_idle == "deadlock" and not pending:
                look.refuse(Deadlock(self._who_waits()))
            else:
                self._looks.append(look)

    def _run_errands(self) -> bool:
        """Begin errands and hand on what they bring; whether anything came of it."""
        for errand in self._errands:
            self._begin(errand)
            if errand.outcome is not None:
                del self._errands[errand]
                _guarded(partial(errand.outcome, errand))
                return True
            if self.clock.mode != "wall" and not errand.asking:
                self._owed(errand, errand.began or 0.0)
                return True
        return False

    def _begin(self, errand: Errand[Any]) -> None:
        if errand.began is None:
            errand.began = monotonic()
            if errand.blocking:
                workers.submit(partial(self._work, errand))
            else:
                errand.run()

    def _work(self, errand: Errand[Any]) -> None:
        current.errand, current.loop = errand, self
        errand.run()
        current.errand = current.loop = None
        with self._news:
            self._news.notify()

    def _owed(self, errand: Errand[Any], began: float) -> None:
        """The world owes an answer: wait for it, or for news that may lead to it."""
        others = self._beside(errand) if errand.apart else []
        if errand.apart:
            self._answer_settling()
        patience = PATIENCE if others else min(LOOK_SECONDS, STALL_SECONDS) if self._looks else STALL_SECONDS
        waits_since = monotonic()
        if not self._await(lambda: errand.outcome or errand.asking or self._posts, patience):
            for other in others:
                self._begin(other)
        if waits_since < began + (TRACED_SECONDS if errand.traced else STALL_SECONDS):
            waited = monotonic() - waits_since
            for look in self._looks:
                look.expires += waited
        if errand.outcome is None and not errand.asking and not errand.named and monotonic() > began + STALL_SECONDS:
            errand.named = True
            log.warning("%s has held virtual time for %g seconds", errand.name, STALL_SECONDS)

    def _beside(self, first: Errand[Any]) -> list[Errand[Any]]:
        """What may begin beside an errand that takes its time: as many as are under way, so that few are not crowded.

        Only what runs apart may, and only as far as nothing comes before it that does not. Each answers in its turn.
        """
        apart = list(takewhile(lambda errand: errand.apart, self._errands)) if first in self._errands else []
        begun = sum(errand.began is not None for errand in apart)
        return [errand for errand in apart if errand.began is None][: min(begun, SIDE_BY_SIDE - begun)]

    def _answer_settling(self) -> None:
        """Answer those who wait for nothing that runs apart."""
        for look in [look for look in self._looks if look.settling]:
            self._looks.remove(look)
            look.answer()

    def _await(self, news: Callable[[], object], seconds: float | None) -> bool:
        with self._news:
            return bool(self._news.wait_for(news, seconds))

    def _fire_timers(self) -> bool:
        """Let happen what is due at the earliest deadline the clock may reach; whether there was any."""
        deadline = self._next_deadline()
        if deadline is None or deadline > self._horizon():
            return False
        self.clock.move_to(deadline)
        self.timers.happen(deadline)
        return True

    def _horizon(self) -> float:
        """How far the clock may go now."""
        horizon = self.clock.now()
        if self.clock.mode != "wall":
            for look in [*self._looks, *list(self._awaited)[:1]]:
                if look.target is not None:
                    horizon = max(horizon, look.target)
                elif self.clock.mode == "virtual" and (look.when_idle == "deadlock" or not self._held):
                    earliest = self.timers.earliest_waited_for()
                    horizon = max(horizon, earliest if earliest < math.inf else horizon)
        return horizon

    def _next_deadline(self) -> float | None:
        """When the earliest timer that somebody waits for is due."""
        deadline = self.timers.earliest()
        return None if deadline == math.inf else deadline

    def _real_seconds_to_next_timer(self) -> float | None:
        deadline = self._next_deadline()
        if deadline is None or self.clock.mode != "wall":
            return None
        return min(max(0.0, deadline - self.clock.now()), threading.TIMEOUT_MAX)

    def _who_waits(self) -> str:
        waiting = "; ".join(str(fiber) for fiber in self.fibers if fiber.is_leaf)
        manual = " The clock is manual: advance it." if self.clock.mode == "manual" and self.timers else ""
        return f"Nothing can move: {waiting}.{manual}"
