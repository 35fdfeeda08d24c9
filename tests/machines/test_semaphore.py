"""A real application: a counting semaphore in DynamoDB that a hundred executions share; a rule cleans up after it.

The definitions are others' (see their licence), and are read from beside the repository.
"""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from dynastep import Later
from emulator.testing import Dynastep

ROOT = Path(__file__).resolve().parents[2]
MACHINES = ROOT.parent / "shared" / "machines" / "semaphore"
LOCK = {"LockName": {"S": "the-lock"}}

if not MACHINES.exists():
    pytest.skip("the semaphore's machines are not beside the repository (../shared)", allow_module_level=True)


class RandomSimulatedFailure(Exception):
    """The function fails one time in ten."""


class Semaphore:
    """The application set up in an emulator."""

    def __init__(self, client: Callable[[str], Any], account: str, function: str, limit: int) -> None:
        self.dynamodb, self.states, self.events = client("dynamodb"), client("stepfunctions"), client("events")
        self._role = f"arn:aws:iam::{account}:role/semaphore"
        self._values = {
            "SF_TableSemaphore": "semaphore",
            "SF_LockName": "the-lock",
            "SF_ConcurrentAccessLimit": str(limit),
            "SF_LambdaARN": function,
        }
        self.dynamodb.create_table(
            TableName="semaphore",
            KeySchema=[{"AttributeName": "LockName", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "LockName", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        self.machine = self._create("semaphore", "statemachine")
        self._values["SF_StateMachineSemaphore"] = self.machine
        self.clean_up = self._create("clean-up", "dynamodb-semaphore-cleanfromincomplete")
        self.start_all = self._create("start-all", "test-run-semaphore")
        pattern = {
            "source": ["aws.states"],
            "detail-type": ["Step Functions Execution Status Change"],
            "detail": {"stateMachineArn": [self.machine], "status": ["FAILED", "TIMED_OUT", "ABORTED"]},
        }
        self.events.put_rule(Name="incomplete", EventPattern=json.dumps(pattern))
        self.events.put_targets(
            Rule="incomplete", Targets=[{"Id": "clean-up", "Arn": self.clean_up, "RoleArn": self._role}]
        )

    def _create(self, name: str, file: str) -> str:
        text = (MACHINES / f"{file}.asl.json").read_text(encoding="utf-8")
        definition = re.sub(r"\$\{(\w+)\}", lambda found: self._values[found[1]], text)
        created = self.states.create_state_machine(name=name, definition=definition, roleArn=self._role)
        arn: str = created["stateMachineArn"]
        return arn

    def item(self) -> dict[str, Any]:
        """The lock as it is in the table."""
        item: dict[str, Any] = self.dynamodb.get_item(TableName="semaphore", Key=LOCK, ConsistentRead=True)["Item"]
        return item

    def histories(self, machine: str) -> list[Any]:
        """The events of every execution of a machine, in the order of their starts; ids and names aside."""
        pages = self.states.get_paginator("list_executions").paginate(stateMachineArn=machine)
        arns = [entry["executionArn"] for page in pages for entry in page["executions"]]
        return [self._history(arn) for arn in reversed(arns)]

    def _history(self, arn: str) -> list[Any]:
        pages = self.states.get_paginator("get_execution_history").paginate(executionArn=arn)
        return [
            (event["timestamp"], event["type"], event["previousEventId"]) for page in pages for event in page["events"]
        ]


def work(held: list[int], semaphore: Callable[[], Semaphore]) -> Callable[[object], Later]:
    """What the lock protects: it notes how many locks are held, takes 15 seconds, and fails one time in ten."""
    chance = random.Random(1)

    def do_work(_event: object) -> Later:
        held.append(int(semaphore().item()["currentlockcount"]["N"]))
        if chance.random() < 0.1:
            return Later(after=15, error=RandomSimulatedFailure("RandomSimulatedFailure"))
        return Later(after=15, value=1)

    return do_work


def run_a_hundred(dynastep: Dynastep) -> tuple[Semaphore, list[int]]:
    held: list[int] = []
    function = dynastep.function("do-work", work(held, lambda: semaphore))
    semaphore = Semaphore(dynastep.client, dynastep.account, function, limit=5)
    began = time.perf_counter()
    execution = dynastep.run(semaphore.start_all)
    wall = time.perf_counter() - began
    print(f"100 executions: {execution.elapsed:.0f} s in the machine, {wall:.2f} s on the wall")  # noqa: T201 - with -s
    assert execution.status == "SUCCEEDED"
    return semaphore, held


def test_a_hundred_executions_share_five_locks(dynastep: Dynastep) -> None:
    semaphore, held = run_a_hundred(dynastep)
    assert len(held) >= 100
    assert max(held) == 5
    item = semaphore.item()
    assert item == {**LOCK, "currentlockcount": {"N": "0"}}
    statuses = [entry["status"] for entry in _executions(semaphore.states, semaphore.machine)]
    assert statuses.count("SUCCEEDED") == 100
    assert set(statuses) == {"SUCCEEDED", "FAILED"}
    assert len(_executions(semaphore.states, semaphore.clean_up)) == statuses.count("FAILED")


def test_two_runs_give_the_same_histories() -> None:
    from emulator.testing import emulator

    runs = []
    for _ in range(2):
        with emulator() as dynastep:
            semaphore, held = run_a_hundred(dynastep)
            machines = (semaphore.machine, semaphore.clean_up, semaphore.start_all)
            runs.append((held, [semaphore.histories(machine) for machine in machines]))
    assert runs[0] == runs[1]


def _executions(states: Any, machine: str) -> list[dict[str, Any]]:
    pages = states.get_paginator("list_executions").paginate(stateMachineArn=machine)
    return [entry for page in pages for entry in page["executions"]]


# Over HTTP, under the wall clock, as a user runs it

DO_WORK = """
import random
import time

chance = random.Random(1)

class RandomSimulatedFailure(Exception):
    pass

def handler(event):
    time.sleep(0.2)
    if chance.random() < 0.1:
        raise RandomSimulatedFailure("RandomSimulatedFailure")
    return 1
"""
PATIENCE = 120
"""Seconds that ten executions may take: the machine waits for seconds before it asks for the lock again."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """``dynastep start --functions DIR`` on a free port; its URL."""
    (tmp_path / "do_work.py").write_text(DO_WORK, encoding="utf-8")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("DYNASTEP_", "AWS_"))}
    process = subprocess.Popen(
        [sys.executable, "-m", "dynastep", "start", "--port", "0", "--functions", str(tmp_path)],
        cwd=ROOT,
        env=inherited,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        found = re.search(r"http://[0-9.:]+", process.stdout.readline())
        assert found is not None
        yield found[0]
    finally:
        process.terminate()
        process.communicate(timeout=10)
    assert process.returncode == 0


def test_ten_executions_over_http_share_three_locks(server: str) -> None:
    def client(service: str) -> Any:
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        return boto3.client(service, endpoint_url=server, region_name="us-east-1", **keys)

    account = "000000000000"
    semaphore = Semaphore(client, account, f"arn:aws:lambda:us-east-1:{account}:function:do_work", limit=3)
    started = [
        semaphore.states.start_execution(stateMachineArn=semaphore.machine, name=f"run-{number}")["executionArn"]
        for number in range(10)
    ]
    deadline = time.monotonic() + PATIENCE
    while any(entry["status"] == "RUNNING" for entry in _all_executions(semaphore)):
        assert time.monotonic() < deadline, _all_executions(semaphore)
        time.sleep(0.1)
    ended = _all_executions(semaphore)
    assert {entry["executionArn"] for entry in ended} > set(started)
    assert max(count for entry in ended for count in _counts(semaphore, entry["executionArn"])) == 3
    assert semaphore.item() == {**LOCK, "currentlockcount": {"N": "0"}}


def _all_executions(semaphore: Semaphore) -> list[dict[str, Any]]:
    machines = (semaphore.machine, semaphore.clean_up)
    return [entry for machine in machines for entry in _executions(semaphore.states, machine)]


def _counts(semaphore: Semaphore, execution: str) -> Iterator[int]:
    """How many locks were held each time the execution had changed that, as the table told it."""
    for page in semaphore.states.get_paginator("get_execution_history").paginate(executionArn=execution):
        for event in page["events"]:
            if event["type"] == "TaskSucceeded" and event["taskSucceededEventDetails"]["resource"] == "updateItem":
                attributes = json.loads(event["taskSucceededEventDetails"]["output"]).get("Attributes", {})
                if "currentlockcount" in attributes:
                    yield int(attributes["currentlockcount"]["N"])
