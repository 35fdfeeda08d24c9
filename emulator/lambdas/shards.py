"""Streams of Kinesis as event sources: a poller for each shard, so that a record that fails holds back its shard only.

Source: https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from asl_interpreter.jsontext import JSON, InvalidJSON, loads
from emulator import moto_door
from emulator.arns import Arn
from emulator.lambdas.mappings import Poller
from emulator.lambdas.streams import Record, StreamPoller

if TYPE_CHECKING:
    from asl_interpreter.engine import Engine
    from emulator.lambdas.service import Lambdas

LONGEST_LIFE: Final = 365 * 86_400.0
"""Seconds that a record may live; the stream itself says how many it does."""


class ShardPoller(StreamPoller):
    """A shard of a stream of Kinesis."""

    info = "KinesisBatchInfo"
    retention = LONGEST_LIFE

    def __init__(self, lambdas: Lambdas, engine: Engine, configuration: Mapping[str, Any], shard: str) -> None:
        super().__init__(lambdas, engine, configuration)
        self.shard = shard
        position = configuration.get("StartingPosition")
        latest = configuration.get("LatestSequences", {})
        self._after: int = latest.get(shard, 0) if position == "LATEST" else 0
        self._since = float(configuration.get("StartingPositionTimestamp") or 0) if position == "AT_TIMESTAMP" else 0.0

    async def read(self, count: int) -> list[Record]:
        """The next records, which moto keeps."""
        ask = partial(moto_door.records_after, self.source, self.shard, self._after, self._since, count)
        return [self.record(found) for found in await self.outside(ask)]

    def record(self, found: moto_door.KinesisRecord) -> Record:
        """A record as a function gets it."""
        return {
            "kinesis": {
                "kinesisSchemaVersion": "1.0",
                "partitionKey": found.key,
                "sequenceNumber": str(found.sequence),
                "data": found.data,
                "approximateArrivalTimestamp": found.arrived,
            },
            "eventSource": "aws:kinesis",
            "eventVersion": "1.0",
            "eventID": f"{self.shard}:{found.sequence}",
            "eventName": "aws:kinesis:record",
            "invokeIdentityArn": f"arn:aws:iam::{Arn.parse(self.source).account}:role/dynastep",
            "awsRegion": Arn.parse(self.source).region,
            "eventSourceARN": self.source,
        }

    def content(self, record: Record) -> dict[str, JSON]:
        """What a record has of its own."""
        content: dict[str, JSON] = record["kinesis"]
        return content

    def take(self, last: Record) -> None:
        """Go on after a record."""
        self._after = int(self.sequence(last))

    def sequence(self, record: Record) -> str:
        """The number of a record."""
        return str(self.content(record)["sequenceNumber"])

    def came(self, record: Record) -> float:
        """When a record came."""
        return float(self.content(record)["approximateArrivalTimestamp"])

    def seen(self, record: Record) -> JSON:
        """A record as filters see it: its data is JSON, or text, or what it is."""
        content = self.content(record)
        return {**content, "data": _decoded(content["data"])}


def _decoded(data: str) -> JSON:
    try:
        text = base64.b64decode(data).decode()
        return loads(text)
    except UnicodeDecodeError:
        return data
    except InvalidJSON:
        return text


class KinesisPoller(Poller):
    """A stream of Kinesis: it looks which shards there are, and has each polled by itself."""

    def __init__(
        self,
        lambdas: Lambdas,
        engine: Engine,
        configuration: Mapping[str, Any],
        build: Callable[[Mapping[str, Any], str], ShardPoller],
    ) -> None:
        super().__init__(lambdas, engine, configuration)
        self._build = build
        self._shards: dict[str, tuple[ShardPoller, Callable[[], None]]] = {}

    def wake(self) -> None:
        """Something may have come, or the mapping has changed."""
        super().wake()
        for poller, _ in self._shards.values():
            poller.configuration = self.configuration
            poller.wake()

    def close(self) -> None:
        """End the pollers of the shards."""
        shards, self._shards = self._shards, {}
        for _, stop in shards.values():
            stop()

    async def take_batch(self) -> bool:
        """Poll the shards that are new."""
        for shard in await self.outside(partial(moto_door.shards_of, self.source)):
            if shard not in self._shards:
                poller = self._build(self.configuration, shard)
                fiber = self.loop.fork(poller.run(), poller.name, detached=True)
                self._shards[shard] = poller, fiber.cancel
        return False
