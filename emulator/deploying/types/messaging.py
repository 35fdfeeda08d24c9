"""AWS::SNS::*, AWS::SQS::* and AWS::Kinesis::Stream."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Any, Final

from asl_interpreter.jsontext import dumps
from emulator.deploying.intrinsics import as_text
from emulator.deploying.services import Refused, Services
from emulator.deploying.types.resource_type import (
    Made,
    Order,
    Properties,
    Put,
    ResourceType,
    gained_and_lost,
    pairs,
)


def attributes_of(properties: Properties, names: tuple[str, ...]) -> dict[str, str]:
    """Properties as a service's attributes, which are all texts."""
    given = {name: properties[name] for name in names if name in properties}
    return {name: dumps(value) if isinstance(value, dict | list) else as_text(value) for name, value in given.items()}


# SQS

_QUEUE_ATTRIBUTES: Final = (
    *("DelaySeconds", "MaximumMessageSize", "MessageRetentionPeriod", "ReceiveMessageWaitTimeSeconds", "RedrivePolicy"),
    *("VisibilityTimeout", "RedriveAllowPolicy", "KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds"),
    *("SqsManagedSseEnabled", "ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit"),
)
_QUEUE_DEFAULTS: Final = {
    "DelaySeconds": "0",
    "MaximumMessageSize": "262144",
    "MessageRetentionPeriod": "345600",
    "ReceiveMessageWaitTimeSeconds": "0",
    "RedrivePolicy": "",
    "VisibilityTimeout": "30",
}
"""What an attribute becomes once its property is gone."""


class Queue(ResourceType):
    """AWS::SQS::Queue."""

    takes_tags = True

    def create(self, order: Order) -> Made:
        """Make one."""
        is_fifo = as_text(order.properties.get("FifoQueue", False)).lower() == "true"
        name = order.named("QueueName", 75 if is_fifo else 80)
        if is_fifo and not name.endswith(".fifo"):
            name += ".fifo"
        attributes = attributes_of(order.properties, _QUEUE_ATTRIBUTES)
        if is_fifo:
            attributes["FifoQueue"] = "true"
        made = order.call("sqs", "CreateQueue", QueueName=name, Attributes=attributes, tags=order.tags() or None)
        url = made["QueueUrl"]
        arn = order.services.arn("sqs", name)
        return Made(url, {"Arn": arn, "QueueUrl": url, "QueueName": name})

    def update(self, order: Order, before: Properties, made: Made) -> Made:
        """Change one; an attribute that is no longer given returns to its default."""
        attributes = attributes_of(order.properties, _QUEUE_ATTRIBUTES)
        gone = {name: value for name, value in _QUEUE_DEFAULTS.items() if name in before and name not in attributes}
        if attributes or gone:
            order.call("sqs", "SetQueueAttributes", QueueUrl=made.id, Attributes={**gone, **attributes})
        order.retag(
            before,
            lambda new: order.call("sqs", "TagQueue", QueueUrl=made.id, Tags=new),
            lambda gone: order.call("sqs", "UntagQueue", QueueUrl=made.id, TagKeys=gone),
        )
        return made

    def delete(self, order: Order, made: Made) -> None:
        """Delete one."""
        order.call("sqs", "DeleteQueue", QueueUrl=made.id)

    def adopt(self, services: Services, identifier: Properties) -> Made:
        """A queue that is there."""
        url = str(identifier["QueueUrl"])
        arn = services.call("sqs", "GetQueueAttributes", QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
        name = arn["QueueArn"].rpartition(":")[2]
        return Made(url, {"Arn": arn["QueueArn"], "QueueUrl": url, "QueueName": name})


class QueuePolicy(Put):
    """AWS::SQS::QueuePolicy."""

    @staticmethod
    def _set(order: Order, urls: list[Any], policy: str) -> None:
        for url in urls:
            order.call("sqs", "SetQueueAttributes", QueueUrl=as_text(url), Attributes={"Policy": policy})

    def put(self, order: Order, before: Properties) -> None:
        """Put the policy on its queues, and take it off those that are not among them any more."""
        _, lost = gained_and_lost(order, before, "Queues")
        self._set(order, lost, "")
        self._set(order, order.properties["Queues"], dumps(order.properties["PolicyDocument"]))

    def delete(self, order: Order, made: Made) -> None:
        """Delete one."""
        del made
        self._set(order, order.properties["Queues"], "")


# SNS

_TOPIC_ATTRIBUTES: Final = (
    *("DisplayName", "KmsMasterKeyId", "ContentBasedDeduplication", "SignatureVersion", "TracingConfig"),
    *("FifoThroughputScope", "ArchivePolicy"),
)
_SUBSCRIPTION_ATTRIBUTES: Final = (
    *("DeliveryPolicy", "FilterPolicy", "FilterPolicyScope", "RawMessageDelivery", "RedrivePolicy", "ReplayPolicy"),
    "SubscriptionRoleArn",
)


class Topic(ResourceType):
    """AWS::SNS::Topic."""

    takes_tags = True

    def create(self, order: Order) -> Made:
        """Make one, with its subscriptions."""
        is_fifo = as_text(order.properties.get("FifoTopic", False)).lower() == "true"
        name = order.named("TopicName", 250)
        if is_fifo and not name.endswith(".fifo"):
            name += ".fifo"
        attributes = attributes_of(order.properties, _TOPIC_ATTRIBUTES)
        if is_fifo:
            attributes["FifoTopic"] = "true"
        if "DataProtectionPolicy" in order.properties or "DeliveryStatusLogging" in order.properties:
            message = "Dynastep does not handle DataProtectionPolicy and DeliveryStatusLogging of AWS::SNS::Topic"
            raise Refused(message, "InvalidRequest")
        tags = pairs(order.tags()) or None
        arn = order.call("sns", "CreateTopic", Name=name, Attributes=attributes, Tags=tags)["TopicArn"]
        for subscription in order.properties.get("Subscription") or ():
            self._subscribe(order, arn, subscription)
        return Made(arn, {"TopicArn": arn, "TopicName": name})

    @staticmethod
    def _subscribe(order: Order, arn: str, subscription: Properties) -> None:
        order.call(
            "sns", "Subscribe", TopicArn=arn, Protocol=subscription["Protocol"], Endpoint=subscription["Endpoint"]
        )

    @staticmethod
    def _unsubscribe(order: Order, arn: str, endpoints: Sequence[tuple[str, str]] | None = None) -> None:
        """Take subscriptions away, all of them or those of some protocols and endpoints.

        A subscription that nobody has confirmed yet has no ARN; it goes with the topic, or by itself after some days.
        """
        token = None
        while True:
            listed = order.call("sns", "ListSubscriptionsByTopic", TopicArn=arn, NextToken=token)
            for each in listed.get("Subscriptions", ()):
                wanted = endpoints is None or (each["Protocol"], each["Endpoint"]) in endpoints
                if wanted and each["SubscriptionArn"].startswith("arn:"):
                    order.call("sns", "Unsubscribe", SubscriptionArn=each["SubscriptionArn"])
            if not (token := listed.get("NextToken")):
                return

    def update(self, order: Order, before: Properties, made: Made) -> Made:
        """Change one."""
        attributes = attributes_of(order.properties, _TOPIC_ATTRIBUTES)
        for name, value in {**dict.fromkeys(attributes_of(before, _TOPIC_ATTRIBUTES), ""), **attributes}.items():
            order.call("sns", "SetTopicAttributes", TopicArn=made.id, AttributeName=name, AttributeValue=value)
        now, was = (each.get("Subscription") or [] for each in (order.properties, before))
        for subscription in now:
            if subscription not in was:
                self._subscribe(order, made.id, subscription)
        gone = [(each["Protocol"], each["Endpoint"]) for each in was if each not in now]
        if gone:
            self._unsubscribe(order, made.id, gone)
        order.retag(
            before,
            lambda new: order.call("sns", "TagResource", ResourceArn=made.id, Tags=pairs(new)),
            lambda gone: order.call("sns", "UntagResource", ResourceArn=made.id, TagKeys=gone),
        )
        return made

    def delete(self, order: Order, made: Made) -> None:
        """Delete one, with its subscriptions."""
        self._unsubscribe(order, made.id)
        order.call("sns", "DeleteTopic", TopicArn=made.id)

    def adopt(self, services: Services, identifier: Properties) -> Made:
        """A topic that is there."""
        arn = services.call("sns", "GetTopicAttributes", TopicArn=str(identifier["TopicArn"]))["Attributes"]["TopicArn"]
        return Made(arn, {"TopicArn": arn, "TopicName": arn.rpartition(":")[2]})


class Subscription(ResourceType):
    """AWS::SNS::Subscription."""

    def create(self, order: Order) -> Made:
        """Make one."""
        given = order.properties
        arn = order.call(
            "sns",
            "Subscribe",
            TopicArn=given["TopicArn"],
            Protocol=given["Protocol"],
            Endpoint=given.get("Endpoint"),
            Attributes=attributes_of(given, _SUBSCRIPTION_ATTRIBUTES),
            ReturnSubscriptionArn=True,
        )["SubscriptionArn"]
        return Made(arn, {"Arn": arn})

    def update(self, order: Order, before: Properties, made: Made) -> Made:
        """Change one."""
        now, was = (attributes_of(each, _SUBSCRIPTION_ATTRIBUTES) for each in (order.properties, before))
        for name in now.keys() | was.keys():
            if now.get(name) != was.get(name):
                value = now.get(name, "")
                order.call(
                    "sns",
                    "SetSubscriptionAttributes",
                    SubscriptionArn=made.id,
                    AttributeName=name,
                    AttributeValue=value,
                )
        return made

    def delete(self, order: Order, made: Made) -> None:
        """Delete one."""
        order.call("sns", "Unsubscribe", SubscriptionArn=made.id)


class TopicPolicy(Put):
    """AWS::SNS::TopicPolicy."""

    def put(self, order: Order, before: Properties) -> None:
        """Put the policy on its topics."""
        del before
        policy = dumps(order.properties["PolicyDocument"])
        for arn in order.properties["Topics"]:
            order.call("sns", "SetTopicAttributes", TopicArn=arn, AttributeName="Policy", AttributeValue=policy)

    def delete(self, order: Order, made: Made) -> None:
        """A topic always has a policy: what its owner may do is what is left."""
        del made
        for arn in order.properties["Topics"]:
            owner = {"AWS": "*"}
            own = {"StringEquals": {"AWS:SourceOwner": order.services.account}}
            statement = {
                "Sid": "__default_statement_ID",
                "Effect": "Allow",
                "Principal": owner,
                "Action": ["SNS:Publish", "SNS:Subscribe", "SNS:GetTopicAttributes", "SNS:SetTopicAttributes"],
                "Resource": arn,
                "Condition": own,
            }
            policy = dumps({"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]})
            order.call("sns", "SetTopicAttributes", TopicArn=arn, AttributeName="Policy", AttributeValue=policy)


# Kinesis

_MOST_LOOKS: Final = 600


class Stream(ResourceType):
    """AWS::Kinesis::Stream."""

    takes_tags = True

    def create(self, order: Order) -> Generator[float, None, Made]:
        """Make one, and wait until it is active."""
        name = order.named("Name", 128)
        mode = order.properties.get("StreamModeDetails")
        shards = order.properties.get("ShardCount")
        order.call(
            "kinesis",
            "CreateStream",
            StreamName=name,
            ShardCount=None if shards is None else int(as_text(shards)),
            StreamModeDetails=mode or ({"StreamMode": "ON_DEMAND"} if shards is None else None),
        )
        yield from self._active(order, name)
        arn = order.services.arn("kinesis", f"stream/{name}")
        self._settle(order, {}, name)
        if order.tags():
            order.call("kinesis", "AddTagsToStream", StreamName=name, Tags=order.tags())
        return Made(name, {"Arn": arn})

    @staticmethod
    def _active(order: Order, name: str) -> Generator[float, None, None]:
        for _ in range(_MOST_LOOKS):
            found = order.call("kinesis", "DescribeStreamSummary", StreamName=name)["StreamDescriptionSummary"]
            if found["StreamStatus"] == "ACTIVE":
                return
            yield 1

    @staticmethod
    def _settle(order: Order, before: Properties, name: str) -> None:
        now, was = (int(as_text(each.get("RetentionPeriodHours", 24))) for each in (order.properties, before))
        if now != was:
            operation = "IncreaseStreamRetentionPeriod" if now > was else "DecreaseStreamRetentionPeriod"
            order.call("kinesis", operation, StreamName=name, RetentionPeriodHours=now)
        encryption = order.properties.get("StreamEncryption")
        if encryption != before.get("StreamEncryption"):
            given = encryption or before["StreamEncryption"]
            operation = "StartStreamEncryption" if encryption else "StopStreamEncryption"
            order.call(
                "kinesis", operation, StreamName=name, EncryptionType=given["EncryptionType"], KeyId=given["KeyId"]
            )

    def update(self, order: Order, before: Properties, made: Made) -> Generator[float, None, Made]:
        """Change one."""
        shards = order.properties.get("ShardCount")
        if shards is not None and shards != before.get("ShardCount"):
            count = int(as_text(shards))
            order.call(
                "kinesis", "UpdateShardCount", StreamName=made.id, TargetShardCount=count, ScalingType="UNIFORM_SCALING"
            )
            yield from self._active(order, made.id)
        mode = order.properties.get("StreamModeDetails")
        if mode is not None and mode != before.get("StreamModeDetails"):
            order.call("kinesis", "UpdateStreamMode", StreamARN=made.attributes["Arn"], StreamModeDetails=mode)
        self._settle(order, before, made.id)
        order.retag(
            before,
            lambda new: order.call("kinesis", "AddTagsToStream", StreamName=made.id, Tags=new),
            lambda gone: order.call("kinesis", "RemoveTagsFromStream", StreamName=made.id, TagKeys=gone),
        )
        return made

    def delete(self, order: Order, made: Made) -> None:
        """Delete one, its consumers too."""
        order.call("kinesis", "DeleteStream", StreamName=made.id, EnforceConsumerDeletion=True)


TYPES: Final[Mapping[str, ResourceType]] = {
    "AWS::Kinesis::Stream": Stream(),
    "AWS::SNS::Subscription": Subscription(),
    "AWS::SNS::Topic": Topic(),
    "AWS::SNS::TopicPolicy": TopicPolicy(),
    "AWS::SQS::Queue": Queue(),
    "AWS::SQS::QueuePolicy": QueuePolicy(),
}
