"""The report of a failed test: what its executions did, and what was wrong with its mocks."""

from __future__ import annotations

import sys
from collections.abc import Generator
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from emulator.bench.execution import Execution
    from emulator.testing import Dynastep

MOST_EXECUTIONS: Final = 8
"""How many executions a report explains: the last ones that have not succeeded, and then the last ones that have."""
TITLE: Final = "dynastep"
_EARLIER: Final = pytest.StashKey[frozenset[str]]()
"""ARNs of the executions that were there before the test began."""


def _open() -> list[Dynastep]:
    """The emulators that are open; without importing anything that no test has imported."""
    testing = sys.modules.get("emulator.testing")
    return [] if testing is None else list(testing.OPEN)


class FailuresExplained:
    """Adds to reports what a failed test's executions did."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Remember which executions are those of earlier tests: a fixture may serve several."""
        item.stash[_EARLIER] = frozenset(arn for dynastep in _open() for arn in dynastep.execution_arns())

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Explain the executions: in the text of an assertion that names one, or in a section."""
        opened = _open() if call.excinfo is not None and call.when == "call" else []
        if call.excinfo is None or not opened or call.excinfo.errisinstance(pytest.skip.Exception):
            return (yield)
        earlier = item.stash.get(_EARLIER, frozenset())
        executions = [each for dynastep in opened for each in dynastep.executions() if each.arn not in earlier]
        named = _explain_in(call.excinfo.value, executions)
        report = yield
        told = _selected([each for each in executions if each not in named])
        told += [verdict for dynastep in opened if (verdict := dynastep.take_verdict())]
        if told:
            report.sections.append((TITLE, "\n\n".join(told)))
        return report


def _explain_in(error: BaseException, executions: list[Execution]) -> list[Execution]:
    """Put the explanation of failed executions that an assertion names into its text; those that it names."""
    if not isinstance(error, AssertionError) or len(error.args) != 1:
        return []
    text = str(error)
    named = [each for each in executions if not each.succeeded and repr(each) in text]
    if named:
        error.args = ("\n".join([*(each.explanation() for each in named), text]),)
    return named


def _selected(executions: list[Execution]) -> list[str]:
    ranked = sorted(range(len(executions)), key=lambda n: (executions[n].succeeded, -n))[:MOST_EXECUTIONS]
    told = [executions[number].explanation() for number in sorted(ranked)]
    left_out = len(executions) - len(told)
    return [*told, f"({left_out} more executions)"] if left_out else told
