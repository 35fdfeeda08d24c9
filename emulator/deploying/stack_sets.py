"""Stack sets: one template as stacks in several accounts and regions, and the operations that bring them there.

An operation goes through its regions in order and, in a region, through its accounts. Once more of these have failed
than it tolerates, the others are cancelled. What waits in a stack goes on on the emulator's clock.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-concepts.html
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from emulator.deploying import drift
from emulator.deploying import stack_operations as stacks
from emulator.faults import Fault
from emulator.wire.protocol import Call

if TYPE_CHECKING:
    from emulator.deploying.region import Region
    from emulator.deploying.stacks import Stack
    from emulator.world import World

Place: TypeAlias = tuple[str, str]
"""An account and a region."""

_UNCHANGED: Final = "No updates are to be performed."
_STARTED_AFRESH: Final = frozenset({"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"})
"""Statuses of a stack that an operation deletes, to make it again."""


@dataclass(slots=True)
class Instance:
    """A stack of a set, in an account and a region."""

    account: str
    region: str
    stack_id: str | None = None
    overrides: dict[str, str] = field(default_factory=dict)
    status: str = "OUTDATED"
    detailed: str = "PENDING"
    reason: str | None = None
    operation_id: str | None = None
    drift: str = "NOT_CHECKED"
    drift_checked: float | None = None


@dataclass(slots=True)
class Operation:
    """One operation on a set."""

    id: str
    action: str
    places: list[Place]
    created: float
    preferences: Mapping[str, Any] = field(default_factory=dict)
    retain: bool | None = None
    status: str = "RUNNING"
    reason: str | None = None
    ended: float | None = None
    results: dict[Place, tuple[str, str | None]] = field(default_factory=dict)
    """What became of each stack: a status and why."""

    @property
    def failed(self) -> int:
        """How many stacks it has failed for."""
        return sum(status == "FAILED" for status, _ in self.results.values())

    def tolerates(self, failures: int, accounts: int) -> bool:
        """Whether so many failures among the accounts of a region let it go on."""
        count = self.preferences.get("FailureToleranceCount")
        percentage = self.preferences.get("FailureTolerancePercentage", 0)
        return failures <= (accounts * int(percentage) // 100 if count is None else int(count))


@dataclass(slots=True)
class StackSet:
    """A stack set."""

    id: str
    name: str
    arn: str
    template: str
    parameters: dict[str, str] = field(default_factory=dict)
    description: str | None = None
    capabilities: tuple[str, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    administration_role: str | None = None
    execution_role: str | None = None
    managed: Mapping[str, Any] = field(default_factory=dict)
    token: str | None = None
    status: str = "ACTIVE"
    instances: dict[Place, Instance] = field(default_factory=dict)
    operations: dict[str, Operation] = field(default_factory=dict)
    drift: Mapping[str, Any] = field(default_factory=dict)

    @property
    def running(self) -> Operation | None:
        """The operation that is under way."""
        return next((each for each in self.operations.values() if each.status in ("RUNNING", "STOPPING")), None)


class Running:
    """The work of an operation. ``world`` has the other accounts and regions."""

    def __init__(self, world: World, home: Region, stack_set: StackSet, operation: Operation) -> None:
        self.world = world
        self.home = home
        self.set = stack_set
        self.operation = operation

    def run(self) -> Generator[float, None, None]:
        """Do the operation for each of its stacks."""
        operation = self.operation
        over = False
        accounts: dict[str, list[str]] = {}
        for account, region in operation.places:
            accounts.setdefault(region, []).append(account)
        for region, of_region in accounts.items():
            failures = 0
            for account in of_region:
                place = (account, region)
                if over or operation.status == "STOPPING":
                    self._result(place, "CANCELLED", "Cancelled since failure tolerance has exceeded" if over else None)
                    continue
                reason = yield from self._do(place)
                failures += reason is not None
                over = not operation.tolerates(failures, len(of_region))
        operation.ended = self.home.now()
        operation.status = "STOPPED" if operation.status == "STOPPING" else "FAILED" if over else "SUCCEEDED"
        if operation.action == "DETECT_DRIFT":
            self._sum_drift()

    def _result(self, place: Place, status: str, reason: str | None = None) -> None:
        self.operation.results[place] = (status, reason)
        instance = self.set.instances.get(place)
        if instance is None:
            return
        instance.operation_id = self.operation.id
        if self.operation.action == "DETECT_DRIFT":
            return
        instance.detailed, instance.reason = status, reason
        if status == "SUCCEEDED":
            instance.status = "CURRENT"
        elif status != "RUNNING":
            instance.status = "INOPERABLE" if self.operation.action == "DELETE" else "OUTDATED"

    def _do(self, place: Place) -> Generator[float, None, str | None]:
        """Do it for one stack: why it failed, None if it did not."""
        self._result(place, "RUNNING")
        try:
            match self.operation.action:
                case "DELETE":
                    reason = yield from self._delete(place)
                case "DETECT_DRIFT":
                    reason = self._detect(place)
                case _:
                    reason = yield from self._deploy(place)
        except Fault as fault:
            reason = fault.message
        self._result(place, "SUCCEEDED" if reason is None else "FAILED", reason)
        if reason is None and self.operation.action == "DELETE":
            self.set.instances.pop(place, None)
        return reason

    def _region(self, place: Place) -> Region:
        return self.world.deployments.region(self.world, *place)

    def _call(self, place: Place, operation: str, params: dict[str, Any]) -> Call:
        return Call("cloudformation", operation, params, *place, self.home.new_id())

    def _stack(self, place: Place) -> Stack | None:
        """The stack of a place that is there."""
        instance = self.set.instances[place]
        stack = None if instance.stack_id is None else self._region(place).stacks.find(instance.stack_id)
        return None if stack is None or stack.is_gone else stack

    @staticmethod
    def _settled(stack: Stack) -> Generator[float, None, None]:
        """Wait until nothing is done to a stack any more."""
        while stack.is_busy:
            yield 1.0

    def _deploy(self, place: Place) -> Generator[float, None, str | None]:
        instance = self.set.instances[place]
        stack = self._stack(place)
        if stack is not None and stack.status in _STARTED_AFRESH:
            stacks.delete_stack(self.world, self._call(place, "DeleteStack", {"StackName": stack.id}))
            yield from self._settled(stack)
            stack = self._stack(place)
        values = {**self.set.parameters, **instance.overrides}
        params: dict[str, Any] = {
            "TemplateBody": self.set.template,
            "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()],
            "Capabilities": list(self.set.capabilities),
            "Tags": [{"Key": key, "Value": value} for key, value in self.set.tags],
        }
        if stack is None:
            name = f"StackSet-{self.set.name}-{self.home.new_id()}"
            call = self._call(place, "CreateStack", {**params, "StackName": name})
            instance.stack_id = stacks.create_stack(self.world, call)["StackId"]
            stack = self._region(place).stacks.all[instance.stack_id]
        else:
            try:
                stacks.update_stack(self.world, self._call(place, "UpdateStack", {**params, "StackName": stack.id}))
            except Fault as fault:
                if fault.message != _UNCHANGED:
                    raise
        yield from self._settled(stack)
        return None if stack.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE") else _failure(stack)

    def _delete(self, place: Place) -> Generator[float, None, str | None]:
        stack = self._stack(place)
        if stack is None or self.operation.retain:
            return None
        stacks.delete_stack(self.world, self._call(place, "DeleteStack", {"StackName": stack.id}))
        yield from self._settled(stack)
        return None if stack.is_gone else _failure(stack)

    def _detect(self, place: Place) -> str | None:
        instance, stack = self.set.instances[place], self._stack(place)
        if stack is None:
            return "The stack does not exist"
        drift.detect_stack_drift(self.world, self._call(place, "DetectStackDrift", {"StackName": stack.id}))
        instance.drift, instance.drift_checked = stack.drift_status, stack.drift_checked
        return None

    def _sum_drift(self) -> None:
        instances = [self.set.instances[place] for place in self.operation.places if place in self.set.instances]
        drifted = sum(each.drift == "DRIFTED" for each in instances)
        self.set.drift = {
            "DriftStatus": "DRIFTED" if drifted else "IN_SYNC",
            "DriftDetectionStatus": "COMPLETED" if not self.operation.failed else "PARTIAL_SUCCESS",
            "LastDriftCheckTimestamp": self.home.now(),
            "TotalStackInstancesCount": len(instances),
            "DriftedStackInstancesCount": drifted,
            "InSyncStackInstancesCount": sum(each.drift == "IN_SYNC" for each in instances),
            "InProgressStackInstancesCount": 0,
            "FailedStackInstancesCount": self.operation.failed,
        }


def _failure(stack: Stack) -> str:
    """Why a stack failed: its first resource that did, as AWS words it."""
    for event in stack.events:
        if event.status.endswith("_FAILED") and event.logical_id != stack.name:
            reason = event.reason or ""
            return f"ResourceLogicalId:{event.logical_id}, ResourceType:{event.type}, ResourceStatusReason:{reason}."
    return next((event.reason for event in reversed(stack.events) if event.reason), stack.status)
