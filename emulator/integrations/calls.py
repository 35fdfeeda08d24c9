"""Calls: an integration calls an operation that moto answers, and with ``.sync`` waits for the job it has started."""

from __future__ import annotations

import base64
import logging
import re
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from asl_interpreter.errors import NOT_BUILT, TASK_FAILED, StateError
from asl_interpreter.jsontext import JSON, dumps
from asl_interpreter.loop.errands import trace
from asl_interpreter.tasks import Polled, TaskRequest
from emulator.faults import Fault
from emulator.integrations import sdk
from emulator.integrations.caller import Caller, http_date, new_uuid
from emulator.integrations.jobs import JOBS, MOST_LOOKS, Job, locate, pause, search
from emulator.integrations.parameters import unusable
from emulator.wire.operations import check, service_model
from emulator.wire.protocol import new_request_id

if TYPE_CHECKING:
    from emulator.integrations.optimized import Action
    from emulator.integrations.parameters import Parameters
    from emulator.moto_door import ServiceError

log = logging.getLogger("dynastep")


def call_moto(caller: Caller, service: str, operation: str, params: dict[str, Any]) -> Mapping[str, Any]:
    """Call an operation of a service of moto's, by botocore's names.

    Raises:
        ServiceError: the service refused.
        StateError: Dynastep.NotBuilt, moto lacks the operation or failed; States.Runtime, the parameters do not fit it.
    """
    from botocore.exceptions import BotoCoreError

    from emulator import moto_door

    if (service, operation) in _HOLLOW:
        text = f"Nothing here does what {service}:{operation} asks for. A mock can stand for it: docs/mocks.md"
        raise StateError(NOT_BUILT, text)
    trace()  # no code of the user's runs in moto
    try:
        return moto_door.call(service, operation, params, caller.account, caller.region)
    except BotoCoreError as error:  # parameters that do not fit the operation, or the place that they name
        raise _refused(service, operation, params) or unusable(params, str(error)) from None
    except moto_door.ServiceError as error:
        if (error.status, error.code) in ((501, "NotImplementedException"), (500, "InternalFailure")):
            raise unanswered(error.message, service, operation) from None
        raise


def unanswered(said: str, service: str, operation: str) -> StateError:
    """How a Task fails whose operation nothing here performs, or at which moto failed."""
    return StateError(NOT_BUILT, f"{said} ({service}:{operation}). A mock can stand for it: docs/mocks.md")


def _refused(service: str, operation: str, params: dict[str, Any]) -> ServiceError | None:
    """What a service says of a request that botocore does not send, as AWS's SDKs for Java do; None if that is unknown.

    Services of the REST protocol in XML, and EC2, have words of their own.
    """
    from emulator.moto_door import ServiceError

    model = service_model(service)
    if model.protocol in ("rest-xml", "ec2"):
        return None
    request_id = new_request_id("stepfunctions")
    shape = model.operation_model(operation).input_shape
    absent = next((name for name in getattr(shape, "required_members", ()) if name not in params), None)
    if service == "sqs" and absent is not None:
        return ServiceError("MissingParameter", f"The request must contain the parameter {absent}.", 400, request_id)
    try:
        check(service, operation, _on_the_wire(params))
    except Fault as fault:
        if fault.code == "ValidationException":
            code = "ValidationError" if model.protocol == "query" else fault.code
            return ServiceError(code, fault.message, fault.status, request_id)
    except re.error:  # the model has a pattern that is Java's alone
        return None
    return None


def _on_the_wire(value: Any) -> Any:
    """A parameter as JSON has it."""
    match value:
        case dict():
            return {name: _on_the_wire(item) for name, item in value.items()}
        case list():
            return [_on_the_wire(item) for item in value]
        case bytes():
            return base64.b64encode(value).decode()
        case _:
            return value


_HOLLOW: Final = frozenset({("bedrock-runtime", "InvokeModel")})
"""Operations to which moto answers something, whatever is asked."""


def call_optimized(caller: Caller, service: str, operation: str, params: dict[str, Any]) -> dict[str, JSON]:
    """Call an operation as an optimized integration does; its answer in that form.

    Raises:
        StateError: as the integration says it.
    """
    return shown(service, operation, _call(caller, service, operation, params))


def shown(service: str, operation: str, answer: Mapping[str, Any]) -> dict[str, JSON]:
    """An answer as optimized integrations show it."""
    model = sdk.find_operation(sdk.OPTIMIZED[service][2], operation[:1].lower() + operation[1:])
    if model is None:
        raise KeyError(operation)
    return sdk.from_answer(model, answer, sdk.FIRST_SDK)


def _call(caller: Caller, service: str, operation: str, params: dict[str, Any]) -> Mapping[str, Any]:
    from emulator import moto_door

    try:
        return call_moto(caller, sdk.OPTIMIZED[service][2], operation, params)
    except moto_door.ServiceError as error:
        raise _in_words(service, error) from None


def _in_words(service: str, error: ServiceError) -> StateError:
    return sdk.optimized_error(service, error.code, error.message, error.status, error.request_id, error.shown_code)


def call_service(
    action: Action, parameters: Parameters, suffix: str, caller: Caller, request: TaskRequest
) -> JSON | Polled:
    """An integration of which botocore's model says all there is to say."""
    operation = action.model()
    if operation is None:
        raise KeyError(action.name)
    params = {**dict.fromkeys(parameters.tokens, new_uuid(request)), **parameters.request(request.arguments)}
    answer = _call(caller, action.service, operation.name, params)
    output = shown(action.service, operation.name, answer)
    if action.answers:
        output = {name: _one(output, member) for name, member in action.answers.items() if _one(output, member)}
    output |= {name: request.arguments[name] for name in action.repeats}
    output = with_metadata(caller, request, output, len(dumps(output)), "application/x-amz-json-1.1")
    if suffix and action.unstarted and output.get("Failures"):
        raise StateError(action.unstarted, dumps(output))
    if suffix != ".sync":
        return output
    job = JOBS[action.service, action.name]
    where = locate(job.by, params, answer)
    if None in where.values():  # the service has started nothing: RunTask says why in Failures
        raise StateError(TASK_FAILED, dumps(output))

    def stop() -> None:
        if job.stop is not None:
            work = partial(_stop, caller, action.service, job, params, answer)
            caller.world.engine.outbox.send(work, f"the end of a job of {action.service}")

    tags = {"Tags": {tag["Key"]: tag["Value"] for tag in params.get("Tags", ())}} if job.tagged else {}
    ask = partial(_ask, caller, action.service, job, where, output, tags)
    return Polled(output, ask, pause, stop)


def job_again(
    action: Action, parameters: Parameters, suffix: str, caller: Caller, request: TaskRequest, output: JSON
) -> Polled:
    """A job that was started before the execution went on in another process: it is started anew when it is asked."""
    started: list[Polled] = []

    def job() -> Polled:
        if not started:
            answer = call_service(action, parameters, suffix, caller, request)
            if isinstance(answer, Polled):
                started.append(answer)
        return started[0]

    return Polled(output, lambda look: job().ask(look), pause, lambda: started[0].cancel() if started else None)


def _one(output: Mapping[str, JSON], member: str) -> JSON:
    value = output.get(member.removesuffix("[]"))
    return (value or [None])[0] if member.endswith("[]") else value


def _ask(
    caller: Caller,
    service: str,
    job: Job,
    where: dict[str, Any],
    output: dict[str, JSON],
    tags: dict[str, JSON],
    look: int,
) -> JSON | None:
    """How the job goes: its result, None while it runs."""
    from emulator import moto_door

    try:
        answer = call_moto(caller, sdk.OPTIMIZED[service][2], job.ask, where)
    except moto_door.ServiceError as error:
        if error.code in job.gone:
            return {name: value for name, value in output.items() if not name.startswith("Sdk")}
        raise _in_words(service, error) from None
    status = search(job.status, answer)
    if status in job.done or status in job.failed:
        result = search(job.result, shown(service, job.ask, answer)) | tags
        if status in job.failed or (job.broken is not None and search(job.broken, answer)):
            raise StateError(TASK_FAILED, dumps(dict(sorted(result.items()))))
        return dict(sorted(result.items()))
    if look >= MOST_LOOKS:
        text = f"{service}:{job.ask} has said {status!r} {look} times: moto does not bring this job to an end."
        raise StateError(NOT_BUILT, f"{text} A mock can say how it ends: docs/mocks.md")
    return None


def _stop(caller: Caller, service: str, job: Job, params: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
    """Stop a job that nobody waits for any more, as far as that can be done."""
    from emulator import moto_door

    operation, by = job.stop or ("", {})
    try:
        call_moto(caller, sdk.OPTIMIZED[service][2], operation, locate(by, params, answer))
    except (StateError, moto_door.ServiceError) as error:
        log.warning("A job of %s could not be stopped: %s", service, error)


def with_metadata(
    caller: Caller, request: TaskRequest, answer: dict[str, JSON], length: int, content_type: str
) -> dict[str, JSON]:
    """An answer with what the first SDK adds to it."""
    request_id = new_uuid(request)
    headers = {
        "x-amzn-RequestId": request_id,
        "connection": "keep-alive",
        "Content-Length": str(length),
        "Date": http_date(caller.world),
        "Content-Type": content_type,
    }
    return dict(sorted({**answer, **sdk.http_metadata(headers, request_id)}.items()))
