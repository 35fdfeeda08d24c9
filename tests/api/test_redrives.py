"""Redrives: executions that ended badly go on where they failed, as observed on AWS where nothing else is said."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def activity(states):
    return states.create_activity(name="work")["activityArn"]


@pytest.fixture
def worker(states, activity):
    """Takes on the next task of the activity: its token, and its input."""

    def take(name="w"):
        task = states.get_activity_task(activityArn=activity, workerName=name)
        return task["taskToken"], json.loads(task["input"])

    return take


def one(state, name="S"):
    return {"StartAt": name, "States": {name: {"End": True, **state}}}


def refusal(operation, **params):
    with pytest.raises(ClientError) as raised:
        operation(**params)
    said = raised.value.response["Error"]
    return f"{said['Code']}: {said['Message']}"


def shown(states, execution):
    events = states.get_execution_history(executionArn=execution, maxResults=1000)["events"]
    return [(event["type"], event["previousEventId"]) for event in events]


FAIL = {"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "Bad", "Cause": "luck"}}}


def test_a_task_is_scheduled_again_without_being_entered_again(dynastep, states, activity, create_one, worker):
    retry = [{"ErrorEquals": ["Busy"], "IntervalSeconds": 1, "MaxAttempts": 1, "BackoffRate": 1}]
    about = {"Parameters": {"execution.$": "$$.Execution", "state.$": "$$.State"}}
    task = {"Type": "Task", "Resource": activity, "Retry": retry, "Next": "After", **about}
    arn = create_one({"StartAt": "Work", "States": {"Work": task, "After": {"Type": "Pass", "End": True}}})
    execution = states.start_execution(stateMachineArn=arn, name="e")["executionArn"]
    seen = []
    for _ in range(2):
        token, given = worker()
        seen.append(given)
        states.send_task_failure(taskToken=token, error="Busy")
    dynastep.clock.advance(60)
    answer = states.redrive_execution(executionArn=execution)
    assert answer["redriveDate"].timestamp() == dynastep.clock.now()
    stale = refusal(states.send_task_success, taskToken=token, output="{}")
    assert stale.startswith("TaskTimedOut: ")
    for error in ("Busy", None):
        token, given = worker()
        seen.append(given)
        if error is None:
            states.send_task_success(taskToken=token, output='{"done": true}')
        else:
            states.send_task_failure(taskToken=token, error=error)
    assert [(given["execution"]["RedriveCount"], given["state"]["RetryCount"]) for given in seen] == [
        (0, 0),
        (0, 1),
        (1, 0),
        (1, 1),
    ]
    assert "RedriveTime" not in seen[0]["execution"]
    assert seen[2]["execution"]["RedriveTime"] == answer["redriveDate"].strftime("%Y-%m-%dT%H:%M:%S.000Z")
    assert list(seen[2]["execution"]) == ["Id", "Input", "StartTime", "Name", "RoleArn", "RedriveCount", "RedriveTime"]
    assert len({given["state"]["EnteredTime"] for given in seen}) == 1
    attempt = ["ActivityScheduled", "ActivityStarted", "ActivityFailed"]
    assert shown(states, execution) == [
        ("ExecutionStarted", 0),
        ("TaskStateEntered", 0),
        *zip([*attempt, *attempt], (2, 3, 4, 5, 6, 7), strict=True),
        ("ExecutionFailed", 8),
        ("ExecutionRedriven", 9),
        *zip([*attempt, *attempt[:2], "ActivitySucceeded"], (2, 11, 12, 13, 14, 15), strict=True),
        ("TaskStateExited", 16),
        ("PassStateEntered", 17),
        ("PassStateExited", 18),
        ("ExecutionSucceeded", 19),
    ]
    events = states.get_execution_history(executionArn=execution)["events"]
    assert events[9]["executionRedrivenEventDetails"] == {"redriveCount": 1}


def test_of_a_parallel_only_the_branches_that_failed_or_were_aborted_run_again(states, activity, create_one, worker):
    def branch(name):
        return one({"Type": "Task", "Resource": activity, "Parameters": {"name.$": "$$.State.Name"}}, name)

    arn = create_one(one({"Type": "Parallel", "Branches": [branch("Good"), branch("Bad"), branch("Aborted")]}, "P"))
    execution = states.start_execution(stateMachineArn=arn)["executionArn"]
    tokens = {given["name"]: token for token, given in (worker() for _ in range(3))}
    states.send_task_success(taskToken=tokens["Good"], output='"kept"')
    states.send_task_failure(taskToken=tokens["Bad"], error="Bad")
    before = shown(states, execution)
    assert before[12:] == [
        ("ActivitySucceeded", 10),
        ("TaskStateExited", 13),
        ("ActivityFailed", 11),
        ("TaskStateAborted", 15),
        ("TaskStateAborted", 15),
        ("ParallelStateFailed", 15),
        ("ExecutionFailed", 18),
    ]
    states.redrive_execution(executionArn=execution)
    for _ in range(2):
        token, given = worker()
        states.send_task_success(taskToken=token, output=json.dumps(given["name"]))
    assert states.describe_execution(executionArn=execution)["output"] == '["kept","Bad","Aborted"]'
    assert shown(states, execution)[19:] == [
        ("ExecutionRedriven", 19),
        ("ActivityScheduled", 6),
        ("ActivityScheduled", 8),
        ("ActivityStarted", 21),
        ("ActivitySucceeded", 23),
        ("TaskStateExited", 24),
        ("ActivityStarted", 22),
        ("ActivitySucceeded", 26),
        ("TaskStateExited", 27),
        ("ParallelStateSucceeded", 28),
        ("ParallelStateExited", 28),
        ("ExecutionSucceeded", 30),
    ]


def test_of_a_map_only_the_iterations_that_have_not_succeeded_run(states, activity, create_one, worker):
    processor = one({"Type": "Task", "Resource": activity}, "Item")
    arn = create_one(one({"Type": "Map", "MaxConcurrency": 1, "ItemProcessor": processor}, "M"))
    execution = states.start_execution(stateMachineArn=arn, input="[0, 1, 2]")["executionArn"]
    states.send_task_success(taskToken=worker()[0], output='"kept"')
    states.send_task_failure(taskToken=worker()[0], error="Bad")
    assert shown(states, execution)[13:] == [
        ("ActivityStarted", 13),
        ("ActivityFailed", 14),
        ("MapIterationFailed", 15),
        ("TaskStateAborted", 15),
        ("MapStateFailed", 15),
        ("ExecutionFailed", 18),
    ]
    states.redrive_execution(executionArn=execution)
    for _ in range(2):
        token, given = worker()
        states.send_task_success(taskToken=token, output=json.dumps(given))
    assert states.describe_execution(executionArn=execution)["output"] == '["kept",1,2]'
    assert shown(states, execution)[19:] == [
        ("ExecutionRedriven", 19),
        ("ActivityScheduled", 12),
        ("ActivityStarted", 21),
        ("ActivitySucceeded", 22),
        ("TaskStateExited", 23),
        ("MapIterationSucceeded", 24),
        ("MapIterationStarted", 24),
        ("TaskStateEntered", 26),
        ("ActivityScheduled", 27),
        ("ActivityStarted", 28),
        ("ActivitySucceeded", 29),
        ("TaskStateExited", 30),
        ("MapIterationSucceeded", 31),
        ("MapStateSucceeded", 32),
        ("MapStateExited", 32),
        ("ExecutionSucceeded", 34),
    ]


def test_a_fail_state_fails_again_without_being_entered_again(states, create_one):
    execution = states.start_execution(stateMachineArn=create_one(FAIL))["executionArn"]
    states.describe_execution(executionArn=execution)
    states.redrive_execution(executionArn=execution)
    assert shown(states, execution) == [
        ("ExecutionStarted", 0),
        ("FailStateEntered", 0),
        ("ExecutionFailed", 2),
        ("ExecutionRedriven", 3),
        ("ExecutionFailed", 4),
    ]
    described = states.describe_execution(executionArn=execution)
    assert (described["status"], described["error"], described["redriveCount"]) == ("FAILED", "Bad", 1)


def test_an_execution_that_ran_out_of_time_has_its_whole_time_again(dynastep, states, activity, create_one, worker):
    arn = create_one({**one({"Type": "Task", "Resource": activity}), "TimeoutSeconds": 8})
    execution = states.start_execution(stateMachineArn=arn)["executionArn"]
    worker()
    dynastep.clock.advance(9)
    assert states.describe_execution(executionArn=execution)["status"] == "TIMED_OUT"
    states.redrive_execution(executionArn=execution)
    token, _ = worker()
    dynastep.clock.advance(7)
    states.send_task_success(taskToken=token, output="1")
    assert states.describe_execution(executionArn=execution)["status"] == "SUCCEEDED"
    assert shown(states, execution)[4:7] == [
        ("ExecutionTimedOut", 0),
        ("ExecutionRedriven", 5),
        ("ActivityScheduled", 2),
    ]


def test_an_execution_that_was_stopped_goes_on(states, activity, create_one, worker):
    execution = states.start_execution(stateMachineArn=create_one(one({"Type": "Task", "Resource": activity})))
    states.stop_execution(executionArn=execution["executionArn"], error="E", cause="C")
    states.redrive_execution(executionArn=execution["executionArn"])
    states.send_task_success(taskToken=worker()[0], output="1")
    assert states.describe_execution(executionArn=execution["executionArn"])["output"] == "1"
    assert shown(states, execution["executionArn"])[3:6] == [
        ("ExecutionAborted", 0),
        ("ExecutionRedriven", 4),
        ("ActivityScheduled", 2),
    ]


def test_a_wait_until_a_time_that_is_past_ends_at_once(dynastep, states, create_one):
    # Documented, not observed.
    wait = {"Type": "Wait", "TimestampPath": "$.until"}
    start = {"stateMachineArn": create_one(one(wait)), "input": '{"until": "2026-01-01T01:00:00Z"}'}
    execution = states.start_execution(**start)["executionArn"]
    states.stop_execution(executionArn=execution)
    dynastep.clock.advance(7200)
    redriven = states.redrive_execution(executionArn=execution)["redriveDate"]
    assert states.describe_execution(executionArn=execution)["stopDate"] == redriven


def test_variables_are_those_of_the_state_that_failed(states, activity, create_one, worker):
    task = {"Type": "Task", "Resource": activity, "Parameters": {"n.$": "$n"}, "End": True}
    count = {"Type": "Pass", "Assign": {"n": 1}, "Next": "Work"}
    arn = create_one({"StartAt": "Count", "States": {"Count": count, "Work": task}})
    execution = states.start_execution(stateMachineArn=arn)["executionArn"]
    states.send_task_failure(taskToken=worker()[0])
    states.redrive_execution(executionArn=execution)
    assert worker()[1] == {"n": 1}


def test_a_parallel_whose_outputs_were_too_large_runs_as_a_whole_again(dynastep, states, create_one):
    # Documented, not observed.
    sizes = iter([150_000, 150_000, 1, 1])
    big = dynastep.function("big", lambda _: "x" * next(sizes))
    branches = [one({"Type": "Task", "Resource": big}, name) for name in "AB"]
    execution = states.start_execution(stateMachineArn=create_one(one({"Type": "Parallel", "Branches": branches}, "P")))
    arn = execution["executionArn"]
    assert states.describe_execution(executionArn=arn)["error"] == "States.DataLimitExceeded"
    states.redrive_execution(executionArn=arn)
    assert states.describe_execution(executionArn=arn)["output"] == '["x","x"]'
    assert [event for event, _ in shown(states, arn)].count("ParallelStateStarted") == 2


def test_what_is_described_of_redrives(dynastep, states, activity, create_one, worker):
    arn = create_one(one({"Type": "Task", "Resource": activity}))
    execution = states.start_execution(stateMachineArn=arn)["executionArn"]

    def described():
        answer = states.describe_execution(executionArn=execution)
        return {
            name: answer[name]
            for name in ("status", "redriveCount", "redriveDate", "redriveStatus", "redriveStatusReason", "stopDate")
            if name in answer and name != "stopDate"
        } | {"stopped": "stopDate" in answer, "error": answer.get("error")}

    running = {"redriveStatus": "NOT_REDRIVABLE", "redriveStatusReason": "Execution is RUNNING and cannot be redriven"}
    assert described() == {"status": "RUNNING", "redriveCount": 0, **running, "stopped": False, "error": None}
    states.send_task_failure(taskToken=worker()[0], error="Bad")
    failed = {"status": "FAILED", "redriveStatus": "REDRIVABLE", "stopped": True, "error": "Bad"}
    assert described() == {**failed, "redriveCount": 0}
    date = states.redrive_execution(executionArn=execution)["redriveDate"]
    again = {"redriveCount": 1, "redriveDate": date}
    assert described() == {"status": "RUNNING", **again, **running, "stopped": False, "error": None}
    listed = states.list_executions(stateMachineArn=arn)["executions"][0]
    assert (listed["redriveCount"], listed["redriveDate"]) == (1, date)
    states.send_task_success(taskToken=worker()[0], output="1")
    reason = "Execution is SUCCEEDED and cannot be redriven"
    succeeded = {"redriveStatus": "NOT_REDRIVABLE", "redriveStatusReason": reason}
    assert described() == {"status": "SUCCEEDED", **again, **succeeded, "stopped": True, "error": None}


def test_a_client_token_stands_for_the_redrive_that_it_was_first_used_for(dynastep, states, create_one):
    execution = states.start_execution(stateMachineArn=create_one(FAIL))["executionArn"]

    def redriven(token):
        states.describe_execution(executionArn=execution)
        return states.redrive_execution(executionArn=execution, clientToken=token)["redriveDate"]

    first = redriven("a")
    dynastep.clock.advance(1)
    second = redriven("b")
    assert second == first + timedelta(seconds=1)
    assert redriven("a") == first
    assert states.describe_execution(executionArn=execution)["redriveCount"] == 2
    dynastep.clock.advance(15 * 60)
    assert redriven("a") == first + timedelta(seconds=901)


def test_ten_client_tokens_are_known(dynastep, states, create_one):
    execution = states.start_execution(stateMachineArn=create_one(FAIL))["executionArn"]
    for token in (*map(str, range(11)), "10", "1", "0"):
        states.describe_execution(executionArn=execution)
        states.redrive_execution(executionArn=execution, clientToken=token)
    assert states.describe_execution(executionArn=execution)["redriveCount"] == 12


def test_what_cannot_be_redriven(dynastep, states, activity, create_one, worker):
    machine = create_one(one({"Type": "Task", "Resource": activity}))
    arn = states.start_execution(stateMachineArn=machine, name="e")["executionArn"]
    refused = f"ExecutionNotRedrivable: Execution {arn} invalid for redrive as:"
    running = refusal(states.redrive_execution, executionArn=arn)
    assert running == f"{refused} Execution is RUNNING and cannot be redriven"
    states.send_task_success(taskToken=worker()[0], output="1")
    succeeded = refusal(states.redrive_execution, executionArn=arn)
    assert succeeded == f"{refused} Execution is SUCCEEDED and cannot be redriven"
    missing = f"{arn}-missing"
    refusals = {
        missing: f"ExecutionDoesNotExist: Execution Does Not Exist: '{missing}'",
        arn.replace(":execution:", ":express:") + ":x": "InvalidArn: Invalid Arn: "
        "'Resource type not valid in this context: express'",
    }
    for other, text in refusals.items():
        assert refusal(states.redrive_execution, executionArn=other) == text


def test_an_execution_can_be_redriven_for_fourteen_days(dynastep, states, create_one):
    arn = states.start_execution(stateMachineArn=create_one(FAIL))["executionArn"]
    states.describe_execution(executionArn=arn)
    dynastep.clock.advance(14 * 24 * 3600)
    assert states.describe_execution(executionArn=arn)["redriveStatus"] == "REDRIVABLE"
    dynastep.clock.advance(1)
    described = states.describe_execution(executionArn=arn)
    reason = "Execution redrivable period exceeded"
    assert (described["redriveStatus"], described["redriveStatusReason"]) == ("NOT_REDRIVABLE", reason)
    assert refusal(states.redrive_execution, executionArn=arn).endswith(f"invalid for redrive as: {reason}")


def test_an_execution_goes_on_with_the_definition_that_it_was_started_with(dynastep, states, create_one):
    answers = iter([RuntimeError("not yet"), "now"])

    def answer(_):
        value = next(answers)
        if isinstance(value, Exception):
            raise value
        return value

    task = {"Type": "Task", "Resource": dynastep.function("f", answer), "Next": "After"}
    machine = create_one(
        {"StartAt": "T", "States": {"T": task, "After": {"Type": "Pass", "Result": "old", "End": True}}}
    )
    arn = states.start_execution(stateMachineArn=machine)["executionArn"]
    states.describe_execution(executionArn=arn)
    states.update_state_machine(stateMachineArn=machine, definition=json.dumps(one({"Type": "Pass"})))
    states.redrive_execution(executionArn=arn)
    assert states.describe_execution(executionArn=arn)["output"] == '"old"'


def test_what_a_map_run_started_is_redriven_with_it_alone(dynastep, states, create_one):
    config = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    state = {"Type": "Map", "ItemProcessor": {**FAIL, "ProcessorConfig": config}}
    execution = dynastep.run(one(state, "M"), [1])
    (run,) = states.list_map_runs(executionArn=execution.arn)["mapRuns"]
    (child,) = states.list_executions(mapRunArn=run["mapRunArn"])["executions"]
    assert child["status"] == "FAILED"
    said = f"ExecutionNotRedrivable: Execution {child['executionArn']} invalid for redrive as: "
    reason = "Execution was started by a Map Run and is redriven with it"
    assert refusal(states.redrive_execution, executionArn=child["executionArn"]) == said + reason
