"""``aws-sdk``: every service and action that AWS's second SDK for Java has, by its names."""

from __future__ import annotations

import json

import pytest
from outcomes import details, failure

from emulator.faults import Fault
from emulator.integrations import sdk

CLIENTS = [
    ("SFN", "Sfn"),
    ("DynamoDB", "DynamoDb"),
    ("DynamoDB Streams", "DynamoDbStreams"),
    ("CloudWatch Logs", "CloudWatchLogs"),
    ("EventBridge", "EventBridge"),
    ("Cognito Identity Provider", "CognitoIdentityProvider"),
    ("Elastic Load Balancing v2", "ElasticLoadBalancingV2"),
    ("IoT", "Iot"),
    ("IoTSiteWise", "IoTSiteWise"),
    ("CloudHSM V2", "CloudHsmV2"),
    ("FSx", "FSx"),
    ("MTurk", "MTurk"),
    ("XRay", "XRay"),
    ("WAFV2", "Wafv2"),
    ("Config Service", "Config"),
    ("Directory Service", "Directory"),
    ("Database Migration Service", "DatabaseMigration"),
    ("SageMaker A2I Runtime", "SageMakerA2IRuntime"),
]
"""Service ids and exception prefixes, as AWS's page of supported services lists them."""


@pytest.mark.parametrize(("service_id", "name"), CLIENTS)
def test_a_service_has_the_name_of_its_client(service_id, name):
    assert sdk.client_name(service_id) == name
    assert sdk.find_service(name.lower()) is not None


@pytest.mark.parametrize(
    ("member", "name"),
    [
        ("nextToken", "NextToken"),
        ("DBInstances", "DbInstances"),
        ("SSEKMSKeyId", "SsekmsKeyId"),
        ("ETag", "ETag"),
        ("ACL", "Acl"),
        ("MD5OfBody", "Md5OfBody"),
        ("ChecksumCRC32", "ChecksumCRC32"),
        ("vCPUHour", "VcpuHour"),
        ("Equals", "EqualsValue"),
        ("NULL", "Nul"),
    ],
)
def test_a_member_has_the_name_that_java_gives_it(member, name):
    assert sdk.member_name(member) == name


NOT_THERE = [
    *("s3:selectObjectContent", "kinesis:subscribeToShard", "cloudwatchlogs:startLiveTail"),
    *("lambda:invokeWithResponseStream", "bedrockruntime:converseStream", "sts:assumeRole", "emr:describeJobFlows"),
    *("lambda:invokeAsync", "s3:ListBuckets", "logs:describeLogGroups", "configservice:describeConfigRules"),
]


@pytest.mark.parametrize("resource", NOT_THERE)
def test_what_streams_or_is_left_out_or_misspelt_is_not_recognized(call, resource):
    with pytest.raises(Fault) as raised:
        call(f"aws-sdk:{resource}", {})
    assert f"The resource provided arn:aws:states:::aws-sdk:{resource} is not recognized." in str(raised.value)


def test_an_exception_has_the_name_of_its_class(call):
    execution = call("aws-sdk:rds:describeDBInstances", {"DbInstanceIdentifier": "none"})
    assert failure(execution) == (
        "Rds.DbInstanceNotFoundException",
        "DBInstance none not found. (Service: Rds, Status Code: 404, Request ID: ...)",
    )


def test_attributes_of_items_have_javas_names(dynastep, call):
    dynastep.client("dynamodb").create_table(
        TableName="items",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    item = {"id": {"S": "a"}, "on": {"Bool": True}, "none": {"Nul": True}, "set": {"Ss": ["x"]}}
    assert call("aws-sdk:dynamodb:putItem", {"TableName": "items", "Item": item}).output == {}
    read = call("aws-sdk:dynamodb:getItem", {"TableName": "items", "Key": {"id": {"S": "a"}}})
    assert read.output == {"Item": item}


# Credentials

ROLE = "arn:aws:iam::111122223333:role/other"


def test_a_role_is_recorded_and_calls_in_its_account(call):
    execution = call("aws-sdk:sts:getCallerIdentity", {}, Credentials={"RoleArn": ROLE})
    assert execution.output["Account"] == "111122223333"
    assert details(execution, "TaskScheduled")["taskCredentials"] == {"roleArn": ROLE}


def test_a_role_may_be_computed(call):
    credentials = {"RoleArn.$": "States.Format('arn:aws:iam::{}:role/other', $.account)"}
    execution = call("aws-sdk:sts:getCallerIdentity", {}, {"account": "444455556666"}, Credentials=credentials)
    assert execution.output["Account"] == "444455556666"


def test_what_is_no_role_fails_the_task(call):
    execution = call("aws-sdk:sts:getCallerIdentity", {}, {"role": "me"}, Credentials={"RoleArn.$": "$.role"})
    assert failure(execution) == (
        "States.TaskFailed",
        "The role 'me' of the Credentials is not the ARN of a role.",
    )


def test_a_role_starts_executions_in_its_account(dynastep, call):
    definition = {"StartAt": "Make", "States": {"Make": {"Type": "Pass", "Result": "made", "End": True}}}
    from emulator.clients import client

    states = client(dynastep._world, "stepfunctions", account="111122223333")
    request = {"name": "child", "definition": json.dumps(definition), "roleArn": ROLE}
    child = states.create_state_machine(**request)["stateMachineArn"]
    assert ":111122223333:" in child
    start = {"StateMachineArn": child, "Name": "first"}
    execution = call("states:startExecution.sync:2", start, Credentials={"RoleArn": ROLE})
    assert execution.output["Output"] == "made"
    assert execution.output["ExecutionArn"] == "arn:aws:states:us-east-1:111122223333:execution:child:first"
