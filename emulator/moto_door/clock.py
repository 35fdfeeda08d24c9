"""The time of moto's services: that of the emulator's clock."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime, timezone
from functools import wraps
from types import SimpleNamespace
from typing import Any, Final

from asl_interpreter.loop.clock import real_time

_now: list[Callable[[str], float]] = [lambda _account: real_time()]
"""Who tells the time; the last one counts. Of the process, as all of moto's state is."""


def take_clock(now: Callable[[str], float]) -> None:
    """Let a clock tell moto's services the time: takes an account, gives seconds since 1970."""
    _now[:] = [now]


def now(account: str = "") -> float:
    """Seconds since 1970 in the world of an account, or in that of the test that began last."""
    return _now[-1](account)


def utcnow(theirs: Callable[[], datetime]) -> Callable[[], datetime]:
    """Tell all of moto's services the time, as they want it: in UTC, without saying so.

    Credentials are an exception: SDKs compare the time at which they end with the time of the machine.
    """

    @wraps(theirs)
    def utcnow() -> datetime:
        return datetime.fromtimestamp(now(), timezone.utc).replace(tzinfo=None)

    for name, module in list(sys.modules.items()):  # what was imported before, such as by moto's own ``mock_aws``
        if name.startswith("moto.") and name not in _REAL and getattr(module, "utcnow", None) is theirs:
            setattr(module, "utcnow", utcnow)  # noqa: B010 - a module has any attribute
    return utcnow


def time_module(_theirs: Any) -> SimpleNamespace:
    """Stand in for the module ``time`` where a service asks it for nothing but the time in seconds."""
    return SimpleNamespace(time=lambda: now())  # noqa: PLW0108 - the last clock at the time of the call


_REAL: Final = ("moto.sts.models", "moto.cognitoidentity.models")
"""Modules that make credentials."""


def real_utcnow(_theirs: Any) -> Callable[[], datetime]:
    """Tell the time of the machine."""
    return lambda: datetime.fromtimestamp(real_time(), timezone.utc).replace(tzinfo=None)
