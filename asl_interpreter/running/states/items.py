"""The items of a Map that are in its input, and the input that ItemSelector makes of an item."""

from __future__ import annotations

from ... import jsontext
from ...definition import Map
from ...errors import RUNTIME, QueryError, StateError
from ...jsontext import JSON
from ...language.dataflow import QueryFlow, StateFrame
from ...tasks import Item
from ..cursor import Cursor


def read_items(state: Map, frame: StateFrame) -> list[JSON]:
    """The items of a Map; the frame is that of its effective input.

    Raises:
        StateError: there is no list.
    """
    items = state.items(frame)
    if isinstance(items, list):
        return items
    raise not_a_list(state, items)


def not_a_list(state: Map, items: JSON) -> StateError:
    """What a Map says of items that it cannot go through."""
    if isinstance(state.flow, QueryFlow):
        return QueryError(f"Map state input must be an array but was: {jsontext.shown(items)}", None)
    shown = state.items_path.removeprefix("$") if state.items_path.startswith("$$") else state.items_path
    return StateError(RUNTIME, f'Reference path "{shown}" must point to array.')


def iteration(state: Map, cursor: Cursor, frame: StateFrame, index: int, item: JSON, cause: int) -> Cursor:
    """The line of control for an item, with the input that ItemSelector makes; ``cause`` causes its first event."""
    about = {"Item": {"Index": index, "Value": item}}
    return cursor.branch(select(state, cursor, frame, item, about), cause, about)


def select(state: Map, cursor: Cursor, frame: StateFrame, item: JSON, about: JSON) -> JSON:
    """The input of what runs for an item: the item, or what ItemSelector makes of the state's effective input.

    ``about`` is what the context object says about the item; ``cursor`` is in the Map state.
    """
    if state.item_selector is None:
        return item
    selected: JSON = state.item_selector(cursor.facing(about).frame(frame.input))
    cursor.check_arguments(selected)
    return selected


def select_for_child(state: Map, cursor: Cursor, frame: StateFrame, index: int, item: Item) -> JSON:
    """The input of a child execution, unless items are batched; the member of an object comes with its name."""
    named = {} if item.key is None else {"Key": item.key}
    value = {**named, "Value": item.value} if named else item.value
    about = {"Index": index, **named, "Value": item.value, "Source": item.source}
    return select(state, cursor, frame, value, {"Item": about})
