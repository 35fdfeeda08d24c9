"""An emulator around a test function or around each test of a class, for every test framework."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    import unittest

Target = TypeVar("Target", bound=Callable[..., Any])

NAME = "dynastep"
"""The parameter by which a test gets the emulator, if it has one of this name."""

_HELD: Final = "_dynastep"
"""The attribute of a test case that holds the emulator which its ``setUp`` has opened."""


def around(target: Target, opened: Callable[[], AbstractContextManager[Any]]) -> Target:
    """The function with an emulator open while it runs; of a class, its functions whose names begin with ``test``.

    The emulator of a ``unittest.TestCase`` is open from ``setUp`` to the end of ``tearDown``.
    """
    if inspect.isclass(target):
        import unittest  # which few tests need

        if issubclass(target, unittest.TestCase):
            _open_in_set_up(target, opened)
        for name, function in list(vars(target).items()):
            if name.startswith("test") and inspect.isfunction(function):
                setattr(target, name, around(function, opened))
        return target
    if inspect.iscoroutinefunction(target):

        @functools.wraps(target)
        async def awaited(*args: Any, **named: Any) -> Any:
            with _of_case(args) or opened() as emulated:
                return await target(*args, **named, **_given(target, emulated))

        return _with_signature(awaited, target)

    @functools.wraps(target)
    def called(*args: Any, **named: Any) -> Any:
        with _of_case(args) or opened() as emulated:
            return target(*args, **named, **_given(target, emulated))

    return _with_signature(called, target)


def _open_in_set_up(case: type[unittest.TestCase], opened: Callable[[], AbstractContextManager[Any]]) -> None:
    """Open an emulator before ``setUp``, which a clean-up closes after ``tearDown``."""
    set_up = case.setUp

    @functools.wraps(set_up)
    def opens(self: unittest.TestCase) -> None:
        if not hasattr(self, _HELD):  # a subclass that is decorated, too, comes first
            context = opened()
            setattr(self, _HELD, context.__enter__())
            self.addCleanup(delattr, self, _HELD)
            self.addCleanup(context.__exit__, None, None, None)
        set_up(self)

    case.setUp = opens  # type: ignore[method-assign]


def _of_case(args: tuple[Any, ...]) -> AbstractContextManager[Any] | None:
    """The emulator that is open for a test case, if the first argument is one whose ``setUp`` has opened one."""
    held = getattr(args[0], _HELD, None) if args else None
    return None if held is None else nullcontext(held)


def _given(target: Callable[..., Any], emulated: Any) -> dict[str, Any]:
    return {NAME: emulated} if NAME in inspect.signature(target).parameters else {}


def _with_signature(wrapped: Any, target: Target) -> Target:
    """The signature without what is given here, so that pytest looks for no fixture."""
    signature = inspect.signature(target)
    kept = [parameter for name, parameter in signature.parameters.items() if name != NAME]
    wrapped.__signature__ = signature.replace(parameters=kept)
    same: Target = wrapped
    return same
