"""Reading the tokens of a PartiQL statement, and the values that stand among them.

A fault of the text is raised where it is met. What is wrong in a literal or in the FROM clause is kept until the whole
text has been read, since AWS says first that a statement is not well formed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from emulator.dynamodb.expressions.syntax import ValueRef
from emulator.dynamodb.model.values import MAX_DEPTH, NULL, Attributes, Value, canonical_number, number_set
from emulator.dynamodb.partiql.lexer import Token, malformed, place, tokens
from emulator.dynamodb.rejections import invalid, invalid_values
from emulator.faults import Fault

_MAX_NESTING = 100
_SET_KINDS = {"S": "SS", "N": "NS", "B": "BS"}
_OPERATORS = ("IS", "LIKE", "IN", "BETWEEN")


class Literals:
    """A place in a statement's tokens. ``values`` are the literals and parameters met so far, by name."""

    def __init__(self, text: str, parameters: Sequence[Value]) -> None:
        self.values: dict[str, Value] = {}
        self.text = text
        self.tokens = tokens(text)
        self.at = 0
        self.faults: list[Fault] = []
        """What is wrong in literals and in calls, in the order of the text."""
        self.source_faults: list[Fault] = []
        """What is wrong in FROM."""
        self._parameters = parameters
        self._used = 0
        self._nesting = 0

    def check_read(self) -> None:
        """Raise Fault for what was kept, or where the request has not as many parameters as the statement."""
        for fault in self.faults[:1]:
            raise fault
        if self._used != len(self._parameters):
            raise invalid("Number of parameters in request and statement don't match.")
        for fault in self.source_faults[:1]:
            raise fault

    def peek(self, *texts: str) -> bool:
        """Whether the next token is one of these keywords or symbols."""
        token = self.tokens[self.at]
        return token.kind in ("keyword", "symbol") and token.text in texts

    def accept(self, text: str) -> bool:
        """Go past the next token if it is this keyword or symbol."""
        if not self.peek(text):
            return False
        self.at += 1
        return True

    def expect(self, text: str, otherwise: str = "Unexpected term") -> None:
        """Go past the next token, which must be this keyword or symbol. Raises Fault saying ``otherwise``."""
        if not self.accept(text):
            raise malformed(otherwise)

    def nest(self, change: int) -> None:
        """Go one level deeper, or back. Raises Fault where no stack would follow."""
        self._nesting += change
        if self._nesting > _MAX_NESTING:
            raise self.faults[0] if self.faults else malformed("")

    def unexpected(self) -> Fault:
        """The Fault for a token that nothing starts with."""
        token = self.tokens[self.at]
        if token.kind == "keyword":
            return malformed("Unexpected operator" if token.text in _OPERATORS else "Unexpected keyword")
        return malformed("Unexpected term")

    def at_place(self, token: Token) -> str:
        """The end of a message that says where: `` at line:column:length``."""
        return f" at {place(self.text, token)}"

    def is_call(self) -> bool:
        """Whether the next tokens begin the call of a function."""
        token = self.tokens[self.at]
        named = token.kind == "word" or token == Token("keyword", "EXISTS")
        return named and self.tokens[self.at + 1] == Token("symbol", "(")

    def skip_call(self) -> None:
        """Go past a call that can only be refused."""
        depth = 0
        while self.tokens[self.at].kind != "end":
            depth += self.peek("(") - self.peek(")")
            self.at += 1
            if depth == 0 and self.tokens[self.at - 1].text == ")":
                return
        raise malformed("Unexpected term")

    def value(self, value: Value) -> ValueRef:
        """Keep a value of the statement, and refer to it."""
        ref = ValueRef(f":{len(self.values)}")
        self.values[ref.name] = value
        return ref

    def literal(self, steps: tuple[str, ...] = ()) -> Value:
        """A literal, or a parameter for the whole of it; ``steps`` lead to it inside a literal. Raises Fault."""
        token = self.tokens[self.at]
        if self.is_call():
            self.faults.append(invalid(f"Unsupported data type: {token.text} under key {_root(steps)}{self._here()}"))
            self.skip_call()
            return NULL
        self.at += 1
        match token:
            case Token("symbol", "?"):
                return self._parameter(token, steps)
            case Token("string", text):
                return ("S", text)
            case Token("number") | Token("symbol", "-" | "+"):
                return self._number(token, steps)
            case Token("keyword", "TRUE" | "FALSE"):
                return ("BOOL", token.text == "TRUE")
            case Token("keyword", "NULL"):
                return NULL
            case Token("symbol", "[" | "<<"):
                return self._collection(token.text, steps)
            case Token("symbol", "{"):
                return ("M", self._members(steps))
            case _:
                self.at -= 1
                raise self.unexpected()

    def item(self) -> Attributes:
        """The map that INSERT puts; each of its members is a literal of its own. Raises Fault."""
        if self.accept("?"):
            kind, members = self._parameter(self.tokens[self.at - 1], ())
            if kind == "M":
                return cast("Attributes", members)
        elif self.accept("{"):
            return self._members(None)
        else:
            self.literal()
        self.faults.append(invalid("Unsupported operation: only a map can be inserted"))
        return {}

    def _here(self) -> str:
        return self.at_place(self.tokens[self.at])

    def _parameter(self, token: Token, steps: tuple[str, ...]) -> Value:
        if steps:
            self.faults.append(
                invalid(f"Unsupported data type: Parameter under key {_root(steps)}{self.at_place(token)}")
            )
        self._used += 1
        return self._parameters[self._used - 1] if self._used <= len(self._parameters) else NULL

    def _number(self, token: Token, steps: tuple[str, ...]) -> Value:
        negative = False
        while token.kind == "symbol":
            if token.text not in ("-", "+"):
                self.at -= 1
                raise self.unexpected()
            negative ^= token.text == "-"
            token = self.tokens[self.at]
            self.at += 1
        if token.kind != "number":
            raise malformed("Unexpected term")
        try:
            return ("N", canonical_number(f"{'-' if negative else ''}{token.text}"))
        except Fault as fault:
            self.faults.append(invalid(f"{fault.message} under {_root(steps)}"))
            return NULL

    def _check_depth(self, steps: tuple[str, ...]) -> None:
        """Keep a fault where a member lies deeper than AWS's 31 levels of a literal."""
        if len(steps) == MAX_DEPTH:
            self.faults.append(invalid(f"Nesting Levels have exceeded supported limits under {_root(steps)}"))

    def _collection(self, opening: str, steps: tuple[str, ...]) -> Value:
        closing = "]" if opening == "[" else ">>"
        self.nest(1)
        members: list[Value] = []
        written: list[str] = []
        while not self.accept(closing):
            if members:
                self.expect(",")
            member = (*steps, f"[{len(members)}]")
            self._check_depth(member)
            first = self.at
            members.append(self.literal(member))
            written.append("".join(token.text for token in self.tokens[first : self.at]))
        self.nest(-1)
        if opening == "[":
            if not members:
                self._check_depth((*steps, "[0]"))
            return ("L", tuple(members))
        return self._set(members, written, steps)

    def _members(self, steps: tuple[str, ...] | None) -> Attributes:
        """The members of a map whose brace is past; the item of an INSERT, where ``steps`` is None, is no level."""
        self.nest(1)
        members: Attributes = {}
        while not self.accept("}"):
            if members:
                self.expect(",")
            token = self.tokens[self.at]
            if token.kind not in ("string", "identifier", "word"):
                raise self.unexpected()
            self.at += 1
            self.expect(":")
            member = () if steps is None else (*steps, f".{token.text}")
            self._check_depth(member)
            members[token.text] = self.literal(member)
        if not members and steps is not None:
            self._check_depth((*steps, ""))
        self.nest(-1)
        return members

    def _set(self, members: Sequence[Value], written: Sequence[str], steps: tuple[str, ...]) -> Value:
        kinds = {kind for kind, _ in members}
        payloads = [payload for _, payload in members]
        kind = _SET_KINDS.get(next(iter(kinds), ""))
        fault = None
        if not members:
            fault = invalid("Empty bags are not supported")
        elif len(kinds) > 1 or kind is None:
            fault = invalid_values("a set has members of one type, S, N or B")
        elif len(set(payloads)) < len(payloads):
            ending = f"! under {_root(steps)}" if kind == "NS" else "."
            fault = invalid_values(f"Input collection [{', '.join(written)}] contains duplicates{ending}")
        if fault is not None:
            self.faults.append(fault)
            return ("SS", ())
        if kind == "NS":
            return number_set(cast("list[str]", payloads))
        return (cast("str", kind), tuple(sorted(payloads)))


def _root(steps: tuple[str, ...]) -> str:
    return f"root{''.join(steps)}"
