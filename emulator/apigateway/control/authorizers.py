"""Authorizers of a REST API.

Source: https://docs.aws.amazon.com/apigateway/latest/api/API_Authorizer.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from emulator.apigateway.control.held import Api, Asked, Thing, bad, conflict, kept
from emulator.apigateway.control.paging import page
from emulator.apigateway.control.patching import Patch, Patchable, Rule, element, text

_ABSENT: Final = "Invalid Authorizer identifier specified"
_MEMBERS: Final = (
    *("name", "type", "providerARNs", "authType", "authorizerUri", "authorizerCredentials", "identitySource"),
    *("identityValidationExpression", "authorizerResultTtlInSeconds"),
)


def create_authorizer(asked: Asked) -> Thing:
    """CreateAuthorizer."""
    api = asked.gateway.apis.get(asked.params["restApiId"])
    if api is None:
        raise conflict("Unable to complete operation due to concurrent modification. Please try again later.")
    return add_authorizer(asked, api, asked.params)


def add_authorizer(asked: Asked, api: Api, params: Mapping[str, Any]) -> Thing:
    """Make an authorizer of an API. Raises Fault: it cannot be."""
    if any(each["name"] == params["name"] for each in api.authorizers.values()):
        raise bad(f"Authorizer name must be unique. Authorizer {params['name']} already exists in this RestApi.")
    authorizer = {"id": asked.new_id(6), **kept(params, *_MEMBERS)}
    is_cognito = authorizer["type"] == "COGNITO_USER_POOLS"
    authorizer.setdefault("authType", "cognito_user_pools" if is_cognito else "custom")
    _check(authorizer)
    api.authorizers[authorizer["id"]] = authorizer
    return authorizer


def _check(authorizer: Thing) -> None:
    kind = authorizer["type"]
    if kind == "COGNITO_USER_POOLS":
        if not authorizer.get("providerARNs"):
            raise bad("Invalid Authorizer ProviderARNs specified: must have at least one")
    elif not str(authorizer.get("authorizerUri") or "").startswith("arn:"):
        raise bad(
            f"Invalid Authorizer URI: {authorizer.get('authorizerUri')}. Authorizer URI should be a valid API "
            "Gateway ARN that represents a Lambda function invocation."
        )
    seconds = authorizer.get("authorizerResultTtlInSeconds")
    if seconds is not None and not 0 <= seconds <= _LONGEST:
        raise bad(f"Authorizer result TTL must be between 0 and {_LONGEST} seconds")


_LONGEST: Final = 3600


def get_authorizer(asked: Asked) -> Thing:
    """GetAuthorizer."""
    return asked.part("authorizers", "authorizerId", _ABSENT)[1]


def get_authorizers(asked: Asked) -> Thing:
    """GetAuthorizers."""
    return page(asked, list(asked.api.authorizers.values()))


def delete_authorizer(asked: Asked) -> None:
    """DeleteAuthorizer; one that a method has stays."""
    api, authorizer = asked.part("authorizers", "authorizerId", _ABSENT)
    for resource in api.resources.values():
        for verb, method in (resource.get("resourceMethods") or {}).items():
            if method.get("authorizerId") == authorizer["id"]:
                where = f"{resource['path']}/{verb}"
                raise conflict(f"Cannot delete authorizer '{authorizer['name']}', is referenced in method: {where}")
    del api.authorizers[authorizer["id"]]


def update_authorizer(asked: Asked) -> Thing:
    """UpdateAuthorizer."""
    api, authorizer = asked.part("authorizers", "authorizerId", _ABSENT)
    changed = _AUTHORIZER.patched(authorizer, asked.params.get("patchOperations"))
    _check(changed)
    api.authorizers[changed["id"]] = changed
    return changed


def _lifetime(thing: Thing, patch: Patch) -> None:
    try:
        thing["authorizerResultTtlInSeconds"] = int(str(patch.value))
    except ValueError:
        raise bad(f"Authorizer result TTL must be between 0 and {_LONGEST} seconds") from None


_AUTHORIZER: Final = Patchable(
    {
        "/name": text("name"),
        "/type": text("type"),
        "/authType": text("authType"),
        "/authorizerUri": text("authorizerUri"),
        "/authorizerCredentials": text("authorizerCredentials", empty_is_none=True),
        "/authorizerResultTtlInSeconds": Rule(("replace",), _lifetime),
        "/identitySource": text("identitySource"),
        "/identityValidationExpression": text("identityValidationExpression", empty_is_none=True),
        "/providerARNs": element("providerARNs", named=False),
    }
)
