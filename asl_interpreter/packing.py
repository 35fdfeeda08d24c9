"""Packing: rows of a history as compressed text, each value once; and where such text is kept.

Memory is where packed text is kept unless whoever starts an execution knows another place: ``Outside.keep``.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol, TypeAlias

from .jsontext import JSON, dumps, loads

Layout: TypeAlias = tuple[str, tuple[str, ...] | None]
"""What a row of one kind holds: the type of the event, and the names of its details.

The names are None where the event has no details, which is not the same as empty ones.
"""
Row: TypeAlias = "tuple[Any, ...]"
"""The layout, the id of the event that is the cause, seconds since 1970, and the details in order.

It is a plain tuple, as is the layout, so that the garbage collector need not follow rows of simple values.
"""

_layouts: dict[Layout, Layout] = {}
"""As many as AWS's types of events and their members allow: some two hundred."""


def layout(event_type: str, *names: str) -> Layout:
    """The layout of events that have this type and these details."""
    return layout_of(event_type, names)


def layout_of(event_type: str, names: tuple[str, ...] | None) -> Layout:
    """The same; None for the names of events that have no details."""
    return _layouts.setdefault(of := (event_type, names), of)


def _restored(of: JSON) -> Layout:
    """A layout that was written as JSON."""
    event_type, names = of
    return layout_of(event_type, None if names is None else tuple(names))


def read_rows(dumped: Iterable[Sequence[Any]]) -> list[Row]:
    """The rows that ``History.dump`` gave, also if they were JSON since."""
    return [(_restored(of), *rest) for of, *rest in dumped]


class Packed(Protocol):
    """Bytes that are kept somewhere, for as long as somebody holds this object."""

    @property
    def size(self) -> int:
        """How many bytes of memory that takes."""

    @property
    def elsewhere(self) -> int:
        """How many bytes it takes that are no memory, such as those of a file."""

    def read(self) -> bytes:
        """The bytes."""


Keep: TypeAlias = Callable[[bytes], Packed]
"""Keeps bytes."""


class InMemory(bytes):
    """Bytes that are kept in memory."""

    __slots__ = ()
    elsewhere: Final = 0

    @property
    def size(self) -> int:
        """How many bytes of memory they take."""
        return len(self)

    def read(self) -> bytes:
        """The bytes."""
        return self


def compressed(value: JSON) -> bytes:
    """A value as JSON, compressed."""
    return zlib.compress(dumps(value).encode(), 1)


def expanded(packed: Packed) -> Any:
    """The value that was compressed."""
    return loads(zlib.decompress(packed.read()))


class Chunk(NamedTuple):
    """Rows that are packed. In the text of a row, places in a list of values stand for its layout and details."""

    first: int
    """How many events came before."""
    packed: Packed
    kept: Mapping[int, JSON]
    """Values by their places in the list that are known by identity, and not written."""


def pack(first: int, rows: Iterable[Row], known: Iterable[JSON], keep: Keep) -> Chunk:
    """Pack rows, of which so many others are the first. Unpacked, those values which are known are the same objects."""
    places: dict[int, int] = {}
    values: list[JSON] = []

    def place(value: JSON) -> int:
        number = places.setdefault(id(value), len(values))
        if number == len(values):
            values.append(value)
        return number

    placed = [(place(of), previous, timestamp, *map(place, details)) for of, previous, timestamp, *details in rows]
    kept = {places[id(value)]: value for value in known if id(value) in places}
    written = [None if number in kept else value for number, value in enumerate(values)]
    return Chunk(first, keep(compressed([written, placed])), kept)


def unpack(chunk: Chunk) -> list[Row]:
    """The rows of a chunk."""
    values, placed = expanded(chunk.packed)
    for place, value in chunk.kept.items():
        values[place] = value
    return [
        (_restored(values[of]), previous, timestamp, *(values[place] for place in details))
        for of, previous, timestamp, *details in placed
    ]
