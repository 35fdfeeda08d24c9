"""A history read as visits: which states were entered, where, with what, what they tried, and how they were left.

``GetExecutionHistory`` is a list of events, each with the id of the event that caused it. A visit gathers the events of
one entry into one state; visits inside a Parallel state or a Map know the visit that they are in. Histories recorded on
AWS are read alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, Literal, TypeAlias

from asl_interpreter.jsontext import JSON, InvalidJSON, loads
from emulator.stepfunctions.rendering import details_member

Event: TypeAlias = Mapping[str, Any]
"""An event as GetExecutionHistory answers it; its timestamp in seconds since 1970, or a datetime of boto3."""
Status: TypeAlias = Literal["RUNNING", "SUCCEEDED", "CAUGHT", "FAILED", "ABORTED"]

_SCHEDULED: Final = ("TaskScheduled", "LambdaFunctionScheduled", "ActivityScheduled")
_ENDED_WELL: Final = ("TaskSucceeded", "LambdaFunctionSucceeded", "ActivitySucceeded")
_ENDED_BADLY: Final = tuple(
    f"{prefix}{how}"
    for prefix in ("Task", "LambdaFunction", "Activity")
    for how in ("Failed", "TimedOut", "StartFailed", "SubmitFailed", "ScheduleFailed")
)

_AROUND: Final = {"ParallelState": "Parallel", "MapState": "Map", "MapRun": "Map"}
"""Beginnings of types of events -> the Type of the state that they belong to."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """What the type of an event says of all events of that type."""

    details: str
    """The member that holds the details."""
    enters: bool
    exits: bool
    aborts: bool
    of_execution: bool
    around: str | None
    """The Type of the state that the event belongs to, of those that have others inside."""
    named: bool
    """Whether the details name the state that the event belongs to."""


@lru_cache(256)
def _kind(event_type: str) -> _Kind:
    exits = event_type.endswith("StateExited")
    return _Kind(
        details_member(event_type),
        event_type.endswith("StateEntered"),
        exits,
        event_type.endswith("StateAborted") or event_type == "MapRunAborted",
        event_type.startswith("Execution"),
        next((found for prefix, found in _AROUND.items() if event_type.startswith(prefix)), None),
        exits or event_type.startswith("MapIteration"),
    )


@dataclass(slots=True)
class Attempt:
    """One call that a Task made: what it asked, and what came of it."""

    state: str
    """The path of the state that made the call: ``Each[2]/Ship``."""
    service: str
    """``lambda:invoke``, ``dynamodb:putItem``; for a function or activity by its ARN, the ARN."""
    arguments: JSON
    started_at: float
    ended_at: float | None = None
    output: JSON = None
    error: str | None = None
    cause: str | None = None

    @property
    def succeeded(self) -> bool:
        """Whether the call has ended well."""
        return self.ended_at is not None and self.error is None


@dataclass(slots=True)
class Visit:
    """One entry into one state."""

    state: str
    type: str
    inside: Visit | None
    """The visit of the Parallel state or the Map around it."""
    item: int | None
    """Which item of the Map around it is worked on."""
    entered_at: float
    input: JSON
    event: int
    """Id of the event that shows the entry."""
    left_at: float | None = None
    output: JSON = None
    status: Status = "RUNNING"
    error: str | None = None
    cause: str | None = None
    variables: dict[str, JSON] = field(default_factory=dict)
    """The variables that the state assigned."""
    attempts: list[Attempt] = field(default_factory=list)
    """The calls of a Task, the first one first."""
    failed_inside: Visit | None = None
    """The visit inside the Parallel state or the Map whose failure made this one fail."""
    events: list[int] = field(default_factory=list)
    """Ids of its events, without those of states inside."""

    @property
    def duration(self) -> float | None:
        """Seconds from entry to exit; None if the state was never left."""
        return None if self.left_at is None else self.left_at - self.entered_at

    @property
    def path(self) -> str:
        """Where it is, from the outside in: ``Each[2]/Ship``."""
        own = self.state
        if self.inside is None:
            return own
        return f"{self.inside.path}{'' if self.item is None else f'[{self.item}]'}/{own}"

    @property
    def place(self) -> str:
        """The state with the states around it, whatever the item: ``Each/Ship``."""
        return self.state if self.inside is None else f"{self.inside.place}/{self.state}"


def seconds(timestamp: Any) -> float:
    """The timestamp of an event in seconds since 1970."""
    return timestamp.timestamp() if isinstance(timestamp, datetime) else float(timestamp)


def details_of(event: Event) -> Mapping[str, Any]:
    """The details of an event; empty if it has none."""
    found: Mapping[str, Any] = event.get(_kind(event["type"]).details, {})
    return found


def payload(text: JSON) -> JSON:
    """A payload of an event as a value; one that AWS has cut off stays a text."""
    if not isinstance(text, str):  # none, or a recording has read it already
        return text
    try:
        return loads(text)
    except InvalidJSON:
        return text


@dataclass(slots=True)
class Visits:
    """All visits of an execution, in the order of their entries, and whose each event is."""

    every: list[Visit] = field(default_factory=list)
    owner: dict[int, Visit | None] = field(default_factory=dict)
    """Id of an event -> the visit that it belongs to; None for events of the execution itself."""
    failed: Visit | None = None
    """The visit whose failure ended the execution."""
    attempts: list[Attempt] = field(default_factory=list)
    """The calls of all visits, in the order in which they were made."""


def read_visits(history: Iterable[Event]) -> Visits:
    """The visits that a history shows, in the order of its events."""
    reader = Reader()
    for event in history:
        reader.read(event)
    return reader.visits


class Reader:
    """Reads a history event by event, as it comes."""

    def __init__(self) -> None:
        self.visits = Visits()
        """What has been read so far."""
        self._around: dict[int, tuple[Visit | None, int | None]] = {0: (None, None)}
        """Id of an event -> the visit and the item inside which what the event causes takes place."""

    def read(self, event: Event) -> None:
        """Give an event to its visit."""
        kind, previous = event["type"], event.get("previousEventId", 0)
        about = _kind(kind)
        details: Mapping[str, Any] = event.get(about.details, {})
        before = self.visits.owner.get(previous)
        around = self._around.get(previous, (None, None))
        if about.enters:
            visit: Visit | None = self._enter(event, kind, details, around)
        else:
            visit = self._find(kind, about, details, before)
            if visit is not None:
                _note(self.visits, visit, event, details)
            if kind in ("ParallelStateFailed", "MapStateFailed", "MapIterationFailed"):
                _fail(visit, before)
        self.visits.owner[event["id"]] = visit
        if visit is not None:
            visit.events.append(event["id"])
        self._around[event["id"]] = self._inside(kind, details, visit, around)
        if kind in ("ExecutionFailed", "ExecutionTimedOut", "ExecutionAborted"):
            self._end(kind, details, before)

    def _enter(
        self, event: Event, kind: str, details: Mapping[str, Any], around: tuple[Visit | None, int | None]
    ) -> Visit:
        inside, item = around
        visit = Visit(
            state=details["name"],
            type=kind.removesuffix("StateEntered"),
            inside=inside,
            item=item,
            entered_at=seconds(event["timestamp"]),
            input=payload(details.get("input")),
            event=event["id"],
        )
        self.visits.every.append(visit)
        return visit

    def _find(self, kind: str, about: _Kind, details: Mapping[str, Any], before: Visit | None) -> Visit | None:
        """The visit of an event: that of its cause, or one around that, as the type and the name of a state say."""
        if about.of_execution:
            return None
        if kind == "EvaluationFailed":  # which AWS links to what came before the state
            name = details.get("state")
            return next((visit for visit in reversed(self.visits.every) if visit.state == name), before)
        visit = before
        name = details.get("name") if about.named else None
        if name is not None:
            while visit is not None and visit.state != name:
                visit = visit.inside
        elif about.around is not None:
            while visit is not None and visit.type != about.around:
                visit = visit.inside
        return visit or before

    def _inside(
        self,
        kind: str,
        details: Mapping[str, Any],
        visit: Visit | None,
        around: tuple[Visit | None, int | None],
    ) -> tuple[Visit | None, int | None]:
        if kind == "ParallelStateStarted":
            return visit, None
        if kind == "MapIterationStarted":
            return visit, details.get("index")
        if visit is None:
            return around
        return visit.inside, visit.item

    def _end(self, kind: str, details: Mapping[str, Any], before: Visit | None) -> None:
        status: Status = "FAILED" if kind == "ExecutionFailed" else "ABORTED"
        for visit in self.visits.every:
            if visit.status == "RUNNING":
                visit.status = status if visit is before or _contains(visit, before) else "ABORTED"
        if before is not None and kind == "ExecutionFailed":
            while True:
                before.status = "FAILED"
                before.error = before.error or details.get("error")
                before.cause = before.cause or details.get("cause")
                if before.failed_inside is None:
                    break
                before = before.failed_inside
            self.visits.failed = before


def _note(visits: Visits, visit: Visit, event: Event, details: Mapping[str, Any]) -> None:
    """Note in a visit what one of its events says."""
    kind, now = event["type"], seconds(event["timestamp"])
    about = _kind(kind)
    if about.exits:
        visit.left_at, visit.output = now, payload(details.get("output"))
        visit.status = "SUCCEEDED" if visit.error is None and visit.failed_inside is None else "CAUGHT"
        visit.variables = {name: payload(text) for name, text in details.get("assignedVariables", {}).items()}
    elif kind in _SCHEDULED:
        visit.attempts.append(_attempt(visit.path, kind, details, now))
        visits.attempts.append(visit.attempts[-1])
    elif kind in _ENDED_WELL:
        if visit.attempts:
            visit.attempts[-1].ended_at, visit.attempts[-1].output = now, payload(details.get("output"))
        visit.error = visit.cause = None
    elif kind in _ENDED_BADLY or kind in ("EvaluationFailed", "MapRunFailed"):
        error = details.get("error") or ("States.Timeout" if kind.endswith("TimedOut") else None)
        visit.error, visit.cause = error, details.get("cause")
        if visit.attempts and kind != "EvaluationFailed":
            last = visit.attempts[-1]
            last.ended_at, last.error, last.cause = now, error, details.get("cause")
    elif about.aborts:
        visit.left_at = now
        if visit.status != "FAILED":  # a Task that has failed is recorded as aborted all the same
            visit.status = "ABORTED"


def _fail(outer: Visit | None, inner: Visit | None) -> None:
    """A branch or an item has failed, and with it the state around it."""
    if outer is None or inner is None or inner is outer:
        return
    inner.status = "FAILED"
    outer.failed_inside = inner
    outer.error, outer.cause = inner.error, inner.cause


def _contains(outer: Visit, inner: Visit | None) -> bool:
    while inner is not None:
        if inner is outer:
            return True
        inner = inner.inside
    return False


def _attempt(state: str, kind: str, details: Mapping[str, Any], now: float) -> Attempt:
    if kind == "TaskScheduled":
        return Attempt(
            state, f"{details['resourceType']}:{details['resource']}", payload(details.get("parameters")), now
        )
    return Attempt(state, details["resource"], payload(details.get("input")), now)


def by_state(visits: Sequence[Visit], name: str) -> list[Visit]:
    """The visits of a state: by its name, its place (``Each/Ship``), or one of them by its path (``Each[2]/Ship``)."""
    return [visit for visit in visits if name in (visit.state, visit.place, visit.path)]
