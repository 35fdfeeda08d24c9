"""``python -m benchmarks [--quick]`` prints the table, ``python -m benchmarks peers`` installs who else is in it.

``--write docs/benchmarks.md`` writes the page of figures as well. ``python -m benchmarks compare`` tries what each of
them can do, and with ``--write docs/comparison.md`` writes the page of that and its summary in the README.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from benchmarks import comparison, endpoint, functions, interpreter
from benchmarks.figures import OURS, YARDSTICK, Figure, table
from benchmarks.growth import growths
from benchmarks.page import write
from benchmarks.servers import PROGRAMS, ROOT, running

SHARED_DRIVER = ROOT.parent / "shared" / "bench" / "bench.py"
LEGEND = """
Medians; in brackets how many times as good ours is (the median of the ratios within a repetition); ~ marks what varied
by more than half. Read ratios, not single times: they are what another machine, or a busy one, will show again.
"""


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a rough answer in less than a minute")
    parser.add_argument("--write", type=Path, help="the page of figures that is written, with plots beside it")
    parser.add_argument("command", nargs="?", choices=("table", "compare", "peers", "shared"), default="table")
    options, rest = parser.parse_known_args()
    if rest and options.command not in {"shared", "compare"}:
        parser.error(f"unknown: {' '.join(rest)}")
    match options.command:
        case "peers":
            install_peers()
        case "compare":
            columns = comparison.compared(rest)
            print(comparison.summary(columns))
            if options.write:
                comparison.write(options.write, columns)
        case "shared":
            drive_shared(rest)
        case _:
            print_table(quick=options.quick, page=options.write)


def install_peers() -> None:
    """Install the other emulators, each apart, under ``.venvs/``."""
    for program in PROGRAMS:
        for command in program.install:
            print(*command, flush=True)
            subprocess.run(command, check=True)


def drive_shared(arguments: list[str]) -> None:
    """Let a larger driver that lies beside the repository do its own comparison."""
    with ExitStack() as stack:
        servers = [stack.enter_context(running(program)) for program in PROGRAMS if program.present]
        targets = [f"--target={server.program.name}=http://127.0.0.1:{server.port}" for server in servers]
        subprocess.run([sys.executable, str(SHARED_DRIVER), *targets, "--ref", OURS, *arguments], check=True)


def print_table(*, quick: bool, page: Path | None = None) -> None:
    """Measure everything, print the table, and write a page of it if one is named."""
    repetitions, seconds = (1, 0.2) if quick else (5, 0.5)
    with ExitStack() as stack:
        servers = [stack.enter_context(running(program)) for program in PROGRAMS if program.present]
        figures = interpreter.figures(0.1)
        measure(figures, 3 * repetitions)
        over_http = endpoint.figures(servers, seconds, executions=50 if quick else 200) + endpoint.start_figures()
        over_http += functions.figures(servers, seconds)
        measure(over_http, repetitions)
    tables = interpreter.table_figures(seconds, rows=100 if quick else 1000)
    measure(tables, repetitions)
    absent = [program.name for program in PROGRAMS if not program.present]
    if absent:
        print(f"Not installed: {', '.join(absent)}. `python -m benchmarks peers` installs them.\n")
    text = table([*figures, *tables, *over_http], (OURS, YARDSTICK, *(program.name for program in PROGRAMS[1:])))
    print(text, LEGEND, sep="\n", end="")
    if page is not None:
        write(page, text, growths(seconds / 2, repetitions, largest=1_000 if quick else 100_000))


def measure(figures: Sequence[Figure], repetitions: int) -> None:
    """Measure all figures in turn, again and again; a terminal shows how far it is."""
    for repetition in range(1, repetitions + 1):
        for figure in figures:
            if sys.stderr.isatty():
                print(f"\r\033[K{repetition}/{repetitions} {figure.name}", end="", file=sys.stderr, flush=True)
            figure.measure()
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)


if __name__ == "__main__":
    main()
