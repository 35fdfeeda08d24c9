"""Servers: the application behind a port, in this process until it is told to stop, or in a thread beside a test.

Source of the choice: requests per CPU second measured; granian is the cheapest, waitress starts and stops in a thread.
"""

from __future__ import annotations

import ctypes
import gc
import math
import os
import select
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emulator.wire.exchanges import exchanges
from emulator.wire.hosts import url_of

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

THREADS = 2048
"""Requests that are worked on at once, each on a thread of its own.

Those that wait for an execution or for a task of an activity are not among them: see ``wire/exchanges.py``. What still
holds its thread while it waits is a request to Lambda for a function's answer, one to SQS for a message, a page of the
console that is kept up to date, and a body that comes slowly. Threads are made when they are needed, and go when they
have been idle; most of a thread's stack is never touched.
"""

HEADER_SECONDS = 60
"""Seconds that a client may take for the headers of its next request: after that its connection is closed."""

COLLECT_EVERY = (20_000, 10, 5)
"""How seldom garbage is looked for (gc.set_threshold): among all objects after a million new ones at the soonest.

An answer is thousands of dicts that end together, in no cycle; looked for as often as Python does by itself, a page of
1,000 items beside a table of 60,000 takes four times as long.
"""

STACK = 16 * 1024 * 1024
"""Bytes that a thread of the server may use, as many as where Python makes threads itself; most are never touched.

Rust's own two MiB are less than what Python allows a recursion, such as that of a JSON decoder in one of moto's
services.
"""

LARGE = 128 * 1024
"""Bytes of a piece of memory that goes back to the system as soon as it is free, where the C library is glibc.

By itself glibc keeps pieces of up to 32 MB once one of such a size was free: a server whose executions make texts of
200 KB then holds three times what it uses. Source: mallopt(3), M_MMAP_THRESHOLD.
"""

GRACE = 0.5
"""Seconds that requests in flight have to end when a server stops."""

LEAVES_WITHIN = 1.5
"""Seconds after which a server that was told to stop is gone, whatever still runs in it."""


class PortTaken(OSError):
    """Nothing can listen on this address. The message says why and what to do."""


_claims: list[int] = []
"""Descriptors of files whose locks say that this process is about to listen on a port, or does. They end with it."""


def claim_port(host: str, port: int) -> int:
    """As ``free_port``, of which no other process of this user is told that it is free meanwhile.

    Between the look at a port and the server's own listening there is time in which another one may look; and granian
    shares a port with whoever asks for that.
    """
    found = free_port(host, port)
    if sys.platform != "win32":
        import fcntl

        file = Path(tempfile.gettempdir()) / f"dynastep.{os.getuid()}.{found}.lock"
        claim = os.open(file, os.O_WRONLY | os.O_CREAT, 0o666)
        try:
            fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(claim)
            why = "another Dynastep starts there"
            raise PortTaken(f"Cannot listen on {host}:{port} ({why}): stop it, or choose another port") from None
        _claims.append(claim)
        free_port(host, found)  # whoever held the claim may listen by now
    return found


def free_port(host: str, port: int) -> int:
    """The port itself if one may listen on it; for 0, one that is free.

    Raises:
        PortTaken: somebody listens there, or the address cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.getaddrinfo(host, port)  # whose error ``create_server`` would hide
        with socket.create_server((host, port), family=family) as probe:
            taken: int = probe.getsockname()[1]
            return taken
    except socket.gaierror as error:
        raise PortTaken(f"Cannot listen on {host}:{port} ({error.strerror}): choose another host") from None
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        raise PortTaken(f"Cannot listen on {host}:{port} ({why}): stop what uses it, or choose another port") from None


def _give_back_large_pieces() -> None:
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "mallopt"):
        libc.mallopt(_M_MMAP_THRESHOLD, LARGE)


_M_MMAP_THRESHOLD = -3
"""Of glibc's malloc.h."""


def serve(app: WSGIApplication, host: str, port: int, ready: Callable[[], None], stop: Callable[[], None]) -> None:
    """Serve until SIGTERM or Ctrl-C, in this process.

    ``ready`` is called when the first connection is accepted, ``stop`` when a signal came. Requests then in flight have
    GRACE seconds.
    """
    os.environ.setdefault("RUST_MIN_STACK", str(STACK))  # read when Rust makes its first thread

    from granian.constants import Interfaces
    from granian.http import HTTP1Settings
    from granian.server import mt

    gc.set_threshold(*COLLECT_EVERY)
    _give_back_large_pieces()
    # How granian calls a WSGI application. Should it come to ask another name, no answer comes later, and threads wait.
    mt._wsgi_call_wrap = lambda callback, *_: exchanges(callback)  # type: ignore[attr-defined]  # noqa: SLF001 - as said

    class OneProcess(mt.MTServer):
        """granian's server with its worker in a thread.

        granian offers this for free-threaded Python only; a WSGI worker needs nothing of it. A worker process would
        cost a second interpreter's memory, and the state of the emulator could not be made before it.
        """

        def _check_gil(self) -> None:
            pass

    server = OneProcess(
        "dynastep",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        blocking_threads=THREADS,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_SECONDS * 1000),
        log_enabled=False,
    )

    def leave() -> None:
        threading.Timer(LEAVES_WITHIN, os._exit, (0,)).start()
        stop()
        time.sleep(GRACE)
        os._exit(0)

    leaving: list[threading.Thread] = []

    def on_signal(*_: object) -> None:
        if not leaving:
            leaving.append(threading.Thread(target=leave, name="dynastep-stop", daemon=True))
            leaving[0].start()
        server.signal_handler_interrupt()  # type: ignore[no-untyped-call]  # granian's own

    def announce() -> None:
        while not _listens(host, port):
            time.sleep(0.005)
        ready()

    @server.on_startup
    def started() -> None:
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, on_signal)
        threading.Thread(target=announce, name="dynastep-ready", daemon=True).start()

    server.serve(target_loader=lambda: app, wrap_loader=False)
    for thread in leaving:
        thread.join()  # it ends the process once everything that runs has ended


def _listens(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Server:
    """A server in a thread of this process; ``url`` is where it listens."""

    url: str
    _server: Any = field(repr=False)
    _thread: threading.Thread = field(repr=False)

    def close(self) -> None:
        """Stop listening and drop all connections; a request in flight is waited for no longer than GRACE."""
        from waitress.wasyncore import close_all, dispatcher  # type: ignore[import-untyped]  # no stubs

        trigger, pulled = self._server.trigger, threading.Event()

        def stop() -> None:
            pulled.wait()
            trigger.del_channel()
            dispatcher.close(self._server)  # its own ``close`` would close the trigger
            close_all(self._server._map, ignore_all=True)  # noqa: SLF001 - the loop ends once nothing is left in it

        def let_go() -> None:
            self._server.task_dispatcher.shutdown(timeout=math.inf)
            trigger.close()

        # Who pulls the trigger writes to its pipe, so that is open until nobody can: a closed one may be another file.
        trigger.pull_trigger(stop)
        pulled.set()
        self._thread.join()
        rest = threading.Thread(target=let_go, name="dynastep-server-rest", daemon=True)
        rest.start()
        rest.join(GRACE)


def serve_in_thread(app: WSGIApplication, host: str = "127.0.0.1", port: int = 0) -> Server:
    """Serve from a thread of this process until ``close``.

    Raises:
        PortTaken: the port is not free.
    """
    port = free_port(host, port) if port else 0
    server = _waitress(app, host=host, port=port)
    thread = threading.Thread(target=server.run, name="dynastep-server", daemon=True)
    thread.start()
    return Server(url_of(host, int(server.effective_port)), server, thread)


def serve_when_called(make_app: Callable[[], WSGIApplication]) -> str:
    """Serve from a thread of this process until it ends; the URL.

    The application, with the libraries of HTTP, is made when the first connection comes: most tests never make one.
    """
    listening = socket.create_server(("127.0.0.1", 0), backlog=1024)

    def run() -> None:
        select.select([listening], [], [])
        _waitress(make_app(), sockets=[listening]).run()

    threading.Thread(target=run, name="dynastep-server", daemon=True).start()
    return url_of("127.0.0.1", int(listening.getsockname()[1]))


def _waitress(app: WSGIApplication, **listening: Any) -> Any:
    from waitress.server import create_server  # type: ignore[import-untyped]  # no stubs

    return create_server(app, threads=16, connection_limit=1000, asyncore_use_poll=True, ident=None, **listening)
