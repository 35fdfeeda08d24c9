"""``dynastep reset``: a running server forgets everything."""

from __future__ import annotations

import click

from emulator.commands.servers import ask, with_url


@click.command()
@with_url
def reset(url: str) -> None:
    """Have a running server forget everything but its functions: machines, executions, tables, queues."""
    ask(url, "/_dynastep/reset", post=True)
    click.echo(f"The server at {url} is empty.")
