"""The names of variables in a definition, and where they may be assigned.

The states of a Parallel's branch or of a Map have a scope of their own: they read the variables around them and may not
assign any of the same name. The states of a distributed Map see nothing from around, and may. What a Parallel or a Map
assigns comes after its inner states, so those may assign the same name: observed on AWS for a Catch of a Parallel.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html; the words are ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from ..errors import Problem
from ..jsontext import JSON
from .fields import SCHEMA, Language

MAX_NAME: Final = 80
RESERVED: Final = "states"


def check_scopes(
    machine: Mapping[str, JSON], language: Language, where: str = "", around: frozenset[str] = frozenset()
) -> Iterator[Problem]:
    """Every problem with what the states of a machine, and those nested in it, assign.

    ``language`` is the machine's, ``where`` its location, ``around`` the variables of the scopes around it.
    """
    states = machine.get("States")
    found = [
        (location, name, state)
        for state, content in (states.items() if isinstance(states, dict) else ())
        for location, name in _assigned(content, language, f"{where}/States/{state}")
    ]
    for location, name, _ in found:
        if (complaint := _complaint(name)) is not None:
            yield Problem(SCHEMA, f"Invalid variable name '{name}': {complaint}", location)
        elif name in around:
            text = f"Variable '{name}' is assigned in an outer scope and can not be assigned in an inner one"
            yield Problem(SCHEMA, text, location)
    holders: dict[str, set[str]] = {}
    for _, name, state in found:
        holders.setdefault(name, set()).add(state)
    for state, content in states.items() if isinstance(states, dict) else ():
        inner = around | {name for name, by in holders.items() if by != {state}}
        for inside, nested, sees in _scopes(content, f"{where}/States/{state}"):
            yield from check_scopes(nested, language, inside, inner if sees else frozenset())


def _complaint(name: str) -> str | None:
    if name == RESERVED:
        return "it is reserved"
    if len(name) > MAX_NAME:
        return f"it exceeds the {MAX_NAME}-character limit allowed by the service"
    return None if name.isidentifier() else "it is not a Unicode identifier"


def _assigned(state: JSON, language: Language, where: str) -> Iterator[tuple[str, str]]:
    """Where a state assigns a variable, and its name."""
    if not isinstance(state, dict):
        return
    suffix = ".$" if state.get("QueryLanguage", language) == "JSONPath" else ""
    holders = [(where, state)]
    for field in ("Choices", "Catch"):
        rules = state.get(field)
        holders += [(f"{where}/{field}[{n}]", rule) for n, rule in enumerate(rules if isinstance(rules, list) else ())]
    for location, holder in holders:
        assign = holder.get("Assign") if isinstance(holder, dict) else None
        for key in assign if isinstance(assign, dict) else ():
            yield f"{location}/Assign/{key}", key.removesuffix(suffix)


def _scopes(state: JSON, where: str) -> Iterator[tuple[str, Mapping[str, JSON], bool]]:
    """The machines nested in a state, and whether they see the variables around them."""
    if not isinstance(state, dict):
        return
    branches = state.get("Branches")
    for number, branch in enumerate(branches if isinstance(branches, list) else ()):
        if isinstance(branch, dict):
            yield f"{where}/Branches[{number}]", branch, True
    for field in ("ItemProcessor", "Iterator"):
        processor = state.get(field)
        if isinstance(processor, dict):
            config = processor.get("ProcessorConfig")
            is_distributed = isinstance(config, dict) and config.get("Mode") == "DISTRIBUTED"
            yield f"{where}/{field}", processor, not is_distributed
