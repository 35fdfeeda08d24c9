"""Exchanges: a request as granian hands it over, and its answer, which may come when no thread waits for it.

granian calls its application on a thread, with an object that takes the answer whenever that comes. So a long poll or
a synchronous execution needs no thread while it waits: its application returns LATER, and answers from another thread.

A body is read on a thread, and granian has no way to end that. So a client that does not send the rest of its body is
told so after BODY_SECONDS, and its thread is free when it closes the connection; and beyond MOST_BODIES that are being
read at once, a request with a body is refused, so that there are always threads for everything else.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

from asl_interpreter.loop.clock import monotonic
from emulator.wire.protocol import HEADER_BYTES

if TYPE_CHECKING:
    from _typeshed.wsgi import InputStream, WSGIApplication

ANSWER: Final = "dynastep.answer"
"""Key of a WSGI environ whose server lets an application answer later: a function of the status, the headers and the
body, to be called once, on any thread."""

LATER: Final[Iterable[bytes]] = []
"""What an application returns that has kept the function under ANSWER."""

BODY_SECONDS: Final = 30.0
"""Real seconds that the piece of a body that is asked for (a megabyte, at most) has to come."""

MOST_BODIES: Final = 1024
"""Bodies that are read at once."""


def exchanges(app: WSGIApplication) -> Callable[[Any, dict[str, Any]], None]:
    """What granian calls for each request: with the object that takes the answer, and the request's part of environ."""
    from granian.wsgi import Response, ResponseIterWrap

    coming: dict[_Body, float] = {}
    threading.Thread(target=_watch, args=(coming,), name="dynastep-bodies", daemon=True).start()
    always = {
        "SCRIPT_NAME": "",
        "wsgi.errors": sys.stderr,
        "wsgi.input_terminated": True,
        "wsgi.multiprocess": False,
        "wsgi.multithread": True,
        "wsgi.run_once": False,
        "wsgi.version": (1, 0),
    }

    def exchange(taker: Any, request: dict[str, Any]) -> None:
        body = request.pop("wsgi.input")
        environ = always | request
        environ[HEADER_BYTES] = sum(map(len, request.values()))
        environ[ANSWER] = taker.response_bytes
        environ["wsgi.input"] = _Body(body, taker, coming)
        head = Response()  # type: ignore[no-untyped-call]  # granian's own
        parts = app(environ, head)
        if parts is LATER:
            return
        if isinstance(parts, list):
            taker.response_bytes(head.status, head.headers, b"".join(parts))
        else:
            taker.response_iter(head.status, head.headers, ResponseIterWrap(parts))  # type: ignore[no-untyped-call]  # as above

    return exchange


class _Body:
    """The body of a request. One that does not come in time, or that is one too many, ends early."""

    __slots__ = ("_coming", "_stream", "_taker")

    def __init__(self, stream: InputStream, taker: Any, coming: dict[_Body, float]) -> None:
        self._stream = stream
        self._taker = taker
        self._coming = coming

    def read(self, size: int = -1) -> bytes:
        return self._come(lambda: self._stream.read(size) if size >= 0 else self._stream.read())

    def readline(self, size: int = -1) -> bytes:
        return self._come(lambda: self._stream.readline(size))

    def readlines(self, _hint: int = -1) -> list[bytes]:
        return list(self)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.readline, b"")

    def _come(self, read: Callable[[], bytes]) -> bytes:
        if len(self._coming) >= MOST_BODIES:
            self.refuse(503, "Too many bodies are being read at once")
            return b""
        self._coming[self] = monotonic()
        try:
            return read()
        finally:
            del self._coming[self]

    def refuse(self, status: int, why: str) -> None:
        """Answer that the body is not waited for. What is answered after that is lost."""
        self._taker.response_bytes(status, [("Content-Type", "text/plain"), ("Connection", "close")], why.encode())


def _watch(coming: dict[_Body, float]) -> None:
    told: set[_Body] = set()
    pause = threading.Event()
    while not pause.wait(1):
        bodies = list(coming.items())
        told.intersection_update(body for body, _ in bodies)
        for body, began in bodies:
            if monotonic() > began + BODY_SECONDS and body not in told:
                told.add(body)
                body.refuse(408, f"The rest of the body did not come within {BODY_SECONDS:g} seconds")
