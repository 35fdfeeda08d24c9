"""AWS::S3::*."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from asl_interpreter.jsontext import dumps
from emulator.deploying.intrinsics import as_text
from emulator.deploying.services import Refused, Services
from emulator.deploying.types.resource_type import Made, Order, Properties, ResourceType, fit, pairs


def _notifications(order: Order, given: Properties) -> dict[str, Any]:
    """What a bucket tells whom, as the API takes it: one event per entry in a template, a list of them there."""
    found: dict[str, Any] = {}
    for member, target, service in (
        ("LambdaConfigurations", "Function", "LambdaFunction"),
        ("QueueConfigurations", "Queue", "Queue"),
        ("TopicConfigurations", "Topic", "Topic"),
    ):
        entries = []
        for entry in given.get(member) or ():
            made: dict[str, Any] = {f"{service}Arn": entry[target], "Events": [entry["Event"]]}
            rules = ((entry.get("Filter") or {}).get("S3Key") or {}).get("Rules")
            if rules:
                made["Filter"] = {"Key": {"FilterRules": rules}}
            entries.append(made)
        if entries:
            found[f"{service}Configurations"] = entries
    bridge = given.get("EventBridgeConfiguration")
    if bridge is not None and as_text(bridge.get("EventBridgeEnabled", True)).lower() == "true":
        found["EventBridgeConfiguration"] = {}
    del order
    return found


def _put_versioning(order: Order, bucket: str, given: Any) -> None:
    status = {"Status": given["Status"] if given else "Suspended"}
    order.call("s3", "PutBucketVersioning", Bucket=bucket, VersioningConfiguration=status)


def _put_notifications(order: Order, bucket: str, given: Any) -> None:
    wanted = _notifications(order, given or {})
    order.call("s3", "PutBucketNotificationConfiguration", Bucket=bucket, NotificationConfiguration=wanted)


def _put_encryption(order: Order, bucket: str, given: Any) -> None:
    if not given:
        order.call("s3", "DeleteBucketEncryption", Bucket=bucket)
        return
    rules = [
        {
            **{name: value for name, value in rule.items() if name == "BucketKeyEnabled"},
            "ApplyServerSideEncryptionByDefault": rule.get("ServerSideEncryptionByDefault"),
        }
        for rule in given["ServerSideEncryptionConfiguration"]
    ]
    _put(order, "PutBucketEncryption", bucket, {"ServerSideEncryptionConfiguration": {"Rules": rules}})


def _put_lifecycle(order: Order, bucket: str, given: Any) -> None:
    if not given:
        order.call("s3", "DeleteBucketLifecycle", Bucket=bucket)
        return
    rules = [_lifecycle_rule(rule) for rule in given["Rules"]]
    _put(order, "PutBucketLifecycleConfiguration", bucket, {"LifecycleConfiguration": {"Rules": rules}})


def _lifecycle_rule(rule: Properties) -> dict[str, Any]:
    made: dict[str, Any] = {"Status": rule["Status"], "Filter": {"Prefix": rule.get("Prefix", "")}}
    if "Id" in rule:
        made["ID"] = rule["Id"]
    expiration = {}
    if "ExpirationInDays" in rule:
        expiration["Days"] = rule["ExpirationInDays"]
    if "ExpirationDate" in rule:
        expiration["Date"] = rule["ExpirationDate"]
    if "ExpiredObjectDeleteMarker" in rule:
        expiration["ExpiredObjectDeleteMarker"] = rule["ExpiredObjectDeleteMarker"]
    if expiration:
        made["Expiration"] = expiration
    for member in ("AbortIncompleteMultipartUpload", "NoncurrentVersionExpiration"):
        if member in rule:
            made[member] = rule[member]
    if "NoncurrentVersionExpirationInDays" in rule:
        made["NoncurrentVersionExpiration"] = {"NoncurrentDays": rule["NoncurrentVersionExpirationInDays"]}
    transitions = [*rule.get("Transitions", ()), *([rule["Transition"]] if "Transition" in rule else [])]
    if transitions:
        made["Transitions"] = [
            {
                "StorageClass": each["StorageClass"],
                **({"Days": each["TransitionInDays"]} if "TransitionInDays" in each else {}),
            }
            for each in transitions
        ]
    return made


def _put_cors(order: Order, bucket: str, given: Any) -> None:
    if not given:
        order.call("s3", "DeleteBucketCors", Bucket=bucket)
        return
    names = {"ExposedHeaders": "ExposeHeaders", "MaxAge": "MaxAgeSeconds", "Id": "ID"}
    rules = [{names.get(name, name): value for name, value in rule.items()} for rule in given["CorsRules"]]
    _put(order, "PutBucketCors", bucket, {"CORSConfiguration": {"CORSRules": rules}})


def _put_public_access(order: Order, bucket: str, given: Any) -> None:
    if given:
        _put(order, "PutPublicAccessBlock", bucket, {"PublicAccessBlockConfiguration": given})
    else:
        order.call("s3", "DeletePublicAccessBlock", Bucket=bucket)


def _put_ownership(order: Order, bucket: str, given: Any) -> None:
    if given:
        _put(order, "PutBucketOwnershipControls", bucket, {"OwnershipControls": {"Rules": given["Rules"]}})
    else:
        order.call("s3", "DeleteBucketOwnershipControls", Bucket=bucket)


def _put_logging(order: Order, bucket: str, given: Any) -> None:
    enabled = {}
    if given:
        target = given.get("DestinationBucketName", bucket)
        enabled = {"LoggingEnabled": {"TargetBucket": target, "TargetPrefix": given.get("LogFilePrefix", "")}}
    _put(order, "PutBucketLogging", bucket, {"BucketLoggingStatus": enabled})


def _put_website(order: Order, bucket: str, given: Any) -> None:
    if not given:
        order.call("s3", "DeleteBucketWebsite", Bucket=bucket)
        return
    wanted = {
        "IndexDocument": {"Suffix": given["IndexDocument"]} if "IndexDocument" in given else None,
        "ErrorDocument": {"Key": given["ErrorDocument"]} if "ErrorDocument" in given else None,
        "RedirectAllRequestsTo": given.get("RedirectAllRequestsTo"),
    }
    kept = {name: value for name, value in wanted.items() if value is not None}
    _put(order, "PutBucketWebsite", bucket, {"WebsiteConfiguration": kept})


def _put(order: Order, operation: str, bucket: str, given: dict[str, Any]) -> None:
    order.call("s3", operation, **fit("s3", operation, {"Bucket": bucket, **given}, order))


_BUCKET_SETTINGS: Final[Mapping[str, Callable[[Order, str, Any], None]]] = {
    "BucketEncryption": _put_encryption,
    "CorsConfiguration": _put_cors,
    "LifecycleConfiguration": _put_lifecycle,
    "LoggingConfiguration": _put_logging,
    "NotificationConfiguration": _put_notifications,
    "OwnershipControls": _put_ownership,
    "PublicAccessBlockConfiguration": _put_public_access,
    "VersioningConfiguration": _put_versioning,
    "WebsiteConfiguration": _put_website,
}
_BUCKET_TAKES: Final = frozenset({*_BUCKET_SETTINGS, "AccessControl", "BucketName", "Tags", "ObjectLockEnabled"})


class Bucket(ResourceType):
    """AWS::S3::Bucket."""

    takes_tags = True

    def create(self, order: Order) -> Made:
        """Make one."""
        name = order.named("BucketName", 63, lower="BucketName" not in order.properties)
        extra = sorted(order.properties.keys() - _BUCKET_TAKES)
        if extra:
            raise Refused(f"Dynastep does not handle {', '.join(extra)} of AWS::S3::Bucket", "InvalidRequest")
        region = order.services.region
        order.call(
            "s3",
            "CreateBucket",
            Bucket=name,
            CreateBucketConfiguration=None if region == "us-east-1" else {"LocationConstraint": region},
            ObjectLockEnabledForBucket=as_text(order.properties.get("ObjectLockEnabled", False)) == "true" or None,
        )
        made = self._made(order.services, name)
        try:
            self._settle(order, {}, name)
        except Refused:
            self.delete(order, made)
            raise
        return made

    @staticmethod
    def _made(services: Services, name: str) -> Made:
        region, suffix = services.region, services.suffix
        return Made(
            name,
            {
                "Arn": f"arn:{services.partition}:s3:::{name}",
                "DomainName": f"{name}.s3.{suffix}",
                "DualStackDomainName": f"{name}.s3.dualstack.{region}.{suffix}",
                "RegionalDomainName": f"{name}.s3.{region}.{suffix}",
                "WebsiteURL": f"http://{name}.s3-website-{region}.{suffix}",
            },
        )

    @staticmethod
    def _settle(order: Order, before: Properties, name: str) -> None:
        for member, put in _BUCKET_SETTINGS.items():
            given = order.properties.get(member)
            if given != before.get(member):
                put(order, name, given)
        tags, was = order.tags(), order.tags_before(before)
        if tags != was:
            if tags:
                order.call("s3", "PutBucketTagging", Bucket=name, Tagging={"TagSet": pairs(tags)})
            else:
                order.call("s3", "DeleteBucketTagging", Bucket=name)

    def update(self, order: Order, before: Properties, made: Made) -> Made:
        """Change one."""
        self._settle(order, before, made.id)
        return made

    def delete(self, order: Order, made: Made) -> None:
        """Delete one, which must be empty."""
        order.call("s3", "DeleteBucket", Bucket=made.id)

    def adopt(self, services: Services, identifier: Properties) -> Made | None:
        """A bucket that is there."""
        services.call("s3", "HeadBucket", Bucket=str(identifier["BucketName"]))
        return self._made(services, str(identifier["BucketName"]))


class BucketPolicy(ResourceType):
    """AWS::S3::BucketPolicy."""

    def create(self, order: Order) -> Made:
        """Make one."""
        bucket = as_text(order.properties["Bucket"])
        order.call("s3", "PutBucketPolicy", Bucket=bucket, Policy=dumps(order.properties["PolicyDocument"]))
        return Made(bucket, {})

    def update(self, order: Order, before: Properties, made: Made) -> Made:
        """Change one."""
        del before, made
        return self.create(order)

    def delete(self, order: Order, made: Made) -> None:
        """Delete one."""
        order.call("s3", "DeleteBucketPolicy", Bucket=made.id)


TYPES: Final[Mapping[str, ResourceType]] = {"AWS::S3::Bucket": Bucket(), "AWS::S3::BucketPolicy": BucketPolicy()}
