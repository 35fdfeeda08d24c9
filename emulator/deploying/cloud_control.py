"""The Cloud Control API, as far as tools swap a resource of a stack with it: UpdateResource, and what became of it.

``cdk deploy --hotswap`` and ``cdk watch`` patch the properties of a resource that a stack has made. The stack itself
does not hear of it, as on AWS: its next update starts from its template.

Source: https://docs.aws.amazon.com/cloudcontrolapi/latest/APIReference/API_UpdateResource.html
"""

from __future__ import annotations

import copy
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from asl_interpreter.jsontext import InvalidJSON, dumps, loads
from emulator.deploying.changes import ALWAYS, recreation
from emulator.deploying.deployment import Deployment
from emulator.deploying.scope import resolve
from emulator.deploying.services import Refused
from emulator.deploying.types import find_type
from emulator.deploying.types.resource_type import STACK_TAGS, Made, Order, checked
from emulator.faults import Fault

if TYPE_CHECKING:
    from emulator.deploying.region import Region
    from emulator.deploying.stacks import Row, Stack
    from emulator.wire.operations import Handler
    from emulator.wire.protocol import Call
    from emulator.world import World


def update_resource(world: World, call: Call) -> dict[str, Any]:
    """UpdateResource: change a resource of a stack by a JSON patch of its properties."""
    region, params = world.deployments.of(world, call), call.params
    stack, row = _found(region, params["TypeName"], params["Identifier"])
    before = resolve(row.properties, region.services)
    after = _patched(before, params["PatchDocument"])
    fixed = sorted(
        name
        for name in {*before, *after}
        if before.get(name) != after.get(name) and recreation(row.type, name) == ALWAYS
    )
    token = region.new_id()
    event: dict[str, Any] = {
        "TypeName": row.type,
        "Identifier": row.physical_id,
        "RequestToken": token,
        "Operation": "UPDATE",
        "OperationStatus": "IN_PROGRESS",
        "EventTime": region.now(),
    }
    region.requests[token] = event
    if not find_type(row.type).updates:
        text = f"{row.type} is replaced by every change"
        event |= {"OperationStatus": "FAILED", "ErrorCode": "NotUpdatable", "StatusMessage": text}
    elif fixed:
        properties = ", ".join(f"/properties/{name}" for name in fixed)
        text = f"Invalid patch update: createOnlyProperties [{properties}] cannot be updated"
        event |= {"OperationStatus": "FAILED", "ErrorCode": "NotUpdatable", "StatusMessage": text}
    else:
        region.drive(_update(region, stack, row, (before, after), event))
    return {"ProgressEvent": dict(event)}


def _found(region: Region, kind: str, identifier: str) -> tuple[Stack, Row]:
    """The resource of a live stack. Raises Fault, there is none."""
    for stack in region.stacks:
        for row in stack.rows.values():
            if not stack.is_gone and row.type == kind and row.physical_id == identifier:
                return stack, row
    text = f"Resource of type '{kind}' with identifier '{identifier}' was not found in a stack of Dynastep's."
    raise Fault("ResourceNotFoundException", text, status=404)


def _update(
    region: Region, stack: Stack, row: Row, properties: tuple[dict[str, Any], dict[str, Any]], event: dict[str, Any]
) -> Generator[float, None, None]:
    before, after = properties
    handler = find_type(row.type)
    deployment = Deployment(region.stacks, stack, region.services, region.now, region.new_id)
    try:
        checked(row.logical_id, row.type, after)
        order = Order(row.logical_id, row.type, after, region.services, deployment, region.new_id())
        answer: Any = handler.update(order, {**before, STACK_TAGS: stack.tags}, Made(row.physical_id, row.attributes))
        made = (yield from answer) if isinstance(answer, Generator) else answer
    except Refused as refused:
        event |= {"OperationStatus": "FAILED", "ErrorCode": refused.handler_code, "StatusMessage": refused.message}
    else:
        row.attributes = made.attributes
        event |= {"OperationStatus": "SUCCESS", "ResourceModel": dumps(after)}
    event["EventTime"] = region.now()


def _patched(properties: dict[str, Any], document: str) -> dict[str, Any]:
    """Properties with a JSON patch applied, RFC 6902's add, replace and remove. Raises Fault."""
    try:
        operations = loads(document)
    except InvalidJSON:
        raise _invalid("The patch document is not JSON") from None
    if not isinstance(operations, list) or not all(isinstance(each, dict) for each in operations):
        raise _invalid("The patch document is not a list of operations")
    patched = copy.deepcopy(properties)
    for operation in operations:
        path = operation.get("path")
        if operation.get("op") not in ("add", "replace", "remove") or not isinstance(path, str) or path[:1] != "/":
            raise _invalid(f"Dynastep does not apply this operation of a patch: {dumps(operation)}")
        *way, last = [part.replace("~1", "/").replace("~0", "~") for part in path[1:].split("/")]
        held: Any = patched
        for part in way:
            held = held[_place(held, part, path)]
        _apply(held, last, operation, path)
    return patched


def _apply(held: Any, last: str, operation: dict[str, Any], path: str) -> None:
    if isinstance(held, list) and operation["op"] == "add":
        held.insert(len(held) if last == "-" else _place([*held, None], last, path), operation.get("value"))
    elif isinstance(held, dict) and operation["op"] == "add":
        held[last] = operation.get("value")
    elif operation["op"] == "remove":
        del held[_place(held, last, path)]
    else:
        held[_place(held, last, path)] = operation.get("value")


def _place(held: Any, part: str, path: str) -> Any:
    """Where a part of a path leads in a value. Raises Fault, nowhere."""
    if isinstance(held, list) and part.isdigit() and int(part) < len(held):
        return int(part)
    if isinstance(held, dict) and part in held:
        return part
    raise _invalid(f"The path {path} of the patch document leads nowhere")


def _invalid(message: str) -> Fault:
    return Fault("InvalidRequestException", message)


def get_resource_request_status(world: World, call: Call) -> dict[str, Any]:
    """GetResourceRequestStatus."""
    region = world.deployments.of(world, call)
    region.looked()
    token = call.params["RequestToken"]
    if token not in region.requests:
        raise Fault("RequestTokenNotFoundException", f"Request with token {token} was not found", status=404)
    return {"ProgressEvent": dict(region.requests[token])}


OPERATIONS: dict[str, Handler] = {
    "GetResourceRequestStatus": get_resource_request_status,
    "UpdateResource": update_resource,
}
