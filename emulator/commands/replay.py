"""``dynastep replay``: a definition run against a recorded execution."""

from __future__ import annotations

import sys

import click

from emulator.commands.bars import shown
from emulator.commands.definitions import CannotRun, checked_definition, read_file, resources


@click.command()
@click.argument("cassette", type=click.Path())
@click.option(
    "--definition", metavar="FILE", type=click.Path(), help="The definition; by default the one that CASSETTE holds."
)
def replay(cassette: str, definition: str | None) -> None:
    """Run a definition against a recorded execution.

    The definition gets the input and the answers in CASSETTE, and what differs is shown. CASSETTE is a file of
    "dynastep record" or of "aws stepfunctions get-execution-history". The exit status is 0 if nothing differs, 1 if
    something does, and 2 if CASSETTE cannot be replayed.

    Example: dynastep replay tests/late-payment.json --definition order.asl.json
    """
    from asl_interpreter.errors import InvalidDefinition
    from emulator.bench.cassettes import InvalidCassette, read_cassette
    from emulator.bench.replaying import CannotReplay
    from emulator.bench.replaying import replay as run_again

    try:
        history, text = read_cassette(read_file(cassette))
        if definition is not None:
            text = checked_definition(definition).text
        if text is None:
            raise CannotRun(f"{cassette} holds no definition: --definition FILE names it.")
        with shown():
            replayed = run_again(history, text, resources())
    except InvalidDefinition as error:
        raise CannotRun(f"AWS would refuse the definition in {cassette}: {error}") from None
    except InvalidCassette as error:
        raise CannotRun(f"{cassette} {error}") from None
    except CannotReplay as error:
        raise CannotRun(f"{cassette} cannot be replayed. {error}") from None
    for line in replayed.differences:
        click.secho(line, fg="red")
    if replayed.differences:
        count = len(replayed.differences)
        click.echo(f"{count} {'difference' if count == 1 else 'differences'} from {cassette}.")
        sys.exit(1)
    click.secho(f"All {len(history)} events happen as in {cassette}.", fg="green")
