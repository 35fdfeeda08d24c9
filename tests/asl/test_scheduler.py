"""The loop: order, time, cancellation, and what holds the clock."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asl_interpreter.loop import scheduler
from asl_interpreter.loop.clock import EPOCH, Clock
from asl_interpreter.loop.scheduler import Cancelled, Children, Deadlock, Fiber, Loop, first_of, turn
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
        answer = await loop.call(call, "a slow call", blocking=True)
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
        return await loop.call(lambda: loop.look(lambda: elapsed(loop)), "a call that looks", blocking=True)

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
    assert loop.look(lambda: (elapsed(loop), fiber.done)) == (0, False)
    loop.advance(30)
    loop.post(lambda: token.set("yes"))
    assert loop.look(lambda: (elapsed(loop), fiber.value)) == (30, "answered")


def test_time_stands_still_until_somebody_looks(loop: Loop) -> None:
    async def sleeper() -> float:
        await loop.sleep(60, "a minute")
        return elapsed(loop)

    fibers = [loop.ask(lambda: loop.fork(sleeper(), "sleeper")) for _ in range(3)]
    assert loop.ask(lambda: [fiber.done for fiber in fibers]) == [False, False, False]
    assert loop.look(lambda: [fiber.value for fiber in fibers]) == [60, 60, 60]


def test_to_settle_lets_happen_what_happens_at_this_instant(loop: Loop) -> None:
    done: list[str] = []

    async def worker(name: str) -> None:
        for _ in range(3):
            await loop.call(lambda: done.append(name), "a call", blocking=True)
        await loop.sleep(1, "a second")
        done.append("late")

    for name in ("first", "second"):
        loop.ask(lambda name=name: loop.fork(worker(name), name))
        loop.settle()
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


def test_an_endless_fiber_starves_nobody_and_can_be_stopped(loop: Loop) -> None:
    async def endless() -> None:
        while True:
            await turn()

    def question() -> str:
        return "answered"

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
    assert loop.look(lambda: "still running") == "still running"


def test_what_a_question_raises_is_raised_where_it_was_asked(loop: Loop) -> None:
    def question() -> None:
        raise LookupError("not there")

    with pytest.raises(LookupError, match="not there"):
        loop.ask(question)


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
    assert len(loop._timers) < 2500
