"""Streams and time to live on a clock that the test moves. Facts observed on AWS or documented."""

from __future__ import annotations

from typing import Any

import pytest
from dynamodb_service import REGION, Service

DAY = 86_400
KEY = {"p": {"S": "x"}}


def streamed(ddb: Service, view: str = "NEW_AND_OLD_IMAGES") -> tuple[str, str]:
    ddb.table("tab", StreamSpecification={"StreamEnabled": True, "StreamViewType": view})
    arn = ddb.call("DescribeTable", TableName="tab")["Table"]["LatestStreamArn"]
    shards = ddb.call("DescribeStream", StreamArn=arn)["StreamDescription"]["Shards"]
    return arn, shards[0]["ShardId"]


def records(ddb: Service, arn: str, shard: str, kind: str = "TRIM_HORIZON", **more: Any) -> list[dict[str, Any]]:
    iterator = ddb.call("GetShardIterator", StreamArn=arn, ShardId=shard, ShardIteratorType=kind, **more)
    found: list[dict[str, Any]] = ddb.call("GetRecords", ShardIterator=iterator["ShardIterator"])["Records"]
    return found


def test_each_change_leaves_a_record_in_order(ddb: Service) -> None:
    arn, shard = streamed(ddb)
    ddb.call("PutItem", TableName="tab", Item=KEY)
    ddb.call("PutItem", TableName="tab", Item=KEY)
    ddb.call("UpdateItem", TableName="tab", Key=KEY, AttributeUpdates={"a": {"Value": {"N": "1"}}})
    ddb.call("DeleteItem", TableName="tab", Key=KEY)
    ddb.call("DeleteItem", TableName="tab", Key=KEY)
    found = records(ddb, arn, shard)
    assert [record["eventName"] for record in found] == ["INSERT", "MODIFY", "REMOVE"]
    modify = found[1]
    new = {**KEY, "a": {"N": "1"}}
    assert (modify["eventVersion"], modify["eventSource"], modify["awsRegion"]) == ("1.1", "aws:dynamodb", REGION)
    assert "userIdentity" not in modify
    assert len(modify["eventID"]) == 32
    numbers = [int(record["dynamodb"].pop("SequenceNumber")) for record in found]
    assert numbers == sorted(set(numbers))
    assert modify["dynamodb"] == {
        "ApproximateCreationDateTime": 1_800_000_000.0,
        "Keys": KEY,
        "NewImage": new,
        "OldImage": KEY,
        "SizeBytes": 2 + 5 + 2,
        "StreamViewType": "NEW_AND_OLD_IMAGES",
    }


VIEWS = [
    ("KEYS_ONLY", set()),
    ("NEW_IMAGE", {"NewImage"}),
    ("OLD_IMAGE", {"OldImage"}),
    ("NEW_AND_OLD_IMAGES", {"NewImage", "OldImage"}),
]


@pytest.mark.parametrize(("view", "images"), VIEWS)
def test_view_says_which_images_are_shown(ddb: Service, view: str, images: set[str]) -> None:
    arn, shard = streamed(ddb, view)
    ddb.call("PutItem", TableName="tab", Item=KEY)
    ddb.call("PutItem", TableName="tab", Item={**KEY, "a": {"N": "1"}})
    assert records(ddb, arn, shard)[1]["dynamodb"].keys() & {"NewImage", "OldImage"} == images


def test_iterators_start_where_they_say(ddb: Service) -> None:
    arn, shard = streamed(ddb)
    for number in range(5):
        ddb.call("PutItem", TableName="tab", Item={"p": {"S": str(number)}})
    everything = records(ddb, arn, shard)
    third = everything[2]["dynamodb"]["SequenceNumber"]
    assert records(ddb, arn, shard, "AT_SEQUENCE_NUMBER", SequenceNumber=third) == everything[2:]
    assert records(ddb, arn, shard, "AFTER_SEQUENCE_NUMBER", SequenceNumber=third) == everything[3:]
    latest = ddb.call("GetShardIterator", StreamArn=arn, ShardId=shard, ShardIteratorType="LATEST")["ShardIterator"]
    ddb.call("PutItem", TableName="tab", Item={"p": {"S": "new"}})
    answer = ddb.call("GetRecords", ShardIterator=latest)
    assert [record["dynamodb"]["Keys"] for record in answer["Records"]] == [{"p": {"S": "new"}}]
    assert ddb.call("GetRecords", ShardIterator=answer["NextShardIterator"])["Records"] == []


def test_an_iterator_starts_at_the_first_record_of_an_instant_or_after_it(ddb: Service) -> None:
    arn, shard = streamed(ddb)
    start = ddb.clock.time
    for number in range(3):
        ddb.clock.time = start + 10 * number + 0.5
        ddb.call("PutItem", TableName="tab", Item={"p": {"S": str(number)}})
    everything = records(ddb, arn, shard)
    for instant, first in (
        (start - 1, 0),
        (start, 0),
        (start + 0.5, 1),
        (start + 10, 1),
        (start + 10.5, 2),
        (start + 20, 2),
    ):
        assert records(ddb, arn, shard, "AT_TIMESTAMP", Timestamp=instant) == everything[first:]
    assert records(ddb, arn, shard, "AT_TIMESTAMP", Timestamp=start + 20.5) == []


def test_pages_of_records_follow_each_other(ddb: Service) -> None:
    arn, shard = streamed(ddb)
    for number in range(7):
        ddb.call("PutItem", TableName="tab", Item={"p": {"S": str(number)}})
    iterator = ddb.call("GetShardIterator", StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")[
        "ShardIterator"
    ]
    seen = []
    for _ in range(3):
        answer = ddb.call("GetRecords", ShardIterator=iterator, Limit=3)
        seen += answer["Records"]
        iterator = answer["NextShardIterator"]
    assert seen == records(ddb, arn, shard)


def test_records_are_kept_for_24_hours_and_iterators_for_15_minutes(ddb: Service) -> None:
    arn, shard = streamed(ddb)
    ddb.call("PutItem", TableName="tab", Item=KEY)
    first = records(ddb, arn, shard)[0]["dynamodb"]["SequenceNumber"]
    iterator = ddb.call("GetShardIterator", StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")[
        "ShardIterator"
    ]
    ddb.clock.time += 900
    assert ddb.refusal("GetRecords", ShardIterator=iterator)[0] == "ExpiredIteratorException"
    ddb.clock.time += DAY
    ddb.call("PutItem", TableName="tab", Item={"p": {"S": "y"}})
    assert len(records(ddb, arn, shard)) == 1
    code, _ = ddb.refusal(
        "GetShardIterator", StreamArn=arn, ShardId=shard, ShardIteratorType="AT_SEQUENCE_NUMBER", SequenceNumber=first
    )
    assert code == "TrimmedDataAccessException"


def test_disabled_stream_stays_readable_and_ends(ddb: Service) -> None:
    arn, shard = streamed(ddb)
    ddb.call("PutItem", TableName="tab", Item=KEY)
    ddb.call("UpdateTable", TableName="tab", StreamSpecification={"StreamEnabled": False})
    ddb.call("DeleteItem", TableName="tab", Key=KEY)
    assert ddb.call("DescribeStream", StreamArn=arn)["StreamDescription"]["StreamStatus"] == "DISABLED"
    iterator = ddb.call("GetShardIterator", StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    answer = ddb.call("GetRecords", ShardIterator=iterator["ShardIterator"])
    assert len(answer["Records"]) == 1
    assert "NextShardIterator" not in answer
    ddb.call("UpdateTable", TableName="tab", StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"})
    assert len(ddb.call("ListStreams", TableName="tab")["Streams"]) == 2


def test_unknown_stream_and_shard(ddb: Service) -> None:
    arn, _ = streamed(ddb)
    nowhere = arn.replace("tab", "nope")
    refusal = ddb.refusal("DescribeStream", StreamArn=nowhere)
    assert refusal == ("ResourceNotFoundException", f"Requested resource not found: Stream: {nowhere} not found")
    shard = "shardId-00000000000000000000-00000000"
    refusal = ddb.refusal("GetShardIterator", StreamArn=arn, ShardId=shard, ShardIteratorType="LATEST")
    assert refusal == ("ResourceNotFoundException", "Requested resource not found: Shard does not exist")


# --- time to live ----------------------------------------------------------------------------------------------------


def set_ttl(ddb: Service, attribute: str = "ttl", enabled: bool = True) -> dict[str, Any]:
    spec = {"Enabled": enabled, "AttributeName": attribute}
    return ddb.call("UpdateTimeToLive", TableName="tab", TimeToLiveSpecification=spec)


def test_items_go_when_their_time_comes(ddb: Service) -> None:
    arn, shard = streamed(ddb)
    set_ttl(ddb)
    now = ddb.clock.now()
    times: dict[str, dict[str, str]] = {
        "soon": {"N": str(int(now) + 2 * DAY)},
        "decimal": {"N": f"{now + DAY + 0.5}"},
        "later": {"N": str(int(now) + 3 * DAY)},
        "text": {"S": str(int(now) + DAY)},
        "long ago": {"N": str(int(now) - 6 * 365 * DAY)},
    }
    for name, value in times.items():
        ddb.call("PutItem", TableName="tab", Item={"p": {"S": name}, "ttl": value})
    ddb.clock.time += 2 * DAY
    left = {item["p"]["S"] for item in ddb.call("Scan", TableName="tab")["Items"]}
    assert left == {"later", "text", "long ago"}
    assert ddb.call("GetItem", TableName="tab", Key={"p": {"S": "soon"}}) == {}
    removed = [record for record in records(ddb, arn, shard) if record["eventName"] == "REMOVE"]
    assert [record["dynamodb"]["Keys"]["p"]["S"] for record in removed] == ["decimal", "soon"]
    service = {"Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"}
    assert all(record["userIdentity"] == service for record in removed)


def test_time_may_be_moved_and_setting_covers_items_already_there(ddb: Service) -> None:
    ddb.table("tab")
    due = {"N": str(int(ddb.clock.now()) + 10)}
    for name in ("a", "b"):
        ddb.call("PutItem", TableName="tab", Item={"p": {"S": name}, "ttl": due})
    set_ttl(ddb)
    ddb.call(
        "UpdateItem",
        TableName="tab",
        Key={"p": {"S": "a"}},
        UpdateExpression="REMOVE #t",
        ExpressionAttributeNames={"#t": "ttl"},
    )
    ddb.clock.time += 60
    assert [item["p"]["S"] for item in ddb.call("Scan", TableName="tab")["Items"]] == ["a"]


def test_time_to_live_settings(ddb: Service) -> None:
    ddb.table("tab")
    assert ddb.call("DescribeTimeToLive", TableName="tab") == {
        "TimeToLiveDescription": {"TimeToLiveStatus": "DISABLED"}
    }
    spec = {"Enabled": True, "AttributeName": "ttl"}
    assert set_ttl(ddb) == {"TimeToLiveSpecification": spec}
    described = ddb.call("DescribeTimeToLive", TableName="tab")["TimeToLiveDescription"]
    assert described == {"TimeToLiveStatus": "ENABLED", "AttributeName": "ttl"}
    other = "TimeToLive is active on a different AttributeName: current AttributeName is ttl"
    for given, message in (
        ({"Enabled": True, "AttributeName": "ttl"}, "TimeToLive is already enabled"),
        ({"Enabled": True, "AttributeName": "x"}, other),
        ({"Enabled": False, "AttributeName": "x"}, other),
        (
            {"Enabled": False, "AttributeName": "ttl"},
            "Time to live has been modified multiple times within a fixed interval",
        ),
    ):
        refusal = ddb.refusal("UpdateTimeToLive", TableName="tab", TimeToLiveSpecification=given)
        assert refusal == ("ValidationException", message)
    ddb.clock.time += 3600
    set_ttl(ddb, enabled=False)
    ddb.clock.time += 3600
    given = {"Enabled": False, "AttributeName": "ttl"}
    refusal = ddb.refusal("UpdateTimeToLive", TableName="tab", TimeToLiveSpecification=given)
    assert refusal[1] == "TimeToLive is already disabled"


def test_what_is_no_arn_or_no_whole_filter_is_refused(ddb: Service) -> None:
    stream = {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
    ddb.table("tab", StreamSpecification=stream)
    arn = ddb.call("DescribeTable", TableName="tab")["Table"]["LatestStreamArn"]
    text = "x" * 40
    shard = {"ShardId": "shardId-00000000000000000001", "ShardIteratorType": "LATEST"}
    for operation, given in (
        ("DescribeStream", {"StreamArn": text}),
        ("GetShardIterator", {"StreamArn": text, **shard}),
        ("ListStreams", {"ExclusiveStartStreamArn": text}),
        ("DescribeStream", {"StreamArn": arn, "ShardFilter": {}}),
        ("DescribeStream", {"StreamArn": arn, "ShardFilter": {"Type": "CHILD_SHARDS"}}),
        ("DescribeStream", {"StreamArn": arn, "ShardFilter": {"ShardId": shard["ShardId"]}}),
    ):
        assert ddb.refusal(operation, **given)[0] == "ValidationException"
    beyond = "shardId-99999999999999999999-ffffffff"
    described = ddb.call("DescribeStream", StreamArn=arn, ExclusiveStartShardId=beyond)
    assert described["StreamDescription"]["Shards"] == []
