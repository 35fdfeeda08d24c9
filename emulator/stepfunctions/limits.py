"""What the quotas refuse: a text that is too long, and one thing more than there may be.

Texts: of lengths as observed on AWS; of counts those of the API reference, whose own were not observed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from emulator.faults import Fault

BYTES_PER_CHARACTER: Final = 4
"""At most, in UTF-8."""
PAYMENT_REQUIRED: Final = 402

_REACHED: Final[Mapping[str, str]] = {
    "StateMachineLimitExceeded": "The maximum number of state machines has been reached. Existing state machines must "
    "be deleted before a new state machine can be created.",
    "ActivityLimitExceeded": "The maximum number of activities has been reached. Existing activities must be deleted "
    "before a new activity can be created.",
    "ExecutionLimitExceeded": "The maximum number of running executions has been reached. Running executions must end "
    "or be stopped before a new execution can be started.",
    "ServiceQuotaExceededException": "The request would cause a service quota to be exceeded.",
}


def check_bytes(member: str, text: str, most: int) -> None:
    """A text may have so many bytes in UTF-8.

    Raises:
        Fault: ValidationException.
    """
    if len(text) > most // BYTES_PER_CHARACTER and len(text.encode()) > most:
        flaw = f"Value at '{member}' failed to satisfy constraint: Member must have length less than or equal to {most}"
        raise Fault("ValidationException", f"1 validation error detected: {flaw}")


def check_room(count: int, most: int, code: str) -> None:
    """There may be one more only if there are fewer than the quota says; ``code`` is the error's."""
    if count >= most:
        raise Fault(code, _REACHED[code], status=PAYMENT_REQUIRED if code.startswith("ServiceQuota") else 400)
