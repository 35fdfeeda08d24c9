"""Exporting: an HTTP API as an OpenAPI 3.0 document.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-export.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from emulator.apigateway.control.held import Thing, bad, kept, not_found
from emulator.apigateway.v2.deployments import content_of
from emulator.apigateway.v2.held import Asked

_TEXTS: Final = {
    "connectionId": "connectionId",
    "connectionType": "connectionType",
    "credentialsArn": "credentials",
    "integrationMethod": "httpMethod",
    "integrationSubtype": "subtype",
    "integrationUri": "uri",
    "payloadFormatVersion": "payloadFormatVersion",
    "requestParameters": "requestParameters",
    "responseParameters": "responseParameters",
    "timeoutInMillis": "timeoutInMillis",
}
"""A member of an integration -> its name in the extension."""


def export_api(asked: Asked) -> Thing:
    """ExportApi; a stage as it is deployed, or the API as it is now."""
    import yaml  # type: ignore[import-untyped]  # it has none

    api, params = asked.api, asked.params
    if not api.is_http:
        raise bad("Only HTTP APIs can be exported")
    if params.get("exportVersion") not in (None, "1.0"):
        raise bad(f"Invalid export version specified: {params['exportVersion']}. Must be one of [1.0]")
    name, content = params.get("stageName"), content_of(api)
    if name:
        stage = api.stages.get(name)
        if stage is None:
            raise not_found("Invalid stage identifier specified")
        deployed = api.contents.get(stage.get("deploymentId") or "")
        if deployed is None:
            raise bad("Stage has no deployment to export")
        content = deployed
    with_extensions = str(params.get("includeExtensions", True)).lower() != "false"
    document = _document(api.shown, content, name, with_extensions=with_extensions)
    is_json = params["outputType"] == "JSON"
    return {"body": json.dumps(document, indent=2) if is_json else yaml.safe_dump(document, sort_keys=False)}


def _document(shown: Thing, content: Mapping[str, Any], stage: str | None, *, with_extensions: bool) -> Thing:
    info = {"title": shown["name"], "version": shown.get("version") or shown["createdDate"]}
    if shown.get("description"):
        info["description"] = shown["description"]
    base = "" if stage in (None, "$default") else stage
    servers = [{"url": f"{shown['apiEndpoint']}/{{basePath}}", "variables": {"basePath": {"default": base}}}]
    document: Thing = {"openapi": "3.0.1", "info": info, "servers": servers}
    if shown.get("tags"):
        document["tags"] = [
            {"name": name, "x-amazon-apigateway-tag-value": value} for name, value in shown["tags"].items()
        ]
    paths: dict[str, Thing] = {}
    for route in sorted(content["routes"].values(), key=lambda each: str(each["routeKey"])):
        verb, _, path = route["routeKey"].partition(" ")
        where, method = (path, verb) if path else ("/$default", "ANY")
        named = "x-amazon-apigateway-any-method" if method == "ANY" else method.lower()
        paths.setdefault(where, {})[named] = _operation(route, content, with_extensions=with_extensions)
    document["paths"] = paths
    schemes = {each["name"]: _scheme(each) for each in content["authorizers"].values()}
    if schemes and with_extensions:
        document["components"] = {"securitySchemes": schemes}
    if with_extensions:
        if content["cors"]:
            document["x-amazon-apigateway-cors"] = content["cors"]
        document["x-amazon-apigateway-importexport-version"] = "1.0"
    return document


def _operation(route: Thing, content: Mapping[str, Any], *, with_extensions: bool) -> Thing:
    found: Thing = {}
    if route.get("operationName"):
        found["operationId"] = route["operationName"]
    names = [part[1:-1].rstrip("+") for part in route["routeKey"].split("/") if part.startswith("{")]
    if names:
        found["parameters"] = [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names
        ]
    found["responses"] = {"default": {"description": f"Default response for {route['routeKey']}"}}
    authorizer = content["authorizers"].get(route.get("authorizerId") or "")
    if authorizer is not None and with_extensions:
        found["security"] = [{authorizer["name"]: route.get("authorizationScopes") or []}]
    integration = content["integrations"].get(str(route.get("target") or "").removeprefix("integrations/"))
    if integration is not None and with_extensions:
        found["x-amazon-apigateway-integration"] = {
            "type": integration["integrationType"].lower(),
            **{_TEXTS[name]: value for name, value in kept(integration, *_TEXTS).items()},
        }
    return found


def _scheme(authorizer: Thing) -> Thing:
    source = authorizer.get("identitySource") or []
    if authorizer["authorizerType"] == "JWT":
        given = {"type": "jwt", "identitySource": source[0], **kept(authorizer, "jwtConfiguration")}
        return {"type": "oauth2", "flows": {}, "x-amazon-apigateway-authorizer": given}
    members = ("authorizerPayloadFormatVersion", "authorizerResultTtlInSeconds", "authorizerUri")
    given = {"type": "request", "identitySource": ",".join(source), **kept(authorizer, *members)}
    given |= kept(authorizer, "enableSimpleResponses")
    name = source[0].rpartition(".")[2] if source else "Unused"
    return {"type": "apiKey", "name": name, "in": "header", "x-amazon-apigateway-authorizer": given}
