"""The parameters before expressions, translated into the same trees.

Expected, ConditionalOperator, AttributeUpdates, QueryFilter, ScanFilter, KeyConditions and AttributesToGet. A request
speaks one language or the other, never both.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/LegacyConditionalParameters.html; wording as
observed on AWS.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from asl_interpreter.jsontext import JSON
from emulator.dynamodb.expressions import Condition, Projection
from emulator.dynamodb.expressions.conditions import Values, compile_condition
from emulator.dynamodb.expressions.keys import NOT_SUPPORTED
from emulator.dynamodb.expressions.syntax import (
    And,
    Between,
    Comparison,
    ConditionNode,
    FunctionCall,
    In,
    Not,
    Or,
    Path,
    ValueRef,
)
from emulator.dynamodb.expressions.updates import SETS, WRONG_OPERAND, Change, Update, added, without
from emulator.dynamodb.model.key_ranges import KeyTest
from emulator.dynamodb.model.values import MAX_DEPTH, TOO_DEEP, Value, name_size, nesting, read_value, sort_key
from emulator.dynamodb.rejections import invalid, invalid_values
from emulator.faults import Fault

_COMPARISONS = {"EQ": "=", "NE": "<>", "LT": "<", "LE": "<=", "GT": ">", "GE": ">="}
_KEY_OPERATORS = {
    "EQ": "=",
    "LT": "<",
    "LE": "<=",
    "GT": ">",
    "GE": ">=",
    "BETWEEN": "BETWEEN",
    "BEGINS_WITH": "begins_with",
}
_SCALARS = frozenset({"S", "N", "B"})
_ACCEPTED = {
    **dict.fromkeys(("LT", "LE", "GT", "GE", "BETWEEN", "IN"), _SCALARS),
    **dict.fromkeys(("CONTAINS", "NOT_CONTAINS"), _SCALARS | {"BOOL", "NULL"}),
    "BEGINS_WITH": frozenset({"S", "B"}),
}
_COUNTS = {"NULL": 0, "NOT_NULL": 0, "BETWEEN": 2}


def check_one_language(params: Mapping[str, JSON], legacy: Sequence[str], modern: Sequence[str]) -> None:
    """Raise Fault where a request gives parameters of both languages, listed in the order of the operation."""
    old = [name for name in legacy if params.get(name) is not None]
    if not old:
        return
    new = [name for name in modern if params.get(name) is not None]
    if new:
        raise invalid(
            "Can not use both expression and non-expression parameters in the same request: "
            f"Non-expression parameters: {{{', '.join(old)}}} Expression parameters: {{{', '.join(new)}}}"
        )


def attributes_to_get(params: Mapping[str, JSON]) -> Projection | None:
    """AttributesToGet as a projection. Raises Fault where a name is given twice."""
    names = params.get("AttributesToGet")
    if names is None:
        return None
    seen: set[str] = set()
    for name in names:
        name_size(name)
        if name in seen:
            raise invalid_values(f"Duplicate value in attribute name: {name}")
        seen.add(name)
    return Projection(dict.fromkeys(names), tuple(Path((name,)) for name in names))


# --- conditions ------------------------------------------------------------------------------------------------------


def filter_condition(params: Mapping[str, JSON], parameter: str) -> tuple[Condition, Values] | None:
    """QueryFilter or ScanFilter as a condition. Raises Fault as ``expected``, and for values that no item can have."""
    for test in (params.get(parameter) or {}).values():
        if any(nesting(member) >= MAX_DEPTH for member in test.get("AttributeValueList") or ()):
            raise invalid(TOO_DEEP)
    return _condition(params, parameter, _filter_arguments)


def expected(params: Mapping[str, JSON]) -> tuple[Condition, Values] | None:
    """Expected as a condition with its values, or None where nothing is expected.

    Raises:
        Fault: arguments that are too many, too few, of the wrong type or that contradict each other.
    """
    return _condition(params, "Expected", _expected_arguments)


def _condition(
    params: Mapping[str, JSON], parameter: str, arguments: Callable[[str, Mapping[str, JSON]], tuple[str, list[JSON]]]
) -> tuple[Condition, Values] | None:
    tests: Mapping[str, Mapping[str, JSON]] = params.get(parameter) or {}
    combine = params.get("ConditionalOperator")
    if not tests:
        if combine is not None:
            raise invalid("ConditionalOperator cannot be used without Filter or Expected")
        return None
    values: dict[str, Value] = {}
    parts: list[ConditionNode] = []
    for attribute, test in tests.items():
        operator, wire = arguments(attribute, test)
        operands = [read_value(member) for member in wire]
        _check_operands(operator, operands)
        refs = []
        for operand in operands:
            refs.append(ValueRef(f":{len(values)}"))
            values[refs[-1].name] = operand
        parts.append(_test(Path((attribute,)), operator, refs))
    node: ConditionNode = Or(tuple(parts)) if combine == "OR" else And(tuple(parts))
    paths = tuple(Path((attribute,)) for attribute in tests)
    return Condition(node, compile_condition(node), paths), values


def _test(path: Path, operator: str, operands: Sequence[ValueRef]) -> ConditionNode:
    if operator in _COMPARISONS:
        return Comparison(_COMPARISONS[operator], path, operands[0])
    match operator:
        case "NULL":
            return FunctionCall("attribute_not_exists", (path,))
        case "NOT_NULL":
            return FunctionCall("attribute_exists", (path,))
        case "CONTAINS":
            return FunctionCall("contains", (path, operands[0]))
        case "NOT_CONTAINS":
            return And((FunctionCall("attribute_exists", (path,)), Not(FunctionCall("contains", (path, operands[0])))))
        case "BEGINS_WITH":
            return FunctionCall("begins_with", (path, operands[0]))
        case "BETWEEN":
            return Between(path, operands[0], operands[1])
        case _:
            return In(path, tuple(operands))


def _filter_arguments(_: str, test: Mapping[str, JSON]) -> tuple[str, list[JSON]]:
    return test["ComparisonOperator"], test.get("AttributeValueList") or []


def _expected_arguments(attribute: str, test: Mapping[str, JSON]) -> tuple[str, list[JSON]]:
    """The operator and operands of one entry of Expected, whichever of its forms it takes."""
    operator, exists = test.get("ComparisonOperator"), test.get("Exists")
    value, several = test.get("Value"), test.get("AttributeValueList")
    if value is not None and several is not None:
        raise _used_badly("Value and AttributeValueList cannot be used together", attribute)
    if operator is not None:
        if exists is not None:
            raise _used_badly("Exists and ComparisonOperator cannot be used together", attribute)
        if value is None and several is None and operator not in ("NULL", "NOT_NULL"):
            raise _used_badly(
                f"Value or AttributeValueList must be used with ComparisonOperator: {operator}", attribute
            )
        return operator, [value] if value is not None else several or []
    if several is not None:
        raise _used_badly("AttributeValueList can only be used with a ComparisonOperator", attribute)
    if exists is False:
        if value is not None:
            raise _used_badly("Value cannot be used when Exists is false", attribute)
        return "NULL", []
    if value is None:
        raise _used_badly(f"Value must be provided when Exists is {'null' if exists is None else 'true'}", attribute)
    return "EQ", [value]


def _used_badly(what: str, attribute: str) -> Fault:
    return invalid_values(f"{what} for Attribute: {attribute}")


def _check_operands(operator: str, operands: Sequence[Value]) -> None:
    count = len(operands)
    if count != _COUNTS.get(operator, 1) and not (operator == "IN" and count):
        raise invalid_values(f"Invalid number of argument(s) for the {operator} ComparisonOperator")
    accepted = _ACCEPTED.get(operator)
    for kind, _ in operands:
        if accepted is not None and kind not in accepted:
            raise invalid_values(f"ComparisonOperator {operator} is not valid for {kind} AttributeValue type")
    if len({kind for kind, _ in operands}) > 1:
        raise invalid_values("AttributeValues inside AttributeValueList must be of same type")
    if operator == "BETWEEN" and sort_key(operands[0]) > sort_key(operands[1]):
        raise invalid_values(
            "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound"
        )


def key_conditions(params: Mapping[str, JSON]) -> dict[str, KeyTest]:
    """KeyConditions as tests of key attributes.

    Raises:
        Fault: an operator that no key can be read by, or arguments as in ``expected``.
    """
    tests = {}
    for attribute, test in params["KeyConditions"].items():
        operator, wire = _filter_arguments(attribute, test)
        operands = [read_value(member) for member in wire]
        _check_operands(operator, operands)
        if operator == "NE":
            raise invalid(NOT_SUPPORTED)
        if operator not in _KEY_OPERATORS:
            raise invalid("Attempted conditional constraint is not an indexable operation")
        tests[attribute] = KeyTest(_KEY_OPERATORS[operator], tuple(operands))
    return tests


# --- updates ---------------------------------------------------------------------------------------------------------


def attribute_updates(params: Mapping[str, JSON]) -> Update | None:
    """AttributeUpdates as an update.

    Raises:
        Fault: an action without the value it needs, or of a type it does not take.
    """
    wire: Mapping[str, Mapping[str, JSON]] | None = params.get("AttributeUpdates")
    if not wire:
        return None
    changes: dict[str | int, Change] = {}
    for attribute, entry in wire.items():
        name_size(attribute)
        action, member = entry.get("Action") or "PUT", entry.get("Value")
        if member is None and action != "DELETE":
            raise invalid_values("Only DELETE action is allowed when no attribute value is specified")
        changes[attribute] = _change(action, None if member is None else read_value(member))
    return Update((), {**changes}, dict.fromkeys(changes), {**changes})


def _change(action: str, value: Value | None) -> Change:
    if value is None:
        return lambda _old, _item, _values: None
    kind = value[0]
    if action == "PUT":
        return lambda _old, _item, _values: value
    if action == "DELETE":
        if kind not in SETS:
            raise invalid_values(f"DELETE action with value is not supported for the type {kind}")
        return lambda old, _item, _values: _same_type(lambda: without(old, value))
    if kind == "L":
        return lambda old, _item, _values: _extended(old, value)
    if kind != "N" and kind not in SETS:
        raise invalid_values(f"ADD action is not supported for the type {kind}")
    return lambda old, _item, _values: _same_type(lambda: added(old, value))


def _same_type(change: Callable[[], Value | None]) -> Value | None:
    try:
        return change()
    except Fault as fault:
        if fault.message == WRONG_OPERAND:
            raise _type_mismatch() from None
        raise


def _extended(old: Value | None, value: Value) -> Value:
    if old is None:
        return value
    if old[0] != "L":
        raise _type_mismatch()
    return ("L", old[1] + value[1])


def _type_mismatch() -> Fault:
    return invalid("Type mismatch for attribute to update")
