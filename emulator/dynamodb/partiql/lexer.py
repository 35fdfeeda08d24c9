"""PartiQL text to tokens."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from emulator.dynamodb.rejections import invalid
from emulator.faults import Fault

KEYWORDS = frozenset(
    {
        *(
            "SELECT",
            "FROM",
            "WHERE",
            "ORDER",
            "BY",
            "ASC",
            "DESC",
            "INSERT",
            "INTO",
            "VALUE",
            "UPDATE",
            "SET",
            "REMOVE",
        ),
        *("DELETE", "RETURNING", "ALL", "MODIFIED", "OLD", "NEW", "AND", "OR", "NOT", "BETWEEN", "IN", "IS"),
        *("NULL", "MISSING", "TRUE", "FALSE", "AS", "LIKE", "EXISTS"),
    }
)
_MAX_EXPONENT = 2**31 - 1
_TOKEN = re.compile(
    r"""(?:\s|--[^\n]*(?:\n|$)|/\*.*?\*/)*
    (?:(?P<word>[A-Za-z_$][A-Za-z0-9_$]*)
      |(?P<identifier>"(?:[^"]|"")*")
      |(?P<string>'(?:[^']|'')*')
      |(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
      |(?P<symbol><<|>>|<>|!=|<=|>=|[=<>()\[\]{},.:;?*+\-])
      |(?P<unknown>\S)
      |$)""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a statement. ``kind`` is word, keyword, identifier, string, number, symbol or end.

    ``text`` is what it stands for: quotes are off, keywords in capitals. ``start`` is where it begins.
    """

    kind: str
    text: str
    start: int = field(default=0, compare=False)


END = Token("end", "")


def tokens(statement: str) -> list[Token]:
    """The statement's tokens, the last one of kind "end". Raises Fault where a piece of it can be none."""
    found: list[Token] = []
    position = 0
    while (match := _TOKEN.match(statement, position)) and match.lastgroup:
        kind, text = match.lastgroup, match.group(match.lastgroup)
        position = match.end()
        if kind == "unknown" or (kind == "number" and not _has_exponent_of_32_bits(text)):
            raise malformed("")
        if kind in ("identifier", "string"):
            text = text[1:-1].replace(text[0] * 2, text[0])
        elif kind == "word" and text.upper() in KEYWORDS:
            kind, text = "keyword", text.upper()
        found.append(Token(kind, text, match.start(match.lastgroup)))
    return [*found, END]


def _has_exponent_of_32_bits(number: str) -> bool:
    digits = number.lower().partition("e")[2].lstrip("+-").lstrip("0")
    return len(digits) <= len(str(_MAX_EXPONENT)) and int(digits or "0") <= _MAX_EXPONENT


def malformed(detail: str) -> Fault:
    """A statement that cannot be read."""
    return invalid(f"Statement wasn't well formed, can't be processed: {detail}")
