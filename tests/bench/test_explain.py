"""A failed execution in words, and its history read as visits of states."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emulator.bench.explain import Told, clock, explain, shortened
from emulator.bench.visits import by_state, read_visits

CASES = Path(__file__).resolve().parents[2].parent / "shared" / "conformance" / "sfn" / "cases"


def told(execution: Any, name: str = "order") -> Told:
    return Told(name, execution.status, execution.error, execution.cause, execution.elapsed, execution.history)


@pytest.fixture
def shop(dynastep):
    """A machine that ships items: an item of less than two pieces can be shipped, others divide by zero."""
    ship = dynastep.function("ship", lambda item: {"ok": item} if item["n"] < 2 else 1 / 0)
    retry = [{"ErrorEquals": ["ZeroDivisionError"], "MaxAttempts": 1, "IntervalSeconds": 90}]
    processor = {
        "StartAt": "Ship",
        "States": {
            "Ship": {"Type": "Task", "Resource": ship, "Retry": retry, "Next": "Look"},
            "Look": {"Type": "Pass", "Parameters": {"found.$": "$.ok.n"}, "End": True},
        },
    }
    each = {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": processor, "End": True}
    return {"StartAt": "Sort", "States": {"Sort": {"Type": "Pass", "Next": "Each"}, "Each": each}}


def test_a_failure_says_what_failed_where_and_what_was_tried(dynastep, shop):
    execution = dynastep.run(shop, {"items": [{"n": 3}]})
    lines = explain(told(execution), tail=2).splitlines()
    cause = lines[1]
    assert lines[0] == "order FAILED with ZeroDivisionError after 1 min 30 s"
    assert cause.startswith('  cause:   {"errorMessage": "division by zero", "errorType": "ZeroDivisionError", ')
    assert lines[2:5] == [
        "  path:    Sort -> Each -> Each[0]/Ship",
        "  failed:  Each[0]/Ship (Task)",
        '  input:   {"n":3}',
    ]
    assert lines[5].startswith("  attempt 1 after 0 s: arn:aws:lambda:us-east-1:")
    assert ":function:ship ZeroDivisionError: {" in lines[5]
    assert lines[6].startswith("  attempt 2 after 1 min 30 s: arn:aws:lambda:us-east-1:")
    assert lines[7] == "  events:"
    assert lines[8] == f"    ({len(execution.history) - 2} earlier events)"
    assert lines[-2] == f"    {execution.history[-2]['id']:>4}  1 min 30 s  MapStateFailed  Each"
    assert "  1 min 30 s  ExecutionFailed  ZeroDivisionError: " in lines[-1]


def hint(execution: Any) -> list[str]:
    return [line for line in explain(told(execution), tail=0).splitlines() if line.startswith("  hint:")]


@pytest.mark.parametrize(
    ("state", "document", "said"),
    [
        (
            {"Type": "Pass", "Parameters": {"x.$": "$.order.totl"}},
            {"order": {"total": 7, "id": "a"}},
            "$.order.totl: order has no 'totl'; is 'total' meant? Its value is 7",
        ),
        (
            {"Type": "Pass", "Parameters": {"x.$": "$.order.qqqq"}},
            {"order": {"total": 7, "id": "a"}},
            "$.order.qqqq: order has no 'qqqq'; it has 'total', 'id'",
        ),
        ({"Type": "Pass", "Parameters": {"x.$": "$.a.b"}}, {"a": 7}, "$.a.b: a is 7, which has no 'b'"),
        ({"Type": "Pass", "Parameters": {"x.$": "$.a.b"}}, {"a": {}}, "$.a.b: a has no 'b'; it is empty"),
        (
            {"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% $states.input.order.totl %}"},
            {"order": {"total": 7}},
            "$states.input.order.totl: order has no 'totl'; is 'total' meant? Its value is 7",
        ),
    ],
)
def test_a_path_that_finds_nothing_is_told_with_what_is_there(dynastep, state, document, said):
    execution = dynastep.run({"StartAt": "S", "States": {"S": {**state, "End": True}}}, document)
    assert execution.status == "FAILED"
    assert hint(execution) == [f"  hint:    {said}"]


def test_visits_know_where_they_are_and_how_they_ended(dynastep, shop):
    history = dynastep.run(shop, {"items": [{"n": 1}, {"n": 5}]}).history
    visits = read_visits(history)
    assert [(visit.path, visit.status) for visit in visits.every] == [
        ("Sort", "SUCCEEDED"),
        ("Each", "FAILED"),
        ("Each[0]/Ship", "SUCCEEDED"),
        ("Each[1]/Ship", "FAILED"),
        ("Each[0]/Look", "SUCCEEDED"),
    ]
    (second,) = by_state(visits.every, "Each[1]/Ship")
    assert (second.input, second.error, len(second.attempts)) == ({"n": 5}, "ZeroDivisionError", 2)
    assert [visit.path for visit in by_state(visits.every, "Each/Ship")] == ["Each[0]/Ship", "Each[1]/Ship"]
    assert visits.failed is second


def test_what_is_caught_is_caught(dynastep, shop):
    shop["States"]["Each"]["Catch"] = [{"ErrorEquals": ["States.ALL"], "Next": "Sorry"}]
    shop["States"]["Sorry"] = {"Type": "Succeed"}
    visits = read_visits(dynastep.run(shop, {"items": [{"n": 5}]}).history)
    assert [(visit.path, visit.status, visit.error) for visit in visits.every] == [
        ("Sort", "SUCCEEDED", None),
        ("Each", "CAUGHT", "ZeroDivisionError"),
        ("Each[0]/Ship", "FAILED", "ZeroDivisionError"),
        ("Sorry", "SUCCEEDED", None),
    ]
    assert visits.failed is None


def test_a_call_has_its_arguments_and_its_answer(dynastep, shop):
    visits = read_visits(dynastep.run(shop, {"items": [{"n": 1}]}).history)
    (ship,) = by_state(visits.every, "Ship")
    (attempt,) = ship.attempts
    assert (attempt.arguments, attempt.output, attempt.succeeded) == ({"n": 1}, {"ok": {"n": 1}}, True)
    assert (ship.output, ship.duration) == ({"ok": {"n": 1}}, 0)


@pytest.mark.parametrize(
    ("elapsed", "said"),
    [(0, "0 s"), (0.25, "0.25 s"), (59.9, "59.9 s"), (60, "1 min"), (3605, "1 h 5 s"), (187_200, "2 d 4 h")],
)
def test_a_time_is_told_in_units(elapsed, said):
    assert clock(elapsed) == said


def test_a_long_text_is_cut_and_what_is_missing_counted():
    assert shortened("a  b\nc", 10) == "a b c"
    assert shortened("x" * 20, 5) == "xxxxx... (15 more characters)"


PAYLOADS = ("input", "output", "parameters", "cause", "error", "resource", "resourceType", "name")


def as_text(value: Any) -> str:
    """A payload as AWS writes it; the recordings keep JSON as values."""
    return value if isinstance(value, str) else json.dumps(value)


def histories(value: Any) -> Iterator[list[Any]]:
    """Every recorded history in a case."""
    if isinstance(value, dict):
        events = value.get("events")
        if (
            isinstance(events, list)
            and events
            and all(isinstance(event, dict) and isinstance(event.get("id"), int) for event in events)
        ):
            yield events
        for content in value.values():
            yield from histories(content)
    elif isinstance(value, list):
        for content in value:
            yield from histories(content)


@pytest.mark.parametrize("path", sorted(CASES.rglob("*.json")), ids=lambda path: path.stem)
def test_histories_recorded_on_aws_are_read(path):
    for events in histories(json.loads(path.read_text(encoding="utf-8"))):
        ordered = sorted(events, key=lambda event: event["id"])
        for event in ordered:
            event["timestamp"] = 0
            for details in event.values():
                if isinstance(details, dict):
                    details.update({name: as_text(details[name]) for name in PAYLOADS if name in details})
                    assigned = details.get("assignedVariables", {})
                    assigned.update({name: as_text(value) for name, value in assigned.items()})
        visits = read_visits(ordered)
        entered = [event for event in ordered if event["type"].endswith("StateEntered")]
        assert [visit.event for visit in visits.every] == [event["id"] for event in entered]
        for event in ordered:
            if event["type"].endswith("StateExited"):
                owner = visits.owner[event["id"]]
                assert owner is not None
                assert owner.state == event["stateExitedEventDetails"]["name"]
        explain(Told("recorded", "FAILED", None, None, 0, ordered))


def test_the_recordings_are_beside_the_repository():
    if not CASES.exists():
        pytest.skip("the recordings are not beside the repository (../shared/conformance/sfn)")
