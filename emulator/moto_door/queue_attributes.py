"""Attributes of queues: what may be set, in SQS's words, and what is shown. moto's queue keeps them.

Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html, and refusals
as observed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from emulator.arns import Arn, InvalidArn

_RANGES: Final[Mapping[str, tuple[int, int]]] = {
    "DelaySeconds": (0, 900),
    "KmsDataKeyReusePeriodSeconds": (60, 86_400),
    "MaximumMessageSize": (1_024, 1_048_576),
    "MessageRetentionPeriod": (60, 1_209_600),
    "ReceiveMessageWaitTimeSeconds": (0, 20),
    "VisibilityTimeout": (0, 43_200),
}
_TEXTS: Final = ("KmsMasterKeyId", "Policy", "RedriveAllowPolicy", "RedrivePolicy", "SqsManagedSseEnabled")
_GIVEN: Final = ("Policy", "RedriveAllowPolicy", "RedrivePolicy")
"""Attributes that are shown as they were given, while there is something in them."""
_OF_FIFO: Final = {
    "FifoQueue": ("true",),
    "ContentBasedDeduplication": ("true", "false"),
    "DeduplicationScope": ("messageGroup", "queue"),
    "FifoThroughputLimit": ("perMessageGroupId", "perQueue"),
}
_LATER: Final = ("DeduplicationScope", "FifoThroughputLimit")
"""Attributes of FIFO queues that came later, and are refused in other words where a queue is none."""
_COUNTED: Final = (
    *("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesDelayed", "ApproximateNumberOfMessagesNotVisible"),
    *("CreatedTimestamp", "LastModifiedTimestamp", "QueueArn"),
)
SHOWN: Final = frozenset({"All", *_COUNTED, *_RANGES, *_TEXTS, *_OF_FIFO})
"""Names that GetQueueAttributes takes."""
LONGEST_REDRIVE: Final = 1000
TWO_KINDS: Final = (
    "You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE."
)


def refusal(code: str, message: str) -> Exception:
    """A refusal of SQS."""
    from moto.sqs.exceptions import SQSException

    return SQSException(code, message)


def invalid(parameter: str, value: Any, reason: str) -> Exception:
    """The refusal of a parameter's value."""
    shown = f"Value {value} for" if value != "" else "Value for"
    return refusal("InvalidParameterValue", f"{shown} parameter {parameter} is invalid. Reason: {reason}")


def check(attributes: Mapping[str, Any], *, is_fifo: bool) -> None:
    """See that a queue can have attributes. Raises a refusal."""
    for name, value in attributes.items():
        if name in _LATER and not is_fifo:
            raise refusal("InvalidAttributeName", f"You can specify the {name} only when FifoQueue is set to true.")
        if name not in _RANGES and name not in _TEXTS and (name not in _OF_FIFO or not is_fifo):
            raise refusal("InvalidAttributeName", f"Unknown Attribute {name}.")
        if not _fits(name, str(value)):
            raise refusal("InvalidAttributeValue", f"Invalid value for the parameter {name}.")
    if attributes.get("KmsMasterKeyId") and str(attributes.get("SqsManagedSseEnabled")).lower() == "true":
        raise refusal("InvalidAttributeValue", TWO_KINDS)


def _fits(name: str, text: str) -> bool:
    if name in _OF_FIFO:
        return text in _OF_FIFO[name] or text.lower() in _OF_FIFO[name]
    if name in _RANGES and text:
        lowest, highest = _RANGES[name]
        return re.fullmatch(r"-?\d{1,9}", text) is not None and lowest <= int(text) <= highest
    if name in ("Policy", "RedriveAllowPolicy") and text:
        found = _json(text)
        return isinstance(found, dict) and (name == "Policy" or _allows_something(found))
    if name == "SqsManagedSseEnabled":
        return text.lower() in ("true", "false")
    return name not in _RANGES


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _allows_something(policy: Mapping[str, Any]) -> bool:
    """Whether a redrive allow policy is one."""
    permission, sources = policy.get("redrivePermission"), policy.get("sourceQueueArns")
    if permission == "byQueue":
        return isinstance(sources, list) and 1 <= len(sources) <= 10
    return permission in ("allowAll", "denyAll") and sources is None


def dead_letters(backend: Any, name: str, text: str, *, is_fifo: bool) -> Any:
    """The dead-letter queue of the redrive policy that a queue is to have. Raises a refusal."""
    given = _json(text)
    if not isinstance(given, dict):
        raise invalid("RedrivePolicy", text, "Redrive policy is not a valid JSON map.")
    for member in ("maxReceiveCount", "deadLetterTargetArn"):
        if not given.get(member) and given.get(member) != 0:
            raise invalid("RedrivePolicy", text, f"Redrive policy does not contain mandatory attribute: {member}.")
    count = given["maxReceiveCount"]
    if re.fullmatch(r"\d{1,9}", str(count)) is None or not 1 <= int(count) <= LONGEST_REDRIVE:
        valid = f"valid values are from 1 to {LONGEST_REDRIVE} both inclusive."
        raise invalid("RedrivePolicy", text, f"Invalid value for maxReceiveCount: {count}, {valid}")
    if set(given) - {"maxReceiveCount", "deadLetterTargetArn"}:
        only = "Only following attributes are supported: [deadLetterTargetArn, maxReceiveCount]."
        raise invalid("RedrivePolicy", text, only)
    try:
        arn = Arn.parse(str(given["deadLetterTargetArn"]))
    except InvalidArn:
        raise invalid("RedrivePolicy", text, "Invalid value for deadLetterTargetArn.") from None
    found = backend.queues.get(arn.resource)
    if found is None or found.queue_arn != given["deadLetterTargetArn"]:
        raise invalid("RedrivePolicy", text, "Dead letter target does not exist.")
    if found.fifo_queue != is_fifo:
        raise invalid("RedrivePolicy", text, "Dead-letter queue must be same type of queue as the source.")
    own = found.queue_arn.removesuffix(arn.resource) + name
    if not _lets(found, own):
        raise invalid("RedrivePolicy", text, "The dead-letter queue does not allow this queue as its source.")
    return found


def _lets(queue: Any, source: str) -> bool:
    """Whether a queue lets another one, by its ARN, send it its dead letters."""
    policy = _json(_given(queue).get("RedriveAllowPolicy") or "") or {"redrivePermission": "allowAll"}
    permission = policy.get("redrivePermission")
    return permission == "allowAll" or (permission == "byQueue" and source in policy["sourceQueueArns"])


def _given(queue: Any) -> dict[str, str]:
    """The texts of a queue's policies."""
    kept: dict[str, str] = queue.__dict__.setdefault("given_texts", {})
    return kept


def set_all(backend: Any, queue: Any, attributes: Mapping[str, Any]) -> None:
    """Give a queue attributes, which were checked. Raises a refusal: its dead-letter queue cannot be that one."""
    redrive = attributes.get("RedrivePolicy")
    found = dead_letters(backend, queue.name, str(redrive), is_fifo=queue.fifo_queue) if redrive else None
    plain = {name: value for name, value in attributes.items() if name not in _GIVEN and value != ""}
    policy = attributes.get("Policy", queue.policy)
    queue._set_attributes({**plain, "Policy": policy})  # noqa: SLF001 - moto has no other way
    _given(queue).update({name: str(attributes[name]) for name in _GIVEN if name in attributes})
    if redrive is not None:
        given = json.loads(redrive) if redrive else {}
        queue.dead_letter_queue = found
        queue.redrive_policy = {**given, "maxReceiveCount": int(given["maxReceiveCount"])} if given else None
    _set_encryption(queue, attributes)


def _set_encryption(queue: Any, attributes: Mapping[str, Any]) -> None:
    """Encrypt by a key of KMS, or by one of SQS: the one puts an end to the other."""
    if "KmsMasterKeyId" in attributes:
        queue.kms_master_key_id = attributes["KmsMasterKeyId"] or None
        queue.sqs_managed_sse_enabled = not attributes["KmsMasterKeyId"] and queue.sqs_managed_sse_enabled
    if "SqsManagedSseEnabled" in attributes:
        queue.sqs_managed_sse_enabled = str(attributes["SqsManagedSseEnabled"]).lower() == "true"
        if queue.sqs_managed_sse_enabled:
            queue.kms_master_key_id = None


def shown(queue: Any) -> dict[str, str]:
    """The attributes of a queue, all of them texts."""
    values = {
        "ApproximateNumberOfMessages": queue.approximate_number_of_messages,
        "ApproximateNumberOfMessagesDelayed": queue.approximate_number_of_messages_delayed,
        "ApproximateNumberOfMessagesNotVisible": queue.approximate_number_of_messages_not_visible,
        "CreatedTimestamp": int(queue.created_timestamp),
        "DelaySeconds": queue.delay_seconds,
        "LastModifiedTimestamp": int(queue.last_modified_timestamp),
        "MaximumMessageSize": queue.maximum_message_size,
        "MessageRetentionPeriod": queue.message_retention_period,
        "QueueArn": queue.queue_arn,
        "ReceiveMessageWaitTimeSeconds": queue.receive_message_wait_time_seconds,
        "SqsManagedSseEnabled": queue.sqs_managed_sse_enabled,
        "VisibilityTimeout": queue.visibility_timeout,
    }
    values |= {name: text for name, text in _given(queue).items() if text}
    values.pop("Policy", None)
    if policy := policy_of(queue):
        values["Policy"] = policy
    if queue.fifo_queue:
        values |= {
            "FifoQueue": True,
            "ContentBasedDeduplication": queue.content_based_deduplication,
            "DeduplicationScope": queue.deduplication_scope,
            "FifoThroughputLimit": queue.fifo_throughput_limit,
        }
    if queue.kms_master_key_id:
        values |= {
            "KmsMasterKeyId": queue.kms_master_key_id,
            "KmsDataKeyReusePeriodSeconds": queue.kms_data_key_reuse_period_seconds,
        }
    return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in values.items()}


def policy_of(queue: Any) -> str:
    """The policy of a queue: as it was given, or with what AddPermission has put there; empty if there is none."""
    given, held = _given(queue).get("Policy", ""), queue._policy_json  # noqa: SLF001 - moto has no other name
    if given and json.loads(given) == held:
        return given
    return json.dumps(held, separators=(",", ":")) if held.get("Statement") else ""
