"""Filters of exports: which items of a point-in-time export are written, and which of their attributes.

Its expressions are those of Query and Scan, and are judged as there.

Source: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ExportTableToPointInTime.html
(FilterSpecification)
"""

from __future__ import annotations

from collections.abc import Mapping

from asl_interpreter.jsontext import JSON
from emulator.dynamodb.expressions import Expressions, compile_expressions
from emulator.dynamodb.expressions.keys import key_range, key_tests
from emulator.dynamodb.items.reads import check_scalar_keys, projected
from emulator.dynamodb.model.tables import Table
from emulator.dynamodb.model.values import Attributes
from emulator.dynamodb.rejections import invalid


class ExportFilter:
    """The FilterSpecification of one export; everything is exported where there is none."""

    def __init__(self, table: Table, specification: Mapping[str, JSON] | None) -> None:
        """Read it. Raises Fault where an expression is refused."""
        self._expressions = compile_expressions(specification or {})
        _check(table, self._expressions)

    def shown(self, attributes: Attributes) -> Attributes | None:
        """What is exported of an item; None where it is left out."""
        expressions = self._expressions
        for condition in (expressions.key_condition, expressions.filter):
            if condition is not None and not condition.test(attributes, expressions.values):
                return None
        return projected(attributes, expressions.projection)


def _check(table: Table, expressions: Expressions) -> None:
    for paths in (expressions.filter, expressions.projection):
        if paths is not None:
            check_scalar_keys(table, paths.paths)
    if expressions.key_condition is None:
        return
    tests = key_tests(expressions.key_condition.node, expressions.values)
    key_range(tests, table.key.hash, table.key.range, table.key.types)
    for path in () if expressions.filter is None else expressions.filter.paths:
        if path.steps[0] in table.key.names:
            raise invalid(
                f"Filter Expression can only contain non-primary key attributes: Primary key attribute: {path.steps[0]}"
            )
