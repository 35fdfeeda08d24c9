"""Activities: tasks that workers fetch."""

from __future__ import annotations

import json
import threading

import pytest
from botocore.exceptions import ClientError

ROLE = "arn:aws:iam::123456789012:role/runner"


@pytest.fixture
def activity(states):
    return states.create_activity(name="pack")["activityArn"]


@pytest.fixture
def start(states, activity):
    """Start a machine whose last state is a task of the activity; ``before`` are seconds that it waits first."""

    def begin(name="packer", before=0, **more):
        definition = {
            "StartAt": "Pause",
            "States": {
                "Pause": {"Type": "Wait", "Seconds": before, "Next": "Pack"},
                "Pack": {"Type": "Task", "Resource": activity, "End": True, **more},
            },
        }
        machine = states.create_state_machine(name=name, definition=json.dumps(definition), roleArn=ROLE)
        started = states.start_execution(stateMachineArn=machine["stateMachineArn"], input='{"box": 1}')
        return started["executionArn"]

    return begin


def refusal(operation, **params):
    with pytest.raises(ClientError) as raised:
        operation(**params)
    said = raised.value.response["Error"]
    return f"{said['Code']}: {said['Message']}"


def answered(response):
    return {name: value for name, value in response.items() if name != "ResponseMetadata"}


def test_an_activity_is_described_as_it_was_created(dynastep, states, activity):
    assert activity == f"arn:aws:states:us-east-1:{dynastep.account}:activity:pack"
    described = answered(states.describe_activity(activityArn=activity))
    assert described.pop("creationDate").timestamp() == dynastep.clock.now()
    assert described == {
        "activityArn": activity,
        "name": "pack",
        "encryptionConfiguration": {"type": "AWS_OWNED_KEY"},
    }


def test_creating_one_again_gives_the_same(dynastep, states, activity):
    dynastep.clock.advance(60)
    again = states.create_activity(name="pack", tags=[{"key": "late", "value": "1"}])
    assert again["activityArn"] == activity
    assert again["creationDate"] == states.describe_activity(activityArn=activity)["creationDate"]
    assert states.list_tags_for_resource(resourceArn=activity)["tags"] == []


def test_one_of_the_same_name_with_another_key_is_refused(dynastep, states, activity):
    made = dynastep.client("kms").create_key()["KeyMetadata"]["KeyId"]
    key = {"type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": made}
    assert (
        refusal(states.create_activity, name="pack", encryptionConfiguration=key)
        == f"ActivityAlreadyExists: Activity Already Exists: '{activity}'"
    )


def test_an_activity_has_tags(states):
    arn = states.create_activity(name="tagged", tags=[{"key": "a", "value": "1"}])["activityArn"]
    states.tag_resource(resourceArn=arn, tags=[{"key": "b", "value": "2"}])
    states.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert states.list_tags_for_resource(resourceArn=arn)["tags"] == [{"key": "b", "value": "2"}]


def test_activities_are_listed_by_name_in_pages(states):
    for name in "bca":
        states.create_activity(name=name)
    first = states.list_activities(maxResults=2)
    second = states.list_activities(maxResults=2, nextToken=first["nextToken"])
    assert [[entry["name"] for entry in page["activities"]] for page in (first, second)] == [["a", "b"], ["c"]]
    assert "nextToken" not in second
    assert refusal(states.list_activities, nextToken="x") == "InvalidToken: Invalid Token: 'Invalid token'"


@pytest.mark.parametrize("operation", ["describe_activity", "get_activity_task"])
def test_an_activity_that_is_not_there_is_refused(states, activity, operation):
    states.delete_activity(activityArn=activity)
    states.delete_activity(activityArn=activity)
    assert (
        refusal(getattr(states, operation), activityArn=activity)
        == f"ActivityDoesNotExist: Activity Does Not Exist: '{activity}'"
    )


@pytest.mark.parametrize("operation", ["describe_activity", "get_activity_task", "delete_activity"])
def test_the_arn_of_anything_else_is_refused(states, operation):
    call = getattr(states, operation)
    assert refusal(call, activityArn="pack") == "InvalidArn: Invalid Arn: 'Invalid ARN prefix: pack'"
    machine = "arn:aws:states:us-east-1:123456789012:stateMachine:pack"
    assert (
        refusal(call, activityArn=machine)
        == "InvalidArn: Invalid Arn: 'Resource type not valid in this context: stateMachine'"
    )


def test_a_worker_fetches_a_task_and_answers_it(states, activity, start):
    execution = start()
    task = states.get_activity_task(activityArn=activity, workerName="Ann")
    assert task["input"] == '{"box":1}'
    states.send_task_success(taskToken=task["taskToken"], output='"packed"')
    history = states.get_execution_history(executionArn=execution)["events"]
    assert [(event["type"], event["previousEventId"]) for event in history[4:]] == [
        ("ActivityScheduled", 4),
        ("ActivityStarted", 5),
        ("ActivitySucceeded", 6),
        ("TaskStateExited", 7),
        ("ExecutionSucceeded", 8),
    ]
    assert history[4]["activityScheduledEventDetails"] == {
        "resource": activity,
        "input": '{"box": 1}',
        "inputDetails": {"truncated": False},
    }
    assert history[5]["activityStartedEventDetails"] == {"workerName": "Ann"}


def test_a_poll_waits_for_a_task_that_is_still_to_come(dynastep, states, activity, start):
    start(before=10)
    before = dynastep.clock.now()
    assert "taskToken" in states.get_activity_task(activityArn=activity)
    assert dynastep.clock.now() == before + 10


def test_a_poll_is_answered_empty_after_a_minute(dynastep, states, activity, start):
    start(before=61)
    before = dynastep.clock.now()
    assert answered(states.get_activity_task(activityArn=activity)) == {}
    assert dynastep.clock.now() == before + 60


def test_a_poll_does_not_take_the_time_of_a_task_that_is_worked_on(dynastep, states, activity, start):
    execution = start(HeartbeatSeconds=5)
    held = states.get_activity_task(activityArn=activity)["taskToken"]
    assert answered(states.get_activity_task(activityArn=activity)) == {}
    states.send_task_success(taskToken=held, output="1")
    assert states.describe_execution(executionArn=execution)["status"] == "SUCCEEDED"


def test_a_poll_that_was_given_up_gets_no_task(states, activity, start):
    assert answered(states.get_activity_task(activityArn=activity, workerName="gone")) == {}
    execution = start()
    task = states.get_activity_task(activityArn=activity, workerName="here")
    states.send_task_success(taskToken=task["taskToken"], output="1")
    history = states.get_execution_history(executionArn=execution)["events"]
    assert history[5]["activityStartedEventDetails"] == {"workerName": "here"}


def test_tasks_are_handed_out_in_the_order_they_came_each_once(states, activity, start):
    executions = [start(name) for name in ("one", "two", "three")]
    tokens = [states.get_activity_task(activityArn=activity)["taskToken"] for _ in executions]
    assert answered(states.get_activity_task(activityArn=activity)) == {}
    for number, token in enumerate(tokens):
        states.send_task_success(taskToken=token, output=str(number))
    outputs = [states.describe_execution(executionArn=execution)["output"] for execution in executions]
    assert outputs == ["0", "1", "2"]


@pytest.mark.parametrize("limit", ["TimeoutSeconds", "HeartbeatSeconds"])
def test_the_time_of_a_task_counts_from_when_a_worker_takes_it(dynastep, states, activity, start, limit):
    execution = start(**{"TimeoutSeconds": 100, limit: 5})
    dynastep.clock.advance(50)
    token = states.get_activity_task(activityArn=activity)["taskToken"]
    dynastep.clock.advance(4)
    assert states.describe_execution(executionArn=execution)["status"] == "RUNNING"
    dynastep.clock.advance(1)
    assert states.describe_execution(executionArn=execution)["error"] == "States.Timeout"
    history = states.get_execution_history(executionArn=execution)["events"]
    assert history[-2]["type"] == "ActivityTimedOut"
    assert history[-2]["activityTimedOutEventDetails"] == {"error": "States.Timeout"}
    assert refusal(states.send_task_heartbeat, taskToken=token) == f"TaskTimedOut: Task Timed Out: '{activity}'"


def test_a_task_whose_execution_was_stopped_is_not_handed_out(states, activity, start):
    states.stop_execution(executionArn=start())
    assert answered(states.get_activity_task(activityArn=activity)) == {}


def test_a_task_of_an_activity_that_is_not_there_fails(states, activity, start):
    states.delete_activity(activityArn=activity)
    described = states.describe_execution(executionArn=start())
    located = "An error occurred while executing the state 'Pack' (entered at the event id #4)."
    assert described["error"] == "States.Runtime"
    assert described["cause"] == f"{located} The activity {activity} does not exist."


def test_workers_side_by_side_each_get_their_own_tasks(dynastep, states, activity, start):
    executions = [start(f"machine-{number}") for number in range(8)]

    def work():
        client = dynastep.client("stepfunctions")
        while (task := client.get_activity_task(activityArn=activity)).get("taskToken"):
            client.send_task_success(taskToken=task["taskToken"], output=task["input"])

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert {states.describe_execution(executionArn=execution)["status"] for execution in executions} == {"SUCCEEDED"}
