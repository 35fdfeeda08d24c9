"""PartiQL statements on tables: reads become pages, writes become Writes, by the keys that WHERE gives.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.html; wording as observed on AWS.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

from asl_interpreter.jsontext import JSON
from emulator.dynamodb.expressions import Condition, Expressions
from emulator.dynamodb.expressions.conditions import Values, check_condition, check_counts, compile_condition
from emulator.dynamodb.expressions.keys import key_range, key_tests
from emulator.dynamodb.expressions.paths import project, reader
from emulator.dynamodb.expressions.syntax import And, Comparison, ConditionNode, Or, Path, ValueRef, walk
from emulator.dynamodb.expressions.updates import Update, check_update, compile_update
from emulator.dynamodb.items.queries import Page, Reading, Source, read_page, source_of
from emulator.dynamodb.items.writes import Write, check_condition_paths, check_update_paths, put, updating
from emulator.dynamodb.model.key_ranges import KeyRange, KeyTest
from emulator.dynamodb.model.schema import KeySchema, Position, check_key, token
from emulator.dynamodb.model.store import Region
from emulator.dynamodb.model.tables import TOP, Item, Table, query_bounds
from emulator.dynamodb.model.values import Attributes, check_depth, item_size
from emulator.dynamodb.partiql.statements import Change, Delete, Insert, Select
from emulator.dynamodb.rejections import condition_failed, invalid, invalid_values, refused
from emulator.faults import Fault

_NO_KEY = "Where clause does not contain a mandatory equality on all key attributes"
NO_CONDITION = "EXISTS() must contain a single item read with additional condition"
_EMPTY = Expressions({})


# --- conditions ------------------------------------------------------------------------------------------------------


def _compiled(node: ConditionNode | None, values: Values) -> Condition | None:
    """A WHERE clause, or what is left of one, as a condition. Raises Fault where its operands can never do."""
    if node is None:
        return None
    try:
        check_counts("", node)
        check_condition("", node, values)
    except Fault as fault:
        raise invalid(fault.message.removeprefix("Invalid : ")) from None
    return Condition(node, compile_condition(node), tuple(part for part in walk(node) if isinstance(part, Path)))


def _conjuncts(node: ConditionNode | None) -> list[ConditionNode]:
    if node is None:
        return []
    return [leaf for part in node.parts for leaf in _conjuncts(part)] if isinstance(node, And) else [node]


def _joined(parts: list[ConditionNode]) -> ConditionNode | None:
    return None if not parts else parts[0] if len(parts) == 1 else And(tuple(parts))


def _split_key(where: ConditionNode | None, key: KeySchema, values: Values) -> tuple[Attributes, ConditionNode | None]:
    """The key attributes that WHERE sets equal to a value, and what else WHERE says."""
    found: Attributes = {}
    rest: list[ConditionNode] = []
    for part in _conjuncts(where):
        name, value = _equality(part, values)
        if name in key.names and name not in found and value is not None:
            found[name] = value
        else:
            rest.append(part)
    return found, _joined(rest)


def _equality(node: ConditionNode, values: Values) -> tuple[str, tuple[str, JSON] | None]:
    if isinstance(node, Comparison) and node.operator == "=":
        for path, ref in ((node.left, node.right), (node.right, node.left)):
            if isinstance(path, Path) and len(path.steps) == 1 and isinstance(ref, ValueRef):
                return str(path.steps[0]), values[ref.name]
    return "", None


# --- writes ----------------------------------------------------------------------------------------------------------


def insertion(table: Table, statement: Insert) -> Write:
    """INSERT: a put where there is nothing. Raises Fault."""
    for value in statement.item.values():
        check_depth(value)
    write = put(table, statement.item, item_size(statement.item))

    def change(old: Item | None) -> Item | None:
        if old is not None:
            raise refused("DuplicateItemException", "Duplicate primary key exists in table")
        return write.change(old)

    return Write(table, write.position, write.key, None, {}, change, returns_old_on_failure=False)


def alteration(table: Table, statement: Change, values: Values, *, returns_old: bool) -> tuple[Write, Update]:
    """UPDATE: of an item that is there and for which the rest of WHERE holds. Raises Fault."""
    key, condition = _write_key(table, statement.where, values)
    update = compile_update(statement.actions)
    check_update(update, values)
    check_update_paths(table, update)
    make = updating(table, key, update, values)

    def change(old: Item | None) -> Item | None:
        if old is None:
            raise condition_failed()
        return make(old)

    return Write(table, table.position(key), key, condition, values, change, returns_old), update


def deletion(table: Table, statement: Delete, values: Values) -> Write:
    """DELETE: of an item for which the rest of WHERE holds; none is no error. Raises Fault."""
    if statement.returning not in (None, "ALL OLD"):
        raise invalid(
            f"Invalid returning clause: RETURNING {statement.returning} *. "
            "Only RETURNING ALL OLD * is allowed in DELETE statements."
        )
    key, condition = _write_key(table, statement.where, values)

    def change(old: Item | None) -> Item | None:
        if old is not None and condition is not None and not condition.test(old.attributes, values):
            raise condition_failed()
        return None

    return Write(table, table.position(key), key, None, values, change, returns_old_on_failure=False)


def check(table: Table, statement: Select, values: Values) -> Write:
    """EXISTS: an item is there and the rest of WHERE holds for it; nothing is written. Raises Fault."""
    key, condition = _write_key(table, statement.where, values)
    if condition is None:
        raise invalid(NO_CONDITION)

    def change(old: Item | None) -> Item | None:
        if old is None:
            raise condition_failed()
        return old

    return Write(table, table.position(key), key, condition, values, change, returns_old_on_failure=False)


def _write_key(table: Table, where: ConditionNode | None, values: Values) -> tuple[Attributes, Condition | None]:
    key, rest = _split_key(where, table.key, values)
    condition = _compiled(rest, values)
    if len(key) < len(table.key.names):
        raise invalid(_NO_KEY)
    check_key(table.key, key)
    check_condition_paths(table, condition)
    return key, condition


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


# --- reads -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Plan:
    """How a SELECT is read: from where, in which direction; ``item_key`` where it is of one item."""

    source: Source
    reading: Reading
    bounds: tuple[Position, Position]
    forward: bool
    paths: tuple[Path, ...] | None
    item_key: Attributes | None

    def page(self, after: Position | None) -> Page:
        """The page after a position, or the first."""
        return read_page(self.source, self.reading, self.bounds, after, forward=self.forward)

    def shown(self, attributes: Attributes) -> Attributes:
        """What the statement selects of an item; the last step of a path is the name of what it finds."""
        if self.paths is None:
            return attributes
        shown: Attributes = {}
        for path in self.paths:
            value = reader(path.steps)(attributes)
            if value is not None:
                name = next(step for step in reversed(path.steps) if isinstance(step, str))
                shown[name] = value
        return shown


def plan(region: Region, statement: Select, values: Values, params: Mapping[str, JSON]) -> Plan:
    """How to read a SELECT: one item by its key, one partition, or everything.

    Raises:
        Fault: there is no such table or index, or WHERE or ORDER BY cannot be read so.
    """
    condition = _compiled(statement.where, values)
    table = region.table(statement.source.table)
    index = statement.source.index
    consistent = bool(params.get("ConsistentRead"))
    if index is not None:
        if index not in table.indexes:
            raise invalid("The table does not have the specified index")
        if consistent and table.indexes[index].is_global:
            raise invalid("Strongly consistent read is not supported on Global Secondary Indexes")
        _check_projected(table, index, statement)
    select = "ALL_PROJECTED_ATTRIBUTES" if index else None
    reading = Reading(_EMPTY, condition, values, None, None, select, params.get("Limit"), consistent)
    source = source_of(table, {"IndexName": index} if index else {}, reading)
    if statement.paths is not None and index is not None and not table.indexes[index].is_global:
        source = Source(table, source.index, source.entries, fetches=True)
    _check_apart(statement.where, source.key, values)
    tests = _key_tests(statement.where, source.key, values)
    if any(name not in tests or tests[name].operator != "=" for name in source.key.hash):
        if statement.order_by is not None:
            raise invalid("Must have WHERE clause in the statement when using ORDER BY clause.")
        return Plan(source, reading, ((), (TOP,)), forward=True, paths=statement.paths, item_key=None)
    if statement.order_by is not None and statement.order_by not in source.key.names:
        raise invalid(f"Variable reference {statement.order_by} in ORDER BY clause must be part of the primary key")
    bounds, wanted = _bounds(tests, source.key)
    whole = index is None and len(wanted.equals) == len(table.key.names)
    item_key = dict(zip(table.key.names, wanted.equals, strict=True)) if whole else None
    return Plan(source, reading, bounds, not statement.descending, statement.paths, item_key)


def _bounds(tests: dict[str, KeyTest], key: KeySchema) -> tuple[tuple[Position, Position], KeyRange]:
    wanted = key_range(tests, key.hash, key.range, key.types)
    return query_bounds(wanted, token(*wanted.equals[: len(key.hash)])), wanted


def _check_apart(where: ConditionNode | None, key: KeySchema, values: Values) -> None:
    """Raise Fault where branches of an OR read the same stretch of one partition."""
    if not isinstance(where, Or) or not key.range:
        return
    read: list[tuple[Position, Position]] = []
    for part in where.parts:
        tests = _key_tests(part, key, values)
        if key.range[0] in tests and all(name in tests and tests[name].operator == "=" for name in key.hash):
            read.append(_bounds(tests, key)[0])
    for (low, high), (other_low, other_high) in combinations(read, 2):
        if low < other_high and other_low < high:
            raise invalid("Overlapping conditions with range keys are not supported in where clause")


def _check_projected(table: Table, name: str, statement: Select) -> None:
    index = table.indexes[name]
    if index.projected is None:
        return
    nodes = walk(statement.where) if statement.where is not None else ()
    filtered = [str(node.steps[0]) for node in nodes if isinstance(node, Path)]
    missing = [attribute for attribute in dict.fromkeys(filtered) if attribute not in index.projected]
    if missing:
        raise invalid_values(
            f"Secondary index {name} does not project one or more filter attributes: [{', '.join(missing)}]"
        )
    asked = [str(path.steps[0]) for path in statement.paths or ()]
    missing = [attribute for attribute in dict.fromkeys(asked) if attribute not in index.projected]
    if missing and index.is_global:
        raise invalid_values(f"Global secondary index {name} does not project [{', '.join(missing)}]")


def _key_tests(where: ConditionNode | None, key: KeySchema, values: Values) -> dict[str, KeyTest]:
    """The conditions of WHERE that say where to read; all of them are judged again on each item."""
    tests: dict[str, KeyTest] = {}
    for part in _conjuncts(where):
        try:
            ((name, test),) = key_tests(part, values).items()
        except Fault:
            continue  # it is no condition on a key, and the filter judges it
        fits = name in key.names and all(operand[0] == key.types[name] for operand in test.operands)
        if fits and name not in tests:
            tests[name] = test
    usable: dict[str, KeyTest] = {name: tests[name] for name in key.hash if name in tests}
    for name in key.range:
        if name not in tests:
            break
        usable[name] = tests[name]
        if tests[name].operator != "=":
            break
    return usable
