"""Stages.

Source: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-stages.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from emulator.apigateway.control.held import Thing, bad, conflict, kept, not_found
from emulator.apigateway.control.stages import check_stage_name, check_variables
from emulator.apigateway.v2.deployments import deploy_by_itself
from emulator.apigateway.v2.held import Api, Asked, merged
from emulator.apigateway.v2.paging import page

_MEMBERS: Final = (
    *("accessLogSettings", "autoDeploy", "clientCertificateId", "defaultRouteSettings", "deploymentId"),
    *("description", "routeSettings", "stageVariables"),
)
_ABSENT: Final = "Invalid stage identifier specified"


def create_stage(asked: Asked) -> Thing:
    """CreateStage; one with AutoDeploy answers as the API is now."""
    return add_stage(asked, asked.api, asked.params)


def add_stage(asked: Asked, api: Api, params: Mapping[str, Any], more: Mapping[str, Any] | None = None) -> Thing:
    """Make a stage of an API. Raises Fault: it cannot be."""
    name = params["stageName"]
    if not (api.is_http and name == "$default"):
        check_stage_name(name)
    if name in api.stages:
        raise conflict("Stage already exists")
    stage = {
        **(more or {}),
        "autoDeploy": bool(params.get("autoDeploy")),
        "createdDate": asked.time,
        "defaultRouteSettings": _settings(api, params.get("defaultRouteSettings")),
        "lastUpdatedDate": asked.time,
        "routeSettings": params.get("routeSettings") or {},
        "stageName": name,
        "stageVariables": params.get("stageVariables") or {},
        "tags": params.get("tags") or {},
        **kept(params, "accessLogSettings", "clientCertificateId", "deploymentId", "description"),
    }
    _check(api, stage, params)
    api.stages[name] = stage
    if stage["autoDeploy"]:
        deploy_by_itself(asked, api)
    return api.stages[name]


def _settings(api: Api, given: Mapping[str, Any] | None) -> Thing:
    usual: Thing = {"detailedMetricsEnabled": False}
    if not api.is_http:
        usual |= {"dataTraceEnabled": False, "loggingLevel": "OFF"}
    return {**usual, **(given or {})}


def _check(api: Api, stage: Thing, given: Mapping[str, Any]) -> None:
    if stage["autoDeploy"] and given.get("deploymentId"):
        raise bad("Deployment ID cannot be set for a stage with AutoDeploy enabled")
    deployment = given.get("deploymentId")
    if deployment and deployment not in api.deployments:
        raise bad("Deployment id does not exist")
    known = {route["routeKey"] for route in api.routes.values()}
    for key in given.get("routeSettings") or {}:
        if key not in known:
            raise not_found(f"Unable to find Route by key {key} within the provided RouteSettings")
    check_variables(stage["stageVariables"])
    log = stage.get("accessLogSettings") or {}
    if log and not re.match("arn:[^:]*:(logs|firehose):", log.get("destinationArn") or ""):
        raise bad("Invalid ARN specified in the request. ARN must be a valid CloudWatch Logs or Firehose ARN")


def _stage_of(asked: Asked) -> tuple[Api, Thing]:
    api = asked.api
    found = api.stages.get(asked.params["stageName"])
    if found is None:
        raise not_found(_ABSENT)
    return api, found


def get_stage(asked: Asked) -> Thing:
    """GetStage."""
    return _stage_of(asked)[1]


def get_stages(asked: Asked) -> Thing:
    """GetStages."""
    return page(asked, asked.api.stages.values())


def update_stage(asked: Asked) -> Thing:
    """UpdateStage."""
    api, stage = _stage_of(asked)
    params = {name: value for name, value in asked.params.items() if value != ""}
    if "defaultRouteSettings" in params:
        given = {**stage["defaultRouteSettings"], **params["defaultRouteSettings"]}
        params = {**params, "defaultRouteSettings": given}
    changed = {**merged(stage, params, *_MEMBERS), "lastUpdatedDate": asked.time}
    _check(api, changed, params)
    api.stages[stage["stageName"]] = changed
    if changed["autoDeploy"] and not stage["autoDeploy"]:
        deploy_by_itself(asked, api)
    return api.stages[stage["stageName"]]


def delete_stage(asked: Asked) -> None:
    """DeleteStage; one that a custom domain name leads to stays."""
    api, stage = _stage_of(asked)
    for name, mappings in asked.gateway.mappings.items():
        if any((each["apiId"], each["stage"]) == (api.id, stage["stageName"]) for each in mappings.values()):
            raise bad(f"Please remove all api mappings related to this stage from domain names: {name}")
    del api.stages[stage["stageName"]]


def delete_access_log_settings(asked: Asked) -> None:
    """DeleteAccessLogSettings."""
    api, stage = _stage_of(asked)
    changed = {name: value for name, value in stage.items() if name != "accessLogSettings"}
    api.stages[stage["stageName"]] = {**changed, "lastUpdatedDate": asked.time}


def delete_route_settings(asked: Asked) -> None:
    """DeleteRouteSettings."""
    api, stage = _stage_of(asked)
    key = asked.params["routeKey"]
    if key not in stage["routeSettings"]:
        raise not_found(f"Unable to find Route by key {key} within the provided RouteSettings")
    left = {name: value for name, value in stage["routeSettings"].items() if name != key}
    api.stages[stage["stageName"]] = {**stage, "routeSettings": left, "lastUpdatedDate": asked.time}


def reset_authorizers_cache(asked: Asked) -> None:
    """ResetAuthorizersCache: see that there is such a stage; whoever knows decisions forgets them."""
    _stage_of(asked)
