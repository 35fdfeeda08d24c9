"""``dynastep validate``: definitions checked without running them."""

from __future__ import annotations

import re
import sys
from collections import Counter
from typing import TYPE_CHECKING

import click

from emulator.commands.bars import shown
from emulator.commands.definitions import read_file
from emulator.progress import followed
from emulator.settings import Settings
from emulator.wire.credentials import DEFAULT_ACCOUNT, DEFAULT_REGION

if TYPE_CHECKING:
    from emulator.validate.files import Finding


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path())
@click.option("--format", "form", type=click.Choice(["text", "json", "sarif", "github"]), default="text")
@click.option("--type", "kind", type=click.Choice(["STANDARD", "EXPRESS"]), default="STANDARD")
def validate(files: tuple[str, ...], form: str, kind: str) -> None:
    """Check definitions as AWS does, without running them.

    FILES are JSON or YAML; "-" is standard input.

    FILES may be templates of SAM, CloudFormation, CDK and Serverless and plans of Terraform in JSON: the state machines
    in them are checked. They may be patterns, such as "machines/**/*.json", and folders, which stand for the files
    *.asl.json and *.asl.yaml and the templates in them. The exit status is 1 if AWS would refuse one, and 2 if there is
    nothing to read.
    """
    from emulator.integrations.resources import Resources
    from emulator.validate.files import check_file, find_files
    from emulator.validate.formats import FORMATS
    from emulator.wiring import Lasting, put_together

    resolve = Resources(put_together(Lasting.of(Settings())), DEFAULT_ACCOUNT, DEFAULT_REGION)
    every = [file for name in files for file in _found(find_files(name), name)]
    findings: list[Finding] = []
    with shown():
        for file in followed(every, "Checking definitions", len(every)):
            findings += check_file(file, read_file(file), resolve, express=kind == "EXPRESS")
    findings = sorted(dict.fromkeys(findings), key=lambda each: (each.file, each.line, each.column))
    report = FORMATS[form](findings)
    if report:
        click.echo(_coloured(report) if form == "text" else report)
    if form == "text":
        click.echo(_summary(findings, len(every)))
    sys.exit(any(finding.problem.severity == "ERROR" for finding in findings))


def _found(found: list[str], name: str) -> list[str]:
    if not found:
        raise click.UsageError(f"There is no definition at '{name}'.")
    return found


def _coloured(report: str) -> str:
    """The report with the severities in colour; click leaves the colours out where there is no terminal."""
    colours = {"error": "red", "warning": "yellow"}
    return re.sub(
        r"^(.*?:\d+:\d+: )(error|warning)",
        lambda found: found[1] + click.style(found[2], fg=colours[found[2]], bold=True),
        report,
        flags=re.MULTILINE,
    )


def _summary(findings: list[Finding], checked: int) -> str:
    """How much was found: ``2 errors and 1 warning in 1 of 3 files``, or ``ok: 3 files``."""
    files = f"{checked} file{'s' * (checked != 1)}"
    counts = Counter(finding.problem.severity.lower() for finding in findings)
    if not counts:
        return f"ok: {files}"
    words = [f"{count} {severity}{'s' * (count != 1)}" for severity, count in sorted(counts.items())]
    return f"{' and '.join(words)} in {len({finding.file for finding in findings})} of {files}"
