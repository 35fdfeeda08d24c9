"""Restores: a new table from a backup, or from another table as it was at an instant.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_RestoreTableToPointInTime.html and
API_RestoreTableFromBackup.html; wording as observed on AWS where it was.
"""

from __future__ import annotations

from collections.abc import Mapping

from asl_interpreter.jsontext import JSON
from emulator.dynamodb.control.descriptions import describe
from emulator.dynamodb.copies import snapshots
from emulator.dynamodb.copies.backups import named_backup
from emulator.dynamodb.copies.snapshots import Snapshot
from emulator.dynamodb.model import lifecycles
from emulator.dynamodb.model.store import Region, World
from emulator.dynamodb.model.tables import Table
from emulator.dynamodb.rejections import invalid, refused, unsupported
from emulator.wire.protocol import Call


def restore_table_from_backup(world: World, call: Call) -> dict[str, JSON]:
    """RestoreTableFromBackup."""
    region = world.dynamodb.region(call.account, call.region)
    backup = named_backup(region, call.params["BackupArn"])
    return _restore(region, backup.snapshot, call.params, {"SourceBackupArn": backup.arn}, backup.created)


def restore_table_to_point_in_time(world: World, call: Call) -> dict[str, JSON]:
    """RestoreTableToPointInTime: also from another region of the account, by the source's ARN."""
    params = call.params
    instant, latest = params.get("RestoreDateTime"), bool(params.get("UseLatestRestorableTime"))
    if (instant is None) is not latest:
        raise invalid(
            "Invalid Request: Either one of RestoreDateTime or UseLatestRestorableTime must be specified, but not both"
        )
    source = _source(world, call)
    with source.lock:
        journal = source.journal
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
        snapshot = snapshots.take(source, journal.items_at(instant))
    return _restore(world.dynamodb.region(call.account, call.region), snapshot, params, {}, instant)


def _source(world: World, call: Call) -> Table:
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
        table = snapshots.restored(snapshot, region, params)
        table.settings["RestoreSummary"] = {**source, "SourceTableArn": snapshot.source, "RestoreDateTime": instant}
        region.tables[name] = table
        lifecycles.create(table, region.clock.now(), region.durations)
        return {"TableDescription": describe(table)}
