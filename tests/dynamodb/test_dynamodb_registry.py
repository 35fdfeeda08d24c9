"""moto's other services see our tables, and we see theirs."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from dynamodb_service import ACCOUNT, REGION, Service

ITEM = {"p": {"S": "x"}, "b": {"B": "AAEC"}, "n": {"N": "1.5"}, "m": {"M": {"l": {"L": [{"BOOL": True}]}}}}


@pytest.fixture
def backend(ddb: Service) -> Iterator[Any]:
    from moto.dynamodb.models import dynamodb_backends

    from emulator import moto_door
    from emulator.dynamodb import registry
    from emulator.moto_door.state import opened

    moto_door.show_tables(lambda _account: ddb.world.dynamodb, registry.attach)
    moto_door.reset()  # its backends keep the tables of the test that made them
    opened()
    yield dynamodb_backends[ACCOUNT][REGION]
    moto_door.reset()


def test_moto_sees_a_table_and_its_items(ddb: Service, backend: Any) -> None:
    assert list(backend.tables) == []
    ddb.table("tab")
    ddb.call("PutItem", TableName="tab", Item=ITEM)
    table = backend.get_table("tab")
    assert table is backend.tables["tab"]
    assert (table.name, table.hash_key_attr, table.has_range_key, len(table)) == ("tab", "p", False, 1)
    assert [item.to_json()["Attributes"] for item in table.all_items()] == [ITEM]
    assert backend.describe_table("tab")["Table"] == ddb.call("DescribeTable", TableName="tab")["Table"]
    ddb.call("DeleteTable", TableName="tab")
    assert "tab" not in backend.tables


def test_what_moto_writes_goes_through_our_rules(ddb: Service, backend: Any) -> None:
    from moto.dynamodb.models.dynamo_type import DynamoType

    from emulator.faults import Fault

    ddb.table("tab")
    table = backend.get_table("tab")
    table.put_item({**ITEM, "b": {"B": b"\x00\x01\x02"}})
    assert ddb.call("GetItem", TableName="tab", Key={"p": {"S": "x"}})["Item"] == ITEM
    with pytest.raises(Fault, match="Missing the key p in the item"):
        table.put_item({"q": {"S": "x"}})
    assert table.get_item(DynamoType({"S": "x"})).to_json()["Attributes"] == ITEM
    table.delete_item(DynamoType({"S": "x"}), None)
    assert ddb.call("Scan", TableName="tab")["Count"] == 0


def test_tags_are_one_set(ddb: Service, backend: Any) -> None:
    ddb.table("tab", Tags=[{"Key": "a", "Value": "1"}])
    table = backend.get_table("tab")
    assert [(tagged.arn, dict(tagged.tags)) for tagged in backend.iter_tagged_resources()] == [
        (table.table_arn, {"a": "1"})
    ]
    backend.tag_resource(table.table_arn, {"b": "2"})
    backend.untag_resource(table.table_arn, ["a"])
    answer = ddb.call("ListTagsOfResource", ResourceArn=table.table_arn)
    assert answer == {"Tags": [{"Key": "b", "Value": "2"}]}


def test_nothing_that_moto_reads_is_kept(ddb: Service, backend: Any) -> None:
    from moto.dynamodb.models.dynamo_type import Item
    from moto.dynamodb.models.table import Table

    ddb.table("tab")
    before = len(Item.instances_tracked), len(Table.instances_tracked)
    for _ in range(20):
        ddb.call("PutItem", TableName="tab", Item=ITEM)
        list(backend.get_table("tab").all_items())
    gc.collect()
    assert (len(Item.instances_tracked), len(Table.instances_tracked)) == before


@pytest.fixture
def moto(ddb: Service) -> Iterator[Callable[..., dict[str, Any]]]:
    """Calls of moto's services, which see the tables of this test."""
    from emulator import moto_door
    from emulator.dynamodb import registry

    moto_door.show_tables(lambda _account: ddb.world.dynamodb, registry.attach)

    def call(service: str, operation: str, **params: Any) -> dict[str, Any]:
        return moto_door.call(service, operation, params, ACCOUNT, REGION)

    yield call
    moto_door.reset()


def test_resource_groups_tagging_finds_our_tables(ddb: Service, moto: Callable[..., dict[str, Any]]) -> None:
    ddb.table("tab", Tags=[{"Key": "team", "Value": "shop"}])
    ddb.table("other")
    arn = ddb.call("DescribeTable", TableName="tab")["Table"]["TableArn"]

    def found() -> list[dict[str, Any]]:
        filters = {"TagFilters": [{"Key": "team"}], "ResourceTypeFilters": ["dynamodb:table"]}
        mappings: list[dict[str, Any]] = moto("resourcegroupstaggingapi", "GetResources", **filters)[
            "ResourceTagMappingList"
        ]
        return mappings

    assert found() == [{"ResourceARN": arn, "Tags": [{"Key": "team", "Value": "shop"}]}]
    ddb.call("UntagResource", ResourceArn=arn, TagKeys=["team"])
    assert found() == []
    moto("resourcegroupstaggingapi", "TagResources", ResourceARNList=[arn], Tags={"team": "ours"})
    assert ddb.call("ListTagsOfResource", ResourceArn=arn) == {"Tags": [{"Key": "team", "Value": "ours"}]}


def test_application_auto_scaling_scales_our_tables(ddb: Service, moto: Callable[..., dict[str, Any]]) -> None:
    ddb.table("tab")
    target = {
        "ServiceNamespace": "dynamodb",
        "ResourceId": "table/tab",
        "ScalableDimension": "dynamodb:table:WriteCapacityUnits",
    }
    moto("application-autoscaling", "RegisterScalableTarget", **target, MinCapacity=1, MaxCapacity=10)
    policy = {
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": {
            "TargetValue": 70.0,
            "PredefinedMetricSpecification": {"PredefinedMetricType": "DynamoDBWriteCapacityUtilization"},
        },
    }
    alarms = moto("application-autoscaling", "PutScalingPolicy", **target, PolicyName="busy", **policy)["Alarms"]
    assert {alarm["AlarmName"].split("-")[1] for alarm in alarms} == {"table/tab"}


def test_an_event_source_mapping_finds_the_stream_of_our_table(ddb: Service, backend: Any) -> None:
    from moto.dynamodbstreams.models import dynamodbstreams_backends

    assert list(backend.tables) == []
    ddb.table("tab", StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"})
    ddb.table("other")
    arn = ddb.call("DescribeTable", TableName="tab")["Table"]["LatestStreamArn"]
    listed = dynamodbstreams_backends[ACCOUNT][REGION].list_streams()
    assert [(stream["StreamArn"], stream["TableName"]) for stream in listed] == [(arn, "tab")]
