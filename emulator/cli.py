"""The command line: ``dynastep start``, ``dynastep validate``."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from dataclasses import fields

import click

from emulator.settings import InvalidSetting, Settings, flag_of, variables_of
from emulator.wire.credentials import DEFAULT_ACCOUNT, DEFAULT_REGION


@click.group()
@click.version_option(package_name="dynastep", prog_name="dynastep")
def main() -> None:
    """Dynastep: AWS Step Functions and DynamoDB on this machine, for tests."""


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


@main.command()
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


@main.command()
@click.argument("files", nargs=-1, required=True)
@click.option("--format", "form", type=click.Choice(["text", "json", "sarif", "github"]), default="text")
@click.option("--type", "kind", type=click.Choice(["STANDARD", "EXPRESS"]), default="STANDARD")
def validate(files: tuple[str, ...], form: str, kind: str) -> None:
    """Say what AWS would say of the state machine definitions in FILES, JSON or YAML; "-" is standard input.

    FILES may be patterns, such as "machines/**/*.json", and folders, which stand for the files *.asl.json, *.asl.yaml
    and *.asl.yml in them. The exit status is 1 if AWS would refuse one, and 2 if there is nothing to read.
    """
    from emulator.integrations.resources import Resources
    from emulator.validate.files import check_file, find_files
    from emulator.validate.formats import FORMATS
    from emulator.world import World

    resolve = Resources(World(Settings()), DEFAULT_ACCOUNT, DEFAULT_REGION)
    findings = []
    for name in files:
        found = find_files(name)
        if not found:
            raise click.UsageError(f"There is no definition at '{name}'.")
        for file in found:
            findings += check_file(file, _read(file), resolve, express=kind == "EXPRESS")
    report = FORMATS[form](findings)
    if report:
        click.echo(report)
    sys.exit(any(finding.problem.severity == "ERROR" for finding in findings))


def _read(file: str) -> str:
    try:
        with click.open_file(file, encoding="utf-8-sig") as opened:
            text: str = opened.read()
    except (OSError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{file} cannot be read: {error}") from None
    return text
