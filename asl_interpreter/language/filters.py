"""Filters of a JSONPath, ``[?(@.a == 'x' && @.b > 1)]``, compiled to one predicate.

The semantics are those of the old Jayway JsonPath that Step Functions runs. ``@.a`` alone asks for a value that is
there and not null. A comparison, even ``!=``, is false where a path leads nowhere or the types cannot be compared.
What AWS does not know is refused: functions, operators that are words (``in``, ``size``), ``=~``. ``$.a`` reads
from the document in which the whole path looks.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/amazon-states-language-paths.html and observation.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator
from typing import Any, Final, TypeAlias

from ..jsontext import JSON

Predicate: TypeAlias = Callable[[JSON], bool]
"""Whether a filter lets a value through."""

_Read: TypeAlias = Callable[[JSON], JSON]

_MAX_PARENTHESES: Final = 100
_MISSING: Final = object()
_COMPARISONS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_PEERS: Final[dict[type, tuple[type, ...]]] = {str: (str,), bool: (bool,), int: (int, float), float: (int, float)}
"""What a value of a type can be compared with. Objects and arrays compare with nothing."""

_TOKEN: Final = re.compile(
    r"""\s*(?:
      (?P<path>[@$](?:\.[^\s.\[\](){}=!<>&|,'"*@$`]+|\[\s*'[^']*'\s*\]|\[\s*[0-9]{1,9}\s*\])*)
    | '(?P<single>(?:[^'\\]|\\.)*)'
    | "(?P<double>(?:[^"\\]|\\.)*)"
    | (?P<number>-?[0-9]{1,30}(?:\.[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,2})?(?![\w.]))
    | (?P<word>[^\W\d][\w-]*)
    | (?P<symbol>&&|\|\||[=!<>]=|[<>!()])
    )\s*""",
    re.VERBOSE | re.DOTALL,
)
_STEP: Final = re.compile(r"\.(?P<name>[^.\[]+)|\[\s*(?:'(?P<quoted>[^']*)'|(?P<index>[0-9]+))\s*\]")
_WORDS: Final[dict[str, JSON]] = {"true": True, "false": False, "null": None}


def reads_document(text: str) -> bool:
    """Whether a filter reads from the document as a whole: then it is compiled for each."""
    return any((token["path"] or "").startswith("$") for token in _Parser(text, None).tokens)


def compile_filter(text: str, document: JSON = None) -> Predicate:
    """Compile a filter from what stands after its ``?``, such as ``(@.a == 'x')``; ``$`` is the document.

    Raises:
        ValueError: the text is not a filter, or one that AWS does not know.
    """
    if text.count("(") > _MAX_PARENTHESES:
        raise ValueError(f"Filter has more than {_MAX_PARENTHESES} parentheses")
    parser = _Parser(text, document)
    predicate = parser.either()
    parser.end()
    return predicate


class _Parser:
    """Reads a filter, and compiles it at once; ``&&`` binds tighter than ``||``."""

    def __init__(self, text: str, document: JSON) -> None:
        self._text = text
        self._document = document
        self.tokens = list(self._tokenize())
        self._at = 0

    def either(self) -> Predicate:
        """Read conditions between ``||``."""
        parts = [self._both()]
        while self._accept("||"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else lambda value: any(part(value) for part in parts)

    def end(self) -> None:
        """See that nothing follows."""
        if self._at < len(self.tokens):
            raise self._invalid()

    def _both(self) -> Predicate:
        parts = [self._condition()]
        while self._accept("&&"):
            parts.append(self._condition())
        return parts[0] if len(parts) == 1 else lambda value: all(part(value) for part in parts)

    def _condition(self) -> Predicate:
        if self._accept("("):
            inner = self.either()
            if not self._accept(")"):
                raise self._invalid()
            return inner
        if self._accept("!"):
            read = self._path()
            return lambda value: read(value) in (_MISSING, None)
        left = self._path()
        compare = _COMPARISONS.get(self._symbol())
        if compare is None:
            return lambda value: left(value) not in (_MISSING, None)
        in_order = self._next()["symbol"] not in ("==", "!=")
        if self._at < len(self.tokens) and self.tokens[self._at]["path"]:
            return _comparison(left, compare, self._path(), in_order=in_order)
        literal = self._literal()
        if literal is None:
            return _comparison(left, compare, lambda _value: None, in_order=in_order)
        return _comparison_with(left, compare, literal)

    def _path(self) -> _Read:
        path = self._next()["path"]
        if path is None:
            raise self._invalid()
        read = _reader(path)
        if path.startswith("@"):
            return read
        found = read(self._document)
        return lambda _value: found

    def _literal(self) -> JSON:
        token = self._next()
        if token["number"] is not None:
            return float(token["number"]) if re.search("[.eE]", token["number"]) else int(token["number"])
        if token["word"] is not None:
            return _WORDS.get(token["word"], token["word"])
        quoted = token["single"] if token["single"] is not None else token["double"]
        if quoted is None:
            raise self._invalid()
        return re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL)

    def _symbol(self) -> str:
        return self.tokens[self._at]["symbol"] or "" if self._at < len(self.tokens) else ""

    def _accept(self, symbol: str) -> bool:
        found = self._symbol() == symbol
        self._at += found
        return found

    def _next(self) -> re.Match[str]:
        if self._at == len(self.tokens):
            raise self._invalid()
        self._at += 1
        return self.tokens[self._at - 1]

    def _tokenize(self) -> Iterator[re.Match[str]]:
        at = 0
        while at < len(self._text):
            token = _TOKEN.match(self._text, at)
            if token is None:
                raise self._invalid()
            yield token
            at = token.end()

    def _invalid(self) -> ValueError:
        return ValueError(f"Filter is not one that Step Functions knows: {self._text}")


def _comparison_with(left: _Read, compare: Callable[[Any, Any], bool], literal: JSON) -> Predicate:
    peers = _PEERS[type(literal)]

    def holds(value: JSON) -> bool:
        one = left(value)
        return type(one) in peers and compare(one, literal)

    return holds


def _comparison(left: _Read, compare: Callable[[Any, Any], bool], right: _Read, *, in_order: bool) -> Predicate:
    def holds(value: JSON) -> bool:
        one, other = left(value), right(value)
        if one is None or other is None:
            return _MISSING not in (one, other) and not in_order and compare(one is None, other is None)
        return type(other) in _PEERS.get(type(one), ()) and compare(one, other)

    return holds


def _reader(path: str) -> _Read:
    """Read a path such as ``@.a[0]`` from a value; ``_MISSING`` where it leads nowhere, as ``@`` does in a scalar."""
    steps: list[Any] = [
        int(step["index"]) if step["index"] is not None else step["name"] if step["quoted"] is None else step["quoted"]
        for step in _STEP.finditer(path)
    ]

    def read(value: JSON) -> JSON:
        try:
            for step in steps:
                if value.__class__ is str:  # an index would find a character in it
                    return _MISSING
                value = value[step]
        except (LookupError, TypeError):
            return _MISSING
        return value

    if steps:
        return read
    return lambda value: value if isinstance(value, (dict, list)) else _MISSING
