"""``dynastep policy``: the least policy that a state machine needs, and how that of a role differs from it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from emulator.commands.definitions import CannotRun, checked_definition, machine_name, with_machine
from emulator.commands.servers import answers_of, client, read_history, region_of, with_server

if TYPE_CHECKING:
    from emulator.bench.policies import MachinePolicy
    from emulator.permissions.comparing import Difference


@click.command()
@click.argument("source", metavar="FILE|ARN", type=click.Path())
@click.option("--format", "form", type=click.Choice(["json", "yaml", "sam", "terraform"]), default="json")
@with_machine
@click.option("--name", help="Name of the state machine; by default that of FILE.")
@click.option(
    "--history",
    "histories",
    multiple=True,
    metavar="FILE",
    type=click.Path(),
    help="An execution, as AWS exports its history.",
)
@click.option("--only-runs", is_flag=True, help="Leave out Tasks to which no execution has come.")
@click.option(
    "--diff",
    metavar="FILE|ARN",
    type=click.Path(),
    help="Policies, a role or a template: what is missing in it, or unused.",
)
@click.option("--strict", is_flag=True, help="With --diff: unused rights and wildcards count for the exit status, too.")
@with_server
def policy(
    source: str,
    form: str,
    machine: str | None,
    name: str | None,
    histories: tuple[str, ...],
    diff: str | None,
    url: str,
    account: str | None,
    region: str | None,
    *,
    only_runs: bool,
    strict: bool,
) -> None:
    """Write the least IAM policy for a machine's role.

    The machine is a definition in FILE, or the one with this ARN on a running server. What a Task computes is a
    wildcard, unless executions show what it was: those on the server, or those of --history.

    With --diff the exit status is 1 if the role lacks a right. FILE is JSON that holds policies, as "aws iam
    get-role-policy" prints it, or a template of CloudFormation or SAM; ARN is a role on the server.

    Example: dynastep policy order.asl.json --diff template.yaml
    """
    if source.startswith("arn:"):
        written = _of_server(source, histories, url, account, region, only_runs=only_runs)
    else:
        from emulator.bench.policies import facts_of_file, policy_of

        facts = facts_of_file(name or machine_name(source), account, region)
        read = [read_history(file) for file in histories]
        written = policy_of(checked_definition(source, machine).text, facts, read, only_runs=only_runs)
    for sentence in written.unknown:
        click.echo(sentence, err=True)
    if diff is not None:
        sys.exit(_compare(written, diff, url, account, region, strict=strict))
    click.echo(written.text(form))
    for role in written.of_other_roles:
        click.echo(f"The role {role}, which Tasks take on by their Credentials, needs rights of its own.", err=True)


def _of_server(
    arn: str, files: tuple[str, ...], url: str, account: str | None, region: str | None, *, only_runs: bool
) -> MachinePolicy:
    from emulator.bench.following import events_after, every_execution
    from emulator.bench.policies import facts_of, policy_of

    with answers_of(url):
        server = client("stepfunctions", url, account, region or region_of(arn))
        described = server.describe_state_machine(stateMachineArn=arn)
        histories = [read_history(file) for file in files]
        histories += [events_after(server, each["executionArn"]) for each in every_execution(server, arn)]
        facts = facts_of(described, lambda service: client(service, url, account, region or region_of(arn)))
        return policy_of(described["definition"], facts, histories, only_runs=only_runs)


def _compare(
    written: MachinePolicy, diff: str, url: str, account: str | None, region: str | None, *, strict: bool
) -> bool:
    """Say how the policies of a role differ; whether that is to fail."""
    from emulator.bench.roles import policies_of_role
    from emulator.commands.roles import CannotReadRole, policies_in
    from emulator.permissions.comparing import compare
    from emulator.permissions.policies import MalformedPolicy

    try:
        if diff.startswith("arn:"):
            with answers_of(url):
                policies = policies_of_role(client("iam", url, account or diff.split(":")[4], region), diff)
        else:
            policies = policies_in(diff)
    except CannotReadRole as error:
        raise CannotRun(str(error)) from None
    except MalformedPolicy as error:
        raise CannotRun(f"{diff}: {error}") from None
    found = compare(policies, written.rights)
    _tell(found)
    return bool(found.missing or (strict and (found.unused or found.broad)))


def _tell(found: Difference) -> None:
    from emulator.permissions.comparing import PUT_IN

    lines = [f"missing  {action} on {resource}" for action, resource in found.missing]
    lines += [f"unused   {action} on {resource}" for action, resource in found.unused]
    lines += [f"broad    {pattern} could be {needed}" for pattern, needed in found.broad]
    for line in lines or ["The role has what the state machine needs, and nothing more."]:
        click.echo(line.replace(PUT_IN, "${...}"))
