"""The loop: order, time, cancellation, and what holds the clock."""

from __future__ import annotations

import gc
import logging
import threading
import weakref
from collections.abc import Callable, Coroutine, Iterator
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asl_interpreter.engine import never
from asl_interpreter.loop import locks, scheduler
from asl_interpreter.loop.clock import EPOCH, Clock
from asl_interpreter.loop.errands import Closed, trace
from asl_interpreter.loop.fibers import Cancelled, Children, Fiber, first_of, turn
from asl_interpreter.loop.scheduler import Deadlock, Loop
from asl_interpreter.loop.signals import Signal

Main = Callable[[Loop], Coroutine[Any, Any, Any]]


@pytest.fixture
def loop() -> Iterator[Loop]:
    made = Loop(Clock("virtual"))
    yield made
    made.close()


def run(loop: Loop, coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine as a fiber to its end."""
    return loop.wait(loop.ask(lambda: loop.fork(coroutine, "main")), strict=True)


def elapsed(loop: Loop) -> float:
    return loop.clock.now() - EPOCH


def test_virtual_time_jumps_to_the_next_timer(loop: Loop) -> None:
    async def main() -> float:
        await loop.sleep(3600, "an hour")
        return elapsed(loop)

    assert run(loop, main()) == 3600


@given(st.lists(st.integers(0, 3), max_size=20))
def test_equal_deadlines_wake_first_in_first_out(delays: list[int]) -> None:
    loop, woken = Loop(Clock("virtual")), []

    async def sleeper(number: int, delay: int) -> None:
        await loop.sleep(delay, "a while")
        woken.append((delay, number))

    async def main() -> None:
        children: Children[None] = Children(loop)
        for number, delay in enumerate(delays):
            children.fork(sleeper(number, delay), f"sleeper {number}")
        while children:
            await children.next()

    run(loop, main())
    loop.close()
    assert woken == sorted(woken)


def test_a_call_in_flight_holds_virtual_time(loop: Loop) -> None:
    started, release = threading.Event(), threading.Event()

    def call() -> float:
        started.set()
        release.wait(5)
        return elapsed(loop)

    async def main() -> tuple[float, float]:
        timer = loop.sleep(10, "ten seconds")
        answer = await loop.call(call, "a slow call", blocking=True, apart=True)
        await timer
        return answer, elapsed(loop)

    fiber = loop.ask(lambda: loop.fork(main(), "main"))
    assert started.wait(5)
    release.set()
    assert loop.wait(fiber, strict=True) == (0, 10)


def test_calls_under_virtual_time_run_in_the_order_they_were_made(loop: Loop) -> None:
    made: list[int] = []

    async def caller(number: int) -> None:
        await loop.call(lambda: made.append(number), f"call {number}", blocking=number % 2 == 0)

    async def main() -> None:
        children: Children[None] = Children(loop)
        for number in range(20):
            children.fork(caller(number), f"caller {number}")
        while children:
            await children.next()

    run(loop, main())
    assert made == list(range(20))


def test_calls_under_a_wall_clock_run_side_by_side() -> None:
    loop = Loop(Clock("wall"))
    barrier = threading.Barrier(3, timeout=5)

    async def main() -> list[Any]:
        calls = [loop.call(barrier.wait, f"call {number}", blocking=True) for number in range(3)]
        return sorted([await call for call in calls])

    assert run(loop, main()) == [0, 1, 2]
    loop.close()


def test_a_call_that_asks_the_loop_does_not_wait_for_itself(loop: Loop) -> None:
    async def nested() -> str:
        await loop.sleep(60, "a minute")
        return "answered"

    def call() -> str:
        return loop.wait(loop.ask(lambda: loop.fork(nested(), "nested", detached=True)))

    async def main() -> tuple[str, float]:
        return await loop.call(call, "a call that asks", blocking=True), elapsed(loop)

    assert run(loop, main()) == ("answered", 60)


def test_a_look_from_within_a_call_does_not_move_time(loop: Loop) -> None:
    async def main() -> float:
        loop.sleep(60, "a minute").subscribe(lambda: None)
        return await loop.call(lambda: loop.ask(lambda: elapsed(loop), never), "a call that looks", blocking=True)

    assert run(loop, main()) == 0


def test_a_call_that_hangs_under_virtual_time_is_named(
    loop: Loop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(scheduler, "STALL_SECONDS", 0.01)
    named = threading.Event()

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            named.set()

    handler = Handler()
    scheduler.log.addHandler(handler)

    async def main() -> None:
        await loop.call(lambda: named.wait(5), "'Charge card' (lambda:invoke)", blocking=True)

    run(loop, main())
    scheduler.log.removeHandler(handler)
    assert caplog.messages[0] == "'Charge card' (lambda:invoke) has held virtual time for 0.01 seconds"


def test_a_deadlock_names_who_waits_for_what(loop: Loop) -> None:
    async def main() -> None:
        await Signal("the token of 'Approve'")

    with pytest.raises(Deadlock, match=r"^Nothing can move: main waits for the token of 'Approve'\.$"):
        run(loop, main())


def test_a_deadlock_under_a_manual_clock_says_that_it_can_be_advanced() -> None:
    loop = Loop(Clock("manual"))

    async def main() -> None:
        await loop.sleep(60, "the end of 'Pack'")

    with pytest.raises(Deadlock) as deadlock:
        run(loop, main())
    loop.close()
    assert str(deadlock.value) == "Nothing can move: main waits for the end of 'Pack'. The clock is manual: advance it."


def test_what_somebody_outside_lets_happen_holds_virtual_time(loop: Loop) -> None:
    token: Signal[str] = Signal("a token")

    async def main() -> str:
        loop.hold(token)
        timeout = loop.sleep(60, "the timeout")
        return "answered" if await first_of(token, timeout) is token else "timed out"

    fiber = loop.ask(lambda: loop.fork(main(), "main"))
    assert loop.ask(lambda: (elapsed(loop), fiber.done), never) == (0, False)
    loop.advance(30)
    loop.post(lambda: token.set("yes"))
    assert loop.ask(lambda: (elapsed(loop), fiber.value), never) == (30, "answered")


def test_time_stands_still_until_somebody_looks(loop: Loop) -> None:
    async def sleeper() -> float:
        await loop.sleep(60, "a minute")
        return elapsed(loop)

    fibers = [loop.ask(lambda: loop.fork(sleeper(), "sleeper")) for _ in range(3)]
    assert loop.ask(lambda: [fiber.done for fiber in fibers]) == [False, False, False]
    assert loop.ask(lambda: [fiber.value for fiber in fibers], never) == [60, 60, 60]


def test_to_settle_lets_happen_what_happens_at_this_instant(loop: Loop) -> None:
    done: list[str] = []

    async def worker(name: str) -> None:
        for _ in range(3):
            await loop.call(lambda: done.append(name), "a call", blocking=True)
        await loop.sleep(1, "a second")
        done.append("late")

    for name in ("first", "second"):
        loop.ask(lambda name=name: loop.fork(worker(name), name))
    assert done == ["first"] * 3 + ["second"] * 3
    assert elapsed(loop) == 0


def test_advance_lets_happen_in_its_order_all_that_is_due_on_the_way(loop: Loop) -> None:
    seen: list[float] = []

    async def ticker() -> None:
        while True:
            await loop.sleep(10, "ten seconds")
            seen.append(elapsed(loop))

    loop.clock.mode = "manual"
    loop.ask(lambda: loop.fork(ticker(), "ticker"))
    loop.advance(35)
    assert (seen, elapsed(loop)) == ([10, 20, 30], 35)


def test_a_timer_in_the_background_happens_when_time_passes_it_and_draws_no_look_on(loop: Loop) -> None:
    fired: list[float] = []

    async def every_hour() -> None:
        while True:
            await loop.timer(loop.clock.now() + 3600, "the next hour", background=True)
            fired.append(elapsed(loop))

    loop.ask(lambda: loop.fork(every_hour(), "every hour"))
    loop.ask(lambda: None, never)
    assert (fired, elapsed(loop)) == ([], 0)
    loop.advance(7200)
    assert (fired, elapsed(loop)) == ([3600, 7200], 7200)

    async def main() -> float:
        await loop.sleep(5400, "an hour and a half")
        return elapsed(loop)

    assert run(loop, main()) == 12_600
    assert fired == [3600, 7200, 10_800]
    loop.ask(lambda: None, never)
    assert elapsed(loop) == 12_600


def test_cancelling_unwinds_children_first_in_the_order_they_were_forked(loop: Loop) -> None:
    unwound: list[str] = []

    async def leaf(name: str) -> None:
        try:
            await Signal("nothing")
        finally:
            unwound.append(name)

    async def parent() -> None:
        try:
            loop.fork(leaf("first"), "first")
            loop.fork(leaf("second"), "second")
            await Signal("nothing")
        finally:
            unwound.append("parent")

    fiber = loop.ask(lambda: loop.fork(parent(), "parent"))
    loop.ask(fiber.cancel)
    assert unwound == ["first", "second", "parent"]
    assert isinstance(fiber.error, Cancelled)
    assert not loop.fibers


def test_a_cancelled_fiber_may_not_wait_again(loop: Loop) -> None:
    async def stubborn() -> None:
        try:
            await Signal("nothing")
        finally:
            await Signal("nothing")

    fiber = loop.ask(lambda: loop.fork(stubborn(), "stubborn"))
    loop.ask(lambda: None)
    with pytest.raises(RuntimeError, match="the cancelled fiber 'stubborn' waits again"):
        loop.ask(fiber.cancel)


def test_an_endless_fiber_starves_nobody_and_can_be_stopped(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    async def endless() -> None:
        while True:
            await turn()

    def question() -> str:
        return "answered"

    monkeypatch.setattr(scheduler, "LOOK_SECONDS", 0.01)
    fiber: Fiber[None] = loop.ask(lambda: loop.fork(endless(), "endless"))
    assert loop.ask(question) == "answered"
    loop.ask(fiber.cancel)
    assert fiber.done


def test_a_look_at_an_endless_fiber_is_answered(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduler, "LOOK_SECONDS", 0.01)

    async def endless() -> None:
        while True:
            await turn()

    loop.ask(lambda: loop.fork(endless(), "endless"))
    assert loop.ask(lambda: "still running", never) == "still running"


def test_a_look_waits_for_an_errand_that_is_traced_and_not_for_another(
    loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(scheduler, "STALL_SECONDS", 0.01)
    free = threading.Event()

    def errand(*, traced: bool) -> bool:
        if traced:
            trace()
        return free.wait(10)

    def look(*, traced: bool) -> bool:
        if traced:
            threading.Timer(0.1, free.set).start()
        call = loop.ask(lambda: loop.call(partial(errand, traced=traced), "a call", blocking=True))
        return loop.ask(lambda: call.done, lambda: call.done)

    assert look(traced=False) is False
    free.set()
    loop.ask(lambda: None)
    free.clear()
    assert look(traced=True) is True


def test_what_a_question_raises_is_raised_where_it_was_asked(loop: Loop) -> None:
    def question() -> None:
        raise LookupError("not there")

    with pytest.raises(LookupError, match="not there"):
        loop.ask(question)


def test_an_answer_comes_when_the_loop_has_rested(loop: Loop) -> None:
    done: list[str] = []

    async def errands() -> None:
        for number in range(3):
            await loop.call(partial(done.append, f"errand {number}"), "errand", blocking=False)

    loop.at_rest = lambda: done.append("rest")
    loop.ask(lambda: loop.fork(errands(), "errands", detached=True))
    assert done[:4] == ["errand 0", "errand 1", "errand 2", "rest"], "which may have kept what the answer tells"


def test_an_answer_does_not_wait_for_a_loop_that_does_not_rest(loop: Loop) -> None:
    rests: list[None] = []
    over: list[bool] = []

    async def endless() -> None:
        while not over:
            await turn()

    async def endless_errands() -> None:
        while not over:
            await loop.call(lambda: None, "errand", blocking=False)

    loop.at_rest = lambda: rests.append(None)
    for busy in (endless, endless_errands):
        fiber = loop.ask(lambda busy=busy: loop.fork(busy(), "busy", detached=True))  # type: ignore[misc]
        seen = len(rests)
        assert loop.ask(lambda fiber=fiber: fiber.done) is False  # type: ignore[misc]
        assert len(rests) == seen
        over.append(True)
        loop.wait(fiber)
        over.clear()


def test_an_answer_comes_also_when_what_is_done_at_rest_fails(loop: Loop, caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise ValueError("no room")

    loop.at_rest = fail
    assert loop.ask(lambda: 1) == 1
    assert "no room" in caplog.text


def test_a_timer_that_nobody_waits_for_does_not_move_time(loop: Loop) -> None:
    async def main() -> float:
        answer = loop.call(lambda: None, "a call", blocking=False)
        assert await first_of(answer, loop.sleep(999, "the timeout")) is answer
        await loop.sleep(1, "a second")
        return elapsed(loop)

    assert run(loop, main()) == 1


def test_timers_given_up_do_not_pile_up(loop: Loop) -> None:
    async def main() -> None:
        for _ in range(5000):
            call = loop.call(lambda: None, "a call", blocking=False)
            await first_of(call, loop.sleep(999, "the timeout"))

    run(loop, main())
    assert len(loop.timers) < 2500


def test_what_runs_apart_runs_side_by_side_and_answers_in_the_order_it_was_called(loop: Loop) -> None:
    """The first answers last: then those after it have long been done."""
    begun, answered = threading.Barrier(4, timeout=5), []
    done = [threading.Event() for _ in range(4)]

    def work(number: int) -> int:
        begun.wait()
        if number < 3:
            assert done[number + 1].wait(5)
        done[number].set()
        return number

    async def caller(number: int) -> None:
        answered.append(await loop.call(lambda: work(number), f"call {number}", blocking=True, apart=True))

    async def main() -> None:
        children: Children[None] = Children(loop)
        for number in range(4):
            children.fork(caller(number), f"caller {number}")
        while children:
            await children.next()

    run(loop, main())
    assert answered == [0, 1, 2, 3]


def test_what_does_not_run_apart_waits_for_all_that_was_called_before(loop: Loop) -> None:
    order: list[str] = []
    release = threading.Event()

    def work() -> None:
        release.wait(5)
        order.append("apart")

    async def main() -> None:
        apart = loop.call(work, "apart", blocking=True, apart=True)
        here = loop.call(lambda: order.append("here"), "here", blocking=True)
        beside = loop.call(lambda: order.append("beside"), "beside", blocking=True, apart=True)
        for errand in (beside, here, apart):
            await errand

    fiber = loop.ask(lambda: loop.fork(main(), "main"))  # answers at once, though something runs apart
    assert order == []
    release.set()
    loop.wait(fiber)
    assert order == ["apart", "here", "beside"]


class TestFailures:
    """Nothing that fails on the loop ends it, and it says so in the log."""

    def fail(self) -> None:
        raise LookupError("a defect")

    def lives(self, loop: Loop, caplog: pytest.LogCaptureFixture) -> bool:
        answer = loop.ask(lambda: "alive")
        assert "LookupError: a defect" in caplog.text
        return answer == "alive" and loop.defect is None

    def test_of_what_is_posted(self, loop, caplog):
        loop.post(self.fail)
        assert self.lives(loop, caplog)

    def test_of_what_waits_for_a_timer(self, loop, caplog):
        loop.ask(lambda: loop.sleep(1, "a second").subscribe(self.fail))
        loop.ask(lambda: None, never)
        assert self.lives(loop, caplog)

    def test_of_what_waits_for_an_errand(self, loop, caplog):
        loop.ask(lambda: loop.call(lambda: None, "a call", blocking=True).subscribe(self.fail))
        assert self.lives(loop, caplog)

    def test_of_what_says_when_to_answer(self, loop):
        with pytest.raises(LookupError, match="a defect"):
            loop.ask(lambda: None, self.fail)
        assert loop.ask(lambda: "alive") == "alive"

    def test_of_a_fiber_that_is_cancelled(self, loop, caplog):
        async def clumsy() -> None:
            try:
                await Signal("nothing")
            finally:
                self.fail()

        fiber = loop.ask(lambda: loop.fork(clumsy(), "clumsy"))
        loop.ask(fiber.cancel)
        assert fiber.done
        assert not loop.fibers
        assert self.lives(loop, caplog)

    def test_of_a_turn(self, loop, caplog, monkeypatch):
        failing = iter([True])

        def horizon(self_: Loop) -> float:
            if next(failing, False):
                self.fail()
            return self_.clock.now()

        monkeypatch.setattr(Loop, "_horizon", horizon)
        loop.ask(lambda: loop.sleep(1, "a second").subscribe(lambda: None))
        assert self.lives(loop, caplog)

    def test_a_loop_whose_every_turn_fails_refuses_who_waits(self, loop, monkeypatch):
        monkeypatch.setattr(Loop, "_take_turn", self.fail)
        with pytest.raises(LookupError, match="a defect"):
            loop.ask(lambda: None)
        assert isinstance(loop.defect, LookupError)
        with pytest.raises(Closed, match="the loop has failed"):
            loop.ask(lambda: None)


def test_a_loop_that_is_closed_refuses_those_who_wait(loop: Loop) -> None:
    refused: list[BaseException] = []
    waiting = threading.Event()

    def wait() -> None:
        try:
            loop.wait(Signal("nothing"))
        except Closed as error:
            refused.append(error)

    loop._looks = _Told(waiting)
    waiter = threading.Thread(target=wait)
    waiter.start()
    assert waiting.wait(5)
    loop.close()
    loop.close()
    waiter.join(5)
    assert [str(error) for error in refused] == ["the loop is closed"]


class _Told(list[Any]):
    """A list that tells when something is appended."""

    def __init__(self, told: threading.Event) -> None:
        super().__init__()
        self._told = told

    def append(self, item: Any) -> None:
        super().append(item)
        self._told.set()


class TestOutbox:
    def test_what_is_sent_is_delivered_off_the_loop_in_order_and_a_look_waits_for_it(self, loop):
        delivered: list[tuple[int, bool]] = []

        def send(number: int) -> None:
            loop.outbox.send(lambda: delivered.append((number, loop.here())), f"letter {number}")

        for number in range(100):
            if number % 2:
                send(number)
            else:
                loop.post(lambda number=number: send(number))
                loop.ask(lambda: None)
        loop.ask(lambda: None, never)
        assert delivered == [(number, False) for number in range(100)]

    def test_a_delivery_that_fails_hinders_no_other(self, loop, caplog):
        delivered: list[str] = []
        loop.outbox.send(lambda: 1 / 0, "the first letter")
        loop.outbox.send(lambda: delivered.append("second"), "the second letter")
        loop.ask(lambda: None, never)
        assert delivered == ["second"]
        assert "the first letter could not be delivered" in caplog.text

    def test_a_delivery_may_ask_the_loop_and_send_more(self, loop):
        answers: list[str] = []

        def deliver() -> None:
            loop.outbox.send(lambda: answers.append("more"), "more")
            answers.append(loop.ask(lambda: "asked"))

        loop.outbox.send(deliver, "a letter")
        loop.ask(lambda: None, never)
        assert answers == ["asked", "more"]

    def test_to_flush_waits_for_what_was_sent_under_any_clock(self, loop):
        loop.clock.mode = "wall"
        delivered: list[str] = []
        loop.outbox.send(lambda: delivered.append("letter"), "a letter")
        loop.outbox.flush()
        assert delivered == ["letter"]

    def test_a_closed_loop_delivers_nothing_and_takes_what_is_sent(self, loop):
        loop.close()
        loop.outbox.send(lambda: None, "a letter")


def test_a_lock_is_taken_in_the_order_of_ranks_and_not_while_the_loop_is_waited_for(loop: Loop) -> None:
    outer, inner = locks.lock("outer", 1), locks.lock("inner", 2)
    with outer, inner, outer:
        pass
    with inner, pytest.raises(AssertionError, match=r"outer \(1, ''\) is taken while inner \(2, ''\) is held"), outer:
        pass
    with outer, pytest.raises(AssertionError, match="the loop is waited for while outer is held"):
        loop.ask(lambda: None)
    with pytest.raises(AssertionError, match="a service is called on the thread of a loop"):
        loop.ask(lambda: locks.assert_off_loop("a service is called"))
    assert len(locks.broken) == 3
    del locks.broken[:]


def test_locks_of_one_rank_are_taken_in_their_order() -> None:
    first, second = locks.lock("a table", 1, "a"), locks.lock("a table", 1, "b")
    with first, second:
        pass
    with second, pytest.raises(AssertionError, match="is taken while"), first:
        pass
    del locks.broken[:]


def test_a_checked_lock_serves_a_condition() -> None:
    condition, seen = threading.Condition(locks.lock("news", 1)), []

    def listen() -> None:
        with condition, condition:
            seen.append("listening")
            condition.notify_all()
            condition.wait_for(lambda: "news" in seen, 5)

    listener = threading.Thread(target=listen)
    listener.start()
    with condition:
        assert condition.wait_for(lambda: seen, 5)
        seen.append("news")
        condition.notify_all()
    listener.join(5)
    assert not listener.is_alive()


class Value:
    """What an errand brings."""


def test_what_an_errand_has_brought_is_held_in_no_circle(loop: Loop) -> None:
    async def main() -> weakref.ref[Value]:
        return weakref.ref(await loop.call(Value, "an errand", blocking=False))

    gc.collect()
    gc.disable()
    try:
        brought = run(loop, main())
        loop.ask(lambda: None)  # what the loop did last is not in its hands any more
        assert brought() is None
    finally:
        gc.enable()
