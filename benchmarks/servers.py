"""Emulators as processes of this machine: installed apart, started on a free port, called, watched, stopped."""

from __future__ import annotations

import http.client
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.figures import OURS, Refused

ROOT = Path(__file__).parents[1]
PEERS = ROOT / ".venvs"
PROC = Path("/proc")
MEGABYTE = 1024 * 1024
TICK = 1 / os.sysconf("SC_CLK_TCK")
"""Seconds: what the system counts processor time in."""
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""Of all that is started: an installed program has its bytecode, and so has ours from its second start on."""
PATIENCE = 60.0
"""Seconds that a server has to start, or to answer."""


@dataclass(frozen=True, slots=True)
class Program:
    """An emulator that can be started. ``{port}`` in its command and environment stands for the port."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    install: tuple[tuple[str, ...], ...] = ()
    settings: tuple[str, Any] | None = None
    """A path and what is posted there once it runs."""
    state_machines: bool = True

    @property
    def present(self) -> bool:
        """Whether it is installed."""
        return Path(self.command[0]).exists()


def _python_peer(name: str, requirement: str) -> tuple[tuple[str, ...], ...]:
    home = PEERS / name
    return (sys.executable, "-m", "venv", str(home)), (f"{home}/bin/python", "-m", "pip", "install", "-q", requirement)


PROGRAMS = (
    Program(OURS, (sys.executable, "-m", "dynastep", "start", "--port", "{port}")),
    Program(
        "ministack",
        (f"{PEERS}/ministack/bin/ministack",),
        {"BIND_HOST": "127.0.0.1", "GATEWAY_PORT": "{port}"},
        _python_peer("ministack", "ministack"),
    ),
    Program(
        "moto",
        (f"{PEERS}/moto/bin/moto_server", "-H", "127.0.0.1", "-p", "{port}"),
        install=_python_peer("moto", "moto[all,server]"),
        settings=("/moto-api/config", {"stepfunctions": {"execute_state_machine": True}}),
    ),
    Program(
        "dynalite",
        (
            *(f"{PEERS}/dynalite/node_modules/.bin/dynalite", "--host", "127.0.0.1", "--port", "{port}"),
            *("--createTableMs", "0", "--deleteTableMs", "0", "--updateTableMs", "0"),
        ),
        install=(("npm", "install", "--silent", "--prefix", f"{PEERS}/dynalite", "dynalite"),),
        state_machines=False,
    ),
)


_TARGETS = {"dynamodb": "DynamoDB_20120810", "states": "AWSStepFunctions"}


class Client:
    """Calls over one connection that is kept open; nothing of an SDK is timed."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        self.close = self._connection.close

    def call(self, service: str, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Call an operation.

        Raises:
            Refused: the answer is an error.
        """
        scope = f"test/20260101/us-east-1/{service}/aws4_request"
        headers = {
            "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host;x-amz-date, Signature={0:064}",
            "Content-Type": "application/x-amz-json-1.0",
            "X-Amz-Date": "20260101T000000Z",
            "X-Amz-Target": f"{_TARGETS[service]}.{operation}",
        }
        return json.loads(self.post("/", params, headers))  # type: ignore[no-any-return]  # an object, as AWS says

    def post(self, path: str, document: Any, headers: Mapping[str, str]) -> bytes:
        """Post JSON; the body of the answer."""
        if self._connection.sock is not None and select.select([self._connection.sock], [], [], 0)[0]:
            self.close()  # as the server has done since it last answered
        try:
            self._connection.request("POST", path, json.dumps(document), headers)
            response = self._connection.getresponse()
            body = response.read()
        except (http.client.HTTPException, OSError):
            self.close()
            raise
        if response.status >= 300:
            raise Refused(f"{response.status} {body[:200].decode(errors='replace')}")
        return body

    def dynamodb(self, operation: str, **params: Any) -> dict[str, Any]:
        """Call an operation of DynamoDB."""
        return self.call("dynamodb", operation, params)

    def states(self, operation: str, **params: Any) -> dict[str, Any]:
        """Call an operation of Step Functions."""
        return self.call("states", operation, params)


@dataclass(frozen=True, slots=True)
class Server:
    """A program that runs, with all the processes it has started."""

    program: Program
    port: int
    process: subprocess.Popen[bytes]
    client: Client
    first_answer: float
    """Seconds from its start to its first answer."""

    def cpu_seconds(self) -> float:
        """Processor time used so far."""
        return sum(int(stat[11]) + int(stat[12]) for stat in self._stats()) * TICK

    def megabytes(self) -> float:
        """Resident memory."""
        return sum(int(stat[21]) for stat in self._stats()) * os.sysconf("SC_PAGE_SIZE") / MEGABYTE

    def _stats(self) -> Iterator[list[str]]:
        """Of each of its processes what the system shows after its name, from its state on."""
        for path in PROC.glob("[0-9]*/stat"):
            try:
                stat = path.read_text().rpartition(")")[2].split()
            except OSError:  # it has ended meanwhile
                continue
            if int(stat[3]) == self.process.pid:  # its session
                yield stat


@contextmanager
def running(program: Program) -> Iterator[Server]:
    """A program that has given its first answer; stopped afterwards.

    Raises:
        RuntimeError: it has not come so far. The message ends with what it printed.
    """
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    environment = ENVIRONMENT | {name: text.format(port=port) for name, text in program.environment.items()}
    command = [part.format(port=port) for part in program.command]
    with tempfile.TemporaryFile() as printed:
        client = Client(port)
        began = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=printed, stderr=printed, start_new_session=True
        )
        try:
            while not _answers(client):
                if process.poll() is not None or time.perf_counter() - began > PATIENCE:
                    printed.seek(0)
                    raise RuntimeError(f"{program.name} does not start:\n{printed.read()[-2000:].decode()}")
                time.sleep(0.005)
            first_answer = time.perf_counter() - began
            if program.settings is not None:
                client.post(*program.settings, {"Content-Type": "application/json"})
            yield Server(program, port, process, client, first_answer)
        finally:
            client.close()
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _answers(client: Client) -> bool:
    try:
        client.dynamodb("ListTables")
    except (Refused, http.client.HTTPException, OSError):
        return False
    return True
