"""Drift: what has become of a stack's resources since they were made, by other hands than CloudFormation's.

A resource is looked at by the operations of its service, and the properties that its template has are compared with
what these show. What a template does not say is not compared.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-drift.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from asl_interpreter.jsontext import InvalidJSON, dumps, loads
from emulator.deploying.deployment import Deployment
from emulator.deploying.intrinsics import as_text
from emulator.deploying.preparing import invalid
from emulator.deploying.schemas import schema
from emulator.deploying.services import Refused
from emulator.deploying.stacks import Drift
from emulator.deploying.types.looking import look
from emulator.deploying.types.resource_type import Made, Order

if TYPE_CHECKING:
    from emulator.deploying.region import Region
    from emulator.deploying.stacks import Row, Stack
    from emulator.wire.protocol import Call
    from emulator.world import World

_CHECKABLE: Final = frozenset(
    {
        *("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED"),
        *("IMPORT_COMPLETE", "IMPORT_ROLLBACK_COMPLETE"),
    }
)
_MAPS: Final = frozenset({"Variables", "Attributes", "Parameters", "ResponseParameters", "RequestParameters"})
"""Properties whose members are a user's own names, so that one more of them is a difference."""
_MOST: Final = 100


# What is compared.


def differences(expected: Any, actual: Any, path: str = "") -> Iterator[dict[str, Any]]:
    """What of a value is other than expected.

    ``{"Delay": 1}`` beside ``{"Delay": 2}`` gives a difference with the path ``/Delay``, which is NOT_EQUAL. Of lists,
    items are added and removed.
    """
    one, other = _parsed(expected, actual), _parsed(actual, expected)
    if isinstance(expected, str) and isinstance(one, dict | list):  # a text to AWS, JSON or not
        if not _are_equal(one, other):
            yield _difference(path, expected, actual, "NOT_EQUAL")
        return
    match one, other:
        case dict() as wanted, dict() as held:
            yield from _of_members(wanted, held, path)
        case list() as wanted, list() as held:
            yield from _of_items(wanted, held, path)
        case _:
            if isinstance(one, dict | list) or isinstance(other, dict | list) or not _same(one, other):
                yield _difference(path, one, other, "NOT_EQUAL")


def _of_members(expected: dict[str, Any], actual: dict[str, Any], path: str) -> Iterator[dict[str, Any]]:
    held = {_plain(name): value for name, value in actual.items()}
    for name, value in expected.items():
        if _plain(name) in held:
            yield from differences(value, held[_plain(name)], f"{path}/{name}")
        elif not _is_empty(value):
            yield _difference(f"{path}/{name}", value, None, "REMOVE")
    if path.rpartition("/")[2] in _MAPS:
        known = {_plain(name) for name in expected}
        for name, value in actual.items():
            if _plain(name) not in known:
                yield _difference(f"{path}/{name}", None, value, "ADD")


def _of_items(expected: list[Any], actual: list[Any], path: str) -> Iterator[dict[str, Any]]:
    for index, item in enumerate(expected):
        if not any(_are_equal(item, other) for other in actual):
            yield _difference(f"{path}/{index}", item, None, "REMOVE")
    for index, other in enumerate(actual):
        if not any(_are_equal(item, other) for item in expected):
            yield _difference(f"{path}/{index}", None, other, "ADD")


def _difference(path: str, expected: Any, actual: Any, kind: str) -> dict[str, Any]:
    return {
        "PropertyPath": path,
        "ExpectedValue": "null" if expected is None else _shown(expected),
        "ActualValue": "null" if actual is None else _shown(actual),
        "DifferenceType": kind,
    }


def _shown(value: Any) -> str:
    return dumps(value) if isinstance(value, dict | list) else as_text(value)


def _are_equal(expected: Any, actual: Any) -> bool:
    return next(differences(expected, actual), None) is None


def _same(expected: Any, actual: Any) -> bool:
    one, other = as_text(expected), as_text(actual)
    try:
        return one == other or float(one) == float(other)
    except ValueError:
        return False


def _is_empty(value: Any) -> bool:
    return value in ("", [], {}, None) or value is False


def _parsed(value: Any, other: Any) -> Any:
    """A text that is JSON, beside what is a structure or JSON as well."""
    if not isinstance(value, str) or value[:1] not in ("{", "["):
        return value
    if isinstance(other, dict | list) or (isinstance(other, str) and other[:1] == value[:1]):
        try:
            return loads(value)
        except InvalidJSON:
            return value
    return value


def _plain(name: str) -> str:
    return "".join(letter for letter in name if letter.isalnum()).lower()


# Detecting.


def _detect(region: Region, stack: Stack, row: Row) -> Drift | None:
    """Look at a resource; None if its type is not looked at."""
    known = {name: value for name, value in row.properties.items() if "{{resolve:" not in _shown(value)}
    deployment = Deployment(region.stacks, stack, region.services, region.now, region.new_id)
    order = Order(row.logical_id, row.type, known, region.services, deployment, region.new_id())
    try:
        actual = look(order, Made(row.physical_id, row.attributes))
    except Refused as refused:
        if not refused.is_absence:
            raise
        return Drift("DELETED", region.now(), known, {}, [])
    if actual is None:
        return None
    expected = {name: known[name] for name in actual}
    found = [each for each in differences(expected, actual) if not _is_unseen(row.type, each["PropertyPath"])]
    return Drift("MODIFIED" if found else "IN_SYNC", region.now(), expected, dict(actual), found)


def _is_unseen(kind: str, path: str) -> bool:
    """Whether a property is one that no operation shows."""
    known = schema(kind)
    names = [part for part in path.split("/")[1:] if not part.isdigit()]
    beginnings = {".".join(names[: end + 1]) for end in range(len(names))}
    return known is not None and not known.unseen.isdisjoint(beginnings)


def _described(stack: Stack, row: Row) -> dict[str, Any]:
    drift = row.drift
    if drift is None:
        return {}
    shown: dict[str, Any] = {
        "StackId": stack.id,
        "LogicalResourceId": row.logical_id,
        "PhysicalResourceId": row.physical_id,
        "ResourceType": row.type,
        "StackResourceDriftStatus": drift.status,
        "Timestamp": drift.checked,
        "ExpectedProperties": dumps(drift.expected),
        "PropertyDifferences": drift.differences,
    }
    if drift.status != "DELETED":
        shown["ActualProperties"] = dumps(_texts(drift.actual))
    return shown


def _texts(value: Any) -> Any:
    """A value of an answer as JSON has it: times as texts."""
    match value:
        case dict():
            return {name: _texts(member) for name, member in value.items()}
        case list():
            return [_texts(item) for item in value]
        case str() | bool() | int() | float() | None:
            return value
        case _:
            return str(value)


def _live(stack: Stack) -> list[Row]:
    return [row for row in stack.rows.values() if row.status not in ("DELETE_COMPLETE", "DELETE_SKIPPED")]


def _checkable(region: Region, name: str) -> Stack:
    stack = region.stacks.required(name, "Stack [{}] does not exist")
    if stack.status not in _CHECKABLE:
        raise invalid(f"Drift detection cannot be performed on stack [{stack.id}] while it is in {stack.status} state")
    return stack


@dataclass(frozen=True, slots=True)
class Detection:
    """One detection of the drift of a stack."""

    stack_id: str
    status: str
    drifted: int
    at: float
    failure: str | None = field(default=None)


def detect_stack_drift(world: World, call: Call) -> dict[str, Any]:
    """DetectStackDrift: all resources of a stack, or some of them; it is done when this answers."""
    region, params = world.deployments.of(world, call), call.params
    region.looked()
    stack = _checkable(region, params["StackName"])
    wanted = params.get("LogicalResourceIds")
    rows = {row.logical_id: row for row in _live(stack)}
    absent = [name for name in wanted or () if name not in rows]
    if absent:
        raise invalid(f"Resources [{', '.join(absent)}] do not exist in stack [{stack.name}]")
    failure = None
    for name in wanted or rows:
        try:
            rows[name].drift = _detect(region, stack, rows[name])
        except Refused as refused:
            failure = f"Failed to detect drift on resource [{name}]: {refused.message}"
    drifted = [row for row in rows.values() if row.drift is not None and row.drift.status in ("MODIFIED", "DELETED")]
    stack.drift_status, stack.drift_checked = ("DRIFTED" if drifted else "IN_SYNC"), region.now()
    made = region.new_id()
    region.detections[made] = Detection(stack.id, stack.drift_status, len(drifted), region.now(), failure)
    return {"StackDriftDetectionId": made}


def describe_stack_drift_detection_status(world: World, call: Call) -> dict[str, Any]:
    """DescribeStackDriftDetectionStatus."""
    region = world.deployments.of(world, call)
    name = call.params["StackDriftDetectionId"]
    found = region.detections.get(name)
    if found is None:
        raise invalid(f"Drift detection [{name}] does not exist")
    return {
        "StackId": found.stack_id,
        "StackDriftDetectionId": name,
        "StackDriftStatus": found.status,
        "DetectionStatus": "DETECTION_COMPLETE" if found.failure is None else "DETECTION_FAILED",
        "DetectionStatusReason": found.failure,
        "DriftedStackResourceCount": found.drifted,
        "Timestamp": found.at,
    }


def detect_stack_resource_drift(world: World, call: Call) -> dict[str, Any]:
    """DetectStackResourceDrift."""
    region, params = world.deployments.of(world, call), call.params
    region.looked()
    stack = _checkable(region, params["StackName"])
    name = params["LogicalResourceId"]
    row = next((row for row in _live(stack) if row.logical_id == name), None)
    if row is None:
        raise invalid(f"Resource {name} does not exist for stack {stack.name}")
    try:
        row.drift = _detect(region, stack, row)
    except Refused as refused:
        raise invalid(f"Failed to detect drift on resource [{name}]: {refused.message}") from None
    if row.drift is None:
        raise invalid(f"Resource type {row.type} is not supported for drift detection")
    return {"StackResourceDrift": _described(stack, row)}


def describe_stack_resource_drifts(world: World, call: Call) -> dict[str, Any]:
    """DescribeStackResourceDrifts: of the resources that were looked at."""
    region, params = world.deployments.of(world, call), call.params
    stack = region.stacks.required(params["StackName"], "Stack [{}] does not exist")
    wanted = params.get("StackResourceDriftStatusFilters")
    rows = [row for row in _live(stack) if row.drift is not None and (not wanted or row.drift.status in wanted)]
    shown, token = region.page(rows, params.get("NextToken"), params.get("MaxResults") or _MOST)
    return {"StackResourceDrifts": [_described(stack, row) for row in shown], "NextToken": token}


def of_stack(stack: Stack) -> Mapping[str, Any]:
    """DriftInformation of a stack."""
    return _information("StackDriftStatus", stack.drift_status, stack.drift_checked)


def of_resource(row: Row) -> Mapping[str, Any]:
    """DriftInformation of a resource."""
    drift = row.drift
    return _information(
        "StackResourceDriftStatus",
        "NOT_CHECKED" if drift is None else drift.status,
        None if drift is None else drift.checked,
    )


def _information(member: str, status: str, checked: float | None) -> Mapping[str, Any]:
    return {member: status} if checked is None else {member: status, "LastCheckTimestamp": checked}
