"""State machines: what one is, how one is found, and the rules on names, roles and definitions.

What changes them runs on the engine's loop, one change at a time, so that they need no lock. Texts of errors as
observed on AWS.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from asl_interpreter.definition import Machine
from asl_interpreter.errors import InvalidDefinition
from asl_interpreter.jsontext import JSON
from asl_interpreter.reading.parsing import parse, read
from asl_interpreter.running.map_runs import MapRun, map_runs
from emulator import arns
from emulator.faults import Fault
from emulator.stepfunctions.limits import check_bytes

if TYPE_CHECKING:
    from asl_interpreter.history import History
    from asl_interpreter.running.execution import Execution, Start
    from emulator.stepfunctions.retention import Retention
    from emulator.stepfunctions.versions import Alias
    from emulator.wire.protocol import Call
    from emulator.world import World

FORBIDDEN_IN_NAMES: Final = frozenset('<>{}[]?*"#%\\^|~`$&,;:/ ')
"""https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html"""
MAX_NAME: Final = 80


@dataclass(slots=True)
class StateMachine:
    """A state machine as its owner sees it. ``definition`` is the text as sent, ``machine`` what it says."""

    arn: str
    name: str
    type: str
    created_at: float
    definition: str
    machine: Machine
    role_arn: str
    logging: dict[str, JSON]
    tracing: dict[str, JSON]
    encryption: dict[str, JSON]
    tags: dict[str, str]
    updated_at: float | None = None
    revision_id: str | None = None
    deleting: bool = False
    description: str | None = None
    """Of a version."""
    published: int = 0
    """How many versions there have been."""
    versions: dict[str, StateMachine] = field(default_factory=dict)
    """By ARN, in the order they were published."""
    aliases: dict[str, Alias] = field(default_factory=dict)
    """By name."""
    executions: dict[str, Execution] = field(default_factory=dict)
    """Those in memory, by ARN. Those of EXPRESS machines are not kept."""
    number: int = 0
    """How many starts and updates there were: a place in their order."""
    earlier: dict[int, StateMachine] = field(default_factory=dict)
    """The number of an update -> the machine as it was before, and as executions with lower numbers run it."""
    deleted: dict[str, StateMachine] = field(default_factory=dict)
    """Versions by ARN that were deleted: what they have started runs them still."""
    redrives: dict[str, dict[str, float]] = field(default_factory=dict)
    """Execution -> client token -> the date of its redrive, the last one last."""

    @staticmethod
    def kept(members: dict[str, Any]) -> dict[str, Any]:
        """What is kept of it: its definition as text, without its executions, which are kept by themselves."""
        return {**members, "machine": None, "executions": {}}

    def same_request(self, other: StateMachine) -> bool:
        """Whether creating the other again is a repeat of creating this one."""
        return all(
            getattr(self, name) == getattr(other, name)
            for name in ("definition", "type", "logging", "tracing", "encryption")
        )

    def next_number(self) -> int:
        """The number of another start or update. On the loop's thread."""
        self.number += 1
        return self.number

    def update(self, changes: Mapping[str, Any]) -> None:
        """Change members. What has started before goes on as it was. On the loop's thread."""
        before = dataclasses.replace(self, versions={}, aliases={}, executions={}, earlier={}, deleted={}, redrives={})
        self.earlier[self.next_number()] = before
        for name, value in changes.items():
            setattr(self, name, value)

    def execution(self, arn: str) -> Execution | None:
        """The execution in memory with this ARN, if there is one; those that Map Runs have started among them."""
        if "/" not in arn:
            return self.executions.get(arn)
        for run in self.map_runs():
            if (execution := run.find(arn)) is not None:
                return execution
        return None

    def as_run_by(self, start: Start) -> StateMachine:
        """What an execution runs: a version, or the machine as it was when the execution started."""
        if start.version_arn is not None:
            return self.versions.get(start.version_arn) or self.deleted.get(start.version_arn) or self
        return next((before for number, before in self.earlier.items() if start.number < number), self)

    def map_runs(self) -> Iterator[MapRun]:
        """The Map Runs of all executions in memory, and those within them. Safe from any thread."""
        for execution in list(self.executions.values()):
            yield from map_runs(execution)


class StateMachines:
    """The state machines of one account in one region, by ARN, in the order of creation."""

    def __init__(self, retention: Retention) -> None:
        self._machines: dict[str, StateMachine] = {}
        self.retention = retention
        self.express: dict[str, Execution] = {}
        """The executions of EXPRESS machines that run, but for those of Map Runs."""
        self.running = 0
        """How many STANDARD executions of theirs run."""
        self._read: History | None = None
        """The history of which somebody reads pages: it stays unpacked."""

    def __iter__(self) -> Iterator[StateMachine]:
        return iter(list(self._machines.values()))

    def __len__(self) -> int:
        return len(self._machines)

    def was_read(self, history: History, *, to_its_end: bool) -> None:
        """A page of a history was read. What was unpacked for it, of one history at a time, serves the next page."""
        if self._read is not None and (self._read is not history or to_its_end):
            self._read.put_away()
        if to_its_end:
            history.put_away()
        self._read = None if to_its_end else history

    def count(self, execution: Execution) -> None:
        """Keep count of an execution that has begun, goes on, or has ended; those that have ended are kept for a while.

        What a Map Run has started stays and goes with its parent.
        """
        if execution.start.express:
            if execution.start.map_run_arn is None:
                self._count_express(execution)
            return
        self.running += 1 if execution.stopped_at is None else -1
        if execution.start.map_run_arn is None:
            if execution.stopped_at is None:
                self.retention.release(execution.start.arn)
            else:
                self.retention.ended(execution, self._forget)

    def _count_express(self, execution: Execution) -> None:
        if execution.stopped_at is None:
            self.express[execution.start.arn] = execution
        else:
            self.express.pop(execution.start.arn, None)

    def _forget(self, execution: Execution) -> None:
        machine = self._machines.get(execution.start.state_machine_arn)
        if machine is not None:
            machine.executions.pop(execution.start.arn, None)

    def hold(self, execution: Execution) -> Execution:
        """The execution in memory that one which was found is: the archive's comes back. On the loop's thread.

        One that a Map Run has started is none of these.
        """
        arn, archive = execution.start.arn, self.retention.archive
        machine = self._machines.get(execution.start.state_machine_arn)
        if machine is None or archive is None or arn in machine.executions:
            return execution if machine is None else machine.executions.get(arn, execution)
        machine.executions[arn] = archive.take_out(arn) or execution
        return machine.executions[arn]

    def forget_revisions(self, machine: StateMachine) -> None:
        """Forget what a machine was when nothing of it started that is still known. On the loop's thread."""
        numbers = [execution.start.number for execution in machine.executions.values()]
        numbers += [each.start.number for each in self.express.values() if each.start.state_machine_arn == machine.arn]
        if self.retention.archive is not None:
            numbers.append(self.retention.archive.numbers(machine.arn)[0] or machine.number)
        least = min(numbers, default=machine.number)
        machine.earlier = {number: before for number, before in machine.earlier.items() if number > least}

    def add(self, machine: StateMachine) -> None:
        """Take one in."""
        self._machines[machine.arn] = machine

    def get(self, arn: str) -> StateMachine | None:
        """The machine with this ARN, if there is one."""
        return self._machines.get(arn)

    def remove(self, machine: StateMachine) -> None:
        """Let one go, with its executions."""
        self._machines.pop(machine.arn, None)
        for arn, execution in machine.executions.items():
            self.retention.release(arn)
            self.retention.gone(execution)
            execution.forget()
        if self.retention.archive is not None:
            self.retention.archive.forget(machine.arn)

    def find(self, arn: str) -> StateMachine:
        """The machine with this ARN.

        Raises:
            Fault: InvalidArn, StateMachineDoesNotExist.
        """
        check_arn(arn, "stateMachine")
        machine = self._machines.get(arn)
        if machine is None:
            raise Fault("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{arn}'")
        return machine

    def version(self, arn: str) -> StateMachine | None:
        """The version with this ARN, if there is one."""
        machine = self._machines.get(arn.rpartition(":")[0])
        return None if machine is None else machine.versions.get(arn)

    def find_execution(self, arn: str, *, of_map_run: bool = False) -> tuple[StateMachine, Execution]:
        """The execution with this ARN, and its machine; ``of_map_run``: an EXPRESS one will do that a Map Run started.

        Raises:
            Fault: InvalidArn, ExecutionDoesNotExist.
        """
        kind = "express" if of_map_run and ":express:" in arn and "/" in arn else "execution"
        machine = self._owner(check_arn(arn, kind))
        execution = None if machine is None else machine.execution(arn)
        if execution is None and machine is not None and self.retention.archive is not None:
            execution = self.retention.archive.find(arn)
        if machine is None or execution is None or self.retention.is_over(execution):
            raise Fault("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'")
        return machine, execution

    def find_map_run(self, arn: str) -> MapRun:
        """The Map Run with this ARN.

        Raises:
            Fault: InvalidArn, ResourceNotFound.
        """
        machine = self._owner(check_arn(arn, "mapRun"))
        runs = () if machine is None else machine.map_runs()
        run = next((run for run in runs if run.arn == arn), None)
        if run is None and self.retention.archive is not None:
            run = self.retention.archive.find_run(arn)
        if run is None:
            raise Fault("ResourceNotFound", f"Resource not found: '{arn}'", resourceName=arn)
        return run

    def _owner(self, arn: arns.Arn) -> StateMachine | None:
        """The machine of an execution or of a Map Run, if there is one."""
        name = arn.names[1].partition("/")[0] if len(arn.names) > 1 else ""
        return self._machines.get(str(dataclasses.replace(arn, resource=f"stateMachine:{name}")))


def check_arn(text: str, kind: str) -> arns.Arn:
    """Read an ARN of Step Functions whose resource is of the kind.

    Raises:
        Fault: InvalidArn.
    """
    try:
        arn = arns.Arn.parse(text)
    except arns.InvalidArn as error:
        raise Fault("InvalidArn", f"Invalid Arn: '{error}'") from None
    if arn.kind != kind:
        raise Fault("InvalidArn", f"Invalid Arn: 'Resource type not valid in this context: {arn.kind}'")
    return arn


def refuse_qualified(arn: str, *, but_versions: bool = False) -> None:
    """What is done to a state machine itself is not done to a Map of it, nor to a version or an alias.

    Raises:
        Fault: InvalidArn; ValidationException, whose text was not observed.
    """
    names = check_arn(arn, "stateMachine").names
    refuse_label(arn)
    if len(names) > len(("stateMachine", "name")) and not but_versions:
        raise Fault("ValidationException", f"The state machine ARN must not be qualified: '{arn}'")


def refuse_label(arn: str) -> None:
    """The ARN of a Map in a state machine (``stateMachine:orders/each``) is no state machine.

    Raises:
        Fault: ValidationException, as documented; its text was not observed.
    """
    if "/" in arn.rpartition(":")[2]:
        raise Fault("ValidationException", f"The state machine ARN must not refer to a Distributed Map state: '{arn}'")


def check_name(name: str) -> None:
    """Keep to the rules on names.

    Raises:
        Fault: InvalidName.
    """
    if not 0 < len(name) <= MAX_NAME or any(
        character in FORBIDDEN_IN_NAMES or not character.isprintable() for character in name
    ):
        raise Fault("InvalidName", f"Invalid Name: '{name}'")


def read_definition(world: World, call: Call, text: str, machine_type: str) -> Machine:
    """Parse a definition and find the integration of every Resource in it.

    Raises:
        Fault: ValidationException, InvalidDefinition, in AWS's words.
    """
    check_bytes("definition", text, world.settings.quotas.definition_bytes)
    try:
        return parse(read(text), world.resources(call), express=machine_type == "EXPRESS")
    except InvalidDefinition as error:
        raise invalid_definition(error) from None


def invalid_definition(error: InvalidDefinition) -> Fault:
    """The refusal of a definition."""
    return Fault("InvalidDefinition", f"Invalid State Machine Definition: '{error}'")


def refuse_deleting(machine: StateMachine) -> None:
    """Nothing new may be done with a machine that is on its way out."""
    if machine.deleting:
        raise Fault("StateMachineDeleting", f"State Machine is being deleted: '{machine.arn}'")


def refuse_unbuilt(params: Mapping[str, Any], operation: str, *members: str) -> None:
    """Say no, clearly, to parts of a request that would otherwise pass without effect."""
    for member in members:
        if params.get(member):
            raise Fault("NotImplementedException", f"Dynastep has not built {member!r} of {operation} yet", status=501)


def check_role(arn: str) -> None:
    """A role's ARN must be one."""
    try:
        parsed = arns.Arn.parse(arn)
    except arns.InvalidArn:
        raise Fault("InvalidArn", f"Invalid Role Arn: '{arn}'") from None
    if parsed.service != "iam":
        raise Fault("InvalidArn", f"Invalid Role Arn: '{arn}'")


def remove_if_idle(machines: StateMachines, arn: str) -> None:
    """Let a machine that is being deleted go, once nothing of it runs."""
    machine = machines.get(arn)
    if (
        machine is not None
        and machine.deleting
        and all(execution.status != "RUNNING" for execution in machine.executions.values())
    ):
        machines.remove(machine)
