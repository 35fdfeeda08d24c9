"""What hangs on a table: resource policies, Contributor Insights, Kinesis streaming destinations."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from dynamodb_service import ACCOUNT, REGION, Service

from emulator import moto_door

ARN = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/tab"
STREAM = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/changes"
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Principal": "*"}]})
INDEX = {
    "IndexName": "by_g",
    "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
    "Projection": {"ProjectionType": "ALL"},
}


@pytest.fixture
def table(ddb: Service) -> Service:
    ddb.table("tab", attributes={"g": "S"}, GlobalSecondaryIndexes=[INDEX])
    return ddb


# --- policies --------------------------------------------------------------------------------------------------------


def test_a_policy_has_a_revision_until_it_changes(table: Service) -> None:
    missing = ("PolicyNotFoundException", f"Resource-based policy not found for the provided ResourceArn: {ARN}")
    assert table.refusal("GetResourcePolicy", ResourceArn=ARN) == missing
    first = table.call("PutResourcePolicy", ResourceArn=ARN, Policy=POLICY)["RevisionId"]
    assert table.call("PutResourcePolicy", ResourceArn=ARN, Policy=POLICY)["RevisionId"] == first
    assert table.call("GetResourcePolicy", ResourceArn=ARN) == {"Policy": POLICY, "RevisionId": first}
    second = table.call("PutResourcePolicy", ResourceArn=ARN, Policy=POLICY + " ", ExpectedRevisionId=first)
    assert int(second["RevisionId"]) > int(first)
    assert table.refusal("PutResourcePolicy", ResourceArn=ARN, Policy=POLICY, ExpectedRevisionId=first) == missing
    assert table.refusal("PutResourcePolicy", ResourceArn=ARN, Policy=POLICY, ExpectedRevisionId="NO_POLICY") == missing
    assert table.refusal("DeleteResourcePolicy", ResourceArn=ARN, ExpectedRevisionId=first) == missing
    assert table.call("DeleteResourcePolicy", ResourceArn=ARN) == second
    assert table.call("DeleteResourcePolicy", ResourceArn=ARN) == {}


def test_a_table_may_be_created_with_a_policy(ddb: Service) -> None:
    ddb.table("tab", ResourcePolicy=POLICY)
    assert ddb.call("GetResourcePolicy", ResourceArn=ARN)["Policy"] == POLICY


BAD_POLICIES = [
    ("x" * 20_481, "One or more parameter values were invalid: Maximum policy size of 20480 bytes exceeded"),
    (
        "{",
        "One or more parameter values were invalid: Invalid policy document: The policy is not in the valid JSON "
        "format.",
    ),
]


@pytest.mark.parametrize(("policy", "message"), BAD_POLICIES)
def test_what_is_no_policy_is_refused(table: Service, policy: str, message: str) -> None:
    refusal = table.refusal("PutResourcePolicy", ResourceArn=ARN, Policy=policy)
    assert refusal == ("ValidationException", message)


# --- Contributor Insights --------------------------------------------------------------------------------------------


def test_insights_are_switched_for_a_table_and_for_an_index(table: Service) -> None:
    off = table.call("DescribeContributorInsights", TableName="tab")
    assert off == {"TableName": "tab", "ContributorInsightsStatus": "DISABLED"}
    answer = table.call(
        "UpdateContributorInsights", TableName="tab", IndexName="by_g", ContributorInsightsAction="ENABLE"
    )
    assert answer == {
        "TableName": "tab",
        "IndexName": "by_g",
        "ContributorInsightsStatus": "ENABLING",
        "ContributorInsightsMode": "ACCESSED_AND_THROTTLED_KEYS",
    }
    shown = table.call("DescribeContributorInsights", TableName="tab", IndexName="by_g")
    assert (shown["ContributorInsightsStatus"], shown["LastUpdateDateTime"]) == ("ENABLED", table.clock.time)
    assert shown["ContributorInsightsRuleList"] == [
        "DynamoDBContributorInsights-PKC-tab-by_g",
        "DynamoDBContributorInsights-PKT-tab-by_g",
    ]
    table.call("UpdateContributorInsights", TableName="tab", ContributorInsightsAction="ENABLE")
    table.call("UpdateContributorInsights", TableName="tab", ContributorInsightsAction="DISABLE")
    first = table.call("ListContributorInsights", MaxResults=1)
    second = table.call("ListContributorInsights", NextToken=first["NextToken"])
    assert first["ContributorInsightsSummaries"] + second["ContributorInsightsSummaries"] == [
        {"TableName": "tab", "IndexName": "by_g", "ContributorInsightsStatus": "ENABLED"},
        {"TableName": "tab", "ContributorInsightsStatus": "DISABLED"},
    ]
    assert table.refusal("DescribeContributorInsights", TableName="tab", IndexName="nil") == (
        "ResourceNotFoundException",
        "Requested resource not found: Index: nil not found for table: tab",
    )


# --- Kinesis ---------------------------------------------------------------------------------------------------------


def kinesis(operation: str, **params: Any) -> dict[str, Any]:
    return moto_door.call("kinesis", operation, params, ACCOUNT, REGION)


def records(service: Service) -> list[dict[str, Any]]:
    service.world.dynamodb.outbox.flush()
    shard = "shardId-000000000000"
    iterator = kinesis("GetShardIterator", StreamName="changes", ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    found = kinesis("GetRecords", ShardIterator=iterator["ShardIterator"])["Records"]
    return [json.loads(record["Data"]) for record in found]


@pytest.fixture
def stream() -> Iterator[None]:
    from moto.core.base_backend import BackendDict

    kinesis("CreateStream", StreamName="changes", ShardCount=1)
    yield
    BackendDict.reset()


@pytest.mark.usefixtures("stream")
def test_every_change_goes_to_the_data_stream(table: Service) -> None:
    answer = table.call("EnableKinesisStreamingDestination", TableName="tab", StreamArn=STREAM)
    assert answer["DestinationStatus"] == "ENABLING"
    key, old, new = {"p": {"S": "a"}}, {"p": {"S": "a"}, "n": {"N": "1"}}, {"p": {"S": "a"}, "n": {"N": "22"}}
    table.call("PutItem", TableName="tab", Item=old)
    table.call("PutItem", TableName="tab", Item=old)
    table.call("PutItem", TableName="tab", Item=new)
    table.call("DeleteItem", TableName="tab", Key=key)
    shown = table.call("DescribeKinesisStreamingDestination", TableName="tab")["KinesisDataStreamDestinations"]
    expected = {"StreamArn": STREAM, "DestinationStatus": "ACTIVE"}
    assert shown == [{**expected, "ApproximateCreationDateTimePrecision": "MILLISECOND"}]
    found = records(table)
    assert [record["eventName"] for record in found] == ["INSERT", "MODIFY", "REMOVE"]
    assert len({record.pop("eventID") for record in found}) == 3
    assert found[1] == {
        "awsRegion": REGION,
        "eventName": "MODIFY",
        "userIdentity": None,
        "recordFormat": "application/json",
        "tableName": "tab",
        "dynamodb": {
            "ApproximateCreationDateTime": int(table.clock.time * 1000),
            "ApproximateCreationDateTimePrecision": "MILLISECOND",
            "Keys": key,
            "SizeBytes": 12,
            "NewImage": new,
            "OldImage": old,
        },
        "eventSource": "aws:dynamodb",
    }
    precision = {"ApproximateCreationDateTimePrecision": "MICROSECOND"}
    table.call(
        "UpdateKinesisStreamingDestination",
        TableName="tab",
        StreamArn=STREAM,
        UpdateKinesisStreamingConfiguration=precision,
    )
    table.call("PutItem", TableName="tab", Item=old)
    assert records(table)[-1]["dynamodb"]["ApproximateCreationDateTime"] == int(table.clock.time * 1_000_000)
    answer = table.call("DisableKinesisStreamingDestination", TableName="tab", StreamArn=STREAM)
    assert answer["DestinationStatus"] == "DISABLING"
    table.call("DeleteItem", TableName="tab", Key=key)
    assert len(records(table)) == 4
    shown = table.call("DescribeKinesisStreamingDestination", TableName="tab")["KinesisDataStreamDestinations"]
    assert shown == [{**expected, **precision, "DestinationStatus": "DISABLED"}]


@pytest.mark.usefixtures("stream")
def test_an_expired_item_is_removed_by_the_service(table: Service) -> None:
    wanted = {"Enabled": True, "AttributeName": "t"}
    table.call("UpdateTimeToLive", TableName="tab", TimeToLiveSpecification=wanted)
    table.call("EnableKinesisStreamingDestination", TableName="tab", StreamArn=STREAM)
    table.call("PutItem", TableName="tab", Item={"p": {"S": "a"}, "t": {"N": str(int(table.clock.time) + 60)}})
    table.clock.time += 2 * 86_400
    assert table.call("Scan", TableName="tab")["Count"] == 0
    removed = records(table)[-1]
    assert removed["eventName"] == "REMOVE"
    assert removed["userIdentity"] == {"type": "Service", "principalId": "dynamodb.amazonaws.com"}


@pytest.mark.usefixtures("stream")
def test_refusals_of_destinations(table: Service) -> None:
    wrong_state = "Table is not in a valid state to enable Kinesis Streaming Destination: "
    assert table.refusal("DisableKinesisStreamingDestination", TableName="tab", StreamArn=STREAM) == (
        "ValidationException",
        wrong_state + "KinesisStreamingDestination must be ACTIVE to perform DISABLE operation.",
    )
    for bad in ("x" * 40, STREAM.replace(REGION, "us-west-1"), STREAM.replace(ACCOUNT, "111122223333"), STREAM + "/x"):
        code, _ = table.refusal("EnableKinesisStreamingDestination", TableName="tab", StreamArn=bad)
        assert code == "ValidationException"
    nowhere = STREAM + "-nowhere"
    code, _ = table.refusal("EnableKinesisStreamingDestination", TableName="tab", StreamArn=nowhere)
    assert code == "ResourceNotFoundException"
    table.call("EnableKinesisStreamingDestination", TableName="tab", StreamArn=STREAM)
    assert table.refusal("EnableKinesisStreamingDestination", TableName="tab", StreamArn=STREAM) == (
        "ValidationException",
        wrong_state
        + "EnableKinesisStreamingDestination must be DISABLED or ENABLE_FAILED to perform ENABLE operation.",
    )


@pytest.mark.usefixtures("stream")
def test_a_stream_that_is_gone_does_not_hinder_a_write(table: Service, caplog: pytest.LogCaptureFixture) -> None:
    table.call("EnableKinesisStreamingDestination", TableName="tab", StreamArn=STREAM)
    kinesis("DeleteStream", StreamName="changes")
    table.call("PutItem", TableName="tab", Item={"p": {"S": "a"}})
    table.world.dynamodb.outbox.flush()
    shown = table.call("DescribeKinesisStreamingDestination", TableName="tab")["KinesisDataStreamDestinations"]
    assert shown[0]["DestinationStatusDescription"].startswith("ResourceNotFoundException: ")
    assert "did not reach" in caplog.text
