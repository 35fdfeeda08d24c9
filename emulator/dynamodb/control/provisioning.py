"""Changing provisioned throughput: what a description says of it, and how often AWS lets it go down.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html; the wording as observed on
AWS, the form of the times remembered.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone

from asl_interpreter.jsontext import JSON
from emulator.dynamodb.rejections import refused

FREE_DECREASES = 4
HOUR = 3600.0
_UNITS = ("ReadCapacityUnits", "WriteCapacityUnits")


def changed(throughput: Mapping[str, JSON], wanted: Mapping[str, int], now: float) -> dict[str, JSON]:
    """The throughput after a change to other units, with the times of the last changes.

    Raises:
        Fault: it would go down for more than the fourth time in this day of UTC, and within an hour of the last time.
    """
    after = {**throughput, **wanted}
    if any(wanted[name] > throughput[name] for name in _UNITS):
        after["LastIncreaseDateTime"] = now
    if any(wanted[name] < throughput[name] for name in _UNITS):
        last = throughput.get("LastDecreaseDateTime")
        count = throughput["NumberOfDecreasesToday"] if last is not None and _day(last) == _day(now) else 0
        if count >= FREE_DECREASES and last is not None and now < last + HOUR:
            raise refused("LimitExceededException", _too_many(count, last))
        after["NumberOfDecreasesToday"] = count + 1
        after["LastDecreaseDateTime"] = now
    return after


def _too_many(count: int, last: float) -> str:
    return (
        "Subscriber limit exceeded: Provisioned throughput decreases are limited within a given UTC day. After the "
        f"first {FREE_DECREASES} decreases, each subsequent decrease in the same UTC day can be performed at most once "
        f"every {HOUR:.0f} seconds. Number of decreases today: {count}. Last decrease at {_text(last)}. Next decrease "
        f"can be made at {_text(last + HOUR)}."
    )


def _day(instant: float) -> int:
    return int(instant // 86_400)


def _text(instant: float) -> str:
    moment = datetime.fromtimestamp(instant, timezone.utc)
    hour, half = (moment.hour % 12) or 12, "AM" if moment.hour < 12 else "PM"
    return f"{moment:%A, %B} {moment.day}, {moment.year} {hour}:{moment:%M:%S} {half} UTC"
