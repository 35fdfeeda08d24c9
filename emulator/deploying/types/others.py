"""Types of many services that applications have around a workflow; a property that none of them takes fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final

from asl_interpreter.jsontext import dumps
from emulator.deploying.intrinsics import as_text
from emulator.deploying.types.resource_type import Api, Made, Order, Properties, ResourceType

Answer = dict[str, Any]
Identify = Callable[[Order, Answer, Answer], Made]


def _named(member: str, **attributes: str) -> Identify:
    """A resource whose Ref is a parameter of its own; ``attributes`` are found in the answer, by dotted ways."""
    return lambda _order, params, answer: Made(str(params[member]), _found(attributes, answer))


def _answered(way: str, **attributes: str) -> Identify:
    """A resource whose Ref is in the answer of its creation."""
    return lambda _order, _params, answer: Made(as_text(_at(way, answer)), _found(attributes, answer))


def _at(way: str, answer: Answer) -> Any:
    value: Any = answer
    for part in way.split("."):
        value = value[part]
    return value


def _found(attributes: Mapping[str, str], answer: Answer) -> dict[str, Any]:
    return {name: _at(way, answer) for name, way in attributes.items()}


# CloudWatch


def _alarm(order: Order, params: Answer, _answer: Answer) -> Made:
    services, name = order.services, str(params["AlarmName"])
    return Made(name, {"Arn": services.arn("cloudwatch", f"alarm:{name}")})


# Application Auto Scaling

_TARGET: Final = ("ServiceNamespace", "ResourceId", "ScalableDimension")


class ScalableTarget(ResourceType):
    """AWS::ApplicationAutoScaling::ScalableTarget, with its scheduled actions."""

    @staticmethod
    def _put(order: Order, before: Properties) -> None:
        given = order.properties
        key = {name: given[name] for name in _TARGET}
        limits = {name: int(as_text(given[name])) for name in ("MinCapacity", "MaxCapacity")}
        more = {"RoleARN": given.get("RoleARN"), "SuspendedState": given.get("SuspendedState")}
        order.call("application-autoscaling", "RegisterScalableTarget", **key, **limits, **more)
        actions = {each["ScheduledActionName"]: each for each in given.get("ScheduledActions", ())}
        for action in actions.values():
            order.call("application-autoscaling", "PutScheduledAction", **key, **action)
        for each in before.get("ScheduledActions", ()):
            if each["ScheduledActionName"] not in actions:
                name = each["ScheduledActionName"]
                order.call("application-autoscaling", "DeleteScheduledAction", **key, ScheduledActionName=name)

    def create(self, order: Order) -> Made:
        """Make one."""
        self._put(order, {})
        given = order.properties
        name = "|".join(given[member] for member in ("ResourceId", "ScalableDimension", "ServiceNamespace"))
        return Made(name, {"Id": name})

    def update(self, order: Order, before: Properties, made: Made) -> Made:
        """Change one."""
        self._put(order, before)
        return made

    def delete(self, order: Order, made: Made) -> None:
        """Delete one."""
        del made
        key = {name: order.properties[name] for name in _TARGET}
        order.call("application-autoscaling", "DeregisterScalableTarget", **key)


class ScalingPolicy(ResourceType):
    """AWS::ApplicationAutoScaling::ScalingPolicy: of a target by its parts, or by its id."""

    @staticmethod
    def _key(given: Properties) -> dict[str, Any]:
        if "ScalingTargetId" in given:
            resource, dimension, namespace = given["ScalingTargetId"].split("|")
            return {"ServiceNamespace": namespace, "ResourceId": resource, "ScalableDimension": dimension}
        return {name: given[name] for name in _TARGET}

    def _put(self, order: Order) -> str:
        given = order.properties
        tracking = given.get("TargetTrackingScalingPolicyConfiguration")
        if tracking is not None:
            cooldowns = {
                name: int(as_text(tracking[name]))
                for name in ("ScaleInCooldown", "ScaleOutCooldown")
                if name in tracking
            }
            tracking = {**tracking, "TargetValue": float(as_text(tracking["TargetValue"])), **cooldowns}
        answer = order.call(
            "application-autoscaling",
            "PutScalingPolicy",
            **self._key(given),
            PolicyName=given["PolicyName"],
            PolicyType=given["PolicyType"],
            TargetTrackingScalingPolicyConfiguration=tracking,
            StepScalingPolicyConfiguration=given.get("StepScalingPolicyConfiguration"),
        )
        return str(answer["PolicyARN"])

    def create(self, order: Order) -> Made:
        """Make one."""
        arn = self._put(order)
        return Made(arn, {"Arn": arn})

    def update(self, order: Order, before: Properties, made: Made) -> Made:
        """Change one."""
        del before
        self._put(order)
        return made

    def delete(self, order: Order, made: Made) -> None:
        """Delete one."""
        del made
        key, name = self._key(order.properties), order.properties["PolicyName"]
        order.call("application-autoscaling", "DeleteScalingPolicy", **key, PolicyName=name)


# Secrets Manager, SQS, SNS: policies


class AttachedPolicy(ResourceType):
    """A policy that is put on a resource and taken off: ``put`` does both, with no text for the second."""

    def __init__(self, target: str, text: str, put: Callable[[Order, str, str | None], None]) -> None:
        self.target = target
        self.text = text
        self._do = put

    def _put(self, order: Order) -> None:
        document = order.properties[self.text]
        self._do(order, order.properties[self.target], document if isinstance(document, str) else dumps(document))

    def create(self, order: Order) -> Made:
        """Make one."""
        self._put(order)
        return Made(order.properties[self.target], {"Id": order.properties[self.target]})

    def update(self, order: Order, before: Properties, made: Made) -> Made:
        """Change one."""
        del before
        self._put(order)
        return made

    def delete(self, order: Order, made: Made) -> None:
        """Delete one."""
        del made
        self._do(order, order.properties[self.target], None)


def _policy_of_secret(order: Order, secret: str, text: str | None) -> None:
    if text is None:
        order.call("secretsmanager", "DeleteResourcePolicy", SecretId=secret)
    else:
        order.call("secretsmanager", "PutResourcePolicy", SecretId=secret, ResourcePolicy=text)


def _policy_of_queue(order: Order, queue: str, text: str | None) -> None:
    order.call("sqs", "SetQueueAttributes", QueueUrl=queue, Attributes={"Policy": text or ""})


def _policy_of_topic(order: Order, topic: str, text: str | None) -> None:
    value = text or dumps({"Version": "2012-10-17", "Statement": []})
    order.call("sns", "SetTopicAttributes", TopicArn=topic, AttributeName="Policy", AttributeValue=value)


# IAM


class UserToGroupAddition(ResourceType):
    """AWS::IAM::UserToGroupAddition."""

    @staticmethod
    def _set(order: Order, before: Properties) -> None:
        group = order.properties["GroupName"]
        now, was = set(order.properties["Users"]), set(before.get("Users", ()))
        for user in sorted(now - was):
            order.call("iam", "AddUserToGroup", GroupName=group, UserName=user)
        for user in sorted(was - now):
            order.call("iam", "RemoveUserFromGroup", GroupName=group, UserName=user)

    def create(self, order: Order) -> Made:
        """Make one."""
        self._set(order, {})
        name = order.named("")
        return Made(name, {"Id": name})

    def update(self, order: Order, before: Properties, made: Made) -> Made:
        """Change one."""
        self._set(order, before)
        return made

    def delete(self, order: Order, made: Made) -> None:
        """Delete one."""
        del made
        for user in order.properties["Users"]:
            order.call("iam", "RemoveUserFromGroup", GroupName=order.properties["GroupName"], UserName=user)


# Kinesis


class StreamConsumer(ResourceType):
    """AWS::Kinesis::StreamConsumer."""

    updates: ClassVar[bool] = False

    def create(self, order: Order) -> Made:
        """Make one."""
        given = order.properties
        key = {"StreamARN": given["StreamARN"], "ConsumerName": given["ConsumerName"]}
        made = order.call("kinesis", "RegisterStreamConsumer", **key)["Consumer"]
        created = as_text(made["ConsumerCreationTimestamp"].timestamp())
        attributes = {**key, "ConsumerARN": made["ConsumerARN"], "ConsumerStatus": "ACTIVE"}
        return Made(made["ConsumerARN"], {**attributes, "ConsumerCreationTimestamp": created})

    def delete(self, order: Order, made: Made) -> None:
        """Delete one."""
        order.call("kinesis", "DeregisterStreamConsumer", ConsumerARN=made.id)


TYPES: Final[Mapping[str, ResourceType]] = {
    "AWS::ApplicationAutoScaling::ScalableTarget": ScalableTarget(),
    "AWS::ApplicationAutoScaling::ScalingPolicy": ScalingPolicy(),
    "AWS::Athena::WorkGroup": Api(
        "athena",
        "CreateWorkGroup",
        _named("Name"),
        "DeleteWorkGroup",
        key=lambda made: {"WorkGroup": made.id},
        tagged=True,
        changes=False,
    ),
    "AWS::CloudWatch::CompositeAlarm": Api(
        "cloudwatch",
        "PutCompositeAlarm",
        _alarm,
        "DeleteAlarms",
        key=lambda made: {"AlarmNames": [made.id]},
        name="AlarmName",
        longest=255,
        tagged=True,
        changes=False,
    ),
    "AWS::Glue::Database": Api(
        "glue",
        "CreateDatabase",
        lambda _order, params, _answer: Made(params["DatabaseInput"]["Name"], {}),
        "DeleteDatabase",
        changes=False,
    ),
    "AWS::IAM::UserToGroupAddition": UserToGroupAddition(),
    "AWS::Kinesis::StreamConsumer": StreamConsumer(),
    "AWS::ResourceGroups::Group": Api(
        "resource-groups",
        "CreateGroup",
        _answered("Group.Name", Arn="Group.GroupArn"),
        "DeleteGroup",
        key=lambda made: {"GroupName": made.id},
        changes=False,
    ),
    "AWS::SNS::TopicInlinePolicy": AttachedPolicy("TopicArn", "PolicyDocument", _policy_of_topic),
    "AWS::SQS::QueueInlinePolicy": AttachedPolicy("Queue", "PolicyDocument", _policy_of_queue),
    "AWS::SecretsManager::ResourcePolicy": AttachedPolicy("SecretId", "ResourcePolicy", _policy_of_secret),
}
