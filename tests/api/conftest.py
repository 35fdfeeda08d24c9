"""A world in which next to nothing is, and raw requests to it; a client of Step Functions in a real one."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.config import Config

from asl_interpreter.loop.clock import Clock
from emulator import moto_door
from emulator.app import create_app
from emulator.clients import client
from emulator.control import Control
from emulator.dynamodb.model.store import Store
from emulator.keeping.folder import Folder
from emulator.reception import layer
from emulator.settings import Settings
from emulator.testing import Dynastep
from emulator.wire import operations
from emulator.wire.gate import Gate

AUTHORIZATION = (
    "AWS4-HMAC-SHA256 Credential={key}/20260101/{region}/{service}/aws4_request, SignedHeaders=host, Signature=0"
)


@dataclass
class FakeWorld:
    """What the endpoint needs of a world, and of its control."""

    calls: list[Any] = field(default_factory=list)
    mode: str = "wall"
    default_account: str = "000000000000"
    now: float = 0.0
    was_reset: bool = False
    elsewhere: dict[str, Any] = field(default_factory=dict)
    faults: tuple[Any, ...] = ()
    guard: Any = None
    keeping: Any = field(default_factory=lambda: SimpleNamespace(by=None))
    lambdas: Any = field(default_factory=lambda: SimpleNamespace(settle=lambda: None))
    gate: Gate = field(default_factory=Gate)
    dynamodb: Store = field(default_factory=lambda: Store(Clock("manual")))

    def of(self, _account: str) -> FakeWorld:
        return self

    @property
    def latest(self) -> FakeWorld:
        return self

    @property
    def world(self) -> FakeWorld:
        return self

    def looked(self, call: Any) -> None:
        self.calls.append(call)

    def clock_info(self) -> dict[str, Any]:
        return {"mode": self.mode, "now": self.now}

    def set_clock(self, mode: str | None, advance: float | None) -> None:
        if mode not in (None, "wall", "virtual", "manual"):
            raise ValueError(f"the clock has no mode {mode!r}")
        self.mode = mode or self.mode
        self.now += advance or 0

    def trouble(self) -> str | None:
        return None

    def counts(self) -> dict[str, int]:
        return {"stateMachines": 3}

    def reset(self) -> None:
        self.was_reset = True


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@pytest.fixture
def world() -> FakeWorld:
    return FakeWorld()


@pytest.fixture
def handlers(monkeypatch: pytest.MonkeyPatch) -> dict[str, operations.Handler]:
    """The operations that are built; a test puts its own in, by name."""
    built: dict[str, operations.Handler] = {}
    monkeypatch.setattr(operations, "handlers", lambda _service: built)
    return built


@pytest.fixture
def send(world: FakeWorld) -> Callable[..., Answer]:
    """Send a request through the WSGI layer: ``send("POST", "/", b"{}", content_type="application/json")``."""

    def pages(_environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/html")])
        return [b"a page"]

    application = layer(world, pages)  # type: ignore[arg-type]

    def request(method: str = "POST", path: str = "/", body: bytes = b"", **headers: str) -> Answer:
        path, _, query = path.partition("?")
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "4566",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_HOST": "localhost:4566",
        }
        for name, value in headers.items():
            environ["CONTENT_TYPE" if name == "content_type" else f"HTTP_{name.upper()}"] = value
        started: list[Any] = []
        chunks = application(environ, lambda *line: started.append(line))  # type: ignore[arg-type,return-value]
        status, sent = started[0]
        return Answer(int(status[:3]), {name.lower(): value for name, value in sent}, b"".join(chunks))

    return request


@pytest.fixture
def call(send: Callable[..., Answer]) -> Callable[..., Answer]:
    """Call an operation: ``call("dynamodb", "PutItem", {...})``, signed by account 000000000000 in us-east-1."""
    targets = {"stepfunctions": "AWSStepFunctions", "dynamodb": "DynamoDB_20120810"}
    names = {"stepfunctions": "states", "dynamodb": "dynamodb"}

    def request(
        service: str, operation: str, params: Any, key: str = "000000000000", region: str = "us-east-1", **headers: str
    ) -> Answer:
        body = params if isinstance(params, bytes) else json.dumps(params).encode()
        sent = {
            "content_type": "application/x-amz-json-1.0",
            "x_amz_target": f"{targets[service]}.{operation}",
            "authorization": AUTHORIZATION.format(key=key, region=region, service=names[service]),
            **headers,
        }
        return send("POST", "/", body, **sent)

    return request


ROLE = "arn:aws:iam::123456789012:role/runner"


@pytest.fixture
def states(dynastep: Dynastep) -> Any:
    """A client that sends whatever it is given: refusing is the service's business."""
    return dynastep.client("stepfunctions", config=Config(parameter_validation=False))


@pytest.fixture
def create_one(states: Any) -> Callable[..., str]:
    """Make a state machine: ``create_one(definition)``; its ARN."""

    def machine(definition: Any, name: str = "machine", **more: Any) -> str:
        text = json.dumps(definition)
        arn: str = states.create_state_machine(name=name, definition=text, roleArn=ROLE, **more)["stateMachineArn"]
        return arn

    return machine


@pytest.fixture
def opened(tmp_path):
    """Opens an emulator with a data folder; it is closed, and another one opened, as often as one likes."""
    controls = []

    def open_again(clock="virtual", folder=tmp_path / "data", **settings):
        close()
        kept = Folder(folder)
        try:
            control = Control(Settings(clock=clock, data_dir=folder, **settings), folder=kept)
        except BaseException:
            kept.close()
            raise
        controls.append(control)
        create_app(control)
        control.begin()

        def of(service):
            return client(control, service, account="000000000000")

        of.control = control
        return of

    def close():
        while controls:
            controls.pop().close()
        moto_door.reset()  # as another process would begin

    yield open_again
    close()
