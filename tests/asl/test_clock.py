"""The clock: it never goes back; and timestamps as Java reads and AWS writes them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asl_interpreter.loop import clock
from asl_interpreter.loop.clock import EPOCH, Clock
from asl_interpreter.timestamps import iso, parse_timestamp

READ = [
    ("1970-01-01T00:00:00Z", (0, 0)),
    ("2026-01-01T00:00:00Z", (1767225600, 0)),
    ("2026-01-01T00:00Z", (1767225600, 0)),
    ("2026-01-01t00:00:00z", (1767225600, 0)),
    ("2026-01-01T00:00:00.5Z", (1767225600, 500_000_000)),
    ("2026-01-01T00:00:00.000000001Z", (1767225600, 1)),
    ("2026-01-01T00:00:00.123456789Z", (1767225600, 123_456_789)),
    ("2026-01-01T01:30:00+01:30", (1767225600, 0)),
    ("2025-12-31T23:30:00-00:30", (1767225600, 0)),
    ("2026-01-01T18:00:00+18:00", (1767225600, 0)),
    ("1969-12-31T23:59:59.5Z", (-1, 500_000_000)),
    ("2024-02-29T00:00:00Z", (1709164800, 0)),
]


@pytest.mark.parametrize(("text", "instant"), READ)
def test_a_timestamp_is_read_to_the_nanosecond(text: str, instant: tuple[int, int]) -> None:
    assert parse_timestamp(text) == instant


NOT_READ = [
    "",
    "2026",
    "2026-01-01",
    "2026-01-01 00:00:00Z",
    "2026-01-01T00:00:00",
    "2026-01-01T00Z",
    "2026-01-01T00:00:00.Z",
    "2026-01-01T00:00:00.1234567890Z",
    "2026-1-1T00:00:00Z",
    "20260101T000000Z",
    "2026-13-01T00:00:00Z",
    "2026-02-29T00:00:00Z",
    "2026-01-01T24:00:00Z",
    "2026-01-01T00:60:00Z",
    "2026-01-01T00:00:60Z",
    "2026-01-01T00:00:00+19:00",
    "2026-01-01T00:00:00+18:01",
    "2026-01-01T00:00:00+01:60",
    "2026-01-01T00:00:00+01",
    "2026-01-01T00:00:00Z ",
    " 2026-01-01T00:00:00Z",
    "2026-01-01T00:00:00Z\n",
    "٢٠٢٦-01-01T00:00:00Z",
    "2026-W01-1T00:00:00Z",
]


@pytest.mark.parametrize("text", NOT_READ)
def test_what_is_no_timestamp(text: str) -> None:
    with pytest.raises(ValueError, match="."):
        parse_timestamp(text)


@given(
    st.datetimes(min_value=datetime(1, 1, 3), max_value=datetime(9999, 12, 29)),  # noqa: DTZ001 - the bounds of naive ones
    st.integers(-18 * 60, 18 * 60),
)
def test_every_timestamp_that_python_writes_is_read(moment: datetime, offset: int) -> None:
    there = moment.replace(tzinfo=timezone(timedelta(minutes=offset)))
    seconds, nanoseconds = parse_timestamp(there.isoformat())
    elapsed = there - datetime(1970, 1, 1, tzinfo=timezone.utc)
    assert timedelta(seconds=seconds, microseconds=nanoseconds // 1000) == elapsed
    assert 0 <= nanoseconds < 10**9


@given(st.integers(1_000_000_000_000, 4_000_000_000_000))
def test_an_instant_is_written_to_the_millisecond(milliseconds: int) -> None:
    moment = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(milliseconds=milliseconds)
    assert iso(milliseconds / 1000) == moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def test_virtual_time_starts_at_new_year_2026_and_moves_only_when_it_is_moved() -> None:
    virtual = Clock("virtual")
    assert virtual.now() == EPOCH == 1767225600
    virtual.move_to(EPOCH + 5)
    assert virtual.now() == EPOCH + 5


@pytest.mark.parametrize("mode", ["virtual", "manual", "wall"])
def test_the_clock_never_goes_back(mode: clock.Mode) -> None:
    one = Clock(mode)
    now = one.now()
    one.move_to(now - 100)
    assert one.now() >= now
    one.move_to(now + 100)
    assert one.now() >= now + 100


@given(st.lists(st.tuples(st.sampled_from(["virtual", "manual", "wall"]), st.integers(-1000, 1000)), max_size=9))
def test_the_clock_never_goes_back_when_its_mode_changes(changes: list[tuple[clock.Mode, int]]) -> None:
    one = Clock("virtual")
    before = one.now()
    for mode, seconds in changes:
        one.mode = mode
        assert one.now() >= before
        one.move_to(one.now() + seconds)
        assert one.now() >= before
        before = one.now()


@pytest.mark.parametrize("step", [-86_400, 0, 3600])
def test_a_wall_clock_counts_real_seconds_whatever_the_time_of_the_machine_is_set_to(
    monkeypatch: pytest.MonkeyPatch, step: float
) -> None:
    real, set_to = [1000.0], [0.0]
    monkeypatch.setattr(clock.time, "time", lambda: real[0] + set_to[0])
    monkeypatch.setattr(clock.time, "monotonic", lambda: real[0] - 900)
    wall = Clock("wall")
    assert wall.now() == 1000
    set_to[0] = step
    assert wall.now() == 1000
    real[0] = 1007.5
    assert wall.now() == 1007.5
    wall.move_to(1010)
    assert wall.now() == 1010
    real[0] = 1008.5
    assert wall.now() == 1011


@pytest.mark.parametrize(
    ("mode", "moves", "known"),
    [
        ("virtual", [(2.0, 60.0), (1.0, 30.0)], {1000.0: 500.0, 1059.0: 500.0, 1060.0: 502.0, 1090.0: 503.0}),
        ("virtual", [(2.0, 60.0), (5.0, 0.0)], {1060.0: 502.0, 1070.0: 502.0}),
        ("wall", [(2.0, 0.0)], {1000.0: 500.0, 1001.5: 501.5}),
        ("wall", [(2.0, 60.0)], {1001.5: 501.5, 1062.0: 502.0, 1063.0: 503.0}),
    ],
)
def test_a_clock_knows_when_its_instants_really_were(
    monkeypatch: pytest.MonkeyPatch, mode: clock.Mode, moves: list[tuple[float, float]], known: dict[float, float]
) -> None:
    real = [500.0]
    monkeypatch.setattr(clock.time, "time", lambda: real[0])
    monkeypatch.setattr(clock.time, "monotonic", lambda: real[0] - 400)
    one = Clock(mode, 1000.0)
    for passing, jump in moves:
        real[0] += passing
        one.move_to(one.now() + jump)
    assert {instant: one.really(instant) for instant in known} == known
    assert one.really(999.0) is None


def test_a_clock_that_goes_back_forgets_when_its_instants_really_were() -> None:
    one = Clock("virtual", 1000.0)
    one.move_to(2000.0)
    one.restore(1500.0)
    assert one.really(1000.0) is None
    assert one.really(1500.0) is not None


def test_a_clock_forgets_its_first_moves_when_they_are_many() -> None:
    one = Clock("virtual", 0.0)
    for instant in range(1, 2 * clock.MOST_MARKS):
        one.move_to(float(instant))
    assert one.really(0.0) is None
    assert one.really(clock.MOST_MARKS + 1.0) is not None
