"""Timestamps: an instant as ISO-8601 text, and back. Nothing here reads a clock."""

from __future__ import annotations

import re
import time
from datetime import datetime, timezone
from typing import Final, TypeAlias


def iso(instant: float) -> str:
    """An instant as the context object shows it: ``2026-01-01T00:00:00.000Z``."""
    microseconds = round(instant * 1_000_000)  # a float has no more: 1076297827.949 * 1000 is 1076297827948.9999
    seconds, milliseconds = divmod(microseconds // 1000, 1000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{milliseconds:03}Z"


Instant: TypeAlias = tuple[int, int]
"""Seconds since 1970, and nanoseconds."""

_TIMESTAMP = re.compile(
    r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(?:Z|([+-]\d\d):?(\d\d))", re.ASCII | re.IGNORECASE
)


def parse_timestamp(text: str) -> Instant:
    """Read an ISO-8601 extended offset date-time, to the nanosecond.

    Raises:
        ValueError: the text is no such timestamp, or names a day or time that does not exist.
    """
    match = _TIMESTAMP.fullmatch(text)
    if match is None:
        message = f"not an ISO-8601 extended offset date-time: {text}"
        raise ValueError(message)
    day, minute, second, fraction, offset_hours, offset_minutes = match.groups()
    moment = datetime.fromisoformat(f"{day}T{minute}:{second or '00'}+00:00")
    seconds = int((moment - _UNIX_EPOCH).total_seconds())
    if offset_hours is not None:
        hours, minutes = int(offset_hours), int(offset_minutes)
        ahead = abs(hours) * MINUTES_PER_HOUR + minutes
        if ahead > MAX_OFFSET_MINUTES or minutes >= MINUTES_PER_HOUR:
            message = f"no such offset from UTC: {text}"
            raise ValueError(message)
        seconds -= hours * 3600 + minutes * (-60 if offset_hours.startswith("-") else 60)
    return seconds, int((fraction or "0").ljust(9, "0"))


_UNIX_EPOCH: Final = datetime(1970, 1, 1, tzinfo=timezone.utc)
MINUTES_PER_HOUR: Final = 60
MAX_OFFSET_MINUTES: Final = 18 * MINUTES_PER_HOUR
