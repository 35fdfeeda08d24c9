"""Watching: alarms look at their metrics on the clock of the world, change their state, and act.

An alarm looks once a minute while there is something to see: as long as the periods that it looks at have data, and
until its state follows from their having none. Then it sleeps until a metric of its account and region has a value
again. So a year without events costs nothing.

Sources: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html,
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final, cast

from asl_interpreter.jsontext import JSON, dumps
from asl_interpreter.loop.signals import Signal
from asl_interpreter.timestamps import iso
from emulator import moto_door
from emulator.arns import Arn
from emulator.cloudwatch.evaluating import MORE_PERIODS, InvalidRule, Point, Rule, State, evaluate, holds
from emulator.cloudwatch.metrics import Metrics, Place
from emulator.cloudwatch.notices import change_event, lambda_event, topic_message
from emulator.cloudwatch.reading import computed
from emulator.cloudwatch.series import Metric, metric_of
from emulator.faults import Fault

if TYPE_CHECKING:
    from asl_interpreter.engine import Engine
    from asl_interpreter.loop.fibers import Fiber
    from emulator.moto_door import Alarm

log = logging.getLogger("dynastep")

LONGEST_STEP: Final = 60
"""Looks in one period, of alarms whose periods are longer than an hour."""
HOUR: Final = 3600
DEEPEST: Final = 10
"""How many composite alarms may follow from each other at one time."""


class Alarms:
    """The alarms of one world."""

    def __init__(self, engine: Engine, metrics: Metrics) -> None:
        self._engine = engine
        self._loop = engine.loop
        self._metrics = metrics
        self._watchers: dict[Place, dict[str, _Watcher]] = {}
        """Of the loop's thread."""
        self._watched: frozenset[Place] = frozenset()
        """Where there are alarms; replaced as a whole."""
        metrics.woken = self._wake
        metrics.sampled = self._sample

    def changed(self, account: str, region: str) -> None:
        """Watch as moto's registry of an account and region has it now."""
        found = {each.name: each for each in moto_door.alarms(account, region)}
        place = account, region
        self._watched = self._watched | {place} if found else self._watched - {place}
        self._engine.ask(lambda: self._refresh(place, found))

    def _refresh(self, place: Place, found: Mapping[str, Alarm]) -> None:
        held = self._watchers.setdefault(place, {})
        for name, watcher in list(held.items()):
            now = found.get(name)
            if now is None or now.configured != watcher.alarm.configured or now.rule != watcher.alarm.rule:
                del held[name]
                watcher.fiber.cancel()
        for name, alarm in found.items():
            if name not in held and alarm.rule is None:
                held[name] = _Watcher(self, alarm)
        if any(alarm.rule is not None for alarm in found.values()):
            self._loop.fork(self._compose(place), "composite alarms", detached=True)

    async def _compose(self, place: Place) -> None:
        await self._loop.call(partial(self._composites, place, 0), "composite alarms", blocking=True)

    def set(self, account: str, region: str, name: str, before: str) -> None:
        """Act on a state that somebody has set; the alarm looks again within a minute."""
        place = account, region
        alarm = next((each for each in moto_door.alarms(*place) if each.name == name), None)
        if alarm is not None and alarm.state != before:
            self._act(alarm, before)
            self._composites(place, 0)
        self._wake(place)

    def touched(self, account: str, region: str) -> None:
        """Something has changed that is measured only when somebody looks, such as a queue."""
        self._wake((account, region))

    def _wake(self, place: Place) -> None:
        """Something was measured in a stretch of time that had nothing yet."""
        if place in self._watched:
            self._loop.try_post(lambda: self._wake_all(place))

    def _wake_all(self, place: Place) -> None:
        for watcher in self._watchers.get(place, {}).values():
            watcher.wake()

    def _sample(self, place: Place) -> None:
        """Measure what is a state: how many messages the queues have."""
        account, region = place
        for queue, depths in moto_door.queue_depths(account, region):
            for name, depth in depths.items():
                self._metrics.measure(place, Metric("AWS/SQS", name, (("QueueName", queue),)), depth, "Count")

    # One look.

    def look(self, alarm: Alarm, now: float) -> bool:
        """See which state an alarm is to be in; whether there was something to see."""
        place = alarm.account, alarm.region
        metric = metric_of(alarm.namespace or "", alarm.metric or "", alarm.dimensions)
        current = next((each for each in moto_door.alarms(*place) if each.name == alarm.name), None)
        if current is None:
            return False
        self._metrics.settle(place)
        try:
            points = self._points(current, now)
        except Fault as fault:
            log.warning("The alarm %s cannot be evaluated: %s", current.name, fault.message)
            return False
        rule = Rule(
            current.comparison or "GreaterThanThreshold",
            current.threshold,
            current.periods,
            min(current.needed, current.periods),
            current.missing,
        )
        verdict = evaluate(rule, points, cast("State", current.state))
        if verdict.state != current.state:
            recent = [value for _, value in verdict.points]
            data = {
                "version": "1.0",
                "queryDate": _iso(now),
                "startDate": _iso(points[0][0]),
                "statistic": current.statistic,
                "period": current.period,
                "recentDatapoints": recent,
                "threshold": current.threshold,
            }
            self._change(current, verdict.state, verdict.reason, dumps(cast("JSON", data)))
            self._composites(place, 0)
        values = {value for _, value in points}
        if metric in self._metrics.states and values == {self._metrics.latest(place, metric)}:
            return False  # it holds until something wakes the alarm
        return values != {None}

    def _points(self, alarm: Alarm, now: float) -> list[Point]:
        """The points of the periods that an alarm looks at, the last of which ends now."""
        period, count = _period(alarm), alarm.periods + MORE_PERIODS
        begins = [now - period * (count - index) for index in range(count)]
        place = alarm.account, alarm.region
        stretch = begins[0], now
        if alarm.queries:
            found = computed(self._metrics, place, list(alarm.queries), stretch)
            wanted = next(query["Id"] for query in alarm.queries if query.get("ReturnData") is not False)
            known = found[wanted]
        else:
            metric = metric_of(alarm.namespace or "", alarm.metric or "", alarm.dimensions)
            known = self._metrics.points(
                place, metric, alarm.statistic or "Average", period, stretch, alarm.unit, anchor=begins[0]
            )
        return [(begin, known.get(begin)) for begin in begins]

    def _change(self, alarm: Alarm, state: str, reason: str, data: str) -> None:
        before = moto_door.set_alarm_state(alarm.account, alarm.region, alarm.name, state, reason, data)
        after = next((each for each in moto_door.alarms(alarm.account, alarm.region) if each.name == alarm.name), None)
        if before is not None and after is not None:
            self._act(after, before.state, before)

    def _composites(self, place: Place, depth: int) -> None:
        """See which states the composite alarms are to be in."""
        found = moto_door.alarms(*place)
        states = {key: each.state for each in found for key in (each.name, each.arn)}
        for alarm in found:
            if alarm.rule is None:
                continue
            try:
                state = "ALARM" if holds(alarm.rule, states.get) else "OK"
            except InvalidRule:
                continue
            if state != alarm.state:
                now = _iso(self._loop.clock.now())
                reason = f"{alarm.arn} transitioned to {state} at {now}"
                self._change(alarm, state, reason, "{}")
                if depth < DEEPEST:
                    self._composites(place, depth + 1)
                return

    # Acting.

    def _act(self, alarm: Alarm, before: str, previous: Alarm | None = None) -> None:
        """Tell EventBridge of a new state, and call what the alarm names for it."""
        was = previous or alarm
        time = self._loop.clock.now()
        arn = Arn.parse(alarm.arn)
        detail = change_event(alarm, was, before)
        moto_door.put_event(arn, "aws.cloudwatch", "CloudWatch Alarm State Change", cast("JSON", detail), time)
        if not alarm.actions_enabled:
            return
        for target in alarm.actions.get(alarm.state, ()):
            try:
                self._call(target, alarm, was, before)
            except Exception as error:  # noqa: BLE001 - whatever it is, the alarm has changed
                log.warning("The alarm %s could not call %s: %s", alarm.name, target, error)

    @staticmethod
    def _call(target: str, alarm: Alarm, was: Alarm, before: str) -> None:
        service = Arn.parse(target).service
        if service == "sns":
            subject, message = topic_message(alarm, before)
            params: dict[str, Any] = {"TopicArn": target, "Message": message, "Subject": subject}
            arn = Arn.parse(target)
            moto_door.call("sns", "Publish", params, arn.account, arn.region)
        elif service == "lambda":
            text = dumps(cast("JSON", lambda_event(alarm, was, before)))
            moto_door.send(target, text, moto_door.Options(), alarm.account, alarm.region)
        else:
            raise NotImplementedError(f"Dynastep does not call actions of alarms such as {target}")


def rule_problem(rule: str) -> str | None:
    """What is wrong with the rule of a composite alarm; None if nothing is."""
    try:
        holds(rule, lambda _name: None)
    except InvalidRule as error:
        return str(error)
    return None


def _period(alarm: Alarm) -> int:
    """Seconds of a period, which an alarm on an expression has in its queries."""
    if not alarm.queries:
        return alarm.period
    periods = [int(query["MetricStat"]["Period"]) for query in alarm.queries if "MetricStat" in query]
    periods += [int(query["Period"]) for query in alarm.queries if query.get("Period")]
    return max(periods, default=60)


def _iso(time: float) -> str:
    return iso(time).replace("Z", "+0000")


class _Watcher:
    """One alarm at work. Of the loop's thread."""

    def __init__(self, alarms: Alarms, alarm: Alarm) -> None:
        self.alarm = alarm
        self._alarms = alarms
        self._loop = alarms._loop  # noqa: SLF001 - the two are one
        period = _period(alarm)
        self._step = period / LONGEST_STEP if period > HOUR else min(period, 60)
        self._awake = True
        self._signal: Signal[None] | None = None
        self.fiber: Fiber[None] = self._loop.fork(self._run(), f"the alarm {alarm.arn}", detached=True)

    def wake(self) -> None:
        """Look again."""
        self._awake = True
        if self._signal is not None:
            signal, self._signal = self._signal, None
            signal.set(None)

    async def _run(self) -> None:
        name = f"the alarm {self.alarm.name}"
        while True:
            now = self._loop.clock.now()
            due = (now // self._step + 1) * self._step
            self._awake = False
            await self._loop.timer(due, name, background=True)
            seen = await self._loop.call(partial(self._alarms.look, self.alarm, due), name, blocking=True)
            if not seen and not self._awake:
                self._signal = Signal(name)
                await self._signal
