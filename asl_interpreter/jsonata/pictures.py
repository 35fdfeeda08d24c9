"""``$formatNumber``: a number by a picture such as ``#,##0.00``.

Source: XPath functions 3.1, 4.7 (https://www.w3.org/TR/xpath-functions-31/#formatting-numbers), which JSONata follows.
"""

from __future__ import annotations

import functools
import math
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal

from .errors import EvaluationError, InternalError
from .runtime import Run
from .values import UNDEFINED, Value, is_finite, number

_SYMBOLS = {
    "decimal-separator": ".",
    "grouping-separator": ",",
    "exponent-separator": "e",
    "infinity": "Infinity",
    "minus-sign": "-",
    "NaN": "NaN",
    "percent": "%",
    "per-mille": "\u2030",
    "zero-digit": "0",
    "digit": "#",
    "pattern-separator": ";",
}


_CHARACTERS = {
    "decimal-separator",
    "grouping-separator",
    "exponent-separator",
    "zero-digit",
    "digit",
    "pattern-separator",
}
"""The symbols that are one character."""


def format_number(run: Run, value: Value, picture: Value, options: Value) -> Value:
    """``$formatNumber``; ``options`` replace symbols of the picture by name.

    Raises:
        EvaluationError: D3080 to D3093, by what is wrong with the picture.
    """
    if value is UNDEFINED or picture is UNDEFINED:
        return UNDEFINED
    run.spend(len(picture))
    symbols = _SYMBOLS if options is UNDEFINED else {**_SYMBOLS, **options}
    for name, symbol in symbols.items():
        if not _is_symbol(name, symbol):
            raise InternalError(f"The option {name} of the formatNumber function is no symbol: {symbol!r}")
    halves = picture.split(symbols["pattern-separator"])
    if len(halves) > 2:
        raise EvaluationError("D3080")
    pictures = [_taken_apart(half, symbols) for half in halves]
    for half in pictures:
        _check(half)
    sign = symbols["minus-sign"] if value < 0 and len(pictures) == 1 else ""
    return sign + _filled_in(pictures[-1 if value < 0 else 0], value)


def _is_symbol(name: str, symbol: Value) -> bool:
    if not isinstance(symbol, str) or not symbol:
        return False
    if name == "zero-digit" and ord(symbol[0]) + 9 > sys.maxunicode:
        return False
    return len(symbol) == 1 or name not in _CHARACTERS


@dataclass(frozen=True, slots=True)
class _Picture:
    """A number's picture, or the half of it for one sign, taken apart (4.7.4)."""

    symbols: Mapping[str, str]
    text: str
    prefix: str = ""
    active: str = ""
    suffix: str = ""
    whole: str = ""
    fraction: str = ""
    exponent: str | None = None

    def is_digit(self, character: str) -> bool:
        return 0 <= ord(character) - ord(self.symbols["zero-digit"]) <= 9

    def digits(self, part: str) -> int:
        """How many digits the part demands."""
        return sum(map(self.is_digit, part))

    def places(self, part: str) -> int:
        """How many digits the part has room for."""
        return self.digits(part) + part.count(self.symbols["digit"])


def _taken_apart(text: str, symbols: Mapping[str, str]) -> _Picture:
    is_digit = _Picture(symbols, text).is_digit
    marks = (symbols["decimal-separator"], symbols["grouping-separator"], symbols["digit"])
    places = [place for place, character in enumerate(text) if character in marks or is_digit(character)]
    start, end = (places[0], places[-1] + 1) if places else (0, len(text))
    mantissa, has_exponent, exponent = text[start:end].partition(symbols["exponent-separator"])
    if text[end : end + 1] == symbols["exponent-separator"] and not has_exponent:
        has_exponent = symbols["exponent-separator"]  # an exponent without a digit, which _check refuses
    whole, _, fraction = mantissa.partition(symbols["decimal-separator"])
    return _Picture(
        symbols, text, text[:start], text[start:end], text[end:], whole, fraction, exponent if has_exponent else None
    )


def _check(picture: _Picture) -> None:
    """Raise the code of what is wrong. Of several broken rules the last counts, as in the reference implementation."""
    symbols, text, whole, fraction = picture.symbols, picture.text, picture.whole, picture.fraction
    point, grouping, digit = symbols["decimal-separator"], symbols["grouping-separator"], symbols["digit"]
    percent, per_mille = symbols["percent"], symbols["per-mille"]
    active = (point, grouping, digit, symbols["exponent-separator"], symbols["pattern-separator"])
    rules = {
        "D3081": text.count(point) > 1,
        "D3082": text.count(percent) > 1,
        "D3083": text.count(per_mille) > 1,
        "D3084": percent in text and per_mille in text,
        "D3085": picture.places(whole + fraction) == 0,
        "D3086": any(character not in active and not picture.is_digit(character) for character in picture.active),
        "D3087": grouping + point in text or point + grouping in text,
        "D3088": point not in text and whole.endswith(grouping),
        "D3089": grouping * 2 in text,
        "D3090": digit in whole and picture.digits(whole.partition(digit)[0]) > 0,
        "D3091": digit in fraction and picture.digits(fraction.rpartition(digit)[2]) > 0,
        "D3092": bool(picture.exponent) and (percent in text or per_mille in text),
        "D3093": picture.exponent is not None and picture.digits(picture.exponent) != max(len(picture.exponent), 1),
    }
    broken = [code for code, is_broken in rules.items() if is_broken]
    if broken:
        raise EvaluationError(broken[-1])


def _filled_in(picture: _Picture, value: float) -> str:
    symbols = picture.symbols
    if not is_finite(value):
        return picture.prefix + symbols["NaN" if math.isnan(value) else "infinity"] + picture.suffix
    scale = 2 if symbols["percent"] in picture.text else 3 if symbols["per-mille"] in picture.text else 0
    exact = Context(prec=400 + len(picture.text))  # more digits than any double, with those of the picture
    mantissa = Decimal(repr(number(value))).copy_abs().scaleb(scale, exact)
    exponent = _exponent(mantissa, picture.digits(picture.whole)) if picture.exponent is not None else 0
    least_whole, least_fraction, most_fraction = _sizes(picture)
    unit = Decimal((0, (1,), -most_fraction))
    rounded = mantissa.scaleb(-exponent, exact).quantize(unit, ROUND_HALF_EVEN, exact)
    whole, _, fraction = f"{rounded:f}".partition(".")
    text = _grouped(picture, whole.lstrip("0").rjust(least_whole, "0"))
    fraction = fraction.rstrip("0").ljust(least_fraction, "0")
    if fraction:
        places = (picture.places(part) for part in _up_to(picture.fraction, symbols["grouping-separator"]))
        text += symbols["decimal-separator"] + _divided(fraction, places, symbols["grouping-separator"])
    if picture.exponent is not None:
        minus = symbols["minus-sign"] if exponent < 0 else ""
        text += symbols["exponent-separator"] + minus + str(abs(exponent)).rjust(len(picture.exponent), "0")
    if symbols["zero-digit"] != "0":
        shift = ord(symbols["zero-digit"]) - ord("0")
        text = text.translate({ord(digit): ord(digit) + shift for digit in "0123456789"})
    return picture.prefix + text + picture.suffix


def _exponent(mantissa: Decimal, digits: int) -> int:
    """The power of ten to take out so that so many digits stand before the point."""
    if not mantissa:
        return 0
    exponent = mantissa.adjusted() + 1 - digits
    is_power_of_ten = mantissa == Decimal((0, (1,), mantissa.adjusted()))
    return exponent - 1 if is_power_of_ten and exponent > 0 else exponent


def _sizes(picture: _Picture) -> tuple[int, int, int]:
    """The least digits before the point, the least and the most after it (4.7.4)."""
    least_whole = picture.digits(picture.whole)
    least_fraction, most_fraction = picture.digits(picture.fraction), picture.places(picture.fraction)
    if least_whole == most_fraction == 0:
        if picture.exponent is None:
            least_whole = 1
        else:
            least_fraction = most_fraction = 1
    if picture.exponent is not None and least_whole == 0 and picture.symbols["digit"] in picture.whole:
        least_whole = 1
    if least_whole == least_fraction == 0:
        least_fraction = 1
        most_fraction = max(most_fraction, 1)
    return least_whole, least_fraction, most_fraction


def _grouped(picture: _Picture, whole: str) -> str:
    """The integer part with its separators; at equal distances in the picture they go on to the left."""
    separator = picture.symbols["grouping-separator"]
    reversed_parts = _up_to(picture.whole[::-1], separator)
    places = [picture.places(part) for part in reversed_parts]
    step = functools.reduce(math.gcd, places, 0)
    if places and places == [step * count for count in range(1, len(places) + 1)]:
        places = list(range(step, len(whole), step))
    return _divided(whole[::-1], places, separator)[::-1]


def _up_to(text: str, mark: str) -> list[str]:
    """What stands before each of the marks in a text."""
    parts = text.split(mark)
    return ["".join(parts[:count]) for count in range(1, len(parts))]


def _divided(text: str, places: Iterable[int], separator: str) -> str:
    """A text with a separator after so many of its characters, at each of the places inside it."""
    for place in sorted((place for place in places if 0 < place < len(text)), reverse=True):
        text = text[:place] + separator + text[place:]
    return text
