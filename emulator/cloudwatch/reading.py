"""Reading: what GetMetricData, GetMetricStatistics and ListMetrics answer.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any, Final

from emulator.cloudwatch.expressions import Points, compute
from emulator.cloudwatch.metrics import Metrics, Place
from emulator.cloudwatch.series import Metric, is_statistic, metric_of
from emulator.faults import Fault

MOST_POINTS: Final = 1440
"""Datapoints of GetMetricStatistics."""


def list_metrics(metrics: Metrics, place: Place, params: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The metrics that a request asks for."""
    wanted = [(each["Name"], each.get("Value")) for each in params.get("Dimensions") or ()]
    return [
        {"Namespace": metric.namespace, "MetricName": metric.name, "Dimensions": _shown(metric)}
        for metric in metrics.known(place)
        if params.get("Namespace") in (None, metric.namespace)
        and params.get("MetricName") in (None, metric.name)
        and all(any(name == n and value in (None, v) for n, v in metric.dimensions) for name, value in wanted)
    ]


def _shown(metric: Metric) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in metric.dimensions]


def statistics(metrics: Metrics, place: Place, params: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The datapoints that GetMetricStatistics asks for, in no order.

    Raises:
        Fault: the times, the statistics or their number are not allowed.
    """
    start, end, period = params["StartTime"], params["EndTime"], int(params["Period"])
    simple, extended = params.get("Statistics") or [], params.get("ExtendedStatistics") or []
    if not simple and not extended:
        raise Fault("InvalidParameterCombination", "Must specify either Statistics or ExtendedStatistics")
    if start >= end:
        text = "The parameter StartTime must be less than the parameter EndTime."
        raise Fault("InvalidParameterValue", text)
    count = int((end - start) / period)
    if count > MOST_POINTS:
        text = (
            f"You have requested up to {count} datapoints, which exceeds the limit of {MOST_POINTS}. You may reduce "
            "the datapoints requested by increasing Period, or decreasing the time range."
        )
        raise Fault("InvalidParameterCombination", text)
    metrics.settle(place)
    metric = metric_of(params["Namespace"], params["MetricName"], params.get("Dimensions") or ())
    found: dict[float, dict[str, Any]] = {}
    for stat in [*simple, *extended]:
        _check(stat)
        for at, value in metrics.points(place, metric, stat, period, (start, end), params.get("Unit")).items():
            point = found.setdefault(at, {"Timestamp": _date(at)})
            if stat in extended:
                point.setdefault("ExtendedStatistics", {})[stat] = value
            else:
                point[stat] = value
    unit = params.get("Unit") or metrics.unit_of(place, metric)
    return [{**point, "Unit": unit} for point in found.values()]


def _check(stat: str) -> None:
    if not is_statistic(stat):
        raise Fault("NotImplementedException", f"Dynastep has not built the statistic {stat}", status=501)


def data(metrics: Metrics, place: Place, params: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The results that GetMetricData asks for.

    Raises:
        Fault: the times or a query are not allowed.
    """
    start, end = params["StartTime"], params["EndTime"]
    if start > end:
        raise Fault("ValidationError", "The parameter EndTime must be greater than StartTime.")
    if start == end:
        raise Fault("ValidationError", "The parameter StartTime must not equal parameter EndTime.")
    queries: list[Mapping[str, Any]] = params.get("MetricDataQueries") or []
    metrics.settle(place)
    found = computed(metrics, place, queries, (start, end))
    descending = params.get("ScanBy") != "TimestampAscending"
    results = []
    for query in queries:
        if query.get("ReturnData") is False:
            continue
        points = sorted(found[query["Id"]].items(), reverse=descending)
        results.append(
            {
                "Id": query["Id"],
                "Label": query.get("Label") or _label(query),
                "Timestamps": [_date(at) for at, _ in points],
                "Values": [value for _, value in points],
                "StatusCode": "Complete",
            }
        )
    return results


def _label(query: Mapping[str, Any]) -> str:
    return str(query["MetricStat"]["Metric"]["MetricName"] if "MetricStat" in query else query["Id"])


def computed(
    metrics: Metrics, place: Place, queries: list[Mapping[str, Any]], stretch: tuple[float, float]
) -> dict[str, Points]:
    """The points of queries, by their ids: first of metrics, then of expressions, which may use what stands before.

    Raises:
        Fault: a query is neither, or cannot be computed.
    """
    found: dict[str, Points] = {}
    period = 60.0
    for number, query in enumerate(queries, 1):
        asked = query.get("MetricStat")
        if asked is None and not query.get("Expression"):
            text = f"The parameter MetricDataQueries.member.{number}.MetricStat is required.\n"
            raise Fault("ValidationError", text)
        if asked is not None:
            _check(asked["Stat"])
            named = asked["Metric"]
            metric = metric_of(named["Namespace"], named["MetricName"], named.get("Dimensions") or ())
            period = float(asked["Period"])
            found[query["Id"]] = metrics.points(place, metric, asked["Stat"], period, stretch, asked.get("Unit"))
    left = [query for query in queries if query.get("MetricStat") is None]
    while left:
        ready = [query for query in left if not any(_mentions(query, other) for other in left if other is not query)]
        if not ready:
            raise Fault("ValidationError", "The expressions refer to each other in a circle.")
        for query in ready:
            every = float(query.get("Period") or period)
            found[query["Id"]] = compute(query["Expression"], dict(found), every, stretch)
            left.remove(query)
    return found


def _mentions(query: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return re.search(rf"\b{re.escape(other['Id'])}\b", query["Expression"]) is not None


def _date(at: float) -> datetime:
    return datetime.fromtimestamp(at, timezone.utc)
