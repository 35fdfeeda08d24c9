"""Expressions that take long: others have their turn meanwhile, and the history is the same on every machine."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from properties.legality import legal
from properties.scripted import run, started

from asl_interpreter.history import Event
from asl_interpreter.loop import slices
from asl_interpreter.loop.slices import Slices
from asl_interpreter.running import pace

ENDLESS = "{% ($f := function($n) { $f($n + 1) }; $f(1)) %}"
TIMEOUT = "Expression evaluation timeout: Check for infinite loop"


def counting(to: int, result: str = "$n") -> str:
    """An expression that calls a function so many times, ten steps and some more each."""
    return f"{{% ($f := function($n) {{ $n = {to} ? {result} : $f($n + 1) }}; $f(0)) %}}"


def machine(**states: Any) -> dict[str, Any]:
    return {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states}


def one(output: str) -> dict[str, Any]:
    return machine(P={"Type": "Pass", "Output": output, "End": True})


def both(*branches: Any) -> dict[str, Any]:
    return machine(Both={"Type": "Parallel", "Branches": list(branches), "End": True})


def renamed(definition: dict[str, Any], name: str) -> dict[str, Any]:
    """A branch of one state, with a name of its own."""
    (state,) = definition["States"].values()
    return {"StartAt": name, "States": {name: state}}


def order(events: list[Event]) -> list[str]:
    return [event.details["name"] for event in events if event.type == "PassStateExited" and event.details]


def test_a_line_that_evaluates_for_long_lets_the_others_pass() -> None:
    short = {
        "StartAt": "A",
        "States": {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "Output": "{% 1 + 1 %}", "End": True}},
    }
    execution = run(both(renamed(one(counting(8_000)), "Long"), short))
    assert (order(execution.history.events), execution.output) == (["A", "B", "Long"], [8_000, 2])


def test_an_expression_that_is_short_is_not_interrupted() -> None:
    execution = run(both(renamed(one(counting(50)), "First"), renamed(one(counting(1)), "Second")))
    assert order(execution.history.events) == ["First", "Second"]


DRAWING = machine(
    M={
        "Type": "Map",
        "Items": "{% [1..5] %}",
        "ItemSelector": {"n": "{% $states.context.Map.Item.Value %}", "long": counting(1_500)},
        "ItemProcessor": {
            "StartAt": "W",
            "States": {
                "W": {
                    "Type": "Pass",
                    "Output": counting(3_000, "[$random(), $uuid(), $n]"),
                    "Assign": {"v": "{% $states.input.n * $random() %}"},
                    "Next": "C",
                },
                "C": {
                    "Type": "Choice",
                    "Choices": [{"Condition": "{% $random() > 0.5 %}", "Next": "D"}],
                    "Default": "E",
                },
                "D": {"Type": "Wait", "Seconds": "{% $floor($random() * 10) %}", "Next": "E"},
                "E": {"Type": "Succeed", "Output": "{% [$v, $random()] %}"},
            },
        },
        "End": True,
    }
)


@pytest.mark.parametrize("most", [0, 1, 3])
def test_the_history_does_not_depend_on_how_many_threads_there_are(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr(pace, "SLICE", 2_000)
    first = run(DRAWING)
    assert first.status == "SUCCEEDED", first.cause
    legal(first.history.events)
    assert run(DRAWING).history.events == first.history.events
    monkeypatch.setattr(slices, "MOST", most)
    assert run(DRAWING).history.events == first.history.events


def test_an_expression_without_an_end_times_out_after_so_many_steps_and_keeps_nobody_waiting() -> None:
    with started(both(renamed(one(ENDLESS), "Endless"), renamed(one("{% 1 %}"), "Short"))) as (engine, execution):
        engine.wait(execution.ended, strict=True)
        happened = [(event.type, (event.details or {}).get("name")) for event in execution.history.events]
    kinds = [kind for kind, _ in happened]
    assert happened.index(("PassStateExited", "Short")) < kinds.index("EvaluationFailed")
    assert execution.error == "States.QueryEvaluationError"
    assert (execution.cause or "").endswith(f"threw an error during evaluation: {TIMEOUT}")


def test_what_evaluates_for_long_can_be_stopped() -> None:
    each = {"Type": "Map", "Items": "{% [1..20] %}", "ItemProcessor": renamed(one(ENDLESS), "Endless"), "End": True}
    with started(machine(Each=each)) as (engine, execution):
        engine.stop(execution, "Enough")
        assert (execution.status, execution.error) == ("ABORTED", "Enough")
        legal(execution.history.events)
    assert [thread for thread in threading.enumerate() if thread.name == "dynastep-slices"] == []


@pytest.mark.parametrize(
    ("state", "end"),
    [
        ({"Type": "Wait", "Seconds": counting(4_000), "End": True}, "WaitStateExited"),
        ({"Type": "Wait", "Timestamp": counting(4_000, "'2026-01-02T00:00:00Z'"), "End": True}, "WaitStateExited"),
        ({"Type": "Succeed", "Output": counting(4_000)}, "SucceedStateExited"),
        ({"Type": "Fail", "Error": counting(4_000, "'Long'")}, "FailStateEntered"),
        (
            {"Type": "Choice", "Choices": [{"Condition": counting(4_000, "true"), "Next": "X"}], "Default": "X"},
            "ChoiceStateExited",
        ),
        (
            {
                "Type": "Parallel",
                "Arguments": counting(4_000),
                "Branches": [{"StartAt": "Y", "States": {"Y": {"Type": "Pass", "End": True}}}],
                "Output": counting(4_000),
                "End": True,
            },
            "ParallelStateExited",
        ),
    ],
)
def test_every_state_can_evaluate_for_long(state: dict[str, Any], end: str) -> None:
    execution = run(machine(S=state, X={"Type": "Succeed"}) if state["Type"] == "Choice" else machine(S=state))
    assert end in [event.type for event in execution.history.events]
    assert execution.error in (None, "Long")
    legal(execution.history.events)


def distributed(child_state: str = "C", **fields: Any) -> dict[str, Any]:
    """A state that runs an execution for each item."""
    child = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": child_state,
        "States": {child_state: {"Type": "Pass", "End": True}},
    }
    return {"Type": "Map", "ItemProcessor": child, "End": True, **fields}


@pytest.mark.parametrize(
    "fields",
    [
        {"Items": "{% [1..40] %}", "ItemSelector": {"v": counting(100)}},
        {"Items": "{% [1..3] %}", "ItemSelector": {"v": counting(4_000)}},
        {"Items": counting(4_000, "[1, 2]")},
        {"Items": [1], "ToleratedFailureCount": counting(4_000)},
        {"Items": [1], "ItemBatcher": {"BatchInput": {"v": counting(4_000)}, "MaxItemsPerBatch": 10}},
    ],
    ids=["many items", "long items", "the items", "a limit", "a batch"],
)
def test_a_distributed_map_lets_others_pass_while_it_makes_its_items(fields: dict[str, Any]) -> None:
    short = {
        "StartAt": "A",
        "States": {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "Output": "{% 1 + 1 %}", "End": True}},
    }
    long = {"StartAt": "Each", "States": {"Each": distributed(**fields)}}
    execution = run(both(long, short))
    assert execution.status == "SUCCEEDED", execution.cause
    kinds = [event.type for event in execution.history.events]
    assert kinds.index("MapRunStarted") > len(kinds) - 1 - kinds[::-1].index("PassStateExited")
    legal(execution.history.events)
    assert run(both(long, short)).history.events == execution.history.events


def test_the_runs_of_distributed_maps_side_by_side_have_names_of_their_own() -> None:
    def branch(name: str) -> dict[str, Any]:
        each = distributed(f"In {name}", Items="{% [1..5] %}", ItemSelector={"v": counting(100)})
        return {"StartAt": name, "States": {name: each}}

    execution = run(both(branch("One"), branch("Two")))
    assert len({each.arn for each in execution.map_runs}) == 2


def test_the_result_of_work_comes_in_the_same_turn_in_one_go_and_in_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    def turns() -> int:
        def work() -> str:
            for _ in range(3):
                done.pause()
            return "done"

        done = Slices(work, "work")
        count = 1
        while not done.go_on():
            count += 1
        assert done.result() == "done"
        return count

    apart = turns()
    monkeypatch.setattr(slices, "MOST", 0)
    assert apart == turns() == 4


def test_what_work_raises_is_raised_by_its_result() -> None:
    def work() -> None:
        done.pause()
        raise ValueError("bad")

    done: Slices[None] = Slices(work, "work")
    assert not done.go_on()
    assert done.go_on()
    with pytest.raises(ValueError, match="bad"):
        done.result()
