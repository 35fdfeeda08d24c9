"""A pytest test written from a recorded execution: machine, input, what its Tasks were answered, and how it went."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pprint import pformat
from typing import Final

from asl_interpreter.errors import StateError
from asl_interpreter.jsontext import JSON, loads
from emulator.bench.answers import Answer, recorded_answers
from emulator.bench.replaying import CannotReplay, normalised, refuse_partial
from emulator.bench.visits import Event, details_of, payload, read_visits

WIDTH: Final = 100


def write_test(history: Sequence[Event], definition: str, name: str, file: str | None = None) -> str:
    """The text of a module with one test, ``test_NAME``, which passes as long as the machine does what is recorded.

    ``file`` is where the test reads the definition from; by default the test holds the definition itself.

    Raises:
        CannotReplay: the history does not hold all of an execution's answers, or somebody has stopped it.
    """
    refuse_partial(history)
    if history[-1]["type"] == "ExecutionAborted":
        message = "Somebody has stopped the execution; a test cannot wait for that."
        raise CannotReplay(message)
    body = "\n".join(f"    {line}" for line in _body(history))
    machine = f'Path("{file}")' if file is not None else pformat(loads(definition), width=WIDTH, sort_dicts=False)
    given = payload(details_of(history[0]).get("input", "{}"))
    test = f"MACHINE = {machine}\nINPUT = {pformat(given, width=WIDTH, sort_dicts=False)}\n\n\n"
    test += f"def test_{re.sub(r'[^a-z0-9]+', '_', name.lower()).strip('_') or 'execution'}(dynastep):\n{body}\n"
    used = [word for word in ("Later", "StateError") if f"{word}(" in body]
    imports = ["from pathlib import Path\n"] if file is not None else []
    imports += [f"from dynastep import {', '.join(used)}\n"] if used else []
    return "\n".join([*imports, test])


def _body(history: Sequence[Event]) -> Iterator[str]:
    for state, answers in _by_state(history).items():
        shown = ", ".join(_literal(answer) for answer in answers)
        yield f"dynastep.mock({state!r}, {shown}, checked=False)"
    last = details_of(history[-1])
    yield "execution = dynastep.run(MACHINE, INPUT)"
    yield f"assert execution.status == {_STATUS[history[-1]['type']]!r}"
    yield f"assert execution.path == {[visit.state for visit in read_visits(history).every]!r}"
    for member in ("output", "error"):
        value = payload(last.get(member)) if member == "output" else last.get(member)
        if member in last and normalised(value) == value:
            yield f"assert execution.{member} == {value!r}"
        elif member in last:
            yield f"# The {member} holds what differs from run to run: {value!r}"


_STATUS: Final = {
    "ExecutionSucceeded": "SUCCEEDED",
    "ExecutionFailed": "FAILED",
    "ExecutionTimedOut": "TIMED_OUT",
}


def _by_state(history: Sequence[Event]) -> dict[str, list[Answer]]:
    """The answers for each state, in the order in which they were asked for."""
    found: dict[str, list[Answer]] = defaultdict(list)
    for (state, _items), answers in recorded_answers(history).items():
        found[state] += answers
    return {state: sorted(answers, key=lambda answer: answer.scheduled_at) for state, answers in found.items()}


def _literal(answer: Answer) -> str:
    later = answer.later()
    value: JSON = later.value
    shown = repr(value) if later.error is None else _error(later.error)
    after = round(later.after, 3)
    if not after:
        return shown
    return f"Later({int(after) if after == int(after) else after}, {shown})"


def _error(error: Exception) -> str:
    if not isinstance(error, StateError):
        raise error
    return f"StateError({error.error!r}, {error.cause!r})"
