"""JSON text: the one door to the JSON library, and the type of a JSON value.

Texts are written as AWS writes the JSON it makes itself: compact, keys in the order they came, not escaped to ASCII.
Integers of any size are kept; NaN and infinities do not exist. Doubles are written as Java writes them: AWS answers
``{"v":9.223372036854776E18}`` (TestState, us-east-1, August 2026).
"""

from __future__ import annotations

import math
import re
from decimal import Decimal
from itertools import accumulate
from typing import Any, Final, TypeAlias

import msgspec

JSON: TypeAlias = Any
"""None, bool, int, float, str, list of JSON, or dict from str to JSON. Never changed once it is bound to a name."""

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder()


class InvalidJSON(ValueError):
    """A text is not JSON. The message says where."""


DEEPEST_READ: Final = 1_000
"""Levels of a text, as AWS's Jackson reads them.

From Python 3.12 on the decoder has no bound that fits the stack of a thread: it would end the process.
"""
_ALL_BUT_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))
_STEPS: Final = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}


def loads(text: str | bytes) -> JSON:
    """Read one JSON value.

    Raises:
        InvalidJSON: the text is anything else, is nested too deep, or holds half of a surrogate pair.
    """
    if _opened(text) > DEEPEST_READ and _depth(text) > DEEPEST_READ:
        raise InvalidJSON(f"more than {DEEPEST_READ} levels are nested")
    try:
        return _decoder.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise InvalidJSON(str(error)) from None


def _opened(text: str | bytes) -> int:
    """How many brackets open in the text, those in its strings too: it cannot be nested deeper."""
    if isinstance(text, str):
        return text.count("[") + text.count("{")
    return text.count(b"[") + text.count(b"{")


def _depth(text: str | bytes) -> int:
    """How deep a text is nested; asked only of texts with many brackets, as it costs more than reading them."""
    raw = text.encode(errors="surrogatepass") if isinstance(text, str) else text
    outside_strings = b"".join(raw.replace(rb"\\", b"").replace(rb"\"", b"").split(b'"')[::2])
    return max(accumulate(map(_STEPS.__getitem__, outside_strings.translate(None, _ALL_BUT_BRACKETS))), default=0)


def dumps(value: JSON) -> str:
    """Write a value as compact JSON text."""
    if isinstance(value, float) and math.isfinite(value):
        return java_double(value)
    text = _encoder.encode(value)
    if _LIKE_AN_EXPONENT.search(text):
        text = _encoder.encode(_with_java_doubles(value))
    return text.decode()


_LIKE_AN_EXPONENT: Final = re.compile(rb"[:,\[]-?(?:\d{8,}\.\d|0\.000|\d(?:\.\d+)?e-?\d+[]},])")
"""Whatever looks like a double that Java writes with an exponent, in a string too: few texts have any."""


def encode(value: JSON) -> bytes:
    """Write a value as a message that nobody reads as text: doubles as they come, in a tenth of the time."""
    return _encoder.encode(value)


def _with_java_doubles(value: JSON) -> JSON:
    if isinstance(value, float) and math.isfinite(value):
        return msgspec.Raw(java_double(value).encode())
    if isinstance(value, dict):
        return {name: _with_java_doubles(member) for name, member in value.items()}
    return [_with_java_doubles(item) for item in value] if isinstance(value, list) else value


def java_double(value: float) -> str:
    """``Double.toString``: the shortest digits, with an exponent from 10^7 on and below 10^-3."""
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return repr(value)
    sign, digits, _ = Decimal(repr(value)).as_tuple()
    text = "".join(map(str, digits)).rstrip("0")
    return f"{'-' * sign}{text[0]}.{text[1:] or '0'}E{Decimal(repr(value)).adjusted()}"


DEEPEST: Final = 800
"""Levels of a value that states make. AWS's Jackson writes 1,000; our encoder as many, less those of the stack."""
LONGEST_SHOWN: Final = 262_144
_FEW: Final = 64
"""Parts of a value that is written at once to be measured: each is part of a payload, so they cannot be very long."""
_CONTAINERS: Final = frozenset({dict, list})


def measure(value: JSON, limit: int) -> int | None:
    """How many bytes a value takes as compact JSON text; None if more than the limit, or nested too deep to be written.

    Values share parts, and one that names a part ten thousand times takes little memory and yet is a long text: what is
    sure to be too long is not written.
    """
    if not (_has_few_parts(value) or _may_fit(value, limit)):
        return None
    written = size(value)
    return written if written <= limit else None


def exceeds(value: JSON, limit: int) -> bool:
    """Whether the value takes more than so many bytes as compact JSON text, or is nested too deep to be written."""
    return measure(value, limit) is None


def _has_few_parts(value: JSON) -> bool:
    if type(value) not in _CONTAINERS:
        return True
    containers, parts = [value], 0
    for container in containers:  # which grows meanwhile
        if not container:
            continue
        inside = container.values() if type(container) is dict else container
        parts += len(inside)
        if parts > _FEW:
            return False
        containers.extend([part for part in inside if type(part) in _CONTAINERS])
    return True


def _may_fit(value: JSON, limit: int) -> bool:
    """Whether a value is not too deep, and the least that its parts can take is within the limit."""
    least = depth = 0
    level = [value]
    while level:
        depth += 1
        below: list[JSON] = []
        for part in level:
            if isinstance(part, str):
                least += len(part) + 2
            elif isinstance(part, dict):
                least += 4 * len(part) + 1
                below += part.values()
            elif isinstance(part, list):
                least += len(part) + 1
                below += part
            else:
                least += 1
            if least > limit:
                return False
        if depth > DEEPEST:
            return False
        level = below
    return True


def shown(value: JSON) -> str:
    """A value as a message shows it: its text, but not one that is longer than any payload."""
    return "..." if exceeds(value, LONGEST_SHOWN) else dumps(value)


def size(value: JSON) -> int:
    """How many bytes the value takes as compact UTF-8 JSON text, the measure of every quota."""
    return len(_encoder.encode(value))
