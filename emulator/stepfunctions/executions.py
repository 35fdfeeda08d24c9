"""Executions: start, stop, describe, list, and their histories.

Source: https://docs.aws.amazon.com/step-functions/latest/apireference/; texts of errors as observed on AWS.
"""

from __future__ import annotations

import logging
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from heapq import merge
from typing import TYPE_CHECKING, Any, Final

from asl_interpreter.coverage import Coverage
from asl_interpreter.engine import never
from asl_interpreter.history import Event
from asl_interpreter.jackson import explain
from asl_interpreter.jsontext import JSON, InvalidJSON, loads
from asl_interpreter.running.execution import Execution, Outside, Start
from emulator import arns
from emulator.faults import Fault
from emulator.stepfunctions.encryption import METADATA_ONLY, check_reading, gate_of, hold_data_key, of_machine
from emulator.stepfunctions.limits import check_bytes, check_room
from emulator.stepfunctions.machines import StateMachine, StateMachines, check_name, refuse_deleting, remove_if_idle
from emulator.stepfunctions.map_runs import list_children, shown_name
from emulator.stepfunctions.paging import page, page_of
from emulator.stepfunctions.redrives import redrives
from emulator.stepfunctions.rendering import render
from emulator.stepfunctions.retention import Archive, Listed
from emulator.stepfunctions.versions import Target, find_target
from emulator.wire.waiting import Waiting

if TYPE_CHECKING:
    from asl_interpreter.tasks import Resolve
    from emulator.wire.protocol import Call
    from emulator.world import World

log = logging.getLogger("dynastep.executions")

BILLING_STEP_MS: Final = 100
"""https://docs.aws.amazon.com/step-functions/latest/apireference/API_BillingDetails.html"""
BILLED_MEMORY_MB: Final = 64


def start_execution(world: World, call: Call) -> dict[str, JSON]:
    """StartExecution. Of a STANDARD machine, the same name and input while it runs is the same execution."""
    execution = start(world, call)
    return {"executionArn": execution.start.arn, "startDate": execution.started_at}


def start(world: World, call: Call) -> Execution:
    """Start an execution, or find the one that the same request has started.

    Raises:
        Fault: as StartExecution.
    """
    wanted = _read(world, call)
    machine = wanted.target.machine
    if machine.type == "EXPRESS":
        return _launch(world, call, wanted)

    def launch() -> Execution:
        machines, archive = world.state_machines(call), world.retention.archive
        world.retention.expire()
        existing = machine.executions.get(wanted.arn)
        if existing is not None and existing.status == "RUNNING" and existing.start.input_text == wanted.text:
            return existing
        if existing is not None or (archive is not None and archive.has(wanted.arn)):
            raise Fault("ExecutionAlreadyExists", f"Execution Already Exists: '{wanted.arn}'")
        check_room(machines.running, world.settings.quotas.open_executions, "ExecutionLimitExceeded")
        return _launch(world, call, wanted)

    return world.engine.ask(launch)


def find(world: World, call: Call, arn: str) -> Execution:
    """The execution with this ARN, in the account and region of the call."""
    return world.state_machines(call).find_execution(arn)[1]


def start_sync_execution(world: World, call: Call) -> Waiting[Any]:
    """StartSyncExecution: run an EXPRESS machine and wait for its end."""
    wanted = _read(world, call, synchronous=True)
    check_reading(world, call, of_machine(wanted.target.revision))
    execution = _launch(world, call, wanted)
    return Waiting(world.engine, execution.ended, lambda _: _ended(world, call, wanted, execution))


def _ended(world: World, call: Call, wanted: _Wanted, execution: Execution) -> dict[str, JSON]:
    """The answer to StartSyncExecution."""
    stopped_at = execution.stopped_at if execution.stopped_at is not None else world.clock.now()
    steps = max(1, math.ceil((stopped_at - execution.started_at) * 1000 / BILLING_STEP_MS))
    answer: dict[str, JSON] = {
        "executionArn": wanted.arn,
        "stateMachineArn": wanted.target.machine.arn,
        "name": wanted.name,
        "startDate": execution.started_at,
        "stopDate": stopped_at,
        "status": execution.status,
        **outcome(execution),
        "input": wanted.text,
        "inputDetails": {"included": True},
        "outputDetails": {"included": True},
        "billingDetails": {
            "billedMemoryUsedInMB": BILLED_MEMORY_MB,
            "billedDurationInMilliseconds": steps * BILLING_STEP_MS,
        },
    }
    return _included(call, answer)


def outcome(execution: Execution) -> dict[str, JSON]:
    """Output, error and cause, as far as there are any."""
    answer: dict[str, JSON] = {}
    if execution.status == "SUCCEEDED":
        answer["output"] = execution.history.text(execution.output)
    if execution.error is not None:
        answer["error"] = execution.error
    if execution.cause is not None:
        answer["cause"] = execution.cause
    return answer


@dataclass(frozen=True, slots=True)
class _Wanted:
    """An execution that a request asks for."""

    target: Target
    tasks: Resolve
    """What its Tasks call."""
    arn: str
    name: str
    text: str
    """Its input."""
    synchronous: bool


def _read(world: World, call: Call, *, synchronous: bool = False) -> _Wanted:
    """What a request asks for. A test case of the mock configuration may follow after ``#`` in the machine's ARN.

    Raises:
        Fault: there is no such machine, it cannot be started in this way, or the name or the input is too long.
    """
    arn, mocked, case = call.params["stateMachineArn"].partition("#")
    target = find_target(world.state_machines(call), arn, world.random)
    machine = target.machine
    refuse_deleting(machine)
    tasks = world.tasks(call, target.revision, case if mocked else None)
    if synchronous and machine.type != "EXPRESS":
        raise Fault("StateMachineTypeNotSupported", "This operation is not supported by this type of state machine")
    name = call.params.get("name")
    if name is None:
        name = world.new_id()
    else:
        check_name(name)
    text = call.params.get("input", "{}")
    check_bytes("input", text, world.settings.quotas.payload_bytes)
    if machine.type == "EXPRESS":
        arn = arns.express_execution(call.account, call.region, machine.name, name, world.new_id())
    else:
        arn = arns.execution(call.account, call.region, machine.name, name)
    return _Wanted(target, tasks, arn, name, text, synchronous)


def read_input(text: str) -> JSON:
    """Read an execution's input.

    Raises:
        Fault: InvalidExecutionInput.
    """
    try:
        return loads(text)
    except InvalidJSON as error:
        flaw = explain(text) if text.strip() else None
        words = flaw.message if flaw is not None else str(error) if text.strip() else "Invalid execution input."
        raise Fault("InvalidExecutionInput", f"Invalid State Machine Execution Input: '{words}'") from None


def _launch(world: World, call: Call, wanted: _Wanted) -> Execution:
    """Have an execution run on the loop."""
    target, machine = wanted.target, wanted.target.machine
    start = Start(
        arn=wanted.arn,
        name=wanted.name,
        state_machine_arn=machine.arn,
        state_machine_name=machine.name,
        role_arn=target.revision.role_arn,
        input=read_input(wanted.text),
        input_text=wanted.text,
        express=machine.type == "EXPRESS",
        synchronous=wanted.synchronous,
        version_arn=target.version,
        alias_arn=target.alias,
        number=machine.number if machine.type == "EXPRESS" else machine.next_number(),
    )
    revision, machines, synchronous = target.revision, world.state_machines(call), wanted.synchronous
    hold_data_key(world, of_machine(revision), wanted.arn, revision.role_arn, synchronous=synchronous)
    outside = outside_of(world, machines, revision, wanted.tasks, synchronous=synchronous)
    execution = world.engine.start(target.revision.machine, start, outside)
    if machine.type == "STANDARD":
        machine.executions[wanted.arn] = execution
    return execution


def outside_of(
    world: World, machines: StateMachines, revision: StateMachine, tasks: Resolve, *, synchronous: bool = False
) -> Outside:
    """What an execution has to do with: the services that its Tasks call, and whoever hears of its start and end."""
    logging = revision.logging  # and not the machine, which would be held in a circle

    def observe(execution: Execution) -> None:
        world.status_changes.send(execution, machines.get(execution.start.state_machine_arn.partition("/")[0]))
        machines.count(execution)
        if execution.stopped_at is None:
            world.logs.follow(execution, logging)
        else:
            remove_if_idle(machines, execution.start.state_machine_arn)
            _log_end(execution)

    coverage = None if world.coverage is None else world.coverage.setdefault(revision.definition, Coverage())
    touched = None if world.keeping.by is None else world.keeping.by.touched
    gate = gate_of(world, revision, synchronous=synchronous)
    return Outside(tasks, world.datasets, observe, world.settings.quotas, touched, coverage, world.spill.keep, gate)


def _log_end(execution: Execution) -> None:
    """A line of an execution that has ended; who asks for such lines is emulator/commands/server_log.py."""
    if not log.isEnabledFor(logging.INFO):
        return
    start, seconds = execution.start, (execution.stopped_at or execution.started_at) - execution.started_at
    failed = "" if execution.error is None else f" with {execution.error}"
    fields = {"executionArn": start.arn, "status": execution.status, "seconds": round(seconds, 3)}
    log.info(
        "%s:%s %s%s after %g s",
        start.state_machine_name,
        start.name,
        execution.status,
        failed,
        round(seconds, 3),
        extra={"fields": fields if execution.error is None else {**fields, "error": execution.error}},
    )


def stop_execution(world: World, call: Call) -> dict[str, JSON]:
    """StopExecution. One that has ended stays as it is."""
    machine, execution = world.state_machines(call).find_execution(call.params["executionArn"])
    error, cause = call.params.get("error"), call.params.get("cause")
    if (error is not None or cause is not None) and not execution.has_ended():
        revision = machine.as_run_by(execution.start)
        hold_data_key(world, of_machine(revision), execution.start.arn, revision.role_arn)
    world.engine.stop(execution, error, cause)
    return {"stopDate": execution.stopped_at}


def describe_execution(world: World, call: Call) -> dict[str, JSON]:
    """DescribeExecution. To look lets virtual time move."""
    machine, execution = world.state_machines(call).find_execution(call.params["executionArn"], of_map_run=True)
    check_reading(world, call, of_machine(machine.as_run_by(execution.start)))
    answer = world.engine.ask(lambda: describe(execution, redrives(execution, machine)), execution.has_ended)
    return _included(call, answer)


def _included(call: Call, answer: dict[str, JSON]) -> dict[str, JSON]:
    """An answer without the data of the execution, if that is all that is asked for."""
    if call.params.get("includedData") != METADATA_ONLY:
        return answer
    return {name: value for name, value in answer.items() if name not in _DATA}


_DATA: Final = frozenset({"input", "inputDetails", "output", "outputDetails", "error", "cause"})


def _routed_by(start: Start | Listed) -> dict[str, JSON]:
    """The version and the alias that an execution was started by, as far as there are any."""
    arns = {"stateMachineVersionArn": start.version_arn, "stateMachineAliasArn": start.alias_arn}
    return {member: arn for member, arn in arns.items() if arn is not None}


def describe(execution: Execution, redriven: dict[str, JSON]) -> dict[str, JSON]:
    """An execution as DescribeExecution answers it; ``redriven`` is what there is to say of its redrives."""
    start = execution.start
    by_map_run = {} if start.map_run_arn is None else {"mapRunArn": start.map_run_arn}
    answer: dict[str, JSON] = {
        "executionArn": start.arn,
        "stateMachineArn": start.state_machine_arn,
        **_routed_by(start),
        **by_map_run,
        "name": shown_name(start.arn),
        "status": execution.status,
        "startDate": execution.started_at,
    }
    if execution.stopped_at is not None:
        answer["stopDate"] = execution.stopped_at
    answer |= {"input": execution.start.input_text, "inputDetails": {"included": True}, **outcome(execution)}
    if "output" in answer:
        answer["outputDetails"] = {"included": True}
    return answer | redriven


def get_execution_history(world: World, call: Call) -> dict[str, JSON]:
    """GetExecutionHistory. To look lets virtual time move."""
    machine, execution = world.state_machines(call).find_execution(call.params["executionArn"])
    check_reading(world, call, of_machine(machine.as_run_by(execution.start)))
    backwards = call.params.get("reverseOrder", False)
    history = execution.history

    def read() -> tuple[list[Event], dict[str, str]]:
        ids = range(len(history), 0, -1) if backwards else range(1, len(history) + 1)
        shown, token = page(world, call, ids, key=lambda event_id: event_id, descending=backwards)
        events = history.events[min(shown) - 1 : max(shown)] if shown else []
        if backwards:
            events.reverse()
        world.state_machines(call).was_read(history, to_its_end=not token)
        return events, token

    events, token = world.engine.ask(read, execution.has_ended)
    data = call.params.get("includeExecutionData", True)
    return {"events": render(history, events, include_data=data), **token}


def list_executions(world: World, call: Call) -> dict[str, JSON]:
    """ListExecutions of a STANDARD machine, the last started first."""
    if ("stateMachineArn" in call.params) == ("mapRunArn" in call.params):
        raise Fault("ValidationException", "Must specify one of: [stateMachineArn, mapRunArn]")
    if "mapRunArn" in call.params:
        return list_children(world, call)
    if "redriveFilter" in call.params:
        raise Fault("ValidationException", "The redriveFilter can only be specified together with a mapRunArn")
    any_version = random.Random(0)  # noqa: S311 - which of an alias is picked does not matter here
    target = find_target(world.state_machines(call), call.params["stateMachineArn"], any_version)
    machine = target.machine
    if machine.type == "EXPRESS":
        raise Fault("StateMachineTypeNotSupported", "This operation is not supported by this type of state machine")
    wanted = call.params.get("statusFilter")

    def in_memory() -> list[Execution]:
        world.retention.expire()
        return sorted(machine.executions.values(), key=lambda execution: execution.start.number, reverse=True)

    held = world.engine.ask(in_memory, never)

    def before(number: int | None) -> Iterator[Listed]:
        for entry in _every(held, world.retention.archive, machine.arn, number, wanted):
            if wanted in (None, entry.status) and _is_of(entry, target):
                yield entry

    shown, token = page_of(world, call, before, key=lambda entry: entry.number, kind=int)
    return {"executions": [_shown(machine, entry) for entry in shown], **token}


def _every(
    held: list[Execution], archive: Archive | None, machine: str, before: int | None, status: str | None
) -> Iterator[Listed]:
    """The executions in memory and those of the archive, which may have the same as they were earlier."""
    in_memory = (Listed.of(each) for each in held if before is None or each.start.number < before)
    if archive is None:
        return in_memory
    known = {each.start.arn for each in held}
    others = (entry for entry in archive.listed(machine, before, status) if entry.arn not in known)
    return merge(in_memory, others, reverse=True)


def _is_of(entry: Listed, target: Target) -> bool:
    """Whether it was started by the ARN of the target, or by any if that is the machine's own."""
    if target.alias is not None:
        return entry.alias_arn == target.alias
    return target.version in (None, entry.version_arn)


def _shown(machine: StateMachine, listed: Listed) -> dict[str, JSON]:
    entry: dict[str, JSON] = {
        "executionArn": listed.arn,
        "stateMachineArn": machine.arn,
        **_routed_by(listed),
        "name": listed.name,
        "status": listed.status,
        "startDate": listed.started_at,
        "redriveCount": listed.redrives,
    }
    if listed.redriven_at is not None:
        entry["redriveDate"] = listed.redriven_at
    if listed.stopped_at is not None:
        entry["stopDate"] = listed.stopped_at
    return entry
