"""Snapshots of histories for syrupy: a line for each event, with the same text for all that differs from run to run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from syrupy.extensions.amber import AmberSnapshotExtension

from asl_interpreter.jsontext import dumps
from emulator.bench.replaying import comparable
from emulator.bench.visits import Event, read_visits


class HistorySnapshots(AmberSnapshotExtension):
    """Syrupy's default format, in which a history is a few readable lines; every other value is as ever."""

    def serialize(self, data: Any, **options: Any) -> str:
        """A history as text, without ids, times, ARNs' accounts and names, UUIDs and task tokens."""
        return super().serialize("\n".join(lines(data)) if is_history(data) else data, **options)


def is_history(value: Any) -> bool:
    """Whether a value is what GetExecutionHistory shows of an execution, from its start on."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(event, dict) and {"id", "type", "timestamp"} <= event.keys() for event in value)
    )


def lines(history: list[Event]) -> Iterator[str]:
    """A line for each event: ``PassStateExited  Each[0]/Look  output={"n":1}``."""
    owner = read_visits(history).owner
    for event in history:
        visit = owner[event["id"]]
        said = [f"{name}={dumps(value)}" for name, value in comparable(event).items() if name != "name"]
        yield "  ".join([event["type"], *([] if visit is None else [visit.path]), *said])
