"""The metrics of a world: what its services count, and what PutMetricData brings.

Nothing is kept of a single event, only sums of a minute. What is counted when is in docs/services.md.

Sources: https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html,
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html,
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from asl_interpreter.loop.clock import Clock
from asl_interpreter.loop.locks import lock
from emulator.cloudwatch.series import MINUTE, Bucket, Metric, Series, metric_of, statistic
from emulator.faults import Fault

MOST_SERIES: Final = 100_000
"""Of one account and region."""

Place = tuple[str, str]
"""An account and a region."""


class Metrics:
    """The metrics of one world, by account and region."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = lock("the metrics of a world", 96)
        self._places: dict[Place, dict[tuple[Metric, str], Series]] = {}
        self._requests: dict[tuple[str, str, str, str, str], list[float]] = {}
        """Account, region, name, table, operation -> the minute that is being counted, and the count."""
        self.states: set[Metric] = set()
        """Metrics that are states, such as the number of messages in a queue: they hold until they change."""
        self.woken: Callable[[Place], None] = lambda _place: None
        """Called when a stretch of time has its first value: alarms may have something to watch."""
        self.sampled: Callable[[Place], None] = lambda _place: None
        """Called before metrics are read: what is a state rather than an event is measured then, such as queues."""

    # What is counted.

    def count(
        self,
        place: Place,
        metric: Metric,
        value: float = 1.0,
        unit: str = "Count",
        *,
        time: float | None = None,
        times: float = 1.0,
        resolution: float = MINUTE,
    ) -> None:
        """Count a value, now or at a time."""
        with self._lock:
            bucket, is_new = self._series(place, metric, unit).bucket(
                self._clock.now() if time is None else time, resolution
            )
            bucket.add(value, times)
        if is_new:
            self.woken(place)

    def tally(self, place: Place, metric: Metric, unit: str = "Count") -> Callable[[float], None]:
        """What counts a value of one metric now: of a metric that is counted often, it finds the minute's cell once."""
        start, bucket = -MINUTE, Bucket()

        def count(value: float) -> None:
            nonlocal start, bucket
            is_new = False
            with self._lock:
                now = self._clock.now()
                if not start <= now < start + MINUTE:
                    start = now // MINUTE * MINUTE
                    bucket, is_new = self._series(place, metric, unit).bucket(now)
                bucket.add(value)
            if is_new:
                self.woken(place)

        return count

    def measure(self, place: Place, metric: Metric, value: float, unit: str) -> None:
        """Note a state, such as how many messages a queue has: of a minute the last value counts."""
        start = self._clock.now() // MINUTE * MINUTE
        with self._lock:
            series = self._series(place, metric, unit)
            self.states.add(metric)
            last = max(series.buckets, default=None)
            if last in (None, start) or value != series.buckets[last].total:
                series.bucket(start)
                series.buckets[start] = Bucket()
                series.buckets[start].add(value)

    def _series(self, place: Place, metric: Metric, unit: str) -> Series:
        held = self._places.setdefault(place, {})
        series = held.get((metric, unit))
        if series is None:
            if len(held) >= MOST_SERIES:
                raise Fault("LimitExceeded", f"Dynastep keeps {MOST_SERIES} metrics of an account and region at most.")
            series = held[metric, unit] = Series(unit)
        return series

    def request(self, account: str, region: str, name: str, table: str, operation: str) -> None:
        """Count a request to a table: millions come, so the minute that goes on has a cell of its own."""
        key, minute = (account, region, name, table, operation), self._clock.now() // MINUTE
        cell = self._requests.get(key)
        if cell is not None and cell[0] == minute:
            cell[1] += 1
            return
        with self._lock:
            if cell is not None:
                self._settle(key, cell)
            self._requests[key] = [minute, 1.0]
        self.woken((account, region))

    def _settle(self, key: tuple[str, str, str, str, str], cell: list[float]) -> None:
        account, region, name, table, operation = key
        minute, counted = cell
        if not counted:
            return
        cell[1] = 0.0
        named = {"Operation": operation, "TableName": table}
        dimensions = tuple((each, value) for each, value in named.items() if value)
        metric = Metric("AWS/DynamoDB", name, dimensions)
        unit = "Milliseconds" if name == "SuccessfulRequestLatency" else "Count"
        series = self._series((account, region), metric, unit)
        # A latency here says nothing of AWS's: that of each request is nothing, and their number is the SampleCount.
        series.bucket(minute * MINUTE)[0].add(0.0 if unit == "Milliseconds" else 1.0, counted)

    def settle(self, place: Place) -> None:
        """Have everything that was counted seen."""
        self.sampled(place)
        with self._lock:
            for key, cell in list(self._requests.items()):
                if key[:2] == place:
                    self._settle(key, cell)

    def put(self, place: Place, namespace: str, data: Iterable[Mapping[str, Any]]) -> None:
        """Take data as PutMetricData brings them; ``Timestamp`` is in seconds since 1970."""
        for datum in data:
            metric = metric_of(namespace, datum["MetricName"], datum.get("Dimensions") or ())
            unit, time = datum.get("Unit") or "None", datum.get("Timestamp")
            resolution = 1.0 if datum.get("StorageResolution") == 1 else MINUTE
            given = datum.get("StatisticValues")
            if given:
                with self._lock:
                    bucket, _ = self._series(place, metric, unit).bucket(
                        self._clock.now() if time is None else time, resolution
                    )
                    bucket.add_summary(*(float(given[name]) for name in ("SampleCount", "Sum", "Minimum", "Maximum")))
                self.woken(place)
                continue
            values = datum.get("Values") or [datum.get("Value", 0.0)]
            for value, times in zip(values, datum.get("Counts") or [1.0] * len(values), strict=True):
                self.count(place, metric, float(value), unit, time=time, times=float(times), resolution=resolution)
        self.woken(place)

    # What is read.

    def known(self, place: Place) -> list[Metric]:
        """All metrics, each once, in the order in which they came."""
        self.settle(place)
        return list(dict.fromkeys(metric for metric, _ in list(self._places.get(place, {}))))

    def points(
        self,
        place: Place,
        metric: Metric,
        stat: str,
        period: float,
        stretch: tuple[float, float],
        unit: str | None = None,
        anchor: float | None = None,
    ) -> dict[float, float]:
        """A statistic of each period that has data, by when it begins. ``stretch`` is from when until when.

        Periods begin at multiples of their length, or at ``anchor``.
        """
        start, end = stretch
        held = self._places.get(place, {})
        series = [each for (named, of), each in list(held.items()) if named == metric and unit in (None, of)]
        found: dict[float, float] = {}
        begin = anchor if anchor is not None else start // period * period
        with self._lock:
            grouped: dict[float, list[Any]] = {}
            for each in series:
                for at, bucket in each.buckets.items():
                    if begin <= at < end:
                        grouped.setdefault(begin + (at - begin) // period * period, []).append(bucket)
            for at, buckets in sorted(grouped.items()):
                value = statistic(stat, buckets)
                if value is not None:
                    found[at] = value
            if metric in self.states:
                self._hold(found, series, begin, period, min(end, self._clock.now() + 1))
        return found

    @staticmethod
    def _hold(found: dict[float, float], series: list[Series], begin: float, period: float, end: float) -> None:
        """Let what is a state hold until it changes: it was noted only then."""
        known = sorted((at, bucket.total) for each in series for at, bucket in each.buckets.items())
        for index in range(int((end - begin) // period) + 1):
            at = begin + index * period
            earlier = [value for time, value in known if time < at + period]
            if at < end and at not in found and earlier:
                found[at] = earlier[-1]

    def latest(self, place: Place, metric: Metric) -> float | None:
        """The value of a state that was noted last."""
        with self._lock:
            found = [
                (max(series.buckets), series)
                for (named, _), series in self._places.get(place, {}).items()
                if named == metric and series.buckets
            ]
            return max((at, series.buckets[at].total) for at, series in found)[1] if found else None

    def unit_of(self, place: Place, metric: Metric) -> str:
        """The unit of a metric; ``None``, as a text, if it has none."""
        return next((unit for named, unit in list(self._places.get(place, {})) if named == metric), "None")
