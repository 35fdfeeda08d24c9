"""API addresses: which API of API Gateway a request is for, by its host or its path.

Of AWS's host (``a1b2.execute-api.us-east-1.amazonaws.com``) the first part is the API; at the emulator's own address a
path names it: ``/_aws/execute-api/a1b2/prod/bills`` or ``/restapis/a1b2/prod/_user_request_/bills``.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple
from urllib.parse import unquote

from emulator.wire.protocol import Environ, raw_uri


class Address(NamedTuple):
    """Which API a request is for, and what stands behind it in the path."""

    api: str
    stage: str
    """Empty where the address has none of its own: then the path may begin with one."""
    path: str
    """As it was sent, percent-encoded, with a slash in front."""


_HOST: Final = re.compile(r"([a-z0-9]+)\.execute-api\.", re.IGNORECASE)
_PATHS: Final = (
    re.compile(r"/restapis/([^/]+)/([^/]+)/_user_request_(/.*)?"),
    re.compile(r"/_aws/execute-api/([^/]+)(?:/([^/]+)(/.*)?)?/?"),
)


def names_api(environ: Environ) -> bool:
    """Whether a request is for an API rather than for a service. Every request is asked, so this is quick."""
    path: str = environ.get("PATH_INFO", "/")
    if "/@connections/" in path:  # apigatewaymanagementapi, which speaks to clients of WebSocket APIs
        return False
    if path.startswith(("/restapis/", "/_aws/")):
        return "/_user_request_" in path or path.startswith("/_aws/execute-api/")
    return ".execute-api." in environ.get("HTTP_HOST", "")


def address_of(environ: Environ) -> Address | None:
    """The API that a request is for; None if it is for none.

    >>> address_of({"PATH_INFO": "/_aws/execute-api/a1b2/prod/bills/7", "HTTP_HOST": "localhost:4566"})
    Address(api='a1b2', stage='prod', path='/bills/7')
    """
    if not names_api(environ):
        return None
    path = raw_uri(environ).partition("?")[0]
    for pattern in _PATHS:
        if match := pattern.fullmatch(path):
            return Address(match[1], unquote(match[2] or ""), match[3] or "/")
    named = _HOST.match(environ.get("HTTP_HOST", ""))
    return None if named is None else Address(named[1].lower(), "", path or "/")
