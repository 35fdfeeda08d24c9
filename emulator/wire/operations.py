"""Operations: the one door to every operation that this emulator answers itself.

HTTP requests, in-process clients and Tasks of a state machine all come through ``perform``: it finds the operation in
the service's model, checks the request against it, and calls the handler.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

from asl_interpreter.jsontext import JSON, dumps
from emulator.faults import Fault
from emulator.wire.loading import service_description
from emulator.wire.presence import STRICTLY_PARSED, check_present
from emulator.wire.protocol import Call

if TYPE_CHECKING:
    from botocore.model import ServiceModel

    from emulator.settings import Wording
    from emulator.wire.waiting import Waiting
    from emulator.world import World

Handler: TypeAlias = "Callable[[World, Call], dict[str, JSON] | Waiting[Any]]"
"""Performs one operation whose request was checked. Answers JSON values as they go on the wire: blobs as base64 text,
timestamps as epoch seconds; or what says when such an answer comes. Raises Fault."""


def perform(world: World, call: Call) -> dict[str, JSON]:
    """Perform a call, and wait for its answer if it takes time. Raises as ``begin``."""
    answer = begin(world, call)
    return answer if isinstance(answer, dict) else answer.result()


def begin(world: World, call: Call) -> dict[str, JSON] | Waiting[Any]:
    """Perform a call whose answer may come later.

    Raises:
        Fault: the operation is unknown or not built, the request breaks its model, or the operation refuses it.
    """
    if call.service in world.elsewhere:
        world.looked(call)
        return world.elsewhere[call.service](call)
    wording = "mixed" if call.service == "stepfunctions" else world.dynamodb.settings.wording
    if call.operation in STRICTLY_PARSED:
        check_present(STRICTLY_PARSED[call.operation], call.body or dumps(call.params).encode())
    params = _checker(call.service, call.operation, wording)(call.params)
    if params is not call.params:
        call = call._replace(params=params)
    handler = handlers(call.service).get(call.operation)
    if handler is None:
        raise Fault(
            "NotImplementedException", f"Dynastep has not built {call.service}.{call.operation} yet", status=501
        )
    world.looked(call)
    keeper = world.keeping.by
    return handler(world, call) if keeper is None else keeper.perform(handler, call)


def check(service: str, operation: str, params: dict[str, JSON]) -> dict[str, JSON]:
    """The parameters of an operation, tidied, if they keep to its model; for what is answered elsewhere.

    Raises:
        Fault: they break it.
    """
    return _checker(service, operation, "mixed")(params)


_SERVICES: dict[str, Callable[[], Mapping[str, Handler]]] = {}
"""Service -> imports its handlers. Filled where the emulator is put together."""


def offer(service: str, load: Callable[[], Mapping[str, Handler]]) -> None:
    """Have a service's operations performed by the handlers that ``load`` brings when one is first called."""
    _SERVICES[service] = load


@cache
def handlers(service: str) -> Mapping[str, Handler]:
    """The handlers of a service, by operation.

    Raises:
        KeyError: nobody has offered the service.
    """
    return _SERVICES[service]()


@cache
def _checker(service: str, operation: str, wording: Wording) -> Callable[[JSON], dict[str, JSON]]:
    from emulator.wire.dialects import dialect
    from emulator.wire.shapes import compile_input

    model = service_model(service)
    if operation not in model.operation_names:
        raise Fault("UnknownOperationException", "")
    return compile_input(model.operation_model(operation), dialect(service, wording))


@cache
def service_model(service: str) -> ServiceModel:
    """A service's model, as botocore has them: of the services answered here our copy, which no older botocore changes.

    Raises:
        botocore.exceptions.UnknownServiceError: botocore does not have the service.
    """
    from botocore.model import ServiceModel

    return ServiceModel(service_description(service), service)
