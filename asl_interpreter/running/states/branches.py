"""The lines of control inside a Parallel or a Map: one for each branch or item.

They stay with the state until it succeeds: where each of them stands is what a redrive goes on from. Source:
https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html; the events of what a failure aborts as
AWS records them.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, NoReturn, TypeAlias

from ...definition import Map, Parallel
from ...errors import StateError
from ...jsontext import JSON
from ...language.dataflow import PathFlow
from ...loop.fibers import Children, Fiber
from ..cursor import Cursor


class Lines:
    """What has become of the lines of one attempt."""

    __slots__ = ("begun", "items", "last", "open", "outputs", "over")

    def __init__(self, items: list[JSON], last: int) -> None:
        self.items = items
        """What each line is given."""
        self.outputs: list[JSON] = [None] * len(items)
        """Of the lines that have succeeded."""
        self.begun = 0
        self.open: dict[int, Cursor] = {}
        """The lines that have begun and not succeeded, by their number."""
        self.last = last
        """Id of the event that shows the last success; before the first, of that which shows the start."""
        self.over = False
        """Whether one of them has failed, and the events of the others show it."""


Begin: TypeAlias = Callable[[int, int], Cursor]
"""The line with this number; the event with this id causes its first."""
Follow: TypeAlias = Callable[[int, Cursor], Coroutine[Any, Any, tuple[JSON, int]]]
"""Follows a line to its end: its output, and the id of the event that shows its success."""


async def run_lines(
    state: Parallel | Map, cursor: Cursor, lines: Lines, at_once: int, begin: Begin, follow: Follow
) -> JSON:
    """Follow all lines that have not succeeded to their ends, so many at once; the list of their outputs.

    Raises:
        StateError: one of them failed, the others are aborted; or the list is too large.
    """
    children: Children[None] = Children(cursor.execution.loop)
    running: dict[Fiber[None], Cursor] = {}
    lines.over = False
    plain = isinstance(state.flow, PathFlow)

    async def run(number: int, line: Cursor) -> None:
        output, last = await follow(number, line)
        del lines.open[number]
        lines.outputs[number], lines.last = output, last

    def fork(number: int, line: Cursor) -> None:
        running[children.fork(run(number, line), f"line {number} of {state.name!r}")] = line

    async def begin_next(cause: int) -> None:
        number = lines.begun
        try:
            line = begin(number, cause) if plain else await cursor.do(state, lambda: begin(number, cause))
        except StateError as error:
            _unwind(cursor, children, cause, error)
        lines.begun, lines.open[number] = number + 1, line
        fork(number, line)

    for number, line in lines.open.items():
        fork(number, line)
    most = len(lines.items)
    for _ in range(min(at_once - len(lines.open), most - lines.begun)):
        await begin_next(lines.last)
    while children:
        fiber = await children.next()
        line = running.pop(fiber)
        if fiber.error is not None:
            _unwind(cursor, children, line.last, fiber.error)
        if lines.begun < most:
            await begin_next(line.last)
    cursor.last = lines.last
    cursor.execution.history.append(f"{type(state).__name__}StateSucceeded", cursor.last)
    cursor.check_size(lines.outputs, state.name)
    return lines.outputs


def _unwind(cursor: Cursor, children: Children[None], cause: int, error: BaseException) -> NoReturn:
    """One line has failed, as the event ``cause`` shows: the others are aborted, and the failure goes on outwards.

    Where the whole execution ends, no line has an event of its own.
    """
    children.cancel()
    if isinstance(error, StateError):
        cursor.last = cause
        _record_aborts(cursor, cause)
    raise error


def _record_aborts(cursor: Cursor, cause: int) -> None:
    """Record what has ended inside a state, outermost first. A Task that has failed is aborted all the same."""
    lines, history = cursor.inside, cursor.execution.history
    if not isinstance(lines, Lines) or lines.over:
        return
    lines.over = True
    for number, line in lines.open.items():
        if not line.state:
            continue
        if line.item is not cursor.item:
            what = "Failed" if line.last == cause else "Aborted"
            history.append(f"MapIteration{what}", cause, {"name": cursor.state, "index": number})
        kind = history.events[line.entered - 1].type.removesuffix("StateEntered") if line.entered else ""
        if kind in ("Task", "Wait") or (kind in ("Parallel", "Map") and not line.failed):
            history.append(f"{kind}StateAborted", cause)
        if history.events[line.last - 1].type in ("MapRunStarted", "MapRunRedriven"):
            history.append("MapRunAborted", cause)
        _record_aborts(line, cause)
