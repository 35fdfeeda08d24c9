"""Queues as event sources.

A message is taken out of sight for as long as SQS allows, and is seen again after the queue's visibility timeout by the
emulator's clock, not by moto's, which is real.

Source: https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from asl_interpreter.jsontext import JSON, InvalidJSON, loads
from emulator import moto_door
from emulator.arns import Arn
from emulator.lambdas.mappings import Poller

MOST_AT_ONCE: Final = 10
"""Messages of one ReceiveMessage."""
OUT_OF_SIGHT: Final = 43_200
"""Seconds; the most that SQS allows."""
REAL_PAUSE: Final = 1.0
"""Seconds between looks at a queue under a wall clock: another consumer's message may be seen again at any time."""


class QueuePoller(Poller):
    """A queue of moto's."""

    _looks_again = 0.0

    async def take_batch(self) -> bool:
        """Take what is there, and wait for more as long as the batching window says."""
        size = int(self.configuration["BatchSize"])
        messages = await self._receive(size)
        if not messages:
            now = self.loop.clock.now()
            if self.loop.clock.mode == "wall" and now >= self._looks_again:  # one timer, however often it was woken
                self._looks_again = now + REAL_PAUSE
                self.wake_in(REAL_PAUSE)
            return False
        window = self.configuration.get("MaximumBatchingWindowInSeconds") or 0
        if window:
            until = self.loop.clock.now() + window
            self.wake_in(window)
            while len(messages) < size and self.loop.clock.now() < until:
                await self.news()
                messages += await self._receive(size - len(messages))
        await self._deal_with(messages)
        return True

    async def _receive(self, count: int) -> list[dict[str, Any]]:
        received: list[dict[str, Any]] = []
        while len(received) < count:
            params = {
                "MaxNumberOfMessages": min(count - len(received), MOST_AT_ONCE),
                "VisibilityTimeout": OUT_OF_SIGHT,
                "MessageSystemAttributeNames": ["All"],
                "MessageAttributeNames": ["All"],
            }
            answer = await self._call("ReceiveMessage", params)
            messages = answer.get("Messages", [])
            received += messages
            if not messages:
                break
        return received

    async def _deal_with(self, messages: list[dict[str, Any]]) -> None:
        wanted = [message for message in messages if self.wanted({"body": _body(message["Body"])})]
        failed: frozenset[str] | None = frozenset()
        identifiers = [message["MessageId"] for message in wanted]
        if wanted:
            failed = (await self.invoke([self._record(message) for message in wanted], identifiers)).failed
        again = set(identifiers) if failed is None else failed
        for message in messages:
            if message["MessageId"] not in again:
                await self._call("DeleteMessage", {"ReceiptHandle": message["ReceiptHandle"]})
        if again:
            handles = [message["ReceiptHandle"] for message in wanted if message["MessageId"] in again]
            answer = await self._call("GetQueueAttributes", {"AttributeNames": ["VisibilityTimeout"]})
            seconds = float(answer["Attributes"]["VisibilityTimeout"])
            self.lambdas.keep_running(lambda: self._show_again(handles, seconds), self.name)

    async def _show_again(self, handles: Sequence[str], seconds: float) -> None:
        await self.loop.sleep(seconds, self.name)
        for handle in handles:
            await self._call("ChangeMessageVisibility", {"ReceiptHandle": handle, "VisibilityTimeout": 0})
        self.wake()

    async def _call(self, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        """Call SQS; a queue that is gone has nothing."""
        queue = Arn.parse(self.source)
        url = f"https://sqs.{queue.region}.amazonaws.com/{queue.account}/{queue.resource}"

        def call() -> dict[str, Any]:
            try:
                return moto_door.call("sqs", operation, {"QueueUrl": url, **params}, queue.account, queue.region)
            except moto_door.ServiceError:
                return {"Attributes": {"VisibilityTimeout": "0"}}

        answer: dict[str, Any] = await self.outside(call)
        return answer

    def _record(self, message: dict[str, Any]) -> dict[str, JSON]:
        record: dict[str, JSON] = {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message.get("Attributes", {}),
            "messageAttributes": {
                name: _attribute(value) for name, value in message.get("MessageAttributes", {}).items()
            },
            "md5OfBody": message["MD5OfBody"],
            "eventSource": "aws:sqs",
            "eventSourceARN": self.source,
            "awsRegion": Arn.parse(self.source).region,
        }
        if "MD5OfMessageAttributes" in message:
            record["md5OfMessageAttributes"] = message["MD5OfMessageAttributes"]
        return record


def _body(text: str) -> JSON:
    """What a filter sees of a body: JSON if it is an object."""
    try:
        value = loads(text)
    except InvalidJSON:
        return text
    return value if isinstance(value, dict) else text


def _attribute(value: dict[str, Any]) -> dict[str, JSON]:
    """An attribute of a message as Lambda writes it: members begin with a small letter, and two lists are empty."""
    shown: dict[str, JSON] = {}
    if "StringValue" in value:
        shown["stringValue"] = value["StringValue"]
    if "BinaryValue" in value:
        import base64

        shown["binaryValue"] = base64.b64encode(value["BinaryValue"]).decode()
    return {**shown, "stringListValues": [], "binaryListValues": [], "dataType": value["DataType"]}
