"""Requests: what the models of EventBridge, its Scheduler and its Pipes say of a request, which moto does not ask."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any, Final
from urllib.parse import parse_qs, unquote

from emulator.faults import Fault
from emulator.wire.operations import check, service_model
from emulator.wire.protocol import Environ

CHECKED: Final = frozenset({"events", "scheduler", "pipes"})
"""Services whose requests are checked; their names for signing are botocore's names, too."""


def broken(service: str, environ: Environ, body: bytes) -> Fault | None:
    """What a request breaks of its service's model, in AWS's words; None if nothing, or if moto sees for itself."""
    try:
        params = json.loads(body or b"{}")
    except ValueError:
        return None
    operation = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
    if not isinstance(params, dict):
        return None
    if not operation:
        operation, more = _routed(service, environ)
        params = {**params, **more}
    if operation not in service_model(service).operation_names:
        return None
    try:
        check(service, operation, params)
    except Fault as fault:
        return fault
    except re.error:  # the model has a pattern that is Java's alone
        return None
    return None


def _routed(service: str, environ: Environ) -> tuple[str, dict[str, Any]]:
    """The operation that a method and a path name, with what the path and the query say."""
    path, query = environ.get("PATH_INFO", "/"), parse_qs(environ.get("QUERY_STRING", ""))
    for name, method, pattern in _routes(service):
        match = re.fullmatch(pattern, path)
        if match is None or method != environ["REQUEST_METHOD"]:
            continue
        shape: Any = service_model(service).operation_model(name).input_shape
        found: dict[str, Any] = {}
        for member, described in shape.members.items():
            place, label = described.serialization.get("location"), described.serialization.get("name", member)
            if place == "uri" and label in match.groupdict():
                found[member] = unquote(match[label])
            elif place == "querystring" and described.type_name == "string" and label in query:
                found[member] = query[label][0]
        return name, found
    return "", {}


@cache
def _routes(service: str) -> tuple[tuple[str, str, str], ...]:
    """Operation, method, and the pattern of the path."""
    model = service_model(service)
    return tuple(
        (name, http["method"], re.sub(r"{(\w+)}", r"(?P<\1>[^/]*)", http["requestUri"].partition("?")[0]))
        for name in model.operation_names
        for http in [model.operation_model(name).http]
    )
