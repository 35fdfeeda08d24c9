"""Rendering: an Event becomes AWS's wire shape, when somebody asks.

Shapes: botocore's HistoryEvent; which members are there, and the spacing of unchanged input, as observed on AWS.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Final

from asl_interpreter.history import Event, History
from asl_interpreter.jsontext import JSON, dumps

_PAYLOADS: Final = {"input": "inputDetails", "output": "outputDetails"}


def render(history: History, events: Iterable[Event], *, include_data: bool = True) -> list[dict[str, JSON]]:
    """Events as GetExecutionHistory answers them; without ``include_data``, less inputs, outputs and parameters."""
    texts = _Texts(history)
    return [_render(event, texts, include_data=include_data) for event in events]


def _render(event: Event, texts: _Texts, *, include_data: bool) -> dict[str, JSON]:
    wire: dict[str, JSON] = {
        "timestamp": event.timestamp,
        "type": event.type,
        "id": event.id,
        "previousEventId": event.previous,
    }
    if event.details is not None:
        details: dict[str, JSON] = {}
        for name, value in event.details.items():
            if name in _PAYLOADS:
                if include_data:
                    details[name] = texts.of(value)
                details[_PAYLOADS[name]] = {"truncated": False}
            elif name == "assignedVariables":
                if include_data:
                    details[name] = {variable: dumps(content) for variable, content in value.items()}
                details["assignedVariablesDetails"] = {"truncated": False}
            elif name != "parameters":
                details[name] = value
            elif include_data:
                details[name] = texts.of(value)
        wire[details_member(event.type)] = details
    return wire


@cache
def details_member(event_type: str) -> str:
    """The member that holds an event's details: ``PassStateEntered`` -> ``stateEnteredEventDetails``."""
    for shared in ("StateEntered", "StateExited"):
        if event_type.endswith(shared):
            event_type = shared
    return f"{event_type[0].lower()}{event_type[1:]}EventDetails"


class _Texts:
    """JSON texts of values; a value that several events share is written once."""

    def __init__(self, history: History) -> None:
        self._last: tuple[JSON, str] = (self, "")
        self._history = history

    def of(self, value: JSON) -> str:
        if value is not self._last[0]:
            self._last = (value, self._history.text(value))
        return self._last[1]
