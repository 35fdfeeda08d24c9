"""Series: what was measured of one metric, counted in buckets of a minute or a second.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

MINUTE: Final = 60.0
MOST_BUCKETS: Final = 21_600
"""Of one series: 15 days of minutes, as long as AWS keeps them."""
MOST_VALUES: Final = 1000
"""Different values of one bucket that percentiles are taken from exactly; beyond that they are rounded."""


class Metric(NamedTuple):
    """What is measured: its namespace, name and dimensions, sorted by their names."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Bucket:
    """What was measured in one stretch of time."""

    count: float = 0.0
    total: float = 0.0
    least: float = math.inf
    greatest: float = -math.inf
    values: dict[float, float] = field(default_factory=dict)
    """Value -> how often it came; empty where only a summary was given."""

    def add(self, value: float, times: float = 1.0) -> None:
        """Add a value, as often as it came."""
        self.count += times
        self.total += value * times
        self.least = min(self.least, value)
        self.greatest = max(self.greatest, value)
        if value not in self.values and len(self.values) >= MOST_VALUES:
            value = float(f"{value:.2g}")
        self.values[value] = self.values.get(value, 0.0) + times

    def add_summary(self, count: float, total: float, least: float, greatest: float) -> None:
        """Add what is known of many values together."""
        self.count += count
        self.total += total
        self.least = min(self.least, least)
        self.greatest = max(self.greatest, greatest)


@dataclass(slots=True)
class Series:
    """The buckets of one metric in one unit, by the second that each begins with."""

    unit: str
    buckets: dict[float, Bucket] = field(default_factory=dict)

    def bucket(self, time: float, resolution: float = MINUTE) -> tuple[Bucket, bool]:
        """The bucket of a time, and whether it is new."""
        start = time // resolution * resolution
        found = self.buckets.get(start)
        if found is not None:
            return found, False
        if len(self.buckets) >= MOST_BUCKETS:
            del self.buckets[min(self.buckets)]
        made = self.buckets[start] = Bucket()
        return made, True


_PERCENTILE: Final = re.compile(r"p(\d{1,2}(?:\.\d{1,10})?|100)")


def is_statistic(name: str) -> bool:
    """Whether a statistic is one that is computed here."""
    return name in _SIMPLE or _PERCENTILE.fullmatch(name) is not None


_SIMPLE: Final = ("SampleCount", "Sum", "Average", "Minimum", "Maximum")


def statistic(name: str, buckets: Iterable[Bucket]) -> float | None:
    """A statistic of buckets; None if there is nothing in them.

    >>> one = Bucket()
    >>> for value in (1, 2, 3, 10): one.add(value)
    >>> [statistic(name, [one]) for name in ("SampleCount", "Sum", "Average", "Minimum", "Maximum", "p50")]
    [4.0, 16.0, 4.0, 1, 10, 2]
    """
    filled = [bucket for bucket in buckets if bucket.count]
    if not filled:
        return None
    count, total = sum(bucket.count for bucket in filled), sum(bucket.total for bucket in filled)
    match name:
        case "SampleCount":
            return count
        case "Sum":
            return total
        case "Average":
            return total / count
        case "Minimum":
            return min(bucket.least for bucket in filled)
        case "Maximum":
            return max(bucket.greatest for bucket in filled)
        case _:
            return _percentile(float(name[1:]), filled)


def _percentile(percent: float, buckets: Iterable[Bucket]) -> float | None:
    together: dict[float, float] = {}
    for bucket in buckets:
        for value, times in bucket.values.items():
            together[value] = together.get(value, 0.0) + times
    wanted = sum(together.values()) * percent / 100
    passed = 0.0
    for value in sorted(together):
        passed += together[value]
        if passed >= wanted:
            return value
    return None


def metric_of(namespace: str, name: str, dimensions: Iterable[Mapping[str, str]]) -> Metric:
    """A metric as a request names it."""
    return Metric(namespace, name, tuple(sorted((each["Name"], each["Value"]) for each in dimensions)))
