"""Parallel: branches side by side; all must succeed.

Source: Amazon States Language specification, "Parallel state"; the links of its events as AWS records them.
"""

from __future__ import annotations

from functools import partial

from ...definition import Parallel
from ...jsontext import JSON
from ..cursor import Cursor, Exit
from .branches import Lines, run_lines
from .retry_and_catch import attempts


async def run_parallel(state: Parallel, cursor: Cursor) -> Exit:
    """Run every branch on the effective input; the result is the list of their outputs."""

    async def follow(number: int, line: Cursor) -> tuple[JSON, int]:
        return await cursor.execution.walk(state.branches[number], line), line.last

    async def attempt() -> JSON:
        lines = cursor.inside
        if not isinstance(lines, Lines):
            document = await cursor.do(state, partial(_evaluate, state, cursor))
            cursor.record("ParallelStateStarted")
            cursor.inside = lines = Lines([document] * len(state.branches), cursor.last)
        documents = lines.items

        def begin(number: int, cause: int) -> Cursor:
            return cursor.branch(documents[number], cause)

        outputs = await run_lines(state, cursor, lines, len(documents), begin, follow)
        cursor.execution.history.join(outputs)
        return outputs

    return await attempts(state, cursor, attempt, failed="ParallelStateFailed")


def _evaluate(state: Parallel, cursor: Cursor) -> JSON:
    """What the branches are given."""
    document = state.flow.read(cursor.frame(cursor.input))
    cursor.check_arguments(document)
    return document
