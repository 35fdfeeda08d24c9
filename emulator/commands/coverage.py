"""``dynastep coverage``: reports of what tests have counted, and records of several runs brought together."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from emulator.commands.definitions import CannotRun

if TYPE_CHECKING:
    from emulator.bench.coverage import Record


@click.group()
def coverage() -> None:
    """Report which parts of your definitions the tests reach.

    "pytest --asl-cov" counts them, and leaves a record in .asl-coverage.json.
    """


@coverage.command()
@click.argument("records", nargs=-1, required=True, type=click.Path())
@click.option("-o", "--output", default=".asl-coverage.json", show_default=True, help="The record that is written.")
def combine(records: tuple[str, ...], output: str) -> None:
    """Add up the records of several runs.

    A record is a file, or the URL of a running server.

    Example: dynastep coverage combine shard-*/.asl-coverage.json http://127.0.0.1:4566
    """
    from emulator.bench.coverage import Record, write_record

    total = Record()
    for source in records:
        total.add(_record(source).definitions)
    write_record(Path(output), total)
    click.echo(f"{output} holds {len(total.definitions)} definitions of {len(records)} records.")


def _record(source: str) -> Record:
    """What a file holds, or what a running server has counted.

    Raises:
        CannotRun: there is no such record.
    """
    from emulator.bench.coverage import InvalidRecord, Record, read_record

    try:
        if source.startswith(("http://", "https://")):
            from emulator.commands.servers import ask

            return Record.from_json(ask(source, "/_dynastep/coverage"))
        return read_record(Path(source))
    except InvalidRecord as error:
        raise CannotRun(str(error)) from None


_with_record = click.option(
    "--record", default=".asl-coverage.json", show_default=True, help="What was counted: a file, or a server's URL."
)


@coverage.command()
@click.argument("pattern", default=".", metavar="[GLOB]")
@_with_record
@click.option("--report", "reports", multiple=True, default=["term-missing"], show_default=True, help="As of pytest.")
@click.option("--fail-under", type=float, metavar="PERCENT", help="End with status 2 if the coverage is lower.")
def report(pattern: str, record: str, reports: tuple[str, ...], fail_under: float | None) -> None:
    """Report on the definitions that match GLOB.

    GLOB is a pattern, a file or a folder.

    Example: dynastep coverage report machines --report lcov:asl.lcov --report term

    Of a running server: dynastep coverage report machines --record http://127.0.0.1:4566
    """
    from emulator.bench.coverage import cover
    from emulator.bench.coverage_reports import total
    from emulator.bench.reporting import InvalidReport, Report
    from emulator.validate.documents import CannotRead
    from emulator.validate.files import find_files

    try:
        covered, others = cover(_record(record), find_files(pattern), Path())
        for text in reports:
            click.echo(Report.parse(text).make(covered, others, Path()))
    except (InvalidReport, CannotRead) as error:
        raise CannotRun(str(error)) from None
    if fail_under is not None and total(covered) < fail_under:
        click.echo(f"Coverage of state machines is {total(covered):.4g}%; {fail_under:.4g}% are required.", err=True)
        sys.exit(2)


@coverage.command()
@click.argument("pattern", default=".", metavar="[GLOB]")
@_with_record
@click.option("-o", "--output", default="asl-coverage", show_default=True, help="The folder of the pages.")
@click.pass_context
def html(context: click.Context, pattern: str, record: str, output: str) -> None:
    """Write pages that show each definition as a coloured picture beside its lines.

    Example: dynastep coverage html machines -o coverage
    """
    context.invoke(report, pattern=pattern, record=record, reports=(f"html:{output}",), fail_under=None)
