"""Emulators as processes of this machine: installed apart, started on a free port, called, watched, stopped."""

from __future__ import annotations

import http.client
import json
import os
import re
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
from importlib import metadata
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
    reset: str = ""
    """The path of the route that empties it, by a POST. One that has none takes an access key for an account."""
    hurry: Mapping[str, str] | None = None
    """The environment in which its executions do not wait in real time, if it has such a setting."""
    lacks: Mapping[str, str] = field(default_factory=dict)
    """What cannot be run of it on a machine that has package indexes and nothing else, and why: ``dynamodb``,
    ``stepfunctions``, ``events``, ``jsonata``, ``lambda`` or ``other services`` -> a reason."""

    @property
    def present(self) -> bool:
        """Whether it is installed."""
        return Path(self.command[0]).exists()

    @property
    def version(self) -> str:
        """Of the package that is installed."""
        home = Path(self.command[0]).parents[1]
        if self.name == OURS:
            return metadata.version(OURS)
        for package in home.glob(f"{self.name}/package.json"):
            return str(json.loads(package.read_text(encoding="utf-8"))["version"])
        for file in home.glob(f"lib/python3*/site-packages/{self.name}*.dist-info/METADATA"):
            found = re.search(
                rf"^Name: {self.name}(?:-core)?\nVersion: (.*)$", file.read_text(encoding="utf-8"), re.MULTILINE
            )
            if found is not None:
                return found[1]
        return "of an unknown version"


def _python_peer(name: str, *requirements: str) -> tuple[tuple[str, ...], ...]:
    home = PEERS / name
    pip = (f"{home}/bin/python", "-m", "pip", "install", "-q", *requirements)
    return (sys.executable, "-m", "venv", str(home)), pip


_DOCKER = "its Lambda functions run in Docker, in images that no package index has"


PROGRAMS = (
    Program(
        OURS,
        (sys.executable, "-m", "dynastep", "start", "--port", "{port}"),
        reset="/_dynastep/reset",
        hurry={"DYNASTEP_CLOCK": "virtual"},
    ),
    Program(
        "ministack",
        (f"{PEERS}/ministack/bin/ministack",),
        {"BIND_HOST": "127.0.0.1", "GATEWAY_PORT": "{port}"},
        _python_peer("ministack", "ministack"),
        reset="/_ministack/reset",
        hurry={"SFN_WAIT_SCALE": "0"},
    ),
    Program(
        "moto",
        (f"{PEERS}/moto/bin/moto_server", "-H", "127.0.0.1", "-p", "{port}"),
        install=_python_peer("moto", "moto[all,server]"),
        settings=("/moto-api/config", {"stepfunctions": {"execute_state_machine": True}}),
        reset="/moto-api/reset",
        lacks={"lambda": _DOCKER},
    ),
    Program(
        "localstack",
        (f"{PEERS}/localstack/bin/python", "-m", "localstack.runtime.main"),
        {
            "GATEWAY_LISTEN": "127.0.0.1:{port}",
            "LOCALSTACK_VOLUME_DIR": f"{PEERS}/localstack/volume",
            "SKIP_SSL_CERT_DOWNLOAD": "1",
            "DISABLE_EVENTS": "1",
        },
        # the last release on a package index; it starts with no newer ones of what the other three names are
        _python_peer("localstack", "localstack-core[runtime]", "cbor2<6", "pyopenssl>=25.1,<26", "service_identity"),
        lacks={
            "dynamodb": "its tables are in DynamoDB Local, which it downloads when it is used first",
            "jsonata": "its JSONata runs in Java, in a library that it downloads when it is used first",
            "lambda": _DOCKER,
        },
    ),
    Program(
        "dynalite",
        (
            *(f"{PEERS}/dynalite/node_modules/.bin/dynalite", "--host", "127.0.0.1", "--port", "{port}"),
            *("--createTableMs", "0", "--deleteTableMs", "0", "--updateTableMs", "0"),
        ),
        install=(("npm", "install", "--silent", "--prefix", f"{PEERS}/dynalite", "dynalite"),),
        lacks=dict.fromkeys(("stepfunctions", "jsonata", "lambda", "events", "other services"), "it is DynamoDB alone"),
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

    def settle(self) -> None:
        """Post what its program needs once it runs, and again whenever it was emptied."""
        if self.program.settings is not None:
            self.client.post(*self.program.settings, {"Content-Type": "application/json"})

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
def running(program: Program, more: Mapping[str, str] | None = None) -> Iterator[Server]:
    """A program that has given its first answer, started with ``more`` in its environment; stopped afterwards.

    Raises:
        RuntimeError: it has not come so far. The message ends with what it printed.
    """
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    environment = ENVIRONMENT | {name: text.format(port=port) for name, text in program.environment.items()}
    environment |= more or {}
    command = [part.format(port=port) for part in program.command]
    with tempfile.TemporaryFile() as printed:
        client = Client(port)
        began = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=printed, stderr=printed, start_new_session=True
        )
        try:
            while not _answers(client, program):
                if process.poll() is not None or time.perf_counter() - began > PATIENCE:
                    printed.seek(0)
                    raise RuntimeError(f"{program.name} does not start:\n{printed.read()[-2000:].decode()}")
                time.sleep(0.005)
            first_answer = time.perf_counter() - began
            server = Server(program, port, process, client, first_answer)
            server.settle()
            yield server
        finally:
            client.close()
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _answers(client: Client, program: Program) -> bool:
    service, operation = ("states", "ListStateMachines") if "dynamodb" in program.lacks else ("dynamodb", "ListTables")
    try:
        client.call(service, operation, {})
    except (Refused, http.client.HTTPException, OSError):
        return False
    return True
