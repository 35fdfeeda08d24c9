"""Chaos: what becomes of machines whose Tasks fail, one Task at a time, with each error that they could know.

A trial is one failure of one Task: with an error that a Retrier or Catcher of it, or of a state around it, names, or
with one that none names. It fails once; where a Retrier would try again, in another trial it fails for good, at every
later attempt of the execution. What came of the trials of a definition is a record; ``report`` says it in words.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from asl_interpreter.coverage import Coverage, Point
from asl_interpreter.definition import Catcher, Map, Parallel, Processor, Retrier, Task
from asl_interpreter.errors import (
    ALL,
    DATA_LIMIT_EXCEEDED,
    EXCEED_TOLERATED_FAILURE_THRESHOLD,
    ITEM_READER_FAILED,
    RESULT_WRITER_FAILED,
    RUNTIME,
    TASK_FAILED,
    matches,
)
from emulator.bench.execution import Execution

UNNAMED: Final = "Chaos.Unnamed"
"""The error that no Retrier and no Catcher names."""
_NO_TASK_FAILS_SO: Final = frozenset(
    {
        *(DATA_LIMIT_EXCEEDED, EXCEED_TOLERATED_FAILURE_THRESHOLD, ITEM_READER_FAILED, RESULT_WRITER_FAILED, RUNTIME),
        *("States.BranchFailed", "States.IntrinsicFailure", "States.NoChoiceMatched", "States.ParameterPathFailure"),
        *("States.QueryEvaluationError", "States.ResultPathMatchFailure"),
    }
)
Handler: TypeAlias = "Task | Parallel | Map"
"""A state that may have Retry and Catch."""


@dataclass(frozen=True, slots=True)
class Place:
    """A Task, and the states around it, the innermost first."""

    task: Task
    around: tuple[Parallel | Map, ...] = ()

    @property
    def text(self) -> str:
        """``Each/Ship``."""
        return "/".join([*(state.name for state in reversed(self.around)), self.task.name])

    @property
    def handlers(self) -> tuple[Handler, ...]:
        """The states whose Retry and Catch may see its errors."""
        return (self.task, *self.around)


def places_of(processor: Processor, around: tuple[Parallel | Map, ...] = ()) -> Iterator[Place]:
    """The Tasks of a machine."""
    for state in processor.states.values():
        match state:
            case Task():
                yield Place(state, around)
            case Parallel():
                for branch in state.branches:
                    yield from places_of(branch, (state, *around))
            case Map():
                yield from places_of(state.processor, (state, *around))


@dataclass(frozen=True, slots=True)
class Trial:
    """One failure of one Task."""

    definition: str
    """The text of the definition."""
    machine: str
    """The name of the state machine."""
    place: str
    error: str
    for_good: bool
    call: int
    """Which of the attempts that the Task made without chaos fails, from 0."""

    @property
    def key(self) -> tuple[str, str, str, bool]:
        """What is tried once in a session."""
        return self.definition, self.place, self.error, self.for_good

    def __str__(self) -> str:
        how = "fails for good" if self.for_good else "fails"
        return f"{self.place} {how} with {self.error}"


def _names(rules: Sequence[Retrier | Catcher]) -> list[tuple[str, ...]]:
    return [rule.error_equals for rule in rules]


def errors_of(place: Place) -> list[tuple[str, bool]]:
    """The errors that a Task is to fail with, and whether for good."""
    listed = [names for state in place.handlers for names in (*_names(state.retry), *_names(state.catch))]
    named = [
        name for names in listed for name in names if name not in (ALL, TASK_FAILED) and name not in _NO_TASK_FAILS_SO
    ]
    retriers = [rule for state in place.handlers for rule in state.retry if rule.max_attempts]
    found = []
    for error in dict.fromkeys([*named, UNNAMED]):
        found.append((error, False))
        if any(matches(rule.error_equals, error) for rule in retriers):
            found.append((error, True))
    return found


def trials_of(definition: str, processor: Processor, executions: Sequence[Execution], seed: int) -> Iterator[Trial]:
    """The trials of a machine's Tasks, from its executions without chaos."""
    for place in places_of(processor):
        attempts = sum(
            len(visit.attempts)
            for execution in executions
            for visit in execution.visits.every
            if visit.place == place.text
        )
        if not attempts:
            continue
        machine = executions[0].arn.split(":")[6]
        for error, for_good in errors_of(place):
            chosen = random.Random(f"{seed} {place.text} {error}").randrange(attempts)  # noqa: S311 - repeatable
            yield Trial(definition, machine, place.text, error, for_good, chosen)


Verdict: TypeAlias = Literal["handled", "stuck", "unhandled", "not judged"]


def judge(trial: Trial, executions: Iterable[Execution], answered: frozenset[str]) -> tuple[Verdict, str]:
    """What became of the execution that the trial has hit, of all of its machine; and how, in words.

    ``answered`` are the places of states that waited without chaos and were answered, by the test or by somebody else.
    """
    for execution in executions:
        failed = [
            visit
            for visit in execution.visits.every
            if visit.place == trial.place and any(attempt.error == trial.error for attempt in visit.attempts)
        ]
        if not failed:
            continue
        if execution.status == "RUNNING":
            waits = [waiting for waiting in execution.waiting if waiting.reason not in ("time", "retry")]
            if not waits or all(visit_place(waiting.state) in answered for waiting in waits):
                return "not judged", ""
            return "stuck", "; ".join(
                f"{waiting.state!r} ({waiting.type}) waits for {waiting.what}" for waiting in waits
            )
        if execution.status == "SUCCEEDED":
            return "handled", ""
        culprit = execution.visits.failed
        while culprit is not None and culprit.failed_inside is not None:
            culprit = culprit.failed_inside
        if culprit is not None and culprit.place == trial.place:
            return "unhandled", f"the execution {execution.status} with {execution.error}"
        return "handled", ""
    return "not judged", ""


def visit_place(path: str) -> str:
    """The place of a path, less the numbers of items: ``Each/Ship`` of ``Each[1]/Ship``."""
    return re.sub(r"\[\d+\](?=/|$)", "", path)


@dataclass(slots=True)
class Tried:
    """What came of the trials of one definition."""

    title: str
    points: Counter[Point] = field(default_factory=Counter)
    """What Retriers and Catchers have done, with chaos and without."""
    places: dict[str, None] = field(default_factory=dict)
    """The Tasks that have failed."""
    results: list[tuple[str, Verdict, str]] = field(default_factory=list)
    """Trial, verdict and how, each in words."""
    rules: list[tuple[str, str, int, str]] = field(default_factory=list)
    """The Retriers and Catchers that errors of these Tasks may meet: state, ``retry`` or ``catch``, number, words."""

    def meets(self, place: Place) -> None:
        """A Task has failed, and what handles its errors counts."""
        self.places[place.text] = None
        for state in place.handlers:
            for rule in (*_rules(state, "Retrier", state.retry), *_rules(state, "Catcher", state.catch)):
                if rule not in self.rules:
                    self.rules.append(rule)

    def add(self, other: Tried) -> None:
        """Take over what another process has found."""
        self.points.update(other.points)
        self.places |= other.places
        self.results += [result for result in other.results if result not in self.results]
        self.rules += [rule for rule in other.rules if rule not in self.rules]

    def to_json(self) -> dict[str, Any]:
        """As JSON, for another process."""
        points = [[*point, count] for point, count in self.points.items()]
        lists = {"results": self.results, "rules": self.rules, "places": list(self.places), "points": points}
        return {"title": self.title, **lists}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Tried:
        """What ``to_json`` has made."""
        points: Counter[Point] = Counter({(name, kind, number): count for name, kind, number, count in value["points"]})
        rules = [(state, kind, number, text) for state, kind, number, text in value["rules"]]
        results = [(trial, verdict, how) for trial, verdict, how in value["results"]]
        return cls(value["title"], points, dict.fromkeys(value["places"]), results, rules)


def _rules(state: Handler, kind: str, rules: Sequence[Retrier | Catcher]) -> Iterator[tuple[str, str, int, str]]:
    """The rules of a state that an error of a Task may meet, each in words."""
    for number, rule in enumerate(rules):
        able = [name for name in rule.error_equals if name not in _NO_TASK_FAILS_SO]
        if not able or (isinstance(rule, Retrier) and not rule.max_attempts):
            continue
        names = ", ".join(rule.error_equals)
        text = f"{state.name}: {kind} {number + 1} ({names})"
        for before, earlier in enumerate(rules[:number]):
            if all(matches(earlier.error_equals, UNNAMED if name in (ALL, TASK_FAILED) else name) for name in able):
                text += f" is behind {kind} {before + 1} ({', '.join(earlier.error_equals)})"
                break
        yield state.name, "retry" if kind == "Retrier" else "catch", number, text


def count(tried: Tried, coverage: Coverage) -> None:
    """Take over what Retriers and Catchers have done."""
    tried.points.update({point: times for point, times in coverage.points.items() if point[1] in ("retry", "catch")})


def report(every: Iterable[Tried]) -> str:
    """What the trials have shown, in words: a paragraph for each definition."""
    return "\n".join(line for tried in every if tried.results for line in _lines(tried)) or "No Task has failed."


def _lines(tried: Tried) -> Iterator[str]:
    failures, tasks = len(tried.results), len(tried.places)
    yield f"{tried.title}: {failures} {_plural('failure', failures)} of {tasks} {_plural('Task', tasks)}"
    found = False
    for wanted in ("stuck", "unhandled"):
        for trial, verdict, how in tried.results:
            if verdict == wanted:
                found = True
                yield f"  {verdict:<10} {trial}: {how}."
    for state, kind, number, text in tried.rules:
        if not any(point[:3] == (state, kind, number) for point in tried.points):
            found = True
            yield f"  never used {text}."
    open_ones = sum(verdict == "not judged" for _, verdict, _ in tried.results)
    if open_ones:
        yield f"  not judged {open_ones} {_plural('failure', open_ones)}: the test ended before the execution did."
    if not found:
        yield "  Every failure is handled, and every Retrier and Catcher is used."


def _plural(noun: str, number: int) -> str:
    return noun if number == 1 else f"{noun}s"
