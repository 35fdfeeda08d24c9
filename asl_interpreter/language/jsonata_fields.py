"""JSONata in a definition: values in which every string of the form ``{% ... %}`` is evaluated.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html; texts as observed on AWS.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from .. import jsontext
from ..errors import QueryError
from ..jsonata import (
    UNDEFINED,
    EvaluationError,
    Expression,
    InternalError,
    InvalidExpression,
    compile_expression,
    is_expression,
    type_name,
)
from ..jsontext import JSON
from .paths import Evaluate, Frame

_OTHER_STATES: Final = re.compile(r"\$states(?!\.(?:input|result|errorOutput)\b)")
"""An expression that this does not find in reads nothing of the context object, which then need not be made."""
_TIME: Final = re.compile(r"\$(?:now|millis|toMillis)\b")
"""An expression that this does not find in reads nothing of the time, which then need not be asked for."""
TYPES: Final = ("array", "object", "string", "number", "boolean", "null")


@dataclass(frozen=True, slots=True)
class QueryProblem:
    """What is wrong with a string that is meant as an expression; ``where`` are the keys that lead to it."""

    code: str
    message: str
    where: str


def expressions(value: JSON, where: str = "") -> Iterator[tuple[str, str]]:
    """Every string of a value that is meant as an expression, with where it stands."""
    if isinstance(value, str):
        if value.startswith("{%") or value.endswith("%}"):
            yield where, value
    elif isinstance(value, dict):
        for key, content in value.items():
            yield from expressions(content, f"{where}/{key}")
    elif isinstance(value, list):
        for index, content in enumerate(value):
            yield from expressions(content, f"{where}[{index}]")


def conditionals(value: JSON) -> Iterator[tuple[str, str, int]]:
    """Every conditional ``a ? b : c`` in the expressions of a value that has no ``query_problems``.

    Yields where the expression stands, its text, and how many characters of the text end with the question mark.
    """
    for where, text in expressions(value):
        if is_expression(text):
            expression = compile_expression(text[2:-2])
            yield from ((where, expression.text, place) for place in sorted(expression.conditionals))


def is_query(_key: str, value: JSON) -> bool:
    """Whether a field is computed: it is an expression."""
    return isinstance(value, str) and is_expression(value)


def query_problems(value: JSON, known: Collection[str]) -> Iterator[QueryProblem]:
    """What is wrong with the expressions in a value: each compiles, and reads of ``$states`` only what is ``known``."""
    for where, text in expressions(value):
        if not is_expression(text):
            yield QueryProblem("SCHEMA_VALIDATION_FAILED", "JSONata string must start with {% and end with %}", where)
            continue
        try:
            expression = compile_expression(text[2:-2])
        except InvalidExpression as error:
            yield QueryProblem("INVALID_JSONATA_EXPRESSION", error.message, where)
            continue
        for name in expression.context_references:
            place = "" if name == "$$" else " at the top level"
            shown = f"Reference to '{name}'{place} is not supported."
            yield QueryProblem("UNSUPPORTED_JSONATA_EXPRESSION", shown, where)
        for name in sorted(expression.states_fields - set(known)):
            yield QueryProblem("UNSUPPORTED_JSONATA_EXPRESSION", f"Field '$states.{name}' does not exist.", where)


def compile_query(value: JSON, field: str, *wanted: str) -> Evaluate:
    """Compile a field that has no ``query_problems``; ``wanted`` are the types of which its value must have one.

    Evaluated, it raises QueryError.
    """
    evaluate = _compile(value, field)
    if evaluate is None:
        return lambda _frame: value
    if not wanted or not isinstance(value, str):
        return evaluate
    expression = compile_expression(value[2:-2])

    def typed(frame: Frame) -> JSON:
        result = evaluate(frame)
        if type_name(result) not in wanted:
            found = f"Expected '{wanted[0]}', but was '{type_name(result)}' for value: {jsontext.shown(result)}"
            raise _error(expression, field, f" returned an unexpected result type. {found}")
        return result

    return typed


def _compile(value: JSON, field: str) -> Evaluate | None:
    """The evaluator of a value, or None where it is constant."""
    if isinstance(value, str):
        return _compile_expression(value, field) if is_expression(value) else None
    if isinstance(value, dict):
        parts = {key: _compile(content, f"{field}/{key}") for key, content in value.items()}
        computed = [(key, evaluate) for key, evaluate in parts.items() if evaluate is not None]
        if not computed:
            return None
        return lambda frame: {**value, **{key: evaluate(frame) for key, evaluate in computed}}
    if isinstance(value, list):
        items = [_compile(content, f"{field}[{index}]") for index, content in enumerate(value)]
        if all(evaluate is None for evaluate in items):
            return None
        return lambda frame: [
            content if evaluate is None else evaluate(frame) for content, evaluate in zip(value, items, strict=True)
        ]
    return None


def _compile_expression(text: str, field: str) -> Evaluate:
    expression = compile_expression(text[2:-2])
    reads_context = _OTHER_STATES.search(expression.text) is not None
    reads_time = _TIME.search(expression.text) is not None
    has_conditionals = bool(expression.conditionals)

    def evaluate(frame: Frame) -> JSON:
        try:
            now = frame.now() if reads_time else 0.0
            chose = frame.chose(expression.text) if has_conditionals else None
            result = expression(frame.bindings(context=reads_context), pace=frame.pace, now=now, chose=chose)
        except InternalError:
            unique = UUID(int=frame.random.getrandbits(128), version=4)
            raise _error(expression, field, f" threw an internal error during evaluation. {unique}") from None
        except EvaluationError as error:
            raise _error(expression, field, f" threw an error during evaluation{error.ending}") from None
        if result is UNDEFINED:
            raise _error(expression, field, " returned nothing (undefined).")
        if type_name(result) not in TYPES:
            raise _error(expression, field, " returned an unsupported result type.")
        return result

    return evaluate


def _error(expression: Expression, field: str, what: str) -> QueryError:
    return QueryError(f"The JSONata expression '{expression.text}' specified for the field '{field}'{what}", field)


def query_integer(value: JSON, field: str, maximum: int) -> int:
    """A whole number from 0 to the maximum.

    Raises:
        QueryError: the value is none.
    """
    whole = query_whole(value, field)
    if not 0 <= whole <= maximum:
        raise QueryError(f"{field} must be between 0 and {maximum} but was: {jsontext.shown(value)}", field)
    return whole


def query_whole(value: JSON, field: str) -> int:
    """A whole number.

    Raises:
        QueryError: the value is none.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != int(value):
        shown = value if isinstance(value, str) else jsontext.shown(value)
        raise QueryError(f"The {field} field cannot be parsed as an integer: {shown}", field)
    return int(value)
