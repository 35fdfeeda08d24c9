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
