"""Histories as files: what ``aws stepfunctions get-execution-history`` prints, and cassettes for replay."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from emulator.bench.visits import Event


class InvalidCassette(ValueError):
    """A text holds no history. The message says why, as the end of a sentence about the file."""


def exported(history: Sequence[Event]) -> str:
    """A history as ``aws stepfunctions get-execution-history`` prints it."""
    return json.dumps({"events": list(history)}, indent=2, default=_text, ensure_ascii=False)


def cassette(history: Sequence[Event], definition: str | None = None, execution: str | None = None) -> str:
    """A history as a cassette: with the definition that it is of, JSON text, and the ARN of the execution, if known."""
    about = {} if execution is None else {"execution": execution}
    if definition is not None:
        about["definition"] = json.loads(definition)
    return json.dumps({**about, "events": list(history)}, indent=2, default=_text, ensure_ascii=False) + "\n"


def read_cassette(text: str) -> tuple[list[dict[str, Any]], str | None]:
    """The history in a cassette, and the text of its definition if it has one. An exported history is a cassette, too.

    Raises:
        InvalidCassette: it is none.
    """
    history = read_export(text)
    document = json.loads(text)
    definition = document.get("definition") if isinstance(document, dict) else None
    return history, None if definition is None else json.dumps(definition)


def read_export(text: str) -> list[dict[str, Any]]:
    """The events of an exported history, in the order of their ids, with their times in seconds since 1970.

    Raises:
        InvalidCassette: it is none.
    """
    try:
        document = json.loads(text)
    except ValueError as error:
        message = f"is not JSON: {error}"
        raise InvalidCassette(message) from None
    events = document.get("events") if isinstance(document, dict) else document
    if not isinstance(events, list) or not events or not all(isinstance(event, dict) for event in events):
        message = "holds no history: an object with the member 'events' is wanted, as get-execution-history prints it"
        raise InvalidCassette(message)
    if lacking := {"id", "type"} - set.intersection(*(set(event) for event in events)):
        message = f"holds no history: an event has no {min(lacking)!r}"
        raise InvalidCassette(message)
    ordered = sorted(events, key=lambda event: event["id"])
    if ordered[0]["id"] != 1:
        message = f"holds a part of a history only: it begins with event {ordered[0]['id']}"
        raise InvalidCassette(message)
    return [{**event, "timestamp": _seconds(event.get("timestamp", 0))} for event in ordered]


def _seconds(value: Any) -> float:
    if isinstance(value, (int, float)):
        return float(value)
    try:
        return datetime.fromisoformat(str(value).replace("Z", "+00:00")).timestamp()
    except ValueError:
        message = f"holds no history: {value!r} is no timestamp"
        raise InvalidCassette(message) from None


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    message = f"{value!r} is no part of a history"
    raise TypeError(message)
