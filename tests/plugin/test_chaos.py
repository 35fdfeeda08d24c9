"""``pytest --asl-chaos=SEED``: what it says of machines whose Tasks fail, word for word."""

from __future__ import annotations

import json

import pytest

LAMBDA = "arn:aws:states:::lambda:invoke"


def task(name, **fields):
    end = {} if "Next" in fields else {"End": True}
    return {"Type": "Task", "Resource": LAMBDA, "Parameters": {"FunctionName": name}, **end, **fields}


def handler(*errors, **fields):
    return {"ErrorEquals": list(errors), **fields}


ORDER = {
    "StartAt": "Charge",
    "States": {
        "Charge": task(
            "charge",
            Retry=[handler("States.ALL", IntervalSeconds=1, MaxAttempts=1)],
            Catch=[
                handler("Card.Lost", Next="Ask"),
                handler("Card.Lost", "Card.Stolen", Next="Tell"),
                handler("Card.Stolen", Next="Tell"),
            ],
            Next="Ship",
        ),
        "Ship": task("ship", Retry=[handler("Ship.Busy"), handler("Ship.Never", MaxAttempts=0)]),
        "Ask": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            "Parameters": {"QueueUrl": "q", "MessageBody.$": "$$.Task.Token"},
            "End": True,
        },
        "Tell": {"Type": "Fail", "Error": "Told"},
    },
}
TEST = """
from pathlib import Path

def test_an_order(dynastep):
    dynastep.function("charge", lambda event: "paid")
    dynastep.function("ship", lambda event: "sent")
    dynastep.client("sqs").create_queue(QueueName="q")
    assert dynastep.run(Path("order.asl.json")).succeeded
"""


@pytest.fixture
def order(pytester):
    pytester.makefile(".asl.json", order=json.dumps(ORDER))


FOUND = [
    "order.asl.json: 10 failures of 2 Tasks",
    "  stuck      Charge fails for good with Card.Lost: 'Ask' (Task) waits for its task token.",
    "  unhandled  Charge fails for good with Chaos.Unnamed: the execution FAILED with Chaos.Unnamed.",
    "  unhandled  Ship fails for good with Ship.Busy: the execution FAILED with Ship.Busy.",
    "  unhandled  Ship fails with Ship.Never: the execution FAILED with Ship.Never.",
    "  unhandled  Ship fails with Chaos.Unnamed: the execution FAILED with Chaos.Unnamed.",
    "  never used Charge: Catcher 3 (Card.Stolen) is behind Catcher 2 (Card.Lost, Card.Stolen).",
]


def test_the_report_says_what_fails_and_what_is_never_used(project, order):
    result = project(TEST, "--asl-chaos=7")
    result.assert_outcomes(passed=1)
    lines = result.outlines
    start = next(number for number, line in enumerate(lines) if "chaos of state machines (seed 7)" in line)
    assert lines[start + 1 : start + 1 + len(FOUND)] == FOUND


def test_workers_tell_the_main_process(project, order):
    result = project(TEST, "--asl-chaos=7", "-n", "1", timeout=120)
    start = next(number for number, line in enumerate(result.outlines) if "chaos of state machines" in line)
    assert result.outlines[start + 1 : start + 1 + len(FOUND)] == FOUND


def test_without_the_option_a_test_runs_once(project, order, pytester):
    counting = TEST + "    Path('runs').write_text(Path('runs').read_text() + '.' if Path('runs').exists() else '.')\n"
    project(counting).assert_outcomes(passed=1)
    assert (pytester.path / "runs").read_text() == "."
    project(counting, "--asl-chaos=1").assert_outcomes(passed=1)
    assert (pytester.path / "runs").read_text() != "."


MAPS = """
RETRY = [{"ErrorEquals": ["States.TaskFailed"], "MaxAttempts": 1}]

def test_maps(dynastep):
    dynastep.function("f", lambda event: 1)
    work = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "f"}, "End": True}
    inner = {"StartAt": "Work", "States": {"Work": work}}
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Done"}]
    each = {"Type": "Map", "ItemProcessor": inner, "Retry": RETRY, "Catch": catch, "Next": "Done"}
    definition = {"StartAt": "Each", "States": {"Each": each, "Done": {"Type": "Pass", "End": True}}}
    assert dynastep.run(definition, [1, 2, 3]).output == [1] * 3 or True
"""


def test_retry_and_catch_of_a_map_count_for_its_tasks(project):
    result = project(MAPS, "--asl-chaos=3")
    result.stdout.fnmatch_lines(
        [
            "*chaos of state machines (seed 3)*",
            "machine-1: 2 failures of 1 Task",
            "  Every failure is handled, and every Retrier and Catcher is used.",
        ],
        consecutive=True,
    )


WAITS = """
def test_an_approval(dynastep):
    dynastep.function("f", lambda event: 1)
    first = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "f"},
             "Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 1}], "Next": "Approve"}
    approve = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken", "End": True,
               "Parameters": {"FunctionName": "f", "Payload": {"token.$": "$$.Task.Token"}}}
    started = dynastep.start({"StartAt": "First", "States": {"First": first, "Approve": approve}})
    started.advance_to("Approve")
    assert started.now().states["First"].errors == []
    started.token("Approve").succeed({})
    assert started.result().states["First"].errors == []
"""


def test_what_a_test_would_have_answered_is_not_stuck(project):
    result = project(WAITS, "--asl-chaos=3")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["machine-1: * failures of 2 Tasks", "  unhandled  First fails for good with *"])
    assert "stuck" not in result.stdout.str()


def test_a_suite_without_machines_says_so(project):
    project("def test_nothing():\n    pass\n", "--asl-chaos=3").stdout.fnmatch_lines(["No Task has failed."])
