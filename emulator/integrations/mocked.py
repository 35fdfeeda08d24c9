"""Mocked: the integrations of one execution, some of which mocks stand for."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING

from asl_interpreter.errors import StateError
from asl_interpreter.jsontext import JSON, dumps
from asl_interpreter.loop.signals import Signal
from asl_interpreter.tasks import (
    Integration,
    Later,
    OpenCallback,
    Submitted,
    TaskHandler,
    TaskRequest,
    unchecked,
)
from emulator.integrations.mocks import MOCK_FAILED, Answering, Mock, Mocks, flaw_of
from emulator.integrations.selection import Spot, short
from emulator.integrations.spots import spots_of

if TYPE_CHECKING:
    from asl_interpreter.definition import Machine
    from asl_interpreter.engine import Engine
    from asl_interpreter.tasks import Resolve
    from emulator.integrations.resources import Called, Resources


def answered_at_once(resources: Resources, mock: Mock) -> Resolve:
    """The integrations of a state that is tested with a mock: each answers at once, without a job and a token."""

    def resolve(resource: str, state: str = "", /) -> Integration:
        integration = resources(resource, state)

        def reply(request: TaskRequest) -> JSON | Later:
            return _as_reply(_answered(mock, 0, request.arguments, resource, resources.answering))

        return dataclasses.replace(
            integration,
            kind="task",
            action=integration.action.partition(".")[0],
            handler=reply,
            blocking=mock.blocking,
            open_callback=None,
            check_start=unchecked,
        )

    return resolve


def _answered(mock: Mock, attempt: int, arguments: JSON, resource: str, answering: Answering) -> Later:
    """What an attempt gets, whatever goes wrong on the way included."""
    try:
        later = mock.answer(attempt, arguments)
        flaw = None if later.error is not None else flaw_of(mock, resource, later.value, answering)
        if flaw is not None:
            raise mock.complain(MOCK_FAILED, flaw)
    except StateError as error:
        return Later(0, error=error)
    failure = None if later.error is not None else _function_error(resource, later.value)
    return later if failure is None else Later(later.after, error=failure)


def _as_reply(later: Later) -> JSON | Later:
    """What a service would answer that answers at once: its value, or it raises; time that it takes is handed on."""
    if later.after:
        return later
    if later.error is not None:
        raise later.error
    return later.value


def mocks_first(
    resources: Resources,
    name: str,
    mocks: Mocks,
    open_callback: OpenCallback,
    machine: Machine,
    engine: Engine,
    otherwise: Resolve,
) -> Resolve:
    """The integrations of a machine: those that mocks stand for, and for all other Tasks what ``otherwise`` finds."""
    mocked = Mocked(resources, name, machine, (mocks,), engine, open_callback)

    def resolve(resource: str, state: str = "", /) -> Integration:
        known = state and any(True for _ in mocks.of(name, mocked.spots[state]))
        return mocked(resource, state) if known else otherwise(resource, state)

    return resolve


class Mocked:
    """The integrations of one execution, some of which mocks stand for. Each counts its attempts from 0."""

    def __init__(
        self,
        resources: Resources,
        name: str,
        machine: Machine,
        sources: Sequence[Mocks],
        engine: Engine,
        open_callback: OpenCallback,
    ) -> None:
        """``name`` is that of its state machine; of ``sources`` the first goes before the others."""
        self._resources = resources
        self.name = name
        self._machine = machine
        self._sources = sources
        self._answering = resources.answering
        self._engine = engine
        self._open_callback = open_callback
        self._attempts: dict[Mock, Iterator[int]] = {}

    def __call__(self, resource: str, state: str = "", /) -> Integration:
        """The integration of a Resource ARN, or what stands for it.

        Raises:
            UnknownResource: AWS would not recognize it.
        """
        integration = self._resources(resource, state)
        for source in self._sources:
            if source:
                break
        else:  # written out, for it is met by every attempt
            return integration
        if not state:
            return integration
        spot = self.spots[state]
        mocks = [mock for source in self._sources for mock in source.of(self.name, spot)]
        certain = next((number for number, mock in enumerate(mocks) if mock.selection.is_certain(spot)), None)
        otherwise = integration if certain is None else self.stand_in(integration, mocks[certain], resource)
        conditional = mocks[:certain]
        if not conditional:
            return otherwise

        def choose(request: TaskRequest) -> Integration:
            try:
                chosen = next((mock for mock in conditional if mock.takes(spot, request)), None)
            except StateError as error:
                return dataclasses.replace(integration, handler=partial(_fail, error), check_start=unchecked)
            return otherwise if chosen is None else self.stand_in(integration, chosen, resource)

        return dataclasses.replace(otherwise, choose=choose)

    @cached_property
    def spots(self) -> Mapping[str, Spot]:
        """The Tasks of the machine, by name."""
        return {spot.task.name: spot for spot in spots_of(self._machine)}

    def called(self, resource: str) -> Called | None:
        """The operation that a Task would call."""
        return self._resources.called(resource)

    def stand_in(self, integration: Integration, mock: Mock, resource: str) -> Integration:
        """What stands for the integration of a Task that a mock answers."""
        waits = integration.kind == "activity" or "." in integration.action
        return dataclasses.replace(
            integration,
            handler=self._handler(integration, mock, partial(self._answer, mock, resource)),
            blocking=mock.blocking or self._resources.stored(resource) is not None,
            open_callback=self._open_callback if waits else None,
            check_start=unchecked,
        )

    def _answer(self, mock: Mock, resource: str, request: TaskRequest) -> Later:
        """What an attempt gets, whatever goes wrong on the way included."""
        attempt = next(self._attempts.setdefault(mock, itertools.count()))
        stored = self._resources.stored(resource)
        if stored is None:
            return _answered(mock, attempt, request.arguments, resource, self._answering)
        data = stored(request)
        try:
            later = _answered(mock, attempt, data.read(), resource, self._answering)
            return later if later.error is not None else dataclasses.replace(later, value=data.written(later.value))
        except StateError as error:
            return Later(0, error=error)

    def _handler(self, integration: Integration, mock: Mock, answer: Callable[[TaskRequest], Later]) -> TaskHandler:
        def reply(request: TaskRequest) -> JSON | Later:
            return _as_reply(answer(request))

        def submit(request: TaskRequest) -> Submitted:
            later = answer(request)
            outcome: Signal[JSON] = Signal(mock.title)
            self._bring(later, outcome)
            return Submitted(later.value, outcome, cancel=lambda: outcome.set(None))

        def work(request: TaskRequest) -> Signal[JSON]:
            loop, callback = self._engine.loop, request.callback
            call = loop.call(lambda: answer(request), mock.title, blocking=mock.blocking)

            def bring() -> None:
                if callback is not None:
                    loop.release(callback)  # nobody outside is waited for
                    if call.error is None:
                        self._bring(call.value, callback)
                    else:
                        callback.fail(call.error)

            call.subscribe(bring)
            taken: Signal[JSON] = Signal(mock.title)
            taken.set(None)
            return taken

        if integration.kind == "activity":
            return work
        return submit if "." in integration.action else reply

    def _bring(self, later: Later, outcome: Signal[JSON]) -> None:
        """Let the outcome happen when its time comes, unless it has happened otherwise."""

        def happen() -> None:
            if later.error is not None:
                outcome.fail(later.error)
            else:
                outcome.set(later.value)

        def wait() -> None:
            timer = self._engine.loop.sleep(later.after, outcome.name)
            timer.subscribe(happen)
            outcome.subscribe(lambda: timer.unsubscribe(happen))

        if later.after:
            self._engine.ask(wait)
        else:
            happen()


def _function_error(resource: str, value: JSON) -> StateError | None:
    """How ``lambda:invoke`` fails when the answer says that the function did.

    Source: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_ResponseSyntax
    """
    if short(resource) != "lambda:invoke" or not isinstance(value, dict) or value.get("FunctionError") is None:
        return None
    payload = value.get("Payload")
    said = payload if isinstance(payload, dict) else {}
    return StateError(str(said.get("errorType", value["FunctionError"])), dumps(payload))


def _fail(error: StateError, _request: TaskRequest) -> JSON:
    raise error
