"""SNS: which operations are ours, and what it says of telephones and devices, which nothing here reaches.

Source: https://docs.aws.amazon.com/sns/latest/api/API_CreatePlatformApplication.html, and refusals as observed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, Final

from emulator.moto_door import subscriptions, topics
from emulator.moto_door.topic_messages import invalid, refusal

PLATFORMS: Final = ("ADM", "APNS", "APNS_SANDBOX", "APNS_VOIP", "APNS_VOIP_SANDBOX", "BAIDU", "GCM", "MACOS", "MPNS")
_OF_APPLICATIONS: Final = frozenset(
    {
        *("PlatformCredential", "PlatformPrincipal", "EventEndpointCreated", "EventEndpointDeleted"),
        *("EventEndpointUpdated", "EventDeliveryFailure", "SuccessFeedbackRoleArn", "FailureFeedbackRoleArn"),
        *("SuccessFeedbackSampleRate", "ApplePlatformTeamID", "ApplePlatformBundleID"),
    }
)
_OF_ENDPOINTS: Final = frozenset({"CustomUserData", "Enabled", "Token"})
_OF_SMS: Final = frozenset(
    {
        *("MonthlySpendLimit", "DeliveryStatusIAMRole", "DeliveryStatusSuccessSamplingRate", "DefaultSenderID"),
        *("DefaultSMSType", "UsageReportS3Bucket"),
    }
)
LONGEST_NAME: Final = 256


def answer(theirs: Any) -> Any:
    """Give moto's SNS our operations; the others check what they are given, and moto does the rest."""
    ours = (
        topics.add_permission,
        topics.create_topic,
        topics.get_topic_attributes,
        topics.publish,
        topics.publish_batch,
        topics.set_topic_attributes,
        subscriptions.confirm_subscription,
        subscriptions.get_subscription_attributes,
        subscriptions.list_subscriptions,
        subscriptions.list_subscriptions_by_topic,
        subscriptions.set_subscription_attributes,
        subscriptions.subscribe,
        subscriptions.tag_resource,
        subscriptions.unsubscribe,
    )
    for operation in ours:
        setattr(theirs, operation.__name__, operation)
    for name, check in _CHECKS.items():
        setattr(theirs, name, _checked(getattr(theirs, name), check))
    return theirs


def _checked(operation: Any, check: Any) -> Any:
    def perform(self: Any) -> Any:
        check(self)
        return operation(self)

    return perform


def _check_application(self: Any) -> None:
    name, platform, attributes = self._get_param("Name"), self._get_param("Platform"), self._get_param("Attributes")
    if not name:
        raise invalid("Reason: cannot be empty")
    if len(name) > LONGEST_NAME:
        raise invalid(f"{name} Reason: must be at most {LONGEST_NAME} characters long")
    if re.fullmatch(r"[A-Za-z0-9_.-]+", name) is None:
        allowed = "'a'-'z', 'A'-'Z', '0'-'9', '_', '-', and '.'"
        raise invalid(f"{name} Reason: must contain only characters {allowed}")
    if platform not in PLATFORMS:
        raise invalid(f"Platform Reason: {platform} is not supported")
    _check_names(attributes or {}, _OF_APPLICATIONS)
    if "PlatformCredential" not in (attributes or {}):
        if "PlatformPrincipal" in (attributes or {}):
            raise invalid("Attributes Reason: PlatformPrincipal attribute provided without PlatformCredential")
        raise invalid("PlatformCredential")


def _check_application_change(self: Any) -> None:
    _check_names(self._get_param("Attributes") or {}, _OF_APPLICATIONS)


def _check_endpoint(self: Any) -> None:
    self.backend.get_application(self._get_param("PlatformApplicationArn"))
    _check_names(self._get_param("Attributes") or {}, _OF_ENDPOINTS)


def _check_endpoint_change(self: Any) -> None:
    self.backend.get_endpoint(self._get_param("EndpointArn"))
    _check_names(self._get_param("Attributes") or {}, _OF_ENDPOINTS)


def _check_names(given: Mapping[str, str], known: Collection[str]) -> None:
    for name in given:
        if name not in known:
            raise invalid(f"Attributes Reason: Invalid attribute name: {name}")


def _check_sms(self: Any) -> None:
    for name in self._get_param("attributes") or {}:
        if name not in _OF_SMS:
            raise refusal("InvalidParameter", f"{name} is not a valid attribute")


_CHECKS: Final = {
    "create_platform_application": _check_application,
    "set_platform_application_attributes": _check_application_change,
    "create_platform_endpoint": _check_endpoint,
    "set_endpoint_attributes": _check_endpoint_change,
    "set_sms_attributes": _check_sms,
}
"""Operation -> what is refused before moto has it."""
