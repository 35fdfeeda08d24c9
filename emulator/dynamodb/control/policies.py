"""Resource policies: kept and shown, one for a table and one for its stream. Nothing here is refused by a policy.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutResourcePolicy.html; wording as observed
on AWS where it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from asl_interpreter.jsontext import JSON, InvalidJSON, loads
from emulator.dynamodb.control.tags import table_by_arn
from emulator.dynamodb.model.store import DynamoDBWorld, Region
from emulator.dynamodb.model.tables import Table
from emulator.dynamodb.rejections import invalid_values, refused
from emulator.faults import Fault
from emulator.wire.protocol import Call

MAX_SIZE = 20 * 1024
NO_POLICY = "NO_POLICY"
"""The ExpectedRevisionId of one who wants to put the first policy."""


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy as it was given, and its revision."""

    text: str
    revision: str


def put_resource_policy(world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
    """PutResourcePolicy: the same policy again keeps its revision."""
    region, table, arn = _resource(world, call)
    world.dynamodb.policies_changed += 1
    text, expected = call.params["Policy"], call.params.get("ExpectedRevisionId")
    with table.lock:
        current = table.attached.policies.get(arn)
        if expected is not None and expected != (current.revision if current else NO_POLICY):
            raise _not_found(arn)
        return {"RevisionId": attach(region, table, arn, text).revision}


def get_resource_policy(world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
    """GetResourcePolicy."""
    _, table, arn = _resource(world, call)
    policy = table.attached.policies.get(arn)
    if policy is None:
        raise _not_found(arn)
    return {"Policy": policy.text, "RevisionId": policy.revision}


def delete_resource_policy(world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
    """DeleteResourcePolicy: no error where there is none, unless a revision is expected."""
    _, table, arn = _resource(world, call)
    world.dynamodb.policies_changed += 1
    expected = call.params.get("ExpectedRevisionId")
    with table.lock:
        policy = table.attached.policies.get(arn)
        if expected is not None and (policy is None or policy.revision != expected):
            raise _not_found(arn)
        table.attached.policies.pop(arn, None)
    return {"RevisionId": policy.revision} if policy else {}


def attach(region: Region, table: Table, arn: str, text: str) -> Policy:
    """Give a table or its stream a policy; the same again stays as it is. Raises Fault where it is malformed."""
    check_policy(text)
    current = table.attached.policies.get(arn)
    if current is None or current.text != text:
        current = table.attached.policies[arn] = Policy(text, _revision(region, current))
    return current


def check_policy(text: str) -> None:
    """Raise Fault where a policy is too long, or is no policy."""
    if len(text.encode()) > MAX_SIZE:
        raise invalid_values(f"Maximum policy size of {MAX_SIZE} bytes exceeded")
    try:
        document = loads(text)
    except InvalidJSON:
        raise invalid_values("Invalid policy document: The policy is not in the valid JSON format.") from None
    if not isinstance(document, Mapping) or not document.get("Statement"):
        raise invalid_values("Invalid policy document: Missing required field Statement")


def _resource(world: DynamoDBWorld, call: Call) -> tuple[Region, Table, str]:
    region = world.dynamodb.region(call.account, call.region)
    arn = call.params["ResourceArn"]
    table = table_by_arn(region, arn, call)
    if arn != table.arn and arn not in region.streams:
        raise refused("ResourceNotFoundException", f"Requested resource not found: ResourcArn: {arn} not found")
    return region, table, arn


def _revision(region: Region, current: Policy | None) -> str:
    """A number that grows: the milliseconds of the change."""
    at = int(region.clock.now() * 1000)
    return str(at if current is None else max(at, int(current.revision) + 1))


def _not_found(arn: str) -> Fault:
    return refused("PolicyNotFoundException", f"Resource-based policy not found for the provided ResourceArn: {arn}")
