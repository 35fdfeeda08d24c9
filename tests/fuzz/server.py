"""A server process for a fuzz run, and the memory it holds."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import create_server

ROOT = Path(__file__).parent.parent.parent
STARTS_WITHIN = 180.0
"""A start takes 2 s of a processor, which was seen to take 13 s beside the checks of other work."""
MEBIBYTE = 1024 * 1024


@contextmanager
def running(*flags: str) -> Iterator[tuple[int, int]]:
    """``python -m dynastep start`` on a free port: the port and the process id. It ends when the context does."""
    port = free_port()
    command = [sys.executable, "-m", "dynastep", "start", "--port", str(port), *flags]
    log = subprocess.DEVNULL
    process = subprocess.Popen(command, cwd=ROOT, stdout=log, env={**os.environ, "PYTHONPATH": str(ROOT)})
    try:
        await_start(port, process)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait()


def free_port() -> int:
    """A port on which nobody listens."""
    with create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def await_start(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until the server answers.

    Raises:
        RuntimeError: it does not. If it was started with PYTHONFAULTHANDLER, its standard error shows where it stood.
    """
    deadline = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < deadline and process.poll() is None:
        try:
            control(port, "GET", "/_dynastep/health")
        except OSError:
            time.sleep(0.05)
        else:
            return
    if process.poll() is not None:
        message = f"the server did not start: exit code {process.poll()}"
        raise RuntimeError(message)
    busy = f"{os.getloadavg()[0]:.1f} processes wanted one of {os.cpu_count()} processors"
    process.send_signal(signal.SIGABRT)
    process.wait()
    message = f"the server did not answer within {STARTS_WITHIN:g} s, while {busy}"
    raise RuntimeError(message)


def control(port: int, method: str, path: str) -> None:
    """Call a control route of the server."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path)
        response = connection.getresponse()
        response.read()
        if response.status != 200:
            message = f"{method} {path} answers {response.status}"
            raise RuntimeError(message)
    finally:
        connection.close()


def resident(pid: int) -> float:
    """MiB of memory that a process holds."""
    kibibytes = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=True).stdout
    return int(kibibytes) / 1024


def most_resident(pid: int) -> float:
    """MiB of memory that a process held at most, where the system tells; else what it holds."""
    told = Path(f"/proc/{pid}/status")
    if not told.exists():
        return resident(pid)
    kibibytes = next(line.split()[1] for line in told.read_text().splitlines() if line.startswith("VmHWM"))
    return int(kibibytes) / 1024
