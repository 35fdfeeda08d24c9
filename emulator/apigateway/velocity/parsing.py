"""Parsing: the text of a Velocity template becomes nodes, which ``rendering`` renders.

Not read, and refused by name: ``#macro``, ``#parse``, ``#include``, ``#evaluate`` and ``#define``.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from emulator.apigateway.velocity.rendering import (
    Binary,
    Break,
    Call,
    Constant,
    Element,
    Expression,
    ForEach,
    If,
    Interpolation,
    ListOf,
    MapOf,
    Member,
    Node,
    Not,
    Range,
    Reference,
    Set,
    Step,
    Stop,
    Template,
    Text,
)


class InvalidTemplate(ValueError):
    """The text is no template; the message says where and why."""


_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_DIRECTIVE: Final = re.compile(r"#(?:\{(\w+)\}|(\w+))")
_KNOWN: Final = frozenset({"set", "if", "elseif", "else", "end", "foreach", "break", "stop"})
_UNKNOWN: Final = frozenset({"macro", "parse", "include", "evaluate", "define"})
_SPACE: Final = re.compile(r"\s*")
_NUMBER: Final = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")
_OPERATORS: Final = (
    # from those that bind the least
    {"||": "or", "or": "or"},
    {"&&": "and", "and": "and"},
    {"==": "==", "!=": "!=", "eq": "==", "ne": "!="},
    {"<=": "<=", ">=": ">=", "<": "<", ">": ">", "lt": "<", "gt": ">", "le": "<=", "ge": ">="},
    {"+": "+", "-": "-"},
    {"*": "*", "/": "/", "%": "%"},
)
_DEEPEST: Final = 100
"""How deep expressions and blocks may be inside each other."""


@lru_cache(maxsize=1024)
def parse(text: str) -> Template:
    """Read a template.

    Raises:
        InvalidTemplate: it is none.
    """
    parser = _Parser(text)
    nodes, ended_by = parser.block(frozenset())
    if ended_by:
        raise parser.wrong(f"#{ended_by} ends nothing")
    return Template(text, tuple(nodes))


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0

    def wrong(self, why: str) -> InvalidTemplate:
        line = self._text.count("\n", 0, self._at) + 1
        column = self._at - (self._text.rfind("\n", 0, self._at) + 1) + 1
        return InvalidTemplate(f"{why} at line {line}, column {column}")

    def _starts(self, text: str) -> bool:
        return self._text.startswith(text, self._at)

    def _skip(self) -> None:
        match = _SPACE.match(self._text, self._at)
        self._at = match.end() if match else self._at

    def _expect(self, text: str) -> None:
        self._skip()
        if not self._starts(text):
            raise self.wrong(f"{text} is expected")
        self._at += len(text)

    def _accepts(self, text: str) -> bool:
        self._skip()
        if self._starts(text):
            self._at += len(text)
            return True
        return False

    # Text, references and directives.

    def block(self, enders: frozenset[str]) -> tuple[list[Node], str]:
        """Nodes up to a directive that ends the block, and its name; all of the text if none does."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self.wrong("There are too many blocks inside each other")
        nodes: list[Node] = []
        ended_by = ""
        while not ended_by and self._at < len(self._text):
            match self._text[self._at]:
                case "\\" if self._text[self._at + 1 : self._at + 2] in ("$", "#"):
                    self._plain(nodes, self._at + 1, self._at + 2)
                case "$" if (reference := self._reference()) is not None:
                    nodes.append(reference)
                case "#":
                    ended_by = self._hash(nodes, enders)
                case _:
                    self._plain(nodes, self._at, _next_special(self._text, self._at))
        if enders and not ended_by:
            raise self.wrong("#end is missing")
        self._depth -= 1
        return nodes, ended_by

    def _plain(self, nodes: list[Node], start: int, end: int) -> None:
        """Take a piece of the text as it stands."""
        nodes.append(Text(self._text[start:end]))
        self._at = end

    def _hash(self, nodes: list[Node], enders: frozenset[str]) -> str:
        """What begins with ``#``: a comment, plain text, or a directive; the name of one that ends the block."""
        if self._comment(nodes):
            return ""
        match = _DIRECTIVE.match(self._text, self._at)
        name = "" if match is None else _known_word(match[1] or match[2])
        if match is None or name not in _KNOWN:
            if name in _UNKNOWN:
                raise self.wrong(f"Dynastep has not built #{name}")
            self._plain(nodes, self._at, self._at + 1)
            return ""
        start = self._at
        self._at += len(name) + (3 if match[1] else 1)
        if name in ("end", "else", "elseif"):
            if name not in enders:
                raise self.wrong(f"#{name} ends nothing")
            return name
        _strip_line_before(nodes, self._text, start)
        nodes.append(self._directive(name))
        return ""

    def _comment(self, nodes: list[Node]) -> bool:
        """Read a comment, or a piece in ``#[[ ]]#``, which is kept as it stands."""
        for opening, closing in (("##", "\n"), ("#*", "*#"), ("#[[", "]]#")):
            if self._starts(opening):
                start = self._at + len(opening)
                end = self._text.find(closing, start)
                if end < 0 and opening != "##":
                    raise self.wrong(f"{closing} is missing")
                if opening == "#[[":
                    self._plain(nodes, start, end)
                self._at = len(self._text) if end < 0 else end + len(closing)
                return True
        return False

    def _directive(self, name: str) -> Node:
        match name:
            case "set":
                node = self._set()
                self._rest_of_line()
                return node
            case "if":
                return self._if()
            case "foreach":
                return self._foreach()
            case "break":
                return Break()
            case _:
                return Stop()

    def _rest_of_line(self) -> None:
        """Pass over what is left of a line that has nothing but a directive."""
        match = re.compile(r"[ \t]*(\r?\n|$)").match(self._text, self._at)
        if match is not None:
            self._at = match.end()

    def _set(self) -> Node:
        self._expect("(")
        self._skip()
        target = self._reference()
        if target is None:
            raise self.wrong("A reference is expected")
        self._expect("=")
        value = self._expression()
        self._expect(")")
        return Set(target, value)

    def _if(self) -> Node:
        branches: list[tuple[Expression | None, tuple[Node, ...]]] = []
        ended_by = "elseif"
        while ended_by != "end":
            condition: Expression | None = None
            if ended_by == "elseif":
                self._expect("(")
                condition = self._expression()
                self._expect(")")
            self._rest_of_line()
            nodes, ended_by = self.block(frozenset({"end"} if condition is None else {"end", "else", "elseif"}))
            branches.append((condition, tuple(nodes)))
        self._rest_of_line()
        return If(tuple(branches))

    def _foreach(self) -> Node:
        self._expect("(")
        self._skip()
        variable = self._reference()
        if variable is None or variable.steps:
            raise self.wrong("A variable is expected")
        self._expect("in")
        items = self._expression()
        self._expect(")")
        self._rest_of_line()
        nodes, _ = self.block(frozenset({"end"}))
        self._rest_of_line()
        return ForEach(variable.name, items, tuple(nodes))

    def _reference(self) -> Reference | None:
        """A reference; None, with nothing read, if this is none."""
        start = self._at
        self._at += 1
        is_quiet = self._starts("!")
        self._at += is_quiet
        is_formal = self._starts("{")
        self._at += is_formal
        match = _NAME.match(self._text, self._at)
        if match is None:
            self._at = start
            return None
        self._at = match.end()
        steps = self._steps()
        if is_formal:
            if not self._starts("}"):
                self._at = start
                return None
            self._at += 1
        return Reference(self._text[start : self._at], match[0], steps, is_quiet)

    def _steps(self) -> tuple[Step, ...]:
        steps: list[Step] = []
        while True:
            if self._starts("."):
                match = _NAME.match(self._text, self._at + 1)
                if match is None:
                    return tuple(steps)
                self._at = match.end()
                if self._starts("("):
                    self._at += 1
                    steps.append(Call(match[0], tuple(self._listed(")"))))
                else:
                    steps.append(Member(match[0]))
            elif self._starts("["):
                self._at += 1
                steps.append(Element(self._expression()))
                self._expect("]")
            else:
                return tuple(steps)

    # Expressions.

    def _listed(self, closing: str) -> list[Expression]:
        found: list[Expression] = []
        if self._accepts(closing):
            return found
        while True:
            found.append(self._expression())
            if self._accepts(closing):
                return found
            self._expect(",")

    def _expression(self, level: int = 0) -> Expression:
        if level == 0:
            self._depth += 1
            if self._depth > _DEEPEST:
                raise self.wrong("There are too many expressions inside each other")
        if level == len(_OPERATORS):
            return self._unary()
        left = self._expression(level + 1) if level else self._expression_above()
        while (operator := self._operator(level)) is not None:
            left = Binary(operator, left, self._expression(level + 1))
        if level == 0:
            self._depth -= 1
        return left

    def _expression_above(self) -> Expression:
        return self._expression(1)

    def _operator(self, level: int) -> str | None:
        self._skip()
        for text, operator in _OPERATORS[level].items():
            if self._starts(text):
                following = self._text[self._at + len(text) : self._at + len(text) + 1]
                if text.isalpha() and (following.isalnum() or following == "_"):
                    continue
                self._at += len(text)
                return operator
        return None

    def _unary(self) -> Expression:
        self._skip()
        if self._starts("!") and not self._starts("!="):
            self._at += 1
            return Not(self._unary())
        if re.compile(r"not\b").match(self._text, self._at):
            self._at += 3
            return Not(self._unary())
        return self._primary()

    def _primary(self) -> Expression:
        text = self._text
        character = text[self._at : self._at + 1]
        if character == "(":
            self._at += 1
            inner = self._expression()
            self._expect(")")
            return inner
        if character == "$":
            reference = self._reference()
            if reference is not None:
                return reference
        if character in ("'", '"'):
            return self._string(character)
        if character == "[":
            return self._list()
        if character == "{":
            return self._map()
        if match := _NUMBER.match(text, self._at):
            self._at = match.end()
            return Constant(float(match[0]) if match[1] or match[2] else int(match[0]))
        if match := _NAME.match(text, self._at):
            self._at = match.end()
            words = {"true": True, "false": False, "null": None}
            if match[0] in words:
                return Constant(words[match[0]])
            self._at = match.start()
        raise self.wrong("A value is expected")

    def _string(self, quote: str) -> Expression:
        """A string: what stands in double quotes is a template; a quote in it is written twice."""
        parts: list[str] = []
        self._at += 1
        while True:
            end = self._text.find(quote, self._at)
            if end < 0:
                raise self.wrong("A string does not end")
            parts.append(self._text[self._at : end])
            self._at = end + 1
            if not self._starts(quote):
                break
            self._at += 1
            parts.append(quote)
        text = "".join(parts)
        if quote == "'" or ("$" not in text and "#" not in text):
            return Constant(text)
        return Interpolation(parse(text))

    def _list(self) -> Expression:
        self._at += 1
        if self._accepts("]"):
            return ListOf(())
        first = self._expression()
        if self._accepts(".."):
            last = self._expression()
            self._expect("]")
            return Range(first, last)
        if self._accepts("]"):
            return ListOf((first,))
        self._expect(",")
        return ListOf((first, *self._listed("]")))

    def _map(self) -> Expression:
        self._at += 1
        entries: list[tuple[Expression, Expression]] = []
        if self._accepts("}"):
            return MapOf(())
        while True:
            key = self._expression()
            self._expect(":")
            entries.append((key, self._expression()))
            if self._accepts("}"):
                return MapOf(tuple(entries))
            self._expect(",")


_SPECIAL: Final = re.compile(r"[\\$#]")


def _next_special(text: str, at: int) -> int:
    match = _SPECIAL.search(text, at + 1)
    return len(text) if match is None else match.start()


def _known_word(name: str) -> str:
    """The directive that a word begins with: ``#elsetext`` is ``#else`` and text."""
    if name in _KNOWN:
        return name
    return next((known for known in ("else", "end") if name.startswith(known)), name)


def _strip_line_before(nodes: list[Node], text: str, at: int) -> None:
    """Drop the blanks before a directive that stands alone in its line."""
    start = text.rfind("\n", 0, at) + 1
    if nodes and isinstance(nodes[-1], Text) and start < at and not text[start:at].strip(" \t"):
        nodes[-1] = Text(nodes[-1].text.rstrip(" \t"))
