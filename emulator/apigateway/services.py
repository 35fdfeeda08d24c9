"""Services behind an API: an integration's URI becomes a request to an AWS service, which goes through its one door.

Source: https://docs.aws.amazon.com/apigateway/latest/api/API_PutIntegration.html (``uri``)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode

from emulator.apigateway.messages import Pairs
from emulator.apigateway.refusals import Refused
from emulator.wire.operations import service_model
from emulator.wire.protocol import Environ

_URI: Final = re.compile(
    r"arn:[\w-]+:apigateway:(?P<region>[\w-]*):(?:(?P<subdomain>[\w-]+)\.)?(?P<service>[\w-]+):"
    r"(?P<kind>path|action)/(?P<rest>.*)",
    re.DOTALL,
)
_MODELS: Final[Mapping[str, str]] = {
    "states": "stepfunctions",
    "events": "events",
    "logs": "logs",
    "monitoring": "cloudwatch",
    "email": "ses",
}
"""Name in a URI -> botocore's name, where they differ."""


def request_of(
    uri: str, verb: str, headers: Mapping[str, str], query: Pairs, body: bytes, account: str
) -> tuple[Environ, bytes]:
    """The request to the service that a URI names, as WSGI has it, signed for an account.

    ``action/Name`` calls an operation by its name, in the protocol of the service; ``path/...`` sends the request to
    that path.

    Raises:
        Refused: the URI names no service.
    """
    match = _URI.fullmatch(uri)
    if match is None:
        raise Refused("API_CONFIGURATION_ERROR", why=f"{uri} is no URI of an integration")
    service, region, rest = match["service"], match["region"] or "us-east-1", match["rest"]
    sent = {name.lower(): value for name, value in headers.items()}
    path, method = "/", verb
    if match["kind"] == "action":
        name, _, more = rest.partition("&")
        pairs = _pairs(more)
        protocol, target, version = _protocol(service)
        if target:
            sent["x-amz-target"] = f"{target}.{name}"
            sent.setdefault("content-type", f"application/x-amz-json-{protocol}")
            if not sent["content-type"].startswith("application/x-amz-json"):
                sent["content-type"] = f"application/x-amz-json-{protocol}"
            method = "POST"
        else:
            query = (("Action", name), ("Version", version), *pairs, *query)
            if not body:
                sent["content-type"] = "application/x-www-form-urlencoded"
    else:
        path, _, given = f"/{rest}".partition("?")
        query = (*_pairs(given), *query)
    text = urlencode(query)
    if "x-amz-target" not in sent and service in _FORMS and method == "GET" and text:
        body, text, method = text.encode(), "", "POST"
        sent["content-type"] = "application/x-www-form-urlencoded"
    return _environ(service, match["subdomain"], region, account, (method, path, text), sent, body), body


def _pairs(text: str) -> Pairs:
    """The names and values of a query that stands in a URI."""
    split = (each.partition("=") for each in text.split("&") if each)
    return tuple((name, value) for name, _, value in split)


_FORMS: Final = frozenset({"sqs", "sns"})
"""Services that are asked by forms where a query comes alone."""


def _environ(
    service: str,
    subdomain: str | None,
    region: str,
    account: str,
    line: tuple[str, str, str],
    headers: Mapping[str, str],
    body: bytes,
) -> Environ:
    method, path, query = line
    host = f"{subdomain}.{service}.{region}.amazonaws.com" if subdomain else f"{service}.{region}.amazonaws.com"
    raw = quote(path, safe="/%:+~!$&'()*,;=@")
    scope = f"{account}/20260101/{region}/{service}/aws4_request"
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "RAW_URI": f"{raw}?{query}" if query else raw,
        "SERVER_NAME": host,
        "SERVER_PORT": "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SCRIPT_NAME": "",
        "wsgi.url_scheme": "https",
        "HTTP_HOST": host,
        "HTTP_AUTHORIZATION": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=none",
        "CONTENT_LENGTH": str(len(body)),
    }
    for name, value in headers.items():
        if name not in ("host", "authorization", "content-length", "connection", "transfer-encoding"):
            key = name.upper().replace("-", "_")
            environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
    return environ


def _protocol(service: str) -> tuple[str, str, str]:
    """The JSON version, the prefix of targets (empty for forms) and the API version of a service.

    Raises:
        Refused: AWS has no such service.
    """
    from botocore.exceptions import UnknownServiceError

    try:
        metadata: Mapping[str, Any] = service_model(_MODELS.get(service, service)).metadata
    except UnknownServiceError:
        raise Refused("API_CONFIGURATION_ERROR", why=f"there is no service {service}") from None
    return str(metadata.get("jsonVersion", "1.1")), str(metadata.get("targetPrefix", "")), str(metadata["apiVersion"])
