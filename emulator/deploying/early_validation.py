"""Early validation: what AWS finds wrong with a change set before anybody executes it.

Properties are compared with the schemas of their types, and names with what is there already.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/validate-stack-deployments.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from emulator.deploying.changes import Change, is_unknown
from emulator.deploying.deployment import Deployment
from emulator.deploying.schemas import schema
from emulator.deploying.services import Refused
from emulator.deploying.types.looking import is_there
from emulator.deploying.types.resource_type import Order, naming_property

if TYPE_CHECKING:
    from emulator.deploying.region import Region
    from emulator.deploying.stacks import Stack

_PROPERTIES: Final = "AWS::EarlyValidation::PropertyValidation"
_EXISTENCE: Final = "AWS::EarlyValidation::ResourceExistenceCheck"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong with a resource of a change set."""

    id: str
    validation: str
    logical_id: str
    type: str
    reason: str
    path: str
    at: float


def problems(region: Region, stack: Stack, changes: Iterable[Change]) -> tuple[Problem, ...]:
    """What is wrong with the resources that a change set adds and modifies."""
    return tuple(
        Problem(region.new_id(), validation, change.logical_id, change.type, reason, path, region.now())
        for change in changes
        if change.after is not None and change.action in ("Add", "Modify")
        for validation, reason, path in (*_of_properties(change, change.after), *_of_names(region, stack, change))
    )


def reason(found: Iterable[Problem]) -> str:
    """Why the change set has failed."""
    validations = ", ".join(dict.fromkeys(problem.validation for problem in found))
    return (
        f"The following hook(s)/validation failed: [{validations}]. To troubleshoot Early Validation errors, use the "
        "DescribeEvents API for detailed failure information."
    )


def _of_properties(change: Change, properties: Any) -> Iterator[tuple[str, str, str]]:
    known = schema(change.type)
    if known is None or change.type == "AWS::CloudFormation::CustomResource":
        return
    where = f"/Resources/{change.logical_id}/Properties"
    for name in known.required:
        if name not in properties:
            yield _PROPERTIES, f"Required property [{name}] not found", where
    for name in properties:
        if name not in known.properties:
            yield _PROPERTIES, f"Unsupported property [{name}]", f"{where}/{name}"


def _of_names(region: Region, stack: Stack, change: Change) -> Iterator[tuple[str, str, str]]:
    """A resource to be added whose name another one has."""
    known, name = schema(change.type), naming_property(change.type)
    if change.action != "Add" or known is None or name is None or known.identifier != (name,):
        return
    given = (change.after or {}).get(name)
    if not isinstance(given, str) or is_unknown(given) or "{{resolve:" in given:
        return
    deployment = Deployment(region.stacks, stack, region.services, region.now, region.new_id)
    order = Order(change.logical_id, change.type, {name: given}, region.services, deployment, region.new_id())
    try:
        found = is_there(order, given)
    except Refused:
        return
    if found:
        text = f"Resource of type '{change.type}' with identifier '{given}' already exists."
        yield _EXISTENCE, text, f"/Resources/{change.logical_id}"


def described(problem: Problem, stack: Stack) -> dict[str, Any]:
    """As DescribeEvents shows one."""
    return {
        "EventId": problem.id,
        "StackId": stack.id,
        "OperationType": "CREATE_CHANGESET",
        "EventType": "VALIDATION_ERROR",
        "LogicalResourceId": problem.logical_id,
        "ResourceType": problem.type,
        "Timestamp": problem.at,
        "ValidationFailureMode": "FAIL",
        "ValidationName": problem.validation.rpartition("::")[2],
        "ValidationStatus": "FAILED",
        "ValidationStatusReason": problem.reason,
        "ValidationPath": problem.path,
    }
