"""Crashes: what moto failed at, and whether that is the request's own fault.

moto fails with whatever Python error a missing member leads to. AWS would have refused such a request by its model, and
so is it refused here; what is left is a failure of moto's own, which is named by its operation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import parse_qs

from asl_interpreter.jsontext import JSON, InvalidJSON, loads
from emulator.moto_door.corrections import Refusal
from emulator.moto_door.routes import Handler, rest_operations
from emulator.wire.operations import service_model
from emulator.wire.protocol import Environ

if TYPE_CHECKING:
    from botocore.model import OperationModel, Shape, StructureShape

_NOT_NULL: Final = "Member must not be null"


class Operation(NamedTuple):
    """An operation of a service, by botocore's names, with its model."""

    service: str
    name: str
    model: OperationModel


def operation_of(handler: Handler, environ: Environ, body: bytes) -> Operation | None:
    """The operation that a request to a handler of moto's is for; None if that cannot be told."""
    owner = getattr(handler, "__self__", None)
    service = getattr(owner() if isinstance(owner, type) else owner, "boto3_service_name", None)
    if not service:
        return None
    model = service_model(service)
    name = _named(environ, body) or _routed(service, environ)
    return Operation(service, name, model.operation_model(name)) if name in model.operation_names else None


def _named(environ: Environ, body: bytes) -> str:
    target = str(environ.get("HTTP_X_AMZ_TARGET", ""))
    return target.rpartition(".")[2] or _form(environ, body).get("Action", [""])[0]


def _form(environ: Environ, body: bytes) -> Mapping[str, list[str]]:
    text = body.decode("utf-8", "replace") if environ.get("CONTENT_TYPE", "").startswith(_FORM) else ""
    return parse_qs("&".join(filter(None, (environ.get("QUERY_STRING", ""), text))), keep_blank_values=True)


_FORM: Final = "application/x-www-form-urlencoded"


def _routed(service: str, environ: Environ) -> str:
    """The operation of a service whose operations are paths. S3 tells them apart by more than that."""
    path = environ.get("RAW_URI", environ["PATH_INFO"]).partition("?")[0]
    matching = [] if service == "s3" else rest_operations(service)
    return next(
        (name for name, method, url in matching if method == environ["REQUEST_METHOD"] and url.fullmatch(path)), ""
    )


def fault_of(operation: Operation, environ: Environ, body: bytes) -> Refusal | None:
    """What AWS says of a request that lacks a member which its model requires; None if the request lacks none.

    Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html (MissingParameter), and the
    answers of the framework of the other services as they were seen.
    """
    protocol = operation.model.service_model.protocol
    shape = operation.model.input_shape
    if shape is None:
        return None
    if protocol in ("query", "ec2"):
        missing = list(_missing_of_form(shape, _form(environ, body), spelled=protocol == "query"))
    else:
        try:
            content = loads(body) if body and protocol in ("json", "rest-json") else {}
        except InvalidJSON:
            return Refusal("SerializationException", "The request is not JSON")
        if not isinstance(content, dict):
            return Refusal("SerializationException", "Start of list found where not expected")
        given = set(_given_beside(shape, environ)) if protocol.startswith("rest") else set()
        if protocol == "rest-xml" and body:
            return None  # what its body lacks is not told
        missing = list(_missing(shape, content, "", given))
    if not missing:
        return None
    if operation.service == "sns":
        named = next(name for name in shape.required_members if _lower_first(name) == missing[0])
        return Refusal("InvalidParameter", f"Invalid parameter: {named} Reason: no value for required parameter")
    if protocol == "ec2":
        return Refusal("MissingParameter", f"The request must contain the parameter {missing[0]}")
    entries = "; ".join(f"Value null at '{path}' failed to satisfy constraint: {_NOT_NULL}" for path in missing)
    text = f"{len(missing)} validation error{'s' if len(missing) > 1 else ''} detected: {entries}"
    return Refusal("ValidationError" if protocol == "query" else "ValidationException", text)


def _missing_of_form(shape: StructureShape, form: Mapping[str, list[str]], *, spelled: bool) -> Iterator[str]:
    """Members that a form lacks; those of a structure or list are ``Name.1.Key``. Only the first level is looked at."""
    for name in shape.required_members:
        member = shape.members[name]
        key = str(member.serialization.get("queryName") or member.serialization.get("name") or name).lower()
        if not any(given.lower() == key or given.lower().startswith(f"{key}.") for given in form):
            yield _lower_first(name) if spelled else name


def _given_beside(shape: StructureShape, environ: Environ) -> Iterator[str]:
    """Members of a REST operation that are in the path, the query, the headers or the whole body."""
    query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    for name, member in shape.members.items():
        serialization = member.serialization
        key = str(serialization.get("name", name))
        match serialization.get("location"):
            case "uri":
                yield name
            case "querystring" if key in query:
                yield name
            case "header" if f"HTTP_{key.upper().replace('-', '_')}" in environ:
                yield name
            case "headers":
                yield name
        if name == shape.serialization.get("payload"):
            yield name


def _missing(shape: Shape, value: JSON, path: str, given: frozenset[str] | set[str] = frozenset()) -> Iterator[str]:
    """The paths of required members that a value lacks."""
    from botocore.model import ListShape, MapShape, StructureShape

    if isinstance(shape, StructureShape) and isinstance(value, dict):
        for name, member in shape.members.items():
            key = str(member.serialization.get("name", name))
            inner = f"{path}.{_lower_first(name)}" if path else _lower_first(name)
            found = value.get(key, value.get(name))
            if found is not None:
                yield from _missing(member, found, inner)
            elif name in shape.required_members and name not in given:
                yield inner
    elif isinstance(shape, ListShape) and isinstance(value, list):
        for number, element in enumerate(value, 1):
            yield from _missing(shape.member, element, f"{path}.{number}.member")
    elif isinstance(shape, MapShape) and isinstance(value, dict):
        for key, element in value.items():
            yield from _missing(shape.value, element, f"{path}.{key}.member")


def _lower_first(name: str) -> str:
    return name[:1].lower() + name[1:]


def words(operation: Operation | None, asked: str, error: Exception, request_id: str) -> str:
    """What is said of a failure of moto's own; ``asked`` is said where the operation cannot be told."""
    at = asked if operation is None else f"{operation.service}:{operation.name}"
    return (
        f"moto, behind Dynastep, failed at {at} ({type(error).__name__}): what AWS would answer is not known. "
        f"Leave out what the request can do without, or mock the Task; the log has the traceback under request id "
        f"{request_id}"
    )
