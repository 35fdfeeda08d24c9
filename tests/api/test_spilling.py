"""What histories have packed: in memory as far as there is room, in a file beyond that, and read the same from there."""

from __future__ import annotations

import errno
import gc
import json
import logging
import os
import tempfile
import threading
from random import Random

import pytest

from asl_interpreter import history
from emulator.control import Control
from emulator.settings import Settings
from emulator.stepfunctions import retention
from emulator.stepfunctions.spilling import Spill
from emulator.wire.operations import perform
from emulator.wire.protocol import Call

ROLE = "arn:aws:iam::000000000000:role/r"


def test_what_finds_room_stays_in_memory_and_the_rest_goes_to_a_file():
    spill = Spill(room=10)
    first, second, third = spill.keep(b"12345678"), spill.keep(b"abc"), spill.keep(b"zz")
    assert [each.elsewhere for each in (first, second, third)] == [0, 3, 0]
    assert [each.read() for each in (first, second, third)] == [b"12345678", b"abc", b"zz"]
    assert (spill.in_memory, spill.in_file) == (10, 3)


def test_room_that_nobody_holds_any_more_is_used_again():
    spill = Spill(room=0)
    kept = [spill.keep(bytes([number]) * 10) for number in range(5)]
    del kept[1:3]
    assert spill.in_file == 50
    between = spill.keep(b"x" * 15)
    assert spill.in_file == 50
    assert [each.read()[:1] for each in kept] == [b"\0", b"\3", b"\4"]
    assert between.read() == b"x" * 15
    kept.clear()
    assert spill.in_file == 25  # what is at the end of the file is given back
    del between
    assert spill.in_file == 0


def test_whatever_is_kept_and_let_go_each_reads_as_it_was():
    random, spill = Random(7), Spill(room=2_000)
    held = []
    for _ in range(3_000):
        if held and random.random() < 0.48:
            held.pop(random.randrange(len(held)))
        else:
            packed = random.randbytes(random.randrange(1, 400))
            held.append((packed, spill.keep(packed)))
        if held:
            packed, kept = random.choice(held)
            assert kept.read() == packed
    assert all(kept.read() == packed for packed, kept in held)
    assert sum(kept.elsewhere for _, kept in held) <= spill.in_file
    held.clear()
    kept = None
    gc.collect()
    assert (spill.in_memory, spill.in_file) == (0, 0)


def test_threads_may_keep_and_read_at_once():
    spill, wrong = Spill(room=0), []

    def work(number):
        random = Random(number)
        held = {}
        for turn in range(300):
            packed = random.randbytes(random.randrange(1, 300))
            held[turn] = packed, spill.keep(packed)
            held.pop(random.randrange(turn + 1), None)
            wrong.extend(turn for packed, kept in held.values() if kept.read() != packed)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert spill.in_file == 0


class Small:
    """A file on a disk with room for so many bytes."""

    def __init__(self, file, room):
        self.file, self.room = file, room

    def __getattr__(self, name):
        return getattr(self.file, name)

    def write(self, given):
        room = self.room - self.file.tell()
        if room <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return self.file.write(given[:room])


@pytest.fixture
def full(monkeypatch):
    """Makes files on a disk with room for 10 bytes."""
    with tempfile.TemporaryFile(buffering=0) as file:
        small = Small(file, 10)
        monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: small)
        yield small


def test_on_a_full_disk_what_is_packed_stays_in_memory_and_the_log_says_so_once(full, caplog):
    spill = Spill(room=0)
    fits = spill.keep(b"12345678")
    with caplog.at_level(logging.WARNING, "dynastep"):
        stay = [spill.keep(b"abcdef"), spill.keep(b"uvwxyz")]
    assert [each.read() for each in (fits, *stay)] == [b"12345678", b"abcdef", b"uvwxyz"]
    assert (spill.in_memory, spill.in_file) == (12, 8)
    assert os.fstat(full.fileno()).st_size == 8
    assert [record.message for record in caplog.records] == [
        "Histories stay in memory, for the temporary file that they should go to cannot be written: "
        "No space left on device. TMPDIR names the folder of such files."
    ]
    full.room = 100
    assert spill.keep(b"again").elsewhere == 5


# Executions.

LONG = {"n.$": "States.MathAdd($.n, 1)", "text.$": "States.Format('{}{}', $.n, $$.Execution.Input.text)"}


def states(count, end):
    """Each state makes another long text."""
    long = {"Type": "Pass", "Parameters": LONG}
    made = {f"S{number}": {**long, "Next": f"S{number + 1}"} for number in range(count)}
    return {"StartAt": "S0", "States": {**made, f"S{count}": end}}


SUCCEED = {"Type": "Succeed"}
FAIL = {"Type": "Fail", "Error": "Bad"}


def call(control, operation, **params):
    return perform(control.world, Call("stepfunctions", operation, params, "000000000000", "us-east-1", ""))


def started(control, definition, given):
    params = {"name": "m", "definition": json.dumps(definition), "roleArn": ROLE}
    machine = call(control, "CreateStateMachine", **params)["stateMachineArn"]
    arn = call(control, "StartExecution", stateMachineArn=machine, name="e", input=json.dumps(given))["executionArn"]
    call(control, "DescribeExecution", executionArn=arn)
    return arn


def pages(control, arn, **how):
    """All events of a history, read by sevens."""
    events, more = [], {}
    while True:
        page = call(control, "GetExecutionHistory", executionArn=arn, maxResults=7, **how, **more)
        events += [{**event, "timestamp": 0} for event in page["events"]]
        if "nextToken" not in page:
            return events
        more = {"nextToken": page["nextToken"]}


GIVEN = {"n": 0, "text": "é" * 3_000}


@pytest.fixture
def control():
    opened = Control(Settings(clock="virtual"))
    yield opened
    opened.close()


@pytest.fixture
def spilling(monkeypatch):
    """Histories are packed often, and all goes to the file."""
    monkeypatch.setattr(history, "BUDGET", 20_000)
    opened = Control(Settings(clock="virtual"))
    opened.world.spill._room = 0
    yield opened
    opened.close()


def test_a_history_in_a_file_reads_like_one_in_memory(control, spilling):
    whole = started(control, states(30, SUCCEED), GIVEN)
    arn = started(spilling, states(30, SUCCEED), GIVEN)
    assert spilling.world.spill.in_file > 0
    assert spilling.world.spill.in_memory == 0
    assert pages(spilling, arn) == pages(control, whole)
    assert pages(spilling, arn, reverseOrder=True) == pages(control, whole)[::-1]
    machine = call(spilling, "ListStateMachines")["stateMachines"][0]["stateMachineArn"]
    call(spilling, "DeleteStateMachine", stateMachineArn=machine)
    call(spilling, "ListStateMachines")  # what the loop did last is not in its hands any more
    gc.collect()
    assert spilling.world.spill.in_file == 0


def test_a_snapshot_of_histories_in_a_file_restores_them(control, spilling):
    arn = started(spilling, states(30, FAIL), GIVEN)
    before = pages(spilling, arn)
    spilling.take_snapshot("s")
    spilling.reset()
    spilling.restore_snapshot("s")
    spilling.world.spill._room = 0
    assert pages(spilling, arn) == before
    call(spilling, "RedriveExecution", executionArn=arn)  # it stands where it stood, by doing all of it again
    assert call(spilling, "DescribeExecution", executionArn=arn)["status"] == "FAILED"
    whole = started(control, states(30, FAIL), GIVEN)
    call(control, "RedriveExecution", executionArn=whole)
    call(control, "DescribeExecution", executionArn=whole)
    assert pages(spilling, arn) == pages(control, whole)
    assert len(pages(control, whole)) > len(before)


def test_a_history_that_was_restored_does_not_stay_unpacked(spilling):
    arn = started(spilling, states(30, SUCCEED), GIVEN)
    spilling.take_snapshot("s")
    spilling.restore_snapshot("s")
    (execution,) = (kept.execution for kept in spilling.world.retention._kept.values())
    assert execution.start.arn == arn
    assert len(execution.history._chunks) > 2


def test_the_children_of_a_map_run_go_to_the_file_too(spilling):
    processor = {**states(4, SUCCEED), "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
    each = {"Type": "Map", "ItemProcessor": processor, "End": True}
    arn = started(
        spilling, {"StartAt": "M", "States": {"M": each}}, [{"n": number, "text": "x"} for number in range(9)]
    )
    described = call(spilling, "DescribeExecution", executionArn=arn)
    assert [each["n"] for each in json.loads(described["output"])] == list(range(4, 13))
    (run,) = call(spilling, "ListMapRuns", executionArn=arn)["mapRuns"]
    children = call(spilling, "ListExecutions", mapRunArn=run["mapRunArn"])["executions"]
    assert [len(pages(spilling, child["executionArn"])) for child in children] == [12] * 9
    assert spilling.world.retention.elsewhere >= spilling.world.spill.in_file > 0


def test_what_ended_executions_have_in_the_file_is_limited_as_well(spilling, monkeypatch):
    monkeypatch.setattr(retention, "ON_DISK", 0)
    definition = json.dumps(states(30, SUCCEED))
    machine = call(spilling, "CreateStateMachine", name="m", definition=definition, roleArn=ROLE)["stateMachineArn"]
    for number in range(3):
        given = json.dumps(GIVEN)
        call(spilling, "StartExecution", stateMachineArn=machine, name=f"e{number}", input=given)
        spilling.world.engine.ask(lambda: None, lambda: False)
    kept = [each["name"] for each in call(spilling, "ListExecutions", stateMachineArn=machine)["executions"]]
    assert kept == ["e2"]
    assert len(spilling.world.retention) == 1
