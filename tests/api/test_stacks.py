"""Stacks: CloudFormation makes state machines, their versions and aliases, and activities."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

PASS = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}


@pytest.fixture
def states(dynastep):
    return dynastep.client("stepfunctions")


@pytest.fixture
def stack(dynastep):
    """Create a stack of resources, ``{logical id: (type, properties)}``, or update it; what Ref gives of each."""
    formation = dynastep.client("cloudformation")

    def make(resources, again=False):
        described = {
            name: {"Type": f"AWS::StepFunctions::{kind}", "Properties": properties}
            for name, (kind, properties) in resources.items()
        }
        outputs = {name: {"Value": {"Ref": name}} for name in resources}
        body = json.dumps({"Resources": described, "Outputs": outputs})
        (formation.update_stack if again else formation.create_stack)(StackName="shop", TemplateBody=body)
        (made,) = formation.describe_stacks(StackName="shop")["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in made["Outputs"]}

    return make


@pytest.fixture
def machine(dynastep):
    """The properties of a state machine."""
    role = f"arn:aws:iam::{dynastep.account}:role/runner"
    return lambda **more: {"StateMachineName": "orders", "RoleArn": role, **more}


def test_a_state_machine_of_a_stack_is_one_of_the_api(dynastep, states, stack, machine):
    more = {
        "StateMachineType": "EXPRESS",
        "TracingConfiguration": {"Enabled": True},
        "LoggingConfiguration": {"Level": "OFF", "IncludeExecutionData": True},
        "Tags": [{"Key": "team", "Value": "shop"}],
    }
    refs = stack({"Orders": ("StateMachine", machine(DefinitionString=json.dumps(PASS), **more))})
    arn = f"arn:aws:states:us-east-1:{dynastep.account}:stateMachine:orders"
    assert refs == {"Orders": arn}
    described = states.describe_state_machine(stateMachineArn=arn)
    assert (described["type"], json.loads(described["definition"])) == ("EXPRESS", PASS)
    assert described["tracingConfiguration"] == {"enabled": True}
    assert described["loggingConfiguration"] == {"level": "OFF", "includeExecutionData": True}
    assert states.list_tags_for_resource(resourceArn=arn)["tags"] == [{"key": "team", "value": "shop"}]


def test_a_definition_may_be_an_object_or_in_a_bucket_and_have_substitutions(dynastep, states, stack, machine):
    bucket = f"definitions-{dynastep.account}"
    s3 = dynastep.client("s3")
    s3.create_bucket(Bucket=bucket)
    waiting = {"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": 5, "Comment": "${Why}", "End": True}}}
    s3.put_object(Bucket=bucket, Key="wait.json", Body=json.dumps(waiting).replace("5", "${Seconds}").encode())
    place = {"Bucket": bucket, "Key": "wait.json"}
    values = {"Seconds": 7, "Why": "because"}
    refs = stack(
        {
            "Object": ("StateMachine", machine(StateMachineName="object", Definition=PASS)),
            "Stored": ("StateMachine", machine(DefinitionS3Location=place, DefinitionSubstitutions=values)),
        }
    )
    found = {
        name: json.loads(states.describe_state_machine(stateMachineArn=arn)["definition"]) for name, arn in refs.items()
    }
    assert found["Object"] == PASS
    assert found["Stored"]["States"]["A"] == {"Type": "Wait", "Seconds": 7, "Comment": "because", "End": True}


def test_an_updated_stack_changes_its_machine_and_a_deleted_one_takes_it_along(dynastep, states, stack, machine):
    old = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
    arn = stack({"Orders": ("StateMachine", machine(Definition=PASS, Tags=old))})["Orders"]
    new = {**PASS, "Comment": "new"}
    tags = [{"Key": "b", "Value": "3"}]
    assert stack({"Orders": ("StateMachine", machine(Definition=new, Tags=tags))}, again=True) == {"Orders": arn}
    assert json.loads(states.describe_state_machine(stateMachineArn=arn)["definition"]) == new
    assert states.list_tags_for_resource(resourceArn=arn)["tags"] == [{"key": "b", "value": "3"}]
    renamed = machine(Definition=new, StateMachineName="sales")
    other = stack({"Orders": ("StateMachine", renamed)}, again=True)["Orders"]
    assert [each["stateMachineArn"] for each in states.list_state_machines()["stateMachines"]] == [other]
    dynastep.client("cloudformation").delete_stack(StackName="shop")
    assert states.list_state_machines()["stateMachines"] == []


def test_versions_aliases_and_activities_are_resources(dynastep, states, stack, machine):
    routes = [{"StateMachineVersionArn": {"Ref": "First"}, "Weight": 100}]
    refs = stack(
        {
            "Orders": ("StateMachine", machine(Definition=PASS)),
            "First": ("StateMachineVersion", {"StateMachineArn": {"Ref": "Orders"}, "Description": "d"}),
            "Live": ("StateMachineAlias", {"Name": "live", "RoutingConfiguration": routes}),
            "Pack": ("Activity", {"Name": "pack"}),
        }
    )
    assert refs["First"] == f"{refs['Orders']}:1"
    alias = states.describe_state_machine_alias(stateMachineAliasArn=refs["Live"])
    assert alias["routingConfiguration"] == [{"stateMachineVersionArn": refs["First"], "weight": 100}]
    assert states.describe_activity(activityArn=refs["Pack"])["name"] == "pack"
    execution = dynastep.client("stepfunctions").start_execution(stateMachineArn=refs["Live"])
    described = states.describe_execution(executionArn=execution["executionArn"])
    assert (described["status"], described["stateMachineAliasArn"]) == ("SUCCEEDED", refs["Live"])
    dynastep.client("cloudformation").delete_stack(StackName="shop")
    assert states.list_state_machines()["stateMachines"] == states.list_activities()["activities"] == []


def test_what_the_api_refuses_fails_the_stack(states, stack, machine):
    with pytest.raises(ClientError, match="These fields are required") as refused:
        stack({"Orders": ("StateMachine", machine(DefinitionString="{}"))})
    assert refused.value.response["Error"]["Code"] == "ValidationError"
    assert states.list_state_machines()["stateMachines"] == []
