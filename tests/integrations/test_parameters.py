"""Parameters: what a definition may name, and what arguments a Task can start with."""

from __future__ import annotations

import json

import pytest
from outcomes import failure, unusable

from emulator.faults import Fault
from emulator.integrations.optimized import ACTIONS, parameters_of

GET = {"TableName": "items", "Key": {"id": {"S": "a"}}}
RUN = {"TaskDefinition": "job"}
ALIVE = {"KeepJobFlowAliveWhenNoSteps": True}


def refusal(call, resource, parameters, **fields):
    """What CreateStateMachine says of one Task."""
    with pytest.raises(Fault) as raised:
        call(resource, parameters, **fields)
    return str(raised.value)


def refused(text, field="Parameters"):
    """A definition with one problem."""
    problem = f"SCHEMA_VALIDATION_FAILED: {text} at /States/Call/{field}"
    return f"InvalidDefinition: Invalid State Machine Definition: '{problem}'"


UNKNOWN = [
    ("dynamodb:getItem", {**GET, "Colour": "red"}, "Colour"),
    ("dynamodb:getItem", {**GET, "consistentRead": True}, "consistentRead"),
    ("aws-sdk:dynamodb:getItem", {**GET, "consistentRead": True}, "consistentRead"),
    ("aws-sdk:dynamodb:getItem", {"TableName": "items", "Key": {"on": {"BOOL": True}}}, "BOOL"),
    ("aws-sdk:rds:describeDBInstances", {"DBInstanceIdentifier": "one"}, "DBInstanceIdentifier"),
    ("aws-sdk:ec2:describeInstances", {"Filter": []}, "Filter"),
    ("ecs:runTask", {**RUN, "NetworkConfiguration": {"awsvpcConfiguration": {}}}, "awsvpcConfiguration"),
    ("ecs:runTask.sync", {**RUN, "Count": 2}, "Count"),
    ("ecs:runTask", {**RUN, "Overrides": {"ContainerOverrides": [{"name": "main"}]}}, "name"),
    ("ecs:runTask.sync", {**RUN, "StartedBy": "me"}, "StartedBy"),
    ("elasticmapreduce:createCluster", {"Name": "c", "Instances": ALIVE, "Steps": []}, "Steps"),
    (
        "elasticmapreduce:modifyInstanceGroupByName",
        {"ClusterId": "j", "InstanceGroupName": "g", "InstanceGroup": {"InstanceGroupId": "i"}},
        "InstanceGroupId",
    ),
    (
        "elasticmapreduce:modifyInstanceFleetByName",
        {"ClusterId": "j", "InstanceFleetName": "f", "InstanceFleet": {"InstanceFleetId": "i"}},
        "InstanceFleetId",
    ),
    ("elasticmapreduce:terminateCluster", {"ClusterId": "j", "JobFlowIds": ["j"]}, "JobFlowIds"),
    ("lambda:invoke", {"FunctionName": "f", "TaskToken": "t"}, "TaskToken"),
    ("http:invoke", {"ApiEndpoint": "e", "Method": "GET", "Authentication": {}, "Url": "u"}, "Url"),
    ("apigateway:invoke", {"ApiEndpoint": "e", "Method": "GET", "Url": "u"}, "Url"),
    ("aws-sdk:sts:getCallerIdentity", {"Colour": "red"}, "Colour"),
]


@pytest.mark.parametrize(("resource", "parameters", "field"), UNKNOWN, ids=[case[0] for case in UNKNOWN])
def test_a_field_that_the_service_does_not_have_is_refused_at_creation(call, resource, parameters, field):
    assert refusal(call, resource, parameters) == refused(f'The field "{field}" is not supported by Step Functions')


MISSING = [
    ("dynamodb:getItem", {"TableName": "items"}, "Key"),
    ("sqs:sendMessage", {"MessageBody": "hello"}, "QueueUrl"),
    ("aws-sdk:sqs:sendMessage", {"QueueUrl": "u"}, "MessageBody"),
    ("states:startExecution.sync:2", {}, "StateMachineArn"),
    ("elasticmapreduce:addStep.sync", {"ClusterId": "j"}, "Step"),
    ("elasticmapreduce:createCluster", {"Name": "c", "Instances": {}}, "KeepJobFlowAliveWhenNoSteps"),
    (
        "elasticmapreduce:modifyInstanceGroupByName",
        {"ClusterId": "j", "InstanceGroup": {"InstanceCount": 1}},
        "InstanceGroupName",
    ),
    (
        "elasticmapreduce:modifyInstanceFleetByName",
        {"ClusterId": "j", "InstanceFleet": {"TargetOnDemandCapacity": 1}},
        "InstanceFleetName",
    ),
    ("bedrockagentcore:invokeHarness", {"HarnessArn": "a", "RuntimeSessionId": "s"}, "Messages"),
    ("elasticmapreduce:addStep.sync", {"Step": {"Name": "s", "HadoopJarStep": {"Jar": "j"}}}, "ClusterId"),
    ("elasticmapreduce:addStep.sync", {"ClusterId": "j", "Step": {"Name": "s"}}, "HadoopJarStep"),
    ("lambda:invoke", {"Payload": 1}, "FunctionName"),
    ("http:invoke", {"ApiEndpoint": "https://a.example", "Authentication": {}}, "Method"),
    ("aws-sdk:emrserverless:startJobRun", {"ApplicationId": "a", "ExecutionRoleArn": "r"}, "ClientToken"),
]


@pytest.mark.parametrize(("resource", "parameters", "field"), MISSING, ids=[f"{case[0]}-{case[2]}" for case in MISSING])
def test_a_field_that_is_missing_is_refused_at_creation(call, resource, parameters, field):
    integration = ACTIONS.get(tuple(resource.split(":")))
    if integration is not None and integration.service == "bedrockagentcore" and integration.model() is None:
        pytest.skip("the botocore that is installed does not know the service")
    assert refusal(call, resource, parameters) == refused(f"The field '{field}' is required but was missing")


def test_what_is_computed_is_seen_when_the_task_starts(call):
    """The end of a path's name counts for the one it stands for."""
    parameters = {"TableName.$": "$.table", "Key.$": "$.key", "Colour.$": "$.table"}
    given = {"table": "items", "key": {"id": {"S": "a"}}}
    why = 'The field "Colour" is not supported by Step Functions'
    computed = {"TableName": "items", "Key": given["key"], "Colour": "items"}
    assert failure(call("dynamodb:getItem", parameters, given)) == unusable(computed, why)


def test_what_is_inside_a_computed_field_is_seen_when_the_task_starts(call):
    parameters = {"TableName": "items", "Key.$": "$"}
    given = {"id": {"Colour": "red"}}
    why = 'The field "Colour" is not supported by Step Functions'
    assert failure(call("dynamodb:getItem", parameters, given)) == unusable({"TableName": "items", "Key": given}, why)


def test_an_input_in_place_of_parameters_is_seen_when_the_task_starts(call):
    why = "The field 'Key' is required but was missing"
    assert failure(call("dynamodb:getItem", None, {"TableName": "items"})) == unusable({"TableName": "items"}, why)


def test_null_is_for_the_service_to_refuse(call):
    execution = call("aws-sdk:dynamodb:getItem", None, {"TableName": "items", "Key": None})
    assert failure(execution) == (
        "DynamoDb.DynamoDbException",
        (
            "1 validation error detected: Value null at 'key' failed to satisfy constraint: Member must not be null "
            "(Service: DynamoDb, Status Code: 400, Request ID: ...)"
        ),
    )


@pytest.mark.parametrize(
    "resource",
    ["sqs:sendMessage", "sns:publish", "events:putEvents", "lambda:invoke", "states:startExecution", "ecs:runTask"],
)
def test_nulls_are_no_defect_of_the_emulator(call, resource):
    names = (
        ["QueueUrl", "MessageBody"],
        ["Message"],
        ["Entries"],
        ["FunctionName"],
        ["StateMachineArn"],
        ["TaskDefinition"],
    )
    given = {name: None for fields in names for name in fields}
    taken = parameters_of(*resource.split(":")).members
    execution = call(resource, None, {name: None for name in given if name in taken})
    assert execution.status == "FAILED"
    assert execution.error != "Dynastep.InternalError", execution.cause


def test_every_problem_is_named(call):
    parameters = {"TableName": "items", "Colour.$": "$.a", "Smell.$": "$.a"}
    why = ", ".join(
        [
            *(f'The field "{field}" is not supported by Step Functions' for field in ("Colour", "Smell")),
            "The field 'Key' is required but was missing",
        ]
    )
    execution = call("dynamodb:getItem", None, {"TableName": "items", "Colour": 1, "Smell": 1})
    assert failure(execution) == unusable({"TableName": "items", "Colour": 1, "Smell": 1}, why)
    assert refusal(call, "dynamodb:getItem", parameters) == refused("The field 'Key' is required but was missing")


def test_arguments_in_jsonata_are_held_to_the_same(call):
    jsonata = {"QueryLanguage": "JSONata"}
    known = {"TableName": "{% $states.input.table %}", "Colour": "{% 'red' %}"}
    assert refusal(call, "dynamodb:getItem", None, Arguments=known, **jsonata) == (
        "InvalidDefinition: Invalid State Machine Definition: '"
        'SCHEMA_VALIDATION_FAILED: The field "Colour" is not supported by Step Functions at /States/Call/Arguments, '
        "SCHEMA_VALIDATION_FAILED: The field 'Key' is required but was missing at /States/Call/Arguments'"
    )
    computed = {"TableName": "items", "Colour": "red"}
    execution = call("dynamodb:getItem", None, computed, Arguments="{% $states.input %}", **jsonata)
    assert execution.error == "States.Runtime"
    assert 'The field "Colour" is not supported by Step Functions' in execution.cause


KINDS = [
    ("aws-sdk:dynamodb:getItem", GET, {"TableName": 5}),
    ("aws-sdk:dynamodb:getItem", GET, {"Key": [1]}),
    ("aws-sdk:dynamodb:getItem", GET, {"ConsistentRead": "yes"}),
    ("dynamodb:getItem", GET, {"ConsistentRead": "yes"}),
    ("aws-sdk:sqs:sendMessage", {"QueueUrl": "u"}, {"MessageBody": 1}),
    ("sqs:sendMessage", {"QueueUrl": "u", "MessageBody": {"a": 1}}, {"DelaySeconds": "1"}),
    ("aws-sdk:sqs:receiveMessage", {"QueueUrl": "u"}, {"MaxNumberOfMessages": True}),
    ("aws-sdk:ssm:getParameter", {"Name": "n"}, {"WithDecryption": 1}),
    ("ecs:runTask", RUN, {"Tags": {}}),
]


@pytest.mark.parametrize(("resource", "others", "wrong"), KINDS)
def test_a_field_of_the_wrong_kind_fails_the_task(call, resource, others, wrong):
    (field,) = wrong
    parameters = {**others, **wrong}
    why = f"The value of the field '{field}' has an invalid format"
    assert failure(call(resource, parameters)) == unusable(parameters, why)


def test_the_messages_of_optimized_integrations_may_be_any_json(dynastep, call):
    queue = dynastep.client("sqs").create_queue(QueueName="queue")["QueueUrl"]
    execution = call("sqs:sendMessage", {"QueueUrl": queue, "MessageBody": {"a": [1, None]}})
    assert execution.status == "SUCCEEDED", execution.cause
    (message,) = dynastep.client("sqs").receive_message(QueueUrl=queue)["Messages"]
    assert message["Body"] == '{"a":[1,null]}'


OBJECTS_AS_TEXTS = [
    # the value of MessageBody, what the queue is sent
    ({"a": [1, None]}, '{"a":[1,null]}'),
    (["a"], '["a"]'),
    ("{% $states.input %}", '{"x":1}'),
    ("$", "$"),
]


@pytest.mark.parametrize(("value", "text"), OBJECTS_AS_TEXTS)
def test_an_object_in_place_of_a_text_of_an_aws_sdk_integration_is_written_as_json(dynastep, call, value, text):
    queue = dynastep.client("sqs").create_queue(QueueName="queue")["QueueUrl"]
    arguments = {"QueueUrl": queue, "MessageBody": value}
    execution = call("aws-sdk:sqs:sendMessage", None, {"x": 1}, QueryLanguage="JSONata", Arguments=arguments)
    assert execution.status == "SUCCEEDED", execution.cause
    (message,) = dynastep.client("sqs").receive_message(QueueUrl=queue)["Messages"]
    assert message["Body"] == text


def test_the_history_shows_the_object(dynastep, call):
    arn = dynastep.client("stepfunctions").create_state_machine(
        name="child",
        roleArn="arn:aws:iam::123456789012:role/r",
        definition='{"StartAt":"S","States":{"S":{"Type":"Succeed"}}}',
    )["stateMachineArn"]
    execution = call("aws-sdk:sfn:startExecution", {"StateMachineArn": arn, "Input": {"a": 1}})
    assert execution.status == "SUCCEEDED", execution.cause
    (scheduled,) = (event for event in execution.history if event["type"] == "TaskScheduled")
    parameters = json.loads(scheduled["taskScheduledEventDetails"]["parameters"])
    assert parameters == {"StateMachineArn": arn, "Input": {"a": 1}}


@pytest.mark.parametrize(
    ("resource", "parameters", "error", "code", "words"),
    [
        (
            "events:putEvents",
            {"Entries": []},
            "EventBridge.AmazonCloudWatchEventsException",
            "Service: AmazonCloudWatchEvents; Status Code: 400; Error Code: ValidationException",
            "1 validation error detected: Value '[]' at 'entries' failed to satisfy constraint: "
            "Member must have length greater than or equal to 1",
        ),
        (
            "sns:publish",
            {"PhoneNumber": "+15555550100", "Message": None},
            "SNS.AmazonSNSException",
            "Service: AmazonSNS; Status Code: 400; Error Code: ValidationError",
            "1 validation error detected: Value null at 'message' failed to satisfy constraint: Member must not be null",
        ),
        (
            "sqs:sendMessage",
            {"QueueUrl": "https://queue.amazonaws.com/000000000000/q", "MessageBody": None},
            "SQS.AmazonSQSException",
            "Service: AmazonSQS; Status Code: 400; Error Code: MissingParameter",
            "The request must contain the parameter MessageBody.",
        ),
    ],
)
def test_the_service_refuses_what_breaks_its_model(call, resource, parameters, error, code, words):
    assert failure(call(resource, parameters)) == (error, f"{words} ({code}; Request ID: ...; Proxy: null)")


def test_a_service_that_has_a_validation_exception_of_its_own_refuses_with_that(call):
    error, cause = failure(call("aws-sdk:ecr:describeRepositories", {"RepositoryNames": ["x"]}))
    assert error == "Ecr.ValidationException"
    assert cause.startswith(
        "1 validation error detected: Value 'x' at 'repositoryNames.1.member' failed to satisfy constraint: "
        "Member must have length greater than or equal to 2 (Service: Ecr, Status Code: 400, "
    )


def test_a_cluster_that_would_end_by_itself_is_refused_when_the_task_starts(call):
    parameters = {"Name": "c", "Instances": {"KeepJobFlowAliveWhenNoSteps": False}}
    why = "The value of the field 'KeepJobFlowAliveWhenNoSteps' has an invalid format"
    assert failure(call("elasticmapreduce:createCluster", parameters)) == unusable(parameters, why)
