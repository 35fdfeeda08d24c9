"""The inputs of the executions that a Distributed Map starts: items read as they are wanted, selected, and batched."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import Final

from ... import jsontext
from ...definition import ItemBatcher, ItemReader, Map
from ...errors import DATA_LIMIT_EXCEEDED, ITEM_READER_FAILED, StateError
from ...jsontext import JSON
from ...language.dataflow import QueryFlow, StateFrame
from ...loop.fibers import turn
from ...tasks import Item, ItemRequest
from ..cursor import Cursor
from ..map_runs import MapRun
from .items import not_a_list, select_for_child

MAX_ITEMS: Final = 100_000_000
"""How many items are read at most."""
STATE_DATA: Final = "STATE_DATA"
"""What the context object calls the source of items that are in the state's input."""
READ_AT_ONCE: Final = 1000
"""Items that are read before children have their turn."""


def given_items(state: Map, frame: StateFrame) -> list[Item]:
    """The items in the state's input: those of an array, or the members of an object."""
    items = state.items(frame)
    if isinstance(items, list):
        return [Item(value, STATE_DATA) for value in items]
    if isinstance(items, dict):
        return [Item(value, STATE_DATA, key) for key, value in items.items()]
    raise not_a_list(state, items)


class Inputs:
    """The inputs of the children, made of items as they are wanted."""

    def __init__(self, state: Map, cursor: Cursor, frame: StateFrame, batcher: ItemBatcher | None) -> None:
        self._state = state
        self._cursor = cursor
        self._frame = frame
        self._items: Iterator[Item] | None = None
        self._request: ItemRequest | None = None
        self._limit = MAX_ITEMS
        self._batches = Batches(batcher, frame, state.name, cursor.execution.quotas.payload_bytes)
        self._ready: deque[tuple[JSON, int]] = deque()
        self._index = 0
        self._evaluates = state.item_selector is not None and isinstance(state.flow, QueryFlow)
        """Whether an input is made by an expression in JSONata, which may take its time."""
        self.complete = False
        """Whether all items have been read."""

    def ask(self, reader: ItemReader) -> None:
        """Say what is to be read, and how much of it."""
        arguments = reader.arguments(self._frame)
        if reader.max_items is not None:
            self._limit = reader.max_items(self._frame) or MAX_ITEMS
        start = self._cursor.execution.start
        self._request = ItemRequest(reader.resource, arguments, reader.config, start.arn, start.role_arn)

    async def give(self, items: list[Item]) -> None:
        """These are all items: those in the state's input. Their inputs are made before a child starts."""
        self._ready.extend([*await self._made(items), *await self._made([])])
        self.complete = True

    def counted_by(self, run: MapRun) -> None:
        """Have a Map Run that begins count the inputs that are there."""
        for _, items in self._ready:
            run.read(items)

    async def ready(self, run: MapRun) -> bool:
        """Whether there is one more, which ``take`` then gives."""
        while not self._ready and not self.complete:
            await self.read(run)
        return bool(self._ready)

    def take(self) -> tuple[JSON, int]:
        """The next input, and how many items are in it."""
        return self._ready.popleft()

    async def read(self, run: MapRun) -> None:
        """Read some more items."""
        name = f"the ItemReader of {self._state.name!r}"
        execution = self._cursor.execution
        call = partial(execution.loop.call, self._read_outside, name, blocking=True)
        items = await execution.record.ask(call, name)
        self.complete = not items
        for each in await self._made(items):
            run.read(each[1])
            self._ready.append(each)

    async def _made(self, items: list[Item]) -> list[tuple[JSON, int]]:
        """The inputs that are whole once these items have come, or, if there are none, at the end."""
        first, self._index = self._index, self._index + len(items)
        inputs = []
        for index, item in enumerate(items, first):
            select = partial(select_for_child, self._state, self._cursor, self._frame, index, item)
            inputs.append(await self._cursor.do(self._state, select))
            if self._evaluates:
                await turn()
        made = self._batches.of(inputs) if inputs else self._batches.last()
        for given, _ in made:
            self._cursor.check_size(given, self._state.name)
        return made

    def pending(self) -> Iterator[JSON]:
        """What was read but not started, as a ResultWriter shows it."""
        for given, _ in self._ready:
            yield {"Input": jsontext.dumps(given), "InputDetails": {"Included": True}, "Status": "PENDING"}

    def reopen(self) -> None:
        """Have what is outside read again, from where reading has stopped."""
        self._items = None

    def _read_outside(self) -> list[Item]:
        """Some more items; none if that was all."""
        if self._items is None and self._request is not None:
            if self._limit < 0:
                raise StateError(ITEM_READER_FAILED, "field MaxItems must be positive")
            self._items = islice(self._cursor.execution.outside.datasets.read(self._request), self._index, self._limit)
        return list(islice(self._items or (), READ_AT_ONCE))


class Batches:
    """Groups inputs as ItemBatcher says.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itembatcher.html
    """

    def __init__(self, batcher: ItemBatcher | None, frame: StateFrame, name: str, payload_bytes: int) -> None:
        self._name = name
        self._batching = batcher is not None
        self._fixed: dict[str, JSON] = {}
        self._most, self._bytes = 1, payload_bytes
        if batcher is not None:
            most = None if batcher.max_items is None else batcher.max_items(frame)
            size = None if batcher.max_bytes is None else batcher.max_bytes(frame)
            self._most = most or MAX_ITEMS
            self._bytes = min(size or payload_bytes, payload_bytes)
            if batcher.batch_input is not None:
                self._fixed = {"BatchInput": batcher.batch_input(frame)}
        self._empty = jsontext.size({**self._fixed, "Items": []})
        self._open: list[JSON] = []
        self._size = self._empty

    def of(self, inputs: list[JSON]) -> list[tuple[JSON, int]]:
        """The batches that are full once these inputs have come, each with how many are in it."""
        if not self._batching:
            return [(each, 1) for each in inputs]
        full = []
        for each in inputs:
            size = jsontext.size(each) + 1
            if self._open and self._size + size - 1 > self._bytes:
                full += self.last()
            if self._size + size - 1 > self._bytes:
                cause = f"An item of the Map state '{self._name}' is larger than a batch may be: {self._bytes} bytes."
                raise StateError(DATA_LIMIT_EXCEEDED, cause)
            self._open.append(each)
            self._size += size
            if len(self._open) >= self._most:
                full += self.last()
        return full

    def last(self) -> list[tuple[JSON, int]]:
        """The batch that is open, if there is one; the next begins."""
        batch, self._open, self._size = self._open, [], self._empty
        return [({**self._fixed, "Items": batch}, len(batch))] if batch else []
