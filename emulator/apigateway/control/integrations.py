"""Integrations of methods, and their responses.

Source: https://docs.aws.amazon.com/apigateway/latest/api/API_Integration.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from emulator.apigateway.control.held import Asked, Thing, bad, kept, not_found
from emulator.apigateway.control.methods import (
    invalid_mapping,
    method_of,
    no_content_type,
    no_parameter,
    without,
)
from emulator.apigateway.control.patching import Patch, Patchable, Rule, element, entry, number, text

_ABSENT: Final = "Invalid Integration identifier specified"


def put_integration(asked: Asked) -> Thing:
    """PutIntegration; the one that there was is gone, with its responses."""
    _, resource, method = method_of(asked)
    return add_integration(resource, method, {**asked.params, "httpMethod": asked.params.get("integrationHttpMethod")})


def add_integration(resource: Thing, method: Thing, params: Mapping[str, Any]) -> Thing:
    """Put an integration, whose own verb is ``httpMethod``, to a method. Raises Fault: it cannot be."""
    kind = params["type"]
    integration = {
        **kept(params, "type", "httpMethod", "uri", "connectionType", "connectionId", "credentials"),
        **kept(params, "requestParameters", "requestTemplates", "contentHandling", "tlsConfig", "integrationTarget"),
        "passthroughBehavior": params.get("passthroughBehavior") or "WHEN_NO_MATCH",
        "timeoutInMillis": params.get("timeoutInMillis") or 29_000,
        "cacheNamespace": params.get("cacheNamespace") or resource["id"],
        "cacheKeyParameters": params.get("cacheKeyParameters") or [],
    }
    if kind.startswith("HTTP"):
        integration.setdefault("connectionType", "INTERNET")
    if params.get("responseTransferMode") and params["responseTransferMode"] != "BUFFERED":
        raise NotImplementedError("the response transfer mode STREAM")
    _check(method, integration)
    method["methodIntegration"] = integration
    return integration


def _check(method: Thing, integration: Thing) -> None:
    """See that an integration may be. Raises Fault."""
    kind, uri = integration["type"], integration.get("uri") or ""
    if kind != "MOCK":
        if not integration.get("httpMethod"):
            raise bad("Enumeration value for HttpMethod must be non-empty")
        if kind.startswith("AWS"):
            _check_arn(kind, uri)
        elif integration.get("connectionType") != "VPC_LINK" and not re.match(r"https?://|\$\{stageVariables\.", uri):
            raise bad("Invalid HTTP endpoint specified for URI")
    passthrough = integration["passthroughBehavior"]
    if passthrough not in ("WHEN_NO_MATCH", "WHEN_NO_TEMPLATES", "NEVER"):
        raise bad("Invalid passthrough behavior specified. Valid options are WHEN_NO_MATCH,WHEN_NO_TEMPLATES,NEVER")
    _check_content_types(integration.get("requestTemplates"))
    declared = method.get("requestParameters") or {}
    for target, source in (integration.get("requestParameters") or {}).items():
        if not _TARGET.fullmatch(target) or not _SOURCE.fullmatch(source):
            raise invalid_mapping(source if _TARGET.fullmatch(target) else target)
        if _OF_REQUEST.match(source) and source.replace(".multivalue", ".") not in declared:
            raise invalid_mapping(source, "mapping expression parameter")


def _check_arn(kind: str, uri: str) -> None:
    parts = uri.split(":", 5)
    if parts[0] != "arn" or len(parts) < 6 or parts[2] != "apigateway":
        raise bad("Invalid ARN specified in the request")
    if not parts[5].startswith(("path/", "action/")):
        raise bad("AWS ARN for integration must contain path or action")
    if kind == "AWS_PROXY" and parts[4] not in ("lambda", "firehose"):
        raise bad(
            "Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose stream invocations."
        )


_TARGET: Final = re.compile(
    r"integration\.request\.(header|path|querystring|multivalueheader|multivaluequerystring)\.\S+"
)
_SOURCE: Final = re.compile(
    r"method\.request\.(header|path|querystring|multivalueheader|multivaluequerystring)\.\S+"
    r"|method\.request\.body(\..+)?|context\..+|stageVariables\..+|'[^']*'",
    re.DOTALL,
)
_OF_REQUEST: Final = re.compile(r"method\.request\.(header|path|querystring|multivalue\w+)\.")
_OF_INTEGRATION: Final = re.compile(
    r"integration\.response\.(header|multivalueheader)\.\S+|integration\.response\.body(\..+)?|context\..+"
    r"|stageVariables\..+|'[^']*'",
    re.DOTALL,
)


def _check_content_types(templates: Mapping[str, Any] | None) -> None:
    for media in templates or ():
        if "/" not in media and media != "$default":
            raise bad(f"Validation Result: warnings : [], errors : [Invalid content type specified: {media}]")


def integration_of(asked: Asked) -> tuple[Thing, Thing]:
    """The method and the integration that a request names. Raises Fault: there is none."""
    _, _, method = method_of(asked)
    integration = method.get("methodIntegration")
    if integration is None:
        raise not_found(_ABSENT)
    return method, integration


def get_integration(asked: Asked) -> Thing:
    """GetIntegration."""
    return integration_of(asked)[1]


def delete_integration(asked: Asked) -> None:
    """DeleteIntegration."""
    del integration_of(asked)[0]["methodIntegration"]


def update_integration(asked: Asked) -> Thing:
    """UpdateIntegration."""
    method, integration = integration_of(asked)
    changed = _INTEGRATION.patched(integration, asked.params.get("patchOperations"))
    _check(method, changed)
    method["methodIntegration"] = changed
    return changed


def _insecure(thing: Thing, patch: Patch) -> None:
    thing["tlsConfig"] = {"insecureSkipVerification": str(patch.value).lower() == "true"}


_CACHE_KEYS: Final = element("cacheKeyParameters")


def _cache_keys(thing: Thing, patch: Patch) -> None:
    _CACHE_KEYS.apply(thing, patch)
    thing.setdefault("cacheKeyParameters", [])


_INTEGRATION: Final = Patchable(
    {
        "/uri": text("uri"),
        "/httpMethod": text("httpMethod"),
        "/credentials": text("credentials", empty_is_none=True),
        "/passthroughBehavior": text("passthroughBehavior"),
        "/contentHandling": text("contentHandling", empty_is_none=True),
        "/connectionType": text("connectionType"),
        "/connectionId": text("connectionId"),
        "/timeoutInMillis": number("timeoutInMillis"),
        "/cacheNamespace": text("cacheNamespace"),
        "/cacheKeyParameters/*": Rule(_CACHE_KEYS.ops, _cache_keys),
        "/tlsConfig/insecureSkipVerification": Rule(("replace",), _insecure),
        "/requestParameters/*": entry("requestParameters", no_parameter),
        "/requestTemplates/*": entry("requestTemplates", no_content_type),
    }
)

# Responses.


def put_integration_response(asked: Asked) -> Thing:
    """PutIntegrationResponse; the one that there was for the status is gone."""
    method, integration = integration_of(asked)
    return add_integration_response(method, integration, asked.params)


def add_integration_response(method: Thing, integration: Thing, params: Mapping[str, Any]) -> Thing:
    """Put a response to an integration. Raises Fault: it cannot be."""
    names = ("statusCode", "selectionPattern", "responseParameters", "responseTemplates", "contentHandling")
    response = kept(params, *names)
    if "responseTemplates" in response:  # one that is empty is none
        response["responseTemplates"] = {kind: each or None for kind, each in response["responseTemplates"].items()}
    _check_response(method, response)
    integration["integrationResponses"] = {
        **(integration.get("integrationResponses") or {}),
        response["statusCode"]: response,
    }
    return response


def _check_response(method: Thing, response: Thing) -> None:
    _check_content_types(response.get("responseTemplates"))
    declared = (method.get("methodResponses") or {}).get(response["statusCode"], {}).get("responseParameters") or {}
    for target, source in (response.get("responseParameters") or {}).items():
        if not target.startswith("method.response.header.") or not _OF_INTEGRATION.fullmatch(source):
            raise invalid_mapping(source if target.startswith("method.response.header.") else target)
        if target not in declared:
            raise invalid_mapping(target, "mapping expression parameter")


def _response_of(asked: Asked, no_method: str) -> tuple[Thing, Thing, Thing]:
    _, _, method = method_of(asked, no_method)
    integration = method.get("methodIntegration")
    if integration is None:
        raise not_found(_ABSENT)
    response = (integration.get("integrationResponses") or {}).get(asked.params["statusCode"])
    if response is None:
        raise not_found("Invalid Response status code specified")
    return method, integration, response


_NO_METHOD: Final = "Invalid Method identifier specified"


def get_integration_response(asked: Asked) -> Thing:
    """GetIntegrationResponse."""
    return _response_of(asked, _NO_METHOD)[2]


def delete_integration_response(asked: Asked) -> None:
    """DeleteIntegrationResponse."""
    _, integration, response = _response_of(asked, _ABSENT)
    without(integration, "integrationResponses", response["statusCode"])


def update_integration_response(asked: Asked) -> Thing:
    """UpdateIntegrationResponse."""
    method, integration, response = _response_of(asked, _NO_METHOD)
    changed = _RESPONSE.patched(response, asked.params.get("patchOperations"))
    _check_response(method, changed)
    integration["integrationResponses"] = {**integration["integrationResponses"], changed["statusCode"]: changed}
    return changed


_RESPONSE: Final = Patchable(
    {
        "/selectionPattern": text("selectionPattern"),
        "/contentHandling": text("contentHandling", empty_is_none=True),
        "/responseParameters/*": entry("responseParameters", no_parameter),
        "/responseTemplates/*": entry("responseTemplates", no_content_type, value=lambda given: given or None),
    }
)
