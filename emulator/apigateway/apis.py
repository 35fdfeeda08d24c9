"""The APIs of a world: whoever calls one, by HTTP, in this process or from a Task, comes through ``Apis.call``."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import parse_qsl, quote, urlencode

from asl_interpreter.jsontext import JSON, InvalidJSON, dumps, loads
from asl_interpreter.loop.clock import Clock
from emulator import moto_door
from emulator.apigateway.authorizing import Decisions
from emulator.apigateway.control import stages
from emulator.apigateway.control.authorizers import get_authorizer
from emulator.apigateway.control.deployed import find_rest_api, rest_api, undeployed
from emulator.apigateway.control.held import Asked, gateway_of
from emulator.apigateway.control.methods import method_of
from emulator.apigateway.control.plans import usage_keys, use
from emulator.apigateway.http_api import HttpCall, allowing
from emulator.apigateway.integrating import UNTOLD
from emulator.apigateway.messages import Answer, Incoming, Pairs, incoming, lists, text_of
from emulator.apigateway.refusals import Refused
from emulator.apigateway.rest import RestCall
from emulator.apigateway.sockets import Sockets
from emulator.apigateway.v2 import held as v2
from emulator.apigateway.v2.deployed import cors_of, deployed_api, has_stage
from emulator.integrations import web
from emulator.lambdas.functions import FunctionName, Request
from emulator.wire.api_addresses import Address, address_of
from emulator.wire.protocol import Environ, Response

if TYPE_CHECKING:
    from emulator.apigateway.control.deployed import RestApi
    from emulator.lambdas.service import Lambdas
    from emulator.moto_door.requests import Operation

log = logging.getLogger("dynastep")

_DROPPED: Final = frozenset({"connection", "expect", "te", "transfer-encoding", "upgrade", "keep-alive"})
_JSON: Final = (("Content-Type", "application/json"),)
_DIGITS: Final = "abcdefghijklmnopqrstuvwxyz0123456789"


class Apis:
    """The APIs of one world."""

    def __init__(
        self,
        clock: Clock,
        lambdas: Lambdas,
        new_id: Callable[[], str],
        serve: Callable[[Environ, bytes], Response],
        pass_time: Callable[[float], None],
        chance: Callable[[], float],
        listen: Callable[[], str],
    ) -> None:
        """``serve`` has a service answer a request; ``pass_time`` waits for as long as a function says it takes.

        ``chance`` draws a number below 1, for canaries. ``listen`` has WebSocket APIs listen, and gives their URL.
        """
        self._clock = clock
        self._lambdas = lambdas
        self._new_id = new_id
        self._serve = serve
        self._pass_time = pass_time
        self._chance = chance
        self._listen = listen
        self._decisions = Decisions()
        self.sockets = Sockets(new_id, lambda account, region: _Outside(self, account, region))
        self._keys: dict[str, tuple[float, Sequence[Mapping[str, Any]]]] = {}
        self.counted: Callable[[tuple[str, str], str, str, str, int, float], None] = lambda *_: None
        """Hears of each request, for the metrics."""

    def respond(self, environ: Environ, body: bytes) -> Response | None:
        """Answer a request to an API; None if it is for none."""
        address = address_of(environ)
        if address is None:
            return None
        answer = self.call(address, incoming(environ, body, address.path))
        self._pass_time(answer.after)
        return Response(answer.status, list(answer.headers), answer.body)

    def ask(
        self, api: str, stage: str, line: tuple[str, str], query: Pairs, headers: Pairs, body: str, request_id: str
    ) -> Answer:
        """What an API answers to a Task; ``line`` is the verb and the path."""
        verb, path = line
        raw = urlencode(query)
        asked = Incoming(verb, quote(path, safe="/%:@+~"), query, headers, body.encode(), raw_query=raw)
        return self.call(Address(api, stage, asked.path), asked, request_id)

    def call(self, address: Address, asked: Incoming, request_id: str | None = None) -> Answer:
        """What an API answers to a request; what it cannot do here is a 501 that says so."""
        request_id = request_id or self._new_id()
        try:
            return self._call(address, asked, request_id)
        except NotImplementedError as error:
            message = f"Dynastep has not built {error} yet"
            log.warning("%s %s was answered 501: %s", asked.method, asked.path, message)
            return Answer(501, dumps({"message": message}).encode(), _JSON, is_unbuilt=True)

    def _call(self, address: Address, asked: Incoming, request_id: str) -> Answer:
        found = _find(address.api)
        if found is None:
            log.warning("There is no API %s: a request to it was refused", address.api)
            return _said(403, "Forbidden", "ForbiddenException")
        account, region, kind = found
        host = f"{address.api}.execute-api.{region}.amazonaws.com"
        outside = _Outside(self, account, region)
        if kind == "REST":
            stage, path = (address.stage, asked.path) if address.stage else _first(asked.path)
            rest = rest_api(address.api, stage, self._chance)
            if rest is None or rest.is_disabled:
                return _said(403, "Forbidden", "ForbiddenException")
            headers = _as_received(asked, host, request_id, UNTOLD, at_the_edge=rest.at_the_edge)
            told = replace(asked, path=path, host=host, headers=headers)
            answer = RestCall(rest, told, outside, request_id).answer()
            self.counted((account, region), kind, rest.name, stage, answer.status, answer.after)
            return self._at_the_edge(rest, answer)
        if kind == "HTTP":
            stage, path = self._stage_of(address, asked.path)
            http = deployed_api(address.api, stage)
            if http is None or http.is_disabled:
                return _said(404, "Not Found")
            headers = _as_received(asked, host, request_id, _DROPPED)
            answer = HttpCall(http, replace(asked, path=path, host=host, headers=headers), outside, request_id).answer()
            self.counted((account, region), kind, http.id, stage, answer.status, answer.after)
            return answer
        raise NotImplementedError(f"{kind} APIs")

    @staticmethod
    def _at_the_edge(api: RestApi, answer: Answer) -> Answer:
        """What CloudFront adds to the answer of an edge-optimized API, as observed."""
        if not api.at_the_edge:
            return answer
        made_up = next(value for name, value in answer.headers if name == "x-amzn-RequestId").replace("-", "")
        return answer.with_headers(
            ("Via", f"1.1 {made_up}.cloudfront.net (CloudFront)"),
            ("X-Amz-Cf-Id", made_up),
            ("X-Amz-Cf-Pop", "IAD55-P1"),
            ("X-Cache", "Miss from cloudfront"),
        )

    @staticmethod
    def _stage_of(address: Address, path: str) -> tuple[str, str]:
        """The stage of an HTTP API that a path means, and the rest of the path: ``$default`` unless it names one."""
        given, rest = (address.stage, path) if address.stage else _first(path)
        if given and has_stage(address.api, given):
            return given, rest
        return "$default", f"/{address.stage}{path}".rstrip("/") or "/" if address.stage else path

    def operate(self, operation: Operation, params: JSON, query: str, place: tuple[str, str]) -> Response:
        """Answer an operation of API Gateway. Raises Fault: it refuses; NotImplementedError: it is not built."""
        if operation.service == "apigatewayv2":
            return self._operate_v2(operation, params, place)
        if operation.service == "apigatewaymanagementapi":
            managed = self.sockets.manage(operation.name, cast("dict[str, Any]", params or {}))
            status = operation.model.http.get("responseCode", 200)
            return Response(status, list(_JSON), b"" if managed is None else dumps(managed).encode())
        from emulator.apigateway.control import operations

        account, region = place
        now, gateway = int(self._clock.now()), gateway_of(account, region)
        given = dict(parse_qsl(query, keep_blank_values=True))
        asked = Asked(gateway, cast("dict[str, Any]", params or {}), given, account, region, now, self._short_id)
        match operation.name:
            case "TestInvokeMethod":
                return operations.write(operation.model, self._test_method(asked))
            case "TestInvokeAuthorizer":
                return operations.write(operation.model, self._test_authorizer(asked))
            case "FlushStageAuthorizersCache":
                stages.flush(asked)
                self._decisions.forget(asked.params["restApiId"], asked.params["stageName"])
                return operations.write(operation.model, {})
            case name if name not in operations.OPERATIONS:
                raise NotImplementedError(f"{name} of API Gateway")
        return operations.perform(operation.model, asked)

    def _operate_v2(self, operation: Operation, params: JSON, place: tuple[str, str]) -> Response:
        from emulator.apigateway.v2 import operations

        if operation.name not in operations.OPERATIONS:
            raise NotImplementedError(f"{operation.name} of API Gateway V2")
        given, now = cast("dict[str, Any]", params or {}), int(self._clock.now())
        answer = operations.perform(
            operation.model, v2.Asked(v2.gateway_of(*place), given, *place, now, self._short_id, self._listen)
        )
        if operation.name == "ResetAuthorizersCache":
            self._decisions.forget(given["ApiId"], given["StageName"])
        return answer

    def _short_id(self, length: int) -> str:
        """An id of small letters and digits, the first one a letter."""
        number, made = int(self._new_id().replace("-", ""), 16), ""
        while len(made) < length:
            number, digit = divmod(number or int(self._new_id().replace("-", ""), 16), 36)
            made += _DIGITS[digit % 26 if not made else digit]
        return made

    def _test_method(self, asked: Asked) -> dict[str, Any]:
        """What TestInvokeMethod answers.

        Source: https://docs.aws.amazon.com/apigateway/latest/api/API_TestInvokeMethod.html
        """
        _, resource, method = method_of(asked)
        api = undeployed(asked.params["restApiId"], asked.params.get("stageVariables") or {})
        if api is None:
            raise LookupError(asked.params["restApiId"])  # it has a method
        request = _asked(asked.params, method["httpMethod"], str(resource["path"]))
        answer, trace = self._test(api, resource, request)
        return {
            "status": answer.status,
            "body": text_of(answer.body),
            "headers": dict(answer.headers),
            "multiValueHeaders": {name: list(values) for name, values in lists(answer.headers).items()},
            "log": "\n".join(trace) + "\n",
            "latency": int(answer.after * 1000),
        }

    def _test_authorizer(self, asked: Asked) -> dict[str, Any]:
        """What TestInvokeAuthorizer answers; an authorizer that denies has succeeded.

        Source: https://docs.aws.amazon.com/apigateway/latest/api/API_TestInvokeAuthorizer.html
        """
        given, authorizer = asked.params, get_authorizer(asked)
        api = undeployed(given["restApiId"], given.get("stageVariables") or {})
        if api is None:
            raise LookupError(given["restApiId"])  # it has an authorizer
        request_id, request = self._new_id(), _asked(given, "GET", "/")
        outside = _Outside(self, api.account, api.region)
        answer: dict[str, Any] = {"clientStatus": 0, "principalId": ""}
        try:
            answer |= RestCall(api, request, outside, request_id, "/").test(authorizer)
            ended = "Successfully completed authorizer execution"
        except Refused as refused:
            answer["clientStatus"] = refused.status
            ended = "Unauthorized request" if refused.status == 401 else f"Execution failed: {refused.why}"
        after = outside.take_time()
        self._pass_time(after)
        begun = f"Starting authorizer: {authorizer['id']} for request: {request_id}"
        told = [f"Execution log for request {request_id}", *(f"{self._when()} : {each}" for each in (begun, ended))]
        return {**answer, "log": "\n".join(told) + "\n", "latency": int(after * 1000)}

    def _when(self) -> str:
        """Now, as a log of a test has it."""
        return datetime.fromtimestamp(self._clock.now(), timezone.utc).strftime("%a %b %d %H:%M:%S UTC %Y")

    def _test(self, api: RestApi, resource: Mapping[str, Any], asked: Incoming) -> tuple[Answer, list[str]]:
        """What a method answers to a test, and its log, as observed."""
        request_id = self._new_id()
        call = RestCall(api, asked, _Outside(self, api.account, api.region), request_id, resource["path"])
        answer = call.answer(is_test=True)
        self._pass_time(answer.after)
        begun = [
            f"Starting execution for request: {request_id}",
            f"HTTP Method: {asked.method}, Resource Path: {asked.path}",
            f"Method request path: {_map(call.path_parameters.items())}",
            f"Method request query string: {_map(asked.query)}",
            f"Method request headers: {_map(asked.headers)}",
            f"Method request body before transformations: {text_of(asked.body)}",
        ]
        told = [*begun, *call.trace, f"Method completed with status: {answer.status}"]
        return answer, [f"Execution log for request {request_id}", *(f"{self._when()} : {each}" for each in told)]

    def allows(self, environ: Environ) -> bool:
        """Whether the API that a request is for lets pages of its origin call it, by the API's own CORS.

        An HTTP API says so by its configuration; a REST API by the mock that answers OPTIONS at that path.
        """
        address, origin = address_of(environ), environ.get("HTTP_ORIGIN")
        if address is None or not origin:
            return False
        cors = cors_of(address.api)
        if cors is not None:
            return bool(allowing(cors, origin))
        found = _find(address.api)
        if found is None or found[2] != "REST":
            return False
        stage, path = (address.stage, address.path) if address.stage else _first(address.path)
        api = rest_api(address.api, stage)
        return api is not None and RestCall.allowed_origin(api, path) in ("*", origin)

    # What an API needs of the world: see integrating.Outside.

    def now(self) -> float:
        """The time of the world."""
        return self._clock.now()

    def serve(self, environ: Environ, body: bytes) -> Response:
        """Have a service answer."""
        return self._serve(environ, body)

    def decided(
        self, api: str, stage: str
    ) -> Callable[[tuple[str, ...], int, Callable[[], dict[str, Any]]], dict[str, Any]]:
        """See ``Outside.decided``."""

        def decide(key: tuple[str, ...], seconds: int, ask: Callable[[], dict[str, Any]]) -> dict[str, Any]:
            whole, now = (api, stage, *key), self._clock.now()
            said = self._decisions.find(whole, now) if seconds else None
            if said is None:
                said = ask()
                if seconds:
                    self._decisions.keep(whole, now + seconds, said)
            return said

        return decide

    def public_keys(self, issuer: str, account: str) -> Sequence[Mapping[str, Any]]:
        """The public keys of an issuer: a user pool of an account, or a server, whose keys are known for two hours."""
        found = moto_door.keys_of_pool(issuer, account)
        if found is not None:
            return found
        until, known = self._keys.get(issuer, (0.0, ()))
        if until <= self._clock.now():
            known = _fetched(issuer)
            self._keys[issuer] = self._clock.now() + 7200, known
        return known

    def invoke(self, arn: str, payload: str, account: str, region: str) -> tuple[str, bool, float]:
        """Call a function: its answer, whether it has failed, and the seconds that it has said it takes."""
        name = FunctionName.parse(arn, account, region)
        _, invocation = self._lambdas.invoke(Request(name, payload, self._lambdas.new_id()))
        return invocation.payload, invocation.failed, invocation.after

    def invoke_later(self, arn: str, payload: str, account: str, region: str) -> None:
        """Call a function without waiting for it."""
        self._lambdas.invoke_later(Request(FunctionName.parse(arn, account, region), payload, self._lambdas.new_id()))


class _Outside:
    """The world as one request to an API sees it."""

    def __init__(self, apis: Apis, account: str, region: str) -> None:
        self._apis = apis
        self._where = account, region
        self._taken = 0.0
        self.now = apis.now
        self.serve = apis.serve
        self.decided = apis.decided

    def call(self, arn: str, payload: str) -> tuple[str, bool]:
        answered, failed, after = self._apis.invoke(arn, payload, *self._where)
        self._taken += after
        return answered, failed

    def take_time(self) -> float:
        taken, self._taken = self._taken, 0.0
        return taken

    def call_later(self, arn: str, payload: str) -> None:
        self._apis.invoke_later(arn, payload, *self._where)

    def public_keys(self, issuer: str) -> Sequence[Mapping[str, Any]]:
        return self._apis.public_keys(issuer, self._where[0])

    def admit(self, api: str, stage: str, key: str) -> tuple[str, bool] | None:
        found = find_rest_api(api)
        known = {} if found is None else usage_keys(found[2], api, stage)
        if found is None or key not in known:
            return None
        name, plan = known[key]
        return name, use(found[2], plan, name, self.now())


def _find(api: str) -> tuple[str, str, str] | None:
    """The account and the region that an API is in, and its kind: ``REST``, ``HTTP`` or ``WEBSOCKET``; None if none."""
    rest = find_rest_api(api)
    if rest is not None:
        return (*rest[:2], "REST")
    found = v2.find_api(api)
    return None if found is None else (*found[:2], str(found[2].shown["protocolType"]))


def _asked(given: Mapping[str, Any], verb: str, template: str) -> Incoming:
    """The request that a test makes; without a path of its own it is that of the resource."""
    path, _, query = str(given.get("pathWithQueryString") or template).partition("?")
    headers = [(name, str(value)) for name, value in (given.get("headers") or {}).items()]
    headers += [(name, each) for name, values in (given.get("multiValueHeaders") or {}).items() for each in values]
    return Incoming(
        method=verb,
        path=path or "/",
        query=tuple(parse_qsl(query, keep_blank_values=True)),
        headers=tuple(headers),
        body=str(given.get("body") or "").encode(),
        host="testPrefix.testDomainName",
        source_ip="test-invoke-source-ip",
        raw_query=query,
    )


def _fetched(issuer: str) -> Sequence[Mapping[str, Any]]:
    """The keys that a server publishes, as OpenID Connect has it; none if it does not."""
    found: Any = None
    url = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
    try:
        for member in ("jwks_uri", "keys"):
            answer = web.send(web.WebRequest("GET", url, (), None))
            found = url = loads(answer.body)[member]
    except (OSError, InvalidJSON, KeyError, TypeError) as error:
        log.warning("The issuer %s of tokens has no keys: %s", issuer, error)
        return ()
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else ()


def _map(pairs: Iterable[tuple[str, str]]) -> str:
    """Names and values as Java prints a map."""
    return f"{{{', '.join(f'{name}={value}' for name, value in pairs)}}}"


def _first(path: str) -> tuple[str, str]:
    """The first part of a path, and the rest."""
    first, _, rest = path.lstrip("/").partition("/")
    return first, f"/{rest}"


def _said(status: int, message: str, error: str = "") -> Answer:
    headers = (*_JSON, *((("x-amzn-ErrorType", error),) if error else ()))
    return Answer(status, dumps({"message": message}).encode(), headers)


def _as_received(
    asked: Incoming, host: str, request_id: str, dropped: frozenset[str], *, at_the_edge: bool = False
) -> tuple[tuple[str, str], ...]:
    """The headers of a request as an API sees them: with those that AWS adds on the way."""
    kept = [pair for pair in asked.headers if pair[0].lower() not in dropped and pair[0].lower() != "host"]
    present = {name.lower() for name, _ in kept}
    plain = request_id.replace("-", "")
    added = [
        ("Host", host),
        ("X-Amzn-Trace-Id", f"Root=1-{plain[:8]}-{plain[8:]}"),
        ("X-Forwarded-For", f"{asked.source_ip}, 127.0.0.1" if at_the_edge else asked.source_ip),
        ("X-Forwarded-Port", "443"),
        ("X-Forwarded-Proto", "https"),
    ]
    if at_the_edge:
        added += [*_OF_CLOUDFRONT, ("Via", f"1.1 {plain}.cloudfront.net (CloudFront)"), ("X-Amz-Cf-Id", plain)]
    return (*kept, *(pair for pair in added if pair[0].lower() not in present))


_OF_CLOUDFRONT: Final = (
    ("CloudFront-Forwarded-Proto", "https"),
    ("CloudFront-Is-Desktop-Viewer", "true"),
    ("CloudFront-Is-Mobile-Viewer", "false"),
    ("CloudFront-Is-SmartTV-Viewer", "false"),
    ("CloudFront-Is-Tablet-Viewer", "false"),
    ("CloudFront-Viewer-ASN", "64512"),
    ("CloudFront-Viewer-Country", "US"),
)
"""What CloudFront tells an edge-optimized API of who asks; here always the same."""
