"""Java where it shows in AWS's results: how values are written, the order of a set, the numbers that a seed draws.

Step Functions runs on the JVM, and three intrinsic functions give what only its library explains, all observed on AWS:
``States.Format`` writes an object as ``Map.toString`` does, ``States.ArrayUnique`` comes in the order of a ``HashSet``,
and ``States.MathRandom`` with a seed is ``new Random(seed).nextInt(bound)``. What an ItemReader makes of a row has its
members in the order of a ``HashMap``: so AWS's documentation shows them.

Source: the Java API specification of ``java.util.Random`` and of ``toString`` and ``hashCode`` of String, Integer,
Long, BigInteger, Double, Boolean, List and Map; for the table of a HashSet, the notes in OpenJDK's HashMap.
"""

from __future__ import annotations

import struct
from collections.abc import Hashable, Iterable, Sequence
from typing import Final

from ..jsontext import JSON, java_double

_INT: Final = (1 << 32) - 1
_LONG: Final = (1 << 64) - 1


def to_string(value: JSON) -> str:
    """``String.valueOf``: a string as it is, null as ``null``, an object as ``{a=1, b=[]}``."""
    if isinstance(value, str):
        return value
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return java_double(value)
    if isinstance(value, list):
        return f"[{', '.join(map(to_string, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{name}={to_string(member)}' for name, member in value.items())}}}"
    return str(value)


def hash_code(value: JSON) -> int:
    """``hashCode`` of a value as Jackson binds it, as 32 bits without a sign."""
    if value is None:
        return 0
    if isinstance(value, str):
        units = value.encode("utf-16-be", "surrogatepass")
        return _polynomial(0, (unit for (unit,) in struct.iter_unpack(">H", units)))
    if isinstance(value, bool):
        return 1231 if value else 1237
    if isinstance(value, int):
        return _hash_integer(value)
    if isinstance(value, float):
        (bits,) = struct.unpack(">Q", struct.pack(">d", value))
        return int((bits ^ bits >> 32) & _INT)
    if isinstance(value, list):
        return _polynomial(1, map(hash_code, value))
    return sum(hash_code(name) ^ hash_code(member) for name, member in value.items()) & _INT


def _polynomial(start: int, parts: Iterable[int]) -> int:
    result = start
    for part in parts:
        result = (31 * result + part) & _INT
    return result


def _hash_integer(value: int) -> int:
    """An Integer if it fits, else a Long, else a BigInteger."""
    if -(1 << 31) <= value < 1 << 31:
        return value & _INT
    if -(1 << 63) <= value < 1 << 63:
        bits = value & _LONG
        return (bits ^ bits >> 32) & _INT
    magnitude = abs(value)
    words = magnitude.to_bytes((magnitude.bit_length() + 31) // 32 * 4, "big")
    result = _polynomial(0, (word for (word,) in struct.iter_unpack(">I", words)))
    return result if value > 0 else -result & _INT


def hash_set(values: Sequence[JSON]) -> list[JSON]:
    """The distinct values, in the order in which ``new HashSet<>(values)`` yields them.

    As in Java, 1 and 1.0 are distinct, and two objects are equal whatever the order of their members. Of equal values
    the first stays. The order of values whose hash codes collide is that of the list.
    """
    distinct: dict[Hashable, JSON] = {}
    for value in values:
        distinct.setdefault(_identity(value), value)
    table = 16
    while table < int(len(values) / 0.75) + 1:
        table *= 2

    return _by_bucket(distinct.values(), table)


def hash_map(names: Sequence[str]) -> list[str]:
    """Distinct names, in the order in which a ``new HashMap<>()`` yields them that was given one after the other."""
    table = 16
    while table * 0.75 < len(names):
        table *= 2
    return _by_bucket(names, table)


def _by_bucket(values: Iterable[JSON], table: int) -> list[JSON]:
    def bucket(value: JSON) -> int:
        code = hash_code(value)
        return (code ^ code >> 16) & (table - 1)

    return sorted(values, key=bucket)


def _identity(value: JSON) -> Hashable:
    """Equal for two values exactly if ``equals`` holds in Java."""
    if isinstance(value, list):
        return list, tuple(map(_identity, value))
    if isinstance(value, dict):
        return dict, frozenset((name, _identity(member)) for name, member in value.items())
    return type(value), value


def random_below(seed: int, bound: int) -> int:
    """``new Random(seed).nextInt(bound)``; ``seed`` is a long, ``bound`` from 1 to 2^31 - 1."""
    state = (seed ^ 0x5DEECE66D) & ((1 << 48) - 1)
    while True:
        state = (state * 0x5DEECE66D + 0xB) & ((1 << 48) - 1)
        drawn = state >> 17
        if bound & (bound - 1) == 0:
            return bound * drawn >> 31
        # Draw again where the last, incomplete run of `bound` numbers would favour the small ones.
        if drawn - drawn % bound + bound <= 1 << 31:
            return drawn % bound
