"""PartiQL statements to the trees that expressions have.

Literals and ``?`` parameters become values of the statement, named as an expression's values are.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.html; wording as observed on AWS.
"""

from __future__ import annotations

from collections.abc import Sequence

from asl_interpreter.jsontext import JSON
from emulator.dynamodb.expressions.syntax import (
    Action,
    And,
    Arithmetic,
    Between,
    Call,
    Comparison,
    ConditionNode,
    In,
    Not,
    Operand,
    Or,
    Path,
    ValueRef,
)
from emulator.dynamodb.model.values import Value, read_value
from emulator.dynamodb.partiql.lexer import END, Token, malformed
from emulator.dynamodb.partiql.literals import Literals
from emulator.dynamodb.partiql.statements import Change, Delete, Insert, Select, Source, Statement
from emulator.dynamodb.rejections import invalid

_COMPARATORS = {"=": "=", "<>": "<>", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_CONDITION_FUNCTIONS = {"begins_with": 2, "contains": 2, "attribute_type": 2}


def parse(text: str, parameters: Sequence[JSON]) -> tuple[Statement, dict[str, Value]]:
    """A statement and its values.

    Raises:
        Fault: the text is no statement, or has another number of parameters.
    """
    parser = _Parser(text, [read_value(parameter) for parameter in parameters])
    statement = parser.statement()
    return statement, parser.values


class _Parser(Literals):
    """One pass over one statement."""

    def statement(self) -> Statement:
        token = self.tokens[self.at]
        self.at += 1
        statement: Statement
        match token:
            case Token("keyword", "SELECT"):
                statement = self._select()
            case Token("keyword", "EXISTS"):
                statement = self._exists()
            case Token("keyword", "INSERT"):
                statement = self._insert()
            case Token("keyword", "UPDATE"):
                source = self._source()
                statement = self._change(source, None, clauses_first=True)
            case Token("keyword", "DELETE"):
                self.expect("FROM", "Unexpected term")
                source = self._source()
                where = self._where()
                statement = Delete(source, where, self._returning())
            case Token("keyword", "FROM"):
                source = self._source()
                statement = self._change(source, self._where(), clauses_first=False)
            case _:
                raise malformed("Expected data manipulation")
        self.accept(";")
        if self.tokens[self.at] is not END:
            raise malformed("Unexpected token after expression")
        self.check_parameters()
        return statement

    # statements

    def _select(self) -> Select:
        paths = None
        if not self.accept("*"):
            paths = [self._selected()]
            while self.accept(","):
                paths.append(self._selected())
        self.expect("FROM", "Unexpected term")
        source = self._source("Unexpected term")
        where = self._where()
        order_by, descending = None, False
        if self.accept("ORDER"):
            self.expect("BY", "Unexpected keyword")
            order_by = str(self._path().steps[0])
            descending = self.accept("DESC")
            if not descending:
                self.accept("ASC")
        return Select(source, None if paths is None else tuple(paths), where, order_by, descending)

    def _selected(self) -> Path:
        """A path; a call such as COUNT(*) is none, which AWS says with its line, column and length."""
        token = self.tokens[self.at]
        path = self._path()
        if self.peek("("):
            before = self.text[: token.start]
            line, column = before.count("\n") + 1, token.start - before.rfind("\n")
            raise invalid(f"Unexpected path component at {line}:{column}:{len(token.text)}")
        return path

    def _exists(self) -> Select:
        self.expect("(", "Unexpected term")
        self.expect("SELECT", "Unexpected term")
        select = self._select()
        self.expect(")", "Unexpected term")
        return Select(select.source, select.paths, select.where, exists=True)

    def _insert(self) -> Insert:
        self.expect("INTO", "Unexpected term")
        source = self._source()
        self.expect("VALUE", "Unexpected term")
        value = self.literal()
        if value[0] != "M":
            raise invalid("Unsupported operation: only a map can be inserted")
        return Insert(source, value[1])

    def _change(self, source: Source, where: ConditionNode | None, *, clauses_first: bool) -> Change:
        actions: list[Action] = []
        while True:
            if self.accept("SET"):
                actions.append(self._assignment())
                while self.accept(","):
                    actions.append(self._assignment())
            elif self.accept("REMOVE"):
                actions.append(Action("REMOVE", self._path(), None))
                while self.accept(","):
                    actions.append(Action("REMOVE", self._path(), None))
            else:
                break
        if not actions:
            raise malformed("Unexpected term")
        if clauses_first:
            where = self._where()
        return Change(source, tuple(actions), where, self._returning())

    def _assignment(self) -> Action:
        path = self._path()
        self.expect("=", "Unexpected term")
        operand = self._sum()
        if isinstance(operand, Call) and operand.function in ("set_add", "set_delete"):
            section = "ADD" if operand.function == "set_add" else "DELETE"
            if operand.arguments[0] != path or not isinstance(operand.arguments[1], ValueRef):
                raise invalid(f"Invalid use of {operand.function}: it changes the set that it is assigned to")
            return Action(section, path, operand.arguments[1])
        return Action("SET", path, operand)

    def _source(self, absent: str = "Expected identifier for simple path") -> Source:
        names = [self._source_part(absent)]
        while self.accept("."):
            names.append(self._source_part(absent))
        if len(names) > 2:
            raise invalid("A path may contain at most 2 components in the FROM clause")
        if self.peek("AS") or self.tokens[self.at].kind in ("word", "identifier"):
            raise invalid("Aliasing is not supported")
        return Source(*names)

    def _source_part(self, absent: str) -> str:
        token = self.tokens[self.at]
        if token.kind not in ("word", "identifier"):
            raise malformed(absent if token is END else "Unexpected term")
        self.at += 1
        if not token.text:
            raise invalid("Path component cannot be an empty string")
        return token.text

    def _returning(self) -> str | None:
        if not self.accept("RETURNING"):
            return None
        words = []
        for choices in (("ALL", "MODIFIED"), ("OLD", "NEW")):
            word = next((word for word in choices if self.accept(word)), None)
            if word is None:
                raise malformed("Unexpected term")
            words.append(word)
        self.expect("*", "Unexpected term")
        return " ".join(words)

    # conditions

    def _where(self) -> ConditionNode | None:
        return self._condition(self._disjunction()) if self.accept("WHERE") else None

    def _disjunction(self) -> ConditionNode | Operand:
        parts = [self._conjunction()]
        while self.accept("OR"):
            self._check_right_hand_side()
            parts.append(self._conjunction())
        return parts[0] if len(parts) == 1 else Or(tuple(map(self._condition, parts)))

    def _conjunction(self) -> ConditionNode | Operand:
        parts = [self._negation()]
        while self.accept("AND"):
            self._check_right_hand_side()
            parts.append(self._negation())
        return parts[0] if len(parts) == 1 else And(tuple(map(self._condition, parts)))

    def _check_right_hand_side(self) -> None:
        if self.tokens[self.at] is END:
            raise malformed("Missing right-hand side expression of infix operator")

    def _negation(self) -> ConditionNode | Operand:
        if self.accept("NOT"):
            self.nest(1)
            node = Not(self._condition(self._negation()))
            self.nest(-1)
            return node
        return self._comparison()

    def _comparison(self) -> ConditionNode | Operand:
        left: ConditionNode | Operand
        if self.accept("("):
            self.nest(1)
            left = self._disjunction()
            self.nest(-1)
            self.expect(")", "Unexpected term")
        else:
            left = self._operand()
        if not isinstance(left, Path | ValueRef | Call):
            return left
        token = self.tokens[self.at]
        if token.kind == "symbol" and token.text in _COMPARATORS:
            self.at += 1
            return Comparison(_COMPARATORS[token.text], left, self._operand())
        if self.accept("BETWEEN"):
            low = self._operand()
            self.expect("AND", "Unexpected term")
            return Between(left, low, self._operand())
        if self.accept("IN"):
            return self._in(left)
        if self.accept("IS"):
            return self._is(left)
        return left

    def _in(self, left: Operand) -> In:
        closing = {"(": ")", "[": "]"}.get(self.tokens[self.at].text)
        if closing is None:
            raise malformed("Unexpected term")
        self.at += 1
        options = [self._operand()]
        while self.accept(","):
            options.append(self._operand())
        self.expect(closing, "Unexpected term")
        return In(left, tuple(options))

    def _is(self, left: Operand) -> ConditionNode:
        negated = self.accept("NOT")
        node: ConditionNode
        if self.accept("MISSING"):
            node = Call("attribute_not_exists", (left,))
        elif self.accept("NULL"):
            node = Call("attribute_type", (left, self.value(("S", "NULL"))))
        elif self.tokens[self.at].kind == "word" and self.tokens[self.at].text.upper().startswith("INT"):
            raise invalid("Unsupported operation: IsType")
        else:
            raise malformed("Expected type name")
        return Not(node) if negated else node

    def _condition(self, node: ConditionNode | Operand) -> ConditionNode:
        if isinstance(node, Path | ValueRef | Arithmetic) or (
            isinstance(node, Call)
            and node.function not in (*_CONDITION_FUNCTIONS, "attribute_not_exists", "attribute_exists")
        ):
            raise malformed("Unexpected term")
        return node

    # operands

    def _sum(self) -> Operand:
        left = self._operand()
        for operator in ("+", "-"):
            if self.accept(operator):
                return Arithmetic(operator, left, self._operand())
        return left

    def _operand(self) -> Operand:
        token = self.tokens[self.at]
        following = self.tokens[min(self.at + 1, len(self.tokens) - 1)]
        if token.kind == "word" and following == Token("symbol", "("):
            return self._call()
        if token.kind in ("word", "identifier"):
            return self._path()
        return self.value(self.literal())

    def _call(self) -> Call:
        function = self.tokens[self.at].text.lower()
        counts = {
            **_CONDITION_FUNCTIONS,
            "size": 1,
            "list_append": 2,
            "if_not_exists": 2,
            "set_add": 2,
            "set_delete": 2,
        }
        if function not in counts:
            raise invalid(f"Invalid function name; function: {function}")
        self.at += 2
        self.nest(1)
        arguments = [self._operand()]
        while self.accept(","):
            arguments.append(self._operand())
        self.nest(-1)
        self.expect(")", "Unexpected term")
        if len(arguments) != counts[function]:
            raise invalid(
                "Incorrect number of operands for operator or function; "
                f"operator or function: {function}, number of operands: {len(arguments)}"
            )
        return Call(function, tuple(arguments))

    def _path(self) -> Path:
        steps: list[str | int] = [self._step()]
        while True:
            if self.accept("."):
                steps.append(self._step())
            elif self.accept("["):
                token = self.tokens[self.at]
                if token.kind == "number" and token.text.isdecimal():
                    steps.append(int(token.text))
                elif token.kind == "string":
                    steps.append(token.text)
                else:
                    raise malformed("Unexpected term")
                self.at += 1
                self.expect("]", "Unexpected term")
            else:
                return Path(tuple(steps))

    def _step(self) -> str:
        token = self.tokens[self.at]
        if token.kind not in ("word", "identifier"):
            raise self.unexpected()
        self.at += 1
        return token.text
