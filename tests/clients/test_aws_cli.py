"""The AWS CLI, version 1, uses the server as it uses AWS."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from installed import AWS_CLI, ENVIRONMENT

ROLE = "arn:aws:iam::000000000000:role/any"
GREET = {"StartAt": "Greet", "States": {"Greet": {"Type": "Pass", "Result": {"said": "hello"}, "End": True}}}


@pytest.fixture
def aws(server: str, tmp_path: Path) -> Callable[..., Any]:
    """Run ``aws``: what it prints, as JSON."""
    if not AWS_CLI.exists():
        pytest.skip("the AWS CLI is not installed: make clients")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        **ENVIRONMENT,
        "AWS_DEFAULT_REGION": ENVIRONMENT["AWS_REGION"],  # version 1 does not know the other name
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",  # StartSyncExecution would go to the host sync-127.0.0.1
    }

    def run(*arguments: str) -> Any:
        command = [str(AWS_CLI), "--endpoint-url", server, "--output", "json", *arguments]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment)
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout) if ended.stdout else None

    return run


def test_a_machine_is_created_run_and_described(aws: Callable[..., Any], tmp_path: Path) -> None:
    file = tmp_path / "greet.asl.json"
    file.write_text(json.dumps(GREET), encoding="utf-8")
    states = "stepfunctions"
    created = aws(states, "create-state-machine", "--name", "cli", "--role-arn", ROLE, "--definition", f"file://{file}")
    arn = created["stateMachineArn"]
    assert json.loads(aws(states, "describe-state-machine", "--state-machine-arn", arn)["definition"]) == GREET
    started = aws(states, "start-execution", "--state-machine-arn", arn, "--name", "one", "--input", '{"a": 1}')
    execution = ("--execution-arn", started["executionArn"])
    described = aws(states, "describe-execution", *execution)
    assert (described["status"], described["input"]) == ("SUCCEEDED", '{"a": 1}')
    assert described["output"] == '{"said":"hello"}'
    events = aws(states, "get-execution-history", *execution, "--max-items", "3")["events"]
    assert [event["type"] for event in events] == ["ExecutionStarted", "PassStateEntered", "PassStateExited"]
    listed = aws(states, "list-executions", "--state-machine-arn", arn, "--query", "executions[].name")
    assert listed == ["one"]


def test_an_express_machine_runs_while_the_command_waits(aws: Callable[..., Any]) -> None:
    create = ("create-state-machine", "--name", "cli-express", "--type", "EXPRESS", "--role-arn", ROLE)
    arn = aws("stepfunctions", *create, "--definition", json.dumps(GREET))["stateMachineArn"]
    answer = aws("stepfunctions", "start-sync-execution", "--state-machine-arn", arn)
    assert (answer["status"], answer["output"]) == ("SUCCEEDED", '{"said":"hello"}')


def test_a_callback_is_answered(aws: Callable[..., Any]) -> None:
    queue = aws("sqs", "create-queue", "--queue-name", "cli")["QueueUrl"]
    ask = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": {"QueueUrl": queue, "MessageBody.$": "$$.Task.Token"},
        "End": True,
    }
    definition = json.dumps({"StartAt": "Ask", "States": {"Ask": ask}})
    create = ("create-state-machine", "--name", "cli-callback", "--role-arn", ROLE, "--definition", definition)
    arn = aws("stepfunctions", *create)["stateMachineArn"]
    execution = aws("stepfunctions", "start-execution", "--state-machine-arn", arn)["executionArn"]
    received = aws("sqs", "receive-message", "--queue-url", queue, "--wait-time-seconds", "10")
    token = received["Messages"][0]["Body"]
    aws("stepfunctions", "send-task-success", "--task-token", token, "--task-output", '"yes"')
    described = aws("stepfunctions", "describe-execution", "--execution-arn", execution)
    assert (described["status"], described["output"]) == ("SUCCEEDED", '"yes"')


def test_an_item_is_put_and_got(aws: Callable[..., Any]) -> None:
    create = ("create-table", "--table-name", "cli", "--billing-mode", "PAY_PER_REQUEST")
    keys = ("AttributeName=id,AttributeType=S", "--key-schema", "AttributeName=id,KeyType=HASH")
    aws("dynamodb", *create, "--attribute-definitions", *keys)
    item = {"id": {"S": "a"}, "n": {"N": "1"}}
    aws("dynamodb", "put-item", "--table-name", "cli", "--item", json.dumps(item))
    assert aws("dynamodb", "get-item", "--table-name", "cli", "--key", '{"id": {"S": "a"}}') == {"Item": item}
