"""APIs: what accounts have of API Gateway, of both its versions.

It is ours (``emulator/apigateway``), and lies in moto's backends, so that it is kept, put back and forgotten like what
other services hold.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any, Final, Literal, Protocol, TypeAlias, TypeVar

from emulator.moto_door.state import opened


class HasApis(Protocol):
    """What an account has of APIs in a region."""

    apis: dict[str, Any]
    """By id."""


_Held = TypeVar("_Held", bound=HasApis)
Service: TypeAlias = Literal["apigateway", "apigatewayv2"]
_PLACE: Final = "apis_of_dynastep"


def apis_of(service: Service, account: str, region: str, make: Callable[[], _Held]) -> _Held:
    """What an account has of APIs in a region; made when somebody first asks for them."""
    opened()
    backends: Any = getattr(import_module(f"moto.{service}.models"), f"{service}_backends")
    held: _Held = vars(backends[account][region]).setdefault(_PLACE, make())
    return held


def all_apis(service: Service) -> Iterator[tuple[str, str, Any]]:
    """Account, region and what they have of APIs, of all that have used them."""
    module = sys.modules.get(f"moto.{service}.models")
    if module is not None:
        for account, regions in list(getattr(module, f"{service}_backends").items()):
            for region, backend in list(regions.items()):
                if _PLACE in vars(backend):
                    yield account, region, vars(backend)[_PLACE]


def owner_of_api(api: str) -> str | None:
    """The account that has an API, of either version; None if there is none."""
    services: tuple[Service, ...] = ("apigateway", "apigatewayv2")
    for service in services:
        for account, _, held in all_apis(service):
            if api in held.apis:
                return account
    return None
