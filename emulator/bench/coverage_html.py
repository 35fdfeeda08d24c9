"""The coverage report as HTML pages: an index, and for each definition its coloured picture beside its lines."""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import Final

from asl_interpreter.jsontext import dumps
from emulator.bench.coverage import Covered
from emulator.bench.coverage_reports import total
from emulator.bench.measures import Measure, measures
from emulator.graph.layout import layout
from emulator.graph.outline import TransitionKey, outline
from emulator.graph.ranks import ranked
from emulator.graph.svg import STYLE, Marks, draw
from emulator.graph.texts import shortened

_STYLE: Final = """\
:root { color-scheme: light; }
body { margin: 0; font: 14px/1.45 system-ui, sans-serif; color: #1b2330; background: #fff; }
header { padding: 16px 24px; border-bottom: 1px solid #d8dde6; }
header { display: flex; gap: 16px; align-items: baseline; flex-wrap: wrap; }
h1 { font-size: 18px; margin: 0; }
a { color: #1f5fbf; }
table { border-collapse: collapse; margin: 24px; }
th, td { text-align: right; padding: 6px 16px; border-bottom: 1px solid #e6eaf0; }
th:first-child, td:first-child { text-align: left; }
meter { width: 120px; vertical-align: middle; }
main { display: grid; grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); }
figure { margin: 0; padding: 24px; overflow: auto; }
figure svg { max-width: 100%; height: auto; }
section { border-left: 1px solid #d8dde6; min-width: 0; }
ul { margin: 0; padding: 16px 24px 16px 44px; background: #fdf3f2; }
ol { margin: 0; padding: 16px 0 16px 56px; overflow: auto; font: 12px/1.5 ui-monospace, monospace; }
ol li { white-space: pre; padding: 0 12px; }
ol li.hit { background: #e6f5ea; }
ol li.missed { background: #fde3e1; }
ol li.partly { background: #fff1d6; }
ol li small { display: inline-block; width: 3.5em; color: #586274; user-select: none; }
@media (max-width: 800px) {
  main { display: block; }
  section { border-left: 0; }
  figure { padding: 12px; }
  figure svg { max-width: 150%; }
  ol { padding-left: 44px; }
  table { margin: 8px; }
  th, td { padding: 6px 4px; }
  th:first-child, td:first-child { overflow-wrap: anywhere; }
  meter { display: none; }
}
"""


def write_pages(folder: Path, covered: Sequence[Covered]) -> Path:
    """Write the pages into a folder, which is made if there is none; the page to begin with.

    Each page names what it was made of. A page that was made of the same is left as it is: drawing takes most of the
    time of a report.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "style.css").write_text(_STYLE + STYLE, encoding="utf-8")
    names = _names(covered)
    for each in covered:
        page, origin = folder / names[each.file], _origin(each)
        if not _is_made_of(page, origin):
            page.write_text(_page(each, origin), encoding="utf-8")
    rows = "".join(
        f'<tr><td><a href="{names[each.file]}">{escape(each.file)}</a></td><td>{len(each.counts)}</td>'
        f"<td>{len(each.counts) - each.hit}</td><td>{_percent(each.percent)}</td></tr>"
        for each in covered
    )
    table = f"<table><tr><th>Definition</th><th>Measures</th><th>Missed</th><th>Cover</th></tr>{rows}</table>"
    index = folder / "index.html"
    index.write_text(_frame("Coverage of state machines", _percent(total(covered)), table), encoding="utf-8")
    return index


def _origin(covered: Covered) -> str:
    """What a page is made of: the file, the definition, what was counted, and the code that makes pages."""
    content = dumps([covered.file, covered.text, covered.definition, [count for _, count in covered.counts]])
    return sha256(_code() + content.encode("utf-8", "surrogatepass")).hexdigest()


@cache
def _code() -> bytes:
    modules = {__name__, *(made_by.__module__ for made_by in (measures, outline, ranked, layout, shortened, draw))}
    return b"".join(Path(str(sys.modules[name].__file__)).read_bytes() for name in sorted(modules))


def _is_made_of(page: Path, origin: str) -> bool:
    try:
        with page.open("rb") as file:
            return f"<!-- {origin} -->".encode() in file.read(200)
    except OSError:
        return False


def _names(covered: Sequence[Covered]) -> dict[str, str]:
    """File -> name of its page, each another one."""
    names: dict[str, str] = {}
    taken = {"index.html"}
    for each in covered:
        name = re.sub(r"[^\w.-]+", "_", each.file).strip("_.") or "definition"
        while f"{name}.html" in taken:
            name += "_"
        names[each.file] = f"{name}.html"
        taken.add(f"{name}.html")
    return names


def _percent(value: float) -> str:
    return f'<meter min="0" max="100" value="{value}"></meter> {value:.4g}%'


def _frame(title: str, beside: str, content: str, origin: str = "") -> str:
    made_of = f"<!-- {origin} -->\n" if origin else ""
    return (
        f"<!doctype html>\n{made_of}"
        '<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(title)}</title><link rel="stylesheet" href="style.css"></head>'
        f"<body><header><h1>{escape(title)}</h1><span>{beside}</span></header>{content}</body></html>\n"
    )


def _page(covered: Covered, origin: str) -> str:
    said = "".join(f"<li>line {covered.line(measure)}: {escape(text)}</li>" for measure, text in covered.missing())
    missing = f"<ul>{said}</ul>" if said else ""
    picture = draw(outline(covered.definition), marks(covered), title=covered.file)
    beside = f'{_percent(covered.percent)} <a href="index.html">All definitions</a>'
    content = f"<main><figure>{picture}</figure><section>{missing}<ol>{_lines(covered)}</ol></section></main>"
    return _frame(covered.file, beside, content, origin)


def marks(covered: Covered) -> Marks:
    """The colours of the picture: what happened is taken, what did not is missed; notes say how often."""
    states: dict[str, str] = {}
    transitions: dict[TransitionKey, str] = {}
    notes: dict[str, str] = {}
    partly = {measure.state for measure, count in covered.counts if not count}
    for measure, count in covered.counts:
        if measure.kind == "state":
            whole = "CAUGHT" if measure.state in partly else "SUCCEEDED"
            states[measure.state] = whole if count else "missed"
            notes[measure.state] = f"{count}x" if count else ""
        elif measure.transition is not None:
            transitions[measure.transition] = "taken" if count else "missed"
    for state, mark in states.items():
        if mark == "SUCCEEDED":  # a state that fails or succeeds has one way out, which is not measured
            transitions.setdefault(TransitionKey(state, "next"), "taken")
    return Marks(states, transitions, notes)


def _lines(covered: Covered) -> str:
    found: dict[int, list[tuple[Measure, int]]] = defaultdict(list)
    for measure, count in covered.counts:
        found[covered.line(measure)].append((measure, count))
    shown = []
    for number, line in enumerate(escape(covered.text).splitlines(), start=1):
        here = found.get(number)
        if here is None:
            shown.append(f"<li><small></small>{line}</li>")
            continue
        hits = sum(count > 0 for _, count in here)
        kind = "hit" if hits == len(here) else "partly" if hits else "missed"
        most = max(count for _, count in here)
        shown.append(f'<li class="{kind}"><small>{most}x</small>{line}</li>')
    return "".join(shown)
