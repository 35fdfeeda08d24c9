"""Side by side: work on what needs each other, each as soon as what it needs is done."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from typing import TypeVar

T = TypeVar("T")


def in_order(
    items: Mapping[str, T],
    needs: Mapping[str, Iterable[str]],
    work: Callable[[T], Generator[float, None, None]],
    under_way: set[str],
) -> Generator[float, None, None]:
    """Do the work on each item; what waits lets others go on. Gives the seconds to wait until something goes on.

    Work that waits for nothing is done item by item, in the order of ``items``. ``under_way`` has the names of what has
    begun and waits; once one item fails, by whatever its work raises, the others in it are closed.
    """
    elapsed = 0.0
    waiting = dict(items)
    begun: dict[str, tuple[float, Generator[float, None, None]]] = {}
    try:
        while waiting or begun:
            undone = waiting.keys() | begun.keys()
            name = next((each for each in waiting if undone.isdisjoint(needs.get(each, ()))), None)
            if name is not None:
                steps = work(waiting.pop(name))
            else:
                name = min(begun, key=lambda each: begun[each][0])
                due, steps = begun.pop(name)
                if due > elapsed:
                    begun[name] = (due, steps)
                    yield due - elapsed
                    elapsed = due
                    continue
            wait = next(steps, None)
            if wait is not None:
                begun[name] = (elapsed + wait, steps)
            under_way.clear()
            under_way.update(begun)
    finally:
        under_way.clear()
        under_way.update(begun)
        for _, steps in begun.values():
            steps.close()
