"""PartiQL text to tokens, each with its place in the text.

Source: https://partiql.org/assets/PartiQL-Specification.pdf; the keywords are those of SQL-92, of which a path has none
as a step, as observed on AWS.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

from emulator.dynamodb.rejections import invalid
from emulator.faults import Fault


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


KEYWORDS = _words(
    "SELECT FROM WHERE ORDER BY ASC DESC INSERT INTO VALUE UPDATE SET REMOVE DELETE RETURNING ALL MODIFIED OLD NEW "
    "AND OR NOT BETWEEN IN IS NULL MISSING TRUE FALSE AS LIKE EXISTS"
)
"""The words that the statements of DynamoDB are made of."""
RESERVED = KEYWORDS | _words(
    "ABSOLUTE ACTION ADD ALLOCATE ALTER ANY ARE ASSERTION AT AUTHORIZATION AVG BAG BEGIN BIT BIT_LENGTH BLOB BOOL "
    "BOOLEAN CASCADE CASCADED CASE CAST CATALOG CHAR CHARACTER CHARACTER_LENGTH CHAR_LENGTH CHECK CLOB CLOSE "
    "COALESCE COLLATE COLLATION COLUMN COMMIT CONNECT CONNECTION CONSTRAINT CONSTRAINTS CONTINUE CONVERT "
    "CORRESPONDING COUNT CREATE CROSS CURRENT CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER CURSOR DATE "
    "DEALLOCATE DEC DECIMAL DECLARE DEFAULT DEFERRABLE DEFERRED DESCRIBE DESCRIPTOR DIAGNOSTICS DISCONNECT DISTINCT "
    "DOMAIN DOUBLE DROP ELSE END ESCAPE EXCEPT EXCEPTION EXEC EXECUTE EXTERNAL EXTRACT FETCH FIRST FLOAT FOR FOREIGN "
    "FOUND FULL GET GLOBAL GO GOTO GRANT GROUP HAVING IDENTITY IMMEDIATE INDICATOR INITIALLY INNER INPUT INSENSITIVE "
    "INT INTEGER INTERSECT INTERVAL ISOLATION JOIN KEY LANGUAGE LAST LEFT LEVEL LIMIT LIST LOCAL LOWER MATCH MAX MIN "
    "MODULE NAMES NATIONAL NATURAL NCHAR NEXT NO NULLIF NUMERIC OCTET_LENGTH OF ON ONLY OPEN OPTION OUTER OUTPUT "
    "OVERLAPS PAD PARTIAL PIVOT POSITION PRECISION PREPARE PRESERVE PRIMARY PRIOR PRIVILEGES PROCEDURE PUBLIC READ "
    "REAL REFERENCES RELATIVE RESTRICT REVOKE RIGHT ROLLBACK ROWS SCHEMA SCROLL SECTION SESSION SESSION_USER SEXP "
    "SIZE SMALLINT SOME SPACE SQL SQLCODE SQLERROR SQLSTATE STRING STRUCT SUBSTRING SUM SYMBOL SYSTEM_USER TABLE "
    "TEMPORARY THEN TIME TIMESTAMP TO TRANSACTION TRANSLATE TRANSLATION TRIM TUPLE UNION UNIQUE UNKNOWN UNPIVOT "
    "UPPER USAGE USER USING VALUES VARCHAR VARYING VIEW WHEN WHENEVER WITH WORK WRITE ZONE"
)
"""The words that are no step of a path unless they are quoted: ``m.inner`` is refused, ``m."inner"`` is a path."""
_MOST = 2**31 - 1
_TOKEN = re.compile(
    r"""(?:\s|--[^\n]*(?:\n|$)|/\*.*?\*/)*
    (?:(?P<word>[A-Za-z_$][A-Za-z0-9_$]*)
      |(?P<identifier>"(?:[^"]|"")*")
      |(?P<string>'(?:[^']|'')*')
      |(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
      |(?P<symbol><<|>>|<>|!=|<=|>=|(?!/\*)[=<>()\[\]{},.:;?*+\-])
      |(?P<unknown>\S)
      |$)""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a statement. ``kind`` is word, keyword, identifier, string, number, symbol or end.

    ``text`` is what it stands for: quotes are off, keywords in capitals. ``start`` and ``end`` are offsets in the text.
    """

    kind: str
    text: str
    start: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)


END = Token("end", "")


@lru_cache(maxsize=128)
def tokens(statement: str) -> tuple[Token, ...]:
    """The statement's tokens, the last one of kind "end". Raises Fault where a piece of it can be none."""
    found: list[Token] = []
    position = 0
    while (match := _TOKEN.match(statement, position)) and match.lastgroup:
        kind, text = match.lastgroup, match.group(match.lastgroup)
        position = match.end()
        if kind == "unknown" or (kind == "number" and not _is_readable(text)):
            raise malformed("")
        if kind in ("identifier", "string"):
            text = text[1:-1].replace(text[0] * 2, text[0])
        elif kind == "word" and text.upper() in KEYWORDS:
            kind, text = "keyword", text.upper()
        found.append(Token(kind, text, match.start(match.lastgroup), position))
    return (*found, END)


def _is_readable(number: str) -> bool:
    """Whether the exponent, and the digits after the point less the exponent, are numbers of 32 bits."""
    digits, _, exponent = number.lower().partition("e")
    size = exponent.lstrip("+-").lstrip("0") or "0"
    if len(size) > len(str(_MOST)):
        return False
    written = -int(size) if exponent.startswith("-") else int(size)
    return -_MOST - 1 <= written <= _MOST and abs(len(digits.partition(".")[2]) - written) <= _MOST


def place(statement: str, token: Token) -> str:
    """Line, column (both from 1) and length of a token, as ``2:3:4``."""
    before = statement[: token.start]
    return f"{before.count(chr(10)) + 1}:{token.start - before.rfind(chr(10))}:{token.end - token.start}"


def malformed(detail: str) -> Fault:
    """A statement that cannot be read."""
    return invalid(f"Statement wasn't well formed, can't be processed: {detail}")
