"""``dynastep clock``: the time of a running server."""

from __future__ import annotations

import re
from typing import Any, Final

import click

from emulator.commands.servers import ask, with_url

_SIZES: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def seconds_of(text: str) -> float:
    """A time in words as seconds: ``90``, ``90s``, ``1h``, ``2d12h``, ``1.5m``.

    Raises:
        click.UsageError: it is none.
    """
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    if not re.fullmatch(r"(\d+(\.\d+)?[smhd])+", text):
        raise click.UsageError(f"'{text}' is no time. Times are 90, 90s, 15m, 1h, 2d or 2d12h.")
    return sum(float(number) * _SIZES[unit] for number, unit in re.findall(r"([\d.]+)([smhd])", text))


@click.command()
@click.option("--advance", metavar="TIME", help="Let this much time pass at once: 90s, 15m, 1h, 2d12h.")
@click.option("--mode", type=click.Choice(["wall", "virtual", "manual"]), help="How time passes from now on.")
@with_url
def clock(advance: str | None, mode: str | None, url: str) -> None:
    """Show or change the clock of a running server.

    Example: dynastep clock --advance 1h
    """
    from asl_interpreter.timestamps import iso

    change: dict[str, Any] = {}
    if mode is not None:
        change["mode"] = mode
    if advance is not None:
        change["advance"] = seconds_of(advance)
    now = ask(url, "/_dynastep/clock", change, post=bool(change))
    click.echo(f"{iso(now['now'])} ({now['mode']})")
