"""Load: executions started by many threads over HTTP, with functions and callbacks. None is lost, none runs twice.

    python -m tests.fuzz.load --executions 2000

Each execution counts itself in a table, calls a function, and waits for one of the threads that answer tokens: those of
an activity, and of every tenth execution those in a queue (whose length costs moto its square). Afterwards every
execution has succeeded with the answer that was meant for it, and was counted once. The memory of the server is looked
at before, when all have ended, and when the machine is deleted: Python keeps what it has once taken from the system, so
it is the second round that shows whether anything is left.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

from .dynamodb import Client
from .server import resident, running

STARTERS = 16
WORKERS = 6
"""Of the activity; one more answers what is in the queue."""
BY_QUEUE = 10
ENDS_WITHIN = 300.0
"""Seconds in which every execution has ended, on a slow machine too."""
FUNCTION = """
def handler(event, context):
    return {"tripled": 3 * event["number"]}
"""
TARGETS = {"states": "AWSStepFunctions", "dynamodb": "DynamoDB_20120810", "sqs": "AmazonSQS"}
ROLE = "arn:aws:iam::000000000000:role/load"
TABLE = {
    "TableName": "counts",
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}


class Aws:
    """One kept connection to the server."""

    def __init__(self, port: int) -> None:
        self._client = Client(port, timeout=ENDS_WITHIN)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def call(self, service: str, operation: str, **params: Any) -> dict[str, Any]:
        """What an operation answers."""
        scope = f"Credential=000000000000/20260101/us-east-1/{service}/aws4_request"
        authorization = f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature={'0' * 64}"
        target, body = f"{TARGETS[service]}.{operation}", json.dumps(params).encode()
        status, _, answered = self._client.send(target, body, Authorization=authorization)
        if status != 200:
            raise RuntimeError(f"{operation} answers {status}: {answered!r}")
        answer: dict[str, Any] = json.loads(answered or b"{}")
        return answer


def definition(activity: str, queue: str) -> dict[str, Any]:
    """Count, call, ask: each after the other."""

    def task(resource: str, parameters: dict[str, Any], **more: Any) -> dict[str, Any]:
        return {"Type": "Task", "Resource": resource, "Parameters": parameters, **more}

    count = {
        "TableName": "counts",
        "Key": {"id": {"S.$": "$.id"}},
        "UpdateExpression": "ADD n :one",
        "ExpressionAttributeValues": {":one": {"N": "1"}},
    }
    call = {"FunctionName": "triple", "Payload.$": "$"}
    asked = {"token.$": "$$.Task.Token", "tripled.$": "$.called.Payload.tripled"}
    send = {"QueueUrl": queue, "MessageBody": asked}
    within = int(ENDS_WITHIN)
    states = {
        "Count": task("arn:aws:states:::dynamodb:updateItem", count, ResultPath=None, Next="Call"),
        "Call": task("arn:aws:states:::lambda:invoke", call, ResultPath="$.called", Next="Which"),
        "Which": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.byQueue", "BooleanEquals": True, "Next": "Send"}],
            "Default": "Ask",
        },
        "Send": task("arn:aws:states:::sqs:sendMessage.waitForTaskToken", send, HeartbeatSeconds=within, End=True),
        "Ask": task(activity, asked, HeartbeatSeconds=within, End=True),
    }
    return {"StartAt": "Count", "States": states}


def _answer(aws: Aws, asked: dict[str, Any]) -> None:
    """One more than what the machine says."""
    aws.call("states", "SendTaskSuccess", taskToken=asked["token"], output=str(asked["tripled"] + 1))


def _work(port: int, activity: str) -> None:
    """Do tasks until one says that it is the last."""
    asked: dict[str, Any] = {}
    with closing(Aws(port)) as aws:
        while "last" not in asked:
            task = aws.call("states", "GetActivityTask", activityArn=activity)
            if task.get("taskToken"):
                asked = json.loads(task["input"])
                assert asked["token"] == task["taskToken"], "a worker got the token of another task"
                _answer(aws, asked)


def _end_work(aws: Aws, activity: str) -> str:
    """A last task for each worker; the machine that they are of."""
    last = {"token.$": "$$.Task.Token", "tripled": 0, "last": True}
    task = {"Type": "Task", "Resource": activity, "Parameters": last, "End": True}
    each = {"StartAt": "Last", "States": {"Last": task}}
    text = json.dumps({"StartAt": "Each", "States": {"Each": {"Type": "Map", "ItemProcessor": each, "End": True}}})
    arn = aws.call("states", "CreateStateMachine", name="last", definition=text, roleArn=ROLE)["stateMachineArn"]
    aws.call("states", "StartExecution", stateMachineArn=arn, input=json.dumps([0] * WORKERS))
    return str(arn)


def _take(port: int, queue: str, over: Event) -> None:
    with closing(Aws(port)) as aws:
        while not over.is_set():
            received = aws.call("sqs", "ReceiveMessage", QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=1)
            for message in received.get("Messages", ()):
                _answer(aws, json.loads(message["Body"]))
                aws.call("sqs", "DeleteMessage", QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])


@contextmanager
def answering(port: int, activity: str, queue: str) -> Iterator[None]:
    """Threads that answer tokens until what is done meanwhile is over."""
    over = Event()
    with ThreadPoolExecutor(WORKERS + 1) as pool:
        answers = [pool.submit(_work, port, activity) for _ in range(WORKERS)]
        answers.append(pool.submit(_take, port, queue, over))
        try:
            yield
        finally:
            over.set()
            with closing(Aws(port)) as aws:
                last = _end_work(aws, activity)
        for ended in answers:
            ended.result()
    with closing(Aws(port)) as aws:
        aws.call("states", "DeleteStateMachine", stateMachineArn=last)  # its execution would fail if it still ran


@dataclass(frozen=True)
class Round:
    """What a round came to: seconds it took, and MiB of the server before, with all executions, without them."""

    executions: int
    seconds: float
    before: float
    peak: float
    after: float

    def __str__(self) -> str:
        rate = self.executions / self.seconds
        return (
            f"{self.executions:,} executions in {self.seconds:.1f} s ({rate:.0f} a second): "
            f"{self.before:.0f} MiB before, {self.peak:.0f} at the end, {self.after:.0f} when they are deleted"
        )


def run(port: int, pid: int, executions: int) -> Round:
    """One round. Raises AssertionError where an execution was lost, or ran twice."""
    with closing(Aws(port)) as aws:
        return _run(aws, port, pid, executions)


def _run(aws: Aws, port: int, pid: int, executions: int) -> Round:
    aws.call("dynamodb", "CreateTable", **TABLE)
    queue = aws.call("sqs", "CreateQueue", QueueName="tokens")["QueueUrl"]
    activity = aws.call("states", "CreateActivity", name="workers")["activityArn"]
    text = json.dumps(definition(activity, queue))
    arn = aws.call("states", "CreateStateMachine", name="load", definition=text, roleArn=ROLE)["stateMachineArn"]
    before, began = resident(pid), time.monotonic()

    def start(first: int) -> None:
        with closing(Aws(port)) as mine:
            for number in range(first, executions, STARTERS):
                given = json.dumps({"id": f"e{number}", "number": number, "byQueue": number % BY_QUEUE == 0})
                mine.call("states", "StartExecution", stateMachineArn=arn, name=f"e{number}", input=given)

    with answering(port, activity, queue), ThreadPoolExecutor(STARTERS) as starters:
        for started in [starters.submit(start, first) for first in range(STARTERS)]:
            started.result()
        _await(lambda: len(_ended(aws, arn)) == executions)
    seconds = time.monotonic() - began
    _check(aws, arn, executions)
    peak = resident(pid)
    aws.call("states", "DeleteStateMachine", stateMachineArn=arn)
    aws.call("states", "DeleteActivity", activityArn=activity)
    aws.call("dynamodb", "DeleteTable", TableName="counts")
    aws.call("sqs", "DeleteQueue", QueueUrl=queue)
    return Round(executions, seconds, before, peak, resident(pid))


def _await(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + ENDS_WITHIN
    while not done():
        assert time.monotonic() < deadline, f"not all executions have ended within {ENDS_WITHIN:.0f} seconds"
        time.sleep(0.2)


def _ended(aws: Aws, arn: str) -> list[str]:
    """The names of the executions that do not run any more."""
    return [each["name"] for each in _pages(aws, "ListExecutions", "executions", stateMachineArn=arn)
            if each["status"] != "RUNNING"]  # fmt: skip


def _pages(aws: Aws, operation: str, member: str, **params: Any) -> Iterator[dict[str, Any]]:
    more: dict[str, str] = {}
    while True:
        answer = aws.call("states", operation, **params, maxResults=1000, **more)
        yield from answer[member]
        if "nextToken" not in answer:
            return
        more = {"nextToken": answer["nextToken"]}


def _check(aws: Aws, arn: str, executions: int) -> None:
    """Every execution is there, has succeeded with its own answer, and was counted once."""
    names = _ended(aws, arn)
    assert sorted(names) == sorted(f"e{number}" for number in range(executions)), "executions were lost"
    described = arn.replace(":stateMachine:", ":execution:")
    for number in range(executions):
        execution = aws.call("states", "DescribeExecution", executionArn=f"{described}:e{number}")
        said = (execution["status"], execution.get("output"))
        assert said == ("SUCCEEDED", str(3 * number + 1)), f"e{number} is {execution}"
    counted: dict[str, int] = {}
    page: dict[str, Any] = {}
    while True:
        page = aws.call("dynamodb", "Scan", TableName="counts", **page)
        counted |= {item["id"]["S"]: int(item["n"]["N"]) for item in page["Items"]}
        if "LastEvaluatedKey" not in page:
            break
        page = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
    assert counted == dict.fromkeys(names, 1), "executions ran twice, or not at all"


@contextmanager
def loaded() -> Iterator[tuple[int, int]]:
    """A server with the function: its port and its process id."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "triple.py").write_text(FUNCTION, encoding="utf-8")
        with running("--functions", folder) as server:
            yield server


def main() -> int:
    """The command; its exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--executions", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with loaded() as (port, pid):
        for _ in range(arguments.rounds):
            print(run(port, pid, arguments.executions), flush=True)  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
