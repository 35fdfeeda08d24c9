"""What somebody who tests with an emulator relies on, tried on each of them through AWS's API alone.

A trial does one thing that AWS does and returns nothing, or raises ``Otherwise`` with what happened instead.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

ROLE = "arn:aws:iam::123456789012:role/trial"
PATIENCE = 8.0
"""Seconds that something may take which AWS does within a second or two."""
WEEK = 7 * 86400
LONGEST = 200
"""Characters that are shown of what an emulator does otherwise."""


class Otherwise(Exception):
    """An emulator does something else than AWS; the message says what."""


@dataclass(frozen=True, slots=True)
class Clients:
    """boto3's clients of one emulator."""

    url: str
    key: str

    def __call__(self, service: str) -> Any:
        """A client of a service."""
        make: Any = boto3.client
        return make(
            service,
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id=self.key,
            aws_secret_access_key="secret",
            config=Config(
                inject_host_prefix=False,
                retries={"total_max_attempts": 1},
                read_timeout=30,
                s3={"addressing_style": "path"},
            ),
        )

    def machine(self, states: Mapping[str, Any], **more: Any) -> str:
        """Make a state machine of these states, the first of which it starts at; its ARN."""
        definition = {"StartAt": next(iter(states)), "States": states} | more.pop("top", {})
        created = self("stepfunctions").create_state_machine(
            name=f"trial-{time.time_ns()}", definition=json.dumps(definition), roleArn=ROLE, **more
        )
        return str(created["stateMachineArn"])

    def ended(self, machine: str, document: Any = None, patience: float = PATIENCE) -> dict[str, Any]:
        """Run a machine; what DescribeExecution says once it has ended.

        Raises:
            Otherwise: it has not ended in time.
        """
        states = self("stepfunctions")
        name = f"trial-{time.time_ns()}"
        started = states.start_execution(stateMachineArn=machine, name=name, input=json.dumps(document or {}))
        arn = started["executionArn"]

        def described() -> dict[str, Any] | None:
            answer: dict[str, Any] = states.describe_execution(executionArn=arn)
            return None if answer["status"] == "RUNNING" else answer

        return _awaited(described, "the execution still runs", patience)


def _awaited(ask: Callable[[], Any], otherwise: str, patience: float = PATIENCE) -> Any:
    deadline = time.monotonic() + patience
    while not (answer := ask()):
        if time.monotonic() > deadline:
            raise Otherwise(f"{otherwise} after {patience:g} s")
        time.sleep(0.05)
    return answer


def _is(got: Any, expected: Any) -> None:
    if got != expected:
        raise Otherwise(f"{got!r} instead of {expected!r}")


def _broken_definition(clients: Clients) -> None:
    try:
        clients.machine({"A": {"Type": "Pass", "Next": "Nowhere"}})
    except ClientError as error:
        _is(error.response["Error"]["Code"], "InvalidDefinition")
    else:
        raise Otherwise("the machine was made")


def _missing_path(clients: Clients) -> None:
    choice = {"Type": "Choice", "Choices": [{"Variable": "$.no", "IsNull": True, "Next": "B"}], "Default": "B"}
    ended = clients.ended(clients.machine({"A": choice, "B": {"Type": "Succeed"}}))
    _is((ended["status"], ended.get("error")), ("FAILED", "States.Runtime"))


def _expressions(clients: Clients) -> None:
    states = {"A": {"Type": "Pass", "Assign": {"n": "{% $sum($states.input.prices) %}"}, "Next": "B"}}
    states["B"] = {"Type": "Pass", "Output": "{% {'total': $n} %}", "End": True}  # type: ignore[dict-item]  # JSON
    ended = clients.ended(clients.machine(states, top={"QueryLanguage": "JSONata"}), {"prices": [1, 2, 3]})
    _is((ended["status"], json.loads(ended.get("output", "null"))), ("SUCCEEDED", {"total": 6}))


def _version(clients: Clients) -> None:
    states = clients("stepfunctions")
    arn = clients.machine({"A": {"Type": "Pass", "Result": 1, "End": True}})
    version = states.publish_state_machine_version(stateMachineArn=arn)["stateMachineVersionArn"]
    later = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": 2, "End": True}}}
    states.update_state_machine(stateMachineArn=arn, definition=json.dumps(later))
    _is(clients.ended(version).get("output"), "1")


def _redrive(clients: Clients) -> None:
    states = clients("stepfunctions")
    failed = clients.ended(clients.machine({"A": {"Type": "Fail", "Error": "No"}}))
    states.redrive_execution(executionArn=failed["executionArn"])
    _awaited(
        lambda: states.describe_execution(executionArn=failed["executionArn"]).get("redriveCount") == 1,
        "the execution is not redriven",
    )


def _batches(clients: Clients) -> None:
    child = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "B"}
    child["States"] = {"B": {"Type": "Pass", "End": True}}  # type: ignore[assignment]  # JSON
    batcher = {"MaxItemsPerBatch": 2}
    machine = clients.machine({"A": {"Type": "Map", "ItemProcessor": child, "ItemBatcher": batcher, "End": True}})
    ended = clients.ended(machine, [1, 2, 3])
    _is(json.loads(ended.get("output", "null")), [{"Items": [1, 2]}, {"Items": [3]}])


def _synchronous(clients: Clients) -> None:
    machine = clients.machine({"A": {"Type": "Pass", "Result": 1, "End": True}}, type="EXPRESS")
    _is(clients("stepfunctions").start_sync_execution(stateMachineArn=machine)["output"], "1")


def _single_state(clients: Clients) -> None:
    message = {"QueueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/queue", "MessageBody": "7"}
    state = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Parameters": message, "End": True}
    answer = clients("stepfunctions").test_state(
        definition=json.dumps(state), roleArn=ROLE, mock={"result": '{"MessageId": "1"}'}
    )
    _is((answer["status"], json.loads(answer.get("output", "null"))), ("SUCCEEDED", {"MessageId": "1"}))


def _time_limit(clients: Clients) -> None:
    timed = clients.machine({"A": {"Type": "Wait", "Seconds": 60, "End": True}}, top={"TimeoutSeconds": 1})
    _is(clients.ended(timed)["status"], "TIMED_OUT")


def _size_limit(clients: Clients) -> None:
    twice = {"Type": "Pass", "Parameters": {"x.$": "States.Format('{}{}', $, $)"}, "End": True}
    ended = clients.ended(clients.machine({"A": twice}), "x" * 200_000)
    _is((ended["status"], ended.get("error")), ("FAILED", "States.DataLimitExceeded"))


def _callback(clients: Clients) -> None:
    queue = clients("sqs").create_queue(QueueName=f"trial-{time.time_ns()}")["QueueUrl"]
    send = "arn:aws:states:::sqs:sendMessage.waitForTaskToken"
    body = {"QueueUrl": queue, "MessageBody": {"token.$": "$$.Task.Token"}}
    machine = clients.machine({"A": {"Type": "Task", "Resource": send, "Parameters": body, "End": True}})
    states, sqs = clients("stepfunctions"), clients("sqs")
    arn = states.start_execution(stateMachineArn=machine)["executionArn"]
    (message, *_) = _awaited(lambda: sqs.receive_message(QueueUrl=queue).get("Messages"), "no message")
    states.send_task_success(taskToken=json.loads(message["Body"])["token"], output="7")
    _awaited(lambda: states.describe_execution(executionArn=arn).get("output") == "7", "no output of 7")


def _table(clients: Clients) -> None:
    table = f"trial-{time.time_ns()}"
    clients("dynamodb").create_table(
        TableName=table,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    once = {"TableName": table, "Item": {"id": {"S": "1"}}, "ConditionExpression": "attribute_not_exists(id)"}
    put = {"Type": "Task", "Resource": "arn:aws:states:::dynamodb:putItem", "Parameters": once, "End": True}
    machine = clients.machine({"A": put})
    _is(clients.ended(machine)["status"], "SUCCEEDED")
    _is(clients.ended(machine).get("error"), "DynamoDB.ConditionalCheckFailedException")


def _rule(clients: Clients) -> None:
    events, states = clients("events"), clients("stepfunctions")
    machine = clients.machine({"A": {"Type": "Pass", "End": True}})
    rule = f"trial-{time.time_ns()}"
    events.put_rule(Name=rule, EventPattern=json.dumps({"source": [rule]}))
    events.put_targets(Rule=rule, Targets=[{"Id": "1", "Arn": machine, "RoleArn": ROLE}])
    events.put_events(Entries=[{"Source": rule, "DetailType": "trial", "Detail": "{}"}])
    _awaited(lambda: states.list_executions(stateMachineArn=machine)["executions"], "no execution was started")


def _notification(clients: Clients) -> None:
    sqs, s3 = clients("sqs"), clients("s3")
    queue = sqs.create_queue(QueueName=f"trial-{time.time_ns()}")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    bucket = f"trial-{time.time_ns()}"
    s3.create_bucket(Bucket=bucket)
    configuration = {"QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]}
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=configuration)
    s3.put_object(Bucket=bucket, Key="key", Body=b"1")
    _awaited(
        lambda: any('"key"' in m["Body"] for m in sqs.receive_message(QueueUrl=queue).get("Messages", ())),
        "no message about the object",
    )


def _stack(clients: Clients) -> None:
    definition = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": "${Word}", "End": True}}}
    properties = {
        "Definition": definition,
        "DefinitionSubstitutions": {"Word": {"Ref": "AWS::Region"}},
        "RoleArn": ROLE,
    }
    template = {"Resources": {"M": {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}}}
    name, formation = f"trial-{time.time_ns()}", clients("cloudformation")
    formation.create_stack(StackName=name, TemplateBody=json.dumps(template))
    _awaited(
        lambda: formation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE",
        "the stack is not complete",
    )
    (resource,) = formation.describe_stack_resources(StackName=name)["StackResources"]
    _is(clients.ended(resource["PhysicalResourceId"]).get("output"), '"us-east-1"')


def _paged(clients: Clients) -> None:
    states = clients("stepfunctions")
    arn = clients.ended(clients.machine({"A": {"Type": "Pass", "End": True}}))["executionArn"]
    page = states.get_execution_history(executionArn=arn, maxResults=1, reverseOrder=True)
    _is([event["type"] for event in page["events"]], ["ExecutionSucceeded"])
    _is(sorted({"nextToken"} & set(page)), ["nextToken"])


def _week(clients: Clients) -> None:
    ended = clients.ended(clients.machine({"A": {"Type": "Wait", "Seconds": WEEK, "End": True}}))
    _is((ended["status"], round((ended["stopDate"] - ended["startDate"]).total_seconds())), ("SUCCEEDED", WEEK))


def _week_in_time(clients: Clients) -> None:
    late = clients.machine({"A": {"Type": "Wait", "Seconds": WEEK, "End": True}}, top={"TimeoutSeconds": WEEK // 2})
    _is(clients.ended(late)["status"], "TIMED_OUT")


@dataclass(frozen=True, slots=True)
class Ability:
    """A row of the table. ``needs`` are of ``Program.lacks``; ``hurried``: in the environment ``Program.hurry``."""

    name: str
    trial: Callable[[Clients], None]
    needs: frozenset[str] = frozenset({"stepfunctions"})
    hurried: bool = False


ABILITIES = (
    Ability("A definition that is wrong (`Next` names no state) is refused", _broken_definition),
    Ability("A Choice whose path is missing fails the execution", _missing_path),
    Ability("Expressions and variables in JSONata", _expressions, frozenset({"stepfunctions", "jsonata"})),
    Ability("A published version runs its own definition after an update", _version),
    Ability("A failed execution is redriven", _redrive),
    Ability("A Distributed Map gives its children batches of items", _batches),
    Ability("An EXPRESS machine answers synchronously", _synchronous),
    Ability("TestState runs one state with a mocked answer", _single_state),
    Ability("The time limit of a machine ends its execution", _time_limit),
    Ability("Output of more than 256 KiB fails the execution", _size_limit),
    Ability("A task waits for its token, which a message carried", _callback),
    Ability("A Task writes to a table, and its condition fails", _table, frozenset({"stepfunctions", "dynamodb"})),
    Ability("A history is read page by page, from its end", _paged),
    Ability("A rule of EventBridge starts an execution", _rule, frozenset({"stepfunctions", "events"})),
    Ability("An object in S3 is announced to a queue", _notification, frozenset({"other services"})),
    Ability("A stack of CloudFormation makes a machine that runs", _stack),
    Ability("A Wait of a week ends at once, and a week has passed", _week, hurried=True),
    Ability("... and a time limit of half a week ends it", _week_in_time, hurried=True),
)


def tried(ability: Ability, clients: Clients) -> str | None:
    """Try an ability; what an emulator does otherwise, in a line, or None."""
    try:
        ability.trial(clients)
    except (Otherwise, ClientError, BotoCoreError, KeyError, ValueError) as otherwise:
        said = str(otherwise) if isinstance(otherwise, Otherwise) else f"{type(otherwise).__name__}: {otherwise}"
        title = re.search(r"<title>(.*?)</title>", said)  # an error page, where AWS's protocols have a document
        line = " ".join(re.sub(r"<!doctype html>.*", title[1] if title else "", said, flags=re.DOTALL).split())
        return line if len(line) <= LONGEST else f"{line[:LONGEST]} ..."
    return None
