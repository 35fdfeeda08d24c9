"""Imports from S3: a new table, filled from CSV or DynamoDB JSON.

A record that does not fit the table is counted and left out, as on AWS.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataImport.Format.html
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias
from uuid import uuid4

from asl_interpreter.jsontext import JSON, InvalidJSON, loads
from emulator.dynamodb.control.tables import add_table, new_table
from emulator.dynamodb.copies.buckets import Bucket, BucketError
from emulator.dynamodb.model.store import DynamoDBWorld, Region
from emulator.dynamodb.model.tables import Table
from emulator.dynamodb.rejections import invalid, refused, unsupported
from emulator.faults import Fault
from emulator.wire.operations import perform
from emulator.wire.protocol import Call

TOKEN_LIFE = 8 * 3600.0
Record: TypeAlias = "dict[str, JSON] | None"
"""An item in wire form; None where there is none to be read."""


@dataclass(frozen=True, slots=True)
class Import:
    """An import that has ended; ``request`` is what asked for it."""

    arn: str
    description: dict[str, JSON]
    request: Mapping[str, JSON]
    started: float


def import_table(world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
    """ImportTable: the answer shows it under way, the next look finds it ended."""
    params = call.params
    if params["InputFormat"] == "ION":
        raise unsupported("InputFormat ION")
    region = world.dynamodb.region(call.account, call.region)
    again = _repeated(region, params)
    if again is not None:
        return {"ImportTableDescription": again.description}
    wanted = params["TableCreationParameters"]
    table = new_table(region, wanted)
    if region.find(table.name) is not None:
        raise refused("ResourceInUseException", f"Table already exists: {table.name}")
    now = region.clock.now()
    arn = f"{table.arn}/import/{int(now * 1000):014}-{uuid4().hex[:8]}"
    description: dict[str, JSON] = {
        "ImportArn": arn,
        "ImportStatus": "IN_PROGRESS",
        "TableArn": table.arn,
        "TableId": table.table_id,
        **{name: params[name] for name in _ECHOED if params.get(name) is not None},
        "InputCompressionType": params.get("InputCompressionType") or "NONE",
        "TableCreationParameters": wanted,
        "StartTime": now,
        "ProcessedSizeBytes": 0,
        "ProcessedItemCount": 0,
        "ImportedItemCount": 0,
        "ErrorCount": 0,
    }
    source = params["S3BucketSource"]
    bucket = Bucket(source["S3Bucket"], call.account, call.region)
    try:
        objects = list(bucket.read(source.get("S3KeyPrefix") or "", params.get("InputCompressionType")))
        ended = {"ImportStatus": "COMPLETED", **_fill(world, call, table, objects)}
    except BucketError as error:
        ended = {"ImportStatus": "FAILED", "FailureCode": error.code, "FailureMessage": error.message}
    region.imports[arn] = Import(arn, {**description, "EndTime": now, **ended}, params, now)
    return {"ImportTableDescription": description}


_ECHOED = ("ClientToken", "S3BucketSource", "InputFormat", "InputFormatOptions")


def describe_import(world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
    """DescribeImport."""
    arn = call.params["ImportArn"]
    if "/import/" not in arn:
        raise invalid("Invalid Import ARN")
    found = world.dynamodb.region(call.account, call.region).imports.get(arn)
    if found is None:
        raise refused("ImportNotFoundException", f"Import not found: {arn}")
    return {"ImportTableDescription": found.description}


def list_imports(world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
    """ListImports: oldest first, 25 a page at most. NextToken is the last import's number, in hexadecimal digits."""
    table, token = call.params.get("TableArn"), call.params.get("NextToken")
    limit = call.params.get("PageSize") or 25
    imports = world.dynamodb.region(call.account, call.region).imports
    start = int(token, 16) if token else 0
    found = [
        {name: entry.description[name] for name in _SUMMARY if name in entry.description}
        for entry in imports.values()
        if table in (None, entry.description["TableArn"])
    ]
    answer: dict[str, JSON] = {"ImportSummaryList": found[start : start + limit]}
    if len(found) > start + limit:
        answer["NextToken"] = f"{start + limit:0112x}"
    return answer


_SUMMARY = ("ImportArn", "ImportStatus", "TableArn", "S3BucketSource", "InputFormat", "StartTime", "EndTime")


def _repeated(region: Region, params: Mapping[str, JSON]) -> Import | None:
    """The import that the same request under the same token began. Raises Fault where another one did."""
    token = params.get("ClientToken")
    for entry in region.imports.values():
        young = region.clock.now() - entry.started < TOKEN_LIFE
        if token is not None and entry.request.get("ClientToken") == token and young:
            if entry.request != params:
                raise refused(
                    "ImportConflictException", "There was a conflict when importing from the specified S3 source."
                )
            return entry
    return None


def _fill(world: DynamoDBWorld, call: Call, table: Table, objects: list[tuple[str, bytes]]) -> dict[str, JSON]:
    """Add the table to its region, and the records to the table; what the description shows of it."""
    region = world.dynamodb.region(call.account, call.region)
    params = call.params
    add_table(region, table, params["TableCreationParameters"])
    processed = imported = 0
    for _, body in objects:
        for record in read_csv(body, table, params) if params["InputFormat"] == "CSV" else read_lines(body):
            processed += 1
            imported += put_record(world, call, table, record) is None
    return {
        "ProcessedSizeBytes": sum(len(body) for _, body in objects),
        "ProcessedItemCount": processed,
        "ImportedItemCount": imported,
        "ErrorCount": processed - imported,
    }


def put_record(world: DynamoDBWorld, call: Call, table: Table, record: Record) -> Fault | None:
    """Put what a record holds, with its condition if it has one; why it could not be put."""
    if record is None:
        return invalid("The record is not an object with an Item")
    put = Call(call.service, "PutItem", {"TableName": table.name, **record}, call.account, call.region, call.request_id)
    try:
        perform(world, put)  # type: ignore[arg-type]  # the world of the operations has all that PutItem needs
    except Fault as fault:
        return fault
    return None


def read_lines(body: bytes) -> Iterator[Record]:
    """Records of DynamoDB JSON: an object with an Item on each line."""
    for line in body.decode("utf-8", "replace").splitlines():
        if line.strip():
            try:
                record = loads(line)
            except InvalidJSON:
                yield None
                continue
            yield record if isinstance(record, dict) and isinstance(record.get("Item"), dict) else None


def read_csv(body: bytes, table: Table, params: Mapping[str, JSON]) -> Iterator[Record]:
    """Records of CSV: keys of the table and of its indexes have their types, everything else is a string."""
    options = (params.get("InputFormatOptions") or {}).get("Csv") or {}
    rows = csv.reader(
        io.StringIO(body.decode("utf-8", "replace"), newline=""), delimiter=options.get("Delimiter") or ","
    )
    header = options.get("HeaderList") or next(rows, [])
    for row in rows:
        if len(row) != len(header):
            yield None
            continue
        yield {
            "Item": {name: {table.attribute_types.get(name, "S"): text} for name, text in zip(header, row, strict=True)}
        }
