"""Backups, point-in-time recovery and restores. Facts of AWS's documentation and answers seen on AWS."""

from __future__ import annotations

from typing import Any

import pytest
from dynamodb_service import ACCOUNT, REGION, Service
from hypothesis import given, settings
from hypothesis import strategies as st

ARN = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/tab"
INDEX = {
    "IndexName": "by_g",
    "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
    "Projection": {"ProjectionType": "ALL"},
}
DAY = 86_400.0


def item(p: str, n: int) -> dict[str, Any]:
    return {"p": {"S": p}, "n": {"N": str(n)}, "g": {"S": f"g{n}"}}


def put(ddb: Service, *items: dict[str, Any], table: str = "tab") -> None:
    for each in items:
        ddb.call("PutItem", TableName=table, Item=each)


def items(ddb: Service, table: str) -> list[dict[str, Any]]:
    return sorted(ddb.call("Scan", TableName=table)["Items"], key=lambda found: found["p"]["S"])


def recovery(ddb: Service, *, on: bool = True, **more: Any) -> dict[str, Any]:
    answer = ddb.call(
        "UpdateContinuousBackups",
        TableName="tab",
        PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": on, **more},
    )
    return answer["ContinuousBackupsDescription"]


@pytest.fixture
def table(ddb: Service) -> Service:
    ddb.table("tab", attributes={"g": "S"}, GlobalSecondaryIndexes=[INDEX])
    return ddb


# --- backups ---------------------------------------------------------------------------------------------------------


def test_a_backup_keeps_the_items_of_its_moment(table: Service) -> None:
    put(table, item("a", 1), item("b", 2))
    made = table.call("CreateBackup", TableName="tab", BackupName="first")["BackupDetails"]
    assert made["BackupStatus"] == "CREATING"
    assert made["BackupArn"].startswith(f"{ARN}/backup/")
    table.call("DeleteItem", TableName="tab", Key={"p": {"S": "a"}})
    put(table, item("c", 3))
    described = table.call("DescribeBackup", BackupArn=made["BackupArn"])["BackupDescription"]
    assert described["BackupDetails"] == {**made, "BackupStatus": "AVAILABLE"}
    assert described["SourceTableDetails"]["ItemCount"] == 2
    assert [index["IndexName"] for index in described["SourceTableFeatureDetails"]["GlobalSecondaryIndexes"]] == [
        "by_g"
    ]
    answer = table.call("RestoreTableFromBackup", TargetTableName="again", BackupArn=made["BackupArn"])
    shown = answer["TableDescription"]
    assert (shown["TableStatus"], shown["RestoreSummary"]["RestoreInProgress"]) == ("CREATING", True)
    assert items(table, "again") == [item("a", 1), item("b", 2)]
    assert items(table, "tab") == [item("b", 2), item("c", 3)]
    now = table.call("DescribeTable", TableName="again")["Table"]
    assert now["RestoreSummary"] == {
        "SourceBackupArn": made["BackupArn"],
        "SourceTableArn": ARN,
        "RestoreDateTime": made["BackupCreationDateTime"],
        "RestoreInProgress": False,
    }
    found = table.call(
        "Query",
        TableName="again",
        IndexName="by_g",
        KeyConditionExpression="g = :g",
        ExpressionAttributeValues={":g": {"S": "g2"}},
    )
    assert found["Items"] == [item("b", 2)]


def test_a_backup_outlives_its_table_until_it_is_deleted(table: Service) -> None:
    put(table, item("a", 1))
    arn = table.call("CreateBackup", TableName="tab", BackupName="first")["BackupDetails"]["BackupArn"]
    table.call("DeleteTable", TableName="tab")
    table.call("RestoreTableFromBackup", TargetTableName="tab", BackupArn=arn)
    assert items(table, "tab") == [item("a", 1)]
    gone = table.call("DeleteBackup", BackupArn=arn)["BackupDescription"]["BackupDetails"]
    assert gone["BackupStatus"] == "DELETED"
    refusal = table.refusal("DescribeBackup", BackupArn=arn)
    assert refusal == ("BackupNotFoundException", f"Backup not found: {arn}")
    assert table.call("ListBackups") == {"BackupSummaries": []}


def test_backups_are_listed_oldest_first_a_page_at_a_time(table: Service) -> None:
    table.table("other")
    for name in ("first", "second", "third"):
        table.clock.time += 10
        table.call("CreateBackup", TableName="other" if name == "second" else "tab", BackupName=name)

    def names(**params: Any) -> list[str]:
        return [entry["BackupName"] for entry in table.call("ListBackups", **params)["BackupSummaries"]]

    assert names() == ["first", "second", "third"]
    assert names(TableName="tab") == names(TableName=ARN) == ["first", "third"]
    assert names(TimeRangeLowerBound=table.clock.time - 10) == ["second", "third"]
    assert names(TimeRangeUpperBound=table.clock.time) == ["first", "second"]
    assert names(BackupType="SYSTEM") == []
    page = table.call("ListBackups", Limit=2)
    assert names(ExclusiveStartBackupArn=page["LastEvaluatedBackupArn"]) == ["third"]


def test_what_a_restored_table_does_not_take_over(table: Service) -> None:
    table.call("UpdateTimeToLive", TableName="tab", TimeToLiveSpecification={"Enabled": True, "AttributeName": "t"})
    table.call("TagResource", ResourceArn=ARN, Tags=[{"Key": "a", "Value": "1"}])
    table.call("UpdateTable", TableName="tab", DeletionProtectionEnabled=True)
    stream = {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
    table.call("UpdateTable", TableName="tab", StreamSpecification=stream)
    arn = table.call("CreateBackup", TableName="tab", BackupName="first")["BackupDetails"]["BackupArn"]
    features = table.call("DescribeBackup", BackupArn=arn)["BackupDescription"]["SourceTableFeatureDetails"]
    assert features["StreamDescription"] == stream
    assert features["TimeToLiveDescription"] == {"TimeToLiveStatus": "ENABLED", "AttributeName": "t"}
    table.call("RestoreTableFromBackup", TargetTableName="again", BackupArn=arn)
    shown = table.call("DescribeTable", TableName="again")["Table"]
    assert shown["DeletionProtectionEnabled"] is False
    assert "StreamSpecification" not in shown
    assert table.call("ListTagsOfResource", ResourceArn=shown["TableArn"]) == {"Tags": []}
    ttl = table.call("DescribeTimeToLive", TableName="again")["TimeToLiveDescription"]
    assert ttl == {"TimeToLiveStatus": "DISABLED"}


def test_a_restore_may_leave_indexes_out_and_bill_otherwise(table: Service) -> None:
    arn = table.call("CreateBackup", TableName="tab", BackupName="first")["BackupDetails"]["BackupArn"]
    units = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 6}
    table.call(
        "RestoreTableFromBackup",
        TargetTableName="again",
        BackupArn=arn,
        GlobalSecondaryIndexOverride=[],
        BillingModeOverride="PROVISIONED",
        ProvisionedThroughputOverride=units,
    )
    shown = table.call("DescribeTable", TableName="again")["Table"]
    assert "GlobalSecondaryIndexes" not in shown
    assert [part["AttributeName"] for part in shown["AttributeDefinitions"]] == ["p"]
    assert shown["ProvisionedThroughput"] == {"NumberOfDecreasesToday": 0, **units}


REFUSED: list[tuple[str, dict[str, Any], str, str]] = [
    ("CreateBackup", {"TableName": "nil", "BackupName": "one"}, "TableNotFoundException", "Table not found: nil"),
    ("DescribeBackup", {"BackupArn": "x" * 40}, "ValidationException", "Invalid Request: BackupArn is not valid"),
    (
        "DeleteBackup",
        {"BackupArn": f"{ARN}/backup/01489602797149-73d8d5bc"},
        "BackupNotFoundException",
        f"Backup not found: {ARN}/backup/01489602797149-73d8d5bc",
    ),
    ("DescribeContinuousBackups", {"TableName": "nil"}, "TableNotFoundException", "Table not found: nil"),
    (
        "UpdateContinuousBackups",
        {
            "TableName": "tab",
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": False, "RecoveryPeriodInDays": 3},
        },
        "ValidationException",
        "Invalid Request: Cannot specify RecoveryPeriodInDays when disabling point-in-time recovery.",
    ),
    (
        "RestoreTableToPointInTime",
        {"SourceTableName": "tab", "TargetTableName": "new"},
        "ValidationException",
        "Invalid Request: Either one of RestoreDateTime or UseLatestRestorableTime must be specified, but not both",
    ),
    (
        "RestoreTableToPointInTime",
        {"SourceTableName": "tab", "TargetTableName": "new", "UseLatestRestorableTime": True, "RestoreDateTime": 1},
        "ValidationException",
        "Invalid Request: Either one of RestoreDateTime or UseLatestRestorableTime must be specified, but not both",
    ),
    (
        "RestoreTableToPointInTime",
        {"SourceTableName": "nil", "TargetTableName": "new", "UseLatestRestorableTime": True},
        "TableNotFoundException",
        "Table not found: nil",
    ),
    (
        "RestoreTableToPointInTime",
        {"SourceTableName": "tab", "TargetTableName": "new", "UseLatestRestorableTime": True},
        "PointInTimeRecoveryUnavailableException",
        "Point in time recovery is not enabled for table 'tab'",
    ),
]


@pytest.mark.parametrize(("operation", "params", "code", "message"), REFUSED)
def test_refusals(table: Service, operation: str, params: dict[str, Any], code: str, message: str) -> None:
    assert table.refusal(operation, **params) == (code, message)


def test_a_restore_never_writes_over_a_table_nor_invents_an_index(table: Service) -> None:
    arn = table.call("CreateBackup", TableName="tab", BackupName="first")["BackupDetails"]["BackupArn"]
    refusal = table.refusal("RestoreTableFromBackup", TargetTableName="tab", BackupArn=arn)
    assert refusal == ("TableAlreadyExistsException", "Table already exists: tab")
    refusal = table.refusal(
        "RestoreTableFromBackup",
        TargetTableName="new",
        BackupArn=arn,
        GlobalSecondaryIndexOverride=[{**INDEX, "Projection": {"ProjectionType": "KEYS_ONLY"}}],
    )
    assert refusal == (
        "ValidationException",
        "Invalid Request: Index by_g does not match a secondary index that existed in the source table and cannot be "
        "created during the restore operation",
    )
    assert table.call("ListTables") == {"TableNames": ["tab"]}


# --- point-in-time recovery ------------------------------------------------------------------------------------------


def test_recovery_is_off_until_it_is_switched_on(table: Service) -> None:
    answer = table.call("DescribeContinuousBackups", TableName="tab")
    assert answer["ContinuousBackupsDescription"] == {
        "ContinuousBackupsStatus": "ENABLED",
        "PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "DISABLED"},
    }
    start = table.clock.time
    assert recovery(table)["PointInTimeRecoveryDescription"] == {
        "PointInTimeRecoveryStatus": "ENABLED",
        "RecoveryPeriodInDays": 35,
        "EarliestRestorableDateTime": start,
        "LatestRestorableDateTime": start,
    }
    table.clock.time += 3 * DAY
    shown = recovery(table, RecoveryPeriodInDays=2)["PointInTimeRecoveryDescription"]
    assert shown["EarliestRestorableDateTime"] == start + DAY
    assert shown["LatestRestorableDateTime"] == start + 3 * DAY - 300
    assert recovery(table, on=False)["PointInTimeRecoveryDescription"] == {"PointInTimeRecoveryStatus": "DISABLED"}


def test_a_table_is_restored_as_it_was_at_that_second(table: Service) -> None:
    put(table, item("a", 1))
    recovery(table)
    start = table.clock.time
    table.clock.time = start + 100.5
    put(table, item("a", 2), item("b", 1))
    table.clock.time = start + 200
    table.call("DeleteItem", TableName="tab", Key={"p": {"S": "a"}})
    table.clock.time = start + 1000
    for second, expected in (
        (0, [item("a", 1)]),
        (100, [item("a", 1)]),
        (101, [item("a", 2), item("b", 1)]),
        (200, [item("b", 1)]),
    ):
        name = f"at{second:03}"
        table.call(
            "RestoreTableToPointInTime", SourceTableName="tab", TargetTableName=name, RestoreDateTime=start + second
        )
        assert items(table, name) == expected
    table.call("RestoreTableToPointInTime", SourceTableArn=ARN, TargetTableName="latest", UseLatestRestorableTime=True)
    assert items(table, "latest") == [item("b", 1)]
    shown = table.call("DescribeTable", TableName="latest")["Table"]["RestoreSummary"]
    assert shown == {"SourceTableArn": ARN, "RestoreDateTime": start + 700, "RestoreInProgress": False}


def test_instants_outside_the_recovery_window_are_refused(table: Service) -> None:
    recovery(table, RecoveryPeriodInDays=1)
    start = table.clock.time
    table.clock.time += 2 * DAY
    for instant in (start, start + DAY - 1, table.clock.time - 299):
        code, message = table.refusal(
            "RestoreTableToPointInTime", SourceTableName="tab", TargetTableName="new", RestoreDateTime=instant
        )
        assert code == "InvalidRestoreTimeException"
        assert message == (
            "An invalid restore time was specified. RestoreDateTime must be between EarliestRestorableDateTime and "
            "LatestRestorableDateTime."
        )


def test_a_deleted_table_with_recovery_leaves_a_system_backup_for_35_days(table: Service) -> None:
    put(table, item("a", 1))
    recovery(table)
    table.call("DeleteTable", TableName="tab")
    assert table.call("ListBackups") == {"BackupSummaries": []}
    (kept,) = table.call("ListBackups", BackupType="SYSTEM")["BackupSummaries"]
    assert kept["BackupName"] == "tab$DeletedTableBackup"
    assert kept["BackupExpiryDateTime"] == table.clock.time + 35 * DAY
    table.call("RestoreTableFromBackup", TargetTableName="tab", BackupArn=kept["BackupArn"])
    assert items(table, "tab") == [item("a", 1)]
    table.clock.time += 35 * DAY
    assert table.call("ListBackups", BackupType="ALL") == {"BackupSummaries": []}


def test_the_journal_forgets_what_is_older_than_the_period() -> None:
    service = Service()
    service.table("tab")
    recovery(service, RecoveryPeriodInDays=1)
    for n in range(50):
        put(service, item("a", n))
        service.clock.time += DAY / 10
    journal: Any = service.world.dynamodb.region(ACCOUNT, REGION).tables["tab"].attached.journal
    assert len(journal._changes) == 11


ACTIONS = st.lists(
    st.tuples(st.sampled_from("abc"), st.none() | st.integers(0, 3), st.integers(0, 2)), min_size=1, max_size=25
)


@settings(max_examples=60, deadline=None)
@given(ACTIONS)
def test_every_second_of_a_random_history_is_restored_as_it_was(actions: list[tuple[str, int | None, int]]) -> None:
    service = Service()
    service.table("tab")
    recovery(service)
    states: dict[float, list[dict[str, Any]]] = {service.clock.time: []}
    model: dict[str, dict[str, Any]] = {}
    for key, value, seconds in actions:
        service.clock.time += seconds
        if value is None:
            service.call("DeleteItem", TableName="tab", Key={"p": {"S": key}})
            model.pop(key, None)
        else:
            model[key] = item(key, value)
            put(service, model[key])
        states[service.clock.time] = [model[each] for each in sorted(model)]
    service.clock.time += 300
    for at, (instant, expected) in enumerate(states.items()):
        name = f"restored{at}"
        service.call("RestoreTableToPointInTime", SourceTableName="tab", TargetTableName=name, RestoreDateTime=instant)
        assert items(service, name) == expected
