"""A pytest plugin that sums up a run against the recorded answers: how many of each area were equal.

``evidence.plugin`` writes the sums, and each answer that differs with its reason, for the page docs/fidelity.md.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

import pytest

from .refusals import refusal_of

TITLES: Final = {
    "test_sfn": "Step Functions: conversations with AWS",
    "test_jsonata_aws": "JSONata in Step Functions",
    "test_dynamodb": "DynamoDB: requests and their answers",
    "test_event_patterns": "EventBridge: patterns",
    "test_jsonata": "JSONata: the official test suite",
}
"""Module of tests -> what its recorded answers are of."""
_CASE = re.compile(rf"conformance/({'|'.join(TITLES)})\.py::\w+\[(.*)\]")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the sums, from the reports, which come to this process wherever the tests ran."""
    for title, areas in sums(terminalreporter.stats)[0].items():
        if areas:
            total = sum(areas.values(), Counter())
            refused = f", {total['refused']} refused as AWS refuses them" if total["refused"] else ""
            terminalreporter.write_line(f"{title}: {total['equal']} of {total['recorded']} equal{refused}")


def sums(stats: Mapping[str, list[pytest.TestReport]]) -> tuple[dict[str, dict[str, Counter[str]]], list[list[str]]]:
    """By title and area, how many answers are recorded, how many equal, and how many AWS refuses, as the emulator does;
    the cases that differ, each with why."""
    counted: dict[str, dict[str, Counter[str]]] = {title: {} for title in TITLES.values()}
    differs = []
    for title, case, equal, why in _answers(stats):
        area = counted[title].setdefault(re.split(r"/|::|\[", case, maxsplit=1)[0], Counter())
        refused = equal and title == TITLES["test_jsonata"] and refusal_of(case) is not None
        area.update({"recorded": 1, "equal": int(equal and not refused), "refused": int(refused)})
        if not equal:
            differs.append([case, why])
    return {title: dict(sorted(areas.items())) for title, areas in counted.items()}, sorted(differs)


def _answers(stats: Mapping[str, list[pytest.TestReport]]) -> Iterator[tuple[str, str, bool, str]]:
    """Of each recorded answer: what it is of, its case, whether ours is equal, and why not."""
    for outcome in ("passed", "failed", "error", "skipped", "xfailed"):
        for report in stats.get(outcome, ()):
            if found := _CASE.search(report.nodeid):
                skipped = isinstance(report.longrepr, tuple)
                why = report.longrepr[2].removeprefix("Skipped: ") if skipped else getattr(report, "wasxfail", outcome)
                yield TITLES[found[1]], found[2], outcome == "passed", why
