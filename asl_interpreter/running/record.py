"""The record of an execution: what came to it from outside, in order; enough to do everything again.

The interpreter is deterministic. So beside its machine and its input an execution is made of nothing but what it was
told: the answers of its Tasks, tokens that came back, items that were read, the ends of its child executions, a stop.
Each is noted here as it lands, with how many events there were then. ``rehearsal`` runs a machine against a record:
that is how an execution goes on in another process, or stands where it stood at an event.

What is asked of the outside is numbered in the order of asking: the same execution asks the same questions in the same
order, so a number says which question an answer is for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from ..errors import AnswerTooLarge, HeartbeatTimeout, StateError, TaskTimedOut
from ..jsontext import JSON
from ..loop.fibers import Turns
from ..loop.signals import Signal
from ..packing import Packed, compressed, expanded
from ..tasks import Callback, Item, Later, Polled, Submitted

if TYPE_CHECKING:
    from ..history import History
    from ..loop.clock import Clock
    from .map_runs import Child, MapRun

T = TypeVar("T")
Heard = TypeVar("Heard", bound=Signal[Any])

ANSWER: Final = "answer"
AT_ONCE: Final = "at once"
HEARTBEAT: Final = "heartbeat"
NOW: Final = "now"
REFUSED: Final = "refused"
BESIDE: Final = (AT_ONCE, NOW, REFUSED)
"""What is looked up in a rehearsal rather than come again."""


CLOSED: Final = TaskTimedOut()
"""What a callback fails with when its task has ended without it. Nobody sees it, and it comes from nowhere."""


class Landed(NamedTuple):
    """Something that came from outside."""

    events: int
    """How many events there were when it came."""
    at: float
    """When it came, in seconds since 1970."""
    what: str
    about: list[JSON]
    """JSON values."""
    wakes: int
    runs: int
    """How far the fibers of the execution had come: ``Turns``."""


class TakenOn(NamedTuple):
    """An answer of before: a service has taken a job on, and its outcome was still to come."""

    output: JSON
    """What TaskSubmitted shows."""
    kind: str
    """``submitted``, ``polled``, or ``signal``: what the service had answered with."""


class Record:
    """What came to one execution. Changed on the loop's thread only."""

    __slots__ = (
        "_clock",
        "_history",
        "_landed",
        "_packed",
        "_reads",
        "asked",
        "at_once",
        "child_before",
        "given",
        "on_touch",
        "open",
        "reads",
        "refused",
        "turns",
        "waits",
    )

    def __init__(self, history: History, clock: Clock) -> None:
        self._history = history
        self._clock = clock
        self._landed: list[Landed] = []
        self._packed: list[tuple[int, Packed]] = []
        """What is packed, after how many things that is."""
        self._reads = 0
        self.on_touch: Callable[[], None] | None = None
        """Called when something has come, or time has passed: the execution is not as it was."""
        self.asked = 0
        """How many questions there were."""
        self.turns = Turns()
        """How far its fibers have come."""
        self.at_once: dict[int, tuple[str, list[JSON]]] = {}
        """Of a rehearsal: the answers of questions that were answered as they were asked."""
        self.given = False
        """Whether it is rehearsed: what comes from outside is what came before."""
        self.waits = False
        """Whether the execution must not begin yet: what it has done is rehearsed later."""
        self.open: dict[int, tuple[Signal[Any], Callable[[], Signal[Any]] | None]] = {}
        """Of a rehearsal: the questions that have no answer yet, and how to ask them in earnest."""
        self.child_before: Callable[[MapRun, str], Child | None] = _nothing
        """Of a rehearsal: what had become of an execution of a Map Run, by its name; None if it runs."""
        self.refused: dict[int, tuple[str, str | None]] = {}
        """Of a rehearsal: after how many events the next one was not kept, with its cause and its error."""
        self.reads: dict[int, float] = {}
        """Of a rehearsal: reads of the clock that gave another time than that of the last event."""

    def __iter__(self) -> Iterator[Landed]:
        return iter(self.since(0))

    def since(self, count: int) -> list[Landed]:
        """What came after the first ``count`` that did."""
        first, came = 0, []
        for many, packed in self._packed:
            if first + many > count:
                came += [Landed(*each) for each in expanded(packed)[max(count - first, 0) :]]
            first += many
        return came + self._landed[max(count - first, 0) :]

    def pack(self) -> None:
        """Keep what there is as text: a history that grows large packs itself, too."""
        if self._landed:
            self._packed.append((len(self._landed), self._history.keep(compressed(self._landed))))
            self._landed = []

    @property
    def size(self) -> int:
        """How many bytes of memory take what is packed."""
        return sum(packed.size for _, packed in self._packed)

    @property
    def elsewhere(self) -> int:
        """How many bytes it takes that are no memory."""
        return sum(packed.elsewhere for _, packed in self._packed)

    def clear(self) -> None:
        """Nobody will do it again."""
        self._landed, self._packed, self.open = [], [], {}

    def restore(self, landed: list[Landed]) -> None:
        """Have what was noted before."""
        self._landed, self._packed = landed, []

    def note(self, what: str, *about: JSON) -> None:
        """Note that something came, unless it came before."""
        self.touch()
        if not self.given:
            turns = self.turns
            now = self._clock.now()
            self._landed.append(Landed(len(self._history), now, what, [*about], turns.wakes, turns.runs))

    def touch(self) -> None:
        """The execution is not as it was."""
        if self.on_touch is not None:
            self.on_touch()

    def now(self) -> float:
        """The time, for an expression that reads it."""
        self._reads += 1
        last = self._history.last_timestamp
        if self.given:
            return self.reads.get(self._reads, last)
        now = self._clock.now()
        if now != last:
            self.note(NOW, self._reads, now)
        return now

    def ask(self, begin: Callable[[], Signal[T]], name: str) -> Signal[T]:
        """Ask something of the outside: ``begin`` does, and what it returns brings the answer.

        In a rehearsal it is not called, for the answer is known; unless there was none, when all else is as it was.
        """
        self.asked += 1
        number = self.asked
        if self.given:
            stand_in: Signal[T] = Signal(name)
            if number in self.at_once:
                happen_again(stand_in, *self.at_once[number])
            else:
                self.open[number] = stand_in, begin
            return stand_in
        return self._followed(number, begin())

    def hear(self, signal: Heard) -> Heard:
        """Wait for somebody outside who answers by a signal that is there in a rehearsal, too: a token, a worker."""
        self.asked += 1
        number = self.asked
        if isinstance(signal, Callback):
            signal.on_heartbeat = lambda: self.note(HEARTBEAT, number)
        if self.given and number in self.at_once:
            happen_again(signal, *self.at_once[number])
            return signal
        if self.given:
            self.open[number] = signal, None
            signal.subscribe(lambda: self._land(number, signal))  # once the rehearsal is over
            return signal
        return self._followed(number, signal)

    def _followed(self, number: int, signal: Heard) -> Heard:
        if signal.done:
            self._land(number, signal, AT_ONCE)
        else:
            signal.subscribe(lambda: self._land(number, signal))
        return signal

    def _land(self, number: int, signal: Signal[Any], what: str = ANSWER) -> None:
        if signal.error is not CLOSED:
            kind, parts = written(signal)
            self.note(what, number, kind, parts)

    def go_live(self) -> None:
        """The rehearsal is over: ask in earnest what has no answer yet."""
        self.given = self.waits = False
        self.child_before, self.reads, self.refused, self.at_once = _nothing, {}, {}, {}
        waiting, self.open = self.open, {}
        for number, (stand_in, begin) in waiting.items():
            if begin is not None and stand_in.awaited:  # and not of a branch that was given up since
                signal = begin()
                signal.subscribe(partial(self._land, number, signal))
                _hand_on(signal, stand_in)


def _nothing(_run: MapRun, _name: str) -> None:
    """Nothing became of it."""


def _hand_on(signal: Signal[Any], to: Signal[Any]) -> None:
    def happen() -> None:
        if signal.error is not None:
            to.fail(signal.error)
        else:
            to.set(signal.value)

    signal.subscribe(happen)


_ERRORS: Final[dict[str, type[StateError]]] = {
    each.__name__: each for each in (TaskTimedOut, HeartbeatTimeout, AnswerTooLarge)
}


class _Defect(Exception):
    """An error of before that was a defect."""

    def __repr__(self) -> str:
        return str(self)


def _written_error(error: BaseException) -> list[JSON]:
    if isinstance(error, StateError):
        return [type(error).__name__, error.error, error.cause]
    return ["Defect", repr(error), None]


def _read_error(kind: str, error: str | None, cause: str | None) -> Exception:
    if kind == "Defect":
        return _Defect(error)
    return _ERRORS[kind](cause) if kind in _ERRORS else StateError(error, cause)


def written(signal: Signal[Any]) -> tuple[str, list[JSON]]:
    """What a signal has brought: its kind, and JSON values."""
    value = signal.value
    if signal.error is not None:
        return "error", _written_error(signal.error)
    if isinstance(value, Later):
        return "later", [value.after, value.value, None if value.error is None else _written_error(value.error)]
    if isinstance(value, Submitted):
        return "submitted", [value.output]
    if isinstance(value, Polled):
        return "polled", [value.output]
    if isinstance(value, TakenOn):
        return value.kind, [value.output]
    if isinstance(value, Signal):
        return "signal", []
    if isinstance(value, list) and value and isinstance(value[0], Item):
        return "items", [list(each) for each in value]
    return "value", [value]


def happen_again(signal: Signal[Any], kind: str, parts: list[JSON]) -> None:
    """Have a signal bring what one has brought before."""
    match kind, parts:
        case "error", [name, error, cause]:
            signal.fail(_read_error(name, error, cause))
        case "later", [after, value, None]:
            signal.set(Later(after, value))
        case "later", [after, _, error]:
            signal.set(Later(after, error=_read_error(*error)))
        case (("submitted" | "polled"), [output]):
            signal.set(TakenOn(output, kind))
        case "signal", _:
            signal.set(TakenOn(None, kind))
        case "items", _:
            signal.set([Item(*each) for each in parts])
        case _:
            signal.set(parts[0])
