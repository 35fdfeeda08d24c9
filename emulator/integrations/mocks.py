"""Mocks: what Tasks get in place of an answer from the outside.

A mock stands for one Task and says what each attempt gets: a value, an error, either of them after some time, or what
a callable makes of the arguments. It comes from a test (``Mocks``) or from the file of Step Functions Local
(``mock_config``). All else about the Task is as ever: its events, Retry and Catch, ResultSelector, its timeout.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias

from asl_interpreter.definition import Machine, Task, tasks_of
from asl_interpreter.errors import HEARTBEAT_TIMEOUT, OURS, TIMEOUT, HeartbeatTimeout, StateError, TaskTimedOut
from asl_interpreter.jsontext import JSON, dumps, loads
from asl_interpreter.loop.signals import Signal
from asl_interpreter.tasks import (
    Integration,
    Later,
    OpenCallback,
    Submitted,
    TaskHandler,
    TaskRequest,
    unchecked,
)
from emulator.faults import Fault
from emulator.stepfunctions.mocks import Answered, check_answer
from emulator.suggestions import unknown

if TYPE_CHECKING:
    from asl_interpreter.engine import Engine
    from emulator.integrations.resources import Resources

Answer: TypeAlias = "JSON | StateError | Later | Callable[[JSON], JSON | StateError | Later]"
"""What an attempt gets. A callable takes the Task's arguments, and may raise StateError as well."""

NO_ANSWER: Final = f"{OURS}NoMockedAnswer"
"""An attempt came after the last step of its mock."""
MOCK_FAILED: Final = f"{OURS}MockFailed"
"""A mock's callable raised, or gave what the service could not answer."""


class InvalidMock(ValueError):
    """A mock cannot be used. The message says which and why."""


@dataclass(frozen=True, slots=True)
class Step:
    """What the attempts from ``first`` to ``last`` get; the first attempt in an execution is number 0."""

    first: int
    last: float
    answer: Answer

    def __str__(self) -> str:
        """The attempts: ``0``, ``1-2``, ``3-*``."""
        if self.first == self.last:
            return str(self.first)
        return f"{self.first}-{'*' if self.last == math.inf else self.last}"


@dataclass(slots=True, eq=False)
class Mock:
    """Stands for a Task."""

    title: str
    """What messages call it."""
    task: str
    """Name of a state; or a Resource, which may be without ``arn:aws:states:::``."""
    steps: tuple[Step, ...]
    """In the order of the attempts that they are for, without a gap."""
    machine: str | None = None
    """The only state machine that it is for."""
    checked: bool = False
    """Whether its values must be what the operation could answer, if that is known."""
    optional: bool = False
    """Whether it may be left unused."""
    calls: list[JSON] = field(default_factory=list)
    """The arguments of every attempt that it has answered, in order."""
    complaints: list[str] = field(default_factory=list)
    """What was wrong with it."""

    def returns(self, value: JSON, *, times: int | None = None, after: float | str = 0) -> Mock:
        """Answer the next attempts with a value: so many of them, or all until another step follows, which is one.

        ``after`` is how long each takes in the machine: seconds, or text such as ``"3s"``, ``"2 min"``, ``"1h"``.

        Raises:
            TypeError, ValueError: the value is no JSON; there are no such times; ``after`` is no time.
        """
        return self._then(plain(Later(duration(after), value=value)), times)

    def throws(self, error: str, cause: str = "", *, times: int | None = None, after: float | str = 0) -> Mock:
        """Fail the next attempts with an error; else as ``returns``."""
        return self._then(Later(duration(after), error=StateError(error, cause)), times)

    then_returns = returns
    then_throws = throws

    def _then(self, answer: Answer, times: int | None) -> Mock:
        if times is not None and times < 1:
            raise ValueError(f"a mock answers at least once, not {times} times")
        *before, last = self.steps or (None,)
        if last is not None and last.last == math.inf:
            last = dataclasses.replace(last, last=last.first)
        first = 0 if last is None else int(last.last) + 1
        step = Step(first, math.inf if times is None else first + times - 1, answer)
        self.steps = (*(each for each in (*before, last) if each is not None), step)
        return self

    @property
    def blocking(self) -> bool:
        """Whether it runs code of a test, which may take real time or ask the engine something."""
        return any(callable(step.answer) for step in self.steps)

    def fits(self, machine: str, task: Task) -> bool:
        """Whether it is for a Task of a machine."""
        return self.machine in (None, machine) and self.task in _keys(task.resource, task.name)

    def answer(self, attempt: int, arguments: JSON) -> Later:
        """What an attempt gets.

        Raises:
            StateError: there is nothing for it, or the callable has failed.
        """
        self.calls.append(arguments)
        for step in self.steps:
            if attempt <= step.last:
                return _as_later(self._made(step.answer, arguments))
        listed = ", ".join(map(str, self.steps)) or "none"
        raise self.complain(NO_ANSWER, f"{self.title} has no step for attempt {attempt} (from 0); it has {listed}.")

    def complain(self, error: str, text: str) -> StateError:
        """Note what is wrong with the mock; the error that fails the execution."""
        self.complaints.append(text)
        return StateError(error, text)

    def _made(self, answer: Answer, arguments: JSON) -> Answer:
        if not callable(answer):
            return answer
        try:
            return plain(answer(loads(dumps(arguments))))
        except StateError as error:
            return error
        except Exception as error:
            raise self.complain(MOCK_FAILED, f"{self.title} raised {error!r}.") from error  # a mistake in the test


def plain(answer: Answer) -> Answer:
    """An answer whose value is JSON and nobody else's.

    Raises:
        TypeError, ValueError: it is not JSON.
    """
    if isinstance(answer, StateError) or callable(answer):
        return answer
    if isinstance(answer, Later):
        return dataclasses.replace(answer, value=plain(answer.value))
    return loads(json.dumps(answer, allow_nan=False))


_UNITS: Final = {"": 1, "s": 1, "min": 60, "m": 60, "h": 3600, "d": 86_400}


def duration(text: float | str) -> float:
    """A time in seconds, from a number of seconds or a text with a unit: ``"3s"``, ``"2 min"``, ``"1h"``, ``"1d"``.

    Raises:
        ValueError: it is neither.
    """
    if not isinstance(text, str):
        return text
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*", text)
    if found is None or found[2] not in _UNITS:
        raise ValueError(f"{text!r} is no time: seconds are wanted, or a text such as '3s', '2 min' or '1h'")
    return float(found[1]) * _UNITS[found[2]]


def steps_of(answers: Sequence[Answer]) -> tuple[Step, ...]:
    """One answer is for every attempt; several are for one each."""
    answers = [plain(answer) for answer in answers]
    if len(answers) == 1:
        return (Step(0, math.inf, answers[0]),)
    return tuple(Step(number, number, answer) for number, answer in enumerate(answers))


def _as_later(answer: Answer) -> Later:
    later = answer if isinstance(answer, Later) else Later(0, value=answer)
    if isinstance(later.value, StateError):
        later = Later(later.after, error=later.value)
    return dataclasses.replace(later, error=_as_seen(later.error))


def _as_seen(error: Exception | None) -> Exception | None:
    """A timeout is one to the history as well: the event that shows it is TaskTimedOut."""
    if isinstance(error, StateError) and not isinstance(error, TaskTimedOut):
        if error.error == TIMEOUT:
            return TaskTimedOut(error.cause)
        if error.error == HEARTBEAT_TIMEOUT:
            return HeartbeatTimeout(error.cause)
    return error


def _keys(resource: str, state: str) -> tuple[str, ...]:
    """By what a mock may name a Task, the most particular first."""
    return state, resource, short(resource)


def short(resource: str) -> str:
    """A Resource ARN without what is the same in all: ``glue:startJobRun.sync``."""
    return resource.rpartition(":states:::")[2]


class Mocks:
    """The mocks that tests have made in one world."""

    def __init__(self) -> None:
        self._mocks: list[Mock] = []
        self._met: dict[str, None] = {}
        self._told = False

    def add(self, mock: Mock) -> Mock:
        """Have a mock answer from now on, before those that were made earlier."""
        self._mocks.insert(0, mock)
        return mock

    def find(self, machine: str, resource: str, state: str) -> Mock | None:
        """What stands for a Task: the newest mock of its state; if there is none, of its Resource."""
        if not self._mocks:
            return None
        self._met[f"{state!r} ({short(resource)})"] = None
        for key in _keys(resource, state):
            for mock in self._mocks:
                if mock.task == key and mock.machine in (None, machine):
                    return mock
        return None

    def check(self, name: str, machine: Machine, others: Iterator[tuple[str, Machine]], answering: Answering) -> None:
        """See that each mock can stand for what it names, before an execution of a machine begins.

        Raises:
            InvalidMock: no machine has such a Task, or no service would answer this.
        """
        if not self._mocks:
            return
        tasks = list(tasks_of(machine))
        everywhere = [
            *((name, task) for task in tasks),
            *((other, task) for other, m in others for task in tasks_of(m)),
        ]
        for mock in self._mocks:
            if not mock.steps:
                raise InvalidMock(f"{mock.title} has no answer: give it one, or .returns(...) or .throws(...).")
            if mock.machine in (None, name) and not any(mock.fits(other, task) for other, task in everywhere):
                known = [key for _, task in everywhere for key in (task.name, short(task.resource))]
                hint = " Make a mock after its machine, or say which machine it is for."
                raise InvalidMock(f"{mock.title} stands for nothing. {unknown('Task', mock.task, known)}{hint}")
            for task in tasks:
                if mock.fits(name, task):
                    _check_values(mock, task.resource, answering)

    def take_verdict(self) -> str:
        """What was wrong with the mocks of a test, for people; nothing if all is well, or if it was told already."""
        if self._told:
            return ""
        self._told = True
        lines = list(dict.fromkeys(text for mock in reversed(self._mocks) for text in mock.complaints))
        unused = [mock for mock in reversed(self._mocks) if not mock.calls and not mock.optional]
        if unused:
            lines += [f"{mock.title} was never used." for mock in unused]
            lines.append(f"Tasks that were called: {', '.join(self._met) or 'none'}.")
            lines.append("A mock that may be left over says optional=True; see docs/mocks.md.")
        return "\n".join(lines)


Answering: TypeAlias = "Callable[[str], Answered | None]"
"""The operation whose answer is the result of a Resource, where a model tells."""


def _check_values(mock: Mock, resource: str, answering: Answering) -> None:
    for step in mock.steps:
        if not callable(step.answer):
            later = _as_later(step.answer)
            flaw = None if later.error is not None else _flaw(mock, resource, later.value, answering)
            if flaw is not None:
                raise InvalidMock(flaw)


def _flaw(mock: Mock, resource: str, value: JSON, answering: Answering) -> str | None:
    """Why a value cannot be what the operation answers, if so."""
    operation = answering(resource) if mock.checked else None
    if operation is None:
        return None
    try:
        check_answer(operation, value, strict=True)
    except Fault as fault:
        return f"{mock.title} is no answer of {short(resource)}: {fault.message} (checked=False allows it)"
    return None


Find: TypeAlias = Callable[[str, str], "Mock | None"]
"""The mock of a Task, from its Resource and the name of its state."""


class Mocked:
    """The integrations of one execution, some of which mocks stand for. Each counts its attempts from 0."""

    def __init__(self, resources: Resources, find: Find, engine: Engine, open_callback: OpenCallback) -> None:
        self._resources = resources
        self._find = find
        self._answering = resources.answering
        self._engine = engine
        self._open_callback = open_callback
        self._attempts: dict[Mock, Iterator[int]] = {}

    def __call__(self, resource: str, state: str = "", /) -> Integration:
        """The integration of a Resource ARN, or what stands for it.

        Raises:
            UnknownResource: AWS would not recognize it.
        """
        integration = self._resources(resource, state)
        mock = self._find(resource, state) if state else None
        if mock is None:
            return integration
        waits = integration.kind == "activity" or "." in integration.action
        return dataclasses.replace(
            integration,
            handler=self._handler(integration, mock, partial(self._answer, mock, resource)),
            blocking=mock.blocking or self._resources.stored(resource) is not None,
            open_callback=self._open_callback if waits else None,
            check_start=unchecked,
        )

    def _answer(self, mock: Mock, resource: str, request: TaskRequest) -> Later:
        """What an attempt gets, whatever goes wrong on the way included."""
        attempts = self._attempts.setdefault(mock, itertools.count())
        stored = self._resources.stored(resource)
        data = None if stored is None else stored(request)
        try:
            later = mock.answer(next(attempts), request.arguments if data is None else data.read())
            if later.error is not None:
                return later
            flaw = _flaw(mock, resource, later.value, self._answering)
            if flaw is not None:
                raise mock.complain(MOCK_FAILED, flaw)
            if data is not None:
                return dataclasses.replace(later, value=data.written(later.value))
        except StateError as error:
            return Later(0, error=error)
        failure = _function_error(resource, later.value)
        return later if failure is None else Later(later.after, error=failure)

    def _handler(self, integration: Integration, mock: Mock, answer: Callable[[TaskRequest], Later]) -> TaskHandler:
        def reply(request: TaskRequest) -> JSON | Later:
            later = answer(request)
            if later.after:
                return later
            if later.error is not None:
                raise later.error
            return later.value

        def submit(request: TaskRequest) -> Submitted:
            later = answer(request)
            outcome: Signal[JSON] = Signal(mock.title)
            self._bring(later, outcome)
            return Submitted(later.value, outcome, cancel=lambda: outcome.set(None))

        def work(request: TaskRequest) -> Signal[JSON]:
            loop, callback = self._engine.loop, request.callback
            call = loop.call(lambda: answer(request), mock.title, blocking=mock.blocking)

            def bring() -> None:
                if callback is not None:
                    loop.release(callback)  # nobody outside is waited for
                    if call.error is None:
                        self._bring(call.value, callback)
                    else:
                        callback.fail(call.error)

            call.subscribe(bring)
            taken: Signal[JSON] = Signal(mock.title)
            taken.set(None)
            return taken

        if integration.kind == "activity":
            return work
        return submit if "." in integration.action else reply

    def _bring(self, later: Later, outcome: Signal[JSON]) -> None:
        """Let the outcome happen when its time comes, unless it has happened otherwise."""

        def happen() -> None:
            if later.error is not None:
                outcome.fail(later.error)
            else:
                outcome.set(later.value)

        def wait() -> None:
            timer = self._engine.loop.sleep(later.after, outcome.name)
            timer.subscribe(happen)
            outcome.subscribe(lambda: timer.unsubscribe(happen))

        if later.after:
            self._engine.ask(wait)
        else:
            happen()


def _function_error(resource: str, value: JSON) -> StateError | None:
    """How ``lambda:invoke`` fails when the answer says that the function did.

    Source: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_ResponseSyntax
    """
    if short(resource) != "lambda:invoke" or not isinstance(value, dict) or value.get("FunctionError") is None:
        return None
    payload = value.get("Payload")
    said = payload if isinstance(payload, dict) else {}
    return StateError(str(said.get("errorType", value["FunctionError"])), dumps(payload))
