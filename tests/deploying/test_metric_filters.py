"""Metric filters: what is logged becomes a metric, and an alarm sees it."""

from __future__ import annotations

import time

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def logged(dynastep):
    """Logs messages to a group with a filter, and gives the values that the metric has then."""
    logs = dynastep.client("logs")
    logs.create_log_group(logGroupName="g")
    logs.create_log_stream(logGroupName="g", logStreamName="s")

    def log(pattern, transformation, *messages):
        metric = {"metricName": "m", "metricNamespace": "n", "metricValue": "1", **transformation}
        logs.put_metric_filter(logGroupName="g", filterName="f", filterPattern=pattern, metricTransformations=[metric])
        now = int(time.time() * 1000)  # which PutLogEvents goes by
        logs.put_log_events(
            logGroupName="g",
            logStreamName="s",
            logEvents=[{"timestamp": now, "message": message} for message in messages],
        )
        watch = dynastep.client("cloudwatch")
        found = []
        for shown in watch.list_metrics(Namespace="n")["Metrics"]:
            statistics = watch.get_metric_statistics(
                Namespace="n",
                MetricName="m",
                Dimensions=shown["Dimensions"],
                StartTime=now / 1000 - 600,
                EndTime=now / 1000 + 600,
                Period=3600,
                Statistics=["Sum", "SampleCount"],
            )
            dimensions = {each["Name"]: each["Value"] for each in shown["Dimensions"]}
            found += [(dimensions, each["SampleCount"], each["Sum"]) for each in statistics["Datapoints"]]
        return found

    return log


@pytest.mark.parametrize(
    ("pattern", "transformation", "messages", "values"),
    [
        ("ERROR", {}, ["an ERROR", "fine", "ERROR"], [({}, 2.0, 2.0)]),
        ("{ $.size > 1 }", {"metricValue": "$.size"}, ['{"size": 1}', '{"size": 2}', '{"size": 3}'], [({}, 2.0, 5.0)]),
        ("[level, bytes]", {"metricValue": "$bytes"}, ["info 7", "warn x", "one two three"], [({}, 1.0, 7.0)]),
        ("ERROR", {"defaultValue": 0}, ["fine"], [({}, 1.0, 0.0)]),
        ("ERROR", {}, ["fine"], []),
        (
            "{ $.size = * }",
            {"metricValue": "$.size", "dimensions": {"Shop": "$.shop"}},
            ['{"size": 4, "shop": "north"}'],
            [({"Shop": "north"}, 1.0, 4.0)],
        ),
    ],
)
def test_log_events_become_metrics(logged, pattern, transformation, messages, values):
    assert logged(pattern, transformation, *messages) == values


def test_a_filter_is_changed_by_its_name_and_goes(dynastep):
    logs = dynastep.client("logs")
    metric = {"metricName": "m", "metricNamespace": "n", "metricValue": "1"}
    given = {"logGroupName": "g", "filterName": "f", "metricTransformations": [metric]}
    with pytest.raises(ClientError) as error:
        logs.put_metric_filter(filterPattern="a", **given)
    assert error.value.response["Error"]["Code"] == "ResourceNotFoundException"
    logs.create_log_group(logGroupName="g")
    with pytest.raises(ClientError) as error:
        logs.put_metric_filter(filterPattern="{ $.a", **given)
    assert error.value.response["Error"]["Code"] == "InvalidParameterException"
    for pattern in ("a", "b"):
        logs.put_metric_filter(filterPattern=pattern, **given)
    listed = logs.describe_metric_filters(logGroupName="g")["metricFilters"]
    assert [each["filterPattern"] for each in listed] == ["b"]
    logs.delete_metric_filter(logGroupName="g", filterName="f")
    assert logs.describe_metric_filters(logGroupName="g")["metricFilters"] == []
