"""Log events that are sent on, all the way to a table."""

from __future__ import annotations

import base64
import gzip
import json
import time

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def logs(dynastep):
    client = dynastep.client("logs")
    client.create_log_group(logGroupName="app")
    client.create_log_stream(logGroupName="app", logStreamName="one")
    return client


def write(logs, *messages):
    now = int(time.time() * 1000)
    events = [{"timestamp": now, "message": message} for message in messages]
    logs.put_log_events(logGroupName="app", logStreamName="one", logEvents=events)


def subscribe(logs, destination, pattern="", name="filter", **more):
    logs.put_subscription_filter(
        logGroupName="app", filterName=name, filterPattern=pattern, destinationArn=destination, **more
    )


def unpacked(data):
    return json.loads(gzip.decompress(base64.b64decode(data)))


def test_a_function_gets_the_events_that_a_filter_wants(dynastep, kept, logs):
    subscribe(logs, kept.function, "{ $.level = ERROR }")
    write(logs, '{"level":"INFO"}', '{"level":"ERROR","n":1}', '{"level":"ERROR","n":2}')
    write(logs, "no JSON")
    (event,) = kept.events()
    sent = unpacked(event["awslogs"]["data"])
    assert [json.loads(each.pop("message"))["n"] for each in sent["logEvents"]] == [1, 2]
    assert [set(each) for each in sent.pop("logEvents")] == [{"id", "timestamp"}] * 2
    assert sent == {
        "messageType": "DATA_MESSAGE",
        "owner": dynastep.account,
        "logGroup": "app",
        "logStream": "one",
        "subscriptionFilters": ["filter"],
    }


def test_a_stream_of_kinesis_gets_them_too(dynastep, kept, logs):
    kinesis = dynastep.client("kinesis")
    kinesis.create_stream(StreamName="told", ShardCount=1)
    subscribe(logs, kept.arn("kinesis", "stream/told"), "ERROR -quiet", roleArn="arn:aws:iam::123456789012:role/r")
    write(logs, "ERROR loud", "ERROR quiet", "INFO loud")
    place = {"StreamName": "told", "ShardId": "shardId-000000000000", "ShardIteratorType": "TRIM_HORIZON"}
    iterator = kinesis.get_shard_iterator(**place)["ShardIterator"]
    (record,) = kinesis.get_records(ShardIterator=iterator)["Records"]
    assert [each["message"] for each in json.loads(gzip.decompress(record["Data"]))["logEvents"]] == ["ERROR loud"]


def test_what_an_execution_logs_reaches_a_function(dynastep, kept):
    logs, machines = dynastep.client("logs"), dynastep.client("stepfunctions")
    logs.create_log_group(logGroupName="app")
    subscribe(logs, kept.function, "{ $.type = ExecutionSucceeded }")
    machine = machines.create_state_machine(
        name="logged",
        definition='{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}',
        roleArn=f"arn:aws:iam::{dynastep.account}:role/r",
        loggingConfiguration={
            "level": "ALL",
            "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": kept.arn("logs", "log-group:app:*")}}],
        },
    )["stateMachineArn"]
    execution = machines.start_execution(stateMachineArn=machine)["executionArn"]
    machines.describe_execution(executionArn=execution)
    (event,) = kept.events()
    (logged,) = unpacked(event["awslogs"]["data"])["logEvents"]
    assert json.loads(logged["message"])["execution_arn"] == execution


def test_a_filter_can_be_changed_where_a_group_has_all_that_it_may_have(kept, logs):
    for name in ("a", "b"):
        subscribe(logs, kept.function, "x", name)
    subscribe(logs, kept.function, "y", "b")
    found = logs.describe_subscription_filters(logGroupName="app")["subscriptionFilters"]
    assert [(each["filterName"], each["filterPattern"]) for each in found] == [("a", "x"), ("b", "y")]
    with pytest.raises(ClientError, match="LimitExceededException"):
        subscribe(logs, kept.function, "z", "c")


UNSEEN = (
    "Could not execute the lambda function. "
    "Make sure you have given CloudWatch Logs permission to execute your function."
)
CROSSED = (
    "Cross-account lambda invocation passing is not allowed. "
    "You must use DestinationPolicies to create cross account lambda triggers."
)


@pytest.mark.parametrize(
    ("account", "function", "pattern", "code", "message"),
    [
        (None, "none", "", "InvalidParameterException", UNSEEN),
        ("999999999999", "keep", "", "AccessDeniedException", CROSSED),
        (None, "keep", "{ $.a = }", "InvalidParameterException", "Invalid filter pattern"),
    ],
)
def test_a_filter_that_could_not_act_is_refused(dynastep, kept, logs, account, function, pattern, code, message):
    destination = f"arn:aws:lambda:us-east-1:{account or dynastep.account}:function:{function}"
    with pytest.raises(ClientError) as raised:
        subscribe(logs, destination, pattern)
    assert (raised.value.response["Error"]["Code"], raised.value.response["Error"]["Message"]) == (code, message)
    assert logs.describe_subscription_filters(logGroupName="app")["subscriptionFilters"] == []


def test_filter_log_events_knows_the_same_patterns(logs):
    write(logs, '{"n":1}', '{"n":2}', "n")
    found = logs.filter_log_events(logGroupName="app", filterPattern="{ $.n > 1 }")["events"]
    assert [event["message"] for event in found] == ['{"n":2}']
