"""Functions in processes under virtual time: they run side by side, answer in order, and nobody waits to start them."""

from __future__ import annotations

import json
import threading

import pytest

from asl_interpreter.loop import scheduler

MEETS = """
import os, pathlib, time

def handler(event, context):
    place = pathlib.Path(event["place"])
    (place / str(event["number"])).touch()
    limit = time.monotonic() + 20
    while len(list(place.iterdir())) < event["of"]:
        if time.monotonic() > limit:
            raise TimeoutError("the others never came")
        time.sleep(0.01)
    return event["number"]
"""
"""A function that goes on when as many as are meant to be there run at the same time."""

WAITS = """
import pathlib, time

def handler(event, context):
    while not pathlib.Path(event["gate"]).exists():
        time.sleep(0.01)
    return "opened"
"""


def mapped(function):
    work = {"Type": "Task", "Resource": function, "End": True}
    each = {"Type": "Map", "ItemProcessor": {"StartAt": "Work", "States": {"Work": work}}, "End": True}
    return {"StartAt": "Each", "States": {"Each": each}}


def told(execution):
    """What happened, in which order, to whom: ids and names without times."""
    return [(event["id"], event["previousEventId"], event["type"]) for event in execution.history]


def test_a_map_calls_processes_side_by_side_and_its_history_is_the_same_each_time(functions, tmp_path):
    arn = functions.create(MEETS, Timeout=30)
    histories = []
    for run in range(2):
        place = tmp_path / str(run)
        place.mkdir()
        items = [{"place": str(place), "number": number, "of": 4} for number in range(4)]
        execution = functions.dynastep.run(mapped(arn), items)
        assert execution.output == [0, 1, 2, 3]
        histories.append(told(execution))
    assert histories[0] == histories[1]


def test_a_start_is_answered_while_the_function_that_it_calls_still_runs(functions, tmp_path, monkeypatch, create):
    monkeypatch.setattr(scheduler, "LOOK_SECONDS", 3600)
    gate = tmp_path / "gate"
    arn = functions.create(WAITS, Timeout=60)
    machine = create("machine", {"StartAt": "Work", "States": {"Work": {"Type": "Task", "Resource": arn, "End": True}}})
    states = functions.dynastep.client("stepfunctions")
    started = [
        states.start_execution(stateMachineArn=machine, input=json.dumps({"gate": str(gate)}))["executionArn"]
        for _ in range(3)
    ]
    assert not gate.exists()
    gate.touch()
    described = [states.describe_execution(executionArn=each) for each in started]
    assert [each["output"] for each in described] == ['"opened"'] * 3


@pytest.mark.parametrize("number", [2, 20])
def test_callables_of_the_test_itself_run_one_after_the_other(dynastep, number):
    running, most = threading.Semaphore(1), []

    def work(event):
        most.append(running.acquire(blocking=False))
        running.release()
        return event

    assert dynastep.run(mapped(dynastep.function("work", work)), list(range(number))).output == list(range(number))
    assert most == [True] * number
