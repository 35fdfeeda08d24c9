"""What is wrong with a definition: first object by object, as the rule table says, then what a table cannot say.

That is: where transitions lead, what can be reached, which names are taken. These checks run on definitions that the
table has found faulty too, as AWS's do, so they take nothing for granted.

Source: Amazon States Language specification; wording, locations and order as observed on AWS.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Final, Literal

from ..errors import ALL, Problem
from ..jsontext import JSON
from ..language import choice
from ..language.choice import OPERATORS, PATH_OPERATORS
from . import fields, variables
from .datasets import check_distribution
from .fields import SCHEMA, Language

MAX_STATE_NAME: Final = 80
MAX_LABEL: Final = 40
"""Characters: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html"""
MAX_NESTING: Final = 64
"""How deep machines may be nested. AWS has a limit too, of which only the code of the problem is known."""


def check_definition(definition: JSON) -> Iterator[Problem]:
    """Every problem of a definition that shows without compiling it, in AWS's order."""
    if not isinstance(definition, dict):
        yield Problem(SCHEMA, "Definition must be a valid JSON object", None)
        return
    if (nested := _too_deep(definition)) is not None:
        yield Problem("TOO_DEEPLY_NESTED", f"States are nested more than {MAX_NESTING} deep", nested)
        return
    language: Language = "JSONPath" if definition.get("QueryLanguage", "JSONPath") == "JSONPath" else "JSONata"
    sound = True
    for problem in chain(
        fields.check(definition, fields.MACHINE, "", language),
        _check_states(definition, "", language),
        variables.check_scopes(definition, language),
    ):
        sound = False
        yield problem
    yield from _check_graph(definition, sound=sound)


def check_single_state(name: str, state: JSON, language: Language) -> Iterator[Problem]:
    """Every problem of one state on its own, in a machine of that language: where it leads need not exist."""
    around = {"States": {name: state}}
    if (nested := _too_deep(around)) is not None:
        yield Problem("TOO_DEEPLY_NESTED", f"States are nested more than {MAX_NESTING} deep", nested)
        return
    yield from _check_state(state, f"/States/{name}", language)
    yield from variables.check_scopes(around, language)
    _, *inner = _machines(around, "")
    yield from _check_names(inner)
    yield from _check_targets(inner)
    yield from _check_reached(inner)


def _check_states(machine: Mapping[str, JSON], where: str, language: Language) -> Iterator[Problem]:
    states = machine.get("States")
    if isinstance(states, dict):
        for name, state in states.items():
            yield from _check_state(state, f"{where}/States/{name}", language)


def _check_state(state: JSON, where: str, machine_language: Language) -> Iterator[Problem]:
    if not isinstance(state, dict):
        yield Problem(SCHEMA, "Expected value of type [OBJECT]", where)
        return
    if "Type" not in state:
        yield Problem(SCHEMA, "The field 'Type' is required", where)
        return
    if state["Type"] not in fields.TYPES:
        text = f"The field 'Type' should have one of these values: [{', '.join(fields.TYPES)}]"
        yield Problem(SCHEMA, text, f"{where}/Type")
        return
    language: Language = "JSONPath" if state.get("QueryLanguage", machine_language) == "JSONPath" else "JSONata"
    if language == "JSONPath" and machine_language == "JSONata":
        text = "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine"
        yield Problem(SCHEMA, text, where)
    else:
        outcome: Literal["result"] | None = "result" if state["Type"] in _WITH_RESULT else None
        yield from fields.check(state, fields.STATES[state["Type"]], where, language, outcome)
    yield from _check_parts(state, where, language, machine_language)


_WITH_RESULT: Final = ("Task", "Parallel", "Map")


def _check_parts(
    state: Mapping[str, JSON], where: str, language: Language, machine_language: Language
) -> Iterator[Problem]:
    """The rules and the machines inside a state."""
    for field, rules in (("Retry", fields.RETRIER), ("Catch", fields.CATCHER)):
        for number, rule in _entries(state, field):
            yield from fields.check(rule, rules, f"{where}/{field}[{number}]", language, "errorOutput")
        yield from _check_error_equals(state, field, where)
    for field in ("Retry", "Catch", "Choices", "Branches"):
        yield from _check_objects(state, field, where)
    for number, rule in _entries(state, "Choices"):
        if language == "JSONata":
            yield from fields.check(rule, fields.CONDITION, f"{where}/Choices[{number}]", language)
        else:
            yield from _check_choice(rule, f"{where}/Choices[{number}]", top=True)
    for number, branch in _entries(state, "Branches"):
        yield from fields.check(branch, fields.BRANCH, f"{where}/Branches[{number}]", language)
        yield from _check_states(branch, f"{where}/Branches[{number}]", machine_language)
    for field in ("ItemProcessor", "Iterator"):
        if isinstance(state.get(field), dict):
            yield from fields.check(state[field], fields.PROCESSOR, f"{where}/{field}", language)
            yield from _check_mode(state, state[field].get("ProcessorConfig", {}), where, f"{where}/{field}", language)
            yield from _check_states(state[field], f"{where}/{field}", machine_language)
    if state["Type"] == "Task":
        yield from _check_heartbeat(state, where)


def _check_mode(
    state: Mapping[str, JSON], config: JSON, where: str, processor: str, language: Language
) -> Iterator[Problem]:
    """How the states of a Map run, and the fields that only a distributed one has."""
    if not isinstance(config, dict):
        return
    location = f"{processor}/ProcessorConfig"
    yield from fields.check(config, fields.PROCESSOR_CONFIG, location, "JSONPath")
    if config.get("Mode") == "DISTRIBUTED":
        if "ExecutionType" not in config:
            yield Problem(SCHEMA, "These fields are required: [ExecutionType]", location)
        yield from check_distribution(state, where, language)
    else:
        for name in fields.DISTRIBUTED_ONLY:
            if name in state:
                yield Problem(SCHEMA, f"Field '{name}' is not supported", where)


def _check_heartbeat(state: Mapping[str, JSON], where: str) -> Iterator[Problem]:
    """A heartbeat comes more often than the end: the specification's rule on constants."""
    timeout: JSON = state.get("TimeoutSeconds")
    heartbeat: JSON = state.get("HeartbeatSeconds")
    if choice.is_number(timeout) and choice.is_number(heartbeat) and heartbeat >= timeout:
        yield Problem(SCHEMA, "HeartbeatSeconds must be smaller than TimeoutSeconds", f"{where}/HeartbeatSeconds")


def _check_choice(rule: Mapping[str, JSON], where: str, *, top: bool = False) -> Iterator[Problem]:
    """A Choice rule: one comparison of a variable, or And, Or, Not of such; Next at the top and only there."""
    if top and "Next" not in rule:
        yield Problem(SCHEMA, "These fields are required: [Next]", where)
    yield from (fields.other_language(name, "JSONPath", where) for name in _JSONATA_ONLY if name in rule)
    subjects = [name for name in _SUBJECTS if name in rule]
    if len(subjects) != 1:
        yield Problem(SCHEMA, f"The object must have only one of the following fields, [{', '.join(_SUBJECTS)}]", where)
        return
    (subject,) = subjects
    yield from _check_subject(subject, rule, where)
    known = {subject, "Comment", *_JSONATA_ONLY, *(("Next", "Assign") if top else ())}
    for name in rule:
        if name not in known and not (subject == "Variable" and name in _COMPARISONS):
            yield Problem(SCHEMA, f"Field '{name}' is not supported", where)


def _check_subject(subject: str, rule: Mapping[str, JSON], where: str) -> Iterator[Problem]:
    """What a Choice rule is about: what it compares, or the rules in it."""
    if subject == "Variable":
        yield from _check_comparison(rule, where)
    elif subject == "Not":
        complaint = fields.nested(rule["Not"])
        if complaint is not None:
            yield Problem(SCHEMA, complaint, f"{where}/Not")
        else:
            yield from _check_choice(rule["Not"], f"{where}/Not")
    elif subject in ("And", "Or"):
        complaint = fields.some_rules(rule[subject])
        if complaint is not None:
            yield Problem(SCHEMA, complaint, f"{where}/{subject}")
        yield from _check_objects(rule, subject, where)
        for number, part in _entries(rule, subject):
            yield from _check_choice(part, f"{where}/{subject}[{number}]")


_SUBJECTS: Final = ("And", "Or", "Not", "Variable", "Condition")
_JSONATA_ONLY: Final = ("Condition", "Output")
_COMPARISONS: Final = (
    *("StringEquals", "IsBoolean", "StringLessThan", "IsNumeric", "BooleanEquals", "StringLessThanEqualsPath"),
    *("NumericLessThan", "NumericGreaterThan", "NumericLessThanPath", "StringMatches", "TimestampLessThanEqualsPath"),
    *("NumericEquals", "TimestampGreaterThan", "StringGreaterThanEqualsPath", "TimestampGreaterThanEqualsPath"),
    *("TimestampLessThanEquals", "NumericLessThanEqualsPath", "TimestampEquals", "BooleanEqualsPath", "IsTimestamp"),
    *("StringLessThanEquals", "NumericLessThanEquals", "StringLessThanPath", "TimestampGreaterThanPath"),
    *("StringGreaterThan", "StringGreaterThanPath", "IsString", "StringEqualsPath", "TimestampEqualsPath"),
    *("TimestampLessThan", "StringGreaterThanEquals", "NumericGreaterThanPath", "NumericGreaterThanEquals"),
    *("NumericEqualsPath", "TimestampLessThanPath", "IsNull", "IsPresent", "TimestampGreaterThanEquals"),
    "NumericGreaterThanEqualsPath",
)
"""Every comparison operator, in the order in which AWS lists them."""
_OPERAND: Final[Mapping[choice.Kind, fields.Check]] = {
    "string": fields.text,
    "pattern": fields.text,
    "number": fields.number(float("-inf")),
    "boolean": fields.flag,
    "type": fields.flag,
    "timestamp": fields.timestamp,
}


def _check_comparison(rule: Mapping[str, JSON], where: str) -> Iterator[Problem]:
    operators = [name for name in rule if name in _COMPARISONS]
    if len(operators) != 1:
        how_many = "There should only be one of" if operators else "This object should have only one of"
        yield Problem(SCHEMA, f"{how_many} the following fields: [{', '.join(_COMPARISONS)}]", where)
    checks: dict[str, fields.Check] = {"Variable": fields.variable_path}
    for operator in operators:
        checks[operator] = fields.variable_path if operator in PATH_OPERATORS else _OPERAND[OPERATORS[operator].operand]
    for name, check in checks.items():
        complaint = check(rule[name])
        if complaint is not None:
            yield Problem(SCHEMA, complaint, f"{where}/{name}")


def _check_graph(definition: Mapping[str, JSON], *, sound: bool) -> Iterator[Problem]:
    """Names, then targets, then what cannot be reached; faulty objects and a machine without an end hide the latter."""
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


def _check_targets(machines: Sequence[tuple[str, Mapping[str, JSON]]]) -> Iterator[Problem]:
    for where, machine in machines:
        states = _states_of(machine)
        for location, target in _transitions(machine, where):
            if target not in states:
                yield Problem("MISSING_TRANSITION_TARGET", f"Missing 'Next' target: {target}", location)


def _check_reached(machines: Sequence[tuple[str, Mapping[str, JSON]]]) -> Iterator[Problem]:
    for where, machine in machines:
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


def _entries(parent: Mapping[str, JSON], field: str) -> Iterator[tuple[int, dict[str, JSON]]]:
    """The objects in a list, numbered."""
    content = parent.get(field)
    return (
        (number, entry)
        for number, entry in enumerate(content if isinstance(content, list) else ())
        if isinstance(entry, dict)
    )


def _check_objects(parent: Mapping[str, JSON], field: str, where: str) -> Iterator[Problem]:
    content = parent.get(field)
    for number, entry in enumerate(content if isinstance(content, list) else ()):
        if not isinstance(entry, dict):
            yield Problem(SCHEMA, "Expected value of type [OBJECT]", f"{where}/{field}[{number}]")


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
        for number, branch in _entries(state, "Branches"):
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


def _too_deep(definition: Mapping[str, JSON]) -> str | None:
    """The location of a machine that is nested too deep."""
    waiting = [("", definition, 0)]
    while waiting:
        where, machine, depth = waiting.pop()
        if depth > MAX_NESTING:
            return where
        waiting += ((inside, nested, depth + 1) for inside, nested in _nested(machine, where))
    return None


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
            for number, rule in _entries(state, field):
                if isinstance(rule.get("Next"), str):
                    yield f"{inside}/{field}[{number}]/Next", rule["Next"]


def _ends(state: Mapping[str, JSON]) -> bool:
    return state.get("Type") in ("Succeed", "Fail") or ("Type" in state and state.get("End") is True)


def _check_error_equals(state: Mapping[str, JSON], field: str, where: str) -> Iterator[Problem]:
    """States.ALL stands alone, in the last rule of Retry or Catch."""
    rules = list(_entries(state, field))
    for number, rule in rules:
        names = rule.get("ErrorEquals")
        if isinstance(names, list) and ALL in names and (len(names) > 1 or number != rules[-1][0]):
            location = f"{where}/{field}[{number}]/ErrorEquals[{names.index(ALL)}]"
            yield Problem(SCHEMA, "States.ALL must appear alone and at end of list", location)
