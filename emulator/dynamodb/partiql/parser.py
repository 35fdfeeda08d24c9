"""PartiQL statements to the trees that expressions have.

Literals and ``?`` parameters become values of the statement, named as an expression's values are.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.html; wording as observed on AWS.
"""

from __future__ import annotations

from collections.abc import Sequence

from asl_interpreter.jsontext import JSON
from emulator.dynamodb.expressions.syntax import Action, Arithmetic, FunctionCall, Operand, Path, ValueRef
from emulator.dynamodb.model.values import NULL, Value
from emulator.dynamodb.partiql.conditions import Conditions
from emulator.dynamodb.partiql.lexer import END, Token, malformed
from emulator.dynamodb.partiql.parameters import read_parameters
from emulator.dynamodb.partiql.statements import Change, Delete, Insert, Order, Select, Source, Statement
from emulator.dynamodb.rejections import invalid
from emulator.faults import Fault

_NO_TABLE = "Expected identifier for simple path"
_NO_INDEX = "This operation is not supported on an index"
_SETS = frozenset({"SS", "NS", "BS"})
_SECTIONS = {"set_add": "ADD", "set_delete": "DELETE"}
_COUNTS = {"list_append": 2, "if_not_exists": 2}


def parse(text: str, parameters: Sequence[JSON]) -> tuple[Statement, dict[str, Value]]:
    """A statement and its values.

    Raises:
        Fault: a parameter is wrong, the text is no statement, a literal is wrong, or FROM names what it cannot.
    """
    return parse_with(text, read_parameters(parameters))


def parse_with(text: str, parameters: Sequence[Value]) -> tuple[Statement, dict[str, Value]]:
    """As ``parse``, with parameters that have been read."""
    parser = _Parser(text, parameters)
    statement = parser.statement()
    return statement, parser.values


class _Parser(Conditions):
    """One pass over one statement."""

    def statement(self) -> Statement:
        token = self.tokens[self.at]
        self._check_starts(token)
        self.at += 1
        statement: Statement
        match token.text:
            case "SELECT":
                statement = self._select()
            case "EXISTS":
                statement = self._exists()
            case "INSERT":
                statement = self._insert()
            case "UPDATE":
                source = self._source(_NO_TABLE, no_index=_NO_INDEX)
                statement = self._change(source, clauses_first=True)
            case "DELETE":
                self.expect("FROM")
                source = self._source(_NO_TABLE, no_index=_NO_INDEX)
                where = self.where()
                statement = Delete(source, where, self._returning())
            case _:
                source = self._source(_NO_TABLE, no_index=_NO_INDEX)
                statement = self._change(source, clauses_first=False)
        self.accept(";")
        if self.tokens[self.at] is not END:
            raise malformed("Unexpected token after expression")
        self.check_read()
        return statement

    def _check_starts(self, token: Token) -> None:
        if token.kind == "keyword" and token.text in ("SELECT", "EXISTS", "INSERT", "UPDATE", "DELETE", "FROM"):
            return
        if token.kind in ("word", "identifier") and self.tokens[self.at + 1] == Token("keyword", "IS"):
            self.condition()
            if self.tokens[self.at] is END:
                raise invalid("Unsupported operation: IsType")
        raise malformed("Expected data manipulation")

    # statements

    def _select(self) -> Select:
        paths: list[Path] | None = None
        no_column = None
        if not self.accept("*"):
            paths = []
            while not paths or self.accept(","):
                paths.append(self.path())
                if self.peek("("):
                    no_column = no_column or self._no_column(self.tokens[self.at - 1])
                    self.skip_call()
            self._check_distinct(paths)
        self.expect("FROM")
        source = self._source("Unexpected term")
        where = self.where()
        order_by: list[Order] = []
        if self.accept("ORDER"):
            self.expect("BY", "Unexpected keyword")
            while not order_by or self.accept(","):
                attribute = str(self.path().steps[0])
                descending = self.accept("DESC")
                if not descending:
                    self.accept("ASC")
                order_by.append(Order(attribute, descending))
        columns = None if paths is None else tuple(paths)
        return Select(source, columns, where, tuple(order_by), no_column=no_column)

    def _no_column(self, token: Token) -> Fault:
        """COUNT(*) and every other call is no path."""
        return invalid(f"Unexpected path component{self.at_place(token)}")

    def _check_distinct(self, paths: Sequence[Path]) -> None:
        names = [column_name(path) for path in paths]
        for position, name in enumerate(names):
            if name in names[:position]:
                self.faults.append(invalid(f"Duplicate identifiers in select clause: {name}"))
                return

    def _exists(self) -> Select:
        self.expect("(")
        self.expect("SELECT")
        select = self._select()
        self.expect(")")
        return Select(select.source, select.paths, select.where, exists=True, no_column=select.no_column)

    def _insert(self) -> Insert:
        self.expect("INTO")
        source = self._source(
            _NO_TABLE,
            no_index="FROM clause may only contain a single table name in data manipulation statements",
            alias_is_leftover=True,
        )
        self.expect("VALUE")
        return Insert(source, self.item())

    def _change(self, source: Source, *, clauses_first: bool) -> Change:
        where = None if clauses_first else self.where()
        actions: list[Action] = []
        while True:
            if self.accept("SET"):
                actions.append(self._assignment())
                while self.accept(","):
                    actions.append(self._assignment())
            elif self.accept("REMOVE"):
                actions.append(Action("REMOVE", self.path(), None))
                while self.accept(","):
                    actions.append(Action("REMOVE", self.path(), None))
            else:
                break
        if not actions:
            raise malformed("Unexpected term")
        if clauses_first:
            where = self.where()
        return Change(source, tuple(actions), where, self._returning())

    def _source(self, absent: str, *, no_index: str | None = None, alias_is_leftover: bool = False) -> Source:
        """FROM's path; ``no_index`` is what AWS says of a second name where only a table can be meant."""
        names = [self._source_part(absent)]
        while self.accept("."):
            names.append(self._source_part(absent))
        if len(names) > 2:
            self.source_faults.append(invalid("A path may contain at most 2 components in the FROM clause"))
        elif "" in names:
            self.source_faults.append(invalid("Path component cannot be an empty string"))
        elif len(names) == 2 and no_index is not None:
            self.source_faults.append(invalid(no_index))
        named = self.accept("AS")
        if named or self.tokens[self.at].kind in ("word", "identifier"):
            if alias_is_leftover:
                raise malformed("Unexpected token after expression")
            if self.tokens[self.at].kind not in ("word", "identifier"):
                raise self.unexpected()
            self.at += 1
            self.source_faults.append(invalid("Aliasing is not supported"))
        return Source(*names[:2])

    def _source_part(self, absent: str) -> str:
        token = self.tokens[self.at]
        if token.kind not in ("word", "identifier"):
            raise malformed(absent)
        self.at += 1
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
        self.expect("*")
        return " ".join(words)

    # SET

    def _assignment(self) -> Action:
        path = self.path()
        self.expect("=")
        if self.is_call() and self.tokens[self.at].text.lower() in _SECTIONS:
            return self._set_change(path)
        operand = self._term()
        for operator in ("+", "-"):
            if self.accept(operator):
                return Action("SET", path, Arithmetic(operator, operand, self._term()))
        return Action("SET", path, operand)

    def _set_change(self, path: Path) -> Action:
        """``set_add(a, <<..>>)`` or ``set_delete(a, <<..>>)``, which name the attribute that they are assigned to."""
        name = self.tokens[self.at]
        function = name.text.lower()
        self.at += 2
        first = self.tokens[self.at]
        arguments = self.arguments(self._term)
        shown = function.upper()
        operand = self.value(NULL)
        if len(arguments) != 2:
            self.faults.append(invalid(f"{shown} must have exactly two arguments{self.at_place(name)}"))
        elif arguments[0] != path:
            self.faults.append(
                invalid(f"The first argument to {shown} must equal the assignment value{self.at_place(name)}")
            )
        elif isinstance(arguments[1], ValueRef) and self.values[arguments[1].name][0] in _SETS:
            operand = arguments[1]
        else:
            self.faults.append(
                invalid(f"The second argument to {shown} must be a value with type SET{self.at_place(first)}")
            )
        return Action(_SECTIONS[function], path, operand)

    def _term(self) -> Operand:
        if self.is_call():
            return self._update_function()
        if self.tokens[self.at].kind in ("word", "identifier"):
            return self.path()
        return self.value(self.literal())

    def _update_function(self) -> Operand:
        function = self.tokens[self.at].text.lower()
        self.at += 2
        self.nest(1)
        arguments = self.arguments(self._term)
        self.nest(-1)
        if function not in _COUNTS:
            self.faults.append(invalid(f"Invalid function name; function: {function}"))
            return self.value(NULL)
        if len(arguments) != _COUNTS[function]:
            self.faults.append(
                invalid(
                    "Incorrect number of operands for operator or function; "
                    f"operator or function: {function}, number of operands: {len(arguments)}"
                )
            )
            return self.value(NULL)
        return FunctionCall(function, arguments)


def column_name(path: Path) -> str:
    """What a column is called: the last name of its path, and the indexes after it, as in ``k[0]`` of ``m.k[0]``."""
    last = max(position for position, step in enumerate(path.steps) if isinstance(step, str))
    return str(path.steps[last]) + "".join(f"[{step}]" for step in path.steps[last + 1 :])
