"""The state of a world: what it holds, apart from what it is made of, and a world that holds it again.

Items of tables and executions are values that nobody changes; they are taken as they are. All else is pickled, so that
what happens later changes nothing in what was taken.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from asl_interpreter.definition import Machine
from asl_interpreter.running.kept import Kept, keep
from emulator import moto_door
from emulator.keeping.pickling import CannotKeep, Unreadable, dump, load
from emulator.moto_door.keeping import Backend
from emulator.progress import followed
from emulator.stepfunctions import keeping as executions

if TYPE_CHECKING:
    from emulator.dynamodb.model.store import Region, Store
    from emulator.world import World

Place = tuple[str, str]


@dataclass(slots=True)
class State:
    """What a world holds."""

    now: float
    parts: dict[str, bytes]
    """Pickles: the tables without their items, state machines, activities, stacks, where chance stands."""
    items: dict[str, tuple[Any, ...]]
    """Id of a table, or ARN of a backup -> its items."""
    changes: dict[str, list[Any]]
    """ARN of a stream, or id of a table with point-in-time recovery -> the changes that are kept."""
    executions: dict[Place, list[Kept]]
    backends: dict[Backend, bytes]
    """What moto's services hold."""
    tokens: dict[Place, dict[str, bytes]]
    """Tokens of transactions, the oldest first, with what is known of each."""
    machines: dict[tuple[str, str], Machine] = field(default_factory=dict)
    """Definition and type -> the machine, compiled; not needed, but fast."""


class _Parts(dict[str, object]):
    """What a world is made of, by name. What stacks call is made when somebody asks for it."""

    def __init__(self, world: World) -> None:
        super().__init__(
            clock=world.clock,
            engine=world.engine,
            loop=world.engine.loop,
            outbox=world.engine.outbox,
            durations=world.dynamodb.settings.durations,
            table_keys=world.dynamodb.keys,
            served_at=world.deployments.served_at,
        )
        self._world = world
        self["world"] = world
        for place in world.deployments.stacks:
            region = world.deployments.region(world, *place)
            self[f"stacks/{'/'.join(place)}"], self[f"services/{'/'.join(place)}"] = region, region.services

    def __missing__(self, name: str) -> object:
        kind, _, place = name.partition("/")
        if kind not in ("stacks", "services"):
            raise KeyError(name)
        region = self._world.deployments.region(self._world, *place.split("/"))
        return region if kind == "stacks" else region.services


def named_parts(world: World) -> Mapping[str, object]:
    """What a world is made of, by name."""
    return _Parts(world)


DYNAMODB: Final = "dynamodb"
CHANCE: Final = "chance"


def take(world: World, accounts: frozenset[str] | None) -> State:
    """What a world holds now, with what moto holds of some accounts, or of all.

    Requests must have been let out, for what they change is not all under one lock.

    Raises:
        CannotKeep: something cannot be kept; the message says what.
    """
    world.lambdas.settle()
    return world.engine.ask(lambda: _take(world, accounts))


def _take(world: World, accounts: frozenset[str] | None) -> State:
    parts: dict[str, bytes] = {}
    items, changes = contents(world.dynamodb)
    named = named_parts(world)
    parts[DYNAMODB] = dump(world.dynamodb.regions, named)
    parts["machines"] = dump({place: list(each) for place, each in world.regions_of_machines.items()}, named)
    parts["activities"] = dump({place: list(each) for place, each in world.regions_of_activities.items()}, named)
    parts["stacks"] = _part("the stacks of CloudFormation", world.deployments.stacks, named)
    parts[CHANCE] = dump(chance_of(world), named)
    backends = {
        place: _part(f"what {place.package} holds", backend, named) for place, backend in moto_door.backends(accounts)
    }
    machines = {
        (revision.definition, revision.type): revision.machine
        for machine in world.every_state_machine()
        for revision in executions.revisions(machine)
    }
    kept = {
        place: [keep(execution) for execution in executions.every_execution(each)]
        for place, each in world.regions_of_machines.items()
    }
    if world.retention.archive is not None:
        in_memory = {each["start"]["arn"] for of_place in kept.values() for each in of_place}
        for each in world.retention.archive.every():
            if each["start"]["arn"] not in in_memory:
                kept[executions.place_of(each)].append(each)
    tokens = {
        place: {token: dump(made, named) for token, made in region.tokens.items()}
        for place, region in world.dynamodb.regions.items()
    }
    return State(world.clock.now(), parts, items, changes, kept, backends, tokens, machines)


def _part(what: str, value: object, named: Mapping[str, object]) -> bytes:
    try:
        return dump(value, named)
    except CannotKeep as error:
        raise CannotKeep(f"{what} cannot be kept: {error}") from error


def contents(store: Store) -> tuple[dict[str, tuple[Any, ...]], dict[str, list[Any]]]:
    """The items of the tables and backups of a store, and the changes that its streams and journals have noted."""
    items: dict[str, tuple[Any, ...]] = {}
    changes: dict[str, list[Any]] = {}
    for region in store.regions.values():
        with region.lock:
            for table in region.tables.values():
                with table.lock:
                    items[table.table_id] = tuple(table.items.values())
                    if table.attached.journal is not None:
                        changes[table.table_id] = table.attached.journal.changes
            for arn, stream in region.streams.items():
                with stream.table.lock:
                    changes[arn] = list(stream.changes)
            for arn, backup in region.backups.items():
                items[arn] = backup.snapshot.items
    return items, changes


def chance_of(world: World) -> dict[str, Any]:
    """Where chance stands: the next ids and choices, and what tokens are signed with."""
    sources = {"choices": world.random, "ids": world.ids, "functions": world.lambdas.random}
    drawn = {name: each.getstate() for name, each in sources.items() if not isinstance(each, random.SystemRandom)}
    return {**drawn, "moto": moto_door.ids_drawn(), "tokens": world.callbacks.key}


def put_into(world: World, state: State, *, with_time: bool) -> None:
    """Have an empty world hold what was taken. ``with_time``: its clock goes back to when that was.

    Raises:
        Unreadable: it was taken by another version.
    """
    if with_time:
        world.engine.ask(lambda: world.clock.restore(state.now))
    named = named_parts(world)
    chance = _part_of(state, CHANCE, named)
    backends = {place: _backend_of(place, kept, named) for place, kept in state.backends.items()}
    _hold(world, state, chance, named)
    moto_door.draw_ids_from(chance["moto"])
    for place, backend in backends.items():
        moto_door.put_back(place, backend)
    moto_door.fresh()


def try_out(world: World, state: State) -> None:
    """See that a state can be put into a world: all of it is read. The ``world`` is there for nothing else.

    Raises:
        Unreadable: it cannot; nothing has changed in any other world, or in moto's services.
    """
    try:
        world.engine.ask(lambda: world.clock.restore(state.now))
        for held in (*state.items.values(), *state.changes.values()):
            iter(held)
        named = named_parts(world)
        _hold(world, state, _part_of(state, CHANCE, named), named)
        for place, kept in state.backends.items():
            moto_door.can_put_back(Backend(*place), _backend_of(place, kept, named))
        executions.check_executions(world, state.executions)
    except Unreadable:
        raise
    except Exception as error:  # whatever somebody has made of it
        raise Unreadable(f"The state is damaged: {type(error).__name__}: {error}") from error


def _part_of(state: State, name: str, named: Mapping[str, object]) -> Any:
    if name not in state.parts:
        raise Unreadable(f"the part {name} is missing")
    return _read(f"the part {name}", state.parts[name], named)


def _backend_of(place: Backend, kept: bytes, named: Mapping[str, object]) -> Any:
    return _read(f"what {'/'.join(place)} held", kept, named)


def _read(what: str, kept: bytes, named: Mapping[str, object]) -> Any:
    try:
        return load(kept, named)
    except Unreadable as error:
        raise Unreadable(f"{what} cannot be read: {error}") from error


def _hold(world: World, state: State, chance: dict[str, Any], named: Mapping[str, object]) -> None:
    """What is ours: all but moto's services, and executions."""
    _put_back_chance(world, chance)
    regions: dict[Place, Region] = _part_of(state, DYNAMODB, named)
    fill(regions, state)
    world.dynamodb.restore(regions)

    def compiled(definition: str, kind: str) -> Machine | None:
        return state.machines.get((definition, kind))

    for place, machines in _part_of(state, "machines", named).items():
        executions.take_in_machines(world, place, machines, compiled)
    for place, activities in _part_of(state, "activities", named).items():
        executions.take_in_activities(world, place, activities)
    world.deployments.restore(world, _part_of(state, "stacks", named))
    for (account, name), tokens in state.tokens.items():
        region = world.dynamodb.region(account, name)
        region.tokens.update((token, _read(f"the token {token}", made, named)) for token, made in tokens.items())


def fill(regions: dict[Place, Region], state: State) -> None:
    """Give tables and streams what they held."""
    for region in regions.values():
        for table in region.tables.values():
            items = state.items.get(table.table_id, ())
            table.fill(followed(items, f"Filling {table.name}", len(items)))
            if table.attached.journal is not None:
                table.attached.journal.fill(state.changes.get(table.table_id, ()))
        for arn, stream in region.streams.items():
            stream.changes = list(state.changes.get(arn, ()))
            if stream.changes:
                stream.next_sequence = max(stream.next_sequence, stream.changes[-1].sequence + 1)
        for arn, backup in region.backups.items():
            backup.snapshot.refill(state.items.get(arn, ()))


def _put_back_chance(world: World, drawn: dict[str, Any]) -> None:
    for name, source in (("choices", world.random), ("ids", world.ids), ("functions", world.lambdas.random)):
        if name in drawn and not isinstance(source, random.SystemRandom):
            source.setstate(drawn[name])
    world.callbacks.key = drawn["tokens"]


def wake(world: World, state: State) -> None:
    """Have what acts by itself go on: schedules, pipes, mappings, alarms. The world must be the one that moto meets."""
    executions.take_in_executions(world, state.executions)
    places = {(place.account, place.region) for place in state.backends}
    for account, region in sorted(places):
        world.schedules.changed(account, region)
        world.pipes.changed(account, region)
        world.alarms.changed(account, region)
        world.lambdas.mappings_changed(account, region)
