"""Bulk operations: many items put into a table from DynamoDB JSON in S3, each on its condition if it has one.

The items are put while the request is answered; what could not be put is reported in S3. The layout of the report is
ours: AWS's documentation names its contents.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/BulkPutItems.Requesting.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import uuid4

from asl_interpreter.jsontext import JSON, dumps
from emulator.dynamodb.copies.buckets import Bucket, BucketError
from emulator.dynamodb.copies.imports import put_record, read_lines
from emulator.dynamodb.model import lifecycles
from emulator.dynamodb.model.store import DynamoDBWorld, Region
from emulator.dynamodb.model.tables import Table
from emulator.dynamodb.rejections import invalid, refused, unsupported
from emulator.faults import Fault
from emulator.wire.protocol import Call

TOKEN_LIFE = 8 * 3600.0
_CONDITION = "CONDITION_CHECK_FAILURE"
_RECORD = ("Item", "ConditionExpression", "ExpressionAttributeNames", "ExpressionAttributeValues")


@dataclass(frozen=True, slots=True)
class BulkOperation:
    """A bulk operation that has ended; ``request`` is what asked for it."""

    arn: str
    description: dict[str, JSON]
    request: Mapping[str, JSON]
    started: float


def start_bulk_put_items(world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
    """StartBulkPutItems: the answer shows it under way, the next look finds it ended."""
    params = call.params
    source = params["InputS3Configuration"]
    if source["InputFormat"] == "ION":
        raise unsupported("InputFormat ION")
    region = world.dynamodb.region(call.account, call.region)
    table = region.table(params["TableName"])
    lifecycles.check_idle(table)
    if table.replication.group is not None:
        raise invalid("Bulk operations are not supported on global tables")
    again = _repeated(region, params)
    if again is not None:
        return {"BulkOperationDescription": again.description}
    now = region.clock.now()
    arn = f"{table.arn}/bulk-operation/{int(now * 1000):014}-{uuid4().hex[:8]}"
    description: dict[str, JSON] = {
        "BulkOperationArn": arn,
        "BulkOperationStatus": "IN_PROGRESS",
        "TableDetails": [{"TableName": table.name, "TableId": table.table_id}],
        **{name: params[name] for name in _ECHOED if params.get(name) is not None},
        "StartTime": now,
        "PerformanceTier": params.get("PerformanceTier") or "STANDARD",
    }
    try:
        ended = _put_all(world, call, table, arn)
    except BucketError as error:
        ended = {"BulkOperationStatus": "FAILED", "FailureCode": error.code, "FailureMessage": error.message}
    region.bulk_operations[arn] = BulkOperation(arn, {**description, "EndTime": now, **ended}, params, now)
    return {"BulkOperationDescription": description}


_ECHOED = ("ClientToken", "InputS3Configuration", "OutputS3Configuration", "MaxWriteRequestUnits")


def describe_bulk_operation(world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
    """DescribeBulkOperation."""
    return {"BulkOperationDescription": _named(world, call).description}


def cancel_bulk_operation(world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
    """CancelBulkOperation: one that has ended stays as it is."""
    operation = _named(world, call)
    return {"BulkOperationArn": operation.arn, "BulkOperationStatus": operation.description["BulkOperationStatus"]}


def list_bulk_operations(world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
    """ListBulkOperations: oldest first, 25 a page at most. NextToken is how many were shown, in hexadecimal digits."""
    token, limit = call.params.get("NextToken"), call.params.get("MaxResults") or 25
    operations = list(world.dynamodb.region(call.account, call.region).bulk_operations.values())
    start = int(token, 16) if token else 0
    shown = [{name: entry.description[name] for name in _SUMMARY} for entry in operations[start : start + limit]]
    answer: dict[str, JSON] = {"BulkOperationsSummaryList": shown}
    if len(operations) > start + limit:
        answer["NextToken"] = f"{start + limit:016x}"
    return answer


_SUMMARY = ("BulkOperationArn", "BulkOperationStatus", "StartTime", "EndTime")


def _named(world: DynamoDBWorld, call: Call) -> BulkOperation:
    arn = call.params["BulkOperationArn"]
    operation = world.dynamodb.region(call.account, call.region).bulk_operations.get(arn)
    if operation is None:
        raise refused("ResourceNotFoundException", f"Requested resource not found: Bulk operation: {arn} not found")
    return operation


def _repeated(region: Region, params: Mapping[str, JSON]) -> BulkOperation | None:
    token = params.get("ClientToken")
    for operation in region.bulk_operations.values():
        young = region.clock.now() - operation.started < TOKEN_LIFE
        if token is not None and operation.request.get("ClientToken") == token and young:
            if operation.request != params:
                raise refused(
                    "IdempotentParameterMismatchException",
                    "The request uses the same client token as a previous, but non-identical request.",
                )
            return operation
    return None


def _put_all(world: DynamoDBWorld, call: Call, table: Table, arn: str) -> dict[str, JSON]:
    """Put what the input holds and report what could not be put; what the description shows. Raises BucketError."""
    source, output = call.params["InputS3Configuration"], call.params["OutputS3Configuration"]
    bucket = Bucket(source["S3Bucket"], call.account, call.region)
    objects = list(bucket.read(source.get("S3KeyPrefix") or "", source.get("InputCompressionType")))
    processed = failed = 0
    reports: dict[str, list[str]] = {"ERROR": [], _CONDITION: []}
    for key, body in objects:
        for number, record in enumerate(read_lines(body), 1):
            processed += 1
            known = None if record is None else {name: record[name] for name in _RECORD if name in record}
            if known is not None and "ConditionExpression" in known:
                known["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
            fault = put_record(world, call, table, known)
            if fault is not None:
                failed += 1
                kind = _CONDITION if fault.code == "ConditionalCheckFailedException" else "ERROR"
                reports[kind].append(dumps(_report(key, number, known, fault)))
    _write(Bucket(output.get("S3Bucket") or source["S3Bucket"], call.account, call.region), output, arn, reports)
    size = sum(len(body) for _, body in objects)
    return {
        "BulkOperationStatus": "COMPLETED_WITH_ERRORS" if failed else "COMPLETED",
        "ProcessedItemCount": processed,
        "FailedItemCount": failed,
        "ProcessedInputBytes": size,
        "TotalInputBytes": size,
    }


def _report(key: str, number: int, record: Mapping[str, JSON] | None, fault: Fault) -> dict[str, JSON]:
    shown = {"S3Key": key, "Line": number, "Code": fault.code, "Message": fault.message}
    if record is not None:
        shown["Item"] = record["Item"]
    return {**shown, **({"ExistingItem": fault.members["Item"]} if "Item" in fault.members else {})}


def _write(bucket: Bucket, output: Mapping[str, JSON], arn: str, reports: Mapping[str, list[str]]) -> None:
    prefix = (output.get("S3KeyPrefix") or "").rstrip("/")
    folder = f"{prefix}/AWSDynamoDB" if prefix else "AWSDynamoDB"
    for kind in output["OutputType"]:
        if reports[kind]:
            text = "".join(f"{line}\n" for line in reports[kind])
            bucket.put(f"{folder}/{arn.rpartition('/')[2]}/{kind.lower()}.json", text.encode())
