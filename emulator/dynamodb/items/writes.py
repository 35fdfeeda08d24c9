"""Writing items: PutItem, UpdateItem, DeleteItem and BatchWriteItem.

A request becomes a ``Write`` once everything that can be judged without the item has been judged; applying it is get,
check, put under the table's lock. An update makes a new item beside the old one, so a refused write leaves no trace.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/; order and wording of the checks as observed on
AWS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from asl_interpreter.jsontext import JSON
from emulator.dynamodb.expressions import Condition, Expressions, compile_expressions
from emulator.dynamodb.expressions.conditions import Values
from emulator.dynamodb.expressions.paths import project
from emulator.dynamodb.expressions.references import check_used_with_expression
from emulator.dynamodb.expressions.updates import Update, statement_size
from emulator.dynamodb.generations import layer
from emulator.dynamodb.items import legacy_parameters
from emulator.dynamodb.items.capacity import Consumption, shown_each, wanted
from emulator.dynamodb.items.reads import check_distinct, check_scalar_keys
from emulator.dynamodb.model import lifecycles
from emulator.dynamodb.model.schema import Position, check_index_keys, check_item_key, check_key, read_key
from emulator.dynamodb.model.store import DynamoDBWorld
from emulator.dynamodb.model.tables import Item, Table
from emulator.dynamodb.model.values import (
    EMPTY_NAME,
    MAX_DEPTH,
    MAX_ITEM_SIZE,
    SEVERAL_TYPES,
    TOO_DEEP,
    Attributes,
    check_depth,
    empty_key,
    item_size,
    nesting,
    read_item,
    text_size,
    value_size,
    write_item,
)
from emulator.dynamodb.model.vector_indexes import check_vectors
from emulator.dynamodb.rejections import (
    KEY_MISMATCH,
    Rejection,
    as_check,
    condition_failed,
    invalid,
    invalid_values,
    rejected,
    violated,
)
from emulator.faults import Fault
from emulator.wire.protocol import Call

MAX_BATCH = 25
Change: TypeAlias = Callable[["Item | None"], "Item | None"]
_ITEM_TOO_LARGE = "Item size has exceeded the maximum allowed size"
_UPDATE_TOO_LARGE = "Item size to update has exceeded the maximum allowed size"


@dataclass(frozen=True, slots=True)
class Write:
    """A write that is ready: where, on which condition, and what it makes of the item there."""

    table: Table
    position: Position
    key: Attributes
    condition: Condition | None
    values: Values
    change: Change
    returns_old_on_failure: bool

    def outcome(self) -> tuple[Item | None, Item | None]:
        """The item that is there and the one that shall be. The table's lock is held.

        Raises:
            Fault: a transaction goes on with the item, the condition is false, or the update cannot be made of it.
        """
        table = self.table
        if table.ongoing:
            lifecycles.check_not_held(table, self.position)
        old = table.items.get(self.position)
        if self.condition is not None and not self.condition.test(old.attributes if old else {}, self.values):
            raise condition_failed(write_item(old.attributes) if old and self.returns_old_on_failure else None)
        return old, self.change(old)

    def store(self, new: Item | None) -> None:
        """Put the outcome in its place. The table's lock is held."""
        if new is None:
            self.table.delete(self.position)
        else:
            self.table.put(self.position, new)

    def apply(self) -> tuple[Item | None, Item | None]:
        """Write, at once and alone. Returns the old and the new item. Raises Fault as ``outcome``."""
        with self.table.lock:
            old, new = self.outcome()
            if new is not old:
                self.store(new)
        return old, new


# --- operations ------------------------------------------------------------------------------------------------------


def put_item(world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
    """PutItem: an item in place of whatever has its key."""
    return _replace(world, call, read_put)


def delete_item(world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
    """DeleteItem: no item has this key any more."""
    try:
        return _replace(world, call, read_delete)
    except Rejection as rejection:
        if _is_deep(call.params):  # observed: the older layer answers
            raise rejection.in_layer("older") from None
        raise


def _is_deep(params: Mapping[str, JSON]) -> bool:
    tests = [
        value
        for test in (params.get("Expected") or {}).values()
        for value in (test.get("Value"), *(test.get("AttributeValueList") or ()))
        if value is not None
    ]
    values = (*params["Key"].values(), *(params.get("ExpressionAttributeValues") or {}).values(), *tests)
    return any(nesting(value) > MAX_DEPTH for value in values)


def _replace(world: DynamoDBWorld, call: Call, read: Callable[[Mapping[str, JSON]], Ready]) -> dict[str, JSON]:
    """Write a whole item, or none, in place of whatever is there."""
    params = call.params
    legacy_parameters.check_one_language(params, ("Expected", "ConditionalOperator"), ("ConditionExpression",))
    check_used_with_expression(params, ("ConditionExpression",))
    ready = read(params)
    write = ready(world.dynamodb.region(call.account, call.region).table(params["TableName"]))
    old, new = write.apply()
    return _answer(params, write, old, new, old if params.get("ReturnValues") == "ALL_OLD" else None)


def update_item(world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
    """UpdateItem: some attributes of an item, which comes into being where there is none."""
    params = call.params
    legacy_parameters.check_one_language(
        params, ("AttributeUpdates", "Expected", "ConditionalOperator"), ("UpdateExpression", "ConditionExpression")
    )
    check_used_with_expression(params, ("UpdateExpression", "ConditionExpression"))
    wording = world.dynamodb.settings.wording
    measured = layer("update size", "UpdateItem", wording) != "older"
    ready, update = read_update(params, measured=measured)
    if layer("value depth", "UpdateItem", wording) != "older":
        _check_depths(params)
    write = ready(world.dynamodb.region(call.account, call.region).table(params["TableName"]))
    old, new = write.apply()
    answer = _answer(params, write, old, new, None)
    shown = _updated(params.get("ReturnValues"), write.table, update, old, new)
    if shown is not None:
        answer["Attributes"] = write_item(shown)
    return answer


def _check_depths(params: Mapping[str, JSON]) -> None:
    """Raise Fault where an expression's value is nested deeper than an attribute may be: the newer layer looks."""
    for member in (params.get("ExpressionAttributeValues") or {}).values():
        if nesting(member) >= MAX_DEPTH:
            raise violated(TOO_DEEP)


def batch_write_item(world: DynamoDBWorld, call: Call) -> dict[str, JSON]:
    """BatchWriteItem: up to 25 puts and deletes; all are judged before the first is made."""
    params = call.params
    requests: Mapping[str, list[Mapping[str, JSON]]] = params["RequestItems"]
    if sum(map(len, requests.values())) > MAX_BATCH:
        raise invalid("Too many items requested for the BatchWriteItem call")
    read = {name: [_read_batch_member(member) for member in members] for name, members in requests.items()}
    region = world.dynamodb.region(call.account, call.region)
    tables = {name: region.table(name) for name in read}
    writes: list[Write] = []
    for name, members in read.items():
        table = tables[name]
        check_distinct(table, [attributes for attributes, _, _ in members if table.key.has_all(attributes)])
        keys = [_batch_key(table, attributes, deletes=deletes) for attributes, _, deletes in members]
        for key, (attributes, size, deletes) in zip(keys, members, strict=True):
            writes.append(_delete(table, key) if deletes else put(table, attributes, size))
    consumed = {name: Consumption(table) for name, table in tables.items()}
    metrics: dict[str, list[JSON]] = {}
    unprocessed: dict[str, list[JSON]] = {}
    for write, (name, member) in zip(writes, _members(requests), strict=True):
        try:
            old, new = write.apply()
        except Fault as fault:
            if fault.code != "TransactionConflictException":
                raise
            unprocessed.setdefault(name, []).append(member)
            continue
        consumed[name].add_write(old, new)
        measured = collection_metrics(params, write)
        if measured is not None:
            metrics.setdefault(name, []).append(measured)
    answer: dict[str, JSON] = {"UnprocessedItems": unprocessed}
    if metrics:
        answer["ItemCollectionMetrics"] = metrics
    mode = wanted(params)
    if mode:
        answer["ConsumedCapacity"] = shown_each(consumed.values(), mode)
    return answer


def _members(requests: Mapping[str, list[Mapping[str, JSON]]]) -> Iterator[tuple[str, Mapping[str, JSON]]]:
    return ((name, member) for name, members in requests.items() for member in members)


# --- reading requests ------------------------------------------------------------------------------------------------

Ready: TypeAlias = Callable[[Table], Write]
"""Judges a request against a table's schema and makes it a Write. Raises Fault."""


def read_put(params: Mapping[str, JSON], *, in_transaction: bool = False) -> Ready:
    """A put with its condition, judged as far as the request alone goes."""
    try:
        attributes, size = _read_sized_item(params["Item"])
    except Fault:
        if in_transaction:
            _check_transacted_item(params)
        raise
    condition, values, _ = _read_condition(params, returns=("NONE", "ALL_OLD"), in_transaction=in_transaction)
    return lambda table: put(table, attributes, size, condition, values, returns_old=_returns_old(params))


def _check_transacted_item(params: Mapping[str, JSON]) -> None:
    """Raise what a transaction says first of an item that is refused: its order is not that of PutItem, as observed."""
    item: Mapping[str, JSON] = params["Item"]
    deep = any(nesting(member) >= MAX_DEPTH for member in item.values())
    if "" in item or deep:
        _read_condition(params, in_transaction=True)
        raise invalid(EMPTY_NAME if "" in item else TOO_DEEP)


def read_delete(params: Mapping[str, JSON], *, in_transaction: bool = False) -> Ready:
    """A delete with its condition, judged as far as the request alone goes."""
    key = read_key(params["Key"])
    condition, values, _ = _read_condition(params, returns=("NONE", "ALL_OLD"), in_transaction=in_transaction)

    def ready(table: Table) -> Write:
        check_key(table.key, key)
        return _delete(table, key, condition, values, returns_old=_returns_old(params))

    return ready


def read_check(params: Mapping[str, JSON]) -> Ready:
    """A condition on an item that stays as it is, judged as far as the request alone goes; part of a transaction."""
    key = read_key(params["Key"])
    condition, values, _ = _read_condition(params, in_transaction=True)

    def ready(table: Table) -> Write:
        check_key(table.key, key)
        check_condition_paths(table, condition)
        return Write(table, table.position(key), key, condition, values, lambda old: old, _returns_old(params))

    return ready


def read_update(
    params: Mapping[str, JSON], *, in_transaction: bool = False, measured: bool = False
) -> tuple[Ready, Update | None]:
    """An update with its condition, judged as far as the request alone goes, and what it does.

    ``measured``: the statement may not be larger than an item, whatever it makes of the item.
    """
    key = read_key(params["Key"])
    old_style = legacy_parameters.attribute_updates(params)
    condition, values, expressions = _read_condition(params, in_transaction=in_transaction)
    update = old_style or expressions.update

    def ready(table: Table) -> Write:
        check_key(table.key, key)
        if update is not None:
            check_update_paths(table, update)
        check_condition_paths(table, condition)
        as_in_put = in_transaction or old_style is not None
        if in_transaction and update is not None:
            _check_updated_index_keys(table, update, update.given(expressions.values), as_in_put=True)
        too_large = measured and update is not None and statement_size(update, expressions.values) > MAX_ITEM_SIZE
        change = updating(table, key, update, expressions.values, as_in_put=as_in_put, too_large=too_large)
        return Write(table, table.position(key), key, condition, values, change, _returns_old(params))

    return ready, update


def _read_condition(
    params: Mapping[str, JSON], *, returns: tuple[str, ...] = (), in_transaction: bool = False
) -> tuple[Condition | None, Values, Expressions]:
    """The condition in either language, its values, and all expressions; ``returns`` are the ReturnValues allowed."""
    try:
        old_style = legacy_parameters.expected(params)
    except Fault as fault:
        raise as_check(fault) from None
    if returns and (params.get("ReturnValues") or "NONE") not in returns:
        raise rejected("check", message="ReturnValues can only be ALL_OLD or NONE")
    expressions = compile_expressions(params)
    if in_transaction:
        _check_transacted_depths(params)
    if old_style is not None:
        return (*old_style, expressions)
    return expressions.condition, expressions.values, expressions


def _check_transacted_depths(params: Mapping[str, JSON]) -> None:
    """Raise Fault where a transaction's action has a key or a value of more levels than an item may have."""
    for member in (params.get("Key") or {}).values():
        if nesting(member) >= MAX_DEPTH:
            raise invalid(TOO_DEEP)
    for key, member in (params.get("ExpressionAttributeValues") or {}).items():
        if nesting(member) >= MAX_DEPTH:
            raise rejected("deep value", message=TOO_DEEP, key=key)


def _read_sized_item(wire: Mapping[str, JSON]) -> tuple[Attributes, int]:
    attributes, size = read_item(wire)
    if size > MAX_ITEM_SIZE:
        raise invalid(_ITEM_TOO_LARGE)
    return attributes, size


def _read_batch_member(member: Mapping[str, JSON]) -> tuple[Attributes, int, bool]:
    put, delete = member.get("PutRequest"), member.get("DeleteRequest")
    if (put is None) == (delete is None):
        raise invalid(SEVERAL_TYPES)  # sic
    if put is not None:
        return (*_read_sized_item(put["Item"]), False)
    return read_key(delete["Key"] if delete else {}), 0, True


def _batch_key(table: Table, attributes: Attributes, *, deletes: bool) -> Attributes:
    """The key of a batch member, whose every fault AWS words alike."""
    if deletes:
        check_key(table.key, attributes)
        return attributes
    for name in table.key.names:
        value = attributes.get(name)
        if value is None or value[0] != table.key.types[name]:
            raise invalid(KEY_MISMATCH)
    check_item_key(table.key, attributes)
    return attributes


def _returns_old(params: Mapping[str, JSON]) -> bool:
    return params.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"


# --- writes ----------------------------------------------------------------------------------------------------------


def put(
    table: Table,
    attributes: Attributes,
    size: int,
    condition: Condition | None = None,
    values: Values | None = None,
    *,
    returns_old: bool = False,
) -> Write:
    """The write of a whole item, where its keys fit the table and its indexes. Raises Fault."""
    if size > MAX_ITEM_SIZE:
        raise invalid(_ITEM_TOO_LARGE)
    check_item_key(table.key, attributes)
    check_index_keys(table.indexes.values(), attributes)
    check_vectors(table.vector_indexes.values(), attributes)
    check_condition_paths(table, condition)
    item = Item(attributes, size)
    return Write(table, table.position(attributes), attributes, condition, values or {}, lambda _: item, returns_old)


def _delete(
    table: Table,
    key: Attributes,
    condition: Condition | None = None,
    values: Values | None = None,
    *,
    returns_old: bool = False,
) -> Write:
    check_condition_paths(table, condition)
    return Write(table, table.position(key), key, condition, values or {}, lambda _: None, returns_old)


def check_condition_paths(table: Table, condition: Condition | None) -> None:
    """Raise Fault where a condition looks into a key attribute."""
    if condition is not None:
        check_scalar_keys(table, condition.paths)


def check_update_paths(table: Table, update: Update) -> None:
    """Raise Fault where an update changes a key attribute, or looks into one."""
    check_scalar_keys(table, (action.path for action in update.actions))
    for name in table.key.names:
        if name in update.touched:
            raise invalid_values(f"Cannot update attribute {name}. This attribute is part of the key")


def updating(
    table: Table,
    key: Attributes,
    update: Update | None,
    values: Values,
    *,
    as_in_put: bool = False,
    too_large: bool = False,
) -> Change:
    """The change that an update makes, with the rules for what may be stored.

    ``as_in_put``: an index's key of a wrong type is refused in PutItem's words. ``too_large``: the update itself is.
    """
    if update is None:
        return lambda old: old or Item(key, item_size(key))

    def change(old: Item | None) -> Item | None:
        before = old.attributes if old else {}
        after = update.apply(old.attributes if old else None, values)
        if old is None and not after:
            return None
        size = old.size if old else item_size(key)
        for step in update.touched:
            name = str(step)
            size += _stored_size(name, after) - _stored_size(name, before)
            if name in after:
                check_depth(after[name])
        if size > MAX_ITEM_SIZE or too_large:
            raise invalid(_UPDATE_TOO_LARGE)
        attributes = after if old else {**key, **after}
        changed = {name: attributes[name] for name in map(str, update.touched) if name in attributes}
        _check_updated_index_keys(table, update, changed, as_in_put=as_in_put)
        check_vectors(table.vector_indexes.values(), changed)
        return Item(attributes, size)

    return change


def _stored_size(name: str, attributes: Attributes) -> int:
    value = attributes.get(name)
    return 0 if value is None else text_size(name) + value_size(value)


def _check_updated_index_keys(table: Table, update: Update, changed: Attributes, *, as_in_put: bool) -> None:
    """Raise Fault where an update gives an index's key a value that it cannot have."""
    for index in table.indexes.values():
        for name in index.key.names:
            value = changed.get(name)
            if value is None:
                continue
            if value[0] != index.key.types[name] and not as_in_put:
                raise invalid("The update expression attempted to update a secondary index key to unsupported type")
            if not value[1] and update.actions:
                raise rejected(
                    "empty key",
                    words="The update expression attempted to update a secondary index key to a value that is not "
                    f"supported. {empty_key(value)}",
                )
    check_index_keys(table.indexes.values(), changed)


# --- answers ---------------------------------------------------------------------------------------------------------


def _answer(
    params: Mapping[str, JSON], write: Write, old: Item | None, new: Item | None, returned: Item | None
) -> dict[str, JSON]:
    answer: dict[str, JSON] = {}
    if returned is not None:
        answer["Attributes"] = write_item(returned.attributes)
    mode = wanted(params)
    if mode:
        consumption = Consumption(write.table)
        consumption.add_write(old, new)
        answer["ConsumedCapacity"] = consumption.shown(mode)
    metrics = collection_metrics(params, write)
    if metrics is not None:
        answer["ItemCollectionMetrics"] = metrics
    return answer


def collection_metrics(params: Mapping[str, JSON], write: Write) -> dict[str, JSON] | None:
    """The size of the item's collection, which only tables with a local index keep, where the request asks for it."""
    if params.get("ReturnItemCollectionMetrics") != "SIZE" or not write.table.has_local_index:
        return None
    name = write.table.key.hash[0]
    return {"ItemCollectionKey": write_item({name: write.key[name]}), "SizeEstimateRangeGB": [0.0, 1.0]}


def _updated(
    returns: str | None, table: Table, update: Update | None, old: Item | None, new: Item | None
) -> Attributes | None:
    """What UpdateItem returns; None where it returns no attributes at all."""
    if returns in (None, "NONE"):
        return None
    item = old if returns in ("ALL_OLD", "UPDATED_OLD") else new
    if item is None:
        return None
    if returns in ("ALL_OLD", "ALL_NEW"):
        return item.attributes
    touched = {step: below for step, below in update.touched.items() if step not in table.key.names} if update else {}
    return project(item.attributes, touched) or None
