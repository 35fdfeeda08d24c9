"""Routes, with their responses.

Source: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-routes.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from emulator.apigateway.control.held import Thing, bad, conflict, kept, not_found
from emulator.apigateway.v2.deployments import deploy_by_itself
from emulator.apigateway.v2.held import Api, Asked, merged
from emulator.apigateway.v2.paging import page

_MEMBERS: Final = (
    *("authorizationScopes", "authorizerId", "modelSelectionExpression", "operationName", "requestModels"),
    *("requestParameters", "routeKey", "routeResponseSelectionExpression", "target"),
)
_KEY: Final = re.compile(r"(ANY|GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) (/\S*)")
_MALFORMED: Final = (
    "The provided route key is not formatted properly for HTTP protocol. "
    'Format should be "<HTTP METHOD> /<RESOURCE PATH>" or "$default"'
)


def create_route(asked: Asked) -> Thing:
    """CreateRoute."""
    api = asked.api
    made = add_route(asked, api, asked.params)
    deploy_by_itself(asked, api)
    return made


def add_route(asked: Asked, api: Api, params: Mapping[str, Any], more: Mapping[str, Any] | None = None) -> Thing:
    """Make a route of an API. Raises Fault: it cannot be."""
    route = {
        **(more or {}),
        "apiKeyRequired": bool(params.get("apiKeyRequired")),
        "authorizationType": params.get("authorizationType") or "NONE",
        **kept(params, *_MEMBERS),
        "routeId": asked.new_id(7),
    }
    _check(api, route)
    api.routes[route["routeId"]] = route
    return route


def _check(api: Api, route: Thing) -> None:
    key = route.get("routeKey")
    if not key:
        raise bad("Route key is required")
    if api.is_http and key != "$default":
        _check_key(key)
    if any(each["routeKey"] == key and each["routeId"] != route["routeId"] for each in api.routes.values()):
        raise conflict(f"Route with key {key} already exists for this API")
    target = route.get("target")
    if target and target.removeprefix("integrations/") not in api.integrations:
        raise not_found(f"Invalid Integration identifier specified {target.removeprefix('integrations/')}")
    _check_authorization(api, route)
    if api.is_http and route["apiKeyRequired"]:
        raise bad("apiKeyRequired is not currently supported for HTTP APIs")


def _check_key(key: str) -> None:
    match = _KEY.fullmatch(key)
    parts = match[2].strip("/").split("/") if match else []
    names = re.findall(r"\{([^}]*)\}", key)
    for number, part in enumerate(parts):
        if "{" in part or "}" in part:
            is_last = number == len(parts) - 1
            if not re.fullmatch(r"\{[\w.:-]+\+?\}" if is_last else r"\{[\w.:-]+\}", part):
                match = None
    if match is None or len({name.rstrip("+") for name in names}) < len(names):
        raise bad(_MALFORMED)


def _check_authorization(api: Api, route: Thing) -> None:
    kind, named = route["authorizationType"], route.get("authorizerId")
    found = api.authorizers.get(named or "")
    before = f"Invalid authorizer ID specified. Setting the authorization type to {kind} requires a valid"
    if kind == "JWT" and (found is None or found["authorizerType"] != "JWT"):
        raise bad(f"{before} JWT authorizer.")
    if kind == "CUSTOM" and (found is None or found["authorizerType"] != "REQUEST"):
        before = before.replace(kind, "CUSTOM or COGNITO_USER_POOLS")
        raise bad(f"{before} authorizer.")
    if kind != "JWT" and route.get("authorizationScopes"):
        raise bad("Authorization scopes are only supported for the authorization type JWT")
    if not api.is_http and kind == "JWT":
        raise bad("Authorization type JWT is not supported for WebSocket APIs")
    if not api.is_http and kind != "NONE" and route["routeKey"] != "$connect":
        raise bad("Currently, authorization can only be set on the $connect route")


def get_route(asked: Asked) -> Thing:
    """GetRoute."""
    return asked.part("routes", "routeId")[1]


def get_routes(asked: Asked) -> Thing:
    """GetRoutes."""
    return page(asked, asked.api.routes.values())


def update_route(asked: Asked) -> Thing:
    """UpdateRoute."""
    api, route = asked.part("routes", "routeId")
    key = asked.params.get("routeKey")
    if route.get("apiGatewayManaged") and key not in (None, route["routeKey"]):
        raise bad("Cannot update the route key of a route that is managed by API Gateway")
    changed = merged(route, asked.params, *_MEMBERS, "apiKeyRequired", "authorizationType")
    if changed["authorizationType"] in ("NONE", "AWS_IAM"):
        changed.pop("authorizerId", None)
    _check(api, changed)
    api.routes[route["routeId"]] = changed
    deploy_by_itself(asked, api)
    return changed


def delete_route(asked: Asked) -> None:
    """DeleteRoute, with its responses."""
    api, route = asked.part("routes", "routeId")
    del api.routes[route["routeId"]]
    api.route_responses = {
        name: each for name, each in api.route_responses.items() if each["routeId"] != route["routeId"]
    }
    deploy_by_itself(asked, api)


def delete_route_request_parameter(asked: Asked) -> None:
    """DeleteRouteRequestParameter."""
    api, route = asked.part("routes", "routeId")
    name, given = asked.params["requestParameterKey"], dict(route.get("requestParameters") or {})
    if name not in given:
        raise not_found(f"Invalid RequestParameter identifier specified {name}")
    del given[name]
    api.routes[route["routeId"]] = {**route, "requestParameters": given}
    deploy_by_itself(asked, api)


# Their responses

_RESPONSE: Final = ("modelSelectionExpression", "responseModels", "responseParameters", "routeResponseKey")


def create_route_response(asked: Asked) -> Thing:
    """CreateRouteResponse; of a route of a WebSocket API."""
    api, route = asked.part("routes", "routeId")
    if api.is_http:
        raise bad("Route responses are not supported for HTTP APIs")
    key = asked.params["routeResponseKey"]
    if key != "$default":
        raise bad("Currently, only $default is supported as a route response key")
    if any(each["routeId"] == route["routeId"] for each in api.route_responses.values()):
        raise conflict(f"Route response with key {key} already exists for this route")
    made = {**kept(asked.params, *_RESPONSE), "routeResponseId": asked.new_id(6), "routeId": route["routeId"]}
    api.route_responses[made["routeResponseId"]] = made
    deploy_by_itself(asked, api)
    return made


def _response_of(asked: Asked) -> tuple[Api, Thing]:
    asked.part("routes", "routeId")
    api, found = asked.part("route_responses", "routeResponseId")
    if found["routeId"] != asked.params["routeId"]:
        raise not_found(f"Invalid RouteResponse identifier specified {found['routeResponseId']}")
    return api, found


def get_route_response(asked: Asked) -> Thing:
    """GetRouteResponse."""
    return _response_of(asked)[1]


def get_route_responses(asked: Asked) -> Thing:
    """GetRouteResponses."""
    api, route = asked.part("routes", "routeId")
    return page(asked, [each for each in api.route_responses.values() if each["routeId"] == route["routeId"]])


def update_route_response(asked: Asked) -> Thing:
    """UpdateRouteResponse."""
    api, found = _response_of(asked)
    changed = merged(found, asked.params, *_RESPONSE)
    api.route_responses[found["routeResponseId"]] = changed
    deploy_by_itself(asked, api)
    return changed


def delete_route_response(asked: Asked) -> None:
    """DeleteRouteResponse."""
    api, found = _response_of(asked)
    del api.route_responses[found["routeResponseId"]]
    deploy_by_itself(asked, api)
