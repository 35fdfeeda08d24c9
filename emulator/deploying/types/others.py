"""Types of many services that applications have around a workflow; a property that none of them takes fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final

from asl_interpreter.jsontext import dumps
from emulator.deploying.intrinsics import as_text
from emulator.deploying.types.modelled import Modelled
from emulator.deploying.types.resource_type import Made, Order, Properties, Put, ResourceType

# Application Auto Scaling

_TARGET: Final = ("ServiceNamespace", "ResourceId", "ScalableDimension")


class ScalableTarget(Put):
    """AWS::ApplicationAutoScaling::ScalableTarget, with its scheduled actions."""

    def put(self, order: Order, before: Properties) -> None:
        """Register the target, and schedule its actions."""
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

    def identify(self, order: Order) -> Made:
        """Its parts, joined."""
        given = order.properties
        name = "|".join(given[member] for member in ("ResourceId", "ScalableDimension", "ServiceNamespace"))
        return Made(name, {"Id": name})

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


class AttachedPolicy(Put):
    """A policy that is put on a resource and taken off: ``put`` does both, with no text for the second."""

    def __init__(self, target: str, text: str, put: Callable[[Order, str, str | None], None]) -> None:
        self.target = target
        self.text = text
        self._do = put

    def put(self, order: Order, before: Properties) -> None:
        """Put the policy on the resource."""
        del before
        document = order.properties[self.text]
        self._do(order, order.properties[self.target], document if isinstance(document, str) else dumps(document))

    def identify(self, order: Order) -> Made:
        """The resource."""
        return Made(order.properties[self.target], {"Id": order.properties[self.target]})

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


def _deprecate(order: Order, made: Made) -> None:
    order.call("iot", "DeprecateThingType", thingTypeName=made.id)


TYPES: Final[Mapping[str, ResourceType]] = {
    "AWS::ApplicationAutoScaling::ScalableTarget": ScalableTarget(),
    "AWS::ApplicationAutoScaling::ScalingPolicy": ScalingPolicy(),
    "AWS::DataPipeline::Pipeline": Modelled(
        "datapipeline", "Pipeline", prepared=lambda order: {"uniqueId": order.seed}
    ),
    "AWS::IoT::BillingGroup": Modelled("iot", "BillingGroup", retagged=False),
    "AWS::IoT::JobTemplate": Modelled("iot", "JobTemplate", retagged=False),
    "AWS::IoT::Policy": Modelled("iot", "Policy", ref="PolicyName", retagged=False),
    "AWS::IoT::RoleAlias": Modelled("iot", "RoleAlias", retagged=False),
    "AWS::IoT::Thing": Modelled("iot", "Thing", retagged=False),
    "AWS::IoT::ThingType": Modelled("iot", "ThingType", before_deletion=_deprecate, retagged=False),
    "AWS::IoT::TopicRule": Modelled("iot", "TopicRule", retagged=False),
    "AWS::Kinesis::StreamConsumer": StreamConsumer(),
    "AWS::SNS::TopicInlinePolicy": AttachedPolicy("TopicArn", "PolicyDocument", _policy_of_topic),
    "AWS::SQS::QueueInlinePolicy": AttachedPolicy("Queue", "PolicyDocument", _policy_of_queue),
    "AWS::SageMaker::Endpoint": Modelled("sagemaker", "Endpoint"),
    "AWS::SageMaker::EndpointConfig": Modelled("sagemaker", "EndpointConfig"),
    "AWS::SageMaker::Model": Modelled("sagemaker", "Model"),
    "AWS::SageMaker::NotebookInstance": Modelled(
        "sagemaker",
        "NotebookInstance",
        before_deletion=lambda order, made: order.call(
            "sagemaker", "StopNotebookInstance", NotebookInstanceName=made.id.rpartition("/")[2]
        ),
    ),
    "AWS::SageMaker::NotebookInstanceLifecycleConfig": Modelled(
        "sagemaker", "NotebookInstanceLifecycleConfig", retagged=False
    ),
    "AWS::SecretsManager::ResourcePolicy": AttachedPolicy("SecretId", "ResourcePolicy", _policy_of_secret),
}
