"""Kinesis: moto's streams on the emulator's clock, and how those who poll read them.

moto moved the records of a shard that is split or merged into the new shards, and put new ones into closed shards.

Source: https://docs.aws.amazon.com/streams/latest/dev/key-concepts.html,
https://docs.aws.amazon.com/streams/latest/dev/kinesis-using-sdk-java-after-resharding.html
"""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from emulator.arns import Arn
from emulator.moto_door import mappings
from emulator.moto_door.clock import now

HOUR: Final = 3600.0


@dataclass(frozen=True, slots=True)
class KinesisRecord:
    """A record of a shard."""

    sequence: int
    key: str
    data: str
    """In base64."""
    arrived: float
    """Seconds since 1970."""


def find_stream(arn: str) -> Any:
    """The stream of an ARN; None if there is none, or it is one of a table."""
    parsed = Arn.parse(arn)
    if parsed.service != "kinesis" or "moto.kinesis.models" not in sys.modules:
        return None
    from moto.kinesis.models import kinesis_backends

    streams: Mapping[str, Any] = kinesis_backends[parsed.account][parsed.region].streams
    return next((stream for stream in streams.values() if stream.arn == arn), None)


def latest_sequences(arn: str) -> dict[str, int]:
    """The number of the last record in each shard of a stream."""
    stream = find_stream(arn)
    return {} if stream is None else {name: shard.get_max_sequence_number() for name, shard in stream.shards.items()}


def shards_of(arn: str) -> list[str]:
    """The shards of a stream, in the order in which they were made."""
    stream = find_stream(arn)
    return [] if stream is None else list(stream.shards)


def records_after(arn: str, shard: str, sequence: int, since: float, count: int) -> list[KinesisRecord]:
    """The next records of a shard that the stream keeps still, and that came at a time or later."""
    stream = find_stream(arn)
    if stream is None or shard not in stream.shards:
        return []
    since = max(since, now(stream.account_id) - stream.retention_period_hours * HOUR)
    found = [
        KinesisRecord(number, record.partition_key, record.data, record.created_at)
        for number, record in list(stream.shards[shard].records.items())
        if number > sequence and record.created_at >= since
    ]
    return found[:count]


# In moto's place


def put_record(theirs: Any) -> Any:
    """Put a record into the open shard that its key is of, and let those who poll hear of it."""

    def put_record(self: Any, partition_key: str, explicit_hash_key: str, data: str) -> tuple[str, str]:
        every = self.shards
        self.shards = {name: shard for name, shard in every.items() if shard.is_open}
        try:
            sequence, shard = theirs(self, partition_key, explicit_hash_key, data)
        finally:
            self.shards = every
        mappings.has_come(self.arn)
        return sequence, shard

    return put_record


def keeps_records(theirs: Any) -> Any:
    """Leave the records of a shard where they are when it is split or merged."""

    def reshard(self: Any, *given: str) -> None:
        before = {name: OrderedDict(shard.records) for name, shard in self.shards.items()}
        for shard in self.shards.values():
            shard.records = OrderedDict()
        theirs(self, *given)
        for name, shard in self.shards.items():
            shard.records = before.get(name, OrderedDict())
        mappings.has_come(self.arn)

    return reshard


def get_shard_iterator(theirs: Any) -> Any:
    """Find a stream by its ARN, too: the iterator names the stream."""

    def get_shard_iterator(self: Any, stream_arn: str | None, stream_name: str | None, *position: Any) -> str:
        name = stream_name or self.describe_stream(stream_arn=stream_arn, stream_name=None).stream_name
        iterator: str = theirs(self, stream_arn, name, *position)
        return iterator

    return get_shard_iterator
