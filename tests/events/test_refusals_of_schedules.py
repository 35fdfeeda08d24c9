"""What EventBridge Scheduler refuses beside its expressions, and requests that come twice."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

ROLE = "arn:aws:iam::123456789012:role/r"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:q"
PLAIN = {
    "Name": "s",
    "ScheduleExpression": "rate(1 hour)",
    "FlexibleTimeWindow": {"Mode": "OFF"},
    "Target": {"Arn": QUEUE, "RoleArn": ROLE},
}
UNIVERSAL = "arn:aws:scheduler:::aws-sdk:{}"


@pytest.fixture
def scheduler(dynastep):
    return dynastep.client("scheduler")


def to(arn, **more):
    return {"Target": {"Arn": arn, "RoleArn": ROLE, **more}}


def needs(parameters, arn):
    return f"{parameters} must be specified for the target {arn}."


STREAM, BUS, FIFO = (
    "arn:aws:kinesis:us-east-1:123456789012:stream/s",
    "arn:aws:events:us-east-1:123456789012:event-bus/default",
    f"{QUEUE}.fifo",
)
MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:m"
REFUSED = [
    (to("queue"), "Provided Arn is not in correct format."),
    (to(UNIVERSAL.format("sqs")), "Provided Arn is not in correct format."),
    *[
        (to(UNIVERSAL.format(each)), f"{UNIVERSAL.format(each)} only reads: a schedule cannot call it.")
        for each in ("sqs:receiveMessage", "dynamodb:getItem", "dynamodb:batchGetItem", "ec2:describeInstances")
    ],
    (to(STREAM), needs("KinesisParameters", STREAM)),
    (to(BUS), needs("EventBridgeParameters", BUS)),
    (to(FIFO), needs("SqsParameters", FIFO)),
    (to(MACHINE, Input="{"), f"The Input of the target {MACHINE} is not valid JSON."),
    (
        {"FlexibleTimeWindow": {"Mode": "FLEXIBLE"}},
        "A flexible time window of mode FLEXIBLE requires MaximumWindowInMinutes.",
    ),
]


@pytest.mark.parametrize(("changed", "message"), REFUSED)
def test_what_no_schedule_may_be(scheduler, changed, message):
    for call in (scheduler.create_schedule, scheduler.update_schedule):
        if call == scheduler.update_schedule:
            scheduler.create_schedule(**PLAIN)
        with pytest.raises(ClientError) as refusal:
            call(**{**PLAIN, **changed})
        assert refusal.value.response["Error"] == {"Code": "ValidationException", "Message": message}
    assert scheduler.get_schedule(Name="s")["Target"]["Arn"] == QUEUE


@pytest.mark.parametrize("target", [to(QUEUE, Input="{"), to(UNIVERSAL.format("sqs:sendMessage"), Input="{")])
def test_other_targets_get_any_text(scheduler, target):
    scheduler.create_schedule(**{**PLAIN, **target})


def test_a_request_that_comes_twice_is_answered_alike(scheduler):
    first = scheduler.create_schedule(**PLAIN, ClientToken="t")["ScheduleArn"]
    assert scheduler.create_schedule(**PLAIN, ClientToken="t")["ScheduleArn"] == first
    group = scheduler.create_schedule_group(Name="g", ClientToken="t")["ScheduleGroupArn"]
    assert scheduler.create_schedule_group(Name="g", ClientToken="t")["ScheduleGroupArn"] == group
    for call, params, what in (
        (scheduler.create_schedule, PLAIN, "Schedule s"),
        (scheduler.create_schedule_group, {"Name": "g"}, "Schedule group g"),
    ):
        with pytest.raises(ClientError, match=f"{what} already exists") as refusal:
            call(**params)
        assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 409


def test_a_group_has_to_be_there(scheduler, dynastep):
    arn = f"arn:aws:scheduler:us-east-1:{dynastep.account}:schedule-group/none"
    for call, params in (
        (scheduler.list_schedules, {"GroupName": "none"}),
        (scheduler.list_tags_for_resource, {"ResourceArn": arn}),
        (scheduler.tag_resource, {"ResourceArn": arn, "Tags": [{"Key": "a", "Value": "b"}]}),
        (scheduler.untag_resource, {"ResourceArn": arn, "TagKeys": ["a"]}),
    ):
        with pytest.raises(ClientError, match="Schedule group none does not exist") as refusal:
            call(**params)
        assert refusal.value.response["Error"]["Code"] == "ResourceNotFoundException"
