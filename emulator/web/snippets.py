"""Snippets: how to start an execution again with the AWS CLI, with boto3, or in a test of pytest."""

from __future__ import annotations

import re
import shlex
from typing import Any

from asl_interpreter.jsontext import InvalidJSON, loads


def snippets(machine: dict[str, Any], execution: dict[str, Any], url: str) -> dict[str, str]:
    """Title -> text, for an execution and its state machine as AWS describes them, at an endpoint."""
    arn, text = machine["stateMachineArn"], execution.get("input", "{}")
    return {
        "AWS CLI": f"aws stepfunctions start-execution --endpoint-url {shlex.quote(url)} \\\n"
        f"  --state-machine-arn {shlex.quote(arn)} \\\n  --input {shlex.quote(text)}",
        "boto3": "import boto3\n\n"
        f'client = boto3.client("stepfunctions", endpoint_url={url!r})\n'
        f"started = client.start_execution(stateMachineArn={arn!r}, input={text!r})\n"
        'print(client.describe_execution(executionArn=started["executionArn"])["status"])',
        "pytest": _test(machine, execution, text),
    }


def _test(machine: dict[str, Any], execution: dict[str, Any], text: str) -> str:
    name = re.sub(r"\W+", "_", machine["name"]).strip("_").lower() or "machine"
    try:
        given = loads(text)
    except InvalidJSON:
        given = {}
    ending = f"    assert execution.status == {execution['status']!r}"
    if execution.get("error"):
        ending += f"\n    assert execution.error == {execution['error']!r}"
    elif "output" in execution:
        ending += f"\n    assert execution.output == {loads(execution['output'])!r}"
    return (
        "from pathlib import Path\n\n\n"
        f"def test_{name}(dynastep):\n"
        f"    execution = dynastep.run(Path({f'{name}.asl.json'!r}), {given!r})\n{ending}\n"
    )
