"""Attribute values: JSON wire form in, checked once; a compact immutable form inside; wire form out.

A ``Value`` is the pair of AWS's type name and a payload:

    S str | N canonical decimal text | B bytes | BOOL bool | NULL True
    SS, NS, BS sorted tuple | L tuple of Value | M dict

so that Python's ``==`` on values is DynamoDB's equality (sets without order, numbers by value, maps by keys). Nothing
changes a value once it is made; items share them freely.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html and
answers observed on AWS (messages, limits, sizes to the byte).
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeAlias

from asl_interpreter.jsontext import JSON, dumps
from emulator.dynamodb.generations import OVERFLOW, UNDERFLOW
from emulator.dynamodb.rejections import Rejection, invalid, invalid_values, rejected

Value: TypeAlias = tuple[str, Any]
Attributes: TypeAlias = dict[str, Value]
SortKey: TypeAlias = Any
"""What a key value sorts by: str for S (code points sort as UTF-8 bytes do), int or Decimal for N, bytes for B."""

TYPES = ("S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "L", "M")
MAX_ITEM_SIZE = 409_600
MAX_DEPTH = 32
_MAX_NAME = 65_535
_MAX_DIGITS = 38
_MAX_EXPONENT = 125
_MIN_EXPONENT = -130
_BITS_32 = 2**31
_BITS_64 = 2**63
_RECURSION_DEPTH = 200
"""AWS does not bound the depth of an expression attribute value; Python's stack does."""

_NUMBER = re.compile(r"([+-]?)([0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE]([+-]?[0-9]+))?")
_AS_IS = frozenset({"S", "N", "BOOL", "NULL"})
_SETS = {"SS": "An string set ", "NS": "An number set "}
TOO_DEEP = (
    "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit"
)
EMPTY_NAME = "Empty attribute name"
SEVERAL_TYPES = (
    "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"
)


def read_item(wire: Mapping[str, JSON]) -> tuple[Attributes, int]:
    """Check an item in wire form and return it with its size in bytes.

    Raises:
        Fault: a name, value or depth that AWS refuses. The item's total size is not judged here.
    """
    attributes: Attributes = {}
    total = 0
    for name, member in wire.items():
        value, size = _read(member, 0, MAX_DEPTH - 1)
        attributes[name] = value
        total += size + name_size(name)
    return attributes, total


def read_value(wire: JSON) -> Value:
    """Check one value in wire form, of any depth. Raises Fault as ``read_item``."""
    return _read(wire, 0, _RECURSION_DEPTH)[0]


def read_sized_value(wire: JSON) -> tuple[Value, int]:
    """As ``read_value``, with its size in bytes."""
    return _read(wire, 0, _RECURSION_DEPTH)


def _read(  # noqa: C901 - one branch for each type
    wire: JSON, depth: int, max_depth: int
) -> tuple[Value, int]:
    if len(wire) == 1:
        ((kind, payload),) = wire.items()
        if kind == "S" and payload is not None:
            return _short_text(payload) if len(payload) <= _SHORT else (("S", payload), text_size(payload))
        if kind == "N" and payload is not None:
            return _number(payload)
    kind, payload = _only_member(wire)
    if kind == "S":
        return ("S", payload), text_size(payload)
    if kind == "N":
        return _number(payload)
    if kind == "BOOL":
        return TRUE if payload else FALSE, 1
    if kind == "B":
        data = b64decode(payload)
        return ("B", data), len(data)
    if kind == "L":
        return _read_list(payload, depth + 1, max_depth)
    if kind == "M":
        return _read_map(payload, depth + 1, max_depth)
    if kind == "NULL":
        if payload is not True:
            raise invalid_values("Null attribute value types must have the value of true")
        return NULL, 1
    return _read_set(kind, payload)


_SHORT = 32


@lru_cache(maxsize=16384)
def _short_text(text: str) -> tuple[Value, int]:
    """A short text: attributes repeat (types, states, names), and what repeats is kept once."""
    return ("S", text), text_size(text)


def _only_member(wire: Mapping[str, JSON]) -> tuple[str, JSON]:
    members = [(kind, payload) for kind, payload in wire.items() if payload is not None and kind in TYPES]
    if not members:
        raise invalid("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes")
    if len(members) > 1:
        for kind, payload in members:  # observed: what a member says of itself comes first
            for number in [payload] if kind == "N" else payload if kind == "NS" else ():
                _number(number)
        raise invalid(SEVERAL_TYPES)
    return members[0]


def _read_list(wire: Iterable[JSON], depth: int, max_depth: int) -> tuple[Value, int]:
    if depth > max_depth:
        raise invalid(TOO_DEEP)
    elements = [_read(element, depth, max_depth) for element in wire]
    return ("L", tuple(value for value, _ in elements)), 3 + sum(size + 1 for _, size in elements)


def _read_map(wire: Mapping[str, JSON], depth: int, max_depth: int) -> tuple[Value, int]:
    if depth > max_depth:
        raise invalid(TOO_DEEP)
    total = 3
    members: Attributes = {}
    for name, member in wire.items():
        members[name], size = _read(member, depth, max_depth)
        total += 1 + size + name_size(name)
    return ("M", members), total


def _read_set(kind: str, wire: list[JSON]) -> tuple[Value, int]:
    if not wire:
        raise invalid_values(f"{_SETS[kind]} may not be empty" if kind in _SETS else "Binary sets should not be empty")
    if kind == "NS":
        value = number_set(_number(text)[0][1] for text in wire)
        if len(value[1]) < len(wire):
            raise rejected("repeated number")
        return value, value_size(value)
    members = {b64decode(text) for text in wire} if kind == "BS" else set(wire)
    if len(members) < len(wire):
        raise _repeated(kind, wire)
    value = (kind, tuple(sorted(members)))
    return value, value_size(value)


def _repeated(kind: str, wire: list[str]) -> Rejection:
    """A set with a member twice, which the newer layer shows as it has read it: sorted up to the first repeat."""
    seen: dict[Any, str] = {}
    for member in wire:
        read = b64decode(member) if kind == "BS" else member
        if read in seen:
            break
        seen[read] = member
    shown = [seen[read] for read in sorted(seen)] + wire[len(seen) :]
    quoted = ("," if kind == "BS" else ", ").join(map(dumps, shown))
    return rejected("repeated binary" if kind == "BS" else "repeated text", sent=", ".join(wire), sorted=quoted)


def number_set(members: Iterable[str]) -> Value:
    """The NS of canonical number texts, each kept once, sorted by value."""
    return ("NS", tuple(sorted(set(members), key=number)))


# --- numbers ---------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def _number(text: str) -> tuple[Value, int]:
    canonical = canonical_number(text)
    return ("N", canonical), _number_size(canonical)


def canonical_number(text: str) -> str:
    """The one text that AWS returns for a number: plain decimal, no exponent, no needless zeros or plus sign.

    Raises:
        Fault: not a number, more than 38 significant digits, or outside 1E-130 to 9.99...E+125.
    """
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise rejected("unreadable number", text=text) if text else rejected("empty number")
    sign, mantissa, exponent_text = match.groups()
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    written = _exponent(text, exponent_text)
    exponent = written - len(fraction)
    first = exponent + max(1, len(digits)) - 1  # zero is judged by its exponent as written
    if first > _MAX_EXPONENT:
        raise _out_of_range(text, OVERFLOW, written, first)
    if first < _MIN_EXPONENT:
        raise _out_of_range(text, UNDERFLOW, min(written, exponent), first)
    if not digits:
        return "0"
    significant = digits.rstrip("0")
    exponent += len(digits) - len(significant)
    if len(significant) > _MAX_DIGITS:
        raise rejected("number", message="Attempting to store more than 38 significant digits in a Number")
    minus = "-" if sign == "-" else ""
    if exponent >= 0:
        return f"{minus}{significant}{'0' * exponent}"
    point = len(significant) + exponent
    if point > 0:
        return f"{minus}{significant[:point]}.{significant[point:]}"
    return f"{minus}0.{'0' * -point}{significant}"


def _exponent(text: str, exponent: str | None) -> int:
    if exponent is None:
        return 0
    digits = exponent.lstrip("+-").lstrip("0") or "0"
    value = int(digits[:20]) * (-1 if exponent[0] == "-" else 1)
    if len(digits) > 19 or not -_BITS_64 <= value < _BITS_64:
        raise rejected("unreadable number", text=text)
    return value


def _out_of_range(text: str, message: str, exponent: int, first: int) -> Rejection:
    """The older layer reckons in 32 bits, as Java's BigDecimal: scale and magnitude may leave them or wrap around."""
    if not -_BITS_32 < exponent < _BITS_32:
        return rejected("exponent beyond 32 bits", text=text, message=message)
    if first + 1 >= _BITS_32:
        return rejected("exponent that wraps", message=message)
    return rejected("number", message=message)


def number(text: str) -> int | Decimal:
    """The value of a canonical number text, exact; what N sorts and computes by."""
    return Decimal(text) if "." in text else int(text)


def add(left: str, right: str) -> str:
    """The sum of two canonical number texts, as one.

    Raises:
        Fault: the exact sum has no place in AWS's range or needs more than 38 digits (AWS says overflow for both).
    """
    return _result(_exact(left) + _exact(right))


def subtract(left: str, right: str) -> str:
    """The difference of two canonical number texts; as ``add``."""
    return _result(_exact(left) - _exact(right))


def _exact(text: str) -> int:
    """The number in units of 1E-167, the last digit that a number can have."""
    whole, _, fraction = text.partition(".")
    return int(whole + fraction.ljust(_PLACES, "0"))


_PLACES = _MAX_DIGITS - 1 - _MIN_EXPONENT


def _result(units: int) -> str:
    significant = str(abs(units)).rstrip("0")
    if not units:
        return "0"
    if len(significant) > _MAX_DIGITS:
        raise invalid(OVERFLOW)
    return canonical_number(f"{units}e-{_PLACES}")


def _number_size(canonical: str) -> int:
    """1 byte, and one for each two significant digits on either side of the point, and one for a minus sign."""
    digits = canonical.lstrip("-")
    whole, _, fraction = digits.partition(".")
    whole = whole.lstrip("0")
    if not fraction:
        whole = whole.rstrip("0")
    elif not whole:
        fraction = fraction.lstrip("0")
    return 1 + (len(whole) + 1) // 2 + (len(fraction) + 1) // 2 + (canonical[0] == "-")


# --- sizes -----------------------------------------------------------------------------------------------------------


def text_size(text: str) -> int:
    """Bytes of the text in UTF-8."""
    return len(text) if text.isascii() else len(text.encode())


def name_size(name: str) -> int:
    """Bytes that an attribute name counts with.

    Raises:
        Fault: the name is empty, or longer than 65,535 bytes.
    """
    size = len(name) if name.isascii() else len(name.encode())
    if 0 < size <= _MAX_NAME:
        return size
    if not size:
        raise invalid_values(EMPTY_NAME)
    raise invalid_values("Attribute name is too large, must be less than or equal to 65535 bytes")


def item_size(attributes: Attributes) -> int:
    """Bytes of an item: for each attribute its name and its value."""
    return sum(text_size(name) + value_size(value) for name, value in attributes.items())


def value_size(value: Value) -> int:
    """Bytes of a value, by AWS's formula."""
    kind, payload = value
    if kind == "S":
        return text_size(payload)
    if kind == "N":
        return _number(payload)[1]
    if kind == "B":
        return len(payload)
    if kind in ("BOOL", "NULL"):
        return 1
    if kind == "L":
        return 3 + sum(1 + value_size(element) for element in payload)
    if kind == "M":
        return 3 + sum(1 + text_size(name) + value_size(member) for name, member in payload.items())
    if kind == "NS":
        return sum(_number(member)[1] for member in payload)
    return sum(map(len, payload)) if kind == "BS" else sum(map(text_size, payload))


def check_depth(value: Value, depth: int = 0) -> None:
    """Raise Fault where a stored attribute would be nested deeper than AWS allows."""
    kind, payload = value
    if kind not in ("L", "M"):
        return
    if depth + 1 >= MAX_DEPTH:
        raise invalid(TOO_DEEP)
    for member in payload if kind == "L" else payload.values():
        check_depth(member, depth + 1)


def empty_key(value: Value) -> str:
    """What AWS says of a key that is empty."""
    kind = "string" if value[0] == "S" else "binary"
    return f"The AttributeValue for a key attribute cannot contain an empty {kind} value."


def empty_index_key(value: Value) -> str:
    """What AWS says of an index's key that is empty, before it names the index."""
    return f"A value specified for a secondary index key is not supported. {empty_key(value)}"


def nesting(wire: Mapping[str, JSON]) -> int:
    """How many lists and maps a value in wire form has one inside the other."""
    deepest = 0
    pending: list[tuple[Any, int]] = [(wire, 0)]
    while pending:
        member, depth = pending.pop()
        deepest = max(deepest, depth)
        for kind, payload in member.items():
            if kind in ("L", "M") and payload is not None:
                inside = payload if kind == "L" else payload.values()
                pending.extend((element, depth + 1) for element in inside)
                deepest = max(deepest, depth + 1)
    return deepest


# --- out -------------------------------------------------------------------------------------------------------------


def write_item(attributes: Attributes) -> dict[str, JSON]:
    """The item in wire form."""
    return {
        name: {value[0]: value[1]} if value[0] in _AS_IS else write_value(value) for name, value in attributes.items()
    }


def write_value(value: Value) -> dict[str, JSON]:
    """The value in wire form."""
    kind, payload = value
    if kind in _AS_IS:
        return {kind: payload}
    if kind == "M":
        return {"M": write_item(payload)}
    if kind == "L":
        return {"L": [write_value(element) for element in payload]}
    if kind == "B":
        return {"B": b64encode(payload).decode()}
    if kind == "BS":
        return {"BS": [b64encode(member).decode() for member in payload]}
    return {kind: list(payload)}


def sort_key(value: Value) -> SortKey:
    """What an S, N or B value sorts by."""
    return number(value[1]) if value[0] == "N" else value[1]


NULL: Value = ("NULL", True)
TRUE: Value = ("BOOL", True)
FALSE: Value = ("BOOL", False)
