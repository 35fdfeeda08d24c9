"""Life cycles on the clock: what a table shows while it is created, changed or deleted, and what is refused then."""

from __future__ import annotations

from typing import Any

import pytest
from dynamodb_service import ACCOUNT, REGION, Service

from emulator.dynamodb.model.lifecycles import LIFELIKE
from emulator.dynamodb.model.store import DynamoDBSettings, Store
from emulator.settings import Settings

AGAIN: dict[str, Any] = {
    "TableName": "tab",
    "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}
NOT_FOUND = ("ResourceNotFoundException", "Requested resource not found")
KEY = {"p": {"S": "x"}}
INDEX = {
    "IndexName": "gsi",
    "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
    "Projection": {"ProjectionType": "ALL"},
}
ONE_ONLINE = (
    "LimitExceededException",
    "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table",
)


def in_use(message: str) -> tuple[str, str]:
    return "ResourceInUseException", f"Attempt to change a resource which is still in use: {message}"


@pytest.fixture
def slow(ddb: Service) -> Service:
    ddb.world.dynamodb = Store(ddb.clock, DynamoDBSettings(durations=LIFELIKE))
    return ddb


def described(ddb: Service, name: str = "tab") -> dict[str, Any]:
    table: dict[str, Any] = ddb.call("DescribeTable", TableName=name)["Table"]
    return table


def statuses(ddb: Service) -> list[Any]:
    """The status of the table, then of its indexes, with what is said of backfilling."""
    table = described(ddb)
    indexes = [*table.get("GlobalSecondaryIndexes", ()), *table.get("VectorIndexes", ())]
    return [table["TableStatus"], *((index["IndexStatus"], index.get("Backfilling")) for index in indexes)]


def create_index(ddb: Service, name: str = "gsi", attribute: str = "g") -> dict[str, Any]:
    keys = [{"AttributeName": attribute, "KeyType": "HASH"}]
    return {
        "TableName": "tab",
        "AttributeDefinitions": [{"AttributeName": attribute, "AttributeType": "S"}],
        "GlobalSecondaryIndexUpdates": [{"Create": {**INDEX, "IndexName": name, "KeySchema": keys}}],
    }


def delete_index(name: str = "gsi") -> dict[str, Any]:
    return {"TableName": "tab", "GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": name}}]}


def test_a_table_is_not_there_for_its_items_until_it_is_created(slow: Service) -> None:
    slow.table("tab", attributes={"g": "S"}, GlobalSecondaryIndexes=[INDEX])
    assert statuses(slow) == ["CREATING", ("CREATING", None)]
    assert slow.refusal("PutItem", TableName="tab", Item=KEY) == NOT_FOUND
    assert slow.refusal("Scan", TableName="tab") == NOT_FOUND
    assert slow.refusal("DeleteTable", TableName="tab") == in_use("Table is being created: tab")
    assert slow.refusal("UpdateTable", TableName="tab", DeletionProtectionEnabled=True) == in_use(
        "Table is being created: tab"
    )
    assert slow.refusal("DescribeTimeToLive", TableName="tab") == (
        "ValidationException",
        "Cannot describe time to live while table is in CREATING state: Current table state is CREATING",
    )
    assert slow.refusal("DescribeContinuousBackups", TableName="tab") == (
        "ContinuousBackupsUnavailableException",
        "Backups are being enabled for the table: tab. Please retry later",
    )
    assert slow.refusal("CreateTable", **AGAIN) == ("ResourceInUseException", "Table already exists: tab")
    slow.clock.time += LIFELIKE.creating
    assert statuses(slow) == ["ACTIVE", ("ACTIVE", None)]
    slow.call("PutItem", TableName="tab", Item=KEY)


@pytest.fixture
def table(slow: Service) -> Service:
    """``tab`` with one item, ACTIVE."""
    slow.table("tab")
    slow.clock.time += LIFELIKE.creating
    slow.call("PutItem", TableName="tab", Item={**KEY, "g": {"S": "v"}})
    return slow


def test_a_table_that_is_deleted_serves_until_it_is_gone(table: Service) -> None:
    assert table.call("DeleteTable", TableName="tab")["TableDescription"]["TableStatus"] == "DELETING"
    assert described(table)["TableStatus"] == "DELETING"
    assert table.call("GetItem", TableName="tab", Key=KEY)["Item"]["g"] == {"S": "v"}
    for operation, more in (("DeleteTable", {}), ("UpdateTable", {"DeletionProtectionEnabled": True})):
        assert table.refusal(operation, TableName="tab", **more) == in_use("Table is being deleted: tab")
    assert table.refusal("CreateTable", **AGAIN) == ("ResourceInUseException", "Table already exists: tab")
    assert table.call("ListTables") == {"TableNames": ["tab"]}
    table.clock.time += LIFELIKE.deleting
    assert table.call("ListTables") == {"TableNames": []}
    assert table.refusal("GetItem", TableName="tab", Key=KEY) == NOT_FOUND
    assert table.call("CreateTable", **AGAIN)["TableDescription"]["TableStatus"] == "CREATING"


def test_an_index_is_allocated_then_filled_then_read(table: Service) -> None:
    query = {
        "TableName": "tab",
        "IndexName": "gsi",
        "KeyConditionExpression": "g = :v",
        "ExpressionAttributeValues": {":v": {"S": "v"}},
    }
    table.call("UpdateTable", **create_index(table))
    assert statuses(table) == ["UPDATING", ("CREATING", False)]
    assert table.refusal("Query", **query) == (
        "ValidationException",
        "The table does not have the specified index: gsi",
    )
    assert table.refusal("UpdateTable", **create_index(table, "other")) == ONE_ONLINE
    assert table.refusal("UpdateTable", **delete_index()) == in_use(
        "Index creation is in resource allocation phase. Retry deletion during backfilling phase or when the index is "
        "active. Table: tab Index: gsi"
    )
    assert table.refusal("DeleteTable", TableName="tab") == in_use(
        "Cannot delete table while indexes are being created, updated, or deleted."
    )
    table.clock.time += LIFELIKE.allocating
    assert statuses(table) == ["ACTIVE", ("CREATING", True)]
    bulk = {
        "TableName": "tab",
        "InputS3Configuration": {"S3Bucket": "bucket", "InputFormat": "DYNAMODB_JSON"},
        "OutputS3Configuration": {"OutputType": ["ERROR"]},
    }
    assert table.refusal("StartBulkPutItems", **bulk) == in_use("Index is being created. Table: tab Index: gsi")
    assert table.refusal("Query", **query) == (
        "ValidationException",
        "Cannot read from backfilling global secondary index: gsi",
    )
    assert table.refusal("UpdateTable", **create_index(table, "other")) == ONE_ONLINE
    table.clock.time += LIFELIKE.backfilling
    assert statuses(table) == ["ACTIVE", ("ACTIVE", None)]
    assert table.call("Query", **query)["Count"] == 1


def test_an_index_that_is_being_filled_can_be_cancelled(table: Service) -> None:
    table.call("UpdateTable", **create_index(table))
    table.clock.time += LIFELIKE.allocating
    table.call("UpdateTable", **delete_index())
    assert statuses(table) == ["UPDATING", ("DELETING", None)]
    assert table.refusal("UpdateTable", **create_index(table, "other")) == ONE_ONLINE
    table.clock.time += LIFELIKE.updating
    assert statuses(table) == ["ACTIVE"]
    table.call("UpdateTable", **create_index(table, "other"))


def test_an_index_that_goes_shows_so_and_is_read_no_more(ddb: Service) -> None:
    ddb.table("tab", attributes={"g": "S"}, GlobalSecondaryIndexes=[INDEX])
    answer = ddb.call("UpdateTable", **delete_index())["TableDescription"]
    assert [(index["IndexName"], index["IndexStatus"]) for index in answer["GlobalSecondaryIndexes"]] == [
        ("gsi", "DELETING")
    ]
    assert answer["AttributeDefinitions"] == [{"AttributeName": "p", "AttributeType": "S"}]
    assert "GlobalSecondaryIndexes" not in described(ddb)


def test_throughput_that_changes_hinders_indexes_and_the_other_way_round(slow: Service) -> None:
    units = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
    more = {"ReadCapacityUnits": 6, "WriteCapacityUnits": 6}
    provisioned = {"BillingMode": "PROVISIONED", "ProvisionedThroughput": units}
    slow.call("CreateTable", **{**AGAIN, **provisioned})
    slow.clock.time += LIFELIKE.creating
    slow.call("UpdateTable", TableName="tab", ProvisionedThroughput=more)
    created = create_index(slow)
    created["GlobalSecondaryIndexUpdates"][0]["Create"]["ProvisionedThroughput"] = units
    assert slow.refusal("UpdateTable", **created) == in_use(
        "Can't create or delete indexes while table IOPS are being updated. Table: tab"
    )
    assert slow.refusal("UpdateTable", TableName="tab", ProvisionedThroughput=units) == in_use(
        "Table is being updated: tab"
    )
    slow.clock.time += LIFELIKE.updating
    slow.call("UpdateTable", **created)
    slow.clock.time += LIFELIKE.allocating + LIFELIKE.backfilling
    changed = {"Update": {"IndexName": "gsi", "ProvisionedThroughput": more}}
    slow.call("UpdateTable", TableName="tab", GlobalSecondaryIndexUpdates=[changed])
    assert slow.refusal("UpdateTable", **delete_index()) == in_use("Index is being updated. Table: tab Index: gsi")
    slow.clock.time += LIFELIKE.updating
    slow.call("UpdateTable", **delete_index())
    assert slow.refusal("UpdateTable", TableName="tab", ProvisionedThroughput=units) == in_use(
        "Can't change table IOPS when an index is being deleted. Table: tab Indexes: [gsi]"
    )


def test_a_vector_index_is_searched_when_it_is_filled(table: Service) -> None:
    index = {
        "IndexName": "vec",
        "VectorAttribute": {"AttributeName": "v"},
        "Dimensions": 1,
        "DistanceFunction": "EUCLIDEAN",
        "Projection": {"ProjectionType": "ALL"},
    }
    search = {"TableName": "tab", "IndexName": "vec", "SearchVector": [{"N": "1"}], "TopK": 1}
    table.call("UpdateTable", TableName="tab", VectorIndexUpdates=[{"Create": index}])
    assert table.refusal("SearchVectors", **search)[1] == "The table does not have the specified index: vec"
    table.clock.time += LIFELIKE.allocating
    assert statuses(table) == ["ACTIVE", ("CREATING", True)]
    assert table.refusal("SearchVectors", **search)[1] == "Cannot search backfilling vector index: vec"
    table.clock.time += LIFELIKE.backfilling
    assert table.call("SearchVectors", **search) == {"SearchResults": []}


def test_a_restored_table_is_created_on_the_clock(table: Service) -> None:
    backup = table.call("CreateBackup", TableName="tab", BackupName="one")["BackupDetails"]["BackupArn"]
    table.call("RestoreTableFromBackup", BackupArn=backup, TargetTableName="again")
    shown = described(table, "again")
    assert (shown["TableStatus"], shown["RestoreSummary"]["RestoreInProgress"]) == ("CREATING", True)
    table.clock.time += LIFELIKE.creating
    shown = described(table, "again")
    assert (shown["TableStatus"], shown["RestoreSummary"]["RestoreInProgress"]) == ("ACTIVE", False)


ONGOING = "Transaction is ongoing for the item"
PUT = {"Put": {"TableName": "tab", "Item": {**KEY, "n": {"N": "1"}}}}


def test_what_overlaps_a_transaction_conflicts_with_it(table: Service) -> None:
    other = {"Put": {"TableName": "tab", "Item": {"p": {"S": "other"}}}}
    check = {
        "ConditionCheck": {
            "TableName": "tab",
            "Key": {"p": {"S": "none"}},
            "ConditionExpression": "attribute_exists(p)",
        }
    }
    table.call("TransactWriteItems", TransactItems=[PUT])
    for operation, params in (
        ("PutItem", {"Item": KEY}),
        ("DeleteItem", {"Key": KEY}),
        ("UpdateItem", {"Key": KEY}),
    ):
        refusal = table.refusal(operation, TableName="tab", **params)
        assert refusal == ("TransactionConflictException", ONGOING)
    assert table.refusal("TransactWriteItems", TransactItems=[other, PUT, check]) == (
        "TransactionCanceledException",
        "Transaction cancelled, please refer cancellation reasons for specific reasons "
        "[None, TransactionConflict, ConditionalCheckFailed]",
    )
    assert table.refusal("TransactGetItems", TransactItems=[{"Get": {"TableName": "tab", "Key": KEY}}])[1].endswith(
        "[TransactionConflict]"
    )
    requests = {"tab": [{"PutRequest": {"Item": KEY}}, {"PutRequest": {"Item": {"p": {"S": "b"}}}}]}
    assert table.call("BatchWriteItem", RequestItems=requests) == {
        "UnprocessedItems": {"tab": [{"PutRequest": {"Item": KEY}}]}
    }
    assert table.call("GetItem", TableName="tab", Key=KEY)["Item"]["n"] == {"N": "1"}
    table.clock.time += LIFELIKE.transaction
    table.call("TransactWriteItems", TransactItems=[PUT])


def test_the_settings_of_the_emulator_are_those_of_its_tables() -> None:
    settings = Settings.read(
        {"DYNASTEP_DYNAMODB_DELAYS": "lifelike"}, {"dynamodb_throttling": "on", "dynamodb_wording": "new"}
    )
    assert DynamoDBSettings.of(settings) == DynamoDBSettings(wording="new", durations=LIFELIKE, throttling=True)
    assert DynamoDBSettings.of(Settings()) == DynamoDBSettings()


def test_a_table_that_is_deleted_at_once_is_kept_nowhere(ddb: Service) -> None:
    ddb.table("tab")
    assert ddb.call("DeleteTable", TableName="tab")["TableDescription"]["TableStatus"] == "DELETING"
    assert ddb.world.dynamodb.region(ACCOUNT, REGION).tables == {}


def test_moto_and_lists_see_no_table_that_is_gone(table: Service) -> None:
    table.call("DeleteTable", TableName="tab")
    table.clock.time += LIFELIKE.deleting
    assert table.call("ListContributorInsights") == {"ContributorInsightsSummaries": []}
    assert table.world.dynamodb.region(ACCOUNT, REGION).tables == {}
