"""Whose request a thread answers. Few emulators ask IAM; this much of it all of them have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from emulator.permissions.evaluation import Principal
    from emulator.permissions.guard import Guard


@dataclass(frozen=True, slots=True, eq=False)
class Actor:
    """Who asks: a principal with the texts of the policies that speak for it. Another one where these have changed."""

    principal: Principal
    policies: tuple[str, ...] = ()
    boundary: str | None = None
    session: str | None = None
    context: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Context keys that say who asks, and from where: tags, ``aws:username``, ``aws:SourceVpce``."""
    endpoint: str | None = None
    """The text of the policy of the VPC endpoint that the request comes through."""


class TakenOn(NamedTuple):
    """Who has taken on a role: looked up as an Actor once somebody wants to know more."""

    guard: Guard
    role: str
    execution: str


Asking: TypeAlias = "Actor | TakenOn"
_asking: ContextVar[Asking | None] = ContextVar("who asks", default=None)


def who_asks() -> Actor | None:
    """Who makes the request that this thread answers; None if nobody asks IAM, or the emulator itself asks."""
    held = _asking.get()
    return held.guard.taken_on(held.role, held.execution) if isinstance(held, TakenOn) else held


class AskedBy:
    """Answer a request of somebody. As a generator it would cost each Task a microsecond more."""

    __slots__ = ("_asking", "_before")

    def __init__(self, asking: Asking) -> None:
        self._asking = asking

    def __enter__(self) -> None:
        self._before = _asking.set(self._asking)

    def __exit__(self, *_error: object) -> None:
        _asking.reset(self._before)
