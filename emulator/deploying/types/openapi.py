"""OpenAPI: the paths of a document become resources and methods of a REST API, whichever version it is of.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from emulator.deploying.intrinsics import as_text

if TYPE_CHECKING:
    from emulator.deploying.types.resource_type import Order

_METHODS: Final = {name: name.upper() for name in ("get", "put", "post", "delete", "options", "head", "patch")} | {
    "x-amazon-apigateway-any-method": "ANY"
}
_TAKEN: Final = (
    *("uri", "credentials", "requestParameters", "requestTemplates", "passthroughBehavior", "contentHandling"),
    *("cacheNamespace", "cacheKeyParameters", "connectionType", "connectionId"),
)


def build(order: Order, api: str, document: Mapping[str, Any]) -> None:
    """Make what a document says of paths; what there was is gone. Raises Refused."""
    resources = order.call("apigateway", "GetResources", restApiId=api, limit=500).get("items", ())
    [root] = [each["id"] for each in resources if each["path"] == "/"]
    for resource in resources:
        if resource.get("parentId") == root:
            order.call("apigateway", "DeleteResource", restApiId=api, resourceId=resource["id"])
        elif resource["id"] == root:
            for method in resource.get("resourceMethods") or ():
                order.call("apigateway", "DeleteMethod", restApiId=api, resourceId=root, httpMethod=method)
    ids = {"": root}
    for path, item in (document.get("paths") or {}).items():
        resource = _resource(order, api, path, ids)
        for name, operation in item.items():
            if name in _METHODS:
                named = {"restApiId": api, "resourceId": resource, "httpMethod": _METHODS[name]}
                _put(order, named, operation or {})


def _resource(order: Order, api: str, path: str, ids: dict[str, str]) -> str:
    """The id of the resource of a path; those on the way to it are made, too."""
    where = ""
    for part in filter(None, path.split("/")):
        parent, where = where, f"{where}/{part}"
        if where not in ids:
            made = order.call("apigateway", "CreateResource", restApiId=api, parentId=ids[parent], pathPart=part)
            ids[where] = made["id"]
    return ids[where]


def _put(order: Order, named: Mapping[str, str], operation: Mapping[str, Any]) -> None:
    """Put a method, its integration and the responses of both."""
    authorization = "AWS_IAM" if _is_signed(operation) else "NONE"
    order.call("apigateway", "PutMethod", **named, authorizationType=authorization)
    for status in operation.get("responses") or ():
        if str(status).isdigit():
            order.call("apigateway", "PutMethodResponse", **named, statusCode=str(status))
    integration = operation.get("x-amazon-apigateway-integration")
    if not integration:
        return
    given = {member: integration[member] for member in _TAKEN if member in integration}
    kind = as_text(integration["type"]).upper()
    method = integration.get("httpMethod")
    order.call(
        *("apigateway", "PutIntegration"),
        **{**named, "type": kind, "integrationHttpMethod": None if method is None else as_text(method).upper()},
        **given,
    )
    for pattern, response in (integration.get("responses") or {}).items():
        members = ("responseParameters", "responseTemplates", "contentHandling")
        order.call(
            *("apigateway", "PutIntegrationResponse"),
            **named,
            statusCode=as_text(response.get("statusCode", "200")),
            selectionPattern=None if pattern == "default" else as_text(pattern),
            **{member: response[member] for member in members if member in response},
        )


def build_http(order: Order, api: str, document: Mapping[str, Any]) -> None:
    """Make the routes and integrations of an API of version 2; what there was is gone. Raises Refused."""
    for route in order.call("apigatewayv2", "GetRoutes", ApiId=api).get("Items", ()):
        order.call("apigatewayv2", "DeleteRoute", ApiId=api, RouteId=route["RouteId"])
    for integration in order.call("apigatewayv2", "GetIntegrations", ApiId=api).get("Items", ()):
        order.call("apigatewayv2", "DeleteIntegration", ApiId=api, IntegrationId=integration["IntegrationId"])
    for path, item in (document.get("paths") or {}).items():
        for name, operation in item.items():
            if name in _METHODS:
                key = "$default" if path == "/$default" else f"{_METHODS[name]} {path}"
                _route(order, api, key, (operation or {}).get("x-amazon-apigateway-integration"))


def _route(order: Order, api: str, key: str, integration: Mapping[str, Any] | None) -> None:
    if not integration:
        order.call("apigatewayv2", "CreateRoute", ApiId=api, RouteKey=key)
        return
    method, credentials = integration.get("httpMethod"), integration.get("credentials")
    made = order.call(
        *("apigatewayv2", "CreateIntegration"),
        ApiId=api,
        IntegrationType=as_text(integration["type"]).upper(),
        IntegrationSubtype=integration.get("subtype"),
        IntegrationUri=integration.get("uri"),
        IntegrationMethod=None if method is None else as_text(method).upper(),
        CredentialsArn=credentials,
        PayloadFormatVersion=as_text(integration.get("payloadFormatVersion", "1.0")),
        RequestParameters=integration.get("requestParameters"),
    )
    target = f"integrations/{made['IntegrationId']}"
    order.call("apigatewayv2", "CreateRoute", ApiId=api, RouteKey=key, Target=target)


def _is_signed(operation: Mapping[str, Any]) -> bool:
    return any("sigv4" in each or "AWS_IAM" in each for each in operation.get("security") or ())
