"""Master keys: those of moto's KMS, as services see them that encrypt with them.

These read what moto holds and call none of its operations, so that the loop's thread may ask, too. What aliases stand
for is looked up at each use, as AWS does.
"""

from __future__ import annotations

import sys
from datetime import timezone
from typing import Any, NamedTuple

from emulator.arns import managed_key_id
from emulator.moto_door.clock import now

ALIAS = "alias/"


class MasterKey(NamedTuple):
    """A key of KMS."""

    arn: str
    state: str
    """``Enabled``, ``Disabled``, ``PendingDeletion``, ``PendingImport``, ``Unavailable``, ``Creating``."""
    spec: str
    """``SYMMETRIC_DEFAULT``, ``RSA_2048`` ..."""
    usage: str
    """``ENCRYPT_DECRYPT``, ``SIGN_VERIFY`` ..."""
    changes: tuple[tuple[float, bool], ...]
    """When it became usable or unusable, in order; it was usable before."""
    by_aws: bool
    """Whether AWS manages it, for a service: its state stays as it is, and who may use the service may use it."""


def master_key(named: str, account: str, region: str) -> MasterKey | None:
    """The key with this id, ARN, alias or ARN of an alias; None if there is none, or it has been deleted meanwhile.

    A key that AWS manages is there for whoever names it.
    """
    name = named
    if named.startswith("arn:"):
        parts = named.split(":", 5)
        if len(parts) != _PARTS:
            return None
        region, account, name = parts[3:]
    name = name.removeprefix("key/")
    if name.startswith(f"{ALIAS}aws/"):
        return _managed(name.rpartition("/")[2], account, region)
    held = _held(account, region)
    key = held.get(name)
    if key is None and name.startswith(ALIAS):
        key = next((each for each in held.values() if name in each.aliases), None)
    if key is None:
        managed = (_managed(service, account, region) for service in ("dynamodb", "sqs", "sns"))
        return next((each for each in managed if each.arn.endswith(f"/{name}")), None)
    if is_deleted(key):
        return None
    return MasterKey(
        key.arn, key.key_state, key.key_spec, key.key_usage, changes_of(key), by_aws=key.key_manager == "AWS"
    )


_PARTS = 6


def _held(account: str, region: str) -> dict[str, Any]:
    loaded = sys.modules.get("moto.kms.models")
    backends = getattr(loaded, "kms_backends", {}).get(account) if loaded is not None else None
    backend = None if backends is None else dict(backends).get(region)
    return {} if backend is None else dict(backend.keys)


def _managed(service: str, account: str, region: str) -> MasterKey:
    key = managed_key_id(service, account, region)
    arn = f"arn:aws:kms:{region}:{account}:key/{key}"
    return MasterKey(arn, "Enabled", "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", (), by_aws=True)


def changes_of(key: Any) -> tuple[tuple[float, bool], ...]:
    """When a key of moto's has changed between being usable and not."""
    return tuple(getattr(key, _CHANGES, ()))


def note_change(key: Any) -> None:
    """Note whether a key of moto's can be used from now on."""
    usable, before = key.key_state == "Enabled", changes_of(key)
    if usable != (before[-1][1] if before else True):
        setattr(key, _CHANGES, [*before, (now(key.account_id), usable)])


_CHANGES = "changes_of_its_use"
"""An attribute of moto's keys, which are kept with it."""


def is_deleted(key: Any) -> bool:
    """Whether the date has come on which a key of moto's was to be deleted, by the clock of its account."""
    date = key.deletion_date
    return date is not None and date.replace(tzinfo=timezone.utc).timestamp() <= now(key.account_id)
