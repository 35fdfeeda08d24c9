"""By hand: a loop whose time and fibers are moved one by one, for what happens again as it happened before."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .timers import Timers

if TYPE_CHECKING:
    from .scheduler import Loop


@contextmanager
def by_hand(loop: Loop) -> Iterator[None]:
    """Turn the loop by hand meanwhile, on its thread. Its other fibers and timers, and the time, are left alone."""
    ready, timers, running = loop.ready, loop.timers, loop.running
    loop.ready, loop.timers, loop.running = deque(), Timers(), None
    try:
        with loop.clock.rehearsing():
            yield
    finally:
        ready.extend(loop.ready)
        timers.take(loop.timers)
        loop.ready, loop.timers, loop.running = ready, timers, running


def step(loop: Loop) -> bool:
    """Run the fiber whose turn it is to its next wait; whether there was one."""
    if not loop.ready:
        return False
    loop.ready.popleft().step()
    return True


def pass_time(loop: Loop) -> bool:
    """Let the next timer happen; whether there was one."""
    deadline = loop.timers.earliest()
    if deadline == math.inf:
        return False
    loop.clock.rehearse(max(deadline, loop.clock.now()))
    loop.timers.happen(deadline)
    return True
