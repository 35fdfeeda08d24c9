"""Versions and aliases of state machines: what may stand after the name in a machine's ARN.

A version is the machine as it was when it was published; an alias routes executions to one version or two. Source:
https://docs.aws.amazon.com/step-functions/latest/dg/auth-version-alias.html; texts of errors as observed on AWS.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from asl_interpreter.jsontext import JSON
from emulator.faults import Fault
from emulator.stepfunctions.limits import check_room
from emulator.stepfunctions.machines import StateMachine, StateMachines, check_arn, refuse_deleting, refuse_label
from emulator.stepfunctions.paging import page

if TYPE_CHECKING:
    import random

    from emulator.wire.protocol import Call
    from emulator.world import World

WHOLE: Final = 100
"""What the weights of an alias add up to."""
INITIAL: Final = "INITIAL"
"""How AWS names the revision of a machine that was never updated."""


@dataclass(slots=True)
class Alias:
    """A name for one version of a machine, or for two that share its executions by weight."""

    arn: str
    name: str
    description: str | None
    routing: tuple[tuple[str, int], ...]
    """ARNs of versions, and their weights."""
    created_at: float
    updated_at: float

    def pick(self, random: random.Random) -> str:
        """The ARN of the version that the next execution runs."""
        versions, weights = zip(*self.routing, strict=True)
        return str(random.choices(versions, weights)[0])


@dataclass(frozen=True, slots=True)
class Target:
    """What the ARN of a machine, a version or an alias leads to."""

    machine: StateMachine
    revision: StateMachine
    """What runs: the machine as it is, or as it was when the version was published."""
    version: str | None = None
    alias: str | None = None
    """The ARNs by which it was found."""


def find_target(machines: StateMachines, arn: str, random: random.Random) -> Target:
    """What an ARN leads to; an alias leads to one of its versions.

    Raises:
        Fault: InvalidArn, ValidationException, StateMachineDoesNotExist.
    """
    refuse_label(arn)
    owner, qualifier = _owner(machines, arn)
    if owner is None:
        machine = machines.find(arn)
        return Target(machine, machine)
    if (version := owner.versions.get(arn)) is not None:
        return Target(owner, version, arn)
    if (alias := owner.aliases.get(qualifier)) is not None:
        picked = alias.pick(random)
        return Target(owner, owner.versions[picked], picked, arn)
    raise Fault("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{arn}'")


def _owner(machines: StateMachines, arn: str) -> tuple[StateMachine | None, str]:
    """The machine that the ARN of a version or an alias belongs to, and the last part of the ARN."""
    check_arn(arn, "stateMachine")
    unqualified, _, qualifier = arn.rpartition(":")
    return machines.get(unqualified), qualifier


def publish(world: World, machine: StateMachine, description: str | None, now: float) -> StateMachine:
    """The version of the machine as it is; a new one only if this revision has none.

    Raises:
        Fault: ServiceQuotaExceededException.
    """
    for version in machine.versions.values():
        if version.revision_id == machine.revision_id:
            return version
    check_room(len(machine.versions), world.settings.quotas.versions, "ServiceQuotaExceededException")
    machine.published += 1
    version = dataclasses.replace(
        machine, arn=f"{machine.arn}:{machine.published}", created_at=now, description=description
    )
    machine.versions[version.arn] = version
    return version


def publish_state_machine_version(world: World, call: Call) -> dict[str, JSON]:
    """PublishStateMachineVersion. Repeating a request gives the same version."""
    machine = world.state_machines(call).find(call.params["stateMachineArn"])
    wanted = call.params.get("revisionId")

    def add() -> StateMachine:
        refuse_deleting(machine)
        current = machine.revision_id or INITIAL
        if wanted and wanted != current:
            text = f"Failed to publish the State Machine version for revision {wanted}."
            raise Fault("ConflictException", f"{text} The current State Machine revision is {current}.")
        return publish(world, machine, call.params.get("description"), world.clock.now())

    version = world.engine.ask(add)
    return {"creationDate": version.created_at, "stateMachineVersionArn": version.arn}


def list_state_machine_versions(world: World, call: Call) -> dict[str, JSON]:
    """ListStateMachineVersions, the last published first."""
    machine = world.state_machines(call).find(call.params["stateMachineArn"])
    versions = world.engine.ask(lambda: list(machine.versions.values()))
    numbered = sorted(((int(version.arn.rpartition(":")[2]), version) for version in versions), reverse=True)
    shown, token = page(world, call, numbered, key=lambda entry: entry[0], descending=True)
    entries = [{"stateMachineVersionArn": version.arn, "creationDate": version.created_at} for _, version in shown]
    return {"stateMachineVersions": entries, **token}


def delete_state_machine_version(world: World, call: Call) -> dict[str, JSON]:
    """DeleteStateMachineVersion; one that is not there is no error."""
    arn = call.params["stateMachineVersionArn"]
    owner, _ = _owner(world.state_machines(call), arn)

    def remove(machine: StateMachine) -> None:
        aliases = [alias.name for alias in machine.aliases.values() if arn in dict(alias.routing)]
        if aliases:
            text = "Version to be deleted must not be referenced by an alias."
            listed = ", ".join(aliases)
            raise Fault("ConflictException", f"{text} Current list of aliases referencing this version: [{listed}]")
        version = machine.versions.pop(arn, None)
        if version is not None:
            machine.deleted[arn] = version

    if owner is not None:
        world.engine.ask(lambda: remove(owner))
    return {}


def create_state_machine_alias(world: World, call: Call) -> dict[str, JSON]:
    """CreateStateMachineAlias. Repeating a request gives the same alias."""
    params, now = call.params, world.clock.now()
    routing = _routing(params["routingConfiguration"])

    def add() -> Alias:
        machine = _routed(world.state_machines(call), routing)
        wanted = Alias(f"{machine.arn}:{params['name']}", params["name"], params.get("description"), routing, now, now)
        if wanted.name not in machine.aliases:
            check_room(len(machine.aliases), world.settings.quotas.aliases, "ServiceQuotaExceededException")
        alias = machine.aliases.setdefault(wanted.name, wanted)
        if (alias.description, alias.routing) != (wanted.description, wanted.routing):
            text = "an alias with the same name and a different routing configuration already exists."
            raise Fault("ConflictException", f"Failed to create alias because {text}")
        return alias

    alias = world.engine.ask(add)
    return {"stateMachineAliasArn": alias.arn, "creationDate": alias.created_at}


def _routing(configuration: Sequence[dict[str, Any]]) -> tuple[tuple[str, int], ...]:
    """The routing configuration of a request, which must keep to AWS's rules."""
    versions = [item["stateMachineVersionArn"] for item in configuration]
    weights = [item["weight"] for item in configuration]
    received = f"Received: [{', '.join(versions)}]"
    rule = ""
    if not all(_is_version(arn) for arn in versions):
        rule = f"Routing configuration must contain state machine version ARNs. {received}"
    elif len(set(versions)) < len(versions):
        rule = f"Routing configuration must contain distinct state machine version ARNs. {received}"
    elif len({arn.rpartition(":")[0] for arn in versions}) > 1:
        rule = f"Routing configuration must contain versions of the same state machine. {received}"
    elif sum(weights) != WHOLE:
        rule = f"Sum of routing configuration weights must equal {WHOLE}. Received: [{', '.join(map(str, weights))}]"
    if rule:
        raise Fault("ValidationException", rule)
    return tuple(zip(versions, weights, strict=True))


def _is_version(arn: str) -> bool:
    names = check_arn(arn, "stateMachine").names
    return len(names) == len(("stateMachine", "name", "version")) and names[-1].isdecimal()


def _routed(machines: StateMachines, routing: tuple[tuple[str, int], ...]) -> StateMachine:
    """The machine whose versions an alias routes to; they must be there."""
    machine, _ = _owner(machines, routing[0][0])
    if machine is None:
        raise _not_found(routing[0][0])
    for arn, _ in routing:
        if arn not in machine.versions:
            raise _not_found(arn)
    refuse_deleting(machine)
    return machine


def _not_found(arn: str) -> Fault:
    return Fault("ResourceNotFound", f"Resource not found: '{arn}'", resourceName=arn)


def _find_alias(machines: StateMachines, arn: str) -> tuple[StateMachine, Alias]:
    machine, name = _owner(machines, arn)
    if machine is None or name not in machine.aliases:
        raise _not_found(arn)
    return machine, machine.aliases[name]


def update_state_machine_alias(world: World, call: Call) -> dict[str, JSON]:
    """UpdateStateMachineAlias."""
    params, now = call.params, world.clock.now()
    routing = _routing(params["routingConfiguration"]) if params.get("routingConfiguration") else None
    machines = world.state_machines(call)

    def change() -> None:
        arn = params["stateMachineAliasArn"]
        machine, name = _owner(machines, arn)
        alias = None if machine is None else machine.aliases.get(name)
        if machine is None or alias is None:
            text = "Request references a resource that does not exist."
            raise Fault("ResourceNotFound", text, resourceName=arn)
        refuse_deleting(machine)
        if routing is not None:
            if _routed(machines, routing) is not machine:
                raise Fault("ValidationException", f"Routing configuration must contain versions of {machine.arn}")
            alias.routing = routing
        alias.description = params.get("description", alias.description)
        alias.updated_at = now

    world.engine.ask(change)
    return {"updateDate": now}


def describe_state_machine_alias(world: World, call: Call) -> dict[str, JSON]:
    """DescribeStateMachineAlias."""
    _, alias = _find_alias(world.state_machines(call), call.params["stateMachineAliasArn"])
    answer: dict[str, JSON] = {
        "stateMachineAliasArn": alias.arn,
        "name": alias.name,
        "routingConfiguration": [{"stateMachineVersionArn": arn, "weight": weight} for arn, weight in alias.routing],
        "creationDate": alias.created_at,
        "updateDate": alias.updated_at,
    }
    if alias.description is not None:
        answer["description"] = alias.description
    return answer


def delete_state_machine_alias(world: World, call: Call) -> dict[str, JSON]:
    """DeleteStateMachineAlias. One that is gone is deleted, as observed on AWS."""

    def remove() -> None:
        machine, name = _owner(world.state_machines(call), call.params["stateMachineAliasArn"])
        if machine is not None:
            machine.aliases.pop(name, None)

    world.engine.ask(remove)
    return {}


def list_state_machine_aliases(world: World, call: Call) -> dict[str, JSON]:
    """ListStateMachineAliases of a machine, or of a version, by name."""
    arn = call.params["stateMachineArn"]
    machines = world.state_machines(call)
    owner, _ = _owner(machines, arn)
    machine = machines.find(arn) if owner is None else owner
    aliases = world.engine.ask(lambda: sorted(machine.aliases.values(), key=lambda alias: alias.name))
    entries = [
        {"stateMachineAliasArn": alias.arn, "creationDate": alias.created_at}
        for alias in aliases
        if owner is None or arn in dict(alias.routing)
    ]
    shown, token = page(world, call, entries, key=lambda entry: entry["stateMachineAliasArn"])
    return {"stateMachineAliases": shown, **token}
