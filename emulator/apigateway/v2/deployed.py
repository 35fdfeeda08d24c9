"""Deployed: an API as whoever answers for one of its stages reads it.

A stage answers as its deployment says; one that has none answers nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emulator.apigateway.v2.held import find_api


@dataclass(frozen=True, slots=True)
class DeployedApi:
    """One stage of an HTTP or a WebSocket API."""

    account: str
    region: str
    id: str
    stage: str
    variables: Mapping[str, str]
    routes: tuple[Mapping[str, Any], ...]
    route_responses: tuple[Mapping[str, Any], ...]
    integrations: Mapping[str, Mapping[str, Any]]
    integration_responses: tuple[Mapping[str, Any], ...]
    authorizers: Mapping[str, Mapping[str, Any]]
    models: Mapping[str, Mapping[str, Any]]
    selection: str
    """The route selection expression."""
    cors: Mapping[str, Any] | None
    is_disabled: bool
    deployment: str


def has_stage(api: str, stage: str) -> bool:
    """Whether an API has a stage of this name."""
    found = find_api(api)
    return found is not None and stage in found[2].stages


def deployed_api(api: str, stage: str) -> DeployedApi | None:
    """A stage of an API; None if there is none, or if it is not deployed."""
    where = find_api(api)
    held = None if where is None else where[2].stages.get(stage)
    if where is None or held is None:
        return None
    account, region, found = where
    content = found.contents.get(held.get("deploymentId") or "")
    if content is None:
        return None
    return DeployedApi(
        account=account,
        region=region,
        id=api,
        stage=stage,
        variables=held["stageVariables"],
        routes=tuple(content["routes"].values()),
        route_responses=tuple(content["route_responses"].values()),
        integrations=content["integrations"],
        integration_responses=tuple(content["integration_responses"].values()),
        authorizers=content["authorizers"],
        models=content["models"],
        selection=content["selection"],
        cors=content["cors"],
        is_disabled=found.shown["disableExecuteApiEndpoint"],
        deployment=held["deploymentId"],
    )


def cors_of(api: str) -> Mapping[str, Any] | None:
    """What an HTTP API says of the pages that may call it; None if nothing."""
    found = find_api(api)
    cors: Mapping[str, Any] | None = None if found is None else found[2].shown.get("corsConfiguration")
    return cors
