"""Exports to S3: a table as it was at an instant, or what changed in a span of time, from the journal of PITR.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Output.html
"""

from __future__ import annotations

import gzip
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from hashlib import md5
from math import ceil
from uuid import uuid4

from asl_interpreter.jsontext import JSON, dumps
from emulator.dynamodb.changes.recovery import Change, Journal
from emulator.dynamodb.control.tags import table_by_arn
from emulator.dynamodb.copies.buckets import Bucket, BucketError
from emulator.dynamodb.copies.export_filters import ExportFilter
from emulator.dynamodb.model.store import DynamoDBWorld, Region
from emulator.dynamodb.model.tables import Item, Table
from emulator.dynamodb.model.values import write_item
from emulator.dynamodb.rejections import invalid, refused, unsupported
from emulator.wire.protocol import Call

SHORTEST, LONGEST = 900.0, 86_400.0
TOKEN_LIFE = 8 * 3600.0


@dataclass(frozen=True, slots=True)
class Export:
    """An export that has ended; ``request`` is what asked for it."""

    arn: str
    description: dict[str, JSON]
    request: Mapping[str, JSON]
    started: float


def export_table_to_point_in_time(world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
    """ExportTableToPointInTime: the answer shows it under way, the next look finds it ended."""
    params = call.params
    if params.get("ExportFormat") == "ION":
        raise unsupported("ExportFormat ION")
    region = world.dynamodb.region(call.account, call.region)
    table = _table(region, call)
    now = region.clock.now()
    again = _repeated(region, params, now)
    if again is not None:
        return {"ExportDescription": again.description}
    with table.lock:
        journal = table.attached.journal
        if journal is None:
            raise refused(
                "PointInTimeRecoveryUnavailableException",
                f"Point in time recovery is not enabled for table '{table.name}'",
            )
        incremental = params.get("ExportType") == "INCREMENTAL_EXPORT"
        kept = ExportFilter(table, params.get("FilterSpecification"))
        times, lines = _changes(journal, params, now) if incremental else _items(journal, params, now, kept)
    arn = f"{table.arn}/export/{int(now * 1000):014}-{uuid4().hex[:8]}"
    description: dict[str, JSON] = {
        "ExportArn": arn,
        "ExportStatus": "IN_PROGRESS",
        "StartTime": now,
        "TableArn": table.arn,
        "TableId": table.table_id,
        "ExportFormat": "DYNAMODB_JSON",
        "ExportType": "INCREMENTAL_EXPORT" if incremental else "FULL_EXPORT",
        **{name: params[name] for name in _ECHOED if params.get(name) is not None},
        "S3SseAlgorithm": params.get("S3SseAlgorithm") or "AES256",
        **times,
    }
    try:
        ended = _write(Bucket(params["S3Bucket"], call.account, call.region), description, lines)
    except BucketError as error:
        ended = {"ExportStatus": "FAILED", "FailureCode": error.code, "FailureMessage": error.message}
    export = Export(arn, {**description, "EndTime": now, **ended}, params, now)
    region.exports[arn] = export
    return {"ExportDescription": description}


_ECHOED = ("ClientToken", "S3Bucket", "S3BucketOwner", "S3Prefix", "S3SseKmsKeyId", "FilterSpecification")


def describe_export(world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
    """DescribeExport."""
    arn = call.params["ExportArn"]
    if "/export/" not in arn:
        raise invalid("Invalid Export ARN")
    export = world.dynamodb.region(call.account, call.region).exports.get(arn)
    if export is None:
        raise refused("ExportNotFoundException", f"Export not found: {arn}")
    return {"ExportDescription": export.description}


def list_exports(world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
    """ListExports: oldest first, 25 a page at most. NextToken is the ARN last shown."""
    table, after = call.params.get("TableArn"), call.params.get("NextToken") or ""
    if after and after not in world.dynamodb.region(call.account, call.region).exports:
        raise invalid("Invalid NextToken")
    limit = call.params.get("MaxResults") or 25
    exports = world.dynamodb.region(call.account, call.region).exports
    found = [
        {name: export.description[name] for name in ("ExportArn", "ExportStatus", "ExportType")}
        for arn, export in sorted(exports.items())
        if arn > after and table in (None, export.description["TableArn"])
    ]
    answer: dict[str, JSON] = {"ExportSummaries": found[:limit]}
    if len(found) > limit:
        answer["NextToken"] = found[limit - 1]["ExportArn"]
    return answer


def _table(region: Region, call: Call) -> Table:
    arn = call.params["TableArn"]
    if arn.startswith("arn:") and region.find(arn) is None:
        table_by_arn(region, arn, call)
    return region.backed_up(arn)


def _repeated(region: Region, params: Mapping[str, JSON], now: float) -> Export | None:
    """The export that the same request under the same token began. Raises Fault where another one did."""
    token = params.get("ClientToken")
    for export in region.exports.values():
        if token is not None and export.request.get("ClientToken") == token and now - export.started < TOKEN_LIFE:
            if export.request != params:
                raise refused(
                    "ExportConflictException", "There was a conflict when writing to the specified S3 bucket."
                )
            return export
    return None


# --- what is exported ------------------------------------------------------------------------------------------------


def _items(
    journal: Journal, params: Mapping[str, JSON], now: float, kept: ExportFilter
) -> tuple[dict[str, JSON], list[tuple[str, int]]]:
    if params.get("IncrementalExportSpecification") is not None:
        raise invalid("IncrementalExportSpecification can only be specified when ExportType is INCREMENTAL_EXPORT")
    instant = params.get("ExportTime", now)
    earliest, _ = journal.bounds()
    if not min(earliest, now) <= instant <= now:
        raise _invalid_time()
    items = ((kept.shown(item.attributes), item.size) for item in journal.items_at(instant))
    lines = [(dumps({"Item": write_item(shown)}), size) for shown, size in items if shown is not None]
    return {"ExportTime": instant}, lines


def _changes(journal: Journal, params: Mapping[str, JSON], now: float) -> tuple[dict[str, JSON], list[tuple[str, int]]]:
    if params.get("FilterSpecification") is not None:
        raise unsupported("FilterSpecification of an incremental export")
    given = params.get("IncrementalExportSpecification") or {}
    start, end = given.get("ExportFromTime"), given.get("ExportToTime", now)
    view = given.get("ExportViewType") or "NEW_AND_OLD_IMAGES"
    if start is None:
        raise invalid("ExportFromTime must be specified when ExportType is INCREMENTAL_EXPORT")
    earliest, _ = journal.bounds()
    if not ceil(earliest) - 1 <= start < end <= now:
        raise _invalid_time()
    if not SHORTEST <= end - start <= LONGEST:
        words = "less than 15 minutes" if end - start < SHORTEST else "greater than 24 hours"
        raise invalid(f"Difference between export period from time and export period to time is {words}")
    lines = [_change(change, journal, view) for change in journal.between(start, end)]
    times = {"ExportFromTime": start, "ExportToTime": end, "ExportViewType": view}
    return {"IncrementalExportSpecification": times}, lines


def _change(change: Change, journal: Journal, view: str) -> tuple[str, int]:
    item = change.new or change.old or Item({}, 0)
    line: dict[str, JSON] = {
        "Metadata": {"WriteTimestampMicros": str(int(change.at * 1_000_000))},
        "Keys": write_item({name: item.attributes[name] for name in journal.key_names}),
    }
    if change.old is not None and view == "NEW_AND_OLD_IMAGES":
        line["OldImage"] = write_item(change.old.attributes)
    if change.new is not None:
        line["NewImage"] = write_item(change.new.attributes)
    return dumps(line), (change.old.size if change.old else 0) + (change.new.size if change.new else 0)


def _invalid_time() -> Exception:
    return refused(
        "InvalidExportTimeException",
        "The specified ExportTime is outside of the point in time recovery window.",
    )


# --- files -----------------------------------------------------------------------------------------------------------


def _write(bucket: Bucket, description: Mapping[str, JSON], lines: list[tuple[str, int]]) -> dict[str, JSON]:
    """Write the data and its manifests; what the description shows of it. Raises BucketError."""
    prefix = description.get("S3Prefix", "").rstrip("/")
    root = f"{prefix}/AWSDynamoDB" if prefix else "AWSDynamoDB"
    folder = f"{root}/{description['ExportArn'].rpartition('/')[2]}"
    incremental = "IncrementalExportSpecification" in description
    data_key = f"{root if incremental else folder}/data/{uuid4().hex[:26]}.json.gz"
    bucket.put(f"{folder}/_started", b"")
    data = gzip.compress("".join(f"{line}\n" for line, _ in lines).encode(), mtime=0)
    bucket.put(data_key, data)
    files = {
        "itemCount": len(lines),
        "md5Checksum": _checksum(data),
        "etag": md5(data, usedforsecurity=False).hexdigest(),
        "dataFileS3Key": data_key,
    }
    size = sum(size for _, size in lines)
    summary = {
        "version": "2023-08-01" if incremental else "2020-06-30",
        "exportArn": description["ExportArn"],
        "startTime": _iso(description["StartTime"]),
        "endTime": _iso(description["StartTime"]),
        "tableArn": description["TableArn"],
        "tableId": description["TableId"],
        **_times(description),
        "s3Bucket": bucket.name,
        "s3Prefix": description.get("S3Prefix"),
        "s3SseAlgorithm": description["S3SseAlgorithm"],
        "s3SseKmsKeyId": description.get("S3SseKmsKeyId"),
        "manifestFilesS3Key": f"{folder}/manifest-files.json",
        "billedSizeBytes": size,
        "itemCount": len(lines),
        "outputFormat": "DYNAMODB_JSON",
        "exportType": description["ExportType"],
    }
    for name, document in (("manifest-files", files), ("manifest-summary", summary)):
        text = dumps(document).encode()
        bucket.put(f"{folder}/{name}.json", text)
        bucket.put(f"{folder}/{name}.checksum", _checksum(text).encode())
    return {
        "ExportStatus": "COMPLETED",
        "ExportManifest": f"{folder}/manifest-summary.json",
        "BilledSizeBytes": size,
        "ItemCount": len(lines),
    }


def _times(description: Mapping[str, JSON]) -> dict[str, JSON]:
    times = description.get("IncrementalExportSpecification")
    if times is None:
        return {"exportTime": _iso(description["ExportTime"])}
    return {
        "exportFromTime": _iso(times["ExportFromTime"]),
        "exportToTime": _iso(times["ExportToTime"]),
        "outputView": times["ExportViewType"],
    }


def _iso(instant: float) -> str:
    return datetime.fromtimestamp(instant, timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _checksum(data: bytes) -> str:
    return b64encode(md5(data, usedforsecurity=False).digest()).decode()
