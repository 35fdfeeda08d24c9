"""Laws of every machine, whatever its definition and its tasks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from unittest import mock

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from properties.legality import all_legal, legal
from properties.machines import INPUT, Case, cases, sequences
from properties.scripted import TASK, Answer, elapsed, run, started

from asl_interpreter.engine import never
from asl_interpreter.history import Event
from asl_interpreter.loop.fibers import Fiber
from asl_interpreter.running.execution import INTERNAL_ERROR, Execution

many = settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
some = settings(many, max_examples=40)


@many
@given(cases())
def test_every_machine_ends_with_a_legal_history(case: Case) -> None:
    execution = run(case.definition, INPUT, case.scripts)
    assert execution.error != INTERNAL_ERROR, execution.cause
    all_legal(execution)


@some
@given(cases())
def test_two_runs_give_one_history(case: Case) -> None:
    first, second = (run(case.definition, INPUT, case.scripts).history.events for _ in range(2))
    assert first == second


def run_and_stop(case: Case, after: int) -> tuple[Sequence[Event], int]:
    """Stop the execution after so many steps of its fibers; its events, and how many steps there were."""
    begun: list[Execution] = []
    steps = 0
    step = Fiber.step

    def counted(fiber: Fiber[Any]) -> None:
        nonlocal steps
        step(fiber)
        steps += 1
        if steps == after:
            begun[0].stop("Stopped", "by hand")

    running = started(case.definition, INPUT, case.scripts, begun.append)
    with mock.patch.object(Fiber, "step", counted), running as (engine, execution):
        engine.wait(execution.ended, strict=True)
        engine.ask(lambda: None, never)
        assert execution.error != INTERNAL_ERROR, execution.cause
        assert not engine.loop.fibers, "something runs on"
        return execution.history.events, steps


@some
@given(cases())
def test_stopping_after_every_step_leaves_a_legal_history(case: Case) -> None:
    whole, steps = run_and_stop(case, after=0)
    for after in range(1, steps + 1):
        events, _ = run_and_stop(case, after)
        legal(events)
        if events != whole:
            assert events[-1].type == "ExecutionAborted"
            assert events[-1].details == {"error": "Stopped", "cause": "by hand"}
            assert events[:-1] == whole[: len(events) - 1], "what had happened before it was stopped is another story"


@many
@given(cases(), st.integers(1, 5))
def test_a_machine_takes_no_longer_than_its_timeout(case: Case, seconds: int) -> None:
    execution = run({**case.definition, "TimeoutSeconds": seconds}, INPUT, case.scripts)
    all_legal(execution)
    assert elapsed(execution) <= seconds
    if execution.status == "TIMED_OUT":
        assert elapsed(execution) == seconds


@many
@given(sequences())
def test_a_sequence_takes_the_time_that_its_definition_says(case: Case) -> None:
    execution = run(case.definition, INPUT, case.scripts)
    assert execution.status == "SUCCEEDED"
    assert elapsed(execution) == case.seconds


@given(st.lists(st.integers(0, 3), min_size=1, max_size=12))
def test_branches_that_wait_equally_long_go_on_in_their_order(delays: list[int]) -> None:
    branches = [
        {"StartAt": f"W{number}", "States": {f"W{number}": {"Type": "Wait", "Seconds": delay, "End": True}}}
        for number, delay in enumerate(delays)
    ]
    execution = run({"StartAt": "P", "States": {"P": {"Type": "Parallel", "Branches": branches, "End": True}}})
    exits = [event for event in execution.history.events if event.type == "WaitStateExited"]
    in_order = sorted(range(len(delays)), key=lambda number: delays[number])
    assert [(event.details or {})["name"] for event in exits] == [f"W{number}" for number in in_order]
    assert elapsed(execution) == max(delays)


@given(st.lists(st.integers(0, 4), max_size=12), st.integers(0, 5))
def test_a_map_keeps_the_order_of_its_items_and_to_its_concurrency(delays: list[int], at_once: int) -> None:
    wait = {"Type": "Wait", "SecondsPath": "$", "End": True}
    state = {"Type": "Map", "MaxConcurrency": at_once, "ItemProcessor": {"StartAt": "W", "States": {"W": wait}}}
    execution = run({"StartAt": "M", "States": {"M": {**state, "End": True}}}, delays)
    events = execution.history.events
    legal(events)
    assert execution.output == delays
    running = most = 0
    for event in events:
        running += (event.type == "MapIterationStarted") - (event.type == "MapIterationSucceeded")
        most = max(most, running)
    assert most == min(len(delays), at_once or 40)
    assert elapsed(execution) == _makespan(delays, at_once or 40)


def _makespan(delays: list[int], lanes: int) -> int:
    """When the last item is done, if each item goes to the lane that is free first."""
    free = [0] * lanes
    for delay in delays:
        lane = free.index(min(free))
        free[lane] += delay
    return max(free)


@given(
    st.lists(st.sampled_from(["Busy", "Broken", None]), min_size=1, max_size=8), st.integers(0, 4), st.integers(0, 4)
)
def test_a_task_is_tried_as_often_as_its_retriers_say(errors: list[str | None], busy: int, any_other: int) -> None:
    retry = [
        {"ErrorEquals": ["Busy"], "MaxAttempts": busy, "IntervalSeconds": 0},
        {"ErrorEquals": ["States.ALL"], "MaxAttempts": any_other, "IntervalSeconds": 0},
    ]
    left = {"Busy": busy, "Broken": any_other}
    tried = 0
    for error in [*errors, None]:
        tried += 1
        if error is None or left[error] == 0:
            break
        left[error] -= 1
    task = {"Type": "Task", "Resource": f"{TASK}t", "Retry": retry, "End": True}
    script = [Answer(error=error) for error in [*errors, None]]
    execution = run({"StartAt": "T", "States": {"T": task}}, {}, {"t": script})
    assert sum(event.type == "TaskScheduled" for event in execution.history.events) == tried
    assert execution.error == script[tried - 1].error
