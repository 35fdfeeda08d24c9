"""Callers: on whose behalf a Task calls, and what it makes up for the call."""

from __future__ import annotations

import email.utils
import re
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from asl_interpreter.errors import TASK_FAILED, StateError
from asl_interpreter.jsontext import JSON
from emulator.wire.operations import perform
from emulator.wire.protocol import Call

if TYPE_CHECKING:
    from collections.abc import Callable

    from asl_interpreter.loop.signals import Signal
    from asl_interpreter.tasks import Later, Polled, Submitted, TaskRequest
    from emulator.world import World


_ROLE: Final = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}):role/\S+")


@dataclass(frozen=True, slots=True)
class Caller:
    """On whose behalf a Task calls."""

    world: World
    account: str
    region: str

    def taking_on(self, role: str | None) -> Caller:
        """Who calls with a role: its account. Nobody checks whether the role may be taken on, as nobody does elsewhere.

        Raises:
            StateError: that is no role.
        """
        if role is None:
            return self
        match = _ROLE.fullmatch(role) if isinstance(role, str) else None
        if match is None:
            raise StateError(TASK_FAILED, f"The role '{role}' of the Credentials is not the ARN of a role.")
        return Caller(self.world, match[1], self.region)

    def perform(self, service: str, operation: str, params: dict[str, JSON], request_id: str) -> dict[str, JSON]:
        """Call one of our own operations."""
        return perform(self.world, Call(service, operation, params, self.account, self.region, request_id))


Answer: TypeAlias = "JSON | Later | Polled | Submitted | Signal[JSON]"
Optimized: TypeAlias = "Callable[[str, Caller, TaskRequest], Answer]"
"""Handles an optimized integration; the first argument is the suffix of the ARN."""


def new_uuid(request: TaskRequest) -> str:
    """A UUID for what this attempt makes up, the same in every run."""
    return str(uuid.UUID(int=request.seed, version=4))


def http_date(world: World) -> str:
    """The time, as the header ``Date`` has it."""
    return email.utils.formatdate(world.clock.now(), usegmt=True)
