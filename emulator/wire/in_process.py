"""In-process connections: real boto3 clients whose requests are answered without a socket.

A request is signed and serialised as ever; the last event before botocore would send it hands it to the endpoint, and
the answer goes back through botocore's own parsers. So what an in-process client sees is what HTTP would show.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import unquote_to_bytes, urlsplit

from asl_interpreter.loop.locks import lock
from emulator.wire.protocol import HEADER_BYTES, Environ, Response

if TYPE_CHECKING:
    from boto3 import Session
    from boto3.resources.base import ServiceResource
    from botocore.awsrequest import AWSPreparedRequest, AWSResponse
    from botocore.client import BaseClient
    from botocore.config import Config

Respond: TypeAlias = "Callable[[Environ, bytes], Response]"
"""Answers a request: its WSGI environ and its body."""

_creation = lock("the making of clients", 20)
"""Creating clients from one session is not thread-safe; using them is."""


def connect(
    respond: Respond,
    service: str,
    region: str,
    account: str,
    endpoint: str | None = None,
    config: Config | None = None,
) -> BaseClient:
    """A boto3 client whose requests ``respond`` answers."""
    with _creation:
        made: BaseClient = _session().client(service, **_options(region, account, endpoint, config))  # type: ignore[call-overload]  # any service
    _answer_with(respond, made)
    return made


def connect_resource(
    respond: Respond, service: str, region: str, account: str, endpoint: str | None
) -> ServiceResource:
    """A boto3 resource whose requests ``respond`` answers."""
    with _creation:
        made: ServiceResource = _session().resource(service, **_options(region, account, endpoint))  # type: ignore[call-overload]  # any service
    _answer_with(respond, made.meta.client)
    return made


@cache
def _session() -> Session:
    """One session for all clients: the models are read once, the user's own AWS configuration never."""
    import boto3
    import botocore.session

    variables: Any = {
        "profile": (None, None, None, None),
        "config_file": (None, None, os.devnull, None),
        "credentials_file": (None, None, os.devnull, None),
    }
    return boto3.Session(botocore_session=botocore.session.Session(session_vars=variables))


def _options(region: str, account: str, endpoint: str | None, config: Config | None = None) -> dict[str, Any]:
    from botocore.config import Config

    ours = Config(  # type: ignore[call-arg]  # newer than its stubs
        use_fips_endpoint=False,
        use_dualstack_endpoint=False,
        ignore_configured_endpoint_urls=True,
        proxies={},  # nothing is sent, and to look for them in the environment takes time
    )
    return {
        "region_name": region,
        "aws_access_key_id": account,
        "aws_secret_access_key": "dynastep",
        "endpoint_url": endpoint,
        "config": ours if config is None else ours.merge(config),
    }


def _answer_with(respond: Respond, client: BaseClient) -> None:
    def before_send(request: AWSPreparedRequest, **_: object) -> AWSResponse:
        return exchange(respond, request)

    events: Any = client.meta.events
    events.register("before-send", before_send)
    name = client.meta.service_model.service_id.hyphenize()
    events.unregister(f"needs-retry.{name}", unique_id=f"retry-config-{name}")  # the answer would be the same again


def exchange(respond: Respond, request: AWSPreparedRequest) -> AWSResponse:
    """Have ``respond`` answer a request that botocore would send; the answer as botocore receives one."""
    from botocore.awsrequest import AWSResponse

    status, headers, body = respond(*_environ(request))
    received = {"content-length": str(len(body)), **{name.lower(): value for name, value in headers}}
    return AWSResponse(request.url, status, received, _Raw(body))  # type: ignore[arg-type]  # it only reads


class _Raw(io.BytesIO):
    """The body of an answer as botocore reads it from a connection."""

    def stream(self, amount: int = 65536, decode_content: bool | None = None) -> Iterator[bytes]:  # noqa: ARG002, FBT001 - urllib3's signature
        while chunk := self.read(amount):
            yield chunk


def _environ(request: AWSPreparedRequest) -> tuple[Environ, bytes]:
    """A request of botocore as a WSGI environ and its body."""
    url = urlsplit(request.url)
    raw_path = url.path or "/"
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "PATH_INFO": unquote_to_bytes(raw_path).decode("latin-1"),
        "QUERY_STRING": url.query,
        "RAW_URI": f"{raw_path}?{url.query}" if url.query else raw_path,
        "SERVER_NAME": url.hostname or "localhost",
        "SERVER_PORT": str(url.port or 443),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SCRIPT_NAME": "",
        "wsgi.url_scheme": url.scheme,
        "HTTP_HOST": url.netloc,
    }
    headers: Any = request.headers  # values are text or bytes
    size = 0
    for name, value in headers.items():
        key = name.upper().replace("-", "_")
        text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
        environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = text
        size += len(text)
    environ[HEADER_BYTES] = size
    return environ, _read(request.body)


def _read(body: Any) -> bytes:
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode()
    if isinstance(body, bytes | bytearray):
        return bytes(body)
    return bytes(body.read())
