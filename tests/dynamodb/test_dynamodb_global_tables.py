"""Global tables: what is written in one region is in the others. Facts of AWS's documentation."""

from __future__ import annotations

from typing import Any

import pytest
from dynamodb_service import ACCOUNT, REGION, Service

from emulator.wire.protocol import Call

OTHER = "eu-west-1"
THIRD = "us-east-1"


class Regions:
    """A service seen from any region; ``refusal`` gives the code and message."""

    def __init__(self, ddb: Service) -> None:
        self.ddb = ddb

    def call(self, region: str, operation: str, **params: Any) -> dict[str, Any]:
        door = self.ddb.door
        return door(Call("dynamodb", operation, params, ACCOUNT, region, "test"))

    def items(self, region: str) -> list[dict[str, Any]]:
        found = self.call(region, "Scan", TableName="tab")["Items"]
        return sorted(found, key=lambda item: item["p"]["S"])

    def replicate(self, region: str, kind: str, other: str, **more: Any) -> dict[str, Any]:
        updates = [{kind: {"RegionName": other, **more}}]
        answer = self.call(region, "UpdateTable", TableName="tab", ReplicaUpdates=updates)
        description: dict[str, Any] = answer["TableDescription"]
        return description

    def statuses(self, region: str) -> dict[str, str]:
        shown = self.call(region, "DescribeTable", TableName="tab")["Table"]
        return {replica["RegionName"]: replica["ReplicaStatus"] for replica in shown.get("Replicas", ())}


@pytest.fixture(params=["perform", "raw"])
def regions(request: pytest.FixtureRequest) -> Regions:
    service = Service()
    if request.param != "perform":
        endpoint = request.getfixturevalue("endpoint")
        endpoint.world = service.world
        service.door = getattr(endpoint, request.param)
    service.table("tab")
    return Regions(service)


def item(p: str, n: int) -> dict[str, Any]:
    return {"p": {"S": p}, "n": {"N": str(n)}}


def test_a_replica_has_the_items_and_takes_part_in_every_write(regions: Regions) -> None:
    regions.call(REGION, "PutItem", TableName="tab", Item=item("a", 1))
    shown = regions.replicate(REGION, "Create", OTHER)
    assert (shown["TableStatus"], shown["Replicas"]) == (
        "UPDATING",
        [{"RegionName": OTHER, "ReplicaStatus": "CREATING"}],
    )
    assert regions.statuses(REGION) == {OTHER: "ACTIVE"}
    assert regions.statuses(OTHER) == {REGION: "ACTIVE"}
    assert regions.items(OTHER) == [item("a", 1)]
    regions.call(OTHER, "PutItem", TableName="tab", Item=item("b", 1))
    regions.call(
        REGION,
        "UpdateItem",
        TableName="tab",
        Key={"p": {"S": "b"}},
        UpdateExpression="ADD n :one",
        ExpressionAttributeValues={":one": {"N": "1"}},
    )
    assert regions.items(OTHER) == regions.items(REGION) == [item("a", 1), item("b", 2)]
    regions.call(OTHER, "DeleteItem", TableName="tab", Key={"p": {"S": "a"}})
    put = {"Put": {"TableName": "tab", "Item": item("c", 3)}}
    regions.call(OTHER, "TransactWriteItems", TransactItems=[put])
    assert regions.items(REGION) == regions.items(OTHER) == [item("b", 2), item("c", 3)]


def test_a_third_replica_hears_of_both(regions: Regions) -> None:
    regions.replicate(REGION, "Create", OTHER)
    regions.replicate(OTHER, "Create", THIRD)
    for region in (REGION, OTHER, THIRD):
        regions.call(region, "PutItem", TableName="tab", Item=item(region, 1))
    expected = [item(region, 1) for region in sorted((REGION, OTHER, THIRD))]
    assert regions.items(REGION) == regions.items(OTHER) == regions.items(THIRD) == expected
    assert regions.statuses(THIRD) == {REGION: "ACTIVE", OTHER: "ACTIVE"}


def test_every_replica_has_a_stream_of_every_change(regions: Regions) -> None:
    regions.replicate(REGION, "Create", OTHER)
    regions.call(REGION, "PutItem", TableName="tab", Item=item("a", 1))
    for region in (REGION, OTHER):
        table = regions.call(region, "DescribeTable", TableName="tab")["Table"]
        assert table["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
        stream = table["LatestStreamArn"]
        assert f":{region}:" in stream
        store = regions.ddb.world.dynamodb.region(ACCOUNT, region)
        assert [change.new.attributes["p"] for change in store.streams[stream].changes] == [("S", "a")]
    refusal = regions.ddb.refusal("UpdateTable", TableName="tab", StreamSpecification={"StreamEnabled": False})
    assert refusal[0] == "ValidationException"


def test_indexes_and_ttl_are_those_of_all_replicas(regions: Regions) -> None:
    regions.replicate(REGION, "Create", OTHER)
    index = {
        "IndexName": "by_g",
        "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"},
    }
    regions.call(OTHER, "PutItem", TableName="tab", Item={**item("a", 1), "g": {"S": "x"}})
    regions.call(
        REGION,
        "UpdateTable",
        TableName="tab",
        AttributeDefinitions=[{"AttributeName": "g", "AttributeType": "S"}],
        GlobalSecondaryIndexUpdates=[{"Create": index}],
    )
    assert regions.call(OTHER, "Scan", TableName="tab", IndexName="by_g")["Count"] == 1
    wanted = {"Enabled": True, "AttributeName": "t"}
    regions.call(OTHER, "UpdateTimeToLive", TableName="tab", TimeToLiveSpecification=wanted)
    ttl = regions.call(REGION, "DescribeTimeToLive", TableName="tab")["TimeToLiveDescription"]
    assert ttl == {"TimeToLiveStatus": "ENABLED", "AttributeName": "t"}
    now = regions.ddb.clock.time
    regions.call(REGION, "PutItem", TableName="tab", Item={**item("b", 1), "t": {"N": str(int(now) + 10)}})
    regions.ddb.clock.time += 20
    assert [found["p"]["S"] for found in regions.items(OTHER)] == ["a"]
    assert [found["p"]["S"] for found in regions.items(REGION)] == ["a"]


def test_a_replica_that_goes_takes_its_items_along(regions: Regions) -> None:
    regions.replicate(REGION, "Create", OTHER)
    shown = regions.replicate(REGION, "Delete", OTHER)
    assert shown["Replicas"] == [{"RegionName": OTHER, "ReplicaStatus": "DELETING"}]
    assert regions.call(OTHER, "ListTables") == {"TableNames": []}
    table = regions.call(REGION, "DescribeTable", TableName="tab")["Table"]
    assert "Replicas" not in table
    assert "GlobalTableVersion" not in table
    regions.call(REGION, "PutItem", TableName="tab", Item=item("a", 1))


def test_the_region_that_replicas_were_made_from_stays_for_a_day(regions: Regions) -> None:
    regions.replicate(REGION, "Create", OTHER)
    message = (
        "Replica cannot be deleted because it has acted as a source region for new replica(s) being added to the "
        "table in the last 24 hours."
    )
    assert regions.ddb.refusal("DeleteTable", TableName="tab") == ("ValidationException", message)
    regions.ddb.clock.time += 86_400
    regions.call(REGION, "DeleteTable", TableName="tab")
    assert regions.statuses(OTHER) == {}


REFUSED: list[tuple[dict[str, Any], str]] = [
    (
        {"Create": {"RegionName": REGION}},
        "Cannot add, delete, or update the local region through ReplicaUpdates. Use CreateTable, DeleteTable, or "
        "UpdateTable as required.",
    ),
    (
        {"Create": {"RegionName": OTHER}},
        "Failed to create a the new replica of table with name: 'tab' because one or more replicas already existed as "
        "tables.",
    ),
    (
        {"Delete": {"RegionName": THIRD}},
        "One or more parameter values were invalid: Replica specified in the Replica Update or Replica Delete action "
        f"of the request was not found: {THIRD}",
    ),
]


@pytest.mark.parametrize(("update", "message"), REFUSED)
def test_refusals(regions: Regions, update: dict[str, Any], message: str) -> None:
    regions.replicate(REGION, "Create", OTHER)
    refusal = regions.ddb.refusal("UpdateTable", TableName="tab", ReplicaUpdates=[update])
    assert refusal == ("ValidationException", message)


def test_a_replica_update_comes_alone(regions: Regions) -> None:
    update = [{"Create": {"RegionName": OTHER}}]
    refusal = regions.ddb.refusal("UpdateTable", TableName="tab", ReplicaUpdates=update, DeletionProtectionEnabled=True)
    assert refusal == (
        "ValidationException",
        "One or more parameter values were invalid: DeletionProtection modification must be the only operation in the "
        "request",
    )


def test_a_provisioned_table_has_replicas_only_if_its_writes_scale(regions: Regions) -> None:
    units = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}
    regions.call(REGION, "UpdateTable", TableName="tab", BillingMode="PROVISIONED", ProvisionedThroughput=units)
    update = [{"Create": {"RegionName": OTHER}}]
    refusal = regions.ddb.refusal("UpdateTable", TableName="tab", ReplicaUpdates=update)
    assert refusal == (
        "ValidationException",
        "Table write capacity should either be Pay-Per-Request or AutoScaled.",
    )


def test_auto_scaling_settings_are_kept_for_each_replica(regions: Regions) -> None:
    assert regions.ddb.refusal("UpdateTableReplicaAutoScaling", TableName="tab")[0] == "ValidationException"
    regions.replicate(REGION, "Create", OTHER)
    policy = {"PolicyName": "half", "TargetTrackingScalingPolicyConfiguration": {"TargetValue": 50.0}}
    reads = {"MinimumUnits": 1, "MaximumUnits": 10, "ScalingPolicyUpdate": policy}
    regions.call(
        REGION,
        "UpdateTableReplicaAutoScaling",
        TableName="tab",
        ReplicaUpdates=[{"RegionName": OTHER, "ReplicaProvisionedReadCapacityAutoScalingUpdate": reads}],
    )
    shown = regions.call(OTHER, "DescribeTableReplicaAutoScaling", TableName="tab")["TableAutoScalingDescription"]
    found = {replica["RegionName"]: replica for replica in shown["Replicas"]}
    assert found[OTHER]["ReplicaProvisionedReadCapacityAutoScalingSettings"] == {
        "MinimumUnits": 1,
        "MaximumUnits": 10,
        "ScalingPolicies": [policy],
    }
    assert "ReplicaProvisionedReadCapacityAutoScalingSettings" not in found[REGION]


def test_the_first_version_of_global_tables_is_refused(regions: Regions) -> None:
    group = [{"RegionName": REGION}]
    refusal = regions.ddb.refusal("CreateGlobalTable", GlobalTableName="tab", ReplicationGroup=group)
    assert refusal == (
        "ValidationException",
        "One or more parameter values were invalid: DynamoDB global tables version 2017.11.29 is not supported. We "
        "recommend using DynamoDB global tables version 2019.11.21, instead of version 2017.11.29 (Legacy).",
    )
    assert regions.call(REGION, "ListGlobalTables") == {"GlobalTables": []}
    for operation in ("DescribeGlobalTable", "DescribeGlobalTableSettings"):
        refusal = regions.ddb.refusal(operation, GlobalTableName="tab")
        assert refusal == (
            "GlobalTableNotFoundException",
            "Global table not found: Global table with name: 'tab' does not exist.",
        )
