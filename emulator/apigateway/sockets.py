"""WebSocket APIs: connections, from the handshake to what is said of their end.

Sources: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-overview.html,
https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-how-to-call-websocket-api-connections.html
"""

from __future__ import annotations

import base64
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import Any, Final

from asl_interpreter.jsontext import InvalidJSON, dumps, loads
from emulator.apigateway.authorizing import allowed, decision
from emulator.apigateway.context import clf, extended_id
from emulator.apigateway.integrating import Outside, integrate
from emulator.apigateway.mapping import Mapped, MappingFailed
from emulator.apigateway.messages import Answer, Incoming, lists
from emulator.apigateway.refusals import Refused
from emulator.apigateway.v2.deployed import DeployedApi, deployed_api
from emulator.faults import Fault

log = logging.getLogger("dynastep")

LONGEST: Final = 131_072
"""Bytes of a message, in both directions."""
_BODY: Final = re.compile(r"\$\{?request\.body\.([\w.-]+)\}?")


@dataclass(slots=True)
class Connection:
    """A client that is connected to a stage."""

    id: str
    api: str
    stage: str
    asked: Incoming
    """Its handshake."""
    connected: float
    active: float
    send: Callable[[str | bytes], None]
    close: Callable[[], None]


class Sockets:
    """The connections of a world."""

    def __init__(self, new_id: Callable[[], str], outside: Callable[[str, str], Outside]) -> None:
        """``outside`` is the world as one request sees it, for an account and a region."""
        self._new_id = new_id
        self._outside = outside
        self._open: dict[str, Connection] = {}

    def connect(
        self, api: str, stage: str, asked: Incoming, send: Callable[[str | bytes], None], close: Callable[[], None]
    ) -> Connection | Answer:
        """Let a client connect; the answer is what refuses it."""
        found = deployed_api(api, stage)
        if found is None or found.is_disabled:
            return Answer(403, b'{"message":"Forbidden"}')
        outside = self._outside(found.account, found.region)
        asked = replace(asked, host=f"{api}.execute-api.{found.region}.amazonaws.com")
        made = base64.b64encode(self._new_id().replace("-", "").encode()[:11]).decode()
        connection = Connection(made, api, stage, asked, outside.now(), outside.now(), send, close)
        route = _route(found, "$connect")
        if route is not None:
            try:
                call = _Call(found, connection, outside, self._new_id(), "$connect", asked)
                call.let_in(route)
                answer = call.integrate(route)
            except (Refused, MappingFailed) as error:
                log.warning("A connection to the API %s was refused: %s", api, error)
                return Answer(error.status if isinstance(error, Refused) else 500)
            if answer is not None and not 200 <= answer.status < 300:
                return Answer(answer.status, answer.body)
        self._open[made] = connection
        return connection

    def said(self, connection: Connection, text: str | bytes) -> None:
        """Take a message of a client: the route that it selects has it."""
        found = deployed_api(connection.api, connection.stage)
        if found is None or connection.id not in self._open:
            connection.close()
            return
        outside, request_id = self._outside(found.account, found.region), self._new_id()
        connection.active = outside.now()
        key = selected(found.selection, text)
        route = _route(found, key) or _route(found, "$default")
        if route is None:
            connection.send(_told("Forbidden", connection, request_id))
            return
        asked = replace(connection.asked, body=text if isinstance(text, bytes) else text.encode())
        call = _Call(found, connection, outside, request_id, str(route["routeKey"]), asked, text)
        try:
            answer = call.integrate(route)
        except (Refused, MappingFailed) as error:
            log.warning("The route %s of the API %s failed: %s", route["routeKey"], connection.api, error)
            connection.send(_told("Internal server error", connection, request_id))
            return
        responds = any(each["routeId"] == route["routeId"] for each in found.route_responses)
        if answer is not None and responds and answer.body:
            connection.send(answer.body.decode("utf-8", "replace"))

    def ended(self, connection: Connection, code: int, reason: str) -> None:
        """Hear that a client is gone."""
        if self._open.pop(connection.id, None) is None:
            return
        found = deployed_api(connection.api, connection.stage)
        route = None if found is None else _route(found, "$disconnect")
        if found is None or route is None:
            return
        outside = self._outside(found.account, found.region)
        call = _Call(found, connection, outside, self._new_id(), "$disconnect", connection.asked)
        call.context |= {"disconnectStatusCode": code, "disconnectReason": reason}
        try:
            call.integrate(route)
        except (Refused, MappingFailed) as error:
            log.warning("The route $disconnect of the API %s failed: %s", connection.api, error)

    # The management API

    def manage(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any] | None:
        """Perform an operation of apigatewaymanagementapi.

        Raises:
            Fault: the client is gone, or the message is too long.
        """
        connection = self._open.get(params["ConnectionId"])
        if connection is None:
            raise Fault("GoneException", "", status=410)
        if operation == "GetConnection":
            identity = {
                "sourceIp": connection.asked.source_ip,
                "userAgent": connection.asked.header("User-Agent") or "",
            }
            times = {"connectedAt": _iso(connection.connected), "lastActiveAt": _iso(connection.active)}
            return {**times, "identity": identity}
        if operation == "DeleteConnection":
            connection.close()
            return None
        data = base64.b64decode(params.get("Data") or "")
        if len(data) > LONGEST:
            raise Fault("PayloadTooLargeException", "Message too long", status=413)
        try:
            connection.send(data.decode())
        except UnicodeDecodeError:
            connection.send(data)
        return None


def selected(expression: str, text: str | bytes) -> str:
    """The route key that a message selects; empty if it selects none.

    >>> selected("$request.body.action", '{"action": "join"}')
    'join'
    """
    try:
        body = loads(text.decode() if isinstance(text, bytes) else text)
    except (InvalidJSON, UnicodeDecodeError):
        body = None

    def value(match: re.Match[str]) -> str:
        found: Any = body
        for name in match[1].split("."):
            found = found.get(name) if isinstance(found, dict) else None
        return found if isinstance(found, str) else "" if found is None else dumps(found)

    return _BODY.sub(value, expression)


def _route(api: DeployedApi, key: str) -> Mapping[str, Any] | None:
    return next((route for route in api.routes if route["routeKey"] == key), None)


def _told(message: str, connection: Connection, request_id: str) -> str:
    return dumps({"message": message, "connectionId": connection.id, "requestId": extended_id(request_id)})


def _iso(time: float) -> str:
    return datetime.fromtimestamp(time, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


_EVENTS: Final = {"$connect": "CONNECT", "$disconnect": "DISCONNECT"}


class _Call:
    """One event of a connection, at the route that has it."""

    def __init__(
        self,
        api: DeployedApi,
        connection: Connection,
        outside: Outside,
        request_id: str,
        key: str,
        asked: Incoming,
        text: str | bytes | None = None,
    ) -> None:
        self._api = api
        self._outside = outside
        self._asked = asked
        self._text = text
        now = outside.now()
        self.context: dict[str, Any] = {
            "routeKey": key,
            **({"messageId": extended_id(request_id)} if text is not None else {}),
            "eventType": _EVENTS.get(key, "MESSAGE") if text is None else "MESSAGE",
            "extendedRequestId": extended_id(request_id),
            "requestTime": clf(now),
            "messageDirection": "IN",
            "stage": api.stage,
            "connectedAt": int(connection.connected * 1000),
            "requestTimeEpoch": int(now * 1000),
            "identity": {"sourceIp": asked.source_ip, "userAgent": asked.header("User-Agent")},
            "requestId": extended_id(request_id),
            "domainName": asked.host,
            "connectionId": connection.id,
            "apiId": api.id,
        }
        body = "" if text is None else text if isinstance(text, str) else base64.b64encode(text).decode()
        self._body = body
        self._mapped = Mapped(
            context=self.context,
            variables=api.variables,
            query=asked.query if key == "$connect" else (),
            headers=asked.headers,
            body=body,
        )

    def let_in(self, route: Mapping[str, Any]) -> None:
        """See that a client may connect. Raises Refused."""
        kind = route.get("authorizationType") or "NONE"
        if kind == "AWS_IAM":
            signed = "Credential=" in (self._asked.header("Authorization") or "")
            if not signed and not any(name.lower() == "x-amz-signature" for name, _ in self._asked.query):
                raise Refused("MISSING_AUTHENTICATION_TOKEN")
        if kind != "CUSTOM":
            return
        found = self._api.authorizers.get(route.get("authorizerId") or "")
        if found is None:
            raise Refused("AUTHORIZER_CONFIGURATION_ERROR", why="the route names no authorizer")
        sources = [source.replace("route.request.", "method.request.") for source in found.get("identitySource") or ()]
        api = self._api
        arn = f"arn:aws:execute-api:{api.region}:{api.account}:{api.id}/{api.stage}/$connect"
        named = {**found, "id": found["authorizerId"], "type": "REQUEST", "identitySource": ",".join(sources)}
        named.setdefault("authorizerResultTtlInSeconds", 0)
        event = {name: value for name, value in self._event((), ()).items() if name != "isBase64Encoded"}
        kept = self._outside.decided(api.id, api.stage)
        if not all(self._mapped.parameter(source) for source in sources):
            raise Refused("UNAUTHORIZED")
        said = decision(named, self._mapped, event, arn, self._outside.call, kept)
        self.context["authorizer"] = allowed(said, arn)

    def _event(self, headers: Any, query: Any) -> dict[str, Any]:
        event: dict[str, Any] = {"requestContext": self.context, "isBase64Encoded": isinstance(self._text, bytes)}
        if self._text is not None:
            event["body"] = self._body
        elif self.context["eventType"] == "CONNECT":
            came, asked = (*self._asked.headers, *headers), (*self._asked.query, *query)
            event |= {"headers": dict(came), "multiValueHeaders": lists(came)}
            if asked:
                event |= {"queryStringParameters": dict(asked), "multiValueQueryStringParameters": lists(asked)}
        else:
            event |= {"headers": dict(self._asked.headers), "multiValueHeaders": lists(self._asked.headers)}
        if self._api.variables:
            event["stageVariables"] = dict(self._api.variables)
        return event

    def integrate(self, route: Mapping[str, Any]) -> Answer | None:
        """Call what is behind a route; None if nothing is. Raises Refused, MappingFailed."""
        name = str(route.get("target") or "").removeprefix("integrations/")
        found = self._api.integrations.get(name)
        if found is None:
            return None
        kind = found["integrationType"]
        templates: Mapping[str, str] = found.get("requestTemplates") or {}
        chosen = templates.get(selected(found.get("templateSelectionExpression") or "", self._body) or "$default")
        body = self._body
        if not kind.endswith("_PROXY") and (template := chosen or templates.get("$default")) is not None:
            body = self._mapped.render(template, self._body)
        parameters = {
            target: str(source).replace("route.request.", "method.request.")
            for target, source in (found.get("requestParameters") or {}).items()
        }
        behind = {
            "type": kind,
            "uri": found.get("integrationUri"),
            "httpMethod": found.get("integrationMethod") or "POST",
            "requestParameters": parameters,
        }
        asked = replace(self._asked, method=str(behind["httpMethod"]), query=(), headers=())
        binary = _Binary(self._api)
        if kind == "AWS_PROXY":
            return self._proxied(str(behind["uri"] or ""))
        done = integrate(behind, asked, body.encode(), self._mapped, binary, self._event, self._outside)  # type: ignore[arg-type]  # of an API it reads these alone
        return self._responded(name, done.answer, done.selected_by or str(done.answer.status))

    def _proxied(self, uri: str) -> Answer:
        """A function behind a route: what it answers is its body, and its status counts when a client connects."""
        from emulator.apigateway.authorizing import function_of

        arn = function_of(uri, self._api.variables) if "/functions/" in uri else uri
        try:
            payload, failed = self._outside.call(arn, dumps(self._event((), ())))
        except Fault as fault:
            raise Refused("DEFAULT_5XX", why=str(fault)) from None
        try:
            said = loads(payload)
        except InvalidJSON:
            said = None
        if failed:
            raise Refused("DEFAULT_5XX", why=f"the function failed: {payload}")
        if not isinstance(said, dict):
            return Answer(200 if self.context["eventType"] != "CONNECT" else 500, b"")
        status = said.get("statusCode", 200 if "body" in said else 500)
        body = said.get("body")
        text = body if isinstance(body, str) else "" if body is None else dumps(body)
        return Answer(int(status) if str(status).isdigit() else 500, text.encode())

    def _responded(self, integration: str, answer: Answer, by: str) -> Answer:
        """An answer as an integration response has it."""
        held = [each for each in self._api.integration_responses if each["integrationId"] == integration]
        chosen = None
        for each in held:
            key = str(each["integrationResponseKey"])
            if key != "$default" and re.fullmatch(key.strip("/"), by):
                chosen = each
        chosen = chosen or next((each for each in held if each["integrationResponseKey"] == "$default"), None)
        text = answer.body.decode("utf-8", "replace")
        templates: Mapping[str, str] = (chosen or {}).get("responseTemplates") or {}
        key = (chosen or {}).get("templateSelectionExpression") or "$default"
        template = templates.get(key.strip("\\")) or templates.get("$default")
        if template is not None:
            text = self._mapped.render(template, text, response=True)
        return Answer(answer.status, text.encode(), (), answer.after)


class _Binary:
    """What ``integrate`` reads of an API."""

    def __init__(self, api: DeployedApi) -> None:
        self.id = api.id
        self.account = api.account
        self.binary_types: tuple[str, ...] = ()
