"""OpenAPI: the paths of a document become routes and integrations of an HTTP API.

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
