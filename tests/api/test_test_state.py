"""TestState: one state on its own, with all that AWS tells of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emulator.wire.operations import service_model

INVOKE = "arn:aws:states:::lambda:invoke"
ROLE = "arn:aws:iam::123456789012:role/tester"
BRANCH = {"StartAt": "Inside", "States": {"Inside": {"Type": "Pass", "End": True}}}
MAPPING = {"Type": "Map", "ItemProcessor": BRANCH, "End": True}
DISTRIBUTED = {
    **MAPPING,
    "ItemProcessor": {**BRANCH, "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}},
}
WRITER = {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "b", "Prefix": "p"}}
BUSY = {"errorOutput": {"error": "Card.Busy", "cause": "gateway busy"}}


MOST_MEMORY = service_model("lambda").shape_for("MemorySize").metadata["max"]
"""Megabytes of a function; the model's, which AWS raises now and then."""


def task(**more: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": INVOKE, "Parameters": {"FunctionName": "f"}, "End": True, **more}


@pytest.fixture
def tested(dynastep):
    """Test a state; what is JSON in the answer is read."""
    client = dynastep.client("stepfunctions")

    def run(state: Any, input: Any = None, **request: Any) -> dict[str, Any]:  # noqa: A002 - the API's word
        for name in ("context", "variables"):
            if name in request:
                request[name] = json.dumps(request[name])
        if "result" in request.get("mock", {}):
            request["mock"] = {**request["mock"], "result": json.dumps(request["mock"]["result"])}
        answer = client.test_state(definition=json.dumps(state), input=json.dumps(input or {}), **request)
        del answer["ResponseMetadata"]
        inspected = answer.get("inspectionData", {})
        for data, names in ((answer, ("output",)), (inspected, inspected.keys() - NUMBERS)):
            data.update({name: json.loads(data[name]) for name in names if name in data})
        return answer

    return run


NUMBERS = {"errorDetails", "maxConcurrency", "toleratedFailureCount", "toleratedFailurePercentage"}


def refused(tested, *arguments: Any, **request: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as raised:
        tested(*arguments, **request)
    error = raised.value.response["Error"]
    return error["Code"], error["Message"]


ORDER = {"order": {"id": 7}}
INSPECTED = [
    pytest.param(
        {"Type": "Wait", "SecondsPath": "$.order.id", "Next": "Then"},
        {},
        {"afterInputPath": ORDER},
        id="a Wait shows its InputPath",
    ),
    pytest.param(
        {"Type": "Succeed", "InputPath": "$.order", "OutputPath": "$.id"},
        {},
        {"afterInputPath": {"id": 7}},
        id="a Succeed shows its InputPath, not its OutputPath",
    ),
    pytest.param(
        {"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% $states.input.order %}", "End": True},
        {},
        {},
        id="a Pass in JSONata shows its input only",
    ),
    pytest.param(
        task(
            InputPath="$.order",
            Parameters={"FunctionName": "f", "Payload.$": "$.id"},
            ResultSelector={"code.$": "$.StatusCode"},
            ResultPath="$.answer",
            OutputPath="$.answer",
        ),
        {"mock": {"result": {"StatusCode": 200}}},
        {
            "afterInputPath": {"id": 7},
            "afterParameters": {"FunctionName": "f", "Payload": 7},
            "result": {"StatusCode": 200},
            "afterResultSelector": {"code": 200},
            "afterResultPath": {**ORDER, "answer": {"code": 200}},
        },
        id="a Task shows every step of its data flow",
    ),
    pytest.param(
        {
            "Type": "Task",
            "QueryLanguage": "JSONata",
            "Resource": INVOKE,
            "Arguments": {"FunctionName": "f", "Payload": "{% $states.input.order.id %}"},
            "Output": "{% $states.result.StatusCode %}",
            "End": True,
        },
        {"mock": {"result": {"StatusCode": 200}}},
        {"afterArguments": {"FunctionName": "f", "Payload": 7}, "result": {"StatusCode": 200}},
        id="a Task in JSONata shows its arguments and its result",
    ),
    pytest.param(
        {"Type": "Parallel", "Branches": [BRANCH], "InputPath": "$.order", "ResultPath": "$.all", "End": True},
        {"mock": {"result": [1]}},
        {"afterResultSelector": [1], "afterResultPath": {**ORDER, "all": [1]}},
        id="a Parallel shows what follows its branches",
    ),
]


@pytest.mark.parametrize(("state", "request_"), [pytest.param(*case.values[:2], id=case.id) for case in INSPECTED])
def test_info_inspects_nothing(tested, state, request_):
    assert "inspectionData" not in tested(state, ORDER, roleArn=ROLE, **request_)


@pytest.mark.parametrize("level", ["DEBUG", "TRACE"])
@pytest.mark.parametrize(("state", "request_", "expected"), INSPECTED)
def test_a_state_shows_what_it_made_of_its_data(tested, level, state, request_, expected):
    answer = tested(state, ORDER, roleArn=ROLE, inspectionLevel=level, **request_)
    assert answer["inspectionData"] == {"input": ORDER, **expected}
    assert answer["status"] == "SUCCEEDED"


def test_variables_come_in_and_are_shown_with_what_the_state_assigns(tested):
    state = {"Type": "Pass", "Parameters": {"twice.$": "States.MathAdd($n, $n)"}, "Assign": {"m": 5}, "End": True}
    answer = tested(state, variables={"n": 4}, inspectionLevel="DEBUG")
    assert answer["output"] == {"twice": 8}
    assert answer["inspectionData"]["variables"] == {"n": 4, "m": 5}


RETRY = [
    {"ErrorEquals": ["Card.Gone"]},
    {"ErrorEquals": ["Card.Busy"], "IntervalSeconds": 2, "BackoffRate": 3, "MaxAttempts": 3, "MaxDelaySeconds": 10},
]
CATCH = [{"ErrorEquals": ["Other"], "Next": "A"}, {"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "B"}]


@pytest.mark.parametrize(("retries", "seconds"), [(0, 2), (1, 6), (2, 10)])
def test_retry_comes_before_catch(tested, retries, seconds):
    configuration = {"retrierRetryCount": retries}
    state = task(Retry=RETRY, Catch=CATCH)
    answer = tested(state, mock=BUSY, stateConfiguration=configuration, inspectionLevel="DEBUG")
    assert answer.pop("inspectionData")["errorDetails"] == {"retryIndex": 1, "retryBackoffIntervalSeconds": seconds}
    assert answer == {"status": "RETRIABLE", "error": "Card.Busy", "cause": "gateway busy"}


def test_when_the_retries_are_used_up_the_error_is_caught(tested):
    state = task(Retry=RETRY, Catch=CATCH)
    answer = tested(state, ORDER, mock=BUSY, stateConfiguration={"retrierRetryCount": 3}, inspectionLevel="DEBUG")
    assert answer.pop("inspectionData")["errorDetails"] == {"retryIndex": 1, "catchIndex": 1}
    assert answer == {
        "status": "CAUGHT_ERROR",
        "error": "Card.Busy",
        "cause": "gateway busy",
        "nextState": "B",
        "output": {**ORDER, "error": {"Error": "Card.Busy", "Cause": "gateway busy"}},
    }


def test_an_error_that_nobody_handles_fails_the_state(tested):
    answer = tested(task(Retry=RETRY[:1], Catch=CATCH[:1]), mock=BUSY, inspectionLevel="DEBUG")
    assert answer["status"] == "FAILED"
    assert "errorDetails" not in answer["inspectionData"]
    assert "output" not in answer


UNDEFINED = "The JSONata expression '$states.input.x' specified for the field 'Output' returned nothing (undefined)."
BARE = [
    # state, error, cause
    (
        {"Type": "Pass", "InputPath": "$.missing", "End": True},
        "States.Runtime",
        "Invalid path '$.missing' : No results for path: $['missing']",
    ),
    (
        {"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% $states.input.x %}", "End": True},
        "States.QueryEvaluationError",
        UNDEFINED,
    ),
    (
        {"Type": "Wait", "SecondsPath": "$.p", "End": True},
        "States.Runtime",
        "The SecondsPath parameter does not reference an input value: $.p",
    ),
]


@pytest.mark.parametrize(("state", "error", "cause"), BARE)
def test_causes_do_not_name_the_state_as_those_of_executions_do(tested, state, error, cause):
    answer = tested(state)
    assert (answer["error"], answer["cause"]) == (error, cause)


JSONATA_CATCH = {
    "Type": "Task",
    "QueryLanguage": "JSONata",
    "Resource": "arn:aws:states:::lambda:invoke",
    "Arguments": {"FunctionName": "f"},
    "End": True,
}


@pytest.mark.parametrize("expression", ["{% $states.input.x %}", "{% $error('no') %}", "{% $string %}"])
def test_a_catcher_whose_own_output_fails_has_caught_all_the_same(tested, expression):
    catch = [{"ErrorEquals": ["Card.Busy"], "Output": {"v": expression}, "Next": "B"}]
    answer = tested({**JSONATA_CATCH, "Catch": catch}, mock=BUSY)
    assert answer == {"status": "CAUGHT_ERROR", "error": "Card.Busy", "cause": "gateway busy", "nextState": "B"}


def test_what_catches_an_undefined_expression_is_given_the_bare_cause(tested):
    arguments = {"FunctionName": "{% $states.input.x %}"}
    catch = [{"ErrorEquals": ["States.QueryEvaluationError"], "Next": "B"}]
    answer = tested({**JSONATA_CATCH, "Arguments": arguments, "Catch": catch}, mock={"result": {}})
    cause = UNDEFINED.replace("'Output'", "'Arguments/FunctionName'")
    assert answer["output"] == {"Error": "States.QueryEvaluationError", "Cause": cause}


REFUSED = [
    ({"Type": "Choice", "Choices": [{"Variable": "$.x", "IsNull": True, "Next": "A"}]}, {"mock": {"result": 1}},
     "State type 'Choice' is not supported when a mock is specified"),
    ({"Type": "Wait", "Seconds": 1, "End": True}, {"mock": BUSY},
     "State type 'Wait' is not supported when a mock is specified"),
    (task(), {"mock": {}}, "A test mock should have only one of the following fields: [result, errorOutput]."),
    (task(), {"mock": {"result": 1, **BUSY}},
     "A test mock should have only one of the following fields: [result, errorOutput]."),
    (task(), {"mock": BUSY, "revealSecrets": True},
     "TestState does not support RevealSecrets when a mock is specified."),
    (task(), {"stateConfiguration": {"mapIterationFailureCount": 1}},
     "TestState does not support MapIterationFailureCount when a mock is not specified."),
    (task(), {}, "RoleArn must be specified when testing a Task state"),
    (MAPPING, {"mock": {"result": {}}}, "Mocked result must be an array."),
    ({**DISTRIBUTED, "ResultWriter": WRITER}, {"mock": {"result": []}}, "Mocked result must be a JSON object."),
    (MAPPING, {"mock": {"result": [1]}, "stateConfiguration": {"mapIterationFailureCount": 2}},
     "Map iteration failure count must be less than or equal to the number of Map iterations"),
    ({"Type": "Parallel", "Branches": [BRANCH], "End": True}, {"mock": {"result": [1, 2]}},
     "Mocked result must contain the same number of items as number of Parallel branches."),
    (MAPPING, {"mock": BUSY, "stateConfiguration": {"errorCausedByState": "Nobody"}}, "State not found in definition"),
    (task(), {"mock": BUSY, "context": {"Execution": {"Nam": "x"}}},
     "Invalid Context object provided: Field 'Nam' is not allowed"),
    (task(), {"mock": BUSY, "context": {"State": {"Name": 1}}},
     "Invalid Context object provided: State.Name must be a string"),
    (task(), {"mock": BUSY, "context": {"Map": {}}},
     "Invalid Context object provided: 'Map' field is not supported when mocking a Context object"),
]  # fmt: skip


@pytest.mark.parametrize(("state", "request_", "message"), REFUSED)
def test_a_request_that_makes_no_sense_is_refused(tested, state, request_, message):
    assert refused(tested, state, **request_) == ("ValidationException", message)


def test_a_mock_must_be_json(dynastep):
    client = dynastep.client("stepfunctions")
    with pytest.raises(ClientError, match="Mocked result must be valid JSON"):
        client.test_state(definition=json.dumps(task()), mock={"result": "not JSON"})


FIELDS = [
    ("states:startExecution", "STRICT", {"ExecutionArn": "a"}, "Required field 'StartDate' is missing"),
    ("states:startExecution", "PRESENT", {"ExecutionArn": "a"}, None),
    ("states:startExecution", "PRESENT", {"ExecutionArn": ""},
     "Field 'ExecutionArn' is smaller than the minimum length"),
    ("states:startExecution", "PRESENT", {"ExecutionArn": "a" * 257},
     "Field 'ExecutionArn' exceeds the maximum length"),
    ("states:startExecution", "NONE", {"ExecutionArn": 1}, None),
    ("states:startExecution.sync:2", "STRICT", {"ExecutionArn": "a", "StateMachineArn": "b", "StartDate": "c"},
     "Required field 'Status' is missing"),
    ("states:startExecution.sync:2", "PRESENT", {"Input": [1], "Output": {"a": 1}}, None),
    ("states:startExecution.sync", "PRESENT", {"Output": {"a": 1}}, "Field 'Output' must be a string"),
    ("states:startExecution.sync", "PRESENT", {"Status": "DONE"}, "Field 'Status' is not an expected value"),
    ("sqs:sendMessage.waitForTaskToken", "STRICT", "whatever a worker sends", None),
    ("lambda:invoke", "STRICT", {"Payload": {"any": "JSON"}, "StatusCode": 200}, None),
    ("lambda:invoke", "STRICT", {"StatusCode": True}, "Field 'StatusCode' must be a number"),
    ("lambda:invoke", "STRICT", {"Unknown": "may have come since"}, None),
    ("dynamodb:getItem", "STRICT", {"Item": {"id": {"S": 1}}}, "Field 'S' must be a string"),
    ("dynamodb:getItem", "STRICT", {"Item": []}, "Field 'Item' must be an object"),
    ("dynamodb:getItem", "STRICT", {"Item": {"on": {"BOOL": "yes"}}}, "Field 'BOOL' must be a boolean"),
    ("aws-sdk:dynamodb:listTables", "STRICT", {"TableNames": "one"}, "Field 'TableNames' must be an array"),
    ("aws-sdk:lambda:getFunctionConfiguration", "PRESENT", {"MemorySize": 1},
     "Field 'MemorySize' is less than the minimum value"),
    ("aws-sdk:lambda:getFunctionConfiguration", "STRICT", {"MemorySize": MOST_MEMORY + 1},
     "Field 'MemorySize' exceeds the maximum value"),
    ("aws-sdk:lambda:getFunction", "STRICT", {"Configuration": {"MemorySize": MOST_MEMORY + 1}},
     "Field 'MemorySize' exceeds the maximum value"),
    ("aws-sdk:lambda:getFunction", "PRESENT", {"Configuration": {"MemorySize": MOST_MEMORY + 1}},
     "Field 'MemorySize' exceeds the maximum value"),
    ("aws-sdk:lambda:getFunction", "STRICT", {"Configuration": {"MemorySize": MOST_MEMORY}}, None),
]  # fmt: skip


def calling(action):
    """A Task on an integration that is given nothing in its definition."""
    state = task(Resource=f"arn:aws:states:::{action}")
    del state["Parameters"]
    return state


@pytest.mark.parametrize(("action", "mode", "result", "message"), FIELDS)
def test_a_mocked_result_is_held_to_what_the_service_answers(tested, action, mode, result, message):
    state = calling(action)
    mock = {"result": result, "fieldValidationMode": mode}
    if message is None:
        assert tested(state, mock=mock)["output"] == result
    else:
        expected = ("ValidationException", f"Mock result schema validation error: {message}")
        assert refused(tested, state, mock=mock) == expected


def test_a_mocked_task_calls_nobody(tested, dynastep):
    called = []
    arn = dynastep.function("pay", lambda event, _context: called.append(event))
    state = {"Type": "Task", "Resource": arn, "End": True}
    assert tested(state, mock={"result": "paid"})["output"] == "paid"
    assert called == []
    assert tested(state, {"amount": 5}, roleArn=ROLE)["output"] is None
    assert called == [{"amount": 5}]


@pytest.mark.parametrize(
    "resource",
    [
        "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "arn:aws:states:::states:startExecution.sync",
        "arn:aws:states:us-east-1:123456789012:activity:sign",
    ],
)
def test_who_waits_for_the_outside_is_tested_with_a_mock_only(tested, resource):
    state = task(Resource=resource)
    del state["Parameters"]
    assert refused(tested, state, roleArn=ROLE)[0] == "InvalidDefinition"
    mock = {"result": {"done": True}, "fieldValidationMode": "NONE"}
    assert tested(state, mock=mock)["output"] == {"done": True}


@pytest.mark.parametrize("state", [MAPPING, {"Type": "Parallel", "Branches": [BRANCH], "End": True}])
def test_states_that_run_others_need_a_mock(tested, state):
    types = "[Task, Wait, Pass, Succeed, Fail, Choice]"
    message = f"TestState API does not support Map or Parallel states. Supported state types include: {types}"
    assert refused(tested, state) == ("InvalidDefinition", message)


def test_the_context_object_is_what_the_request_says(tested):
    context = {"Execution": {"Name": "e"}, "State": {"RetryCount": 2}}
    state = task(ResultSelector={"all.$": "$$", "name.$": "$$.Execution.Name"})
    assert tested(state, mock={"result": {}}, context=context)["output"] == {"all": context, "name": "e"}


def test_the_context_object_counts_the_retries(tested):
    state = task(Parameters={"FunctionName": "f", "Payload.$": "$$.State.RetryCount"})
    answer = tested(state, mock={"result": {}}, stateConfiguration={"retrierRetryCount": 2}, inspectionLevel="DEBUG")
    assert answer["inspectionData"]["afterParameters"]["Payload"] == 2


def test_a_token_stands_in_the_context_of_a_task_that_waits_for_one(tested):
    state = task(
        Resource="arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        Parameters={"QueueUrl": "q", "MessageBody": {"token.$": "$$.Task.Token"}},
    )
    answer = tested(state, mock={"result": 1}, context={"Task": {"Token": "t"}}, inspectionLevel="DEBUG")
    assert answer["inspectionData"]["afterParameters"]["MessageBody"] == {"token": "t"}


def test_a_map_shows_its_items_and_what_each_iteration_gets(tested):
    state = {
        **MAPPING,
        "ItemsPath": "$.values",
        "ItemSelector": {"n.$": "$$.Map.Item.Value", "at.$": "$$.Map.Item.Index", "id.$": "$.id"},
        "MaxConcurrencyPath": "$.id",
    }
    answer = tested(state, {"values": [5, 6], "id": 3}, mock={"result": ["a", "b"]}, inspectionLevel="DEBUG")
    assert answer["output"] == ["a", "b"]
    assert answer["inspectionData"] == {
        "input": {"values": [5, 6], "id": 3},
        "afterInputPath": {"values": [5, 6], "id": 3},
        "afterItemsPath": [5, 6],
        "afterItemSelector": [{"n": 5, "at": 0, "id": 3}, {"n": 6, "at": 1, "id": 3}],
        "afterResultSelector": ["a", "b"],
        "afterResultPath": ["a", "b"],
        "maxConcurrency": 3,
    }


def reading(config: dict[str, Any], **fields: Any) -> dict[str, Any]:
    reader = {"Resource": "arn:aws:states:::s3:getObject", "Parameters": {"Bucket": "b", "Key": "k"}}
    selector = {"value.$": "$$.Map.Item.Value", "at.$": "$$.Map.Item.Index"}
    return {**DISTRIBUTED, "ItemReader": {**reader, "ReaderConfig": config}, "ItemSelector": selector, **fields}


CSV = {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}
GIVEN_HEADERS = {"InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["a"], "CSVDelimiter": "PIPE"}
READ = [
    ({"InputType": "JSON"}, "[1, 2]", [1, 2]),
    ({"InputType": "JSONL"}, '{"n": 1}\n{"n": 2}\n', [{"n": 1}, {"n": 2}]),
    (CSV, "a,b\n1,2\n3,4\n", [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]),
    (GIVEN_HEADERS, "1|x\n", [{"a": "1"}]),
    ({**CSV, "MaxItems": 1}, "a\n1\n2\n", [{"a": "1"}]),
    ({"InputType": "JSON", "ItemsPointer": "/Orders"}, '{"Orders": [7, 8]}', [7, 8]),
]


@pytest.mark.parametrize(("config", "text", "items"), READ)
def test_what_an_item_reader_reads_is_as_its_source_has_it(tested, config, text, items):
    configuration = {"mapItemReaderData": text}
    answer = tested(reading(config), mock={"result": []}, stateConfiguration=configuration, inspectionLevel="DEBUG")
    inputs = [{"value": item, "at": index} for index, item in enumerate(items)]
    assert answer["inspectionData"]["afterItemSelector"] == inputs
    assert answer["inspectionData"].get("afterItemsPointer") == (items if "ItemsPointer" in config else None)


def test_what_an_item_reader_cannot_read_fails_the_state(tested):
    state = reading(CSV, Catch=[{"ErrorEquals": ["States.ItemReaderFailed"], "Next": "Empty"}])
    answer = tested(state, mock={"result": []}, stateConfiguration={"mapItemReaderData": "a,a\n1,2\n"})
    assert (answer["status"], answer["nextState"]) == ("CAUGHT_ERROR", "Empty")
    assert (answer["error"], answer["cause"]) == (
        "States.ItemReaderFailed",
        "CSV headers cannot contain duplicates.",
    )


def test_a_map_shows_the_batches_that_its_children_get(tested):
    state = {
        **DISTRIBUTED,
        "ItemBatcher": {"MaxItemsPerBatch": 2, "BatchInput": {"n.$": "$.n"}},
        "ItemsPath": "$.items",
    }
    answer = tested(state, {"items": [1, 2, 3], "n": 9}, mock={"result": []}, inspectionLevel="DEBUG")
    assert answer["inspectionData"]["afterItemBatcher"] == [
        {"BatchInput": {"n": 9}, "Items": [1, 2]},
        {"BatchInput": {"n": 9}, "Items": [3]},
    ]


@pytest.mark.parametrize("reader", [1, {"Resource": 1}, {"Resource": "x", "ReaderConfig": 1}, {"ReaderConfig": []}])
def test_an_item_reader_of_another_form_is_an_invalid_definition(tested, reader):
    state = {**DISTRIBUTED, "ItemReader": reader}
    code, _ = refused(tested, state, mock={"result": []}, stateConfiguration={"mapItemReaderData": "[]"})
    assert code == "InvalidDefinition"


TOLERANCES = [
    # tolerated, failed of four, whether that is too many
    ({}, 4, False),
    ({"ToleratedFailureCount": 2}, 2, False),
    ({"ToleratedFailureCount": 2}, 3, True),
    ({"ToleratedFailurePercentage": 50}, 2, False),
    ({"ToleratedFailurePercentage": 50}, 3, True),
    ({"ToleratedFailureCount": 4, "ToleratedFailurePercentage": 10}, 1, True),
    ({"ToleratedFailureCountPath": "$.n"}, 2, True),
    ({"ToleratedFailurePercentagePath": "$.n"}, 1, True),
]


@pytest.mark.parametrize(("tolerated", "failed", "too_many"), TOLERANCES)
def test_a_map_fails_above_its_threshold(tested, tolerated, failed, too_many):
    state = {**DISTRIBUTED, "ItemsPath": "$.items", **tolerated}
    configuration = {"mapIterationFailureCount": failed}
    answer = tested(state, {"items": [1] * 4, "n": 1}, mock={"result": [0] * 4}, stateConfiguration=configuration)
    if too_many:
        cause = "The specified tolerated failure threshold was exceeded"
        assert answer == {"status": "FAILED", "error": "States.ExceedToleratedFailureThreshold", "cause": cause}
    else:
        assert answer == {"status": "SUCCEEDED", "output": [0] * 4}


def test_virtual_time_passes_for_a_state_that_waits(tested, dynastep):
    before = dynastep.clock.now()
    assert tested({"Type": "Wait", "Seconds": 299, "Next": "Then"})["nextState"] == "Then"
    assert dynastep.clock.now() - before == pytest.approx(299, abs=1)


def test_a_test_takes_five_minutes_at_most(tested):
    assert tested({"Type": "Wait", "Seconds": 301, "End": True}) == {"status": "FAILED", "error": "States.Timeout"}


def test_a_state_is_found_in_a_whole_machine(tested):
    inner = {"StartAt": "Deep", "States": {"Deep": {"Type": "Pass", "Output": "{% 1 + 1 %}", "End": True}}}
    machine = {
        "QueryLanguage": "JSONata",
        "StartAt": "Both",
        "States": {"Both": {"Type": "Parallel", "Branches": [BRANCH, inner], "End": True}},
    }
    assert tested(machine, stateName="Deep")["output"] == 2
    assert refused(tested, machine, stateName="Deeper") == ("ValidationException", "State not found in definition")


def test_a_whole_machine_must_be_sound_but_a_single_state_may_lead_anywhere(tested):
    state = {"Type": "Pass", "Next": "Elsewhere"}
    assert tested(state)["nextState"] == "Elsewhere"
    code, message = refused(tested, {"StartAt": "A", "States": {"A": state}}, stateName="A")
    assert code == "InvalidDefinition"
    assert "MISSING_TRANSITION_TARGET: Missing 'Next' target: Elsewhere at /States/A/Next" in message


def test_a_faulty_state_is_refused_where_it_would_stand(tested):
    problem = "SCHEMA_VALIDATION_FAILED: Field 'Foo' is not supported at /States/StateName"
    message = f"Invalid State Machine Definition: '{problem}'"
    assert refused(tested, {"Type": "Succeed", "Foo": 1}) == ("InvalidDefinition", message)


def test_texts_that_nobody_changed_keep_their_spacing(dynastep):
    client = dynastep.client("stepfunctions")
    state = json.dumps({"Type": "Parallel", "Branches": [BRANCH], "End": True})
    answer = client.test_state(definition=state, input="[1,  2]", mock={"result": "[ 3 ]"}, inspectionLevel="DEBUG")
    assert answer["output"] == "[ 3 ]"
    assert answer["inspectionData"]["input"] == "[1,  2]"


ALONE = [
    {"Type": "Pass", "Parameters": {"all.$": "$"}, "ResultPath": "$.copy"},
    {"Type": "Pass", "InputPath": "$.a", "OutputPath": "$.b"},
    {"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% $states.input.a %}"},
    {"Type": "Pass", "Result": {"b": 1}, "ResultPath": "$.a.b"},
]
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["", "x"]),
    lambda values: st.lists(values, max_size=2) | st.dictionaries(st.sampled_from("abc"), values, max_size=3),
    max_leaves=6,
).filter(lambda document: document is not None)


@pytest.mark.parametrize("state", ALONE)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(document=DOCUMENTS)
def test_a_state_does_on_its_own_what_it_does_in_an_execution(dynastep, state, document):
    state = {**state, "End": True}
    execution = dynastep.run({"StartAt": "StateName", "States": {"StateName": state}}, document)
    client = dynastep.client("stepfunctions")
    answer = client.test_state(definition=json.dumps(state), input=json.dumps(document))
    assert answer["status"] == execution.status
    assert answer.get("error") == execution.error
    located = "An error occurred while executing the state 'StateName' (entered at the event id #2). "
    assert answer.get("cause") == (execution.cause and execution.cause.removeprefix(located))
    if execution.status == "SUCCEEDED":
        assert json.loads(answer["output"]) == execution.output
