"""Values of the shapes of botocore's models: such as a service takes, and such as none does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from random import Random
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

DEEPEST = 4
"""Structures inside each other; members that are optional go no deeper."""
TEXTS = (
    *("x", "abc-1", "Abcdef12", "a1b2c3d4e5f6", "1", "true", "0", "123456789012", "us-east-1", "us-east-1a"),
    *("arn:aws:iam::000000000000:role/r", "arn:aws:sns:us-east-1:000000000000:t", "arn:aws:s3:::b", "s3://b/k"),
    *("https://example.com/a", "10.0.0.0/16", "rate(1 minute)", "2026-01-01T00:00:00Z", "a@b.example", "{}", "[]"),
    *("01234567-89ab-cdef-0123-456789abcdef", "AKIAIOSFODNN7EXAMPLE", "i-0123456789abcdef0", "STANDARD", "ALL", "*"),
)
"""Texts that members of most services take; the first that fits a member's pattern and lengths is tried."""
HOSTILE = (
    *(
        "",
        " ",
        "\x00",
        "\x01\x1f",
        "a\x0bb",
        "\ufffe",
        "\uffff",
        "\u2028",
        "ünï",
        "😀" * 3,
        "]]>",
        "<!--",
        "&amp;",
        "%",
    ),
    *("x" * 300, "x" * 5000, "../../etc/passwd", "a/b//c", "${x}", "{{x}}", "'; DROP TABLE x", "-1", "1e999", "NaN"),
    *("arn:aws", "arn::::::", "arn:aws:x:y:z", "\r\nX-Injected: 1", "null", "\\u0000", "{", "[[[", '{"a":', "a=b&c=d"),
)
NUMBERS = (-1, 0, 2**31, -(2**31) - 1, 2**63, 10**30)


def made_up(shape: Shape, chance: Random, wrong: float, depth: int = 0) -> Any:
    """A value of a shape; each of its parts is one that no service takes with the probability ``wrong``."""
    if isinstance(shape, StructureShape):
        return dict(_members(shape, chance, wrong, depth))
    if isinstance(shape, ListShape):
        return [made_up(shape.member, chance, wrong, depth + 1) for _ in range(_count(shape, chance, wrong))]
    if isinstance(shape, MapShape):
        keys = [made_up(shape.key, chance, wrong) for _ in range(_count(shape, chance, wrong))]
        return {str(key): made_up(shape.value, chance, wrong, depth + 1) for key in keys}
    is_wrong = chance.random() < wrong
    match shape.type_name:
        case "boolean":
            return chance.random() < 0.5
        case "integer" | "long":
            return chance.choice(NUMBERS) if is_wrong else _number(shape, chance)
        case "float" | "double":
            return chance.choice([-1.5, 1e308]) if is_wrong else float(_number(shape, chance))
        case "timestamp":
            return chance.choice([-(10**9), 2**33]) if is_wrong else chance.choice([0, 1_700_000_000])
        case "blob":
            return chance.choice([b"", b"\x00\xff", b"{"]) if is_wrong else b"bytes"
        case _:
            return chance.choice(HOSTILE) if is_wrong else _text(shape, chance)


def _members(shape: StructureShape, chance: Random, wrong: float, depth: int) -> Iterator[tuple[str, Any]]:
    for name, member in shape.members.items():
        needed = name in shape.required_members
        kept = chance.random() >= wrong if needed else depth < DEEPEST and chance.random() < 0.4
        if kept and depth < 2 * DEEPEST:
            yield name, made_up(member, chance, wrong, depth + 1)


def _count(shape: Shape, chance: Random, wrong: float) -> int:
    least = int(shape.metadata.get("min", 0))
    return chance.choice([0, 3]) if chance.random() < wrong else min(max(least, chance.randrange(3)), 20)


def _number(shape: Shape, chance: Random) -> int:
    least, most = shape.metadata.get("min", 0), shape.metadata.get("max", 10)
    return int(chance.choice([least, most, (least + most) // 2]))


def _text(shape: Shape, chance: Random) -> str:
    if enum := getattr(shape, "enum", None):
        return str(chance.choice(enum))
    least, most, pattern = shape.metadata.get("min", 0), shape.metadata.get("max", 300), shape.metadata.get("pattern")
    fitting = [text for text in TEXTS if least <= len(text) <= most and _fits(text, pattern)]
    if fitting:
        return chance.choice(fitting[:6])
    return "x" * min(max(least, 1), 5000)


def _fits(text: str, pattern: str | None) -> bool:
    if pattern is None:
        return True
    try:
        return re.fullmatch(pattern, text) is not None
    except re.error:  # it is Java's alone
        return True
