"""Executions: what happens to them, written to a data folder when the loop rests.

Of each execution that is not as it was, the events and the answers since are added, and its head is written anew. Most
executions have ended when they are first written: all of such a one is in its head, and written by one statement.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from asl_interpreter.jsontext import encode
from asl_interpreter.loop.clock import monotonic
from asl_interpreter.running.kept import head_of, keep_child, rows_of
from asl_interpreter.running.map_runs import map_runs
from emulator.keeping.archive import PARTS, Archive
from emulator.keeping.folder import CannotWrite, Folder, Statement
from emulator.stepfunctions.retention import Listed

if TYPE_CHECKING:
    from asl_interpreter.running.execution import Execution

log = logging.getLogger("dynastep")

EVERY: Final = 1.0
"""Real seconds between two attempts to write what could not be written."""
_HEAD: Final = "INSERT OR REPLACE INTO executions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_WITHIN: Final = "INSERT OR REPLACE INTO within VALUES (?, ?)"
_EVENTS: Final = "INSERT OR REPLACE INTO events VALUES (?, ?, ?)"
_LANDED: Final = "INSERT OR REPLACE INTO landed VALUES (?, ?, ?)"
_CHILD: Final = "INSERT OR REPLACE INTO children VALUES (?, ?, ?, ?)"


class Executions:
    """The executions of one world that are not in its folder as they are now; true while there are any.

    All of it is done on the loop's thread.
    """

    def __init__(self, folder: Folder, archive: Archive, moment: Callable[[], list[Statement]]) -> None:
        """``moment`` gives what is to be written with executions: where time and chance stand."""
        self._folder = folder
        self._archive = archive
        self._moment = moment
        self._touched: dict[Execution, None] = {}
        self._written: dict[str, tuple[int, int]] = {}
        """ARN of an execution -> how many of its events, and of what came to it, are in tables of their own."""
        self.trouble = ""
        """Why executions cannot be written, if they cannot; the log says so already."""
        self._again_at = 0.0
        """The real (monotonic) time before which a rest of the loop does not try again."""

    def begin(self, known: Mapping[str, tuple[int, int]]) -> None:
        """Begin with a folder that has so many events, and things that came, of some executions."""
        self._written.update(known)

    def __bool__(self) -> bool:
        return bool(self._touched)

    def touched(self, execution: Execution) -> None:
        """An execution is not as it was."""
        self._touched[execution] = None

    def forget(self, execution: Execution) -> None:
        """An execution leaves memory."""
        self._touched.pop(execution, None)
        self._written.pop(execution.start.arn, None)

    def keep_at_rest(self) -> bool:
        """As ``keep``, where nobody is to be told that it fails: it is tried again. Whether it was done."""
        if monotonic() >= self._again_at:
            with suppress(CannotWrite):
                self.keep()
                return True
        return False

    def keep(self) -> None:
        """Write what has happened to executions.

        They stay touched until they are written: until then no request that has touched one may be answered.

        Raises:
            CannotWrite: nothing is written.
        """
        if not self._touched:
            return
        statements: list[Statement] = []
        written: dict[str, tuple[int, int]] = {}
        for execution in self._touched:
            if execution.stopped_at is not None and (execution.start.express or execution.start.map_run_arn):
                if execution.start.arn in self._written:  # what is kept of a child is kept with its parent
                    statements += _forgotten(execution.start.arn)
            else:
                statements += self._of_execution(execution, written)
        try:
            self._folder.write([*statements, *self._moment()])
        except CannotWrite as error:
            self._again_at = monotonic() + EVERY
            if self.trouble != str(error):
                self.trouble = str(error)
                log.error("Executions cannot be kept: %s", error)  # noqa: TRY400 - the reason says all
            raise
        for execution in self._touched:
            self._written.pop(execution.start.arn, None)
            self._archive.taken_out.discard(execution.start.arn)
        self._written.update(written)
        self._touched.clear()
        self.trouble, self._again_at = "", 0.0

    def _of_execution(self, execution: Execution, written: dict[str, tuple[int, int]]) -> Iterator[Statement]:
        """What writes an execution; how many of its events and so on are then in tables is added to ``written``."""
        arn, record = execution.start.arn, execution.record
        if arn in self._archive.taken_out:
            yield from _forgotten(arn)  # it is written anew
        events, landed = self._written.get(arn, (0, 0))
        rows, came, head = rows_of(execution, events), record.since(landed), head_of(execution)
        yield from _children(execution, {(each.about[0], each.about[1]) for each in came if each.what == "child"})
        if execution.status == "SUCCEEDED":
            came = []  # nobody will do it again
            if landed:
                yield "DELETE FROM landed WHERE arn = ?", (arn,)
        if execution.stopped_at is not None and not events and not landed:
            head |= {"rows": rows, "landed": came}
        else:
            if rows:
                yield _EVENTS, (arn, events, encode(rows))
            if came:
                yield _LANDED, (arn, landed, encode(came))
            written[arn] = events + len(rows), landed + len(came)
        yield _HEAD, (*Listed.of(execution), execution.start.state_machine_arn, encode(head))


def _children(execution: Execution, ended: set[tuple[int, str]]) -> Iterator[Statement]:
    """What writes child executions of Map Runs: those that have ended, by the number of the run and their names."""
    if execution.stopped_at is not None:  # what came last may be forgotten already
        ended = {(number, name) for number, run in enumerate(execution.map_runs) for name in run.children}
        for run in map_runs(execution):
            yield from ((_WITHIN, (part, execution.start.arn)) for part in (run.arn, *run.children))
    for number, name in ended:
        child = execution.map_runs[number].children[name]
        yield _CHILD, (execution.start.arn, number, name, encode(keep_child(child)))


def _forgotten(arn: str) -> Iterator[Statement]:
    """What removes an execution from the folder."""
    for table, column in PARTS:
        yield f"DELETE FROM {table} WHERE {column} = ?", (arn,)  # noqa: S608 - of the tuple there
