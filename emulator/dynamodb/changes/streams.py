"""DynamoDB Streams: what changed in a table, for 24 hours, in one shard.

A change is kept as the old and new item, which never change; the record that AWS shows is made when somebody reads it.
An iterator is the text of where to read on and since when, so that none is kept here.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html
"""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from bisect import bisect_left
from hashlib import md5

from asl_interpreter.jsontext import JSON, InvalidJSON, dumps, loads
from emulator.dynamodb.model.schema import key_schema
from emulator.dynamodb.model.store import DynamoDBWorld
from emulator.dynamodb.model.streams import FIRST, KEPT, Change, Stream
from emulator.dynamodb.model.tables import Item
from emulator.dynamodb.model.values import Attributes, item_size, write_item
from emulator.dynamodb.rejections import invalid, refused
from emulator.wire.protocol import Call

ITERATOR_LIFE = 900.0
MAX_RECORDS = 1000
MAX_BYTES = 1_048_576


# --- operations ------------------------------------------------------------------------------------------------------


def list_streams(world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
    """ListStreams."""
    region = world.dynamodb.region(call.account, call.region)
    name, start = call.params.get("TableName"), call.params.get("ExclusiveStartStreamArn")
    if start is not None:
        _check_arn(start)
    limit = call.params.get("Limit") or 100
    now = region.clock.now()
    found = [
        stream
        for arn, stream in sorted(region.streams.items())
        if (name is None or stream.table.name == name)
        and (start is None or arn > start)
        and (stream.closed is None or stream.closed + KEPT > now)
    ]
    answer: dict[str, JSON] = {
        "Streams": [
            {"StreamArn": stream.arn, "TableName": stream.table.name, "StreamLabel": stream.label}
            for stream in found[:limit]
        ]
    }
    if len(found) > limit:
        answer["LastEvaluatedStreamArn"] = found[limit - 1].arn
    return answer


def describe_stream(world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
    """DescribeStream."""
    params = call.params
    stream = _stream(world, call, params["StreamArn"])
    numbers = {"StartingSequenceNumber": str(FIRST)}
    if stream.closed is not None:
        numbers["EndingSequenceNumber"] = str(max(stream.next_sequence - 1, FIRST))
    shards = [{"ShardId": stream.shard, "SequenceNumberRange": numbers}]
    sought, start = params.get("ShardFilter"), params.get("ExclusiveStartShardId")
    if sought is not None and (sought.get("Type") is None or sought.get("ShardId") is None):
        raise invalid("ShardFilter must have both Type and ShardId")
    if (start is not None and start >= stream.shard) or sought is not None:
        shards = []  # the one shard has no children
    return {
        "StreamDescription": {
            "StreamArn": stream.arn,
            "StreamLabel": stream.label,
            "StreamStatus": "ENABLED" if stream.closed is None else "DISABLED",
            "StreamViewType": stream.view,
            "CreationRequestDateTime": stream.created,
            "TableName": stream.table.name,
            "KeySchema": key_schema(stream.table.key),
            "Shards": shards,
        }
    }


def get_shard_iterator(world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
    """GetShardIterator."""
    params = call.params
    stream = _stream(world, call, params["StreamArn"])
    if params["ShardId"] != stream.shard:
        raise refused("ResourceNotFoundException", "Requested resource not found: Shard does not exist")
    kind, text = params["ShardIteratorType"], params.get("SequenceNumber")
    with stream.table.lock:
        stream.trim(world.clock.now())
        oldest = stream.oldest()
    if kind in ("TRIM_HORIZON", "LATEST"):
        if text is not None:
            raise invalid(f"SequenceNumber must not be specified for ShardIteratorType {kind}")
        start = oldest if kind == "TRIM_HORIZON" else stream.next_sequence
    elif kind == "AT_TIMESTAMP":
        start = _first_since(stream, params.get("Timestamp"), world.clock.now())
    else:
        if text is None or not text.isdecimal():
            raise invalid(f"A SequenceNumber must be specified for ShardIteratorType {kind}")
        start = int(text) + (kind == "AFTER_SEQUENCE_NUMBER")
        if start < oldest and oldest > FIRST:
            raise _trimmed()
    return {"ShardIterator": _iterator(stream, start, world.clock.now())}


def read(stream: Stream, start: int, count: int) -> list[dict[str, JSON]]:
    """The records from a sequence number on, at most so many; what is older than 24 hours is gone."""
    with stream.table.lock:
        first = max(start - stream.oldest(), 0)
        changes = stream.changes[first : first + count]
    return [_record(stream, change) for change in changes]


def _first_since(stream: Stream, instant: float | None, now: float) -> int:
    """The sequence number of the first record at or after an instant."""
    if instant is None:
        raise invalid("A Timestamp must be specified for ShardIteratorType AT_TIMESTAMP")
    if instant > now:
        raise invalid("The Timestamp of ShardIteratorType AT_TIMESTAMP must not be in the future")
    with stream.table.lock:
        found = bisect_left(stream.changes, instant, key=_shown_at)
        return stream.changes[found].sequence if found < len(stream.changes) else stream.next_sequence


def _shown_at(change: Change) -> float:
    """ApproximateCreationDateTime: whole seconds."""
    return float(int(change.at))


def get_records(world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
    """GetRecords."""
    now = world.clock.now()
    arn, start, made = _read_iterator(call.params["ShardIterator"])
    if made + ITERATOR_LIFE <= now:
        raise refused("ExpiredIteratorException", "Iterator has expired.")
    stream = _stream(world, call, arn)
    stream.table.expire(now)
    limit = call.params.get("Limit") or MAX_RECORDS
    with stream.table.lock:
        stream.trim(now)
        oldest = stream.oldest()
        if start < oldest and oldest > FIRST:
            raise _trimmed()
        first = max(start - oldest, 0)
        changes = stream.changes[first : first + limit]
    records: list[JSON] = []
    room = MAX_BYTES
    for change in changes:
        room -= change.size
        if room < 0 and records:
            break
        records.append(_record(stream, change))
    answer: dict[str, JSON] = {"Records": records}
    following = changes[len(records) - 1].sequence + 1 if records else start
    if stream.closed is None or following < stream.next_sequence:
        answer["NextShardIterator"] = _iterator(stream, following, now)
    return answer


def _stream(world: DynamoDBWorld, call: Call, arn: str) -> Stream:
    region = world.dynamodb.region(call.account, call.region)
    _check_arn(arn)
    stream: Stream | None = region.streams.get(arn)
    if stream is None or (stream.closed is not None and stream.closed + KEPT <= world.clock.now()):
        raise refused("ResourceNotFoundException", f"Requested resource not found: Stream: {arn} not found")
    return stream


def _check_arn(arn: str) -> None:
    """Raise Fault where a stream's ARN is none. AWS refuses it, in words that were not observed."""
    if not arn.startswith("arn:"):
        raise invalid(f"Invalid StreamArn: {arn}")


def _trimmed() -> Exception:
    return refused(
        "TrimmedDataAccessException",
        "The operation attempted to read past the oldest stream record in a shard.",
    )


def _iterator(stream: Stream, start: int, now: float) -> str:
    return f"{stream.arn}|1|{urlsafe_b64encode(dumps([start, now]).encode()).decode()}"


def _read_iterator(text: str) -> tuple[str, int, float]:
    arn, _, code = text.rpartition("|1|")
    try:
        start, made = loads(urlsafe_b64decode(code.encode()))
        return arn, int(start), float(made)
    except (binascii.Error, InvalidJSON, ValueError, TypeError):
        raise invalid("Invalid ShardIterator") from None


def _record(stream: Stream, change: Change) -> dict[str, JSON]:
    """The record as AWS shows it."""
    kind = "INSERT" if change.old is None else "REMOVE" if change.new is None else "MODIFY"
    attributes: Attributes = (change.new or change.old or Item({}, 0)).attributes
    keys = {name: attributes[name] for name in stream.table.key.names}
    size = item_size(keys)
    data: dict[str, JSON] = {
        "ApproximateCreationDateTime": _shown_at(change),
        "Keys": write_item(keys),
        "SequenceNumber": str(change.sequence),
        "StreamViewType": stream.view,
    }
    for member, item, views in (
        ("NewImage", change.new, ("NEW_IMAGE", "NEW_AND_OLD_IMAGES")),
        ("OldImage", change.old, ("OLD_IMAGE", "NEW_AND_OLD_IMAGES")),
    ):
        if item is not None and stream.view in views:
            data[member] = write_item(item.attributes)
            size += item.size
    data["SizeBytes"] = size
    record: dict[str, JSON] = {
        "eventID": md5(f"{stream.arn}{change.sequence}".encode(), usedforsecurity=False).hexdigest(),
        "eventName": kind,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": stream.table.region,
        "dynamodb": data,
    }
    if change.expired:
        record["userIdentity"] = {"Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"}
    return record
