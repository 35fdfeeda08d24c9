"""Targets of rules: queues, topics and streams that get events, and what becomes of an event that cannot be delivered.

Whoever puts an event never hears that a target did not get it. The event goes to the dead-letter queue of the target,
if it has one; the log and the metrics of the rule in CloudWatch tell.

Sources: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html,
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any, Final

from emulator.arns import Arn
from emulator.faults import Fault
from emulator.moto_door.calls import ServiceError, call

log = logging.getLogger("dynastep")

SENT: Final = frozenset({"sqs", "sns", "kinesis", "firehose"})
"""Services of targets that ``call_target`` can call."""


def call_target(rule: Any, target: Mapping[str, Any], event: Mapping[str, Any], text: str) -> None:
    """Send a target what it gets of an event.

    Raises:
        ServiceError: it does not take it; there may be no such queue, topic or stream.
    """
    arn = Arn.parse(target["Arn"])
    params: dict[str, Any]
    match arn.service:
        case "sqs":
            operation, params = "SendMessage", {"QueueUrl": _url(arn), "MessageBody": text}
            group = target.get("SqsParameters", {}).get("MessageGroupId")
            params |= {"MessageGroupId": group} if group else {}
        case "sns":
            operation, params = "Publish", {"TopicArn": target["Arn"], "Message": text}
        case "kinesis":
            path = target.get("KinesisParameters", {}).get("PartitionKeyPath", "$.id")
            key = str(_member(event, path))
            operation, params = "PutRecord", {"StreamARN": target["Arn"], "Data": text.encode(), "PartitionKey": key}
        case "firehose":
            name = arn.resource.partition("/")[2]
            operation, params = "PutRecord", {"DeliveryStreamName": name, "Record": {"Data": text.encode()}}
        case _:
            raise KeyError(arn.service)
    call(arn.service, operation, params, arn.account or rule.account_id, arn.region or rule.region_name)


def _url(queue: Arn) -> str:
    return f"https://sqs.{queue.region}.amazonaws.com/{queue.account}/{queue.resource}"


def _member(event: Mapping[str, Any], path: str) -> Any:
    """The member of an event at a path such as ``$.detail.id``."""
    found: Any = event
    for name in path.removeprefix("$").split("."):
        found = found if not name else found[name]
    return found


def not_delivered(rule: Any, target: Mapping[str, Any], event: Mapping[str, Any], error: Exception) -> None:
    """Keep an event that a target did not get in the target's dead-letter queue; count it, and log it."""
    code, reason = _explained(target["Arn"], error)
    log.warning("The rule %s could not deliver an event to %s: %s", rule.name, target["Arn"], reason)
    metrics = ["FailedInvocations"]
    queue = (target.get("DeadLetterConfig") or {}).get("Arn")
    if queue:
        texts = {"RULE_ARN": rule.arn, "TARGET_ARN": target["Arn"], "ERROR_CODE": code, "ERROR_MESSAGE": reason}
        attributes = {name: {"DataType": "String", "StringValue": text} for name, text in texts.items()}
        attributes["RETRY_ATTEMPTS"] = {"DataType": "Number", "StringValue": "0"}
        arn = Arn.parse(queue)
        params = {"QueueUrl": _url(arn), "MessageBody": json.dumps(event), "MessageAttributes": attributes}
        try:
            call("sqs", "SendMessage", params, arn.account, arn.region)
            metrics.append("InvocationsSentToDlq")
        except Exception as failure:  # noqa: BLE001 - as above
            metrics.append("InvocationsFailedToBeSentToDlq")
            log.warning("Nor did the dead-letter queue %s take it: %s", queue, failure)
    for metric in metrics:
        _count(rule, metric)


def _explained(arn: str, error: Exception) -> tuple[str, str]:
    """The code that EventBridge has for an error, and what it says."""
    if isinstance(error, NotImplementedError):
        return "INTERNAL_ERROR", f"moto, behind Dynastep, lacks targets such as {arn}"
    known = isinstance(error, ServiceError | Fault)
    name = error.code if isinstance(error, ServiceError | Fault) else type(error).__name__
    if any(word in name for word in ("NotFound", "NonExistent", "DoesNotExist")):
        return "NO_RESOURCE", str(getattr(error, "message", error))
    return ("ERROR_FROM_TARGET" if known else "INVALID_PARAMETER"), str(getattr(error, "message", error)) or name


def _count(rule: Any, metric: str) -> None:
    from moto.cloudwatch.models import cloudwatch_backends

    backend: Any = cloudwatch_backends[rule.account_id][rule.region_name]
    data = {"MetricName": metric, "Value": 1, "Unit": "Count", "Dimensions": [{"Name": "RuleName", "Value": rule.name}]}
    backend.put_metric_data("AWS/Events", [data])
