"""Pipes: what comes to a queue or a stream goes through a filter, templates and an enrichment to a target."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from emulator.events.templates import InvalidTemplate, fill

EXPRESS = {"StartAt": "Shape", "States": {"Shape": {"Type": "Pass", "Parameters": {"all.$": "$"}, "End": True}}}


@pytest.fixture
def pipes(dynastep):
    return dynastep.client("pipes")


@pytest.fixture
def queue(dynastep):
    """Make a queue; its URL and its ARN."""
    sqs = dynastep.client("sqs")

    def make(name, **attributes):
        url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        return url, f"arn:aws:sqs:us-east-1:{dynastep.account}:{name}"

    return make


@pytest.fixture
def stream(dynastep):
    """Make a table with a stream; the ARN of the stream."""
    return dynastep.client("dynamodb").create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )["TableDescription"]["LatestStreamArn"]


@pytest.fixture
def pipe(dynastep, pipes):
    def make(source, target, name="pipe", **more):
        role = f"arn:aws:iam::{dynastep.account}:role/pipes"
        return pipes.create_pipe(Name=name, Source=source, Target=target, RoleArn=role, **more)

    return make


def received(dynastep, url):
    messages = dynastep.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    return [message["Body"] for message in messages]


def put(dynastep, *identifiers):
    for each in identifiers:
        dynastep.client("dynamodb").put_item(TableName="orders", Item={"id": {"S": each}})


def test_a_pipe_goes_from_creating_to_running_and_stopped(pipe, pipes, queue):
    (_, source), (_, target) = queue("from"), queue("to")

    def state():
        described = pipes.describe_pipe(Name="pipe")
        return described["CurrentState"], described["DesiredState"]

    assert pipe(source, target)["CurrentState"] == "CREATING"
    assert state() == ("RUNNING", "RUNNING")
    assert pipes.stop_pipe(Name="pipe")["CurrentState"] == "STOPPING"
    assert state() == ("STOPPED", "STOPPED")
    assert pipes.start_pipe(Name="pipe")["CurrentState"] == "STARTING"
    assert state() == ("RUNNING", "RUNNING")


def test_messages_pass_a_filter_and_a_template_into_another_queue(dynastep, pipe, queue):
    (url, source), (out, target) = queue("from"), queue("to")
    pipe(
        source,
        target,
        SourceParameters={"FilterCriteria": {"Filters": [{"Pattern": '{"body": {"n": [{"numeric": [">", 1]}]}}'}]}},
        TargetParameters={"InputTemplate": '{"n": <$.body.n>, "by": "<aws.pipes.pipe-name>: <$.body.who>"}'},
    )
    for number in (1, 2):
        body = json.dumps({"n": number, "who": 'A "b"'})
        dynastep.client("sqs").send_message(QueueUrl=url, MessageBody=body)
    assert [json.loads(body) for body in received(dynastep, out)] == [{"n": 2, "by": 'pipe: A "b"'}]
    assert received(dynastep, url) == []


def test_a_stream_goes_in_batches_through_an_enrichment_to_a_machine(dynastep, create, pipe, stream):
    seen = []

    def enrich(records):
        seen.append(len(records))
        return [{"id": record["dynamodb"]["Keys"]["id"]["S"]} for record in records]

    function, machine = dynastep.function("enrich", enrich), create("target", EXPRESS)
    put(dynastep, "a", "b", "c")
    pipe(
        stream,
        machine,
        Enrichment=function,
        SourceParameters={"DynamoDBStreamParameters": {"StartingPosition": "TRIM_HORIZON", "BatchSize": 2}},
    )
    put(dynastep, "d")
    states = dynastep.client("stepfunctions")
    listed = states.list_executions(stateMachineArn=machine)["executions"]
    outputs = [json.loads(states.describe_execution(executionArn=each["executionArn"])["output"]) for each in listed]
    assert sorted(item["id"] for output in outputs for item in output["all"]) == ["a", "b", "c", "d"]
    assert seen in ([2, 2], [2, 1, 1])


def test_an_express_machine_enriches_and_nothing_goes_on_where_it_answers_nothing(dynastep, create, pipe, queue):
    (url, source), (out, target) = queue("from"), queue("to")
    machine = create(
        "enrich",
        {"StartAt": "Keep", "States": {"Keep": {"Type": "Pass", "OutputPath": "$[0].body", "End": True}}},
        type="EXPRESS",
    )
    pipe(source, target, Enrichment=machine)
    for body in ("kept", ""):
        dynastep.client("sqs").send_message(QueueUrl=url, MessageBody=body or "{}")
    assert "kept" in received(dynastep, out)[0]


def test_a_target_that_reports_failures_gets_them_again(dynastep, pipe, queue):
    url, source = queue("from", VisibilityTimeout="30")
    tried = []

    def handle(records):
        tried.append([record["body"] for record in records])
        again = sum(batch.count("bad") for batch in tried) > 1
        failed = [record["messageId"] for record in records if record["body"] == "bad" and not again]
        return {"batchItemFailures": [{"itemIdentifier": each} for each in failed]}

    pipe(source, dynastep.function("handle", handle))
    for body in ("good", "bad"):
        dynastep.client("sqs").send_message(QueueUrl=url, MessageBody=body)
    dynastep.clock.advance(120)
    assert [body for batch in tried for body in batch].count("bad") == 2
    assert [body for batch in tried for body in batch].count("good") == 1


def test_what_a_stream_s_target_never_takes_goes_to_the_dead_letter_queue(dynastep, pipe, stream, queue, caplog):
    url, dead = queue("dead")
    gone = f"arn:aws:sqs:us-east-1:{dynastep.account}:gone"
    made = pipe(
        stream,
        gone,
        SourceParameters={
            "DynamoDBStreamParameters": {
                "StartingPosition": "TRIM_HORIZON",
                "MaximumRetryAttempts": 2,
                "DeadLetterConfig": {"Arn": dead},
            }
        },
    )
    put(dynastep, "a")
    dynastep.clock.advance(600)
    (body,) = received(dynastep, url)
    content = json.loads(body)
    assert content["context"] == {
        "partnerResourceArn": made["Arn"],
        "condition": "RetryAttemptsExhausted",
        "approximateInvokeCount": 3,
    }
    assert content["DDBStreamBatchInfo"]["batchSize"] == 1
    assert "The pipe pipe could not hand on what has come" in caplog.text


def test_a_pipe_that_is_stopped_or_deleted_takes_nothing(dynastep, pipe, pipes, queue):
    (url, source), (out, target) = queue("from"), queue("to")
    pipe(source, target, DesiredState="STOPPED")
    dynastep.client("sqs").send_message(QueueUrl=url, MessageBody="1")
    assert received(dynastep, out) == []
    pipes.start_pipe(Name="pipe")
    assert len(received(dynastep, out)) == 1
    pipes.delete_pipe(Name="pipe")
    dynastep.client("sqs").send_message(QueueUrl=url, MessageBody="2")
    assert received(dynastep, out) == []


def test_refusals(dynastep, pipe, pipes, queue, stream):
    (_, source), (_, target) = queue("from"), queue("to")

    def refused(*given, **more):
        with pytest.raises(ClientError) as refusal:
            pipe(*given, **more)
        return refusal.value.response["Error"]["Code"], refusal.value.response["Error"]["Message"]

    kafka = f"arn:aws:kafka:us-east-1:{dynastep.account}:cluster/c"
    assert refused(kafka, target) == (
        "NotImplementedException",
        f"moto, behind Dynastep, lacks this: pipes whose source is {kafka} (pipe)",
    )
    bad = {"FilterCriteria": {"Filters": [{"Pattern": '{"a": [{"no": 1}]}'}]}}
    assert refused(source, target, SourceParameters=bad) == (
        "ValidationException",
        "Invalid filter pattern definition.",
    )
    assert refused(stream, target)[0] == "ValidationException"
    assert pipes.list_pipes()["Pipes"] == []
    pipe(source, target)
    assert refused(source, target)[0] == "ConflictException"


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ('{"a": <$.body.list[1]>}', {"a": 2}),
        ('{"a": <$.body>}', {"a": '{"list": [1, 2], "s": "x\\"y"}'}),
        ('"<$.body.s> and <$.no>"', 'x"y and '),
        ("<aws.pipes.event>", {"body": '{"list": [1, 2], "s": "x\\"y"}'}),
        ('{"a": <$.no>}', {"a": ""}),
    ],
)
def test_a_template_is_filled(template, expected):
    event = {"body": json.dumps({"list": [1, 2], "s": 'x"y'})}
    assert fill(template, event, {"aws.pipes.event": event}) == expected


def test_a_template_has_to_make_json():
    with pytest.raises(InvalidTemplate):
        fill("a <$.b>", {"b": 1}, {})
