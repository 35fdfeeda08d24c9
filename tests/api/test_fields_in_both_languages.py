"""Fields that no other test has run in a query language: each once, in a state that would end otherwise without it."""

from __future__ import annotations

import json

import pytest

from dynastep import Later

EARLY, LATE = "2026-01-01T00:00:00Z", "2026-06-01T00:00:00Z"
FLAKY = "arn:aws:states:::lambda:invoke"


def machine(states, language="JSONPath"):
    return {"StartAt": next(iter(states)), "QueryLanguage": language, "States": states}


@pytest.mark.parametrize(
    ("operator", "operand", "holds", "does_not"),
    [
        ("StringLessThan", "b", "a", "b"),
        ("StringLessThanEquals", "b", "b", "c"),
        ("TimestampLessThan", LATE, EARLY, LATE),
        ("TimestampLessThanEquals", EARLY, EARLY, LATE),
        ("TimestampGreaterThan", EARLY, LATE, EARLY),
        ("TimestampGreaterThanEquals", LATE, LATE, EARLY),
        ("IsTimestamp", True, EARLY, "yesterday"),
    ],
)
def test_a_choice_compares(dynastep, operator, operand, holds, does_not):
    rule = {"Variable": "$.v", operator: operand, "Comment": "c", "Assign": {"seen.$": "$.v"}, "Next": "Yes"}
    definition = machine(
        {
            "Which": {"Type": "Choice", "Choices": [rule], "Default": "No"},
            "Yes": {"Type": "Pass", "Parameters": {"seen.$": "$seen"}, "End": True},
            "No": {"Type": "Succeed"},
        }
    )
    yes, no = (dynastep.run(definition, {"v": value}) for value in (holds, does_not))
    assert (yes.path, yes.output) == (["Which", "Yes"], {"seen": holds})
    assert no.path == ["Which", "No"]


def test_states_assign_in_jsonata(dynastep):
    branch, inner = (
        {"StartAt": name, "States": {name: {"Type": "Pass", "Output": 2, "End": True}}} for name in ("B", "I")
    )
    definition = machine(
        {
            "Rest": {"Type": "Wait", "Seconds": 1, "Assign": {"rested": "{% $states.input.n %}"}, "Next": "Both"},
            "Both": {
                "Type": "Parallel",
                "Branches": [branch],
                "Assign": {"both": "{% $states.result[0] %}"},
                "Next": "Each",
            },
            "Each": {
                "Type": "Map",
                "Items": [3],
                "ItemProcessor": inner,
                "Assign": {"each": "{% $count($states.result) %}"},
                "Next": "Which",
            },
            "Which": {
                "Type": "Choice",
                "Choices": [{"Condition": "{% false %}", "Next": "End"}],
                "Output": "{% [$rested, $both, $each] %}",
                "Default": "End",
            },
            "End": {"Type": "Succeed"},
        },
        "JSONata",
    )
    assert dynastep.run(definition, {"n": 7}).output == [7, 2, 1]


def test_a_parallel_assigns_in_jsonpath(dynastep):
    branch = {"StartAt": "B", "States": {"B": {"Type": "Pass", "Result": 2, "End": True}}}
    both = {"Type": "Parallel", "Branches": [branch], "Assign": {"both.$": "$[0]"}, "Next": "Show"}
    show = {"Type": "Pass", "Parameters": {"both.$": "$both"}, "End": True}
    assert dynastep.run(machine({"Both": both, "Show": show})).output == {"both": 2}


class Busy(Exception):
    pass


def failing(dynastep, times):
    """A function that fails so often, and then answers its number of calls."""
    calls = []

    def work(event):
        calls.append(event)
        if len(calls) <= times:
            raise Busy
        return len(calls)

    dynastep.function("work", work)


@pytest.mark.parametrize("jitter", ["NONE", "FULL"])
def test_a_retrier_waits_in_jsonata(dynastep, jitter):
    failing(dynastep, 2)
    retrier = {"ErrorEquals": ["Busy"], "IntervalSeconds": 2, "BackoffRate": 3, "MaxDelaySeconds": 5, "Comment": "c"}
    task = {
        "Type": "Task",
        "Resource": FLAKY,
        "Arguments": {"FunctionName": "work", "Payload": {}},
        "Retry": [{**retrier, "JitterStrategy": jitter}],
        "Output": "{% $states.result.Payload %}",
        "End": True,
    }
    execution = dynastep.run(machine({"Work": task}, "JSONata"))
    assert execution.output == 3
    if jitter == "NONE":
        assert execution.elapsed == 2 + 5
    else:
        assert execution.elapsed < 2 + 5


def test_a_map_tries_again_and_catches_in_jsonata(dynastep):
    failing(dynastep, 3)
    task = {"Type": "Task", "Resource": FLAKY, "Arguments": {"FunctionName": "work", "Payload": {}}, "End": True}
    each = {
        "Type": "Map",
        "Items": [1],
        "ItemProcessor": {"StartAt": "Work", "States": {"Work": task}},
        "Retry": [{"ErrorEquals": ["Busy"], "MaxAttempts": 1}],
        "Catch": [
            {"ErrorEquals": ["Busy"], "Comment": "c", "Output": "{% $states.errorOutput.Error %}", "Next": "Caught"}
        ],
        "End": True,
    }
    execution = dynastep.run(machine({"Each": each, "Caught": {"Type": "Succeed"}}, "JSONata"))
    assert (execution.output, execution.path[-1]) == ("Busy", "Caught")


def test_a_task_times_out_by_an_expression(dynastep):
    dynastep.function("work", lambda event: Later(60, 1))
    task = {
        "Type": "Task",
        "Resource": FLAKY,
        "Arguments": {"FunctionName": "work", "Payload": {}},
        "TimeoutSeconds": "{% $states.input.limit %}",
        "End": True,
    }
    execution = dynastep.run(machine({"Work": task}, "JSONata"), {"limit": 5})
    assert (execution.error, execution.elapsed) == ("States.Timeout", 5)


ROWS = [{"a": "1", "b": "x"}, {"a": "2", "b": "y"}]
FIRST, GIVEN = {"CSVHeaderLocation": "FIRST_ROW"}, {"CSVHeaderLocation": "GIVEN", "CSVHeaders": ["a", "b"]}


def table(separator, *, heads):
    return "\n".join(separator.join(row) for row in ([["a", "b"]] if heads else []) + [["1", "x"], ["2", "y"]])


@pytest.mark.parametrize(
    ("config", "body", "items"),
    [
        ({"InputType": "CSV", **FIRST}, table(",", heads=True), ROWS),
        ({"InputType": "CSV", **GIVEN, "CSVDelimiter": "COMMA"}, table(",", heads=False), ROWS),
        ({"InputType": "CSV", **FIRST, "CSVDelimiter": "PIPE"}, table("|", heads=True), ROWS),
        ({"InputType": "CSV", **FIRST, "CSVDelimiter": "SEMICOLON"}, table(";", heads=True), ROWS),
        ({"InputType": "CSV", **FIRST, "CSVDelimiter": "SPACE"}, table(" ", heads=True), ROWS),
        ({"InputType": "CSV", **FIRST, "CSVDelimiter": "TAB"}, table("\t", heads=True), ROWS),
        ({"InputType": "JSONL"}, "\n".join(map(json.dumps, ROWS)), ROWS),
        ({"InputType": "JSON", "ItemsPointer": "/in/rows"}, json.dumps({"in": {"rows": ROWS}}), ROWS),
        ({"InputType": "JSONL", "MaxItems": "{% 1 %}"}, "\n".join(map(json.dumps, ROWS)), ROWS[:1]),
    ],
)
def test_items_are_read_in_jsonata(dynastep, config, body, items):
    s3 = dynastep.client("s3")
    s3.create_bucket(Bucket="rows")
    s3.put_object(Bucket="rows", Key="k", Body=body.encode())
    reader = {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": config,
        "Arguments": {"Bucket": "rows", "Key": "{% $states.input.key %}"},
    }
    each = {"Type": "Map", "ItemReader": reader, "ItemProcessor": processor("EXPRESS"), "End": True}
    assert dynastep.run(machine({"Each": each}, "JSONata"), {"key": "k"}).output == items


def processor(kind="STANDARD"):
    states = {"Same": {"Type": "Pass", "End": True}}
    return {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": kind}, "StartAt": "Same", "States": states}


@pytest.mark.parametrize("listing", [{"Transformation": "NONE"}, {}])
def test_objects_are_listed_in_both_languages(dynastep, listing):
    s3 = dynastep.client("s3")
    s3.create_bucket(Bucket="many")
    for key in ("a", "b"):
        s3.put_object(Bucket="many", Key=key, Body=b"[1]")
    for language, arguments in (("JSONPath", "Parameters"), ("JSONata", "Arguments")):
        reader = {
            "Resource": "arn:aws:states:::s3:listObjectsV2",
            arguments: {"Bucket": "many"},
            "ReaderConfig": listing,
        }
        each = {"Type": "Map", "ItemReader": reader, "ItemProcessor": processor(), "End": True}
        output = dynastep.run(machine({"Each": each}, language)).output
        assert [item["Key"] for item in output] == ["a", "b"]


def test_listed_objects_are_loaded_in_jsonata(dynastep):
    s3 = dynastep.client("s3")
    s3.create_bucket(Bucket="many")
    for key in ("a", "b"):
        s3.put_object(Bucket="many", Key=key, Body=json.dumps([key, key]).encode())
    config = {"Transformation": "LOAD_AND_FLATTEN", "InputType": "JSON"}
    reader = {"Resource": "arn:aws:states:::s3:listObjectsV2", "Arguments": {"Bucket": "many"}, "ReaderConfig": config}
    each = {"Type": "Map", "ItemReader": reader, "ItemProcessor": processor(), "End": True}
    assert dynastep.run(machine({"Each": each}, "JSONata")).output == ["a", "a", "b", "b"]


@pytest.mark.parametrize(
    ("language", "batcher", "sizes"),
    [
        ("JSONPath", {"MaxItemsPerBatchPath": "$.most"}, [2, 1]),
        ("JSONPath", {"MaxInputBytesPerBatch": 30}, [2, 1]),
        ("JSONPath", {"MaxInputBytesPerBatchPath": "$.bytes"}, [2, 1]),
        ("JSONata", {"MaxInputBytesPerBatch": "{% $states.input.bytes %}"}, [2, 1]),
    ],
)
def test_batches_end_at_a_limit(dynastep, language, batcher, sizes):
    items = {"ItemsPath": "$.items"} if language == "JSONPath" else {"Items": "{% $states.input.items %}"}
    each = {"Type": "Map", **items, "ItemBatcher": batcher, "ItemProcessor": processor(), "End": True}
    given = {"items": [1111111, 2222222, 3333333], "most": 2, "bytes": 30}
    output = dynastep.run(machine({"Each": each}, language), given).output
    assert [len(batch["Items"]) for batch in output] == sizes


@pytest.mark.parametrize("transformation", ["NONE", "COMPACT", "FLATTEN"])
@pytest.mark.parametrize("kind", ["JSON", "JSONL"])
def test_results_are_written_alike_in_both_languages(dynastep, transformation, kind):
    s3 = dynastep.client("s3")
    s3.create_bucket(Bucket="results")
    written = []
    for language, arguments in (("JSONPath", "Parameters"), ("JSONata", "Arguments")):
        writer = {
            "Resource": "arn:aws:states:::s3:putObject",
            arguments: {"Bucket": "results", "Prefix": language},
            "WriterConfig": {"Transformation": transformation, "OutputType": kind},
        }
        items = {"ItemsPath": "$"} if language == "JSONPath" else {"Items": "{% $states.input %}"}
        each = {"Type": "Map", **items, "ItemProcessor": processor(), "ResultWriter": writer, "End": True}
        assert dynastep.run(machine({"Each": each}, language), [[1, 2], [3]]).status == "SUCCEEDED"
        [key] = [
            item["Key"]
            for item in s3.list_objects_v2(Bucket="results", Prefix=language)["Contents"]
            if "SUCCEEDED" in item["Key"]
        ]
        text = s3.get_object(Bucket="results", Key=key)["Body"].read().decode()
        lines = [json.loads(line) for line in text.splitlines()] if kind == "JSONL" else json.loads(text)
        written.append(sorted(map(outcome, lines), key=str))
    expected = [1, 2, 3] if transformation == "FLATTEN" else [[1, 2], [3]]
    assert written == [expected, expected]


def outcome(line):
    """The output of an execution, which without a transformation is text among what else is known of it."""
    return json.loads(line["Output"]) if isinstance(line, dict) else line
