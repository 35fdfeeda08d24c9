"""Conditions: what their operands' types forbid, and their evaluation.

``compile_condition`` turns a tree into closures once; the closures get the item and the request's values.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html; the
wording, and that a missing or wrong-typed attribute is false and never an error, as observed on AWS.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import TypeAlias

from emulator.dynamodb.expressions.paths import reader
from emulator.dynamodb.expressions.syntax import (
    And,
    Arithmetic,
    Between,
    Comparison,
    ConditionNode,
    FunctionCall,
    In,
    Node,
    Not,
    Operand,
    Or,
    Path,
    Truth,
    ValueRef,
    children,
    walk,
)
from emulator.dynamodb.model.values import TYPES, Attributes, Value, sort_key, write_value
from emulator.dynamodb.rejections import invalid
from emulator.faults import Fault

Values: TypeAlias = Mapping[str, Value]
Test: TypeAlias = Callable[[Attributes, Values], bool]
Read: TypeAlias = Callable[[Attributes, Values], "Value | None"]

_ORDERED = frozenset({"S", "N", "B"})
_NO_SIZE = frozenset({"N", "BOOL", "NULL"})
_ARITY = {
    "attribute_exists": 1,
    "attribute_not_exists": 1,
    "attribute_type": 2,
    "begins_with": 2,
    "contains": 2,
    "size": 1,
}
_MEMBER = {"SS": "S", "NS": "N", "BS": "B"}
MAX_IN = 100


# --- checks ----------------------------------------------------------------------------------------------------------


def check_counts(kind: str, root: ConditionNode) -> None:
    """Raise Fault where an operator or function has too many operands, or too few."""
    for node in walk(root):
        if isinstance(node, FunctionCall) and len(node.arguments) != _ARITY[node.function]:
            raise wrong_count(kind, node.function, len(node.arguments))
        if isinstance(node, In) and len(node.options) >= MAX_IN:
            raise wrong_count(kind, "IN", len(node.options) + 1)


def check_condition(kind: str, node: ConditionNode, values: Values) -> None:
    """Judge every operand of a condition by itself, item or no item.

    Raises:
        Fault: an operand of a type that can never do, or one compared with itself.
    """
    if isinstance(node, And | Or | Not):
        for part in children(node):
            check_condition(kind, part, values)  # type: ignore[arg-type]  # the parts of these are conditions
        return
    _check_operands(kind, node, values)


def _check_operands(kind: str, node: Node, values: Values) -> None:
    for child in children(node):
        if isinstance(child, Truth):
            check_condition(kind, child.condition, values)
        elif isinstance(child, FunctionCall):
            _check_operands(kind, child, values)
    match node:
        case FunctionCall():
            _check_call(kind, node, values)
        case Comparison():
            _check_distinct(kind, node.operator, node.left, node.right)
            if node.operator not in ("=", "<>"):
                _check_ordered(kind, node.operator, (node.left, node.right), values)
        case Between():
            _check_ordered(kind, "BETWEEN", (node.operand, node.low, node.high), values)
            _check_bounds(kind, node, values)
        case _:
            pass


def _check_call(kind: str, node: FunctionCall, values: Values) -> None:
    function, arguments = node.function, node.arguments
    if len(arguments) > 1:
        _check_distinct(kind, function, arguments[0], arguments[1])
    types = [operand_type(argument, values) for argument in arguments]
    if function in ("attribute_exists", "attribute_not_exists"):
        if not isinstance(arguments[0], Path):
            raise _problem(kind, f"Operator or function requires a document path; operator or function: {function}")
    elif function == "size":
        if types[0] in _NO_SIZE:
            raise wrong_type(kind, function, types[0])
    elif function == "begins_with":
        for found in types:
            if found is not None and found not in ("S", "B"):
                raise wrong_type(kind, function, found)
    elif function == "attribute_type":
        _check_type_name(kind, arguments[1], values)


def _check_type_name(kind: str, argument: Operand, values: Values) -> None:
    if not isinstance(argument, ValueRef):
        raise wrong_type(kind, "attribute_type", "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}")
    found, name = values[argument.name]
    if found != "S":
        raise wrong_type(kind, "attribute_type", found)
    if name not in TYPES:
        raise _problem(
            kind,
            f"Invalid attribute type name found; type: {name}, valid types: {{B,NULL,SS,BOOL,L,BS,N,NS,S,M}}",
        )


def _check_distinct(kind: str, name: str, left: Operand, right: Operand) -> None:
    if isinstance(left, Path) and left == right:
        raise _problem(
            kind,
            "The first operand must be distinct from the remaining operands for this operator or function; "
            f"operator: {name}, first operand: {left}",
        )


def _check_ordered(kind: str, name: str, operands: tuple[Operand, ...], values: Values) -> None:
    for operand in operands:
        found = operand_type(operand, values)
        if found is not None and found not in _ORDERED:
            raise wrong_type(kind, name, found)


def _check_bounds(kind: str, node: Between, values: Values) -> None:
    if not (isinstance(node.low, ValueRef) and isinstance(node.high, ValueRef)):
        return
    low, high = values[node.low.name], values[node.high.name]
    rule = None
    if low[0] != high[0]:
        rule = "same data type for lower and upper bounds"
    elif sort_key(low) > sort_key(high):
        rule = "upper bound to be greater than or equal to lower bound"
    if rule:
        shown = [
            f"AttributeValue: {{{kind}:{payload}}}"
            for ((kind, payload),) in (write_value(v).items() for v in (low, high))
        ]
        raise _problem(
            kind,
            f"The BETWEEN operator requires {rule}; lower bound operand: {shown[0]}, upper bound operand: {shown[1]}",
        )


def operand_type(operand: Operand, values: Values) -> str | None:
    """The type that the operand has whatever the item is, or None where the item decides."""
    match operand:
        case ValueRef():
            return values[operand.name][0]
        case FunctionCall(function="size") | Arithmetic():
            return "N"
        case FunctionCall(function="list_append"):
            return "L"
        case Truth():
            return "BOOL"
        case _:
            return None


def wrong_type(kind: str, name: str, found: str | None) -> Fault:
    """An operand whose type the operator or function cannot take."""
    return _problem(
        kind,
        f"Incorrect operand type for operator or function; operator or function: {name}, operand type: {found}",
    )


def wrong_count(kind: str, name: str, count: int) -> Fault:
    """Not as many operands as the operator or function takes."""
    return _problem(
        kind,
        "Incorrect number of operands for operator or function; "
        f"operator or function: {name}, number of operands: {count}",
    )


def _problem(kind: str, text: str) -> Fault:
    return invalid(f"Invalid {kind}: {text}")


# --- evaluation ------------------------------------------------------------------------------------------------------


def compile_condition(node: ConditionNode) -> Test:
    """The condition as a function of an item (empty where there is none) and the request's values."""
    match node:
        case And():
            parts = [compile_condition(part) for part in node.parts]
            return lambda item, values: all(part(item, values) for part in parts)
        case Or():
            parts = [compile_condition(part) for part in node.parts]
            return lambda item, values: any(part(item, values) for part in parts)
        case Not():
            part = compile_condition(node.part)
            return lambda item, values: not part(item, values)
        case Comparison():
            return _comparison(node)
        case Between():
            return _between(node)
        case In():
            read = compile_operand(node.operand)
            options = [compile_operand(option) for option in node.options]
            return lambda item, values: (
                (found := read(item, values)) is not None and any(found == option(item, values) for option in options)
            )
        case FunctionCall():
            return _call(node)


def compile_operand(node: Operand) -> Read:
    """A path, value or size as a function of an item and the request's values; None where there is no such value."""
    match node:
        case Path():
            read = reader(node.steps)
            return lambda item, _: read(item)
        case ValueRef(name=name):
            return lambda _, values: values[name]
        case FunctionCall(function="size"):
            argument = compile_operand(node.arguments[0])
            return lambda item, values: size(argument(item, values))
        case Truth():
            test = compile_condition(node.condition)
            return lambda item, values: ("BOOL", test(item, values))
        case _:
            message = f"not an operand of a condition: {node}"
            raise AssertionError(message)


def _comparison(node: Comparison) -> Test:
    left, right = compile_operand(node.left), compile_operand(node.right)
    if node.operator == "=":
        return lambda item, values: (found := left(item, values)) is not None and found == right(item, values)
    if node.operator == "<>":
        return lambda item, values: (found := left(item, values)) is None or found != right(item, values)
    compare = _COMPARE[node.operator]
    return lambda item, values: ordered(compare, left(item, values), right(item, values))


_COMPARE: dict[str, Callable[[Value, Value], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def ordered(compare: Callable[[Value, Value], bool], left: Value | None, right: Value | None) -> bool:
    """Whether two values of one ordered type compare so; false where either is missing or of another type."""
    if left is None or right is None or left[0] != right[0] or left[0] not in _ORDERED:
        return False
    return compare(sort_key(left), sort_key(right))


def _between(node: Between) -> Test:
    read, low, high = (compile_operand(part) for part in (node.operand, node.low, node.high))

    def test(item: Attributes, values: Values) -> bool:
        found = read(item, values)
        return ordered(operator.ge, found, low(item, values)) and ordered(operator.le, found, high(item, values))

    return test


def _call(node: FunctionCall) -> Test:
    first = compile_operand(node.arguments[0])
    if node.function == "attribute_exists":
        return lambda item, values: first(item, values) is not None
    if node.function == "attribute_not_exists":
        return lambda item, values: first(item, values) is None
    second = compile_operand(node.arguments[1])
    if node.function == "begins_with":
        return lambda item, values: begins_with(first(item, values), second(item, values))
    if node.function == "contains":
        return lambda item, values: contains(first(item, values), second(item, values))

    def is_of_type(item: Attributes, values: Values) -> bool:
        found, wanted = first(item, values), second(item, values)
        return found is not None and wanted is not None and found[0] == wanted[1]

    return is_of_type


def begins_with(value: Value | None, prefix: Value | None) -> bool:
    """Whether a text or binary starts with another."""
    if value is None or prefix is None or value[0] != prefix[0] or value[0] not in ("S", "B"):
        return False
    return bool(value[1].startswith(prefix[1]))


def contains(value: Value | None, member: Value | None) -> bool:
    """Whether a text or binary has another within it, or a set or list has it as a member."""
    if value is None or member is None:
        return False
    kind, payload = value
    if kind in ("S", "B"):
        return kind == member[0] and member[1] in payload
    if kind == "L":
        return member in payload
    return _MEMBER.get(kind) == member[0] and member[1] in payload


def size(value: Value | None) -> Value | None:
    """UTF-16 units of a text, bytes of a binary, members of anything else; None where size is not defined."""
    if value is None or value[0] in _NO_SIZE:
        return None
    kind, payload = value
    if kind == "S" and not payload.isascii():
        return ("N", str(len(payload.encode("utf-16-le")) // 2))
    return ("N", str(len(payload)))
