"""Refusals of SQS that moto lacks, or words otherwise. Rules as observed on AWS.

Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

_RANGES: Final[Mapping[str, tuple[int, int]]] = {
    "DelaySeconds": (0, 900),
    "KmsDataKeyReusePeriodSeconds": (60, 86_400),
    "MaximumMessageSize": (1_024, 1_048_576),
    "MessageRetentionPeriod": (60, 1_209_600),
    "ReceiveMessageWaitTimeSeconds": (0, 20),
    "VisibilityTimeout": (0, 43_200),
}
_TEXTS: Final = ("KmsMasterKeyId", "Policy", "RedriveAllowPolicy", "RedrivePolicy", "SqsManagedSseEnabled")
_OF_FIFO: Final = {
    "FifoQueue": ("true",),
    "ContentBasedDeduplication": ("true", "false"),
    "DeduplicationScope": ("messageGroup", "queue"),
    "FifoThroughputLimit": ("perMessageGroupId", "perQueue"),
}
_LATER: Final = ("DeduplicationScope", "FifoThroughputLimit")
"""Attributes of FIFO queues that came later, and are refused in other words where a queue is none."""

_ID: Final = re.compile(r"[!-~]{1,128}")
_OTHER_TYPE: Final = "The request include parameter that is not valid for this queue type."


def _refusal(code: str, message: str) -> Exception:
    from moto.sqs.exceptions import SQSException

    return SQSException(code, message)


def _invalid(parameter: str, value: Any, reason: str) -> Exception:
    shown = f"Value {value} for" if value != "" else "Value for"
    return _refusal("InvalidParameterValue", f"{shown} parameter {parameter} is invalid. Reason: {reason}")


def receive_message(theirs: Any) -> Any:
    """Check the numbers of a ReceiveMessage."""

    def receive_message(self: Any) -> Any:
        self.sqs_backend.get_queue(self._get_queue_name())
        count, wait, timeout = map(
            self._get_param, ("MaxNumberOfMessages", "WaitTimeSeconds", "VisibilityTimeout"), (1, 0, 0)
        )
        if not 1 <= count <= 10:
            raise _invalid("MaxNumberOfMessages", count, "Must be between 1 and 10, if provided.")
        if not 0 <= wait <= 20:
            raise _invalid("WaitTimeSeconds", wait, "Must be >= 0 and <= 20, if provided.")
        if not 0 <= timeout <= 43_200:
            raise _invalid("VisibilityTimeout", timeout, "Must be between 0 and 43200, if provided.")
        return theirs(self)

    return receive_message


def validate_message(_theirs: Any) -> Any:
    """Check a message before it is sent."""

    def _validate_message(
        self: Any,  # noqa: ARG001 - moto's signature
        queue: Any,
        message_body: str,
        delay_seconds: int,
        deduplication_id: str | None = None,
        group_id: str | None = None,
        validate_group_id: bool = True,  # noqa: FBT001, FBT002 - as above; false of a topic, which may be FIFO alone
    ) -> None:
        if not 0 <= delay_seconds <= 900:
            raise _invalid("DelaySeconds", delay_seconds, "DelaySeconds must be >= 0 and <= 900.")
        if len(message_body.encode()) > queue.maximum_message_size:
            reason = f"Message must be shorter than {queue.maximum_message_size} bytes."
            raise _refusal("InvalidParameterValue", f"One or more parameters are invalid. Reason: {reason}")
        if queue.fifo_queue and delay_seconds:
            raise _invalid("DelaySeconds", delay_seconds, _OTHER_TYPE)
        if validate_group_id and not queue.fifo_queue and deduplication_id is not None:
            raise _invalid("MessageDeduplicationId", deduplication_id, _OTHER_TYPE)
        if queue.fifo_queue and group_id is None:
            raise _refusal("MissingParameter", "The request must contain the parameter MessageGroupId.")
        for parameter, value in (("MessageGroupId", group_id), ("MessageDeduplicationId", deduplication_id)):
            if value is not None and _ID.fullmatch(value) is None:
                reason = f"{parameter} can only include alphanumeric and punctuation characters. 1 to 128 in length."
                raise _invalid(parameter, value, reason)
        if queue.fifo_queue and deduplication_id is None and not queue.content_based_deduplication:
            text = (
                "The queue should either have ContentBasedDeduplication enabled or "
                "MessageDeduplicationId provided explicitly"
            )
            raise _refusal("InvalidParameterValue", text)

    return _validate_message


def send_message_batch(theirs: Any) -> Any:
    """Refuse a batch for a FIFO queue whose messages have no group, in the code that AWS has for batches."""

    def send_message_batch(self: Any, queue_name: str, entries: dict[str, dict[str, Any]]) -> Any:
        grouped = all(entry.get("MessageGroupId") is not None for entry in entries.values())
        if len(entries) <= 10 and self.get_queue(queue_name).fifo_queue and not grouped:
            raise _refusal("InvalidParameterValue", "The request must contain the parameter MessageGroupId.")
        return theirs(self, queue_name, entries)

    return send_message_batch


def change_visibility_batch(theirs: Any) -> Any:
    """Refuse a batch of nothing."""

    def change_message_visibility_batch(self: Any, queue_name: str, entries: list[dict[str, Any]]) -> Any:
        if not entries:
            text = "There should be at least one ChangeMessageVisibilityBatchRequestEntry in the request."
            raise _refusal("AWS.SimpleQueueService.EmptyBatchRequest", text)
        return theirs(self, queue_name, entries)

    return change_message_visibility_batch


def remove_permission(theirs: Any) -> Any:
    """Say in AWS's words that there is no such label."""

    def remove_permission(self: Any, queue_name: str, label: str) -> None:
        statements = self.get_queue(queue_name)._policy_json["Statement"]  # noqa: SLF001 - moto has no other way
        if all(statement["Sid"] != label for statement in statements):
            raise _invalid("Label", label, "can't find label.")
        theirs(self, queue_name, label)

    return remove_permission


def create_queue(theirs: Any) -> Any:
    """Check the name and the attributes of a new queue."""

    def create_queue(self: Any, name: str, tags: Mapping[str, str] | None = None, **attributes: Any) -> Any:
        is_fifo = str(attributes.get("FifoQueue", "")).lower() == "true"
        if is_fifo and not name.endswith(".fifo"):
            text = (
                "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, "
                "must end with .fifo suffix and be 1 to 80 in length."
            )
            raise _refusal("InvalidParameterValue", text)
        if not is_fifo and name.endswith(".fifo"):
            text = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
            raise _refusal("InvalidParameterValue", text)
        _check({key: value for key, value in attributes.items() if key != "region"}, is_fifo=is_fifo)
        return theirs(self, name, tags, **attributes)

    return create_queue


def set_queue_attributes(theirs: Any) -> Any:
    """Check the attributes that a queue is given."""

    def set_queue_attributes(self: Any, queue_name: str, attributes: dict[str, Any]) -> Any:
        _check(attributes, is_fifo=self.get_queue(queue_name).fifo_queue)
        return theirs(self, queue_name, attributes)

    return set_queue_attributes


def _check(attributes: Mapping[str, Any], *, is_fifo: bool) -> None:
    for name, value in attributes.items():
        text = str(value)
        if name in _LATER and not is_fifo:
            raise _refusal("InvalidAttributeName", f"You can specify the {name} only when FifoQueue is set to true.")
        if name not in _RANGES and name not in _TEXTS and (name not in _OF_FIFO or not is_fifo):
            raise _refusal("InvalidAttributeName", f"Unknown Attribute {name}.")
        if name in _OF_FIFO:
            fits = text in _OF_FIFO[name] or text.lower() in _OF_FIFO[name]
        elif name in _RANGES and text:
            lowest, highest = _RANGES[name]
            fits = re.fullmatch(r"-?\d{1,9}", text) is not None and lowest <= int(text) <= highest
        else:
            fits = name not in _RANGES
        if not fits:
            raise _refusal("InvalidAttributeValue", f"Invalid value for the parameter {name}.")


def set_attributes(theirs: Any) -> Any:
    """Keep the text of a redrive policy: it comes back as it was given."""

    def _set_attributes(self: Any, attributes: dict[str, Any], now: float | None = None) -> None:
        theirs(self, attributes, now)
        if isinstance(attributes.get("RedrivePolicy"), str):
            self.redrive_policy_text = attributes["RedrivePolicy"]

    return _set_attributes
