"""Map Runs: what a Distributed Map has started, and what is kept of it.

A child is an execution like any other while it runs. When it has ended, only what can still be asked of it is kept, as
text: its input, its outcome and, of a STANDARD one, its history. One that could be redriven stays as it is.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-examine-map-run.html
"""

from __future__ import annotations

import copy
import dataclasses
import uuid
import zlib
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from .. import jsontext
from ..definition import Distribution, Transformation
from ..jsontext import JSON
from ..loop.signals import Signal
from ..packing import Keep, Packed
from ..timestamps import iso

if TYPE_CHECKING:
    from .execution import Execution, Start, Status

MapRunStatus: TypeAlias = Literal["RUNNING", "SUCCEEDED", "FAILED", "ABORTED"]

MAX_CONCURRENCY: Final = 10_000
"""How many children run at once at most: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""
PENDING: Final = "PENDING"
STOPPED: Final = "The parent Map Run was stopped."
"""The cause of a child that ends because its Map Run does."""
CHILD_BYTES: Final = 400
"""What is kept of an execution beside its text, about."""
_BAD_ENDS: Final = ("FAILED", "TIMED_OUT", "ABORTED")


_OF_CHILDREN: Final = ("number", "items", "status", "started_at", "stopped_at", "redrives", "redrive")
_NAME: Final = 7
"""Which part of an execution's ARN is its name."""


class Child:
    """One execution that a Map Run has started."""

    __slots__ = (
        *("_before", "_kept", "items", "number", "redrive", "redrives", "running", "started_at", "status"),
        "stopped_at",
    )

    def __init__(self, execution: Execution, number: int, items: int) -> None:
        self.number = number
        """Its place in the order of the items."""
        self.running: Execution | None = execution
        """The execution, unless only its text is kept."""
        self.items = items
        """How many items it processes."""
        self.status: Status = "RUNNING"
        self.started_at = execution.started_at
        self.stopped_at: float | None = None
        self.redrives = 0
        self.redrive = 0
        """Which redrive of the Map Run has run it last; 0 is none."""
        self._before: Status = "RUNNING"
        """How it had ended before it waited to be redriven."""
        self._kept: Packed | None = None

    def end(self) -> None:
        """Note how it has ended."""
        execution = self._execution()
        self.status, self.stopped_at = execution.status, execution.stopped_at
        if self.status == "SUCCEEDED" or execution.start.express:
            self.pack()

    def pack(self) -> None:
        """Keep nothing but text of it, unless it has Map Runs of its own."""
        if self.running is None or self.running.map_runs:
            return
        execution = self._execution()
        rows = [] if execution.start.express else execution.history.dump()
        text = jsontext.dumps([*self.outcome(), execution.redriven_at, rows])
        self._keep(text, execution.history.keep)
        self.running = None

    def _keep(self, text: str, keep: Keep) -> None:
        self._kept = keep(zlib.compress(text.encode(), 1)) if text else None

    def _text(self) -> str:
        return "" if self._kept is None else zlib.decompress(self._kept.read()).decode()

    def kept(self) -> dict[str, Any]:
        """What is kept of it beside its execution, as JSON values."""
        plain = {name: getattr(self, name) for name in _OF_CHILDREN}
        return {**plain, "before": self._before, "text": self._text()}

    @classmethod
    def restored(cls, kept: dict[str, Any], execution: Execution | None, keep: Keep) -> Child:
        """A child that has ended, as it was kept; ``execution`` if more than its text is."""
        child = cls.__new__(cls)
        child.running = execution
        child._take(kept, keep)  # noqa: SLF001 - its own kind
        return child

    def as_it_was(self) -> Child | None:
        """Another one that has ended as this one; None if it runs."""
        return None if self.status == "RUNNING" else copy.copy(self)

    def end_as(self, status: Status, started_at: float, stopped_at: float | None) -> None:
        """Have it ended in this way, now."""
        self.status, self.started_at, self.stopped_at = status, started_at, stopped_at
        if self.running is not None:
            self.running.status = status

    def _take(self, kept: dict[str, Any], keep: Keep) -> None:
        for name in _OF_CHILDREN:
            setattr(self, name, kept[name])
        self._before = kept["before"]
        self._keep(kept["text"], keep)

    @property
    def redrivable(self) -> bool:
        """Whether it has failed and can be redriven."""
        if self.status not in _BAD_ENDS:
            return False
        return self.running is None or self.running.spent is None

    def wait(self) -> None:
        """Wait to be redriven."""
        self._before, self.status = self.status, "PENDING_REDRIVE"
        if self.running is not None:
            self.running.status = "PENDING_REDRIVE"

    def give_up_waiting(self) -> None:
        """It will not be redriven: it has ended as it had before."""
        self.status = self._before
        if self.running is not None:
            self.running.status = self._before

    def begin_again(self, run: MapRun, name: str) -> Execution:
        """Have it redriven; an EXPRESS one starts again, under the same ARN.

        In a rehearsal another one stands for it, which does not begin: what it does is rehearsed later.
        """
        self.redrives, self.redrive = self.redrives + 1, run.redrives
        self.status, self.stopped_at = "RUNNING", None
        if self.running is not None and not run.how.express and not run.parent.record.given:
            self.running.redrive()
            return self.running
        self.running = run.parent.child(run.how.machine, run.start(name, self.outcome()[0]))
        if run.how.express:
            self.running.redrives = self.redrives
            self.started_at = self.running.started_at
        self.running.begin()
        return self.running

    def go_on(self, run: MapRun, name: str, before: Child | None) -> None:
        """Run in earnest after a rehearsal; ``before`` is how it had ended, if it had, and was to be redriven.

        Of what it may have done since then nothing was recorded.
        """
        execution = self._execution()
        if before is not None and before.running is not None and not run.how.express:
            self.running = execution = before.running
            execution.redrive()
        else:
            execution.record.waits = False
            execution.begin()
        run.follow(self, execution, name)

    def _execution(self) -> Execution:
        if self.running is None:
            message = "only the text of this child is kept"
            raise AssertionError(message)
        return self.running

    @property
    def size(self) -> int:
        """About how many bytes of memory it takes."""
        running = self.running
        kept = self._kept.size if self._kept is not None else 0
        return CHILD_BYTES + (kept if running is None else running.size)

    @property
    def elsewhere(self) -> int:
        """How many bytes it takes that are no memory."""
        running = self.running
        kept = self._kept.elsewhere if self._kept is not None else 0
        return kept if running is None else running.elsewhere

    def outcome(self) -> tuple[JSON, JSON, str | None, str | None]:
        """Its input, output, error and cause."""
        if self.running is not None:
            return self.running.start.input, self.running.output, self.running.error, self.running.cause
        given, output, error, cause, *_ = jsontext.loads(self._text())
        return given, output, error, cause

    def restore(self, run: MapRun, name: str) -> Execution:
        """The execution, made again from its text if that is all there is."""
        running = self.running  # which the loop may let go meanwhile
        if running is not None:
            return running
        given, output, error, cause, redriven_at, rows = jsontext.loads(self._text())
        execution = run.parent.child(run.how.machine, run.start(name, given))
        execution.status, execution.output, execution.error, execution.cause = self.status, output, error, cause
        execution.started_at, execution.stopped_at = self.started_at, self.stopped_at
        execution.redrives, execution.redriven_at = self.redrives, redriven_at
        execution.history.restore(rows)
        execution.ended.set(None)
        return execution


class MapRun:
    """One run of a Distributed Map."""

    def __init__(
        self,
        parent: Execution,
        state_name: str,
        how: Distribution,
        *,
        max_concurrency: int,
        tolerated_count: int | None,
        tolerated_percentage: float | None,
    ) -> None:
        machine_arn = parent.start.state_machine_arn.partition("/")[0]
        self.parent = parent
        self.state_name = state_name
        self.how = how
        self.label = how.label or str(uuid.uuid3(uuid.NAMESPACE_URL, f"{machine_arn}/{state_name}"))
        self._uuid = uuid.uuid3(uuid.NAMESPACE_URL, f"{parent.start.arn}/{len(parent.map_runs)}")
        self.id = str(self._uuid)
        self.arn = f"{_of_kind(machine_arn, 'mapRun')}/{self.label}:{self.id}"
        self.state_machine_arn = f"{machine_arn}/{self.label}"
        self.max_concurrency = _at_once(max_concurrency)
        self.tolerated_count = tolerated_count
        """None where the state sets no such limit."""
        self.tolerated_percentage = tolerated_percentage
        self.status: MapRunStatus = "RUNNING"
        self.started_at = parent.loop.clock.now()
        self.stopped_at: float | None = None
        self.children: dict[str, Child] = {}
        """By name, in the order of the items."""
        self.items: Counter[str] = Counter()
        """How many items there are, by the status of their executions; PENDING is what has been read only."""
        self.executions: Counter[str] = Counter()
        self.items_written = 0
        """How many items have had their results written, to S3 or to the state's output."""
        self.executions_written = 0
        self.redrives = 0
        self.redriven_at: float | None = None
        self.waiting: deque[str] = deque()
        """The names of the children that wait to be redriven."""
        self.exported: Sequence[JSON] = ()
        """The files with the results of what has succeeded."""
        self.exported_redrive = -1
        """Up to which redrive what has succeeded is in them."""
        self.news: Signal[None] = Signal()
        """Happens when a child has ended or a limit has changed."""

    @property
    def total(self) -> int:
        """How many items have been read."""
        return sum(self.items.values())

    @property
    def size(self) -> int:
        """About how many bytes of memory its executions take."""
        return sum(child.size for child in self.children.values())

    @property
    def elsewhere(self) -> int:
        """How many bytes they take that are no memory."""
        return sum(child.elsewhere for child in self.children.values())

    def read(self, items: int) -> None:
        """So many more items wait in one more execution."""
        self._count(PENDING, items)

    def begin(self, given: JSON, items: int) -> None:
        """Start the next execution."""
        number = len(self.children)
        name = str(uuid.uuid3(self._uuid, str(number)))
        execution = self.parent.child(self.how.machine, self.start(name, given))
        child = self.children[name] = Child(execution, number, items)
        self._count(PENDING, -items)
        self._count(child.status, items)
        child.redrive = self.redrives
        execution.begin()
        self.follow(child, execution, name)

    def redrive(self) -> None:
        """Go on with what has failed: from now on it waits for its turn."""
        self.status, self.stopped_at = "RUNNING", None
        self.redrives, self.redriven_at = self.redrives + 1, self.parent.loop.clock.now()
        for name, child in self.children.items():
            if child.redrivable:
                self._count(child.status, -child.items)
                child.wait()
                self._count(child.status, child.items)
                self.waiting.append(name)

    def redrive_next(self) -> None:
        """Redrive the child whose turn it is."""
        name = self.waiting.popleft()
        child = self.children[name]
        self._count(child.status, -child.items)
        self._count("RUNNING", child.items)
        self.follow(child, child.begin_again(self, name), name)

    def follow(self, child: Child, execution: Execution, name: str) -> None:
        """Count it when it has ended."""
        execution.ended.subscribe(lambda: self._end(child, name))

    def find(self, arn: str) -> Execution | None:
        """The execution with this ARN, if it is one of the run's."""
        name = ":".join(arn.split(":")[_NAME : _NAME + 1])
        child = self.children.get(name)
        return child.restore(self, name) if child is not None and self.arn_of(name) == arn else None

    def arn_of(self, name: str) -> str:
        """The ARN of the execution with this name."""
        if self.how.express:
            return f"{_of_kind(self.state_machine_arn, 'express')}:{name}:{uuid.uuid3(self._uuid, name)}"
        return f"{_of_kind(self.state_machine_arn, 'execution')}:{name}"

    def start(self, name: str, given: JSON) -> Start:
        """What the execution with this name is started with."""
        return dataclasses.replace(
            self.parent.start,
            arn=self.arn_of(name),
            name=name,
            state_machine_arn=self.state_machine_arn,
            input=given,
            input_text=jsontext.dumps(given),
            express=self.how.express,
            version_arn=None,
            alias_arn=None,
            map_run_arn=self.arn,
        )

    def end_again(self, name: str, status: Status, started_at: float, stopped_at: float | None) -> None:
        """Have the execution with this name end as it ended before; it may have been redriven since."""
        child = self.children[name]
        self._count(child.status, -child.items)
        before = self.parent.record.child_before(self, name)
        if before is not None:
            before.redrives, before.redrive = child.redrives, child.redrive
            self.children[name] = child = before
        child.end_as(status, started_at, stopped_at)
        self._count(child.status, child.items)
        self.news.set(None)

    def _end(self, child: Child, name: str) -> None:
        self._count(child.status, -child.items)
        child.end()
        self._count(child.status, child.items)
        ended = child.status, child.started_at, child.stopped_at
        self.parent.record.note("child", self.parent.map_runs.index(self), name, *ended)
        self.news.set(None)

    def had_times_of(self, before: MapRun) -> None:
        """Have the times that this Map Run had: a rehearsal knows those of events."""
        self.started_at, self.stopped_at = before.started_at, before.stopped_at
        self.redriven_at = before.redriven_at

    def _count(self, status: str, items: int) -> None:
        self.items[status] += items
        self.executions[status] += 1 if items > 0 else -1

    def has_failed(self, *, complete: bool) -> bool:
        """Whether more has failed than is tolerated; ``complete``: all items have been read, so that percents count."""
        failed = sum(self.items[status] for status in _BAD_ENDS)
        count, percentage = self.tolerated_count, self.tolerated_percentage
        if count is None and percentage is None:
            return failed > 0
        if count is not None and failed > count:
            return True
        return percentage is not None and complete and failed * 100 > percentage * self.total

    def not_redrivable(self) -> list[int]:
        """Of each child that has failed and cannot be redriven, how many items it has."""
        return [child.items for child in self.children.values() if child.status in _BAD_ENDS and not child.redrivable]

    def update(
        self, max_concurrency: int | None, tolerated_count: int | None, tolerated_percentage: float | None
    ) -> None:
        """Change limits, at once: UpdateMapRun. None leaves one as it is."""
        number = self.parent.map_runs.index(self)
        self.parent.record.note("limits", number, max_concurrency, tolerated_count, tolerated_percentage)
        if max_concurrency is not None:
            self.max_concurrency = _at_once(max_concurrency)
        if tolerated_count is not None:
            self.tolerated_count = tolerated_count
        if tolerated_percentage is not None:
            self.tolerated_percentage = tolerated_percentage
        self.news.set(None)

    def stop_children(self) -> None:
        """Stop what runs. EXPRESS executions cannot be stopped: they run to their end."""
        if not self.how.express:
            for child in self.children.values():
                if child.status == "RUNNING" and child.running is not None:
                    child.running.stop(None, STOPPED)

    def end(self, status: MapRunStatus) -> None:
        """Note how it ends. What can no longer be redriven is kept as text."""
        self.status, self.stopped_at = status, self.parent.loop.clock.now()
        while self.waiting:
            child = self.children[self.waiting.popleft()]
            self._count(child.status, -child.items)
            child.give_up_waiting()
            self._count(child.status, child.items)
        if status == "SUCCEEDED":
            for child in self.children.values():
                child.pack()

    def export(self, files: Sequence[JSON]) -> None:
        """The results of all executions have been exported; ``files`` have those of what has succeeded."""
        self.exported, self.exported_redrive = files, self.redrives
        self.write_all()

    def write_all(self) -> None:
        """The results of all executions have been written."""
        self.items_written = self.total
        self.executions_written = sum(self.executions.values())

    def entry(self, name: str, child: Child) -> JSON:
        """The result of an execution with what is to be known of it: Transformation NONE.

        Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html
        """
        given, output, error, cause = child.outcome()
        entry: dict[str, JSON] = {}
        if cause is not None:
            entry["Cause"] = cause
        if error is not None:
            entry["Error"] = error
        entry |= {
            "ExecutionArn": self.arn_of(name),
            "Input": jsontext.dumps(given),
            "InputDetails": {"Included": True},
            "Name": name,
        }
        if child.status == "SUCCEEDED":
            entry["Output"] = jsontext.dumps(output)
        entry |= {"OutputDetails": {"Included": True}, "RedriveCount": child.redrives}
        if not self.how.express and child.status == "SUCCEEDED":
            entry |= {
                "RedriveStatus": "NOT_REDRIVABLE",
                "RedriveStatusReason": "Execution is SUCCEEDED and cannot be redriven",
            }
        elif not self.how.express:
            entry["RedriveStatus"] = "REDRIVABLE_BY_MAP_RUN"
        entry |= {
            "StartDate": iso(child.started_at),
            "StateMachineArn": self.state_machine_arn,
            "Status": child.status,
            "StopDate": None if child.stopped_at is None else iso(child.stopped_at),
        }
        return entry

    def results(self, status: str | None, transformation: Transformation) -> Iterator[JSON]:
        """The results of the executions with a status, or of all, in the order of the items.

        SUCCEEDED are those that have not been exported yet. What failed is shown with what is to be known of it,
        whatever the transformation.
        """
        for name, child in self.children.items():
            succeeded = child.status == "SUCCEEDED"
            if status is not None and (
                succeeded != (status == "SUCCEEDED") or (succeeded and child.redrive <= self.exported_redrive)
            ):
                continue
            if transformation == "NONE" or not succeeded:
                yield self.entry(name, child)
                continue
            output = child.outcome()[1]
            if transformation == "FLATTEN" and isinstance(output, list):
                yield from output
            else:
                yield output


def _of_kind(machine_arn: str, kind: str) -> str:
    """The ARN of a state machine as the beginning of one of another kind."""
    return machine_arn.replace(":stateMachine:", f":{kind}:", 1)


def _at_once(max_concurrency: int) -> int:
    """How many children may run at once; 0 sets no limit of its own."""
    return min(max_concurrency or MAX_CONCURRENCY, MAX_CONCURRENCY)


def map_runs(execution: Execution) -> Iterator[MapRun]:
    """The Map Runs of an execution, and those of the executions that they have started. Safe from any thread."""
    yield from execution.map_runs
    for run in execution.map_runs:
        for child in list(run.children.values()):
            running = child.running
            if running is not None:
                yield from map_runs(running)
