"""What is wrong with a definition: first object by object, as the rule table says, then what a table cannot say.

Every object is looked at, whatever is wrong with the others, so that all problems are told at once, as by AWS.

Source: Amazon States Language specification; wording, locations and order as observed on AWS.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Literal

from ..errors import ALL, Problem
from ..jsontext import JSON
from ..language import choice
from ..language.choice import OPERATORS, PATH_OPERATORS
from ..language.jsonata_fields import is_query
from ..language.templates import is_reference
from ..tasks import Integration, Resolve, UnknownResource
from . import fields, variables
from .datasets import check_distribution
from .fields import SCHEMA, Language
from .graph import check_depth, check_graph, check_inner_graphs, entries


def check_definition(definition: JSON, resolve: Resolve, *, express: bool) -> Iterator[Problem]:
    """Every problem of a definition, in AWS's order. ``resolve`` knows the resources, ``express`` is the type."""
    if not isinstance(definition, dict):
        yield Problem(SCHEMA, "Definition must be a valid JSON object", None)
        return
    too_deep = list(check_depth(definition))
    if too_deep:
        yield from too_deep
        return
    language = language_of(definition)
    yield from fields.check(definition, fields.MACHINE, "", language)
    yield from _Checker(resolve, language, express=express).states(definition, "")
    yield from variables.check_scopes(definition, language)
    yield from check_graph(definition)


def check_single_state(name: str, state: JSON, resolve: Resolve, language: Language) -> Iterator[Problem]:
    """Every problem of one state on its own, in a machine of that language: where it leads need not exist."""
    around = {"States": {name: state}}
    too_deep = list(check_depth(around))
    if too_deep:
        yield from too_deep
        return
    yield from _Checker(resolve, language, express=False).state(state, f"/States/{name}")
    yield from variables.check_scopes(around, language)
    yield from check_inner_graphs(around["States"])


def language_of(holder: Mapping[str, JSON], otherwise: Language = "JSONPath") -> Language:
    """The query language of a machine or a state: JSONPath only by this very name, as observed on AWS."""
    return "JSONPath" if holder.get("QueryLanguage", otherwise) == "JSONPath" else "JSONata"


class _Checker:
    """Looks at the states of a machine and at those inside them."""

    def __init__(self, resolve: Resolve, language: Language, *, express: bool) -> None:
        self._resolve = resolve
        self._language = language
        """The machine's, which is also that of states inside a state of another one."""
        self._express = express

    def states(self, machine: Mapping[str, JSON], where: str) -> Iterator[Problem]:
        """What is wrong with the states of a machine that has this location."""
        states = machine.get("States")
        if isinstance(states, dict):
            for name, state in states.items():
                yield from self.state(state, f"{where}/States/{name}")

    def state(self, state: JSON, where: str) -> Iterator[Problem]:
        """What is wrong with a state and with what is inside it."""
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
        language = language_of(state, self._language)
        own = self._own(state, where, language)
        if language == "JSONPath" and self._language == "JSONata":
            text = "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine"
            yield Problem(SCHEMA, text, where)
            own = (problem for problem in own if not fields.is_other_language(problem))
        yield from own
        yield from self._inside(state, where)

    def _own(self, state: Mapping[str, JSON], where: str, language: Language) -> Iterator[Problem]:
        """What is wrong with a state itself."""
        outcome: Literal["result"] | None = "result" if state["Type"] in _WITH_RESULT else None
        yield from fields.check(state, fields.STATES[state["Type"]], where, language, outcome)
        if state["Type"] == "Task":
            yield from self._check_task(state, where, language)
        for field, rules in (("Retry", fields.RETRIER), ("Catch", fields.CATCHER)):
            for number, rule in entries(state, field):
                yield from fields.check(rule, rules, f"{where}/{field}[{number}]", language, "errorOutput")
            yield from _check_error_equals(state, field, where)
        for field in ("Retry", "Catch", "Choices", "Branches"):
            yield from _check_objects(state, field, where)
        for number, rule in entries(state, "Choices"):
            if language == "JSONata":
                yield from fields.check(rule, fields.CONDITION, f"{where}/Choices[{number}]", language)
            else:
                yield from _check_choice(rule, f"{where}/Choices[{number}]", top=True)
        for field in _PROCESSORS:
            if isinstance(state.get(field), dict):
                config = state[field].get("ProcessorConfig", {})
                yield from self._check_mode(state, config, where, f"{where}/{field}", language)

    def _check_task(self, state: Mapping[str, JSON], where: str, language: Language) -> Iterator[Problem]:
        """The resource of a Task, what it is given, and how long it may take."""
        field, is_computed = ("Parameters", is_reference) if language == "JSONPath" else ("Arguments", is_query)
        if isinstance(state.get("Resource"), str):
            try:
                integration = self._resolve(state["Resource"])
            except UnknownResource as error:
                yield Problem(SCHEMA, str(error), f"{where}/Resource")
            else:
                if field in state:
                    for complaint in integration.check(state[field], is_computed):
                        yield Problem(SCHEMA, complaint, f"{where}/{field}")
                if self._express and (unsupported := _not_express(integration)):
                    yield Problem(SCHEMA, unsupported, f"{where}/Resource")
        credentials = state.get("Credentials")
        if isinstance(credentials, dict) and not any(key in credentials for key in ("RoleArn", "RoleArn.$")):
            yield Problem(SCHEMA, "The field 'RoleArn' is required but was missing", f"{where}/Credentials")
        timeout: JSON = state.get("TimeoutSeconds")
        heartbeat: JSON = state.get("HeartbeatSeconds")
        if choice.is_number(timeout) and choice.is_number(heartbeat) and heartbeat >= timeout:
            text = "HeartbeatSeconds must be smaller than TimeoutSeconds"  # the specification's rule on constants
            yield Problem(SCHEMA, text, f"{where}/HeartbeatSeconds")

    def _check_mode(
        self, state: Mapping[str, JSON], config: JSON, where: str, processor: str, language: Language
    ) -> Iterator[Problem]:
        """How the states of a Map run, and the fields that only a distributed one has."""
        if not isinstance(config, dict):
            return
        location = f"{processor}/ProcessorConfig"
        yield from fields.check(config, fields.PROCESSOR_CONFIG, location, "JSONPath")
        if config.get("Mode") == "DISTRIBUTED":
            if "ExecutionType" not in config:
                yield Problem(SCHEMA, "These fields are required: [ExecutionType]", location)
            if self._express:
                text = "Express state machine does not support Map state in DISTRIBUTED mode"
                yield Problem(SCHEMA, text, f"{location}/Mode")
            yield from check_distribution(state, where, language)
        else:
            for name in fields.DISTRIBUTED_ONLY:
                if name in state:
                    yield Problem(SCHEMA, f"Field '{name}' is not supported", where)

    def _inside(self, state: Mapping[str, JSON], where: str) -> Iterator[Problem]:
        """What is wrong with the machines inside a state."""
        for number, branch in entries(state, "Branches"):
            location = f"{where}/Branches[{number}]"
            yield from fields.check(branch, fields.BRANCH, location, self._language)
            yield from self.states(branch, location)
        for field in _PROCESSORS:
            processor = state.get(field)
            if isinstance(processor, dict):
                yield from fields.check(processor, fields.PROCESSOR, f"{where}/{field}", self._language)
                yield from self._running(processor.get("ProcessorConfig")).states(processor, f"{where}/{field}")

    def _running(self, config: JSON) -> _Checker:
        """What looks at the states of a Map: those of a distributed one run as executions that may be EXPRESS."""
        if not isinstance(config, dict) or config.get("Mode") != "DISTRIBUTED":
            return self
        return _Checker(self._resolve, self._language, express=config.get("ExecutionType") == "EXPRESS")


_WITH_RESULT: Final = ("Task", "Parallel", "Map")
_PROCESSORS: Final = ("ItemProcessor", "Iterator")


def _not_express(integration: Integration) -> str | None:
    """Why an EXPRESS state machine cannot have an integration."""
    if integration.kind == "activity":
        return "Express state machine does not support Activity ARN"
    if ".sync" in integration.action:
        return "Express state machine does not support '.sync' service integration"
    if integration.action.endswith(".waitForTaskToken"):
        # AWS's text has the two spaces.
        return "Express state machine does not support '.waitForTaskToken' service integration "
    return None


def _check_choice(rule: Mapping[str, JSON], where: str, *, top: bool = False) -> Iterator[Problem]:
    """A Choice rule: one comparison of a variable, or And, Or, Not of such; Next at the top and only there."""
    if top and "Next" not in rule:
        yield Problem(SCHEMA, "These fields are required: [Next]", where)
    yield from (fields.other_language(name, "JSONPath", where) for name in _JSONATA_ONLY if name in rule)
    subjects = [name for name in _SUBJECTS if name in rule]
    if len(subjects) != 1:
        yield Problem(SCHEMA, f"The object must have only one of the following fields, [{', '.join(_SUBJECTS)}]", where)
    known = {*subjects, "Comment", *_JSONATA_ONLY, *(("Next", "Assign") if top else ())}
    if len(subjects) != 1 or "Variable" in subjects:
        known.update(_COMPARISONS)
    for name in rule:
        if name not in known:
            yield Problem(SCHEMA, f"Field '{name}' is not supported", where)
    if top and "Assign" in rule:
        yield from fields.check({"Assign": rule["Assign"]}, fields.ASSIGNMENT, where, "JSONPath")
    for subject in subjects:
        yield from _check_subject(subject, rule, where)


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
        for number, part in entries(rule, subject):
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


def _check_objects(parent: Mapping[str, JSON], field: str, where: str) -> Iterator[Problem]:
    content = parent.get(field)
    for number, entry in enumerate(content if isinstance(content, list) else ()):
        if not isinstance(entry, dict):
            yield Problem(SCHEMA, "Expected value of type [OBJECT]", f"{where}/{field}[{number}]")


def _check_error_equals(state: Mapping[str, JSON], field: str, where: str) -> Iterator[Problem]:
    """States.ALL stands alone, in the last rule of Retry or Catch."""
    rules = list(entries(state, field))
    for number, rule in rules:
        names = rule.get("ErrorEquals")
        if isinstance(names, list) and ALL in names and (len(names) > 1 or number != rules[-1][0]):
            location = f"{where}/{field}[{number}]/ErrorEquals[{names.index(ALL)}]"
            yield Problem(SCHEMA, "States.ALL must appear alone and at end of list", location)
