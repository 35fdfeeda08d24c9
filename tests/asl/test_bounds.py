"""Nothing that a definition or an input says hangs the loop, exhausts memory or ends in an internal error.

Values share their parts, so that a short definition can name a payload ten thousand times; descents through a document
multiply; machines that loop can nest their data ever deeper. AWS's quotas end all of it.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from properties.scripted import TASK, run

from asl_interpreter import jsontext
from asl_interpreter.reading.parsing import parse

LARGE = {"x": "y" * 250_000}
LIMIT = "States.DataLimitExceeded"
RESULT = "The state/task 'S' returned a result with a size exceeding the maximum number of bytes service limit."
ARGUMENTS = "The state 'S' has arguments with a size exceeding the maximum number of bytes service limit."
VARIABLES = "The state 'S' assigns variables with a size exceeding the maximum number of bytes service limit."
DEEP = json.loads('{"a":' * 400 + "1" + "}" * 400)
ENDS = {"StartAt": "E", "States": {"E": {"Type": "Pass", "End": True}}}


def one(kind: str = "Pass", **fields: Any) -> dict[str, Any]:
    return {"StartAt": "S", "States": {"S": {"Type": kind, "End": True, **fields}}}


def query(kind: str = "Pass", **fields: Any) -> dict[str, Any]:
    return {"QueryLanguage": "JSONata", **one(kind, **fields)}


def without_end(definition: Any) -> Any:
    del definition["States"]["S"]["End"]
    return definition


def looping(**fields: Any) -> dict[str, Any]:
    """A machine that does one thing for ever."""
    rule = {"Variable": "$$.State.Name", "StringEquals": "never", "Next": "E"}
    states = {
        "S": {"Type": "Pass", "Next": "C", **fields},
        "C": {"Type": "Choice", "Choices": [rule], "Default": "S"},
        "E": {"Type": "Succeed"},
    }
    return {"StartAt": "S", "States": states}


MANY = {f"k{number}.$": "$" for number in range(20_000)}
SHARED = "($a := $states.input; $b := [1..1000].$a; $c := [$b, $b, $b, $b]; [$c, $c, $c, $c])"
BOUNDED = [
    (one(Parameters=MANY), LARGE, LIMIT, RESULT),
    (one(Parameters={f"k{n}": {f"j{m}.$": "$" for m in range(100)} for n in range(100)}), LARGE, LIMIT, RESULT),
    (one("Task", Resource=f"{TASK}t", Parameters=MANY), LARGE, LIMIT, ARGUMENTS),
    (one("Parallel", Branches=[ENDS], Parameters=MANY), LARGE, LIMIT, ARGUMENTS),
    (one("Map", ItemProcessor=ENDS, ItemsPath="$.xs", ItemSelector=MANY), {**LARGE, "xs": [1]}, LIMIT, ARGUMENTS),
    (one(Assign=MANY), LARGE, LIMIT, VARIABLES),
    (one(Parameters={"x.$": f"States.Format('{'{}' * 5000}'{', $.x' * 5000})"}), LARGE, "States.Runtime", None),
    (one(Parameters={"x.$": f"States.Array({', '.join(['$.x'] * 5000)})"}), LARGE, "States.Runtime", None),
    (one(Parameters={"x.$": "States.JsonToString(" * 10 + "$" + ")" * 10}), {"x": '"' * 120_000}, "States.Runtime", None),
    (one(Parameters={"x.$": "$..*..*..*..*"}), DEEP, "States.Runtime", None),
    (one(Parameters={"x.$": "$..*..*..*[?(@ > 5)]"}), {"a": {"b": {"c": {"d": {"e": [0] * 40_000}}}}}, "States.Runtime", None),
    (query(Output=f"{{% {SHARED} %}}"), LARGE, LIMIT, RESULT),
    (query("Wait", Seconds=0, Output=f"{{% {SHARED} %}}"), LARGE, LIMIT, RESULT),
    (without_end(query("Succeed", Output=f"{{% {SHARED} %}}")), LARGE, LIMIT, RESULT),
    (query("Task", Resource=f"{TASK}t", Output=f"{{% {SHARED} %}}"), LARGE, LIMIT, RESULT),
    (query("Wait", Seconds=f"{{% {SHARED} %}}"), LARGE, "States.QueryEvaluationError", None),
    (query("Map", ItemProcessor=ENDS, Items="{% [1..1000].{'x': $states.input} %}"), LARGE, LIMIT, RESULT),
    (looping(Parameters={"a.$": "$"}), {}, LIMIT, RESULT),
    (looping(Assign={"v.$": "States.Array($)"}, Parameters={"a.$": "$"}), {}, LIMIT, None),
    (looping(QueryLanguage="JSONata", Output="{% [[$states.input]] %}"), {}, LIMIT, RESULT),
]  # fmt: skip


@pytest.mark.parametrize(("definition", "document", "error", "cause"), BOUNDED)
def test_what_multiplies_ends_in_an_error(definition: Any, document: Any, error: str, cause: str | None) -> None:
    execution = run(definition, document)
    assert (execution.status, execution.error) == ("FAILED", error)
    assert cause in (None, execution.cause)


def kilobytes(count: int) -> str:
    return "x" * (1024 * count)


def test_what_one_state_assigns_is_limited_as_a_payload_is() -> None:
    state = {"Assign": {"a.$": "$.x", "b.$": "$.x"}}
    assert run(one(**state), {"x": kilobytes(127)}).status == "SUCCEEDED"
    execution = run(one(**state), {"x": kilobytes(128)})
    assert (execution.error, execution.cause) == (LIMIT, VARIABLES)


def chain(count: int) -> dict[str, Any]:
    states: dict[str, Any] = {
        f"S{n}": {"Type": "Pass", "Assign": {f"v{n}.$": "$.x"}, "Next": f"S{n + 1}"} for n in range(count)
    }
    states[f"S{count}"] = {"Type": "Succeed"}
    return {"StartAt": "S0", "States": states}


def test_all_variables_together_take_ten_mebibytes_at_most() -> None:
    assert run(chain(40), {"x": kilobytes(250)}).status == "SUCCEEDED"
    execution = run(chain(41), {"x": kilobytes(250)})
    assert (execution.error, execution.cause) == (LIMIT, VARIABLES.replace("'S'", "'S40'"))


def test_variables_that_are_too_large_are_not_assigned() -> None:
    caught = {"ErrorEquals": [LIMIT], "Next": "Read", "Assign": {"caught": True}}
    task = {
        "Type": "Task",
        "Resource": f"{TASK}t",
        "Assign": {"a.$": "$.x", "b.$": "$.x"},
        "Catch": [caught],
        "End": True,
    }
    read = {"Type": "Pass", "Parameters": {"a.$": "$a", "caught.$": "$caught"}, "End": True}
    states = {"Set": {"Type": "Pass", "Assign": {"a": 1}, "Next": "S"}, "S": task, "Read": read}
    execution = run({"StartAt": "Set", "States": states}, {"x": kilobytes(128)})
    assert execution.output == {"a": 1, "caught": True}


SIZES: list[Any] = [
    None, True, 0, -1.5, "", "x", 'q"\\é', [], {}, [1, [2, {"a": "é"}]], {"a": {"b": [None, False]}},
]  # fmt: skip


@pytest.mark.parametrize("value", SIZES)
def test_exceeding_is_exact(value: Any) -> None:
    size = jsontext.size(value)
    assert not jsontext.exceeds(value, size)
    assert jsontext.exceeds(value, size - 1)


def test_what_a_definition_of_many_states_costs_is_in_proportion():
    """A look at all states for each of them took the better part of a minute."""
    many = 12_000
    states = {f"S{number}": {"Type": "Pass", "Next": f"S{number + 1}"} for number in range(many)}
    states[f"S{many}"] = {"Type": "Succeed"}
    assert len(parse({"StartAt": "S0", "States": states}, lambda *_: None).states) == many + 1
