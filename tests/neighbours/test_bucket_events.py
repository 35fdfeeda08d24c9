"""What a bucket tells of its objects, all the way to a table."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def bucket(dynastep):
    name = f"bucket-{dynastep.account}"
    dynastep.client("s3").create_bucket(Bucket=name)
    return name


@pytest.fixture
def notify(dynastep, bucket):
    def notify(**configuration):
        dynastep.client("s3").put_bucket_notification_configuration(
            Bucket=bucket, NotificationConfiguration=configuration
        )

    return notify


EVENTS = {"Events": ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]}


def to_function(kept):
    return {"LambdaFunctionConfigurations": [{"LambdaFunctionArn": kept.function, **EVENTS}]}


def to_queue(kept):
    _, arn = kept.queue("told")
    kept.map(arn)
    return {"QueueConfigurations": [{"QueueArn": arn, **EVENTS}]}


def to_topic(kept):
    sns = kept.dynastep.client("sns")
    topic = sns.create_topic(Name="told")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=kept.function)
    return {"TopicConfigurations": [{"TopicArn": topic, **EVENTS}]}


def record_of(event):
    """The text of S3 that an event of a function, a queue or a topic carries."""
    if "s3" in event:
        return event
    return json.loads(event["body"] if "body" in event else event["Sns"]["Message"])


@pytest.mark.parametrize("target", [to_function, to_queue, to_topic])
def test_an_object_that_is_written_and_deleted_is_told_of(dynastep, kept, bucket, notify, target):
    notify(**target(kept))
    s3 = dynastep.client("s3")
    s3.put_object(Bucket=bucket, Key="in/a b.json", Body=b"text", Tagging="colour=red")
    s3.delete_object(Bucket=bucket, Key="in/a b.json")
    told = [record_of(record) for event in kept.events() for record in event["Records"]]
    tests = [each for each in told if each.get("Event") == "s3:TestEvent"]
    assert len(tests) == (0 if target is to_function else 1)
    records = [record for each in told if each not in tests for record in each.get("Records", [each])]
    created, removed = records
    assert created == {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": "us-east-1",
        "eventTime": "2026-01-01T00:00:00.000Z",
        "eventName": "ObjectCreated:Put",
        "userIdentity": {"principalId": f"AWS:{dynastep.account}"},
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": created["responseElements"],
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": created["s3"]["configurationId"],
            "bucket": {
                "name": bucket,
                "ownerIdentity": {"principalId": dynastep.account},
                "arn": f"arn:aws:s3:::{bucket}",
            },
            "object": {
                "key": "in/a+b.json",
                "size": 4,
                "eTag": "1cb251ec0d568de6a929b520c4aed8d1",
                "sequencer": created["s3"]["object"]["sequencer"],
            },
        },
    }
    assert set(created["responseElements"]) == {"x-amz-request-id", "x-amz-id-2"}
    assert removed["eventName"] == "ObjectRemoved:Delete"
    assert set(removed["s3"]["object"]) == {"key", "sequencer"}
    assert created["s3"]["object"]["sequencer"] < removed["s3"]["object"]["sequencer"]


def test_the_default_bus_is_told_in_a_form_of_its_own(dynastep, kept, bucket, notify):
    events = dynastep.client("events")
    events.create_event_bus(Name="other")
    for bus in ("default", "other"):
        events.put_rule(Name="all", EventBusName=bus, EventPattern=json.dumps({"source": ["aws.s3"]}))
        events.put_targets(Rule="all", EventBusName=bus, Targets=[{"Id": "1", "Arn": kept.function}])
    notify(EventBridgeConfiguration={})
    s3 = dynastep.client("s3")
    s3.put_object(Bucket=bucket, Key="in/a b.json", Body=b"text")
    s3.put_object_tagging(Bucket=bucket, Key="in/a b.json", Tagging={"TagSet": [{"Key": "colour", "Value": "red"}]})
    s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "in/a b.json"})
    s3.delete_object(Bucket=bucket, Key="in/a b.json")
    told = kept.events()
    assert [(each["detail-type"], each["detail"].get("reason")) for each in told] == [
        ("Object Created", "PutObject"),
        ("Object Tags Added", None),
        ("Object Created", "CopyObject"),
        ("Object Deleted", "DeleteObject"),
    ]
    created, *_, deleted = told
    assert len({each["id"] for each in told}) == 4
    assert created["resources"] == [f"arn:aws:s3:::{bucket}"]
    assert created["time"] == "2026-01-01T00:00:00Z"
    detail = created["detail"]
    assert detail == {
        "version": "0",
        "bucket": {"name": bucket},
        "object": {
            "key": "in/a b.json",
            "size": 4,
            "etag": "1cb251ec0d568de6a929b520c4aed8d1",
            "sequencer": detail["object"]["sequencer"],
        },
        "request-id": detail["request-id"],
        "requester": dynastep.account,
        "source-ip-address": "127.0.0.1",
        "reason": "PutObject",
    }
    assert deleted["detail"]["deletion-type"] == "Permanently Deleted"


def test_a_delete_marker_is_told_of(dynastep, kept, bucket, notify):
    s3 = dynastep.client("s3")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    notify(**to_function(kept))
    version = s3.put_object(Bucket=bucket, Key="k", Body=b"1")["VersionId"]
    marker = s3.delete_object(Bucket=bucket, Key="k")["VersionId"]
    records = [record for event in kept.events() for record in event["Records"]]
    assert [(record["eventName"], record["s3"]["object"]["versionId"]) for record in records] == [
        ("ObjectCreated:Put", version),
        ("ObjectRemoved:DeleteMarkerCreated", marker),
    ]


def test_a_filter_of_keys_says_which_objects_are_told_of(dynastep, kept, bucket, notify):
    rules = [{"Name": "prefix", "Value": "in/"}, {"Name": "suffix", "Value": ".json"}]
    one = {"LambdaFunctionArn": kept.function, "Events": ["s3:ObjectCreated:Put"]}
    notify(LambdaFunctionConfigurations=[{**one, "Filter": {"Key": {"FilterRules": rules}}}])
    for key in ("in/a.json", "in/a.txt", "out/a.json"):
        dynastep.client("s3").put_object(Bucket=bucket, Key=key, Body=b"")
    assert [record["s3"]["object"]["key"] for event in kept.events() for record in event["Records"]] == ["in/a.json"]


@pytest.mark.parametrize(
    ("kind", "member", "target"),
    [
        ("LambdaFunctionConfigurations", "LambdaFunctionArn", ("lambda", "function:none")),
        ("QueueConfigurations", "QueueArn", ("sqs", "none")),
        ("TopicConfigurations", "TopicArn", ("sns", "none")),
    ],
)
def test_what_is_not_there_cannot_be_told(dynastep, kept, bucket, notify, kind, member, target):
    notify(**to_function(kept))
    with pytest.raises(ClientError) as raised:
        notify(**{kind: [{member: kept.arn(*target), "Events": ["s3:ObjectCreated:*"]}]})
    error = raised.value.response["Error"]
    assert (error["Code"], error["Message"]) == (
        "InvalidArgument",
        "Unable to validate the following destination configurations",
    )
    assert "LambdaFunctionConfigurations" in dynastep.client("s3").get_bucket_notification_configuration(Bucket=bucket)
