"""Numbers of statements and of their parameters, read as AWS reads them: by Java's BigDecimal, in 32 bits.

Source: https://docs.oracle.com/javase/8/docs/api/java/math/BigDecimal.html and answers observed on AWS in 2026: an
exponent beyond 32 bits cannot be read; within them the size of ``1e2147483647`` wraps, and is called too small.
"""

from __future__ import annotations

import re

from emulator.dynamodb.model.values import UNDERFLOW, canonical_number
from emulator.dynamodb.rejections import invalid
from emulator.faults import Fault

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE]([+-]?[0-9]+))?")
_MOST = 2**31 - 1


def is_readable(text: str) -> bool:
    """Whether the text is a number whose exponent, and whose scale, are numbers of 32 bits."""
    match = _NUMBER.fullmatch(text)
    if match is None:
        return False
    exponent = _exponent(match.group(2))
    return exponent is not None and abs(_scale(match.group(1), exponent)) <= _MOST


def read_number(text: str) -> str:
    """The canonical text of a number.

    Raises:
        Fault: no number, one that cannot be read, too large, too small or too precise.
    """
    if not is_readable(text):
        raise unreadable(text)
    match = _NUMBER.fullmatch(text)
    digits, exponent_text = match.groups() if match else ("", None)
    precision = len(digits.replace(".", "").lstrip("0"))
    if precision and precision - _scale(digits, _exponent(exponent_text) or 0) > _MOST:
        raise invalid(UNDERFLOW)
    return canonical_number(text)


def unreadable(text: str) -> Fault:
    """A text that is no number, or one that is out of all bounds."""
    return invalid("The parameter cannot be converted to a numeric value" + (f": {text}" if text else ""))


def _exponent(text: str | None) -> int | None:
    """The exponent, None where it has more than 32 bits."""
    digits = (text or "0").lstrip("+-").lstrip("0") or "0"
    if len(digits) > len(str(_MOST)) or int(digits) > _MOST + (text or "").startswith("-"):
        return None
    return -int(digits) if (text or "").startswith("-") else int(digits)


def _scale(digits: str, exponent: int) -> int:
    return len(digits.partition(".")[2]) - exponent
