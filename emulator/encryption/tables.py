"""Tables of DynamoDB that are encrypted with a customer's key.

What is said where KMS refuses, and when a table is seen to be inaccessible, was recorded on AWS in October 2026 by a
public survey of the API (ack-api-quirks, findings DDB-TABLE-020, 037, 082, 139, 330 and 331). The data plane uses a key
for five minutes before KMS is asked again:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.howitworks.html
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Final

from emulator.encryption.keys import KeyRefused, Keys, Place, Use, check_state
from emulator.faults import Fault
from emulator.permissions.asked_by import who_asks

if TYPE_CHECKING:
    from collections.abc import Mapping


CACHED_SECONDS: Final = 300.0
NOTICED_AFTER: Final = 900.0
"""When DynamoDB notices that a key is lost, or is back, after its state has changed: it looks now and then. Between 12
and 75 minutes were recorded."""
_SERVICE: Final = "dynamodb"
_TO_MAKE: Final = ("DescribeKey", "CreateGrant")
_INTERNAL: Final = 500
_KINDS: Final[Mapping[str, tuple[str, str, str]]] = {
    "AccessDeniedException": ("AccessDeniedException", "KMS key access denied error", "AWSKMSException"),
    "DisabledException": ("ValidationException", "KMS key disabled error", "DisabledException"),
    "InvalidKeyUsageException": ("InternalServerError", "KMS internal error", "AWSKMSException"),
    "KMSInvalidStateException": ("ValidationException", "KMS validation error", "KMSInvalidStateException"),
    "NotFoundException": ("ValidationException", "KMS validation error", "NotFoundException"),
    "ThrottlingException": ("ThrottlingException", "KMS throttling error", "AWSKMSException"),
}
"""The error of KMS -> DynamoDB's, how its message begins, and the class that it names. Of throttling none was seen."""
_ASYMMETRIC: Final = "EncryptionContext is supported only when creating a grant for a symmetric encryption KMS key."


class TableKeys:
    """The keys of tables, as KMS lets them be used."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    def arn(self, named: str, account: str, region: str, table: str) -> str:
        """The ARN of the key that a table shall be encrypted with.

        Raises:
            Fault: it cannot be used.
        """
        try:
            if named.startswith("arn:") and named.split(":")[3] != region:
                raise KeyRefused("NotFoundException", f"Invalid arn {named.split(':')[3]}")  # noqa: TRY301 - worded below
            found = self._keys.use(named, self._use(_TO_MAKE, account, region, table))
        except KeyRefused as refused:
            raise fault_of(refused) from None
        return found.arn

    def check(self, key: str, account: str, region: str, table: str) -> None:
        """See that the items of a table can be read and written, by whoever asks.

        Raises:
            Fault: they cannot.
        """
        actor = who_asks()
        use = self._use(("Decrypt",), account, region, table)
        name = (_SERVICE, key, region, account, table, "" if actor is None else actor.principal.arn)
        try:
            self._keys.hold(name, CACHED_SECONDS, lambda: self._keys.use(key, use))
        except KeyRefused as refused:
            raise fault_of(refused) from None

    def check_present(self, key: str, account: str, region: str) -> None:
        """See that a table can be encrypted anew: that takes the key that it has. Raises Fault."""
        try:
            check_state(self._keys.find(key, Place(account, region)))
        except KeyRefused as refused:
            raise fault_of(refused) from None

    def inaccessible_since(self, key: str, account: str, region: str) -> float | None:
        """When DynamoDB has noticed that a key cannot be used; None while it has noticed nothing of the kind."""
        return self._keys.noticed(key, Place(account, region), NOTICED_AFTER)

    def _use(self, operations: tuple[str, ...], account: str, region: str, table: str) -> Use:
        context = {"aws:dynamodb:tableName": table, "aws:dynamodb:subscriberId": account}
        return Use(operations, Place(account, region), context, _SERVICE)


def fault_of(refused: KeyRefused) -> Fault:
    """What DynamoDB says where KMS refuses."""
    code, begins, named = _KINDS[refused.code]
    status, message, of_kms = 400, refused.message, refused.code
    if code == "InternalServerError":
        status, message, of_kms = _INTERNAL, _ASYMMETRIC, "ValidationException"
    said = f"{begins}: com.amazonaws.services.kms.model.{named}: {message}"
    about = f"Service: AWSKMS; Status Code: 400; Error Code: {of_kms}; Request ID: {uuid.uuid4()}; Proxy: null"
    return Fault(code, f"{said} ({about})", status=status)
