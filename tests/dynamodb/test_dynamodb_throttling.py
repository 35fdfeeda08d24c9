"""Provisioned tables that throttle, on the clock, where the settings ask for it."""

from __future__ import annotations

from typing import Any

import pytest
from dynamodb_service import Service

from emulator.dynamodb.model.store import DynamoDBSettings, Store

TABLE = (
    "ProvisionedThroughputExceededException",
    "The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning "
    "level with the UpdateTable API.",
)
INDEX = (
    "ProvisionedThroughputExceededException",
    "The level of configured provisioned throughput for one or more global secondary indexes of the table was "
    "exceeded. Consider increasing your provisioning level for the under-provisioned global secondary indexes with "
    "the UpdateTable API",
)


def units(reads: int, writes: int) -> dict[str, int]:
    return {"ReadCapacityUnits": reads, "WriteCapacityUnits": writes}


@pytest.fixture
def throttled(ddb: Service) -> Service:
    ddb.world.dynamodb = Store(ddb.clock, DynamoDBSettings(throttling=True))
    return ddb


def create(ddb: Service, name: str = "tab", reads: int = 1, writes: int = 1, **more: Any) -> None:
    types = {"p": "S", **more.pop("attributes", {})}
    ddb.call(
        "CreateTable",
        TableName=name,
        KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind} for name, kind in types.items()],
        ProvisionedThroughput=units(reads, writes),
        **more,
    )


def put(ddb: Service, name: str = "tab", **attributes: Any) -> dict[str, Any]:
    return {"TableName": name, "Item": {"p": {"S": "x"}, **attributes}}


def test_five_minutes_of_capacity_are_kept_and_the_clock_refills_them(throttled: Service) -> None:
    create(throttled, writes=2)
    for _ in range(600):
        throttled.call("PutItem", **put(throttled))
    assert throttled.refusal("PutItem", **put(throttled)) == TABLE
    throttled.clock.time += 1
    throttled.call("PutItem", **put(throttled))
    throttled.call("PutItem", **put(throttled))
    assert throttled.refusal("DeleteItem", TableName="tab", Key={"p": {"S": "x"}}) == TABLE
    throttled.call("GetItem", TableName="tab", Key={"p": {"S": "x"}})


def test_a_large_request_leaves_a_debt(throttled: Service) -> None:
    create(throttled)
    throttled.call("PutItem", **put(throttled, blob={"S": "x" * 399_000}))
    throttled.clock.time += 80
    assert throttled.refusal("PutItem", **put(throttled)) == TABLE
    throttled.clock.time += 20
    throttled.call("PutItem", **put(throttled))


def test_an_index_that_is_exhausted_throttles_writes_to_its_table(throttled: Service) -> None:
    index = {
        "IndexName": "gsi",
        "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"},
        "ProvisionedThroughput": units(1, 1),
    }
    create(throttled, writes=100, attributes={"g": "S"}, GlobalSecondaryIndexes=[index])
    for number in range(150):
        throttled.call("PutItem", **put(throttled, g={"S": str(number)}))
    throttled.call("PutItem", **put(throttled, g={"S": "last"}))
    assert throttled.refusal("PutItem", **put(throttled)) == INDEX


def test_a_batch_leaves_the_exhausted_table_unprocessed(throttled: Service) -> None:
    create(throttled)
    create(throttled, "free", writes=100)
    throttled.call("PutItem", **put(throttled, blob={"S": "x" * 399_000}))
    request = [{"PutRequest": {"Item": {"p": {"S": "y"}}}}]
    answer = throttled.call("BatchWriteItem", RequestItems={"tab": request, "free": request})
    assert answer == {"UnprocessedItems": {"tab": request}}
    assert throttled.call("Scan", TableName="free")["Count"] == 1
    assert throttled.refusal("BatchWriteItem", RequestItems={"tab": request}) == TABLE


def test_a_transaction_is_cancelled(throttled: Service) -> None:
    create(throttled)
    create(throttled, "free", writes=100)
    throttled.call("PutItem", **put(throttled, blob={"S": "x" * 399_000}))
    items = [{"Put": put(throttled)}, {"Put": put(throttled, "free")}]
    assert throttled.refusal("TransactWriteItems", TransactItems=items) == (
        "TransactionCanceledException",
        "Transaction cancelled, please refer cancellation reasons for specific reasons "
        "[ProvisionedThroughputExceeded, None]",
    )
    assert throttled.call("Scan", TableName="free")["Count"] == 0


def test_statements_are_throttled_as_the_operations_are(throttled: Service) -> None:
    create(throttled)
    create(throttled, "free")
    select, insert = "SELECT * FROM tab WHERE p = 'x'", "INSERT INTO tab VALUE {'p': 'x'}"
    for _ in range(600):
        throttled.call("ExecuteStatement", Statement=select)
    assert throttled.refusal("ExecuteStatement", Statement=select) == TABLE
    for _ in range(300):
        throttled.call("ExecuteStatement", Statement="DELETE FROM tab WHERE p = 'x'")
    assert throttled.refusal("ExecuteStatement", Statement=insert) == TABLE
    free = "INSERT INTO free VALUE {'p': 'y'}"
    batch = [{"Statement": text} for text in (insert, free, "SELEKT")]
    exceeded = {"Error": {"Code": "ProvisionedThroughputExceeded", "Message": TABLE[1]}}
    answer = throttled.call("BatchExecuteStatement", Statements=batch)["Responses"]
    assert answer[:2] == [exceeded, {"TableName": "free"}]
    assert answer[2]["Error"]["Code"] == "ValidationError"
    assert throttled.call("BatchExecuteStatement", Statements=batch[:1]) == {"Responses": [exceeded]}
    code, message = throttled.refusal(
        "ExecuteTransaction", TransactStatements=[{"Statement": free.replace("'y'", "'z'")}, {"Statement": insert}]
    )
    assert (code, message.rpartition("[")[2]) == (
        "TransactionCanceledException",
        "None, ProvisionedThroughputExceeded]",
    )
    throttled.clock.time += 10
    throttled.call("ExecuteTransaction", TransactStatements=[{"Statement": insert}])


@pytest.mark.parametrize("mode", ["NONE", "TOTAL", "INDEXES"])
def test_consumed_capacity_is_shown_as_it_was_asked_for(throttled: Service, mode: str) -> None:
    create(throttled)
    answer = throttled.call("PutItem", **put(throttled), ReturnConsumedCapacity=mode)
    expected: dict[str, Any] = {"TableName": "tab", "CapacityUnits": 1.0}
    if mode == "INDEXES":
        expected["Table"] = {"CapacityUnits": 1.0}
    assert answer == ({} if mode == "NONE" else {"ConsumedCapacity": expected})


def test_on_demand_and_without_the_setting_nothing_is_throttled(throttled: Service, ddb: Service) -> None:
    throttled.table("demand")
    for _ in range(3):
        throttled.call("PutItem", **put(throttled, "demand", blob={"S": "x" * 399_000}))
    ddb.world.dynamodb = Store(ddb.clock)
    create(ddb)
    for _ in range(3):
        ddb.call("PutItem", **put(ddb, blob={"S": "x" * 399_000}))


def test_throughput_goes_down_four_times_a_day_and_then_once_an_hour(ddb: Service) -> None:
    create(ddb, reads=10, writes=10)

    def change(reads: int) -> dict[str, Any]:
        return {"TableName": "tab", "ProvisionedThroughput": units(reads, 10)}

    for reads in (9, 8, 7, 6):
        ddb.call("UpdateTable", **change(reads))
    ddb.call("UpdateTable", **change(20))
    ddb.clock.time += 60
    assert ddb.refusal("UpdateTable", **change(5)) == (
        "LimitExceededException",
        "Subscriber limit exceeded: Provisioned throughput decreases are limited within a given UTC day. After the "
        "first 4 decreases, each subsequent decrease in the same UTC day can be performed at most once every 3600 "
        "seconds. Number of decreases today: 4. Last decrease at Friday, January 15, 2027 8:00:00 AM UTC. Next "
        "decrease can be made at Friday, January 15, 2027 9:00:00 AM UTC.",
    )
    shown = ddb.call("DescribeTable", TableName="tab")["Table"]["ProvisionedThroughput"]
    assert (shown["NumberOfDecreasesToday"], shown["ReadCapacityUnits"]) == (4, 20)
    assert shown["LastDecreaseDateTime"] == ddb.clock.time - 60
    ddb.clock.time += 3540
    ddb.call("UpdateTable", **change(5))
    ddb.clock.time += 86_400
    for reads in (4, 3, 2, 1):
        ddb.call("UpdateTable", **change(reads))
