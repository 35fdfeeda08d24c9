"""One execution: the loop over its states, how it ends, and how it goes on when it is redriven.

``walk`` follows one line of control from state to state. A Parallel state or a Map forks a line for each branch or
item; a ``Cursor`` is where one line stands, in the machine and in the history. The cursors of an execution that has
ended are all that a redrive needs: it walks on from them.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Literal, TypeAlias

from ..definition import Choice, Fail, Machine, Map, Parallel, Pass, Processor, State, Succeed, Task, Wait
from ..errors import DATA_LIMIT_EXCEEDED, OURS, QUERY_EVALUATION_ERROR, RUNTIME, TIMEOUT, QueryError, StateError
from ..history import History, HistoryFull
from ..jsontext import JSON, exceeds
from ..language.dataflow import NOTHING, OVER_QUOTA, Flow, Frame, check_size
from ..loop.scheduler import Fiber, Loop, first_of, turn
from ..loop.signals import Signal
from ..quotas import AWS, Quotas
from ..tasks import NOWHERE, Datasets, Resolve
from ..timestamps import iso
from .map_runs import MapRun
from .states import flow, mapping, parallel, task
from .states.branches import Lines
from .states.distributed import MapWork

log = logging.getLogger("dynastep.execution")

Status: TypeAlias = Literal["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED", "PENDING_REDRIVE"]
Observe: TypeAlias = "Callable[[Execution], None]"
"""Told, on the loop, when an execution has begun and when it has ended."""

STATES_PER_STEP: Final = 64
"""States that one line goes through before other fibers, and requests, have their turn."""
EXPRESS_SECONDS_PER_STATE: Final = 0.002
"""What a transition takes on AWS at least: by it an endless EXPRESS machine ends under virtual time too."""
DAY: Final = 24 * 3600.0
LONGEST_EXECUTION: Final = 365 * DAY
"""What an execution may take. Source: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""
LOCATED: Final = "An error occurred while executing the state "
"""How AWS begins the cause of what the interpreter itself found wrong."""


class TimedOut(Exception):
    """The execution has used up its time."""


@dataclass(frozen=True, slots=True)
class Start:
    """What an execution is started with."""

    arn: str
    name: str
    state_machine_arn: str
    state_machine_name: str
    role_arn: str
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


@dataclass(frozen=True, slots=True)
class Outside:
    """What executions meet outside of themselves."""

    resolve: Resolve
    datasets: Datasets = NOWHERE
    observe: Observe = lambda _execution: None
    quotas: Quotas = AWS


class Execution:
    """One run of a machine, from ExecutionStarted to the event that ends it."""

    def __init__(self, machine: Machine, start: Start, loop: Loop, outside: Outside) -> None:
        self.machine = machine
        self.start = start
        self.loop = loop
        self.outside = outside
        self.quotas = outside.quotas
        self.history = History(loop.clock, None if start.express else self.quotas.history_events)
        self.history.verbatim = (start.input, start.input_text)
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
        self.history.append("ExecutionStarted", 0, {"input": self.start.input, "roleArn": self.start.role_arn})
        self._go(Cursor(self, self.start.input))

    def _go(self, cursor: Cursor) -> None:
        self._cursor = cursor
        self._root = self.loop.fork(self._run(cursor), self.start.name, detached=True)
        self.outside.observe(self)
        self.ended.subscribe(lambda: self.outside.observe(self))

    def child(self, machine: Machine, start: Start) -> Execution:
        """An execution of its own for what a Distributed Map runs; it has not begun."""
        return Execution(machine, start, self.loop, self.outside)

    def redrive(self) -> None:
        """Go on from where it stood when it ended: RedriveExecution. Every time limit counts anew.

        States that were left open are not entered again. Source:
        https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html; its events as observed on AWS.

        Raises:
            ValueError: it runs, or it has succeeded.
        """
        if self._cursor is None or self.status == "RUNNING":
            message = f"{self.start.arn} is {self.status}"
            raise ValueError(message)
        self.redrives += 1
        self.redriven_at = self.loop.clock.now()
        self.status, self.stopped_at, self.error, self.cause = "RUNNING", None, None, None
        self.ended = Signal(self.ended.name)
        self.__dict__.pop("context", None)
        last = len(self.history.events)
        self._redriven = self.history.append("ExecutionRedriven", last, {"redriveCount": self.redrives})
        self._go(self._cursor)

    @property
    def spent(self) -> str | None:
        """Why it is too long or too old to be redriven, as ``redriveStatusReason`` says it; None if it is not."""
        now = self.loop.clock.now()
        if len(self.history.events) >= self.quotas.history_events - 1:
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
        self.history.close(cause)

    def forget(self) -> None:
        """Keep nothing that only a redrive needs: where it stood, in a circle of references with it."""
        self._cursor = None

    def stop(self, error: str | None, cause: str | None) -> None:
        """Abort it: StopExecution. What runs is cancelled and records nothing more."""
        if self.status != "RUNNING":
            return
        if self._root is not None:
            self._root.cancel()
        self._end("ABORTED", "ExecutionAborted", 0, error, cause)

    def charge(self, states: int) -> None:
        """Count the time that transitions take on AWS against the limit of an EXPRESS execution."""
        if self.start.express:
            self._express_seconds += states * EXPRESS_SECONDS_PER_STATE
            if self._express_seconds > self.quotas.express_seconds:
                raise TimedOut

    async def walk(self, processor: Processor, cursor: Cursor) -> JSON:
        """Follow one more line of control."""
        return await walk(processor, cursor)

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
            self._end("FAILED", "ExecutionFailed", cursor.last, RUNTIME, str(full))
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
        work = self.loop.fork(walk(self.machine, cursor), f"the states of {self.start.name}")
        if await first_of(work, self.loop.sleep(seconds, f"the timeout of {self.start.name}")) is work:
            return work.result()
        work.cancel()
        raise TimedOut

    def _end(self, status: Status, event_type: str, previous: int, error: str | None, cause: str | None) -> None:
        self.status, self.error, self.cause = status, error, cause
        self.stopped_at = self.loop.clock.now()
        if status == "SUCCEEDED" or self.start.express:
            self._cursor = None
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
        self.ended.set(None)


INTERNAL_ERROR: Final = f"{OURS}InternalError"
"""An execution that fails with it has met a defect of the interpreter; the traceback is in the log."""


class Cursor:
    """Where one line of control stands."""

    __slots__ = (
        "assigned",
        "entered",
        "entered_at",
        "execution",
        "failed",
        "input",
        "item",
        "last",
        "lines",
        "map_work",
        "over",
        "retries",
        "state",
        "token",
        "variables",
    )

    def __init__(self, execution: Execution, document: JSON, last: int = 0, item: JSON = None) -> None:
        self.execution = execution
        self.input = document
        """The input of the state it is in; between states the output of the last."""
        self.last = last
        """Id of the event that causes the next one."""
        self.item = item
        """The ``Map`` member of the context object, inside an iteration."""
        self.state = ""
        """The state it is in, or goes to next; empty before the first."""
        self.entered = 0
        """Id of the state's Entered event; 0 if it stands before the state."""
        self.entered_at = execution.started_at
        self.retries: int | None = None
        """How often the state was retried, for the context object of a Task."""
        self.token: str | None = None
        """What names the attempt of a Task to the outside."""
        self.variables: Mapping[str, JSON] = NOTHING
        """Those in scope; never changed, only replaced."""
        self.assigned: Mapping[str, JSON] | None = None
        """What the state has assigned, for its Exited event."""
        self.lines: Lines | None = None
        """Those inside the Parallel or the Map that it is in, from its start to its success."""
        self.map_work: MapWork | None = None
        """That of the Distributed Map that it is in, as long."""
        self.failed = False
        """Whether the state that it is in has failed for good."""
        self.over = False
        """Whether it has left its last state."""

    def record(self, event_type: str, details: Mapping[str, JSON] | None = None) -> None:
        """Record an event caused by the last one; it causes the next."""
        self.last = self.execution.history.append(event_type, self.last, details)

    async def wait_until(self, instant: float, name: str) -> None:
        """Wait for an instant.

        Raises:
            TimedOut: the execution may not take so long.
        """
        execution = self.execution
        await execution.loop.timer(min(instant, execution.deadline), name)
        if instant > execution.deadline:
            raise TimedOut

    def leave(self) -> None:
        """Forget what runs, or has run, inside the state."""
        self.lines = self.map_work = None

    def frame(self, document: JSON) -> Frame:
        """What the state's expressions may read, with the document as ``$``."""
        return Frame(document, self)

    def check_size(self, value: JSON, what: str) -> None:
        """Keep to the quota on payloads.

        Raises:
            StateError: States.DataLimitExceeded, ``what`` named.
        """
        if value is not self.input:
            check_size(value, what, self.execution.quotas.payload_bytes)

    def check_arguments(self, value: JSON) -> None:
        """Keep what the state hands inwards, to a service or to other states, to the quota on payloads.

        Raises:
            StateError: States.DataLimitExceeded.
        """
        if value is not self.input and exceeds(value, self.execution.quotas.payload_bytes):
            raise StateError(DATA_LIMIT_EXCEEDED, f"The state '{self.state}' has arguments with a size {OVER_QUOTA}")

    def assign(self, flow: Flow, frame: Frame, result: JSON) -> None:
        """Set the variables of a state that has succeeded."""
        values = flow.assign(frame, result)
        if values:
            variables = {**self.variables, **values}
            quotas = self.execution.quotas
            may_be_many = len(variables) * quotas.payload_bytes > quotas.variables_bytes
            if exceeds(values, quotas.payload_bytes) or (may_be_many and exceeds(variables, quotas.variables_bytes)):
                raise StateError(
                    DATA_LIMIT_EXCEEDED, f"The state '{self.state}' assigns variables with a size {OVER_QUOTA}"
                )
            self.assigned = values
            self.variables = variables

    def now(self) -> float:
        """Seconds since 1970."""
        return self.execution.loop.clock.now()

    @property
    def random(self) -> random.Random:
        """Where chance comes from."""
        return self.execution.random

    def context(self) -> JSON:
        """The context object.

        Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html
        """
        state: dict[str, JSON] = {"Name": self.state, "EnteredTime": iso(self.entered_at)}
        if self.retries is not None:
            state["RetryCount"] = self.retries
        context = {**self.execution.context, "State": state}
        if self.item is not None:
            context["Map"] = self.item
        if self.token is not None:
            context["Task"] = {"Token": self.token}
        return context

    def branch(self, document: JSON, last: int, item: JSON = None) -> Cursor:
        """A new line of control; ``last`` is the event that causes its first."""
        line = type(self)(self.execution, document, last, item if item is not None else self.item)
        line.variables = self.variables
        return line

    def explain(self, error: StateError) -> StateError:
        """The error as AWS shows it: what the interpreter itself found wrong says in which state.

        That an expression failed is an event of its own.
        """
        if (
            error.error not in (RUNTIME, QUERY_EVALUATION_ERROR)
            or error.cause is None
            or error.cause.startswith(LOCATED)
        ):
            return error
        cause = f"{LOCATED}'{self.state}' (entered at the event id #{self.entered}). {error.cause}"
        if isinstance(error, QueryError):
            self._record_evaluation_failed(cause, error.location)
        return StateError(error.error, cause)

    def _record_evaluation_failed(self, cause: str, location: str | None) -> None:
        entered = self.execution.history.events[self.entered - 1]
        if self.last == self.entered and entered.type != "WaitStateEntered":
            self.last = entered.previous  # as observed on AWS
        details = {"error": QUERY_EVALUATION_ERROR, "cause": cause, "state": self.state}
        self.record("EvaluationFailed", details if location is None else {**details, "location": location})


Immediate: TypeAlias = Callable[[Any, Cursor], str | None]
"""Does the work of a state: ``cursor.input`` becomes its output; the name of the next state, None at the end."""
Waiting: TypeAlias = Callable[[Any, Cursor], Awaitable[str | None]]

EVENTS: Final[dict[type[State], tuple[str, str]]] = {
    kind: (f"{kind.__name__}StateEntered", f"{kind.__name__}StateExited")
    for kind in (Pass, Choice, Succeed, Fail, Wait, Task, Parallel, Map)
}
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


async def walk(processor: Processor, cursor: Cursor) -> JSON:
    """Run states from where the cursor stands to an end; the output of the last.

    Raises:
        StateError: a state failed and nothing caught it; ``cursor.last`` is the event that shows it.
    """
    execution, states = cursor.execution, processor.states
    append, events = execution.history.append, execution.history.events
    following: str | None = None if cursor.over else cursor.state or processor.start_at
    inside = cursor.entered != 0
    cursor.failed = False
    steps, deadline = 0, execution.deadline
    while following is not None:
        steps += 1
        if steps % STATES_PER_STEP == 0:
            cursor.state, cursor.entered = following, 0
            execution.charge(STATES_PER_STEP)
            await turn()
        name = cursor.state = following
        state = states[name]
        entered, exited = EVENTS[type(state)]
        if inside:
            inside, cursor.last = False, cursor.entered
        else:
            cursor.entered = cursor.last = append(entered, cursor.last, {"name": name, "input": cursor.input})
            cursor.entered_at = events[-1].timestamp
        try:
            run = IMMEDIATE.get(type(state))
            following = run(state, cursor) if run is not None else await WAITING[type(state)](state, cursor)
        except StateError as error:
            cursor.failed = True
            raise cursor.explain(error) from None
        if events[-1].timestamp > deadline:
            raise TimedOut
        exit_details: dict[str, JSON] = {"name": name, "output": cursor.input}
        if cursor.assigned is not None:
            exit_details["assignedVariables"], cursor.assigned = cursor.assigned, None
        cursor.last = append(exited, cursor.last, exit_details)
    cursor.over = True
    return cursor.input
