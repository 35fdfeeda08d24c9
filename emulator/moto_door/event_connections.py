"""Connections and API destinations of EventBridge. moto keeps them; the rules are ours.

Source: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateConnection.html,
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateApiDestination.html, and refusals as observed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from emulator.arns import Arn
from emulator.moto_door.clock import now
from emulator.moto_door.event_refusals import absent, exists, invalid

_PARAMETERS: Final = {
    "API_KEY": "ApiKeyAuthParameters",
    "BASIC": "BasicAuthParameters",
    "OAUTH_CLIENT_CREDENTIALS": "OAuthParameters",
}
"""Type of authorization -> the parameters that it needs."""
_SECRET: Final = frozenset({"ApiKeyValue", "Password", "ClientSecret"})
_RATE: Final = 300
"""Calls a second of an API destination that says nothing of them."""


def _answered(self: Any, result: Mapping[str, Any]) -> Any:
    return json.dumps({name: value for name, value in result.items() if value is not None}), self.response_headers


def _connection(self: Any, doing: str = "") -> Any:
    name = self._get_param("Name")
    found = self.events_backend.connections.get(name)
    if found is None:
        before = f"Failed to {doing} the connection(s). " if doing else ""
        raise absent(f"{before}Connection '{name}' does not exist.")
    return found


def _check(kind: str, parameters: Mapping[str, Any]) -> None:
    given = [each for each in _PARAMETERS.values() if each in parameters]
    if given != [_PARAMETERS[kind]]:
        raise invalid(
            f"Parameter AuthParameters is not valid. Reason: {_PARAMETERS[kind]} must be provided for {kind}."
        )


def _times(connection: Any) -> dict[str, Any]:
    return {
        "ConnectionArn": connection.arn,
        "ConnectionState": connection.state,
        "CreationTime": connection.creation_time,
        "LastModifiedTime": getattr(connection, "modified", connection.creation_time),
    }


def _authorized(connection: Any) -> dict[str, Any]:
    return {"LastAuthorizedTime": getattr(connection, "authorized", connection.creation_time)}


def _public(value: Any) -> Any:
    """Authorization parameters without what is secret."""
    if isinstance(value, list):
        return [_public(each) for each in value]
    if not isinstance(value, dict):
        return value
    hidden = {"Value"} if value.get("IsValueSecret") is True else set()
    return {name: _public(each) for name, each in value.items() if name not in _SECRET | hidden}


def create_connection(self: Any) -> Any:
    """Make a connection; it is authorized at once."""
    name, kind = self._get_param("Name"), self._get_param("AuthorizationType")
    parameters = self._get_param("AuthParameters") or {}
    if name in self.events_backend.connections:
        raise exists(f"Connection {name} already exists.")
    _check(kind, parameters)
    made = self.events_backend.create_connection(name, self._get_param("Description"), kind, parameters)
    return _answered(self, _times(made))


def describe_connection(self: Any) -> Any:
    """Show a connection, but for its secrets."""
    found = _connection(self, "describe")
    shown = {
        **_times(found),
        **_authorized(found),
        "Name": found.name,
        "Description": found.description,
        "AuthorizationType": found.authorization_type,
        "SecretArn": found.secret_arn,
        "AuthParameters": _public(found.auth_parameters),
    }
    return _answered(self, shown)


def update_connection(self: Any) -> Any:
    """Change a connection; it is authorized anew."""
    found = _connection(self)
    kind = self._get_param("AuthorizationType") or found.authorization_type
    parameters = self._get_param("AuthParameters") or found.auth_parameters
    _check(kind, parameters)
    found.authorization_type, found.auth_parameters, found.state = kind, parameters, "AUTHORIZED"
    if self._get_param("Description") is not None:
        found.description = self._get_param("Description")
    found.modified = found.authorized = now(self.current_account)
    return _answered(self, {**_times(found), **_authorized(found)})


def deauthorize_connection(self: Any) -> Any:
    """Take from a connection what it knows: no API destination is called by it until it is updated."""
    found = _connection(self)
    found.state, found.modified = "DEAUTHORIZED", now(self.current_account)
    return _answered(self, {**_times(found), **_authorized(found), "ConnectionState": "DEAUTHORIZING"})


def delete_connection(self: Any) -> Any:
    """Delete a connection, with its secret."""
    found = _connection(self)
    self.events_backend.delete_connection(found.name)
    return _answered(self, {**_times(found), **_authorized(found), "ConnectionState": "DELETING"})


def list_connections(self: Any) -> Any:
    """List connections by name or state."""
    prefix, state = self._get_param("NamePrefix") or "", self._get_param("ConnectionState")
    found = [
        {**_times(each), **_authorized(each), "Name": each.name, "AuthorizationType": each.authorization_type}
        for each in self.events_backend.connections.values()
        if each.name.startswith(prefix) and state in (None, each.state)
    ]
    return _answered(self, _page(self, "Connections", found))


def _page(self: Any, member: str, found: list[dict[str, Any]]) -> dict[str, Any]:
    """The things that Limit and NextToken ask for."""
    begin, most = self._get_param("NextToken") or "0", self._get_param("Limit")
    if not begin.isdigit():
        raise invalid("Parameter NextToken is not valid.")
    start, length = int(begin), len(found) if most is None else int(most)
    end = start + length
    return {member: found[start:end], "NextToken": str(end) if end < len(found) else None}


# API destinations


def _destination(self: Any, doing: str = "") -> Any:
    name = self._get_param("Name")
    found = self.events_backend.destinations.get(name)
    if found is None:
        before = f"Failed to {doing} the api-destination(s). " if doing else ""
        raise absent(f"{before}An api-destination '{name}' does not exist.")
    return found


def _connection_of(self: Any, arn: str) -> Any:
    """The connection that a destination is to have. Raises a refusal: there is none."""
    found = self.events_backend.connections.get(Arn.parse(arn).resource.split("/")[1])
    if found is None or found.arn != arn:
        raise absent(f"Connection '{arn}' does not exist.")
    return found


def _shown(self: Any, destination: Any) -> dict[str, Any]:
    connection = next(
        (each for each in self.events_backend.connections.values() if each.arn == destination.connection_arn), None
    )
    is_active = connection is not None and connection.state == "AUTHORIZED"
    return {
        "ApiDestinationArn": destination.arn,
        "ApiDestinationState": "ACTIVE" if is_active else "INACTIVE",
        "CreationTime": destination.creation_time,
        "LastModifiedTime": getattr(destination, "modified", destination.creation_time),
    }


def _whole(self: Any, destination: Any) -> dict[str, Any]:
    return {
        **_shown(self, destination),
        "Name": destination.name,
        "ConnectionArn": destination.connection_arn,
        "InvocationEndpoint": destination.invocation_endpoint,
        "HttpMethod": destination.http_method,
        "InvocationRateLimitPerSecond": destination.invocation_rate_limit_per_second or _RATE,
    }


def create_api_destination(self: Any) -> Any:
    """Make an API destination of a connection that is there."""
    name, arn = self._get_param("Name"), self._get_param("ConnectionArn")
    if name in self.events_backend.destinations:
        raise exists(f"An api-destination '{name}' already exists.")
    _connection_of(self, arn)
    given = [self._get_param(each) for each in ("InvocationEndpoint", "InvocationRateLimitPerSecond", "HttpMethod")]
    self.events_backend.create_api_destination(name, self._get_param("Description"), arn, *given)
    return _answered(self, _shown(self, self.events_backend.destinations[name]))


def describe_api_destination(self: Any) -> Any:
    """Show an API destination."""
    found = _destination(self, "describe")
    return _answered(self, {**_whole(self, found), "Description": found.description})


def update_api_destination(self: Any) -> Any:
    """Change an API destination."""
    found = _destination(self)
    if self._get_param("ConnectionArn") is not None:
        _connection_of(self, self._get_param("ConnectionArn"))
    for name, attribute in _SETTABLE.items():
        if self._get_param(name) is not None:
            setattr(found, attribute, self._get_param(name))
    found.modified = now(self.current_account)
    return _answered(self, _shown(self, found))


_SETTABLE: Final = {
    "ConnectionArn": "connection_arn",
    "Description": "description",
    "HttpMethod": "http_method",
    "InvocationEndpoint": "invocation_endpoint",
    "InvocationRateLimitPerSecond": "invocation_rate_limit_per_second",
}


def list_api_destinations(self: Any) -> Any:
    """List API destinations by name or connection."""
    prefix, arn = self._get_param("NamePrefix") or "", self._get_param("ConnectionArn")
    found = [
        _whole(self, each)
        for each in self.events_backend.destinations.values()
        if each.name.startswith(prefix) and arn in (None, each.connection_arn)
    ]
    return _answered(self, _page(self, "ApiDestinations", found))


OPERATIONS: Final = (
    *(create_api_destination, create_connection, deauthorize_connection, delete_connection),
    *(describe_api_destination, describe_connection, list_api_destinations, list_connections),
    *(update_api_destination, update_connection),
)
"""Those of connections and API destinations that are ours."""
