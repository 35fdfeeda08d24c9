"""Filters of exports: conditions on keys and on other attributes, and the attributes that are written."""

from __future__ import annotations

import gzip
import json

import pytest
from botocore.exceptions import ClientError

ITEMS = [
    {"p": {"S": name}, "r": {"N": str(number)}, "colour": {"S": colour}, "size": {"N": str(number)}}
    for name, number, colour in (("a", 1, "red"), ("a", 2, "blue"), ("b", 1, "red"))
]
RED = {"FilterExpression": "colour = :c", "ExpressionAttributeValues": {":c": {"S": "red"}}}
OF_A = {"KeyConditionExpression": "p = :p", "ExpressionAttributeValues": {":p": {"S": "a"}}}


@pytest.fixture
def export(dynastep):
    """Export the table with a filter; the description, and the items that were written."""
    dynamodb, s3 = dynastep.client("dynamodb"), dynastep.client("s3")
    dynamodb.create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "r", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "p", "AttributeType": "S"},
            {"AttributeName": "r", "AttributeType": "N"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    dynamodb.update_continuous_backups(
        TableName="orders", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    for item in ITEMS:
        dynamodb.put_item(TableName="orders", Item=item)
    arn = dynamodb.describe_table(TableName="orders")["Table"]["TableArn"]
    s3.create_bucket(Bucket="exports")

    def make(**specification):
        given = {"TableArn": arn, "S3Bucket": "exports", "FilterSpecification": specification}
        made = dynamodb.export_table_to_point_in_time(**given)["ExportDescription"]
        described = dynamodb.describe_export(ExportArn=made["ExportArn"])["ExportDescription"]
        folder = described["ExportManifest"].rpartition("/")[0]
        files = json.loads(s3.get_object(Bucket="exports", Key=f"{folder}/manifest-files.json")["Body"].read())
        data = gzip.decompress(s3.get_object(Bucket="exports", Key=files["dataFileS3Key"])["Body"].read())
        return described, [json.loads(line)["Item"] for line in data.splitlines()]

    return make


def names(items):
    return sorted((item["p"]["S"], item["r"]["N"]) for item in items)


FILTERS = [
    ({}, [("a", "1"), ("a", "2"), ("b", "1")]),
    (RED, [("a", "1"), ("b", "1")]),
    (OF_A, [("a", "1"), ("a", "2")]),
    (
        {
            "KeyConditionExpression": "p = :p AND r > :r",
            "ExpressionAttributeValues": {":p": {"S": "a"}, ":r": {"N": "1"}},
        },
        [("a", "2")],
    ),
    (
        {
            "KeyConditionExpression": "p = :p",
            "FilterExpression": "#c = :c",
            "ExpressionAttributeNames": {"#c": "colour"},
            "ExpressionAttributeValues": {":p": {"S": "a"}, ":c": {"S": "red"}},
        },
        [("a", "1")],
    ),
    ({"FilterExpression": "p = :p", "ExpressionAttributeValues": {":p": {"S": "b"}}}, [("b", "1")]),
    ({**RED, "FilterExpression": "colour = :c AND colour <> :c"}, []),
]


@pytest.mark.parametrize(("specification", "expected"), FILTERS)
def test_items_that_match_are_exported(export, specification, expected):
    described, items = export(**specification)
    assert names(items) == expected
    assert described["ItemCount"] == len(expected)
    assert described.get("FilterSpecification", {}) == specification


def test_only_the_projected_attributes_are_written(export):
    _, items = export(ProjectionExpression="p, #c", ExpressionAttributeNames={"#c": "colour"})
    assert sorted(items, key=str) == sorted([{"p": item["p"], "colour": item["colour"]} for item in ITEMS], key=str)


REFUSED = [
    ({"KeyConditionExpression": "r = :r", "ExpressionAttributeValues": {":r": {"N": "1"}}},
     "Query condition missed key schema element: p"),
    ({**OF_A, "FilterExpression": "r = :p"},
     "Filter Expression can only contain non-primary key attributes: Primary key attribute: r"),
    ({"FilterExpression": "colour = :c"},
     "Invalid FilterExpression: An expression attribute value used in expression is not defined; attribute value: :c"),
]  # fmt: skip


@pytest.mark.parametrize(("specification", "said"), REFUSED)
def test_expressions_are_refused_as_those_of_a_query(export, specification, said):
    with pytest.raises(ClientError) as refused:
        export(**specification)
    assert refused.value.response["Error"]["Message"].endswith(said)
