"""Query and Scan: key conditions, filters, indexes, pages. Facts observed on AWS."""

from __future__ import annotations

from typing import Any

import pytest
from dynamodb_service import Service

INVALID = "One or more parameter values were invalid: "
BAD_START = "The provided starting key is invalid"
MISMATCH = "The provided key element does not match the schema"


def index(name: str, hash_key: str, range_key: str | None, projection: str = "ALL", *others: str) -> dict[str, Any]:
    keys = [{"AttributeName": hash_key, "KeyType": "HASH"}]
    if range_key:
        keys.append({"AttributeName": range_key, "KeyType": "RANGE"})
    kept: dict[str, Any] = {"ProjectionType": projection}
    if others:
        kept["NonKeyAttributes"] = list(others)
    return {"IndexName": name, "KeySchema": keys, "Projection": kept}


@pytest.fixture
def tab(ddb: Service) -> str:
    """Partitions a, b and c of 10 items each, r from 0 to 9."""
    ddb.table(
        "tab",
        "p:S",
        "r:N",
        attributes={"g": "S", "l": "N"},
        GlobalSecondaryIndexes=[index("gsi", "g", "l", "INCLUDE", "a"), index("all", "g", None)],
        LocalSecondaryIndexes=[index("lsi", "p", "l", "KEYS_ONLY")],
    )
    for partition in "abc":
        for number in range(10):
            item = {"p": {"S": partition}, "r": {"N": str(number)}, "a": {"S": f"{partition}{number}"}, "z": {"S": "z"}}
            if number % 2:
                item |= {"g": {"S": "odd"}, "l": {"N": str(-number)}}
            ddb.call("PutItem", TableName="tab", Item=item)
    return "tab"


def query(ddb: Service, text: str, values: dict[str, Any], **more: Any) -> dict[str, Any]:
    return ddb.call("Query", TableName="tab", KeyConditionExpression=text, ExpressionAttributeValues=values, **more)


A = {":p": {"S": "a"}}
RANGES: list[tuple[str, dict[str, Any], list[int]]] = [
    ("p = :p", {}, list(range(10))),
    (":p = p AND (r = :v)", {":v": {"N": "3"}}, [3]),
    ("r < :v AND p = :p", {":v": {"N": "3"}}, [0, 1, 2]),
    ("p = :p AND r <= :v", {":v": {"N": "3.5"}}, [0, 1, 2, 3]),
    ("p = :p AND r > :v", {":v": {"N": "7"}}, [8, 9]),
    ("p = :p AND :v <= r", {":v": {"N": "7"}}, [7, 8, 9]),
    ("p = :p AND r BETWEEN :v AND :w", {":v": {"N": "2"}, ":w": {"N": "4"}}, [2, 3, 4]),
]


@pytest.mark.parametrize(("text", "values", "numbers"), RANGES)
@pytest.mark.usefixtures("tab")
def test_key_condition_selects_in_order(ddb: Service, text: str, values: dict[str, Any], numbers: list[int]) -> None:
    for forward in (True, False):
        answer = query(ddb, text, {**A, **values}, ScanIndexForward=forward)
        found = [int(item["r"]["N"]) for item in answer["Items"]]
        assert found == (numbers if forward else numbers[::-1])
        assert answer["Count"] == answer["ScannedCount"] == len(numbers)


def test_text_keys_sort_by_utf8_bytes_and_begin_with(ddb: Service) -> None:
    ddb.table("tab", "p:S", "r:S")
    keys = ["a", "B", "ab", "a\uffff", "a\U0001f600", "\u00e9", "b"]
    for key in keys:
        ddb.call("PutItem", TableName="tab", Item={"p": {"S": "a"}, "r": {"S": key}})
    answer = query(ddb, "p = :p", A)
    assert [item["r"]["S"] for item in answer["Items"]] == sorted(keys, key=str.encode)
    answer = query(ddb, "p = :p AND begins_with(r, :v)", {**A, ":v": {"S": "a"}})
    assert [item["r"]["S"] for item in answer["Items"]] == ["a", "ab", "a\uffff", "a\U0001f600"]


def test_binary_keys_sort_by_unsigned_bytes_and_begin_with(ddb: Service) -> None:
    ddb.table("tab", "p:S", "r:B")
    keys = ["AA==", "fw==", "gA==", "/w==", "/wA=", "//8="]
    for key in keys:
        ddb.call("PutItem", TableName="tab", Item={"p": {"S": "a"}, "r": {"B": key}})
    assert [item["r"]["B"] for item in query(ddb, "p = :p", A)["Items"]] == keys
    answer = query(ddb, "p = :p AND begins_with(r, :v)", {**A, ":v": {"B": "/w=="}})
    assert [item["r"]["B"] for item in answer["Items"]] == ["/w==", "/wA=", "//8="]


NOT_SUPPORTED = "Query key condition not supported"
OPERATOR = "Invalid operator used in KeyConditionExpression: "
BAD_KEY_CONDITIONS: list[tuple[str, dict[str, Any], str]] = [
    ("r = :v", {":v": {"N": "1"}}, "Query condition missed key schema element: p"),
    ("p > :p", A, NOT_SUPPORTED),
    ("p = :p AND z = :v", {**A, ":v": {"S": "1"}}, NOT_SUPPORTED),
    (
        "p = :p AND r = :v AND z = :v",
        {**A, ":v": {"N": "1"}},
        "Conditions can be of length 1 or 2 only",
    ),
    (
        "p = :p AND p = :v",
        {**A, ":v": {"S": "1"}},
        "Invalid KeyConditionExpression: KeyConditionExpressions must only contain one condition per key",
    ),
    ("p.x = :p", A, "KeyConditionExpressions cannot have conditions on nested attributes"),
    ("p = :p OR r = :v", {**A, ":v": {"N": "1"}}, f"{OPERATOR}OR"),
    ("NOT p = :p", A, f"{OPERATOR}NOT"),
    ("p <> :p", A, f"{OPERATOR}<>"),
    ("p IN (:p)", A, f"{OPERATOR}IN"),
    ("attribute_exists(p) AND r = :v", {":v": {"N": "1"}}, f"{OPERATOR}attribute_exists"),
    (
        "p = r AND r = :v",
        {":v": {"N": "1"}},
        "Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition",
    ),
    (":p = :p", A, "Invalid condition in KeyConditionExpression: No key attribute specified"),
    ("p = :p", {":p": {"N": "1"}}, INVALID + "Condition parameter type does not match schema type"),
    (
        "begins_with(r, :v)",
        {":v": {"N": "1"}},
        (
            "Invalid KeyConditionExpression: Incorrect operand type for operator or "
            "function; operator or function: begins_with, operand type: N"
        ),
    ),
    ("dog(p)", {}, "Invalid KeyConditionExpression: Invalid function name; function: dog"),
]


@pytest.mark.parametrize(("text", "values", "message"), BAD_KEY_CONDITIONS)
@pytest.mark.usefixtures("tab")
def test_key_condition_is_refused(ddb: Service, text: str, values: dict[str, Any], message: str) -> None:
    given = {"ExpressionAttributeValues": values} if values else {}
    refusal = ddb.refusal("Query", TableName="tab", KeyConditionExpression=text, **given)
    assert refusal == ("ValidationException", message)


BAD_QUERIES: list[tuple[dict[str, Any], str]] = [
    (
        {"FilterExpression": "p = :p"},
        "Filter Expression can only contain non-primary key attributes: Primary key attribute: p",
    ),
    ({"IndexName": "nope"}, "The table does not have the specified index: nope"),
    (
        {"Select": "COUNT", "ProjectionExpression": "a"},
        "Cannot specify the ProjectionExpression when choosing to get COUNT",
    ),
    (
        {"Select": "SPECIFIC_ATTRIBUTES"},
        (
            "1 validation error detected: Must specify the AttributesToGet or "
            "ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES"
        ),
    ),
    (
        {"Select": "ALL_PROJECTED_ATTRIBUTES"},
        "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName",
    ),
    (
        {"ProjectionExpression": "p.x"},
        "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: p",
    ),
    (
        {"FilterExpression": "l[0] = :p"},
        "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: IndexKey: l",
    ),
    ({"ExclusiveStartKey": {"p": {"S": "a"}}}, BAD_START),
    ({"ExclusiveStartKey": {"p": {"S": "a"}, "r": {"S": "a"}}}, BAD_START),
    (
        {"ExclusiveStartKey": {"p": {"S": "b"}, "r": {"N": "1"}}},
        "The provided starting key is outside query boundaries based on provided conditions",
    ),
    (
        {"ExclusiveStartKey": {"p": {}, "r": {"N": "1"}}},
        f"{BAD_START}: Supplied AttributeValue is empty, must contain exactly one of the supported datatypes",
    ),
]


@pytest.mark.parametrize(("params", "message"), BAD_QUERIES)
@pytest.mark.usefixtures("tab")
def test_query_is_refused(ddb: Service, params: dict[str, Any], message: str) -> None:
    refusal = ddb.refusal(
        "Query", TableName="tab", KeyConditionExpression="p = :p", ExpressionAttributeValues=A, **params
    )
    assert refusal == ("ValidationException", message)


BAD_INDEX_QUERIES: list[tuple[dict[str, Any], str]] = [
    ({"ConsistentRead": True}, "Consistent reads are not supported on global secondary indexes"),
    (
        {"Select": "ALL_ATTRIBUTES"},
        INVALID + "Select type ALL_ATTRIBUTES is not supported for global secondary index gsi "
        "because its projection type is not ALL",
    ),
    ({"ProjectionExpression": "a, z"}, INVALID + "Global secondary index gsi does not project [z]"),
    (
        {"FilterExpression": "g = :g"},
        "Filter Expression can only contain non-primary key attributes: Primary key attribute: g",
    ),
    ({"ExclusiveStartKey": {"p": {"S": "a"}, "r": {"N": "1"}}}, BAD_START),
    ({"ExclusiveStartKey": {"p": {"S": "a"}, "r": {"N": "1"}, "g": {"N": "1"}, "l": {"N": "1"}}}, MISMATCH),
    (
        {"ExclusiveStartKey": {"p": {"N": "1"}, "r": {"N": "1"}, "g": {"S": "odd"}, "l": {"N": "1"}}},
        f"{BAD_START}: {MISMATCH}",
    ),
]


@pytest.mark.parametrize(("params", "message"), BAD_INDEX_QUERIES)
@pytest.mark.usefixtures("tab")
def test_index_query_is_refused(ddb: Service, params: dict[str, Any], message: str) -> None:
    refusal = ddb.refusal(
        "Query",
        TableName="tab",
        IndexName="gsi",
        KeyConditionExpression="g = :g",
        ExpressionAttributeValues={":g": {"S": "odd"}},
        **params,
    )
    assert refusal == ("ValidationException", message)


@pytest.mark.usefixtures("tab")
def test_index_holds_only_items_with_its_keys_and_only_what_it_projects(ddb: Service) -> None:
    answer = query(ddb, "g = :g AND l < :l", {":g": {"S": "odd"}, ":l": {"N": "-5"}}, IndexName="gsi")
    assert [item["l"]["N"] for item in answer["Items"]] == ["-9"] * 3 + ["-7"] * 3
    assert all(item.keys() == {"p", "r", "g", "l", "a"} for item in answer["Items"])
    answer = query(ddb, "g = :g", {":g": {"S": "odd"}}, IndexName="all", FilterExpression="p = :g")
    assert (answer["Count"], answer["ScannedCount"]) == (0, 15)


@pytest.mark.usefixtures("tab")
def test_local_index_fetches_what_it_does_not_project(ddb: Service) -> None:
    answer = query(ddb, "p = :p", A, IndexName="lsi", Limit=1)
    assert answer["Items"] == [{"p": {"S": "a"}, "r": {"N": "9"}, "l": {"N": "-9"}}]
    answer = query(
        ddb, "p = :p", A, IndexName="lsi", Limit=1, ProjectionExpression="z", ReturnConsumedCapacity="INDEXES"
    )
    assert answer["Items"] == [{"z": {"S": "z"}}]
    assert answer["ConsumedCapacity"] == {
        "TableName": "tab",
        "CapacityUnits": 1.0,
        "Table": {"CapacityUnits": 0.5},
        "LocalSecondaryIndexes": {"lsi": {"CapacityUnits": 0.5}},
    }


LEGACY: list[tuple[dict[str, Any], list[int]]] = [
    ({"p": ("EQ", {"S": "a"}), "r": ("GE", {"N": "8"})}, [8, 9]),
    ({"p": ("EQ", {"S": "a"}), "r": ("BETWEEN", {"N": "8"}, {"N": "8.5"})}, [8]),
    ({"p": ("EQ", {"S": "nobody"})}, []),
]


@pytest.mark.parametrize(("conditions", "numbers"), LEGACY)
@pytest.mark.usefixtures("tab")
def test_legacy_key_conditions(ddb: Service, conditions: dict[str, Any], numbers: list[int]) -> None:
    wire = {
        name: {"ComparisonOperator": operator, "AttributeValueList": operands}
        for name, (operator, *operands) in conditions.items()
    }
    answer = ddb.call("Query", TableName="tab", KeyConditions=wire, AttributesToGet=["r"])
    assert answer["Items"] == [{"r": {"N": str(number)}} for number in numbers]


@pytest.mark.usefixtures("tab")
def test_legacy_filters_are_anded_or_ored(ddb: Service) -> None:
    filters = {
        "a": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "b3"}]},
        "l": {"ComparisonOperator": "EQ", "AttributeValueList": [{"N": "-1"}]},
    }
    assert ddb.call("Scan", TableName="tab", ScanFilter=filters)["Count"] == 0
    assert ddb.call("Scan", TableName="tab", ScanFilter=filters, ConditionalOperator="OR")["Count"] == 4
    conditions = {"p": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "b"}]}}
    answer = ddb.call("Query", TableName="tab", KeyConditions=conditions, QueryFilter=filters, ConditionalOperator="OR")
    assert answer["Count"] == 2
    refusal = ddb.refusal("Query", TableName="tab", KeyConditions=conditions, QueryFilter=conditions)
    assert refusal[1] == "QueryFilter can only contain non-primary key attributes: Primary key attribute: p"


def test_query_needs_a_key_condition(ddb: Service) -> None:
    message = "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request."
    assert ddb.refusal("Query", TableName="tab") == ("ValidationException", message)


@pytest.mark.usefixtures("tab")
def test_limit_counts_before_the_filter_and_gives_a_key_even_at_the_end(ddb: Service) -> None:
    answer = query(ddb, "p = :p", {**A, ":v": {"S": "a9"}}, FilterExpression="a = :v", Limit=10)
    assert (answer["Count"], answer["ScannedCount"]) == (1, 10)
    last = answer["LastEvaluatedKey"]
    assert last == {"p": {"S": "a"}, "r": {"N": "9"}}
    answer = query(ddb, "p = :p", A, ExclusiveStartKey=last)
    assert answer == {"Count": 0, "ScannedCount": 0, "Items": []}
    assert "LastEvaluatedKey" not in query(ddb, "p = :p", A, Limit=11)


@pytest.mark.usefixtures("tab")
def test_count_returns_no_items(ddb: Service) -> None:
    assert query(ddb, "p = :p", A, Select="COUNT") == {"Count": 10, "ScannedCount": 10}


def test_page_ends_before_one_megabyte(ddb: Service) -> None:
    ddb.table("tab", "p:S", "r:N")
    size = 1_048_576 // 8
    for number in range(10):
        used = len("parf") + (1 if number == 0 else 2)
        item = {"p": {"S": "a"}, "r": {"N": str(number)}, "f": {"S": "x" * (size - used)}}
        ddb.call("PutItem", TableName="tab", Item=item)
    answer = query(ddb, "p = :p", A, ReturnConsumedCapacity="TOTAL")
    assert answer["Count"] == 8
    assert answer["LastEvaluatedKey"]["r"] == {"N": "7"}
    assert answer["ConsumedCapacity"]["CapacityUnits"] == 128
    assert query(ddb, "p = :p", A, ExclusiveStartKey=answer["LastEvaluatedKey"])["Count"] == 2


# --- scan ------------------------------------------------------------------------------------------------------------

ZERO_BASED = "The Segment parameter is zero-based and must be less than parameter TotalSegments: "
BAD_SCANS: list[tuple[dict[str, Any], str]] = [
    (
        {"Segment": 0},
        "The TotalSegments parameter is required but was not present in the request when Segment parameter is present",
    ),
    (
        {"TotalSegments": 1},
        "The Segment parameter is required but was not present in the request when parameter TotalSegments is present",
    ),
    ({"Segment": 2, "TotalSegments": 2}, ZERO_BASED + "Segment: 2 is not less than TotalSegments: 2"),
    (
        {"Select": "SPECIFIC_ATTRIBUTES"},
        "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES",
    ),
    ({"ExclusiveStartKey": {"p": {"S": "a"}}}, f"{BAD_START}: {MISMATCH}"),
    ({"IndexName": "nope"}, "The table does not have the specified index: nope"),
    ({"IndexName": "gsi", "ConsistentRead": True}, "Consistent reads are not supported on global secondary indexes"),
]


@pytest.mark.parametrize(("params", "message"), BAD_SCANS)
@pytest.mark.usefixtures("tab")
def test_scan_is_refused(ddb: Service, params: dict[str, Any], message: str) -> None:
    assert ddb.refusal("Scan", TableName="tab", **params) == ("ValidationException", message)


def test_segments_are_disjoint_stable_and_cover_the_table(ddb: Service) -> None:
    ddb.table("tab", "p:N", "r:N")
    for number in range(60):
        ddb.call("PutItem", TableName="tab", Item={"p": {"N": str(number // 3)}, "r": {"N": str(number % 3)}})
    whole = ddb.call("Scan", TableName="tab")["Items"]
    for total in (1, 3, 7, 1000):
        parts = [ddb.call("Scan", TableName="tab", Segment=n, TotalSegments=total)["Items"] for n in range(total)]
        assert [item for part in parts for item in part] == whole
    assert [item["r"]["N"] for item in whole] == ["0", "1", "2"] * 20


def test_start_key_must_lie_in_its_segment(ddb: Service) -> None:
    ddb.table("tab", "p:S")
    ddb.call("PutItem", TableName="tab", Item={"p": {"S": "a"}})
    segment = next(n for n in range(2) if not ddb.call("Scan", TableName="tab", Segment=n, TotalSegments=2)["Count"])
    refusal = ddb.refusal(
        "Scan", TableName="tab", Segment=segment, TotalSegments=2, ExclusiveStartKey={"p": {"S": "a"}}
    )
    assert refusal[1] == (
        f"{BAD_START}: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct Segment. "
        f"TotalSegments: 2 Segment: {segment}"
    )


def test_index_with_several_key_attributes(ddb: Service) -> None:
    keys = [("h1", "HASH"), ("h2", "HASH"), ("r1", "RANGE"), ("r2", "RANGE")]
    many = {
        "IndexName": "many",
        "KeySchema": [{"AttributeName": name, "KeyType": role} for name, role in keys],
        "Projection": {"ProjectionType": "ALL"},
    }
    ddb.table(
        "tab", "p:S", attributes=dict.fromkeys(("h1", "h2", "r1"), "S") | {"r2": "N"}, GlobalSecondaryIndexes=[many]
    )
    for number in range(6):
        ddb.call(
            "PutItem",
            TableName="tab",
            Item={
                "p": {"S": str(number)},
                "h1": {"S": "x"},
                "h2": {"S": "y"},
                "r1": {"S": str(number % 2)},
                "r2": {"N": str(-number)},
            },
        )
    ddb.call("PutItem", TableName="tab", Item={"p": {"S": "sparse"}, "h1": {"S": "x"}, "h2": {"S": "y"}})
    values = {":x": {"S": "x"}, ":y": {"S": "y"}}

    def numbers(text: str, **more: Any) -> list[str]:
        answer = query(ddb, text, {**values, **more}, IndexName="many")
        return [item["p"]["S"] for item in answer["Items"]]

    assert numbers("h2 = :y AND h1 = :x") == ["4", "2", "0", "5", "3", "1"]
    assert numbers("h1 = :x AND h2 = :y AND r1 = :r AND r2 > :n", **{":r": {"S": "1"}, ":n": {"N": "-4"}}) == ["3", "1"]
    answer = query(ddb, "h1 = :x AND h2 = :y", values, IndexName="many", Limit=1)
    assert answer["LastEvaluatedKey"].keys() == {"p", "h1", "h2", "r1", "r2"}
    refusal = ddb.refusal(
        "Query",
        TableName="tab",
        IndexName="many",
        KeyConditionExpression="h1 = :x AND h2 = :y AND r2 = :n",
        ExpressionAttributeValues={**values, ":n": {"N": "1"}},
    )
    assert refusal[1] == (
        "RANGE key attributes r1 must have equality conditions specified in the query because a condition is "
        "present on "
        "key attribute r2"
    )


OLD_KEY = {"p": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "x"}]}}


def test_key_conditions_may_stand_beside_expressions_but_not_beside_another_key_condition(ddb: Service) -> None:
    ddb.table("single")
    ddb.call("PutItem", TableName="single", Item={"p": {"S": "x"}, "a": {"N": "1"}})
    given = {"TableName": "single", "KeyConditions": OLD_KEY, "ExpressionAttributeValues": {":v": {"N": "1"}}}
    found = ddb.call("Query", **given, ProjectionExpression="p", FilterExpression="a = :v")
    assert found["Items"] == [{"p": {"S": "x"}}]
    twice = ddb.refusal("Query", **given, AttributesToGet=["p"], KeyConditionExpression="p = :v")
    assert twice[1] == (
        "Can not use both expression and non-expression parameters in the same request: Non-expression parameters: "
        "{AttributesToGet, KeyConditions} Expression parameters: {KeyConditionExpression}"
    )


def test_a_start_key_of_another_item_is_refused_where_there_is_no_sort_key(ddb: Service) -> None:
    ddb.table("single")
    refusal = ddb.refusal("Query", TableName="single", KeyConditions=OLD_KEY, ExclusiveStartKey={"p": {"S": "KPQ4"}})
    assert refusal[1] == (
        "The provided exclusive start key is invalid: ExclusiveStartKey: {p=AttributeValue: {S:KPQ4}}"
    )


@pytest.mark.parametrize("operand", ["=", "<", "<=", ">", ">="])
def test_an_empty_text_is_no_operand_of_a_key_condition(ddb: Service, operand: str) -> None:
    ddb.table("texts", "p:S", "r:S")
    values = {":p": {"S": "x"}, ":r": {"S": ""}}
    words = (
        "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty "
    )
    refusal = ddb.refusal(
        "Query",
        TableName="texts",
        KeyConditionExpression=f":r {operand} r AND p = :p",
        ExpressionAttributeValues=values,
    )
    assert refusal == ("ValidationException", f"{words}string value. Key: r")
    old = {"p": OLD_KEY["p"], "r": {"ComparisonOperator": "BETWEEN", "AttributeValueList": [{"S": ""}, {"S": "x"}]}}
    assert ddb.refusal("Query", TableName="texts", KeyConditions=old)[1] == f"{words}string value. Key: r"


def test_a_scan_of_an_index_filters_by_what_the_index_keeps(ddb: Service) -> None:
    index = {
        "IndexName": "gsi",
        "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "KEYS_ONLY"},
    }
    ddb.table("kept", attributes={"g": "S"}, GlobalSecondaryIndexes=[index])
    ddb.call("PutItem", TableName="kept", Item={"p": {"S": "x"}, "g": {"S": "y"}, "a": {"S": "z"}})
    scan = {"TableName": "kept", "IndexName": "gsi", "ExpressionAttributeValues": {":v": {"S": "z"}}}
    assert ddb.call("Scan", **scan, FilterExpression="a = :v")["Count"] == 0
    assert ddb.call("Scan", **scan, FilterExpression="NOT a = :v")["Count"] == 1
    filtered = {**scan, "KeyConditionExpression": "g = :v", "FilterExpression": "a = :v"}
    assert ddb.refusal("Query", **filtered)[1] == (
        "One or more parameter values were invalid: Secondary index gsi does not project one or more filter attributes: [a]"
    )


def test_a_start_key_of_a_wrong_type_does_not_match_the_schema_where_there_is_no_sort_key(ddb: Service) -> None:
    ddb.table("single")
    refusal = ddb.refusal("Query", TableName="single", KeyConditions=OLD_KEY, ExclusiveStartKey={"p": {"N": "1"}})
    assert refusal[1] == f"{BAD_START}: The provided key element does not match the schema"
