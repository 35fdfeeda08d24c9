"""Streams of Kinesis: from each shard, batches reach functions and pipes in their order."""

from __future__ import annotations

import base64
import json

import pytest


@pytest.fixture
def kinesis(dynastep):
    return dynastep.client("kinesis")


@pytest.fixture
def stream(dynastep, kinesis):
    kinesis.create_stream(StreamName="clicks", ShardCount=1)
    return f"arn:aws:kinesis:us-east-1:{dynastep.account}:stream/clicks"


@pytest.fixture
def put(kinesis, stream):
    def put(*texts, key="k", **more):
        for text in texts:
            kinesis.put_record(StreamARN=stream, PartitionKey=key, Data=text.encode(), **more)

    return put


@pytest.fixture
def mapped(dynastep, stream):
    """Map a new function to the stream; the batches that it gets are kept, and ``fails`` may say which fail."""

    def mapped(fails=lambda _texts: False, answer=lambda _records: None, **settings):
        batches = []

        def work(event):
            records = event["Records"]
            batches.append(texts(records))
            if fails(batches[-1]):
                raise ValueError("no")
            return answer(records)

        dynastep.function("work", work)
        functions = dynastep.client("lambda")
        settings = {"StartingPosition": "TRIM_HORIZON", **settings}
        functions.create_event_source_mapping(FunctionName="work", EventSourceArn=stream, **settings)
        return batches

    return mapped


def texts(records):
    return [base64.b64decode(record["kinesis"]["data"]).decode() for record in records]


def test_a_record_goes_to_a_function_and_from_there_to_a_table(dynastep, kept, stream, put):
    kept.map(stream, StartingPosition="TRIM_HORIZON")
    dynastep.clock.advance(60)
    put("hello")
    dynastep.clock.advance(1)
    ((record,),) = (event["Records"] for event in kept.events())
    assert record == {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": "k",
            "sequenceNumber": "1",
            "data": base64.b64encode(b"hello").decode(),
            "approximateArrivalTimestamp": dynastep.clock.now() - 1,
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": "shardId-000000000000:1",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": f"arn:aws:iam::{dynastep.account}:role/dynastep",
        "awsRegion": "us-east-1",
        "eventSourceARN": stream,
    }


def test_a_mapping_begins_where_it_is_told(dynastep, mapped, put):
    put("before")
    batches = mapped(StartingPosition="LATEST")
    put("after")
    dynastep.clock.advance(1)
    assert batches == [["after"]]


def test_a_mapping_begins_at_a_time(dynastep, mapped, put):
    put("early")
    dynastep.clock.advance(100)
    put("late")
    batches = mapped(StartingPosition="AT_TIMESTAMP", StartingPositionTimestamp=dynastep.clock.now() - 1)
    dynastep.clock.advance(1)
    assert batches == [["late"]]


def test_what_a_stream_does_not_keep_any_longer_reaches_nobody(dynastep, mapped, put):
    put("old")
    dynastep.clock.advance(24 * 3600 + 1)
    put("new")
    batches = mapped()
    dynastep.clock.advance(1)
    assert batches == [["new"]]


def test_a_batch_is_as_large_as_the_mapping_says_and_waits_as_long(dynastep, mapped, put):
    batches = mapped(BatchSize=3, MaximumBatchingWindowInSeconds=10)
    put("a", "b")
    dynastep.clock.advance(5)
    assert batches == []
    put("c", "d")
    dynastep.clock.advance(1)
    assert batches == [["a", "b", "c"]]
    dynastep.clock.advance(10)
    assert batches == [["a", "b", "c"], ["d"]]


def test_filters_see_the_data_as_json(dynastep, mapped, put):
    pattern = {"data": {"size": [{"numeric": [">", 1]}]}, "partitionKey": ["k"]}
    batches = mapped(FilterCriteria={"Filters": [{"Pattern": json.dumps(pattern)}]})
    put('{"size": 1}', '{"size": 2}', "no JSON", "{")
    dynastep.clock.advance(1)
    assert batches == [['{"size": 2}']]


def test_a_batch_that_fails_is_cut_in_two_and_what_is_given_up_is_told(dynastep, kept, mapped, put):
    url, dead = kept.queue("dead")
    batches = mapped(
        fails=lambda batch: "bad" in batch,
        BisectBatchOnFunctionError=True,
        MaximumRetryAttempts=1,
        DestinationConfig={"OnFailure": {"Destination": dead}},
        BatchSize=4,
        MaximumBatchingWindowInSeconds=1,
    )
    put("a", "bad", "c", "d")
    dynastep.clock.advance(60)
    assert batches == [["a", "bad", "c", "d"], ["a", "bad"], ["a"], ["bad"], ["bad"], ["c", "d"]]
    (message,) = dynastep.client("sqs").receive_message(QueueUrl=url)["Messages"]
    told = json.loads(message["Body"])
    assert told["requestContext"]["condition"] == "RetryAttemptsExhausted"
    info = told["KinesisBatchInfo"]
    assert (info["shardId"], info["startSequenceNumber"], info["endSequenceNumber"], info["batchSize"]) == (
        *("shardId-000000000000", "2", "2", 1),
    )


def test_a_function_may_report_where_it_failed(dynastep, mapped, put):
    reported = []

    def answer(records):
        if reported or len(records) < 3:
            return None
        reported.append(records[1]["kinesis"]["sequenceNumber"])
        return {"batchItemFailures": [{"itemIdentifier": reported[0]}]}

    batches = mapped(
        answer=answer,
        FunctionResponseTypes=["ReportBatchItemFailures"],
        BatchSize=3,
        MaximumBatchingWindowInSeconds=1,
    )
    put("a", "b", "c")
    dynastep.clock.advance(10)
    assert batches == [["a", "b", "c"], ["b", "c"]]


def test_a_shard_that_fails_holds_back_no_other(dynastep, kinesis, stream, put, mapped):
    kinesis.split_shard(StreamName="clicks", ShardToSplit="shardId-000000000000", NewStartingHashKey=str(2**127))
    batches = mapped(fails=lambda batch: batch == ["bad"], BatchSize=1)
    put("bad", ExplicitHashKey="1")
    put("good", ExplicitHashKey=str(2**127 + 1))
    dynastep.clock.advance(1)
    assert ["good"] in batches
    assert batches.count(["bad"]) == 2


def test_what_came_before_a_split_comes_once(dynastep, kinesis, mapped, put):
    batches = mapped(BatchSize=1)
    put("a")
    kinesis.split_shard(StreamName="clicks", ShardToSplit="shardId-000000000000", NewStartingHashKey=str(2**127))
    put("b")
    dynastep.clock.advance(1)
    assert batches == [["a"], ["b"]]


def test_a_mapping_shows_its_defaults(dynastep, mapped, stream):
    mapped()
    (shown,) = dynastep.client("lambda").list_event_source_mappings(EventSourceArn=stream)["EventSourceMappings"]
    assert {
        name: shown[name]
        for name in (
            *("BatchSize", "BisectBatchOnFunctionError", "MaximumRecordAgeInSeconds", "MaximumRetryAttempts"),
            *("ParallelizationFactor", "TumblingWindowInSeconds", "MaximumBatchingWindowInSeconds"),
        )
    } == {
        "BatchSize": 100,
        "BisectBatchOnFunctionError": False,
        "MaximumRecordAgeInSeconds": -1,
        "MaximumRetryAttempts": -1,
        "ParallelizationFactor": 1,
        "TumblingWindowInSeconds": 0,
        "MaximumBatchingWindowInSeconds": 0,
    }
    assert "LatestSequences" not in shown


def test_a_pipe_takes_from_a_stream(dynastep, kept, stream, put):
    put("before")
    dynastep.client("pipes").create_pipe(
        Name="p",
        Source=stream,
        Target=kept.function,
        RoleArn=f"arn:aws:iam::{dynastep.account}:role/r",
        SourceParameters={"KinesisStreamParameters": {"StartingPosition": "LATEST", "BatchSize": 2}},
    )
    put("after")
    dynastep.clock.advance(1)
    ((record,),) = kept.events()
    assert (record["data"], record["eventSource"], record["partitionKey"]) == (
        *(base64.b64encode(b"after").decode(), "aws:kinesis", "k"),
    )


def test_the_times_of_streams_are_those_of_the_clock(dynastep, kinesis, stream, put):
    dynastep.clock.advance(1000)
    put("x")
    iterator = kinesis.get_shard_iterator(
        StreamARN=stream, ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    (record,) = kinesis.get_records(ShardIterator=iterator)["Records"]
    assert record["ApproximateArrivalTimestamp"].timestamp() == dynastep.clock.now()


def test_a_rule_sends_its_events_to_a_stream(dynastep, kept, stream):
    kept.map(stream, StartingPosition="TRIM_HORIZON")
    events = dynastep.client("events")
    events.put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    role = "arn:aws:iam::123456789012:role/rules"  # AWS refuses a stream as a target without one
    target = {"Id": "t", "Arn": stream, "RoleArn": role, "KinesisParameters": {"PartitionKeyPath": "$.detail.customer"}}
    events.put_targets(Rule="r", Targets=[target])
    events.put_events(Entries=[{"Source": "shop", "DetailType": "order", "Detail": '{"customer": "c7"}'}])
    dynastep.clock.advance(1)
    ((record,),) = (event["Records"] for event in kept.events())
    assert record["kinesis"]["partitionKey"] == "c7"
    assert json.loads(base64.b64decode(record["kinesis"]["data"]))["detail"] == {"customer": "c7"}


def test_a_window_that_tumbles_is_refused_by_name(dynastep, mapped):
    with pytest.raises(dynastep.client("lambda").exceptions.ClientError, match="TumblingWindowInSeconds"):
        mapped(TumblingWindowInSeconds=10)
