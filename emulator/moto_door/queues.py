"""Queues: moto's SQS where many threads use one queue.

Two receivers that asked at the same time got the same message, and each message received cost a walk over all the
messages of its queue, for an attribute that no message changes.
"""

from __future__ import annotations

import threading
from functools import cache
from typing import Any

_receiving = threading.Lock()
"""One receiver at a time takes messages; none waits for them meanwhile."""


@cache
def wire_queues() -> None:
    """Put moto's SQS right."""
    from moto.core.utils import unix_time
    from moto.sqs import models

    theirs = models.SQSBackend.receive_message

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
                found = theirs(self, queue_name, count, 0, visibility_timeout, message_attribute_names)
            if found or not left:
                return found
            self.get_queue(queue_name).wait_for_messages(1)
        return []

    def is_retained(self: Any, queue_name: str, message: Any) -> bool:
        retained: int = self.get_queue(queue_name).message_retention_period
        return bool(retained + message.sent_timestamp / 1000 > unix_time())

    backend: Any = models.SQSBackend
    backend.receive_message = receive_message
    backend.is_message_valid_based_on_retention_period = is_retained
