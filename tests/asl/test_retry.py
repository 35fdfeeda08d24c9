"""What follows a failure: which errors a rule names, which rule decides, and how long a retry waits."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asl_interpreter.definition import MAX_DELAY_SECONDS, Catcher, Retrier
from asl_interpreter.errors import StateError, matches
from asl_interpreter.running.retry import Again, Caught, Uncaught, decide, delay

NAMES = [
    # error, listed, matched
    ("Busy", ["Busy"], True),
    ("Busy", ["Slow", "Busy"], True),
    ("Busy", ["busy"], False),
    ("Busy", ["Busy.Now"], False),
    ("Busy", ["States.ALL"], True),
    ("Busy", ["States.TaskFailed"], True),
    ("States.TaskFailed", ["States.TaskFailed"], True),
    ("States.Timeout", ["States.Timeout"], True),
    ("States.Timeout", ["States.ALL"], True),
    ("States.Timeout", ["States.TaskFailed"], False),
    ("States.Timeout", ["States.HeartbeatTimeout"], False),
    ("States.HeartbeatTimeout", ["States.HeartbeatTimeout"], True),
    ("States.HeartbeatTimeout", ["States.ALL"], True),
    ("States.DataLimitExceeded", ["States.ALL"], False),
    ("States.DataLimitExceeded", ["States.TaskFailed"], False),
    ("States.DataLimitExceeded", ["States.DataLimitExceeded"], True),
    ("States.Runtime", ["States.ALL"], False),
    ("States.Runtime", ["States.TaskFailed"], False),
    ("States.Runtime", ["States.Runtime"], False),
    ("States.Permissions", ["States.TaskFailed"], True),
    (None, ["States.ALL"], True),  # a Fail state without Error, inside a Parallel
    (None, ["Busy"], False),
]


@pytest.mark.parametrize(("error", "listed", "matched"), NAMES)
def test_error_equals(error: str | None, listed: list[str], matched: bool) -> None:
    assert matches(listed, error) is matched


def retrier(
    *names: str, interval: float = 1, most: int = 3, rate: float = 2, bound: float = MAX_DELAY_SECONDS
) -> Retrier:
    return Retrier(names, interval, most, rate, bound, full_jitter=False)


CATCH = (Catcher(("Busy",), "Wait", None), Catcher(("States.ALL",), "Give up", None))
BUSY, OTHER = StateError("Busy"), StateError("Other")
CHANCE = random.Random(1)


def test_the_first_retrier_that_names_the_error_decides_and_counts_for_itself() -> None:
    retry = (retrier("Other", interval=9), retrier("Busy", interval=3), retrier("States.ALL"))
    assert decide(BUSY, retry, (), (0, 0, 0), CHANCE) == Again(3, (0, 1, 0))
    assert decide(BUSY, retry, (), (5, 2, 5), CHANCE) == Again(12, (5, 3, 5))
    assert decide(OTHER, retry, (), (0, 3, 0), CHANCE) == Again(9, (1, 3, 0))


def test_a_retrier_that_is_used_up_hands_on_to_catch_and_not_to_the_next_retrier() -> None:
    retry = (retrier("Busy", most=1), retrier("States.ALL"))
    assert decide(BUSY, retry, CATCH, (1, 0), CHANCE) == Caught(CATCH[0])
    assert decide(BUSY, retry, (), (1, 0), CHANCE) == Uncaught()


def test_the_first_catcher_that_names_the_error_catches_it() -> None:
    assert decide(BUSY, (), CATCH, (), CHANCE) == Caught(CATCH[0])
    assert decide(OTHER, (), CATCH, (), CHANCE) == Caught(CATCH[1])
    assert decide(StateError("States.Runtime"), (retrier("States.ALL"),), CATCH, (0,), CHANCE) == Uncaught()


DELAYS = [
    # interval, rate, bound, the first delays
    (1, 2, MAX_DELAY_SECONDS, [1, 2, 4, 8, 16]),
    (3, 1.5, MAX_DELAY_SECONDS, [3, 4.5, 6.75]),
    (5, 1, MAX_DELAY_SECONDS, [5, 5, 5]),
    (0, 2, MAX_DELAY_SECONDS, [0, 0, 0]),
    (3, 2, 10, [3, 6, 10, 10]),
    (60, 2, 10, [10, 10]),
]


@pytest.mark.parametrize(("interval", "rate", "bound", "expected"), DELAYS)
def test_the_interval_grows_by_the_rate_up_to_the_bound(
    interval: float, rate: float, bound: float, expected: list[float]
) -> None:
    rule = retrier("Busy", interval=interval, rate=rate, bound=bound)
    assert [delay(rule, attempt, CHANCE) for attempt in range(len(expected))] == expected


@given(
    st.integers(0, 99_999_999),
    st.floats(1, 1e6),
    st.integers(0, 99_999_999),
    st.integers(1, 31_622_400),
    st.booleans(),
)
def test_no_delay_is_out_of_bounds(interval: int, rate: float, attempt: int, bound: int, full_jitter: bool) -> None:
    rule = Retrier(("Busy",), interval, 99_999_999, rate, bound, full_jitter)
    seconds = delay(rule, attempt, random.Random(1))
    assert 0 <= seconds <= bound
    if not full_jitter and attempt == 0:
        assert seconds == min(interval, bound)


def test_full_jitter_draws_from_the_whole_interval_and_repeats_with_its_seed() -> None:
    rule = Retrier(("Busy",), 8, 3, 2, MAX_DELAY_SECONDS, full_jitter=True)
    drawn = [delay(rule, 1, random.Random(seed)) for seed in range(200)]
    assert min(drawn) < 2 < 14 < max(drawn) < 16
    assert drawn == [delay(rule, 1, random.Random(seed)) for seed in range(200)]
