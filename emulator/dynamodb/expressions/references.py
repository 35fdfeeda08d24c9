"""ExpressionAttributeNames and ExpressionAttributeValues: the request's ``#names`` and ``:values``.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.ExpressionAttributeNames.html;
order and wording of the checks as observed on AWS, that of the sizes as in its client for DynamoDB Accelerator.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from asl_interpreter.jsontext import JSON
from emulator.dynamodb.model.values import Value, name_size, read_sized_value
from emulator.dynamodb.rejections import Rejection, invalid, rejected
from emulator.faults import Fault

NAMES = "ExpressionAttributeNames"
VALUES = "ExpressionAttributeValues"
_NAME = re.compile(r"#[A-Za-z0-9_]+")
_VALUE = re.compile(r":[A-Za-z0-9_]+")
_EMPTY: dict[str, str] = {}
_MAX_KEY = 255
_MAX_TOTAL = 2 * 1024 * 1024


def check_used_with_expression(params: Mapping[str, JSON], expressions: tuple[str, ...]) -> None:
    """Names and values mean something only beside one of the expressions that could hold them.

    ``expressions`` are the parameters of this operation that may refer to values; the projection takes names alone.

    Raises:
        Fault: names or values are given and no expression is.
    """
    if params.get(NAMES) is not None and all(
        params.get(name) is None for name in (*expressions, "ProjectionExpression")
    ):
        raise rejected("check", message=f"{NAMES} can only be specified when using expressions")
    if params.get(VALUES) is not None and all(params.get(name) is None for name in expressions):
        are = "is" if len(expressions) == 1 else "are"
        raise rejected("values without expression", expressions=" and ".join(expressions), are=are)


def read_names(params: Mapping[str, JSON]) -> dict[str, str]:
    """The request's names, checked: ``#name`` to attribute name."""
    names: dict[str, str] | None = params.get(NAMES)
    if names is None:
        return _EMPTY
    _check_keys(NAMES, names, _NAME)
    for key, name in names.items():
        try:
            name_size(name)
        except Fault as fault:
            raise invalid(f"{NAMES} contains invalid value: {fault.message} for key {key}") from None
    return names


def read_values(params: Mapping[str, JSON]) -> dict[str, Value]:
    """The request's values, checked: ``:value`` to value."""
    wire: dict[str, JSON] | None = params.get(VALUES)
    if wire is None:
        return {}
    _check_keys(VALUES, wire, _VALUE)
    values = {}
    total = 0
    for key, member in wire.items():
        try:
            values[key], size = read_sized_value(member)
        except Fault as fault:
            raise value_of(key, fault) from None
        total += len(key) + size
    _check_total(params, total)
    return values


def value_of(key: str, fault: Fault) -> Fault:
    """What is wrong with a value, said of the value; the newer layer does not name the value for some faults."""
    named = f"{VALUES} contains invalid value: {fault.message} for key {key}"
    return Rejection(fault.group, named, fault.newer) if isinstance(fault, Rejection) else invalid(named)


def _check_total(params: Mapping[str, JSON], values_size: int) -> None:
    names = params.get(NAMES) or _EMPTY
    names_size = sum(len(key) + name_size(name) for key, name in names.items())
    for size, what in (
        (names_size, NAMES),
        (values_size, VALUES),
        (names_size + values_size, f"Combined size of {NAMES} and {VALUES}"),
    ):
        if size > _MAX_TOTAL:
            raise invalid(f"{what} exceeds max size")


def _check_keys(parameter: str, members: Mapping[str, JSON], pattern: re.Pattern[str]) -> None:
    if not members:
        raise rejected("check", message=f"{parameter} must not be empty")
    for key in members:
        if pattern.fullmatch(key) is None:
            raise rejected("check", message=f'{parameter} contains invalid key: Syntax error; key: "{key}"')
        if len(key) > _MAX_KEY:
            raise rejected(
                "check",
                message=f"{parameter} contains invalid key: The expression attribute map contains a key that is too "
                "long",
            )


def check_all_used(parameter: str, given: Iterable[str], mentioned: Iterable[str]) -> None:
    """Raise Fault where the request gives a name or value that none of its expressions mentions."""
    used = set(mentioned)
    unused = [key for key in given if key not in used]
    if unused:
        raise invalid(f"Value provided in {parameter} unused in expressions: keys: {{{', '.join(unused)}}}")
