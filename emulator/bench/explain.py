"""A failed execution in words: what failed, where, with which input, what was tried, and how it came to that.

The same text is shown by a failed ``assert execution.succeeded``, in the report of a failed test, on the command line
and in the console.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from asl_interpreter.jsontext import JSON, dumps
from emulator.bench.visits import Event, Visit, Visits, details_of, read_visits, seconds
from emulator.suggestions import nearest

MOST_CHARACTERS: Final = 600
"""How much is shown of an input, an output or a cause."""
MOST_STEPS: Final = 24
"""How many states of the path are shown."""
TAIL: Final = 12
"""How many of the last events are shown."""


class Told(NamedTuple):
    """What is explained: an execution as the API shows it."""

    name: str
    """Of the execution, or of its state machine."""
    status: str
    error: str | None
    cause: str | None
    elapsed: float
    history: Sequence[Event]
    source: str = ""
    """Where the definition stands, such as ``order.asl.json:14``; empty if nobody knows."""


def explain(told: Told, *, tail: int = TAIL, visits: Visits | None = None) -> str:
    """The whole explanation, over several lines; ``visits`` are those of the history, if they were read already."""
    return "\n".join(_lines(told, tail, read_visits(told.history) if visits is None else visits))


def _lines(told: Told, tail: int, visits: Visits) -> Iterator[str]:
    failure = "" if told.error is None else f" with {told.error}"
    yield f"{told.name} {told.status}{failure} after {clock(told.elapsed)}"
    if told.cause:
        yield f"  cause:   {shortened(told.cause)}"
    if visits.every:
        yield f"  path:    {path(visits)}"
    failed = visits.failed
    if failed is not None:
        yield f"  failed:  {failed.path} ({failed.type}){f' at {told.source}' if told.source else ''}"
        yield f"  input:   {shortened(dumps(failed.input))}"
        yield from (f"  hint:    {hint}" for hint in hints(failed, told.cause))
        yield from _tried(failed)
    if tail and told.history:
        yield "  events:"
        yield from (f"    {line}" for line in event_lines(told.history, visits, tail))


def clock(elapsed: float) -> str:
    """A number of seconds for people: ``0.25 s``, ``1 h 0 min 5 s``, ``2 d 3 h``."""
    if elapsed < 60:
        return f"{round(elapsed, 3):g} s"
    parts, left = [], round(elapsed)
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1)):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts)


def shortened(text: str, most: int = MOST_CHARACTERS) -> str:
    """A text of at most so many characters, on one line; what is left out is counted."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[:most]}... ({len(line) - most} more characters)"


def path(visits: Visits) -> str:
    """The states entered, in order: ``Sort -> Each[0]/Ship -> Done``; a state entered again at once is counted."""
    steps: list[tuple[str, int]] = []
    for visit in visits.every:
        if steps and steps[-1][0] == visit.path:
            steps[-1] = (visit.path, steps[-1][1] + 1)
        else:
            steps.append((visit.path, 1))
    shown = [name if count == 1 else f"{name} ({count} times)" for name, count in steps]
    if len(shown) > MOST_STEPS:
        left_out = len(shown) - MOST_STEPS
        shown = [*shown[: MOST_STEPS // 2], f"({left_out} more)", *shown[-MOST_STEPS // 2 :]]
    return " -> ".join(shown)


def _tried(visit: Visit) -> Iterator[str]:
    for number, attempt in enumerate(visit.attempts, start=1):
        came = attempt.error or ("succeeded" if attempt.succeeded else "was not answered")
        why = f": {shortened(attempt.cause, 200)}" if attempt.cause else ""
        yield f"  attempt {number} after {clock(attempt.started_at - visit.entered_at)}: {attempt.service} {came}{why}"


_PATHS: Final = re.compile(
    r"(?:JSONPath|JsonPath argument for the field|Invalid path|Reference path) ['\"](\$[^'\"]*)['\"]"
)
_STEP: Final = re.compile(r'Unable to apply step "(\w+)" to input')
_EXPRESSION: Final = re.compile(r"The JSONata expression '(.*?)'.*returned nothing", re.DOTALL)
_IN_EXPRESSION: Final = re.compile(r"\$states\.(?:input|context)((?:\.\w+)+)")


def hints(visit: Visit, cause: str | None) -> Iterator[str]:
    """What may be meant where a path or an expression found nothing: ``$.order.totl: order has total, ...``."""
    text = visit.cause or cause or ""
    for found in _PATHS.finditer(text):
        yield from _looked_for(found[1], re.findall(r"\w+", found[1].removeprefix("$")), visit.input)
    for found in _STEP.finditer(text):
        yield from _looked_for(f"step {found[1]!r}", [found[1]], visit.input)
    if expression := _EXPRESSION.search(text):
        for found in _IN_EXPRESSION.finditer(expression[1]):
            if found[0].startswith("$states.input"):
                yield from _looked_for(found[0], found[1].strip(".").split("."), visit.input)


def _looked_for(text: str, names: Sequence[str], value: JSON) -> Iterator[str]:
    at = "the input"
    for name in names:
        if isinstance(value, list) and name.isdigit():
            if int(name) >= len(value):
                yield f"{text}: {at} has {len(value)} elements"
                return
            value, at = value[int(name)], f"{at}[{name}]" if at != "the input" else f"element {name}"
            continue
        if not isinstance(value, Mapping):
            yield f"{text}: {at} is {shortened(dumps(value), 60)}, which has no {name!r}"
            return
        if name not in value:
            yield f"{text}: {at} has no {name!r}; {_has(name, value)}"
            return
        value, at = value[name], name


def _has(name: str, value: Mapping[str, Any]) -> str:
    near = nearest(name, value)
    if near is not None:
        return f"is {near!r} meant? Its value is {shortened(dumps(value[near]), 80)}"
    return f"it has {', '.join(map(repr, list(value)[:8]))}" if value else "it is empty"


def event_lines(history: Sequence[Event], visits: Visits, last: int | None = None) -> Iterator[str]:
    """A line for each of the last events: number, time since the start, type, state, what it says."""
    if not history:
        return
    start = min(seconds(event["timestamp"]) for event in history)
    shown = history if last is None else history[-last:]
    if len(shown) < len(history):
        yield f"({len(history) - len(shown)} earlier events)"
    for event in shown:
        visit = visits.owner.get(event["id"])
        place = "" if visit is None else visit.path
        line = f"{event['id']:>4}  {clock(seconds(event['timestamp']) - start):>8}  {event['type']}"
        said = _said(event)
        yield "  ".join(part for part in (line, place, said) if part)


def _said(event: Event) -> str:
    details = details_of(event)
    if details.get("error") is not None:
        why = details.get("cause")
        return f"{details['error']}: {shortened(why, 160)}" if why else str(details["error"])
    for member in ("output", "parameters", "input"):
        if member in details and not event["type"].endswith("StateEntered"):
            return shortened(details[member], 100)
    return shortened(details["input"], 100) if "input" in details else ""
