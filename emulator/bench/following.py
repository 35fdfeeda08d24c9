"""Executions as a client of the API sees them: whole histories, read page by page and followed while they grow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

PAGE = 1000
"""How many events or executions are asked for at once; AWS gives no more."""


def events_after(client: Any, arn: str, seen: int = 0) -> list[dict[str, Any]]:
    """The events of an execution whose ids are above ``seen``, in order.

    ``client`` is a client of Step Functions.
    """
    found: list[dict[str, Any]] = []
    token: dict[str, str] = {}
    while True:
        page = client.get_execution_history(executionArn=arn, maxResults=PAGE, reverseOrder=seen > 0, **token)
        new = [event for event in page["events"] if event["id"] > seen]
        found += new
        if "nextToken" not in page or len(new) < len(page["events"]):
            return found[::-1] if seen > 0 else found
        token = {"nextToken": page["nextToken"]}


def every_execution(client: Any, machine: str | None = None, status: str | None = None) -> Iterator[dict[str, Any]]:
    """The executions of a state machine, or of all of them, the newest of each first.

    ``client`` is a client of Step Functions; ``machine`` the ARN or the name of a state machine.
    """
    wanted = {} if status is None else {"statusFilter": status}
    for found in _pages(client.list_state_machines, "stateMachines"):
        if machine in (None, found["name"], found["stateMachineArn"]) and found["type"] == "STANDARD":
            yield from _pages(client.list_executions, "executions", stateMachineArn=found["stateMachineArn"], **wanted)


def _pages(operation: Any, member: str, **params: str) -> Iterator[dict[str, Any]]:
    token: dict[str, str] = {}
    while True:
        page = operation(maxResults=PAGE, **params, **token)
        yield from page[member]
        if "nextToken" not in page:
            return
        token = {"nextToken": page["nextToken"]}
