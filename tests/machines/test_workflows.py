"""Real machines, written by others: each is accepted, and runs to its end with every Task mocked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from properties.legality import legal
from properties.scripted import started
from workflows import DEFINITIONS, PLAUSIBLE, Bucket, Mocked

from asl_interpreter.reading.parsing import parse
from asl_interpreter.running.execution import Execution
from emulator.control import Control
from emulator.integrations.resources import Resources
from emulator.settings import Settings


@pytest.fixture(scope="module")
def aws() -> Iterator[Resources]:
    """AWS's integrations; none of them is called."""
    control = Control(Settings(clock="virtual"))
    yield Resources(control.world, "123456789012", "us-east-1")
    control.close()


def run(name: str, aws: Resources) -> Execution:
    case = PLAUSIBLE.get(name, {})
    mocked, bucket = Mocked(aws, case.get("results", {})), Bucket(case.get("object"), case.get("listed", []))
    given = case.get("input", {})
    with started(DEFINITIONS[name], given, resolve=mocked, datasets=bucket) as (engine, execution):
        engine.wait(execution.ended, strict=True)
        return execution


@pytest.mark.parametrize("name", DEFINITIONS)
def test_a_machine_that_runs_on_aws_is_accepted(name: str, aws: Resources) -> None:
    parse(DEFINITIONS[name], aws)


@pytest.mark.parametrize("name", DEFINITIONS)
def test_it_runs_to_its_end_with_every_task_mocked(name: str, aws: Resources) -> None:
    execution = run(name, aws)
    assert (execution.status, execution.error, execution.cause) == ("SUCCEEDED", None, None)
    legal(execution.history.events)


def test_two_runs_give_one_history(aws: Resources) -> None:
    name = "ec2-instance-isolation-sam--statemachine.asl.json"
    first, second = (run(name, aws).history.events for _ in range(2))
    assert first == second


def test_what_is_plausible_belongs_to_a_machine() -> None:
    assert PLAUSIBLE.keys() <= DEFINITIONS.keys()
    for name, case in PLAUSIBLE.items():
        assert case.get("results", {}).keys() <= set(_task_names(DEFINITIONS[name])), name


def _task_names(machine: Any) -> Iterator[str]:
    for name, state in machine["States"].items():
        if state["Type"] == "Task":
            yield name
        for nested in (
            *state.get("Branches", ()),
            *(state[key] for key in ("ItemProcessor", "Iterator") if key in state),
        ):
            yield from _task_names(nested)
