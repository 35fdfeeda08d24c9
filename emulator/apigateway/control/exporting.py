"""Exporting: a stage of a REST API as a Swagger 2.0 or an OpenAPI 3.0 document.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-export-api.html
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any, Final

from emulator.apigateway.control.held import Api, Asked, Thing, bad, not_found

_JSON: Final = "application/json"
_PLACES: Final = {"querystring": "query", "path": "path", "header": "header"}


def get_export(asked: Asked) -> Thing:
    """GetExport; the parameter ``extensions`` adds ``integrations``, ``authorizers`` or all (``apigateway``)."""
    import yaml  # type: ignore[import-untyped]  # it has none

    kind, api = asked.params["exportType"], asked.api
    stage = api.stages.get(asked.params["stageName"])
    if stage is None:
        raise not_found("Invalid stage identifier specified")
    if kind not in ("oas30", "swagger"):
        raise bad(f"No API exporter for type '{kind}'")
    accepted = asked.params.get("accepts") or _JSON
    if accepted not in (_JSON, "application/yaml"):
        raise bad(f"Invalid Accept header specified: {accepted}")
    extensions = set(asked.query.get("extensions", "").split(","))
    document = _Export(asked, api, stage, kind == "oas30", extensions).document()
    is_json = accepted == _JSON
    text = json.dumps(document, indent=2) if is_json else yaml.safe_dump(document, sort_keys=False)
    name = f"{kind}_{document['info']['version']}.{'json' if is_json else 'yaml'}"
    return {
        "contentType": "application/octet-stream",
        "contentDisposition": f'attachment; filename="{name}"',
        "body": base64.b64encode(text.encode()).decode(),
    }


class _Export:
    """One export."""

    def __init__(self, asked: Asked, api: Api, stage: Thing, is_3: bool, extensions: set[str]) -> None:  # noqa: FBT001 - the kind of the document
        self._asked = asked
        self._api = api
        self._stage = stage
        self._content = api.contents[stage["deploymentId"]]
        self._is_3 = is_3
        self._with_integrations = bool(extensions & {"integrations", "apigateway"})
        self._with_authorizers = bool(extensions & {"authorizers", "apigateway"})

    def document(self) -> Thing:
        shown, name = self._api.shown, self._stage["stageName"]
        made = datetime.fromtimestamp(shown["createdDate"], timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        info = {"title": shown["name"], "version": shown.get("version") or made}
        if shown.get("description"):
            info = {"title": shown["name"], "description": shown["description"], "version": info["version"]}
        host = f"{self._api.id}.execute-api.{self._asked.region}.amazonaws.com"
        document: Thing = {"openapi": "3.0.1", "info": info} if self._is_3 else {"swagger": "2.0", "info": info}
        if self._is_3:
            variables = {"basePath": {"default": name}}
            document["servers"] = [{"url": f"https://{host}/{{basePath}}", "variables": variables}]
        else:
            document |= {"host": host, "basePath": f"/{name}", "schemes": ["https"]}
        document["paths"] = {
            path: {_verb(verb): self._operation(method) for verb, method in methods.items()}
            for path, resource in sorted(self._content["resources"].items())
            if (methods := resource.get("resourceMethods"))
        }
        schemas = {each: self._schema(json.loads(text)) for each, text in self._content["models"].items()}
        used = json.dumps(document["paths"]) + json.dumps(schemas)
        schemas = {each: schema for each, schema in schemas.items() if f'{self._models}{each}"' in used}
        schemes = self._security_schemes()
        if self._is_3:
            components = {"schemas": schemas, "securitySchemes": schemes}
            document["components"] = {each: value for each, value in components.items() if value}
            return document
        if schemes:
            document["securityDefinitions"] = schemes
        return {**document, "definitions": schemas} if schemas else document

    @property
    def _models(self) -> str:
        return "#/components/schemas/" if self._is_3 else "#/definitions/"

    def _schema(self, schema: Any) -> Any:
        if isinstance(schema, list):
            return [self._schema(each) for each in schema]
        if not isinstance(schema, dict):
            return schema
        found = {name: self._schema(each) for name, each in schema.items() if name != "$schema"}
        if isinstance(found.get("$ref"), str):
            found["$ref"] = self._models + found["$ref"].rpartition("/")[2]
        return found

    def _operation(self, method: Mapping[str, Any]) -> Thing:
        integration: Mapping[str, Any] = method.get("methodIntegration") or {}
        models: Mapping[str, str] = method.get("requestModels") or {}
        found: Thing = {}
        if method.get("operationName"):
            found["operationId"] = method["operationName"]
        parameters = [
            self._parameter(name, is_required=required)
            for name, required in (method.get("requestParameters") or {}).items()
        ]
        if not self._is_3:
            consumed = list(dict.fromkeys((*models, *(integration.get("requestTemplates") or ()))))
            produced = list(dict.fromkeys(self._produced(method, integration)))
            found |= {name: each for name, each in (("consumes", consumed), ("produces", produced)) if each}
            parameters += [
                {"in": "body", "name": model, "required": True, "schema": {"$ref": self._models + model}}
                for model in dict.fromkeys(models.values())
            ]
        if parameters:
            found["parameters"] = parameters
        if self._is_3 and models:
            content = {media: {"schema": {"$ref": self._models + model}} for media, model in models.items()}
            found["requestBody"] = {"content": content, "required": True}
        responses: Mapping[str, Any] = method.get("methodResponses") or {}
        found["responses"] = {status: self._response(each) for status, each in responses.items()}
        if self._with_authorizers and (wanted := self._security(method)):
            found["security"] = wanted
        if self._with_integrations and integration:
            found["x-amazon-apigateway-integration"] = _integration(integration)
        return found

    @staticmethod
    def _produced(method: Mapping[str, Any], integration: Mapping[str, Any]) -> list[str]:
        found = [
            media
            for each in (method.get("methodResponses") or {}).values()
            for media in each.get("responseModels") or ()
        ]
        for response in (integration.get("integrationResponses") or {}).values():
            found += response.get("responseTemplates") or ()
        return found

    def _parameter(self, target: str, *, is_required: bool) -> Thing:
        _, _, place, name = target.split(".", 3)
        kind: Thing = {"schema": {"type": "string"}} if self._is_3 else {"type": "string"}
        return {"name": name, "in": _PLACES[place], "required": is_required or place == "path", **kind}

    def _response(self, response: Mapping[str, Any]) -> Thing:
        found: Thing = {"description": f"{response['statusCode']} response"}
        models: Mapping[str, str] = response.get("responseModels") or {}
        kind: Thing = {"schema": {"type": "string"}} if self._is_3 else {"type": "string"}
        headers = {name.rpartition(".")[2]: kind for name in response.get("responseParameters") or ()}
        if self._is_3:
            content = {media: {"schema": {"$ref": self._models + model}} for media, model in models.items()}
            found |= {name: each for name, each in (("headers", headers), ("content", content)) if each}
            return found
        if models:
            found["schema"] = {"$ref": self._models + next(iter(models.values()))}
        return {**found, "headers": headers} if headers else found

    def _security(self, method: Mapping[str, Any]) -> list[Thing]:
        wanted: list[Thing] = []
        authorizer = self._content["authorizers"].get(method.get("authorizerId") or "")
        if authorizer is not None:
            wanted.append({authorizer["name"]: method.get("authorizationScopes") or []})
        if method["authorizationType"] == "AWS_IAM":
            wanted.append({"sigv4": []})
        return [*wanted, {"api_key": []}] if method.get("apiKeyRequired") else wanted

    def _security_schemes(self) -> Thing:
        if not self._with_authorizers:
            return {}
        methods = [
            method
            for resource in self._content["resources"].values()
            for method in (resource.get("resourceMethods") or {}).values()
        ]
        found: Thing = {}
        for authorizer in self._content["authorizers"].values():
            given = {name: each for name, each in authorizer.items() if name not in ("id", "name", "authType")}
            header = str(given.get("identitySource") or "").rpartition(".")[2] or "Unused"
            found[authorizer["name"]] = {
                "type": "apiKey",
                "name": header,
                "in": "header",
                "x-amazon-apigateway-authtype": authorizer["authType"],
                "x-amazon-apigateway-authorizer": {**given, "type": given["type"].lower()},
            }
        if any(method["authorizationType"] == "AWS_IAM" for method in methods):
            scheme = {"type": "apiKey", "name": "Authorization", "in": "header"}
            found["sigv4"] = {**scheme, "x-amazon-apigateway-authtype": "awsSigv4"}
        if any(method.get("apiKeyRequired") for method in methods):
            found["api_key"] = {"type": "apiKey", "name": "x-api-key", "in": "header"}
        return found


def _verb(verb: str) -> str:
    return "x-amazon-apigateway-any-method" if verb == "ANY" else verb.lower()


def _integration(given: Mapping[str, Any]) -> Thing:
    found: Thing = {"type": given["type"].lower()}
    for name in ("httpMethod", "uri", "credentials", "connectionId", "contentHandling", "requestParameters"):
        if given.get(name):
            found[name] = given[name]
    responses = (given.get("integrationResponses") or {}).values()
    if responses:
        found["responses"] = {
            each.get("selectionPattern") or "default": {
                name: value for name, value in each.items() if name != "selectionPattern"
            }
            for each in responses
        }
    if given.get("requestTemplates"):
        found["requestTemplates"] = given["requestTemplates"]
    return {**found, "passthroughBehavior": given["passthroughBehavior"].lower()}
