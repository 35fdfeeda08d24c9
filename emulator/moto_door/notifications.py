"""Notifications: what the subscribers of a topic get, and what becomes of one that cannot be delivered.

A notification is signed with a key of the process, by the version that the topic says. Who publishes never hears that a
subscriber did not get it: it goes to the dead-letter queue of the subscription.

Sources: https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html,
https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html,
https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
"""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, TypeAlias
from urllib.parse import urlencode

from asl_interpreter.timestamps import iso
from emulator.arns import Arn
from emulator.faults import Fault
from emulator.moto_door import mappings, targets
from emulator.moto_door.calls import ServiceError, call
from emulator.moto_door.clock import now
from emulator.moto_door.topic_messages import Message

log = logging.getLogger("dynastep")

RETRIES: Final = 3
PAUSE: Final = 20.0
"""How often, and after how many seconds, a web server is tried again that did not take a notification."""
AGENT: Final = "Amazon Simple Notification Service Agent"


@dataclass(frozen=True, slots=True)
class Web:
    """What SNS needs of the web. ``post`` takes a URL, headers and a body, and gives the status; OSError: none came."""

    url: Callable[[str], str]
    """Where the emulator of an account is served."""
    post: Callable[[str, Mapping[str, str], str], int]


_web: list[Web] = []


def take_topics(web: Web) -> None:
    """Let topics reach web servers; the last one given counts. Of the process, as all of moto's state is."""
    _web[:] = [web]


def notify(subscription: Any, message: Message, message_id: str, sequence: str) -> None:
    """Send a message of a topic to one of its subscribers, if it wants it."""
    policy = getattr(subscription, "compiled_policy", None)
    if not subscription.confirmed or (policy is not None and not policy.wants(message.attributes, message.text)):
        return
    text = message.for_protocol(subscription.protocol)

    @cache
    def content() -> dict[str, Any]:  # which is signed; a raw delivery has no need of that
        return _notification(subscription, message, text, message_id, sequence)

    def lost(reason: str) -> None:
        _not_delivered(subscription, message, text, content, reason)

    try:
        match subscription.protocol:
            case "sqs":
                _send_to_queue(subscription.endpoint, subscription, message, text, content)
            case "lambda":
                event = _event(subscription, content())
                targets.send(subscription.endpoint, event, _NO_OPTIONS, subscription.owner, "")
            case "firehose":
                record = text if _is_raw(subscription) else json.dumps(_unsigned(content()))
                where = Arn.parse(subscription.endpoint)
                targets.send(subscription.endpoint, f"{record}\n", _NO_OPTIONS, where.account, where.region)
            case "http" | "https":
                body = text if _is_raw(subscription) else written(content())
                post(subscription, "Notification", message_id, body, lost)
    except (ServiceError, Fault) as error:
        lost(str(getattr(error, "message", error)))


_Content: TypeAlias = "Callable[[], Mapping[str, Any]]"
"""Makes the members of a notification, once."""
_NO_OPTIONS: Final = targets.Options()


def _is_raw(subscription: Any) -> bool:
    return bool(subscription.attributes.get("RawMessageDelivery") in (True, "true"))


# Queues


def _send_to_queue(queue: str, subscription: Any, message: Message, text: str, content: _Content) -> None:
    arn = Arn.parse(queue)
    is_fifo = arn.resource.endswith(".fifo")
    params: dict[str, Any] = {"QueueUrl": f"https://sqs.{arn.region}.amazonaws.com/{arn.account}/{arn.resource}"}
    if _is_raw(subscription):
        params |= {"MessageBody": text, "MessageAttributes": _attributes(message)}
    else:
        params["MessageBody"] = written(content())
    if message.group is not None:
        params["MessageGroupId"] = message.group
    if is_fifo and message.deduplication is not None:
        params["MessageDeduplicationId"] = message.deduplication
    call("sqs", "SendMessage", params, arn.account, arn.region)


def _attributes(message: Message) -> dict[str, dict[str, Any]]:
    """The attributes of a message as those of a message of SQS."""
    return {
        name: {"DataType": each["Type"], "BinaryValue": base64.b64decode(each["Value"])}
        if each["Type"].startswith("Binary")
        else {"DataType": each["Type"], "StringValue": each["Value"]}
        for name, each in message.attributes.items()
    }


def _not_delivered(subscription: Any, message: Message, text: str, content: _Content, reason: str) -> None:
    """Keep in the dead-letter queue of a subscription what the subscriber did not get, and log it."""
    log.warning("%s could not be notified of %s: %s", subscription.endpoint, subscription.topic.arn, reason)
    policy = subscription.attributes.get("RedrivePolicy")
    if not policy:
        return
    queue = json.loads(policy)["deadLetterTargetArn"]
    try:
        _send_to_queue(queue, subscription, message, text, content)
    except ServiceError as error:
        log.warning("Nor did the dead-letter queue %s take it: %s", queue, error.message)


# The web


def post(subscription: Any, kind: str, message_id: str, body: str, lost: Callable[[str], None] | None = None) -> None:
    """Post what is for a web server, now and, where that fails, again later; ``lost`` is told of the last failure."""
    headers = {
        "Content-Type": "text/plain; charset=UTF-8",
        "User-Agent": AGENT,
        "x-amz-sns-message-type": kind,
        "x-amz-sns-message-id": message_id,
        "x-amz-sns-topic-arn": subscription.topic.arn,
    }
    if kind == "Notification":
        headers["x-amz-sns-subscription-arn"] = subscription.arn
        if _is_raw(subscription):
            headers["x-amz-sns-rawdelivery"] = "true"

    def attempt(left: int) -> None:
        try:
            status = _web[-1].post(subscription.endpoint, headers, body)
        except OSError as error:
            status, reason = 0, str(error)
        else:
            reason = f"it answered {status}"
        if 200 <= status < 300:
            return
        if left and (status in {0, 429} or status >= 500):
            mappings.later(subscription.account_id, PAUSE, lambda: attempt(left - 1))
        elif lost is not None:
            lost(reason)
        else:
            log.warning("%s could not be told of %s: %s", subscription.endpoint, subscription.topic.arn, reason)

    mappings.later(subscription.account_id, 0.0, lambda: attempt(RETRIES))


def confirmation(subscription: Any, kind: str, message_id: str, text: str) -> str:
    """The message that asks a web server to confirm that it subscribes, or that it does no longer."""
    topic, token = subscription.topic, subscription.token
    query = urlencode({"Action": "ConfirmSubscription", "TopicArn": topic.arn, "Token": token})
    content = {
        "Type": kind,
        "MessageId": message_id,
        "Token": token,
        "TopicArn": topic.arn,
        "Message": text,
        "SubscribeURL": f"{_web[-1].url(topic.account_id)}/?{query}",
        "Timestamp": iso(now(topic.account_id)),
    }
    return written(_signed(topic, content, ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token")))


# Texts


def _notification(subscription: Any, message: Message, text: str, message_id: str, sequence: str) -> dict[str, Any]:
    topic = subscription.topic
    content: dict[str, Any] = {"Type": "Notification", "MessageId": message_id}
    if sequence:
        content["SequenceNumber"] = sequence
    content["TopicArn"] = topic.arn
    if message.subject is not None:
        content["Subject"] = message.subject
    content |= {"Message": text, "Timestamp": iso(now(topic.account_id))}
    if not sequence:  # what a FIFO topic sends has no signature
        content = _signed(topic, content, ("Message", "MessageId", "Subject", "Timestamp"))
    query = urlencode({"Action": "Unsubscribe", "SubscriptionArn": subscription.arn}, safe=":")
    content["UnsubscribeURL"] = f"{_web[-1].url(topic.account_id)}/?{query}"
    if message.attributes:
        content["MessageAttributes"] = message.attributes
    return content


def written(content: Mapping[str, Any]) -> str:
    """A notification as SNS lays it out: a line for each member, and for each attribute of the message."""
    lines = []
    for name, value in content.items():
        if isinstance(value, Mapping):
            inner = ",\n".join(f"    {json.dumps(key)} : {_compact(each)}" for key, each in value.items())
            lines.append(f"  {json.dumps(name)} : {{\n{inner}\n  }}")
        else:
            lines.append(f"  {json.dumps(name)} : {json.dumps(value, ensure_ascii=False)}")
    return "{\n" + ",\n".join(lines) + "\n}"


def _compact(value: Mapping[str, str]) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _unsigned(content: Mapping[str, Any]) -> dict[str, Any]:
    """What a delivery stream gets of a notification."""
    return {name: value for name, value in content.items() if not name.startswith("Sign")}


def _event(subscription: Any, content: Mapping[str, Any]) -> str:
    """The event for a function.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
    """
    shown = {"Subject": None, **content, "MessageAttributes": content.get("MessageAttributes", {})}
    names = ("Type", "MessageId", "TopicArn", "Subject", "Message", "Timestamp", "SignatureVersion", "Signature")
    members = {
        **{name: shown[name] for name in names if name in shown},
        **({"SigningCertUrl": shown["SigningCertURL"]} if "SigningCertURL" in shown else {}),
        "UnsubscribeUrl": shown["UnsubscribeURL"],
        "MessageAttributes": shown["MessageAttributes"],
    }
    record = {
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": subscription.arn,
        "Sns": members,
    }
    return json.dumps({"Records": [record]})


# Signatures

_CERTIFICATE: Final = "SimpleNotificationService-dynastep.pem"


def _signed(topic: Any, content: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    version = getattr(topic, "signature_version", None) or "1"
    chosen = [name for name in (*names, "TopicArn", "Type") if name in content]
    text = "".join(f"{name}\n{content[name]}\n" for name in chosen)
    algorithm = hashes.SHA256() if version == "2" else hashes.SHA1()  # noqa: S303 - version 1 is by SHA-1
    key, certificate = _key()
    signature = key.sign(text.encode(), padding.PKCS1v15(), algorithm)
    _serve(topic, certificate)
    return {
        **content,
        "SignatureVersion": version,
        "Signature": base64.b64encode(signature).decode(),
        "SigningCertURL": f"https://sns.{topic.sns_backend.region_name}.amazonaws.com/{_CERTIFICATE}",
    }


def _serve(topic: Any, certificate: bytes) -> None:
    """Have moto serve the certificate, which it keeps by region in its first account."""
    from moto.core.models import DEFAULT_ACCOUNT_ID
    from moto.sns.models import sns_backends

    sns_backends[DEFAULT_ACCOUNT_ID][topic.sns_backend.region_name]._message_public_keys[_CERTIFICATE] = certificate  # noqa: SLF001 - moto's own place for them


@cache
def _key() -> tuple[Any, bytes]:
    """The key of the process, and its certificate, which is valid at any time of a clock."""
    from datetime import datetime

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.x509.oid import NameOID

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(1970, 1, 1))  # noqa: DTZ001 - in UTC by its definition
        .not_valid_after(datetime(9999, 12, 31))  # noqa: DTZ001 - as above
        .sign(key, hashes.SHA256())
    )
    return key, certificate.public_bytes(serialization.Encoding.PEM)
