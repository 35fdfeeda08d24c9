"""Sealed: the rights to keys of KMS that whoever uses an encrypted resource needs, too.

Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html,
https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html and
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from emulator.permissions.rights import Right

_WANTED: Final = {
    "sqs:SendMessage": "kms:GenerateDataKey kms:Decrypt",
    "sqs:ReceiveMessage": "kms:Decrypt",
    "sns:Publish": "kms:GenerateDataKey kms:Decrypt",
    **{
        f"dynamodb:{action}": "kms:Decrypt"
        for action in (
            *("GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan", "BatchGetItem", "BatchWriteItem"),
            *("ConditionCheckItem", "PartiQLSelect", "PartiQLInsert", "PartiQLUpdate", "PartiQLDelete"),
        )
    },
}
"""An action on what is encrypted -> those on its key."""


def rights_to_keys(rights: Iterable[Right], key_of: Callable[[str], str | None]) -> Iterator[Right]:
    """The rights to the keys of what is used; ``key_of`` tells the ARN of the customer's key of a resource, if any."""
    for right in rights:
        for resource in sorted(right.resources):
            wanted = sorted({_WANTED[action] for action in right.actions if action in _WANTED})
            key = key_of(resource) if wanted and "*" not in resource else None
            if key is not None:
                _, _, service, region, *_ = resource.split(":")
                via = {"StringEquals": {"kms:ViaService": f"{service}.{region}.amazonaws.com"}}
                yield Right.of(" ".join(wanted), [key], via)
