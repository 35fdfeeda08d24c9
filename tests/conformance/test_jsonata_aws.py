"""What Step Functions answered to JSONata, asked of the emulator over HTTP by the captures' own runner."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from emulator.testing import emulator

from .captured import runner_of
from .corpus import CONFORMANCE

REPLAY = runner_of("jsonata-aws")
CASES = json.loads((CONFORMANCE / "jsonata-aws" / "cases.json").read_text(encoding="utf-8"))["cases"]


@pytest.fixture(scope="module")
def runner() -> Iterator[Any]:
    with emulator() as emu:
        yield REPLAY.Runner(emu.url)


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_jsonata_is_answered_as_by_aws(runner: Any, case: dict[str, Any]) -> None:
    assert runner.differ(case) is None
