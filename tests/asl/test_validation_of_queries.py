"""What AWS refuses in a definition in JSONata, in its words and at its places, one rule a row.

Wording: observed answers of CreateStateMachine and ValidateStateMachineDefinition (us-east-1, August and September 2026).
That ``$states.result`` and ``$states.errorOutput`` stand only where they are is documented:
https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html. Rows under GUESSED have a wording or a place
of our own, where only the rule is known.
"""

from __future__ import annotations

from typing import Any

import pytest
from properties.scripted import TASK, Resources

from asl_interpreter.engine import Engine
from asl_interpreter.errors import InvalidDefinition
from asl_interpreter.loop.clock import Clock
from asl_interpreter.reading.parsing import parse

SCHEMA = "SCHEMA_VALIDATION_FAILED"
INVALID = "INVALID_JSONATA_EXPRESSION"
UNSUPPORTED = "UNSUPPORTED_JSONATA_EXPRESSION"
resolve = Resources(Engine(Clock("virtual")), {})
ENDS = {"StartAt": "E", "States": {"E": {"Type": "Succeed"}}}
OUTPUT = "/States/S/Output"


def one(kind: str, **fields: Any) -> dict[str, Any]:
    """A machine in JSONata: a state that goes to an end, unless it is one."""
    more = {} if kind in ("Choice", "Succeed", "Fail") else {"Next": "Z"}
    states = {"S": {"Type": kind, **fields, **more}} | ({"Z": {"Type": "Succeed"}} if kind != "Fail" else {})
    if kind == "Succeed":
        del states["Z"]
    return {"QueryLanguage": "JSONata", "StartAt": "S", "States": states}


def giving(output: Any) -> dict[str, Any]:
    return one("Pass", Output=output)


def task(**fields: Any) -> dict[str, Any]:
    return one("Task", Resource=f"{TASK}t", **fields)


def choice(**rule: Any) -> dict[str, Any]:
    return one("Choice", Choices=[{"Next": "Z", **rule}])


def catcher(**fields: Any) -> dict[str, Any]:
    return task(Catch=[{"ErrorEquals": ["X"], "Next": "Z", **fields}])


def mapping(**fields: Any) -> dict[str, Any]:
    return one("Map", ItemProcessor=ENDS, **fields)


def only_jsonpath(field: str) -> str:
    return (
        f"The QueryLanguage is set to 'JSONata', but field '{field}' is only supported for the 'JSONPath' QueryLanguage"
    )


def top_level(name: str) -> str:
    return f"Reference to '{name}' at the top level is not supported."


DELIMITERS = "JSONata string must start with {% and end with %}"
NO_RESULT = "Field '$states.result' does not exist."
NO_ERROR = "Field '$states.errorOutput' does not exist."

OBSERVED = [
    # syntax
    (giving("{% 1 + %}"), INVALID, "Unexpected end of expression", OUTPUT),
    (giving("{% %}"), INVALID, "Unexpected end of expression", OUTPUT),
    (giving("{% $x[1,2) %}"), INVALID, 'Expected "]", got ","', OUTPUT),
    (giving('{% "unterminated %}'), INVALID, "String literal must be terminated by a matching quote", OUTPUT),
    (giving('{% {"a":} %}'), INVALID, 'The symbol "}" cannot be used as a unary operator', OUTPUT),
    (giving("{% $x := %}"), INVALID, "Unexpected end of expression", OUTPUT),
    (giving('{% $match("a", /abc %}'), INVALID, "No terminating / in regular expression", OUTPUT),
    (giving({"a": ["x", {"b": "{% ( %}"}]}), INVALID, 'Expected ")" before end of expression', f"{OUTPUT}/a[1]/b"),
    (task(Arguments={"x": "{% 1 + %}"}), INVALID, "Unexpected end of expression", "/States/S/Arguments/x"),
    (choice(Condition="{% 1 + %}"), INVALID, "Unexpected end of expression", "/States/S/Choices[0]/Condition"),
    # what has no context
    (giving("{% phone %}"), UNSUPPORTED, top_level("phone"), OUTPUT),
    (giving("{% (phone).other %}"), UNSUPPORTED, top_level("phone"), OUTPUT),
    (giving("{% function($x){ phone } %}"), UNSUPPORTED, top_level("phone"), OUTPUT),
    (giving("{% $ %}"), UNSUPPORTED, "Reference to '$' at the top level is not supported.", OUTPUT),
    (giving("{% $$ %}"), UNSUPPORTED, "Reference to '$$' is not supported.", OUTPUT),
    # what $states has where
    (giving("{% $states.wrong %}"), UNSUPPORTED, "Field '$states.wrong' does not exist.", OUTPUT),
    (giving("{% $states.errorOutput %}"), UNSUPPORTED, NO_ERROR, OUTPUT),
    (giving("{% $states.result %}"), UNSUPPORTED, NO_RESULT, OUTPUT),
    (task(Output="{% $states.errorOutput %}"), UNSUPPORTED, NO_ERROR, OUTPUT),
    (task(Arguments="{% $states.result %}"), UNSUPPORTED, NO_RESULT, "/States/S/Arguments"),
    (task(TimeoutSeconds="{% $states.result %}"), UNSUPPORTED, NO_RESULT, "/States/S/TimeoutSeconds"),
    (task(Credentials={"RoleArn": "{% $states.result %}"}), UNSUPPORTED, NO_RESULT, "/States/S/Credentials/RoleArn"),
    (catcher(Output="{% $states.result %}"), UNSUPPORTED, NO_RESULT, "/States/S/Catch[0]/Output"),
    (catcher(Assign={"x": "{% $states.result %}"}), UNSUPPORTED, NO_RESULT, "/States/S/Catch[0]/Assign/x"),
    (mapping(Items="{% $states.result %}"), UNSUPPORTED, NO_RESULT, "/States/S/Items"),
    (mapping(ItemSelector={"x": "{% $states.result %}"}), UNSUPPORTED, NO_RESULT, "/States/S/ItemSelector/x"),
    (one("Wait", Seconds="{% $states.result %}"), UNSUPPORTED, NO_RESULT, "/States/S/Seconds"),
    (choice(Condition="{% $states.result %}"), UNSUPPORTED, NO_RESULT, "/States/S/Choices[0]/Condition"),
    (one("Fail", Cause="{% $states.errorOutput.Cause %}"), UNSUPPORTED, NO_ERROR, "/States/S/Cause"),
    # fields of the other language
    *((one("Pass", **{field: value}), SCHEMA, only_jsonpath(field), "/States/S") for field, value in
      [("InputPath", "$"), ("OutputPath", "$"), ("Parameters", {}), ("ResultPath", "$.x"), ("Result", 1)]),
    (task(ResultSelector={}), SCHEMA, only_jsonpath("ResultSelector"), "/States/S"),
    (task(TimeoutSecondsPath="$.x"), SCHEMA, only_jsonpath("TimeoutSecondsPath"), "/States/S"),
    (mapping(ItemsPath="$.x"), SCHEMA, only_jsonpath("ItemsPath"), "/States/S"),
    (mapping(MaxConcurrencyPath="$.x"), SCHEMA, only_jsonpath("MaxConcurrencyPath"), "/States/S"),
    (one("Fail", ErrorPath="$.x"), SCHEMA, only_jsonpath("ErrorPath"), "/States/S"),
    (one("Fail", CausePath="$.x"), SCHEMA, only_jsonpath("CausePath"), "/States/S"),
    (catcher(ResultPath="$.x"), SCHEMA, only_jsonpath("ResultPath"), "/States/S/Catch[0]"),
    (one("Pass", QueryLanguage="JSONPath"), SCHEMA, "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine", "/States/S"),
    (one("Pass", QueryLanguage="XPath"), SCHEMA, "Value should be one of the following: [JSONPath, JSONata]", "/States/S/QueryLanguage"),
    ({**giving(1), "QueryLanguage": "jsonata"}, SCHEMA, "Value should be one of the following: [JSONPath, JSONata]", "/QueryLanguage"),
    # fields that no language has there
    (one("Choice", Choices=[{"Condition": "{% true %}", "Next": "Z"}], Arguments=1), SCHEMA, "Field 'Arguments' is not supported", "/States/S"),
    (one("Wait", Seconds=1, Arguments=1), SCHEMA, "Field 'Arguments' is not supported", "/States/S"),
    (one("Fail", Output=1), SCHEMA, "Field 'Output' is not supported", "/States/S"),
    (one("Succeed", Assign={"x": 1}), SCHEMA, "Field 'Assign' is not supported", "/States/S"),
]  # fmt: skip

GUESSED = [
    (giving("{% 1"), SCHEMA, DELIMITERS, OUTPUT),
    (giving("1 %}"), SCHEMA, DELIMITERS, OUTPUT),
    (giving(" {% 1 %}"), SCHEMA, DELIMITERS, OUTPUT),
    (one("Wait", Seconds="5"), SCHEMA, "Expected value of type Integer", "/States/S/Seconds"),
    (one("Wait", Timestamp="soon"), SCHEMA, "String does not match RFC3339 timestamp", "/States/S/Timestamp"),
    (mapping(MaxConcurrency="5"), SCHEMA, "Expected value of type Integer", "/States/S/MaxConcurrency"),
    (mapping(Items=5), SCHEMA, "Expected value of type [ARRAY]", "/States/S/Items"),
    (choice(Condition="true"), SCHEMA, "Expected value of type [BOOLEAN]", "/States/S/Choices[0]/Condition"),
    (choice(), SCHEMA, "These fields are required: [Condition]", "/States/S/Choices[0]"),
    (choice(Condition=True, Variable="$.x"), SCHEMA, only_jsonpath("Variable"), "/States/S/Choices[0]"),
    (choice(Condition=True, StringEquals="x"), SCHEMA, only_jsonpath("StringEquals"), "/States/S/Choices[0]"),
    (choice(Condition=True, And=[]), SCHEMA, only_jsonpath("And"), "/States/S/Choices[0]"),
    (one("Pass", Assign="{% $x %}"), SCHEMA, "Expected value of type [OBJECT]", "/States/S/Assign"),
    (one("Pass", Assign={"x.$": 1}), SCHEMA, "Invalid variable name 'x.$': it is not a Unicode identifier", "/States/S/Assign/x.$"),
    (one("Pass", Assign={"states": 1}), SCHEMA, "Invalid variable name 'states': it is reserved", "/States/S/Assign/states"),
    (task(Credentials="{% $x %}"), SCHEMA, "Expected value of type [OBJECT]", "/States/S/Credentials"),
    (task(Credentials={}), SCHEMA, "The field 'RoleArn' is required but was missing", "/States/S/Credentials"),
    (task(Retry=[{"ErrorEquals": ["X"], "IntervalSeconds": "{% 5 %}"}]), SCHEMA, "Expected value of type Integer", "/States/S/Retry[0]/IntervalSeconds"),
    (one("Fail", Error=5), SCHEMA, "Expected value of type [STRING]", "/States/S/Error"),
]  # fmt: skip


def problems(definition: Any) -> list[tuple[str, str, str | None]]:
    try:
        parse(definition, resolve)
    except InvalidDefinition as error:
        return [(problem.code, problem.message, problem.location) for problem in error.problems]
    return []


@pytest.mark.parametrize(("definition", "code", "message", "location"), [*OBSERVED, *GUESSED])
def test_a_broken_rule_is_one_problem(definition: Any, code: str, message: str, location: str) -> None:
    assert problems(definition) == [(code, message, location)]


ACCEPTED = [
    giving("{% $states.context.State.Name & $variable & $states.input.(a + b)[c] %}"),
    giving("{% $unheard(1) %}"),  # fails at run time only
    giving("{{% not an expression %}}"),
    task(Output="{% $states.result %}", Assign={"x": "{% $states.result.y %}"}),
    task(TimeoutSeconds="{% $states.input.n %}", HeartbeatSeconds=4, Credentials={"RoleArn": "{% $role %}"}),
    catcher(Output="{% $states.errorOutput.Error %}", Assign={"x": "{% $states.errorOutput %}"}),
    mapping(Items=[1, "{% $x %}"], MaxConcurrency="{% 2 %}", Output="{% $states.result %}"),
    mapping(Items={"a": 1}),
    choice(Condition=True, Output=1, Assign={"x": "{% $states.input %}"}),
    one("Fail", Error="{% $states.input.e %}", Cause="why"),
    one("Pass", Comment="{% 1 + %}"),
    task(Comment="{% a %}", Catch=[{"ErrorEquals": ["{% X %}"], "Comment": "{% ( %}", "Next": "Z"}]),
]


@pytest.mark.parametrize("definition", ACCEPTED)
def test_what_looks_odd_but_aws_accepts(definition: Any) -> None:
    assert problems(definition) == []


def test_a_state_that_may_not_be_in_jsonpath_is_looked_at_but_for_fields_of_the_other_language() -> None:
    inner = {"StartAt": "I", "States": {"I": {"Type": "Pass", "InputPath": "$", "End": True}}}
    state = {"Items": [], "MaxConcurrency": -1, "Foo": 1, "ItemProcessor": inner, "Catch": CATCH, "ItemsPath": "x"}
    assert [
        (message, location) for _, message, location in problems(one("Map", QueryLanguage="JSONPath", **state))
    ] == [
        ("'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine", "/States/S"),
        ("Field 'Foo' is not supported", "/States/S"),
        ("Minimum value is 0", "/States/S/MaxConcurrency"),
        ("Value is not a Reference Path: Reference path didn't start with '$'", "/States/S/ItemsPath"),
        (only_jsonpath("InputPath"), "/States/S/ItemProcessor/States/I"),
    ]


CATCH = [{"ErrorEquals": ["X"], "Output": 1, "Next": "Z"}]


def test_every_expression_and_every_name_in_it_is_a_problem_of_its_own() -> None:
    assert problems(one("Pass", Output={"a": "{% b + c %}", "d": "{% e", "f": "{% 1 + %}"})) == [
        (UNSUPPORTED, top_level("b"), f"{OUTPUT}/a"),
        (UNSUPPORTED, top_level("c"), f"{OUTPUT}/a"),
        (SCHEMA, DELIMITERS, f"{OUTPUT}/d"),
        (INVALID, "Unexpected end of expression", f"{OUTPUT}/f"),
    ]


def test_one_state_of_a_machine_in_jsonpath_may_be_in_jsonata() -> None:
    state = {"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% 1 %}", "End": True}
    assert problems({"StartAt": "S", "States": {"S": state}}) == []


def test_the_language_of_a_map_is_not_that_of_the_states_in_it() -> None:
    inner = {"StartAt": "I", "States": {"I": {"Type": "Pass", "Output": 1, "End": True}}}
    state = {"Type": "Map", "QueryLanguage": "JSONata", "ItemProcessor": inner, "End": True}
    text = (
        "The QueryLanguage is set to 'JSONPath', but field 'Output' is only supported for the 'JSONata' QueryLanguage"
    )
    assert problems({"StartAt": "S", "States": {"S": state}}) == [(SCHEMA, text, "/States/S/ItemProcessor/States/I")]
