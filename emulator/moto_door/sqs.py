"""SQS: its operations, upon moto's queues.

Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_Operations.html, and answers
as observed.
"""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import urlsplit

from emulator.moto_door import move_tasks, queue_attributes, queue_messages
from emulator.moto_door.clock import now
from emulator.moto_door.queue_attributes import invalid, refusal
from emulator.moto_door.queues import change_visibility, delete, forget_expired

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,80}|[A-Za-z0-9_-]{1,75}\.fifo")
_ACCOUNT: Final = re.compile(r"\d{12}")
_PERMITTED: Final = frozenset(
    {
        *("*", "ChangeMessageVisibility", "DeleteMessage", "GetQueueAttributes", "GetQueueUrl"),
        *("ListDeadLetterSourceQueues", "PurgeQueue", "ReceiveMessage", "SendMessage"),
    }
)
"""Actions that AddPermission may permit."""
MOST_TAGS: Final = 50
MOST_LISTED: Final = 1000
MOST_ACTIONS: Final = 7
PURGED: Final = 60.0
"""Seconds between two purges."""


def answer(theirs: Any) -> Any:
    """Give moto's SQS our operations."""
    ours = (
        *(add_permission, change_message_visibility, change_message_visibility_batch, create_queue, delete_message),
        *(delete_message_batch, delete_queue, get_queue_attributes, get_queue_url, list_dead_letter_source_queues),
        *(list_queue_tags, list_queues, purge_queue, receive_message, remove_permission, send_message),
        *(send_message_batch, set_queue_attributes, tag_queue, untag_queue),
        *(move_tasks.cancel_message_move_task, move_tasks.list_message_move_tasks, move_tasks.start_message_move_task),
    )
    for operation in ours:
        setattr(theirs, operation.__name__, operation)
    return theirs


def _answered(result: dict[str, Any] | None = None) -> Any:
    from moto.core.responses import ActionResult, EmptyResult

    return ActionResult(result) if result is not None else EmptyResult()


def _absent(self: Any) -> Exception:
    """That there is no such queue, in the words of the protocol."""
    is_form = str(self.headers.get("Content-Type", "")).startswith("application/x-www-form-urlencoded")
    text = "The specified queue does not exist" + (" for this wsdl version." if is_form else ".")
    return refusal("AWS.SimpleQueueService.NonExistentQueue", text)


def _backend(self: Any, account: str) -> Any:
    from moto.sqs.models import sqs_backends

    return sqs_backends[account or self.current_account][self.region]


def _queue(self: Any) -> Any:
    """The queue that a request names by its URL, which has an account, or by its name alone. Raises a refusal: none."""
    *before, name = (self._get_param("QueueUrl") or self.path).rstrip("/").split("/")
    account = before[-1] if before and _ACCOUNT.fullmatch(before[-1]) else ""
    found = _backend(self, account).queues.get(name)
    if found is None:
        raise _absent(self)
    return found


def _url(self: Any, queue: Any) -> str:
    at = urlsplit(self.uri)
    return f"{at.scheme}://{at.netloc}/{queue.account_id}/{queue.name}"


# Queues


def create_queue(self: Any) -> Any:
    """Make a queue, or find the one that is there already, if it is the same."""
    from moto.sqs.models import Queue

    name, given = self._get_param("QueueName"), self._get_param("Attributes") or {}
    is_fifo = str(given.get("FifoQueue", "")).lower() == "true"
    if is_fifo and (_NAME.fullmatch(name) is None or not name.endswith(".fifo")):
        text = (
            "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, "
            "must end with .fifo suffix and be 1 to 80 in length."
        )
        raise refusal("InvalidParameterValue", text)
    if _NAME.fullmatch(name) is None or name.endswith(".fifo") != is_fifo:
        text = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
        raise refusal("InvalidParameterValue", text)
    queue_attributes.check(given, is_fifo=is_fifo)
    there = self.sqs_backend.queues.get(name)
    if there is not None:
        shown = queue_attributes.shown(there)
        for attribute, value in given.items():
            if str(value) not in (shown.get(attribute, ""), shown.get(attribute, "").capitalize()):
                text = f"A queue already exists with the same name and a different value for attribute {attribute}"
                raise refusal("QueueAlreadyExists", text)
        return _answered({"QueueUrl": _url(self, there)})
    fifo = {"FifoQueue": "true"} if is_fifo else {}
    kind: Any = Queue
    queue = kind(name, region=self.region, account_id=self.current_account, **fifo)
    queue_attributes.set_all(self.sqs_backend, queue, given)
    queue.tags = dict(self._get_param("tags") or {})
    self.sqs_backend.queues[name] = queue
    return _answered({"QueueUrl": _url(self, queue)})


def get_queue_url(self: Any) -> Any:
    """The URL of a queue, by its name and perhaps its account."""
    account = self._get_param("QueueOwnerAWSAccountId") or ""
    found = _backend(self, account).queues.get(self._get_param("QueueName"))
    if found is None:
        raise _absent(self)
    return _answered({"QueueUrl": _url(self, found)})


def list_queues(self: Any) -> Any:
    """The URLs of queues; pages only where a page's length is given, as on AWS."""
    from moto.core.responses import PaginatedResult

    prefix, most = self._get_param("QueueNamePrefix") or "", self._get_param("MaxResults")
    if most is not None and not 1 <= most <= MOST_LISTED:
        raise invalid("MaxResults", most, f"Must be between 1 and {MOST_LISTED}, if provided.")
    if self._get_param("NextToken") and most is None:
        raise invalid(
            "MaxResults", "null", "MaxResults is a mandatory parameter when you provide a value for NextToken."
        )
    urls = [_url(self, queue) for name, queue in self.sqs_backend.queues.items() if name.startswith(prefix)]
    if most is not None:
        return PaginatedResult({"QueueUrls": urls})
    return _answered({"QueueUrls": urls[:MOST_LISTED]} if urls else {})


def list_dead_letter_source_queues(self: Any) -> Any:
    """The URLs of the queues whose dead letters a queue gets."""
    dead = _queue(self)
    sources = [queue for queue in self.sqs_backend.queues.values() if queue.dead_letter_queue is dead]
    return _answered({"queueUrls": [_url(self, queue) for queue in sources]})


def delete_queue(self: Any) -> Any:
    """Delete a queue, with its messages."""
    queue = _queue(self)
    del _backend(self, queue.account_id).queues[queue.name]
    return _answered()


def purge_queue(self: Any) -> Any:
    """Delete all messages of a queue, once a minute at most."""
    queue = _queue(self)
    time = now(queue.account_id)
    if queue.last_purged_at is not None and time - queue.last_purged_at < PURGED:
        text = f"Only one PurgeQueue operation on {queue.name} is allowed every 60 seconds."
        raise refusal("AWS.SimpleQueueService.PurgeQueueInProgress", text)
    queue.last_purged_at = time
    queue._messages, queue._pending_messages = [], set()  # noqa: SLF001 - moto has no other way
    return _answered()


def get_queue_attributes(self: Any) -> Any:
    """Show the attributes of a queue that are asked for."""
    queue, names = _queue(self), self._get_param("AttributeNames") or []
    for name in names:
        if name not in queue_attributes.SHOWN:
            raise refusal("InvalidAttributeName", f"Unknown Attribute {name}.")
    forget_expired(queue)
    found = {name: value for name, value in queue_attributes.shown(queue).items() if {"All", name}.intersection(names)}
    return _answered({"Attributes": found} if found else {})


def set_queue_attributes(self: Any) -> Any:
    """Change attributes of a queue."""
    queue, given = _queue(self), self._get_param("Attributes") or {}
    queue_attributes.check(given, is_fifo=queue.fifo_queue)
    queue_attributes.set_all(_backend(self, queue.account_id), queue, given)
    return _answered()


def add_permission(self: Any) -> Any:
    """Add a statement to the policy of a queue."""
    queue, label = _queue(self), self._get_param("Label")
    actions, accounts = self._get_param("Actions") or [], self._get_param("AWSAccountIds") or []
    if not actions:
        raise refusal("MissingParameter", "The request must contain the parameter Actions.")
    if not accounts:
        raise invalid("PrincipalId", "[]", "Unable to verify.")
    if len(actions) > MOST_ACTIONS:
        raise refusal("OverLimit", f"{len(actions)} Actions were found, maximum allowed is {MOST_ACTIONS}.")
    for action in actions:
        if action not in _PERMITTED:
            raise invalid("ActionName", f"SQS:{action}", "Only the queue owner is allowed to invoke this action.")
    for account in accounts:
        if _ACCOUNT.fullmatch(account) is None:
            raise invalid("PrincipalId", f"[{account}]", "Unable to verify.")
    policy = queue._policy_json  # noqa: SLF001 - moto has no other way
    if any(statement.get("Sid") == label for statement in policy["Statement"]):
        raise invalid("Label", label, "Already exists.")
    if not policy["Statement"]:
        policy["Version"] = "2008-10-17"
    principals = [f"arn:aws:iam::{account}:root" for account in accounts]
    named = [f"SQS:{action}" for action in actions]
    policy["Statement"].append(
        {
            "Sid": label,
            "Effect": "Allow",
            "Principal": {"AWS": principals[0] if len(principals) == 1 else principals},
            "Action": named[0] if len(named) == 1 else named,
            "Resource": queue.queue_arn,
        }
    )
    return _answered()


def remove_permission(self: Any) -> Any:
    """Take a statement from the policy of a queue."""
    queue, label = _queue(self), self._get_param("Label")
    policy = queue._policy_json  # noqa: SLF001 - as above
    left = [statement for statement in policy["Statement"] if statement.get("Sid") != label]
    if len(left) == len(policy["Statement"]):
        raise invalid("Label", label, "can't find label.")
    policy["Statement"] = left
    return _answered()


def tag_queue(self: Any) -> Any:
    """Put tags on a queue."""
    queue, tags = _queue(self), self._get_param("Tags") or {}
    if not tags:
        raise refusal("MissingParameter", "The request must contain the parameter Tags.")
    if len({**queue.tags, **tags}) > MOST_TAGS:
        raise refusal("InvalidParameterValue", f"Too many tags added for queue {queue.name}.")
    queue.tags = {**queue.tags, **tags}
    return _answered()


def untag_queue(self: Any) -> Any:
    """Take tags from a queue."""
    queue, keys = _queue(self), self._get_param("TagKeys") or []
    if not keys:
        raise refusal("InvalidParameterValue", "Tag keys must be between 1 and 128 characters in length.")
    queue.tags = {key: value for key, value in queue.tags.items() if key not in keys}
    return _answered()


def list_queue_tags(self: Any) -> Any:
    """The tags of a queue."""
    tags = _queue(self).tags
    return _answered({"Tags": tags} if tags else {})


# Messages


def send_message(self: Any) -> Any:
    """Send a message."""
    queue, params = _queue(self), {name: self._get_param(name) for name in _OF_MESSAGE}
    queue_messages.check_message(queue, params)
    return _answered(queue_messages.sent(queue, queue_messages.put(queue, params)))


_OF_MESSAGE: Final = (
    *("MessageBody", "DelaySeconds", "MessageAttributes", "MessageSystemAttributes"),
    *("MessageGroupId", "MessageDeduplicationId"),
)


def send_message_batch(self: Any) -> Any:
    """Send some messages, in their order; one that cannot be sent does not hold back the others."""
    queue, entries = _queue(self), self._get_param("Entries") or []
    queue_messages.check_batch_of_messages(queue, entries)
    successful, failed = [], []
    for entry in entries:
        try:
            queue_messages.check_message(queue, entry)
        except type(refusal("", "")) as error:
            failed.append(queue_messages.failure(entry, error))
        else:
            successful.append({"Id": entry["Id"], **queue_messages.sent(queue, queue_messages.put(queue, entry))})
    return _batch(successful, failed)


def _batch(successful: list[dict[str, Any]], failed: list[dict[str, Any]]) -> Any:
    parts = {"Successful": successful, "Failed": failed}
    return _answered({name: part for name, part in parts.items() if part})


def receive_message(self: Any) -> Any:
    """Take messages out of sight, and wait for some as long as the request or the queue says."""
    queue = _queue(self)
    count, wait, timeout = (
        self._get_param(name) for name in ("MaxNumberOfMessages", "WaitTimeSeconds", "VisibilityTimeout")
    )
    if count is not None and not 1 <= count <= 10:
        raise invalid("MaxNumberOfMessages", count, "Must be between 1 and 10, if provided.")
    if wait is not None and not 0 <= wait <= 20:
        raise invalid("WaitTimeSeconds", wait, "Must be >= 0 and <= 20, if provided.")
    if timeout is not None and not 0 <= timeout <= 43_200:
        raise invalid("VisibilityTimeout", timeout, "Must be between 0 and 43200, if provided.")
    system = [
        name for member in ("AttributeNames", "MessageSystemAttributeNames") for name in self._get_param(member) or ()
    ]
    messages = _backend(self, queue.account_id).receive_message(
        queue.name,
        1 if count is None else count,
        queue.receive_message_wait_time_seconds if wait is None else wait,
        queue.visibility_timeout if timeout is None else timeout,
        self._get_param("MessageAttributeNames") or [],
    )
    found = [queue_messages.received(message, system) for message in messages]
    return _answered({"Messages": found} if found else {})


def delete_message(self: Any) -> Any:
    """Delete a message that was received."""
    delete(_queue(self), self._get_param("ReceiptHandle"))
    return _answered()


def delete_message_batch(self: Any) -> Any:
    """Delete some messages."""
    queue, entries = _queue(self), self._get_param("Entries") or []
    queue_messages.check_batch("DeleteMessage", entries)
    return _each(entries, lambda entry: delete(queue, entry["ReceiptHandle"]))


def change_message_visibility(self: Any) -> Any:
    """Say for how long a message that was received stays out of sight from now on."""
    change_visibility(_queue(self), self._get_param("ReceiptHandle"), self._get_param("VisibilityTimeout"))
    return _answered()


def change_message_visibility_batch(self: Any) -> Any:
    """Do so for some messages."""
    queue, entries = _queue(self), self._get_param("Entries") or []
    queue_messages.check_batch("ChangeMessageVisibility", entries)
    return _each(
        entries, lambda entry: change_visibility(queue, entry["ReceiptHandle"], entry.get("VisibilityTimeout") or 0)
    )


def _each(entries: Any, perform: Any) -> Any:
    """Perform something with each entry of a batch."""
    successful, failed = [], []
    for entry in entries:
        try:
            perform(entry)
        except type(refusal("", "")) as error:
            failed.append(queue_messages.failure(entry, error))
        else:
            successful.append({"Id": entry["Id"]})
    return _batch(successful, failed)
