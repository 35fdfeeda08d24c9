"""Methods of a resource, and their responses.

Source: https://docs.aws.amazon.com/apigateway/latest/api/API_Method.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from emulator.apigateway.control.held import Api, Asked, Thing, bad, conflict, kept, not_found
from emulator.apigateway.control.models import check_models, check_validator
from emulator.apigateway.control.patching import Patchable, boolean, element, entry, is_true, text
from emulator.apigateway.control.resources import resource_of
from emulator.faults import Fault

_VERBS: Final = ("GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD", "ANY")
_KINDS: Final = ("NONE", "AWS_IAM", "CUSTOM", "COGNITO_USER_POOLS")


def method_of(asked: Asked, absent: str = "Invalid Method identifier specified") -> tuple[Api, Thing, Thing]:
    """An API, and the resource and the method that a request names. Raises Fault: there is none."""
    api, resource = resource_of(asked)
    method = (resource.get("resourceMethods") or {}).get(asked.params["httpMethod"])
    if method is None:
        raise not_found(absent)
    return api, resource, method


def put_method(asked: Asked) -> Thing:
    """PutMethod."""
    api, resource = resource_of(asked)
    return add_method(api, resource, asked.params)


def add_method(api: Api, resource: Thing, params: Mapping[str, Any]) -> Thing:
    """Put a method to a resource. Raises Fault: it cannot be."""
    verb = params["httpMethod"]
    if verb not in _VERBS:
        raise bad(f"Invalid HttpMethod specified. Valid options are {','.join(_VERBS)}")
    methods = resource.get("resourceMethods") or {}
    if verb in methods:
        raise conflict("Method already exists for this resource")
    method = {
        "httpMethod": verb,
        "authorizationType": params["authorizationType"],
        "apiKeyRequired": bool(params.get("apiKeyRequired")),
        **kept(params, "authorizerId", "requestValidatorId", "operationName"),
    }
    for name in ("requestParameters", "requestModels", "authorizationScopes"):
        if params.get(name):
            method[name] = params[name]
    method = _checked(api, method)
    resource["resourceMethods"] = {**methods, verb: method}
    return method


def _checked(api: Api, method: Thing) -> Thing:
    """A method that may be; the authorizer of one that has none is left out. Raises Fault: it may not be."""
    kind = method["authorizationType"]
    if kind not in _KINDS:
        raise bad(f"Invalid Authorization Type specified. Valid options are {','.join(_KINDS)}")
    if kind in ("CUSTOM", "COGNITO_USER_POOLS"):
        if method.get("authorizerId") not in api.authorizers:
            raise bad(
                "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS "
                "requires a valid authorizer."
            )
    else:
        method = {name: value for name, value in method.items() if name != "authorizerId"}
    check_validator(api, method.get("requestValidatorId"))
    check_models(api, method.get("requestModels"))
    names = list(method.get("requestParameters") or ())
    for name in names:
        if not _REQUEST_PARAMETER.fullmatch(name):
            raise invalid_mapping(name)
    last = [name.split(".", 3)[3] for name in names]
    if len(last) != len(set(last)):
        raise bad("Parameter names must be unique across querystring, header and path")
    return method


_REQUEST_PARAMETER: Final = re.compile(r"method\.request\.(header|path|querystring)\.\S+")
_RESPONSE_PARAMETER: Final = re.compile(r"method\.response\.header\.\S+")


def invalid_mapping(what: str, problem: str = "mapping expression") -> Fault:
    """AWS's words for a parameter or a mapping that is none."""
    return bad(
        "Invalid mapping expression specified: Validation Result: warnings : [], errors : "
        f"[Invalid {problem} specified: {what}]"
    )


def get_method(asked: Asked) -> Thing:
    """GetMethod."""
    return method_of(asked)[2]


def delete_method(asked: Asked) -> None:
    """DeleteMethod."""
    _, resource, method = method_of(asked)
    resource["resourceMethods"] = {
        verb: each for verb, each in resource["resourceMethods"].items() if verb != method["httpMethod"]
    }


def update_method(asked: Asked) -> Thing:
    """UpdateMethod."""
    api, resource, method = method_of(asked)
    changed = _checked(api, _METHOD.patched(method, asked.params.get("patchOperations")))
    resource["resourceMethods"] = {**resource["resourceMethods"], changed["httpMethod"]: changed}
    return changed


def no_parameter() -> Fault:
    """There is no parameter of this name."""
    return not_found("Invalid parameter name specified")


def no_content_type() -> Fault:
    """There is nothing for this media type."""
    return not_found("Content-Type specified was not found")


_METHOD: Final = Patchable(
    {
        "/authorizationType": text("authorizationType"),
        "/authorizerId": text("authorizerId", empty_is_none=True),
        "/apiKeyRequired": boolean("apiKeyRequired"),
        "/requestValidatorId": text("requestValidatorId", empty_is_none=True),
        "/operationName": text("operationName", empty_is_none=True),
        "/requestParameters/*": entry("requestParameters", no_parameter, value=is_true),
        "/requestModels/*": entry("requestModels", no_content_type),
        "/authorizationScopes": element("authorizationScopes", named=False),
        "/authorizationScopes/*": element("authorizationScopes"),
    }
)

# Responses.


def put_method_response(asked: Asked) -> Thing:
    """PutMethodResponse."""
    api, _, method = method_of(asked)
    return add_method_response(api, method, asked.params)


def add_method_response(api: Api, method: Thing, params: Mapping[str, Any]) -> Thing:
    """Put a response to a method. Raises Fault: it cannot be."""
    status = params["statusCode"]
    if status in (method.get("methodResponses") or {}):
        raise conflict("Response already exists for this resource")
    response = _checked_response(api, kept(params, "statusCode", "responseParameters", "responseModels"))
    method["methodResponses"] = {**(method.get("methodResponses") or {}), status: response}
    return response


def _checked_response(api: Api, response: Thing) -> Thing:
    check_models(api, response.get("responseModels"))
    for name in response.get("responseParameters") or ():
        if not _RESPONSE_PARAMETER.fullmatch(name):
            raise invalid_mapping(name)
    return response


def _response_of(asked: Asked) -> tuple[Api, Thing, Thing]:
    api, _, method = method_of(asked)
    response = (method.get("methodResponses") or {}).get(asked.params["statusCode"])
    if response is None:
        raise not_found("Invalid Response status code specified")
    return api, method, response


def get_method_response(asked: Asked) -> Thing:
    """GetMethodResponse."""
    return _response_of(asked)[2]


def delete_method_response(asked: Asked) -> None:
    """DeleteMethodResponse."""
    _, method, response = _response_of(asked)
    without(method, "methodResponses", response["statusCode"])


def without(thing: Thing, member: str, name: str) -> None:
    """Take an entry from a map, and the map from the thing where it was the last."""
    left = {key: each for key, each in thing[member].items() if key != name}
    if left:
        thing[member] = left
    else:
        del thing[member]


def update_method_response(asked: Asked) -> Thing:
    """UpdateMethodResponse."""
    api, method, response = _response_of(asked)
    changed = _checked_response(api, _RESPONSE.patched(response, asked.params.get("patchOperations")))
    method["methodResponses"] = {**method["methodResponses"], changed["statusCode"]: changed}
    return changed


_RESPONSE: Final = Patchable(
    {
        "/responseParameters/*": entry("responseParameters", no_parameter, value=is_true),
        "/responseModels/*": entry("responseModels", no_content_type),
    }
)
