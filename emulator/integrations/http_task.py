"""HTTP Tasks: ``http:invoke`` calls a URL with what an EventBridge connection knows of it.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/call-https-apis.html. The words of causes are ours: AWS's
were not seen.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from urllib.parse import urlencode

from asl_interpreter.errors import StateError
from asl_interpreter.jsontext import JSON, InvalidJSON, dumps, loads
from emulator.arns import Arn
from emulator.integrations import web
from emulator.integrations.caller import Caller
from emulator.integrations.optimized import parameters_of
from emulator.integrations.parameters import unusable
from emulator.integrations.web import WebAnswer, WebRequest

if TYPE_CHECKING:
    from asl_interpreter.tasks import TaskRequest

Pairs: TypeAlias = Iterable[tuple[str, str]]
LARGEST: Final = 262_144
SUCCESS: Final = range(200, 300)

Watch: TypeAlias = Callable[[WebRequest, WebRequest, WebAnswer | None], None]
"""Told what a Task sends, the same without what its connection adds, and the answer, if one came."""


def _unwatched(_sent: WebRequest, _plain: WebRequest, _answer: WebAnswer | None) -> None:
    """Nobody looks."""


def invoke(_suffix: str, caller: Caller, request: TaskRequest, watch: Watch = _unwatched) -> JSON:
    """``http:invoke``."""
    arguments = parameters_of("http", "invoke").request(request.arguments)
    connection = _connection(caller, arguments)
    sent, plain = made(arguments, connection, caller.region), made(arguments, {}, caller.region)
    watch(sent, plain, None)
    answer = _answer(sent)
    watch(sent, plain, answer)
    if answer.status not in SUCCESS:
        raise StateError(f"States.Http.StatusCode.{answer.status}", answer.body.decode(errors="replace"))
    return web.shown(answer)


def made(arguments: Mapping[str, Any], connection: Mapping[str, Any], region: str, *, agent: str = "") -> WebRequest:
    """The request that a Task sends: what the definition says, with the connection's own parameters before it.

    ``agent`` is the User-Agent of another service than Step Functions.

    Raises:
        StateError: no request can be made, or the connection gets no token.
    """
    url: str = arguments["ApiEndpoint"]
    if not url.startswith("https://") and not (url.startswith("http://") and web.is_local(url)):
        raise unusable(arguments, "The ApiEndpoint must be an HTTPS URL")
    extra = connection.get("InvocationHttpParameters", {})
    body, encoding = arguments.get("RequestBody"), arguments.get("Transform", {})
    if extra.get("BodyParameters"):
        if not isinstance(body, dict | None):
            raise unusable(arguments, "The RequestBody must be an object where the connection has body parameters")
        body = {**(body or {}), **_given(extra, "BodyParameters")}
    if isinstance(body, dict) and encoding.get("RequestBodyEncoding") == "URL_ENCODED":
        options = encoding.get("RequestEncodingOptions", {})
        array_format = options.get("ArrayFormat", "INDICES") if isinstance(options, dict) else None
        if not isinstance(array_format, str) or array_format not in _KEYS:
            raise unusable(arguments, "The value of the field 'ArrayFormat' has an invalid format")
        text: str | None = urlencode(list(_flat(body, array_format)))
    else:
        text = web.body_to_send(body)
    headers: Pairs = [] if text is None else [("Content-Type", "application/json")]
    for more in (
        web.headers_of(arguments),
        _authorization(connection).items(),
        _given(extra, "HeaderParameters").items(),
        (("User-Agent", agent or f"Amazon|StepFunctions|HttpInvoke|{region}"), ("Range", f"bytes=0-{LARGEST}")),
    ):
        headers = _replaced(headers, more)
    query = _replaced(web.pairs(arguments, "QueryParameters"), _given(extra, "QueryStringParameters").items())
    return WebRequest(web.method_of(arguments), web.with_query(url, query), tuple(headers), text)


def _replaced(pairs: Pairs, others: Pairs) -> Pairs:
    """The pairs, but for names that the others have."""
    others = list(others)
    names = {name.lower() for name, _ in others}
    return [*(pair for pair in pairs if pair[0].lower() not in names), *others]


def _answer(request: WebRequest) -> WebAnswer:
    try:
        return web.send(request)
    except OSError as error:
        raise StateError("States.Http.Socket", str(error)) from None


def _connection(caller: Caller, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """The authorization of the connection that a Task names, secrets and all."""
    from emulator import moto_door

    holder = arguments.get("Authentication") or arguments.get("InvocationConfig") or {}
    arn = holder.get("ConnectionArn")
    if not isinstance(arn, str):
        raise unusable(arguments, "The field 'ConnectionArn' is required but was missing")
    found = moto_door.connection(arn)
    if found is None:
        raise StateError("Events.ConnectionResource.ResourceNotFound", f"Connection '{arn}' does not exist.")
    if Arn.parse(arn).account != caller.account:
        raise StateError("Events.ConnectionResource.AccessDenied", f"Connection '{arn}' is of another account.")
    return found


def _given(parameters: Mapping[str, Any], kind: str) -> dict[str, str]:
    return {item["Key"]: item.get("Value", "") for item in parameters.get(kind, ())}


def _authorization(connection: Mapping[str, Any]) -> dict[str, str]:
    """The header by which a connection shows who calls."""
    if basic := connection.get("BasicAuthParameters"):
        return {"Authorization": _basic(basic["Username"], basic["Password"])}
    if key := connection.get("ApiKeyAuthParameters"):
        return {key["ApiKeyName"]: key["ApiKeyValue"]}
    if oauth := connection.get("OAuthParameters"):
        return {"Authorization": f"Bearer {_token(oauth)}"}
    return {}


def _basic(name: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{name}:{password}'.encode()).decode()}"


def _token(oauth: Mapping[str, Any]) -> str:
    """An access token for client credentials.

    Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-target-connection-auth.html ("OAuth").
    """
    client, extra = oauth["ClientParameters"], oauth.get("OAuthHttpParameters", {})
    headers = {
        "Authorization": _basic(client["ClientID"], client["ClientSecret"]),
        **_given(extra, "HeaderParameters"),
    }
    query = _given(extra, "QueryStringParameters")
    method = oauth.get("HttpMethod", "POST")
    text = None
    if method == "GET":
        query = {"grant_type": "client_credentials", **query}
    else:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        text = urlencode({"grant_type": "client_credentials", **_given(extra, "BodyParameters")})
    url = web.with_query(oauth["AuthorizationEndpoint"], query.items())
    answer = _answer(WebRequest(method, url, tuple(headers.items()), text))
    try:
        token = loads(answer.body.decode())["access_token"]
    except (InvalidJSON, UnicodeDecodeError, TypeError, KeyError):
        token = None
    if answer.status not in SUCCESS or not isinstance(token, str):
        text = f"The authorization endpoint answered {answer.status} and no access token."
        raise StateError("Events.ConnectionResource.InvalidConnectionState", text)
    return token


_KEYS: Final[Mapping[str, str]] = {
    "INDICES": "{key}[{index}]",
    "REPEAT": "{key}",
    "BRACKETS": "{key}[]",
    "COMMAS": "{key}",
}
"""How the items of an array are named in a form."""


def _flat(value: JSON, array_format: str, key: str = "") -> Iterator[tuple[str, str]]:
    """The fields of a form that hold a value: an object's members in brackets, an array's as the format says."""
    if isinstance(value, dict):
        for name, content in value.items():
            yield from _flat(content, array_format, f"{key}[{name}]" if key else name)
    elif isinstance(value, list) and array_format == "COMMAS":
        yield key, ",".join(item if isinstance(item, str) else dumps(item) for item in value)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _flat(item, array_format, _KEYS[array_format].format(key=key, index=index))
    else:
        yield key, value if isinstance(value, str) else dumps(value)
