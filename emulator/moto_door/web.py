"""What moto knows of the web: the API destinations of its EventBridge and their connections."""

from __future__ import annotations

from typing import Any, NamedTuple

from emulator.arns import Arn, InvalidArn


class ApiDestination(NamedTuple):
    """What an API destination calls."""

    endpoint: str
    """Its URL, with ``*`` for each path parameter."""
    method: str
    connection: str
    """ARN."""


def api_destination(arn: str) -> ApiDestination | None:
    """An API destination by its ARN; None if there is none."""
    from moto.events.models import events_backends

    parsed = Arn.parse(arn)
    found = events_backends[parsed.account][parsed.region].destinations.get(parsed.resource.split("/")[1])
    if found is None or found.arn != arn:
        return None
    return ApiDestination(found.invocation_endpoint, found.http_method, found.connection_arn)


def connection(arn: str) -> dict[str, Any] | None:
    """The authorization parameters of a connection, secrets and all, as CreateConnection took them.

    None if there is none, or if it is not authorized.
    """
    from moto.events.models import events_backends

    try:
        parsed = Arn.parse(arn)
    except InvalidArn:
        return None
    connections: Any = events_backends[parsed.account][parsed.region].connections
    found = connections.get(parsed.names[0].split("/")[1] if "/" in parsed.names[0] else "")
    return None if found is None or found.arn != arn or found.state != "AUTHORIZED" else found.auth_parameters
