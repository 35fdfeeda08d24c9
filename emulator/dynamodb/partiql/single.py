"""ExecuteStatement, and what one statement does wherever it stands.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ExecuteStatement.html
"""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256

from asl_interpreter.jsontext import JSON, InvalidJSON, dumps, loads
from emulator.dynamodb.expressions.updates import Update
from emulator.dynamodb.items.capacity import Consumption, wanted
from emulator.dynamodb.items.queries import Page
from emulator.dynamodb.items.writes import Write
from emulator.dynamodb.model.schema import Position, read_key
from emulator.dynamodb.model.store import DynamoDBWorld
from emulator.dynamodb.model.values import write_item
from emulator.dynamodb.partiql.checks import check_operands
from emulator.dynamodb.partiql.parser import parse
from emulator.dynamodb.partiql.reads import Plan, plan
from emulator.dynamodb.partiql.statements import Insert, Select, Statement
from emulator.dynamodb.partiql.writes import returned, write_of
from emulator.dynamodb.rejections import invalid
from emulator.faults import Fault
from emulator.wire.protocol import Call

READS_MIXED = "The statements of a request must all read, or all write"


def execute_statement(world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
    """ExecuteStatement: one statement; a SELECT answers a page."""
    params = call.params
    statement, values = parse(params["Statement"], params.get("Parameters") or ())
    check_operands(statement, values)
    check_is_query(statement)
    table = world.dynamodb.region(call.account, call.region).table(statement.source.table)
    if isinstance(statement, Select):
        return _page(plan(table, statement, values, params), params)
    write, update = write_of(table, statement, values, returns_old=returns_old(params))
    shown, consumption = apply(statement, write, update)
    answer: dict[str, JSON] = {"Items": shown}
    mode = wanted(params)
    if mode:
        answer["ConsumedCapacity"] = consumption.shown(mode)
    return answer


def check_is_query(statement: Statement) -> None:
    """Raise Fault where the statement is an EXISTS, outside of a transaction."""
    if isinstance(statement, Select) and statement.exists:
        raise invalid("Unsupported operation: EXISTS is only allowed in transactions")


def returns_old(params: Mapping[str, JSON]) -> bool:
    """Whether the caller asks to see the item for which a condition is false."""
    return params.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"


def apply(statement: Statement, write: Write, update: Update | None) -> tuple[list[JSON], Consumption]:
    """Make one write; what RETURNING shows of it, and what it costs. Raises Fault."""
    old, new = write.apply()
    returning = None if isinstance(statement, Insert | Select) else statement.returning
    consumption = Consumption(write.table)
    consumption.add_write(old, new)
    return [write_item(item) for item in returned(returning, update, write.table, old, new)], consumption


def charged(found: Plan, page: Page) -> Consumption:
    """What a page costs; an index alone is charged, and the table for what a local index does not keep."""
    index = found.source.index
    if index is None:
        return Consumption(found.source.table, page.units)
    return Consumption(found.source.table, page.fetched, {index.name: page.units})


def _page(found: Plan, params: Mapping[str, JSON]) -> dict[str, JSON]:
    request = sha256(dumps([params["Statement"], params.get("Parameters")]).encode()).hexdigest()
    token = params.get("NextToken")
    page = found.page(None if token is None else _read_token(token, request, found))
    answer: dict[str, JSON] = {"Items": [write_item(found.shown(item)) for item in page.items]}
    if page.last is not None and not found.has_key:
        last = write_item(found.source.keys_of(page.last))
        answer["LastEvaluatedKey"] = last
        answer["NextToken"] = urlsafe_b64encode(dumps([request, last]).encode()).decode()
    mode = wanted(params)
    if mode:
        answer["ConsumedCapacity"] = charged(found, page).shown(mode)
    return answer


def _read_token(token: str, request: str, found: Plan) -> Position:
    """Where the page before ended. Raises Fault where the token is not of this statement."""
    try:
        made_for, last = loads(urlsafe_b64decode(token.encode()))
        key = read_key(last)
        names = {*found.source.table.key.names, *found.source.key.names}
        position = found.source.position(key) if key.keys() == names else None
    except (binascii.Error, InvalidJSON, ValueError, TypeError, AttributeError, KeyError, Fault):
        raise invalid("Invalid NextToken") from None
    if made_for != request:
        raise invalid("NextToken does not match request")
    if position is None:
        raise invalid("Invalid NextToken")
    return position
