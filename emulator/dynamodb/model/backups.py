"""Backups: what was in a table at a moment, and how the table was set.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Backup.Tutorial.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

from asl_interpreter.jsontext import JSON
from emulator.dynamodb.model import snapshots
from emulator.dynamodb.model.schema import key_schema, projection
from emulator.dynamodb.model.snapshots import Snapshot
from emulator.dynamodb.model.tables import Table

if TYPE_CHECKING:
    from emulator.dynamodb.model.store import Region

SYSTEM_BACKUP_LIFE = 35 * 86_400.0


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
                name: table.billing.throughput[name] for name in ("ReadCapacityUnits", "WriteCapacityUnits")
            },
            "ItemCount": len(self.snapshot.items),
            "BillingMode": table.billing.mode,
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
