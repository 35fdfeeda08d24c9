"""Queues on the clock: delays, visibility, retention, order, and dead letters on their way there and back."""

from __future__ import annotations

import gc
import json

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def sqs(dynastep):
    return dynastep.client("sqs")


@pytest.fixture
def bodies(sqs):
    """The bodies of what ReceiveMessage gives."""

    def receive(url, count=10, **parameters):
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=count, **parameters)
        return [message["Body"] for message in answer.get("Messages", [])]

    return receive


def test_a_delay_is_of_virtual_time(dynastep, kept, sqs, bodies):
    url, _ = kept.queue("jobs", DelaySeconds="60", VisibilityTimeout="900")
    sqs.send_message(QueueUrl=url, MessageBody="queue's")
    sqs.send_message(QueueUrl=url, MessageBody="own", DelaySeconds=5)
    sqs.send_message(QueueUrl=url, MessageBody="none", DelaySeconds=0)
    assert bodies(url) == ["none"]
    dynastep.clock.advance(5)
    assert bodies(url) == ["own"]
    dynastep.clock.advance(54)
    assert bodies(url) == []
    dynastep.clock.advance(1)
    assert bodies(url) == ["queue's"]


def test_a_message_is_seen_again_at_the_end_of_its_visibility_timeout(dynastep, kept, sqs, bodies):
    url, _ = kept.queue("jobs", VisibilityTimeout="30")
    sqs.send_message(QueueUrl=url, MessageBody="x")
    assert bodies(url) == ["x"]
    dynastep.clock.advance(29)
    assert bodies(url) == []
    dynastep.clock.advance(1)
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)
    assert bodies(url) == ["x"]


def test_the_longest_time_out_of_sight_counts_from_when_a_message_was_received(dynastep, kept, sqs):
    url, _ = kept.queue("jobs")
    sqs.send_message(QueueUrl=url, MessageBody="x")
    dynastep.clock.advance(40_000)
    (message,) = sqs.receive_message(QueueUrl=url, VisibilityTimeout=100)["Messages"]
    change = {"QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"]}
    sqs.change_message_visibility(**change, VisibilityTimeout=43_200)
    dynastep.clock.advance(1)
    with pytest.raises(ClientError) as raised:
        sqs.change_message_visibility(**change, VisibilityTimeout=43_200)
    assert raised.value.response["Error"]["Message"] == (
        "Value 43200 for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the message is "
        "beyond the limit [43200 seconds]"
    )


def test_a_queue_keeps_a_message_for_its_retention_period(dynastep, kept, sqs, bodies):
    url, _ = kept.queue("jobs", MessageRetentionPeriod="60")
    sqs.send_message(QueueUrl=url, MessageBody="old")
    dynastep.clock.advance(59)
    sqs.send_message(QueueUrl=url, MessageBody="young")
    dynastep.clock.advance(1)
    names = ["ApproximateNumberOfMessages"]
    assert sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"] == {names[0]: "1"}
    assert bodies(url) == ["young"]


def test_who_waits_for_messages_gets_what_comes_meanwhile(dynastep, kept, sqs, bodies):
    url, _ = kept.queue("jobs")
    began = dynastep.clock.now()
    sqs.send_message(QueueUrl=url, MessageBody="late", DelaySeconds=15)
    assert bodies(url, WaitTimeSeconds=10) == []
    assert dynastep.clock.now() - began == 10
    assert bodies(url, WaitTimeSeconds=10) == ["late"]
    assert dynastep.clock.now() - began == 15


def test_who_waits_by_a_manual_clock_does_not_wait(dynastep, kept, bodies):
    url, _ = kept.queue("jobs")
    dynastep.clock.mode = "manual"
    assert bodies(url, WaitTimeSeconds=20) == []


def test_a_machine_polls_until_a_delayed_message_is_there(dynastep, kept, sqs):
    url, _ = kept.queue("jobs")
    sqs.send_message(QueueUrl=url, MessageBody="late", DelaySeconds=900)
    receive = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sqs:receiveMessage", "Next": "Any"}
    choice = {"Variable": "$.Messages", "IsPresent": True, "Next": "Done"}
    states = {
        "Receive": {**receive, "Parameters": {"QueueUrl": url}},
        "Any": {"Type": "Choice", "Choices": [choice], "Default": "Wait"},
        "Wait": {"Type": "Wait", "Seconds": 100, "Next": "Receive"},
        "Done": {"Type": "Succeed", "OutputPath": "$.Messages[0].Body"},
    }
    execution = dynastep.run({"StartAt": "Receive", "States": states})
    assert (execution.output, execution.elapsed) == ("late", 900)


# FIFO


@pytest.fixture
def fifo(kept, sqs):
    url, _ = kept.queue("jobs.fifo", FifoQueue="true")

    def send(body, group, deduplication, to=url):
        return sqs.send_message(
            QueueUrl=to, MessageBody=body, MessageGroupId=group, MessageDeduplicationId=deduplication
        )

    return url, send


def test_a_group_has_one_batch_in_flight_and_keeps_its_order(sqs, bodies, fifo):
    url, send = fifo
    sent = [send(body, body[0], body) for body in ("a1", "a2", "b1")]
    numbers = [int(answer["SequenceNumber"]) for answer in sent]
    assert numbers == sorted(set(numbers))
    (first,) = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=1)["Messages"]
    assert first["Body"] == "a1"
    assert bodies(url) == ["b1"]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=first["ReceiptHandle"])
    assert bodies(url) == ["a2"]


def test_what_a_fifo_queue_has_got_counts_for_five_minutes_even_when_it_is_deleted(dynastep, sqs, bodies, fifo):
    url, send = fifo
    first = send("1", "g", "same")
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    again = send("2", "g", "same")
    assert (again["MessageId"], again["SequenceNumber"]) == (first["MessageId"], first["SequenceNumber"])
    assert bodies(url) == []
    dynastep.clock.advance(300)
    send("3", "g", "same")
    assert bodies(url) == ["3"]


def test_deduplication_may_be_of_each_group(kept, bodies, fifo):
    _, send = fifo
    scope = {"DeduplicationScope": "messageGroup", "FifoThroughputLimit": "perMessageGroupId"}
    url, _ = kept.queue("groups.fifo", FifoQueue="true", **scope)
    for body, group in (("a", "1"), ("b", "2"), ("c", "1")):
        send(body, group, "same", url)
    assert bodies(url) == ["a", "b"]


# Dead letters


@pytest.fixture
def dead(kept, sqs, bodies):
    """Two queues with one dead-letter queue, which has a message of each."""
    dead_url, dead_arn = kept.queue("dead")
    policy = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 1})
    urls = [kept.queue(name, RedrivePolicy=policy)[0] for name in ("first", "second")]
    for url in urls:
        sqs.send_message(QueueUrl=url, MessageBody=url.rpartition("/")[2])
        assert bodies(url, VisibilityTimeout=0) != []
        assert bodies(url) == []
    return dead_url, dead_arn, urls


def test_dead_letters_go_back_to_where_they_came_from(dynastep, sqs, bodies, dead):
    url, arn, urls = dead
    handle = sqs.start_message_move_task(SourceArn=arn)["TaskHandle"]
    (task,) = sqs.list_message_move_tasks(SourceArn=arn)["Results"]
    assert task == {
        "Status": "COMPLETED",
        "SourceArn": arn,
        "ApproximateNumberOfMessagesMoved": 2,
        "ApproximateNumberOfMessagesToMove": 2,
        "StartedTimestamp": int(dynastep.clock.now() * 1000),
    }
    assert [bodies(each) for each in (url, *urls)] == [[], ["first"], ["second"]]
    with pytest.raises(ClientError, match="Only active tasks can be cancelled"):
        sqs.cancel_message_move_task(TaskHandle=handle)


def test_dead_letters_go_to_a_function_at_the_rate_that_is_given(dynastep, kept, sqs, dead):
    _, arn, _ = dead
    _, target = kept.queue("repaired")
    kept.map(target)
    dynastep.clock.mode = "manual"
    rate = {"DestinationArn": target, "MaxNumberOfMessagesPerSecond": 1}
    handle = sqs.start_message_move_task(SourceArn=arn, **rate)["TaskHandle"]
    (task,) = sqs.list_message_move_tasks(SourceArn=arn)["Results"]
    assert (task["Status"], task["TaskHandle"], task["ApproximateNumberOfMessagesMoved"]) == ("RUNNING", handle, 1)
    with pytest.raises(ClientError, match="There is already a task running"):
        sqs.start_message_move_task(SourceArn=arn)
    dynastep.clock.advance(1)
    (task,) = sqs.list_message_move_tasks(SourceArn=arn)["Results"]
    assert (task["Status"], task["ApproximateNumberOfMessagesMoved"]) == ("COMPLETED", 2)
    moved = [record["body"] for event in kept.events() for record in event["Records"]]
    assert moved == ["first", "second"]


def test_a_task_can_be_cancelled(dynastep, sqs, bodies, dead):
    url, arn, _ = dead
    dynastep.clock.mode = "manual"
    handle = sqs.start_message_move_task(SourceArn=arn, MaxNumberOfMessagesPerSecond=1)["TaskHandle"]
    assert sqs.cancel_message_move_task(TaskHandle=handle)["ApproximateNumberOfMessagesMoved"] == 1
    dynastep.clock.advance(10)
    assert bodies(url) == ["second"]


def test_a_dead_letter_that_was_sent_there_itself_has_no_way_back(sqs, dead):
    url, arn, _ = dead
    sqs.purge_queue(QueueUrl=url)
    sqs.send_message(QueueUrl=url, MessageBody="x")
    sqs.start_message_move_task(SourceArn=arn)
    (task,) = sqs.list_message_move_tasks(SourceArn=arn)["Results"]
    assert (task["Status"], task["FailureReason"]) == ("FAILED", "CouldNotDetermineMessageSource")


@pytest.mark.parametrize(
    ("operation", "parameters", "message"),
    [
        ("start_message_move_task", {"SourceArn": "none"}, "SourceArn parameter doesn't exist."),
        (
            "start_message_move_task",
            {"SourceArn": "dead", "DestinationArn": "none"},
            "DestinationArn parameter doesn't",
        ),
        ("start_message_move_task", {"SourceArn": "first"}, "Source queue must be configured as a Dead Letter Queue."),
        ("cancel_message_move_task", {"TaskHandle": "none"}, "Task does not exist."),
    ],
)
def test_a_move_that_cannot_be_is_refused(kept, sqs, dead, operation, parameters, message):
    assert dead
    given = {name: kept.arn("sqs", text) if name != "TaskHandle" else text for name, text in parameters.items()}
    with pytest.raises(ClientError, match=message):
        getattr(sqs, operation)(**given)


@pytest.mark.parametrize("asked", ["All", "RedriveAllowPolicy"])
def test_a_redrive_allow_policy_comes_back_as_it_was_given(kept, sqs, asked):
    url, _ = kept.queue("dead")

    def shown():
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[asked])
        return found.get("Attributes", {}).get("RedriveAllowPolicy")

    assert shown() is None
    for policy in ('{"redrivePermission":"denyAll"}', '{ "redrivePermission" : "allowAll" }'):
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedriveAllowPolicy": policy})
        assert shown() == policy
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedriveAllowPolicy": ""})
    assert shown() is None


def test_a_message_that_is_deleted_stays_nowhere(sqs):
    from moto.sqs.models import Message

    def messages():
        gc.collect()
        return sum(isinstance(each, Message) for each in gc.get_objects())

    queue = sqs.create_queue(QueueName="q")["QueueUrl"]
    before = messages()
    for _ in range(3):
        sqs.send_message(QueueUrl=queue, MessageBody="m")
    assert messages() == before + 3
    for message in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]:
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    assert messages() == before
