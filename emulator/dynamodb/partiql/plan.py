"""How WHERE says what to read: its branches, and the stretches of a table or index that they read.

WHERE becomes an OR of ANDs, each AND a ``Branch``; ``IN`` on a key attribute is a branch for each of its values. Where
every branch gives the partition key by equality, AWS reads what the branches say and nothing else; one branch that does
not makes the whole a scan with a filter.

    pk = 'a' AND sk IN ['1', '2']      two reads
    pk IN ['a', 'b'] AND flag = 'x'    two reads, filtered
    pk = 'a' OR flag = 'x'             a scan

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.select.html; the rules of overlap,
types and numbers of reads as observed on AWS in 2026.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import combinations

from emulator.dynamodb.expressions.conditions import Values
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
    walk,
)
from emulator.dynamodb.items.queries import Stretch
from emulator.dynamodb.model.key_ranges import KeyRange, KeyTest
from emulator.dynamodb.model.schema import KeySchema, token
from emulator.dynamodb.model.tables import TOP, query_bounds
from emulator.dynamodb.model.values import Value, empty_key
from emulator.dynamodb.rejections import invalid, rejected
from emulator.faults import Fault

MOST_READS = 50
_MOST_BRANCHES = 5_000
_MIRRORED = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


class KeyFault(Fault):
    """A key that does not fit the table: a transaction is cancelled for it, where other faults refuse it."""


@dataclass(frozen=True, slots=True)
class Branch:
    """One way in which WHERE can hold: everything here holds together."""

    partition: tuple[Value, ...] = ()
    """The values that the partition key equals."""
    sort: tuple[KeyTest, ...] = ()
    """What the sort key is tested for."""
    negated: bool = False
    """Whether the sort key is tested for what it is not, which no range can say."""
    rest: tuple[ConditionNode, ...] = ()
    """Everything else."""

    def joined(self, other: Branch) -> Branch:
        """Both branches at once."""
        return Branch(
            self.partition + other.partition,
            self.sort + other.sort,
            self.negated or other.negated,
            self.rest + other.rest,
        )


@dataclass(frozen=True, slots=True)
class Where:
    """A WHERE clause beside the keys of what it reads."""

    node: ConditionNode | None
    key: KeySchema
    values: Values

    def check_types(self) -> None:
        """Raise KeyFault where a key attribute shall equal a value of another type, or an empty one."""
        for name, value in self._equalities(self.node, negated=False):
            if value[0] != self.key.types[name]:
                raise key_mismatch(name)
        for name, value in self._equalities(self.node, negated=False):
            if value[1] in ("", b""):
                raise rejected("empty key", words=f"{empty_key(value)} Key: {name}")

    def branches(self) -> list[Branch]:
        """The branches, none where WHERE does not say which partitions to read.

        Raises:
            Fault: they are more than AWS reads at once, or two of them read the same items.
        """
        if self.node is None or not self._is_keyed(self.node, negated=False):
            return []
        found = self._branches(self.node, negated=False)
        if any(len(set(branch.partition)) > 1 for branch in found):
            return []
        if len(found) > MOST_READS:
            raise _too_many()
        for one, other in combinations(found, 2):
            if one.partition[0] != other.partition[0] or one.negated or other.negated:
                continue
            (low, high), (other_low, other_high) = self.stretch(one), self.stretch(other)
            if max(low, other_low) < min(high, other_high):
                raise invalid("Overlapping conditions with range keys are not supported in where clause")
        return found

    def stretch(self, branch: Branch) -> Stretch:
        """What a branch reads."""
        partition = branch.partition[0]
        low, high = query_bounds(KeyRange((partition,), None), token(partition))
        for test in branch.sort:
            if any(operand[0] != self.key.types[self.key.range[0]] for operand in test.operands):
                continue  # nothing is of another type than the key: the filter finds nothing
            equal = test.operator == "="
            wanted = KeyRange((partition, *test.operands), None) if equal else KeyRange((partition,), test)
            test_low, test_high = query_bounds(wanted, token(partition))
            low, high = max(low, test_low), min(high, test_high)
        return low, max(low, high)

    # the tree

    def _equalities(self, node: ConditionNode | None, *, negated: bool) -> Iterator[tuple[str, Value]]:
        """The key attributes that somewhere in WHERE shall equal a value, with that value."""
        match node:
            case Not():
                yield from self._equalities(node.part, negated=not negated)
            case And() | Or():
                for part in node.parts:
                    yield from self._equalities(part, negated=negated)
            case None:
                return
            case _ if not negated:
                for name, test in self._tests(node):
                    if test.operator == "=":
                        yield name, test.operands[0]

    def _is_keyed(self, node: ConditionNode, *, negated: bool) -> bool:
        match node:
            case Not():
                return self._is_keyed(node.part, negated=not negated)
            case And() | Or():
                every = all if isinstance(node, Or) != negated else any
                return every(self._is_keyed(part, negated=negated) for part in node.parts)
            case _:
                tests = [] if negated else self._tests(node)
                return bool(tests) and all(name in self.key.hash and test.operator == "=" for name, test in tests)

    def _branches(self, node: ConditionNode, *, negated: bool) -> list[Branch]:
        if isinstance(node, Not):
            return self._branches(node.part, negated=not negated)
        if not any(isinstance(part, Path) and part.steps[0] in self.key.names for part in walk(node)):
            return [Branch(rest=(node,))]
        if isinstance(node, And | Or):
            parts = [self._branches(part, negated=negated) for part in node.parts]
            if isinstance(node, Or) != negated:
                return [branch for part in parts for branch in part]
            return reduce(_product, parts)
        return self._leaf(node, negated=negated)

    def _leaf(self, node: ConditionNode, *, negated: bool) -> list[Branch]:
        tests = self._tests(node)
        if negated or not tests:
            names = {part.steps[0] for part in walk(node) if isinstance(part, Path)}
            unequal = negated or (isinstance(node, Comparison) and node.operator == "<>")
            return [Branch(negated=unequal and names <= set(self.key.range), rest=(node,))]
        if tests[0][0] in self.key.range:
            return [Branch(sort=(test,)) for _, test in tests]
        if tests[0][1].operator == "=":
            return [Branch(partition=test.operands) for _, test in tests]
        return [Branch(rest=(node,))]

    def _tests(self, node: ConditionNode) -> list[tuple[str, KeyTest]]:
        """What a leaf tests a key attribute for, one test for each value of IN; none where it tests anything else."""
        match node:
            case Comparison(operator=operator) if operator in _MIRRORED:
                return self._test(operator, node.left, node.right) or self._test(
                    _MIRRORED[operator], node.right, node.left
                )
            case Between():
                return self._test("BETWEEN", node.operand, node.low, node.high)
            case FunctionCall(function="begins_with") if len(node.arguments) == 2:
                return self._test("begins_with", *node.arguments)
            case In():
                tests = [self._test("=", node.operand, option) for option in node.options]
                return [test for found in tests for test in found] if all(tests) else []
            case _:
                return []

    def _test(self, operator: str, path: Operand, *operands: Operand) -> list[tuple[str, KeyTest]]:
        if not isinstance(path, Path) or len(path.steps) > 1 or path.steps[0] not in self.key.names:
            return []
        refs = [operand for operand in operands if isinstance(operand, ValueRef)]
        if len(refs) < len(operands):
            return []
        return [(str(path.steps[0]), KeyTest(operator, tuple(self.values[ref.name] for ref in refs)))]


def _product(left: list[Branch], right: list[Branch]) -> list[Branch]:
    if len(left) * len(right) > _MOST_BRANCHES:
        raise _too_many()
    return [one.joined(other) for one in left for other in right]


def _too_many() -> Fault:
    return invalid("Too many decomposed read operations for a given query.")


def key_mismatch(name: str) -> KeyFault:
    """A key attribute is compared with a value that it can never equal."""
    return KeyFault(
        "ValidationException",
        f"Key attribute's data type should match its data type in table's schema: Key {name}",
    )


EVERYTHING: Stretch = ((), (TOP,))


def apart(stretches: Sequence[Stretch]) -> list[Stretch]:
    """The stretches, those that share items made one, each where the first of its parts stood."""
    found: list[Stretch] = []
    for low, high in stretches:
        shared = [other for other in found if max(low, other[0]) < min(high, other[1])]
        if not shared:
            found.append((low, high))
            continue
        whole = (min(low, *(other[0] for other in shared)), max(high, *(other[1] for other in shared)))
        found[found.index(shared[0])] = whole
        for other in shared[1:]:
            found.remove(other)
    return found
