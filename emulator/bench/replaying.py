"""Replay: a machine run against the answers of a recorded history, and what differs from it.

A history is compared line of control by line of control: the execution itself, each branch of a Parallel state and each
item of a Map. Which of several lines came first is chance, on AWS, and no difference. What has another value in every
run is left out: ids of events, times, ARNs' regions, accounts and names, UUIDs and task tokens (100 and more
characters of Base64).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any, Final, TypeAlias

from asl_interpreter.engine import Engine
from asl_interpreter.jsontext import JSON, dumps, loads
from asl_interpreter.loop.clock import Clock
from asl_interpreter.loop.scheduler import Deadlock
from asl_interpreter.reading.parsing import parse, read
from asl_interpreter.running.execution import Outside, Start
from asl_interpreter.tasks import Resolve
from emulator.bench.answers import Answering, recorded_answers
from emulator.bench.explain import shortened
from emulator.bench.visits import Event, Visit, details_of, payload, read_visits, seconds
from emulator.progress import followed, steps
from emulator.stepfunctions.rendering import details_member, render

ARN: Final = "arn:aws:states:us-east-1:000000000000:execution:replay:replay"
MACHINE: Final = "arn:aws:states:us-east-1:000000000000:stateMachine:replay"
ROLE: Final = "arn:aws:iam::000000000000:role/replay"
_ENDS: Final = ("ExecutionSucceeded", "ExecutionFailed", "ExecutionAborted", "ExecutionTimedOut")


class CannotReplay(Exception):
    """A history cannot be replayed. The message says why."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """The result of a replay."""

    differences: list[str]
    """A line for each difference; empty if the machine did everything as recorded."""
    history: list[dict[str, Any]] = field(repr=False)
    """The new history, as GetExecutionHistory shows it."""


def replay(history: Sequence[Event], definition: str, resolve: Resolve) -> Replayed:
    """Run a definition, JSON text, with the input and the answers of a recorded history.

    ``resolve`` knows the Resources of the definition; nothing outside is called.

    Raises:
        CannotReplay: the history does not hold all of an execution's answers.
        InvalidDefinition: AWS would refuse the definition.
    """
    refuse_partial(history)
    began = seconds(history[0]["timestamp"])
    given = payload(details_of(history[0]).get("input", "{}"))
    clock = Clock("virtual", began)
    engine = Engine(clock)
    stuck: list[str] = []
    try:
        answers = recorded_answers(history)
        step = steps("Giving the recorded answers", sum(map(len, answers.values())))
        outside = Outside(Answering(resolve, answers, engine, step=step))
        start = Start(ARN, "replay", MACHINE, "replay", ROLE, given, dumps(given))
        machine = parse(read(definition), resolve)
        last = history[-1]
        if last["type"] == "ExecutionAborted":  # by somebody outside, at this time
            clock.mode = "manual"
            execution = engine.start(machine, start, outside)
            engine.advance(seconds(last["timestamp"]) - began)
            engine.stop(execution, details_of(last).get("error"), details_of(last).get("cause"))
        else:
            execution = engine.start(machine, start, outside)
            try:
                engine.wait(execution.ended, strict=True)  # time passes whoever is waited for: nobody else answers
            except Deadlock as error:
                stuck.append(str(error))
        replayed = engine.ask(lambda: render(execution.history, execution.history.events))
    finally:
        engine.close()
    return Replayed([*stuck, *differences(history, replayed)], replayed)


def refuse_partial(history: Sequence[Event]) -> None:
    """See that a history holds one whole execution, with all that was answered from outside.

    Raises:
        CannotReplay: it does not.
    """
    if not history or history[0]["type"] != "ExecutionStarted":
        message = "The history does not begin with ExecutionStarted."
    elif history[-1]["type"] not in _ENDS:
        message = f"The history does not show the end of the execution: its last event is {history[-1]['type']}."
    elif any(event["type"] == "ExecutionRedriven" for event in history):
        message = "The execution was redriven; a replay runs from the start to one end."
    elif any(event["type"].startswith("MapRun") for event in history):
        message = "A Distributed Map has run: what its child executions were answered is in their own histories."
    elif any(details.get("truncated") for event in history for details in _about_payloads(event)):
        message = "A payload is truncated."
    else:
        return
    raise CannotReplay(message)


def _about_payloads(event: Event) -> Iterator[Mapping[str, Any]]:
    for name, value in details_of(event).items():
        if name.endswith("Details") and isinstance(value, dict):
            yield value


Line: TypeAlias = "tuple[str, ...]"
"""A line of control: the steps to it from the execution's own, which is (): ``Each[2]``, ``Both/First``."""


@dataclass(frozen=True, slots=True)
class _Shown:
    """An event as it is compared."""

    id: int
    type: str
    place: str
    details: dict[str, JSON]

    def __str__(self) -> str:
        return f"{self.type} {self.place}".strip()


def differences(recorded: Sequence[Event], replayed: Sequence[Event]) -> Iterator[str]:
    """Where two histories differ, a line each; a line of control is compared up to the first event of another type.

    Another end of the execution comes first.
    """
    was, now = (history[-1] for history in (recorded, replayed))
    if was["type"] != now["type"]:
        yield f"{was['type']} was recorded, {now['type']} is the end now{_why(comparable(now))}"
    ours, theirs = _lines(replayed, "Reading the events of the replay"), _lines(recorded, "Reading the recorded events")
    for name in dict.fromkeys((*theirs, *ours)):
        yield from _compare(theirs.get(name, []), ours.get(name, []))


def _compare(recorded: Sequence[_Shown], replayed: Sequence[_Shown]) -> Iterator[str]:
    for theirs, ours in zip_longest(recorded, replayed):
        if theirs is None:
            yield f"event {ours.id}: {ours} is new: no such event was recorded"
            return
        if ours is None:
            yield f"event {theirs.id}: {theirs} was recorded and does not happen now"
            return
        if (theirs.type, theirs.place) != (ours.type, ours.place):
            yield f"event {theirs.id}: {theirs} was recorded, {ours} happens now{_why(ours.details)}"
            return
        for name in dict.fromkeys((*theirs.details, *ours.details)):
            was, now = theirs.details.get(name, _NOTHING), ours.details.get(name, _NOTHING)
            if was != now or type(was) is not type(now):
                yield f"event {theirs.id}: {theirs} {name}: {_text(was)} was recorded, {_text(now)} is now"


_NOTHING: Final = object()


def _text(value: Any) -> str:
    return "nothing" if value is _NOTHING else shortened(value if isinstance(value, str) else dumps(value), 200)


def _why(details: Mapping[str, JSON]) -> str:
    error, cause = details.get("error"), details.get("cause")
    return "" if error is None else f" ({error}: {shortened(str(cause), 200)})" if cause else f" ({error})"


def place_in_lines(history: Sequence[Event], number: int) -> tuple[Line, int]:
    """Which event of which line of control an event is, by its id."""
    return next(
        (line, index)
        for line, shown in _lines(history).items()
        for index, event in enumerate(shown)
        if event.id == number
    )


def _lines(history: Sequence[Event], doing: str = "Reading events") -> dict[Line, list[_Shown]]:
    """The events of each line of control, in order."""
    visits, starts = read_visits(history), dict[int, Line]()
    types = {event["id"]: event["type"] for event in history}
    found: dict[Line, list[_Shown]] = {(): []}

    def line_of(visit: Visit | None) -> Line:
        return () if visit is None else starts[visit.event]

    for event in followed(history, doing, len(history)):
        visit, kind, previous = visits.owner[event["id"]], event["type"], event.get("previousEventId", 0)
        if visit is not None and visit.event == event["id"]:
            starts[visit.event] = _begun(visit, types.get(previous, ""), visits.owner.get(previous), starts)
        line = line_of(visit)
        if visit is not None and kind.startswith("MapIteration"):
            line = (*line, f"{visit.state}[{details_of(event).get('index')}]")
        place = "" if visit is None else visit.path
        found.setdefault(line, []).append(_Shown(event["id"], kind, place, comparable(event)))
    return found


def _begun(visit: Visit, cause: str, before: Visit | None, starts: Mapping[int, Line]) -> Line:
    """The line of control of a visit, at its entry."""
    around = visit.inside
    if around is None:
        return ()
    outer = starts[around.event]
    if cause == "ParallelStateStarted":
        return (*outer, f"{around.state}/{visit.state}")
    if cause == "MapIterationStarted" or before is None or before is around:
        return (*outer, f"{around.state}[{visit.item}]")
    return starts[before.event]


_LEFT_OUT: Final = frozenset({"inputDetails", "outputDetails", "assignedVariablesDetails", "roleArn", "region"})
_LEFT_OUT_OF_STARTS: Final = frozenset({"stateMachineVersionArn", "stateMachineAliasArn"})


def comparable(event: Event) -> dict[str, JSON]:
    """The details of an event, payloads as values, with the same text for all that differs from run to run."""
    details: Mapping[str, Any] = event.get(details_member(event["type"]), {})
    return {
        name: normalised(_payload(name, value))
        for name, value in details.items()
        if name not in _LEFT_OUT and name not in _LEFT_OUT_OF_STARTS
    }


def _payload(name: str, value: Any) -> JSON:
    if name == "assignedVariables":
        return {variable: payload(text) for variable, text in value.items()}
    return payload(value) if name in ("input", "output", "parameters") else value


_VARYING: Final = (
    (re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"), "<id>"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)"), "<time>"),
    (re.compile(r"arn:[\w<>-]+:([\w-]+):[\w<>-]*:[\w<>-]*:[^\s\"',)\]}\\]+"), r"<ARN of \1>"),
    (re.compile(r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{100,}={0,2}"), "<token>"),
    (re.compile(r"#\d+"), "#<event>"),
)
"""What has another value in every run, and what stands for it."""
_SHORTEST: Final = len("arn:a:b:::c")
"""No text that has fewer characters, and no number of an event, has another value in every run."""


def normalised(value: JSON) -> JSON:
    """A value in which the same stands for all that differs from run to run."""
    if isinstance(value, str):
        if value[:1] == "{":
            try:
                return normalised(loads(value))
            except ValueError:
                pass  # a text, as any other
        if len(value) < _SHORTEST and "#" not in value:
            return value
        for pattern, shown in _VARYING:
            value = pattern.sub(shown, value)
        return value
    if isinstance(value, dict):
        return {name: normalised(content) for name, content in value.items()}
    return [normalised(item) for item in value] if isinstance(value, list) else value
