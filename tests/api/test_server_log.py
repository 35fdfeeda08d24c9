"""What a server says: its greeting, a line for each request and each execution, and its goodbye."""

from __future__ import annotations

import io
import json
import logging
import signal
import subprocess
import sys

import pytest

from emulator import moto_door
from emulator.clients import client
from emulator.commands import server_log
from emulator.commands.start import goodbye, greeting
from emulator.control import Control
from emulator.settings import Settings
from emulator.web.activity import Request

ROLE = "arn:aws:iam::000000000000:role/any"
NAMES = (server_log.REQUESTS, server_log.EXECUTIONS, server_log.STACKS)


@pytest.fixture
def written(monkeypatch):
    """Set up a log as a server does; what is written to it."""
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    before = root.level, [logging.getLogger(name).level for name in NAMES]

    def set_up(log_format="text", stream=None, *, requests=True, quiet=False):
        stream = io.StringIO() if stream is None else stream
        server_log.set_up(log_format, requests=requests, quiet=quiet, stream=stream)
        return stream

    yield set_up
    root.setLevel(before[0])
    for name, level in zip(NAMES, before[1], strict=True):
        logging.getLogger(name).setLevel(level)


@pytest.fixture
def control():
    control = Control(Settings(clock="virtual"))
    yield control
    control.close()


def run_one(control, state):
    states = client(control, "stepfunctions")
    definition = json.dumps({"StartAt": "A", "States": {"A": state}})
    machine = states.create_state_machine(name="order", definition=definition, roleArn=ROLE)["stateMachineArn"]
    arn = states.start_execution(stateMachineArn=machine, name="first")["executionArn"]
    states.describe_execution(executionArn=arn)
    return arn


def test_an_execution_that_has_ended_is_a_line(control, written):
    stream = written()
    run_one(control, {"Type": "Wait", "Seconds": 90, "End": True})
    assert [line.partition(" INFO ")[2] for line in stream.getvalue().splitlines()] == [
        "order:first SUCCEEDED after 90 s"
    ]


def test_a_line_of_json_has_members_of_its_own(control, written):
    stream = written("json")
    arn = run_one(control, {"Type": "Fail", "Error": "Card.Declined"})
    (line,) = map(json.loads, stream.getvalue().splitlines())
    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "INFO",
        "logger": "dynastep.executions",
        "message": "order:first FAILED with Card.Declined after 0 s",
        "executionArn": arn,
        "status": "FAILED",
        "seconds": 0.0,
        "error": "Card.Declined",
    }


def test_nobody_hears_of_them_unless_that_is_asked_for(control, written):
    stream = written(requests=False)
    run_one(control, {"Type": "Succeed"})
    logging.getLogger("dynastep").warning("take care")
    assert [line.partition(" WARNING ")[2] for line in stream.getvalue().splitlines()] == ["take care"]


def test_a_quiet_server_says_errors_alone(written):
    stream = written("json", quiet=True)
    logging.getLogger("dynastep").warning("take care")
    try:
        {}["not there"]
    except KeyError:
        logging.getLogger("dynastep").exception("it failed")
    (line,) = map(json.loads, stream.getvalue().splitlines())
    assert (line["level"], line["message"]) == ("ERROR", "it failed")
    assert line["traceback"].endswith("KeyError: 'not there'")


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(("variables", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_what_is_wrong_is_coloured_on_a_terminal(written, monkeypatch, variables, coloured):
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    stream = written(stream=Terminal())
    logging.getLogger("dynastep").error("it failed")
    assert stream.getvalue().startswith("\x1b[31m") is coloured


def test_the_greeting_names_what_was_read(control, tmp_path):
    run_one(control, {"Type": "Succeed"})
    settings = Settings(functions=tmp_path, data_dir=tmp_path / "data", iam="warn")
    assert list(greeting("http://127.0.0.1:4566", control, settings)) == [
        "Dynastep is ready at http://127.0.0.1:4566 (clock: wall, account: 000000000000). Ctrl-C stops it.",
        f"  functions: {tmp_path}",
        f"  data folder: {tmp_path / 'data'}",
        "  iam: warn",
        "  1 state machine, 1 execution",
        "Ready.",
    ]
    assert goodbye(control, 61.4) == "Dynastep stops after 1 min 1 s. It had 1 state machine, 1 execution."


def test_tables_are_counted(control):
    client(control, "dynamodb").create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    assert goodbye(control, 2) == "Dynastep stops after 2 s. It had 1 table."


def test_a_server_without_anything_says_two_lines(control):
    assert list(greeting("URL", control, Settings(), quiet=False)) == [
        "Dynastep is ready at URL (clock: wall, account: 000000000000). Ctrl-C stops it.",
        "Ready.",
    ]
    assert goodbye(control, 2) == "Dynastep stops after 2 s. It had nothing."


def test_on_the_port_of_step_functions_local_a_server_says_what_is_waited_for_there(control):
    first, *_ = greeting("http://127.0.0.1:8083", control, Settings())
    assert first == "Starting server on port 8083"


def test_a_server_says_goodbye_when_it_is_stopped():
    command = [sys.executable, "-m", "dynastep", "start", "--port", "0", "--log-requests", "on"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        lines = [process.stdout.readline(), process.stdout.readline()]
        assert lines[1] == "Ready.\n"
        process.send_signal(signal.SIGTERM)
        assert process.stdout.readline().startswith("Dynastep stops after ")
    finally:
        process.kill()
        process.communicate()


BY_PATH = [
    ("s3", "PUT", "/orders/1.json", "", {}, "PutObject"),
    ("s3", "PUT", "/orders/1.json", "", {"HTTP_X_AMZ_COPY_SOURCE": "orders/2.json"}, "CopyObject"),
    ("s3", "PUT", "/1.json", "", {"HTTP_HOST": "orders.s3.us-east-1.amazonaws.com"}, "PutObject"),
    ("s3", "GET", "/orders", "list-type=2&prefix=a", {}, "ListObjectsV2"),
    ("s3", "GET", "/", "", {}, "ListBuckets"),
    ("lambda", "POST", "/2015-03-31/functions/charge/invocations", "", {}, "Invoke"),
    ("apigateway", "GET", "/restapis", "", {}, "GetRestApis"),
    ("apigateway", "GET", "/v2/apis", "", {}, "GetApis"),
    ("execute-api", "GET", "/prod/orders", "", {}, ""),
    ("lambda", "GET", "/nowhere", "", {}, ""),
    ("dynamodb", "GET", "/", "", {}, ""),
]


@pytest.mark.parametrize(("service", "method", "path", "query", "more", "named"), BY_PATH)
def test_method_and_path_name_an_operation(service, method, path, query, more, named):
    environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query, **more}
    assert moto_door.named_by_path(service, environ) == named


def test_a_request_by_path_is_a_line_with_operation_and_path():
    named = ("s3", "PutObject /orders/1.json", "000000000000", "us-east-1")
    request = Request(1, 0.0, *named, 200, 1.94, "", b"", b"")
    assert request.line == "s3.PutObject /orders/1.json 200 1.9 ms 000000000000 us-east-1"
    assert request.fields == {
        "service": "s3",
        "operation": "PutObject",
        "path": "/orders/1.json",
        "status": 200,
        "milliseconds": 1.9,
        "account": "000000000000",
        "region": "us-east-1",
    }


def stack_of(queue):
    return json.dumps({"Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": queue}}})


def test_work_on_a_stack_that_has_ended_is_a_line(control, written):
    stream, stacks = written(), client(control, "cloudformation")
    stacks.create_stack(StackName="shop", TemplateBody=stack_of({}))
    stacks.update_stack(StackName="shop", TemplateBody=stack_of({"DelaySeconds": 3}))
    stacks.delete_stack(StackName="shop")
    assert [line.partition(" INFO ")[2] for line in stream.getvalue().splitlines()] == [
        "stack shop CREATE_COMPLETE with 1 resource",
        "stack shop UPDATE_COMPLETE with 1 resource",
        "stack shop DELETE_COMPLETE with 0 resources",
    ]


def test_a_line_of_a_stack_says_why_it_failed(control, written):
    stream, stacks = written("json"), client(control, "cloudformation")
    stack = stacks.create_stack(StackName="shop", TemplateBody=stack_of({"DelaySeconds": 901}))["StackId"]
    (line,) = (json.loads(text) for text in stream.getvalue().splitlines())
    (reason,) = (
        event["ResourceStatusReason"]
        for event in stacks.describe_stack_events(StackName=stack)["StackEvents"]
        if event["ResourceStatus"] == "CREATE_FAILED"
    )
    assert (line["stackId"], line["status"], line["resources"]) == (stack, "ROLLBACK_COMPLETE", 0)
    assert line["error"] == f"Queue: {reason}"
