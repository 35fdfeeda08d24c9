"""Map: the same states for every item of a list. Inline here; in mode DISTRIBUTED see ``distributed``.

Source: Amazon States Language specification, "Map state"; the links of its events as AWS records them.
"""

from __future__ import annotations

from typing import Final

from ...definition import Map
from ...jsontext import JSON
from ...packing import layout
from ..cursor import Cursor, Exit
from .branches import Lines, run_lines
from .distributed import run_distributed
from .items import iteration, read_items
from .retry_and_catch import attempts


async def run_map(state: Map, cursor: Cursor) -> Exit:
    """Run the processor for each item; the result is the list of their outputs."""
    if state.distribution is not None:
        return await run_distributed(state, state.distribution, cursor)

    async def attempt() -> JSON:
        frame = cursor.frame(cursor.input)
        frame = frame.reading(state.flow.select_input(frame))
        lines = cursor.inside if isinstance(cursor.inside, Lines) else None

        def evaluate() -> tuple[list[JSON], int]:
            return read_items(state, frame) if lines is None else lines.items, state.max_concurrency(frame)

        items, wanted = await cursor.do(state, evaluate)
        most = cursor.execution.quotas.map_concurrency
        at_once = min(wanted or most, most)
        if lines is None:
            cursor.record("MapStateStarted", {"length": len(items)})
            if cursor.execution.outside.coverage is not None:
                cursor.execution.outside.coverage.points[state.name, "items", min(len(items), 2)] += 1
            cursor.inside = lines = Lines(items, cursor.last)

        def begin(index: int, cause: int) -> Cursor:
            return iteration(state, cursor, frame, index, items[index], cause)

        async def follow(index: int, line: Cursor) -> tuple[JSON, int]:
            return await _run_iteration(state, line, index)

        return await run_lines(state, cursor, lines, at_once, begin, follow)

    return await attempts(state, cursor, attempt, failed="MapStateFailed")


async def _run_iteration(state: Map, line: Cursor, index: int) -> tuple[JSON, int]:
    """Its output, and the event that shows its success, which is not what causes the next iteration."""
    execution, add = line.execution, line.execution.history.add
    if not line.state:
        line.last = add(_STARTED, line.last, state.name, index)
    output = await execution.walk(state.processor, line)
    return output, add(_SUCCEEDED, line.last, state.name, index)


_STARTED: Final = layout("MapIterationStarted", "name", "index")
_SUCCEEDED: Final = layout("MapIterationSucceeded", "name", "index")
