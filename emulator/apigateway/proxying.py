"""Proxying: the events that functions behind an API get, and what is made of their answers.

Sources: https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html,
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from asl_interpreter.jsontext import JSON, InvalidJSON, dumps, loads
from emulator.apigateway.messages import Answer, Incoming, encoded, is_binary, lists, text_of


class Malformed(Exception):
    """What a function has answered is no answer for an API."""


def body_of(incoming: Incoming, binary: bool) -> tuple[str | None, bool]:  # noqa: FBT001 - as the event has it
    """The body in an event, and whether it is base64."""
    if not incoming.body:
        return None, False
    return (encoded(incoming.body), True) if binary else (text_of(incoming.body), False)


def event_1(
    incoming: Incoming,
    resource: str,
    context: Mapping[str, Any],
    parameters: Mapping[str, str],
    variables: Mapping[str, str],
    *,
    binary: bool,
) -> dict[str, JSON]:
    """An event of format 1.0, as a REST API sends it."""
    body, is_encoded = body_of(incoming, binary)
    return {
        "resource": resource,
        "path": incoming.path,
        "httpMethod": incoming.method,
        "headers": dict(incoming.headers) or None,
        "multiValueHeaders": lists(incoming.headers) or None,
        "queryStringParameters": dict(incoming.query) or None,
        "multiValueQueryStringParameters": lists(incoming.query) or None,
        "pathParameters": dict(parameters) or None,
        "stageVariables": dict(variables) or None,
        "requestContext": {name: value for name, value in context.items() if name not in _OF_TEMPLATES},
        "body": body,
        "isBase64Encoded": is_encoded,
    }


_OF_TEMPLATES = frozenset({"requestOverride", "responseOverride", "error", "isCanaryRequest"})


def _read(payload: str) -> JSON:
    """The value that a function has answered. Raises Malformed where the answer is no JSON."""
    try:
        return loads(payload)
    except InvalidJSON:
        raise Malformed(payload) from None


def answer_1(payload: str, binary_types: tuple[str, ...], accept: str | None) -> Answer:
    """What a function behind a REST API answers. No member is needed, and none but these may be there.

    Raises:
        Malformed: it is none.
    """
    given = _read(payload)
    known = {"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"}
    if not isinstance(given, dict) or not given.keys() <= known:
        raise Malformed(payload)
    return _answer(given, payload, "application/json", binary=is_binary(binary_types, accept or "*/*"))


def _answer(given: Mapping[str, Any], payload: str, media: str, *, binary: bool) -> Answer:
    headers: list[tuple[str, str]] = []
    single, multiple = given.get("headers") or {}, given.get("multiValueHeaders") or {}
    body = given.get("body")
    try:
        status = int(given.get("statusCode") or 200)
        for name, value in single.items():
            if not isinstance(value, str | bool | int | float):
                raise Malformed(payload)
            if name.lower() not in {each.lower() for each in multiple}:
                headers.append((name, value if isinstance(value, str) else dumps(value)))
        headers += [(name, str(value)) for name, values in multiple.items() for value in values]
        headers += [("set-cookie", str(value)) for value in given.get("cookies") or ()]
    except (TypeError, ValueError, AttributeError):
        raise Malformed(payload) from None
    if not 100 <= status <= 599 or not (body is None or isinstance(body, str)):
        raise Malformed(payload)
    content = (body or "").encode()
    if given.get("isBase64Encoded") and binary:
        try:
            content = base64.b64decode(content, validate=True)
        except binascii.Error:
            raise Malformed(payload) from None
    return Answer(status, content, tuple(headers)).with_headers(("Content-Type", media))


def event_2(
    incoming: Incoming,
    route: str,
    context: Mapping[str, Any],
    parameters: Mapping[str, str],
    variables: Mapping[str, str],
    raw_path: str,
    *,
    binary: bool,
) -> dict[str, JSON]:
    """An event of format 2.0, as an HTTP API sends it; what there is none of is not there."""
    body, is_encoded = body_of(incoming, binary)
    cookies = [
        each.strip() for name, value in incoming.headers if name.lower() == "cookie" for each in value.split(";")
    ]
    headers = {
        name: ",".join(values)
        for name, values in lists((name.lower(), value) for name, value in incoming.headers).items()
        if name != "cookie"
    }
    event: dict[str, JSON] = {"version": "2.0", "routeKey": route, "rawPath": raw_path}
    event["rawQueryString"] = incoming.raw_query
    if cookies:
        event["cookies"] = cookies
    event["headers"] = headers
    if incoming.query:
        event["queryStringParameters"] = {name: ",".join(values) for name, values in lists(incoming.query).items()}
    event["requestContext"] = dict(context)
    if parameters:
        event["pathParameters"] = dict(parameters)
    if variables:
        event["stageVariables"] = dict(variables)
    if body is not None:
        event["body"] = body
    return event | {"isBase64Encoded": is_encoded}


def answer_2(payload: str) -> Answer:
    """What a function behind an HTTP API answers in format 2.0: without a ``statusCode`` its result is the body.

    Raises:
        Malformed: it is none.
    """
    given = _read(payload)
    if not isinstance(given, dict) or "statusCode" not in given:
        text = given if isinstance(given, str) else payload
        return Answer(200, text.encode(), (("Content-Type", "application/json"),))
    return _answer(given, payload, "text/plain;charset=utf-8", binary=True)


def answer_1_of_http(payload: str) -> Answer:
    """What a function behind an HTTP API answers in format 1.0: it has to say the status.

    Raises:
        Malformed: it is none.
    """
    given = _read(payload)
    if not isinstance(given, dict) or "statusCode" not in given:
        raise Malformed(payload)
    return _answer(given, payload, "text/plain;charset=utf-8", binary=True)
