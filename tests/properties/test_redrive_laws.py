"""Laws of redrives, whatever the machine: an execution that goes on where it failed is one that never failed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from unittest import mock

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from properties.legality import legal
from properties.machines import INPUT, Case, cases
from properties.scripted import Resources, run, started

from asl_interpreter.engine import never
from asl_interpreter.errors import EXCEED_TOLERATED_FAILURE_THRESHOLD, RUNTIME, StateError
from asl_interpreter.loop.fibers import Fiber
from asl_interpreter.running.execution import INTERNAL_ERROR, Execution
from asl_interpreter.tasks import Integration, TaskRequest

some = settings(max_examples=40, suppress_health_check=list(HealthCheck))
BY_CHANCE = ("States.UUID", "States.MathRandom")


def never_failed(case: Case) -> Execution:
    """Run a machine; only those count that go through without any failure, and that chance does not rule."""
    assume("TimeoutSeconds" not in case.definition)
    assume(not any(word in json.dumps(case.definition) for word in BY_CHANCE))
    execution = run(case.definition, INPUT, case.scripts)
    assume(not any(event.type.endswith(("Failed", "TimedOut")) for event in execution.history.events))
    return execution


def constant(case: Case) -> Case:
    """The same machine; a task that is called again answers as it did before."""
    return replace(case, scripts={name: answers[:1] for name, answers in case.scripts.items()})


class Steps:
    """Stops an execution after so many steps of its fibers; counts them."""

    def __init__(self, stop_after: int) -> None:
        self.taken = 0
        self._stop_after = stop_after
        self._execution: Execution | None = None

    def watch(self, execution: Execution) -> None:
        if self._execution is None:  # those that begin later are its Map Runs' executions
            self._execution = execution

    @contextmanager
    def counted(self) -> Iterator[None]:
        step = Fiber.step

        def counted(fiber: Fiber[Any]) -> None:
            step(fiber)
            self.taken += 1
            if self.taken == self._stop_after and self._execution is not None:
                self._execution.stop("Stopped", "by hand")

        with mock.patch.object(Fiber, "step", counted):
            yield


def stopped_and_redriven(case: Case, after: int) -> tuple[Execution, int]:
    """Stop a machine after so many steps, let it go on to its end; the execution, and how many steps there were."""
    steps = Steps(after)
    running = started(case.definition, INPUT, case.scripts, steps.watch)
    with steps.counted(), running as (engine, execution):
        engine.wait(execution.ended, strict=True)
        if execution.status == "ABORTED":
            engine.redrive(execution)
            engine.wait(execution.ended, strict=True)
        assert execution.error != INTERNAL_ERROR, execution.cause
        engine.ask(lambda: None, never)
        assert not engine.loop.fibers, "something runs on"
    return execution, steps.taken


@some
@given(cases())
def test_stopping_after_every_step_and_redriving_gives_the_output_of_a_run_that_was_never_stopped(case: Case) -> None:
    case = constant(case)
    output = never_failed(case).output
    _, steps = stopped_and_redriven(case, after=0)
    for after in range(1, steps + 1):
        execution, _ = stopped_and_redriven(case, after)
        legal(execution.history.events)
        assert (execution.status, execution.output) == ("SUCCEEDED", output)


def test_an_execution_that_was_stopped_behind_its_last_state_has_only_to_end() -> None:
    definition = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}, "TimeoutSeconds": 1}
    execution, _ = stopped_and_redriven(Case(definition, {}, 0), after=2)
    assert [event.type for event in execution.history.events[2:]] == [
        *("PassStateExited", "ExecutionAborted", "ExecutionRedriven", "ExecutionSucceeded")
    ]


@some
@given(cases(), st.data())
def test_stopping_any_machine_twice_leaves_a_legal_history_and_always_the_same(case: Case, data: st.DataObject) -> None:
    _, steps = stopped_and_redriven(case, after=0)
    after = data.draw(st.integers(1, steps))
    first, second = (stopped_and_redriven(case, after)[0] for _ in range(2))
    legal(first.history.events)
    assert first.history.events == second.history.events


class Calls:
    """Counts the calls of tasks; one of them fails, with an error that nothing handles."""

    def __init__(self, failing: int) -> None:
        self.made = 0
        self._failing = failing

    @contextmanager
    def counted(self) -> Iterator[None]:
        find = Resources._find

        def counting(resources: Resources, resource: str) -> Integration:
            found = find(resources, resource)

            def handle(request: TaskRequest) -> Any:
                self.made += 1
                if self.made == self._failing:
                    raise StateError(RUNTIME, "injected")
                return found.handler(request)

            return replace(found, handler=handle)

        with mock.patch.object(Resources, "_find", counting):
            yield


def failed_and_redriven(case: Case, failing: int) -> tuple[Execution, int]:
    """Have one call of a task fail, and let the execution go on; it, and how many calls there were."""
    calls = Calls(failing)
    with calls.counted(), started(case.definition, INPUT, case.scripts) as (engine, execution):
        engine.wait(execution.ended, strict=True)
        if failing:
            assert execution.status == "FAILED"
            assert execution.error == EXCEED_TOLERATED_FAILURE_THRESHOLD or (execution.cause or "").endswith("injected")
            legal(execution.history.events)
            engine.redrive(execution)
            engine.wait(execution.ended, strict=True)
    return execution, calls.made


@some
@given(cases())
def test_redriving_at_any_failure_gives_the_output_of_a_run_that_never_failed(case: Case) -> None:
    assume("ToleratedFailure" not in json.dumps(case.definition))
    case = constant(case)
    output = never_failed(case).output
    _, calls = failed_and_redriven(case, failing=0)
    for failing in range(1, calls + 1):
        execution, _ = failed_and_redriven(case, failing)
        legal(execution.history.events)
        assert (execution.status, execution.output) == ("SUCCEEDED", output)
