"""Chaos in pytest: ``pytest --asl-chaos=SEED`` runs each test again, once for each failure of a Task."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any, Final

import pytest

from asl_interpreter.coverage import Coverage
from emulator.bench.chaos import Place, Trial, Tried, count, judge, places_of, report, trials_of
from emulator.bench.pytest_again import run_silently

if TYPE_CHECKING:
    from asl_interpreter.definition import Machine
    from emulator.bench.execution import Execution
    from emulator.testing import Dynastep

FIXTURE: Final = "dynastep"


class Chaos:
    """What Tasks that fail have shown in this process, and in its workers."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._seed: int = config.getoption("--asl-chaos")
        self._tried: dict[str, Tried] = {}
        """Text of a definition -> what came of its trials."""
        self._done: set[tuple[str, str, str, bool]] = set()
        self._trials: list[Trial] = []
        """Those of the test that runs without chaos."""
        self._trial: Trial | None = None
        """What runs now; None while a test runs without chaos."""
        self._answered: frozenset[str] = frozenset()
        self.coverage: dict[str, Coverage] = {}
        """What executions do while a test runs with chaos."""

    @property
    def is_on(self) -> bool:
        """Whether what runs is a trial, and not the test itself."""
        return self._trial is not None

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> Generator[None, object, object]:
        """Run the test, and then run it again for each trial; of these runs pytest reports nothing."""
        self._trials = []
        result = yield
        for trial in [each for each in self._trials if each.key not in self._done]:
            self._trial = trial
            self._done.add(trial.key)
            try:
                run_silently(item, nextitem)
            finally:
                self._trial = None
        return result

    def begin(self, emulated: Dynastep) -> None:
        """An emulator has been opened: let the Task of the trial fail."""
        trial = self._trial
        if trial is not None:
            emulated.faults(
                trial.place,
                error=trial.error,
                message=f"pytest --asl-chaos={self._seed}",
                calls=[trial.call],
                lasting=trial.for_good,
                machine=trial.machine,
                optional=True,
            )

    def end(self, emulated: Dynastep, coverage: dict[str, Coverage] | None) -> None:
        """An emulator is about to be closed: see what its executions have done."""
        if self._trial is not None:
            self._judge(self._trial, emulated)
            return
        by_definition: dict[str, tuple[Machine, list[Execution]]] = {}
        for execution in emulated.executions():
            text, machine = emulated.definition_of(execution)
            by_definition.setdefault(text, (machine, []))[1].append(execution)
        answered = set()
        for text, (machine, executions) in by_definition.items():
            tried = self._tried.setdefault(text, Tried(executions[0].title.partition(":")[0]))
            if executions[0].source is not None:
                tried.title = executions[0].source.file.name
            if coverage is not None and text in coverage:
                count(tried, coverage[text])
            self._trials += trials_of(text, machine, executions, self._seed)
            answered |= {visit.place for each in executions for visit in each.visits.every if visit.left_at is not None}
        self._answered = frozenset(answered)

    def _judge(self, trial: Trial, emulated: Dynastep) -> None:
        emulated.settle()
        every = [(emulated.definition_of(each), each) for each in emulated.executions()]
        executions = [each for (text, _), each in every if text == trial.definition]
        verdict, how = judge(trial, executions, self._answered)
        tried = self._tried[trial.definition]
        tried.results.append((str(trial), verdict, how))
        machine = next((machine for (text, machine), _ in every if text == trial.definition), None)
        if machine is not None:
            tried.meets(_place(machine, trial.place))
        for text, coverage in self.coverage.items():
            if text in self._tried:
                count(self._tried[text], coverage)
        self.coverage.clear()

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """A worker of pytest-xdist has ended: take over what it has found."""
        for text, value in getattr(node, "workeroutput", {}).get("asl_chaos", {}).items():
            tried = Tried.from_json(value)
            if text in self._tried:
                self._tried[text].add(tried)
            else:
                self._tried[text] = tried

    def pytest_sessionfinish(self) -> None:
        """Hand what was found to the main process."""
        if hasattr(self._config, "workeroutput"):
            found = {text: tried.to_json() for text, tried in self._tried.items()}
            self._config.workeroutput["asl_chaos"] = found

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what was found."""
        if hasattr(self._config, "workeroutput"):
            return
        terminalreporter.write_sep("=", f"chaos of state machines (seed {self._seed})")
        every = sorted(self._tried.values(), key=lambda tried: tried.title)
        terminalreporter.write_line(report(every))


def _place(machine: Machine, text: str) -> Place:
    return next(place for place in places_of(machine) if place.text == text)
