"""Key conditions: from a KeyConditionExpression to the range of a partition that a Query reads.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.KeyConditionExpressions.html; wording as
observed on AWS.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from emulator.dynamodb.expressions.syntax import (
    And,
    Between,
    Comparison,
    ConditionNode,
    FunctionCall,
    In,
    Not,
    Operand,
    Or,
    Path,
    ValueRef,
)
from emulator.dynamodb.model.key_ranges import KeyRange, KeyTest
from emulator.dynamodb.model.values import Value, empty_key
from emulator.dynamodb.rejections import invalid, invalid_values, rejected

KIND = "KeyConditionExpression"
NOT_SUPPORTED = "Query key condition not supported"
_MIRRORED = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def key_tests(node: ConditionNode, values: Mapping[str, Value]) -> dict[str, KeyTest]:
    """The tests of a key condition by attribute, in the order of the text.

    Raises:
        Fault: anything but tests of single attributes against values, joined by AND.
    """
    tests: dict[str, KeyTest] = {}
    for part in conjuncts(node):
        attribute, test = _key_test(part, values)
        if attribute in tests:
            raise invalid(f"Invalid {KIND}: KeyConditionExpressions must only contain one condition per key")
        tests[attribute] = test
    return tests


def conjuncts(node: ConditionNode) -> list[ConditionNode]:
    """The conditions that AND joins, in the order of the text."""
    if isinstance(node, And):
        return [leaf for part in node.parts for leaf in conjuncts(part)]
    return [node]


def _key_test(  # noqa: C901 - one branch for each kind of node
    node: ConditionNode, values: Mapping[str, Value]
) -> tuple[str, KeyTest]:
    match node:
        case Comparison(operator="<>"):
            raise _invalid_operator("<>")
        case Comparison():
            if isinstance(node.left, ValueRef) and isinstance(node.right, Path):
                return _attribute([node.right, node.left]), _test(_MIRRORED[node.operator], [node.left], values)
            return _attribute([node.left, node.right]), _test(node.operator, [node.right], values)
        case Between():
            attribute = _attribute([node.operand, node.low, node.high])
            return attribute, _test("BETWEEN", [node.low, node.high], values)
        case FunctionCall(function="begins_with"):
            return _attribute(node.arguments), _test("begins_with", node.arguments[1:], values)
        case FunctionCall():
            raise _invalid_operator(node.function)
        case In():
            raise _invalid_operator("IN")
        case Or():
            raise _invalid_operator("OR")
        case Not():
            raise _invalid_operator("NOT")
        case And():
            message = "conjunctions are flattened before"
            raise AssertionError(message)


def _attribute(operands: Sequence[Operand]) -> str:
    """The one attribute that a test is about."""
    for operand in operands:
        if isinstance(operand, FunctionCall):
            raise _invalid_operator(operand.function)
    paths = [operand for operand in operands if isinstance(operand, Path)]
    if not paths:
        raise invalid(f"Invalid condition in {KIND}: No key attribute specified")
    if len(paths) > 1:
        raise invalid(f"Invalid condition in {KIND}: Multiple attribute names used in one condition")
    if len(paths[0].steps) > 1:
        raise invalid("KeyConditionExpressions cannot have conditions on nested attributes")
    if paths[0] is not operands[0]:
        raise invalid(NOT_SUPPORTED)
    return str(paths[0].steps[0])


def _test(operator: str, operands: Sequence[Operand], values: Mapping[str, Value]) -> KeyTest:
    return KeyTest(operator, tuple(values[operand.name] for operand in operands if isinstance(operand, ValueRef)))


def _invalid_operator(name: str) -> Exception:
    return invalid(f"Invalid operator used in {KIND}: {name}")


def key_range(
    tests: Mapping[str, KeyTest], hash_keys: Sequence[str], range_keys: Sequence[str], types: Mapping[str, str]
) -> KeyRange:
    """Match the tests with a key schema.

    Raises:
        Fault: the partition is not given by equality, or the tests say more than one range.
    """
    several = len(hash_keys) + len(range_keys) > 2
    if len(tests) > 2 and not several:
        raise invalid("Conditions can be of length 1 or 2 only")
    _check_partition(tests, hash_keys, several=several)
    if any(attribute not in hash_keys and attribute not in range_keys for attribute in tests):
        raise invalid(NOT_SUPPORTED)
    for attribute, test in tests.items():
        _check_operands(attribute, test, types[attribute])
    equals = [tests[name].operands[0] for name in hash_keys]
    last: KeyTest | None = None
    skipped: str | None = None
    for position, name in enumerate(range_keys):
        test_here = tests.get(name)
        if test_here is None:
            skipped = skipped or name
            continue
        if skipped is not None or last is not None:
            raise invalid(
                f"RANGE key attributes {skipped or range_keys[position - 1]} must have equality conditions "
                f"specified in the query because a condition is present on key attribute {name}"
            )
        if test_here.operator == "=":
            equals.append(test_here.operands[0])
        else:
            last = test_here
    return KeyRange(tuple(equals), last)


def _check_operands(attribute: str, test: KeyTest, wanted: str) -> None:
    for operand in test.operands:
        if operand[0] != wanted:
            raise invalid_values("Condition parameter type does not match schema type")
        if not operand[1]:
            raise rejected("empty key", words=f"{empty_key(operand)} Key: {attribute}")


def _check_partition(tests: Mapping[str, KeyTest], hash_keys: Sequence[str], *, several: bool) -> None:
    for name in hash_keys:
        test = tests.get(name)
        if test is not None and test.operator == "=":
            continue
        if several:
            raise invalid(f"HASH key attributes {name} must have equality conditions specified in the query")
        raise invalid(NOT_SUPPORTED if test else f"Query condition missed key schema element: {name}")
