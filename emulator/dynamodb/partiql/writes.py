"""INSERT, UPDATE, DELETE and EXISTS as the writes that the item operations make.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.html; wording as observed on AWS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from emulator.dynamodb.expressions import Condition
from emulator.dynamodb.expressions.conditions import Values
from emulator.dynamodb.expressions.paths import project
from emulator.dynamodb.expressions.syntax import And, Comparison, ConditionNode, Path, ValueRef
from emulator.dynamodb.expressions.updates import Update
from emulator.dynamodb.items.writes import Write, check_condition_paths, check_update_paths, put, updating
from emulator.dynamodb.model.schema import KeySchema, check_key
from emulator.dynamodb.model.tables import Item, Table
from emulator.dynamodb.model.values import TOO_DEEP, Attributes, Value, check_depth, item_size, write_item
from emulator.dynamodb.partiql.checks import compiled, compiled_update
from emulator.dynamodb.partiql.plan import KeyFault, Where
from emulator.dynamodb.partiql.statements import Change, Delete, Insert, Select
from emulator.dynamodb.rejections import condition_failed, invalid, refused
from emulator.faults import Fault

NO_CONDITION = "EXISTS() must contain a single item read with additional condition"
_STORED_TOO_DEEP = "Nesting Levels have exceeded supported limits"


def write_of(
    table: Table, statement: Insert | Change | Delete, values: Values, *, returns_old: bool
) -> tuple[Write, Update | None]:
    """The write that a statement is, and what it updates. Raises Fault."""
    match statement:
        case Insert():
            return _insertion(table, statement), None
        case Change():
            return _alteration(table, statement, values, returns_old=returns_old)
        case Delete():
            return _deletion(table, statement, values, returns_old=returns_old), None


def _insertion(table: Table, statement: Insert) -> Write:
    """INSERT: a put where there is nothing."""
    for value in statement.item.values():
        check_depth(value)
    write = put(table, statement.item, item_size(statement.item))

    def change(old: Item | None) -> Item | None:
        if old is not None:
            raise refused("DuplicateItemException", "Duplicate primary key exists in table")
        return write.change(old)

    return Write(table, write.position, write.key, None, {}, change, returns_old_on_failure=False)


def _alteration(table: Table, statement: Change, values: Values, *, returns_old: bool) -> tuple[Write, Update]:
    """UPDATE: of an item that is there and for which the rest of WHERE holds."""
    key, condition = _write_key(table, statement.where, values)
    update = compiled_update(statement, values)
    check_update_paths(table, update)
    make = updating(table, key, update, values)

    def change(old: Item | None) -> Item | None:
        if old is None:
            raise condition_failed()
        return _bare_depth(make, old)

    return Write(table, table.position(key), key, condition, values, change, returns_old), update


def _bare_depth(make: Callable[[Item | None], Item | None], old: Item) -> Item | None:
    try:
        return make(old)
    except Fault as fault:
        if fault.message == TOO_DEEP:
            raise invalid(_STORED_TOO_DEEP) from None
        raise


def _deletion(table: Table, statement: Delete, values: Values, *, returns_old: bool) -> Write:
    """DELETE: of an item for which the rest of WHERE holds; none is no error."""
    if statement.returning not in (None, "ALL OLD"):
        raise invalid(
            f"Invalid returning clause: RETURNING {statement.returning} *. "
            "Only RETURNING ALL OLD * is allowed in DELETE statements."
        )
    key, condition = _write_key(table, statement.where, values)

    def change(old: Item | None) -> Item | None:
        if old is not None and condition is not None and not condition.test(old.attributes, values):
            raise condition_failed(write_item(old.attributes) if returns_old else None)
        return None

    return Write(table, table.position(key), key, None, values, change, returns_old_on_failure=False)


def check_exists(table: Table, statement: Select, values: Values) -> None:
    """Raise Fault where an EXISTS does not read one item by its key on a further condition."""
    key, rest = _split(statement.where, table.key, values)
    if len(key) < len(table.key.names) or not rest:
        raise invalid(NO_CONDITION)


def existence(table: Table, statement: Select, values: Values) -> Write:
    """EXISTS: an item is there and the rest of WHERE holds for it; nothing is written. Raises Fault."""
    Where(statement.where, table.key, values).check_types()
    key, rest = _split(statement.where, table.key, values)
    condition = compiled(_joined(rest))
    check_condition_paths(table, condition)

    def change(old: Item | None) -> Item | None:
        if old is None:
            raise condition_failed()
        return old

    return Write(table, table.position(key), key, condition, values, change, returns_old_on_failure=False)


def returned(
    returning: str | None, update: Update | None, table: Table, old: Item | None, new: Item | None
) -> list[Attributes]:
    """What RETURNING shows: no item or one."""
    if returning is None:
        return []
    item = old if returning.endswith("OLD") else new
    if item is None:
        return []
    if returning.startswith("ALL"):
        return [item.attributes]
    touched = {step: below for step, below in update.touched.items() if step not in table.key.names} if update else {}
    shown = project(item.attributes, touched)
    return [shown] if shown else []


# --- the key that WHERE gives ----------------------------------------------------------------------------------------


def _write_key(table: Table, where: ConditionNode | None, values: Values) -> tuple[Attributes, Condition | None]:
    """The key of the one item that WHERE names, and the condition that is left of WHERE. Raises Fault."""
    key, rest = _split(where, table.key, values)
    if len(key) < len(table.key.names):
        raise KeyFault(
            "ValidationException", "Where clause does not contain a mandatory equality on all key attributes"
        )
    left = []
    for part in rest:
        name, value = _equality(part, values)
        if name not in key:
            left.append(part)
        elif value != key[name]:
            raise KeyFault(
                "ValidationException",
                f"Multiple conditions on same key {name}. Only single item Update/Insert/Delete are supported",
            )
    Where(where, table.key, values).check_types()
    check_key(table.key, key)
    condition = compiled(_joined(left))
    check_condition_paths(table, condition)
    return key, condition


def _split(where: ConditionNode | None, key: KeySchema, values: Values) -> tuple[Attributes, list[ConditionNode]]:
    """The first value that WHERE sets each key attribute equal to, and whatever else WHERE says."""
    found: Attributes = {}
    rest: list[ConditionNode] = []
    for part in _conjuncts(where):
        name, value = _equality(part, values)
        if name in key.names and name not in found and value is not None:
            found[name] = value
        else:
            rest.append(part)
    return found, rest


def _conjuncts(node: ConditionNode | None) -> Iterator[ConditionNode]:
    if isinstance(node, And):
        for part in node.parts:
            yield from _conjuncts(part)
    elif node is not None:
        yield node


def _joined(parts: list[ConditionNode]) -> ConditionNode | None:
    return None if not parts else parts[0] if len(parts) == 1 else And(tuple(parts))


def _equality(node: ConditionNode, values: Values) -> tuple[str, Value | None]:
    if isinstance(node, Comparison) and node.operator == "=":
        for path, ref in ((node.left, node.right), (node.right, node.left)):
            if isinstance(path, Path) and len(path.steps) == 1 and isinstance(ref, ValueRef):
                return str(path.steps[0]), values[ref.name]
    return "", None
