"""What moto knows of the web: the REST APIs of its API Gateway and the connections of its EventBridge."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from emulator.arns import Arn, InvalidArn


@dataclass(frozen=True, slots=True)
class Method:
    """A method of an API, and what it does."""

    resource: str
    """The path with its parameters: ``/bills/{id}``."""
    authorization: str
    kind: str
    """AWS, AWS_PROXY, HTTP, HTTP_PROXY or MOCK."""
    uri: str
    http_method: str
    has_templates: bool
    """Whether a mapping template stands before or behind it."""
    status: int
    """That of its first integration response."""
    template: str | None
    """The template of that response's body."""
    at_the_edge: bool = False
    """Whether CloudFront stands before the API."""
    path_parameters: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)


def find_method(account: str, region: str, api_id: str, stage: str, verb: str, path: str) -> Method | None:
    """The method of an API that answers a call; None if there is none."""
    from moto.apigateway.models import apigateway_backends

    apis: Any = apigateway_backends[account][region].apis
    api = apis.get(api_id)
    if api is None or stage not in api.stages:
        return None
    for resource in sorted(api.resources.values(), key=lambda resource: resource.get_path().count("{")):
        parameters = _matched(resource.get_path(), path)
        method = resource.resource_methods.get(verb) or resource.resource_methods.get("ANY")
        if parameters is not None and method is not None and method.method_integration is not None:
            at_the_edge = "EDGE" in (api.endpoint_configuration or {}).get("types", ())
            found = _read(resource.get_path(), method)
            variables = api.stages[stage].variables or {}
            return replace(found, at_the_edge=at_the_edge, path_parameters=parameters, variables=variables)
    return None


def _matched(template: str, path: str) -> dict[str, str] | None:
    """The parameters of a path that a template such as ``/a/{id}`` or ``/{proxy+}`` describes; None if it does not."""
    pattern = "".join(
        re.escape(part) if not part.startswith("{") else "(.+)" if part.endswith("+}") else "([^/]+)"
        for part in re.split(r"({[^}]+})", template)
    )
    match = re.fullmatch(pattern, path)
    names = [name.removesuffix("+") for name in re.findall(r"{([^}]+)}", template)]
    return None if match is None else dict(zip(names, match.groups(), strict=True))


def _read(resource: str, method: Any) -> Method:
    integration = method.method_integration
    responses = integration.integration_responses or {}
    status, response = next(iter(responses.items()), ("200", None))
    template = (getattr(response, "response_templates", None) or {}).get("application/json") or None
    return Method(
        resource,
        method.authorization_type or "NONE",
        integration.integration_type,
        integration.uri or "",
        integration.http_method or method.http_method,
        bool(integration.request_templates) or template is not None,
        int(status),
        template,
    )


class ApiDestination(NamedTuple):
    """What an API destination calls."""

    endpoint: str
    """Its URL, with ``*`` for each path parameter."""
    method: str
    connection: str
    """ARN."""


def api_destination(arn: str) -> ApiDestination | None:
    """An API destination by its ARN; None if there is none."""
    from moto.events.models import events_backends

    parsed = Arn.parse(arn)
    found = events_backends[parsed.account][parsed.region].destinations.get(parsed.resource.split("/")[1])
    if found is None or found.arn != arn:
        return None
    return ApiDestination(found.invocation_endpoint, found.http_method, found.connection_arn)


def connection(arn: str) -> dict[str, Any] | None:
    """The authorization parameters of a connection, secrets and all, as CreateConnection took them; None if none."""
    from moto.events.models import events_backends

    try:
        parsed = Arn.parse(arn)
    except InvalidArn:
        return None
    connections: Any = events_backends[parsed.account][parsed.region].connections
    found = connections.get(parsed.names[0].split("/")[1] if "/" in parsed.names[0] else "")
    return None if found is None or found.arn != arn else found.auth_parameters
