"""Services: how a deployment calls the operations of every service, through the door that everybody uses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from emulator import arns

CallService: TypeAlias = Callable[[str, str, dict[str, Any]], dict[str, Any]]
"""Calls an operation, by botocore's names. Raises Refused."""

NOT_UPDATABLE: Final = "NotUpdatable"
"""The code of what cannot be changed, refused before anything is."""

NOT_BUILT: Final = 501
"""The status of an operation that is not there, so that it has done nothing."""


class Refused(Exception):
    """A resource could not be made, changed or deleted. ``code`` is the service's, empty where no service spoke."""

    def __init__(
        self, message: str, code: str = "", service: str = "", status: int = 400, request_id: str = ""
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.service = service
        self.status = status
        self.request_id = request_id

    @property
    def is_absence(self) -> bool:
        """Whether what was named is not there."""
        return self.status == 404 or any(word in self.code for word in _ABSENT)

    def reason(self, token: str) -> str:
        """What the event of the resource says, as AWS's resource handlers word it."""
        if not self.service:
            handler_code = self.code or "InvalidRequest"
            return _reason(self.message, token, handler_code)
        details = f"Service: {self.service}, Status Code: {self.status}, Request ID: {self.request_id}"
        text = f"{self.message} ({details}) (SDK Attempt Count: 1)"
        return _reason(text, token, self.handler_code)

    @property
    def handler_code(self) -> str:
        """What kind of failure this is, by AWS's names for handlers' errors."""
        for handler_code, words in _HANDLER_CODES:
            if any(word in self.code for word in words):
                return handler_code
        return "ServiceInternalError" if self.status >= 500 else "InvalidRequest"


def _reason(text: str, token: str, code: str) -> str:
    return f'Resource handler returned message: "{text}" (RequestToken: {token}, HandlerErrorCode: {code})'


_ABSENT: Final = ("NotFound", "DoesNotExist", "NoSuch", "NonExistent")
_HANDLER_CODES: Final = (
    ("AlreadyExists", ("AlreadyExist", "EntityAlreadyExists", "ResourceInUse", "ResourceConflict", "BucketAlready")),
    ("NotFound", _ABSENT),
    ("AccessDenied", ("AccessDenied", "Unauthorized")),
    ("Throttling", ("Throttl", "TooManyRequests")),
    ("ServiceLimitExceeded", ("LimitExceeded",)),
)


class Services:
    """The services of an account in a region."""

    def __init__(self, call: CallService, account: str, region: str, served_at: Callable[[], str]) -> None:
        self._call = call
        self.account = account
        self.region = region
        self._served_at = served_at

    @property
    def url(self) -> str:
        """Where the emulator is served: a function answers there."""
        return self._served_at()

    @property
    def partition(self) -> str:
        """The partition of the region."""
        return arns.partition_of(self.region)

    @property
    def suffix(self) -> str:
        """The partition's domain."""
        return "amazonaws.com.cn" if self.partition == "aws-cn" else "amazonaws.com"

    def call(self, service: str, operation: str, /, **params: Any) -> dict[str, Any]:
        """Call an operation, by botocore's names; parameters that are None are left out. Raises Refused."""
        given = {name: value for name, value in params.items() if value is not None}
        return self._call(service, operation, given)

    def arn(self, service: str, resource: str) -> str:
        """An ARN of this account and region."""
        return arns.build(service, self.account, self.region, resource)
