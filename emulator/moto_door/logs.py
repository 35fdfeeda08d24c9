"""Logs: what Step Functions writes to moto's CloudWatch Logs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from asl_interpreter.loop.locks import assert_off_loop
from emulator import arns
from emulator.arns import Arn

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


def _find(arn: str) -> LogGroup | None:
    from moto.logs.models import logs_backends

    parsed = Arn.parse(arn)
    groups: Any = logs_backends[parsed.account][parsed.region].groups
    group: LogGroup | None = groups.get(parsed.names[GROUP] if len(parsed.names) > GROUP else "")
    return group
