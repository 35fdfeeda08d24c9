"""Stores of data other than DynamoDB: RDS, Redshift, OpenSearch, ElastiCache, EFS, Glue, Athena and more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from emulator.deploying.types.modelled import Modelled
from emulator.deploying.types.resource_type import ResourceType


def _rds(noun: str, **more: Any) -> Modelled:
    return Modelled("rds", noun, lower=True, longest=63, **{"always": {"SkipFinalSnapshot": True}, **more})


def _glue(noun: str, **more: Any) -> Modelled:
    return Modelled("glue", noun, longest=255, **more)


TYPES: Final[Mapping[str, ResourceType]] = {
    "AWS::Athena::DataCatalog": Modelled("athena", "DataCatalog", longest=256, arn="athena:datacatalog/{id}"),
    "AWS::Athena::NamedQuery": Modelled("athena", "NamedQuery"),
    "AWS::Athena::PreparedStatement": Modelled("athena", "PreparedStatement", ref="StatementName"),
    "AWS::Athena::WorkGroup": Modelled(
        "athena",
        "WorkGroup",
        renamed={"WorkGroupConfiguration": "Configuration"},
        elsewhere=frozenset({"RecursiveDeleteOption"}),
        arn="athena:workgroup/{id}",
    ),
    "AWS::DAX::Cluster": Modelled("dax", "Cluster", ref="ClusterName", lower=True, longest=20),
    "AWS::EFS::AccessPoint": Modelled("efs", "AccessPoint"),
    "AWS::EFS::FileSystem": Modelled(
        "efs", "FileSystem", elsewhere=frozenset({"LifecyclePolicies", "FileSystemPolicy", "BackupPolicy"})
    ),
    "AWS::EFS::MountTarget": Modelled("efs", "MountTarget", renamed={"Id": "MountTargetId"}),
    "AWS::ElastiCache::CacheCluster": Modelled(
        "elasticache",
        "CacheCluster",
        renamed={"ClusterName": "CacheClusterId"},
        lower=True,
        longest=50,
        arn="elasticache:cluster:{id}",
    ),
    "AWS::ElastiCache::ReplicationGroup": Modelled(
        "elasticache", "ReplicationGroup", lower=True, longest=40, arn="elasticache:replicationgroup:{id}"
    ),
    "AWS::ElastiCache::SubnetGroup": Modelled(
        "elasticache",
        "CacheSubnetGroup",
        renamed={"Description": "CacheSubnetGroupDescription"},
        lower=True,
        arn="elasticache:subnetgroup:{id}",
    ),
    "AWS::Elasticsearch::Domain": Modelled(
        "es",
        "ElasticsearchDomain",
        ref="DomainName",
        ways={"DomainArn": "ARN", "DomainEndpoint": "Endpoint", "Id": "DomainId"},
        lower=True,
        longest=28,
    ),
    "AWS::Glue::Crawler": _glue("Crawler", arn="glue:crawler/{id}"),
    "AWS::Glue::Database": _glue("Database", ways={"DatabaseName": "DatabaseInput.Name"}),
    "AWS::Glue::Job": _glue("Job", wrapped=("JobUpdate",), arn="glue:job/{id}"),
    "AWS::Glue::Registry": _glue("Registry"),
    "AWS::Glue::Schema": _glue(
        "Schema",
        renamed={"Registry": "RegistryId", "Name": "SchemaName"},
        shaped={"Registry": lambda given: {f"Registry{name}": value for name, value in given.items()}},
        elsewhere=frozenset({"CheckpointVersion"}),
        keyed=("SchemaId",),
    ),
    "AWS::Glue::Table": _glue(
        "Table", ref="TableName", ways={"TableName": "TableInput.Name"}, keyed=("CatalogId", "DatabaseName", "Name")
    ),
    "AWS::Glue::Trigger": _glue("Trigger", wrapped=("TriggerUpdate",), arn="glue:trigger/{id}"),
    "AWS::Glue::Workflow": _glue("Workflow", arn="glue:workflow/{id}"),
    "AWS::MSK::Cluster": Modelled("kafka", "Cluster"),
    "AWS::MemoryDB::Cluster": Modelled("memorydb", "Cluster", lower=True, longest=40),
    "AWS::MemoryDB::SubnetGroup": Modelled("memorydb", "SubnetGroup", lower=True),
    "AWS::OpenSearchService::Domain": Modelled("opensearch", "Domain", lower=True, longest=28),
    "AWS::RDS::DBCluster": _rds(
        "DBCluster",
        ways={
            "Endpoint.Address": "Endpoint",
            "Endpoint.Port": "Port",
            "ReadEndpoint.Address": "ReaderEndpoint",
            "DBClusterResourceId": "DbClusterResourceId",
        },
    ),
    "AWS::RDS::DBClusterParameterGroup": _rds(
        "DBClusterParameterGroup",
        renamed={"Family": "DBParameterGroupFamily"},
        elsewhere=frozenset({"Parameters"}),
        arn="rds:cluster-pg:{id}",
    ),
    "AWS::RDS::DBInstance": _rds("DBInstance", renamed={"VPCSecurityGroups": "VpcSecurityGroupIds"}),
    "AWS::RDS::DBParameterGroup": _rds(
        "DBParameterGroup", renamed={"Family": "DBParameterGroupFamily"}, arn="rds:pg:{id}"
    ),
    "AWS::RDS::DBProxy": _rds("DBProxy"),
    "AWS::RDS::DBSubnetGroup": _rds("DBSubnetGroup", arn="rds:subgrp:{id}"),
    "AWS::RDS::EventSubscription": _rds("EventSubscription"),
    "AWS::RDS::OptionGroup": _rds("OptionGroup", arn="rds:og:{id}"),
    "AWS::Redshift::Cluster": Modelled(
        "redshift",
        "Cluster",
        always={"SkipFinalClusterSnapshot": True},
        lower=True,
        longest=63,
        arn="redshift:cluster:{id}",
    ),
    "AWS::Redshift::ClusterParameterGroup": Modelled(
        "redshift", "ClusterParameterGroup", lower=True, arn="redshift:parametergroup:{id}"
    ),
    "AWS::Redshift::ClusterSubnetGroup": Modelled(
        "redshift", "ClusterSubnetGroup", lower=True, arn="redshift:subnetgroup:{id}"
    ),
    "AWS::S3::AccessPoint": Modelled("s3control", "AccessPoint", lower=True, longest=50),
    "AWS::Timestream::Database": Modelled("timestream-write", "Database"),
    "AWS::Timestream::Table": Modelled("timestream-write", "Table"),
}
