"""One item at a time, and batches: keys, answers, legacy conditions, capacity. Facts observed on AWS."""

from __future__ import annotations

from typing import Any

import pytest
from dynamodb_service import Service

ENVELOPE = "1 validation error detected: "
INVALID = "One or more parameter values were invalid: "
MISMATCH = "The provided key element does not match the schema"
NOT_VALID = "One or more parameter values are not valid. "
EMPTY_STRING = "The AttributeValue for a key attribute cannot contain an empty string value."
HASH_SIZE = INVALID + "Size of hashkey has exceeded the maximum size limit of2048 bytes"
RANGE_SIZE = INVALID + "Aggregated size of all range keys has exceeded the size limit of 1024 bytes"
NOT_FOUND = ("ResourceNotFoundException", "Requested resource not found")
FAILED = ("ConditionalCheckFailedException", "The conditional request failed")

PK: dict[str, Any] = {"p": {"S": "x"}, "r": {"N": "1"}}
GSI = {
    "IndexName": "gsi",
    "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
    "Projection": {"ProjectionType": "KEYS_ONLY"},
}
LSI = {
    "IndexName": "lsi",
    "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "l", "KeyType": "RANGE"}],
    "Projection": {"ProjectionType": "ALL"},
}


@pytest.fixture
def tab(ddb: Service) -> str:
    return ddb.table(
        "tab", "p:S", "r:N", attributes={"g": "S", "l": "S"}, GlobalSecondaryIndexes=[GSI], LocalSecondaryIndexes=[LSI]
    )


BAD_LOOKUPS: list[tuple[dict[str, Any], str]] = [
    ({}, MISMATCH),
    ({"p": {"S": "x"}}, MISMATCH),
    ({**PK, "q": {"S": "x"}}, MISMATCH),
    ({"p": {"S": "x"}, "q": {"N": "1"}}, MISMATCH),
    ({"p": {"N": "1"}, "r": {"N": "1"}}, MISMATCH),
    ({"p": {"S": ""}, "r": {"N": "1"}}, f"{NOT_VALID}{EMPTY_STRING} Key: p"),
    ({"p": {"S": "x" * 2049}, "r": {"N": "1"}}, HASH_SIZE),
    ({"p": {"S": "\u00e9" * 1025}, "r": {"N": "1"}}, HASH_SIZE),
]


@pytest.mark.parametrize("operation", ["GetItem", "DeleteItem", "UpdateItem"])
@pytest.mark.parametrize(("key", "message"), BAD_LOOKUPS)
def test_key_that_does_not_fit_is_refused(
    ddb: Service, tab: str, operation: str, key: dict[str, Any], message: str
) -> None:
    assert ddb.refusal(operation, TableName=tab, Key=key) == ("ValidationException", message)


BAD_ITEMS: list[tuple[dict[str, Any], str]] = [
    ({"p": {"S": "x"}}, f"{INVALID}Missing the key r in the item"),
    ({"p": {"N": "1"}, "r": {"N": "1"}}, f"{INVALID}Type mismatch for key p expected: S actual: N"),
    ({"p": {"S": ""}, "r": {"N": "1"}}, f"{NOT_VALID}{EMPTY_STRING} Key: p"),
    ({"p": {"S": "x" * 2049}, "r": {"N": "1"}}, HASH_SIZE),
    ({**PK, "g": {"N": "1"}}, f"{INVALID}Type mismatch for Index Key g Expected: S Actual: N IndexName: gsi"),
    ({**PK, "l": {"NULL": True}}, f"{INVALID}Type mismatch for Index Key l Expected: S Actual: NULL IndexName: lsi"),
    (
        {**PK, "g": {"S": ""}},
        (
            f"{NOT_VALID}A value specified for a secondary index key is not supported. {EMPTY_STRING} "
            "IndexName: gsi, IndexKey: g"
        ),
    ),
    ({**PK, "l": {"S": "x" * 1025}}, RANGE_SIZE),
]


@pytest.mark.parametrize(("item", "message"), BAD_ITEMS)
def test_item_whose_keys_do_not_fit_is_refused(ddb: Service, tab: str, item: dict[str, Any], message: str) -> None:
    assert ddb.refusal("PutItem", TableName=tab, Item=item) == ("ValidationException", message)
    assert ddb.call("Scan", TableName=tab)["Count"] == 0


def test_missing_table_is_found_out_after_the_request_is_judged(ddb: Service) -> None:
    assert ddb.refusal("PutItem", TableName="nope", Item=PK) == NOT_FOUND
    assert ddb.refusal("GetItem", TableName="nope", Key=PK) == NOT_FOUND
    refusal = ddb.refusal("PutItem", TableName="nope", Item=PK, ReturnValues="ALL_NEW")
    assert refusal == ("ValidationException", f"{ENVELOPE}ReturnValues can only be ALL_OLD or NONE")


def test_table_is_found_by_its_arn(ddb: Service, tab: str) -> None:
    arn = ddb.call("DescribeTable", TableName=tab)["Table"]["TableArn"]
    ddb.call("PutItem", TableName=arn, Item=PK)
    assert ddb.call("GetItem", TableName=arn, Key=PK)["Item"] == PK


def test_numbers_that_are_equal_are_one_key(ddb: Service, tab: str) -> None:
    ddb.call("PutItem", TableName=tab, Item={"p": {"S": "x"}, "r": {"N": "+1.0"}})
    assert ddb.call("GetItem", TableName=tab, Key=PK)["Item"] == PK


def test_no_item_gives_no_member(ddb: Service, tab: str) -> None:
    assert ddb.call("GetItem", TableName=tab, Key=PK) == {}
    assert ddb.call("DeleteItem", TableName=tab, Key=PK, ReturnValues="ALL_OLD") == {}


def test_put_and_delete_return_the_old_item(ddb: Service, tab: str) -> None:
    old = {**PK, "a": {"S": "old"}}
    assert ddb.call("PutItem", TableName=tab, Item=old, ReturnValues="ALL_OLD") == {}
    assert ddb.call("PutItem", TableName=tab, Item=PK, ReturnValues="ALL_OLD") == {"Attributes": old}
    assert ddb.call("DeleteItem", TableName=tab, Key=PK, ReturnValues="ALL_OLD") == {"Attributes": PK}


def test_failed_condition_shows_the_item_on_request(ddb: Service, tab: str) -> None:
    ddb.call("PutItem", TableName=tab, Item=PK)
    from emulator.faults import Fault

    params = {"TableName": tab, "Item": PK, "ConditionExpression": "attribute_not_exists(p)"}
    with pytest.raises(Fault) as caught:
        ddb.call("PutItem", **params, ReturnValuesOnConditionCheckFailure="ALL_OLD")
    assert caught.value.members == {"Item": PK}
    with pytest.raises(Fault) as caught:
        ddb.call("PutItem", **params)
    assert caught.value.members == {}


BASE = {**PK, "a": {"M": {"b": {"N": "1"}, "c": {"L": [{"N": "1"}, {"N": "2"}]}}}, "z": {"S": "z"}}
RETURNED: list[tuple[str, str, dict[str, Any], dict[str, Any] | None]] = [
    ("NONE", "SET z = :v", {":v": {"S": "y"}}, None),
    ("ALL_OLD", "SET z = :v", {":v": {"S": "y"}}, BASE),
    ("ALL_NEW", "SET z = :v", {":v": {"S": "y"}}, {**BASE, "z": {"S": "y"}}),
    ("UPDATED_OLD", "SET z = :v, q = :v", {":v": {"S": "y"}}, {"z": {"S": "z"}}),
    ("UPDATED_NEW", "SET z = :v, q = :v", {":v": {"S": "y"}}, {"z": {"S": "y"}, "q": {"S": "y"}}),
    ("UPDATED_NEW", "SET z = :v", {":v": {"S": "z"}}, {"z": {"S": "z"}}),
    ("UPDATED_OLD", "SET a.b = :v", {":v": {"S": "y"}}, {"a": {"M": {"b": {"N": "1"}}}}),
    ("UPDATED_OLD", "SET a.c[1] = :v", {":v": {"S": "y"}}, {"a": {"M": {"c": {"L": [{"N": "2"}]}}}}),
    ("UPDATED_NEW", "SET a.c[100] = :v", {":v": {"S": "y"}}, None),
    ("UPDATED_NEW", "REMOVE a.c[0]", {}, {"a": {"M": {"c": {"L": [{"N": "2"}]}}}}),
    ("UPDATED_NEW", "REMOVE z", {}, None),
    ("UPDATED_OLD", "SET q = :v", {":v": {"S": "y"}}, None),
]


@pytest.mark.parametrize(("returns", "text", "values", "attributes"), RETURNED)
def test_update_returns(
    ddb: Service, tab: str, returns: str, text: str, values: dict[str, Any], attributes: dict[str, Any] | None
) -> None:
    ddb.call("PutItem", TableName=tab, Item=BASE)
    given = {"ExpressionAttributeValues": values} if values else {}
    answer = ddb.call("UpdateItem", TableName=tab, Key=PK, UpdateExpression=text, ReturnValues=returns, **given)
    assert answer.get("Attributes") == attributes


UPSERTS: list[tuple[dict[str, Any], dict[str, Any] | None]] = [
    ({}, PK),
    ({"UpdateExpression": "REMOVE a"}, None),
    ({"UpdateExpression": "DELETE a :v", "ExpressionAttributeValues": {":v": {"SS": ["x"]}}}, None),
    ({"UpdateExpression": "ADD a :v", "ExpressionAttributeValues": {":v": {"N": "1"}}}, {**PK, "a": {"N": "1"}}),
    ({"AttributeUpdates": {"a": {"Action": "DELETE"}}}, None),
    ({"AttributeUpdates": {"a": {"Value": {"S": "v"}}}}, {**PK, "a": {"S": "v"}}),
    ({"AttributeUpdates": {"a.b": {"Value": {"S": "v"}}}}, {**PK, "a.b": {"S": "v"}}),
    ({"AttributeUpdates": {}}, PK),
]


@pytest.mark.parametrize(("params", "item"), UPSERTS)
def test_update_of_no_item_makes_one_unless_it_only_removes(
    ddb: Service, tab: str, params: dict[str, Any], item: dict[str, Any] | None
) -> None:
    answer = ddb.call("UpdateItem", TableName=tab, Key=PK, ReturnValues="ALL_NEW", **params)
    assert answer.get("Attributes") == item == ddb.call("GetItem", TableName=tab, Key=PK).get("Item")


STORED = {**PK, "n": {"N": "5"}, "ss": {"SS": ["a", "b"]}, "l": {"S": "k"}, "li": {"L": [{"N": "1"}]}}
OLD_UPDATES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"n": {"Action": "ADD", "Value": {"N": "2"}}}, {"n": {"N": "7"}}),
    ({"ss": {"Action": "ADD", "Value": {"SS": ["c"]}}}, {"ss": {"SS": ["a", "b", "c"]}}),
    ({"li": {"Action": "ADD", "Value": {"L": [{"N": "2"}]}}}, {"li": {"L": [{"N": "1"}, {"N": "2"}]}}),
    ({"ss": {"Action": "DELETE", "Value": {"SS": ["a"]}}}, {"ss": {"SS": ["b"]}}),
    ({"n": {"Action": "DELETE"}}, {"n": None}),
    ({"n": {"Action": "PUT", "Value": {"S": "s"}}}, {"n": {"S": "s"}}),
]


@pytest.mark.parametrize(("updates", "changes"), OLD_UPDATES)
def test_attribute_updates(ddb: Service, tab: str, updates: dict[str, Any], changes: dict[str, Any]) -> None:
    ddb.call("PutItem", TableName=tab, Item=STORED)
    ddb.call("UpdateItem", TableName=tab, Key=PK, AttributeUpdates=updates)
    expected = {name: value for name, value in {**STORED, **changes}.items() if value is not None}
    assert ddb.call("GetItem", TableName=tab, Key=PK)["Item"] == expected


BAD_OLD_UPDATES: list[tuple[dict[str, Any], str]] = [
    ({"p": {"Value": {"S": "y"}}}, INVALID + "Cannot update attribute p. This attribute is part of the key"),
    ({"n": {"Action": "ADD", "Value": {"SS": ["x"]}}}, "Type mismatch for attribute to update"),
    ({"n": {"Action": "ADD", "Value": {"S": "x"}}}, INVALID + "ADD action is not supported for the type S"),
    ({"n": {"Action": "PUT"}}, INVALID + "Only DELETE action is allowed when no attribute value is specified"),
    (
        {"n": {"Action": "DELETE", "Value": {"N": "1"}}},
        INVALID + "DELETE action with value is not supported for the type N",
    ),
]


@pytest.mark.parametrize(("updates", "message"), BAD_OLD_UPDATES)
def test_attribute_updates_are_refused(ddb: Service, tab: str, updates: dict[str, Any], message: str) -> None:
    ddb.call("PutItem", TableName=tab, Item=STORED)
    refusal = ddb.refusal("UpdateItem", TableName=tab, Key=PK, AttributeUpdates=updates)
    assert refusal == ("ValidationException", message)


def one(operator: str, *values: dict[str, Any]) -> dict[str, Any]:
    return {"ComparisonOperator": operator, **({"AttributeValueList": list(values)} if values else {})}


EXPECTED: list[tuple[dict[str, Any], bool]] = [
    ({"n": {"Value": {"N": "5.0"}}}, True),
    ({"n": {"Value": {"N": "6"}}}, False),
    ({"gone": {"Exists": False}}, True),
    ({"n": {"Exists": False}}, False),
    ({"n": {"Exists": True, "Value": {"N": "5"}}}, True),
    ({"n": {"ComparisonOperator": "GT", "Value": {"N": "4"}}}, True),
    ({"n": one("NE", {"S": "5"})}, True),
    ({"gone": one("NE", {"S": "5"})}, True),
    ({"gone": one("NULL")}, True),
    ({"n": one("NOT_NULL")}, True),
    ({"n": one("BETWEEN", {"N": "4"}, {"N": "5"})}, True),
    ({"n": one("IN", {"N": "4"}, {"N": "5"})}, True),
    ({"ss": one("CONTAINS", {"S": "a"})}, True),
    ({"ss": one("NOT_CONTAINS", {"S": "q"})}, True),
    ({"gone": one("CONTAINS", {"S": "a"})}, False),
    ({"gone": one("NOT_CONTAINS", {"S": "a"})}, False),
    ({"l": one("BEGINS_WITH", {"S": "k"})}, True),
    ({"n": one("LT", {"S": "z"})}, False),
    ({"n": one("EQ", {"N": "5"}), "gone": one("NOT_NULL")}, False),
]


@pytest.mark.parametrize(("expected", "holds"), EXPECTED)
def test_expected_holds(ddb: Service, tab: str, expected: dict[str, Any], holds: bool) -> None:
    ddb.call("PutItem", TableName=tab, Item=STORED)
    if holds:
        ddb.call("DeleteItem", TableName=tab, Key=PK, Expected=expected)
        assert ddb.call("GetItem", TableName=tab, Key=PK) == {}
    else:
        assert ddb.refusal("DeleteItem", TableName=tab, Key=PK, Expected=expected) == FAILED
        assert ddb.call("GetItem", TableName=tab, Key=PK)["Item"] == STORED


def test_conditional_operator_or_needs_one(ddb: Service, tab: str) -> None:
    ddb.call("PutItem", TableName=tab, Item=STORED)
    expected = {"n": one("EQ", {"N": "5"}), "gone": one("NOT_NULL")}
    ddb.call("DeleteItem", TableName=tab, Key=PK, Expected=expected, ConditionalOperator="OR")


BAD_EXPECTED: list[tuple[dict[str, Any], str]] = [
    ({"a": {}}, "Value must be provided when Exists is null for Attribute: a"),
    ({"a": {"Exists": True}}, "Value must be provided when Exists is true for Attribute: a"),
    ({"a": {"Exists": False, "Value": {"S": "x"}}}, "Value cannot be used when Exists is false for Attribute: a"),
    (
        {"a": {"ComparisonOperator": "GT"}},
        "Value or AttributeValueList must be used with ComparisonOperator: GT for Attribute: a",
    ),
    (
        {"a": {"ComparisonOperator": "NULL", "Exists": False}},
        "Exists and ComparisonOperator cannot be used together for Attribute: a",
    ),
    (
        {"a": {"Value": {"S": "x"}, "AttributeValueList": [{"S": "x"}], "ComparisonOperator": "EQ"}},
        "Value and AttributeValueList cannot be used together for Attribute: a",
    ),
    (
        {"a": {"AttributeValueList": [{"S": "x"}]}},
        "AttributeValueList can only be used with a ComparisonOperator for Attribute: a",
    ),
    ({"a": one("NULL", {"S": "x"})}, "Invalid number of argument(s) for the NULL ComparisonOperator"),
    ({"a": one("BETWEEN", {"S": "x"})}, "Invalid number of argument(s) for the BETWEEN ComparisonOperator"),
    ({"a": one("EQ", {"S": "x"}, {"S": "y"})}, "Invalid number of argument(s) for the EQ ComparisonOperator"),
    ({"a": one("LT", {"SS": ["x"]})}, "ComparisonOperator LT is not valid for SS AttributeValue type"),
    ({"a": one("CONTAINS", {"L": []})}, "ComparisonOperator CONTAINS is not valid for L AttributeValue type"),
    ({"a": one("BEGINS_WITH", {"N": "1"})}, "ComparisonOperator BEGINS_WITH is not valid for N AttributeValue type"),
    ({"a": one("IN", {"N": "1"}, {"S": "1"})}, "AttributeValues inside AttributeValueList must be of same type"),
    (
        {"a": one("BETWEEN", {"N": "2"}, {"N": "1"})},
        "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound",
    ),
]


@pytest.mark.parametrize(("expected", "message"), BAD_EXPECTED)
def test_expected_is_refused_before_the_table_is_looked_up(
    ddb: Service, expected: dict[str, Any], message: str
) -> None:
    refusal = ddb.refusal("PutItem", TableName="nope", Item=PK, Expected=expected)
    assert refusal == ("ValidationException", ENVELOPE + INVALID + message)


def test_index_keys_are_judged_in_updates(ddb: Service, tab: str) -> None:
    ddb.call("PutItem", TableName=tab, Item=PK)
    refusal = ddb.refusal(
        "UpdateItem",
        TableName=tab,
        Key=PK,
        UpdateExpression="SET g = :v",
        ExpressionAttributeValues={":v": {"N": "1"}},
    )
    message = "The update expression attempted to update a secondary index key to unsupported type"
    assert refusal == ("ValidationException", message)
    assert ddb.call("GetItem", TableName=tab, Key=PK)["Item"] == PK


# --- batches ---------------------------------------------------------------------------------------------------------


def puts(*items: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"PutRequest": {"Item": item}} for item in items]


def deletes(*keys: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"DeleteRequest": {"Key": key}} for key in keys]


def test_batch_write_and_get(ddb: Service, tab: str) -> None:
    items = [{"p": {"S": "x"}, "r": {"N": str(i)}, "a": {"S": "v"}} for i in range(25)]
    assert ddb.call("BatchWriteItem", RequestItems={tab: puts(*items)}) == {"UnprocessedItems": {}}
    keys = [{"p": item["p"], "r": item["r"]} for item in items] + [{"p": {"S": "q"}, "r": {"N": "1"}}]
    answer = ddb.call("BatchGetItem", RequestItems={tab: {"Keys": keys, "ProjectionExpression": "a"}})
    assert answer == {"Responses": {tab: [{"a": {"S": "v"}}] * 25}, "UnprocessedKeys": {}}
    ddb.call("BatchWriteItem", RequestItems={tab: deletes(*keys[:20])})
    assert ddb.call("Scan", TableName=tab)["Count"] == 5


DUPLICATES = "Provided list of item keys contains duplicates"
BAD_BATCHES: list[tuple[list[dict[str, Any]], str]] = [
    (puts(PK, {**PK, "r": {"N": "1.0"}}), DUPLICATES),
    (puts(PK) + deletes(PK), DUPLICATES),
    (puts(PK, {"p": {"S": "x"}}), MISMATCH),
    (puts(PK, {"p": {"N": "1"}, "r": {"N": "1"}}), MISMATCH),
    (deletes({"p": {"S": "x"}}), MISMATCH),
    (
        puts({**PK, "r": {"N": "2"}}, {**PK, "g": {"N": "1"}}),
        f"{INVALID}Type mismatch for Index Key g Expected: S Actual: N IndexName: gsi",
    ),
    (
        [{}],
        "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes",
    ),
]


@pytest.mark.parametrize(("requests", "message"), BAD_BATCHES)
def test_one_bad_member_of_a_batch_writes_nothing(
    ddb: Service, tab: str, requests: list[dict[str, Any]], message: str
) -> None:
    refusal = ddb.refusal("BatchWriteItem", RequestItems={tab: requests})
    assert refusal == ("ValidationException", message)
    assert ddb.call("Scan", TableName=tab)["Count"] == 0


def test_batch_limits_over_several_tables(ddb: Service, tab: str) -> None:
    other = ddb.table("other", "p:S", "r:N")
    items = [{"p": {"S": "x"}, "r": {"N": str(i)}} for i in range(51)]
    refusal = ddb.refusal("BatchWriteItem", RequestItems={tab: puts(*items[:20]), other: puts(*items[:20])})
    assert refusal[1] == "Too many items requested for the BatchWriteItem call"
    refusal = ddb.refusal("BatchGetItem", RequestItems={tab: {"Keys": items}, other: {"Keys": items}})
    assert refusal[1] == "Too many items requested for the BatchGetItem call"
    refusal = ddb.refusal("BatchGetItem", RequestItems={tab: {"Keys": [items[0], items[0]]}})
    assert refusal[1] == DUPLICATES


# --- capacity --------------------------------------------------------------------------------------------------------


def sized(size: int, **more: Any) -> dict[str, Any]:
    """An item of so many bytes; p, r and their values take 5."""
    used = 5 + sum(len(name) + len(value["S"]) for name, value in more.items())
    return {**PK, **more, "f": {"S": "y" * (size - used - 1)}}


WRITES: list[tuple[dict[str, Any] | None, dict[str, Any], float, dict[str, float]]] = [
    (None, sized(1024), 1, {}),
    (None, sized(1025), 2, {}),
    (sized(1100), sized(20), 2, {}),
    (None, sized(20, g={"S": "g1"}), 1, {"gsi": 1}),
    (sized(20, g={"S": "g1"}), sized(30, g={"S": "g1"}), 1, {}),
    (sized(20, g={"S": "g1"}), sized(30, g={"S": "g2"}), 1, {"gsi": 2}),
    (sized(20, g={"S": "g1"}), sized(30), 1, {"gsi": 1}),
    (sized(20, l={"S": "l1"}), sized(2000, l={"S": "l1"}), 2, {"lsi": 2}),
    (sized(20, l={"S": "l1"}), sized(20, l={"S": "l1"}), 1, {}),
]


@pytest.mark.parametrize(("old", "new", "units", "indexes"), WRITES)
def test_write_capacity(
    ddb: Service, tab: str, old: dict[str, Any] | None, new: dict[str, Any], units: float, indexes: dict[str, float]
) -> None:
    if old:
        ddb.call("PutItem", TableName=tab, Item=old)
    answer = ddb.call("PutItem", TableName=tab, Item=new, ReturnConsumedCapacity="INDEXES")["ConsumedCapacity"]
    shown = {**answer.get("GlobalSecondaryIndexes", {}), **answer.get("LocalSecondaryIndexes", {})}
    assert answer["CapacityUnits"] == units + sum(indexes.values())
    assert answer["Table"] == {"CapacityUnits": units}
    assert shown == {name: {"CapacityUnits": float(charged)} for name, charged in indexes.items()}


@pytest.mark.parametrize(
    ("size", "consistent", "units"),
    [(0, False, 0.5), (0, True, 1), (4096, False, 0.5), (4096, True, 1), (4097, False, 1), (4097, True, 2)],
)
def test_read_capacity(ddb: Service, tab: str, size: int, consistent: bool, units: float) -> None:
    if size:
        ddb.call("PutItem", TableName=tab, Item=sized(size))
    answer = ddb.call("GetItem", TableName=tab, Key=PK, ConsistentRead=consistent, ReturnConsumedCapacity="TOTAL")
    assert answer["ConsumedCapacity"] == {"TableName": tab, "CapacityUnits": units}


def test_item_collection_metrics_are_for_tables_with_a_local_index(ddb: Service, tab: str) -> None:
    answer = ddb.call("PutItem", TableName=tab, Item=PK, ReturnItemCollectionMetrics="SIZE")
    metrics = {"ItemCollectionKey": {"p": {"S": "x"}}, "SizeEstimateRangeGB": [0.0, 1.0]}
    assert answer == {"ItemCollectionMetrics": metrics}
    other = ddb.table("other")
    assert ddb.call("PutItem", TableName=other, Item=PK, ReturnItemCollectionMetrics="SIZE") == {}
