"""Checks: a request to a service of moto's keeps to the service's model, before moto sees it.

AWS refuses by the model what lacks a required member, is too long, or is none of an enumeration's values; moto takes
it, or fails with whatever Python error that leads to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Final

from asl_interpreter.jsontext import JSON
from emulator.moto_door.corrections import Refusal
from emulator.moto_door.requests import Operation, Unreadable, members_of
from emulator.wire.dialects import API_GATEWAY, API_GATEWAY_V2, EVENTS, FRAMEWORK
from emulator.wire.operations import service_model
from emulator.wire.patterns import bounded_rule
from emulator.wire.protocol import Environ
from emulator.wire.shapes import NOT_NULL, Dialect, Findings, Mismatch, Violation, compile_findings, message_of

AFTERWARDS: Final = frozenset({"s3"})
"""Services whose requests are held against the model only where moto failed at them.

S3 itself takes much that its model does not have, and says of nearly everything else what no model says.
"""

_LOOSER: Final[Mapping[str, frozenset[str]]] = {
    "apigatewaymanagementapi": frozenset({"Data"}),  # what is too long has an error of its own
    "kinesis": frozenset({"ConsumerARN"}),  # moto makes ARNs that lack the time of creation
    # It checks them itself, in words of its own, and takes attributes of messages where the model has those of queues.
    "sqs": frozenset({"QueueAttributeName", "MessageSystemAttributeName"}),
    "secretsmanager": frozenset({"AutomaticallyRotateAfterDaysType", "ClientRequestTokenType", "PasswordLengthType"}),
}
"""Service -> shapes of its model that are stricter than the service, or than moto: only their type is checked."""

_CODES: Final[Mapping[str, str]] = {
    "apigatewayv2": "BadRequestException",
    "cognito-idp": "InvalidParameterException",
    "ecs": "InvalidParameterException",
    "logs": "InvalidParameterException",
}
"""Services that have a name of their own, which their operations declare, for the framework's ValidationException."""


def unfit(operation: Operation, environ: Environ, body: bytes) -> Refusal | None:
    """What AWS says of a request that breaks its model; None if it keeps to it, or cannot be read here."""
    check = _check(operation.service, operation.name)
    try:
        params = members_of(operation, environ, body)
        if params is None:
            return None
        violations = check(params).violations
    except (Unreadable, Mismatch) as error:
        return _of_wrong_type(operation, str(error))
    except RecursionError:
        return _of_wrong_type(operation, "")
    return _worded(operation, violations) if violations else None


@cache
def _check(service: str, name: str) -> Callable[[JSON], Findings]:
    """The check of an operation, compiled once."""
    looser = _LOOSER.get(service, frozenset())
    dialect = replace(
        _dialect(service), pattern=bounded_rule, rules=lambda _operation, shape: () if shape.name in looser else None
    )
    return compile_findings(service_model(service).operation_model(name), dialect)


def _dialect(service: str) -> Dialect:
    return _DIALECTS.get(service, FRAMEWORK)


_DIALECTS: Final = {"apigateway": API_GATEWAY, "apigatewayv2": API_GATEWAY_V2, "events": EVENTS}


def _of_wrong_type(operation: Operation, text: str) -> Refusal:
    """Source: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html (MalformedXML)."""
    match operation.protocol:
        case "rest-xml":
            text = "The XML you provided was not well-formed or did not validate against our published schema"
            return Refusal("MalformedXML" if operation.service == "s3" else "MalformedInput", text)
        case "query" | "ec2":
            return Refusal("InvalidParameterValue" if operation.service in _OF_EC2 else "MalformedInput", text)
        case _:
            return Refusal("SerializationException", text)


_OF_EC2: Final = frozenset({"ec2", "elasticache", "rds", "redshift"})
"""Services that answer in the words of EC2's errors."""


def _worded(operation: Operation, violations: Sequence[Violation]) -> Refusal:
    """Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html, and answers as seen."""
    first = next((each for each in violations if each.words == NOT_NULL), violations[0])
    place, is_missing = first.place.replace(".member", ""), first.words == NOT_NULL
    service = operation.service
    if service == "s3":
        return _of_wrong_type(operation, "")
    if service in _OF_EC2:
        if is_missing:
            return Refusal("MissingParameter", f"The request must contain the parameter {place}")
        if "enum value set" in first.words:
            return Refusal("InvalidParameterValue", f"Invalid value '{first.value}' for {place}.")
        return Refusal(
            "InvalidParameterValue", f"Value ({first.value}) for parameter {place} is invalid. {first.words}"
        )
    if service == "sqs" and is_missing:
        return Refusal("MissingParameter", f"The request must contain the parameter {place}.")
    if service == "sns" and "." not in place:
        why = "no value for required parameter" if is_missing else first.words
        return Refusal("InvalidParameter", f"Invalid parameter: {place} Reason: {why}")
    if service == "ecr":
        text = f"Invalid parameter at '{place}' failed to satisfy constraint: '{first.words}'"
        return Refusal("InvalidParameterException", text)
    code = "ValidationError" if operation.protocol == "query" else "ValidationException"
    if _CODES.get(service) in [shape.name for shape in operation.model.error_shapes]:
        code = _CODES[service]
    return Refusal(code, message_of(operation.model, _dialect(service), violations))
