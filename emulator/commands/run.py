"""``dynastep run``: a definition run to its end, without a server."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import click

from emulator.commands.definitions import CannotRun, checked_definition, json_text, machine_name, with_machine

if TYPE_CHECKING:
    from emulator.bench.tree import Tree
    from emulator.control import Control

LOOK_AGAIN: Final = 0.1
"""Seconds between two looks at an execution whose time is real."""
ROLE: Final = "arn:aws:iam::000000000000:role/dynastep"


@click.command()
@click.argument("file", type=click.Path())
@click.option("--input", "given", default="{}", show_default=True, metavar="JSON|@FILE", help="What the machine gets.")
@click.option("--functions", metavar="DIR", type=click.Path(), help="Folder of Lambda functions.")
@click.option(
    "--mock",
    metavar="FILE[#CASE]",
    type=click.Path(),
    help="File of mocks or MockConfigFile; its only test case of the machine, or CASE.",
)
@click.option("--name", help="Name of the state machine, as MOCK has it; by default that of FILE.")
@with_machine
@click.option(
    "--type", "kind", type=click.Choice(["STANDARD", "EXPRESS"]), default="STANDARD", help="By default STANDARD."
)
@click.option("--clock", type=click.Choice(["virtual", "wall"]), default="virtual", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object: the result, and every state entered.")
def run(
    file: str,
    given: str,
    functions: str | None,
    mock: str | None,
    name: str | None,
    machine: str | None,
    kind: str,
    clock: str,
    *,
    as_json: bool,
) -> None:
    """Run a definition without a server.

    The states are shown as they are left, and then the result. FILE is JSON or YAML: a definition, a template of SAM,
    CloudFormation, CDK or Serverless, or a plan of Terraform in JSON.

    There are no tables, queues or buckets: mock the Tasks that use them (--mock), or run the machine on a server.

    The exit status is 0 if the execution succeeded, 1 if it failed, and 2 if it cannot run.

    Example: dynastep run order.asl.json --input '{"id": 7}'
    """
    from botocore.exceptions import ClientError

    from emulator.bench.tree import Tree

    definition, payload = checked_definition(file, machine, kind), json_text(given)
    name = name or machine or machine_name(file)
    config, _, case = (mock or "").partition("#")
    if mock and not case:
        case = _only_case(config, name)
    client, control, close = emulator(clock, functions, config)
    try:
        made = client.create_state_machine(name=name, definition=definition.text, roleArn=ROLE, type=definition.kind)
        arn = made["stateMachineArn"] + (f"#{case}" if case else "")
        if definition.kind == "EXPRESS":
            looks = _express(control, arn, payload)
        else:
            looks = _standard(client, arn, payload, clock)
        tree = Tree()
        for look in looks:
            described, history = look.described, look.history
            for line in tree.see(look.new):
                if not as_json:
                    click.echo(line)
        mocked = control.world.mock_config
        verdict = "" if mocked is None else mocked.mocks().take_verdict()
    except ClientError as error:
        raise CannotRun(error.response["Error"]["Message"]) from None
    finally:
        close()
    if described["status"] == "RUNNING":
        raise CannotRun(_waits(tree))
    if as_json:
        click.echo(_as_json(described, history))
    else:
        _tell(described, history, file)
    if verdict:
        click.secho(verdict, fg="yellow", err=True)
    sys.exit(described["status"] != "SUCCEEDED")


class Look(NamedTuple):
    """A look at an execution."""

    described: dict[str, Any]
    """What DescribeExecution says."""
    history: list[dict[str, Any]]
    """Its events."""
    new: list[dict[str, Any]]
    """Those of them that have come since the last look."""


def _standard(client: Any, machine: str, payload: str, clock: str) -> Iterator[Look]:
    from emulator.bench.following import events_after

    arn = client.start_execution(stateMachineArn=machine, input=payload)["executionArn"]
    history: list[dict[str, Any]] = []
    while True:
        described = client.describe_execution(executionArn=arn)
        new = events_after(client, arn, len(history))
        history += new
        yield Look(described, history, new)
        if described["status"] != "RUNNING" or clock == "virtual":
            return
        _pause()


def _express(control: Control, arn: str, payload: str) -> Iterator[Look]:
    """One look, when it has ended; AWS shows nobody the history of an EXPRESS execution."""
    from asl_interpreter.jsontext import dumps
    from asl_interpreter.loop.scheduler import Deadlock
    from emulator.bench.handles import Started
    from emulator.stepfunctions import executions
    from emulator.wire.credentials import DEFAULT_ACCOUNT, DEFAULT_REGION
    from emulator.wire.protocol import Call

    def call(operation: str, params: dict[str, Any]) -> Call:
        return Call("stepfunctions", operation, params, DEFAULT_ACCOUNT, DEFAULT_REGION, "")

    running = executions.start(control.world, call("StartExecution", {"stateMachineArn": arn, "input": payload}))
    try:
        ended = Started(control.world, call, running).result()
    except Deadlock as error:
        raise CannotRun(str(error)) from None
    first, last = ended.history[0]["timestamp"], ended.history[-1]["timestamp"]
    described = {"name": ended.title, "status": ended.status, "input": payload, "startDate": first, "stopDate": last}
    if ended.succeeded:
        described["output"] = dumps(ended.output)
    else:
        described |= {"error": ended.error, "cause": ended.cause}
    yield Look(described, ended.history, ended.history)


def _pause() -> None:
    from threading import Event

    Event().wait(LOOK_AGAIN)


def _only_case(config: str, name: str) -> str:
    """The only test case that a MockConfigFile has for a machine; none if it has other machines' or only mocks."""
    from emulator.integrations.mock_config import MockConfig
    from emulator.integrations.mocks import InvalidMock

    try:
        file = MockConfig(Path(config))
        if file.mocks() and name not in file.machines():
            return ""
        cases = file.cases(name)
    except InvalidMock as error:
        raise CannotRun(str(error)) from None
    if len(cases) != 1:
        raise CannotRun(f"{config} has the test cases {', '.join(cases)} for {name!r}: name one, --mock {config}#CASE")
    return cases[0]


class Emulator(NamedTuple):
    """A world of a command's own."""

    client: Any
    """A client of Step Functions."""
    control: Control
    close: Callable[[], None]
    """Ends the world."""


def emulator(clock: str, functions: str | None, mock_config: str) -> Emulator:
    """A world of its own for a command."""
    from emulator.app import create_app
    from emulator.clients import client
    from emulator.control import Control
    from emulator.server import Server, serve_in_thread
    from emulator.settings import InvalidSetting, Settings
    from emulator.wiring import Lasting

    try:
        settings = Settings.read({}, {"clock": clock, "functions": functions, "mock_config": mock_config or None})
    except InvalidSetting as error:
        raise CannotRun(str(error)) from None

    @cache
    def server() -> Server:  # started if a function in a process of its own asks where we are
        return serve_in_thread(app)

    control = Control(Lasting.of(settings, lambda: server().url))
    app = create_app(control)

    def close() -> None:
        control.close()
        if server.cache_info().currsize:
            server().close()

    return Emulator(client(control, "stepfunctions"), control, close)


def _waits(tree: Tree) -> str:
    waiting = ", ".join(visit.path for visit in tree.running())
    return f"Nothing more can happen, and {waiting} has no answer: nobody here sends it. A mock can: --mock FILE."


def _tell(described: dict[str, Any], history: list[dict[str, Any]], file: str) -> None:
    from emulator.bench.explain import Told, clock, explain
    from emulator.bench.visits import seconds

    elapsed = seconds(described["stopDate"]) - seconds(described["startDate"])
    if described["status"] == "SUCCEEDED":
        click.echo(f"{click.style('SUCCEEDED', fg='green')} after {clock(elapsed)}")
        click.echo(described["output"])
        return
    told = Told(
        described["name"] if file == "-" else Path(file).name,
        described["status"],
        described.get("error"),
        described.get("cause"),
        elapsed,
        history,
    )
    click.secho(explain(told), fg="red", err=True)


def _as_json(described: dict[str, Any], history: list[dict[str, Any]]) -> str:
    from asl_interpreter.jsontext import dumps, loads
    from emulator.bench.visits import read_visits, seconds

    start = seconds(described["startDate"])
    states = [
        {
            "path": visit.path,
            "type": visit.type,
            "status": visit.status,
            "enteredAfter": round(visit.entered_at - start, 3),
            "seconds": None if visit.duration is None else round(visit.duration, 3),
            "attempts": len(visit.attempts),
            "input": visit.input,
            "output": visit.output,
            **({} if visit.error is None else {"error": visit.error, "cause": visit.cause}),
        }
        for visit in read_visits(history).every
    ]
    told = ("status", "error", "cause")
    result: dict[str, Any] = {name: described[name] for name in told if name in described}
    if "output" in described:
        result["output"] = loads(described["output"])
    elapsed = seconds(described["stopDate"]) - seconds(described["startDate"])
    return dumps({**result, "seconds": elapsed, "states": states})
