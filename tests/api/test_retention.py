"""How long executions that have ended can be asked for: 90 days, and as long as there is room for them."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from botocore.exceptions import ClientError

from emulator.control import Control
from emulator.settings import InvalidSetting, Settings
from emulator.stepfunctions import retention
from emulator.wire.operations import perform
from emulator.wire.protocol import Call

DAY = 24 * 3600
PASS = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
FAIL = {"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "Bad"}}}
WAIT = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 100 * DAY, "End": True}}}


def code(function, **params):
    with pytest.raises(ClientError) as refused:
        function(**params)
    return refused.value.response["Error"]["Code"]


@pytest.mark.parametrize("definition", [PASS, FAIL])
def test_an_execution_is_gone_90_days_after_its_end(dynastep, create, definition):
    states = dynastep.client("stepfunctions")
    machine = create("machine", definition)
    arn = states.start_execution(stateMachineArn=machine, name="first", input="{}")["executionArn"]
    stopped = states.describe_execution(executionArn=arn)["stopDate"]
    dynastep.clock.advance(90 * DAY - 1)
    assert states.describe_execution(executionArn=arn)["stopDate"] == stopped
    assert [each["name"] for each in states.list_executions(stateMachineArn=machine)["executions"]] == ["first"]
    dynastep.clock.advance(1)
    for ask in (states.describe_execution, states.get_execution_history, states.stop_execution):
        assert code(ask, executionArn=arn) == "ExecutionDoesNotExist"
    assert states.list_executions(stateMachineArn=machine)["executions"] == []


def test_the_name_of_an_execution_that_is_gone_can_be_used_again(dynastep, create):
    states = dynastep.client("stepfunctions")
    machine = create("machine", PASS)
    arn = states.start_execution(stateMachineArn=machine, name="first", input="{}")["executionArn"]
    states.describe_execution(executionArn=arn)
    dynastep.clock.advance(89 * DAY)
    assert code(states.start_execution, stateMachineArn=machine, name="first") == "ExecutionAlreadyExists"
    dynastep.clock.advance(DAY)
    again = states.start_execution(stateMachineArn=machine, name="first", input='{"second": true}')["executionArn"]
    assert again == arn
    assert json.loads(states.describe_execution(executionArn=arn)["input"]) == {"second": True}


def test_an_execution_that_runs_for_longer_than_90_days_stays(dynastep, create):
    states = dynastep.client("stepfunctions")
    arn = states.start_execution(stateMachineArn=create("machine", WAIT))["executionArn"]
    dynastep.clock.advance(95 * DAY)
    assert states.describe_execution(executionArn=arn)["status"] in ("RUNNING", "SUCCEEDED")
    dynastep.clock.advance(89 * DAY)
    assert states.describe_execution(executionArn=arn)["status"] == "SUCCEEDED"


def call(world, operation, **params):
    return perform(world, Call("stepfunctions", operation, params, "000000000000", "us-east-1", ""))


@pytest.fixture
def world():
    with_little_room = Control(Settings(clock="virtual", keep_executions=30_000))
    yield with_little_room.world
    with_little_room.close()


def create_in(world, definition):
    params = {"name": "m", "definition": json.dumps(definition), "roleArn": "arn:aws:iam::000000000000:role/r"}
    return call(world, "CreateStateMachine", **params)["stateMachineArn"]


def names_in(world, machine):
    return [each["name"] for each in call(world, "ListExecutions", stateMachineArn=machine)["executions"]]


def test_where_there_is_no_more_room_those_that_ended_first_go(world):
    machine = create_in(world, PASS)
    for number in range(20):
        call(world, "StartExecution", stateMachineArn=machine, name=f"e{number}", input="{}")
        world.engine.ask(lambda: None, lambda: False)
    kept = names_in(world, machine)
    assert 2 <= len(kept) < 10
    assert kept == [f"e{number}" for number in range(19, 19 - len(kept), -1)]
    assert world.retention.size <= 30_000
    assert len(world.retention) == len(kept)


def test_what_runs_does_not_go_for_want_of_room(world):
    machine = create_in(world, WAIT)
    for number in range(20):
        call(world, "StartExecution", stateMachineArn=machine, name=f"e{number}", input="{}")
    assert len(world.retention) == 0
    world.engine.advance(100 * DAY)
    assert len(names_in(world, machine)) < 10


def test_an_execution_that_is_redriven_is_not_among_those_that_have_ended(world):
    machine = create_in(world, FAIL)
    arn = call(world, "StartExecution", stateMachineArn=machine, name="e", input="{}")["executionArn"]
    call(world, "DescribeExecution", executionArn=arn)
    size = world.retention.size
    call(world, "RedriveExecution", executionArn=arn)
    call(world, "DescribeExecution", executionArn=arn)
    assert len(world.retention) == 1
    assert size < world.retention.size < 2 * size


def test_with_a_machine_its_executions_go(world):
    machine = create_in(world, PASS)
    call(world, "StartExecution", stateMachineArn=machine, name="e", input="{}")
    names_in(world, machine)
    call(world, "DeleteStateMachine", stateMachineArn=machine)
    assert (len(world.retention), world.retention.size) == (0, 0)


def test_the_histories_of_older_executions_are_packed_and_read_the_same(monkeypatch):
    world = Control(Settings(clock="virtual", keep_executions=1 << 30)).world
    machine = create_in(world, PASS)

    def history(name):
        arn = f"arn:aws:states:us-east-1:000000000000:execution:m:{name}"
        return call(world, "GetExecutionHistory", executionArn=arn)["events"]

    monkeypatch.setattr(retention, "UNPACKED", 3_000)
    given = '{"text" : "é"}'
    for number in range(9):
        call(world, "StartExecution", stateMachineArn=machine, name=f"e{number}", input=given)
        world.engine.ask(lambda: None, lambda: False)
    executions = [world.retention._kept[arn].execution for arn in world.retention._kept]
    packed = [bool(execution.history._chunks) for execution in executions]
    assert packed == sorted(packed, reverse=True)
    assert set(packed) == {True, False}

    def shown(name):
        return [{**event, "timestamp": 0} for event in history(name)]

    assert shown("e0") == shown("e8")
    assert history("e0")[0]["executionStartedEventDetails"]["input"] == given


@pytest.mark.parametrize(
    ("text", "size"), [("0", 0), ("1000", 1000), ("5KB", 5 * 1024), ("2MB", 2 * 1024**2), ("1GB", 1024**3)]
)
def test_the_room_is_set_in_bytes(text, size):
    assert Settings.read({"DYNASTEP_KEEP_EXECUTIONS": text}).keep_executions == size


@pytest.mark.parametrize("text", ["much", "5 MB", "-1", "1.5GB", "MB", "10mb"])
def test_a_size_that_is_none_is_refused(text):
    with pytest.raises(InvalidSetting) as refused:
        Settings.read({}, {"keep_executions": text})
    assert str(refused.value) == f"--keep-executions is {text!r}: a number of bytes is wanted, such as 50MB"


COUNTS = """
import gc, json, sys
from emulator.settings import Settings
from emulator.wire.operations import perform
from emulator.wire.protocol import Call
from emulator.moto_door.state import opened
from emulator.control import Control
from emulator.wiring import meet_moto

KINDS = ("Execution", "History", "StateMachine", "Table", "Queue", "SQSBackend", "Store")

def count():
    gc.collect()  # a reset leaves it to the collector to find what is few
    kinds = [type(each) for each in gc.get_objects()]
    ours = [kind.__name__ for kind in kinds if str(kind.__module__).startswith(("emulator.", "moto.", "asl_interpreter."))]
    return [ours.count(kind) for kind in KINDS]

def call(service, operation, **params):
    return perform(control.world, Call(service, operation, params, "000000000000", "us-east-1", ""))

control = Control(Settings(clock="virtual"))
meet_moto(lambda _: control.world)
counts = [count()]
for _ in range(2):
    definition = '{"StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}}'
    arn = call("stepfunctions", "CreateStateMachine", name="m", definition=definition, roleArn="arn:aws:iam::000000000000:role/r")
    call("stepfunctions", "StartExecution", stateMachineArn=arn["stateMachineArn"], name="e")
    call("stepfunctions", "ListExecutions", stateMachineArn=arn["stateMachineArn"])
    key = {"AttributeName": "id"}
    call("dynamodb", "CreateTable", TableName="table", BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{**key, "AttributeType": "S"}], KeySchema=[{**key, "KeyType": "HASH"}])
    opened()
    from moto.sqs.models import sqs_backends
    sqs_backends["000000000000"]["us-east-1"].create_queue("q", {})
    counts.append(count())
    control.reset()
    counts.append(count())
print(json.dumps(counts))
"""


def test_of_a_world_that_was_reset_nothing_is_left():
    """In a process of its own, as moto's state is the process's."""
    done = subprocess.run([sys.executable, "-c", COUNTS], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    at_first, full, empty, full_again, empty_again = json.loads(done.stdout)
    assert at_first[:5] == [0, 0, 0, 0, 0]
    assert full[:5] == full_again[:5] == [1, 1, 1, 1, 1]
    assert empty[:5] == empty_again[:5] == [0, 0, 0, 0, 0]
    assert empty == empty_again
