"""Loading: the state that a data folder holds, for a world to take in."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

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

if TYPE_CHECKING:
    from emulator.keeping.state import Place

Known = dict[str, tuple[int, int]]
"""ARN of an execution -> how many events, and things that came to it, the folder has of it."""


def load_state(folder: Folder) -> tuple[State, Known] | None:
    """What a folder holds; None if it is new.

    Raises:
        Unreadable: some of it is damaged; the message says what.
    """
    parts: dict[str, bytes] = {str(name): value for name, value in folder.read("SELECT name, value FROM parts")}
    if DYNAMODB not in parts:
        return None
    backends = {Backend(*name.split("/")[1:]): parts.pop(name) for name in list(parts) if name.startswith("moto/")}
    executions, known = _executions(folder)
    clock = _json(parts["clock"], "the part clock")
    state = State(clock["now"], parts, _items(folder), _changes(folder), executions, backends)
    return state, known


def _json(kept: bytes, what: str) -> Any:
    try:
        return loads(kept)
    except InvalidJSON as error:
        raise Unreadable(f"{what} is damaged: {error}") from None


def _items(folder: Folder) -> dict[str, tuple[Any, ...]]:
    found: dict[str, list[Item]] = defaultdict(list)
    for holder, value in folder.read("SELECT holder, value FROM items ORDER BY holder, key"):
        attributes, size = unpacked(value, f"an item of {holder}")
        found[holder].append(Item(attributes, size))
    return {holder: tuple(items) for holder, items in found.items()}


def _changes(folder: Folder) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for holder, number, value in folder.read("SELECT holder, number, value FROM changes ORDER BY holder, number"):
        at, old, new, *expired = unpacked(value, f"a change of {holder}")
        if expired:
            sequence = sequence_of(number)
            found[holder].append(streams.Change(sequence, at, item_of(old), item_of(new), expired[0]))
        else:
            found[holder].append(recovery.Change(at, (), item_of(old), item_of(new)))
    return found


def _executions(folder: Folder) -> tuple[dict[Place, list[Kept]], Known]:
    events: dict[str, list[Any]] = defaultdict(list)
    landed: dict[str, list[Any]] = defaultdict(list)
    for table, found in (("events", events), ("landed", landed)):
        for arn, value in folder.read(f"SELECT arn, value FROM {table} ORDER BY arn, first"):  # noqa: S608 - of two
            found[arn] += _json(value, f"{table} of {arn}")
    children: dict[str, dict[int, dict[str, Kept]]] = defaultdict(lambda: defaultdict(dict))
    for parent, run, name, value in folder.read("SELECT parent, run, name, value FROM children"):
        children[parent][run][name] = _json(value, f"the child execution {name} of {parent}")
    heads = {
        arn: _json(value, f"the execution {arn}")
        for arn, value in folder.read("SELECT arn, value FROM executions ORDER BY rowid")
    }
    kept = assembled(heads, events, landed, children)
    places: dict[Place, list[Kept]] = defaultdict(list)
    for each in kept:
        parts = each["start"]["arn"].split(":")
        places[parts[4], parts[3]].append(each)
    known = {arn: (len(events[arn]), len(landed[arn])) for arn in heads}
    return dict(places), known
