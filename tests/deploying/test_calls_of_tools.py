"""What deployment tools ask of CloudFormation, in their order; tests/clients runs the tools themselves.

Each walk is that of the tool's published source: its first deployment, one without a change, one with a change.
"""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError, WaiterError
from simple_stacks import refused

CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
QUICKLY = {"Delay": 0, "MaxAttempts": 3}


def template(value, **sections):
    properties = {"Type": "String", "Value": value}
    return json.dumps({"Resources": {"P": {"Type": "AWS::SSM::Parameter", "Properties": properties}}, **sections})


def by_cdk(formation, body):
    """``cdk deploy``; whether it changed something."""
    name, change_set = "app", "cdk-deploy-change-set"
    try:
        formation.describe_stacks(StackName=name)
        is_new = False
        known = formation.get_template(StackName=name, TemplateStage="Original")["TemplateBody"]
        if known == json.loads(body):
            return False
        formation.delete_change_set(StackName=name, ChangeSetName=change_set)
        with pytest.raises(formation.exceptions.ChangeSetNotFoundException):
            formation.describe_change_set(StackName=name, ChangeSetName=change_set)
    except ClientError as error:
        assert error.response["Error"]["Code"] == "ValidationError"
        assert error.response["Error"]["Message"] == f"Stack with id {name} does not exist"
        is_new = True
    made = formation.create_change_set(
        StackName=name,
        ChangeSetName=change_set,
        ChangeSetType="CREATE" if is_new else "UPDATE",
        IncludeNestedStacks=True,
        ClientToken="createsomething",
        Capabilities=CAPABILITIES,
        TemplateBody=body,
    )
    described = formation.describe_change_set(StackName=name, ChangeSetName=change_set, IncludePropertyValues=True)
    assert described["Status"] == "CREATE_COMPLETE"
    formation.execute_change_set(StackName=name, ChangeSetName=change_set, ClientRequestToken="execsomething")
    events = formation.describe_stack_events(StackName=made["StackId"])["StackEvents"]
    assert events[0]["ClientRequestToken"] == "execsomething"
    [stack] = formation.describe_stacks(StackName=made["StackId"])["Stacks"]
    assert stack["StackStatus"] == ("CREATE_COMPLETE" if is_new else "UPDATE_COMPLETE")
    return True


def test_cdk(formation):
    assert [by_cdk(formation, template(value)) for value in ("a", "a", "b", "b")] == [True, False, True, False]
    formation.create_change_set(StackName="app", ChangeSetName="cdk-diff-change-set", TemplateBody=template("c"))
    formation.delete_change_set(StackName="app", ChangeSetName="cdk-diff-change-set")
    formation.delete_stack(StackName="app")
    assert formation.describe_stacks()["Stacks"] == []


def _of_root(events):
    """The newest event of the stack itself, as ``sam deploy`` looks for it."""
    return next(
        event
        for event in events
        if event["ResourceType"] == "AWS::CloudFormation::Stack"
        and event["StackName"] == event["LogicalResourceId"]
        and event["PhysicalResourceId"] == event["StackId"]
    )


def by_sam(formation, body, moment):
    """``sam deploy``; the outputs, None where nothing was to be done."""
    name, change_set = "sam-app", f"samcli-deploy{moment}"
    try:
        [stack] = formation.describe_stacks(StackName=name)["Stacks"]
        kind = "CREATE" if stack["StackStatus"] == "REVIEW_IN_PROGRESS" else "UPDATE"
        formation.get_template_summary(StackName=name)
    except ClientError as error:
        assert f"Stack with id {name} does not exist" in str(error)
        kind = "CREATE"
    formation.create_change_set(
        StackName=name, ChangeSetName=change_set, ChangeSetType=kind, TemplateBody=body, Capabilities=CAPABILITIES
    )
    try:
        waiter = formation.get_waiter("change_set_create_complete")
        waiter.wait(StackName=name, ChangeSetName=change_set, WaiterConfig=QUICKLY)
    except WaiterError as error:
        last = error.last_response
        assert last["Status"] == "FAILED"
        assert (
            "The submitted information didn't contain changes." in last["StatusReason"]
            or "No updates are to be performed" in last["StatusReason"]
        )
        return None
    described = formation.describe_change_set(StackName=name, ChangeSetName=change_set)
    assert {change["ResourceChange"]["Action"] for change in described["Changes"]} <= {"Add", "Modify", "Remove"}
    marker = formation.describe_stack_events(StackName=name)["StackEvents"][0]["Timestamp"]
    formation.execute_change_set(StackName=name, ChangeSetName=change_set, DisableRollback=False)
    root = _of_root(formation.describe_stack_events(StackName=name)["StackEvents"])
    assert root["Timestamp"] >= marker
    assert not root["ResourceStatus"].endswith("IN_PROGRESS")
    formation.get_waiter(f"stack_{kind.lower()}_complete").wait(StackName=name, WaiterConfig=QUICKLY)
    return formation.describe_stacks(StackName=name)["Stacks"][0].get("Outputs", [])


def test_sam(formation):
    def body(value):
        return template(value, Outputs={"O": {"Value": value}})

    outputs = [by_sam(formation, body(value), moment) for moment, value in enumerate(("a", "a", "b"))]
    assert [out and out[0]["OutputValue"] for out in outputs] == ["a", None, "b"]


def test_aws_cloudformation_deploy(formation):
    name = "cli"
    for moment, value in enumerate(("a", "b")):
        kind = "CREATE" if moment == 0 else "UPDATE"
        change_set = f"awscli-cloudformation-package-deploy-{moment}"
        if kind == "UPDATE":
            assert formation.get_template_summary(StackName=name)["Parameters"] == []
        formation.create_change_set(
            StackName=name, ChangeSetName=change_set, ChangeSetType=kind, TemplateBody=template(value)
        )
        asked = {"StackName": name, "ChangeSetName": change_set}
        formation.get_waiter("change_set_create_complete").wait(**asked, WaiterConfig=QUICKLY)
        formation.execute_change_set(**asked, DisableRollback=False)
        formation.get_waiter(f"stack_{kind.lower()}_complete").wait(StackName=name, WaiterConfig=QUICKLY)
    assert formation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"] == "UPDATE_COMPLETE"


def test_serverless(formation, dynastep):
    name = "sls-dev"
    assert refused(formation.describe_stacks, StackName=name) == (
        "ValidationError",
        f"Stack with id {name} does not exist",
    )
    bucket = {"ServerlessDeploymentBucket": {"Type": "AWS::S3::Bucket"}}

    def deploy(body, kind, **source):
        if kind == "UPDATE":
            formation.delete_change_set(StackName=name, ChangeSetName=f"{name}-change-set")
        formation.create_change_set(
            StackName=name, ChangeSetName=f"{name}-change-set", ChangeSetType=kind, Capabilities=CAPABILITIES, **source
        )
        described = formation.describe_change_set(StackName=name, ChangeSetName=f"{name}-change-set")
        assert described["Status"] == "CREATE_COMPLETE"
        formation.execute_change_set(StackName=name, ChangeSetName=f"{name}-change-set")
        events = formation.describe_stack_events(StackName=name)["StackEvents"]
        statuses = [event["ResourceStatus"] for event in events]
        assert not any(status.endswith("FAILED") for status in statuses)
        assert f"{kind}_IN_PROGRESS" in statuses
        return body

    deploy(bucket, "CREATE", TemplateBody=json.dumps({"Resources": bucket}))
    detail = formation.describe_stack_resource(StackName=name, LogicalResourceId="ServerlessDeploymentBucket")
    place = detail["StackResourceDetail"]["PhysicalResourceId"]
    whole = {"Resources": {**bucket, **json.loads(template("a"))["Resources"]}}
    dynastep.client("s3").put_object(Bucket=place, Key="serverless/t.json", Body=json.dumps(whole).encode())
    url = f"https://s3.us-east-1.amazonaws.com/{place}/serverless/t.json"
    assert formation.validate_template(TemplateURL=url)["Parameters"] == []
    deploy(whole, "UPDATE", TemplateURL=url)
    assert formation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"] == "UPDATE_COMPLETE"


def test_terraforms_stack(formation):
    broken = json.dumps({"Resources": {"Q": {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": "9999"}}}})
    made = formation.create_stack(StackName="tf", TemplateBody=broken, ClientRequestToken="terraform-1")
    events = formation.describe_stack_events(StackName=made["StackId"])["StackEvents"]
    reasons = [
        event["ResourceStatusReason"]
        for event in events
        if event.get("ClientRequestToken") == "terraform-1"
        and (event["ResourceStatus"].endswith("_FAILED") or event["ResourceStatus"].startswith("ROLLBACK_"))
        and event.get("ResourceStatusReason")
    ]
    assert len(reasons) == 2
    formation.delete_stack(StackName="tf")
    formation.create_stack(StackName="tf", TemplateBody=template("a"), ClientRequestToken="terraform-2")
    assert formation.get_template(StackName="tf", TemplateStage="Original")["TemplateBody"] == json.loads(template("a"))
    nothing = ("ValidationError", "No updates are to be performed.")
    assert refused(formation.update_stack, StackName="tf", TemplateBody=template("a")) == nothing


def test_events_are_described_for_a_failed_change_set(formation):
    body = json.dumps({"Resources": {"Fn::Transform": {"Name": "Nobody"}}})
    made = formation.create_change_set(StackName="s", ChangeSetName="c", ChangeSetType="CREATE", TemplateBody=body)
    assert formation.describe_change_set(ChangeSetName=made["Id"])["Status"] == "FAILED"
    answer = formation.describe_events(ChangeSetName=made["Id"], Filters={"FailedEvents": True})
    assert "OperationEvents" in answer
