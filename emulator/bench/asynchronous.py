"""Tests and functions of asyncio: the loop there is the user's own."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def beside(call: Callable[P, T], *args: P.args, **named: P.kwargs) -> Coroutine[Any, Any, T]:
    """Make a call in a thread, while the running event loop goes on."""
    import asyncio  # which a test without coroutines does not need

    return asyncio.to_thread(call, *args, **named)


def as_function(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that may be ``async def``, as one that is not: each call has an event loop of its own."""
    called = function if inspect.isroutine(function) else getattr(function, "__call__", function)  # noqa: B004
    if not inspect.iscoroutinefunction(called):
        return function

    import asyncio

    @functools.wraps(function)
    def run(*args: Any) -> Any:
        return asyncio.run(function(*args))

    return run
