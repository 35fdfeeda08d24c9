"""Queues, topics and log groups that are encrypted with a key of KMS: what each service says where KMS refuses.

Source: the errors of SendMessage and Publish in the models of SQS and SNS, errors as users of the services report them,
and https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html. What CloudWatch Logs
says of reads whose key is lost was not found: here it is what it says where a key is not allowed.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Final

from emulator.encryption.keys import KeyRefused, Keys, Place, Use
from emulator.moto_door import Refusal, Sealed
from emulator.permissions.asked_by import Actor, who_asks
from emulator.permissions.evaluation import Principal

if TYPE_CHECKING:
    from collections.abc import Mapping

_OF_QUEUES: Final[Mapping[str, str]] = {
    "AccessDeniedException": "KMS.AccessDeniedException",
    "DisabledException": "KMS.DisabledException",
    "InvalidKeyUsageException": "KMS.InvalidKeyUsageException",
    "KMSInvalidStateException": "KMS.InvalidStateException",
    "NotFoundException": "KMS.NotFoundException",
    "ThrottlingException": "KMS.ThrottlingException",
}
_OF_TOPICS: Final[Mapping[str, str]] = {
    "AccessDeniedException": "KMSAccessDenied",
    "DisabledException": "KMSDisabled",
    "InvalidKeyUsageException": "KMSInvalidState",
    "KMSInvalidStateException": "KMSInvalidState",
    "NotFoundException": "KMSNotFound",
    "ThrottlingException": "KMSThrottling",
}


def ask_kms(keys: Keys, sealed: Sealed) -> Refusal | None:
    """How a request is refused that would use a key; None if KMS lets it."""
    use = Use(sealed.operations, Place(sealed.account, sealed.region), sealed.context, sealed.service)
    actor = _logs(sealed) if sealed.service == "logs" else who_asks()
    asks = "" if actor is None else actor.principal.arn
    name = (sealed.service, sealed.arn, sealed.key, asks, sealed.operations)
    try:
        if sealed.seconds:
            keys.hold(name, sealed.seconds, lambda: keys.use(sealed.key, use, actor))
        else:
            keys.use(sealed.key, use, actor)
    except KeyRefused as refused:
        return _refusal(sealed, refused)
    return None


def _logs(sealed: Sealed) -> Actor:
    """CloudWatch Logs, which uses keys by itself: by the policy of the key."""
    return Actor(Principal(f"logs.{sealed.region}.amazonaws.com", kind="service"))


def _refusal(sealed: Sealed, refused: KeyRefused) -> Refusal:
    if sealed.service == "logs":
        return _of_logs(sealed, refused)
    about = f"Service: AWSKMS; Status Code: 400; Error Code: {refused.code}; Request ID: {uuid.uuid4()}; Proxy: null"
    code = (_OF_QUEUES if sealed.service == "sqs" else _OF_TOPICS)[refused.code]
    return Refusal(code, f"{refused.message} ({about})")


def _of_logs(sealed: Sealed, refused: KeyRefused) -> Refusal:
    if refused.code == "ThrottlingException":
        return Refusal("ThrottlingException", refused.message)
    if sealed.is_new and refused.code != "AccessDeniedException":
        return Refusal("InvalidParameterException", "The specified KMS Key Id could not be found.")
    said = f"The specified KMS key does not exist or is not allowed to be used with Arn '{sealed.arn}'"
    return Refusal("AccessDeniedException", said)
