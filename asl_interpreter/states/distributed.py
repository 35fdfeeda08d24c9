"""Map in mode DISTRIBUTED: an execution of its own for every item, or for every batch of them.

Items are read as executions can take them, and of an execution that has ended little is kept, so that a hundred
thousand rows need no more memory than those that run.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html; its events and their links as
AWS records them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Final

from .. import jsontext
from ..dataflow import MAX_PAYLOAD, Frame, check_size, too_large
from ..definition import Distribution, ItemBatcher, ItemReader, Map
from ..errors import DATA_LIMIT_EXCEEDED, EXCEED_TOLERATED_FAILURE_THRESHOLD, ITEM_READER_FAILED, StateError
from ..jsontext import JSON
from ..mapruns import MapRun
from ..scheduler import turn
from ..signals import Signal
from ..tasks import Item, ItemRequest, ResultRequest
from .attempts import attempts
from .items import not_a_list, select

if TYPE_CHECKING:
    from ..execution import Cursor

MAX_CONCURRENCY: Final = 10_000
"""How many children run at once at most: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""
MAX_ITEMS: Final = 100_000_000
"""How many items are read at most."""
STATE_DATA: Final = "STATE_DATA"
"""What the context object calls the source of items that are in the state's input."""
READ_AT_ONCE: Final = 1000
"""Items that are read before children have their turn."""
STARTS_PER_STEP: Final = 64
"""Children that are started before they, and requests, have their turn."""
EXCEEDED: Final = "The specified tolerated failure threshold was exceeded"


async def run_distributed(state: Map, how: Distribution, cursor: Cursor) -> str | None:
    """Run the processor for each item as an execution; the result is what ResultWriter makes of theirs."""
    run: MapRun | None = None

    async def attempt() -> JSON:
        nonlocal run
        run = None
        frame = cursor.frame(cursor.input)
        frame = frame.reading(state.flow.select_input(frame))
        given = None if how.reader is not None else _given_items(state, frame)
        at_once = state.max_concurrency(frame) or MAX_CONCURRENCY
        cursor.record("MapStateStarted", {"length": 0 if given is None else len(given)})
        count, percentage = state.tolerated_failure_count, state.tolerated_failure_percentage
        opened = MapRun(
            cursor.execution,
            state.name,
            how,
            max_concurrency=min(at_once, MAX_CONCURRENCY),
            tolerated_count=None if count is None else count(frame),
            tolerated_percentage=None if percentage is None else float(percentage(frame)),
        )
        inputs = _Inputs(state, cursor, frame, given, how.batcher)
        if how.reader is not None:
            inputs.ask(how.reader)
        run = opened
        return await _run(_Work(state, cursor, frame, run, inputs))

    return await attempts(state, cursor, attempt, failed="MapStateFailed", begun=lambda: run is not None)


def _given_items(state: Map, frame: Frame) -> list[Item]:
    """The items in the state's input: those of an array, or the members of an object."""
    items = state.items(frame)
    if isinstance(items, list):
        return [Item(value, STATE_DATA) for value in items]
    if isinstance(items, dict):
        return [Item(value, STATE_DATA, key) for key, value in items.items()]
    raise not_a_list(state, items)


async def _run(work: _Work) -> JSON:
    """Do the work of a Map Run and record how it goes."""
    cursor, run = work.cursor, work.run
    cursor.record("MapRunStarted", {"mapRunArn": run.arn})
    cursor.execution.map_runs.append(run)
    try:
        result = await work.do()
    except StateError as error:
        failure = cursor.explain(error)
        run.stop_children()
        run.end("FAILED")
        details = {"error": failure.error, "cause": failure.cause}
        cursor.record("MapRunFailed", {name: text for name, text in details.items() if text is not None})
        raise failure from None
    except BaseException:
        run.end("ABORTED")
        run.stop_children()
        raise
    run.end("SUCCEEDED")
    cursor.record("MapRunSucceeded")
    cursor.execution.history.append("MapStateSucceeded", cursor.last)
    return result


class _Work:
    """What a Map Run does: it starts children as the limits allow, and brings their results together."""

    def __init__(self, state: Map, cursor: Cursor, frame: Frame, run: MapRun, inputs: _Inputs) -> None:
        self._state = state
        self._frame = frame
        self._inputs = inputs
        self.cursor = cursor
        self.run = run

    async def do(self) -> JSON:
        """Run all children; the result of the state.

        Raises:
            StateError: reading or writing has failed, or too many children have.
        """
        await self._run_children()
        run, writer = self.run, self.run.how.writer
        if run.has_failed(complete=True):
            await self._give_up()
        if writer.arguments is not None:
            return await self._write()
        results: list[JSON] = []
        size = len("[")
        for result in run.results(None, writer.transformation):
            size += jsontext.size(result) + len(",")
            if size > MAX_PAYLOAD:
                raise too_large(self._state.name)
            results.append(result)
        run.write_all()
        return results

    async def _run_children(self) -> None:
        """Until all have ended, or too many have failed."""
        run, inputs, started = self.run, self._inputs, 0
        while True:
            while run.executions["RUNNING"] < run.max_concurrency:
                if not await inputs.ready(run) or run.has_failed(complete=inputs.complete):
                    break
                run.begin(*inputs.take())
                started += 1
                if started % STARTS_PER_STEP == 0:
                    await turn()
            if not run.executions["RUNNING"] or run.has_failed(complete=inputs.complete):
                return
            await self._news()

    async def _news(self) -> None:
        self.run.news = Signal(f"{self.run.executions['RUNNING']} child executions of {self._state.name!r}")
        await self.run.news

    async def _give_up(self) -> None:
        """Too much has failed: no more children start, those that run are stopped, and what there is is exported."""
        run = self.run
        run.stop_children()
        while run.executions["RUNNING"]:
            await self._news()
        while not self._inputs.complete:
            await self._inputs.read(run)
        if run.how.writer.arguments is not None:
            await self._write()
        else:
            run.write_all()
        raise StateError(EXCEED_TOLERATED_FAILURE_THRESHOLD, EXCEEDED)

    async def _write(self) -> JSON:
        """Export the results; where they are."""
        run, writer, loop = self.run, self.run.how.writer, self.cursor.execution.loop
        if writer.arguments is None:
            message = "results that are not exported are not written"
            raise AssertionError(message)
        request = ResultRequest(
            writer.arguments(self._frame),
            writer.output_type,
            run.arn,
            {
                "FAILED": run.results("FAILED", writer.transformation),
                "PENDING": self._inputs.pending(),
                "SUCCEEDED": run.results("SUCCEEDED", writer.transformation),
            },
        )
        datasets = self.cursor.execution.outside.datasets
        name = f"the ResultWriter of {self._state.name!r}"
        details = await loop.call(lambda: datasets.write(request), name, blocking=True)
        run.write_all()
        return {"MapRunArn": run.arn, "ResultWriterDetails": details}


class _Inputs:
    """The inputs of the children, made of items as they are wanted."""

    def __init__(
        self, state: Map, cursor: Cursor, frame: Frame, given: list[Item] | None, batcher: ItemBatcher | None
    ) -> None:
        self._state = state
        self._cursor = cursor
        self._frame = frame
        self._items: Iterator[Item] | None = None if given is None else iter(given)
        self._request: ItemRequest | None = None
        self._limit = MAX_ITEMS
        self._batches = _Batches(batcher, frame, state.name)
        self._ready: deque[tuple[JSON, int]] = deque()
        self._index = 0
        self.complete = False
        """Whether all items have been read."""

    def ask(self, reader: ItemReader) -> None:
        """Say what is to be read, and how much of it."""
        arguments = reader.arguments(self._frame)
        if reader.max_items is not None:
            self._limit = reader.max_items(self._frame) or MAX_ITEMS
        self._request = ItemRequest(reader.resource, arguments, reader.config, self._cursor.execution.start.arn)

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
        inputs = [self._input(item) for item in await self._items_read()]
        self.complete = not inputs
        for each in self._batches.of(inputs) if inputs else self._batches.last():
            check_size(each[0], self._state.name)
            run.read(each[1])
            self._ready.append(each)

    def pending(self) -> Iterator[JSON]:
        """What was read but not started, as a ResultWriter shows it."""
        for given, _ in self._ready:
            yield {"Input": jsontext.dumps(given), "InputDetails": {"Included": True}, "Status": "PENDING"}

    async def _items_read(self) -> list[Item]:
        """Some more items; none if that was all."""
        if self._request is None and self._items is not None:
            return list(islice(self._items, READ_AT_ONCE))
        name = f"the ItemReader of {self._state.name!r}"
        return await self._cursor.execution.loop.call(self._read_outside, name, blocking=True)

    def _read_outside(self) -> list[Item]:
        if self._items is None and self._request is not None:
            if self._limit < 0:
                raise StateError(ITEM_READER_FAILED, "field MaxItems must be positive")
            self._items = islice(self._cursor.execution.outside.datasets.read(self._request), self._limit)
        return list(islice(self._items or (), READ_AT_ONCE))

    def _input(self, item: Item) -> JSON:
        named = {} if item.key is None else {"Key": item.key}
        value = {**named, "Value": item.value} if named else item.value
        index, self._index = self._index, self._index + 1
        if self._state.item_selector is None:
            return value
        about = {"Index": index, **named, "Value": item.value, "Source": item.source}
        line = self._cursor.branch(value, self._cursor.last, {"Item": about})
        return select(self._state, line, self._cursor, self._frame, value)


class _Batches:
    """Groups inputs as ItemBatcher says.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itembatcher.html
    """

    def __init__(self, batcher: ItemBatcher | None, frame: Frame, name: str) -> None:
        self._name = name
        self._batching = batcher is not None
        self._fixed: dict[str, JSON] = {}
        self._most, self._bytes = 1, MAX_PAYLOAD
        if batcher is not None:
            most = None if batcher.max_items is None else batcher.max_items(frame)
            size = None if batcher.max_bytes is None else batcher.max_bytes(frame)
            self._most = most or MAX_ITEMS
            self._bytes = min(size or MAX_PAYLOAD, MAX_PAYLOAD)
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
