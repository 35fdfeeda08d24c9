"""AWS JSON 1.0: an HTTP request becomes a Call, an answer or a Fault becomes an HTTP response.

Pure: a request is a WSGI environ (headers only) and its body. Checks come in AWS's order: method and content type,
JSON, operation, credentials, body. Sources: https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html; bodies,
headers and order as public suites saw them on AWS.
"""

from __future__ import annotations

import gzip
import random
import re
import uuid
import zlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias
from urllib.parse import quote

from asl_interpreter.jsontext import JSON, InvalidJSON, encode, loads
from emulator.faults import Fault
from emulator.wire.credentials import Credential

Environ: TypeAlias = Mapping[str, Any]

TARGETS = {
    "AWSStepFunctions": "stepfunctions",
    "DynamoDB_20120810": "dynamodb",
    "DynamoDBStreams_20120810": "dynamodbstreams",
}
"""What stands before the dot in X-Amz-Target -> botocore's name of the service. Other services are moto's."""

LARGEST_BODY = 16 * 1024 * 1024
"""Bytes, also after decompression. DynamoDB's documented limit."""

LARGEST_HEADERS = 16 * 1024
"""Bytes of all headers' values, from which AWS was seen to refuse a request."""

HEADER_BYTES = "dynastep.header_bytes"
"""Key of an environ: the bytes of all headers' values, or a few more. Who makes the environ may have counted them."""

COMPRESSED_FROM = 4096
"""Bytes of an answer from which DynamoDB compresses it for a client that accepts it."""


class Call(NamedTuple):
    """One operation asked for.

    ``service`` is botocore's name ("stepfunctions", "dynamodb", "dynamodbstreams"), ``operation`` AWS's ("PutItem"),
    ``params`` the body as it came, ``account`` 12 digits. ``body`` is its text and ``host`` the host that was
    asked, with its port: a call from within has neither.
    """

    service: str
    operation: str
    params: dict[str, JSON]
    account: str
    region: str
    request_id: str
    body: bytes = b""
    host: str = ""


class Response(NamedTuple):
    """An HTTP response, whole. Header names may repeat."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


def raw_uri(environ: Environ) -> str:
    """Path and query before decoding, where the server kept them: an encoded slash counts."""
    raw = environ.get("RAW_URI") or environ.get("REQUEST_URI")
    if raw:
        return re.sub(r"^\w+://[^/]*", "", str(raw)) or "/"
    path = quote(environ.get("PATH_INFO", "/").encode("latin-1"), safe="/~:@!$&'()*+,;=")
    query = environ.get("QUERY_STRING", "")
    return f"{path}?{query}" if query else path


def service_of(environ: Environ) -> str | None:
    """Which of the services answered here a request is for; None if it is for none of them."""
    return _service(environ.get("HTTP_X_AMZ_TARGET", ""))


@lru_cache(maxsize=512)
def _service(target: str) -> str | None:
    return TARGETS.get(target.partition(".")[0])


def new_request_id(service: str | None) -> str:
    """A request id in the form of the service: a UUID, for DynamoDB 52 capitals and digits."""
    if service == "stepfunctions":
        return str(uuid.uuid4())
    return f"{random.getrandbits(104):026X}VV4KQNSO5AEMVJF66Q9ASUAAJG"


def read_call(environ: Environ, body: bytes, credential: Credential | None, account: str, request_id: str) -> Call:
    """Read the operation and its parameters.

    Raises:
        Fault: AWS's answer to a request that is none.
    """
    service = service_of(environ)
    if service != "stepfunctions" and _has_too_many_headers(environ):
        raise Fault("SerializationException", f"The headers are larger than {LARGEST_HEADERS} bytes")
    if environ["REQUEST_METHOD"] != "POST" or (body and not _is_json(environ.get("CONTENT_TYPE", ""), service)):
        raise Fault("UnknownOperationException", "", status=404)
    body = decompressed(environ, body)
    params = _json(body) if body else None
    operation = environ.get("HTTP_X_AMZ_TARGET", "").partition(".")[2]
    if service is None or not operation:
        raise Fault("UnknownOperationException", "")
    if service != "stepfunctions" and credential is None:
        raise Fault("MissingAuthenticationTokenException", "Request is missing Authentication Token")
    match params:
        case dict():
            region = credential.region if credential else "us-east-1"
            return Call(service, operation, params, account, region, request_id, body, environ.get("HTTP_HOST", ""))
        case list():
            raise Fault("SerializationException", "Start of list found where not expected")
        case _:
            raise Fault("SerializationException", "")


def read_members(body: bytes) -> dict[str, JSON]:
    """The members of a request in JSON. Raises Fault, the body is no object."""
    params = _json(body) if body else {}
    if not isinstance(params, dict):
        raise Fault("SerializationException", "")
    return params


def _has_too_many_headers(environ: Environ) -> bool:
    """Whether the headers are too large; they are counted where nobody has said that they are not."""
    if environ.get(HEADER_BYTES, LARGEST_HEADERS + 1) <= LARGEST_HEADERS:
        return False
    return sum(len(value) for name, value in environ.items() if name.startswith("HTTP_")) > LARGEST_HEADERS


@lru_cache(maxsize=64)
def _is_json(content_type: str, service: str | None) -> bool:
    return content_type.partition(";")[0].strip() in _JSON_TYPES[service or "dynamodb"]


_JSON_TYPES = {
    "stepfunctions": ("application/x-amz-json-1.0", "application/x-amz-json-1.1", "application/json"),
    "dynamodb": ("application/x-amz-json-1.0", "application/json"),
    "dynamodbstreams": ("application/x-amz-json-1.0", "application/json"),
}


_MOST_MEMBERS = 1000
_WBITS = {"gzip": zlib.MAX_WBITS | 16, "x-gzip": zlib.MAX_WBITS | 16, "deflate": zlib.MAX_WBITS}


def decompressed(environ: Environ, body: bytes) -> bytes:
    """The body as it was before its Content-Encoding. AWS answers 500 to what cannot be read; here the 400 says why.

    Raises:
        Fault: it cannot be read, or is larger than LARGEST_BODY.
    """
    encoding = environ.get("HTTP_CONTENT_ENCODING", "").strip().lower()
    if encoding in ("", "identity"):
        return body
    if encoding not in _WBITS:
        raise Fault("SerializationException", f"Content-Encoding {encoding} is not known; gzip and deflate are")
    text = b""
    for _ in range(_MOST_MEMBERS):  # of gzip there may be several, one after the other
        decompressor = zlib.decompressobj(wbits=_WBITS[encoding])
        try:
            text += decompressor.decompress(body, LARGEST_BODY + 1 - len(text))
        except zlib.error:
            raise _not_encoded(encoding) from None
        if len(text) > LARGEST_BODY:
            raise too_large()
        if not decompressor.eof:  # it ends before its checksum
            raise _not_encoded(encoding)
        body = decompressor.unused_data
        if not body:
            return text
    raise _not_encoded(encoding)


def _not_encoded(encoding: str) -> Fault:
    return Fault("SerializationException", f"The body is not what its Content-Encoding says: {encoding}")


def _json(body: bytes) -> JSON:
    try:
        return loads(body)
    except InvalidJSON:
        raise Fault("SerializationException", "") from None


def too_large() -> Fault:
    """The answer to a body of more than LARGEST_BODY bytes."""
    return Fault("RequestEntityTooLargeException", "", status=413)


def internal_failure(request_id: str) -> Fault:
    """The answer to a bug of ours: AWS's InternalFailure, naming the request under which the log has the traceback."""
    return Fault(
        "InternalFailure",
        f"Dynastep failed to answer this request; its log has the traceback under request id {request_id}",
        status=500,
    )


_NAMESPACES = {
    "stepfunctions": "com.amazonaws.swf.service.v2.model#",
    "dynamodb": "com.amazonaws.dynamodb.v20120810#",
    "dynamodbstreams": "com.amazonaws.dynamodb.v20120810#",
}
_FRAMEWORK = "com.amazon.coral.service#"
_FRAMEWORK_NAMESPACES = {
    "AccessDeniedException": _FRAMEWORK,
    "ExpiredTokenException": _FRAMEWORK,
    "IncompleteSignatureException": _FRAMEWORK,
    "InternalFailure": _FRAMEWORK,
    "InvalidSignatureException": _FRAMEWORK,
    "MissingAuthenticationTokenException": _FRAMEWORK,
    "NotImplementedException": _FRAMEWORK,
    "RequestEntityTooLargeException": _FRAMEWORK,
    "SerializationException": _FRAMEWORK,
    "ThrottlingException": _FRAMEWORK,
    "UnknownOperationException": _FRAMEWORK,
    "UnrecognizedClientException": _FRAMEWORK,
    "ValidationException": "com.amazon.coral.validate#",
}
"""Errors of the framework under all services -> what stands before them in ``__type``."""

_CAPITAL_MESSAGE = frozenset(
    {
        "AccessDeniedException",
        "IdempotentParameterMismatchException",
        "SerializationException",
        "TransactionCanceledException",
        "TransactionInProgressException",
    }
)
"""Errors whose body says ``Message``; all others say ``message``."""


_NO_BODY = frozenset({"TagResource", "UntagResource"})
"""Operations of DynamoDB that answer without a body."""


def write_answer(environ: Environ, call: Call, answer: dict[str, JSON]) -> Response:
    """The response to a call that succeeded."""
    if call.service == "dynamodb" and call.operation in _NO_BODY:
        return _finish(environ, call.request_id, 200, _json_type(environ, call.service), b"")
    return _write(environ, call.service, call.request_id, 200, answer)


def write_fault(environ: Environ, service: str | None, request_id: str, fault: Fault) -> Response:
    """The response to a call that is refused; ``service`` is None where not even that is known."""
    if fault.status == 404 and fault.code == "UnknownOperationException":
        return _finish(environ, request_id, 404, "application/xml", b"<UnknownOperationException/>\n")
    if fault.status == 413:
        return Response(413, [("x-amzn-RequestId", request_id), *cors(environ)], b"")
    prefix = fault.prefix or _FRAMEWORK_NAMESPACES.get(fault.code) or _NAMESPACES.get(service or "", _FRAMEWORK)
    body: dict[str, JSON] = {"__type": prefix + fault.code, **fault.members}
    if fault.message:
        body["Message" if fault.code in _CAPITAL_MESSAGE else "message"] = fault.message
    return _write(environ, service, request_id, fault.status, body)


def write_health(environ: Environ, region: str) -> Response:
    """What AWS's JSON services answer to GET."""
    host = environ.get("HTTP_HOST") or f"dynamodb.{region}.amazonaws.com"
    text = f"healthy: {host} "
    return _finish(environ, new_request_id(None), 200, "text/plain", text.encode())


def write_preflight(environ: Environ) -> Response:
    """The answer to a browser that asks whether a page of another origin may call."""
    headers = [("x-amzn-RequestId", new_request_id(None)), *cors(environ), ("Access-Control-Max-Age", "172800")]
    for asked, allowed in (("METHOD", "Methods"), ("HEADERS", "Headers")):
        value = environ.get(f"HTTP_ACCESS_CONTROL_REQUEST_{asked}")
        if value:
            headers.append((f"Access-Control-Allow-{allowed}", value))
    return Response(200, headers, b"")


def _write(environ: Environ, service: str | None, request_id: str, status: int, content: dict[str, JSON]) -> Response:
    content_type = _json_type(environ, service)
    body = encode(content)
    if service == "stepfunctions":
        headers = [("x-amzn-RequestId", request_id), ("Content-Type", content_type), *cors(environ)]
        return Response(status, headers, body)
    return _finish(environ, request_id, status, content_type, body)


def _json_type(environ: Environ, service: str | None) -> str:
    of_dynamodb = service != "stepfunctions"
    plain = of_dynamodb and "x-amz-json-1.0" not in environ.get("CONTENT_TYPE", "")
    return "application/json" if plain else "application/x-amz-json-1.0"


def _finish(environ: Environ, request_id: str, status: int, content_type: str, body: bytes) -> Response:
    """A response as DynamoDB sends it: perhaps compressed, and with a checksum of the bytes sent."""
    headers = [("x-amzn-RequestId", request_id), ("Content-Type", content_type), *cors(environ)]
    if len(body) >= COMPRESSED_FROM:
        accepted = environ.get("HTTP_ACCEPT_ENCODING", "").lower()
        for name, compress in (("gzip", _gzip), ("deflate", zlib.compress)):
            if name in accepted:
                body = compress(body)
                headers.append(("Content-Encoding", name))
                break
    headers.append(("x-amz-crc32", str(zlib.crc32(body))))
    return Response(status, headers, body)


def _gzip(body: bytes) -> bytes:
    return gzip.compress(body, compresslevel=1, mtime=0)


def cors(environ: Environ) -> list[tuple[str, str]]:
    """The headers that let a page of another origin read an answer; none for a request without Origin."""
    if "HTTP_ORIGIN" not in environ:
        return []
    return [
        ("Access-Control-Allow-Origin", "*"),
        ("Access-Control-Expose-Headers", "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date"),
    ]
