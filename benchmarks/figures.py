"""Figures: the same thing measured in several columns, over and over in turn, and the table of them.

One machine is not as fast as another, nor as it was a minute ago. So what counts is the ratio between two columns of
the same repetition; the table shows medians.
"""

from __future__ import annotations

import gc
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPException
from statistics import median
from time import perf_counter

OURS = "dynastep"
YARDSTICK = "yardstick"
"""The column of what a figure is held against, where that is no other emulator."""
COSTS = ("s", "ms", "MB", "B")
"""Units of which less is better."""
NOISY = 1.5
"""A figure is marked if its largest value is more than so many times its smallest."""


class Refused(Exception):
    """A server does not do what is timed. The message is its answer."""


@dataclass(frozen=True, slots=True)
class Aim:
    """Ours is at least ``factor`` times as good as the column ``against``; or, without one, at most ``factor``."""

    factor: float
    against: str | None = None

    def __str__(self) -> str:
        return f"≥ {_short(self.factor)}x {self.against}" if self.against else f"≤ {_short(self.factor)}"


@dataclass(frozen=True, slots=True)
class Figure:
    """A row of the table. ``measures`` has one function for each column that can be measured."""

    name: str
    unit: str
    measures: Mapping[str, Callable[[], float]]
    aims: tuple[Aim, ...] = ()
    values: dict[str, list[float]] = field(default_factory=dict)
    refusals: dict[str, str] = field(default_factory=dict)

    def measure(self) -> None:
        """Measure every column once more, in another order each time."""
        gc.collect()
        for column in random.sample(list(self.measures), len(self.measures)):
            if column not in self.refusals:
                try:
                    self.values.setdefault(column, []).append(self.measures[column]())
                except (Refused, HTTPException, OSError) as refusal:
                    self.refusals[column] = " ".join(f"{type(refusal).__name__}: {refusal}".split())

    def ratio(self, column: str) -> float | None:
        """How many times as good ours is."""
        if OURS in self.refusals or column in self.refusals or column not in self.values:
            return None
        pairs = zip(self.values[OURS], self.values[column], strict=True)
        return median(theirs / ours if self.unit in COSTS else ours / theirs for ours, theirs in pairs)

    def meets(self, aim: Aim) -> bool | None:
        """Whether an aim is met; None if it cannot be said."""
        if aim.against is None:
            return median(self.values[OURS]) <= aim.factor if OURS not in self.refusals else None
        ratio = self.ratio(aim.against)
        return None if ratio is None else ratio >= aim.factor

    def cell(self, column: str) -> str:
        """A column's median, how many times as good ours is, and a ``~`` where it is noisy."""
        if column in self.refusals:
            return "refused"
        if column not in self.values:
            return "-"
        values = self.values[column]
        noisy = " ~" if max(values) > NOISY * min(values) else ""
        ratio = self.ratio(column) if column != OURS else None
        return _short(median(values)) + noisy + (f" ({_short(ratio)}x)" if ratio is not None else "")

    def verdicts(self) -> str:
        """Each aim, and whether it is met."""
        said = {True: "met", False: "MISSED", None: "not measured"}
        return ", ".join(f"{aim}: {said[self.meets(aim)]}" for aim in self.aims)


def rate(action: Callable[[], object], seconds: float, clock: Callable[[], float] = perf_counter) -> float:
    """How often a second an action can be done, done at least once."""
    count, began = 0, clock()
    while True:
        action()
        count += 1
        passed = clock() - began
        if passed and passed >= seconds:
            return count / passed


def table(figures: Sequence[Figure], columns: Iterable[str]) -> str:
    """The figures as a Markdown table, and below it what was refused and why."""
    columns = list(columns)
    rows = [["", *columns, "aim"], ["-", *("-" for _ in columns), "-"]]
    rows += [[_title(figure), *map(figure.cell, columns), figure.verdicts()] for figure in figures]
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    fills = [" ", "-", *" " * len(figures)]
    lines = [
        f"| {' | '.join(cell.ljust(width, fill) for cell, width in zip(row, widths, strict=True))} |"
        for row, fill in zip(rows, fills, strict=True)
    ]
    refused = [
        f"- {column} refused {figure.name!r}: {why}" for figure in figures for column, why in figure.refusals.items()
    ]
    return "\n".join([*lines, *([""] if refused else []), *refused])


def _title(figure: Figure) -> str:
    return f"{figure.name} [{figure.unit}]"


def _short(value: float) -> str:
    """Three digits of a number."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
