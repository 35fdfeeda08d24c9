"""Integrations, with their responses.

Source: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-integrations.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from emulator.apigateway.control.held import Thing, bad, conflict, kept, not_found
from emulator.apigateway.first_class import lacking
from emulator.apigateway.v2.deployments import deploy_by_itself
from emulator.apigateway.v2.held import Api, Asked, merged
from emulator.apigateway.v2.paging import page

_MEMBERS: Final = (
    *("connectionId", "connectionType", "contentHandlingStrategy", "credentialsArn", "description"),
    *("integrationMethod", "integrationSubtype", "integrationType", "integrationUri", "passthroughBehavior"),
    *("payloadFormatVersion", "requestParameters", "requestTemplates", "responseParameters"),
    *("templateSelectionExpression", "timeoutInMillis", "tlsConfig"),
)
_LONGEST: Final = {True: 30_000, False: 29_000}
"""Whether it is an HTTP API -> milliseconds."""


def create_integration(asked: Asked) -> Thing:
    """CreateIntegration."""
    api = asked.api
    made = add_integration(asked, api, asked.params)
    deploy_by_itself(asked, api)
    return made


def add_integration(asked: Asked, api: Api, params: Mapping[str, Any], more: Mapping[str, Any] | None = None) -> Thing:
    """Make an integration of an API. Raises Fault: it cannot be."""
    integration = {
        **(more or {}),
        "connectionType": "INTERNET",
        "timeoutInMillis": _LONGEST[api.is_http],
        **kept(params, *_MEMBERS),
        "integrationId": asked.new_id(7),
    }
    if not api.is_http:
        integration.setdefault("passthroughBehavior", "WHEN_NO_MATCH")
        integration.setdefault("payloadFormatVersion", "1.0")
        integration["integrationResponseSelectionExpression"] = (
            "${integration.response.body.errorMessage}"
            if integration["integrationType"].startswith("AWS")
            else "${integration.response.statuscode}"
        )
    if integration["integrationType"] == "AWS_PROXY" and not integration.get("integrationSubtype"):
        integration.setdefault("integrationMethod", "POST")
    _check(asked, api, integration)
    api.integrations[integration["integrationId"]] = integration
    return integration


def _check(asked: Asked, api: Api, given: Thing) -> None:
    kind, subtype = given["integrationType"], given.get("integrationSubtype")
    if api.is_http:
        _check_format(kind, subtype, given.get("payloadFormatVersion"))
    elif given["payloadFormatVersion"] != "1.0":
        raise bad("Invalid payload format version specified. Must be one of [1.0]")
    elif subtype:
        raise bad("Integration subtype is only supported for HTTP APIs")
    if subtype:
        _check_subtype(given, subtype)
    elif kind != "MOCK" and not given.get("integrationUri"):
        raise bad("Integration URI is required")
    if kind in ("HTTP", "HTTP_PROXY"):
        _check_server(given)
    if given["connectionType"] == "VPC_LINK":
        _check_link(asked, api, given.get("connectionId"))
    if given["timeoutInMillis"] > _LONGEST[api.is_http]:
        raise bad(f"Timeout should be between 50 ms and {_LONGEST[api.is_http]} ms")


def _check_format(kind: str, subtype: str | None, version: str | None) -> None:
    """See that an integration of an HTTP API can be of a kind."""
    if kind not in ("AWS_PROXY", "HTTP_PROXY"):
        text = "Currently, an API with a protocol type of HTTP may only be associated with proxy integrations"
        raise bad(f"{text} (AWS_PROXY, HTTP_PROXY)")
    if not version:
        raise bad("PayloadFormatVersion is a required parameter for integration")
    if version not in ("1.0", "2.0"):
        raise bad("Invalid payload format version specified. Must be one of [1.0, 2.0]")
    if version == "2.0" and (kind == "HTTP_PROXY" or subtype):
        raise bad("Payload format version 2.0 is only supported for Lambda proxy integrations")


def _check_link(asked: Asked, api: Api, link: str | None) -> None:
    if not link:
        raise bad("Connection ID is required when the connection type is VPC_LINK")
    if api.is_http and link not in asked.gateway.vpc_links:
        raise bad("Invalid VPC link identifier specified")


def _check_server(given: Thing) -> None:
    if not given.get("integrationMethod"):
        raise bad("Integration method is required")
    uri = given["integrationUri"]
    if given["connectionType"] == "INTERNET" and not uri.startswith(("http://", "https://", "${stageVariables")):
        raise bad("Invalid HTTP endpoint specified for URI")


def _check_subtype(given: Thing, subtype: str) -> None:
    if given["integrationType"] != "AWS_PROXY":
        raise bad("Integration subtype is only supported for integrations of type AWS_PROXY")
    missing = lacking(subtype, given.get("requestParameters") or {})
    if missing is None:
        raise bad(f"Invalid integration subtype specified: {subtype}")
    if missing:
        raise bad(f"Parameters: {', '.join(missing)} are required for integration subtype {subtype}")
    if not given.get("credentialsArn"):
        raise bad("Credentials ARN is required for integrations with a subtype")


def get_integration(asked: Asked) -> Thing:
    """GetIntegration."""
    return asked.part("integrations", "integrationId")[1]


def get_integrations(asked: Asked) -> Thing:
    """GetIntegrations."""
    return page(asked, asked.api.integrations.values())


def update_integration(asked: Asked) -> Thing:
    """UpdateIntegration."""
    api, integration = asked.part("integrations", "integrationId")
    changed = merged(integration, asked.params, *_MEMBERS)
    _check(asked, api, changed)
    api.integrations[integration["integrationId"]] = changed
    deploy_by_itself(asked, api)
    return changed


def delete_integration(asked: Asked) -> None:
    """DeleteIntegration; one that a route has stays, and so does one that quick create has made."""
    api, integration = asked.part("integrations", "integrationId")
    name = integration["integrationId"]
    routes = [each["routeId"] for each in api.routes.values() if each.get("target") == f"integrations/{name}"]
    if routes:
        text = "Cannot delete Integration because it is referenced by the following Routes with Ids"
        raise conflict(f"{text}: [{', '.join(routes)}]")
    if integration.get("apiGatewayManaged"):
        raise bad("Cannot delete an integration that is managed by API Gateway")
    del api.integrations[name]
    api.integration_responses = {
        each: response for each, response in api.integration_responses.items() if response["integrationId"] != name
    }
    deploy_by_itself(asked, api)


# Their responses

_RESPONSE: Final = (
    *("contentHandlingStrategy", "integrationResponseKey", "responseParameters", "responseTemplates"),
    "templateSelectionExpression",
)


def create_integration_response(asked: Asked) -> Thing:
    """CreateIntegrationResponse; of an integration of a WebSocket API."""
    api, integration = asked.part("integrations", "integrationId")
    if api.is_http:
        raise bad("Integration responses are not supported for HTTP APIs")
    made = {
        **kept(asked.params, *_RESPONSE),
        "integrationResponseId": asked.new_id(6),
        "integrationId": integration["integrationId"],
    }
    _check_response(api, made)
    api.integration_responses[made["integrationResponseId"]] = made
    deploy_by_itself(asked, api)
    return made


def _check_response(api: Api, given: Thing) -> None:
    key = given["integrationResponseKey"]
    if key != "$default" and not (key.startswith("/") and key.endswith("/") and len(key) > 1):
        raise bad('Invalid integration response key. Must be "$default" or a regular expression between slashes')
    for each in api.integration_responses.values():
        same = each["integrationId"] == given["integrationId"] and each["integrationResponseKey"] == key
        if same and each["integrationResponseId"] != given["integrationResponseId"]:
            raise conflict(f"Integration response with key {key} already exists for this integration")


def _response_of(asked: Asked) -> tuple[Api, Thing]:
    asked.part("integrations", "integrationId")
    api, found = asked.part("integration_responses", "integrationResponseId")
    if found["integrationId"] != asked.params["integrationId"]:
        raise not_found(f"Invalid IntegrationResponse identifier specified {found['integrationResponseId']}")
    return api, found


def get_integration_response(asked: Asked) -> Thing:
    """GetIntegrationResponse."""
    return _response_of(asked)[1]


def get_integration_responses(asked: Asked) -> Thing:
    """GetIntegrationResponses."""
    api, integration = asked.part("integrations", "integrationId")
    name = integration["integrationId"]
    return page(asked, [each for each in api.integration_responses.values() if each["integrationId"] == name])


def update_integration_response(asked: Asked) -> Thing:
    """UpdateIntegrationResponse."""
    api, found = _response_of(asked)
    changed = merged(found, asked.params, *_RESPONSE)
    _check_response(api, changed)
    api.integration_responses[found["integrationResponseId"]] = changed
    deploy_by_itself(asked, api)
    return changed


def delete_integration_response(asked: Asked) -> None:
    """DeleteIntegrationResponse."""
    api, found = _response_of(asked)
    del api.integration_responses[found["integrationResponseId"]]
    deploy_by_itself(asked, api)
