"""Transactions: TransactWriteItems and TransactGetItems.

The tables that take part are locked in the order of their names; every action is judged on the items as they are; only
if all agree is anything written. Cost is that of the items named, whatever the size of the tables.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html; order and wording of the
checks as observed on AWS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TypeAlias

from asl_interpreter.jsontext import JSON
from asl_interpreter.jsontext import size as json_size
from emulator.dynamodb.expressions import Projection, compile_expressions
from emulator.dynamodb.expressions.references import check_used_with_expression
from emulator.dynamodb.items.capacity import Consumption, read_units, shown_each, wanted, write_units
from emulator.dynamodb.items.reads import check_scalar_keys, projected
from emulator.dynamodb.items.writes import (
    Ready,
    Write,
    collection_metrics,
    read_check,
    read_delete,
    read_put,
    read_update,
)
from emulator.dynamodb.model import lifecycles
from emulator.dynamodb.model.schema import Position, check_key, read_key
from emulator.dynamodb.model.store import TOKEN_LIFE, DynamoDBWorld, Region
from emulator.dynamodb.model.tables import Item, Table
from emulator.dynamodb.model.values import Attributes, read_value, value_size, write_item
from emulator.dynamodb.rejections import invalid, is_empty_key, refused
from emulator.faults import Fault
from emulator.wire.protocol import Call

MAX_SIZE = 4 * 1024 * 1024
NO_REASON = {"Code": "None"}
Outcome: TypeAlias = tuple["Item | None", "Item | None"]
"""The item that a write finds, and the one it leaves."""
_EXPRESSIONS = {"Update": ("UpdateExpression", "ConditionExpression")}


def transact_write_items(world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
    """TransactWriteItems: up to 100 writes and checks of different items, all or none."""
    params = call.params
    region = world.dynamodb.region(call.account, call.region)
    members = [_only_action(member) for member in params["TransactItems"]]
    ready = [_read_action(action, body) for action, body in members]
    tables = [region.table(body["TableName"]) for _, body in members]
    check_transactional(tables)
    _check_size(members)

    def perform() -> tuple[dict[str, JSON], list[Consumption]]:
        writes = _prepare(ready, tables)
        outcomes = commit(region, writes)
        return _written(params, members, writes, outcomes), replay_cost(writes, outcomes)

    return once(region, params, params["TransactItems"], perform)


def once(
    region: Region,
    params: Mapping[str, JSON],
    request: JSON,
    perform: Callable[[], tuple[dict[str, JSON], list[Consumption]]],
) -> dict[str, JSON]:
    """Perform a transaction, but not again under a ClientRequestToken of the last ten minutes.

    ``request`` is what must be the same under one token; ``perform`` gives the answer and what a replay of it costs.

    Raises:
        Fault: the token was used for another transaction, or ``perform`` raises it.
    """
    token = params.get("ClientRequestToken")
    if token is None:
        return perform()[0]
    with region.lock:
        now = region.clock.now()
        made = _made(region, token, now)
        if made is None:
            answer, cost = perform()
            region.tokens[token] = _Replay(now, request, cost)
            return answer
    if made.items != request:
        raise refused(
            "IdempotentParameterMismatchException",
            "The request uses the same client token as a previous, but non-identical request.",
        )
    mode = wanted(params)
    return {"ConsumedCapacity": shown_each(made.consumed, mode, transaction="Read")} if mode else {}


def commit(region: Region, writes: Sequence[Write]) -> list[Outcome]:
    """Make all the writes, or none of them. Returns what each found and left.

    Raises:
        Fault: two are of one item; or one or more cannot be made: then a reason for each, in their order.
    """
    check_distinct([(write.table.arn, write.position) for write in writes])
    with locked(write.table for write in writes):
        outcomes = _outcomes(writes)
        for write, (old, new) in zip(writes, outcomes, strict=True):
            if new is not old:
                write.store(new)
            lifecycles.hold(write.table, write.position, region.clock.now(), region.durations)
    return outcomes


def transact_get_items(world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
    """TransactGetItems: up to 100 items as they are at one moment."""
    params = call.params
    region = world.dynamodb.region(call.account, call.region)
    gets = [_read_get(member["Get"]) for member in params["TransactItems"]]
    found = [(region.table(get.table), get) for get in gets]
    check_transactional(table for table, _ in found)
    for position, (table, get) in enumerate(found):
        try:
            check_key(table.key, get.key)
            check_scalar_keys(table, get.projection.paths if get.projection else ())
        except Fault as fault:
            raise cancelled(
                [validation_error(fault) if i == position else NO_REASON for i in range(len(found))]
            ) from None
    positions = [(table.name, table.position(get.key)) for table, get in found]
    check_distinct(positions)
    with locked([table for table, _ in found]):
        check_none_held((table, position) for (table, _), (_, position) in zip(found, positions, strict=True))
        items = [table.items.get(position) for (table, _), (_, position) in zip(found, positions, strict=True)]
    responses: list[JSON] = []
    consumed: dict[str, Consumption] = {}
    for (table, get), item in zip(found, items, strict=True):
        responses.append({} if item is None else {"Item": write_item(projected(item.attributes, get.projection))})
        units = 2 * read_units(item.size if item else 0, consistent=True)
        consumed.setdefault(table.name, Consumption(table)).units += units
    answer: dict[str, JSON] = {"Responses": responses}
    mode = wanted(params)
    if mode:
        answer["ConsumedCapacity"] = shown_each(consumed.values(), mode, transaction="Read")
    return answer


def check_transactional(tables: Iterable[Table]) -> None:
    """See that none of the tables is a global table with Multi-Region strong consistency. The text is AWS's page's.

    Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/V2globaltables_HowItWorks.html

    Raises:
        Fault: one is.
    """
    if any(table.replication.is_strong for table in tables):
        raise invalid("Transaction operations are not supported for MRSC global tables")


def check_none_held(found: Iterable[tuple[Table, Position]]) -> None:
    """Raise Fault where another transaction goes on with one of the items that one wants to read."""
    reasons: list[dict[str, JSON]] = []
    for table, position in found:
        try:
            lifecycles.check_not_held(table, position)
            reasons.append(NO_REASON)
        except Fault as fault:
            reasons.append(_reason(fault))
    if any(reason is not NO_REASON for reason in reasons):
        raise cancelled(reasons)


@contextmanager
def locked(tables: Iterable[Table]) -> Iterator[None]:
    """Hold the locks of all the tables, taken in the order of their ARNs so that no two transactions can block."""
    with ExitStack() as stack:
        for table in sorted({table.arn: table for table in tables}.values(), key=lambda table: table.arn):
            stack.enter_context(table.lock)
        yield


# --- reading ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Get:
    table: str
    key: Attributes
    projection: Projection | None


def _read_get(body: Mapping[str, JSON]) -> _Get:
    check_used_with_expression(body, ())
    return _Get(body["TableName"], read_key(body["Key"]), compile_expressions(body).projection)


def _only_action(member: Mapping[str, JSON]) -> tuple[str, Mapping[str, JSON]]:
    actions = [
        (name, member[name]) for name in ("ConditionCheck", "Put", "Delete", "Update") if member.get(name) is not None
    ]
    if not actions:
        raise invalid("Invalid Request: TransactWriteRequest should contain Delete or Put or Update request")
    if len(actions) > 1:
        raise invalid("TransactItems can only contain one of Check, Put, Update or Delete")
    return actions[0]


def _read_action(action: str, body: Mapping[str, JSON]) -> Ready:
    check_used_with_expression(body, _EXPRESSIONS.get(action, ("ConditionExpression",)))
    match action:
        case "Put":
            return read_put(body, in_transaction=True)
        case "Delete":
            return read_delete(body, in_transaction=True)
        case "Update":
            return read_update(body, in_transaction=True)[0]
        case _:
            return read_check(body)


def _check_size(members: Sequence[tuple[str, Mapping[str, JSON]]]) -> None:
    if json_size(members) <= MAX_SIZE:
        return  # the text is never shorter than what AWS counts
    size = 0
    for _, body in members:
        for name in ("Item", "Key", "ExpressionAttributeValues"):
            size += sum(value_size(read_value(member)) + len(key) for key, member in (body.get(name) or {}).items())
    if size > MAX_SIZE:
        raise invalid("Transaction request size cannot exceed 4 MB")


def check_distinct(positions: Sequence[tuple[str, Position]]) -> None:
    """Raise Fault where a transaction has two actions on one item."""
    if len(set(positions)) < len(positions):
        raise invalid("Transaction request cannot include multiple operations on one item")


def _prepare(ready: Sequence[Ready], tables: Sequence[Table]) -> list[Write]:
    """The actions as writes.

    Raises:
        Fault: one does not fit its table, which cancels the transaction and names the first such one alone; or a key
            is empty, which refuses the whole request.
    """
    writes: list[Write] = []
    for make, table in zip(ready, tables, strict=True):
        try:
            writes.append(make(table))
        except Fault as fault:
            if is_empty_key(fault):
                raise
            reasons = [NO_REASON] * len(tables)
            reasons[len(writes)] = validation_error(fault)
            raise cancelled(reasons) from None
    return writes


# --- judging ---------------------------------------------------------------------------------------------------------


def _outcomes(writes: Sequence[Write]) -> list[Outcome]:
    found: list[Outcome] = []
    reasons: list[dict[str, JSON]] = []
    for write in writes:
        try:
            found.append(write.outcome())
            reasons.append(NO_REASON)
        except Fault as fault:
            if is_empty_key(fault):
                raise
            reasons.append(_reason(fault))
    if len(found) < len(writes):
        raise cancelled(reasons)
    return found


def _reason(fault: Fault) -> dict[str, JSON]:
    if fault.code == "ConditionalCheckFailedException":
        return {"Code": "ConditionalCheckFailed", "Message": fault.message, **fault.members}
    if fault.code == "DuplicateItemException":
        return {"Code": "DuplicateItem", "Message": fault.message}
    if fault.code == "TransactionConflictException":
        return {"Code": "TransactionConflict", "Message": fault.message}
    return validation_error(fault)


def validation_error(fault: Fault) -> dict[str, JSON]:
    """The reason of an action that breaks a rule."""
    return {"Code": "ValidationError", "Message": fault.message}


def cancelled(reasons: Sequence[Mapping[str, JSON]]) -> Fault:
    """A transaction that was not made; a reason for each action, in the order of the request."""
    codes = ", ".join(reason["Code"] for reason in reasons)
    return refused(
        "TransactionCanceledException",
        f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]",
        CancellationReasons=[dict(reason) for reason in reasons],
    )


# --- answers and replays ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Replay:
    """A transaction that was made under a ClientRequestToken."""

    at: float
    items: JSON
    consumed: list[Consumption]


def _made(region: Region, token: str, now: float) -> _Replay | None:
    while region.tokens:
        oldest = next(iter(region.tokens))
        if region.tokens[oldest].at + TOKEN_LIFE > now:
            break
        del region.tokens[oldest]
    made: _Replay | None = region.tokens.get(token)
    return made


def replay_cost(writes: Sequence[Write], outcomes: Sequence[Outcome]) -> list[Consumption]:
    """What it costs to be told again that these writes were made: reading what they touched."""
    cost: dict[str, Consumption] = {}
    for write, pair in zip(writes, outcomes, strict=True):
        size = max(item.size if item else 0 for item in pair)
        cost.setdefault(write.table.name, Consumption(write.table)).units += 2 * read_units(size, consistent=True)
    return list(cost.values())


def _written(
    params: Mapping[str, JSON],
    members: Sequence[tuple[str, Mapping[str, JSON]]],
    writes: Sequence[Write],
    outcomes: Sequence[Outcome],
) -> dict[str, JSON]:
    consumed: dict[str, Consumption] = {}
    metrics: dict[str, list[JSON]] = {}
    for (action, _), write, (old, new) in zip(members, writes, outcomes, strict=True):
        consumption = consumed.setdefault(write.table.name, Consumption(write.table))
        if action == "ConditionCheck":
            consumption.units += 2 * write_units(old.size if old else 0)
            continue
        consumption.add_write(old, new, factor=2)
        measured = collection_metrics(params, write)
        if measured is not None:
            metrics.setdefault(write.table.name, []).append(measured)
    answer: dict[str, JSON] = {}
    mode = wanted(params)
    if mode:
        answer["ConsumedCapacity"] = shown_each(consumed.values(), mode, transaction="Write")
    if metrics:
        answer["ItemCollectionMetrics"] = metrics
    return answer
