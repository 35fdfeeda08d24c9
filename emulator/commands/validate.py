"""``dynastep validate``: definitions checked without running them."""

from __future__ import annotations

import sys

import click

from emulator.commands.definitions import read_file
from emulator.settings import Settings
from emulator.wire.credentials import DEFAULT_ACCOUNT, DEFAULT_REGION


@click.command()
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
    from emulator.wiring import Lasting, put_together

    resolve = Resources(put_together(Lasting.of(Settings())), DEFAULT_ACCOUNT, DEFAULT_REGION)
    findings = []
    for name in files:
        found = find_files(name)
        if not found:
            raise click.UsageError(f"There is no definition at '{name}'.")
        for file in found:
            findings += check_file(file, read_file(file), resolve, express=kind == "EXPRESS")
    report = FORMATS[form](findings)
    if report:
        click.echo(report)
    sys.exit(any(finding.problem.severity == "ERROR" for finding in findings))
