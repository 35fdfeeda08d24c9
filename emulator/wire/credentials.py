"""Credentials: who calls, and in which region, read from a signature that nobody verifies.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs

DEFAULT_ACCOUNT = "000000000000"
DEFAULT_REGION = "us-east-1"
ACCOUNT_DIGITS = 12
SCOPE_PARTS = 5


@dataclass(frozen=True, slots=True)
class Credential:
    """What a request says of its caller; ``service`` is the signing name, empty where the signature has none."""

    access_key: str
    region: str = DEFAULT_REGION
    service: str = ""

    @property
    def account(self) -> str | None:
        """The account, where the access key id is one: twelve digits."""
        key = self.access_key
        return key if len(key) == ACCOUNT_DIGITS and key.isascii() and key.isdigit() else None


def credential(environ: Mapping[str, Any]) -> Credential | None:
    """The credential of a request, from its Authorization header or its presigned query; None if it has neither."""
    header = environ.get("HTTP_AUTHORIZATION", "")
    start = header.find("Credential=")
    if start >= 0:
        return _scoped(header[start + 11 :].partition(",")[0].strip())
    if header.startswith("AWS "):  # signature version 2: "AWS key:signature"
        return Credential(header[4:].partition(":")[0].strip())
    query = environ.get("QUERY_STRING", "")
    if "X-Amz-Credential=" in query:
        return _scoped(parse_qs(query).get("X-Amz-Credential", [""])[0])
    if "AWSAccessKeyId=" in query:
        return Credential(parse_qs(query).get("AWSAccessKeyId", [""])[0])
    return None


@lru_cache(maxsize=256)
def _scoped(text: str) -> Credential:
    """Read ``key/date/region/service/aws4_request``; signature version 4A has no region in it."""
    parts = text.split("/")
    if len(parts) == SCOPE_PARTS:
        return Credential(parts[0], parts[2] or DEFAULT_REGION, parts[3])
    if len(parts) == SCOPE_PARTS - 1:
        return Credential(parts[0], service=parts[2])
    return Credential(parts[0])
