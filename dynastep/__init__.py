"""Dynastep: a local emulator of AWS Step Functions and Amazon DynamoDB, for tests.

This package is all that a test or a function needs, and what stays the same from version to version; the packages
``emulator`` and ``asl_interpreter`` are internal. The pytest plugin brings the fixture ``dynastep``; ``emulator()`` is
the same for every other test framework. What a function imports from here, such as ``Later``, is imported fast.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from asl_interpreter.errors import StateError
from asl_interpreter.tasks import Later

if TYPE_CHECKING:
    from asl_interpreter.loop.scheduler import Deadlock
    from emulator.bench.clock import TestClock
    from emulator.bench.execution import Execution, NotEntered
    from emulator.bench.handles import MapRun, NotReached, Started, Token
    from emulator.bench.options import InvalidOption
    from emulator.bench.replaying import CannotReplay, Replayed
    from emulator.bench.snapshots import HistorySnapshots
    from emulator.faults import Fault
    from emulator.injection.rules import Faults, InvalidFault
    from emulator.integrations.mocks import Mock
    from emulator.interception import AWSCallRefused
    from emulator.testing import Dynastep, emulator

__all__ = [
    "AWSCallRefused",
    "CannotReplay",
    "Deadlock",
    "Dynastep",
    "Execution",
    "Fault",
    "Faults",
    "HistorySnapshots",
    "InvalidFault",
    "InvalidOption",
    "Later",
    "MapRun",
    "Mock",
    "NotEntered",
    "NotReached",
    "Replayed",
    "Started",
    "StateError",
    "TestClock",
    "Token",
    "emulator",
]

_HOMES: Final = {
    "asl_interpreter.loop.scheduler": ("Deadlock",),
    "emulator.bench.clock": ("TestClock",),
    "emulator.bench.options": ("InvalidOption",),
    "emulator.bench.execution": ("Execution", "NotEntered"),
    "emulator.bench.handles": ("MapRun", "NotReached", "Started", "Token"),
    "emulator.bench.replaying": ("CannotReplay", "Replayed"),
    "emulator.bench.snapshots": ("HistorySnapshots",),
    "emulator.faults": ("Fault",),
    "emulator.injection.rules": ("Faults", "InvalidFault"),
    "emulator.integrations.mocks": ("Mock",),
    "emulator.interception": ("AWSCallRefused",),
    "emulator.testing": ("Dynastep", "emulator"),
}
"""Module -> the names that are imported from it when they are first asked for."""


def __getattr__(name: str) -> Any:
    for home, offered in _HOMES.items():
        if name in offered:
            value = globals()[name] = getattr(import_module(home), name)
            return value
    raise AttributeError(f"module 'dynastep' has no attribute {name!r}", name=name, obj=None)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
