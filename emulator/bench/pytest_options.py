"""Options of pytest: read at every start of pytest, so that nothing else is imported here."""

from __future__ import annotations

from typing import Final

import pytest

EVERYWHERE: Final = "."


def add_coverage_options(parser: pytest.Parser) -> None:
    """The options of coverage, in a group of their own."""
    group = parser.getgroup("asl-cov", "coverage of state machines")
    group.addoption(
        "--asl-cov",
        metavar="GLOB",
        nargs="?",
        const=EVERYWHERE,
        default=None,
        help="Measure the coverage of the definitions that match GLOB, a pattern, a file or a folder. The default is "
        "every *.asl.json, *.asl.yaml and *.asl.yml under the root directory.",
    )
    group.addoption(
        "--asl-cov-report",
        metavar="TYPE",
        action="append",
        default=[],
        help="A report: term, term-missing, html[:DIR], json[:FILE], lcov[:FILE] or cobertura[:FILE]; may be repeated.",
    )
    group.addoption(
        "--asl-cov-fail-under",
        metavar="PERCENT",
        type=float,
        default=None,
        help="Fail if the coverage of state machines is lower than PERCENT.",
    )


def add_chaos_options(parser: pytest.Parser) -> None:
    """The option of chaos."""
    parser.getgroup("asl-chaos", "failures of the Tasks of state machines").addoption(
        "--asl-chaos",
        metavar="SEED",
        type=int,
        default=None,
        help="Run each test again for each error that its Tasks may fail with, and say which failures leave a state "
        "machine stuck or unhandled, and which Retriers and Catchers are never used. SEED chooses which attempt fails.",
    )
