"""Retries of rules and schedules: whether a target that did not take an event is called again, and when.

Sources: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html,
https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

LONGEST_PAUSE: Final = 600.0
"""Seconds between two attempts, which grow from one second. AWS says only that they grow."""
MOST_RETRIES: Final = 185
LONGEST_AGE: Final = 86_400
"""Seconds."""
THROTTLED: Final = frozenset(
    {"Throttling", "ThrottlingException", "TooManyRequestsException", "ProvisionedThroughputExceededException"}
    | {"RequestLimitExceeded", "SlowDown", "LimitExceededException"}
)
TOO_MANY: Final = 429


def may_pass(code: str, status: int) -> bool:
    """Whether another attempt may succeed: the target was overloaded or failed itself."""
    return status >= 500 or status == TOO_MANY or code in THROTTLED


def pause_after(attempt: int) -> float:
    """Seconds between an attempt, of which the first is 1, and the next one."""
    return float(min(2.0 ** (attempt - 1), LONGEST_PAUSE))


def exhausted(policy: Mapping[str, Any], attempt: int, age: float) -> str | None:
    """Which part of a retry policy forbids another attempt, after which the event is so old; None if none does."""
    if attempt > policy.get("MaximumRetryAttempts", MOST_RETRIES):
        return "MaximumRetryAttempts"
    return "MaximumEventAgeInSeconds" if age > policy.get("MaximumEventAgeInSeconds", LONGEST_AGE) else None
