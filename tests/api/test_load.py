"""Many executions at once, and what is left of them. A short run of the command fuzz.load."""

from __future__ import annotations

import gc
import json
import weakref
from xml.etree import ElementTree as ET

import pytest
from fuzz import harsh, load, soak, waiting
from fuzz.server import running


def test_of_executions_started_by_many_threads_none_is_lost_and_none_runs_twice():
    with load.loaded() as (port, pid):
        assert load.run(port, pid, 200).executions == 200


@pytest.fixture
def _uncollected():
    """No garbage is collected: what goes has no circle of references."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


STATES = {
    "Work": {"Type": "Task", "Resource": "{work}", "TimeoutSeconds": 60, "ResultPath": None, "Next": "Each"},
    "Each": {
        "Type": "Map",
        "ItemsPath": "$.items",
        "ItemProcessor": {"StartAt": "Rest", "States": {"Rest": {"Type": "Wait", "Seconds": 1, "End": True}}},
        "ResultPath": None,
        "Next": "Both",
    },
    "Both": {
        "Type": "Parallel",
        "Branches": [{"StartAt": "Hand on", "States": {"Hand on": {"Type": "Pass", "End": True}}}],
        "ResultPath": None,
        "Next": "Ask",
    },
    "Ask": {"Type": "Task", "Resource": "{ask}", "HeartbeatSeconds": 60, "End": True},
}


@pytest.mark.usefixtures("_uncollected")
@pytest.mark.parametrize("ending", ["answered", "stopped", "timed out"])
def test_of_a_deleted_machine_and_its_executions_nothing_is_kept(dynastep, create, ending):
    states = dynastep.client("stepfunctions")
    ask = states.create_activity(name="ask")["activityArn"]
    work = dynastep.function("work", lambda event: event)
    text = json.dumps({"StartAt": "Work", "States": STATES, "TimeoutSeconds": 600})
    arn = create("machine", json.loads(text.replace("{work}", work).replace("{ask}", ask)))
    started = [states.start_execution(stateMachineArn=arn, input='{"items": [1, 2]}')["executionArn"] for _ in range(5)]
    for execution in started:
        if ending == "answered":
            token = states.get_activity_task(activityArn=ask)["taskToken"]
            states.send_task_success(taskToken=token, output="1")
        elif ending == "stopped":
            states.stop_execution(executionArn=execution)
        else:
            dynastep.clock.advance(601)
    ((machine,),) = [list(machines) for machines in dynastep._world._machines.values()]
    wanted = {"answered": "SUCCEEDED", "stopped": "ABORTED", "timed out": "TIMED_OUT"}[ending]
    assert {execution.status for execution in machine.executions.values()} == {wanted}
    kept = [weakref.ref(execution) for execution in machine.executions.values()]
    del machine
    states.delete_state_machine(stateMachineArn=arn)
    states.list_activities()  # what the loop did last is not in its hands any more
    assert [reference() for reference in kept] == [None] * 5


def test_those_who_wait_hold_up_nobody_and_a_reset_ends_them():
    slowest, ended, _ = waiting.run(40)
    assert slowest < waiting.SLOWEST
    assert ended == {"ActivityDoesNotExist": 40}


def test_resets_with_calls_in_flight_leave_no_threads_behind():
    before, after = waiting.resets(8)
    assert after <= before + 8


def test_a_soak_looks_at_the_memory_after_each_round_and_each_reset():
    with running() as (port, pid):
        looks = soak.soak(port, pid, operations=60, resets=1, seconds=60, seed=1)
    assert [(look.operations, look.was_reset) for look in looks] == [(0, False), (60, False), (60, True), (120, False)]
    drawn = ET.fromstring(soak.plot(looks))
    kinds = [part.tag.rpartition("}")[2] for part in drawn]
    assert (kinds.count("polyline"), kinds.count("circle")) == (1, 1)
    said = []
    assert soak.shown(looks, said.append) == max(look.mebibytes for look in looks)
    assert said[-1].endswith("MiB after 120 operations")


def test_a_wait_is_neither_longer_nor_shorter_where_somebody_sets_the_clock():
    assert harsh.set_clock(wait=1) < harsh.LATE
