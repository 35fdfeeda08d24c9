"""The page that compares abilities: what each emulator does of what AWS does, tried and counted by this program.

``python -m benchmarks compare --write docs/comparison.md`` writes the page, its summary into the README, and what was
counted into ``docs/comparison.json``. With names of emulators it measures these, and takes the others from that file.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import TypeAlias

from benchmarks.abilities import ABILITIES, Clients, tried
from benchmarks.page import machine
from benchmarks.recorded import ACCOUNT, Answer, answers
from benchmarks.servers import PROGRAMS, ROOT, Program, Server, running

README = ROOT / "README.md"
KEPT = ROOT / "docs" / "comparison.json"
MEMBERS = ("version", "date", "otherwise", "counts")
ASKED, EQUAL, SAME_END = range(3)
MARK = "<!-- comparison: written by `make compare` -->"
"""Stands before and after the summary, in the README and on the page."""
NOT_RUN = "not run"
UNAVAILABLE = {
    "DynamoDB Local": "its terms are its vendor's own; no package index has it under an open licence",
    "floci": "it is offered as a container image, and no package index has it",
    "Step Functions Local": "it is offered as an archive and as a container image, and no package index has it",
}
"""Emulators that nobody could run here, and why."""

INTRODUCTION = """# Beside other emulators

`make compare` measures every figure on this page and writes the page. `make peers` installs the other emulators,
each in a folder of its own under `.venvs/`. [benchmarks.md](benchmarks.md) compares how fast the emulators are.

Read the figures with care:

- **Dynastep is developed against the recorded answers below.** Its own count shows how many of these answers still
  differ. It does not show how often Dynastep is right about requests that nobody has recorded.
- **The authors of Dynastep chose the abilities.** Abilities that only others have are not in the table:
  Dynastep runs no Lambda functions in Java, .NET, Ruby or container images, and starts no containers for
  ECS or databases. An emulator that uses Docker can.
- **The recorded answers are not a sample of everyday use.** Many were recorded because an emulator had answered
  differently: refusals of unusual requests, word for word. An emulator with a low count may well do everything that
  your tests need.
- **The conversations with Step Functions come from LocalStack's public tests.** LocalStack leaves known differences out
  of its own comparison. Here every member of every answer counts.
- **"Not run" says nothing about an emulator.** The machine of the measurement had package indexes and no container
  images.
"""


Counts: TypeAlias = "dict[str, dict[str, list[int]]]"
"""Title of a set -> area -> how many recorded answers were asked for, how many of them were given word for word, and
how many tell of executions that end the same."""


@dataclass(frozen=True, slots=True)
class Column:
    """What one emulator has shown."""

    program: Program
    version: str
    date: str
    otherwise: dict[str, str | None] = field(default_factory=dict)
    """Of each ability that was tried: what the emulator does otherwise, or None."""
    counts: Counts = field(default_factory=dict)

    def try_abilities(self) -> None:
        """Try every ability that can be run."""
        for hurried in (False, True):
            environment = self.program.hurry or {} if hurried else {}
            trials = [a for a in ABILITIES if a.hurried is hurried and not a.needs & self.program.lacks.keys()]
            if not trials:
                continue
            with running(self.program, environment) as server:
                clients = Clients(f"http://127.0.0.1:{server.port}", ACCOUNT)
                for number, ability in enumerate(trials, 1):
                    _show(f"{self.program.name}: ability {number} of {len(trials)}")
                    self.otherwise[ability.name] = tried(ability, clients)

    def ask(self) -> None:
        """Ask for every recorded answer that can be run."""
        with running(self.program) as server:
            every = list(answers(f"http://127.0.0.1:{server.port}"))
            for number, answer in enumerate(every, 1):
                _show(f"{self.program.name}: answer {number} of {len(every)}")
                if not answer.needs & self.program.lacks.keys():
                    self._ask(answer, server)

    def _ask(self, answer: Answer, server: Server) -> None:
        if server.process.poll() is not None:
            raise RuntimeError(f"{self.program.name} has ended by itself, before {answer.case}")
        if self.program.reset and "stepfunctions" in answer.needs:
            server.client.post(self.program.reset, {}, {})
            server.settle()
        difference = answer.ask()
        counts = self.counts.setdefault(answer.title, {}).setdefault(answer.area, [0, 0, 0])
        for kind, given in enumerate((True, difference.words is None, difference.end is None)):
            counts[kind] += given

    def able(self, name: str) -> str:
        """The cell of an ability."""
        if name not in self.otherwise:
            return NOT_RUN
        return "yes" if self.otherwise[name] is None else "no"

    def count(self, title: str, area: str | None = None, kind: int = EQUAL) -> str:
        """The cell of recorded answers: of a set, or of an area of one."""
        areas = self.counts.get(title, {})
        counts = [areas.get(area, [0, 0, 0])] if area else list(areas.values())
        asked, given = (sum(count[each] for count in counts) for each in (ASKED, kind))
        return f"{given} of {asked}" if asked else NOT_RUN


def compared(names: Sequence[str] = (), file: Path = KEPT) -> list[Column]:
    """A column of each emulator that is installed: measured now if it is named, or if none is, else from the file."""
    kept = json.loads(file.read_text(encoding="utf-8")) if names else {}
    columns = []
    for program in PROGRAMS:
        if program.name in names or (not names and program.present):
            today = datetime.now(timezone.utc).date().isoformat()
            column = Column(program, program.version, today)
            column.try_abilities()
            column.ask()
            columns.append(column)
        elif program.name in kept:
            columns.append(Column(program, **kept[program.name]))
    return columns


def summary(columns: Sequence[Column]) -> str:
    """The table of the README: how many abilities, and how many recorded answers of each kind."""
    tried_of = [(sum(said is None for said in c.otherwise.values()), len(c.otherwise)) for c in columns]
    rows = [["Abilities that tests rely on", *(f"{able} of {of}" if of else NOT_RUN for able, of in tried_of)]]
    rows += [[title, *(column.count(title) for column in columns)] for title in _titles(columns)]
    return _table(["", *(f"{column.program.name} {column.version}" for column in columns)], rows)


def page(columns: Sequence[Column]) -> str:
    """The whole page."""
    names = [column.program.name for column in columns]
    abilities = [[ability.name, *(column.able(ability.name) for column in columns)] for ability in ABILITIES]
    ends = [
        [title, *(column.count(title, kind=SAME_END) for column in columns)]
        for title in _titles(columns)
        if "conversations" in title
    ]
    areas = [
        [f"{title}, {area.removeprefix('test_')}", *(column.count(title, area) for column in columns)]
        for title in _titles(columns)
        for area in sorted({area for column in columns for area in column.counts.get(title, ())})
    ]
    dates = sorted({column.date for column in columns})
    measured = f"Measured {' to '.join(dict.fromkeys((dates[0], dates[-1])))}, {machine()}.\n"
    parts = [
        INTRODUCTION,
        measured,
        f"## In short\n\n{MARK}\n{summary(columns)}{MARK}\n",
        "## Abilities\n\n"
        "Each ability was tried through AWS's API; `benchmarks/abilities.py` has the code. For the last "
        "two, an emulator was started with its own setting for waits that take no time, if it has one: Dynastep with "
        "`DYNASTEP_CLOCK=virtual`, ministack with `SFN_WAIT_SCALE=0`.\n\n" + _table(["", *names], abilities),
        "What the emulators did instead:\n\n" + "\n".join(_instead(columns)) + "\n",
        "## How executions end\n\nOf the conversations with Step Functions, those in which every execution ends as on "
        "AWS, with the same output or the same error and cause, whatever else differs. An answer without an execution "
        "must be equal word for word.\n\n" + _table(["", *names], ends),
        "## Recorded answers by area\n\nEqual word for word.\n\n" + _table(["", *names], areas),
        "## What was not run\n\n" + "\n".join(_left_out(columns)) + "\n",
    ]
    return "\n".join(parts)


def write(file: Path, columns: Sequence[Column], readme: Path = README) -> None:
    """Write the page, what was counted beside it, and the summary into the README."""
    file.write_text(page(columns), encoding="utf-8")
    kept = {c.program.name: {name: getattr(c, name) for name in MEMBERS} for c in columns}
    file.with_suffix(".json").write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    before, _, after = re.split(rf"(?<={MARK}\n)(.*?)(?={MARK})", readme.read_text(encoding="utf-8"), flags=re.DOTALL)
    readme.write_text(f"{before}{summary(columns)}{after}", encoding="utf-8")


def _instead(columns: Sequence[Column]) -> Iterator[str]:
    for ability in ABILITIES:
        for column in columns:
            if said := column.otherwise.get(ability.name):
                yield f"- {column.program.name}, “{ability.name}”: `{said.replace('`', chr(39))}`"


def _left_out(columns: Sequence[Column]) -> Iterator[str]:
    for column in columns:
        for what, why in column.program.lacks.items():
            yield f"- {column.program.name}, everything that needs {what}: {why}."
    for program in PROGRAMS:
        if not program.present:
            yield f"- {program.name}: it was not installed; `make peers` installs it."
    for name, why in UNAVAILABLE.items():
        yield f"- {name}: {why}."


def _titles(columns: Sequence[Column]) -> list[str]:
    return list(dict.fromkeys(title for column in columns for title in column.counts))


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _show(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
