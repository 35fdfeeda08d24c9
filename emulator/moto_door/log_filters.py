"""Subscription filters: log events that moto's CloudWatch Logs sends on, to functions of ours and to moto's streams.

moto sends every event whatever the pattern of a filter is, and knows patterns of one term alone.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html
"""

from __future__ import annotations

import base64
import gzip
from typing import Any

from asl_interpreter.jsontext import dumps
from emulator.arns import Arn
from emulator.events.log_patterns import InvalidLogPattern, compile_log_pattern
from emulator.moto_door import functions, mappings


def event_message_filter(_theirs: Any) -> Any:
    """Have our patterns say which log events FilterLogEvents finds."""
    return _EventMessageFilter


class _EventMessageFilter:
    """As moto uses it."""

    def __init__(self, pattern: str) -> None:
        self.matches = checked_pattern(pattern or "")


def checked_pattern(pattern: str) -> Any:
    """What tells which messages a pattern wants; moto's own refusal, where it is none."""
    from moto.logs.exceptions import InvalidParameterException

    try:
        return compile_log_pattern(pattern)
    except InvalidLogPattern:
        raise InvalidParameterException("Invalid filter pattern") from None


def put_subscription_filter(theirs: Any) -> Any:
    """Take functions of all kinds as destinations, and refuse what is no pattern."""

    def put_subscription_filter(
        self: Any, log_group_name: str, filter_name: str, filter_pattern: str, destination_arn: str, role_arn: str
    ) -> None:
        checked_pattern(filter_pattern)
        group = self.groups.get(log_group_name)
        if group is None or Arn.parse(destination_arn).service != "lambda":
            theirs(self, log_group_name, filter_name, filter_pattern, destination_arn, role_arn)
            return
        _check_function(self.account_id, destination_arn)
        group.put_subscription_filter(filter_name, filter_pattern, destination_arn, role_arn)

    return put_subscription_filter


def put_in_group(theirs: Any) -> Any:
    """Let a filter of a group that has two, which is all that it may have, be changed."""

    def put_subscription_filter(
        self: Any, filter_name: str, filter_pattern: str, destination_arn: str, role_arn: str
    ) -> None:
        known = self.subscription_filters.get(filter_name)
        if known is None:
            theirs(self, filter_name, filter_pattern, destination_arn, role_arn)
        else:
            known.update(filter_pattern, destination_arn, role_arn)

    return put_subscription_filter


def _check_function(account: str, arn: str) -> None:
    from moto.core.exceptions import JsonRESTError
    from moto.logs.exceptions import InvalidParameterException

    if Arn.parse(arn).account != account:
        text = (
            "Cross-account lambda invocation passing is not allowed. "
            "You must use DestinationPolicies to create cross account lambda triggers."
        )
        raise JsonRESTError("AccessDeniedException", text)
    if not mappings.has_function(arn):
        text = (
            "Could not execute the lambda function. "
            "Make sure you have given CloudWatch Logs permission to execute your function."
        )
        raise InvalidParameterException(text)


def send_log_events(theirs: Any) -> Any:
    """Send on what a filter wants."""

    def _send_log_events(
        self: Any, service: str, destination_arn: str, filter_name: str, log_events: list[dict[str, Any]]
    ) -> None:
        wanted = compile_log_pattern(self.log_group.subscription_filters[filter_name].filter_pattern)
        events = [event for event in log_events if wanted(event["message"])]
        if not events:
            return
        if service != "lambda":
            theirs(self, service, destination_arn, filter_name, events)
            return
        data = {
            "messageType": "DATA_MESSAGE",
            "owner": self.account_id,
            "logGroup": self.log_group.name,
            "logStream": self.log_stream_name,
            "subscriptionFilters": [filter_name],
            "logEvents": [{**event, "id": str(event["id"])} for event in events],
        }
        packed = base64.b64encode(gzip.compress(dumps(data).encode(), mtime=0)).decode()
        functions.send(destination_arn, dumps({"awslogs": {"data": packed}}))

    return _send_log_events
