"""The Cloud Control API: a resource of a stack is swapped without the stack, as ``cdk deploy --hotswap`` does."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError
from simple_stacks import parameter, refused, simple

MACHINE = "AWS::StepFunctions::StateMachine"


def definition(comment):
    return {"Comment": comment, "StartAt": "A", "States": {"A": {"Type": "Succeed"}}}


def machine(comment):
    role = "arn:aws:iam::123456789012:role/r"
    given = {"RoleArn": role, "StateMachineName": "m", "DefinitionString": json.dumps(definition(comment))}
    return {"Resources": {"M": {"Type": MACHINE, "Properties": given}}}


@pytest.fixture
def control(dynastep):
    return dynastep.client("cloudcontrol")


def update(control, kind, identifier, *operations):
    patch = json.dumps(operations)
    return control.update_resource(TypeName=kind, Identifier=identifier, PatchDocument=patch)["ProgressEvent"]


def test_a_resource_of_a_stack_is_swapped_and_the_stack_does_not_hear_of_it(stacks, dynastep, control):
    stacks.create(machine("first"))
    arn, before = stacks.physical()["M"], stacks.events()
    operation = {"op": "replace", "path": "/DefinitionString", "value": json.dumps(definition("second"))}
    event = update(control, MACHINE, arn, operation)
    assert (event["OperationStatus"], event["Identifier"], event["Operation"]) == ("SUCCESS", arn, "UPDATE")
    told = control.get_resource_request_status(RequestToken=event["RequestToken"])["ProgressEvent"]
    assert told["OperationStatus"] == "SUCCESS"
    states = dynastep.client("stepfunctions")

    def comment():
        return json.loads(states.describe_state_machine(stateMachineArn=arn)["definition"])["Comment"]

    assert (comment(), stacks.events()) == ("second", before)
    stacks.update(machine("third"))
    assert (comment(), stacks.one()["StackStatus"]) == ("third", "UPDATE_COMPLETE")


@pytest.mark.parametrize(
    ("operations", "tags"),
    [
        ([{"op": "add", "path": "/Tags/b", "value": "2"}], {"a": "1", "b": "2"}),
        ([{"op": "replace", "path": "/Tags/a", "value": "3"}], {"a": "3"}),
        ([{"op": "remove", "path": "/Tags/a"}, {"op": "add", "path": "/Tags/c~1d", "value": "4"}], {"c/d": "4"}),
        ([{"op": "remove", "path": "/Tags"}], {}),
    ],
)
def test_a_patch_is_applied_in_its_order(stacks, dynastep, control, operations, tags):
    stacks.create({"Resources": {"P": parameter(Tags={"a": "1"})}})
    name = stacks.physical()["P"]
    assert update(control, "AWS::SSM::Parameter", name, *operations)["OperationStatus"] == "SUCCESS"
    found = dynastep.client("ssm").list_tags_for_resource(ResourceType="Parameter", ResourceId=name)["TagList"]
    assert {tag["Key"]: tag["Value"] for tag in found if not tag["Key"].startswith("aws:")} == tags


def test_what_cannot_change_fails_the_request(stacks, control):
    stacks.create(machine("first"))
    arn = stacks.physical()["M"]
    event = update(control, MACHINE, arn, {"op": "replace", "path": "/StateMachineName", "value": "n"})
    assert (event["OperationStatus"], event["ErrorCode"]) == ("FAILED", "NotUpdatable")
    said = "Invalid patch update: createOnlyProperties [/properties/StateMachineName] cannot be updated"
    assert event["StatusMessage"] == said
    event = update(control, MACHINE, arn, {"op": "replace", "path": "/DefinitionString", "value": "{}"})
    assert (event["OperationStatus"], event["ErrorCode"]) == ("FAILED", "InvalidRequest")
    assert event["StatusMessage"].startswith("Invalid State Machine Definition")


@pytest.mark.parametrize(
    "document",
    [
        "text",
        "{}",
        '[{"op": "move", "path": "/Value", "from": "/Type"}]',
        '[{"op": "remove", "path": "/Absent"}]',
        '[{"op": "add", "path": "Value", "value": "w"}]',
        '[{"op": "add", "path": "/Tags/a", "value": "w"}]',
    ],
)
def test_what_is_no_patch_is_refused(stacks, control, document):
    stacks.create(simple())
    given = {"TypeName": "AWS::SSM::Parameter", "Identifier": stacks.physical()["P"]}
    code, _ = refused(control.update_resource, **given, PatchDocument=document)
    assert code == "InvalidRequestException"


def test_what_no_stack_has_made_is_not_found(control, dynastep):
    dynastep.client("ssm").put_parameter(Name="p", Type="String", Value="v")
    given = {"TypeName": "AWS::SSM::Parameter", "Identifier": "p", "PatchDocument": "[]"}
    assert refused(control.update_resource, **given)[0] == "ResourceNotFoundException"
    assert refused(control.get_resource_request_status, RequestToken="t")[0] == "RequestTokenNotFoundException"


def test_other_operations_are_refused_by_name(control):
    with pytest.raises(ClientError, match=r"Dynastep has not built cloudcontrol\.ListResources yet") as error:
        control.list_resources(TypeName="AWS::SSM::Parameter")
    assert error.value.response["Error"]["Code"] == "NotImplementedException"
