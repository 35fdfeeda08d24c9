"""The package dynastep: what users import, and how it is typed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import dynastep as public

ROOT = Path(__file__).parents[2]

SUITE = """
from dynastep import Deadlock, Dynastep, Execution, Fault, Later, Mock, Started, StateError, emulator
from mypy_boto3_dynamodb import DynamoDBClient, DynamoDBServiceResource
from mypy_boto3_events import EventBridgeClient
from mypy_boto3_lambda import LambdaClient
from mypy_boto3_s3 import S3Client, S3ServiceResource
from mypy_boto3_sns import SNSClient, SNSServiceResource
from mypy_boto3_sqs import SQSClient, SQSServiceResource
from mypy_boto3_stepfunctions import SFNClient


def test_clients(dynastep: Dynastep) -> None:
    states: SFNClient = dynastep.client("stepfunctions")
    tables: DynamoDBClient = dynastep.client("dynamodb", region="eu-west-1")
    items: DynamoDBServiceResource = dynastep.resource("dynamodb")
    buckets: tuple[S3Client, S3ServiceResource] = (dynastep.client("s3"), dynastep.resource("s3"))
    queues: tuple[SQSClient, SQSServiceResource] = (dynastep.client("sqs"), dynastep.resource("sqs"))
    topics: tuple[SNSClient, SNSServiceResource] = (dynastep.client("sns"), dynastep.resource("sns"))
    functions: LambdaClient = dynastep.client("lambda")
    buses: EventBridgeClient = dynastep.client("events")
    dynastep.client("glue").get_jobs()
    WRONG


def test_runs(dynastep: Dynastep) -> None:
    mock: Mock = dynastep.mock("Ship", StateError("Busy", "later"), Later(after=3, value={"ok": True}))
    try:
        execution: Execution = dynastep.run({"StartAt": "A", "States": {}}, {"n": 1}, type="EXPRESS")
        started: Started = dynastep.start("arn:aws:...")
    except (Deadlock, Fault):
        return
    assert execution.states["Ship"].inputs == started.result().states["Ship"].inputs == mock.calls


def main() -> None:
    with emulator() as aws:
        aws.clock.advance(seconds=5)
"""


def check(tmp_path, wrong):
    file = tmp_path / "suite.py"
    file.write_text(SUITE.replace("WRONG", wrong))
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file", str(ROOT / "pyproject.toml")]
    return subprocess.run([*command, str(file)], cwd=ROOT, capture_output=True, text=True, check=False)


def test_mypy_is_content_with_a_suite_and_not_with_a_mistake(tmp_path):
    pytest.importorskip("mypy", reason="mypy is not installed: it is a tool of development")
    result = check(tmp_path, "states.list_state_machines()")
    assert result.stdout.startswith("Success"), result.stdout
    result = check(tmp_path, "states.list_state_machine()")
    assert 'error: "SFNClient" has no attribute "list_state_machine"' in result.stdout


@pytest.mark.parametrize("name", public.__all__)
def test_everything_public_is_there(name):
    assert getattr(public, name).__doc__
    assert name in dir(public)


def test_what_is_not_there_is_an_error():
    with pytest.raises(AttributeError, match="^module 'dynastep' has no attribute 'emulate'$"):
        _ = public.emulate


def test_a_function_imports_from_it_fast():
    program = "import sys; from dynastep import Later; sys.exit(any(name in sys.modules for name in ('moto', 'boto3', 'emulator.testing')))"
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0


def test_it_is_the_command():
    result = subprocess.run(
        [sys.executable, "-m", "dynastep", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert result.stdout.startswith("Usage: dynastep [OPTIONS] COMMAND")
