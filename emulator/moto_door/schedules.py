"""Schedules: those of EventBridge Scheduler and of rules. moto keeps them; whoever takes them lets them fire."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from emulator.arns import Arn
from emulator.events.timetables import InvalidTimetable, Timetable, read_timetable, rule_timetable
from emulator.moto_door.clock import now as now_in
from emulator.moto_door.schedule_refusals import check, zone_of


@dataclass(frozen=True, slots=True)
class Schedule:
    """An enabled schedule, or an enabled rule with a schedule expression. Instants are seconds since 1970."""

    arn: str
    timetable: Timetable
    start: float
    """When it begins. A rate of Scheduler's fires then; one of a rule does a rate later."""
    end: float | None
    window: int
    """Seconds of its flexible time window."""
    target: Mapping[str, Any]
    """As CreateSchedule took it; empty for a rule."""
    is_rule: bool
    version: object
    """Another object after each change."""


Changed: TypeAlias = Callable[[str, str], None]
"""Is told that the schedules of an account and region are not what they were."""

_keepers: list[Changed] = []


def take_schedules(changed: Changed) -> None:
    """Let schedules fire; the last one given counts. Of the process, as all of moto's state is."""
    _keepers[:] = [changed]


def enabled_schedules(account: str, region: str) -> Iterator[Schedule]:
    """The schedules and the scheduled rules of an account and region that are enabled."""
    if "moto.scheduler.models" in sys.modules:
        from moto.scheduler.models import scheduler_backends

        for group in list(scheduler_backends[account][region].schedule_groups.values()):
            for schedule in list(group.schedules.values()):
                if schedule.state == "ENABLED":
                    yield _of_scheduler(schedule)
    if "moto.events.models" in sys.modules:
        from moto.events.models import events_backends

        for rule in list(events_backends[account][region].event_buses["default"].rules.values()):
            if rule.scheduled_expression and rule.state == "ENABLED":
                made: Any = rule
                begun = getattr(made, "begun", 0.0)
                timetable = rule_timetable(rule.scheduled_expression)
                yield Schedule(rule.arn, timetable, begun, None, 0, {}, is_rule=True, version=rule)


def _of_scheduler(schedule: Any) -> Schedule:
    zone = zone_of(schedule.schedule_expression_timezone)
    window = schedule.flexible_time_window
    return Schedule(
        schedule.arn,
        read_timetable(schedule.schedule_expression, zone),
        float(schedule.start_date or schedule.creation_date),
        None if schedule.end_date is None else float(schedule.end_date),
        60 * int(window.get("MaximumWindowInMinutes", 0)) if window["Mode"] == "FLEXIBLE" else 0,
        schedule.target,
        is_rule=False,
        version=(id(schedule), schedule.last_modified_date, schedule.schedule_expression, id(schedule.target)),
    )


def completed(arn: str) -> None:
    """Delete a schedule that will not fire again, if it is still there and its ActionAfterCompletion says so."""
    from moto.scheduler.models import scheduler_backends

    parsed = Arn.parse(arn)
    _, group, name = parsed.resource.split("/")
    groups = scheduler_backends[parsed.account][parsed.region].schedule_groups
    schedule = groups[group].schedules.get(name) if group in groups else None
    if schedule is not None and schedule.action_after_completion == "DELETE":
        groups[group].schedules.pop(name, None)


def create_schedule(theirs: Any) -> Any:
    """Check a schedule, date it by the emulator's clock, and let it begin."""

    def create_schedule(self: Any, **values: Any) -> Any:
        now = now_in(self.account_id)
        self.get_schedule_group(values.get("group_name"))
        check(values, now, new=True)
        made = theirs(self, **values)
        made.creation_date = made.last_modified_date = now
        made.action_after_completion = made.action_after_completion or "NONE"
        _keepers[-1](self.account_id, self.region_name)
        return made

    return create_schedule


def update_schedule(theirs: Any) -> Any:
    """Check what a schedule becomes; what an update does not name is as in a new one."""

    def update_schedule(self: Any, **values: Any) -> Any:
        now = now_in(self.account_id)
        self.get_schedule(values.get("group_name"), values["name"])
        check(values, now, new=False)
        made = theirs(self, **{**values, "state": values.get("state") or "ENABLED"})
        made.last_modified_date = now
        _keepers[-1](self.account_id, self.region_name)
        return made

    return update_schedule


def validate_start_date(_theirs: Any) -> Any:
    """Take a StartDate as it is: it was checked by the emulator's clock, not by that of this machine."""

    def validate_start_date(self: Any, start_date: Any) -> Any:  # noqa: ARG001 - moto's signature
        return start_date

    return validate_start_date


def create_schedule_group(theirs: Any) -> Any:
    """Refuse a second group of one name."""

    def create_schedule_group(self: Any, name: str, tags: Any) -> Any:
        from moto.core.exceptions import JsonRESTError

        if name in self.schedule_groups:
            raise JsonRESTError("ConflictException", f"Schedule group {name} already exists.")
        made = theirs(self, name, tags or [])
        made.created_on = made.last_modified = now_in(self.account_id)
        return made

    return create_schedule_group


def delete_schedule_group(theirs: Any) -> Any:
    """Refuse to delete the default group and what is not there; the schedules of a group go with it."""

    def delete_schedule_group(self: Any, name: str) -> None:
        from moto.scheduler.exceptions import ValidationException

        self.get_schedule_group(name)
        if name == "default":
            raise ValidationException("The default schedule group cannot be deleted.")  # our words
        theirs(self, name)
        _keepers[-1](self.account_id, self.region_name)

    return delete_schedule_group


def answer_update_schedule(theirs: Any) -> Any:
    """Take the ActionAfterCompletion of an update, which moto leaves as it was."""

    def update_schedule(self: Any) -> Any:
        answer = theirs(self)
        name = self.uri.split("?")[0].split("/")[-1]
        schedule = self.scheduler_backend.get_schedule(self._get_param("GroupName"), name)
        schedule.action_after_completion = self._get_param("ActionAfterCompletion") or "NONE"
        return answer

    return update_schedule


def changes_schedules(theirs: Any) -> Any:
    """Tell the timekeeper once a backend has done something that may change its schedules."""

    def done(self: Any, *given: Any, **named: Any) -> Any:
        answer = theirs(self, *given, **named)
        _keepers[-1](self.account_id, self.region_name)
        return answer

    return done


def put_rule(theirs: Any) -> Any:
    """Check the schedule expression of a rule; a rate counts from here."""

    def put_rule(self: Any, name: str, *given: Any, **values: Any) -> Any:
        from moto.events.exceptions import ValidationException

        expression = values.get("scheduled_expression")
        if expression:
            if self._normalize_event_bus_arn(values.get("event_bus_arn")) != "default":
                raise ValidationException("ScheduleExpression is supported only on the default event bus.")
            try:
                rule_timetable(expression)
            except InvalidTimetable:
                raise ValidationException("Parameter ScheduleExpression is not valid.") from None
        made = theirs(self, name, *given, **values)
        made.begun = now_in(self.account_id)
        _keepers[-1](self.account_id, self.region_name)
        return made

    return put_rule
