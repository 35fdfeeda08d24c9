"""One state on its own, watched: what TestState runs.

The state that runs is the real one. To watch it, the evaluators of its data flow are wrapped in ones that note what
they see; a mock takes the place of what a Parallel or a Map would run, and a failure is decided
on without being retried.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/test-state-isolation.html; what is noted for which state,
as observed on AWS.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from ..definition import Choice, Fail, Machine, Map, Parallel, Pass, State, Succeed, Task, Wait
from ..errors import TIMEOUT, QueryError, StateError, matches
from ..jsontext import JSON
from ..language.dataflow import Flow, PathFlow, QueryFlow, StateFrame
from ..language.paths import Evaluate, Frame
from ..loop.fibers import first_of
from ..loop.scheduler import Loop
from ..tasks import Item, Resolve
from .cursor import Attempt, Cursor, Exit
from .execution import Execution, Outside, Start, work
from .retry import Again, Caught, decide
from .states.inputs import Batches, given_items
from .states.items import iteration, read_items, select_for_child
from .states.retry_and_catch import attempts, hand_over

LIMIT_SECONDS: Final = 300
"""How long a test may take: https://docs.aws.amazon.com/step-functions/latest/apireference/API_TestState.html"""
EXCEEDED: Final = "States.ExceedToleratedFailureThreshold"

Status: TypeAlias = Literal["SUCCEEDED", "FAILED", "RETRIABLE", "CAUGHT_ERROR"]
Mock: TypeAlias = Callable[[], JSON]
"""The result of a Parallel or a Map; or it raises StateError."""
Seen: TypeAlias = "dict[str, JSON]"
"""What was noted, by AWS's names."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a state is tested under, beside its input."""

    variables: Mapping[str, JSON] = field(default_factory=dict)
    context: Mapping[str, JSON] | None = None
    """Stands in for the context object."""
    mock: Mock | None = None
    retries: int = 0
    """How often the Retrier that applies has been used."""
    failed_iterations: int = 0
    items: Callable[[], list[Item]] | None = None
    """Reads what the ItemReader of a Map would; or it raises StateError."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a test ended. ``output`` and ``next`` mean something where it did not fail for good."""

    status: Status
    seen: Seen
    variables: Mapping[str, JSON]
    output: JSON = None
    next: str | None = None
    failure: StateError | None = None
    handled: Mapping[str, int] = field(default_factory=dict)
    """Which Retrier and Catcher the failure has met, and how long the retry waits, by AWS's names."""
    has_output: bool = True
    """False where an expression of the Catcher has failed itself."""


async def inspect(state: State, start: Start, loop: Loop, resolve: Resolve, under: Circumstances) -> Outcome:
    """Run one state, for five minutes at most."""
    execution = _Test(Machine(state.name, {state.name: state}), start, loop, Outside(resolve))
    execution.given = under.context
    line = _Line(execution, start.input)
    line.variables = under.variables
    test = loop.fork(_run(state, line, under), f"the test of {state.name!r}")
    if await first_of(test, loop.sleep(LIMIT_SECONDS, f"the time limit of the test of {state.name!r}")) is test:
        return test.result()
    test.cancel()
    return Outcome("FAILED", {}, line.variables, failure=StateError(TIMEOUT))


class _Test(Execution):
    """Stands where a state expects its execution."""

    given: Mapping[str, JSON] | None = None


class _Line(Cursor):
    """The line of control that the state is on."""

    __slots__ = ()

    def context(self) -> JSON:
        """The context object, or what stands in for it."""
        given = self.execution.given if isinstance(self.execution, _Test) else None
        if given is None:
            return super().context()
        return given if self.item is None else {**given, "Map": self.item}

    def explain(self, error: StateError) -> StateError:
        """The error itself: TestState's causes do not name the state, as observed on AWS (August 2026)."""
        return error


async def _run(state: State, line: Cursor, under: Circumstances) -> Outcome:
    seen: Seen = {}
    history = line.execution.history
    history.append("ExecutionStarted", 0, {"input": line.input})
    line.state = state.name
    line.entered = line.last = history.append(f"{type(state).__name__}StateEntered", 0, {"name": state.name})
    if isinstance(state, (Task, Parallel, Map)):
        line.attempt = Attempt(under.retries)
    try:
        left = await _work(_watched(state, seen), line, under, seen)
    except StateError as error:
        return _failed(state, line, line.explain(error), under, seen)
    return _left("SUCCEEDED", line, left, seen)


def _left(
    status: Status, line: Cursor, left: Exit, seen: Seen, failure: StateError | None = None, **handled: int
) -> Outcome:
    """The outcome where the line leaves the state."""
    following, output, assigned = left
    return Outcome(status, seen, {**line.variables, **(assigned or {})}, output, following, failure, handled)


async def _work(state: State, line: Cursor, under: Circumstances, seen: Seen) -> Exit:
    """Do what the state does."""
    if isinstance(state, (Parallel, Map)):
        return await attempts(state, line, lambda: _mocked_work(state, line, under, seen))
    return await work(state, line)


async def _mocked_work(state: Parallel | Map, line: Cursor, under: Circumstances, seen: Seen) -> JSON:
    if under.mock is None:
        message = "what runs other states is tested with a mock only"
        raise AssertionError(message)
    return under.mock() if isinstance(state, Parallel) else _map_items(state, line, under, under.mock, seen)


def _map_items(state: Map, line: Cursor, under: Circumstances, mock: Mock, seen: Seen) -> JSON:
    """What a Map does before and after its iterations; they are mocked."""
    frame = line.frame(line.input)
    frame = frame.reading(state.flow.select_input(frame))
    items = _inspect_items(state, line, frame, under, seen)
    seen["maxConcurrency"] = state.max_concurrency(frame)
    if state.tolerated_failure_count is not None:
        seen["toleratedFailureCount"] = state.tolerated_failure_count(frame)
    if state.tolerated_failure_percentage is not None:
        seen["toleratedFailurePercentage"] = float(state.tolerated_failure_percentage(frame))
    result = mock()
    failed = under.failed_iterations
    percentage = 100 * failed / len(items) if items else 0
    if failed > seen.get("toleratedFailureCount", failed) or (
        percentage > seen.get("toleratedFailurePercentage", percentage)
    ):
        raise StateError(EXCEEDED, "The specified tolerated failure threshold was exceeded")
    return result


def _inspect_items(state: Map, line: Cursor, frame: StateFrame, under: Circumstances, seen: Seen) -> list[JSON]:
    """The inputs of the iterations."""
    if state.distribution is None:
        try:
            items = read_items(state, frame)
        except StateError:
            seen.pop("afterItemsPath", None)
            raise
        inputs = [iteration(state, line, frame, index, item, line.last).input for index, item in enumerate(items)]
    else:
        given = given_items(state, frame) if under.items is None else under.items()
        reader = state.distribution.reader
        if reader is not None and "ItemsPointer" in reader.config:
            seen["afterItemsPointer"] = [item.value for item in given]
        if reader is not None and reader.max_items is not None:
            given = given[: reader.max_items(frame) or None]
        inputs = [select_for_child(state, line, frame, index, item) for index, item in enumerate(given)]
    if state.item_selector is not None:
        seen["afterItemSelector"] = inputs
    if state.distribution is not None and state.distribution.batcher is not None:
        batches = Batches(state.distribution.batcher, frame, state.name, line.execution.quotas.payload_bytes)
        seen["afterItemBatcher"] = [batch for batch, _ in (*batches.of(inputs), *batches.last())]
    return inputs


def _failed(state: State, line: Cursor, failure: StateError, under: Circumstances, seen: Seen) -> Outcome:
    """What follows from a failure: Retry first, then Catch."""
    handled: dict[str, int] = {}
    if not isinstance(state, (Task, Parallel, Map)):
        return Outcome("FAILED", seen, line.variables, failure=failure)
    for index, retrier in enumerate(state.retry):
        if matches(retrier.error_equals, failure.error):
            handled["retryIndex"] = index
            break
    line.attempt = Attempt(under.retries)
    used = (under.retries,) * len(state.retry)
    decision = decide(failure, state.retry, state.catch, used, line.random)
    if isinstance(decision, Again):
        handled["retryBackoffIntervalSeconds"] = int(decision.after)
        return Outcome("RETRIABLE", seen, line.variables, failure=failure, handled=handled)
    if isinstance(decision, Caught):
        handled["catchIndex"] = state.catch.index(decision.by)
        try:
            left = hand_over(line, decision.by, failure)
        except QueryError:  # AWS answers with the error that was caught, and without an output (August 2026)
            return Outcome(
                *("CAUGHT_ERROR", seen, line.variables),
                next=decision.by.next,
                failure=failure,
                handled=handled,
                has_output=False,
            )
        except StateError as error:
            return Outcome("FAILED", seen, line.variables, failure=line.explain(error), handled=handled)
        return _left("CAUGHT_ERROR", line, left, seen, failure, **handled)
    return Outcome("FAILED", seen, line.variables, failure=failure, handled=handled)


def _watched(state: State, seen: Seen) -> State:
    """The state with its data flow watched; where it can fail, a failure goes neither to Retry nor to Catch."""
    watch = _Watch(seen)
    match state:
        case Choice() | Succeed() | Wait() | Fail():
            return dataclasses.replace(state, flow=watch.steering(state.flow))
        case Pass():
            if state.result is not None:
                seen["result"] = state.result[0]
            return dataclasses.replace(state, flow=watch.result(watch.parameters(state.flow)))
        case Task():
            working = watch.raw_result(watch.result(watch.parameters(watch.arguments(state.flow))))
            return dataclasses.replace(state, flow=working, retry=(), catch=())
        case Parallel():
            return dataclasses.replace(state, flow=watch.result(state.flow), retry=(), catch=())
        case Map():
            items = watch.of("afterItemsPath", state.items) if isinstance(state.flow, PathFlow) else state.items
            around = watch.result(watch.steering(state.flow))
            return dataclasses.replace(state, flow=around, items=items, retry=(), catch=())


class _Watch:
    """Wraps evaluators of a data flow. A path that is not there selects the whole document, and is watched as such."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen

    def of(self, name: str, evaluate: Evaluate | None) -> Evaluate:
        """An evaluator whose value is noted."""

        def evaluated(frame: Frame) -> JSON:
            value = frame.input if evaluate is None else evaluate(frame)
            self._seen[name] = value
            return value

        return evaluated

    def steering(self, of: Flow) -> Flow:
        """Watch InputPath."""
        if isinstance(of, QueryFlow):
            return of
        return dataclasses.replace(of, input_path=self.of("afterInputPath", of.input_path))

    def parameters(self, of: Flow) -> Flow:
        """Watch InputPath and Parameters."""
        of = self.steering(of)
        if isinstance(of, QueryFlow):
            return of
        return dataclasses.replace(of, parameters=self.of("afterParameters", of.parameters))

    def arguments(self, of: Flow) -> Flow:
        """Watch Arguments."""
        if isinstance(of, PathFlow):
            return of
        return dataclasses.replace(of, arguments=self.of("afterArguments", of.arguments))

    def result(self, of: Flow) -> Flow:
        """Watch ResultSelector and ResultPath, whose outcome is what OutputPath is applied to."""
        if isinstance(of, QueryFlow):
            return of
        output_path = self.document("afterResultPath", of.output_path)
        selector = self.of("afterResultSelector", of.result_selector)
        return dataclasses.replace(of, result_selector=selector, output_path=output_path)

    def document(self, name: str, evaluate: Evaluate | None) -> Evaluate:
        """An evaluator of which the document that it is applied to is noted."""

        def evaluated(frame: Frame) -> JSON:
            self._seen[name] = frame.input
            return frame.input if evaluate is None else evaluate(frame)

        return evaluated

    def raw_result(self, of: Flow) -> Flow:
        """Watch what the work has given."""
        if isinstance(of, PathFlow):
            return dataclasses.replace(of, result_selector=self.document("result", of.result_selector))
        output = of.output

        def evaluated(frame: Frame) -> JSON:
            result = self._seen["result"] = frame.bindings(context=False)["states"]["result"]
            return result if output is None else output(frame)

        return dataclasses.replace(of, output=evaluated)
