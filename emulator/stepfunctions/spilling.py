"""Spilling: what the histories of a world have packed, in memory as far as there is room, beyond that in a file.

An execution may make gigabytes: 25,000 events show 12,500 values of up to 256 KB. The file has no name, or is removed
as soon as it is closed, so it goes with the process however that ends. It is made when it is needed, in the folder that
TMPDIR names (``tempfile.gettempdir``). Where nothing can be written to it, such as on a full disk, what is packed stays
in memory and the log says so: nothing is lost.
"""

from __future__ import annotations

import logging
import tempfile
import weakref
from collections import deque
from contextlib import suppress
from typing import IO, Final

from asl_interpreter.loop.locks import lock
from asl_interpreter.packing import Packed

log = logging.getLogger("dynastep")

ROOM: Final = 32 * 1024 * 1024
"""Bytes of packed text that a world has in memory before it writes more to a file."""
_OBJECT: Final = 100
"""Bytes of memory that stand for something packed, wherever that is."""


class Spill:
    """The packed text of one world. Its method ``keep`` is a ``Keep`` of the interpreter. Safe from any thread."""

    def __init__(self, room: int = ROOM) -> None:
        self._lock = lock("what histories have packed", 100)
        self._room = room
        self._file: IO[bytes] | None = None
        self._end = 0
        """Where the file ends."""
        self._free: list[tuple[int, int]] = []
        """Where there is room in the file: offsets and lengths, in order, none beside another."""
        self._let_go: deque[tuple[int | None, int]] = deque()
        """Offsets and lengths of what nobody holds any more; the offset is None for what was in memory.

        Objects end on any thread at any time, and may not wait for a lock then.
        """
        self._in_memory = 0
        self._full = False
        """Whether the last try to write has failed."""

    def keep(self, packed: bytes) -> Packed:
        """Keep bytes as long as what this returns is held."""
        with self._lock:
            self._settle()
            if self._in_memory + len(packed) > self._room and (offset := self._write(packed)) is not None:
                return _Written(self, offset, len(packed))
            self._in_memory += len(packed)
        return _Held(self, packed)

    @property
    def in_memory(self) -> int:
        """Bytes that are in memory."""
        with self._lock:
            self._settle()
            return self._in_memory

    @property
    def in_file(self) -> int:
        """Bytes that the file has."""
        with self._lock:
            self._settle()
            return self._end

    def read(self, offset: int, length: int) -> bytes:
        """Bytes of the file."""
        with self._lock:
            file = self._opened()
            file.seek(offset)
            parts = []
            while length > 0 and (part := file.read(length)):
                parts.append(part)
                length -= len(part)
            return b"".join(parts)

    def let_go(self, offset: int | None, length: int) -> None:
        """Nobody holds this any more. From any thread, whatever that holds."""
        self._let_go.append((offset, length))

    def _opened(self) -> IO[bytes]:
        if self._file is None:
            self._file = tempfile.TemporaryFile(buffering=0, prefix="dynastep-histories-")  # noqa: SIM115 - as below
            weakref.finalize(self, self._file.close)
        return self._file

    def _settle(self) -> None:
        """Take note of what was let go: the file becomes shorter, if that was at its end."""
        freed = []
        for _ in range(len(self._let_go)):
            offset, length = self._let_go.popleft()
            if offset is None:
                self._in_memory -= length
            else:
                freed.append((offset, length))
        if not freed:
            return
        free: list[tuple[int, int]] = []
        for offset, length in sorted(self._free + freed):
            if free and sum(free[-1]) == offset:
                free[-1] = free[-1][0], free[-1][1] + length
            else:
                free.append((offset, length))
        if sum(free[-1]) == self._end:
            self._end = free.pop()[0]
            self._opened().truncate(self._end)
        self._free = free

    def _write(self, packed: bytes) -> int | None:
        """Write to the file; where in it that is, or None if it cannot be written."""
        number = next((number for number, (_, room) in enumerate(self._free) if room >= len(packed)), None)
        offset = self._end if number is None else self._free[number][0]
        try:
            file = self._opened()
            file.seek(offset)
            written = 0
            while written < len(packed):
                written += file.write(packed[written:])
        except OSError as error:
            self._give_up(error)
            return None
        self._full = False
        if number is None:
            self._end += len(packed)
        else:
            left = self._free[number][1] - len(packed)
            self._free[number : number + 1] = [(offset + len(packed), left)] if left else []
        return offset

    def _give_up(self, error: OSError) -> None:
        if not self._full:
            log.warning(
                "Histories stay in memory, for the temporary file that they should go to cannot be written: %s. "
                "TMPDIR names the folder of such files.",
                error.strerror,
            )
        self._full = True
        if self._file is not None:
            with suppress(OSError):
                self._file.truncate(self._end)


class _Held:
    """What is in memory."""

    __slots__ = ("_packed", "_spill")
    elsewhere = 0

    def __init__(self, spill: Spill, packed: bytes) -> None:
        self._spill, self._packed = spill, packed

    def __del__(self) -> None:
        self._spill.let_go(None, len(self._packed))

    @property
    def size(self) -> int:
        """Bytes of memory."""
        return _OBJECT + len(self._packed)

    def read(self) -> bytes:
        """The bytes."""
        return self._packed


class _Written:
    """What is in the file."""

    __slots__ = ("_offset", "_spill", "elsewhere")
    size = _OBJECT

    def __init__(self, spill: Spill, offset: int, length: int) -> None:
        self._spill, self._offset, self.elsewhere = spill, offset, length

    def __del__(self) -> None:
        self._spill.let_go(self._offset, self.elsewhere)

    def read(self) -> bytes:
        """The bytes."""
        return self._spill.read(self._offset, self.elsewhere)
