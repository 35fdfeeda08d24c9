"""Callers: on whose behalf a Task calls, and what it makes up for the call."""

from __future__ import annotations

import email.utils
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from asl_interpreter.jsontext import JSON
from emulator.operations import perform
from emulator.protocol import Call

if TYPE_CHECKING:
    from asl_interpreter.tasks import TaskRequest
    from emulator.world import World


@dataclass(frozen=True, slots=True)
class Caller:
    """On whose behalf a Task calls."""

    world: World
    account: str
    region: str

    def perform(self, service: str, operation: str, params: dict[str, JSON], request_id: str) -> dict[str, JSON]:
        """Call one of our own operations."""
        return perform(self.world, Call(service, operation, params, self.account, self.region, request_id))


def new_uuid(request: TaskRequest) -> str:
    """A UUID for what this attempt makes up, the same in every run."""
    return str(uuid.UUID(int=request.seed, version=4))


def http_date(world: World) -> str:
    """The time, as the header ``Date`` has it."""
    return email.utils.formatdate(world.clock.now(), usegmt=True)
