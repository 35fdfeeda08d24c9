"""``dynastep record``: a cassette of an execution."""

from __future__ import annotations

from pathlib import Path

import click

from emulator.commands.definitions import CannotRun, checked_definition
from emulator.commands.servers import answers_of, client, read_history, region_of, with_server


@click.command()
@click.argument("source", metavar="FILE|ARN", type=click.Path())
@click.option("-o", "--output", required=True, help="The cassette that is written.")
@click.option(
    "--definition",
    metavar="FILE",
    type=click.Path(),
    help="The definition, to be kept in the cassette; that of an ARN is known.",
)
@with_server
def record(source: str, output: str, definition: str | None, url: str, account: str | None, region: str | None) -> None:
    """Save an execution as a cassette, for replay.

    The execution is that of FILE, a history as "aws stepfunctions get-execution-history" prints it, or the one with
    this ARN on a running server.

    Example: dynastep record history.json -o tests/late-payment.json --definition order.asl.json
    """
    from emulator.bench.cassettes import cassette
    from emulator.bench.following import events_after
    from emulator.bench.replaying import CannotReplay, refuse_partial

    text = None if definition is None else checked_definition(definition).text
    if source.startswith("arn:"):
        with answers_of(url):
            server = client("stepfunctions", url, account, region or region_of(source))
            history = events_after(server, source)
            text = text or server.describe_state_machine_for_execution(executionArn=source)["definition"]
        content = cassette(history, text, source)
    else:
        history = read_history(source)
        content = cassette(history, text)
    try:
        refuse_partial(history)
        Path(output).write_text(content, encoding="utf-8")
    except CannotReplay as error:
        raise CannotRun(f"{source} cannot be replayed. {error}") from None
    except OSError as error:
        raise CannotRun(f"{output} cannot be written: {error.strerror}") from None
    click.echo(f"{output} holds {len(history)} events.")
