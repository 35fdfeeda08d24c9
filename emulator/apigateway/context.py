"""The context of a request: what ``$context`` has in a mapping template, and ``requestContext`` in an event.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from emulator.apigateway.control.deployed import RestApi
from emulator.apigateway.messages import Incoming
from emulator.apigateway.v2.deployed import DeployedApi


def rest_context(
    api: RestApi | DeployedApi, incoming: Incoming, resource: Mapping[str, Any] | None, request_id: str, now: float
) -> dict[str, Any]:
    """The context of a request to a REST API; ``resource`` is None where the path has none."""
    path = f"/{api.stage}{incoming.path}" if api.deployment else incoming.path
    context: dict[str, Any] = {
        "accountId": api.account,
        "apiId": api.id,
        "deploymentId": api.deployment,
        "domainName": incoming.host,
        "domainPrefix": incoming.host.partition(".")[0],
        "extendedRequestId": extended_id(request_id),
        "httpMethod": incoming.method,
        "identity": {
            "accessKey": None,
            "accountId": None,
            "caller": None,
            "cognitoAuthenticationProvider": None,
            "cognitoAuthenticationType": None,
            "cognitoIdentityId": None,
            "cognitoIdentityPoolId": None,
            "principalOrgId": None,
            "sourceIp": incoming.source_ip,
            "user": None,
            "userAgent": incoming.header("User-Agent"),
            "userArn": None,
        },
        "path": path,
        "protocol": "HTTP/1.1",
        "requestId": request_id,
        "requestTime": clf(now),
        "requestTimeEpoch": int(now * 1000),
        "stage": api.stage,
    }
    if isinstance(api, RestApi):
        context["isCanaryRequest"] = api.is_canary
    if resource is not None:
        context |= {"resourceId": resource["id"], "resourcePath": resource["path"]}
    return context


def extended_id(request_id: str) -> str:
    """The second id of a request, ``x-amz-apigw-id``: 15 characters and a sign, the same for the same first one."""
    return base64.b64encode(request_id.replace("-", "").encode()[:11]).decode()[:15] + "="


def clf(now: float) -> str:
    """A time as the common log format has it: ``12/Mar/2020:19:03:58 +0000``."""
    return datetime.fromtimestamp(now, timezone.utc).strftime("%d/%b/%Y:%H:%M:%S +0000")
