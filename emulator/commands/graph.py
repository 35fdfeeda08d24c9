"""``dynastep graph``: the picture of a definition."""

from __future__ import annotations

from pathlib import Path

import click

from emulator.commands.definitions import read_file


@click.command()
@click.argument("file")
@click.option("-o", "--output", required=True, help="Where to write: a name that ends in .svg, .png, .mmd or .html.")
@click.option("--closed", multiple=True, metavar="STATE", help="A Map or Parallel whose inside is not shown.")
def graph(file: str, output: str, closed: tuple[str, ...]) -> None:
    """Draw the state machine definition in FILE, JSON or YAML; "-" is standard input.

    Example: dynastep graph order.asl.json -o order.svg
    """
    from emulator.graph.files import FORMATS, CannotDraw, picture
    from emulator.graph.outline import outline
    from emulator.validate.files import CannotRead, read_definition

    form = Path(output).suffix.lower()
    if form not in FORMATS:
        raise click.UsageError(f"'{output}' ends in none of {', '.join(FORMATS)}.")
    text = read_file(file)
    try:
        scope = outline(read_definition(file, text)[0], closed=frozenset(closed))
        content = picture(form, scope, title=Path(file).name, text=text)
    except (CannotRead, CannotDraw) as error:
        raise click.ClickException(str(error)) from None
    try:
        Path(output).write_bytes(content)
    except OSError as error:
        raise click.ClickException(f"{output} cannot be written: {error.strerror}") from None
    click.echo(f"{output} shows {file}.")
