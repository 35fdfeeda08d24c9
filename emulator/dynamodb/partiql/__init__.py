"""PartiQL: ExecuteStatement, BatchExecuteStatement and ExecuteTransaction.

A statement runs on the same tables, conditions and updates as every other operation; only its language differs.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.html; wording as observed on AWS.
"""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256

from asl_interpreter.jsontext import JSON, InvalidJSON, dumps, loads
from emulator.dynamodb.expressions.updates import Update
from emulator.dynamodb.items.capacity import Consumption, read_units, shown_each, wanted
from emulator.dynamodb.items.transactions import (
    NO_REASON,
    cancelled,
    check_distinct,
    check_none_held,
    commit,
    locked,
    once,
    replay_cost,
    validation_error,
)
from emulator.dynamodb.items.writes import Write
from emulator.dynamodb.model.schema import Position, read_key
from emulator.dynamodb.model.store import Region, World
from emulator.dynamodb.model.tables import Item
from emulator.dynamodb.model.values import Value, write_item
from emulator.dynamodb.partiql.execution import (
    NO_CONDITION,
    Plan,
    alteration,
    check,
    deletion,
    insertion,
    plan,
    returned,
)
from emulator.dynamodb.partiql.parser import parse
from emulator.dynamodb.partiql.statements import Change, Delete, Insert, Select, Statement
from emulator.dynamodb.rejections import invalid
from emulator.faults import Fault
from emulator.wire.protocol import Call

_READS_MIXED = "The statements of a request must all read, or all write"


def execute_statement(world: World, call: Call) -> dict[str, JSON]:
    """ExecuteStatement: one statement; a SELECT answers a page."""
    params = call.params
    region = world.dynamodb.region(call.account, call.region)
    statement, values = parse(params["Statement"], params.get("Parameters") or ())
    if isinstance(statement, Select):
        _check_is_query(statement)
        return _select(region, statement, values, params)
    old, new, write, shown = _apply(region, statement, values, params)
    answer: dict[str, JSON] = {"Items": shown}
    mode = wanted(params)
    if mode:
        consumption = Consumption(write.table)
        consumption.add_write(old, new)
        answer["ConsumedCapacity"] = consumption.shown(mode)
    return answer


def _check_is_query(statement: Select) -> None:
    if statement.exists:
        raise invalid("Unsupported operation: EXISTS is only allowed in transactions")


def _apply(
    region: Region, statement: Insert | Change | Delete, values: Mapping[str, Value], params: Mapping[str, JSON]
) -> tuple[Item | None, Item | None, Write, list[JSON]]:
    """Make one write; the old and new item, the write, and what RETURNING shows."""
    write, update = _write(region, statement, values, params)
    old, new = write.apply()
    returning = None if isinstance(statement, Insert) else statement.returning
    return old, new, write, [write_item(item) for item in returned(returning, update, write.table, old, new)]


def _write(
    region: Region, statement: Insert | Change | Delete, values: Mapping[str, Value], params: Mapping[str, JSON]
) -> tuple[Write, Update | None]:
    """The write that a statement is, and what it updates."""
    returns_old = params.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
    table = region.table(_only_table(statement))
    match statement:
        case Insert():
            return insertion(table, statement), None
        case Change():
            return alteration(table, statement, values, returns_old=returns_old)
        case Delete():
            return deletion(table, statement, values), None


def _only_table(statement: Statement) -> str:
    if statement.source.index is not None:
        raise invalid("Unsupported operation: an index can only be read")
    return statement.source.table


def _select(
    region: Region, statement: Select, values: Mapping[str, Value], params: Mapping[str, JSON]
) -> dict[str, JSON]:
    found = plan(region, statement, values, params)
    request = sha256(dumps([params["Statement"], params.get("Parameters")]).encode()).hexdigest()
    token = params.get("NextToken")
    after = None if token is None else found.source.position(read_key(_read_token(token, request)))
    page = found.page(after)
    answer: dict[str, JSON] = {"Items": [write_item(found.shown(item)) for item in page.items]}
    if page.last is not None and found.item_key is None:
        last = write_item(found.source.keys_of(page.last))
        answer["LastEvaluatedKey"] = last
        answer["NextToken"] = urlsafe_b64encode(dumps([request, last]).encode()).decode()
    mode = wanted(params)
    if mode:
        units = read_units(page.size, consistent=found.reading.consistent)
        index = found.source.index
        charged = {index.name: units} if index else {}
        own = page.fetched if index else units
        answer["ConsumedCapacity"] = Consumption(found.source.table, own, charged).shown(mode)
    return answer


def _read_token(token: str, request: str) -> dict[str, JSON]:
    try:
        made_for, last = loads(urlsafe_b64decode(token.encode()))
    except (binascii.Error, InvalidJSON, ValueError, TypeError):
        raise invalid("Invalid NextToken") from None
    if made_for != request:
        raise invalid("NextToken does not match request")
    key: dict[str, JSON] = last
    return key


# --- batches ---------------------------------------------------------------------------------------------------------


def batch_execute_statement(world: World, call: Call) -> dict[str, JSON]:
    """BatchExecuteStatement: up to 25 statements of single items, each for itself."""
    region = world.dynamodb.region(call.account, call.region)
    members: Sequence[Mapping[str, JSON]] = call.params["Statements"]
    _check_batch(region, members)
    responses: list[JSON] = []
    consumed: dict[str, Consumption] = {}
    for member in members:
        table_name = None
        try:
            statement, values = parse(member["Statement"], member.get("Parameters") or ())
            table_name = statement.source.table
            items, consumption = _single(region, statement, values, member)
            total = consumed.setdefault(consumption.table.name, Consumption(consumption.table))
            total.add(consumption)
            response: dict[str, JSON] = {"Item": items[0]} if items else {}
        except Fault as fault:
            code = fault.code.removesuffix("Exception")
            error = {"Code": {"Validation": "ValidationError"}.get(code, code), "Message": fault.message}
            response = {"Error": error}
        if table_name is not None:
            response["TableName"] = table_name
        responses.append(response)
    answer: dict[str, JSON] = {"Responses": responses}
    mode = wanted(call.params)
    if mode:
        answer["ConsumedCapacity"] = shown_each(consumed.values(), mode)
    return answer


def _check_batch(region: Region, members: Sequence[Mapping[str, JSON]]) -> None:
    """Raise Fault where statements read and others write, or two are of one item; all else is a statement's own."""
    kinds: set[bool] = set()
    items: list[tuple[str, Position]] = []
    for member in members:
        try:
            statement, values = parse(member["Statement"], member.get("Parameters") or ())
            kinds.add(isinstance(statement, Select))
            if isinstance(statement, Select):
                found = _item_plan(region, statement, values, member)
                items.append((found.source.table.arn, found.bounds[0]))
            else:
                write = _write(region, statement, values, member)[0]
                items.append((write.table.arn, write.position))
        except Fault:  # it is reported when its turn comes
            continue
    if len(kinds) > 1:
        raise invalid(_READS_MIXED)
    if len(set(items)) < len(items):
        raise invalid("Provided list of item keys contains duplicates")


def _single(
    region: Region, statement: Statement, values: Mapping[str, Value], params: Mapping[str, JSON]
) -> tuple[list[JSON], Consumption]:
    if not isinstance(statement, Select):
        old, new, write, shown = _apply(region, statement, values, params)
        consumption = Consumption(write.table)
        consumption.add_write(old, new)
        return shown, consumption
    _check_is_query(statement)
    found = _item_plan(region, statement, values, params)
    page = found.page(None)
    units = read_units(page.size, consistent=found.reading.consistent)
    return [write_item(found.shown(item)) for item in page.items], Consumption(found.source.table, units)


def _item_plan(region: Region, statement: Select, values: Mapping[str, Value], params: Mapping[str, JSON]) -> Plan:
    found = plan(region, statement, values, params)
    if found.item_key is None:
        raise invalid(
            "Select statements within BatchExecuteStatement must specify the primary key in the where clause."
        )
    return found


# --- transactions ----------------------------------------------------------------------------------------------------


def execute_transaction(world: World, call: Call) -> dict[str, JSON]:
    """ExecuteTransaction: up to 100 statements, all reads or all writes, all or none."""
    params = call.params
    region = world.dynamodb.region(call.account, call.region)
    members: Sequence[Mapping[str, JSON]] = params["TransactStatements"]
    parsed = [_parse_member(position, member) for position, member in enumerate(members)]
    reads = [isinstance(statement, Select) and not statement.exists for statement, _ in parsed]
    if all(reads):
        return _read_together(region, parsed, members, params)
    if any(reads):
        raise invalid(_READS_MIXED)

    def perform() -> tuple[dict[str, JSON], list[Consumption]]:
        writes = _prepare(region, parsed, members)
        outcomes = commit(region, writes)
        consumed: dict[str, Consumption] = {}
        for write, (old, new) in zip(writes, outcomes, strict=True):
            consumed.setdefault(write.table.name, Consumption(write.table)).add_write(old, new, factor=2)
        answer: dict[str, JSON] = {"Responses": [{} for _ in writes]}
        mode = wanted(params)
        if mode:
            answer["ConsumedCapacity"] = shown_each(consumed.values(), mode, transaction="Write")
        return answer, replay_cost(writes, outcomes)

    return once(region, params, members, perform)


def _parse_member(position: int, member: Mapping[str, JSON]) -> tuple[Statement, dict[str, Value]]:
    try:
        statement, values = parse(member["Statement"], member.get("Parameters") or ())
        if isinstance(statement, Change | Delete) and statement.returning is not None:
            raise invalid("RETURNING clause is not supported in ExecuteTransaction.")
        if isinstance(statement, Select) and statement.source.index is not None:
            raise invalid("Reads on indices are not supported within transactions.")
    except Fault as fault:
        raise _invalid_member(position, fault) from None
    return statement, values


def _invalid_member(position: int, fault: Fault) -> Fault:
    return invalid(f"Validation failed in TransactStatements[{position}]: {fault.message}")


def _prepare(
    region: Region,
    parsed: Sequence[tuple[Statement, dict[str, Value]]],
    members: Sequence[Mapping[str, JSON]],
) -> list[Write]:
    tables = [region.table(_only_table(statement)) for statement, _ in parsed]
    writes: list[Write] = []
    for (statement, values), table, member in zip(parsed, tables, members, strict=True):
        returns_old = member.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
        try:
            match statement:
                case Insert():
                    writes.append(insertion(table, statement))
                case Change():
                    writes.append(alteration(table, statement, values, returns_old=returns_old)[0])
                case Delete():
                    writes.append(deletion(table, statement, values))
                case Select():
                    writes.append(check(table, statement, values))
        except Fault as fault:
            if fault.message == NO_CONDITION:
                raise _invalid_member(len(writes), fault) from None
            reasons = [NO_REASON] * len(parsed)
            reasons[len(writes)] = validation_error(fault)
            raise cancelled(reasons) from None
    return writes


def _read_together(
    region: Region,
    parsed: Sequence[tuple[Statement, dict[str, Value]]],
    members: Sequence[Mapping[str, JSON]],
    params: Mapping[str, JSON],
) -> dict[str, JSON]:
    plans = [
        _item_plan(region, statement, values, member)
        for (statement, values), member in zip(parsed, members, strict=True)
        if isinstance(statement, Select)
    ]
    check_distinct([(found.source.table.arn, found.bounds[0]) for found in plans])
    with locked([found.source.table for found in plans]):
        check_none_held((found.source.table, found.bounds[0]) for found in plans)
        pages = [found.page(None) for found in plans]
    consumed: dict[str, Consumption] = {}
    responses: list[JSON] = []
    for found, page in zip(plans, pages, strict=True):
        responses.append({"Item": write_item(found.shown(page.items[0]))} if page.items else {})
        table = found.source.table
        consumed.setdefault(table.name, Consumption(table)).units += 2 * read_units(page.size, consistent=True)
    answer: dict[str, JSON] = {"Responses": responses}
    mode = wanted(params)
    if mode:
        answer["ConsumedCapacity"] = shown_each(consumed.values(), mode, transaction="Read")
    return answer
