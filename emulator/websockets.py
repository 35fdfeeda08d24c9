"""WebSockets: the port on which clients reach WebSocket APIs. One for a process, once there is such an API.

The server of everything else gives a WSGI application no WebSockets, so this is another one, tornado's, on a thread of
its own: see ``websocket_clients.py``.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from asl_interpreter.loop.locks import lock

if TYPE_CHECKING:
    from emulator.apigateway.sockets import Sockets

log = logging.getLogger("dynastep")

_starting = lock("the port of WebSocket APIs", 47)
_ports: Final[dict[tuple[str, int], int]] = {}
"""Host and port that were asked for -> the port that listens. Of the process."""

_finders: Final[list[Callable[[str], Sockets | None]]] = []
"""Finds the connections of the world that an API is in; the last one counts. Of the process, too."""


def find_with(find: Callable[[str], Sockets | None]) -> None:
    """Have the connections of the world that an API is in be found so, by the id of the API."""
    _finders[:] = [find]


def listen(host: str, port: int) -> str:
    """Listen, if nobody does yet; the URL at which APIs are: ``ws://127.0.0.1:4567/_aws/execute-api``.

    Raises:
        ModuleNotFoundError: tornado is not installed.
        OSError: nothing can listen there.
    """
    with _starting:
        if (host, port) not in _ports:
            _ports[host, port] = _start(host, port)
    name = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104 - no binding
    return f"ws://{name}:{_ports[host, port]}/_aws/execute-api"


def _start(host: str, port: int) -> int:
    import asyncio

    from tornado.netutil import bind_sockets

    from emulator.websocket_clients import serve

    def find(api: str) -> Sockets | None:
        return _finders[-1](api)  # the last one at the time of the call

    listening, begun = bind_sockets(port, host), threading.Event()
    threading.Thread(
        target=lambda: asyncio.run(serve(listening, begun.set, find)),
        name="dynastep-websockets",
        daemon=True,
    ).start()
    begun.wait()
    found: int = listening[0].getsockname()[1]
    log.info("WebSocket APIs listen on port %s", found)
    return found
