"""Life cycles: what is under way with a table and its indexes, for how long, and what AWS refuses meanwhile.

Each change begins a phase that ends when the clock says so; with durations of none the answer of the call still shows
it, and the next look finds it ended. The data of a change are there at once; the phase says who may see them.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.OnlineOps.html; states, wording and the
order of magnitude of the durations as observed on AWS.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from asl_interpreter.jsontext import JSON
from emulator.dynamodb.rejections import invalid, refused
from emulator.faults import Fault

if TYPE_CHECKING:
    from emulator.dynamodb.model.schema import Position
    from emulator.dynamodb.model.tables import Table

_DOING = {"CREATING": "created", "UPDATING": "updated", "DELETING": "deleted"}
_IN_USE = "Attempt to change a resource which is still in use: "
ONE_ONLINE = "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table"


@dataclass(frozen=True, slots=True)
class Durations:
    """Seconds that it takes to create, change and delete a table, and to allocate and to fill an index of it.

    ``transaction`` is how long a transaction goes on with the items that it wrote.
    """

    creating: float = 0.0
    updating: float = 0.0
    deleting: float = 0.0
    allocating: float = 0.0
    backfilling: float = 0.0
    transaction: float = 0.0


LIFELIKE = Durations(creating=8.0, updating=8.0, deleting=4.0, allocating=30.0, backfilling=180.0, transaction=0.02)


@dataclass(frozen=True, slots=True)
class Phase:
    """What a table or one of its global indexes is in: ``status`` is its status, until ``ends``.

    An index that is created online is allocated until ``filled_from``, and filled after that. ``gone`` is the
    description of an index that is being deleted, and the member of the table's description that it stands in.
    ``is_throughput`` says that the table's throughput is what changes.
    """

    status: str
    ends: float
    filled_from: float | None = None
    backfilling: bool = False
    gone: tuple[str, Mapping[str, JSON]] | None = None
    is_throughput: bool = False

    def shown(self) -> dict[str, JSON]:
        """What an index in this phase shows."""
        shown: dict[str, JSON] = {"IndexStatus": self.status}
        if self.filled_from is not None:
            shown["Backfilling"] = self.backfilling
        return shown


def create(table: Table, now: float, durations: Durations) -> None:
    """The table begins to be created, its indexes with it."""
    phase = Phase("CREATING", now + durations.creating)
    online = [name for name, index in table.indexes.items() if index.is_global]
    table.phases = dict.fromkeys([None, *online, *table.vector_indexes], phase)


def update(table: Table, now: float, durations: Durations, *, is_throughput: bool) -> None:
    """The table begins to be changed."""
    table.phases[None] = Phase("UPDATING", now + durations.updating, is_throughput=is_throughput)


def delete(table: Table, now: float, durations: Durations) -> None:
    """The table begins to be deleted."""
    table.phases = {None: Phase("DELETING", now + durations.deleting)}


def create_index(table: Table, name: str, now: float, durations: Durations) -> None:
    """The table begins to have resources allocated for an index, which is then filled."""
    allocated = now + durations.allocating
    table.phases[None] = Phase("UPDATING", allocated)
    table.phases[name] = Phase("CREATING", allocated + durations.backfilling, filled_from=allocated)


def update_index(table: Table, name: str, now: float, durations: Durations) -> None:
    """An index begins to be changed."""
    table.phases[name] = Phase("UPDATING", now + durations.updating)


def delete_index(
    table: Table, name: str, member: str, shown: Mapping[str, JSON], now: float, durations: Durations
) -> None:
    """An index begins to be deleted; ``shown`` is its description, under ``member`` of the table's."""
    table.phases[None] = Phase("UPDATING", now + durations.updating)
    kept = {key: value for key, value in shown.items() if key != "Backfilling"}  # of a creation that is cancelled
    table.phases[name] = Phase("DELETING", now + durations.updating, gone=(member, kept))


def settle(table: Table, now: float) -> bool:
    """Let phases and transactions end whose time has come. Returns whether the table is gone. Its lock is held."""
    for position in [position for position, ends in table.ongoing.items() if ends <= now]:
        del table.ongoing[position]
    for subject, phase in list(table.phases.items()):
        if phase.ends <= now:
            if phase.status == "DELETING" and subject is None:
                return True
            del table.phases[subject]
        elif phase.filled_from is not None and phase.filled_from <= now and not phase.backfilling:
            table.phases[subject] = Phase(phase.status, phase.ends, phase.filled_from, backfilling=True)
    return False


def status(table: Table) -> str:
    """The TableStatus."""
    phase = table.phases.get(None)
    return "ACTIVE" if phase is None else phase.status


# --- refusals --------------------------------------------------------------------------------------------------------


def check_idle(table: Table) -> None:
    """Raise Fault where the table or one of its indexes is being created, changed or deleted."""
    _check_settled(table)
    for name, phase in table.phases.items():
        if name is not None:
            raise _index_in_use(table, name, phase)


def check_deletable(table: Table) -> None:
    """Raise Fault where the table cannot be deleted now."""
    if any(subject is not None for subject in table.phases) and status(table) != "CREATING":
        raise _in_use("Cannot delete table while indexes are being created, updated, or deleted.")
    _check_settled(table)


def check_changeable(table: Table, indexes: Mapping[str, str], *, is_throughput: bool) -> None:
    """Raise Fault where the table cannot be changed now.

    ``indexes`` are those that change, with what becomes of each: Create, Update or Delete. ``is_throughput`` says that
    the table's throughput shall change.
    """
    online = [name for name, phase in table.phases.items() if name is not None and phase.status != "UPDATING"]
    for name, action in indexes.items():
        phase = table.phases.get(name)
        if phase is not None and phase.status == "CREATING" and action == "Delete" and status(table) != "CREATING":
            if not phase.backfilling:
                raise _in_use(
                    "Index creation is in resource allocation phase. Retry deletion during backfilling phase or when "
                    f"the index is active. Table: {table.name} Index: {name}"
                )
            online.remove(name)  # a creation that is cancelled
        elif phase is not None and phase.status in ("UPDATING", "DELETING"):
            raise _index_in_use(table, name, phase)
    redefines = any(action != "Update" for action in indexes.values())
    if redefines and online and status(table) != "CREATING":
        raise refused("LimitExceededException", ONE_ONLINE)
    deleted = [name for name, phase in table.phases.items() if name is not None and phase.status == "DELETING"]
    if is_throughput and deleted:
        raise _in_use(
            f"Can't change table IOPS when an index is being deleted. Table: {table.name} Indexes: "
            f"[{', '.join(deleted)}]"
        )
    own = table.phases.get(None)
    if redefines and own is not None and own.is_throughput:
        raise _in_use(f"Can't create or delete indexes while table IOPS are being updated. Table: {table.name}")
    _check_settled(table)


def _check_settled(table: Table) -> None:
    own = table.phases.get(None)
    if own is not None:
        raise _in_use(f"Table is being {_DOING[own.status]}: {table.name}")


def _index_in_use(table: Table, name: str, phase: Phase) -> Fault:
    return _in_use(f"Index is being {_DOING[phase.status]}. Table: {table.name} Index: {name}")


def _in_use(message: str) -> Fault:
    return refused("ResourceInUseException", _IN_USE + message)


def check_readable(table: Table, name: str, *, is_vector: bool = False) -> None:
    """Raise Fault where an index cannot be read yet, or any more."""
    phase = table.phases.get(name)
    if phase is None or phase.status == "UPDATING":
        return
    if not phase.backfilling:
        raise invalid(f"The table does not have the specified index: {name}")
    what = (
        "Cannot search backfilling vector index" if is_vector else "Cannot read from backfilling global secondary index"
    )
    raise invalid(f"{what}: {name}")


# --- transactions ----------------------------------------------------------------------------------------------------


def hold(table: Table, position: Position, now: float, durations: Durations) -> None:
    """A transaction begins with an item; it goes on with it for a while."""
    if durations.transaction:
        table.ongoing[position] = now + durations.transaction


def check_not_held(table: Table, position: Position) -> None:
    """Raise Fault where a transaction goes on with the item."""
    if position in table.ongoing:
        raise refused("TransactionConflictException", "Transaction is ongoing for the item")
