"""Clients that wait: long polls, synchronous executions whose functions call back, bodies that come by halves.

    python -m tests.fuzz.waiting --count 300
    python -m tests.fuzz.waiting --resets 300

So many of each wait at once, while another client goes on: it lists, writes and reads, and each of its requests is
answered within a second of real time, or a few on a slow machine. Every synchronous execution ends as it should, and a
reset ends every poll.
"""

from __future__ import annotations

import argparse
import json
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from .dynamodb import Client
from .server import control, running

SLOWEST = 10.0
"""Real seconds in which any request of the other client is answered, on a slow machine with two cores too."""
TARGETS = {
    "states": "AWSStepFunctions",
    "dynamodb": "DynamoDB_20120810",
    "streams": "DynamoDBStreams_20120810",
}
ROLE = "arn:aws:iam::000000000000:role/waiting"
PREFIX = "arn:aws:states:us-east-1:000000000000"


def call(port: int, service: str, operation: str, timeout: float = 120.0, **params: Any) -> tuple[int, dict[str, Any]]:
    """The status and the answer of one request, on a connection of its own."""
    signed = "dynamodb" if service == "streams" else service
    scope = f"Credential=000000000000/20260101/us-east-1/{signed}/aws4_request"
    authorization = f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature={'0' * 64}"
    with closing(Client(port, timeout=timeout)) as client:
        target = f"{TARGETS[service]}.{operation}"
        status, _, answered = client.send(target, json.dumps(params).encode(), Authorization=authorization)
    return status, json.loads(answered or b"{}")


def furnish(port: int) -> None:
    """An activity, a table, and a machine that waits for a second and then writes the table."""
    put = {
        "Type": "Task",
        "Resource": "arn:aws:states:::dynamodb:putItem",
        "Parameters": {"TableName": "seen", "Item": {"id": {"S.$": "$$.Execution.Name"}}},
        "End": True,
    }
    states = {"Pause": {"Type": "Wait", "Seconds": 1, "Next": "Put"}, "Put": put}
    definition = json.dumps({"StartAt": "Pause", "States": states})
    machine = {"name": "sync", "type": "EXPRESS", "roleArn": ROLE, "definition": definition}
    assert call(port, "states", "CreateActivity", name="work")[0] == 200
    assert call(port, "states", "CreateStateMachine", **machine)[0] == 200
    key = {"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}], "BillingMode": "PAY_PER_REQUEST"}
    attributes = [{"AttributeName": "id", "AttributeType": "S"}]
    assert call(port, "dynamodb", "CreateTable", TableName="seen", AttributeDefinitions=attributes, **key)[0] == 200


def half(port: int) -> socket.socket:
    """A connection that has sent half of a request."""
    connection = socket.create_connection(("127.0.0.1", port))
    head = "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Amz-Target: DynamoDB_20120810.ListTables\r\nContent-Length: 100\r\n\r\n{"
    connection.sendall(head.encode())
    return connection


def other(port: int, going: Callable[[], bool]) -> float:
    """Work beside those who wait; the seconds that the slowest request took."""
    slowest = 0.0
    while going():
        for service, operation, params in (
            ("states", "ListStateMachines", {}),
            ("dynamodb", "PutItem", {"TableName": "seen", "Item": {"id": {"S": "other"}}}),
            ("dynamodb", "GetItem", {"TableName": "seen", "Key": {"id": {"S": "other"}}}),
        ):
            began = time.monotonic()
            status, answer = call(port, service, operation, **params)
            assert status == 200, answer
            slowest = max(slowest, time.monotonic() - began)
    return slowest


def run(count: int) -> tuple[float, Counter[str], int]:
    """The slowest request of the other client, how the polls ended, and the server's threads while those waited."""
    with running() as (port, pid), ExitStack() as opened, ThreadPoolExecutor(2 * count + 1) as pool:
        furnish(port)
        for _ in range(count):
            opened.enter_context(half(port))
        polls = [
            pool.submit(call, port, "states", "GetActivityTask", activityArn=f"{PREFIX}:activity:work")
            for _ in range(count)
        ]
        stop = threading.Event()
        beside = pool.submit(other, port, lambda: not stop.is_set())
        machine = f"{PREFIX}:stateMachine:sync"
        synced = [
            pool.submit(call, port, "states", "StartSyncExecution", stateMachineArn=machine) for _ in range(count)
        ]
        for each in synced:
            status, answer = each.result()
            assert (status, answer["status"]) == (200, "SUCCEEDED"), answer
        stop.set()
        slowest = beside.result()
        working = threads(pid)
        control(port, "POST", "/_dynastep/reset")
        ended = Counter(each.result()[1].get("__type", "answered").rpartition("#")[2] for each in polls)
    assert slowest < SLOWEST, f"a request beside those who wait took {slowest:.1f} s"
    assert ended == {"ActivityDoesNotExist": count}, ended
    return slowest, ended, working


def resets(count: int) -> tuple[int, int]:
    """So many resets, each with a poll and a synchronous execution in flight; the server's threads before and after."""
    with running() as (port, pid), ThreadPoolExecutor(2) as pool:
        before = threads(pid)
        for _ in range(count):
            furnish(port)
            calls = [
                pool.submit(call, port, "states", "GetActivityTask", activityArn=f"{PREFIX}:activity:work"),
                pool.submit(call, port, "states", "StartSyncExecution", stateMachineArn=f"{PREFIX}:stateMachine:sync"),
            ]
            time.sleep(0.02)
            control(port, "POST", "/_dynastep/reset")
            statuses = {each.result()[0] for each in calls}
            assert statuses == {400}, statuses
        return before, threads(pid)


def threads(pid: int) -> int:
    """How many threads a process has, where the system tells."""
    folder = Path(f"/proc/{pid}/task")
    return len(list(folder.iterdir())) if folder.exists() else 0


def main() -> int:
    """The command; its exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--resets", type=int, default=0, help="instead: so many resets with calls in flight")
    asked = parser.parse_args()
    if asked.resets:
        before, after = resets(asked.resets)
        print(f"{asked.resets} resets with calls in flight: each was refused; {before} threads before, {after} after.")  # noqa: T201
        return 0
    count = asked.count
    slowest, ended, working = run(count)
    said = ", ".join(f"{number} {name}" for name, number in ended.items())
    print(  # noqa: T201
        f"{count} polls ({said} at a reset), {count} synchronous executions, {count} half-sent bodies: "
        f"beside them the slowest request took {slowest:.2f} s; {working} threads in the server."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
