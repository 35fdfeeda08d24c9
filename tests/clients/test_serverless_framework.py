"""The Serverless Framework, in its free continuation osls, deploys a function, a table and a state machine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from applications import ACCOUNT, client
from fuzz.server import running
from installed import HERE, need


@pytest.fixture
def osls(tmp_path: Path) -> Callable[..., str]:
    """Run a command of the framework against a server: what it says. It has to succeed."""
    package = need("osls")
    shutil.copytree(HERE / "serverless", tmp_path, dirs_exist_ok=True)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    keys = {"AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1"}
    quiet = {"SLS_TELEMETRY_DISABLED": "1", "SLS_NOTIFICATIONS_MODE": "off", "CI": "true"}

    def run(url: str, command: str, **variables: str) -> str:
        ended = subprocess.run(
            ["node", str(package / "bin" / "serverless.js"), command],
            cwd=tmp_path,
            env={**clean, **keys, **quiet, "AWS_ENDPOINT_URL": url, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout
        return ended.stdout

    return run


def test_an_application_is_deployed_used_changed_and_removed(osls: Callable[..., str]) -> None:
    with running() as (port, _):
        url = f"http://127.0.0.1:{port}"
        osls(url, "deploy")
        states = client(url, "stepfunctions")
        [machine] = states.list_state_machines()["stateMachines"]
        started = states.start_execution(stateMachineArn=machine["stateMachineArn"], input='{"id": "7"}')
        ended = states.describe_execution(executionArn=started["executionArn"])
        while ended["status"] == "RUNNING":
            ended = states.describe_execution(executionArn=started["executionArn"])
        assert json.loads(ended["output"])["checked"] is True
        [item] = client(url, "dynamodb").scan(TableName="orders")["Items"]
        assert item == {"id": {"S": "7"}}

        assert "No changes to deploy" in osls(url, "deploy")
        osls(url, "deploy", COMMENT="second")
        described = states.describe_state_machine(stateMachineArn=machine["stateMachineArn"])
        assert json.loads(described["definition"])["Comment"] == "second"

        osls(url, "remove")
        assert states.list_state_machines()["stateMachines"] == []
        assert client(url, "dynamodb").list_tables()["TableNames"] == []
        assert client(url, "cloudformation").describe_stacks()["Stacks"] == []
