"""Coverage of state machines in pytest: ``pytest --asl-cov``, merged over the workers of pytest-xdist."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest

from emulator.bench.coverage import DATA_FILE, Covered, Record, cover, write_record
from emulator.bench.coverage_reports import total
from emulator.bench.reporting import InvalidReport, Report
from emulator.bench.surroundings import collected_seldom
from emulator.validate.documents import CannotRead
from emulator.validate.files import find_files

_NOT_OURS: Final = frozenset({"node_modules", "site-packages", "cdk.out", ".aws-sam"})


class CoverageOfStateMachines:
    """What is counted in this process, and by its workers, while the tests run."""

    def __init__(self, config: pytest.Config) -> None:
        self.record = Record()
        self._config = config
        self._lacking = ""
        try:
            self._reports = [Report.parse(text) for text in config.getoption("--asl-cov-report") or ["term"]]
        except InvalidReport as error:
            raise pytest.UsageError(str(error)) from None

    @property
    def _is_worker(self) -> bool:
        return hasattr(self._config, "workeroutput")

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """A worker of pytest-xdist has ended: take over what it has counted."""
        output = getattr(node, "workeroutput", {})
        if "asl_coverage" in output:
            self.record.add(Record.from_json(output["asl_coverage"]).definitions)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Hand the counts to the main process, or write them down there."""
        if self._is_worker:
            self._config.workeroutput["asl_coverage"] = self.record.to_json()  # type: ignore[attr-defined]  # xdist's
            return
        write_record(self._config.rootpath / DATA_FILE, self.record)
        with collected_seldom():
            self._covered, self._others = self._measured()
        least = self._config.getoption("--asl-cov-fail-under")
        if least is not None and total(self._covered) < least:
            reached = f"{total(self._covered):.4g}%"
            self._lacking = f"FAIL Coverage of state machines is {reached}; {least:.4g}% are required."
            if session.exitstatus == pytest.ExitCode.OK:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _measured(self) -> tuple[list[Covered], int]:
        root = self._config.rootpath
        wanted = self._config.getoption("--asl-cov")
        files = [Path(found) for found in find_files(str(root / wanted))]
        ours = [file for file in files if _NOT_OURS.isdisjoint(file.parts) and not _in_environment(file, root)]
        try:
            covered, others = cover(self.record, [str(file.relative_to(root)) for file in ours], root)
        except CannotRead as error:
            raise pytest.UsageError(str(error)) from None
        return covered, others

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Make the reports."""
        if self._is_worker:
            return
        terminalreporter.write_sep("=", "coverage of state machines")
        for report in self._reports:
            with collected_seldom():
                made = report.make(self._covered, self._others, self._config.rootpath)
            terminalreporter.write_line(made)
        if self._lacking:
            terminalreporter.write_line(self._lacking, red=True)


def _in_environment(file: Path, root: Path) -> bool:
    """Whether a file belongs to a virtual environment or to what tools keep: in a hidden folder, or beside a cfg."""
    folders = file.relative_to(root).parents
    return any(
        folder.name.startswith(".") or (root / folder / "pyvenv.cfg").exists() for folder in folders if folder.name
    )
