"""The keeper: keeps a world in a data folder, request by request.

- **Items** are written with the request that changes them (``writing``).
- **Tables and state machines**, what they are rather than what is in them, are written whole after a request that may
  have changed them: there are few such requests.
- **Executions** are written when the loop rests (``executions``).
- **Other services** are written after a request that may have changed one; a service that takes long to write, within
  a second by a thread of its own.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from asl_interpreter.jsontext import JSON, encode
from asl_interpreter.loop.clock import monotonic
from asl_interpreter.loop.errands import Closed
from asl_interpreter.loop.locks import lock
from emulator import moto_door
from emulator.dynamodb.model.store import TOKEN_LIFE
from emulator.faults import Fault
from emulator.keeping.archive import Archive
from emulator.keeping.executions import EVERY, Executions
from emulator.keeping.folder import CannotWrite, Folder, NoRoom, Statement
from emulator.keeping.limits import UNKEPT
from emulator.keeping.pickling import CannotKeep, dump
from emulator.keeping.state import DYNAMODB, chance_of, named_parts
from emulator.keeping.writing import Watch, Writing, already_noted, put
from emulator.progress import followed
from emulator.stepfunctions.keeping import every_execution

if TYPE_CHECKING:
    from asl_interpreter.running.execution import Execution
    from emulator.dynamodb.model.store import Region
    from emulator.dynamodb.model.streams import Stream
    from emulator.dynamodb.model.tables import Table
    from emulator.moto_door.keeping import Backend
    from emulator.wire.operations import Handler
    from emulator.wire.protocol import Call
    from emulator.wire.waiting import Waiting
    from emulator.world import World

log = logging.getLogger("dynastep")

READS: Final = ("Batch", "Describe", "Get", "List", "Query", "Scan", "Search", "TransactGet", "Test", "Validate")
WRITES_ITEMS: Final = frozenset(
    {"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"}
    | {"ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction"}
)
OF_EXECUTIONS: Final = frozenset(
    {"StartExecution", "StopExecution", "RedriveExecution", "UpdateMapRun", "GetActivityTask"}
    | {"SendTaskSuccess", "SendTaskFailure", "SendTaskHeartbeat", "StartSyncExecution"}
)
SLOW: Final = 0.02
"""Real seconds; what takes longer to be pickled is not written with every request."""
ATTEMPTS: Final = 5
RANK: Final = 2

_PART: Final = "INSERT OR REPLACE INTO parts VALUES (?, ?)"
_PUT_TOKEN: Final = "INSERT OR REPLACE INTO tokens VALUES (?, ?, ?, ?, ?)"  # noqa: S105 - no password


class Keeper:
    """Keeps one world in a folder."""

    def __init__(self, folder: Folder, world: World) -> None:
        self._folder = folder
        self._world = world
        self._archive = world.retention.archive = Archive(folder, world)
        self._writing = Writing(folder)
        self._saving = lock("the keeping of a world", RANK)
        self._kept: dict[str, bytes] = {}
        """Parts as they are in the folder."""
        self._slow: set[str] = set()
        self._unkept: dict[str, str] = {}
        """Services that could not be written, by the name of the part, and why."""
        self._watched: dict[str, Watch | None] = {}
        self._executions = Executions(folder, self._archive, self._moment)
        self.touched = self._executions.touched
        """Hears, on the loop's thread, of each execution that is not as it was."""
        self._stirred = threading.Event()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look_again, name="dynastep-keeper", daemon=True)

    # From the start to the end.

    def begin(self, known: Mapping[str, tuple[int, int]]) -> None:
        """Keep from now on; ``known`` says how much of which execution is in the folder already."""
        self._executions.begin(known)
        self._archive.begin()
        world = self._world
        world.retention.gone = self._gone
        self._folder.write([("DELETE FROM parts WHERE name = ?", (UNKEPT,))])
        self._save_all()
        self._folder.write([("DELETE FROM tokens", ()), *self._tokens()])

        def keep() -> None:
            for machines in world.regions_of_machines.values():
                for execution in every_execution(machines):
                    if execution.start.arn not in known or execution.stopped_at is None:
                        self.touched(execution)
            self._keep_executions()
            world.engine.loop.at_rest = self._keep_at_rest

        world.engine.ask(keep)
        self._thread.start()

    def leave(self) -> None:
        """Keep nothing more."""
        self._over.set()
        self._world.engine.loop.at_rest = None
        self._world.keeping.by = self._world.retention.archive = None

    def abandon(self) -> None:
        """Keep nothing more, and forget what was kept."""
        self.leave()
        with self._saving:
            self._folder.clear()

    def close(self) -> None:
        """Write what is left, and keep nothing more."""
        self._over.set()
        self._world.engine.loop.at_rest = None
        try:
            self._save_all()
            self._world.engine.ask(self._keep_executions)
        except (CannotWrite, CannotKeep) as error:
            log.error("The data folder lacks what happened last: %s", error)  # noqa: TRY400 - the reason says all

    def _save_all(self) -> None:
        self._world.engine.ask(self._save_machines)
        with self._saving:
            self._save_tables()
            self._save_part("stacks", self._world.deployments.stacks)
            self._save_services("", all_of_them=True)

    # Requests.

    def perform(self, handler: Handler, call: Call) -> dict[str, JSON] | Waiting[Any]:
        """Perform an operation of ours, and answer when what it changed is kept.

        Raises:
            Fault: the operation refuses; or it cannot be kept: InsufficientStorage on a full disk, else
                InternalServerError.
        """
        try:
            if call.service == "dynamodb":
                answer = self._writing.unit(lambda: self._handled(handler, call))
            else:  # it may wait for the loop, which may wait for a unit to be whole
                answer = handler(self._world, call)
            if call.operation not in WRITES_ITEMS:
                self._after(call)
        except (CannotWrite, CannotKeep) as error:
            log.error("%s cannot be kept: %s", call.operation, error)  # noqa: TRY400 - the reason says all
            raise _refusal(error, "InternalServerError") from None
        return answer

    def _handled(self, handler: Handler, call: Call) -> dict[str, JSON] | Waiting[Any]:
        answer = handler(self._world, call)
        if "ClientRequestToken" in call.params:
            self._keep_token(call, call.params["ClientRequestToken"])
        return answer

    def _keep_token(self, call: Call, token: str) -> None:
        made = self._world.dynamodb.region(call.account, call.region).tokens.get(token)
        if made is not None and call.operation in WRITES_ITEMS:
            self._writing.add(lambda: (_PUT_TOKEN, (call.account, call.region, token, made.at, dump(made, {}))))

    def _tokens(self) -> Iterator[Statement]:
        """All tokens that there are."""
        for (account, name), region in self._world.dynamodb.regions.items():
            for token, made in region.tokens.items():
                yield _PUT_TOKEN, (account, name, token, made.at, dump(made, {}))

    def _after(self, call: Call) -> None:
        if call.operation.startswith(READS) and call.operation not in OF_EXECUTIONS:
            return
        if call.service == "dynamodb":
            with self._saving:
                self._save_tables()
        elif call.service == "stepfunctions":
            if call.operation not in OF_EXECUTIONS:
                self._world.engine.ask(self._save_machines)
            if self._executions and not self._world.engine.loop.here():
                self._world.engine.ask(self._keep_executions)  # which comes after what is under way
        elif call.service == "cloudformation":
            self.stirred()
            with self._saving:
                self._save_part("stacks", self._world.deployments.stacks)

    def answered(self, service: str) -> None:
        """A request to another service was answered, which may have changed something there, or in others."""
        try:
            with self._saving:
                self._save_services(service, all_of_them=False)
        except CannotWrite as error:
            raise _refusal(error, "InternalFailure") from None
        self.stirred()

    def stirred(self) -> None:
        """Something may have changed that no request has asked for."""
        self._stirred.set()

    # Parts.

    def _save_part(self, name: str, value: object) -> None:
        kept = dump(value, named_parts(self._world))
        if self._kept.get(name) != kept:
            self._folder.write([(_PART, (name, kept))])
            self._kept[name] = kept

    def _save_tables(self) -> None:
        """Write what the tables are, and watch those that nobody watches yet."""
        regions = self._world.dynamodb.regions
        kept = self._dumped(regions)
        if kept is None or kept == self._kept.get(DYNAMODB):
            return
        for region in regions.values():
            for table in list(region.tables.values()):
                with table.lock:
                    self._watch(table, _open_stream(region, table))
            for arn, backup in list(region.backups.items()):
                if arn not in self._watched:
                    self._watched[arn] = None  # it does not change
                    for number, item in enumerate(backup.snapshot.items):
                        self._writing.add(partial(put, arn, number, item))
        self._writing.flush()
        there = {table.table_id for region in regions.values() for table in list(region.tables.values())}
        there.update(arn for region in regions.values() for arn in list(region.backups))
        gone = [holder for holder in self._watched if holder not in there]
        for holder in gone:
            del self._watched[holder]
        self._folder.write(
            [
                (_PART, (DYNAMODB, kept)),
                *(("DELETE FROM items WHERE holder = ?", (holder,)) for holder in gone),
                *(("DELETE FROM changes WHERE holder = ?", (holder,)) for holder in gone),
            ]
        )
        self._kept[DYNAMODB] = kept

    def _dumped(self, value: object) -> bytes | None:
        """A value that others change meanwhile: then it is tried again, and later if that does not help."""
        for _ in range(ATTEMPTS):
            with suppress(RuntimeError):
                return dump(value, named_parts(self._world))
        self.stirred()
        return None

    def _watch(self, table: Table, open_stream: Stream | None) -> None:
        """Be the last who watches a table; put in line what is in it, if it is new here. Under its lock."""
        known = self._watched.get(table.table_id)
        if known is not None and table.watchers[-1:] == (known,) and known.stream is open_stream:
            return
        if known is None:
            for item in followed(table.items.values(), "Taking in items", len(table.items)):
                self._writing.add(partial(put, table.table_id, table.key.names, item))
            for statement in already_noted(table, open_stream):
                self._writing.add(lambda statement=statement: statement)  # type: ignore[misc]
        else:
            table.unwatch(known)
        watch = self._watched[table.table_id] = Watch(self._writing, table, open_stream)
        table.watch(watch)

    def know_tables(self) -> None:
        """The tables and backups were read from the folder: their items are there."""
        for region in self._world.dynamodb.regions.values():
            for table in region.tables.values():
                watch = self._watched[table.table_id] = Watch(self._writing, table, _open_stream(region, table))
                table.watch(watch)
            for arn in region.backups:
                self._watched[arn] = None

    def _save_machines(self) -> None:
        """Write what state machines and activities are. On the loop's thread, which alone changes them."""
        world, named = self._world, named_parts(self._world)
        found = {
            "machines": dump({place: list(each) for place, each in world.regions_of_machines.items()}, named),
            "activities": dump({place: list(each) for place, each in world.regions_of_activities.items()}, named),
            "chance": dump(chance_of(world), {}),
            "clock": self._time(),
        }
        changed = [(name, kept) for name, kept in found.items() if self._kept.get(name) != kept]
        self._archive.settle()
        self._folder.write([(_PART, each) for each in changed])
        self._kept.update(changed)

    def _time(self) -> bytes:
        return encode({"mode": self._world.clock.mode, "now": self._world.clock.now()})

    def _moment(self) -> list[Statement]:
        """Where time and chance stand, which executions go on from."""
        if self._world.clock.mode == "wall":
            return []
        return [(_PART, ("clock", self._time())), (_PART, ("chance", dump(chance_of(self._world), {})))]

    def _keep_executions(self) -> None:
        self._executions.keep()
        self._world.retention.make_room()

    def _keep_at_rest(self) -> None:
        if self._executions.keep_at_rest():
            self._world.retention.make_room()

    def _gone(self, execution: Execution) -> None:
        self._archive.has_more = True
        self._executions.forget(execution)

    def _save_services(self, service: str, *, all_of_them: bool) -> None:
        """Write the services that have changed; ``service`` is the one that was asked, by its signing name."""
        changed: list[tuple[str, bytes]] = []
        for place, backend in list(moto_door.backends(None)):
            name = part_of(place)
            if name in self._slow and not all_of_them and not place.package.startswith(service.replace("-", "") or "-"):
                continue
            kept = self._pickled(name, backend)
            if kept is not None and self._kept.get(name) != kept:
                changed.append((name, kept))
        unkept = encode(self._unkept)
        if self._kept.get(UNKEPT, b"{}") != unkept:
            changed.append((UNKEPT, unkept))
        if changed:
            self._folder.write([(_PART, each) for each in changed])
            self._kept.update(changed)

    def _pickled(self, name: str, backend: object) -> bytes | None:
        began = monotonic()
        try:
            kept = self._dumped(backend)
        except CannotKeep as error:
            if self._unkept.get(name) != str(error):
                log.warning("%s is not kept: %s", name, error)
            self._unkept[name] = str(error)
            self._slow.add(name)
            return None
        self._unkept.pop(name, None)
        (self._slow.add if monotonic() - began > SLOW else self._slow.discard)(name)
        return kept

    def _look_again(self) -> None:
        """Write, every second, what no request has written."""
        while not self._over.wait(EVERY):
            with suppress(CannotWrite):
                self._folder.write([("DELETE FROM tokens WHERE at <= ?", (self._world.clock.now() - TOKEN_LIFE,))])
            if self._executions.trouble:
                with suppress(Closed):
                    self._world.engine.ask(self._keep_at_rest)
            if self._stirred.is_set():
                self._stirred.clear()
                try:
                    with self._saving:
                        self._save_services("", all_of_them=True)
                except Exception:
                    log.exception("The data folder lacks what other services have changed")


def _refusal(error: Exception, code: str) -> Fault:
    """What is answered where nothing can be kept. SDKs do not try again what has no room."""
    message = f"Dynastep cannot keep this: {error}"
    if isinstance(error, NoRoom):
        return Fault("InsufficientStorage", message, status=507)
    return Fault(code, message, status=500)


def _open_stream(region: Region, table: Table) -> Stream | None:
    stream = region.streams.get(table.settings.get("LatestStreamArn", ""))
    return stream if stream is not None and stream.closed is None else None


def part_of(place: Backend) -> str:
    """The name of the part that holds a backend."""
    return f"moto/{place.package}/{place.account}/{place.region}"
