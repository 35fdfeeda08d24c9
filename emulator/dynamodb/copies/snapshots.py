"""Snapshots: a table's definition and its items at one moment, from which a table can be made again.

Items never change, so a snapshot holds the same ones that the table holds.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/backuprestore_HowItWorks.html, which also says
what a restored table does not take over: streams, TTL, tags, deletion protection, point-in-time recovery.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from uuid import uuid4

from asl_interpreter.jsontext import JSON
from emulator.dynamodb.control import definitions
from emulator.dynamodb.control.descriptions import key_schema, projection
from emulator.dynamodb.model.schema import Index
from emulator.dynamodb.model.store import Region
from emulator.dynamodb.model.tables import Item, Table
from emulator.dynamodb.rejections import invalid

_KEPT_SETTINGS = ("SSEDescription", "TableClassSummary", "OnDemandThroughput", "WarmThroughput")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """``definition`` is a table without items; ``source`` is the ARN of the one that the snapshot is of."""

    definition: Table
    items: tuple[Item, ...]
    source: str

    @property
    def size(self) -> int:
        """Bytes of all items."""
        return sum(item.size for item in self.items)


def take(table: Table, items: Iterable[Item] | None = None) -> Snapshot:
    """The table as it is, or with other items than it has now. The table's lock is held."""
    kept = tuple(table.items.values() if items is None else items)
    return Snapshot(blank(table), kept, table.arn)


def blank(table: Table) -> Table:
    """A table of its own with the same definition, and nothing in it."""
    return Table(
        name=table.name,
        arn=table.arn,
        table_id=table.table_id,
        account=table.account,
        region=table.region,
        created=table.created,
        key=table.key,
        indexes=dict(table.indexes),
        vector_indexes=dict(table.vector_indexes),
        attribute_types=dict(table.attribute_types),
        billing_mode=table.billing_mode,
        throughput={**table.throughput},
        settings={name: table.settings[name] for name in _KEPT_SETTINGS if name in table.settings},
        on_demand_since=table.on_demand_since,
    )


def restored(snapshot: Snapshot, region: Region, params: Mapping[str, JSON]) -> Table:
    """A new table with the items of a snapshot, as RestoreTableFromBackup's and its like's parameters want it.

    Raises:
        Fault: an override asks for what the snapshot's table did not have.
    """
    table = blank(snapshot.definition)
    table.name = params["TargetTableName"]
    table.arn = region.arn(f"table/{table.name}")
    table.table_id = str(uuid4())
    table.region, table.account = region.name, region.account
    table.created = round(region.clock.now(), 3)
    table.settings["DeletionProtectionEnabled"] = False
    _override_billing(table, params)
    indexes = _overridden_indexes(table, params)
    used = {*table.key.names, *(name for index in indexes for name in index.key.names)}
    used.update(name for index in table.vector_indexes.values() for name in index.schema)
    table.attribute_types = {name: kind for name, kind in table.attribute_types.items() if name in used}
    table.define_indexes(indexes)
    if params.get("SSESpecificationOverride") is not None:
        table.settings.pop("SSEDescription", None)
        encrypted = definitions.encryption(params["SSESpecificationOverride"], region.default_key())
        if encrypted is not None:
            table.settings["SSEDescription"] = encrypted
    for item in snapshot.items:
        table.put(table.position(item.attributes), item)
    return table


def _override_billing(table: Table, params: Mapping[str, JSON]) -> None:
    mode = params.get("BillingModeOverride") or table.billing_mode
    throughput = params.get("ProvisionedThroughputOverride")
    if mode != table.billing_mode or throughput is not None:
        table.throughput = {"NumberOfDecreasesToday": 0, **definitions.read_throughput(mode, throughput)}
    table.billing_mode = mode
    table.on_demand_since = table.created if mode == "PAY_PER_REQUEST" else None
    limits = params.get("OnDemandThroughputOverride")
    if limits is not None:
        definitions.check_on_demand(mode, limits)
        table.settings["OnDemandThroughput"] = limits


def _overridden_indexes(table: Table, params: Mapping[str, JSON]) -> list[Index]:
    indexes: list[Index] = []
    for member, is_global in (("LocalSecondaryIndexOverride", False), ("GlobalSecondaryIndexOverride", True)):
        wanted = params.get(member)
        if wanted is None:
            indexes += [index for index in table.indexes.values() if index.is_global is is_global]
        else:
            indexes += [_overridden(table, wire, is_global=is_global) for wire in wanted]
    if table.billing_mode == "PAY_PER_REQUEST":
        indexes = [replace(index, settings=_without_throughput(index.settings)) for index in indexes]
    return indexes


def _overridden(table: Table, wire: Mapping[str, JSON], *, is_global: bool) -> Index:
    index = table.indexes.get(wire["IndexName"])
    if index is None or index.is_global is not is_global or not _same(index, wire):
        raise invalid(
            f"Invalid Request: Index {wire['IndexName']} does not match a secondary index that existed in the source "
            "table and cannot be created during the restore operation"
        )
    settings = {name: wire[name] for name in definitions.INDEX_SETTINGS if wire.get(name) is not None}
    return replace(index, settings=settings or index.settings)


def _same(index: Index, wire: Mapping[str, JSON]) -> bool:
    wanted = dict(wire["Projection"])
    wanted["NonKeyAttributes"] = sorted(wanted.get("NonKeyAttributes") or ())
    has = {"NonKeyAttributes": [], **projection(index)}
    has["NonKeyAttributes"] = sorted(has["NonKeyAttributes"])
    return bool(wire["KeySchema"] == key_schema(index.key) and wanted == has)


def _without_throughput(settings: Mapping[str, JSON]) -> dict[str, JSON]:
    return {name: value for name, value in settings.items() if name != "ProvisionedThroughput"}
