"""What Lambda writes to the log of a function around what the function itself writes.

Source: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-view.html
"""

from __future__ import annotations

import base64
import math
from dataclasses import dataclass
from typing import Final

TAIL: Final = 4096
"""Bytes of the log that an invocation with LogType Tail shows."""


@dataclass(frozen=True, slots=True)
class Run:
    """What the REPORT line says of an invocation; durations in seconds, memory in MB."""

    request_id: str
    version: str
    memory: int
    duration: float
    memory_used: int | None = None
    init_duration: float | None = None
    status: str = ""
    """How it failed: ``timeout``, or ``error`` with its type."""


def report(run: Run, output: str, before: str = "") -> str:
    """The log of an invocation: ``output`` is what the function wrote, ``before`` what it did when it was loaded."""
    milliseconds = run.duration * 1000
    billed = math.ceil(milliseconds + (run.init_duration or 0) * 1000)
    parts = [
        f"REPORT RequestId: {run.request_id}",
        f"Duration: {milliseconds:.2f} ms",
        f"Billed Duration: {billed} ms",
        f"Memory Size: {run.memory} MB",
    ]
    if run.memory_used is not None:
        parts.append(f"Max Memory Used: {run.memory_used} MB")
    if run.init_duration is not None:
        parts.append(f"Init Duration: {run.init_duration * 1000:.2f} ms")
    if run.status:
        parts.append(f"Status: {run.status}")
    return (
        f"{whole_lines(before)}START RequestId: {run.request_id} Version: {run.version}\n{whole_lines(output)}"
        f"END RequestId: {run.request_id}\n" + "\t".join(parts) + "\t\n"
    )


def whole_lines(text: str) -> str:
    """The text in whole lines."""
    return text if not text or text.endswith("\n") else f"{text}\n"


def tail(log: str) -> str:
    """The end of a log as the header X-Amz-Log-Result has it."""
    return base64.b64encode(log.encode()[-TAIL:]).decode()
