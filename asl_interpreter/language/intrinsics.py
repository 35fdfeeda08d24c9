"""Calls of intrinsic functions: ``States.Format('Hello {}', $.name)``, compiled once.

A call may hold calls, ten deep at most. Wrong syntax and unknown functions are refused when a call is compiled; wrong
arguments, even a wrong number of them, only when it is evaluated, as AWS does.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html and Amazon States Language
specification, appendix B; the words are observed on AWS.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from .. import jsontext
from ..jsontext import JSON
from .intrinsic_functions import FUNCTIONS, Refused, split_template
from .paths import Evaluate, Frame, InvalidPath, NullInput, Path, PathNotFound, compile_path

MAX_DEPTH: Final = 10
"""How deep calls may be nested, the outermost counted."""
MANY_PATHS: Final = 16
LARGEST: Final = 4 * 1024 * 1024
"""Bytes of the arguments of a call in a text with many paths: far more than any payload."""


class InvalidIntrinsic(ValueError):
    """A text is not a call of an intrinsic function. The message says where and why."""


class IntrinsicFailure(Exception):
    """A call fails: an argument is missing or wrong. As text, AWS's words; AWS reports it as States.Runtime."""


def is_intrinsic(text: str) -> bool:
    """Whether a text can only be a call, valid or not: paths start with ``$``."""
    return text.startswith("States.")


@lru_cache(maxsize=1024)
def compile_intrinsic(text: str) -> Evaluate:
    """Compile a call. White space at its end means nothing, as in a path.

    Evaluated, it raises IntrinsicFailure.

    Raises:
        InvalidIntrinsic: AWS would refuse it.
    """
    parser = _Parser(text.rstrip())
    call = parser.call(depth=1)
    parser.end()
    return call


_NAME: Final = re.compile(r"States\.[A-Za-z0-9]+")
_SPACE: Final = re.compile(r"\s*")
_STRING: Final = re.compile(r"'((?:[^'\\]|\\.)*)'", re.DOTALL)
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_NUMBER: Final = re.compile(r"-?[0-9]+(?P<real>\.[0-9]+)?(?P<power>[eE][+-]?[0-9]+)?(?![\w.])")
_WORD: Final = re.compile(r"(?:true|false|null)(?!\w)")
_PATH: Final = re.compile(
    r"""
    \$\$?(?: (?:\.{1,2})? (?: [A-Za-z0-9_\x80-\U0010ffff]+ | \*
           | \[(?: [^'"\[\]] | '(?:[^'\\]|\\.)*' | "(?:[^"\\]|\\.)*" | \[(?:[^'\]]|'[^']*')*\] )*\] ))*
    """,
    re.VERBOSE | re.DOTALL,
)
_WORDS: Final[dict[str, JSON]] = {"true": True, "false": False, "null": None}


class _Parser:
    """Reads one call, and compiles it at once."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._is_heavy = text.count("$") > MANY_PATHS or "JsonToString" in text

    def call(self, depth: int) -> Evaluate:
        """Read ``States.Name(argument, ...)``."""
        if depth > MAX_DEPTH:
            raise InvalidIntrinsic(f"More than {MAX_DEPTH} nested calls: {self._text}")
        name = self._take(_NAME, "the name of an intrinsic function")[0]
        if name not in FUNCTIONS:
            raise InvalidIntrinsic(f"Unknown intrinsic function {name}: {self._text}")
        self._punctuation("(")
        arguments: list[Evaluate] = []
        if not self._accept(")"):
            arguments.append(self._argument(depth, is_template=name == "States.Format"))
            while not self._accept(")"):
                self._punctuation(",")
                arguments.append(self._argument(depth, is_template=False))
        return _compile_call(self._text, name, arguments, is_heavy=self._is_heavy)

    def end(self) -> None:
        """See that nothing follows."""
        if self._at < len(self._text):
            raise self._invalid("the end")

    def _argument(self, depth: int, *, is_template: bool) -> Evaluate:
        self._take(_SPACE, "")
        start = self._text[self._at : self._at + 1]
        if start == "'":
            raw = self._take(_STRING, "the closing quote of a string")[1]
            value = self._unescaped(raw)
            return _constant(split_template(raw) if is_template else value)
        if start == "$":
            return self._path()
        if start == "S":
            return self.call(depth + 1)
        if start.isalpha():
            return _constant(_WORDS[self._take(_WORD, "an argument")[0]])
        return _constant(self._number())

    def _path(self) -> Evaluate:
        text = self._take(_PATH, "a path")[0]
        try:
            return _path_argument(self._text, compile_path(text))
        except InvalidPath as error:
            raise InvalidIntrinsic(f"Invalid path {text} in {self._text}: {error}") from None

    def _number(self) -> JSON:
        number = self._take(_NUMBER, "an argument")
        try:
            value = float(number[0]) if number["real"] or number["power"] else int(number[0])
        except ValueError:  # more digits than Python reads
            value = math.inf
        if abs(value) == math.inf:
            raise InvalidIntrinsic(f"Number out of range in {self._text}")
        return value

    def _unescaped(self, raw: str) -> str:
        for escape in _ESCAPE.finditer(raw):
            if escape[1] not in "'{}\\":
                raise InvalidIntrinsic(f"Unknown escape {escape[0]} in {self._text}")
        return _ESCAPE.sub(r"\1", raw)

    def _accept(self, mark: str) -> bool:
        self._take(_SPACE, "")
        found = self._text.startswith(mark, self._at)
        self._at += found
        return found

    def _punctuation(self, mark: str) -> None:
        if not self._accept(mark):
            raise self._invalid(f"'{mark}'")

    def _take(self, pattern: re.Pattern[str], what: str) -> re.Match[str]:
        found = pattern.match(self._text, self._at)
        if found is None:
            raise self._invalid(what)
        self._at = found.end()
        return found

    def _invalid(self, expected: str) -> InvalidIntrinsic:
        return InvalidIntrinsic(f"Expected {expected} at character {self._at}: {self._text}")


def _plain(values: list[JSON]) -> list[JSON]:
    """The arguments that are JSON: a format string is split already."""
    return values if not values or isinstance(values[0], (str, list, dict, int, float, type(None))) else values[1:]


def _constant(value: object) -> Evaluate:
    return lambda _frame: value


def _path_argument(source: str, path: Path) -> Evaluate:
    shown = path.text[1:] if path.root == "$$" else path.text
    read = path.evaluate

    def evaluate(frame: Frame) -> JSON:
        try:
            return read(frame)
        except NullInput as error:
            raise IntrinsicFailure(str(error)) from None
        except PathNotFound:
            problem = f"The JsonPath argument for the field '{shown}' could not be found in the input"
            text = f"The function '{source}' had the following error: {problem} '{jsontext.dumps(frame.input)}'"
            raise IntrinsicFailure(text) from None

    return evaluate


def _compile_call(source: str, name: str, arguments: Sequence[Evaluate], *, is_heavy: bool) -> Evaluate:
    """Compile a call of a function with these arguments; ``source`` is the outermost call, which failures quote.

    In a heavy one arguments may multiply, and their size is limited.
    """
    function = FUNCTIONS[name]
    call, draws = function.call, function.draws
    fits = function.least <= len(arguments) <= function.most

    def evaluate(frame: Frame) -> JSON:
        values = [argument(frame) for argument in arguments]
        try:
            if fits and not (is_heavy and jsontext.exceeds(_plain(values), LARGEST)):
                return call(frame.random, *values) if draws else call(*values)
            words = ""
        except Refused as refusal:
            words = str(refusal)
        except RecursionError:  # an argument is nested too deep
            words = ""
        words = words or f"Invalid arguments in {name}"
        raise IntrinsicFailure(f"There was an error while evaluating the intrinsic function: {source}. {words}")

    return evaluate
