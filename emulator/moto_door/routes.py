"""Routes: which of moto's handlers answers a request, by AWS's host and path.

A request that came to our own address names its service by its signature; AWS's host for it follows from that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache, lru_cache
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from emulator.moto_door.state import opened
from emulator.wire.protocol import Environ

Handler = Callable[[Any, str, Any], tuple[int, Mapping[str, Any], Any]]
"""moto's: takes its Request, the URL and the headers; answers status, headers and body."""

_HOSTS = {
    "aidevops": "aidevops.{region}.api.aws",
    "budgets": "budgets.amazonaws.com",
    "cloudfront": "cloudfront.amazonaws.com",
    "dsql": "dsql.{region}.api.aws",
    "eventbridge": "events.{region}.amazonaws.com",
    "iotdata": "data-ats.iot.{region}.amazonaws.com",
    "memorydb": "memory-db.{region}.amazonaws.com",
    "mobiletargeting": "pinpoint.{region}.amazonaws.com",
    "payment-cryptography": "controlplane.payment-cryptography.{region}.amazonaws.com",
    "s3vectors": "s3vectors.{region}.api.aws",
    "ses": "email.{region}.amazonaws.com",
    "sagemaker": "api.sagemaker.{region}.amazonaws.com",
    "timestream": "ingest.timestream.{region}.amazonaws.com",
}
"""Signing name of a service -> AWS's host, where it is not ``name.region.amazonaws.com``."""

_SIBLINGS = {
    "bedrock": ("bedrock-agent", "bedrock-runtime"),
    "bedrock-agentcore": ("bedrock-agentcore-control",),
    "mediastore": ("mediastore-data",),
    "sagemaker": ("sagemaker-runtime", "sagemaker-metrics"),
}
"""Signing name -> further services that sign with it, told apart by method and path."""


def host_of(environ: Environ, name: str, region: str) -> str:
    """The host that AWS has for this request."""
    asked: str = environ.get("HTTP_HOST", "")
    if asked.endswith((".amazonaws.com", ".api.aws")) and not asked.endswith(".vpce.amazonaws.com"):
        return asked
    path = environ.get("PATH_INFO", "/")
    if name == "s3" and path.startswith("/latest/"):
        return "169.254.169.254"
    if name == "s3" and path.startswith("/v20180820/"):
        return f"{environ['HTTP_X_MOTO_ACCOUNT_ID']}.s3-control.{region}.amazonaws.com"
    if name in _SIBLINGS and "HTTP_X_AMZ_TARGET" not in environ:
        for sibling in _SIBLINGS[name]:
            prefix = _routed(sibling, environ)
            if prefix is not None:
                return f"{prefix}.{region}.amazonaws.com"
    return _HOSTS.get(name, f"{name}.{{region}}.amazonaws.com").format(region=region)


def _routed(service: str, environ: Environ) -> str | None:
    """The prefix of the service's host, if one of its REST operations has this method and path."""
    from emulator.wire.operations import service_model

    method, path = environ["REQUEST_METHOD"], environ.get("RAW_URI", environ["PATH_INFO"]).partition("?")[0]
    if any(method == each.method and each.path.fullmatch(path) for each in rest_operations(service)):
        return str(service_model(service).endpoint_prefix)
    return None


_ALSO = {"apigateway": ("apigatewayv2",), "s3": ("s3control",)}
"""Signing name -> further services that sign with it, and whose paths are others."""

_WITHOUT_SOURCE = {"CopyObject": "PutObject", "UploadPartCopy": "UploadPart"}
"""Operations that a header alone tells from another one -> the other one."""


def named_by_path(name: str, environ: Environ) -> str:
    """The operation that method and path name, such as ``PutObject``, of a service by its signing name; empty if none.

    A bucket may be in the host.
    """
    path, query = str(environ.get("RAW_URI", environ["PATH_INFO"])).partition("?")[0], environ.get("QUERY_STRING", "")
    in_host = name == "s3" and re.match(r".+\.s3[.-]", str(environ.get("HTTP_HOST", ""))) is not None
    asked = f"/bucket{path}" if in_host else path
    names = (rest_operation(service, environ["REQUEST_METHOD"], asked, query) for service in _with_paths(name))
    found = next((each for each in names if each is not None), "")
    return found if "HTTP_X_AMZ_COPY_SOURCE" in environ else _WITHOUT_SOURCE.get(found, found)


@cache
def _with_paths(name: str) -> tuple[str, ...]:
    """The services that sign with a name and whose requests are paths."""
    from botocore.exceptions import UnknownServiceError

    from emulator.wire.operations import service_model

    found = []
    for service in (name, *_SIBLINGS.get(name, ()), *_ALSO.get(name, ())):
        with suppress(UnknownServiceError):  # such as execute-api, which is APIs of users
            if str(service_model(service).metadata.get("protocol")).startswith("rest"):
                found.append(service)
    return tuple(found)


class RestOperation(NamedTuple):
    """How a request to an operation looks: its method, its path, and what its query has to have."""

    name: str
    method: str
    path: re.Pattern[str]
    query: frozenset[tuple[str, str]]


def rest_operation(service: str, method: str, path: str, query: str) -> str | None:
    """The operation of a service that a method, a path and a query name; None if that cannot be told."""
    given = dict(parse_qsl(query, keep_blank_values=True))
    matching = [
        each
        for each in rest_operations(service)
        if each.method == method
        and each.path.fullmatch(path)
        and all(key in given and value in ("", given[key]) for key, value in each.query)
    ]
    return max(matching, key=lambda each: len(each.query)).name if matching else None  # the first of the greatest


@cache
def rest_operations(service: str) -> list[RestOperation]:
    """A service's operations, those with the longest paths and the fewest labels first.

    A label that is greedy, or the last part of a path, may have slashes.
    """
    from emulator.wire.operations import service_model

    found = []
    model = service_model(service)
    uris = {name: model.operation_model(name).http["requestUri"] for name in model.operation_names}
    for name in sorted(uris, key=lambda name: (-uris[name].count("/"), uris[name].count("{"))):
        path, _, query = uris[name].partition("?")
        template = re.escape(path.rstrip("/"))
        pattern = re.sub(r"\\{[^}]+\\\+\\}|\\{[^}]+\\}$", ".+", template)
        compiled = re.compile(re.sub(r"\\{[^}]+\\}", "[^/]+", pattern) + "/?")
        literals = frozenset(parse_qsl(query, keep_blank_values=True))
        found.append(RestOperation(name, model.operation_model(name).http["method"], compiled, literals))
    return found


@lru_cache(maxsize=4096)
def find(host: str, path: str) -> Handler | None:
    """Moto's handler for a path on a host of AWS."""
    opened()
    url = f"http://{host}{path}"
    for module in modules(host):
        for pattern, handler in _routes(module):
            if pattern.match(url):
                return handler
    return None


@lru_cache(maxsize=4096)
def modules(host: str) -> tuple[str, ...]:
    """Moto's services at a host of AWS; none if moto lacks the service."""
    from moto.backend_index import backend_url_patterns

    url = f"http://{host}"
    return tuple(name for name, pattern in backend_url_patterns if pattern.match(url) and name != "stepfunctions")


@cache
def _routes(module: str) -> list[tuple[re.Pattern[str], Handler]]:
    """The URL table of a service of moto's, which any of its backends knows."""
    from moto.backends import get_backend

    account = get_backend(module)["123456789012"]  # type: ignore[call-overload]  # one overload for each service
    backend = account["us-east-1"] if "us-east-1" in account else account["aws"]
    return [(re.compile(url), handler) for url, handler in backend.urls.items()]
