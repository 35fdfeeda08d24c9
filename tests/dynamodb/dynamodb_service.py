"""DynamoDB as a client sees it, without HTTP: a world with nothing else in it, and calls checked as at the endpoint."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest

import emulator.wiring  # noqa: F401 - where DynamoDB is offered to the door of operations
from emulator.dynamodb.model.store import Store
from emulator.faults import Fault
from emulator.wire.gate import Gate
from emulator.wire.operations import perform
from emulator.wire.protocol import Call

ACCOUNT = "123456789012"
REGION = "eu-central-1"
STREAMS = frozenset({"DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"})


@dataclass
class Clock:
    """A clock that stands until it is moved."""

    time: float = 1_800_000_000.0

    def now(self) -> float:
        return self.time


@dataclass
class World:
    clock: Clock = field(default_factory=Clock)
    dynamodb: Store = field(init=False)
    elsewhere: dict[str, Any] = field(default_factory=dict)
    gate: Gate = field(default_factory=Gate)
    faults: tuple[Any, ...] = ()
    guard: Any = None
    keeping: Any = field(default_factory=lambda: SimpleNamespace(by=None))

    def __post_init__(self) -> None:
        self.dynamodb = Store(self.clock)

    def looked(self, _call: Call) -> None:
        """Nothing runs here that a look could move on."""


class Service:
    """DynamoDB as a client sees it: ``call`` answers or raises Fault; ``refusal`` is the code and message.

    ``door`` is the way in: the front door of the operations, unless a test comes over HTTP.
    """

    def __init__(self) -> None:
        self.world = World()
        self.clock = self.world.clock
        self.door: Callable[[Call], dict[str, Any]] = partial(perform, self.world)  # type: ignore[arg-type]

    def call(self, operation: str, **params: Any) -> dict[str, Any]:
        service = "dynamodbstreams" if operation in STREAMS else "dynamodb"
        return self.door(Call(service, operation, params, ACCOUNT, REGION, "test"))

    def refusal(self, operation: str, **params: Any) -> tuple[str, str]:
        with pytest.raises(Fault) as caught:
            self.call(operation, **params)
        return caught.value.code, caught.value.message

    def table(self, name: str, hash_key: str = "p:S", range_key: str = "", **more: Any) -> str:
        """Create a table on demand, its keys as ``name:type``."""
        keys = [key.split(":") for key in (hash_key, range_key) if key]
        definitions = dict(keys)
        definitions.update(more.pop("attributes", {}))
        self.call(
            "CreateTable",
            TableName=name,
            KeySchema=[
                {"AttributeName": key, "KeyType": role} for (key, _), role in zip(keys, ("HASH", "RANGE"), strict=False)
            ],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": kind} for key, kind in definitions.items()],
            BillingMode="PAY_PER_REQUEST",
            **more,
        )
        return name
