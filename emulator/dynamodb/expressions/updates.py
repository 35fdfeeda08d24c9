"""Updates: what AWS refuses before it looks at the item, and the item that an update makes of another.

``compile_update`` puts the actions into the tree of their paths. Applying it copies only the maps and lists along those
paths; the item it was given stays as it was, so a failed update leaves no trace.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html; wording as
observed on AWS.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias, cast

from emulator.dynamodb.expressions.conditions import Values, wrong_count
from emulator.dynamodb.expressions.paths import Branch, branch, reader
from emulator.dynamodb.expressions.syntax import (
    Action,
    Arithmetic,
    FunctionCall,
    Operand,
    Path,
    Truth,
    ValueRef,
    children,
    walk,
)
from emulator.dynamodb.model.values import Attributes, Value, add, number_set, subtract, text_size, value_size
from emulator.dynamodb.rejections import invalid
from emulator.faults import Fault

KIND = "UpdateExpression"
MISSING_OPERAND = "The provided expression refers to an attribute that does not exist in the item"
WRONG_OPERAND = "An operand in the update expression has an incorrect data type"
WRONG_PATH = "The document path provided in the update expression is invalid for update"
SETS = frozenset({"SS", "NS", "BS"})
_LONG_NAMES = {"S": "STRING", "N": "NUMBER", "B": "BINARY", "NULL": "NULL", "BOOL": "BOOLEAN", "L": "LIST", "M": "MAP"}

Change: TypeAlias = Callable[["Value | None", Attributes, Values], "Value | None"]
"""The new value at a place, from the old one there, the whole old item and the request's values; None removes."""


@dataclass(frozen=True, slots=True)
class Update:
    """An update that may be applied to any item."""

    actions: tuple[Action, ...]
    changes: Branch[Change]
    touched: Branch[None]
    """The places that it writes, for ReturnValues."""
    changes_of_nothing: Branch[Change]
    """The changes where there is no item: to remove something inside an attribute is then no error."""

    def apply(self, item: Attributes | None, values: Values) -> Attributes:
        """The item after the update. Every right-hand side sees the item as it was, None where there is none.

        Raises:
            Fault: an operand is missing or of the wrong type, a parent is missing, a number leaves AWS's range.
        """
        if item is None:
            return _changed_map(self.changes_of_nothing, {}, {}, values)
        return _changed_map(self.changes, item, item, values)

    def given(self, values: Values) -> Attributes:
        """The attributes that it sets to a value of the request, whatever the item is."""
        return {
            str(action.path.steps[0]): values[action.operand.name]
            for action in self.actions
            if action.section == "SET" and len(action.path.steps) == 1 and isinstance(action.operand, ValueRef)
        }


# --- checks ----------------------------------------------------------------------------------------------------------


def check_update(update: Update, values: Values) -> None:
    """Judge every action by itself, item or no item.

    Raises:
        Fault: an operand of a type that can never do.
    """
    for action in update.actions:
        if action.section in ("ADD", "DELETE"):
            _check_set_operand(action, values)
    for action in update.actions:
        if action.operand is not None:
            _check_operand(action.operand, values)


def _check_set_operand(action: Action, values: Values) -> None:
    kind = values[cast("ValueRef", action.operand).name][0]
    if kind in SETS or (action.section == "ADD" and kind == "N"):
        return
    raise invalid(
        f"Invalid {KIND}: Incorrect operand type for operator or function; operator: {action.section}, "
        f"operand type: {_LONG_NAMES[kind]}, typeSet: ALLOWED_FOR_{action.section}_OPERAND"
    )


def _check_operand(node: Operand, values: Values) -> None:
    for child in children(node):
        _check_operand(cast("Operand", child), values)
    match node:
        case Arithmetic():
            _check_types(node.operator, (node.left, node.right), "N", values)
        case FunctionCall():
            if node.function == "list_append":
                _check_types("list_append", node.arguments, "L", values)
        case _:
            pass


def _check_types(name: str, operands: Sequence[Operand], wanted: str, values: Values) -> None:
    for operand in operands:
        found = values[operand.name][0] if isinstance(operand, ValueRef) else None
        if isinstance(operand, FunctionCall) and operand.function == "list_append":
            found = "L"
        if found is not None and found != wanted:
            raise invalid(
                f"Invalid {KIND}: Incorrect operand type for operator or function; "
                f"operator or function: {name}, operand type: {found}"
            )


# --- compiling -------------------------------------------------------------------------------------------------------


def compile_update(actions: Sequence[Action]) -> Update:
    """The actions as one update.

    Raises:
        Fault: two of their paths overlap or conflict, or a function has other operands than it takes.
    """
    touched: Branch[None] = branch(KIND, ((action.path, None) for action in actions))
    for action in actions:
        _check_calls(action)
    changes = branch(KIND, ((action.path, _change(action)) for action in actions))
    made = [action for action in actions if action.section != "REMOVE" or len(action.path.steps) == 1]
    return Update(tuple(actions), changes, touched, branch(KIND, ((action.path, _change(action)) for action in made)))


def _check_calls(action: Action) -> None:
    for node in walk(action):
        if not isinstance(node, FunctionCall):
            continue
        if len(node.arguments) != 2:
            raise wrong_count(KIND, node.function, len(node.arguments))
        if node.function == "if_not_exists" and not isinstance(node.arguments[0], Path):
            raise invalid(
                f"Invalid {KIND}: Operator or function requires a document path; operator or function: {node.function}"
            )
        for argument in node.arguments if node.function == "if_not_exists" else ():
            if isinstance(argument, FunctionCall) and argument.function == "list_append":
                raise invalid(
                    f"Invalid {KIND}: The function is not allowed to be used this way in an expression; "
                    f"function: {argument.function}"
                )


def _change(action: Action) -> Change:
    if action.operand is None:
        return lambda _old, _item, _values: None
    if action.section == "SET":
        compute = _compute(action.operand)
        return lambda _, item, values: compute(item, values)
    operand = cast("ValueRef", action.operand).name
    combine = added if action.section == "ADD" else without
    return lambda old, _, values: combine(old, values[operand])


def added(old: Value | None, operand: Value) -> Value:
    """What ADD makes of a value: the sum of numbers, the union of sets; a missing number counts as 0."""
    if old is None:
        return operand
    kind = operand[0]
    if old[0] != kind:
        raise invalid(WRONG_OPERAND)
    if kind == "N":
        return ("N", add(old[1], operand[1]))
    if kind == "NS":
        return number_set((*old[1], *operand[1]))
    return (kind, tuple(sorted({*old[1], *operand[1]})))


def without(old: Value | None, operand: Value) -> Value | None:
    """What DELETE makes of a set: the difference, or nothing where no member is left."""
    if old is None:
        return None
    if old[0] != operand[0]:
        raise invalid(WRONG_OPERAND)
    gone = set(operand[1])
    left = tuple(member for member in old[1] if member not in gone)
    return (old[0], left) if left else None


def _compute(node: Operand) -> Callable[[Attributes, Values], Value]:
    match node:
        case ValueRef(name=name):
            return lambda _, values: values[name]
        case Path():
            return _existing(node)
        case Arithmetic():
            left, right = _compute(node.left), _compute(node.right)
            combine = add if node.operator == "+" else subtract
            return lambda item, values: _arithmetic(combine, left(item, values), right(item, values))
        case FunctionCall(function="if_not_exists"):
            read = reader(cast("Path", node.arguments[0]).steps)
            otherwise = _compute(node.arguments[1])
            return lambda item, values: read(item) or otherwise(item, values)
        case Truth():
            message = f"not an operand of an update: {node}"
            raise AssertionError(message)
        case FunctionCall():
            left, right = (_compute(argument) for argument in node.arguments)
            return lambda item, values: _appended(left(item, values), right(item, values))


def _existing(path: Path) -> Callable[[Attributes, Values], Value]:
    read = reader(path.steps)

    def compute(item: Attributes, _: Values) -> Value:
        value = read(item)
        if value is None:
            raise invalid(MISSING_OPERAND)
        return value

    return compute


def _arithmetic(combine: Callable[[str, str], str], left: Value, right: Value) -> Value:
    if left[0] != "N" or right[0] != "N":
        raise invalid(WRONG_OPERAND)
    return ("N", combine(left[1], right[1]))


def _appended(left: Value, right: Value) -> Value:
    if left[0] != "L" or right[0] != "L":
        raise invalid(WRONG_OPERAND)
    return ("L", left[1] + right[1])


# --- sizes -----------------------------------------------------------------------------------------------------------

_STATEMENT, _SET_CLAUSE, _REMOVE_CLAUSE = 3, 19, 2
_MAP_STEP, _LIST_STEP = 4, 5


def statement_size(update: Update, values: Values) -> int:
    """Bytes that AWS counts an UpdateExpression with, which may not be more than an item's.

    Observed: 3, 19 a SET clause, 2 a REMOVE clause, and the names and values that are written; a step into a map costs
    what the map around it would, a step into a list one byte more than the list. What ADD and DELETE cost was not
    observed: here their names and values.
    """
    size = _STATEMENT
    for action in update.actions:
        if action.section == "REMOVE":
            size += _REMOVE_CLAUSE
            continue
        size += _SET_CLAUSE if action.section == "SET" else 0
        first, *further = action.path.steps
        size += text_size(str(first))
        for step in further:
            size += _MAP_STEP + text_size(step) if isinstance(step, str) else _LIST_STEP
        size += sum(value_size(values[node.name]) for node in walk(action) if isinstance(node, ValueRef))
    return size


# --- applying --------------------------------------------------------------------------------------------------------


def _changed(node: Branch[Change] | Change, old: Value | None, item: Attributes, values: Values) -> Value | None:
    """The value at a place after the update, None where nothing is left there."""
    if not isinstance(node, dict):
        return node(old, item, values)
    kind, payload = old or ("", None)
    if isinstance(next(iter(node)), int):
        if kind != "L":
            raise _wrong_path()
        return ("L", _changed_list(node, cast("tuple[Value, ...]", payload), item, values))
    if kind != "M":
        raise _wrong_path()
    return ("M", _changed_map(node, cast("Attributes", payload), item, values))


def _changed_map(node: Branch[Change], old: Attributes, item: Attributes, values: Values) -> Attributes:
    members = dict(old)
    for step, below in node.items():
        name = cast("str", step)
        value = _changed(below, old.get(name), item, values)
        if value is not None:
            members[name] = value
        else:
            members.pop(name, None)
    return members


def _changed_list(node: Branch[Change], old: tuple[Value, ...], item: Attributes, values: Values) -> tuple[Value, ...]:
    """The list after the update: indexes mean the old list; a SET beyond the end appends, in order of its index."""
    elements: list[Value | None] = list(old)
    for index, below in sorted(
        cast("list[tuple[int, Branch[Change] | Change]]", list(node.items())), key=lambda x: x[0]
    ):
        if index < len(old):
            elements[index] = _changed(below, old[index], item, values)
        elif isinstance(below, dict):
            raise _wrong_path()
        else:
            elements.append(below(None, item, values))
    return tuple(element for element in elements if element is not None)


def _wrong_path() -> Fault:
    return invalid(WRONG_PATH)
