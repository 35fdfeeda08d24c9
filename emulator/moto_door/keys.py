"""Keys: those of KMS that AWS manages for its services. One exists for a service once somebody looks at it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from emulator.arns import managed_key_id

DESCRIPTION: Final = "Default key that protects my {} data when no other key is defined"
"""As observed of DynamoDB's."""
_NAMES: Final = {"dynamodb": "DynamoDB", "s3": "S3", "ebs": "EBS volume", "rds": "RDS database", "lambda": "Lambda"}
_OF_DYNAMODB: Final = "alias/aws/dynamodb"


def generate_default_keys(theirs: Callable[..., Any]) -> Callable[..., Any]:
    """Make the key behind an alias such as ``alias/aws/dynamodb``: AWS's, always with the same id."""

    def generate(backend: Any, alias: str) -> Any:
        made = theirs(backend, alias)
        if made is None:
            return None
        service = alias.rpartition("/")[2]
        key = backend.keys.pop(made)
        key.id = managed_key_id(service, backend.account_id, backend.region_name)
        key.arn = f"{key.arn.rpartition('/')[0]}/{key.id}"
        key.description = DESCRIPTION.format(_NAMES.get(service, service))
        key.key_manager = "AWS"
        key.aliases[alias].target_key_id = key.id
        backend.keys[key.id] = key
        return key.id

    return generate


def validate_cmk_id(theirs: Callable[..., None]) -> Callable[..., None]:
    """See that there is a key; that which DynamoDB's tables name is there, though nobody has looked at it yet."""

    def validate(response: Any, key_id: str) -> None:
        backend = response.kms_backend
        if backend.get_key_id(key_id) == managed_key_id("dynamodb", backend.account_id, backend.region_name):
            backend.get_key_id_from_alias(_OF_DYNAMODB)
        theirs(response, key_id)

    return validate
