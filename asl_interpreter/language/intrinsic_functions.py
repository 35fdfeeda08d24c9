"""What the eighteen intrinsic functions do with their arguments.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html and Amazon States Language
specification, appendix B. Where AWS was observed to differ from them, it is AWS that is followed, and said so.
"""

from __future__ import annotations

import base64
import hashlib
import math
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from .. import jackson, jsontext
from ..jsontext import JSON
from . import java

if TYPE_CHECKING:
    import random

MAX_TEXT: Final = 10_000
"""Characters that Base64Encode, Base64Decode and Hash take."""
MAX_RANGE: Final = 1_000
"""Numbers that ArrayRange makes."""


class Refused(Exception):
    """A function refuses its arguments. As text, AWS's words, or nothing where they are the common ones."""


@dataclass(frozen=True, slots=True)
class Template:
    """A format string: the texts around its placeholders, or in AWS's words what is wrong with it."""

    parts: tuple[str, ...] = ()
    problem: str | None = None


def _string(value: JSON, limit: float = math.inf) -> str:
    if not isinstance(value, str) or len(value) > limit:
        raise Refused
    return value


def _array(value: JSON) -> list[JSON]:
    if not isinstance(value, list):
        raise Refused
    return value


def _number(value: JSON) -> int | float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Refused
    return value


def _int(value: int) -> int:
    """The value, if it is one of Java's: 32 bits."""
    if not -(1 << 31) <= value < 1 << 31:
        raise Refused
    return value


def _truncated(value: JSON) -> int:
    """An int from a number. The documentation says that it is rounded to the nearest; AWS cuts the fraction off."""
    return _int(math.trunc(_number(value)))


def _rounded(value: JSON) -> int:
    """An int from a number, rounded half up, towards positive infinity."""
    if type(value) is int:
        return _int(value)
    number = _number(value)
    floor = math.floor(number)
    return _int(floor + (number - floor >= 0.5))


_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_CHUNK: Final = re.compile(r"(?:[^\\{}]|\\.)+|\{\}|[{}]", re.DOTALL)


@lru_cache(maxsize=1024)
def split_template(raw: str) -> Template:
    """Split a format string, as it is written between quotes: escaped braces are no placeholders."""
    parts = [""]
    for chunk in _CHUNK.finditer(raw):
        if chunk[0] == "{}":
            parts.append("")
        elif chunk[0] in "{}":
            missing = "}" if chunk[0] == "{" else "{"
            return Template(problem=f"matching '{missing}' not found for '{chunk[0]}'.")
        else:
            parts[-1] = _ESCAPE.sub(r"\1", chunk[0])
    return Template(tuple(parts))


def _format(template: JSON, *values: JSON) -> str:
    """Fill the placeholders of a template. In one that is not written as a literal, backslashes are characters."""
    split = template if isinstance(template, Template) else split_template(_string(template).replace("\\", r"\\"))
    if split.problem:
        raise Refused(f"Invalid template in States.Format: {split.problem}")
    first, *others = split.parts
    if len(values) != len(others):
        raise Refused("Invalid arguments in States.Format: number of arguments do not match the occurrences of {}.")
    return first + "".join(java.to_string(value) + part for value, part in zip(values, others, strict=True))


def _string_to_json(text: JSON) -> JSON:
    """Parse JSON; a blank text is null."""
    if not _string(text).strip(" \t\n\r"):
        return None
    try:
        return jsontext.loads(text)
    except jsontext.InvalidJSON:
        complaint = _complaint(text)
    raise Refused(f"Cannot convert String to Json in States.StringToJson, caused by: {complaint}")


_SOURCE: Final = re.compile(r"\[Source: .*; line: ", re.DOTALL)


def _complaint(text: str) -> str:
    """What Jackson says of a text that is not JSON. It runs here in a newer version that hides the text."""
    explanation = jackson.explain(text)
    if explanation is None:
        return "Document is nested too deep or not Unicode"
    hidden = "[Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: "
    # The newer version places an unexpected character where it stands, the older one after it.
    column = explanation.column - explanation.message.startswith("Unexpected character")
    message = _SOURCE.sub(lambda _found: hidden, explanation.message)
    return f"{message}\n at {hidden}{explanation.line}, column: {column}]"


def _json_merge(first: JSON, second: JSON, deep: JSON) -> JSON:
    """Merge two objects; only shallow, so ``deep`` must not be true."""
    if not isinstance(first, dict) or not isinstance(second, dict) or deep is True:
        raise Refused
    return first | second


def _partition(array: JSON, size: JSON) -> JSON:
    items, length = _array(array), _truncated(size)
    if length < 1:
        raise Refused
    return [items[start : start + length] for start in range(0, len(items), length)]


def _contains(array: JSON, value: JSON) -> bool:
    """Look a value up. AWS compares texts: 1 is found as "1", but not an object with its members in another order."""
    items = _array(array)
    if value is None:
        return any(item is None for item in items)
    text = java.to_string(value)
    return any(item is not None and java.to_string(item) == text for item in items)


def _range(first: JSON, last: JSON, step: JSON) -> JSON:
    start, end, by = _truncated(first), _truncated(last), _truncated(step)
    if by == 0:
        raise Refused
    numbers = range(start, end + (1 if by > 0 else -1), by)
    if len(numbers) > MAX_RANGE:
        raise Refused
    return list(numbers)


def _item(array: JSON, index: JSON) -> JSON:
    """One element. An empty array has null everywhere, as was observed."""
    items, position = _array(array), _truncated(index)
    if not items and position >= 0:
        return None
    if not 0 <= position < len(items):
        raise Refused
    return items[position]


def _encode(text: JSON) -> str:
    return base64.b64encode(_string(text, MAX_TEXT).encode()).decode()


_NOT_BASE64: Final = re.compile(r"=.*|[^A-Za-z0-9+/]", re.DOTALL)


def _decode(text: JSON) -> str:
    """Decode Base64 as leniently as AWS: other characters are skipped, padding ends it or is missing."""
    digits = _NOT_BASE64.sub("", _string(text, MAX_TEXT))
    digits = digits[: len(digits) - (len(digits) % 4 == 1)]
    return base64.b64decode(digits + "=" * (-len(digits) % 4)).decode(errors="replace")


_HASHES: Final[dict[str, Callable[[bytes], Any]]] = {
    "MD5": hashlib.md5,
    "SHA-1": hashlib.sha1,
    "SHA-256": hashlib.sha256,
    "SHA-384": hashlib.sha384,
    "SHA-512": hashlib.sha512,
}


def _hash(data: JSON, algorithm: JSON) -> str:
    """Hash a text; any other value as its text."""
    text = _string(java.to_string(data), MAX_TEXT)
    if not isinstance(algorithm, str) or algorithm not in _HASHES:
        raise Refused
    return str(_HASHES[algorithm](text.encode()).hexdigest())


def _random(rng: random.Random, start: JSON, end: JSON, *seed: JSON) -> int:
    """Draw an integer from ``start`` on and below ``end``; with a seed the one that Java's Random draws first."""
    least, count = _truncated(start), _int(_truncated(end) - _truncated(start))
    if count < 1:
        raise Refused
    if seed:
        return least + java.random_below(math.trunc(_number(seed[0])), count)
    return rng.randrange(least, least + count)


def _add(first: JSON, second: JSON) -> int:
    return _int(_rounded(first) + _rounded(second))


def _split(text: JSON, delimiters: JSON) -> JSON:
    """Split at each character of the delimiters; empty parts are dropped."""
    whole, marks = _string(text), _string(delimiters)
    if marks:
        whole = whole.translate(dict.fromkeys(map(ord, marks), marks[0]))
    return [part for part in (whole.split(marks[0]) if marks else [whole]) if part]


def _uuid(rng: random.Random, *_ignored: JSON) -> str:
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


@dataclass(frozen=True, slots=True)
class Function:
    """An intrinsic function and how many arguments it takes."""

    call: Callable[..., JSON]
    least: int
    most: float
    draws: bool = False
    """Whether it takes the source of chance before its arguments."""


FUNCTIONS: Final[Mapping[str, Function]] = {
    "States.Array": Function(lambda *items: list(items), 0, math.inf),
    "States.ArrayContains": Function(_contains, 2, 2),
    "States.ArrayGetItem": Function(_item, 2, 2),
    "States.ArrayLength": Function(lambda array: len(_array(array)), 1, 1),
    "States.ArrayPartition": Function(_partition, 2, 2),
    "States.ArrayRange": Function(_range, 3, 3),
    "States.ArrayUnique": Function(lambda array: java.hash_set(_array(array)), 1, 1),
    "States.Base64Decode": Function(_decode, 1, 1),
    "States.Base64Encode": Function(_encode, 1, 1),
    "States.Format": Function(_format, 1, math.inf),
    "States.Hash": Function(_hash, 2, 2),
    "States.JsonMerge": Function(_json_merge, 3, 3),
    "States.JsonToString": Function(jsontext.dumps, 1, 1),
    "States.MathAdd": Function(_add, 2, 2),
    "States.MathRandom": Function(_random, 2, 3, draws=True),
    "States.StringSplit": Function(_split, 2, 2),
    "States.StringToJson": Function(_string_to_json, 1, 1),
    "States.UUID": Function(_uuid, 0, math.inf, draws=True),
}
