"""Refusals of EventBridge Scheduler, and its operations that moto answers otherwise than AWS.

The texts of AWS where they are known; where they are not, a comment says that the words are ours.
Source: https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html,
https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import timezone, tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from emulator.arns import Arn, InvalidArn
from emulator.events.timetables import InvalidTimetable, read_timetable

EARLIEST_START: Final = 300
"""Seconds that the StartDate of a new schedule may lie in the past."""
_READS: Final = re.compile(
    "(get|describe|list|poll|receive|search|scan|query|select|read|lookup|discover|validate|batchGet|batchDescribe|"
    "batchRead|transactGet|adminGet|adminList|testMigration|retrieve|testConnection|translateDocument|isAuthorized|"
    "invokeModel)"
)
"""How the operations begin that no schedule calls."""
_PARAMETERS: Final = {"events": "EventBridgeParameters", "kinesis": "KinesisParameters", "ecs": "EcsParameters"}
_JSON: Final = frozenset({"events", "lambda", "states"})
"""Services whose input is JSON."""


def zone_of(name: str) -> tzinfo:
    """A time zone; UTC is there without any database of zones."""
    return timezone.utc if name == "UTC" else ZoneInfo(name)


def _invalid(message: str) -> Exception:
    from moto.scheduler.exceptions import ValidationException

    return ValidationException(message)


def check(values: Mapping[str, Any], now: float, *, new: bool) -> None:
    """Refuse what no schedule may be."""
    expression, zone = values["schedule_expression"], values.get("schedule_expression_timezone") or "UTC"
    try:
        found = zone_of(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise _invalid(f"Invalid Schedule Expression Timezone {zone}.") from None  # our words
    try:
        read_timetable(expression, found)
    except InvalidTimetable:
        raise _invalid(f"Invalid Schedule Expression {expression}.") from None
    window = values["flexible_time_window"]
    if window["Mode"] == "FLEXIBLE" and "MaximumWindowInMinutes" not in window:
        raise _invalid("A flexible time window of mode FLEXIBLE requires MaximumWindowInMinutes.")  # our words
    check_target(values["target"])
    start, end = values.get("start_date"), values.get("end_date")
    if expression.startswith("at("):
        return
    if new and start is not None and float(start) < now - EARLIEST_START:
        raise _invalid("The StartDate you specify cannot be earlier than 5 minutes ago.")
    if end is not None and float(end) < now:
        raise _invalid("The EndDate you specify cannot be earlier than now.")  # our words
    if start is not None and end is not None and float(end) <= float(start):
        raise _invalid("The EndDate you specify must come after the StartDate.")  # our words


def check_target(target: Mapping[str, Any]) -> None:
    """Refuse what no schedule may call; but for the first, the words are ours."""
    try:
        arn = Arn.parse(target["Arn"])
    except InvalidArn:
        raise _invalid("Provided Arn is not in correct format.") from None
    if arn.service == "scheduler":
        _check_universal(target["Arn"], arn)
    parameters = _PARAMETERS.get(arn.service)
    if parameters is not None and not target.get(parameters):
        raise _invalid(f"{parameters} must be specified for the target {target['Arn']}.")
    if arn.service == "sqs" and arn.resource.endswith(".fifo") and not target.get("SqsParameters"):
        raise _invalid(f"SqsParameters must be specified for the target {target['Arn']}.")
    if arn.service in _JSON and target.get("Input"):
        try:
            json.loads(target["Input"])
        except ValueError:
            raise _invalid(f"The Input of the target {target['Arn']} is not valid JSON.") from None


def _check_universal(text: str, arn: Arn) -> None:
    kind, _, called = arn.resource.partition(":")
    service, _, operation = called.partition(":")
    if kind != "aws-sdk" or not service or not operation:
        raise _invalid("Provided Arn is not in correct format.")
    if _READS.match(operation):
        raise _invalid(f"{text} only reads: a schedule cannot call it.")


# Operations


def answer(theirs: Any) -> Any:
    """Give moto's Scheduler what it lacks of AWS's answers."""
    theirs.create_schedule = _once(theirs.create_schedule, _known_schedule)
    theirs.create_schedule_group = _once(theirs.create_schedule_group, _known_group)
    for name in ("list_tags_for_resource", "tag_resource", "untag_resource"):
        setattr(theirs, name, _of_a_group(getattr(theirs, name)))
    theirs.list_schedules = _in_a_group(theirs.list_schedules)
    return theirs


def _once(operation: Any, known: Callable[[Any], tuple[Any, str] | None]) -> Any:
    """An operation that answers a request with the ClientToken of an earlier one as it did that one."""

    def perform(self: Any) -> Any:
        from moto.core.exceptions import JsonRESTError

        token = self._get_param("ClientToken")
        found = known(self)
        if found is not None and token is not None and getattr(found[0], "client_token", None) == token:
            return json.dumps({found[1]: found[0].arn})
        try:
            answered = operation(self)
        except JsonRESTError as error:
            if error.error_type == "ConflictException":
                error.code = 409
            raise
        made = known(self)
        if made is not None:
            made[0].client_token = token
        return answered

    return perform


def _known_schedule(self: Any) -> tuple[Any, str] | None:
    group = self.scheduler_backend.schedule_groups.get(self._get_param("GroupName") or "default")
    found = None if group is None else group.schedules.get(self.uri.split("?")[0].split("/")[-1])
    return None if found is None else (found, "ScheduleArn")


def _known_group(self: Any) -> tuple[Any, str] | None:
    found = self.scheduler_backend.schedule_groups.get(self.uri.split("?")[0].split("/")[-1])
    return None if found is None else (found, "ScheduleGroupArn")


def _of_a_group(operation: Any) -> Any:
    """An operation on the tags of a group, which is there."""

    def perform(self: Any) -> Any:
        from urllib.parse import unquote

        arn = unquote(self.uri.split("?")[0].split("/tags/")[-1])
        self.scheduler_backend.get_schedule_group(arn.rpartition("/")[2])
        return operation(self)

    return perform


def _in_a_group(operation: Any) -> Any:
    """The schedules of a group, which is there."""

    def list_schedules(self: Any) -> Any:
        group = self.querystring.get("ScheduleGroup") or self.querystring.get("GroupName")
        if group:
            self.scheduler_backend.get_schedule_group(group[0])
        return operation(self)

    return list_schedules
