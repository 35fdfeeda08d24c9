"""The fixture of every test of DynamoDB."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from dynamodb_doors import Endpoint
from dynamodb_service import Service

from emulator import moto_door
from emulator.wiring import attach_tables


@pytest.fixture(scope="session")
def endpoint() -> Iterator[Endpoint]:
    """A server, before the world of the test that asks for it."""
    endpoint = Endpoint()
    yield endpoint
    endpoint.close()


@pytest.fixture(params=["perform", "raw", "boto3"])
def ddb(request: pytest.FixtureRequest) -> Service:
    """An account without tables, on a clock that stands until it is moved; entered by each door."""
    service = Service()
    moto_door.show_tables(lambda _account: service.world.dynamodb, attach_tables)
    if request.param != "perform":
        endpoint: Endpoint = request.getfixturevalue("endpoint")
        endpoint.world = service.world
        service.door = getattr(endpoint, request.param)
    return service
