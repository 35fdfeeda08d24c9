"""What pytest shows of a failed test that has run machines, word for word."""

from __future__ import annotations

import re

import pytest

from asl_interpreter.loop.scheduler import Deadlock

ORDER = """{"StartAt": "Price",
 "States": {
  "Price": {"Type": "Pass", "Parameters": {"price.$": "$.totl"}, "End": true}}}
"""


def section(result):
    """The lines of the section of the report."""
    lines = result.outlines
    start = next(number for number, line in enumerate(lines) if re.fullmatch("-+ dynastep -+", line))
    end = next(number for number in range(start + 1, len(lines)) if re.match("[-=_]{6}", lines[number]))
    return lines[start + 1 : end]


def errors(result):
    return [re.sub("^E {7}", "", line) for line in result.outlines if line.startswith("E   ")]


def test_an_assertion_of_an_execution_that_failed_says_why(project, pytester):
    pytester.makefile(".asl.json", order=ORDER)
    result = project(
        """
        from pathlib import Path

        def test_it(dynastep):
            execution = dynastep.run(Path("order.asl.json"), {"total": 7}, name="first")
            assert execution.succeeded
        """
    )
    result.assert_outcomes(failed=1)
    cause = (
        "An error occurred while executing the state 'Price' (entered at the event id #2). The JSONPath '$.totl' "
        "specified for the field 'price.$' could not be found in the input '{\"total\":7}'"
    )
    first, *rest = errors(result)
    assert (
        first.removeprefix("AssertionError: ") == "machine-1:first FAILED with States.Runtime after 0 s"
    )  # of pytest 9
    assert rest == [
        f"  cause:   {cause}",
        "  path:    Price",
        "  failed:  Price (Pass) at order.asl.json:3",
        '  input:   {"total":7}',
        "  hint:    $.totl: the input has no 'totl'; is 'total' meant? Its value is 7",
        "  events:",
        '       1       0 s  ExecutionStarted  {"total":7}',
        '       2       0 s  PassStateEntered  Price  {"total":7}',
        f"       3       0 s  ExecutionFailed  States.Runtime: {cause[:160]}... ({len(cause) - 160} more characters)",
        "assert False",
        " +  where False = <Execution machine-1:first FAILED with States.Runtime>.succeeded",
    ]
    assert not any("- dynastep -" in line for line in result.outlines)


def test_a_failed_test_shows_all_its_executions_and_no_frames_of_ours(project):
    result = project(
        """
        import json
        import boto3

        FAIL = {"StartAt": "No", "States": {"No": {"Type": "Fail", "Error": "Out", "Cause": "of stock"}}}
        PASS = {"StartAt": "Yes", "States": {"Yes": {"Type": "Succeed"}}}

        def test_it(dynastep):
            dynastep.run(PASS, name="good")
            arn = dynastep.machine(FAIL)
            boto3.client("stepfunctions").start_execution(stateMachineArn=arn, name="bad")
            assert 1 == 2
        """
    )
    result.assert_outcomes(failed=1)
    assert section(result) == [
        "machine-1:good SUCCEEDED after 0 s",
        "  path:    Yes",
        "  events:",
        "       1       0 s  ExecutionStarted  {}",
        "       2       0 s  SucceedStateEntered  Yes  {}",
        "       3       0 s  SucceedStateExited  Yes  {}",
        "       4       0 s  ExecutionSucceeded  {}",
        "",
        "machine-2:bad FAILED with Out after 0 s",
        "  cause:   of stock",
        "  path:    No",
        "  failed:  No (Fail)",
        "  input:   {}",
        "  events:",
        "       1       0 s  ExecutionStarted  {}",
        "       2       0 s  FailStateEntered  No  {}",
        "       3       0 s  ExecutionFailed  Out: of stock",
    ]


def test_a_test_is_told_its_own_executions_where_several_share_an_emulator(project):
    result = project(
        """
        import pytest
        from emulator.testing import emulator

        PASS = {"StartAt": "Yes", "States": {"Yes": {"Type": "Succeed"}}}

        @pytest.fixture(scope="module")
        def aws():
            with emulator() as dynastep:
                yield dynastep

        def test_one(aws):
            aws.run(PASS, name="one")

        def test_two(aws):
            aws.run(PASS, name="two")
            raise ValueError
        """
    )
    result.assert_outcomes(passed=1, failed=1)
    assert section(result)[0] == "machine-2:two SUCCEEDED after 0 s"


@pytest.mark.parametrize(
    ("call", "error"),
    [
        ('dynastep.run({"StartAt": "A", "States": {}})', "emulator.faults.Fault: InvalidDefinition: Invalid State *"),
        ("dynastep.run(PASS, {1, 2})", "TypeError: Object of type set is not JSON serializable"),
        ("dynastep.start(PASS, float('nan'))", "ValueError: Out of range float values are not JSON compliant*"),
    ],
)
def test_a_mistake_of_the_test_shows_the_line_of_the_test_alone(project, call, error):
    result = project(
        f"""
        PASS = {{"StartAt": "Yes", "States": {{"Yes": {{"Type": "Succeed"}}}}}}

        def test_it(dynastep):
            {call}
        """
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"E *{error}"])
    assert not any("emulator/" in line for line in result.outlines)


def test_mocks_are_told_once_where_the_test_has_failed_already(project):
    result = project(
        """
        def test_it(dynastep):
            dynastep.mock("Charge", 1)
            raise ValueError
        """
    )
    result.assert_outcomes(failed=1)
    assert section(result) == [
        "The mock of 'Charge' was never used.",
        "Tasks that were called: none.",
        "A mock that may be left over says optional=True; see docs/mocks.md.",
    ]


TOKEN = "arn:aws:states:::lambda:invoke.waitForTaskToken"
ACTIVITY = "arn:aws:states:us-east-1:{}:activity:pick"
MOVE = "dynastep.clock.advance(seconds=...) while it runs, which dynastep.start(...) does in place of run(...)"


@pytest.mark.parametrize(
    ("mode", "state", "said"),
    [
        (
            "manual",
            {"Type": "Wait", "Seconds": 5},
            ("(Wait) waits for its time to come, and the clock is manual.", MOVE, 'dynastep.clock.mode = "virtual", '),
        ),
        (
            "virtual",
            {
                "Type": "Task",
                "Resource": TOKEN,
                "Parameters": {"FunctionName": "ask", "Payload": {"token.$": "$$.Task.Token"}},
            },
            (
                "(Task) waits for its task token.",
                "a mock of it, dynastep.mock('Approve', ...)",
                "dynastep.start(...) in place of run(...), then .token('Approve').succeed(...)",
            ),
        ),
        (
            "virtual",
            {"Type": "Task", "Resource": ACTIVITY},
            (
                "(Task) waits for a worker of the activity pick.",
                "a mock of it, dynastep.mock('Approve', ...)",
                "a worker: a thread that calls GetActivityTask and SendTaskSuccess while it runs",
            ),
        ),
        (
            "manual",
            {
                "Type": "Task",
                "Resource": "arn:aws:lambda:us-east-1:{}:function:bad",
                "Retry": [{"ErrorEquals": ["States.ALL"]}],
            },
            ("(Task) waits for attempt 2, and the clock is manual.", MOVE, 'dynastep.clock.mode = "virtual", '),
        ),
    ],
    ids=["time", "token", "activity", "retry"],
)
def test_a_deadlock_names_the_machine_the_state_what_it_waits_for_and_what_helps(dynastep, mode, state, said):
    dynastep.function("ask", lambda _: None)
    dynastep.function("bad", lambda _: 1 / 0)
    dynastep.client("stepfunctions").create_activity(name="pick")
    if "Resource" in state:
        state = {**state, "Resource": state["Resource"].format(dynastep.account)}
    dynastep.clock.mode = mode
    with pytest.raises(Deadlock) as raised:
        dynastep.run({"StartAt": "Approve", "States": {"Approve": {**state, "End": True}}})
    lines = str(raised.value).splitlines()
    assert lines[:3] == [
        "machine-1 cannot go on: nothing is left that could happen by itself.",
        f"  'Approve' {said[0]}",
        f"    Helps: {said[1]};",
    ]
    assert lines[3].startswith(f"    or {said[2]}")
    assert len(lines) == 4


@pytest.mark.parametrize(
    "mistake",
    [
        'dynastep.faults("dynamodb:*", error="Throttlin")',
        'dynastep.faults("dynamodb:*", error="ThrottlingException", rate="often")',
        'dynastep.mock("Charge", {1, 2})',
        'dynastep.mock("Charge", 1, checked="somewhat")',
        'dynastep.run({"StartAt": "A", "States": {}})',
        'dynastep.machine({"StartAt": "A", "States": {}})',
    ],
)
def test_a_mistake_of_a_test_is_shown_without_our_code(project, mistake):
    result = project(f"def test_it(dynastep):\n    {mistake}\n")
    result.assert_outcomes(failed=1)
    places = [line for line in result.outlines if re.fullmatch(r"\S+\.py:\d+: .*", line)]
    assert [place.split(":")[:2] for place in places] == [
        ["test_a_mistake_of_a_test_is_shown_without_our_code.py", "2"]
    ]
