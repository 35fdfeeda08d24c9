"""Auto scaling of a global table's replicas: its settings are kept and shown; capacity stays as it was set.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTableReplicaAutoScaling.html
"""

from __future__ import annotations

from collections.abc import Mapping

from asl_interpreter.jsontext import JSON
from emulator.dynamodb.model.store import DynamoDBWorld
from emulator.dynamodb.model.tables import Table
from emulator.dynamodb.rejections import invalid_values, refused
from emulator.wire.protocol import Call

_READS = "ReplicaProvisionedReadCapacityAutoScalingSettings"
_WRITES = "ReplicaProvisionedWriteCapacityAutoScalingSettings"
_INDEX_READS = "ProvisionedReadCapacityAutoScalingSettings"
_INDEX_WRITES = "ProvisionedWriteCapacityAutoScalingSettings"


def describe_table_replica_auto_scaling(world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
    """DescribeTableReplicaAutoScaling."""
    table = world.dynamodb.region(call.account, call.region).named(call.params["TableName"])
    return {"TableAutoScalingDescription": _description(table, "ACTIVE")}


def update_table_replica_auto_scaling(world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
    """UpdateTableReplicaAutoScaling: writes scale alike in all replicas, reads in each by itself."""
    params = call.params
    table = world.dynamodb.region(call.account, call.region).named(params["TableName"])
    if table.replication.group is None:
        raise invalid_values(f"Table {table.name} is not a global table")
    with table.lock:
        replicas = {update["RegionName"]: update for update in params.get("ReplicaUpdates") or ()}
        for region in replicas:
            if region not in table.replication.group.tables:
                raise invalid_values(f"Table {table.name} has no replica in region {region}")
        for update in params.get("GlobalSecondaryIndexUpdates") or ():
            _check_index(table, update.get("IndexName"))
        for region, replica in table.replication.group.tables.items():
            _set(replica.replication.scaling, _WRITES, params.get("ProvisionedWriteCapacityAutoScalingUpdate"))
            for update in params.get("GlobalSecondaryIndexUpdates") or ():
                member = update.get("ProvisionedWriteCapacityAutoScalingUpdate")
                _set(_index(replica, update["IndexName"]), _INDEX_WRITES, member)
            update = replicas.get(region, {})
            _set(replica.replication.scaling, _READS, update.get("ReplicaProvisionedReadCapacityAutoScalingUpdate"))
            for entry in update.get("ReplicaGlobalSecondaryIndexUpdates") or ():
                _check_index(table, entry.get("IndexName"))
                member = entry.get("ProvisionedReadCapacityAutoScalingUpdate")
                _set(_index(replica, entry["IndexName"]), _INDEX_READS, member)
        return {"TableAutoScalingDescription": _description(table, "UPDATING")}


def _check_index(table: Table, name: str | None) -> None:
    index = None if name is None else table.indexes.get(name)
    if index is None or not index.is_global:
        raise refused("ResourceNotFoundException", f"Requested resource not found: Index {name} for table {table.name}")


def _index(replica: Table, name: str) -> dict[str, JSON]:
    entry: dict[str, JSON] = replica.replication.scaling.setdefault("GlobalSecondaryIndexes", {}).setdefault(name, {})
    return entry


def _set(kept: dict[str, JSON], name: str, update: Mapping[str, JSON] | None) -> None:
    """Keep an AutoScalingSettingsUpdate as the AutoScalingSettingsDescription that shows it."""
    if update is None:
        return
    shown = {key: value for key, value in update.items() if key != "ScalingPolicyUpdate"}
    policy = update.get("ScalingPolicyUpdate")
    kept[name] = {**kept.get(name, {}), **shown, **({"ScalingPolicies": [policy]} if policy else {})}


def _description(table: Table, status: str) -> dict[str, JSON]:
    tables = table.replication.group.tables.values() if table.replication.group is not None else ()
    return {
        "TableName": table.name,
        "TableStatus": status,
        "Replicas": [
            {
                "RegionName": replica.region,
                "ReplicaStatus": status,
                **{
                    name: replica.replication.scaling[name]
                    for name in (_READS, _WRITES)
                    if name in replica.replication.scaling
                },
                "GlobalSecondaryIndexes": [
                    {"IndexName": name, "IndexStatus": "ACTIVE", **settings}
                    for name, settings in replica.replication.scaling.get("GlobalSecondaryIndexes", {}).items()
                    if name in replica.indexes
                ],
            }
            for replica in tables
        ],
    }
