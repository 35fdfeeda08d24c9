"""How far long work has come, told to a watcher: a command on a terminal shows a bar, a server shows nothing.

Work that may take seconds says what it goes through, ``for row in followed(rows, "reading items", 300_000)``. Nobody
watches unless ``watched`` says so, and then ``followed`` costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, TypeAlias, TypeVar

T = TypeVar("T")

Told: TypeAlias = "Callable[[str, int, int], None]"
"""Is told what is being done, how much of it is done, and how much there is."""
Step: TypeAlias = "Callable[[int], None]"
"""Is told that so many more steps are done."""
OFTEN: Final = 1000
"""How much is done at most between two times that somebody is told."""
_watcher: ContextVar[Told | None] = ContextVar("watcher", default=None)


@contextmanager
def watched(told: Told) -> Iterator[None]:
    """Have somebody told of what this thread does meanwhile."""
    token = _watcher.set(told)
    try:
        yield
    finally:
        _watcher.reset(token)


def followed(things: Iterable[T], doing: str, count: int | Callable[[], int]) -> Iterable[T]:
    """The same things, ``count`` of them at most; the watcher, if there is one, is told how many were taken.

    A ``count`` that costs something is a function, which is called if somebody watches.
    """
    step = steps(doing, count)
    return things if step is None else _followed(things, step)


def followed_if_many(things: Collection[T], doing: str) -> Iterable[T]:
    """As ``followed``, of what is done so often with a few things that nobody wants to hear of these."""
    return followed(things, doing, len(things)) if len(things) > OFTEN else things


def _followed(things: Iterable[T], step: Step) -> Iterator[T]:
    for thing in things:
        yield thing
        step(1)


def steps(doing: str, count: int | Callable[[], int]) -> Step | None:
    """What is to be told of steps that are no collection, ``count`` of them at most; None if nobody watches."""
    told = _watcher.get()
    if told is None:
        return None
    whole = count if isinstance(count, int) else count()
    done, often = 0, max(1, min(OFTEN, whole // 100))

    def step(more: int) -> None:
        nonlocal done
        before, done = done, min(done + more, whole)
        if done // often != before // often or done == whole:
            told(doing, done, whole)

    return step
