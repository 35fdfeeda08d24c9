"""AWS::DynamoDB::Table as stacks make, change, replace and delete it."""

from __future__ import annotations

import copy
import json

import pytest

PROPERTIES = {
    "TableName": "tab",
    "AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}],
    "ProvisionedThroughput": {"ReadCapacityUnits": "5", "WriteCapacityUnits": 5},
    "StreamSpecification": {"StreamViewType": "NEW_IMAGE"},
    "SSESpecification": {"SSEEnabled": True},
    "TableClass": "STANDARD_INFREQUENT_ACCESS",
    "TimeToLiveSpecification": {"AttributeName": "ends", "Enabled": "true"},
    "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": 7},
}
OUTPUTS = {
    "Arn": {"Value": {"Fn::GetAtt": ["Table", "Arn"]}},
    "Stream": {"Value": {"Fn::GetAtt": ["Table", "StreamArn"]}},
    "Name": {"Value": {"Ref": "Table"}},
}


def template(**change):
    """The table with other properties; one that is None is left out."""
    properties = {name: value for name, value in {**copy.deepcopy(PROPERTIES), **change}.items() if value is not None}
    return {"Resources": {"Table": {"Type": "AWS::DynamoDB::Table", "Properties": properties}}, "Outputs": OUTPUTS}


@pytest.fixture
def tables(dynastep):
    return dynastep.client("dynamodb")


def described(tables, name="tab"):
    return tables.describe_table(TableName=name)["Table"]


def test_a_stack_makes_the_whole_table_and_deletes_it(stacks, tables):
    stacks.create(template())
    table = described(tables)
    assert stacks.outputs() == {"Arn": table["TableArn"], "Stream": table["LatestStreamArn"], "Name": "tab"}
    assert table["ProvisionedThroughput"]["ReadCapacityUnits"] == 5
    assert table["SSEDescription"]["Status"] == "ENABLED"
    assert table["TableClassSummary"]["TableClass"] == "STANDARD_INFREQUENT_ACCESS"
    assert tables.describe_time_to_live(TableName="tab")["TimeToLiveDescription"]["AttributeName"] == "ends"
    recovery = tables.describe_continuous_backups(TableName="tab")["ContinuousBackupsDescription"]
    assert recovery["PointInTimeRecoveryDescription"]["RecoveryPeriodInDays"] == 7
    tables.put_item(TableName="tab", Item={"p": {"S": "x"}})
    stacks.client.delete_stack(StackName="s")
    assert tables.list_tables()["TableNames"] == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"KeySchema": [{"AttributeName": "q", "KeyType": "HASH"}]}, "Some index key attributes are not defined"),
        ({"TableClass": "GLACIER"}, "Invalid table-class parameter provided"),
        ({"Surprise": 1}, "Surprise"),
    ],
)
def test_a_table_that_cannot_be_made_rolls_the_stack_back(stacks, tables, change, reason):
    stacks.create(template(**change))
    assert stacks.one()["StackStatus"] == "ROLLBACK_COMPLETE"
    assert reason in stacks.failure()
    assert tables.list_tables()["TableNames"] == []


def test_expiry_that_changed_within_the_hour_is_refused_and_rolled_back(stacks, tables):
    stacks.create(template())
    stacks.update(template(TimeToLiveSpecification=None, TableClass="STANDARD"))
    assert stacks.one()["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert "Time to live has been modified multiple times within a fixed interval" in stacks.failure()
    assert described(tables)["TableClassSummary"]["TableClass"] == "STANDARD_INFREQUENT_ACCESS"


def test_an_update_changes_the_table_and_keeps_its_items(dynastep, stacks, tables):
    stacks.create(template())
    dynastep.clock.advance(hours=2)
    tables.put_item(TableName="tab", Item={"p": {"S": "x"}, "g": {"S": "y"}})
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}],
    }
    index = {
        "IndexName": "gsi",
        "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"},
    }
    stacks.update(
        template(
            BillingMode="PAY_PER_REQUEST",
            ProvisionedThroughput=None,
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in "pg"],
            GlobalSecondaryIndexes=[index],
            StreamSpecification={"StreamViewType": "KEYS_ONLY"},
            SSESpecification=None,
            TableClass="STANDARD",
            DeletionProtectionEnabled=True,
            TimeToLiveSpecification=None,
            PointInTimeRecoverySpecification=None,
            Tags=[{"Key": "a", "Value": "b"}],
            ResourcePolicy={"PolicyDocument": policy},
        )
    )
    assert stacks.one()["StackStatus"] == "UPDATE_COMPLETE"
    table = described(tables)
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert table["GlobalSecondaryIndexes"][0]["ItemCount"] == 1
    assert table["StreamSpecification"]["StreamViewType"] == "KEYS_ONLY"
    assert "SSEDescription" not in table
    assert table["TableClassSummary"]["TableClass"] == "STANDARD"
    assert table["DeletionProtectionEnabled"] is True
    assert json.loads(tables.get_resource_policy(ResourceArn=table["TableArn"])["Policy"]) == policy
    ttl = tables.describe_time_to_live(TableName="tab")["TimeToLiveDescription"]
    assert ttl["TimeToLiveStatus"] == "DISABLED"
    tags = tables.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"]
    assert {"Key": "a", "Value": "b"} in tags
    assert tables.scan(TableName="tab", Select="COUNT")["Count"] == 1


def test_a_change_of_the_key_replaces_a_table_without_a_name(stacks, tables):
    stacks.create(template(TableName=None))
    before = stacks.outputs()["Name"]
    other = {
        "AttributeDefinitions": [{"AttributeName": "q", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "q", "KeyType": "HASH"}],
    }
    stacks.update(template(TableName=None, **other))
    after = stacks.outputs()["Name"]
    assert after != before
    assert tables.list_tables()["TableNames"] == [after]
    assert described(tables, after)["KeySchema"] == other["KeySchema"]


def test_a_table_is_retained_if_its_policy_says_so(stacks, tables):
    kept = template()
    kept["Resources"]["Table"]["DeletionPolicy"] = "Retain"
    stacks.create(kept)
    stacks.client.delete_stack(StackName="s")
    assert tables.list_tables()["TableNames"] == ["tab"]


def test_a_named_table_is_not_replaced(stacks, tables):
    stacks.create(template())
    other = {
        "AttributeDefinitions": [{"AttributeName": "q", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "q", "KeyType": "HASH"}],
    }
    stacks.update(template(**other))
    assert stacks.one()["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert stacks.failure() == (
        "CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename tab and update the "
        "stack again."
    )
    assert described(tables)["KeySchema"] != other["KeySchema"]


def with_indexes(*names):
    """A template of a table that has these global indexes."""
    properties = {
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("id", *names)],
    }
    if names:
        properties["GlobalSecondaryIndexes"] = [
            {
                "IndexName": f"by-{name}",
                "KeySchema": [{"AttributeName": name, "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
            for name in names
        ]
    return {"Resources": {"T": {"Type": "AWS::DynamoDB::Table", "Properties": properties}}}


def test_indexes_come_and_go_one_at_a_time(stacks, tables):
    stacks.create(with_indexes())
    name = stacks.physical()["T"]
    stacks.update(with_indexes("a", "b"))
    assert stacks.one()["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert "Cannot perform more than one GSI creation or deletion in a single update" in stacks.failure()
    for names in (["a"], ["a", "b"], ["b"], []):
        stacks.update(with_indexes(*names))
        assert stacks.one()["StackStatus"] == "UPDATE_COMPLETE"
        indexes = described(tables, name).get("GlobalSecondaryIndexes", [])
        assert [index["IndexName"] for index in indexes] == [f"by-{each}" for each in names]


def test_a_global_table_has_a_replica_in_its_own_region(stacks, tables):
    def over(*regions, **more):
        properties = {
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "BillingMode": "PAY_PER_REQUEST",
            "Replicas": [{"Region": region} for region in regions],
            **more,
        }
        return {"Resources": {"G": {"Type": "AWS::DynamoDB::GlobalTable", "Properties": properties}}}

    stream = {"StreamSpecification": {"StreamViewType": "NEW_AND_OLD_IMAGES"}}
    stacks.create(over("eu-west-1"), "elsewhere")
    assert "Replicas must contain the region of the stack: us-east-1" in stacks.failure("elsewhere")
    stacks.create(over("us-east-1", "eu-west-1"), "streamless")
    assert "StreamSpecification" in stacks.failure("streamless")
    stacks.create(over("us-east-1", "eu-west-1", **stream))
    name = stacks.physical()["G"]
    assert [each["RegionName"] for each in described(tables, name)["Replicas"]] == ["eu-west-1"]
    stacks.update(over("us-east-1", **stream))
    assert not described(tables, name).get("Replicas")
    stacks.client.delete_stack(StackName="s")
    assert tables.list_tables()["TableNames"] == []
