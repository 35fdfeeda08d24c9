"""The state machines that are timed."""

from __future__ import annotations

from typing import Any


def chain(states: int, first: int = 0, **fields: Any) -> dict[str, Any]:
    """Pass states, one after the other, named by their numbers."""
    names = [f"S{number}" for number in range(first, first + states)]
    return {
        "StartAt": names[0],
        "States": {
            name: {"Type": "Pass", **fields, **({"Next": following} if following else {"End": True})}
            for name, following in zip(names, [*names[1:], None], strict=True)
        },
    }


def intrinsics_chain(states: int) -> dict[str, Any]:
    """Pass states that each call two intrinsic functions. Input: ``{"n": 0, "s": ""}``."""
    return chain(states, Parameters={"n.$": "States.MathAdd($.n, 1)", "s.$": "States.Format('{}x', $.s)"})


def queries_chain(states: int) -> dict[str, Any]:
    """Pass states in JSONata that each make an output and assign a variable. Input: ``{"n": 0, "s": ""}``."""
    output = {"n": "{% $states.input.n + 1 %}", "s": "{% $states.input.s & 'x' %}"}
    return {"QueryLanguage": "JSONata", **chain(states, Output=output, Assign={"last": "{% $states.input.n %}"})}


def choice_loop(rounds: int) -> dict[str, Any]:
    """A Pass state that counts and a Choice that returns to it: two states a round, and one at the end."""
    again = {"Variable": "$.n", "NumericLessThan": rounds, "Next": "Count"}
    return {
        "StartAt": "Count",
        "States": {
            "Count": {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.n, 1)"}, "Next": "Enough"},
            "Enough": {"Type": "Choice", "Choices": [again], "Default": "Done"},
            "Done": {"Type": "Succeed"},
        },
    }


def map_of_passes(mode: str = "INLINE") -> dict[str, Any]:
    """A Map with one Pass state for each item. Input: ``{"items": [...]}``."""
    config = {"Mode": mode, **({"ExecutionType": "STANDARD"} if mode == "DISTRIBUTED" else {})}
    processor = {**chain(1), "ProcessorConfig": config}
    each = {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": processor, "ResultPath": None, "End": True}
    return {"StartAt": "Each", "States": {"Each": each}}


def parallel(branches: int) -> dict[str, Any]:
    """A Parallel state with one Pass state in each branch."""
    each = [chain(1, first=number) for number in range(branches)]
    return {"StartAt": "All", "States": {"All": {"Type": "Parallel", "Branches": each, "End": True}}}
