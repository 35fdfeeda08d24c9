"""``dynastep start``: the server."""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import fields
from ipaddress import ip_address
from typing import TYPE_CHECKING

import click

from emulator.settings import InvalidSetting, Settings, flag_of, variables_of

if TYPE_CHECKING:
    from flask import Flask

    from emulator.control import Control
    from emulator.wiring import Lasting


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
@click.option(
    "-v", "--verbose", is_flag=True, help="Log every request to a service in a line, as the console's Activity."
)
@_with_settings
def start(*, verbose: bool, **flags: str | None) -> None:
    """Serve until Ctrl-C or SIGTERM."""
    from emulator import initial, server, variables

    try:
        variables.check(os.environ)
        settings = Settings.read({**os.environ, **variables.understood(os.environ)}, flags)
        preparation = initial.found(settings.init)
        port = server.claim_port(settings.host, settings.port)
    except (InvalidSetting, initial.InitFailed, server.PortTaken) as error:
        raise click.ClickException(str(error)) from None
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s")
    if verbose or variables.is_verbose(os.environ):
        logging.getLogger("dynastep.requests").setLevel(logging.INFO)
    for sentence in (*variables.ignored(os.environ), *dangers(settings)):
        logging.getLogger("dynastep").warning(sentence)

    from emulator.app import create_app
    from emulator.clients import client
    from emulator.integrations.mocks import InvalidMock
    from emulator.web.counts import Counts
    from emulator.wire.hosts import Hosts
    from emulator.wiring import Lasting

    url = server.url_of(settings.host, port)
    given = Lasting.of(settings, lambda: url, coverage=Counts())
    try:
        if given.mock_config is not None:
            given.mock_config.read()
    except InvalidMock as error:
        raise click.ClickException(str(error)) from None

    hosts = Hosts((*settings.allowed_hosts, settings.host.lower()))
    control, app = _begun(given, lambda control: create_app(control, hosts, preparation))

    def prepare() -> None:
        account = settings.account
        try:
            preparation.run(url, account, lambda service: client(control, service, account=account, endpoint=url))
        except initial.InitFailed as error:
            click.echo(f"Error: {error}", err=True)
            sys.stderr.flush()
            os._exit(1)  # the server's own threads would go on
        click.echo(
            f"Dynastep is ready at {url} (clock: {settings.clock}, account: {settings.account}). Ctrl-C stops it."
        )
        click.echo("Ready.")  # what waits for LocalStack waits for this line

    def ready() -> None:
        if preparation.scripts:  # they ask the server, which goes on answering
            threading.Thread(target=prepare, name="dynastep-init", daemon=True).start()
        else:
            prepare()

    server.serve(app, settings.host, port, ready, control.close)


def _begun(given: Lasting, application: Callable[[Control], Flask]) -> tuple[Control, Flask]:
    """What serves, with what its data folder holds."""
    from emulator.control import Control
    from emulator.keeping.folder import CannotOpen, CannotWrite, Folder
    from emulator.keeping.pickling import CannotKeep, Unreadable

    settings = given.settings
    try:
        folder = None if settings.data_dir is None else Folder(settings.data_dir, settings.durability)
        control = Control(given, folder=folder)
        app = application(control)
        control.begin()
    except (CannotOpen, CannotWrite, CannotKeep, Unreadable) as error:
        raise click.ClickException(str(error)) from None
    return control, app


def dangers(settings: Settings) -> Iterator[str]:
    """What the settings let others do, a sentence each."""
    if settings.host != "localhost" and not _is_loopback(settings.host):
        yield (
            f"Listening on {settings.host}: no key is checked, so whoever reaches this port can run code here. "
            "127.0.0.1 is for this machine alone; of a container, -p 127.0.0.1:4566:4566"
        )
    if "*" in settings.allowed_hosts:
        yield "Answering to every name: a web page of anywhere can take one for its own and run code here"


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
