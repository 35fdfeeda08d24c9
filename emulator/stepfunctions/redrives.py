"""Redrives: executions that ended badly go on where they failed.

How they go on is the interpreter's (``Execution.redrive``); here is what may be redriven. Source:
https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html; texts of errors as observed on AWS.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from asl_interpreter.jsontext import JSON
from asl_interpreter.running.execution import Execution
from asl_interpreter.running.rehearsal import Diverged
from emulator.faults import Fault
from emulator.stepfunctions.limits import check_room
from emulator.stepfunctions.machines import StateMachine

if TYPE_CHECKING:
    from emulator.wire.protocol import Call
    from emulator.world import World

TOKEN_SECONDS: Final = 15 * 60.0
"""How long a client token stands for the redrive that it was first used for."""
TOKENS: Final = 10
"""How many of them are known of one execution."""
BY_MAP_RUN: Final = "Execution was started by a Map Run and is redriven with it"
"""Not AWS's words, which were not observed: DescribeExecution says REDRIVABLE_BY_MAP_RUN of such a one."""


def redrive_execution(world: World, call: Call) -> dict[str, JSON]:
    """RedriveExecution. Repeating a request with its client token gives the date of the same redrive."""
    arn, token = call.params["executionArn"], call.params.get("clientToken")
    machines = world.state_machines(call)
    machine, found = machines.find_execution(arn)

    def redrive() -> float | None:
        now, quotas = world.clock.now(), world.settings.quotas
        known = _tokens(machine, arn, now)
        if token in known:
            return known[token]
        execution = machines.hold(found)
        reason = _why_not(execution, machine)
        if reason is None and execution.start.map_run_arn is not None:
            reason = BY_MAP_RUN
        if reason is not None:
            raise Fault("ExecutionNotRedrivable", f"Execution {arn} invalid for redrive as: {reason}")
        check_room(machines.running, quotas.open_executions, "ExecutionLimitExceeded")
        try:
            execution.redrive()
        except Diverged as error:
            reason = f"Dynastep has restored it, and it does not do again what it did: {error}"
            raise Fault("ExecutionNotRedrivable", f"Execution {arn} invalid for redrive as: {reason}") from None
        if token is not None:
            machine.redrives.pop(arn, None)
            machine.redrives[arn] = dict([*known.items(), (token, now)][-TOKENS:])
        return execution.redriven_at

    return {"redriveDate": world.engine.ask(redrive)}


def _tokens(machine: StateMachine, arn: str, now: float) -> dict[str, float]:
    """The client tokens that are valid of an execution. Executions whose last one is not any more are forgotten."""
    while machine.redrives:
        oldest, tokens = next(iter(machine.redrives.items()))
        if now < max(tokens.values()) + TOKEN_SECONDS:
            break
        del machine.redrives[oldest]
    return {token: at for token, at in machine.redrives.get(arn, {}).items() if now < at + TOKEN_SECONDS}


def _why_not(execution: Execution, machine: StateMachine | None) -> str | None:
    """Why an execution cannot be redriven, as ``redriveStatusReason`` says it; None if it can."""
    if execution.status in ("RUNNING", "SUCCEEDED"):
        return f"Execution is {execution.status} and cannot be redriven"
    if machine is None or machine.deleting:
        return "State machine is in DELETING status"
    return execution.spent


def redrives(execution: Execution, machine: StateMachine | None) -> dict[str, JSON]:
    """What is said of redrives of an execution, as far as there is anything to say."""
    about: dict[str, JSON] = {"redriveCount": execution.redrives}
    if execution.redriven_at is not None:
        about["redriveDate"] = execution.redriven_at
    if execution.start.express:
        return about
    reason = _why_not(execution, machine)
    if reason is not None:
        return {**about, "redriveStatus": "NOT_REDRIVABLE", "redriveStatusReason": reason}
    by_map_run = execution.start.map_run_arn is not None
    return {**about, "redriveStatus": "REDRIVABLE_BY_MAP_RUN" if by_map_run else "REDRIVABLE"}
