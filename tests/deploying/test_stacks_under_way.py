"""Stacks that something is done to: what else may be asked of them then, and what follows from it."""

from __future__ import annotations

import json
import threading

import pytest
from botocore.exceptions import ClientError
from simple_stacks import refused

PARAMETER = {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": "v"}}
SIMPLE = {"Resources": {"P": PARAMETER}}
HANDLE = {"Type": "AWS::CloudFormation::WaitConditionHandle"}


def waiting(seconds=60, **more):
    """A template whose condition waits for a signal; other resources come after it."""
    condition = {
        "Type": "AWS::CloudFormation::WaitCondition",
        "Properties": {"Handle": {"Ref": "H"}, "Timeout": str(seconds)},
    }
    after = {name: {**resource, "DependsOn": "W"} for name, resource in more.items()}
    return {"Resources": {"H": HANDLE, "W": condition, **after}}


@pytest.fixture
def formation(stacks, dynastep):
    dynastep.clock.mode = "manual"
    return stacks.client


def test_a_stack_that_is_made_takes_no_other_work(stacks, formation):
    stack_id = stacks.create(waiting())
    body = json.dumps(SIMPLE)
    busy = ("ValidationError", f"Stack:{stack_id} is in CREATE_IN_PROGRESS state and can not be updated.")
    assert refused(formation.update_stack, StackName="s", TemplateBody=body) == busy
    assert refused(formation.create_change_set, StackName="s", ChangeSetName="c", TemplateBody=body) == busy
    exists = ("AlreadyExistsException", "Stack [s] already exists")
    assert refused(formation.create_stack, StackName="s", TemplateBody=body) == exists


def test_a_stack_that_is_deleted_while_it_is_made_leaves_nothing(stacks, formation, dynastep):
    stack_id = stacks.create(waiting(P=PARAMETER))
    formation.delete_stack(StackName="s")
    assert stacks.one(stack_id)["StackStatus"] == "DELETE_COMPLETE"
    before = stacks.events(stack_id)
    dynastep.clock.advance(120)  # the condition times out, and nobody cares
    assert stacks.events(stack_id) == before
    assert dynastep.client("ssm").describe_parameters()["Parameters"] == []


def test_a_nested_stack_that_is_made_goes_with_its_parent(stacks, formation, dynastep):
    bucket = f"nested-{dynastep.account}"
    s3 = dynastep.client("s3")
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="t", Body=json.dumps(waiting(P=PARAMETER)).encode())
    nested = {
        "Type": "AWS::CloudFormation::Stack",
        "Properties": {"TemplateURL": f"https://s3.amazonaws.com/{bucket}/t"},
    }
    stacks.create({"Resources": {"N": nested}})
    child = stacks.physical()["N"]
    formation.delete_stack(StackName="s")
    assert stacks.one(child)["StackStatus"] == "DELETE_COMPLETE"
    assert formation.describe_stacks()["Stacks"] == []


def test_a_stack_is_not_deleted_while_it_is_updated(stacks, formation):
    stack_id = stacks.create(SIMPLE)
    stacks.update(waiting())
    text = f"Stack [{stack_id}] cannot be deleted while in status UPDATE_IN_PROGRESS"
    assert refused(formation.delete_stack, StackName="s") == ("ValidationError", text)


def test_a_cancelled_update_is_rolled_back_once_its_resource_is_done(stacks, formation, dynastep):
    stacks.create(SIMPLE)
    text = "CancelUpdateStack cannot be called from current stack status: CREATE_COMPLETE"
    assert refused(formation.cancel_update_stack, StackName="s") == ("ValidationError", text)
    stacks.update({"Resources": {**SIMPLE["Resources"], **waiting(Q=PARAMETER)["Resources"]}})
    formation.cancel_update_stack(StackName="s")
    dynastep.clock.advance(61)
    assert stacks.one()["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert list(stacks.physical()) == ["P"]


SIGNALS = [
    ([{"Status": "SUCCESS", "UniqueId": "one", "Data": "done", "Reason": "r"}], "CREATE_COMPLETE", '{"one":"done"}'),
    ([{"Status": "FAILURE", "UniqueId": "one", "Data": "", "Reason": "bad"}], "ROLLBACK_COMPLETE", None),
    ([], "ROLLBACK_COMPLETE", None),
]


@pytest.mark.parametrize(("signals", "status", "data"), SIGNALS, ids=["success", "failure", "none"])
def test_a_condition_waits_for_signals(stacks, formation, dynastep, signals, status, data):
    template = waiting()
    template["Outputs"] = {"Data": {"Value": {"Fn::GetAtt": "W.Data"}}, "Url": {"Value": {"Ref": "H"}}}
    stacks.create(template)
    url = stacks.physical()["H"]
    bucket, key = url.partition("?")[0].split("/", 4)[3:]
    for signal in signals:
        dynastep.client("s3").put_object(Bucket=bucket, Key=key, Body=json.dumps(signal).encode())
    dynastep.clock.advance(61)
    assert stacks.one()["StackStatus"] == status
    assert stacks.outputs().get("Data") == data
    said = {
        "failure": "WaitCondition received failed message: 'bad' for uniqueId: one",
        "none": "WaitCondition timed out. Received 0 conditions when expecting 1",
    }
    if data is None:
        assert said["failure" if signals else "none"] in stacks.failure()


def test_a_rollback_that_failed_goes_on_without_what_is_skipped(stacks, formation, dynastep):
    role = f"arn:aws:iam::{dynastep.account}:role/r"

    def template(comment, *, broken=False):
        definition = {"Comment": comment, "StartAt": "A", "States": {"A": {"Type": "Succeed"}}}
        properties = {"RoleArn": role, "StateMachineName": "m", "Definition": definition}
        machine = {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}
        wait = waiting(5)["Resources"] if broken else {}
        return {"Resources": {"M": machine, **({**wait, "H": {**HANDLE, "DependsOn": "M"}} if broken else {})}}

    stacks.create(template("one"))
    stacks.update(template("two", broken=True))
    states = dynastep.client("stepfunctions")
    states.delete_state_machine(stateMachineArn=stacks.physical()["M"])
    dynastep.clock.advance(10)
    assert stacks.one()["StackStatus"] == "UPDATE_ROLLBACK_FAILED"
    assert stacks.one()["StackStatusReason"] == "The following resource(s) failed to update: [M]. "
    formation.continue_update_rollback(StackName="s", ResourcesToSkip=["M"])
    assert stacks.one()["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    formation.delete_stack(StackName="s")
    assert formation.describe_stacks()["Stacks"] == []


def test_of_requests_that_come_at_once_one_makes_the_stack(stacks, dynastep):
    outcomes = []
    ready = threading.Barrier(4)

    def create():
        client = dynastep.client("cloudformation")
        ready.wait()
        try:
            outcomes.append(client.create_stack(StackName="s", TemplateBody=json.dumps(SIMPLE))["StackId"])
        except ClientError as error:
            outcomes.append(error.response["Error"]["Message"])

    threads = [threading.Thread(target=create) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stack_id = stacks.one()["StackId"]
    assert sorted(outcomes) == sorted([stack_id, *["Stack [s] already exists"] * 3])
    assert len(stacks.events()) == 5


NOT_BUILT = [
    ("CreateGeneratedTemplate", {"GeneratedTemplateName": "a"}),
    ("SignalResource", {"StackName": "s", "LogicalResourceId": "a", "UniqueId": "u", "Status": "SUCCESS"}),
    ("RegisterType", {"TypeName": "Some::Own::Type", "SchemaHandlerPackage": "s3://b/k"}),
]


@pytest.mark.parametrize(("operation", "params"), NOT_BUILT)
def test_what_there_is_not_is_refused_by_name(stacks, operation, params):
    with pytest.raises(ClientError) as error:
        stacks.client._make_api_call(operation, params)
    assert error.value.response["Error"]["Code"] == "NotImplementedException"
    assert f"cloudformation.{operation}" in error.value.response["Error"]["Message"]
