"""Lambda's Invoke operation over HTTP, and those on durable executions; every other operation is moto's to answer.

Source: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
"""

from __future__ import annotations

import re
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, unquote

from asl_interpreter.jsontext import JSON, InvalidJSON, dumps, loads
from emulator.arns import InvalidArn
from emulator.faults import Fault
from emulator.lambdas import durable_api, logs
from emulator.lambdas.functions import FunctionName, Request
from emulator.wire.protocol import Environ, Response

if TYPE_CHECKING:
    from emulator.world import World

_FUNCTION: Final = re.compile(r"/2015-03-31/functions/([^/]+)/?")
_INVOCATIONS: Final = re.compile(r"/2015-03-31/functions/(.+)/invocations/?")

_HEADERS: Final = {
    "HTTP_X_AMZ_INVOCATION_TYPE": "InvocationType",
    "HTTP_X_AMZ_LOG_TYPE": "LogType",
    "HTTP_X_AMZ_CLIENT_CONTEXT": "ClientContext",
    "HTTP_X_AMZ_DURABLE_EXECUTION_NAME": "DurableExecutionName",
}
"""Headers, as WSGI has them -> the parameters of Invoke that they carry."""
_EXECUTION_ARN: Final = "X-Amz-Durable-Execution-Arn"


def respond(world: World, environ: Environ, body: bytes, account: str, region: str) -> Response | None:
    """Answer an invocation; None for any other request."""
    path = unquote(environ.get("PATH_INFO", ""))
    if environ["REQUEST_METHOD"] == "DELETE" and (deleted := _FUNCTION.fullmatch(path)):
        with suppress(InvalidArn):  # which is moto's to refuse
            world.lambdas.drop(FunctionName.parse(deleted[1], account, region).arn)
    match = _INVOCATIONS.fullmatch(path) if environ["REQUEST_METHOD"] == "POST" else None
    request_id = str(uuid.uuid4())
    headers = [("x-amzn-RequestId", request_id), ("Content-Type", "application/json")]
    try:
        if match is None:
            return durable_api.respond(world, environ, body, account, region)
        params: dict[str, JSON] = {"FunctionName": match[1]}
        params |= {member: environ[header] for header, member in _HEADERS.items() if header in environ}
        if (qualifier := parse_qs(environ.get("QUERY_STRING", "")).get("Qualifier")) is not None:
            params["Qualifier"] = qualifier[0]
        world.meet_faults("lambda", "Invoke", params)
        request = Request.read(params, account, region, _payload(body), request_id)
        return _invoke(world, environ, request, headers)
    except Fault as fault:
        headers.append(("x-amzn-ErrorType", fault.code))
        said = {"Type": "User", "Message": fault.message, "message": fault.message, **fault.members}
        return Response(fault.status, headers, dumps(said).encode())


def _invoke(world: World, environ: Environ, request: Request, headers: list[tuple[str, str]]) -> Response:
    match environ.get("HTTP_X_AMZ_INVOCATION_TYPE", "RequestResponse"):
        case "RequestResponse":
            function, invocation = world.lambdas.invoke(request)
            world.pass_time(invocation.after)
            headers.append(("X-Amz-Executed-Version", function.version))
            if invocation.execution:
                headers.append((_EXECUTION_ARN, invocation.execution))
            if invocation.failed:
                headers.append(("X-Amz-Function-Error", "Unhandled"))
            if environ.get("HTTP_X_AMZ_LOG_TYPE") == "Tail":
                headers.append(("X-Amz-Log-Result", logs.tail(invocation.log)))
            return Response(200, headers, invocation.payload.encode())
        case "Event":
            _, execution = world.lambdas.invoke_later(request)
            if execution:
                headers.append((_EXECUTION_ARN, execution))
            return Response(202, headers, b"")
        case _:  # DryRun
            world.lambdas.find(request.name)
            return Response(204, headers, b"")


def _payload(body: bytes) -> str:
    if not body:
        return "{}"
    try:
        text = body.decode()
        loads(text)
    except (UnicodeDecodeError, InvalidJSON) as error:
        text = f"Could not parse request body into json: {error}"
        raise Fault("InvalidRequestContentException", text) from None
    return text
