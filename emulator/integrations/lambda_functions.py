"""Tasks that invoke Lambda functions: by ARN, by ``lambda:invoke`` and by ``aws-sdk:lambda:invoke``.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-lambda.html; answers and errors as observed on AWS.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from asl_interpreter.errors import NOT_BUILT, StateError
from asl_interpreter.jackson import explain
from asl_interpreter.jsontext import JSON, InvalidJSON, dumps, loads
from asl_interpreter.tasks import Later, TaskRequest
from emulator.faults import Fault
from emulator.integrations import sdk
from emulator.integrations.caller import Caller, http_date, new_uuid
from emulator.integrations.optimized import parameters_of
from emulator.lambdas import logs
from emulator.lambdas.functions import FunctionName, Request

if TYPE_CHECKING:
    from emulator.integrations.parameters import Parameters
    from emulator.lambdas.functions import Function, Invocation

NOT_IMPLEMENTED: Final = 501
"""The status of a Fault that says what Dynastep lacks."""
STATUS_CODES: Final = {"RequestResponse": 200, "Event": 202, "DryRun": 204}
"""Invocation type -> the status of its answer."""


def invoke_directly(resource: str, caller: Caller, request: TaskRequest) -> JSON | Later:
    """A function's ARN as Resource: its payload is the result."""
    name = FunctionName.parse(resource, caller.account, caller.region)
    request_id = new_uuid(request)
    with _refusing(request_id):
        _, invocation = caller.world.lambdas.invoke(Request(name, dumps(request.arguments), request_id))
    return _later(invocation, _result(invocation, invocation.payload))


def invoke_function(_suffix: str, caller: Caller, request: TaskRequest) -> JSON | Later:
    """``lambda:invoke``: the payload inside the answer of the Invoke operation."""
    params = parameters_of("lambda", "invoke").request(request.arguments, wire=True)
    request_id = new_uuid(request)
    kind = params.get("InvocationType", "RequestResponse")
    with _refusing(request_id):
        asked = _named(caller, params, request_id)
        if kind != "RequestResponse":
            function = _send(caller, kind, asked)
            return _answer(caller, function, request_id, {}, "", None, STATUS_CODES[kind])
        function, invocation = caller.world.lambdas.invoke(asked)
    log = logs.tail(invocation.log) if params.get("LogType") == "Tail" else None
    result = _result(invocation)
    if not isinstance(result, StateError):
        result = _answer(caller, function, request_id, result, invocation.payload, log)
    return _later(invocation, result)


def invoke_by_sdk(parameters: Parameters, caller: Caller, request: TaskRequest) -> JSON | Later:
    """``aws-sdk:lambda:invoke``: the answer of the operation with the payload as text, also where it is an error."""
    params = parameters.request(request.arguments, wire=True)
    request_id = new_uuid(request)
    try:
        asked = _named(caller, params, request_id)
        kind = params.get("InvocationType", "RequestResponse")
        if kind != "RequestResponse":
            _send(caller, kind, asked)
            return {"StatusCode": STATUS_CODES[kind]}
        function, invocation = caller.world.lambdas.invoke(asked)
    except Fault as fault:
        raise sdk.sdk_error("lambda", fault.code, fault.message, fault.status, request_id) from None
    answer = {"ExecutedVersion": function.version, "Payload": invocation.payload, "StatusCode": 200}
    if invocation.failed:
        answer["FunctionError"] = "Unhandled"
    if params.get("LogType") == "Tail":
        answer["LogResult"] = logs.tail(invocation.log)
    return _later(invocation, dict(sorted(answer.items())))


def _send(caller: Caller, kind: str, request: Request) -> Function:
    """An invocation that nobody waits for: of the type Event it will be made, of the type DryRun it only could be."""
    lambdas = caller.world.lambdas
    return lambdas.invoke_later(request)[0] if kind == "Event" else lambdas.find(request.name)


def _answer(
    caller: Caller, function: Function, request_id: str, payload: JSON, text: str, log: str | None, status: int = 200
) -> dict[str, JSON]:
    headers = {
        **({} if log is None else {"X-Amz-Log-Result": log}),
        "X-Amz-Executed-Version": function.version,
        "x-amzn-Remapped-Content-Length": "0",
        "Connection": "keep-alive",
        "x-amzn-RequestId": request_id,
        "Content-Length": str(len(text.encode())),
        "Date": http_date(caller.world),
        "X-Amzn-Trace-Id": f"root=1-{request_id[:8]}-{request_id.replace('-', '')[8:]};sampled=0",
        "Content-Type": "application/json",
    }
    return {
        "ExecutedVersion": function.version,
        **({} if log is None else {"LogResult": log}),
        "Payload": payload,
        **sdk.http_metadata(headers, request_id, status),
        "StatusCode": status,
    }


def _named(caller: Caller, params: dict[str, Any], request_id: str) -> Request:
    """What is asked for. The payload, which as a text is JSON already, is an empty object where there is none."""
    payload = params.get("Payload", "{}")
    others = {name: value for name, value in params.items() if name != "Payload"}
    asked = Request.read(others, caller.account, caller.region, payload, request_id)
    try:
        loads(payload)
    except InvalidJSON as error:
        flaw = explain(payload)
        said = f"Could not parse request body into json: {error if flaw is None else flaw.message}"
        raise Fault("InvalidRequestContentException", said) from None
    return asked


@contextmanager
def _refusing(request_id: str) -> Iterator[None]:
    """What Lambda refuses is the error of the Task."""
    try:
        yield
    except Fault as fault:
        if fault.status == NOT_IMPLEMENTED:
            raise StateError(NOT_BUILT, fault.message) from None
        raise sdk.optimized_error("lambda", fault.code, fault.message, fault.status, request_id) from None


def _result(invocation: Invocation, cause: str | None = None) -> JSON | StateError:
    """The payload as JSON if it is, or as text; the error that the function failed with.

    Its cause is the payload: as the function wrote it if it was invoked by its ARN, by ``lambda:invoke`` written anew.
    """
    try:
        payload = loads(invocation.payload)
    except InvalidJSON:
        payload = invocation.payload
    if not invocation.failed:
        return payload
    kind = payload.get("errorType") if isinstance(payload, dict) else None
    if not isinstance(kind, str) or not kind:
        why = "The cause could not be determined because Lambda did not return an error type."
        return StateError("Lambda.Unknown", f"{why} Returned payload: {dumps(payload)}")
    return StateError(kind, cause or dumps(payload))


def _later(invocation: Invocation, result: JSON | StateError) -> JSON | Later:
    """The result, once the time has passed that the function says it takes."""
    if not isinstance(result, StateError):
        return Later(invocation.after, result) if invocation.after else result
    if not invocation.after:
        raise result
    return Later(invocation.after, error=result)
