"""Tokens: JSON Web Tokens that callers of an API show, and what is wrong with them.

Sources: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-integrate-with-cognito.html,
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html,
https://www.rfc-editor.org/rfc/rfc8017#section-8.2.2 (RSASSA-PKCS1-v1_5)
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from asl_interpreter.jsontext import JSON, InvalidJSON, dumps, loads

Keys = Callable[[str], Sequence[Mapping[str, Any]]]
"""The public keys of an issuer, as JSON Web Keys; none if it has none, or cannot be reached."""


class Untrusted(Exception):
    """A token is not to be trusted; the message says why."""


_ALGORITHMS: Final = {
    # name: the hash, and the beginning of what is signed, which names the hash
    "RS256": (hashlib.sha256, bytes.fromhex("3031300d060960864801650304020105000420")),
    "RS384": (hashlib.sha384, bytes.fromhex("3041300d060960864801650304020205000430")),
    "RS512": (hashlib.sha512, bytes.fromhex("3051300d060960864801650304020305000440")),
}


def claims_of(token: str, issuers: Iterable[str], keys: Keys, now: float) -> dict[str, JSON]:
    """The claims of a token that one of some issuers has signed and that holds now.

    Raises:
        Untrusted: it is no token, or another one's, or does not hold.
    """
    parts = token.removeprefix("Bearer ").strip().split(".")
    if len(parts) != 3:
        raise Untrusted("it is no JSON Web Token")
    header, claims = _object(parts[0]), _object(parts[1])
    issuer = claims.get("iss")
    if not isinstance(issuer, str) or issuer not in set(issuers):
        raise Untrusted(f"its issuer is {issuer}")
    found = [key for key in keys(issuer) if key.get("kid") == header.get("kid") and key.get("kty") == "RSA"]
    if not any(_has_signed(key, str(header.get("alg")), f"{parts[0]}.{parts[1]}", parts[2]) for key in found):
        raise Untrusted("no key of its issuer has signed it")
    if _time(claims, "exp", 0.0) <= now:
        raise Untrusted(EXPIRED)
    if _time(claims, "nbf", now) > now or _time(claims, "iat", now) > now:
        raise Untrusted("it does not hold yet")
    return claims


EXPIRED: Final = "it has expired"


def _object(part: str) -> dict[str, JSON]:
    try:
        found = loads(_decoded(part))
    except (InvalidJSON, UnicodeDecodeError):
        found = None
    if not isinstance(found, dict):
        raise Untrusted("it is no JSON Web Token")
    return found


def _decoded(part: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except (binascii.Error, ValueError):
        raise Untrusted("it is no JSON Web Token") from None


def _time(claims: Mapping[str, JSON], name: str, usual: float) -> float:
    given = claims.get(name, usual)
    if not isinstance(given, int | float):
        raise Untrusted(f"its {name} is no time")
    return given


def _has_signed(key: Mapping[str, Any], algorithm: str, text: str, signature: str) -> bool:
    """Whether a key has signed a text, by RSASSA-PKCS1-v1_5."""
    if algorithm not in _ALGORITHMS or key.get("alg", algorithm) != algorithm:
        return False
    digest, beginning = _ALGORITHMS[algorithm]
    modulus, exponent = (int.from_bytes(_decoded(str(key[name])), "big") for name in ("n", "e"))
    length = (modulus.bit_length() + 7) // 8
    given = _decoded(signature)
    hashed = beginning + digest(text.encode()).digest()
    if len(given) != length or length < len(hashed) + 11:
        return False
    expected = b"\x00\x01" + b"\xff" * (length - len(hashed) - 3) + b"\x00" + hashed
    return pow(int.from_bytes(given, "big"), exponent, modulus).to_bytes(length, "big") == expected


def scopes_of(claims: Mapping[str, JSON]) -> list[str]:
    """The scopes that a token has."""
    given = claims.get("scope", claims.get("scp"))
    return [str(each) for each in given] if isinstance(given, list) else str(given or "").split()


def as_texts(claims: Mapping[str, JSON]) -> dict[str, str]:
    """Claims as they are handed on: every one as a text."""
    return {name: value if isinstance(value, str) else _text(value) for name, value in claims.items()}


def _text(value: JSON) -> str:
    if isinstance(value, list):  # as Java prints it
        return f"[{' '.join(each if isinstance(each, str) else dumps(each) for each in value)}]"
    return dumps(value)
