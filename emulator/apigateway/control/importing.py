"""Importing: OpenAPI documents (Swagger 2.0, OpenAPI 3.0) become REST APIs.

Sources: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html,
https://docs.aws.amazon.com/apigateway/latest/developerguide/import-edge-optimized-api.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from emulator.apigateway.control.authorizers import add_authorizer
from emulator.apigateway.control.documentation import add_parts
from emulator.apigateway.control.documents import Document, read
from emulator.apigateway.control.gateway_responses import put
from emulator.apigateway.control.held import Api, Asked, Thing, bad, kept, with_tags
from emulator.apigateway.control.integrations import add_integration, add_integration_response
from emulator.apigateway.control.methods import add_method, add_method_response
from emulator.apigateway.control.resources import add_resource
from emulator.apigateway.control.rest_apis import checked_endpoint, new_api

_INTEGRATION: Final = (
    *("uri", "credentials", "requestParameters", "requestTemplates", "cacheNamespace", "cacheKeyParameters"),
    *("connectionType", "connectionId", "timeoutInMillis", "tlsConfig"),
)


def import_rest_api(asked: Asked) -> Thing:
    """ImportRestApi."""
    document = _document(asked)
    title = (document.content.get("info") or {}).get("title")
    if not title:
        raise bad("Invalid OpenAPI input.")
    types = [each for each in asked.query.get("endpointConfigurationTypes", "").split(",") if each]
    api = new_api(asked, str(title), checked_endpoint({"types": types or ["EDGE"]}))
    api.models.clear()
    _build(asked, api, document)
    return _kept(asked, api, document, api.shown)


def put_rest_api(asked: Asked) -> Thing:
    """PutRestApi: what there was is gone, or with ``mode=merge`` what the document does not have stays."""
    import copy

    document, before = _document(asked), asked.api
    api = copy.deepcopy(before)
    if asked.params.get("mode") != "merge":
        for kind in (api.models, api.validators, api.authorizers, api.gateway_responses, api.documentation):
            kind.clear()
        api.root.pop("resourceMethods", None)
        api.resources = {api.root["id"]: api.root}
        for name in ("description", "version", "binaryMediaTypes", "minimumCompressionSize", "policy"):
            api.shown.pop(name, None)
    info = document.content.get("info") or {}
    if info.get("title"):
        api.shown["name"] = str(info["title"])
    _build(asked, api, document)
    return _kept(asked, api, document, with_tags(api.shown))


def _kept(asked: Asked, api: Api, document: Document, shown: Thing) -> Thing:
    """Keep an API, unless there are warnings and they are to fail it. Raises Fault: so it is."""
    if document.warnings and asked.params.get("failOnWarnings"):
        raise bad("Warnings found during import: " + " ".join(document.warnings))
    asked.gateway.apis[api.id] = api
    return {**shown, "warnings": document.warnings} if document.warnings else shown


def _document(asked: Asked) -> Document:
    content = read(asked.params["body"])
    if "swagger" not in content and "openapi" not in content:
        raise bad("Invalid OpenAPI input.")
    return Document(content)


def _build(asked: Asked, api: Api, document: Document) -> None:
    content = document.content
    info = content.get("info") or {}
    for name in ("description", "version"):
        if info.get(name):
            api.shown[name] = str(info[name])
    for member, extension in _OF_API.items():
        if f"x-amazon-apigateway-{extension}" in content:
            api.shown[member] = content[f"x-amazon-apigateway-{extension}"]
    if "x-amazon-apigateway-policy" in content:
        api.shown["policy"] = json.dumps(json.dumps(content["x-amazon-apigateway-policy"]))[1:-1]
    if document.endpoint:
        api.shown["endpointConfiguration"] = checked_endpoint({"types": ["EDGE"], **document.endpoint})
    for name, schema in document.schemas.items():
        _keep_model(asked, api, name, schema)
    _keep_extensions(asked, api, content)
    authorizers = dict(_authorizers(asked, api, document))
    add_parts(asked, api, content)
    for path, item in document.paths(asked.query.get("basepath", "ignore")):
        resource = _resource(asked, api, path)
        for verb, operation in document.operations(item):
            methods = {name: each for name, each in (resource.get("resourceMethods") or {}).items() if name != verb}
            resource["resourceMethods"] = methods
            _put_method(asked, api, resource, verb, operation, document, authorizers)


def _keep_extensions(asked: Asked, api: Api, content: Mapping[str, Any]) -> None:
    """Keep the request validators and the gateway responses that a document has."""
    for name, given in (content.get("x-amazon-apigateway-request-validators") or {}).items():
        validator = {
            "name": name,
            "validateRequestBody": False,
            "validateRequestParameters": False,
            **kept(given, "validateRequestBody", "validateRequestParameters"),
            "id": asked.new_id(6),
        }
        api.validators = {key: each for key, each in api.validators.items() if each["name"] != name}
        api.validators[validator["id"]] = validator
    for kind, given in (content.get("x-amazon-apigateway-gateway-responses") or {}).items():
        status = given.get("statusCode")
        put(api, {**given, "responseType": kind, "statusCode": None if status is None else str(status)})


_OF_API: Final = {
    "apiKeySource": "api-key-source",
    "binaryMediaTypes": "binary-media-types",
    "minimumCompressionSize": "minimum-compression-size",
}


def _keep_model(asked: Asked, api: Api, name: str, schema: Any) -> None:
    held = json.loads(json.dumps(schema, default=str), object_hook=lambda each: _referred(api, each))
    model = {"id": asked.new_id(6), "name": name, "schema": json.dumps(held, indent=2)}
    if isinstance(held, dict) and isinstance(held.get("description"), str):
        model["description"] = held["description"]
    api.models[name] = {**model, "contentType": "application/json"}


def _referred(api: Api, found: Thing) -> Thing:
    """A part of a schema whose reference to another model is the model's URL, and whose required names are sorted."""
    reference, required = found.get("$ref"), found.get("required")
    if isinstance(required, list) and all(isinstance(each, str) for each in required):
        found = {**found, "required": sorted(required)}
    if isinstance(reference, str) and reference.startswith("#/"):
        name = reference.rpartition("/")[2]
        return {**found, "$ref": f"https://apigateway.amazonaws.com/restapis/{api.id}/models/{name}"}
    return found


def _authorizers(asked: Asked, api: Api, document: Document) -> Iterator[tuple[str, Thing]]:
    """The name of a security scheme -> the authorizer that it is; those that are none are left out."""
    for name, scheme in document.security_schemes.items():
        given = scheme.get("x-amazon-apigateway-authorizer")
        if not given:
            continue
        kind = str(given.get("type", "")).upper()
        known = next((each["id"] for each in api.authorizers.values() if each["name"] == name), None)
        if known is not None:
            del api.authorizers[known]
        source = given.get("identitySource")
        if source is None and kind in ("TOKEN", "COGNITO_USER_POOLS"):
            source = f"method.request.header.{scheme.get('name', 'Authorization')}"
        params = {
            **kept(given, "authorizerUri", "authorizerCredentials", "identityValidationExpression", "providerARNs"),
            **kept(given, "authorizerResultTtlInSeconds"),
            "name": name,
            "type": kind,
            "identitySource": source,
            "authType": scheme.get("x-amazon-apigateway-authtype"),
        }
        yield name, add_authorizer(asked, api, params)


def _resource(asked: Asked, api: Api, path: str) -> Thing:
    """The resource of a path; those on the way to it are made, too."""
    found = api.root
    for part in filter(None, path.split("/")):
        child = next(
            (
                each
                for each in api.resources.values()
                if each.get("parentId") == found["id"] and each["pathPart"] == part
            ),
            None,
        )
        found = child or add_resource(asked, api, found, part)
    return found


def _put_method(
    asked: Asked,
    api: Api,
    resource: Thing,
    verb: str,
    operation: Mapping[str, Any],
    document: Document,
    authorizers: Mapping[str, Thing],
) -> None:
    """Put a method, its integration and the responses of both."""

    def model(schema: Any) -> str:
        """The name of the model of a schema; one that has no name gets one."""
        reference = schema.get("$ref") if isinstance(schema, dict) else None
        if isinstance(reference, str):
            return reference.rpartition("/")[2]
        name = f"MODEL{asked.new_id(6)}"
        _keep_model(asked, api, name, schema)
        return name

    validator = operation.get(_VALIDATOR) or document.content.get(_VALIDATOR)
    params = {
        "httpMethod": verb,
        "operationName": operation.get("operationId"),
        "requestParameters": {
            f"method.request.{_PLACES[each['in']]}.{each['name']}": bool(each.get("required"))
            for each in document.parameters(operation)
            if each.get("in") in _PLACES
        },
        "requestModels": {media: model(schema) for media, schema in document.bodies(operation).items()},
        "requestValidatorId": next((each["id"] for each in api.validators.values() if each["name"] == validator), None),
        **_security(document.security(operation), document, authorizers),
    }
    method = add_method(api, resource, params)
    for status, response in (operation.get("responses") or {}).items():
        if str(status).isdigit():
            given: Thing = {"statusCode": str(status)}
            models = {media: model(schema) for media, schema in document.contents(operation, response).items()}
            headers = {f"method.response.header.{name}": False for name in response.get("headers") or ()}
            given |= {"responseModels": models or None, "responseParameters": headers or None}
            add_method_response(api, method, given)
    if integration := operation.get("x-amazon-apigateway-integration"):
        _integrate(resource, method, _without_others(integration, resource, verb, document.warnings))


_VALIDATOR: Final = "x-amazon-apigateway-request-validator"
_PLACES: Final = {"query": "querystring", "path": "path", "header": "header"}


def _security(wanted: list[Thing], document: Document, authorizers: Mapping[str, Thing]) -> Thing:
    """What a method wants of whoever calls it."""
    found: Thing = {"authorizationType": "NONE"}
    for each in wanted:
        for name, scopes in each.items():
            scheme = document.security_schemes.get(name) or {}
            if name in authorizers:
                kind = authorizers[name]["type"]
                found["authorizationType"] = kind if kind == "COGNITO_USER_POOLS" else "CUSTOM"
                found |= {"authorizerId": authorizers[name]["id"], "authorizationScopes": scopes}
            elif str(scheme.get("x-amazon-apigateway-authtype", "")).lower() == "awssigv4":
                found["authorizationType"] = "AWS_IAM"
            elif scheme.get("type") == "apiKey" and str(scheme.get("name", "")).lower() == "x-api-key":
                found["apiKeyRequired"] = True
    return found


def _without_others(given: Mapping[str, Any], resource: Thing, verb: str, warnings: list[str]) -> Thing:
    """An integration without the request parameters that are no texts, of which a warning tells."""
    parameters = given.get("requestParameters") or {}
    for name, value in parameters.items():
        if not isinstance(value, str):
            shown = str(value).lower() if isinstance(value, bool) else value
            where = f"property '{name}' of resource '{resource['path']}' and method '{verb}'"
            problem = f"Expected type string for {where} but got '{shown}'"
            warnings.append(f"Invalid format for 'requestParameters'. {problem}")
    kept_ones = {name: value for name, value in parameters.items() if isinstance(value, str)}
    return {**given, "requestParameters": kept_ones or None}


def _integrate(resource: Thing, method: Thing, given: Mapping[str, Any]) -> None:
    verb = given.get("httpMethod")
    params = {
        **kept(given, *_INTEGRATION),
        "type": str(given.get("type", "")).upper(),
        "httpMethod": None if verb is None else str(verb).upper(),
        "passthroughBehavior": str(given.get("passthroughBehavior") or "WHEN_NO_MATCH").upper(),
        "contentHandling": given.get("contentHandling"),
    }
    if params["type"] not in ("HTTP", "AWS", "MOCK", "HTTP_PROXY", "AWS_PROXY"):
        raise bad("Invalid integration type specified: " + str(given.get("type")))
    integration = add_integration(resource, method, params)
    for pattern, response in (given.get("responses") or {}).items():
        members = ("responseParameters", "responseTemplates", "contentHandling")
        named = {"selectionPattern": None if pattern == "default" else str(pattern)}
        status = str((response or {}).get("statusCode", "200"))
        add_integration_response(method, integration, {**kept(response or {}, *members), **named, "statusCode": status})
