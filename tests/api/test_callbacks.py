"""Tasks that wait for an answer by their token: where the token comes from, and what may be done with it."""

from __future__ import annotations

import json
import threading

import pytest
from botocore.exceptions import ClientError

from emulator.control import Control
from emulator.settings import Settings

ROLE = "arn:aws:iam::123456789012:role/runner"


@pytest.fixture
def queue(dynastep):
    return dynastep.client("sqs").create_queue(QueueName="work")["QueueUrl"]


@pytest.fixture
def start(states, queue):
    """Start a machine whose only Task sends a message with its token; more members make up its Task."""

    def begin(name="caller", **more):
        definition = {
            "StartAt": "Ask",
            "States": {
                "Ask": {
                    "Type": "Task",
                    "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
                    "Parameters": {"QueueUrl": queue, "MessageBody": {"token.$": "$$.Task.Token"}},
                    "End": True,
                    **more,
                },
                "Handled": {"Type": "Pass", "End": True},
            },
        }
        if "Catch" not in more:
            del definition["States"]["Handled"]
        machine = states.create_state_machine(name=name, definition=json.dumps(definition), roleArn=ROLE)
        return states.start_execution(stateMachineArn=machine["stateMachineArn"])["executionArn"]

    return begin


@pytest.fixture
def token(dynastep, queue):
    """Take the next token out of the queue."""

    def receive():
        messages = dynastep.client("sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=0)["Messages"]
        return json.loads(messages[0]["Body"])["token"]

    return receive


@pytest.fixture
def types(states):
    def of(execution):
        return [event["type"] for event in states.get_execution_history(executionArn=execution)["events"]]

    return of


def refusal(operation, **params):
    with pytest.raises(ClientError) as raised:
        operation(**params)
    said = raised.value.response["Error"]
    return f"{said['Code']}: {said['Message']}"


GONE = "TaskTimedOut: Task Timed Out: 'Provided task does not exist anymore'"
INVALID = "InvalidToken: Invalid Token: 'Invalid token'"


def test_success_is_the_result_of_the_task(states, start, token, types):
    execution = start()
    states.send_task_success(taskToken=token(), output='{"answer": 42}')
    described = states.describe_execution(executionArn=execution)
    assert (described["status"], described["output"]) == ("SUCCEEDED", '{"answer":42}')
    assert types(execution) == [
        "ExecutionStarted",
        "TaskStateEntered",
        "TaskScheduled",
        "TaskStarted",
        "TaskSubmitted",
        "TaskSucceeded",
        "TaskStateExited",
        "ExecutionSucceeded",
    ]


def test_failure_is_what_retriers_and_catchers_see(states, start, token):
    execution = start(Catch=[{"ErrorEquals": ["Refused"], "Next": "Handled"}])
    states.send_task_failure(taskToken=token(), error="Refused", cause="too late")
    described = states.describe_execution(executionArn=execution)
    assert json.loads(described["output"]) == {"Error": "Refused", "Cause": "too late"}


@pytest.mark.parametrize("named", [{}, {"error": "Refused"}, {"cause": "too late"}])
def test_what_a_failure_does_not_name_is_null_for_a_catcher(states, start, token, named):
    execution = start(Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Handled"}])
    states.send_task_failure(taskToken=token(), **named)
    caught = json.loads(states.describe_execution(executionArn=execution)["output"])
    assert caught == {"Error": named.get("error"), "Cause": named.get("cause")}
    events = states.get_execution_history(executionArn=execution)["events"]
    (details,) = (event["taskFailedEventDetails"] for event in events if event["type"] == "TaskFailed")
    assert {name: details[name] for name in ("error", "cause") if name in details} == named


def test_each_attempt_has_a_token_of_its_own(states, start, token):
    execution = start(Retry=[{"ErrorEquals": ["Again"], "IntervalSeconds": 1}])
    first = token()
    states.send_task_failure(taskToken=first, error="Again")
    assert states.describe_execution(executionArn=execution)["status"] == "RUNNING"
    second = token()
    assert second != first
    assert refusal(states.send_task_success, taskToken=first, output="1") == GONE
    states.send_task_success(taskToken=second, output="2")
    assert states.describe_execution(executionArn=execution)["output"] == "2"


@pytest.mark.parametrize(
    ("operation", "more"),
    [("send_task_success", {"output": "1"}), ("send_task_failure", {}), ("send_task_heartbeat", {})],
)
class TestTokens:
    def test_one_that_was_never_given_out_is_invalid(self, states, start, token, operation, more):
        start()
        genuine = token()
        forged = ("B" if genuine[0] == "A" else "A") + genuine[1:]
        for text in ("x", forged, genuine[:-4], genuine + "AAAA"):
            assert refusal(getattr(states, operation), taskToken=text, **more) == INVALID

    def test_one_that_was_answered_is_gone(self, states, start, token, operation, more):
        start()
        used = token()
        states.send_task_success(taskToken=used, output="1")
        assert refusal(getattr(states, operation), taskToken=used, **more) == GONE

    def test_one_whose_execution_was_stopped_is_gone(self, states, start, token, operation, more):
        execution = start()
        states.stop_execution(executionArn=execution)
        assert refusal(getattr(states, operation), taskToken=token(), **more) == GONE


def test_output_that_is_not_json_is_refused_and_the_task_goes_on_waiting(states, start, token):
    execution = start()
    held = token()
    text = "Unrecognized token 'done': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
    assert (
        refusal(states.send_task_success, taskToken=held, output="done") == f"InvalidOutput: Invalid Output: '{text}'"
    )
    assert states.describe_execution(executionArn=execution)["status"] == "RUNNING"
    states.send_task_success(taskToken=held, output='"done"')
    assert states.describe_execution(executionArn=execution)["output"] == '"done"'


def test_a_task_that_waits_holds_virtual_time(dynastep, states, start):
    execution = start(TimeoutSeconds=60)
    before = dynastep.clock.now()
    assert states.describe_execution(executionArn=execution)["status"] == "RUNNING"
    assert dynastep.clock.now() == before


@pytest.mark.parametrize(
    ("limits", "seconds"),
    [
        ({"TimeoutSeconds": 60}, 60),
        ({"HeartbeatSeconds": 5}, 5),
        ({"TimeoutSeconds": 60, "HeartbeatSeconds": 5}, 5),
    ],
)
def test_an_answer_that_does_not_come_in_time_is_states_timeout(dynastep, states, start, types, limits, seconds):
    execution = start(**limits)
    dynastep.clock.advance(seconds - 1)
    assert states.describe_execution(executionArn=execution)["status"] == "RUNNING"
    dynastep.clock.advance(1)
    described = states.describe_execution(executionArn=execution)
    assert (described["status"], described["error"], "cause" in described) == ("FAILED", "States.Timeout", False)
    assert types(execution)[-2:] == ["TaskTimedOut", "ExecutionFailed"]


def test_heartbeats_put_off_the_heartbeat_timeout_but_not_the_timeout(dynastep, states, start, token):
    execution = start(TimeoutSeconds=12, HeartbeatSeconds=5)
    held = token()
    for _ in range(2):
        dynastep.clock.advance(4)
        states.send_task_heartbeat(taskToken=held)
    dynastep.clock.advance(3)
    assert states.describe_execution(executionArn=execution)["status"] == "RUNNING"
    dynastep.clock.advance(1)
    assert states.describe_execution(executionArn=execution)["status"] == "FAILED"
    assert refusal(states.send_task_heartbeat, taskToken=held) == GONE


@pytest.mark.parametrize("name", ["States.HeartbeatTimeout", "States.Timeout", "States.ALL"])
def test_a_missed_heartbeat_is_caught_by_either_name(dynastep, states, start, name):
    execution = start(HeartbeatSeconds=5, Catch=[{"ErrorEquals": [name], "Next": "Handled"}])
    dynastep.clock.advance(5)
    output = states.describe_execution(executionArn=execution)["output"]
    assert json.loads(output) == {"Error": "States.Timeout", "Cause": ""}


def test_a_timeout_is_no_missed_heartbeat(dynastep, states, start):
    execution = start(TimeoutSeconds=5, Catch=[{"ErrorEquals": ["States.HeartbeatTimeout"], "Next": "Handled"}])
    dynastep.clock.advance(5)
    assert states.describe_execution(executionArn=execution)["status"] == "FAILED"


def test_a_worker_that_calls_itself_timed_out_has_failed(states, start, token, types):
    execution = start()
    states.send_task_failure(taskToken=token(), error="States.Timeout")
    assert types(execution)[-2:] == ["TaskFailed", "ExecutionFailed"]


def test_a_function_may_answer_its_own_task(dynastep, states):
    def answer(event, _context):
        dynastep.client("stepfunctions").send_task_success(taskToken=event["token"], output='"early"')

    ran = dynastep.run(
        {
            "StartAt": "Ask",
            "States": {
                "Ask": {
                    "Type": "Task",
                    "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
                    "Parameters": {
                        "FunctionName": dynastep.function("answer", answer),
                        "Payload": {"token.$": "$$.Task.Token"},
                    },
                    "End": True,
                }
            },
        }
    )
    assert (ran.status, ran.output) == ("SUCCEEDED", "early")


def test_a_plain_task_has_no_token(dynastep, queue):
    ran = dynastep.run(
        {
            "StartAt": "Ask",
            "States": {
                "Ask": {
                    "Type": "Task",
                    "Resource": "arn:aws:states:::sqs:sendMessage",
                    "Parameters": {"QueueUrl": queue, "MessageBody.$": "$$.Task.Token"},
                    "End": True,
                }
            },
        }
    )
    assert (ran.status, ran.error) == ("FAILED", "States.Runtime")


@pytest.mark.parametrize("answers", range(2, 4))
def test_of_answers_at_once_one_counts(dynastep, states, start, token, answers):
    execution = start()
    held = token()
    said = []

    def send(number):
        client = dynastep.client("stepfunctions")
        try:
            client.send_task_success(taskToken=held, output=str(number))
        except ClientError as error:
            said.append(error.response["Error"]["Code"])

    threads = [threading.Thread(target=send, args=(number,)) for number in range(answers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said == ["TaskTimedOut"] * (answers - 1)
    assert states.describe_execution(executionArn=execution)["status"] == "SUCCEEDED"


@pytest.mark.parametrize(("clock", "same"), [("virtual", True), ("manual", True), ("wall", False)])
def test_a_token_can_be_foreseen_only_where_time_is_not_real(clock, same):
    """Two runs of a test give one history; nobody can make up the tokens of a server."""
    tokens = {Control(Settings(clock=clock)).world.callbacks.open("arn", 7).token for _ in range(2)}
    assert (len(tokens) == 1) is same


def test_a_task_of_any_other_service_may_wait_for_its_token(dynastep, states):
    table = dynastep.client("dynamodb")
    table.create_table(
        TableName="tokens",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    definition = {
        "StartAt": "Store",
        "States": {
            "Store": {
                "Type": "Task",
                "Resource": "arn:aws:states:::aws-sdk:dynamodb:putItem.waitForTaskToken",
                "Parameters": {
                    "TableName": "tokens",
                    "Item": {"id": {"S": "1"}, "token": {"S.$": "$$.Task.Token"}},
                },
                "End": True,
            }
        },
    }
    machine = states.create_state_machine(name="store", definition=json.dumps(definition), roleArn=ROLE)
    execution = states.start_execution(stateMachineArn=machine["stateMachineArn"])["executionArn"]
    item = table.get_item(TableName="tokens", Key={"id": {"S": "1"}})["Item"]
    states.send_task_success(taskToken=item["token"]["S"], output="true")
    assert states.describe_execution(executionArn=execution)["output"] == "true"
