"""What TestEventPattern answered on AWS: event patterns that choose, and those that are refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .corpus import CONFORMANCE

RECORDED = CONFORMANCE / "events" / "patterns.json"
if not RECORDED.exists():
    pytest.skip("the recorded event patterns are not beside the repository (../shared)", allow_module_level=True)

CASES = json.loads(RECORDED.read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_a_pattern_is_answered_as_by_aws(dynastep: Any, case: dict[str, Any]) -> None:
    try:
        answer = dynastep.client("events").test_event_pattern(
            Event=json.dumps(case["event"]), EventPattern=json.dumps(case["pattern"])
        )
        said = {"result": answer["Result"]}
    except ClientError as error:
        said = {"error": {"code": error.response["Error"]["Code"], "message": error.response["Error"]["Message"]}}
    assert said == case["expected"]
