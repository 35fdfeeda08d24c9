"""Going back: an execution as it stood at an event, and runs that go on from one of its states."""

import json

import pytest

from emulator.bench.replaying import CannotReplay

CHARGE = {
    "QueryLanguage": "JSONata",
    "StartAt": "Price",
    "States": {
        "Price": {
            "Type": "Pass",
            "Assign": {"total": "{% $states.input.n * 10 %}"},
            "Output": {"n": "{% $states.input.n %}"},
            "Next": "Rest",
        },
        "Rest": {"Type": "Wait", "Seconds": 30, "Next": "Charge"},
        "Charge": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Arguments": {"FunctionName": "charge", "Payload": {"amount": "{% $total %}"}},
            "Output": "{% $states.result.Payload %}",
            "Retry": [{"ErrorEquals": ["Busy"], "MaxAttempts": 2}],
            "Next": "Ship",
        },
        "Ship": {
            "Type": "Pass",
            "Output": {"charged": "{% $states.input.charged %}", "of": "{% $total %}"},
            "End": True,
        },
    },
}


@pytest.fixture
def charged(dynastep):
    calls = []

    class Busy(Exception):
        pass

    def charge(event):
        calls.append(event)
        if len(calls) == 1:
            raise Busy
        return {"charged": event["amount"]}

    dynastep.function("charge", charge)
    execution = dynastep.run(CHARGE, {"n": 7})
    assert execution.output == {"charged": 70, "of": 70}
    return execution


def event_of(execution, kind, number=0):
    return [event["id"] for event in execution.history if event["type"] == kind][number]


def test_at_an_event(charged):
    moment = charged.at(event=event_of(charged, "WaitStateEntered"))
    assert (moment.state, moment.input, moment.variables) == ("Rest", {"n": 7}, {"total": 70})
    assert moment.event == charged.history[moment.event["id"] - 1]
    retried = charged.at(event=event_of(charged, "TaskScheduled", 1))
    assert (retried.state, retried.line.retries) == ("Charge", 1)
    assert charged.at(event=1).variables == {}
    with pytest.raises(CannotReplay, match=f"There is no event 99; there are {len(charged.history)}"):
        charged.at(event=99)


def test_lines_of_a_map(dynastep):
    each = {
        "Type": "Map",
        "ItemProcessor": {
            "StartAt": "Rest",
            "States": {"Rest": {"Type": "Wait", "SecondsPath": "$", "Next": "P"}, "P": {"Type": "Pass", "End": True}},
        },
        "End": True,
    }
    execution = dynastep.run({"StartAt": "Each", "States": {"Each": each}}, [5, 1, 9])
    moment = execution.at(event=event_of(execution, "WaitStateExited", 1))
    assert [(line.state, line.items) for line in moment.lines] == [("Each", ()), ("P", (0,)), ("Rest", (2,))]
    assert moment.line.items == (0,)


def test_again_from_a_state(dynastep, charged):
    again = charged.again("Charge")
    assert (again.status, again.output) == ("SUCCEEDED", {"charged": 70, "of": 70})
    assert again.path == ["Charge", "Ship"]
    dynastep.mock("Charge", {"Payload": {"charged": 1}}, checked=False)
    assert charged.again("Charge").output == {"charged": 1, "of": 70}
    assert charged.again("Ship", input={"charged": "nothing"}).output == {"charged": "nothing", "of": 70}
    with pytest.raises(CannotReplay, match="'Shop'.*'Ship'"):
        charged.again("Shop")
    with pytest.raises(TypeError, match=r"again\(\) takes from_state and input, not inputs"):
        charged.again("Ship", inputs={})


def test_a_history_of_elsewhere(dynastep, charged):
    cassette = json.dumps({"events": charged.history}, default=str)
    recorded = dynastep.recorded(cassette, CHARGE)
    assert recorded.output == charged.output
    assert recorded.at(event=event_of(charged, "WaitStateEntered")).variables == {"total": 70}
    assert recorded.again("Charge").output == charged.output


def distributed(work, **fields):
    return {
        "StartAt": "Before",
        "States": {
            "Before": {"Type": "Pass", "Assign": {"n": 1}, "Next": "Each"},
            "Each": {
                "Type": "Map",
                "ItemProcessor": {
                    "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                    "StartAt": "Work",
                    "States": {"Work": {"Type": "Task", "Resource": work, "End": True}},
                },
                "Next": "After",
                **fields,
            },
            "After": {"Type": "Task", "Resource": work, "Assign": {"n": 2}, "Next": "Last"},
            "Last": {"Type": "Pass", "End": True},
        },
    }


def test_at_an_event_of_an_execution_with_map_runs(dynastep):
    work = dynastep.function("work", lambda event: event)
    execution = dynastep.run(distributed(work), [1, 2, 3])
    assert execution.output == [1, 2, 3]
    moment = execution.at(event=event_of(execution, "MapRunStarted"))
    assert (moment.state, moment.input, moment.variables) == ("Each", [1, 2, 3], {"n": 1})
    assert execution.at(event=event_of(execution, "PassStateEntered", 1)).variables == {"n": 2}
    ended = execution.at(event=len(execution.history))
    assert ended.lines == []
    with pytest.raises(LookupError, match="has ended with event .*, ExecutionSucceeded: no line is open"):
        _ = ended.state


def test_on_from_a_state_after_a_map_run(dynastep):
    work = dynastep.function("work", lambda event: event)
    execution = dynastep.run(distributed(work), [1, 2, 3])
    assert execution.again("After").output == [1, 2, 3]
    assert execution.again("Last", input={"new": True}).output == {"new": True}
    with pytest.raises(CannotReplay, match="A Distributed Map has run"):
        execution.again("Each")
    dynastep.mock("After", {"mocked": True}, checked=False)
    assert execution.again("After").output == {"mocked": True}


def test_at_an_event_of_a_redriven_execution(dynastep):
    broken = [True]

    def work(event):
        if event == 2 and broken:
            raise ValueError("not yet")
        return event

    started = dynastep.start(distributed(dynastep.function("work", work)), [1, 2, 3])
    assert started.result().status == "FAILED"
    broken.clear()
    started.redrive()
    execution = started.result()
    assert execution.output == [1, 2, 3]
    redriven = event_of(execution, "ExecutionRedriven")
    assert execution.at(event=redriven).lines[0].state == "Each"
    assert execution.at(event=event_of(execution, "ExecutionFailed")).variables == {"n": 1}
    assert execution.at(event=event_of(execution, "TaskStateEntered")).state == "After"
    assert execution.again("After").output == [1, 2, 3]
    with pytest.raises(CannotReplay, match="was redriven"):
        execution.again("Before")


def test_at_an_event_of_an_execution_that_runs(dynastep):
    started = dynastep.start(CHARGE, {"n": 7})
    started.advance_to("Rest")
    now = started.now()
    assert now.status == "RUNNING"
    moment = now.at(event=event_of(now, "PassStateEntered"))
    assert (moment.state, moment.input, moment.variables) == ("Price", {"n": 7}, {})
    last = now.at(event=len(now.history))
    assert (last.state, last.input, last.variables) == ("Rest", {"n": 7}, {"total": 70})
    with pytest.raises(CannotReplay, match="does not show the end of the execution"):
        now.again("Rest")
    assert started.now().history[: len(now.history)] == now.history, "to look back changes nothing"


def test_of_elsewhere_no_map_run_is_looked_into(dynastep):
    work = dynastep.function("work", lambda event: event)
    definition = distributed(work)
    execution = dynastep.run(definition, [1])
    recorded = dynastep.recorded(json.dumps({"events": execution.history}, default=str), definition)
    with pytest.raises(CannotReplay, match="A Distributed Map has run: what its child executions were answered"):
        recorded.at(event=3)
