"""What DynamoDB answered, asked of the emulator over HTTP by the captures' own runner."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from emulator.testing import emulator

from .captured import runner_of
from .corpus import CONFORMANCE

REPLAY = runner_of("dynamodb")
DATA = json.loads((CONFORMANCE / "dynamodb" / "cases.json").read_text(encoding="utf-8"))
CASES = DATA["cases"]


@pytest.fixture(scope="module")
def runner() -> Iterator[Any]:
    with emulator() as emu:
        yield REPLAY.Runner(emu.url, DATA)


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_the_answer_is_that_of_aws(runner: Any, case: dict[str, Any]) -> None:
    difference, answer = runner.run(case)
    assert difference is None, answer
