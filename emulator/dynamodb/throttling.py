"""Throttling: provisioned tables that refuse what exceeds their capacity, where the settings ask for it.

Each table and global index has a bucket for reads and one for writes: it fills by the provisioned units each second of
the world's clock, keeps the units of five minutes, and is charged with what a request consumed. A request that finds
a bucket empty is refused. On demand nothing is refused.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/burst-adaptive-capacity.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import TypeAlias

from asl_interpreter.jsontext import JSON
from emulator.dynamodb.items.transactions import NO_REASON, cancelled
from emulator.dynamodb.model.store import DynamoDBWorld, Region
from emulator.dynamodb.model.tables import Table
from emulator.dynamodb.partiql.parser import parse
from emulator.dynamodb.partiql.statements import Select
from emulator.dynamodb.rejections import refused
from emulator.faults import Fault
from emulator.wire.protocol import Call

BURST = 300.0
"""Seconds of unused capacity that are kept."""
Handler: TypeAlias = Callable[[DynamoDBWorld, Call], dict[str, JSON]]
_DETAIL = ("Table", "LocalSecondaryIndexes", "GlobalSecondaryIndexes", "VectorIndexes")
"""What ConsumedCapacity shows for INDEXES alone."""
_EXCEEDED = "ProvisionedThroughputExceeded"
_TABLE = (
    "The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning "
    "level with the UpdateTable API."
)
_INDEX = (
    "The level of configured provisioned throughput for one or more global secondary indexes of the table was "
    "exceeded. Consider increasing your provisioning level for the under-provisioned global secondary indexes with "
    "the UpdateTable API"
)


@dataclass(slots=True, eq=False)
class Bucket:
    """Units that are left, which may be fewer than none: a request is judged before it is known what it costs."""

    units: float
    filled: float

    def fill(self, rate: float, now: float) -> None:
        """Let the units of the time since the last filling flow in."""
        self.units = min(rate * BURST, self.units + rate * (now - self.filled))
        self.filled = now


def reads(handler: Handler) -> Handler:
    """The handler of an operation that reads, throttled."""
    return _throttled(handler, "ReadCapacityUnits")


def writes(handler: Handler) -> Handler:
    """The handler of an operation that writes, throttled."""
    return _throttled(handler, "WriteCapacityUnits")


def _throttled(handler: Handler, kind: str) -> Handler:
    def judge(region: Region, world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
        params = call.params
        if "TransactItems" in params:
            _judge_transaction(region, params["TransactItems"], kind)
            return _charged(region, handler, world, call, kind)
        if "RequestItems" in params:
            return _batch(region, handler, world, call, kind)
        fault = _exhausted(region, params["TableName"], kind, params.get("IndexName"))
        if fault is not None:
            raise fault
        return _charged(region, handler, world, call, kind)

    return _where_asked_for(handler, judge)


def _where_asked_for(handler: Handler, judge: Callable[[Region, DynamoDBWorld, Call], dict[str, JSON]]) -> Handler:
    """The handler, or what judges before it where the settings want throttling."""

    @wraps(handler)
    def choose(world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
        if not world.dynamodb.settings.throttling:
            return handler(world, call)
        return judge(world.dynamodb.region(call.account, call.region), world, call)

    return choose


def statement(handler: Handler) -> Handler:
    """ExecuteStatement's handler, throttled: a SELECT reads, all else writes."""

    def judge(region: Region, world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
        kind, fault = _judge_statement(region, call.params)
        if fault is not None:
            raise fault
        return _charged(region, handler, world, call, kind)

    return _where_asked_for(handler, judge)


def statements(handler: Handler) -> Handler:
    """BatchExecuteStatement's or ExecuteTransaction's handler, throttled."""

    def judge(region: Region, world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
        name = "TransactStatements" if "TransactStatements" in call.params else "Statements"
        members = call.params[name]
        judged = [_judge_statement(region, member) for member in members]
        kind = judged[0][0]
        if name == "TransactStatements":
            _check_none([fault for _, fault in judged])
            return _charged(region, handler, world, call, kind)
        served = [member for member, (_, fault) in zip(members, judged, strict=True) if fault is None]
        answer: dict[str, JSON] = {"Responses": []}
        if served:
            answer = _charged(region, handler, world, call._replace(params={**call.params, name: served}), kind)
        answered = iter(answer["Responses"])
        responses = [
            next(answered) if fault is None else {"Error": {"Code": _EXCEEDED, "Message": fault.message}}
            for _, fault in judged
        ]
        return {**answer, "Responses": responses}

    return _where_asked_for(handler, judge)


def _judge_statement(region: Region, member: Mapping[str, JSON]) -> tuple[str, Fault | None]:
    """What a statement consumes, and why it is refused; one that cannot be read is for its handler to refuse."""
    try:
        parsed, _ = parse(member["Statement"], member.get("Parameters") or ())
    except Fault:
        return "ReadCapacityUnits", None
    kind = "ReadCapacityUnits" if isinstance(parsed, Select) else "WriteCapacityUnits"
    return kind, _exhausted(region, parsed.source.table, kind, parsed.source.index)


def _exhausted(region: Region, name: str, kind: str, index: str | None = None) -> Fault | None:
    """Why a request to the table is refused. A read of an index asks the index alone; a write asks all."""
    table = region.find(name)
    if table is None or table.billing.mode != "PROVISIONED":
        return None
    index_asked = index in table.indexes and table.indexes[index].is_global if index is not None else False
    subjects: Iterable[str | None] = [index] if index_asked else [None]
    if kind == "WriteCapacityUnits":
        subjects = [None, *(each.name for each in table.indexes.values() if each.is_global)]
    with table.lock:
        for subject in subjects:
            if _bucket(region, table, subject, kind).units <= 0:
                message = _TABLE if subject is None else _INDEX
                return refused("ProvisionedThroughputExceededException", message)
    return None


def _bucket(region: Region, table: Table, index: str | None, kind: str) -> Bucket:
    """The bucket of the table or of one of its indexes, filled up to now. The table's lock is held."""
    provisioned = table.billing.throughput if index is None else table.indexes[index].settings["ProvisionedThroughput"]
    now = region.clock.now()
    bucket = table.billing.buckets.get((index, kind))
    if bucket is None:
        bucket = table.billing.buckets[index, kind] = Bucket(provisioned[kind] * BURST, now)
    bucket.fill(provisioned[kind], now)
    return bucket


def _judge_transaction(region: Region, items: list[Mapping[str, Mapping[str, JSON]]], kind: str) -> None:
    _check_none([_exhausted(region, body["TableName"], kind) for item in items for body in item.values() if body])


def _check_none(faults: Sequence[Fault | None]) -> None:
    """Raise Fault where an action of a transaction is throttled, which cancels all of them."""
    if any(faults):
        reasons = [NO_REASON if fault is None else {"Code": _EXCEEDED, "Message": fault.message} for fault in faults]
        raise cancelled(reasons)


def _batch(region: Region, handler: Handler, world: DynamoDBWorld, call: Call, kind: str) -> dict[str, JSON]:
    """A batch without the tables that are exhausted, which come back unprocessed; all exhausted is an error."""
    requests = call.params["RequestItems"]
    faults = {name: fault for name in requests if (fault := _exhausted(region, name, kind)) is not None}
    served = {name: request for name, request in requests.items() if name not in faults}
    if not served:
        raise next(iter(faults.values()))
    answer = _charged(region, handler, world, call._replace(params={**call.params, "RequestItems": served}), kind)
    member = "UnprocessedKeys" if "UnprocessedKeys" in answer else "UnprocessedItems"
    return {**answer, member: {**answer[member], **{name: requests[name] for name in faults}}}


def _charged(region: Region, handler: Handler, world: DynamoDBWorld, call: Call, kind: str) -> dict[str, JSON]:
    """The handler's answer, with what it consumed taken out of the buckets."""
    mode = call.params.get("ReturnConsumedCapacity") or "NONE"
    answer = handler(world, call._replace(params={**call.params, "ReturnConsumedCapacity": "INDEXES"}))
    consumed = answer.pop("ConsumedCapacity", None)
    if consumed is None:
        return answer
    entries = consumed if isinstance(consumed, list) else [consumed]
    for entry in entries:
        _charge(region, entry, kind)
    if mode != "NONE":
        detail = _DETAIL if mode == "TOTAL" else ()
        shown = [{name: value for name, value in entry.items() if name not in detail} for entry in entries]
        answer["ConsumedCapacity"] = shown if isinstance(consumed, list) else shown[0]
    return answer


def _charge(region: Region, entry: Mapping[str, JSON], kind: str) -> None:
    table = region.find(entry["TableName"])
    if table is None or table.billing.mode != "PROVISIONED":
        return
    with table.lock:
        indexes = entry.get("GlobalSecondaryIndexes", {})
        for name, part in indexes.items():
            _bucket(region, table, name, kind).units -= part["CapacityUnits"]
        own = entry["CapacityUnits"] - sum(part["CapacityUnits"] for part in indexes.values())
        _bucket(region, table, None, kind).units -= own
