"""What a PartiQL statement says: frozen values, with conditions and actions as expressions have them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from emulator.dynamodb.expressions.syntax import Action, ConditionNode, Path
from emulator.dynamodb.model.values import Attributes
from emulator.faults import Fault


@dataclass(frozen=True, slots=True)
class Source:
    """What a statement is about: a table, or one of its indexes."""

    table: str
    index: str | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """One key of ORDER BY."""

    attribute: str
    descending: bool


@dataclass(frozen=True, slots=True)
class Select:
    """SELECT; ``paths`` is None for ``*``. ``exists`` marks EXISTS(SELECT ...), which only a transaction may hold."""

    source: Source
    paths: tuple[Path, ...] | None
    where: ConditionNode | None
    order_by: tuple[Order, ...] = ()
    exists: bool = False
    no_column: Fault | None = None
    """Why a column is none, such as COUNT(*): AWS says so once it knows the table."""


@dataclass(frozen=True, slots=True)
class Insert:
    """INSERT INTO ... VALUE."""

    source: Source
    item: Attributes


@dataclass(frozen=True, slots=True)
class Change:
    """UPDATE. ``returning`` is such as "ALL OLD"."""

    source: Source
    actions: tuple[Action, ...]
    where: ConditionNode | None
    returning: str | None


@dataclass(frozen=True, slots=True)
class Delete:
    """DELETE."""

    source: Source
    where: ConditionNode | None
    returning: str | None


Statement: TypeAlias = "Select | Insert | Change | Delete"
