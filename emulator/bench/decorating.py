"""An emulator around a test function or around each test of a class, for every test framework."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, TypeVar

Target = TypeVar("Target", bound=Callable[..., Any])

NAME = "dynastep"
"""The parameter by which a test gets the emulator, if it has one of this name."""


def around(target: Target, opened: Callable[[], AbstractContextManager[Any]]) -> Target:
    """The function with an emulator open while it runs; of a class, its functions whose names begin with ``test``."""
    if inspect.isclass(target):
        for name, function in list(vars(target).items()):
            if name.startswith("test") and inspect.isfunction(function):
                setattr(target, name, around(function, opened))
        return target
    if inspect.iscoroutinefunction(target):

        @functools.wraps(target)
        async def awaited(*args: Any, **named: Any) -> Any:
            with opened() as emulated:
                return await target(*args, **named, **_given(target, emulated))

        return _with_signature(awaited, target)

    @functools.wraps(target)
    def called(*args: Any, **named: Any) -> Any:
        with opened() as emulated:
            return target(*args, **named, **_given(target, emulated))

    return _with_signature(called, target)


def _given(target: Callable[..., Any], emulated: Any) -> dict[str, Any]:
    return {NAME: emulated} if NAME in inspect.signature(target).parameters else {}


def _with_signature(wrapped: Any, target: Target) -> Target:
    """The signature without what is given here, so that pytest looks for no fixture."""
    signature = inspect.signature(target)
    kept = [parameter for name, parameter in signature.parameters.items() if name != NAME]
    wrapped.__signature__ = signature.replace(parameters=kept)
    same: Target = wrapped
    return same
