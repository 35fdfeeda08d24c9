"""What a definition says that AWS accepts but warns of: paths and calls that stand where nobody evaluates them.

The codes are documented; the words of the messages are ours, for AWS's were not seen.
Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinitionDiagnostic.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Final

from ..errors import Problem
from ..jsontext import JSON
from ..language.choice import OPERATORS, PATH_OPERATORS
from ..language.intrinsics import is_intrinsic

_TEMPLATES: Final = ("Parameters", "ResultSelector", "ItemSelector", "Assign")
_LITERALS: Final = ("Error", "Cause", "Timestamp")
"""Fields that have a twin which ends in ``Path``."""

Warn = partial(Problem, severity="WARNING")


def warnings(definition: JSON) -> Iterator[Problem]:
    """Every warning about a definition, in the order of the document. It takes nothing for granted."""
    if isinstance(definition, dict):
        yield from _of_states(definition, "", str(definition.get("QueryLanguage", "JSONPath")))


def _of_states(machine: Mapping[str, JSON], where: str, language: str) -> Iterator[Problem]:
    states = machine.get("States")
    for name, state in states.items() if isinstance(states, dict) else ():
        if isinstance(state, dict):
            inside = f"{where}/States/{name}"
            if state.get("QueryLanguage", language) == "JSONPath":
                yield from _of_state(state, inside)
            for number, branch in _objects(state, "Branches"):
                yield from _of_states(branch, f"{inside}/Branches[{number}]", language)
            for field in ("ItemProcessor", "Iterator"):
                if isinstance(state.get(field), dict):
                    yield from _of_states(state[field], f"{inside}/{field}", language)


def _of_state(state: Mapping[str, JSON], where: str) -> Iterator[Problem]:
    for field, value in state.items():
        location = f"{where}/{field}"
        if field in _TEMPLATES:
            yield from _of_template(value, location)
        elif field in _LITERALS and _looks_like_path(value):
            yield _no_path(field, value, location)
        elif field == "Result":
            yield from _of_result(value, location)
    for number, rule in _objects(state, "Choices"):
        yield from _of_rule(rule, f"{where}/Choices[{number}]")
    for number, rule in _objects(state, "Catch"):
        yield from _of_template(rule.get("Assign"), f"{where}/Catch[{number}]/Assign")


def _of_result(value: JSON, where: str) -> Iterator[Problem]:
    for location, key, text in _texts(value, where):
        if key.endswith(".$") or _looks_evaluated(text):
            message = f"The Result of a Pass state is static: '{text}' will not be evaluated"
            yield Warn("PASS_RESULT_IS_STATIC", message, location)


def _of_template(template: JSON, where: str) -> Iterator[Problem]:
    for location, key, text in _texts(template, where):
        if key and not key.endswith(".$") and _looks_evaluated(text):
            message = f"The value of the field '{key}' will not be evaluated: to have it evaluated name it '{key}.$'"
            yield Warn("NO_DOLLAR", message, location)


def _of_rule(rule: Mapping[str, JSON], where: str) -> Iterator[Problem]:
    for field, value in rule.items():
        if field in OPERATORS and f"{field}Path" in PATH_OPERATORS and _looks_like_path(value):
            yield _no_path(field, value, f"{where}/{field}")
        elif field == "Not" and isinstance(value, dict):
            yield from _of_rule(value, f"{where}/Not")
        elif field in ("And", "Or"):
            for number, part in _objects(rule, field):
                yield from _of_rule(part, f"{where}/{field}[{number}]")
        elif field == "Assign":
            yield from _of_template(value, f"{where}/Assign")


def _no_path(field: str, value: JSON, location: str) -> Problem:
    message = f"The value of the field '{field}' looks like a path: to have '{value}' evaluated use '{field}Path'"
    return Warn("NO_PATH", message, location)


def _texts(value: JSON, where: str, key: str = "") -> Iterator[tuple[str, str, str]]:
    """Every string in a value: its location, the name of its field (none in an array), the string."""
    if isinstance(value, str):
        yield where, key, value
    elif isinstance(value, dict):
        for name, content in value.items():
            yield from _texts(content, f"{where}/{name}", name)
    elif isinstance(value, list):
        for index, content in enumerate(value):
            yield from _texts(content, f"{where}[{index}]")


def _looks_evaluated(text: str) -> bool:
    return _looks_like_path(text) or is_intrinsic(text)


def _looks_like_path(value: JSON) -> bool:
    return isinstance(value, str) and (value in ("$", "$$") or value.startswith(("$.", "$[", "$$.", "$$[")))


def _objects(parent: Mapping[str, JSON], field: str) -> Iterator[tuple[int, dict[str, JSON]]]:
    entries = parent.get(field)
    for number, entry in enumerate(entries if isinstance(entries, list) else ()):
        if isinstance(entry, dict):
            yield number, entry
