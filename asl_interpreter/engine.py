"""The engine: the one mutable front door. Everything else here is values and functions over them."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from .definition import Machine
from .loop.clock import Clock
from .loop.scheduler import Loop
from .loop.signals import Signal
from .running.execution import Execution, Outside, Start

T = TypeVar("T")


class Engine:
    """Executions on one loop. Safe from any thread."""

    def __init__(self, clock: Clock) -> None:
        self.loop = Loop(clock)

    def ask(self, question: Callable[[], T]) -> T:
        """Do something on the loop, where nothing else happens meanwhile.

        Where time is not real, what follows from it at this instant has happened too: what two executions started one
        after the other do at the same instant they do in that order.
        """
        answer = self.loop.ask(question)
        self.loop.settle()
        return answer

    def start(self, machine: Machine, start: Start, outside: Outside) -> Execution:
        """Start an execution; it runs on the loop."""
        return self.ask(lambda: self._start(machine, start, outside))

    def _start(self, machine: Machine, start: Start, outside: Outside) -> Execution:
        execution = Execution(machine, start, self.loop, outside)
        execution.begin()
        return execution

    def redrive(self, execution: Execution) -> None:
        """Have an execution that has ended go on where it failed; it runs on the loop."""
        self.ask(execution.redrive)

    def stop(self, execution: Execution, error: str | None = None, cause: str | None = None) -> None:
        """Abort an execution. One that has ended stays as it is."""
        self.ask(lambda: execution.stop(error, cause))

    def look(self, execution: Execution, question: Callable[[], T]) -> T:
        """Answer a question about an execution once virtual time has brought it to its end, or as far as it gets."""
        return self.loop.look(question, lambda: execution.ended.done)

    def look_around(self, question: Callable[[], T]) -> T:
        """Answer a question once virtual time has brought everything as far as it gets."""
        return self.loop.look(question)

    def wait(self, execution: Execution, *, strict: bool = False) -> Execution:
        """Wait for the end of an execution.

        Raises:
            Deadlock: it cannot end, and ``strict`` says that nobody outside will help.
        """
        self.loop.wait(execution.ended, strict=strict)
        return execution

    def run(self, work: Callable[[], Coroutine[Signal[Any] | None, None, T]], name: str) -> T:
        """Run work that is no execution on the loop, and wait for its end."""
        return self.loop.wait(self.loop.ask(lambda: self.loop.fork(work(), name, detached=True)))

    def attend(self, signal: Signal[T], give_up: Callable[[], T]) -> T:
        """What a signal brings. Where time is not real, ``give_up`` says what if it cannot happen by itself."""
        if self.loop.clock.mode == "wall":
            return self.loop.wait(signal)
        return self.loop.look(lambda: signal.value if signal.done else give_up(), lambda: signal.done)

    def advance(self, seconds: float) -> None:
        """Move the clock by so many seconds; all that becomes due on the way happens."""
        self.loop.advance(seconds)

    def close(self) -> None:
        """End everything that runs, recording nothing more."""
        self.loop.close()
