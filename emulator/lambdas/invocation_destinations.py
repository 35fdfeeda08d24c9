"""Destinations: where Lambda sends what became of an invocation that nobody waits for.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html,
https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
"""

from __future__ import annotations

import logging
from typing import Any, Final

from asl_interpreter.jsontext import JSON, InvalidJSON, dumps, loads
from asl_interpreter.timestamps import iso
from emulator import moto_door
from emulator.arns import Arn
from emulator.lambdas.functions import Invocation, Request

log = logging.getLogger("dynastep")

LONGEST_MESSAGE: Final = 1024
"""Characters of the error message beside an event in a dead-letter queue."""


def record(
    request: Request, version: str, invocation: Invocation | None, condition: str, count: int, now: float
) -> dict[str, JSON]:
    """The invocation record of an event: ``condition`` is how it ended, ``count`` how often the function was tried."""
    answer = {} if invocation is None else {"responsePayload": _value(invocation.payload)}
    return {
        "version": "1.0",
        "timestamp": iso(now),
        "requestContext": {
            "requestId": request.request_id,
            "functionArn": f"{request.name.arn}:{request.name.qualifier or '$LATEST'}",
            "condition": condition,
            "approximateInvokeCount": count,
        },
        "requestPayload": _value(request.payload),
        "responseContext": response_context(version, invocation),
        **answer,
    }


def response_context(version: str, invocation: Invocation | None) -> dict[str, JSON]:
    """What a record says of the answer."""
    if invocation is None:
        return {"statusCode": 429}
    error = {"functionError": "Unhandled"} if invocation.failed else {}
    return {"statusCode": 200, "executedVersion": version, **error}


def _value(text: str) -> JSON:
    try:
        return loads(text)
    except InvalidJSON:
        return text


def send_record(destination: str, content: dict[str, JSON], function: str, *, failed: bool) -> None:
    """Send an invocation record to a queue, a topic, an event bus or a bucket; to a function it is an event.

    If it cannot be sent, only the log says so, as on AWS only a metric does.
    """
    target = Arn.parse(destination)
    text = dumps(content)
    if target.service == "events":
        entry = {
            "Source": "lambda",
            "DetailType": f"Lambda Function Invocation Result - {'Failure' if failed else 'Success'}",
            "Detail": text,
            "Resources": [destination, f"{function}:$LATEST"],
            "EventBusName": target.resource.partition("/")[2] or "default",
        }
        _call(destination, "events", "PutEvents", {"Entries": [entry]})
    elif target.service == "s3":
        day, name = str(content["timestamp"])[:10], function.rpartition(":")[2]
        key = f"aws/lambda/async/{name}/{day.replace('-', '/')}/{str(content['timestamp'])[:19].replace(':', '.')}"
        request_id = content["requestContext"]["requestId"]
        owner = function.split(":")[4]
        params = {"Bucket": target.resource, "Key": f"{key}-{request_id}", "Body": text.encode()}
        _call(destination, "s3", "PutObject", params, owner)
    else:
        _send(destination, text, {})


def send_dead_letter(destination: str, request: Request, invocation: Invocation | None) -> None:
    """Send an event that could not be processed to a dead-letter queue or topic, with the error as attributes."""
    payload = {} if invocation is None else _value(invocation.payload)
    message = payload.get("errorMessage", "") if isinstance(payload, dict) else ""
    attributes = {
        "RequestID": {"DataType": "String", "StringValue": request.request_id},
        "ErrorCode": {"DataType": "Number", "StringValue": "429" if invocation is None else "200"},
    }
    if message:
        attributes["ErrorMessage"] = {"DataType": "String", "StringValue": str(message)[:LONGEST_MESSAGE]}
    _send(destination, request.payload, attributes)


def _send(destination: str, text: str, attributes: dict[str, Any]) -> None:
    target = Arn.parse(destination)
    if target.service == "sqs":
        url = f"https://sqs.{target.region}.amazonaws.com/{target.account}/{target.resource}"
        params = {"QueueUrl": url, "MessageBody": text, "MessageAttributes": attributes}
        _call(destination, "sqs", "SendMessage", params)
    elif target.service == "sns":
        params = {"TopicArn": destination, "Message": text, "MessageAttributes": attributes}
        _call(destination, "sns", "Publish", params)
    else:
        log.warning("%s cannot be a destination", destination)


def _call(destination: str, service: str, operation: str, params: dict[str, Any], account: str = "") -> None:
    target = Arn.parse(destination)
    try:
        moto_door.call(service, operation, params, account or target.account, target.region or "us-east-1")
    except moto_door.ServiceError as error:
        log.warning("%s did not take what a function's invocation came to: %s", destination, error)
