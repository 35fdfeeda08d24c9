"""What Step Functions holds, to be kept and made again: state machines, activities, and executions.

An execution is kept as values (``asl_interpreter.running.kept``). One that runs goes on where it was, and what its
Tasks had been answered is not asked again; a Task that was under way is called once more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from asl_interpreter.definition import Machine
from asl_interpreter.reading.parsing import parse, read
from asl_interpreter.running.execution import Execution, Outside, Start
from asl_interpreter.running.kept import Kept, check, go_on, restore
from emulator.stepfunctions.activities import Activity
from emulator.stepfunctions.executions import outside_of
from emulator.stepfunctions.machines import StateMachine, StateMachines
from emulator.wire.protocol import Call

if TYPE_CHECKING:
    from emulator.world import World

Place = tuple[str, str]
"""An account and a region."""
Compiled = Callable[[str, str], "Machine | None"]
"""A machine that was compiled before, by its definition and its type."""


def not_compiled(_definition: str, _type: str) -> None:
    """Nothing was."""


def revisions(machine: StateMachine) -> Iterator[StateMachine]:
    """A machine, its versions, and what it was when executions started that are still known."""
    yield machine
    yield from machine.versions.values()
    yield from machine.deleted.values()
    yield from machine.earlier.values()


def every_execution(machines: StateMachines) -> list[Execution]:
    """The executions of one account and region, those of EXPRESS machines that run among them."""
    kept = [execution for machine in machines for execution in machine.executions.values()]
    return [*kept, *machines.express.values()]


def take_in_machines(
    world: World, place: Place, machines: Iterable[StateMachine], compiled: Compiled = not_compiled
) -> None:
    """Have these state machines, which were kept, in a world without any."""
    call = _call(place)
    mine, resources = world.state_machines(call), world.resources(call)
    for machine in machines:
        if world.retention.archive is not None:
            machine.number = max(machine.number, world.retention.archive.numbers(machine.arn)[1])
        for revision in revisions(machine):
            known = compiled(revision.definition, revision.type)
            revision.machine = known or parse(read(revision.definition), resources, express=revision.type == "EXPRESS")
        mine.add(machine)


def take_in_activities(world: World, place: Place, activities: Iterable[Activity]) -> None:
    """Have these activities."""
    mine = world.activities(*place)
    for activity in activities:
        mine.add(activity, world.settings.quotas.activities)


def take_in_executions(world: World, kept: dict[Place, list[Kept]]) -> None:
    """Have these executions; those that run go on."""
    world.engine.ask(lambda: _take_in(world, kept))


def check_executions(world: World, kept: dict[Place, list[Kept]]) -> None:
    """See that these are executions, in a world that is there for nothing else.

    Raises:
        KeyError, TypeError, ValueError, ...: they are not.
    """

    def look() -> None:
        for place, executions in kept.items():
            machines = world.state_machines(_call(place))
            for each in executions:
                machine = machines.get(each["start"]["state_machine_arn"])
                if machine is not None:
                    revision, outside = _outside_of(world, place, machine, Start(**each["start"]))
                    check(each, revision.machine, world.engine.loop, outside)

    world.engine.ask(look)


def found_again(world: World, kept: Kept) -> Execution | None:
    """An execution that has ended, as it was kept; None if its machine was deleted."""
    place = place_of(kept)
    machine = world.state_machines(_call(place)).get(kept["start"]["state_machine_arn"])
    if machine is None:
        return None
    revision, outside = _outside_of(world, place, machine, Start(**kept["start"]))
    return restore(kept, revision.machine, world.engine.loop, outside)


def place_of(kept: Kept) -> Place:
    """The account and the region of an execution."""
    parts = kept["start"]["arn"].split(":")
    return parts[4], parts[3]


def _take_in(world: World, kept: dict[Place, list[Kept]]) -> None:
    running: list[tuple[Execution, Kept, StateMachine, StateMachines]] = []
    ended: list[tuple[Execution, StateMachines]] = []
    for place, executions in kept.items():
        machines = world.state_machines(_call(place))
        for each in executions:
            machine = machines.get(each["start"]["state_machine_arn"])
            if machine is None:
                continue  # its machine was deleted
            revision, outside = _outside_of(world, place, machine, Start(**each["start"]))
            execution = restore(each, revision.machine, world.engine.loop, outside)
            if not execution.start.express:
                machine.executions[execution.start.arn] = execution
            if each["status"] == "RUNNING":
                running.append((execution, each, revision, machines))
            else:
                ended.append((execution, machines))
    for execution, machines in sorted(ended, key=lambda entry: entry[0].stopped_at or 0):
        machines.running += not execution.start.express
        machines.count(execution)
    standing = []
    for execution, each, revision, machines in running:
        machines.count(execution)
        standing += go_on(execution, each)
        if execution.stopped_at is None:
            world.logs.follow(execution, revision.logging)
    for execution in standing:
        execution.record.go_live()


def _outside_of(world: World, place: Place, machine: StateMachine, start: Start) -> tuple[StateMachine, Outside]:
    """What an execution runs, and what it has to do with."""
    call, revision = _call(place), machine.as_run_by(start)
    tasks = world.tasks(call, revision, None)
    return revision, outside_of(world, world.state_machines(call), revision, tasks, synchronous=start.synchronous)


def _call(place: Place) -> Call:
    return Call("stepfunctions", "", {}, *place, "")
