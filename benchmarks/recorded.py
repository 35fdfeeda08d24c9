"""The answers that were recorded on AWS, asked of any emulator over HTTP: which are equal, and what differs.

The recordings lie beside the repository, in ``../shared/conformance``; ``tests/conformance`` plays the same ones.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tests.conformance.captured import runner_of
from tests.conformance.corpus import CONFORMANCE, Case, area_of, load
from tests.conformance.endpoint import REGION, Http
from tests.conformance.replay import played

ACCOUNT = "123456789012"
PATIENCE = 5.0
"""Seconds for which a read is repeated whose answer is not yet as AWS's was."""
SLOW = 75.0
"""The same, where a recorded function sleeps for a minute."""
ALONE = {"TestState", "ValidateStateMachineDefinition"}
"""Operations that need nothing of what the definition in their request names."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs word for word, and what differs in how executions end; None if nothing does."""

    words: str | None
    end: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of AWS: the set it belongs to, its area there, and what an emulator needs to give it.

    ``needs`` are of ``Program.lacks``. ``ask`` asks the emulator.
    """

    title: str
    area: str
    case: str
    needs: frozenset[str]
    ask: Callable[[], Difference]


class Patient(Http):
    """An endpoint that is given up after a while, where it does not answer at all."""

    @cached_property
    def _limits(self) -> Config:
        return Config(connect_timeout=5, read_timeout=SLOW)

    def client(self, service: str, config: Config) -> Any:
        """As ``Http`` makes it, with limits of time."""
        return super().client(service, config.merge(self._limits))


def answers(url: str) -> Iterator[Answer]:
    """All that are recorded, to be asked of the emulator at ``url``, one after another."""
    yield from _conversations(url)
    yield from _queries(url)
    yield from _requests(url)
    yield from _patterns(url)


def _conversations(url: str) -> Iterator[Answer]:
    run = f"{time.time_ns() // 10**9 % 10**8:08}"
    for number, case in enumerate(load()):
        endpoint = Patient(url, access_key=f"1{run}{number:03}")  # an account of its own, where these are accounts
        if not case.lost:
            needs = frozenset(_needs(case))
            yield Answer(_title(needs), case.area, case.id, needs, partial(_played, case, endpoint))


def _needs(case: Case) -> Iterator[str]:
    yield "stepfunctions"
    if "jsonata" in case.features:
        yield "jsonata"
    operations = {step.operation for step in case.steps}
    if "CreateFunction" in operations:
        yield "lambda"
    if "dynamodb" in case.services and not operations <= ALONE:
        yield "dynamodb"


def _title(needs: frozenset[str]) -> str:
    if "lambda" in needs:
        return "Step Functions: conversations that run Lambda functions"
    return f"Step Functions: conversations in {'JSONata' if 'jsonata' in needs else 'JSONPath'}"


def _played(case: Case, endpoint: Http) -> Difference:
    patience = SLOW if "slow_functions" in case.features else PATIENCE
    try:
        done = played(case, endpoint, patience=patience)
    except (BotoCoreError, ClientError) as error:  # of the service that tells the account
        return Difference(repr(error), repr(error))
    return Difference(_first(done.differences()), _first(done.differences(end_of)))


def _first(lines: list[str]) -> str | None:
    return lines[0] if lines else None


def end_of(answer: Any) -> Any:
    """How an execution ended, of an answer that tells its history or describes it; any other answer as it is."""
    if not isinstance(answer, dict):
        return answer
    if events := answer.get("events"):
        last = events[-1]
        answer = {"type": last["type"]} | next((last[name] for name in last if name.endswith("EventDetails")), {})
    elif "startDate" not in answer or "status" not in answer:
        return answer
    return {name: answer[name] for name in ("type", "status", "output", "error", "cause") if name in answer}


def _one(difference: str | None) -> Difference:
    return Difference(difference, difference)


def _queries(url: str) -> Iterator[Answer]:
    runner = runner_of("jsonata-aws").Runner(url)
    for case in json.loads((CONFORMANCE / "jsonata-aws" / "cases.json").read_text(encoding="utf-8"))["cases"]:
        needs = frozenset({"stepfunctions", "jsonata"})
        yield Answer(
            "Step Functions: expressions in JSONata",
            case["kind"],
            case["id"],
            needs,
            lambda case=case: _one(runner.differ(case)),
        )


def _queried(runner: Any, case: dict[str, Any]) -> Difference:
    return _one(runner.differ(case))


def _requests(url: str) -> Iterator[Answer]:
    data = json.loads((CONFORMANCE / "dynamodb" / "cases.json").read_text(encoding="utf-8"))
    runner = runner_of("dynamodb").Runner(url, data)
    for case in data["cases"]:
        yield Answer(
            "DynamoDB: requests",
            area_of(case["kind"]),
            case["id"],
            frozenset({"dynamodb"}),
            partial(_requested, runner, case),
        )


def _requested(runner: Any, case: dict[str, Any]) -> Difference:
    try:
        return _one(runner.run(case)[0])
    except (BotoCoreError, ClientError, RuntimeError) as error:  # the table or its items could not be made
        return _one(repr(error))


def _patterns(url: str) -> Iterator[Answer]:
    make: Any = boto3.client
    client = make(
        "events",
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id=ACCOUNT,
        aws_secret_access_key="secret",
        config=Config(retries={"total_max_attempts": 1}, read_timeout=SLOW),
    )
    for case in json.loads((CONFORMANCE / "events" / "patterns.json").read_text(encoding="utf-8")):
        yield Answer(
            "EventBridge: patterns",
            "refused" if "error" in case["expected"] else "judged",
            case["id"],
            frozenset({"events"}),
            partial(_judged, client, case),
        )


def _judged(client: Any, case: dict[str, Any]) -> Difference:
    try:
        answer = client.test_event_pattern(Event=json.dumps(case["event"]), EventPattern=json.dumps(case["pattern"]))
        said = {"result": answer.get("Result")}
    except ClientError as error:
        said = {"error": {"code": error.response["Error"]["Code"], "message": error.response["Error"]["Message"]}}
    except BotoCoreError as error:
        return _one(repr(error))
    return _one(None if said == case["expected"] else f"expected {case['expected']}, got {said}")
