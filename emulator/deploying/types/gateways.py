"""AWS::ApiGateway::*: REST APIs.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_ApiGateway.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from asl_interpreter.jsontext import dumps
from emulator.deploying.intrinsics import as_text
from emulator.deploying.services import Refused
from emulator.deploying.types.gateway_parts import Part, patches, retag, texted
from emulator.deploying.types.modelled import Modelled
from emulator.deploying.types.resource_type import Made, Order, Properties, ResourceType, fit


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
            params["policy"] = texted(given["Policy"])
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
        found = patches(order, before, paths)
        if found:
            order.call("apigateway", "UpdateRestApi", restApiId=made.id, patchOperations=found)
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
        found = patches(order, before, {"Description": "/description"})
        order.call(
            "apigateway",
            "UpdateDeployment",
            restApiId=_rest_api(order),
            deploymentId=made.id,
            patchOperations=found,
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
        found = []
        settings = order.properties.get("MethodSettings") or []
        if settings != (before.get("MethodSettings") or []):
            for setting in settings:
                path = _method_path(setting)
                for member, where in _METHOD_SETTINGS.items():
                    if member in setting:
                        value = as_text(setting[member])
                        found.append({"op": "replace", "path": f"{path}/{where}", "value": value})
        found += patches(order, before, {"ClientCertificateId": "/clientCertificateId"})
        logs = order.properties.get("AccessLogSetting") or {}
        if logs != (before.get("AccessLogSetting") or {}):
            for member, where in (("DestinationArn", "destinationArn"), ("Format", "format")):
                if member in logs:
                    path = f"/accessLogSettings/{where}"
                    found.append({"op": "replace", "path": path, "value": as_text(logs[member])})
        if found:
            order.call("apigateway", "UpdateStage", restApiId=_rest_api(order), stageName=name, patchOperations=found)

    def update(self, order: Order, before: Properties, made: Made) -> Made:
        """Change one."""
        found = patches(order, before, self._PATCHED)
        now, was = (each.get("Variables") or {} for each in (order.properties, before))
        found += [{"op": "replace", "path": f"/variables/{name}", "value": as_text(now[name])} for name in now]
        found += [{"op": "remove", "path": f"/variables/{name}"} for name in was if name not in now]
        if found:
            order.call(
                "apigateway", "UpdateStage", restApiId=_rest_api(order), stageName=made.id, patchOperations=found
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


class BasePathMapping(ResourceType):
    """AWS::ApiGateway::BasePathMapping."""

    @staticmethod
    def _where(order: Order) -> dict[str, str]:
        given = order.properties
        return {"domainName": as_text(given["DomainName"]), "basePath": as_text(given.get("BasePath") or "(none)")}

    def create(self, order: Order) -> Made:
        """Make one."""
        params = fit("apigateway", "CreateBasePathMapping", order.properties, order)
        order.call("apigateway", "CreateBasePathMapping", **params)
        where = self._where(order)
        return Made(f"{where['domainName']}|{where['basePath']}", {})

    def update(self, order: Order, before: Properties, made: Made) -> Made:
        """Change one."""
        found = patches(order, before, {"RestApiId": "/restapiId", "Stage": "/stage"})
        order.call("apigateway", "UpdateBasePathMapping", **self._where(order), patchOperations=found)
        return made

    def delete(self, order: Order, made: Made) -> None:
        """Delete one."""
        del made
        order.call("apigateway", "DeleteBasePathMapping", **self._where(order))


class GatewayResponse(ResourceType):
    """AWS::ApiGateway::GatewayResponse."""

    def create(self, order: Order) -> Made:
        """Put one."""
        order.call(
            "apigateway", "PutGatewayResponse", **fit("apigateway", "PutGatewayResponse", order.properties, order)
        )
        name = f"{_rest_api(order)}-{as_text(order.properties['ResponseType'])}"
        return Made(name, {"Id": name})

    def update(self, order: Order, before: Properties, made: Made) -> Made:
        """Change one: it is put anew."""
        del before, made
        return self.create(order)

    def delete(self, order: Order, made: Made) -> None:
        """Delete one."""
        del made
        kind = as_text(order.properties["ResponseType"])
        order.call("apigateway", "DeleteGatewayResponse", restApiId=_rest_api(order), responseType=kind)


class UsagePlan(ResourceType):
    """AWS::ApiGateway::UsagePlan."""

    takes_tags = True
    _PATCHED: Final = {"Description": "/description", "UsagePlanName": "/name"}
    _NUMBERS: Final = {
        "Throttle": {"BurstLimit": "burstLimit", "RateLimit": "rateLimit"},
        "Quota": {"Limit": "limit", "Offset": "offset", "Period": "period"},
    }

    def create(self, order: Order) -> Made:
        """Make one."""
        given = {name: value for name, value in order.properties.items() if name not in ("Tags", "UsagePlanName")}
        params = fit("apigateway", "CreateUsagePlan", given, order)
        params["name"] = order.named("UsagePlanName")
        made = order.call("apigateway", "CreateUsagePlan", **params, tags=order.tags())["id"]
        return Made(made, {"Id": made})

    def update(self, order: Order, before: Properties, made: Made) -> Made:
        """Change one."""
        found = patches(order, before, {name: path for name, path in self._PATCHED.items() if name in order.properties})
        for name, members in self._NUMBERS.items():
            now, was = order.properties.get(name) or {}, before.get(name) or {}
            root = f"/{name.lower()}"
            if was and not now:
                found.append({"op": "remove", "path": root})
            found += [
                {"op": "replace", "path": f"{root}/{path}", "value": as_text(now[member])}
                for member, path in members.items()
                if member in now and now.get(member) != was.get(member)
            ]
        now, was = (
            {f"{as_text(stage['ApiId'])}:{as_text(stage['Stage'])}" for stage in each.get("ApiStages") or ()}
            for each in (order.properties, before)
        )
        found += [{"op": "remove", "path": "/apiStages", "value": each} for each in sorted(was - now)]
        found += [{"op": "add", "path": "/apiStages", "value": each} for each in sorted(now - was)]
        if found:
            order.call("apigateway", "UpdateUsagePlan", usagePlanId=made.id, patchOperations=found)
        retag(order, before, "apigateway", f"/usageplans/{made.id}")
        return made

    def delete(self, order: Order, made: Made) -> None:
        """Delete one, when no stage is of it any longer."""
        stages = order.properties.get("ApiStages") or ()
        found = [
            {"op": "remove", "path": "/apiStages", "value": f"{as_text(each['ApiId'])}:{as_text(each['Stage'])}"}
            for each in stages
        ]
        if found:
            order.call("apigateway", "UpdateUsagePlan", usagePlanId=made.id, patchOperations=found)
        order.call("apigateway", "DeleteUsagePlan", usagePlanId=made.id)


def _part(kind: str, parameter: str, **more: Any) -> Part:
    """A part of a REST API, by the parameter that names one."""
    attribute = f"{parameter[0].upper()}{parameter[1:]}"
    settings = {"attributes": {attribute: "id"}, "member": "id", **more}
    return Part("apigateway", kind, parameter, {"restApiId": "RestApiId"}, **settings)


_AUTHORIZER: Final = {
    "AuthType": "/authType",
    "AuthorizerCredentials": "/authorizerCredentials",
    "AuthorizerResultTtlInSeconds": "/authorizerResultTtlInSeconds",
    "AuthorizerUri": "/authorizerUri",
    "IdentitySource": "/identitySource",
    "IdentityValidationExpression": "/identityValidationExpression",
    "Name": "/name",
    "ProviderARNs": "/providerARNs",
    "Type": "/type",
}
_VALIDATOR: Final = {
    "ValidateRequestBody": "/validateRequestBody",
    "ValidateRequestParameters": "/validateRequestParameters",
}
_DOMAIN: Final = {
    "CertificateArn": "/certificateArn",
    "RegionalCertificateArn": "/regionalCertificateArn",
    "SecurityPolicy": "/securityPolicy",
}

TYPES: Final[Mapping[str, ResourceType]] = {
    "AWS::ApiGateway::Account": Account(),
    "AWS::ApiGateway::ApiKey": Part(
        "apigateway",
        "ApiKey",
        "apiKey",
        member="id",
        attributes={"APIKeyId": "id"},
        named="Name",
        patched={"CustomerId": "/customerId", "Description": "/description", "Enabled": "/enabled"},
        tag_path="/apikeys/{id}",
    ),
    "AWS::ApiGateway::Authorizer": _part("Authorizer", "authorizerId", patched=_AUTHORIZER),
    "AWS::ApiGateway::BasePathMapping": BasePathMapping(),
    "AWS::ApiGateway::ClientCertificate": Part(
        "apigateway",
        "ClientCertificate",
        "clientCertificateId",
        attributes={"ClientCertificateId": "clientCertificateId"},
        create_by="GenerateClientCertificate",
        patched={"Description": "/description"},
        tag_path="/clientcertificates/{id}",
    ),
    "AWS::ApiGateway::Deployment": Deployment(),
    "AWS::ApiGateway::DocumentationPart": _part(
        "DocumentationPart",
        "documentationPartId",
        patched={"Properties": "/properties"},
        texts=frozenset({"Properties"}),
    ),
    "AWS::ApiGateway::DocumentationVersion": _part(
        "DocumentationVersion",
        "documentationVersion",
        member="version",
        attributes={},
        patched={"Description": "/description"},
    ),
    "AWS::ApiGateway::DomainName": Part(
        "apigateway",
        "DomainName",
        "domainName",
        attributes={
            f"{name[0].upper()}{name[1:]}": name
            for name in (
                *("distributionDomainName", "distributionHostedZoneId", "domainNameArn", "regionalDomainName"),
                "regionalHostedZoneId",
            )
        },
        patched=_DOMAIN,
        tag_path="/domainnames/{id}",
    ),
    "AWS::ApiGateway::GatewayResponse": GatewayResponse(),
    "AWS::ApiGateway::Method": Method(),
    "AWS::ApiGateway::Model": _part(
        "Model",
        "modelName",
        member="name",
        attributes={},
        named="Name",
        alphanumeric=True,
        patched={"Description": "/description", "Schema": "/schema"},
        texts=frozenset({"Schema"}),
    ),
    "AWS::ApiGateway::RequestValidator": _part("RequestValidator", "requestValidatorId", patched=_VALIDATOR),
    "AWS::ApiGateway::Resource": RestResource(),
    "AWS::ApiGateway::RestApi": RestApi(),
    "AWS::ApiGateway::Stage": Stage(),
    "AWS::ApiGateway::UsagePlan": UsagePlan(),
    "AWS::ApiGateway::UsagePlanKey": Modelled("apigateway", "UsagePlanKey", ref="Id", keyed=("usagePlanId", "keyId")),
    "AWS::ApiGateway::VpcLink": Part(
        "apigateway",
        "VpcLink",
        "vpcLinkId",
        member="id",
        attributes={"VpcLinkId": "id"},
        patched={"Description": "/description", "Name": "/name"},
        tag_path="/vpclinks/{id}",
    ),
}
