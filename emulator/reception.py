"""The reception: what an HTTP server is sent, as it comes. Who may be answered, bodies read, answers noted.

Requests to AWS go on to the ``endpoint``; everything else is for the pages of the emulator.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeAlias

from asl_interpreter.jsontext import dumps
from asl_interpreter.loop.clock import monotonic
from emulator import moto_door
from emulator.endpoint import Postponed, Received, account_of, operation_of, owner_of_api, respond
from emulator.wire import protocol
from emulator.wire.api_addresses import names_api
from emulator.wire.credentials import credential
from emulator.wire.exchanges import ANSWER, LATER
from emulator.wire.hosts import Hosts
from emulator.wire.origins import is_open, is_visit, page_of_elsewhere
from emulator.wire.protocol import Environ, Response

if TYPE_CHECKING:
    from _typeshed.wsgi import InputStream, StartResponse, WSGIApplication

    from emulator.control import Control

log = logging.getLogger("dynastep")

MEBIBYTE = 1024 * 1024

LARGEST_UPLOAD = 512 * MEBIBYTE
"""Bytes of a body that another service than ours gets, such as an object of S3: it is held in memory."""

_NO_MORE_HOSTS = Hosts()

Note: TypeAlias = "Callable[[float, tuple[str, str, str, str], tuple[int, float, str], tuple[bytes, bytes]], None]"
"""Hears of each answered request: when it came by the emulator's clock; service, operation, account and region; HTTP
status, milliseconds and error; the bodies of request and answer."""


def layer(
    control: Control, pages: WSGIApplication, hosts: Hosts = _NO_MORE_HOSTS, note: Note | None = None
) -> WSGIApplication:
    """A WSGI application that answers AWS requests and leaves everything else to ``pages``.

    What a web page of elsewhere sends is refused, and what is sent to a name that is not one of ``hosts``. ``note``
    hears of every AWS request that was answered.
    """

    def serve(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        why = _why_kept_out(control, environ, hosts)
        if why is not None:
            response = _refuse(environ, why)
        elif not is_page(environ):
            try:
                response = _received(control, environ, note)
            except Postponed:
                return LATER
        else:
            return pages(environ, start_response)
        start_response(_STATUS_LINES[response.status], _headers(environ, response))
        return [response.body]

    return serve


def _headers(environ: Environ, response: Response) -> list[tuple[str, str]]:
    if environ["REQUEST_METHOD"] == "HEAD":
        return response.headers
    return [*response.headers, ("Content-Length", str(len(response.body)))]


_STATUS_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}


def is_page(environ: Environ) -> bool:
    """Whether a request is for a page or a control route of the emulator rather than for AWS."""
    path = environ.get("PATH_INFO", "/")
    if path in ("", "/"):
        visited = environ["REQUEST_METHOD"] == "GET" and "text/html" in environ.get("HTTP_ACCEPT", "")
        return visited and not names_api(environ)
    if path.startswith(("/_dynastep", "/_localstack/", "/_aws/")) or path == "/favicon.ico":
        return not names_api(environ)
    return path == "/health" and credential(environ) is None  # a bucket may have that name


def _why_kept_out(control: Control, environ: Environ, hosts: Hosts) -> str | None:
    """Why a request must not do anything; None if it may. See docs/security.md."""
    host = environ.get("HTTP_HOST")
    if host is not None and not hosts.answer_to(host) and not is_open(environ):
        return (
            f"Dynastep does not answer to the name {host}, which a web page of elsewhere may have: "
            f"--allowed-hosts {host.partition(':')[0]} makes it a name of this machine"
        )
    page = page_of_elsewhere(environ, hosts)
    if page is None or is_open(environ) or (is_page(environ) and is_visit(environ)):
        return None
    if names_api(environ) and control.of(owner_of_api(environ) or "").world.apis.allows(environ):
        return None
    return f"Dynastep answers web pages of this machine and its network, not of {page}"


def _refuse(environ: dict[str, Any], why: str) -> Response:
    log.warning(
        "%s %s was refused, for it could run code here: %s", environ["REQUEST_METHOD"], environ["PATH_INFO"], why
    )
    announced = environ.get("CONTENT_LENGTH") or ""
    if announced.isdigit() and 0 < int(announced) <= protocol.LARGEST_BODY:
        environ["wsgi.input"].read(int(announced))  # a client that cannot send all of its request reads no answer
    body = dumps({"__type": "AccessDeniedException", "message": why}).encode()
    return Response(403, [("Content-Type", "application/json")], body)


def _received(control: Control, environ: dict[str, Any], note: Note | None) -> Response:
    """Read the body, unless it is too large to be kept, and answer."""
    announced = environ.get("CONTENT_LENGTH") or ""
    length = int(announced) if announced.isdigit() else -1
    if length == 0 or (length < 0 and "HTTP_TRANSFER_ENCODING" not in environ):
        return _noted(control, environ, b"", note)
    most = protocol.LARGEST_BODY if protocol.service_of(environ) is not None else LARGEST_UPLOAD
    body = b"" if length > most else _read(environ["wsgi.input"], most + 1 if length < 0 else length)
    if length > most or len(body) > most:
        _discard(environ["wsgi.input"])
        return protocol.write_fault(environ, None, protocol.new_request_id(None), protocol.too_large())
    if len(body) < length:  # the client is gone, and half of a request is none
        return Response(400, [("Content-Type", "text/plain"), ("Connection", "close")], b"The body is not complete")
    return _noted(control, environ, body, note)


def _noted(control: Control, environ: dict[str, Any], body: bytes, note: Note | None) -> Response:
    """Answer, and tell ``note`` of a request that names its service."""
    at, began = 0.0 if note is None else control.latest.world.clock.now(), monotonic()
    caller = credential(environ)
    account = account_of(control, caller)

    def tell(response: Response) -> None:
        service = protocol.service_of(environ) or (caller.service if caller is not None else "")
        if note is not None and service:
            milliseconds = (monotonic() - began) * 1000
            named = (service, _named(service, environ, body), account, caller.region if caller is not None else "")
            note(at, named, (response.status, milliseconds, _error_of(response)), (body, response.body))

    def answer_later(response: Response) -> None:
        tell(response)
        environ[ANSWER](response.status, _headers(environ, response), response.body)

    later = answer_later if ANSWER in environ else None
    response = respond(control, Received(environ, body, caller, account, names_api(environ), later))
    tell(response)
    return response


_FIRST_ERROR = HTTPStatus.BAD_REQUEST.value
_ERROR = re.compile(rb'"__type": ?"(?:[^"#]*#)?(\w+)"|<Code>([\w.]+)</Code>')


def _error_of(response: Response) -> str:
    """The code of the error that an answer is; empty if it is none."""
    if response.status < _FIRST_ERROR:
        return ""
    named = next((value for name, value in response.headers if name.lower() == "x-amzn-errortype"), "")
    found = _ERROR.search(response.body)
    return named or ("" if found is None else (found[1] or found[2]).decode())


def _read(body: InputStream, most: int) -> bytes:
    """At most so many bytes of a body: one that comes in chunks does not say how long it is."""
    first = body.read(min(most, MEBIBYTE))
    if len(first) in (0, most):
        return first
    parts, left = [first], most - len(first)
    while left > 0 and (part := body.read(min(left, MEBIBYTE))):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _discard(body: InputStream) -> None:
    """Read a body to its end: a client that cannot send all of its request does not read the answer."""
    while body.read(MEBIBYTE):
        pass


def _named(service: str, environ: Environ, body: bytes) -> str:
    """The operation that a request names, and the path where that names it, as in ``PutObject /bucket/key``."""
    operation = operation_of(environ, body)
    method = environ["REQUEST_METHOD"]
    if operation == method.capitalize():
        return f"{moto_door.named_by_path(service, environ) or method} {environ.get('PATH_INFO', '/')}"
    return operation
