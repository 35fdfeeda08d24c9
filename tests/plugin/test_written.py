"""Tests that ``dynastep test-from`` writes pass when they are run, and fail when the machine does something else."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from dynastep import Later, StateError
from emulator.cli import main

SHIP = {
    "Type": "Task",
    "Resource": "arn:aws:lambda:us-east-1:000000000000:function:ship",
    "Retry": [{"ErrorEquals": ["Late"], "IntervalSeconds": 60, "MaxAttempts": 1}],
    "End": True,
}
ORDER = {"StartAt": "Ship", "States": {"Ship": SHIP}}

WRITTEN = """\
from dynastep import Later, StateError

MACHINE = {machine}
INPUT = {{'id': 7}}


def test_late_van(dynastep):
    dynastep.mock('Ship', Later(2, StateError('Late', 'no van')), {{'parcel': 1}}, checked=False)
    execution = dynastep.run(MACHINE, INPUT)
    assert execution.status == 'SUCCEEDED'
    assert execution.path == ['Ship']
    assert execution.output == {{'parcel': 1}}
"""


@pytest.fixture
def written(dynastep, tmp_path):
    """The test of an order whose van is late at first."""
    dynastep.mock("Ship", Later(2, error=StateError("Late", "no van")), {"parcel": 1}, checked=False)
    execution = dynastep.run(ORDER, {"id": 7}, name="late-van")
    server = ("--url", dynastep.url, "--account", dynastep.account)
    result = CliRunner().invoke(main, ["test-from", execution.arn, *server])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_written_test_passes(project, written):
    head, _, tail = WRITTEN.partition("{machine}")
    assert written.startswith(head)
    assert written.endswith(tail.format())
    project(written, timeout=60).assert_outcomes(passed=1)
    changed = project(written.replace("['Late']", "['Early']"), timeout=60)
    changed.assert_outcomes(failed=1)


def test_a_test_of_a_file_and_of_a_failure(dynastep, project, pytester):
    order = {"StartAt": "Ship", "States": {"Ship": {**SHIP, "Retry": []}}}
    dynastep.mock("Ship", StateError("Lost", "sunk"), checked=False)
    execution = dynastep.run(order, {"id": 7})
    (pytester.path / "order.asl.json").write_text(json.dumps(order))
    (pytester.path / "sunk.json").write_text(json.dumps({"events": execution.history}))
    arguments = ["test-from", "sunk.json", "-o", "test_sunk.py"]
    result = CliRunner().invoke(main, arguments)
    assert result.output == "Error: sunk.json holds no definition: --definition FILE names it.\n"
    result = CliRunner().invoke(main, [*arguments, "--definition", "order.asl.json"])
    assert result.output == "test_sunk.py holds a test of sunk.\n"
    text = (pytester.path / "test_sunk.py").read_text()
    assert 'MACHINE = Path("order.asl.json")' in text
    assert "    assert execution.status == 'FAILED'\n" in text
    assert "    assert execution.error == 'Lost'\n" in text
    project(text, timeout=60).assert_outcomes(passed=2)  # the file itself, and the text as another test
