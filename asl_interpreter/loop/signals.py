"""The one thing that can be waited for: a Signal."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator
from typing import Any, Generic, TypeVar

T = TypeVar("T")

log = logging.getLogger("dynastep.loop")


class Signal(Generic[T]):
    """Something that happens once, with a value or an error. ``await`` it from a fiber."""

    __slots__ = ("_waiters", "done", "error", "name", "value")

    def __init__(self, name: str = "") -> None:
        self._waiters: list[Callable[[], None]] = []
        self.name = name
        self.done = False
        self.value: T = None  # type: ignore[assignment]  # read only once done
        self.error: BaseException | None = None

    def set(self, value: T) -> None:
        """Let it happen. Only the first time counts."""
        if not self.done:
            self.value = value
            self._happen()

    def fail(self, error: BaseException) -> None:
        """Let it happen as an error, which is raised where it is awaited."""
        if not self.done:
            self.error = error
            self._happen()

    def _happen(self) -> None:
        self.done = True
        waiters, self._waiters = self._waiters, []
        for wake in waiters:
            try:
                wake()
            except Exception:
                log.exception("what follows from %s failed", self.name or "a signal")

    def subscribe(self, wake: Callable[[], None]) -> None:
        """Have ``wake`` called when it happens, at once if it has. What it raises then is logged."""
        if self.done:
            wake()
        else:
            self._waiters.append(wake)

    def unsubscribe(self, wake: Callable[[], None]) -> None:
        """Have ``wake`` called no more."""
        if wake in self._waiters:
            self._waiters.remove(wake)

    @property
    def awaited(self) -> bool:
        """Whether anybody waits for it."""
        return bool(self._waiters)

    def result(self) -> T:
        """Its value; what it failed with is raised."""
        if self.error is not None:
            raise self.error
        return self.value

    def __await__(self) -> Generator[Signal[Any], None, T]:
        if not self.done:
            yield self
        return self.result()
