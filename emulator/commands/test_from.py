"""``dynastep test-from``: a test written from an execution."""

from __future__ import annotations

from pathlib import Path

import click

from emulator.commands.definitions import CannotRun, checked_definition, read_file
from emulator.commands.servers import answers_of, client, region_of, with_server


@click.command("test-from")
@click.argument("source", metavar="CASSETTE|ARN", type=click.Path())
@click.option("-o", "--output", help="The test file that is written; by default the test is printed.")
@click.option(
    "--definition", metavar="FILE", type=click.Path(), help="The definition, which the test then reads from FILE."
)
@with_server
def test_from(
    source: str, output: str | None, definition: str | None, url: str, account: str | None, region: str | None
) -> None:
    """Write a pytest test from an execution.

    The execution is that of CASSETTE, a file of "dynastep record", or the one with this ARN on a running server.

    The test has the machine, its input and what its Tasks were answered, and asserts the states entered and the result.

    Example: dynastep test-from tests/late-payment.json -o tests/test_late_payment.py --definition order.asl.json
    """
    from emulator.bench.cassettes import InvalidCassette, read_cassette
    from emulator.bench.following import events_after
    from emulator.bench.replaying import CannotReplay
    from emulator.bench.written import write_test

    try:
        if source.startswith("arn:"):
            with answers_of(url):
                server = client("stepfunctions", url, account, region or region_of(source))
                history = events_after(server, source)
                text = server.describe_state_machine_for_execution(executionArn=source)["definition"]
            name = source.rpartition(":")[2]
        else:
            history, text = read_cassette(read_file(source))
            name = Path(source).stem
        if definition is not None:
            text = checked_definition(definition).text
        if text is None:
            raise CannotRun(f"{source} holds no definition: --definition FILE names it.")
        test = write_test(history, text, name, definition)
    except InvalidCassette as error:
        raise CannotRun(f"{source} {error}") from None
    except CannotReplay as error:
        raise CannotRun(f"No test can be written from {source}. {error}") from None
    if output is None:
        click.echo(test, nl=False)
        return
    try:
        Path(output).write_text(test, encoding="utf-8")
    except OSError as error:
        raise CannotRun(f"{output} cannot be written: {error.strerror}") from None
    click.echo(f"{output} holds a test of {name}.")
