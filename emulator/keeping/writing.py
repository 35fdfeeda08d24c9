"""Writing: what requests change is in the data folder before they are answered.

Each request is a unit: what it changes is written as one, or not at all. Changes of items are put in line under the
lock of their table, so that they stand in the order in which they happened; a unit is written when all before it are
whole. Whoever comes to write takes along what others have put in line meanwhile: one commit for many requests.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final, TypeVar

from asl_interpreter.loop.locks import lock
from emulator.keeping.folder import CannotWrite, Folder, Statement, packed
from emulator.progress import followed_if_many

if TYPE_CHECKING:
    from emulator.dynamodb.changes.recovery import Journal
    from emulator.dynamodb.model.streams import Stream
    from emulator.dynamodb.model.tables import Item, Table

T = TypeVar("T")

RANK: Final = 85


class _Unit:
    """What one request changes."""

    __slots__ = ("error", "size", "whole", "written")

    def __init__(self) -> None:
        self.error: CannotWrite | None = None
        self.size = 0
        self.whole = self.written = False


_here = threading.local()
"""``unit``: that of the request which this thread answers."""
Change = Callable[[], Statement]
"""What is to be written; made when it is, for it costs most of the time."""


class Writing:
    """The line of what is to be written to one folder."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._line: list[tuple[_Unit, Change]] = []
        self._news = threading.Condition(lock("what is to be kept", RANK))

    def unit(self, work: Callable[[], T]) -> T:
        """Do some work; what this thread changes meanwhile is written before this returns, or raises.

        Raises:
            CannotWrite: it is not written.
        """
        outer, unit = getattr(_here, "unit", None), _Unit()
        _here.unit = unit
        try:
            return work()
        finally:
            _here.unit = outer
            unit.whole = True
            if unit.size:
                self._write(unit)

    def add(self, change: Change) -> None:
        """Put a change in line. Under the lock that its order comes from."""
        unit: _Unit | None = getattr(_here, "unit", None)
        if unit is None:
            unit = _Unit()
            unit.whole = True
        unit.size += 1
        with self._news:
            self._line.append((unit, change))

    def flush(self) -> None:
        """Write what is whole."""
        with self._news:
            self._write_line()

    def _write(self, unit: _Unit) -> None:
        with self._news:
            while not unit.written:
                if not self._write_line():
                    self._news.wait(1.0)  # a request before this one is still being answered
        if unit.error is not None:
            raise unit.error

    def _write_line(self) -> bool:
        """Write what is whole, up to the first that is not; whether there was anything."""
        line = self._line
        count = 0
        while count < len(line) and line[count][0].whole:
            count += 1
        if not count:
            return False
        ready, self._line = line[:count], line[count:]
        try:
            self._folder.write([change() for _, change in followed_if_many(ready, "Packing items")])
        except CannotWrite as error:
            for unit, _ in ready:
                unit.error = error
        finally:
            for unit, _ in ready:
                unit.written = True
            self._news.notify_all()
        return True


_PUT: Final = "INSERT OR REPLACE INTO items VALUES (?, ?, ?)"
_DELETE: Final = "DELETE FROM items WHERE holder = ? AND key = ?"
_CHANGE: Final = "INSERT OR REPLACE INTO changes VALUES (?, ?, ?)"


class Watch:
    """Watches a table, after all others that do, and puts what changes in line."""

    def __init__(self, writing: Writing, table: Table, stream: Stream | None) -> None:
        self._add = writing.add
        self._table = table
        self.stream = stream
        self._holder = table.table_id
        self._seen = stream.next_sequence if stream is not None else 0

    def __call__(self, old: Item | None, new: Item | None, _expired: bool) -> None:  # noqa: FBT001 - a Watcher
        """Put a change in line."""
        item = new if new is not None else old
        if item is None:
            return
        names, holder = self._table.key.names, self._holder

        def write() -> Statement:
            if new is not None:
                return put(holder, names, new)
            return _DELETE, (holder, packed(tuple(item.attributes[name] for name in names)))

        self._add(write)
        if self.stream is not None and self.stream.next_sequence != self._seen:
            self._seen = self.stream.next_sequence
            change = self.stream.changes[-1]
            arn = self.stream.arn
            number = change.sequence - _FIRST
            self._add(lambda: (_CHANGE, (arn, number, packed(_of_stream(change)))))
        journal = self._table.attached.journal
        if journal is not None:
            self._note(journal)

    def _note(self, journal: Journal) -> None:
        number, change = journal.noted, journal.latest
        holder = self._holder
        images = (change.at, _image(change.old), _image(change.new))
        self._add(lambda: (_CHANGE, (holder, number, packed(images))))


def put(holder: str, key: tuple[str, ...] | int, item: Item) -> Statement:
    """What has an item in the folder: of a table under its key, of a backup under a number."""
    value = key if isinstance(key, int) else tuple(item.attributes[name] for name in key)
    return _PUT, (holder, packed(value), packed((item.attributes, item.size)))


def already_noted(table: Table, stream: Stream | None) -> Iterator[Statement]:
    """What a table's stream and its journal hold."""
    for change in stream.changes if stream is not None else ():
        yield _CHANGE, (stream.arn, change.sequence - _FIRST, packed(_of_stream(change)))  # type: ignore[union-attr]
    journal = table.attached.journal
    if journal is not None:
        for number, noted in enumerate(journal.changes, journal.noted - len(journal.changes) + 1):
            yield _CHANGE, (table.table_id, number, packed((noted.at, _image(noted.old), _image(noted.new))))


_FIRST: Final = 100_000_000_000_000_000_000
"""What is less than any sequence number, which is too large for a column of SQLite."""


def _of_stream(change: Any) -> tuple[Any, ...]:
    return change.at, _image(change.old), _image(change.new), change.expired


def _image(item: Item | None) -> tuple[Any, ...] | None:
    return None if item is None else (item.attributes, item.size)


def item_of(image: tuple[Any, ...] | None) -> Item | None:
    """The item of an image."""
    from emulator.dynamodb.model.tables import Item

    return None if image is None else Item(*image)


def sequence_of(number: int) -> int:
    """The sequence number of a change."""
    return number + _FIRST
