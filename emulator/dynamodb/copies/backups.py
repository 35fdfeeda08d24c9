"""Backups on demand: CreateBackup, DescribeBackup, ListBackups, DeleteBackup.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Backup.Tutorial.html
"""

from __future__ import annotations

import re

from asl_interpreter.jsontext import JSON
from emulator.dynamodb.model.backups import Backup, keep
from emulator.dynamodb.model.store import DynamoDBWorld, Region
from emulator.dynamodb.rejections import invalid, refused
from emulator.wire.protocol import Call

_ARN = re.compile(r"arn:[^:]+:dynamodb:[^:]+:[0-9]{12}:table/[a-zA-Z0-9_.-]+/backup/[0-9]+-[0-9a-f]+")


def create_backup(world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
    """CreateBackup."""
    region = world.dynamodb.region(call.account, call.region)
    table = region.backed_up(call.params["TableName"])
    return {"BackupDetails": keep(region, table, call.params["BackupName"]).details("CREATING")}


def describe_backup(world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
    """DescribeBackup."""
    region = world.dynamodb.region(call.account, call.region)
    return {"BackupDescription": named_backup(region, call.params["BackupArn"]).description()}


def delete_backup(world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
    """DeleteBackup: those that the system made stay until they expire."""
    region = world.dynamodb.region(call.account, call.region)
    backup = named_backup(region, call.params["BackupArn"])
    if backup.kind == "SYSTEM":
        raise invalid("Invalid Request: System backups cannot be deleted")
    del region.backups[backup.arn]
    return {"BackupDescription": backup.description("DELETED")}


def list_backups(world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
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
