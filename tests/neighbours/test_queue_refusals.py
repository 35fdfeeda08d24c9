"""What SQS refuses, in its words. Recorded on AWS, with the siblings of each rule."""

from __future__ import annotations

import json

import pytest
import urllib3
from botocore.exceptions import ClientError

COUNT = "Must be between 1 and 10, if provided."
WAIT = "Must be >= 0 and <= 20, if provided."
DELAY = "DelaySeconds must be >= 0 and <= 900."
OTHER_TYPE = "The request include parameter that is not valid for this queue type."
NO_GROUP = "The request must contain the parameter MessageGroupId."
NO_DEDUPLICATION = (
    "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly"
)
BATCH = "AWS.SimpleQueueService."


def value(shown, parameter, reason):
    return f"Value {shown} for parameter {parameter} is invalid. Reason: {reason}"


def group(shown):
    text = "can only include alphanumeric and punctuation characters. 1 to 128 in length."
    return value(shown, "MessageGroupId", f"MessageGroupId {text}").replace("  ", " ")


def deduplication(shown):
    return group(shown).replace("MessageGroupId", "MessageDeduplicationId")


def entries(count, **fields):
    return [{"Id": str(number), "MessageBody": "x", **fields} for number in range(count)]


REFUSED = [
    ("receive_message", "jobs", {"MaxNumberOfMessages": 11}, "", value(11, "MaxNumberOfMessages", COUNT)),
    ("receive_message", "jobs", {"MaxNumberOfMessages": 0}, "", value(0, "MaxNumberOfMessages", COUNT)),
    ("receive_message", "jobs", {"WaitTimeSeconds": -1}, "", value(-1, "WaitTimeSeconds", WAIT)),
    ("receive_message", "jobs", {"WaitTimeSeconds": 21}, "", value(21, "WaitTimeSeconds", WAIT)),
    (
        *("send_message", "jobs", {"MessageBody": "é" * 524_289}, ""),
        "One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes.",
    ),
    ("send_message", "jobs", {"MessageBody": ""}, "MissingParameter", NO_GROUP.replace("GroupId", "Body")),
    ("send_message", "jobs", {"MessageBody": "x", "DelaySeconds": 901}, "", value(901, "DelaySeconds", DELAY)),
    ("send_message", "jobs", {"MessageBody": "x", "DelaySeconds": -1}, "", value(-1, "DelaySeconds", DELAY)),
    ("send_message", "jobs", {"MessageBody": "x", "MessageGroupId": ""}, "", group("")),
    ("send_message", "jobs", {"MessageBody": "x", "MessageGroupId": "group 123"}, "", group("group 123")),
    ("send_message", "jobs", {"MessageBody": "x", "MessageGroupId": "é"}, "", group("é")),
    ("send_message", "jobs", {"MessageBody": "x", "MessageGroupId": "g" * 129}, "", group("g" * 129)),
    (
        *("send_message", "jobs", {"MessageBody": "x", "MessageDeduplicationId": "d"}, ""),
        value("d", "MessageDeduplicationId", OTHER_TYPE),
    ),
    ("send_message", "jobs.fifo", {"MessageBody": "x"}, "MissingParameter", NO_GROUP),
    ("send_message", "jobs.fifo", {"MessageBody": "x", "MessageGroupId": "g"}, "", NO_DEDUPLICATION),
    (
        *("send_message", "jobs.fifo", {"MessageBody": "x", "MessageGroupId": "g", "DelaySeconds": 2}, ""),
        value(2, "DelaySeconds", OTHER_TYPE),
    ),
    (
        *("send_message", "jobs.fifo"),
        {"MessageBody": "x", "MessageGroupId": "g", "MessageDeduplicationId": "d" * 129},
        *("", deduplication("d" * 129)),
    ),
    ("send_message_batch", "jobs.fifo", {"Entries": entries(1)}, "", NO_GROUP),
    ("send_message_batch", "jobs.fifo", {"Entries": entries(1, MessageGroupId="g")}, "", NO_DEDUPLICATION),
    (
        *("send_message_batch", "jobs", {"Entries": entries(20)}, f"{BATCH}TooManyEntriesInBatchRequest"),
        "Maximum number of entries per request are 10. You have sent 20.",
    ),
    (
        "send_message_batch",
        "jobs",
        {"Entries": [{"Id": "1", "MessageBody": "x" * 1_048_577}]},
        f"{BATCH}BatchRequestTooLong",
        "Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes.",
    ),
    (
        *("change_message_visibility_batch", "jobs", {"Entries": []}, f"{BATCH}EmptyBatchRequest"),
        "There should be at least one ChangeMessageVisibilityBatchRequestEntry in the request.",
    ),
    ("remove_permission", "jobs", {"Label": "none"}, "", value("none", "Label", "can't find label.")),
    (
        *("set_queue_attributes", "jobs", {"Attributes": {"Colour": "red"}}),
        *("InvalidAttributeName", "Unknown Attribute Colour."),
    ),
    (
        *("set_queue_attributes", "jobs", {"Attributes": {"VisibilityTimeout": "43201"}}),
        *("InvalidAttributeValue", "Invalid value for the parameter VisibilityTimeout."),
    ),
    ("get_queue_url", None, {"QueueName": "none"}, f"{BATCH}NonExistentQueue", "The specified queue does not exist."),
]


@pytest.mark.parametrize(("operation", "queue", "parameters", "code", "message"), REFUSED)
def test_sqs_refuses(dynastep, operation, queue, parameters, code, message):
    sqs = dynastep.client("sqs")
    place = {}
    if queue is not None:
        attributes = {"FifoQueue": "true"} if queue.endswith(".fifo") else {}
        place["QueueUrl"] = sqs.create_queue(QueueName=queue, Attributes=attributes)["QueueUrl"]
    with pytest.raises(ClientError) as raised:
        getattr(sqs, operation)(**place, **parameters)
    error = raised.value.response["Error"]
    assert (error["Code"], error["Message"]) == (code or "InvalidParameterValue", message)


ONLY_FIFO = "You can specify the {} only when FifoQueue is set to true."


@pytest.mark.parametrize(
    ("name", "attributes", "code", "message"),
    [
        ("q", {"ContentBasedDeduplication": "true"}, "Name", "Unknown Attribute ContentBasedDeduplication."),
        ("q", {"FifoQueue": "false"}, "Name", "Unknown Attribute FifoQueue."),
        ("q", {"FifoThroughputLimit": "perQueue"}, "Name", ONLY_FIFO.format("FifoThroughputLimit")),
        ("q", {"DeduplicationScope": "queue"}, "Name", ONLY_FIFO.format("DeduplicationScope")),
        ("q", {"VisibilityTimeout": "x"}, "Value", "Invalid value for the parameter VisibilityTimeout."),
        ("q", {"MessageRetentionPeriod": "59"}, "Value", "Invalid value for the parameter MessageRetentionPeriod."),
        ("q", {"DelaySeconds": "901"}, "Value", "Invalid value for the parameter DelaySeconds."),
        (
            *("q.fifo", {"FifoQueue": "true", "DeduplicationScope": "any"}),
            *("Value", "Invalid value for the parameter DeduplicationScope."),
        ),
    ],
)
def test_a_queue_is_not_made_with_what_it_cannot_have(dynastep, name, attributes, code, message):
    sqs = dynastep.client("sqs")
    with pytest.raises(ClientError) as raised:
        sqs.create_queue(QueueName=name, Attributes=attributes)
    error = raised.value.response["Error"]
    assert (error["Code"], error["Message"]) == (f"InvalidAttribute{code}", message)
    assert "QueueUrls" not in sqs.list_queues()


def test_a_redrive_policy_comes_back_as_it_was_given(kept, dynastep):
    _, dead = kept.queue("dead")
    policy = json.dumps({"maxReceiveCount": "3", "deadLetterTargetArn": dead}, indent=2)
    url, _ = kept.queue("jobs", RedrivePolicy=policy)
    answer = dynastep.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])
    assert answer["Attributes"] == {"RedrivePolicy": policy}


def test_a_fifo_topic_may_have_a_standard_queue(kept, dynastep):
    sns = dynastep.client("sns")
    topic = sns.create_topic(Name="t.fifo", Attributes={"FifoTopic": "true"})["TopicArn"]
    url, arn = kept.queue("jobs")
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    sns.publish(TopicArn=topic, Message="x", MessageGroupId="g", MessageDeduplicationId="d")
    (message,) = dynastep.client("sqs").receive_message(QueueUrl=url)["Messages"]
    assert json.loads(message["Body"])["Message"] == "x"


def test_a_label_is_given_once(dynastep):
    sqs = dynastep.client("sqs")
    url = sqs.create_queue(QueueName="labelled")["QueueUrl"]
    permission = {"QueueUrl": url, "Label": "l", "AWSAccountIds": ["111122223333"], "Actions": ["SendMessage"]}
    sqs.add_permission(**permission)
    with pytest.raises(ClientError) as refusal:
        sqs.add_permission(**permission)
    said = refusal.value.response["Error"]
    assert (said["Code"], said["Message"]) == ("InvalidParameterValue", value("l", "Label", "Already exists."))


def test_the_query_protocol_has_words_of_its_own_for_a_queue_that_is_not_there(dynastep):
    scope = f"Credential={dynastep.account}/20260101/us-east-1/sqs/aws4_request"
    headers = {
        "Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=x",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    said = urllib3.request("POST", dynastep.url, body="Action=GetQueueUrl&QueueName=none", headers=headers)
    words = b"<Message>The specified queue does not exist for this wsdl version.</Message>"
    assert (said.status, b"<Code>AWS.SimpleQueueService.NonExistentQueue</Code>" in said.data) == (400, True)
    assert words in said.data
