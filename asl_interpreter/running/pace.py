"""Pace: how the expressions of a state share the loop with everybody else.

An expression in JSONata may take seconds. What a state evaluates is first tried in one go. If that takes more than
SLICE steps, it is evaluated anew in slices of so many steps, and between two slices the loop lets others have their
turn: other lines of control, other executions, and requests. Steps are counted by the evaluator (``jsonata.Limits``),
so the number of slices, and with it the order of events, is the same on every machine.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any, Final

from ..loop.slices import Slices

if TYPE_CHECKING:
    from .execution import Execution

SLICE: Final = 4_000
"""Steps of evaluation in a slice: between 4 and 40 milliseconds."""


class TooLong(BaseException):
    """What a state evaluates takes more steps than may be made in one go. No state sees it."""


class AtOnce:
    """The pace of what is tried in one go. What has been drawn by chance is put back if that is given up."""

    __slots__ = ("_execution", "_state", "left")

    def __init__(self, execution: Execution) -> None:
        self._execution = execution
        self.begin()

    def begin(self) -> None:
        """Something else is tried."""
        self._state: Any = None
        self.left = SLICE

    def pause(self) -> int:
        """Give up."""
        if self._state is not None:
            self._execution.random.setstate(self._state)
        raise TooLong

    def draw(self) -> Random:
        """The execution's source of chance."""
        source = self._execution.random
        if self._state is None:
            self._state = source.getstate()
        return source


class InSlices:
    """The pace of what is evaluated in slices, with a source of chance that no other line draws from meanwhile."""

    __slots__ = ("_slices", "_source", "left")

    def __init__(self, seed: int) -> None:
        self._source = Random(seed)  # noqa: S311 - no secret depends on it
        self._slices: Slices[Any] | None = None
        self.left = SLICE

    def of(self, slices: Slices[Any]) -> None:
        """Say what work this is the pace of."""
        self._slices = slices

    def pause(self) -> int:
        """End a slice; how many steps the next one has."""
        if self._slices is not None:
            self._slices.pause()
        return SLICE

    def draw(self) -> Random:
        """The source of chance of this work."""
        return self._source
