"""API Gateway: ``apigateway:invoke`` calls an API of this world, by the door that HTTP requests take, or a server here.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-api-gateway.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from asl_interpreter.errors import NOT_BUILT, StateError
from asl_interpreter.jsontext import JSON, dumps, loads
from asl_interpreter.tasks import Later, TaskRequest
from emulator.integrations import web
from emulator.integrations.caller import Caller, http_date, new_uuid
from emulator.integrations.http_task import SUCCESS
from emulator.integrations.optimized import parameters_of
from emulator.integrations.parameters import unusable
from emulator.integrations.web import WebAnswer, WebRequest

_ENDPOINT: Final = re.compile(r"(?P<api>[0-9a-z]+)\.execute-api\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?")
AUTH_TYPES: Final = ("NO_AUTH", "IAM_ROLE", "RESOURCE_POLICY")


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
        return _called(caller, request, asked, arguments, match["api"])
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


def _called(
    caller: Caller, request: TaskRequest, asked: WebRequest, arguments: Mapping[str, Any], api: str
) -> JSON | Later:
    """The answer of an API of this world as the result of the Task."""
    request_id = new_uuid(request)
    headers = asked.headers
    if arguments.get("AuthType", "NO_AUTH") != "NO_AUTH":
        scope = f"{caller.account}/20260101/{caller.region}/execute-api/aws4_request"
        headers = (
            *headers,
            ("Authorization", f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=none"),
        )
    stage, path = arguments.get("Stage", ""), f"/{arguments.get('Path', '').strip('/')}"
    query = tuple(web.pairs(arguments, "QueryParameters"))
    body = asked.body if isinstance(asked.body, str) else ""
    answer = caller.world.apis.ask(api, stage, (asked.method, path), query, headers, body, request_id)
    if answer.status == HTTPStatus.NOT_IMPLEMENTED and answer.is_unbuilt:
        raise StateError(NOT_BUILT, f"{loads(answer.body)['message']}. A mock can stand for it: docs/mocks.md")
    own = [
        ("Connection", "keep-alive"),
        ("Content-Length", str(len(answer.body))),
        ("Date", http_date(caller.world)),
        ("X-Amzn-Trace-Id", f"Root=1-{request_id[:8]}-{request_id.replace('-', '')[8:]}"),
    ]
    given = {name.lower() for name, _ in answer.headers}
    named = (*(pair for pair in own if pair[0].lower() not in given), *answer.headers)
    text = HTTPStatus(answer.status).phrase if answer.status in set(HTTPStatus) else ""
    shown = WebAnswer(answer.status, text, named, answer.body)
    if not answer.after:
        return _result(shown)
    try:
        return Later(answer.after, _result(shown))
    except StateError as error:
        return Later(answer.after, error=error)
