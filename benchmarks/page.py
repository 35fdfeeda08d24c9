"""The page of figures in the documentation: the table beside other emulators, and what grows with what."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path

from benchmarks.growth import Growth
from benchmarks.plots import plot
from benchmarks.servers import PROGRAMS, Program

INTRODUCTION = """# Benchmarks

This page is written by `make benchmarks`: nobody types its figures. `make bench` prints the same table for your
machine.

Each figure is measured on all emulators in turn, in another order each time, one client after another. The table has
medians. In brackets is how many times as good Dynastep is: the median of the ratios within a repetition. A figure that
varied by more than half has a `~`. Another machine, or a busy one, shows other figures and nearly the same ratios, so
read the ratios.
"""
GROWTH = """## What grows with what

Processor time of one operation, over the size of what the operation is done in. A level line means that a larger table,
machine or Map costs no more for each operation.
"""


def write(file: Path, table: str, growths: Sequence[Growth]) -> None:
    """Write the page, and the plots beside it."""
    parts = [INTRODUCTION, _conditions(), f"## Beside other emulators\n\n{table.strip()}\n", GROWTH]
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


def _conditions() -> str:
    today = datetime.now(timezone.utc).date().isoformat()
    peers = [f"{program.name} {_version(program)}" for program in PROGRAMS[1:] if program.present]
    machine = f"{os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}, {platform.system()}"
    beside = f" Beside: {', '.join(peers)}." if peers else ""
    return f"Measured on {today} with Dynastep {metadata.version('dynastep')}; {machine}.{beside}\n"


def _version(program: Program) -> str:
    home = Path(program.command[0]).parents[1]
    for package in home.glob(f"{program.name}/package.json"):
        return str(json.loads(package.read_text(encoding="utf-8"))["version"])
    name = program.name.partition("_")[0]
    found = next(home.glob(f"lib/python3*/site-packages/{name}-*.dist-info"), None)
    return "of an unknown version" if found is None else found.name.removeprefix(f"{name}-").removesuffix(".dist-info")
