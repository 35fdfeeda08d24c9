"""Devices and telephones of SNS: they are kept, and nothing here reaches one.

Source: https://docs.aws.amazon.com/sns/latest/api/API_CreatePlatformApplication.html,
https://docs.aws.amazon.com/sns/latest/api/API_CreatePlatformEndpoint.html, and refusals as observed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, Final

from emulator.moto_door.topic_messages import check_arn, invalid, refusal

PLATFORMS: Final = ("ADM", "APNS", "APNS_SANDBOX", "APNS_VOIP", "APNS_VOIP_SANDBOX", "BAIDU", "GCM", "MACOS", "MPNS")
_SECRET: Final = frozenset({"PlatformCredential", "PlatformPrincipal"})
"""What nobody is shown of an application."""
_OF_APPLICATIONS: Final = _SECRET | {
    *("EventEndpointCreated", "EventEndpointDeleted", "EventEndpointUpdated", "EventDeliveryFailure"),
    *("SuccessFeedbackRoleArn", "FailureFeedbackRoleArn", "SuccessFeedbackSampleRate"),
    *("ApplePlatformTeamID", "ApplePlatformBundleID"),
}
_OF_ENDPOINTS: Final = frozenset({"CustomUserData", "Enabled", "Token"})
_OF_SMS: Final = frozenset(
    {
        *("MonthlySpendLimit", "DeliveryStatusIAMRole", "DeliveryStatusSuccessSamplingRate", "DefaultSenderID"),
        *("DefaultSMSType", "UsageReportS3Bucket"),
    }
)
LONGEST_NAME: Final = 256
_TELEPHONE: Final = re.compile(r"\+?\d{8,15}")


def _answered(result: dict[str, Any]) -> Any:
    from moto.core.responses import ActionResult

    return ActionResult(result)


# Applications


def check_application(self: Any) -> None:
    """See that an application can be. Raises a refusal."""
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


def check_application_change(self: Any) -> None:
    """See that an application can be changed so. Raises a refusal."""
    _application(self)
    _check_names(self._get_param("Attributes") or {}, _OF_APPLICATIONS)


def _application(self: Any) -> Any:
    arn = self._get_param("PlatformApplicationArn")
    check_arn(arn, "PlatformApplicationArn")
    return self.backend.get_application(arn)


def _shown(application: Any) -> dict[str, str]:
    given = {name: value for name, value in application.attributes.items() if name not in _SECRET}
    return {"Enabled": "true", **given}


def get_platform_application_attributes(self: Any) -> Any:
    """Show an application, but for its credentials."""
    return _answered({"Attributes": _shown(_application(self))})


def list_platform_applications(self: Any) -> Any:
    """Show all applications."""
    found = [
        {"PlatformApplicationArn": arn, "Attributes": _shown(each)} for arn, each in self.backend.applications.items()
    ]
    return _answered({"PlatformApplications": found})


def delete_platform_application(self: Any) -> Any:
    """Delete an application, with its endpoints; one that is gone already is."""
    arn = self._get_param("PlatformApplicationArn")
    check_arn(arn, "PlatformApplicationArn")
    if arn in self.backend.applications:
        self.backend.delete_platform_application(arn)
    return _answered({})


# Endpoints


def check_endpoint(self: Any) -> None:
    """See that an endpoint can be. Raises a refusal."""
    _application(self)
    _check_names(self._get_param("Attributes") or {}, _OF_ENDPOINTS)


def create_platform_endpoint(self: Any) -> Any:
    """Make an endpoint, or find the one of this token, if it is the same."""
    check_endpoint(self)
    data, token = self._get_param("CustomUserData"), self._get_param("Token")
    given = {**(self._get_param("Attributes") or {}), **({} if data is None else {"CustomUserData": data})}
    application = _application(self)
    for known in self.backend.platform_endpoints.values():
        if (known.application, known.token) == (application, token):
            wanted = {"Enabled": "true", **given, "Token": token}
            if {name: str(value).lower() for name, value in known.attributes.items()} != {
                name: str(value).lower() for name, value in wanted.items()
            }:
                already = f"Endpoint {known.arn} already exists with the same Token, but different attributes."
                raise invalid(f"Token Reason: {already}")
            return _answered({"EndpointArn": known.arn})
    made = self.backend.create_platform_endpoint(application, data, token, given)
    return _answered({"EndpointArn": made.arn})


def get_endpoint_attributes(self: Any) -> Any:
    """Show an endpoint."""
    arn = self._get_param("EndpointArn")
    check_arn(arn, "EndpointArn")
    found = self.backend.get_endpoint(arn).attributes
    texts = {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in found.items()}
    return _answered({"Attributes": texts})


def check_endpoint_change(self: Any) -> None:
    """See that an endpoint can be changed so. Raises a refusal."""
    arn = self._get_param("EndpointArn")
    check_arn(arn, "EndpointArn")
    self.backend.get_endpoint(arn)
    _check_names(self._get_param("Attributes") or {}, _OF_ENDPOINTS)


def _check_names(given: Mapping[str, str], known: Collection[str]) -> None:
    for name in given:
        if name not in known:
            raise invalid(f"Attributes Reason: Invalid attribute name: {name}")


# Telephones


def check_sms(self: Any) -> None:
    """See that there are such settings of text messages. Raises a refusal."""
    for name, value in (self._get_param("attributes") or {}).items():
        if name not in _OF_SMS:
            raise refusal("InvalidParameter", f"{name} is not a valid attribute")
        if name == "DefaultSMSType" and value not in ("Promotional", "Transactional"):
            raise invalid("DefaultSMSType Reason: must be Promotional or Transactional")


def _telephone(self: Any) -> str:
    number = str(self._get_param("phoneNumber"))
    if _TELEPHONE.fullmatch(number) is None:
        raise invalid("PhoneNumber Reason: input incorrectly formatted")
    return number


def check_if_phone_number_is_opted_out(self: Any) -> Any:
    """Whether a telephone wants no messages: nobody here can say so."""
    _telephone(self)
    return _answered({"isOptedOut": False})


def list_phone_numbers_opted_out(_self: Any) -> Any:
    """The telephones that want no messages."""
    return _answered({"phoneNumbers": []})


def opt_in_phone_number(self: Any) -> Any:
    """Have a telephone get messages again."""
    _telephone(self)
    return _answered({})
