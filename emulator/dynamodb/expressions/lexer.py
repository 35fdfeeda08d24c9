"""Expression text to tokens, and the error that names one."""

from __future__ import annotations

import re
from dataclasses import dataclass

from emulator.dynamodb.rejections import invalid, rejected
from emulator.faults import Fault

MAX_EXPRESSION = 4096
_TOKEN = re.compile(r"\s*(?:([A-Za-z][A-Za-z0-9_]*|[#:][A-Za-z0-9_]+)|([0-9]+)|(<>|<=|>=|[=<>()\[\],.+\-])|(\S))")


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text. ``kind`` is name, #name, :value, number, end, unknown, or the symbol itself."""

    kind: str
    text: str
    start: int
    end: int


def tokens(text: str) -> tuple[Token, ...]:
    """The text's tokens, the last one of kind "end"."""
    found: list[Token] = []
    position = 0
    while match := _TOKEN.match(text, position):
        word, digits, symbol, _ = match.groups()
        piece = match.group().lstrip()
        kind = symbol or ("number" if digits else "unknown")
        if word:
            kind = {"#": "#name", ":": ":value"}.get(word[0], "name")
        found.append(Token(kind, piece, match.end() - len(piece), match.end()))
        position = match.end()
    found.append(Token("end", "<EOF>", len(text), len(text)))
    return tuple(found)


def check_size(kind: str, text: str) -> None:
    """Raise Fault where an expression is empty or longer than 4 KB as written, placeholders included."""
    if not text or text.isspace():
        raise invalid(f"Invalid {kind}: The expression can not be empty;")
    size = len(text.encode())
    if size > MAX_EXPRESSION:
        raise rejected("size of an update" if kind == "UpdateExpression" else "expression size", kind=kind, size=size)


def syntax_error(kind: str, text: str, found: tuple[Token, ...], index: int) -> Fault:
    """AWS's complaint about one token, shown with the token before it and the one after it."""
    token = found[index]
    first = found[max(index - 1, 0)]
    last = found[min(index + 1, len(found) - 1)] if token.kind != "end" else found[max(index - 1, 0)]
    near = text[first.start : last.end].strip()
    return invalid(f'Invalid {kind}: Syntax error; token: "{token.text}", near: "{near}"')
