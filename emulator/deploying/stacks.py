"""Stacks: what each is, what happened to it, and those of an account in a region.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Stack.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from asl_interpreter.jsontext import dumps
from emulator.faults import Fault

if TYPE_CHECKING:
    from emulator.deploying.change_sets import ChangeSet
    from emulator.deploying.deployment import Deployment
    from emulator.deploying.parameters import Parameter
    from emulator.deploying.stack_policies import StackPolicy
    from emulator.deploying.stack_sets import StackSet
    from emulator.deploying.templates import Template

STACK: Final = "AWS::CloudFormation::Stack"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a stack or to one of its resources."""

    id: str
    logical_id: str
    physical_id: str
    type: str
    status: str
    reason: str | None
    timestamp: float
    token: str | None
    properties: str | None = None


@dataclass(frozen=True, slots=True)
class Drift:
    """What a resource was found to be, beside what its template says."""

    status: str
    checked: float
    expected: Mapping[str, Any]
    actual: Mapping[str, Any]
    differences: list[dict[str, Any]]


@dataclass(slots=True)
class Row:
    """A resource of a stack. ``properties`` are those it was made with, their dynamic references unresolved."""

    logical_id: str
    type: str
    physical_id: str = ""
    status: str = "CREATE_IN_PROGRESS"
    reason: str | None = None
    timestamp: float = 0.0
    properties: dict[str, Any] = field(default_factory=dict)
    attributes: Mapping[str, Any] = field(default_factory=dict)
    deletion_policy: str = "Delete"
    replace_policy: str = "Delete"
    metadata: Any = None
    needs: frozenset[str] = frozenset()
    drift: Drift | None = None

    @property
    def is_there(self) -> bool:
        """Whether there is a resource, not one that was deleted or never made."""
        failed = self.status == "CREATE_FAILED" and not self.physical_id
        return self.status != "DELETE_COMPLETE" and not failed


@dataclass(frozen=True, slots=True)
class Exported:
    """What a stack exports."""

    stack_id: str
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Given:
    """What a caller gives for a stack: a template that was compiled, the values of its parameters, and the rest."""

    text: str
    processed: str
    transforms: tuple[str, ...]
    template: Template
    parameters: Mapping[str, Parameter]
    tags: tuple[tuple[str, str], ...] = ()
    capabilities: tuple[str, ...] = ()
    notification_arns: tuple[str, ...] = ()
    role_arn: str | None = None
    rollback: Mapping[str, Any] = field(default_factory=dict)
    """The alarms that take an operation back, as RollbackConfiguration has them."""


@dataclass(slots=True)
class Stack:
    """A stack."""

    id: str
    name: str
    created: float
    status: str
    given: Given | None = None
    reason: str | None = None
    updated: float | None = None
    deleted: float | None = None
    disable_rollback: bool = False
    on_failure: str = "ROLLBACK"
    protected: bool = False
    timeout: int | None = None
    rows: dict[str, Row] = field(default_factory=dict)
    outputs: list[dict[str, Any]] = field(default_factory=list)
    exports: dict[str, str] = field(default_factory=dict)
    imports: set[str] = field(default_factory=set)
    events: list[Event] = field(default_factory=list)
    change_sets: dict[str, ChangeSet] = field(default_factory=dict)
    change_set_id: str | None = None
    parent_id: str | None = None
    root_id: str | None = None
    token: str | None = None
    worker: Deployment | None = None
    """What works on it, or did last."""
    cancelled: bool = False
    """Whether the update that is under way is to be rolled back."""
    policy: StackPolicy | None = None
    told: int = 0
    """How many of its events its topics were told of."""
    drift_status: str = "NOT_CHECKED"
    drift_checked: float | None = None
    resume: Any = None
    """What a rollback that failed was about to do."""

    @property
    def is_busy(self) -> bool:
        """Whether something is being done to it."""
        return self.status.endswith("_IN_PROGRESS") and self.status != "REVIEW_IN_PROGRESS"

    @property
    def is_gone(self) -> bool:
        """Whether it was deleted."""
        return self.status == "DELETE_COMPLETE"

    @property
    def tags(self) -> dict[str, str]:
        """Its tags."""
        return {} if self.given is None else dict(self.given.tags)

    def tell(self, status: str, reason: str | None, now: float, event_id: str) -> None:
        """The stack has a status now."""
        self.status, self.reason = status, reason
        self.events.append(Event(event_id, self.name, self.id, STACK, status, reason, now, self.token))

    def tell_of(self, row: Row, status: str, reason: str | None, now: float, *, shown: str | None = None) -> None:
        """One of its resources has a status now. ``shown`` is a unique part of the event's id, of a clean-up."""
        row.status, row.reason, row.timestamp = status, reason, now
        where = shown or f"{status}-{int(now * 1000)}-{len(self.events)}"
        properties = None if shown else dumps(row.properties)
        self.events.append(
            Event(
                f"{row.logical_id}-{where}",
                row.logical_id,
                row.physical_id,
                row.type,
                status,
                reason,
                now,
                self.token,
                properties,
            )
        )


class Stacks:
    """The stacks of an account in a region, those that were deleted too."""

    def __init__(self) -> None:
        self.all: dict[str, Stack] = {}
        """By id, in the order in which they were made."""
        self.sets: dict[str, StackSet] = {}
        """Stack sets that were made here, by id; their stacks may be elsewhere."""

    @property
    def are_busy(self) -> bool:
        """Whether something is being done to one of them, or to a set."""
        return any(stack.is_busy for stack in self) or any(each.running is not None for each in self.sets.values())

    def __iter__(self) -> Iterator[Stack]:
        return iter(list(self.all.values()))

    def live(self, name: str) -> Stack | None:
        """The stack of a name that is not deleted."""
        return next((stack for stack in self if stack.name == name and not stack.is_gone), None)

    def find(self, name: str) -> Stack | None:
        """A stack by its id, deleted or not, or by its name."""
        return self.all.get(name) or self.live(name)

    def required(self, name: str, text: str = "Stack with id {} does not exist") -> Stack:
        """A stack by its id or its name.

        Raises:
            Fault: ValidationError, there is none; the words depend on the operation.
        """
        stack = self.find(name)
        if stack is None:
            raise Fault("ValidationError", text.format(name))
        return stack

    def exports(self) -> dict[str, Exported]:
        """What live stacks export, by name."""
        return {
            name: Exported(stack.id, name, value)
            for stack in self
            if not stack.is_gone
            for name, value in stack.exports.items()
        }

    def importers(self, name: str) -> list[Stack]:
        """The live stacks that import a name."""
        return [stack for stack in self if name in stack.imports and not stack.is_gone]
