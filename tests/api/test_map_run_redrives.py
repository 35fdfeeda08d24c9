"""Redrives of Map Runs: what has failed, and what was never started, runs again; what has succeeded does not.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/redrive-map-run.html
"""

from __future__ import annotations

import json
from collections import Counter

import pytest

ROLE = "arn:aws:iam::123456789012:role/runner"
BUCKET = "data"


class Flaky:
    """Fails for the items that it is told to, until it is mended."""

    def __init__(self, *bad):
        self.bad = set(bad)
        self.calls = Counter()

    def __call__(self, item):
        self.calls[item] += 1
        if item in self.bad:
            raise ValueError(item)
        return item * 10


@pytest.fixture
def s3(dynastep):
    client = dynastep.client("s3")
    client.create_bucket(Bucket=BUCKET)
    return client


@pytest.fixture
def run(dynastep):
    """Run a Distributed Map whose children call a function; the execution."""

    def start(work, items, execution_type="STANDARD", **fields):
        states = {"Do": {"Type": "Task", "Resource": dynastep.function("work", work), "End": True}}
        config = {"Mode": "DISTRIBUTED", "ExecutionType": execution_type}
        processor = {"ProcessorConfig": config, "StartAt": "Do", "States": states}
        state = {"Type": "Map", "ItemProcessor": processor, "End": True, **fields}
        return dynastep.run({"StartAt": "Map", "States": {"Map": state}}, items)

    return start


@pytest.fixture
def redrive(states):
    """Redrive an execution, to its end; what DescribeExecution says then."""

    def go(execution):
        states.redrive_execution(executionArn=execution.arn)
        return states.describe_execution(executionArn=execution.arn)

    return go


@pytest.fixture
def map_run(states):
    """The only Map Run of an execution."""

    def find(execution):
        (listed,) = states.list_map_runs(executionArn=execution.arn)["mapRuns"]
        return states.describe_map_run(mapRunArn=listed["mapRunArn"])

    return find


def counted(described, kind="itemCounts"):
    return {name: count for name, count in described[kind].items() if count}


def events(states, arn):
    return [
        (event["id"], event["previousEventId"], event["type"])
        for event in states.get_execution_history(executionArn=arn)["events"]
    ]


def test_only_what_has_failed_runs_again(states, run, redrive, map_run):
    work = Flaky(2)
    execution = run(work, [1, 2, 3], MaxConcurrency=1, ToleratedFailureCount=0)
    assert counted(map_run(execution)) == {"pending": 1, "succeeded": 1, "failed": 1, "total": 3, "resultsWritten": 3}
    work.bad.clear()
    described = redrive(execution)
    assert (described["status"], json.loads(described["output"])) == ("SUCCEEDED", [10, 20, 30])
    assert work.calls == {1: 1, 2: 2, 3: 1}
    after = map_run(execution)
    assert (after["status"], after["redriveCount"]) == ("SUCCEEDED", 1)
    assert counted(after) == {"succeeded": 3, "total": 3, "resultsWritten": 3}
    assert after["redriveDate"] == described["redriveDate"]


def test_the_events_of_a_redriven_map_run(states, run, redrive):
    work = Flaky(1)
    execution = run(work, [1])
    work.bad.clear()
    redrive(execution)
    assert events(states, execution.arn) == [
        (1, 0, "ExecutionStarted"),
        (2, 0, "MapStateEntered"),
        (3, 2, "MapStateStarted"),
        (4, 3, "MapRunStarted"),
        (5, 4, "MapRunFailed"),
        (6, 5, "MapStateFailed"),
        (7, 6, "ExecutionFailed"),
        (8, 7, "ExecutionRedriven"),
        (9, 3, "MapRunRedriven"),
        (10, 9, "MapRunSucceeded"),
        (11, 10, "MapStateSucceeded"),
        (12, 10, "MapStateExited"),
        (13, 12, "ExecutionSucceeded"),
    ]
    redriven = states.get_execution_history(executionArn=execution.arn)["events"][8]
    run_arn = states.list_map_runs(executionArn=execution.arn)["mapRuns"][0]["mapRunArn"]
    assert redriven["mapRunRedrivenEventDetails"] == {"mapRunArn": run_arn, "redriveCount": 1}
    (child,) = states.list_executions(mapRunArn=run_arn)["executions"]
    assert child["redriveCount"] == 1
    history = states.get_execution_history(executionArn=child["executionArn"])["events"]
    assert [event["type"] for event in history][5:] == [
        "ExecutionFailed",
        "ExecutionRedriven",
        "LambdaFunctionScheduled",
        "LambdaFunctionStarted",
        "LambdaFunctionSucceeded",
        "TaskStateExited",
        "ExecutionSucceeded",
    ]


def test_express_children_start_again_under_the_same_arn(states, run, redrive, map_run):
    work = Flaky(2)
    execution = run(work, [1, 2], execution_type="EXPRESS")
    before = states.list_executions(mapRunArn=map_run(execution)["mapRunArn"])["executions"]
    work.bad.clear()
    assert json.loads(redrive(execution)["output"]) == [10, 20]
    after = states.list_executions(mapRunArn=map_run(execution)["mapRunArn"])["executions"]
    assert [child["executionArn"] for child in after] == [child["executionArn"] for child in before]
    assert [child["redriveCount"] for child in after] == [1, 0]
    assert states.describe_execution(executionArn=after[0]["executionArn"])["redriveCount"] == 1


def test_what_cannot_start_at_once_is_pending_redrive(dynastep, states, map_run):
    choose = {"Variable": "$$.Execution.RedriveCount", "NumericEquals": 0, "Next": "Fail"}
    inner = {
        "Do": {"Type": "Wait", "Seconds": 10, "Next": "Choose"},
        "Choose": {"Type": "Choice", "Choices": [choose], "Default": "Done"},
        "Fail": {"Type": "Fail"},
        "Done": {"Type": "Succeed"},
    }
    config = {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}
    processor = {"ProcessorConfig": config, "StartAt": "Do", "States": inner}
    state = {"Type": "Map", "ItemProcessor": processor, "MaxConcurrency": 3, "End": True}
    execution = dynastep.run({"StartAt": "Map", "States": {"Map": state}}, [1, 2, 3])
    assert execution.status == "FAILED"
    dynastep.clock.mode = "manual"
    states.update_map_run(mapRunArn=map_run(execution)["mapRunArn"], maxConcurrency=1)
    states.redrive_execution(executionArn=execution.arn)
    waiting = map_run(execution)
    assert counted(waiting) == {"running": 1, "pendingRedrive": 2, "total": 3, "resultsWritten": 3}
    listed = states.list_executions(mapRunArn=waiting["mapRunArn"], statusFilter="PENDING_REDRIVE")["executions"]
    assert len(listed) == 2
    assert states.describe_execution(executionArn=listed[0]["executionArn"])["status"] == "PENDING_REDRIVE"
    states.stop_execution(executionArn=execution.arn)
    assert counted(map_run(execution)) == {"running": 1, "failed": 2, "total": 3, "resultsWritten": 3}


def test_children_that_were_stopped_with_their_parent_go_on(dynastep, states, map_run):
    dynastep.clock.mode = "manual"
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "Do",
        "States": {"Do": {"Type": "Wait", "Seconds": 10, "End": True}},
    }
    definition = {
        "StartAt": "Map",
        "States": {"Map": {"Type": "Map", "ItemProcessor": processor, "MaxConcurrency": 1, "End": True}},
    }
    made = states.create_state_machine(name="waiting", definition=json.dumps(definition), roleArn=ROLE)
    arn = states.start_execution(stateMachineArn=made["stateMachineArn"], input="[1, 2]")["executionArn"]
    states.stop_execution(executionArn=arn)
    states.redrive_execution(executionArn=arn)
    dynastep.clock.advance(10)
    dynastep.clock.advance(10)
    assert json.loads(states.describe_execution(executionArn=arn)["output"]) == [1, 2]


def test_a_reader_that_has_failed_reads_anew(s3, states, run, redrive, map_run):
    reader = {
        "Resource": "arn:aws:states:::s3:getObject",
        "Parameters": {"Bucket": BUCKET, "Key": "items.json"},
        "ReaderConfig": {"InputType": "JSON"},
    }
    execution = run(Flaky(), {}, ItemReader=reader)
    assert execution.error == "States.ItemReaderFailed"
    s3.put_object(Bucket=BUCKET, Key="items.json", Body=b"[1, 2]")
    assert json.loads(redrive(execution)["output"]) == [10, 20]
    assert map_run(execution)["redriveCount"] == 1


def test_a_redrive_exports_into_a_folder_of_its_own(s3, states, run, redrive, map_run):
    writer = {
        "Resource": "arn:aws:states:::s3:putObject",
        "Parameters": {"Bucket": BUCKET, "Prefix": "out"},
        "WriterConfig": {"Transformation": "COMPACT", "OutputType": "JSON"},
    }
    work = Flaky(2)
    execution = run(work, [1, 2, 3], MaxConcurrency=1, ResultWriter=writer)
    work.bad.clear()
    details = json.loads(redrive(execution)["output"])["ResultWriterDetails"]
    folder = f"out/{map_run(execution)['mapRunArn'].rpartition(':')[2]}"
    assert details == {"Bucket": BUCKET, "Key": f"{folder}/Redrive-1/manifest.json"}

    def content(key):
        return json.loads(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read())

    first, second = content(f"{folder}/manifest.json"), content(f"{folder}/Redrive-1/manifest.json")
    assert {status: len(files) for status, files in first["ResultFiles"].items()} == {
        "FAILED": 1,
        "PENDING": 1,
        "SUCCEEDED": 1,
    }
    assert {status: len(files) for status, files in second["ResultFiles"].items()} == {
        "FAILED": 0,
        "PENDING": 0,
        "SUCCEEDED": 2,
    }
    assert [content(file["Key"]) for file in second["ResultFiles"]["SUCCEEDED"]] == [[10], [20, 30]]


def test_a_result_that_was_too_large_starts_another_map_run(states, run):
    execution = run(lambda item: item * 100_000, ["x", "x", "x"])
    assert execution.error == "States.DataLimitExceeded"
    states.redrive_execution(executionArn=execution.arn)
    assert states.describe_execution(executionArn=execution.arn)["status"] == "FAILED"
    runs = states.list_map_runs(executionArn=execution.arn)["mapRuns"]
    assert [states.describe_map_run(mapRunArn=each["mapRunArn"])["redriveCount"] for each in runs] == [0, 0]


def test_items_that_could_not_be_made_start_another_map_run(s3, states, run):
    s3.put_object(Bucket=BUCKET, Key="items.json", Body=b'[{"n": 1}, {}]')
    reader = {
        "Resource": "arn:aws:states:::s3:getObject",
        "Parameters": {"Bucket": BUCKET, "Key": "items.json"},
        "ReaderConfig": {"InputType": "JSON"},
    }
    execution = run(Flaky(), {}, ItemReader=reader, ItemSelector={"n.$": "$$.Map.Item.Value.n"})
    assert execution.error == "States.Runtime"
    assert [event["type"] for event in execution.history[-3:]] == ["MapRunFailed", "MapStateFailed", "ExecutionFailed"]
    states.redrive_execution(executionArn=execution.arn)
    states.describe_execution(executionArn=execution.arn)
    assert len(states.list_map_runs(executionArn=execution.arn)["mapRuns"]) == 2


def test_a_retrier_starts_another_map_run(states, run):
    work = Flaky(1)
    retry = [{"ErrorEquals": ["States.ExceedToleratedFailureThreshold"], "MaxAttempts": 1}]
    execution = run(work, [1, 2], MaxConcurrency=1, Retry=retry)
    assert execution.status == "FAILED"
    assert work.calls == {1: 2}
    assert len(states.list_map_runs(executionArn=execution.arn)["mapRuns"]) == 2
    kinds = [event["type"] for event in execution.history]
    assert kinds[2:] == ["MapStateStarted", "MapRunStarted", "MapRunFailed"] * 2 + ["MapStateFailed", "ExecutionFailed"]


def test_a_redrive_that_fails_again_can_be_redriven_again(states, run, redrive, map_run):
    work = Flaky(1, 2)
    execution = run(work, [1, 2], MaxConcurrency=1, ToleratedFailureCount=1)
    assert execution.status == "FAILED"
    work.bad = {2}
    described = redrive(execution)
    assert described["status"] == "SUCCEEDED"
    assert (work.calls, map_run(execution)["redriveCount"]) == ({1: 2, 2: 2}, 1)


def test_a_child_that_failed_too_long_ago_stays_as_it_is(dynastep, states, redrive, map_run):
    work = Flaky(0, 1_300_000)
    states_of_child = {
        "Later": {"Type": "Wait", "SecondsPath": "$", "Next": "Do"},
        "Do": {"Type": "Task", "Resource": dynastep.function("work", work), "End": True},
    }
    config = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    processor = {"ProcessorConfig": config, "StartAt": "Later", "States": states_of_child}
    state = {"Type": "Map", "ItemProcessor": processor, "ToleratedFailureCount": 1, "End": True}
    execution = dynastep.run({"StartAt": "Map", "States": {"Map": state}}, [0, 1_300_000])
    assert execution.status == "FAILED"
    before = map_run(execution)
    assert counted(before) == {"failed": 2, "failuresNotRedrivable": 1, "total": 2, "resultsWritten": 2}
    listed = states.list_executions(mapRunArn=before["mapRunArn"])["executions"]
    described = [states.describe_execution(executionArn=each["executionArn"]) for each in listed]
    assert {each["input"]: each["redriveStatus"] for each in described} == {
        "0": "NOT_REDRIVABLE",
        "1300000": "REDRIVABLE_BY_MAP_RUN",
    }
    work.bad.clear()
    assert redrive(execution)["status"] == "SUCCEEDED"
    assert work.calls == {0: 1, 1_300_000: 2}
