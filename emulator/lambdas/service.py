"""Lambda of one world: finds functions by their names, wherever they come from, and invokes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from emulator.faults import Fault
from emulator.lambdas.callables import Callables
from emulator.lambdas.functions import LARGEST_EVENT, LATEST, Function, FunctionName, Invocation, Request, check_size


class Lambdas:
    """The functions of one world."""

    def __init__(self, was_created: Callable[[str], bool]) -> None:
        """``was_created`` says whether CreateFunction has made the function with an ARN."""
        self.callables = Callables()
        self._was_created = was_created

    def find(self, name: FunctionName) -> Function:
        """The function with this name, in the version that its qualifier means.

        Raises:
            Fault: ResourceNotFoundException, there is none.
        """
        callable_function = self.callables.find(name.arn)
        if callable_function is not None:
            return replace(callable_function, version=name.qualifier or LATEST)
        if self._was_created(name.arn):
            text = f"Dynastep has not built running functions that were made by CreateFunction yet: {name.arn}"
            raise Fault("NotImplementedException", text, status=501)
        raise name.not_found()

    def invoke(self, request: Request) -> tuple[Function, Invocation]:
        """Invoke a function and wait for its answer; also which version it was.

        Raises:
            Fault: there is none, or it could not be invoked.
        """
        function = self.find(request.name)
        check_size(request.payload)
        return function, function.invoke(request)

    def invoke_later(self, request: Request) -> Function:
        """Invoke a function without waiting for what comes of it; which version it will be.

        Raises:
            Fault: there is none, or the event is too large.
        """
        function = self.find(request.name)
        check_size(request.payload, LARGEST_EVENT)
        function.invoke(request)
        return function
