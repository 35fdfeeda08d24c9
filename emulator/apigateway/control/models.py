"""Models and request validators of a REST API.

Source: https://docs.aws.amazon.com/apigateway/latest/api/API_Model.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from emulator.apigateway.control.held import Api, Asked, Thing, bad, conflict, kept
from emulator.apigateway.control.paging import page
from emulator.apigateway.control.patching import REPLACE, Patch, Patchable, Rule, boolean, text

_DRAFT: Final = "http://json-schema.org/draft-04/schema#"
DEFAULTS: Final[tuple[Mapping[str, str], ...]] = (
    {
        "name": "Empty",
        "description": "This is a default empty schema model",
        "schema": json.dumps({"$schema": _DRAFT, "title": "Empty Schema", "type": "object"}, indent=2),
        "contentType": "application/json",
    },
    {
        "name": "Error",
        "description": "This is a default error schema model",
        "schema": json.dumps(
            {
                "$schema": _DRAFT,
                "title": "Error Schema",
                "type": "object",
                "properties": {"message": {"type": "string"}},
            },
            indent=2,
        ),
        "contentType": "application/json",
    },
)
"""The models that every API has from its start."""


def create_model(asked: Asked) -> Thing:
    """CreateModel."""
    api, params = asked.api, asked.params
    name = params.get("name")
    if not name:
        raise bad("Model name must be non-empty")
    if not re.fullmatch("[a-zA-Z0-9]+", name):
        raise bad("Model name must be alphanumeric: " + name)
    if name in api.models:
        raise conflict("Model name already exists for this REST API")
    _check_schema(params.get("schema"))
    model = {"id": asked.new_id(6), **kept(params, "name", "description", "schema", "contentType")}
    api.models[name] = model
    return model


def _check_schema(schema: str | None) -> None:
    if not schema:
        raise bad("Model schema must have at least 1 property or array items defined")
    try:
        json.loads(schema)
    except ValueError:
        if schema.lstrip().startswith("{"):
            raise bad("Invalid model schema specified") from None


def get_model(asked: Asked) -> Thing:
    """GetModel; ``flatten`` puts into the schema what its references mean."""
    api, model = asked.part("models", "modelName", _absent(asked))
    if not asked.params.get("flatten"):
        return model
    return {**model, "schema": json.dumps(flat(api, json.loads(model["schema"])))}


def flat(api: Api, schema: Any, within: tuple[str, ...] = ()) -> Any:
    """A schema with the models that it refers to in its ``definitions``' place."""
    if isinstance(schema, list):
        return [flat(api, each, within) for each in schema]
    if not isinstance(schema, dict):
        return schema
    reference = schema.get("$ref")
    name = str(reference).rpartition("/")[2]
    if reference and name in api.models and name not in within:
        return flat(api, json.loads(api.models[name]["schema"]), (*within, name))
    return {key: flat(api, each, within) for key, each in schema.items()}


def get_models(asked: Asked) -> Thing:
    """GetModels."""
    return page(asked, sorted(asked.api.models.values(), key=lambda each: str(each["name"])))


def _absent(asked: Asked) -> str:
    return f"Invalid model name specified: {asked.params['modelName']}"


def delete_model(asked: Asked) -> None:
    """DeleteModel; what methods or other models refer to stays."""
    api, model = asked.part("models", "modelName", _absent(asked))
    name = model["name"]
    for resource in api.resources.values():
        for verb, method in (resource.get("resourceMethods") or {}).items():
            where = f"{resource['path']}/{verb}"
            if name in (method.get("requestModels") or {}).values():
                raise conflict(f"Cannot delete model '{name}', is referenced in method request: {where}")
            for status, response in (method.get("methodResponses") or {}).items():
                if name in (response.get("responseModels") or {}).values():
                    raise conflict(f"Cannot delete model '{name}', is referenced in method response: {where}/{status}")
    for other in api.models.values():
        if f'/models/{name}"' in other.get("schema", ""):
            raise conflict(f"Cannot delete model '{name}', is referenced in model: {other['name']}")
    del api.models[name]


def update_model(asked: Asked) -> Thing:
    """UpdateModel."""
    return _MODEL.update(asked, "models", "modelName", _absent(asked))


def get_model_template(asked: Asked) -> Thing:
    """GetModelTemplate."""
    _, model = asked.part("models", "modelName", _absent(asked))
    return {"value": template_of(model["schema"])}


def template_of(schema: str) -> str:
    """A mapping template that makes each property of the model of the input."""
    properties = (json.loads(schema) or {}).get("properties") or {}
    lines = [
        f'  "{name}" : "$inputRoot.{name}"'
        if (kind or {}).get("type") == "string"
        else f'  "{name}" : $inputRoot.{name}'
        for name, kind in properties.items()
    ]
    return "#set($inputRoot = $input.path('$'))\n{\n" + ",\n".join(lines) + "\n}"


def _replace_schema(thing: Thing, patch: Patch) -> None:
    _check_schema(patch.value)
    thing["schema"] = patch.value


_MODEL: Final = Patchable(
    {"/description": text("description"), "/schema": Rule(REPLACE, _replace_schema)}, names_paths=True
)

# Request validators.

_NO_VALIDATOR: Final = "Invalid Request Validator identifier specified"


def create_request_validator(asked: Asked) -> Thing:
    """CreateRequestValidator."""
    api = asked.gateway.apis.get(asked.params["restApiId"])
    if api is None:
        raise bad("Invalid REST API identifier specified")
    validator = {
        "id": asked.new_id(6),
        **kept(asked.params, "name"),
        "validateRequestBody": bool(asked.params.get("validateRequestBody")),
        "validateRequestParameters": bool(asked.params.get("validateRequestParameters")),
    }
    api.validators[validator["id"]] = validator
    return validator


def get_request_validator(asked: Asked) -> Thing:
    """GetRequestValidator."""
    return asked.part("validators", "requestValidatorId", _NO_VALIDATOR)[1]


def get_request_validators(asked: Asked) -> Thing:
    """GetRequestValidators."""
    return page(asked, list(asked.api.validators.values()))


def delete_request_validator(asked: Asked) -> None:
    """DeleteRequestValidator; one that a method has stays."""
    api, validator = asked.part("validators", "requestValidatorId", _NO_VALIDATOR)
    for resource in api.resources.values():
        for method in (resource.get("resourceMethods") or {}).values():
            if method.get("requestValidatorId") == validator["id"]:
                raise conflict(f"Cannot delete request validator, is referenced in method: {resource['path']}")
    del api.validators[validator["id"]]


def update_request_validator(asked: Asked) -> Thing:
    """UpdateRequestValidator."""
    return _VALIDATOR.update(asked, "validators", "requestValidatorId", _NO_VALIDATOR)


def _replace_name(thing: Thing, patch: Patch) -> None:
    if not patch.value:
        raise bad("Request Validator name cannot be blank")
    thing["name"] = patch.value


_VALIDATOR: Final = Patchable(
    {
        "/name": Rule(REPLACE, _replace_name),
        "/validateRequestParameters": boolean("validateRequestParameters"),
        "/validateRequestBody": boolean("validateRequestBody"),
    },
    names_paths=True,
)


def check_validator(api: Api, validator: str | None) -> None:
    """See that an API has a validator that is named. Raises Fault: it has not."""
    if validator and validator not in api.validators:
        raise bad(_NO_VALIDATOR)


def check_models(api: Api, models: Mapping[str, str] | None) -> None:
    """See that an API has the models that are named. Raises Fault: it has not."""
    for name in (models or {}).values():
        if name not in api.models:
            raise bad(f"Invalid model identifier specified: {name}")
