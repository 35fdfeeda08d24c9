"""JSONata's dates, and its integers by picture. The library reads the pictures and fills them in.

Source: https://docs.jsonata.org/date-time-functions, https://docs.jsonata.org/numeric-functions#formatinteger and the
reference implementation; undefined in, undefined out. The time is the Run's, never the machine's.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone

from .errors import EvaluationError, InternalError
from .jsonata_python import datetimeutils
from .numbers import integer
from .patterns import Regex
from .runtime import Run
from .values import SAFE_INTEGER, UNDEFINED, Value, is_finite, number

_LIBRARY = datetimeutils.DateTimeUtils
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_ISO = re.compile(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?(?:T(\d\d):(\d\d):(\d\d))?(?:\.(\d+))?(?:Z|([+-])(\d\d):?(\d\d))?")
_ISO_PICTURE = "[Y0001]-[M01]-[D01]T[H01]:[m01]:[s01].[f001][Z01:01t]"
_EARLIEST, _LATEST = -62_135_596_800_000, 253_402_300_799_999
"""The milliseconds of the years 1 to 9999."""
_WIDEST = 100
# The components that can be read, most significant first, with what one stands for that is not given.
_DATE = {"Y": 1, "M": 1, "D": 1}
_DAY_OF_YEAR = {"Y": 1, "d": 1}
_TIME = {"H": 0, "m": 0, "s": 0, "f": 0}
_HALF_DAYS = {"P": 0, "h": 0, "m": 0, "s": 0, "f": 0}


def millis(run: Run) -> Value:
    """``$millis``: the time of the evaluation, in milliseconds since the epoch."""
    return round(run.now * 1000)


def now(run: Run, picture: Value, offset: Value) -> Value:
    """``$now``: the time of the evaluation as a text."""
    return from_millis(run, millis(run), picture, offset)


def from_millis(run: Run, value: Value, picture: Value, offset: Value) -> Value:
    """``$fromMillis``: milliseconds since the epoch by a picture, else as ISO 8601, at an offset such as +0530."""
    if value is UNDEFINED:
        return UNDEFINED
    hours, minutes = _hours_and_minutes(offset)
    local = value + (60 * hours + minutes) * 60_000
    if not _EARLIEST <= local <= _LATEST:
        raise InternalError(f"The time {value} is outside of the years 1 to 9999")
    moment = _EPOCH + timedelta(milliseconds=math.floor(local))
    if picture is UNDEFINED and offset is UNDEFINED:
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    picture = _ISO_PICTURE if picture is UNDEFINED else picture
    run.spend(len(picture))
    with _codes(picture):
        fill = _LIBRARY._format_component  # noqa: SLF001 - the library's door cannot fill in a width without an end
        parts = _analysed(picture).parts
        return "".join([part.value if part.type == "literal" else fill(moment, part, hours, minutes) for part in parts])


def _hours_and_minutes(offset: Value) -> tuple[int, int]:
    """The hours and minutes, of one sign, of an offset such as -0330."""
    if offset is UNDEFINED:
        return 0, 0
    digits = re.match(r"([+-]?)(\d{1,4})(?!\d)", offset)
    if not digits:
        raise InternalError(f"The offset of the time zone must be digits such as +0530. Given {offset!r}")
    hours, minutes = divmod(int(digits[2]), 100)
    return (-hours, -minutes) if digits[1] == "-" else (hours, minutes)


def _analysed(picture: str) -> Value:
    """The library's analysis of a date's picture. Filling it in changes it, so it is made anew for each use.

    Raises:
        EvaluationError: the picture asks for more characters than a date can need.
    """
    analysis = _LIBRARY._analyse_datetime_picture(picture)  # noqa: SLF001 - the library's door reads the clock
    for part in analysis.parts:
        if part.width is not None:
            least, most = part.width
            if max(least or 0, most or 0) > _WIDEST:
                raise InternalError(f"The picture {picture!r} is too wide")
            part.width = (least, _WIDEST if most is None else most)
    return analysis


def to_millis(run: Run, timestamp: Value, picture: Value) -> Value:
    """``$toMillis``: milliseconds since the epoch, of a text by a picture or in ISO 8601; nothing if it does not match.

    Raises:
        EvaluationError: D3110 where it is no ISO 8601; D3130 to D3136 by what is wrong with the picture.
    """
    if timestamp is UNDEFINED:
        return UNDEFINED
    if picture is UNDEFINED:
        return _from_iso(timestamp)
    run.spend(len(picture))
    with _codes(picture):
        pattern, parts = _compiled(picture)
    match = pattern.search(run.spend, timestamp)
    if not match:
        return UNDEFINED
    given = zip(parts, match.groups, strict=True)
    values = {part.component: _value(part, text or "") for part, text in given if part.component}
    return (
        _assembled({name: value for name, value in values.items() if value is not None}, run.now)
        if values
        else UNDEFINED
    )


def format_integer(run: Run, value: Value, picture: Value) -> Value:
    """``$formatInteger``: with leading zeros and separators, as words, in letters or in roman numerals."""
    if value is UNDEFINED or picture is UNDEFINED:
        return UNDEFINED
    value = number(value)
    if not is_finite(value):
        raise EvaluationError("D1001", value=value)
    run.spend(len(picture))
    with _codes(picture):
        analysis = _LIBRARY._analyse_integer_picture(picture)  # noqa: SLF001 - its door takes no double
        # words for a number beyond a double's digits are the double's, not those of the integer that is nearest to it
        is_inexact = abs(value) > SAFE_INTEGER and analysis.primary is datetimeutils.DateTimeUtils.Formats.WORDS
        return _LIBRARY._format_integer(float(value) if is_inexact else math.floor(value), analysis)  # noqa: SLF001


def parse_integer(run: Run, text: Value, picture: Value) -> Value:
    """``$parseInteger``: NaN where the picture cannot read the text, as observed on AWS."""
    if text is UNDEFINED or picture is UNDEFINED:
        return UNDEFINED
    run.spend(len(picture))
    with _codes(picture):
        try:
            return number(_LIBRARY.parse_integer(text, picture))
        except (ValueError, KeyError):
            digits = re.match(r"\s*[+-]?\d+", text)
            return number(integer(digits[0])) if digits else math.nan


def _from_iso(timestamp: str) -> int:
    match = _ISO.fullmatch(timestamp)
    try:
        if match:
            year, month, day, hour, minute, second, fraction, sign, hours, minutes = match.groups()
            moment = datetime(  # noqa: DTZ001 - the offset is taken off below
                int(year), int(month or 1), int(day or 1), int(hour or 0), int(minute or 0), int(second or 0)
            )
            offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0)) * (-1 if sign == "-" else 1)
            return _millis(moment, offset) + int((fraction or "0").ljust(3, "0")[:3])
    except ValueError:  # a month 13
        pass
    raise EvaluationError("D3110", value=timestamp)


def _millis(moment: datetime, offset: timedelta) -> int:
    return (moment.replace(tzinfo=timezone.utc) - offset - _EPOCH) // timedelta(milliseconds=1)


@functools.lru_cache(maxsize=256)
def _compiled(picture: str) -> tuple[Regex, list[Value]]:
    """A date's picture as a pattern with a group for each of its parts."""
    analysis = _analysed(picture)
    parts = _LIBRARY._generate_regex(analysis).parts  # noqa: SLF001 - its parse reads the clock
    for part, analysed in zip(parts, analysis.parts, strict=True):
        if analysed.type == "literal":
            part.regex = re.escape(analysed.value)
        elif analysed.component in ("Z", "z") and analysed.integerFormat.regular:
            separator = analysed.integerFormat.groupingSeparators[0].character
            part.regex = part.regex.replace(f"+{separator}[", f"+{re.escape(separator)}[")
    pattern = rf"\A{''.join(f'({part.regex})' for part in parts)}\z"
    return Regex(pattern, pattern, ignore_case=True), parts


def _value(part: Value, text: str) -> int | None:
    """The number that a part of the text stands for; None for a name that is none, which then counts as not given."""
    if part.component == "f" and text.isdigit():
        return int(text[:3])  # it may have more digits than milliseconds have (suite: parseDateTime[46])
    try:
        value: int = part.parse(text)
    except KeyError:
        return None
    return value


def _assembled(given: dict[str, int], now: float) -> int:
    """The time that the components say. Before the first one given they are the present ones, after the last 0 or 1.

    Raises:
        EvaluationError: D3136 where one between them is missing, or for a date by week.
    """
    if given.keys() & set("XxWw"):
        raise EvaluationError("D3136")
    order = {**(_DAY_OF_YEAR if "d" in given else _DATE), **(_HALF_DAYS if given.keys() & set("Ph") else _TIME)}
    names = list(order)
    known = [place for place, name in enumerate(names) if name in given]
    if not known or known != list(range(known[0], known[-1] + 1)):
        raise EvaluationError("D3136")
    present = _EPOCH + timedelta(seconds=now)
    today = {"Y": present.year, "M": present.month, "D": present.day, "d": present.timetuple().tm_yday}
    today |= {
        "P": present.hour // 12,
        "h": present.hour % 12,
        "H": present.hour,
        "m": present.minute,
        "s": present.second,
    }
    value = {
        name: given.get(name, today.get(name, 0) if place < known[0] else order[name])
        for place, name in enumerate(names)
    }
    hour = value.get("H", value.get("h", 0) % 12 + 12 * value.get("P", 0))
    try:
        day = datetime(value["Y"], max(value.get("M", 1), 1), 1)  # noqa: DTZ001 - in UTC throughout
        moment = day + timedelta(
            days=value.get("D", value.get("d", 1)) - 1, hours=hour, minutes=value["m"], seconds=value["s"]
        )
        return _millis(moment, timedelta(minutes=given.get("Z", given.get("z", 0)))) + value["f"]
    except (ValueError, OverflowError):
        raise InternalError("The time is outside of the years 1 to 9999") from None


@contextmanager
def _codes(picture: Value) -> Iterator[None]:
    """Give the library's errors about a picture the codes of the reference implementation."""
    texts = datetimeutils.constants.Constants
    codes = {
        texts.ERR_MSG_SEQUENCE_UNSUPPORTED: ("D3130", r"^(.*?)(?:;.*)?$"),
        texts.ERR_MSG_DIFF_DECIMAL_GROUP: ("D3131", ""),
        texts.ERR_MSG_INVALID_NAME_MODIFIER: ("D3133", r"\[([^MxFP\]])[Nn]"),
        texts.ERR_MSG_TIMEZONE_FORMAT: ("D3134", ""),
        texts.ERR_MSG_NO_CLOSING_BRACKET: ("D3135", ""),
    }
    try:
        yield
    except KeyError as error:  # no default for how to write the component
        raise EvaluationError("D3132", value=error.args[0]) from None
    except IndexError:  # [] without a component
        raise EvaluationError("D3132", value="") from None
    except RuntimeError as error:
        if str(error) not in codes:
            raise
        code, part = codes[str(error)]
        found = re.search(part, picture)
        raise EvaluationError(code, value=found[1] if part and found else UNDEFINED) from None
    except (ValueError, TypeError, re.error):  # a width that is no number, a separator that is no pattern
        raise InternalError(f"The picture {picture!r} cannot be read") from None
