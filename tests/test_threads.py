"""The law of threads: docs/threads.md names each lock, and the recipes that once made the server hang."""

from __future__ import annotations

import ast
import io
import json
import re
import threading
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from fuzz import law

from emulator.app import create_app
from emulator.control import Control
from emulator.server import serve_in_thread
from emulator.settings import Settings
from emulator.wire.gate import Gate

ROLE = "arn:aws:iam::000000000000:role/any"
ROOT = Path(__file__).parents[1]
BARE = {"Lock", "RLock"}


def sources():
    for package in ("asl_interpreter", "emulator"):
        for path in (ROOT / package).rglob("*.py"):
            if "runtimes" not in path.parts:  # a program of its own
                yield path, ast.parse(path.read_text(encoding="utf-8"))


def calls(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield getattr(node.func, "attr", getattr(node.func, "id", "")), node


def test_the_page_names_each_lock_and_its_rank():
    page = (ROOT / "docs" / "threads.md").read_text(encoding="utf-8")
    listed = {(name, int(rank)) for rank, name in re.findall(r"^\| (\d+) \| ([^|]+) \|", page, re.MULTILINE)}
    made = set()
    for _, tree in sources():
        constants = {
            node.target.id: node.value.value
            for node in tree.body
            if isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Constant)
        }
        for name, call in calls(tree):
            if name == "lock":
                title, rank = call.args[:2]
                made.add((title.value, rank.value if isinstance(rank, ast.Constant) else constants[rank.id]))
    assert made == listed
    assert len({rank for _, rank in made}) == len(made), "two locks have one rank"


def test_there_are_no_locks_without_a_name():
    for path, tree in sources():
        for name, call in calls(tree):
            unnamed = name in BARE or (
                name == "Condition" and ast.unparse(call).startswith("threading.") and not call.args
            )
            assert not unnamed or path.name == "locks.py", f"{path}, line {call.lineno}"


@pytest.mark.parametrize("used", [False, True])
def test_a_world_is_closed_once_or_twice(used):
    control = Control(Settings())
    if used:
        control.world.engine.ask(lambda: None)
    control.close()
    control.close()


def test_a_world_whose_loop_has_failed_says_so_and_can_be_reset(monkeypatch):
    control = Control(Settings())
    client = create_app(control).test_client()
    assert client.get("/_dynastep/health").json["status"] == "ok"

    def fail(_loop):
        raise LookupError("a defect")

    with monkeypatch.context() as patch:
        patch.setattr(type(control.world.engine.loop), "_take_turn", fail)
        with pytest.raises(LookupError):
            control.world.engine.ask(lambda: None)
    answer = client.get("/_dynastep/health")
    assert answer.status_code == 503
    assert answer.json["reason"] == "The loop has failed: LookupError('a defect'). A reset starts a new one."
    assert client.post("/_dynastep/reset").status_code == 200
    assert client.get("/_dynastep/health").json["status"] == "ok"
    assert control.world.engine.ask(lambda: "alive") == "alive"
    control.close()


def answered(url, target, params):
    """The status and the body of an answer."""
    import urllib3

    scope = "Credential=000000000000/20260101/us-east-1/states/aws4_request"
    headers = {
        "Content-Type": "application/x-amz-json-1.0",
        "X-Amz-Target": f"AWSStepFunctions.{target}",
        "Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0",
    }
    answer = urllib3.PoolManager().request(
        "POST", url, body=json.dumps(params).encode(), headers=headers, timeout=30, retries=False
    )
    return answer.status, json.loads(answer.data or "{}")


@pytest.fixture
def served():
    """A world of its own behind a server in this process, and its URL."""
    control = Control(Settings())
    server = serve_in_thread(create_app(control))
    yield control, server.url
    control.close()
    server.close()


ARN = "arn:aws:states:us-east-1:000000000000"
WAIT = {"StartAt": "Pause", "States": {"Pause": {"Type": "Wait", "Seconds": 600, "End": True}}}


@pytest.mark.parametrize(
    ("operation", "params", "error"),
    [
        ("GetActivityTask", {"activityArn": f"{ARN}:activity:work"}, "ActivityDoesNotExist"),
        ("StartSyncExecution", {"stateMachineArn": f"{ARN}:stateMachine:long"}, "StateMachineDoesNotExist"),
    ],
)
def test_a_call_that_waits_is_refused_by_a_reset(served, operation, params, error):
    control, url = served
    for _ in range(5):
        assert answered(url, "CreateActivity", {"name": "work"})[0] == 200
        machine = {"name": "long", "definition": json.dumps(WAIT), "roleArn": ROLE, "type": "EXPRESS"}
        assert answered(url, "CreateStateMachine", machine)[0] == 200
        with ThreadPoolExecutor(4) as pool:
            waiting = [pool.submit(answered, url, operation, params) for _ in range(4)]
            while control.gate._inside < 4 or len(control.world.engine.loop._questions) < 4:
                time.sleep(0.005)
            control.reset()
            for each in waiting:
                status, body = each.result()
                assert (status, body["__type"].rpartition("#")[2]) == (400, error)


def test_a_start_that_meets_a_reset_gets_a_clean_answer(served):
    control, url = served
    machine = {"name": "quick", "roleArn": ROLE, "definition": json.dumps(WAIT)}
    stop, statuses = threading.Event(), set()

    def start():
        while not stop.is_set():
            answered(url, "CreateStateMachine", machine)
            status, body = answered(url, "StartExecution", {"stateMachineArn": f"{ARN}:stateMachine:quick"})
            statuses.add((status, body.get("__type", "").rpartition("#")[2]))

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(20):
        control.reset()
    stop.set()
    for thread in threads:
        thread.join()
    assert statuses <= {(200, ""), (400, "StateMachineDoesNotExist")}


def test_whoever_waits_before_the_gate_is_let_in_when_it_opens_even_if_it_closes_at_once():
    gate, inside, waits = Gate(), [], threading.Thread(target=lambda: gate.pass_through(inside.append, "in"))
    with gate.closed():
        waits.start()
        while not gate._waiting:
            time.sleep(0.001)
        assert inside == []
    with gate.closed():  # nobody else may enter, but who waited is inside, and the gate waits for them
        gate.drain()
        assert inside == ["in"]
    waits.join()


def test_a_request_to_a_server_that_ends_is_refused(served):
    control, url = served
    control.close()
    status, body = answered(url, "StartExecution", {"stateMachineArn": f"{ARN}:stateMachine:any"})
    assert status in (400, 503)
    status, body = answered(url, "ListStateMachines", {})
    assert (status, body) == (200, {"stateMachines": []}) or status == 503
    status, body = answered(url, "CreateActivity", {"name": "work"})
    assert (status, body["__type"].rpartition("#")[2]) == (503, "ServiceUnavailable")


def test_under_load_nothing_hangs_nothing_is_lost_and_the_law_holds():
    law.run(6, seed=7)


@pytest.fixture
def client(served):
    """Clients over HTTP that give up after half a minute: a server that hangs fails the test."""
    import boto3
    from botocore.config import Config

    _, url = served
    config = Config(retries={"total_max_attempts": 1}, read_timeout=30, max_pool_connections=16)
    return lambda service: boto3.client(
        service,
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="000000000000",
        aws_secret_access_key="any",
        config=config,
    )


def machine_of(states, name, definition):
    return states.create_state_machine(name=name, definition=json.dumps(definition), roleArn=ROLE)["stateMachineArn"]


def ended(states, executions):
    """Wait, with a bound, until executions have ended; their statuses."""
    deadline, found = time.monotonic() + 30, {}
    while len(found) < len(executions) and time.monotonic() < deadline:
        for arn in set(executions) - set(found):
            status = states.describe_execution(executionArn=arn)["status"]
            if status != "RUNNING":
                found[arn] = status
    return set(found.values()), len(found)


def function(lambdas, name):
    """The ARN of a function that writes what it gets to its log."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("app.py", "def handler(event, context):\n    print(event)\n    return event\n")
    created = lambdas.create_function(
        FunctionName=name, Runtime="python3.13", Handler="app.handler", Role=ROLE, Code={"ZipFile": archive.getvalue()}
    )
    return created["FunctionArn"]


def test_status_changes_to_a_function_and_a_subscription_of_logs_hang_nothing(client):
    states, events, logs, lambdas = (client(name) for name in ("stepfunctions", "events", "logs", "lambda"))
    heard = function(lambdas, "heard")
    other = function(lambdas, "other")
    events.put_rule(Name="changes", EventPattern=json.dumps({"source": ["aws.states"]}))
    events.put_targets(Rule="changes", Targets=[{"Id": "1", "Arn": heard}])
    lambdas.invoke(FunctionName="other", Payload=b"{}")
    logs.put_subscription_filter(
        logGroupName="/aws/lambda/other", filterName="all", filterPattern="", destinationArn=heard
    )
    machine = machine_of(
        states, "m", {"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": other, "End": True}}}
    )

    def start(_number):
        lambdas.invoke(FunctionName="other", Payload=b"{}")
        return states.start_execution(stateMachineArn=machine, input="{}")["executionArn"]

    with ThreadPoolExecutor(8) as pool:
        started = list(pool.map(start, range(40)))
    assert ended(states, started) == ({"SUCCEEDED"}, 40)


def test_a_kinesis_destination_and_a_mapping_of_its_stream_hang_nothing(client):
    states, dynamodb, kinesis, lambdas = (client(name) for name in ("stepfunctions", "dynamodb", "kinesis", "lambda"))
    function(lambdas, "reader")
    kinesis.create_stream(StreamName="changes", ShardCount=1)
    stream = kinesis.describe_stream(StreamName="changes")["StreamDescription"]["StreamARN"]
    dynamodb.create_table(
        TableName="things",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    dynamodb.enable_kinesis_streaming_destination(TableName="things", StreamArn=stream)
    lambdas.create_event_source_mapping(FunctionName="reader", EventSourceArn=stream, StartingPosition="TRIM_HORIZON")
    put = {
        "Type": "Task",
        "Resource": "arn:aws:states:::dynamodb:putItem",
        "Parameters": {"TableName": "things", "Item": {"id": {"S.$": "$.id"}}},
        "End": True,
    }
    machine = machine_of(states, "m", {"StartAt": "Put", "States": {"Put": put}})

    def write(number):
        dynamodb.put_item(TableName="things", Item={"id": {"S": f"direct {number}"}})
        return states.start_execution(stateMachineArn=machine, input=json.dumps({"id": f"task {number}"}))[
            "executionArn"
        ]

    with ThreadPoolExecutor(8) as pool:
        started = list(pool.map(write, range(40)))
    assert ended(states, started) == ({"SUCCEEDED"}, 40)
    assert dynamodb.scan(TableName="things", Select="COUNT")["Count"] == 80
