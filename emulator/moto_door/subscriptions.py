"""Subscriptions: who gets the messages of a topic, which of them, and how.

Source: https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html,
https://docs.aws.amazon.com/sns/latest/api/API_SetSubscriptionAttributes.html, and refusals as observed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from emulator.arns import Arn, InvalidArn
from emulator.events.filter_policies import ATTRIBUTES, BODY, FilterPolicy, InvalidFilterPolicy, compile_policy
from emulator.moto_door.notifications import confirmation, post
from emulator.moto_door.topic_messages import check_arn, invalid, refusal
from emulator.moto_door.topics import DELIVERY_POLICY, answered, check_tags, find_topic

PROTOCOLS: Final = ("application", "email", "email-json", "firehose", "http", "https", "lambda", "sms", "sqs")
RAW: Final = ("firehose", "http", "https", "sqs")
"""Protocols by which a message may come as it was published."""
PENDING: Final = ("email", "email-json", "http", "https")
"""Protocols whose subscribers have to confirm that they want to be."""
SETTABLE: Final = (
    *("DeliveryPolicy", "FilterPolicy", "FilterPolicyScope", "RawMessageDelivery", "RedrivePolicy"),
    "SubscriptionRoleArn",
)
NOT_BUILT: Final = frozenset({"ReplayPolicy"})
TOKEN_LENGTH: Final = 288


def subscribe(self: Any) -> Any:
    """Subscribe to a topic, or find the subscription that is there already, if it is the same."""
    from moto.sns.models import Subscription

    protocol, endpoint = self._get_param("Protocol"), self._get_param("Endpoint") or ""
    given = self._get_param("Attributes") or {}
    topic = find_topic(self.backend, self._get_param("TopicArn"))
    _check_endpoint(self.backend, topic, protocol, endpoint)
    made: Any = Subscription(self.current_account, topic, endpoint, protocol)
    made.attributes = {
        "ConfirmationWasAuthenticated": "true",
        "Endpoint": endpoint,
        "Owner": topic.account_id,
        "PendingConfirmation": "false",
        "Protocol": protocol,
        "RawMessageDelivery": "false",
        "SubscriptionArn": made.arn,
        "SubscriptionPrincipal": f"arn:{Arn.parse(topic.arn).partition}:iam::{self.current_account}:root",
        "TopicArn": topic.arn,
    }
    made.confirmed = protocol not in PENDING
    _change(made, given, "Attributes Reason: ")
    there = topic.sns_backend._find_subscription(topic.arn, endpoint, protocol)  # noqa: SLF001 - moto has no other way
    if there is not None:
        if any(made.attributes.get(name) != there.attributes.get(name) for name in given):
            raise invalid("Attributes Reason: Subscription already exists with different attributes")
        made = there
    else:
        topic.sns_backend.subscriptions[made.arn] = made
        if not made.confirmed:
            _ask(made)
    shows_arn = made.confirmed or str(self._get_param("ReturnSubscriptionArn")).lower() == "true"
    return answered({"SubscriptionArn": made.arn if shows_arn else "pending confirmation"})


def confirm_subscription(self: Any) -> Any:
    """Confirm a subscription by its token."""
    from moto.sns.models import sns_backends

    token = str(self._get_param("Token"))
    try:
        arn = Arn.parse(self._get_param("TopicArn"))
    except InvalidArn:
        raise invalid("Topic") from None
    if _region_of(token) not in (None, arn.region):
        raise invalid("Topic")
    for subscription in sns_backends[arn.account][arn.region].subscriptions.values():
        if getattr(subscription, "token", None) == token:
            subscription.confirmed = True
            shown: Any = subscription.attributes
            shown["PendingConfirmation"] = "false"
            authenticated = str(self._get_param("AuthenticateOnUnsubscribe")).lower() == "true"
            shown["ConfirmationWasAuthenticated"] = str(authenticated).lower()
            return answered({"SubscriptionArn": subscription.arn})
    raise invalid("Token")


def unsubscribe(self: Any) -> Any:
    """End a subscription; who gets messages over the web is told."""
    from moto.sns.models import sns_backends

    arn = self._get_param("SubscriptionArn")
    if not arn:
        raise invalid("SubscriptionArn Reason: no value for required parameter")
    check_arn(arn, "SubscriptionArn")
    parsed = Arn.parse(arn)
    if len(parsed.names) == 1:
        raise invalid("SubscriptionId")
    subscription: Any = sns_backends[parsed.account][parsed.region].subscriptions.pop(arn, None)
    if subscription is not None and subscription.confirmed and subscription.protocol in ("http", "https"):
        text = (
            f"You have chosen to deactivate subscription {arn}.\nTo cancel this operation and restore the "
            "subscription, visit the SubscribeURL included in this message."
        )
        _announce(subscription, "UnsubscribeConfirmation", text)
    return answered({})


def get_subscription_attributes(self: Any) -> Any:
    """Show a subscription; the scope of filters is shown with a filter only."""
    shown = {"FilterPolicyScope": ATTRIBUTES, **_find(self).attributes}
    if "FilterPolicy" not in shown:
        del shown["FilterPolicyScope"]
    return answered({"Attributes": shown})


def set_subscription_attributes(self: Any) -> Any:
    """Change an attribute of a subscription."""
    subscription, name = _find(self), self._get_param("AttributeName")
    if name not in SETTABLE and name not in NOT_BUILT:
        raise invalid("AttributeName")
    _change(subscription, {name: self._get_param("AttributeValue") or ""}, "")
    return answered({})


def list_subscriptions(self: Any) -> Any:
    """List the subscriptions of an account."""
    found, token = self.backend.list_subscriptions(next_token=self._get_param("NextToken"))
    return answered({"Subscriptions": [_listed(each) for each in found], "NextToken": token})


def list_subscriptions_by_topic(self: Any) -> Any:
    """List the subscriptions to a topic."""
    topic = find_topic(self.backend, self._get_param("TopicArn"))
    found, token = topic.sns_backend.list_subscriptions_by_topic(topic.arn, next_token=self._get_param("NextToken"))
    return answered({"Subscriptions": [_listed(each) for each in found], "NextToken": token})


def tag_resource(self: Any) -> Any:
    """Tag a topic."""
    tags = self._get_param("Tags") or []
    check_tags(tags)
    self.backend.tag_resource(self._get_param("ResourceArn"), {tag["Key"]: tag["Value"] for tag in tags})
    return answered({})


def _listed(subscription: Any) -> dict[str, str]:
    return {
        "SubscriptionArn": subscription.arn if subscription.confirmed else "PendingConfirmation",
        "Owner": subscription.owner,
        "Protocol": subscription.protocol,
        "Endpoint": subscription.endpoint,
        "TopicArn": subscription.topic.arn,
    }


def _find(self: Any) -> Any:
    from moto.sns.models import sns_backends

    arn = self._get_param("SubscriptionArn")
    check_arn(arn, "SubscriptionArn")
    parsed = Arn.parse(arn)
    found = sns_backends[parsed.account][parsed.region].subscriptions.get(arn)
    if found is None:
        raise refusal("NotFound", "Subscription does not exist")
    return found


# Confirmations


def _ask(subscription: Any) -> None:
    """Ask a new subscriber to confirm; mail is not sent here, and a web server is asked by a message."""
    from moto.moto_api._internal import mock_random

    subscription.attributes["PendingConfirmation"] = "true"
    subscription.attributes["ConfirmationWasAuthenticated"] = "false"
    region = subscription.topic.sns_backend.region_name.encode().hex()
    subscription.token = f"{len(region):02x}{region}{mock_random.get_random_hex(TOKEN_LENGTH)}"[:TOKEN_LENGTH]
    if subscription.protocol in ("http", "https"):
        text = (
            f"You have chosen to subscribe to the topic {subscription.topic.arn}.\nTo confirm the subscription, visit "
            "the SubscribeURL included in this message."
        )
        _announce(subscription, "SubscriptionConfirmation", text)


def _region_of(token: str) -> str | None:
    """The region that a token is of; None if it is no token of ours."""
    try:
        length = int(token[:2], 16)
        return bytes.fromhex(token[2 : 2 + length]).decode("ascii")
    except ValueError:
        return None


def _announce(subscription: Any, kind: str, text: str) -> None:
    from moto.moto_api._internal import mock_random

    message_id = str(mock_random.uuid4())
    post(subscription, kind, message_id, confirmation(subscription, kind, message_id, text))


# What is given


def _check_endpoint(backend: Any, topic: Any, protocol: str, endpoint: str) -> None:
    if protocol not in PROTOCOLS:
        raise invalid(f"Amazon SNS does not support this protocol string: {protocol}")
    match protocol:
        case "http" | "https":
            if not endpoint.startswith(f"{protocol}://"):
                raise invalid("Endpoint must match the specified protocol")
        case "sms":
            _check_telephone(endpoint)
        case "sqs" | "lambda" | "firehose":
            _check_arn_of(protocol, topic, endpoint)
        case "email" | "email-json" if re.fullmatch(r"[^@\s]+@[^@\s]+", endpoint) is None:
            raise invalid("Email address")
        case "application" if endpoint not in backend.platform_endpoints:
            raise invalid(f"Endpoint Reason: Endpoint does not exist for endpoint arn{endpoint}")


def _check_arn_of(protocol: str, topic: Any, endpoint: str) -> None:
    service = {"sqs": "SQS", "lambda": "Lambda", "firehose": "Firehose"}[protocol]
    try:
        arn = Arn.parse(endpoint)
    except InvalidArn:
        raise invalid(f"{service} endpoint ARN") from None
    if arn.service != protocol:
        raise invalid(f"{service} endpoint ARN")
    if protocol == "sqs" and arn.resource.endswith(".fifo") and not topic.fifo_topic:
        raise invalid(
            "Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics"
        )


def _check_telephone(endpoint: str) -> None:
    reduced = re.sub(r"[./-]", "", endpoint)
    wrong = re.search(r"[./-]{2,}|^[./-]|[./-]$", endpoint)
    if wrong is not None or re.fullmatch(r"\+[1-9]\d{1,14}", reduced) is None:
        raise refusal("InvalidParameter", f"Invalid SMS endpoint: {endpoint}")


def _change(subscription: Any, given: Mapping[str, str], reason: str) -> None:
    """Give a subscription attributes, all of them or none."""
    made = dict(subscription.attributes)
    for name, value in given.items():
        if name in NOT_BUILT:
            raise NotImplementedError(f"{name} of a subscription")
        if name not in SETTABLE:
            raise invalid(f"{reason}Unknown attribute: {name}" if reason else "AttributeName")
        _check_value(subscription, name, value, reason)
        made[name] = value.lower() if name == "RawMessageDelivery" else value
    policy = _compiled(made, reason) if made.get("FilterPolicy") else None
    for name in ("FilterPolicy", "RedrivePolicy"):
        if not made.get(name):
            made.pop(name, None)
    if subscription.protocol in ("http", "https"):
        made["EffectiveDeliveryPolicy"] = json.dumps(DELIVERY_POLICY["http"], separators=(",", ":"))
    subscription.attributes = made
    subscription.compiled_policy = policy


def _compiled(attributes: Mapping[str, str], reason: str) -> FilterPolicy:
    try:
        return compile_policy(attributes["FilterPolicy"], attributes.get("FilterPolicyScope", ATTRIBUTES))
    except InvalidFilterPolicy as error:
        raise invalid(f"{reason}{error}") from None


def _check_value(subscription: Any, name: str, value: str, reason: str) -> None:
    match name:
        case "FilterPolicyScope" if value not in (ATTRIBUTES, BODY):
            words = f"Invalid value [{value}]. Please use either {BODY} or {ATTRIBUTES}"
            raise invalid(f"{reason}FilterPolicyScope: {words}")
        case "RawMessageDelivery" if value.lower() not in ("true", "false"):
            raise invalid(f"{reason}RawMessageDelivery: Invalid value [{value}]. Must be true or false.")
        case "RawMessageDelivery" if value.lower() == "true" and subscription.protocol not in RAW:
            said = f"Delivery protocol [{subscription.protocol}] does not support raw message delivery."
            raise invalid(f"{reason}{said}")
        case "RedrivePolicy" if value:
            _check_redrive(subscription, value, reason)


def _check_redrive(subscription: Any, value: str, reason: str) -> None:
    try:
        target = json.loads(value)["deadLetterTargetArn"]
    except (ValueError, KeyError, TypeError):
        raise invalid(f"{reason}RedrivePolicy: failed to parse JSON.") from None
    try:
        Arn.parse(target)
    except (InvalidArn, AttributeError):
        raise invalid(f"{reason}RedrivePolicy: deadLetterTargetArn is an invalid arn") from None
    if subscription.topic.fifo_topic and subscription.endpoint.endswith(".fifo") and not target.endswith(".fifo"):
        raise invalid(f"{reason}RedrivePolicy: must use a FIFO queue as DLQ for a FIFO Subscription to a FIFO Topic.")
