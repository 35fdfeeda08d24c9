"""Libraries of other people, in JavaScript, use the server as they use AWS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def test_dynamodb_toolbox(server: str, node: Callable[..., Any]) -> None:
    answer = node("toolbox.mjs", server, package="dynamodb-toolbox")
    order = {"customer": "ann", "order": "1", "status": "paid", "total": 7.5, "lines": ["book"]}
    assert answer["refused"] == "ConditionalCheckFailedException"
    assert answer["updated"] == order
    assert answer["paid"] == [order]
    assert answer["gone"] is None


def test_electrodb(server: str, node: Callable[..., Any]) -> None:
    answer = node("electrodb.mjs", server, package="electrodb")
    assert answer == {
        "refused": "ConditionalCheckFailedException",
        "pay": 15,
        "team": [1, 30],
        "tags": ["a", "b"],
        "pages": [f"t{number:02}" for number in range(20)],
        "canceled": True,
        "rejected": [[False, "None"], [True, "ConditionalCheckFailed"]],
    }


def test_step_functions(server: str, node: Callable[..., Any]) -> None:
    answer = node("stepfunctions.mjs", server, package="@aws-sdk/client-sfn")
    task = ["TaskStateEntered", "TaskScheduled", "TaskStarted", "TaskSubmitted", "TaskSucceeded", "TaskStateExited"]
    activity = ["TaskStateEntered", "ActivityScheduled", "ActivityStarted", "ActivityFailed", "TaskStateExited"]
    assert answer == {
        "question": "ready?",
        "again": "TaskTimedOut",
        "carried": {"ready": True},
        "status": "SUCCEEDED",
        "output": {"Error": "Carrier.Ill", "Cause": "a cold"},
        "events": [
            *("ExecutionStarted", *task, *activity),
            *("SucceedStateEntered", "SucceedStateExited", "ExecutionSucceeded"),
        ],
        "sync": "[1]",
    }


def test_waiters_and_paginators(server: str, node: Callable[..., Any]) -> None:
    answer = node("waiters.mjs", server, package="@aws-sdk/client-sfn")
    assert answer == {
        "waited": ["SUCCESS"] * 6,
        "scanned": [2, 2, 1],
        "listed": ["waited-1", "waited-2", "waited-3"],
        "absent": "TimeoutError",
        "found": ["paged-1", "paged-2", "paged-3"],
        "executions": [2, 1],
    }
