"""What the outside must offer so that a Task state can call it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol

from .jsontext import JSON
from .signals import Signal


class Callback(Signal[JSON]):
    """The answer to a task from whoever knows its token."""

    __slots__ = ("heard_at", "token")

    def __init__(self, token: str) -> None:
        super().__init__("a callback")
        self.token = token
        self.heard_at = 0.0
        """When the task began, or the last heartbeat came."""


OpenCallback = Callable[[str, int], Callback]
"""Makes the callback of one attempt from the ARN of its execution and its seed. Raises StateError."""


@dataclass(frozen=True, slots=True)
class TaskRequest:
    """One attempt of a Task."""

    arguments: JSON
    """What the service gets: the effective input after Parameters, or Arguments."""
    context: JSON
    """The context object of the state."""
    seed: int
    """Names this attempt within its execution; ids that a handler makes up come from it, so that two runs agree."""
    callback: Callback | None = None
    """How the task may be answered by its token."""


@dataclass(frozen=True, slots=True)
class Later:
    """An answer after some time has passed in the machine: ``value``, or ``error`` if that is given."""

    after: float
    """Seconds."""
    value: JSON = None
    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class Submitted:
    """The service has taken the job on (TaskSubmitted shows ``output``) and will answer by ``outcome``: ``.sync``."""

    output: JSON
    outcome: Signal[JSON]
    cancel: Callable[[], None] = field(default=lambda: None)
    """Called when nobody waits for the outcome any more: the state timed out or was aborted."""


class TaskHandler(Protocol):
    """One service integration. Raises StateError to fail the task."""

    def __call__(self, request: TaskRequest, /) -> JSON | Later | Submitted | Signal[JSON]:
        """Make one attempt. A signal is an answer that is still to come; of an activity, the name of the worker."""


@dataclass(frozen=True, slots=True)
class Integration:
    """What a Resource ARN stands for."""

    kind: Literal["task", "lambda", "activity"]
    """Which family of events its histories show."""
    service: str
    """The ``resourceType`` of its events, such as ``aws-sdk:s3``."""
    action: str
    """The ``resource`` of its events, such as ``startExecution.sync``."""
    handler: TaskHandler
    blocking: bool
    """Whether the handler may take real time or ask the engine something."""
    size_name: str
    """What it is called in the message of a result that is too large."""
    open_callback: OpenCallback | None = None
    """Given where a token may answer the task: then the context object shows it."""


class UnknownResource(ValueError):
    """No integration has this Resource ARN. The text is AWS's."""


class Resolve(Protocol):
    """Finds the integration of a Resource ARN, or raises UnknownResource."""

    def __call__(self, resource: str, state: str = "", /) -> Integration:
        """``state`` is the name of the Task that is about to call; none while a definition is read."""
