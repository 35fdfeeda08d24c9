"""``dynastep test-state``: one state of a definition, run on its own."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from emulator.commands.definitions import CannotRun, checked_definition, json_text
from emulator.commands.run import ROLE, emulator


@click.command("test-state")
@click.argument("file", type=click.Path())
@click.argument("state")
@click.option("--input", "given", default="{}", show_default=True, metavar="JSON|@FILE", help="What the state gets.")
@click.option("--variables", metavar="JSON|@FILE", help="The variables that it can read, an object.")
@click.option("--mock", metavar="JSON|@FILE", help="What its service answers, as TestState's member mock.")
@click.option("--functions", metavar="DIR", type=click.Path(), help="Folder of Lambda functions.")
def test_state(
    file: str, state: str, given: str, variables: str | None, mock: str | None, functions: str | None
) -> None:
    """Run one state of a definition.

    STATE of the definition in FILE runs on its own, as TestState does, and the result is printed as JSON.

    The exit status is 0 if it has succeeded or its error is caught, 1 if it has failed or is to be retried, and 2 if it
    cannot run.

    Example: dynastep test-state order.asl.json Total --input '{"items": []}'
    """
    from botocore.exceptions import BotoCoreError, ClientError

    params: dict[str, Any] = {"definition": checked_definition(file).text, "stateName": state, "roleArn": ROLE}
    params |= {"input": json_text(given), "inspectionLevel": "DEBUG"}
    if variables is not None:
        params["variables"] = json_text(variables)
    if mock is not None:
        params["mock"] = json.loads(json_text(mock))
    client, _, close = emulator("virtual", functions, "")
    try:
        answer = client.test_state(**params)
    except ClientError as error:
        raise CannotRun(error.response["Error"]["Message"]) from None
    except BotoCoreError as error:
        raise CannotRun(str(error)) from None
    finally:
        close()
    del answer["ResponseMetadata"]
    click.echo(json.dumps(answer, indent=2))
    sys.exit(answer["status"] not in ("SUCCEEDED", "CAUGHT_ERROR"))
