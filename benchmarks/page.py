"""The page of figures in the documentation: the table beside other emulators, and what grows with what."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path

from benchmarks.growth import Growth
from benchmarks.plots import plot
from benchmarks.servers import PROGRAMS

INTRODUCTION = """# Benchmarks

`make benchmarks` measures every figure on this page and writes the page. `make bench` prints the same table for your
machine.

Each figure is measured on all emulators in turn, in another order each time, one client after another. The table has
medians. The number in brackets says how many times better Dynastep is: the median of the ratios within a repetition. A
figure that varied by more than half has a `~`. Another machine shows other figures and nearly the same ratios, so read
the ratios.
"""
GROWTH = """## What grows with what

The curves show the processor time of one operation over the size of the table, machine or Map. A level line means that
an operation in a larger one costs no more.
"""


def write(file: Path, table: str, growths: Sequence[Growth]) -> None:
    """Write the page, and the plots beside it."""
    parts = [INTRODUCTION, conditions(), f"## Beside other emulators\n\n{table.strip()}\n", GROWTH]
    for growth in growths:
        image = file.with_name(f"growth-{growth.name}.svg")
        curves = {name: [(float(size), cost) for size, cost in costs.items()] for name, costs in growth.curves.items()}
        image.write_text(plot(growth.across, growth.upwards, curves, logarithmic=True), encoding="utf-8")
        parts.append(f"![{growth.upwards} over {growth.across}]({image.name})\n\n{_rows(growth)}\n")
    file.write_text("\n".join(parts), encoding="utf-8")


def _rows(growth: Growth) -> str:
    sizes = list(next(iter(growth.curves.values())))
    head = f"| {growth.upwards}, by {growth.across} | {' | '.join(f'{size:,}' for size in sizes)} |"
    rows = [
        f"| {name} | {' | '.join(f'{costs[size]:,.1f}' for size in sizes)} |" for name, costs in growth.curves.items()
    ]
    return "\n".join([head, "| --- " * (len(sizes) + 1) + "|", *rows])


def conditions() -> str:
    """When, where and beside which versions something was measured, as a sentence."""
    ours, *others = PROGRAMS
    today = datetime.now(timezone.utc).date().isoformat()
    peers = [f"{program.name} {program.version}" for program in others if program.present]
    beside = f" Beside: {', '.join(peers)}." if peers else ""
    return f"Measured on {today} with Dynastep {ours.version}; {machine()}.{beside}\n"


def machine() -> str:
    """What it was measured on."""
    return f"{os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}, {platform.system()}"
