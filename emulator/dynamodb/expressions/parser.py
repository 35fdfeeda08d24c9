"""Expression text to tree: one recursive-descent parser for conditions, projections and updates.

Everything that the text alone can get wrong is judged here, in AWS's order: syntax, operator count, redundant
parentheses, unknown and misplaced functions, reserved words. Names and values come later.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.html; order and wording of the
checks as observed on AWS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import NoReturn, TypeVar, cast

from emulator.dynamodb.expressions.lexer import check_size, syntax_error, tokens
from emulator.dynamodb.expressions.reserved import RESERVED_WORDS
from emulator.dynamodb.expressions.syntax import (
    Action,
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
from emulator.dynamodb.rejections import invalid

MAX_OPERATORS = 300
_MAX_NESTING = 150
_MAX_STEPS = 32
_INDEXES = 2**31
_COMPARATORS = frozenset({"=", "<>", "<", "<=", ">", ">="})
_CONDITION_FUNCTIONS = frozenset(
    {"attribute_exists", "attribute_not_exists", "attribute_type", "begins_with", "contains"}
)
_UPDATE_FUNCTIONS = frozenset({"if_not_exists", "list_append"})
_SECTIONS = ("SET", "REMOVE", "ADD", "DELETE")
_NOT_NAMES = frozenset({"AND", "OR", "NOT", "BETWEEN", "IN"})
_T = TypeVar("_T")


@lru_cache(maxsize=2048)
def parse_condition(kind: str, text: str) -> ConditionNode:
    """A ConditionExpression, FilterExpression, KeyConditionExpression or SearchConditionExpression (``kind``).

    Raises:
        Fault: the text is no condition, or AWS refuses it whatever the names and values are.
    """
    parser = _Parser(kind, text)
    node = parser.whole(parser.condition)
    _check_functions(kind, node)
    _check_reserved(kind, [node])
    return node


@lru_cache(maxsize=1024)
def parse_projection(kind: str, text: str) -> tuple[Path, ...]:
    """A ProjectionExpression: paths between commas. Raises Fault as ``parse_condition``."""
    parser = _Parser(kind, text)
    paths = parser.whole(parser.paths)
    _check_reserved(kind, paths)
    return tuple(paths)


@lru_cache(maxsize=1024)
def parse_update(kind: str, text: str) -> tuple[Action, ...]:
    """An UpdateExpression: its actions in the order of the text. Raises Fault as ``parse_condition``."""
    parser = _Parser(kind, text)
    sections = parser.whole(parser.sections)
    actions = [action for _, clauses in sections for action in clauses]
    _check_reserved(kind, actions)
    for action in actions:
        for node in walk(action):
            if isinstance(node, FunctionCall) and node.function not in _UPDATE_FUNCTIONS:
                if node.function in _CONDITION_FUNCTIONS or node.function == "size":
                    raise _misused(kind, node.function)
                raise invalid(f"Invalid {kind}: Invalid function name; function: {node.function}")
    seen: set[str] = set()
    for section, _ in sections:
        if section in seen:
            raise invalid(f'Invalid {kind}: The "{section}" section can only be used once in an update expression;')
        seen.add(section)
    return tuple(actions)


def _misused(kind: str, function: str) -> Exception:
    return invalid(
        f"Invalid {kind}: The function is not allowed to be used this way in an expression; function: {function}"
    )


def _check_functions(kind: str, root: ConditionNode) -> None:
    known = _CONDITION_FUNCTIONS | _UPDATE_FUNCTIONS | {"size"}
    for node in walk(root):
        if isinstance(node, FunctionCall) and node.function not in known:
            raise invalid(f"Invalid {kind}: Invalid function name; function: {node.function}")
    if isinstance(root, FunctionCall) and root.function not in _CONDITION_FUNCTIONS:
        raise _misused(kind, root.function)
    for node in walk(root):
        conditions_below = isinstance(node, And | Or | Not)
        for child in children(node):
            if isinstance(child, FunctionCall) and (child.function in _CONDITION_FUNCTIONS) != conditions_below:
                raise _misused(kind, child.function)
            if isinstance(child, FunctionCall) and child.function in _UPDATE_FUNCTIONS:
                raise _misused(kind, child.function)


def _check_reserved(kind: str, roots: Iterable[Node]) -> None:
    for root in roots:
        for node in walk(root):
            for step in node.steps if isinstance(node, Path) else ():
                if isinstance(step, str) and step.upper() in RESERVED_WORDS:
                    raise invalid(f"Invalid {kind}: Attribute name is a reserved keyword; reserved keyword: {step}")


class _Parser:
    """One pass over one text."""

    def __init__(self, kind: str, text: str) -> None:
        check_size(kind, text)
        self._kind = kind
        self._text = text
        self._tokens = tokens(text)
        self._at = 0
        self._nesting = 0
        self._operators = 0
        self._redundant = False

    def whole(self, rule: Callable[[], _T]) -> _T:
        """What the rule reads, where it reads the whole text."""
        result = rule()
        if self._tokens[self._at].kind != "end":
            self._fail()
        self._check_operators()
        if self._redundant:
            raise self._redundant_parentheses()
        return result

    # conditions

    def condition(self) -> ConditionNode:
        """A condition; OR binds weakest."""
        return self._as_condition(self._disjunction())

    def _disjunction(self) -> ConditionNode | Operand:
        """A condition, or the operand of one whose operator stands outside the parentheses."""
        parts = [self._conjunction()]
        while self._accept_word("OR"):
            self._as_condition(parts[-1])
            parts.append(self._as_condition(self._conjunction()))
        return parts[0] if len(parts) == 1 else Or(cast("tuple[ConditionNode, ...]", tuple(parts)))

    def _conjunction(self) -> ConditionNode | Operand:
        parts = [self._negation()]
        while self._accept_word("AND"):
            self._as_condition(parts[-1])
            parts.append(self._as_condition(self._negation()))
        return parts[0] if len(parts) == 1 else And(cast("tuple[ConditionNode, ...]", tuple(parts)))

    def _negation(self) -> ConditionNode | Operand:
        negations = 0
        while self._accept_word("NOT"):
            negations += 1
        node = self._comparison()
        for _ in range(negations):
            node = Not(self._as_condition(node))
        return node

    def _comparison(self) -> ConditionNode | Operand:
        left = self._grouped() if self._peek("(") else self._operand()
        if not isinstance(left, Path | ValueRef | FunctionCall):
            return left
        token = self._tokens[self._at]
        if token.kind in _COMPARATORS:
            self._at += 1
            self._operators += 1
            return Comparison(token.text, left, self._operand())
        if self._accept_word("BETWEEN"):
            low = self._operand()
            if not self._accept_word("AND", counts=False):
                self._fail()
            return Between(left, low, self._operand())
        if self._accept_word("IN"):
            self._expect("(")
            options = [self._operand()]
            while self._accept(","):
                options.append(self._operand())
            self._expect(")")
            return In(left, tuple(options))
        return left

    def _grouped(self) -> ConditionNode | Operand:
        self._expect("(")
        doubled = self._peek("(")
        start = self._at
        self._nesting += 1
        if self._nesting > _MAX_NESTING:
            self._too_deep()
        node = self._disjunction()
        self._nesting -= 1
        if doubled and self._closes(start) == self._at - 1:
            self._redundant = True
        self._expect(")")
        return node

    def _closes(self, opening: int) -> int:
        """Where the parenthesis that opens at this token is closed again."""
        depth = 0
        for index in range(opening, len(self._tokens)):
            kind = self._tokens[index].kind
            depth += (kind == "(") - (kind == ")")
            if not depth:
                return index
        return -1

    def _as_condition(self, node: ConditionNode | Operand) -> ConditionNode:
        if isinstance(node, Path | ValueRef | Arithmetic | Truth):
            self._fail()
        return node

    # operands

    def _operand(self, *, argument: bool = False) -> Path | ValueRef | FunctionCall:
        """A path, a value or a call, perhaps in parentheses."""
        opened = 0
        while self._accept("("):
            opened += 1
        if opened + argument > 1:
            self._redundant = True
        token = self._tokens[self._at]
        node: Path | ValueRef | FunctionCall
        if token.kind == ":value":
            self._at += 1
            node = ValueRef(token.text)
        elif token.kind == "name" and self._tokens[self._at + 1].kind == "(" and token.text.upper() not in _NOT_NAMES:
            node = self._call()
        else:
            node = self.path()
        for _ in range(opened):
            self._expect(")")
        return node

    def _call(self) -> FunctionCall:
        function = self._tokens[self._at].text
        self._at += 2
        self._nesting += 1
        if self._nesting > _MAX_NESTING:
            self._too_deep()
        arguments = [self._operand(argument=True)]
        while self._accept(","):
            arguments.append(self._operand(argument=True))
        self._nesting -= 1
        self._expect(")")
        return FunctionCall(function, tuple(arguments))

    def path(self) -> Path:
        """A document path: a name, then ``.name`` and ``[index]`` in any number."""
        steps: list[str | int] = [self._step()]
        while True:
            if self._accept("."):
                steps.append(self._step())
            elif self._accept("["):
                token = self._tokens[self._at]
                if token.kind != "number":
                    self._fail()
                steps.append(int(token.text))
                self._at += 1
                self._expect("]")
            else:
                return self._judged(Path(tuple(steps)))

    def _judged(self, path: Path) -> Path:
        """The path, if it is not too deep and its indexes are 32-bit integers."""
        for step in path.steps:
            if isinstance(step, int) and step >= _INDEXES:
                raise invalid(f"Invalid {self._kind}: List index is not within the allowable range; index: [{step}]")
        if len(path.steps) > _MAX_STEPS:
            raise invalid(
                f"Invalid {self._kind}: The document path has too many nesting levels; "
                f"nesting levels: {len(path.steps)}"
            )
        return path

    def _step(self) -> str:
        token = self._tokens[self._at]
        if token.kind not in ("name", "#name") or token.text.upper() in _NOT_NAMES:
            self._fail()
        self._at += 1
        return token.text

    # projections and updates

    def paths(self) -> list[Path]:
        """Paths between commas."""
        found = [self.path()]
        while self._accept(","):
            found.append(self.path())
        return found

    def sections(self) -> list[tuple[str, list[Action]]]:
        """SET, REMOVE, ADD and DELETE sections in any order, at least one."""
        found = [self._section()]
        while self._tokens[self._at].kind != "end":
            found.append(self._section())
        return found

    def _section(self) -> tuple[str, list[Action]]:
        section = next((word for word in _SECTIONS if self._accept_word(word, counts=False)), None)
        if section is None:
            self._fail()
        actions = [self._action(section)]
        while self._accept(","):
            actions.append(self._action(section))
        return section, actions

    def _action(self, section: str) -> Action:
        path = self.path()
        if section == "REMOVE":
            return Action(section, path, None)
        if section == "SET":
            self._expect("=")
            return Action(section, path, self._assigned())
        token = self._tokens[self._at]
        if token.kind != ":value":
            self._fail()
        self._at += 1
        return Action(section, path, ValueRef(token.text))

    def _assigned(self) -> Operand:
        """The right-hand side of SET: an operand, or a sum or difference of two, perhaps in parentheses."""
        start = self._at
        if self._accept("("):
            self._nesting += 1
            if self._nesting > _MAX_NESTING:
                self._too_deep()
            left: Operand = self._assigned()
            self._nesting -= 1
            self._expect(")")
            if self._tokens[start + 1].kind == "(" and self._closes(start + 1) == self._at - 2:
                self._redundant = True
        else:
            left = self._operand()
        token = self._tokens[self._at]
        if token.kind not in ("+", "-") or isinstance(left, Arithmetic):
            return left
        self._at += 1
        self._operators += 1
        return Arithmetic(token.text, left, self._operand())

    # tokens

    def _peek(self, kind: str) -> bool:
        return self._tokens[self._at].kind == kind

    def _accept(self, kind: str) -> bool:
        if self._tokens[self._at].kind != kind:
            return False
        self._at += 1
        return True

    def _accept_word(self, word: str, *, counts: bool = True) -> bool:
        token = self._tokens[self._at]
        if token.kind != "name" or token.text.upper() != word:
            return False
        self._at += 1
        self._operators += counts
        return True

    def _expect(self, kind: str) -> None:
        if not self._accept(kind):
            self._fail()

    def _fail(self) -> NoReturn:
        raise syntax_error(self._kind, self._text, self._tokens, self._at)

    def _too_deep(self) -> NoReturn:
        """So deep a text either has more operators than AWS allows or parentheses that say nothing."""
        self._operators = sum(
            token.kind in _COMPARATORS or token.text.upper() in ("AND", "OR", "NOT") for token in self._tokens
        )
        self._check_operators()
        raise self._redundant_parentheses()

    def _check_operators(self) -> None:
        if self._operators > MAX_OPERATORS:
            raise invalid(
                f"Invalid {self._kind}: The expression contains too many operators; operator count: {self._operators}"
            )

    def _redundant_parentheses(self) -> Exception:
        return invalid(f"Invalid {self._kind}: The expression has redundant parentheses;")
