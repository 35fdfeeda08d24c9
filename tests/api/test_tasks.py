"""Tasks: what each integration sends, answers and says when it fails, as a state machine sees it."""

from __future__ import annotations

import json
import re
from datetime import datetime, timezone
from decimal import Decimal

import pytest

from emulator import Later
from emulator.faults import Fault

OPTIMIZED = "arn:aws:states:::"
SDK = "arn:aws:states:::aws-sdk:"
UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


@pytest.fixture
def call(dynastep):
    """Run a machine of one Task: ``call(resource, parameters, TimeoutSeconds=3)``."""

    def run(resource, parameters=None, given=None, **fields):
        state = {"Type": "Task", "Resource": resource, "End": True, **fields}
        if parameters is not None:
            state["Parameters"] = parameters
        return dynastep.run({"StartAt": "Call", "States": {"Call": state}}, given)

    return run


@pytest.fixture
def table(dynastep):
    dynastep.client("dynamodb").create_table(
        TableName="items",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return "items"


def failure(execution):
    """Error and cause of a failed execution, request ids aside."""
    assert execution.status == "FAILED", execution
    return execution.error, re.sub(r"(Request ID: )[^;,)]*", r"\1...", execution.cause)


def own(output):
    """An answer without what the SDK adds."""
    assert output["SdkHttpMetadata"]["HttpStatusCode"] == 200
    assert output["SdkResponseMetadata"].keys() == {"RequestId"}
    return {name: value for name, value in output.items() if not name.startswith("Sdk")}


def details(execution, event_type):
    (event,) = [event for event in execution.history if event["type"] == event_type]
    return next(value for name, value in event.items() if name.endswith("EventDetails"))


# DynamoDB, optimized


def test_the_four_operations_of_dynamodb(call, table):
    key = {"id": {"S": "a"}}
    assert (
        own(call(f"{OPTIMIZED}dynamodb:putItem", {"TableName": table, "Item": {**key, "n": {"N": "1"}}}).output) == {}
    )
    read = call(f"{OPTIMIZED}dynamodb:getItem", {"TableName": table, "Key": key})
    assert own(read.output) == {"Item": {"id": {"S": "a"}, "n": {"N": "1"}}}
    update = {"UpdateExpression": "SET n = n + :one", "ExpressionAttributeValues": {":one": {"N": "1"}}}
    changed = call(
        f"{OPTIMIZED}dynamodb:updateItem", {"TableName": table, "Key": key, **update, "ReturnValues": "UPDATED_NEW"}
    )
    assert own(changed.output) == {"Attributes": {"n": {"N": "2"}}}
    gone = call(f"{OPTIMIZED}dynamodb:deleteItem", {"TableName": table, "Key": key, "ReturnValues": "ALL_OLD"})
    assert own(gone.output) == {"Attributes": {"id": {"S": "a"}, "n": {"N": "2"}}}
    assert own(call(f"{OPTIMIZED}dynamodb:getItem", {"TableName": table, "Key": key}).output) == {}


def test_an_optimized_answer_has_the_headers_of_the_call(call, table):
    output = call(f"{OPTIMIZED}dynamodb:getItem", {"TableName": table, "Key": {"id": {"S": "a"}}}).output
    http = output["SdkHttpMetadata"]
    assert http["AllHttpHeaders"] == {name: [value] for name, value in http["HttpHeaders"].items()}
    assert http["HttpHeaders"]["x-amzn-requestid"] == output["SdkResponseMetadata"]["RequestId"]
    assert http["HttpHeaders"]["Date"] == "Thu, 01 Jan 2026 00:00:00 GMT"


def test_a_task_shows_its_service_and_action_in_its_events(call, table):
    execution = call(f"{OPTIMIZED}dynamodb:getItem", {"TableName": table, "Key": {"id": {"S": "a"}}})
    about = {"resourceType": "dynamodb", "resource": "getItem"}
    assert details(execution, "TaskScheduled") == {
        **about,
        "region": "us-east-1",
        "parameters": '{"TableName":"items","Key":{"id":{"S":"a"}}}',
    }
    assert details(execution, "TaskStarted") == about
    assert details(execution, "TaskSucceeded").keys() == {*about, "output", "outputDetails"}


@pytest.mark.parametrize(
    ("action", "parameters", "code", "message"),
    [
        (
            "getItem",
            {"TableName": "none", "Key": {"id": {"S": "a"}}},
            "ResourceNotFoundException",
            "Requested resource not found",
        ),
        (
            "getItem",
            {"TableName": "items", "Key": {"id": {"N": "1"}}},
            "ValidationException",
            "The provided key element does not match the schema",
        ),
        (
            "putItem",
            {"TableName": "items", "Item": {"id": {"S": "a"}}, "ConditionExpression": "attribute_exists(id)"},
            "ConditionalCheckFailedException",
            "The conditional request failed",
        ),
    ],
)
def test_an_error_of_an_optimized_integration_has_the_form_of_the_first_sdk(
    call, table, action, parameters, code, message
):
    name = "AmazonDynamoDBException" if code == "ValidationException" else code
    about = f"Service: AmazonDynamoDBv2; Status Code: 400; Error Code: {code}; Request ID: ...; Proxy: null"
    assert failure(call(f"{OPTIMIZED}dynamodb:{action}", parameters)) == (f"DynamoDB.{name}", f"{message} ({about})")


@pytest.mark.parametrize(
    ("action", "parameters", "code", "message"),
    [
        (
            "describeTable",
            {"TableName": "none"},
            "ResourceNotFoundException",
            "Requested resource not found: Table: none not found",
        ),
        (
            "getItem",
            {"TableName": "items", "Key": {"id": {"N": "1"}}},
            "DynamoDbException",
            "The provided key element does not match the schema",
        ),
    ],
)
def test_an_error_of_an_aws_sdk_integration_has_the_form_of_the_second_sdk(
    call, table, action, parameters, code, message
):
    assert failure(call(f"{SDK}dynamodb:{action}", parameters)) == (
        f"DynamoDb.{code}",
        f"{message} (Service: DynamoDb, Status Code: 400, Request ID: ...)",
    )


# Lambda


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
    execution = call(f"{OPTIMIZED}lambda:invoke", parameters, {"a": 1})
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
    assert call(f"{OPTIMIZED}lambda:invoke", {"FunctionName": name}).output["Payload"] == "here"


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
        output = call(f"{OPTIMIZED}lambda:invoke", {"FunctionName": arn, "Payload": {"a": 1}}).output
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
    executions = (call(arn), call(f"{OPTIMIZED}lambda:invoke", {"FunctionName": "sell"}))
    for execution, write in zip(executions, written, strict=True):
        assert (execution.status, execution.error) == ("FAILED", "Sold")
        payload = json.loads(execution.cause)
        assert list(payload) == ["errorMessage", "errorType", "requestId", "stackTrace"]
        assert (payload["errorMessage"], payload["errorType"]) == ("nothing left, naïve", "Sold")
        assert re.fullmatch(UUID, payload["requestId"])
        (frame,) = payload["stackTrace"]
        assert re.match(r'  File ".*test_tasks\.py", line \d+, in sell\n    raise Sold', frame)
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
    resource, parameters = (arn, None) if directly else (f"{OPTIMIZED}lambda:invoke", {"FunctionName": arn})
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
    for execution in (call(arn), call(f"{OPTIMIZED}lambda:invoke", {"FunctionName": "none"})):
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
    execution = call(f"{OPTIMIZED}lambda:invoke", {"FunctionName": "work"})
    assert execution.cause == (
        "The state/task 'lambda' returned a result with a size exceeding the maximum number of bytes service limit."
    )


def test_an_asynchronous_invocation_does_not_wait_for_the_payload(dynastep, call):
    dynastep.function("work", lambda _: "never seen")
    execution = call(f"{OPTIMIZED}lambda:invoke", {"FunctionName": "work", "InvocationType": "Event"})
    assert execution.status == "FAILED" or (execution.output["StatusCode"], execution.output.get("Payload")) != (
        200,
        "never seen",
    )


def test_a_function_may_use_the_emulator_itself(dynastep, call, table):
    def count(_event):
        dynastep.client("dynamodb").put_item(TableName=table, Item={"id": {"S": "seen"}})
        return dynastep.client("dynamodb").scan(TableName=table)["Count"]

    assert call(dynastep.function("count", count)).output == 1


# Nested executions

CHILD = {"StartAt": "Make", "States": {"Make": {"Type": "Pass", "Result": {"made": [1]}, "End": True}}}
TIRED = {"StartAt": "Give up", "States": {"Give up": {"Type": "Fail", "Error": "Tired", "Cause": "It was late."}}}
SLOW = {"StartAt": "Pause", "States": {"Pause": {"Type": "Wait", "Seconds": 30, "End": True}}}


def test_starting_an_execution_answers_at_once(dynastep, call, create):
    child = create("child", SLOW)
    execution = call(f"{OPTIMIZED}states:startExecution", {"StateMachineArn": child, "Name": "first"})
    arn = f"arn:aws:states:us-east-1:{dynastep.account}:execution:child:first"
    assert own(execution.output) == {"ExecutionArn": arn, "StartDate": 1767225600000}
    assert execution.elapsed == 0
    ended = dynastep.client("stepfunctions").describe_execution(executionArn=arn)
    assert (ended["status"], (ended["stopDate"] - ended["startDate"]).total_seconds()) == ("SUCCEEDED", 30)


@pytest.mark.parametrize(("suffix", "shown"), [(".sync", json.dumps), (".sync:2", lambda value: value)])
def test_a_task_waits_for_the_execution_it_starts(dynastep, call, create, suffix, shown):
    child = create("child", {"StartAt": "Pause", "States": {**SLOW["States"]}})
    request = {"StateMachineArn": child, "Name": "first", "Input": {"a": [1]}}
    execution = call(f"{OPTIMIZED}states:startExecution{suffix}", request)
    text = (lambda value: shown(value, separators=(",", ":"))) if suffix == ".sync" else shown
    assert execution.output == {
        "ExecutionArn": f"arn:aws:states:us-east-1:{dynastep.account}:execution:child:first",
        "Input": text({"a": [1]}),
        "InputDetails": {"Included": True},
        "Name": "first",
        "Output": text({"a": [1]}),
        "OutputDetails": {"Included": True},
        "StartDate": 1767225600000,
        "StateMachineArn": child,
        "Status": "SUCCEEDED",
        "StopDate": 1767225630000,
    }
    assert execution.elapsed == 30
    assert [event["type"] for event in execution.history][2:6] == [
        *("TaskScheduled", "TaskStarted", "TaskSubmitted", "TaskSucceeded")
    ]
    submitted = json.loads(details(execution, "TaskSubmitted")["output"])
    assert own(submitted) == {"ExecutionArn": execution.output["ExecutionArn"], "StartDate": 1767225600000}


@pytest.mark.parametrize(
    ("definition", "members"),
    [
        (TIRED, {"Cause": "It was late.", "Error": "Tired", "Status": "FAILED"}),
        ({"StartAt": "End", "States": {"End": {"Type": "Fail"}}}, {"Status": "FAILED"}),
        ({**SLOW, "TimeoutSeconds": 3}, {"Status": "TIMED_OUT", "StopDate": 1767225603000}),
    ],
)
@pytest.mark.parametrize("suffix", [".sync", ".sync:2"])
def test_the_failure_of_a_child_is_the_description_of_it(dynastep, call, create, definition, members, suffix):
    child = create("child", definition)
    execution = call(f"{OPTIMIZED}states:startExecution{suffix}", {"StateMachineArn": child, "Name": "first"})
    assert (execution.status, execution.error) == ("FAILED", "States.TaskFailed")
    description = json.loads(execution.cause)
    assert execution.cause == json.dumps(description, separators=(",", ":"), sort_keys=True)
    assert description == {
        "ExecutionArn": f"arn:aws:states:us-east-1:{dynastep.account}:execution:child:first",
        "Input": "{}" if suffix == ".sync" else {},
        "InputDetails": {"Included": True},
        "Name": "first",
        "StartDate": 1767225600000,
        "StateMachineArn": child,
        "StopDate": 1767225600000,
        **members,
    }


@pytest.mark.parametrize(
    ("request_", "error", "message"),
    [
        (
            {"StateMachineArn": "CHILDx"},
            "StateMachineDoesNotExist",
            "State Machine Does Not Exist: 'CHILDx'",
        ),
        ({"StateMachineArn": "CHILD", "Name": "a b"}, "InvalidName", "Invalid Name: 'a b'"),
        (
            {"StateMachineArn": "CHILD", "Name": "taken"},
            "ExecutionAlreadyExists",
            "Execution Already Exists: 'TAKEN'",
        ),
        (
            {"StateMachineArn": "CHILD", "Input": "nope"},
            "InvalidExecutionInput",
            (
                "Invalid State Machine Execution Input: 'Unrecognized token 'nope': was expecting "
                "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')'"
            ),
        ),
    ],
)
@pytest.mark.parametrize("suffix", ["", ".sync", ".sync:2"])
def test_a_child_that_cannot_start_fails_the_task(dynastep, call, create, request_, error, message, suffix):
    child = create("child", CHILD)
    dynastep.run(child, name="taken")
    taken = f"arn:aws:states:us-east-1:{dynastep.account}:execution:child:taken"
    request = {name: value.replace("CHILD", child) for name, value in request_.items()}
    message = message.replace("CHILD", child).replace("TAKEN", taken)
    about = f"Service: AWSStepFunctions; Status Code: 400; Error Code: {error}; Request ID: ...; Proxy: null"
    assert failure(call(f"{OPTIMIZED}states:startExecution{suffix}", request)) == (
        f"StepFunctions.{error}Exception",
        f"{message} ({about})",
    )


def test_a_child_stops_with_its_parent(dynastep, create):
    states = dynastep.client("stepfunctions")
    dynastep.clock.mode = "manual"
    child = create("child", SLOW)
    call = {"Type": "Task", "Resource": f"{OPTIMIZED}states:startExecution.sync:2", "End": True}
    parent = create(
        "parent", {"StartAt": "Call", "States": {"Call": {**call, "Parameters": {"StateMachineArn": child}}}}
    )
    execution = states.start_execution(stateMachineArn=parent)["executionArn"]
    (started,) = states.list_executions(stateMachineArn=child)["executions"]
    assert started["status"] == "RUNNING"
    states.stop_execution(executionArn=execution)
    assert states.describe_execution(executionArn=started["executionArn"])["status"] == "ABORTED"


def test_a_child_stops_when_its_task_times_out(dynastep, call, create):
    child = create("child", SLOW)
    request = {"StateMachineArn": child, "Name": "first"}
    execution = call(f"{OPTIMIZED}states:startExecution.sync:2", request, TimeoutSeconds=5)
    assert (execution.error, execution.elapsed) == ("States.Timeout", 5)
    (started,) = dynastep.client("stepfunctions").list_executions(stateMachineArn=child)["executions"]
    assert (started["status"], (started["stopDate"] - started["startDate"]).total_seconds()) == ("ABORTED", 5)


@pytest.mark.parametrize("suffix", [".sync", ".sync:2"])
def test_waiting_for_an_express_execution_is_no_defect_of_the_emulator(call, create, suffix):
    child = create("child", CHILD, type="EXPRESS")
    execution = call(f"{OPTIMIZED}states:startExecution{suffix}", {"StateMachineArn": child})
    assert execution.error != "Dynastep.InternalError", execution.cause


def test_a_synchronous_express_execution_is_a_task_of_the_aws_sdk(call, create):
    child = create("child", SLOW, type="EXPRESS")
    request = {"StateMachineArn": child, "Name": "first", "Input": '{"a": 1}'}
    execution = call(f"{SDK}sfn:startSyncExecution", request)
    assert execution.status == "SUCCEEDED", execution.cause
    assert (execution.output["Status"], execution.output["Output"]) == ("SUCCEEDED", '{"a":1}')
    assert execution.elapsed == 30


def test_a_caught_failure_of_a_child_goes_on(dynastep, create):
    child = create("child", TIRED)
    call = {"Type": "Task", "Resource": f"{OPTIMIZED}states:startExecution.sync:2"}
    catch = [{"ErrorEquals": ["States.TaskFailed"], "Next": "Anyway"}]
    parameters = {"StateMachineArn": child}
    states = {
        "Call": {**call, "Parameters": parameters, "Catch": catch, "End": True},
        "Anyway": {"Type": "Pass", "Parameters": {"why.$": "States.StringToJson($.Cause)"}, "End": True},
    }
    execution = dynastep.run({"StartAt": "Call", "States": states})
    assert execution.output["why"]["Error"] == "Tired"


# aws-sdk: any service


def test_members_begin_with_a_capital_and_times_are_iso(call, create):
    machine = create("child", CHILD)
    output = call(f"{SDK}sfn:describeStateMachine", {"StateMachineArn": machine}).output
    assert output["CreationDate"] == "2026-01-01T00:00:00Z"
    assert output["LoggingConfiguration"] == {"Level": "OFF", "IncludeExecutionData": False}
    assert output.keys() >= {"StateMachineArn", "Name", "Definition", "RoleArn"}


def test_maps_keep_the_keys_that_they_have(call, table):
    item = {"id": {"S": "a"}, "camelCase": {"M": {"inner": {"Bool": True}}}, "blob": {"B": "aGVsbG8="}}
    assert call(f"{SDK}dynamodb:putItem", {"TableName": table, "Item": item}).output == {}
    assert call(f"{SDK}dynamodb:getItem", {"TableName": table, "Key": {"id": {"S": "a"}}}).output == {"Item": item}


def test_sqs_through_the_aws_sdk(dynastep, call):
    queue = dynastep.client("sqs").create_queue(QueueName="queue")["QueueUrl"]
    sent = call(f"{SDK}sqs:sendMessage", {"QueueUrl": queue, "MessageBody": "hello"}).output
    assert sent.keys() == {"Md5OfMessageBody", "MessageId"}
    (message,) = call(f"{SDK}sqs:receiveMessage", {"QueueUrl": queue}).output["Messages"]
    assert (message["Body"], message["MessageId"]) == ("hello", sent["MessageId"])


def test_s3_through_the_aws_sdk(dynastep, call):
    place = {"Bucket": f"bucket-{dynastep.account}", "Key": "k"}
    dynastep.client("s3").create_bucket(Bucket=place["Bucket"])
    written = call(f"{SDK}s3:putObject", {**place, "Body": {"a": ["ü"]}}).output
    assert written["ETag"].startswith('"')
    read = call(f"{SDK}s3:getObject", place).output
    assert (read["Body"], read["ETag"]) == ('{"a":["ü"]}', written["ETag"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z", read["LastModified"])
    assert read["ContentLength"] == len('{"a":["ü"]}'.encode())


def test_services_of_many_kinds_through_the_aws_sdk(dynastep, call):
    secret = call(f"{SDK}secretsmanager:createSecret", {"Name": "s", "SecretString": "hush"}).output
    assert call(f"{SDK}secretsmanager:getSecretValue", {"SecretId": secret["Arn"]}).output["SecretString"] == "hush"
    call(f"{SDK}ssm:putParameter", {"Name": "p", "Value": "v", "Type": "String"})
    assert call(f"{SDK}ssm:getParameter", {"Name": "p"}).output["Parameter"]["Value"] == "v"
    topic = call(f"{SDK}sns:createTopic", {"Name": "news"}).output["TopicArn"]
    assert call(f"{SDK}sns:publish", {"TopicArn": topic, "Message": "m"}).output.keys() == {"MessageId"}
    assert call(f"{SDK}ec2:describeVpcs").output["Vpcs"][0]["CidrBlock"] == "172.31.0.0/16"
    assert call(f"{SDK}sts:getCallerIdentity").output["Account"] == dynastep.account


@pytest.mark.parametrize(
    ("action", "parameters", "error", "cause"),
    [
        (
            "s3:getObject",
            {"Bucket": "no-such-bucket", "Key": "k"},
            "S3.NoSuchBucketException",
            (
                "The specified bucket does not exist "
                "(Service: S3, Status Code: 404, Request ID: ..., Extended Request ID: ...)"
            ),
        ),
        (
            "sqs:sendMessage",
            {"QueueUrl": "http://sqs.us-east-1.amazonaws.com/000000000000/none", "MessageBody": "m"},
            "Sqs.QueueDoesNotExistException",
            "The specified queue does not exist. (Service: Sqs, Status Code: 400, Request ID: ...)",
        ),
        (
            "secretsmanager:createSecret",
            {"Name": "taken", "SecretString": "x"},
            "SecretsManager.ResourceExistsException",
            (
                "The operation failed because the secret taken already exists. (Service: SecretsManager, Status Code: "
                "400, Request ID: ...)"
            ),
        ),
        (
            "ssm:getParameter",
            {"Name": "none"},
            "Ssm.ParameterNotFoundException",
            "Parameter none not found. (Service: Ssm, Status Code: 400, Request ID: ...)",
        ),
        (
            "ec2:describeInstances",
            {"InstanceIds": ["i-1"]},
            "Ec2.Ec2Exception",
            "The instance ID 'i-1' does not exist (Service: Ec2, Status Code: 400, Request ID: ...)",
        ),
        (
            "sfn:startExecution",
            {"StateMachineArn": "arn:aws:states:us-east-1:111122223333:stateMachine:none"},
            "Sfn.StateMachineDoesNotExistException",
            (
                "State Machine Does Not Exist: 'arn:aws:states:us-east-1:111122223333:stateMachine:none' "
                "(Service: Sfn, Status Code: 400, Request ID: ...) (SDK Attempt Count: 1)"
            ),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and value.count(":") == 1 and " " not in value else "",
)
def test_an_error_of_a_service_through_the_aws_sdk(dynastep, call, action, parameters, error, cause):
    dynastep.client("secretsmanager").create_secret(Name="taken", SecretString="x")
    assert failure(call(f"{SDK}{action}", parameters)) == (error, cause)


def test_a_registered_function_is_a_function_of_the_lambda_service(dynastep, call):
    arn = dynastep.function("work", lambda event: {"got": event})
    execution = call(f"{SDK}lambda:invoke", {"FunctionName": arn, "Payload": {"a": 1}})
    assert execution.status == "SUCCEEDED", execution.cause
    assert json.loads(execution.output["Payload"]) == {"got": {"a": 1}}


# What is not there


@pytest.mark.parametrize(
    "resource",
    [
        "arn:aws:states:::dynamodb:query",
        "arn:aws:states:::sqs:sendMessage.sync",
        "arn:aws:states:::tea:brew",
        "arn:aws:states:::aws-sdk:dynamodb:brewTea",
        "arn:aws:states:::aws-sdk:tea:brew",
        "arn:aws:states:::aws-sdk:sqs:sendMessage.sync",
        "arn:aws:s3:::bucket",
    ],
)
def test_a_resource_that_aws_does_not_have_is_refused_at_creation(call, resource):
    with pytest.raises(Fault) as raised:
        call(resource, {})
    assert str(raised.value) == (
        f"InvalidDefinition: Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: The resource provided "
        f"{resource} is not recognized. The value is not a valid resource ARN, or the resource is not available in "
        "this region. at /States/Call/Resource'"
    )
