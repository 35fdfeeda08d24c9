"""Mocks: what Tasks get in place of an answer from the outside.

A mock stands for some Tasks and says what each attempt gets: a value, an error, either of them after some time, or what
a callable makes of the arguments. It comes from a test, from a control route, or from a file (``mock_config``).
``mocked`` has executions meet it. All else about the Task is as ever: its events, Retry and Catch, ResultSelector, its
timeout.
"""

from __future__ import annotations

import dataclasses
import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from asl_interpreter.errors import HEARTBEAT_TIMEOUT, OURS, TIMEOUT, HeartbeatTimeout, StateError, TaskTimedOut
from asl_interpreter.jsontext import JSON, dumps, loads
from asl_interpreter.tasks import Later, TaskRequest
from emulator.faults import Fault
from emulator.integrations.selection import Selection, Spot, short
from emulator.suggestions import unknown

if TYPE_CHECKING:
    from emulator.stepfunctions.mocks import Answered, Mode

Answer: TypeAlias = "JSON | StateError | Later | Callable[[JSON], JSON | StateError | Later]"
"""What an attempt gets. A callable takes the Task's arguments, and may raise StateError as well."""

NO_ANSWER: Final = f"{OURS}NoMockedAnswer"
"""An attempt came after the last step of its mock."""
MOCK_FAILED: Final = f"{OURS}MockFailed"
"""A mock's callable raised, or gave what the service could not answer."""

Checked: TypeAlias = 'Literal["strict", "present", "none"] | bool'
"""How a mock's values are held to what the service answers; True is strict, False is none."""


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
    """Answers Tasks in place of their services. ``dynastep.mock`` makes a mock."""

    title: str
    """The name of the mock in messages."""
    selection: Selection
    """The attempts that the mock answers."""
    steps: tuple[Step, ...]
    """The answers, in the order of attempts, without a gap."""
    mode: Mode = "NONE"
    """How answers are compared with the model of the operation, if there is a model."""
    optional: bool = False
    """Whether the test may end without a call that the mock answers."""
    unchecked_by: str = "checked=False"
    """How whoever made it says that anything goes."""
    calls: list[JSON] = field(default_factory=list)
    """The arguments of every attempt that the mock has answered, in order."""
    complaints: list[str] = field(default_factory=list)
    """What was wrong with it."""

    def returns(self, value: JSON, *, times: int | None = None, after: float | str = 0) -> Mock:
        """Answer the next attempts with a value.

        ``times`` is the number of attempts. Without ``times``, the step is for every further attempt, or for a single
        attempt if another step follows. ``after`` is the time that each answer takes in the machine: seconds, or text
        such as ``"3s"``, ``"2 min"``, ``"1h"``.

        Raises:
            TypeError, ValueError: the value is no JSON, ``times`` is less than 1, or ``after`` is no time.
        """
        return self._then(plain(Later(duration(after), value=value)), times)

    def throws(self, error: str, cause: str = "", *, times: int | None = None, after: float | str = 0) -> Mock:
        """Fail the next attempts with an error. ``times`` and ``after`` are as for ``returns``."""
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

    def takes(self, spot: Spot, request: TaskRequest) -> bool:
        """Whether it answers an attempt.

        Raises:
            StateError: the callable that says so has failed.
        """
        try:
            return self.selection.takes(spot, request)
        except Exception as error:
            raise self.complain(MOCK_FAILED, f"{self.title}: its 'when' raised {error!r}.") from error

    def answer(self, attempt: int, arguments: JSON) -> Later:
        """What an attempt gets.

        Raises:
            StateError: there is nothing for it, or the callable has failed.
        """
        self.calls.append(arguments)
        for step in self.steps:
            if attempt <= step.last:
                return as_later(self._made(step.answer, arguments))
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


def mode_of(checked: Checked) -> Mode:
    """The mode of TestState that ``checked`` means.

    Raises:
        ValueError: there is no such mode.
    """
    mode: Mode | None = _MODES.get(checked)
    if mode is None:
        raise ValueError(f"checked is 'strict', 'present', 'none', True or False, not {checked!r}")
    return mode


_MODES: Final[dict[object, Mode]] = {
    True: "STRICT",
    False: "NONE",
    "strict": "STRICT",
    "present": "PRESENT",
    "none": "NONE",
}


def steps_of(answers: Sequence[Answer]) -> tuple[Step, ...]:
    """One answer is for every attempt; several are for one each."""
    answers = [plain(answer) for answer in answers]
    if len(answers) == 1:
        return (Step(0, math.inf, answers[0]),)
    return tuple(Step(number, number, answer) for number, answer in enumerate(answers))


def as_later(answer: Answer) -> Later:
    """An answer as what comes after some time, at once where it says none."""
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


class Mocks:
    """Mocks that answer side by side: those of a test, of a server, of a test case, or of a file."""

    def __init__(self, mocks: Iterable[Mock] = ()) -> None:
        self._mocks = tuple(mocks)
        self._met: dict[str, None] = {}
        self._told = False

    def __bool__(self) -> bool:
        return bool(self._mocks)

    def __iter__(self) -> Iterator[Mock]:
        return iter(self._mocks)

    def add(self, mock: Mock) -> Mock:
        """Have a mock answer from now on, before those that were made earlier."""
        self._mocks = (mock, *self._mocks)  # not in place: executions look through it
        return mock

    def clear(self, machine: str | None = None) -> None:
        """Forget all of them, or those that are for one machine alone."""
        self._mocks = tuple(mock for mock in self._mocks if machine not in (None, mock.selection.machine))

    def of(self, machine: str, spot: Spot) -> list[Mock]:
        """What may stand for a Task, in the order in which they are asked: the closest first, then the newest."""
        if not self._mocks:
            return []
        self._met[f"{spot.place!r} ({short(spot.task.resource)})"] = None
        ranked = [(rank, mock) for mock in self._mocks if (rank := mock.selection.rank(machine, spot)) is not None]
        return [mock for _, mock in sorted(ranked, key=lambda entry: entry[0])]

    def check(self, name: str, spots: Iterable[Spot], others: Iterable[tuple[str, Spot]], answering: Answering) -> None:
        """See that each mock can stand for what it names, before an execution of a machine begins.

        ``spots`` are the Tasks of that machine, ``others`` those of every other one with the name of theirs.

        Raises:
            InvalidMock: no machine has such a Task, or no service would answer this.
        """
        if not self._mocks:
            return
        own = list(spots)
        everywhere = [*((name, spot) for spot in own), *others]
        for mock in self._mocks:
            selection = mock.selection
            if not mock.steps:
                raise InvalidMock(f"{mock.title} has no answer: give it one, or .returns(...) or .throws(...).")
            concerns = selection.machine in (None, name)
            if concerns and all(selection.rank(other, spot) is None for other, spot in everywhere):
                known = [
                    key for _, spot in everywhere for key in (spot.task.name, spot.place, short(spot.task.resource))
                ]
                hint = " Make a mock after its machine, or say which machine it is for."
                raise InvalidMock(f"{mock.title} stands for nothing. {unknown('Task', selection.text, known)}{hint}")
        self.check_values(name, own, answering)

    def check_values(self, name: str, spots: Iterable[Spot], answering: Answering) -> None:
        """See that the services of a machine's Tasks could answer what is mocked.

        Raises:
            InvalidMock: one could not.
        """
        checked = [mock for mock in self._mocks if mock.mode != "NONE"]
        for spot in spots if checked else ():
            for mock in checked:
                if mock.selection.rank(name, spot) is not None:
                    _check_values(mock, spot.task.resource, answering)

    def take_verdict(self) -> str:
        """What was wrong with the mocks of a test, for people; nothing if all is well, or if it was told already."""
        if self._told:
            return ""
        self._told = True
        return self.verdict()

    def verdict(self) -> str:
        """What was wrong with the mocks until now; nothing if all is well."""
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
            later = as_later(step.answer)
            flaw = None if later.error is not None else flaw_of(mock, resource, later.value, answering)
            if flaw is not None:
                raise InvalidMock(flaw)


def flaw_of(mock: Mock, resource: str, value: JSON, answering: Answering) -> str | None:
    """Why a value cannot be what the operation answers, if so."""
    operation = None if mock.mode == "NONE" else answering(resource)
    if operation is None:
        return None
    from emulator.stepfunctions.mocks import check_answer, unknown_member  # with the models of services

    if mock.mode == "STRICT" and (found := unknown_member(operation, value)) is not None:
        said = unknown("member", *found)
        return f"{mock.title} is no answer of {short(resource)}: {said} ({mock.unchecked_by} allows it)"
    try:
        check_answer(operation, value, mock.mode)
    except Fault as fault:
        return f"{mock.title} is no answer of {short(resource)}: {fault.message} ({mock.unchecked_by} allows it)"
    return None
