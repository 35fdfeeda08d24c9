"""Corrections: where moto is known to answer otherwise than AWS, put right on the way. One rule of AWS each.

A refusal comes before moto is asked; an amendment is made to what it answers. Rules as observed on AWS.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, TypeAlias
from urllib.parse import parse_qs

from emulator.wire.protocol import Environ, Response


class Refusal(NamedTuple):
    """What AWS says where moto would do it."""

    code: str
    message: str
    status: int = 400


Refuse: TypeAlias = Callable[[Environ, bytes], "Refusal | None"]
Amend: TypeAlias = Callable[[Environ, bytes, Response], Response]


def refusal(name: str, environ: Environ, body: bytes) -> Refusal | None:
    """Why AWS would refuse a request to a service, by its signing name, that moto takes; None if it would not."""
    return _REFUSALS[name](environ, body) if name in _REFUSALS else None


def amended(name: str, environ: Environ, body: bytes, response: Response) -> Response:
    """What AWS would answer where moto says this."""
    return _AMENDMENTS[name](environ, body, response) if name in _AMENDMENTS else response


# S3

_SUBRESOURCES: Final = frozenset(
    {"acl", "attributes", "delete", "legal-hold", "object-lock", "restore", "retention", "select", "tagging", "torrent"}
)


def _amend_s3(environ: Environ, _body: bytes, response: Response) -> Response:
    """Every answer has two ids by S3's names; those about an object say how it is encrypted, and how it was summed.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/default-encryption-faq.html,
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html ("x-amz-checksum-mode")
    """
    headers = {key.lower(): value for key, value in response.headers}
    from moto.moto_api._internal import mock_random

    extended = base64.b64encode(mock_random.randbytes(56)).decode()
    added = {"x-amz-id-2": extended}
    if response.status // 100 == 2 and is_object(environ):
        added["x-amz-server-side-encryption"] = "AES256"
        if any(key.startswith("x-amz-checksum-") for key in headers):
            added["x-amz-checksum-type"] = "FULL_OBJECT"
    more = [(key, value) for key, value in added.items() if key not in headers]
    kept = [
        ("x-amz-request-id" if key.lower() == "x-amzn-requestid" else key, value) for key, value in response.headers
    ]
    kept += more
    if environ["REQUEST_METHOD"] in ("GET", "HEAD") and environ.get("HTTP_X_AMZ_CHECKSUM_MODE") != "ENABLED":
        kept = [(key, value) for key, value in kept if not key.lower().startswith("x-amz-checksum-")]
    body = response.body
    if response.status >= 400 and b"<HostId>" not in body:
        body = body.replace(b"</RequestId>", f"</RequestId><HostId>{extended}</HostId>".encode())
    return response._replace(headers=kept, body=body)


def is_object(environ: Environ) -> bool:
    """Whether a request writes or reads an object itself."""
    if environ["REQUEST_METHOD"] not in ("PUT", "GET", "HEAD"):
        return False
    query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    names = set(query)
    if names & _SUBRESOURCES or (environ["REQUEST_METHOD"] == "GET" and "uploadId" in names):
        return False
    in_host = re.match(r".+\.s3[.-]", environ.get("HTTP_HOST", "")) is not None
    bucket, _, key = environ.get("PATH_INFO", "/").lstrip("/").partition("/")
    return bool(bucket if in_host else key)


# SQS


def _form(body: bytes) -> dict[str, str]:
    """The parameters of a request in AWS's query protocol."""
    return {
        name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True).items()
    }


def _refuse_sqs(environ: Environ, body: bytes) -> Refusal | None:
    """A message without a body is as one that has none."""
    if environ.get("HTTP_X_AMZ_TARGET", "").endswith(".SendMessage"):
        empty = _member(body, "MessageBody") == ""
    else:
        params = _form(body)
        empty = params.get("Action") == "SendMessage" and params.get("MessageBody") == ""
    return Refusal("MissingParameter", "The request must contain the parameter MessageBody.") if empty else None


def _member(body: bytes, name: str) -> object:
    """A member of a request in AWS's JSON protocol; None if there is none."""
    try:
        return json.loads(body)[name]
    except (ValueError, KeyError, TypeError):
        return None


# Secrets Manager

_SECRET_NAME: Final = re.compile(r"[A-Za-z0-9/_+=.@!-]+")


def _refuse_secretsmanager(environ: Environ, body: bytes) -> Refusal | None:
    if not environ.get("HTTP_X_AMZ_TARGET", "").endswith(".CreateSecret"):
        return None
    name = _member(body, "Name")
    if isinstance(name, str) and _SECRET_NAME.fullmatch(name) is None:
        text = (
            "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!"
        )
        return Refusal("ValidationException", text)
    return None


_REFUSALS: Final[Mapping[str, Refuse]] = {
    "secretsmanager": _refuse_secretsmanager,
    "sqs": _refuse_sqs,
}
_AMENDMENTS: Final[Mapping[str, Amend]] = {"s3": _amend_s3}
"""Signing name of a service -> its corrections."""
