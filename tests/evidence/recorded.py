"""What the recorded answers are of: which operation's answer a case compares, and how the answer is known."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from typing import Any, Final

import pytest
from conformance.corpus import Case

RECORDED: Final = "recorded"
DOCUMENTED: Final = "documented"
SUITE: Final = "suite"
TESTED: Final = "tests"
"""How what a test expects is known. Recorded: it was answered by AWS; documented: AWS or somebody else says so, or it
follows by analogy; suite: JSONata's own suite expects it; tests: of every other test."""


def basis_of(item: pytest.Item) -> str:
    """How what a test expects is known."""
    module = item.path.stem if item.path.parent.name == "conformance" else ""
    case = _case(item)
    match module:
        case "test_sfn" | "test_event_patterns" if case is not None:
            return RECORDED
        case "test_dynamodb":
            return RECORDED if case["sure"] == "captured on AWS" else DOCUMENTED
        case "test_jsonata_aws":
            return RECORDED if "measured on AWS" in case["sure"] else DOCUMENTED
        case "test_jsonata":
            return SUITE
        case _:
            return TESTED


def compared(item: pytest.Item) -> list[str]:
    """The operations whose recorded answers a test compares with those given here."""
    case = _case(item)
    match item.path.stem:
        case "test_sfn" if isinstance(case, Case):
            return sorted(_of_conversation(case))
        case "test_dynamodb" if case is not None:
            return [f"dynamodb:{case['request']['operation']}"]
        case "test_event_patterns" if case is not None:
            return ["events:TestEventPattern"]
        case "test_jsonata_aws" if case is not None:
            standard = case.get("type") == "STANDARD"
            return [_BY_RUNNER["standard" if case["run"] == "run" and standard else case["run"]]]
        case _:
            return []


_BY_RUNNER: Final = {
    "validate": "stepfunctions:ValidateStateMachineDefinition",
    "test": "stepfunctions:TestState",
    "create": "stepfunctions:CreateStateMachine",
    "run": "stepfunctions:StartSyncExecution",
    "standard": "stepfunctions:DescribeExecution",
}
"""How a case of ``jsonata-aws`` is asked -> the operation whose answer shows."""


def _case(item: pytest.Item) -> Any:
    if item.path.parent.name != "conformance" or not isinstance(item, pytest.Function):
        return None
    return getattr(item, "callspec", None) and item.callspec.params.get("case")


def differing(item: pytest.Item, said: str) -> list[str]:
    """The operations whose answers differ from the recorded ones, by the lines that say where they differ."""
    case = _case(item)
    if not isinstance(case, Case):
        return []
    keys = {key for key in case.expected for line in said.splitlines() if re.match(rf"{re.escape(key)}[.:\[]", line)}
    return sorted(_of_conversation(case, keys))


def _of_conversation(case: Case, keys: Collection[str] | None = None) -> set[str]:
    """Of each step whose answer must match, and of each whose answer is a part of what must match; or only of those
    that must match under some keys."""
    operations = {step.id: f"{step.service}:{step.operation}" for step in case.steps if step.operation}
    matching = [step for step in case.steps if step.match in (case.expected if keys is None else keys)]
    direct = {operations[step.id] for step in matching if step.operation}
    parts = re.findall(r"\{\{(c\d+)", "".join(json.dumps(step.of) for step in matching))
    return direct | {operations[name] for name in parts if name in operations}
