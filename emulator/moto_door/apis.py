"""APIs: what moto holds of API Gateway, as whoever answers for an API reads it.

Methods, integrations and the like are as AWS's own operations show them (``httpMethod``, ``methodIntegration``...). A
stage of a REST API answers as its deployment says: a change is seen after the next CreateDeployment, as on AWS.
"""

from __future__ import annotations

import copy
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


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
    for account, region, kind, _ in _held(api):
        return account, region, kind
    return None


def _held(api: str) -> Iterator[tuple[str, str, str, Any]]:
    for module, attribute in (
        ("moto.apigateway.models", "apigateway_backends"),
        ("moto.apigatewayv2.models", "apigatewayv2_backends"),
    ):
        if module not in sys.modules:
            continue
        backends: Any = getattr(sys.modules[module], attribute)
        for account, regions in list(backends.items()):
            for region, backend in list(regions.items()):
                found = backend.apis.get(api)
                if found is not None:
                    yield account, region, getattr(found, "protocol_type", "REST"), found


def has_stage(api: str, stage: str) -> bool:
    """Whether an API has a stage of this name."""
    return any(stage in found.stages for *_, found in _held(api))


def rest_api(api: str, stage: str) -> RestApi | None:
    """A stage of a REST API; None if there is none."""
    for account, region, kind, found in _held(api):
        held = found.stages.get(stage) if kind == "REST" else None
        if held is not None:
            deployment = found.deployments.get(held.deployment_id)
            content = getattr(deployment, "content", None) or content_of(found)
            return _rest(found, account, region, stage, held.deployment_id or "", held.variables or {}, content)
    return None


def undeployed(api: str, variables: Mapping[str, str]) -> RestApi | None:
    """A REST API as it is now, deployed or not, as TestInvokeMethod calls it; None if there is none."""
    for account, region, kind, found in _held(api):
        if kind == "REST":
            return _rest(found, account, region, "test-invoke-stage", "", variables, content_of(found))
    return None


def _rest(
    api: Any, account: str, region: str, stage: str, deployment: str, variables: Mapping[str, str], content: Any
) -> RestApi:
    return RestApi(
        account=account,
        region=region,
        id=api.id,
        name=api.name,
        stage=stage,
        deployment=deployment,
        variables=variables,
        at_the_edge="EDGE" in ((api.endpoint_configuration or {}).get("types") or ()),
        is_disabled=str(api.disableExecuteApiEndpoint).lower() == "true",
        key_source=api.api_key_source or "HEADER",
        **content,
    )


def content_of(api: Any) -> dict[str, Any]:
    """What a deployment of moto's API keeps of it."""
    return copy.deepcopy(
        {
            "resources": {resource.get_path(): resource.to_dict() for resource in api.resources.values()},
            "models": {name: model.schema or "{}" for name, model in api.models.items()},
            "validators": {key: validator.to_dict() for key, validator in api.request_validators.items()},
            "authorizers": {key: authorizer.to_json() for key, authorizer in api.authorizers.items()},
            "gateway_responses": {key: each.to_json() for key, each in api.gateway_responses.items()},
            "binary_types": tuple(api.binaryMediaTypes or ()),
        }
    )


def create_deployment(theirs: Any) -> Any:
    """Have a deployment keep what the API is."""

    def create_deployment(self: Any, *given: Any, **named: Any) -> Any:
        deployment = theirs(self, *given, **named)
        deployment.content = content_of(self)
        return deployment

    return create_deployment


def create_rest_api(theirs: Any) -> Any:
    """Have an API know its binary media types, which moto leaves out."""

    def create_rest_api(self: Any) -> Any:
        response = theirs(self)
        made = json.loads(response[2])
        types = self._get_param("binaryMediaTypes")
        if "id" not in made or not types:
            return response
        self.backend.apis[made["id"]].binaryMediaTypes = list(types)
        return (*response[:2], json.dumps({**made, "binaryMediaTypes": types}))

    return create_rest_api


def nothing(_theirs: Any) -> Any:
    """Do nothing: moto would answer for an API where somebody uses its own mocks."""

    def update_integration_mocks(self: Any, stage_name: str) -> None:
        """Nothing: the API is answered here."""

    return update_integration_mocks


def http_api(api: str, stage: str) -> HttpApi | None:
    """A stage of an HTTP API; None if there is none."""
    for account, region, kind, found in _held(api):
        held = found.stages.get(stage) if kind == "HTTP" else None
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
    for *_, kind, found in _held(api):
        if kind == "HTTP":
            cors: Mapping[str, Any] | None = found.cors_configuration or None
            return cors
    return None


def usage_keys(api: str, stage: str) -> Mapping[str, str]:
    """The values of the API keys that may call a stage, as its usage plans say -> the ids of the keys."""
    for account, region, kind, _ in _held(api):
        if kind != "REST":
            continue
        from moto.apigateway.models import apigateway_backends

        backend: Any = apigateway_backends[account][region]
        keys: dict[str, str] = {}
        for plan in list(backend.usage_plans.values()):
            if any(each.get("apiId") == api and each.get("stage") == stage for each in plan.api_stages or ()):
                for key in backend.usage_plan_keys.get(plan.id, {}):
                    held = backend.keys.get(key)
                    if held is not None and held.enabled:
                        keys[held.value] = key
        return keys
    return {}
