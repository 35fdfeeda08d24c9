"""Which report of coverage is wanted, and where: ``term-missing``, ``html:DIR``, ``json:FILE`` and the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from emulator.bench.coverage import Covered
from emulator.bench.coverage_html import write_pages
from emulator.bench.coverage_reports import as_json, cobertura, lcov, terminal

_FILES: Final[Mapping[str, Callable[[Sequence[Covered]], str]]] = {
    "json": as_json,
    "lcov": lcov,
    "cobertura": cobertura,
}
_PLACES: Final = {
    "html": "asl-coverage",
    "json": "asl-coverage.json",
    "lcov": "asl.lcov",
    "cobertura": "asl-coverage.xml",
}
FORMATS: Final = ("term", "term-missing", *_PLACES)


class InvalidReport(ValueError):
    """There is no such report; the message says which there are."""


class Report(NamedTuple):
    """A report that is wanted."""

    form: str
    place: str
    """Where it is written; empty for one on the terminal."""

    @classmethod
    def parse(cls, text: str) -> Report:
        """Read ``html:DIR``; without a place, a report goes to a place of its own.

        Raises:
            InvalidReport: there is no such format.
        """
        form, _, place = text.partition(":")
        if form not in FORMATS or (place and form not in _PLACES):
            raise InvalidReport(f"there is no coverage report {text!r}; there are {', '.join(FORMATS)}")
        return cls(form, place or _PLACES.get(form, ""))

    def make(self, covered: Sequence[Covered], others: int, root: Path) -> str:
        """Make the report; what the terminal shows of it. Places are relative to ``root``."""
        if self.form not in _PLACES:
            return terminal(covered, others, missing=self.form == "term-missing")
        target = root / self.place
        if self.form == "html":
            return f"Coverage of state machines: {write_pages(target, covered)}"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(_FILES[self.form](covered), encoding="utf-8")
        return f"Coverage of state machines: {target}"
