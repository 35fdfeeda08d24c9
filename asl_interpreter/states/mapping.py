"""Map: the same states for every item of a list. Inline here; in mode DISTRIBUTED see ``distributed``.

Source: Amazon States Language specification, "Map state"; the links of its events as AWS records them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..dataflow import Frame, check_size
from ..definition import Map
from ..errors import StateError
from ..jsontext import JSON
from ..scheduler import Cancelled, Children, Fiber
from .attempts import attempts
from .distributed import run_distributed
from .items import iteration, read_items

if TYPE_CHECKING:
    from ..execution import Cursor

INLINE_CONCURRENCY: Final = 40
"""How many iterations run at once at most: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-inline.html"""


async def run_map(state: Map, cursor: Cursor) -> str | None:
    """Run the processor for each item; the result is the list of their outputs."""
    if state.distribution is not None:
        return await run_distributed(state, state.distribution, cursor)

    async def attempt() -> JSON:
        frame = cursor.frame(cursor.input)
        frame = frame.reading(state.flow.select_input(frame))
        items = read_items(state, frame)
        at_once = state.max_concurrency(frame) or INLINE_CONCURRENCY
        return await _run_iterations(state, cursor, frame, items, min(at_once, INLINE_CONCURRENCY))

    return await attempts(state, cursor, attempt, failed="MapStateFailed")


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
