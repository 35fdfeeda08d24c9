"""HTTP and WebSocket APIs themselves, and quick create.

Sources: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis.html,
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from emulator.apigateway.control.held import Thing, bad, kept
from emulator.apigateway.v2.deployments import deploy_by_itself
from emulator.apigateway.v2.held import Api, Asked, merged
from emulator.apigateway.v2.integrations import add_integration
from emulator.apigateway.v2.paging import page
from emulator.apigateway.v2.routes import add_route
from emulator.apigateway.v2.stages import add_stage

_HTTP_ROUTES: Final = ("$request.method $request.path", "${request.method} ${request.path}")
_UPDATED: Final = (
    *("apiKeySelectionExpression", "corsConfiguration", "description", "disableExecuteApiEndpoint"),
    *("disableSchemaValidation", "ipAddressType", "name", "routeSelectionExpression", "version"),
)


def create_api(asked: Asked) -> Thing:
    """CreateApi; with a ``target`` also its one integration, its one route and its stage (quick create)."""
    params = asked.params
    api = new_api(asked, params)
    if params.get("target"):
        _quickly(asked, api, params)
    asked.gateway.apis[api.id] = api
    return asked.shown(api)


def new_api(asked: Asked, params: Mapping[str, Any]) -> Api:
    """An API that has nothing yet, and is not kept yet. Raises Fault: it cannot be."""
    is_http = params["protocolType"] == "HTTP"
    name = asked.new_id(10)
    selection = params.get("routeSelectionExpression") or (_HTTP_ROUTES[0] if is_http else None)
    shown = {
        "apiEndpoint": f"{'https' if is_http else 'wss'}://{name}.execute-api.{asked.region}.amazonaws.com",
        "apiId": name,
        "apiKeySelectionExpression": params.get("apiKeySelectionExpression") or "$request.header.x-api-key",
        **kept(params, "corsConfiguration", "description"),
        "createdDate": asked.time,
        "disableExecuteApiEndpoint": bool(params.get("disableExecuteApiEndpoint")),
        "ipAddressType": params.get("ipAddressType") or "ipv4",
        **kept(params, "name", "protocolType"),
        "routeSelectionExpression": selection,
        "tags": params.get("tags") or {},
        **kept(params, "version"),
    }
    if not is_http:
        shown["disableSchemaValidation"] = bool(params.get("disableSchemaValidation"))
    _check(shown)
    return Api(shown)


def _check(shown: Thing) -> None:
    is_http, selection = shown["protocolType"] == "HTTP", shown.get("routeSelectionExpression")
    if not shown.get("name"):
        raise bad("API name cannot be empty")
    if is_http and selection not in _HTTP_ROUTES:
        raise bad(f"Invalid routeSelectionExpression for protocol type HTTP. Must be {_HTTP_ROUTES[1]}")
    if not is_http and not selection:
        raise bad("Route selection expression is required for protocol type WEBSOCKET")
    if not is_http and shown.get("corsConfiguration"):
        raise bad("CORS configuration is only supported for protocol type HTTP")
    check_cors(shown.get("corsConfiguration") or {})


def check_cors(cors: Mapping[str, Any]) -> None:
    """See that a CORS configuration can be. Raises Fault: it cannot."""
    if cors.get("allowCredentials") and "*" in (cors.get("allowOrigins") or ()):
        raise bad("allowCredentials is not supported when allowOrigins contains '*'")
    for origin in cors.get("allowOrigins") or ():
        if origin != "*" and "://" not in origin:
            raise bad(f"Invalid format for origin {origin}. Origins must begin with 'https://', 'http://' or be '*'")


def _quickly(asked: Asked, api: Api, params: Mapping[str, Any]) -> None:
    """Make what quick create makes."""
    if not api.is_http:
        raise bad("Quick create is only supported for protocol type HTTP")
    target = params["target"]
    is_function = target.startswith("arn:")
    given = {
        "integrationType": "AWS_PROXY" if is_function else "HTTP_PROXY",
        "integrationUri": target,
        "integrationMethod": None if is_function else "ANY",
        "payloadFormatVersion": "2.0" if is_function else "1.0",
        **kept(params, "credentialsArn"),
    }
    managed = {"apiGatewayManaged": True}
    integration = add_integration(asked, api, given, managed)
    key = params.get("routeKey") or "$default"
    add_route(asked, api, {"routeKey": key, "target": f"integrations/{integration['integrationId']}"}, managed)
    add_stage(asked, api, {"stageName": "$default", "autoDeploy": True}, managed)


def get_api(asked: Asked) -> Thing:
    """GetApi."""
    return asked.shown(asked.api)


def get_apis(asked: Asked) -> Thing:
    """GetApis."""
    return page(asked, [asked.shown(api) for api in asked.gateway.apis.values()])


def update_api(asked: Asked) -> Thing:
    """UpdateApi; ``target``, ``routeKey`` and ``credentialsArn`` change what quick create has made."""
    api, params = asked.api, asked.params
    shown = merged(api.shown, params, *_UPDATED)
    _check(shown)
    if any(params.get(name) for name in ("target", "routeKey", "credentialsArn")):
        _change_quickly(api, params)
    api.shown = shown
    deploy_by_itself(asked, api)
    return asked.shown(api)


def _change_quickly(api: Api, params: Mapping[str, Any]) -> None:
    managed = [each for each in api.integrations.values() if each.get("apiGatewayManaged")]
    routes = [each for each in api.routes.values() if each.get("apiGatewayManaged")]
    if not managed or not routes:
        raise bad("Unable to update API: it was not created by quick create")
    given = {"integrationUri": params.get("target"), "credentialsArn": params.get("credentialsArn")}
    integration, route = managed[0], routes[0]
    changed = merged(integration, given, *given)
    api.integrations[integration["integrationId"]] = changed
    api.routes[route["routeId"]] = merged(route, params, "routeKey")


def delete_api(asked: Asked) -> None:
    """DeleteApi; one that a custom domain name leads to stays."""
    api = asked.api
    named = [name for name, each in asked.gateway.mappings.items() if api.id in {one["apiId"] for one in each.values()}]
    if named:
        text = "Please remove all api mappings related to this API from domain names"
        raise bad(f"{text}: {', '.join(named)}")
    del asked.gateway.apis[api.id]


def delete_cors_configuration(asked: Asked) -> None:
    """DeleteCorsConfiguration."""
    api = asked.api
    api.shown = {name: value for name, value in api.shown.items() if name != "corsConfiguration"}
    deploy_by_itself(asked, api)
