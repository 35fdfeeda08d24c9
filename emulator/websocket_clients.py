"""WebSocket clients: each from its handshake on, as tornado has it.

What a client says is worked on by threads, one message of a connection after the other.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlsplit

from tornado.httpserver import HTTPServer
from tornado.web import Application
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from emulator.apigateway.messages import Answer, Incoming
from emulator.apigateway.sockets import LONGEST, Connection, Sockets
from emulator.wire.api_addresses import address_of

if TYPE_CHECKING:
    import socket

    from tornado.httputil import HTTPServerRequest

THREADS: Final = 64
"""Handshakes and messages that are worked on at once."""
_NEAR: Final = frozenset({"localhost", "127.0.0.1", "::1"})
"""Hosts whose pages may connect."""
_GONE: Final = 1005
"""The code of a connection that ended without one."""


Find = Callable[[str], "Sockets | None"]
"""Finds the connections of the world that an API is in, by the id of the API; None if it is in none."""


async def serve(listening: list[socket.socket], ready: Callable[[], None], find: Find) -> None:
    """Serve clients until the process ends."""
    pool = ThreadPoolExecutor(THREADS, thread_name_prefix="dynastep-websocket")
    application = Application(
        [(r"/.*", _Client, {"pool": pool, "find": find})],
        websocket_max_message_size=LONGEST,
        log_function=lambda _: None,
    )
    HTTPServer(application).add_sockets(listening)
    ready()
    await asyncio.Event().wait()


def _incoming(request: HTTPServerRequest, path: str) -> Incoming:
    return Incoming(
        method="GET",
        path=path,
        query=tuple(parse_qsl(request.query, keep_blank_values=True)),
        headers=tuple(request.headers.get_all()),
        host=request.host,
        source_ip=request.remote_ip or "127.0.0.1",
        raw_query=request.query,
    )


class _Client(WebSocketHandler):
    """One client."""

    def initialize(self, pool: ThreadPoolExecutor, find: Find) -> None:
        self._pool = pool
        self._find = find
        self._loop = asyncio.get_running_loop()
        self._connection: Connection | None = None
        self._api = ""
        self._waiting: list[str | bytes] | None = []
        """What is to be said when the handshake is over; None once it is."""

    def check_origin(self, origin: str) -> bool:
        return urlsplit(origin).hostname in _NEAR

    async def get(self, *args: Any, **named: Any) -> None:
        environ = {"PATH_INFO": self.request.path, "HTTP_HOST": self.request.host, "RAW_URI": self.request.uri}
        address = address_of(environ)
        if address is None:
            self.send_error(404)
            return
        self._api, stage = address.api, f"{address.stage}/{address.path}".strip("/")
        asked = _incoming(self.request, address.path)
        found = await self._work(lambda sockets: sockets.connect(address.api, stage, asked, self.send, self.end))
        if isinstance(found, Connection):
            self._connection = found
            await super().get(*args, **named)
            return
        answer = found or Answer(403, b'{"message":"Forbidden"}')
        self.set_status(answer.status)
        self.finish(answer.body)

    async def _work(self, work: Callable[[Sockets], Any]) -> Any:
        """Have a thread do something with the connections of the world that the API is in; None if it is in none."""

        def inside() -> Any:
            sockets = self._find(self._api)
            return None if sockets is None else work(sockets)

        return await self._loop.run_in_executor(self._pool, inside)

    def open(self, *_args: str, **_named: str) -> None:
        held, self._waiting = self._waiting or [], None
        for each in held:
            self._write(each)

    async def on_message(self, message: str | bytes) -> None:
        connection = self._connection
        if connection is not None:
            await self._work(lambda sockets: sockets.said(connection, message))

    def on_close(self) -> None:
        connection, code, reason = self._connection, self.close_code or _GONE, self.close_reason or ""
        if connection is not None:
            self._pool.submit(self._tell_of_end, connection, code, reason)

    def _tell_of_end(self, connection: Connection, code: int, reason: str) -> None:
        sockets = self._find(self._api)
        if sockets is not None:
            sockets.ended(connection, code, reason)

    def send(self, message: str | bytes) -> None:
        """Say something to the client, from any thread."""
        self._loop.call_soon_threadsafe(self._write, message)

    def _write(self, message: str | bytes) -> None:
        if self._waiting is not None:
            self._waiting.append(message)
            return
        with contextlib.suppress(WebSocketClosedError):  # the client is gone, of which $disconnect tells
            self.write_message(message, binary=isinstance(message, bytes))

    def end(self) -> None:
        """Close the connection, from any thread."""
        self._loop.call_soon_threadsafe(self.close, 1000, "")
