"""Reading items by their keys: GetItem and BatchGetItem.

Each first judges the request alone, then finds the table, then judges the request against its schema, and only then
reads.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/; order and wording of the checks as observed on
AWS.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from asl_interpreter.jsontext import JSON
from emulator.dynamodb.expressions import Projection, compile_expressions
from emulator.dynamodb.expressions.paths import project
from emulator.dynamodb.expressions.references import check_used_with_expression
from emulator.dynamodb.expressions.syntax import Path
from emulator.dynamodb.items import legacy_parameters
from emulator.dynamodb.items.capacity import Consumption, read_units, shown_each, wanted
from emulator.dynamodb.model.schema import check_key, read_key
from emulator.dynamodb.model.store import DynamoDBWorld
from emulator.dynamodb.model.tables import Item, Table
from emulator.dynamodb.model.values import Attributes, write_item
from emulator.dynamodb.rejections import invalid
from emulator.wire.protocol import Call

MAX_BATCH = 100
MAX_BATCH_SIZE = 16 * 1024 * 1024


def get_item(world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
    """GetItem: one item by its key."""
    params = call.params
    lookup = _read_lookup(params, (params["Key"],))
    table = world.dynamodb.region(call.account, call.region).table(params["TableName"])
    _check_lookup(table, lookup)
    item = table.items.get(table.position(lookup.keys[0]))
    answer: dict[str, JSON] = {}
    if item is not None:
        answer["Item"] = write_item(lookup.shown(item))
    mode = wanted(params)
    if mode:
        units = read_units(item.size if item else 0, consistent=lookup.consistent)
        answer["ConsumedCapacity"] = Consumption(table, units).shown(mode)
    return answer


def batch_get_item(world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
    """BatchGetItem: up to 100 items of any tables, 16 MB at most; keys beyond that come back unprocessed."""
    requests: Mapping[str, Mapping[str, JSON]] = call.params["RequestItems"]
    if sum(len(request["Keys"]) for request in requests.values()) > MAX_BATCH:
        raise invalid("Too many items requested for the BatchGetItem call")
    _check_one_language(requests)
    lookups = {name: _read_lookup(request, request["Keys"]) for name, request in requests.items()}
    region = world.dynamodb.region(call.account, call.region)
    tables = {name: region.table(name) for name in lookups}
    for name, lookup in lookups.items():
        _check_lookup(tables[name], lookup)
        check_distinct(tables[name], lookup.keys)
    responses: dict[str, JSON] = {}
    unprocessed: dict[str, JSON] = {}
    consumed = []
    room = MAX_BATCH_SIZE
    for name, lookup in lookups.items():
        table, items = tables[name], []
        consumption = Consumption(table)
        for wire, key in zip(requests[name]["Keys"], lookup.keys, strict=True):
            item = table.items.get(table.position(key))
            size = item.size if item else 0
            if size > room:
                unprocessed.setdefault(name, {**requests[name], "Keys": []})["Keys"].append(wire)
                continue
            room -= size
            consumption.units += read_units(size, consistent=lookup.consistent)
            if item:
                items.append(write_item(lookup.shown(item)))
        responses[name] = items
        consumed.append(consumption)
    answer: dict[str, JSON] = {"Responses": responses, "UnprocessedKeys": unprocessed}
    mode = wanted(call.params)
    if mode:
        answer["ConsumedCapacity"] = shown_each(consumed, mode)
    return answer


def _check_one_language(requests: Mapping[str, Mapping[str, JSON]]) -> None:
    """Raise Fault where one table is asked in expressions and another in the parameters before them."""
    given = {name: value for request in requests.values() for name, value in request.items() if value is not None}
    legacy_parameters.check_one_language(given, ("AttributesToGet",), ("ProjectionExpression",))


@dataclass(frozen=True, slots=True)
class _Lookup:
    """Keys to look up in one table, and what of their items to show."""

    keys: list[Attributes]
    projection: Projection | None
    consistent: bool

    def shown(self, item: Item) -> Attributes:
        return projected(item.attributes, self.projection)


def _read_lookup(params: Mapping[str, JSON], keys: Iterable[Mapping[str, JSON]]) -> _Lookup:
    legacy_parameters.check_one_language(params, ("AttributesToGet",), ("ProjectionExpression",))
    check_used_with_expression(params, ())
    read = [read_key(key) for key in keys]
    projection = legacy_parameters.attributes_to_get(params) or compile_expressions(params).projection
    return _Lookup(read, projection, bool(params.get("ConsistentRead")))


def _check_lookup(table: Table, lookup: _Lookup) -> None:
    for key in lookup.keys:
        check_key(table.key, key)
    if lookup.projection is not None:
        check_scalar_keys(table, lookup.projection.paths)


def check_distinct(table: Table, keys: Iterable[Attributes]) -> None:
    """Raise Fault where a batch names one item twice."""
    positions = [table.position(key) for key in keys]
    if len(set(positions)) < len(positions):
        raise invalid("Provided list of item keys contains duplicates")


def check_scalar_keys(table: Table, paths: Iterable[Path]) -> None:
    """Raise Fault where a path goes into a key attribute of the table or of one of its indexes: keys are scalars."""
    nested = [path.steps[0] for path in paths if len(path.steps) > 1]
    if not nested:
        return
    index_keys = {name for index in table.indexes.values() for name in index.key.names}
    for name in nested:
        if name in table.key.names or name in index_keys:
            label = "Key" if name in table.key.names else "IndexKey"
            raise invalid(
                "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: "
                f"{label}: {name}"
            )


def projected(attributes: Attributes, projection: Projection | None) -> Attributes:
    """What a projection shows of an item; None shows all of it."""
    return attributes if projection is None else project(attributes, projection.tree)
