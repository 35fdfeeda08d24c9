"""The endpoint over HTTP, beside other emulators; what starting costs, and what a test pays for the fixture."""

from __future__ import annotations

import itertools
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.figures import OURS, Aim, Figure, Refused, rate
from benchmarks.machines import chain, choice_loop, intrinsics_chain, map_of_passes, queries_chain
from benchmarks.servers import (
    ENVIRONMENT,
    PATIENCE,
    PEERS,
    PROC,
    PROGRAMS,
    ROOT,
    TICK,
    Client,
    Program,
    Server,
    running,
)

FAST = (Aim(20, "ministack"), Aim(100, "moto"))
BESIDE_MOTO = (Aim(5, "moto"),)
BESIDE_DYNALITE = (Aim(1, "dynalite"),)
ROWS = 1000
"""Items of the partition that is queried."""

Action = Callable[[Client], object]


def figures(servers: Sequence[Server], seconds: float, states: int = 1000, executions: int = 200) -> list[Figure]:
    """Each rate is taken over about so many seconds."""
    short = states // 10
    interpreters = [server for server in servers if "stepfunctions" not in server.program.lacks]
    databases = [server for server in servers if "dynamodb" not in server.program.lacks]
    for server in databases:
        _load(server.client)

    def states_figure(name: str, unit: str, measure: Callable[[Client], float], *aims: Aim) -> Figure:
        return Figure(name, unit, {s.program.name: partial(measure, s.client) for s in interpreters}, aims)

    def states_per_second(definition: dict[str, Any], document: Any, count: int) -> Callable[[Client], float]:
        return lambda client: count / _seconds_of_execution(client, _machine(client, definition), document)

    rows = [
        states_figure("one Pass, start to SUCCEEDED", "ms", _latency),
        states_figure(f"{executions} executions of one Pass", "1/s", lambda c: _executions_per_second(c, executions)),
        states_figure("StartSyncExecution of one Pass", "calls/s", lambda c: _synchronous_per_second(c, seconds)),
        states_figure(f"chain of {states:,} Pass", "states/s", states_per_second(chain(states), {}, states), *FAST),
        states_figure(
            f"Choice loop to {states:,}",
            "states/s",
            states_per_second(choice_loop(states), {"n": 0}, 2 * states + 1),
            *FAST,
        ),
        states_figure(
            f"chain of {short:,} with intrinsics",
            "states/s",
            states_per_second(intrinsics_chain(short), {"n": 0, "s": ""}, short),
        ),
        states_figure(
            f"chain of {short:,} in JSONata",
            "states/s",
            states_per_second(queries_chain(short), {"n": 0, "s": ""}, short),
        ),
        states_figure(
            f"inline Map of {states:,} items",
            "items/s",
            states_per_second(map_of_passes(), {"items": list(range(states))}, states),
        ),
        states_figure(
            f"Distributed Map of {10 * states:,} children",
            "children/s",
            states_per_second(map_of_passes("DISTRIBUTED"), {"items": list(range(10 * states))}, 10 * states),
        ),
    ]
    for operation, action in _ITEM_OPERATIONS.items():
        calls = {s.program.name: partial(_calls_per_second, action, s, seconds) for s in databases}
        rows.append(Figure(operation, "calls/s", calls, _RATE_AIMS.get(operation, ())))
    if PROC.exists():
        for operation, action in _ITEM_OPERATIONS.items():
            costs = {s.program.name: partial(_cpu_milliseconds, action, s, seconds) for s in databases}
            rows.append(Figure(f"{operation}, server CPU", "ms", costs, _COST_AIMS.get(operation, ())))
    return rows


def _machine(client: Client, definition: dict[str, Any], kind: str = "STANDARD") -> str:
    created = client.states(
        "CreateStateMachine",
        name=f"machine-{next(_numbers)}",
        definition=json.dumps(definition),
        roleArn="arn:aws:iam::123456789012:role/benchmark",
        type=kind,
    )
    return str(created["stateMachineArn"])


_numbers = itertools.count(1)


def _start(client: Client, machine: str, document: Any) -> str:
    name = f"execution-{next(_numbers)}"
    started = client.states("StartExecution", stateMachineArn=machine, name=name, input=json.dumps(document))
    return str(started["executionArn"])


def _await(client: Client, execution: str) -> None:
    pause, patience = 0.001, time.perf_counter() + PATIENCE
    while (answer := client.states("DescribeExecution", executionArn=execution))["status"] == "RUNNING":
        if time.perf_counter() > patience:
            raise Refused(f"still RUNNING after {PATIENCE:g} s")
        time.sleep(pause)
        pause = min(pause * 1.2, 0.05)
    if answer["status"] != "SUCCEEDED":
        raise Refused(f"{answer['status']}: {answer.get('error')}: {answer.get('cause')}")


def _seconds_of_execution(client: Client, machine: str, document: Any) -> float:
    began = time.perf_counter()
    _await(client, _start(client, machine, document))
    return time.perf_counter() - began


def _latency(client: Client) -> float:
    machine = _machine(client, chain(1))
    return median(_seconds_of_execution(client, machine, {}) for _ in range(9)) * 1000


def _executions_per_second(client: Client, count: int) -> float:
    machine = _machine(client, chain(1))
    began = time.perf_counter()
    for execution in [_start(client, machine, {}) for _ in range(count)]:
        _await(client, execution)
    return count / (time.perf_counter() - began)


def _synchronous_per_second(client: Client, seconds: float) -> float:
    machine = _machine(client, chain(1), "EXPRESS")

    def call() -> None:
        answer = client.states("StartSyncExecution", stateMachineArn=machine, input="{}")
        if answer["status"] != "SUCCEEDED":
            raise Refused(str(answer))

    return rate(call, seconds)


def _load(client: Client) -> None:
    """A table with one partition of a thousand items."""
    keys = {"pk": "HASH", "sk": "RANGE"}
    client.dynamodb(
        "CreateTable",
        TableName="rows",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in keys],
        KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys.items()],
    )
    while client.dynamodb("DescribeTable", TableName="rows")["Table"]["TableStatus"] != "ACTIVE":
        time.sleep(0.01)
    for first in range(0, ROWS, 25):
        puts = [{"PutRequest": {"Item": _item("rows", number)}} for number in range(first, first + 25)]
        client.dynamodb("BatchWriteItem", RequestItems={"rows": puts})


def _item(partition: str, number: int) -> dict[str, Any]:
    return {
        "pk": {"S": partition},
        "sk": {"S": f"{number:08}"},
        "n": {"N": str(number)},
        "name": {"S": f"customer number {number}"},
        "tags": {"L": [{"S": "a"}, {"S": "b"}, {"N": "3.25"}]},
        "address": {"M": {"street": {"S": "1 Main Street"}, "zip": {"S": "12345"}, "ok": {"BOOL": True}}},
    }


def _put_item(client: Client) -> object:
    return client.dynamodb("PutItem", TableName="rows", Item=_item("put", next(_numbers) % 500))


def _get_item(client: Client) -> object:
    return client.dynamodb("GetItem", TableName="rows", Key={"pk": {"S": "rows"}, "sk": {"S": "00000500"}})


def _update_item(client: Client) -> object:
    return client.dynamodb(
        "UpdateItem",
        TableName="rows",
        Key={"pk": {"S": "update"}, "sk": {"S": str(next(_numbers) % 100)}},
        UpdateExpression="SET #n = if_not_exists(#n, :zero) + :one",
        ConditionExpression="attribute_not_exists(locked) OR locked = :no",
        ExpressionAttributeNames={"#n": "n"},
        ExpressionAttributeValues={":zero": {"N": "0"}, ":one": {"N": "1"}, ":no": {"BOOL": False}},
    )


def _query(client: Client) -> object:
    return client.dynamodb(
        "Query",
        TableName="rows",
        KeyConditionExpression="pk = :p AND sk >= :s",
        ExpressionAttributeValues={":p": {"S": "rows"}, ":s": {"S": "00000100"}},
        Limit=10,
    )


_ITEM_OPERATIONS: dict[str, Action] = {
    "PutItem": _put_item,
    "GetItem": _get_item,
    "UpdateItem with a condition": _update_item,
    f"Query, 10 of {ROWS:,}": _query,
}
_RATE_AIMS = {"PutItem": BESIDE_MOTO, "GetItem": BESIDE_MOTO}
_COST_AIMS = {"PutItem": BESIDE_DYNALITE, "GetItem": BESIDE_DYNALITE}


def _calls_per_second(action: Action, server: Server, seconds: float) -> float:
    return rate(lambda: action(server.client), seconds)


def _cpu_milliseconds(action: Action, server: Server, seconds: float) -> float:
    """The server's own processor time for one call."""
    before, began = server.cpu_seconds(), time.perf_counter()
    calls = rate(lambda: action(server.client), seconds) * (time.perf_counter() - began)
    return max(server.cpu_seconds() - before, TICK) / calls * 1000


def start_figures(programs: Sequence[Program] = PROGRAMS) -> list[Figure]:
    """What it takes before the first answer, from a server and from the fixture."""
    present = [program for program in programs if program.present]
    figures = [
        Figure("first answer of a server", "s", {p.name: partial(_first_answer, p) for p in present}, (Aim(0.4),)),
        Figure("import, net of boto3 (ours: and pytest)", "s", _in_process(_IMPORTS), (Aim(0.15),)),
        Figure("first answer in process, net of the same", "s", _in_process(_FIRST_CALLS)),
        Figure("an empty test with the fixture", "ms", {OURS: _empty_test_ms}, (Aim(2),)),
        Figure("tests of examples/orders, CPU", "s", {OURS: lambda: _cpu_seconds(ROOT / "examples" / "orders")}),
    ]
    if PROC.exists():
        memory = {program.name: partial(_idle_megabytes, program) for program in present}
        figures.insert(1, Figure("idle memory", "MB", memory, (Aim(60),)))
    return figures


def _first_answer(program: Program) -> float:
    with running(program) as server:
        return server.first_answer


def _idle_megabytes(program: Program) -> float:
    with running(program) as server:
        return server.megabytes()


_IMPORTS = {
    OURS: "import emulator.pytest_plugin, emulator.testing",
    "moto": "import moto",
}
_FIRST_CALLS = {
    OURS: "from emulator.testing import emulator\nwith emulator() as e: e.client('dynamodb').list_tables()",
    "moto": "import boto3, moto\nwith moto.mock_aws(): boto3.client('dynamodb', 'us-east-1').list_tables()",
}
_PYTHONS = {OURS: (sys.executable, "import boto3, pytest\n"), "moto": (f"{PEERS}/moto/bin/python", "import boto3\n")}


def _in_process(codes: dict[str, str]) -> dict[str, Callable[[], float]]:
    present = {column: _PYTHONS[column] for column in codes if (column == OURS or (PEERS / column).exists())}
    return {
        column: partial(_net_seconds, python, before, before + codes[column])
        for column, (python, before) in present.items()
    }


def _net_seconds(python: str, before: str, code: str) -> float:
    """How much longer Python takes with the second code than with the first."""

    def seconds(code: str) -> float:
        began = time.perf_counter()
        subprocess.run([python, "-c", code], cwd=ROOT, env=ENVIRONMENT, check=True)
        return time.perf_counter() - began

    return seconds(code) - seconds(before)


def _empty_test_ms(tests: int = 100) -> float:
    """What a test pays that asks for the fixture and does nothing with it, once another test has paid for imports."""
    with tempfile.TemporaryDirectory() as folder:
        file, empty = Path(folder, "test_empty.py"), "def test_{number}({fixture}): pass\n"

        def seconds(fixture: str) -> float:
            first = empty.format(number="first", fixture="dynastep")
            file.write_text(first + "".join(empty.format(number=n, fixture=fixture) for n in range(tests)))
            return _cpu_seconds(file)

        return (seconds("dynastep") - seconds("")) / tests * 1000


def _cpu_seconds(tests: Path) -> float:
    """The processor time of a run of pytest."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tests)]
    subprocess.run(command, cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
