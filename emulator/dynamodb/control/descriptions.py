"""Descriptions: a table and its indexes as DescribeTable and its like show them.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TableDescription.html; which members are
absent, and when, as observed on AWS.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from asl_interpreter.jsontext import JSON
from emulator.dynamodb.control.definitions import ON_DEMAND_WARM
from emulator.dynamodb.model import lifecycles
from emulator.dynamodb.model.schema import Index, key_schema, projection
from emulator.dynamodb.model.tables import Table
from emulator.dynamodb.model.vector_indexes import VectorIndex

if TYPE_CHECKING:
    from emulator.dynamodb.control.replicas import Group


def describe(table: Table) -> dict[str, JSON]:
    """The TableDescription. The table's lock is held."""
    shown: dict[str, JSON] = {
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": kind} for name, kind in sorted(table.attribute_types.items())
        ],
        "TableName": table.name,
        "KeySchema": key_schema(table.key),
        "TableStatus": lifecycles.status(table),
        "CreationDateTime": table.created,
        "ProvisionedThroughput": {**table.billing.throughput},
        "TableSizeBytes": table.items.size,
        "ItemCount": len(table.items),
        "TableArn": table.arn,
        "TableId": table.table_id,
        **_warm(table, table.settings.get("WarmThroughput"), table.billing.throughput),
    }
    if table.billing.on_demand_since is not None:
        shown["BillingModeSummary"] = {
            "BillingMode": table.billing.mode,
            "LastUpdateToPayPerRequestDateTime": table.billing.on_demand_since,
        }
    for member, is_global in (("LocalSecondaryIndexes", False), ("GlobalSecondaryIndexes", True)):
        indexes = [index for index in table.indexes.values() if index.is_global is is_global]
        if indexes:
            shown[member] = [describe_index(table, index) for index in indexes]
    if table.vector_indexes:
        shown["VectorIndexes"] = [describe_vector_index(table, index) for index in table.vector_indexes.values()]
    for phase in table.phases.values():
        if phase.gone is not None:
            member, index_shown = phase.gone
            shown.setdefault(member, []).append({**index_shown, **phase.shown()})
    if table.replication.group is not None:
        shown |= _describe_group(table, table.replication.group)
    shown.update({name: value for name, value in table.settings.items() if name != "WarmThroughput"})
    if "RestoreSummary" in shown:
        shown["RestoreSummary"] = {**shown["RestoreSummary"], "RestoreInProgress": shown["TableStatus"] == "CREATING"}
    return shown


def _describe_group(table: Table, group: Group) -> dict[str, JSON]:
    """What a replica shows of its global table."""
    shown: dict[str, JSON] = {"GlobalTableVersion": "2019.11.21", "Replicas": group.described(table)}
    if table.replication.is_strong:
        shown["MultiRegionConsistency"] = "STRONG"
    if group.witness is not None:
        shown["GlobalTableWitnesses"] = [{"RegionName": group.witness, "WitnessStatus": "ACTIVE"}]
    return shown


def describe_deleted(table: Table) -> dict[str, JSON]:
    """What DeleteTable answers: what the table held and what it cost, and nothing of how it was made."""
    shown = describe(table)
    return {name: shown[name] for name in _DELETED if name in shown}


_DELETED: Final = (
    *("TableName", "TableStatus", "ProvisionedThroughput", "TableSizeBytes", "ItemCount", "TableArn", "TableId"),
    *("BillingModeSummary", "DeletionProtectionEnabled"),
)


def describe_index(table: Table, index: Index) -> dict[str, JSON]:
    """The description of an index in its table's."""
    entries = table.index_items[index.name]
    shown: dict[str, JSON] = {
        "IndexName": index.name,
        "KeySchema": key_schema(index.key),
        "Projection": projection(index),
        "IndexSizeBytes": entries.size,
        "ItemCount": len(entries),
        "IndexArn": f"{table.arn}/index/{index.name}",
    }
    if index.is_global:
        throughput = {
            "ReadCapacityUnits": 0,
            "WriteCapacityUnits": 0,
            **index.settings.get("ProvisionedThroughput", {}),
        }
        shown["IndexStatus"] = "ACTIVE"
        shown["ProvisionedThroughput"] = {"NumberOfDecreasesToday": 0, **throughput}
        shown |= _warm(table, index.settings.get("WarmThroughput"), throughput)
        if "OnDemandThroughput" in index.settings:
            shown["OnDemandThroughput"] = index.settings["OnDemandThroughput"]
    return {**shown, **_phase_shown(table, index.name)}


def _phase_shown(table: Table, name: str) -> dict[str, JSON]:
    phase = table.phases.get(name)
    return {} if phase is None else phase.shown()


def describe_vector_index(table: Table, index: VectorIndex) -> dict[str, JSON]:
    """The description of a vector index in its table's."""
    held = [item for item in table.items.values() if index.has(item.attributes)]
    return {
        **index.wire,
        "IndexStatus": "ACTIVE",
        "IndexSizeBytes": sum(item.size for item in held),
        "ItemCount": len(held),
        "IndexArn": f"{table.arn}/index/{index.name}",
        **_phase_shown(table, index.name),
    }


def _warm(table: Table, asked: JSON, throughput: dict[str, JSON]) -> dict[str, JSON]:
    """The throughput that is there at once. While a table is being created, only that which was asked for is shown."""
    is_creating = lifecycles.status(table) == "CREATING"
    if is_creating and not asked:
        return {}
    warm = ON_DEMAND_WARM
    if throughput["ReadCapacityUnits"]:
        warm = {
            "ReadUnitsPerSecond": throughput["ReadCapacityUnits"],
            "WriteUnitsPerSecond": throughput["WriteCapacityUnits"],
        }
    return {"WarmThroughput": {**warm, **(asked or {}), "Status": "UPDATING" if is_creating else "ACTIVE"}}
