"""Restores: a new table from a backup, or from another table as it was at an instant.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_RestoreTableToPointInTime.html and
API_RestoreTableFromBackup.html; wording as observed on AWS where it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from uuid import uuid4

from asl_interpreter.jsontext import JSON
from emulator.dynamodb.control import definitions
from emulator.dynamodb.control.descriptions import describe
from emulator.dynamodb.copies.backups import named_backup
from emulator.dynamodb.model import lifecycles
from emulator.dynamodb.model.schema import Index, key_schema, projection
from emulator.dynamodb.model.snapshots import Snapshot, blank, take
from emulator.dynamodb.model.store import DynamoDBWorld, Region
from emulator.dynamodb.model.tables import Table
from emulator.dynamodb.rejections import invalid, refused, unsupported
from emulator.wire.protocol import Call


def restore_table_from_backup(world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
    """RestoreTableFromBackup."""
    region = world.dynamodb.region(call.account, call.region)
    backup = named_backup(region, call.params["BackupArn"])
    return _restore(region, backup.snapshot, call.params, {"SourceBackupArn": backup.arn}, backup.created)


def restore_table_to_point_in_time(world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
    """RestoreTableToPointInTime: also from another region of the account, by the source's ARN."""
    params = call.params
    instant, latest = params.get("RestoreDateTime"), bool(params.get("UseLatestRestorableTime"))
    if (instant is None) is not latest:
        raise invalid(
            "Invalid Request: Either one of RestoreDateTime or UseLatestRestorableTime must be specified, but not both"
        )
    source = _source(world, call)
    with source.lock:
        journal = source.attached.journal
        if journal is None:
            raise refused(
                "PointInTimeRecoveryUnavailableException",
                f"Point in time recovery is not enabled for table '{source.name}'",
            )
        earliest, newest = journal.bounds()
        instant = newest if instant is None else instant
        if not earliest <= instant <= newest:
            raise refused(
                "InvalidRestoreTimeException",
                "An invalid restore time was specified. RestoreDateTime must be between EarliestRestorableDateTime "
                "and LatestRestorableDateTime.",
            )
        snapshot = take(source, journal.items_at(instant))
    return _restore(world.dynamodb.region(call.account, call.region), snapshot, params, {}, instant)


def _source(world: DynamoDBWorld, call: Call) -> Table:
    arn = call.params.get("SourceTableArn")
    name = arn or call.params.get("SourceTableName")
    if name is None:
        raise invalid("Invalid Request: Either SourceTableArn or SourceTableName must be specified")
    region = arn.split(":")[3] if arn is not None and arn.count(":") > 4 else call.region
    return world.dynamodb.region(call.account, region).backed_up(name)


def _restore(
    region: Region, snapshot: Snapshot, params: Mapping[str, JSON], source: Mapping[str, JSON], instant: float
) -> dict[str, JSON]:
    if params.get("VectorIndexOverride") is not None:
        raise unsupported("VectorIndexOverride of a restore")
    name = params["TargetTableName"]
    with region.lock:
        if region.find(name) is not None:
            raise refused("TableAlreadyExistsException", f"Table already exists: {name}")
        table = restored(snapshot, region, params)
        table.settings["RestoreSummary"] = {**source, "SourceTableArn": snapshot.source, "RestoreDateTime": instant}
        region.tables[name] = table
        lifecycles.create(table, region.clock.now(), region.durations)
        return {"TableDescription": describe(table)}


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
        encrypted = definitions.encryption(params["SSESpecificationOverride"], region, table.name)
        if encrypted is not None:
            table.settings["SSEDescription"] = encrypted
    for item in snapshot.items:
        table.put(table.position(item.attributes), item)
    return table


def _override_billing(table: Table, params: Mapping[str, JSON]) -> None:
    mode = params.get("BillingModeOverride") or table.billing.mode
    throughput = params.get("ProvisionedThroughputOverride")
    if mode != table.billing.mode or throughput is not None:
        table.billing.throughput = {"NumberOfDecreasesToday": 0, **definitions.read_throughput(mode, throughput)}
    table.billing.mode = mode
    table.billing.on_demand_since = table.created if mode == "PAY_PER_REQUEST" else None
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
    if table.billing.mode == "PAY_PER_REQUEST":
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
