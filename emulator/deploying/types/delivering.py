"""What delivers to users and from builders: CloudFront, Route 53, AppSync, SES, Firehose, the Code services."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Final

from emulator.deploying.intrinsics import as_text
from emulator.deploying.services import Refused
from emulator.deploying.types.modelled import Modelled
from emulator.deploying.types.resource_type import Made, Order, Properties, Put, ResourceType, fit


class Records(ResourceType):
    """AWS::Route53::RecordSet and AWS::Route53::RecordSetGroup: records of a hosted zone."""

    def __init__(self, *, many: bool) -> None:
        self.many = many

    def _records(self, given: Properties) -> list[dict[str, Any]]:
        if self.many:
            return [self._record(each) for each in given.get("RecordSets") or ()]
        return [self._record(given)]

    @staticmethod
    def _record(given: Properties) -> dict[str, Any]:
        names = ("Name", "Type", "SetIdentifier", "Region", "Failover", "HealthCheckId", "GeoLocation", "AliasTarget")
        record: dict[str, Any] = {name: given[name] for name in names if name in given}
        if "TTL" in given:
            record["TTL"] = int(as_text(given["TTL"]))
        if "Weight" in given:
            record["Weight"] = int(as_text(given["Weight"]))
        if "ResourceRecords" in given:
            record["ResourceRecords"] = [{"Value": as_text(value)} for value in given["ResourceRecords"]]
        if "AliasTarget" in record:
            evaluates = as_text(record["AliasTarget"].get("EvaluateTargetHealth", False)).lower() == "true"
            record["AliasTarget"] = {**record["AliasTarget"], "EvaluateTargetHealth": evaluates}
        return record

    @staticmethod
    def _zone(order: Order, given: Properties) -> str:
        if "HostedZoneId" in given:
            return as_text(given["HostedZoneId"])
        name = as_text(given["HostedZoneName"])
        zones = order.call("route53", "ListHostedZones")["HostedZones"]
        found = [zone["Id"] for zone in zones if zone["Name"] == name]
        if len(found) != 1:
            raise Refused(f"Found {'no' if not found else 'multiple'} hosted zones for name: {name}", "InvalidRequest")
        return str(found[0])

    def _change(self, order: Order, given: Properties, changes: list[tuple[str, dict[str, Any]]]) -> None:
        if changes:
            batch = {"Changes": [{"Action": action, "ResourceRecordSet": record} for action, record in changes]}
            zone = self._zone(order, given)
            order.call("route53", "ChangeResourceRecordSets", HostedZoneId=zone, ChangeBatch=batch)

    def create(self, order: Order) -> Made:
        """Make them."""
        given = order.properties
        self._change(order, given, [("CREATE", record) for record in self._records(given)])
        return Made(order.named("") if self.many else as_text(given["Name"]), {})

    def update(self, order: Order, before: Properties, made: Made) -> Made:
        """Change them."""
        now, was = self._records(order.properties), self._records(before)
        known = [(record["Name"], record["Type"], record.get("SetIdentifier")) for record in now]
        gone = [each for each in was if (each["Name"], each["Type"], each.get("SetIdentifier")) not in known]
        changes = [("DELETE", record) for record in gone] + [("UPSERT", record) for record in now]
        self._change(order, order.properties, changes)
        return made

    def delete(self, order: Order, made: Made) -> None:
        """Delete them."""
        del made
        given = order.properties
        self._change(order, given, [("DELETE", record) for record in self._records(given)])


class CloudFrontType(Modelled):
    """A type of AWS::CloudFront: what changes it or deletes it names the state that it is in."""

    def _key(self, order: Order, made: Made, operation: str) -> dict[str, Any]:
        key = super()._key(order, made, operation)
        if "IfMatch" in self._members(operation):
            key["IfMatch"] = order.call("cloudfront", f"Get{self.noun}", Id=made.id)["ETag"]
        return key


def _cloudfront(noun: str, **more: Any) -> CloudFrontType:
    return CloudFrontType("cloudfront", noun, **more)


def _distribution(config: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration of a distribution, with what the operation asks for and a template may leave out."""

    def behaviour(value: Mapping[str, Any]) -> dict[str, Any]:
        forwarded = value.get("ForwardedValues")
        if forwarded is None:
            return dict(value)
        return {**value, "ForwardedValues": {"Cookies": {"Forward": "none"}, **forwarded}}

    shaped = {"Comment": "", **config}
    if "DefaultCacheBehavior" in shaped:
        shaped["DefaultCacheBehavior"] = behaviour(shaped["DefaultCacheBehavior"])
    if "CacheBehaviors" in shaped:
        shaped["CacheBehaviors"] = [behaviour(each) for each in shaped["CacheBehaviors"]]
    return shaped


def _named_by_caller(member: str) -> Any:
    return lambda order: {member: {"CallerReference": order.seed}}


def _disable(order: Order, made: Made) -> None:
    """A distribution is disabled before it is deleted."""
    found = order.call("cloudfront", "GetDistributionConfig", Id=made.id)
    config = {**found["DistributionConfig"], "Enabled": False}
    order.call("cloudfront", "UpdateDistribution", Id=made.id, IfMatch=found["ETag"], DistributionConfig=config)


def _log(order: Order, before: Properties, made: Made) -> None:
    """A trail writes or rests."""
    now, was = (as_text(each.get("IsLogging", False)).lower() == "true" for each in (order.properties, before))
    if now != was:
        order.call("cloudtrail", "StartLogging" if now else "StopLogging", Name=made.id)


class GraphQLSchema(Put):
    """AWS::AppSync::GraphQLSchema."""

    def put(self, order: Order, before: Properties) -> None:
        """Have the API's schema made of the definition."""
        del before
        given = order.properties
        if "DefinitionS3Location" in given:
            bucket, _, key = as_text(given["DefinitionS3Location"]).removeprefix("s3://").partition("/")
            text = order.call("s3", "GetObject", Bucket=bucket, Key=key)["Body"].read()
        else:
            text = as_text(given["Definition"]).encode()
        order.call("appsync", "StartSchemaCreation", apiId=given["ApiId"], definition=text)

    def identify(self, order: Order) -> Made:
        """It is named after its API."""
        name = f"{order.properties['ApiId']}GraphQLSchema"
        return Made(name, {"Id": name})

    def delete(self, order: Order, made: Made) -> None:
        """A schema goes with its API."""


_DESTINATIONS: Final = {
    "ExtendedS3DestinationConfiguration": "ExtendedS3DestinationUpdate",
    "HttpEndpointDestinationConfiguration": "HttpEndpointDestinationUpdate",
    "RedshiftDestinationConfiguration": "RedshiftDestinationUpdate",
    "S3DestinationConfiguration": "S3DestinationUpdate",
}


class DeliveryStream(Modelled):
    """AWS::KinesisFirehose::DeliveryStream: what changes is its one destination, and its tags."""

    def update(self, order: Order, before: Properties, made: Made) -> Made:
        """Change one."""
        kept = {**order.properties, **{name: before[name] for name in _DESTINATIONS if name in before}}
        destinations = [name for name in _DESTINATIONS if name in order.properties and name in before]
        changed = [name for name in destinations if order.properties[name] != before[name]]
        super().update(dataclasses.replace(order, properties=kept if changed else order.properties), before, made)
        for name in changed:
            shown = order.call("firehose", "DescribeDeliveryStream", DeliveryStreamName=made.id)
            described = shown["DeliveryStreamDescription"]
            parameter = _DESTINATIONS[name]
            given = fit("firehose", "UpdateDestination", {parameter: order.properties[name]}, order)
            order.call(
                "firehose",
                "UpdateDestination",
                DeliveryStreamName=made.id,
                CurrentDeliveryStreamVersionId=described["VersionId"],
                DestinationId=described["Destinations"][0]["DestinationId"],
                **given,
            )
        return made


def _namespace(order: Order, answer: Properties) -> Mapping[str, Any]:
    operation = order.call("servicediscovery", "GetOperation", OperationId=answer["OperationId"])["Operation"]
    return {"Id": operation["Targets"]["NAMESPACE"]}


def _space(noun: str) -> Modelled:
    return Modelled(
        "servicediscovery",
        noun,
        delete_by="DeleteNamespace",
        read_by="GetNamespace",
        answered=_namespace,
        keyed=("Id",),
    )


def _appsync(noun: str, **more: Any) -> Modelled:
    return Modelled("appsync", noun, **more)


TYPES: Final[Mapping[str, ResourceType]] = {
    "AWS::AppConfig::Application": Modelled(
        "appconfig",
        "Application",
        ref="ApplicationId",
        renamed={"ApplicationId": "Id"},
        arn="appconfig:application/{id}",
    ),
    "AWS::AppConfig::ConfigurationProfile": Modelled(
        "appconfig",
        "ConfigurationProfile",
        ref="ConfigurationProfileId",
        arn="appconfig:application/{ApplicationId}/configurationprofile/{id}",
    ),
    "AWS::AppConfig::HostedConfigurationVersion": Modelled(
        "appconfig", "HostedConfigurationVersion", ref="VersionNumber"
    ),
    "AWS::AppSync::ApiKey": _appsync(
        "ApiKey",
        ref="Arn",
        arn="appsync:apis/{ApiId}/apikeys/{ApiKeyId}",
        ways={"ApiKey": "Id", "ApiKeyId": "Id"},
        kept=("ApiKeyId",),
    ),
    "AWS::AppSync::GraphQLApi": _appsync(
        "GraphqlApi",
        ways={
            "GraphQLDns": "dns.GRAPHQL",
            "GraphQLUrl": "uris.GRAPHQL",
            "RealtimeDns": "dns.REALTIME",
            "RealtimeUrl": "uris.REALTIME",
        },
        retagged=False,
    ),
    "AWS::AppSync::GraphQLSchema": GraphQLSchema(),
    "AWS::Budgets::Budget": Modelled("budgets", "Budget"),
    "AWS::CloudFront::Distribution": _cloudfront(
        "Distribution",
        prepared=_named_by_caller("DistributionConfig"),
        shaped={"DistributionConfig": _distribution},
        before_deletion=_disable,
        arn="cloudfront:distribution/{id}",
    ),
    "AWS::CloudFront::OriginAccessControl": _cloudfront("OriginAccessControl"),
    "AWS::CloudTrail::Trail": Modelled(
        "cloudtrail",
        "Trail",
        renamed={"TrailName": "Name"},
        elsewhere=frozenset({"IsLogging"}),
        afterwards=_log,
        longest=128,
    ),
    "AWS::CodeBuild::Project": Modelled("codebuild", "Project", read_by="BatchGetProjects", ways={"Id": "Name"}),
    "AWS::CodeCommit::Repository": Modelled("codecommit", "Repository", retagged=False),
    "AWS::CodeDeploy::Application": Modelled("codedeploy", "Application", longest=100, retagged=False),
    "AWS::CodeDeploy::DeploymentGroup": Modelled(
        "codedeploy", "DeploymentGroup", ref="DeploymentGroupName", longest=100, retagged=False
    ),
    "AWS::CodePipeline::Pipeline": Modelled("codepipeline", "Pipeline", wrapped=("pipeline",)),
    "AWS::Config::ConfigRule": Modelled(
        "config", "ConfigRule", create_by="PutConfigRule", wrapped=("ConfigRule",), longest=128
    ),
    "AWS::KinesisFirehose::DeliveryStream": DeliveryStream("firehose", "DeliveryStream"),
    "AWS::Route53::HealthCheck": Modelled("route53", "HealthCheck"),
    "AWS::Route53::HostedZone": Modelled(
        "route53",
        "HostedZone",
        answered=lambda _order, answer: {"Id": answer["HostedZone"]["Id"].rpartition("/")[2]},
        retagged=False,
    ),
    "AWS::Route53::RecordSet": Records(many=False),
    "AWS::Route53::RecordSetGroup": Records(many=True),
    "AWS::SES::ConfigurationSet": Modelled("sesv2", "ConfigurationSet", arn="ses:configuration-set/{id}"),
    "AWS::SES::ContactList": Modelled("sesv2", "ContactList", arn="ses:contact-list/{id}"),
    "AWS::SES::EmailIdentity": Modelled("sesv2", "EmailIdentity", arn="ses:identity/{id}"),
    "AWS::SES::ReceiptRuleSet": Modelled("ses", "ReceiptRuleSet"),
    "AWS::SES::Template": Modelled("ses", "Template", ways={"Id": "Template.TemplateName"}),
    "AWS::ServiceDiscovery::HttpNamespace": _space("HttpNamespace"),
    "AWS::ServiceDiscovery::PrivateDnsNamespace": _space("PrivateDnsNamespace"),
    "AWS::ServiceDiscovery::Service": Modelled("servicediscovery", "Service"),
    "AWS::Transfer::Server": Modelled("transfer", "Server"),
}
