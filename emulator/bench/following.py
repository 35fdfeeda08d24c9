"""Executions as a client of the API sees them: whole histories, read page by page and followed while they grow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from emulator.suggestions import unknown

PAGE = 1000
"""How many events or executions are asked for at once; AWS gives no more."""


class NoSuchMachine(ValueError):
    """There is no state machine of this name; the text has the nearest one."""


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

    Raises:
        NoSuchMachine: there is no such state machine; the text has the nearest name.
    """
    wanted = {} if status is None else {"statusFilter": status}
    every = list(_pages(client.list_state_machines, "stateMachines"))
    if machine is not None and all(machine not in (found["name"], found["stateMachineArn"]) for found in every):
        raise NoSuchMachine(unknown("state machine", machine, [found["name"] for found in every]))
    for found in every:
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
