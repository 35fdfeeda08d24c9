"""Targets of rules and schedules: how each gets its input, and what becomes of an event that cannot be delivered.

Whoever puts an event never hears that a target did not get it. The event goes to the dead-letter queue of the target,
if it has one; the log and the metrics of the rule in CloudWatch tell.

Sources: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html,
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from emulator.arns import Arn
from emulator.events import retries
from emulator.faults import Fault
from emulator.moto_door import mappings
from emulator.moto_door.calls import ServiceError, call
from emulator.moto_door.clock import now
from emulator.moto_door.metrics import put_data

log = logging.getLogger("dynastep")

Receiver = Callable[[str, str], None]
"""Takes the ARN of a target and the JSON text that the target gets."""

_receivers: dict[str, Receiver] = {}
"""Service of a target ("states", "lambda"), or ``scheduler`` for any operation of AWS's SDK -> who takes its input.

Of the process, as all of moto's state is.
"""


def deliver(service: str, receiver: Receiver) -> None:
    """Let a receiver take what goes to targets of a service; the last one given counts."""
    _receivers[service] = receiver


_destinations: list[Callable[[str, str, Mapping[str, Any]], None]] = []


def call_destinations(call_destination: Callable[[str, str, Mapping[str, Any]], None]) -> None:
    """Have API destinations called: their ARN, the text, HttpParameters. The last one given counts."""
    _destinations[:] = [call_destination]


@dataclass(frozen=True, slots=True)
class Options:
    """What a rule or a schedule says of its target beside its ARN."""

    group: str = ""
    """Message group of a FIFO queue."""
    key: str = ""
    """Partition key of a stream."""
    source: str = ""
    detail_type: str = ""
    """What an event on a bus is made with."""
    http: Mapping[str, Any] = field(default_factory=dict)
    """HttpParameters of an API destination."""


def send(target: str, text: str, options: Options, account: str, region: str) -> None:
    """Send a target what it gets, on behalf of an account and region.

    Raises:
        ServiceError, Fault: it does not take it; there may be no such queue, function or machine.
        NotImplementedError: nothing here calls such targets.
    """
    arn = Arn.parse(target)
    if arn.service in _receivers:
        if arn.service == "scheduler":
            target = f"arn:{arn.partition}:scheduler:{region}:{account}:{arn.resource}"
        _receivers[arn.service](target, text)
        return
    params: dict[str, Any]
    match arn.service:
        case "sqs":
            operation, params = "SendMessage", {"QueueUrl": _url(arn), "MessageBody": text}
            params |= {"MessageGroupId": options.group} if options.group else {}
        case "sns":
            operation, params = "Publish", {"TopicArn": target, "Message": text}
        case "kinesis":
            operation, params = "PutRecord", {"StreamARN": target, "Data": text.encode(), "PartitionKey": options.key}
        case "firehose":
            name = arn.resource.partition("/")[2]
            operation, params = "PutRecord", {"DeliveryStreamName": name, "Record": {"Data": text.encode()}}
        case "logs":
            _log(arn, text, account, region)
            return
        case "events" if arn.kind == "event-bus":
            operation, params = "PutEvents", {"Entries": [_entry(target, text, options)]}
        case "events" if arn.kind == "api-destination":
            _destinations[-1](target, text, options.http)
            return
        case _:
            raise NotImplementedError(f"Dynastep does not call targets such as {target}")
    call(arn.service, operation, params, arn.account or account, arn.region or region)


def _entry(bus: str, text: str, options: Options) -> dict[str, str]:
    return {"EventBusName": bus, "Source": options.source, "DetailType": options.detail_type, "Detail": text}


def _log(arn: Arn, text: str, account: str, region: str) -> None:
    """Write a log event into a stream of its own, as EventBridge does."""
    from moto.core.utils import unix_time_millis
    from moto.moto_api._internal import mock_random

    place = {"logGroupName": arn.names[1], "logStreamName": str(mock_random.uuid4())}
    where = arn.account or account, arn.region or region
    call("logs", "CreateLogStream", place, *where)
    event = {"timestamp": int(unix_time_millis()), "message": text}
    call("logs", "PutLogEvents", {**place, "logEvents": [event]}, *where)


def _url(queue: Arn) -> str:
    return f"https://sqs.{queue.region}.amazonaws.com/{queue.account}/{queue.resource}"


@dataclass(frozen=True, slots=True)
class Sent:
    """What a rule sends one of its targets."""

    rule: Any
    target: Mapping[str, Any]
    event: Mapping[str, Any]
    """The event as it came, which a dead-letter queue gets."""
    text: str
    """What the target gets."""
    options: Options


def attempt(sent: Sent, since: float, number: int = 1) -> None:
    """Send a target what it gets and, if it may take it later, try again then, as its retry policy allows.

    ``since`` is when the event came, ``number`` the number of this attempt.
    """
    rule, target = sent.rule, sent.target
    try:
        send(target["Arn"], sent.text, sent.options, rule.account_id, rule.region_name)
    except Exception as error:  # noqa: BLE001 - whatever it is, nobody who sends an event hears of it
        pause, why = retries.pause_after(number), ""
        if isinstance(error, ServiceError | Fault) and retries.may_pass(error.code, error.status):
            age = now(rule.account_id) + pause - since
            exhausted = retries.exhausted(target.get("RetryPolicy") or {}, number, age)
            if exhausted is None:
                count(rule, "RetryInvocationAttempts")
                mappings.in_background(rule.account_id, pause, lambda: attempt(sent, since, number + 1))
                return
            why = exhausted
        not_delivered(rule, target, sent.event, error, number - 1, why)


def not_delivered(
    rule: Any,
    target: Mapping[str, Any],
    event: Mapping[str, Any],
    error: Exception,
    retried: int = 0,
    exhausted: str = "",
) -> None:
    """Keep an event that a target did not get in the target's dead-letter queue; count it, and log it."""
    code, reason = explained(target["Arn"], error)
    log.warning("The rule %s could not deliver an event to %s: %s", rule.name, target["Arn"], reason)
    metrics = ["FailedInvocations"]
    queue = (target.get("DeadLetterConfig") or {}).get("Arn")
    if queue:
        texts = {"RULE_ARN": rule.arn, "TARGET_ARN": target["Arn"], "ERROR_CODE": code, "ERROR_MESSAGE": reason}
        attributes = {name: {"DataType": "String", "StringValue": text} for name, text in texts.items()}
        attributes["RETRY_ATTEMPTS"] = {"DataType": "Number", "StringValue": str(retried)}
        if exhausted:
            attributes["EXHAUSTED_RETRY_CONDITION"] = {"DataType": "String", "StringValue": exhausted}
        arn = Arn.parse(queue)
        params = {"QueueUrl": _url(arn), "MessageBody": json.dumps(event), "MessageAttributes": attributes}
        try:
            call("sqs", "SendMessage", params, arn.account, arn.region)
            metrics.append("InvocationsSentToDlq")
        except Exception as failure:  # noqa: BLE001 - as above
            metrics.append("InvocationsFailedToBeSentToDlq")
            log.warning("Nor did the dead-letter queue %s take it: %s", queue, failure)
    for metric in metrics:
        count(rule, metric)


def explained(arn: str, error: Exception) -> tuple[str, str]:
    """The code that EventBridge has for an error of a target, and what it says."""
    if isinstance(error, NotImplementedError):
        return "INTERNAL_ERROR", f"Dynastep does not call targets such as {arn}"
    known = isinstance(error, ServiceError | Fault)
    name = error.code if isinstance(error, ServiceError | Fault) else type(error).__name__
    if any(word in name for word in ("NotFound", "NonExistent", "DoesNotExist")):
        return "NO_RESOURCE", str(getattr(error, "message", error))
    return ("ERROR_FROM_TARGET" if known else "INVALID_PARAMETER"), str(getattr(error, "message", error)) or name


def count(rule: Any, metric: str) -> None:
    """Count something of a rule in the metrics of EventBridge."""
    data = {"MetricName": metric, "Value": 1, "Unit": "Count", "Dimensions": [{"Name": "RuleName", "Value": rule.name}]}
    put_data(rule.account_id, rule.region_name, "AWS/Events", [data])
