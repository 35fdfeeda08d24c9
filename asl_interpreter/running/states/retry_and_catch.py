"""Retry and Catch, the same for Task, Parallel and Map."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from ...definition import Catcher, Map, Parallel, Task
from ...errors import DATA_LIMIT_EXCEEDED, StateError
from ...jsontext import JSON
from ..retry import Again, Caught, decide

if TYPE_CHECKING:
    from ..execution import Cursor


async def attempts(
    state: Task | Parallel | Map,
    cursor: Cursor,
    attempt: Callable[[], Awaitable[JSON]],
    failed: str | None = None,
    begun: Callable[[], bool] = lambda: False,
) -> str | None:
    """Make attempts until one succeeds or no Retrier wants another; then write its output, or go to a Catcher.

    ``failed`` is the event which shows that work that had begun has failed for good; ``begun`` says whether it had.
    """
    cursor.retries = cursor.retries or 0
    try:
        return await _attempts(state, cursor, attempt, failed, begun)
    finally:
        cursor.retries = None


async def _attempts(
    state: Task | Parallel | Map,
    cursor: Cursor,
    attempt: Callable[[], Awaitable[JSON]],
    failed: str | None,
    begun: Callable[[], bool],
) -> str | None:
    execution = cursor.execution
    used = (0,) * len(state.retry)
    while True:
        at_work = True
        try:
            result = await attempt()
            at_work = False
            frame = cursor.frame(cursor.input)
            output = state.flow.write(frame, result)
            cursor.check_size(output, state.name)
            cursor.assign(state.flow, frame, result)
        except StateError as error:
            failure = cursor.explain(error)
        else:
            cursor.input = output
            cursor.leave()
            return state.next
        decision = decide(failure, state.retry, state.catch, used, execution.random)
        if isinstance(decision, Again):
            used = decision.attempts
            cursor.retries = sum(used)
            await execution.loop.sleep(decision.after, f"the retry of {state.name!r}")
            cursor.leave()
            continue
        if failed is not None and at_work and begun():
            cursor.record(failed)
        if isinstance(decision, Caught):
            following = hand_over(cursor, decision.by, failure)
            cursor.leave()
            return following
        if failure.error == DATA_LIMIT_EXCEEDED:
            cursor.leave()  # a redrive then runs all lines again, also those that have succeeded
        raise failure


def hand_over(cursor: Cursor, catcher: Catcher, failure: StateError) -> str:
    """Make what a Catcher hands on the state's output; the name of the next state."""
    caught = error_output(failure)
    frame = cursor.frame(cursor.input)
    output = catcher.flow.write(frame, caught)
    cursor.check_size(output, cursor.state)
    cursor.assign(catcher.flow, frame, caught)
    cursor.input = output
    return catcher.next


def error_output(failure: StateError) -> JSON:
    """What a Catcher hands on: Error and Cause, in this order; a Cause that there is not is an empty text."""
    return {"Error": failure.error, "Cause": failure.cause or ""}
