"""Running a machine on an engine of its own, with tasks that answer as a script says."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from typing import Any

from asl_interpreter.engine import Engine
from asl_interpreter.errors import StateError
from asl_interpreter.jsonata import Unhurried
from asl_interpreter.jsontext import dumps
from asl_interpreter.language.dataflow import StateFrame
from asl_interpreter.loop.clock import EPOCH, Clock
from asl_interpreter.loop.signals import Signal
from asl_interpreter.reading.parsing import parse
from asl_interpreter.running.execution import Execution, Observe, Outside, Start
from asl_interpreter.tasks import (
    NOWHERE,
    Datasets,
    Integration,
    Later,
    Resolve,
    Submitted,
    TaskRequest,
    UnknownResource,
)

LAMBDA = "arn:aws:lambda:us-east-1:123456789012:function:"
TASK = "arn:aws:states:::test:"
JOB = "arn:aws:states:::job:"
MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:machine"


@dataclass(frozen=True)
class Answer:
    """How a task answers one attempt."""

    value: Any = None
    error: str | None = None
    cause: str | None = None
    after: float | None = 0
    """Seconds of the machine's time; None: never."""
    blocking: bool = False


class Resources:
    """Finds the integrations of one run.

    The last part of a Resource ARN names the script. A task without one answers with its arguments; when its script has
    come to its end, it starts again. The prefix says how: a function, a task, or a job that is submitted first.
    """

    def __init__(self, engine: Engine, scripts: Mapping[str, Sequence[Answer]]) -> None:
        self._engine = engine
        self._scripts = {name: itertools.cycle(answers) for name, answers in scripts.items()}
        self._found: dict[str, Integration] = {}

    def __call__(self, resource: str, _state: str = "") -> Integration:
        if resource not in self._found:
            self._found[resource] = self._find(resource)
        return self._found[resource]

    def _find(self, resource: str) -> Integration:
        prefix, _, name = resource.rpartition(":")
        answer = self._submit if f"{prefix}:" == JOB else self._answer
        if f"{prefix}:" == LAMBDA:
            return Integration("lambda", "", "", self._handler(name, answer), blocking=True, size_name=resource)
        if f"{prefix}:" not in (TASK, JOB):
            raise UnknownResource(f"{resource} has no script")
        service = prefix.rpartition(":")[2]
        return Integration("task", service, name, self._handler(name, answer), blocking=False, size_name=service)

    def _handler(self, name: str, give: Callable[[Answer], Any]) -> Callable[[TaskRequest], Any]:
        script = self._scripts.get(name)

        def handle(request: TaskRequest) -> Any:
            return give(Answer(request.arguments) if script is None else next(script))

        return handle

    def _answer(self, answer: Answer) -> Any:
        error = None if answer.error is None else StateError(answer.error, answer.cause)
        if answer.after is None:
            return Submitted({}, Signal("an answer that never comes"))
        if answer.after:
            return Later(answer.after, answer.value, error)
        if error is not None:
            raise error
        return answer.value

    def _submit(self, answer: Answer) -> Submitted:
        outcome: Signal[Any] = Signal("the outcome of a job")
        if answer.after is not None:

            def happen() -> None:
                if answer.error is None:
                    outcome.set(answer.value)
                else:
                    outcome.fail(StateError(answer.error, answer.cause))

            self._engine.loop.sleep(answer.after, "a job").subscribe(happen)
        return Submitted({"JobId": "1"}, outcome)


@contextmanager
def started(
    definition: Any,
    document: Any = None,
    scripts: Mapping[str, Sequence[Answer]] | None = None,
    observe: Observe = lambda _execution: None,
    resolve: Resolve | None = None,
    datasets: Datasets = NOWHERE,
) -> Iterator[tuple[Engine, Execution]]:
    """An engine on which an execution of the definition has been started; ``resolve`` stands in for the scripts."""
    engine = Engine(Clock("virtual"))
    resources = resolve or Resources(engine, scripts or {})
    start = Start(
        arn="arn:aws:states:us-east-1:123456789012:execution:machine:run",
        name="run",
        state_machine_arn=MACHINE,
        state_machine_name="machine",
        role_arn="arn:aws:iam::123456789012:role/role",
        input={} if document is None else document,
        input_text=dumps({} if document is None else document),
    )
    try:
        yield engine, engine.start(parse(definition, resources), start, Outside(resources, datasets, observe=observe))
    finally:
        engine.close()


def run(definition: Any, document: Any = None, scripts: Mapping[str, Sequence[Answer]] | None = None) -> Execution:
    """Run a definition to its end under virtual time.

    Raises:
        Deadlock: it cannot come to its end.
    """
    with started(definition, document, scripts) as (engine, execution):
        engine.wait(execution.ended, strict=True)
        return execution


@dataclass(frozen=True)
class Surroundings:
    """What a frame reads beside its document."""

    variables: Mapping[str, Any]
    about: Any
    random: Random

    def context(self) -> Any:
        """The context object."""
        return self.about

    @property
    def pace(self) -> Unhurried:
        """Nobody else waits."""
        return Unhurried(self.random)

    def now(self) -> float:
        """Where virtual time starts."""
        return EPOCH


def frame(document: Any, context: Any = None, **variables: Any) -> StateFrame:
    """What an expression may read, outside any execution."""
    return StateFrame(document, Surroundings(variables, context or {}, Random(1)))


def elapsed(execution: Execution) -> float:
    """Seconds of the machine's time."""
    assert execution.stopped_at is not None
    return execution.stopped_at - execution.started_at
