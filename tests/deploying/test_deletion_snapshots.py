"""Snapshots: what the policy of that name leaves of a resource that goes."""

from __future__ import annotations

import pytest
from simple_stacks import refused

DATABASE = {
    "Engine": "postgres", "DBInstanceClass": "db.t3.micro", "AllocatedStorage": "20", "MasterUsername": "u",
    "MasterUserPassword": "secret123",
}  # fmt: skip
CLUSTER = {"Engine": "aurora-mysql", "MasterUsername": "u", "MasterUserPassword": "secret123"}
VOLUME = {"AvailabilityZone": "us-east-1a", "Size": "8"}
WAREHOUSE = {
    "ClusterType": "single-node", "DBName": "d", "MasterUsername": "u", "MasterUserPassword": "Secret123",
    "NodeType": "dc2.large",
}  # fmt: skip
SNAPPED = [
    ("AWS::RDS::DBInstance", DATABASE, "rds", "describe_db_snapshots", "DBSnapshots"),
    ("AWS::RDS::DBCluster", CLUSTER, "rds", "describe_db_cluster_snapshots", "DBClusterSnapshots"),
    ("AWS::Redshift::Cluster", WAREHOUSE, "redshift", "describe_cluster_snapshots", "Snapshots"),
]


@pytest.mark.parametrize(("kind", "properties", "service", "operation", "member"), SNAPPED)
def test_a_snapshot_is_taken_before_a_resource_goes(stacks, dynastep, kind, properties, service, operation, member):
    stack_id = stacks.create(
        {"Resources": {"X": {"Type": kind, "Properties": properties, "DeletionPolicy": "Snapshot"}}}
    )
    assert stacks.one()["StackStatus"] == "CREATE_COMPLETE", stacks.failure()
    stacks.client.delete_stack(StackName="s")
    assert stacks.one(stack_id)["StackStatus"] == "DELETE_COMPLETE", stacks.failure(stack_id)
    taken = getattr(dynastep.client(service), operation)(SnapshotType="manual")[member]
    assert len(taken) == 1


def test_a_volume_that_an_update_removes_leaves_a_snapshot(stacks, dynastep):
    topic = {"T": {"Type": "AWS::SNS::Topic"}}
    volume = {"Type": "AWS::EC2::Volume", "Properties": VOLUME, "DeletionPolicy": "Snapshot"}
    stacks.create({"Resources": {**topic, "V": volume}})
    stacks.update({"Resources": topic})
    ec2 = dynastep.client("ec2")
    listed = ec2.describe_snapshots(Filters=[{"Name": "description", "Values": ["s-snapshot-v-*"]}])["Snapshots"]
    assert len(listed) == 1
    assert ec2.describe_volumes()["Volumes"] == []


@pytest.mark.parametrize(("policy", "snapshots"), [(None, 1), ("Delete", 0)])
def test_databases_are_snapped_unless_they_say_otherwise(stacks, dynastep, policy, snapshots):
    database = {"Type": "AWS::RDS::DBInstance", "Properties": DATABASE}
    stacks.create({"Resources": {"X": database if policy is None else {**database, "DeletionPolicy": policy}}})
    stacks.client.delete_stack(StackName="s")
    assert len(dynastep.client("rds").describe_db_snapshots()["DBSnapshots"]) == snapshots


def test_a_type_without_snapshots_is_refused(stacks):
    queue = {"Resources": {"Q": {"Type": "AWS::SQS::Queue", "DeletionPolicy": "Snapshot"}}}
    code, message = refused(lambda: stacks.create(queue))
    assert (code, message) == (
        "ValidationError",
        "Template error: resource type AWS::SQS::Queue does not support deletion policy Snapshot",
    )
