"""A pytest plugin that collects evidence: ``--fidelity FILE`` writes what the code did in tests that passed.

With pytest-xdist the tests run in other processes: a report of a test carries its notes to the process that writes.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Generator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from conformance import summary

KEY = "dynastep-evidence"
DIFFERING = "dynastep-differing"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where the evidence is written."""
    parser.addoption("--fidelity", metavar="FILE", help="write what the code did in tests that passed, as JSON")


def pytest_configure(config: pytest.Config) -> None:
    """Put the probes in place, and collect, if that is wanted."""
    if config.getoption("fidelity"):
        config.pluginmanager.register(Collector(Path(config.getoption("fidelity")), config), KEY)


class Collector:
    """Notes what each test does, and writes it where the reports come together."""

    def __init__(self, file: Path, config: pytest.Config) -> None:
        from . import probes

        self._file = file
        self._writes = not hasattr(config, "workerinput")
        self._passed = Counter[str]()
        self._named: dict[str, dict[str, dict[str, Any]]] = {}
        probes.install()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Forget what was done since the last test."""
        from . import notes, probes

        probes.note_fields()
        notes.take()
        return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, object, object]:
        """Say which recorded answers are not given here."""
        from . import recorded

        if call.when == "call" and call.excinfo is not None:
            differing = recorded.differing(item, str(call.excinfo.value))
            item.user_properties.append((DIFFERING, json.dumps(differing)))
        return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        """Give what a test has done to its report."""
        from . import notes, probes, recorded

        done = yield
        probes.note_fields()
        evidence = {
            "basis": recorded.basis_of(item),
            "compared": recorded.compared(item),
            "notes": [list(each) for each in notes.take()],
        }
        item.user_properties.append((KEY, json.dumps(evidence)))
        return done

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count what a test has done that has passed, and which recorded answers are not given here."""
        if report.when == "call" and report.outcome == "passed":
            for key, value in report.user_properties:
                if key == KEY:
                    self._count(**json.loads(str(value)))
        elif why := getattr(report, "wasxfail", ""):
            for key, value in report.user_properties:
                for operation in json.loads(str(value)) if key == DIFFERING else ():
                    entry = self._named.setdefault("operation", {}).setdefault(operation, {})
                    whys = entry.setdefault("differs", {})
                    whys[why] = whys.get(why, 0) + 1

    def _count(self, basis: str, compared: list[str], notes: list[list[str]]) -> None:
        self._passed[basis] += 1
        done: dict[tuple[str, str], set[str]] = {}
        for kind, what, ended in notes:
            done.setdefault((kind, what), set()).add(ended)
        for (kind, what), ends in done.items():
            entry = self._named.setdefault(kind, {}).setdefault(what, {})
            if kind != "lacking":
                known = "tests" if kind == "operation" and what not in compared else basis
                entry[known] = entry.get(known, 0) + 1
            if ends != {""}:
                entry["ends"] = sorted({*entry.get("ends", ()), *ends} - {""})
            if kind in ("operation", "integration") and "" in ends:
                entry["well"] = True

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Write everything."""
        if self._writes:
            from .files import written

            sets, differs = summary.sums(terminalreporter.stats)
            kept = {
                "date": datetime.now(timezone.utc).date().isoformat(),
                "passed": dict(sorted(self._passed.items())),
                "sets": sets,
                "differs": differs,
                **{kind: dict(sorted(names.items())) for kind, names in sorted(self._named.items())},
            }
            self._file.write_text(written(kept), encoding="utf-8")
