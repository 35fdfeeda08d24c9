"""What a test gets back of an execution: how it ended, what each state did, and all of it in words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Protocol

from asl_interpreter.jsontext import JSON
from asl_interpreter.running.execution import Execution as Running
from asl_interpreter.running.execution import Status
from emulator.bench.definitions import Source
from emulator.bench.explain import Told, clock, explain
from emulator.bench.visits import Attempt, Visit, Visits, by_state, read_visits
from emulator.bench.waiting import Waiting, waiting
from emulator.stepfunctions.rendering import render
from emulator.suggestions import nearest

if TYPE_CHECKING:
    from emulator.bench.handles import MapRun
    from emulator.bench.standing import Moment
    from emulator.bench.visits import Event

_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Makes(Protocol):
    """Runs an execution again, from its history."""

    def at(self, history: Sequence[Event], number: int, /) -> Moment:
        """The execution right after an event."""

    def again(self, history: Sequence[Event], state: str, /, **given: JSON) -> Execution:
        """A run from a state on."""


class Holds(Protocol):
    """Holds the execution in the emulator."""

    @property
    def map_runs(self) -> list[MapRun]:
        """Its Map Runs."""


@dataclass(frozen=True, repr=False)
class Execution:
    """An execution as it was when the test read it: ended, or still running."""

    arn: str
    status: Status
    output: JSON
    error: str | None
    cause: str | None
    history: list[dict[str, Any]]
    """The events, as GetExecutionHistory shows them."""
    elapsed: float
    """Seconds that passed in the machine."""
    source: Source | None = field(default=None, compare=False)
    """The file of the definition, if the definition came from a file."""

    past: Makes | None = field(default=None, compare=False)
    """What it was made of, where that is known."""

    held: Holds | None = field(default=None, compare=False)
    """What holds it in the emulator, if anything does."""

    @property
    def map_runs(self) -> list[MapRun]:
        """The Map Runs of the Distributed Maps, in order: ``map_runs[0].executions[2].now().output``."""
        return [] if self.held is None else self.held.map_runs

    def at(self, event: int) -> Moment:
        """The execution right after the event with this id: ``at(event=17).variables``.

        Raises:
            CannotReplay: there is no such event, or the history lacks an answer.
        """
        return self._past.at(self.history, event)

    def again(self, from_state: str, **given: JSON) -> Execution:
        """Run on from the last entry into a state, with the same input and the answers that were recorded.

        ``input=`` gives the state another input, and mocks of the test win over recorded answers. The state must not be
        inside a Map or a Parallel state.

        Raises:
            CannotReplay: the execution did not enter the state, or the history lacks an answer.
            TypeError: an argument other than ``input`` is given.
        """
        if not given.keys() <= {"input"}:
            raise TypeError(f"again() takes from_state and input, not {', '.join(given)}")
        return self._past.again(self.history, from_state, **given)

    @property
    def _past(self) -> Makes:
        if self.past is None:
            message = "It is not known what this execution was made of: an execution of run() or recorded() is wanted."
            raise LookupError(message)
        return self.past

    @classmethod
    def of(cls, running: Running, source: Source | None = None) -> Execution:
        """An execution of the interpreter as it is now."""
        until = running.stopped_at if running.stopped_at is not None else running.loop.clock.now()
        return cls(
            arn=running.start.arn,
            status=running.status,
            output=running.output,
            error=running.error,
            cause=running.cause,
            history=render(running.history, running.history.events),
            elapsed=until - running.started_at,
            source=source,
        )

    def __repr__(self) -> str:
        """Such as ``<Execution order:first FAILED with Card.Declined>``."""
        failure = "" if self.error is None else f" with {self.error[:60]}"
        return f"<Execution {':'.join(self.arn.split(':')[6:8])} {self.status}{failure}>"

    @property
    def title(self) -> str:
        """The name in messages: ``order:first``, or ``order`` if the execution was given no name."""
        machine, name = self.arn.split(":")[6:8]
        return machine if _UUID.fullmatch(name) else f"{machine}:{name}"

    @property
    def state_machine_arn(self) -> str:
        """The ARN of the state machine, without a version or alias."""
        *head, _, machine = self.arn.partition("/")[0].split(":")[:7]
        return ":".join([*head, "stateMachine", machine])

    @property
    def waiting(self) -> list[Waiting]:
        """The states that wait, each with what it waits for; empty if the execution has ended."""
        return waiting(self.visits.every)

    @property
    def succeeded(self) -> bool:
        """Whether the status is SUCCEEDED. ``assert execution.succeeded`` shows the explanation if it fails."""
        return self.status == "SUCCEEDED"

    @property
    def path(self) -> list[str]:
        """The names of the states that were entered, in order."""
        return [visit.state for visit in self.visits.every]

    @property
    def states(self) -> States:
        """What each state did: ``states["Ship"]``, ``states["Each/Ship"]``, for one item ``states["Each[1]/Ship"]``."""
        return States(self.visits.every)

    @property
    def tasks(self) -> list[Attempt]:
        """The calls that Tasks made, in order, each with its arguments and its output or error."""
        return list(self.visits.attempts)

    def timeline(self) -> str:
        """A text with a line for each visit to a state: time since the start, path, type, status, duration."""
        start = self.visits.every[0].entered_at if self.visits.every else 0.0
        return "\n".join(_timeline(self.visits.every, start))

    def explanation(self) -> str:
        """A text that explains the end: path, failed state, its input, its attempts, a hint, the last events."""
        source = "" if self.source is None else self.source.place(self._failed_place)
        told = Told(
            name=self.title,
            status=self.status,
            error=self.error,
            cause=self.cause,
            elapsed=self.elapsed,
            history=self.history,
            source=source,
        )
        return explain(told)

    @property
    def _failed_place(self) -> str:
        return "" if self.visits.failed is None else self.visits.failed.place

    @cached_property
    def visits(self) -> Visits:
        """Every entry into a state, with all that is known of it."""
        return read_visits(self.history)


def _timeline(visits: list[Visit], start: float) -> Iterator[str]:
    for visit in visits:
        line = f"{clock(visit.entered_at - start):>10}  {visit.path} ({visit.type}) {visit.status}"
        took = "" if visit.duration is None else f" after {clock(visit.duration)}"
        error = "" if visit.error is None else f" with {visit.error}"
        tried = f", {len(visit.attempts)} attempts" if len(visit.attempts) > 1 else ""
        yield f"{line}{error}{took}{tried}"


class NotEntered(KeyError):
    """The execution has not entered this state. The message names the nearest state that was entered."""

    def __str__(self) -> str:
        """The text, without the quotes that a KeyError has."""
        return str(self.args[0])


class States(Mapping[str, "StateRun"]):
    """The states of an execution, by name, place or path. Iteration gives the places, in order of entry."""

    def __init__(self, visits: list[Visit]) -> None:
        self._visits = visits

    def __getitem__(self, name: str) -> StateRun:
        """What a state did.

        Raises:
            NotEntered: the execution has not entered the state.
        """
        found = by_state(self._visits, name)
        if not found:
            entered = list(self)
            near = nearest(name, [*entered, *(visit.state for visit in self._visits)])
            meant = "" if near is None else f" Is {near!r} meant?"
            raise NotEntered(
                f"{name!r} was not entered.{meant} Entered were {', '.join(map(repr, entered)) or 'no states'}."
            )
        return StateRun(found)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(visit.place for visit in self._visits))

    def __len__(self) -> int:
        return len({visit.place for visit in self._visits})

    def __repr__(self) -> str:
        return f"<States {', '.join(self)}>"


class StateRun:
    """What one state did in an execution, over all of its visits, in order."""

    def __init__(self, visits: list[Visit]) -> None:
        self.visits = visits
        """Each entry into the state, with more about it."""

    def __repr__(self) -> str:
        return f"<StateRun {', '.join(f'{visit.path} {visit.status}' for visit in self.visits)}>"

    @property
    def inputs(self) -> list[JSON]:
        """The input of each visit."""
        return [visit.input for visit in self.visits]

    @property
    def outputs(self) -> list[JSON]:
        """The output of each visit that ended well, or whose error was caught."""
        return [visit.output for visit in self.visits if visit.status in ("SUCCEEDED", "CAUGHT")]

    @property
    def errors(self) -> list[str]:
        """The errors of all attempts, also of retried ones, and of visits that failed without an attempt."""
        found: list[str] = []
        for visit in self.visits:
            errors = [attempt.error for attempt in visit.attempts if attempt.error is not None]
            if visit.error is not None and visit.error not in errors:
                errors.append(visit.error)
            found += errors
        return found

    @property
    def attempts(self) -> list[Attempt]:
        """The calls of a Task, each with its arguments and its output or error."""
        return [attempt for visit in self.visits for attempt in visit.attempts]

    @property
    def variables(self) -> dict[str, JSON]:
        """The variables that the state assigned, each with the value of the last visit."""
        return {name: value for visit in self.visits for name, value in visit.variables.items()}

    @property
    def entered_at(self) -> float:
        """The time of the first entry, in seconds since 1970."""
        return self.visits[0].entered_at

    @property
    def duration(self) -> float | None:
        """Seconds from entry to exit, summed over all visits; None while a visit goes on."""
        durations = [visit.duration for visit in self.visits]
        return None if None in durations else sum(d for d in durations if d is not None)
