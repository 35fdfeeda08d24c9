"""Errors of a state machine: the names, how a Retrier or Catcher matches them, and what a broken definition raises.

Source: Amazon States Language specification, "Errors" and appendix A;
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

ALL = "States.ALL"
DATA_LIMIT_EXCEEDED = "States.DataLimitExceeded"
EXCEED_TOLERATED_FAILURE_THRESHOLD = "States.ExceedToleratedFailureThreshold"
HEARTBEAT_TIMEOUT = "States.HeartbeatTimeout"
ITEM_READER_FAILED = "States.ItemReaderFailed"
REFERENCE_PATH_CONFLICT = "States.ReferencePathConflict"
QUERY_EVALUATION_ERROR = "States.QueryEvaluationError"
RESULT_WRITER_FAILED = "States.ResultWriterFailed"
RUNTIME = "States.Runtime"
TASK_FAILED = "States.TaskFailed"
TIMEOUT = "States.Timeout"

OURS = "Dynastep."
"""How errors begin that AWS does not have: something is wrong with the emulator or the test. Nothing catches them."""
NOT_BUILT = f"{OURS}NotBuilt"
"""AWS would go on, this emulator cannot yet and says what it lacks."""


class StateError(Exception):
    """A failure of a state. Retry and Catch see the failure; if no Catch takes it, the execution fails.

    ``error`` is the name that ErrorEquals matches; None only for a Fail state without a name. ``cause`` is text for
    people.
    """

    def __init__(self, error: str | None, cause: str | None = None) -> None:
        super().__init__(error, cause)
        self.error = error
        self.cause = cause


class QueryError(StateError):
    """A JSONata expression failed, or gave what its field cannot use. ``location`` is the field; AWS may know none."""

    def __init__(self, cause: str, location: str | None) -> None:
        super().__init__(QUERY_EVALUATION_ERROR, cause)
        self.location = location


class TaskTimedOut(StateError):
    """A task has used up its TimeoutSeconds."""

    def __init__(self, cause: str | None = None) -> None:
        super().__init__(TIMEOUT, cause)


class HeartbeatTimeout(TaskTimedOut):
    """A task was not heard of in time. AWS records States.Timeout; States.HeartbeatTimeout handles it too."""


class AnswerTooLarge(StateError):
    """What a service has answered is over the quota.

    States.ALL handles it, as observed on AWS in March 2024, though its documentation says States.DataLimitExceeded is
    never handled so.
    """

    def __init__(self, cause: str | None) -> None:
        super().__init__(DATA_LIMIT_EXCEEDED, cause)


def matches(error_equals: Sequence[str], name: str | None) -> bool:
    """Whether a Retrier or Catcher that lists ``error_equals`` handles an error called ``name``.

    States.ALL matches any name but States.DataLimitExceeded and States.Runtime, which must be named to be handled;
    States.Runtime cannot be handled at all. States.TaskFailed matches any error of a task but States.Timeout.
    """
    if name == RUNTIME or (name is not None and name.startswith(OURS)):
        return False
    if name in error_equals:
        return True
    if name == DATA_LIMIT_EXCEEDED:
        return False
    if ALL in error_equals:
        return True
    return TASK_FAILED in error_equals and name != TIMEOUT


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a definition, in AWS's words. ``location`` is a path such as ``/States/Wait/Timestamp``.

    Without one AWS writes ``null``.
    """

    code: str
    message: str
    location: str | None
    severity: Literal["ERROR", "WARNING"] = "ERROR"

    def __str__(self) -> str:
        return f"{self.code}: {self.message} at {self.location or 'null'}"


class InvalidDefinition(Exception):
    """A definition that AWS would refuse; ``problems`` says why, in the order of the document, at least one."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(", ".join(map(str, problems)))
        self.problems = tuple(problems)
