"""Metric filters: log events become metrics, as soon as they come.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/MonitoringLogData.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from emulator.events.log_patterns import compile_log_pattern, selected
from emulator.moto_door.log_filters import checked_pattern
from emulator.moto_door.metrics import put_data


def put_metric_filter(theirs: Any) -> Any:
    """Keep one filter of a name in a group that there is, with a pattern that is one."""

    def put_metric_filter(
        self: Any, filter_name: str, filter_pattern: str, log_group_name: str, metric_transformations: Any
    ) -> None:
        from moto.logs.exceptions import ResourceNotFoundException

        if log_group_name not in self.groups:
            raise ResourceNotFoundException("The specified log group does not exist.")
        checked_pattern(filter_pattern)
        self.filters.delete_filter(filter_name, log_group_name)
        theirs(self, filter_name, filter_pattern, log_group_name, metric_transformations)

    return put_metric_filter


def put_log_events(theirs: Any) -> Any:
    """Make metrics of log events, once they are kept."""

    def put_log_events(self: Any, log_events: list[dict[str, Any]]) -> str:
        from moto.logs.models import logs_backends

        answer: str = theirs(self, log_events)
        group = self.log_group
        for each in logs_backends[group.account_id][group.region].filters.get_matching_filters(
            log_group_name=group.name
        ):
            for transformation in each["metricTransformations"]:
                data = list(_data(each["filterPattern"], transformation, log_events))
                if data:
                    put_data(group.account_id, group.region, transformation["metricNamespace"], data)
        return answer

    return put_log_events


def _data(
    pattern: str, transformation: Mapping[str, Any], events: Sequence[Mapping[str, Any]]
) -> Iterator[dict[str, Any]]:
    """What a filter makes of log events: a value for each that it wants, else its default value, if it has one."""
    wanted = compile_log_pattern(pattern)
    name, unit = transformation["metricName"], transformation.get("unit", "None")
    matched = False
    for event in events:
        if not wanted(event["message"]):
            continue
        matched = True
        value = _number(transformation["metricValue"], pattern, event["message"])
        if value is None:
            continue
        dimensions = []
        for dimension, selector in (transformation.get("dimensions") or {}).items():
            found = selected(pattern, event["message"], selector)
            if found:
                dimensions.append({"Name": dimension, "Value": str(found[0])})
        when = event["timestamp"] / 1000
        yield {"MetricName": name, "Value": value, "Unit": unit, "Timestamp": when, "Dimensions": dimensions}
    default = transformation.get("defaultValue")
    if not matched and default is not None and events:
        when = events[-1]["timestamp"] / 1000
        yield {"MetricName": name, "Value": float(default), "Unit": unit, "Timestamp": when, "Dimensions": []}


def _number(given: str, pattern: str, message: str) -> float | None:
    """The value of a metric: a number, or what a selector such as ``$.size`` finds in a message."""
    found: Any = given
    if given.startswith("$"):
        values = selected(pattern, message, given)
        found = values[0] if values else None
    try:
        return None if isinstance(found, bool) else float(found)
    except (TypeError, ValueError):
        return None
