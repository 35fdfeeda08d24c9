"""Patterns: the regular expressions of models, which are Java's, matched by PCRE2 within bounds.

A model's pattern may backtrack for longer than a universe lasts on a text that a client chooses; one that reaches the
bound is taken to match. Source: https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/util/regex/Pattern.html.
"""

from __future__ import annotations

import re
from typing import Final

import pcre2  # type: ignore[import-untyped]

from emulator.wire.constraints import Rule

_BOUNDS: Final = "(*LIMIT_HEAP=20000)(*LIMIT_MATCH=200000)"
"""Most KiB and steps of one match."""

_CLASSES: Final = {
    "ASCII": r"\x00-\x7f",
    "Alnum": "a-zA-Z0-9",
    "Alpha": "a-zA-Z",
    "Digit": "0-9",
    "Graph": r"\x21-\x7e",
    "Lower": "a-z",
    "Print": r"\x20-\x7e",
    "Punct": r"\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e",
    "Space": r"\x09-\x0d\x20",
    "Upper": "A-Z",
    "XDigit": "0-9a-fA-F",
}
"""Java's names of the classes of POSIX -> their members."""

_TOKEN: Final = re.compile(
    r"\\p\{(?P<posix>"
    + "|".join(_CLASSES)
    + r")\}|(?P<pairs>\\uD800\\uDC00-\\uDBFF\\uDFFF|\\uD800\\uDBFF-\\uDC00\\uDFFF)"
    r"|(?P<range>\\[wdsWDS]-(?=[^\]]))|\\.|\[\^?|\]|.",
    re.DOTALL,
)
_SURROGATES: Final = re.compile("[\ud800-\udfff]")


def bounded_rule(pattern: str) -> Rule | None:
    r"""The whole text matches a regular expression in Java's syntax; None if it is not one for PCRE2.

    A dot stands for the end of a line, too: the model of Glue has ``.*\S.*`` for schemas of several lines.
    """
    try:
        compiled = pcre2.compile(_BOUNDS + _translated(pattern), pcre2.ASCII | pcre2.DOTALL, jit=False)
    except (pcre2.LibraryError, pcre2.PatternError):
        return None

    def broken(text: str) -> bool:
        if not text.isascii():
            text = _SURROGATES.sub("\N{REPLACEMENT CHARACTER}", text)
        try:
            return compiled.fullmatch(text) is None
        except pcre2.LibraryError:
            return False

    return Rule(broken, f"Member must satisfy regular expression pattern: {pattern}")


def _translated(pattern: str) -> str:
    """Java's syntax in PCRE2's."""
    made, inside = [], False
    for token in _TOKEN.finditer(pattern):
        text = token[0]
        if token["posix"]:
            members = _CLASSES[token["posix"]]
            text = members if inside else f"[{members}]"
        elif token["pairs"]:
            text = "\U00010000-\U0010ffff"
        elif token["range"] and inside:
            text = rf"{text[:-1]}\-"
        elif text.startswith("[") and not inside:
            inside = True
        elif text == "]":
            inside = False
        made.append(text)
    return "".join(made)
