"""Executions as they are written to a data folder: of each that is not as it was, the events and what came to it since.

An execution is a head, and rows of its events, of what came to it, and of the child executions of its Map Runs that
have ended; a child that runs is an execution like any other. Rows are only ever added to.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from asl_interpreter.jsontext import encode
from asl_interpreter.loop.clock import monotonic
from asl_interpreter.running.kept import head_of, keep_child, rows_of
from asl_interpreter.running.map_runs import map_runs
from emulator.keeping.archive import PARTS, Archive
from emulator.keeping.folder import CannotWrite, Folder, Statement
from emulator.keeping.loading import NOTHING, Written
from emulator.stepfunctions.keeping import every_execution
from emulator.stepfunctions.retention import Listed

if TYPE_CHECKING:
    from asl_interpreter.running.execution import Execution
    from asl_interpreter.running.record import Landed
    from emulator.world import World

log = logging.getLogger("dynastep")

EVERY: Final = 1.0
"""Real seconds between two looks at what could not be written."""

_HEAD: Final = "INSERT OR REPLACE INTO executions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_SAME_HEAD: Final = "UPDATE executions SET value = ? WHERE arn = ?"
_WITHIN: Final = "INSERT OR REPLACE INTO within VALUES (?, ?)"
_EVENTS: Final = "INSERT OR REPLACE INTO events VALUES (?, ?, ?)"
_LANDED: Final = "INSERT OR REPLACE INTO landed VALUES (?, ?, ?)"
_CHILD: Final = "INSERT OR REPLACE INTO children VALUES (?, ?, ?, ?)"


class Executions:
    """Writes the executions of a world. On the loop's thread."""

    def __init__(
        self, folder: Folder, world: World, archive: Archive, beside: Callable[[], Iterable[Statement]]
    ) -> None:
        """``beside`` gives what is written with them."""
        self._folder = folder
        self._world = world
        self._archive = archive
        self._beside = beside
        self._touched: dict[Execution, None] = {}
        self._written: dict[str, Written] = {}
        """By ARN, what of those in memory is in the folder."""
        self.refused = ""
        """Why they could not be written, if the log says so already."""
        self._again_at = 0.0
        """The real (monotonic) time before which the loop does not try again."""

    @property
    def unwritten(self) -> bool:
        """Whether something has happened that is not in the folder. Safe from any thread."""
        return bool(self._touched)

    def begin(self, known: Mapping[str, Written]) -> None:
        """Write all that there are, and from now on what happens; ``known`` says what is in the folder already."""
        world = self._world
        self._written.update(known)
        world.retention.gone = self.forget
        for machines in world.regions_of_machines.values():
            for execution in every_execution(machines):
                if execution.start.arn not in known or execution.stopped_at is None:
                    self.touched(execution)
        self.write()
        world.engine.loop.at_rest = self.at_rest

    def touched(self, execution: Execution) -> None:
        """An execution is not as it was."""
        self._touched[execution] = None

    def write(self) -> None:
        """Write what has happened, while nothing can move.

        Raises:
            CannotWrite: it is tried again.
        """
        if not self._touched:
            return
        # They stay touched until they are written: until then no request that has touched one may be answered.
        statements: list[Statement] = []
        written: dict[str, Written] = {}
        for execution in self._touched:
            if execution.stopped_at is not None and (execution.start.express or execution.start.map_run_arn):
                statements += forgotten(execution.start.arn)  # what is kept of a child is kept with its parent
            else:
                statements += self._of_execution(execution, written)
        statements += self._beside()
        try:
            self._folder.write(statements)
        except CannotWrite as error:
            self._again_at = monotonic() + EVERY
            if self.refused != str(error):
                self.refused = str(error)
                log.error("Executions cannot be kept: %s", error)  # noqa: TRY400 - the reason says all
            raise
        for execution in self._touched:
            self._written.pop(execution.start.arn, None)
        self._written.update(written)
        self._touched.clear()
        self.refused, self._again_at = "", 0.0
        self._world.retention.make_room()

    def at_rest(self) -> None:
        """Write, where nobody is to be told that it cannot be done: it is tried again."""
        if monotonic() >= self._again_at:
            with suppress(CannotWrite):
                self.write()

    def _of_execution(self, execution: Execution, written: dict[str, Written]) -> Iterator[Statement]:
        arn, record = execution.start.arn, execution.record
        if arn not in self._written and self._archive.is_of(execution):
            yield from forgotten(arn)  # it has left memory before, and is written anew
        events, landed, redrives = self._written.get(arn, NOTHING)
        rows = rows_of(execution, events)
        if rows:
            yield _EVENTS, (arn, events, encode(rows))
        came = record.since(landed)
        yield from _of_children(execution, came)
        if execution.status == "SUCCEEDED":
            if landed:
                yield "DELETE FROM landed WHERE arn = ?", (arn,)
        elif came:
            yield _LANDED, (arn, landed, encode(came))
        if execution.stopped_at is not None or redrives != execution.redrives:
            head = encode(head_of(execution))
            yield _HEAD, (*Listed.of(execution), execution.start.state_machine_arn, head)
        elif execution.map_runs:
            yield _SAME_HEAD, (encode(head_of(execution)), arn)
        written[arn] = Written(events + len(rows), landed + len(came), execution.redrives)

    def forget(self, execution: Execution) -> None:
        """An execution is in memory no longer."""
        self._touched.pop(execution, None)
        self._written.pop(execution.start.arn, None)


def _of_children(execution: Execution, came: list[Landed]) -> Iterator[Statement]:
    """What its Map Runs have started, as far as that has ended since."""
    arn = execution.start.arn
    ended = {(each.about[0], each.about[1]) for each in came if each.what == "child"}
    if execution.stopped_at is not None:  # what came last may be forgotten already
        ended = {(number, name) for number, run in enumerate(execution.map_runs) for name in run.children}
        for run in map_runs(execution):
            yield from ((_WITHIN, (part, arn)) for part in (run.arn, *run.children))
    for number, name in ended:
        child = execution.map_runs[number].children[name]
        yield _CHILD, (arn, number, name, encode(keep_child(child)))


def forgotten(arn: str) -> Iterator[Statement]:
    """What removes an execution from the folder."""
    for table, column in PARTS:
        yield f"DELETE FROM {table} WHERE {column} = ?", (arn,)  # noqa: S608 - of the tuple there
