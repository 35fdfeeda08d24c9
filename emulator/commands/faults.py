"""``dynastep faults``: errors and delays that hit calls of a running server."""

from __future__ import annotations

from typing import Any

import click

from emulator.commands.servers import ask, with_url


@click.group(invoke_without_command=True)
@with_url
@click.pass_context
def faults(context: click.Context, url: str) -> None:
    """Show, add or clear the faults of a running server.

    A fault makes calls fail or come late. Without a command, each fault is shown with the calls that it has hit.

    Example: dynastep faults add 'dynamodb:*' --error ThrottlingException --rate 0.1 --seed 7
    """
    if context.invoked_subcommand is None:
        _show(ask(url, "/_dynastep/faults"))


@faults.command()
@click.argument("target")
@click.option("--error", help="Error of the service, such as ThrottlingException; any error for the Task of a state.")
@click.option("--message", help="Text of the error.  [default: the service's own]")
@click.option("--delay", metavar="TIME", help="Time that passes before the call: 3s, 2 min, 1h.")
@click.option("--rate", type=float, help="How many of the calls are hit, from 0 to 1.  [default: 1]")
@click.option("--seed", type=int, help="Chooses which.  [default: 0]")
@click.option("--times", type=int, help="How many calls are hit at most.")
@click.option("--machine", help="Name of the only state machine whose Tasks are meant.")
@with_url
def add(url: str, **fault: Any) -> None:
    """Make calls fail or come late.

    TARGET is an operation, such as dynamodb:PutItem or sqs:*, or the name of a state.

    Example: dynastep faults add Charge --error Card.Busy --times 2
    """
    given = {name: value for name, value in fault.items() if value is not None}
    _show(ask(url, "/_dynastep/faults", given, post=True))


@faults.command()
@with_url
def clear(url: str) -> None:
    """Remove all faults."""
    ask(url, "/_dynastep/faults", method="DELETE")


def _show(answer: dict[str, Any]) -> None:
    if not answer["faults"]:
        click.echo("There are no faults.", err=True)
    for fault in answer["faults"]:
        what = [str(fault["error"])] if "error" in fault else []
        what += [f"{fault['delay']:g} s late"] if "delay" in fault else []
        hit = f"hit {len(fault['hits'])} of {fault['met']} calls"
        click.echo(f"{fault['target']}  {', '.join(what)}  {hit}")
