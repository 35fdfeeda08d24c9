"""Another engine answers: dynalite behind ``--dynamodb-endpoint``, for clients and Tasks alike."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from fuzz.server import running
from installed import need

from emulator.dynamodb.forwarding import forward_to
from emulator.faults import Fault
from emulator.wire.protocol import Call

ACCOUNT, REGION = "123456789012", "eu-west-1"
TABLE = {
    "TableName": "engine",
    "BillingMode": "PAY_PER_REQUEST",
    "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}],
}
KEY = {"p": {"S": "x"}}


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def dynalite() -> Iterator[str]:
    """The URL of a dynalite with one table."""
    folder, port = need("dynalite"), free_port()
    command = ["node", str(folder / "cli.js"), "--host", "127.0.0.1", "--port", str(port), "--createTableMs", "0"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        _await(port)
        forward_to(url, {})(call("CreateTable", **TABLE))
        yield url
    finally:
        process.terminate()
        process.wait()


def _await(port: int) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


def call(operation: str, **params: Any) -> Call:
    return Call("dynamodb", operation, params, ACCOUNT, REGION, "test")


def test_answers_and_refusals_come_back_unchanged(dynalite: str) -> None:
    forward = forward_to(dynalite, {})
    item = {**KEY, "b": {"B": "AAEC"}, "n": {"N": "1.50"}}
    assert forward(call("PutItem", TableName="engine", Item=item)) == {}
    assert forward(call("GetItem", TableName="engine", Key=KEY)) == {"Item": {**item, "n": {"N": "1.5"}}}
    with pytest.raises(Fault) as refused:
        forward(call("PutItem", TableName="engine", Item=item, ConditionExpression="attribute_not_exists(p)"))
    fault = refused.value
    assert (fault.code, fault.message, fault.status, fault.prefix, fault.members) == (
        "ConditionalCheckFailedException",
        "The conditional request failed",
        400,
        "com.amazonaws.dynamodb.v20120810#",
        {},
    )


def test_the_engine_checks_what_we_would_have_checked(dynalite: str) -> None:
    with pytest.raises(Fault) as refused:
        forward_to(dynalite, {})(call("GetItem", TableName=1, Key=KEY))
    assert (refused.value.code, refused.value.message) == (
        "SerializationException",
        "NUMBER_VALUE cannot be converted to String",
    )


def test_an_engine_that_is_not_there_is_named() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(Fault) as refused:
        forward_to(url, {})(call("ListTables"))
    assert (refused.value.code, refused.value.status) == ("InternalServerError", 500)
    assert refused.value.message.startswith(f"The DynamoDB engine at {url} cannot be reached: ")


def test_what_is_no_engine_is_named(server: str) -> None:
    url = f"{server}/_dynastep/clock"
    with pytest.raises(Fault) as refused:
        forward_to(url, {})(call("ListTables"))
    assert refused.value.message == f"The DynamoDB engine at {url} answers 400 with what is no answer of DynamoDB"


def test_requests_are_signed_with_the_credentials_of_the_environment() -> None:
    """What the engine receives, seen by a listener that answers once."""
    keys = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "token"}
    for environ, signer in ((keys, "AKIDEXAMPLE"), ({}, ACCOUNT)):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            forward = forward_to(f"http://127.0.0.1:{listener.getsockname()[1]}", environ)
            head = _received(listener, forward)
        assert f"Credential={signer}/" in head
        assert f"/{REGION}/dynamodb/aws4_request" in head
        assert "X-Amz-Target: DynamoDB_20120810.ListTables" in head
        assert ("X-Amz-Security-Token: token" in head) is bool(environ)


def _received(listener: socket.socket, forward: Any) -> str:
    from threading import Thread

    received: list[str] = []

    def answer() -> None:
        connection, _ = listener.accept()
        with connection:
            received.append(connection.recv(65536).decode())
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")

    thread = Thread(target=answer)
    thread.start()
    assert forward(call("ListTables")) == {}
    thread.join()
    return received[0]


def test_clients_and_tasks_reach_the_engine_behind_the_server(dynalite: str) -> None:
    import boto3
    from botocore.config import Config

    options: dict[str, Any] = {
        "region_name": REGION,
        "aws_access_key_id": ACCOUNT,
        "aws_secret_access_key": "secret",
    }
    with running("--dynamodb-endpoint", dynalite) as (port, _):
        options["endpoint_url"] = f"http://127.0.0.1:{port}"
        with closing(boto3.client("dynamodb", **options)) as client:
            assert client.list_tables()["TableNames"] == ["engine"]
            client.put_item(TableName="engine", Item={"p": {"S": "client"}})
        task = {
            "Type": "Task",
            "Resource": "arn:aws:states:::dynamodb:putItem",
            "Parameters": {"TableName": "engine", "Item": {"p": {"S": "task"}}},
            "End": True,
        }
        no_prefix = Config(inject_host_prefix=False)  # sync-127.0.0.1 is no host
        with closing(boto3.client("stepfunctions", config=no_prefix, **options)) as client:
            made = client.create_state_machine(
                name="writer",
                definition=json.dumps({"StartAt": "Put", "States": {"Put": task}}),
                roleArn=f"arn:aws:iam::{ACCOUNT}:role/any",
                type="EXPRESS",
            )
            ended = client.start_sync_execution(stateMachineArn=made["stateMachineArn"])
        assert ended["status"] == "SUCCEEDED", ended
    found = forward_to(dynalite, {})(call("Scan", TableName="engine"))["Items"]
    assert {item["p"]["S"] for item in found} >= {"client", "task"}
