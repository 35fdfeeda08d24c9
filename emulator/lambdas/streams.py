"""Streams as event sources: batches of records in their order, tried again until they succeed or are given up.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html, https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from asl_interpreter.jsontext import JSON
from asl_interpreter.timestamps import iso
from emulator.lambdas import invocation_destinations
from emulator.lambdas.functions import LATEST
from emulator.lambdas.mappings import Outcome, Poller

if TYPE_CHECKING:
    from asl_interpreter.engine import Engine
    from emulator.dynamodb.model.streams import Stream
    from emulator.lambdas.service import Lambdas

LONGEST_PAUSE: Final = 60.0
"""Seconds between two attempts at one batch, which grow from one second."""
RETENTION: Final = 86_400.0
"""Seconds that a record of a table's stream lives."""

TOO_OLD: Final = "MaximumRecordAgeExceeded"

Record = dict[str, JSON]


class StreamPoller(Poller):
    """A shard of a stream. A record that fails holds back those after it."""

    info: str
    """The name that the place of a batch has in what is said of one that was given up."""
    shard: str
    retention: float
    """Seconds that a record lives."""

    async def read(self, count: int) -> list[Record]:
        """The next records, which stay the next until ``take`` takes them."""
        raise NotImplementedError

    def take(self, last: Record) -> None:
        """Go on after a record."""
        raise NotImplementedError

    def sequence(self, record: Record) -> str:
        """The number of a record."""
        raise NotImplementedError

    def came(self, record: Record) -> float:
        """When a record came, in seconds since 1970."""
        raise NotImplementedError

    def seen(self, record: Record) -> JSON:
        """A record as filters see it."""
        return record

    def instant(self, record: Record) -> str:
        """When a record came, in a text."""
        return iso(self.came(record))

    async def take_batch(self) -> bool:
        """Take what is there, and wait for more as long as the batching window says."""
        size = int(self.configuration["BatchSize"])
        records = await self.read(size)
        if not records:
            return False
        window = self.configuration.get("MaximumBatchingWindowInSeconds") or 0
        if window:
            until = self.loop.clock.now() + window
            self.wake_in(window)
            while len(records) < size and self.loop.clock.now() < until:
                await self.news()
                records = await self.read(size)
        self.take(records[-1])
        await self._deal_with([record for record in records if self.wanted(self.seen(record))], 0)
        return True

    async def _deal_with(self, records: list[Record], count: int) -> None:
        """Try a batch until it succeeds or is given up; ``count`` attempts were made at it before."""
        while records:
            identifiers = [self.sequence(record) for record in records]
            outcome = await self.invoke(records, identifiers)
            if outcome.failed is not None:
                if not outcome.failed:
                    return
                records = records[min(identifiers.index(each) for each in outcome.failed) :]
            condition = self._given_up(records, count + 1)
            if self.configuration.get("BisectBatchOnFunctionError") and len(records) > 1 and condition != TOO_OLD:
                middle = len(records) // 2  # cutting a batch in two does not count as a retry
                await self._deal_with(records[:middle], count)
                records = records[middle:]
                continue
            count += 1
            if condition:
                await self._discard(records, condition, count, outcome)
                return
            await self.loop.sleep(min(2.0 ** (count - 1), LONGEST_PAUSE), self.name)

    def _given_up(self, records: list[Record], count: int) -> str:
        """Why a batch is not tried again, or nothing."""
        attempts = self.configuration.get("MaximumRetryAttempts", -1)
        if 0 <= attempts < count:
            return "RetryAttemptsExhausted"
        oldest = self.configuration.get("MaximumRecordAgeInSeconds", -1)
        age = self.loop.clock.now() - self.came(records[0])
        if age > (self.retention if oldest < 0 else min(oldest, self.retention)):
            return TOO_OLD
        return ""

    async def _discard(self, records: list[Record], condition: str, count: int, outcome: Outcome) -> None:
        """Tell the on-failure destination, if there is one."""
        target = ((self.configuration.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination")
        if not target:
            return
        content: dict[str, JSON] = {
            "requestContext": {
                "requestId": outcome.request_id,
                "functionArn": f"{self.function.arn}:{self.function.qualifier or LATEST}",
                "condition": condition,
                "approximateInvokeCount": count,
            },
            "responseContext": invocation_destinations.response_context(outcome.version, outcome.invocation),
            "version": "1.0",
            "timestamp": iso(self.loop.clock.now()),
            self.info: self.described(records),
        }
        await self.outside(lambda: invocation_destinations.send_record(target, content, self.function.arn, failed=True))

    def described(self, records: list[Record]) -> dict[str, JSON]:
        """Where in the stream a batch stands."""
        first, last = records[0], records[-1]
        return {
            "shardId": self.shard,
            "startSequenceNumber": self.sequence(first),
            "endSequenceNumber": self.sequence(last),
            "approximateArrivalOfFirstRecord": self.instant(first),
            "approximateArrivalOfLastRecord": self.instant(last),
            "batchSize": len(records),
            "streamArn": self.source,
        }


class TablePoller(StreamPoller):
    """The stream of a table."""

    info = "DDBStreamBatchInfo"
    retention = RETENTION

    def __init__(self, lambdas: Lambdas, engine: Engine, configuration: Mapping[str, Any], stream: Stream) -> None:
        super().__init__(lambdas, engine, configuration)
        self._stream = stream
        self.shard = stream.shard
        self._next = stream.next_sequence if configuration.get("StartingPosition") == "LATEST" else stream.oldest()
        stream.table.watch(self._changed)

    def _changed(self, *_: object) -> None:
        self.loop.try_post(self.wake)

    def close(self) -> None:
        """Leave the table alone."""
        self._stream.table.unwatch(self._changed)

    async def read(self, count: int) -> list[Record]:
        """The next records, which are ours."""
        from emulator.dynamodb.changes.streams import read

        return [{**record, "eventSourceARN": self.source} for record in read(self._stream, self._next, count)]

    def take(self, last: Record) -> None:
        """Go on after a record."""
        self._next = int(self.sequence(last)) + 1

    def sequence(self, record: Record) -> str:
        """The number of a record."""
        return str(int(record["dynamodb"]["SequenceNumber"]))

    def came(self, record: Record) -> float:
        """When a record came."""
        time: float = record["dynamodb"]["ApproximateCreationDateTime"]
        return time

    def instant(self, record: Record) -> str:
        """When a record came, to the second."""
        return f"{super().instant(record)[:19]}Z"
