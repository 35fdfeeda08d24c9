"""Function signatures such as ``<s-n?:s>``: which arguments a function takes, and what stands in for absent ones.

Source: https://docs.jsonata.org/programming#function-signatures and the reference implementation's signature.js.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from .errors import EvaluationError
from .parsing import parse_signature
from .patterns import Regex
from .values import (
    UNDEFINED,
    Array,
    Constructed,
    KeptSequence,
    Record,
    Sequence,
    TupleStream,
    Undefined,
    Value,
    Wrapped,
)

_SYMBOLS: dict[type, str] = {
    **dict.fromkeys((list, Array, Sequence, KeptSequence, Wrapped, Constructed, TupleStream), "a"),
    **dict.fromkeys((dict, Record), "o"),
    **dict.fromkeys((int, float), "n"),
    str: "s",
    bool: "b",
    type(None): "l",
    Undefined: "m",
}
_PLURALS = {"a": "arrays", "b": "booleans", "f": "functions", "n": "numbers", "o": "objects", "s": "strings"}


@dataclass(frozen=True, slots=True)
class _Parameter:
    pattern: str
    """A regular expression over the symbols of the arguments."""
    symbols: str
    is_array: bool
    items: str | None
    """The symbols of the items, for an array."""
    from_context: bool


def validator(signature: str | list[Value]) -> Callable[[list[Value], Value], list[Value]]:
    """A function from arguments and context to the arguments as the signature wants them.

    It raises EvaluationError T0410, T0411 or T0412 with the ``index`` of the wrong argument, counted from 1.
    """
    parsed = parse_signature(signature) if isinstance(signature, str) else signature
    parameters = [_Parameter(p.regex, p.regex.rstrip("?+"), p.type == "a", p.subtype, bool(p.context)) for p in parsed]
    pattern = _anchored("".join(f"({parameter.pattern})" for parameter in parameters) + r"\z")
    known: dict[str, tuple[str, ...] | None] = {}

    def validate(arguments: list[Value], context: Value) -> list[Value]:
        supplied = "".join([_SYMBOLS.get(type(argument), "f") for argument in arguments])
        if supplied not in known:
            match = pattern.search(_counts_nothing, supplied)
            known[supplied] = tuple(group or "" for group in match.groups) if match else None
        matched = known[supplied]
        if matched is None:
            raise EvaluationError("T0410", index=_first_wrong(parameters, supplied))
        return _fitted(parameters, matched, arguments, context)

    return validate


def _anchored(pattern: str) -> Regex:
    """A pattern over the symbols of arguments. An expression writes it too, so it is bounded like any other."""
    return Regex(rf"\A{pattern}", rf"\A{pattern}", ignore_case=False)


def _counts_nothing(_steps: int) -> None:
    """What matching the symbols of a call costs: nothing, for each is matched once."""


def _fitted(
    parameters: list[_Parameter], matched: tuple[str, ...], arguments: list[Value], context: Value
) -> list[Value]:
    fitted: list[Value] = []
    taken = 0
    for parameter, symbols in zip(parameters, matched, strict=True):
        if not symbols and parameter.from_context:
            if not re.fullmatch(parameter.symbols, _SYMBOLS.get(type(context), "f")):
                raise EvaluationError("T0411", index=taken + 1)
            fitted.append(context)
            continue
        for symbol in symbols or "m":
            argument = arguments[taken] if taken < len(arguments) else UNDEFINED
            taken += 1
            fitted.append(_as_array(parameter, symbol, argument, taken) if parameter.is_array else argument)
    return fitted


def _as_array(parameter: _Parameter, symbol: str, argument: Value, index: int) -> Value:
    """The argument for a parameter that takes an array: anything else is an array of one."""
    if symbol == "m":
        return UNDEFINED
    if parameter.items is not None:
        given = [_SYMBOLS.get(type(item), "f") for item in argument] if symbol == "a" else [symbol]
        expected = parameter.items[:1] if symbol == "a" else parameter.items
        if any(item != expected for item in given):
            raise EvaluationError("T0412", index=index, type=_PLURALS.get(parameter.items, UNDEFINED))
    return argument if symbol == "a" else Array([argument])


def _first_wrong(parameters: list[_Parameter], supplied: str) -> int:
    """The place of the first argument that the signature has no room for, from 1."""
    pattern = ""
    good = 0
    for parameter in parameters:
        pattern += parameter.pattern
        match = _anchored(pattern).search(_counts_nothing, supplied)
        if match is None:
            break
        good = match.end
    return good + 1
