"""WHERE: paths, operands and conditions of PartiQL, into the trees that conditions of expressions are made of.

Unlike there, a condition may itself be an operand: ``attribute_exists(n) = false``, ``(n BETWEEN 0 AND 5) = true``.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-functions.html; wording as observed on AWS.
"""

from __future__ import annotations

from collections.abc import Callable

from emulator.dynamodb.expressions.syntax import (
    And,
    Arithmetic,
    Between,
    Comparison,
    ConditionNode,
    FunctionCall,
    In,
    Not,
    Operand,
    Or,
    Path,
    Truth,
    ValueRef,
)
from emulator.dynamodb.partiql.lexer import END, RESERVED, malformed
from emulator.dynamodb.partiql.literals import Literals
from emulator.dynamodb.rejections import invalid

_COMPARATORS = {"=": "=", "<>": "<>", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_TESTS = frozenset({"attribute_exists", "attribute_not_exists", "attribute_type", "begins_with", "contains"})
_MOST_INDEX = 2**31 - 1
_TYPES = {
    "NULL": ("NULL",),
    "BOOL": ("BOOL",),
    "BOOLEAN": ("BOOL",),
    "STRING": ("S",),
    "VARCHAR": ("S",),
    "NUMBER": ("N",),
    "DECIMAL": ("N",),
    "NUMERIC": ("N",),
    "BINARY": ("B",),
    "BLOB": ("B",),
    "LIST": ("L",),
    "MAP": ("M",),
    "STRUCT": ("M",),
    "TUPLE": ("M",),
    "BAG": ("SS", "NS", "BS"),
    "SS": ("SS",),
    "NS": ("NS",),
    "BS": ("BS",),
    "S": ("S",),
    "N": ("N",),
    "B": ("B",),
    "L": ("L",),
    "M": ("M",),
}
"""The types of DynamoDB that a name after IS stands for; those of SQL that none of DynamoDB's is are unsupported."""


class Conditions(Literals):
    """Conditions and paths of one statement."""

    def where(self) -> ConditionNode | None:
        """WHERE and its condition, None where there is none. Raises Fault."""
        return self.condition() if self.accept("WHERE") else None

    def condition(self) -> ConditionNode:
        """A condition. Raises Fault."""
        return self._as_condition(self._disjunction())

    def _disjunction(self) -> ConditionNode | Operand:
        parts = [self._conjunction()]
        while self.accept("OR"):
            self._check_right_hand_side()
            parts.append(self._conjunction())
        return parts[0] if len(parts) == 1 else Or(tuple(map(self._as_condition, parts)))

    def _conjunction(self) -> ConditionNode | Operand:
        parts = [self._negation()]
        while self.accept("AND"):
            self._check_right_hand_side()
            parts.append(self._negation())
        return parts[0] if len(parts) == 1 else And(tuple(map(self._as_condition, parts)))

    def _check_right_hand_side(self) -> None:
        if self.tokens[self.at] is END:
            raise malformed("Missing right-hand side expression of infix operator")

    def _negation(self) -> ConditionNode | Operand:
        if self.accept("NOT"):
            self.nest(1)
            node = Not(self._as_condition(self._negation()))
            self.nest(-1)
            return node
        return self._comparison()

    def _comparison(self) -> ConditionNode | Operand:
        left = self._factor()
        token = self.tokens[self.at]
        if token.kind == "symbol" and token.text in _COMPARATORS:
            self.at += 1
            return Comparison(_COMPARATORS[token.text], self._as_operand(left), self._operand())
        negated = self.peek("NOT") and self.tokens[self.at + 1].text in ("BETWEEN", "IN")
        self.at += negated
        node: ConditionNode
        if self.accept("BETWEEN"):
            low = self._operand()
            self.expect("AND")
            node = Between(self._as_operand(left), low, self._operand())
        elif self.accept("IN"):
            node = In(self._as_operand(left), self._options())
        elif self.accept("IS"):
            node = self._is(self._as_operand(left))
        else:
            return left
        return Not(node) if negated else node

    def _options(self) -> tuple[Operand, ...]:
        closing = {"(": ")", "[": "]"}.get(self.tokens[self.at].text) if self.peek("(", "[") else None
        if closing is None:
            raise malformed("Unexpected term")
        self.at += 1
        options = [self._operand()]
        while self.accept(","):
            options.append(self._operand())
        self.expect(closing)
        return tuple(options)

    def _is(self, left: Operand) -> ConditionNode:
        negated = self.accept("NOT")
        token = self.tokens[self.at]
        name = token.text.upper()
        node: ConditionNode
        if self.accept("MISSING"):
            node = FunctionCall("attribute_not_exists", (left,))
        elif token.kind in ("word", "keyword") and name in _TYPES:
            self.at += 1
            tests = tuple(FunctionCall("attribute_type", (left, self.value(("S", kind)))) for kind in _TYPES[name])
            node = tests[0] if len(tests) == 1 else Or(tests)
        elif token.kind == "word" and (name.startswith("INT") or name in RESERVED):
            self.at += 1
            self.faults.append(invalid("Unsupported operation: IsType"))
            node = FunctionCall("attribute_not_exists", (left,))
        else:
            raise malformed("Expected type name")
        return Not(node) if negated else node

    @staticmethod
    def _as_condition(node: ConditionNode | Operand) -> ConditionNode:
        if isinstance(node, Path | ValueRef | Arithmetic) or (
            isinstance(node, FunctionCall) and node.function not in _TESTS
        ):
            raise malformed("Unexpected term")
        return node.condition if isinstance(node, Truth) else node

    @staticmethod
    def _as_operand(node: ConditionNode | Operand) -> Operand:
        if isinstance(node, Path | ValueRef | Arithmetic | Truth):
            return node
        if isinstance(node, FunctionCall) and node.function not in _TESTS:
            return node
        return Truth(node)

    # operands

    def _operand(self) -> Operand:
        return self._as_operand(self._factor())

    def _factor(self) -> ConditionNode | Operand:
        if self.accept("("):
            self.nest(1)
            node = self._disjunction()
            self.nest(-1)
            self.expect(")")
            return node
        if self.is_call():
            return self._call()
        if self.tokens[self.at].kind in ("word", "identifier"):
            return self.path()
        return self.value(self.literal())

    def _call(self) -> Operand:
        function = self.tokens[self.at].text.lower()
        self.at += 2
        self.nest(1)
        arguments = self.arguments(self._operand)
        self.nest(-1)
        if function not in _TESTS and function != "size":
            self.faults.append(invalid(f"Invalid function name; function: {function}"))
            return FunctionCall("attribute_exists", arguments)  # refused when the whole statement has been read
        return FunctionCall(function, arguments)

    def arguments(self, read: Callable[[], Operand]) -> tuple[Operand, ...]:
        """The arguments of a call whose parenthesis is past. Raises Fault."""
        found: list[Operand] = []
        if not self.accept(")"):
            found.append(read())
            while self.accept(","):
                found.append(read())
            self.expect(")")
        return tuple(found)

    # paths

    def path(self) -> Path:
        """A path such as ``m.k[0]``. Raises Fault."""
        token = self.tokens[self.at]
        if token.kind not in ("word", "identifier"):
            raise self.unexpected()
        self.at += 1
        steps: list[str | int] = [token.text]
        while True:
            if self.accept("."):
                token = self.tokens[self.at]
                if token.kind != "identifier" and (token.kind != "word" or token.text.upper() in RESERVED):
                    raise malformed("Invalid path dot component")
                self.at += 1
                steps.append(token.text)
            elif self.accept("["):
                steps.append(self._index())
                self.expect("]")
            else:
                return Path(tuple(steps))

    def _index(self) -> str | int:
        sign = -1 if self.accept("-") else 1
        token = self.tokens[self.at]
        self.at += 1
        if token.kind == "string" and sign == 1:
            return token.text
        if token.kind != "number" or not token.text.isdecimal():
            raise malformed("Unexpected term")
        digits = token.text.lstrip("0") or "0"
        index = sign * (int(digits) if len(digits) <= len(str(_MOST_INDEX)) else _MOST_INDEX + 1)
        if not 0 <= index <= _MOST_INDEX:
            shown = "-" * (sign < 0) + token.text
            self.faults.append(
                invalid(f"List index is not within the allowable range; index: [{shown}]{self.at_place(token)}")
            )
        return max(0, min(index, _MOST_INDEX))
