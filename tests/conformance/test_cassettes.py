"""Every recorded history of one execution is a cassette that replays without a difference."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from emulator.bench.cassettes import exported, read_export
from emulator.bench.following import events_after, every_execution
from emulator.bench.replaying import CannotReplay, refuse_partial, replay
from emulator.integrations.resources import Resources
from emulator.settings import Settings
from emulator.wiring import Lasting, put_together

from . import corpus
from .replay import play
from .scope import Scope
from .test_sfn import DIFFERENT, InProcess, _skipped_because


@pytest.fixture(scope="module")
def resolve() -> Resources:
    """Knows every Resource; nothing is called."""
    return Resources(put_together(Lasting.of(Settings())), "111111111111", "us-east-1")


@pytest.fixture
def endpoint(dynastep: Any) -> InProcess:
    """The emulator, as the conformance cases meet it."""
    return InProcess(dynastep)


TOKENS = {
    r"<uuid:(\d+)>": r"00000000-0000-4000-8000-00000000000\1",
    r"<ArnPart_0idx>|<ExecArnPart_0idx>": "replay",
}
"""What stands in the recordings for a value that differs from run to run, and a value of that kind."""

NOT_ANSWERED = "activities/test_activities::TestActivities::test_activity_task_on_deleted"
"""The activity is gone, so the state fails before its Task is scheduled: a history has no answer for that."""

REFUSED = frozenset(
    {
        "A Distributed Map has run: what its child executions were answered is in their own histories.",
    }
)
"""Why a history of a played case is not replayed."""

CHILDREN = "A Distributed Map has run: what its child executions were answered is in their own histories."
ORDER = "the recording has lost the order of its events"
TIMES = "the recording has lost a time, or a text that is none, which the machine read"
QUOTED = "the recording has lost the input that a cause quotes"
CANNOT = {
    r"assign/.*BASE_SCOPE_PARALLEL": ORDER,
    r"assign/.*BASE_REFERENCE_IN_WAIT": TIMES,
    r"assign/.*MAP_STATE_REFERENCE_IN_(ITEM_SELECTOR|TOLERATED)": CHILDREN,
    r"context_object/.*test_output_path.\$\$.$": "recorded before the context object had RedriveCount",
    r"base/test_wait.*test_wait_timestamppath.*Z.$": TIMES,
    r"scenarios/.*INVALID_JSONPATH_IN_(ERRORPATH|STRING_EXPR|CAUSEPATH)": QUOTED,
    r"scenarios/.*test_map_state_(legacy|nested)_config_distributed": CHILDREN,
    r"scenarios/.*test_map_state_config_inline_item_selector": CHILDREN,
    r"scenarios/.*test_map_state_tolerated_failure(_percentage_path.(0|1.1|100|1).$|_values)": CHILDREN,
    r"scenarios/.*test_parallel_state_order": ORDER,
    r"scenarios/.*test_wait_timestamp_path.(INVALID|NO)": TIMES,
}
"""Recordings that do not replay, and why. They must fail: whoever mends one takes it out."""


def recorded() -> Iterator[Any]:
    """Every recording of one execution of a STANDARD machine from its start to its end."""
    for file in sorted((corpus.ROOT / "cases").rglob("*.json")):
        for case in json.loads(file.read_text(encoding="utf-8"))["cases"]:
            if case["kind"] == "execution" and case["type"] == "STANDARD" and "events" in case["expected"]:
                why = next((reason for pattern, reason in CANNOT.items() if re.match(pattern, case["id"])), None)
                marks = [] if why is None else [pytest.mark.xfail(reason=why, strict=True)]
                yield pytest.param(case, id=case["id"], marks=marks)


@pytest.mark.parametrize("case", list(recorded()))
def test_what_aws_recorded_replays_without_a_difference(case: Any, resolve: Resources) -> None:
    at = case["validated"] or "2024-01-01T00:00:00+00:00"
    text = json.dumps(case["expected"]).replace('"timestamp": "timestamp"', f'"timestamp": "{at}"')
    for token, value in {**TOKENS, r'"(?:datetime|date)"': f'"{at}"'}.items():
        text = re.sub(token, value, text)
    definition = Scope("111111111111").value(case["definition"])
    assert replay(read_export(text), definition, resolve).differences == []


SERVICES = ("activities/", "callback/", "error_handling/", "services/")
"""Areas whose cases call services, functions and workers."""


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=case.id)
        for case in corpus.load()
        if case.id.startswith(SERVICES) and not _skipped_because(case) and case.id not in {*DIFFERENT, NOT_ANSWERED}
    ],
)
def test_what_the_emulator_answers_as_aws_replays_without_a_difference(
    case: corpus.Case, endpoint: Any, resolve: Resources
) -> None:
    """The recordings of AWS name functions and tokens by placeholders; these are the same cases with real ones."""
    if any(step.operation == "StopExecution" for step in case.steps):
        endpoint.dynastep.clock.mode = "wall"
    play(case, endpoint)
    client = endpoint.client("stepfunctions", None)
    endpoint.dynastep.clock.mode = "virtual"
    for execution in every_execution(client):
        machine = client.describe_state_machine_for_execution(executionArn=execution["executionArn"])
        history = read_export(exported(events_after(client, execution["executionArn"])))
        try:
            refuse_partial(history)
        except CannotReplay as refusal:
            assert str(refusal) in REFUSED
            continue
        assert replay(history, machine["definition"], resolve).differences == []


def test_so_many_of_the_recorded_histories_replay() -> None:
    """Each other one is named in CANNOT with what its recording has lost, and fails as long as it is there."""
    every = list(recorded())
    cannot = [each for each in every if each.marks]
    assert (len(every) - len(cannot), len(every)) == (110, 138)
