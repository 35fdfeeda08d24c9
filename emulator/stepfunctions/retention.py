"""Retention: for how long, and in how much memory, STANDARD executions that have ended are kept.

AWS keeps an execution for 90 days after its end. Here those that ended first leave memory before that, if what is kept
takes more than the setting ``keep_executions`` allows, or more than ON_DISK times as much in files. With a data folder
they stay in the folder, an ``Archive``, and are read from there. Without one they are gone: DescribeExecution answers
ExecutionDoesNotExist, as it does after 90 days, and the name can be used again. The execution that has ended last
always stays.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from asl_interpreter.loop.clock import Clock

if TYPE_CHECKING:
    from asl_interpreter.running.execution import Execution
    from asl_interpreter.running.kept import Kept
    from asl_interpreter.running.map_runs import MapRun

DAYS: Final = 90
SECONDS: Final = DAYS * 24 * 3600.0
ON_DISK: Final = 16
"""How many times as much as in memory may be in files."""
UNPACKED: Final = 16 * 1024 * 1024
"""Bytes of the histories that ended last which stay as they are; those of older ones are packed."""


class Listed(NamedTuple):
    """What is listed of an execution."""

    number: int
    """``Start.number``."""
    arn: str
    name: str
    status: str
    started_at: float
    stopped_at: float | None
    redrives: int
    redriven_at: float | None
    version_arn: str | None
    alias_arn: str | None

    @classmethod
    def of(cls, execution: Execution) -> Listed:
        """What is listed of this one."""
        start = execution.start
        return cls(
            *(start.number, start.arn, start.name, execution.status, execution.started_at, execution.stopped_at),
            *(execution.redrives, execution.redriven_at, start.version_arn, start.alias_arn),
        )


class Archive(Protocol):
    """Where executions are that have ended, in memory or not any more. Safe from any thread.

    None of its answers shows one that has ended 90 days ago.
    """

    def has(self, arn: str, /) -> bool:
        """Whether it has an execution that no Map Run has started."""

    def find(self, arn: str, /) -> Execution | None:
        """The execution with this ARN; those that Map Runs have started among them."""

    def find_run(self, arn: str, /) -> MapRun | None:
        """The Map Run with this ARN."""

    def listed(self, machine: str, before: int | None, status: str | None, /) -> Iterator[Listed]:
        """The executions of a state machine that started before the one with a number, the last started first."""

    def numbers(self, machine: str, /) -> tuple[int, int]:
        """The least and the greatest number of the executions of a state machine; 0 and 0 if there are none."""

    def every(self) -> list[Kept]:
        """All of them, as they are kept."""

    def count(self, machine: str, /) -> int:
        """How many executions of a state machine there are, with those that run."""

    def take_out(self, arn: str, /) -> Execution | None:
        """As ``find``, of an execution that is about to change: whoever finds it in memory must not find it here."""

    def forget(self, machine: str, /) -> None:
        """Let go of the executions of a state machine."""

    def expire(self, latest: float, /) -> None:
        """Let go of what has ended at a time, or before."""


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
        self.archive: Archive | None = None
        """Who has what has left memory; what is not written there yet does not leave."""
        self.gone: Callable[[Execution], None] = lambda _execution: None
        """Hears of each execution that is about to leave memory."""
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
        self.expire()
        if self.archive is None:
            self.make_room()

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
                break
            self._let_go(oldest)
        if self.archive is not None:
            self.archive.expire(latest)

    def _count(self, kept: _Kept, by: int) -> None:
        self.size += by * kept.size
        self.elsewhere += by * kept.elsewhere

    def make_room(self) -> None:
        """Keep to the limits: what takes more leaves memory. An archive has all of it."""
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
        self.gone(kept.execution)  # first, so that whoever does not find it any more looks elsewhere
        kept.forget(kept.execution)
        kept.execution.record.on_touch = None
        kept.execution.forget()
