"""Snapshots: what is taken of a resource with the policy Snapshot before it is deleted.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from emulator.deploying.types.resource_type import Made, Order

_TAKEN_BY: Final = {
    # type: service, operation, the parameter that names the resource, the one that names the snapshot
    "AWS::EC2::Volume": ("ec2", "CreateSnapshot", "VolumeId", "Description"),
    "AWS::ElastiCache::CacheCluster": ("elasticache", "CreateSnapshot", "CacheClusterId", "SnapshotName"),
    "AWS::ElastiCache::ReplicationGroup": ("elasticache", "CreateSnapshot", "ReplicationGroupId", "SnapshotName"),
    "AWS::RDS::DBCluster": (*("rds", "CreateDBClusterSnapshot", "DBClusterIdentifier", "DBClusterSnapshotIdentifier"),),
    "AWS::RDS::DBInstance": ("rds", "CreateDBSnapshot", "DBInstanceIdentifier", "DBSnapshotIdentifier"),
    "AWS::Redshift::Cluster": ("redshift", "CreateClusterSnapshot", "ClusterIdentifier", "SnapshotIdentifier"),
}
SNAPPED: Final = frozenset(_TAKEN_BY) | {"AWS::DocDB::DBCluster", "AWS::Neptune::DBCluster"}
"""The types that may have the policy."""


def default_policy(kind: str, properties: Mapping[str, Any]) -> str:
    """The policy of a resource that says none: databases are kept as snapshots, but for instances of a cluster."""
    is_database = kind == "AWS::RDS::DBCluster" or (
        kind == "AWS::RDS::DBInstance" and "DBClusterIdentifier" not in properties
    )
    return "Snapshot" if is_database else "Delete"


def take(order: Order, made: Made) -> None:
    """Take a snapshot. Raises Refused."""
    service, operation, resource, snapshot = _TAKEN_BY[order.type]
    name = f"{order.deployment.stack.name}-snapshot-{order.logical_id}-{order.seed[:12]}".lower()
    order.call(service, operation, **{resource: made.id, snapshot: name})
