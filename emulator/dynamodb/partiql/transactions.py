"""ExecuteTransaction: up to 100 statements, all reads or all writes, all or none.

What is wrong with a statement alone refuses the call; what is wrong between a statement and its table cancels the
transaction, with a reason for every statement that is at fault.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ExecuteTransaction.html; which fault refuses
and which cancels as observed on AWS.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from asl_interpreter.jsontext import JSON
from emulator.dynamodb.expressions.conditions import Values
from emulator.dynamodb.items.capacity import Consumption, read_units, shown_each, wanted
from emulator.dynamodb.items.transactions import (
    NO_REASON,
    cancelled,
    check_distinct,
    check_none_held,
    check_transactional,
    commit,
    locked,
    once,
    replay_cost,
    validation_error,
)
from emulator.dynamodb.items.writes import Write
from emulator.dynamodb.model.store import DynamoDBWorld, Region
from emulator.dynamodb.model.tables import Table
from emulator.dynamodb.model.values import write_item
from emulator.dynamodb.partiql.checks import check_operands
from emulator.dynamodb.partiql.parameters import read_parameters
from emulator.dynamodb.partiql.parser import parse_with
from emulator.dynamodb.partiql.plan import KeyFault
from emulator.dynamodb.partiql.reads import Plan, plan
from emulator.dynamodb.partiql.single import READS_MIXED, returns_old
from emulator.dynamodb.partiql.statements import Change, Delete, Select, Statement
from emulator.dynamodb.partiql.writes import check_exists, existence, write_of
from emulator.dynamodb.rejections import KEY_MISMATCH, invalid, table_not_found
from emulator.faults import Fault
from emulator.wire.protocol import Call

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _Member:
    """A statement of the transaction that is right by itself. ``table`` is None where there is none of its name."""

    statement: Statement
    values: Values
    table: Table | None
    params: Mapping[str, JSON]


def execute_transaction(world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
    """ExecuteTransaction: the items as they are at one moment, or writes that all are made or none."""
    params = call.params
    region = world.dynamodb.region(call.account, call.region)
    requests: Sequence[Mapping[str, JSON]] = params["TransactStatements"]
    given = [read_parameters(request.get("Parameters") or ()) for request in requests]
    members: list[_Member] = []
    for position, (request, parameters) in enumerate(zip(requests, given, strict=True)):
        try:
            statement, values = parse_with(request["Statement"], parameters)
            check_operands(statement, values)
            table = _table(region, statement)
            if table is not None:
                _check(table, statement, values)
        except Fault as fault:
            raise _invalid_member(position, fault) from None
        members.append(_Member(statement, values, table, request))
    check_transactional(member.table for member in members if member.table is not None)
    reads = [isinstance(member.statement, Select) and not member.statement.exists for member in members]
    if all(reads):
        return _read_together(members, params)
    if any(reads):
        raise invalid(READS_MIXED)
    return _write_together(region, members, params)


def _table(region: Region, statement: Statement) -> Table | None:
    try:
        return region.table(statement.source.table)
    except Fault:
        return None


def _check(table: Table, statement: Statement, values: Values) -> None:
    """Raise Fault for what no statement of a transaction may say."""
    if isinstance(statement, Change | Delete) and statement.returning is not None:
        raise invalid("RETURNING clause is not supported in ExecuteTransaction.")
    if isinstance(statement, Select):
        if statement.source.index is not None:
            raise invalid("Reads on indices are not supported within transactions.")
        if statement.exists:
            check_exists(table, statement, values)


def _invalid_member(position: int, fault: Fault) -> Fault:
    return invalid(f"Validation failed in TransactStatements[{position}]: {fault.message}")


def _each(members: Sequence[_Member], make: Callable[[int, _Member, Table], _T]) -> list[_T]:
    """What ``make`` makes of each member on its table. Raises Fault, with a reason for every member at fault."""
    made: list[_T] = []
    reasons: list[dict[str, JSON]] = []
    for position, member in enumerate(members):
        if member.table is None:
            reasons.append({"Code": "ResourceNotFound", "Message": table_not_found().message})
            continue
        try:
            made.append(make(position, member, member.table))
            reasons.append(NO_REASON)
        except KeyFault:
            reasons.append(validation_error(invalid(KEY_MISMATCH)))
        except _Reason as reason:
            reasons.append(validation_error(reason.fault))
    if any(reason is not NO_REASON for reason in reasons):
        raise cancelled(reasons)
    return made


class _Reason(Exception):
    """A statement does not fit its table."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault = fault


# --- writes ----------------------------------------------------------------------------------------------------------


def _write_together(region: Region, members: Sequence[_Member], params: Mapping[str, JSON]) -> dict[str, JSON]:
    def perform() -> tuple[dict[str, JSON], list[Consumption]]:
        writes = _each(members, _write)
        outcomes = commit(region, writes)
        consumed: dict[str, Consumption] = {}
        for write, (old, new) in zip(writes, outcomes, strict=True):
            consumed.setdefault(write.table.name, Consumption(write.table)).add_write(old, new, factor=2)
        mode = wanted(params)
        answer = {"ConsumedCapacity": shown_each(consumed.values(), mode, transaction="Write")} if mode else {}
        return answer, replay_cost(writes, outcomes)

    return {"Responses": [], **once(region, params, params["TransactStatements"], perform)}


def _write(_position: int, member: _Member, table: Table) -> Write:
    statement = member.statement
    try:
        if isinstance(statement, Select):
            return existence(table, statement, member.values)
        return write_of(table, statement, member.values, returns_old=returns_old(member.params))[0]
    except KeyFault:
        raise
    except Fault as fault:
        raise _Reason(fault) from None


# --- reads -----------------------------------------------------------------------------------------------------------


def _read(position: int, member: _Member, table: Table) -> Plan:
    statement = member.statement
    try:
        if isinstance(statement, Select):
            found = plan(table, statement, member.values, member.params)
            if found.is_item:
                return found
        raise invalid("Select statements within ExecuteTransaction must specify the primary key in the where clause.")
    except KeyFault:
        raise
    except Fault as fault:
        raise _invalid_member(position, fault) from None


def _read_together(members: Sequence[_Member], params: Mapping[str, JSON]) -> dict[str, JSON]:
    plans = _each(members, _read)
    check_distinct([(found.source.table.arn, found.position) for found in plans])
    with locked([found.source.table for found in plans]):
        check_none_held((found.source.table, found.position) for found in plans)
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
