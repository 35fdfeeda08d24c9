"""Topics: how SNS keeps them, and how a message reaches their subscribers. moto keeps them; the rules are ours.

Source: https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html,
https://docs.aws.amazon.com/sns/latest/dg/fifo-message-dedup.html, and refusals as observed.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from collections.abc import Mapping
from typing import Any, Final

from emulator.arns import Arn
from emulator.moto_door.clock import now
from emulator.moto_door.notifications import notify
from emulator.moto_door.topic_messages import (
    LONGEST,
    Message,
    check_arn,
    check_batch,
    invalid,
    read_message,
    refusal,
    size_of,
)

DEDUPLICATED: Final = 300.0
"""Seconds for which a FIFO topic knows what it has got."""
DELIVERY_POLICY: Final = {
    "http": {
        "defaultHealthyRetryPolicy": {
            "minDelayTarget": 20,
            "maxDelayTarget": 20,
            "numRetries": 3,
            "numMaxDelayRetries": 0,
            "numNoDelayRetries": 0,
            "numMinDelayRetries": 0,
            "backoffFunction": "linear",
        },
        "disableSubscriptionOverrides": False,
        "defaultRequestPolicy": {"headerContentType": "text/plain; charset=UTF-8"},
    }
}

_FEEDBACK: Final = frozenset(
    f"{protocol}{kind}"
    for protocol in ("HTTP", "Firehose", "Lambda", "Application", "SQS")
    for kind in ("SuccessFeedbackRoleArn", "SuccessFeedbackSampleRate", "FailureFeedbackRoleArn")
)
_KEPT: Final = frozenset({"DeliveryPolicy", "KmsMasterKeyId", "TracingConfig", *_FEEDBACK})
_OF_FIFO: Final = frozenset({"ContentBasedDeduplication", "FifoThroughputScope"})
SETTABLE: Final = frozenset({"DisplayName", "Policy", "SignatureVersion", *_KEPT, *_OF_FIFO})
"""Attributes that a topic may be given."""
NOT_BUILT: Final = frozenset({"ArchivePolicy"})

LONGEST_DISPLAYED: Final = 100
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,256}")


def find_topic(backend: Any, arn: str, parameter: str = "TopicArn") -> Any:
    """The topic of an ARN, which is of the region of the request and of any account."""
    from moto.sns.exceptions import TopicNotFound
    from moto.sns.models import sns_backends

    check_arn(arn, parameter)
    parsed = Arn.parse(arn)
    if parsed.service != "sns" or parsed.region != backend.region_name:
        raise invalid(parameter)
    topic = sns_backends[parsed.account][parsed.region].topics.get(arn)
    if topic is None:
        raise TopicNotFound
    return topic


def check_tags(tags: Any) -> None:
    """Refuse two tags of one key."""
    keys = [tag["Key"] for tag in tags or ()]
    if len(set(keys)) < len(keys):
        raise invalid("Duplicated keys are not allowed.")


# Operations


def create_topic(self: Any) -> Any:
    """Make a topic, or find the one that is there already, if it is the same."""
    from moto.sns.models import Topic

    name, given, tags = self._get_param("Name"), self._get_param("Attributes") or {}, self._get_param("Tags") or []
    check_tags(tags)
    is_fifo = str(given.get("FifoTopic", "")).lower() == "true"
    if _NAME.fullmatch(name.removesuffix(".fifo") if is_fifo else name) is None or name.endswith(".fifo") != is_fifo:
        raise invalid("Topic Name")
    if self._get_param("DataProtectionPolicy"):
        raise NotImplementedError("DataProtectionPolicy of a topic")
    others = {key: value for key, value in given.items() if key != "FifoTopic"}
    _check_attributes(others, "Attributes Reason: ", is_fifo=is_fifo)
    kind: Any = Topic
    topic = kind(name, self.backend)
    there = self.backend.topics.get(topic.arn)
    if there is None:
        topic.fifo_topic = is_fifo
        topic._tags = {tag["Key"]: tag["Value"] for tag in tags}  # noqa: SLF001 - moto has no other way
        for attribute, value in given.items():
            _set(topic, attribute, value)
        self.backend.topics[topic.arn] = topic
        return answered({"TopicArn": topic.arn})
    shown = _attributes(there, 0, 0)
    if any(shown.get(attribute, "") != str(value) for attribute, value in given.items()):
        raise invalid("Attributes Reason: Topic already exists with different attributes")
    if tags and {tag["Key"]: tag["Value"] for tag in tags} != there._tags:  # noqa: SLF001 - as above
        raise invalid("Tags Reason: Topic already exists with different tags")
    return answered({"TopicArn": there.arn})


def get_topic_attributes(self: Any) -> Any:
    """Show a topic."""
    topic = find_topic(self.backend, self._get_param("TopicArn"))
    those = topic.sns_backend._get_topic_subscriptions(topic)  # noqa: SLF001 - moto has no other way
    confirmed = sum(each.confirmed for each in those)
    return answered({"Attributes": _attributes(topic, confirmed, len(those) - confirmed)})


def set_topic_attributes(self: Any) -> Any:
    """Change an attribute of a topic."""
    topic = find_topic(self.backend, self._get_param("TopicArn"))
    name, value = self._get_param("AttributeName"), self._get_param("AttributeValue") or ""
    if name not in SETTABLE | NOT_BUILT:
        raise invalid("AttributeName")
    _check_attributes({name: value}, "", is_fifo=topic.fifo_topic)
    _set(topic, name, value)
    return answered({})


def delete_topic(self: Any) -> Any:
    """Delete a topic, with its subscriptions; one that is gone already is."""
    arn = self._get_param("TopicArn")
    check_arn(arn, "TopicArn")
    self.backend.delete_topic(arn)
    return answered({})


def add_permission(self: Any) -> Any:
    """Add a statement to the policy of a topic. Nobody is refused by it here."""
    from moto.sns.models import VALID_POLICY_ACTIONS

    topic, label = find_topic(self.backend, self._get_param("TopicArn")), self._get_param("Label")
    statements = topic._policy_json["Statement"]  # noqa: SLF001 - moto has no other way
    if any(statement.get("Sid") == label for statement in statements):
        raise invalid("Statement already exists")
    actions, accounts = self._get_param("ActionName") or [], self._get_param("AWSAccountId") or []
    if not set(actions) <= set(VALID_POLICY_ACTIONS):
        raise invalid("Policy statement action out of service scope!")
    principals = [f"arn:{Arn.parse(topic.arn).partition}:iam::{account}:root" for account in accounts]
    statement = {
        "Sid": label,
        "Effect": "Allow",
        "Principal": {"AWS": principals[0] if len(principals) == 1 else principals},
        "Action": f"SNS:{actions[0]}" if len(actions) == 1 else [f"SNS:{action}" for action in actions],
        "Resource": topic.arn,
    }
    statements.append(statement)
    return answered({})


def publish(self: Any) -> Any:
    """Send a message to a topic, a device or a telephone."""
    params = {name: self._get_param(name) for name in _OF_MESSAGE}
    parameter = "TopicArn" if self._get_param("TopicArn") else "TargetArn"
    target, phone = self._get_param(parameter), self._get_param("PhoneNumber")
    if not target and not phone:
        raise invalid("TopicArn or TargetArn Reason: no value for required parameter")
    if phone and re.fullmatch(r"\+[1-9]\d{1,14}", phone) is None:
        raise invalid(f"PhoneNumber Reason: {phone} is not valid to publish to")
    if target:
        check_arn(target, parameter)
    message = read_message(params)
    if phone or ":endpoint/" in target:
        return answered({"MessageId": _to_device(self.backend, message, target, phone)})
    return answered(send(find_topic(self.backend, target, parameter), message))


_OF_MESSAGE: Final = (
    *("Message", "Subject", "MessageAttributes", "MessageStructure", "MessageGroupId", "MessageDeduplicationId"),
)


def _to_device(backend: Any, message: Message, target: str, phone: str | None) -> str:
    """Keep a message for a device or a telephone: there is none here."""
    if phone is None and target not in backend.platform_endpoints:
        raise invalid("TargetArn Reason: No endpoint found for the target arn specified")
    text = message.for_protocol("sms" if phone else target.split("/")[1])
    sent: str = backend.publish(text, arn=target, phone_number=phone)
    return sent


def publish_batch(self: Any) -> Any:
    """Send some messages to a topic, in their order."""
    topic = find_topic(self.backend, self._get_param("TopicArn"))
    entries = self._get_param("PublishBatchRequestEntries") or []
    check_batch(entries)
    messages: list[tuple[str, Message]] = []
    failed: list[dict[str, Any]] = []
    for number, entry in enumerate(entries, 1):
        try:
            message = read_message(entry, f"publishBatchRequestEntries.{number}.member.")
            _check_message(topic, message)
            messages.append((entry["Id"], message))
        except Exception as error:
            if getattr(error, "code", "") != "InvalidParameter" or topic.fifo_topic:
                raise
            failed.append(
                {"Id": entry["Id"], "Code": "InvalidParameter", "Message": str(error.args[0]), "SenderFault": True}
            )
    if sum(size_of(message.text, message.attributes) for _, message in messages) > LONGEST:
        text = "The length of all the batch messages put together is more than the limit."
        raise refusal("BatchRequestTooLong", text)
    sent = [{"Id": name, **send(topic, message)} for name, message in messages]
    return answered({"Successful": sent, "Failed": failed})


def publish_from_service(_theirs: Any) -> Any:
    """Send what another service of moto's has for a topic."""

    def publish(
        self: Any,
        message: str,
        subject: str | None = None,
        message_attributes: Mapping[str, Mapping[str, str]] | None = None,
        group_id: str | None = None,
        deduplication_id: str | None = None,
        message_structure: str | None = None,  # noqa: ARG001 - moto's signature; none of its services has one
    ) -> str:
        given = Message(message, subject, message_attributes or {}, None, group_id, deduplication_id)
        return send(self, given)["MessageId"]

    return publish


# Sending


def send(topic: Any, message: Message) -> dict[str, str]:
    """Send a message to the subscribers of a topic; its id, and its number in a FIFO topic."""
    from moto.moto_api._internal import mock_random

    _check_message(topic, message)
    sent, sequence = {"MessageId": str(mock_random.uuid4())}, ""
    if topic.fifo_topic:
        if message.deduplication is None:
            digest = hashlib.sha256(message.text.encode()).hexdigest()
            message = Message(
                message.text, message.subject, message.attributes, message.by_protocol, message.group, digest
            )
        known = _known(topic, message)
        if known is not None:
            return known
        sequence = str(next(_sequence))
        sent["SequenceNumber"] = sequence
        _remember(topic, message, sent)
    for subscription in list(topic.sns_backend._get_topic_subscriptions(topic)):  # noqa: SLF001 - moto has no other way
        notify(subscription, message, sent["MessageId"], sequence)
    shown = (sent["MessageId"], message.text, message.subject, message.attributes, message.group)
    topic.sent_notifications.append(shown)
    return sent


_sequence: Final = itertools.count(10**19, 1000)


def _check_message(topic: Any, message: Message) -> None:
    if not topic.fifo_topic:
        if message.deduplication is not None:
            raise invalid(
                "MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not "
                "valid for this topic type"
            )
        return
    if not message.group:
        raise invalid("The MessageGroupId parameter is required for FIFO topics")
    if message.deduplication is None and not topic.content_based_deduplication:
        raise invalid(
            "The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided "
            "explicitly"
        )


def _key(topic: Any, message: Message) -> tuple[str, str]:
    by_group = topic.kept.get("FifoThroughputScope") == "MessageGroup" if hasattr(topic, "kept") else False
    return str(message.group) if by_group else "", str(message.deduplication)


def _known(topic: Any, message: Message) -> dict[str, str] | None:
    """How a message was answered that a FIFO topic has got of late."""
    got: dict[tuple[str, str], tuple[float, dict[str, str]]] = topic.__dict__.setdefault("_got", {})
    time = now(topic.account_id)
    for old in [key for key, (since, _) in got.items() if time - since >= DEDUPLICATED]:
        del got[old]
    found = got.get(_key(topic, message))
    return None if found is None else found[1]


def _remember(topic: Any, message: Message, sent: dict[str, str]) -> None:
    topic.__dict__["_got"][_key(topic, message)] = now(topic.account_id), sent


# Attributes


def _check_attributes(given: Mapping[str, str], reason: str, *, is_fifo: bool) -> None:
    for name, value in given.items():
        if name in NOT_BUILT:
            raise NotImplementedError(f"{name} of a topic")
        if name not in SETTABLE:
            raise invalid(f"{reason}Unknown attribute {name}" if reason else "AttributeName")
        if name in _OF_FIFO and not is_fifo:
            raise invalid(f"{reason}{name} can only be set for FIFO topics")
        if name == "SignatureVersion" and value not in ("1", "2"):
            raise invalid(f"{reason}SignatureVersion: Invalid value [{value}]")
        if name == "TracingConfig" and value not in ("PassThrough", "Active"):
            raise invalid(f"{reason}TracingConfig: Invalid value [{value}]")
        if name == "DisplayName" and len(value) > LONGEST_DISPLAYED:
            raise invalid(f"{reason}DisplayName")
        if name == "Policy":
            _check_policy(value, reason)
        if name == "DeliveryPolicy" and value and not isinstance(_json(value), dict):
            raise invalid(f"{reason}DeliveryPolicy: failed to parse JSON.")


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _check_policy(text: str, reason: str) -> None:
    found = _json(text)
    statements = found.get("Statement") if isinstance(found, dict) else None
    if isinstance(statements, dict):
        statements = [statements]
    if not isinstance(statements, list) or not all(isinstance(each, dict) for each in statements):
        raise invalid(f"{reason}Policy Error: null")
    for statement in statements:
        actions = statement.get("Action") or ()
        for action in [actions] if isinstance(actions, str) else actions:
            if action != "*" and not str(action).lower().startswith("sns:"):
                raise invalid(f"{reason}Policy statement action out of service scope!")


def _set(topic: Any, name: str, value: str) -> None:
    match name:
        case "FifoTopic":
            pass
        case "ContentBasedDeduplication":
            topic.content_based_deduplication = str(value).lower() == "true"
        case "DisplayName":
            topic.display_name = value
        case "Policy":
            topic.policy = value
        case "SignatureVersion":
            topic.signature_version = value
        case "KmsMasterKeyId":
            topic.kms_master_key_id = value
        case _:
            topic.__dict__.setdefault("kept", {})[name] = value


def _attributes(topic: Any, confirmed: int, pending: int) -> dict[str, str]:
    """The attributes of a topic, all of them texts."""
    shown = {
        "TopicArn": topic.arn,
        "DisplayName": topic.display_name,
        "EffectiveDeliveryPolicy": json.dumps(DELIVERY_POLICY, separators=(",", ":")),
        "Owner": topic.account_id,
        "Policy": topic.policy,
        "SubscriptionsConfirmed": str(confirmed),
        "SubscriptionsDeleted": "0",
        "SubscriptionsPending": str(pending),
        **getattr(topic, "kept", {}),
    }
    if topic.kms_master_key_id:
        shown["KmsMasterKeyId"] = topic.kms_master_key_id
    if getattr(topic, "signature_version", None):
        shown["SignatureVersion"] = topic.signature_version
    if topic.fifo_topic:
        shown["FifoTopic"] = "true"
        shown["ContentBasedDeduplication"] = str(topic.content_based_deduplication).lower()
    return shown


def answered(result: dict[str, Any]) -> Any:
    """What an operation answers, as moto writes it."""
    from moto.core.responses import ActionResult

    return ActionResult(result)
