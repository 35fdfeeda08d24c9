"""Schedules at work: at its times each calls its target, tries again, and gives up into its dead-letter queue.

The timers of schedules are in the background of the loop: time that passes them lets them happen, but no look at an
execution moves time for their sake, for most schedules have no end. See docs/services.md.

Sources: https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule.html,
https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any, Final, TypeVar

from asl_interpreter.jsontext import JSON, dumps
from emulator import moto_door
from emulator.arns import Arn
from emulator.events import retries
from emulator.events.timetables import Cron
from emulator.faults import Fault
from emulator.moto_door import Options, Schedule, ServiceError

if TYPE_CHECKING:
    from asl_interpreter.engine import Engine
    from asl_interpreter.loop.fibers import Fiber

log = logging.getLogger("dynastep")

T = TypeVar("T")
JUST_NOW: Final = 5.0
"""Seconds within which a schedule that was made is at work."""


@dataclass(frozen=True, slots=True)
class Firing:
    """One time that a schedule fires."""

    schedule: Schedule
    time: float
    execution_id: str
    attempt: int


class Schedules:
    """The schedules of one world."""

    def __init__(self, engine: Engine) -> None:
        self._loop = engine.loop
        self._engine = engine
        self._running: dict[str, tuple[object, Fiber[None]]] = {}
        """ARN -> the version that is at work, and its fiber. Of the loop's thread."""

    def changed(self, account: str, region: str) -> None:
        """Work as moto's registry of an account and region has it now."""
        found = {each.arn: each for each in moto_door.enabled_schedules(account, region)}
        self._engine.ask(lambda: self._refresh(found, account, region))

    def _refresh(self, found: Mapping[str, Schedule], account: str, region: str) -> None:
        for arn, (version, fiber) in list(self._running.items()):
            at = Arn.parse(arn)
            now = found.get(arn)
            if (at.account, at.region) == (account, region) and (now is None or now.version != version):
                del self._running[arn]
                fiber.cancel()
        for arn, schedule in found.items():
            if arn not in self._running:
                fiber = self._loop.fork(self._run(schedule), f"the schedule {schedule.arn}", detached=True)
                self._running[arn] = schedule.version, fiber

    async def _run(self, schedule: Schedule) -> None:
        last = self._loop.clock.now()
        if not schedule.is_rule and not isinstance(schedule.timetable, Cron):
            # A rate without a StartDate fires at once: when it was made, which on a real clock is a moment ago.
            last = (schedule.start if 0 <= last - schedule.start < JUST_NOW else last) - 1e-3
        while (time := schedule.timetable.after(last, schedule.start)) is not None:
            if schedule.end is not None and time > schedule.end:
                break
            last = time
            seeded = Random(f"{schedule.arn} {time}")  # noqa: S311 - the same in every run
            name = f"the time of {schedule.arn}"
            await self._loop.timer(time + seeded.uniform(0, schedule.window), name, background=True)
            firing = Firing(schedule, time, str(uuid.UUID(int=seeded.getrandbits(128), version=4)), 1)
            is_last = schedule.timetable.after(time, schedule.start) is None
            if is_last:
                await self._fire(firing)
            else:
                self._loop.fork(self._fire(firing), firing.execution_id, detached=True)
        if not schedule.is_rule:
            await self._outside(schedule, partial(moto_door.completed, schedule.arn))

    async def _fire(self, firing: Firing) -> None:
        """Call the target until it takes the call, or the schedule's retry policy says that it is enough."""
        schedule = firing.schedule
        if schedule.is_rule:
            await self._outside(schedule, partial(moto_door.fire, schedule.arn, firing.time))
            return
        while (error := await self._outside(schedule, partial(_try, firing))) is not None:
            pause = retries.pause_after(firing.attempt)
            exhausted = _exhausted(firing, self._loop.clock.now() + pause) if _may_pass(error) else ""
            if exhausted is not None:
                await self._outside(schedule, partial(_give_up, firing, error, exhausted))
                return
            await self._loop.timer(self._loop.clock.now() + pause, schedule.arn, background=True)
            firing = replace(firing, attempt=firing.attempt + 1)

    async def _outside(self, schedule: Schedule, work: Callable[[], T]) -> T:
        return await self._loop.call(work, f"the schedule {schedule.arn}", blocking=True)


def _exhausted(firing: Firing, again: float) -> str | None:
    """Which part of the retry policy forbids an attempt at an instant; None if none does."""
    return retries.exhausted(firing.schedule.target.get("RetryPolicy") or {}, firing.attempt, again - firing.time)


def _may_pass(error: Exception) -> bool:
    """Whether another attempt may succeed."""
    return isinstance(error, ServiceError | Fault) and retries.may_pass(error.code, error.status)


def _try(firing: Firing) -> Exception | None:
    """Call the target; what went wrong, if anything did."""
    schedule, target = firing.schedule, firing.schedule.target
    arn = Arn.parse(schedule.arn)
    bus = target.get("EventBridgeParameters", {})
    options = Options(
        target.get("SqsParameters", {}).get("MessageGroupId", ""),
        target.get("KinesisParameters", {}).get("PartitionKey", ""),
        bus.get("Source", ""),
        bus.get("DetailType", ""),
    )
    try:
        moto_door.send(target["Arn"], input_of(firing), options, arn.account, arn.region)
    except Exception as error:  # noqa: BLE001 - whatever it is, the schedule goes on
        return error
    return None


def input_of(firing: Firing) -> str:
    """What the target gets: the Input with what is known now in place of its placeholders, or an event.

    Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
    """
    schedule = firing.schedule
    time = datetime.fromtimestamp(firing.time, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    text = schedule.target.get("Input")
    if text is None:
        arn = Arn.parse(schedule.arn)
        event: dict[str, JSON] = {
            "version": "0",
            "id": firing.execution_id,
            "detail-type": "Scheduled Event",
            "source": "aws.scheduler",
            "account": arn.account,
            "time": time,
            "region": arn.region,
            "resources": [schedule.arn],
            "detail": "{}",
        }
        return dumps(event)
    known = {
        "schedule-arn": schedule.arn,
        "scheduled-time": time,
        "execution-id": firing.execution_id,
        "attempt-number": str(firing.attempt),
    }
    for name, value in known.items():
        text = text.replace(f"<aws.scheduler.{name}>", value)
    return str(text)


def _give_up(firing: Firing, error: Exception, exhausted: str) -> None:
    """Keep the input of a target in the dead-letter queue, if there is one, and log why."""
    schedule = firing.schedule
    target = schedule.target["Arn"]
    code, reason = moto_door.explained(target, error)
    code = getattr(error, "code", code)
    log.warning("The schedule %s could not call %s: %s", schedule.arn, target, reason)
    queue = (schedule.target.get("DeadLetterConfig") or {}).get("Arn")
    if not queue:
        return
    texts = {
        "ERROR_CODE": code,
        "ERROR_MESSAGE": reason,
        "EXECUTION_ID": firing.execution_id,
        "IS_PAYLOAD_TRUNCATED": "false",
        "RETRY_ATTEMPTS": str(firing.attempt - 1),
        "SCHEDULED_TIME": datetime.fromtimestamp(firing.time, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "SCHEDULE_ARN": schedule.arn,
        "TARGET_ARN": target,
        **({"EXHAUSTED_RETRY_CONDITION": exhausted} if exhausted else {}),
    }
    attributes = {name: {"DataType": "String", "StringValue": text} for name, text in texts.items()}
    arn = Arn.parse(queue)
    url = f"https://sqs.{arn.region}.amazonaws.com/{arn.account}/{arn.resource}"
    params: dict[str, Any] = {"QueueUrl": url, "MessageBody": input_of(firing), "MessageAttributes": attributes}
    try:
        moto_door.call("sqs", "SendMessage", params, arn.account, arn.region)
    except Exception as failure:  # noqa: BLE001 - as above
        log.warning("Nor did the dead-letter queue %s take it: %s", queue, failure)
