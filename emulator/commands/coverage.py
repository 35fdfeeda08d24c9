"""``dynastep coverage``: reports of what tests have counted, and records of several runs brought together."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.group()
def coverage() -> None:
    """Report which parts of your definitions the tests reach.

    "pytest --asl-cov" counts them, and leaves a record in .asl-coverage.json.
    """


@coverage.command()
@click.argument("records", nargs=-1, required=True)
@click.option("-o", "--output", default=".asl-coverage.json", show_default=True, help="The record that is written.")
def combine(records: tuple[str, ...], output: str) -> None:
    """Add up the records of several runs.

    Example: dynastep coverage combine shard-*/.asl-coverage.json
    """
    from emulator.bench.coverage import InvalidRecord, Record, read_record, write_record

    total = Record()
    try:
        for file in records:
            total.add(read_record(Path(file)).definitions)
    except InvalidRecord as error:
        raise click.ClickException(str(error)) from None
    write_record(Path(output), total)
    click.echo(f"{output} holds {len(total.definitions)} definitions of {len(records)} records.")


@coverage.command()
@click.argument("pattern", default=".", metavar="[GLOB]")
@click.option("--record", default=".asl-coverage.json", show_default=True, help="What tests have counted.")
@click.option("--report", "reports", multiple=True, default=["term-missing"], show_default=True, help="As of pytest.")
@click.option("--fail-under", type=float, metavar="PERCENT", help="End with status 2 if the coverage is lower.")
def report(pattern: str, record: str, reports: tuple[str, ...], fail_under: float | None) -> None:
    """Report on the definitions that match GLOB.

    GLOB is a pattern, a file or a folder.

    Example: dynastep coverage report machines --report html:coverage --report term
    """
    from emulator.bench.coverage import InvalidRecord, cover, read_record
    from emulator.bench.coverage_reports import total
    from emulator.bench.reporting import InvalidReport, Report
    from emulator.validate.documents import CannotRead
    from emulator.validate.files import find_files

    try:
        covered, others = cover(read_record(Path(record)), find_files(pattern), Path())
        for text in reports:
            click.echo(Report.parse(text).make(covered, others, Path()))
    except (InvalidRecord, InvalidReport, CannotRead) as error:
        raise click.ClickException(str(error)) from None
    if fail_under is not None and total(covered) < fail_under:
        click.echo(f"Coverage of state machines is {total(covered):.4g}%; {fail_under:.4g}% are required.", err=True)
        sys.exit(2)
