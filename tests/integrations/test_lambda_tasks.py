"""Lambda functions as Tasks: by ARN, by ``lambda:invoke``."""

from __future__ import annotations

import json
import re
from datetime import datetime, timezone
from decimal import Decimal

import pytest
from outcomes import details, failure, own

from dynastep import Later

UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


class Sold(Exception):
    """An error of a function's own."""


def test_a_function_gets_the_input_and_its_payload_is_the_output(dynastep, call):
    function = dynastep.function("echo", lambda event: {"got": event})
    execution = call(function, given={"a": [1, 2.5, None, "ü"]})
    assert execution.output == {"got": {"a": [1, 2.5, None, "ü"]}}
    assert [event["type"] for event in execution.history] == [
        *("ExecutionStarted", "TaskStateEntered"),
        *("LambdaFunctionScheduled", "LambdaFunctionStarted", "LambdaFunctionSucceeded"),
        *("TaskStateExited", "ExecutionSucceeded"),
    ]
    assert details(execution, "LambdaFunctionScheduled")["resource"] == function


def test_lambda_invoke_wraps_the_payload_in_the_answer_of_the_service(dynastep, call):
    dynastep.function("echo", lambda event: {"got": event})
    parameters = {"FunctionName": "echo", "Payload.$": "$"}
    execution = call("lambda:invoke", parameters, {"a": 1})
    assert list(execution.output) == [
        "ExecutedVersion",
        "Payload",
        "SdkHttpMetadata",
        "SdkResponseMetadata",
        "StatusCode",
    ]
    assert own(execution.output) == {"ExecutedVersion": "$LATEST", "Payload": {"got": {"a": 1}}, "StatusCode": 200}
    headers = execution.output["SdkHttpMetadata"]["HttpHeaders"]
    assert (headers["X-Amz-Executed-Version"], headers["Content-Length"]) == ("$LATEST", str(len('{"got": {"a": 1}}')))


@pytest.mark.parametrize(
    "name",
    [
        *("echo", "echo:$LATEST", "function:echo"),
        *("ACCOUNT:function:echo", "ACCOUNT:function:echo:$LATEST", "ARN", "ARN:$LATEST"),
    ],
)
def test_a_function_has_all_the_names_that_lambda_takes(dynastep, call, name):
    arn = dynastep.function("echo", lambda _: "here")
    name = name.replace("ARN", arn).replace("ACCOUNT", dynastep.account)
    assert call("lambda:invoke", {"FunctionName": name}).output["Payload"] == "here"


@pytest.mark.parametrize(
    ("function", "payload"),
    [
        (lambda _: None, None),
        (lambda _: "ü", "ü"),
        (lambda _: {"whole": Decimal(2), "part": Decimal("1.5")}, {"whole": 2, "part": 1.5}),
        (lambda _: {1: (2, 3)}, {"1": [2, 3]}),
        (lambda _: b'{"raw":1}', {"raw": 1}),
        (lambda event, context: [event, context.function_name], [{"a": 1}, "work"]),
        (lambda event, context=None: context.function_version, "$LATEST"),
        (lambda *arguments: len(arguments), 2),
        (lambda event: Later(after=1, value=event["a"]), 1),
    ],
)
@pytest.mark.parametrize("directly", [True, False])
def test_what_a_function_may_take_and_answer(dynastep, call, function, payload, directly):
    arn = dynastep.function("work", function)
    if directly:
        assert call(arn, given={"a": 1}).output == payload
    else:
        output = call("lambda:invoke", {"FunctionName": arn, "Payload": {"a": 1}}).output
        assert output["Payload"] == payload


def test_a_function_that_changes_its_event_changes_nothing_else(dynastep, call):
    def spoil(event):
        event["list"].clear()

    execution = call(dynastep.function("spoil", spoil), given={"list": [1]}, ResultPath=None)
    assert execution.output == {"list": [1]}


def test_the_context_says_who_is_called(dynastep, call):
    seen = []
    arn = dynastep.function("work", lambda _, context: seen.append(context))
    call(arn)
    (context,) = seen
    assert (context.function_name, context.invoked_function_arn, context.function_version) == ("work", arn, "$LATEST")
    assert context.log_group_name == "/aws/lambda/work"
    assert context.memory_limit_in_mb == "128"
    assert context.get_remaining_time_in_millis() > 0
    assert re.fullmatch(UUID, context.aws_request_id)


def test_an_exception_is_the_error_and_its_payload_the_cause_as_it_was_written_or_written_anew(dynastep, call):
    def sell(_event):
        raise Sold("nothing left, naïve")

    arn = dynastep.function("sell", sell)
    written = (
        json.dumps,
        lambda value: json.dumps(value, separators=(",", ":"), ensure_ascii=False),
    )
    executions = (call(arn), call("lambda:invoke", {"FunctionName": "sell"}))
    for execution, write in zip(executions, written, strict=True):
        assert (execution.status, execution.error) == ("FAILED", "Sold")
        payload = json.loads(execution.cause)
        assert list(payload) == ["errorMessage", "errorType", "requestId", "stackTrace"]
        assert (payload["errorMessage"], payload["errorType"]) == ("nothing left, naïve", "Sold")
        assert re.fullmatch(UUID, payload["requestId"])
        (frame,) = payload["stackTrace"]
        assert re.match(r'  File ".*test_lambda_tasks\.py", line \d+, in sell\n    raise Sold', frame)
        assert execution.cause == write(payload)


def test_an_exception_without_a_message_has_an_empty_one(dynastep, call):
    def sell(_event):
        raise Sold

    assert json.loads(call(dynastep.function("sell", sell)).cause)["errorMessage"] == ""


@pytest.mark.parametrize(
    ("value", "kind"), [({1}, "set"), (datetime(2026, 1, 1, tzinfo=timezone.utc), "datetime"), (object(), "object")]
)
def test_an_answer_that_is_no_json_is_a_marshal_error(dynastep, call, value, kind):
    for number, function in enumerate((lambda _: value, lambda _: Later(after=1, value=value))):
        execution = call(dynastep.function(f"work-{number}", function))
        assert execution.error == "Runtime.MarshalError"
        payload = json.loads(execution.cause)
        assert payload["errorMessage"] == f"Unable to marshal response: Object of type {kind} is not JSON serializable"
        assert payload["stackTrace"] == []


def test_later_is_an_answer_after_time_in_the_machine(dynastep, call):
    execution = call(dynastep.function("work", lambda _: Later(after=90, value={"price": 12})))
    assert (execution.output, execution.elapsed) == ({"price": 12}, 90)


def test_later_may_fail(dynastep, call):
    execution = call(dynastep.function("work", lambda _: Later(after=90, error=Sold("out"))))
    assert (execution.status, execution.error, execution.elapsed) == ("FAILED", "Sold", 90)
    assert json.loads(execution.cause)["errorMessage"] == "out"


@pytest.mark.parametrize(("limit", "status", "elapsed"), [(4, "FAILED", 4), (6, "SUCCEEDED", 5)])
@pytest.mark.parametrize("directly", [True, False])
def test_a_function_that_takes_longer_than_the_task_may_times_out(dynastep, call, limit, status, elapsed, directly):
    arn = dynastep.function("work", lambda _: Later(after=5, value=1))
    resource, parameters = (arn, None) if directly else ("lambda:invoke", {"FunctionName": arn})
    execution = call(resource, parameters, TimeoutSeconds=limit)
    assert (execution.status, execution.elapsed) == (status, elapsed)
    if status == "FAILED":
        assert (execution.error, execution.cause) == ("States.Timeout", None)
        about = {} if directly else {"resourceType": "lambda", "resource": "invoke"}
        event = "LambdaFunctionTimedOut" if directly else "TaskTimedOut"
        assert details(execution, event) == {**about, "error": "States.Timeout"}


def test_a_function_that_does_not_exist(dynastep, call):
    arn = f"arn:aws:lambda:us-east-1:{dynastep.account}:function:none"
    said = (
        f"Function not found: {arn}:$LATEST (Service: AWSLambda; Status Code: 404; Error Code: "
        "ResourceNotFoundException; Request ID: ...; Proxy: null)"
    )
    for execution in (call(arn), call("lambda:invoke", {"FunctionName": "none"})):
        assert failure(execution) == ("Lambda.ResourceNotFoundException", said)


@pytest.mark.parametrize(("size", "status"), [(262144, "SUCCEEDED"), (262145, "FAILED")])
def test_a_payload_has_256_kib_at_most(dynastep, call, size, status):
    arn = dynastep.function("work", lambda _: "x" * (size - 2))
    execution = call(arn)
    assert execution.status == status
    if status == "FAILED":
        assert execution.error == "States.DataLimitExceeded"
        assert execution.cause == (
            f"The state/task '{arn}' returned a result with a size exceeding the maximum number of bytes service limit."
        )


def test_a_large_answer_of_lambda_invoke_is_named_after_the_service(dynastep, call):
    dynastep.function("work", lambda _: "x" * 262144)
    execution = call("lambda:invoke", {"FunctionName": "work"})
    assert execution.cause == (
        "The state/task 'lambda' returned a result with a size exceeding the maximum number of bytes service limit."
    )


def test_an_asynchronous_invocation_does_not_wait_for_the_payload(dynastep, call):
    dynastep.function("work", lambda _: "never seen")
    execution = call("lambda:invoke", {"FunctionName": "work", "InvocationType": "Event"})
    assert execution.status == "FAILED" or (execution.output["StatusCode"], execution.output.get("Payload")) != (
        200,
        "never seen",
    )


def test_a_function_may_use_the_emulator_itself(dynastep, call, table):
    def count(_event):
        dynastep.client("dynamodb").put_item(TableName=table, Item={"id": {"S": "seen"}})
        return dynastep.client("dynamodb").scan(TableName=table)["Count"]

    assert call(dynastep.function("count", count)).output == 1
