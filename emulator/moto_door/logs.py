"""Logs: what Step Functions writes to moto's CloudWatch Logs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from asl_interpreter.loop.clock import real_time
from asl_interpreter.loop.locks import assert_off_loop
from emulator import arns
from emulator.arns import Arn
from emulator.moto_door.clock import now

if TYPE_CHECKING:
    from moto.logs.models import LogGroup

GROUP: Final = 1
"""Where a log group's name is: ``log-group:name:*``."""


def has_log_group(arn: str) -> bool:
    """Whether there is a log group with this ARN."""
    return _find(arn) is not None


def make_log_group(account: str, region: str, name: str) -> str:
    """The ARN of a log group; it is made if it is not there."""
    from moto.logs.models import logs_backends

    backend: Any = logs_backends[account][region]
    if name not in backend.groups:
        backend.create_log_group(name, {})
    return arns.build("logs", account, region, f"log-group:{name}:*")


def write_log_events(arn: str, stream: str, events: Sequence[tuple[int, str]]) -> bool:
    """Append events, each a time in milliseconds and a message, to a stream of a log group; false if that is gone."""
    assert_off_loop("log events are written")
    group = _find(arn)
    if group is None:
        return False
    if stream not in group.streams:
        group.create_log_stream(stream)
    # Not by the backend, which refuses what is not of these days: virtual time may be any.
    group.put_log_events(stream, [{"timestamp": time, "message": message} for time, message in events])
    return True


def put_log_events(_theirs: Any) -> Any:
    """Take the events of the last 14 days and the next two hours, by the emulator's clock or by the machine's.

    Code under test tells either time. What is outside both is rejected, as on AWS.
    """

    def put_log_events(
        self: Any, log_group_name: str, log_stream_name: str, log_events: Sequence[dict[str, Any]]
    ) -> tuple[str, dict[str, int]]:
        from moto.logs.exceptions import InvalidParameterException, ResourceNotFoundException

        if log_group_name not in self.groups:
            raise ResourceNotFoundException
        times = [event["timestamp"] for event in log_events]
        if times != sorted(times):
            raise InvalidParameterException(
                "Log events in a single PutLogEvents request must be in chronological order."
            )
        clocks = (now(self.account_id), real_time())
        oldest, newest = 1000 * min(clocks) - _TOO_OLD, 1000 * max(clocks) + _TOO_NEW
        rejected = {}
        old = sum(time < oldest for time in times)
        new = sum(time <= newest for time in times)
        if old:
            rejected["tooOldLogEventEndIndex"] = old - 1
        if new < len(times):
            rejected["tooNewLogEventStartIndex"] = new
        return self.groups[log_group_name].put_log_events(log_stream_name, list(log_events[old:new])), rejected

    return put_log_events


_TOO_OLD: Final = 14 * 86_400_000
_TOO_NEW: Final = 2 * 3_600_000
"""Milliseconds before and after now. Source:
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html."""


def _find(arn: str) -> LogGroup | None:
    from moto.logs.models import logs_backends

    parsed = Arn.parse(arn)
    groups: Any = logs_backends[parsed.account][parsed.region].groups
    group: LogGroup | None = groups.get(parsed.names[GROUP] if len(parsed.names) > GROUP else "")
    return group
