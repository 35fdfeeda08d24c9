"""REST APIs themselves.

Source: https://docs.aws.amazon.com/apigateway/latest/api/API_RestApi.html
"""

from __future__ import annotations

import copy
import json
from typing import Any, Final

from emulator.apigateway.control.held import Api, Asked, Thing, bad, kept, with_tags
from emulator.apigateway.control.models import DEFAULTS
from emulator.apigateway.control.paging import page
from emulator.apigateway.control.patching import (
    REPLACE,
    Patch,
    Patchable,
    Rule,
    boolean,
    element,
    text,
)

_LARGEST: Final = 10_485_760
_ENDPOINTS: Final = ("REGIONAL", "EDGE", "PRIVATE")


def create_rest_api(asked: Asked) -> Thing:
    """CreateRestApi."""
    params = asked.params
    if params.get("description") == "":
        raise bad("Description cannot be an empty string")
    _check_compression(params.get("minimumCompressionSize"))
    endpoint = _endpoint(params.get("endpointConfiguration") or {})
    source = None
    if params.get("cloneFrom"):
        source = asked.gateway.apis.get(params["cloneFrom"])
        if source is None:
            raise bad(f"Invalid API identifier specified {asked.account}:{params['cloneFrom']}")
    api = new_api(asked, str(params["name"]), endpoint)
    names = ("description", "version", "minimumCompressionSize")
    api.shown |= kept(params, *names)
    for name in ("binaryMediaTypes", "tags"):
        if params.get(name):
            api.shown[name] = params[name]
    api.shown["apiKeySource"] = params.get("apiKeySource") or "HEADER"
    api.shown["disableExecuteApiEndpoint"] = bool(params.get("disableExecuteApiEndpoint"))
    if params.get("policy"):
        api.shown["policy"] = _escaped(params["policy"])
    if source is not None:
        _clone(api, source)
    asked.gateway.apis[api.id] = api
    return api.shown


def new_api(asked: Asked, name: str, endpoint: Thing) -> Api:
    """An API that has nothing but its root and AWS's two models; it is not kept yet."""
    root = asked.new_id(10)
    api = Api(
        {
            "id": asked.new_id(10),
            "name": name,
            "createdDate": asked.now,
            "apiKeySource": "HEADER",
            "endpointConfiguration": endpoint,
            "disableExecuteApiEndpoint": False,
            "rootResourceId": root,
        }
    )
    api.resources[root] = {"id": root, "path": "/"}
    api.models = {model["name"]: {"id": asked.new_id(6), **model} for model in DEFAULTS}
    return api


def _clone(api: Api, source: Api) -> None:
    own = api.shown["rootResourceId"]
    text = json.dumps(source.resources).replace(f'"{source.shown["rootResourceId"]}"', f'"{own}"')
    api.resources = json.loads(text)
    for name in ("models", "validators", "authorizers", "gateway_responses"):
        setattr(api, name, copy.deepcopy(getattr(source, name)))
    for name in ("binaryMediaTypes", "minimumCompressionSize", "policy"):
        if name in source.shown:
            api.shown.setdefault(name, source.shown[name])


def _escaped(policy: str) -> str:
    """A policy as it is shown: with its quotes escaped, as every reader of AWS's answers knows it."""
    return json.dumps(policy)[1:-1]


def _check_compression(size: Any) -> None:
    if size is not None and not 0 <= size <= _LARGEST:
        raise bad(f"Invalid minimum compression size, must be between 0 and {_LARGEST}")


def _endpoint(given: Thing) -> Thing:
    types = given.get("types")
    if types is not None and not types:
        raise bad("REGIONAL Configuration and EDGE Configuration cannot be both DISABLED.")
    if types is not None and len(types) > 1:
        raise bad("Cannot create an api with multiple Endpoint Types.")
    return checked_endpoint({**kept(given, "vpcEndpointIds", "ipAddressType"), "types": types or ["EDGE"]})


def checked_endpoint(endpoint: Thing) -> Thing:
    """An endpoint configuration with its kind of addresses. Raises Fault: a private one is dualstack."""
    is_private = "PRIVATE" in endpoint["types"]
    if is_private and endpoint.get("ipAddressType") == "ipv4":
        raise bad("Only dualstack ipAddressType is supported for Private APIs.")
    return {**endpoint, "ipAddressType": endpoint.get("ipAddressType") or ("dualstack" if is_private else "ipv4")}


def get_rest_api(asked: Asked) -> Thing:
    """GetRestApi."""
    return with_tags(asked.api.shown)


def get_rest_apis(asked: Asked) -> Thing:
    """GetRestApis."""
    return page(asked, [api.shown for api in asked.gateway.apis.values()])


def delete_rest_api(asked: Asked) -> None:
    """DeleteRestApi."""
    api = asked.api
    mapped = [name for name, each in asked.gateway.mappings.items() if api.id in _mapped(each)]
    if mapped:
        text = "Please remove all base path mappings related to this API from domain names"
        raise bad(f"{text}: {', '.join(mapped)}")
    del asked.gateway.apis[api.id]
    for plan in asked.gateway.plans.values():
        plan["apiStages"] = [each for each in plan["apiStages"] if each["apiId"] != api.id]


def _mapped(mappings: dict[str, Thing]) -> set[str]:
    return {str(each["restApiId"]) for each in mappings.values()}


def update_rest_api(asked: Asked) -> Thing:
    """UpdateRestApi."""
    api = asked.api
    api.shown = _PATCHABLE.patched(api.shown, asked.params.get("patchOperations"))
    return with_tags(api.shown)


def _replace_name(thing: Thing, patch: Patch) -> None:
    if not patch.value:
        raise bad("API name cannot be empty")
    thing["name"] = patch.value


def _replace_compression(thing: Thing, patch: Patch) -> None:
    if patch.value in (None, ""):
        thing.pop("minimumCompressionSize", None)
        return
    try:
        size = int(str(patch.value))
    except ValueError:
        size = -1
    _check_compression(size)
    thing["minimumCompressionSize"] = size


def _replace_key_source(thing: Thing, patch: Patch) -> None:
    if patch.value not in ("HEADER", "AUTHORIZER"):
        raise bad("Invalid API key source specified. Valid options are HEADER,AUTHORIZER")
    thing["apiKeySource"] = patch.value


def _replace_type(thing: Thing, patch: Patch) -> None:
    endpoint = thing["endpointConfiguration"]
    types = list(endpoint["types"])
    named = patch.value if patch.op == "replace" else patch.value or patch.name
    if named not in _ENDPOINTS:
        raise bad(f"Invalid EndpointTypes specified. Valid options are {','.join(_ENDPOINTS)}")
    match patch.op:
        case "add":
            types = [*types, named]
        case "remove":
            types = [each for each in types if each != named]
        case _:
            types = [named]
    if not types:
        raise bad("REGIONAL Configuration and EDGE Configuration cannot be both DISABLED.")
    if len(types) > 1:
        raise bad("Cannot create an api with multiple Endpoint Types.")
    if types == ["PRIVATE"] and endpoint["types"] != types:
        endpoint["ipAddressType"] = "dualstack"
    thing["endpointConfiguration"] = checked_endpoint({**endpoint, "types": types})


def _replace_addresses(thing: Thing, patch: Patch) -> None:
    if patch.value not in ("ipv4", "dualstack"):
        raise bad("ipAddressType must be either ipv4 or dualstack.")
    endpoint = {**thing["endpointConfiguration"], "ipAddressType": patch.value}
    thing["endpointConfiguration"] = checked_endpoint(endpoint)


def _replace_policy(thing: Thing, patch: Patch) -> None:
    if patch.value:
        thing["policy"] = _escaped(patch.value)
    else:
        thing.pop("policy", None)


def _vpc_endpoints() -> Rule:
    inner = element("vpcEndpointIds")

    def apply(thing: Thing, patch: Patch) -> None:
        inner.apply(thing["endpointConfiguration"], patch)

    return Rule(inner.ops, apply)


_PATCHABLE: Final = Patchable(
    {
        "/name": Rule(REPLACE, _replace_name),
        "/description": text("description", ("replace", "remove")),
        "/version": text("version"),
        "/apiKeySource": Rule(REPLACE, _replace_key_source),
        "/minimumCompressionSize": Rule(REPLACE, _replace_compression),
        "/disableExecuteApiEndpoint": boolean("disableExecuteApiEndpoint"),
        "/policy": Rule(REPLACE, _replace_policy),
        "/binaryMediaTypes/*": element("binaryMediaTypes"),
        "/endpointConfiguration/ipAddressType": Rule(REPLACE, _replace_addresses),
        "/endpointConfiguration/types/*": Rule(
            ("add", "remove", "replace"),
            _replace_type,
            "Invalid patch operation specified. Must be 'add'|'remove'|'replace'",
        ),
        "/endpointConfiguration/vpcEndpointIds/*": _vpc_endpoints(),
    }
)
