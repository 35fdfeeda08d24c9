"""Durable functions: AWS's own SDK runs in a function's process, and its executions go on by the clock."""

from __future__ import annotations

import json
import sys

import pytest

pytest.importorskip("aws_durable_execution_sdk_python")

HEAD = """
import json, boto3
from aws_durable_execution_sdk_python import DurableContext, StepContext, durable_execution, durable_step
from aws_durable_execution_sdk_python.config import *
from aws_durable_execution_sdk_python.retries import *

"""


@pytest.fixture
def durable(functions):
    """Make a durable function of the body of its handler; invoke it and wait."""

    def make(source, name="work", **config):
        functions.create(
            HEAD + source,
            name,
            f"python3.{sys.version_info.minor}",
            Timeout=60,
            DurableConfig={"ExecutionTimeout": 31_622_400, "RetentionPeriodInDays": 7, **config},
        )

    return make


@pytest.fixture
def client(functions):
    return functions.client


def run(client, event=None, name="work", **parameters):
    return client.invoke(FunctionName=name, Qualifier="$LATEST", Payload=json.dumps(event), **parameters)


def value(answer):
    return json.loads(answer["Payload"].read())


def kinds(client, arn):
    events = client.get_durable_execution_history(DurableExecutionArn=arn, IncludeExecutionData=True)["Events"]
    return [event["EventType"] for event in events if event["EventType"] != "InvocationCompleted"]


WAITS = """
@durable_step
def greet(step_context: StepContext, name: str) -> str:
    boto3.client("sqs").create_queue(QueueName="greeted")
    return f"Hello {name}"

@durable_execution
def handler(event, context: DurableContext):
    first = context.step(greet(event["name"]), name="greet")
    context.wait(Duration.from_days(30), name="month")
    return {"said": first}
"""


def test_a_month_passes_at_once(dynastep, durable, client):
    durable(WAITS)
    before = dynastep.clock.now()
    answer = run(client, {"name": "Ann"})
    assert value(answer) == {"said": "Hello Ann"}
    assert dynastep.clock.now() - before == 30 * 86_400
    arn = answer["DurableExecutionArn"]
    assert arn.startswith(f"arn:aws:lambda:us-east-1:{dynastep.account}:function:work:$LATEST/durable-execution/")
    assert kinds(client, arn) == [
        *("ExecutionStarted", "StepStarted", "StepSucceeded", "WaitStarted", "WaitSucceeded", "ExecutionSucceeded"),
    ]
    shown = client.get_durable_execution(DurableExecutionArn=arn)
    assert (shown["Status"], json.loads(shown["Result"]), json.loads(shown["InputPayload"])) == (
        *("SUCCEEDED", {"said": "Hello Ann"}, {"name": "Ann"}),
    )
    assert (shown["EndTimestamp"] - shown["StartTimestamp"]).days == 30


RETRIES = """
@durable_execution
def handler(event, context: DurableContext):
    tries = []
    def flaky(step_context):
        queues = boto3.client("sqs")
        count = len(queues.list_queues().get("QueueUrls", []))
        queues.create_queue(QueueName=f"q{count}")
        if count < event["failures"]:
            raise ValueError(f"attempt {count}")
        return count
    strategy = create_retry_strategy(RetryStrategyConfig(
        max_attempts=3, initial_delay=Duration.from_seconds(100), backoff_rate=2, jitter_strategy=JitterStrategy.NONE))
    return context.step(flaky, name="flaky", config=StepConfig(retry_strategy=strategy))
"""


def test_a_step_is_tried_again_after_its_pauses(dynastep, durable, client):
    durable(RETRIES)
    before = dynastep.clock.now()
    assert value(run(client, {"failures": 2})) == 2
    assert dynastep.clock.now() - before == 100 + 200


def test_a_step_that_fails_for_good_fails_the_execution(durable, client):
    durable(RETRIES)
    answer = run(client, {"failures": 9})
    assert answer["FunctionError"] == "Unhandled"
    said = value(answer)
    assert said["errorMessage"] == "attempt 2"
    arn = answer["DurableExecutionArn"]
    assert client.get_durable_execution(DurableExecutionArn=arn)["Status"] == "FAILED"
    assert kinds(client, arn).count("StepFailed") == 3


CALLBACK = """
@durable_execution
def handler(event, context: DurableContext):
    config = CallbackConfig(timeout=Duration.from_hours(1), heartbeat_timeout=Duration.from_minutes(event["minutes"]))
    callback = context.create_callback(name="approval", config=config)
    return {"answer": callback.result()}
"""


@pytest.fixture
def callback(client, durable):
    """An execution that waits for a callback: its ARN, and the id of the callback."""
    durable(CALLBACK)

    def begin(minutes=10):
        arn = run(client, {"minutes": minutes}, InvocationType="Event")["DurableExecutionArn"]
        client.get_function(FunctionName="work")
        while True:
            events = client.get_durable_execution_history(DurableExecutionArn=arn)["Events"]
            for event in events:
                if event["EventType"] == "CallbackStarted":
                    return arn, event["CallbackStartedDetails"]["CallbackId"]

    return begin


def end(dynastep, client, arn):
    while (shown := client.get_durable_execution(DurableExecutionArn=arn))["Status"] == "RUNNING":
        dynastep.clock.advance(1)
    return shown


def test_a_callback_is_answered(dynastep, callback, client):
    arn, identifier = callback()
    dynastep.clock.advance(500)
    client.send_durable_execution_callback_heartbeat(CallbackId=identifier)
    dynastep.clock.advance(500)
    client.send_durable_execution_callback_success(CallbackId=identifier, Result=b'"yes"')
    shown = end(dynastep, client, arn)
    assert (shown["Status"], json.loads(shown["Result"])) == ("SUCCEEDED", {"answer": '"yes"'})
    with pytest.raises(client.exceptions.ResourceNotFoundException, match="is not active"):
        client.send_durable_execution_callback_success(CallbackId=identifier, Result=b"1")


def test_a_callback_fails(dynastep, callback, client):
    arn, identifier = callback()
    error = {"ErrorType": "No", "ErrorMessage": "not today"}
    client.send_durable_execution_callback_failure(CallbackId=identifier, Error=error)
    shown = end(dynastep, client, arn)
    assert (shown["Status"], shown["Error"]["ErrorMessage"]) == ("FAILED", "not today")


@pytest.mark.parametrize(("minutes", "seconds", "words"), [(10, 601, "heartbeat"), (120, 3601, "timed out")])
def test_a_callback_times_out(dynastep, callback, client, minutes, seconds, words):
    arn, identifier = callback(minutes)
    dynastep.clock.advance(seconds - 2)
    assert client.get_durable_execution(DurableExecutionArn=arn)["Status"] == "RUNNING"
    dynastep.clock.advance(2)
    shown = end(dynastep, client, arn)
    assert shown["Status"] == "FAILED"
    assert words in shown["Error"]["ErrorMessage"]
    with pytest.raises(client.exceptions.CallbackTimeoutException):
        client.send_durable_execution_callback_heartbeat(CallbackId=identifier)


PARALLEL = """
@durable_execution
def handler(event, context: DurableContext):
    def branch(days):
        def work(child):
            child.wait(Duration.from_days(days), name=f"wait{days}")
            return child.step(lambda _: days, name=f"step{days}")
        return work
    found = context.parallel([branch(days) for days in (1, 2, 3)], name="all")
    doubled = context.map([1, 2], lambda child, item, index, items: child.step(lambda _: item * 2), name="double")
    return [found.get_results(), doubled.get_results()]
"""


def test_branches_wait_side_by_side(dynastep, durable, client):
    durable(PARALLEL)
    before = dynastep.clock.now()
    assert value(run(client)) == [[1, 2, 3], [2, 4]]
    assert dynastep.clock.now() - before == 3 * 86_400


CONDITION = """
from aws_durable_execution_sdk_python.waits import WaitForConditionConfig, WaitForConditionDecision

@durable_execution
def handler(event, context: DurableContext):
    def decide(state, attempt):
        if state >= 3:
            return WaitForConditionDecision.stop_polling()
        return WaitForConditionDecision.continue_waiting(Duration.from_hours(1))
    config = WaitForConditionConfig(wait_strategy=decide, initial_state=0)
    return context.wait_for_condition(check=lambda state, _: state + 1, config=config, name="poll")
"""


def test_a_condition_is_polled_on_the_clock(dynastep, durable, client):
    durable(CONDITION)
    before = dynastep.clock.now()
    assert value(run(client)) == 3
    assert dynastep.clock.now() - before == 2 * 3600


CHAIN = """
@durable_execution
def handler(event, context: DurableContext):
    try:
        return {"child": context.invoke(event["function"], {"n": 1}, name="call")}
    except Exception as error:
        return {"error": str(error)}
"""


def test_a_function_invokes_another_and_waits(dynastep, functions, durable, client):
    durable(CHAIN)
    functions.create(
        "def handler(event, context):\n    return event['n'] + 1", "plain", f"python3.{sys.version_info.minor}"
    )
    functions.create(
        "def handler(event, context):\n    raise ValueError('no')", "bad", f"python3.{sys.version_info.minor}"
    )
    durable(
        "@durable_execution\ndef handler(event, context):\n    context.wait(Duration.from_days(1))\n    return 'slow'",
        "slow",
    )
    assert value(run(client, {"function": "plain"})) == {"child": 2}
    assert value(run(client, {"function": "slow:$LATEST"})) == {"child": "slow"}
    assert "no" in value(run(client, {"function": "bad"}))["error"]
    assert "not found" in value(run(client, {"function": "none"}))["error"]


def test_a_machine_invokes_a_durable_function(dynastep, durable):
    durable(WAITS)
    call = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": "work:$LATEST", "Payload": {"name": "Bo"}},
        "OutputPath": "$.Payload",
        "End": True,
    }
    run_ = dynastep.run({"StartAt": "Call", "States": {"Call": call}})
    assert run_.output == {"said": "Hello Bo"}


def test_one_execution_of_a_name(durable, client):
    durable(WAITS)
    first = run(client, {"name": "Ann"}, DurableExecutionName="one")
    again = run(client, {"name": "Ann"}, DurableExecutionName="one")
    assert first["DurableExecutionArn"] == again["DurableExecutionArn"]
    with pytest.raises(client.exceptions.DurableExecutionAlreadyStartedException):
        run(client, {"name": "Bo"}, DurableExecutionName="one")
    listed = client.list_durable_executions_by_function(FunctionName="work", Statuses=["SUCCEEDED"])[
        "DurableExecutions"
    ]
    assert [each["DurableExecutionName"] for each in listed] == ["one"]
    assert (
        client.list_durable_executions_by_function(FunctionName="work", Statuses=["FAILED"])["DurableExecutions"] == []
    )


def test_an_execution_is_stopped(dynastep, callback, client):
    arn, _ = callback()
    client.stop_durable_execution(DurableExecutionArn=arn, Error={"ErrorMessage": "enough"})
    shown = client.get_durable_execution(DurableExecutionArn=arn)
    assert (shown["Status"], shown["Error"]) == ("STOPPED", {"ErrorMessage": "enough"})
    client.delete_durable_execution(DurableExecutionArn=arn)
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_durable_execution(DurableExecutionArn=arn)


def test_an_execution_times_out_and_is_forgotten(dynastep, durable, client):
    durable(WAITS, ExecutionTimeout=3600, RetentionPeriodInDays=1)
    answer = run(client, {"name": "Ann"})
    assert answer["FunctionError"] == "Unhandled"
    arn = answer["DurableExecutionArn"]
    assert client.get_durable_execution(DurableExecutionArn=arn)["Status"] == "TIMED_OUT"
    dynastep.clock.advance(86_401)
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_durable_execution(DurableExecutionArn=arn)


def test_versions_go_on_with_their_own_code(dynastep, functions, durable, client):
    source = (
        "@durable_execution\ndef handler(event, context):\n    context.wait(Duration.from_days(1))\n    return {number}"
    )
    durable(source.replace("{number}", "1"))
    version = client.publish_version(FunctionName="work")["Version"]
    answer = client.invoke(FunctionName="work", Qualifier=version, Payload=b"{}")
    assert (value(answer), answer["ExecutedVersion"]) == (1, version)
    assert f":function:work:{version}/durable-execution/" in answer["DurableExecutionArn"]


def test_what_is_refused(functions, durable, client):
    durable(WAITS)
    with pytest.raises(client.exceptions.InvalidParameterValueException, match="unqualified ARN"):
        client.invoke(FunctionName="work")
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_durable_execution(
            DurableExecutionArn="arn:aws:lambda:us-east-1:1:function:f:1/durable-execution/a/b".replace(
                ":1:f", ":111122223333:f"
            )
        )
    names = ("pause_durable_execution", "resume_durable_execution")
    for operation in [getattr(client, name) for name in names if hasattr(client, name)]:  # an older botocore has none
        with pytest.raises(client.exceptions.ClientError) as refusal:
            operation(DurableExecutionArn="arn:aws:lambda:us-east-1:111122223333:function:f:1/durable-execution/a/b")
        name = refusal.value.operation_name
        assert refusal.value.response["Error"]["Message"] == f"Dynastep has not built {name} of Lambda yet"
    assert client.get_function_configuration(FunctionName="work")["DurableConfig"]["RetentionPeriodInDays"] == 7
    functions.create("def handler(event, context): pass", "plain")
    with pytest.raises(client.exceptions.InvalidParameterValueException):
        client.update_function_configuration(FunctionName="plain", DurableConfig={"ExecutionTimeout": 10})
    for name, given in [
        ("TenancyConfig", {"TenantIsolationMode": "PER_TENANT"}),
        (
            "CapacityProviderConfig",
            {"LambdaManagedInstancesCapacityProviderConfig": {"CapacityProviderArn": CAPACITY}},
        ),
    ]:
        with pytest.raises(client.exceptions.ClientError, match=name):
            functions.create("def handler(event, context): pass", "other", **{name: given})


CAPACITY = "arn:aws:lambda:us-east-1:111122223333:capacity-provider:c"


RUNNERS = {
    "waits": (WAITS.replace('boto3.client("sqs").create_queue(QueueName="greeted")', "pass"), {"name": "Ann"}),
    "branches": (PARALLEL, None),
    "conditions": (CONDITION, None),
    "failing": ("@durable_execution\ndef handler(event, context):\n    raise ValueError('no')", None),
    "nested": (
        """
@durable_execution
def handler(event, context: DurableContext):
    def inner(child):
        child.wait(Duration.from_seconds(1), name="second")
        return [child.step(lambda _: n, name=f"s{n}") for n in range(3)]
    return context.run_in_child_context(inner, name="inner")
""",
        None,
    ),
    "a map whose failures are tolerated": (
        """
def half(context, item, index, items):
    if item == 3:
        raise ValueError(f"{item} is odd")
    return context.step(lambda _: item * 10, name=f"tenfold-{index}")

@durable_execution
def handler(event, context: DurableContext):
    completion = CompletionConfig(tolerated_failure_count=1)
    config = MapConfig(max_concurrency=1, completion_config=completion)
    batch = context.map([1, 2, 3, 4], half, name="items", config=config)
    return [batch.success_count, batch.failure_count, batch.completion_reason.value, batch.get_results()]
""",
        None,
    ),
    "the first branch that succeeds": (
        """
@durable_execution
def handler(event, context: DurableContext):
    def failing(branch):
        raise ValueError("never")
    config = ParallelConfig(max_concurrency=1, completion_config=CompletionConfig.first_successful())
    branches = [lambda branch, n=n: branch.step(lambda _: n, name=f"s{n}") for n in range(3)]
    return context.parallel(branches, name="race", config=config).get_results()
""",
        None,
    ),
    "a step that backs off": (
        """
tried = []

@durable_step
def flaky(step: StepContext):
    raise RuntimeError("not yet")

@durable_execution
def handler(event, context: DurableContext):
    retries = RetryStrategyConfig(max_attempts=3, initial_delay=Duration.from_seconds(2), backoff_rate=3.0)
    config = StepConfig(retry_strategy=create_retry_strategy(retries))
    try:
        context.step(flaky(), name="flaky", config=config)
    except Exception as error:
        return context.step(lambda _: f"made up for {type(error).__name__}", name="made-up")
""",
        None,
    ),
    "a step of which at most one attempt is made": (
        """
@durable_execution
def handler(event, context: DurableContext):
    config = StepConfig(step_semantics=StepSemantics.AT_MOST_ONCE_PER_RETRY)
    return context.step(lambda _: "once", name="once", config=config)
""",
        None,
    ),
    "contexts within contexts and waits between": (
        """
@durable_execution
def handler(event, context: DurableContext):
    def leaf(context):
        context.wait(Duration.from_minutes(5), name="leaf-wait")
        return "leaf"
    def branch(context):
        context.wait(Duration.from_hours(1), name="branch-wait")
        return [context.run_in_child_context(leaf, name="leaf"), context.step(lambda _: "beside", name="beside")]
    return context.run_in_child_context(branch, name="branch")
""",
        None,
    ),
    "a context with more than a checkpoint takes": (
        """
@durable_execution
def handler(event, context: DurableContext):
    def large(context):
        return "".join(context.step(lambda _: "x" * 60_000, name=f"part-{n}") for n in range(5))
    text = context.run_in_child_context(large, name="large")
    context.wait(Duration.from_seconds(1), name="after")
    return len(text)
""",
        None,
    ),
    "many steps": (
        """
@durable_execution
def handler(event, context: DurableContext):
    return sum(context.step(lambda _, n=n: n, name=f"step-{n:03d}") for n in range(60))
""",
        None,
    ),
    "steps without names, with text beyond ASCII": (
        """
@durable_execution
def handler(event, context: DurableContext):
    context.wait(Duration.from_seconds(1))
    return context.step(lambda _: {"said": event["said"] + " \u20ac\U0001f600"})
""",
        {"said": "h\u00e9"},
    ),
    "an error that nobody catches in a context": (
        """
@durable_execution
def handler(event, context: DurableContext):
    def inner(context):
        raise KeyError("inner")
    return context.run_in_child_context(inner, name="inner")
""",
        None,
    ),
}


def shape(operations):
    """Operations as both runners show them."""
    return sorted(
        (
            *(each.operation_type.value, each.name or "", each.status.value, getattr(each, "attempt", 0)),
            str(getattr(each, "result", None)),
            shape(getattr(each, "child_operations", None) or []),
        )
        for each in operations
    )


@pytest.mark.parametrize("name", RUNNERS)
def test_aws_s_own_runners_agree_on_an_execution(dynastep, durable, monkeypatch, name):
    runners = pytest.importorskip("aws_durable_execution_sdk_python_testing.runner")
    source, given = RUNNERS[name]
    durable(source)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", dynastep.account)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
    deployed = runners.DurableFunctionCloudTestRunner("work:$LATEST", "us-east-1", dynastep.url, poll_interval=0.05)
    ours = deployed.run(input=given)
    deployed.lambda_client.close()
    module = {}
    exec(HEAD + source, module)
    with runners.DurableFunctionTestRunner(handler=module["handler"], skip_time=True) as local:
        theirs = local.run(input=json.dumps(given))
    local._scheduler._loop.close()  # AWS's runner leaves it open
    assert (ours.status, ours.result) == (theirs.status, theirs.result)
    assert shape(ours.operations) == shape(theirs.operations)
    assert getattr(ours.error, "message", None) == getattr(theirs.error, "message", None)
