"""Roles of state machines: what Step Functions checks of one when a machine is created or updated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from asl_interpreter.jsontext import JSON
from emulator.arns import Arn
from emulator.permissions.asking import Facts, Need, Place
from emulator.permissions.evaluation import Asked, Policies, Principal, decide
from emulator.permissions.guard import Guard, session_actor
from emulator.permissions.policies import MalformedPolicy, read
from emulator.permissions.rights import Right
from emulator.permissions.writing import write


@dataclass(frozen=True, slots=True)
class NewMachine:
    """A state machine that is to be."""

    arn: str
    role: str
    definition: Mapping[str, JSON]
    logs: bool


def role_refusal(guard: Guard, machine: NewMachine) -> str | None:
    """Why Step Functions does not take a role for a machine, in AWS's words; None if it does.

    Source: errors as users of Step Functions report them.
    """
    owner, role = Arn.parse(machine.arn), Arn.parse(machine.role)
    if role.account != owner.account:
        return guard.note("Cross-account pass role is not allowed.", machine.role, "iam:PassRole", machine.role)
    known = guard.registry.role(machine.role)
    if known is None or not _trusts(known.trust, machine, owner):
        said = "Neither the global service principal states.amazonaws.com, nor the regional one is authorized to assume"
        return guard.note(f"{said} the provided role.", "states.amazonaws.com", "sts:AssumeRole", machine.role)
    actor = session_actor(machine.role, known, "states", role.account)
    for right, said in _wanted(machine, owner):
        for action in sorted(right.actions):
            for resource in right.resources:
                if not guard.allows(actor, Need(action, resource), owner.region):
                    return guard.note(said, machine.role, action, resource)
    return None


def _trusts(trust: str | None, machine: NewMachine, owner: Arn) -> bool:
    """Whether a role trusts Step Functions, by its global name or by that of the region."""
    try:
        policies = Policies(resource=None if trust is None else read(trust), resource_kind="trust")
    except MalformedPolicy:
        return False
    context = {"aws:sourcearn": [machine.arn], "aws:sourceaccount": [owner.account]}
    names = ("states.amazonaws.com", f"states.{owner.region}.amazonaws.com")
    principals = [Principal(name, kind="service") for name in names]
    return any(decide(Asked(each, "sts:AssumeRole", machine.role, context=context), policies) for each in principals)


def _wanted(machine: NewMachine, owner: Arn) -> list[tuple[Right, str]]:
    """The rights that Step Functions tries when a machine is made, each with what it says where one is missing."""
    facts = Facts(Place(owner.account, owner.region), owner.names[1], logs=machine.logs)
    rights = write(machine.definition, facts, lambda _service, _action: None).own
    rule = f"'{machine.role}' is not authorized to create managed-rule."
    log = "The state machine IAM Role is not authorized to access the Log Destination"
    return [
        (right, rule if "events:PutRule" in right.actions else log)
        for right in rights
        if right.actions & {"events:PutRule", "logs:CreateLogDelivery"}
    ]
