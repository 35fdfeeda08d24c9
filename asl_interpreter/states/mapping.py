"""Map, inline: the same states for every item of a list.

Source: Amazon States Language specification, "Map state"; the links of its events as AWS records them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .. import jsontext
from ..dataflow import Frame, QueryFlow, check_size
from ..definition import Map
from ..errors import NOT_BUILT, RUNTIME, QueryError, StateError
from ..jsontext import JSON
from ..scheduler import Cancelled, Children, Fiber
from .attempts import attempts

if TYPE_CHECKING:
    from ..execution import Cursor

INLINE_CONCURRENCY: Final = 40
"""How many iterations run at once at most: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-inline.html"""


async def run_map(state: Map, cursor: Cursor) -> str | None:
    """Run the processor for each item; the result is the list of their outputs."""
    if state.distributed:
        raise StateError(NOT_BUILT, "Dynastep has not built Distributed Map yet.")

    async def attempt() -> JSON:
        frame = cursor.frame(cursor.input)
        frame = frame.reading(state.flow.select_input(frame))
        items = read_items(state, frame)
        at_once = state.max_concurrency(frame) or INLINE_CONCURRENCY
        return await _run_iterations(state, cursor, frame, items, min(at_once, INLINE_CONCURRENCY))

    return await attempts(state, cursor, attempt, failed="MapStateFailed")


def read_items(state: Map, frame: Frame) -> list[JSON]:
    """The items of a Map; the frame is that of its effective input.

    Raises:
        StateError: there is no list.
    """
    items = state.items(frame)
    if isinstance(items, list):
        return items
    raise _not_a_list(state, items)


def iteration(state: Map, cursor: Cursor, frame: Frame, index: int, item: JSON, cause: int) -> Cursor:
    """The line of control for an item, its input made by ItemSelector; ``cause`` is the event that causes its first."""
    line = cursor.branch(item, cause, {"Item": {"Index": index, "Value": item}})
    if state.item_selector is not None:
        line.state, line.entered_at = cursor.state, cursor.entered_at
        line.input = state.item_selector(line.frame(frame.input))
    return line


def _not_a_list(state: Map, items: JSON) -> StateError:
    if isinstance(state.flow, QueryFlow):
        return QueryError(f"Map state input must be an array but was: {jsontext.dumps(items)}", None)
    return StateError(RUNTIME, f'Reference path "{state.items_path}" must point to array.')


async def _run_iterations(state: Map, cursor: Cursor, frame: Frame, items: list[JSON], at_once: int) -> JSON:
    execution = cursor.execution
    cursor.record("MapStateStarted", {"length": len(items)})
    children: Children[tuple[JSON, int]] = Children(execution.loop)
    running: dict[Fiber[tuple[JSON, int]], tuple[int, Cursor]] = {}
    results: list[JSON] = [None] * len(items)
    upcoming = iter(enumerate(items))

    def start(cause: int) -> None:
        """Start the next iteration, if there is one; what took place before it caused it."""
        for index, item in upcoming:
            line = iteration(state, cursor, frame, index, item, cause)
            running[children.fork(_run_iteration(state, line, index), f"item {index} of {state.name!r}")] = index, line
            return

    for _ in range(at_once):
        start(cursor.last)

    while children:
        fiber = await children.next()
        index, line = running.pop(fiber)
        if fiber.error is not None:
            cursor.last = line.last
            execution.unwind(children, fiber.error)
        results[index], cursor.last = fiber.value
        start(line.last)
    execution.history.append("MapStateSucceeded", cursor.last)
    check_size(results, state.name)
    return results


async def _run_iteration(state: Map, line: Cursor, index: int) -> tuple[JSON, int]:
    """Its output, and the event that shows its success, which is not what causes the next iteration."""
    execution, details = line.execution, {"name": state.name, "index": index}
    line.record("MapIterationStarted", details)
    try:
        output = await execution.walk(state.processor, line)
    except StateError:
        execution.history.append("MapIterationFailed", line.last, details)
        raise
    except Cancelled:
        line.record_abort("MapIterationAborted", details)
        raise
    return output, execution.history.append("MapIterationSucceeded", line.last, details)
