"""Locks with a name and a rank, and the law of threads, asserted where ``check`` has switched that on.

The law, of which docs/threads.md tells the reasons: a thread takes locks in the order of their ranks, so that no two
threads can wait for each other; nobody waits for the loop, or calls what may call back, while holding a lock; and the
loop's thread never calls what may wait for the loop.

Checking costs about a microsecond a lock. So it is done in the test suite, and a lock that is made while nothing is
checked is Python's own.
"""

from __future__ import annotations

import os
import threading
from typing import Any, Final

VARIABLE: Final = "DYNASTEP_CHECK_THREADS"
"""Environment variable: if it is set, a process checks from its start."""

broken: Final[list[str]] = []
"""How the law was broken in this process: an AssertionError may be caught on its way."""

_thread = threading.local()
"""``held``: the checked locks that this thread holds, the outer ones first; ``loop``: whether it runs a loop."""
_checked: list[bool] = [bool(os.environ.get(VARIABLE))]


def check() -> None:
    """Check the law from now on, of the locks that are made from now on."""
    _checked[:] = [True]


def lock(name: str, rank: int, order: str = "") -> Any:
    """A reentrant lock, to be used with ``with`` or in a Condition.

    ``rank`` is a number that belongs to the name. A thread that holds a lock may take another one of a higher rank, or
    of the same rank and a greater ``order``.
    """
    return _CheckedLock(name, rank, order) if _checked[0] else threading.RLock()


def is_lock(value: object) -> bool:
    """Whether a value is a checked lock, which has a ``name`` and a ``place``: its rank and its order."""
    return isinstance(value, _CheckedLock)


def plain_lock() -> Any:
    """A lock of Python's own, in the place of one that another package has."""
    return threading.RLock()


def plain_condition() -> threading.Condition:
    """A condition of Python's own, in the place of one that another package has."""
    return threading.Condition()


def assert_free(deed: str) -> None:
    """Assert that this thread holds no lock: it is about to do what may take long, or may call back."""
    if _checked[0] and (names := [each.name for each in _held()]):
        _break(f"{deed} while {' and '.join(names)} is held")


def assert_off_loop(deed: str) -> None:
    """Assert that this thread holds no lock and runs no loop: what it is about to do may wait for the loop."""
    assert_free(deed)
    if _checked[0] and getattr(_thread, "loop", False):
        _break(f"{deed} on the thread of a loop")


def become_loop() -> None:
    """Say that this thread runs a loop."""
    _thread.loop = True


def _held() -> list[_CheckedLock]:
    held: list[_CheckedLock] | None = getattr(_thread, "held", None)
    if held is None:
        held = _thread.held = []
    return held


def _break(how: str) -> None:
    broken.append(how)
    raise AssertionError(f"The law of threads is broken: {how}")


class _CheckedLock:
    """A reentrant lock that knows who holds it, and what else they hold."""

    def __init__(self, name: str, rank: int, order: str) -> None:
        self.name = name
        self.place = rank, order
        self._lock: Any = threading.RLock()

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:  # noqa: FBT001, FBT002 - as Python's locks
        """Take it, if the law allows."""
        held = _held()
        if self not in held:
            for outer in held:
                if outer.place >= self.place:
                    _break(f"{self.name} {self.place} is taken while {outer.name} {outer.place} is held")
        taken: bool = self._lock.acquire(blocking, timeout)
        if taken:
            held.append(self)
        return taken

    def release(self) -> None:
        """Give it back."""
        held = _held()
        del held[len(held) - 1 - held[::-1].index(self)]
        self._lock.release()

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()

    # What a Condition wants of its lock.

    def _is_owned(self) -> bool:
        return self in _held()

    def _release_save(self) -> Any:
        held = _held()
        count = held.count(self)
        held[:] = [each for each in held if each is not self]
        return count, self._lock._release_save()  # noqa: SLF001 - as a Condition does

    def _acquire_restore(self, saved: Any) -> None:
        count, state = saved
        self._lock._acquire_restore(state)  # noqa: SLF001 - as a Condition does
        _held().extend([self] * count)
