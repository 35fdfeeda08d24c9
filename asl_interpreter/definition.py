"""A state machine as frozen values: what a definition says, compiled. Raw JSON ends here.

The eight states are a closed union; what they do is in ``states``. Every path, template and expression is an
evaluator.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from .jsontext import JSON
from .language.dataflow import Flow
from .language.paths import Evaluate

MAX_DELAY_SECONDS: Final = 31_622_400
"""AWS accepts a MaxDelaySeconds of less than this: about a year."""


@dataclass(frozen=True, slots=True)
class Retrier:
    """One rule of Retry. Seconds."""

    error_equals: tuple[str, ...]
    interval_seconds: float
    max_attempts: int
    backoff_rate: float
    max_delay_seconds: float
    full_jitter: bool


@dataclass(frozen=True, slots=True)
class Catcher:
    """One rule of Catch."""

    error_equals: tuple[str, ...]
    next: str
    flow: Flow
    """Takes the error output as its result."""


@dataclass(frozen=True, slots=True)
class Pass:
    """Hands on its input, or a constant."""

    name: str
    next: str | None
    flow: Flow
    result: tuple[JSON] | None
    """The constant of Result, if there is one."""


@dataclass(frozen=True, slots=True)
class Task:
    """Work that a service of the outside does."""

    name: str
    next: str | None
    flow: Flow
    resource: str
    timeout: Evaluate | None
    heartbeat: Evaluate | None
    credentials: Evaluate | None
    retry: tuple[Retrier, ...]
    catch: tuple[Catcher, ...]


@dataclass(frozen=True, slots=True)
class ChoiceRule:
    """Go to ``next`` where the condition holds."""

    condition: Evaluate
    next: str
    flow: Flow


@dataclass(frozen=True, slots=True)
class Choice:
    """Goes where the first rule that holds says."""

    name: str
    flow: Flow
    rules: tuple[ChoiceRule, ...]
    default: str | None


WaitUnit: TypeAlias = Literal["Seconds", "SecondsPath", "Timestamp", "TimestampPath"]


@dataclass(frozen=True, slots=True)
class Wait:
    """Waits for seconds or until a time: ``value``, as ``unit`` says."""

    name: str
    next: str | None
    flow: Flow
    unit: WaitUnit
    value: Evaluate
    reference: str
    """The text of the path, for messages; empty for a constant."""


@dataclass(frozen=True, slots=True)
class Succeed:
    """Ends a line of control well."""

    name: str
    flow: Flow


@dataclass(frozen=True, slots=True)
class Fail:
    """Ends a line of control with an error."""

    name: str
    flow: Flow
    error: Evaluate | None
    cause: Evaluate | None


@dataclass(frozen=True, slots=True)
class Processor:
    """States that run inside another state: a branch of Parallel, the items of Map; and a whole machine."""

    start_at: str
    states: Mapping[str, State]


@dataclass(frozen=True, slots=True)
class Parallel:
    """Runs branches side by side."""

    name: str
    next: str | None
    flow: Flow
    branches: tuple[Processor, ...]
    retry: tuple[Retrier, ...]
    catch: tuple[Catcher, ...]


@dataclass(frozen=True, slots=True)
class ItemReader:
    """Where the items of a Distributed Map come from, if not from its input."""

    resource: str
    arguments: Evaluate
    config: Mapping[str, JSON]
    """ReaderConfig as it stands, less what is evaluated."""
    max_items: Evaluate | None


@dataclass(frozen=True, slots=True)
class ItemBatcher:
    """How the items of a Distributed Map are grouped: so many, and so many bytes, at most."""

    max_items: Evaluate | None
    max_bytes: Evaluate | None
    batch_input: Evaluate | None


@dataclass(frozen=True, slots=True)
class ResultWriter:
    """What becomes of the results of a Distributed Map. Without ``arguments`` they are the result of the state."""

    arguments: Evaluate | None
    transformation: Transformation
    output_type: OutputType


@dataclass(frozen=True, slots=True)
class Distribution:
    """What a Map in mode DISTRIBUTED has beside the rest: it runs each item as an execution of its own."""

    machine: Machine
    express: bool
    label: str | None
    reader: ItemReader | None
    batcher: ItemBatcher | None
    writer: ResultWriter


Transformation: TypeAlias = Literal["NONE", "COMPACT", "FLATTEN"]
OutputType: TypeAlias = Literal["JSON", "JSONL"]


@dataclass(frozen=True, slots=True)
class Map:
    """Runs the same states for every item of a list."""

    name: str
    next: str | None
    flow: Flow
    distribution: Distribution | None
    """None in mode INLINE."""
    processor: Processor
    items: Evaluate
    items_path: str
    item_selector: Evaluate | None
    max_concurrency: Evaluate
    tolerated_failure_count: Evaluate | None
    tolerated_failure_percentage: Evaluate | None
    retry: tuple[Retrier, ...]
    catch: tuple[Catcher, ...]


State: TypeAlias = Pass | Task | Choice | Wait | Succeed | Fail | Parallel | Map


def tasks_of(processor: Processor) -> Iterator[Task]:
    """Every Task of some states and of those nested in them."""
    for state in processor.states.values():
        match state:
            case Task():
                yield state
            case Parallel():
                for branch in state.branches:
                    yield from tasks_of(branch)
            case Map():
                yield from tasks_of(state.processor)


@dataclass(frozen=True, slots=True)
class Machine(Processor):
    """A whole definition."""

    comment: str | None = None
    timeout_seconds: float | None = None
    variable_references: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """State -> the variables that it reads, sorted; states that read none are not in it."""
