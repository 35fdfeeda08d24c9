"""What invokes functions without waiting for them: events, queues and streams, and where failures go."""

from __future__ import annotations

import json
import threading

import pytest
from botocore.exceptions import ClientError

FAILS = "def handler(event, context):\n    raise ValueError('never')"


class Refused(Exception):
    """An error of a function's own."""


@pytest.fixture
def queue(dynastep):
    """Make a queue; its URL and ARN."""
    sqs = dynastep.client("sqs")

    def make(name, **attributes):
        url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        return url, f"arn:aws:sqs:us-east-1:{dynastep.account}:{name}"

    return make


@pytest.fixture
def messages(dynastep):
    """The bodies of the messages in a queue, as JSON."""

    def read(url):
        answer = dynastep.client("sqs").receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        )
        return [(json.loads(m["Body"]), m.get("MessageAttributes", {})) for m in answer.get("Messages", [])]

    return read


# Events


def test_an_event_is_tried_three_times_over_three_minutes(dynastep, functions):
    tried = []

    def work(event):
        tried.append((event, dynastep.clock.now() - began))
        raise Refused

    began = dynastep.clock.now()
    dynastep.function("work", work)
    assert functions.client.invoke(FunctionName="work", Payload=b'{"a":1}', InvocationType="Event")["StatusCode"] == 202
    dynastep.client("sqs").list_queues()  # somebody looks
    assert tried == [({"a": 1}, 0), ({"a": 1}, 60), ({"a": 1}, 180)]


def test_an_event_that_succeeds_is_tried_once(dynastep, functions):
    tried = []
    dynastep.function("work", tried.append)
    functions.client.invoke(FunctionName="work", Payload=b"1", InvocationType="Event")
    dynastep.clock.advance(3600)
    assert tried == [1]


def test_a_dead_letter_queue_gets_the_event_with_the_error(functions, queue, messages):
    url, arn = queue("dead")
    functions.create(FAILS, DeadLetterConfig={"TargetArn": arn})
    assert functions.client.get_function_configuration(FunctionName="work")["DeadLetterConfig"] == {"TargetArn": arn}
    functions.client.invoke(FunctionName="work", Payload=b'{"a":1}', InvocationType="Event")
    ((body, attributes),) = messages(url)
    assert body == {"a": 1}
    assert {name: value["StringValue"] for name, value in attributes.items() if name != "RequestID"} == {
        "ErrorCode": "200",
        "ErrorMessage": "never",
    }


@pytest.mark.parametrize(
    ("source", "outcome", "condition", "count"),
    [
        (FAILS, "OnFailure", "RetriesExhausted", 2),
        ("def handler(event, context):\n    return 7", "OnSuccess", "Success", 1),
    ],
)
def test_a_destination_gets_a_record_of_the_invocation(functions, queue, messages, source, outcome, condition, count):
    url, arn = queue("told")
    function = functions.create(source)
    functions.client.put_function_event_invoke_config(
        FunctionName="work", MaximumRetryAttempts=1, DestinationConfig={outcome: {"Destination": arn}}
    )
    functions.client.invoke(FunctionName="work", Payload=b'{"a":1}', InvocationType="Event")
    ((record, _),) = messages(url)
    about = record["requestContext"]
    assert (about["functionArn"], about["condition"], about["approximateInvokeCount"]) == (
        f"{function}:$LATEST",
        condition,
        count,
    )
    assert (record["version"], record["requestPayload"]) == ("1.0", {"a": 1})
    failed = {"functionError": "Unhandled"} if outcome == "OnFailure" else {}
    assert record["responseContext"] == {"statusCode": 200, "executedVersion": "$LATEST", **failed}
    assert record["responsePayload"] == 7 or record["responsePayload"]["errorMessage"] == "never"


def test_a_workflow_sees_the_dead_letter_of_a_function_that_it_sent_an_event(functions, queue, messages):
    url, arn = queue("dead")
    functions.create(FAILS, DeadLetterConfig={"TargetArn": arn})
    task = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Next": "Wait"}
    task["Parameters"] = {"FunctionName": "work", "InvocationType": "Event", "Payload": {"order": 1}}
    wait = {"Type": "Wait", "Seconds": 200, "Next": "Look"}
    look = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sqs:receiveMessage", "End": True}
    look["Parameters"] = {"QueueUrl": url}
    definition = {"StartAt": "Send", "States": {"Send": task, "Wait": wait, "Look": look}}
    execution = functions.dynastep.run(definition)
    assert [json.loads(message["Body"]) for message in execution.output["Messages"]] == [{"order": 1}]


# Queues


@pytest.fixture
def mapped(dynastep, functions):
    """Map a source to the function ``work``, a callable; its batches."""

    def connect(source, work=None, **settings):
        batches = []

        def handler(event):
            batches.append(event["Records"])
            return None if work is None else work(event["Records"])

        dynastep.function("work", handler)
        functions.client.create_event_source_mapping(FunctionName="work", EventSourceArn=source, **settings)
        return batches

    return connect


def test_a_function_gets_what_is_sent_to_a_queue_and_then_it_is_gone(dynastep, mapped, queue):
    url, arn = queue("jobs")
    batches = mapped(arn)
    sqs = dynastep.client("sqs")
    attribute = {"DataType": "String", "StringValue": "red"}
    sent = sqs.send_message(QueueUrl=url, MessageBody="hello", MessageAttributes={"colour": attribute})
    sqs.list_queues()
    (((record,),)) = batches
    assert record["attributes"].pop("ApproximateReceiveCount") == "1"
    kept = {
        name: value
        for name, value in record.items()
        if name not in ("receiptHandle", "attributes", "md5OfMessageAttributes")
    }
    assert kept == {
        "messageId": sent["MessageId"],
        "body": "hello",
        "messageAttributes": {
            "colour": {"stringValue": "red", "stringListValues": [], "binaryListValues": [], "dataType": "String"}
        },
        "md5OfBody": "5d41402abc4b2a76b9719d911017c592",
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": "us-east-1",
    }
    dynastep.clock.advance(100)
    counts = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert (counts["ApproximateNumberOfMessages"], counts["ApproximateNumberOfMessagesNotVisible"]) == ("0", "0")
    assert len(batches) == 1


def test_what_fails_is_seen_again_after_the_visibility_timeout_and_at_last_a_dead_letter(dynastep, mapped, queue):
    dead_url, dead = queue("dead")
    policy = json.dumps({"deadLetterTargetArn": dead, "maxReceiveCount": 2})
    url, arn = queue("jobs", VisibilityTimeout="50", RedrivePolicy=policy)
    times = []

    def fail(_records):
        times.append(dynastep.clock.now() - began)
        raise Refused

    mapped(arn, fail)
    began = dynastep.clock.now()
    sqs = dynastep.client("sqs")
    sqs.send_message(QueueUrl=url, MessageBody="hello")
    (message,) = sqs.receive_message(QueueUrl=dead_url)["Messages"]
    assert (message["Body"], times) == ("hello", [0, 50])


def test_only_the_messages_that_a_function_reports_come_again(dynastep, mapped, queue):
    url, arn = queue("jobs")

    def work(records):
        bad = [record["messageId"] for record in records if record["body"] == "bad" and len(records) > 1]
        return {"batchItemFailures": [{"itemIdentifier": each} for each in bad]}

    batches = mapped(arn, work, FunctionResponseTypes=["ReportBatchItemFailures"], MaximumBatchingWindowInSeconds=5)
    sqs = dynastep.client("sqs")
    for body in ("good", "bad", "good"):
        sqs.send_message(QueueUrl=url, MessageBody=body)
    sqs.list_queues()
    assert [[record["body"] for record in batch] for batch in batches] == [["good", "bad", "good"], ["bad"]]


@pytest.mark.parametrize(
    ("size", "window", "batches"),
    [(2, 0, [2, 1]), (10, 0, [3]), (10, 5, [3])],
)
def test_batches_have_the_size_of_the_mapping(dynastep, mapped, queue, size, window, batches):
    url, arn = queue("jobs")
    sqs = dynastep.client("sqs")
    for number in range(3):
        sqs.send_message(QueueUrl=url, MessageBody=str(number))
    seen = mapped(arn, BatchSize=size, MaximumBatchingWindowInSeconds=window)
    sqs.list_queues()
    assert [len(batch) for batch in seen] == batches


def test_a_delayed_message_comes_when_its_delay_is_over(dynastep, mapped, queue):
    url, arn = queue("jobs")
    batches = mapped(arn)
    dynastep.clock.mode = "manual"
    sqs = dynastep.client("sqs")
    sqs.send_message(QueueUrl=url, MessageBody="later", DelaySeconds=60)
    dynastep.clock.advance(59)
    assert batches == []
    dynastep.clock.advance(2)
    assert [record["body"] for (record,) in batches] == ["later"]


def test_messages_that_the_filter_does_not_want_are_deleted(dynastep, mapped, queue):
    url, arn = queue("jobs")
    pattern = json.dumps({"body": {"kind": ["order", {"prefix": "re"}], "amount": [{"numeric": [">", 10]}]}})
    batches = mapped(arn, FilterCriteria={"Filters": [{"Pattern": pattern}]})
    sqs = dynastep.client("sqs")
    bodies = [
        {"kind": "order", "amount": 11},
        {"kind": "order", "amount": 10},
        {"kind": "refund", "amount": 12},
        {"kind": "x"},
    ]
    for body in (*map(json.dumps, bodies), "no JSON"):
        sqs.send_message(QueueUrl=url, MessageBody=body)
    sqs.list_queues()
    assert [json.loads(record["body"])["amount"] for batch in batches for record in batch] == [11, 12]
    assert "Messages" not in sqs.receive_message(QueueUrl=url)


def test_a_mapping_can_be_disabled_and_deleted(dynastep, mapped, functions, queue):
    url, arn = queue("jobs")
    batches = mapped(arn, Enabled=False)
    sqs = dynastep.client("sqs")
    sqs.send_message(QueueUrl=url, MessageBody="1")
    sqs.list_queues()
    assert batches == []
    (mapping,) = functions.client.list_event_source_mappings()["EventSourceMappings"]
    functions.client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)
    sqs.list_queues()
    assert len(batches) == 1
    functions.client.delete_event_source_mapping(UUID=mapping["UUID"])
    sqs.send_message(QueueUrl=url, MessageBody="2")
    sqs.list_queues()
    assert len(batches) == 1


@pytest.mark.parametrize(
    ("settings", "code", "said"),
    [
        (
            {"EventSourceArn": "arn:aws:sqs:us-east-1:ACCOUNT:none"},
            "InvalidParameterValueException",
            "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. "
            "SQS Error Message: The specified queue does not exist.",
        ),
        (
            {"EventSourceArn": "none"},
            "ValidationException",
            "1 validation error detected: Value 'none' at 'eventSourceArn' failed to satisfy constraint: Member must satisfy "
            r"regular expression pattern: arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?"
            r"-[a-z]+-\d{1})?:(\d{12})?:(.*)",
        ),
        (
            {"FunctionName": "none"},
            "ResourceNotFoundException",
            "Function not found: arn:aws:lambda:us-east-1:ACCOUNT:function:none",
        ),
        (
            {},
            "InvalidParameterValueException",
            "Queue visibility timeout: 5 seconds is less than Function timeout: 10 seconds",
        ),
        (
            {
                "FilterCriteria": {"Filters": [{"Pattern": '{"body": "x"}'}]},
                "EventSourceArn": "arn:aws:sqs:us-east-1:ACCOUNT:slow",
            },
            "InvalidParameterValueException",
            "Invalid filter pattern definition.",
        ),
    ],
)
def test_a_mapping_that_cannot_be_is_refused(dynastep, functions, queue, settings, code, said):
    functions.create("")
    queue("slow")
    _, arn = queue("jobs", VisibilityTimeout="5")
    given = {"FunctionName": "work", "EventSourceArn": arn, **settings}
    given["EventSourceArn"] = given["EventSourceArn"].replace("ACCOUNT", dynastep.account)
    with pytest.raises(ClientError) as refused:
        functions.client.create_event_source_mapping(**given)
    assert refused.value.response["Error"] == {"Code": code, "Message": said.replace("ACCOUNT", dynastep.account)}


# Streams


@pytest.fixture
def table(dynastep):
    """A table with a stream: its name and the stream's ARN."""
    made = dynastep.client("dynamodb").create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    return made["TableDescription"]["LatestStreamArn"]


@pytest.fixture
def put(dynastep):
    def put(key, **attributes):
        item = {"id": {"S": key}, **{name: {"S": value} for name, value in attributes.items()}}
        dynastep.client("dynamodb").put_item(TableName="orders", Item=item)

    return put


def keys(batches):
    return [[record["dynamodb"]["Keys"]["id"]["S"] for record in batch] for batch in batches]


def test_a_function_gets_the_changes_of_a_table(dynastep, mapped, table, put):
    put("before")
    batches = mapped(table, StartingPosition="LATEST")
    put("a", colour="red")
    put("a", colour="blue")
    dynastep.client("sqs").list_queues()
    records = [record for batch in batches for record in batch]
    assert [record["eventName"] for record in records] == ["INSERT", "MODIFY"]
    assert (records[0]["eventSource"], records[0]["eventSourceARN"]) == ("aws:dynamodb", table)
    assert records[1]["dynamodb"]["OldImage"]["colour"] == {"S": "red"}


def test_trim_horizon_begins_with_what_is_there(dynastep, mapped, table, put):
    put("a")
    put("b")
    batches = mapped(table, StartingPosition="TRIM_HORIZON")
    dynastep.client("sqs").list_queues()
    assert keys(batches) == [["a", "b"]]


def test_what_a_mapped_function_writes_is_there_when_somebody_reads(dynastep, mapped, table, put):
    database = dynastep.client("dynamodb")

    def copy(records):
        for record in records:
            if "copy" not in record["dynamodb"]["NewImage"]["id"]["S"]:
                put("copy of " + record["dynamodb"]["NewImage"]["id"]["S"])

    mapped(table, copy, StartingPosition="LATEST")
    put("a")
    assert database.get_item(TableName="orders", Key={"id": {"S": "copy of a"}})["Item"]


def test_a_batch_that_fails_holds_back_those_after_it_until_it_is_given_up(
    dynastep, mapped, table, put, queue, messages
):
    url, arn = queue("lost")

    def work(records):
        if any(record["dynamodb"]["Keys"]["id"]["S"] == "bad" for record in records):
            raise Refused

    batches = mapped(
        table,
        work,
        StartingPosition="LATEST",
        MaximumRetryAttempts=2,
        BatchSize=1,
        DestinationConfig={"OnFailure": {"Destination": arn}},
    )
    put("bad")
    put("good")
    ((record, _),) = messages(url)
    assert keys(batches) == [["bad"], ["bad"], ["bad"], ["good"]]
    assert (record["requestContext"]["condition"], record["requestContext"]["approximateInvokeCount"]) == (
        "RetryAttemptsExhausted",
        3,
    )
    assert (record["DDBStreamBatchInfo"]["batchSize"], record["DDBStreamBatchInfo"]["streamArn"]) == (1, table)


def test_a_batch_is_cut_in_two_to_find_the_record_that_fails(dynastep, mapped, table, put):
    def work(records):
        if any(record["dynamodb"]["Keys"]["id"]["S"] == "bad" for record in records):
            raise Refused

    for key in ("a", "b", "bad", "d"):
        put(key)
    batches = mapped(
        table, work, StartingPosition="TRIM_HORIZON", BisectBatchOnFunctionError=True, MaximumRetryAttempts=0
    )
    dynastep.client("sqs").list_queues()
    assert keys(batches) == [["a", "b", "bad", "d"], ["a", "b"], ["bad", "d"], ["bad"], ["d"]]


def test_a_batch_goes_on_at_the_first_record_that_is_reported(dynastep, mapped, table, put):
    calls = []

    def work(records):
        calls.append(records)
        failed = [r["dynamodb"]["SequenceNumber"] for r in records if r["dynamodb"]["Keys"]["id"]["S"] == "b"]
        return {"batchItemFailures": [{"itemIdentifier": each} for each in failed if len(calls) < 2]}

    for key in ("a", "b", "c"):
        put(key)
    batches = mapped(table, work, StartingPosition="TRIM_HORIZON", FunctionResponseTypes=["ReportBatchItemFailures"])
    dynastep.client("sqs").list_queues()
    assert keys(batches) == [["a", "b", "c"], ["b", "c"]]


def test_records_that_the_filter_does_not_want_are_skipped(dynastep, mapped, table, put):
    pattern = json.dumps({"eventName": ["INSERT"], "dynamodb": {"NewImage": {"colour": {"S": ["red"]}}}})
    batches = mapped(table, StartingPosition="LATEST", FilterCriteria={"Filters": [{"Pattern": pattern}]})
    put("a", colour="red")
    put("b", colour="blue")
    put("a", colour="green")
    dynastep.client("sqs").list_queues()
    assert keys(batches) == [["a"]]


def test_a_mapping_of_a_function_in_a_process(dynastep, functions, table, put):
    functions.create(
        "import boto3\ndef handler(event, context):\n    for r in event['Records']:\n"
        "        boto3.client('sqs').create_queue(QueueName=r['dynamodb']['Keys']['id']['S'])",
        Timeout=60,
    )
    functions.client.create_event_source_mapping(FunctionName="work", EventSourceArn=table, StartingPosition="LATEST")
    put("made")
    dynastep.clock.advance(1)
    assert dynastep.client("sqs").list_queues()["QueueUrls"][0].endswith("/made")


def test_a_topic_invokes_its_functions(dynastep):
    seen = []
    arn = dynastep.function("work", lambda event: seen.append(event["Records"][0]))
    sns = dynastep.client("sns")
    topic = sns.create_topic(Name="news")["TopicArn"]
    subscription = sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn)["SubscriptionArn"]
    colour = {"colour": {"DataType": "String", "StringValue": "red"}}
    sent = sns.publish(TopicArn=topic, Message="hello", Subject="a word", MessageAttributes=colour)
    dynastep.clock.advance(1)
    (record,) = seen
    assert (record["EventSource"], record["EventSubscriptionArn"]) == ("aws:sns", subscription)
    message = record["Sns"]
    assert (message["TopicArn"], message["MessageId"], message["Subject"]) == (topic, sent["MessageId"], "a word")
    assert (message["Message"], message["MessageAttributes"]) == (
        "hello",
        {"colour": {"Type": "String", "Value": "red"}},
    )


def test_a_mapping_under_a_wall_clock_has_one_timer_however_many_messages_come(dynastep, mapped, queue):
    url, arn = queue("jobs")
    dynastep.clock.mode = "wall"
    batches = mapped(arn)
    sqs = dynastep.client("sqs")
    for number in range(10):
        sqs.send_message(QueueUrl=url, MessageBody=str(number))
        while len(batches) <= number:
            threading.Event().wait(0.005)
    loop = dynastep._world.engine.loop
    assert loop.ask(lambda: len([timer for *_, timer in loop.timers._waited_for if timer.awaited])) <= 1
