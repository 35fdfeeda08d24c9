"""Ours: services that moto has, too, but that are answered elsewhere, by this door: who calls moto calls them alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeAlias

from asl_interpreter.jsontext import JSON
from emulator.moto_door.routes import rest_operation
from emulator.wire.operations import service_model
from emulator.wire.protocol import Environ, Response

if TYPE_CHECKING:
    from emulator.moto_door.requests import Operation

Answer: TypeAlias = "Callable[[Operation, JSON, str, tuple[str, str]], Response]"
"""Answers an operation with its members, the query of its path, and an account and a region. Raises Fault."""

_answers: dict[str, Answer] = {}
_SIGNING: Final = {"apigateway": ("apigateway", "apigatewayv2"), "execute-api": ("apigatewaymanagementapi",)}
"""Signing name -> the services, by botocore's names, that are answered here."""


def answer_here(service: str, answer: Answer) -> None:
    """Have a service answered by somebody else than moto; the last one given counts. Of the process."""
    _answers[service] = answer


def own_operation(name: str, environ: Environ) -> Operation | None:
    """The operation that a request, to a service with this signing name, asks of a service that is answered here."""
    if name not in _SIGNING:
        return None
    from emulator.moto_door.requests import Operation  # brings botocore, which is not for the start of a server

    path, _, query = str(environ["RAW_URI"]).partition("?")
    for service in _SIGNING[name]:
        found = rest_operation(service, environ["REQUEST_METHOD"], path, query) if service in _answers else None
        if found is not None:
            return Operation(service, found, service_model(service).operation_model(found))
    return None


def answered_here(operation: Operation, params: JSON, query: str, place: tuple[str, str]) -> Response:
    """The answer to an operation. Raises Fault: it is refused."""
    return _answers[operation.service](operation, params, query, place)
