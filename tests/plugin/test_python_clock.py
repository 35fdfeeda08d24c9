"""Python's own clock follows that of a test, where the test wants it."""

from __future__ import annotations

import sys
import threading
import time
from datetime import datetime, timezone

import pytest

from asl_interpreter.loop.clock import EPOCH, real_time
from dynastep import emulator

pytest.importorskip("time_machine")


def test_python_tells_the_time_of_the_machine_in_callables_and_after_them(dynastep):
    dynastep.clock.freeze_python = True
    tell = dynastep.function("tell", lambda event: [time.time(), datetime.now(timezone.utc).isoformat()])
    states = {"Rest": {"Type": "Wait", "Seconds": 86_400, "Next": "Tell"}}
    states["Tell"] = {"Type": "Task", "Resource": tell, "End": True}
    execution = dynastep.run({"StartAt": "Rest", "States": states})
    assert execution.output == [EPOCH + 86_400, "2026-01-02T00:00:00+00:00"]
    assert time.time() == dynastep.clock.now() == EPOCH + 86_400


def test_an_item_that_python_dates_expires_by_the_clock_of_the_table(dynastep):
    dynastep.clock.freeze_python = True
    table = dynastep.client("dynamodb")
    keys = {"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]}
    attributes = [{"AttributeName": "id", "AttributeType": "S"}]
    table.create_table(TableName="sessions", AttributeDefinitions=attributes, BillingMode="PAY_PER_REQUEST", **keys)
    table.update_time_to_live(TableName="sessions", TimeToLiveSpecification={"AttributeName": "until", "Enabled": True})
    until = str(int(time.time()) + 3600)
    table.put_item(TableName="sessions", Item={"id": {"S": "a"}, "until": {"N": until}})
    assert table.scan(TableName="sessions")["Count"] == 1
    dynastep.clock.advance(days=3)
    assert table.scan(TableName="sessions")["Count"] == 0


def test_real_time_goes_on_for_timeouts_and_processes(dynastep):
    before = real_time()
    dynastep.clock.freeze_python = True
    assert real_time() - before < 60
    began = time.monotonic()
    assert not threading.Event().wait(0.01)
    assert time.monotonic() > began


def test_it_ends_with_the_test():
    with emulator() as dynastep:
        dynastep.clock.freeze_python = True
        assert time.time() == EPOCH
    assert abs(time.time() - real_time()) < 60
    assert time.time() > EPOCH + 60


def test_it_can_be_turned_off(dynastep):
    dynastep.clock.freeze_python = True
    dynastep.clock.freeze_python = True
    dynastep.clock.freeze_python = False
    assert not dynastep.clock.freeze_python
    assert time.time() != EPOCH


def test_a_clock_that_is_real_cannot_be_followed(dynastep):
    dynastep.clock.mode = "wall"
    with pytest.raises(ValueError, match="cannot follow a clock that is real: clock.mode = 'virtual' comes first"):
        dynastep.clock.freeze_python = True
    dynastep.clock.mode = "virtual"
    dynastep.clock.freeze_python = True
    with pytest.raises(ValueError, match="freeze_python = False comes first"):
        dynastep.clock.mode = "wall"


def test_without_time_machine_the_remedy_is_named(dynastep, monkeypatch):
    monkeypatch.setitem(sys.modules, "time_machine", None)
    with pytest.raises(RuntimeError, match=r"needs time-machine: pip install 'dynastep\[time\]'"):
        dynastep.clock.freeze_python = True
