"""Messages of topics: what SNS refuses before it sends one. Rules and words as observed on AWS.

Source: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from emulator.arns import PARTS

LONGEST: Final = 262_144
"""Bytes of a message with its attributes, and of the messages of a batch."""
MOST_IN_BATCH: Final = 10
LONGEST_SUBJECT: Final = 100
LONGEST_ID: Final = 80
LONGEST_NAME: Final = 256

Attributes = Mapping[str, Mapping[str, str]]
"""Name -> ``Type`` and ``Value``; a binary value is base64 text."""

_TYPES: Final = re.compile(r"(?:String|Number|Binary)(?:\..*)?")
_ID: Final = re.compile(r"[A-Za-z0-9_-]+")
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f]")
_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


@dataclass(frozen=True, slots=True)
class Message:
    """A message as a topic sends it."""

    text: str
    subject: str | None = None
    attributes: Attributes = field(default_factory=dict)
    by_protocol: Mapping[str, str] | None = None
    """What each protocol gets, of a message with MessageStructure ``json``."""
    group: str | None = None
    deduplication: str | None = None

    def for_protocol(self, protocol: str) -> str:
        """What subscribers by a protocol get."""
        return self.text if self.by_protocol is None else self.by_protocol.get(protocol, self.by_protocol["default"])


def refusal(code: str, message: str) -> Exception:
    """What SNS answers."""
    from moto.sns.exceptions import SNSException

    return SNSException(code, message)


def invalid(what: str) -> Exception:
    """Answer InvalidParameter."""
    return refusal("InvalidParameter", f"Invalid parameter: {what}")


def check_arn(arn: str, parameter: str) -> None:
    """Refuse what is no ARN."""
    if arn.count(":") < PARTS - 1:
        raise invalid(f"{parameter} Reason: An ARN must have at least {PARTS} elements, not {arn.count(':') + 1}")


def read_message(params: Mapping[str, Any], place: str = "") -> Message:
    """The message of a Publish, or of an entry of a batch, whose ``place`` stands before its members."""
    text, subject = str(params.get("Message") or ""), params.get("Subject")
    if subject is not None and (not 0 < len(subject) <= LONGEST_SUBJECT or _CONTROLS.search(subject)):
        raise invalid("Subject")
    if not text:
        raise invalid("Empty message")
    attributes = read_attributes(params.get("MessageAttributes") or {}, place)
    if size_of(text, attributes) > LONGEST:
        raise invalid("Message too long")
    structure = params.get("MessageStructure")
    if structure not in (None, "json"):
        raise invalid("MessageStructure")
    return Message(
        text,
        subject,
        attributes,
        _by_protocol(text) if structure == "json" else None,
        params.get("MessageGroupId"),
        params.get("MessageDeduplicationId"),
    )


def size_of(text: str, attributes: Attributes) -> int:
    """Bytes that count: of the text, and of names, types and values of attributes."""
    parts = [text, *(part for name, each in attributes.items() for part in (name, each["Type"], each["Value"]))]
    return sum(len(part.encode()) for part in parts)


def _by_protocol(text: str) -> Mapping[str, str]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise invalid("Message Structure - JSON message body failed to parse")
    found = {protocol: value for protocol, value in found.items() if isinstance(value, str)}
    if "default" not in found:
        raise invalid("Message Structure - No default entry in JSON message body")
    return found


def read_attributes(given: Mapping[str, Mapping[str, Any]], place: str = "") -> dict[str, dict[str, str]]:
    """The attributes of a message as subscribers get them."""
    return {name: _read_attribute(name, attribute, place) for name, attribute in given.items()}


def _read_attribute(name: str, attribute: Mapping[str, Any], place: str) -> dict[str, str]:
    _check_name(name)
    kind = attribute.get("DataType")
    if kind is None:
        text = (
            f"1 validation error detected: Value null at '{place}messageAttributes.{name}.member.dataType' "
            "failed to satisfy constraint: Member must not be null"
        )
        raise refusal("ValidationError", text)
    if _TYPES.fullmatch(kind) is None:
        raise _unusable(
            f"The message attribute '{name}' has an invalid message attribute type, the set of supported type "
            "prefixes is Binary, Number, and String."
        )
    values = {member: value for member, value in attribute.items() if member.endswith("Value")}
    member = "Binary" if kind.startswith("Binary") else "String"
    value = values.get(f"{member}Value")
    if values and value is None:
        raise _unusable(f"The message attribute '{name}' with type '{kind}' must use field '{member}'.")
    if not value:
        raise _unusable(
            f"The message attribute '{name}' must contain non-empty message attribute value for message attribute "
            f"type '{kind}'."
        )
    if kind.partition(".")[0] == "Number" and _NUMBER.fullmatch(str(value)) is None:
        raise _unusable(f"Could not cast message attribute '{name}' value to number.")
    return {"Type": kind, "Value": base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)}


def _check_name(name: str) -> None:
    if not name:
        raise _unusable("Message attribute name can not be empty.")
    if len(name) > LONGEST_NAME:
        raise _unusable("Length of message attribute name must be less than 256 bytes.")
    for position, where in ((0, "starting"), (-1, "ending")):
        if name[position] == ".":
            raise _unusable(f"Invalid message attribute name {where} with character '.' was found.")
    if (wrong := re.search(r"[^A-Za-z0-9_.-]", name)) is not None:
        raise _unusable(
            f"Invalid non-alphanumeric character '#x{ord(wrong[0]):X}' was found in the message attribute name. "
            "Can only include alphanumeric characters, hyphens, underscores, or dots."
        )
    if ".." in name:
        raise _unusable("Message attribute name can not have successive '.' character.")


def _unusable(text: str) -> Exception:
    return refusal("ParameterValueInvalid", text)


def check_batch(entries: Sequence[Mapping[str, Any]]) -> None:
    """Refuse a batch that is none."""
    if not entries:
        raise refusal("EmptyBatchRequest", "The batch request doesn't contain any entries.")
    if len(entries) > MOST_IN_BATCH:
        text = "The batch request contains more entries than permissible."
        raise refusal("TooManyEntriesInBatchRequest", text)
    for entry in entries:
        name = str(entry["Id"])
        if len(name) > LONGEST_ID:
            raise refusal("InvalidBatchEntryId", f"The Id of a batch entry in the batch request is too long: {name}")
        if _ID.fullmatch(name) is None:
            text = f"The Id of a batch entry in the batch request contains an impermissible character: {name}"
            raise refusal("InvalidBatchEntryId", text)
    if len({entry["Id"] for entry in entries}) < len(entries):
        raise refusal("BatchEntryIdsNotDistinct", "Two or more batch entries in the request have the same Id.")
