"""Streams of DynamoDB tables as event sources.

Source: https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
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
"""Seconds that a record lives."""

TOO_OLD: Final = "MaximumRecordAgeExceeded"

Record = dict[str, JSON]


class StreamPoller(Poller):
    """The stream of a table. Records are tried in their order: one that fails holds back those after it."""

    def __init__(self, lambdas: Lambdas, engine: Engine, configuration: Mapping[str, Any], stream: Stream) -> None:
        super().__init__(lambdas, engine, configuration)
        self._stream = stream
        self._next = stream.next_sequence if configuration.get("StartingPosition") == "LATEST" else stream.oldest()
        stream.table.watch(self._changed)

    def _changed(self, *_: object) -> None:
        self.loop.try_post(self.wake)

    def close(self) -> None:
        """Leave the table alone."""
        self._stream.table.unwatch(self._changed)

    async def take_batch(self) -> bool:
        """Take what is there, and wait for more as long as the batching window says."""
        size = int(self.configuration["BatchSize"])
        records = self._read(size)
        if not records:
            return False
        window = self.configuration.get("MaximumBatchingWindowInSeconds") or 0
        if window:
            until = self.loop.clock.now() + window
            self.wake_in(window)
            while len(records) < size and self.loop.clock.now() < until:
                await self.news()
                records = self._read(size)
        self._next = _sequence(records[-1]) + 1
        await self._deal_with([record for record in records if self.wanted(record)], 0)
        return True

    def _read(self, count: int) -> list[Record]:
        from emulator.dynamodb.changes.streams import read

        return [{**record, "eventSourceARN": self.source} for record in read(self._stream, self._next, count)]

    async def _deal_with(self, records: list[Record], count: int) -> None:
        """Try a batch until it succeeds or is given up; ``count`` attempts were made at it before."""
        while records:
            identifiers = [str(_sequence(record)) for record in records]
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
        age = self.loop.clock.now() - records[0]["dynamodb"]["ApproximateCreationDateTime"]
        if age > (RETENTION if oldest < 0 else min(oldest, RETENTION)):
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
            "DDBStreamBatchInfo": self.described(records),
        }
        await self.outside(lambda: invocation_destinations.send_record(target, content, self.function.arn, failed=True))

    def described(self, records: list[Record]) -> dict[str, JSON]:
        """Where in the stream a batch stands."""
        first, last = records[0], records[-1]
        return {
            "shardId": self._stream.shard,
            "startSequenceNumber": str(_sequence(first)),
            "endSequenceNumber": str(_sequence(last)),
            "approximateArrivalOfFirstRecord": _second(first),
            "approximateArrivalOfLastRecord": _second(last),
            "batchSize": len(records),
            "streamArn": self.source,
        }


def _sequence(record: Record) -> int:
    return int(record["dynamodb"]["SequenceNumber"])


def _second(record: Record) -> str:
    return f"{iso(record['dynamodb']['ApproximateCreationDateTime'])[:19]}Z"
