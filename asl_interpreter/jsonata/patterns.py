r"""Regular expressions: JavaScript's, as JSONata writes them between slashes, matched by PCRE2.

PCRE2 counts the steps of a match and stops at a limit, so that an expression that backtracks without bound fails, and
on every machine at the same place; Python's ``re`` would hang. What the two languages read differently is rewritten:
``\d``, ``\w`` (ASCII only), ``\s``, ``.``, ``^``, ``$``, escapes of code points, braces that are no quantifier, and
character classes; groups of a kind that JavaScript and Java do not have are refused.

Each pattern exists twice. A text that is ASCII is matched byte by byte, where a place is that of its character; any
other by characters, whose places must be counted, which costs steps.
Source: ECMA-262, "RegExp (Regular Expression) Objects"; https://www.pcre.org/current/doc/html/pcre2pattern.html.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import pcre2  # type: ignore[import-untyped]

from .errors import TIMEOUT, EvaluationError, InvalidExpression

_EFFORTS: Final = ((1_000, 2), (1_000_000, 10_000))
"""How many steps of PCRE2 a match is given first, and if it needs more; and what each try counts as."""
_HEAP_KIB: Final = 65_536
_SURROGATES: Final = re.compile("[\ud800-\udfff]")

_ATOM = r"\\u\{[0-9A-Fa-f]+\}|\\u[0-9A-Fa-f]{4}|\\x[0-9A-Fa-f]{2}|\\c[A-Za-z]|\\?[\s\S]"
_TOKEN = re.compile(
    r"\[(?P<members>(?:\\[\s\S]|[^\]\\])*)\]|\\k<(?P<reference>\w+)>"
    r"|(?P<group>\(\?(?:[:=!>]|<[=!]|<[A-Za-z_]\w*>|[imsx-]+[:)]))|(?P<odd>\([?*])"
    rf"|(?P<times>\{{\d+(?:,\d*)?\}})|(?P<atom>{_ATOM})"
)
_MEMBER = re.compile(rf"({_ATOM})(?:-({_ATOM}))?")
_SETS = frozenset({r"\d", r"\D", r"\s", r"\S", r"\w", r"\W"})
_ASCII_SETS = {"d": "0-9", "w": "A-Za-z0-9_"}
_LINE_ENDS = {False: r"\n\r", True: "\\n\\r\u2028\u2029"}
_SPACES = {False: r"\t-\r ", True: "\\t-\\r \xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"}
_NEVER = r"\xff"
"""In a pattern for ASCII, what stands for any other character."""


@dataclass(frozen=True, slots=True)
class Found:
    """A match: its text, where it stands in the whole text, and its groups, None for those that have no part in it."""

    text: str
    start: int
    end: int
    groups: list[str | None]


class Regex:
    """A compiled regular expression."""

    __slots__ = ("_ignore_case", "_sources")

    def __init__(self, ascii_source: str, wide_source: str, *, ignore_case: bool) -> None:
        """Compile PCRE2's own syntax, once for texts that are ASCII and once for others.

        Raises:
            ValueError: it is none.
        """
        self._sources = {True: ascii_source, False: wide_source}
        self._ignore_case = ignore_case
        try:
            _compiled(wide_source, False, ignore_case, _EFFORTS[0][0])  # noqa: FBT003 - the key of a cache
        except (pcre2.LibraryError, pcre2.PatternError) as error:
            raise ValueError(str(error)) from None

    def matches(self, spend: Callable[[int], None], text: str, start: int = 0) -> Iterator[Found]:
        """The matches from a place on, each after the end of the last; ``spend`` is told what each costs.

        Raises:
            EvaluationError: it backtracks too much.
        """
        is_ascii = text.isascii()
        subject: Any = text.encode() if is_ascii else _SURROGATES.sub("\N{REPLACEMENT CHARACTER}", text)
        encoded: bytes = subject if is_ascii else subject.encode()
        place, at = start, len(encoded) if start == len(text) else len(subject[:start].encode()) if start else 0
        hasty, patient = (
            _compiled(self._sources[is_ascii], is_ascii, self._ignore_case, limit) for limit, _ in _EFFORTS
        )
        following = hasty.finditer(subject, start)
        while True:
            spend(_EFFORTS[0][1])
            try:
                match = next(following, None)
            except pcre2.LibraryError:  # a limit: that of steps, or of memory
                spend(_EFFORTS[1][1])
                match = _search(patient, subject, place)
                following = hasty.finditer(subject, place) if match is None else None
            if match is None:
                return
            match.string = encoded  # it then tells places in bytes, and need not count characters from the beginning
            first, last = match.span()
            begin = place + len(encoded[at:first].decode())
            found = encoded[first:last].decode()
            place, at = begin + len(found), last
            yield Found(text[begin:place], begin, place, [_decoded(match[n + 1]) for n in range(match.re.groups)])
            following = following or hasty.finditer(subject, place)

    def search(self, spend: Callable[[int], None], text: str, start: int = 0) -> Found | None:
        """The first match from a place on.

        Raises:
            EvaluationError: it backtracks too much.
        """
        return next(self.matches(spend, text, start), None)


def _search(compiled: Any, subject: Any, start: int) -> Any:
    try:
        return compiled.search(subject, start)
    except pcre2.LibraryError:
        raise EvaluationError(None, TIMEOUT) from None


def _decoded(group: bytes | None) -> str | None:
    return None if group is None else group.decode()


@lru_cache(maxsize=1024)
def _compiled(source: str, is_ascii: bool, ignore_case: bool, limit: int) -> Any:  # noqa: FBT001 - the key of a cache
    flags = pcre2.ASCII | (pcre2.IGNORECASE if ignore_case else 0)
    limited = f"(*LIMIT_HEAP={_HEAP_KIB})(*LIMIT_MATCH={limit}){source}"
    # compiled to machine code a pattern would count its steps otherwise
    return pcre2.compile(limited.encode() if is_ascii else limited, flags, jit=False)


def compile_pattern(pattern: str, ignore_case: bool, multiline: bool) -> Regex:  # noqa: FBT001 - two flags
    """Compile a JavaScript regular expression.

    Raises:
        InvalidExpression: it is none.
    """
    try:
        sources = [_rewritten(pattern, multiline=multiline, wide=wide) for wide in (False, True)]
        return Regex(*sources, ignore_case=ignore_case)
    except ValueError as error:
        text = f"Invalid regular expression: /{pattern}/: {error}"
        raise InvalidExpression("SyntaxError", text, 0) from None


def _rewritten(pattern: str, *, multiline: bool, wide: bool) -> str:
    ends = _LINE_ENDS[wide]
    special = {
        "^": rf"(?:\A|(?<=[{ends}]))" if multiline else r"\A",
        "$": rf"(?=[{ends}]|\z)" if multiline else r"\z",
        ".": f"[^{ends}]",
    }
    return "".join(_translated(token, special, wide=wide) for token in _TOKEN.finditer(pattern))


def _translated(token: re.Match[str], special: dict[str, str], *, wide: bool) -> str:
    if token["odd"] is not None:
        raise ValueError(f"invalid group {token['odd']}")
    if token["members"] is not None:
        return _class(token["members"], wide=wide)
    atom = token["atom"]
    if atom is None:
        return token[0]
    if atom in _SETS:
        return f"[{'^' if atom[1].isupper() else ''}{_set(atom[1].lower(), wide=wide)}]"
    return special.get(atom) or _escaped(atom, wide=wide)


def _set(kind: str, *, wide: bool) -> str:
    return _ASCII_SETS.get(kind) or _SPACES[wide]


def _class(members: str, *, wide: bool) -> str:
    """A character class. ``[]`` matches nothing and ``[^]`` anything; a hyphen beside a set is a character."""
    if members in ("", "^"):
        return r"[\s\S]" if members else "(?!)"
    is_negated = members[0] == "^"
    parts = []
    for first, last in _MEMBER.findall(members[is_negated:]):
        parts.append(_member(first, wide=wide))
        if last:
            parts += [r"\-" if {first, last} & _SETS else "-", _member(last, wide=wide)]
    return f"[{'^' if is_negated else ''}{''.join(parts)}]"


def _member(atom: str, *, wide: bool) -> str:
    if atom in _SETS:
        return atom if atom[1].isupper() else _set(atom[1], wide=wide)
    return _character(atom, wide=wide) if atom[0] != "\\" else _escaped(atom, wide=wide)


def _escaped(atom: str, *, wide: bool) -> str:
    """A character, or an escape as PCRE2 writes it."""
    if atom[0] != "\\" or len(atom) == 1:
        return r"\{" if atom == "{" else atom if atom.isascii() else _character(atom, wide=wide)
    kind, code = atom[1], atom[2:].strip("{}")
    if code:
        number = ord(code) % 32 if kind == "c" else int(code, 16)
        if number > 0x10FFFF:
            raise ValueError(f"no character has the code {code}")
        return _character(chr(number), wide=wide)
    if kind == "v":
        return r"\x0b"
    if kind.isascii() and kind.isalpha() and kind not in "bBDsSWnrtf":
        return kind  # JavaScript reads an escape that it does not know as the character itself
    return atom if kind.isascii() else _character(kind, wide=wide)


def _character(character: str, *, wide: bool) -> str:
    """A character that means itself."""
    if character.isascii():
        return re.escape(character)
    return character if wide else _NEVER
