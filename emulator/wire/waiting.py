"""Waiting: the answer of an operation that comes when something has happened on the loop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from asl_interpreter.engine import Engine
from asl_interpreter.jsontext import JSON
from asl_interpreter.loop.signals import Signal

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Waiting(Generic[T]):
    """``answer`` makes the answer of what the signal brings.

    ``otherwise`` says what is brought instead if, where time is not real, the signal cannot happen by itself.
    """

    engine: Engine
    signal: Signal[T]
    answer: Callable[[T], dict[str, JSON]]
    otherwise: Callable[[], T] | None = None

    def result(self) -> dict[str, JSON]:
        """Wait for the answer. Raises as ``Engine.wait``."""
        return self.answer(self.engine.wait(self.signal, otherwise=self.otherwise))

    @property
    def takes_time(self) -> bool:
        """Whether somebody else may have to act first; where time is not real, that is not waited for."""
        return self.otherwise is None or self.engine.loop.clock.mode == "wall"

    def later(self, then: Callable[[Callable[[], dict[str, JSON]]], None]) -> None:
        """Have ``then`` called with what returns the answer, or raises. Otherwise as ``Engine.when``."""
        self.engine.when(self.signal, lambda brought: then(lambda: self.answer(brought())))
