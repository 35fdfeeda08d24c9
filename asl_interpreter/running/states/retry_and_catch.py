"""Retry and Catch, the same for Task, Parallel and Map."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from ...coverage import Coverage
from ...definition import Catcher, Map, Parallel, Task
from ...errors import DATA_LIMIT_EXCEEDED, HeartbeatTimeout, StateError, TaskTimedOut
from ...jsontext import JSON
from ..cursor import Attempt, Cursor, Exit
from ..retry import Again, Caught, Decision, decide, first_naming


async def attempts(
    state: Task | Parallel | Map,
    cursor: Cursor,
    attempt: Callable[[], Awaitable[JSON]],
    failed: str | None = None,
) -> Exit:
    """Make attempts until one succeeds or no Retrier asks for another; then write the output, or go to a Catcher.

    ``failed`` is the type of the event that shows that work which had begun has failed for good. A setting that is
    wrong begins no work; an expression that fails does, as recorded for Map states.
    """
    cursor.attempt = cursor.attempt or Attempt()
    try:
        return await _attempts(state, cursor, attempt, failed)
    finally:
        cursor.attempt = None


async def _attempts(
    state: Task | Parallel | Map,
    cursor: Cursor,
    attempt: Callable[[], Awaitable[JSON]],
    failed: str | None,
) -> Exit:
    execution = cursor.execution
    used = (0,) * len(state.retry)
    while True:
        at_work = True
        try:
            result = await attempt()
            at_work = False
            left = await cursor.do(state, partial(_leave, state, cursor, result))
        except StateError as error:
            failure = cursor.explain(error)
        else:
            cursor.leave()
            return left
        decision = decide(failure, state.retry, state.catch, used, execution.random)
        if execution.outside.coverage is not None:
            _count(execution.outside.coverage, state, failure, decision)
        if isinstance(decision, Again):
            used = decision.attempts
            cursor.attempt = Attempt(sum(used))
            await execution.loop.sleep(decision.after, f"the retry of {state.name!r}")
            execution.record.touch()
            cursor.leave()
            continue
        if failed is not None and at_work and _has_begun(cursor):
            cursor.record(failed)
        if isinstance(decision, Caught):
            left = await cursor.do(state, partial(hand_over, cursor, decision.by, failure))
            cursor.leave()
            return left
        if failure.error == DATA_LIMIT_EXCEEDED:
            cursor.leave()  # a redrive then runs all lines again, also those that have succeeded
        raise failure


def _count(coverage: Coverage, state: Task | Parallel | Map, failure: StateError, decision: Decision) -> None:
    """Count which Retrier and which Catcher an error has met."""
    if isinstance(failure, TaskTimedOut):
        coverage.points[state.name, "timeout", int(isinstance(failure, HeartbeatTimeout))] += 1
    retrier = first_naming(state.retry, failure)
    if retrier is not None:
        coverage.points[state.name, "retry" if isinstance(decision, Again) else "exhausted", retrier] += 1
    if isinstance(decision, Caught):
        coverage.points[state.name, "catch", first_naming(state.catch, failure) or 0] += 1


def _has_begun(cursor: Cursor) -> bool:
    """Whether the history shows work inside the state, or an expression that has failed."""
    return cursor.inside is not None or cursor.execution.history.events[cursor.last - 1].type == "EvaluationFailed"


def _leave(state: Task | Parallel | Map, cursor: Cursor, result: JSON) -> Exit:
    frame = cursor.frame(cursor.input)
    output = state.flow.write(frame, result)
    cursor.check_size(output, state.name)
    return state.next, output, cursor.assigned(state.flow, frame, result)


def hand_over(cursor: Cursor, catcher: Catcher, failure: StateError) -> Exit:
    """Leave the state by a Catcher: the error output is the result that its fields work on."""
    caught = error_output(failure)
    frame = cursor.frame(cursor.input)
    output = catcher.flow.write(frame, caught)
    cursor.check_size(output, cursor.state)
    return catcher.next, output, cursor.assigned(catcher.flow, frame, caught)


def error_output(failure: StateError) -> JSON:
    """What a Catcher hands on: Error and Cause, in this order.

    Where SendTaskFailure or a Fail state has named none they are null, but the Cause of a timeout is an empty text.
    """
    cause = failure.cause
    if cause is None and isinstance(failure, TaskTimedOut):
        cause = ""
    return {"Error": failure.error, "Cause": cause}
