"""``dynastep graph``: the picture of a definition."""

from __future__ import annotations

from pathlib import Path

import click

from asl_interpreter.jsontext import loads
from emulator.commands.definitions import definition_in, read_file, with_machine
from emulator.commands.servers import history_of, read_history, with_server


@click.command()
@click.argument("file", type=click.Path())
@click.option("-o", "--output", required=True, help="Where to write: a name that ends in .svg, .png, .mmd or .html.")
@with_machine
@click.option("--closed", multiple=True, metavar="STATE", help="A Map or Parallel whose inside is not shown.")
@click.option(
    "--history",
    "source",
    metavar="FILE",
    type=click.Path(),
    help="Show what an execution did: its history, as AWS exports it.",
)
@click.option("--execution", metavar="ARN", help="Show what an execution on a running server did.")
@with_server
def graph(
    file: str,
    output: str,
    machine: str | None,
    closed: tuple[str, ...],
    source: str | None,
    execution: str | None,
    url: str,
    account: str | None,
    region: str | None,
) -> None:
    """Draw a definition, or what an execution did.

    FILE is JSON or YAML; "-" is standard input.

    FILE may be a template of SAM, CloudFormation, CDK or Serverless, or a plan of Terraform: --machine says which state
    machine of several is meant, by its logical name.

    Example: dynastep graph order.asl.json -o order.svg
    """
    from emulator.bench.coloured import marks_of
    from emulator.graph.files import FORMATS, CannotDraw, picture
    from emulator.graph.outline import outline

    form = Path(output).suffix.lower()
    if form not in FORMATS:
        raise click.UsageError(f"'{output}' ends in none of {', '.join(FORMATS)}.")
    text = read_file(file)
    history = None
    if source is not None:
        history = read_history(source)
    elif execution is not None:
        history = history_of(execution, url, account, region)
    try:
        scope = outline(loads(definition_in(file, text, machine).text), closed=frozenset(closed))
        marks = None if history is None else marks_of(history, scope)
        content = picture(form, scope, marks=marks, title=Path(file).name, text=text)
    except CannotDraw as error:
        raise click.ClickException(str(error)) from None
    try:
        Path(output).write_bytes(content)
    except OSError as error:
        raise click.ClickException(f"{output} cannot be written: {error.strerror}") from None
    click.echo(f"{output} shows {file}.")
