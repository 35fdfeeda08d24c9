"""Live pages: server-sent events that say that something has changed. The page then asks for its parts anew."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any, Final

from flask import Blueprint, Response

from asl_interpreter.loop.clock import monotonic
from emulator.faults import Fault
from emulator.web.activity import Activity
from emulator.web.asking import Asker
from emulator.web.page import about

LONGEST: Final = 20.0
"""Real seconds of one stream; the browser then asks for another one, so no thread is held for ever."""
EVERY: Final = 0.4
"""Real seconds between two looks."""
MOST_STREAMS: Final = 8
"""Streams at a time, each of which holds a thread. Further pages get a short answer, and ask again later."""

_streams = threading.Semaphore(MOST_STREAMS)


def add(pages: Blueprint, activity: Activity) -> None:
    """Add the routes of streams."""

    @pages.get("/live/executions/<path:arn>")
    def live_execution(arn: str) -> Response:
        asked = about(arn)
        return _stream(lambda: _signature(asked, arn))

    @pages.get("/live/activity")
    def live_activity() -> Response:
        return _stream(lambda: (str(activity.count), False))


def _signature(asked: Asker, arn: str) -> tuple[str, bool]:
    """What changes whenever something happens in an execution, and whether it has ended."""
    last: list[dict[str, Any]] = []
    try:
        described = asked.step_functions("DescribeExecution", executionArn=arn, includedData="METADATA_ONLY")
        last = asked.step_functions(
            "GetExecutionHistory", executionArn=arn, maxResults=1, reverseOrder=True, includeExecutionData=False
        )["events"]
    except Fault:
        return "gone", True
    return f"{described['status']} {last[0]['id'] if last else 0}", described["status"] != "RUNNING"


def _stream(look: Callable[[], tuple[str, bool]]) -> Response:
    return Response(_events(look), content_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


def _events(look: Callable[[], tuple[str, bool]]) -> Iterator[str]:
    """An event whenever a look shows something new, ``end`` when nothing more can come."""
    yield "retry: 1500\n\n"
    may_stay = _streams.acquire(blocking=False)
    try:
        seen, until, pause = "", monotonic() + LONGEST, threading.Event()
        while True:
            now, ended = look()
            if now != seen:
                seen = now
                yield f"event: {'end' if ended else 'change'}\ndata: {now}\n\n"
            if ended or not may_stay or monotonic() > until:
                return
            pause.wait(EVERY)
    finally:
        if may_stay:
            _streams.release()
