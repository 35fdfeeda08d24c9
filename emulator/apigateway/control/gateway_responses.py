"""Gateway responses: what a REST API answers by itself.

Sources: https://docs.aws.amazon.com/apigateway/latest/api/API_GatewayResponse.html,
https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
"""

from __future__ import annotations

from typing import Any, Final

from emulator.apigateway.control.held import Api, Asked, Thing, bad, not_found
from emulator.apigateway.control.methods import no_content_type, no_parameter
from emulator.apigateway.control.patching import REPLACE, Patch, Patchable, Rule, entry, text

STATUSES: Final = {
    "ACCESS_DENIED": "403",
    "API_CONFIGURATION_ERROR": "500",
    "AUTHORIZER_CONFIGURATION_ERROR": "500",
    "AUTHORIZER_FAILURE": "500",
    "BAD_REQUEST_BODY": "400",
    "BAD_REQUEST_PARAMETERS": "400",
    "DEFAULT_4XX": None,
    "DEFAULT_5XX": None,
    "EXPIRED_TOKEN": "403",
    "INTEGRATION_FAILURE": "504",
    "INTEGRATION_TIMEOUT": "504",
    "INVALID_API_KEY": "403",
    "INVALID_SIGNATURE": "403",
    "MISSING_AUTHENTICATION_TOKEN": "403",
    "QUOTA_EXCEEDED": "429",
    "REQUEST_TOO_LARGE": "413",
    "RESOURCE_NOT_FOUND": "404",
    "THROTTLED": "429",
    "UNAUTHORIZED": "401",
    "UNSUPPORTED_MEDIA_TYPE": "415",
    "WAF_FILTERED": "403",
}
"""Type -> AWS's own status; those that stand for all of a kind have none."""
_TEMPLATES: Final = {"application/json": '{"message":$context.error.messageString}'}


def shown(api: Api, kind: str) -> Thing:
    """The gateway response of a type: the API's own, that for all of its kind, or AWS's."""
    if kind in api.gateway_responses:
        return api.gateway_responses[kind]
    status = STATUSES[kind]
    of_all = api.gateway_responses.get(f"DEFAULT_{status[0]}XX", {}) if status else {}
    found: Thing = {
        "defaultResponse": True,
        "responseType": kind,
        "responseParameters": of_all.get("responseParameters") or {},
        "responseTemplates": of_all.get("responseTemplates") or dict(_TEMPLATES),
    }
    if (own := of_all.get("statusCode") or status) is not None:
        found["statusCode"] = own
    return found


def put_gateway_response(asked: Asked) -> Thing:
    """PutGatewayResponse; what is not given is AWS's own, not that for all of its kind."""
    api, params = asked.api, asked.params
    return put(api, params)


def put(api: Api, params: Any) -> Thing:
    """Put a gateway response to an API."""
    kind = params["responseType"]
    response: Thing = {
        "defaultResponse": False,
        "responseType": kind,
        "responseParameters": params.get("responseParameters") or {},
        "responseTemplates": params.get("responseTemplates") or dict(_TEMPLATES),
    }
    if (status := params.get("statusCode") or STATUSES[kind]) is not None:
        response["statusCode"] = status
    api.gateway_responses[kind] = response
    return response


def get_gateway_response(asked: Asked) -> Thing:
    """GetGatewayResponse."""
    return shown(asked.api, asked.params["responseType"])


def get_gateway_responses(asked: Asked) -> Thing:
    """GetGatewayResponses: all types, in the order of their names."""
    api = asked.api
    return {"items": [shown(api, kind) for kind in STATUSES]}


def delete_gateway_response(asked: Asked) -> None:
    """DeleteGatewayResponse: AWS's own is back."""
    if asked.api.gateway_responses.pop(asked.params["responseType"], None) is None:
        raise not_found("Gateway response type not defined on api")


def update_gateway_response(asked: Asked) -> Thing:
    """UpdateGatewayResponse; one that was AWS's own is the API's from then on."""
    api, kind = asked.api, asked.params["responseType"]
    before = {**shown(api, kind), "defaultResponse": False}
    changed = _RESPONSE.patched(before, asked.params.get("patchOperations"))
    api.gateway_responses[kind] = changed
    return changed


def _entries(member: str, absent: Any) -> Rule:
    def check(patch: Patch) -> None:
        if not patch.value:
            raise bad(f"Invalid null or empty value in {member}")

    return entry(member, absent, check=check, stays=True)


_RESPONSE: Final = Patchable(
    {
        "/statusCode": text("statusCode", REPLACE),
        "/responseParameters/*": _entries("responseParameters", no_parameter),
        "/responseTemplates/*": _entries("responseTemplates", no_content_type),
    },
    wrong_op_is_path=True,
)
