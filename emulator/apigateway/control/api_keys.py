"""API keys, one by one and from files.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-setup-api-key-with-console.html
"""

from __future__ import annotations

import base64
import csv
import io
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from emulator.apigateway.control.held import Asked, Thing, bad, conflict, kept, not_found, with_tags
from emulator.apigateway.control.paging import page
from emulator.apigateway.control.patching import Patch, Patchable, Rule, boolean, text

_LONGEST_NAME: Final = 1024
_LONGEST_DESCRIPTION: Final = 125_000
_VALUE_LENGTHS: Final = (20, 128)


def create_api_key(asked: Asked) -> Thing:
    """CreateApiKey."""
    params, value = asked.params, asked.params.get("value")
    _check_key(params)
    if value:
        least, most = _VALUE_LENGTHS
        if len(value) > most:
            raise bad(f"API Key value exceeds maximum size of {most} characters")
        if len(value) < least:
            raise bad(f"API Key value should be at least {least} characters")
        if any(each["value"] == value for each in asked.gateway.keys.values()):
            raise conflict("API Key already exists")
    stages = []
    for each in params.get("stageKeys") or ():
        api, stage = each.get("restApiId"), each.get("stageName")
        if api not in asked.gateway.apis or stage not in asked.gateway.apis[api].stages:
            raise bad(f"Invalid API Stage specified: {api}/{stage}")
        stages.append(f"{api}/{stage}")
    key = {
        "id": asked.new_id(10),
        "value": value or asked.new_id(40),
        **{name: each for name, each in kept(params, "name", "description", "customerId").items() if each},
        "enabled": bool(params.get("enabled")),
        "createdDate": asked.now,
        "lastUpdatedDate": asked.now,
        "stageKeys": stages,
    }
    if params.get("tags"):
        key["tags"] = params["tags"]
    asked.gateway.keys[key["id"]] = key
    return key


def _check_key(key: Mapping[str, Any]) -> None:
    if len(key.get("name") or "") > _LONGEST_NAME:
        raise bad(f"Invalid API Key name, can be at most {_LONGEST_NAME} characters.")
    if len(key.get("description") or "") > _LONGEST_DESCRIPTION:
        raise bad("Invalid API Key description specified.")


def _key_of(asked: Asked) -> Thing:
    key = asked.gateway.keys.get(asked.params["apiKey"])
    if key is None:
        raise not_found("Invalid API Key identifier specified")
    return key


def _without_value(key: Thing) -> Thing:
    return {name: each for name, each in key.items() if name != "value"}


def get_api_key(asked: Asked) -> Thing:
    """GetApiKey; its value only where it is asked for."""
    key = with_tags(_key_of(asked))
    return key if asked.params.get("includeValue") else _without_value(key)


def get_api_keys(asked: Asked) -> Thing:
    """GetApiKeys."""
    query, customer = asked.params.get("nameQuery") or "", asked.params.get("customerId")
    keys = [
        key
        for key in asked.gateway.keys.values()
        if key.get("name", "").startswith(query) and customer in (None, key.get("customerId"))
    ]
    return page(asked, keys if asked.params.get("includeValues") else [_without_value(key) for key in keys])


def delete_api_key(asked: Asked) -> None:
    """DeleteApiKey; no plan has it any longer."""
    key = _key_of(asked)["id"]
    del asked.gateway.keys[key]
    for keys in asked.gateway.plan_keys.values():
        if key in keys:
            keys.remove(key)


def update_api_key(asked: Asked) -> Thing:
    """UpdateApiKey."""
    key = _key_of(asked)
    changed = _KEY.patched(key, asked.params.get("patchOperations"))
    _check_key(changed)
    changed["lastUpdatedDate"] = asked.now
    asked.gateway.keys[key["id"]] = changed
    return _without_value(with_tags(changed))


def _patch_stages(thing: Thing, patch: Patch) -> None:
    others = [each for each in thing["stageKeys"] if each != patch.value]
    thing["stageKeys"] = others if patch.op == "remove" else [*others, patch.value]


_KEY: Final = Patchable(
    {
        "/name": text("name"),
        "/description": text("description"),
        "/customerId": text("customerId"),
        "/enabled": boolean("enabled"),
        "/stages": Rule(("add", "remove"), _patch_stages),
    }
)


def import_api_keys(asked: Asked) -> Thing:
    """ImportApiKeys, from comma-separated values.

    Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-key-file-format.html
    """
    found, warnings = [], []
    for row in csv.DictReader(io.StringIO(base64.b64decode(asked.params["body"]).decode("utf-8", "replace"))):
        given = {name.strip().lower(): value for name, value in row.items() if name}
        params = {
            "name": given.get("name"),
            "value": given.get("key"),
            "description": given.get("description"),
            "enabled": str(given.get("enabled", "true")).lower() == "true",
        }
        made = create_api_key(replace(asked, params=params))
        found.append(made["id"])
        for plan in filter(None, (given.get("usageplanids") or "").split(",")):
            if plan in asked.gateway.plans:
                asked.gateway.plan_keys.setdefault(plan, []).append(made["id"])
            else:
                warnings.append(f"Unable to find usage plan {plan}")
    return {"ids": found, "warnings": warnings}
