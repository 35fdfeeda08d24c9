"""One execution: how it begins, the loop over its states, how it ends, and how it goes on when it is redriven.

``walk`` follows one line of control from state to state and moves its cursor. A Parallel state or a Map forks a line
for each branch or item. A redrive walks on from the cursors of an execution that has failed.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, Final, Literal, TypeAlias

from ..coverage import Coverage
from ..definition import Choice, Fail, Machine, Map, Parallel, Pass, Processor, State, Succeed, Task, Wait
from ..errors import OURS, RUNTIME, TIMEOUT, StateError
from ..history import History, HistoryFull, nothing
from ..jsontext import JSON
from ..language.dataflow import PathFlow
from ..loop.fibers import Fiber, Turns, first_of, turn
from ..loop.scheduler import Loop
from ..loop.signals import Signal
from ..packing import InMemory, Keep, Layout, layout
from ..quotas import AWS, Quotas
from ..tasks import NOWHERE, Datasets, Resolve
from ..timestamps import iso
from .cursor import Cursor, Exit, TimedOut
from .map_runs import MapRun
from .record import REFUSED, Record
from .rehearsal import rehearse
from .states import flow, mapping, parallel, task
from .states.branches import Lines

log = logging.getLogger("dynastep.execution")

_OUTCOME: Final = ("status", "stopped_at", "error", "cause", "redrives", "redriven_at")

Status: TypeAlias = Literal["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED", "PENDING_REDRIVE"]
Observe: TypeAlias = "Callable[[Execution], None]"
"""Told, on the loop, when an execution has begun and when it has ended."""

STATES_PER_STEP: Final = 64
"""States that one line goes through before other fibers, and requests, have their turn."""
EXPRESS_SECONDS_PER_STATE: Final = 0.002
"""What a transition takes on AWS at least: by it an endless EXPRESS machine ends under virtual time too."""
BYTES_EACH: Final = 4500
"""What an execution takes in memory beside its history and its input, about."""
DAY: Final = 24 * 3600.0
LONGEST_EXECUTION: Final = 365 * DAY
"""What an execution may take. Source: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""


@dataclass(frozen=True, slots=True)
class Start:
    """What an execution is started with."""

    arn: str
    name: str
    state_machine_arn: str
    state_machine_name: str
    role_arn: str | None
    """None where a state is tested without one."""
    input: JSON
    input_text: str
    """As the client sent it."""
    express: bool = False
    synchronous: bool = False
    """Started by StartSyncExecution."""
    version_arn: str | None = None
    alias_arn: str | None = None
    """Of the version that runs, and of the alias that led to it."""
    map_run_arn: str | None = None
    """Of the Map Run that has started it."""
    number: int = 0
    """Where it stands among the starts and updates of its machine; a child execution stands where its parent does."""


@dataclass(frozen=True, slots=True)
class Outside:
    """What executions meet outside of themselves."""

    resolve: Resolve
    datasets: Datasets = NOWHERE
    observe: Observe = lambda _execution: None
    quotas: Quotas = AWS
    touched: Callable[[Execution], None] | None = None
    """Hears, on the loop, that an execution is not as it was."""
    coverage: Coverage | None = None
    """Where to count what the execution does; nothing is counted if it is None."""
    keep: Keep = InMemory
    """Keeps what is packed of histories."""
    gate: Callable[[str], None] | None = None
    """Asked, on the loop, before an event of the execution with this ARN is kept. Raises HistoryFull if none may be."""


class Execution:
    """One run of a machine, from ExecutionStarted to the event that ends it."""

    def __init__(self, machine: Machine, start: Start, loop: Loop, outside: Outside) -> None:
        self.machine = machine
        self.start = start
        self.loop = loop
        self.outside = outside
        self.quotas = outside.quotas
        self.history = History(loop.clock, None if start.express else self.quotas.history_events, outside.keep)
        self.history.verbatim = (start.input, start.input_text)
        self.record = Record(self.history, loop.clock)
        self.history.beside = self.record.pack
        if outside.gate is not None:
            self.history.guard(partial(_ask_gate, outside.gate, start.arn, self.record, self.history))
        if outside.touched is not None:
            self.record.on_touch = partial(outside.touched, self)
        self.started_at = loop.clock.now()
        self.stopped_at: float | None = None
        self.status: Status = "RUNNING"
        self.output: JSON = None
        self.error: str | None = None
        self.cause: str | None = None
        self.ended: Signal[None] = Signal(f"the end of {start.name}")  # which does not hold it in a circle
        """Another signal after each redrive."""
        self.map_runs: list[MapRun] = []
        """Those of its Distributed Maps, in the order they started."""
        self.redrives = 0
        self.redriven_at: float | None = None
        self._redriven = 0
        """Id of the last ExecutionRedriven event."""
        self._express_seconds = 0.0
        self._cursor: Cursor | None = None
        """Where its first line of control stands, as long as it runs or can be redriven."""
        self._root: Fiber[None] | None = None

    def begin(self) -> None:
        """Record ExecutionStarted and start walking."""
        if self.record.waits:
            return
        self.history.append("ExecutionStarted", 0, {"input": self.start.input, "roleArn": self.start.role_arn})
        self._go(Cursor(self, self.start.input))

    def _go(self, cursor: Cursor) -> None:
        self._cursor = cursor
        self._root = self.loop.fork(self._run(cursor), self.start.name, detached=True)
        self._root.turns = self.record.turns
        self._tell()
        self.ended.subscribe(self._tell)

    def _tell(self) -> None:
        """Tell whoever observes. What goes wrong there is no business of the execution."""
        self.record.touch()
        if self.record.given:
            return
        try:
            self.outside.observe(self)
        except Exception:
            log.exception("what follows from a change of %s failed", self.start.arn)

    def has_ended(self) -> bool:
        """Whether it has ended, and was not redriven since."""
        return self.ended.done

    def child(self, machine: Machine, start: Start) -> Execution:
        """An execution of its own for what a Distributed Map runs; it has not begun."""
        child = Execution(machine, start, self.loop, self.outside)
        child.record.waits = self.record.given
        return child

    def happen(self, what: str, *about: Any) -> None:
        """Have something come to it that came before: see ``Record``."""
        match what:
            case "stop":
                self.stop(*about)
            case "redrive":
                self.redrive()
            case "close":
                self.end_soon(*about)
            case "child":
                self.map_runs[about[0]].end_again(*about[1:])
            case "limits":
                self.map_runs[about[0]].update(*about[1:])
            case _:
                message = f"nobody knows what {what!r} is"
                raise ValueError(message)

    def redrive(self) -> None:
        """Go on from where it stood when it ended: RedriveExecution. Every time limit counts anew.

        States that were left open are not entered again. Source:
        https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html; its events as observed on AWS.

        One that was restored does first again what it has done, until it stands where it ended.

        Raises:
            ValueError: it runs, or it has succeeded.
            Diverged: it does something else than it did; it is left as it is.
        """
        if self.status in ("RUNNING", "SUCCEEDED"):
            message = f"{self.start.arn} is {self.status}"
            raise ValueError(message)
        if self._cursor is None:
            self._stand()
        self.record.note("redrive")
        self.redrives += 1
        self.redriven_at = self.loop.clock.now()
        self.status, self.stopped_at, self.error, self.cause = "RUNNING", None, None, None
        self.ended = Signal(self.ended.name)
        self.__dict__.pop("context", None)
        last = len(self.history)
        self._redriven = self.history.append("ExecutionRedriven", last, {"redriveCount": self.redrives})
        self._go(self._place)

    @property
    def spent(self) -> str | None:
        """Why it is too long or too old to be redriven, as ``redriveStatusReason`` says it; None if it is not."""
        now = self.loop.clock.now()
        if len(self.history) >= self.quotas.history_events - 1:
            return "Execution history event limit exceeded"
        if now >= self.deadline:
            return "Execution has exceeded the max execution time"
        if self.stopped_at is not None and now - self.stopped_at > self.quotas.redrive_days * DAY:
            return "Execution redrivable period exceeded"
        return None

    @property
    def deadline(self) -> float:
        """When it has used up the time that any execution may take."""
        return self.started_at + LONGEST_EXECUTION

    def end_soon(self, cause: str) -> None:
        """Have it fail when it would go on next: its state machine is being deleted."""
        self.record.note("close", cause)
        self.history.close(cause)

    def lines(self) -> Iterator[Cursor]:
        """Where its lines of control stand, each before those inside of it. On the loop's thread."""
        if self._cursor is not None:
            yield from _lines(self._cursor)

    @property
    def _place(self) -> Cursor:
        if self._cursor is None:
            message = f"it is not known where {self.start.arn} stands"
            raise AssertionError(message)
        return self._cursor

    def _stand(self) -> None:
        """Do again what it has done, from its begin to its end."""
        before = {name: getattr(self, name) for name in (*_OUTCOME, "map_runs")}
        rows, landed, runs = self.history.dump(), list(self.record), self.map_runs
        self.history.empty()
        self.status, self.stopped_at, self.error, self.cause = "RUNNING", None, None, None
        self.redrives, self.redriven_at, self._redriven = 0, None, 0
        self.record.asked, self.record.turns = 0, Turns()
        self.ended, self.map_runs = Signal(self.ended.name), []
        for name in ("context", "random"):
            self.__dict__.pop(name, None)
        self.record.child_before = lambda run, name: runs[self.map_runs.index(run)].children[name].as_it_was()
        try:
            rehearse(self, rows, landed)
        except BaseException:
            self.forget()
            self.history.empty()
            self.history.restore(rows)
            self.record.restore(landed)
            for name, value in before.items():
                setattr(self, name, value)
            self.ended.set(None)
            raise
        finally:
            self.record.go_live()
        for run, of_before in zip(self.map_runs, runs, strict=True):
            run.had_times_of(of_before)
            for name, child in list(run.children.items()):
                if child.status == "RUNNING":  # an EXPRESS one goes on when its parent has ended
                    child.go_on(run, name, None)

    def forget(self) -> None:
        """Keep nothing that only a redrive needs: where it stood, in a circle of references with it."""
        self._cursor = None
        self.record.clear()
        self.history.beside = nothing

    @property
    def size(self) -> int:
        """About how many bytes of memory it takes, with the executions that its Map Runs have started."""
        text = BYTES_EACH + 2 * len(self.start.input_text)
        return text + self.history.size + self.record.size + sum(run.size for run in self.map_runs)

    @property
    def elsewhere(self) -> int:
        """How many bytes it takes that are no memory."""
        return self.history.elsewhere + self.record.elsewhere + sum(run.elsewhere for run in self.map_runs)

    def stop(self, error: str | None, cause: str | None) -> None:
        """Abort it: StopExecution. What runs is cancelled and records nothing more."""
        if self.status != "RUNNING":
            return
        self.record.note("stop", error, cause)
        if self._root is not None:
            self._root.cancel()
        self._end("ABORTED", "ExecutionAborted", 0, error, cause)

    def fail(self, error: str, cause: str) -> None:
        """Have it fail, for a reason that is not its own."""
        if self._root is not None:
            self._root.cancel()
        self.record.go_live()
        self._end("FAILED", "ExecutionFailed", 0, error, cause)

    def charge(self, states: int) -> None:
        """Count the time that transitions take on AWS against the limit of an EXPRESS execution."""
        if self.start.express:
            self._express_seconds += states * EXPRESS_SECONDS_PER_STATE
            if self._express_seconds > self.quotas.express_seconds:
                raise TimedOut

    def walk(self, processor: Processor, cursor: Cursor) -> Coroutine[Any, Any, JSON]:
        """Follow one more line of control."""
        return walk(processor, cursor)

    @cached_property
    def context(self) -> Mapping[str, JSON]:
        """What the context object says wherever it is read."""
        start = self.start
        about: dict[str, JSON] = {
            "Id": start.arn,
            "Input": start.input,
            "StartTime": iso(self.started_at),
            "Name": start.name,
            "RoleArn": start.role_arn,
        }
        if not start.synchronous:
            about["RedriveCount"] = self.redrives
        if self.redriven_at is not None:
            about["RedriveTime"] = iso(self.redriven_at)
        return {
            "Execution": about,
            "StateMachine": {"Id": start.state_machine_arn, "Name": start.state_machine_name},
        }

    @cached_property
    def random(self) -> random.Random:
        """Where chance comes from: the same execution makes the same choices."""
        return random.Random(self.start.name)  # noqa: S311 - no secret depends on it

    @property
    def region(self) -> str:
        """The region of its ARN."""
        return self.start.arn.split(":")[3]

    async def _run(self, cursor: Cursor) -> None:
        try:
            output = await self._within_time(cursor)
        except StateError as error:
            self._end("FAILED", "ExecutionFailed", max(cursor.last, self._redriven), error.error, error.cause)
        except TimedOut:
            self._end("TIMED_OUT", "ExecutionTimedOut", 0, None, None)
        except HistoryFull as full:
            self._end("FAILED", "ExecutionFailed", cursor.last, full.error or RUNTIME, str(full))
        except Exception as bug:
            log.exception("%s failed inside the interpreter", self.start.arn)
            self._end(
                "FAILED", "ExecutionFailed", cursor.last, INTERNAL_ERROR, f"This is a defect of the emulator: {bug!r}"
            )
        else:
            self.output = output
            self._end("SUCCEEDED", "ExecutionSucceeded", cursor.last, None, None)

    async def _within_time(self, cursor: Cursor) -> JSON:
        seconds = self.machine.timeout_seconds
        if self.start.express:
            seconds = min(seconds or self.quotas.express_seconds, self.quotas.express_seconds)
        if seconds is None:
            return await walk(self.machine, cursor)
        states = self.loop.fork(walk(self.machine, cursor), f"the states of {self.start.name}")
        if await first_of(states, self.loop.sleep(seconds, f"the timeout of {self.start.name}")) is states:
            return states.result()
        states.cancel()
        raise TimedOut

    def _end(self, status: Status, event_type: str, previous: int, error: str | None, cause: str | None) -> None:
        self.status, self.error, self.cause = status, error, cause
        self.stopped_at = self.loop.clock.now()
        if status == "SUCCEEDED" or self.start.express:
            self._root = None
            self.forget()
            self.__dict__.pop("random", None)
            self.__dict__.pop("context", None)
        details: dict[str, JSON] = {}
        if status == "SUCCEEDED":
            details["output"] = self.output
        if status == "TIMED_OUT":
            details["error"] = TIMEOUT
        if error is not None:
            details["error"] = error
        if cause is not None:
            details["cause"] = cause
        self.history.append(event_type, previous, details)
        self.history.put_away()
        self.ended.set(None)


def _ask_gate(gate: Callable[[str], None], arn: str, record: Record, history: History) -> None:
    """Ask whether an event may be kept; what is done again is refused where it was refused before."""
    if record.given:
        if (refused_before := record.refused.get(len(history))) is not None:
            raise HistoryFull(*refused_before)
        return
    try:
        gate(arn)
    except HistoryFull as refused:
        record.note(REFUSED, str(refused), refused.error)
        raise


def _lines(cursor: Cursor) -> Iterator[Cursor]:
    yield cursor
    if isinstance(cursor.inside, Lines):
        for line in cursor.inside.open.values():
            yield from _lines(line)


INTERNAL_ERROR: Final = f"{OURS}InternalError"
"""An execution that fails with it has met a defect of the interpreter; the traceback is in the log."""


Immediate: TypeAlias = Callable[[Any, Cursor], Exit]
"""Does the work of a state on ``cursor.input``."""
Waiting: TypeAlias = Callable[[Any, Cursor], Awaitable[Exit]]
"""Does the work of a state that may take time."""

EVENTS: Final[dict[type[State], tuple[Layout, Layout, Layout]]] = {
    kind: (
        layout(f"{kind.__name__}StateEntered", "name", "input"),
        layout(f"{kind.__name__}StateExited", "name", "output"),
        layout(f"{kind.__name__}StateExited", "name", "output", "assignedVariables"),
    )
    for kind in (Pass, Choice, Succeed, Fail, Wait, Task, Parallel, Map)
}
"""The layouts of the events that show that a state was entered, was left, and was left with variables assigned."""
IMMEDIATE: Final[dict[type[State], Immediate]] = {
    Pass: flow.run_pass,
    Choice: flow.run_choice,
    Succeed: flow.run_succeed,
    Fail: flow.run_fail,
}
WAITING: Final[dict[type[State], Waiting]] = {
    Wait: flow.run_wait,
    Task: task.run_task,
    Parallel: parallel.run_parallel,
    Map: mapping.run_map,
}


async def work(state: State, cursor: Cursor) -> Exit:
    """Do the work of a state, which may take turns of the loop, or time. ``walk`` tries a short way first."""
    run = IMMEDIATE.get(type(state))
    if run is not None:
        return await cursor.do(state, partial(run, state, cursor))
    return await WAITING[type(state)](state, cursor)


async def walk(processor: Processor, cursor: Cursor) -> JSON:
    """Run states from where the cursor stands to an end, and return the output of the last.

    Raises:
        StateError: a state failed and nothing caught the error; ``cursor.last`` is the event that shows the failure.
        TimedOut: the execution has used up its time.
        HistoryFull: the history takes no more events.
    """
    execution, states = cursor.execution, processor.states
    coverage = execution.outside.coverage
    history, add = execution.history, execution.history.add
    following: str | None = None if cursor.over else cursor.state or processor.start_at
    inside = cursor.entered != 0
    cursor.failed = False
    steps, deadline = 0, execution.deadline
    while following is not None:
        steps += 1
        if steps % STATES_PER_STEP == 0:
            cursor.state, cursor.entered = following, 0
            execution.charge(STATES_PER_STEP)
            history.tidy()
            await turn()
        name = cursor.state = following
        state = states[name]
        entered, exited, exited_with_variables = EVENTS[type(state)]
        if inside:
            inside, cursor.last = False, cursor.entered
        else:
            cursor.entered = cursor.last = add(entered, cursor.last, name, cursor.input)
            if coverage is not None:
                coverage.entered[name] = coverage.entered.get(name, 0) + 1
        try:
            run = IMMEDIATE.get(type(state))
            left: Exit | None
            if run is None:
                left = await WAITING[type(state)](state, cursor)
            else:
                left = run(state, cursor) if isinstance(state.flow, PathFlow) else cursor.try_at_once(run, state)
            following, output, assigned = left or await work(state, cursor)
        except StateError as error:
            cursor.failed = True
            raise cursor.explain(error) from None
        if history.last_timestamp > deadline:
            raise TimedOut
        if assigned is None:
            cursor.last = add(exited, cursor.last, name, output)
        else:
            cursor.last = add(exited_with_variables, cursor.last, name, output, assigned)
            cursor.variables = {**cursor.variables, **assigned}
        if coverage is not None:
            coverage.left[name] = coverage.left.get(name, 0) + 1
        cursor.input = output
    cursor.over = True
    return cursor.input
