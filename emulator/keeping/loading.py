"""Loading: the state that a data folder holds, for a world to take in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from asl_interpreter.jsontext import InvalidJSON, loads
from asl_interpreter.running.kept import Kept, assembled
from emulator.dynamodb.changes import recovery
from emulator.dynamodb.model import streams
from emulator.dynamodb.model.tables import Item
from emulator.keeping.folder import Folder, unpacked
from emulator.keeping.pickling import Unreadable
from emulator.keeping.state import DYNAMODB, State
from emulator.keeping.writing import item_of, sequence_of
from emulator.moto_door import Backend
from emulator.progress import followed
from emulator.stepfunctions.keeping import place_of

if TYPE_CHECKING:
    from emulator.keeping.state import Place

Known = dict[str, tuple[int, int]]
"""ARN of an execution -> how many events, and things that came to it, the folder has of it."""


RUNNING: Final = "SELECT arn FROM executions WHERE stopped_at IS NULL"
"""Those of executions that go on when a server starts; all others are read when somebody asks for them."""
EVERY: Final = "SELECT arn FROM executions"


def load_state(folder: Folder, which: str = RUNNING) -> tuple[State, Known] | None:
    """What a folder holds; None if it is new. ``which`` is a query for the ARNs of its executions.

    Raises:
        Unreadable: some of it is damaged; the message says what.
    """
    parts: dict[str, bytes] = {str(name): value for name, value in folder.read("SELECT name, value FROM parts")}
    if DYNAMODB not in parts:
        return None
    backends = {Backend(*name.split("/")[1:]): parts.pop(name) for name in list(parts) if name.startswith("moto/")}
    executions, known = executions_in(folder, which)
    places: dict[Place, list[Kept]] = defaultdict(list)
    for each in executions:
        places[place_of(each)].append(each)
    clock = _json(parts["clock"], "the part clock")
    state = State(clock["now"], parts, _items(folder), _changes(folder), dict(places), backends, _tokens(folder))
    return state, known


def _json(kept: bytes, what: str) -> Any:
    try:
        return loads(kept)
    except InvalidJSON as error:
        raise Unreadable(f"{what} is damaged: {error}") from None


def _tokens(folder: Folder) -> dict[Place, dict[str, bytes]]:
    found: dict[Place, dict[str, bytes]] = defaultdict(dict)
    for account, region, token, made in folder.read("SELECT account, region, token, value FROM tokens ORDER BY at"):
        found[account, region][token] = made
    return dict(found)


def _items(folder: Folder) -> dict[str, tuple[Any, ...]]:
    found: dict[str, list[Item]] = defaultdict(list)
    for holder, value in folder.rows("items", "holder, value", "holder, key", "Reading items"):
        attributes, size = unpacked(value, f"an item of {holder}")
        found[holder].append(Item(attributes, size))
    return {holder: tuple(items) for holder, items in found.items()}


def _changes(folder: Folder) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for holder, number, value in folder.rows("changes", "holder, number, value", "holder, number", "Reading changes"):
        at, old, new, *expired = unpacked(value, f"a change of {holder}")
        if expired:
            sequence = sequence_of(number)
            found[holder].append(streams.Change(sequence, at, item_of(old), item_of(new), expired[0]))
        else:
            found[holder].append(recovery.Change(at, (), item_of(old), item_of(new)))
    return found


def executions_in(folder: Folder, which: str, *given: object) -> tuple[list[Kept], Known]:
    """The executions whose ARNs a query gives, in the order of their start.

    Raises:
        Unreadable: one is damaged; it is named.
    """
    events: dict[str, list[Any]] = defaultdict(list)
    landed: dict[str, list[Any]] = defaultdict(list)
    for table, found in (("events", events), ("landed", landed)):
        for arn, value in _rows(folder, table, "arn, value", f"arn IN ({which}) ORDER BY arn, first", given):
            found[arn] += _json(value, f"{table} of {arn}")
    children: dict[str, dict[int, dict[str, Kept]]] = defaultdict(lambda: defaultdict(dict))
    those = f"parent IN ({which})"
    for parent, run, name, value in _rows(folder, "children", "parent, run, name, value", those, given):
        children[parent][run][name] = _json(value, f"the child execution {name} of {parent}")
    sql = f"SELECT arn, value FROM executions WHERE arn IN ({which}) ORDER BY number"  # noqa: S608
    heads = {arn: _json(value, f"the execution {arn}") for arn, value in folder.find(sql, *given)}
    known = {arn: (len(events[arn]), len(landed[arn])) for arn in heads}
    for arn, head in heads.items():  # one that was written when it had ended has all with it
        events[arn] += head.pop("rows", ())
        landed[arn] += head.pop("landed", ())
    kept = assembled(heads, events, landed, children)
    return kept, known


def _rows(
    folder: Folder, table: str, columns: str, condition: str, given: tuple[object, ...]
) -> Iterable[tuple[Any, ...]]:
    """Rows of a table of executions; who watches is told how many were read."""
    from_table = f"FROM {table} WHERE {condition}"

    def count() -> int:
        ((found,),) = folder.find(f"SELECT count(*) {from_table}", *given)
        return int(found)

    return followed(folder.find(f"SELECT {columns} {from_table}", *given), "Reading executions", count)
