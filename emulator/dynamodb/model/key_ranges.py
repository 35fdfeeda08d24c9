"""Key ranges: which items of a table or index a Query reads, as values and one test after them."""

from __future__ import annotations

from dataclasses import dataclass

from emulator.dynamodb.model.values import Value


@dataclass(frozen=True, slots=True)
class KeyTest:
    """One attribute's condition: ``operator`` is = < <= > >= BETWEEN or begins_with."""

    operator: str
    operands: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class KeyRange:
    """Which items of a table or index a Query reads: the values that key attributes equal, and one test after them."""

    equals: tuple[Value, ...]
    test: KeyTest | None
