"""Lambda functions given as Python callables, run in this process.

What a callable answers is what AWS's Python runtime makes of it: JSON through the json module, an exception as
errorType, errorMessage, requestId and stackTrace. Source:
https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from asl_interpreter.jsontext import loads
from asl_interpreter.loop.clock import monotonic
from asl_interpreter.tasks import Later
from emulator.lambdas import logs
from emulator.lambdas.functions import LATEST, Invocation, Request, exit_failure, within_limits
from emulator.lambdas.runtimes import python

Handler: TypeAlias = Callable[..., Any]
"""Takes the event, and a LambdaContext if it wants one. May return Later to take virtual time."""


@dataclass(frozen=True, slots=True)
class CallableFunction:
    """A callable, which stands for all versions and aliases of its function."""

    handler: Handler
    version: str = LATEST

    def invoke(self, request: Request) -> Invocation:
        """Call it with an event of its own, which it may change."""
        began = monotonic()
        context = python.LambdaContext(
            request.name.name,
            request.name.arn,
            request.request_id,
            log=(f"/aws/lambda/{request.name.name}", f"[{LATEST}]{request.request_id}"),
            client_context=request.client_context,
        )
        arguments = (loads(request.payload), context)[: _takes(self.handler)]
        payload, failed, after = "", True, 0.0
        try:
            answer = self.handler(*arguments)
            if isinstance(answer, Later):
                after = answer.after
                answer = python.value_of(answer)
            payload, failed = python.marshal(answer).decode(), False
        except SystemExit as error:
            payload = exit_failure(request.request_id, _exit_status(error.code))
        except KeyboardInterrupt:
            raise  # Ctrl-C is for the test run
        except BaseException:  # noqa: BLE001 - whatever the user's function raises is its answer
            payload = python.error_text(python.describe(sys.exc_info(), request.request_id, __file__))
        log = logs.report(logs.Run(request.request_id, self.version, 128, monotonic() - began), "")
        return within_limits(Invocation(payload, failed, after, log))


def _takes(handler: Handler) -> int:
    """How many of event and context the callable takes."""
    try:
        inspect.signature(handler).bind(None, None)
    except TypeError:
        return 1
    return 2


def _exit_status(code: object) -> str:
    """How a process ends that calls ``sys.exit(code)``."""
    number = code if isinstance(code, int) else int(code is not None)
    return f"exit status {number}" if number else ""


class Callables:
    """The callables of one world, by ARN."""

    def __init__(self) -> None:
        self._functions: dict[str, CallableFunction] = {}

    def register(self, arn: str, handler: Handler) -> None:
        """Make the callable answer; a function that was there is replaced."""
        self._functions[arn] = CallableFunction(handler)

    def find(self, arn: str) -> CallableFunction | None:
        """The function with this ARN."""
        return self._functions.get(arn)

    def __len__(self) -> int:
        return len(self._functions)
