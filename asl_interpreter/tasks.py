"""What the outside must offer: to a Task what it calls, to a Distributed Map its items and a place for its results."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple, Protocol

from .errors import ITEM_READER_FAILED, RESULT_WRITER_FAILED, StateError
from .jsontext import JSON
from .loop.signals import Signal


class Callback(Signal[JSON]):
    """The answer to a task from whoever knows its token."""

    __slots__ = ("heard_at", "on_heartbeat", "token")

    def __init__(self, token: str) -> None:
        super().__init__("a callback")
        self.token = token
        self.heard_at = 0.0
        """When the task began, or the last heartbeat came."""
        self.on_heartbeat: Callable[[], None] = lambda: None
        """Called when one has come."""

    def heartbeat(self, now: float) -> None:
        """Whoever has the token goes on with the task."""
        self.heard_at = now
        self.on_heartbeat()


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
    role: str | None = None
    """The role that the Task takes on, from its Credentials."""
    items: tuple[int, ...] = ()
    """Which items of the Maps around the Task it works on, the item of the outermost Map first."""


LONGEST_LATER: Final = 99_999_999
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Later:
    """An answer that takes time in the machine: ``value``, or the failure ``error``."""

    after: float
    """Seconds, at most as many as a Wait state may wait."""
    value: JSON = None
    error: Exception | None = None

    def __post_init__(self) -> None:
        """Check ``after``.

        Raises:
            ValueError: ``after`` is no number of seconds, or too large.
        """
        number = isinstance(self.after, int | float) and not isinstance(self.after, bool)
        if not (number and 0 <= self.after <= LONGEST_LATER):
            message = f"a Later comes after 0 to {LONGEST_LATER} seconds, not {self.after!r}"
            raise ValueError(message)


@dataclass(frozen=True, slots=True)
class Submitted:
    """The service has taken the job on (TaskSubmitted shows ``output``) and will answer by ``outcome``: ``.sync``."""

    output: JSON
    outcome: Signal[JSON]
    cancel: Callable[[], None] = field(default=lambda: None)
    """Called when nobody waits for the outcome any more: the state timed out or was aborted."""


@dataclass(frozen=True, slots=True)
class Polled:
    """As ``Submitted``, by a service that does not say when the job has ended and must be asked."""

    output: JSON
    ask: Callable[[int], JSON]
    """Asks how the job goes, for the first, second... time: its result, or None while it runs. May block. Raises
    StateError if the job has failed, or is not to be waited for any longer."""
    pause: Callable[[int], float]
    """How many seconds to wait before the first, second... look."""
    cancel: Callable[[], None] = field(default=lambda: None)
    """As that of ``Submitted``."""


Again = Callable[["TaskRequest", JSON], "Submitted | Polled"]
"""From a request, and from what TaskSubmitted shows of it."""


class TaskHandler(Protocol):
    """One service integration. Raises StateError to fail the task."""

    def __call__(self, request: TaskRequest, /) -> JSON | Later | Submitted | Polled | Signal[JSON]:
        """Make one attempt. A signal is an answer that is still to come; of an activity, the name of the worker."""


IsComputed = Callable[[str, JSON], bool]
"""Whether a field of a definition, by its name and value, is something that only running computes."""
Check = Callable[[JSON, IsComputed], Iterator[str]]
"""Finds what is wrong with the Parameters or Arguments of a definition, in AWS's words."""
CheckStart = Callable[[JSON], None]
"""Raises StateError, States.Runtime, for arguments that no request can be made of."""
Complete = Callable[[JSON, JSON], JSON]
"""Arguments and the context object of the state -> arguments."""


def unchecked(_arguments: JSON) -> None:
    """Let any arguments pass: a mock asks nobody."""


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
    check: Check = lambda _arguments, _is_computed: iter(())
    """What the service has against arguments as a definition has them."""
    check_start: CheckStart = unchecked
    """Looks at the arguments before the task is scheduled."""
    complete: Complete = lambda arguments, _context: arguments
    """Adds what the service is told beside the checked arguments, such as who starts a job. TaskScheduled has it."""
    apart: Callable[[TaskRequest], bool] = lambda _request: False
    """Whether what the handler does for a request is done by another process. On the loop: it may not wait."""
    choose: Callable[[TaskRequest], Integration] | None = None
    """Says what stands for this integration in one attempt, where that depends on the request. On the loop: it may not
    wait. Whether a token can answer the task is decided before."""
    delay: float = 0.0
    """Seconds that pass before the handler is called."""
    again: Again | None = None
    """Finds the job that an attempt had started before its execution went on elsewhere; None: it is started anew."""


class UnknownResource(ValueError):
    """No integration has this Resource ARN. The text is AWS's."""


class Item(NamedTuple):
    """One item that a Distributed Map has read. ``source`` is the URI of where it was."""

    value: JSON
    source: str
    key: str | None = None
    """The name of the member that it is, in an object."""


@dataclass(frozen=True, slots=True)
class ItemRequest:
    """What an ItemReader asks for."""

    resource: str
    arguments: JSON
    config: Mapping[str, JSON]
    """Its ReaderConfig, less the limit on items."""
    execution_arn: str
    """Of whom asks."""
    role_arn: str | None
    """The role with which it asks."""


@dataclass(frozen=True, slots=True)
class ResultRequest:
    """What a ResultWriter exports."""

    arguments: JSON
    output_type: Literal["JSON", "JSONL"]
    map_run_arn: str
    role_arn: str | None
    """The role with which it writes."""
    results: Mapping[str, Iterable[JSON]]
    """For each status, FAILED, PENDING and SUCCEEDED, its results in the order of the items; those of this redrive."""
    redrives: int
    """How often the Map Run has been redriven."""
    exported: Sequence[JSON]
    """The files of what has succeeded before."""


class Datasets(Protocol):
    """What is outside of a Distributed Map. May block; raises StateError."""

    def read(self, request: ItemRequest, /) -> Iterator[Item]:
        """The items, read as they are wanted."""

    def write(self, request: ResultRequest, /) -> tuple[JSON, Sequence[JSON]]:
        """Export results; where they are now, as ResultWriterDetails says it, and all files of what has succeeded."""


class _Nowhere:
    def read(self, _request: ItemRequest) -> Iterator[Item]:
        raise StateError(ITEM_READER_FAILED, "There is nothing outside to read items from.")

    def write(self, _request: ResultRequest) -> tuple[JSON, Sequence[JSON]]:
        raise StateError(RESULT_WRITER_FAILED, "There is nothing outside to write results to.")


NOWHERE: Final[Datasets] = _Nowhere()
"""No data sets: an ItemReader and a ResultWriter fail."""


class Resolve(Protocol):
    """Finds the integration of a Resource ARN, or raises UnknownResource."""

    def __call__(self, resource: str, state: str = "", /) -> Integration:
        """``state`` is the name of the Task that is about to call; none while a definition is read."""
