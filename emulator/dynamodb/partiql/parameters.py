"""The parameters of a statement, which AWS judges in their order before it reads the statement.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ExecuteStatement.html; wording and order as
observed on AWS.
"""

from __future__ import annotations

from collections.abc import Iterable

from asl_interpreter.jsontext import JSON
from emulator.dynamodb.model.values import MAX_DEPTH, TOO_DEEP, Value, canonical_number, read_value
from emulator.dynamodb.rejections import invalid


def read_parameters(wire: Iterable[JSON]) -> list[Value]:
    """The values of the parameters. Raises Fault for the first thing that is wrong in them, in document order."""
    values = []
    for parameter in wire:
        _check(parameter, 0)
        values.append(read_value(parameter))
    return values


def _check(wire: JSON, depth: int) -> None:
    """Raise Fault where a value is nested too deep or has a number that cannot be read, whichever comes first."""
    for kind, payload in wire.items():
        if payload is None:
            continue
        if kind == "N":
            canonical_number(payload)
        elif kind == "NS":
            for number in payload:
                canonical_number(number)
        elif kind in ("L", "M"):
            if depth + 1 >= MAX_DEPTH:
                raise invalid(TOO_DEEP)
            for member in payload if kind == "L" else payload.values():
                _check(member, depth + 1)
