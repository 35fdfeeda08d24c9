"""``dynastep reset``: a running server forgets everything."""

from __future__ import annotations

import click

from emulator.commands.servers import ask, with_url


@click.command()
@with_url
def reset(url: str) -> None:
    """Empty a running server; its functions stay.

    State machines, executions, tables, queues and everything else are removed. The clock is left as it is.
    """
    ask(url, "/_dynastep/reset", post=True)
    click.echo(f"The server at {url} is empty.")
