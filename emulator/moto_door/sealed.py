"""Sealed: messages and logs of moto's services that are encrypted with a key of KMS, which a request would use.

Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html,
https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html and
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from emulator.moto_door.corrections import Refusal


@dataclass(frozen=True, slots=True)
class Sealed:
    """What a request would use a key for."""

    service: str
    """``sqs``, ``sns`` or ``logs``."""
    arn: str
    """Of the queue, the topic or the log group."""
    key: str
    """As it was named."""
    operations: tuple[str, ...]
    """Of KMS."""
    context: Mapping[str, str]
    """The encryption context."""
    account: str
    region: str
    seconds: float = 0.0
    """How long the data key is used again."""
    is_new: bool = False
    """Whether the key is to be used from now on."""


Ask: TypeAlias = "Callable[[Sealed], Refusal | None]"
"""How a request is refused that would use a key which KMS does not let it use; None if it does."""
_ask: list[Ask] = [lambda _sealed: None]


def take_keys(ask: Ask) -> None:
    """Have somebody asked before a request uses a key."""
    _ask[:] = [ask]


def refused_by_kms(
    service: str, operation: str, members: Callable[[], Any], account: str, region: str
) -> Refusal | None:
    """How a request is refused for the sake of a key; None if it uses none, or may."""
    find = _FINDERS.get((service, operation))
    if find is None:
        return None
    params = members()
    sealed = find(params, account, region) if isinstance(params, dict) else None
    return None if sealed is None else _ask[-1](sealed)


def _backend(module: str, name: str, account: str, region: str) -> Any:
    loaded = sys.modules.get(f"moto.{module}.models")
    held = getattr(loaded, name, {}).get(account) if loaded is not None else None
    return None if held is None else dict(held).get(region)


_SENT: Final = ("GenerateDataKey", "Decrypt")
_RECEIVED: Final = ("Decrypt",)
_OF_TOPICS: Final = 300.0


def _queue(operations: tuple[str, ...]) -> Callable[[Mapping[str, Any], str, str], Sealed | None]:
    def find(params: Mapping[str, Any], account: str, region: str) -> Sealed | None:
        backend = _backend("sqs", "sqs_backends", account, region)
        name = str(params.get("QueueUrl", "")).rpartition("/")[2]
        queue = None if backend is None else backend.queues.get(name)
        if queue is None or not queue.kms_master_key_id:
            return None
        arn, seconds = queue.queue_arn, float(queue.kms_data_key_reuse_period_seconds)
        return Sealed("sqs", arn, queue.kms_master_key_id, operations, {"aws:sqs:arn": arn}, account, region, seconds)

    return find


def _topic(params: Mapping[str, Any], account: str, region: str) -> Sealed | None:
    backend = _backend("sns", "sns_backends", account, region)
    arn = str(params.get("TopicArn") or params.get("TargetArn") or "")
    topic = None if backend is None else backend.topics.get(arn)
    if topic is None or not topic.kms_master_key_id:
        return None
    context = {"aws:sns:topicArn": arn}
    return Sealed("sns", arn, topic.kms_master_key_id, _SENT, context, account, region, _OF_TOPICS)


def _new_group(params: Mapping[str, Any], account: str, region: str) -> Sealed | None:
    key, name = params.get("kmsKeyId"), params.get("logGroupName")
    if not key or not name:
        return None
    arn = f"arn:aws:logs:{region}:{account}:log-group:{name}"
    operations = ("Encrypt", "Decrypt", "GenerateDataKey")
    return Sealed("logs", arn, key, operations, {"aws:logs:arn": arn}, account, region, is_new=True)


def _group(params: Mapping[str, Any], account: str, region: str) -> Sealed | None:
    backend = _backend("logs", "logs_backends", account, region)
    named = str(params.get("logGroupName") or params.get("logGroupIdentifier") or "")
    name = named.partition(":log-group:")[2].removesuffix(":*") or named
    group = None if backend is None else backend.groups.get(name)
    if group is None or not group.kms_key_id:
        return None
    arn = f"arn:aws:logs:{region}:{account}:log-group:{name}"
    return Sealed("logs", arn, group.kms_key_id, _RECEIVED, {"aws:logs:arn": arn}, account, region)


_FINDERS: Final[Mapping[tuple[str, str], Callable[[Mapping[str, Any], str, str], Sealed | None]]] = {
    ("logs", "AssociateKmsKey"): _new_group,
    ("logs", "CreateLogGroup"): _new_group,
    ("logs", "FilterLogEvents"): _group,
    ("logs", "GetLogEvents"): _group,
    ("sns", "Publish"): _topic,
    ("sns", "PublishBatch"): _topic,
    ("sqs", "ReceiveMessage"): _queue(_RECEIVED),
    ("sqs", "SendMessage"): _queue(_SENT),
    ("sqs", "SendMessageBatch"): _queue(_SENT),
}
