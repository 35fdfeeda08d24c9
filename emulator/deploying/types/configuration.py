"""AWS::SSM::Parameter, AWS::SecretsManager::Secret, AWS::KMS::*, AWS::Logs::* and AWS::CloudWatch::*."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from asl_interpreter.jsontext import dumps
from emulator.deploying.intrinsics import as_text
from emulator.deploying.services import Refused, Services
from emulator.deploying.types.modelled import Modelled
from emulator.deploying.types.resource_type import (
    Made,
    Order,
    Properties,
    Put,
    ResourceType,
    fit,
    invalid,
    pairs,
)

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


# Secrets Manager


class OfSecret(Put):
    """A type that is named after its secret."""

    def identify(self, order: Order) -> Made:
        """The secret."""
        secret = as_text(order.properties["SecretId"])
        return Made(secret, {"Id": secret})


class RotationSchedule(OfSecret):
    """AWS::SecretsManager::RotationSchedule."""

    def put(self, order: Order, before: Properties) -> None:
        """Have the secret rotated."""
        del before
        given = order.properties
        if "HostedRotationLambda" in given:
            message = "Dynastep does not handle HostedRotationLambda of AWS::SecretsManager::RotationSchedule"
            raise Refused(message, "InvalidRequest")
        kept = {
            member: given[name]
            for name, member in (
                ("SecretId", "SecretId"),
                ("RotationLambdaARN", "RotationLambdaARN"),
                ("RotationRules", "RotationRules"),
                ("RotateImmediatelyOnUpdate", "RotateImmediately"),
            )
            if name in given
        }
        order.call("secretsmanager", "RotateSecret", **fit("secretsmanager", "RotateSecret", kept, order))

    def delete(self, order: Order, made: Made) -> None:
        """Delete one."""
        order.call("secretsmanager", "CancelRotateSecret", SecretId=made.id)


class SecretTargetAttachment(OfSecret):
    """AWS::SecretsManager::SecretTargetAttachment: what a secret opens is written into it."""

    @staticmethod
    def _connection(order: Order) -> dict[str, Any]:
        """How the target is reached, by the names that rotation functions read."""
        target, kind = as_text(order.properties["TargetId"]), as_text(order.properties["TargetType"])
        match kind:
            case "AWS::RDS::DBInstance":
                found = order.call("rds", "DescribeDBInstances", DBInstanceIdentifier=target)["DBInstances"][0]
                endpoint = found["Endpoint"]
                shown = {"host": endpoint["Address"], "port": endpoint["Port"], "dbname": found.get("DBName")}
                return {**shown, "engine": found["Engine"], "dbInstanceIdentifier": target}
            case "AWS::RDS::DBCluster":
                found = order.call("rds", "DescribeDBClusters", DBClusterIdentifier=target)["DBClusters"][0]
                shown = {"host": found["Endpoint"], "port": found["Port"], "dbname": found.get("DatabaseName")}
                return {**shown, "engine": found["Engine"], "dbClusterIdentifier": target}
            case "AWS::Redshift::Cluster":
                found = order.call("redshift", "DescribeClusters", ClusterIdentifier=target)["Clusters"][0]
                endpoint = found["Endpoint"]
                shown = {"host": endpoint["Address"], "port": endpoint["Port"], "dbname": found.get("DBName")}
                return {**shown, "engine": "redshift", "dbClusterIdentifier": target}
        message = f"Dynastep does not attach secrets to targets of the type {kind}"
        raise Refused(message, "InvalidRequest")

    @staticmethod
    def _write(order: Order, more: Mapping[str, Any], gone: Sequence[str] = ()) -> None:
        secret = as_text(order.properties["SecretId"])
        text = order.call("secretsmanager", "GetSecretValue", SecretId=secret)["SecretString"]
        try:
            held = {key: value for key, value in json.loads(text).items() if key not in gone}
        except (ValueError, AttributeError):
            raise Refused("The secret value is not a JSON object", "InvalidRequest") from None
        known = {key: value for key, value in more.items() if value is not None}
        order.call("secretsmanager", "PutSecretValue", SecretId=secret, SecretString=dumps({**held, **known}))

    def put(self, order: Order, before: Properties) -> None:
        """Write into the secret how its target is reached."""
        del before
        self._write(order, self._connection(order))

    def delete(self, order: Order, made: Made) -> None:
        """The secret keeps the name and the password alone."""
        del made
        gone = ("host", "port", "dbname", "engine", "dbInstanceIdentifier", "dbClusterIdentifier")
        self._write(order, {}, gone)


def _put(service: str, noun: str, **more: Any) -> Modelled:
    """A type that one operation makes and changes."""
    return Modelled(service, noun, create_by=f"Put{noun}", update_by=f"Put{noun}", **more)


TYPES: Final[Mapping[str, ResourceType]] = {
    "AWS::CloudWatch::Alarm": Modelled(
        "cloudwatch",
        "Alarm",
        create_by="PutMetricAlarm",
        update_by="PutMetricAlarm",
        delete_by="DeleteAlarms",
        arn="cloudwatch:alarm:{AlarmName}",
        keyed=("AlarmName", "AlarmNames"),
        longest=255,
    ),
    "AWS::CloudWatch::CompositeAlarm": Modelled(
        "cloudwatch",
        "Alarm",
        create_by="PutCompositeAlarm",
        update_by="PutCompositeAlarm",
        delete_by="DeleteAlarms",
        arn="cloudwatch:alarm:{AlarmName}",
        keyed=("AlarmName", "AlarmNames"),
        longest=255,
    ),
    "AWS::CloudWatch::Dashboard": _put("cloudwatch", "Dashboard", longest=255, retagged=False),
    "AWS::KMS::Alias": Modelled("kms", "Alias"),
    "AWS::KMS::Key": Key(),
    "AWS::Logs::LogGroup": LogGroup(),
    "AWS::Logs::LogStream": Modelled("logs", "LogStream", ref="LogStreamName", longest=512),
    "AWS::Logs::MetricFilter": _put("logs", "MetricFilter", ref="FilterName", longest=512),
    "AWS::Logs::ResourcePolicy": _put("logs", "ResourcePolicy"),
    "AWS::Logs::SubscriptionFilter": _put("logs", "SubscriptionFilter", ref="FilterName", longest=512),
    "AWS::ResourceGroups::Group": Modelled("resource-groups", "Group", keyed=("Group", "GroupName")),
    "AWS::SSM::Document": Modelled("ssm", "Document", longest=128, retagged=False),
    "AWS::SSM::Parameter": Parameter(),
    "AWS::SecretsManager::RotationSchedule": RotationSchedule(),
    "AWS::SecretsManager::Secret": Secret(),
    "AWS::SecretsManager::SecretTargetAttachment": SecretTargetAttachment(),
}
