"""The items of a Map that are in its input, and the input that ItemSelector makes of an item."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ... import jsontext
from ...definition import Map
from ...errors import RUNTIME, QueryError, StateError
from ...jsontext import JSON
from ...language.dataflow import Frame, QueryFlow
from ...tasks import Item

if TYPE_CHECKING:
    from ..execution import Cursor


def read_items(state: Map, frame: Frame) -> list[JSON]:
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
    return StateError(RUNTIME, f'Reference path "{state.items_path}" must point to array.')


def iteration(state: Map, cursor: Cursor, frame: Frame, index: int, item: JSON, cause: int) -> Cursor:
    """The line of control for an item, its input made by ItemSelector; ``cause`` is the event that causes its first."""
    line = cursor.branch(item, cause, {"Item": {"Index": index, "Value": item}})
    line.input = select(state, line, cursor, frame, item)
    return line


def select(state: Map, line: Cursor, cursor: Cursor, frame: Frame, item: JSON) -> JSON:
    """The input of what runs for an item: the item, or what ItemSelector makes of the state's effective input.

    ``line`` has the item in its context object; ``cursor`` is in the Map state.
    """
    if state.item_selector is None:
        return item
    line.state, line.entered_at = cursor.state, cursor.entered_at
    selected: JSON = state.item_selector(line.frame(frame.input))
    cursor.check_arguments(selected)
    line.state = ""  # the line itself has not begun
    return selected


def select_for_child(state: Map, cursor: Cursor, frame: Frame, index: int, item: Item) -> JSON:
    """The input of a child execution, unless items are batched; the member of an object comes with its name."""
    named = {} if item.key is None else {"Key": item.key}
    value = {**named, "Value": item.value} if named else item.value
    about = {"Index": index, **named, "Value": item.value, "Source": item.source}
    return select(state, cursor.branch(value, cursor.last, {"Item": about}), cursor, frame, value)
