"""AWS::ApiGateway::* and AWS::ApiGatewayV2::*.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_ApiGateway.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from asl_interpreter.jsontext import dumps
from emulator.deploying.intrinsics import as_text
from emulator.deploying.services import Refused
from emulator.deploying.types import openapi
from emulator.deploying.types.resource_type import Api, Made, Order, Properties, ResourceType, fit

# Version 1: what changes is patched by its path.


def _text(value: Any) -> str:
    return dumps(value) if isinstance(value, dict | list) else as_text(value)


def _patches(order: Order, before: Properties, paths: Mapping[str, str]) -> list[dict[str, str]]:
    """Operations of a patch, for the properties that have changed and are plain values."""
    found = []
    for name, path in paths.items():
        now = order.properties.get(name)
        if now != before.get(name):
            found.append({"op": "replace", "path": path, "value": "" if now is None else _text(now)})
    return found


class RestApi(ResourceType):
    """AWS::ApiGateway::RestApi, from its properties or from an OpenAPI document.

    Its tags are those that it was made with: the service behind has no way to change them.
    """

    _CREATED: Final = (
        *("Description", "BinaryMediaTypes", "MinimumCompressionSize", "ApiKeySourceType", "EndpointConfiguration"),
        *("DisableExecuteApiEndpoint", "CloneFrom"),
    )
    _PATCHED: Final = {
        "Name": "/name",
        "Description": "/description",
        "ApiKeySourceType": "/apiKeySource",
        "MinimumCompressionSize": "/minimumCompressionSize",
        "DisableExecuteApiEndpoint": "/disableExecuteApiEndpoint",
    }

    @staticmethod
    def _document(order: Order) -> bytes | None:
        given = order.properties
        if "Body" in given:
            return dumps(given["Body"]).encode()
        place = given.get("BodyS3Location")
        if place is None:
            return None
        found = order.call("s3", "GetObject", Bucket=place["Bucket"], Key=place["Key"], VersionId=place.get("Version"))
        body: bytes = found["Body"].read()
        return body

    def create(self, order: Order) -> Made:
        """Make one."""
        given = order.properties
        document = self._document(order)
        name = given.get("Name")
        if name is None:
            body = given.get("Body")
            title = (body.get("info") or {}).get("title") if isinstance(body, dict) else None
            if title is None and document is None:
                raise Refused("RestAPI name must be specified in the REST API", "InvalidRequest")
            name = title or order.logical_id
        kept: dict[str, Any] = {key: given[key] for key in self._CREATED if key in given}
        if "ApiKeySourceType" in kept:
            kept["ApiKeySource"] = kept.pop("ApiKeySourceType")
        params = fit("apigateway", "CreateRestApi", kept, order)
        if "Policy" in given:
            params["policy"] = _text(given["Policy"])
        tags = order.tags(system=True)
        made = order.call("apigateway", "CreateRestApi", **params, name=as_text(name), tags=tags)["id"]
        try:
            if document is not None:
                self._put(order, made, document)
        except Refused:
            order.call("apigateway", "DeleteRestApi", restApiId=made)
            raise
        return self._made(order, made)

    @staticmethod
    def _put(order: Order, api: str, document: bytes) -> None:
        order.call("apigateway", "PutRestApi", restApiId=api, mode="overwrite", body=document)

    @staticmethod
    def _made(order: Order, api: str) -> Made:
        resources = order.call("apigateway", "GetResources", restApiId=api).get("items", ())
        root = next((each["id"] for each in resources if each.get("path") == "/"), "")
        return Made(api, {"RestApiId": api, "RootResourceId": root})

    def update(self, order: Order, before: Properties, made: Made) -> Made:
        """Change one."""
        paths = {name: path for name, path in self._PATCHED.items() if name in {*order.properties, *before}}
        patches = _patches(order, before, paths)
        if patches:
            order.call("apigateway", "UpdateRestApi", restApiId=made.id, patchOperations=patches)
        document = self._document(order)
        if document is not None and any(
            order.properties.get(name) != before.get(name) for name in ("Body", "BodyS3Location")
        ):
            self._put(order, made.id, document)
        return self._made(order, made.id)

    def delete(self, order: Order, made: Made) -> None:
        """Delete one."""
        order.call("apigateway", "DeleteRestApi", restApiId=made.id)


def _rest_api(order: Order) -> str:
    return as_text(order.properties["RestApiId"])


class RestResource(ResourceType):
    """AWS::ApiGateway::Resource."""

    updates = False

    def create(self, order: Order) -> Made:
        """Make one."""
        params = fit("apigateway", "CreateResource", order.properties, order)
        made = order.call("apigateway", "CreateResource", **params)["id"]
        return Made(made, {"ResourceId": made})

    def delete(self, order: Order, made: Made) -> None:
        """Delete one."""
        order.call("apigateway", "DeleteResource", restApiId=_rest_api(order), resourceId=made.id)


class Method(ResourceType):
    """AWS::ApiGateway::Method, with its integration and the responses of both."""

    def create(self, order: Order) -> Made:
        """Make one."""
        given = order.properties
        where = {
            "restApiId": _rest_api(order),
            "resourceId": as_text(given["ResourceId"]),
            "httpMethod": as_text(given["HttpMethod"]),
        }
        plain = {
            name: value
            for name, value in given.items()
            if name not in ("RestApiId", "ResourceId", "HttpMethod", "Integration", "MethodResponses")
        }
        plain.setdefault("AuthorizationType", "NONE")
        order.call("apigateway", "PutMethod", **{**fit("apigateway", "PutMethod", plain, order), **where})
        for response in given.get("MethodResponses") or ():
            params = fit("apigateway", "PutMethodResponse", response, order)
            order.call("apigateway", "PutMethodResponse", **{**params, **where})
        if integration := given.get("Integration"):
            self._integrate(order, integration, where)
        return Made("-".join(where.values()), {})

    @staticmethod
    def _integrate(order: Order, integration: Properties, where: dict[str, str]) -> None:
        plain = {
            name: value
            for name, value in integration.items()
            if name not in ("IntegrationResponses", "IntegrationHttpMethod")
        }
        params = fit("apigateway", "PutIntegration", plain, order)
        if "IntegrationHttpMethod" in integration:
            params["integrationHttpMethod"] = as_text(integration["IntegrationHttpMethod"])
        order.call("apigateway", "PutIntegration", **{**params, **where})
        for response in integration.get("IntegrationResponses") or ():
            params = fit("apigateway", "PutIntegrationResponse", response, order)
            order.call("apigateway", "PutIntegrationResponse", **{**params, **where})

    def update(self, order: Order, before: Properties, made: Made) -> Made:
        """Change one: it is put anew."""
        del before
        self.delete(order, made)
        return self.create(order)

    def delete(self, order: Order, made: Made) -> None:
        """Delete one."""
        api, resource, method = made.id.split("-", 2)
        order.call("apigateway", "DeleteMethod", restApiId=api, resourceId=resource, httpMethod=method)


class Deployment(ResourceType):
    """AWS::ApiGateway::Deployment, which may make a stage, too."""

    def create(self, order: Order) -> Made:
        """Make one."""
        given = {name: value for name, value in order.properties.items() if name != "DeploymentCanarySettings"}
        given.update(given.pop("StageDescription", None) or {})
        known = ("RestApiId", "StageName", "Description", "Variables", "CacheClusterEnabled", "CacheClusterSize")
        kept = {name: value for name, value in given.items() if name in (*known, "TracingEnabled")}
        made = order.call("apigateway", "CreateDeployment", **fit("apigateway", "CreateDeployment", kept, order))["id"]
        return Made(made, {"DeploymentId": made})

    def update(self, order: Order, before: Properties, made: Made) -> Made:
        """Change one."""
        patches = _patches(order, before, {"Description": "/description"})
        order.call(
            "apigateway",
            "UpdateDeployment",
            restApiId=_rest_api(order),
            deploymentId=made.id,
            patchOperations=patches,
        )
        return made

    def delete(self, order: Order, made: Made) -> None:
        """Delete one; the stage that it has made goes with it."""
        api = _rest_api(order)
        if stage := order.properties.get("StageName"):
            try:
                order.call("apigateway", "DeleteStage", restApiId=api, stageName=as_text(stage))
            except Refused as refused:
                if not refused.is_absence:
                    raise
        order.call("apigateway", "DeleteDeployment", restApiId=api, deploymentId=made.id)


class Stage(ResourceType):
    """AWS::ApiGateway::Stage."""

    _PATCHED: Final = {
        "DeploymentId": "/deploymentId",
        "Description": "/description",
        "TracingEnabled": "/tracingEnabled",
        "CacheClusterEnabled": "/cacheClusterEnabled",
        "CacheClusterSize": "/cacheClusterSize",
    }

    def create(self, order: Order) -> Made:
        """Make one."""
        left_out = ("MethodSettings", "AccessLogSetting", "ClientCertificateId", "CanarySetting", "Tags")
        given = {name: value for name, value in order.properties.items() if name not in left_out}
        params = fit("apigateway", "CreateStage", given, order)
        params["stageName"] = as_text(order.properties.get("StageName", "default"))
        order.call("apigateway", "CreateStage", **params, tags=order.tags(system=True))
        self._settle(order, {}, params["stageName"])
        return Made(params["stageName"], {})

    @staticmethod
    def _settle(order: Order, before: Properties, name: str) -> None:
        patches = []
        settings = order.properties.get("MethodSettings") or []
        if settings != (before.get("MethodSettings") or []):
            for setting in settings:
                path = _method_path(setting)
                for member, where in _METHOD_SETTINGS.items():
                    if member in setting:
                        value = as_text(setting[member])
                        patches.append({"op": "replace", "path": f"{path}/{where}", "value": value})
        logs = order.properties.get("AccessLogSetting") or {}
        if logs != (before.get("AccessLogSetting") or {}):
            for member, where in (("DestinationArn", "destinationArn"), ("Format", "format")):
                if member in logs:
                    path = f"/accessLogSettings/{where}"
                    patches.append({"op": "replace", "path": path, "value": as_text(logs[member])})
        if patches:
            order.call("apigateway", "UpdateStage", restApiId=_rest_api(order), stageName=name, patchOperations=patches)

    def update(self, order: Order, before: Properties, made: Made) -> Made:
        """Change one."""
        patches = _patches(order, before, self._PATCHED)
        now, was = (each.get("Variables") or {} for each in (order.properties, before))
        patches += [{"op": "replace", "path": f"/variables/{name}", "value": as_text(now[name])} for name in now]
        patches += [{"op": "remove", "path": f"/variables/{name}"} for name in was if name not in now]
        if patches:
            order.call(
                "apigateway", "UpdateStage", restApiId=_rest_api(order), stageName=made.id, patchOperations=patches
            )
        self._settle(order, before, made.id)
        return made

    def delete(self, order: Order, made: Made) -> None:
        """Delete one."""
        order.call("apigateway", "DeleteStage", restApiId=_rest_api(order), stageName=made.id)


_METHOD_SETTINGS: Final = {
    "MetricsEnabled": "metrics/enabled",
    "LoggingLevel": "logging/loglevel",
    "DataTraceEnabled": "logging/dataTrace",
    "ThrottlingBurstLimit": "throttling/burstLimit",
    "ThrottlingRateLimit": "throttling/rateLimit",
    "CachingEnabled": "caching/enabled",
    "CacheTtlInSeconds": "caching/ttlInSeconds",
    "CacheDataEncrypted": "caching/dataEncrypted",
}


def _method_path(setting: Properties) -> str:
    path = as_text(setting.get("ResourcePath", "/*"))
    resource = "*" if path == "/*" else path.replace("/", "~1")
    return f"/{resource}/{as_text(setting.get('HttpMethod', '*'))}"


def _by_id(attribute: str, member: str = "id") -> Callable[[Order, Properties, Properties], Made]:
    return lambda _order, _params, answer: Made(answer[member], {attribute: answer[member]})


class Child(Api):
    """A part of an API, which other operations find by the API and its own id."""

    def __init__(self, *args: Any, api: str, child: str, **more: Any) -> None:
        super().__init__(*args, **more)
        object.__setattr__(self, "_api", api)
        object.__setattr__(self, "_child", child)

    def _where(self, order: Order, made: Made) -> dict[str, Any]:
        api: str = self._api  # type: ignore[attr-defined]  # set above: the class is frozen
        return {api: as_text(order.properties[api[:1].upper() + api[1:]]), self._child: made.id}  # type: ignore[attr-defined]

    def update(self, order: Order, before: Properties, made: Made) -> Made:
        """Change one."""
        if self.update_by is not None:
            params = self._params(order, self.drop_on_update | self.drop, self.update_by)
            order.call(self.service, self.update_by, **{**params, **self._where(order, made)})
        del before
        return made

    def delete(self, order: Order, made: Made) -> None:
        """Delete one."""
        if self.delete_by is not None:
            order.call(self.service, self.delete_by, **self._where(order, made))


class Account(ResourceType):
    """AWS::ApiGateway::Account: the role by which API Gateway writes logs; there is one for all APIs of a region."""

    @staticmethod
    def _put(order: Order) -> None:
        role = order.properties.get("CloudWatchRoleArn")
        if role is not None:
            patch = {"op": "replace", "path": "/cloudwatchRoleArn", "value": as_text(role)}
            order.call("apigateway", "UpdateAccount", patchOperations=[patch])

    def create(self, order: Order) -> Made:
        """Set the role."""
        self._put(order)
        name = order.named("")
        return Made(name, {"Id": name})

    def update(self, order: Order, before: Properties, made: Made) -> Made:
        """Set the role."""
        del before
        self._put(order)
        return made

    def delete(self, order: Order, made: Made) -> None:
        """The role stays, as on AWS."""


# Version 2


class HttpApi(ResourceType):
    """AWS::ApiGatewayV2::Api, from its properties or from an OpenAPI document."""

    def create(self, order: Order) -> Made:
        """Make one."""
        given = order.properties
        if "Body" in given:
            body = given["Body"]
            title = as_text((body.get("info") or {}).get("title", order.logical_id))
            tags = order.tags() or None
            made = order.call("apigatewayv2", "CreateApi", Name=title, ProtocolType="HTTP", Tags=tags)
            openapi.build_http(order, made["ApiId"], body)
        else:
            left_out = ("FailOnWarnings", "BodyS3Location", "BasePath", "Tags")
            kept = {name: value for name, value in given.items() if name not in left_out}
            if "BodyS3Location" in given:
                raise Refused("Dynastep does not handle BodyS3Location of AWS::ApiGatewayV2::Api", "InvalidRequest")
            params = fit("apigatewayv2", "CreateApi", kept, order)
            made = order.call("apigatewayv2", "CreateApi", **params, Tags=order.tags() or None)
        found = {"ApiEndpoint": made.get("ApiEndpoint", ""), "ApiId": made["ApiId"]}
        return Made(made["ApiId"], found)

    def update(self, order: Order, before: Properties, made: Made) -> Made:
        """Change one."""
        given = order.properties
        if "Body" in given:
            if given["Body"] != before.get("Body"):
                openapi.build_http(order, made.id, given["Body"])
            return made
        left_out = ("FailOnWarnings", "BasePath", "Tags", "ProtocolType")
        kept = {name: value for name, value in given.items() if name not in left_out}
        order.call("apigatewayv2", "UpdateApi", ApiId=made.id, **fit("apigatewayv2", "UpdateApi", kept, order))
        return made

    def delete(self, order: Order, made: Made) -> None:
        """Delete one."""
        order.call("apigatewayv2", "DeleteApi", ApiId=made.id)


class HttpStage(ResourceType):
    """AWS::ApiGatewayV2::Stage."""

    def create(self, order: Order) -> Made:
        """Make one."""
        given = {name: value for name, value in order.properties.items() if name not in ("Tags", "AccessPolicyId")}
        params = fit("apigatewayv2", "CreateStage", given, order)
        order.call("apigatewayv2", "CreateStage", **params, Tags=order.tags() or None)
        return Made(params["StageName"], {})

    def update(self, order: Order, before: Properties, made: Made) -> Made:
        """Change one."""
        del before
        given = {name: value for name, value in order.properties.items() if name not in ("Tags", "AccessPolicyId")}
        order.call("apigatewayv2", "UpdateStage", **fit("apigatewayv2", "UpdateStage", given, order))
        return made

    def delete(self, order: Order, made: Made) -> None:
        """Delete one."""
        api = as_text(order.properties["ApiId"])
        order.call("apigatewayv2", "DeleteStage", ApiId=api, StageName=made.id)


class HttpDeployment(ResourceType):
    """AWS::ApiGatewayV2::Deployment."""

    updates = False

    def create(self, order: Order) -> Made:
        """Make one."""
        params = fit("apigatewayv2", "CreateDeployment", order.properties, order)
        made = order.call("apigatewayv2", "CreateDeployment", **params)["DeploymentId"]
        return Made(made, {"DeploymentId": made})

    def delete(self, order: Order, made: Made) -> None:
        """Delete one."""
        api = as_text(order.properties["ApiId"])
        order.call("apigatewayv2", "DeleteDeployment", ApiId=api, DeploymentId=made.id)


def _of_http_api(kind: str) -> Child:
    """A part of an API of version 2, whose operations take what its template says."""
    member = f"{kind}Id"
    return Child(
        "apigatewayv2",
        f"Create{kind}",
        _by_id(member, member),
        f"Delete{kind}",
        api="ApiId",
        child=member,
        update_by=f"Update{kind}",
    )


TYPES: Final[Mapping[str, ResourceType]] = {
    "AWS::ApiGateway::Account": Account(),
    "AWS::ApiGateway::ApiKey": Api(
        "apigateway",
        "CreateApiKey",
        _by_id("APIKeyId"),
        "DeleteApiKey",
        key=lambda made: {"apiKey": made.id},
        name="Name",
        drop=frozenset({"StageKeys"}),
        changes=False,
    ),
    "AWS::ApiGateway::UsagePlan": Api(
        "apigateway",
        "CreateUsagePlan",
        _by_id("Id"),
        "DeleteUsagePlan",
        key=lambda made: {"usagePlanId": made.id},
        changes=False,
    ),
    "AWS::ApiGateway::UsagePlanKey": Api(
        "apigateway",
        "CreateUsagePlanKey",
        lambda order, _params, answer: Made(
            answer["id"], {"Id": answer["id"], "::plan": order.properties["UsagePlanId"]}
        ),
        "DeleteUsagePlanKey",
        key=lambda made: {"usagePlanId": made.attributes["::plan"], "keyId": made.id},
        changes=False,
    ),
    "AWS::ApiGateway::Authorizer": Child(
        "apigateway",
        "CreateAuthorizer",
        _by_id("AuthorizerId"),
        "DeleteAuthorizer",
        api="restApiId",
        child="authorizerId",
        changes=False,
    ),
    "AWS::ApiGateway::Deployment": Deployment(),
    "AWS::ApiGateway::Method": Method(),
    "AWS::ApiGateway::Model": Child(
        "apigateway",
        "CreateModel",
        lambda _order, params, _answer: Made(str(params["name"]), {}),
        "DeleteModel",
        api="restApiId",
        child="modelName",
        name="Name",
        changes=False,
    ),
    "AWS::ApiGateway::RequestValidator": Child(
        "apigateway",
        "CreateRequestValidator",
        _by_id("RequestValidatorId"),
        "DeleteRequestValidator",
        api="restApiId",
        child="requestValidatorId",
        changes=False,
    ),
    "AWS::ApiGateway::Resource": RestResource(),
    "AWS::ApiGateway::RestApi": RestApi(),
    "AWS::ApiGateway::Stage": Stage(),
    "AWS::ApiGatewayV2::Api": HttpApi(),
    "AWS::ApiGatewayV2::Authorizer": _of_http_api("Authorizer"),
    "AWS::ApiGatewayV2::Deployment": HttpDeployment(),
    "AWS::ApiGatewayV2::Integration": _of_http_api("Integration"),
    "AWS::ApiGatewayV2::Route": _of_http_api("Route"),
    "AWS::ApiGatewayV2::Stage": HttpStage(),
}
