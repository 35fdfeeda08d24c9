"""Time to live: its settings. The items go by themselves: see ``Table.expire``.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html; wording as observed on AWS.
"""

from __future__ import annotations

from asl_interpreter.jsontext import JSON
from emulator.dynamodb.control import replicas
from emulator.dynamodb.model import lifecycles
from emulator.dynamodb.model.store import DynamoDBWorld
from emulator.dynamodb.model.tables import Table
from emulator.dynamodb.rejections import invalid
from emulator.wire.protocol import Call

SETTLING = 1800.0
"""Seconds after a change of the settings in which AWS refuses another."""


def describe_time_to_live(world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
    """DescribeTimeToLive."""
    table = _table(world, call, "describe")
    if table.expiry is None:
        return {"TimeToLiveDescription": {"TimeToLiveStatus": "DISABLED"}}
    return {"TimeToLiveDescription": {"TimeToLiveStatus": "ENABLED", "AttributeName": table.expiry.attribute}}


def update_time_to_live(world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
    """UpdateTimeToLive."""
    wanted = call.params["TimeToLiveSpecification"]
    attribute, now = wanted["AttributeName"], world.clock.now()
    table = _table(world, call, "update")
    with table.lock:
        if table.replication.is_strong:
            raise invalid("Time to Live (TTL) is not supported for MRSC global tables")
        active = table.expiry.attribute if table.expiry else None
        if wanted["Enabled"]:
            if active == attribute:
                raise invalid("TimeToLive is already enabled")
            if active is not None:
                raise _active_on(active)
        elif active is None:
            raise invalid("TimeToLive is already disabled")
        elif active != attribute:
            raise _active_on(active)
        if table.ttl_changed is not None and now - table.ttl_changed < SETTLING:
            raise invalid("Time to live has been modified multiple times within a fixed interval")
        table.set_expiry(attribute if wanted["Enabled"] else None)
        table.ttl_changed = now
        replicas.spread(table)
    return {"TimeToLiveSpecification": {"Enabled": wanted["Enabled"], "AttributeName": attribute}}


def _table(world: DynamoDBWorld, call: Call, verb: str) -> Table:
    region = world.dynamodb.region(call.account, call.region)
    table = region.find(call.params["TableName"])
    if table is not None and lifecycles.status(table) == "CREATING":
        raise invalid(f"Cannot {verb} time to live while table is in CREATING state: Current table state is CREATING")
    return region.table(call.params["TableName"])


def _active_on(attribute: str) -> Exception:
    return invalid(f"TimeToLive is active on a different AttributeName: current AttributeName is {attribute}")
