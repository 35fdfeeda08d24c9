"""First-class integrations of HTTP APIs: an operation of a service, called with parameters from the request.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-aws-services-reference.html
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from asl_interpreter.jsontext import InvalidJSON, dumps, loads
from emulator.apigateway.http_parameters import Values
from emulator.apigateway.messages import Answer
from emulator.apigateway.refusals import Refused
from emulator.apigateway.services import request_of

if TYPE_CHECKING:
    from emulator.apigateway.integrating import Outside
    from emulator.apigateway.v2.deployed import DeployedApi


class _Subtype(NamedTuple):
    """An operation: its service in an URI, and its members."""

    service: str
    action: str
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()


_SUBTYPES: Final[Mapping[str, _Subtype]] = {
    "EventBridge-PutEvents": _Subtype(
        "events", "PutEvents", ("Detail", "DetailType", "Source"), ("Time", "EventBusName", "Resources", "TraceHeader")
    ),
    "SQS-SendMessage": _Subtype(
        "sqs",
        "SendMessage",
        ("QueueUrl", "MessageBody"),
        ("DelaySeconds", "MessageAttributes", "MessageDeduplicationId", "MessageGroupId", "MessageSystemAttributes"),
    ),
    "SQS-ReceiveMessage": _Subtype(
        "sqs",
        "ReceiveMessage",
        ("QueueUrl",),
        (
            *("AttributeNames", "MaxNumberOfMessages", "MessageAttributeNames", "ReceiveRequestAttemptId"),
            *("VisibilityTimeout", "WaitTimeSeconds"),
        ),
    ),
    "SQS-DeleteMessage": _Subtype("sqs", "DeleteMessage", ("ReceiptHandle", "QueueUrl")),
    "SQS-PurgeQueue": _Subtype("sqs", "PurgeQueue", ("QueueUrl",)),
    "Kinesis-PutRecord": _Subtype(
        "kinesis",
        "PutRecord",
        ("StreamName", "Data", "PartitionKey"),
        ("SequenceNumberForOrdering", "ExplicitHashKey"),
    ),
    "StepFunctions-StartExecution": _Subtype("states", "StartExecution", ("StateMachineArn",), ("Name", "Input")),
    "StepFunctions-StartSyncExecution": _Subtype(
        "states", "StartSyncExecution", ("StateMachineArn",), ("Name", "Input", "TraceHeader")
    ),
    "StepFunctions-StopExecution": _Subtype("states", "StopExecution", ("ExecutionArn",), ("Cause", "Error")),
}
_NUMBERS: Final = frozenset({"DelaySeconds", "MaxNumberOfMessages", "VisibilityTimeout", "WaitTimeSeconds"})
_STRUCTURES: Final = frozenset(
    {"MessageAttributes", "MessageSystemAttributes", "Resources", "AttributeNames", "MessageAttributeNames"}
)


def lacking(subtype: str, parameters: Mapping[str, str]) -> list[str] | None:
    """The parameters that an integration of a subtype lacks; None if nobody knows the subtype."""
    found = _SUBTYPES.get(subtype)
    return None if found is None else [name for name in found.required if name not in parameters]


def perform(subtype: str, parameters: Mapping[str, str], values: Values, api: DeployedApi, outside: Outside) -> Answer:
    """Call the operation of an integration's subtype.

    Raises:
        Refused: a parameter that it needs is not there.
        NotImplementedError: the subtype is not built.
    """
    found = _SUBTYPES.get(subtype)
    if found is None:
        raise NotImplementedError(f"the integration subtype {subtype} of an API")
    given = {name: values.of(source) for name, source in parameters.items() if name != "Region"}
    members = {name: _typed(name, value) for name, value in given.items() if value is not None}
    missing = [name for name in found.required if name not in members]
    if missing:
        raise Refused("API_CONFIGURATION_ERROR", why=f"{subtype} lacks {', '.join(missing)}")
    region = parameters.get("Region") or api.region
    uri = f"arn:aws:apigateway:{region}:{found.service}:action/{found.action}"
    headers, body = {"content-type": f"application/x-amz-json-{_VERSIONS[found.service]}"}, _body(found, members)
    if found.service == "sqs":
        headers["x-amz-target"] = f"AmazonSQS.{found.action}"
        uri = f"arn:aws:apigateway:{region}:sqs:path/"
    environ, sent = request_of(uri, "POST", headers, (), body, api.account)
    status, named, content = outside.serve(environ, sent)
    kept = tuple((name, value) for name, value in named if name.lower() == "content-type")
    return Answer(status, content, tuple(("Content-Type", "application/json") for _ in kept[:1]))


_VERSIONS: Final[Mapping[str, str]] = {"events": "1.1", "kinesis": "1.1", "sqs": "1.0", "states": "1.0"}


def _typed(name: str, value: str) -> Any:
    if name in _NUMBERS:
        return int(value) if value.isdigit() else value
    if name in _STRUCTURES:
        try:
            return loads(value)
        except InvalidJSON:
            return value
    return value


def _body(subtype: _Subtype, members: Mapping[str, Any]) -> bytes:
    match subtype.service:
        case "states":
            named = {name[0].lower() + name[1:]: value for name, value in members.items()}
            return dumps(named).encode()
        case "events":
            return dumps({"Entries": [dict(members)]}).encode()
        case "kinesis":
            data = base64.b64encode(str(members["Data"]).encode()).decode()
            return dumps({**members, "Data": data}).encode()
        case _:
            return dumps(dict(members)).encode()
