"""Another engine: calls of DynamoDB and its streams go on, unchecked, to an existing server that speaks its protocol.

For who outgrows one process: DynamoDB Local, a ScyllaDB Alternator cluster, AWS itself. What Tasks and clients see is
that engine's answer, word for word; what our own tables would have added (the one clock, CloudFormation's tables, event
source mappings) is not there.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from asl_interpreter.jsontext import JSON, InvalidJSON, dumps, loads
from emulator.faults import Fault
from emulator.wire.protocol import TARGETS, Call

Forward: TypeAlias = Callable[[Call], dict[str, JSON]]

SERVICES = frozenset({"dynamodb", "dynamodbstreams"})
"""botocore's names of the services that are forwarded."""

CONNECTIONS = 64
"""Connections kept to the engine; more are made when they are needed."""
TIMEOUT = urllib3.Timeout(connect=5, read=60)

_PREFIXES = {service: prefix for prefix, service in TARGETS.items()}
_CONTENT_TYPE = "application/x-amz-json-1.0"


def forward_to(url: str, environ: Mapping[str, str] = os.environ) -> Forward:
    """A function that answers calls by asking the engine at ``url``.

    Calls are signed anew, for the caller's region: with the credentials that AWS's own variables hold, else with the
    caller's account as the access key and a secret that nobody checks. The function raises Fault: the engine's own
    refusal, or an InternalServerError that names the engine where it cannot be reached or does not answer as one.
    """
    pool = urllib3.PoolManager(maxsize=CONNECTIONS, retries=False, timeout=TIMEOUT)

    def forward(call: Call) -> dict[str, JSON]:
        body = dumps(call.params).encode()
        headers = {"Content-Type": _CONTENT_TYPE, "X-Amz-Target": f"{_PREFIXES[call.service]}.{call.operation}"}
        request = AWSRequest("POST", url, headers, body)
        SigV4Auth(_credentials(environ, call.account), "dynamodb", call.region).add_auth(request)
        try:
            response = pool.request("POST", url, body=body, headers=dict(request.headers))
        except urllib3.exceptions.HTTPError as error:
            raise _unusable(url, f"cannot be reached: {error}") from None
        return _answer(url, response.status, response.data)

    return forward


def _credentials(environ: Mapping[str, str], account: str) -> Credentials:
    key, secret = environ.get("AWS_ACCESS_KEY_ID"), environ.get("AWS_SECRET_ACCESS_KEY")
    if key and secret:
        return Credentials(key, secret, environ.get("AWS_SESSION_TOKEN"))
    return Credentials(account, "dynastep")


def _answer(url: str, status: int, text: bytes) -> dict[str, JSON]:
    try:
        body = loads(text)
    except InvalidJSON:
        body = None
    if not isinstance(body, dict) or (status != 200 and "__type" not in body):
        raise _unusable(url, f"answers {status} with what is no answer of DynamoDB")
    if status == 200:
        return body
    raise _refusal(status, body)


def _refusal(status: int, body: dict[str, Any]) -> Fault:
    """The engine's error as a Fault: ``{"__type": "namespace#Code", "message": ...}`` and whatever else it says."""
    prefix, mark, code = str(body.pop("__type")).rpartition("#")
    messages = [body.pop(name) for name in ("message", "Message") if name in body]
    fault = Fault(code, str(messages[0]) if messages else "", status=status, prefix=prefix + mark)
    fault.members = body
    return fault


def _unusable(url: str, why: str) -> Fault:
    return Fault("InternalServerError", f"The DynamoDB engine at {url} {why}", status=500)
