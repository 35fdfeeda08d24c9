"""Messages of queues: what one has to be, in SQS's words, and how some are sent and received.

Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html,
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html, and refusals as
observed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from emulator.moto_door.queue_attributes import invalid, refusal

LONGEST: Final = 1_048_576
"""Bytes of a batch; of a message at most, too."""
MOST: Final = 10
"""Entries of a batch, and attributes of a message."""
LONGEST_NAME: Final = 256

_ID: Final = re.compile(r"[!-~]{1,128}")
_ENTRY: Final = re.compile(r"[\w-]{1,80}", re.ASCII)
_NAME: Final = re.compile(r"[A-Za-z0-9_.-]+")
_STRANGE: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_OTHER_TYPE: Final = "The request include parameter that is not valid for this queue type."
_OF_BATCHES: Final = "AWS.SimpleQueueService."


def check_message(queue: Any, params: Mapping[str, Any]) -> None:
    """See that a queue takes a message. Raises a refusal."""
    body, delay = params["MessageBody"], params.get("DelaySeconds")
    if delay is not None and not 0 <= delay <= 900:
        raise invalid("DelaySeconds", delay, "DelaySeconds must be >= 0 and <= 900.")
    if strange := _STRANGE.search(body):
        text = (
            f"Invalid binary character '#x{ord(strange[0]):X}' was found in the message body, the set of allowed "
            "characters is #x9 | #xA | #xD | [#x20-#xD7FF] | [#xE000-#xFFFD] | [#x10000-#x10FFFF]"
        )
        raise refusal("InvalidMessageContents", text)
    check_attributes(params.get("MessageAttributes") or {})
    _check_system(params.get("MessageSystemAttributes") or {})
    if size_of(params) > queue.maximum_message_size:
        reason = f"Message must be shorter than {queue.maximum_message_size} bytes."
        raise refusal("InvalidParameterValue", f"One or more parameters are invalid. Reason: {reason}")
    _check_ids(queue, params)


def _check_ids(queue: Any, params: Mapping[str, Any]) -> None:
    group, deduplication = params.get("MessageGroupId"), params.get("MessageDeduplicationId")
    if queue.fifo_queue and params.get("DelaySeconds"):
        raise invalid("DelaySeconds", params["DelaySeconds"], _OTHER_TYPE)
    if not queue.fifo_queue and deduplication is not None:
        raise invalid("MessageDeduplicationId", deduplication, _OTHER_TYPE)
    if queue.fifo_queue and group is None:
        raise refusal("MissingParameter", "The request must contain the parameter MessageGroupId.")
    for parameter, value in (("MessageGroupId", group), ("MessageDeduplicationId", deduplication)):
        if value is not None and _ID.fullmatch(value) is None:
            reason = f"{parameter} can only include alphanumeric and punctuation characters. 1 to 128 in length."
            raise invalid(parameter, value, reason)
    if queue.fifo_queue and deduplication is None and not queue.content_based_deduplication:
        text = (
            "The queue should either have ContentBasedDeduplication enabled or "
            "MessageDeduplicationId provided explicitly"
        )
        raise refusal("InvalidParameterValue", text)


def check_attributes(attributes: Mapping[str, Mapping[str, Any]]) -> None:
    """See that a message can have attributes. Raises a refusal."""
    if len(attributes) > MOST:
        raise _wrong(f"Number of message attributes [{len(attributes)}] exceeds the allowed maximum [{MOST}].")
    for name, attribute in attributes.items():
        if len(name.encode()) >= LONGEST_NAME:
            raise _wrong(f"Message (user) attribute names must be shorter than {LONGEST_NAME} Bytes")
        if _NAME.fullmatch(name) is None or name.startswith(".") or name.endswith(".") or ".." in name:
            text = "Message (user) attributes name can only contain upper and lower score characters, digits, periods, "
            raise _wrong(f"{text}hyphens and underscores. ")
        if name.lower().startswith(("aws.", "amazon.")):
            raise _wrong("Message (user) attributes name can not start with 'AWS.' or 'AMAZON.'")
        _check_value(name, attribute)


def _check_value(name: str, attribute: Mapping[str, Any]) -> None:
    kind = attribute.get("DataType") or ""
    if not kind:
        raise _wrong(f"Message (user) attribute '{name}' must contain a non-empty attribute type.")
    prefix = kind.partition(".")[0]
    if prefix not in ("Binary", "Number", "String"):
        supported = "You must use only the following supported type prefixes: Binary, Number, String."
        raise _wrong(f"The type of message (user) attribute '{name}' is invalid. {supported}")
    if len(kind.encode()) >= LONGEST_NAME:
        raise _wrong(f"Message (user) attribute types must be shorter than {LONGEST_NAME} Bytes")
    for member in ("StringListValues", "BinaryListValues"):
        if attribute.get(member):
            text = "Message attribute list values in SendMessage operation are not supported."
            raise refusal(f"{_OF_BATCHES}UnsupportedOperation", text)
    member = "BinaryValue" if prefix == "Binary" else "StringValue"
    if not attribute.get(member):
        raise _wrong(f"Message (user) attribute '{name}' must contain a non-empty value of type '{member[:6]}'.")
    if prefix == "Number" and _NUMBER.fullmatch(attribute[member]) is None:
        raise _wrong(f"Can't cast the value of message (user) attribute '{name}' to a number.")
    if prefix != "Binary" and (strange := _STRANGE.search(attribute[member])):
        text = f"Invalid binary character '#x{ord(strange[0]):X}' was found in the value of message (user) attribute "
        raise refusal("InvalidMessageContents", f"{text}'{name}'.")


def _check_system(attributes: Mapping[str, Mapping[str, Any]]) -> None:
    for name, attribute in attributes.items():
        if attribute.get("DataType") != "String" or not attribute.get("StringValue"):
            raise _wrong(f"Message (system) attribute '{name}' must contain a non-empty value of type 'String'.")


def _wrong(message: str) -> Exception:
    return refusal("InvalidParameterValue", message)


def size_of(params: Mapping[str, Any]) -> int:
    """The bytes of a message: of its body and its attributes, with their names and types."""
    size = len(params["MessageBody"].encode("utf-8", "surrogatepass"))
    for name, attribute in (params.get("MessageAttributes") or {}).items():
        values = (attribute.get("DataType"), attribute.get("StringValue"), attribute.get("BinaryValue"))
        size += len(name.encode()) + sum(
            len(each.encode() if isinstance(each, str) else each or b"") for each in values
        )
    return size


def put(queue: Any, params: Mapping[str, Any]) -> Any:
    """Put a message that was checked into a queue; a FIFO queue that knows it already answers as it did before."""
    from moto.moto_api._internal import mock_random
    from moto.sqs.models import Message

    message = Message(str(mock_random.uuid4()), params["MessageBody"], params.get("MessageSystemAttributes"))
    message.message_attributes = dict(params.get("MessageAttributes") or {})
    message.group_id = params.get("MessageGroupId")
    message.deduplication_id = params.get("MessageDeduplicationId")
    if queue.fifo_queue and message.deduplication_id is None:
        message.deduplication_id = hashlib.sha256(message.body.encode()).hexdigest()
    delay = params.get("DelaySeconds")
    message.mark_sent(queue.delay_seconds if delay is None else delay)
    queue.add_message(message)
    return message


def sent(queue: Any, message: Any) -> dict[str, Any]:
    """What is answered of a message that was sent."""
    found = {"MD5OfMessageBody": message.body_md5, "MessageId": message.id}
    if message.message_attributes:
        found["MD5OfMessageAttributes"] = message.attribute_md5
    if message.system_attributes:
        found["MD5OfMessageSystemAttributes"] = _md5_of(message.system_attributes)
    if queue.fifo_queue:
        found["SequenceNumber"] = message.sequence_number
    return found


def _md5_of(attributes: Mapping[str, Any]) -> str:
    from moto.sqs.models import Message

    only = Message("", "")
    only.message_attributes = dict(attributes)
    return only.attribute_md5


def check_batch(kind: str, entries: Sequence[Mapping[str, Any]]) -> None:
    """See that entries can be a batch; ``kind`` is ``SendMessage`` or the like. Raises a refusal."""
    if not entries:
        text = f"There should be at least one {kind}BatchRequestEntry in the request."
        raise refusal(f"{_OF_BATCHES}EmptyBatchRequest", text)
    if len(entries) > MOST:
        text = f"Maximum number of entries per request are {MOST}. You have sent {len(entries)}."
        raise refusal(f"{_OF_BATCHES}TooManyEntriesInBatchRequest", text)
    seen = set()
    for entry in entries:
        if _ENTRY.fullmatch(entry["Id"]) is None:
            text = (
                "A batch entry id can only contain alphanumeric characters, hyphens and underscores. "
                "It can be at most 80 letters long."
            )
            raise refusal(f"{_OF_BATCHES}InvalidBatchEntryId", text)
        if entry["Id"] in seen:
            raise refusal(f"{_OF_BATCHES}BatchEntryIdsNotDistinct", f"Id {entry['Id']} repeated.")
        seen.add(entry["Id"])


def check_batch_of_messages(queue: Any, entries: Sequence[Mapping[str, Any]]) -> None:
    """See what is refused of a batch of messages as a whole. Raises a refusal."""
    check_batch("SendMessage", entries)
    size = sum(size_of(entry) for entry in entries)
    if size > LONGEST:
        text = f"Batch requests cannot be longer than {LONGEST} bytes. You have sent {size} bytes."
        raise refusal(f"{_OF_BATCHES}BatchRequestTooLong", text)
    for entry in entries if queue.fifo_queue else ():
        if entry.get("MessageGroupId") is None:
            raise _wrong("The request must contain the parameter MessageGroupId.")
        _check_ids(queue, {name: entry[name] for name in entry if name != "DelaySeconds"})


def failure(entry: Mapping[str, Any], error: Any) -> dict[str, Any]:
    """What is answered of an entry of a batch that was refused."""
    code = str(error.code).removeprefix(_OF_BATCHES)
    return {"Id": entry["Id"], "SenderFault": True, "Code": code, "Message": error.message}


# Receiving


def received(message: Any, system: Iterable[str]) -> dict[str, Any]:
    """A message as ReceiveMessage shows it, with the system attributes that were asked for."""
    asked = set(system)
    values = {
        "SenderId": message.sender_id,
        "ApproximateFirstReceiveTimestamp": message.approximate_first_receive_timestamp,
        "ApproximateReceiveCount": message.approximate_receive_count,
        "SentTimestamp": message.sent_timestamp,
        "SequenceNumber": message.sequence_number,
        "MessageDeduplicationId": message.deduplication_id,
        "MessageGroupId": message.group_id,
        "AWSTraceHeader": (message.system_attributes.get("AWSTraceHeader") or {}).get("StringValue"),
        "DeadLetterQueueSourceArn": getattr(message, "dead_letter_source", None),
    }
    shown: dict[str, Any] = {
        "MessageId": message.id,
        "ReceiptHandle": message.receipt_handle,
        "MD5OfBody": message.body_md5,
        "Body": message.body,
    }
    attributes = {
        name: str(value) for name, value in values.items() if value is not None and asked.intersection(("All", name))
    }
    if attributes:
        shown["Attributes"] = attributes
    if message.message_attributes:  # moto leaves those that were asked for
        shown["MD5OfMessageAttributes"] = message.attribute_md5
        shown["MessageAttributes"] = message.message_attributes
    return shown
