"""The history: numbers, the quota of events, and what is still recorded when something ends early."""

from __future__ import annotations

import gc
import tracemalloc
from typing import Any

import pytest
from properties.legality import legal
from properties.scripted import TASK, Answer, run, started

from asl_interpreter import history
from asl_interpreter.history import Event, History, HistoryFull
from asl_interpreter.loop.clock import Clock
from asl_interpreter.quotas import AWS
from asl_interpreter.running.record import Record
from benchmarks.machines import choice_loop, map_of_passes


def one(state: dict[str, Any], name: str = "S") -> dict[str, Any]:
    return {
        "StartAt": name,
        "States": {name: state if state["Type"] in ("Succeed", "Fail") else {**state, "End": True}},
    }


def shown(events: list[Event]) -> list[tuple[str, int]]:
    return [(event.type, event.previous) for event in events]


def test_ids_count_from_one_and_events_keep_the_time() -> None:
    clock = Clock("virtual", 100)
    history = History(clock)
    assert history.append("ExecutionStarted", 0) == 1
    clock.move_to(107)
    assert history.append("ExecutionSucceeded", 1, {"output": 1}) == 2
    assert history.events == [
        Event(1, 100, "ExecutionStarted", 0, None),
        Event(2, 107, "ExecutionSucceeded", 1, {"output": 1}),
    ]


def test_the_last_place_of_a_history_is_kept_for_the_end() -> None:
    history = History(Clock("virtual"), 3)
    history.append("ExecutionStarted", 0)
    history.append("PassStateEntered", 0)
    with pytest.raises(HistoryFull):
        history.append("PassStateExited", 2)
    assert history.append("ExecutionFailed", 2) == 3


def test_an_execution_ends_at_the_25000th_event() -> None:
    loop = {
        "StartAt": "P",
        "States": {
            "P": {"Type": "Pass", "Next": "C"},
            "C": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.on", "BooleanEquals": True, "Next": "P"}],
                "Default": "E",
            },
            "E": {"Type": "Succeed"},
        },
    }
    execution = run(loop, {"on": True})
    last = execution.history.events[-1]
    assert (last.id, last.type, last.previous) == (AWS.history_events, "ExecutionFailed", 24_999)
    assert last.details == {
        "error": "States.Runtime",
        "cause": "The execution reached the maximum number of history events (25000).",
    }


def test_a_parallel_that_fills_the_history_ends_it_legally() -> None:
    branches = [one({"Type": "Map", "ItemProcessor": one({"Type": "Pass"}, f"I{n}")}, f"M{n}") for n in range(2)]
    parallel = one({"Type": "Parallel", "Branches": branches})
    execution = run(parallel, [0] * 4000)
    events = execution.history.events
    assert (len(events), events[-1].type, execution.error) == (AWS.history_events, "ExecutionFailed", "States.Runtime")
    assert [event.type for event in events if event.type.endswith("Aborted")] == []


def test_stopping_aborts_what_runs_without_an_event_of_its_own() -> None:
    branches = [one({"Type": "Wait", "Seconds": 60}, "W"), one({"Type": "Task", "Resource": f"{TASK}t"}, "T")]
    scripts = {"t": [Answer(1, after=90)]}
    with started(one({"Type": "Parallel", "Branches": branches}), {}, scripts) as (engine, execution):
        engine.advance(10)
        engine.stop(execution, "Enough", "for today")
        engine.advance(1000)
        events = execution.history.events
    legal(events)
    assert shown(events[-2:]) == [("TaskStarted", 6), ("ExecutionAborted", 0)]
    assert (events[-1].details, events[-1].timestamp) == (
        {"error": "Enough", "cause": "for today"},
        events[0].timestamp + 10,
    )


def test_stopping_without_error_and_cause_records_neither() -> None:
    with started(one({"Type": "Wait", "Seconds": 60})) as (engine, execution):
        engine.stop(execution)
        assert shown(execution.history.events)[-1] == ("ExecutionAborted", 0)
        assert execution.history.events[-1].details == {}


def test_an_execution_that_has_ended_cannot_be_stopped() -> None:
    with started(one({"Type": "Succeed"})) as (engine, execution):
        engine.wait(execution.ended, strict=True)
        before = list(execution.history.events)
        engine.stop(execution)
        assert execution.history.events == before
        assert execution.status == "SUCCEEDED"


FAILS_AT_ONCE = one({"Type": "Fail", "Error": "Bad"}, "F")


def test_an_iteration_that_is_aborted_before_its_first_state_is_shown_as_aborted_or_not_at_all() -> None:
    # The first branch fails in the turn in which the second begins its Map, before the item has had its turn.
    items = one({"Type": "Map", "ItemsPath": "$.xs", "ItemProcessor": one({"Type": "Wait", "Seconds": 9}, "W")}, "M")
    execution = run(one({"Type": "Parallel", "Branches": [FAILS_AT_ONCE, items]}), {"xs": [1]})
    types = [event.type for event in execution.history.events]
    assert types.count("MapIterationStarted") == types.count("MapIterationAborted")
    legal(execution.history.events)


def test_an_iteration_that_succeeds_in_the_turn_in_which_another_fails_is_not_left_open() -> None:
    branch = {"StartAt": "C", "States": {
        "C": {"Type": "Choice", "Choices": [{"Variable": "$", "NumericEquals": 0, "Next": "F"}], "Default": "E"},
        "F": {"Type": "Fail", "Error": "Bad"},
        "E": {"Type": "Succeed"},
    }}  # fmt: skip
    execution = run(one({"Type": "Map", "ItemProcessor": branch}), [0, 1])
    ends = {"MapIterationFailed", "MapIterationSucceeded", "MapIterationAborted"}
    assert sum(event.type in ends for event in execution.history.events) == 2
    legal(execution.history.events)


def test_an_iteration_that_succeeds_in_the_turn_in_which_its_map_is_aborted_is_not_left_open() -> None:
    items = one({"Type": "Map", "ItemsPath": "$.xs", "ItemProcessor": one({"Type": "Succeed"}, "E")}, "M")
    execution = run(one({"Type": "Parallel", "Branches": [items, FAILS_AT_ONCE]}), {"xs": [1]})
    types = [event.type for event in execution.history.events]
    assert types.count("MapIterationSucceeded") == types.count("MapIterationStarted") == 1
    legal(execution.history.events)


LONG = {
    "Type": "Pass",
    "Parameters": {"n.$": "States.MathAdd($.n, 1)", "text.$": "States.Format('{}{}', $.n, $$.Execution.Input.text)"},
}


def growing(states: int) -> dict[str, Any]:
    """Each state makes another long text."""
    return {
        "StartAt": "S0",
        "States": {
            f"S{number}": {**LONG, **({"Next": f"S{number + 1}"} if number < states - 1 else {"End": True})}
            for number in range(states)
        },
    }


@pytest.mark.parametrize("budget", [0, 5_000, 40_000])
def test_a_history_that_is_packed_reads_like_one_that_is_not(monkeypatch: pytest.MonkeyPatch, budget: int) -> None:
    document = {"n": 0, "text": "é" * 2_000}
    whole = run(growing(20), document).history
    monkeypatch.setattr(history, "BUDGET", budget)
    packed = run(growing(20), document).history
    assert packed._chunks
    assert packed.events == whole.events
    assert packed.events[3:9] == whole.events[3:9]
    assert (packed.events[-1], packed.last_timestamp) == (whole.events[-1], whole.last_timestamp)
    restored = History(Clock("virtual"))
    restored.restore(packed.dump())
    assert restored.events == whole.events


def test_the_input_of_an_execution_is_still_the_same_object_in_a_packed_history(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(history, "BUDGET", 0)
    execution = run(growing(3), {"n": 0, "text": "a"})
    first, entered, *_ = execution.history.events
    assert execution.history._chunks
    assert first.details["input"] is entered.details["input"] is execution.start.input


def test_what_a_parallel_collects_keeps_the_text_of_the_input_in_a_packed_history() -> None:
    branch = {"StartAt": "B", "States": {"B": {"Type": "Pass", "End": True}}}
    parallel = one({"Type": "Parallel", "Branches": [branch]})
    execution = run(parallel, {"a": 1})
    execution.history.verbatim = (execution.start.input, '{ "a" : 1 }')
    before = [execution.history.text(event.details["output"]) for event in execution.history.events[-2:]]
    execution.history.pack()
    assert [execution.history.text(event.details["output"]) for event in execution.history.events[-2:]] == before
    assert before == ['[{ "a" : 1 }]'] * 2


def test_values_that_states_share_do_not_make_a_history_heavy() -> None:
    loop = choice_loop(500)
    loop["States"]["Count"]["Parameters"]["blob.$"] = "$.blob"
    shared = run(loop, {"n": 0, "blob": "x" * 200_000}).history
    assert not shared._chunks
    assert shared.size < 1_000_000


def test_a_history_without_a_limit_of_events_is_packed_by_their_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "MOST_ROWS", 100)
    execution = run(choice_loop(200), {"n": 0})
    assert len(execution.history._chunks) > 4
    assert [event.id for event in execution.history.events] == list(range(1, len(execution.history) + 1))


def test_an_execution_that_makes_much_data_stays_small(monkeypatch: pytest.MonkeyPatch) -> None:
    document = {"n": 0, "text": "some words " * 18_000}
    execution = run(growing(100), document)
    assert len(execution.history.events[-2].details["output"]["text"]) > 190_000
    assert execution.history.size < 6 * 1024 * 1024


@pytest.mark.parametrize(
    ("machine", "document"), [(choice_loop(300), {"n": 0}), (map_of_passes(), {"items": list(range(300))})]
)
def test_an_event_takes_less_than_300_bytes(machine: dict[str, Any], document: Any) -> None:
    run(machine, document)
    tracemalloc.start()
    try:
        execution = run(machine, document)
        gc.collect()
        taken = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert taken / len(execution.history) < 300


@pytest.mark.parametrize("definition", [choice_loop(3), map_of_passes()])
def test_an_execution_that_has_ended_is_gone_when_nobody_holds_it_without_a_collection(
    definition: dict[str, Any],
) -> None:
    def there() -> int:
        return sum(isinstance(each, (History, Record)) for each in gc.get_objects())

    gc.collect()
    gc.disable()
    try:
        before = there()
        with started(definition, {"n": 0, "items": [1, 2]}) as (engine, execution):
            engine.wait(execution.ended)
            assert there() == before + 2
            del execution
            engine.ask(lambda: None)
            assert there() == before
    finally:
        gc.enable()
