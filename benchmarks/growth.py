"""Growth: what one operation costs by the size of what it is done in, in processor time of this process."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import median
from time import process_time
from typing import Any, NamedTuple

from asl_interpreter.reading.parsing import parse
from benchmarks.figures import rate
from benchmarks.interpreter import dynamodb, no_resource, run
from benchmarks.machines import chain, map_of_passes
from emulator.control import Control
from emulator.settings import Settings
from emulator.world import World

ITEM = {"name": {"S": "Ada"}, "total": {"N": "12"}, "lines": {"L": [{"S": "pen"}, {"S": "ink"}]}}


class Growth(NamedTuple):
    """Curves of costs over one size."""

    name: str
    """Of its file, and of what grows."""
    across: str
    upwards: str
    curves: Mapping[str, Mapping[int, float]]
    """Name of the operation -> size -> cost."""


def growths(seconds: float, repetitions: int, largest: int = 100_000) -> list[Growth]:
    """Measure all curves, to sizes of at most so much."""
    sizes = [size for size in (10, 100, 1_000, 10_000, 100_000) if size <= largest]
    return [
        _tables(seconds, repetitions, [size for size in sizes if size >= min(1_000, largest)]),
        _machines(seconds, repetitions, [size for size in sizes if size <= 10_000]),
        _maps(seconds, repetitions, [size for size in (10, 100, 1_000, 5_000) if size <= largest]),
    ]


def _cost(action: Callable[[], object], seconds: float, repetitions: int) -> float:
    """Microseconds of an action."""
    return 1e6 / median(rate(action, seconds, process_time) for _ in range(repetitions))


def _tables(seconds: float, repetitions: int, sizes: Sequence[int]) -> Growth:
    curves: dict[str, dict[int, float]] = {"GetItem": {}, "PutItem": {}, "Query of 10 items": {}}
    for size in sizes:
        control = Control(Settings())
        world = control.world
        _fill(world, size)
        key = {"pk": {"S": f"p{size // 20}"}, "sk": {"S": "5"}}
        query = {
            "TableName": "rows",
            "KeyConditionExpression": "pk = :p",
            "ExpressionAttributeValues": {":p": key["pk"]},
        }
        actions: dict[str, Callable[[], Any]] = {
            "GetItem": lambda: dynamodb(world, "GetItem", TableName="rows", Key=key),  # noqa: B023 - called at once
            "PutItem": lambda: dynamodb(world, "PutItem", TableName="rows", Item={**key, **ITEM}),  # noqa: B023 - as above
            "Query of 10 items": lambda: dynamodb(world, "Query", **query),  # noqa: B023 - as above
        }
        for name, action in actions.items():
            curves[name][size] = _cost(action, seconds, repetitions)
        control.close()
    return Growth("items", "items in the table", "µs an operation", curves)


def _fill(world: World, size: int) -> None:
    dynamodb(
        world,
        "CreateTable",
        TableName="rows",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    )
    for first in range(0, size, 10):
        puts = [
            {"PutRequest": {"Item": {"pk": {"S": f"p{first // 10}"}, "sk": {"S": str(number)}, **ITEM}}}
            for number in range(10)
        ]
        dynamodb(world, "BatchWriteItem", RequestItems={"rows": puts})


def _machines(seconds: float, repetitions: int, sizes: Sequence[int]) -> Growth:
    costs = {}
    for size in sizes:
        machine = parse(chain(size), no_resource)
        costs[size] = _cost(lambda: run(machine, {}), seconds, repetitions) / size  # noqa: B023 - called at once
    return Growth("states", "states that an execution enters", "µs a state", {"Pass": costs})


def _maps(seconds: float, repetitions: int, sizes: Sequence[int]) -> Growth:
    """Maps, of no more items than the history of an inline one holds."""
    curves: dict[str, dict[int, float]] = {}
    for mode in ("INLINE", "DISTRIBUTED"):
        machine, costs = parse(map_of_passes(mode), no_resource), curves.setdefault(mode.capitalize(), {})
        for size in sizes:
            document = {"items": list(range(size))}
            costs[size] = _cost(lambda: run(machine, document), seconds, repetitions) / size  # noqa: B023 - called at once
    return Growth("map", "items of a Map", "µs an item", curves)
