"""EventBridge Scheduler and scheduled rules: they fire at their times, on the emulator's clock."""

from __future__ import annotations

import json
import re
from datetime import datetime, timezone

import pytest
from botocore.exceptions import ClientError

DAY = 86_400
PASS = {"StartAt": "Done", "States": {"Done": {"Type": "Pass", "End": True}}}
PAUSE = {"StartAt": "Pause", "States": {"Pause": {"Type": "Wait", "Seconds": 90, "End": True}}}


@pytest.fixture
def scheduler(dynastep):
    return dynastep.client("scheduler")


@pytest.fixture
def role(dynastep):
    return f"arn:aws:iam::{dynastep.account}:role/scheduler"


@pytest.fixture
def schedule(scheduler, role):
    """Make a schedule of one target."""

    def make(expression, arn, name="nightly", **more):
        target = {"Arn": arn, "RoleArn": role, **more.pop("Target", {})}
        given = {"FlexibleTimeWindow": {"Mode": "OFF"}, "ScheduleExpression": expression, **more}
        return scheduler.create_schedule(Name=name, Target=target, **given)["ScheduleArn"]

    return make


@pytest.fixture
def queue(dynastep):
    """Make a queue; its ARN, and a way to take what is in it."""
    sqs = dynastep.client("sqs")
    url = sqs.create_queue(QueueName="heard")["QueueUrl"]

    def take():
        taken = []
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]).get(
            "Messages"
        ):
            for message in messages:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            taken += messages
        return taken

    return f"arn:aws:sqs:us-east-1:{dynastep.account}:heard", take


def bodies(messages):
    return [json.loads(message["Body"]) for message in messages]


def runs(dynastep, machine):
    """When executions of a machine began, in hours since 2026."""
    listed = dynastep.client("stepfunctions").list_executions(stateMachineArn=machine)["executions"]
    return [(each["startDate"].timestamp() - 1_767_225_600) / 3600 for each in reversed(listed)]


def refused(call, *given, **named):
    with pytest.raises(ClientError) as refusal:
        call(*given, **named)
    return refusal.value.response["Error"]["Code"], refusal.value.response["Error"]["Message"]


def test_a_year_of_a_nightly_job(dynastep, schedule):
    heard = []
    function = dynastep.function("clean-up", heard.append)
    schedule("cron(0 3 * * ? *)", function, ScheduleExpressionTimezone="Europe/Berlin")
    dynastep.clock.advance(365 * DAY)
    assert len(heard) == 365
    assert {event["time"][11:] for event in heard} == {"01:00:00Z", "02:00:00Z"}
    assert [event["time"] for event in heard] == sorted(event["time"] for event in heard)


def test_a_pending_schedule_does_not_move_time_and_time_that_passes_it_lets_it_fire(dynastep, create, schedule):
    machine, other = create("scheduled", PASS), create("other", PAUSE)
    schedule("rate(1 minute)", machine, StartDate=datetime(2026, 1, 1, 0, 1, tzinfo=timezone.utc))
    assert runs(dynastep, machine) == []
    assert dynastep.clock.now() == 1_767_225_600
    assert dynastep.run(other).elapsed == 90
    assert runs(dynastep, machine) == [pytest.approx(1 / 60)]


def test_a_rate_without_a_start_fires_at_once_and_an_at_once(dynastep, create, schedule):
    machine, other = create("rate", PASS), create("at", PASS)
    schedule("rate(2 hours)", machine)
    schedule("at(2026-01-01T05:00:00)", other, name="once", ScheduleExpressionTimezone="Asia/Tokyo")
    schedule("at(2026-01-01T05:00:00)", other, name="utc")
    dynastep.clock.advance(6 * 3600)
    assert runs(dynastep, machine) == [0, 2, 4, 6]
    assert runs(dynastep, other) == [5], "five o'clock in Tokyo is over"


def test_start_and_end_bound_a_schedule_that_then_deletes_itself(dynastep, create, scheduler, schedule):
    machine = create("bounded", PASS)
    bounds = {
        "StartDate": datetime(2026, 1, 2, tzinfo=timezone.utc),
        "EndDate": datetime(2026, 1, 4, 12, tzinfo=timezone.utc),
    }
    schedule("cron(0 0 * * ? *)", machine, **bounds, ActionAfterCompletion="DELETE")
    schedule("at(2026-01-03T00:00:00)", machine, name="once", ActionAfterCompletion="DELETE")
    schedule("at(2026-01-03T01:00:00)", machine, name="kept")
    dynastep.clock.advance(30 * DAY)
    assert runs(dynastep, machine) == [24, 48, 48, 49, 72]
    assert [each["Name"] for each in scheduler.list_schedules()["Schedules"]] == ["kept"]


def test_a_flexible_window_chooses_a_moment_the_same_in_every_run(dynastep, create, schedule):
    machine = create("flexible", PASS)
    window = {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 60}
    schedule("cron(0 12 * * ? *)", machine, FlexibleTimeWindow=window)
    dynastep.clock.advance(3 * DAY)
    moments = [start % 24 for start in runs(dynastep, machine)]
    assert len(moments) == len(set(moments)) == 3
    assert all(12 <= moment <= 13 for moment in moments)


def test_changes_disabling_and_deletion_take_effect(dynastep, create, scheduler, schedule, role):
    machine, other = create("first", PASS), create("second", PASS)
    schedule("cron(0 0 * * ? *)", machine)
    dynastep.clock.advance(DAY)
    given = {"Name": "nightly", "FlexibleTimeWindow": {"Mode": "OFF"}, "Target": {"Arn": other, "RoleArn": role}}
    scheduler.update_schedule(ScheduleExpression="cron(0 6 * * ? *)", **given)
    dynastep.clock.advance(DAY)
    scheduler.update_schedule(ScheduleExpression="cron(0 6 * * ? *)", State="DISABLED", **given)
    dynastep.clock.advance(DAY)
    scheduler.update_schedule(ScheduleExpression="cron(0 6 * * ? *)", **given)
    scheduler.delete_schedule(Name="nightly")
    dynastep.clock.advance(DAY)
    assert (runs(dynastep, machine), runs(dynastep, other)) == ([24], [30])
    scheduler.create_schedule_group(Name="group")
    schedule("cron(0 6 * * ? *)", machine, GroupName="group")
    scheduler.delete_schedule_group(Name="group")
    dynastep.clock.advance(DAY)
    assert runs(dynastep, machine) == [24]


def test_a_reset_ends_schedules(dynastep, create, schedule):
    schedule("cron(0 0 * * ? *)", create("gone", PASS))
    dynastep._control.reset()
    machine = create("gone", PASS)
    dynastep.clock.advance(2 * DAY)
    assert runs(dynastep, machine) == []


PLACEHOLDERS = (
    '{"arn": "<aws.scheduler.schedule-arn>", "at": "<aws.scheduler.scheduled-time>", '
    '"id": "<aws.scheduler.execution-id>", "n": <aws.scheduler.attempt-number>}'
)


def test_targets_get_their_input_with_its_placeholders_or_an_event(dynastep, schedule, queue):
    arn, take = queue
    made = schedule("at(2026-01-01T01:00:00)", arn, Target={"Input": PLACEHOLDERS})
    plain = schedule("at(2026-01-01T02:00:00)", arn, name="plain")
    dynastep.clock.advance(DAY)
    filled, event = bodies(take())
    assert filled == {"arn": made, "at": "2026-01-01T01:00:00Z", "id": filled["id"], "n": 1}
    assert event == {
        "version": "0",
        "id": event["id"],
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": dynastep.account,
        "time": "2026-01-01T02:00:00Z",
        "region": "us-east-1",
        "resources": [plain],
        "detail": "{}",
    }
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", filled["id"])


def test_each_kind_of_target(dynastep, schedule, queue):
    heard, account = [], dynastep.account
    function = dynastep.function("hear", heard.append)
    events, (arn, take) = dynastep.client("events"), queue
    topic = dynastep.client("sns").create_topic(Name="news")["TopicArn"]
    dynastep.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    dynastep.client("dynamodb").create_table(
        TableName="rows",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    events.put_rule(Name="mine", EventPattern='{"source": ["mine"]}')
    events.put_targets(Rule="mine", Targets=[{"Id": "1", "Arn": function}])
    bus = events.describe_event_bus()["Arn"]
    url = dynastep.client("sqs").get_queue_url(QueueName="heard")["QueueUrl"]
    targets = {
        "lambda": (function, {"Input": '{"n": 1}'}),
        "bus": (bus, {"Input": '{"n": 2}', "EventBridgeParameters": {"DetailType": "d", "Source": "mine"}}),
        "topic": (topic, {"Input": "news"}),
        "sdk-sqs": (
            "arn:aws:scheduler:::aws-sdk:sqs:sendMessage",
            {"Input": json.dumps({"QueueUrl": url, "MessageBody": "sdk"})},
        ),
        "sdk-item": (
            "arn:aws:scheduler:::aws-sdk:dynamodb:putItem",
            {"Input": '{"TableName": "rows", "Item": {"id": {"S": "<aws.scheduler.scheduled-time>"}}}'},
        ),
        "sdk-lambda": (
            "arn:aws:scheduler:::aws-sdk:lambda:invoke",
            {"Input": json.dumps({"FunctionName": "hear", "Payload": '{"n": 3}'})},
        ),
    }
    for name, (target, more) in targets.items():
        schedule("at(2026-01-01T01:00:00)", target, name=name, Target=more)
    dynastep.clock.advance(3600)
    messages = [message["Body"] for message in take()]
    assert "sdk" in messages
    assert "news" in [json.loads(body)["Message"] for body in messages if body != "sdk"]
    assert [item["id"]["S"] for item in dynastep.client("dynamodb").scan(TableName="rows")["Items"]] == [
        "2026-01-01T01:00:00Z"
    ]
    assert [event.get("n", event.get("detail")) for event in heard] == [1, {"n": 2}, 3]
    assert heard[1]["account"] == account


def test_what_a_target_refuses_goes_to_the_dead_letter_queue(dynastep, schedule, queue, caplog):
    arn, take = queue
    gone = f"arn:aws:states:us-east-1:{dynastep.account}:stateMachine:gone"
    made = schedule("at(2026-01-01T01:00:00)", gone, Target={"Input": '{"a": 1}', "DeadLetterConfig": {"Arn": arn}})
    dynastep.clock.advance(DAY)
    (message,) = take()
    assert message["Body"] == '{"a": 1}'
    said = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert said == {
        "ERROR_CODE": "StateMachineDoesNotExist",
        "ERROR_MESSAGE": f"State Machine Does Not Exist: '{gone}'",
        "EXECUTION_ID": said["EXECUTION_ID"],
        "IS_PAYLOAD_TRUNCATED": "false",
        "RETRY_ATTEMPTS": "0",
        "SCHEDULED_TIME": "2026-01-01T01:00:00Z",
        "SCHEDULE_ARN": made,
        "TARGET_ARN": gone,
    }
    assert f"The schedule {made} could not call {gone}" in caplog.text


@pytest.mark.parametrize(
    ("policy", "attempts", "condition"),
    [
        ({"MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 3600}, "2", "MaximumRetryAttempts"),
        ({"MaximumRetryAttempts": 185, "MaximumEventAgeInSeconds": 60}, "5", "MaximumEventAgeInSeconds"),
    ],
)
def test_a_target_that_fails_is_tried_again_as_the_policy_says(
    dynastep, schedule, queue, monkeypatch, policy, attempts, condition
):
    from emulator import moto_door
    from emulator.faults import Fault

    def overloaded(_arn, _text):
        raise Fault("InternalServerError", "try later", status=500)

    arn, take = queue
    moto_door.deliver("batch", overloaded)
    try:
        target = {"Input": "{}", "DeadLetterConfig": {"Arn": arn}, "RetryPolicy": policy}
        schedule("at(2026-01-01T01:00:00)", "arn:aws:batch:us-east-1:111122223333:job-queue/q", Target=target)
        dynastep.clock.advance(DAY)
    finally:
        from emulator.moto_door import targets

        del targets._receivers["batch"]
    (message,) = take()
    said = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert (said["RETRY_ATTEMPTS"], said["EXHAUSTED_RETRY_CONDITION"]) == (attempts, condition)


EXPRESSIONS = [
    *("cron(71 8 1 * ? *)", "rate(10 years)", "rate()", "rate(10)", "rate(10 minutess)", "rate(-10 minutes)"),
    *("at(2021-12-31)", "cron(0 1 * * * *)", " rate(10 minutes)", "rate( 10 minutes )", "at(2021-12-31T23:59:59Z)"),
]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_an_expression_that_is_none_is_refused(scheduler, schedule, expression):
    words = ("ValidationException", f"Invalid Schedule Expression {expression}.")
    assert refused(schedule, expression, "arn:aws:sqs:us-east-1:111122223333:q") == words
    assert scheduler.list_schedules()["Schedules"] == []


def test_other_refusals_of_scheduler(scheduler, schedule, role):
    target = "arn:aws:sqs:us-east-1:111122223333:q"
    early = datetime(2025, 12, 31, tzinfo=timezone.utc)
    assert refused(schedule, "rate(1 day)", target, StartDate=early) == (
        "ValidationException",
        "The StartDate you specify cannot be earlier than 5 minutes ago.",
    )
    assert refused(schedule, "rate(1 day)", target, GroupName="none") == (
        "ResourceNotFoundException",
        "Schedule group none does not exist.",
    )
    assert refused(schedule, "rate(1 day)", target, name="a b") == (
        "ValidationException",
        "1 validation error detected: Value 'a b' at 'name' failed to satisfy constraint: Member must satisfy regular "
        "expression pattern: [0-9a-zA-Z-_.]+",
    )
    assert refused(scheduler.get_schedule, Name="none") == (
        "ResourceNotFoundException",
        "Schedule none does not exist.",
    )
    schedule("rate(1 day)", target)
    assert refused(schedule, "rate(1 day)", target) == ("ConflictException", "Schedule nightly already exists.")
    assert refused(schedule, "rate(1 day)", target, name="z", ScheduleExpressionTimezone="Mars/Base")[0] == (
        "ValidationException"
    )


# Rules


def test_scheduled_rules_fire_a_rate_later_and_at_the_times_of_cron(dynastep, create):
    events = dynastep.client("events")
    rate, cron = create("rate", PASS), create("cron", PASS)
    for name, expression, machine in (("rate", "rate(8 hours)", rate), ("cron", "cron(0 2 ? * SAT *)", cron)):
        arn = events.put_rule(Name=name, ScheduleExpression=expression)["RuleArn"]
        events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": machine, "RoleArn": "arn:aws:iam::1:role/r"}])
    dynastep.clock.advance(7 * DAY)
    assert runs(dynastep, cron) == [50]
    assert runs(dynastep, rate) == [8 * number for number in range(1, 22)]
    states = dynastep.client("stepfunctions")
    (execution,) = states.list_executions(stateMachineArn=cron)["executions"]
    event = json.loads(states.describe_execution(executionArn=execution["executionArn"])["input"])
    assert event == {
        "version": "0",
        "id": event["id"],
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": dynastep.account,
        "time": "2026-01-03T02:00:00Z",
        "region": "us-east-1",
        "resources": [arn],
        "detail": {},
    }


def test_a_rule_that_is_disabled_or_deleted_rests(dynastep, queue):
    events, (arn, take) = dynastep.client("events"), queue
    events.put_rule(Name="r", ScheduleExpression="rate(1 hour)")
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": arn, "Input": '"tick"'}])
    dynastep.clock.advance(2 * 3600)
    events.disable_rule(Name="r")
    dynastep.clock.advance(2 * 3600)
    assert bodies(take()) == ["tick", "tick"]
    events.enable_rule(Name="r")
    dynastep.clock.advance(3600)
    assert bodies(take()) == ["tick"]
    events.remove_targets(Rule="r", Ids=["1"])
    events.delete_rule(Name="r")
    dynastep.clock.advance(DAY)
    assert take() == []


@pytest.mark.parametrize(
    "expression", ["cron(71 8 1 * ? *)", "rate(1 minutes)", "rate(10 seconds)", "at(2030-01-01T00:00:00)"]
)
def test_a_rule_refuses_what_is_no_schedule(dynastep, expression):
    assert refused(dynastep.client("events").put_rule, Name="r", ScheduleExpression=expression) == (
        "ValidationException",
        "Parameter ScheduleExpression is not valid.",
    )


def test_a_schedule_is_for_the_default_bus_only(dynastep):
    events = dynastep.client("events")
    events.create_event_bus(Name="other")
    assert refused(events.put_rule, Name="r", ScheduleExpression="rate(1 day)", EventBusName="other") == (
        "ValidationException",
        "ScheduleExpression is supported only on the default event bus.",
    )
