"""Reading the tokens of a PartiQL statement, and the values that stand among them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from emulator.dynamodb.expressions.syntax import ValueRef
from emulator.dynamodb.model.values import NULL, Attributes, Value, canonical_number, number_set
from emulator.dynamodb.partiql.lexer import Token, malformed, tokens
from emulator.dynamodb.rejections import invalid
from emulator.faults import Fault

_MAX_NESTING = 100
_SET_KINDS = {"S": "SS", "N": "NS", "B": "BS"}


class Literals:
    """A place in a statement's tokens. ``values`` are the literals and parameters met so far, by name."""

    def __init__(self, text: str, parameters: Sequence[Value]) -> None:
        self.values: dict[str, Value] = {}
        self.text = text
        self.tokens = tokens(text)
        self.at = 0
        self._parameters = parameters
        self._used = 0
        self._nesting = 0

    def check_parameters(self) -> None:
        """Raise Fault where the request gives more parameters than the statement takes."""
        if self._used != len(self._parameters):
            raise _wrong_parameters()

    def peek(self, text: str) -> bool:
        """Whether the next token is this keyword or symbol."""
        token = self.tokens[self.at]
        return token.kind in ("keyword", "symbol") and token.text == text

    def accept(self, text: str) -> bool:
        """Go past the next token if it is this keyword or symbol."""
        if not self.peek(text):
            return False
        self.at += 1
        return True

    def expect(self, text: str, otherwise: str) -> None:
        """Go past the next token, which must be this keyword or symbol. Raises Fault saying ``otherwise``."""
        if not self.accept(text):
            raise malformed(otherwise)

    def nest(self, change: int) -> None:
        """Go one level deeper, or back. Raises Fault where no stack would follow."""
        self._nesting += change
        if self._nesting > _MAX_NESTING:
            raise malformed("")

    def unexpected(self) -> Fault:
        """The Fault for a token that nothing starts with."""
        token = self.tokens[self.at]
        if token.kind == "keyword":
            return malformed(
                "Unexpected operator" if token.text in ("IS", "LIKE", "IN", "BETWEEN") else "Unexpected keyword"
            )
        return malformed("Unexpected term")

    def value(self, value: Value) -> ValueRef:
        """Keep a value of the statement, and refer to it."""
        ref = ValueRef(f":{len(self.values)}")
        self.values[ref.name] = value
        return ref

    def literal(self, place: str = "root") -> Value:
        """A literal or parameter; ``place`` is where in the statement's literal it stands. Raises Fault."""
        token = self.tokens[self.at]
        self.at += 1
        match token:
            case Token("symbol", "?"):
                return self._parameter()
            case Token("string", text):
                return ("S", text)
            case Token("number", text):
                return _number(text, place)
            case Token("symbol", "-" | "+") if self.tokens[self.at].kind == "number":
                self.at += 1
                return _number(token.text + self.tokens[self.at - 1].text, place)
            case Token("keyword", "TRUE" | "FALSE"):
                return ("BOOL", token.text == "TRUE")
            case Token("keyword", "NULL"):
                return NULL
            case Token("symbol", "[" | "<<"):
                return self._collection(token.text, place)
            case Token("symbol", "{"):
                return self._map(place)
            case _:
                self.at -= 1
                raise self.unexpected()

    def _parameter(self) -> Value:
        self._used += 1
        if self._used > len(self._parameters):
            raise _wrong_parameters()
        return self._parameters[self._used - 1]

    def _collection(self, opening: str, place: str) -> Value:
        closing = "]" if opening == "[" else ">>"
        self.nest(1)
        members: list[Value] = []
        while not self.accept(closing):
            if members:
                self.expect(",", "Unexpected term")
            members.append(self.literal(f"{place}[{len(members)}]"))
        self.nest(-1)
        return ("L", tuple(members)) if opening == "[" else _set(members)

    def _map(self, place: str) -> Value:
        self.nest(1)
        members: Attributes = {}
        while not self.accept("}"):
            if members:
                self.expect(",", "Unexpected term")
            token = self.tokens[self.at]
            if token.kind not in ("string", "identifier", "word"):
                raise self.unexpected()
            self.at += 1
            self.expect(":", "Unexpected term")
            members[token.text] = self.literal(f"{place}.{token.text}")
        self.nest(-1)
        return ("M", members)


def _number(text: str, place: str) -> Value:
    try:
        return ("N", canonical_number(text))
    except Fault as fault:
        raise invalid(f"{fault.message} under {place}") from None


def _set(members: Sequence[Value]) -> Value:
    kinds = {kind for kind, _ in members}
    if len(kinds) != 1 or not kinds <= _SET_KINDS.keys():
        raise invalid("One or more parameter values were invalid: a set has members of one type, S, N or B")
    kind = _SET_KINDS[kinds.pop()]
    payloads = [payload for _, payload in members]
    if kind == "NS":
        return number_set(cast("list[str]", payloads))
    return (kind, tuple(sorted(set(payloads))))


def _wrong_parameters() -> Fault:
    return invalid("Number of parameters in request and statement don't match.")
