"""``dynastep start``: the server."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import fields

import click

from emulator.settings import InvalidSetting, Settings, flag_of, variables_of
from emulator.wire.credentials import DEFAULT_ACCOUNT


def _with_settings(command: Callable[..., None]) -> Callable[..., None]:
    """A flag for each setting."""
    for setting in reversed(fields(Settings)):
        default = setting.metadata.get("shown") or ("none" if setting.default is None else setting.default)
        said = f"{setting.metadata['help']} [{' or '.join(variables_of(setting))}; default {default}]"
        several = bool(setting.metadata.get("several"))
        option = click.option(
            flag_of(setting.name),
            metavar=setting.metadata.get("metavar"),
            help=said,
            multiple=several,
            callback=_in_one_text if several else None,
        )
        command = option(command)
    return command


def _in_one_text(_context: click.Context, _option: click.Parameter, values: tuple[str, ...]) -> str | None:
    """What was given several times, as its variable has it: separated by spaces."""
    return " ".join(values) or None


@click.command()
@_with_settings
def start(**flags: str | None) -> None:
    """Serve until Ctrl-C or SIGTERM."""
    from emulator import server

    try:
        settings = Settings.read(os.environ, flags)
        port = server.free_port(settings.host, settings.port)
    except (InvalidSetting, server.PortTaken) as error:
        raise click.ClickException(str(error)) from None
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s")

    from emulator.app import create_app
    from emulator.integrations.mocks import InvalidMock
    from emulator.world import World

    url = server.url_of(settings.host, port)
    world = World(settings, lambda: url)
    try:
        if world.mock_config is not None:
            world.mock_config.read()
    except InvalidMock as error:
        raise click.ClickException(str(error)) from None

    def ready() -> None:
        click.echo(
            f"Dynastep is ready at {url} (clock: {settings.clock}, account: {DEFAULT_ACCOUNT}). Ctrl-C stops it."
        )

    server.serve(create_app(world), settings.host, port, ready, world.close)
