"""Answers: a request to a service of moto's goes to its handler; what goes wrong becomes an error in AWS's form."""

from __future__ import annotations

import errno
import io
import json
import logging
import re
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from urllib.parse import parse_qs
from xml.parsers.expat import ExpatError
from xml.sax.saxutils import escape

from asl_interpreter.loop.errands import Closed
from asl_interpreter.loop.locks import assert_off_loop
from emulator.faults import Fault
from emulator.moto_door.corrections import Refusal, amended, is_object, refusal
from emulator.moto_door.extras import absent, remedy
from emulator.moto_door.metrics import touched
from emulator.moto_door.routes import Handler, find, host_of, modules
from emulator.moto_door.sealed import refused_by_kms
from emulator.moto_door.state import MotoUnknown, introduce, met, opened
from emulator.wire.credentials import DEFAULT_REGION, Credential, credential
from emulator.wire.protocol import Environ, Response, decompressed, new_request_id, raw_uri

if TYPE_CHECKING:
    from collections.abc import Callable

    from asl_interpreter.jsontext import JSON
    from emulator.moto_door.requests import Operation

log = logging.getLogger("dynastep")

NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
"""Errors of a disk that is full."""

_UNSIGNED = {"AWSCognitoIdentityService": "cognito-identity", "AWSCognitoIdentityProviderService": "cognito-idp"}
"""What stands before the dot in X-Amz-Target -> signing name, for services with operations that nobody signs."""

_LINKS = ("ConfirmSubscription", "Unsubscribe")
"""What the links in messages of SNS ask for."""

_UNSIGNED_ACTIONS = ("AssumeRoleWithSAML", "AssumeRoleWithWebIdentity")


_CBOR: Final = frozenset({"application/cbor", "application/x-amz-cbor-1.1"})
_CBOR_OFF: Final = " (the SDKs for Java send JSON to Kinesis where AWS_CBOR_DISABLE is true)"


Meet: TypeAlias = "Callable[[str, str, JSON], object]"
"""Has a call of an operation, by botocore's names, with its members, meet the faults of tests. Raises Fault."""


def answer(
    environ: Environ, body: bytes, caller: Credential | None, account: str, meet: Meet | None = None
) -> Response:
    """Answer a request to a service of moto's; an error of moto itself becomes an error in AWS's form."""
    assert_off_loop("moto is called")
    met()
    try:
        name = caller.service if caller is not None and caller.service else _unsigned_name(environ, body, account)
    except Fault as fault:
        return _refusal(environ, "", fault.status, fault.code, fault.message)
    region = caller.region if caller is not None else DEFAULT_REGION
    if environ.get("CONTENT_TYPE", "") in _CBOR or "HTTP_SMITHY_PROTOCOL" in environ:
        text = f"moto, behind Dynastep, reads no CBOR: have the client of {name} send JSON or forms{_CBOR_OFF}"
        return _refusal(environ, name, 501, "NotImplementedException", text)
    if name != "s3" and "HTTP_CONTENT_ENCODING" in environ:  # of an object of S3 the encoding is a property
        try:
            body = decompressed(environ, body)
        except Fault as fault:
            return _refusal(environ, name, fault.status, fault.code, fault.message)
        environ = {key: value for key, value in environ.items() if key != "HTTP_CONTENT_ENCODING"}
    return _answer(environ, body, name, region, account, meet)


def _answer(environ: Environ, body: bytes, name: str, region: str, account: str, meet: Meet | None) -> Response:
    from emulator.moto_door.ours import own_operation  # botocore's models: not for the start of a server

    prepared = _environ(environ, body, name, region, account)
    if (own := own_operation(name, prepared)) is not None:
        return _answer_here(own, prepared, body, (account, region), meet)
    return _answer_by_moto(environ, prepared, body, name, (account, region), meet)


def _answer_by_moto(
    environ: Environ, prepared: dict[str, Any], body: bytes, name: str, place: tuple[str, str], meet: Meet | None
) -> Response:
    from emulator.moto_door.failures import as_declared
    from emulator.moto_door.not_built import not_built
    from emulator.moto_door.requests import operation_of

    account, region = place
    path = prepared["RAW_URI"].partition("?")[0]
    operation = handler = None
    try:
        opened()
        host = host_of(prepared, name, region)
        handler = find(host, path)
        operation = None if handler is None else operation_of(handler, prepared, body)
        if text := not_built(name, operation, prepared):
            return _refusal(environ, name, 501, "NotImplementedException", text)
        if handler is None:
            known = bool(modules(host))
            what = f"{environ['REQUEST_METHOD']} {path} of {name}" if known else f"the service {name}"
            return _refusal(environ, name, 501, "NotImplementedException", f"moto, behind Dynastep, lacks {what}")
        refused = (
            _met(meet, operation, prepared, body)
            or _fault_of(name, operation or handler, prepared, body)
            or _sealed(operation, prepared, body, account, region)
        )
        if refused is not None:
            return _refusal(environ, name, refused.status, refused.code, refused.message)
        if operation is not None and body and not operation.has_body:
            body = b""
            prepared |= {"wsgi.input": io.BytesIO(), "CONTENT_LENGTH": "0"}
        introduce(account, region)
        answered = _run_noted(handler, prepared, operation)
        response = _amended(name, environ, body, _response(answered, environ, name), place)
        return response if operation is None else as_declared(operation, response)
    except MotoUnknown as error:
        return _refusal(environ, name, 501, "NotImplementedException", str(error))
    except NotImplementedError as error:
        return _refusal(environ, name, 501, "NotImplementedException", f"moto, behind Dynastep, lacks this: {error}")
    except Closed:
        raise
    except ExpatError:
        text = "The XML you provided was not well-formed or did not validate against our published schema"
        return _refusal(environ, name, 400, "MalformedXML", text)
    except Exception as error:  # noqa: BLE001 - moto fails with any; the log has it
        return _failed(prepared, name, body, operation or handler, error)


def _answer_here(
    operation: Operation, environ: Environ, body: bytes, place: tuple[str, str], meet: Meet | None
) -> Response:
    """Answer an operation that is not moto's to answer."""
    from emulator.moto_door.checks import unfit
    from emulator.moto_door.not_built import not_built
    from emulator.moto_door.ours import answered_here
    from emulator.moto_door.requests import Unreadable, members_of

    name = operation.service
    if text := not_built(name, operation, environ):
        return _refusal(environ, name, 501, "NotImplementedException", text)
    refused: Refusal | Fault | None = _met(meet, operation, environ, body) or unfit(operation, environ, body)
    if refused is None:
        try:
            members = members_of(operation, environ, body)
            return answered_here(operation, members, str(environ.get("QUERY_STRING", "")), place)
        except Fault as fault:
            refused = fault
        except Unreadable as error:
            refused = Refusal("SerializationException", str(error))
        except NotImplementedError as error:
            return _refusal(environ, name, 501, "NotImplementedException", f"Dynastep has not built {error} yet")
    return _refusal(environ, name, refused.status, refused.code, refused.message)


_policies = [0]
_LEAVES_POLICIES: Final = re.compile(
    "(Batch)?(Describe|Filter|Get|Head|List|Query|Receive|Scan|Search|Select)|(Send|Delete|Change)Message|Publish|Invoke|"
    "Put(Object|Record|Events|LogEvents|MetricData)|(DeleteObject|Encrypt|Decrypt|GenerateDataKey)"
)
"""Operations that change no role and no policy."""


def _run_noted(
    handler: Handler, environ: dict[str, Any], operation: Operation | None
) -> tuple[int, Mapping[str, Any], Any]:
    try:
        return _run(handler, environ)
    finally:
        if operation is None or not _LEAVES_POLICIES.match(operation.name):
            _policies[0] += 1


def policies_changed() -> int:
    """Another number after each request that may have changed a role or a policy that moto holds."""
    return _policies[0]


def _met(meet: Meet | None, operation: Operation | None, environ: Environ, body: bytes) -> Fault | None:
    """The fault of a test that hits a request."""
    if meet is None or operation is None:
        return None
    from emulator.moto_door.requests import Unreadable, members_of

    try:
        meet(operation.service, operation.name, members_of(operation, environ, body))
    except Fault as fault:
        return fault
    except Unreadable:
        pass  # what is wrong with the request is said below
    return None


def _sealed(operation: Operation | None, environ: Environ, body: bytes, account: str, region: str) -> Refusal | None:
    """The refusal of a request that would use a key which KMS does not let it use."""
    if operation is None:
        return None
    from emulator.moto_door.requests import members_of

    members = partial(members_of, operation, environ, body)
    return refused_by_kms(operation.service, operation.name, members, account, region)


def _amended(name: str, environ: Environ, body: bytes, response: Response, place: tuple[str, str]) -> Response:
    """What AWS would answer; of a queue, which may have changed, others hear."""
    if name == "sqs":
        touched(*place)
    return amended(name, environ, body, response)


def _fault_of(name: str, asked_of: Operation | Handler, environ: Environ, body: bytes) -> Refusal | None:
    """What AWS has against a request that moto might take, as far as that is known before moto has it."""
    from emulator.moto_door.checks import AFTERWARDS, unfit
    from emulator.moto_door.failures import misnamed
    from emulator.moto_door.requests import Operation, name_of

    refused = refusal(name, environ, body)
    if refused is not None:
        return refused
    if isinstance(asked_of, Operation):
        return None if asked_of.service in AFTERWARDS else unfit(asked_of, environ, body)
    if environ["PATH_INFO"] == "/" and not name_of(environ, body):  # other paths may be pages, such as Cognito's keys
        return misnamed(asked_of, environ, body)
    return None


def _failed(
    environ: Environ, name: str, body: bytes, asked_of: Operation | Handler | None, error: Exception
) -> Response:
    """What to say where moto failed: what is wrong with the request, or at what moto failed.

    ``asked_of`` is the operation; where that cannot be told, the handler.
    """
    from emulator.moto_door.failures import blame, said
    from emulator.moto_door.requests import Operation

    if (lacking := _lacking(environ, name, error)) is not None:
        return lacking
    if (refused := blame(asked_of, environ, body, error)) is not None:
        return _refusal(environ, name, refused.status, refused.code, refused.message)
    request_id = new_request_id(None)
    asked = f"{environ['REQUEST_METHOD']} {environ['RAW_URI'].partition('?')[0]} of {name}"
    log.error("Request %s failed in moto: %s", request_id, asked, exc_info=error)
    operation = asked_of if isinstance(asked_of, Operation) else None
    return _refusal(environ, name, 500, "InternalFailure", said(operation, asked, error, request_id))


def _lacking(environ: Environ, name: str, error: Exception) -> Response | None:
    """What to say of an error that comes from what this machine lacks: room, or a Python module."""
    if isinstance(error, OSError) and error.errno in NO_ROOM:
        message = f"{name} cannot keep this on the machine that Dynastep runs on: {error.strerror}"
        return _refusal(environ, name, 507, "InsufficientStorage", message)
    if (module := absent(error)) is not None:
        message = f"this request to {name} needs the Python module {module}, which is not installed: "
        return _refusal(environ, name, 501, "NotImplementedException", message + remedy(module))
    return None


def asked(environ: Environ, body: bytes, caller: Credential, account: str) -> tuple[str, str, dict[str, Any]] | None:
    """What a signed request asks for: botocore's name of the service, the operation, its members.

    None if nobody can tell.
    """
    from emulator.moto_door.ours import own_operation
    from emulator.moto_door.requests import Unreadable, members_of, operation_of

    name = caller.service
    prepared = _environ(environ, body, name, caller.region, account)
    try:
        if name != "s3" and "HTTP_CONTENT_ENCODING" in environ:
            body = decompressed(environ, body)
        opened()
        own = own_operation(name, prepared)
        handler = find(host_of(prepared, name, caller.region), prepared["RAW_URI"].partition("?")[0])
        if name == "s3" and (bucket := prepared["HTTP_HOST"].partition(".s3.")[0]) != prepared["HTTP_HOST"]:
            prepared = {**prepared, "RAW_URI": f"/{bucket}{prepared['RAW_URI']}", "PATH_INFO": f"/{bucket}"}
        operation = own or (None if handler is None else operation_of(handler, prepared, body))
        members = None if operation is None else members_of(operation, prepared, body)
    except (Fault, MotoUnknown, Unreadable):
        return None  # it is refused for that
    if operation is None or not isinstance(members, dict):
        return None
    # To copy an object is to put one whose content is elsewhere: the path is the same.
    name = operation.name if "CopySource" in members else _WITHOUT_SOURCE.get(operation.name, operation.name)
    return operation.service, name, members


_WITHOUT_SOURCE: Final = {"CopyObject": "PutObject", "UploadPartCopy": "UploadPart"}


def refuse(environ: Environ, service: str, code: str, status: int, message: str) -> Response:
    """A refusal as the service with this signing name makes it."""
    return _refusal(environ, service, status, code, message)


def takes_unsigned(environ: Environ) -> bool:
    """Whether a request without a signature names an operation that AWS does not want signed."""
    return environ.get("HTTP_X_AMZ_TARGET", "").partition(".")[0] in _UNSIGNED


def is_link(environ: Environ) -> bool:
    """Whether a request is for one of the links in messages of SNS, which nobody signs."""
    return parse_qs(environ.get("QUERY_STRING", "")).get("Action", [""])[0] in _LINKS


def is_form(environ: Environ) -> bool:
    """Whether the body is an HTML form, as in AWS's query protocol."""
    return str(environ.get("CONTENT_TYPE", "")).startswith("application/x-www-form-urlencoded")


def _unsigned_name(environ: Environ, body: bytes, account: str) -> str:
    """The signing name of a request that has no signature; what looks as if it were for S3 is.

    Raises:
        Fault: it is for nobody.
    """
    target = environ.get("HTTP_X_AMZ_TARGET", "").partition(".")[0]
    if target in _UNSIGNED:
        return _UNSIGNED[target]
    path = environ.get("PATH_INFO", "/")
    if path.endswith(("/.well-known/jwks.json", "/.well-known/openid-configuration")):
        return "cognito-idp"
    if is_link(environ):
        return "sns"
    if is_form(environ) and parse_qs(body.decode("utf-8", "replace")).get("Action", [""])[0] in _UNSIGNED_ACTIONS:
        return "sts"
    if credential(environ) is None and not _is_for_a_bucket(environ, account):
        what = f"{environ['REQUEST_METHOD']} {environ.get('PATH_INFO', '/')}"
        text = f"Dynastep has nothing at this path, and no bucket of this name: {what}, which nobody has signed"
        raise Fault("UnknownOperationException", text, status=404)
    return "s3"


def _is_for_a_bucket(environ: Environ, account: str) -> bool:
    """Whether a request without a signature is for S3: its host says so, or its path begins with a bucket's name."""
    opened()
    from moto.s3.models import s3_backends

    host = environ.get("HTTP_HOST", "").partition(":")[0]
    if host.startswith("s3.") or ".s3." in host or ".s3-" in host or host.endswith(".localhost"):
        return True
    bucket = environ.get("PATH_INFO", "/").strip("/").partition("/")[0]
    return bucket == "" or any(bucket in backend.buckets for backend in s3_backends[account].values())


def _environ(environ: Environ, body: bytes, name: str, region: str, account: str) -> dict[str, Any]:
    """The request as moto wants it: the account by header, the region in a signature, the path as it came."""
    prepared = {
        **environ,
        "wsgi.input": io.BytesIO(body),
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_X_MOTO_ACCOUNT_ID": account,
        "RAW_URI": raw_uri(environ),
    }
    if name == "execute-api" and _CONNECTIONS in prepared["RAW_URI"]:  # a stage, and perhaps an API, stand before it
        prepared["RAW_URI"] = _CONNECTIONS + prepared["RAW_URI"].partition(_CONNECTIONS)[2]
    prepared.pop("HTTP_TRANSFER_ENCODING", None)
    if "Credential=" not in environ.get("HTTP_AUTHORIZATION", "") and name != "s3":
        prepared["HTTP_AUTHORIZATION"] = f"AWS4-HMAC-SHA256 Credential={account}/20260101/{region}/{name}/aws4_request,"
    if name == "s3":
        prepared["HTTP_HOST"] = _s3_host(environ.get("HTTP_HOST", ""), region)
    return prepared


_CONNECTIONS: Final = "/@connections/"


def _s3_host(host: str, region: str) -> str:
    """AWS's host for S3. Only a bucket before ``.s3.`` or ``.localhost`` is one: the server may have any name."""
    if host.endswith(".amazonaws.com"):
        return host
    name = host.partition(":")[0]
    bucket = name.partition(".s3.")[0] if ".s3." in name else name.removesuffix(".localhost")
    return f"{bucket}.s3.{region}.amazonaws.com" if bucket not in (name, "s3") else f"s3.{region}.amazonaws.com"


def _run(handler: Handler, environ: dict[str, Any]) -> tuple[int, Mapping[str, Any], Any]:
    from moto.core.request import Request
    from werkzeug.exceptions import HTTPException

    class Upload(Request):
        """A PUT: its body is what is put, whatever its type; no protocol of AWS's has a form in one."""

        want_form_data_parsed = False

    request = Upload(environ) if environ["REQUEST_METHOD"] == "PUT" else Request(environ)
    try:
        return handler(request, request.raw_url, request.headers)
    except HTTPException as error:
        return error.code or 500, dict(error.get_headers()), error.get_body()


def _response(answered: tuple[int, Mapping[str, Any], Any], environ: Environ, name: str) -> Response:
    status, headers, content = answered
    body = content.encode() if isinstance(content, str) else content or b""
    if status == 404 and not body and environ["REQUEST_METHOD"] != "HEAD":
        what = f"{environ['REQUEST_METHOD']} {environ.get('PATH_INFO', '/')} of {name}"
        return _refusal(environ, name, 501, "NotImplementedException", f"moto, behind Dynastep, lacks {what}")
    if status >= 400 and body[:14].lower() == b"<!doctype html":
        text = re.sub(r"<[^>]*>|\s+", " ", body.decode()).strip()
        return _refusal(environ, name, status, "InvalidRequest", text)
    kept = [
        (key, str(value))
        for key, value in headers.items()
        if key.lower() != "status" and (key.lower() != "content-length" or environ["REQUEST_METHOD"] == "HEAD")
    ]
    if body[:1] == b"<" and not (name == "s3" and is_object(environ)):
        written = b"&#x%x;" if name == "s3" else b"\\x%02x"
        body = _NOT_XML_BYTES.sub(lambda found: written % ord(found[0].decode("utf-8", "surrogatepass")), body)
    return Response(status, kept, body)


_NOT_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_NOT_XML_BYTES: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]|\xed[\xa0-\xbf][\x80-\xbf]")
"""What XML 1.0 has no way to write, in UTF-8; in answers its number stands for it: as a reference in those of S3, which
writes such references, and as text elsewhere, where clients could not read one."""


def _refusal(environ: Environ, name: str, status: int, code: str, message: str) -> Response:
    """An error of ours in the form in which the service's SDK reads errors."""
    request_id = new_request_id("stepfunctions")
    headers = [("x-amzn-RequestId", request_id)]
    readable = _NOT_XML.sub(lambda found: f"\\x{ord(found[0]):02x}", message)
    inner = f"<Code>{code}</Code><Message>{escape(readable)}</Message>"
    if name == "ec2":
        text = f"<Response><Errors><Error>{inner}</Error></Errors><RequestID>{request_id}</RequestID></Response>"
    elif name == "s3":
        text = f"<Error>{inner}<RequestId>{request_id}</RequestId></Error>"
    elif is_form(environ) or name in ("cloudfront", "route53"):
        text = f"<ErrorResponse><Error>{inner}</Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    else:
        if name == "sqs" and code.startswith("KMS."):  # the code in the query protocol, which SQS once spoke
            headers.append(("x-amzn-query-error", f"{code};Sender"))
            code = f"Kms{code.removeprefix('KMS.').removesuffix('Exception').replace('Throttling', 'Throttled')}"
        headers += [("Content-Type", "application/x-amz-json-1.0"), ("x-amzn-ErrorType", code)]
        return Response(status, headers, json.dumps({"__type": code, "message": message}).encode())
    return Response(status, [*headers, ("Content-Type", "text/xml")], text.encode())
