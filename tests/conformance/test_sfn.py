"""Every recorded case of Step Functions, played in process against the emulator."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.config import Config

from . import behaviours, corpus
from .corpus import Case
from .endpoint import Endpoint
from .replay import play

if not corpus.ROOT.exists():
    pytest.skip("the recorded answers of AWS are not beside the repository (../shared)", allow_module_level=True)

BUILT: frozenset[str] = frozenset(
    {
        "activities",
        "aliases",
        "callbacks",
        "credentials",
        "distributed",
        "express",
        "jsonata",
        "logging",
        "map_run",
        "nested",
        "slow_functions",
        "tagging",
        "test_state",
        "validation",
        "variables",
        "versions",
    }
)
"""The features of ``corpus.FEATURES`` that the emulator has. All else is the plain language and the basic calls."""

SERVICES: frozenset[str] = frozenset(
    {"apigateway", "cloudformation", "dynamodb", "events", "lambda", "logs", "s3", "secretsmanager", "sns", "sqs"}
)
"""The services, besides Step Functions, of which the emulator has what the cases need."""

ALONE: frozenset[str] = frozenset({"", "CreateFunction", "TestState", "ValidateStateMachineDefinition"})
"""A case of these operations only needs no service that its definitions name."""


_SINCE_NOVEMBER_2024 = "recorded since AWS links MapStateExited to MapRunStarted: see docs/distributed-map.md"

DIFFERENT = {
    **{
        f"assign/test_assign_reference_variables::TestAssignReferenceVariables::{case}": _SINCE_NOVEMBER_2024
        for case in (
            "test_reference_in_map_state[MAP_STATE_REFERENCE_IN_ITEM_SELECTOR]",
            "test_reference_in_map_state[MAP_STATE_REFERENCE_IN_TOLERATED_FAILURE_PATH]",
            "test_reference_in_map_state_max_items_path[MAP_STATE_REFERENCE_IN_MAX_ITEMS_PATH]",
            "test_reference_in_map_state_max_items_path[MAP_STATE_REFERENCE_IN_MAX_PER_BATCH_PATH]",
        )
    },
    **{
        f"scenarios/test_base_scenarios::TestBaseScenarios::test_map_{case}": _SINCE_NOVEMBER_2024
        for case in (
            "item_batching_base_json_max_per_batch_jsonata",
            "item_reader_base_json_max_items_jsonata",
            "item_reader_base_json_with_items_path[INVALID_ITEMS_PATH]",
            "item_reader_base_json_with_items_path[VALID_ITEMS_PATH_FROM_ITEM_READER]",
            "item_reader_base_json_with_items_path[VALID_ITEMS_PATH_FROM_PREVIOUS]",
            "state_nested_config_distributed",
        )
    },
    "scenarios/test_base_scenarios::TestBaseScenarios::test_map_item_reader_json_no_json_list_object": (
        "recorded in 2023, before the members of an object could be items"
    ),
    "scenarios/test_base_scenarios::TestBaseScenarios::test_map_state_result_writer": (
        "its MapStateEntered has the input without spaces, unlike those of the other recordings"
    ),
    "callback/test_callback::TestCallback::test_sync_with_task_token": "recorded in a region with a longer name",
    "express/test_express_sync::TestExpressSync::test_catch": "billed for the real time that a function took",
    "express/test_express_sync::TestExpressSync::test_retry": "billed for the real time that a function took",
    "scenarios/test_base_scenarios::TestBaseScenarios::test_lambda_service_invoke_with_retry_extended_input": (
        "recorded without RedriveCount, which later recordings have"
    ),
}
"""Cases that are answered otherwise, and why. They must fail: whoever mends one takes it out."""


@dataclass(frozen=True, slots=True)
class InProcess:
    """The fixture ``dynastep`` as an endpoint."""

    dynastep: Any

    @property
    def account(self) -> str:
        """The account of the test."""
        account: str = self.dynastep.account
        return account

    def client(self, service: str, config: Config) -> Any:
        """A client that needs no socket."""
        return self.dynastep.client(service, config=config)

    def function(self, name: str, behaviour: str) -> str:
        """A function called in this process; one that sleeps takes virtual time."""
        handler = _sleep_60 if behaviour == "sleep-60" else behaviours.function(behaviour)
        arn: str = self.dynastep.function(name, handler)
        return arn

    def pause(self, seconds: float) -> None:
        """Time passes for the machines too: a task that waits for an outside answer holds a virtual clock."""
        time.sleep(seconds)
        if self.dynastep.clock.mode == "virtual":
            self.dynastep.clock.advance(1)


def _sleep_60(event: object, _: object) -> object:
    from dynastep import Later

    return Later(60, event)


@pytest.fixture
def endpoint(dynastep: Any) -> Endpoint:
    """The emulator, in an account of its own."""
    return InProcess(dynastep)


def _skipped_because(case: Case) -> str:
    """Why a case is not played, or nothing."""
    if case.lost:
        return f"cannot be repeated: {case.lost}"
    if all(step.operation in ALONE for step in case.steps):
        return ""
    if missing := sorted(case.features - BUILT):
        return f"needs {', '.join(missing)}: not built yet"
    if missing := sorted(case.services - SERVICES):
        return f"needs the service {', '.join(missing)}"
    return ""


def _parameter(case: Case) -> Any:
    reason = _skipped_because(case)
    marks = [pytest.mark.skip(reason)] if reason else []
    if case.id in DIFFERENT:
        marks.append(pytest.mark.xfail(reason=DIFFERENT[case.id], strict=True))
    return pytest.param(case, id=case.id, marks=marks)


@pytest.mark.parametrize("case", [_parameter(case) for case in corpus.load()])
def test_answers_as_aws_did(case: Case, endpoint: Endpoint) -> None:
    """Word for word, number for number, after the tokens."""
    if any(step.operation == "StopExecution" for step in case.steps):
        endpoint.dynastep.clock.mode = "wall"  # what a look would bring to its end could not be stopped
    if differences := play(case, endpoint):
        pytest.fail("\n".join(differences), pytrace=False)
