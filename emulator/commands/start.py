"""``dynastep start``: the server."""

from __future__ import annotations

import logging
import os
import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import fields
from functools import partial
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

import click

from asl_interpreter.loop.clock import monotonic
from emulator.settings import InvalidSetting, Settings, flag_of, variables_of
from emulator.wire.hosts import url_of

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem
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
            shell_complete=partial(_complete, str(setting.metadata.get("metavar", ""))),
        )
        command = option(command)
    return command


def _in_one_text(_context: click.Context, _option: click.Parameter, values: tuple[str, ...]) -> str | None:
    """What was given several times, as its variable has it: separated by spaces."""
    return " ".join(values) or None


_CHOICES: Final = re.compile(r"[a-z0-9-]+(\|[a-z0-9-]+)+")


def _complete(metavar: str, _context: click.Context, _option: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """What a shell offers for a setting: the words that it may be, or files, or folders."""
    from click.shell_completion import CompletionItem

    if _CHOICES.fullmatch(metavar):
        return [CompletionItem(word) for word in metavar.split("|") if word.startswith(incomplete)]
    kind = "file" if "FILE" in metavar else "dir" if "DIR" in metavar else ""
    return [CompletionItem(incomplete, type=kind)] if kind else []


@click.command()
@click.option("-v", "--verbose", is_flag=True, help="The same as --log-requests on.")
@click.option("-q", "--quiet", is_flag=True, help="Print only errors, and that the server is ready.")
@_with_settings
def start(*, verbose: bool, quiet: bool, **flags: str | None) -> None:
    """Start the server.

    The server runs until Ctrl-C or SIGTERM. Each option has an environment variable, named in brackets.
    """
    from emulator import initial, server, variables
    from emulator.commands import server_log

    try:
        variables.check(os.environ)
        environ = variables.unprefixed(os.environ)
        settings = Settings.read({**os.environ, **variables.understood(environ)}, flags)
        preparation = initial.found(settings.init)
        port = server.claim_port(settings.host, settings.port)
    except (InvalidSetting, initial.InitFailed, server.PortTaken) as error:
        raise click.ClickException(str(error)) from None
    requests = settings.log_requests or verbose or variables.is_verbose(environ)
    server_log.set_up(settings.log_format, requests=requests, quiet=quiet)
    for sentence in (*variables.ignored(environ), *dangers(settings)):
        logging.getLogger("dynastep").warning(sentence)

    from emulator.app import create_app
    from emulator.clients import client
    from emulator.commands.bars import shown
    from emulator.web.counts import Counts
    from emulator.wire.hosts import Hosts
    from emulator.wiring import Lasting

    url = url_of(settings.host, port)
    given = Lasting.of(settings, lambda: url, coverage=Counts())
    hosts = Hosts((*settings.allowed_hosts, settings.host.lower()))
    control, app = _begun(given, lambda control: create_app(control, hosts, preparation))

    def prepare() -> None:
        account = settings.account
        try:
            with shown():
                preparation.run(url, account, lambda service: client(control, service, account=account, endpoint=url))
        except initial.InitFailed as error:
            click.echo(f"Error: {error}", err=True)
            sys.stderr.flush()
            os._exit(1)  # the server's own threads would go on
        click.echo("\n".join(greeting(url, control, settings, quiet=quiet)))

    def ready() -> None:
        if preparation.scripts:  # they ask the server, which goes on answering
            threading.Thread(target=prepare, name="dynastep-init", daemon=True).start()
        else:
            prepare()

    began = monotonic()

    def stop() -> None:
        farewell = goodbye(control, monotonic() - began)
        control.close()
        if not quiet:
            with suppress(OSError):  # who started the server may be gone
                click.echo(farewell)

    server.serve(app, settings.host, port, ready, stop)


def _begun(given: Lasting, application: Callable[[Control], Flask]) -> tuple[Control, Flask]:
    """What serves, with what its data folder holds."""
    from emulator.commands.bars import shown
    from emulator.control import Control
    from emulator.integrations.mocks import InvalidMock
    from emulator.keeping.folder import CannotOpen, CannotWrite, Folder
    from emulator.keeping.limits import sentences
    from emulator.keeping.pickling import CannotKeep, Unreadable

    settings = given.settings
    try:
        if given.mock_config is not None:
            given.mock_config.read()
        folder = None if settings.data_dir is None else Folder(settings.data_dir, settings.durability)
        for sentence in () if folder is None else sentences(folder):
            logging.getLogger("dynastep").warning(sentence)
        control = Control(given, folder=folder)
        app = application(control)
        with shown():
            control.begin()
    except (InvalidMock, CannotOpen, CannotWrite, CannotKeep, Unreadable) as error:
        raise click.ClickException(str(error)) from None
    return control, app


STEP_FUNCTIONS_LOCAL_PORT: Final = 8083
"""Where Step Functions Local listens."""


def greeting(url: str, control: Control, settings: Settings, *, quiet: bool = False) -> Iterator[str]:
    """What a server says when it is ready: where it is, what it read, and how much there is."""
    if url.endswith(f":{STEP_FUNCTIONS_LOCAL_PORT}"):  # what waits for Step Functions Local waits for this line
        yield f"Starting server on port {STEP_FUNCTIONS_LOCAL_PORT}"
    yield f"Dynastep is ready at {url} (clock: {settings.clock}, account: {settings.account}). Ctrl-C stops it."
    if not quiet:
        files = {"functions": settings.functions, "mocks": settings.mock_config, "data folder": settings.data_dir}
        yield from (f"  {name}: {file}" for name, file in files.items() if file is not None)
        if settings.iam != "off":
            yield f"  iam: {settings.iam}"
        if counted := _counted(control):
            yield f"  {counted}"
    yield "Ready."  # what waits for LocalStack waits for this line


def goodbye(control: Control, seconds: float) -> str:
    """The last line of a server: how long it served, and what ends with it."""
    minutes, rest = divmod(round(seconds), 60)
    served = f"{minutes} min {rest} s" if minutes else f"{rest} s"
    return f"Dynastep stops after {served}. It had {_counted(control) or 'nothing'}."


def _counted(control: Control) -> str:
    """Such as ``1 state machine, 12 executions``; empty where there is nothing."""
    counted = ((re.sub("([A-Z])", r" \1", name).lower(), count) for name, count in control.counts().items() if count)
    return ", ".join(f"{count:,} {words if count != 1 else words.removesuffix('s')}" for words, count in counted)


def dangers(settings: Settings) -> Iterator[str]:
    """What the settings let others do, a sentence each."""
    if settings.host != "localhost" and not _is_loopback(settings.host):
        yield (
            f"Listening on {settings.host}: no key is checked, so everybody who reaches this port can run code here. "
            "Use --host 127.0.0.1 for this machine alone; for a container, -p 127.0.0.1:4566:4566"
        )
    if "*" in settings.allowed_hosts:
        yield "Answering to every host name: any web page can give its own name this address, and run code here"


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
