"""Amazon DynamoDB: the service, its tables and its streams, answering as AWS does.

``OPERATIONS`` holds every operation that is answered here; one that is absent goes on to moto.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from asl_interpreter.jsontext import JSON
from emulator.dynamodb import partiql, throttling
from emulator.dynamodb.changes import kinesis_destinations, recovery, streams
from emulator.dynamodb.control import global_tables_2017, insights, policies, scaling, tables, tags, ttl, update_table
from emulator.dynamodb.copies import backups, bulk, exports, imports, restores
from emulator.dynamodb.items import queries, reads, transactions, vector_search, writes
from emulator.dynamodb.model.store import DynamoDBWorld
from emulator.dynamodb.rejections import Rejection
from emulator.faults import Fault
from emulator.wire.protocol import Call

Handler: TypeAlias = Callable[[DynamoDBWorld, Call], dict[str, JSON]]

_OPERATIONS: dict[str, Handler] = {
    "BatchExecuteStatement": throttling.statements(partiql.batch_execute_statement),
    "BatchGetItem": throttling.reads(reads.batch_get_item),
    "BatchWriteItem": throttling.writes(writes.batch_write_item),
    "CancelBulkOperation": bulk.cancel_bulk_operation,
    "CreateBackup": backups.create_backup,
    "CreateGlobalTable": global_tables_2017.create_global_table,
    "CreateTable": tables.create_table,
    "DeleteBackup": backups.delete_backup,
    "DeleteItem": throttling.writes(writes.delete_item),
    "DeleteResourcePolicy": policies.delete_resource_policy,
    "DeleteTable": tables.delete_table,
    "DescribeBackup": backups.describe_backup,
    "DescribeBulkOperation": bulk.describe_bulk_operation,
    "DescribeContinuousBackups": recovery.describe_continuous_backups,
    "DescribeContributorInsights": insights.describe_contributor_insights,
    "DescribeEndpoints": tables.describe_endpoints,
    "DescribeExport": exports.describe_export,
    "DescribeGlobalTable": global_tables_2017.find_global_table,
    "DescribeGlobalTableSettings": global_tables_2017.find_global_table,
    "DescribeImport": imports.describe_import,
    "DescribeKinesisStreamingDestination": kinesis_destinations.describe_kinesis_streaming_destination,
    "DescribeLimits": tables.describe_limits,
    "DescribeStream": streams.describe_stream,
    "DescribeTable": tables.describe_table,
    "DescribeTableReplicaAutoScaling": scaling.describe_table_replica_auto_scaling,
    "DescribeTimeToLive": ttl.describe_time_to_live,
    "DisableKinesisStreamingDestination": kinesis_destinations.disable_kinesis_streaming_destination,
    "EnableKinesisStreamingDestination": kinesis_destinations.enable_kinesis_streaming_destination,
    "ExecuteStatement": throttling.statement(partiql.execute_statement),
    "ExecuteTransaction": throttling.statements(partiql.execute_transaction),
    "ExportTableToPointInTime": exports.export_table_to_point_in_time,
    "GetItem": throttling.reads(reads.get_item),
    "GetRecords": streams.get_records,
    "GetResourcePolicy": policies.get_resource_policy,
    "GetShardIterator": streams.get_shard_iterator,
    "ImportTable": imports.import_table,
    "ListBackups": backups.list_backups,
    "ListBulkOperations": bulk.list_bulk_operations,
    "ListContributorInsights": insights.list_contributor_insights,
    "ListExports": exports.list_exports,
    "ListGlobalTables": global_tables_2017.list_global_tables,
    "ListImports": imports.list_imports,
    "ListStreams": streams.list_streams,
    "ListTables": tables.list_tables,
    "ListTagsOfResource": tags.list_tags_of_resource,
    "PutItem": throttling.writes(writes.put_item),
    "PutResourcePolicy": policies.put_resource_policy,
    "Query": throttling.reads(queries.query),
    "RestoreTableFromBackup": restores.restore_table_from_backup,
    "RestoreTableToPointInTime": restores.restore_table_to_point_in_time,
    "Scan": throttling.reads(queries.scan),
    "SearchVectors": vector_search.search_vectors,
    "StartBulkPutItems": bulk.start_bulk_put_items,
    "TagResource": tags.tag_resource,
    "TransactGetItems": throttling.reads(transactions.transact_get_items),
    "TransactWriteItems": throttling.writes(transactions.transact_write_items),
    "UntagResource": tags.untag_resource,
    "UpdateContinuousBackups": recovery.update_continuous_backups,
    "UpdateContributorInsights": insights.update_contributor_insights,
    "UpdateGlobalTable": global_tables_2017.find_global_table,
    "UpdateGlobalTableSettings": global_tables_2017.find_global_table,
    "UpdateItem": throttling.writes(writes.update_item),
    "UpdateKinesisStreamingDestination": kinesis_destinations.update_kinesis_streaming_destination,
    "UpdateTable": update_table.update_table,
    "UpdateTableReplicaAutoScaling": scaling.update_table_replica_auto_scaling,
    "UpdateTimeToLive": ttl.update_time_to_live,
}


def _worded(operation: str, handler: Handler) -> Handler:
    """The handler, its refusals in the words of the operation and of the generation that is set."""

    def answer(world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
        try:
            answered = handler(world, call)
        except Rejection as rejection:
            raise rejection.worded(operation, world.dynamodb.settings.wording) from None
        except Fault as fault:
            if operation in _COUNTED and fault.code in _REFUSALS:
                _count(world, call, _REFUSALS[fault.code], operation)
            raise
        if operation in _COUNTED:
            _count(world, call, "SuccessfulRequestLatency", operation)
        return answered

    return answer


_COUNTED = frozenset(
    {
        *("BatchGetItem", "BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "Scan", "UpdateItem"),
        *("TransactGetItems", "TransactWriteItems"),
    }
)
_REFUSALS = {
    "ConditionalCheckFailedException": "ConditionalCheckFailedRequests",
    "ProvisionedThroughputExceededException": "ThrottledRequests",
    "ThrottlingException": "ThrottledRequests",
}


def _count(world: DynamoDBWorld, call: Call, metric: str, operation: str) -> None:
    """Count a request in the metrics of each of its tables."""
    params, counted = call.params, world.dynamodb.counted
    if "TableName" in params:
        counted(call.account, call.region, metric, params["TableName"], operation)
        return
    named = [each for item in params.get("TransactItems", ()) for each in item.values()]
    for table in params.get("RequestItems") or dict.fromkeys(each["TableName"] for each in named):
        counted(call.account, call.region, metric, table, operation)


OPERATIONS = {operation: _worded(operation, handler) for operation, handler in _OPERATIONS.items()}
