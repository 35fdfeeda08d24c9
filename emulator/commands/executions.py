"""``dynastep executions``: what runs, and has run, on a server."""

from __future__ import annotations

from typing import Final

import click

from emulator.commands.definitions import CannotRun
from emulator.commands.servers import answers_of, client, with_server

STATUSES: Final = ("RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED", "PENDING_REDRIVE")
_COLOURS: Final = {"SUCCEEDED": "green", "RUNNING": "cyan"}


@click.command()
@click.argument("machine", required=False)
@click.option("--status", "wanted", type=click.Choice(STATUSES), help="Only those of this status.")
@with_server
def executions(machine: str | None, wanted: str | None, url: str, account: str | None, region: str | None) -> None:
    """List the executions on a running server.

    Each line has status, start, time taken and ARN. MACHINE, a name or an ARN, limits the list to one state machine.

    Example: dynastep executions order --status FAILED
    """
    from emulator.bench.explain import clock
    from emulator.bench.following import NoSuchMachine, every_execution

    with answers_of(url):
        try:
            listed = list(every_execution(client("stepfunctions", url, account, region), machine, wanted))
        except NoSuchMachine as error:
            raise CannotRun(str(error)) from None
        for found in listed:
            status = click.style(f"{found['status']:<9}", fg=_COLOURS.get(found["status"], "red"))
            took = "-" if "stopDate" not in found else clock((found["stopDate"] - found["startDate"]).total_seconds())
            began = f"{found['startDate']:%Y-%m-%d %H:%M:%S}"
            click.echo(f"{status}  {began}  {took:>12}  {found['executionArn']}")
    if not listed:
        click.echo("There are no such executions." if machine or wanted else "There are no executions.", err=True)
