"""Moments: an execution as it stood at one of its events, and runs that go on from one of its states.

Both run the machine again against the answers in the history, on a loop of their own, and so work for an execution of a
test and for a history that was exported from AWS.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from asl_interpreter.engine import Engine
from asl_interpreter.jsontext import JSON, dumps
from asl_interpreter.loop.clock import Clock
from asl_interpreter.loop.scheduler import Deadlock
from asl_interpreter.reading.parsing import parse, read
from asl_interpreter.running.execution import Execution as Running
from asl_interpreter.running.execution import Outside, Start
from emulator.bench.answers import Answering, recorded_answers
from emulator.bench.execution import Execution
from emulator.bench.replaying import (
    ARN,
    MACHINE,
    ROLE,
    CannotReplay,
    place_in_lines,
    refuse_partial,
)
from emulator.bench.standing import Line, Moment
from emulator.bench.visits import Event, details_of, payload, read_visits, seconds
from emulator.stepfunctions.rendering import render
from emulator.suggestions import unknown

if TYPE_CHECKING:
    from asl_interpreter.definition import Machine
    from asl_interpreter.tasks import Resolve

GIVEN: Final[Any] = object()
"""Stands for the input that a state had."""


@dataclass(frozen=True, slots=True)
class Past:
    """What an execution was made of: enough to run it again."""

    definition: str
    resolve: Resolve
    """Knows the Resources of the definition."""
    mocking: Callable[[Machine, Engine, Resolve], Resolve]
    """Has mocks of the test go before recorded answers."""

    def at(self, history: Sequence[Event], number: int, /) -> Moment:
        """The execution right after an event, by its id.

        Raises:
            CannotReplay: there is no such event, or it does not happen again.
        """
        if not 1 <= number <= len(history):
            raise CannotReplay(f"There is no event {number}; there are {len(history)}.")
        refuse_partial(history)
        place = place_in_lines(history, number)
        again: list[Event] = []
        self._run(history, lambda running: again.extend(render(running.history, running.history.events)))
        found = next((event["id"] for event in again if place_in_lines(again, event["id"]) == place), None)
        if found is None or again[found - 1]["type"] != history[number - 1]["type"]:
            raise CannotReplay(f"Event {number}, {history[number - 1]['type']}, does not happen with this definition.")
        taken: list[list[Line]] = []
        self._run(history, lambda _: None, lambda running: _Watching(running, found, taken))
        return Moment({**again[found - 1], "id": found}, taken[0])

    def again(self, history: Sequence[Event], state: str, /, **given: JSON) -> Execution:
        """A run from a state on, with its input of then or the ``input`` given, and the answers of then.

        Raises:
            CannotReplay: the execution did not enter the state, or the state is inside of a Map or a Parallel state.
        """
        refuse_partial(history)
        visits = read_visits(history)
        entered = [visit for visit in visits.every if visit.state == state and visit.inside is None]
        if not entered:
            top = [visit.state for visit in visits.every if visit.inside is None]
            raise CannotReplay(unknown("state that it entered outside of Maps and Parallel states", state, top))
        return self.on_from(history, entered[-1].event, **given)

    def on_from(self, history: Sequence[Event], number: int, /, **given: JSON) -> Execution:
        """As ``again``, from the entry into a state that an event shows, by its id.

        Raises:
            CannotReplay: the event shows none, or one inside of a Map or a Parallel state.
        """
        refuse_partial(history)
        entered = next((visit for visit in read_visits(history).every if visit.event == number), None)
        if entered is None or entered.inside is not None:
            raise CannotReplay(f"Event {number} is no entry into a state outside of Maps and Parallel states.")
        moment = self.at(history, number)
        ended: list[Execution] = []
        self._run(
            history,
            lambda running: ended.append(Execution.of(running)),
            start_at=entered.state,
            given=given.get("input", moment.input),
            variables=moment.variables,
            since=number,
        )
        return dataclasses.replace(ended[0], past=None)

    def _run(
        self,
        history: Sequence[Event],
        look: Callable[[Running], object],
        watch: Callable[[Running], _Watching] | None = None,
        *,
        start_at: str | None = None,
        given: JSON = GIVEN,
        variables: Mapping[str, JSON] | None = None,
        since: int = 1,
    ) -> None:
        """Run the machine against the answers in a history, and look at what it has done."""
        first, last = history[0], history[-1]
        value = payload(details_of(first).get("input", "{}")) if given is GIVEN else given
        clock = Clock("virtual", seconds(history[since - 1]["timestamp"]))
        engine = Engine(clock)
        machine = parse(read(self.definition), self.resolve)
        answering: Resolve = Answering(self.resolve, recorded_answers(history, since), engine)
        if start_at is not None:
            machine = dataclasses.replace(machine, start_at=start_at)
            answering = self.mocking(machine, engine, answering)
        start = Start(ARN, "replay", MACHINE, "replay", ROLE, value, dumps(value))
        running = Running(machine, start, engine.loop, Outside(answering))

        def begin() -> None:
            running.begin()
            if variables:
                next(running.lines()).variables = variables

        with ExitStack() as stack:
            stack.callback(engine.close)
            watching = None if watch is None else watch(running)
            if watching is not None:
                stack.enter_context(running.history.timed_by(watching))
            aborted = last["type"] == "ExecutionAborted" and start_at is None
            if aborted:
                clock.mode = "manual"
            engine.ask(begin)
            if aborted:
                engine.advance(seconds(last["timestamp"]) - seconds(first["timestamp"]))
                engine.stop(running, details_of(last).get("error"), details_of(last).get("cause"))
            else:
                try:
                    engine.wait(running.ended, strict=True)
                except Deadlock as error:
                    raise CannotReplay(str(error)) from None
            engine.ask(lambda: look(running))
            if watching is not None:
                engine.ask(watching.finish)


class _Watching:
    """Tells events the time, and takes down where the lines stand when an event has been recorded."""

    def __init__(self, running: Running, number: int, taken: list[list[Line]]) -> None:
        self._running = running
        self._number = number
        self._taken = taken

    def now(self) -> float:
        """The time of the event that is about to be recorded."""
        if len(self._running.history) == self._number:
            self.finish()
        return self._running.loop.clock.now()

    def finish(self) -> None:
        """Take it down, unless that was done."""
        if not self._taken:
            self._taken.append([_line(cursor) for cursor in self._running.lines()])


def _line(cursor: Any) -> Line:
    retries = 0 if cursor.attempt is None else cursor.attempt.retries
    return Line(cursor.state, cursor.items, cursor.input, dict(cursor.variables), retries, cursor.last)


def recorded_execution(history: Sequence[Event], account: str, region: str, past: Past) -> Execution:
    """An execution of elsewhere, by its history."""
    first, last = history[0], history[-1]
    details, ends = details_of(last), {"ExecutionTimedOut": "TIMED_OUT"}
    return Execution(
        arn=f"arn:aws:states:{region}:{account}:execution:recorded:recorded",
        status=ends.get(last["type"], last["type"].removeprefix("Execution").upper()),
        output=payload(details.get("output")),
        error=details.get("error"),
        cause=details.get("cause"),
        history=[dict(event) for event in history],
        elapsed=seconds(last["timestamp"]) - seconds(first["timestamp"]),
        past=past,
    )
