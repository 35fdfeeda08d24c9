"""``aws-sdk``: every service and action that AWS's second SDK for Java has, by its names."""

from __future__ import annotations

import json
import re

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


def test_attributes_of_items_have_javas_names(call, table):
    item = {"id": {"S": "a"}, "on": {"Bool": True}, "none": {"Nul": True}, "set": {"Ss": ["x"]}}
    assert call("aws-sdk:dynamodb:putItem", {"TableName": "items", "Item": item}).output == {}
    read = call("aws-sdk:dynamodb:getItem", {"TableName": "items", "Key": {"id": {"S": "a"}}})
    assert read.output == {"Item": item}


# What it calls

CHILD = {"StartAt": "Make", "States": {"Make": {"Type": "Pass", "Result": {"made": [1]}, "End": True}}}


def test_members_begin_with_a_capital_and_times_are_iso(call, create):
    machine = create("child", CHILD)
    output = call("aws-sdk:sfn:describeStateMachine", {"StateMachineArn": machine}).output
    assert output["CreationDate"] == "2026-01-01T00:00:00Z"
    assert output["LoggingConfiguration"] == {"Level": "OFF", "IncludeExecutionData": False}
    assert output.keys() >= {"StateMachineArn", "Name", "Definition", "RoleArn"}


def test_maps_keep_the_keys_that_they_have(call, table):
    item = {"id": {"S": "a"}, "camelCase": {"M": {"inner": {"Bool": True}}}, "blob": {"B": "aGVsbG8="}}
    assert call("aws-sdk:dynamodb:putItem", {"TableName": table, "Item": item}).output == {}
    assert call("aws-sdk:dynamodb:getItem", {"TableName": table, "Key": {"id": {"S": "a"}}}).output == {"Item": item}


def test_sqs_through_the_aws_sdk(dynastep, call):
    queue = dynastep.client("sqs").create_queue(QueueName="queue")["QueueUrl"]
    sent = call("aws-sdk:sqs:sendMessage", {"QueueUrl": queue, "MessageBody": "hello"}).output
    assert sent.keys() == {"Md5OfMessageBody", "MessageId"}
    (message,) = call("aws-sdk:sqs:receiveMessage", {"QueueUrl": queue}).output["Messages"]
    assert (message["Body"], message["MessageId"]) == ("hello", sent["MessageId"])


def test_s3_through_the_aws_sdk(dynastep, call):
    place = {"Bucket": f"bucket-{dynastep.account}", "Key": "k"}
    dynastep.client("s3").create_bucket(Bucket=place["Bucket"])
    written = call("aws-sdk:s3:putObject", {**place, "Body": {"a": ["ü"]}}).output
    assert written["ETag"].startswith('"')
    read = call("aws-sdk:s3:getObject", place).output
    assert (read["Body"], read["ETag"]) == ('{"a":["ü"]}', written["ETag"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z", read["LastModified"])
    assert read["ContentLength"] == len('{"a":["ü"]}'.encode())


def test_services_of_many_kinds_through_the_aws_sdk(dynastep, call):
    secret = call("aws-sdk:secretsmanager:createSecret", {"Name": "s", "SecretString": "hush"}).output
    assert call("aws-sdk:secretsmanager:getSecretValue", {"SecretId": secret["Arn"]}).output["SecretString"] == "hush"
    call("aws-sdk:ssm:putParameter", {"Name": "p", "Value": "v", "Type": "String"})
    assert call("aws-sdk:ssm:getParameter", {"Name": "p"}).output["Parameter"]["Value"] == "v"
    topic = call("aws-sdk:sns:createTopic", {"Name": "news"}).output["TopicArn"]
    assert call("aws-sdk:sns:publish", {"TopicArn": topic, "Message": "m"}).output.keys() == {"MessageId"}
    assert call("aws-sdk:ec2:describeVpcs").output["Vpcs"][0]["CidrBlock"] == "172.31.0.0/16"
    assert call("aws-sdk:sts:getCallerIdentity").output["Account"] == dynastep.account


@pytest.mark.parametrize(
    ("action", "parameters", "error", "cause"),
    [
        (
            "s3:getObject",
            {"Bucket": "no-such-bucket", "Key": "k"},
            "S3.NoSuchBucketException",
            (
                "The specified bucket does not exist "
                "(Service: S3, Status Code: 404, Request ID: ..., Extended Request ID: ...)"
            ),
        ),
        (
            "sqs:sendMessage",
            {"QueueUrl": "http://sqs.us-east-1.amazonaws.com/000000000000/none", "MessageBody": "m"},
            "Sqs.QueueDoesNotExistException",
            "The specified queue does not exist. (Service: Sqs, Status Code: 400, Request ID: ...)",
        ),
        (
            "secretsmanager:createSecret",
            {"Name": "taken", "SecretString": "x"},
            "SecretsManager.ResourceExistsException",
            (
                "The operation failed because the secret taken already exists. (Service: SecretsManager, Status Code: "
                "400, Request ID: ...)"
            ),
        ),
        (
            "ssm:getParameter",
            {"Name": "none"},
            "Ssm.ParameterNotFoundException",
            "Parameter none not found. (Service: Ssm, Status Code: 400, Request ID: ...)",
        ),
        (
            "ec2:describeInstances",
            {"InstanceIds": ["i-1"]},
            "Ec2.Ec2Exception",
            "The instance ID 'i-1' does not exist (Service: Ec2, Status Code: 400, Request ID: ...)",
        ),
        (
            "sfn:startExecution",
            {"StateMachineArn": "arn:aws:states:us-east-1:111122223333:stateMachine:none"},
            "Sfn.StateMachineDoesNotExistException",
            (
                "State Machine Does Not Exist: 'arn:aws:states:us-east-1:111122223333:stateMachine:none' "
                "(Service: Sfn, Status Code: 400, Request ID: ...) (SDK Attempt Count: 1)"
            ),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and value.count(":") == 1 and " " not in value else "",
)
def test_an_error_of_a_service_through_the_aws_sdk(dynastep, call, action, parameters, error, cause):
    dynastep.client("secretsmanager").create_secret(Name="taken", SecretString="x")
    assert failure(call(f"aws-sdk:{action}", parameters)) == (error, cause)


def test_a_registered_function_is_a_function_of_the_lambda_service(dynastep, call):
    arn = dynastep.function("work", lambda event: {"got": event})
    execution = call("aws-sdk:lambda:invoke", {"FunctionName": arn, "Payload": {"a": 1}})
    assert execution.status == "SUCCEEDED", execution.cause
    assert json.loads(execution.output["Payload"]) == {"got": {"a": 1}}


@pytest.mark.parametrize(
    "resource",
    [
        "arn:aws:states:::dynamodb:query",
        "arn:aws:states:::sqs:sendMessage.sync",
        "arn:aws:states:::eks:runJob.waitForTaskToken",
        "arn:aws:states:::glue:startJobRun.waitForTaskToken",
        "arn:aws:states:::glue:startJobRun.sync:2",
        "arn:aws:states:::http:invoke.sync",
        "arn:aws:states:::codebuild:stopBuild.sync",
        "arn:aws:states:::tea:brew",
        "arn:aws:states:::aws-sdk:dynamodb:brewTea",
        "arn:aws:states:::aws-sdk:tea:brew",
        "arn:aws:states:::aws-sdk:sqs:sendMessage.sync",
        "arn:aws:s3:::bucket",
    ],
)
def test_a_resource_that_aws_does_not_have_is_refused_at_creation(call, resource):
    with pytest.raises(Fault) as raised:
        call(resource, {})
    assert str(raised.value) == (
        f"InvalidDefinition: Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: The resource provided "
        f"{resource} is not recognized. The value is not a valid resource ARN, or the resource is not available in "
        "this region. at /States/Call/Resource'"
    )


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

    states = client(dynastep._control, "stepfunctions", account="111122223333")
    request = {"name": "child", "definition": json.dumps(definition), "roleArn": ROLE}
    child = states.create_state_machine(**request)["stateMachineArn"]
    assert ":111122223333:" in child
    start = {"StateMachineArn": child, "Name": "first"}
    execution = call("states:startExecution.sync:2", start, Credentials={"RoleArn": ROLE})
    assert execution.output["Output"] == "made"
    assert execution.output["ExecutionArn"] == "arn:aws:states:us-east-1:111122223333:execution:child:first"


def test_what_is_answered_here_is_answered_to_tasks(call):
    policy = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}'
    execution = call("aws-sdk:iam:simulateCustomPolicy", {"PolicyInputList": [policy], "ActionNames": ["s3:GetObject"]})
    assert [each["EvalDecision"] for each in execution.output["EvaluationResults"]] == ["allowed"]
    assert call("aws-sdk:iam:listUsers", {}).output["Users"] == [], "moto's"
    missing = call("aws-sdk:cloudcontrol:getResourceRequestStatus", {"RequestToken": "none"})
    assert missing.error == "CloudControl.RequestTokenNotFoundException"


@pytest.mark.parametrize("action", ["cloudformation:describePublisher", "cloudcontrol:listResourceRequests"])
def test_what_is_not_built_here_is_an_error_that_names_it(call, action):
    execution = call(f"aws-sdk:{action}", {})
    assert execution.error == "Dynastep.NotBuilt"
    assert f"({action.partition(':')[0]}:" in execution.cause
