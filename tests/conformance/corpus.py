"""The recorded cases: read from disk, each brought to one form, with the features of the emulator that it needs.

The format is described in the README beside the recordings. Its five kinds become one here: a case is a list of steps
and the answers expected of them, so that whatever plays a case knows steps only.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import gaps
from .normalise import JSON, name_headers

CONFORMANCE = Path(__file__).resolve().parents[2].parent / "shared" / "conformance"
ROOT = CONFORMANCE / "sfn"
"""Where the recordings are: beside the repository, not in it."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing a case does: call ``service.operation`` with ``request``, or (without an operation) only build ``of``.

    ``match`` names the expected answer that the call's answer, or ``of``, must equal. ``polled``: the recording
    repeated this call until it was content. ``fails``: the call must be refused.
    """

    id: str = ""
    service: str = ""
    operation: str = ""
    request: JSON = None
    match: str | None = None
    of: JSON = None
    fails: bool = False
    polled: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """A recorded conversation with AWS.

    ``expected`` maps each key that a step matches to AWS's normalised answer; ``services`` are those it needs besides
    Step Functions; ``not_yet`` the members that AWS's answers did not have when it was recorded. ``lost`` says why it
    cannot be repeated, if it cannot.
    """

    id: str
    steps: tuple[Step, ...]
    expected: Mapping[str, JSON]
    tokens: tuple[Sequence[JSON], ...] = ()
    services: frozenset[str] = frozenset()
    features: frozenset[str] = frozenset()
    validated_by_client: bool = False
    not_yet: frozenset[str] = frozenset()
    lost: str = ""

    @property
    def area(self) -> str:
        """The part of the corpus that the case belongs to."""
        return area_of(self.id)


def area_of(case_id: str) -> str:
    """The part of the corpus a case belongs to: its folder, or its file where it lies in none."""
    return re.split(r"/|::", case_id, maxsplit=1)[0]


BY_CLIENT = "Parameter validation failed:"
"""How botocore's own complaint about parameters begins."""


def load(root: Path = ROOT) -> tuple[Case, ...]:
    """Every case, in the order of the files. Empty where the recordings are absent."""
    files = sorted((root / "cases").rglob("*.json"))
    return tuple(
        _case(recorded) for file in files for recorded in json.loads(file.read_text(encoding="utf-8"))["cases"]
    )


def _case(recorded: Mapping[str, JSON]) -> Case:
    steps = tuple(_KINDS[recorded["kind"]](recorded))
    expected = recorded["expected"] if recorded["kind"] == "steps" else {_ANSWER: recorded["expected"]}
    unreached = set(recorded.get("unreached", ()))
    name_headers(expected, request_ids=False)  # one recording shows the date
    return Case(
        id=recorded["id"],
        steps=steps,
        expected={key: answer for key, answer in expected.items() if key not in unreached},
        tokens=(*recorded.get("tokens", ()), *gaps.TOKENS.get(recorded["id"], ())),
        services=frozenset(recorded["needs"]),
        features=features(steps, expected),
        validated_by_client=recorded.get("client_side", False) or BY_CLIENT in str(recorded["expected"]),
        not_yet=gaps.not_yet(recorded["recorded"]),
        lost=gaps.LOST.get(recorded["id"], ""),
    )


_ANSWER = "answer"
"""The key of the only answer of a case that is not of the kind ``steps``."""


def _steps(recorded: Mapping[str, JSON]) -> Iterator[Step]:
    for step in gaps.closed(recorded["steps"]):
        service, _, operation = step.get("call", "").partition(".")
        yield Step(
            id=step.get("id", ""),
            service=service,
            operation=operation,
            request=step.get("request"),
            match=step.get("match"),
            of=step.get("of"),
            fails=step.get("error", False),
            polled=step.get("await", False),
        )


def _execution(recorded: Mapping[str, JSON]) -> Iterator[Step]:
    machine = {
        "name": "execution-" + hashlib.sha256(recorded["id"].encode()).hexdigest()[:8],
        "definition": recorded["definition"],
        "roleArn": "{{role}}",
        "type": recorded["type"],
        **recorded.get("create", {}),
    }
    start = {"stateMachineArn": "{{c1.stateMachineArn}}", **recorded.get("start", {})}
    if recorded.get("input") is not None:
        start["input"] = recorded["input"]
    history = {"executionArn": "{{c2.executionArn}}"}
    yield Step("c1", "stepfunctions", "CreateStateMachine", machine)
    yield Step("c2", "stepfunctions", "StartExecution", start)
    yield Step("c3", "stepfunctions", "GetExecutionHistory", history, match=_ANSWER, polled=True)


def _call(operation: str, recorded: Mapping[str, JSON], *, fails: bool) -> Iterator[Step]:
    of = recorded.get("of")
    if of is None and "exception_typename" in recorded["expected"]:
        of = {
            "exception_typename": "{{c1.Error.Code}}",
            "exception_value": f"An error occurred ({{{{c1.Error.Code}}}}) when calling the {operation} operation: "
            "{{c1.Error.Message}}",
        }
    request = recorded["request"]
    yield Step("c1", "stepfunctions", operation, request, match=None if of else _ANSWER, fails=fails)
    if of:
        yield Step(match=_ANSWER, of=of)


_KINDS: Mapping[str, Callable[[Mapping[str, JSON]], Iterator[Step]]] = {
    "steps": _steps,
    "execution": _execution,
    "create-error": lambda recorded: _call("CreateStateMachine", recorded, fails=True),
    "test-state": lambda recorded: _call("TestState", recorded, fails=recorded.get("error", False)),
    "validate-definition": lambda recorded: _call("ValidateStateMachineDefinition", recorded, fails=False),
}


FEATURES = {
    "jsonata": r'"QueryLanguage":\s*"JSONata"',
    "variables": r'"Assign":|"variables":|(?:"|States\.\w+\([^"]*[(, ])\$[A-Za-z_]',
    "distributed": r'"Mode":\s*"DISTRIBUTED"|"(?:ItemReader|ItemBatcher|ResultWriter)":',
    "test_state": r"\bTestState\b",
    "validation": r"\bValidateStateMachineDefinition\b",
    "versions": r'"publish":\s*true|[sS]tateMachineVersion|"versionDescription":',
    "aliases": r"[sS]tateMachineAlias",
    "activities": r"\b(?:Create|Delete|Describe|List)Activit|\b[gG]etActivityTask\b|:activity:|\.activityArn\b",
    "callbacks": r"\.waitForTaskToken|\b[sS]endTask(?:Success|Failure|Heartbeat)\b",
    "express": r'"EXPRESS"|StartSyncExecution',
    "logging": r'"level":\s*"(?:ALL|ERROR|FATAL)"',
    "tagging": r'\b(?:Tag|Untag)Resource|ListTagsForResource|"tags":',
    "redrive": r"RedriveExecution",
    "map_run": r"\b(?:List|Describe|Update)MapRuns?\b",
    "nested": r"states:::states:startExecution|aws-sdk:sfn:",
    "credentials": r'"Credentials":',
    "slow_functions": r'"behaviour": "sleep-\d+"',
}
"""What a case may need of the emulator beside the language with JSONPath and the basic calls, by what its steps say."""


def features(steps: Sequence[Step], expected: Mapping[str, JSON]) -> frozenset[str]:
    """The features that the steps need, read off their own text."""
    sent = json.dumps([[step.operation, _unwrapped(step.request)] for step in steps if step.operation])
    text = re.sub(r"\{%.*?%\}", "", sent.replace("\\", ""))  # `$name` within JSONata is not a reference of JSONPath
    found = {feature for feature, pattern in FEATURES.items() if re.search(pattern, text)}
    if "secondary_test_aws_account_id" in json.dumps(expected):
        found.add("cross_account")
    return frozenset(found)


def _unwrapped(value: JSON) -> JSON:
    """A request without the wrapping of its JSON texts, whose `$json` would look like a variable."""
    if isinstance(value, dict):
        wrapped = next((value[key] for key in ("$json", "$bytes", "$bytes_len", "$time") if key in value), None)
        return {key: _unwrapped(item) for key, item in value.items()} if wrapped is None else _unwrapped(wrapped)
    return [_unwrapped(item) for item in value] if isinstance(value, list) else value
