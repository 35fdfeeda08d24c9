"""Quotas: each is a setting, and what exceeds one is refused as on AWS."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from asl_interpreter.quotas import AWS, Quotas
from emulator.settings import InvalidSetting, Settings

PASS = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
WAIT = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 60, "End": True}}}


@pytest.fixture
def allow(dynastep):
    def quotas(**values):
        world = dynastep._world
        settings = dataclasses.replace(world.settings, quotas=Quotas(**values))
        dynastep._control.world = dataclasses.replace(world, settings=settings)

    return quotas


def refusal(operation, **params):
    with pytest.raises(ClientError) as raised:
        operation(**params)
    response = raised.value.response
    said = response["Error"]
    return response["ResponseMetadata"]["HTTPStatusCode"], f"{said['Code']}: {said['Message']}"


def too_long(member, most):
    constraint = f"Member must have length less than or equal to {most}"
    flaw = f"Value at '{member}' failed to satisfy constraint: {constraint}"
    return 400, f"ValidationException: 1 validation error detected: {flaw}"


def test_an_input_is_measured_in_bytes(allow, states, create_one):
    allow(payload_bytes=10)
    arn = create_one(PASS)
    states.start_execution(stateMachineArn=arn, input='"12345678"')
    assert refusal(states.start_execution, stateMachineArn=arn, input='"1234567ö"') == too_long("input", 10)


def test_an_output_over_the_quota_fails_the_state(dynastep, allow):
    allow(payload_bytes=10)
    execution = dynastep.run({"StartAt": "P", "States": {"P": {"Type": "Pass", "Result": "x" * 9, "End": True}}})
    assert execution.error == "States.DataLimitExceeded"
    text = "returned a result with a size exceeding the maximum number of bytes service limit."
    assert execution.cause == f"The state/task 'P' {text}"


def test_a_service_s_answer_over_the_quota_is_what_states_all_catches(dynastep, allow):
    allow(payload_bytes=2000)
    large = dynastep.function("large", lambda _event: "x" * 2000)
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]
    states = {"T": {"Type": "Task", "Resource": large, "Catch": catch, "End": True}, "Caught": {"Type": "Succeed"}}
    execution = dynastep.run({"StartAt": "T", "States": states})
    text = "returned a result with a size exceeding the maximum number of bytes service limit."
    assert execution.output == {"Error": "States.DataLimitExceeded", "Cause": f"The state/task '{large}' {text}"}


def test_an_output_over_the_quota_is_nothing_that_states_all_catches(dynastep, allow):
    allow(payload_bytes=2000)
    small = dynastep.function("small", lambda _event: "x" * 1000)
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]
    task = {"Type": "Task", "Resource": small, "ResultSelector": {"a.$": "$", "b.$": "$"}, "Catch": catch, "End": True}
    execution = dynastep.run({"StartAt": "T", "States": {"T": task, "Caught": {"Type": "Succeed"}}})
    assert execution.error == "States.DataLimitExceeded"


def test_a_definition_is_measured_too(allow, create_one):
    allow(definition_bytes=len(json.dumps(PASS)))
    create_one(PASS)
    assert refusal(lambda: create_one(WAIT, "w")) == too_long("definition", len(json.dumps(PASS)))


def test_a_history_that_is_full_ends_the_execution(dynastep, allow, states):
    allow(history_events=6)
    names = ["A", "B", "C", "D"]
    states_of = {
        name: {"Type": "Pass", "Next": following} for name, following in zip(names, [*names[1:], "E"], strict=True)
    }
    execution = dynastep.run({"StartAt": "A", "States": {**states_of, "E": {"Type": "Succeed"}}})
    cause = "The execution reached the maximum number of history events (6)."
    assert (execution.error, execution.cause, len(execution.history)) == ("States.Runtime", cause, 6)
    described = states.describe_execution(executionArn=execution.arn)
    reason = "Execution history event limit exceeded"
    assert (described["redriveStatus"], described["redriveStatusReason"]) == ("NOT_REDRIVABLE", reason)


def test_so_many_iterations_of_a_map_run_at_once(dynastep, allow):
    allow(map_concurrency=2)
    state = {"Type": "Map", "ItemProcessor": WAIT, "End": True}
    assert dynastep.run({"StartAt": "M", "States": {"M": state}}, [1, 2, 3, 4, 5]).elapsed == 3 * 60


def test_an_express_execution_has_so_many_seconds(allow, states, create_one):
    allow(express_seconds=30)
    arn = create_one(WAIT, type="EXPRESS")
    answer = states.start_sync_execution(stateMachineArn=arn)
    assert answer["status"] == "TIMED_OUT"
    assert (answer["stopDate"] - answer["startDate"]).total_seconds() == 30


def test_there_are_so_many_machines_and_activities(allow, states, create_one):
    allow(state_machines=1, activities=1)
    create_one(PASS)
    create_one(PASS)
    states.create_activity(name="a")
    states.create_activity(name="a")
    machines = "Existing state machines must be deleted before a new state machine can be created."
    assert refusal(lambda: create_one(PASS, "b")) == (
        400,
        f"StateMachineLimitExceeded: The maximum number of state machines has been reached. {machines}",
    )
    activities = "Existing activities must be deleted before a new activity can be created."
    assert refusal(states.create_activity, name="b") == (
        400,
        f"ActivityLimitExceeded: The maximum number of activities has been reached. {activities}",
    )


def test_so_many_executions_run(dynastep, allow, states, create_one):
    allow(open_executions=1)
    arn = create_one(WAIT)
    first = states.start_execution(stateMachineArn=arn, name="a")["executionArn"]
    states.start_execution(stateMachineArn=arn, name="a")
    more = "Running executions must end or be stopped before a new execution can be started."
    refused = (400, f"ExecutionLimitExceeded: The maximum number of running executions has been reached. {more}")
    assert refusal(states.start_execution, stateMachineArn=arn, name="b") == refused
    states.stop_execution(executionArn=first)
    second = states.start_execution(stateMachineArn=arn, name="b")["executionArn"]
    assert refusal(states.redrive_execution, executionArn=first) == refused
    states.describe_execution(executionArn=second)
    states.redrive_execution(executionArn=first)
    assert refusal(states.start_execution, stateMachineArn=arn, name="c") == refused


def test_a_machine_has_so_many_versions_and_aliases(allow, states, create_one):
    allow(versions=1, aliases=1)
    arn = create_one(PASS, publish=True)
    route = [{"stateMachineVersionArn": f"{arn}:1", "weight": 100}]
    states.create_state_machine_alias(name="a", routingConfiguration=route)
    refused = (402, "ServiceQuotaExceededException: The request would cause a service quota to be exceeded.")
    assert refusal(states.create_state_machine_alias, name="b", routingConfiguration=route) == refused
    states.publish_state_machine_version(stateMachineArn=arn)
    changed = {"stateMachineArn": arn, "definition": json.dumps(WAIT)}
    assert refusal(states.update_state_machine, publish=True, **changed) == refused
    assert json.loads(states.describe_state_machine(stateMachineArn=arn)["definition"]) == PASS
    states.update_state_machine(**changed)
    assert refusal(states.publish_state_machine_version, stateMachineArn=arn) == refused


def test_quotas_are_read_from_flags_and_environment():
    environ = {"DYNASTEP_QUOTAS": "history_events=100, open_executions=2000000"}
    assert Settings.read(environ).quotas == Quotas(history_events=100, open_executions=2_000_000)
    assert Settings.read(environ, {"quotas": "tags=5"}).quotas == Quotas(tags=5)
    assert Settings.read({}).quotas == AWS


@pytest.mark.parametrize(
    ("text", "flaw"),
    [
        ("events=1", f"there is no quota 'events'; there are {', '.join(q.name for q in dataclasses.fields(Quotas))}"),
        ("tags=many", "a whole number is wanted for tags"),
        ("tags=0", "the quota tags is 0: a whole number above 0 is wanted"),
        ("history_events=25001", "the quota history_events is 25001: AWS allows 25000 at most"),
    ],
)
def test_quotas_that_cannot_be_are_refused(text, flaw):
    with pytest.raises(InvalidSetting) as raised:
        Settings.read({}, {"quotas": text})
    assert str(raised.value) == f"--quotas is {text!r}: {flaw}"


def test_the_page_on_quotas_lists_them_all():
    page = (Path(__file__).parents[2] / "docs" / "quotas.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w+)` \| (\d+) \|", page, re.MULTILINE) == [
        (quota.name, str(quota.default)) for quota in dataclasses.fields(Quotas)
    ]
