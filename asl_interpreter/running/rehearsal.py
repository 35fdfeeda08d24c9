"""Rehearsal: an execution does again what it has done before, by its record, until it stands where it stood.

What was recorded says when everything came: how often fibers of the execution had been woken by then, and had run. So
the loop is turned by hand. Once they have come as far, the next thing that had come comes again. Otherwise those that
are ready run; when none is, only time can have woken one, and the next timer happens. For example, a Wait of ten
seconds and a Task that answered after three: the record says that the answer came when nothing had been woken since the
Wait was entered. Two child executions that ended at once: nothing had run in between.

Nothing outside is asked, and nobody is told. Events have the times that they had. What was asked and not answered is
asked in earnest when all has been rehearsed (``Record.go_live``).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from ..loop.by_hand import by_hand, pass_time, step
from ..packing import Row
from .record import ANSWER, AT_ONCE, BESIDE, HEARTBEAT, NOW, REFUSED, Landed, happen_again

if TYPE_CHECKING:
    from .execution import Execution

MOST_STEPS: Final = 10_000_000


class Diverged(Exception):
    """An execution does not do again what it has done. The message says what differs."""


class _Times:
    """Tells each event the time that it had, and the clock the time of the last one."""

    def __init__(self, execution: Execution, rows: Sequence[Row]) -> None:
        self._execution = execution
        self._rows = rows

    def now(self) -> float:
        """The time of the event that is about to be recorded."""
        clock, number = self._execution.loop.clock, len(self._execution.history)
        if number < len(self._rows):
            clock.rehearse(self._rows[number][2])
        return clock.now()


def rehearse(
    execution: Execution, rows: Sequence[Row], landed: Sequence[Landed], *, until: Callable[[], bool] | None = None
) -> None:
    """Have an execution that has not begun do what it has done: all of ``rows``, or until something is so.

    On the loop's thread; the clock is as it was afterwards.

    Raises:
        Diverged: it does something else.
    """
    _Rehearsal(execution, rows, landed).run(until or (lambda: False))


class _Rehearsal:
    def __init__(self, execution: Execution, rows: Sequence[Row], landed: Sequence[Landed]) -> None:
        self._execution = execution
        self._rows = rows
        self._coming = deque(each for each in landed if each.what not in BESIDE)
        self._checked = 0
        self._record = execution.record
        self._record.reads = {number: now for each in landed if each.what == NOW for number, now in [each.about]}
        self._record.at_once = {each.about[0]: tuple(each.about[1:]) for each in landed if each.what == AT_ONCE}
        self._record.refused = {each.events: (each.about[0], each.about[1]) for each in landed if each.what == REFUSED}
        self._record.restore(list(landed))

    def run(self, until: Callable[[], bool]) -> None:
        execution, record, loop = self._execution, self._record, self._execution.loop
        record.given, record.waits = True, False
        with by_hand(loop), execution.history.timed_by(_Times(execution, self._rows)):
            loop.clock.rehearse(execution.started_at)
            execution.begin()
            steps = 0
            while not until() and (self._coming or len(execution.history) < len(self._rows)):
                if not self._step():
                    break
                self._check()
                steps += 1
                if steps > MOST_STEPS:
                    raise Diverged(f"it does not come to event {len(self._rows)}")
            while not until() and len(execution.history) <= len(self._rows) and step(loop):
                pass  # what followed from the last thing that came, such as a timer that was set
            self._check()
        if len(execution.history) < len(self._rows) and not until():
            missing = self._rows[len(execution.history)][0][0]
            raise Diverged(f"event {len(execution.history) + 1}, {missing}, does not happen again")

    def _step(self) -> bool:
        loop, turns = self._execution.loop, self._record.turns
        if self._coming and turns.wakes >= self._coming[0].wakes and turns.runs >= self._coming[0].runs:
            self._come(self._coming.popleft())
            return True
        if step(loop) or pass_time(loop):
            return True
        if self._coming:
            raise Diverged(f"{self._coming[0].what} does not come: there are {len(self._execution.history)} events")
        return False

    def _come(self, landed: Landed) -> None:
        execution, record = self._execution, self._record
        execution.loop.clock.rehearse(max(landed.at, execution.loop.clock.now()))
        about: list[Any] = landed.about
        if landed.what in (ANSWER, HEARTBEAT):
            number, *answer = about
            waiting = record.open.get(number)
            if waiting is None:
                raise Diverged(f"question {number} is not asked")
            if landed.what == HEARTBEAT:
                waiting[0].heard_at = landed.at  # type: ignore[attr-defined]  # of a callback only
            else:
                del record.open[number]
                happen_again(waiting[0], *answer)
        else:
            execution.happen(landed.what, *about)

    def _check(self) -> None:
        """See that what was recorded since the last look is what was recorded before."""
        history = self._execution.history
        end = min(len(history), len(self._rows))
        if end == self._checked:
            return
        for number, now in enumerate(history.rows(self._checked, end), self._checked):
            before = self._rows[number]
            if now[:2] != before[:2] or now[3:] != before[3:]:
                raise Diverged(
                    f"event {number + 1} was {before[0][0]}, and is {now[0][0]} now, or holds something else"
                )
        self._checked = end
