"""The history of one execution: what happened, in order, and what caused what.

An event is recorded as a row of values and takes some 140 bytes beside them; ``Event`` objects are made when somebody
asks, and AWS's wire shape later still. Events share their values with the states: the output of one state and the input
of the next are one object. Links follow what AWS records: the ``previous`` of an event is the event that caused it, not
the one before it in the list.

A long execution can make more data than should stay in memory: 25,000 events may show 12,500 values of 256 KB. So when
the rows in memory weigh more than BUDGET they are packed: see ``packing``.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, NamedTuple, Protocol, overload

from .jsontext import JSON, dumps
from .packing import Chunk, InMemory, Keep, Layout, Row, layout_of, pack, read_rows, unpack

TERMINAL: Final = frozenset({"ExecutionSucceeded", "ExecutionFailed", "ExecutionAborted", "ExecutionTimedOut"})

BUDGET: Final = 4 * 1024 * 1024
"""Bytes that the rows of one execution may take before they are packed; an estimate."""
MOST_ROWS: Final = 30_000
"""Rows that are kept unpacked. An EXPRESS execution has no limit on events; a STANDARD one never has as many."""
ROW_BYTES: Final = 140
VALUE_BYTES: Final = 240
"""What a row takes in memory, and what a small dictionary takes."""
BYTES_PER_CHARACTER: Final = 3
"""Bytes that a value takes in memory for each character of its JSON text, beside VALUE_BYTES; roughly."""


class Event(NamedTuple):
    """One thing that happened.

    ``details`` has AWS's member names; ``input``, ``output`` and ``parameters`` in it are JSON values, not texts.
    """

    id: int
    timestamp: float
    type: str
    previous: int
    details: Mapping[str, JSON] | None


_FIRST: Final = 3
"""Where the details begin in a row."""


class HistoryFull(Exception):
    """There is room for one last event only, which says why: the text."""

    def __init__(self, why: str, error: str | None = None) -> None:
        super().__init__(why)
        self.error = error
        """The error of that event; None is States.Runtime."""


class Times(Protocol):
    """Tells the time: a clock."""

    def now(self) -> float:
        """Seconds since 1970."""


def nothing() -> None:
    """What is done beside where nothing else grows."""


class History:
    """Events of one execution, ids from 1 without gaps."""

    __slots__ = (
        "_chunks",
        "_clock",
        "_gate",
        "_joined",
        "_limit",
        "_most",
        "_packed",
        "_rows",
        "_unpacked",
        "_weigh_at",
        "_why",
        "beside",
        "keep",
        "verbatim",
        "weight",
    )

    def __init__(self, clock: Times, limit: int | None = None, keep: Keep = InMemory) -> None:
        self._clock = clock
        self.keep = keep
        """Keeps what is packed."""
        self._most = limit if limit is not None else 1 << 62
        self._limit = self._most
        """How many events are recorded without asking the gate."""
        self._gate: Callable[[], None] | None = None
        self._why = f"The execution reached the maximum number of history events ({limit})."
        self._rows: list[Row] = []
        self._chunks: list[Chunk] = []
        self._packed = 0
        """How many events are packed."""
        self._unpacked: tuple[Chunk, list[Row]] | None = None
        """The chunk that was read last."""
        self.weight = 0
        """Bytes that the values of the rows in memory take: an estimate that counts shared parts several times."""
        self._weigh_at = BUDGET
        self.beside: Callable[[], None] = nothing
        """Packs what grows with the history; called when the history packs itself."""
        self.verbatim: tuple[JSON, str] | None = None
        """The execution's input and its text as the client sent it, which events show while the value is unchanged."""
        self._joined: dict[int, list[JSON]] = {}
        """Lists that hold the input, or other such lists, by their identity."""

    @property
    def events(self) -> Events:
        """The events, read as a sequence; it grows with the history."""
        return Events(self)

    def __len__(self) -> int:
        return self._packed + len(self._rows)

    @property
    def last_timestamp(self) -> float:
        """When the last event was recorded; there is one."""
        timestamp: float = self._rows[-1][2] if self._rows else self.row(len(self) - 1)[2]
        return timestamp

    def append(self, event_type: str, previous: int, details: Mapping[str, JSON] | None = None) -> int:
        """Record an event; its id.

        Raises:
            HistoryFull: only the event that ends the execution may still be recorded.
        """
        if details is None:
            return self.add(layout_of(event_type, None), previous)
        return self.add(layout_of(event_type, tuple(details)), previous, *details.values())

    def add(self, of: Layout, previous: int, *values: JSON) -> int:
        """Record an event of this layout; its id.

        Raises:
            HistoryFull: only the event that ends the execution may still be recorded.
        """
        rows = self._rows
        event_id = self._packed + len(rows) + 1
        if event_id >= self._limit and of[0] not in TERMINAL:
            self._ask(event_id)
        rows.append((of, previous, self._clock.now(), *values))
        return event_id

    def guard(self, gate: Callable[[], None]) -> None:
        """Have a gate asked before each event but the last. It raises HistoryFull where the event may not be kept."""
        self._gate, self._limit = gate, 0

    def _ask(self, event_id: int) -> None:
        if self._gate is None or event_id >= self._most:
            raise HistoryFull(self._why)
        self._gate()

    def text(self, value: JSON) -> str:
        """The JSON text of a value. What no state has changed keeps the client's, as AWS was seen to show it."""
        if self.verbatim is None or not isinstance(value, (dict, list)):
            return dumps(value)
        document, text = self.verbatim
        if value is document:
            return text
        if self.is_joined(value):
            return f"[{','.join(map(self.text, value))}]"
        return dumps(value)

    def join(self, outputs: list[JSON]) -> None:
        """Note what a Parallel has collected: in its list, too, the execution's input keeps the client's text."""
        if self.verbatim is not None and any(
            output is self.verbatim[0] or id(output) in self._joined for output in outputs
        ):
            self._joined[id(outputs)] = outputs

    def is_joined(self, value: JSON) -> bool:
        """Whether it is such a list."""
        return id(value) in self._joined

    @property
    def joined(self) -> list[list[JSON]]:
        """Those lists, the inner ones before those that hold them."""
        return list(self._joined.values())

    @contextmanager
    def timed_by(self, times: Times) -> Iterator[None]:
        """Have events get their times from there meanwhile."""
        clock, self._clock = self._clock, times
        try:
            yield
        finally:
            self._clock = clock

    def empty(self) -> None:
        """Forget all events: they are about to happen again."""
        self._rows, self._chunks, self._packed, self._unpacked = [], [], 0, None
        self.weight, self._weigh_at, self._joined = 0, BUDGET, {}

    def close(self, why: str) -> None:
        """Take no event any more but the last."""
        self._limit, self._most, self._why = 0, 0, why

    # What is kept, and how.

    def made(self, characters: int) -> None:
        """Count a value that the execution has made: so many characters of JSON. Pack what weighs too much."""
        self.weight += VALUE_BYTES + BYTES_PER_CHARACTER * characters
        if self.weight > self._weigh_at:
            self.tidy()

    def tidy(self) -> None:
        """Pack the rows in memory if they weigh too much."""
        if self.weight > self._weigh_at:
            weight = weight_of(self._rows)
            if weight > BUDGET:
                self.pack()
            else:  # their values are shared
                self._weigh_at = self.weight + BUDGET
        elif len(self._rows) > MOST_ROWS:
            self.pack()

    @property
    def size(self) -> int:
        """About how many bytes of memory the history takes."""
        values = self.weight if self.weight <= BUDGET // 4 else weight_of(self._rows)
        return len(self._rows) * ROW_BYTES + values + sum(chunk.packed.size for chunk in self._chunks)

    @property
    def elsewhere(self) -> int:
        """How many bytes it takes that are no memory."""
        return sum(chunk.packed.elsewhere for chunk in self._chunks)

    def pack(self) -> None:
        """Write the rows in memory as JSON, with each value once, and compress it."""
        if not self._rows:
            return
        self.beside()
        known = [*self._joined.values(), *([] if self.verbatim is None else [self.verbatim[0]])]
        self._chunks.append(pack(self._packed, self._rows, known, self.keep))
        self._packed += len(self._rows)
        self._rows = []
        self.weight, self._weigh_at = 0, BUDGET

    def _unpack(self, chunk: Chunk) -> list[Row]:
        unpacked = self._unpacked
        if unpacked is None or unpacked[0] is not chunk:
            self._unpacked = unpacked = (chunk, unpack(chunk))
        return unpacked[1]

    def row(self, index: int) -> Row:
        """The row at an index from 0.

        Raises:
            IndexError: there is none.
        """
        if index >= self._packed:
            return self._rows[index - self._packed]
        chunk = self._chunks[bisect_right(self._chunks, index, key=lambda each: each.first) - 1]
        return self._unpack(chunk)[index - chunk.first]

    def rows(self, start: int, stop: int) -> Sequence[Row]:
        """The rows from an index, counted from 0, up to but not including another."""
        packed = self._packed
        if start >= packed:
            return self._rows[start - packed : max(stop - packed, 0)]
        return [self.row(index) for index in range(start, min(stop, len(self)))]

    def dump(self) -> list[Row]:
        """All rows, to be kept elsewhere as JSON."""
        return [*self.rows(0, len(self))]

    def restore(self, rows: Iterable[Sequence[Any]]) -> None:
        """Take rows that were dumped, in place of all that there are."""
        self.empty()
        for row in read_rows(rows):
            self._rows.append(row)
            self.weight += weight_of([row])
            self.tidy()

    def put_away(self) -> None:
        """Forget what was unpacked to be read."""
        self._unpacked = None


def weight_of(rows: Iterable[Row]) -> int:
    """Bytes that the values of rows take in memory, each part counted once; an estimate."""
    seen: set[int] = set()
    weight = 0
    for row in rows:
        below: list[JSON] = list(row[_FIRST:])
        while below:
            part = below.pop()
            if isinstance(part, str):
                if len(part) > VALUE_BYTES:
                    if id(part) in seen:
                        continue
                    seen.add(id(part))
                weight += len(part)
            elif isinstance(part, (dict, list)):
                if id(part) in seen:
                    continue
                seen.add(id(part))
                weight += VALUE_BYTES
                below += part.values() if isinstance(part, dict) else part
            else:
                weight += 8
    return weight


_AT_ONCE: Final = 1000
"""How many events are made at once for whoever reads them all."""


def _made(rows: Iterable[Row], event_id: int) -> list[Event]:
    """The events of rows, of which the first has this id."""
    made = []
    for number, row in enumerate(rows, event_id):
        event_type, names = row[0]
        details = None if names is None else dict(zip(names, row[_FIRST:]))  # noqa: B905 - they are as many
        made.append(Event(number, row[2], event_type, row[1], details))
    return made


class Events(Sequence[Event]):
    """The events of a history, made as they are read."""

    __slots__ = ("_history",)

    def __init__(self, history: History) -> None:
        self._history = history

    def __len__(self) -> int:
        return len(self._history)

    @overload
    def __getitem__(self, index: int) -> Event: ...

    @overload
    def __getitem__(self, index: slice) -> list[Event]: ...

    def __getitem__(self, index: int | slice) -> Event | list[Event]:
        if isinstance(index, slice):
            start, stop, step = index.indices(len(self))
            if step == 1:
                return _made(self._history.rows(start, stop), start + 1)
            return [self[each] for each in range(start, stop, step)]
        if index < 0:
            index += len(self)
        if index < 0:
            raise IndexError(index)
        return _made([self._history.row(index)], index + 1)[0]

    def __iter__(self) -> Iterator[Event]:
        for start in range(0, len(self), _AT_ONCE):
            yield from self[start : start + _AT_ONCE]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence):
            return NotImplemented
        return list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]  # it grows

    def __repr__(self) -> str:
        return repr(list(self))
