"""Asynchronous invocations: events that Lambda keeps, and tries again when the function fails.

Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from emulator.faults import Fault
from emulator.lambdas import invocation_destinations
from emulator.lambdas.functions import LATEST, Invocation, Request

if TYPE_CHECKING:
    from asl_interpreter.engine import Engine
    from emulator.lambdas.service import Lambdas
    from emulator.moto_door import RegisteredFunction

log = logging.getLogger("dynastep")

PAUSES: Final = (60.0, 120.0)
"""Seconds before the second and the third attempt."""
LONGEST_PAUSE: Final = 300.0
"""Seconds between attempts to invoke a function that is throttled."""
OLDEST: Final = 21_600.0


@dataclass(frozen=True, slots=True)
class EventSettings:
    """How a function's events are treated; destinations are ARNs, or empty."""

    retries: int = 2
    oldest: float = OLDEST
    """Seconds that an event is kept."""
    dead_letters: str = ""
    on_success: str = ""
    on_failure: str = ""
    refused: bool = False
    """Whether its reserved concurrency is zero: then no event is tried."""

    @classmethod
    def of(cls, registered: RegisteredFunction | None) -> EventSettings:
        """Those of a function that CreateFunction has made, or the defaults."""
        if registered is None:
            return cls()
        given = registered.retries
        destination = given.get("DestinationConfig") or {}
        return cls(
            given.get("MaximumRetryAttempts", 2),
            float(given.get("MaximumEventAgeInSeconds", OLDEST)),
            registered.dead_letter_target,
            (destination.get("OnSuccess") or {}).get("Destination", ""),
            (destination.get("OnFailure") or {}).get("Destination", ""),
            registered.reserved_concurrency == 0,
        )


class Event:
    """One event on its way through the attempts."""

    def __init__(self, lambdas: Lambdas, engine: Engine, request: Request, settings: EventSettings) -> None:
        self._lambdas = lambdas
        self._loop = engine.loop
        self._request = request
        self._settings = settings
        self._version = request.name.qualifier or LATEST
        self._invocation: Invocation | None = None
        self._name = f"an event for {request.name.name}"

    async def run(self) -> None:
        """Try until the function succeeds or nothing is left to try; then tell whoever wants to know."""
        condition, count = await self._tries()
        settings, invocation, request = self._settings, self._invocation, self._request
        failed = condition != "Success"
        destination = settings.on_failure if failed else settings.on_success
        if failed and settings.dead_letters:
            await self._outside(
                lambda: invocation_destinations.send_dead_letter(settings.dead_letters, request, invocation)
            )
        if destination:
            now = self._loop.clock.now()
            content = invocation_destinations.record(request, self._version, invocation, condition, count, now)
            await self._outside(lambda: self._lambdas.send_record(destination, content, request.name, failed=failed))

    async def _outside(self, send: Callable[[], None]) -> None:
        await self._loop.call(send, self._name, blocking=True)

    async def _tries(self) -> tuple[str, int]:
        """How it ended, and after how many attempts."""
        settings, clock = self._settings, self._loop.clock
        began, count, pause = clock.now(), 0, 1.0
        if settings.refused:
            return "ZeroReservedConcurrency", 0
        while True:
            try:
                name = self._request.name
                function, invocation = await self._loop.call(
                    lambda: self._lambdas.invoke(self._request),
                    self._name,
                    blocking=True,
                    apart=self._lambdas.runs_apart(name.arn, name.account, name.region),
                )
            except Fault as fault:
                if fault.status not in (429, 500, 502, 503):
                    log.warning("%s could not be invoked: %s", self._request.name.qualified, fault)
                    return "RetriesExhausted", count + 1
                wait, pause = pause, min(pause * 2, LONGEST_PAUSE)
            else:
                self._version, self._invocation, count = function.version, invocation, count + 1
                if invocation.after:
                    await self._loop.sleep(invocation.after, self._name)
                if not invocation.failed:
                    return "Success", count
                if count > settings.retries:
                    return "RetriesExhausted", count
                wait = PAUSES[min(count, len(PAUSES)) - 1]
            if clock.now() + wait - began > settings.oldest:
                return "EventAgeExceeded", count
            await self._loop.sleep(wait, self._name)
