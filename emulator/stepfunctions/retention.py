"""Retention: for how long, and in how much memory, STANDARD executions that have ended are kept.

AWS keeps an execution for 90 days after its end. Here those that ended first go before that, if what is kept takes more
memory than the setting ``keep_executions`` allows, or more than ON_DISK times as much in files. DescribeExecution then
answers ExecutionDoesNotExist, as it does after 90 days, and the name can be used again. The execution that has ended
last always stays.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from asl_interpreter.loop.clock import Clock
from asl_interpreter.running.execution import Execution

DAYS: Final = 90
SECONDS: Final = DAYS * 24 * 3600.0
ON_DISK: Final = 16
"""How many times as much as in memory may be in files."""
UNPACKED: Final = 16 * 1024 * 1024
"""Bytes of the histories that ended last which stay as they are; those of older ones are packed."""


@dataclass(slots=True)
class _Kept:
    """An execution that has ended and can be asked for."""

    execution: Execution
    stopped_at: float
    size: int
    elsewhere: int
    unpacked: int
    """How much of it is a history that is not packed yet."""
    forget: Callable[[Execution], None]


class Retention:
    """The executions of one world that have ended, in the order they ended. Changed on the loop only."""

    def __init__(self, clock: Clock, most: int) -> None:
        """``most`` is how many bytes of memory they may take."""
        self._clock = clock
        self._most = most
        self.gone: Callable[[Execution], None] = lambda _execution: None
        """Hears of each execution that is let go."""
        self._kept: dict[str, _Kept] = {}
        self._unpacked: dict[str, _Kept] = {}
        """Those whose histories are not packed."""
        self._unpacked_size = 0
        self.size = 0
        """How many bytes of memory all of them take, as far as that can be told."""
        self.elsewhere = 0
        """How many bytes of files they take."""

    def __len__(self) -> int:
        return len(self._kept)

    def is_over(self, execution: Execution) -> bool:
        """Whether an execution has ended so long ago that AWS would have deleted it. Safe from any thread."""
        return execution.stopped_at is not None and execution.stopped_at + SECONDS <= self._clock.now()

    def ended(self, execution: Execution, forget: Callable[[Execution], None]) -> None:
        """Take in an execution that has ended; ``forget`` lets it go."""
        arn, stopped_at = execution.start.arn, execution.stopped_at or self._clock.now()
        unpacked = execution.history.size
        kept = _Kept(execution, stopped_at, execution.size, execution.elsewhere, unpacked, forget)
        self._kept[arn] = self._unpacked[arn] = kept
        self._count(kept, 1)
        self._unpacked_size += unpacked
        self._make_room()

    def release(self, arn: str) -> None:
        """Keep an execution no longer: it runs again, or goes with its state machine."""
        kept = self._kept.pop(arn, None)
        if kept is not None:
            self._count(kept, -1)
        if self._unpacked.pop(arn, None) is not None and kept is not None:
            self._unpacked_size -= kept.unpacked

    def expire(self) -> None:
        """Let go what has ended 90 days ago."""
        latest = self._clock.now() - SECONDS
        while self._kept:
            oldest = next(iter(self._kept.values()))
            if oldest.stopped_at > latest:
                return
            self._let_go(oldest)

    def _count(self, kept: _Kept, by: int) -> None:
        self.size += by * kept.size
        self.elsewhere += by * kept.elsewhere

    def _make_room(self) -> None:
        self.expire()
        while self._unpacked_size > UNPACKED and len(self._unpacked) > 1:
            arn, oldest = next(iter(self._unpacked.items()))
            del self._unpacked[arn]
            self._unpacked_size -= oldest.unpacked
            oldest.execution.history.pack()
            self._count(oldest, -1)
            oldest.size, oldest.elsewhere = oldest.execution.size, oldest.execution.elsewhere
            self._count(oldest, 1)
        while (self.size > self._most or self.elsewhere > self._most * ON_DISK) and len(self._kept) > 1:
            self._let_go(next(iter(self._kept.values())))

    def _let_go(self, kept: _Kept) -> None:
        self.release(kept.execution.start.arn)
        kept.forget(kept.execution)
        self.gone(kept.execution)
        kept.execution.forget()
