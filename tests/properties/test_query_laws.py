"""Laws of every machine in JSONata, whatever its expressions and its variables."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from properties.legality import legal
from properties.queries import INPUT, machines
from properties.scripted import run

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
