"""What the outside answered in a recorded history, and Tasks that get these answers again.

An answer belongs to a state, to the items of the Maps around it, and to an attempt, so that each of many concurrent
items gets its own whatever the order in which the items run now.
"""

from __future__ import annotations

import base64
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from asl_interpreter.errors import (
    DATA_LIMIT_EXCEEDED,
    HEARTBEAT_TIMEOUT,
    OURS,
    TIMEOUT,
    AnswerTooLarge,
    HeartbeatTimeout,
    StateError,
    TaskTimedOut,
)
from asl_interpreter.jsontext import JSON
from asl_interpreter.loop.signals import Signal
from asl_interpreter.tasks import (
    LONGEST_LATER,
    Callback,
    Integration,
    Later,
    Resolve,
    Submitted,
    TaskRequest,
)
from emulator.bench.visits import Event, Visit, details_of, payload, read_visits, seconds
from emulator.progress import Step

if TYPE_CHECKING:
    from asl_interpreter.engine import Engine

Place: TypeAlias = "tuple[str, tuple[int, ...]]"
"""The name of a Task's state, and the items of the Maps around it, of the outermost Map first."""

NO_ANSWER: Final = f"{OURS}NoRecordedAnswer"
"""A Task has made an attempt that the recorded execution had not made."""
NEVER: Final = LONGEST_LATER
FAMILIES: Final = ("TaskState", "Task", "LambdaFunction", "Activity")


@dataclass(slots=True)
class Answer:
    """What came of one attempt; times are in seconds from when it was scheduled."""

    details: Mapping[str, Any]
    """Those of its event TaskScheduled, LambdaFunctionScheduled or ActivityScheduled."""
    scheduled_at: float
    started_after: float = 0.0
    worker: str | None = None
    """Who took on the task of an activity."""
    submitted: bool = False
    submitted_after: float = 0.0
    submitted_output: JSON = None
    ended_after: float | None = None
    """None if nothing came while the execution ran."""
    output: JSON = None
    error: Exception | None = None

    def later(self) -> Later:
        """What it gets."""
        if self.ended_after is None:
            return Later(NEVER)
        return Later(max(0.0, self.ended_after), value=self.output, error=self.error)


def place_of(visit: Visit) -> Place:
    """Where a visit is, as a Task's request says it."""
    items: list[int] = []
    around: Visit | None = visit
    while around is not None:
        if around.item is not None:
            items.insert(0, around.item)
        around = around.inside
    return visit.state, tuple(items)


def recorded_answers(history: Iterable[Event], since: int = 1) -> dict[Place, list[Answer]]:
    """The answers in a history, or from an event on, those of each place in the order of the attempts."""
    events = list(history)
    visits = read_visits(events)
    found: dict[Place, list[Answer]] = defaultdict(list)
    for event in events:
        visit = visits.owner[event["id"]]
        if visit is not None and visit.type == "Task" and visit.event >= since:
            what = next((event["type"][len(family) :] for family in FAMILIES if event["type"].startswith(family)), "")
            _note(found[place_of(visit)], what, event)
    return dict(found)


def _note(answers: list[Answer], what: str, event: Event) -> None:
    details, now = details_of(event), seconds(event["timestamp"])
    if what == "Scheduled":
        answers.append(Answer(details, now))
    if not answers or answers[-1].ended_after is not None:
        return
    answer = answers[-1]
    after = now - answer.scheduled_at
    if what == "Started":
        answer.started_after, answer.worker = after, details.get("workerName")
    elif what == "Submitted":
        answer.submitted, answer.submitted_after = True, after
        answer.submitted_output = payload(details.get("output"))
    elif what == "Succeeded":
        answer.ended_after, answer.output = after, payload(details.get("output"))
    elif what in ("Failed", "StartFailed", "SubmitFailed", "ScheduleFailed"):
        answer.ended_after = after
        answer.error = _failure(details)
    elif what == "TimedOut" and not _by_its_own_limit(answer, after):
        answer.ended_after, answer.error = after, _timeout(details)


def _by_its_own_limit(answer: Answer, after: float) -> bool:
    """Whether nobody had answered when the state's own TimeoutSeconds or HeartbeatSeconds were over."""
    limits = [answer.details[name] for name in ("timeoutInSeconds", "heartbeatInSeconds") if name in answer.details]
    return bool(limits) and (after == 0 or after >= min(limits))


def _failure(details: Mapping[str, Any]) -> StateError:
    error, cause = details.get("error"), details.get("cause")
    if error == DATA_LIMIT_EXCEEDED:
        return AnswerTooLarge(cause)
    return StateError(error, cause)


def _timeout(details: Mapping[str, Any]) -> StateError:
    error, cause = details.get("error", TIMEOUT), details.get("cause")
    return HeartbeatTimeout(cause) if error == HEARTBEAT_TIMEOUT else TaskTimedOut(cause)


@dataclass(slots=True)
class Answering:
    """The integrations of one execution, whose Tasks get recorded answers."""

    resolve: Resolve
    answers: Mapping[Place, list[Answer]]
    engine: Engine
    made: dict[Place, int] = field(default_factory=lambda: defaultdict(int))
    """How many attempts there were at each place."""
    step: Step | None = None
    """Is told of each answer that is given, if anybody watches."""

    def __call__(self, resource: str, state: str = "", /) -> Integration:
        """The integration of a Resource ARN; nothing outside is asked.

        Raises:
            UnknownResource: AWS would not recognize it.
        """
        integration = self.resolve(resource, state)
        activity = integration.kind == "activity"
        opens = integration.open_callback is not None
        return replace(
            integration,
            handler=self._work if activity else self._submit if "." in integration.action else self._reply,
            blocking=False,
            open_callback=open_callback if opens else None,
            apart=lambda _request: False,
        )

    def _next(self, request: TaskRequest) -> Answer:
        context: Any = request.context
        place: Place = (context["State"]["Name"], request.items)
        answers, attempt = self.answers.get(place, []), self.made[place]
        self.made[place] += 1
        if self.step is not None:
            self.step(1)
        if attempt >= len(answers):
            where = f"{place[0]}{''.join(f'[{item}]' for item in place[1])}"
            cause = f"{where} has no recorded answer for attempt {attempt + 1}; it has {len(answers)}."
            return Answer({}, 0, ended_after=0, error=StateError(NO_ANSWER, cause))
        return answers[attempt]

    def _reply(self, request: TaskRequest) -> Later:
        return self._next(request).later()

    def _submit(self, request: TaskRequest) -> Later | Submitted:
        answer = self._next(request)
        if not answer.submitted:
            return answer.later()
        outcome: Signal[JSON] = Signal("a recorded answer")
        self._after(answer.later().after, lambda: _happen(answer, outcome))
        return Submitted(answer.submitted_output, outcome)

    def _work(self, request: TaskRequest) -> Signal[JSON]:
        answer, taken, callback = self._next(request), Signal[JSON]("a worker"), request.callback

        def end() -> None:
            if callback is not None:
                _happen(answer, callback)

        def take() -> None:
            taken.set(answer.worker)
            self._after(answer.later().after - answer.started_after, end)

        self._after(answer.started_after, take)
        return taken

    def _after(self, delay: float, action: Any) -> None:
        """Have something done after so many seconds. On the loop."""
        self.engine.loop.sleep(max(0.0, delay), "a recorded answer").subscribe(action)


def _happen(answer: Answer, outcome: Signal[JSON]) -> None:
    if answer.error is not None:
        outcome.fail(answer.error)
    else:
        outcome.set(answer.output)


def open_callback(_execution: str, seed: int) -> Callback:
    """A callback whose token looks like those of AWS."""
    return Callback("AQC" + base64.b64encode(seed.to_bytes(16, "big") * 12).decode())
