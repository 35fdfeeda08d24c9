"""The law of threads: docs/threads.md names each lock, and the recipes that once made the server hang."""

from __future__ import annotations

import ast
import json
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from fuzz import law

from emulator.app import create_app
from emulator.control import Control
from emulator.server import serve_in_thread
from emulator.settings import Settings

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
