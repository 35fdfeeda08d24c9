"""Deployments of a REST API.

Source: https://docs.aws.amazon.com/apigateway/latest/api/API_Deployment.html
"""

from __future__ import annotations

from typing import Final

from emulator.apigateway.control.deployed import content_of
from emulator.apigateway.control.held import Api, Asked, Thing, bad, kept
from emulator.apigateway.control.paging import page
from emulator.apigateway.control.patching import Patchable, text
from emulator.apigateway.control.stages import canary_of, check_stage_name, new_stage

_ABSENT: Final = "Invalid Deployment identifier specified"


def create_deployment(asked: Asked) -> Thing:
    """CreateDeployment, and the stage that it names, which answers by it from then on."""
    api, params = asked.api, asked.params
    _check_methods(api)
    name, canary = params.get("stageName"), params.get("canarySettings")
    if canary is not None:
        _check_canary(api, name)
    elif name:
        check_stage_name(name)
    made = {"id": asked.new_id(6), **kept(params, "description"), "createdDate": asked.now}
    api.deployments[made["id"]] = made
    api.contents[made["id"]] = content_of(api)
    if not name:
        return made
    stage = api.stages.get(name)
    if canary is not None and stage is not None:
        stage["canarySettings"] = canary_of({**canary, "deploymentId": made["id"]}, made["id"])
    elif stage is None:
        given = {**params, "description": params.get("stageDescription"), "deploymentId": made["id"]}
        api.stages[name] = new_stage(asked, name, given)
    else:
        _move(stage, made, asked)
    return made


def _move(stage: Thing, deployment: Thing, asked: Asked) -> None:
    """Have a stage answer by a deployment."""
    params = asked.params
    stage |= {"deploymentId": deployment["id"], "lastUpdatedDate": asked.now, **kept(params, "tracingEnabled")}
    if params.get("stageDescription"):
        stage["description"] = params["stageDescription"]
    if params.get("variables"):
        stage["variables"] = {**(stage.get("variables") or {}), **params["variables"]}


def _check_methods(api: Api) -> None:
    methods = [each for one in api.resources.values() for each in (one.get("resourceMethods") or {}).values()]
    if not methods:
        raise bad("The REST API doesn't contain any methods")
    if any("methodIntegration" not in each for each in methods):
        raise bad("No integration defined for method")


def _check_canary(api: Api, name: str | None) -> None:
    before = "Invalid deployment content specified."
    if not name:
        given = "null" if name is None else name
        wanted = "Non null and non empty stageName must be provided for canary deployment."
        raise bad(f"{before}{wanted} Provided value is {given}")
    if name not in api.stages:
        raise bad(f"{before}Stage {name} must already be created before making a canary release deployment")


def get_deployment(asked: Asked) -> Thing:
    """GetDeployment; ``embed=apisummary`` shows which methods it has."""
    api, deployment = asked.part("deployments", "deploymentId", _ABSENT)
    if "apisummary" not in (asked.params.get("embed") or ()):
        return deployment
    resources = api.contents[deployment["id"]]["resources"]
    summary = {
        path: {
            verb: {name: method[name] for name in ("authorizationType", "apiKeyRequired")}
            for verb, method in (resource.get("resourceMethods") or {}).items()
        }
        for path, resource in resources.items()
    }
    return {**deployment, "apiSummary": {path: methods for path, methods in summary.items() if methods}}


def get_deployments(asked: Asked) -> Thing:
    """GetDeployments."""
    return page(asked, list(asked.api.deployments.values()))


def update_deployment(asked: Asked) -> Thing:
    """UpdateDeployment."""
    return _DEPLOYMENT.update(asked, "deployments", "deploymentId", _ABSENT)


_DEPLOYMENT: Final = Patchable({"/description": text("description")})


def delete_deployment(asked: Asked) -> None:
    """DeleteDeployment; one that a stage answers by stays."""
    api, deployment = asked.part("deployments", "deploymentId", _ABSENT)
    for stage in api.stages.values():
        canary = stage.get("canarySettings") or {}
        if deployment["id"] in (stage["deploymentId"], canary.get("deploymentId")):
            raise bad("Active stages pointing to this deployment must be moved or deleted")
    del api.deployments[deployment["id"]]
    del api.contents[deployment["id"]]
