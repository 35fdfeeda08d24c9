"""The JSONPath language, case by case: each says what to run, where AWS's behaviour is written or seen, and the outcome.

A case is ``{name, source, definition, input, tasks, expected}``. ``tasks`` scripts the answers of the tasks by the last
part of their Resource: ``Return`` a value or ``Throw`` an error, ``After`` seconds of the machine's time, or ``Never``; a
task without a script returns what it is given. An event of ``history`` is its type, the event that caused it and, where
they matter, its details.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from properties.legality import legal
from properties.scripted import Answer, elapsed, run

from asl_interpreter.jsontext import dumps
from asl_interpreter.running.execution import Execution

CASES = [
    pytest.param(case, id=f"{file.stem}: {case['name']}")
    for file in sorted((Path(__file__).parent / "cases").glob("*.json"))
    for case in json.loads(file.read_text(encoding="utf-8"))
]


def scripted(step: dict[str, Any]) -> Answer:
    thrown = step.get("Throw", {})
    after = None if step.get("Never") else step.get("After", 0)
    return Answer(step.get("Return"), thrown.get("Error"), thrown.get("Cause"), after)


def path(execution: Execution) -> list[Any]:
    return [(event.details or {})["name"] for event in execution.history.events if event.type.endswith("StateEntered")]


OUTCOMES = {
    "status": lambda execution: execution.status,
    "output": lambda execution: execution.output,
    "output_text": lambda execution: dumps(execution.output),
    "error": lambda execution: execution.error,
    "cause": lambda execution: execution.cause,
    "elapsed": elapsed,
    "path": path,
}


@pytest.mark.parametrize("case", CASES)
def test_case(case: dict[str, Any]) -> None:
    tasks = {name: [scripted(step) for step in steps] for name, steps in case.get("tasks", {}).items()}
    execution = run(case["definition"], case.get("input", {}), tasks)
    expected = dict(case["expected"])
    history = expected.pop("history", None)
    assert {name: OUTCOMES[name](execution) for name in expected} == expected
    legal(execution.history.events)
    if history is not None:
        events = [[event.type, event.previous, event.details] for event in execution.history.events]
        whole = [entry if len(entry) > 2 else [*entry, event[2]] for entry, event in zip(history, events, strict=False)]
        assert events == [*whole, *history[len(events) :]]
