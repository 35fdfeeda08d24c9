"""Texts of requests, broken: JSON, forms and XML, their encodings, and whatever is none of these."""

from __future__ import annotations

import gzip
import json
import zlib
from random import Random
from typing import Any
from urllib.parse import parse_qsl, urlencode

from .values import HOSTILE, NUMBERS

BOMB = gzip.compress(b"0" * (64 * 1024 * 1024), compresslevel=9)
"""64 KB that are 64 MB."""
LAUGHS = (
    b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    b'<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><x>&c;</x>'
)
_WRONG: tuple[Any, ...] = (None, True, "", "text", [], {}, [[]], {"a": {}}, [None], *NUMBERS, 0.5, *HOSTILE[:8])


def broken(body: bytes, kind: str, chance: Random) -> bytes:
    """A body with something wrong in it; ``kind`` is its content type."""
    if chance.random() < 0.3:
        return _cut(body, chance)
    if "json" in kind:
        return _broken_json(body, chance)
    if "form" in kind:
        return _broken_form(body, chance)
    return _broken_xml(body, chance) if body[:1] == b"<" else _cut(body, chance)


def encoded(body: bytes, chance: Random) -> tuple[bytes, str]:
    """A body and the encoding that its header names; one in three is none of it."""
    match chance.randrange(6):
        case 0:
            return gzip.compress(body), "gzip"
        case 1:
            return zlib.compress(body), "deflate"
        case 2:
            return gzip.compress(body)[:-4], "gzip"
        case 3:
            return body, chance.choice(["gzip", "br", "gzip, gzip", "\x00"])
        case 4:
            return BOMB, "gzip"
        case _:
            return body, "identity"


def _cut(body: bytes, chance: Random) -> bytes:
    at = chance.randrange(len(body) + 1)
    match chance.randrange(5):
        case 0:
            return body[:at]
        case 1:
            return body[:at] + chance.choice(HOSTILE).encode("utf-8", "surrogatepass") + body[at:]
        case 2:
            return body[:at] + bytes([chance.randrange(256)]) + body[at + 1 :]
        case 3:
            return chance.choice([b"", b"null", b"[]", b"1", b'"x"', b"\xff\xfe", b"[" * 5000, b'{"a":' * 5000, LAUGHS])
        case _:
            return body + body


def _broken_json(body: bytes, chance: Random) -> bytes:
    try:
        value = json.loads(body)
    except ValueError:
        return _cut(body, chance)
    return json.dumps(_with_wrong(value, chance)).encode()


def _with_wrong(value: Any, chance: Random) -> Any:
    """A value of which one part, somewhere, is of another type or is called something else."""
    if isinstance(value, dict) and value and chance.random() < 0.9:
        name = chance.choice(list(value))
        rest = {key: part for key, part in value.items() if key != name}
        if chance.random() < 0.2:
            return {**rest, name.swapcase(): value[name], "Colour": "red"}
        return {**rest, name: _with_wrong(value[name], chance)}
    if isinstance(value, list) and value and chance.random() < 0.7:
        at = chance.randrange(len(value))
        return [*value[:at], _with_wrong(value[at], chance), *value[at + 1 :]]
    return chance.choice(_WRONG)


def _broken_form(body: bytes, chance: Random) -> bytes:
    pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    if not pairs:
        return _cut(body, chance)
    at = chance.randrange(len(pairs))
    name, value = pairs[at]
    suffixes = (".1", ".member.1", ".0", ".-1", ".entry.1.key", ".member.99999999999", "." * 70, ".x.y.z", "[]")
    changed = chance.choice(
        [
            (name, chance.choice(HOSTILE)),
            (name + chance.choice(suffixes), value),
            (name.rpartition(".")[0] or "x", value),
            (name.swapcase(), value),
        ]
    )
    more = [pairs[at]] if chance.random() < 0.3 else []
    text = urlencode([*pairs[:at], changed, *more, *pairs[at + 1 :]], errors="surrogatepass")
    return text.encode()


def _broken_xml(body: bytes, chance: Random) -> bytes:
    parts = body.split(b"<")
    at = chance.randrange(1, len(parts))
    match chance.randrange(5):
        case 0:
            parts.pop(at)
        case 1:
            parts[at] = parts[at].replace(b">", b">" + chance.choice([b"&#1;", b"&nope;", b"<![CDATA[x]]>", b"x"]), 1)
        case 2:
            parts[at] = b"Colour>" + parts[at].partition(b">")[2]
        case 3:
            parts.insert(at, parts[at])
        case _:
            return LAUGHS
    return b"<".join(parts)
