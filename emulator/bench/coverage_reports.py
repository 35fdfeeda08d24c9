"""Reports of coverage: for the terminal, and as JSON, LCOV and Cobertura for other programs.

The lines of LCOV and Cobertura are the lines of the definition files: a state is the line of its name, and what it can
do (rules, Catchers, Retriers) are branches of the lines on which they stand.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final
from xml.sax.saxutils import quoteattr

from asl_interpreter.jsontext import JSON, dumps
from emulator.bench.coverage import Covered, percent
from emulator.bench.measures import Measure

COLUMNS: Final = ("States", "Measures", "Missed", "Cover")


def terminal(covered: Sequence[Covered], others: int, *, missing: bool) -> str:
    """A table with a line for each file; and, if ``missing``, under each file what never happened, in words."""
    width = max([len("Definition"), *(len(each.file) for each in covered)])
    lines = [f"{'Definition':<{width}}" + "".join(f"{name:>10}" for name in COLUMNS)]
    lines.append("-" * len(lines[0]))
    for each in covered:
        lines.append(_row(each.file, width, [each]))
        if missing:
            lines += [f"    line {each.line(measure)}: {text}" for measure, text in each.missing()]
    lines += ["-" * len(lines[0]), _row("TOTAL", width, covered)]
    if others:
        others_ran = "1 other definition ran that is" if others == 1 else f"{others} other definitions ran that are"
        lines.append(f"{others_ran} in none of these files.")
    return "\n".join(lines)


def _row(name: str, width: int, covered: Sequence[Covered]) -> str:
    counts = [pair for each in covered for pair in each.counts]
    states = [count for measure, count in counts if measure.kind == "state"]
    hit = sum(count > 0 for _, count in counts)
    entered = f"{sum(count > 0 for count in states)}/{len(states)}"
    return f"{name:<{width}}{entered:>10}{len(counts):>10}{len(counts) - hit:>10}{percent(hit, len(counts)):>9.4g}%"


def total(covered: Sequence[Covered]) -> float:
    """How much of all that is measured happened, in percent."""
    return percent(sum(each.hit for each in covered), sum(len(each.counts) for each in covered))


def as_json(covered: Sequence[Covered]) -> str:
    """Every file with every measure and its count."""
    files: JSON = [
        {
            "file": each.file,
            "percent": each.percent,
            "measures": [
                {
                    "state": measure.state,
                    "kind": measure.kind,
                    "number": measure.number,
                    "line": each.line(measure),
                    "count": count,
                    **({} if count else {"missed": measure.missed}),
                }
                for measure, count in each.counts
            ],
        }
        for each in covered
    ]
    return dumps({"percent": total(covered), "files": files})


def lcov(covered: Sequence[Covered]) -> str:
    """The format of ``geninfo``, which editors and review tools read."""
    return "".join(f"{line}\n" for each in covered for line in _lcov(each))


def _lcov(covered: Covered) -> Iterator[str]:
    lines = _lines(covered)
    yield "TN:"
    yield f"SF:{covered.file}"
    branches = [(line, number, count) for line, found in lines.items() for number, (_, count) in enumerate(found[1:])]
    for line, number, count in branches:
        yield f"BRDA:{line},0,{number},{count}"
    yield f"BRF:{len(branches)}"
    yield f"BRH:{sum(count > 0 for _, _, count in branches)}"
    for line, found in lines.items():
        yield f"DA:{line},{_line_count(found)}"
    yield f"LF:{len(lines)}"
    yield f"LH:{sum(_line_count(found) > 0 for found in lines.values())}"
    yield "end_of_record"


def _lines(covered: Covered) -> dict[int, list[tuple[Measure, int]]]:
    """What is measured on each line; first what stands for the line itself."""
    lines: dict[int, list[tuple[Measure, int]]] = defaultdict(list)
    for measure, count in covered.counts:
        lines[covered.line(measure)].append((measure, count))
    return dict(sorted(lines.items()))


def _line_count(found: Sequence[tuple[Measure, int]]) -> int:
    """How often a line was come to: a state as often as it was entered, a rule as often as it was asked."""
    measure, count = found[0]
    return count if measure.kind == "state" else sum(count for _, count in found)


def cobertura(covered: Sequence[Covered]) -> str:
    """The XML that GitLab, Jenkins and Azure DevOps read."""
    hit, every = sum(each.hit for each in covered), sum(len(each.counts) for each in covered)
    rate = f"{hit / every if every else 1:.4f}"
    head = f'line-rate="{rate}" branch-rate="{rate}" complexity="0"'
    classes = "".join(_class(each) for each in covered)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<!DOCTYPE coverage SYSTEM "http://cobertura.sourceforge.net/xml/coverage-04.dtd">\n'
        f'<coverage {head} version="1" timestamp="0" lines-covered="{hit}" lines-valid="{every}" '
        f'branches-covered="0" branches-valid="0"><sources><source>.</source></sources>'
        f'<packages><package name="state machines" {head}><classes>{classes}</classes></package></packages>'
        "</coverage>\n"
    )


def _class(covered: Covered) -> str:
    rate = f"{covered.percent / 100:.4f}"
    lines = []
    for line, found in _lines(covered).items():
        branches = found[1:]
        taken = sum(count > 0 for _, count in branches)
        branch, share = str(bool(branches)).lower(), f"{percent(taken, len(branches)):.0f}% ({taken}/{len(branches)})"
        condition = f' condition-coverage="{share}"' if branches else ""
        lines.append(f'<line number="{line}" hits="{_line_count(found)}" branch="{branch}"{condition}/>')
    name = quoteattr(covered.file)
    return (
        f'<class name={name} filename={name} line-rate="{rate}" branch-rate="{rate}" complexity="0">'
        f"<methods/><lines>{''.join(lines)}</lines></class>"
    )
