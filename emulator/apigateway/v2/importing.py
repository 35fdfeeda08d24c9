"""Importing: an OpenAPI 3.0 document becomes an HTTP API.

Sources: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-open-api.html,
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from emulator.apigateway.control.documents import Document, read_text
from emulator.apigateway.control.held import Thing, bad, kept
from emulator.apigateway.v2.apis import check_cors, new_api
from emulator.apigateway.v2.authorizers import add_authorizer
from emulator.apigateway.v2.deployments import deploy_by_itself
from emulator.apigateway.v2.held import Api, Asked
from emulator.apigateway.v2.integrations import add_integration
from emulator.apigateway.v2.routes import add_route

_CORS = ("allowCredentials", "allowHeaders", "allowMethods", "allowOrigins", "exposeHeaders", "maxAge")
_INTEGRATION = (
    *("connectionId", "connectionType", "payloadFormatVersion", "requestParameters", "responseParameters"),
    *("timeoutInMillis", "tlsConfig"),
)


def import_api(asked: Asked) -> Thing:
    """ImportApi."""
    document = _document(asked)
    title = (document.content.get("info") or {}).get("title")
    if not title:
        raise bad("Invalid OpenAPI input. The info section needs a title")
    api = new_api(asked, {"name": str(title), "protocolType": "HTTP"})
    return _built(asked, api, document)


def reimport_api(asked: Asked) -> Thing:
    """ReimportApi: routes, integrations and authorizers that there were are gone; stages stay."""
    document, before = _document(asked), asked.api
    if not before.is_http:
        raise bad("Only HTTP APIs can be imported")
    api = copy.copy(before)
    api.shown = {name: value for name, value in api.shown.items() if name not in ("corsConfiguration", "description")}
    api.routes, api.integrations, api.authorizers, api.stages = {}, {}, {}, dict(api.stages)
    return _built(asked, api, document)


def _document(asked: Asked) -> Document:
    content = read_text(asked.params["body"])
    if "swagger" in content:
        raise bad("Only OpenAPI 3.0 definitions are supported for HTTP APIs")
    if not str(content.get("openapi", "")).startswith("3.0"):
        raise bad("Invalid OpenAPI input.")
    return Document(content)


def _built(asked: Asked, api: Api, document: Document) -> Thing:
    """Give an API what a document has, and keep it. Raises Fault: it cannot be."""
    content, told = document.content, []
    info = content.get("info") or {}
    named = {"name": info.get("title"), "description": info.get("description"), "version": info.get("version")}
    api.shown = {**api.shown, **{name: str(value) for name, value in named.items() if value}}
    tags = {
        str(each["name"]): str(each["x-amazon-apigateway-tag-value"])
        for each in content.get("tags") or ()
        if "x-amazon-apigateway-tag-value" in each
    }
    api.shown["tags"] = {**api.shown["tags"], **tags}
    cors = content.get("x-amazon-apigateway-cors")
    if cors:
        api.shown["corsConfiguration"] = kept(cors, *_CORS)
        check_cors(cors)
    authorizers = _authorizers(asked, api, document)
    for path, item in document.paths(asked.params.get("basepath") or "ignore"):
        for verb, operation in document.operations(item):
            key = "$default" if path.strip("/") == "$default" else f"{verb} {path}"
            given = operation.get("x-amazon-apigateway-integration")
            params = {"routeKey": key, **_security(document.security(operation), authorizers)}
            if operation.get("operationId"):
                params["operationName"] = str(operation["operationId"])
            if given:
                params["target"] = f"integrations/{_integration(asked, api, document.referred(given))}"
            else:
                told.append(f"No integration defined for {key}; the route answers with status 500")
            add_route(asked, api, params)
    if told and str(asked.params.get("failOnWarnings")).lower() == "true":
        raise bad("Warnings found during import: " + " ".join(told))
    asked.gateway.apis[api.id] = api
    deploy_by_itself(asked, api)
    return {**api.shown, "warnings": told} if told else api.shown


def _integration(asked: Asked, api: Api, given: Mapping[str, Any]) -> str:
    """The id of a new integration."""
    texts = {
        "integrationSubtype": given.get("subtype"),
        "integrationUri": given.get("uri"),
        "credentialsArn": given.get("credentials"),
        "integrationType": str(given.get("type", "")).upper(),
        "integrationMethod": None if given.get("httpMethod") is None else str(given["httpMethod"]).upper(),
        "payloadFormatVersion": str(given.get("payloadFormatVersion") or "1.0"),
    }
    return str(add_integration(asked, api, {**kept(given, *_INTEGRATION), **kept(texts, *texts)})["integrationId"])


def _authorizers(asked: Asked, api: Api, document: Document) -> dict[str, Thing]:
    """The name of a security scheme -> the authorizer that it is; those that are none are left out."""
    found = {}
    for name, scheme in document.security_schemes.items():
        given = scheme.get("x-amazon-apigateway-authorizer")
        if not given:
            continue
        source = given.get("identitySource") or []
        params = {
            **kept(given, "authorizerUri", "authorizerResultTtlInSeconds", "enableSimpleResponses", "jwtConfiguration"),
            **kept(given, "authorizerPayloadFormatVersion"),
            "authorizerType": str(given.get("type", "")).upper(),
            "identitySource": source.split(",") if isinstance(source, str) else source,
            "name": name,
        }
        if given.get("authorizerCredentials"):
            params["authorizerCredentialsArn"] = given["authorizerCredentials"]
        found[name] = add_authorizer(asked, api, params)
    return found


def _security(wanted: list[Thing], authorizers: Mapping[str, Thing]) -> Thing:
    """What a route wants of whoever calls it."""
    for each in wanted:
        for name, scopes in each.items():
            if name in authorizers:
                kind = authorizers[name]["authorizerType"]
                found: Thing = {"authorizerId": authorizers[name]["authorizerId"]}
                if kind == "JWT":
                    return {**found, "authorizationType": "JWT", **({"authorizationScopes": scopes} if scopes else {})}
                return {**found, "authorizationType": "CUSTOM"}
    return {}
