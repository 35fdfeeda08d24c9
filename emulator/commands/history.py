"""``dynastep history``: what an execution on a server has done."""

from __future__ import annotations

import click

from emulator.commands.definitions import CannotRun
from emulator.commands.servers import answers_of, client, region_of, with_server


@click.command()
@click.argument("arn")
@click.option("--events", is_flag=True, help="A line for each event, in place of one for each state.")
@click.option("--json", "as_json", is_flag=True, help="The history as GetExecutionHistory answers it.")
@with_server
def history(arn: str, *, events: bool, as_json: bool, url: str, account: str | None, region: str | None) -> None:
    """Show what an execution on a running server did.

    Each line is a visit to a state. A failure is explained.

    Example: dynastep history arn:aws:states:us-east-1:000000000000:execution:order:first
    """
    from emulator.bench.cassettes import exported
    from emulator.bench.explain import Told, event_lines, explain
    from emulator.bench.following import events_after
    from emulator.bench.tree import Tree
    from emulator.bench.visits import read_visits, seconds

    if not arn.startswith("arn:"):
        raise CannotRun(f"{arn!r} is no ARN: 'dynastep executions' lists executions with their ARNs.")
    with answers_of(url):
        server = client("stepfunctions", url, account, region or region_of(arn))
        described = server.describe_execution(executionArn=arn)
        found = events_after(server, arn)
    if as_json:
        click.echo(exported(found))
        return
    lines = event_lines(found, read_visits(found)) if events else Tree().see(found)
    for line in lines:
        click.echo(line)
    status, error = described["status"], described.get("error")
    if status in ("RUNNING", "SUCCEEDED"):
        click.secho(status, fg="green" if status == "SUCCEEDED" else "cyan")
        if "output" in described:
            click.echo(described["output"])
        return
    elapsed = seconds(described["stopDate"]) - seconds(described["startDate"])
    told = Told(described["name"], status, error, described.get("cause"), elapsed, found)
    click.secho(explain(told, tail=0), fg="red")
