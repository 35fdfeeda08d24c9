"""Rollback triggers: alarms that take a stack's operation back, while it is done and for some minutes after.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-rollback-triggers.html; the texts of
refusals as AWS was recorded to answer them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from emulator.deploying.services import Services

_TYPES: Final = ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
_LONGEST: Final = 180


class InvalidTrigger(Exception):
    """A rollback configuration is refused. The message is AWS's."""


def check(configuration: Mapping[str, Any]) -> None:
    """Refuse a configuration that is none. Raises InvalidTrigger."""
    for trigger in configuration.get("RollbackTriggers") or ():
        if trigger["Type"] not in _TYPES:
            raise InvalidTrigger("Rollback Trigger Type not supported")
        parts = trigger["Arn"].split(":", 6)
        if len(parts) < 7 or parts[5] != "alarm":
            raise InvalidTrigger("RelativeId of a Rollback Trigger's ARN is incorrect")
    minutes = configuration.get("MonitoringTimeInMinutes") or 0
    if not 0 <= minutes <= _LONGEST:
        text = f"1 validation error detected: Value '{minutes}' at 'rollbackConfiguration.monitoringTimeInMinutes' "
        limit = "greater than or equal to 0" if minutes < 0 else f"less than or equal to {_LONGEST}"
        raise InvalidTrigger(f"{text}failed to satisfy constraint: Member must have value {limit}")


def breached(configuration: Mapping[str, Any], services: Services) -> list[str]:
    """The ARNs of the alarms that take an operation back: those in ALARM, and those that are not there."""
    arns = [trigger["Arn"] for trigger in configuration.get("RollbackTriggers") or ()]
    if not arns:
        return []
    names = [arn.split(":", 6)[6] for arn in arns]
    kinds = ["MetricAlarm", "CompositeAlarm"]
    found = services.call("cloudwatch", "DescribeAlarms", AlarmNames=names, AlarmTypes=kinds)
    states = {
        alarm["AlarmName"]: alarm["StateValue"]
        for kind in ("MetricAlarms", "CompositeAlarms")
        for alarm in found.get(kind, ())
    }
    return [arn for arn, name in zip(arns, names, strict=True) if states.get(name, "ALARM") == "ALARM"]


def minutes(configuration: Mapping[str, Any]) -> int:
    """How many minutes the alarms are watched when all is done."""
    return int(configuration.get("MonitoringTimeInMinutes") or 0) if configuration.get("RollbackTriggers") else 0
