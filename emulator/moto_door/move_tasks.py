"""Message move tasks: dead letters go back to the queues from which they came, or to another one. moto has none.

Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import Any, Final

from emulator.arns import Arn, InvalidArn
from emulator.moto_door import mappings
from emulator.moto_door.clock import now
from emulator.moto_door.queue_attributes import refusal

MOST_LISTED: Final = 10


@dataclass
class _Task:
    """One move of the messages that a dead-letter queue has."""

    backend: Any
    source: Any
    destination: Any
    """None: each message goes back to where it came from."""
    per_second: int | None
    id: str
    left: int
    moved: int = 0
    status: str = "RUNNING"
    failure: str = ""
    started: float = field(default_factory=now)

    @property
    def handle(self) -> str:
        """What names it."""
        return base64.b64encode(json.dumps({"taskId": self.id, "sourceArn": self.source.queue_arn}).encode()).decode()

    def shown(self) -> dict[str, Any]:
        """As ListMessageMoveTasks shows it."""
        shown: dict[str, Any] = {"Status": self.status, "SourceArn": self.source.queue_arn}
        if self.status == "RUNNING":
            shown["TaskHandle"] = self.handle
        if self.destination is not None:
            shown["DestinationArn"] = self.destination.queue_arn
        if self.per_second is not None:
            shown["MaxNumberOfMessagesPerSecond"] = self.per_second
        if self.failure:
            shown["FailureReason"] = self.failure
        counts = {"ApproximateNumberOfMessagesMoved": self.moved, "ApproximateNumberOfMessagesToMove": self.left}
        return {**shown, **counts, "StartedTimestamp": int(self.started * 1000)}

    def _came_from(self, message: Any) -> Any:
        """The queue of which a message is a dead letter; None if that is not known, or gone."""
        arn = getattr(message, "dead_letter_source", None)
        return None if arn is None else self.backend.queues.get(Arn.parse(arn).resource)

    def step(self) -> None:
        """Move what may be moved in this second, and go on in the next one."""
        if self.status != "RUNNING":
            return
        for message in list(self.source.messages)[: self.per_second or None]:
            to = self.destination or self._came_from(message)
            if to is None:
                self.status, self.failure = "FAILED", "CouldNotDetermineMessageSource"
                return
            self.source._messages.remove(message)  # noqa: SLF001 - moto deletes by a receipt alone
            _give(to, message)
            self.moved += 1
        if self.source.messages:
            mappings.later(self.backend.account_id, 1.0, self.step)
        else:
            self.status = "COMPLETED"


def _give(queue: Any, message: Any) -> None:
    """Put a message into a queue as a new one."""
    from moto.moto_api._internal import mock_random
    from moto.sqs.models import Message

    moved = Message(str(mock_random.uuid4()), message.body, message.system_attributes)
    moved.message_attributes = message.message_attributes
    moved.group_id = message.group_id
    moved.deduplication_id = str(mock_random.uuid4()) if queue.fifo_queue else None
    moved.mark_sent()
    queue.add_message(moved)


def start_message_move_task(self: Any) -> Any:
    """Begin to move the messages of a dead-letter queue."""
    backend = self.sqs_backend
    source = _queue(backend, self._get_param("SourceArn"), "SourceArn")
    destination_arn = self._get_param("DestinationArn")
    destination = _queue(backend, destination_arn, "DestinationArn") if destination_arn else None
    if not any(queue.dead_letter_queue is source for queue in backend.queues.values()):
        raise refusal("InvalidParameterValue", "Source queue must be configured as a Dead Letter Queue.")
    tasks = _tasks(source)
    if any(task.status == "RUNNING" for task in tasks):
        text = (
            "There is already a task running. Only one active task is allowed for a source queue arn at a given time."
        )
        raise refusal("AWS.SimpleQueueService.UnsupportedOperation", text)
    from moto.moto_api._internal import mock_random

    per_second = self._get_param("MaxNumberOfMessagesPerSecond")
    id_, left = str(mock_random.uuid4()), len(source.messages)
    task = _Task(backend, source, destination, None if per_second is None else int(per_second), id_, left)
    tasks.append(task)
    task.step()
    return _answer({"TaskHandle": task.handle})


def list_message_move_tasks(self: Any) -> Any:
    """The tasks of a dead-letter queue, the last one first."""
    source = _queue(self.sqs_backend, self._get_param("SourceArn"), "SourceArn")
    most = int(self._get_param("MaxResults", 1))
    if not 1 <= most <= MOST_LISTED:
        text = f"Value {most} for parameter MaxResults is invalid. Reason: Must be between 1 and 10, if provided."
        raise refusal("InvalidParameterValue", text)
    return _answer({"Results": [task.shown() for task in reversed(_tasks(source))][:most]})


def cancel_message_move_task(self: Any) -> Any:
    """Stop a task; what it has moved stays moved."""
    task = _named(self.sqs_backend, self._get_param("TaskHandle"))
    if task is None:
        raise refusal("ResourceNotFoundException", "Task does not exist.")
    if task.status != "RUNNING":
        text = "Only active tasks can be cancelled."
        raise refusal("AWS.SimpleQueueService.UnsupportedOperation", text)
    task.status = "CANCELLED"
    return _answer({"ApproximateNumberOfMessagesMoved": task.moved})


def _tasks(queue: Any) -> list[_Task]:
    """The tasks of a dead-letter queue, the first one first."""
    found: list[_Task] = queue.__dict__.setdefault("_move_tasks", [])
    return found


def _named(backend: Any, handle: str) -> _Task | None:
    return next((task for queue in backend.queues.values() for task in _tasks(queue) if task.handle == handle), None)


def _queue(backend: Any, arn: str, parameter: str) -> Any:
    try:
        parsed = Arn.parse(arn)
    except InvalidArn:
        text = (
            f"You must use this format to specify the {parameter}: "
            "arn:<partition>:<service>:<region>:<account-id>:<resource-id>"
        )
        raise refusal("InvalidParameterValue", text) from None
    queue = backend.queues.get(parsed.resource)
    if queue is None or queue.queue_arn != arn:
        text = f"The resource that you specified for the {parameter} parameter doesn't exist."
        raise refusal("ResourceNotFoundException", text)
    return queue


def _answer(result: dict[str, Any]) -> Any:
    from moto.core.responses import ActionResult

    return ActionResult(result)
