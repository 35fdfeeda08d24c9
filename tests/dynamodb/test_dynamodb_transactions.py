"""Transactions: all or nothing, reasons in order, idempotency. Facts observed on AWS."""

from __future__ import annotations

from typing import Any

import pytest
from dynamodb_service import Service

from emulator.faults import Fault

INVALID = "One or more parameter values were invalid: "
MISMATCH = "The provided key element does not match the schema"
PREFIX = "Transaction cancelled, please refer cancellation reasons for specific reasons "


@pytest.fixture(autouse=True)
def tab(ddb: Service) -> str:
    gsi = {
        "IndexName": "gsi",
        "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"},
    }
    return ddb.table("tab", attributes={"g": "S"}, GlobalSecondaryIndexes=[gsi])


def key(name: str) -> dict[str, Any]:
    return {"p": {"S": name}}


def put(name: str, **more: Any) -> dict[str, Any]:
    attributes = more.pop("attributes", {})
    return {"Put": {"TableName": "tab", "Item": {**key(name), **attributes}, **more}}


def delete(name: str, **more: Any) -> dict[str, Any]:
    return {"Delete": {"TableName": "tab", "Key": key(name), **more}}


def check(name: str, condition: str) -> dict[str, Any]:
    return {"ConditionCheck": {"TableName": "tab", "Key": key(name), "ConditionExpression": condition}}


def update(name: str, text: str, **more: Any) -> dict[str, Any]:
    return {"Update": {"TableName": "tab", "Key": key(name), "UpdateExpression": text, **more}}


def all_items(ddb: Service) -> dict[str, Any]:
    return {item["p"]["S"]: item for item in ddb.call("Scan", TableName="tab")["Items"]}


def test_all_actions_together(ddb: Service) -> None:
    ddb.call("PutItem", TableName="tab", Item=key("gone"))
    ddb.call("PutItem", TableName="tab", Item=key("there"))
    actions = [
        put("new"),
        delete("gone"),
        check("there", "attribute_exists(p)"),
        update("made", "SET a = :v", ExpressionAttributeValues={":v": {"N": "1"}}),
    ]
    assert ddb.call("TransactWriteItems", TransactItems=actions) == {}
    assert all_items(ddb) == {"new": key("new"), "there": key("there"), "made": {**key("made"), "a": {"N": "1"}}}


def cancelled(ddb: Service, actions: list[dict[str, Any]]) -> tuple[str, list[dict[str, Any]]]:
    before = all_items(ddb)
    with pytest.raises(Fault) as caught:
        ddb.call("TransactWriteItems", TransactItems=actions)
    assert caught.value.code == "TransactionCanceledException"
    assert all_items(ddb) == before
    return caught.value.message, caught.value.members["CancellationReasons"]


def test_every_failing_condition_is_reported_in_order(ddb: Service) -> None:
    ddb.call("PutItem", TableName="tab", Item=key("there"))
    condition = {"ConditionExpression": "attribute_not_exists(p)"}
    message, reasons = cancelled(
        ddb,
        [
            put("a"),
            put("there", **condition, ReturnValuesOnConditionCheckFailure="ALL_OLD"),
            check("b", "attribute_exists(p)"),
        ],
    )
    assert message == PREFIX + "[None, ConditionalCheckFailed, ConditionalCheckFailed]"
    failed = {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}
    assert reasons == [{"Code": "None"}, {**failed, "Item": key("there")}, failed]


INVALID_MEMBERS: list[tuple[dict[str, Any], str]] = [
    ({"Put": {"TableName": "tab", "Item": {"q": {"S": "x"}}}}, INVALID + "Missing the key p in the item"),
    (
        {"Put": {"TableName": "tab", "Item": {"p": {"N": "1"}}}},
        INVALID + "Type mismatch for key p expected: S actual: N",
    ),
    ({"Delete": {"TableName": "tab", "Key": {"q": {"S": "x"}}}}, MISMATCH),
    (
        put("x", attributes={"g": {"N": "1"}}),
        INVALID + "Type mismatch for Index Key g Expected: S Actual: N IndexName: gsi",
    ),
    (
        update("x", "SET g = :v", ExpressionAttributeValues={":v": {"N": "1"}}),
        INVALID + "Type mismatch for Index Key g Expected: S Actual: N IndexName: gsi",
    ),
    (
        update("x", "SET a = :v", ExpressionAttributeValues={":v": {"S": "y" * 409_600}}),
        "Item size to update has exceeded the maximum allowed size",
    ),
    (update("x", "SET a = gone"), "The provided expression refers to an attribute that does not exist in the item"),
]


@pytest.mark.parametrize(("member", "message"), INVALID_MEMBERS)
def test_member_that_does_not_fit_cancels_with_a_validation_error(
    ddb: Service, member: dict[str, Any], message: str
) -> None:
    text, reasons = cancelled(ddb, [put("a"), member, put("b")])
    assert text == PREFIX + "[None, ValidationError, None]"
    assert reasons == [{"Code": "None"}, {"Code": "ValidationError", "Message": message}, {"Code": "None"}]


TOO_DEEP = (
    "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit"
)
EMPTY_KEY = (
    "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string "
    "value. Key: p"
)
DEEP_VALUE: dict[str, Any] = {"S": "x"}
for _ in range(40):
    DEEP_VALUE = {"M": {"n": DEEP_VALUE}}


def update_of(table: str, value: dict[str, Any]) -> dict[str, Any]:
    given = {"UpdateExpression": "SET a = :v", "ExpressionAttributeValues": {":v": value}}
    return {"Update": {"TableName": table, "Key": key("a"), **given}}


WHOLE: list[tuple[list[dict[str, Any]], str, str]] = [
    (
        [put("a"), delete("a")],
        "ValidationException",
        "Transaction request cannot include multiple operations on one item",
    ),
    (
        [put("a"), check("a", "attribute_exists(p)")],
        "ValidationException",
        "Transaction request cannot include multiple operations on one item",
    ),
    (
        [put("a") | delete("b")],
        "ValidationException",
        "TransactItems can only contain one of Check, Put, Update or Delete",
    ),
    (
        [{}],
        "ValidationException",
        "Invalid Request: TransactWriteRequest should contain Delete or Put or Update request",
    ),
    (
        [put("a"), put("x", attributes={"a": {"S": "y" * 409_600}})],
        "ValidationException",
        "Item size has exceeded the maximum allowed size",
    ),
    # one action after another, and the first fault of any kind, before tables are looked up
    ([update_of("nope", DEEP_VALUE), put("b", attributes={"": {"S": "x"}})], "ValidationException", TOO_DEEP),
    (
        [put("b", attributes={"": {"S": "x"}}), update_of("nope", DEEP_VALUE)],
        "ValidationException",
        "Empty attribute name",
    ),
    ([put("b", attributes={"d": DEEP_VALUE, "": {"S": "x"}})], "ValidationException", "Empty attribute name"),
    (
        [put("b", attributes={"m": {"M": {"": {"S": "x"}}}, "d": DEEP_VALUE})],
        "ValidationException",
        TOO_DEEP,
    ),
    (
        [put("b", attributes={"d": DEEP_VALUE}, ConditionExpression="a = = b")],
        "ValidationException",
        'Invalid ConditionExpression: Syntax error; token: "=", near: "= = b"',
    ),
    (
        [{"Delete": {"TableName": "nope", "Key": {"p": DEEP_VALUE}}}, put("b", ConditionExpression="a = = b")],
        "ValidationException",
        TOO_DEEP,
    ),
    (
        [{"Delete": {"TableName": "nope", "Key": {"p": DEEP_VALUE}, "ConditionExpression": "a = = b"}}],
        "ValidationException",
        'Invalid ConditionExpression: Syntax error; token: "=", near: "= = b"',
    ),
    ([delete("")], "ValidationException", EMPTY_KEY),
    ([check("", "attribute_exists(p)")], "ValidationException", EMPTY_KEY),
    ([update("", "REMOVE a")], "ValidationException", EMPTY_KEY),
    (
        [put("x", attributes={"g": {"S": ""}})],
        "ValidationException",
        "One or more parameter values are not valid. A value specified for a secondary index key is not supported. The "
        "AttributeValue for a key attribute cannot contain an empty string value. IndexName: gsi, IndexKey: g",
    ),
    (
        [update("x", "SET g = :v", ExpressionAttributeValues={":v": {"S": ""}})],
        "ValidationException",
        "One or more parameter values are not valid. The update expression attempted to update a secondary index key to "
        "a value that is not supported. The AttributeValue for a key attribute cannot contain an empty string value.",
    ),
    (
        [put("a"), put("b", ConditionExpression="a = :v")],
        "ValidationException",
        (
            "Invalid ConditionExpression: An expression attribute value used in expression is not defined; "
            "attribute value: :v"
        ),
    ),
    (
        [put("a"), {"Put": {"TableName": "nope", "Item": key("a")}}],
        "ResourceNotFoundException",
        "Requested resource not found",
    ),
    (
        [put("")],
        "ValidationException",
        (
            "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an "
            "empty string "
            "value. Key: p"
        ),
    ),
]


@pytest.mark.parametrize(("actions", "code", "message"), WHOLE)
def test_request_is_refused_as_a_whole(ddb: Service, actions: list[dict[str, Any]], code: str, message: str) -> None:
    assert ddb.refusal("TransactWriteItems", TransactItems=actions) == (code, message)
    assert all_items(ddb) == {}


def test_token_makes_a_repeat_harmless_for_ten_minutes(ddb: Service) -> None:
    add = [update("n", "ADD a :v", ExpressionAttributeValues={":v": {"N": "1"}})]
    for _ in range(3):
        ddb.call("TransactWriteItems", TransactItems=add, ClientRequestToken="token")
    assert all_items(ddb)["n"]["a"] == {"N": "1"}
    code, _ = ddb.refusal("TransactWriteItems", TransactItems=[delete("n")], ClientRequestToken="token")
    assert code == "IdempotentParameterMismatchException"
    ddb.clock.time += 600
    ddb.call("TransactWriteItems", TransactItems=add, ClientRequestToken="token")
    assert all_items(ddb)["n"]["a"] == {"N": "2"}


def test_capacity_of_transactions_is_double(ddb: Service) -> None:
    actions = [put("a", attributes={"g": {"S": "x"}}), check("b", "attribute_not_exists(p)")]
    params = {"TransactItems": actions, "ReturnConsumedCapacity": "INDEXES", "ClientRequestToken": "t"}
    assert ddb.call("TransactWriteItems", **params)["ConsumedCapacity"] == [
        {
            "TableName": "tab",
            "CapacityUnits": 5.0,
            "WriteCapacityUnits": 5.0,
            "Table": {"CapacityUnits": 4.0, "WriteCapacityUnits": 4.0},
            "GlobalSecondaryIndexes": {"gsi": {"CapacityUnits": 1.0, "WriteCapacityUnits": 1.0}},
        }
    ]
    replayed = ddb.call("TransactWriteItems", **{**params, "ReturnConsumedCapacity": "TOTAL"})["ConsumedCapacity"]
    assert replayed == [{"TableName": "tab", "CapacityUnits": 4.0, "ReadCapacityUnits": 4.0}]


def get(name: str, **more: Any) -> dict[str, Any]:
    return {"Get": {"TableName": "tab", "Key": key(name), **more}}


def test_transactional_reads_answer_in_order(ddb: Service) -> None:
    ddb.call("PutItem", TableName="tab", Item={**key("a"), "x": {"N": "1"}})
    answer = ddb.call("TransactGetItems", TransactItems=[get("b"), get("a", ProjectionExpression="x")])
    assert answer == {"Responses": [{}, {"Item": {"x": {"N": "1"}}}]}
    refusal = ddb.refusal("TransactGetItems", TransactItems=[get("a"), get("a")])
    assert refusal[1] == "Transaction request cannot include multiple operations on one item"
    refusal = ddb.refusal("TransactGetItems", TransactItems=[get("a"), {"Get": {"TableName": "nope", "Key": key("a")}}])
    assert refusal == ("ResourceNotFoundException", "Requested resource not found")
