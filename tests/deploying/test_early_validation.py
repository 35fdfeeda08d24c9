"""Early validation: a change set that cannot succeed has failed before anybody executes it."""

from __future__ import annotations

import json

import pytest
from simple_stacks import parameter, refused, simple

REASON = (
    "The following hook(s)/validation failed: [AWS::EarlyValidation::{}]. To troubleshoot Early Validation errors, use "
    "the DescribeEvents API for detailed failure information."
)


@pytest.fixture
def planned(formation):
    def plan(resources, **more):
        body = json.dumps({"Resources": resources})
        made = formation.create_change_set(
            StackName="s", ChangeSetName="c", ChangeSetType="CREATE", TemplateBody=body, **more
        )
        return formation.describe_change_set(ChangeSetName=made["Id"])

    return plan


def found(formation, change_set):
    events = formation.describe_events(ChangeSetName=change_set["ChangeSetId"], Filters={"FailedEvents": True})
    return [
        (each["LogicalResourceId"], each["ValidationName"], each["ValidationStatusReason"], each["ValidationPath"])
        for each in events["OperationEvents"]
        if each["EventType"] == "VALIDATION_ERROR"
    ]


def test_a_property_that_is_missing_or_unknown_fails_the_change_set(formation, planned):
    policy = {"Type": "AWS::IAM::Policy", "Properties": {"Roles": ["r"], "Colour": "red"}}
    made = planned({"Bad": policy, "Good": parameter()})
    assert (made["Status"], made["ExecutionStatus"]) == ("FAILED", "UNAVAILABLE")
    assert made["StatusReason"] == REASON.format("PropertyValidation")
    where = "/Resources/Bad/Properties"
    assert found(formation, made) == [
        ("Bad", "PropertyValidation", "Required property [PolicyDocument] not found", where),
        ("Bad", "PropertyValidation", "Required property [PolicyName] not found", where),
        ("Bad", "PropertyValidation", "Unsupported property [Colour]", f"{where}/Colour"),
    ]


@pytest.mark.parametrize(
    ("service", "operation", "params", "kind", "properties"),
    [
        ("ssm", "put_parameter", {"Name": "taken", "Value": "v", "Type": "String"}, "AWS::SSM::Parameter",
         {"Name": "taken", "Type": "String", "Value": "v"}),
        ("s3", "create_bucket", {"Bucket": "taken"}, "AWS::S3::Bucket", {"BucketName": "taken"}),
        ("dynamodb", "create_table", {
            "TableName": "taken", "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}], "BillingMode": "PAY_PER_REQUEST"},
         "AWS::DynamoDB::Table", {"TableName": "taken", "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]}),
        ("logs", "create_log_group", {"logGroupName": "taken"}, "AWS::Logs::LogGroup", {"LogGroupName": "taken"}),
        ("ecs", "create_cluster", {"clusterName": "taken"}, "AWS::ECS::Cluster", {"ClusterName": "taken"}),
        ("iam", "create_role", {"RoleName": "taken", "AssumeRolePolicyDocument": "{}"}, "AWS::IAM::Role",
         {"RoleName": "taken", "AssumeRolePolicyDocument": {}}),
    ],
    ids=lambda value: value if isinstance(value, str) and value.startswith("AWS") else "",
)  # fmt: skip
def test_a_name_that_is_taken_fails_the_change_set(
    formation, planned, dynastep, service, operation, params, kind, properties
):
    def plan():
        made = planned({"X": {"Type": kind, "Properties": properties}}, Capabilities=["CAPABILITY_NAMED_IAM"])
        formation.delete_change_set(ChangeSetName=made["ChangeSetId"])
        return made

    assert plan()["Status"] == "CREATE_COMPLETE"
    getattr(dynastep.client(service), operation)(**params)
    made = planned({"X": {"Type": kind, "Properties": properties}}, Capabilities=["CAPABILITY_NAMED_IAM"])
    assert made["StatusReason"] == REASON.format("ResourceExistenceCheck")
    [(name, _, reason, path)] = found(formation, made)
    assert (name, path) == ("X", "/Resources/X")
    assert reason == f"Resource of type '{kind}' with identifier 'taken' already exists."


def test_validation_can_be_left_out(planned):
    made = planned({"Bad": {"Type": "AWS::IAM::Policy", "Properties": {}}}, DisableValidation=True)
    assert made["Status"] == "CREATE_COMPLETE"


def test_events_are_of_a_stack_or_a_change_set(formation, stacks):
    stacks.create(simple())
    message = "One of ChangeSetName, OperationId or StackName must be specified"
    assert refused(formation.describe_events) == ("ValidationError", message)
    assert refused(formation.describe_events, ChangeSetName="c") == ("ValidationError", message)
