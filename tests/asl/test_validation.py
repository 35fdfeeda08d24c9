"""What AWS refuses in a definition, in its words and at its places, one rule a row.

Wording: observed answers of CreateStateMachine and ValidateStateMachineDefinition. Rows under GUESSED have a wording or a
place of our own, where only the rule is known.
"""

from __future__ import annotations

from typing import Any

import pytest
from properties.scripted import TASK, Resources

from asl_interpreter.engine import Engine
from asl_interpreter.errors import InvalidDefinition
from asl_interpreter.loop.clock import Clock
from asl_interpreter.reading.fields import SCHEMA
from asl_interpreter.reading.parsing import parse
from asl_interpreter.tasks import Integration, UnknownResource
from emulator.control import Control
from emulator.integrations.resources import Resources as AwsResources
from emulator.settings import Settings

TARGET = "MISSING_TRANSITION_TARGET"
resolve = Resources(Engine(Clock("virtual")), {})


def machine(**states: Any) -> dict[str, Any]:
    return {"StartAt": next(iter(states)), "States": states}


def one(type_: str, **fields: Any) -> dict[str, Any]:
    """A machine of one state, which ends unless the fields say otherwise."""
    end = {} if {"Next", "End"} & fields.keys() or type_ in ("Choice", "Succeed", "Fail") else {"End": True}
    return machine(S={"Type": type_, **fields, **end})


def task(**fields: Any) -> dict[str, Any]:
    return one("Task", Resource=f"{TASK}t", **fields)


def mapping(**fields: Any) -> dict[str, Any]:
    return one("Map", **({"ItemProcessor": ENDS} if "Iterator" not in fields else {}) | fields)


def distributed(states: Any = None, **fields: Any) -> dict[str, Any]:
    config = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    return mapping(ItemProcessor={**(states or ENDS), "ProcessorConfig": config}, **fields)


def mode(**config: Any) -> dict[str, Any]:
    return mapping(ItemProcessor={**ENDS, "ProcessorConfig": config})


def after_assign(state: dict[str, Any]) -> dict[str, Any]:
    """A machine in which x is assigned before the state S is entered."""
    return machine(A={"Type": "Pass", "Assign": {"x": 2}, "Next": "S"}, S={**state, "End": True})


def deep(levels: int) -> dict[str, Any]:
    inner = machine(E={"Type": "Succeed"})
    for level in range(levels):
        inner = machine(**{f"S{level}": {"Type": "Parallel", "Branches": [inner], "End": True}})
    return inner


def choice(*rules: Any, **fields: Any) -> dict[str, Any]:
    state = {"Type": "Choice", "Choices": list(rules), "Default": "E", **fields}
    return machine(S=state, E={"Type": "Succeed"})


def rule(**fields: Any) -> dict[str, Any]:
    return {"Variable": "$.x", **fields, "Next": "E"}


def catcher(**fields: Any) -> dict[str, Any]:
    state = {
        "Type": "Task",
        "Resource": f"{TASK}t",
        "Catch": [{"ErrorEquals": ["X"], "Next": "E", **fields}],
        "Next": "E",
    }
    return machine(S=state, E={"Type": "Succeed"})


def retrier(**fields: Any) -> dict[str, Any]:
    return task(Retry=[{"ErrorEquals": ["X"], **fields}])


def without(field: str, definition: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in definition.items() if name != field}


ENDS = machine(E={"Type": "Succeed"})
OPERATORS = (
    "StringEquals, IsBoolean, StringLessThan, IsNumeric, BooleanEquals, StringLessThanEqualsPath, NumericLessThan, "
    "NumericGreaterThan, NumericLessThanPath, StringMatches, TimestampLessThanEqualsPath, NumericEquals, "
    "TimestampGreaterThan, StringGreaterThanEqualsPath, TimestampGreaterThanEqualsPath, TimestampLessThanEquals, "
    "NumericLessThanEqualsPath, TimestampEquals, BooleanEqualsPath, IsTimestamp, StringLessThanEquals, "
    "NumericLessThanEquals, StringLessThanPath, TimestampGreaterThanPath, StringGreaterThan, StringGreaterThanPath, "
    "IsString, StringEqualsPath, TimestampEqualsPath, TimestampLessThan, StringGreaterThanEquals, "
    "NumericGreaterThanPath, NumericGreaterThanEquals, NumericEqualsPath, TimestampLessThanPath, IsNull, IsPresent, "
    "TimestampGreaterThanEquals, NumericGreaterThanEqualsPath"
)
ONLY_ONE = "This object should have only one of the following fields: "
TOO_MANY = "There should only be one of the following fields: "
SUBJECTS = "The object must have only one of the following fields, [And, Or, Not, Variable, Condition]"
NOT_A_CALL = "The value for the field 'x.$' must be a valid JSONPath or a valid intrinsic function call"
ROOT = "Value is not a Reference Path: Reference path didn't start with '$'"
LONG = "n" * 81

OBJECTS = [
    # which fields an object has: located at the object
    ({}, "These fields are required: [States, StartAt]", "/"),
    (without("StartAt", ENDS), "These fields are required: [StartAt]", "/"),
    ({"StartAt": "S"}, "These fields are required: [States]", "/"),
    ({**ENDS, "Foo": 1}, "Field 'Foo' is not supported", "/"),
    ({**ENDS, "Output": 1}, "Field 'Output' is not supported", "/"),
    (one("Pass", Foo=1), "Field 'Foo' is not supported", "/States/S"),
    (one("Pass", Retry=[]), "Field 'Retry' is not supported", "/States/S"),
    (one("Pass", ResultSelector={}), "Field 'ResultSelector' is not supported", "/States/S"),
    (one("Pass", **{"x.$": "$"}), "Field 'x.$' is not supported", "/States/S"),
    (one("Wait", Seconds=1, Result=1), "Field 'Result' is not supported", "/States/S"),
    (one("Wait", Seconds=1, Parameters={}), "Field 'Parameters' is not supported", "/States/S"),
    (one("Succeed", End=True), "Field 'End' is not supported", "/States/S"),
    (one("Succeed", ResultPath="$.x"), "Field 'ResultPath' is not supported", "/States/S"),
    (one("Fail", InputPath="$"), "Field 'InputPath' is not supported", "/States/S"),
    (one("Fail", End=True), "Field 'End' is not supported", "/States/S"),
    (choice(rule(IsNull=True), End=True), "Field 'End' is not supported", "/States/S"),
    (choice(rule(IsNull=True), Parameters={}), "Field 'Parameters' is not supported", "/States/S"),
    (one("Parallel", Branches=[ENDS], TimeoutSeconds=1), "Field 'TimeoutSeconds' is not supported", "/States/S"),
    (mapping(TimeoutSeconds=1), "Field 'TimeoutSeconds' is not supported", "/States/S"),
    (one("Task"), "These fields are required: [Resource]", "/States/S"),
    (one("Parallel"), "These fields are required: [Branches]", "/States/S"),
    (machine(S={"Type": "Choice", "Default": "E"}, E={"Type": "Succeed"}), "These fields are required: [Choices]", "/States/S"),
    (one("Wait"), f"{ONLY_ONE}[SecondsPath, Seconds, TimestampPath, Timestamp]", "/States/S"),
    (one("Wait", Seconds=1, SecondsPath="$.x"), f"{TOO_MANY}[SecondsPath, Seconds, TimestampPath, Timestamp]", "/States/S"),
    (machine(S={"Type": "Pass"}, E={"Type": "Succeed"}) | {"StartAt": "E"}, f"{ONLY_ONE}[Next, End]", "/States/S"),
    (machine(S={"Type": "Pass", "Next": "E", "End": True}, E={"Type": "Succeed"}), f"{TOO_MANY}[Next, End]", "/States/S"),
    (one("Map"), f"{ONLY_ONE}[ItemProcessor, Iterator]", "/States/S"),
    (one("Map", ItemProcessor=ENDS, Iterator=machine(F={"Type": "Succeed"})), f"{TOO_MANY}[ItemProcessor, Iterator]", "/States/S"),
    (task(TimeoutSeconds=1, TimeoutSecondsPath="$.x"), f"{TOO_MANY}[TimeoutSeconds, TimeoutSecondsPath]", "/States/S"),
    (task(HeartbeatSeconds=1, HeartbeatSecondsPath="$.x"), f"{TOO_MANY}[HeartbeatSeconds, HeartbeatSecondsPath]", "/States/S"),
    (mapping(MaxConcurrency=1, MaxConcurrencyPath="$.x"), f"{TOO_MANY}[MaxConcurrency, MaxConcurrencyPath]", "/States/S"),
    (one("Fail", Error="x", ErrorPath="$.x"), f"{TOO_MANY}[Error, ErrorPath]", "/States/S"),
    (one("Fail", Cause="x", CausePath="$.x"), f"{TOO_MANY}[Cause, CausePath]", "/States/S"),
    (one("Parallel", Branches=[without("StartAt", ENDS)]), "These fields are required: [StartAt]", "/States/S/Branches[0]"),
    (one("Parallel", Branches=[{**ENDS, "QueryLanguage": "JSONPath"}]), "Field 'QueryLanguage' is not supported", "/States/S/Branches[0]"),
    (mapping(ItemProcessor={**ENDS, "TimeoutSeconds": 1}), "Field 'TimeoutSeconds' is not supported", "/States/S/ItemProcessor"),
    (mapping(Iterator={**ENDS, "Foo": 1}), "Field 'Foo' is not supported", "/States/S/Iterator"),
    (catcher(Foo=1), "Field 'Foo' is not supported", "/States/S/Catch[0]"),
    (task(Retry=[{"MaxAttempts": 1}]), "These fields are required: [ErrorEquals]", "/States/S/Retry[0]"),
    (task(Catch=[{"ErrorEquals": ["X"]}]), "These fields are required: [Next]", "/States/S/Catch[0]"),
    (retrier(Next="S"), "Field 'Next' is not supported", "/States/S/Retry[0]"),
    # Choice rules
    (choice({"Variable": "$.x", "IsNull": True}), "These fields are required: [Next]", "/States/S/Choices[0]"),
    (choice(rule()), f"{ONLY_ONE}[{OPERATORS}]", "/States/S/Choices[0]"),
    (choice(rule(NumericEquals=1, NumericLessThan=2)), f"{TOO_MANY}[{OPERATORS}]", "/States/S/Choices[0]"),
    (choice({"StringEquals": "x", "Next": "E"}), SUBJECTS, "/States/S/Choices[0]"),
    (choice(rule(IsNull=True, Not={"Variable": "$.x", "IsNull": True})), SUBJECTS, "/States/S/Choices[0]"),
    (choice({"Not": rule(IsNull=True), "Next": "E"}), "Field 'Next' is not supported", "/States/S/Choices[0]/Not"),
    (choice({"And": [], "Next": "E"}), "Value cannot be empty", "/States/S/Choices[0]/And"),
    (choice({"Not": {"Or": []}, "Next": "E"}), "Value cannot be empty", "/States/S/Choices[0]/Not/Or"),
    (choice(rule(IsNull=True, Foo=1)), "Field 'Foo' is not supported", "/States/S/Choices[0]"),
    (choice(rule(IsNull=True) | {"Variable": "x"}), ROOT, "/States/S/Choices[0]/Variable"),
    (choice(rule(StringEqualsPath="x")), ROOT, "/States/S/Choices[0]/StringEqualsPath"),
    (choice(rule(TimestampEquals="2026-01-01")), "String does not match RFC3339 timestamp", "/States/S/Choices[0]/TimestampEquals"),
    # query language
    (one("Pass", Output=1), "The QueryLanguage is set to 'JSONPath', but field 'Output' is only supported for the 'JSONata' QueryLanguage", "/States/S"),
    (task(Arguments=1), "The QueryLanguage is set to 'JSONPath', but field 'Arguments' is only supported for the 'JSONata' QueryLanguage", "/States/S"),
    (mapping(Items=[]), "The QueryLanguage is set to 'JSONPath', but field 'Items' is only supported for the 'JSONata' QueryLanguage", "/States/S"),
]  # fmt: skip

VALUES = [
    # what a field's value is: located at the field
    ({**ENDS, "Version": "2.0"}, "Value should be one of the following: [1.0]", "/Version"),
    ({**ENDS, "TimeoutSeconds": "9"}, "Expected value of type Integer", "/TimeoutSeconds"),
    ({**ENDS, "TimeoutSeconds": -1}, "Minimum value is 0", "/TimeoutSeconds"),
    (one("Wait", Seconds=1.5), "Expected value of type Integer", "/States/S/Seconds"),
    (one("Wait", Seconds="1"), "Expected value of type Integer", "/States/S/Seconds"),
    (one("Wait", Seconds=True), "Expected value of type Integer", "/States/S/Seconds"),
    (one("Wait", Seconds=-1), "Minimum value is 0", "/States/S/Seconds"),
    (one("Wait", Seconds=100_000_000), "Maximum value is 99999999", "/States/S/Seconds"),
    (one("Wait", Timestamp="2026-01-01"), "String does not match RFC3339 timestamp", "/States/S/Timestamp"),
    (one("Wait", Timestamp="2026-01-01T00:00:00"), "String does not match RFC3339 timestamp", "/States/S/Timestamp"),
    (one("Wait", SecondsPath="x"), ROOT, "/States/S/SecondsPath"),
    (one("Wait", TimestampPath=1), ROOT, "/States/S/TimestampPath"),
    (task(TimeoutSeconds=0), "Minimum value is 1", "/States/S/TimeoutSeconds"),
    (task(TimeoutSeconds=100_000_000), "Maximum value is 99999999", "/States/S/TimeoutSeconds"),
    (task(HeartbeatSeconds=0), "Minimum value is 1", "/States/S/HeartbeatSeconds"),
    (task(TimeoutSecondsPath="x"), ROOT, "/States/S/TimeoutSecondsPath"),
    (one("Pass", InputPath="x"), "Value must be a valid JSONPath.", "/States/S/InputPath"),
    (one("Pass", OutputPath="$.a["), "Value must be a valid JSONPath.", "/States/S/OutputPath"),
    (one("Pass", ResultPath="x"), ROOT, "/States/S/ResultPath"),
    (one("Pass", ResultPath="$.a[x]"), "Value is not a Reference Path: '[' must be followed by ' or '['", "/States/S/ResultPath"),
    (one("Pass", Parameters={"x.$": "y"}), NOT_A_CALL, "/States/S/Parameters"),
    (one("Pass", Parameters={"x.$": 1}), NOT_A_CALL, "/States/S/Parameters"),
    (one("Pass", Parameters={"x.$": "States.Nope($.a)"}), NOT_A_CALL, "/States/S/Parameters"),
    (one("Pass", Parameters={"x.$": "States.Format('{}', $.a"}), NOT_A_CALL, "/States/S/Parameters"),
    (one("Pass", Parameters={"a": {"x.$": "y"}}), NOT_A_CALL, "/States/S/Parameters/a"),
    (task(ResultSelector={"x.$": "y"}), NOT_A_CALL, "/States/S/ResultSelector"),
    (mapping(ItemSelector={"x.$": "y"}), NOT_A_CALL, "/States/S/ItemSelector"),
    (mapping(ItemsPath="x"), ROOT, "/States/S/ItemsPath"),
    (mapping(MaxConcurrency=-1), "Minimum value is 0", "/States/S/MaxConcurrency"),
    (mapping(MaxConcurrency=1.5), "Expected value of type Integer", "/States/S/MaxConcurrency"),
    (distributed(ToleratedFailureCount=-1), "Minimum value is 0", "/States/S/ToleratedFailureCount"),
    (distributed(ToleratedFailurePercentage=-1), "Minimum value is 0.0", "/States/S/ToleratedFailurePercentage"),
    (distributed(ToleratedFailurePercentage=100.5), "Maximum value is 100.0", "/States/S/ToleratedFailurePercentage"),
    (one("Parallel", Branches=[]), "Value cannot be empty", "/States/S/Branches"),
    (choice(), "Value cannot be empty", "/States/S/Choices"),
    (retrier(ErrorEquals=[]), "Value cannot be empty", "/States/S/Retry[0]/ErrorEquals"),
    (catcher(ErrorEquals=[]), "Value cannot be empty", "/States/S/Catch[0]/ErrorEquals"),
    (catcher(ResultPath="x"), ROOT, "/States/S/Catch[0]/ResultPath"),
    (retrier(MaxAttempts=-1), "Minimum value is 0", "/States/S/Retry[0]/MaxAttempts"),
    (retrier(MaxAttempts=100_000_000), "Maximum value is 99999999", "/States/S/Retry[0]/MaxAttempts"),
    (retrier(MaxDelaySeconds=0), "Minimum value is 1", "/States/S/Retry[0]/MaxDelaySeconds"),
    (retrier(MaxDelaySeconds=31_622_401), "Maximum value is 31622400", "/States/S/Retry[0]/MaxDelaySeconds"),
    (retrier(JitterStrategy="HALF"), "Value should be one of the following: [NONE, FULL]", "/States/S/Retry[0]/JitterStrategy"),
    (retrier(ErrorEquals=["States.ALL", "X"]), "States.ALL must appear alone and at end of list", "/States/S/Retry[0]/ErrorEquals[0]"),
    (retrier(ErrorEquals=["X", "States.ALL"]), "States.ALL must appear alone and at end of list", "/States/S/Retry[0]/ErrorEquals[1]"),
    (task(Retry=[{"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["X"]}]), "States.ALL must appear alone and at end of list", "/States/S/Retry[0]/ErrorEquals[0]"),
    (one("Task", Resource="t"), "t has no script", "/States/S/Resource"),
    (task(Credentials={}), "The field 'RoleArn' is required but was missing", "/States/S/Credentials"),
]  # fmt: skip

GUESSED = [
    (machine(S=1) | {"States": {"S": 1, "E": {"Type": "Succeed"}}, "StartAt": "E"}, "Expected value of type [OBJECT]", "/States/S"),
    ({**ENDS, "Comment": 1}, "Expected value of type [STRING]", "/Comment"),
    (one("Pass", Comment=1), "Expected value of type [STRING]", "/States/S/Comment"),
    (one("Fail", Error=1), "Expected value of type [STRING]", "/States/S/Error"),
    (one("Fail", ErrorPath="x"), "Value must be a valid JSONPath.", "/States/S/ErrorPath"),
    (one("Fail", CausePath="States.Nope()"), "Value must be a valid JSONPath or a valid intrinsic function call", "/States/S/CausePath"),
    (task(Retry={}), "Expected value of type [ARRAY]", "/States/S/Retry"),
    (task(ResultSelector=1), "Expected value of type [OBJECT]", "/States/S/ResultSelector"),
    (retrier(BackoffRate=0.5), "Minimum value is 1.0", "/States/S/Retry[0]/BackoffRate"),
    (retrier(ErrorEquals=[1]), "Expected value of type [STRING]", "/States/S/Retry[0]/ErrorEquals"),
    (choice(rule(IsNull="true")), "Expected value of type [BOOLEAN]", "/States/S/Choices[0]/IsNull"),
    (choice(rule(StringEquals=1)), "Expected value of type [STRING]", "/States/S/Choices[0]/StringEquals"),
    (choice(rule(NumericEquals="1")), "Expected value of type Number", "/States/S/Choices[0]/NumericEquals"),
    (choice({"Not": [], "Next": "E"}), "Expected value of type [OBJECT]", "/States/S/Choices[0]/Not"),
    (choice(1), "Expected value of type [OBJECT]", "/States/S/Choices[0]"),
    (one("Parallel", Branches=[1]), "Expected value of type [OBJECT]", "/States/S/Branches[0]"),
    (task(Retry=[1]), "Expected value of type [OBJECT]", "/States/S/Retry[0]"),
    (task(Catch=["x"]), "Expected value of type [OBJECT]", "/States/S/Catch[0]"),
    (choice({"And": [1], "Next": "E"}), "Expected value of type [OBJECT]", "/States/S/Choices[0]/And[0]"),
    (mapping(Parameters={}, ItemSelector={}), f"{TOO_MANY}[Parameters, ItemSelector]", "/States/S"),
    (machine(S={"Type": "Pass", "Next": 1}, E={"Type": "Succeed"}) | {"StartAt": "E"}, "Expected value of type [STRING]", "/States/S/Next"),
]  # fmt: skip
"""AWS refuses them too, but its words, or its place, have not been seen."""

MODES = [
    (mode(Mode="FAST"), "Value should be one of the following: [INLINE, DISTRIBUTED]", "/States/S/ItemProcessor/ProcessorConfig/Mode"),
    (mode(Mode="DISTRIBUTED"), "These fields are required: [ExecutionType]", "/States/S/ItemProcessor/ProcessorConfig"),
    (mode(Mode="DISTRIBUTED", ExecutionType="QUICK"), "Value should be one of the following: [STANDARD, EXPRESS]", "/States/S/ItemProcessor/ProcessorConfig/ExecutionType"),
    (mode(Mode="INLINE", Speed=1), "Field 'Speed' is not supported", "/States/S/ItemProcessor/ProcessorConfig"),
    (mapping(ItemProcessor={**ENDS, "ProcessorConfig": 1}), "Expected value of type [OBJECT]", "/States/S/ItemProcessor/ProcessorConfig"),
    (mapping(Label="x"), "Field 'Label' is not supported", "/States/S"),
    (mapping(ItemReader={}), "Field 'ItemReader' is not supported", "/States/S"),
    (mapping(ItemBatcher={"MaxItemsPerBatch": 1}), "Field 'ItemBatcher' is not supported", "/States/S"),
    (mapping(ResultWriter={}), "Field 'ResultWriter' is not supported", "/States/S"),
    (distributed(ToleratedFailureCount=1, ToleratedFailureCountPath="$.x"), f"{TOO_MANY}[ToleratedFailureCount, ToleratedFailureCountPath]", "/States/S"),
]  # fmt: skip
"""A Map that is not distributed lacks some fields: the rule is documented, the words are those of any other field."""

GET = "arn:aws:states:::s3:getObject"
LISTING = "arn:aws:states:::s3:listObjectsV2"
PUT = "arn:aws:states:::s3:putObject"
READER, CONFIG, WRITER = "/States/S/ItemReader", "/States/S/ItemReader/ReaderConfig", "/States/S/ResultWriter"
LIMITS = "[MaxItemsPerBatch, MaxItemsPerBatchPath, MaxInputBytesPerBatch, MaxInputBytesPerBatchPath]"


def reading(resource: str = GET, **config: Any) -> dict[str, Any]:
    return distributed(ItemReader={"Resource": resource, "Parameters": {"Bucket": "b"}, "ReaderConfig": config})


def batching(**fields: Any) -> dict[str, Any]:
    return distributed(ItemBatcher=fields)


def writing(**fields: Any) -> dict[str, Any]:
    return distributed(ResultWriter=fields)


DATASETS = [
    (distributed(ItemReader={}), "These fields are required: [Resource]", READER),
    (distributed(ItemReader={"Resource": 1}), "Expected value of type [STRING]", f"{READER}/Resource"),
    (reading(PUT), f"The resource provided {PUT} is not recognized. The value is not a valid resource ARN, or the resource is not available in this region.", f"{READER}/Resource"),
    (distributed(ItemReader={"Resource": GET, "Arguments": {}, "ReaderConfig": {"InputType": "JSON"}}), "The QueryLanguage is set to 'JSONPath', but field 'Arguments' is only supported for the 'JSONata' QueryLanguage", READER),
    (distributed(ItemReader={"Resource": GET, "Parameters": {"Key.$": "k"}, "ReaderConfig": {"InputType": "JSON"}}), "The value for the field 'Key.$' must be a valid JSONPath or a valid intrinsic function call", f"{READER}/Parameters"),
    (distributed(ItemReader={"Resource": GET}), "These fields are required: [InputType]", CONFIG),
    (reading(InputType="XML"), "Value should be one of the following: [CSV, JSON, JSONL, PARQUET, MANIFEST]", f"{CONFIG}/InputType"),
    (reading(InputType="CSV"), "These fields are required: [CSVHeaderLocation]", CONFIG),
    (reading(InputType="CSV", CSVHeaderLocation="LAST_ROW"), "Value should be one of the following: [FIRST_ROW, GIVEN]", f"{CONFIG}/CSVHeaderLocation"),
    (reading(InputType="CSV", CSVHeaderLocation="GIVEN"), "These fields are required: [CSVHeaders]", CONFIG),
    (reading(InputType="CSV", CSVHeaderLocation="GIVEN", CSVHeaders=[]), "Value cannot be empty", f"{CONFIG}/CSVHeaders"),
    (reading(InputType="CSV", CSVHeaderLocation="FIRST_ROW", CSVHeaders=["a"]), "Field 'CSVHeaders' is not supported", CONFIG),
    (reading(InputType="CSV", CSVHeaderLocation="FIRST_ROW", CSVDelimiter=","), "Value should be one of the following: [COMMA, PIPE, SEMICOLON, SPACE, TAB]", f"{CONFIG}/CSVDelimiter"),
    (reading(InputType="JSON", CSVDelimiter="TAB"), "Field 'CSVDelimiter' is not supported", CONFIG),
    (reading(InputType="JSONL", ItemsPointer="/a"), "Field 'ItemsPointer' is not supported", CONFIG),
    (reading(InputType="JSON", ItemsPointer="a"), "Value is not a valid JSON Pointer", f"{CONFIG}/ItemsPointer"),
    (reading(InputType="JSON", ItemsPointer="/a~2"), "Value is not a valid JSON Pointer", f"{CONFIG}/ItemsPointer"),
    (reading(InputType="JSON", MaxItems=-1), "Minimum value is 0", f"{CONFIG}/MaxItems"),
    (reading(InputType="JSON", MaxItems=1, MaxItemsPath="$.m"), f"{TOO_MANY}[MaxItems, MaxItemsPath]", CONFIG),
    (reading(InputType="JSON", Transformation="LOAD_AND_FLATTEN"), "Field 'Transformation' is not supported", CONFIG),
    (reading(LISTING, Transformation="LOAD_AND_FLATTEN"), "These fields are required: [InputType]", CONFIG),
    (reading(LISTING, Transformation="LOAD_AND_FLATTEN", InputType="MANIFEST"), "Field 'InputType' is not supported", CONFIG),
    (reading(LISTING, ManifestType="S3_INVENTORY"), "Field 'ManifestType' is not supported", CONFIG),
    (reading(ManifestType="S3_INVENTORY", InputType="CSV", CSVHeaderLocation="FIRST_ROW"), "Field 'InputType' is not supported", CONFIG),
    (reading(ManifestType="ATHENA_DATA", InputType="JSON"), "Field 'ManifestType' is not supported", CONFIG),
    (batching(), f"This object should have at least one of the following fields: {LIMITS}", "/States/S/ItemBatcher"),
    (batching(BatchInput={}), f"This object should have at least one of the following fields: {LIMITS}", "/States/S/ItemBatcher"),
    (batching(MaxItemsPerBatch=0), "Minimum value is 1", "/States/S/ItemBatcher/MaxItemsPerBatch"),
    (batching(MaxInputBytesPerBatch=262145), "Maximum value is 262144", "/States/S/ItemBatcher/MaxInputBytesPerBatch"),
    (batching(MaxItemsPerBatch=1, MaxItemsPerBatchPath="$.m"), f"{TOO_MANY}[MaxItemsPerBatch, MaxItemsPerBatchPath]", "/States/S/ItemBatcher"),
    (batching(MaxItemsPerBatchPath="m"), ROOT, "/States/S/ItemBatcher/MaxItemsPerBatchPath"),
    (batching(MaxItemsPerBatch=1, BatchInput={"x.$": "x"}), NOT_A_CALL, "/States/S/ItemBatcher/BatchInput"),
    (writing(), "This object should have at least one of the following fields: [Resource, WriterConfig]", WRITER),
    (writing(Resource=GET, Parameters={}), f"The resource provided {GET} is not recognized. The value is not a valid resource ARN, or the resource is not available in this region.", f"{WRITER}/Resource"),
    (writing(Resource=PUT), "These fields are required: [Parameters]", WRITER),
    (writing(Parameters={}, WriterConfig={}), "These fields are required: [Resource]", WRITER),
    (writing(WriterConfig={"Transformation": "ZIP"}), "Value should be one of the following: [NONE, COMPACT, FLATTEN]", f"{WRITER}/WriterConfig/Transformation"),
    (writing(WriterConfig={"OutputType": "CSV"}), "Value should be one of the following: [JSON, JSONL]", f"{WRITER}/WriterConfig/OutputType"),
    (writing(WriterConfig={"Color": 1}), "Field 'Color' is not supported", f"{WRITER}/WriterConfig"),
]  # fmt: skip
"""What a Distributed Map reads and writes: the rules are documented, the words are those of other fields."""

VARIABLES = [
    (one("Pass", Assign={"states": 1}), "Invalid variable name 'states': it is reserved", "/States/S/Assign/states"),
    (one("Pass", Assign={"a b": 1}), "Invalid variable name 'a b': it is not a Unicode identifier", "/States/S/Assign/a b"),
    (one("Pass", Assign={"1.$": "$"}), "Invalid variable name '1': it is not a Unicode identifier", "/States/S/Assign/1.$"),
    (one("Pass", Assign={"": 1}), "Invalid variable name '': it is not a Unicode identifier", "/States/S/Assign/"),
    (one("Pass", Assign={LONG: 1}), f"Invalid variable name '{LONG}': it exceeds the 80-character limit allowed by the service", f"/States/S/Assign/{LONG}"),
    (catcher(Assign={"a-b": 1}), "Invalid variable name 'a-b': it is not a Unicode identifier", "/States/S/Catch[0]/Assign/a-b"),
    (choice(rule(IsNull=True, Assign={"a-b": 1})), "Invalid variable name 'a-b': it is not a Unicode identifier", "/States/S/Choices[0]/Assign/a-b"),
    (after_assign({"Type": "Parallel", "Branches": [machine(B={"Type": "Pass", "Assign": {"x": 1}, "End": True})]}), "Variable 'x' is assigned in an outer scope and can not be assigned in an inner one", "/States/S/Branches[0]/States/B/Assign/x"),
    (after_assign({"Type": "Map", "ItemProcessor": machine(B={"Type": "Pass", "Assign": {"x.$": "$"}, "End": True})}), "Variable 'x' is assigned in an outer scope and can not be assigned in an inner one", "/States/S/ItemProcessor/States/B/Assign/x.$"),
    (one("Pass", Assign=[1]), "Expected value of type [OBJECT]", "/States/S/Assign"),
    (one("Pass", Assign={"x.$": "y"}), NOT_A_CALL, "/States/S/Assign"),
    (task(TimeoutSeconds=5, HeartbeatSeconds=5), "HeartbeatSeconds must be smaller than TimeoutSeconds", "/States/S/HeartbeatSeconds"),
    (choice({"Condition": "{% true %}", "Next": "E"}), "The QueryLanguage is set to 'JSONPath', but field 'Condition' is only supported for the 'JSONata' QueryLanguage", "/States/S/Choices[0]"),
    (choice(rule(IsNull=True, Output=1)), "The QueryLanguage is set to 'JSONPath', but field 'Output' is only supported for the 'JSONata' QueryLanguage", "/States/S/Choices[0]"),
]  # fmt: skip
"""Names and scopes of variables, and what else is documented; the words are ours."""

LABELS = [
    (distributed(Label="x" * 41), [("INVALID_LABEL_NAME", f"Invalid Label name: Label '{'x' * 41}' exceeds the 40-character limit allowed by the service", "/States/S/Label")]),
    (distributed(Label="a b"), [("INVALID_LABEL_NAME", "Invalid Label name: Label 'a b' contains the character ' ', which is not allowed", "/States/S/Label")]),
    (distributed(Label=""), [("INVALID_LABEL_NAME", "Invalid Label name: Label '' is empty", "/States/S/Label")]),
    (machine(S=distributed(Label="x")["States"]["S"] | {"Next": "T"}, T=distributed(machine(F={"Type": "Succeed"}), Label="x")["States"]["S"]), [(SCHEMA, f"{TOO_MANY}[Next, End]", "/States/S"), ("DUPLICATE_LABEL_NAME", "Duplicate Label name: x", "/States/T/Label")]),
    (deep(65), [("TOO_DEEPLY_NESTED", "States are nested more than 64 deep", "".join(f"/States/S{level}/Branches[0]" for level in reversed(range(65))))]),
]  # fmt: skip
"""The codes are documented, the words are by their likeness to those of names of states."""

GRAPH = [
    (machine(S={"Type": "Pass", "Next": "X"}, E={"Type": "Succeed"}), [(TARGET, "Missing 'Next' target: X", "/States/S/Next"), (TARGET, 'State "E" is not reachable.', "/States/E")]),
    (choice(rule(IsNull=True) | {"Next": "X"}), [(TARGET, "Missing 'Next' target: X", "/States/S/Choices[0]/Next")]),
    (machine(S={"Type": "Choice", "Choices": [rule(IsNull=True)], "Default": "X"}, E={"Type": "Succeed"}), [(TARGET, "Missing 'Next' target: X", "/States/S/Default")]),
    (catcher(Next="X"), [(TARGET, "Missing 'Next' target: X", "/States/S/Catch[0]/Next")]),
    (ENDS | {"StartAt": "X"}, [(TARGET, "Missing 'Next' target: X", "/StartAt"), (TARGET, 'State "E" is not reachable.', "/States/E")]),
    (machine(E={"Type": "Succeed"}, U={"Type": "Succeed"}), [(TARGET, 'State "U" is not reachable.', "/States/U")]),
    (machine(S={"Type": "Pass", "Next": "S"}), [("MISSING_END_STATE", "Workflow has no terminal state", None)]),
    (machine(S={"Type": "Pass", "Next": "X"}), [(TARGET, "Missing 'Next' target: X", "/States/S/Next"), ("MISSING_END_STATE", "Workflow has no terminal state", None)]),
    ({"StartAt": "First", "States": {}}, [(SCHEMA, "Value cannot be empty", "/States"), (TARGET, "Missing 'Next' target: First", "/StartAt"), ("MISSING_END_STATE", "Workflow has no terminal state", None)]),
    (machine(S={"Type": "Pass"}), [(SCHEMA, f"{ONLY_ONE}[Next, End]", "/States/S"), ("MISSING_END_STATE", "Workflow has no terminal state", None)]),
    (machine(S={"End": True}), [(SCHEMA, "The field 'Type' is required", "/States/S"), ("MISSING_END_STATE", "Workflow has no terminal state", None)]),
    (machine(S={"Type": "Foo", "End": True}), [(SCHEMA, "The field 'Type' should have one of these values: [Task, Wait, Pass, Succeed, Fail, Choice, Parallel, Map]", "/States/S/Type")]),
    (one("Parallel", Branches=[machine(B={"Type": "Pass", "Next": "S"})]), [(TARGET, "Missing 'Next' target: S", "/States/S/Branches[0]/States/B/Next")]),
    (one("Parallel", Branches=[ENDS, machine(E={"Type": "Succeed"})]), [("DUPLICATE_STATE_NAME", "Duplicate State name: E", "/States/S/Branches[1]/States/E")]),
    (mapping(ItemProcessor=machine(S={"Type": "Succeed"})), [("DUPLICATE_STATE_NAME", "Duplicate State name: S", "/States/S/ItemProcessor/States/S")]),
    (mapping(ItemProcessor=machine(I={"Type": "Succeed"}, U={"Type": "Succeed"})), [(TARGET, 'State "U" is not reachable.', "/States/S/ItemProcessor/States/U")]),
    (machine(**{LONG: {"Type": "Succeed"}}), [("INVALID_STATE_NAME", f"Invalid State name: State '{LONG}' exceeds the 80-character limit allowed by the service", f"/States/{LONG}")]),
    (1, [(SCHEMA, "Definition must be a valid JSON object", None)]),
]  # fmt: skip
"""What a table of fields cannot say, and in which order AWS says it: fields, targets, then ends or what is not reached."""

ACCEPTED = [
    {**ENDS, "Comment": "", "Version": "1.0", "TimeoutSeconds": 0},
    one("Parallel", Branches=[machine(B={"Type": "Pass", "Next": "B"})]),  # a loop without end, inside
    retrier(IntervalSeconds=0, BackoffRate=1, MaxAttempts=99_999_999, MaxDelaySeconds=31_622_400, Comment="x"),
    retrier(ErrorEquals=["States.Unheard", "any text"]),
    task(TimeoutSeconds=5, HeartbeatSeconds=4),
    distributed(Label="Größe_1-x", ToleratedFailureCount=1),
    mapping(ToleratedFailureCount=1, ToleratedFailurePercentage=1),
    mapping(ToleratedFailureCountPath="$.x", ToleratedFailurePercentagePath="$.x"),
    mode(Mode="INLINE"),
    mode(),
    one("Pass", Assign={"x.$": "$", "größe": {"states": 1, "a b": 2}}),
    distributed(machine(I={"Type": "Pass", "Assign": {"x": 1}, "End": True}), Assign={"x": 2}),
    one("Parallel", Branches=[machine(**{n: {"Type": "Pass", "Assign": {"x": 1}, "End": True}}) for n in "AB"]),
    one("Parallel", Branches=[machine(B={"Type": "Pass", "Assign": {"x": 1}, "End": True})], Assign={"x": 2}),
    mapping(ItemProcessor=machine(B={"Type": "Pass", "Assign": {"x.$": "$"}, "End": True}), Assign={"x": 2}),
    machine(
        S={
            "Type": "Parallel",
            "Branches": [machine(B={"Type": "Pass", "Assign": {"x": 1}, "End": True})],
            "Catch": [{"ErrorEquals": ["States.ALL"], "Assign": {"x": 2}, "Next": "E"}],
            "Next": "E",
        },
        E={"Type": "Succeed"},
    ),
    deep(64),
    choice(rule(IsNull=True, Comment="x") | {"Variable": "$$.Execution.Input.x"}),
    one("Pass", Parameters={"x.$": "States.ArrayLength(1, 2)"}),  # a wrong number of arguments fails at run time only
    one("Pass", InputPath=None, OutputPath=None, ResultPath=None),
    machine(**{"a/b c": {"Type": "Succeed"}}),
    mapping(ItemsPath="$$.Execution.Input.xs"),
]


def problems(definition: Any, using: Any = resolve, express: bool = False) -> list[tuple[str, str, str | None]]:
    try:
        parse(definition, using, express=express)
    except InvalidDefinition as error:
        return [(problem.code, problem.message, problem.location) for problem in error.problems]
    return []


@pytest.mark.parametrize(
    ("definition", "message", "location"), [*OBJECTS, *VALUES, *GUESSED, *MODES, *DATASETS, *VARIABLES]
)
def test_a_broken_rule_is_one_problem(definition: Any, message: str, location: str) -> None:
    assert [problem for problem in problems(definition) if problem[0] == SCHEMA] == [(SCHEMA, message, location)]


@pytest.mark.parametrize(("definition", "expected"), [*GRAPH, *LABELS])
def test_states_must_be_there_be_reached_and_end(definition: Any, expected: list[tuple[str, str, str | None]]) -> None:
    assert problems(definition) == expected


@pytest.mark.parametrize("definition", ACCEPTED)
def test_what_looks_odd_but_aws_accepts(definition: Any) -> None:
    assert problems(definition) == []


def test_problems_come_in_the_order_of_the_document_those_of_an_object_first() -> None:
    definition = machine(
        A={"Type": "Wait", "Seconds": -1, "Foo": 1, "Next": "B"}, B={"Type": "Pass", "Bar": 1, "End": True}
    )
    assert problems(definition) == [
        (SCHEMA, "Field 'Foo' is not supported", "/States/A"),
        (SCHEMA, "Minimum value is 0", "/States/A/Seconds"),
        (SCHEMA, "Field 'Bar' is not supported", "/States/B"),
    ]


UNKNOWN = "The resource provided arn:aws:states:::none:such is not recognized. The value is not a valid resource ARN, "
FLAWS: list[tuple[dict[str, Any], list[tuple[str, str, str | None]]]] = [
    # a state, what is wrong with it
    ({"Type": "Pass", "Foo": 1}, [(SCHEMA, "Field 'Foo' is not supported", "")]),
    ({"Type": "Wait", "Seconds": -1}, [(SCHEMA, "Minimum value is 0", "/Seconds")]),
    ({"Type": "Task", "Resource": "arn:aws:states:::none:such"}, [(SCHEMA, f"{UNKNOWN}or the resource is not available in this region.", "/Resource")]),
    ({"Type": "Pass", "Parameters": {"x.$": "x", "a": [{"x.$": "y"}]}}, [(SCHEMA, NOT_A_CALL, "/Parameters"), (SCHEMA, NOT_A_CALL, "/Parameters/a[0]")]),
    ({"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Catch": [{"ErrorEquals": ["X"], "ResultPath": "x", "Next": "E"}]}, [(SCHEMA, ROOT, "/Catch[0]/ResultPath")]),
    ({"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Credentials": {}}, [(SCHEMA, "The field 'RoleArn' is required but was missing", "/Credentials")]),
    ({"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% phone %}", "Assign": {"v": "{% 1 + %}"}}, [("UNSUPPORTED_JSONATA_EXPRESSION", "Reference to 'phone' at the top level is not supported.", "/Output"), ("INVALID_JSONATA_EXPRESSION", "Unexpected end of expression", "/Assign/v")]),
    ({"Type": "Pass", "QueryLanguage": "JSONata", "InputPath": "$"}, [(SCHEMA, "The QueryLanguage is set to 'JSONata', but field 'InputPath' is only supported for the 'JSONPath' QueryLanguage", "")]),
    ({"Type": "Pass", "QueryLanguage": "jsonata", "InputPath": "$"}, [(SCHEMA, "The QueryLanguage is set to 'JSONata', but field 'InputPath' is only supported for the 'JSONPath' QueryLanguage", ""), (SCHEMA, "Value should be one of the following: [JSONPath, JSONata]", "/QueryLanguage")]),
    ({"Type": "Parallel", "Branches": [{"StartAt": "I", "States": {"I": {"Type": "Task", "Resource": "x", "End": True}}}]}, [(SCHEMA, "Value is not a valid resource ARN", "/Branches[0]/States/I/Resource")]),
    ({"Type": "Map", "ItemsPath": "x", "ItemProcessor": {"StartAt": "J", "States": {"J": {"Type": "Pass", "End": 1}}}}, [(SCHEMA, ROOT, "/ItemsPath"), (SCHEMA, "Expected value of type [BOOLEAN]", "/ItemProcessor/States/J/End")]),
    ({"Type": "Pass", "Assign": {"a b": 1}}, [(SCHEMA, "Invalid variable name 'a b': it is not a Unicode identifier", "/Assign/a b")]),
]  # fmt: skip


@pytest.mark.parametrize("last", [{"Next": "Nowhere"}, {"Next": "E", "Bar": 1}])
def test_one_wrong_thing_hides_no_other(last: dict[str, Any], aws: AwsResources) -> None:
    """All flaws in one machine: what the fields show, then what variables do, then where states lead."""
    names = [f"S{number}" for number in range(len(FLAWS))]
    states = {
        name: {**state, "Next": following}
        for name, (state, _), following in zip(names, FLAWS, [*names[1:], "L"], strict=True)
    }
    definition = machine(**states, L={"Type": "Pass", **last}, E={"Type": "Succeed"}, U={"Type": "Succeed"})
    expected = [
        (code, message, f"/States/{name}{where}")
        for name, (_, found) in zip(names, FLAWS, strict=True)
        for code, message, where in found
    ]
    *fields_, variable = expected
    graph = [(TARGET, "Missing 'Next' target: Nowhere", "/States/L/Next")]
    if last["Next"] != "Nowhere":
        fields_.append((SCHEMA, "Field 'Bar' is not supported", "/States/L"))
        graph = []
    assert problems(definition, using=aws) == [
        *fields_,
        variable,
        *graph,
        (TARGET, 'State "U" is not reachable.', "/States/U"),
    ]


def test_a_definition_is_refused_with_all_its_problems_in_one_text() -> None:
    with pytest.raises(InvalidDefinition) as refused:
        parse(machine(S={"Type": "Pass", "Next": "X"}), resolve)
    assert str(refused.value) == (
        "MISSING_TRANSITION_TARGET: Missing 'Next' target: X at /States/S/Next, "
        "MISSING_END_STATE: Workflow has no terminal state at null"
    )


EXPRESS = [
    ("activity", "", "Express state machine does not support Activity ARN"),
    ("task", "run.sync", "Express state machine does not support '.sync' service integration"),
    ("task", "run.waitForTaskToken", "Express state machine does not support '.waitForTaskToken' service integration "),
]
"""AWS's text of ``.waitForTaskToken`` ends in a space, so that CreateStateMachine shows two before "at"."""


def job(_resource: str) -> Integration:
    return Integration("task", "service", "run.sync", lambda _request: None, blocking=False, size_name="service")


def test_an_express_machine_has_no_distributed_map() -> None:
    with pytest.raises(InvalidDefinition) as refused:
        parse(distributed(), resolve, express=True)
    assert [(problem.message, problem.location) for problem in refused.value.problems] == [
        (
            "Express state machine does not support Map state in DISTRIBUTED mode",
            "/States/S/ItemProcessor/ProcessorConfig/Mode",
        )
    ]


@pytest.mark.parametrize(("kind", "message"), [("STANDARD", None), ("EXPRESS", EXPRESS[1][2])])
def test_the_states_of_a_distributed_map_are_executions_of_its_type(kind: str, message: str | None) -> None:
    definition = distributed(task())
    definition["States"]["S"]["ItemProcessor"]["ProcessorConfig"]["ExecutionType"] = kind
    definition["States"]["M"] = definition["States"].pop("S")
    definition["StartAt"] = "M"
    try:
        parse(definition, job)
    except InvalidDefinition as error:
        assert [problem.message for problem in error.problems] == [message]
        assert error.problems[0].location == "/States/M/ItemProcessor/States/S/Resource"
    else:
        assert message is None


@pytest.mark.parametrize(("kind", "action", "message"), EXPRESS)
def test_an_express_machine_cannot_wait_for_what_takes_long(kind: Any, action: str, message: str) -> None:
    def resolve_one(_resource: str) -> Integration:
        return Integration(kind, "service", action, lambda _request: None, blocking=False, size_name="service")

    parse(task(), resolve_one)
    with pytest.raises(InvalidDefinition) as refused:
        parse(task(), resolve_one, express=True)
    assert [(problem.message, problem.location) for problem in refused.value.problems] == [
        (message, "/States/S/Resource")
    ]


RESOURCES = [
    ("not an ARN", "Value is not a valid resource ARN"),
    ("arn:aws:states:::nope:nope", "The resource provided arn:aws:states:::nope:nope is not recognized. "
     "The value is not a valid resource ARN, or the resource is not available in this region."),
    ("arn:aws:states:::aws-sdk:dynamodb:nope", "The resource provided arn:aws:states:::aws-sdk:dynamodb:nope is not "
     "recognized. The value is not a valid resource ARN, or the resource is not available in this region."),
]  # fmt: skip


@pytest.fixture(scope="module")
def aws():
    control = Control(Settings(clock="virtual"))
    yield AwsResources(control.world, "123456789012", "us-east-1")
    control.close()


@pytest.mark.parametrize(("resource", "message"), RESOURCES)
def test_a_resource_must_be_one_that_aws_has(aws: AwsResources, resource: str, message: str) -> None:
    with pytest.raises(UnknownResource) as refused:
        aws(resource)
    assert str(refused.value) == message
