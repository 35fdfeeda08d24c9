"""Web requests: what HTTP Tasks and calls of API Gateway send, and how they show the answer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlsplit

from asl_interpreter.errors import RUNTIME, StateError
from asl_interpreter.jsontext import JSON, InvalidJSON, dumps, loads
from emulator.integrations.parameters import unusable

if TYPE_CHECKING:
    import urllib3

METHODS: Final = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS")
SECONDS: Final = 60.0
"""How long an answer may take."""
FORBIDDEN: Final = frozenset(
    {
        *("authorization", "connection", "content-md5", "expect", "host", "max-forwards", "proxy-authenticate"),
        *("server", "te", "trailer", "transfer-encoding", "upgrade", "via", "www-authenticate"),
    }
)
FORBIDDEN_PREFIXES: Final = ("x-amz", "x-forwarded")
"""Headers that a definition may not have.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-api-gateway.html ("Optional request parameters").
"""


@dataclass(frozen=True, slots=True)
class WebRequest:
    """A request as it is sent."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: str | bytes | None


@dataclass(frozen=True, slots=True)
class WebAnswer:
    """An answer as it comes."""

    status: int
    text: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


def send(request: WebRequest) -> WebAnswer:
    """Send a request, redirects not followed.

    Raises:
        OSError: there was no answer in time.
    """
    import urllib3

    headers = urllib3.HTTPHeaderDict()
    for name, value in request.headers:
        headers.add(name, value)
    body = request.body.encode() if isinstance(request.body, str) else request.body
    try:
        answer = _pool().request(
            request.method, request.url, body=body, headers=headers, redirect=False, timeout=SECONDS
        )
    except (urllib3.exceptions.HTTPError, ValueError) as error:  # a header may hold what none may
        raise OSError(str(error)) from None
    return WebAnswer(answer.status, answer.reason or "", tuple(answer.headers.items()), answer.data)


@cache
def _pool() -> urllib3.PoolManager:
    import urllib3

    return urllib3.PoolManager(retries=False)


def is_local(url: str) -> bool:
    """Whether a URL names this machine, or the one that a container runs on."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    return re.fullmatch(r"localhost|.+\.localhost|127(\.\d+){3}|::1|host\.docker\.internal", host) is not None


def pairs(arguments: Mapping[str, JSON], field: str) -> list[tuple[str, str]]:
    """The names and values of a field such as Headers; a list is several values of one name."""
    return [
        (name, value if isinstance(value, str) else dumps(value))
        for name, values in arguments.get(field, {}).items()
        for value in (values if isinstance(values, list) else [values])
    ]


def headers_of(arguments: Mapping[str, JSON]) -> list[tuple[str, str]]:
    """The headers of a definition.

    Raises:
        StateError: one is not allowed.
    """
    headers = pairs(arguments, "Headers")
    for name, _ in headers:
        if name.lower() in FORBIDDEN or name.lower().startswith(FORBIDDEN_PREFIXES):
            raise unusable(arguments, f"The header '{name}' is not supported by Step Functions")
    return headers


def method_of(arguments: Mapping[str, JSON]) -> str:
    """The method.

    Raises:
        StateError: there is no such method.
    """
    method: str = arguments["Method"]
    if method not in METHODS:
        raise unusable(arguments, "The value of the field 'Method' has an invalid format")
    return method


def with_query(url: str, query: Iterable[tuple[str, str]]) -> str:
    """A URL with parameters added to its query."""
    text = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in query)
    return url if not text else f"{url}{'&' if '?' in url else '?'}{text}"


def shown(answer: WebAnswer) -> dict[str, JSON]:
    """An answer as the result of a Task.

    Raises:
        StateError: States.Runtime, it is not text.
    """
    headers: dict[str, list[str]] = {}
    for name, value in sorted(answer.headers, key=lambda header: header[0].lower()):
        headers.setdefault(name, []).append(value)
    return {
        "Headers": headers,
        "ResponseBody": body_of(answer),
        "StatusCode": answer.status,
        "StatusText": answer.text,
    }


def body_of(answer: WebAnswer) -> JSON:
    """The body as JSON if it is, else as text.

    Raises:
        StateError: States.Runtime, it is neither.
    """
    kind = next((value for name, value in answer.headers if name.lower() == "content-type"), "")
    try:
        text = answer.body.decode()
    except UnicodeDecodeError:
        text = None
    if text is None or _BINARY.match(kind):
        raise StateError(RUNTIME, f"The HTTP response with the content type '{kind}' is not supported.")
    try:
        return loads(text) if "json" in kind else text
    except InvalidJSON:
        return text


_BINARY: Final = re.compile(r"application/octet-stream|image/|video/|audio/")


def body_to_send(body: Any) -> str | None:
    """A RequestBody as it is sent: text as it is, all else as JSON."""
    return body if body is None or isinstance(body, str) else dumps(body)
