"""One table of facts for each operation, on one shop of tables, by every door: in process, raw HTTP and boto3.

A row is what a request has besides the rest of a good one, and the outcome: the whole answer, the message of a
ValidationException, or another code with its message. Facts observed on AWS; what has tests of its own is not repeated.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Sequence
from typing import Any, TypeAlias

import pytest
from dynamodb_doors import AUTHORIZATION, Endpoint
from dynamodb_service import ACCOUNT, REGION, Service

from emulator.dynamodb.model.store import DynamoDBSettings, Store

Outcome: TypeAlias = "dict[str, Any] | str | tuple[str, str]"
Row: TypeAlias = "tuple[dict[str, Any], Outcome]"

ONE_DETECTED = "1 validation error detected: "
INVALID = "One or more parameter values were invalid: "
NOT_VALID = "One or more parameter values are not valid. "
MISMATCH = "The provided key element does not match the schema"
EMPTY = "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
SEVERAL = "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"
NOT_NUMERIC = "The parameter cannot be converted to a numeric value"
OVERFLOW = "Number overflow. Attempting to store a number with magnitude larger than supported range"
SCALARS = "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: "
NOT_FOUND = ("ResourceNotFoundException", "Requested resource not found")
FAILED = ("ConditionalCheckFailedException", "The conditional request failed")
BOTH = "Can not use both expression and non-expression parameters in the same request: Non-expression parameters: "
START = "The provided starting key is invalid"
ARN = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/tab"
NO_MEMBER = "<no member>"
"""Stands for a member that the request shall not have."""


def broken(path: str, words: str, value: str = "null") -> str:
    """One constraint that is broken, as all but the newest operations say it."""
    return f"1 validation error detected: Value {value} at '{path}' failed to satisfy constraint: {words}"


def at_least(length: int) -> str:
    return f"Member must have length greater than or equal to {length}"


def at_most(length: int) -> str:
    return f"Member must have length less than or equal to {length}"


def one_of(*values: str) -> str:
    return f"Member must satisfy enum value set: [{', '.join(values)}]"


NOT_NULL = "Member must not be null"
PATTERN = "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"
RETURNS = one_of("ALL_NEW", "UPDATED_OLD", "ALL_OLD", "NONE", "UPDATED_NEW")

KEY = {"p": {"S": "a"}, "r": {"N": "1"}}
FIRST = {**KEY, "a": {"S": "one"}, "li": {"L": [{"S": "x"}, {"S": "y"}, {"S": "z"}]}, "m": {"M": {"x": {"N": "1"}}}}
SHOP = [
    FIRST,
    {"p": {"S": "a"}, "r": {"N": "2"}, "a": {"S": "two"}, "g": {"S": "v"}, "l": {"N": "9"}},
    {"p": {"S": "a"}, "r": {"N": "3"}, "a": {"S": "three"}, "g": {"S": "v"}, "l": {"N": "8"}, "z": {"S": "z"}},
    {"p": {"S": "b"}, "r": {"N": "1"}, "ns": {"NS": ["1", "2"]}},
]


@pytest.fixture
def shop(ddb: Service) -> Service:
    """An account with the shop in it."""
    fill(ddb)
    return ddb


def fill(ddb: Service) -> None:
    """Make ``tab`` with two indexes and four items, and ``bin``, which is empty."""
    ddb.table(
        "tab",
        "p:S",
        "r:N",
        attributes={"g": "S", "l": "N"},
        GlobalSecondaryIndexes=[
            {
                "IndexName": "gsi",
                "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}, {"AttributeName": "l", "KeyType": "RANGE"}],
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["a"]},
            }
        ],
        LocalSecondaryIndexes=[
            {
                "IndexName": "lsi",
                "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "l", "KeyType": "RANGE"}],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
    )
    ddb.table("bin", "p:B")
    ddb.call("BatchWriteItem", RequestItems={"tab": [{"PutRequest": {"Item": item}} for item in SHOP]})


def check(shop: Service, operation: str, rest: dict[str, Any], row: Row) -> None:
    """The row's request has its outcome; a refusal leaves every item as it was."""
    given, outcome = row
    params = {name: value for name, value in {**rest, **given}.items() if value is not NO_MEMBER}
    if isinstance(outcome, dict):
        assert shop.call(operation, **params) == outcome
        return
    expected = ("ValidationException", outcome) if isinstance(outcome, str) else outcome
    assert shop.refusal(operation, **params) == expected
    assert sorted(map(str, shop.call("Scan", TableName="tab")["Items"])) == sorted(map(str, SHOP))


def named(rows: Sequence[Row]) -> Any:
    """The rows as parameters, named by what they give: readable, and of bearable length."""
    return pytest.mark.parametrize("row", rows, ids=[json.dumps(str(row[0]))[1:60] for row in rows])


TABLE_NAMES: list[Row] = [
    ({"TableName": NO_MEMBER}, broken("tableName", NOT_NULL)),
    ({"TableName": ""}, broken("tableName", at_least(1), "''")),
    ({"TableName": "t" * 256}, broken("tableName", at_most(255), f"'{'t' * 256}'")),
    ({"TableName": "bad table!@#"}, broken("tableName", PATTERN, "'bad table!@#'")),
    ({"TableName": "nope"}, NOT_FOUND),
    ({"TableName": ARN.replace("tab", "nope")}, NOT_FOUND),
]
BAD_KEYS: list[Row] = [
    ({"Key": NO_MEMBER}, broken("key", NOT_NULL)),
    ({"Key": {}}, MISMATCH),
    ({"Key": {**KEY, "x": {"S": "y"}}}, MISMATCH),
    ({"Key": {"p": {"S": "a"}, "r": {}}}, EMPTY),
    ({"Key": {"p": {"S": "a"}, "r": {"N": "1", "S": "1"}}}, SEVERAL),
    ({"Key": {"p": {"S": "a"}, "r": {"N": "one"}}}, f"{NOT_NUMERIC}: one"),
    ({"Key": {"p": {"S": "a"}, "r": {"N": "1e126"}}}, OVERFLOW),
    ({"Key": {"p": {"S": "a"}, "r": {"NS": ["1"]}}}, MISMATCH),
    ({"Key": {"p": {"NULL": True}, "r": {"N": "1"}}}, MISMATCH),
    (
        {"TableName": "bin", "Key": {"p": {"B": ""}}},
        f"{NOT_VALID}The AttributeValue for a key attribute cannot contain an empty binary value. Key: p",
    ),
]
BAD_KEYS_OF_WRITES: list[Row] = [
    (given, f"{ONE_DETECTED}{outcome}" if outcome in (OVERFLOW, f"{NOT_NUMERIC}: one") else outcome)
    for given, outcome in BAD_KEYS
]
CAPACITIES: list[Row] = [
    (
        {"ReturnConsumedCapacity": "all"},
        broken("returnConsumedCapacity", one_of("INDEXES", "TOTAL", "NONE"), "'all'"),
    ),
]

GET_ITEM: list[Row] = [
    *(TABLE_NAMES + BAD_KEYS + CAPACITIES),
    ({}, {"Item": FIRST}),
    ({"TableName": ARN}, {"Item": FIRST}),
    ({"Key": {"p": {"S": "a"}, "r": {"N": "+1.00"}}}, {"Item": FIRST}),
    ({"Key": {"p": {"S": "a"}, "r": {"N": "-1"}}}, {}),
    ({"ProjectionExpression": "gone"}, {"Item": {}}),
    (
        {"ProjectionExpression": "li[2], li[0], m.x, li[7]"},
        {"Item": {"li": {"L": [{"S": "x"}, {"S": "z"}]}, "m": FIRST["m"]}},
    ),
    (
        {"ProjectionExpression": "#a.#b", "ExpressionAttributeNames": {"#a": "m", "#b": "x"}},
        {"Item": {"m": FIRST["m"]}},
    ),
    ({"ProjectionExpression": "r"}, {"Item": {"r": {"N": "1"}}}),
    ({"ProjectionExpression": "r.x"}, f"{SCALARS}Key: r"),
    ({"ProjectionExpression": "g[0]"}, f"{SCALARS}IndexKey: g"),
    ({"AttributesToGet": ["a", "gone"]}, {"Item": {"a": {"S": "one"}}}),
    ({"AttributesToGet": []}, broken("attributesToGet", at_least(1), "'[]'")),
    ({"AttributesToGet": ["a", "a"]}, f"{INVALID}Duplicate value in attribute name: a"),
    (
        {"AttributesToGet": ["a"], "ProjectionExpression": "a"},
        f"{BOTH}{{AttributesToGet}} Expression parameters: {{ProjectionExpression}}",
    ),
    (
        {"ProjectionExpression": "a", "ExpressionAttributeNames": {"#x": "x"}},
        "Value provided in ExpressionAttributeNames unused in expressions: keys: {#x}",
    ),
    (
        {"ConsistentRead": True, "ReturnConsumedCapacity": "INDEXES", "ProjectionExpression": "a"},
        {
            "Item": {"a": {"S": "one"}},
            "ConsumedCapacity": {"TableName": "tab", "CapacityUnits": 1.0, "Table": {"CapacityUnits": 1.0}},
        },
    ),
    (
        {"Key": {"p": {"S": "q"}, "r": {"N": "1"}}, "ReturnConsumedCapacity": "TOTAL"},
        {"ConsumedCapacity": {"TableName": "tab", "CapacityUnits": 0.5}},
    ),
]


@named(GET_ITEM)
def test_get_item(shop: Service, row: Row) -> None:
    check(shop, "GetItem", {"TableName": "tab", "Key": KEY}, row)


CONDITION = "ConditionExpression"
VALUES, NAMES = "ExpressionAttributeValues", "ExpressionAttributeNames"
ONLY = f"{ONE_DETECTED}{VALUES} can only be specified when using expressions"
CONDITIONS: list[Row] = [
    ({CONDITION: "attribute_not_exists(p)"}, FAILED),
    ({CONDITION: "a = :v", VALUES: {":v": {"S": "two"}}}, FAILED),
    ({CONDITION: "p.x = a"}, f"{SCALARS}Key: p"),
    ({CONDITION: "attribute_exists(l[1])"}, f"{SCALARS}IndexKey: l"),
    (
        {CONDITION: "a = :v"},
        f"{ONE_DETECTED}Invalid {CONDITION}: An expression attribute value used in expression is not defined; attribute value: :v",
    ),
    (
        {CONDITION: "a = :v", VALUES: {":v": {"SS": []}}},
        f"{VALUES} contains invalid value: {INVALID}An string set  may not be empty for key :v",
    ),
    (
        {CONDITION: "a = :v", VALUES: {":v": {"N": "x"}, "v": {"S": "y"}}},
        f'{ONE_DETECTED}{VALUES} contains invalid key: Syntax error; key: "v"',
    ),
    (
        {CONDITION: "a = :v", NAMES: {}, VALUES: {}},
        f"{ONE_DETECTED}{NAMES} must not be empty",
    ),
    (
        {CONDITION: "a = :v OR a = a", VALUES: {":v": {"S": "y"}}},
        f"{ONE_DETECTED}Invalid {CONDITION}: The first operand must be distinct from the remaining operands for this operator or "
        "function; operator: =, first operand: [a]",
    ),
    ({"Expected": {"a": {"Exists": False}}}, FAILED),
    ({"Expected": {"a": {"Value": {"S": "two"}}}}, FAILED),
    (
        {"Expected": {"a": {"Exists": False}}, CONDITION: "a = b"},
        f"{BOTH}{{Expected}} Expression parameters: {{{CONDITION}}}",
    ),
    ({"ConditionalOperator": "OR"}, f"{ONE_DETECTED}ConditionalOperator cannot be used without Filter or Expected"),
    (
        {"ConditionalOperator": "XOR", "Expected": {"a": {"Exists": False}}},
        broken("conditionalOperator", one_of("OR", "AND"), "'XOR'"),
    ),
    (
        {"ReturnItemCollectionMetrics": "size"},
        broken("returnItemCollectionMetrics", one_of("SIZE", "NONE"), "'size'"),
    ),
    ({"ReturnValues": "all_old"}, broken("returnValues", RETURNS, "'all_old'")),
]
WRITE_ONE: list[Row] = [
    *(TABLE_NAMES + CAPACITIES + CONDITIONS),
    ({VALUES: {":v": {"S": "y"}}}, ONLY),
    ({"ReturnValues": "ALL_NEW"}, f"{ONE_DETECTED}ReturnValues can only be ALL_OLD or NONE"),
    ({"ReturnValues": "UPDATED_OLD"}, f"{ONE_DETECTED}ReturnValues can only be ALL_OLD or NONE"),
    ({"ReturnValues": "ALL_OLD"}, {"Attributes": FIRST}),
    ({CONDITION: "size(li) = :n AND m.x < :n", VALUES: {":n": {"N": "3"}}}, {}),
    ({"Expected": {"a": {"Value": {"S": "one"}}, "q": {"Exists": False}}}, {}),
]
PUT_ITEM: list[Row] = [
    *WRITE_ONE,
    ({"Item": NO_MEMBER}, broken("item", NOT_NULL)),
    ({"Item": {}}, f"{INVALID}Missing the key p in the item"),
    ({"Item": {"r": {"N": "1"}}}, f"{INVALID}Missing the key p in the item"),
    ({"Item": {"p": {"S": "a"}, "r": {"S": "1"}}}, f"{INVALID}Type mismatch for key r expected: N actual: S"),
    (
        {"Item": {**KEY, "g": {"N": "1"}}},
        f"{INVALID}Type mismatch for Index Key g Expected: S Actual: N IndexName: gsi",
    ),
    ({"Item": {**KEY, "g": {"M": {}}}}, f"{INVALID}Type mismatch for Index Key g Expected: S Actual: M IndexName: gsi"),
    ({"Item": {**KEY, "x": {"L": [{"M": {"y": {"N": "1.2.3"}}}]}}}, f"{ONE_DETECTED}{NOT_NUMERIC}: 1.2.3"),
    ({"Item": {**KEY, "x": {"BS": []}}}, f"{INVALID}Binary sets should not be empty"),
    ({"Item": {**KEY, "x": {"S": "x", "N": "1"}}}, SEVERAL),
    (
        {"TableName": "bin", "Item": {"p": {"B": ""}}},
        f"{NOT_VALID}The AttributeValue for a key attribute cannot contain an empty binary value. Key: p",
    ),
    (
        {"TableName": "bin", "Item": {"p": {"B": "A" * 2732}}},
        f"{INVALID}Size of hashkey has exceeded the maximum size limit of2048 bytes",
    ),
    ({"TableName": "nope", "Item": {"x": {"S": "y" * 409_600}}}, "Item size has exceeded the maximum allowed size"),
    (
        {"ReturnConsumedCapacity": "TOTAL", "Item": {**KEY, "x": {"S": "y" * 2048}}},
        {"ConsumedCapacity": {"TableName": "tab", "CapacityUnits": 3.0}},
    ),
    (
        {"ReturnConsumedCapacity": "INDEXES", "Item": {**KEY, "l": {"N": "1"}, "g": {"S": "new"}}},
        {
            "ConsumedCapacity": {
                "TableName": "tab",
                "CapacityUnits": 3.0,
                "Table": {"CapacityUnits": 1.0},
                "LocalSecondaryIndexes": {"lsi": {"CapacityUnits": 1.0}},
                "GlobalSecondaryIndexes": {"gsi": {"CapacityUnits": 1.0}},
            }
        },
    ),
]
DELETE_ITEM: list[Row] = [
    *(WRITE_ONE + BAD_KEYS_OF_WRITES),
    ({"Key": {"p": {"S": "q"}, "r": {"N": "1"}}, "ReturnValues": "ALL_OLD"}, {}),
    (
        {"ReturnConsumedCapacity": "TOTAL", "ReturnItemCollectionMetrics": "SIZE"},
        {
            "ConsumedCapacity": {"TableName": "tab", "CapacityUnits": 1.0},
            "ItemCollectionMetrics": {"ItemCollectionKey": {"p": {"S": "a"}}, "SizeEstimateRangeGB": [0.0, 1.0]},
        },
    ),
    (
        {"Key": {"p": {"S": "a"}, "r": {"N": "2"}}, "ReturnConsumedCapacity": "INDEXES"},
        {
            "ConsumedCapacity": {
                "TableName": "tab",
                "CapacityUnits": 3.0,
                "Table": {"CapacityUnits": 1.0},
                "LocalSecondaryIndexes": {"lsi": {"CapacityUnits": 1.0}},
                "GlobalSecondaryIndexes": {"gsi": {"CapacityUnits": 1.0}},
            }
        },
    ),
]


@named(PUT_ITEM)
def test_put_item(shop: Service, row: Row) -> None:
    check(shop, "PutItem", {"TableName": "tab", "Item": KEY}, row)


@named(DELETE_ITEM)
def test_delete_item(shop: Service, row: Row) -> None:
    check(shop, "DeleteItem", {"TableName": "tab", "Key": KEY}, row)


UPDATE = "UpdateExpression"
ALL_NEW = {"ReturnValues": "ALL_NEW"}
UPDATE_ITEM: list[Row] = [
    *(TABLE_NAMES + BAD_KEYS_OF_WRITES + CAPACITIES + CONDITIONS),
    ({}, {}),
    (ALL_NEW, {"Attributes": FIRST}),
    ({VALUES: {":v": {"S": "y"}}}, ONLY),
    (
        {"AttributeUpdates": {}, "Expected": {}, UPDATE: "REMOVE a", CONDITION: "a = b"},
        f"{BOTH}{{AttributeUpdates, Expected}} Expression parameters: {{{UPDATE}, {CONDITION}}}",
    ),
    (
        {"AttributeUpdates": {}, CONDITION: "a = b"},
        f"{BOTH}{{AttributeUpdates}} Expression parameters: {{{CONDITION}}}",
    ),
    ({UPDATE: "REMOVE a", "Expected": {}}, f"{BOTH}{{Expected}} Expression parameters: {{{UPDATE}}}"),
    ({UPDATE: "REMOVE r"}, f"{INVALID}Cannot update attribute r. This attribute is part of the key"),
    (
        {UPDATE: "SET #r = a", NAMES: {"#r": "r"}},
        f"{INVALID}Cannot update attribute r. This attribute is part of the key",
    ),
    ({UPDATE: "SET g.x = a"}, f"{SCALARS}IndexKey: g"),
    ({UPDATE: "REMOVE p[0]"}, f"{SCALARS}Key: p"),
    (
        {UPDATE: "SET l = a"},
        "The update expression attempted to update a secondary index key to unsupported type",
    ),
    ({UPDATE: "SET q = m.x + :v", VALUES: {":v": {"N": "9" * 38 + "e88"}}}, OVERFLOW),
    (
        {UPDATE: "SET a = :v, q = gone", VALUES: {":v": {"S": "y"}}},
        "The provided expression refers to an attribute that does not exist in the item",
    ),
    ({UPDATE: "SET li.x = a"}, "The document path provided in the update expression is invalid for update"),
    ({UPDATE: "SET gone[0] = a"}, "The document path provided in the update expression is invalid for update"),
    (
        {UPDATE: "ADD a :v", VALUES: {":v": {"N": "1"}}},
        "An operand in the update expression has an incorrect data type",
    ),
    (
        {UPDATE: "SET q = :v", VALUES: {":v": {"S": "y" * 409_600}}},
        "Item size to update has exceeded the maximum allowed size",
    ),
    (
        {UPDATE: "SET q = :v, gone.q = :v REMOVE #a", VALUES: {":v": {"S": "y"}}},
        f"Invalid {UPDATE}: An expression attribute name used in the document path is not defined; attribute name: #a",
    ),
    ({UPDATE: "REMOVE li[1] SET m.y = a", "ReturnValues": "UPDATED_OLD"}, {"Attributes": {"li": {"L": [{"S": "y"}]}}}),
    (
        {UPDATE: "REMOVE li[1] SET m.y = a", "ReturnValues": "UPDATED_NEW"},
        {"Attributes": {"li": {"L": [{"S": "z"}]}, "m": {"M": {"y": {"S": "one"}}}}},
    ),
    (
        {UPDATE: "remove a, li add m.x :v", VALUES: {":v": {"N": "1"}}, **ALL_NEW},
        {"Attributes": {**KEY, "m": {"M": {"x": {"N": "2"}}}}},
    ),
    ({UPDATE: "REMOVE gone, m.gone, li[9]", **ALL_NEW}, {"Attributes": FIRST}),
    (
        {
            "Key": {"p": {"S": "b"}, "r": {"N": "1"}},
            UPDATE: "DELETE ns :v",
            VALUES: {":v": {"NS": ["1.0", "2"]}},
            **ALL_NEW,
        },
        {"Attributes": {"p": {"S": "b"}, "r": {"N": "1"}}},
    ),
    (
        {UPDATE: "SET a = :v", VALUES: {":v": {"S": "one"}}, "ReturnValues": "UPDATED_NEW"},
        {"Attributes": {"a": {"S": "one"}}},
    ),
    (
        {"AttributeUpdates": {"r": {"Action": "DELETE"}}},
        f"{INVALID}Cannot update attribute r. This attribute is part of the key",
    ),
    ({"AttributeUpdates": {"m": {"Action": "ADD", "Value": {"N": "1"}}}}, "Type mismatch for attribute to update"),
    (
        {"AttributeUpdates": {"a": {"Action": "DROP"}}},
        broken("attributeUpdates.a.member.action", one_of("ADD", "PUT", "DELETE"), "'DROP'"),
    ),
    ({"AttributeUpdates": {"gone": {"Action": "DELETE"}}, "ReturnValues": "UPDATED_OLD"}, {}),
    (
        {
            UPDATE: "SET l = :n, g = :s",
            VALUES: {":n": {"N": "1"}, ":s": {"S": "s"}},
            "ReturnConsumedCapacity": "INDEXES",
        },
        {
            "ConsumedCapacity": {
                "TableName": "tab",
                "CapacityUnits": 3.0,
                "Table": {"CapacityUnits": 1.0},
                "LocalSecondaryIndexes": {"lsi": {"CapacityUnits": 1.0}},
                "GlobalSecondaryIndexes": {"gsi": {"CapacityUnits": 1.0}},
            }
        },
    ),
]


@named(UPDATE_ITEM)
def test_update_item(shop: Service, row: Row) -> None:
    check(shop, "UpdateItem", {"TableName": "tab", "Key": KEY}, row)


KEYS_OF_A = [{"r": item["r"]} for item in SHOP[:3]]
P_IS_A = {"KeyConditionExpression": "p = :p", VALUES: {":p": {"S": "a"}}, "ProjectionExpression": "r"}
G_IS_V = {
    "IndexName": "gsi",
    "KeyConditionExpression": "g = :p",
    VALUES: {":p": {"S": "v"}},
    "ProjectionExpression": NO_MEMBER,
}
OLD_STYLE = {"KeyConditionExpression": NO_MEMBER, VALUES: NO_MEMBER, "ProjectionExpression": NO_MEMBER}


def one(operator: str, *values: dict[str, Any]) -> dict[str, Any]:
    return {"ComparisonOperator": operator, "AttributeValueList": list(values)}


def hits(*items: dict[str, Any], scanned: int | None = None, **more: Any) -> dict[str, Any]:
    return {
        "Items": list(items),
        "Count": len(items),
        "ScannedCount": len(items) if scanned is None else scanned,
        **more,
    }


A_RANGE = {"KeyConditionExpression": "p = :p AND r > :r", VALUES: {":p": {"S": "a"}, ":r": {"N": "1"}}}
QUERY: list[Row] = [
    *((given, outcome) for given, outcome in TABLE_NAMES[-2:]),
    (
        {"Limit": 0},
        "1 validation error detected: Value at 'Limit' failed to satisfy constraint: Member must have value greater than or equal to 1",
    ),
    ({}, hits(*KEYS_OF_A)),
    ({"ScanIndexForward": False}, hits(*KEYS_OF_A[::-1])),
    ({"Limit": 2}, hits(*KEYS_OF_A[:2], LastEvaluatedKey={"p": {"S": "a"}, "r": {"N": "2"}})),
    ({"Limit": 3}, hits(*KEYS_OF_A, LastEvaluatedKey={"p": {"S": "a"}, "r": {"N": "3"}})),
    ({"Limit": 4}, hits(*KEYS_OF_A)),
    ({"ExclusiveStartKey": KEY}, hits(*KEYS_OF_A[1:])),
    ({"ExclusiveStartKey": {"p": {"S": "a"}, "r": {"N": "1.5"}}}, hits(*KEYS_OF_A[1:])),
    ({"ExclusiveStartKey": {"p": {"S": "a"}, "r": {"N": "99"}}}, hits()),
    (
        {"FilterExpression": "begins_with(a, :t)", VALUES: {":p": {"S": "a"}, ":t": {"S": "t"}}},
        hits(*KEYS_OF_A[1:], scanned=3),
    ),
    ({"Select": "COUNT", "ProjectionExpression": NO_MEMBER}, {"Count": 3, "ScannedCount": 3}),
    (
        {"ReturnConsumedCapacity": "INDEXES", "Limit": 1},
        hits(
            KEYS_OF_A[0],
            LastEvaluatedKey=KEY,
            ConsumedCapacity={"TableName": "tab", "CapacityUnits": 0.5, "Table": {"CapacityUnits": 0.5}},
        ),
    ),
    (G_IS_V, hits(*[{name: value for name, value in item.items() if name != "z"} for item in SHOP[2:0:-1]])),
    (
        {**G_IS_V, "Limit": 1, "Select": "COUNT"},
        {"Count": 1, "ScannedCount": 1, "LastEvaluatedKey": {name: SHOP[2][name] for name in "prgl"}},
    ),
    ({"IndexName": "lsi", "ConsistentRead": True}, hits({"r": {"N": "3"}}, {"r": {"N": "2"}})),
    (
        {**G_IS_V, "ReturnConsumedCapacity": "INDEXES", "Select": "COUNT"},
        {
            "Count": 2,
            "ScannedCount": 2,
            "ConsumedCapacity": {
                "TableName": "tab",
                "CapacityUnits": 0.5,
                "Table": {"CapacityUnits": 0.0},
                "GlobalSecondaryIndexes": {"gsi": {"CapacityUnits": 0.5}},
            },
        },
    ),
    ({**A_RANGE, "ExclusiveStartKey": KEY}, "The provided starting key does not match the range key predicate"),
    (
        {**A_RANGE, "ExclusiveStartKey": {"p": {"S": "b"}, "r": {"N": "5"}}},
        "The provided starting key is outside query boundaries based on provided conditions",
    ),
    ({"ExclusiveStartKey": {**KEY, "x": {"S": "y"}}}, START),
    ({"ExclusiveStartKey": {**KEY, "r": {"N": "x"}}}, f"{NOT_NUMERIC}: x"),
    ({"ExclusiveStartKey": {**KEY, "r": {"NS": []}}}, f"{INVALID}An number set  may not be empty"),
    ({"ExclusiveStartKey": {**KEY, "r": {"NS": ["1", "1"]}}}, f"{INVALID}Input collection contains duplicates."),
    ({"ExclusiveStartKey": {**KEY, "r": {"SS": []}}}, f"{START}: {INVALID}An string set  may not be empty"),
    ({"Select": "ALL_ATTRIBUTES"}, "Cannot specify the ProjectionExpression when choosing to get ALL_ATTRIBUTES"),
    (
        {"Select": "ALL_PROJECTED_ATTRIBUTES", "IndexName": "lsi"},
        "Cannot specify the ProjectionExpression when choosing to get ALL_PROJECTED_ATTRIBUTES",
    ),
    ({"Select": "SPECIFIC_ATTRIBUTES"}, hits(*KEYS_OF_A)),
    (
        {"KeyConditionExpression": NO_MEMBER, "ProjectionExpression": NO_MEMBER},
        f"{VALUES} can only be specified when using expressions: FilterExpression and KeyConditionExpression are null",
    ),
    ({NAMES: {"#q": "q"}}, f"Value provided in {NAMES} unused in expressions: keys: {{#q}}"),
    ({"KeyConditionExpression": ""}, "Invalid KeyConditionExpression: The expression can not be empty;"),
    (
        {"KeyConditionExpression": "p = :p AND begins_with(r, :p)"},
        f"{INVALID}Condition parameter type does not match schema type",
    ),
    (
        {"KeyConditionExpression": "p = :p AND begins_with(p, :p)"},
        "Invalid KeyConditionExpression: KeyConditionExpressions must only contain one condition per key",
    ),
    ({"KeyConditionExpression": "p BETWEEN :p AND :p"}, "Query key condition not supported"),
    (
        {"FilterExpression": "r > :p"},
        "Filter Expression can only contain non-primary key attributes: Primary key attribute: r",
    ),
    (
        {"FilterExpression": "a = :p OR #r > a", NAMES: {"#r": "r"}},
        "Filter Expression can only contain non-primary key attributes: Primary key attribute: r",
    ),
    ({**G_IS_V, "FilterExpression": "p = :p"}, hits(scanned=2)),
    ({**G_IS_V, "ProjectionExpression": "li"}, f"{INVALID}Global secondary index gsi does not project [li]"),
    (
        {"KeyConditions": {"p": one("EQ", {"S": "a"})}},
        f"{BOTH}{{KeyConditions}} Expression parameters: {{ProjectionExpression, KeyConditionExpression}}",
    ),
    ({**OLD_STYLE, "KeyConditions": {"p": one("EQ", {"S": "b"})}}, hits(SHOP[3])),
    ({**OLD_STYLE, "KeyConditions": {"r": one("EQ", {"N": "1"})}}, "Query condition missed key schema element: p"),
    ({**OLD_STYLE, "KeyConditions": {"p": one("GT", {"S": "b"})}}, "Query key condition not supported"),
    (
        {**OLD_STYLE, "KeyConditions": {"p": one("EQ", {"N": "1"})}},
        f"{INVALID}Condition parameter type does not match schema type",
    ),
    (
        {**OLD_STYLE, "KeyConditions": {"p": one("EQ")}},
        f"{INVALID}Invalid number of argument(s) for the EQ ComparisonOperator",
    ),
    (
        {**OLD_STYLE, "KeyConditions": {"p": one("EQ", {"S": "b"}), "r": one("BETWEEN", {"N": "1"})}},
        f"{INVALID}Invalid number of argument(s) for the BETWEEN ComparisonOperator",
    ),
    (
        {
            **OLD_STYLE,
            "KeyConditions": {"p": one("EQ", {"S": "a"})},
            "AttributesToGet": ["r"],
            "QueryFilter": {"z": one("EQ", {"S": "z"})},
        },
        hits({"r": {"N": "3"}}, scanned=3),
    ),
    (
        {**OLD_STYLE, "KeyConditions": {"p": one("EQ", {"S": "a"})}, "Select": "COUNT", "AttributesToGet": ["r"]},
        "Cannot specify the AttributesToGet when choosing to get COUNT",
    ),
    (
        {**OLD_STYLE, "KeyConditions": {"p": one("EQ", {"S": "a"})}, "ConditionalOperator": "OR"},
        "ConditionalOperator cannot be used without Filter or Expected",
    ),
]


@named(QUERY)
def test_query(shop: Service, row: Row) -> None:
    check(shop, "Query", {"TableName": "tab", **P_IS_A}, row)


BY_ANY = {
    "ConditionalOperator": "OR",
    "ScanFilter": {"z": one("EQ", {"S": "z"}), "ns": {"ComparisonOperator": "NOT_NULL"}},
}
SCAN: list[Row] = [
    *(TABLE_NAMES + CAPACITIES),
    ({"Limit": 0}, broken("limit", "Member must have value greater than or equal to 1", "'0'")),
    (
        {"Segment": -1, "TotalSegments": 1},
        broken("segment", "Member must have value greater than or equal to 0", "'-1'"),
    ),
    (
        {"Segment": 0, "TotalSegments": 0},
        broken("totalSegments", "Member must have value greater than or equal to 1", "'0'"),
    ),
    (
        {"Segment": 0, "TotalSegments": 1_000_001},
        broken("totalSegments", "Member must have value less than or equal to 1000000", "'1000001'"),
    ),
    (
        {"Select": "EVERYTHING"},
        broken(
            "select",
            one_of("SPECIFIC_ATTRIBUTES", "COUNT", "ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES"),
            "'EVERYTHING'",
        ),
    ),
    (
        {"ScanFilter": {"a": one("LIKE", {"S": "x"})}},
        broken(
            "scanFilter.a.member.comparisonOperator",
            one_of(
                "IN",
                "NULL",
                "BETWEEN",
                "LT",
                "NOT_CONTAINS",
                "EQ",
                "GT",
                "NOT_NULL",
                "NE",
                "LE",
                "BEGINS_WITH",
                "GE",
                "CONTAINS",
            ),
            "'LIKE'",
        ),
    ),
    (
        {"AttributesToGet": ["a"], **BY_ANY, "ProjectionExpression": "a", "FilterExpression": "a = b"},
        f"{BOTH}{{AttributesToGet, ScanFilter, ConditionalOperator}} Expression parameters: {{ProjectionExpression, FilterExpression}}",
    ),
    ({VALUES: {":v": {"S": "x"}}}, f"{VALUES} can only be specified when using expressions: FilterExpression is null"),
    ({NAMES: {"#v": "x"}}, f"{NAMES} can only be specified when using expressions"),
    ({"ConditionalOperator": "AND"}, "ConditionalOperator cannot be used without Filter or Expected"),
    ({"ScanFilter": {}, "ConditionalOperator": "AND"}, "ConditionalOperator cannot be used without Filter or Expected"),
    ({**BY_ANY, "Select": "COUNT"}, {"Count": 2, "ScannedCount": 4}),
    ({"FilterExpression": "p = :v AND r = :n", VALUES: {":v": {"S": "a"}, ":n": {"N": "1"}}}, hits(FIRST, scanned=4)),
    ({"FilterExpression": "p.x = :v", VALUES: {":v": {"S": "a"}}}, f"{SCALARS}Key: p"),
    ({"Select": "COUNT"}, {"Count": 4, "ScannedCount": 4}),
    ({"Select": "COUNT", "IndexName": "gsi"}, {"Count": 2, "ScannedCount": 2}),
    ({"Select": "COUNT", "IndexName": "lsi", "ConsistentRead": True}, {"Count": 2, "ScannedCount": 2}),
    (
        {"IndexName": "gsi", "Select": "ALL_ATTRIBUTES"},
        f"{INVALID}Select type ALL_ATTRIBUTES is not supported for global secondary index gsi because its projection type is not ALL",
    ),
    ({"IndexName": "gsi", "AttributesToGet": ["z"]}, f"{INVALID}Global secondary index gsi does not project [z]"),
    ({"Select": "COUNT", "AttributesToGet": ["z"]}, "Cannot specify the AttributesToGet when choosing to get COUNT"),
    (
        {"TableName": "bin", "ReturnConsumedCapacity": "TOTAL"},
        hits(ConsumedCapacity={"TableName": "bin", "CapacityUnits": 2.0}),
    ),
    (
        {"TableName": "bin", "ReturnConsumedCapacity": "TOTAL", "ConsistentRead": True},
        hits(ConsumedCapacity={"TableName": "bin", "CapacityUnits": 4.0}),
    ),
    ({"ExclusiveStartKey": {"p": {"S": "a"}, "r": {"S": "1"}}}, f"{START}: {MISMATCH}"),
    ({"ExclusiveStartKey": {**KEY, "x": {"S": "1"}}}, f"{START}: {MISMATCH}"),
    ({"ExclusiveStartKey": {**KEY, "r": {}}}, f"{START}: {EMPTY}"),
    ({"ExclusiveStartKey": {**KEY, "r": {"N": "1e200"}}}, OVERFLOW),
    ({"TableName": "nope", "ExclusiveStartKey": {"x": {"S": "1"}}}, NOT_FOUND),
    (
        {"IndexName": "nope", "ExclusiveStartKey": {"x": {"S": "1"}}},
        "The table does not have the specified index: nope",
    ),
]


@named(SCAN)
def test_scan(shop: Service, row: Row) -> None:
    check(shop, "Scan", {"TableName": "tab"}, row)


def wanted(*keys: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"RequestItems": {"tab": {"Keys": list(keys), **more}}}


BATCH_GET_ITEM: list[Row] = [
    (
        {"RequestItems": {}},
        f"1 validation error detected: Value at 'RequestItems' failed to satisfy constraint: {at_least(1)}",
    ),
    (
        wanted(*({"p": {"S": "a"}, "r": {"N": str(number)}} for number in range(101))),
        f"1 validation error detected: Value at 'RequestItems.tab.member.Keys' failed to satisfy constraint: {at_most(100)}",
    ),
    (wanted(KEY, {"p": {"S": "q"}, "r": {"N": "1"}}), {"Responses": {"tab": [FIRST]}, "UnprocessedKeys": {}}),
    (wanted(KEY, AttributesToGet=["a"]), {"Responses": {"tab": [{"a": {"S": "one"}}]}, "UnprocessedKeys": {}}),
    (wanted(KEY, ProjectionExpression="gone"), {"Responses": {"tab": [{}]}, "UnprocessedKeys": {}}),
    (wanted({"p": {"S": "q"}, "r": {"N": "1"}}), {"Responses": {"tab": []}, "UnprocessedKeys": {}}),
    (wanted(KEY, {"p": {"S": "a"}, "r": {"N": "1.0"}}), "Provided list of item keys contains duplicates"),
    (wanted(KEY, {"p": {"S": "a"}}), MISMATCH),
    (wanted(KEY, {"p": {"S": "a"}, "r": {"N": ""}}), f"{NOT_NUMERIC}: "),
    (
        wanted(KEY, AttributesToGet=["a"], ProjectionExpression="a"),
        f"{BOTH}{{AttributesToGet}} Expression parameters: {{ProjectionExpression}}",
    ),
    (
        wanted(KEY, ProjectionExpression="a, #b"),
        "Invalid ProjectionExpression: An expression attribute name used in the document path is not defined; attribute name: #b",
    ),
    (
        wanted(KEY, ProjectionExpression="status"),
        "Invalid ProjectionExpression: Attribute name is a reserved keyword; reserved keyword: status",
    ),
    ({"RequestItems": {"nope": {"Keys": [KEY]}}}, NOT_FOUND),
    ({"RequestItems": {"tab": {"Keys": [KEY]}, "nope": {"Keys": [KEY]}}}, NOT_FOUND),
    (
        {**wanted(KEY, {"p": {"S": "a"}, "r": {"N": "77"}}, ConsistentRead=True), "ReturnConsumedCapacity": "TOTAL"},
        {
            "Responses": {"tab": [FIRST]},
            "UnprocessedKeys": {},
            "ConsumedCapacity": [{"TableName": "tab", "CapacityUnits": 2.0}],
        },
    ),
]


@named(BATCH_GET_ITEM)
def test_batch_get_item(shop: Service, row: Row) -> None:
    check(shop, "BatchGetItem", {}, row)


def requested(*requests: dict[str, Any], table: str = "tab") -> dict[str, Any]:
    return {"RequestItems": {table: list(requests)}}


def put(**attributes: dict[str, Any]) -> dict[str, Any]:
    return {"PutRequest": {"Item": attributes}}


def delete(**attributes: dict[str, Any]) -> dict[str, Any]:
    return {"DeleteRequest": {"Key": attributes}}


DEEP: dict[str, Any] = {"S": "x"}
for _ in range(32):
    DEEP = {"L": [DEEP]}
TOO_DEEP = (
    "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit"
)
NEW = {"p": {"S": "new"}, "r": {"N": "1"}}
DUPLICATES = "Provided list of item keys contains duplicates"
BATCH_WRITE_ITEM: list[Row] = [
    ({"RequestItems": {}}, "The requestItems parameter is required for BatchWriteItem"),
    ({}, broken("requestItems", NOT_NULL)),
    (
        requested({"PutRequest": {}}),
        broken("requestItems.tab.member.1.member.putRequest.item", NOT_NULL),
    ),
    (
        requested({"DeleteRequest": {}}),
        broken("requestItems.tab.member.1.member.deleteRequest.key", NOT_NULL),
    ),
    (requested(put(**NEW) | delete(**KEY)), SEVERAL),
    (requested(put(**NEW), {}), SEVERAL),
    (requested(put(**NEW), put(p={"S": "x"})), MISMATCH),
    (requested(put(**NEW), put(p={"S": "x"}, r={"S": "1"})), MISMATCH),
    (requested(put(**NEW), delete(p={"S": "x"})), MISMATCH),
    (requested(put(**NEW), delete(**KEY, x={"S": "y"})), MISMATCH),
    (requested(put(**NEW), put(**KEY), delete(p={"S": "a"}, r={"N": "1.0"})), DUPLICATES),
    (requested(put(**NEW), put(**NEW), put(p={"S": "x"})), DUPLICATES),
    (requested(put(**NEW), put(**KEY, x={"SS": ["y", "y"]})), f"{INVALID}Input collection [y, y] contains duplicates."),
    (requested(put(**NEW), put(**KEY, x=DEEP)), TOO_DEEP),
    (requested(put(**NEW), put(**KEY, x={"S": "y" * 409_600})), "Item size has exceeded the maximum allowed size"),
    (
        requested(put(**NEW), put(**KEY, g={"N": "1"})),
        f"{INVALID}Type mismatch for Index Key g Expected: S Actual: N IndexName: gsi",
    ),
    (requested(put(**NEW), table="nope"), NOT_FOUND),
    ({"RequestItems": {"tab": [put(**NEW)], "nope": [put(**NEW)]}}, NOT_FOUND),
    (requested(put(**NEW), delete(**KEY)), {"UnprocessedItems": {}}),
    (
        {
            **requested(put(**KEY), delete(p={"S": "q"}, r={"N": "1"})),
            "ReturnConsumedCapacity": "TOTAL",
            "ReturnItemCollectionMetrics": "SIZE",
        },
        {
            "UnprocessedItems": {},
            "ConsumedCapacity": [{"TableName": "tab", "CapacityUnits": 2.0}],
            "ItemCollectionMetrics": {
                "tab": [
                    {"ItemCollectionKey": {"p": {"S": name}}, "SizeEstimateRangeGB": [0.0, 1.0]} for name in ("a", "q")
                ]
            },
        },
    ),
]


@named(BATCH_WRITE_ITEM)
def test_batch_write_item(shop: Service, row: Row) -> None:
    check(shop, "BatchWriteItem", {}, row)


def action(kind: str, **body: Any) -> dict[str, Any]:
    return {kind: {"TableName": "tab", **body}}


def actions(*members: dict[str, Any]) -> dict[str, Any]:
    return {"TransactItems": list(members)}


PUT_NEW = action("Put", Item=NEW)
CANCELLED = "TransactionCanceledException"
REASONS = "Transaction cancelled, please refer cancellation reasons for specific reasons "
TRANSACT_WRITE_ITEMS: list[Row] = [
    ({}, broken("transactItems", NOT_NULL)),
    (actions(), broken("transactItems", at_least(1), "'[]'")),
    ({**actions(PUT_NEW), "ClientRequestToken": "t" * 37}, broken("clientRequestToken", at_most(36), f"'{'t' * 37}'")),
    ({**actions(PUT_NEW), "ClientRequestToken": ""}, broken("clientRequestToken", at_least(1), "''")),
    (
        actions(action("ConditionCheck", Key=KEY)),
        broken("transactItems.1.member.conditionCheck.conditionExpression", NOT_NULL),
    ),
    (actions(action("Update", Key=KEY)), broken("transactItems.1.member.update.updateExpression", NOT_NULL)),
    (actions(PUT_NEW, action("Put", Item={**KEY, "x": DEEP})), TOO_DEEP),
    (actions(PUT_NEW, action("Put", Item={"p": {"S": "x"}, "r": {"N": "x"}})), f"{NOT_NUMERIC}: x"),
    (actions(PUT_NEW, action("Delete", Key=NEW)), "Transaction request cannot include multiple operations on one item"),
    (
        actions(PUT_NEW, action("Delete", Key={"p": {"S": "new"}, "r": {"N": "1.0"}})),
        "Transaction request cannot include multiple operations on one item",
    ),
    (
        actions(PUT_NEW, action("Delete", Key=KEY, ConditionExpression="a = a")),
        f"Invalid {CONDITION}: The first operand must be distinct from the remaining operands for this operator or function; operator: =, first operand: [a]",
    ),
    (
        actions(
            PUT_NEW,
            action(
                "Update",
                Key=KEY,
                UpdateExpression="SET a = :v",
                ExpressionAttributeValues={":v": {"S": "x"}, ":w": {"S": "x"}},
            ),
        ),
        f"Value provided in {VALUES} unused in expressions: keys: {{:w}}",
    ),
    (
        actions(PUT_NEW, action("Update", Key=KEY, UpdateExpression="S" * 4097)),
        f"Invalid {UPDATE}: Expression size has exceeded the maximum allowed size;",
    ),
    (
        actions(PUT_NEW, action("Delete", Key=KEY, ExpressionAttributeNames={"#a": "a"})),
        f"{NAMES} can only be specified when using expressions",
    ),
    (actions(PUT_NEW, {"Delete": {"TableName": "nope", "Key": KEY}}), NOT_FOUND),
    (
        actions(PUT_NEW, action("Delete", Key=KEY, ConditionExpression="a = gone")),
        (CANCELLED, f"{REASONS}[None, ConditionalCheckFailed]"),
    ),
    (
        actions(action("Delete", Key=KEY, ConditionExpression="a = gone"), action("Delete", Key={"p": {"S": "x"}})),
        (CANCELLED, f"{REASONS}[None, ValidationError]"),
    ),
    (
        actions(action("Delete", Key={"p": {"S": "x"}}), action("Delete", Key={"p": {"S": "y"}})),
        (CANCELLED, f"{REASONS}[ValidationError, None]"),
    ),
    (
        actions(
            PUT_NEW,
            action("Update", Key=KEY, UpdateExpression="SET x = gone"),
            action("Delete", Key={"p": {"S": "q"}, "r": {"N": "1"}}, ConditionExpression="attribute_exists(p)"),
        ),
        (CANCELLED, f"{REASONS}[None, ValidationError, ConditionalCheckFailed]"),
    ),
    (
        actions(PUT_NEW, action("Update", Key=KEY, UpdateExpression="SET l = a")),
        (CANCELLED, f"{REASONS}[None, ValidationError]"),
    ),
    (
        actions(
            *(
                action("Put", Item={"p": {"S": str(number)}, "r": {"N": "1"}, "x": {"S": "y" * 400_000}})
                for number in range(11)
            )
        ),
        "Transaction request size cannot exceed 4 MB",
    ),
    (actions(PUT_NEW, action("Delete", Key=KEY)), {}),
]


@named(TRANSACT_WRITE_ITEMS)
def test_transact_write_items(shop: Service, row: Row) -> None:
    check(shop, "TransactWriteItems", {}, row)


TRANSACT_GET_ITEMS: list[Row] = [
    ({}, broken("transactItems", NOT_NULL)),
    (actions(), broken("transactItems", at_least(1), "'[]'")),
    (actions({}), broken("transactItems.1.member.get", NOT_NULL)),
    (actions(action("Get")), broken("transactItems.1.member.get.key", NOT_NULL)),
    (actions(action("Get", Key=KEY), action("Get", Key=NEW)), {"Responses": [{"Item": FIRST}, {}]}),
    (actions(action("Get", Key=KEY, ProjectionExpression="m.x, gone")), {"Responses": [{"Item": {"m": FIRST["m"]}}]}),
    (
        actions(action("Get", Key=KEY, ProjectionExpression="#x")),
        "Invalid ProjectionExpression: An expression attribute name used in the document path is not defined; attribute name: #x",
    ),
    (
        actions(action("Get", Key=KEY, ExpressionAttributeNames={"#x": "x"})),
        f"{NAMES} can only be specified when using expressions",
    ),
    (
        actions(action("Get", Key=KEY, ProjectionExpression="a", ExpressionAttributeNames={"#x": "x"})),
        f"Value provided in {NAMES} unused in expressions: keys: {{#x}}",
    ),
    (actions({"Get": {"TableName": "nope", "Key": KEY}}), NOT_FOUND),
    (
        {**actions(action("Get", Key=KEY), action("Get", Key=NEW)), "ReturnConsumedCapacity": "TOTAL"},
        {
            "Responses": [{"Item": FIRST}, {}],
            "ConsumedCapacity": [{"TableName": "tab", "CapacityUnits": 4.0, "ReadCapacityUnits": 4.0}],
        },
    ),
]


@named(TRANSACT_GET_ITEMS)
def test_transact_get_items(shop: Service, row: Row) -> None:
    check(shop, "TransactGetItems", {}, row)


MALFORMED = "Statement wasn't well formed, can't be processed: "
EXECUTE_STATEMENT: list[Row] = [
    ({}, broken("statement", NOT_NULL)),
    ({"Statement": ""}, broken("statement", at_least(1), "''")),
    ({"Statement": "S" * 8193}, broken("statement", at_most(8192), f"'{'S' * 8193}'")),
    ({"Statement": "SELECT a FROM tab WHERE p='b'", "Parameters": []}, broken("parameters", at_least(1), "'[]'")),
    (
        {"Statement": "SELECT a FROM tab", "Limit": 0},
        broken("limit", "Member must have value greater than or equal to 1", "'0'"),
    ),
    ({"Statement": "SELECT ns FROM tab WHERE p = 'b'"}, {"Items": [{"ns": {"NS": ["1", "2"]}}]}),
    ({"Statement": "SELECT p FROM tab WHERE ns = <<2, 1>>"}, {"Items": [{"p": {"S": "b"}}]}),
    ({"Statement": "SELECT r FROM tab.lsi WHERE p = 'a' AND l > 8"}, {"Items": [{"r": {"N": "2"}}]}),
    ({"Statement": "SELECT z FROM tab.lsi WHERE p = 'a' AND l = 8"}, {"Items": [{"z": {"S": "z"}}]}),
    ({"Statement": "SELECT li[1] FROM tab WHERE p = 'a' AND r = 7"}, {"Items": []}),
    (
        {"Statement": "SELECT * FROM tab WHERE p = ?", "Parameters": [{"S": "b"}, {"S": "c"}]},
        "Number of parameters in request and statement don't match.",
    ),
    (
        {"Statement": "UPDATE tab SET a = 1 WHERE p = 'a' AND r > 1"},
        "Where clause does not contain a mandatory equality on all key attributes",
    ),
    ({"Statement": "UPDATE tab SET a = 1 WHERE p = 'q' AND r = 1"}, FAILED),
    (
        {"Statement": "INSERT INTO tab VALUE {'p': 'a', 'r': 1}"},
        ("DuplicateItemException", "Duplicate primary key exists in table"),
    ),
    (
        {"Statement": "INSERT INTO tab VALUE {'p': 'a', 'r': 'x'}"},
        f"{INVALID}Type mismatch for key r expected: N actual: S",
    ),
    ({"Statement": "SELECT * FROM tab WHERE a = 1 b"}, f"{MALFORMED}Unexpected token after expression"),
    ({"Statement": "SELECT * FROM nope WHERE p = 'a'"}, NOT_FOUND),
    ({"Statement": "CREATE TABLE x"}, f"{MALFORMED}Expected data manipulation"),
    ({"Statement": "SELECT * FROM tab WHERE"}, f"{MALFORMED}Unexpected term"),
    ({"Statement": "SELECT * FROM"}, f"{MALFORMED}Unexpected term"),
    (
        {"Statement": "SELECT * FROM tab WHERE a = 1 AND"},
        f"{MALFORMED}Missing right-hand side expression of infix operator",
    ),
    ({"Statement": "SELECT * FROM tab WHERE ORDER BY p"}, f"{MALFORMED}Unexpected keyword"),
    ({"Statement": "SELECT * FROM tab WHERE IS NULL"}, f"{MALFORMED}Unexpected operator"),
    ({"Statement": "SELECT * FROM tab WHERE p = LIKE"}, f"{MALFORMED}Unexpected operator"),
    ({"Statement": "SELECT * FROM tab WHERE p IS FOO"}, f"{MALFORMED}Expected type name"),
    ({"Statement": "DELETE FROM"}, f"{MALFORMED}Expected identifier for simple path"),
    ({"Statement": "SELECT * FROM tab WHERE p = 'x"}, MALFORMED),
    ({"Statement": "SELECT * FROM tab # c"}, MALFORMED),
    ({"Statement": "SELECT * FROM tab WHERE a = 1e99999999999"}, MALFORMED),
    ({"Statement": "SELECT * FROM tab t"}, "Aliasing is not supported"),
    ({"Statement": "SELECT * FROM tab AS t"}, "Aliasing is not supported"),
    ({"Statement": "SELECT * FROM tab WHERE a IS INT4"}, "Unsupported operation: IsType"),
    (
        {"Statement": "SELECT * FROM tab WHERE a = 1e126"},
        "Number overflow. Attempting to store a number with magnitude larger than supported range under root",
    ),
    (
        {"Statement": "SELECT * FROM tab WHERE a = [1, 1e-131]"},
        "Number underflow. Attempting to store a number with magnitude smaller than supported range under root[1]",
    ),
    (
        {"Statement": "SELECT * FROM tab WHERE a = {'x': 1e126}"},
        "Number overflow. Attempting to store a number with magnitude larger than supported range under root.x",
    ),
    (
        {"Statement": "SELECT * FROM tab WHERE a < true"},
        "Incorrect operand type for operator or function; operator or function: <, operand type: BOOL",
    ),
    ({"Statement": "SELECT * FROM tab )"}, f"{MALFORMED}Unexpected token after expression"),
    ({"Statement": "DELETE FROM tab WHERE p='x' AND r=1 ORDER BY p"}, f"{MALFORMED}Unexpected token after expression"),
    ({"Statement": "SELECT COUNT(*) FROM tab"}, "Unexpected path component at 1:8:5"),
    ({"Statement": 'SELECT * FROM "tab"."zzz"'}, "The table does not have the specified index"),
    ({"Statement": 'SELECT * FROM "tab"."tab"'}, "The table does not have the specified index"),
    ({"Statement": 'SELECT * FROM "tab"."a"."b"'}, "A path may contain at most 2 components in the FROM clause"),
    ({"Statement": 'SELECT * FROM ""."a"'}, "Path component cannot be an empty string"),
    ({"Statement": 'SELECT z FROM "tab"."gsi"'}, f"{INVALID}Global secondary index gsi does not project [z]"),
    (
        {"Statement": "SELECT * FROM \"tab\".\"gsi\" WHERE g='v' AND z='q'"},
        f"{INVALID}Secondary index gsi does not project one or more filter attributes: [z]",
    ),
    ({"Statement": 'SELECT a FROM "tab"."gsi" WHERE g=\'v\' AND l=9'}, {"Items": [{"a": {"S": "two"}}]}),
    (
        {"Statement": "UPDATE tab SET a=1 WHERE a=1"},
        "Where clause does not contain a mandatory equality on all key attributes",
    ),
    (
        {"Statement": "DELETE FROM tab WHERE p='a'"},
        "Where clause does not contain a mandatory equality on all key attributes",
    ),
    ({"Statement": "DELETE FROM tab WHERE p='zz' AND r=1 AND a=1"}, {"Items": []}),
    ({"Statement": "DELETE FROM tab WHERE p='a' AND r=1 AND a=1"}, FAILED),
    (
        {"Statement": "DELETE FROM tab WHERE p='a' AND r=1 RETURNING ALL NEW *"},
        "Invalid returning clause: RETURNING ALL NEW *. Only RETURNING ALL OLD * is allowed in DELETE statements.",
    ),
    (
        {"Statement": "DELETE FROM tab WHERE p='a' AND r=1 RETURNING MODIFIED OLD *"},
        "Invalid returning clause: RETURNING MODIFIED OLD *. Only RETURNING ALL OLD * is allowed in DELETE statements.",
    ),
    (
        {"Statement": "UPDATE tab SET zz[0]=1 WHERE p='a' AND r=1"},
        "The document path provided in the update expression is invalid for update",
    ),
    (
        {"Statement": "UPDATE tab SET p='q' WHERE p='a' AND r=1"},
        f"{INVALID}Cannot update attribute p. This attribute is part of the key",
    ),
    (
        {"Statement": 'UPDATE "tab"."gsi" SET a=1 WHERE p=\'x\' AND r=1'},
        "This operation is not supported on an index",
    ),
    (
        {"Statement": "SELECT r FROM tab WHERE p = 'a' AND r BETWEEN 2 AND 3 ORDER BY r DESC"},
        {"Items": [{"r": {"N": "3"}}, {"r": {"N": "2"}}]},
    ),
    (
        {"Statement": "SELECT r FROM tab WHERE p = 'a' AND r IN [1, 3];"},
        {"Items": [{"r": {"N": "1"}}, {"r": {"N": "3"}}]},
    ),
    ({"Statement": "SELECT r FROM tab WHERE p = 'a' AND NOT r = 2"}, {"Items": [{"r": {"N": "1"}}, {"r": {"N": "3"}}]}),
    ({"Statement": "SELECT m.x FROM tab WHERE p='a' AND r=1"}, {"Items": [{"x": {"N": "1"}}]}),
    ({"Statement": "SELECT r FROM tab WHERE p='a' AND a IS MISSING"}, {"Items": []}),
    ({"Statement": "SELECT r FROM tab WHERE p='b' AND a IS MISSING"}, {"Items": [{"r": {"N": "1"}}]}),
    (
        {"Statement": "SELECT r FROM tab WHERE p='a' AND begins_with(a, 't')"},
        {"Items": [{"r": {"N": "2"}}, {"r": {"N": "3"}}]},
    ),
    ({"Statement": "SELECT r FROM tab WHERE p='b' AND contains(ns, 2)"}, {"Items": [{"r": {"N": "1"}}]}),
    ({"Statement": "SELECT r FROM tab WHERE p='a' AND size(li) > 2"}, {"Items": [{"r": {"N": "1"}}]}),
    ({"Statement": "SELECT r FROM tab WHERE p='a' AND attribute_type(m, 'M')"}, {"Items": [{"r": {"N": "1"}}]}),
    (
        {"Statement": "SELECT r FROM tab WHERE p = 'a' AND r < 2 OR p = 'a' AND r < 3"},
        "Overlapping conditions with range keys are not supported in where clause",
    ),
    (
        {"Statement": "SELECT r FROM tab WHERE p = 'a' AND r = 2 OR p = 'a' AND r = 2"},
        "Overlapping conditions with range keys are not supported in where clause",
    ),
    (
        {"Statement": "SELECT r FROM tab WHERE p = 'a' AND r < 2 OR p = 'a' AND r > 2"},
        {"Items": [{"r": {"N": "1"}}, {"r": {"N": "3"}}]},
    ),
    (
        {"Statement": "SELECT r FROM tab WHERE p = 'a' AND r > 2 OR p = 'b' AND r > 2 AND z = 'z'"},
        {"Items": [{"r": {"N": "3"}}]},
    ),
    (
        {"Statement": "EXISTS(SELECT * FROM tab WHERE p='a' AND r=1)"},
        "Unsupported operation: EXISTS is only allowed in transactions",
    ),
    (
        {"Statement": "SELECT * FROM tab WHERE p='a' ORDER BY a"},
        "Variable reference a in ORDER BY clause must be part of the primary key",
    ),
    (
        {"Statement": "SELECT * FROM tab ORDER BY p"},
        "Must have WHERE clause in the statement when using ORDER BY clause.",
    ),
    ({"Statement": "SELECT dog(a) FROM tab"}, "Unexpected path component at 1:8:3"),
    ({"Statement": "SELECT * FROM tab WHERE dog(a)"}, "Invalid function name; function: dog"),
    ({"Statement": "SELECT * FROM tab WHERE p = ?"}, "Number of parameters in request and statement don't match."),
]


@named(EXECUTE_STATEMENT)
def test_execute_statement(shop: Service, row: Row) -> None:
    check(shop, "ExecuteStatement", {}, row)


TABLE_OPERATIONS: list[tuple[str, dict[str, Any], Outcome]] = [
    ("ListTables", {"Limit": 0}, broken("limit", "Member must have value greater than or equal to 1", "'0'")),
    ("ListTables", {"Limit": 101}, broken("limit", "Member must have value less than or equal to 100", "'101'")),
    ("ListTables", {}, {"TableNames": ["bin", "tab"]}),
    ("ListTables", {"Limit": 1}, {"TableNames": ["bin"], "LastEvaluatedTableName": "bin"}),
    ("ListTables", {"ExclusiveStartTableName": "sss"}, {"TableNames": ["tab"]}),
    ("DescribeTable", {}, "The parameter 'TableName' is required but was not present in the request"),
    ("DeleteTable", {}, "The parameter 'TableName' is required but was not present in the request"),
    ("CreateTable", {}, "The parameter 'TableName' is required but was not present in the request"),
    ("DescribeTable", {"TableName": "a b c"}, broken("tableName", PATTERN, "'a b c'")),
    (
        "DescribeTable",
        {"TableName": "nope"},
        ("ResourceNotFoundException", "Requested resource not found: Table: nope not found"),
    ),
    ("UpdateTable", {"TableName": "ab"}, broken("tableName", at_least(3), "'ab'")),
    ("DescribeTimeToLive", {"TableName": "tab"}, {"TimeToLiveDescription": {"TimeToLiveStatus": "DISABLED"}}),
    ("UpdateTimeToLive", {"TableName": "tab"}, broken("timeToLiveSpecification", NOT_NULL)),
    (
        "UpdateTimeToLive",
        {"TableName": "tab", "TimeToLiveSpecification": {"Enabled": True}},
        broken("timeToLiveSpecification.attributeName", NOT_NULL),
    ),
    (
        "UpdateTimeToLive",
        {"TableName": "tab", "TimeToLiveSpecification": {"Enabled": True, "AttributeName": ""}},
        broken("timeToLiveSpecification.attributeName", at_least(1), "''"),
    ),
    (
        "UpdateTimeToLive",
        {"TableName": "tab", "TimeToLiveSpecification": {"Enabled": False, "AttributeName": "t"}},
        "TimeToLive is already disabled",
    ),
    ("ListTagsOfResource", {"ResourceArn": ARN}, {"Tags": []}),
    ("TagResource", {"ResourceArn": ARN}, broken("tags", NOT_NULL)),
    ("UntagResource", {"ResourceArn": ARN, "TagKeys": []}, "Atleast one Tag Key needs to be provided as Input."),
    ("ListStreams", {"TableName": "tab"}, {"Streams": []}),
]


@pytest.mark.parametrize(("operation", "params", "outcome"), TABLE_OPERATIONS)
def test_operations_on_tables(shop: Service, operation: str, params: dict[str, Any], outcome: Outcome) -> None:
    check(shop, operation, {}, (params, outcome))


# --- on the wire -----------------------------------------------------------------------------------------------------

COLLECTION = "Unrecognized collection type "
STRUCTURE = "Start of structure or map found where not expected"
ATTRIBUTES = f"{COLLECTION}java.util.Map<java.lang.String, com.amazonaws.dynamodb.v20120810.AttributeValue>"
WRONG_TYPES: list[tuple[str, dict[str, Any], str]] = [
    ("PutItem", {"TableName": True}, "TRUE_VALUE cannot be converted to String"),
    ("PutItem", {"TableName": 23}, "NUMBER_VALUE cannot be converted to String"),
    ("PutItem", {"TableName": 2.5}, "DECIMAL_VALUE cannot be converted to String"),
    ("PutItem", {"TableName": []}, f"{COLLECTION}class java.lang.String"),
    ("PutItem", {"TableName": {}}, STRUCTURE),
    ("PutItem", {"Item": "x"}, "Unexpected field type"),
    ("PutItem", {"Item": []}, ATTRIBUTES),
    ("PutItem", {"Item": {"a": "x"}}, "Unexpected value type in payload"),
    ("PutItem", {"Item": {"a": []}}, f"{COLLECTION}class com.amazonaws.dynamodb.v20120810.AttributeValue"),
    ("PutItem", {"Item": {"a": {"N": 1}}}, "NUMBER_VALUE cannot be converted to String"),
    ("PutItem", {"Item": {"a": {"S": False}}}, "FALSE_VALUE cannot be converted to String"),
    ("PutItem", {"Item": {"a": {"B": 1}}}, "only base-64-encoded strings are convertible to bytes"),
    ("PutItem", {"Item": {"a": {"B": "abc"}}}, "Base64 encoded length is expected a multiple of 4 bytes but found: 3"),
    ("PutItem", {"Item": {"a": {"B": "+/+="}}}, "Invalid last non-pad Base64 character dectected"),
    ("PutItem", {"Item": {"a": {"B": []}}}, f"{COLLECTION}class java.nio.ByteBuffer"),
    ("PutItem", {"Item": {"a": {"BOOL": "true"}}}, "Unexpected token received from parser"),
    ("PutItem", {"Item": {"a": {"NULL": 1}}}, "NUMBER_VALUE cannot be converted to Boolean"),
    ("PutItem", {"Item": {"a": {"SS": "x"}}}, "Unexpected field type"),
    ("PutItem", {"Item": {"a": {"SS": {}}}}, STRUCTURE),
    ("PutItem", {"Item": {"a": {"NS": [1]}}}, "NUMBER_VALUE cannot be converted to String"),
    ("PutItem", {"Item": {"a": {"L": ["x"]}}}, "Unexpected value type in payload"),
    ("PutItem", {"Item": {"a": {"M": []}}}, ATTRIBUTES),
    ("PutItem", {NAMES: {"#a": 1}}, "NUMBER_VALUE cannot be converted to String"),
    ("PutItem", {NAMES: []}, f"{COLLECTION}java.util.Map<java.lang.String, java.lang.String>"),
    ("PutItem", {"Expected": {"a": {"Exists": "true"}}}, "Unexpected token received from parser"),
    ("Query", {"Limit": "1"}, "STRING_VALUE cannot be converted to Integer"),
    ("Query", {"Limit": True}, "TRUE_VALUE cannot be converted to Integer"),
    ("Query", {"Limit": []}, f"{COLLECTION}class java.lang.Integer"),
    ("Query", {"ScanIndexForward": 1}, "NUMBER_VALUE cannot be converted to Boolean"),
    ("CreateTable", {"KeySchema": "x"}, "Unexpected field type"),
    ("CreateTable", {"ProvisionedThroughput": "x"}, "Unexpected field type"),
    (
        "CreateTable",
        {"ProvisionedThroughput": {"ReadCapacityUnits": "1"}},
        "STRING_VALUE cannot be converted to Long",
    ),
    ("TransactWriteItems", actions(action("Delete", Key=KEY, ExpressionAttributeNames={"#a": {}})), STRUCTURE),
    (
        "UpdateTimeToLive",
        {"TableName": "tab", "TimeToLiveSpecification": {"Enabled": "true"}},
        "Unexpected token received from parser",
    ),
]


@pytest.mark.parametrize(("operation", "params", "message"), WRONG_TYPES)
def test_a_value_of_the_wrong_json_type_is_a_serialization_exception(
    endpoint: Endpoint, operation: str, params: dict[str, Any], message: str
) -> None:
    status, answer = exchange(endpoint, operation, json.dumps(params).encode())
    assert (status, answer) == (400, {"__type": "com.amazon.coral.service#SerializationException", "Message": message})


def exchange(endpoint: Endpoint, operation: str, body: bytes, **headers: str) -> tuple[int, Any]:
    """Status and JSON of the answer to a request in a new world."""
    endpoint.world = Service().world
    sent = {
        "Content_Type": "application/x-amz-json-1.0",
        "X_Amz_Target": f"DynamoDB_20120810.{operation}",
        "Authorization": AUTHORIZATION.format(account=ACCOUNT, region=REGION),
        **headers,
    }
    status, received, answer = endpoint.post(body, **sent)
    assert received["x-amz-crc32"] == str(zlib.crc32(answer))
    if received.get("content-encoding") == "gzip":
        answer = gzip.decompress(answer)
    return status, json.loads(answer)


FRAMEWORK, MODEL = "com.amazon.coral.service#", "com.amazonaws.dynamodb.v20120810#"
GET_NOWHERE = json.dumps({"TableName": "nope", "Key": KEY}).encode()
EXCHANGES: list[tuple[str, bytes, dict[str, str], dict[str, Any]]] = [
    ("GetItem", b"", {}, {"__type": f"{FRAMEWORK}SerializationException"}),
    ("GetItem", b"{", {}, {"__type": f"{FRAMEWORK}SerializationException"}),
    ("Nope", b"{}", {}, {"__type": f"{FRAMEWORK}UnknownOperationException"}),
    (
        "GetItem",
        GET_NOWHERE,
        {"Authorization": ""},
        {
            "__type": f"{FRAMEWORK}MissingAuthenticationTokenException",
            "message": "Request is missing Authentication Token",
        },
    ),
    ("GetItem", GET_NOWHERE, {}, {"__type": f"{MODEL}ResourceNotFoundException", "message": NOT_FOUND[1]}),
    (
        "GetItem",
        gzip.compress(GET_NOWHERE, mtime=0),
        {"Content_Encoding": "gzip"},
        {"__type": f"{MODEL}ResourceNotFoundException", "message": NOT_FOUND[1]},
    ),
    (
        "GetItem",
        b'{"TableName":"tab","Key":{}, "ConsistentRead": null, "Nobody": "knows"}',
        {},
        {"__type": f"{MODEL}ResourceNotFoundException", "message": NOT_FOUND[1]},
    ),
    (
        "GetItem",
        b'{"TableName":"tab","Key":{"p":{}}}',
        {},
        {"__type": "com.amazon.coral.validate#ValidationException", "message": EMPTY},
    ),
]


@pytest.mark.parametrize(("operation", "body", "headers", "answer"), EXCHANGES)
def test_a_refusal_has_its_name_space_and_its_message(
    endpoint: Endpoint, operation: str, body: bytes, headers: dict[str, str], answer: dict[str, Any]
) -> None:
    assert exchange(endpoint, operation, body, **headers) == (400, answer)


NO_REQUESTS = {
    "null": b"null",
    "a text": b'"text"',
    "a number": b"1",
    "not a number": b'{"TableName":NaN}',
    "more after it": b"{} {}",
    "a byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"TableName":"tab"}'.encode("utf-16"),
    "not UTF-8": b'{"TableName":"\xff"}',
    "half a surrogate pair": b'{"TableName":"tab","Key":{"p":{"S":"\\ud800"}}}',
    "a number beyond all": b'{"TableName":' + b"9" * 100_000 + b"}",
    "an exponent beyond all": b'{"Limit":1e999}',
    "maps without end": b'{"a":' * 100_000,
    "a value of 5,000 levels": b'{"TableName":"tab","Key":{"p":' + b'{"L":[' * 5_000 + b"]}" * 5_000 + b"}}",
}


@pytest.mark.parametrize("body", NO_REQUESTS.values(), ids=NO_REQUESTS)
def test_what_is_no_request_is_a_serialization_exception(endpoint: Endpoint, body: bytes) -> None:
    assert exchange(endpoint, "GetItem", body) == (400, {"__type": f"{FRAMEWORK}SerializationException"})


@pytest.mark.parametrize(
    "body", [b"{}", b"x" * 100, gzip.compress(GET_NOWHERE)[:-5], gzip.compress(GET_NOWHERE)[:20]], ids=len
)
def test_what_is_not_the_gzip_that_it_says_is_a_serialization_exception(endpoint: Endpoint, body: bytes) -> None:
    answer = exchange(endpoint, "GetItem", body, Content_Encoding="gzip")
    words = "The body is not what its Content-Encoding says: gzip"
    assert answer == (400, {"__type": f"{FRAMEWORK}SerializationException", "Message": words})


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "application/x-www-form-urlencoded", ""])
def test_another_content_type_is_an_unknown_operation(endpoint: Endpoint, content_type: str) -> None:
    endpoint.world = Service().world
    status, headers, body = endpoint.post(
        GET_NOWHERE,
        Content_Type=content_type,
        X_Amz_Target="DynamoDB_20120810.GetItem",
        Authorization=AUTHORIZATION.format(account=ACCOUNT, region=REGION),
    )
    assert (status, headers["content-type"], body) == (404, "application/xml", b"<UnknownOperationException/>\n")


@pytest.mark.parametrize(
    ("body", "encoding"),
    [(b" " * (16 * 1024 * 1024 + 1), "identity"), (gzip.compress(b" " * (64 * 1024 * 1024), 1), "gzip")],
    ids=["plain", "compressed"],
)
def test_a_body_has_16_megabytes_at_most_however_it_is_packed(endpoint: Endpoint, body: bytes, encoding: str) -> None:
    endpoint.world = Service().world
    status, _, answer = endpoint.post(
        body,
        Content_Type="application/x-amz-json-1.0",
        Content_Encoding=encoding,
        X_Amz_Target="DynamoDB_20120810.GetItem",
        Authorization=AUTHORIZATION.format(account=ACCOUNT, region=REGION),
    )
    assert (status, answer) == (413, b"")


def test_a_cancelled_transaction_spells_its_message_with_a_capital(endpoint: Endpoint) -> None:
    ddb = Service()
    endpoint.world, ddb.door = ddb.world, endpoint.raw
    ddb.table("tab", "p:S", "r:N")
    body = json.dumps(actions(action("ConditionCheck", Key=KEY, ConditionExpression="a = b"))).encode()
    status, _, answer = endpoint.post(
        body,
        Content_Type="application/x-amz-json-1.0",
        X_Amz_Target="DynamoDB_20120810.TransactWriteItems",
        Authorization=AUTHORIZATION.format(account=ACCOUNT, region=REGION),
    )
    assert (status, json.loads(answer)) == (
        400,
        {
            "__type": f"{MODEL}TransactionCanceledException",
            "Message": f"{REASONS}[ConditionalCheckFailed]",
            "CancellationReasons": [{"Code": "ConditionalCheckFailed", "Message": FAILED[1]}],
        },
    )


def test_a_long_answer_is_compressed_and_its_checksum_is_of_the_bytes_sent(endpoint: Endpoint) -> None:
    ddb = Service()
    endpoint.world, ddb.door = ddb.world, endpoint.raw
    ddb.table("tab")
    item = {"p": {"S": "x"}, "text": {"S": "y" * 10_000}}
    ddb.call("PutItem", TableName="tab", Item=item)
    status, headers, body = endpoint.post(
        json.dumps({"TableName": "tab", "Key": {"p": {"S": "x"}}}).encode(),
        Content_Type="application/x-amz-json-1.0",
        X_Amz_Target="DynamoDB_20120810.GetItem",
        Authorization=AUTHORIZATION.format(account=ACCOUNT, region=REGION),
        Accept_Encoding="gzip",
    )
    assert (status, headers["content-encoding"], headers["x-amz-crc32"]) == (200, "gzip", str(zlib.crc32(body)))
    assert json.loads(gzip.decompress(body)) == {"Item": item}


# --- wordings --------------------------------------------------------------------------------------------------------

BAD_NAME = {"TableName": "", "ReturnValues": "INVALID", "Item": {}, "Key": {}}
BOTH_BAD = (
    f"2 validation errors detected: Value '' at 'tableName' failed to satisfy constraint: {at_least(1)}; "
    f"Value 'INVALID' at 'returnValues' failed to satisfy constraint: {RETURNS}"
)
SEGMENT = "The Segment parameter is zero-based and must be less than parameter TotalSegments"


FIRST_OF_RETURNS = (
    f"{ONE_DETECTED}Failed to satisfy constraint: Member must satisfy enum value set: "
    "[ALL_OLD, UPDATED_OLD, ALL_NEW, UPDATE_NEW, NONE]"
)


def first(member: str, words: str) -> str:
    """The one constraint that the newer layer names."""
    return f"{ONE_DETECTED}Value at '{member}' failed to satisfy constraint: {words}"


ZERO = "Member must have value greater than or equal to 1"
SELECT = one_of("SPECIFIC_ATTRIBUTES", "COUNT", "ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES")
CAPACITY = one_of("INDEXES", "TOTAL", "NONE")
EMPTY_KEY = "The AttributeValue for a key attribute cannot contain an empty string value. Key: p"
UNDERFLOW = "Number underflow. Attempting to store a number with magnitude smaller than supported range"
WRAPS = {"N": "1e2147483647"}
REPEATED = {"SS": ["b", "a", "b"]}
GENERATIONS = ("classic", "2026-05", "mixed", "new")


def value_of(words: str) -> str:
    return f"{VALUES} contains invalid value: {words} for key :v"


def a_list(text: str) -> str:
    return f"{INVALID}Input collection [{text}] contains duplicates."


def batch_of(item: dict[str, Any]) -> dict[str, Any]:
    return {"RequestItems": {"tab": [{"PutRequest": {"Item": {**KEY, **item}}}]}}


PUT_IF = {"TableName": "tab", "Item": KEY, CONDITION: "a = :v"}
QUERY_IF = {"TableName": "tab", "KeyConditionExpression": "p = :v"}
LARGE_UPDATE = {
    "TableName": "bin",
    "Key": {"p": {"B": "AA=="}},
    UPDATE: "SET b = :v",
    VALUES: {":v": {"S": "x" * 409_578}},
}
WORDINGS: list[tuple[str, dict[str, Any], Sequence[Outcome]]] = [
    # operation, request, and what is said in each generation, or from which generation on
    ("PutItem", BAD_NAME, [BOTH_BAD, BOTH_BAD, first("TableName", at_least(1)), first("TableName", at_least(1))]),
    ("PutItem", {"Item": {}}, [*[broken("tableName", NOT_NULL)] * 3, first("TableName", NOT_NULL)]),
    (
        "PutItem",
        {"TableName": "", "Item": {}},
        [*[broken("tableName", at_least(1), "''")] * 3, first("TableName", at_least(1))],
    ),
    (
        "UpdateItem",
        {"TableName": "tab", "Key": KEY, "ReturnValues": "INVALID"},
        [*[broken("returnValues", RETURNS, "'INVALID'")] * 3, FIRST_OF_RETURNS],
    ),
    (
        "UpdateItem",
        {"TableName": "tab", "Key": KEY, "ReturnValues": "INVALID", "ReturnConsumedCapacity": "INVALID"},
        [
            *[
                f"2 validation errors detected: Value 'INVALID' at 'returnConsumedCapacity' failed to satisfy "
                f"constraint: {CAPACITY}; Value 'INVALID' at 'returnValues' failed to satisfy constraint: {RETURNS}"
            ]
            * 2,
            *[FIRST_OF_RETURNS] * 2,
        ],
    ),
    ("Query", {"TableName": "tab", "Limit": 0}, [broken("limit", ZERO, "'0'"), *[first("Limit", ZERO)] * 3]),
    (
        "Query",
        {"TableName": "tab", "Select": "X"},
        [*[broken("select", SELECT, "'X'")] * 3, first("Select", SELECT)],
    ),
    ("Scan", {"TableName": "tab", "Limit": 0}, [*[broken("limit", ZERO, "'0'")] * 3, first("Limit", ZERO)]),
    (
        "Scan",
        {"TableName": "tab", "Segment": 3, "TotalSegments": 3},
        [*[f"{SEGMENT}: Segment: 3 is not less than TotalSegments: 3"] * 3, SEGMENT],
    ),
    (
        "BatchGetItem",
        {"RequestItems": {}},
        ["The requestItems parameter is required for BatchGetItem", *[first("RequestItems", at_least(1))] * 3],
    ),
    (
        "BatchGetItem",
        {"RequestItems": {"tab": {"Keys": [KEY]}}, "ReturnConsumedCapacity": "X"},
        [*[broken("returnConsumedCapacity", CAPACITY, "'X'")] * 3, first("ReturnConsumedCapacity", CAPACITY)],
    ),
    (
        "BatchWriteItem",
        {"RequestItems": {}},
        [*["The requestItems parameter is required for BatchWriteItem"] * 3, first("RequestItems", at_least(1))],
    ),
    (
        "TransactGetItems",
        {"TransactItems": []},
        [*[broken("transactItems", at_least(1), "'[]'")] * 3, first("TransactItems", at_least(1))],
    ),
    (
        "UpdateItem",
        {"TableName": "nope", "Key": KEY, UPDATE: "SET a = :v", VALUES: {":v": DEEP}},
        [*[NOT_FOUND] * 2, *[ONE_DETECTED + TOO_DEEP] * 2],
    ),
    ("UpdateItem", LARGE_UPDATE, [{}, {}, *["Item size to update has exceeded the maximum allowed size"] * 2]),
    ("GetItem", {"TableName": "", "Key": {}}, [broken("tableName", at_least(1), "''")] * 4),
    (
        "GetItem",
        {"TableName": "tab", "Key": {**KEY, "p": {"S": ""}}},
        [INVALID + EMPTY_KEY, *[NOT_VALID + EMPTY_KEY] * 3],
    ),
    ("PutItem", {"TableName": "tab", "Item": {**KEY, "p": {"S": ""}}}, [NOT_VALID + EMPTY_KEY] * 4),
    # numbers and repeated members, with the layer that reckons in 32 bits and the one that does not
    (
        "PutItem",
        {"TableName": "tab", "Item": {**KEY, "x": {"N": ""}}},
        [NOT_NUMERIC, NOT_NUMERIC, *[f"{ONE_DETECTED}{NOT_NUMERIC}: "] * 2],
    ),
    ("PutItem", {**PUT_IF, VALUES: {":v": WRAPS}}, [*[value_of(UNDERFLOW)] * 2, *[ONE_DETECTED + OVERFLOW] * 2]),
    (
        "PutItem",
        {**PUT_IF, VALUES: {":v": {"N": "1e3000000000"}}},
        [*[value_of(f"{NOT_NUMERIC}: 1e3000000000")] * 2, *[ONE_DETECTED + OVERFLOW] * 2],
    ),
    (
        "PutItem",
        {**PUT_IF, VALUES: {":v": REPEATED}},
        [*[value_of(a_list("b, a, b"))] * 2, *[ONE_DETECTED + a_list('"a", "b", "b"')] * 2],
    ),
    ("Query", {**QUERY_IF, VALUES: {":v": WRAPS}}, [*[value_of(UNDERFLOW)] * 2, *[OVERFLOW] * 2]),
    ("BatchWriteItem", batch_of({"x": WRAPS}), [*[UNDERFLOW] * 3, OVERFLOW]),
    ("BatchWriteItem", batch_of({"x": REPEATED}), [*[a_list("b, a, b")] * 3, a_list('"a", "b", "b"')]),
    (
        "BatchWriteItem",
        batch_of({"x": {"BS": ["/w==", "AA==", "/w=="]}}),
        [
            *[f"{INVALID}Input collection [/w==, AA==, /w==]of type BS contains duplicates."] * 3,
            f'{INVALID}Input collection ["AA==","/w==","/w=="]of type BS contains duplicates.',
        ],
    ),
    (
        "BatchWriteItem",
        batch_of({"x": {"NS": ["1", "1.0"]}}),
        [*["Input collection contains duplicates"] * 3, f"{INVALID}Input collection contains duplicates."],
    ),
    # the request's own checks
    (
        "DeleteItem",
        {"TableName": "tab", "Key": KEY, VALUES: {":v": {"S": "x"}}},
        [*[f"{VALUES} can only be specified when using expressions: {CONDITION} is null"] * 2, ONLY, ONLY],
    ),
    (
        "PutItem",
        {"TableName": "tab", "Item": KEY, CONDITION: "a" * 4097},
        [
            *[f"Invalid {CONDITION}: Expression size has exceeded the maximum allowed size; expression size: 4097"] * 2,
            *[f"{ONE_DETECTED}Invalid {CONDITION}: Expression size has exceeded the maximum allowed size;"] * 2,
        ],
    ),
    (
        "TransactWriteItems",
        {"TransactItems": [{"Update": {"TableName": "nope", "Key": KEY, UPDATE: "SET a = :v", VALUES: {":v": DEEP}}}]},
        [value_of(TOO_DEEP), *[TOO_DEEP] * 3],
    ),
    (
        "CreateTable",
        {"TableName": "ab", "KeySchema": [], "AttributeDefinitions": []},
        [
            f"2 validation errors detected: Value 'ab' at 'tableName' failed to satisfy constraint: {at_least(3)}; "
            f"Value '[]' at 'keySchema' failed to satisfy constraint: {at_least(1)}"
        ]
        * 4,
    ),
]


@pytest.mark.parametrize("generation", range(len(GENERATIONS)), ids=GENERATIONS)
@pytest.mark.parametrize("row", WORDINGS, ids=[f"{row[0]}-{number}" for number, row in enumerate(WORDINGS)])
def test_each_generation_has_its_words(ddb: Service, row: tuple[Any, ...], generation: int) -> None:
    operation, request, outcomes = row
    ddb.world.dynamodb = Store(ddb.clock, DynamoDBSettings(wording=GENERATIONS[generation]))
    fill(ddb)
    outcome = outcomes[generation]
    if isinstance(outcome, dict):
        assert ddb.call(operation, **request) == outcome
    else:
        expected = ("ValidationException", outcome) if isinstance(outcome, str) else outcome
        assert ddb.refusal(operation, **request) == expected


def test_a_very_deep_delete_is_answered_by_the_older_layer(ddb: Service) -> None:
    deep: dict[str, Any] = {"S": "x"}
    for _ in range(40):
        deep = {"M": {"n": deep}}
    request = {"TableName": "nope", "Key": KEY, "ReturnValues": "ALL_NEW", CONDITION: "a = :v"}
    bare = "ReturnValues can only be ALL_OLD or NONE"
    assert ddb.refusal("DeleteItem", **request, **{VALUES: {":v": deep}})[1] == bare
    assert ddb.refusal("DeleteItem", **request, **{VALUES: {":v": {"S": "x"}}})[1] == ONE_DETECTED + bare
