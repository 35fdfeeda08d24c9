"""A test run once more, of which pytest reports nothing: the one place that takes something from pytest's inside.

pytest offers no public way to run a test without a report: the hook ``pytest_runtest_protocol`` sends its reports to
the terminal, to JUnit files and to the cache of failures, where a run on trial would be a second result of the same
test. ``runtestprotocol(log=False)`` has been there since pytest 2.8, and plugins that repeat tests, such as
pytest-rerunfailures, are built on it. ``tests/plugin/test_chaos.py`` runs on the lowest and on the newest pytest
(``make lowest``, ``make newest``).
"""

from __future__ import annotations

import pytest
from _pytest.runner import runtestprotocol


def run_silently(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Set a test up, call it and tear it down, as pytest does; fixtures of wider scopes live on for ``nextitem``."""
    runtestprotocol(item, log=False, nextitem=nextitem)
