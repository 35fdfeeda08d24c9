"""``dynastep snapshots``: the state of a running server under names."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import click

from emulator.commands.definitions import read_bytes, write_bytes
from emulator.commands.servers import ask, send, with_url


@click.group()
def snapshots() -> None:
    """Take and restore snapshots of a running server."""


@snapshots.command("list")
@with_url
def list_snapshots(url: str) -> None:
    """List the snapshots of a server."""
    found = ask(url, "/_dynastep/snapshots")["snapshots"]
    if not found:
        click.echo("There are no snapshots.", err=True)
    for each in found:
        click.echo(f"{each['name']}  {each['items']} items, {each['executions']} executions")


@snapshots.command()
@click.argument("name")
@with_url
def take(name: str, url: str) -> None:
    """Keep the state of everything under NAME.

    An earlier snapshot of the same name is replaced.
    """
    ask(url, _path(name), post=True)
    click.echo(f"{name} holds the state of the server at {url}.")


@snapshots.command()
@click.argument("name")
@with_url
def restore(name: str, url: str) -> None:
    """Put everything back as it was when NAME was taken."""
    ask(url, f"{_path(name)}/restore", post=True)
    click.echo(f"The server at {url} is as it was when {name} was taken.")


@snapshots.command()
@click.argument("name")
@with_url
def delete(name: str, url: str) -> None:
    """Delete snapshot NAME."""
    send(url, _path(name), "DELETE")
    click.echo(f"{name} is gone.")


@snapshots.command("export")
@click.argument("name")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The file to be written.")
@with_url
def export_snapshot(name: str, output: Path, url: str) -> None:
    """Write snapshot NAME to a file, for another server."""
    file = send(url, f"{_path(name)}/file", "GET")
    write_bytes(output, file)
    click.echo(f"{output} holds {name}, {len(file):,} bytes.")


@snapshots.command("import")
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path))
@with_url
def import_snapshot(name: str, file: Path, url: str) -> None:
    """Read a FILE as snapshot NAME; "restore" puts it in place."""
    send(url, f"{_path(name)}/file", "PUT", read_bytes(file))
    click.echo(f"{name} holds what {file} says.")


def _path(name: str) -> str:
    return f"/_dynastep/snapshots/{quote(name, safe='')}"
