"""DynamoDB: the four optimized integrations, and the errors of both SDKs."""

from __future__ import annotations

import pytest
from outcomes import details, failure, own


def test_the_four_operations_of_dynamodb(call, table):
    key = {"id": {"S": "a"}}
    assert own(call("dynamodb:putItem", {"TableName": table, "Item": {**key, "n": {"N": "1"}}}).output) == {}
    read = call("dynamodb:getItem", {"TableName": table, "Key": key})
    assert own(read.output) == {"Item": {"id": {"S": "a"}, "n": {"N": "1"}}}
    update = {"UpdateExpression": "SET n = n + :one", "ExpressionAttributeValues": {":one": {"N": "1"}}}
    changed = call("dynamodb:updateItem", {"TableName": table, "Key": key, **update, "ReturnValues": "UPDATED_NEW"})
    assert own(changed.output) == {"Attributes": {"n": {"N": "2"}}}
    gone = call("dynamodb:deleteItem", {"TableName": table, "Key": key, "ReturnValues": "ALL_OLD"})
    assert own(gone.output) == {"Attributes": {"id": {"S": "a"}, "n": {"N": "2"}}}
    assert own(call("dynamodb:getItem", {"TableName": table, "Key": key}).output) == {}


def test_an_optimized_answer_has_the_headers_of_the_call(call, table):
    output = call("dynamodb:getItem", {"TableName": table, "Key": {"id": {"S": "a"}}}).output
    http = output["SdkHttpMetadata"]
    assert http["AllHttpHeaders"] == {name: [value] for name, value in http["HttpHeaders"].items()}
    assert http["HttpHeaders"]["x-amzn-requestid"] == output["SdkResponseMetadata"]["RequestId"]
    assert http["HttpHeaders"]["Date"] == "Thu, 01 Jan 2026 00:00:00 GMT"


def test_a_task_shows_its_service_and_action_in_its_events(call, table):
    execution = call("dynamodb:getItem", {"TableName": table, "Key": {"id": {"S": "a"}}})
    about = {"resourceType": "dynamodb", "resource": "getItem"}
    assert details(execution, "TaskScheduled") == {
        **about,
        "region": "us-east-1",
        "parameters": '{"TableName":"items","Key":{"id":{"S":"a"}}}',
    }
    assert details(execution, "TaskStarted") == about
    assert details(execution, "TaskSucceeded").keys() == {*about, "output", "outputDetails"}


@pytest.mark.parametrize(
    ("action", "parameters", "code", "message"),
    [
        (
            "getItem",
            {"TableName": "none", "Key": {"id": {"S": "a"}}},
            "ResourceNotFoundException",
            "Requested resource not found",
        ),
        (
            "getItem",
            {"TableName": "items", "Key": {"id": {"N": "1"}}},
            "ValidationException",
            "The provided key element does not match the schema",
        ),
        (
            "putItem",
            {"TableName": "items", "Item": {"id": {"S": "a"}}, "ConditionExpression": "attribute_exists(id)"},
            "ConditionalCheckFailedException",
            "The conditional request failed",
        ),
    ],
)
def test_an_error_of_an_optimized_integration_has_the_form_of_the_first_sdk(
    call, table, action, parameters, code, message
):
    name = "AmazonDynamoDBException" if code == "ValidationException" else code
    about = f"Service: AmazonDynamoDBv2; Status Code: 400; Error Code: {code}; Request ID: ...; Proxy: null"
    assert failure(call(f"dynamodb:{action}", parameters)) == (f"DynamoDB.{name}", f"{message} ({about})")


@pytest.mark.parametrize(
    ("action", "parameters", "code", "message"),
    [
        (
            "describeTable",
            {"TableName": "none"},
            "ResourceNotFoundException",
            "Requested resource not found: Table: none not found",
        ),
        (
            "getItem",
            {"TableName": "items", "Key": {"id": {"N": "1"}}},
            "DynamoDbException",
            "The provided key element does not match the schema",
        ),
    ],
)
def test_an_error_of_an_aws_sdk_integration_has_the_form_of_the_second_sdk(
    call, table, action, parameters, code, message
):
    assert failure(call(f"aws-sdk:dynamodb:{action}", parameters)) == (
        f"DynamoDb.{code}",
        f"{message} (Service: DynamoDb, Status Code: 400, Request ID: ...)",
    )
