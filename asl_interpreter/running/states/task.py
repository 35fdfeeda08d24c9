"""Task: work that a service of the outside does.

Source: Amazon States Language specification, "Task state"; its events as AWS records them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from itertools import count
from typing import Any, Final

from ...definition import Task
from ...errors import RUNTIME, AnswerTooLarge, HeartbeatTimeout, StateError, TaskTimedOut
from ...jsontext import JSON
from ...loop.errands import Errand
from ...loop.fibers import Fiber, first_of
from ...loop.signals import Signal
from ...tasks import Callback, Integration, Later, Polled, Submitted, TaskRequest, UnknownResource
from ..cursor import Attempt, Cursor, Exit
from ..record import CLOSED, TakenOn
from .retry_and_catch import attempts


async def run_task(state: Task, cursor: Cursor) -> Exit:
    """Call the service; its answer is the result."""

    async def attempt() -> JSON:
        execution = cursor.execution
        try:
            integration = execution.outside.resolve(state.resource, state.name)
        except UnknownResource as error:
            raise StateError(RUNTIME, str(error)) from None
        seed = execution.random.getrandbits(128)
        callback = None
        if integration.open_callback is not None:
            callback = execution.record.hear(integration.open_callback(execution.start.arn, seed))
            cursor.attempt = Attempt(0 if cursor.attempt is None else cursor.attempt.retries, callback.token)
        try:
            arguments, limits, role = await cursor.do(state, partial(_evaluate, state, cursor))
            context = cursor.context()
            if integration.choose is not None:
                integration = integration.choose(TaskRequest(arguments, context, seed, callback, role, cursor.items))
            integration.check_start(arguments)
            arguments = integration.complete(arguments, context)
            request = TaskRequest(arguments, context, seed, callback, role, cursor.items)
            return await _Attempt(state, cursor, integration, request, limits).run()
        finally:
            if callback is not None:
                callback.fail(CLOSED)

    return await attempts(state, cursor, attempt)


def _evaluate(state: Task, cursor: Cursor) -> tuple[JSON, dict[str, JSON], str | None]:
    """What the service is given, the limits of time, and the role that the Task takes on."""
    frame = cursor.frame(cursor.input)
    arguments = state.flow.read(frame)
    cursor.check_arguments(arguments)
    limits: dict[str, JSON] = {}
    if state.timeout is not None:
        limits["timeoutInSeconds"] = state.timeout(frame)
    if state.heartbeat is not None:
        limits["heartbeatInSeconds"] = state.heartbeat(frame)
    return arguments, limits, None if state.credentials is None else state.credentials(frame)["RoleArn"]


_PREFIX: Final = {"task": "Task", "lambda": "LambdaFunction", "activity": "Activity"}


def _give_up(end: Fiber[JSON], job: Polled) -> None:
    """Ask no more, and have the job stopped."""
    end.cancel()
    job.cancel()


class _Found:
    """A job that is looked for when somebody needs it."""

    def __init__(self, find: Callable[[], Submitted]) -> None:
        self._find = find
        self._found: Submitted | None = None

    def __call__(self) -> Submitted:
        if self._found is None:
            self._found = self._find()
        return self._found

    def cancel(self) -> None:
        self().cancel()


class _Attempt:
    """One attempt of a task and the events that show it."""

    def __init__(
        self,
        state: Task,
        cursor: Cursor,
        integration: Integration,
        request: TaskRequest,
        limits: dict[str, JSON],
    ) -> None:
        self._state = state
        self._cursor = cursor
        self._loop = cursor.execution.loop
        self._ask = cursor.execution.record.ask
        self._hear = cursor.execution.record.hear
        self._integration = integration
        self._request = request
        self._limits = limits
        self._about = {"resourceType": integration.service, "resource": integration.action}
        if integration.kind != "task":
            self._about = {}
        self._name = f"{state.name!r} ({integration.service}:{integration.action})"
        self._timer: Signal[None] | None = None

    async def run(self) -> JSON:
        self._record_scheduled()
        try:
            result = await (self._work() if self._integration.kind == "activity" else self._answer())
            self._check_size(result)
        except StateError as error:
            details: dict[str, JSON] = {}
            if error.error is not None:
                details["error"] = error.error
            if error.cause is not None:
                details["cause"] = error.cause
            self._record("TimedOut" if isinstance(error, TaskTimedOut) else "Failed", details)
            raise
        self._record("Succeeded", {"output": result})
        return result

    def _check_size(self, result: JSON) -> None:
        try:
            self._cursor.check_size(result, self._integration.size_name)
        except StateError as error:
            raise AnswerTooLarge(error.cause) from None

    def _record(self, what: str, details: Mapping[str, JSON] | None) -> None:
        if details is not None:
            details = {**self._about, **details}
        self._cursor.record(_PREFIX[self._integration.kind] + what, details)

    def _record_scheduled(self) -> None:
        details = dict(self._limits)
        if self._request.role is not None:
            details["taskCredentials"] = {"roleArn": self._request.role}
        if self._integration.kind == "task":
            details |= {"region": self._cursor.execution.region, "parameters": self._request.arguments}
        else:
            details |= {"resource": self._state.resource, "input": self._request.arguments}
        self._record("Scheduled", details)

    def _start(self, details: Mapping[str, JSON] | None) -> None:
        """Record the start; what limits the time counts from there."""
        self._record("Started", details)
        if (seconds := self._limits.get("timeoutInSeconds")) is not None:
            self._timer = self._loop.sleep(seconds, f"the timeout of {self._state.name!r}")
        if self._request.callback is not None:
            self._request.callback.heard_at = self._loop.clock.now()

    async def _work(self) -> JSON:
        """The answer of the worker that takes on the task of an activity."""
        taken: Signal[JSON] = self._hear(self._integration.handler(self._request))  # type: ignore[arg-type]  # of an activity
        self._loop.hold(taken)
        try:
            worker = await taken
        finally:
            taken.set(None)
        self._start({} if worker is None else {"workerName": worker})
        return await self._called_back()

    async def _answer(self) -> JSON:
        """The service's answer, or that of whoever has the token; States.Timeout when it does not come in time."""
        self._start(None if self._integration.kind == "lambda" else {})
        answer: Any = await self._first_answer()
        if isinstance(answer, Later):
            await self._within_time(self._loop.sleep(answer.after, self._name))
            if answer.error is not None:
                raise answer.error
            answer = answer.value
        elif isinstance(answer, Polled):
            end = self._loop.fork(self._end(answer), self._name)
            return await self._outcome(answer.output, end, partial(_give_up, end, answer))
        elif isinstance(answer, Submitted):
            return await self._outcome(answer.output, self._ask(lambda: answer.outcome, self._name), answer.cancel)
        elif isinstance(answer, Signal):
            answer = await self._within_time(self._ask(lambda: answer, self._name))
        elif isinstance(answer, TakenOn) and answer.kind == "signal":
            answer = await self._within_time(self._ask(lambda: self._loop.fork(self._anew(), self._name), self._name))
        elif isinstance(answer, TakenOn):
            job = _Found(partial(self._find, answer.output))
            return await self._outcome(answer.output, self._ask(lambda: job().outcome, self._name), job.cancel)
        if self._request.callback is None:
            return answer
        self._record("Submitted", {"output": answer})
        return await self._called_back()

    async def _first_answer(self) -> Any:
        """What the service answers at once."""
        integration = self._integration
        if integration.delay:
            await self._within_time(self._loop.sleep(integration.delay, self._name))
        answer: Any = await self._within_time(self._ask(self._call, self._name))
        if isinstance(answer, TakenOn) and answer.kind == "polled" and integration.again is not None:
            return integration.again(self._request, answer.output)
        return answer

    def _call(self) -> Errand[Any]:
        """Have the service asked."""
        integration, request = self._integration, self._request
        apart = integration.blocking and integration.apart(request)
        return self._loop.call(
            lambda: integration.handler(request), self._name, blocking=integration.blocking, apart=apart
        )

    def _find(self, output: JSON) -> Submitted:
        """A job that was taken on before the execution went on in another process; else one like that."""
        if self._integration.again is not None:
            found = self._integration.again(self._request, output)
            if isinstance(found, Submitted):
                return found
        again = self._loop.fork(self._anew(), self._name)
        return Submitted(output, again, again.cancel)

    async def _anew(self) -> JSON:
        """What comes of asking the service once more, from the start."""
        answer = await self._call()
        if isinstance(answer, Later):
            await self._loop.sleep(answer.after, self._name)
            if answer.error is not None:
                raise answer.error
            return answer.value
        if isinstance(answer, Submitted):
            return await answer.outcome
        if isinstance(answer, Polled):
            return await self._end(answer)
        return await answer if isinstance(answer, Signal) else answer

    async def _end(self, job: Polled) -> JSON:
        """How a job ends that must be asked how it goes."""
        looks, result = count(1), None
        while result is None:
            look = next(looks)
            await self._loop.sleep(job.pause(look), self._name)
            ask = partial(self._loop.call, partial(job.ask, look), self._name, blocking=True)
            result = await self._ask(ask, self._name)
        return result

    async def _outcome(self, output: JSON, outcome: Signal[JSON], cancel: Callable[[], None]) -> JSON:
        """How the job of a ``.sync`` task ends, or what comes by its token before."""
        self._record("Submitted", {"output": output})
        callback = self._request.callback
        answered = False
        try:
            result = await self._within_time(outcome, *([] if callback is None else [callback]))
            answered = True
        finally:
            if not answered and not self._cursor.execution.record.given:
                cancel()
        return result

    async def _called_back(self) -> JSON:
        """What comes by the token. Virtual time stands still for it."""
        callback: Callback = self._request.callback  # type: ignore[assignment]  # the integration has opened one
        self._loop.hold(callback)
        return await self._within_time(callback)

    async def _within_time(self, *awaited: Signal[JSON]) -> JSON:
        """What the first of the signals brings, if it happens in time."""
        callback, heartbeat = self._request.callback, self._limits.get("heartbeatInSeconds")
        while True:
            timers = [] if self._timer is None else [self._timer]
            due = math.inf
            if callback is not None and heartbeat is not None:
                due = callback.heard_at + heartbeat
                timers.append(self._loop.timer(due, f"a heartbeat of {self._state.name!r}"))
            first = await first_of(*awaited, *timers) if timers or len(awaited) > 1 else awaited[0]
            if first in awaited:
                return await first
            if first is self._timer:
                raise TaskTimedOut
            if callback is not None and callback.heard_at + (heartbeat or 0) <= due:
                raise HeartbeatTimeout
