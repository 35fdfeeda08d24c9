"""Backups on demand: CreateBackup, DescribeBackup, ListBackups, DeleteBackup.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Backup.Tutorial.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from uuid import uuid4

from asl_interpreter.jsontext import JSON
from emulator.dynamodb.control.descriptions import key_schema, projection
from emulator.dynamodb.copies import snapshots
from emulator.dynamodb.copies.snapshots import Snapshot
from emulator.dynamodb.model.store import Region, World
from emulator.dynamodb.model.tables import Table
from emulator.dynamodb.rejections import invalid, refused
from emulator.wire.protocol import Call

SYSTEM_BACKUP_LIFE = 35 * 86_400.0
_ARN = re.compile(r"arn:[^:]+:dynamodb:[^:]+:[0-9]{12}:table/[a-zA-Z0-9_.-]+/backup/[0-9]+-[0-9a-f]+")


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup: what was in a table, and how the table was set."""

    arn: str
    name: str
    kind: str
    created: float
    expires: float | None
    snapshot: Snapshot
    features: dict[str, JSON]
    """Wire form of what the table had beside its keys and items."""

    def details(self, status: str = "AVAILABLE") -> dict[str, JSON]:
        """The BackupDetails."""
        shown: dict[str, JSON] = {
            "BackupArn": self.arn,
            "BackupName": self.name,
            "BackupSizeBytes": self.snapshot.size,
            "BackupStatus": status,
            "BackupType": self.kind,
            "BackupCreationDateTime": self.created,
        }
        if self.expires is not None:
            shown["BackupExpiryDateTime"] = self.expires
        return shown

    def description(self, status: str = "AVAILABLE") -> dict[str, JSON]:
        """The BackupDescription."""
        table = self.snapshot.definition
        source: dict[str, JSON] = {
            "TableName": table.name,
            "TableId": table.table_id,
            "TableArn": table.arn,
            "TableSizeBytes": self.snapshot.size,
            "KeySchema": key_schema(table.key),
            "TableCreationDateTime": table.created,
            "ProvisionedThroughput": {
                name: table.throughput[name] for name in ("ReadCapacityUnits", "WriteCapacityUnits")
            },
            "ItemCount": len(self.snapshot.items),
            "BillingMode": table.billing_mode,
        }
        if "OnDemandThroughput" in table.settings:
            source["OnDemandThroughput"] = table.settings["OnDemandThroughput"]
        return {
            "BackupDetails": self.details(status),
            "SourceTableDetails": source,
            "SourceTableFeatureDetails": self.features,
        }

    def summary(self) -> dict[str, JSON]:
        """The BackupSummary."""
        table = self.snapshot.definition
        return {"TableName": table.name, "TableId": table.table_id, "TableArn": table.arn, **self.details()}


def create_backup(world: World, call: Call) -> dict[str, JSON]:
    """CreateBackup."""
    region = world.dynamodb.region(call.account, call.region)
    table = region.backed_up(call.params["TableName"])
    return {"BackupDetails": keep(region, table, call.params["BackupName"]).details("CREATING")}


def keep(region: Region, table: Table, name: str, kind: str = "USER") -> Backup:
    """Back a table up as it is now."""
    now = round(region.clock.now(), 3)
    arn = f"{table.arn}/backup/{int(now * 1000):017}-{uuid4().hex[:8]}"
    expires = now + SYSTEM_BACKUP_LIFE if kind == "SYSTEM" else None
    with table.lock:
        backup = Backup(arn, name, kind, now, expires, snapshots.take(table), _features(table))
    region.backups[arn] = backup
    return backup


def _features(table: Table) -> dict[str, JSON]:
    shown: dict[str, JSON] = {}
    for member, is_global in (("LocalSecondaryIndexes", False), ("GlobalSecondaryIndexes", True)):
        indexes: list[JSON] = [
            {
                "IndexName": index.name,
                "KeySchema": key_schema(index.key),
                "Projection": projection(index),
                **{name: index.settings[name] for name in _INDEX_THROUGHPUT if name in index.settings},
            }
            for index in table.indexes.values()
            if index.is_global is is_global
        ]
        if indexes:
            shown[member] = indexes
    for member, setting in (("StreamDescription", "StreamSpecification"), ("SSEDescription", "SSEDescription")):
        if setting in table.settings:
            shown[member] = table.settings[setting]
    if table.expiry is not None:
        shown["TimeToLiveDescription"] = {"TimeToLiveStatus": "ENABLED", "AttributeName": table.expiry.attribute}
    return shown


_INDEX_THROUGHPUT = ("ProvisionedThroughput", "OnDemandThroughput")


def describe_backup(world: World, call: Call) -> dict[str, JSON]:
    """DescribeBackup."""
    region = world.dynamodb.region(call.account, call.region)
    return {"BackupDescription": named_backup(region, call.params["BackupArn"]).description()}


def delete_backup(world: World, call: Call) -> dict[str, JSON]:
    """DeleteBackup: those that the system made stay until they expire."""
    region = world.dynamodb.region(call.account, call.region)
    backup = named_backup(region, call.params["BackupArn"])
    if backup.kind == "SYSTEM":
        raise invalid("Invalid Request: System backups cannot be deleted")
    del region.backups[backup.arn]
    return {"BackupDescription": backup.description("DELETED")}


def list_backups(world: World, call: Call) -> dict[str, JSON]:
    """ListBackups: oldest first, a page at a time; those that users made unless another kind is asked for."""
    params = call.params
    region = world.dynamodb.region(call.account, call.region)
    kind, name = params.get("BackupType") or "USER", params.get("TableName")
    low, high = params.get("TimeRangeLowerBound"), params.get("TimeRangeUpperBound")
    backups = [
        backup
        for backup in _alive(region)
        if kind in ("ALL", backup.kind)
        and (name is None or name in (backup.snapshot.definition.name, backup.snapshot.source))
        and (low is None or backup.created >= low)
        and (high is None or backup.created < high)
    ]
    after = params.get("ExclusiveStartBackupArn")
    if after is not None:
        start = named_backup(region, after)
        backups = [backup for backup in backups if (backup.created, backup.arn) > (start.created, start.arn)]
    limit = params.get("Limit") or 100
    answer: dict[str, JSON] = {"BackupSummaries": [backup.summary() for backup in backups[:limit]]}
    if len(backups) > limit:
        answer["LastEvaluatedBackupArn"] = backups[limit - 1].arn
    return answer


def named_backup(region: Region, arn: str) -> Backup:
    """The backup by its ARN.

    Raises:
        Fault: it is no ARN of a backup, or there is none.
    """
    if _ARN.fullmatch(arn) is None:
        raise invalid("Invalid Request: BackupArn is not valid")
    backup = next((backup for backup in _alive(region) if backup.arn == arn), None)
    if backup is None:
        raise refused("BackupNotFoundException", f"Backup not found: {arn}")
    return backup


def _alive(region: Region) -> list[Backup]:
    now = region.clock.now()
    backups: list[Backup] = [
        backup for backup in region.backups.values() if backup.expires is None or backup.expires > now
    ]
    return sorted(backups, key=lambda backup: (backup.created, backup.arn))
