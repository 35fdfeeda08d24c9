"""The interpreter and the tables in this process, each beside a yardstick.

Both are timed by the processor time of this process: what other programs do meanwhile does not count.
"""

from __future__ import annotations

import copy
import gc
import json
import tracemalloc
from collections.abc import Callable
from functools import cache, partial
from time import process_time
from typing import Any, TypeVar

from asl_interpreter.definition import Machine
from asl_interpreter.engine import Engine
from asl_interpreter.history import Event
from asl_interpreter.loop.clock import Clock
from asl_interpreter.reading.parsing import parse
from asl_interpreter.running.execution import Execution, Outside, Start
from asl_interpreter.tasks import UnknownResource
from benchmarks.figures import OURS, YARDSTICK, Aim, Figure, rate
from benchmarks.machines import chain, choice_loop, intrinsics_chain, map_of_passes, parallel, queries_chain
from emulator.control import Control
from emulator.settings import Settings
from emulator.wire.operations import perform
from emulator.wire.protocol import Call
from emulator.world import World

T = TypeVar("T")

ORDER = {"id": "o-17", "customer": {"name": "Ada Lovelace", "city": "London"}, "items": [{"sku": "a-1", "quantity": 2}]}
QUARTER = Aim(1 / 4, YARDSTICK)
LINEAR_MAP = Aim(5 / 6, YARDSTICK)
"""Five times the items in at most six times the time."""
SMALL_EVENT = Aim(300)
SAME_QUERY = Aim(2 / 3, YARDSTICK)
"""A hundred times the items, at most half as much time again."""


def figures(seconds: float, states: int = 1000, items: int = 1000) -> list[Figure]:
    """Machines. Each measurement takes about so many seconds."""
    short, loop = states // 10, choice_loop(states)
    texts = intrinsics_chain(short)
    beside = partial(_beside_bare_loop, seconds)
    return [
        beside(f"chain of {states:,} Pass, beside a bare loop", chain(states), {}, states, QUARTER),
        beside(f"Choice loop to {states:,}, beside a bare loop", loop, {"n": 0}, 2 * states + 1, QUARTER),
        beside(f"chain of {short:,} with intrinsics, beside a bare loop", texts, {"n": 0, "s": ""}, short),
        beside(f"chain of {short:,} in JSONata, beside a bare loop", queries_chain(short), {"n": 0, "s": ""}, short),
        beside("Parallel of 40 branches, beside a bare loop", parallel(40), {}, 41),
        Figure(
            f"inline Map of {5 * items:,} items, beside one of {items:,}",
            "items/s",
            {
                OURS: _states_per_second(seconds, map_of_passes(), {"items": list(range(5 * items))}, 5 * items),
                YARDSTICK: _states_per_second(seconds, map_of_passes(), {"items": list(range(items))}, items),
            },
            (LINEAR_MAP,),
        ),
        _memory("memory of an event, chain of 10 Pass", chain(10), ORDER, max(1, states // 20)),
        _memory("memory of an event, Choice loop", loop, {"n": 0}, 2),
        _memory("memory of an event, inline Map", map_of_passes(), {"items": list(range(items))}, 2),
    ]


def _memory(name: str, definition: dict[str, Any], document: Any, executions: int) -> Figure:
    """Bytes that an event takes with its values, and its share of the execution; the yardstick keeps dictionaries."""
    machine = parse(definition, no_resource)

    def ours() -> float:
        run(machine, document)
        kept, taken = _traced(lambda: [run(machine, copy.deepcopy(document)) for _ in range(executions)])
        return taken / sum(len(execution.history) for execution in kept)

    def yardstick() -> float:
        kept, taken = _traced(lambda: bare_loop(100))
        return taken / len(kept)

    return Figure(name, "B", {OURS: ours, YARDSTICK: yardstick}, (SMALL_EVENT,))


def _traced(make: Callable[[], list[T]]) -> tuple[list[T], int]:
    """What is made, and how many bytes it holds."""
    tracemalloc.start()
    try:
        made = make()
        gc.collect()
        return made, tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()


def table_figures(seconds: float, rows: int = 1000) -> list[Figure]:
    """Tables, which stay in memory, where they make collecting garbage dearer for all that is timed after them."""
    return [
        Figure(
            f"Query of 10 rows of an index, table of {100 * rows:,} beside {rows:,}",
            "calls/s",
            {
                OURS: lambda: rate(_index_query(100 * rows), seconds, process_time),
                YARDSTICK: lambda: rate(_index_query(rows), seconds, process_time),
            },
            (SAME_QUERY,),
        ),
    ]


def _beside_bare_loop(
    seconds: float, name: str, definition: dict[str, Any], document: Any, states: int, *aims: Aim
) -> Figure:
    measures = {
        OURS: _states_per_second(seconds, definition, document, states),
        YARDSTICK: lambda: states * rate(lambda: bare_loop(states), seconds, process_time),
    }
    return Figure(name, "states/s", measures, aims)


def bare_loop(states: int) -> list[Event]:
    """Two events for each state, as an interpreter must record them, and nothing else."""
    events: list[Event] = []
    document: dict[str, Any] = {}
    for _ in range(states):
        for event_type, value in (("PassStateEntered", "input"), ("PassStateExited", "output")):
            number = len(events) + 1
            events.append(Event(number, 0.0, event_type, number - 1, {"name": "S", value: document}))
    return events


def _states_per_second(seconds: float, definition: dict[str, Any], document: Any, states: int) -> Callable[[], float]:
    machine = parse(definition, no_resource)
    return lambda: states * rate(lambda: run(machine, document), seconds, process_time)


def run(machine: Machine, document: Any) -> Execution:
    """Run a machine to its end, which must be a good one."""
    start = Start("arn:aws:states:us-east-1:0:execution:m:e", "e", "arn", "m", "role", document, json.dumps(document))
    execution = _engine().start(machine, start, Outside(no_resource))
    _engine().wait(execution.ended)
    if execution.status != "SUCCEEDED":
        raise RuntimeError(f"{execution.status}: {execution.error}: {execution.cause}")
    return execution


@cache
def _engine() -> Engine:
    return Engine(Clock("virtual"))


def no_resource(resource: str, _state: str = "") -> Any:
    """What resolves the resources of a machine that has none."""
    raise UnknownResource(resource)


@cache
def _index_query(rows: int) -> Callable[[], object]:
    """A Query that reads ten rows of an index of a table that has so many."""
    world = Control(Settings()).world
    attributes = ("pk", "sk", "group")
    dynamodb(
        world,
        "CreateTable",
        TableName="rows",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in attributes],
        KeySchema=_key("pk", "sk"),
        GlobalSecondaryIndexes=[
            {"IndexName": "groups", "KeySchema": _key("group", "sk"), "Projection": {"ProjectionType": "ALL"}}
        ],
    )
    for first in range(0, rows, 10):
        group = {"S": f"g{first}"}
        items = [{"pk": {"S": f"p{n}"}, "sk": {"S": f"{n:08}"}, "group": group} for n in range(first, first + 10)]
        dynamodb(world, "BatchWriteItem", RequestItems={"rows": [{"PutRequest": {"Item": item}} for item in items]})
    query = {
        "TableName": "rows",
        "IndexName": "groups",
        "KeyConditionExpression": "#g = :g",
        "ExpressionAttributeNames": {"#g": "group"},
        "ExpressionAttributeValues": {":g": {"S": f"g{rows // 20 * 10}"}},
    }
    return lambda: dynamodb(world, "Query", **query)


def _key(partition: str, sort: str) -> list[dict[str, str]]:
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]


def dynamodb(world: World, operation: str, **params: Any) -> dict[str, Any]:
    """An operation of DynamoDB, as a request has it done, without the request."""
    return perform(world, Call("dynamodb", operation, params, "000000000000", "us-east-1", ""))
