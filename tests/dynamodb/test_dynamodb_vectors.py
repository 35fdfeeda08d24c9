"""Vector indexes and SearchVectors. Facts observed on AWS and of its documentation."""

from __future__ import annotations

from typing import Any

import pytest
from dynamodb_service import Service

from emulator.faults import Fault
from emulator.wire.presence import STRICTLY_PARSED, check_present

SCHEMA = [
    {"AttributeName": "tenant", "SearchSchemaElementType": "HASH"},
    {"AttributeName": "year", "SearchSchemaElementType": "INLINE_FILTER"},
]


def index(name: str = "near", distance: str = "EUCLIDEAN", **more: Any) -> dict[str, Any]:
    return {
        "IndexName": name,
        "VectorAttribute": {"AttributeName": "v"},
        "Dimensions": 2,
        "DistanceFunction": distance,
        "Projection": {"ProjectionType": "ALL"},
        **more,
    }


def vector(*numbers: float) -> dict[str, Any]:
    return {"L": [{"N": str(number)} for number in numbers]}


def create(ddb: Service, *indexes: dict[str, Any], **attributes: str) -> Service:
    ddb.table("tab", attributes=attributes, VectorIndexes=list(indexes))
    return ddb


def put(ddb: Service, p: str, *numbers: float, **more: Any) -> None:
    ddb.call("PutItem", TableName="tab", Item={"p": {"S": p}, "v": vector(*numbers), **more})


def search(ddb: Service, *numbers: float, name: str = "near", count: int = 10, **more: Any) -> list[tuple[str, float]]:
    sought = vector(*numbers)["L"]
    answer = ddb.call("SearchVectors", TableName="tab", IndexName=name, SearchVector=sought, TopK=count, **more)
    return [(result["Item"]["p"]["S"], round(result["Score"], 5)) for result in answer["SearchResults"]]


DISTANCES = [
    ("EUCLIDEAN", [("x", 0.0), ("far", 2.0), ("y", 1.41421)], [0, 2, 1]),
    ("COSINE", [("x", 0.0), ("far", 0.0), ("y", 1.0)], [0, 1, 2]),
    ("DOT_PRODUCT", [("far", 3.0), ("x", 1.0), ("y", 0.0)], [0, 1, 2]),
]


@pytest.mark.parametrize(("distance", "scores", "order"), DISTANCES)
def test_the_nearest_come_first(ddb: Service, distance: str, scores: list[Any], order: list[int]) -> None:
    create(ddb, index(distance=distance))
    put(ddb, "x", 1, 0)
    put(ddb, "y", 0, 1)
    put(ddb, "far", 3, 0)
    ddb.call("PutItem", TableName="tab", Item={"p": {"S": "without"}})
    found = search(ddb, 1, 0)
    assert sorted(found) == sorted(scores)
    ranks = [score for _, score in found]
    assert ranks == sorted(ranks, reverse=distance == "DOT_PRODUCT")
    if distance != "COSINE":
        assert found == [scores[place] for place in order]
    assert search(ddb, 1, 0, count=1)[0][1] == ranks[0]


def test_the_vector_is_returned_only_when_it_is_asked_for(ddb: Service) -> None:
    create(ddb, index(Projection={"ProjectionType": "INCLUDE", "NonKeyAttributes": ["a"]}))
    put(ddb, "x", 1, 0, a={"S": "kept"}, b={"S": "not kept"})
    params: dict[str, Any] = {"TableName": "tab", "IndexName": "near", "SearchVector": vector(1, 0)["L"], "TopK": 1}
    (result,) = ddb.call("SearchVectors", **params)["SearchResults"]
    assert result == {"Item": {"p": {"S": "x"}, "a": {"S": "kept"}}, "Score": 0.0}
    (result,) = ddb.call("SearchVectors", **params, ProjectionExpression="v")["SearchResults"]
    assert result["Item"] == {"v": vector(1, 0)}


def test_a_search_stays_in_its_partition_and_obeys_its_filter(ddb: Service) -> None:
    create(ddb, index(SearchSchema=SCHEMA), tenant="S", year="N")
    for p, tenant, year in (("a", "t1", 1), ("b", "t1", 2), ("c", "t2", 1), ("d", "t1", 3)):
        put(ddb, p, 1, 0, tenant={"S": tenant}, year={"N": str(year)})
    put(ddb, "no year", 1, 0, tenant={"S": "t1"})

    def found(condition: str, **values: dict[str, str]) -> list[str]:
        given = {f":{name}": value for name, value in values.items()}
        results = search(ddb, 1, 0, SearchConditionExpression=condition, ExpressionAttributeValues=given)
        return sorted(p for p, _ in results)

    tenant, second = {"S": "t1"}, {"N": "2"}
    names = {"ExpressionAttributeNames": {"#y": "year"}}
    assert found("tenant = :t", t=tenant) == ["a", "b", "d"]
    both = search(
        ddb,
        1,
        0,
        SearchConditionExpression=":y = #y AND tenant = :t",
        ExpressionAttributeValues={":t": tenant, ":y": second},
        **names,
    )
    assert [p for p, _ in both] == ["b"]


SEARCHES: list[tuple[dict[str, Any], str]] = [
    ({"IndexName": "other"}, "The table does not have the specified index: other"),
    (
        {"TopK": 101},
        "Provided TopK value '101' is out of valid range. The value must be between 1 and 100 inclusive",
    ),
    (
        {"SearchVector": [{"S": "1"}, {"N": "1"}]},
        "Search vector contains invalid values. All values in the search vector must be a 32-bit floating-point number "
        "attribute",
    ),
    (
        {"SearchVector": [{"N": "1e39"}, {"N": "1"}]},
        "Search vector contains invalid values. All values in the search vector must be a 32-bit floating-point number "
        "attribute",
    ),
    (
        {"SearchVector": [{"N": "1"}]},
        "Input search vector dimension 1 does not match vector index dimension 2",
    ),
    ({}, "SearchConditionExpression must be provided when SearchSchema has a HASH key"),
    (
        {"SearchConditionExpression": "p = :x", "ExpressionAttributeValues": {":x": {"S": "x"}}},
        "SearchConditionExpression must not contain any attributes that is not in SearchSchema. Invalid attribute: p",
    ),
    (
        {"SearchConditionExpression": "tenant < :x", "ExpressionAttributeValues": {":x": {"S": "x"}}},
        "Invalid SearchConditionExpression: Invalid comparator used in SearchConditionExpression",
    ),
    *(
        (
            {
                "SearchConditionExpression": f"tenant = :x AND {test}",
                "ExpressionAttributeValues": {":x": {"S": "x"}, ":y": {"N": "1"}},
                "ExpressionAttributeNames": {"#y": "year"},
            },
            "Invalid SearchConditionExpression: Invalid comparator used in SearchConditionExpression",
        )
        for test in ("#y < :y", "#y BETWEEN :y AND :y", "NOT #y = :y", "(#y = :y OR tenant = :x)")
    ),
    (
        {"SearchConditionExpression": "tenant =", "ExpressionAttributeValues": {":x": {"S": "x"}}},
        'Invalid SearchConditionExpression: Syntax error; token: "<EOF>", near: "="',
    ),
]


@pytest.mark.parametrize(("changes", "message"), SEARCHES)
def test_searches_that_are_refused(ddb: Service, changes: dict[str, Any], message: str) -> None:
    create(ddb, index(SearchSchema=SCHEMA), tenant="S", year="N")
    params = {"TableName": "tab", "IndexName": "near", "SearchVector": vector(1, 0)["L"], "TopK": 1, **changes}
    assert ddb.refusal("SearchVectors", **params) == ("ValidationException", message)


BAD = "One or more parameter values were invalid. "
WRITES: list[tuple[dict[str, Any], str]] = [
    (
        {"v": {"S": "x"}},
        BAD + "Invalid type for parameter v, Expected: 32-bit floating point number list IndexName: near",
    ),
    ({"v": vector(1)}, BAD + "Invalid size for parameter v, Expected: 2, Actual: 1 IndexName: near"),
    (
        {"v": {"L": [{"N": "1"}, {"S": "x"}]}},
        "One or more parameter values were invalid. Invalid type for parameter v[1], Expected: 32-bit floating point "
        "number, Actual: S. IndexName: near",
    ),
    (
        {"v": {"L": [{"N": "1"}, {"N": "340282360000000000000000000000000000000"}]}},
        BAD + "Invalid value for parameter v[1], Value: 340282360000000000000000000000000000000 is outside valid range "
        "[-3.4028235E38, 3.4028235E38]. IndexName: near",
    ),
    (
        {"tenant": {"S": ""}},
        "One or more parameter values are not valid. A value specified for a secondary index key is not supported. The "
        "AttributeValue for a key attribute cannot contain an empty string value. IndexName: near, IndexKey: tenant",
    ),
    (
        {"tenant": {"N": "1"}},
        "One or more parameter values were invalid. Attribute 'tenant' type mismatch. Expected: S, Actual: N. "
        "IndexName: near",
    ),
]


@pytest.mark.parametrize(("attributes", "message"), WRITES)
def test_writes_that_the_index_refuses(ddb: Service, attributes: dict[str, Any], message: str) -> None:
    create(ddb, index(SearchSchema=SCHEMA), tenant="S", year="N")
    refusal = ddb.refusal("PutItem", TableName="tab", Item={"p": {"S": "x"}, **attributes})
    assert refusal == ("ValidationException", message)
    ((name, value),) = attributes.items()
    refusal = ddb.refusal(
        "UpdateItem",
        TableName="tab",
        Key={"p": {"S": "x"}},
        UpdateExpression="SET #a = :v",
        ExpressionAttributeNames={"#a": name},
        ExpressionAttributeValues={":v": value},
    )
    assert refusal == ("ValidationException", message)
    assert ddb.call("Scan", TableName="tab")["Count"] == 0


def test_an_index_comes_and_goes_by_update_table(ddb: Service) -> None:
    ddb.table("tab")
    put(ddb, "x", 1, 0)
    put(ddb, "short", 1)
    ddb.call("PutItem", TableName="tab", Item={"p": {"S": "text"}, "v": {"L": [{"S": "a"}, {"S": "b"}]}})
    shown = ddb.call("UpdateTable", TableName="tab", VectorIndexUpdates=[{"Create": index()}])["TableDescription"]
    assert shown["VectorIndexes"][0]["IndexStatus"] == "CREATING"
    (described,) = ddb.call("DescribeTable", TableName="tab")["Table"]["VectorIndexes"]
    assert (described["IndexStatus"], described["Backfilling"]) == ("CREATING", True)
    (described,) = ddb.call("DescribeTable", TableName="tab")["Table"]["VectorIndexes"]
    assert described["IndexStatus"] == "ACTIVE"
    assert "Backfilling" not in described
    assert (described["Dimensions"], described["DistanceFunction"]) == (2, "EUCLIDEAN")
    assert search(ddb, 1, 0) == [("x", 0.0)]
    for operation, params in (
        ("Scan", {}),
        ("Query", {"KeyConditionExpression": "p = :p", "ExpressionAttributeValues": {":p": {"S": "x"}}}),
    ):
        refusal = ddb.refusal(operation, TableName="tab", IndexName="near", **params)
        assert refusal == ("ValidationException", f"{operation} operation not supported on this index type")
    refusal = ddb.refusal("UpdateTable", TableName="tab", VectorIndexUpdates=[{"Create": index()}])
    assert refusal == ("ValidationException", "Attempting to create an index which already exists")
    two = [{"Create": index("one")}, {"Create": index("two")}]
    assert ddb.refusal("UpdateTable", TableName="tab", VectorIndexUpdates=two) == (
        "LimitExceededException",
        "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table",
    )
    ddb.call("UpdateTable", TableName="tab", VectorIndexUpdates=[{"Delete": {"IndexName": "near"}}])
    assert "VectorIndexes" not in ddb.call("DescribeTable", TableName="tab")["Table"]
    put(ddb, "any", 1, 2, 3)


def test_writes_are_charged_for_the_entries_they_change(ddb: Service) -> None:
    create(ddb, index(SearchSchema=[{"AttributeName": "h", "SearchSchemaElementType": "HASH"}]), h="S")

    def charged(**attributes: Any) -> Any:
        item = {"p": {"S": "x"}, **attributes}
        answer = ddb.call("PutItem", TableName="tab", Item=item, ReturnConsumedCapacity="INDEXES")
        return answer["ConsumedCapacity"].get("VectorIndexes")

    def written(size: float) -> Any:
        return {"near": {"VectorWriteRequestBytes": size}}

    near, h = vector(1, 2), {"S": "a"}
    assert charged(h=h) is None
    assert charged(v=near, h=h) == written(1024.0)
    assert charged(v=near, h=h) is None
    long = {"S": "y" * 3000}
    assert charged(v=near, h=h, long=long) == written(4 * 2 + 1 + (2 + 2 + 3004))
    assert charged(v=near, h={"S": "b"}, long=long) == written(2 * (4 * 2 + 1 + (2 + 2 + 3004)))
    assert charged(h={"S": "b"}) == written(4 * 2 + 1 + (2 + 2 + 3004))


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        (b'{"IndexName":"ab","TopK":1}', "ValidationException", "missing field `TableName` at line 1 column 27"),
        (
            b'{"TableName":"t",\n "IndexName": null}',
            "SerializationException",
            "invalid type: null, expected a string at line 2 column 18",
        ),
        (
            b'{"SearchVector":null,"TopK":null}',
            "SerializationException",
            "invalid type: null, expected a sequence at line 1 column 20",
        ),
        (b'{"TopK":null}', "SerializationException", "invalid type: null, expected i32 at line 1 column 12"),
        (
            b'{"TableName":"t","IndexName":"x","TopK":1,"a":{"SearchVector":1}}',
            "ValidationException",
            "missing field `SearchVector` at line 1 column 65",
        ),
    ],
)
def test_the_parser_of_searches_says_where_it_stopped(body: bytes, code: str, message: str) -> None:
    with pytest.raises(Fault) as caught:
        check_present(STRICTLY_PARSED["SearchVectors"], body)
    assert (caught.value.code, caught.value.message) == (code, message)


def test_an_index_keeps_32_bit_numbers(ddb: Service) -> None:
    create(ddb, index())
    put(ddb, "x", 16777217, 0.1)
    params = {"TableName": "tab", "IndexName": "near", "SearchVector": vector(1, 0)["L"], "TopK": 1}
    found = ddb.call("SearchVectors", **params, ProjectionExpression="v")["SearchResults"]
    assert found[0]["Item"] == {"v": {"L": [{"N": "16777216"}, {"N": "0.1"}]}}
    assert ddb.call("GetItem", TableName="tab", Key={"p": {"S": "x"}})["Item"]["v"] == vector(16777217, 0.1)


def test_of_several_indexes_on_an_attribute_the_first_by_name_is_named(ddb: Service) -> None:
    create(ddb, index(IndexName="zzz"), index(IndexName="aaa"))
    refusal = ddb.refusal("PutItem", TableName="tab", Item={"p": {"S": "x"}, "v": {"S": "x"}})
    assert refusal[1].endswith("IndexName: aaa")


def test_indexes_on_one_attribute_have_one_number_of_dimensions(ddb: Service) -> None:
    words = "One or more parameter values were invalid: All vector indexes on attribute v must have the same number of dimensions"
    with pytest.raises(Exception, match=words):
        create(ddb, index(), index("far", Dimensions=3))
    create(ddb, index())
    updates = [{"Create": index("far", Dimensions=3)}]
    assert ddb.refusal("UpdateTable", TableName="tab", VectorIndexUpdates=updates)[1] == words


def test_an_indexed_vector_is_charged_at_four_bytes_a_dimension(ddb: Service) -> None:
    create(ddb, index())
    long = {"L": [{"N": "12345678901234567890123456789012345678"}] * 2}
    item = {"p": {"S": "x"}, "v": long, "pad": {"S": "x" * 1000}}
    consumed = ddb.call("PutItem", TableName="tab", Item=item, ReturnConsumedCapacity="TOTAL")["ConsumedCapacity"]
    assert consumed["CapacityUnits"] == 1.0
