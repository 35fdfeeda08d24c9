"""The log of a server: lines of text, coloured on a terminal, or lines of JSON for what collects logs.

A request, an execution that has ended and work on a stack that has ended are a line each where that is asked for. Their
lines in JSON have members of their own beside the message: ``service``, ``operation``, ``path``, ``status``,
``milliseconds``, ``error``, ``account`` and ``region`` of a request; ``executionArn``, ``status``, ``seconds`` and
``error`` of an execution; ``stackId``, ``status``, ``resources`` and ``error`` of a stack.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from datetime import datetime, timezone
from typing import Any, Final, TextIO

import click

from emulator.settings import LogFormat

REQUESTS: Final = "dynastep.requests"
EXECUTIONS: Final = "dynastep.executions"
STACKS: Final = "dynastep.stacks"
FIELDS: Final = "fields"
"""The attribute of a record that has the members of its line in JSON."""
_COLOURS: Final = {logging.WARNING: "yellow", logging.ERROR: "red", logging.CRITICAL: "red"}


def set_up(log_format: LogFormat, *, requests: bool, quiet: bool, stream: TextIO | None = None) -> None:
    """Have the server's log written to the error stream.

    ``requests`` is whether each request, and each execution and each work on a stack that ends, is a line; ``quiet``
    leaves out everything but errors.
    """
    stream = sys.stderr if stream is None else stream
    handler = logging.StreamHandler(stream)
    coloured = stream.isatty() and not os.environ.get("NO_COLOR")
    handler.setFormatter(JSONLines() if log_format == "json" else Lines(coloured=coloured))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.ERROR if quiet else logging.WARNING)
    for name in (REQUESTS, EXECUTIONS, STACKS):
        logging.getLogger(name).setLevel(logging.INFO if requests and not quiet else logging.NOTSET)


class Lines(logging.Formatter):
    """``2026-01-01 12:00:00,000 WARNING what happened``; coloured where something is wrong."""

    def __init__(self, *, coloured: bool) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")
        self._coloured = coloured

    def format(self, record: logging.LogRecord) -> str:
        """A record as text; a traceback follows on further lines."""
        text = super().format(record)
        failed = _fields(record).get("error")
        colour = _COLOURS.get(record.levelno) or ("red" if failed else None)
        return click.style(text, fg=colour) if self._coloured and colour is not None else text


class JSONLines(logging.Formatter):
    """One JSON object a record, on one line: ``time``, ``level``, ``logger``, ``message``, perhaps ``traceback``."""

    def format(self, record: logging.LogRecord) -> str:
        """A record as a line of JSON."""
        time = datetime.fromtimestamp(record.created, timezone.utc).isoformat(timespec="milliseconds")
        line: dict[str, Any] = {
            "time": time.replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **_fields(record),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line)


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    fields: dict[str, Any] = getattr(record, FIELDS, {})
    return fields
