"""An execution that a test has started and holds: moved on as far as the test wants, answered, stopped, redriven.

So are the executions that a Distributed Map of it has started.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from asl_interpreter.jsontext import JSON, dumps
from asl_interpreter.loop.scheduler import Deadlock
from asl_interpreter.running.execution import Execution as Running
from asl_interpreter.running.map_runs import MapRun as RunningMapRun
from emulator.bench.definitions import Source, json_text
from emulator.bench.execution import Execution, Makes
from emulator.bench.visits import Visit, by_state
from emulator.bench.waiting import Waiting, helps
from emulator.stepfunctions import callbacks, executions, redrives
from emulator.wire.operations import perform
from emulator.wire.protocol import Call

if TYPE_CHECKING:
    from emulator.world import World


class NotReached(AssertionError):
    """An execution does not reach the state that the test waits for. The message says where the execution is."""


class Started:
    """A running execution that the test moves on.

    Time passes only by the methods below, by the clock, or when another client looks.
    """

    def __init__(self, world: World, call: Callable[[str, dict[str, JSON]], Call], running: Running) -> None:
        self._world = world
        self._call = call
        self._running = running
        self.source: Source | None = None
        """The file of the definition, if the definition came from a file."""
        self.past: Makes | None = None
        """What it was made of."""

    def __repr__(self) -> str:
        return repr(self.now())

    @property
    def arn(self) -> str:
        """The ARN of the execution."""
        return self._running.start.arn

    def now(self) -> Execution:
        """The execution until now. Time stands still."""
        return self._world.engine.ask(self._read)

    def _read(self) -> Execution:
        return replace(Execution.of(self._running, self.source), past=self.past, held=self)

    @property
    def map_runs(self) -> list[MapRun]:
        """The Map Runs that have begun until now, in order."""
        runs = self._world.engine.ask(lambda: list(self._running.map_runs))
        return [MapRun(self._world, self._call, run) for run in runs]

    def waiting(self) -> list[Waiting]:
        """The states that wait now, each with ``state``, ``type``, ``reason``, and ``what`` it waits for, as text."""
        return self.now().waiting

    def advance_to(self, state: str) -> Execution:
        """Let time pass until the execution enters a state, given by name, place or path; return the execution.

        Raises:
            NotReached: the execution ends first, or waits for something else.
        """
        __tracebackhide__ = True
        before = len(by_state(self.now().visits.every, state))

        def reached(now: Execution) -> bool:
            visits = by_state(now.visits.every, state)
            return len(visits) > before or any(visit.status == "RUNNING" for visit in visits)

        return self._until(reached, state, f"entry into {state!r}")

    def token(self, state: str) -> Token:
        """The task token for which a state waits. Time passes until the state waits.

        Raises:
            NotReached: the state never waits for a token that is in the arguments of its Task.
            LookupError: the state waits several times, such as in items of a Map; the message has the paths.
        """
        __tracebackhide__ = True
        now = self._until(lambda now: bool(self._tokens(now, state)), state, f"token of {state!r}")
        found = self._tokens(now, state)
        if len(found) > 1:
            raise LookupError(
                f"{now.title} waits for {len(found)} tokens of {state!r}: name one of {', '.join(found)}."
            )
        return Token(self._world, self._call, next(iter(found.values())))

    def _tokens(self, now: Execution, state: str) -> dict[str, str]:
        """Path -> token, of the visits of a state that wait for one."""
        every = self._world.callbacks.open_tokens(self.arn)
        found = {}
        for visit in by_state(now.visits.every, state):
            asked = _arguments(visit)
            for token in every:
                if token in asked:
                    found[visit.path] = token
        return found

    def _until(self, reached: Callable[[Execution], bool], state: str, what: str) -> Execution:
        """Let time pass until something is so of a state, and see that it is."""
        __tracebackhide__ = True
        history, name, seen = self._running.history, state.rpartition("/")[2], 0

        def looked() -> bool:
            nonlocal seen
            news = [history.events[index] for index in range(seen, len(history))]
            seen = len(history)
            if self._running.has_ended():
                return True
            concerns = any(
                event.type.endswith("Scheduled") or (event.details or {}).get("name") == name for event in news
            )
            return concerns and reached(self._read())

        now = self._world.engine.ask(self._read, looked)
        if not reached(now):
            if now.status == "RUNNING":
                raise NotReached(self._open(now, f"{now.title} has come to no {what}."))
            raise NotReached(f"{now.title} has ended without {what}.\n{now.explanation()}")
        return now

    def _open(self, now: Execution, first: str) -> str:
        """A sentence about an execution that has not ended, and below what it waits for and what helps."""
        return "\n".join([first, *helps(now.waiting, self._world.clock.mode)])

    def result(self) -> Execution:
        """Let time pass to the end of the execution, and return it.

        Raises:
            Deadlock: the execution waits for something that never comes, such as a task token.
        """
        __tracebackhide__ = True
        try:
            self._world.engine.wait(self._running.ended, strict=True)
        except Deadlock:
            now = self.now()
            text = self._open(now, f"{now.title} cannot go on: nothing is left that could happen by itself.")
        else:
            self._world.engine.ask(lambda: None)  # what follows from its end at the same instant has happened too
            return self.now()
        raise Deadlock(text)

    def stop(self, error: str | None = None, cause: str | None = None) -> Execution:
        """Abort the execution, as StopExecution does, and return it."""
        given = {"error": error, "cause": cause}
        params = {"executionArn": self.arn, **{name: text for name, text in given.items() if text is not None}}
        executions.stop_execution(self._world, self._call("StopExecution", params))
        return self.now()

    def redrive(self) -> Started:
        """Let the execution go on where it failed, as RedriveExecution does.

        Raises:
            Fault: ExecutionNotRedrivable.
        """
        redrives.redrive_execution(self._world, self._call("RedriveExecution", {"executionArn": self.arn}))
        return self


class MapRun:
    """A Map Run: the child executions of a Distributed Map."""

    def __init__(self, world: World, call: Callable[[str, dict[str, JSON]], Call], run: RunningMapRun) -> None:
        self._world = world
        self._call = call
        self._run = run

    def __repr__(self) -> str:
        counts = ", ".join(f"{count} {status}" for status, count in self.counts.items())
        return f"<MapRun {self.state} {self.status}: {counts or 'no executions'}>"

    @property
    def arn(self) -> str:
        """The ARN of the Map Run."""
        return self._run.arn

    @property
    def state(self) -> str:
        """The name of the Map state."""
        return self._run.state_name

    @property
    def status(self) -> str:
        """RUNNING, SUCCEEDED, FAILED or ABORTED."""
        return self._run.status

    @property
    def counts(self) -> dict[str, int]:
        """The number of child executions by status: ``{"SUCCEEDED": 3, "FAILED": 1}``."""
        return self._world.engine.ask(
            lambda: {status: count for status, count in self._run.executions.items() if count}
        )

    @property
    def executions(self) -> list[Started]:
        """The child executions that have started until now, in the order of the items."""
        run = self._run
        running = self._world.engine.ask(lambda: [child.restore(run, name) for name, child in run.children.items()])
        return [Started(self._world, self._call, each) for each in running]

    def waiting(self) -> list[Waiting]:
        """The states of all child executions that wait now, each with what it waits for."""
        return [waiting for execution in self.executions for waiting in execution.waiting()]

    def update(
        self,
        *,
        max_concurrency: int | None = None,
        tolerated_failure_count: int | None = None,
        tolerated_failure_percentage: float | None = None,
    ) -> None:
        """Change limits, as UpdateMapRun does. A limit that is not given stays.

        Raises:
            Fault: ValidationException: a limit is out of its range.
        """
        limits = {
            "maxConcurrency": max_concurrency,
            "toleratedFailureCount": tolerated_failure_count,
            "toleratedFailurePercentage": tolerated_failure_percentage,
        }
        given = {name: limit for name, limit in limits.items() if limit is not None}
        perform(self._world, self._call("UpdateMapRun", {"mapRunArn": self.arn, **given}))


def _arguments(visit: Visit) -> str:
    return dumps(visit.attempts[-1].arguments) if visit.status == "RUNNING" and visit.attempts else ""


class Token:
    """A task token for which a state waits. ``value`` is the text of the token."""

    def __init__(self, world: World, call: Callable[[str, dict[str, JSON]], Call], value: str) -> None:
        self._world = world
        self._call = call
        self.value = value

    def succeed(self, output: JSON = None) -> None:
        """SendTaskSuccess with a JSON value.

        Raises:
            Fault: TaskTimedOut, the state waits no longer.
        """
        params = {"taskToken": self.value, "output": json_text(output)}
        callbacks.send_task_success(self._world, self._call("SendTaskSuccess", params))

    def fail(self, error: str, cause: str = "") -> None:
        """SendTaskFailure.

        Raises:
            Fault: TaskTimedOut, the state waits no longer.
        """
        params = {"taskToken": self.value, "error": error, "cause": cause}
        callbacks.send_task_failure(self._world, self._call("SendTaskFailure", params))

    def heartbeat(self) -> None:
        """SendTaskHeartbeat.

        Raises:
            Fault: TaskTimedOut, the state waits no longer.
        """
        callbacks.send_task_heartbeat(self._world, self._call("SendTaskHeartbeat", {"taskToken": self.value}))
