"""Validating: what a request validator has against a request.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-request-validation.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from asl_interpreter.jsontext import InvalidJSON, loads
from emulator.apigateway.mapping import Mapped
from emulator.apigateway.messages import media_type
from emulator.apigateway.refusals import Refused


def validate(
    method: Mapping[str, Any],
    validators: Mapping[str, Mapping[str, Any]],
    models: Mapping[str, str],
    mapped: Mapped,
    content_type: str | None,
) -> None:
    """See that a request is as its method wants it.

    Raises:
        Refused: a parameter is missing, or the body does not fit its model.
    """
    validator = validators.get(method.get("requestValidatorId") or "")
    if validator is None:
        return
    if validator.get("validateRequestParameters"):
        _check_parameters(method, mapped)
    if validator.get("validateRequestBody"):
        _check_body(method, models, mapped.body, content_type)


def _check_parameters(method: Mapping[str, Any], mapped: Mapped) -> None:
    missing = []
    for source, is_required in (method.get("requestParameters") or {}).items():
        if str(is_required).lower() == "true" and not mapped.parameter(source):
            missing.append(source.rpartition(".")[2] if source.count(".") > 2 else source)
    if missing:
        raise Refused("BAD_REQUEST_PARAMETERS", f"Missing required request parameters: [{', '.join(missing)}]")


def _check_body(method: Mapping[str, Any], models: Mapping[str, str], body: str, content_type: str | None) -> None:
    wanted: Mapping[str, str] = method.get("requestModels") or {}
    name = wanted.get(media_type(content_type)) or wanted.get("$default")
    if name is None or name == "Empty":
        return
    try:
        schema = loads(models.get(name) or "{}")
    except InvalidJSON:
        schema = {}
    try:
        value = loads(body or "{}")
    except InvalidJSON:
        raise _invalid("Could not parse the body") from None
    problem = _first_problem(schema, value, models)
    if problem is not None:
        raise _invalid(problem)


def _invalid(problem: str) -> Refused:
    refused = Refused("BAD_REQUEST_BODY", why=f"Request body does not match model schema: {problem}")
    refused.validation_error = f"[{problem}]"
    return refused


def _first_problem(schema: Any, value: Any, models: Mapping[str, str]) -> str | None:
    """What is wrong with a value, by JSON schema's draft 4; models refer to each other by their URLs."""
    from jsonschema import Draft4Validator, SchemaError
    from referencing import Registry, Resource
    from referencing.exceptions import Unresolvable
    from referencing.jsonschema import DRAFT4

    def retrieve(uri: str) -> Resource[Any]:
        return Resource.from_contents(loads(models[uri.rpartition("/")[2]]), default_specification=DRAFT4)

    try:
        validator = Draft4Validator(schema, registry=Registry(retrieve=retrieve))  # type: ignore[call-arg]  # attrs' own name
        found = next(iter(validator.iter_errors(value)), None)
    except (SchemaError, Unresolvable, RecursionError) as error:
        return str(error).partition("\n")[0]
    return None if found is None else found.message
