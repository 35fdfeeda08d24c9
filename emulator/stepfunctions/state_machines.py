"""Operations on state machines: create, describe, update, delete, list.

Source: https://docs.aws.amazon.com/step-functions/latest/apireference/; texts of errors as observed on AWS.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from asl_interpreter.jsontext import JSON
from asl_interpreter.quotas import Quotas
from asl_interpreter.reading.parsing import read
from emulator import arns
from emulator.faults import Fault
from emulator.stepfunctions.encryption import METADATA_ONLY, check_reading, encryption, of_machine
from emulator.stepfunctions.limits import check_room
from emulator.stepfunctions.logs import check_logging
from emulator.stepfunctions.map_runs import describe_for_child
from emulator.stepfunctions.paging import page

if TYPE_CHECKING:
    from emulator.permissions.guard import Guard
    from emulator.wire.protocol import Call
    from emulator.world import World
from emulator.stepfunctions.machines import (
    StateMachine,
    StateMachines,
    check_name,
    check_role,
    read_definition,
    refuse_deleting,
    refuse_label,
    refuse_qualified,
    remove_if_idle,
)
from emulator.stepfunctions.tags import check_tags, read_tags
from emulator.stepfunctions.versions import publish


def create_state_machine(world: World, call: Call) -> dict[str, JSON]:
    """CreateStateMachine. Repeating a request gives the same machine."""
    params = call.params
    _check_publishing(params)
    name, machine_type = params["name"], params.get("type", "STANDARD")
    check_name(name)
    check_role(params["roleArn"])
    arn = arns.state_machine(call.account, call.region, name)
    wanted = StateMachine(
        arn=arn,
        name=name,
        type=machine_type,
        created_at=world.clock.now(),
        definition=params["definition"],
        machine=read_definition(world, call, params["definition"], machine_type),
        role_arn=params["roleArn"],
        logging=_logging(world, params.get("loggingConfiguration")),
        tracing={"enabled": (params.get("tracingConfiguration") or {}).get("enabled", False)},
        encryption=encryption(world, arn, params.get("encryptionConfiguration")),
        tags=read_tags(params.get("tags") or ()),
    )
    check_tags(wanted.arn, wanted.tags, world.settings.quotas.tags)
    if world.guard is not None:
        _ask_for_role(world.guard, wanted.arn, wanted.role_arn, wanted.definition, wanted.logging)
    machine = world.engine.ask(lambda: _add(world.state_machines(call), wanted, world.settings.quotas))
    answer = {"stateMachineArn": machine.arn, "creationDate": machine.created_at}
    return {**answer, **world.engine.ask(lambda: _publish(world, machine, params, wanted.created_at))}


def _check_publishing(params: Mapping[str, Any]) -> None:
    if "versionDescription" in params and not params.get("publish"):
        raise Fault("ValidationException", "Version description can only be set when publish is true")


def _publish(world: World, machine: StateMachine, params: Mapping[str, Any], now: float) -> dict[str, JSON]:
    """Publish a version if the request wants one; what the answer says of it."""
    if not params.get("publish"):
        return {}
    return {"stateMachineVersionArn": publish(world, machine, params.get("versionDescription"), now).arn}


def _add(machines: StateMachines, wanted: StateMachine, quotas: Quotas) -> StateMachine:
    existing = machines.get(wanted.arn)
    if existing is None:
        check_room(len(machines), quotas.state_machines, "StateMachineLimitExceeded")
        machines.add(wanted)
        return wanted
    refuse_deleting(existing)
    if not existing.same_request(wanted):
        raise Fault("StateMachineAlreadyExists", f"State Machine Already Exists: '{wanted.arn}'")
    return existing


def _ask_for_role(guard: Guard, arn: str, role: str, definition: str, logging: Mapping[str, JSON]) -> None:
    """See that Step Functions may take on a role, and has with it what a machine needs to be made.

    Raises:
        Fault: AccessDeniedException.
    """
    from emulator.permissions.roles import NewMachine, role_refusal  # with IAM, which few emulators ask

    refused = role_refusal(guard, NewMachine(arn, role, read(definition), logs=logging["level"] != "OFF"))
    if refused is not None:
        raise Fault("AccessDeniedException", refused)


def _logging(world: World, configuration: dict[str, JSON] | None) -> dict[str, JSON]:
    wanted = {"level": "OFF", "includeExecutionData": False, **(configuration or {})}
    check_logging(wanted, world.logs.has_group)
    return wanted


def describe_state_machine(world: World, call: Call) -> dict[str, JSON]:
    """DescribeStateMachine."""
    machines, arn = world.state_machines(call), call.params["stateMachineArn"]
    refuse_label(arn)
    machine = machines.version(arn) or machines.find(arn)
    check_reading(world, call, of_machine(machine))
    answer = {
        "stateMachineArn": machine.arn,
        "status": "DELETING" if machine.deleting else "ACTIVE",
        "type": machine.type,
        "creationDate": machine.created_at,
        **_described(machine),
    }
    if machine.description is not None:
        answer["description"] = machine.description
    return _included(call, answer)


def _included(call: Call, answer: dict[str, JSON]) -> dict[str, JSON]:
    """An answer without what is encrypted, if that is all that is asked for."""
    if call.params.get("includedData") == METADATA_ONLY:
        del answer["definition"]
    return answer


def _described(machine: StateMachine) -> dict[str, JSON]:
    answer: dict[str, JSON] = {
        "name": machine.name,
        "definition": machine.definition,
        "roleArn": machine.role_arn,
        "loggingConfiguration": machine.logging,
        "tracingConfiguration": machine.tracing,
        "encryptionConfiguration": machine.encryption,
    }
    if machine.revision_id is not None:
        answer["revisionId"] = machine.revision_id
    if machine.machine.variable_references:
        answer["variableReferences"] = dict(machine.machine.variable_references)
    return answer


def describe_state_machine_for_execution(world: World, call: Call) -> dict[str, JSON]:
    """DescribeStateMachineForExecution."""
    machines = world.state_machines(call)
    machine, execution = machines.find_execution(call.params["executionArn"])
    revision = machine.as_run_by(execution.start)
    check_reading(world, call, of_machine(revision))
    changed_at = revision.updated_at if revision.updated_at is not None else machine.created_at
    answer = {"stateMachineArn": machine.arn, "updateDate": changed_at, **_described(revision)}
    if execution.start.map_run_arn is not None:
        answer |= describe_for_child(machines.find_map_run(execution.start.map_run_arn), revision.definition)
    return _included(call, answer)


def update_state_machine(world: World, call: Call) -> dict[str, JSON]:
    """UpdateStateMachine. Executions that run go on with what they were started with."""
    params = call.params
    _check_publishing(params)
    refuse_qualified(params["stateMachineArn"], but_versions=True)  # which are no state machines, as observed
    machines = world.state_machines(call)
    machine = machines.find(params["stateMachineArn"])
    if not any(params.get(member) for member in _UPDATABLE):
        text = "Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration must be"
        raise Fault("MissingRequiredParameter", f"{text} specified")
    changes: dict[str, Any] = {}
    if params.get("definition"):
        changes["machine"] = read_definition(world, call, params["definition"], machine.type)
        changes["definition"] = params["definition"]
    if params.get("roleArn"):
        check_role(params["roleArn"])
        changes["role_arn"] = params["roleArn"]
    if params.get("loggingConfiguration"):
        changes["logging"] = _logging(world, params["loggingConfiguration"])
    if params.get("tracingConfiguration"):
        changes["tracing"] = {"enabled": params["tracingConfiguration"].get("enabled", False)}
    if params.get("encryptionConfiguration"):
        changes["encryption"] = encryption(world, machine.arn, params["encryptionConfiguration"])
    if world.guard is not None and changes.keys() & {"role_arn", "definition", "logging"}:
        changed = [changes.get(name, getattr(machine, name)) for name in ("role_arn", "definition", "logging")]
        _ask_for_role(world.guard, machine.arn, *changed)
    now = world.clock.now()

    def change() -> dict[str, JSON]:
        if params.get("publish"):
            check_room(len(machine.versions), world.settings.quotas.versions, "ServiceQuotaExceededException")
        return {**_change(machines, machine, changes, now), **_publish(world, machine, params, now)}

    return world.engine.ask(change)


def _change(machines: StateMachines, machine: StateMachine, changes: dict[str, Any], now: float) -> dict[str, JSON]:
    refuse_deleting(machine)
    if any(getattr(machine, name) != value for name, value in changes.items() if name != "machine"):
        machines.forget_revisions(machine)
        machine.update({**changes, "updated_at": now, "revision_id": str(uuid.uuid4())})
    answer: dict[str, JSON] = {"updateDate": now}
    if machine.revision_id is not None:
        answer["revisionId"] = machine.revision_id
    return answer


_UPDATABLE: Final = ("definition", "roleArn", "loggingConfiguration", "tracingConfiguration", "encryptionConfiguration")


def delete_state_machine(world: World, call: Call) -> dict[str, JSON]:
    """DeleteStateMachine; one that is not there is no error.

    Its executions fail at their next transition, and it goes with the last of them.
    """
    refuse_qualified(call.params["stateMachineArn"])
    machines = world.state_machines(call)
    machine = machines.get(call.params["stateMachineArn"])
    if machine is not None:
        world.engine.ask(lambda: _mark_deleting(machines, machine))
    return {}


def _mark_deleting(machines: StateMachines, machine: StateMachine) -> None:
    machine.deleting = True
    for execution in machine.executions.values():
        execution.end_soon(f"State machine {machine.name} has been deleted")
    remove_if_idle(machines, machine.arn)


def list_state_machines(world: World, call: Call) -> dict[str, JSON]:
    """ListStateMachines, by name."""
    machines = sorted(world.state_machines(call), key=lambda machine: machine.name)
    entries = [
        {
            "stateMachineArn": machine.arn,
            "name": machine.name,
            "type": machine.type,
            "creationDate": machine.created_at,
        }
        for machine in machines
    ]
    shown, token = page(world, call, entries, key=lambda entry: entry["name"])
    return {"stateMachines": shown, **token}
