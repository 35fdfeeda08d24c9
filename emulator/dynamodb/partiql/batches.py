"""BatchExecuteStatement: up to 25 statements of single items, each for itself.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchExecuteStatement.html; what a refused
member answers as observed on AWS.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from asl_interpreter.jsontext import JSON
from emulator.dynamodb.items.capacity import Consumption, shown_each, wanted
from emulator.dynamodb.model.schema import Position
from emulator.dynamodb.model.store import DynamoDBWorld, Region
from emulator.dynamodb.model.values import write_item
from emulator.dynamodb.partiql.checks import check_operands
from emulator.dynamodb.partiql.parser import parse
from emulator.dynamodb.partiql.reads import Plan, plan
from emulator.dynamodb.partiql.single import READS_MIXED, apply, charged, check_is_query
from emulator.dynamodb.partiql.statements import Select
from emulator.dynamodb.partiql.writes import write_of
from emulator.dynamodb.rejections import invalid
from emulator.faults import Fault
from emulator.wire.protocol import Call


@dataclass(frozen=True, slots=True)
class _Member:
    """A statement of the batch that can run: whether it reads, which item it is about, and what runs it."""

    table: str
    item: tuple[str, Position]
    run: Callable[[], tuple[list[JSON], Consumption]]
    reads: bool


@dataclass(frozen=True, slots=True)
class _Refused:
    """A statement of the batch that cannot run. ``table`` is None where AWS names none."""

    table: str | None
    fault: Fault
    reads: bool | None


def batch_execute_statement(world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
    """BatchExecuteStatement: all statements read, or all write; a refused one does not stop the others."""
    region = world.dynamodb.region(call.account, call.region)
    members = [_prepared(region, member) for member in call.params["Statements"]]
    _check_together(members)
    responses: list[JSON] = []
    consumed: dict[str, Consumption] = {}
    for member in members:
        if isinstance(member, _Refused):
            responses.append(_refusal(member.fault, member.table))
            continue
        try:
            items, consumption = member.run()
        except Fault as fault:
            responses.append(_refusal(fault, member.table))
            continue
        consumed.setdefault(member.table, Consumption(consumption.table)).add(consumption)
        responses.append({**({"Item": items[0]} if items else {}), "TableName": member.table})
    answer: dict[str, JSON] = {"Responses": responses}
    mode = wanted(call.params)
    if mode:
        answer["ConsumedCapacity"] = shown_each(consumed.values(), mode)
    return answer


def _prepared(region: Region, member: Mapping[str, JSON]) -> _Member | _Refused:
    """What a member does, where it can be done."""
    reads = table_name = None
    try:
        statement, values = parse(member["Statement"], member.get("Parameters") or ())
        reads = isinstance(statement, Select)
        check_operands(statement, values)
        check_is_query(statement)
        table_name = statement.source.table
        table = region.table(table_name)
        table_name = None
        if isinstance(statement, Select):
            found = plan(table, statement, values, member)
            if not found.is_item:
                raise invalid(
                    "Select statements within BatchExecuteStatement must specify the primary key in the where clause."
                )
            return _Member(table.name, (table.arn, found.position), lambda: _read(found), reads=True)
        write, update = write_of(table, statement, values, returns_old=False)
        item = (table.arn, write.position)
        return _Member(table.name, item, lambda: apply(statement, write, update), reads=False)
    except Fault as fault:
        return _Refused(table_name, fault, reads)


def _read(found: Plan) -> tuple[list[JSON], Consumption]:
    page = found.page(None)
    return [write_item(found.shown(item)) for item in page.items], charged(found, page)


def _check_together(members: Sequence[_Member | _Refused]) -> None:
    """Raise Fault where statements read and others write, or two are of one item."""
    if len({member.reads for member in members} - {None}) > 1:
        raise invalid(READS_MIXED)
    items = [member.item for member in members if isinstance(member, _Member)]
    if len(set(items)) < len(items):
        raise invalid("Provided list of item keys contains duplicates")


def _refusal(fault: Fault, table: str | None) -> dict[str, JSON]:
    code = fault.code.removesuffix("Exception")
    error = {"Code": {"Validation": "ValidationError"}.get(code, code), "Message": fault.message}
    return {"Error": error} if table is None else {"Error": error, "TableName": table}
