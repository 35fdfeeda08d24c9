"""Metrics and alarms of moto's CloudWatch: what they are told is kept there, what follows from it is ours."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import wraps
from itertools import pairwise
from typing import Any, NamedTuple

from emulator.faults import Fault
from emulator.moto_door.clock import now


class Meters(NamedTuple):
    """Who answers for metrics and alarms. All take the account and the region first."""

    put: Callable[[str, str, str, list[dict[str, Any]]], None]
    """Takes a namespace and data."""
    found: Callable[[str, str, Mapping[str, Any]], list[dict[str, Any]]]
    """The metrics that ListMetrics asks for, as it shows them."""
    statistics: Callable[[str, str, Mapping[str, Any]], list[dict[str, Any]]]
    """The datapoints that GetMetricStatistics asks for."""
    data: Callable[[str, str, Mapping[str, Any]], list[dict[str, Any]]]
    """The results that GetMetricData asks for."""
    changed: Callable[[str, str], None]
    """Alarms were made, changed or deleted."""
    set: Callable[[str, str, str, str], None]
    """Somebody has set the state of an alarm: its name, and the state that it had."""
    rule_problem: Callable[[str], str | None]
    """What is wrong with the rule of a composite alarm."""


_meters: list[Meters] = []
"""The last one counts. Of the process, as all of moto's state is."""


def take_metrics(meters: Meters | None) -> None:
    """Have somebody answer for metrics and alarms; None leaves them to moto, for tests of ``mock_aws`` beside ours."""
    _meters[:] = [] if meters is None else [meters]


def _while_taken(ours: Callable[..., Any], theirs: Callable[..., Any]) -> Callable[..., Any]:
    """Ours while somebody answers for metrics, and moto's own otherwise."""

    @wraps(theirs)
    def either(*given: Any, **named: Any) -> Any:
        return (ours if _meters else theirs)(*given, **named)

    return either


_touched: list[Callable[[str, str], None]] = []


def take_touched(touched: Callable[[str, str], None]) -> None:
    """Have somebody hear of each request to a queue: takes the account and the region. The last one counts."""
    _touched[:] = [touched]


def touched(account: str, region: str) -> None:
    """A queue was asked for something, and may have changed."""
    for hear in _touched:
        hear(account, region)


def put_data(account: str, region: str, namespace: str, data: list[dict[str, Any]]) -> None:
    """Put data of a service of AWS's."""
    if _meters:
        _meters[-1].put(account, region, namespace, data)


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm as it is now."""

    account: str
    region: str
    name: str
    arn: str
    description: str | None
    namespace: str | None
    metric: str | None
    dimensions: tuple[Mapping[str, str], ...]
    queries: tuple[Mapping[str, Any], ...]
    """Of an alarm on metric math, as GetMetricData takes them."""
    comparison: str | None
    threshold: float
    statistic: str | None
    unit: str | None
    period: int
    periods: int
    needed: int
    missing: str
    rule: str | None
    """Of a composite alarm."""
    actions_enabled: bool
    actions: Mapping[str, tuple[str, ...]]
    """State -> what it calls."""
    state: str
    reason: str
    reason_data: str
    updated: float
    configured: float


def alarms(account: str, region: str) -> list[Alarm]:
    """The alarms of an account and region."""
    if "moto.cloudwatch.models" not in sys.modules:
        return []
    from moto.cloudwatch.models import cloudwatch_backends

    return [_read(each, account, region) for each in list(cloudwatch_backends[account][region].alarms.values())]


def _read(alarm: Any, account: str, region: str) -> Alarm:
    periods = int(alarm.evaluation_periods or 1)
    return Alarm(
        account=account,
        region=region,
        name=alarm.name,
        arn=alarm.alarm_arn,
        description=alarm.description,
        namespace=alarm.namespace,
        metric=alarm.metric_name,
        dimensions=tuple({"Name": each.name, "Value": each.value} for each in alarm.dimensions or ()),
        queries=tuple(_query(each) for each in alarm.metric_data_queries or ()),
        comparison=alarm.comparison_operator,
        threshold=float(alarm.threshold or 0.0),
        statistic=alarm.statistic or alarm.extended_statistic,
        unit=alarm.unit,
        period=int(alarm.period or 60),
        periods=periods,
        needed=int(alarm.datapoints_to_alarm or periods),
        missing=alarm.treat_missing_data or "missing",
        rule=alarm.rule,
        actions_enabled=bool(alarm.actions_enabled),
        actions={
            "ALARM": tuple(alarm.alarm_actions or ()),
            "OK": tuple(alarm.ok_actions or ()),
            "INSUFFICIENT_DATA": tuple(alarm.insufficient_data_actions or ()),
        },
        state=alarm.state_value,
        reason=alarm.state_reason,
        reason_data=alarm.state_reason_data or "{}",
        updated=alarm.state_updated_timestamp.replace(tzinfo=timezone.utc).timestamp(),
        configured=alarm.configuration_updated_timestamp.replace(tzinfo=timezone.utc).timestamp(),
    )


def _query(query: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"Id": query.id, "ReturnData": query.return_data is not False}
    if query.expression:
        found |= {"Expression": query.expression, "Period": query.period}
    if query.metric_stat is not None:
        metric = query.metric_stat.metric
        named = [{"Name": each.name, "Value": each.value} for each in metric.dimensions]
        found["MetricStat"] = {
            "Metric": {"Namespace": metric.namespace, "MetricName": metric.metric_name, "Dimensions": named},
            "Period": query.metric_stat.period,
            "Stat": query.metric_stat.stat,
        }
    return found


def set_alarm_state(account: str, region: str, name: str, state: str, reason: str, reason_data: str) -> Alarm | None:
    """Put an alarm into a state; the alarm as it was before, or None if there is none."""
    from moto.cloudwatch.models import cloudwatch_backends

    alarm: Any = cloudwatch_backends[account][region].alarms.get(name)
    if alarm is None:
        return None
    before = _read(alarm, account, region)
    alarm.update_state(reason, reason_data, state)
    alarm.state_updated_timestamp = _time(account)
    return before


def _time(account: str) -> datetime:
    """The time of a world, as moto has times."""
    return datetime.fromtimestamp(now(account), timezone.utc).replace(tzinfo=None)


# What stands in moto.


def put_metric_alarm(theirs: Any) -> Any:
    """Have an alarm begin without data, at the time of the world; one that is changed keeps its state."""

    def put_metric_alarm(self: Any, *given: Any, **named: Any) -> Any:
        if named.get("rule") is not None:
            problem = _meters[-1].rule_problem(named["rule"])
            if problem is not None:
                from moto.cloudwatch.exceptions import ValidationError

                raise ValidationError(f"AlarmRule must be a valid expression: {problem}")
        before = self.alarms.get(named["name"])
        alarm = theirs(self, *given, **named)
        alarm.configuration_updated_timestamp = alarm.state_updated_timestamp = _time(self.account_id)
        alarm.state_value = "INSUFFICIENT_DATA"
        if before is not None:
            for name in ("state_value", "state_reason", "state_reason_data", "state_updated_timestamp", "history"):
                setattr(alarm, name, getattr(before, name))
        _meters[-1].changed(self.account_id, self.region_name)
        return alarm

    return _while_taken(put_metric_alarm, theirs)


def changes_alarms(theirs: Any) -> Any:
    """Tell of alarms that are changed."""

    def change(self: Any, *given: Any, **named: Any) -> Any:
        result = theirs(self, *given, **named)
        _meters[-1].changed(self.account_id, self.region_name)
        return result

    return _while_taken(change, theirs)


def acts_on_state(theirs: Any) -> Any:
    """Have a state that somebody sets act."""

    def set_alarm_state(self: Any, alarm_name: str, reason: str, reason_data: str, state_value: str) -> None:
        before = self.alarms[alarm_name].state_value if alarm_name in self.alarms else ""
        theirs(self, alarm_name, reason, reason_data, state_value)
        self.alarms[alarm_name].state_updated_timestamp = _time(self.account_id)
        _meters[-1].set(self.account_id, self.region_name, alarm_name, before)

    return _while_taken(set_alarm_state, theirs)


def put_metric_data(theirs: Any) -> Any:
    """Hand data to whoever keeps them, once moto's checks have passed."""

    def put_metric_data(self: Any, namespace: str, metric_data: list[dict[str, Any]]) -> None:
        for number, metric in enumerate(metric_data, 1):
            self._validate_parameters_put_metric_data(metric, number)
        data = [
            {**metric, **({"Timestamp": _seconds(metric["Timestamp"])} if metric.get("Timestamp") else {})}
            for metric in metric_data
        ]
        _meters[-1].put(self.account_id, self.region_name, namespace, data)

    return _while_taken(put_metric_data, theirs)


def _seconds(time: Any) -> float:
    if isinstance(time, int | float):
        return float(time)
    if isinstance(time, str):
        time = datetime.fromisoformat(time)
    return float((time if time.tzinfo is not None else time.replace(tzinfo=timezone.utc)).timestamp())


def answer_metrics(_theirs: Any) -> Any:  # noqa: C901 - one method for each operation
    """Have the metrics of the world be read, and have composite alarms and histories of alarms."""
    from moto.cloudwatch.exceptions import (
        InvalidParameterCombination,
        InvalidParameterValue,
        ValidationError,
    )
    from moto.cloudwatch.responses import CloudWatchResponse
    from moto.core.responses import ActionResult, EmptyResult

    kinds = {"InvalidParameterCombination": InvalidParameterCombination, "InvalidParameterValue": InvalidParameterValue}

    def asked(self: Any, what: Callable[[str, str, Mapping[str, Any]], list[dict[str, Any]]]) -> list[dict[str, Any]]:
        params = dict(self._get_params())
        for name in ("StartTime", "EndTime", "StartDate", "EndDate"):
            if name in params:
                params[name] = _seconds(params[name])
        try:
            return what(self.current_account, self.region, params)
        except Fault as fault:
            if fault.code == "NotImplementedException":
                raise NotImplementedError(fault.message) from None
            raise kinds.get(fault.code, ValidationError)(fault.message) from None

    class Answers(CloudWatchResponse):
        """CloudWatch as it answers here."""

        def get_metric_data(self) -> ActionResult:
            """GetMetricData."""
            return ActionResult({"MetricDataResults": asked(self, _meters[-1].data), "Messages": []})

        def get_metric_statistics(self) -> ActionResult:
            """GetMetricStatistics."""
            points = asked(self, _meters[-1].statistics)
            return ActionResult({"Label": self._get_param("MetricName"), "Datapoints": points})

        def list_metrics(self) -> ActionResult:
            """ListMetrics, all at once."""
            return ActionResult({"Metrics": asked(self, _meters[-1].found)})

        def put_composite_alarm(self) -> EmptyResult:
            """PutCompositeAlarm."""
            self.put_metric_alarm()
            return EmptyResult()

        def describe_alarm_history(self) -> ActionResult:
            """DescribeAlarmHistory: the changes of states."""
            name = self._get_param("AlarmName")
            items = [
                item
                for alarm in self.cloudwatch_backend.describe_alarms()
                if name in (None, alarm.name)
                for item in _history(alarm)
            ]
            items.sort(key=lambda item: item["Timestamp"], reverse=self._get_param("ScanBy") != "TimestampAscending")
            return ActionResult({"AlarmHistoryItems": items[: self._get_param("MaxRecords") or 100]})

    for name in ("get_metric_data", "get_metric_statistics", "list_metrics"):
        setattr(Answers, name, _while_taken(getattr(Answers, name), getattr(CloudWatchResponse, name)))
    return Answers


def _history(alarm: Any) -> list[dict[str, Any]]:
    """The changes of an alarm's state: moto keeps what each state was before the next one."""
    last = (alarm.state_reason, alarm.state_reason_data, alarm.state_value, alarm.state_updated_timestamp)
    states = [*alarm.history, ("StateUpdate", *last)]
    items = []
    for (_, reason, data, state, _), (_, new_reason, new_data, new_state, time) in pairwise(states):
        told = {
            "version": "1.0",
            "oldState": {"stateValue": state, "stateReason": reason, "stateReasonData": json.loads(data or "{}")},
            "newState": {
                "stateValue": new_state,
                "stateReason": new_reason,
                "stateReasonData": json.loads(new_data or "{}"),
            },
        }
        items.append(
            {
                "AlarmName": alarm.name,
                "AlarmType": "MetricAlarm" if alarm.rule is None else "CompositeAlarm",
                "Timestamp": time,
                "HistoryItemType": "StateUpdate",
                "HistorySummary": f"Alarm updated from {state} to {new_state}",
                "HistoryData": json.dumps(told),
            }
        )
    return items


def queue_depths(account: str, region: str) -> list[tuple[str, dict[str, float]]]:
    """How many messages each queue of an account and region has, by the names of the metrics of SQS."""
    if "moto.sqs.models" not in sys.modules:
        return []
    from moto.sqs.models import sqs_backends

    found = []
    for name, queue in list(sqs_backends[account][region].queues.items()):
        attributes: Any = queue
        depths = {
            "ApproximateNumberOfMessagesVisible": float(attributes.approximate_number_of_messages),
            "ApproximateNumberOfMessagesNotVisible": float(attributes.approximate_number_of_messages_not_visible),
            "ApproximateNumberOfMessagesDelayed": float(attributes.approximate_number_of_messages_delayed),
        }
        found.append((name, depths))
    return found
