"""Property testing: inputs from examples and schemas, failures that shrink with them, and laws, word for word."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema.validators import Draft202012Validator

from dynastep.laws import LAWS, always_ends, every_failure_is_caught, never_runtime, output_fits, under_quotas
from dynastep.strategies import Failure, Scenario, UnknownSchema, inputs, scenarios

LAMBDA = "arn:aws:states:::lambda:invoke"


def task(**fields):
    end = {} if "Next" in fields else {"End": True}
    return {"Type": "Task", "Resource": LAMBDA, "Parameters": {"FunctionName": "f"}, **end, **fields}


def machine(**states):
    return {"StartAt": next(iter(states)), "States": states}


def prepare(dynastep):
    dynastep.function("f", lambda event: 1)
    dynastep.client("sqs").create_queue(QueueName="q")


def found(strategy, condition):
    """The smallest value that hypothesis finds."""
    from hypothesis import find

    return find(strategy, condition, settings=settings(max_examples=2000, derandomize=True))


# Inputs


@given(inputs({"id": 7, "items": [{"name": "pen"}], "gift": None}, {"id": 8, "items": []}))
@settings(max_examples=50)
def test_inputs_are_like_their_examples(value):
    assert set(value) in ({"id", "items"}, {"id", "items", "gift"})
    assert type(value["id"]) is int
    assert all(type(item["name"]) is str for item in value["items"])
    assert value.get("gift") is None


SCHEMAS = [
    {"type": "object", "properties": {"a": {"type": "integer", "minimum": 1, "maximum": 9}}, "required": ["a"]},
    {"type": ["string", "null"], "minLength": 2, "maxLength": 3},
    {"type": "array", "items": {"enum": [1, 2, 3]}, "minItems": 1, "maxItems": 3, "uniqueItems": True},
    {"type": "object", "additionalProperties": {"type": "boolean"}},
    {"type": "object", "required": ["free"]},
    {"anyOf": [{"const": 1}, {"type": "number", "minimum": 0.5, "exclusiveMaximum": 2}]},
    {"oneOf": [{"type": "integer", "multipleOf": 3}, {"type": "boolean"}]},
    {"type": "string", "pattern": "^[a-z]{3}-[0-9]+$"},
    {"$defs": {"tree": {"type": "object", "properties": {"left": {"$ref": "#/$defs/tree"}}}}, "$ref": "#/$defs/tree"},
    {"properties": {"name": {"type": "string", "format": "uuid"}}},
    {"minimum": 3},
    True,
]


@pytest.mark.parametrize("schema", SCHEMAS, ids=str)
def test_inputs_fit_their_schema(schema):
    validator = Draft202012Validator(schema)

    @given(inputs(schema=schema))
    @settings(max_examples=30)
    def law(value):
        validator.validate(value)

    law()


WRONG = [
    ({"type": "object", "patternProperties": {}}, "There is no keyword of JSON Schema known here 'patternProperties'. Is 'properties' meant?"),
    ({"type": "objekt"}, "This is no JSON Schema: 'objekt' is not valid under any of the given schemas"),
    ({"$ref": "https://example.com/x"}, "A reference to another document is not followed: https://example.com/x"),
    ({"$ref": "#/$defs/absent"}, "There is nothing at #/$defs/absent"),
    ({"type": "integer", "multipleOf": 0.5}, "multipleOf is known of whole numbers, not of 0.5"),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "message"), WRONG)
def test_a_schema_of_which_no_values_are_made_is_refused(schema, message):
    with pytest.raises(UnknownSchema) as refused:
        inputs(schema=schema)
    assert str(refused.value)[: len(message)] == message


def test_inputs_need_examples_or_a_schema():
    with pytest.raises(ValueError, match="At least one example is needed"):
        inputs()
    with pytest.raises(ValueError, match="examples or a schema, not both"):
        inputs(1, schema={})


# Scenarios


CAUGHT = [{"ErrorEquals": ["Card.Lost"], "Next": "Ask"}, {"ErrorEquals": ["States.ALL"], "Next": "Sorry"}]
ASK = {
    "Type": "Task",
    "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
    "Parameters": {"QueueUrl": "q", "MessageBody.$": "$$.Task.Token"},
    "End": True,
}
ORDER = machine(Charge=task(Catch=CAUGHT, Next="Ship"), Ship=task(), Ask=ASK, Sorry={"Type": "Fail", "Error": "Sorry"})


def test_a_scenario_shrinks_to_what_breaks_a_law():
    def waits(scenario):
        return scenario.run(prepare).status == "RUNNING"

    smallest = found(scenarios(ORDER, inputs({"id": 7})), waits)
    assert smallest == Scenario(ORDER, {"id": smallest.input["id"]}, (Failure("Charge", "Card.Lost"),))
    assert (
        repr(smallest)
        == f"Scenario(input={smallest.input}, failures=(Failure(place='Charge', error='Card.Lost', call=0, lasting=False),))"
    )


def test_without_failures_there_are_none():
    @given(scenarios(ORDER, st.just({}), failures=False))
    @settings(max_examples=3)
    def law(scenario):
        assert scenario.failures == ()
        for each in LAWS:
            each(scenario.run(prepare))

    law()


def test_errors_may_be_listed_and_places_are_inside_maps_too():
    definition = machine(Each={"Type": "Map", "ItemProcessor": machine(Work=task()), "End": True})
    smallest = found(scenarios(definition, st.just([1, 2]), failures=["E"]), lambda each: bool(each.failures))
    assert smallest.failures == (Failure("Each/Work", "E"),)
    assert smallest.run(prepare).error == "E"


# Laws


def broken(law, scenario):
    with pytest.raises(AssertionError) as refused:
        law(scenario.run(prepare))
    return str(refused.value).splitlines()[0]


def test_laws_say_what_is_wrong():
    lost = Scenario(ORDER, {}, (Failure("Charge", "Card.Lost"),))
    assert broken(always_ends, lost) == "It does not end: 'Ask' (Task) waits for its task token."
    shipped = Scenario(ORDER, {}, (Failure("Ship", "Ship.Lost"),))
    assert broken(every_failure_is_caught, shipped) == "The failure of 'Ship' is not caught."
    every_failure_is_caught(Scenario(ORDER, {}, (Failure("Charge", "Chaos.Unnamed"),)).run(prepare))
    lacking = Scenario(machine(P={"Type": "Pass", "InputPath": "$.absent", "End": True}), {})
    assert broken(never_runtime, lacking) == "It fails with States.Runtime, which nothing can catch."
    same = Scenario(machine(P={"Type": "Pass", "End": True}), {"total": "7"})
    schema = {"properties": {"total": {"type": "integer"}}}
    assert (
        broken(output_fits(schema), same)
        == "Its output does not fit the schema at $.total: '7' is not of type 'integer'."
    )
    large = Scenario(machine(P={"Type": "Pass", "End": True}), "x" * 220_000)
    assert broken(under_quotas, large) == "The input of 'P' has 220002 bytes, more than 80% of 262144."
    under_quotas(large.run(), share=0.9)


def test_a_law_explains_the_execution():
    lost = Scenario(ORDER, {}, (Failure("Charge", "Card.Lost"),))
    with pytest.raises(AssertionError, match="path:    Charge -> Ask"):
        always_ends(lost.run(prepare))


def test_without_hypothesis_an_error_says_what_to_install():
    code = (
        "import sys; sys.modules['hypothesis'] = None\n"
        "try:\n    import dynastep.strategies\nexcept ImportError as error:\n    print(error)"
    )
    said = subprocess.check_output([sys.executable, "-c", code], text=True)
    assert (
        said
        == "dynastep.strategies needs the package hypothesis, which is not installed: pip install 'dynastep[properties]'\n"
    )
