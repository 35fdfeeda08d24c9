"""The engine: the one mutable front door. Everything else here is values and functions over them."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from .loop.clock import Clock
from .loop.scheduler import Loop
from .loop.signals import Signal

if TYPE_CHECKING:
    from .definition import Machine
    from .running.execution import Execution, Outside, Start

T = TypeVar("T")


def never() -> bool:
    """Nothing: what is asked after it is answered once nothing can move."""
    return False


class Engine:
    """Executions on one loop. Safe from any thread."""

    def __init__(self, clock: Clock) -> None:
        self.loop = Loop(clock)
        self.outbox = self.loop.outbox
        """For what leaves the loop, or is changed under a lock."""

    def ask(self, question: Callable[[], T], after: Callable[[], bool] | None = None) -> T:
        """Do something on the loop, where nothing else happens meanwhile: ``Loop.ask``."""
        return self.loop.ask(question, after)

    def post(self, action: Callable[[], None]) -> None:
        """Have something done on the loop, soon: ``Loop.post``."""
        self.loop.post(action)

    def wait(self, signal: Signal[T], *, strict: bool = False, otherwise: Callable[[], T] | None = None) -> T:
        """Wait until something has happened, such as the end of an execution: ``Loop.wait``."""
        return self.loop.wait(signal, strict=strict, otherwise=otherwise)

    def when(self, signal: Signal[T], then: Callable[[Callable[[], T]], None]) -> None:
        """Have ``then`` called once something has happened: ``Loop.when``."""
        self.loop.when(signal, then)

    def start(self, machine: Machine, start: Start, outside: Outside) -> Execution:
        """Start an execution; it runs on the loop."""
        return self.ask(lambda: self._start(machine, start, outside))

    def _start(self, machine: Machine, start: Start, outside: Outside) -> Execution:
        from .running.execution import Execution  # whose loop is also for what runs no machine

        execution = Execution(machine, start, self.loop, outside)
        execution.begin()
        return execution

    def redrive(self, execution: Execution) -> None:
        """Have an execution that has ended go on where it failed; it runs on the loop."""
        self.ask(execution.redrive)

    def stop(self, execution: Execution, error: str | None = None, cause: str | None = None) -> None:
        """Abort an execution. One that has ended stays as it is."""
        self.ask(lambda: execution.stop(error, cause))

    def run(self, work: Callable[[], Coroutine[Signal[Any] | None, None, T]], name: str) -> T:
        """Run work that is no execution on the loop, and wait for its end."""
        return self.loop.wait(self.loop.ask(lambda: self.loop.fork(work(), name, detached=True)))

    def advance(self, seconds: float) -> None:
        """Move the clock by so many seconds; all that becomes due on the way happens."""
        self.loop.advance(seconds)

    def next_timer(self) -> tuple[float, str] | None:
        """When the next timer is due, in seconds since 1970, and its name; None if nothing waits for the clock."""
        return self.ask(self.loop.next_timer)

    @property
    def defect(self) -> BaseException | None:
        """What has ended the loop before it was closed, if anything has."""
        return self.loop.defect

    def close(self) -> None:
        """End everything that runs, recording nothing more."""
        self.loop.close()
