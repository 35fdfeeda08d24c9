"""AWS::ApiGatewayV2::*: HTTP and WebSocket APIs.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_ApiGatewayV2.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from asl_interpreter.jsontext import dumps
from emulator.deploying.intrinsics import as_text
from emulator.deploying.types.gateway_parts import Part, retag
from emulator.deploying.types.resource_type import Made, Order, Properties, ResourceType, fit

_SERVICE: Final = "apigatewayv2"
_OF_IMPORT: Final = frozenset({"Body", "BodyS3Location", "BasePath", "FailOnWarnings"})


class ApiV2(ResourceType):
    """AWS::ApiGatewayV2::Api, from its properties or from an OpenAPI document."""

    takes_tags = True

    @staticmethod
    def _import(order: Order) -> dict[str, Any] | None:
        """The parameters that import a document; None if there is none."""
        given, text = order.properties, None
        if "Body" in given:
            text = dumps(given["Body"])
        elif "BodyS3Location" in given:
            place = given["BodyS3Location"]
            named = {"Bucket": place["Bucket"], "Key": place["Key"], "VersionId": place.get("Version")}
            text = order.call("s3", "GetObject", **named)["Body"].read().decode()
        if text is None:
            return None
        more = {name: given[each] for name, each in (("Basepath", "BasePath"),) if each in given}
        if "FailOnWarnings" in given:
            more["FailOnWarnings"] = as_text(given["FailOnWarnings"]).lower() == "true"
        return {"Body": text, **more}

    @staticmethod
    def _plain(order: Order, operation: str) -> dict[str, Any]:
        left_out = _OF_IMPORT | ({"Tags"} if operation == "CreateApi" else {"Tags", "ProtocolType"})
        kept = {name: value for name, value in order.properties.items() if name not in left_out}
        return fit(_SERVICE, operation, kept, order)

    @staticmethod
    def _made(order: Order, made: Mapping[str, Any]) -> Made:
        api = str(made["ApiId"])
        arn = order.services.arn("execute-api", api)
        return Made(api, {"ApiEndpoint": made.get("ApiEndpoint", ""), "ApiId": api, "ExecuteApiArn": arn})

    def create(self, order: Order) -> Made:
        """Make one."""
        document = self._import(order)
        if document is None:
            made = order.call(_SERVICE, "CreateApi", **self._plain(order, "CreateApi"), Tags=order.tags() or None)
            return self._made(order, made)
        made = order.call(_SERVICE, "ImportApi", **document)
        settings = self._plain(order, "UpdateApi")
        if settings:
            order.call(_SERVICE, "UpdateApi", ApiId=made["ApiId"], **settings)
        if order.tags():
            arn = f"arn:aws:apigateway:{order.services.region}::/apis/{made['ApiId']}"
            order.call(_SERVICE, "TagResource", ResourceArn=arn, Tags=order.tags())
        return self._made(order, made)

    def update(self, order: Order, before: Properties, made: Made) -> Made:
        """Change one."""
        document = self._import(order)
        if document is not None and any(order.properties.get(name) != before.get(name) for name in _OF_IMPORT):
            order.call(_SERVICE, "ReimportApi", ApiId=made.id, **document)
        settings = self._plain(order, "UpdateApi")
        if settings:
            order.call(_SERVICE, "UpdateApi", ApiId=made.id, **settings)
        if before.get("CorsConfiguration") and "CorsConfiguration" not in order.properties and document is None:
            order.call(_SERVICE, "DeleteCorsConfiguration", ApiId=made.id)
        retag(order, before, _SERVICE, f"/apis/{made.id}")
        return made

    def delete(self, order: Order, made: Made) -> None:
        """Delete one."""
        order.call(_SERVICE, "DeleteApi", ApiId=made.id)


def _part(kind: str, within: tuple[str, ...] = ("ApiId",), **more: Any) -> Part:
    named = f"{kind}Id"
    attributes = more.pop("attributes", {named: named})
    return Part(_SERVICE, kind, named, {name: name for name in within}, attributes=attributes, **more)


_DOMAIN: Final = {
    "DomainNameArn": "DomainNameArn",
    "RegionalDomainName": "DomainNameConfigurations.0.ApiGatewayDomainName",
    "RegionalHostedZoneId": "DomainNameConfigurations.0.HostedZoneId",
}

TYPES: Final[Mapping[str, ResourceType]] = {
    "AWS::ApiGatewayV2::Api": ApiV2(),
    "AWS::ApiGatewayV2::ApiMapping": _part("ApiMapping", ("DomainName",)),
    "AWS::ApiGatewayV2::Authorizer": _part("Authorizer"),
    "AWS::ApiGatewayV2::Deployment": _part("Deployment", replaced=frozenset({"StageName"})),
    "AWS::ApiGatewayV2::DomainName": Part(
        _SERVICE, "DomainName", "DomainName", attributes=_DOMAIN, tag_path="/domainnames/{id}"
    ),
    "AWS::ApiGatewayV2::Integration": _part("Integration"),
    "AWS::ApiGatewayV2::IntegrationResponse": _part("IntegrationResponse", ("ApiId", "IntegrationId")),
    "AWS::ApiGatewayV2::Model": _part("Model", texts=frozenset({"Schema"})),
    "AWS::ApiGatewayV2::Route": _part("Route"),
    "AWS::ApiGatewayV2::RouteResponse": _part("RouteResponse", ("ApiId", "RouteId")),
    "AWS::ApiGatewayV2::Stage": Part(
        _SERVICE,
        "Stage",
        "StageName",
        {"ApiId": "ApiId"},
        tag_path="/apis/{ApiId}/stages/{id}",
        replaced=frozenset({"StageName"}),
    ),
    "AWS::ApiGatewayV2::VpcLink": _part(
        "VpcLink", (), tag_path="/vpclinks/{id}", replaced=frozenset({"SubnetIds", "SecurityGroupIds"})
    ),
}
