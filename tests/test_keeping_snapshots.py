"""Snapshots: what a test takes is what the next one finds, whatever has happened meanwhile."""

import io
import json
import os
import pickle
import zipfile

import pytest
import requests
from botocore.exceptions import ClientError

from emulator.keeping.pickling import dump
from emulator.keeping.snapshots import UnknownSnapshot, read, written
from emulator.keeping.state import State

WAIT = {
    "StartAt": "W",
    "States": {"W": {"Type": "Wait", "Seconds": 60, "Next": "P"}, "P": {"Type": "Pass", "End": True}},
}


def test_tables_are_as_they_were(dynastep):
    table = dynastep.resource("dynamodb").create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[
            {"AttributeName": "k", "AttributeType": "S"},
            {"AttributeName": "g", "AttributeType": "S"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by_g",
                "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )
    table.put_item(Item={"k": "1", "g": "x"})
    arn = table.latest_stream_arn
    dynastep.snapshot()
    table.put_item(Item={"k": "2", "g": "x"})
    table.delete_item(Key={"k": "1"})
    dynastep.client("dynamodb").create_table(
        TableName="other",
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    for _ in range(2):
        dynastep.restore()
        assert dynastep.client("dynamodb").list_tables()["TableNames"] == ["orders"]
        assert table.scan()["Items"] == [{"k": "1", "g": "x"}]
        found = table.query(IndexName="by_g", KeyConditionExpression="g = :g", ExpressionAttributeValues={":g": "x"})
        assert found["Items"] == [{"k": "1", "g": "x"}]
        table.put_item(Item={"k": "3", "g": "x"})
        streams = dynastep.client("dynamodbstreams")
        shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
        iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
        records = streams.get_records(ShardIterator=iterator["ShardIterator"])["Records"]
        assert [record["dynamodb"]["Keys"]["k"]["S"] for record in records] == ["1", "3"]


def test_an_execution_goes_on_where_it_was(dynastep):
    started = dynastep.start(WAIT)
    dynastep.clock.advance(20)
    dynastep.snapshot()
    started.result()
    first = dynastep.client("stepfunctions").get_execution_history(executionArn=dynastep.execution_arns()[0])["events"]
    dynastep.restore()
    arn = dynastep.execution_arns()[0]
    sfn = dynastep.client("stepfunctions")
    before = dynastep.clock.now()
    assert sfn.describe_execution(executionArn=arn)["status"] == "SUCCEEDED"
    assert dynastep.clock.now() == before + 40
    again = sfn.get_execution_history(executionArn=arn)["events"]
    assert [event["type"] for event in again] == [event["type"] for event in first]
    assert [event["timestamp"] for event in again] == [event["timestamp"] for event in first]


def test_other_services_are_as_they_were(dynastep):
    sqs, s3 = dynastep.client("sqs"), dynastep.client("s3")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="kept")
    s3.create_bucket(Bucket="kept")
    s3.put_object(Bucket="kept", Key="k", Body=b"1")
    dynastep.snapshot("before")
    sqs.purge_queue(QueueUrl=url)
    s3.put_object(Bucket="kept", Key="k", Body=b"2")
    dynastep.restore("before")
    assert sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"] == "kept"
    assert s3.get_object(Bucket="kept", Key="k")["Body"].read() == b"1"


def test_a_file_has_it_all(dynastep):
    table = dynastep.resource("dynamodb").create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    table.put_item(Item={"k": "1", "data": b"\x00\xff", "n": 7})
    dynastep.client("sqs").create_queue(QueueName="q")
    dynastep.run({"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}, {"a": 1}, name="done")
    dynastep.start(WAIT, name="waits")
    dynastep.snapshot("all")
    file = requests.get(f"{dynastep.url}/_dynastep/snapshots/all/file").content
    requests.post(f"{dynastep.url}/_dynastep/reset")
    assert dynastep.client("dynamodb").list_tables()["TableNames"] == []

    assert requests.put(f"{dynastep.url}/_dynastep/snapshots/again/file", data=file).json() == {"status": "taken in"}
    dynastep.restore("again")
    done, waits = dynastep.executions()
    assert table.get_item(Key={"k": "1"})["Item"] == {"k": "1", "data": b"\x00\xff", "n": 7}
    assert len(dynastep.client("sqs").list_queues()["QueueUrls"]) == 1
    assert (done.status, done.output, waits.status) == ("SUCCEEDED", {"a": 1}, "RUNNING")


def _with_state(state: bytes, **about):
    known = json.loads(zipfile.ZipFile(io.BytesIO(written(_empty()))).read("about.json"))
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("about.json", json.dumps({**known, **about}))
        archive.writestr("state", state)
    return file.getvalue()


def _empty() -> State:
    return State(0.0, {}, {}, {}, {}, {}, {})


class _Runs:
    def __reduce__(self):
        return os.getpid, ()


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (b"no zip", "This is no file of a snapshot: File is not a zip file"),
        (_with_state(b"", format=0), "The snapshot has format 0; this version of Dynastep reads 2"),
        (_with_state(b"", moto="4.0"), "The snapshot was written with moto 4.0;"),
        (_with_state(pickle.dumps(_Runs())), "posix.getpid is nothing that Dynastep keeps"),
        (_with_state(pickle.dumps(print)), "builtins.print is nothing that Dynastep keeps"),
        (_with_state(b"\x80"), "UnpicklingError: pickle data was truncated"),
    ],
)
def test_a_file_that_is_none_is_refused(dynastep, file, said):
    answer = requests.put(f"{dynastep.url}/_dynastep/snapshots/x/file", data=file)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(said)


def _damaged(dynastep, how):
    """The file of a snapshot of everything, whose state somebody has changed."""
    file = requests.get(f"{dynastep.url}/_dynastep/snapshots/all/file").content
    state = read(file)
    how(state)
    return written(state)


def _first_execution(state):
    return next(iter(state.executions.values()))[0]


def _set(name, value):
    return lambda state: setattr(state, name, value)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        (lambda state: state.parts.pop("machines"), "the part machines is missing"),
        (
            lambda state: state.parts.update(stacks=b"\x80"),
            "the part stacks cannot be read: UnpicklingError: pickle data was truncated",
        ),
        (lambda state: state.parts.update(dynamodb=dump([], {})), "The state is damaged: AttributeError: "),
        (lambda state: state.parts.update(activities=dump(7, {})), "The state is damaged: AttributeError: "),
        (_set("now", "noon"), "The state is damaged: TypeError: "),
        (_set("items", {"nothing": 7}), "The state is damaged: TypeError: "),
        (_set("executions", 7), "The state is damaged: AttributeError: "),
        (lambda state: _first_execution(state).pop("rows"), "The state is damaged: KeyError: 'rows'"),
        (lambda state: _first_execution(state)["start"].pop("name"), "The state is damaged: TypeError: "),
        (lambda state: _first_execution(state).update(landed=[[]]), "The state is damaged: TypeError: "),
        (
            lambda state: state.backends.update(dict.fromkeys(state.backends, dump([], {}))),
            "The state is damaged: LookupError: moto has no backends of ",
        ),
        (
            lambda state: state.backends.update(dict.fromkeys(state.backends, b"")),
            "what ",
        ),
    ],
)
def test_a_file_that_is_damaged_is_refused_as_a_whole_and_changes_nothing(dynastep, how, said):
    dynastep.start(WAIT, name="waits")
    queue = dynastep.client("sqs").create_queue(QueueName="q")["QueueUrl"]
    dynastep.client("sqs").send_message(QueueUrl=queue, MessageBody="there")
    dynastep.snapshot("all")
    answer = requests.put(f"{dynastep.url}/_dynastep/snapshots/bad/file", data=_damaged(dynastep, how))
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(said)
    assert requests.post(f"{dynastep.url}/_dynastep/snapshots/bad/restore").status_code == 404
    assert [each.status for each in dynastep.executions()] == ["RUNNING"]
    assert dynastep.client("sqs").receive_message(QueueUrl=queue)["Messages"][0]["Body"] == "there"


def test_an_execution_that_was_changed_fails_and_says_so_and_the_others_go_on(dynastep):
    dynastep.start(WAIT, name="changed")
    dynastep.start(WAIT, name="waits")
    dynastep.snapshot("all")

    def change(state):
        running = next(each for of in state.executions.values() for each in of if each["start"]["name"] == "changed")
        layout, _, at, *values = running["rows"][0]
        running["rows"][0] = (layout, "no number", at, *values)

    file = _damaged(dynastep, change)
    assert requests.put(f"{dynastep.url}/_dynastep/snapshots/bad/file", data=file).status_code == 200
    dynastep.restore("bad")
    found = {each.arn.rpartition(":")[2]: each for each in dynastep.executions()}
    assert (found["changed"].status, found["changed"].error) == ("FAILED", "Dynastep.CannotGoOn")
    assert found["waits"].status == "RUNNING"


def test_names_are_names(dynastep):
    assert requests.post(f"{dynastep.url}/_dynastep/snapshots/a%20b").json() == {
        "error": "'a b' is no name of a snapshot: 1 to 128 letters, digits, '.', '_' and '-', the first a letter or digit"
    }
    dynastep.snapshot("one")
    answer = requests.post(f"{dynastep.url}/_dynastep/snapshots/two/restore")
    assert (answer.status_code, answer.json()["error"]) == (404, "There is no snapshot 'two'; there are: one.")
    assert requests.delete(f"{dynastep.url}/_dynastep/snapshots/one").json() == {"status": "removed"}
    with pytest.raises(UnknownSnapshot):
        dynastep.restore("one")


FLAKY = {
    "StartAt": "Each",
    "States": {
        "Each": {
            "Type": "Map",
            "ItemProcessor": {
                "StartAt": "Work",
                "States": {"Work": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": True}},
            },
            "End": True,
        }
    },
}


def test_what_had_failed_is_redriven_after_a_restore(dynastep):
    broken = [True]

    def work(event):
        if event["n"] == 2 and broken:
            raise ValueError("not yet")
        return event["n"]

    work_arn = dynastep.function("work", work)
    definition = json.loads(json.dumps(FLAKY).replace("arn:aws:states:::lambda:invoke", work_arn))
    failed = dynastep.run(definition, [{"n": 1}, {"n": 2}, {"n": 3}])
    assert failed.status == "FAILED"
    dynastep.snapshot()
    broken.clear()
    arn = dynastep.execution_arns()[0]
    sfn = dynastep.client("stepfunctions")
    sfn.redrive_execution(executionArn=arn)
    sfn.describe_execution(executionArn=arn)
    first = sfn.get_execution_history(executionArn=arn)["events"]
    dynastep.restore()
    assert sfn.describe_execution(executionArn=arn)["redriveStatus"] == "REDRIVABLE"
    sfn.redrive_execution(executionArn=arn)
    assert json.loads(sfn.describe_execution(executionArn=arn)["output"]) == [1, 2, 3]
    assert sfn.get_execution_history(executionArn=arn)["events"] == first


def test_what_had_failed_with_map_runs_is_redriven_after_a_restore_as_without(dynastep):
    broken = [True]

    def work(event):
        if event == 2 and broken:
            raise ValueError("not yet")
        return event

    distributed = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    definition = json.loads(
        json.dumps(FLAKY).replace("arn:aws:states:::lambda:invoke", dynastep.function("work", work))
    )
    definition["States"]["Each"]["ItemProcessor"]["ProcessorConfig"] = distributed
    failed = dynastep.run(definition, [1, 2, 3])
    assert failed.error == "States.ExceedToleratedFailureThreshold"
    sfn = dynastep.client("stepfunctions")
    assert sfn.describe_execution(executionArn=failed.arn)["redriveStatus"] == "REDRIVABLE"
    dynastep.snapshot()
    before = sfn.list_map_runs(executionArn=failed.arn)["mapRuns"]
    broken.clear()

    def redriven():
        sfn.redrive_execution(executionArn=failed.arn)
        described = sfn.describe_execution(executionArn=failed.arn)
        history = sfn.get_execution_history(executionArn=failed.arn)["events"]
        run = sfn.describe_map_run(mapRunArn=before[0]["mapRunArn"])
        children = sfn.list_executions(mapRunArn=before[0]["mapRunArn"])["executions"]
        histories = [sfn.get_execution_history(executionArn=each["executionArn"])["events"] for each in children]
        return described["output"], history, {**run, "ResponseMetadata": None}, children, histories

    without = redriven()
    assert json.loads(without[0]) == [1, 2, 3]
    dynastep.restore()
    assert sfn.list_map_runs(executionArn=failed.arn)["mapRuns"] == before
    assert sfn.describe_execution(executionArn=failed.arn)["redriveStatus"] == "REDRIVABLE"
    assert redriven() == without


def test_a_token_is_good_after_a_restore(dynastep):
    dynastep.function("ask", lambda event: None)
    parameters = {"FunctionName": "ask", "Payload": {"token.$": "$$.Task.Token"}}
    task = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken", "Parameters": parameters}
    started = dynastep.start({"StartAt": "Ask", "States": {"Ask": {**task, "End": True}}})
    started.advance_to("Ask")
    token = started.token("Ask").value
    dynastep.snapshot()
    started.stop()
    dynastep.restore()
    sfn = dynastep.client("stepfunctions")
    sfn.send_task_success(taskToken=token, output='{"by": "me"}')
    described = sfn.describe_execution(executionArn=dynastep.execution_arns()[0])
    assert (described["status"], json.loads(described["output"])) == ("SUCCEEDED", {"by": "me"})


def test_an_activity_is_offered_again(dynastep):
    sfn = dynastep.client("stepfunctions")
    arn = sfn.create_activity(name="work")["activityArn"]
    dynastep.start({"StartAt": "Do", "States": {"Do": {"Type": "Task", "Resource": arn, "End": True}}}, {"n": 1})
    dynastep.start({"StartAt": "Do", "States": {"Do": {"Type": "Task", "Resource": arn, "End": True}}}, {"n": 2})
    taken = sfn.get_activity_task(activityArn=arn, workerName="w")
    dynastep.snapshot()
    dynastep.restore()
    assert json.loads(sfn.get_activity_task(activityArn=arn)["input"]) == {"n": 2}
    sfn.send_task_success(taskToken=taken["taskToken"], output="1")
    first = dynastep.execution_arns()[0]
    assert sfn.describe_execution(executionArn=first)["output"] == "1"


def test_a_child_stays_its_parents(dynastep):
    child = dynastep.machine(WAIT)
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.sync:2",
        "Parameters": {"StateMachineArn": child, "Input": {"n": 1}},
        "OutputPath": "$.Output",
        "End": True,
    }
    parent = dynastep.start({"StartAt": "Child", "States": {"Child": task}})
    dynastep.clock.advance(10)
    dynastep.snapshot()
    whole = parent.result().output
    arns = dynastep.execution_arns()
    dynastep.restore()
    sfn = dynastep.client("stepfunctions")
    assert dynastep.execution_arns() == arns
    described = sfn.describe_execution(executionArn=arns[0])
    assert (described["status"], json.loads(described["output"])) == ("SUCCEEDED", whole)
    assert len(dynastep.execution_arns()) == 2


# Faults and mocks are the test's, and not part of what is restored.

RETRIED = {
    "StartAt": "Rest",
    "States": {
        "Rest": {"Type": "Wait", "Seconds": 60, "Next": "Put"},
        "Put": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sqs:sendMessage",
            "Parameters": {"QueueUrl.$": "$.url", "MessageBody": "hello"},
            "Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 3, "IntervalSeconds": 5}],
            "End": True,
        },
    },
}


@pytest.mark.parametrize("target", ["sqs:SendMessage", "Put"])
def test_faults_go_on_after_a_restore_as_without_one(dynastep, target):
    url = dynastep.client("sqs").create_queue(QueueName="q")["QueueUrl"]
    error = "OverLimit" if target == "Put" else "ThrottlingException"
    fault = dynastep.faults(target, error=error, times=2)
    started = dynastep.start(RETRIED, {"url": url})
    dynastep.snapshot()
    without = started.result()
    assert [event["type"] for event in without.history].count("TaskFailed") == 2
    assert fault.met == 3
    fault.stop()
    again = dynastep.faults(target, error=error, times=2)
    dynastep.restore()
    restored = dynastep.executions()[0]
    assert restored.status == "RUNNING"
    dynastep.settle()
    assert dynastep.executions()[0].history == without.history
    assert again.met == 3
    assert [hit.number for hit in again.hits] == [0, 1]


def test_a_fault_that_has_met_no_call_is_told_after_a_restore_too(dynastep):
    dynastep.snapshot()
    dynastep.faults("sqs:SendMessage", error="ThrottlingException")
    dynastep.restore()
    with pytest.raises(AssertionError, match="The fault of 'sqs:SendMessage' has met no call"):
        dynastep.check_mocks()


def test_a_snapshot_is_taken_and_restored_while_every_call_fails(dynastep):
    dynastep.client("sqs").create_queue(QueueName="q")
    dynastep.client("kms").create_key()
    with dynastep.faults("*:*", error="ServiceUnavailable", optional=True) as fault:
        dynastep.snapshot()
        dynastep.restore()
        assert fault.met == 0
        with pytest.raises(ClientError, match="ServiceUnavailable"):
            dynastep.client("sqs").list_queues()
    assert len(dynastep.client("sqs").list_queues()["QueueUrls"]) == 1


def test_a_task_that_a_fault_delays_is_called_once_more_and_meets_it_again(dynastep):
    url = dynastep.client("sqs").create_queue(QueueName="q")["QueueUrl"]
    fault = dynastep.faults("Put", delay=30)
    started = dynastep.start(RETRIED, {"url": url})
    dynastep.clock.advance(70)
    dynastep.snapshot()
    without = started.result()
    dynastep.restore()
    dynastep.settle()
    restored = dynastep.executions()[0]
    assert (restored.status, restored.path) == ("SUCCEEDED", without.path)
    assert fault.met == 2
    assert len(dynastep.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]) == 1
