"""HTTP APIs: one request, from its path to its answer.

Sources: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api.html,
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-parameter-mapping.html,
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from asl_interpreter.jsontext import InvalidJSON, dumps, loads
from emulator.apigateway.authorizing import function_of, policy_allows, with_variables
from emulator.apigateway.context import clf, extended_id, rest_context
from emulator.apigateway.first_class import perform
from emulator.apigateway.http_parameters import Values, changed_request, changed_response
from emulator.apigateway.integrating import Outside, called
from emulator.apigateway.messages import Answer, Incoming
from emulator.apigateway.proxying import Malformed, answer_1_of_http, answer_2, event_1, event_2
from emulator.apigateway.refusals import Refused
from emulator.apigateway.routing import Match, best
from emulator.apigateway.tokens import Untrusted, as_texts, claims_of, scopes_of
from emulator.faults import Fault

if TYPE_CHECKING:
    from emulator.apigateway.v2.deployed import DeployedApi

log = logging.getLogger("dynastep")

_TEXTUAL: Final = re.compile(
    r"text/|application/(json|javascript|xml|x-www-form-urlencoded)|[\w.-]+/[\w.-]+\+(json|xml)", re.IGNORECASE
)
"""Media types whose bodies are text in an event; others are base64."""


class _Said(Exception):
    """The API answers by itself."""

    def __init__(self, status: int, message: str, why: str = "") -> None:
        super().__init__(why or message)
        self.status = status
        self.message = message


class HttpCall:
    """One request to a stage of an HTTP API."""

    def __init__(self, api: DeployedApi, incoming: Incoming, outside: Outside, request_id: str) -> None:
        self._api = api
        self._incoming = incoming
        self._outside = outside
        self._request_id = request_id
        self._route, self._match = _routed(api, incoming)
        path = incoming.path if api.stage == "$default" else f"/{api.stage}{incoming.path}"
        self._path = path
        now = outside.now()
        self._context: dict[str, Any] = {
            "accountId": api.account,
            "apiId": api.id,
            "domainName": incoming.host,
            "domainPrefix": incoming.host.partition(".")[0],
            "http": {
                "method": incoming.method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": incoming.source_ip,
                "userAgent": incoming.header("User-Agent") or "",
            },
            "requestId": extended_id(request_id),
            "routeKey": (self._route or {}).get("routeKey"),
            "stage": api.stage,
            "time": clf(now),
            "timeEpoch": int(now * 1000),
        }

    def answer(self) -> Answer:
        """The answer."""
        origin = self._incoming.header("Origin")
        cors = allowing(self._api.cors, origin)
        is_preflight = self._incoming.method == "OPTIONS" and origin is not None
        if is_preflight and self._api.cors and self._incoming.header("Access-Control-Request-Method"):
            return self._marked(Answer(204, b"", _preflight(self._api.cors, cors)))
        try:
            if self._route is None:
                raise _Said(404, "Not Found")  # noqa: TRY301 - every refusal is answered in one place
            self._let_in(self._route)
            given = self._integrate(self._route)
        except (_Said, Refused) as said:
            status = said.status
            message = said.message if isinstance(said, _Said) else "Internal Server Error"
            if status >= 500:
                where = f"{self._incoming.method} {self._incoming.path} of the API {self._api.id}"
                log.warning("%s was answered %s: %s", where, status, said)
                status = 500
            given = Answer(status, dumps({"message": message}).encode(), (("Content-Type", "application/json"),))
        if cors:
            named = tuple(each for each in given.headers if not each[0].lower().startswith("access-control-"))
            given = replace(given, headers=(*named, *cors))
        return self._marked(given)

    def _marked(self, given: Answer) -> Answer:
        return given.with_headers(("Apigw-Requestid", self._context["requestId"]))

    # Who may.

    def _let_in(self, route: Mapping[str, Any]) -> None:
        kind = route.get("authorizationType") or "NONE"
        if kind == "AWS_IAM":
            if "Credential=" not in (self._incoming.header("Authorization") or ""):
                raise _Said(403, "Forbidden")
        elif kind == "CUSTOM":
            self._authorize(self._authorizer(route))
        elif kind == "JWT":
            self._authorize_token(self._authorizer(route), route.get("authorizationScopes") or [])

    def _authorizer(self, route: Mapping[str, Any]) -> Mapping[str, Any]:
        found = self._api.authorizers.get(route.get("authorizerId") or "")
        if found is None:
            raise _Said(500, "Internal Server Error", "the route names no authorizer")
        return found

    def _authorize_token(self, authorizer: Mapping[str, Any], scopes: list[str]) -> None:
        """See that a token is shown that an authorizer of the kind JWT trusts, and that it has one of some scopes."""
        wanted = authorizer.get("jwtConfiguration") or {}
        values = self._values()
        tokens = [found for source in authorizer.get("identitySource") or () if (found := values.of(source))]
        issuers = [wanted.get("issuer") or ""]
        audience = wanted.get("audience") or []
        try:
            claims = claims_of(tokens[0] if tokens else "", issuers, self._outside.public_keys, self._outside.now())
        except Untrusted as error:
            raise _Said(401, "Unauthorized", f"the token is not trusted: {error}") from None
        given = claims.get("aud", claims.get("client_id"))
        if not {str(each) for each in (given if isinstance(given, list) else [given])} & set(audience):
            raise _Said(401, "Unauthorized", "the audience of the token is another one")
        if scopes and not set(scopes) & set(scopes_of(claims)):
            raise _Said(403, "Forbidden", f"the token has none of {scopes}")
        shared = [each for each in scopes_of(claims) if each in scopes] or None
        claimed = as_texts(claims)
        of_format_2 = self._payload_version() == "2.0"
        self._context["authorizer"] = (
            {"jwt": {"claims": claimed, "scopes": shared}}
            if of_format_2
            else {
                "claims": claimed,
                "scopes": shared,
            }
        )

    def _authorize(self, authorizer: Mapping[str, Any]) -> None:
        values = self._values()
        identity = [values.of(source) for source in authorizer.get("identitySource") or ()]
        if not all(identity):
            raise _Said(401, "Unauthorized")
        version = authorizer.get("authorizerPayloadFormatVersion") or "1.0"
        arn = f"arn:aws:execute-api:{self._api.region}:{self._api.account}:{self._api.id}/{self._api.stage}/"
        arn += f"{self._incoming.method}{self._incoming.path}"
        event = self._event(version)
        for name in ("body", "isBase64Encoded"):
            event.pop(name, None)
        event |= {"type": "REQUEST", "identitySource": identity if version == "2.0" else ",".join(map(str, identity))}
        event |= {"routeArn": arn} if version == "2.0" else {"methodArn": arn, "authorizationToken": identity[0]}

        def ask() -> dict[str, Any]:
            payload, failed = self._call(function_of(authorizer.get("authorizerUri") or "", self._api.variables), event)
            said = _object(payload)
            if failed or said is None:
                raise _Said(500, "Internal Server Error", f"the authorizer answered {payload}")
            return said

        key = (str(authorizer.get("authorizerId")), *map(str, identity))
        seconds = int(authorizer.get("authorizerResultTtlInSeconds") or 0)
        said = self._outside.decided(self._api.id, self._api.stage)(key, seconds, ask)
        simple = str(authorizer.get("enableSimpleResponses")).lower() == "true"
        allowed = said.get("isAuthorized") is True if simple else policy_allows(said.get("policyDocument"), arn)
        if not allowed:
            raise _Said(403, "Forbidden")
        context = said.get("context") or {}
        self._context["authorizer"] = {"lambda": context} if self._payload_version() == "2.0" else context

    # What is behind.

    def _integration(self, route: Mapping[str, Any]) -> Mapping[str, Any]:
        target = str(route.get("target") or "").removeprefix("integrations/")
        found = self._api.integrations.get(target)
        if found is None:
            raise _Said(500, "Internal Server Error", "the route has no integration")
        return found

    def _payload_version(self) -> str:
        if self._route is None:
            return "2.0"
        return str(self._integration(self._route).get("payloadFormatVersion") or "1.0")

    def _values(self) -> Values:
        return Values(self._incoming, self._path, self._match.parameters, self._context, self._api.variables)

    def _event(self, version: str) -> dict[str, Any]:
        kind = self._incoming.header("Content-Type")
        binary = bool(self._incoming.body) and not _TEXTUAL.match(kind or "text/plain")
        parameters, variables = self._match.parameters, self._api.variables
        if version == "2.0":
            route = self._context["routeKey"]
            return event_2(self._incoming, route, self._context, parameters, variables, self._path, binary=binary)
        context = rest_context(self._api, self._incoming, None, self._context["requestId"], self._outside.now())
        key = self._context["routeKey"]
        context |= {"path": self._path, "resourceId": key, "resourcePath": self._match.template}
        context.pop("deploymentId")
        if "authorizer" in self._context:
            context["authorizer"] = self._context["authorizer"]
        asked = replace(self._incoming, path=self._path)
        return {
            "version": "1.0",
            **event_1(asked, self._match.template, context, parameters, variables, binary=binary),
        }

    def _call(self, arn: str, event: Mapping[str, Any]) -> tuple[str, bool]:
        try:
            return self._outside.call(arn, dumps(dict(event)))
        except Fault as fault:
            raise _Said(500, "Internal Server Error", str(fault)) from None

    def _integrate(self, route: Mapping[str, Any]) -> Answer:
        integration = self._integration(route)
        kind, subtype = integration.get("integrationType"), integration.get("integrationSubtype")
        parameters: Mapping[str, str] = integration.get("requestParameters") or {}
        if kind == "AWS_PROXY" and subtype:
            given = perform(subtype, parameters, self._values(), self._api, self._outside)
        elif kind == "AWS_PROXY":
            given = self._function(integration)
        elif kind == "HTTP_PROXY":
            given = self._server(integration, parameters)
        else:
            raise _Said(500, "Internal Server Error", f"the type of the integration is {kind}")
        return changed_response(given, integration.get("responseParameters") or {}, self._values())

    def _function(self, integration: Mapping[str, Any]) -> Answer:
        uri = with_variables(str(integration.get("integrationUri") or ""), self._api.variables)
        arn = uri if ":lambda:" in uri and ":function:" in uri and "/functions/" not in uri else function_of(uri, {})
        version = self._payload_version()
        payload, failed = self._call(arn, self._event(version))
        if failed:
            raise _Said(500, "Internal Server Error", f"the function failed: {payload}")
        try:
            given = answer_2(payload) if version == "2.0" else answer_1_of_http(payload)
        except Malformed:
            raise _Said(500, "Internal Server Error", f"the function answered {payload}") from None
        return replace(given, after=self._outside.take_time())

    def _server(self, integration: Mapping[str, Any], parameters: Mapping[str, str]) -> Answer:
        url = with_variables(str(integration.get("integrationUri") or ""), self._api.variables)
        for name, value in self._match.parameters.items():
            url = url.replace(f"{{{name}}}", value).replace(f"{{{name}+}}", value)
        asked, url = changed_request(self._incoming, url, parameters, self._values())
        verb = str(integration.get("integrationMethod") or "ANY")
        try:
            return called(asked, verb, url, self._api.id)
        except Refused as error:
            raise _Said(503, "Service Unavailable", str(error)) from None


def _object(text: str) -> dict[str, Any] | None:
    try:
        found = loads(text)
    except InvalidJSON:
        return None
    return found if isinstance(found, dict) else None


def _routed(api: DeployedApi, incoming: Incoming) -> tuple[Mapping[str, Any] | None, Match]:
    """The route of a request: one for its verb comes before one for any, and ``$default`` last."""
    routes = {str(route["routeKey"]): route for route in api.routes}
    for verb in (incoming.method, "ANY"):
        keyed = {key.partition(" ")[2]: key for key in routes if key.partition(" ")[0] == verb}
        match = best(keyed, incoming.path)
        if match is not None:
            other = best([key.partition(" ")[2] for key in routes if key.startswith("ANY ")], incoming.path)
            if verb != "ANY" and other is not None and _is_closer(other, match, incoming.path):
                continue
            return routes[keyed[match.template]], match
    return routes.get("$default"), Match("$default", {})


def _is_closer(one: Match, other: Match, path: str) -> bool:
    """Whether one template says more of a path than another does."""
    found = best([one.template, other.template], path)
    return found is not None and found.template == one.template != other.template


# Pages of elsewhere.


def allowing(cors: Mapping[str, Any] | None, origin: str | None) -> tuple[tuple[str, str], ...]:
    """The headers that let a page of an origin read an answer; none if the API does not allow it."""
    if not cors or origin is None:
        return ()
    origins = [str(each).lower() for each in cors.get("allowOrigins") or ()]
    given = origin.lower()
    if "*" in origins:
        allowed = "*"
    elif given in origins or any(each in ("http://*", "https://*") and given.startswith(each[:-1]) for each in origins):
        allowed = origin
    else:
        return ()
    headers = [("Access-Control-Allow-Origin", allowed)]
    if str(cors.get("allowCredentials")).lower() == "true":
        headers.append(("Access-Control-Allow-Credentials", "true"))
    if cors.get("exposeHeaders"):
        headers.append(("Access-Control-Expose-Headers", ",".join(cors["exposeHeaders"])))
    return tuple(headers)


def _preflight(cors: Mapping[str, Any], allowed: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    if not allowed:
        return ()
    headers = [each for each in allowed if each[0] != "Access-Control-Expose-Headers"]
    if cors.get("allowMethods"):
        headers.append(("Access-Control-Allow-Methods", ",".join(cors["allowMethods"])))
    if cors.get("allowHeaders"):
        headers.append(("Access-Control-Allow-Headers", ",".join(cors["allowHeaders"])))
    if cors.get("maxAge") is not None:
        headers.append(("Access-Control-Max-Age", str(cors["maxAge"])))
    return tuple(headers)
