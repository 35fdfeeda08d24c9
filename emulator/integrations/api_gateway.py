"""API Gateway: ``apigateway:invoke`` calls an API that moto holds, or a server on this machine.

moto keeps REST APIs but does not answer for them; here an API's method is found and its integration called: a Lambda
function, a URL, or a mock. Mapping templates are not built.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-api-gateway.html,
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-integration-types.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from asl_interpreter.errors import NOT_BUILT, StateError
from asl_interpreter.jsontext import JSON, InvalidJSON, dumps, loads
from asl_interpreter.tasks import Later, TaskRequest
from emulator.arns import InvalidArn
from emulator.faults import Fault
from emulator.integrations import web
from emulator.integrations.caller import Caller, http_date, new_uuid
from emulator.integrations.http_task import SUCCESS
from emulator.integrations.optimized import parameters_of
from emulator.integrations.parameters import unusable
from emulator.integrations.web import WebAnswer, WebRequest
from emulator.lambdas.functions import FunctionName, Request

if TYPE_CHECKING:
    from emulator.moto_door import Method

_ENDPOINT: Final = re.compile(r"(?P<api>[0-9a-z]+)\.execute-api\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?")
_FUNCTION: Final = re.compile(r".*:lambda:path/2015-03-31/functions/(?P<arn>.+)/invocations")
AUTH_TYPES: Final = ("NO_AUTH", "IAM_ROLE", "RESOURCE_POLICY")
_FAILED: Final = {"message": "Internal server error"}


def invoke(_suffix: str, caller: Caller, request: TaskRequest) -> JSON | Later:
    """``apigateway:invoke``."""
    arguments = parameters_of("apigateway", "invoke").request(request.arguments)
    if arguments.get("AuthType", "NO_AUTH") not in AUTH_TYPES:
        raise unusable(arguments, "The value of the field 'AuthType' has an invalid format")
    endpoint: str = arguments["ApiEndpoint"]
    path = "/".join(part.strip("/") for part in (arguments.get("Stage"), arguments.get("Path")) if part)
    body = arguments.get("RequestBody")
    if not arguments.get("AllowNullValues"):
        body = _without_nulls(body)
    sent = None if body is None else dumps(body)
    headers = web.headers_of(arguments)
    if sent is not None and not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("Content-Type", "application/json"))
    base = endpoint if "://" in endpoint else f"{'http' if web.is_local(f'//{endpoint}') else 'https'}://{endpoint}"
    url = web.with_query(f"{base.rstrip('/')}/{path}", web.pairs(arguments, "QueryParameters"))
    asked = WebRequest(web.method_of(arguments), url, tuple(headers), sent)
    if match := _ENDPOINT.fullmatch(endpoint):
        return _Api(caller, request, arguments, asked).answer(match["api"], match["region"])
    if not web.is_local(base):
        raise unusable(arguments, "The value of the field 'ApiEndpoint' has an invalid format")
    try:
        return _result(web.send(asked))
    except OSError as error:
        raise StateError("ApiGateway.SdkClientException", str(error)) from None


def _without_nulls(value: JSON) -> JSON:
    """A value without the members that are null."""
    match value:
        case dict():
            return {name: _without_nulls(item) for name, item in value.items() if item is not None}
        case list():
            return [_without_nulls(item) for item in value]
        case _:
            return value


def _result(answer: WebAnswer) -> JSON:
    if answer.status not in SUCCESS:
        raise StateError(f"ApiGateway.{answer.status}", answer.body.decode(errors="replace"))
    return web.shown(answer)


class _Api:
    """One call of an API that moto holds."""

    def __init__(self, caller: Caller, request: TaskRequest, arguments: Mapping[str, Any], asked: WebRequest) -> None:
        self._caller = caller
        self._request_id = new_uuid(request)
        self._arguments = arguments
        self._asked = asked
        self._at_the_edge = False

    def answer(self, api_id: str, region: str) -> JSON | Later:
        """The answer of the API as the result of the Task."""
        from emulator import moto_door

        stage, path = self._arguments.get("Stage", ""), f"/{self._arguments.get('Path', '').strip('/')}"
        method = moto_door.find_method(self._caller.account, region, api_id, stage, self._asked.method, path)
        if method is None:
            return _result(self._said(403, {"message": "Missing Authentication Token"}))
        if method.authorization == "AWS_IAM":
            if self._arguments.get("AuthType", "NO_AUTH") == "NO_AUTH":
                return _result(self._said(403, {"message": "Missing Authentication Token"}))
        elif method.authorization != "NONE":
            raise _unbuilt(f"the authorization {method.authorization} of a method")
        self._at_the_edge = method.at_the_edge
        return self._integrated(method, path, stage)

    def _integrated(self, method: Method, path: str, stage: str) -> JSON | Later:
        if method.kind == "MOCK":
            return _result(self._said(method.status, None if method.template is None else _static(method.template)))
        if method.has_templates:
            raise _unbuilt("mapping templates of API Gateway")
        if method.kind in ("HTTP", "HTTP_PROXY"):
            if "{" in method.uri:
                raise _unbuilt("parameters in the URL of an API's integration")
            query = web.pairs(self._arguments, "QueryParameters") if method.kind == "HTTP_PROXY" else []
            url = web.with_query(method.uri, query)
            target = WebRequest(method.http_method, url, self._asked.headers, self._asked.body)
            try:
                return _result(web.send(target))
            except OSError:
                return _result(self._said(504, _FAILED))
        function = _FUNCTION.fullmatch(method.uri)
        if function is None:
            raise _unbuilt(f"an integration with {method.uri}")
        event = self._asked.body or "{}"
        if method.kind == "AWS_PROXY":
            event = dumps(self._proxy_event(method, path, stage))
        return self._invoked(function["arn"], event, proxy=method.kind == "AWS_PROXY")

    def _invoked(self, arn: str, event: str, *, proxy: bool) -> JSON | Later:
        try:
            name = FunctionName.parse(arn, self._caller.account, self._caller.region)
            loads(event)
            _, invocation = self._caller.world.lambdas.invoke(Request(name, event, self._request_id))
        except InvalidJSON:
            text = "Could not parse request body into json"
            return _result(self._said(400, {"message": text}))
        except (Fault, InvalidArn):
            return _result(self._said(500, _FAILED))
        answer = self._of_proxy(invocation.payload) if proxy else self._said(200, invocation.payload)
        if not invocation.after:
            return _result(answer)
        try:
            return Later(invocation.after, _result(answer))
        except StateError as error:
            return Later(invocation.after, error=error)

    def _proxy_event(self, method: Method, path: str, stage: str) -> dict[str, JSON]:
        """What a function behind a proxy integration gets, in the format 1.0."""
        query = web.pairs(self._arguments, "QueryParameters")
        return {
            "resource": method.resource,
            "path": path,
            "httpMethod": self._asked.method,
            "headers": dict(self._asked.headers) or None,
            "multiValueHeaders": _lists(self._asked.headers) or None,
            "queryStringParameters": dict(query) or None,
            "multiValueQueryStringParameters": _lists(query) or None,
            "pathParameters": dict(method.path_parameters) or None,
            "stageVariables": dict(method.variables) or None,
            "requestContext": {
                "accountId": self._caller.account,
                "httpMethod": self._asked.method,
                "path": f"/{stage}{path}",
                "protocol": "HTTP/1.1",
                "requestId": self._request_id,
                "resourcePath": method.resource,
                "stage": stage,
            },
            "body": self._asked.body,
            "isBase64Encoded": False,
        }

    def _of_proxy(self, payload: str) -> WebAnswer:
        """What a function behind a proxy integration answers; 502 if that is none."""
        try:
            answer = loads(payload)
            status, body = int(answer["statusCode"]), answer.get("body") or ""
            headers = [*(answer.get("headers") or {}).items()]
            headers += [(n, value) for n, values in (answer.get("multiValueHeaders") or {}).items() for value in values]
            if not isinstance(body, str):
                raise TypeError  # noqa: TRY301 - as any other answer that is none
        except (InvalidJSON, TypeError, KeyError, ValueError, AttributeError):
            return self._said(502, _FAILED)
        return self._said(status, body, [(name, str(value)) for name, value in headers])

    def _said(self, status: int, body: JSON, headers: list[tuple[str, str]] | None = None) -> WebAnswer:
        content = (body if isinstance(body, str) else "" if body is None else dumps(body)).encode()
        own = [
            ("Connection", "keep-alive"),
            ("Content-Length", str(len(content))),
            ("Content-Type", "application/json"),
            ("Date", http_date(self._caller.world)),
            ("x-amz-apigw-id", self._request_id.replace("-", "")[:16]),
            ("x-amzn-RequestId", self._request_id),
            ("X-Amzn-Trace-Id", f"Root=1-{self._request_id[:8]}-{self._request_id.replace('-', '')[8:]}"),
        ]
        if self._at_the_edge:
            own += _cloudfront(self._request_id.replace("-", ""))
        given = {name.lower() for name, _ in headers or ()}
        all_headers = [*(header for header in own if header[0].lower() not in given), *(headers or ())]
        return WebAnswer(status, _TEXTS.get(status, ""), tuple(all_headers), content)


def _cloudfront(made_up: str) -> list[tuple[str, str]]:
    """What CloudFront adds to the answer of an edge-optimized API, as observed."""
    return [
        ("Via", f"1.1 {made_up}.cloudfront.net (CloudFront)"),
        ("X-Amz-Cf-Id", made_up),
        ("X-Amz-Cf-Pop", "IAD55-P1"),
        ("X-Cache", "Miss from cloudfront"),
    ]


_TEXTS: Final = {
    200: "OK",
    201: "Created",
    202: "Accepted",
    204: "No Content",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    500: "Internal Server Error",
    502: "Bad Gateway",
    504: "Gateway Timeout",
}


def _lists(pairs: Any) -> dict[str, JSON]:
    lists: dict[str, JSON] = {}
    for name, value in pairs:
        lists.setdefault(name, []).append(value)
    return lists


def _static(template: str) -> str:
    if "$" in template or "#" in template:
        raise _unbuilt("mapping templates of API Gateway")
    return template


def _unbuilt(what: str) -> StateError:
    return StateError(NOT_BUILT, f"Dynastep has not built {what} yet. A mock can stand for it: docs/mocks.md")
