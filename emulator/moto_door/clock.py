"""The time of moto's services: that of the emulator's clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from asl_interpreter.loop.clock import real_time

_now: list[Callable[[str], float]] = [lambda _account: real_time()]
"""Who tells the time; the last one counts. Of the process, as all of moto's state is."""


def take_clock(now: Callable[[str], float]) -> None:
    """Let a clock tell moto's services the time: takes an account, gives seconds since 1970."""
    _now[:] = [now]


def now(account: str = "") -> float:
    """Seconds since 1970 in the world of an account, or in that of the test that began last."""
    return _now[-1](account)


def seconds(_theirs: Any) -> Any:
    """Tell the time in seconds."""
    return lambda: now()  # noqa: PLW0108 - the last clock at the time of the call


def milliseconds(_theirs: Any) -> Any:
    """Tell the time in milliseconds."""
    return lambda: now() * 1000.0
