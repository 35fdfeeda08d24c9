"""What is wrong between the states of a definition: names, labels, where transitions lead, what cannot be reached.

As AWS's, these checks also run on definitions in which objects have been found faulty, so nothing is taken for granted.

Source: Amazon States Language specification; wording, locations and order as observed on AWS.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from ..errors import Problem
from ..jsontext import JSON

MAX_STATE_NAME: Final = 80
MAX_LABEL: Final = 40
"""Characters: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html"""
MAX_NESTING: Final = 64
"""How deep machines may be nested. AWS has a limit too, of which only the code of the problem is known."""


def check_graph(definition: Mapping[str, JSON]) -> Iterator[Problem]:
    """Names, then targets, then what cannot be reached; a machine without an end hides the latter."""
    if not isinstance(definition.get("States"), dict):
        return
    machines = list(_machines(definition, ""))
    yield from _check_names(machines)
    yield from _check_labels(machines)
    yield from _check_targets(machines)
    if not any(_ends(state) for state in _states_of(definition).values()):
        yield Problem("MISSING_END_STATE", "Workflow has no terminal state", None)
    else:
        yield from _check_reached(machines)


def check_inner_graphs(state: Mapping[str, Mapping[str, JSON]]) -> Iterator[Problem]:
    """The same for what is nested in one state, given by its name: where the state itself leads need not exist."""
    _, *inner = _machines({"States": state}, "")
    yield from _check_names(inner)
    yield from _check_targets(inner)
    yield from _check_reached(inner)


def _check_targets(machines: Sequence[tuple[str, Mapping[str, JSON]]]) -> Iterator[Problem]:
    for where, machine in machines:
        states = _states_of(machine)
        for location, target in _transitions(machine, where):
            if target not in states:
                yield Problem("MISSING_TRANSITION_TARGET", f"Missing 'Next' target: {target}", location)


def _check_reached(machines: Sequence[tuple[str, Mapping[str, JSON]]]) -> Iterator[Problem]:
    """Of a machine without StartAt AWS says just that, as observed."""
    for where, machine in machines:
        if not isinstance(machine.get("StartAt"), str):
            continue
        reached = {target for _, target in _transitions(machine, where)}
        for name in _states_of(machine):
            if name not in reached:
                yield Problem(
                    "MISSING_TRANSITION_TARGET", f'State "{name}" is not reachable.', f"{where}/States/{name}"
                )


def _states_of(machine: Mapping[str, JSON]) -> Mapping[str, JSON]:
    """The states that are objects."""
    states = machine.get("States")
    return (
        {name: state for name, state in states.items() if isinstance(state, dict)} if isinstance(states, dict) else {}
    )


def entries(parent: Mapping[str, JSON], field: str) -> Iterator[tuple[int, dict[str, JSON]]]:
    """The objects in a list, numbered."""
    content = parent.get(field)
    return (
        (number, entry)
        for number, entry in enumerate(content if isinstance(content, list) else ())
        if isinstance(entry, dict)
    )


def _machines(machine: Mapping[str, JSON], where: str) -> Iterator[tuple[str, Mapping[str, JSON]]]:
    """The machine and every one nested in it, each with its location."""
    yield where, machine
    for inside, nested in _nested(machine, where):
        yield from _machines(nested, inside)


def _nested(machine: Mapping[str, JSON], where: str) -> Iterator[tuple[str, Mapping[str, JSON]]]:
    """The machines inside the states of a machine."""
    for name, state in _states_of(machine).items():
        inside = f"{where}/States/{name}"
        for field in ("ItemProcessor", "Iterator"):
            if isinstance(state.get(field), dict):
                yield f"{inside}/{field}", state[field]
        for number, branch in entries(state, "Branches"):
            yield f"{inside}/Branches[{number}]", branch


def _check_names(machines: Sequence[tuple[str, Mapping[str, JSON]]]) -> Iterator[Problem]:
    seen: set[str] = set()
    for where, machine in machines:
        for name in _states_of(machine):
            location = f"{where}/States/{name}"
            if name in seen:
                yield Problem("DUPLICATE_STATE_NAME", f"Duplicate State name: {name}", location)
            if len(name) > MAX_STATE_NAME:
                limit = f"exceeds the {MAX_STATE_NAME}-character limit allowed by the service"
                yield Problem("INVALID_STATE_NAME", f"Invalid State name: State '{name}' {limit}", location)
            seen.add(name)


def _check_labels(machines: Sequence[tuple[str, Mapping[str, JSON]]]) -> Iterator[Problem]:
    """Labels of distributed Maps, which are part of the ARNs of their runs."""
    seen: set[str] = set()
    for where, machine in machines:
        for name, state in _states_of(machine).items():
            label = state.get("Label")
            if not isinstance(label, str):
                continue
            location = f"{where}/States/{name}/Label"
            if label in seen:
                yield Problem("DUPLICATE_LABEL_NAME", f"Duplicate Label name: {label}", location)
            if (complaint := _label_complaint(label)) is not None:
                yield Problem("INVALID_LABEL_NAME", f"Invalid Label name: Label '{label}' {complaint}", location)
            seen.add(label)


_NOT_IN_LABELS: Final = re.compile(r"""[\s?*<>{}\[\]:;,\\|^~$#%&`"\x00-\x1f\x7f-\x9f]""")


def _label_complaint(label: str) -> str | None:
    if not label:
        return "is empty"
    if len(label) > MAX_LABEL:
        return f"exceeds the {MAX_LABEL}-character limit allowed by the service"
    found = _NOT_IN_LABELS.search(label)
    return None if found is None else f"contains the character '{found[0]}', which is not allowed"


def check_depth(definition: Mapping[str, JSON]) -> Iterator[Problem]:
    """Machines that are nested too deep to be looked at."""
    waiting = [("", definition, 0)]
    while waiting:
        where, machine, depth = waiting.pop()
        if depth > MAX_NESTING:
            yield Problem("TOO_DEEPLY_NESTED", f"States are nested more than {MAX_NESTING} deep", where)
            return
        waiting += ((inside, nested, depth + 1) for inside, nested in _nested(machine, where))


def _transitions(machine: Mapping[str, JSON], where: str) -> Iterator[tuple[str, str]]:
    """Every field that names a state, and the name."""
    if isinstance(machine.get("StartAt"), str):
        yield f"{where}/StartAt", machine["StartAt"]
    for name, state in _states_of(machine).items():
        inside = f"{where}/States/{name}"
        for field in ("Next", "Default"):
            if isinstance(state.get(field), str):
                yield f"{inside}/{field}", state[field]
        for field in ("Choices", "Catch"):
            for number, rule in entries(state, field):
                if isinstance(rule.get("Next"), str):
                    yield f"{inside}/{field}[{number}]/Next", rule["Next"]


def _ends(state: Mapping[str, JSON]) -> bool:
    return state.get("Type") in ("Succeed", "Fail") or ("Type" in state and state.get("End") is True)
