"""Numbers that a field takes from a path or from JSONata: what they must be, in AWS's words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from .. import jsontext
from ..errors import RUNTIME, QueryError, StateError
from ..jsontext import JSON
from ..language.jsonata_fields import compile_query, query_integer, query_whole
from ..language.paths import Evaluate, Frame
from .fields import MAX_SECONDS

MAX_PERCENTAGE: Final = 100


def whole_number(path: Evaluate, field: str, text: str, minimum: int | None) -> Evaluate:
    """What is at a path, as a whole number: States.Runtime if it is none, or less than the minimum."""

    def evaluate(frame: Frame) -> JSON:
        value = _read(path(frame), int, f"valid integer: {text}", field)
        if minimum is not None and value < minimum:
            raise StateError(RUNTIME, f"{field.removesuffix('Path')} cannot be negative.")
        return value

    return evaluate


def percentage(path: Evaluate, field: str, text: str, minimum: int) -> Evaluate:
    """What is at a path, as a number from the minimum to 100: States.Runtime if it is none."""

    def evaluate(frame: Frame) -> JSON:
        value = _read(path(frame), float, f"valid float: {text}", field)
        if not minimum <= value <= MAX_PERCENTAGE:
            raise StateError(RUNTIME, f"ToleratedFailurePercentage must be between {minimum} and {MAX_PERCENTAGE}.")
        return value

    return evaluate


def _read(value: JSON, convert: Callable[[str], float], wanted: str, field: str) -> float:
    """A number, or a string of its digits, converted."""
    shown = value if isinstance(value, str) else jsontext.shown(value)
    try:
        return convert(shown)
    except ValueError:
        raise StateError(RUNTIME, f'The {field} field refers to value "{shown}" which is not a {wanted}') from None


def query_percentage(value: JSON, field: str) -> Evaluate:
    """A value with JSONata in it that is a number from 0 to 100."""
    evaluate = compile_query(value, field, "number")

    def checked(frame: Frame) -> JSON:
        number = evaluate(frame)
        if not 0 <= number <= MAX_PERCENTAGE:
            shown = jsontext.dumps(number)
            raise QueryError(f"{field} must be between 0 and {MAX_PERCENTAGE} but was: {shown}", field)
        return number

    return checked


def query_bounded(value: JSON, field: str, *, bounded: bool = True) -> Evaluate:
    """A value with JSONata in it that is a whole number: ``bounded``, from 0 to as many seconds as AWS knows."""
    evaluate = compile_query(value, field, "number")
    if not bounded:
        return lambda frame: query_whole(evaluate(frame), field)
    return lambda frame: query_integer(evaluate(frame), field, MAX_SECONDS)
