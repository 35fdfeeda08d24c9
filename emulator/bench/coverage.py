"""Coverage of state machines: what was counted while tests ran, matched with the files of the definitions.

A ``Record`` holds the counts by definition; records add up over worker processes and over runs, as JSON. A ``Covered``
is one definition file with the counts of everything that is measured in the file.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from asl_interpreter.coverage import Coverage
from asl_interpreter.jsontext import JSON, dumps, loads
from emulator.bench.measures import Measure, measures, skeleton
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


@dataclass(frozen=True, slots=True)
class Covered:
    """A definition file, and how often everything that is measured in the file happened."""

    file: str
    text: str
    definition: JSON
    counts: tuple[tuple[Measure, int], ...]
    lines: Mapping[str, int]
    """Location -> line of the file, from 1."""

    @property
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
        """The line of the file where a measure stands."""
        return self.lines[measure.location]


def percent(hit: int, total: int) -> float:
    """Hits of a total in percent, rounded down to a tenth, so that only a whole is 100."""
    return 100.0 if not total else int(1000 * hit / total) / 10


def cover(record: Record, files: Iterable[str], root: Path) -> tuple[list[Covered], int]:
    """Each definition file with its counts; and how many definitions ran that are in none of the files.

    Files are named relative to ``root``. A file that holds something else than a definition is left out.

    Raises:
        CannotRead: a file holds neither JSON nor YAML, or a definition that is broken.
    """
    by_skeleton: dict[str, Coverage] = defaultdict(Coverage)
    skeletons = {text: skeleton(loads(text)) for text in record.definitions}
    for ran, counted in record.definitions.items():
        by_skeleton[skeletons[ran]].add(counted)
    covered, found = [], set()
    for file in files:
        text = (root / file).read_text(encoding="utf-8-sig")
        for name, definition, places in _definitions(file, text, root):
            bones = skeleton(definition)
            found.add(bones)
            covered.append(_covered(name, text, definition, places, by_skeleton.get(bones, Coverage())))
    return covered, sum(bones not in found for bones in skeletons.values())


def _definitions(file: str, text: str, root: Path) -> Iterator[tuple[str, JSON, Mapping[str, Position]]]:
    """The definitions that stand in a file, each with its name in reports and where its values stand.

    Raises:
        CannotRead: as ``cover``.
    """
    try:
        machines = read_project(root / file, text, DEFAULT_ACCOUNT, DEFAULT_REGION)
    except NoSuchMachine as error:
        raise CannotRead(f"{file}: {error}") from None
    if machines is None:
        definition, places = read_definition(file, text)
        if isinstance(definition, dict) and "States" in definition:
            yield file, definition, places
        return  # a pattern such as *.json finds other files, too
    here = [machine for machine in machines if machine.file == root / file]
    for machine in here:
        yield (file if len(here) == 1 else f"{file}#{machine.name}"), loads(machine.text), machine.places


def _covered(file: str, text: str, definition: JSON, places: Mapping[str, Position], coverage: Coverage) -> Covered:
    try:
        counts = tuple((measure, measure.count(coverage)) for measure in measures(definition))
    except (AttributeError, KeyError, TypeError) as error:
        raise CannotRead(f"{file} is no definition that AWS would accept: dynastep validate says why") from error
    lines = {measure.location: nearest(places, measure.location)[0] for measure, _ in counts}
    return Covered(file, text, definition, counts, lines)
