"""Payload templates: what is evaluated, what is not, and what AWS says of what it cannot find."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties.scripted import frame

from asl_interpreter.errors import StateError
from asl_interpreter.jsontext import dumps
from asl_interpreter.language.templates import compile_field, compile_template, template_problems

INPUT = {"a": 1, "list": [1, {"b": 2}], "text": "hi", "none": None}
CONTEXT = {"Execution": {"Name": "run"}}


def fill(template: Any, document: Any = INPUT) -> Any:
    return compile_template(template)(frame(document, CONTEXT))


FILLED = [
    ({}, {}),
    ([], []),
    ("$.a", "$.a"),  # only a member whose name ends in .$ is evaluated
    ({"x": "$.a"}, {"x": "$.a"}),
    ({"x.$": "$.a"}, {"x": 1}),
    ({"x.$": "$"}, {"x": INPUT}),
    ({"x.$": "$.none"}, {"x": None}),
    ({"x.$": "$$.Execution.Name"}, {"x": "run"}),
    ({"x.$": "$$"}, {"x": CONTEXT}),
    ({"x.$": "States.Format('{}-{}', $.text, $.a)"}, {"x": "hi-1"}),
    ({"x.$": "$.list[*].b"}, {"x": [2]}),
    ({"x.$": "$.list[9]"}, {"x": None}),  # as observed on AWS
    ({"x": {"y": {"z.$": "$.a"}}}, {"x": {"y": {"z": 1}}}),
    ({"x": [{"y.$": "$.a"}, "$.a", ["$.a", {"y.$": "$.text"}]]}, {"x": [{"y": 1}, "$.a", ["$.a", {"y": "hi"}]]}),
    ([{"x.$": "$.a"}], [{"x": 1}]),
    ({".$": "$.a"}, {"": 1}),
    ({"x.$.$": "$.a"}, {"x.$": 1}),
    ({"$": "$.a", "x$": "$.a"}, {"$": "$.a", "x$": "$.a"}),
]


@pytest.mark.parametrize(("template", "expected"), FILLED)
def test_a_template(template: Any, expected: Any) -> None:
    assert dumps(fill(template)) == dumps(expected)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text().filter(lambda name: not name.endswith(".$")), inner),
    max_leaves=8,
)


@given(json_values)
def test_a_template_without_references_is_a_constant(template: Any) -> None:
    assert fill(template) == template


@given(json_values)
def test_filling_a_template_changes_neither_template_nor_input(value: Any) -> None:
    template, document = {"whole.$": "$", "part": {"v.$": "$.v", "constant": value}}, {"v": value}
    before = dumps([template, document])
    assert fill(template, document) == {"whole": document, "part": {"v": value, "constant": value}}
    assert dumps([template, document]) == before


MISSING = [
    ({"x.$": "$.no"}, "The JSONPath '$.no' specified for the field 'x.$' could not be found in the input"),
    ({"d": {"e.p.$": "$.a.b"}}, "The JSONPath '$.a.b' specified for the field 'e.p.$' could not be found in the input"),
]


@pytest.mark.parametrize(("template", "message"), MISSING)
def test_a_path_to_nothing_names_the_field_and_shows_the_input(template: Any, message: str) -> None:
    with pytest.raises(StateError) as failed:
        fill(template, {"a": {}})
    assert (failed.value.error, failed.value.cause) == ("States.Runtime", f"{message} '{{\"a\":{{}}}}'")


def test_a_path_into_the_context_object_to_nothing_shows_the_context_object() -> None:
    with pytest.raises(StateError) as failed:
        fill({"x.$": "$$.Task.Token"})
    message = "The JSONPath '$$.Task.Token' specified for the field 'x.$' could not be found in the input"
    assert failed.value.cause == f"{message} '{dumps(CONTEXT)}'"


REFUSED = [
    ({"x.$": "text"}, "x.$", ""),
    ({"x.$": ""}, "x.$", ""),
    ({"x.$": 1}, "x.$", ""),
    ({"x.$": None}, "x.$", ""),
    ({"x.$": {"y.$": "$"}}, "x.$", ""),
    ({"x.$": "$.["}, "x.$", ""),
    ({"x.$": "States.Unknown()"}, "x.$", ""),
    ({"a": {"b": [0, {"x.$": "text"}]}}, "x.$", "/a/b[1]"),
]


@pytest.mark.parametrize(("template", "field", "where"), REFUSED)
def test_a_reference_must_be_a_path_or_a_call(template: Any, field: str, where: str) -> None:
    text = f"The value for the field '{field}' must be a valid JSONPath or a valid intrinsic function call"
    assert list(template_problems(template)) == [(where, text)]


def test_every_reference_is_looked_at() -> None:
    template = {"first.$": "bad", "good.$": "$", "second.$": 1, "inner": {"first.$": "bad"}}
    assert [(where, text.split("'")[1]) for where, text in template_problems(template)] == [
        ("", "first.$"),
        ("", "second.$"),
        ("/inner", "first.$"),
    ]


def test_a_field_of_its_own_is_named_in_the_message() -> None:
    with pytest.raises(StateError) as failed:
        compile_field("CausePath", "$.no")(frame({}))
    assert failed.value.cause == (
        "The JSONPath '$.no' specified for the field 'CausePath' could not be found in the input '{}'"
    )
