"""Laws of every machine in JSONata, whatever its expressions and its variables."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

from hypothesis import HealthCheck, given, settings
from properties.legality import legal
from properties.queries import INPUT, machines
from properties.scripted import run

from asl_interpreter.loop import slices
from asl_interpreter.running import pace
from asl_interpreter.running.execution import INTERNAL_ERROR

many = settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@many
@given(machines())
def test_every_machine_ends_with_a_legal_history(definition: Any) -> None:
    execution = run(definition, INPUT)
    assert execution.error != INTERNAL_ERROR, execution.cause
    legal(execution.history.events)


@settings(many, max_examples=60)
@given(machines())
def test_two_runs_give_one_history(definition: Any) -> None:
    first, second = (run(definition, INPUT).history.events for _ in range(2))
    assert first == second


@settings(many, max_examples=60)
@given(machines())
def test_an_evaluation_in_slices_gives_the_same_history_in_threads_and_in_one_go(definition: Any) -> None:
    with patch.object(pace, "SLICE", 1):
        in_threads = run(definition, INPUT).history.events
        legal(in_threads)
        with patch.object(slices, "MOST", 0):
            assert run(definition, INPUT).history.events == in_threads


@many
@given(machines())
def test_a_state_reads_only_what_was_assigned_around_it(definition: Any) -> None:
    """Variables of an inner scope, whose names are its own, are nowhere assigned outside of it."""
    depths = {name: depth for depth, name in _states(definition, 0)}
    for event in run(definition, INPUT).history.events:
        for name in (event.details or {}).get("assignedVariables", {}):
            assert int(name[1:]) // 2 == depths[(event.details or {})["name"]]


def _states(machine: Any, depth: int) -> Any:
    for name, state in machine["States"].items():
        yield depth, name
        for nested in (*state.get("Branches", ()), *([state["ItemProcessor"]] if "ItemProcessor" in state else [])):
            yield from _states(nested, depth + 1)
