"""A pytest plugin that sums up a run against the recorded answers: how many of each area were equal.

``--fidelity FILE`` writes the sums, and each answer that differs with its reason, for the page docs/fidelity.md.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Final

import pytest

TITLES: Final = {
    "test_sfn": "Step Functions: conversations with AWS",
    "test_jsonata_aws": "JSONata in Step Functions",
    "test_dynamodb": "DynamoDB: requests and their answers",
    "test_event_patterns": "EventBridge: patterns",
    "test_jsonata": "JSONata: the official test suite",
}
"""Module of tests -> what its recorded answers are of."""
_CASE = re.compile(rf"conformance/({'|'.join(TITLES)})\.py::\w+\[(.*)\]")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where the sums are written."""
    parser.addoption("--fidelity", metavar="FILE", help="write how many recorded answers are equal, as JSON")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print and write the sums, from the reports, which come to this process wherever the tests ran."""
    sums: dict[str, dict[str, Counter[str]]] = {title: {} for title in TITLES.values()}
    differs = []
    for title, case, equal, why in _answers(terminalreporter.stats):
        area = sums[title].setdefault(re.split(r"/|::|\[", case, maxsplit=1)[0], Counter())
        area.update({"recorded": 1, "equal": int(equal)})
        if not equal:
            differs.append((case, why))
    for title, areas in sums.items():
        if areas:
            equal = sum(area["equal"] for area in areas.values())
            recorded = sum(area["recorded"] for area in areas.values())
            terminalreporter.write_line(f"{title}: {equal} of {recorded} equal")
    if file := config.getoption("fidelity"):
        day = datetime.now(timezone.utc).date().isoformat()
        sets = {title: dict(sorted(areas.items())) for title, areas in sums.items()}
        text = json.dumps({"date": day, "sets": sets, "differs": sorted(differs)}, indent=1)
        Path(file).write_text(text + "\n", encoding="utf-8")


def _answers(stats: Mapping[str, list[pytest.TestReport]]) -> Iterator[tuple[str, str, bool, str]]:
    """Of each recorded answer: what it is of, its case, whether ours is equal, and why not."""
    for outcome in ("passed", "failed", "error", "skipped", "xfailed"):
        for report in stats.get(outcome, ()):
            if found := _CASE.search(report.nodeid):
                skipped = isinstance(report.longrepr, tuple)
                why = report.longrepr[2].removeprefix("Skipped: ") if skipped else getattr(report, "wasxfail", outcome)
                yield TITLES[found[1]], found[2], outcome == "passed", why
