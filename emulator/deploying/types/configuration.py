"""AWS::S3::*, AWS::SSM::Parameter, AWS::SecretsManager::Secret, AWS::KMS::*, AWS::Logs::* and AWS::CloudWatch::*."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from asl_interpreter.jsontext import dumps
from emulator.deploying.intrinsics import as_text
from emulator.deploying.services import Refused, Services
from emulator.deploying.types.resource_type import (
    Api,
    Made,
    Order,
    Properties,
    ResourceType,
    fit,
    invalid,
    pairs,
)

# S3


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


# SSM, Secrets Manager, KMS


class Parameter(ResourceType):
    """AWS::SSM::Parameter."""

    takes_tags = True

    @staticmethod
    def _put(order: Order, name: str, *, overwrite: bool) -> Made:
        given = {key: value for key, value in order.properties.items() if key not in ("Name", "Tags")}
        params = fit("ssm", "PutParameter", given, order)
        tags = None if overwrite else pairs(order.tags()) or None
        order.call("ssm", "PutParameter", **params, Name=name, Overwrite=overwrite or None, Tags=tags)
        return Made(name, {"Type": params["Type"], "Value": params["Value"]})

    def create(self, order: Order) -> Made:
        """Make one."""
        allowed = order.properties.get("Type")
        if allowed not in ("String", "StringList"):
            message = f"Parameter type {allowed} is not supported by AWS::SSM::Parameter"
            raise invalid(order.logical_id, [f"#/Type: #: {message}"])
        return self._put(order, order.named("Name", 255), overwrite=False)

    def update(self, order: Order, before: Properties, made: Made) -> Made:
        """Change one."""
        changed = self._put(order, made.id, overwrite=True)
        order.retag(
            before,
            lambda new: order.call(
                "ssm", "AddTagsToResource", ResourceType="Parameter", ResourceId=made.id, Tags=pairs(new)
            ),
            lambda gone: order.call(
                "ssm", "RemoveTagsFromResource", ResourceType="Parameter", ResourceId=made.id, TagKeys=gone
            ),
        )
        return changed

    def delete(self, order: Order, made: Made) -> None:
        """Delete one."""
        order.call("ssm", "DeleteParameter", Name=made.id)

    def adopt(self, services: Services, identifier: Properties) -> Made:
        """A parameter that is there."""
        found = services.call("ssm", "GetParameter", Name=str(identifier["Name"]))["Parameter"]
        return Made(found["Name"], {"Type": found["Type"], "Value": found["Value"]})


_LOWER: Final = "abcdefghijklmnopqrstuvwxyz"
_PUNCTUATION: Final = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"


def generated(given: Properties, seed: str) -> str:
    """A secret as GenerateSecretString describes it; the same one for the same seed."""

    def says(name: str) -> bool:
        return as_text(given.get(name, False)).lower() == "true"

    length = int(as_text(given.get("PasswordLength", 32)))
    letters = "" if says("ExcludeLowercase") else _LOWER
    letters += "" if says("ExcludeUppercase") else _LOWER.upper()
    letters += "" if says("ExcludeNumbers") else "0123456789"
    letters += "" if says("ExcludePunctuation") else _PUNCTUATION
    letters += " " if says("IncludeSpace") else ""
    letters = "".join(letter for letter in letters if letter not in as_text(given.get("ExcludeCharacters", "")))
    if not letters:
        raise Refused("InvalidParameterException: no characters are left for a password", "InvalidRequest")
    digest = hashlib.shake_256(seed.encode()).digest(length * 2)
    text = "".join(letters[int.from_bytes(digest[i : i + 2], "big") % len(letters)] for i in range(0, length * 2, 2))
    if "SecretStringTemplate" not in given:
        return text
    try:
        template = json.loads(as_text(given["SecretStringTemplate"]))
        return dumps({**template, as_text(given["GenerateStringKey"]): text})
    except (ValueError, TypeError, KeyError):
        message = "Could not parse SecretStringTemplate JSON"
        raise Refused(message, "InvalidRequest") from None


class Secret(ResourceType):
    """AWS::SecretsManager::Secret."""

    takes_tags = True

    @staticmethod
    def _text(order: Order) -> str | None:
        if "GenerateSecretString" in order.properties:
            return generated(order.properties["GenerateSecretString"], order.seed)
        text = order.properties.get("SecretString")
        return None if text is None else as_text(text)

    def create(self, order: Order) -> Made:
        """Make one."""
        given = order.properties
        made = order.call(
            "secretsmanager",
            "CreateSecret",
            Name=order.named("Name", 250),
            Description=given.get("Description"),
            KmsKeyId=given.get("KmsKeyId"),
            SecretString=self._text(order),
            Tags=pairs(order.tags()) or None,
        )
        return Made(made["ARN"], {"Id": made["ARN"]})

    def update(self, order: Order, before: Properties, made: Made) -> Made:
        """Change one."""
        given = order.properties
        for name in ("Description", "KmsKeyId"):
            if given.get(name) != before.get(name):
                order.call("secretsmanager", "UpdateSecret", SecretId=made.id, **{name: given.get(name, "")})
        if any(given.get(name) != before.get(name) for name in ("SecretString", "GenerateSecretString")):
            order.call("secretsmanager", "PutSecretValue", SecretId=made.id, SecretString=self._text(order))
        order.retag(
            before,
            lambda new: order.call("secretsmanager", "TagResource", SecretId=made.id, Tags=pairs(new)),
            lambda gone: order.call("secretsmanager", "UntagResource", SecretId=made.id, TagKeys=gone),
        )
        return made

    def delete(self, order: Order, made: Made) -> None:
        """Delete one, at once."""
        order.call("secretsmanager", "DeleteSecret", SecretId=made.id, ForceDeleteWithoutRecovery=True)


class Key(ResourceType):
    """AWS::KMS::Key."""

    takes_tags = True

    def create(self, order: Order) -> Made:
        """Make one."""
        given = order.properties
        policy = given.get("KeyPolicy")
        found = order.call(
            "kms",
            "CreateKey",
            Description=given.get("Description"),
            KeySpec=given.get("KeySpec"),
            KeyUsage=given.get("KeyUsage"),
            MultiRegion=as_text(given.get("MultiRegion", False)).lower() == "true" or None,
            Policy=None if policy is None else dumps(policy),
            Tags=pairs(order.tags(), "TagKey", "TagValue") or None,
        )["KeyMetadata"]
        self._settle(order, {}, found["KeyId"])
        return Made(found["KeyId"], {"Arn": found["Arn"], "KeyId": found["KeyId"]})

    @staticmethod
    def _settle(order: Order, before: Properties, key: str) -> None:
        for member, default, on, off in (
            ("EnableKeyRotation", "false", "EnableKeyRotation", "DisableKeyRotation"),
            ("Enabled", "true", "EnableKey", "DisableKey"),
        ):
            now, was = (as_text(each.get(member, default)).lower() for each in (order.properties, before))
            if now != was:
                order.call("kms", on if now == "true" else off, KeyId=key)

    def update(self, order: Order, before: Properties, made: Made) -> Made:
        """Change one."""
        given = order.properties
        if given.get("Description") != before.get("Description"):
            order.call("kms", "UpdateKeyDescription", KeyId=made.id, Description=given.get("Description", ""))
        if given.get("KeyPolicy") and given["KeyPolicy"] != before.get("KeyPolicy"):
            order.call("kms", "PutKeyPolicy", KeyId=made.id, PolicyName="default", Policy=dumps(given["KeyPolicy"]))
        self._settle(order, before, made.id)
        order.retag(
            before,
            lambda new: order.call("kms", "TagResource", KeyId=made.id, Tags=pairs(new, "TagKey", "TagValue")),
            lambda gone: order.call("kms", "UntagResource", KeyId=made.id, TagKeys=gone),
        )
        return made

    def delete(self, order: Order, made: Made) -> None:
        """Have one deleted after its waiting period, as AWS does."""
        days = int(as_text(order.properties.get("PendingWindowInDays", 30)))
        order.call("kms", "ScheduleKeyDeletion", KeyId=made.id, PendingWindowInDays=days)


# Logs


class LogGroup(ResourceType):
    """AWS::Logs::LogGroup."""

    takes_tags = True

    def create(self, order: Order) -> Made:
        """Make one."""
        name = order.named("LogGroupName", 512)
        given: dict[str, Any] = {
            key: order.properties[key] for key in ("KmsKeyId", "LogGroupClass") if key in order.properties
        }
        params = fit("logs", "CreateLogGroup", given, order)
        order.call("logs", "CreateLogGroup", **params, logGroupName=name, tags=order.tags() or None)
        self._settle(order, {}, name)
        return Made(name, {"Arn": order.services.arn("logs", f"log-group:{name}:*")})

    @staticmethod
    def _settle(order: Order, before: Properties, name: str) -> None:
        days = order.properties.get("RetentionInDays")
        if days != before.get("RetentionInDays"):
            if days is None:
                order.call("logs", "DeleteRetentionPolicy", logGroupName=name)
            else:
                order.call("logs", "PutRetentionPolicy", logGroupName=name, retentionInDays=int(as_text(days)))

    def update(self, order: Order, before: Properties, made: Made) -> Made:
        """Change one."""
        self._settle(order, before, made.id)
        arn = str(made.attributes["Arn"]).removesuffix(":*")
        order.retag(
            before,
            lambda new: order.call("logs", "TagResource", resourceArn=arn, tags=new),
            lambda gone: order.call("logs", "UntagResource", resourceArn=arn, tagKeys=gone),
        )
        return made

    def delete(self, order: Order, made: Made) -> None:
        """Delete one."""
        order.call("logs", "DeleteLogGroup", logGroupName=made.id)

    def adopt(self, services: Services, identifier: Properties) -> Made | None:
        """A log group that is there."""
        name = str(identifier["LogGroupName"])
        listed = services.call("logs", "DescribeLogGroups", logGroupNamePrefix=name)["logGroups"]
        if all(each["logGroupName"] != name for each in listed):
            raise Refused("The specified log group does not exist.", "NotFound")
        return Made(name, {"Arn": services.arn("logs", f"log-group:{name}:*")})


class SubscriptionFilter(ResourceType):
    """AWS::Logs::SubscriptionFilter."""

    def _put(self, order: Order, name: str) -> Made:
        given = {key: value for key, value in order.properties.items() if key != "FilterName"}
        params = fit("logs", "PutSubscriptionFilter", given, order)
        order.call("logs", "PutSubscriptionFilter", **params, filterName=name)
        return Made(name, {})

    def create(self, order: Order) -> Made:
        """Make one."""
        return self._put(order, order.named("FilterName", 512))

    def update(self, order: Order, before: Properties, made: Made) -> Made:
        """Change one."""
        del before
        return self._put(order, made.id)

    def delete(self, order: Order, made: Made) -> None:
        """Delete one."""
        group = as_text(order.properties["LogGroupName"])
        order.call("logs", "DeleteSubscriptionFilter", logGroupName=group, filterName=made.id)


class LogStream(ResourceType):
    """AWS::Logs::LogStream."""

    updates = False

    def create(self, order: Order) -> Made:
        """Make one."""
        name = order.named("LogStreamName", 512)
        group = as_text(order.properties["LogGroupName"])
        order.call("logs", "CreateLogStream", logGroupName=group, logStreamName=name)
        return Made(name, {})

    def delete(self, order: Order, made: Made) -> None:
        """Delete one."""
        group = as_text(order.properties["LogGroupName"])
        order.call("logs", "DeleteLogStream", logGroupName=group, logStreamName=made.id)


# CloudWatch


class Alarm(ResourceType):
    """AWS::CloudWatch::Alarm."""

    def _put(self, order: Order, name: str) -> Made:
        given = {key: value for key, value in order.properties.items() if key != "AlarmName"}
        params = fit("cloudwatch", "PutMetricAlarm", given, order)
        order.call("cloudwatch", "PutMetricAlarm", **params, AlarmName=name)
        return Made(name, {"Arn": order.services.arn("cloudwatch", f"alarm:{name}")})

    def create(self, order: Order) -> Made:
        """Make one."""
        return self._put(order, order.named("AlarmName", 255))

    def update(self, order: Order, before: Properties, made: Made) -> Made:
        """Change one."""
        del before
        return self._put(order, made.id)

    def delete(self, order: Order, made: Made) -> None:
        """Delete one."""
        order.call("cloudwatch", "DeleteAlarms", AlarmNames=[made.id])


class Dashboard(ResourceType):
    """AWS::CloudWatch::Dashboard."""

    def _put(self, order: Order, name: str) -> Made:
        order.call("cloudwatch", "PutDashboard", DashboardName=name, DashboardBody=order.properties["DashboardBody"])
        return Made(name, {})

    def create(self, order: Order) -> Made:
        """Make one."""
        return self._put(order, order.named("DashboardName", 255))

    def update(self, order: Order, before: Properties, made: Made) -> Made:
        """Change one."""
        del before
        return self._put(order, made.id)

    def delete(self, order: Order, made: Made) -> None:
        """Delete one."""
        order.call("cloudwatch", "DeleteDashboards", DashboardNames=[made.id])


TYPES: Final[Mapping[str, ResourceType]] = {
    "AWS::CloudWatch::Alarm": Alarm(),
    "AWS::CloudWatch::Dashboard": Dashboard(),
    "AWS::KMS::Alias": Api(
        "kms",
        "CreateAlias",
        lambda _order, params, _answer: Made(str(params["AliasName"]), {}),
        "DeleteAlias",
        key=lambda made: {"AliasName": made.id},
        update_by="UpdateAlias",
    ),
    "AWS::KMS::Key": Key(),
    "AWS::Logs::LogGroup": LogGroup(),
    "AWS::Logs::LogStream": LogStream(),
    "AWS::Logs::SubscriptionFilter": SubscriptionFilter(),
    "AWS::S3::Bucket": Bucket(),
    "AWS::S3::BucketPolicy": BucketPolicy(),
    "AWS::SSM::Parameter": Parameter(),
    "AWS::SecretsManager::Secret": Secret(),
}
