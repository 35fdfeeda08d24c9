"""What AWS finds wrong in conditions and updates of a statement before it looks at any table.

The checks are those of expressions, whose messages PartiQL says without naming an expression.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from emulator.dynamodb.expressions import Condition
from emulator.dynamodb.expressions.conditions import MAX_IN, Values, check_condition, check_counts, compile_condition
from emulator.dynamodb.expressions.syntax import ConditionNode, FunctionCall, In, Path, walk
from emulator.dynamodb.expressions.updates import KIND, Update, check_update, compile_update
from emulator.dynamodb.partiql.statements import Change, Insert, Statement
from emulator.dynamodb.rejections import invalid
from emulator.faults import Fault


def check_operands(statement: Statement, values: Values) -> None:
    """Raise Fault where the operands of a statement can never do, whatever the table and the item are."""
    if isinstance(statement, Change):
        compiled_update(statement, values)
    if isinstance(statement, Insert) or statement.where is None:
        return
    with _bare(""):
        for part in walk(statement.where):
            if isinstance(part, In) and len(part.options) > MAX_IN:
                raise invalid(
                    f"The IN operator is provided with too many operands; number of operands: {len(part.options)}"
                )
            if isinstance(part, FunctionCall):
                check_counts("", part)
        check_condition("", statement.where, values)


def compiled(node: ConditionNode | None) -> Condition | None:
    """A WHERE clause, or what is left of one, whose operands have been checked, as a condition."""
    if node is None:
        return None
    return Condition(node, compile_condition(node), tuple(part for part in walk(node) if isinstance(part, Path)))


def compiled_update(statement: Change, values: Values) -> Update:
    """What an UPDATE changes. Raises Fault as ``check_operands``."""
    with _bare(KIND):
        update = compile_update(statement.actions)
        check_update(update, values)
    return update


@contextmanager
def _bare(kind: str) -> Iterator[None]:
    """Take the name of the expression from the messages raised in here."""
    try:
        yield
    except Fault as fault:
        raise invalid(fault.message.removeprefix(f"Invalid {kind}: ")) from None
