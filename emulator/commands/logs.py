"""``dynastep logs``: what CloudWatch Logs of a running server holds."""

from __future__ import annotations

from typing import Any, Final

import click

from emulator.commands.servers import answers_of, client, with_server

LOOK_AGAIN: Final = 0.5
"""Seconds between two looks."""


@click.command()
@click.argument("group", required=False)
@click.option("-f", "--follow", is_flag=True, help="Go on with what is logged from now on, until Ctrl-C.")
@with_server
def logs(group: str | None, *, follow: bool, url: str, account: str | None, region: str | None) -> None:
    """Show the logs of a running server.

    The events are those of log GROUP, or of all groups, in the order of their times.

    Functions log to /aws/lambda/NAME, state machines to the group that their loggingConfiguration names.

    Example: dynastep logs -f /aws/lambda/ship
    """
    from threading import Event

    with answers_of(url):
        server = client("logs", url, account, region)
        shown: set[str] = set()
        while True:
            for event in _events(server, group):
                if event["eventId"] not in shown:
                    shown.add(event["eventId"])
                    click.echo(_line(event, named=group is None))
            if not follow:
                return
            Event().wait(LOOK_AGAIN)


def _events(server: Any, group: str | None) -> list[dict[str, Any]]:
    names = [group] if group is not None else [found["logGroupName"] for found in _groups(server)]
    events = []
    for name in names:
        for page in server.get_paginator("filter_log_events").paginate(logGroupName=name):
            events += [{**event, "group": name, "eventId": f"{name} {event['eventId']}"} for event in page["events"]]
    return sorted(events, key=lambda event: event["timestamp"])


def _groups(server: Any) -> list[dict[str, Any]]:
    return [found for page in server.get_paginator("describe_log_groups").paginate() for found in page["logGroups"]]


def _line(event: dict[str, Any], *, named: bool) -> str:
    from asl_interpreter.timestamps import iso

    where = f"{click.style(event['group'], fg='cyan')}  " if named else ""
    return f"{iso(event['timestamp'] / 1000)}  {where}{event['message'].rstrip()}"
