"""Queues: moto's SQS on the emulator's clock, and where many threads use one queue.

Delays, visibility and retention, and how long a receiver waits, are told by the emulator's clock. moto gave two
receivers that asked at the same time the same message, forgot what a FIFO queue had got as soon as somebody had deleted
it, and did not know of which queue a dead letter is.
"""

from __future__ import annotations

import base64
import itertools
from typing import Any, Final

from asl_interpreter.loop.locks import lock
from emulator.moto_door.clock import now
from emulator.moto_door.mappings import arrived, pass_time
from emulator.moto_door.queue_attributes import invalid, refusal
from emulator.moto_door.state import opened

_receiving = lock("receiving from a queue", 30)
"""One receiver at a time takes messages; none waits for them meanwhile."""

DEDUPLICATED: Final = 300.0
"""Seconds for which a FIFO queue knows what it has got."""
LONGEST_OUT_OF_SIGHT: Final = 43_200
"""Seconds, counted from when a message was received."""


def receive_message(theirs: Any) -> Any:
    """Take messages, one receiver after the other; wait for them as time passes here."""

    def receive_message(
        self: Any,
        queue_name: str,
        count: int,
        wait_seconds_timeout: int,
        visibility_timeout: int,
        message_attribute_names: list[str] | None = None,
    ) -> list[Any]:
        queue = self.get_queue(queue_name)
        until = now(self.account_id) + wait_seconds_timeout
        while True:
            with _receiving:
                _expire(queue)
                found: list[Any] = theirs(self, queue_name, count, 0, visibility_timeout, message_attribute_names)
            before = now(self.account_id)
            if found or before >= until:
                return found
            if pass_time(self.account_id, min(until, _next_seen(queue, before)) - before):
                if now(self.account_id) == before:  # only a test moves this clock
                    return []
            else:
                queue.wait_for_messages(1)

    return receive_message


def _next_seen(queue: Any, at: float) -> float:
    """When the next message of a queue comes into sight, if one does."""
    times = (max(message.visible_at, message.delayed_until) / 1000 for message in queue._messages)  # noqa: SLF001 - moto has no other name for all of them
    return min((time for time in times if time > at), default=float("inf"))


def _expire(queue: Any) -> None:
    """Forget the messages that a queue does not keep any longer."""
    oldest = (now(queue.account_id) - queue.message_retention_period) * 1000
    if any(message.sent_timestamp <= oldest for message in queue._messages):  # noqa: SLF001 - as above
        queue._messages = [message for message in queue._messages if message.sent_timestamp > oldest]  # noqa: SLF001 - as above
        queue._pending_messages.intersection_update(queue._messages)  # noqa: SLF001 - as above


def forget_expired(queue: Any) -> None:
    """Forget the messages that a queue does not keep any longer."""
    with _receiving:
        _expire(queue)


def is_visible(_theirs: Any) -> Any:
    """Whether a message is in sight: at the instant at which its timeout ends it is."""
    return property(lambda self: now() * 1000.0 >= self.visible_at)


def is_retained(_theirs: Any) -> Any:
    """Whether a message is kept still: those that are not are gone before messages are taken."""
    return lambda _self, _queue_name, _message: True


def mark_received(theirs: Any) -> Any:
    """Remember when a message was received last, and give it a receipt that says of which queue it is."""

    def mark_received(self: Any, visibility_timeout: int | None = None) -> None:
        from moto.moto_api._internal import mock_random

        theirs(self, visibility_timeout)
        self.received_at = now()
        parts = (str(mock_random.uuid4()), self.queue_arn, self.id, str(self.received_at))
        self.receipt_handle = base64.b64encode(" ".join(parts).encode()).decode()

    return mark_received


def _message_of(queue: Any, receipt: str) -> Any:
    """The message of a receipt; None if it is gone. Raises a refusal: no message of the queue ever had it."""
    try:
        parts = base64.b64decode(receipt, validate=True).decode().split(" ")
    except ValueError:
        parts = []
    if len(parts) != _PARTS or parts[1] != queue.queue_arn:
        text = f'The input receipt handle "{receipt}" is not a valid receipt handle.'
        raise refusal("ReceiptHandleIsInvalid", text)
    return next((each for each in queue._messages if each.had_receipt_handle(receipt)), None)  # noqa: SLF001 - as above


_PARTS: Final = 4
"""Of a receipt."""


def delete(queue: Any, receipt: str) -> None:
    """Delete a message; one that is gone already is. Raises a refusal: the receipt is none, or holds no longer."""
    with _receiving:
        message = _message_of(queue, receipt)
        if message is None:
            return
        if queue.fifo_queue and (message.visible or message.receipt_handle != receipt):
            raise invalid("ReceiptHandle", receipt, "The receipt handle has expired.")
        queue._messages.remove(message)  # noqa: SLF001 - as above
        queue.pending_messages.discard(message)


def change_visibility(queue: Any, receipt: str, seconds: int) -> None:
    """Have a message be out of sight from now on for so many seconds, counted in all from when it was received.

    Raises a refusal: the receipt is none, the message is gone or in sight, or that is too long.
    """
    with _receiving:
        message = _message_of(queue, receipt)
        if message is None:
            text = "Message does not exist or is not available for visibility timeout change."
            raise invalid("ReceiptHandle", receipt, text)
        if seconds < 0 or now(queue.account_id) - message.received_at + seconds > LONGEST_OUT_OF_SIGHT:
            text = f"Total VisibilityTimeout for the message is beyond the limit [{LONGEST_OUT_OF_SIGHT} seconds]"
            raise invalid("VisibilityTimeout", seconds, text)
        if message.visible:
            raise refusal("AWS.SimpleQueueService.MessageNotInflight", "The specified message isn't in flight.")
        message.change_visibility(seconds)
        if message.visible:
            queue.pending_messages.discard(message)


def add_message(_theirs: Any) -> Any:
    """Take a message into a queue, unless a FIFO queue has got it before; let its mappings hear of it."""

    def add_message(self: Any, message: Any) -> None:
        if self.fifo_queue and _is_known(self, message):
            return
        came_from = getattr(message, "queue_arn", self.queue_arn)
        if came_from != self.queue_arn:
            message.dead_letter_source = came_from
        message.queue_arn = self.queue_arn
        with self._messages_lock:
            self._messages.append(message)
            self._messages_lock.notify_all()
        arrived(self.queue_arn, message)

    return add_message


_sequence: Final = itertools.count(18_850_000_000_000_000_000, 256)


def _is_known(queue: Any, message: Any) -> bool:
    """Whether a FIFO queue has got a message with the same deduplication id of late; if not, this one counts.

    Whoever sends it again is answered as for the first.
    """
    got: dict[tuple[str, str], tuple[float, str, str]] = queue.__dict__.setdefault("_got", {})
    time = now(queue.account_id)
    group = message.group_id if queue.deduplication_scope == "messageGroup" else ""
    key = (group, message.deduplication_id)
    if key in got and time - got[key][0] < DEDUPLICATED:
        _, message.id, message.sequence_number = got[key]
        return True
    message.sequence_number = str(next(_sequence))
    for old in [old for old, (since, *_) in got.items() if time - since >= DEDUPLICATED]:
        del got[old]
    got[key] = time, message.id, message.sequence_number
    return False


def peek(account: str, region: str, name: str, *, invisible: bool, delayed: bool) -> list[dict[str, Any]] | None:
    """The messages of a queue, as ReceiveMessage shows them, and nothing happens to them; None if there is no queue.

    ``invisible`` are those that somebody has received, ``delayed`` those that are not in sight yet.
    """
    opened()
    from moto.sqs.models import sqs_backends

    if len(account) != 12 or not account.isdigit() or region not in sqs_backends[account]:
        return None
    queue = sqs_backends[account][region].queues.get(name)
    if queue is None:
        return None
    with _receiving:
        _expire(queue)
        messages = list(queue._messages)  # noqa: SLF001 - as above
    at = now(account) * 1000
    return [
        _shown(message)
        for message in messages
        if (invisible or message.visible_at <= at) and (delayed or message.delayed_until <= at)
    ]


def _shown(message: Any) -> dict[str, Any]:
    attributes = {
        "SenderId": message.sender_id,
        "SentTimestamp": message.sent_timestamp,
        "ApproximateReceiveCount": message.approximate_receive_count,
        "ApproximateFirstReceiveTimestamp": message.approximate_first_receive_timestamp,
        "MessageGroupId": message.group_id,
        "MessageDeduplicationId": message.deduplication_id,
        "SequenceNumber": message.sequence_number,
    }
    return {
        "MessageId": message.id,
        "ReceiptHandle": "SQS/BACKDOOR/ACCESS",
        "MD5OfBody": message.body_md5,
        "Body": message.body,
        "Attributes": {name: str(value) for name, value in attributes.items() if value is not None},
    }
