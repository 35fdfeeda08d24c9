"""Bars that show how far a command has come, and how long it will still take: on a terminal, after two seconds."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING, Final, TextIO

import click

from asl_interpreter.loop.clock import monotonic
from emulator.progress import watched

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

PATIENCE: Final = 2.0
"""Seconds for which nothing is shown."""


@contextmanager
def shown(stream: TextIO | None = None) -> Iterator[None]:
    """Show a bar of what this thread does meanwhile, on the error stream if that is a terminal; else nothing.

    Example: ``Reading the data folder  [######----]   63%  00:00:04``
    """
    stream = sys.stderr if stream is None else stream
    if not stream.isatty():
        yield
        return
    bars = Bars(stream)
    try:
        with watched(bars):
            yield
    finally:
        bars.close()


@contextmanager
def waiting(on: str, stream: TextIO | None = None) -> Iterator[None]:
    """Show how long another process is waited for, which does not say how far it is; on a terminal, after two seconds.

    Example: ``Waiting for http://127.0.0.1:4566: 12 s``
    """
    stream = sys.stderr if stream is None else stream
    if not stream.isatty():
        yield
        return
    over = Event()
    thread = Thread(target=_count_seconds, args=(on, stream, over), name="dynastep-waiting", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _count_seconds(on: str, stream: TextIO, over: Event) -> None:
    began, shown_before = monotonic(), ""
    while not over.wait(1.0 if shown_before else PATIENCE):
        shown_before = f"Waiting for {on}: {monotonic() - began:.0f} s"
        stream.write(f"\r{shown_before}")
        stream.flush()
    if shown_before:
        stream.write(f"\r{' ' * len(shown_before)}\r")
        stream.flush()


class Bars:
    """Draws one bar after another on a stream; is told of progress as ``emulator.progress`` tells it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._began = self._since = monotonic()
        self._doing = ""
        self._bar: ProgressBar[int] | None = None
        self._open = ExitStack()

    def __call__(self, doing: str, done: int, count: int) -> None:
        """Draw how much is done, once the command has taken long enough."""
        now = monotonic()
        if doing != self._doing:
            self.close()
            self._doing, self._since = doing, now
        if self._bar is None:
            if now - self._began < PATIENCE or done == count:
                return
            self._bar = click.progressbar(length=count, label=doing, file=self._stream)
            self._bar.start -= now - self._since  # the estimate is of the whole work, of which some is done
            self._bar.last_eta = self._bar.start
            self._open.enter_context(self._bar)
        self._bar.update(done - self._bar.pos)

    def close(self) -> None:
        """Leave the last bar as it is, on a line of its own."""
        self._open.close()
        self._bar, self._doing = None, ""
