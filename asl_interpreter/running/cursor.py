"""Where one line of control stands: in the machine, in the history, and in its data.

An execution has one line of control; a Parallel state and a Map have one more for each branch or item. A cursor holds
what a line needs to go on, and nothing that a state has produced: the functions in ``states`` return that as an
``Exit``, and ``walk`` alone moves the cursor on. For this reason the cursors of an execution that has failed are all
that a redrive needs: for example, a Task that has failed still has its input in ``cursor.input``.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias, TypeVar

from ..errors import DATA_LIMIT_EXCEEDED, QUERY_EVALUATION_ERROR, RUNTIME, QueryError, StateError
from ..jsonata import Chose, Pace, Unhurried
from ..jsontext import JSON, measure
from ..language.dataflow import NOTHING, OVER_QUOTA, Flow, PathFlow, StateFrame, too_large
from ..loop.fibers import turn
from ..loop.slices import Slices
from ..timestamps import iso
from .pace import AtOnce, InSlices, TooLong

if TYPE_CHECKING:
    from ..definition import State
    from .execution import Execution
    from .states.branches import Lines
    from .states.distributed import MapWork

T = TypeVar("T")

Assigned: TypeAlias = Mapping[str, JSON] | None
"""The variables that a state sets, by name; None if it sets none."""
Exit: TypeAlias = tuple[str | None, JSON, Assigned]
"""What a state hands on: the name of the next state (None at the end of the line), its output, and its variables."""

LOCATED: Final = "An error occurred while executing the state "
"""How AWS begins the cause of an error that Step Functions itself has found."""


class TimedOut(Exception):
    """The execution has used up its time."""


class Attempt(NamedTuple):
    """What the context object says about the attempt of a Task, a Parallel state or a Map that is under way."""

    retries: int = 0
    """``$$.State.RetryCount``."""
    token: str | None = None
    """``$$.Task.Token``, where the Task waits for the token to come back."""


class Cursor:
    """The place of one line of control, and the data that it carries."""

    __slots__ = (
        "attempt",
        "entered",
        "evaluating",
        "execution",
        "failed",
        "input",
        "inside",
        "item",
        "items",
        "last",
        "over",
        "own_pace",
        "state",
        "variables",
    )

    def __init__(self, execution: Execution, document: JSON, last: int = 0, item: JSON = None) -> None:
        self.execution = execution
        self.item = item
        """The ``Map`` member of the context object, for the line of an item."""
        self.items: tuple[int, ...] = ()
        """Which items of the Maps around it the line works on, the item of the outermost Map first."""
        self.input = document
        """The input of the state that the line is in; between two states, the output of the first."""
        self.variables: Mapping[str, JSON] = NOTHING
        """The variables in scope. The mapping is replaced and never changed, so lines can share it."""
        self.last = last
        """Id of the event that causes the next event of this line."""
        self.state = ""
        """The state that the line is in or goes to next; empty before the first."""
        self.entered = 0
        """Id of the event that shows that the state was entered; 0 while the line stands before the state."""
        self.attempt: Attempt | None = None
        """The attempt that is under way, where the state is one that can be retried."""
        self.inside: Lines | MapWork | None = None
        """What runs inside the Parallel state or the Map that the line is in, until that succeeds."""
        self.failed = False
        """Whether the state that the line is in has failed for good."""
        self.over = False
        """Whether the line has left its last state."""
        self.own_pace: AtOnce | None = None
        """The pace of what is tried in one go, made when it is first needed."""
        self.evaluating: Pace | None = None
        """The pace of what is being evaluated, where that is work in one go or in slices."""

    def branch(self, document: JSON, last: int, item: JSON = None) -> Cursor:
        """A new line of control inside the state; ``last`` is the id of the event that causes its first event."""
        line = type(self)(self.execution, document, last, item if item is not None else self.item)
        line.variables = self.variables
        line.items = self.items if item is None else (*self.items, item["Item"]["Index"])
        return line

    def facing(self, item: JSON) -> Cursor:
        """A view of the line in its Map state, with an item before it: what the expressions of ItemSelector read."""
        line = self.branch(self.input, self.last, item)
        line.state, line.entered, line.evaluating = self.state, self.entered, self.evaluating
        return line

    def leave(self) -> None:
        """Forget what runs, or has run, inside the state."""
        self.inside = None

    # The history.

    def record(self, event_type: str, details: Mapping[str, JSON] | None = None) -> None:
        """Record an event that the line's last event has caused; the new event is the cause of the next."""
        self.last = self.execution.history.append(event_type, self.last, details)

    def explain(self, error: StateError) -> StateError:
        """The error as AWS shows it: the cause of an error that Step Functions itself has found names the state.

        Where an expression in JSONata has failed, an event of its own is recorded, too.
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

    # The clock.

    async def wait_until(self, instant: float, name: str) -> None:
        """Wait until an instant, in seconds since 1970. ``name`` says what is waited for.

        Raises:
            TimedOut: an execution may not take so long.
        """
        execution = self.execution
        await execution.loop.timer(min(instant, execution.deadline), name)
        execution.record.touch()
        if instant > execution.deadline:
            raise TimedOut

    # What expressions read.

    def frame(self, document: JSON) -> StateFrame:
        """What the state's expressions may read, with the document as ``$``."""
        return StateFrame(document, self)

    def now(self) -> float:
        """The time in seconds since 1970."""
        return self.execution.record.now()

    def chose(self, text: str) -> Chose | None:
        """Counts which way the conditionals of an expression of the state go, if coverage is wanted."""
        coverage = self.execution.outside.coverage
        return None if coverage is None else coverage.chose(self.state, text)

    @property
    def random(self) -> random.Random:
        """The execution's source of chance."""
        return self.execution.random

    @property
    def pace(self) -> Pace:
        """How the expressions of the state share the loop with others."""
        return self.evaluating or Unhurried(self.execution.random)

    async def do(self, state: State, work: Callable[[], T]) -> T:
        """Do some of the state's work, in which it evaluates expressions: in one go, or in slices if it is long.

        Work that is too long for one go is begun anew, so it changes nothing before its end.
        """
        if isinstance(state.flow, PathFlow):  # whose expressions are short
            return work()
        try:
            return self.do_at_once(work)
        except TooLong:
            return await self.do_in_slices(work)

    def do_at_once(self, work: Callable[[], T]) -> T:
        """Do some of the work of a state in JSONata in one go.

        Raises:
            TooLong: it is to be begun anew, in slices.
        """
        self.evaluating = self._at_once()
        try:
            return work()
        finally:
            self.evaluating = None

    def try_at_once(self, run: Callable[[Any, Cursor], Exit], state: State) -> Exit | None:
        """Do all the work of a state in JSONata in one go; None if it is too long."""
        self.evaluating = self._at_once()
        try:
            return run(state, self)
        except TooLong:
            return None
        finally:
            self.evaluating = None

    def _at_once(self) -> AtOnce:
        pace = self.own_pace
        if pace is None:
            pace = self.own_pace = AtOnce(self.execution)
        pace.begin()
        return pace

    async def do_in_slices(self, work: Callable[[], T]) -> T:
        """Do some of the work of a state in JSONata in slices, between which others have their turn."""
        pace = InSlices(self.execution.random.getrandbits(128))
        slices = Slices(work, f"what {self.state!r} evaluates")
        pace.of(slices)
        self.evaluating = pace
        try:
            while not slices.go_on():
                await turn()
            return slices.result()
        finally:
            self.evaluating = None
            slices.abandon()

    def context(self) -> JSON:
        """The context object.

        Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html
        """
        execution, attempt = self.execution, self.attempt
        entered_at = execution.history.events[self.entered - 1].timestamp if self.entered else execution.started_at
        state: dict[str, JSON] = {"Name": self.state, "EnteredTime": iso(entered_at)}
        context = {**execution.context, "State": state}
        if attempt is not None:
            state["RetryCount"] = attempt.retries
        if self.item is not None:
            context["Map"] = self.item
        if attempt is not None and attempt.token is not None:
            context["Task"] = {"Token": attempt.token}
        return context

    # What the state hands on, held to the quotas and counted by the history, which keeps it.

    def check_size(self, value: JSON, what: str) -> None:
        """Check a result or an output against the quota on payloads.

        Raises:
            StateError: States.DataLimitExceeded; the message names ``what``.
        """
        if value is not self.input and isinstance(value, (dict, list, str)):
            execution = self.execution
            size = measure(value, execution.quotas.payload_bytes)
            if size is None:
                raise too_large(what)
            execution.history.made(size)

    def check_arguments(self, value: JSON) -> None:
        """Check what the state hands to a service, or to the states inside it, against the quota on payloads.

        Raises:
            StateError: States.DataLimitExceeded.
        """
        if value is not self.input:
            size = measure(value, self.execution.quotas.payload_bytes)
            if size is None:
                cause = f"The state '{self.state}' has arguments with a size {OVER_QUOTA}"
                raise StateError(DATA_LIMIT_EXCEEDED, cause)
            self.execution.history.made(size)

    def assigned(self, flow: Flow, frame: StateFrame, result: JSON) -> Assigned:
        """The variables that a state sets when it succeeds with this result.

        Raises:
            StateError: an expression has failed, or the variables exceed a quota.
        """
        values = flow.assign(frame, result)
        if not values:
            return None
        quotas = self.execution.quotas
        variables = {**self.variables, **values}
        may_be_many = len(variables) * quotas.payload_bytes > quotas.variables_bytes
        size = measure(values, quotas.payload_bytes)
        if size is None or (may_be_many and measure(variables, quotas.variables_bytes) is None):
            message = f"The state '{self.state}' assigns variables with a size {OVER_QUOTA}"
            raise StateError(DATA_LIMIT_EXCEEDED, message)
        self.execution.history.made(size)
        return values
