"""What every history must obey, whatever the machine: one checker, by the links that AWS records.

``previous`` names the event that caused an event, so following it back gives the line of control. Each event thereby has
a stack: the states, and the iterations of Map, that are open after it, outermost first. What an event may do to the stack
of its cause is the law here.

What a failure aborts is linked to the event that shows the failure, whichever line that is on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from botocore.session import Session

from asl_interpreter.history import TERMINAL, Event
from asl_interpreter.running.execution import Execution

TYPES = frozenset(
    Session().get_service_model("stepfunctions").shape_for("HistoryEventType").enum  # what AWS can record
)
UNLINKED = {"ExecutionAborted", "ExecutionTimedOut"}
"""Terminal events that nothing in the machine caused."""
LINKED = {"ExecutionRedriven", "ExecutionFailed", "ExecutionSucceeded"}
"""What follows something, even if that is not a state."""
IN_FLIGHT = ("Scheduled", "Started", "Submitted")
"""How the event types end after which a state still waits for something."""

_ATTEMPT = {"Entered", "Failed", "TimedOut", "Succeeded", "EvaluationFailed"}
"""After these an attempt may be scheduled: the first one; a retry; a retry after the output could not be made."""
ORDER = {
    "Scheduled": _ATTEMPT,
    "Started": {"Scheduled"},
    "Submitted": {"Started"},
    "Succeeded": {"Started", "Submitted"},
    "Failed": {"Started", "Submitted"},
    "TimedOut": {"Started", "Submitted"},
}
"""Which step of a task may follow which."""


@dataclass
class Open:
    """A state, or an iteration of a Map, that has begun; ``attempt`` is the event that started its children."""

    name: str
    entered: int
    kind: str
    attempt: Event | None = None
    failed: bool = False
    resumable: bool = False
    """It has been aborted, or has failed: a redrive opens it again."""
    started: list[int] = field(default_factory=list)
    succeeded: list[int] = field(default_factory=list)


Stack = tuple[Open, ...]


def legal(events: Sequence[Event]) -> None:
    """Check a whole history; an AssertionError says which event breaks which law."""
    _check_numbers(events)
    _Lines().follow(events)


def all_legal(execution: Execution) -> None:
    """Check the histories of an execution and of those that its Map Runs have started."""
    legal(execution.history.events)
    for run in execution.map_runs:
        assert run.executions["RUNNING"] == 0, "an execution of a Map Run that has ended runs on"
        for name, child in run.children.items():
            all_legal(child.restore(run, name))


def _check_numbers(events: Sequence[Event]) -> None:
    assert [event.id for event in events] == list(range(1, len(events) + 1))
    assert (events[0].type, events[0].previous) == ("ExecutionStarted", 0)
    ends = [event.id for event in events if event.type in TERMINAL]
    redriven = [event for event in events if event.type == "ExecutionRedriven"]
    assert ends == [*(event.id - 1 for event in redriven), len(events)]
    assert [(event.previous, event.details) for event in redriven] == [
        (event.id - 1, {"redriveCount": count}) for count, event in enumerate(redriven, 1)
    ]
    assert [event for event in events[1:] if event.type == "ExecutionStarted"] == []
    time = events[0].timestamp
    for event in events:
        assert event.type in TYPES, f"AWS has no {event.type}"
        assert 0 <= event.previous < event.id, event
        assert time <= event.timestamp, f"time goes back: {event}"
        time = event.timestamp
        first = event.id <= 2 or not any(before.type.endswith("StateEntered") for before in events[: event.id - 1])
        unlinked = event.type in UNLINKED or (first and event.type not in LINKED)
        of_first = event.type == "EvaluationFailed"  # what caused the state causes it: of the first state nothing
        assert of_first or (event.previous == 0) == unlinked, f"linked to nothing: {event}"


class _Lines:
    """The lines of control of one history."""

    def __init__(self) -> None:
        self._after: dict[int, Stack] = {0: ()}
        self._types: dict[int, str] = {0: ""}
        self._open: dict[int, tuple[Open, int]] = {}
        """What has begun and not ended: by the id it began with; and the last event of its line."""
        self._begun: list[Open] = []
        self._causes: dict[int, int] = {}

    def follow(self, events: Sequence[Event]) -> None:
        for event in events[1:-1]:
            try:
                if event.type in TERMINAL:
                    self._end(event)
                    continue
                stack = self._next(event, self._after.get(event.previous, ()))
            except AssertionError as error:
                raise AssertionError(f"{event}: {error}") from None
            self._after[event.id] = stack
            self._types[event.id] = event.type
            self._causes[event.id] = event.previous
            for frame in stack:
                current, _ = self._open.get(frame.entered, (None, 0))
                assert current is frame, f"{event} is later than the end of {frame.name}, or of its attempt"
                self._open[frame.entered] = frame, event.id
        self._end(events[-1])

    def _end(self, event: Event) -> None:
        if event.type in UNLINKED or self._types[event.previous] == "ExecutionRedriven":
            return
        open_at_the_end = {frame.entered for frame in self._after[event.previous]}
        if event.type == "ExecutionSucceeded":
            assert not open_at_the_end, f"{event} links into {open_at_the_end}"
        left = set(self._open) - open_at_the_end
        assert not left, f"{event.type} leaves open what began with the events {sorted(left)}"

    def _next(self, event: Event, stack: Stack) -> Stack:
        what = event.type
        if what.endswith("StateEntered"):
            return self._enter(event, stack)
        if what == "ExecutionRedriven":
            return self._reopen()
        if what == "MapRunAborted":
            assert "MapRunStarted" in self._types.values(), "no Map Run has started"
            return ()
        if what.endswith("Aborted"):
            return self._abort(event, stack)
        if what.endswith("StateExited"):
            return self._leave(event, stack)
        if what == "EvaluationFailed":
            return self._evaluation_failed(event, stack)
        if what.startswith("MapRun"):
            return self._map_run(event, stack)
        if what.startswith(("MapIteration", "MapState", "ParallelState")):
            return self._composite(event, stack)
        return self._task(event, stack)

    def _enter(self, event: Event, stack: Stack) -> Stack:
        cause = self._types[event.previous]
        if cause.endswith("StateEntered"):
            raise AssertionError("a state causes another before it has done anything")
        assert not cause.endswith(IN_FLIGHT) or cause in ("MapIterationStarted", "ParallelStateStarted"), cause
        assert event.details is not None
        frame = Open(event.details["name"], event.id, event.type.removesuffix("StateEntered"))
        self._open[event.id] = frame, event.id
        self._begun.append(frame)
        return (*stack, frame)

    def _leave(self, event: Event, stack: Stack) -> Stack:
        assert stack, "no state is open"
        top = stack[-1]
        assert top.kind == event.type.removesuffix("StateExited"), f"the innermost open state is {top}"
        assert event.details is not None
        assert top.name == event.details["name"], f"the innermost open state is {top.name}"
        assert not self._types[event.previous].endswith(IN_FLIGHT) or top.kind in ("Map", "Parallel")
        assert not self._inside(top), f"{self._inside(top)} are still open"
        self._forget_inside(top)
        self._close(top)
        top.resumable = False
        return stack[:-1]

    def _evaluation_failed(self, event: Event, stack: Stack) -> Stack:
        """An expression of a state has failed; what caused the state causes that, if it had recorded nothing else."""
        assert event.details is not None
        name = event.details["state"]
        if stack and stack[-1].name == name:
            return stack
        found = [frame for frame in self._begun if frame.name == name and frame.entered in self._open]
        found = [frame for frame in found if self._causes[frame.entered] == event.previous]
        assert found, f"{name} was not caused by the event {event.previous}"
        return (*stack, found[-1])

    def _abort(self, event: Event, stack: Stack) -> Stack:
        """One of what is open inside a Parallel or a Map on the line that failed; which one, the event need not say."""
        details = event.details or {}
        iteration = (details.get("name"), str(details.get("index")))
        kind = "iteration" if event.type == "MapIterationAborted" else event.type.removesuffix("StateAborted")
        around = [frame.entered for frame in stack if frame.kind in ("Parallel", "Map")]
        found = [
            frame
            for outer in reversed(around)
            for frame, _ in self._open.values()
            if frame.kind == kind
            and not frame.failed
            and (not details or (self._after[frame.entered][-2].name, frame.name) == iteration)
            and any(each.entered == outer != frame.entered for each in self._after[frame.entered])
        ]
        assert found, f"no {kind} is open that could be aborted"
        self._close(found[0])
        found[0].resumable = True
        return ()

    def _reopen(self) -> Stack:
        """A redrive: what was aborted, or had failed, goes on."""
        for frame in self._begun:
            if frame.resumable:
                frame.resumable = frame.failed = False
                self._open[frame.entered] = frame, frame.entered
        return ()

    def _map_run(self, event: Event, stack: Stack) -> Stack:
        """A Map Run starts, or goes on, where its Map has started, and ends once; of its executions nothing is here."""
        cause = self._types[event.previous]
        if event.type in ("MapRunStarted", "MapRunRedriven"):
            assert cause == "MapStateStarted", cause
        else:
            assert event.type in ("MapRunSucceeded", "MapRunFailed"), event.type
            assert cause in ("MapRunStarted", "MapRunRedriven", "EvaluationFailed"), cause
        assert stack[-1].kind == "Map"
        return stack

    def _composite(self, event: Event, stack: Stack) -> Stack:
        what, details = event.type, event.details or {}
        if what in ("MapStateStarted", "ParallelStateStarted"):
            return self._start(event, self._unwind(stack, what.removesuffix("StateStarted"), event))
        if what in ("MapStateFailed", "ParallelStateFailed"):
            stack = self._unwind(stack, what.removesuffix("StateFailed"), event)
            unstarted = self._types[event.previous] == "EvaluationFailed"
            assert stack[-1].attempt is not None or unstarted, "it has not started"
            stack[-1].failed = stack[-1].resumable = True
            return stack
        if what == "MapIterationStarted":
            return self._iterate(event, stack)
        if what.startswith("MapIteration"):
            return self._end_iteration(event, stack)
        assert what in ("MapStateSucceeded", "ParallelStateSucceeded")
        top = stack[-1]
        assert top.kind == what.removesuffix("StateSucceeded")
        if top.kind == "Map" and self._types[event.previous] != "MapRunSucceeded":
            assert top.attempt is not None
            length = (top.attempt.details or {})["length"]
            assert top.started == list(range(length)), f"it began the iterations {top.started} of {length}"
            assert sorted(top.succeeded) == top.started, f"the iterations {top.succeeded} succeeded of {length}"
        assert not self._inside(top), f"{self._inside(top)} are still open"
        assert details == {}
        return stack

    def _start(self, event: Event, stack: Stack) -> Stack:
        """An attempt begins; what is left of the one before has ended."""
        top = stack[-1]
        self._close_inside(top)
        self._forget_inside(top)
        fresh = replace(top, attempt=event, started=[], succeeded=[])
        self._begun = [fresh if frame is top else frame for frame in self._begun]
        self._open[top.entered] = fresh, event.id
        return (*stack[:-1], fresh)

    def _forget_inside(self, frame: Open) -> None:
        """What ended inside it can be gone on with no more."""
        for inner in self._begun:
            if inner.entered > frame.entered and any(
                outer.entered == frame.entered for outer in self._after[inner.entered]
            ):
                inner.resumable = False

    def _unwind(self, stack: Stack, kind: str, event: Event) -> Stack:
        """The stack up to the state which this event belongs to: just entered, or its innermost failure is the cause."""
        while stack and not self._could(stack[-1], kind, event):
            stack = stack[:-1]
        assert stack, f"no {kind} state is open that could do so"
        self._close_inside(stack[-1])
        return stack

    def _could(self, frame: Open, kind: str, event: Event) -> bool:
        """Whether it may be this state that starts, fails or is aborted."""
        if frame.kind != kind or frame.failed or frame.entered not in self._open:
            return False
        if event.type.endswith("Aborted"):
            return True
        if event.type.endswith("Failed") and self._types[event.previous] == "EvaluationFailed":
            return True  # an expression of the state itself, as recorded
        return frame.attempt is not None or (event.type.endswith("Started") and frame.entered == event.previous)

    def _iterate(self, event: Event, stack: Stack) -> Stack:
        details = event.details or {}
        if stack[-1].kind == "iteration":
            stack = stack[:-1]  # it links to the end of the iteration before it
        top = stack[-1]
        assert (top.kind, top.name) == ("Map", details["name"])
        assert top.attempt is not None
        assert details["index"] == len(top.started), f"after the iterations {top.started}"
        top.started.append(details["index"])
        frame = Open(str(details["index"]), event.id, "iteration")
        self._open[event.id] = frame, event.id
        self._begun.append(frame)
        return (*stack, frame)

    def _end_iteration(self, event: Event, stack: Stack) -> Stack:
        details = event.details or {}
        failed = event.type == "MapIterationFailed"
        while stack[-1].kind != "iteration":
            top = stack[-1]
            assert failed, f"{top.name} is open"
            unstarted = top.entered == event.previous
            if top.kind in ("Map", "Parallel") and (unstarted or self._types[event.previous].endswith("Succeeded")):
                self._close(top)  # nothing in it failed: it has failed without a word
                top.resumable = True
            stack = stack[:-1]
        frame = stack[-1]
        assert frame.name == str(details["index"])
        assert stack[-2].name == details["name"]
        if event.type == "MapIterationSucceeded":
            stack[-2].succeeded.append(details["index"])
        if failed:
            frame.resumable = True
        else:
            assert not self._inside(frame), f"{self._inside(frame)} are still open"
            self._forget_inside(frame)
        self._close(frame)
        return () if failed else stack[:-1]

    def _task(self, event: Event, stack: Stack) -> Stack:
        family = "LambdaFunction" if event.type.startswith("LambdaFunction") else "Task"
        assert event.type.startswith(family), "it belongs to no state"
        assert stack, "no state is open"
        assert stack[-1].kind == "Task"
        step, cause = event.type.removeprefix(family), self._types[event.previous]
        before = cause.removeprefix("TaskState").removeprefix(family)
        assert before in ORDER[step], f"{step} after {cause}"
        return stack

    def _inside(self, frame: Open) -> list[int]:
        """What is open inside a state or an iteration, by the ids it began with."""
        return [
            entered
            for entered, (_, last) in self._open.items()
            if entered > frame.entered and any(outer.entered == frame.entered for outer in self._after[last])
        ]

    def _close_inside(self, frame: Open) -> None:
        """An attempt has failed: of its lines, only states that fail at once end without a word."""
        for entered in self._inside(frame):
            inner, last = self._open[entered]
            assert inner.kind not in ("iteration", "Task", "Wait"), f"{inner.kind} {inner.name} is left open"
            under_way = inner.kind in ("Map", "Parallel") and not inner.failed and self._after[last][-1] is inner
            assert (
                not under_way or last == inner.entered or self._types[last].endswith(("Succeeded", "EvaluationFailed"))
            ), inner
            self._close(inner)
            inner.resumable = True

    def _close(self, frame: Open) -> None:
        assert frame.entered in self._open, f"{frame.name} has ended before"
        del self._open[frame.entered]
