"""Which attempts of which Tasks a mock is for: by state, place, item of a Map, Resource or pattern, and by arguments.

A state stands in one place of a definition: ``Ship``, or ``Each/Ship`` inside a Map or a Parallel state. A path names
one item as well: ``Each[2]/Ship``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from asl_interpreter.jsontext import JSON, dumps, loads
from asl_interpreter.tasks import TaskRequest

if TYPE_CHECKING:
    from asl_interpreter.definition import Task

When: TypeAlias = "JSON | re.Pattern[str] | Callable[[Any], object]"
"""What arguments must be: a value, of an object a part of its members; a pattern that their text has; a callable that
says whether they are meant. Members of an object may be patterns and callables, too."""
Rank: TypeAlias = "tuple[int, bool]"
"""The lowest goes first: whether an item, a state, a Resource or a pattern is named; then whether arguments are not."""

ITEM, STATE, RESOURCE, PATTERN = range(4)
_ITEM: Final = r"(?:\[(\d+)\])?"


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a Task stands in its definition."""

    task: Task
    around: tuple[tuple[str, bool], ...] = ()
    """The names of the states around it, the outermost first, and whether each is a Map whose items have numbers here:
    those of a Distributed Map, and of Maps around one, have none, since each item is an execution of its own."""

    @property
    def place(self) -> str:
        """``Each/Ship``."""
        return "/".join([*(name for name, _ in self.around), self.task.name])

    @property
    def keys(self) -> tuple[str, ...]:
        """By what a mock may name it, for messages."""
        return self.task.name, self.place, short(self.task.resource)

    def items(self, text: str) -> tuple[int | None, ...] | None:
        """Which items a path names, None for those it leaves open; None if it is no path to here."""
        around = "".join(re.escape(name) + (_ITEM if has_items else "") + "/" for name, has_items in self.around)
        found = re.fullmatch(around + re.escape(self.task.name), text)
        return None if found is None else tuple(None if item is None else int(item) for item in found.groups())


def short(resource: str) -> str:
    """A Resource ARN without what is the same in all: ``glue:startJobRun.sync``."""
    return resource.rpartition(":states:::")[2]


@dataclass(frozen=True, slots=True)
class Selection:
    """Which attempts are meant."""

    text: str
    """The name of a state, its place or a path; a Resource, with or without ``arn:aws:states:::``; or a pattern of
    one of these, in which ``*`` stands for anything."""
    machine: str | None = None
    """The name of the only state machine that is meant."""
    when: When = None
    """What the arguments must be; None for any."""

    def rank(self, machine: str, spot: Spot) -> Rank | None:
        """How closely a Task of a machine is meant; None if it is not."""
        if self.machine not in (None, machine):
            return None
        kind = self._kind(spot)
        return None if kind is None else (kind, self.when is None)

    def _kind(self, spot: Spot) -> int | None:
        resource = spot.task.resource
        names = (spot.task.name, spot.place)
        if self.text in names:
            return STATE
        if self.text in (resource, short(resource)):
            return RESOURCE
        if spot.around and spot.items(self.text) is not None:
            return ITEM
        if "*" in self.text and any(map(_pattern(self.text).fullmatch, (*names, resource, short(resource)))):
            return PATTERN
        return None

    def is_certain(self, spot: Spot) -> bool:
        """Whether every attempt at a Task is meant."""
        return self.when is None and self._kind(spot) != ITEM

    def takes(self, spot: Spot, request: TaskRequest) -> bool:
        """Whether an attempt at a Task is meant. What a callable of ``when`` raises comes through."""
        if self._kind(spot) == ITEM:
            wanted = spot.items(self.text) or ()
            if any(item not in (None, found) for item, found in zip(wanted, request.items, strict=True)):
                return False
        return self.when is None or holds(self.when, request.arguments)


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, text.split("*"))), re.DOTALL)


def holds(when: When, value: JSON) -> bool:
    """Whether a value is as ``when`` says."""
    if isinstance(when, re.Pattern):
        return when.search(value if isinstance(value, str) else dumps(value)) is not None
    if callable(when):
        return bool(when(loads(dumps(value))))
    if isinstance(when, Mapping):
        return isinstance(value, dict) and all(
            name in value and holds(member, value[name]) for name, member in when.items()
        )
    return isinstance(when, bool) == isinstance(value, bool) and when == value
