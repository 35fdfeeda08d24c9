"""APIs: what moto holds of API Gateway.

Of HTTP APIs it holds all; whoever answers for one reads it here. REST APIs are ours (``emulator/apigateway/control``):
they lie in moto's backends, so that they are kept, put back and forgotten like what other services hold.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar

from emulator.moto_door.state import opened


class HasApis(Protocol):
    """What an account has of REST APIs in a region."""

    apis: dict[str, Any]
    """By id."""


_Held = TypeVar("_Held", bound=HasApis)


def rest_apis_of(account: str, region: str, make: Callable[[], _Held]) -> _Held:
    """What an account has of REST APIs in a region; made when somebody first asks for them."""
    opened("apigateway")
    from moto.apigateway.models import apigateway_backends

    backend: Any = apigateway_backends[account][region]
    held: _Held = vars(backend).setdefault(_PLACE, make())
    return held


_PLACE: Final = "rest_apis_of_dynastep"


def rest_apis() -> Iterator[tuple[str, str, Any]]:
    """Account, region and what they have of REST APIs, of all that have used them."""
    for account, region, backend in _backends("moto.apigateway.models", "apigateway_backends"):
        if _PLACE in vars(backend):
            yield account, region, vars(backend)[_PLACE]


def _backends(module: str, attribute: str) -> Iterator[tuple[str, str, Any]]:
    if module in sys.modules:
        backends: Any = getattr(sys.modules[module], attribute)
        for account, regions in list(backends.items()):
            for region, backend in list(regions.items()):
                yield account, region, backend


@dataclass(frozen=True, slots=True)
class HttpApi:
    """One stage of an HTTP API."""

    account: str
    region: str
    id: str
    stage: str
    variables: Mapping[str, str]
    routes: tuple[Mapping[str, Any], ...]
    integrations: Mapping[str, Mapping[str, Any]]
    authorizers: Mapping[str, Mapping[str, Any]]
    cors: Mapping[str, Any] | None
    is_disabled: bool
    deployment: str = ""


def find_api(api: str) -> tuple[str, str, str] | None:
    """The account and the region that an API is in, and its kind: ``REST``, ``HTTP`` or ``WEBSOCKET``; None if none."""
    for account, region, held in rest_apis():
        if api in held.apis:
            return account, region, "REST"
    for account, region, found in _held(api):
        return account, region, found.protocol_type
    return None


def _held(api: str) -> Iterator[tuple[str, str, Any]]:
    for account, region, backend in _backends("moto.apigatewayv2.models", "apigatewayv2_backends"):
        found = backend.apis.get(api)
        if found is not None:
            yield account, region, found


def has_stage(api: str, stage: str) -> bool:
    """Whether an API of version 2 has a stage of this name."""
    return any(stage in found.stages for *_, found in _held(api))


def http_api(api: str, stage: str) -> HttpApi | None:
    """A stage of an HTTP API; None if there is none."""
    for account, region, found in _held(api):
        held = found.stages.get(stage) if found.protocol_type == "HTTP" else None
        if held is not None:
            return HttpApi(
                account=account,
                region=region,
                id=api,
                stage=stage,
                variables=held.stage_variables or {},
                routes=tuple(route.to_json() for route in list(found.routes.values())),
                integrations={key: each.to_json() for key, each in list(found.integrations.items())},
                authorizers={key: each.to_json() for key, each in list(found.authorizers.items())},
                cors=found.cors_configuration or None,
                is_disabled=str(found.disable_execute_api_endpoint).lower() == "true",
            )
    return None


def cors_of(api: str) -> Mapping[str, Any] | None:
    """What an HTTP API says of the pages that may call it; None if nothing."""
    for *_, found in _held(api):
        if found.protocol_type == "HTTP":
            cors: Mapping[str, Any] | None = found.cors_configuration or None
            return cors
    return None
