"""A server that is killed at random moments: what it has answered is there when it is started again.

    python -m tests.fuzz.killed --seconds 600 --seed 1

Clients write items, alone and two in a transaction, and start executions over HTTP. The process is killed (SIGKILL) and
started again with the same data folder, and then:

- each item is what the last answered write made it, or what the one that was under way would have;
- the two items of a transaction agree;
- the stream has each change once, in order, and without a hole: from its records the table can be made again;
- each execution whose start was answered is there once, ends, and has one history with ids without a gap. Most of those
  that have ended are in the folder only.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from http.client import HTTPException
from pathlib import Path
from typing import Any

from .server import ROOT, await_start, free_port
from .waiting import ROLE, call

TABLE = "kept"
WRITERS = 4
KEYS = 20
"""Of each writer."""
ENDS_WITHIN = 60.0
MEMORY = "100KB"
"""For executions that have ended; the others are in the folder only."""


class Writer:
    """Writes keys of its own, one request after the other, and remembers what was answered."""

    def __init__(self, number: int, seed: int) -> None:
        self.number = number
        self.random = random.Random(seed * 100 + number)
        self.answered: dict[str, int | None] = {}
        self.under_way: dict[str, int | None] = {}
        self.started: dict[str, int] = {}
        self.ended: set[str] = set()
        self.count = 0
        self.wrong: Exception | None = None

    def work(self, port: int, over: threading.Event, machine: str) -> None:
        """Write until the server is gone."""
        try:
            while not over.is_set():
                self.step(port, machine)
        except (OSError, HTTPException):
            pass  # the server is gone
        except Exception as error:  # noqa: BLE001 - told where the threads are joined
            self.wrong = error

    def step(self, port: int, machine: str) -> None:
        """One request."""
        self.count += 1
        chance = self.random.random()
        key = f"{self.number}-{self.random.randrange(KEYS)}"
        if chance < 0.6:
            self.write({key: self.count}, port, "PutItem", TableName=TABLE, Item=item(key, self.count))
        elif chance < 0.75:
            self.write({key: None}, port, "DeleteItem", TableName=TABLE, Key={"k": {"S": key}})
        elif chance < 0.9:
            twins = {f"{self.number}-twin-a": self.count, f"{self.number}-twin-b": self.count}
            puts = [{"Put": {"TableName": TABLE, "Item": item(name, self.count)}} for name in twins]
            token = f"{self.number}-{self.count}-{os.getpid()}"
            self.write(twins, port, "TransactWriteItems", TransactItems=puts, ClientRequestToken=token)
        else:
            name = f"e-{self.number}-{self.count}"
            params = {"stateMachineArn": machine, "name": name, "input": json.dumps({"n": self.count})}
            status, _ = call(port, "states", "StartExecution", 10, **params)
            if status == 200:
                self.started[name] = self.count

    def write(self, wanted: dict[str, int | None], port: int, operation: str, **params: Any) -> None:
        """A request that makes some keys these values."""
        self.under_way = wanted
        status, answer = call(port, "dynamodb", operation, 10, **params)
        if status != 200:
            message = f"{operation} answers {status}: {answer}"
            raise RuntimeError(message)
        self.answered |= wanted
        self.under_way = {}


def item(key: str, value: int) -> dict[str, Any]:
    """An item of the table."""
    return {"k": {"S": key}, "n": {"N": str(value)}}


class Server:
    """The server, which can be killed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def start(self, limit: int | None = None) -> float:
        """Start it; how many seconds that took. ``limit``: no file of its becomes larger than so many bytes."""
        began = time.monotonic()
        self.port = free_port()  # another one each time: while the server was away somebody may have taken it
        flags = ["--port", str(self.port), "--data-dir", str(self.folder), "--keep-executions", MEMORY]
        command = [sys.executable, "-m", "dynastep", "start", *flags]
        env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONFAULTHANDLER": "1"}
        if limit is not None:
            command = ["sh", "-c", f'ulimit -f {limit // 512}; exec "$@"', "sh", *command]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, env=env)
        await_start(self.port, self.process)
        return time.monotonic() - began

    def kill(self) -> None:
        """End it without a word."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


DEFINITION = {
    "StartAt": "Pause",
    "States": {
        "Pause": {"Type": "Wait", "Seconds": 1, "Next": "Both"},
        "Both": {
            "Type": "Parallel",
            "Branches": [
                {
                    "StartAt": f"Count{branch}",
                    "States": {
                        f"Count{branch}": {
                            "Type": "Task",
                            "Resource": "arn:aws:states:::dynamodb:updateItem",
                            "Parameters": {
                                "TableName": "counts",
                                "Key": {"k": {"S.$": f"States.Format('{{}}-{branch}', $$.Execution.Name)"}},
                                "UpdateExpression": "ADD n :one",
                                "ExpressionAttributeValues": {":one": {"N": "1"}},
                            },
                            "Next": f"Rest{branch}",
                        },
                        f"Rest{branch}": {"Type": "Wait", "Seconds": 1, "End": True},
                    },
                }
                for branch in (1, 2)
            ],
            "End": True,
        },
    },
}


def furnish(port: int) -> str:
    """The tables and the machine."""
    key = {"KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}], "BillingMode": "PAY_PER_REQUEST"}
    attributes = [{"AttributeName": "k", "AttributeType": "S"}]
    stream = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    for name, more in ((TABLE, {"StreamSpecification": stream}), ("counts", {})):
        made = call(port, "dynamodb", "CreateTable", TableName=name, AttributeDefinitions=attributes, **key, **more)
        assert made[0] == 200, made
    machine = {"name": "m", "roleArn": ROLE, "definition": json.dumps(DEFINITION)}
    status, made_machine = call(port, "states", "CreateStateMachine", **machine)
    assert status == 200, made_machine
    return str(made_machine["stateMachineArn"])


def scan(port: int, table: str) -> dict[str, int]:
    """The items of a table: key -> value."""
    found: dict[str, int] = {}
    params: dict[str, Any] = {"TableName": table, "ConsistentRead": True}
    while True:
        status, page = call(port, "dynamodb", "Scan", **params)
        assert status == 200, page
        found |= {each["k"]["S"]: int(each["n"]["N"]) for each in page["Items"]}
        if "LastEvaluatedKey" not in page:
            return found
        params["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def check_items(port: int, writers: list[Writer]) -> dict[str, int]:
    """Each key has a value that it may have; from now on that is the one that was answered."""
    found = scan(port, TABLE)
    for writer in writers:
        for key in {*writer.answered, *writer.under_way}:
            allowed = [writer.answered.get(key)]
            if key in writer.under_way:
                allowed.append(writer.under_way[key])
            assert found.get(key) in allowed, f"{key} is {found.get(key)}; it may be {allowed}"
            writer.answered[key] = found.get(key)
        twins = found.get(f"{writer.number}-twin-a"), found.get(f"{writer.number}-twin-b")
        assert twins[0] == twins[1], f"half a transaction of writer {writer.number}: {twins}"
        writer.under_way = {}
    return found


def records(port: int) -> list[dict[str, Any]]:
    """All records of the table's stream."""
    arn = call(port, "streams", "ListStreams", TableName=TABLE)[1]["Streams"][0]["StreamArn"]
    shard = call(port, "streams", "DescribeStream", StreamArn=arn)[1]["StreamDescription"]["Shards"][0]["ShardId"]
    asked = {"StreamArn": arn, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON"}
    iterator = call(port, "streams", "GetShardIterator", **asked)[1]["ShardIterator"]
    found: list[dict[str, Any]] = []
    while True:
        status, page = call(port, "streams", "GetRecords", ShardIterator=iterator)
        assert status == 200, page
        if not page["Records"]:
            return found
        found += page["Records"]
        iterator = page["NextShardIterator"]


def check_stream(port: int, found: dict[str, int]) -> int:
    """The stream tells how the table became what it is; how many records there are."""
    made: dict[str, int] = {}
    numbers = []
    for record in records(port):
        change = record["dynamodb"]
        key = change["Keys"]["k"]["S"]
        numbers.append(int(change["SequenceNumber"]))
        old = int(change["OldImage"]["n"]["N"]) if "OldImage" in change else None
        assert made.get(key) == old, f"a hole in the stream: {key} was {made.get(key)}, the record says {old}"
        if "NewImage" in change:
            made[key] = int(change["NewImage"]["n"]["N"])
        else:
            made.pop(key, None)
    assert numbers == sorted(set(numbers)), "numbers of the stream come twice, or not in order"
    assert made == found, "the stream does not lead to the table"
    return len(numbers)


def check_executions(port: int, writers: list[Writer], machine: str) -> Counter[str]:
    """Every execution that was started is there once, and ends as it should."""
    tally: Counter[str] = Counter()
    listed: Counter[str] = Counter()
    token: dict[str, Any] = {}
    while True:
        status, page = call(port, "states", "ListExecutions", stateMachineArn=machine, **token)
        assert status == 200, page
        listed.update(each["name"] for each in page["executions"])
        if "nextToken" not in page:
            break
        token = {"nextToken": page["nextToken"]}
    assert max(listed.values(), default=1) == 1, "an execution is there twice"
    arns = machine.replace(":stateMachine:", ":execution:")
    for writer in writers:
        for name in writer.ended:
            assert listed[name], f"the execution {name}, which has ended, is lost"
        for name in writer.started:
            assert listed[name], f"the execution {name} is lost"
            deadline = time.monotonic() + ENDS_WITHIN
            while True:
                _, described = call(port, "states", "DescribeExecution", executionArn=f"{arns}:{name}")
                if described["status"] != "RUNNING":
                    break
                assert time.monotonic() < deadline, f"{name} does not end"
                time.sleep(0.05)
            assert described["status"] == "SUCCEEDED", described
            _, history = call(port, "states", "GetExecutionHistory", executionArn=f"{arns}:{name}", maxResults=1000)
            events = history["events"]
            assert [event["id"] for event in events] == list(range(1, len(events) + 1)), "a history has a gap"
            kinds = Counter(event["type"] for event in events)
            assert kinds["ExecutionStarted"] == kinds["ExecutionSucceeded"] == 1, kinds
            assert kinds["TaskSucceeded"] == 2, kinds
            tally["executions"] += 1
        writer.ended.update(writer.started)
        writer.started.clear()
    return tally


def run(seconds: float, seed: int) -> Counter[str]:
    """Load, kill, start again and compare, until the time is over; what was done."""
    chance = random.Random(seed)
    tally: Counter[str] = Counter()
    deadline = time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder))
        slowest = server.start()
        machine = furnish(server.port)
        writers = [Writer(number, seed) for number in range(WRITERS)]
        try:
            while time.monotonic() < deadline or not tally["kills"]:
                over = threading.Event()
                threads = [
                    threading.Thread(target=writer.work, args=(server.port, over, machine)) for writer in writers
                ]
                for thread in threads:
                    thread.start()
                time.sleep(chance.uniform(0.2, 3.0))
                server.kill()
                over.set()
                for thread in threads:
                    thread.join()
                for writer in writers:
                    assert writer.wrong is None, writer.wrong
                slowest = max(slowest, server.start())
                found = check_items(server.port, writers)
                tally["records"] = check_stream(server.port, found)
                tally["kills"] += 1
                if chance.random() < 0.5:  # else what runs is killed again
                    tally += check_executions(server.port, writers, machine)
            tally += check_executions(server.port, writers, machine)
            counts: dict[str, list[int]] = defaultdict(list)
            for key, count in scan(server.port, "counts").items():
                counts[key.rpartition("-")[0]].append(count)
            tally["called again"] = sum(count - 1 for both in counts.values() for count in both)
        finally:
            server.kill()
    tally["requests"] = sum(writer.count for writer in writers)
    tally["slowest start, ms"] = round(slowest * 1000)
    return tally


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    sys.stdout.write(f"{dict(run(asked.seconds, asked.seed))}\n")


if __name__ == "__main__":
    main()
