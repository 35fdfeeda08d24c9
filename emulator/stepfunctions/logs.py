"""Logs: the events of executions that a machine's logging configuration sends to CloudWatch Logs.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html; texts and entries as observed on AWS.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from asl_interpreter.engine import Engine, never
from asl_interpreter.jsontext import JSON, dumps
from asl_interpreter.loop.outbox import Outbox
from asl_interpreter.timestamps import iso
from emulator.arns import Arn, InvalidArn
from emulator.faults import Fault
from emulator.stepfunctions.rendering import details_member, render

if TYPE_CHECKING:
    from asl_interpreter.history import Event
    from asl_interpreter.running.execution import Execution

log = logging.getLogger("dynastep")

_FATAL: Final = frozenset({"ExecutionAborted", "ExecutionFailed", "ExecutionTimedOut"})
_BAD_ENDS: Final = ("Aborted", "Failed", "TimedOut")

LEVELS: Final[Mapping[str, Callable[[str], bool]]] = {
    "ALL": lambda _: True,
    "ERROR": lambda event_type: event_type == "FailStateEntered" or event_type.endswith(_BAD_ENDS),
    "FATAL": lambda event_type: event_type in _FATAL,
    "OFF": lambda _: False,
}
"""Level -> which events are logged: https://docs.aws.amazon.com/step-functions/latest/dg/cloudwatch-log-level.html"""


def check_logging(configuration: Mapping[str, Any], has_log_group: Callable[[str], bool]) -> None:
    """A configuration that logs anything names one log group, which must be there.

    Raises:
        Fault: InvalidLoggingConfiguration.
    """
    groups = _groups(configuration)
    if len(groups) > 1 or (not groups and configuration["level"] != "OFF"):
        raise _invalid("Must specify exactly one Log Destination.")
    for arn in groups:
        try:
            Arn.parse(arn)
        except InvalidArn:
            raise _invalid("Log Destination not found.") from None
        if not has_log_group(arn):
            raise _invalid("Log Destination not found.")


def _invalid(what: str) -> Fault:
    return Fault("InvalidLoggingConfiguration", f"Invalid Logging Configuration: {what}")


def _groups(configuration: Mapping[str, Any]) -> list[str]:
    return [
        each.get("cloudWatchLogsLogGroup", {}).get("logGroupArn", "") for each in configuration.get("destinations", ())
    ]


Write = Callable[[str, str, Sequence[tuple[int, str]]], bool]
"""Appends events to a stream of a log group: times in milliseconds and messages; false if the group is gone."""


class Logs:
    """The executions that have something to log; how far each is logged."""

    def __init__(self, outbox: Outbox, write: Write, has_group: Callable[[str], bool]) -> None:
        """``has_group`` says whether CloudWatch Logs has the log group with an ARN."""
        self.has_group = has_group
        self._outbox = outbox
        self._write_to = write
        self._logged: dict[Execution, int] = {}
        self._configurations: dict[Execution, Mapping[str, Any]] = {}

    def follow(self, execution: Execution, configuration: Mapping[str, Any]) -> None:
        """Log an execution from its last event on, to its end. It has just begun, or goes on."""
        if configuration["level"] != "OFF":
            self._logged[execution] = len(execution.history.events) - 1
            self._configurations[execution] = configuration
            execution.ended.subscribe(lambda: self._end(execution))

    def deliver(self, engine: Engine) -> None:
        """Write what has happened. Somebody is about to look: virtual time moves on for it."""
        if self._logged:
            engine.ask(self._write_all, never)
        self._outbox.flush()

    def _write_all(self) -> None:
        for execution in self._logged:
            self._write(execution)

    def _end(self, execution: Execution) -> None:
        self._write(execution)
        del self._logged[execution]
        del self._configurations[execution]

    def _write(self, execution: Execution) -> None:
        configuration = self._configurations[execution]
        wanted = LEVELS[configuration["level"]]
        done, self._logged[execution] = self._logged[execution], len(execution.history.events)
        events = [event for event in execution.history.events[done:] if wanted(event.type)]
        if not events:
            return
        messages = _messages(execution, events, include_data=configuration.get("includeExecutionData", False))
        stream, machine = _stream(execution), execution.start.state_machine_arn

        def deliver(arn: str) -> None:
            if not self._write_to(arn, stream, messages):
                log.warning("The log group %s of %s is gone", arn, machine)

        for arn in _groups(configuration):
            self._outbox.send(partial(deliver, arn), f"the log of {execution.start.arn} to {arn}")


def _stream(execution: Execution) -> str:
    minute = re.sub("[T:]", "-", iso(execution.started_at)[:_TO_THE_MINUTE])
    return f"states/{execution.start.state_machine_name}/{minute}/00000001"


_TO_THE_MINUTE: Final = len("2026-01-01T00:00")


def _messages(execution: Execution, events: list[Event], *, include_data: bool) -> list[tuple[int, str]]:
    """Events as they are logged, with their times in milliseconds."""
    messages = []
    for event, wire in zip(events, render(execution.history, events, include_data=include_data), strict=True):
        details: dict[str, JSON] = wire.get(details_member(event.type), {})
        if not include_data:
            details = {name: value for name, value in details.items() if name not in _ABOUT_DATA}
        timestamp = int(event.timestamp * 1000)
        entry = {
            "id": str(event.id),
            "type": event.type,
            "details": details,
            "redrive_count": str(execution.redrives),
            "execution_arn": execution.start.arn,
            "event_timestamp": str(timestamp),
            "previous_event_id": str(event.previous),
        }
        messages.append((timestamp, dumps(entry)))
    return messages


_ABOUT_DATA: Final = frozenset({"inputDetails", "outputDetails", "assignedVariablesDetails"})
