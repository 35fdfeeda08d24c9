"""The Lambda Runtime API: where the process of a function asks for its next invocation and posts what came of it.

Each process has one of its own, on a free port of 127.0.0.1: the protocol names no process.
Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import Any, Final, Protocol

from emulator.lambdas.functions import Request, failure, trace_id

_ROOT: Final = "/2018-06-01/runtime"
_POSTED: Final = re.compile(rf"{_ROOT}/invocation/([^/]+)/(response|error)")
_CHUNK: Final = re.compile(rb"([0-9a-fA-F]+)")


@dataclass(frozen=True, slots=True)
class Handed:
    """An invocation on its way to a process, and when it has to be done, in milliseconds since 1970."""

    request: Request
    deadline: int


class Process(Protocol):
    """Who is behind the API. Called on threads of its own."""

    def next_invocation(self) -> Handed | None:
        """Wait for something to do; None if there will be nothing."""

    def take_answer(self, request_id: str, payload: str, after: float, *, failed: bool) -> bool:
        """The function has answered; false if nobody had asked it that."""

    def take_init_error(self, payload: str) -> None:
        """The function could not be loaded."""


class RuntimeApi:
    """Listens until it is closed."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._closed = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = "{}:{}".format(*self._listener.getsockname())
        threading.Thread(target=self._accept, name="dynastep-runtime-api", daemon=True).start()

    def _accept(self) -> None:
        with self._listener:
            while True:
                connection, peer = self._listener.accept()
                if self._closed:
                    connection.close()
                    return
                threading.Thread(
                    target=self._serve, args=(connection, peer), name="dynastep-runtime-api", daemon=True
                ).start()

    def _serve(self, connection: socket.socket, peer: Any) -> None:
        with connection, suppress(OSError):  # an error is that the process is gone, which its own end tells
            _Connection(connection, peer, self._process)

    def close(self) -> None:
        """Stop listening. A connection ends with its process."""
        if not self._closed:
            self._closed = True
            host, _, port = self.address.rpartition(":")
            socket.create_connection((host, int(port))).close()  # wakes whoever accepts, on every system


class _Connection(BaseHTTPRequestHandler):
    """One connection of a process."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True

    def __init__(self, connection: socket.socket, peer: Any, process: Process) -> None:
        self._process = process
        super().__init__(connection, peer, None)  # type: ignore[arg-type]  # it never asks its server for anything

    def log_message(self, *_: object) -> None:
        """Nothing: these requests are no news."""

    def do_GET(self) -> None:
        """The next invocation."""
        if self.path != f"{_ROOT}/invocation/next":
            self._refuse(404, "InvalidResource", f"There is no {self.path}")
            return
        handed = self._process.next_invocation()
        if handed is None:
            self.close_connection = True
            return
        request = handed.request
        headers = {
            "Lambda-Runtime-Aws-Request-Id": request.request_id,
            "Lambda-Runtime-Deadline-Ms": str(handed.deadline),
            "Lambda-Runtime-Invoked-Function-Arn": request.name.qualified,
            "Lambda-Runtime-Trace-Id": trace_id(request.request_id),
            "Content-Type": "application/json",
        }
        if request.client_context:
            headers["Lambda-Runtime-Client-Context"] = request.client_context
        self._answer(200, headers, request.payload.encode())

    def do_POST(self) -> None:
        """What came of an invocation, or of loading the function."""
        body = self._body().decode(errors="replace")
        posted = _POSTED.fullmatch(self.path)
        if posted is not None:
            after = float(self.headers.get("Dynastep-After", 0))
            if not self._process.take_answer(posted[1], body, after, failed=posted[2] == "error"):
                self._refuse(400, "InvalidRequestID", "Invalid request ID")
                return
        elif self.path == f"{_ROOT}/init/error":
            self._process.take_init_error(body)
        else:
            self._refuse(404, "InvalidResource", f"There is no {self.path}")
            return
        self._answer(202, {"Content-Type": "application/json"}, b'{"status":"OK"}')

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while (size := _CHUNK.match(self.rfile.readline())) and int(size[1], 16):
            body += self.rfile.read(int(size[1], 16))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass  # trailers
        return body

    def _refuse(self, status: int, kind: str, message: str) -> None:
        self._answer(status, {"Content-Type": "application/json"}, failure(kind, message).encode())

    def _answer(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()
