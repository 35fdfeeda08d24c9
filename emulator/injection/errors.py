"""What an injected fault is: an error of a service in its own words, of a function, or of a Task.

Sources: botocore's models for the errors of a service and their HTTP status;
https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html for those of all services;
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html for the texts of DynamoDB.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, Final, NamedTuple

from asl_interpreter.jsontext import JSON
from emulator.faults import Fault
from emulator.lambdas.functions import Invocation, exit_failure, timed_out, too_large
from emulator.wire.operations import service_model

TRANSACTION_CONFLICT: Final = "TransactionConflict"
UNPROCESSED: Final = "UnprocessedItems"
_CONFLICT: Final = "Transaction is ongoing for the item"
OF_DYNAMODB: Final[Mapping[str, frozenset[str]]] = {
    TRANSACTION_CONFLICT: frozenset(
        {
            *("DeleteItem", "PutItem", "UpdateItem"),
            *("ExecuteTransaction", "TransactGetItems", "TransactWriteItems"),
        }
    ),
    UNPROCESSED: frozenset({"BatchGetItem", "BatchWriteItem"}),
}
"""Faults that are of DynamoDB alone -> the operations that they hit."""

COMMON: Final[Mapping[str, int]] = {
    "AccessDeniedException": 400,
    "ExpiredTokenException": 403,
    "InternalFailure": 500,
    "InternalServerError": 500,
    "RequestTimeoutException": 408,
    "ServiceUnavailable": 503,
    "SlowDown": 503,
    "Throttling": 400,
    "ThrottlingException": 400,
    "TooManyRequestsException": 429,
    "UnrecognizedClientException": 400,
    "ValidationException": 400,
}
"""Errors that any service may answer -> their HTTP status."""

_TEXTS: Final[Mapping[str, str]] = {
    "AccessDeniedException": "User is not authorized to perform this operation",
    "ExpiredTokenException": "The security token included in the request is expired",
    "InternalFailure": "The request processing has failed because of an unknown error, exception or failure.",
    "InternalServerError": "The request processing has failed because of an unknown error, exception or failure.",
    "ProvisionedThroughputExceededException": (
        "The level of configured provisioned throughput for the table was exceeded. Consider increasing your "
        "provisioning level with the UpdateTable API."
    ),
    "RequestLimitExceeded": (
        "Throughput exceeds the current throughput limit for your account. Please contact AWS Support at "
        "https://aws.amazon.com/support request a limit increase"
    ),
    "ServiceUnavailable": "The request has failed due to a temporary failure of the server.",
    "SlowDown": "Please reduce your request rate.",
    "Throttling": "Rate exceeded",
    "ThrottlingException": "Rate exceeded",
    "TooManyRequestsException": "Rate Exceeded.",
    "TransactionConflictException": _CONFLICT,
    "UnrecognizedClientException": "The security token included in the request is invalid.",
}


class _Refusal(NamedTuple):
    code: str
    """As the protocol of the service has it."""
    status: int


@cache
def refusals_of(service: str) -> Mapping[str, _Refusal]:
    """How a service, by botocore's name, refuses a call: by the names and by the codes of the errors that it has."""
    model = service_model(service)
    found = {name: _Refusal(name, status) for name, status in COMMON.items()}
    for shape in model.error_shapes:
        error = shape.metadata.get("error", {})
        code = str(error.get("code", shape.name))
        status = int(error.get("httpStatusCode", COMMON.get(shape.name, 500 if _ITS_OWN.match(shape.name) else 400)))
        shown = code if model.protocol in ("query", "ec2", "rest-xml") else shape.name
        found |= dict.fromkeys((shape.name, code), _Refusal(shown, status))
    return found


_ITS_OWN: Final = re.compile("Internal|.*Server(Error|Exception)$")
"""Names of errors that are the service's fault, where the model gives no status."""


def fault_of(service: str, operation: str, params: Mapping[str, Any], code: str, message: str) -> Fault:
    """The error that a call of an operation is refused with; without a message, in the service's words."""
    if code == TRANSACTION_CONFLICT:
        return _conflict(operation, params, message or _CONFLICT)
    text = message or _TEXTS.get(code, f"{code}, which a fault of the test has asked for")
    refusal = refusals_of(service).get(code, _Refusal(code, 400))
    return Fault(refusal.code, text, status=refusal.status)


def _conflict(operation: str, params: Mapping[str, Any], message: str) -> Fault:
    """Another transaction works on an item: of a transaction on its first one."""
    from emulator.dynamodb.items.transactions import NO_REASON, cancelled

    actions = params.get("TransactItems") or params.get("TransactStatements")
    if not operation.startswith(("Transact", "ExecuteTransaction")) or not isinstance(actions, list):
        return Fault("TransactionConflictException", message)
    reasons: Iterable[Mapping[str, JSON]] = [NO_REASON] * (len(actions) - 1)
    return cancelled([{"Code": TRANSACTION_CONFLICT, "Message": message}, *reasons])


def withheld(params: Mapping[str, Any]) -> tuple[dict[str, JSON], dict[str, JSON]]:
    """A batch of DynamoDB as far as it is served, its first request alone, and what is left, by table.

    Of a batch of one nothing is left: AWS then refuses it, which is the fault ProvisionedThroughputExceededException.
    """
    served: dict[str, JSON] = {}
    left: dict[str, JSON] = {}
    for table, asked in params.get("RequestItems", {}).items():
        requests = asked.get("Keys", []) if isinstance(asked, dict) else asked
        kept = requests[:1] if not served else []

        def part(some: list[JSON], asked: JSON = asked) -> JSON:
            return {**asked, "Keys": some} if isinstance(asked, dict) else some

        if kept:
            served[table] = part(kept)
        if len(requests) > len(kept):
            left[table] = part(requests[len(kept) :])
    return {**params, "RequestItems": served}, left


def with_left(answer: dict[str, JSON], left: Mapping[str, JSON]) -> dict[str, JSON]:
    """The answer of a batch, with what was left of it."""
    member = "UnprocessedKeys" if "Responses" in answer else "UnprocessedItems"
    return {**answer, member: {**answer.get(member, {}), **left}}


LAMBDA_TIMEOUT: Final = 3.0
"""Seconds that a function may take, unless it says otherwise."""

OF_FUNCTIONS: Final[Mapping[str, Callable[[str, float], Invocation]]] = {
    "Sandbox.Timedout": lambda request_id, seconds: Invocation(
        timed_out(request_id, seconds or LAMBDA_TIMEOUT), failed=True, after=seconds or LAMBDA_TIMEOUT
    ),
    "Runtime.ExitError": lambda request_id, seconds: Invocation(
        exit_failure(request_id, "exit status 1"), failed=True, after=seconds
    ),
    "Function.ResponseSizeTooLarge": lambda _request_id, seconds: Invocation(too_large(), failed=True, after=seconds),
}
"""How a function fails: it takes too long, its process ends, its answer is too large -> what the invocation comes to,
from the id of the request and the seconds that it takes."""
