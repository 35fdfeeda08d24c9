"""The integrations that are built: DynamoDB, nested executions, and every operation through ``aws-sdk``.

Each enters the one door of the service it calls: ``operations.perform`` for ours, ``moto_door.call`` for the others.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from asl_interpreter.errors import TASK_FAILED, StateError
from asl_interpreter.jsontext import JSON, dumps
from asl_interpreter.loop.signals import Signal
from asl_interpreter.tasks import Later, Submitted, TaskRequest
from emulator.faults import Fault
from emulator.integrations import sdk
from emulator.integrations.caller import Caller, http_date, new_uuid
from emulator.integrations.calls import call_moto, unanswered
from emulator.integrations.optimized import parameters_of
from emulator.integrations.parameters import Parameters
from emulator.wire.operations import handlers, perform
from emulator.wire.protocol import Call

if TYPE_CHECKING:
    from botocore.model import OperationModel

    from asl_interpreter.running.execution import Execution

OURS: Final = frozenset({"cloudcontrol", "cloudformation", "dynamodb", "dynamodbstreams", "stepfunctions"})
"""Services whose operations are performed here; the others are moto's, but for some of IAM's."""
_QUICK: Final = frozenset({"dynamodb", "dynamodbstreams", "stepfunctions"})


def may_block(service: str, operation: str) -> bool:
    """Whether a call may take real time, or waits for the engine."""
    return service not in _QUICK or operation in ("StartSyncExecution", "GetActivityTask")


def _is_ours(service: str, operation: str) -> bool:
    return service in OURS or (service == "iam" and operation in handlers(service))


# DynamoDB


def call_dynamodb(action: str, _suffix: str, caller: Caller, request: TaskRequest) -> JSON:
    """``dynamodb:getItem`` and its three siblings."""
    operation = sdk.capitalized(action)
    params = parameters_of("dynamodb", action).request(request.arguments, wire=True)
    request_id = new_uuid(request)
    try:
        answer = caller.perform("dynamodb", operation, params, request_id)
    except Fault as fault:
        raise sdk.optimized_error("dynamodb", fault.code, fault.message, fault.status, request_id) from None
    text = dumps(answer).encode()
    named = {"Connection": "keep-alive", "x-amzn-RequestId": request_id}
    if action == "getItem":  # answered by another part of DynamoDB, as observed
        named = {"x-amzn-requestid": request_id, "Connection": "keep-alive"}
    headers = {
        "Server": "Server",
        **named,
        "x-amz-crc32": str(zlib.crc32(text)),
        "Content-Length": str(len(text)),
        "Date": http_date(caller.world),
        "Content-Type": "application/x-amz-json-1.0",
    }
    return {**answer, **sdk.http_metadata(headers, request_id)}


# Nested executions


def start_execution(suffix: str, caller: Caller, request: TaskRequest) -> JSON | Submitted:
    """``states:startExecution``, and with ``.sync`` and ``.sync:2`` the wait for its end."""
    request_id = new_uuid(request)
    params = parameters_of("states", "startExecution").request(request.arguments, wire=True)
    params = {"name": request_id, "input": "{}", **params}
    call = Call("stepfunctions", "StartExecution", params, caller.account, caller.region, request_id)
    try:
        answer = perform(caller.world, call)
    except Fault as fault:
        raise sdk.optimized_error("states", fault.code, fault.message, fault.status, request_id) from None
    started = {"ExecutionArn": answer["executionArn"], "StartDate": int(answer["startDate"] * 1000)}
    headers = {
        "x-amzn-RequestId": request_id,
        "connection": "keep-alive",
        "Content-Length": str(
            len(f'{{"executionArn":"{answer["executionArn"]}","startDate":{_java_seconds(answer["startDate"])}}}')
        ),
        "Date": http_date(caller.world),
        "Content-Type": "application/x-amz-json-1.0",
    }
    output = {
        "ExecutionArn": started["ExecutionArn"],
        **sdk.http_metadata(headers, request_id),
        "StartDate": started["StartDate"],
    }
    if suffix in ("", ".waitForTaskToken"):
        return output
    if ":express:" in started["ExecutionArn"]:
        text = "This operation is not supported by this type of state machine"
        raise sdk.optimized_error("states", "StateMachineTypeNotSupported", text, 400, request_id)
    return _started(suffix, caller, answer["executionArn"], output)


def execution_again(suffix: str, caller: Caller, _request: TaskRequest, output: JSON) -> Submitted:
    """An execution that a Task had started before its own execution went on in another process."""
    return _started(suffix, caller, output["ExecutionArn"], output)


def _started(suffix: str, caller: Caller, arn: str, output: JSON) -> Submitted:
    from emulator.stepfunctions import executions

    call = Call("stepfunctions", "StartExecution", {}, caller.account, caller.region, "")
    child = executions.find(caller.world, call, arn)
    outcome: Signal[JSON] = Signal(f"the end of {child.start.name}")
    child.ended.subscribe(lambda: _hand_on(child, outcome, parsed=suffix == ".sync:2"))
    return Submitted(output, outcome, cancel=lambda: child.stop(None, None))


def _java_seconds(instant: float) -> str:
    """A time as AWS's own answers write it: ``1.767225600123E9``."""
    digits = str(int(instant * 1000))
    return f"{digits[0]}.{digits[1:]}E9"


def _hand_on(child: Execution, outcome: Signal[JSON], *, parsed: bool) -> None:
    """Tell the Task how the execution that it started has ended."""
    description: dict[str, JSON] = {"ExecutionArn": child.start.arn}
    if child.cause is not None:
        description["Cause"] = child.cause
    if child.error is not None:
        description["Error"] = child.error
    description |= {
        "Input": child.start.input if parsed else child.start.input_text,
        "InputDetails": {"Included": True},
        "Name": child.start.name,
    }
    if child.status == "SUCCEEDED":
        description["Output"] = child.output if parsed else child.history.text(child.output)
        description["OutputDetails"] = {"Included": True}
    description |= {
        "StartDate": int(child.started_at * 1000),
        "StateMachineArn": child.start.state_machine_arn,
        "Status": child.status,
        "StopDate": int((child.stopped_at or 0) * 1000),
    }
    if child.status == "SUCCEEDED":
        outcome.set(description)
    else:
        outcome.fail(StateError(TASK_FAILED, dumps(dict(sorted(description.items())))))


# Everything else


def call_sdk(
    service: str, operation: OperationModel, parameters: Parameters, caller: Caller, request: TaskRequest
) -> JSON | Later | Signal[JSON]:
    """``aws-sdk:service:action``: any operation that botocore knows."""
    request_id = new_uuid(request)
    ours = _is_ours(service, operation.name)
    params = parameters.request(request.arguments, wire=ours)
    if ours:
        try:
            if operation.name == "GetActivityTask":
                return _poll(caller, operation, params, request_id)
            answer: Mapping[str, Any] = caller.perform(service, operation.name, params, request_id)
        except Fault as fault:
            if (fault.status, fault.code) == (501, "NotImplementedException"):
                raise unanswered(fault.message, service, operation.name) from None
            raise sdk.sdk_error(service, fault.code, fault.message, fault.status, request_id) from None
    elif operation.name == "ReceiveMessage" and params.get("WaitTimeSeconds") and caller.world.clock.mode != "wall":
        return _received(caller, operation, params)
    else:
        answer = call_by_sdk(caller, service, operation.name, _as_streamed(operation, request.arguments, params))
    return sdk.from_answer(operation, answer, sdk.SECOND_SDK)


def _as_streamed(operation: OperationModel, arguments: JSON, params: dict[str, Any]) -> dict[str, Any]:
    """A body that is streamed is JSON text, strings too, and says so unless the arguments do; as observed for S3."""
    if not operation.has_streaming_input or operation.input_shape is None:
        return params
    body = operation.input_shape.serialization["payload"]
    if body not in params:
        return params
    text = dumps(arguments[sdk.member_name(body)]).encode()
    kind = {"ContentType": "text/plain; charset=UTF-8"} if "ContentType" in operation.input_shape.members else {}
    return {**kind, **params, body: text}


def _poll(caller: Caller, operation: OperationModel, params: dict[str, JSON], request_id: str) -> Signal[JSON]:
    """GetActivityTask, which must not wait on the loop's own thread."""
    from emulator.stepfunctions.activities import begin_poll

    poll = begin_poll(
        caller.world, Call("stepfunctions", operation.name, params, caller.account, caller.region, request_id)
    )
    answer: Signal[JSON] = Signal(poll.name)
    poll.subscribe(lambda: answer.set(sdk.from_answer(operation, poll.value, sdk.SECOND_SDK)))
    return answer


def _received(caller: Caller, operation: OperationModel, params: dict[str, Any]) -> Signal[JSON]:
    """ReceiveMessage that waits, where time is not real: an empty queue is asked again every second of the machine."""
    engine, name = caller.world.engine, "a message"

    def receive() -> JSON:
        answer = call_by_sdk(caller, "sqs", operation.name, {**params, "WaitTimeSeconds": 0})
        return sdk.from_answer(operation, answer, sdk.SECOND_SDK)

    async def wait() -> JSON:
        received = await engine.loop.call(receive, name, blocking=True)
        for _ in range(int(params["WaitTimeSeconds"])):
            if received.get("Messages"):
                break
            await engine.loop.sleep(1, name)
            received = await engine.loop.call(receive, name, blocking=True)
        return received

    return engine.ask(lambda: engine.loop.fork(wait(), name, detached=True))


def call_by_sdk(caller: Caller, service: str, operation: str, params: dict[str, Any]) -> Mapping[str, Any]:
    """Call an operation of a service of moto's, by botocore's names.

    Raises:
        StateError: as an ``aws-sdk`` integration says it.
    """
    from emulator import moto_door

    try:
        return call_moto(caller, service, operation, params)
    except moto_door.ServiceError as error:
        code, message = error.code, error.message
        if service == "s3" and error.status == NOT_FOUND and operation in _WITHOUT_BODY:
            code, message = _WITHOUT_BODY[operation], "null"
        raise sdk.sdk_error(service, code, message, error.status, error.request_id, error.extended_request_id) from None


NOT_FOUND: Final = 404
_WITHOUT_BODY: Final = {"HeadBucket": "NoSuchBucket", "HeadObject": "NoSuchKey"}
"""Operations whose errors have no body: the SDK says what is not found, and Java's null where a message would be.

Source: https://github.com/aws/aws-sdk-java-v2/pull/830
"""
