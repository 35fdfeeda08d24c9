"""The history of one execution: what happened, in order, and what caused what.

An event is recorded as values; its wire shape is made when somebody asks for it. Links follow what AWS records: an
event's ``previous`` is the event that caused it, not the one before it in the list.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from .jsontext import JSON
from .loop.clock import Clock

TERMINAL: Final = frozenset({"ExecutionSucceeded", "ExecutionFailed", "ExecutionAborted", "ExecutionTimedOut"})


class Event(NamedTuple):
    """One thing that happened.

    ``details`` has AWS's member names; ``input``, ``output`` and ``parameters`` in it are JSON values, not texts.
    """

    id: int
    timestamp: float
    type: str
    previous: int
    details: Mapping[str, JSON] | None


class HistoryFull(Exception):
    """There is room for one last event only, which says why: the text."""


class History:
    """Events of one execution, ids from 1 without gaps."""

    __slots__ = ("_clock", "_limit", "_why", "events", "verbatim")

    def __init__(self, clock: Clock, limit: int | None = None) -> None:
        self._clock = clock
        self._limit = limit if limit is not None else 1 << 62
        self._why = f"The execution reached the maximum number of history events ({limit})."
        self.events: list[Event] = []
        self.verbatim: tuple[JSON, str] | None = None
        """The execution's input and its text as the client sent it, which events show while the value is unchanged."""

    def append(self, event_type: str, previous: int, details: Mapping[str, JSON] | None = None) -> int:
        """Record an event; its id.

        Raises:
            HistoryFull: only the event that ends the execution may still be recorded.
        """
        number = len(self.events) + 1
        if number >= self._limit and event_type not in TERMINAL:
            raise HistoryFull(self._why)
        self.events.append(_new_event(Event, (number, self._clock.now(), event_type, previous, details)))
        return number

    def close(self, why: str) -> None:
        """Take no event any more but the last."""
        self._limit, self._why = 0, why


_new_event: Any = tuple.__new__
"""Half the cost of calling the class; most of what a transition costs is its two events."""
