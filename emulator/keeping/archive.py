"""The archive of a data folder: executions that have ended, read when somebody asks for them.

The folder has every execution; memory has those that run, and those that have ended last. What was read is kept while
it is among the last few, for a long history is read in many pages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, TypeVar

from asl_interpreter.loop.locks import lock
from asl_interpreter.running.map_runs import map_runs
from emulator.faults import Fault
from emulator.keeping.folder import CannotWrite, Folder, Statement
from emulator.keeping.loading import executions_in
from emulator.keeping.pickling import Unreadable
from emulator.stepfunctions.keeping import found_again
from emulator.stepfunctions.retention import SECONDS, Listed

if TYPE_CHECKING:
    from asl_interpreter.running.execution import Execution
    from asl_interpreter.running.kept import Kept
    from asl_interpreter.running.map_runs import MapRun
    from emulator.world import World

T = TypeVar("T")

FEW: Final = 8
"""How many executions stay in memory that were read."""
AT_ONCE: Final = 200
"""How many are listed at once."""
RANK: Final = 84
_NAME: Final = 7
"""Which part of an execution's ARN is its name."""
_OF: Final = "SELECT arn FROM executions WHERE stopped_at > ? AND"
_LISTED: Final = ", ".join(Listed._fields)
PARTS: Final = ("events", "arn"), ("landed", "arn"), ("children", "parent"), ("within", "arn"), ("executions", "arn")
"""Where an execution is in the folder: the tables, and the column with its ARN; others are told by the last one."""


class Archive:
    """An ``Archive`` in a folder."""

    def __init__(self, folder: Folder, world: World) -> None:
        self._folder = folder
        self._world = world
        self._lock = lock("the executions that were read", RANK)
        self._read: dict[str, Execution] = {}
        self._oldest = 0.0
        """No execution here has ended before that."""
        self.taken_out: set[str] = set()
        """ARNs of executions that came back into memory, and that the folder has as they were before."""
        self.has_more = True
        """Whether the folder may have executions that are not in memory; until then nobody needs to look."""
        self._gone: list[Statement] = []
        """What could not be forgotten yet, for want of room."""

    def begin(self) -> None:
        """See what the folder has. The executions that run are in memory by now, and no request is answered yet."""
        self.has_more = bool(self._find("SELECT 1 FROM executions WHERE stopped_at IS NOT NULL LIMIT 1"))

    def has(self, arn: str) -> bool:
        """Whether it has an execution that no Map Run has started."""
        return self.has_more and bool(self._find(f"{_OF} arn = ?", self._latest(), arn))

    def find(self, arn: str) -> Execution | None:
        """The execution with this ARN; those that Map Runs have started among them."""
        if "/" not in arn:
            return self._execution(arn)
        parent = self._around("".join(arn.split(":")[_NAME : _NAME + 1]))
        runs = () if parent is None else map_runs(parent)
        return next((found for run in runs if (found := run.find(arn)) is not None), None)

    def find_run(self, arn: str) -> MapRun | None:
        """The Map Run with this ARN."""
        parent = self._around(arn)
        runs = () if parent is None else map_runs(parent)
        return next((run for run in runs if run.arn == arn), None)

    def listed(self, machine: str, before: int | None, status: str | None) -> Iterator[Listed]:
        """The executions of a state machine that started before the one with a number, the last started first."""
        number = 1 << 62 if before is None else before
        of_status = "" if status is None else "AND status = ?"
        sql = (
            f"SELECT {_LISTED} FROM executions WHERE machine = ? AND number < ? AND stopped_at > ? {of_status} "  # noqa: S608
            f"ORDER BY number DESC LIMIT {AT_ONCE}"
        )
        while True:
            given = (machine, number, self._latest(), *(() if status is None else (status,)))
            found = [Listed(*row) for row in self._find(sql, *given)]
            yield from found
            if len(found) < AT_ONCE:
                return
            number = found[-1].number

    def numbers(self, machine: str) -> tuple[int, int]:
        """The least and the greatest number of the executions of a state machine; 0 and 0 if there are none."""
        [(least, greatest)] = self._find("SELECT min(number), max(number) FROM executions WHERE machine = ?", machine)
        return least or 0, greatest or 0

    def count(self, machine: str) -> int:
        """How many executions of a state machine there are, with those that run."""
        sql = "SELECT count(*) FROM executions WHERE machine = ? AND (stopped_at IS NULL OR stopped_at > ?)"
        [(count,)] = self._find(sql, machine, self._latest())
        return int(count)

    def every(self) -> list[Kept]:
        """All of them, as they are kept."""
        return self._kept(f"{_OF} 1", self._latest())

    def take_out(self, arn: str) -> Execution | None:
        """As ``find``, of an execution that is about to change: whoever finds it in memory must not find it here."""
        execution = self._execution(arn)
        self.taken_out.add(arn)
        with self._lock:
            self._read.pop(arn, None)
        return execution

    def forget(self, machine: str) -> None:
        """Let go of the executions of a state machine."""
        with self._lock:
            self._read.clear()
        self._let_go("SELECT arn FROM executions WHERE machine = ?", machine)

    def expire(self, latest: float) -> None:
        """Let go of what has ended at a time, or before."""
        if self._oldest > latest:
            return
        with self._lock:
            self._read.clear()
        if self._find("SELECT 1 FROM executions WHERE stopped_at <= ? LIMIT 1", latest):
            self._let_go("SELECT arn FROM executions WHERE stopped_at <= ?", latest)
        [(oldest,)] = self._find("SELECT min(stopped_at) FROM executions WHERE stopped_at > ?", latest)
        self._oldest = self._world.clock.now() if oldest is None else oldest

    def _let_go(self, which: str, *given: object) -> None:
        self._gone += [(f"DELETE FROM {table} WHERE {arn} IN ({which})", given) for table, arn in PARTS]  # noqa: S608
        self.settle()

    def settle(self) -> None:
        """Try again to let go of what could not be."""
        if self._gone:
            with suppress(CannotWrite):  # there is no room; whoever writes something is told
                self._folder.write(self._gone)
                self._gone = []

    def _execution(self, arn: str) -> Execution | None:
        if not self.has(arn):
            return None
        with self._lock:
            known = self._read.get(arn)
        if known is not None:
            return known
        kept = self._kept("VALUES (?)", arn)
        execution = found_again(self._world, kept[0]) if kept else None
        if execution is not None:
            with self._lock:
                self._read[arn] = execution
                while len(self._read) > FEW:
                    del self._read[next(iter(self._read))]
        return execution

    def _around(self, part: str) -> Execution | None:
        """The execution that a Map Run, or an execution of one, is part of."""
        found = self._find("SELECT arn FROM within WHERE part = ?", part)
        return self._execution(found[0][0]) if found else None

    def _kept(self, which: str, *given: object) -> list[Kept]:
        return _read(lambda: executions_in(self._folder, which, *given)[0])

    def _find(self, sql: str, *given: object) -> list[tuple[Any, ...]]:
        return _read(lambda: self._folder.find(sql, *given))

    def _latest(self) -> float:
        return self._world.clock.now() - SECONDS


def _read(look: Callable[[], T]) -> T:
    """What is read. Raises Fault if that is damaged: it is named."""
    try:
        return look()
    except Unreadable as error:
        raise Fault("InternalServerError", f"Dynastep cannot read this: {error}", status=500) from None
