"""Fuzz: no definition, input, path, call or expression crashes the interpreter. A short run of the command fuzz.language."""

from __future__ import annotations

from fuzz import language as fuzz


def test_a_thousand_mutated_cases_crash_nothing() -> None:
    tally = fuzz.Tally()
    fuzz.run(1_000, 7, tally)
    assert tally.failures == []
    assert sum(tally.outcomes.values()) == 1_000
    for outcome in ("SUCCEEDED", "FAILED", "refused", "found", "called", "evaluated"):
        assert tally.outcomes[outcome], outcome
