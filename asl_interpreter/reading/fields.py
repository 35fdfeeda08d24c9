"""The rule table: which fields each state may have, must have, and may not have together, and what each must be.

Source: Amazon States Language specification; wording as observed on AWS (CreateStateMachine,
ValidateStateMachineDefinition). What a table cannot say (targets, reachability, names) is in ``validation``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from ..definition import MAX_DELAY_SECONDS
from ..errors import Problem
from ..jsontext import JSON
from ..language.choice import OPERATORS, PATH_OPERATORS, is_number
from ..language.intrinsics import InvalidIntrinsic, compile_intrinsic, is_intrinsic
from ..language.jsonata_fields import expressions, query_problems
from ..language.paths import InvalidPath, compile_path, compile_reference_path
from ..language.templates import template_problems
from ..timestamps import parse_timestamp

SCHEMA: Final = "SCHEMA_VALIDATION_FAILED"
EMPTY: Final = "Value cannot be empty"
MAX_SECONDS: Final = 99_999_999

Check: TypeAlias = Callable[[JSON], str | None]
"""What is wrong with the value of a field, in AWS's words; None if nothing is."""
Language: TypeAlias = Literal["JSONPath", "JSONata"]


def text(value: JSON) -> str | None:
    """A string."""
    return None if isinstance(value, str) else "Expected value of type [STRING]"


def flag(value: JSON) -> str | None:
    """True or false."""
    return None if isinstance(value, bool) else "Expected value of type [BOOLEAN]"


def nested(value: JSON) -> str | None:
    """An object."""
    return None if isinstance(value, dict) else "Expected value of type [OBJECT]"


def some_list(value: JSON) -> str | None:
    """An array."""
    return None if isinstance(value, list) else "Expected value of type [ARRAY]"


def some_items(value: JSON) -> str | None:
    """An array, or an object whose members are the items."""
    return None if isinstance(value, dict) else some_list(value)


def some_rules(value: JSON) -> str | None:
    """A list of which at least one entry must be there."""
    return some_list(value) or (None if value else EMPTY)


def some_states(value: JSON) -> str | None:
    """An object of states, at least one."""
    return nested(value) or (None if value else EMPTY)


def some_names(value: JSON) -> str | None:
    """A list of names, not empty."""
    return some_rules(value) or next(filter(None, map(text, value)), None)


def anything(_value: JSON) -> None:
    """Any value."""


def whole(minimum: int, maximum: int | None = None) -> Check:
    """A whole number within bounds, both included."""

    def check(value: JSON) -> str | None:
        if not is_number(value) or (isinstance(value, float) and not value.is_integer()):
            return "Expected value of type Integer"
        if value < minimum:
            return f"Minimum value is {minimum}"
        if maximum is not None and value > maximum:
            return f"Maximum value is {maximum}"
        return None

    return check


def number(minimum: float, maximum: float = float("inf")) -> Check:
    """A number within bounds, both included."""

    def check(value: JSON) -> str | None:
        if not is_number(value):
            return "Expected value of type Number"
        if value < minimum:
            return f"Minimum value is {minimum:.1f}"
        return f"Maximum value is {maximum:.1f}" if value > maximum else None

    return check


def one_of(*choices: str) -> Check:
    """One of the listed words."""

    def check(value: JSON) -> str | None:
        return text(value) or (
            None if value in choices else f"Value should be one of the following: [{', '.join(choices)}]"
        )

    return check


def path(value: JSON) -> str | None:
    """A JSONPath that selects a document."""
    try:
        compile_path(value if isinstance(value, str) else "")
    except InvalidPath:
        return "Value must be a valid JSONPath."
    return None


def path_or_null(value: JSON) -> str | None:
    """A JSONPath that selects a document; null selects an empty one."""
    return None if value is None else path(value)


def path_or_call(value: JSON) -> str | None:
    """A JSONPath or a call of an intrinsic function."""
    if not isinstance(value, str) or not is_intrinsic(value):
        return text(value) or path(value)
    try:
        compile_intrinsic(value)
    except InvalidIntrinsic:
        return "Value must be a valid JSONPath or a valid intrinsic function call"
    return None


def variable_path(value: JSON) -> str | None:
    """A path that a field or a Choice rule reads: any JSONPath, though AWS calls it a Reference Path."""
    try:
        compile_path(value if isinstance(value, str) else "")
    except InvalidPath as error:
        return f"Value is not a Reference Path: {error}"
    return None


def reference_path(value: JSON) -> str | None:
    """A Reference Path, which names one place; null names none."""
    if value is None:
        return None
    try:
        compile_reference_path(value if isinstance(value, str) else "")
    except InvalidPath as error:
        return f"Value is not a Reference Path: {error}"
    return None


def timestamp(value: JSON) -> str | None:
    """An RFC 3339 timestamp with T and an offset."""
    try:
        parse_timestamp(value if isinstance(value, str) else "")
    except ValueError:
        return "String does not match RFC3339 timestamp"
    return None


@dataclass(frozen=True, slots=True)
class Field:
    """One field: what its value must be, and in which query language it may stand (None: in both)."""

    check: Check
    language: Language | None = None
    query: Literal["whole", "inside"] | None = None
    """Whether JSONata may stand in place of the value, or of values inside it only."""
    template: bool = False
    """Whether in JSONPath it is a payload template."""

    def takes_query(self, value: JSON) -> bool:
        """Whether JSONata may stand where it stands in the value, if it does."""
        return self.query == "whole" or (self.query == "inside" and isinstance(value, dict))


@dataclass(frozen=True, slots=True)
class Rules:
    """The fields of one kind of object.

    ``exclusive`` lists fields of which at most one may be there, ``one`` fields of which exactly one must.
    """

    fields: Mapping[str, Field]
    required: tuple[str, ...] = ()
    exclusive: tuple[tuple[str, ...], ...] = ()
    one: tuple[tuple[str, ...], ...] = ()


def _jsonpath(check: Check, *, template: bool = False) -> Field:
    return Field(check, "JSONPath", template=template)


def _jsonata(check: Check) -> Field:
    return Field(check, "JSONata", query="whole")


def _query(check: Check) -> Field:
    return Field(check, query="whole")


_QUERY_LANGUAGE: Final = Field(one_of("JSONPath", "JSONata"))
_COMMON: Final = {"Type": Field(text), "Comment": Field(text), "QueryLanguage": _QUERY_LANGUAGE}
_NEXT: Final = {"Next": Field(text), "End": Field(flag)}
_ASSIGN: Final = {"Assign": Field(nested, query="inside", template=True)}
_OUTPUT: Final = {
    "InputPath": _jsonpath(path_or_null),
    "OutputPath": _jsonpath(path_or_null),
    "Output": _jsonata(anything),
}
_RESULT: Final = {"Parameters": _jsonpath(anything, template=True), "ResultPath": _jsonpath(reference_path)}
_WORK: Final = {
    **_OUTPUT,
    **_RESULT,
    **_ASSIGN,
    "ResultSelector": _jsonpath(nested, template=True),
    "Retry": Field(some_list),
    "Catch": Field(some_list),
}
_ARGUMENTS: Final = {"Arguments": _jsonata(anything)}
_END: Final = ("Next", "End")

STATES: Final[Mapping[str, Rules]] = {
    "Task": Rules(
        {
            **_COMMON,
            **_NEXT,
            **_WORK,
            **_ARGUMENTS,
            "Resource": Field(text),
            "TimeoutSeconds": _query(whole(1, MAX_SECONDS)),
            "TimeoutSecondsPath": _jsonpath(variable_path),
            "HeartbeatSeconds": _query(whole(1, MAX_SECONDS)),
            "HeartbeatSecondsPath": _jsonpath(variable_path),
            "Credentials": Field(nested, query="inside", template=True),
        },
        required=("Resource",),
        exclusive=(("TimeoutSeconds", "TimeoutSecondsPath"), ("HeartbeatSeconds", "HeartbeatSecondsPath")),
        one=(_END,),
    ),
    "Wait": Rules(
        {
            **_COMMON,
            **_NEXT,
            **_OUTPUT,
            **_ASSIGN,
            "Seconds": _query(whole(0, MAX_SECONDS)),
            "SecondsPath": _jsonpath(variable_path),
            "Timestamp": _query(timestamp),
            "TimestampPath": _jsonpath(variable_path),
        },
        one=(_END, ("SecondsPath", "Seconds", "TimestampPath", "Timestamp")),
    ),
    "Pass": Rules({**_COMMON, **_NEXT, **_OUTPUT, **_RESULT, **_ASSIGN, "Result": _jsonpath(anything)}, one=(_END,)),
    "Succeed": Rules({**_COMMON, **_OUTPUT}),
    "Fail": Rules(
        {
            **_COMMON,
            "Error": _query(text),
            "ErrorPath": _jsonpath(path_or_call),
            "Cause": _query(text),
            "CausePath": _jsonpath(path_or_call),
        },
        exclusive=(("Error", "ErrorPath"), ("Cause", "CausePath")),
    ),
    "Choice": Rules(
        {**_COMMON, **_OUTPUT, **_ASSIGN, "Choices": Field(some_rules), "Default": Field(text)}, required=("Choices",)
    ),
    "Parallel": Rules(
        {**_COMMON, **_NEXT, **_WORK, **_ARGUMENTS, "Branches": Field(some_rules)}, required=("Branches",), one=(_END,)
    ),
    "Map": Rules(
        {
            **_COMMON,
            **_NEXT,
            **_WORK,
            "ItemProcessor": Field(nested),
            "Iterator": Field(nested),
            "Items": _jsonata(some_items),
            "ItemsPath": _jsonpath(variable_path),
            "ItemSelector": Field(anything, query="whole", template=True),
            "MaxConcurrency": _query(whole(0)),
            "MaxConcurrencyPath": _jsonpath(variable_path),
            "Label": Field(text),
            "ItemReader": Field(nested),
            "ItemBatcher": Field(nested),
            "ResultWriter": Field(nested),
            "ToleratedFailureCount": _query(whole(0)),
            "ToleratedFailureCountPath": _jsonpath(variable_path),
            "ToleratedFailurePercentage": _query(number(0, 100)),
            "ToleratedFailurePercentagePath": _jsonpath(variable_path),
        },
        exclusive=(
            ("MaxConcurrency", "MaxConcurrencyPath"),
            ("ToleratedFailureCount", "ToleratedFailureCountPath"),
            ("ToleratedFailurePercentage", "ToleratedFailurePercentagePath"),
            ("Parameters", "ItemSelector"),
        ),
        one=(_END, ("ItemProcessor", "Iterator")),
    ),
}
"""The eight states."""

TYPES: Final = ("Task", "Wait", "Pass", "Succeed", "Fail", "Choice", "Parallel", "Map")
"""In the order in which AWS lists them."""

MACHINE: Final = Rules(
    {
        "Comment": Field(text),
        "QueryLanguage": _QUERY_LANGUAGE,
        "StartAt": Field(text),
        "TimeoutSeconds": Field(whole(0, MAX_SECONDS)),
        "Version": Field(one_of("1.0")),
        "States": Field(some_states),
    },
    required=("States", "StartAt"),
)
PROCESSOR: Final = Rules(
    {"Comment": Field(text), "StartAt": Field(text), "States": Field(some_states), "ProcessorConfig": Field(nested)},
    required=("States", "StartAt"),
)
"""The states of a Map."""
BRANCH: Final = Rules(
    {"Comment": Field(text), "StartAt": Field(text), "States": Field(some_states)}, required=("States", "StartAt")
)
"""A branch of a Parallel."""
RETRIER: Final = Rules(
    {
        "Comment": Field(text),
        "ErrorEquals": Field(some_names),
        "IntervalSeconds": Field(whole(0, MAX_SECONDS)),
        "MaxAttempts": Field(whole(0, MAX_SECONDS)),
        "BackoffRate": Field(number(1)),
        "MaxDelaySeconds": Field(whole(1, MAX_DELAY_SECONDS)),
        "JitterStrategy": Field(one_of("NONE", "FULL")),
    },
    required=("ErrorEquals",),
)
CATCHER: Final = Rules(
    {
        **_ASSIGN,
        "Comment": Field(text),
        "ErrorEquals": Field(some_names),
        "Next": Field(text),
        "ResultPath": _jsonpath(reference_path),
        "Output": _jsonata(anything),
    },
    required=("ErrorEquals", "Next"),
)


ASSIGNMENT: Final = Rules(_ASSIGN)
"""What else a Choice rule in JSONPath has."""
PROCESSOR_CONFIG: Final = Rules(
    {"Mode": Field(one_of("INLINE", "DISTRIBUTED")), "ExecutionType": Field(one_of("STANDARD", "EXPRESS"))}
)
"""How the states of a Map run."""
DISTRIBUTED_ONLY: Final = (*("ItemReader", "ItemBatcher", "ResultWriter", "Label"),)
"""What a Map can have only if it is distributed: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html

What a Map tolerates is accepted of every Map, and has no effect if the Map is inline: observed on AWS (July 2025).
"""
CONDITION: Final = Rules(
    {
        **{name: _jsonpath(anything) for name in ("And", "Or", "Not", "Variable", *OPERATORS, *PATH_OPERATORS)},
        **_ASSIGN,
        "Comment": Field(text),
        "Condition": _jsonata(flag),
        "Next": Field(text),
        "Output": _jsonata(anything),
    },
    required=("Condition", "Next"),
)
"""A Choice rule in JSONata."""


def check(
    value: Mapping[str, JSON],
    rules: Rules,
    location: str,
    language: Language,
    outcome: Literal["result", "errorOutput"] | None = None,
) -> Iterator[Problem]:
    """Hold an object to its rules; yields what is wrong, in AWS's words.

    What is wrong with which fields it has stands at the object and comes first; what is wrong with a value stands at
    its field. ``outcome`` is what ``$states`` has, beside input and context, when the work is done: for Output and
    Assign.
    """
    here = location or "/"
    yield from _check_presence(value, rules, here)
    for name in value:
        field = rules.fields.get(name)
        if field is None:
            yield Problem(SCHEMA, f"Field '{name}' is not supported", here)
        elif field.language not in (None, language):
            yield other_language(name, language, here)
    for name, content in value.items():
        field = rules.fields.get(name)
        if field is None or field.language not in (None, language):
            continue
        if field.takes_query(content) and language == "JSONata" and has_expressions(content):
            yield from _check_expressions(content, f"{location}/{name}", outcome if name in _AFTER_WORK else None)
        elif (complaint := field.check(content)) is not None:
            yield Problem(SCHEMA, complaint, f"{location}/{name}")
        elif field.template and language == "JSONPath":
            for where, message in template_problems(content):
                yield Problem(SCHEMA, message, f"{location}/{name}{where}")


def other_language(field: str, language: Language, location: str) -> Problem:
    """A field that only the other query language has."""
    other = "JSONata" if language == "JSONPath" else "JSONPath"
    text = f"{_LANGUAGE} '{language}', but field '{field}' is only supported for the '{other}' QueryLanguage"
    return Problem(SCHEMA, text, location)


_LANGUAGE: Final = "The QueryLanguage is set to"


def is_other_language(problem: Problem) -> bool:
    """Whether a problem is a field that only the other query language has."""
    return problem.message.startswith(_LANGUAGE)


def _check_presence(value: Mapping[str, JSON], rules: Rules, here: str) -> Iterator[Problem]:
    """Required and exclusive fields."""
    missing = [name for name in rules.required if name not in value]
    if missing:
        yield Problem(SCHEMA, f"These fields are required: [{', '.join(missing)}]", here)
    for names in rules.exclusive + rules.one:
        if sum(name in value for name in names) > 1:
            yield Problem(SCHEMA, f"There should only be one of the following fields: [{', '.join(names)}]", here)
    for names in rules.one:
        if not any(name in value for name in names):
            text = f"This object should have only one of the following fields: [{', '.join(names)}]"
            yield Problem(SCHEMA, text, here)


def has_expressions(value: JSON) -> bool:
    """Whether any string in it is meant as JSONata."""
    return next(expressions(value), None) is not None


_AFTER_WORK: Final = ("Output", "Assign")


def _check_expressions(value: JSON, location: str, outcome: str | None) -> Iterator[Problem]:
    known = ("input", "context") if outcome is None else ("input", "context", outcome)
    for problem in query_problems(value, known):
        yield Problem(problem.code, problem.message, location + problem.where)
