"""Event source mappings: functions that get what comes to a queue or a stream.

A mapping is a fiber of the loop: it takes a batch, has the function invoked, and deals with what failed. It waits to be
told that something has come, so that under virtual time nothing happens while nothing comes.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html,
https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from asl_interpreter.jsontext import JSON, InvalidJSON, dumps, loads
from asl_interpreter.loop.signals import Signal
from emulator.arns import Arn
from emulator.events.filters import wanted
from emulator.faults import Fault
from emulator.lambdas.functions import LATEST, FunctionName, Invocation, Request

if TYPE_CHECKING:
    from asl_interpreter.engine import Engine
    from emulator.lambdas.service import Lambdas

log = logging.getLogger("dynastep")

FAILURES: Final = "ReportBatchItemFailures"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a batch came to: the identifiers of the items that failed; None means all of them."""

    failed: frozenset[str] | None
    invocation: Invocation | None = None
    version: str = LATEST
    request_id: str = ""


class Poller:
    """One mapping at work; what takes batches from its source derives from it."""

    def __init__(self, lambdas: Lambdas, engine: Engine, configuration: Mapping[str, Any]) -> None:
        self.lambdas = lambdas
        self.loop = engine.loop
        self.configuration = configuration
        self.source = str(configuration["EventSourceArn"])
        self.name = f"the mapping of {Arn.parse(self.source).resource} to {self.receiver}"
        self._news: Signal[None] = Signal(self.name)

    @property
    def function(self) -> FunctionName:
        """The function that gets what comes."""
        return FunctionName.parse(str(self.configuration["FunctionArn"]), "", "")

    @property
    def receiver(self) -> str:
        """The name of who gets what comes."""
        return self.function.name

    def wake(self) -> None:
        """Something may have come. On the loop's thread."""
        self._news.set(None)

    def wake_in(self, seconds: float) -> None:
        """Something comes after so many seconds."""
        self.loop.sleep(seconds, self.name).subscribe(self.wake)

    async def news(self) -> None:
        """Wait until something may have come."""
        await self._news
        self._news = Signal(self.name)

    @property
    def enabled(self) -> bool:
        """Whether it takes anything."""
        return bool(self.configuration["State"] == "Enabled")

    async def run(self) -> None:
        """Work until it is cancelled."""
        while True:
            if not self.enabled or not await self.take_batch():
                await self.news()

    async def take_batch(self) -> bool:
        """Take a batch, if there is one, and deal with it; whether there was one."""
        raise NotImplementedError

    def close(self) -> None:
        """Hear of nothing any more."""

    async def outside(self, work: Callable[[], Any], *, apart: bool = False) -> Any:
        """Have something done where it may take real time; ``apart`` if another process does it."""
        return await self.loop.call(work, self.name, blocking=True, apart=apart)

    def wanted(self, item: JSON) -> bool:
        """Whether the filter criteria let the function have an item."""
        return wanted(self.configuration.get("FilterCriteria"), item)

    async def invoke(self, items: Sequence[JSON], identifiers: Sequence[str]) -> Outcome:
        """Invoke the function with a batch."""
        request_id = self.lambdas.new_id()
        request = Request(self.function, dumps({"Records": items}), request_id)
        try:
            name = self.function
            apart = self.lambdas.runs_apart(name.arn, name.account, name.region)
            function, invocation = await self.outside(lambda: self.lambdas.invoke(request), apart=apart)
        except Fault as fault:
            log.warning("%s could not invoke it: %s", self.name, fault)
            return Outcome(None, request_id=request_id)
        if invocation.after:
            await self.loop.sleep(invocation.after, self.name)
        failed: frozenset[str] | None = None
        if not invocation.failed:
            reports = FAILURES in (self.configuration.get("FunctionResponseTypes") or ())
            failed = reported_failures(invocation.payload, identifiers) if reports else frozenset()
        return Outcome(failed, invocation, function.version, request_id)


def reported_failures(payload: str, identifiers: Sequence[str]) -> frozenset[str] | None:
    """The items that a function reports as failed; None, all of them, if it reports what is none of them.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
    """
    try:
        answer = loads(payload)
    except InvalidJSON:
        return None
    if answer is None or answer == {}:
        return frozenset()
    if not isinstance(answer, dict):
        return None
    failures = answer.get("batchItemFailures")
    if failures is None:
        return frozenset()
    try:
        reported = frozenset(failure["itemIdentifier"] for failure in failures)
    except (TypeError, KeyError):
        return None
    return reported if reported <= set(identifiers) else None


class Mappings:
    """The mappings of one world, or its pipes."""

    def __init__(self, lambdas: Lambdas, build: Callable[[Mapping[str, Any]], Poller]) -> None:
        self._lambdas = lambdas
        self._build = build
        self._pollers: Mapping[str, tuple[Poller, Callable[[], None]]] = {}
        """By the UUID of the mapping. Replaced, never changed: other threads look through it meanwhile."""

    def refresh(self, configurations: Sequence[Mapping[str, Any]], account: str, region: str) -> None:
        """Poll for these mappings of an account and region, and for no others. On the loop's thread."""
        now = {str(each["UUID"]): each for each in configurations}
        pollers = dict(self._pollers)
        for key, (poller, stop) in self._pollers.items():
            at = Arn.parse(poller.source)
            if (at.account, at.region) == (account, region) and key not in now:
                del pollers[key]
                poller.close()
                stop()
        for key, configuration in now.items():
            if key in pollers:
                poller = pollers[key][0]
                poller.configuration = configuration
                poller.wake()
            else:
                poller = self._build(configuration)
                fiber = poller.loop.fork(poller.run(), poller.name, detached=True)
                pollers[key] = poller, fiber.cancel
        self._pollers = pollers

    def of(self, source: str) -> list[Poller]:
        """The mappings of a queue or stream."""
        return [poller for poller, _ in self._pollers.values() if poller.source == source]

    def __len__(self) -> int:
        return len(self._pollers)

    def close(self) -> None:
        """Stop hearing of anything; the fibers end with the loop."""
        pollers, self._pollers = self._pollers, {}
        for poller, _ in pollers.values():
            poller.close()
