"""Keys of KMS: those that AWS manages for its services, and what the state of a key keeps others from.

A key that AWS manages exists once somebody looks at it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from emulator.arns import managed_key_id
from emulator.moto_door.master_keys import is_deleted, note_change

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


def drop_deleted(backend: Any) -> None:
    """Have the keys go whose deletion was scheduled for a date that has come."""
    for key in [key for key in backend.keys.values() if is_deleted(key)]:
        backend.delete_key(key.id)


def create_key(theirs: Callable[..., Any]) -> Callable[..., Any]:
    """Make a key, to encrypt with where nothing else is said."""

    @wraps(theirs)
    def create(backend: Any, policy: str | None, key_usage: str | None, *more: Any, **named: Any) -> Any:
        return theirs(backend, policy, key_usage or "ENCRYPT_DECRYPT", *more, **named)

    return create


def change_state(theirs: Callable[..., Any]) -> Callable[..., Any]:
    """Enable a key, disable it, have it deleted or not; its ARN will do as well as its id."""

    @wraps(theirs)
    def change(backend: Any, key_id: str, *more: Any, **named: Any) -> Any:
        found = backend.get_key_id(key_id)
        answer = theirs(backend, found, *more, **named)
        note_change(backend.keys[found])
        return answer

    return change


def list_keys(theirs: Callable[..., Any]) -> Callable[..., Any]:
    """List the keys that have not been deleted."""

    def listed(backend: Any) -> Any:
        drop_deleted(backend)
        return theirs(backend)

    return listed


def encrypt(theirs: Callable[..., Any]) -> Callable[..., Any]:
    """Encrypt with a key that is enabled."""

    @wraps(theirs)
    def checked(backend: Any, key_id: str, *more: Any, **named: Any) -> Any:
        check_enabled(backend.keys.get(backend.any_id_to_key_id(key_id)))
        return theirs(backend, key_id, *more, **named)

    return checked


def decrypt(theirs: Callable[..., Any]) -> Callable[..., Any]:
    """Decrypt with a key that is enabled: the ciphertext begins with its id."""

    @wraps(theirs)
    def checked(backend: Any, ciphertext_blob: bytes, *more: Any, **named: Any) -> Any:
        drop_deleted(backend)
        check_enabled(backend.keys.get(bytes(ciphertext_blob[:_ID_BYTES]).decode("utf-8", "replace")))
        return theirs(backend, ciphertext_blob, *more, **named)

    return checked


_ID_BYTES: Final = 36


def check_enabled(key: Any) -> None:
    """See that a key may be used for data.

    Source: https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html

    Raises:
        moto.core.exceptions.JsonRESTError: DisabledException, KMSInvalidStateException.
    """
    from moto.core.exceptions import JsonRESTError

    if key is None or key.key_state == "Enabled":
        return
    if key.key_state == "Disabled":
        raise JsonRESTError("DisabledException", f"{key.arn} is disabled.")
    raise JsonRESTError("KMSInvalidStateException", f"{key.arn} is pending deletion.")


def validate_cmk_id(theirs: Callable[..., None]) -> Callable[..., None]:
    """See that there is a key; that which DynamoDB's tables name is there, though nobody has looked at it yet."""

    def validate(response: Any, key_id: str) -> None:
        backend = response.kms_backend
        drop_deleted(backend)
        if backend.get_key_id(key_id) == managed_key_id("dynamodb", backend.account_id, backend.region_name):
            backend.get_key_id_from_alias(_OF_DYNAMODB)
        theirs(response, key_id)

    return validate
