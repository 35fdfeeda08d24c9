"""Timetables: when ``rate(...)``, ``cron(...)`` and ``at(...)`` fire.

Instants are seconds since 1970. A time that a zone leaves out when its clocks go forward is skipped; one that it has
twice when they go back counts once, the first time.

Sources: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html,
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone, tzinfo
from typing import Final, TypeAlias

from asl_interpreter.loop.clock import LATEST


class InvalidTimetable(ValueError):
    """A text is no schedule expression."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Every so many seconds."""

    seconds: int

    def after(self, instant: float, start: float) -> float | None:
        """The first time after an instant, counted from the start, which is a time itself."""
        if instant < start:
            return start
        time = start + ((instant - start) // self.seconds + 1) * self.seconds
        return time if time <= LATEST else None


@dataclass(frozen=True, slots=True)
class At:
    """Once."""

    instant: float

    def after(self, instant: float, _start: float) -> float | None:
        """The time, if it is after an instant."""
        return self.instant if self.instant > instant else None


_Days: TypeAlias = Callable[[int, int], frozenset[int]]
"""The days of a month of a year."""


@dataclass(frozen=True, slots=True)
class Cron:
    """At times of the calendar and the clock of a zone."""

    minutes: Sequence[int]
    hours: Sequence[int]
    days: _Days
    months: Sequence[int]
    years: Sequence[int]
    zone: tzinfo

    def after(self, instant: float, start: float) -> float | None:
        """The first time after an instant and not before the start."""
        least = max(instant, start - 1e-3)
        if least >= LATEST:
            return None
        day = datetime.fromtimestamp(least, self.zone).date() - timedelta(days=1)  # zones may go back by hours
        return next((time for time in self._times(day) if time > least), None)

    def _times(self, first: date) -> Iterator[float]:
        for year in self.years:
            for month in self.months if year >= first.year else ():
                if (year, month) < (first.year, first.month):
                    continue
                for day in sorted(self.days(year, month)):
                    if date(year, month, day) >= first:
                        yield from self._times_of(year, month, day)

    def _times_of(self, year: int, month: int, day: int) -> Iterator[float]:
        for hour in self.hours:
            for minute in self.minutes:
                local = datetime(year, month, day, hour, minute, tzinfo=self.zone)
                time = local.timestamp()
                if datetime.fromtimestamp(time, self.zone).replace(fold=0) == local:
                    yield time


Timetable: TypeAlias = Rate | At | Cron

_RATE: Final = re.compile(r"rate\(([1-9][0-9]*) +(minute|hour|day)(s?)\)")
_AT: Final = re.compile(r"at\(([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})\)")
_CRON: Final = re.compile(r"cron\(([^()]*)\)")
_SECONDS: Final = {"minute": 60, "hour": 3600, "day": 86_400}


def rule_timetable(text: str) -> Rate | Cron:
    """The timetable of a rule: in UTC, never ``at``; one minute is ``rate(1 minute)``, and no other number is.

    Raises:
        InvalidTimetable: the text is none.
    """
    found = read_timetable(text, timezone.utc)
    if isinstance(found, At):
        raise InvalidTimetable(text)
    if isinstance(found, Rate) and (text.startswith("rate(1 ") is text.endswith("s)")):
        raise InvalidTimetable(text)
    return found


def read_timetable(text: str, zone: tzinfo) -> Timetable:
    """The timetable of a schedule.

    Raises:
        InvalidTimetable: the text is none.
    """
    if rate := _RATE.fullmatch(text):
        seconds = int(rate[1]) * _SECONDS[rate[2]] if len(rate[1]) < len("1000000000") else int(LATEST) + 1
        if seconds > LATEST:
            raise InvalidTimetable(text)
        return Rate(seconds)
    if at := _AT.fullmatch(text):
        try:
            return At(datetime.fromisoformat(at[1]).replace(tzinfo=zone).timestamp())
        except (ValueError, OverflowError):
            raise InvalidTimetable(text) from None
    if cron := _CRON.fullmatch(text):
        return _cron(cron[1], zone)
    raise InvalidTimetable(text)


_MONTHS: Final = {name.upper(): number for number, name in enumerate(calendar.month_abbr) if name}
_WEEKDAYS: Final = {name: number for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), 1)}


def _cron(text: str, zone: tzinfo) -> Cron:
    fields = text.split()
    if len(fields) != 6:
        raise InvalidTimetable(text)
    minutes, hours, day, month, weekday, years = fields
    if (day == "?") is (weekday == "?"):
        raise InvalidTimetable(text)
    return Cron(
        _numbers(minutes, 0, 59),
        _numbers(hours, 0, 23),
        _days_of_month(day) if weekday == "?" else _days_of_week(weekday),
        _numbers(month, 1, 12, _MONTHS),
        _numbers(years, 1970, 2199),
        zone,
    )


def _number(text: str, least: int, most: int, names: dict[str, int] | None = None) -> int:
    if names is not None and text in names:
        return names[text]
    if re.fullmatch("[0-9]{1,4}", text) is None or not least <= int(text) <= most:
        raise InvalidTimetable(text)
    return int(text)


def _numbers(text: str, least: int, most: int, names: dict[str, int] | None = None) -> Sequence[int]:
    """The numbers of a field such as ``1,5-9,20/10``; a range may begin at its end and go round, as FRI-MON does."""
    found: set[int] = set()
    for part in text.split(","):
        span, slash, step_text = part.partition("/")
        step = _number(step_text, 1, most) if slash else 1
        first, dash, last = span.partition("-")
        if span == "*":
            found.update(range(least, most + 1, step))
        elif dash:
            low, high = _number(first, least, most, names), _number(last, least, most, names)
            size = most - least + 1
            found.update(least + (low - least + at) % size for at in range(0, (high - low) % size + 1, step))
        else:
            low = _number(first, least, most, names)
            found.update(range(low, most + 1, step) if slash else [low])
    return sorted(found)


def _length(year: int, month: int) -> int:
    return calendar.monthrange(year, month)[1]


def _days_of_month(text: str) -> _Days:
    if text == "L":
        return lambda year, month: frozenset({_length(year, month)})
    if text == "LW":
        return lambda year, month: frozenset({_nearest_weekday(year, month, _length(year, month))})
    if text.endswith("W"):
        wanted = _number(text[:-1], 1, 31)
        return lambda year, month: (
            frozenset({_nearest_weekday(year, month, wanted)}) if wanted <= _length(year, month) else frozenset()
        )
    numbers = _numbers(text, 1, 31)
    return lambda year, month: frozenset(day for day in numbers if day <= _length(year, month))


def _nearest_weekday(year: int, month: int, day: int) -> int:
    """The day of the month itself if people work then, else the nearest one of the same month."""
    weekday = date(year, month, day).isoweekday()
    if weekday == 6:
        return day - 1 if day > 1 else day + 2
    if weekday == 7:
        return day + 1 if day < _length(year, month) else day - 2
    return day


def _days_of_week(text: str) -> _Days:
    def of(year: int, month: int, weekday: int) -> list[int]:
        """The days of a month that are a day of the week, which counts from 1 for Sunday."""
        first = date(year, month, 1).isoweekday() % 7 + 1
        return list(range(1 + (weekday - first) % 7, _length(year, month) + 1, 7))

    if text == "L":
        text = "SAT"
    if text.endswith("L"):
        last = _number(text[:-1], 1, 7, _WEEKDAYS)
        return lambda year, month: frozenset(of(year, month, last)[-1:])
    if "#" in text:
        name, _, place = text.partition("#")
        weekday, nth = _number(name, 1, 7, _WEEKDAYS), _number(place, 1, 5)
        return lambda year, month: frozenset(of(year, month, weekday)[nth - 1 : nth])
    weekdays = _numbers(text, 1, 7, _WEEKDAYS)
    return lambda year, month: frozenset(day for weekday in weekdays for day in of(year, month, weekday))
