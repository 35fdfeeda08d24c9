"""Coverage of state machines: what was counted while tests ran, matched with the files of the definitions.

A ``Record`` holds the counts by definition; records add up over worker processes and over runs, as JSON. A ``Covered``
is one definition file with the counts of everything that is measured in the file.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from asl_interpreter.coverage import Coverage
from asl_interpreter.jsontext import JSON, dumps, loads
from emulator.bench.measures import Measure, counted, skeleton
from emulator.validate.documents import CannotRead, read_definition
from emulator.validate.positions import Position, nearest
from emulator.validate.projects import NoSuchMachine, read_project
from emulator.wire.credentials import DEFAULT_ACCOUNT, DEFAULT_REGION

DATA_FILE: Final = ".asl-coverage.json"
VERSION: Final = 1


class InvalidRecord(Exception):
    """A file is no record of coverage; the message says which."""


class Record:
    """Text of a definition -> what its executions have done."""

    def __init__(self) -> None:
        self.definitions: dict[str, Coverage] = {}

    def add(self, other: Mapping[str, Coverage]) -> None:
        """Count what was counted elsewhere, too."""
        for definition, coverage in other.items():
            self.definitions.setdefault(definition, Coverage()).add(coverage)

    def to_json(self) -> JSON:
        """The record as JSON, for another process or a file."""
        return {
            "version": VERSION,
            "definitions": [
                {
                    "definition": definition,
                    "entered": coverage.entered,
                    "left": coverage.left,
                    "points": [[*point, count] for point, count in coverage.points.items()],
                }
                for definition, coverage in self.definitions.items()
            ],
        }

    @classmethod
    def from_json(cls, value: JSON) -> Record:
        """A record that ``to_json`` has made.

        Raises:
            InvalidRecord: the value is none.
        """
        record = cls()
        try:
            if value["version"] != VERSION:
                raise InvalidRecord(f"it has version {value['version']}, and this is version {VERSION}")
            for entry in value["definitions"]:
                points = {(state, kind, number): count for state, kind, number, count in entry["points"]}
                record.add({entry["definition"]: Coverage(entry["entered"], entry["left"], points)})
        except (TypeError, KeyError, ValueError) as error:
            raise InvalidRecord(f"it is no record of coverage: {error!r}") from None
        return record


def read_record(path: Path) -> Record:
    """The record in a file.

    Raises:
        InvalidRecord: the file cannot be read, or holds something else.
    """
    try:
        return Record.from_json(loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise InvalidRecord(f"{path} cannot be read: {error}") from None
    except InvalidRecord as error:
        raise InvalidRecord(f"{path}: {error}") from None


def write_record(path: Path, record: Record) -> None:
    """Write a record to a file."""
    path.write_text(dumps(record.to_json()), encoding="utf-8")


@dataclass(frozen=True)
class Covered:
    """A definition file, and how often everything that is measured in the file happened."""

    file: str
    text: str
    definition: JSON
    counts: tuple[tuple[Measure, int], ...]
    places: Mapping[str, Position]
    """Where the values of the definition stand in the file."""

    @cached_property
    def hit(self) -> int:
        """How many measures happened at least once."""
        return sum(count > 0 for _, count in self.counts)

    @property
    def percent(self) -> float:
        """How much of what is measured happened; 100 where nothing is measured."""
        return percent(self.hit, len(self.counts))

    def missing(self) -> Iterator[tuple[Measure, str]]:
        """What never happened, in words, with the state: ``Charge: catcher 2 (States.Timeout) never taken``.

        Of a state that was never entered only that is said.
        """
        idle = {measure.state for measure, count in self.counts if measure.kind == "state" and not count}
        for measure, count in self.counts:
            if not count and (measure.kind == "state" or measure.state not in idle):
                yield measure, f"{measure.state}: {measure.missed}"

    def line(self, measure: Measure) -> int:
        """The line of the file where a measure stands, from 1."""
        return self._lines[measure.location]

    @cached_property
    def _lines(self) -> dict[str, int]:
        return {measure.location: nearest(self.places, measure.location)[0] for measure, _ in self.counts}


def percent(hit: int, total: int) -> float:
    """Hits of a total in percent, rounded down to a tenth, so that only a whole is 100."""
    return 100.0 if not total else int(1000 * hit / total) / 10


def cover(record: Record, files: Iterable[str], root: Path) -> tuple[list[Covered], int]:
    """Each definition file with its counts; and how many definitions ran that are in none of the files.

    Files are named relative to ``root``. A file that holds something else than a definition is left out.

    Raises:
        CannotRead: a file holds neither JSON nor YAML, or a definition that is broken.
    """
    found = [each for file in files for each in _definitions(file, root)]
    of_text, others = {each.text: Coverage() for each in found}, _Others()
    for ran, counted_there in record.definitions.items():
        if ran in of_text:
            of_text[ran].add(counted_there)
        else:
            others.add(ran, counted_there)
    covered = [_covered(each, others.with_those_of(each.definition, of_text[each.text])) for each in found]
    return covered, others.left()


class _Others:
    """What ran in another text than that of a file: with ARNs put in, or as a value that was written anew."""

    def __init__(self) -> None:
        self._by_skeleton: dict[str, list[Coverage]] = defaultdict(list)
        self._met: set[str] = set()

    def add(self, text: str, coverage: Coverage) -> None:
        self._by_skeleton[skeleton(loads(text))].append(coverage)

    def with_those_of(self, definition: JSON, coverage: Coverage) -> Coverage:
        """What is known of a definition, and what was counted where the same definition ran in another text."""
        if not self._by_skeleton:
            return coverage
        bones = skeleton(definition)
        self._met.add(bones)
        total = Coverage(coverage.entered, coverage.left, coverage.points)
        for other in self._by_skeleton.get(bones, ()):
            total.add(other)
        return total

    def left(self) -> int:
        """How many texts ran that are no definition that somebody asked for."""
        return sum(len(those) for bones, those in self._by_skeleton.items() if bones not in self._met)


@dataclass(frozen=True, slots=True)
class _Found:
    """A definition that stands in a file."""

    name: str
    """In reports."""
    file_text: str
    text: str
    """The definition alone, as an execution would run it."""
    definition: JSON
    places: Mapping[str, Position]


def _definitions(file: str, root: Path) -> Iterator[_Found]:
    """The definitions that stand in a file.

    Raises:
        CannotRead: as ``cover``.
    """
    path = root / file
    text = path.read_text(encoding="utf-8-sig")
    try:
        machines = read_project(path, text, DEFAULT_ACCOUNT, DEFAULT_REGION)
    except NoSuchMachine as error:
        raise CannotRead(f"{file}: {error}") from None
    if machines is None:
        definition, places = read_definition(file, text)
        if isinstance(definition, dict) and "States" in definition:
            yield _Found(file, text, text, definition, places)
        return  # a pattern such as *.json finds other files, too
    here = [machine for machine in machines if machine.file == path]
    for machine in here:
        name = file if len(here) == 1 else f"{file}#{machine.name}"
        yield _Found(name, text, machine.text, loads(machine.text), machine.places)


def _covered(found: _Found, coverage: Coverage) -> Covered:
    try:
        counts = counted(found.definition, coverage)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise CannotRead(f"{found.name} is no definition that AWS would accept: dynastep validate says why") from error
    return Covered(found.name, found.file_text, found.definition, counts, found.places)
