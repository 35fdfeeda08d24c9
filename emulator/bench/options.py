"""The options of a test's emulator: one table for the marker, the configuration of pytest and ``emulator()``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from os import fspath
from typing import Any, Final

from asl_interpreter.loop.clock import LATEST
from emulator.bench.option_names import HELP
from emulator.settings import InvalidSetting, Settings, flag_of
from emulator.suggestions import unknown

_SETTINGS: Final = {
    "account": "account",
    "clock": "clock",
    "iam": "iam",
    "quotas": "quotas",
    "functions_cluster": "functions_cluster",
    "wording": "dynamodb_wording",
    "delays": "dynamodb_delays",
    "throttling": "dynamodb_throttling",
}
"""Options that are settings of the server, too, with the names that they have there."""


class InvalidOption(ValueError):
    """There is no such option, or the option cannot have this value. The message names the valid ones."""


def check_names(given: Iterable[str]) -> None:
    """See that there are such options.

    Raises:
        InvalidOption: there is no option of one of these names.
    """
    for name in given:
        if name not in HELP:
            raise InvalidOption(unknown("option of dynastep", name, HELP))


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of one emulator, read."""

    settings: Settings
    region: str = "us-east-1"
    account: str | None = None
    starts: float | None = None
    seed: int = 0
    let_through: frozenset[str] = frozenset()

    @classmethod
    def read(cls, given: Mapping[str, Any], environ: Mapping[str, str]) -> Options:
        """Options from values or, as a file of configuration has them, texts. The environment gives what they do not.

        Raises:
            InvalidOption: there is no such option, or it cannot have this value.
        """
        check_names(given)
        flags = {_SETTINGS[name]: _text(value) for name, value in given.items() if name in _SETTINGS}
        if "functions" in given:
            flags["functions"] = fspath(given["functions"])
        try:
            settings = Settings.read(environ, {"clock": "virtual", **flags})
        except InvalidSetting as error:
            raise InvalidOption(_renamed(str(error))) from None
        own = {name: _READERS[name](value) for name, value in given.items() if name in _READERS}
        return cls(settings=settings, account=flags.get("account"), **own)


def _renamed(message: str) -> str:
    """A message about flags of the command line as one about options."""
    for option, setting in {**_SETTINGS, "functions": "functions"}.items():
        if message.startswith(f"{flag_of(setting)} "):
            return f"The option {option} {message.removeprefix(flag_of(setting)).lstrip()}"
    return message


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return ",".join(f"{name}={amount}" for name, amount in value.items())
    return str(value)


def _region(value: Any) -> str:
    if not isinstance(value, str) or re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d", value) is None:
        raise InvalidOption(f"The option region is {value!r}: a region such as eu-west-1 is wanted")
    return value


def _instant(value: Any) -> float:
    try:
        instant = seconds_of(value)
    except ValueError as error:
        raise InvalidOption(f"The option starts is {value!r}: {error}") from None
    return instant


def seconds_of(instant: datetime | float | str) -> float:
    """An instant in seconds since 1970: a datetime, which is in UTC if it names no zone; ISO 8601 text; a number.

    Raises:
        ValueError: it is none of these, or not between the years 1970 and 9999.
    """
    if isinstance(instant, str):
        instant = _parsed(instant)
    if isinstance(instant, datetime):
        instant = (instant if instant.tzinfo else instant.replace(tzinfo=timezone.utc)).timestamp()
    if not 0 <= instant <= LATEST:
        raise ValueError("an instant between the years 1970 and 9999 is wanted")
    return float(instant)


def _parsed(text: str) -> datetime | float:
    with suppress(ValueError):
        return float(text)
    try:
        return datetime.fromisoformat(re.sub(r"[zZ]$", "+00:00", text))
    except ValueError:
        raise ValueError("an instant such as 2026-03-01T09:00:00Z is wanted") from None


def _seed(value: Any) -> int:
    if isinstance(value, bool) or not re.fullmatch(r"\d+", str(value)):
        raise InvalidOption(f"The option seed is {value!r}: a whole number is wanted")
    return int(value)


def _hosts(value: str | Iterable[str]) -> frozenset[str]:
    names = re.split(r"[\s,]+", value.strip()) if isinstance(value, str) else value
    return frozenset(name for name in names if name)


_READERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "region": _region,
    "starts": _instant,
    "seed": _seed,
    "let_through": _hosts,
}
