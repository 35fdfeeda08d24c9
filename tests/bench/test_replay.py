"""Replay: a machine run against a recorded history, and what differs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from asl_interpreter.errors import InvalidDefinition
from dynastep import Later, StateError
from emulator.bench.cassettes import cassette, exported
from emulator.bench.replaying import CannotReplay, replay
from emulator.cli import main
from emulator.integrations.resources import Resources
from emulator.settings import Settings
from emulator.wiring import Lasting, put_together


@pytest.fixture(scope="module")
def resolve() -> Resources:
    """Knows every Resource; nothing is called."""
    return Resources(put_together(Lasting.of(Settings())), "111111111111", "us-east-1")


SHIP = {
    "Type": "Task",
    "Resource": "arn:aws:lambda:us-east-1:000000000000:function:ship",
    "Retry": [{"ErrorEquals": ["Late"], "IntervalSeconds": 60, "MaxAttempts": 1}],
    "Next": "Done",
}


def orders(**ship: Any) -> str:
    """A machine that ships items, as JSON text."""
    states = {"Ship": {**SHIP, **ship}, "Done": {"Type": "Pass", "End": True}}
    processor = {"StartAt": "Ship", "States": states}
    each = {"Type": "Map", "ItemProcessor": processor, "End": True}
    return json.dumps({"StartAt": "Each", "States": {"Each": each}})


@pytest.fixture
def late(dynastep: Any) -> Any:
    """A run in which the second item is late at first, and all items take another time."""
    calls: list[int] = []

    def ship(item: int) -> Any:
        calls.append(item)
        return (
            Later(10 - item, error=StateError("Late", "no van"))
            if calls.count(2) == 1 == item - 1
            else Later(item, item * 10)
        )

    dynastep.mock("Ship", ship, checked=False)
    execution = dynastep.run(orders(), [1, 2, 3])
    assert (execution.status, execution.output, execution.elapsed) == ("SUCCEEDED", [10, 20, 30], 70)
    return execution


def test_each_item_gets_the_answers_of_its_own_attempts(late: Any, resolve: Resources) -> None:
    replayed = replay(late.history, orders(), resolve)
    assert replayed.differences == []
    assert [event["timestamp"] for event in replayed.history] == [event["timestamp"] for event in late.history]


@pytest.mark.parametrize(
    ("changed", "lines"),
    [
        (
            {"Retry": []},
            [
                "ExecutionSucceeded was recorded, ExecutionFailed is the end now (Late: no van)",
                "event 34: MapStateSucceeded Each was recorded, MapStateFailed Each happens now",
                "event 27: LambdaFunctionScheduled Each[1]/Ship was recorded, MapIterationFailed Each happens now",
            ],
        ),
        (
            {"ResultSelector": {"sent.$": "$"}},
            ['TaskStateExited Each[1]/Ship output: 20 was recorded, {"sent":20} is now'],
        ),
        ({"Next": "Gone"}, ["Missing 'Next' target: Gone"]),
    ],
)
def test_what_differs_is_told_event_by_event(
    late: Any, resolve: Resources, changed: dict[str, Any], lines: list[str]
) -> None:
    try:
        found = replay(late.history, orders(**changed), resolve).differences
    except InvalidDefinition as error:
        found = [str(problem.message) for problem in error.problems]
    for line in lines:
        assert any(line in said for said in found), found


def test_an_attempt_that_was_not_recorded_says_so(late: Any, resolve: Resources) -> None:
    text = orders().replace('"StartAt": "Ship"', '"StartAt": "Ask"')
    ask = {**SHIP, "Next": "Ship"}
    definition = json.loads(text)
    definition["States"]["Each"]["ItemProcessor"]["States"]["Ask"] = ask
    assert replay(late.history, json.dumps(definition), resolve).differences[0] == (
        "ExecutionSucceeded was recorded, ExecutionFailed is the end now (Dynastep.NoRecordedAnswer: "
        "Ask[0] has no recorded answer for attempt 1; it has 0.)"
    )


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ([{"type": "PassStateEntered"}], "The history does not begin with ExecutionStarted."),
        (
            [{"type": "ExecutionStarted"}, {"type": "PassStateEntered"}],
            "The history does not show the end of the execution: its last event is PassStateEntered.",
        ),
        (
            [{"type": "ExecutionStarted"}, {"type": "ExecutionRedriven"}, {"type": "ExecutionFailed"}],
            "The execution was redriven; a replay runs from the start to one end.",
        ),
        (
            [{"type": "ExecutionStarted"}, {"type": "MapRunStarted"}, {"type": "ExecutionFailed"}],
            "A Distributed Map has run: what its child executions were answered is in their own histories.",
        ),
        (
            [
                {
                    "type": "ExecutionStarted",
                    "executionStartedEventDetails": {"input": "{", "inputDetails": {"truncated": True}},
                },
                {"type": "ExecutionFailed"},
            ],
            "A payload is truncated.",
        ),
    ],
)
def test_what_is_not_one_whole_execution_is_refused(resolve: Resources, events: list[Any], said: str) -> None:
    history = [{**event, "id": number, "timestamp": 0} for number, event in enumerate(events, start=1)]
    with pytest.raises(CannotReplay) as raised:
        replay(history, orders(), resolve)
    assert str(raised.value) == said


def test_from_an_execution_to_a_cassette_to_a_replay(dynastep: Any, late: Any, tmp_path: Path) -> None:
    def command(*arguments: str) -> Any:
        return CliRunner().invoke(main, arguments)

    written, definition = str(tmp_path / "late.json"), tmp_path / "orders.asl.json"
    server = ("--url", dynastep.url, "--account", dynastep.account)
    recorded = command("record", late.arn, "-o", written, *server)
    assert recorded.output == f"{written} holds {len(late.history)} events.\n"
    assert command("replay", written).output == f"All {len(late.history)} events happen as in {written}.\n"
    definition.write_text(orders(ResultPath="$.sent"))
    result = command("replay", written, "--definition", str(definition))
    assert result.exit_code == 1
    assert result.output.splitlines()[-1].endswith(f"differences from {written}.")
    exported_file = tmp_path / "history.json"
    exported_file.write_text(command("history", late.arn, "--json", *server).output)
    result = command("replay", str(exported_file))
    said = f"Error: {exported_file} holds no definition: --definition FILE names it.\n"
    assert (result.exit_code, result.output) == (2, said)
    definition.write_text(orders())
    assert command("record", str(exported_file), "-o", written, "--definition", str(definition)).exit_code == 0
    assert command("replay", written).exit_code == 0
    result = command("replay", str(definition))
    assert (result.exit_code, "holds no history" in result.output) == (2, True)


def test_the_fixture_replays_a_cassette(dynastep: Any, late: Any, tmp_path: Path) -> None:
    text = cassette(late.history, orders())
    assert dynastep.replay(text).differences == []
    file = tmp_path / "late.json"
    file.write_text(exported(late.history))
    assert dynastep.replay(file, orders(Comment="ships")).differences == []
    with pytest.raises(CannotReplay, match=r"The cassette holds no definition, and none is given\."):
        dynastep.replay(file)
