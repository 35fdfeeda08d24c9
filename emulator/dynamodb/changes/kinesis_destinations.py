"""Kinesis streaming destinations: every change of a table goes to a data stream, as AWS writes it there.

The streams are moto's, reached through its one door. A change leaves with the outbox: a write waits for no other
service, and whoever looks at the stream finds it.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/kds.html; wording as observed on AWS.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import md5
from itertools import count

from asl_interpreter.jsontext import JSON, dumps
from asl_interpreter.loop.outbox import Outbox
from emulator import moto_door
from emulator.dynamodb.model.store import Clock, DynamoDBWorld
from emulator.dynamodb.model.tables import Item, Table
from emulator.dynamodb.model.values import Attributes, item_size, write_item
from emulator.dynamodb.rejections import invalid, invalid_values, refused
from emulator.wire.protocol import Call

log = logging.getLogger("dynastep")

_STREAM = re.compile(r"arn:[a-z-]+:kinesis:([a-z0-9-]+):([0-9]{12}):stream/[a-zA-Z0-9_.-]{1,128}")
_PRECISION = "ApproximateCreationDateTimePrecision"
_FACTORS = {"MILLISECOND": 1_000, "MICROSECOND": 1_000_000}


@dataclass(slots=True, eq=False)
class Destination:
    """A data stream that a table's changes go to while ``active``."""

    table: Table
    stream: str
    clock: Clock
    outbox: Outbox
    precision: str = "MILLISECOND"
    active: bool = False
    trouble: str = ""
    """Why the last change could not be sent."""
    sent: count[int] = count()  # noqa: RUF009 - only tells records apart

    def start(self, precision: str) -> None:
        """Send from now on."""
        self.precision, self.active = precision, True
        self.table.watch(self.send)

    def stop(self) -> None:
        """Send no more."""
        self.active = False
        self.table.unwatch(self.send)

    def send(self, old: Item | None, new: Item | None, expired: bool) -> None:  # noqa: FBT001 - a Watcher
        """Put a change on its way to the stream, unless it changes nothing. The lock of the table is held."""
        if old is not None and new is not None and old.attributes == new.attributes:
            return
        text, key = self._record(old, new, expired=expired)
        self.outbox.send(lambda: self._put(text, key), f"a change of table {self.table.name} to {self.stream}")

    def _put(self, text: str, key: str) -> None:
        try:
            moto_door.call(
                "kinesis",
                "PutRecord",
                {"StreamARN": self.stream, "Data": text.encode(), "PartitionKey": key},
                self.table.account,
                self.table.region,
            )
        except moto_door.ServiceError as error:
            self.trouble = f"{error.code}: {error.message}"
            log.warning("A change of table %s did not reach %s: %s", self.table.name, self.stream, self.trouble)

    def _record(self, old: Item | None, new: Item | None, *, expired: bool) -> tuple[str, str]:
        attributes: Attributes = (new or old or Item({}, 0)).attributes
        keys = {name: attributes[name] for name in self.table.key.names}
        data: dict[str, JSON] = {
            "ApproximateCreationDateTime": int(self.clock.now() * _FACTORS[self.precision]),
            _PRECISION: self.precision,
            "Keys": write_item(keys),
            "SizeBytes": item_size(keys) + (old.size if old else 0) + (new.size if new else 0),
        }
        if new is not None:
            data["NewImage"] = write_item(new.attributes)
        if old is not None:
            data["OldImage"] = write_item(old.attributes)
        digest = md5(f"{self.stream}{self.table.arn}{next(self.sent)}".encode(), usedforsecurity=False).hexdigest()
        service = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
        record = {
            "awsRegion": self.table.region,
            "eventID": f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:]}",
            "eventName": "INSERT" if old is None else "REMOVE" if new is None else "MODIFY",
            "userIdentity": service if expired else None,
            "recordFormat": "application/json",
            "tableName": self.table.name,
            "dynamodb": data,
            "eventSource": "aws:dynamodb",
        }
        return dumps(record), md5(dumps(write_item(keys)).encode(), usedforsecurity=False).hexdigest()


# --- operations ------------------------------------------------------------------------------------------------------


def enable_kinesis_streaming_destination(world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
    """EnableKinesisStreamingDestination."""
    table, stream = _named(world, call)
    wanted = _wanted(call.params, "EnableKinesisStreamingConfiguration")
    arn = _STREAM.fullmatch(stream)
    if arn is None or arn.groups() != (table.region, table.account):
        raise invalid_values(f"StreamArn is not that of a data stream in the table's account and region: {stream}")
    missing = _missing(table, stream)
    with table.lock:
        destination = table.attached.destinations.get(stream)
        if destination is not None and destination.active:
            raise _wrong_state(
                "EnableKinesisStreamingDestination must be DISABLED or ENABLE_FAILED to perform ENABLE operation."
            )
        if missing is not None:
            raise refused("ResourceNotFoundException", missing.message)
        destination = table.attached.destinations[stream] = Destination(
            table, stream, world.clock, world.dynamodb.outbox
        )
        destination.start(wanted or "MILLISECOND")
    return _answer(destination, "ENABLING", "EnableKinesisStreamingConfiguration")


def _missing(table: Table, stream: str) -> moto_door.ServiceError | None:
    """What Kinesis says if there is no such stream."""
    try:
        moto_door.call("kinesis", "DescribeStreamSummary", {"StreamARN": stream}, table.account, table.region)
    except moto_door.ServiceError as error:
        return error
    return None


def disable_kinesis_streaming_destination(world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
    """DisableKinesisStreamingDestination."""
    table, stream = _named(world, call)
    with table.lock:
        destination = _active(table, stream, "KinesisStreamingDestination must be ACTIVE to perform DISABLE operation.")
        destination.stop()
    return _answer(destination, "DISABLING", "EnableKinesisStreamingConfiguration")


def update_kinesis_streaming_destination(world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
    """UpdateKinesisStreamingDestination: another precision of the time of a change."""
    table, stream = _named(world, call)
    wanted = _wanted(call.params, "UpdateKinesisStreamingConfiguration")
    with table.lock:
        destination = _active(table, stream, "KinesisStreamingDestination must be ACTIVE to perform UPDATE operation.")
        if wanted is None or wanted == destination.precision:
            raise invalid(
                "Invalid Request: Precision is already set to the desired value of "
                f"{destination.precision} for tableName: {table.name}"
            )
        destination.precision = wanted
    return _answer(destination, "UPDATING", "UpdateKinesisStreamingConfiguration")


def describe_kinesis_streaming_destination(world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
    """DescribeKinesisStreamingDestination: those that were switched off too."""
    table = world.dynamodb.region(call.account, call.region).table(call.params["TableName"])
    shown: list[JSON] = []
    for destination in table.attached.destinations.values():
        status = "ACTIVE" if destination.active else "DISABLED"
        entry = {"StreamArn": destination.stream, "DestinationStatus": status, _PRECISION: destination.precision}
        shown.append({**entry, "DestinationStatusDescription": destination.trouble} if destination.trouble else entry)
    return {"TableName": table.name, "KinesisDataStreamDestinations": shown}


def _named(world: DynamoDBWorld, call: Call) -> tuple[Table, str]:
    table = world.dynamodb.region(call.account, call.region).table(call.params["TableName"])
    return table, call.params["StreamArn"]


def _wanted(params: Mapping[str, JSON], member: str) -> str | None:
    precision: str | None = (params.get(member) or {}).get(_PRECISION)
    return precision


def _active(table: Table, stream: str, words: str) -> Destination:
    destination = table.attached.destinations.get(stream)
    if destination is None or not destination.active:
        raise _wrong_state(words)
    return destination


def _wrong_state(words: str) -> Exception:
    return invalid(f"Table is not in a valid state to enable Kinesis Streaming Destination: {words}")


def _answer(destination: Destination, status: str, member: str) -> dict[str, JSON]:
    return {
        "TableName": destination.table.name,
        "StreamArn": destination.stream,
        "DestinationStatus": status,
        member: {_PRECISION: destination.precision},
    }
