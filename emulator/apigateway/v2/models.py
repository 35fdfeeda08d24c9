"""Models: schemas of messages of WebSocket APIs.

Source: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-models.html
"""

from __future__ import annotations

import re
from typing import Final

from asl_interpreter.jsontext import InvalidJSON, loads
from emulator.apigateway.control.held import Thing, bad, conflict, kept
from emulator.apigateway.control.models import template_of
from emulator.apigateway.v2.deployments import deploy_by_itself
from emulator.apigateway.v2.held import Api, Asked, merged
from emulator.apigateway.v2.paging import page

_MEMBERS: Final = ("contentType", "description", "name", "schema")


def create_model(asked: Asked) -> Thing:
    """CreateModel."""
    api = asked.api
    made = {"contentType": "application/json", **kept(asked.params, *_MEMBERS), "modelId": asked.new_id(6)}
    _check(api, made)
    api.models[made["modelId"]] = made
    deploy_by_itself(asked, api)
    return made


def _check(api: Api, model: Thing) -> None:
    if not re.fullmatch("[a-zA-Z0-9]+", model.get("name") or ""):
        raise bad(f"Model name must be alphanumeric: {model.get('name') or ''}")
    if any(each["name"] == model["name"] and each["modelId"] != model["modelId"] for each in api.models.values()):
        raise conflict("Model name already exists for this API")
    try:
        schema = loads(model.get("schema") or "")
    except InvalidJSON:
        schema = None
    if not isinstance(schema, dict):
        raise bad("Invalid model schema specified. Schema must be a JSON object")


def get_model(asked: Asked) -> Thing:
    """GetModel."""
    return asked.part("models", "modelId")[1]


def get_model_template(asked: Asked) -> Thing:
    """GetModelTemplate."""
    return {"value": template_of(asked.part("models", "modelId")[1]["schema"])}


def get_models(asked: Asked) -> Thing:
    """GetModels."""
    return page(asked, asked.api.models.values())


def update_model(asked: Asked) -> Thing:
    """UpdateModel."""
    api, model = asked.part("models", "modelId")
    changed = merged(model, asked.params, *_MEMBERS)
    _check(api, changed)
    api.models[model["modelId"]] = changed
    deploy_by_itself(asked, api)
    return changed


def delete_model(asked: Asked) -> None:
    """DeleteModel."""
    api, model = asked.part("models", "modelId")
    del api.models[model["modelId"]]
    deploy_by_itself(asked, api)
