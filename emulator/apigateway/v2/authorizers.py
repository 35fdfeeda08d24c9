"""Authorizers.

Source: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-authorizers.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from emulator.apigateway.control.held import Thing, bad, conflict, kept
from emulator.apigateway.v2.deployments import deploy_by_itself
from emulator.apigateway.v2.held import Api, Asked, merged
from emulator.apigateway.v2.paging import page

_MEMBERS: Final = (
    *("authorizerCredentialsArn", "authorizerPayloadFormatVersion", "authorizerResultTtlInSeconds", "authorizerType"),
    *("authorizerUri", "enableSimpleResponses", "identitySource", "identityValidationExpression"),
    *("jwtConfiguration", "name"),
)
_SOURCES: Final = {
    True: re.compile(r"\$?\{?(request\.(header|querystring)\.[^}]+|context\..+|stageVariables\..+)\}?"),
    False: re.compile(r"(route\.request\.(header|querystring)\..+|context\..+|stageVariables\..+)"),
}


def create_authorizer(asked: Asked) -> Thing:
    """CreateAuthorizer."""
    api = asked.api
    made = add_authorizer(asked, api, asked.params)
    deploy_by_itself(asked, api)
    return made


def add_authorizer(asked: Asked, api: Api, params: Mapping[str, Any]) -> Thing:
    """Make an authorizer of an API. Raises Fault: it cannot be."""
    made = {**kept(params, *_MEMBERS), "authorizerId": asked.new_id(6)}
    if made["authorizerType"] == "REQUEST" and api.is_http:
        made.setdefault("enableSimpleResponses", False)
    _check(api, made)
    api.authorizers[made["authorizerId"]] = made
    return made


def _check(api: Api, given: Thing) -> None:
    name, kind = given.get("name"), given["authorizerType"]
    if not name:
        raise bad("Authorizer name is required")
    if any(each["name"] == name and each["authorizerId"] != given["authorizerId"] for each in api.authorizers.values()):
        raise bad(f"Authorizer name must be unique. Authorizer {name} already exists in this API.")
    sources = given.get("identitySource") or []
    for source in sources:
        if not _SOURCES[api.is_http].fullmatch(source):
            raise bad(f"Invalid mapping expression specified: {source}")
    if kind == "JWT":
        _check_jwt(api, given, sources)
    else:
        _check_function(api, given, sources)


def _check_function(api: Api, given: Thing, sources: list[str]) -> None:
    if not re.match(r"arn:[^:]*:apigateway:[^:]*:lambda:path/", given.get("authorizerUri") or ""):
        raise bad(
            f"Invalid Authorizer URI: {given.get('authorizerUri')}. Authorizer URI should be a valid API "
            "Gateway ARN that represents a Lambda function invocation."
        )
    version = given.get("authorizerPayloadFormatVersion")
    if api.is_http and not version:
        raise bad("AuthorizerPayloadFormatVersion is a required parameter for HTTP APIs")
    if api.is_http and version not in ("1.0", "2.0"):
        raise bad("Invalid authorizer payload format version specified. Must be one of [1.0, 2.0]")
    if version == "1.0" and given.get("enableSimpleResponses"):
        raise bad("Simple responses are only supported for the authorizer payload format version 2.0")
    if given.get("authorizerResultTtlInSeconds") and not sources:
        raise bad("Identity source is required when caching is enabled")


def _check_jwt(api: Api, given: Thing, sources: list[str]) -> None:
    wanted = given.get("jwtConfiguration") or {}
    if not api.is_http:
        raise bad("JWT authorizers are only supported for HTTP APIs")
    if len(sources) != 1:
        raise bad("JWT authorizers require exactly one identity source")
    if not wanted.get("issuer") or not wanted.get("audience"):
        raise bad("JWT configuration requires an issuer and an audience")
    if not re.match("https?://", wanted["issuer"]):
        raise bad(f"Invalid issuer: {wanted['issuer']}. Issuer must be a URL that begins with https://")


def get_authorizer(asked: Asked) -> Thing:
    """GetAuthorizer."""
    return asked.part("authorizers", "authorizerId")[1]


def get_authorizers(asked: Asked) -> Thing:
    """GetAuthorizers."""
    return page(asked, asked.api.authorizers.values())


def update_authorizer(asked: Asked) -> Thing:
    """UpdateAuthorizer."""
    api, found = asked.part("authorizers", "authorizerId")
    changed = merged(found, asked.params, *_MEMBERS)
    _check(api, changed)
    api.authorizers[found["authorizerId"]] = changed
    deploy_by_itself(asked, api)
    return changed


def delete_authorizer(asked: Asked) -> None:
    """DeleteAuthorizer; one that a route has stays."""
    api, found = asked.part("authorizers", "authorizerId")
    for route in api.routes.values():
        if route.get("authorizerId") == found["authorizerId"]:
            raise conflict(f"Cannot delete authorizer '{found['name']}', is referenced in route: {route['routeKey']}")
    del api.authorizers[found["authorizerId"]]
    deploy_by_itself(asked, api)
