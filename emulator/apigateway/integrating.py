"""Integrations of REST APIs: what is called behind a method, and what it answers.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-integration-types.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol
from urllib.parse import quote

from asl_interpreter.jsontext import InvalidJSON, dumps, loads
from emulator.apigateway.authorizing import function_of, with_variables
from emulator.apigateway.mapping import Mapped
from emulator.apigateway.messages import Answer, Incoming, Pairs, text_of
from emulator.apigateway.proxying import Malformed, answer_1
from emulator.apigateway.refusals import Refused
from emulator.apigateway.services import request_of
from emulator.faults import Fault
from emulator.integrations import web

if TYPE_CHECKING:
    from emulator.apigateway.control.deployed import RestApi
    from emulator.wire.protocol import Environ, Response


class Outside(Protocol):
    """What an API needs of the world."""

    def now(self) -> float:
        """Seconds since 1970, by the world's clock."""

    def call(self, arn: str, payload: str) -> tuple[str, bool]:
        """Call a function: its answer, and whether it has failed. Raises Fault."""

    def take_time(self) -> float:
        """The seconds that functions have said they take, since this was asked last."""

    def call_later(self, arn: str, payload: str) -> None:
        """Call a function without waiting for it. Raises Fault."""

    def serve(self, environ: Environ, body: bytes) -> Response:
        """Have a service answer a request."""

    def admit(self, api: str, stage: str, key: str) -> tuple[str, bool] | None:
        """The id of a key that may call a stage, and whether its quota allows this call; None for any other key."""

    def public_keys(self, issuer: str) -> Sequence[Mapping[str, Any]]:
        """The public keys by which tokens of an issuer are verified."""

    def decided(
        self, api: str, stage: str
    ) -> Callable[[tuple[str, ...], int, Callable[[], dict[str, Any]]], dict[str, Any]]:
        """What an authorizer of a stage has said before, or says when it is asked."""


Event = Callable[[Pairs, Pairs], "dict[str, Any]"]
"""Makes the event of a proxy, with more headers and parameters of the query than came."""


class Integrated(NamedTuple):
    """What an integration has answered."""

    answer: Answer
    selected_by: str
    """What the patterns of integration responses are held against: the status, or a function's ``errorMessage``."""


def integrate(
    integration: Mapping[str, Any],
    incoming: Incoming,
    body: bytes,
    mapped: Mapped,
    api: RestApi,
    event: Event,
    outside: Outside,
) -> Integrated:
    """Call an integration.

    Raises:
        Refused: it cannot be called, or its answer cannot be used.
    """
    kind, uri = integration.get("type"), integration.get("uri") or ""
    if kind == "MOCK":
        return _mock(body)
    path, query, headers = _parameters(integration, mapped)
    _check_headers(kind, headers)
    uri = with_variables(uri, mapped.variables)
    if ":lambda:path/" in uri and integration.get("httpMethod") != "POST":
        raise Refused("API_CONFIGURATION_ERROR", why="a function is called by POST")
    if kind == "AWS_PROXY":
        return _proxied(uri, mapped, api, event, (headers, query), outside, incoming)
    uri = _with_path(uri, path, is_arn=kind == "AWS")
    if kind in ("HTTP", "HTTP_PROXY"):
        return _called(kind == "HTTP_PROXY", integration, incoming, uri, query, headers, body, api)
    if kind != "AWS":
        raise Refused("API_CONFIGURATION_ERROR", why=f"the type of the integration is {kind}")
    if ":lambda:path/2015-03-31/functions/" in uri:
        return _function(uri, mapped, headers, body, outside)
    environ, sent = request_of(uri, str(integration.get("httpMethod") or "POST"), headers, query, body, api.account)
    status, named, content = outside.serve(environ, sent)
    return Integrated(Answer(status, content, tuple(named)), str(status))


_UNMAPPED: Final = frozenset({"content-length", "transfer-encoding"})
_UNMAPPED_OF_AWS: Final = frozenset({"authorization", "connection", "expect", "proxy-authenticate", "te"})


def _check_headers(kind: str | None, headers: Mapping[str, str]) -> None:
    """See that no header is mapped that may not be, as observed.

    Raises:
        Refused: one is.
    """
    forbidden = _UNMAPPED | (_UNMAPPED_OF_AWS if str(kind).startswith("AWS") else frozenset())
    for name in headers:
        if name.lower() in forbidden:
            raise Refused("API_CONFIGURATION_ERROR", why=f"the header {name} cannot be mapped")


UNTOLD: Final = frozenset(
    {
        *("connection", "content-length", "content-md5", "expect", "keep-alive", "max-forwards", "proxy-authenticate"),
        *("server", "te", "trailer", "transfer-encoding", "upgrade", "www-authenticate"),
    }
)
"""Headers of a request that a REST API tells nobody of, as observed."""


def _mock(body: bytes) -> Integrated:
    """A mock answers with the status that its request template makes.

    Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-mock-integration.html
    """
    try:
        given = loads(text_of(body))
        status = int(given["statusCode"])
    except (InvalidJSON, KeyError, TypeError, ValueError):
        found = re.search(rb"""["']?statusCode["']?\s*:\s*(\d{3})\b""", body)
        if found is None:
            why = "Unable to parse statusCode. It should be an integer in the request template"
            raise Refused("API_CONFIGURATION_ERROR", why=why) from None
        status = int(found[1])
    return Integrated(Answer(status), str(status))


def _parameters(integration: Mapping[str, Any], mapped: Mapped) -> tuple[dict[str, str], Pairs, dict[str, str]]:
    """The path, query and headers that an integration's request parameters make."""
    path: dict[str, str] = {}
    query: list[tuple[str, str]] = []
    headers: dict[str, str] = {}
    for target, source in (integration.get("requestParameters") or {}).items():
        value = mapped.parameter(str(source))
        place, _, name = target.removeprefix("integration.request.").partition(".")
        if value is None:
            continue
        values = value if isinstance(value, list) else [value]
        match place:
            case "path":
                path[name] = values[-1]
            case "querystring":
                query += [(name, each) for each in values]
            case "header":
                headers[name] = ",".join(values)
    override = mapped.context.get("requestOverride") or {}
    path |= {name: str(value) for name, value in (override.get("path") or {}).items()}
    for name, value in (override.get("querystring") or {}).items():
        query = [each for each in query if each[0] != name] + [(name, str(value))]
    for name, value in (override.get("header") or {}).items():
        headers = {each: kept for each, kept in headers.items() if each.lower() != name.lower()} | {name: str(value)}
    return path, tuple(query), headers


def _with_path(uri: str, path: Mapping[str, str], *, is_arn: bool) -> str:
    """A URI with the parameters of its path.

    Raises:
        Refused: one is not mapped.
    """
    for name, value in path.items():
        uri = uri.replace(f"{{{name}}}", value if is_arn else quote(value, safe="/"))
    if "{" in uri:
        raise Refused("API_CONFIGURATION_ERROR", why=f"Invalid URI, contains invalid path variable: {uri}")
    return uri


def _proxied(
    uri: str,
    mapped: Mapped,
    api: RestApi,
    event: Event,
    more: tuple[Mapping[str, str], Pairs],
    outside: Outside,
    incoming: Incoming,
) -> Integrated:
    """A function behind a proxy."""
    arn = function_of(uri, mapped.variables)
    headers, query = more
    told = tuple((name, value) for name, value in headers.items() if name.lower() not in UNTOLD)
    payload, failed = _invoke(arn, dumps(event(told, query)), outside)
    if failed:
        raise Refused("DEFAULT_5XX", why=f"Lambda execution failed: {payload}")
    try:
        answer = answer_1(payload, api.binary_types, incoming.header("Accept"))
    except Malformed:
        raise Refused("DEFAULT_5XX", why=f"Malformed Lambda proxy response: {payload}") from None
    return Integrated(_in_time(answer, outside), str(answer.status))


def _function(uri: str, mapped: Mapped, headers: Mapping[str, str], body: bytes, outside: Outside) -> Integrated:
    """A function behind a custom integration: it gets the body, and its result is the answer's."""
    arn = function_of(uri, mapped.variables)
    text = text_of(body).strip() or "{}"
    try:
        loads(text)
    except InvalidJSON:
        said = {"message": "Could not parse request body into json: Could not parse payload into json"}
        return Integrated(Answer(400, json.dumps(said).encode()), "400")
    if next((value for name, value in headers.items() if name.lower() == "x-amz-invocation-type"), "") == "Event":
        try:
            outside.call_later(arn, text)
        except Fault as fault:
            raise Refused("API_CONFIGURATION_ERROR", why=str(fault)) from None
        return Integrated(Answer(202), "202")
    payload, failed = _invoke(arn, text, outside)
    answer = _in_time(Answer(200, payload.encode(), (("Content-Type", "application/json"),)), outside)
    return Integrated(answer, _error_message(payload) if failed else "")


def _in_time(answer: Answer, outside: Outside) -> Answer:
    return Answer(answer.status, answer.body, answer.headers, outside.take_time())


def _invoke(arn: str, payload: str, outside: Outside) -> tuple[str, bool]:
    try:
        return outside.call(arn, payload)
    except Fault as fault:
        why = f"Invalid permissions on Lambda function, or none: {fault}"
        raise Refused("API_CONFIGURATION_ERROR", why=why) from None


def _error_message(payload: str) -> str:
    try:
        found = loads(payload)
    except InvalidJSON:
        return payload
    message = found.get("errorMessage") if isinstance(found, dict) else None
    return message if isinstance(message, str) else payload


_NOT_SENT: Final = frozenset(
    {"host", "connection", "content-length", "transfer-encoding", "te", "upgrade", "expect", "accept-encoding"}
)
REMAPPED: Final = frozenset(
    {
        *("authorization", "connection", "content-length", "content-md5", "date", "expect", "host", "max-forwards"),
        *("proxy-authenticate", "server", "trailer", "upgrade", "user-agent", "warning", "www-authenticate"),
        "x-amzn-requestid",
    }
)
"""Headers of an answer that are handed on as ``x-amzn-Remapped-...``.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html
"""
_HOP_BY_HOP: Final = frozenset({"transfer-encoding", "te", "keep-alive", "content-encoding"})


def _called(
    is_proxy: bool,  # noqa: FBT001 - the kind of the integration
    integration: Mapping[str, Any],
    incoming: Incoming,
    uri: str,
    query: Pairs,
    headers: Mapping[str, str],
    body: bytes,
    api: RestApi,
) -> Integrated:
    """A server behind a REST API: a proxy hands on what came, else what is mapped is sent."""
    asked = Incoming(incoming.method, incoming.path, query, tuple(headers.items()), body)
    if is_proxy:
        own = {name.lower() for name in headers}
        own |= {"content-encoding", "via"}  # which go no further, as observed
        more = tuple(pair for pair in incoming.headers if pair[0].lower() not in own)
        named = {name for name, _ in query}
        asked = Incoming(
            incoming.method,
            incoming.path,
            (*query, *(pair for pair in incoming.query if pair[0] not in named)),
            (*headers.items(), *more),
            body,
        )
    usual = [("Accept", "application/json")] if not is_proxy else []
    if body:
        usual.append(("Content-Type", incoming.header("Content-Type") or "application/json"))
    usual.append(("X-Amzn-Trace-Id", incoming.header("X-Amzn-Trace-Id") or ""))
    added = tuple(pair for pair in usual if pair[1] and asked.header(pair[0]) is None)
    asked = Incoming(asked.method, asked.path, asked.query, (*asked.headers, *added), body)
    answer = called(asked, str(integration.get("httpMethod") or "GET"), uri, api.id)
    if is_proxy:
        remapped = [
            (f"x-amzn-Remapped-{name}" if name.lower() in REMAPPED else name, value) for name, value in answer.headers
        ]
        answer = Answer(answer.status, answer.body, tuple(remapped))
    return Integrated(answer, str(answer.status))


def called(asked: Incoming, verb: str, url: str, api: str) -> Answer:
    """What a server answers; ``ANY`` is the verb that was asked.

    Raises:
        Refused: it does not answer.
    """
    sent = [(name, value) for name, value in asked.headers if name.lower() not in _NOT_SENT]
    if asked.header("User-Agent") is None:
        sent.append(("User-Agent", f"AmazonAPIGateway_{api}"))
    sent.append(("x-amzn-apigateway-api-id", api))
    verb = asked.method if verb == "ANY" else verb
    try:
        answer = web.send(web.WebRequest(verb, web.with_query(url, asked.query), tuple(sent), asked.body or None))
    except OSError as error:
        raise Refused("INTEGRATION_FAILURE", why=f"{url}: {error}") from None
    named = tuple(pair for pair in answer.headers if pair[0].lower() not in _HOP_BY_HOP)
    return Answer(answer.status, answer.body, named)
