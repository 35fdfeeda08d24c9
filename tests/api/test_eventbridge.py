"""EventBridge: status changes of executions reach the default bus, and rules start state machines."""

from __future__ import annotations

import json
import re

import pytest

from dynastep import Later

UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
PASS = {"StartAt": "Hand on", "States": {"Hand on": {"Type": "Pass", "End": True}}}
WAIT = {"StartAt": "Pause", "States": {"Pause": {"Type": "Wait", "Seconds": 60, "End": True}}}
FAIL = {"StartAt": "Give up", "States": {"Give up": {"Type": "Fail", "Error": "Tired", "Cause": "It was late."}}}


@pytest.fixture
def create(dynastep):
    """Create a state machine; its ARN."""
    states = dynastep.client("stepfunctions")

    def make(name, definition=PASS, **more):
        role = f"arn:aws:iam::{dynastep.account}:role/runner"
        request = {"name": name, "definition": json.dumps(definition), "roleArn": role, **more}
        return states.create_state_machine(**request)["stateMachineArn"]

    return make


@pytest.fixture
def rule(dynastep):
    """Make a rule with one target."""
    events = dynastep.client("events")

    def make(pattern, arn, **target):
        role = f"arn:aws:iam::{dynastep.account}:role/events"
        events.put_rule(Name="rule", EventPattern=json.dumps(pattern))
        events.put_targets(Rule="rule", Targets=[{"Id": "only", "Arn": arn, "RoleArn": role, **target}])

    return make


@pytest.fixture
def inputs(dynastep):
    """The inputs of a machine's executions, as values, in the order of their starts."""
    states = dynastep.client("stepfunctions")

    def read(machine):
        listed = states.list_executions(stateMachineArn=machine)["executions"]
        arns = [entry["executionArn"] for entry in reversed(listed)]
        return [json.loads(states.describe_execution(executionArn=arn)["input"]) for arn in arns]

    return read


def about(machine, *statuses):
    """The pattern of events about a machine."""
    detail = {"stateMachineArn": [machine]}
    if statuses:
        detail["status"] = list(statuses)
    return {"source": ["aws.states"], "detail-type": ["Step Functions Execution Status Change"], "detail": detail}


def test_an_execution_makes_one_event_when_it_starts_and_one_when_it_ends(dynastep, create, rule, inputs):
    watched, watcher = create("watched", WAIT), create("watcher")
    rule(about(watched), watcher)
    execution = dynastep.run(watched, {"a": 1}, name="first")
    began, ended = inputs(watcher)
    for event, time in ((began, "2026-01-01T00:00:00Z"), (ended, "2026-01-01T00:01:00Z")):
        assert re.fullmatch(UUID, event["id"])
        assert {name: value for name, value in event.items() if name not in ("id", "detail")} == {
            "version": "0",
            "detail-type": "Step Functions Execution Status Change",
            "source": "aws.states",
            "account": dynastep.account,
            "time": time,
            "region": "us-east-1",
            "resources": [execution.arn],
        }
    running = {
        "executionArn": execution.arn,
        "stateMachineArn": watched,
        "name": "first",
        "status": "RUNNING",
        "startDate": 1767225600000,
        "stopDate": None,
        "input": '{"a":1}',
        "output": None,
        "stateMachineVersionArn": None,
        "stateMachineAliasArn": None,
        "redriveCount": 0,
        "redriveDate": None,
        "redriveStatus": "NOT_REDRIVABLE",
        "redriveStatusReason": "Execution is RUNNING and cannot be redriven",
        "inputDetails": {"included": True},
        "outputDetails": None,
        "error": None,
        "cause": None,
    }
    assert began["detail"] == running
    assert ended["detail"] == running | {
        "status": "SUCCEEDED",
        "stopDate": 1767225660000,
        "output": '{"a":1}',
        "outputDetails": {"included": True},
        "redriveStatusReason": "Execution is SUCCEEDED and cannot be redriven",
    }


@pytest.mark.parametrize(
    ("definition", "detail"),
    [
        (FAIL, {"status": "FAILED", "error": "Tired", "cause": "It was late."}),
        ({**WAIT, "TimeoutSeconds": 5}, {"status": "TIMED_OUT", "error": None, "cause": None}),
    ],
)
def test_a_bad_end_says_why_and_that_it_can_be_redriven(dynastep, create, rule, inputs, definition, detail):
    watched, watcher = create("watched", definition), create("watcher")
    rule(about(watched, "FAILED", "TIMED_OUT", "ABORTED"), watcher, InputPath="$.detail")
    dynastep.run(watched)
    (seen,) = inputs(watcher)
    assert seen == seen | detail | {"redriveStatus": "REDRIVABLE", "redriveStatusReason": None, "output": None}


def test_stopping_is_a_status_change_too(dynastep, create, rule, inputs):
    states = dynastep.client("stepfunctions")
    dynastep.clock.mode = "manual"
    watched, watcher = create("watched", WAIT), create("watcher")
    rule(about(watched, "ABORTED"), watcher, InputPath="$.detail")
    execution = states.start_execution(stateMachineArn=watched)["executionArn"]
    states.stop_execution(executionArn=execution, error="Enough", cause="Somebody said so.")
    (seen,) = inputs(watcher)
    assert (seen["error"], seen["cause"]) == ("Enough", "Somebody said so.")


def test_a_redrive_is_a_status_change_too(dynastep, create, rule, inputs):
    states = dynastep.client("stepfunctions")
    watched, watcher = create("watched", FAIL), create("watcher")
    rule(about(watched), watcher, InputPath="$.detail")
    execution = dynastep.run(watched)
    dynastep.clock.advance(1)
    states.redrive_execution(executionArn=execution.arn)
    states.describe_execution(executionArn=execution.arn)
    again = {"redriveCount": 1, "redriveDate": 1767225601000}
    seen = inputs(watcher)
    assert [(event["status"], event["redriveCount"]) for event in seen] == [
        ("RUNNING", 0),
        ("FAILED", 0),
        ("RUNNING", 1),
        ("FAILED", 1),
    ]
    assert seen[2] == seen[0] | again
    assert seen[3] == seen[1] | again | {"stopDate": 1767225601000}


@pytest.mark.parametrize(
    ("size", "given", "made"),
    [(100_000, True, True), (130_000, False, True), (260_000, False, False)],
    ids=["both fit", "only one fits", "neither fits"],
)
def test_an_event_leaves_out_what_it_has_no_room_for(dynastep, create, rule, inputs, size, given, made):
    # Documented: of 248 KiB, the output has the first claim. The watcher itself could not take more than 256 KiB.
    watched, watcher = create("watched"), create("watcher")
    rule(about(watched, "SUCCEEDED"), watcher, InputPath="$.detail")
    text = "x" * (size - 2)
    dynastep.run(watched, text)
    (seen,) = inputs(watcher)
    assert (seen["inputDetails"], seen["outputDetails"]) == ({"included": given}, {"included": made})
    assert (seen["input"], seen["output"]) == (f'"{text}"' if given else None, f'"{text}"' if made else None)


def test_express_executions_make_no_events(dynastep, create, rule, inputs):
    watched, watcher = create("watched", type="EXPRESS"), create("watcher")
    rule(about(watched), watcher)
    dynastep.client("stepfunctions").start_sync_execution(stateMachineArn=watched)
    assert inputs(watcher) == []


def test_another_machine_does_not_match(dynastep, create, rule, inputs):
    watched, other, watcher = create("watched"), create("other"), create("watcher")
    rule(about(watched), watcher)
    dynastep.run(other)
    assert inputs(watcher) == []


EVENT = {
    "Source": "shop",
    "DetailType": "Order placed",
    "Detail": '{"id": "7", "lines": [1, 2]}',
    "Resources": ["cart"],
}


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ({"Input": '{"fixed": [1]}'}, {"fixed": [1]}),
        ({"InputPath": "$.detail"}, {"id": "7", "lines": [1, 2]}),
        ({"InputPath": "$.detail.lines"}, [1, 2]),
        ({"InputPath": "$.detail-type"}, "Order placed"),
        (
            {
                "InputTransformer": {
                    "InputPathsMap": {"id": "$.detail.id", "lines": "$.detail.lines", "from": "$.source"},
                    "InputTemplate": '{"order": "<id>", "lines": <lines>, "from": <from>}',
                }
            },
            {"order": "7", "lines": [1, 2], "from": "shop"},
        ),
    ],
)
def test_a_target_gets_the_part_of_the_event_that_it_asks_for(dynastep, create, rule, inputs, target, text):
    machine = create("target")
    rule({"source": ["shop"]}, machine, **target)
    answered = dynastep.client("events").put_events(Entries=[EVENT])
    assert answered["FailedEntryCount"] == 0
    assert inputs(machine) == [text]


def test_an_event_of_a_client_starts_the_machine_with_the_whole_event(dynastep, create, rule, inputs):
    machine = create("target")
    rule({"source": ["shop"]}, machine)
    (entry,) = dynastep.client("events").put_events(Entries=[EVENT])["Entries"]
    (event,) = inputs(machine)
    assert event.keys() == {
        *("version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail")
    }
    assert (event["id"], event["detail-type"], event["detail"], event["resources"]) == (
        entry["EventId"],
        "Order placed",
        {"id": "7", "lines": [1, 2]},
        ["cart"],
    )


def test_a_task_that_puts_events_starts_the_machine(dynastep, create, rule, inputs):
    machine = create("target")
    rule({"source": ["shop"]}, machine, InputPath="$.detail.id")
    put = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:eventbridge:putEvents", "End": True}
    definition = {"StartAt": "Put", "States": {"Put": {**put, "Parameters": {"Entries": [EVENT]}}}}
    assert dynastep.run(definition).output["FailedEntryCount"] == 0
    assert inputs(machine) == ["7"]


def test_a_rule_may_call_a_function(dynastep, rule):
    seen = []
    rule({"source": ["shop"]}, dynastep.function("notice", seen.append), InputPath="$.detail.id")
    dynastep.client("events").put_events(Entries=[EVENT])
    assert seen == ["7"]


def test_a_machine_that_a_rule_starts_takes_its_time(dynastep, create, rule):
    machine = create("target", WAIT)
    rule({"source": ["shop"]}, machine)
    dynastep.client("events").put_events(Entries=[EVENT])
    states = dynastep.client("stepfunctions")
    (listed,) = states.list_executions(stateMachineArn=machine)["executions"]
    assert (listed["status"], (listed["stopDate"] - listed["startDate"]).total_seconds()) == ("SUCCEEDED", 60)


def test_a_chain_of_machines_started_by_rules(dynastep, create, rule, inputs):
    work = dynastep.function("work", lambda _: Later(after=5, value="done"))
    first = create("first", {"StartAt": "Work", "States": {"Work": {"Type": "Task", "Resource": work, "End": True}}})
    second = create("second")
    rule(about(first, "SUCCEEDED"), second, InputPath="$.detail.output")
    dynastep.run(first)
    assert inputs(second) == ['"done"']


@pytest.mark.parametrize("gone", ["a machine that is not there", "a disabled rule"])
def test_what_cannot_start_does_not_harm_who_put_the_event(dynastep, create, rule, inputs, caplog, gone):
    machine = create("target")
    rule({"source": ["shop"]}, f"{machine}x" if "machine" in gone else machine)
    if gone == "a disabled rule":
        dynastep.client("events").disable_rule(Name="rule")
    assert dynastep.client("events").put_events(Entries=[EVENT])["FailedEntryCount"] == 0
    assert inputs(machine) == []
    assert ("The rule rule could not deliver an event to" in caplog.text) == ("machine" in gone)


UNDELIVERABLE = {
    "a queue that is not there": ("arn:aws:sqs:us-east-1:{account}:gone", {}, "NO_RESOURCE"),
    "a topic that is not there": ("arn:aws:sns:us-east-1:{account}:gone", {}, "NO_RESOURCE"),
    "a log group that is not there": ("arn:aws:logs:us-east-1:{account}:log-group:gone", {}, "NO_RESOURCE"),
    "a bus that is not there": ("arn:aws:events:us-east-1:{account}:event-bus/gone", {}, "NO_RESOURCE"),
    "a stream that is not there": ("arn:aws:kinesis:us-east-1:{account}:stream/gone", {}, "NO_RESOURCE"),
    "a state machine that is not there": ("arn:aws:states:us-east-1:{account}:stateMachine:gone", {}, "NO_RESOURCE"),
    "a function that is not there": ("arn:aws:lambda:us-east-1:{account}:function:gone", {}, "NO_RESOURCE"),
    "a path that is none": ("{machine}", {"InputPath": "$.["}, "INVALID_PARAMETER"),
    "a kind that moto lacks": ("arn:aws:batch:us-east-1:{account}:job-queue/any", {}, "INTERNAL_ERROR"),
}


@pytest.fixture
def dead_letters(dynastep):
    """Make a queue; its ARN, and a way to see what is in it."""
    sqs = dynastep.client("sqs")
    url = sqs.create_queue(QueueName="dead")["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]

    def read():
        received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"])
        return received.get("Messages", [])

    return attributes["QueueArn"], read


@pytest.mark.parametrize(("arn", "target", "code"), UNDELIVERABLE.values(), ids=UNDELIVERABLE)
def test_an_event_that_cannot_be_delivered_touches_no_execution(
    dynastep, create, rule, dead_letters, caplog, arn, target, code
):
    machine, (dead, read) = create("watched"), dead_letters
    other = create("other")
    rule(
        about(machine),
        arn.format(account=dynastep.account, machine=other),
        **target,
        DeadLetterConfig={"Arn": dead},
    )
    start = {"StateMachineArn": machine, "Input": {}}
    task = {"Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync:2", "Parameters": start}
    execution = dynastep.run({"StartAt": "Child", "States": {"Child": {**task, "End": True}}})
    assert (execution.status, execution.output["Status"]) == ("SUCCEEDED", "SUCCEEDED")
    messages = read()
    assert [json.loads(each["Body"])["detail"]["status"] for each in messages] == ["RUNNING", "SUCCEEDED"]
    said = {name: value["StringValue"] for name, value in messages[0]["MessageAttributes"].items()}
    assert (said["ERROR_CODE"], said["RETRY_ATTEMPTS"]) == (code, "0")
    assert said["RULE_ARN"].endswith(":rule/rule")
    assert "The rule rule could not deliver an event to" in caplog.text
    listed = dynastep.client("cloudwatch").list_metrics(Namespace="AWS/Events")["Metrics"]
    metrics = {"FailedInvocations", "Invocations", "InvocationsSentToDlq", "TriggeredRules"}
    assert {metric["MetricName"] for metric in listed} == metrics


def test_a_dead_letter_queue_that_is_not_there_is_told_in_the_log(dynastep, create, rule, caplog):
    gone = f"arn:aws:sqs:us-east-1:{dynastep.account}:gone"
    rule(about(create("watched")), gone, DeadLetterConfig={"Arn": f"{gone}-too"})
    assert dynastep.run(f"arn:aws:states:us-east-1:{dynastep.account}:stateMachine:watched").status == "SUCCEEDED"
    assert f"Nor did the dead-letter queue {gone}-too take it" in caplog.text


def test_one_target_that_fails_does_not_keep_the_event_from_the_next(dynastep, create, inputs):
    events, machine = dynastep.client("events"), create("target")
    events.put_rule(Name="rule", EventPattern=json.dumps({"source": ["shop"]}))
    gone = f"arn:aws:sqs:us-east-1:{dynastep.account}:gone"
    targets = [
        {"Id": "a", "Arn": gone},
        {"Id": "b", "Arn": machine, "RoleArn": "arn:aws:iam::123456789012:role/r", "InputPath": "$.detail.id"},
    ]
    events.put_targets(Rule="rule", Targets=targets)
    assert events.put_events(Entries=[EVENT])["FailedEntryCount"] == 0
    assert inputs(machine) == ["7"]


def test_topics_and_streams_get_events(dynastep, rule):
    sns, sqs, kinesis = (dynastep.client(name) for name in ("sns", "sqs", "kinesis"))
    topic = sns.create_topic(Name="news")["TopicArn"]
    url = sqs.create_queue(QueueName="heard")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue, Attributes={"RawMessageDelivery": "true"})
    kinesis.create_stream(StreamName="events", ShardCount=1)
    stream = kinesis.describe_stream_summary(StreamName="events")["StreamDescriptionSummary"]["StreamARN"]
    for arn, more in ((topic, {}), (stream, {"KinesisParameters": {"PartitionKeyPath": "$.detail.id"}})):
        rule({"source": ["shop"]}, arn, InputPath="$.detail.id", **more)
        dynastep.client("events").put_events(Entries=[EVENT])
    assert [each["Body"] for each in sqs.receive_message(QueueUrl=url)["Messages"]] == ['"7"']
    shard = kinesis.list_shards(StreamARN=stream)["Shards"][0]["ShardId"]
    at = {"StreamName": "events", "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON"}
    iterator = kinesis.get_shard_iterator(**at)["ShardIterator"]
    assert [
        (each["Data"], each["PartitionKey"]) for each in kinesis.get_records(ShardIterator=iterator)["Records"]
    ] == [(b'"7"', "7")]
