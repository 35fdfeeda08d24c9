"""Notices: what an alarm tells EventBridge, topics and functions of its new state.

Sources: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html,
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from asl_interpreter.jsontext import dumps
from asl_interpreter.timestamps import iso

if TYPE_CHECKING:
    from emulator.moto_door import Alarm

_REGIONS: Final[Mapping[str, str]] = {
    "us-east-1": "US East (N. Virginia)",
    "us-east-2": "US East (Ohio)",
    "us-west-1": "US West (N. California)",
    "us-west-2": "US West (Oregon)",
    "ca-central-1": "Canada (Central)",
    "eu-central-1": "EU (Frankfurt)",
    "eu-north-1": "EU (Stockholm)",
    "eu-south-1": "EU (Milan)",
    "eu-west-1": "EU (Ireland)",
    "eu-west-2": "EU (London)",
    "eu-west-3": "EU (Paris)",
    "ap-northeast-1": "Asia Pacific (Tokyo)",
    "ap-northeast-2": "Asia Pacific (Seoul)",
    "ap-south-1": "Asia Pacific (Mumbai)",
    "ap-southeast-1": "Asia Pacific (Singapore)",
    "ap-southeast-2": "Asia Pacific (Sydney)",
    "sa-east-1": "South America (Sao Paulo)",
}
"""Names of regions in messages; of others the code is shown."""


def _time(at: float) -> str:
    return iso(at).replace("Z", "+0000")


def _state(alarm: Alarm, value: str) -> dict[str, Any]:
    state = {"value": value, "reason": alarm.reason, "timestamp": _time(alarm.updated)}
    return state | ({"reasonData": alarm.reason_data} if alarm.reason_data not in ("", "{}") else {})


def _configuration(alarm: Alarm) -> dict[str, Any]:
    described = {"description": alarm.description} if alarm.description else {}
    if alarm.rule is not None:
        return {**described, "alarmRule": alarm.rule}
    if alarm.queries:
        return {**described, "metrics": [_metric(query) for query in alarm.queries]}
    named = {each["Name"]: each["Value"] for each in alarm.dimensions}
    metric = {"namespace": alarm.namespace, "name": alarm.metric, "dimensions": named}
    stat = {"metric": metric, "period": alarm.period, "stat": alarm.statistic}
    return {**described, "metrics": [{"id": _id(alarm), "metricStat": stat, "returnData": True}]}


def _id(alarm: Alarm) -> str:
    """An id of the metric that the alarm watches, the same in every run."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, alarm.arn))


def _metric(query: Mapping[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {"id": query["Id"], "returnData": query.get("ReturnData") is not False}
    if "Expression" in query:
        return {**shown, "expression": query["Expression"]}
    asked = query["MetricStat"]
    named = {each["Name"]: each["Value"] for each in asked["Metric"].get("Dimensions") or ()}
    metric = {"namespace": asked["Metric"]["Namespace"], "name": asked["Metric"]["MetricName"], "dimensions": named}
    return {**shown, "metricStat": {"metric": metric, "period": asked["Period"], "stat": asked["Stat"]}}


def change_event(alarm: Alarm, was: Alarm, before: str) -> dict[str, Any]:
    """The detail of EventBridge's ``CloudWatch Alarm State Change``."""
    return {
        "alarmName": alarm.name,
        "state": _state(alarm, alarm.state),
        "previousState": _state(was, before),
        "configuration": _configuration(alarm),
    }


def lambda_event(alarm: Alarm, was: Alarm, before: str) -> dict[str, Any]:
    """What a function gets that an alarm calls."""
    return {
        "source": "aws.cloudwatch",
        "alarmArn": alarm.arn,
        "accountId": alarm.account,
        "time": _time(alarm.updated),
        "region": alarm.region,
        "alarmData": change_event(alarm, was, before),
    }


def topic_message(alarm: Alarm, before: str) -> tuple[str, str]:
    """The subject and the message that a topic gets."""
    region = _REGIONS.get(alarm.region, alarm.region)
    content: dict[str, Any] = {
        "AlarmName": alarm.name,
        "AlarmDescription": alarm.description,
        "AWSAccountId": alarm.account,
        "AlarmConfigurationUpdatedTimestamp": _time(alarm.configured),
        "NewStateValue": alarm.state,
        "NewStateReason": alarm.reason,
        "StateChangeTime": _time(alarm.updated),
        "Region": region,
        "AlarmArn": alarm.arn,
        "OldStateValue": before,
        "OKActions": list(alarm.actions["OK"]),
        "AlarmActions": list(alarm.actions["ALARM"]),
        "InsufficientDataActions": list(alarm.actions["INSUFFICIENT_DATA"]),
    }
    if alarm.rule is not None:
        content["AlarmRule"] = alarm.rule
    else:
        content["Trigger"] = _trigger(alarm)
    return f'{alarm.state}: "{alarm.name}" in {region}', dumps(content)


def _trigger(alarm: Alarm) -> dict[str, Any]:
    rule = {
        "Period": alarm.period,
        "EvaluationPeriods": alarm.periods,
        "DatapointsToAlarm": alarm.needed,
        "ComparisonOperator": alarm.comparison,
        "Threshold": alarm.threshold,
        "TreatMissingData": alarm.missing,
        "EvaluateLowSampleCountPercentile": "",
    }
    if alarm.queries:
        return {**rule, "Metrics": list(alarm.queries)}
    extended = (alarm.statistic or "").startswith("p")
    return {
        "MetricName": alarm.metric,
        "Namespace": alarm.namespace,
        "StatisticType": "ExtendedStatistic" if extended else "Statistic",
        ("ExtendedStatistic" if extended else "Statistic"): alarm.statistic if extended else _upper(alarm.statistic),
        "Unit": alarm.unit,
        "Dimensions": [{"value": each["Value"], "name": each["Name"]} for each in alarm.dimensions],
        **rule,
    }


def _upper(statistic: str | None) -> str:
    return "SAMPLE_COUNT" if statistic == "SampleCount" else (statistic or "").upper()
