"""Answers that were captured on AWS, one request each, asked of the emulator over HTTP by the captures' own runner."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emulator.testing import emulator

ROOT = Path(__file__).parents[3] / "shared" / "conformance" / "dynamodb"
if not ROOT.exists():
    pytest.skip("the captured answers of DynamoDB are not beside the repository (../shared)", allow_module_level=True)

DATA = json.loads((ROOT / "cases.json").read_text(encoding="utf-8"))
CASES = DATA["cases"]


@pytest.fixture(scope="module")
def runner() -> Iterator[Any]:
    spec = importlib.util.spec_from_file_location("dynamodb_replay", ROOT / "replay.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with emulator() as emu:
        yield module.Runner(emu.url, DATA)


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_the_answer_is_that_of_aws(runner: Any, case: dict[str, Any]) -> None:
    difference, answer = runner.run(case)
    assert difference is None, answer
