"""Laws of parsing: whatever a definition is, it is compiled or refused, and never anything else."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from properties.machines import Case, cases
from properties.scripted import Resources

from asl_interpreter.engine import Engine
from asl_interpreter.errors import InvalidDefinition
from asl_interpreter.loop.clock import Clock
from asl_interpreter.reading.parsing import parse

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=9), inner, max_size=2),
    max_leaves=3,
)
resolve = Resources(Engine(Clock("virtual")), {})


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place inside a value: what holds it, and its key there."""
    for key, inner in list(value.items() if isinstance(value, dict) else enumerate(value)):
        yield value, key
        if isinstance(inner, (dict, list)):
            yield from places(inner)


def check(definition: Any) -> None:
    try:
        parse(definition, resolve)
    except InvalidDefinition as error:
        assert error.problems


@given(json_values)
def test_any_json_is_compiled_or_refused(definition: Any) -> None:
    check(definition)


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])
@given(cases(), json_values, st.data())
def test_a_machine_with_one_value_broken_is_compiled_or_refused(case: Case, value: Any, data: st.DataObject) -> None:
    definition = copy.deepcopy(case.definition)
    holder, key = data.draw(st.sampled_from(list(places(definition))))
    holder[key] = value
    check(definition)


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(cases(), st.data())
def test_a_machine_that_lacks_one_thing_is_compiled_or_refused(case: Case, data: st.DataObject) -> None:
    definition = copy.deepcopy(case.definition)
    holder, key = data.draw(st.sampled_from(list(places(definition))))
    del holder[key]
    check(definition)
