"""When schedule expressions fire, and which are none."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.events.timetables import InvalidTimetable, read_timetable, rule_timetable


def instant(text, zone="UTC"):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


def times(text, after, zone="UTC", start=0.0):
    """The times of an expression after a time, as text in its zone."""
    timetable = read_timetable(text, ZoneInfo(zone))
    time = instant(after, zone)
    while (time := timetable.after(time, start)) is not None:
        yield datetime.fromtimestamp(time, ZoneInfo(zone)).isoformat()[:16]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cron(0 12 * * ? *)", ["2026-01-01T12:00", "2026-01-02T12:00"]),
        ("cron(5,35 14 * * ? *)", ["2026-01-01T14:05", "2026-01-01T14:35", "2026-01-02T14:05"]),
        ("cron(0/20 8-9 ? * MON-FRI *)", ["2026-01-01T08:00", "2026-01-01T08:20", "2026-01-01T08:40", "2026-01-01T09:00"]),
        ("cron(15 10 ? * 6L 2026-2027)", ["2026-01-30T10:15", "2026-02-27T10:15"]),
        ("cron(0 9 ? * 2#1 *)", ["2026-01-05T09:00", "2026-02-02T09:00"]),
        ("cron(0 9 ? * 2#5 *)", ["2026-03-30T09:00", "2026-06-29T09:00"]),
        ("cron(0 8 L * ? *)", ["2026-01-31T08:00", "2026-02-28T08:00"]),
        ("cron(0 8 LW * ? *)", ["2026-01-30T08:00", "2026-02-27T08:00"]),
        ("cron(0 8 1W * ? *)", ["2026-01-01T08:00", "2026-02-02T08:00"]),
        ("cron(0 8 31W 5 ? *)", ["2026-05-29T08:00", "2027-05-31T08:00"]),
        ("cron(0 0 29 2 ? *)", ["2028-02-29T00:00", "2032-02-29T00:00"]),
        ("cron(0 0 ? * L *)", ["2026-01-03T00:00", "2026-01-10T00:00"]),
        ("cron(0 0 ? JAN,JUL FRI-MON *)", ["2026-01-02T00:00", "2026-01-03T00:00", "2026-01-04T00:00", "2026-01-05T00:00", "2026-01-09T00:00"]),
        ("cron(0 0 1 1 ? 2030/100)", ["2030-01-01T00:00", "2130-01-01T00:00"]),
        ("rate(5 minutes)", ["2026-01-01T00:05", "2026-01-01T00:10"]),
        ("at(2026-03-01T10:00:00)", ["2026-03-01T10:00"]),
    ],
)  # fmt: skip
def test_an_expression_fires_at_its_times(text, expected):
    assert list(islice(times(text, "2026-01-01T00:00:00"), len(expected))) == expected


@pytest.mark.parametrize("text", ["cron(0 0 31 2 ? *)", "cron(0 0 1 1 ? 2020)", "at(2026-01-01T00:00:00)"])
def test_what_lies_in_the_past_or_nowhere_never_fires(text):
    assert list(times(text, "2026-01-01T00:00:00")) == []


@pytest.mark.parametrize(
    ("text", "after", "expected"),
    [
        ("cron(30 2 * * ? *)", "2026-03-27T12:00:00", ["2026-03-28T02:30", "2026-03-30T02:30"]),
        ("cron(30 2 * * ? *)", "2026-10-24T12:00:00", ["2026-10-25T02:30", "2026-10-26T02:30"]),
        ("at(2026-07-01T08:00:00)", "2026-01-01T00:00:00", ["2026-07-01T08:00"]),
    ],
)
def test_summer_time_skips_what_it_leaves_out_and_repeats_nothing(text, after, expected):
    assert list(islice(times(text, after, "Europe/Berlin"), len(expected))) == expected


def test_a_rate_counts_from_its_start():
    rate = read_timetable("rate(1 day)", timezone.utc)
    start = instant("2026-05-01T10:00:00")
    assert rate.after(0.0, start) == start
    assert rate.after(start, start) == start + 86_400
    assert rate.after(start + 86_399, start) == start + 86_400


NONE = [
    *("rate()", "rate(10)", "rate(10 minutess)", "rate(-10 minutes)", "rate(10 years)", "rate(10 seconds)"),
    *("rate(foo minutes)", "rate(0 minutes)", "rate(10 MINUTES)", "rate( 10 minutes )", " rate(10 minutes)"),
    *("rate(9999999999999999999999 days)", "rate(1.5 hours)", "every day", "", "cron()", "cron(INVALID)"),
    *("cron(71 8 1 * ? *)", "cron(0 1 * * * *)", "cron(7 20 * * NOT *)", "cron(0 dummy ? * MON-FRI *)"),
    *("cron(0 0 ? * ? *)", "cron(0 24 * * ? *)", "cron(0 0 32 * ? *)", "cron(0 0 1 13 ? *)", "cron(0 0 ? * 8 *)"),
    *("cron(0 0 1 * ?)", "cron(0 0 1 * ? * *)", "cron(0/0 0 1 * ? *)", "cron(0 0 ? * 2#6 *)", "cron(0 0 1 * ? 1969)"),
]


@pytest.mark.parametrize("text", [*NONE, "at(2021-12-31)", "at(2021-12-31T23:59:59Z)", "at(2021-13-31T23:59:59)"])
def test_what_is_no_expression_is_refused(text):
    with pytest.raises(InvalidTimetable):
        read_timetable(text, timezone.utc)


@pytest.mark.parametrize(
    "text", [*NONE, "rate(1 minutes)", "rate(1 days)", "rate(10 minute)", "rate(11 hour)", "at(2027-12-31T23:59:59)"]
)
def test_rules_refuse_more(text):
    with pytest.raises(InvalidTimetable):
        rule_timetable(text)


@pytest.mark.parametrize("text", ["rate(1 minute)", "rate(12 hours)", "cron(0 2 ? * SAT *)"])
def test_rules_take_rates_and_crons(text):
    rule_timetable(text)


@given(
    st.integers(0, 59), st.integers(0, 23), st.datetimes(datetime.fromisoformat("2020-01-01"), datetime.fromisoformat("2030-01-01")),
    st.sampled_from(["UTC", "America/New_York", "Asia/Kolkata", "Pacific/Apia"]),
)  # fmt: skip
def test_a_daily_time_is_the_next_time_that_clocks_show_it(minute, hour, after, zone):
    after = after.replace(microsecond=0)
    shown = next(times(f"cron({minute} {hour} * * ? *)", after.isoformat(), zone))
    assert shown.endswith(f"{hour:02}:{minute:02}")
    later = datetime.fromisoformat(shown) - after
    assert timedelta(0) < later <= timedelta(days=2)
