"""ValidateStateMachineDefinition.

Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinition.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from asl_interpreter.errors import InvalidDefinition, Problem
from asl_interpreter.jsontext import JSON
from asl_interpreter.reading.parsing import parse, read
from asl_interpreter.reading.warnings import warnings

if TYPE_CHECKING:
    from asl_interpreter.tasks import Resolve
    from emulator.wire.protocol import Call
    from emulator.world import World

MAX_DIAGNOSTICS: Final = 100
"""How many are answered at most, and where nothing is asked for."""


def validate_state_machine_definition(world: World, call: Call) -> dict[str, JSON]:
    """ValidateStateMachineDefinition. Warnings are answered where they are asked for; they refuse nothing."""
    params = call.params
    found = problems(params["definition"], world.resources(call), express=params.get("type") == "EXPRESS")
    refused = any(problem.severity == "ERROR" for problem in found)
    if params.get("severity", "ERROR") == "ERROR":
        found = [problem for problem in found if problem.severity == "ERROR"]
    shown = params.get("maxResults") or MAX_DIAGNOSTICS
    return {
        "result": "FAIL" if refused else "OK",
        "diagnostics": [_diagnostic(problem) for problem in found[:shown]],
        "truncated": len(found) > shown,
    }


def problems(text: str, resolve: Resolve, *, express: bool = False) -> list[Problem]:
    """Everything that is to be said of the text of a definition: errors, then warnings."""
    try:
        definition = read(text)
    except InvalidDefinition as error:
        return list(error.problems)
    found: list[Problem] = []
    try:
        parse(definition, resolve, express=express)
    except InvalidDefinition as error:
        found += error.problems
    return [*found, *warnings(definition)]


def _diagnostic(problem: Problem) -> dict[str, JSON]:
    diagnostic: dict[str, JSON] = {
        "severity": problem.severity,
        "code": problem.code,
        "message": problem.message,
    }
    if problem.location is not None:
        diagnostic["location"] = problem.location
    return diagnostic
