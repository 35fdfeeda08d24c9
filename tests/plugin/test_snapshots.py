"""Snapshots of histories by syrupy."""

from __future__ import annotations

SUITE = """
WAIT = {"Type": "Wait", "Seconds": 5, "Next": "Name"}
NAME = {"Type": "Pass", "Parameters": {"id.$": "$$.Execution.Id", "n.$": %r}, "End": True}

def test_history(dynastep, snapshot):
    execution = dynastep.run({"StartAt": "Rest", "States": {"Rest": WAIT, "Name": NAME}}, {"n": 1})
    assert execution.history == snapshot

def test_others(snapshot):
    assert [{"id": 1}] == snapshot
"""
OPTIONS = ("-p", "syrupy", "--snapshot-default-extension", "dynastep.HistorySnapshots")
LINES = """\
# name: test_history
  '''
  ExecutionStarted  input={"n":1}
  WaitStateEntered  Rest  input={"n":1}
  WaitStateExited  Rest  output={"n":1}
  PassStateEntered  Name  input={"n":1}
  PassStateExited  Name  output={"id":"<ARN of states>","n":1}
  ExecutionSucceeded  output={"id":"<ARN of states>","n":1}
  '''
# ---
# name: test_others
  list([
    dict({
      'id': 1,
    }),
  ])
# ---
"""


def test_a_history_is_a_line_for_each_event(project, pytester):
    first = project(SUITE % "$.n", *OPTIONS, "--snapshot-update", timeout=60)
    first.assert_outcomes(passed=2)
    (written,) = pytester.path.glob("__snapshots__/*.ambr")
    assert LINES in written.read_text()
    project(SUITE % "$.n", *OPTIONS, timeout=60).assert_outcomes(passed=2)
    changed = project(SUITE % "States.MathAdd($.n, 1)", *OPTIONS, timeout=60)
    changed.assert_outcomes(passed=1, failed=1)
    changed.stdout.fnmatch_lines(['*PassStateExited  Name  output={"id":"<ARN of states>","n":2}*'])
