"""Failures: moto has failed at a request. What AWS says where the request is to blame, and what is said otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Final

from botocore.model import OperationNotFoundError

from asl_interpreter.jsontext import JSON, InvalidJSON, loads
from emulator.moto_door.checks import unfit
from emulator.moto_door.corrections import Refusal
from emulator.moto_door.requests import Operation, Unreadable, members_of, model_of, name_of
from emulator.wire.loading import installed
from emulator.wire.operations import service_model
from emulator.wire.protocol import Environ, Response

if TYPE_CHECKING:
    from botocore.model import OperationModel

    from emulator.moto_door.routes import Handler


def blame(asked: Operation | Handler | None, environ: Environ, body: bytes, error: Exception) -> Refusal | None:
    """What AWS says of a request at which moto failed; None if the request is not known to be wrong.

    ``asked`` is the operation; where that cannot be told, the handler; None where there is none.
    """
    if isinstance(asked, Operation):
        if isinstance(error, OperationNotFoundError):  # several Actions, of which moto has read another
            return Refusal("InvalidAction", f"Could not find operation {error}")
        return unfit(asked, environ, body) or _of_members(asked, environ, body, error)
    if asked is None:
        return None
    if model_of(asked) is not None:
        return misnamed(asked, environ, body)
    if _is_elb(asked):
        return Refusal("InvalidAction", "The action or version of the request is not valid for this web service.")
    return None


def as_declared(operation: Operation, response: Response) -> Response:
    """A refusal with the HTTP status that the service's model declares for its error; moto says 400 of many.

    Only REST services in JSON tell errors apart by their status, such as 409 for a ConflictException of Scheduler.
    Source: https://smithy.io/2.0/spec/http-bindings.html#httperror-trait.
    """
    if not 400 <= response.status < 500 or operation.protocol != "rest-json":
        return response
    code = next((value for name, value in response.headers if name.lower() == "x-amzn-errortype"), None)
    if code is None:
        try:
            said = loads(response.body)
        except InvalidJSON:
            return response
        code = said.get("__type") if isinstance(said, dict) else None
    status = _statuses(operation.service).get(str(code).partition(":")[0].rpartition("#")[2])
    return response if status is None else response._replace(status=status)


@cache
def _statuses(service: str) -> dict[str, int]:
    """Code of an error -> the HTTP status that the model declares."""
    declared = {}
    for shape in service_model(service).error_shapes:
        error = shape.metadata.get("error", {})
        if "httpStatusCode" in error:
            declared[str(error.get("code", shape.name))] = int(error["httpStatusCode"])
    return declared


def _is_elb(handler: Handler) -> bool:
    """Whether a handler is that of both generations of load balancers, which tells them apart by the version."""
    return getattr(handler, "__module__", "") == "moto.elb.urls"


def misnamed(handler: Handler, environ: Environ, body: bytes) -> Refusal | None:
    """What AWS says of a request that names no operation, or none that the service has; None if that is not the matter.

    Sources: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html (InvalidAction, MissingAction),
    https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html (UnknownOperationException) and
    https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html (MalformedPOSTRequest): of what has no
    operation in S3's model, moto reads only the POST of a form.
    """
    model, name = model_of(handler), name_of(environ, body)
    if model is None or name in model.operation_names:
        return None
    if model.service_name == "s3" and environ["REQUEST_METHOD"] == "POST":
        text = "The body of your POST request is not well-formed multipart/form-data."
        return Refusal("MalformedPOSTRequest", text)
    match model.metadata.get("protocol"):
        case "query" | "ec2" if name:
            return Refusal("InvalidAction", f"The action {name} is not valid for this web service.")
        case "query" | "ec2":
            return Refusal("MissingAction", "The request must contain the parameter Action")
        case "rest-xml":
            return None
        case _:
            return Refusal("UnknownOperationException", "")


def _of_members(operation: Operation, environ: Environ, body: bytes, error: Exception) -> Refusal | None:
    """What members say that moto does not expect: where a page begins, how long one is, what is not there."""
    try:
        params = members_of(operation, environ, body)
    except Unreadable:
        return None
    if not isinstance(params, dict):
        return None
    page = _pages(operation.service).get(operation.name, {})
    token = page.get("input_token", next(filter(_TOKEN.fullmatch, params), ""))
    if params.get(token):
        return Refusal(_declared(operation.model, _OF_TOKENS), f"The {token} of the request is not valid.")
    limit = page.get("limit_key", "")
    if isinstance(params.get(limit), str) and not params[limit].isdecimal():
        return Refusal(_declared(operation.model, _OF_TOKENS[1:]), f"The {limit} of the request is not a number.")
    if isinstance(error, KeyError) and error.args and error.args[0] in set(_texts(params)):
        return _absent(operation.model, error.args[0])
    return None


def _texts(value: JSON) -> Iterator[str]:
    """All texts of a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts(part)


def _absent(model: OperationModel, what: str) -> Refusal | None:
    """The one error by which an operation says that something is not there; None if it has none, or several.

    moto looks up what is not there, and raises KeyError. The text is ours.
    """
    absent = [shape for shape in model.error_shapes if _ABSENT.search(shape.name)]
    if len(absent) != 1:
        return None
    described = absent[0].metadata.get("error", {})
    return Refusal(described.get("code", absent[0].name), f"{what} was not found", described.get("httpStatusCode", 400))


_ABSENT: Final = re.compile(r"NotFound|NoSuch|DoesNotExist|NotExists")
_TOKEN: Final = re.compile(r"[nN]ext(Page)?Token|[mM]arker|[pP]aginationToken|position")


@cache
def _pages(service: str) -> dict[str, dict[str, str]]:
    """Operation -> ``input_token``, the member that says which page is wanted, and ``limit_key``, how long one is."""
    from botocore.exceptions import UnknownServiceError

    try:
        pages = installed().load_service_model(service, "paginators-1")["pagination"]
    except UnknownServiceError:
        return {}
    return {
        name: {key: each if isinstance(each, str) else each[0] for key, each in page.items() if key in _KEYS}
        for name, page in pages.items()
    }


_KEYS: Final = ("input_token", "limit_key")
_OF_TOKENS: Final = (
    re.compile(r"Invalid(Next|Pagination|Continuation)?Token|InvalidMarker"),
    re.compile(
        r"InvalidParameter(Value)?(Exception)?$|InvalidInput|InvalidArgument|InvalidRequest|BadRequestException"
    ),
)


def _declared(model: OperationModel, patterns: Iterable[re.Pattern[str]]) -> str:
    """The error of an operation that matches the first of the patterns that one does; else its framework's."""
    declared = [str(shape.metadata.get("error", {}).get("code", shape.name)) for shape in model.error_shapes]
    for pattern in patterns:
        if found := next(filter(pattern.match, declared), None):
            return found
    match model.service_model.metadata.get("protocol"):
        case "ec2":
            return "InvalidParameterValue"
        case "query":
            return "ValidationError"
        case _:
            return "ValidationException"


def said(operation: Operation | None, asked: str, error: Exception, request_id: str) -> str:
    """What is said of a failure of moto's own; ``asked`` is said where the operation cannot be told."""
    at = asked if operation is None else f"{operation.service}:{operation.name}"
    return (
        f"moto, behind Dynastep, failed at {at} ({type(error).__name__}): what AWS would answer is not known. "
        f"Leave out what the request can do without, or mock the Task; the log has the traceback under request id "
        f"{request_id}"
    )
