"""The Tasks of an execution as faults hit them."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Collection
from functools import partial
from typing import TYPE_CHECKING, Any

from asl_interpreter.errors import StateError
from asl_interpreter.jsontext import JSON
from asl_interpreter.tasks import Integration, Later, TaskRequest
from emulator.injection.errors import UNPROCESSED, fault_of, with_left, withheld
from emulator.injection.rules import FaultRules, Faults, Strike
from emulator.integrations.caller import new_uuid
from emulator.integrations.mocks import Mock, Step
from emulator.integrations.resources import Called
from emulator.integrations.selection import Selection, Spot

if TYPE_CHECKING:
    from emulator.integrations.mocked import Mocked


class Struck:
    """The integrations of one execution, of which faults hit some calls, of mocked Tasks too."""

    def __init__(self, mocked: Mocked, rules: FaultRules) -> None:
        self._mocked = mocked
        self._rules = rules

    def __call__(self, resource: str, state: str = "", /) -> Integration:
        """The integration of a Resource ARN, or what it is when it is hit.

        Raises:
            UnknownResource: AWS would not recognize it.
        """
        integration = self._mocked(resource, state)
        if not self._rules or not state:
            return integration
        spot, called = self._mocked.spots[state], self._mocked.called(resource)
        of_state = self._rules.of_states(self._mocked.name, spot)
        return dataclasses.replace(integration, choose=partial(self._choose, integration, spot, called, of_state))

    def _choose(
        self,
        integration: Integration,
        spot: Spot,
        called: Called | None,
        of_state: Collection[Faults],
        request: TaskRequest,
    ) -> Integration:
        chosen = dataclasses.replace(integration, choose=None)
        if integration.choose is not None:
            chosen = integration.choose(request)
        if of_state:
            strike = self._rules.strike_state(of_state, spot, request)
            if strike is not None:
                return self._fail(chosen, strike, spot)
        if called is None:
            return chosen
        strike = self._rules.strike_operation(called.service, called.operation, request.arguments)
        return chosen if strike is None else _hit(chosen, strike, called)

    def _fail(self, integration: Integration, strike: Strike, spot: Spot) -> Integration:
        """Fail as a Task does whose service, worker or job has failed."""
        if strike.error is None:
            return dataclasses.replace(integration, delay=strike.delay)
        answer = Later(strike.delay, error=StateError(strike.error, strike.message))
        mock = Mock(f"The fault of {spot.place!r}", Selection(spot.place), (Step(0, math.inf, answer),))
        struck = self._mocked.stand_in(integration, mock, spot.task.resource)
        return dataclasses.replace(struck, open_callback=integration.open_callback)


def _hit(integration: Integration, strike: Strike, called: Called) -> Integration:
    """Fail, or come late, as the call of a service does."""
    delayed = dataclasses.replace(integration, delay=strike.delay)
    if strike.error is None:
        return delayed
    if strike.error == UNPROCESSED:
        return dataclasses.replace(delayed, handler=partial(_withhold, integration.handler))
    return dataclasses.replace(
        delayed,
        handler=partial(_refuse, called, strike),
        blocking=False,
    )


def _refuse(called: Called, strike: Strike, request: TaskRequest) -> JSON:
    params = request.arguments if isinstance(request.arguments, dict) else {}
    fault = fault_of(called.service, called.operation, params, str(strike.error), strike.message)
    raise called.error(fault, new_uuid(request))


def _withhold(handler: Callable[[TaskRequest], Any], request: TaskRequest) -> Any:
    served, left = withheld(request.arguments)
    answer = handler(dataclasses.replace(request, arguments=served))
    if isinstance(answer, Later):
        return dataclasses.replace(answer, value=with_left(answer.value, left))
    return with_left(answer, left)
