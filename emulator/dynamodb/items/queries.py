"""Reading many items in order: Query and Scan, page by page.

A page ends after ``Limit`` items or 1 MB of items, counted before the filter; the key it ends at is where the next
starts.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.html and Scan.html; order and wording of
the checks as observed on AWS.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from asl_interpreter.jsontext import JSON
from emulator.dynamodb.expressions import Condition, Expressions, Projection, compile_expressions
from emulator.dynamodb.expressions.conditions import Values
from emulator.dynamodb.expressions.keys import key_range, key_tests
from emulator.dynamodb.expressions.references import check_used_with_expression
from emulator.dynamodb.expressions.syntax import Path
from emulator.dynamodb.items import legacy_parameters
from emulator.dynamodb.items.capacity import Consumption, read_units, wanted
from emulator.dynamodb.items.reads import check_scalar_keys, projected
from emulator.dynamodb.model import lifecycles
from emulator.dynamodb.model.key_ranges import KeyRange
from emulator.dynamodb.model.schema import TOKEN_BITS, Index, KeySchema, Position, read_key, token
from emulator.dynamodb.model.store import DynamoDBWorld
from emulator.dynamodb.model.tables import TOP, Entries, Item, Table, query_bounds
from emulator.dynamodb.model.values import Attributes, write_item, write_value
from emulator.dynamodb.rejections import KEY_MISMATCH, Rejection, invalid, invalid_values, rejected, violated
from emulator.faults import Fault
from emulator.wire.protocol import Call

PAGE_SIZE = 1_048_576
BAD_START = "The provided starting key is invalid"


def query(world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
    """Query: the items of one partition of a table or index, in order of the sort key."""
    params = call.params
    keyed_twice = params.get("KeyConditionExpression") is not None  # observed: else KeyConditions may stand beside any
    legacy_parameters.check_one_language(
        params,
        ("AttributesToGet", "QueryFilter", "ConditionalOperator", *(("KeyConditions",) if keyed_twice else ())),
        ("ProjectionExpression", "FilterExpression", "KeyConditionExpression"),
    )
    check_used_with_expression(params, ("FilterExpression", "KeyConditionExpression"))
    reading = _read_request(params, "QueryFilter")
    if params.get("KeyConditions") is not None:
        tests = legacy_parameters.key_conditions(params)
    elif reading.expressions.key_condition is not None:
        tests = key_tests(reading.expressions.key_condition.node, reading.expressions.values)
    else:
        raise invalid("Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.")
    table = world.dynamodb.region(call.account, call.region).table(params["TableName"])
    source = source_of(table, params, reading)
    wanted_range = key_range(tests, source.key.hash, source.key.range, source.key.types)
    _check_filter_keys(params, reading, source.key)
    bounds = query_bounds(wanted_range, token(*wanted_range.equals[: len(source.key.hash)]))
    after = None if reading.start is None else _query_start(source, reading.start, wanted_range, bounds)
    forward = params.get("ScanIndexForward") is not False
    return _answer(params, reading, source, read_page(source, reading, bounds, after, forward=forward))


def scan(world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
    """Scan: every item of a table or index, or of one segment of it."""
    params = call.params
    legacy_parameters.check_one_language(
        params,
        ("AttributesToGet", "ScanFilter", "ConditionalOperator"),
        ("ProjectionExpression", "FilterExpression"),
    )
    check_used_with_expression(params, ("FilterExpression",))
    bounds = _segment_bounds(params)
    reading = _read_request(params, "ScanFilter")
    table = world.dynamodb.region(call.account, call.region).table(params["TableName"])
    source = source_of(table, params, reading)
    after = None if reading.start is None else _scan_start(params, source, reading.start, bounds)
    page = read_page(source, reading, bounds, after, forward=True)
    whole = source.index is None and params.get("TotalSegments") is None and after is None and page.last is None
    if whole and table.billing.mode == "PAY_PER_REQUEST":
        page = replace(page, units=max(page.units, _LEAST_OF_SCAN * read_units(0, consistent=reading.consistent)))
    return _answer(params, reading, source, page)


_LEAST_OF_SCAN = 4
"""The partitions that a table on demand begins with: a Scan of all of it reads the least that can be read in each."""


# --- the request -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reading:
    """What a Query or Scan asks for, as far as the request alone says."""

    expressions: Expressions
    filter: Condition | None
    filter_values: Values
    projection: Projection | None
    start: Attributes | None
    select: str | None
    limit: int | None
    consistent: bool


def _read_request(params: Mapping[str, JSON], legacy_filter: str) -> Reading:
    translated = legacy_parameters.filter_condition(params, legacy_filter)
    start = _read_start(params.get("ExclusiveStartKey"))
    get = legacy_parameters.attributes_to_get(params)
    expressions = compile_expressions(params)
    projection = get or expressions.projection
    select = params.get("Select")
    _check_select(params, select, legacy_filter, projection)
    condition, values = translated or (expressions.filter, expressions.values)
    limit = params.get("Limit")
    return Reading(expressions, condition, values, projection, start, select, limit, bool(params.get("ConsistentRead")))


def _read_start(wire: Mapping[str, JSON] | None) -> Attributes | None:
    if wire is None:
        return None
    try:
        return read_key(wire)
    except Fault as fault:
        if isinstance(fault, Rejection) or "number set" in fault.message:
            raise
        raise invalid(f"{BAD_START}: {fault.message}") from None


def _check_select(
    params: Mapping[str, JSON], select: str | None, legacy_filter: str, projection: Projection | None
) -> None:
    if projection is not None and select not in (None, "SPECIFIC_ATTRIBUTES"):
        name = "AttributesToGet" if params.get("AttributesToGet") is not None else "ProjectionExpression"
        raise invalid(f"Cannot specify the {name} when choosing to get {select}")
    if select == "SPECIFIC_ATTRIBUTES" and projection is None:
        message = "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES"
        raise violated(message) if legacy_filter == "QueryFilter" else invalid(message)
    if select == "ALL_PROJECTED_ATTRIBUTES" and params.get("IndexName") is None:
        raise invalid("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName")


def _segment_bounds(params: Mapping[str, JSON]) -> tuple[Position, Position]:
    segment, total = params.get("Segment"), params.get("TotalSegments")
    if segment is None and total is None:
        return (), (TOP,)
    if total is None:
        raise invalid(
            "The TotalSegments parameter is required but was not present in the request when Segment parameter "
            "is present"
        )
    if segment is None:
        raise invalid(
            "The Segment parameter is required but was not present in the request when parameter TotalSegments "
            "is present"
        )
    if segment >= total:
        raise rejected("segment", segment=segment, total=total)
    space = 1 << TOKEN_BITS
    return (-(-space * segment // total),), (-(-space * (segment + 1) // total),)


# --- the source ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Source:
    """The table or index that is read."""

    table: Table
    index: Index | None
    entries: Entries
    fetches: bool
    """Whether each item of a local index costs another read, of the table, for what the index does not keep."""

    @property
    def key(self) -> KeySchema:
        """The keys that order what is read."""
        return self.table.key if self.index is None else self.index.key

    def position(self, attributes: Attributes) -> Position:
        """Where an item with these keys stands in what is read."""
        if self.index is None:
            return self.table.position(attributes)
        return (*self.index.key.position(attributes), *self.table.position(attributes))

    def keys_of(self, item: Item) -> Attributes:
        """The attributes that say where the item stands: LastEvaluatedKey."""
        names = dict.fromkeys((*self.table.key.names, *self.key.names))
        return {name: item.attributes[name] for name in names}


def _is_query(params: Mapping[str, JSON]) -> bool:
    return params.get("KeyConditionExpression") is not None or params.get("KeyConditions") is not None


def _index(table: Table, params: Mapping[str, JSON], name: str) -> Index:
    if name in table.vector_indexes:
        raise invalid(f"{'Query' if _is_query(params) else 'Scan'} operation not supported on this index type")
    index = table.indexes.get(name)
    if index is None:
        raise invalid(f"The table does not have the specified index: {name}")
    lifecycles.check_readable(table, name)
    return index


def source_of(table: Table, params: Mapping[str, JSON], reading: Reading) -> Source:
    """What the request reads, where its schema allows the request.

    Raises:
        Fault: no such index, or one that cannot give what is asked for.
    """
    name = params.get("IndexName")
    if reading.projection is not None:
        check_scalar_keys(table, reading.projection.paths)
    if reading.filter is not None:
        check_scalar_keys(table, reading.filter.paths)
    if name is None:
        return Source(table, None, table.items, fetches=False)
    index = _index(table, params, name)
    if index.is_global and reading.consistent:
        raise invalid("Consistent reads are not supported on global secondary indexes")
    fetches = False
    if index.projected is not None:
        if reading.select == "ALL_ATTRIBUTES" and index.is_global:
            raise invalid_values(
                f"Select type ALL_ATTRIBUTES is not supported for global secondary index {name} "
                "because its projection type is not ALL"
            )
        missing = _unprojected(index, reading.projection.paths if reading.projection else ())
        if missing and index.is_global:
            raise invalid_values(f"Global secondary index {name} does not project [{', '.join(missing)}]")
        filtered = _unprojected(index, reading.filter.paths if reading.filter else ())
        if filtered and _is_query(params):
            raise invalid_values(
                f"Secondary index {name} does not project one or more filter attributes: [{', '.join(filtered)}]"
            )
        fetches = bool(missing) or reading.select == "ALL_ATTRIBUTES"
    return Source(table, index, table.index_items[name], fetches)


def _unprojected(index: Index, paths: tuple[Path, ...]) -> list[str]:
    kept = index.projected or frozenset()
    return list(dict.fromkeys(str(path.steps[0]) for path in paths if path.steps[0] not in kept))


def _check_filter_keys(params: Mapping[str, JSON], reading: Reading, key: KeySchema) -> None:
    if reading.filter is None:
        return
    name = "QueryFilter" if params.get("QueryFilter") is not None else "Filter Expression"
    for path in reading.filter.paths:
        if path.steps[0] in key.names:
            raise invalid(f"{name} can only contain non-primary key attributes: Primary key attribute: {path.steps[0]}")


# --- where a page starts ---------------------------------------------------------------------------------------------


def _query_start(
    source: Source, start: Attributes, wanted_range: KeyRange, bounds: tuple[Position, Position]
) -> Position:
    position = _start_position(source, start, BAD_START if source.key.range else f"{BAD_START}: {KEY_MISMATCH}")
    if source.index is None and not source.key.range and start[source.key.hash[0]] != wanted_range.equals[0]:
        ((name, value),) = start.items()
        ((kind, text),) = write_value(value).items()
        raise invalid(
            "The provided exclusive start key is invalid: ExclusiveStartKey: "
            f"{{{name}=AttributeValue: {{{kind}:{text}}}}}"
        )
    for name, operand in zip(source.key.names, wanted_range.equals):  # noqa: B905 - not every range key is tested
        if start[name] != operand:
            if name in source.key.hash:
                raise invalid("The provided starting key is outside query boundaries based on provided conditions")
            raise invalid("The provided starting key does not match the range key predicate")
    low, high = bounds
    if not low <= position < high:
        raise invalid("The provided starting key does not match the range key predicate")
    return position


def _scan_start(
    params: Mapping[str, JSON], source: Source, start: Attributes, bounds: tuple[Position, Position]
) -> Position:
    position = _start_position(source, start, f"{BAD_START}: {KEY_MISMATCH}")
    low, high = bounds
    if not low <= position < high:
        raise invalid(
            f"{BAD_START}: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct Segment. "
            f"TotalSegments: {params['TotalSegments']} Segment: {params['Segment']}"
        )
    return position


def _start_position(source: Source, start: Attributes, wrong: str) -> Position:
    """Where the start key stands, if it has exactly the keys of what is read and of the table."""
    table_key = source.table.key
    names = {*table_key.names, *source.key.names}
    if start.keys() != names:
        raise invalid(BAD_START if source.index else wrong)
    for name in source.key.names:
        if start[name][0] != source.key.types[name]:
            raise invalid(KEY_MISMATCH if source.index else wrong)
    for name in table_key.names:
        if start[name][0] != table_key.types[name]:
            raise invalid(f"{BAD_START}: {KEY_MISMATCH}")
    return source.position(start)


# --- the page --------------------------------------------------------------------------------------------------------


Stretch: TypeAlias = tuple[Position, Position]
"""What is read at once: from the first position up to but not including the second."""
Walk: TypeAlias = Iterator[tuple[int, "Item | None"]]
"""Items with the number of the stretch that each is of; no item where a stretch begins."""


@dataclass(frozen=True, slots=True)
class Page:
    """What one page holds: the items that pass the filter, how many were read, and what that costs."""

    items: list[Attributes]
    scanned: int
    size: int
    units: float
    fetched: float
    last: Item | None
    """Where the page stopped before the end."""


def read_page(source: Source, reading: Reading, bounds: Stretch, after: Position | None, *, forward: bool) -> Page:
    """Read one page of what lies between the bounds."""
    with source.table.lock:
        return page_of(source, reading, in_turn(source.entries, [bounds], after, forward=forward))


def in_turn(entries: Entries, stretches: Sequence[Stretch], after: Position | None, *, forward: bool) -> Walk:
    """The items of stretches that do not overlap, one stretch after the other, from ``after``, which lies in one."""
    first = 0
    if after is not None and len(stretches) > 1:
        first = next(number for number, (low, high) in enumerate(stretches) if low <= after < high)
    for number in range(first, len(stretches)):
        yield number, None
        start = after if number == first else None
        for item in entries.between(*stretches[number], after=start, forward=forward):
            yield number, item


def page_of(source: Source, reading: Reading, walk: Walk) -> Page:
    """The page that a walk begins with; each stretch is charged by itself. The table's lock is held."""
    items: list[Attributes] = []
    scanned = size = 0
    fetched = 0.0
    sizes: dict[int, int] = {}
    previous = last = None
    limit, condition, values = reading.limit, reading.filter, reading.filter_values
    measure = source.entries.measure
    view = source.index.project if source.index else None
    for number, item in walk:
        if item is None:
            sizes[number] = 0
            continue
        item_bytes = measure(item)
        if size + item_bytes > PAGE_SIZE and previous is not None:
            last = previous
            break
        size += item_bytes
        sizes[number] += item_bytes
        scanned += 1
        previous = item
        if source.fetches:
            fetched += read_units(item.size, consistent=reading.consistent)
        attributes = item.attributes if view is None else view(item.attributes)
        if condition is None or condition.test(attributes, values):
            items.append(item.attributes if source.fetches else attributes)
        if scanned == limit:
            last = item
            break
    units = sum(read_units(read, consistent=reading.consistent) for read in sizes.values())
    return Page(items, scanned, size, units, fetched, last)


def _answer(params: Mapping[str, JSON], reading: Reading, source: Source, page: Page) -> dict[str, JSON]:
    answer: dict[str, JSON] = {"Count": len(page.items), "ScannedCount": page.scanned}
    if reading.select != "COUNT":
        answer["Items"] = [write_item(projected(item, reading.projection)) for item in page.items]
    if page.last is not None:
        answer["LastEvaluatedKey"] = write_item(source.keys_of(page.last))
    mode = wanted(params)
    if mode:
        if source.index is None:
            consumption = Consumption(source.table, page.units)
        else:
            consumption = Consumption(source.table, page.fetched, {source.index.name: page.units})
        answer["ConsumedCapacity"] = consumption.shown(mode)
    return answer
