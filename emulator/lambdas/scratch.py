"""Folders for what functions unpack and write: one for each emulator, gone when it ends, however it ends.

A process that is killed leaves its folder behind. Each folder has a lock that its process holds as long as it lives, so
that the next one can tell, on the same machine or in another container, which folders nobody needs any more.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, Final

from asl_interpreter.loop.clock import real_time

if sys.platform != "win32":
    import fcntl

PREFIX: Final = "dynastep-"
LOCK: Final = "lock"
YOUNG: Final = 10.0
"""Seconds in which a new folder may not have its lock yet."""


class Scratch:
    """The folder of one emulator.

    Raises:
        OSError: it cannot be made; the disk may be full.
    """

    def __init__(self) -> None:
        remove_abandoned()
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX))
        lock = (self.path / LOCK).open("wb")
        _take(lock)
        self.remove: Callable[[], object] = weakref.finalize(self, _remove, lock, self.path)
        """Remove the folder with all that is in it; otherwise it goes with this object, or with the process."""


def _remove(lock: IO[Any], folder: Path) -> None:
    lock.close()
    shutil.rmtree(folder, ignore_errors=True)  # a process that just ended may still hold a file, on Windows


def _take(lock: IO[Any]) -> bool:
    """Hold the lock until the file is closed; whether nobody else holds it."""
    if sys.platform == "win32":
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def remove_abandoned() -> None:
    """Remove the folders of processes that have ended without doing so."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            if real_time() - folder.stat().st_mtime < YOUNG:
                continue
            with (folder / LOCK).open("rb") as lock:
                if _take(lock):
                    shutil.rmtree(folder, ignore_errors=True)
        except OSError:  # it is another user's, or somebody else's folder, or gone meanwhile
            continue
