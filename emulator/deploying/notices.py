"""Notices: what the topics of a stack are told of its events, and what the log says of work that has ended.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-console-create-stack.html; the lines of a
message as functions that read them find them.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from asl_interpreter.timestamps import iso
from emulator.deploying.services import Refused, Services

if TYPE_CHECKING:
    from emulator.deploying.stacks import Event, Stack

log = logging.getLogger("dynastep")
ends = logging.getLogger("dynastep.stacks")

SUBJECT: Final = "AWS CloudFormation Notification"


def message(stack: Stack, event: Event, account: str) -> str:
    """What is said of an event: a line for each of its members."""
    lines = {
        "StackId": stack.id,
        "Timestamp": iso(event.timestamp),
        "EventId": event.id,
        "LogicalResourceId": event.logical_id,
        "Namespace": account,
        "PhysicalResourceId": event.physical_id,
        "PrincipalId": account,
        "ResourceProperties": event.properties or "null",
        "ResourceStatus": event.status,
        "ResourceStatusReason": event.reason or "",
        "ResourceType": event.type,
        "StackName": stack.name,
        "ClientRequestToken": event.token or "null",
    }
    return "".join(f"{name}='{value}'\n" for name, value in lines.items())


def publish(stack: Stack, services: Services) -> None:
    """Tell the stack's topics of what has happened since they were told last."""
    if stack.given is None:
        return
    events = stack.events[stack.told :]
    stack.told = len(stack.events)
    for arn in stack.given.notification_arns:
        for event in events:
            try:
                text = message(stack, event, services.account)
                services.call("sns", "Publish", TopicArn=arn, Subject=SUBJECT, Message=text)
            except Refused as refused:
                log.warning("A topic of the stack %s was not told of its events: %s", stack.name, refused)
                break


def log_end(stack: Stack, status: str, reason: str) -> None:
    """A line of work on a stack that has ended; who asks for such lines is emulator/commands/server_log.py."""
    if not ends.isEnabledFor(logging.INFO):
        return
    count = sum(1 for row in stack.rows.values() if row.status != "DELETE_COMPLETE")
    failed = (_first_failure(stack) or reason or status) if "FAILED" in status or "ROLLBACK" in status else ""
    fields = {"stackId": stack.id, "status": status, "resources": count}
    ends.info(
        "stack %s %s with %d %s%s",
        stack.name,
        status,
        count,
        "resource" if count == 1 else "resources",
        f"; {failed}" if failed else "",
        extra={"fields": {**fields, "error": failed} if failed else fields},
    )


_BEGUN: Final = ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS")


def _first_failure(stack: Stack) -> str:
    """The resource that failed first in the last work on a stack, and why: ``Queue: ...``; empty if none did."""
    found = ""
    for event in reversed(stack.events):
        if event.physical_id == stack.id:
            if event.status in _BEGUN:
                break
        elif event.status.endswith("_FAILED") and event.reason:
            found = f"{event.logical_id}: {event.reason}"
    return found
