"""Deployed: a REST API as whoever answers for one of its stages reads it.

A stage answers as its deployment says: a change is seen after the next CreateDeployment, as on AWS.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.apigateway.control.held import Api, Gateway, Thing, gateways


@dataclass(frozen=True, slots=True)
class RestApi:
    """One stage of a REST API."""

    account: str
    region: str
    id: str
    name: str
    stage: str
    deployment: str
    """Its id."""
    variables: Mapping[str, str]
    resources: Mapping[str, Mapping[str, Any]]
    """Path, such as ``/bills/{id}`` -> the resource, as GetResources shows it with its methods."""
    models: Mapping[str, str]
    """Name -> schema, JSON text."""
    validators: Mapping[str, Mapping[str, Any]]
    authorizers: Mapping[str, Mapping[str, Any]]
    gateway_responses: Mapping[str, Mapping[str, Any]]
    binary_types: tuple[str, ...]
    at_the_edge: bool
    """Whether CloudFront stands before it."""
    is_disabled: bool
    """Whether its own name is not to be called (disableExecuteApiEndpoint)."""
    key_source: str
    """HEADER or AUTHORIZER."""
    is_canary: bool = False
    """Whether this is the canary of the stage."""


def find_rest_api(api: str) -> tuple[str, str, Gateway, Api] | None:
    """The account and the region that a REST API is in, what they have, and the API itself; None if there is none."""
    for account, region, gateway in gateways():
        found = gateway.apis.get(api)
        if found is not None:
            return account, region, gateway, found
    return None


def rest_api(api: str, stage: str, chance: Callable[[], float] = lambda: 1.0) -> RestApi | None:
    """A stage of a REST API; None if there is none. A ``chance`` below the share of a canary means the canary."""
    where = find_rest_api(api)
    held = None if where is None else where[3].stages.get(stage)
    if where is None or held is None:
        return None
    account, region, _, found = where
    deployment, variables = held["deploymentId"], held.get("variables") or {}
    canary = held.get("canarySettings")
    is_canary = canary is not None and chance() * 100 < canary.get("percentTraffic", 0.0)
    if canary is not None and is_canary:
        deployment = canary["deploymentId"]
        variables = {**variables, **(canary.get("stageVariableOverrides") or {})}
    content = found.contents.get(deployment) or content_of(found)
    return _rest(found, (account, region), stage, deployment, variables, content, is_canary=is_canary)


def undeployed(api: str, variables: Mapping[str, str]) -> RestApi | None:
    """A REST API as it is now, deployed or not, as TestInvokeMethod calls it; None if there is none."""
    where = find_rest_api(api)
    if where is None:
        return None
    return _rest(where[3], where[:2], "test-invoke-stage", "", variables, content_of(where[3]))


def _rest(
    api: Api,
    where: tuple[str, str],
    stage: str,
    deployment: str,
    variables: Mapping[str, str],
    content: Thing,
    *,
    is_canary: bool = False,
) -> RestApi:
    return RestApi(
        *where,
        id=api.id,
        name=api.shown["name"],
        stage=stage,
        deployment=deployment,
        variables=variables,
        at_the_edge="EDGE" in api.shown["endpointConfiguration"]["types"],
        is_disabled=api.shown["disableExecuteApiEndpoint"],
        key_source=api.shown["apiKeySource"],
        is_canary=is_canary,
        **content,
    )


def content_of(api: Api) -> Thing:
    """What a deployment keeps of an API."""
    return copy.deepcopy(
        {
            "resources": {resource["path"]: resource for resource in api.resources.values()},
            "models": {name: model.get("schema") or "{}" for name, model in api.models.items()},
            "validators": api.validators,
            "authorizers": api.authorizers,
            "gateway_responses": api.gateway_responses,
            "binary_types": tuple(api.shown.get("binaryMediaTypes") or ()),
        }
    )
