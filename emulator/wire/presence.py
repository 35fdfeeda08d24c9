"""Presence: what the parser of SearchVectors says of a member that is null or not there.

Unlike the other operations, this one is answered by a parser that stops where it stands in the text, and says where.

Source: answers observed on AWS; lines and columns are counted as serde_json, whose words these are, counts them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from emulator.faults import Fault

STRICTLY_PARSED: Mapping[str, Mapping[str, str]] = {
    "SearchVectors": {"TableName": "a string", "IndexName": "a string", "SearchVector": "a sequence", "TopK": "i32"}
}
"""Operation -> its required members, each with what the parser expects there."""

_TOKENS = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s"{}\[\],:]+')


def check_present(wanted: Mapping[str, str], body: bytes) -> None:
    """Check that the object has the members, and none of them null; ``body`` is JSON text of an object.

    Raises:
        Fault: a member is null (the first in the text), or is not there.
    """
    depth, key, end = 0, "", 0
    found = set()
    previous = b""
    for token in _TOKENS.finditer(body):
        text = token.group()
        end = token.end()
        if depth == 1 and text == b":":
            key = previous[1:-1].decode(errors="replace")
            found.add(key)
        elif depth == 1 and text == b"null" and key in wanted:
            raise Fault("SerializationException", f"invalid type: null, expected {wanted[key]}{_place(body, end)}")
        depth += (text in b"{[") - (text in b"}]")
        previous = text
    for member in wanted:
        if member not in found:
            raise Fault("ValidationException", f"missing field `{member}`{_place(body, end)}")


def _place(body: bytes, end: int) -> str:
    start = body.rfind(b"\n", 0, end) + 1
    line = body.count(b"\n", 0, end) + 1
    return f" at line {line} column {end - start}"
