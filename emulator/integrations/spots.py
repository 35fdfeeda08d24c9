"""Spots: where the Tasks of a machine stand."""

from __future__ import annotations

from collections.abc import Iterator

from asl_interpreter.definition import Map, Parallel, Processor, Task
from emulator.integrations.selection import Spot


def spots_of(processor: Processor, around: tuple[tuple[str, bool], ...] = ()) -> Iterator[Spot]:
    """Every Task of some states and of those nested in them, with its place."""
    for name, state in processor.states.items():
        match state:
            case Task():
                yield Spot(state, around)
            case Parallel():
                for branch in state.branches:
                    yield from spots_of(branch, (*around, (name, False)))
            case Map(distribution=None):
                yield from spots_of(state.processor, (*around, (name, True)))
            case Map():
                outer = tuple((each, False) for each, _ in around)
                yield from spots_of(state.processor, (*outer, (name, False)))
