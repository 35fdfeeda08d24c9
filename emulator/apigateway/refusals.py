"""Refusals: what a REST API answers by itself, by the types of its gateway responses.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from asl_interpreter.jsontext import dumps
from emulator.apigateway.mapping import Mapped
from emulator.apigateway.messages import Answer


class _Kind(NamedTuple):
    status: int
    message: str | None
    error: str
    """What ``x-amzn-ErrorType`` calls it."""


_INTERNAL: Final = "Internal server error"
_KINDS: Final[Mapping[str, _Kind]] = {
    "ACCESS_DENIED": _Kind(403, "User is not authorized to access this resource", "AccessDeniedException"),
    "API_CONFIGURATION_ERROR": _Kind(500, _INTERNAL, "InternalServerErrorException"),
    "AUTHORIZER_CONFIGURATION_ERROR": _Kind(500, None, "AuthorizerConfigurationException"),
    "AUTHORIZER_FAILURE": _Kind(500, None, "AuthorizerFailureException"),
    "BAD_REQUEST_BODY": _Kind(400, "Invalid request body", "BadRequestException"),
    "BAD_REQUEST_PARAMETERS": _Kind(400, "Missing required request parameters", "BadRequestException"),
    "DEFAULT_5XX": _Kind(502, _INTERNAL, "InternalServerErrorException"),
    "INTEGRATION_FAILURE": _Kind(504, _INTERNAL, "InternalServerErrorException"),
    "INTEGRATION_TIMEOUT": _Kind(504, "Endpoint request timed out", "InternalServerErrorException"),
    "INVALID_API_KEY": _Kind(403, "Forbidden", "ForbiddenException"),
    "MISSING_AUTHENTICATION_TOKEN": _Kind(403, "Missing Authentication Token", "MissingAuthenticationTokenException"),
    "QUOTA_EXCEEDED": _Kind(429, "Limit Exceeded", "LimitExceededException"),
    "UNAUTHORIZED": _Kind(401, "Unauthorized", "UnauthorizedException"),
    "UNSUPPORTED_MEDIA_TYPE": _Kind(415, "Unsupported Media Type", "BadRequestException"),
}
_DEFAULT_TEMPLATE: Final = '{"message":$context.error.messageString}'
_DENIED_TEMPLATE: Final = '{"Message":$context.error.messageString}'
"""An authorizer's denial is written with a capital, as seen on AWS."""


class Refused(Exception):
    """A REST API answers by itself. ``why`` is for the log alone."""

    def __init__(self, kind: str, message: str | None = None, *, why: str = "", status: int | None = None) -> None:
        self.kind = kind
        self.message = _KINDS[kind].message if message is None else message
        self.why = why or self.message or kind
        self.status = _KINDS[kind].status if status is None else status
        self.validation_error = ""
        super().__init__(self.why)


def answer(refused: Refused, responses: Mapping[str, Mapping[str, Any]], mapped: Mapped) -> Answer:
    """The gateway response to a refusal: the API's own if it has one of its type, or of all its kind."""
    kind = _KINDS[refused.kind]
    own = responses.get(refused.kind) or responses.get("DEFAULT_4XX" if refused.status < 500 else "DEFAULT_5XX") or {}
    message = refused.message
    mapped.context["error"] = {
        "message": message,
        "messageString": dumps(message),
        "responseType": refused.kind,
        "validationErrorString": refused.validation_error,
    }
    templates: Mapping[str, str] = own.get("responseTemplates") or {}
    media = "application/json"
    template = templates.get(media)
    if template is None and templates:
        media, template = next(iter(templates.items()))
    if template is None:
        template = _DENIED_TEMPLATE if refused.kind == "ACCESS_DENIED" else _DEFAULT_TEMPLATE
    body = _simply(template, mapped)
    status = int(own.get("statusCode") or refused.status)
    headers = [("x-amzn-ErrorType", kind.error), ("Content-Type", media)]
    for target, source in (own.get("responseParameters") or {}).items():
        value = mapped.parameter(str(source))
        if target.startswith("gatewayresponse.header.") and value is not None:
            name = target.removeprefix("gatewayresponse.header.")
            headers = [each for each in headers if each[0].lower() != name.lower()]
            headers.append((name, value if isinstance(value, str) else ",".join(value)))
    return Answer(status, body.encode(), tuple(headers))


def _simply(template: str, mapped: Mapped) -> str:
    """A gateway response's template: its variables are replaced, and nothing in it is run.

    Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-gatewayResponse-definition.html
    ("simple variable substitution")
    """
    return _VARIABLE.sub(lambda match: _variable(match[1] or match[2], mapped), template)


def _variable(name: str, mapped: Mapped) -> str:
    found = mapped.parameter(name)
    return "" if found is None else found if isinstance(found, str) else ",".join(found)


_VARIABLE: Final = re.compile(r"\$(?:\{([\w.\-]+)\}|((?:context|stageVariables|method)\.[\w.\-]*\w))")
