"""AWS::SSM::Parameter, AWS::SecretsManager::Secret, AWS::KMS::*, AWS::Logs::* and AWS::CloudWatch::*."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
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
    "AWS::SSM::Parameter": Parameter(),
    "AWS::SecretsManager::Secret": Secret(),
}
