"""Queues: moto's SQS where many threads use one queue.

Two receivers that asked at the same time got the same message, and each message received cost a walk over all the
messages of its queue, for an attribute that no message changes.
"""

from __future__ import annotations

from typing import Any

from asl_interpreter.loop.locks import lock

_receiving = lock("receiving from a queue", 30)
"""One receiver at a time takes messages; none waits for them meanwhile."""


def receive_message(theirs: Any) -> Any:
    """Take messages, one receiver after the other."""

    def receive_message(
        self: Any,
        queue_name: str,
        count: int,
        wait_seconds_timeout: int,
        visibility_timeout: int,
        message_attribute_names: list[str] | None = None,
    ) -> list[Any]:
        for left in range(wait_seconds_timeout, -1, -1):
            with _receiving:
                found: list[Any] = theirs(self, queue_name, count, 0, visibility_timeout, message_attribute_names)
            if found or not left:
                return found
            self.get_queue(queue_name).wait_for_messages(1)
        return []

    return receive_message


def is_retained(_theirs: Any) -> Any:
    """Whether a message is kept still, asked of its queue and not of all the messages in it."""

    def is_retained(self: Any, queue_name: str, message: Any) -> bool:
        from moto.core.utils import unix_time

        retained: int = self.get_queue(queue_name).message_retention_period
        return bool(retained + message.sent_timestamp / 1000 > unix_time())

    return is_retained
