"""Where an execution stood right after one of its events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from asl_interpreter.jsontext import JSON


@dataclass(frozen=True, slots=True)
class Line:
    """Where one line of control stood: the execution's own, a branch, or an item of a Map."""

    state: str
    """The state that it was in, or was about to enter."""
    items: tuple[int, ...]
    """Which items of the Maps around it, of the outermost Map first."""
    input: JSON
    """The input of the state; once the state has been left, its output."""
    variables: Mapping[str, JSON]
    retries: int
    """How many attempts had failed before the one under way."""
    last: int = field(repr=False)
    """Id of the event that it recorded last."""


@dataclass(frozen=True, slots=True)
class Moment:
    """An execution right after one of its events."""

    event: dict[str, Any]
    """As GetExecutionHistory shows it."""
    lines: list[Line]
    """The lines of control that were open, the outer ones before those in them."""

    @property
    def line(self) -> Line:
        """The line that the event belongs to."""
        number = self.event["id"]
        return next((line for line in reversed(self.lines) if line.last == number), self.lines[0])

    @property
    def state(self) -> str:
        """The state of that line."""
        return self.line.state

    @property
    def input(self) -> JSON:
        """The input of that state."""
        return self.line.input

    @property
    def variables(self) -> Mapping[str, JSON]:
        """The variables that were set."""
        return self.line.variables
