"""The MockConfigFile of Step Functions Local: test cases of state machines, and what their Tasks get in each.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/sfn-local-mock-cfg-file.html. Beyond it, ``*`` stands for
every attempt after the others, ``DelaySeconds`` beside Return or Throw for time that the attempt takes, and ``Mocks``
for a list of mocks that need no test case, as a test makes them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from asl_interpreter.definition import Machine
from asl_interpreter.errors import StateError
from asl_interpreter.jackson import explain
from asl_interpreter.jsontext import JSON, InvalidJSON, loads
from asl_interpreter.tasks import LONGEST_LATER, Later
from emulator.integrations.mocks import InvalidMock, Mock, Mocks, Step
from emulator.integrations.selection import Selection, When
from emulator.integrations.spots import spots_of
from emulator.stepfunctions.mocks import Mode
from emulator.suggestions import unknown

TestCases: TypeAlias = "Mapping[str, Mapping[str, str]]"
"""Test case -> state -> response."""


@dataclass(frozen=True, slots=True)
class _Content:
    machines: Mapping[str, TestCases]
    responses: Mapping[str, tuple[Step, ...]]
    mode: Mode
    """How the responses of test cases are held to what the services answer."""
    mocks: Mocks


class MockConfig:
    """One file, read again when it has changed."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._stamp: tuple[int, int] | None = None
        self._content = _Content({}, {}, "NONE", Mocks())

    def read(self) -> None:
        """Read the file, if it is not known as it is.

        Raises:
            InvalidMock: it cannot be read, or is not as such a file must be.
        """
        try:
            status = self._file.stat()
            stamp = (status.st_mtime_ns, status.st_size)
            if stamp != self._stamp:
                self._content = _read(self._file.read_text(encoding="utf-8"))
                self._stamp = stamp
        except (OSError, UnicodeError, InvalidMock) as error:
            self._stamp = None
            raise InvalidMock(f"The mock configuration {self._file} cannot be used: {error}") from None

    def machines(self) -> list[str]:
        """The names of the state machines that have test cases.

        Raises:
            InvalidMock: the file cannot be used.
        """
        self.read()
        return list(self._content.machines)

    def cases(self, name: str) -> list[str]:
        """The test cases of a state machine.

        Raises:
            InvalidMock: the file cannot be used, or knows no such state machine.
        """
        self.read()
        machines = self._content.machines
        if name not in machines:
            raise InvalidMock(f"{self._file}: {unknown('state machine', name, machines)}")
        return list(machines[name])

    def mocks(self) -> Mocks:
        """The mocks that need no test case.

        Raises:
            InvalidMock: the file cannot be used.
        """
        self.read()
        return self._content.mocks

    def case(self, name: str, machine: Machine, case: str) -> Mocks:
        """The mocks of a test case of a state machine, for one execution.

        Raises:
            InvalidMock: the file cannot be used, has no such test case, or mocks what is no Task of the machine.
        """
        self.read()
        machines = self._content.machines
        if name not in machines:
            raise InvalidMock(f"{self._file}: {unknown('state machine', name, machines)}")
        if case not in machines[name]:
            raise InvalidMock(f"{self._file}: {name!r}: {unknown('test case', case, machines[name])}")
        spots, mocks = list(spots_of(machine)), []
        for state, response in machines[name][case].items():
            selection = Selection(state)
            if all(selection.rank(name, spot) is None for spot in spots):
                tasks = [spot.task.name for spot in spots]
                raise InvalidMock(f"{self._file}: {name!r}, test case {case!r}: {unknown('Task', state, tasks)}")
            title = f"Response {response!r} for {state!r} in test case {case!r} of {name!r}"
            steps, mode = self._content.responses[response], self._content.mode
            mocks.append(Mock(title, selection, steps, mode, unchecked_by=_UNCHECKED))
        return Mocks(mocks)


_UNCHECKED: Final = '"FieldValidationMode": "NONE"'


def read_mocks(document: JSON) -> list[Mock]:
    """The mocks of ``{"Mocks": [...], "MockedResponses": {...}}``: each goes before those that are listed earlier.

    Raises:
        InvalidMock: it is not so.
    """
    file = _object(document, "it")
    for name in file:
        if name not in _WITHOUT_CASES:
            raise InvalidMock(unknown("member", name, _WITHOUT_CASES))
    return _mocks(file, _responses(file))


_WITHOUT_CASES: Final = ("Mocks", "MockedResponses")


def _read(text: str) -> _Content:
    try:
        document = loads(text)
    except InvalidJSON as error:
        flaw = explain(text) if text.strip() else None
        raise InvalidMock(f"it is not JSON: {error if flaw is None else flaw.message}") from None
    file = _object(document, "it")
    if "Mocks" not in file:  # AWS's file has both members
        for name in ("MockedResponses", "StateMachines"):
            _member(file, name, "it")
    responses = _responses(file)
    machines = {
        name: _cases(_object(machine, f"state machine {name!r}"), f"state machine {name!r}", responses)
        for name, machine in _object(file.get("StateMachines", {}), "'StateMachines'").items()
    }
    return _Content(machines, responses, _mode(file, "it", "NONE"), Mocks(reversed(_mocks(file, responses))))


def _responses(file: dict[str, JSON]) -> dict[str, tuple[Step, ...]]:
    return {
        name: _steps(_object(steps, f"response {name!r}"), f"response {name!r}")
        for name, steps in _object(file.get("MockedResponses", {}), "'MockedResponses'").items()
    }


def _mode(owner: dict[str, JSON], where: str, default: Mode) -> Mode:
    mode = owner.get("FieldValidationMode", default)
    if mode not in _MODES:
        raise InvalidMock(f"{where}: 'FieldValidationMode' is one of {', '.join(_MODES)}")
    found: Mode = mode
    return found


_MODES: Final = ("STRICT", "PRESENT", "NONE")
_MOCK: Final = ("Task", "Machine", "When", "WhenMatches", "FieldValidationMode", "Optional", "Response")


def _mocks(file: dict[str, JSON], responses: Mapping[str, tuple[Step, ...]]) -> list[Mock]:
    listed = file.get("Mocks", [])
    if not isinstance(listed, list):
        raise InvalidMock("'Mocks' is not an array")
    return [_mock(mock, f"mock {number}", responses) for number, mock in enumerate(listed)]


def _mock(mock: JSON, where: str, responses: Mapping[str, tuple[Step, ...]]) -> Mock:
    fields = _object(mock, where)
    for name in fields:
        if name not in _MOCK:
            raise InvalidMock(f"{where}: {unknown('field', name, _MOCK)}")
    task, machine, optional = fields.get("Task"), fields.get("Machine"), fields.get("Optional", False)
    if not isinstance(task, str) or not task:
        raise InvalidMock(f"{where} needs a text 'Task': the name of a state, or a Resource")
    if not isinstance(machine, str | None):
        raise InvalidMock(f"{where}: 'Machine' is not a text")
    if not isinstance(optional, bool):
        raise InvalidMock(f"{where}: 'Optional' is not a boolean")
    response = fields.get("Response")
    if isinstance(response, str):
        if response not in responses:
            raise InvalidMock(f"{where}: {unknown('response', response, responses)}")
        steps = responses[response]
    else:
        steps = _steps(_object(response, f"{where}: 'Response'"), f"{where}: 'Response'")
    selection = Selection(task, machine, _when(fields, where))
    mode = _mode(fields, where, "STRICT")
    return Mock(f"The mock of {task!r}", selection, steps, mode, optional, _UNCHECKED)


def _when(fields: dict[str, JSON], where: str) -> When:
    pattern = fields.get("WhenMatches")
    if pattern is None:
        return fields.get("When")
    if "When" in fields:
        raise InvalidMock(f"{where} has both 'When' and 'WhenMatches'")
    try:
        return re.compile(pattern)
    except (re.error, TypeError) as error:
        raise InvalidMock(f"{where}: 'WhenMatches' is no regular expression: {error}") from None


def _object(value: JSON, where: str) -> dict[str, JSON]:
    if not isinstance(value, dict):
        raise InvalidMock(f"{where} is not an object")
    return value


def _member(owner: dict[str, JSON], name: str, where: str) -> dict[str, JSON]:
    if name not in owner:
        raise InvalidMock(f"{where} has no {name!r}; it has {', '.join(map(repr, owner)) or 'nothing'}")
    return _object(owner[name], repr(name))


def _cases(machine: dict[str, JSON], where: str, responses: Mapping[str, object]) -> TestCases:
    cases = {}
    for case, states in _member(machine, "TestCases", where).items():
        for state, response in _object(states, f"{where}, test case {case!r}").items():
            if not isinstance(response, str):
                raise InvalidMock(f"{where}, test case {case!r}, state {state!r}: the name of a response is wanted")
            if response not in responses:
                missing = unknown("response", response, responses)
                raise InvalidMock(f"{where}, test case {case!r}, state {state!r}: {missing}")
        cases[case] = states
    return cases


_RANGE: Final = re.compile(r"\s*(?P<first>\d+)\s*(?:-\s*(?P<last>\d+)\s*)?")
_REST: Final = "*"


def _steps(response: dict[str, JSON], where: str) -> tuple[Step, ...]:
    """The steps in the order of their attempts, which must follow on one another from 0.

    There may be none, for a state that is never entered: generators of such files write it so.
    """
    ranges = [(*_range(key, where), _answer(step, f"{where}, step {key!r}")) for key, step in response.items()]
    steps: list[Step] = []
    following = 0
    for first, last, answer in sorted(ranges, key=lambda entry: entry[:2]):
        begin = following if first == math.inf else int(first)
        if begin != following:
            flaw = f"attempt {begin} has two steps" if begin < following else f"attempt {following} has no step"
            raise InvalidMock(f"{where}: {flaw}; it has {', '.join(map(repr, response))}")
        steps.append(Step(begin, last, answer))
        following = begin if last == math.inf else int(last) + 1
    return tuple(steps)


def _range(key: str, where: str) -> tuple[float, float]:
    """The first and last attempt of a step; infinite for the rest, so that it sorts after all others."""
    if key == _REST:
        return math.inf, math.inf
    match = _RANGE.fullmatch(key)
    if match is None:
        raise InvalidMock(f"{where}: the step {key!r} is not for attempts like '0', '1-3' or '*'")
    first = int(match["first"])
    last = first if match["last"] is None else int(match["last"])
    if last < first:
        raise InvalidMock(f"{where}: the step {key!r} ends before it begins")
    return first, last


def _answer(step: JSON, where: str) -> Later:
    fields = _object(step, where)
    for name in fields:
        if name not in _STEP:
            raise InvalidMock(f"{where}: {unknown('field', name, _STEP)}")
    if ("Return" in fields) == ("Throw" in fields):
        raise InvalidMock(f"{where} needs one of 'Return' and 'Throw'")
    delay = fields.get("DelaySeconds", 0)
    if isinstance(delay, bool) or not isinstance(delay, (int, float)) or not 0 <= delay <= LONGEST_LATER:
        raise InvalidMock(f"{where}: 'DelaySeconds' is not a number of seconds")
    if "Return" in fields:
        return Later(delay, value=fields["Return"])
    thrown = _object(fields["Throw"], f"{where}: 'Throw'")
    for name in ("Error", "Cause"):
        if not isinstance(thrown.get(name), str):
            raise InvalidMock(f"{where}: 'Throw' needs a text {name!r}")
    return Later(delay, error=StateError(thrown["Error"], thrown["Cause"]))


_STEP: Final = ("Return", "Throw", "DelaySeconds")
