"""Nested executions: what a Task starts, waits for, stops and hands on."""

from __future__ import annotations

import json

import pytest
from outcomes import details, failure, own

CHILD = {"StartAt": "Make", "States": {"Make": {"Type": "Pass", "Result": {"made": [1]}, "End": True}}}
TIRED = {"StartAt": "Give up", "States": {"Give up": {"Type": "Fail", "Error": "Tired", "Cause": "It was late."}}}
SLOW = {"StartAt": "Pause", "States": {"Pause": {"Type": "Wait", "Seconds": 30, "End": True}}}


def test_starting_an_execution_answers_at_once(dynastep, call, create):
    child = create("child", SLOW)
    execution = call("states:startExecution", {"StateMachineArn": child, "Name": "first"})
    arn = f"arn:aws:states:us-east-1:{dynastep.account}:execution:child:first"
    assert own(execution.output) == {"ExecutionArn": arn, "StartDate": 1767225600000}
    assert execution.elapsed == 0
    ended = dynastep.client("stepfunctions").describe_execution(executionArn=arn)
    assert (ended["status"], (ended["stopDate"] - ended["startDate"]).total_seconds()) == ("SUCCEEDED", 30)


@pytest.mark.parametrize(("suffix", "shown"), [(".sync", json.dumps), (".sync:2", lambda value: value)])
def test_a_task_waits_for_the_execution_it_starts(dynastep, call, create, suffix, shown):
    child = create("child", {"StartAt": "Pause", "States": {**SLOW["States"]}})
    request = {"StateMachineArn": child, "Name": "first", "Input": {"a": [1]}}
    execution = call(f"states:startExecution{suffix}", request)
    text = (lambda value: shown(value, separators=(",", ":"))) if suffix == ".sync" else shown
    assert execution.output == {
        "ExecutionArn": f"arn:aws:states:us-east-1:{dynastep.account}:execution:child:first",
        "Input": text({"a": [1]}),
        "InputDetails": {"Included": True},
        "Name": "first",
        "Output": text({"a": [1]}),
        "OutputDetails": {"Included": True},
        "StartDate": 1767225600000,
        "StateMachineArn": child,
        "Status": "SUCCEEDED",
        "StopDate": 1767225630000,
    }
    assert execution.elapsed == 30
    assert [event["type"] for event in execution.history][2:6] == [
        *("TaskScheduled", "TaskStarted", "TaskSubmitted", "TaskSucceeded")
    ]
    submitted = json.loads(details(execution, "TaskSubmitted")["output"])
    assert own(submitted) == {"ExecutionArn": execution.output["ExecutionArn"], "StartDate": 1767225600000}


@pytest.mark.parametrize(
    ("definition", "members"),
    [
        (TIRED, {"Cause": "It was late.", "Error": "Tired", "Status": "FAILED"}),
        ({"StartAt": "End", "States": {"End": {"Type": "Fail"}}}, {"Status": "FAILED"}),
        ({**SLOW, "TimeoutSeconds": 3}, {"Status": "TIMED_OUT", "StopDate": 1767225603000}),
    ],
)
@pytest.mark.parametrize("suffix", [".sync", ".sync:2"])
def test_the_failure_of_a_child_is_the_description_of_it(dynastep, call, create, definition, members, suffix):
    child = create("child", definition)
    execution = call(f"states:startExecution{suffix}", {"StateMachineArn": child, "Name": "first"})
    assert (execution.status, execution.error) == ("FAILED", "States.TaskFailed")
    description = json.loads(execution.cause)
    assert execution.cause == json.dumps(description, separators=(",", ":"), sort_keys=True)
    assert description == {
        "ExecutionArn": f"arn:aws:states:us-east-1:{dynastep.account}:execution:child:first",
        "Input": "{}" if suffix == ".sync" else {},
        "InputDetails": {"Included": True},
        "Name": "first",
        "StartDate": 1767225600000,
        "StateMachineArn": child,
        "StopDate": 1767225600000,
        **members,
    }


@pytest.mark.parametrize(
    ("request_", "error", "message"),
    [
        (
            {"StateMachineArn": "CHILDx"},
            "StateMachineDoesNotExist",
            "State Machine Does Not Exist: 'CHILDx'",
        ),
        ({"StateMachineArn": "CHILD", "Name": "a b"}, "InvalidName", "Invalid Name: 'a b'"),
        (
            {"StateMachineArn": "CHILD", "Name": "taken"},
            "ExecutionAlreadyExists",
            "Execution Already Exists: 'TAKEN'",
        ),
        (
            {"StateMachineArn": "CHILD", "Input": "nope"},
            "InvalidExecutionInput",
            (
                "Invalid State Machine Execution Input: 'Unrecognized token 'nope': was expecting "
                "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')'"
            ),
        ),
    ],
)
@pytest.mark.parametrize("suffix", ["", ".sync", ".sync:2"])
def test_a_child_that_cannot_start_fails_the_task(dynastep, call, create, request_, error, message, suffix):
    child = create("child", CHILD)
    dynastep.run(child, name="taken")
    taken = f"arn:aws:states:us-east-1:{dynastep.account}:execution:child:taken"
    request = {name: value.replace("CHILD", child) for name, value in request_.items()}
    message = message.replace("CHILD", child).replace("TAKEN", taken)
    about = f"Service: AWSStepFunctions; Status Code: 400; Error Code: {error}; Request ID: ...; Proxy: null"
    assert failure(call(f"states:startExecution{suffix}", request)) == (
        f"StepFunctions.{error}Exception",
        f"{message} ({about})",
    )


def test_a_child_stops_with_its_parent(dynastep, create):
    states = dynastep.client("stepfunctions")
    dynastep.clock.mode = "manual"
    child = create("child", SLOW)
    call = {"Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync:2", "End": True}
    parent = create(
        "parent", {"StartAt": "Call", "States": {"Call": {**call, "Parameters": {"StateMachineArn": child}}}}
    )
    execution = states.start_execution(stateMachineArn=parent)["executionArn"]
    (started,) = states.list_executions(stateMachineArn=child)["executions"]
    assert started["status"] == "RUNNING"
    states.stop_execution(executionArn=execution)
    assert states.describe_execution(executionArn=started["executionArn"])["status"] == "ABORTED"


def test_a_child_stops_when_its_task_times_out(dynastep, call, create):
    child = create("child", SLOW)
    request = {"StateMachineArn": child, "Name": "first"}
    execution = call("states:startExecution.sync:2", request, TimeoutSeconds=5)
    assert (execution.error, execution.elapsed) == ("States.Timeout", 5)
    (started,) = dynastep.client("stepfunctions").list_executions(stateMachineArn=child)["executions"]
    assert (started["status"], (started["stopDate"] - started["startDate"]).total_seconds()) == ("ABORTED", 5)


@pytest.mark.parametrize("suffix", [".sync", ".sync:2"])
def test_waiting_for_an_express_execution_is_no_defect_of_the_emulator(call, create, suffix):
    child = create("child", CHILD, type="EXPRESS")
    execution = call(f"states:startExecution{suffix}", {"StateMachineArn": child})
    assert execution.error != "Dynastep.InternalError", execution.cause


def test_a_synchronous_express_execution_is_a_task_of_the_aws_sdk(call, create):
    child = create("child", SLOW, type="EXPRESS")
    request = {"StateMachineArn": child, "Name": "first", "Input": '{"a": 1}'}
    execution = call("aws-sdk:sfn:startSyncExecution", request)
    assert execution.status == "SUCCEEDED", execution.cause
    assert (execution.output["Status"], execution.output["Output"]) == ("SUCCEEDED", '{"a": 1}')
    assert execution.elapsed == 30


def test_a_caught_failure_of_a_child_goes_on(dynastep, create):
    child = create("child", TIRED)
    call = {"Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync:2"}
    catch = [{"ErrorEquals": ["States.TaskFailed"], "Next": "Anyway"}]
    parameters = {"StateMachineArn": child}
    states = {
        "Call": {**call, "Parameters": parameters, "Catch": catch, "End": True},
        "Anyway": {"Type": "Pass", "Parameters": {"why.$": "States.StringToJson($.Cause)"}, "End": True},
    }
    execution = dynastep.run({"StartAt": "Call", "States": states})
    assert execution.output["why"]["Error"] == "Tired"
